"""Fixtures of radial profiles, curves of growth and image depth, and of the moments of aperture statistics: photutils,
and for the fits the minimum that scipy reaches from photutils' answer with the tightest tolerances."""
import warnings

import numpy as np
from astropy.stats import SigmaClip
from photutils.aperture import ApertureStats, CircularAperture
from photutils.profiles import CurveOfGrowth, EllipticalCurveOfGrowth, EnsquaredCurveOfGrowth, RadialProfile
from photutils.utils import ImageDepth
from scipy.optimize import least_squares

from common import field, noise, uniform, write_json

warnings.simplefilter('ignore')

# ---------------------------------------------------------------- the same image as in tests/it/scene.rs
NY, NX = 70, 80


def scene(dirty):
    data = field(NY, NX, 41, 25, 2.0)
    index = np.arange(NY * NX).reshape(NY, NX)
    error = 1.0 + uniform(43, index)
    if not dirty:
        return data, error, None
    mask = uniform(44, index) < 0.02
    mask[20:30, 30:44] = True
    data[uniform(45, index) < 0.005] = np.nan
    data[uniform(46, index) < 0.002] = np.inf
    data[50:56, 10:17] = np.nan
    error[uniform(47, index) < 0.003] = np.nan
    error[uniform(48, index) < 0.001] = np.inf
    return data, error, mask


# Near the middles of five stars, at a pixel's centre, on masked pixels, over the edges and outside.
STARS = [(round(float(uniform(42, 3 * i)) * NX - 0.5, 1), round(float(uniform(42, 3 * i + 1)) * NY - 0.5, 1))
         for i in sorted(range(25), key=lambda i: float(uniform(42, 3 * i + 2)))[:5]]
POSITIONS = STARS + [(40.2, 30.7), (20.0, 20.0), (65.5, 50.25), (3.0, 66.0), (36.5, 25.0), (13.0, 53.0), (-3.0, 10.0),
             (-30.0, 10.0), (77.7, 1.2)]


def polish(model, start, bounds, radius, profile):
    keep = np.isfinite(profile)
    r, v = radius[keep], profile[keep]
    scale = np.abs(v).max()

    def residual(p):
        return (model(p, r) - v) / scale

    f = least_squares(residual, start, bounds=bounds, x_scale=np.maximum(np.abs(start), 1e-3), xtol=1e-15, ftol=1e-15,
                      gtol=1e-15, max_nfev=20000, method='trf' if np.any(np.isfinite(bounds)) else 'lm')
    return f.x, f.cost


def fits(rp, radius):
    """Gaussian and Moffat: photutils' parameters and those of the minimum."""
    out = {}
    g, m = rp.gaussian_fit, rp.moffat_fit
    if g is None:
        return {'gaussian': None, 'moffat': None}
    prof = rp.profile
    p, _ = polish(lambda p, r: p[0] * np.exp(-0.5 * (r / p[1]) ** 2), [g.amplitude.value, g.stddev.value],
                  ([-np.inf, 1e-6], [np.inf, np.inf]), radius, prof)
    out['gaussian'] = {'photutils': [g.amplitude.value, g.stddev.value, rp.gaussian_fwhm], 'minimum': p}
    p, _ = polish(lambda p, r: p[0] * (1 + (r / p[1]) ** 2) ** (-p[2]), [m.amplitude.value, m.gamma.value, m.alpha.value],
                  ([-np.inf, 1e-6, 1.0], [np.inf, np.inf, 25.0]), radius, prof)
    out['moffat'] = {'photutils': [m.amplitude.value, m.gamma.value, m.alpha.value, rp.moffat_fwhm], 'minimum': p}
    return out


def profiles():
    cases = []
    for dirty, edges, method, subpixels in [
            (False, np.arange(0.0, 13.0), 'exact', 5), (True, np.arange(0.0, 13.0, 1.5), 'exact', 5),
            (True, np.array([0.5, 1.0, 2.5, 4.0, 8.0]), 'subpixel', 3), (False, np.array([2.0, 5.0, 9.0]), 'center', 1)]:
        data, error, mask = scene(dirty)
        background = 100.0
        for k, xy in enumerate(POSITIONS):
            rp = RadialProfile(data - background, xy, edges, error=error, mask=mask, method=method, subpixels=subpixels)
            case = {'dirty': dirty, 'edges': edges, 'method': method, 'subpixels': subpixels, 'position': xy,
                    'radius': rp.radius, 'profile': rp.profile, 'profile_err': rp.profile_error, 'area': rp.area,
                    'data': None}
            if xy[0] > -20:  # photutils cannot where no pixel is in reach
                case['data'] = [rp.data_radius[:40], rp.data_profile[:40], len(rp.data_radius)]
            if len(edges) > 8 and k < len(STARS):
                case.update(fits(rp, rp.radius))
            rp.normalize('sum')
            case['normalized'] = rp.profile
            case['normalized_err'] = rp.profile_error
            case['normalization'] = rp.normalization_value
            cases.append(case)
    return cases


def growth():
    cases = []
    for dirty in (False, True):
        data, error, mask = scene(dirty)
        data = data - 100.0
        radii = np.array([0.3, 1.0, 2.0, 3.5, 5.0, 8.0, 12.0, 18.0])
        ee = np.linspace(-0.1, 1.1, 13)
        at = np.linspace(0.2, 18.5, 14)
        for xy in POSITIONS:
            for shape in ('circle', 'ellipse', 'square'):
                kw = {'error': error, 'mask': mask}
                if shape == 'circle':
                    c = CurveOfGrowth(data, xy, radii, **kw)
                elif shape == 'square':
                    c = EnsquaredCurveOfGrowth(data, xy, radii, **kw)
                else:
                    c = EllipticalCurveOfGrowth(data, xy, radii, 0.6, theta=0.7, **kw)
                case = {'dirty': dirty, 'position': xy, 'shape': shape, 'radii': radii, 'profile': c.profile,
                        'profile_err': c.profile_error, 'area': c.area}
                c.normalize('max')
                case['normalization'] = c.normalization_value
                if np.isfinite(c.profile).sum() >= 2:
                    to, back = ((c.calc_ee_at_half_size, c.calc_half_size_at_ee) if shape == 'square'
                                else (c.calc_ee_at_radius, c.calc_radius_at_ee))
                    case.update({'at': at, 'ee_at': to(at), 'ee': ee, 'radius_at': back(ee)})
                cases.append(case)
    return cases


def depth():
    ny, nx = 150, 170
    index = np.arange(ny * nx).reshape(ny, nx)
    data = noise(77, index)
    y, x = np.mgrid[0:ny, 0:nx]
    mask = (x * 31 + y * 17) % 1999 < 2
    cases = []
    for radius, kw, masked in [
            (3.0, {'n_apertures': 200, 'n_iters': 3, 'seed': 5, 'zeropoint': 25.0}, True),
            (2.5, {'n_apertures': 400, 'n_iters': 2, 'seed': 123, 'mask_pad': 2.0, 'sigma_clip': None}, False),
            (4.0, {'n_apertures': 60, 'n_iters': 4, 'seed': 9, 'overlap': False, 'n_sigma': 3.0}, True),
            (5.0, {'n_apertures': 300, 'n_iters': 2, 'seed': 1, 'overlap': False}, False)]:
        d = ImageDepth(radius, progress_bar=False, **kw)
        flux_limit, mag_limit = d(data, mask if masked else None)
        case = {k: v for k, v in kw.items() if k != 'sigma_clip'}
        cases.append({'radius': radius, 'config': case, 'clip': 'sigma_clip' not in kw, 'masked': masked,
                      'flux_limit': flux_limit, 'mag_limit': mag_limit, 'flux_limits': d.flux_limits,
                      'mag_limits': d.mag_limits, 'used': d.n_apertures_used,
                      'first': d.apertures[0].positions[:5], 'fluxes': d.fluxes[-1][:5]})
    return cases


def moments():
    cases = []
    for dirty, clip in ((False, None), (True, 2.0)):
        data, error, mask = scene(dirty)
        s = ApertureStats(data, CircularAperture(POSITIONS, 5.0), error=error, mask=mask, local_bkg=100.0,
                          sigma_clip=None if clip is None else SigmaClip(clip))
        cutouts = []
        for k in range(len(POSITIONS)):
            one = []
            for c in (s.data_cutout[k], s.data_sum_cutout[k], s.error_sum_cutout[k]):
                v = np.ma.masked_invalid(c)
                one.append([c.size, v.count(), v.sum() if v.count() else 0.0])
            cutouts.append(one)
        cases.append({'dirty': dirty, 'clip': clip, 'moments': s.moments, 'moments_central': s.moments_central,
                      'inertia': s.inertia_tensor, 'bbox': np.c_[s.bbox_xmin, s.bbox_xmax, s.bbox_ymin, s.bbox_ymax],
                      'cutouts': cutouts})
    return cases


write_json('crates/aperture/tests/it/fixtures/profiles.json',
           {'profiles': profiles(), 'growth': growth(), 'depth': depth(), 'positions': POSITIONS, 'moments': moments()})
