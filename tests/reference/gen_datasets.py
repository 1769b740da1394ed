"""photutils.datasets: random tables, model images, noise, example images and coordinate systems:
crates/simulation/tests/it/fixtures/datasets.json.
"""
import warnings

import numpy as np
from astropy.modeling import models
from astropy.table import Table
from photutils.datasets import (apply_poisson_noise, make_4gaussians_image, make_100gaussians_image, make_gwcs,
                                make_model_image, make_model_params, make_noise_image, make_random_models_table, make_wcs)

from common import columns, write_json

warnings.simplefilter('ignore')


def digest(a):
    """Sums that notice a pixel that moves or changes, and some pixels."""
    a = np.asarray(a, float)
    i = np.arange(a.size).reshape(a.shape)
    y, x = np.mgrid[0:a.shape[0], 0:a.shape[1]]
    at = [0, a.size // 3, a.size // 2, a.size - 1]
    return {'shape': a.shape, 'sum': a.sum(), 'squares': (a * a).sum(), 'x': (a * x).sum(), 'y': (a * y).sum(),
            'mod': (a * (i % 97)).sum(), 'at': at, 'values': a.ravel()[at]}


def params():
    out = []
    for shape, n, sep, border, seed in (((2048, 2048), 500, 25, (50, 50), 0), ((100, 150), 300, 4.5, (3, 7), 5),
                                        ((64, 80), 40, 0, (0, 0), 9), ((50, 60), 0, 1, (0, 0), 1)):
        t = make_model_params(shape, n, min_separation=sep, border_size=border, seed=seed, flux=(500, 20000), sigma=(1, 2))
        out.append({'shape': shape, 'n': n, 'separation': sep, 'border': border, 'seed': seed, **columns(t)})
    return out


def images():
    out = []
    rng = np.random.default_rng(3)
    n = 12
    t = Table({'amplitude': rng.uniform(1, 100, n), 'x_mean': rng.uniform(-5, 85, n), 'y_mean': rng.uniform(-5, 65, n),
               'x_stddev': rng.uniform(0.7, 4, n), 'y_stddev': rng.uniform(0.7, 4, n), 'theta': rng.uniform(0, 6, n)})
    t['amplitude'][4] = np.nan
    m = Table({'amplitude': t['amplitude'], 'x_0': t['x_mean'], 'y_0': t['y_mean'], 'gamma': rng.uniform(1, 4, n),
               'alpha': rng.uniform(1.5, 4, n), 'local_bkg': rng.uniform(0, 2, n)})
    s = Table({'amplitude': t['amplitude'], 'x_0': t['x_mean'], 'y_0': t['y_mean'], 'r_eff': rng.uniform(1, 6, n),
               'n': rng.uniform(0.7, 4.5, n), 'ellip': rng.uniform(0, 0.8, n), 'theta': t['theta'],
               'model_shape': rng.integers(5, 30, n)})
    for name, model, table, kw in (
            ('gaussian', models.Gaussian2D(), t, {}), ('gaussian', models.Gaussian2D(), t, {'bbox_factor': 2.0}),
            ('gaussian', models.Gaussian2D(), t, {'model_shape': (6, 9)}),
            ('gaussian', models.Gaussian2D(), t, {'discretize_method': 'interp'}),
            ('gaussian', models.Gaussian2D(), t, {'discretize_method': 'oversample', 'discretize_oversample': 4}),
            ('gaussian', models.Gaussian2D(), t[:3], {'discretize_method': 'integrate', 'model_shape': (7, 7)}),
            ('moffat', models.Moffat2D(), m, {'model_shape': (15, 11)}), ('sersic', models.Sersic2D(), s, {})):
        xy = {'x_name': 'x_mean', 'y_name': 'y_mean'} if name == 'gaussian' else {}
        image = make_model_image((60, 80), model, table, **xy, **kw)
        out.append({'model': name, 'options': kw, 'table': columns(table), 'image': digest(image)})
    return out


def noises():
    out = [{'kind': 'gaussian', 'mean': 5.0, 'std': 2.5, 'seed': 4,
            'image': digest(make_noise_image((40, 50), mean=5.0, stddev=2.5, seed=4))}]
    for mean in (0.0, 3.5, 10.0, 900.0):
        out.append({'kind': 'poisson', 'mean': mean, 'seed': 8,
                    'image': digest(make_noise_image((40, 50), 'poisson', mean=mean, seed=8))})
    ramp = np.arange(2000, dtype=float).reshape(40, 50) / 7
    out.append({'kind': 'apply', 'seed': 2, 'image': digest(apply_poisson_noise(ramp, seed=2))})
    return out


def systems():
    out = []
    x, y = np.array([0.0, 10.5, 499.0, 250.2]), np.array([0.0, 3.25, 299.0, 100.9])
    for galactic in (False, True):
        w, g = make_wcs((300, 500), galactic), make_gwcs((300, 500), galactic)
        lon, lat = g(x, y)
        out.append({'galactic': galactic, 'x': x, 'y': y, 'wcs': w.all_pix2world(x, y, 0), 'gwcs': [lon, lat],
                    'frame': g.output_frame.name})
    return out


table = make_random_models_table(6, {'a': (1, 2), 'b': (-3, 7)}, seed=11)
write_json('crates/simulation/tests/it/fixtures/datasets.json', {
    'params': params(), 'table': columns(table), 'images': images(), 'noises': noises(), 'systems': systems(),
    'examples': {'four': digest(make_4gaussians_image()), 'four_clean': digest(make_4gaussians_image(noise=False)),
                 'hundred': digest(make_100gaussians_image()),
                 'hundred_clean': digest(make_100gaussians_image(noise=False))}})
