"""What astropy users expect of tables, and what must hold without it is in test_without_astropy.py."""

import numpy as np
import pytest

from skyphot.psf import CircularGaussianPRF, PSFPhotometry
from skyphot.segmentation import SegmentationImage, SourceCatalog, detect_sources


def star(x=20.3, y=18.8, flux=1000.0):
    yy, xx = np.mgrid[0:40, 0:40]
    return CircularGaussianPRF(flux=flux, x_0=x, y_0=y, fwhm=3.0)(xx, yy)


def test_a_noiseless_star_is_fitted_exactly():
    table = PSFPhotometry(CircularGaussianPRF(fwhm=3.0), 9, aperture_radius=5)(
        star(), init_params={"x": np.array([20.0]), "y": np.array([19.0])}
    )
    assert np.allclose([table["x_fit"][0], table["y_fit"][0]], [20.3, 18.8], atol=1e-7)
    assert np.isclose(table["flux_fit"][0], 1000.0, rtol=1e-7)


def test_an_empty_start_is_refused():
    with pytest.raises(ValueError, match="at least one row"):
        PSFPhotometry(CircularGaussianPRF(fwhm=3.0), 9, aperture_radius=5)(
            star(), init_params={"x": np.array([]), "y": np.array([])}
        )


def test_a_catalogue_outlives_its_image():
    def make():
        data = star()
        return SourceCatalog(data, detect_sources(data, 5.0, 4))

    catalog = make()
    junk = [np.zeros((40, 40)) for _ in range(50)]
    assert np.isclose(catalog.segment_flux[0], star()[star() > 5].sum()) and len(junk) == 50
    assert np.isclose(catalog[0].x_centroid, 20.3, atol=0.05)


def test_labels_are_checked():
    with pytest.raises(ValueError, match="negative"):
        SegmentationImage(np.array([[0, -1]]))
    with pytest.raises(TypeError, match="integer"):
        SegmentationImage(np.array([[0.0, 1.0]]))
    image = SegmentationImage(np.array([[0, 1], [2, 2]]))
    with pytest.raises(ValueError, match="invalid"):
        image.remove_label(7)
    image.remove_label(1, relabel=True)
    assert image.data.tolist() == [[0, 0], [1, 1]]
