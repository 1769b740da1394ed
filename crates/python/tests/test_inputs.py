"""What goes in: types, byte orders, strides, masks, and no copies."""

import numpy as np
import pytest

from skyphot import _core, _inputs
from skyphot.aperture import CircularAperture, aperture_photometry
from skyphot.stats import sigma_clipped_stats

POSITIONS = [(20.3, 30.1), (44.0, 12.5)]


def flux(data, **kwargs):
    return np.asarray(aperture_photometry(data, CircularAperture(POSITIONS, 4.5), **kwargs)["aperture_sum"])


def image():
    return np.add.outer(np.arange(60) % 7, np.arange(80) % 11).astype(float)


@pytest.mark.parametrize("dtype", ["f4", "f8", "float32", "float64"])
def test_native_floats_are_not_copied(dtype):
    if np.dtype(dtype).isnative:
        for data in (np.ones((30, 20), dtype), np.ones((30, 40), dtype)[::-1, ::2], np.ones((20, 30), dtype).T):
            assert _core.array_info(_inputs.plane(data))["address"] == _low(data)
            assert _core.array_info(_inputs.image(data)[0])["address"] == _low(data)


def _low(data):
    return data.__array_interface__["data"][0]


@pytest.mark.parametrize("dtype", ["<f4", ">f4", "<f8", ">f8", "f2", "i1", "u1", "<i2", ">i2", ">u4", "i8", "?"])
def test_any_type_and_byte_order(dtype):
    data = (image() % 2).astype(dtype)
    assert np.array_equal(flux(data), flux((image() % 2)))
    assert np.array_equal(flux(data, error=data), flux(data))


def test_any_strides_lists_and_read_only():
    data = image()
    want = flux(data)
    assert np.array_equal(flux(data.tolist()), want)
    assert np.array_equal(flux(np.asfortranarray(data)), want)
    assert np.array_equal(flux(np.repeat(np.repeat(data, 2, 0), 3, 1)[::2, ::3]), want)
    assert np.array_equal(flux(data[::-1][::-1]), want)
    frozen = data.copy()
    frozen.flags.writeable = False
    assert np.array_equal(flux(frozen), want)
    bytes_ = np.zeros(data.nbytes + 1, np.uint8)
    unaligned = bytes_[1:].view(float).reshape(data.shape)
    unaligned[:] = data
    assert np.array_equal(flux(unaligned), want)


def test_masked_arrays_join_the_mask():
    data, mask, own = image(), np.zeros((60, 80), bool), np.zeros((60, 80), bool)
    mask[30, 20], own[12, 44] = True, True
    assert np.array_equal(flux(np.ma.MaskedArray(data, own), mask=mask), flux(data, mask=mask | own))
    assert sigma_clipped_stats(np.ma.MaskedArray(data, own)) == sigma_clipped_stats(data, mask=own)


def test_what_is_refused():
    with pytest.raises(ValueError, match="data must be a 2D array"):
        flux(np.ones(5))
    with pytest.raises(ValueError, match="same shape"):
        flux(image(), mask=np.zeros((3, 4), bool))
    with pytest.raises(TypeError, match="real numbers"):
        flux(image().astype(complex))
    with pytest.raises(ValueError, match="n_threads must be a positive integer"):
        flux(image(), n_threads=0)
    with pytest.raises(ValueError, match="Invalid mask method"):
        flux(image(), method="round")


def test_quantity_and_nddata():
    pytest.importorskip("astropy")
    from astropy.nddata import CCDData, NDData, StdDevUncertainty
    from astropy.units import Quantity
    from astropy.utils.exceptions import AstropyUserWarning

    data = image()
    t = aperture_photometry(Quantity(data, "Jy"), CircularAperture(POSITIONS, 4.5), error=Quantity(data, "Jy"))
    assert t["aperture_sum"].unit == "Jy" and np.array_equal(t["aperture_sum"].value, flux(data))
    with pytest.raises(ValueError, match="units"):
        aperture_photometry(Quantity(data, "Jy"), CircularAperture(POSITIONS, 4.5), error=data)
    mask = data > 10
    nd = NDData(data, mask=mask, uncertainty=StdDevUncertainty(data), unit="adu")
    t = aperture_photometry(nd, CircularAperture(POSITIONS, 4.5))
    assert np.array_equal(t["aperture_sum"].value, flux(data, mask=mask)) and "aperture_sum_err" in t.colnames
    with pytest.warns(AstropyUserWarning, match="'mask' keyword is ignored"):
        aperture_photometry(CCDData(data, unit="adu"), CircularAperture(POSITIONS, 4.5), mask=mask)
