"""The background of an image, in boxes or in rings around sources."""

from skyphot.background._background_2d import Background2D, BkgIDWInterpolator, BkgZoomInterpolator
from skyphot.background._estimators import (
    BackgroundBase,
    BackgroundRMSBase,
    BiweightLocationBackground,
    BiweightScaleBackgroundRMS,
    MADStdBackgroundRMS,
    MeanBackground,
    MedianBackground,
    MMMBackground,
    ModeEstimatorBackground,
    SExtractorBackground,
    StdBackgroundRMS,
)
from skyphot.background._local import LocalBackground

__all__ = [
    "Background2D",
    "BackgroundBase",
    "BackgroundRMSBase",
    "BiweightLocationBackground",
    "BiweightScaleBackgroundRMS",
    "BkgIDWInterpolator",
    "BkgZoomInterpolator",
    "LocalBackground",
    "MADStdBackgroundRMS",
    "MMMBackground",
    "MeanBackground",
    "MedianBackground",
    "ModeEstimatorBackground",
    "SExtractorBackground",
    "StdBackgroundRMS",
]
