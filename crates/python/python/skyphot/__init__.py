"""Source detection and photometry for astronomical images.

The modules have the names of photutils 3: `skyphot.aperture`, `skyphot.background`, `skyphot.centroids`,
`skyphot.detection`, and so on. They are loaded when they are first used.
"""

from importlib import import_module as _import_module
from types import ModuleType as _ModuleType

from skyphot._core import __version__

_MODULES = (
    "aperture",
    "background",
    "calibration",
    "centroids",
    "datasets",
    "detection",
    "geometry",
    "io",
    "morphology",
    "profiles",
    "psf",
    "psf_matching",
    "run",
    "segmentation",
    "stats",
    "utils",
    "wcs",
)

__all__ = ["__version__", *_MODULES]


def __getattr__(name: str) -> _ModuleType:
    if name in _MODULES:
        return _import_module(f"skyphot.{name}")
    raise AttributeError(f"module 'skyphot' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
