"""Zero points of tables by astropy, and fluxes at places on the sky by astropy and photutils:
crates/cli/tests/it/fixtures/{calibrate,forced}.json.
"""
import warnings

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.nddata import CCDData
from astropy.stats import SigmaClip, sigma_clip, sigma_clipped_stats
from astropy.time import Time
from astropy.wcs import WCS
from photutils.aperture import ApertureStats, CircularAnnulus, CircularAperture, aperture_photometry

from common import field, noise, uniform, write_json

warnings.simplefilter('ignore')


def catalogues():
    """Sources near (150, 2) and the stars of a reference, by formula; as crates/cli/tests/it/calibrate.rs."""
    n = 160
    i = np.arange(n)
    ra = 150 + (i % 16) * 0.002 + 1e-5 * uniform(1, i)
    dec = 2 + (i // 16) * 0.002 + 1e-5 * uniform(2, i)
    flux = 10 ** (1 + 3.5 * uniform(3, i))
    flux[::23] = -5.0
    error = 2 + 0.01 * np.abs(flux)
    # A reference of 150 stars of these, in another order, with other stars between.
    k = (7 * np.arange(150)) % n
    rra = np.concatenate([ra[k] + 3e-5 * (uniform(4, k) - 0.5), 150.001 + 0.002 * np.arange(20)])
    rdec = np.concatenate([dec[k] + 3e-5 * (uniform(5, k) - 0.5), np.full(20, 2.001)])
    colour = np.concatenate([2 * uniform(6, k), np.zeros(20)])
    bright = np.where(flux[k] > 0, flux[k], 5.0)
    mag = np.concatenate([25.3 - 2.5 * np.log10(bright) + 0.08 * (colour[:150] - 0.7) + 0.02 * noise(7, k),
                          np.full(20, 15.0)])
    mag[:150:17] += 1.5
    return dict(ra=ra, dec=dec, flux=flux, error=error), dict(ra=rra, dec=rdec, colour=colour, mag=mag)


def calibrate():
    s, r = catalogues()
    a = SkyCoord(s['ra'], s['dec'], unit='deg')
    b = SkyCoord(r['ra'], r['dec'], unit='deg')
    i, sep, _ = a.match_to_catalog_sky(b)
    back, _, _ = b.match_to_catalog_sky(a)
    matched = (back[i] == np.arange(len(a))) & (sep < 0.5 * u.arcsec)
    out = {'matched': np.where(matched, i, -1), 'separation': np.where(matched, sep.arcsec, np.nan)}
    inst = np.where(s['flux'] > 0, -2.5 * np.log10(np.where(s['flux'] > 0, s['flux'], 1)), np.nan)
    delta = r['mag'][i] - inst
    cases = []
    for limit, sigma, maxiters in ((-3.0, 2.0, 10), (0.0, 3.0, 5), (-6.0, 2.5, None)):
        use = matched & np.isfinite(delta) & (inst < limit)
        mean, median, std = sigma_clipped_stats(delta[use], sigma=sigma, maxiters=maxiters)
        kept = np.zeros(len(a), bool)
        kept[np.flatnonzero(use)] = ~sigma_clip(delta[use], sigma=sigma, maxiters=maxiters).mask
        cases.append({'limit': limit, 'sigma': sigma, 'maxiters': maxiters, 'median': median, 'mean': mean,
                      'std': std, 'kept': kept, 'mag_ab': inst + median,
                      'flux_jy': ((inst + median) * u.ABmag).to(u.Jy).value})
    return {**out, 'cases': cases, 'mag_inst': inst}


def forced():
    """Two images with world coordinates by formula; as crates/cli/tests/it/forced.rs."""
    out = []
    rows = np.arange(40)
    for k, seed in enumerate((21, 22)):
        data = field(120, 150, seed, 30, 2.0)
        w = WCS(naxis=2)
        w.wcs.ctype = ['RA---TAN', 'DEC--TAN']
        w.wcs.crval = [150.0, 2.0]
        w.wcs.crpix = [75.5, 60.5 + k]
        w.wcs.cd = np.array([[-0.2, 0.01], [0.01, 0.2]]) / 3600
        ra = 150 + 36 / 3600 * (uniform(31, rows) - 0.5)
        dec = 2 + 28 / 3600 * (uniform(32, rows) - 0.5)
        x, y = w.all_world2pix(ra, dec, 0)
        error = 2 + 0.01 * np.abs(data)
        inside = (x >= -0.5) & (y >= -0.5) & (x < 149.5) & (y < 119.5)
        p = np.transpose([x[inside], y[inside]])
        clip = SigmaClip(3, maxiters=5)
        sky = ApertureStats(data, CircularAnnulus(p, 8, 12), sigma_clip=clip)
        flux, err = [], []
        for radius in (3, 5):
            aper = CircularAperture(p, radius)
            t = aperture_photometry(data, aper, error=error)
            area = aper.area_overlap(data)
            flux.append(t['aperture_sum'] - sky.median * area)
            sky_error = np.sqrt(np.pi / 2) * sky.std / np.sqrt(sky.center_aper_area.value)
            err.append(np.hypot(t['aperture_sum_err'], area * sky_error))
        out.append({'x': x, 'y': y, 'inside': inside, 'flux': flux, 'flux_err': err, 'local_bkg': sky.median})
    return {'images': out, 'mjd': Time('2026-01-31T04:05:06.5').mjd}


write_json('crates/cli/tests/it/fixtures/calibrate.json', calibrate())
write_json('crates/cli/tests/it/fixtures/forced.json', forced())
