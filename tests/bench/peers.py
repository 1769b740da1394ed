"""The peers' side of `cargo xtask bench`: peers.py INPUTS WORK

Answers each request line on standard input with one line of JSON on standard output:

  run CASE PEER THREADS save|time   {"seconds": s, "saved": {name: file of 64-bit floats}}
  verify CASE FILE                  {"difference": how far the file we wrote is from the peer's data}
  versions                          {"versions": text}
  forget                            {}   drops inputs
"""
import functools
import gc
import json
import os
import sys
import time
import warnings

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'reference'))
import common  # noqa: E402
import peers_gwcs  # noqa: E402
import peers_aperture_stats  # noqa: E402
import peers_catalog  # noqa: E402
import peers_command  # noqa: E402
import peers_wcs  # noqa: E402
import peers_epsf  # noqa: E402
import peers_psf  # noqa: E402
import peers_segment  # noqa: E402
import peers_shapes  # noqa: E402
import peers_workflow  # noqa: E402

warnings.simplefilter('ignore')
np.seterr(all='ignore')
INPUTS, WORK = sys.argv[1:3]


@functools.lru_cache(None)
def image(name, hdu=0):
    from astropy.io import fits
    with fits.open(f'{INPUTS}/{name}.fits') as h:
        return np.ascontiguousarray(h[hdu].data, dtype='f4')


@functools.lru_cache(None)
def positions(n):
    from astropy.table import Table
    t = Table.read(f'{INPUTS}/aux_points.fits', hdu='APER')
    return tuple(np.ascontiguousarray(t[c][:n], dtype='f8') for c in 'xy')


@functools.lru_cache(None)
def made_up_table(n):
    """20 columns by formula: id, 16 floats, flag, mag (f32), name."""
    from astropy.table import Table
    i = np.arange(n)
    t = Table({'id': i})
    for k in range(16):
        t[f'f{k:02d}'] = (common.uniform(k, i) - 0.5) * 10.0 ** (k % 5)
    t['flag'] = (i % 64).astype('i4')
    t['mag'] = (15.0 + 10.0 * common.uniform(99, i)).astype('f4')
    t['name'] = [f'src{k:06d}' for k in i]
    return t


def background(peer):
    data = image('field4k')
    if peer == 'sep':
        import sep

        def call():
            b = sep.Background(data, bw=64, bh=64, fw=3, fh=3)
            return {'bkg': b.back(), 'rms': b.rms()}
        return call
    import photutils.background as pb

    def call():
        b = pb.Background2D(data, 64, filter_size=3, bkg_estimator=pb.SExtractorBackground(),
                            bkg_rms_estimator=pb.StdBackgroundRMS())
        return {'bkg': b.background, 'rms': b.background_rms}
    return call


def aperture(peer, radius):
    data, error = image('field4k'), image('field4k', 'ERR')
    x, y = positions(100000)
    if peer == 'sep':
        import sep

        def call():
            # Its errors are a few per cent larger than the sum of weighted variances: timed, not compared.
            total, _, _ = sep.sum_circle(data, x, y, radius, err=error, subpix=0)
            return {'sum': total}
        return call
    from photutils.aperture import CircularAperture, aperture_photometry
    shape = CircularAperture(np.c_[x, y], radius)

    def call():
        t = aperture_photometry(data, shape, error=error)
        return {'sum': t['aperture_sum'], 'err': t['aperture_sum_err']}
    return call


def annulus(_):
    from astropy.stats import SigmaClip
    from photutils.aperture import ApertureStats, CircularAnnulus
    data = image('field4k')
    where = np.c_[positions(20000)]

    def call():
        clip = SigmaClip(sigma=3.0, maxiters=10)
        return {'median': ApertureStats(data, CircularAnnulus(where, 20, 25), sigma_clip=clip).median}
    return call


FINDER_COLUMNS = {
    'dao': ['x_centroid', 'y_centroid', 'sharpness', 'roundness1', 'roundness2', 'n_pixels', 'peak', 'flux', 'mag'],
    'iraf': ['x_centroid', 'y_centroid', 'fwhm', 'sharpness', 'roundness', 'orientation', 'n_pixels', 'peak', 'flux', 'mag'],
}


def finder(name):
    from photutils.detection import DAOStarFinder, IRAFStarFinder
    data = image('crowded2k')
    kind = {'dao': DAOStarFinder, 'iraf': IRAFStarFinder}[name]

    def call():
        t = kind(3.0, 2.5)(data)
        return {c: t[c] for c in FINDER_COLUMNS[name]}
    return call


def peaks(_):
    from photutils.centroids import centroid_2dg
    from photutils.detection import find_peaks
    data = image('crowded2k')

    def call():
        t = find_peaks(data, 5.0, box_size=31, centroid_func=centroid_2dg)
        return {c: t[c] for c in ['x_peak', 'y_peak', 'peak_value', 'x_centroid', 'y_centroid']}
    return call


def stats(_):
    from astropy.stats import sigma_clipped_stats
    data = image('field4k')
    return lambda: {'stats': np.array(sigma_clipped_stats(data, sigma=3.0, maxiters=5), 'f8')}


def read(peer):
    name = f'{INPUTS}/field4k.fits'
    if peer == 'fitsio':
        import fitsio
        return lambda: {'pixels': fitsio.read(name, ext=0)}
    from astropy.io import fits

    def call():
        with fits.open(name) as h:
            return {'pixels': h[0].data.astype('f4')}
    return call


def ecsv(_):
    table = made_up_table(100000)

    def call():
        table.write(f'{WORK}/peer.ecsv', overwrite=True)
        return {'verify': np.zeros(1)}
    return call


CASES = {
    'background': background,
    'aperture-r3': lambda p: aperture(p, 3.0),
    'aperture-r10': lambda p: aperture(p, 10.0),
    'annulus': annulus,
    'aperture-stats': lambda _: peers_aperture_stats.stats(image, positions),
    'profiles': lambda _: peers_aperture_stats.profiles(image, positions),
    'catalog': lambda _: peers_catalog.catalog(image),
    'command-segment': lambda _: peers_command.segment(INPUTS, WORK),
    'dao': lambda p: finder('dao'),
    'iraf': lambda p: finder('iraf'),
    'peaks': peaks,
    'stats': stats,
    'read': read,
    'ecsv': ecsv,
    'wcs-sky': peers_wcs.to_sky,
    'wcs-pixel': peers_wcs.to_pixel,
    'match': peers_wcs.matching,
    **peers_epsf.cases(),
    **peers_psf.cases(image, INPUTS),
    **peers_segment.cases(image),
    **peers_shapes.cases(image, positions),
    **peers_workflow.cases(INPUTS, WORK),
    'gwcs-forward': lambda _: peers_gwcs.case('forward', common.uniform),
    'gwcs-inverse': lambda _: peers_gwcs.case('inverse', common.uniform),
    'gwcs-numerical': lambda _: peers_gwcs.case('numerical', common.uniform),
}


def run(case, peer, save):
    call = CASES[case](peer)
    gc.collect()
    start = time.perf_counter()
    result = call()
    seconds = time.perf_counter() - start
    saved = {}
    if save:
        for name, values in result.items():
            saved[name] = f'{WORK}/{peer}-{case}-{name}.f64'
            np.asarray(getattr(values, 'value', values)).astype('<f8').tofile(saved[name])
    return {'seconds': seconds, 'saved': saved}


def verify(case, file):
    """Largest difference between the table we wrote, as the peer reads it, and the peer's own."""
    from astropy.table import Table
    assert case == 'ecsv', case
    ours, theirs = Table.read(file, format='ascii.ecsv'), made_up_table(100000)
    if ours.colnames != theirs.colnames or len(ours) != len(theirs):
        raise ValueError(f'columns {ours.colnames}, {len(ours)} rows')
    worst = 0.0
    for c in theirs.colnames:
        a, b = ours[c], theirs[c]
        if b.dtype.kind == 'U':
            worst = max(worst, float((np.asarray(a) != np.asarray(b)).sum()))
        elif a.dtype != b.dtype:
            raise ValueError(f'column {c} is {a.dtype}, expected {b.dtype}')
        else:
            worst = max(worst, float(np.abs(np.asarray(a, 'f8') - np.asarray(b, 'f8')).max()))
    return {'difference': worst}


def versions():
    from importlib.metadata import version
    names = ['photutils', 'sep', 'astropy', 'bottleneck', 'numpy', 'fitsio', 'gwcs']
    return {'versions': ', '.join(f'{n} {version(n)}' for n in names)}


def forget():
    for cached in (image, positions, made_up_table):
        cached.cache_clear()
    gc.collect()
    return {}


def answer(words):
    if words[0] == 'run':
        return run(words[1], words[2], words[4] == 'save')
    return {'verify': verify, 'versions': versions, 'forget': forget}[words[0]](*words[1:])


def main():
    # Whatever a library prints must not get between the answers.
    out, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        try:
            reply = answer(line.split())
        except Exception as e:  # one bad request must not end the others
            reply = {'error': f'{type(e).__name__}: {e}'}
        print(json.dumps(reply), file=out, flush=True)


if __name__ == '__main__':
    main()
