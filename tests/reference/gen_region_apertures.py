"""Regions as photutils apertures: the parameters of `region_to_aperture`, in pixels and on the sky."""
import astropy.units as u
import regions as r
from astropy.coordinates import SkyCoord
from photutils.aperture import region_to_aperture

from common import write_json

ORDER = ('r', 'r_in', 'r_out', 'a', 'b', 'a_in', 'a_out', 'b_in', 'b_out', 'w', 'h', 'w_in', 'w_out', 'h_in', 'h_out', 'theta')
X, Y = [20.0, 24.0, 22.0, 19.0], [30.0, 31.0, 34.0, 33.5]


def params(a):
    out = []
    for name in ORDER:
        v = getattr(a, name, None) if name in a._params else None
        if v is not None:
            unit = u.rad if name == 'theta' else u.arcsec
            out.append(float(v.to_value(unit)) if hasattr(v, 'unit') else float(v))
    return out


def pair(pixel, sky, numbers, angle=None):
    """numbers: pixels, or arcseconds on the sky."""
    p = [r.PixCoord(20.5, 30.25), *numbers]
    s = [SkyCoord(20.5, 30.25, unit='deg'), *[v * u.arcsec for v in numbers]]
    if angle is not None:
        p.append(angle * u.deg)
        s.append(angle * u.deg)
    a, b = region_to_aperture(pixel(*p)), region_to_aperture(sky(*s))
    return {'pixel': params(a), 'pixel_position': list(a.positions), 'sky': params(b),
            'sky_position': [b.positions.ra.deg, b.positions.dec.deg]}


cases = {
    'circle': pair(r.CirclePixelRegion, r.CircleSkyRegion, [3.5]),
    'circle annulus': pair(r.CircleAnnulusPixelRegion, r.CircleAnnulusSkyRegion, [3.5, 6.0]),
    'ellipse': pair(r.EllipsePixelRegion, r.EllipseSkyRegion, [8.0, 3.0], 33),
    'ellipse annulus': pair(r.EllipseAnnulusPixelRegion, r.EllipseAnnulusSkyRegion, [4.0, 10.0, 2.0, 6.0], 33),
    'rectangle': pair(r.RectanglePixelRegion, r.RectangleSkyRegion, [8.0, 3.0], -50),
    'rectangle annulus': pair(r.RectangleAnnulusPixelRegion, r.RectangleAnnulusSkyRegion, [2.0, 5.0, 1.0, 3.0], -50),
}
polygon = region_to_aperture(r.PolygonPixelRegion(r.PixCoord(X, Y)))
cases['polygon'] = {'pixel': [], 'pixel_position': list(polygon.positions), 'sky': []}
write_json('crates/aperture/tests/it/fixtures/region_apertures.json', cases)
