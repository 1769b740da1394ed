"""Detection, deblending and measurement of sources of any shape."""

from skyphot.segmentation._catalog import SourceCatalog
from skyphot.segmentation._detect import (
    SourceFinder,
    deblend_sources,
    detect_sources,
    detect_threshold,
    make_2dgaussian_kernel,
)
from skyphot.segmentation._flags import SEGMENTATION_FLAGS, decode_segmentation_flags
from skyphot.segmentation._image import Segment, SegmentationImage

__all__ = [
    "SEGMENTATION_FLAGS",
    "Segment",
    "SegmentationImage",
    "SourceCatalog",
    "SourceFinder",
    "deblend_sources",
    "decode_segmentation_flags",
    "detect_sources",
    "detect_threshold",
    "make_2dgaussian_kernel",
]
