"""Calls about catalogues of two images, angles and polygons on the sky, and kernels."""

import numpy as np
from astropy.convolution import Kernel2D
from astropy.units import Quantity
from case import case
from cases import _COLUMNS, _segments


def _two(p, s):
    """The catalogue of an image with the shapes of another, and that of the other."""
    g, segments = p.segmentation, _segments(p, s)
    smooth = (s.data + np.roll(s.data, 1, 0) + np.roll(s.data, -1, 1)) / 3
    detection = g.SourceCatalog(
        Quantity(smooth, "Jy"), segments, wcs=s.wcs, kron_params=(2.2, 1.2, 2.0), aperture_mask_method="mask",
        error=Quantity(s.error, "Jy"),
    )  # fmt: skip
    band = g.SourceCatalog(
        Quantity(s.data * 0.4, "Jy"), segments, error=Quantity(s.error * 0.5, "Jy"), mask=s.mask, local_bkg_width=10,
        background=Quantity(s.error, "Jy"), detection_catalog=detection,
    )  # fmt: skip
    return band, detection


@case(1e-5, 1e-5)
def source_catalog_with_a_detection_catalog(p, s):
    c, d = _two(p, s)
    return [[getattr(c, n) for n in _COLUMNS], [getattr(c[3], n) for n in _COLUMNS], [getattr(d, n) for n in _COLUMNS[:9]]]


@case(1e-6, 1e-6)
def photometry_with_a_detection_catalog(p, s):
    c, d = _two(p, s)
    part = c[4:9]
    return [c.to_table(), c.kron_params, c.aperture_mask_method, c.circular_photometry(3.0), c.kron_photometry((1.8, 1.0)),
            c.flux_radius(0.5), part.to_table(), part.kron_photometry((2.5, 1.0)), part.flux_radius(0.7), c.decode_flags(),
            [a.area for a in c.make_kron_apertures()], d.kron_flux, c.wcs is d.wcs]  # fmt: skip


@case(1e-9, 1e-12)
def gaussian_kernels(p, s):
    f = p.segmentation.make_2dgaussian_kernel
    modes = [f(2.3, (7, 5), mode=m).array for m in ("oversample", "center", "linear_interp")]
    return [*modes, f(3.0, 5, oversampling=3).array, f(3.0, 5).array, isinstance(f(2.0, 3), Kernel2D)]


@case(1e-7, 1e-9)
def gaussian_kernels_integrated(p, s):
    # The reference integrates by quadrature.
    f = p.segmentation.make_2dgaussian_kernel
    return [f(1.7, 5, "integrate").array, f(0.6, (3, 5), mode="integrate").array]


@case(1e-5, 1e-5)
def angles_on_the_sky(p, s):
    # The derivatives of the system are differences.
    a = p.aperture
    many = a.ApertureStats(s.data, a.CircularAperture(s.xy, 6.0), wcs=s.wcs)
    one = a.ApertureStats(s.data, a.SkyEllipticalAperture(s.wcs.pixel_to_world(*s.xy[3]), Quantity(2, "arcsec"),
                          Quantity(1, "arcsec"), Quantity(30, "deg")), wcs=s.wcs)  # fmt: skip
    without = a.ApertureStats(s.data, a.CircularAperture(s.xy[:2], 6.0))
    return [many.sky_orientation, many[3:7].sky_orientation, many[2].sky_orientation, one.sky_orientation, without.sky_orientation,
            many.to_table(columns=["id", "sky_orientation"])]  # fmt: skip


@case(1e-9, 1e-9)
def polygons_of_shapes_on_the_sky(p, s):
    a = p.aperture
    at = s.wcs.pixel_to_world(*s.xy[:2].T)
    theta = Quantity(25, "deg")
    five = a.SkyPolygonAperture.from_regular_polygon(at, 5, Quantity(0.05, "arcmin"), theta=theta)
    back = a.SkyPolygonAperture(at, five.vertex_offsets[::-1])
    out = [five.interior_angle, five.exterior_angle, five.theta, back.theta, back.vertex_offsets]
    for shape in (
        a.SkyCircularAperture(at, Quantity(2, "arcsec")).to_polygon(n_vertices=9),
        a.SkyEllipticalAperture(at, Quantity(0.03, "arcmin"), Quantity(1, "arcsec"), theta).to_polygon(),
        a.SkyRectangularAperture(at, Quantity(2, "arcsec"), Quantity(1, "arcsec"), theta).to_polygon(),
    ):
        out += [type(shape).__name__, shape.vertex_offsets, shape.positions]
    pixels = a.PolygonAperture.from_regular_polygon((4.0, 5.0), 6, 3.0, theta=0.3)
    return [*out, pixels.interior_angle, pixels.exterior_angle, pixels.theta]


@case(1e-7, 1e-9)
def wiener_kernels(p, s):
    f = p.psf_matching.make_wiener_kernel
    y, x = np.mgrid[-12:13, -12:13]
    a, b = (np.exp(-(x**2 + 1.2 * y**2) / (2 * w**2)) for w in (2.0, 3.0))
    radius = np.hypot(x, y)

    def window(shape):
        assert shape == (25, 25)
        return np.clip(1.2 - radius / 14, 0, 1)

    custom = np.array([[0, -1.0, 0.5], [-1, 3, -1], [0.5, -1, 0]])
    return [f(a, b, penalty=k, regularization=1e-3) for k in (None, "laplacian", "biharmonic", custom, custom.tolist())] + [
        f(a, b, penalty="laplacian", window=window), p.psf_matching.make_kernel(a, b, window=window),
    ]  # fmt: skip
