"""Makes the benchmark inputs: make_inputs.py OUTDIR

  field4k.fits      4096 x 4096 f32 SCI (primary HDU), ERR (f32), DQ (i16): 12,000 stars and 8,000 galaxies on a sky
                    with a gradient and a bump, Poisson and read noise
  crowded2k.fits    2048 x 2048 f32: 10,000 Gaussian stars of FWHM 2.5 px, noise 0.5
  nircam_like2k.fits, nircam_like_psfgrid.fits
                    2048 x 2048 f32: 500 stars, noise 0.5, of a PSF that varies, and its 4 x 4 images of 404 x 404, four
                    samples per pixel, in the layout of STPSF
  xdf_like5k.fits   5250 x 5250 f32, electron/s: 12,000 galaxies and stars on a background near 0, no data (zeros) outside
                    a rotated square, TAN projection
  aux_points.fits   table APER: x, y of 100,000 positions inside field4k

Deterministic. The file `complete-2` is written last.
"""
import math
import os
import sys

import numpy as np
from astropy.io import fits

SEED = 20260101


def power_law(rng, n, low, high, slope):
    """dN/dF ~ F**slope between low and high."""
    p = slope + 1.0
    return (low ** p + rng.random(n) * (high ** p - low ** p)) ** (1.0 / p)


def stamp(image, x, y, radius):
    """Slices around a source, and distances of their pixels from it."""
    ny, nx = image.shape
    x0, x1 = max(int(x) - radius, 0), min(int(x) + radius + 1, nx)
    y0, y1 = max(int(y) - radius, 0), min(int(y) + radius + 1, ny)
    return (slice(y0, y1), slice(x0, x1)), np.arange(x0, x1)[None, :] - x, np.arange(y0, y1)[:, None] - y


def add_moffat(image, x, y, flux, fwhm, beta, floor):
    alpha = fwhm / (2.0 * math.sqrt(2.0 ** (1.0 / beta) - 1.0))
    peaks = flux * (beta - 1.0) / (math.pi * alpha * alpha)
    for xi, yi, peak in zip(x, y, peaks):
        radius = math.ceil(alpha * math.sqrt(max((peak / floor) ** (1.0 / beta) - 1.0, 4.0)))
        where, dx, dy = stamp(image, xi, yi, min(max(radius, 8), 400))
        image[where] += peak * (1.0 + (dx * dx + dy * dy) / alpha ** 2) ** -beta


def add_galaxies(image, x, y, flux, scale, ratio, angle, seeing):
    """Exponential discs, rounded off in the middle as the seeing would."""
    for xi, yi, fi, h, q, t in zip(x, y, flux, scale, ratio, angle):
        where, dx, dy = stamp(image, xi, yi, math.ceil(9 * h + 3 * seeing))
        c, s = math.cos(t), math.sin(t)
        u, v = dx * c + dy * s, (dy * c - dx * s) / q
        r = np.sqrt(u * u + v * v + (0.5 * seeing) ** 2)
        profile = np.exp(-r / h)
        image[where] += fi * profile / profile.sum()


def field4k(out):
    rng = np.random.default_rng([SEED, 1])
    n, n_stars, n_galaxies = 4096, 12000, 8000
    total = n_stars + n_galaxies
    x, y = rng.uniform(-0.5, n - 0.5, (2, total))
    flux = power_law(rng, total, 300.0, 3.0e6, -1.75)
    faint = np.minimum(flux[n_stars:], 4.0e5)
    image = np.zeros((n, n))
    add_moffat(image, x[:n_stars], y[:n_stars], flux[:n_stars], 3.2, 3.0, 0.05)
    add_galaxies(image, x[n_stars:], y[n_stars:], faint, rng.lognormal(math.log(1.6), 0.4, n_galaxies),
                 rng.uniform(0.3, 1.0, n_galaxies), rng.uniform(0, math.pi, n_galaxies), 3.2)
    g = np.arange(n) / n - 0.5
    r2 = g[None, :] ** 2 + g[:, None] ** 2
    mean = image + 100.0 + 8.0 * g[None, :] + 5.0 * g[:, None] + 6.0 * np.exp(-r2 / (2 * 0.29 ** 2))
    data = rng.poisson(mean) + rng.normal(0.0, 5.0, mean.shape)
    saturated = data > 60000.0
    data[saturated] = 60000.0
    dq = np.zeros((n, n), np.int16)
    dq[saturated] = 2
    dq[:, [777, 3001]] |= 4
    hdus = fits.HDUList([fits.PrimaryHDU(data.astype(np.float32)),
                         fits.ImageHDU(np.sqrt(mean + 25.0).astype(np.float32), name='ERR'),
                         fits.ImageHDU(dq, name='DQ')])
    hdus[0].name = 'SCI'
    hdus[0].header['BUNIT'] = 'electron'
    hdus.writeto(f'{out}/field4k.fits', overwrite=True)


def crowded2k(out):
    rng = np.random.default_rng([SEED, 2])
    n, n_stars, sigma = 2048, 10000, 2.5 / 2.3548200450309493
    x, y = rng.uniform(0, n - 1, (2, n_stars))
    image = rng.normal(0.0, 0.5, (n, n))
    for xi, yi, fi in zip(x, y, power_law(rng, n_stars, 60.0, 2.0e4, -1.6)):
        where, dx, dy = stamp(image, xi, yi, 10)
        image[where] += fi * np.exp(-(dx * dx + dy * dy) / (2 * sigma ** 2)) / (2 * math.pi * sigma ** 2)
    fits.writeto(f'{out}/crowded2k.fits', image.astype(np.float32), overwrite=True)


def psf_grid(out):
    from scipy.ndimage import uniform_filter
    from scipy.special import j1
    samples, pixels, at = 4, 101, [0, 682, 1365, 2047]
    g = (np.arange(samples * pixels) - (samples * pixels - 1) / 2) / samples
    yy, xx = np.meshgrid(g, g, indexing='ij')
    cube, header = [], fits.Header({'INSTRUME': 'NIRCam', 'DETECTOR': 'NRCA1', 'FILTER': 'F200W', 'FOVPIXEL': pixels,
                                    'OVERSAMP': samples, 'DET_SAMP': samples})
    for yp in at:
        for xp in at:
            u, v = xp / 2047 - 0.5, yp / 2047 - 0.5
            w = u + v
            z = math.pi * np.maximum(np.hypot(xx, yy), 1e-12) * 1.2196698912665045 / (2.40 * (1 + 0.03 * w + 0.04 * u * v))
            airy = (2 * j1(z) / z) ** 2
            c, s = math.cos(0.5 + 0.5 * w), math.sin(0.5 + 0.5 * w)
            alpha = 2.6 * (1 + 0.05 * w) / (2 * math.sqrt(2 ** (1 / 2.6) - 1))
            xr, yr = xx * c + yy * s, (yy * c - xx * s) / (0.95 - 0.03 * w)
            moffat = (1 + (xr ** 2 + yr ** 2) / alpha ** 2) ** -2.6
            p = 0.68 * airy / airy.sum() + 0.32 * moffat / moffat.sum()
            p = sum(uniform_filter(p, samples, origin=o, mode='constant') for o in (0, -1))
            header[f'DET_YX{len(cube)}'] = f'({float(yp)}, {float(xp)})'
            cube.append(p * samples ** 2 / p.sum())
    fits.writeto(f'{out}/nircam_like_psfgrid.fits', np.array(cube), header, overwrite=True)


def nircam_like2k(out):
    from photutils.psf import GriddedPSFModel, make_psf_model_image
    psf_grid(out)
    model = GriddedPSFModel.read(f'{out}/nircam_like_psfgrid.fits', format='webbpsf')
    data, _ = make_psf_model_image((2048, 2048), model, 500, model_shape=(101, 101), min_separation=25,
                                   flux=(500, 20000), seed=0)
    data = data + np.random.default_rng([SEED, 4]).normal(0.0, 0.5, data.shape)
    fits.writeto(f'{out}/nircam_like2k.fits', data.astype(np.float32), overwrite=True)


def xdf_like5k(out):
    rng = np.random.default_rng([SEED, 5])
    n, total, n_stars, half, angle, middle = 5250, 12000, 600, 1700.0, math.radians(42.0), 2624.5
    c, s = math.cos(angle), math.sin(angle)
    u, v = rng.uniform(-half, half, (2, total))
    x, y = middle + u * c - v * s, middle + u * s + v * c
    flux = power_law(rng, total, 0.03, 150.0, -1.7)
    bright = np.minimum(flux[n_stars:], 60.0)
    scale = np.clip(rng.lognormal(math.log(1.5), 0.5, total - n_stars) * (bright / 0.1) ** 0.16, 0.5, 18.0)
    image = np.zeros((n, n))
    add_moffat(image, x[:n_stars], y[:n_stars], flux[:n_stars], 2.9, 2.8, 1e-5)
    add_galaxies(image, x[n_stars:], y[n_stars:], bright, scale, rng.uniform(0.2, 1.0, total - n_stars),
                 rng.uniform(0, math.pi, total - n_stars), 2.9)
    g = np.arange(n, dtype=np.float32) - middle
    u, v = g[None, :] * c + g[:, None] * s, g[:, None] * c - g[None, :] * s
    deep = (np.abs(u) < 1250) & (np.abs(v) < 1100)
    image += rng.normal(0.0, 1.0, image.shape) * np.where(deep, 6.0e-4, 9.0e-4) + 5e-5
    image[(np.abs(u) >= half) | (np.abs(v) >= half)] = 0.0
    header = fits.Header({'CTYPE1': 'RA---TAN', 'CTYPE2': 'DEC--TAN', 'CRPIX1': n / 2, 'CRPIX2': n / 2,
                          'CRVAL1': 53.1625, 'CRVAL2': -27.7914, 'CDELT1': -0.06 / 3600, 'CDELT2': 0.06 / 3600,
                          'CUNIT1': 'deg', 'CUNIT2': 'deg', 'BUNIT': 'electron/s'})
    fits.writeto(f'{out}/xdf_like5k.fits', image.astype(np.float32), header, overwrite=True)


def aux_points(out):
    rng = np.random.default_rng([SEED, 3])
    x, y = rng.uniform(25, 4070, (2, 100000))
    columns = [fits.Column('x', 'D', array=x), fits.Column('y', 'D', array=y)]
    table = fits.BinTableHDU.from_columns(columns, name='APER')
    fits.HDUList([fits.PrimaryHDU(), table]).writeto(f'{out}/aux_points.fits', overwrite=True)


def main():
    out = sys.argv[1]
    os.makedirs(out, exist_ok=True)
    for make in (field4k, crowded2k, nircam_like2k, xdf_like5k, aux_points):
        print(f'making {make.__name__}', flush=True)
        make(out)
    open(f'{out}/complete-2', 'w').close()


if __name__ == '__main__':
    main()
