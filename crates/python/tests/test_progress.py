"""Bars of progress are on standard error, and only where they were asked for."""

import numpy as np
import pytest

from skyphot.utils import ImageDepth


@pytest.mark.parametrize("shown", [True, False])
def test_iterations_of_a_depth(capfd, shown):
    data = np.random.default_rng(1).normal(size=(60, 60))
    depth = ImageDepth(3.0, n_apertures=20, n_iters=4, seed=1, progress_bar=shown)
    depth(data, np.zeros(data.shape, bool))
    assert len(depth.flux_limits) == 4
    out, err = capfd.readouterr()
    assert out == ""
    assert ("Image Depths" in err and "4/4" in err) == shown, err
    assert shown or err == ""
