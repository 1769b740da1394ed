"""Calls about regions, polygons on the sky, apertures of profiles and cutouts of catalogues, and images of PSFs."""

import numpy as np
from astropy.units import Quantity
from case import case


def _plain(region):
    out = [type(region).__name__]
    for name in ("center", "radius", "inner_radius", "outer_radius", "width", "height", "inner_width", "outer_width",
                 "inner_height", "outer_height", "angle", "vertices"):  # fmt: skip
        value = getattr(region, name, None)
        if value is None:
            continue
        out.append([value.x, value.y] if hasattr(value, "xy") else value)
    return out


def _apertures(p, s):
    a, at = p.aperture, s.xy[0]
    return [a.CircularAperture(at, 3.0), a.CircularAnnulus(at, 3.0, 5.0), a.EllipticalAperture(at, 5.0, 3.0, theta=0.4),
            a.EllipticalAnnulus(at, 4.0, 7.0, 5.0, theta=Quantity(20, "deg")), a.RectangularAperture(at, 6.0, 3.0, theta=0.3),
            a.RectangularAnnulus(at, 4.0, 9.0, 7.0, theta=-0.4), a.PolygonAperture.from_regular_polygon(at, 5, 6.0)]  # fmt: skip


@case(1e-6, 1e-6)
def regions_of_apertures(p, s):
    out = []
    for a in _apertures(p, s):
        for one in (a, a.to_sky(s.wcs)):
            region = p.aperture.aperture_to_region(one)
            back = p.aperture.region_to_aperture(region)
            out.append([*_plain(region), type(back).__name__, back.positions])
    many = p.aperture.aperture_to_region(p.aperture.CircularAperture(s.xy[:3], 2.0))
    return [*out, type(many).__name__, len(many)]


@case(1e-9, 1e-9)
def polygons_on_the_sky(p, s):
    a = p.aperture.SkyPolygonAperture
    at = s.wcs.pixel_to_world(*s.xy[0])
    regular = a.from_regular_polygon(at, 6, Quantity(3, "arcsec"), theta=Quantity(20, "deg"))
    other = a.from_vertices(regular.vertices)
    many = a.from_regular_polygon(s.wcs.pixel_to_world(*s.xy[:3].T), 4, Quantity(2, "arcsec"))
    return [regular.n_vertices, regular.vertices, regular.is_regular, regular.perimeter, regular.outer_radius, regular.side_length,
            regular.inner_radius, other.positions, other.vertices, many.vertices.shape]  # fmt: skip


@case(1e-4, 1e-4)
def apertures_of_profiles(p, s):
    f = p.profiles
    r = f.RadialProfile(s.data, s.xy[2], np.arange(12), error=s.error)
    lists = [r.apertures, f.CurveOfGrowth(s.data, s.xy[2], np.arange(1, 5)).apertures,
             f.EllipticalCurveOfGrowth(s.data, s.xy[2], np.arange(1, 5), 0.6, theta=0.4).apertures,
             f.EnsquaredCurveOfGrowth(s.data, s.xy[2], np.arange(1, 5)).apertures]  # fmt: skip
    # A Gaussian is the limit of Moffat functions: the two fitters stop within 4e-6 of the peak of each other.
    return [r.moffat_profile / np.max(r.profile), float(r.moffat_fwhm), *([(type(a).__name__, a.area) for a in one] for one in lists)]


@case(1e-6, 1e-6)
def cutouts_of_a_catalog(p, s):
    found = p.segmentation.detect_sources(s.data, 12, 6)
    c = p.segmentation.SourceCatalog(s.data, found, local_bkg_width=12)
    rings = c.local_background_aperture
    cuts = c.make_cutouts((15, 17))
    before = c.segment_flux
    c.release_cache()
    return [[(type(r).__name__, r.positions, r.w_in, r.w_out, r.h_in, r.h_out) for r in rings], [x.data for x in cuts],
            c[2].make_cutouts((5, 5), array=s.error, mode="trim").data, before, c.segment_flux]  # fmt: skip


@case(1e-9, 1e-9)
def an_image_of_psfs(p, s):
    f = p.psf
    image, table = f.make_psf_model_image((90, 100), f.CircularGaussianPRF(fwhm=3.0), 20, flux=(100, 300), fwhm=(2, 4),
                                          min_separation=8, model_shape=(15, 15), seed=3)  # fmt: skip
    return [image, table]
