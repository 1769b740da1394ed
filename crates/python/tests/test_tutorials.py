"""The calls of five tutorials on their data, of photutils and of skyphot: the same numbers.

`SKYPHOT_TEST_DATA` is the folder of the data; without it, or without photutils, the tests are skipped.
"""

import importlib.util
import os
import warnings
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("photutils")
from test_against_photutils import compare, package

DATA = Path(os.environ.get("SKYPHOT_TEST_DATA", "/nowhere"))
TUTORIALS = sorted(p.stem for p in (Path(__file__).parent / "tutorials").glob("*.py"))


def test_there_are_five():
    assert len(TUTORIALS) == 5


@pytest.mark.parametrize("name", TUTORIALS)
def test_tutorial(name):
    if not DATA.is_dir():
        pytest.skip("SKYPHOT_TEST_DATA is not set")
    if name == "forced_photometry":
        pytest.importorskip("gwcs")
    spec = importlib.util.spec_from_file_location(name, Path(__file__).parent / "tutorials" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = module.run(package("photutils"), DATA)
        ours = module.run(package("skyphot"), DATA)
    assert list(ours) == list(theirs)
    tolerance = getattr(module, "TOLERANCE", 1e-6)
    for key in theirs:
        compare(_plain(ours[key]), _plain(theirs[key]), f"{name}: {key}", tolerance, tolerance)


def _plain(value):
    """Masked arrays and views of them as the values that are there."""
    if isinstance(value, list):
        return [_plain(v) for v in value]
    return np.ma.filled(value, 0) if isinstance(value, np.ma.MaskedArray) else value
