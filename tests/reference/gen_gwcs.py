"""GWCS references from gwcs: crates/wcs/tests/it/fixtures/gwcs.json.

Each graph is given as the tree that an ASDF file holds (tags, mappings, inline arrays), with sky positions without the
bounding box, and what `invert` and the bounding box say where gwcs has an answer.
"""
import io
import warnings

import numpy as np

from common import plain, uniform, write_json

warnings.simplefilter('ignore')

import asdf  # noqa: E402
import gwcs  # noqa: E402
from asdf.tagged import TaggedDict, TaggedList, TaggedString  # noqa: E402
from astropy import coordinates as coord  # noqa: E402
from astropy import units as u  # noqa: E402
from astropy.modeling import fix_inputs  # noqa: E402
from astropy.modeling import models as m  # noqa: E402
from astropy.modeling import projections as prj  # noqa: E402
from gwcs import coordinate_frames as cf  # noqa: E402
from gwcs import selector  # noqa: E402
from gwcs.geometry import CartesianToSpherical, FromDirectionCosines, SphericalToCartesian, ToDirectionCosines  # noqa: E402

DIR = 'crates/wcs/tests/it/fixtures'


def rnd(seed, n, lo, hi):
    return lo + (hi - lo) * uniform(seed, np.arange(n))


def encode(node):
    """[tag or null, kind, value]."""
    tag = getattr(node, '_tag', None)
    if tag is not None and '/core/ndarray' in tag:
        data = node['data'] if isinstance(node, dict) else node
        a = np.array(data, dtype=float)
        return [tag, 'array', [list(a.shape), plain(a.ravel())]]
    if isinstance(node, (dict, TaggedDict)):
        node = {k: v for k, v in node.items() if k not in ('outputs', 'axes_names', 'axis_physical_types', 'ignore')}
        return [tag, 'map', [[encode(k), encode(v)] for k, v in node.items()]]
    if isinstance(node, (list, tuple, TaggedList)):
        return [tag, 'seq', [encode(v) for v in node]]
    if isinstance(node, (str, TaggedString)):
        return [tag, 'str', str(node)]
    if node is None:
        return [tag, 'null', 0]
    if isinstance(node, bool):
        return [tag, 'bool', node]
    if isinstance(node, int):
        return [tag, 'int', node]
    return [tag, 'float', plain(float(node))]


def short(node):
    """The tag by its number in a list, and null without one: the files repeat few of them."""
    tag, kind, value = node
    if tag is not None:
        if tag not in TAGS:
            TAGS.append(tag)
        tag = TAGS.index(tag)
    if kind == 'map':
        value = [[k[2], short(v)] for k, v in value]
    elif kind == 'seq':
        value = [short(v) for v in value]
    return value if tag is None and kind in ('str', 'float', 'int') else [tag, kind, value]


TAGS = []


def tree(wcs):
    """The tree as a file holds it."""
    buffer = io.BytesIO()
    asdf.AsdfFile({'wcs': wcs}).write_to(buffer, all_array_storage='inline')
    buffer.seek(0)
    return asdf.util.load_yaml(buffer, tagged=True)['wcs']


DETECTOR = cf.Frame2D(name='detector', axes_order=(0, 1), unit=(u.pix, u.pix))


def world(frame=None, **kw):
    return cf.CelestialFrame(name='world', reference_frame=coord.ICRS() if frame is None else frame, unit=kw.pop('unit', (u.deg, u.deg)), **kw)


def shift(dx, dy):
    return m.Shift(dx) & m.Shift(dy)


def scale(f, g=None):
    return m.Scale(f) & m.Scale(g if g is not None else f)


def to_sky(lon=150.1, lat=2.2, pole=180.0):
    return m.Pix2Sky_TAN() | m.RotateNative2Celestial(lon, lat, pole)


def poly2(degree, seed, size=1e-4, **kw):
    p = m.Polynomial2D(degree, **kw)
    r = uniform(seed, np.arange(len(p.parameters)))
    for k, name in enumerate(p.param_names):
        i, j = (int(v) for v in name[1:].split('_'))
        setattr(p, name, (2 * r[k] - 1) * size ** max(0, i + j - 1) * (0.01 if i + j > 1 else 1e-3))
    return p


def distort(seed):
    """x and y plus small polynomials of both."""
    px, py = poly2(4, seed, 1e-2), poly2(3, seed + 1, 1e-2)
    px.c1_0, py.c0_1 = 1.0, 1.0
    return m.Mapping((0, 1, 0, 1)) | px & py


class Many:
    def __init__(self):
        self.out = []

    def add(self, name, transform, frame=None, box=((-0.5, 59.5), (-0.5, 47.5)), steps=None, inside=None, invert=True):
        first = DETECTOR
        if steps is None:
            steps = [(first, transform), (frame or world(), None)]
        w = gwcs.WCS(steps)
        w.pixel_shape = (60, 48)
        if box is not None:
            w.bounding_box = box
        t = short(encode(tree(w)))
        w = asdf_round_trip(w)
        n = 12
        x, y = rnd(5, n, -10, 70), rnd(6, n, -8, 56)
        lon, lat = w(x, y, with_bounding_box=False)[:2]
        entry = {'name': name, 'tree': t, 'x': plain(x), 'y': plain(y), 'lon': plain(np.asarray(lon)),
                 'lat': plain(np.asarray(lat))}
        if box is not None:
            entry['outside'] = [bool(v) for v in np.isnan(w(x, y)[0])]
        try:
            if w.forward_transform.n_outputs != 2 or not invert:
                raise NotImplementedError
            w.backward_transform  # noqa: B018
            a, b = w.invert(lon, lat, with_bounding_box=False)
            entry['invert'] = [plain(np.asarray(a)), plain(np.asarray(b))]
        except NotImplementedError:
            pass
        self.out.append(entry)
        print(name, 'inverse' if 'invert' in entry else '', np.isnan(np.asarray(lon, float)).sum())


def asdf_round_trip(w):
    buffer = io.BytesIO()
    asdf.AsdfFile({'wcs': w}).write_to(buffer)
    buffer.seek(0)
    return asdf.open(buffer, lazy_load=False)['wcs']


def main():
    g = Many()
    base = shift(-30.0, -24.0) | scale(3e-4)
    g.add('tan', base | to_sky())
    g.add('tan_pole', base | to_sky(10.0, 89.999, 170.0))
    g.add('tan_wrap', base | to_sky(359.999, -30.0, 100.0))
    g.add('affine', shift(-30.0, -24.0) | m.AffineTransformation2D([[3e-4, 2e-5], [-1e-5, 2.9e-4]], [1e-3, 2e-3]) | to_sky())
    g.add('rotate2d', base | m.Rotation2D(33.3) | to_sky())
    g.add('no_box', base | to_sky(), box=None)
    wide = shift(-30.0, -24.0) | scale(0.3)
    for name, args in [('ZenithalPerspective', (2.0, 30.0)), ('SlantZenithalPerspective', (2.0, 40.0, 60.0)),
                       ('Gnomonic', ()), ('Stereographic', ()), ('SlantOrthographic', (0.1, 0.2)),
                       ('ZenithalEquidistant', ()), ('ZenithalEqualArea', ()), ('Airy', (60.0,)),
                       ('CylindricalPerspective', (1.0, 0.7)), ('CylindricalEqualArea', (0.8,)), ('PlateCarree', ()),
                       ('Mercator', ()), ('SansonFlamsteed', ()), ('Parabolic', ()), ('Molleweide', ()),
                       ('HammerAitoff', ()), ('ConicPerspective', (45.0, 20.0)), ('ConicEqualArea', (45.0, 20.0)),
                       ('ConicEquidistant', (45.0, 20.0)), ('ConicOrthomorphic', (45.0, 20.0)),
                       ('BonneEqualArea', (40.0,)), ('Polyconic', ()), ('TangentialSphericalCube', ()),
                       ('COBEQuadSphericalCube', ()), ('QuadSphericalCube', ()), ('HEALPix', (4.0, 3.0)),
                       ('HEALPixPolar', ())]:
        g.add('projection_' + name, wide | getattr(prj, 'Pix2Sky_' + name)(*args)
              | m.RotateNative2Celestial(150.1, 12.2, 170.0))
    p1 = m.Polynomial1D(3, domain=(0, 60), window=(-1, 1))
    p1.parameters = [0.1, 0.9, 0.01, -0.02]
    p1b = m.Polynomial1D(2)
    p1b.parameters = [0.01, 0.02, 1e-4]
    g.add('polynomial1d', p1 & p1b | scale(0.01) | to_sky())
    g.add('polynomial2d', shift(-30, -24) | distort(3) | scale(3e-4) | to_sky())
    pd = [poly2(3, 20 + i, 0.1, x_domain=(0, 60), y_domain=(0, 48), x_window=(-1, 1), y_window=(-2, 2)) for i in (0, 1)]
    pd[0].c1_0, pd[1].c0_1 = 0.01, 0.01
    g.add('polynomial2d_domain', m.Mapping((0, 1, 0, 1)) | pd[0] & pd[1] | to_sky())
    for k, cls in enumerate([m.Chebyshev2D, m.Legendre2D, m.Hermite2D]):
        ps = []
        for axis in (0, 1):
            kw = dict(x_domain=(0, 60), x_window=(-1, 1), y_domain=(0, 48), y_window=(-1, 1))
            # astropy's Hermite2D takes wrong factors for powers of y above 1.
            p = cls(3, 1 if cls is m.Hermite2D else 2, **kw)
            p.parameters = (uniform(40 + 2 * k + axis, np.arange(len(p.parameters))) - 0.5) * 1e-4
            setattr(p, 'c1_0' if axis == 0 else 'c0_1', 0.01)
            ps.append(p)
        g.add('ortho2d_' + cls.__name__, m.Mapping((0, 1, 0, 1)) | ps[0] & ps[1] | to_sky())
    for k, cls in enumerate([m.Chebyshev1D, m.Legendre1D, m.Hermite1D]):
        p, q = cls(4, domain=(0, 60), window=(-1, 1)), cls(3)
        p.parameters = [0.001, 0.01, 2e-4, 1e-4, 3e-5]
        q.parameters = [0.001, 0.01, 2e-4, 1e-4]
        g.add('ortho1d_' + cls.__name__, p & (m.Scale(0.03) | q) | to_sky())
    t1 = m.Tabular1D(points=np.linspace(-20, 80, 11), lookup_table=np.linspace(-0.01, 0.012, 11) ** 3 * 1e3,
                     bounds_error=False, fill_value=None)
    t1.lookup_table = t1.lookup_table + np.linspace(0, 0.01, 11)
    t2 = m.Tabular1D(points=np.linspace(0, 40, 5), lookup_table=np.array([0.01, 0.006, 0.003, 0.001, 0.0]),
                     bounds_error=False, fill_value=np.nan)
    g.add('tabular1d', t1 & t2 | to_sky())
    grid = 1e-4 * np.add.outer(np.arange(8) ** 1.5, np.sqrt(np.arange(9)))
    t3 = m.Tabular2D(points=(np.linspace(0, 60, 8), np.linspace(0, 48, 9)), lookup_table=grid, bounds_error=False,
                     fill_value=np.nan)
    t4 = m.Tabular2D(points=(np.linspace(0, 60, 8), np.linspace(0, 48, 9)), lookup_table=grid[::-1], method='nearest',
                     bounds_error=False, fill_value=0.005)
    g.add('tabular2d', m.Mapping((0, 1, 0, 1)) | t3 & t4 | to_sky())
    c2 = m.Const2D(3e-4)
    one = poly2(2, 71, 1e-2)
    one.c0_0 = 2.0
    pick = [m.Mapping((0,), n_inputs=2), m.Mapping((1,), n_inputs=2)]
    g.add('arithmetic', shift(-30, -24) | m.Mapping((0, 1, 0, 1))
          | ((pick[0] + one) * c2 - one * c2) & ((pick[1] | m.Scale(1e-3)) / one) | to_sky())
    g.add('power', shift(40, 40) | (m.Polynomial1D(1, c0=1.0, c1=0.01) ** m.Const1D(1.5)) & m.Scale(0.01)
          | scale(0.001, 0.001) | to_sky())
    g.add('fix_inputs', fix_inputs(shift(-30, -24) & m.Shift(1.0) | m.Mapping((0, 1, 2))
                                   | scale(3e-4) & m.Scale(1.0), {2: 3.0}) | m.Mapping((0, 1), n_inputs=3) | to_sky())
    g.add('remap', m.Mapping((1, 0)) | scale(3e-4) | to_sky())
    g.add('identity', m.Identity(2) | m.Identity(1) & m.Identity(1) | scale(3e-4) | to_sky())
    g.add('multiply', m.Multiply(3e-4) & m.Multiply(-3e-4) | to_sky())
    g.add('planar', m.Mapping((0, 1, 0, 1)) | m.Planar2D(1e-4, 2e-4, 0.001) & m.Planar2D(3e-4, -1e-4, 0.0) | to_sky())
    g.add('linear1d', m.Linear1D(1e-4, 0.001) & m.Linear1D(2e-4, -0.001) | to_sky())
    for wrap in (180, 360):
        g.add(f'cartesian_{wrap}', scale(0.5) | shift(170, -30) | SphericalToCartesian(wrap_lon_at=wrap)
              | m.RotationSequence3D([10.0, -20.0, 30.0, 5.0], 'zyxz') | CartesianToSpherical(wrap_lon_at=wrap))
    g.add('spherical_sequence', scale(0.01) | m.SphericalRotationSequence([10.0, -20.0, 30.0, 5.0, 170.0], 'zyxyz'))
    g.add('euler', scale(0.01) | m.EulerAngleRotation(23.0, 14.0, -40.0, 'xzy'))
    g.add('celestial2native', scale(0.5) | m.RotateCelestial2Native(23.0, 14.0, 170.0))
    # The tangent-plane correction of tweakwcs: to the plane, an affine map, and back.
    plane = (SphericalToCartesian(wrap_lon_at=180) | m.RotationSequence3D([3.0, -2.0, 10.0], 'zyx')
             | m.Mapping((1, 0, 2, 0), n_inputs=3) | (pick[0] / pick[1]) & (pick[0] / pick[1]))
    back = (m.Mapping((0, 1, 0)) | m.Const1D(1.0) & m.Identity(2) | m.Mapping((0, 2, 1))
            | m.RotationSequence3D([-10.0, 2.0, -3.0], 'xyz') | CartesianToSpherical(wrap_lon_at=180))
    v2v3 = scale(1e-3) | shift(-0.03, -0.02)
    g.add('tangent_correction', None, steps=[
        (DETECTOR, v2v3), (cf.Frame2D(name='v2v3', axes_order=(0, 1), unit=(u.arcsec, u.arcsec)),
                           plane | m.AffineTransformation2D([[1.001, 1e-3], [-1e-3, 0.999]], [1e-5, -2e-5]) | back),
        (cf.Frame2D(name='v2v3corr', axes_order=(0, 1), unit=(u.deg, u.deg)),
         m.SphericalRotationSequence([0.1, 30.0, 20.0], 'zyz')), (world(), None)])
    g.add('direction_cosines', shift(-30, -24) | scale(0.01) | m.Mapping((0, 1, 0)) | ToDirectionCosines()
          | FromDirectionCosines() | m.Mapping((2, 0, 1)) | CartesianToSpherical(wrap_lon_at=360))
    for name in ['sin', 'cos', 'tan', 'arcsin', 'arctan', 'exp', 'log1p', 'sqrt', 'square', 'deg2rad', 'rad2deg', 'cbrt']:
        cls = getattr(m.math, name.capitalize() + 'Ufunc')
        g.add('function_' + name, shift(15, 15) | scale(0.01) | cls() & m.Identity(1) | to_sky(), invert=False)
    for name in ['arctan2', 'hypot', 'fmod', 'remainder', 'power']:
        cls = getattr(m.math, name.capitalize() + 'Ufunc')
        g.add('function_' + name, shift(15, 15) | scale(0.01) | m.Mapping((0, 1, 0)) | cls() & m.Identity(1) | to_sky(), invert=False)
    g.add('fits_imaging', gwcs.FITSImagingWCSTransform(m.Pix2Sky_TAN(), crpix=[29.0, 23.0], crval=[5.6, -72.0],
          cdelt=[-3e-4, 3e-4], pc=[[0.9, -0.1], [0.1, 1.1]]))
    g.add('fits_imaging_mer', gwcs.FITSImagingWCSTransform(m.Pix2Sky_MER(), crpix=[29.0, 23.0], crval=[5.6, 12.0],
          cdelt=[-3e-2, 3e-2], pc=[[1.0, 0.0], [0.0, 1.0]]))
    custom = shift(-30, -24) | distort(9) | scale(3e-4)
    custom.inverse = scale(1 / 3e-4) | distort(11) | shift(30, 24)
    g.add('custom_inverse', custom | to_sky())
    inner = distort(13)
    inner.inverse = distort(15)
    g.add('custom_inner_inverse', shift(-30, -24) | inner | scale(3e-4) | to_sky())
    one_way = m.Mapping((0, 0, 1), n_inputs=2) | m.Identity(1) & m.Identity(2) | m.Mapping((0, 2), n_inputs=3)
    g.add('duplicate', one_way | scale(3e-4) | to_sky())
    pix = u.pix
    q = (m.Shift(-30 * pix) & m.Shift(-24 * pix) | m.Multiply(1.1 * u.arcsec / pix) & m.Multiply(0.9 * u.arcsec / pix)
         | m.Pix2Sky_TAN() | m.RotateNative2Celestial(5.6 * u.deg, -72.05 * u.deg, 180 * u.deg))
    g.add('quantities', q, box=None)
    g.add('arcsec_world', scale(0.5) | shift(3600.0, -7200.0) | scale(1.0), frame=world(unit=(u.arcsec, u.arcsec)))
    spectral = cf.SpectralFrame(name='wave', axes_order=(2,), unit=u.um, axes_names=('lambda',))
    g.add('composite', m.Mapping((0, 1, 0)) | (base | to_sky()) & (m.Scale(0.01) | m.Shift(5.0)),
          frame=cf.CompositeFrame([world(), spectral], name='both'), box=None)
    for name, frame in [('fk5', coord.FK5(equinox='J1975')), ('fk4', coord.FK4(equinox='B1950')),
                        ('galactic', coord.Galactic())]:
        g.add('frame_' + name, base | to_sky(), frame=world(frame))
    labels = np.zeros((60, 80), int)
    labels[:, 5:30] = 1
    labels[:, 30:60] = 2
    regions = selector.RegionsSelector(
        inputs=('x', 'y'), outputs=('u', 'v'),
        selector={1: shift(-30, -24) | scale(3e-4), 2: shift(-10, -24) | scale(2e-4)},
        label_mapper=selector.LabelMapperArray(labels), undefined_transform_value=np.nan)
    inside = m.math.FabsUfunc() & m.math.FabsUfunc()
    g.add('regions_array', inside | regions | to_sky(), invert=False)
    ranges = selector.LabelMapperRange(('x', 'y'), {(0.0, 20.0): m.Mapping((0,), n_inputs=2) | m.Const1D(1.0),
                                                    (20.0, 50.0): m.Mapping((0,), n_inputs=2) | m.Const1D(2.0)},
                                       inputs_mapping=m.Mapping((0,), n_inputs=2))
    regions = selector.RegionsSelector(
        inputs=('x', 'y'), outputs=('u', 'v'),
        selector={1: shift(-30, -24) | scale(3e-4), 2: shift(-10, -24) | scale(2e-4)},
        label_mapper=ranges, undefined_transform_value=np.nan)
    g.add('regions_range', regions | to_sky(), invert=False)
    write_json(f'{DIR}/gwcs.json', {'tags': TAGS, 'graphs': g.out})


main()
