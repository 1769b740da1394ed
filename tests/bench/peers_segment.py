"""Detection and deblending, as in segment.rs. `image` is that of peers.py."""
import numpy as np


def cases(image):
    def inputs():
        from photutils.segmentation import make_2dgaussian_kernel
        data = np.ascontiguousarray(image('field4k'), np.float32) - np.float32(104.0)
        error = np.ascontiguousarray(image('field4k', 'ERR'), np.float32)
        return data, error, make_2dgaussian_kernel(3.0, size=5).array.astype(np.float32)

    def values(segm):
        return {'n': np.array([float(segm.n_labels)]), 'pixels': np.array([float(segm.areas.sum())])}

    def sep(contrast):
        import sep
        data, error, kernel = inputs()
        sep.set_extract_pixstack(1_000_000)
        sep.set_sub_object_limit(16384)

        def call():
            found, segm = sep.extract(data, 1.5, err=error, minarea=5, filter_kernel=kernel, filter_type='conv',
                                      deblend_cont=contrast, clean=False, segmentation_map=True)
            return {'n': np.array([float(len(found))]), 'pixels': np.array([float(np.count_nonzero(segm))])}
        return call

    def detect(peer):
        if peer == 'sep':
            return sep(1.0)
        from photutils.segmentation import detect_sources
        from scipy.ndimage import convolve
        data, error, kernel = inputs()
        threshold = np.float32(1.5) * error
        return lambda: values(detect_sources(convolve(data, kernel, mode='constant'), threshold, 5))

    def deblend(_):
        from photutils.segmentation import deblend_sources, detect_sources
        from scipy.ndimage import convolve
        data, error, kernel = inputs()
        convolved = convolve(data, kernel, mode='constant')
        segm = detect_sources(convolved, np.float32(1.5) * error, 5)
        return lambda: values(deblend_sources(convolved, segm, 5))

    return {'segment-detect': detect, 'segment-deblend': deblend, 'segment-both': lambda _: sep(0.001)}
