"""photutils' side of the case of catalog.rs."""
import numpy as np


def catalog(image):
    from photutils.segmentation import SourceCatalog, detect_sources
    data, error = image('field4k') - np.float32(104.0), image('field4k', 'ERR')
    segm = detect_sources(data, 25.0, 5)

    def call():
        cat = SourceCatalog(data, segm, error=error)
        t = cat.to_table()
        t['flux_radius(0.5)'] = cat.flux_radius(0.5)
        names = ['x_centroid', 'semimajor_axis', 'segment_flux', 'kron_flux', 'flux_radius(0.5)']
        return {n: np.asarray(getattr(t[n], 'value', t[n]), float) for n in names}
    return call
