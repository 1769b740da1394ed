"""Sums in ellipses, rectangles and annuli, as in shapes.rs. `image` and `positions` are those of peers.py."""
import numpy as np

import common


def cases(image, positions):
    def inputs(n):
        return image('field4k'), image('field4k', 'ERR'), *positions(n)

    def photutils(shape):
        from photutils import aperture
        data, error, x, y = inputs(100000)
        shape = shape(aperture, np.c_[x, y])

        def call():
            t = aperture.aperture_photometry(data, shape, error=error)
            return {'sum': t['aperture_sum'], 'err': t['aperture_sum_err']}
        return call

    def sep(name, *args):
        import sep
        data, error, x, y = inputs(100000)

        def call():
            return {'sum': getattr(sep, name)(data, x, y, *args, err=error, subpix=0)[0]}
        return call

    def ellipse(peer):
        if peer == 'sep':
            return sep('sum_ellipse', 8.0, 4.0, 0.6)
        return photutils(lambda m, xy: m.EllipticalAperture(xy, 8.0, 4.0, 0.6))

    def rectangle(_):
        return photutils(lambda m, xy: m.RectangularAperture(xy, 16.0, 8.0, 0.6))

    def annulus(peer):
        if peer == 'sep':
            return sep('sum_circann', 6.0, 9.0)
        return photutils(lambda m, xy: m.CircularAnnulus(xy, 6.0, 9.0))

    def ellipses(peer):
        data, error, x, y = inputs(10000)
        i = 4 * np.arange(10000)
        a = 3.0 + 7.0 * common.uniform(9, i)
        b, theta = a * (0.3 + 0.7 * common.uniform(9, i + 1)), np.pi * (common.uniform(9, i + 2) - 0.5)
        if peer == 'sep':
            import sep
            return lambda: {'sum': sep.sum_ellipse(data, x, y, a, b, theta, err=error, subpix=0)[0]}
        from photutils.aperture import EllipticalAperture

        def call():
            found = [EllipticalAperture(p, *s).do_photometry(data, error=error)
                     for p, s in zip(zip(x, y), zip(a, b, theta))]
            return {'sum': np.array([f[0][0] for f in found]), 'err': np.array([f[1][0] for f in found])}
        return call

    return {'shape-ellipse': ellipse, 'shape-rectangle': rectangle, 'shape-annulus': annulus,
            'shape-ellipses': ellipses}
