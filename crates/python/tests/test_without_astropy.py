"""The package where astropy is not installed: run first, in an environment without it."""

import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest

SCRIPT = """
import sys
{block}
import numpy as np
import skyphot
from skyphot.aperture import ApertureStats, CircularAperture, EllipticalAperture, aperture_photometry
from skyphot.stats import sigma_clipped_stats
from skyphot.utils import Columns

data = np.ones((40, 50), dtype=np.float32)
table = aperture_photometry(data, CircularAperture([(10, 12), (20.5, 30)], r=3.0), error=data)
assert isinstance(table, Columns)
assert table.colnames == ["id", "x_center", "y_center", "aperture_sum", "aperture_sum_err"]
assert np.allclose(table["aperture_sum"], np.pi * 9)
stats = ApertureStats(data, EllipticalAperture((20, 20), 5, 3, theta=0.5))
assert stats.mean == 1.0 and len(stats.to_table()) == 1
assert sigma_clipped_stats(data) == (1.0, 1.0, 0.0)
from skyphot.datasets import make_model_params, make_wcs
from skyphot.utils import ImageDepth, circular_footprint
from skyphot.wcs import WCS, match_to_catalog_sky
w = make_wcs((40, 50))
lon, lat = w.pixel_to_world_values([1.0, 2.0], [3.0, 4.0])
assert np.allclose(w.world_to_pixel_values(lon, lat), [[1.0, 2.0], [3.0, 4.0]])
assert WCS(w.to_header()).wcs.ctype == ["RA---TAN", "DEC--TAN"]
assert match_to_catalog_sky([[1.0, 2.0]], [[9.0, 9.0], [1.0, 2.1]])[0].tolist() == [1]
assert make_model_params((40, 50), 5, flux=(1, 2)).colnames == ["id", "x_0", "y_0", "flux"]
assert circular_footprint(2).sum() == 13
for name in skyphot.__all__:
    getattr(skyphot, name)
assert "astropy" not in [m.partition(".")[0] for m in sys.modules if sys.modules[m] is not None]
"""
BLOCK = """
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "astropy":
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Block())
import importlib.util
real = importlib.util.find_spec
importlib.util.find_spec = lambda name, *a: None if name == "astropy" else real(name, *a)
"""


@pytest.mark.parametrize("block", ["", BLOCK] if find_spec("astropy") is None else [BLOCK])
def test_everything_imports_and_tables_are_columns(block: str) -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT.format(block=block)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_columns_are_a_small_table() -> None:
    from skyphot.utils import Columns

    t = Columns({"a": [1, 2, 3], "b": np.array([0.5, 1.5, 2.5])}, {"k": 1})
    assert len(t) == 3 and t.colnames == ["a", "b"] and t.meta == {"k": 1}
    assert t[1] == {"a": 2, "b": 1.5}
    assert t[t["a"] > 1]["b"].tolist() == [1.5, 2.5]
    assert t[["b"]].colnames == ["b"]
    with pytest.raises(ValueError, match="2 rows, but the table has 3"):
        t["c"] = [1, 2]
