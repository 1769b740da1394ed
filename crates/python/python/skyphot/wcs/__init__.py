"""World coordinate systems: FITS and GWCS with the shared interface (APE 14) of astropy, and catalogues on the sky."""

from skyphot.wcs._errors import NoConvergence
from skyphot.wcs._matching import cross_match_sky, match_coordinates_sky, match_to_catalog_sky, search_around_sky
from skyphot.wcs._wcs import WCS

__all__ = [
    "WCS",
    "NoConvergence",
    "cross_match_sky",
    "match_coordinates_sky",
    "match_to_catalog_sky",
    "search_around_sky",
]
