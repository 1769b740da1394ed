"""Fixtures of crates/centroids: data_properties, gini and windowed centroids of photutils."""
import warnings

import numpy as np
from photutils.morphology import data_properties, gini
from photutils.segmentation import SegmentationImage, SourceCatalog

from common import noise, plain, uniform, write_json
from compare_catalog import tan_wcs

warnings.simplefilter('ignore')

# ---------------------------------------------------------------- the same image as in gen_centroids.py
NY, NX = 60, 80
SOURCES = [(20.0, 15.0), (50.0, 20.0), (33.0, 42.0), (64.0, 44.0), (2.0, 56.0), (70.0, 10.0)]


def scene():
    y, x = np.mgrid[0:NY, 0:NX].astype(float)
    index = np.arange(NY * NX, dtype=np.uint64).reshape(NY, NX)
    data = noise(5, index)
    for i, (px, py) in enumerate(SOURCES):
        dx = x - (px + float(uniform(6, 2 * i)) - 0.5)
        dy = y - (py + float(uniform(6, 2 * i + 1)) - 0.5)
        q = 1.0 + (dx * dx + 0.5 * dx * dy + 1.5 * dy * dy) / (8.0 + 2.0 * i)
        data = data + (200.0 + 100.0 * i) / (q * q * q)
    error = 1.0 + 0.5 * uniform(7, index)
    mask = uniform(8, index) < 0.03
    bad = uniform(9, index) < 0.01
    return data, error, mask, np.where(bad, np.nan, data)


def properties():
    data, error, mask, data_nan = scene()
    cases = []
    for px, py in SOURCES[:4]:
        for half in (3, 7):
            for kind in ('plain', 'masked'):
                s = np.s_[int(py) - half:int(py) + half + 1, int(px) - half:int(px) + half + 1]
                d, m = (data[s], None) if kind == 'plain' else (data_nan[s], mask[s])
                c = data_properties(d, mask=m)
                cases.append({'x': px, 'y': py, 'half': half, 'kind': kind, 'centroid': [c.x_centroid, c.y_centroid],
                              'flux': c.segment_flux, 'area': c.area, 'min': c.min_value, 'max': c.max_value,
                              'min_index': c.min_value_index, 'max_index': c.max_value_index, 'moments': c.moments,
                              'moments_central': c.moments_central,
                              'covariance': [c.covariance_xx, c.covariance_xy, c.covariance_yy],
                              'shape': [c.semimajor_axis, c.semiminor_axis, c.orientation, c.fwhm, c.eccentricity,
                                        c.elongation, c.ellipticity],
                              'ellipse': [c.ellipse_cxx, c.ellipse_cyy, c.ellipse_cxy], 'gini': gini(d, m),
                              'equivalent_radius': c.equivalent_radius})
    return cases


OF_IMAGE = ['x_centroid', 'y_centroid', 'segment_flux', 'area', 'semimajor_axis', 'orientation', 'background_sum',
            'background_mean', 'background_centroid', 'kron_flux', 'max_value', 'max_value_xindex', 'perimeter']


def of_image():
    """data_properties with background and coordinates: a catalogue of one source."""
    _, _, mask, data = scene()
    cases = []
    for px, py in SOURCES[:4]:
        s = np.s_[int(py) - 7:int(py) + 8, int(px) - 7:int(px) + 8]
        sky = 50.0 + 0.1 * np.arange(225.0).reshape(15, 15)
        c = data_properties(data[s], mask=mask[s], background=sky, wcs=tan_wcs())
        case = {n: getattr(c, n) for n in OF_IMAGE}
        case.update(x=px, y=py, sky=[c.sky_centroid.ra.deg, c.sky_centroid.dec.deg])
        cases.append(plain(case))
    return cases


def windowed():
    data, error, mask, _ = scene()
    segm = np.zeros((NY, NX), int)
    for i, (px, py) in enumerate(SOURCES):
        y0, x0 = max(int(py) - 6, 0), max(int(px) - 6, 0)
        segm[y0:int(py) + 7, x0:int(px) + 7] = i + 1
    cases = []
    for use_mask in (False, True):
        c = SourceCatalog(data, SegmentationImage(segm), error=error, mask=mask if use_mask else None,
                          aperture_mask_method='none')
        sigma = 2.0 * np.maximum(c.flux_radius(0.5).value, 0.5) / (2.0 * np.sqrt(2.0 * np.log(2.0)))
        cases.append({'mask': use_mask, 'start': np.c_[c.x_centroid, c.y_centroid], 'sigma': sigma,
                      'x': c.x_centroid_win, 'y': c.y_centroid_win, 'fallback': c.centroid_win_fallback,
                      'x_err': c.x_centroid_win_err, 'y_err': c.y_centroid_win_err})
    return cases


write_json('crates/centroids/tests/it/fixtures/properties.json', {'properties': properties(), 'windowed': windowed()})
write_json('crates/segmentation/tests/it/fixtures/of_image.json', {'cases': of_image()})
