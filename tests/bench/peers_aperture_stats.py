"""photutils' side of the cases of aperture_stats.rs."""
import numpy as np


def stats(image, positions):
    from photutils.aperture import ApertureStats, CircularAperture
    data, error = image('field4k'), image('field4k', 'ERR')
    where = np.c_[positions(20000)]

    def call():
        t = ApertureStats(data, CircularAperture(where, 5.0), error=error).to_table()
        return {c: t[c] for c in ['sum', 'sum_err', 'median', 'std', 'mad_std', 'biweight_location', 'fwhm']}
    return call


def profiles(image, positions):
    """On a cutout for each source: on the whole image photutils looks at every pixel of it every time."""
    from photutils.profiles import CurveOfGrowth, RadialProfile
    data, error = image('field4k'), image('field4k', 'ERR')
    radii = np.arange(26.0)

    def call():
        out = {'profile': [], 'growth': []}
        for x, y in zip(*positions(1000)):
            x0, y0 = max(int(x) - 28, 0), max(int(y) - 28, 0)
            s = np.s_[y0:int(y) + 30, x0:int(x) + 30]
            d, e, xy = data[s].astype(float), error[s].astype(float), (x - x0, y - y0)
            p = RadialProfile(d, xy, radii, error=e)
            g = CurveOfGrowth(d, xy, radii[1:], error=e)
            out['profile'].append(p.profile)
            out['growth'].append(g.profile)
            p.profile_error, g.profile_error
        return {k: np.array(v) for k, v in out.items()}
    return call
