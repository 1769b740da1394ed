"""`skyphot.run`: the whole job from Python."""

import numpy as np
import pytest

from skyphot import io
from skyphot.datasets import make_model_image, make_model_params, make_noise_image
from skyphot.psf import CircularGaussianPRF
from skyphot.run import default_config, recipe_text, recipes, run, run_recipe


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    path = tmp_path_factory.mktemp("run") / "image.fits"
    params = make_model_params((200, 220), 30, flux=(3000, 9000), min_separation=20, border_size=15, seed=1)
    data = make_model_image((200, 220), CircularGaussianPRF(fwhm=3.0), params, model_shape=(25, 25))
    data += make_noise_image(data.shape, mean=50.0, stddev=3.0, seed=2)
    io.write_image(path, data.astype(np.float32))
    return path


def test_one_image(image, tmp_path):
    steps = []
    config = {"detect": {"threshold": "10sigma"}, "output": {"maps": True, "format": "ecsv"}}
    result = run(image, tmp_path / "out", config, progress=steps.append, n_threads=2)
    assert steps[0] == "reading" and len(steps) > 2
    assert all(f.exists() for f in result.files.values()) and "run.json" in result.files
    table = result.table()
    assert len(table) == result.numbers["n_sources"] == 30
    assert np.isclose(result.numbers["background_median"], 50, atol=1)
    assert result.seconds and result.table("catalog").colnames == table.colnames
    with pytest.raises(FileExistsError):
        run(image, tmp_path / "out", config)
    again = run(image, tmp_path / "out", "[detect]\nthreshold = '10sigma'\n", overwrite=True, n_threads=1)
    assert np.array_equal(np.asarray(again.table()["x_centroid"]), np.asarray(table["x_centroid"]))
    with pytest.raises(KeyError, match="catalog"):
        result.table("nothing")


def test_what_cannot_run_says_why(image, tmp_path):
    with pytest.raises(FileNotFoundError, match="none.fits"):
        run(tmp_path / "none.fits", tmp_path / "a")
    with pytest.raises(ValueError, match="treshold"):
        run(image, tmp_path / "a", {"detect": {"treshold": "5sigma"}})
    with pytest.raises(ValueError, match="one of"):
        run_recipe("nothing", image, tmp_path / "a")
    with pytest.raises(ValueError):
        run_recipe("roman-forced", image, tmp_path / "a")


def test_texts_and_a_recipe(image, tmp_path):
    assert "[detect]" in default_config() and "xdf" in recipes()
    assert all(recipe_text(name) for name in recipes())
    with pytest.raises(ValueError):
        recipe_text("nothing")
    own = recipe_text("ground-gradient")
    (tmp_path / "own.toml").write_text(own)
    result = run_recipe(tmp_path / "own.toml", image, tmp_path / "out")
    assert "report.md" in result.files and all(f.exists() for f in result.files.values())
