"""Every header of wcs/ below SKYPHOT_TEST_DATA and of astropy's own tests, as installed with it, through astropy.wcs:
tests/src/regress/fixtures/wcs/headers.json.

Per system 25 positions on a grid that goes beyond the image by 30 % on every side: the sky they have, and, where
astropy's inverse of that sky is not the position again (within 1e-7 pixels), what it is. Headers that are not among the
test data are in the fixture, as records.
"""
import glob
import os
import re
import warnings

import numpy as np

import common

warnings.simplefilter('ignore')

import astropy.wcs  # noqa: E402
from astropy.io import fits  # noqa: E402
from astropy.wcs import WCS, NoConvergence  # noqa: E402

OUT = 'tests/src/regress/fixtures/wcs/headers.json'
WHEEL = os.path.join(os.path.dirname(astropy.wcs.__file__), 'tests', 'data')
# Records of the wheel's headers that have to do with coordinates.
KEEP = re.compile(r'^(NAXIS\d?|WCSAXES|(CTYPE|CRPIX|CRVAL|CDELT|CUNIT|CROTA|CNAME)\d+[A-Z]?|(CD|PC|PV|PS)\d+_\d+[A-Z]?|(CD|PC)\d{6}'
                  r'|(LON|LAT)POLE[A-Z]?|EQUINOX[A-Z]?|EPOCH|RAD(E|EC)SYS[A-Z]?|[AB]P?_(ORDER|DMAX|\d+_\d+)|WCSNAME[A-Z]?'
                  r'|(CPDIS|CPERR|DP|D2IMDIS|D2IMERR|D2IM)\d+|AXISCORR|PROJP\d|WAT\d_\d{3}|EXTNAME|EXTVER|BITPIX|SIMPLE|XTENSION)$')


def grid(header, w):
    nx = header.get('NAXIS%d' % (w.wcs.lng + 1), 0) or 100
    ny = header.get('NAXIS%d' % (w.wcs.lat + 1), 0) or 100
    if w.wcs.lng > w.wcs.lat:
        nx, ny = ny, nx
    # The same formula as in tests/src/regress/wcs.rs.
    t = 0.4 * np.arange(5) - 0.3
    x, y = np.meshgrid(t * nx - 0.5, t * ny - 0.5)
    return [nx, ny], x.ravel(), y.ravel()


def back(w, lon, lat):
    x, y = np.full(len(lon), np.nan), np.full(len(lon), np.nan)
    for i in np.flatnonzero(np.isfinite(lon) & np.isfinite(lat)):
        try:
            a, b = w.all_world2pix([lon[i]], [lat[i]], 0, tolerance=1e-11, maxiter=300)
            x[i], y[i] = a[0], b[0]
        except NoConvergence:
            pass
    return x, y


def systems(header):
    if 'RA' in (header.get('CTYPE1'), header.get('CTYPE2')):
        # Spectra: a position without a projection.
        return [' ']
    keys = [' '] + [c for c in 'ABCDEFGHIJKLMNOPQRSTUVWXYZ' if f'CTYPE1{c}' in header]
    return keys if 'CTYPE1' in header or 'AMDX1' in header or 'CPDIS1' in header else keys[1:]


def case(name, header, fobj, key, records):
    out = {'name': name, 'key': key.strip()}
    if records:
        out['records'] = records
    try:
        w = WCS(header, fobj, key=key)
        whole = w
        if w.wcs.lng < 0 or w.wcs.lat < 0 or 'DEC' in list(w.wcs.ctype):
            out['linear'] = list(w.wcs.ctype)
            return out
        if w.naxis != 2:
            w = w.celestial
        size, x, y = grid(header, whole)
        lon, lat = w.all_pix2world(x, y, 0)
        bx, by = back(w, lon, lat)
    except Exception as e:
        out['error'] = (str(e).strip().splitlines() or [type(e).__name__])[-1]
        return out
    if w.wcs.lat == 0:
        lon, lat = lat, lon
    other = [[int(i), bx[i], by[i]] for i in range(len(x))
             if np.isfinite(lon[i]) and not np.hypot(bx[i] - x[i], by[i] - y[i]) < 1e-7]
    kinds = [n for n, has in (('SIP', w.sip is not None), ('CPDIS', w.cpdis1 is not None or w.cpdis2 is not None),
                              ('D2IM', w.det2im1 is not None or w.det2im2 is not None)) if has]
    out.update(ctype=[str(c) for c in w.wcs.ctype], distortion='+'.join(kinds), size=size, lon=lon, lat=lat, other=other)
    return out


def lookup_tables(f):
    """The tables of a file that is not among the test data."""
    return [{'extname': h.header['EXTNAME'], 'extver': h.header['EXTVER'],
             'crpix': [h.header['CRPIX1'], h.header['CRPIX2']], 'crval': [h.header['CRVAL1'], h.header['CRVAL2']],
             'cdelt': [h.header['CDELT1'], h.header['CDELT2']],
             'data': [[float(str(v)) for v in row] for row in h.data]}
            for h in f[1:] if h.header.get('EXTNAME') in ('D2IMARR', 'WCSDVARR')]


def file_cases(name, path, keep):
    """All HDUs with a WCS; `keep` puts their records into the fixture."""
    out = []
    if path.endswith(('.hdr', '.head')):
        text = open(path, 'rb').read().decode('latin1')
        h = fits.Header.fromstring(text, sep='\n' if text.count('\n') > 5 else '')
        sources = [(name, h, None)]
    else:
        f = fits.open(path)
        sources = [(f'{name}[{i}]', hdu.header, f) for i, hdu in enumerate(f)]
    for label, h, fobj in sources:
        records = []
        for k in systems(h):
            if keep and not records:
                text = h.tostring(sep='\n', endcard=False, padding=False)
                records = [r.rstrip() for r in text.split('\n') if KEEP.match(r[:8].strip())]
            out.append(case(label, h, fobj, k, records))
            if records and fobj is not None and ('D2IMDIS1' in h or 'CPDIS1' in h):
                out[-1]['tables'] = lookup_tables(fobj)
    return out


def main():
    folder = common.test_data('wcs')
    if folder is None:
        return
    have = set()
    cases = []
    for path in sorted(glob.glob(f'{folder}/**/*', recursive=True)):
        if os.path.isfile(path):
            name = os.path.relpath(path, os.path.dirname(folder))
            have.add(os.path.basename(path))
            cases += file_cases(name, path, False)
    for path in sorted(glob.glob(f'{WHEEL}/**/*', recursive=True)):
        base = os.path.basename(path)
        if base.endswith(('.hdr', '.fits', '.fits.gz')) and base not in have:
            cases += file_cases('astropy: ' + os.path.relpath(path, WHEEL), path, True)
    common.write_json(OUT, {'cases': cases})


main()
