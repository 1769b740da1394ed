"""Tools: cutouts, depths, errors, areas of pixels, tables without astropy, warnings."""

from typing import TYPE_CHECKING, Any

from skyphot._table import Columns
from skyphot.utils._colormaps import make_random_cmap
from skyphot.utils._cutouts import CutoutImage, NoOverlapError, PartialOverlapError
from skyphot.utils._errors import calc_total_error
from skyphot.utils._footprints import circular_footprint
from skyphot.utils._interpolation import ShepardIDWInterpolator
from skyphot.utils.exceptions import DeblendWarning, NoDetectionsWarning, PhotutilsDeprecationWarning

if TYPE_CHECKING:
    from skyphot.utils._areas import compute_pixel_area_map, compute_pixel_areas
    from skyphot.utils._depths import ImageDepth

__all__ = [
    "Columns",
    "CutoutImage",
    "DeblendWarning",
    "ImageDepth",
    "NoDetectionsWarning",
    "NoOverlapError",
    "PartialOverlapError",
    "PhotutilsDeprecationWarning",
    "ShepardIDWInterpolator",
    "calc_total_error",
    "circular_footprint",
    "compute_pixel_area_map",
    "compute_pixel_areas",
    "make_random_cmap",
]

# Modules that need others of the package.
_LATER = {
    "ImageDepth": "skyphot.utils._depths",
    "compute_pixel_area_map": "skyphot.utils._areas",
    "compute_pixel_areas": "skyphot.utils._areas",
}


def __getattr__(name: str) -> Any:
    if name in _LATER:
        from importlib import import_module

        return getattr(import_module(_LATER[name]), name)
    raise AttributeError(f"module 'skyphot.utils' has no attribute {name!r}")
