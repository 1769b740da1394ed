"""Whole jobs: what the program `skyphot run` does, from Python."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from skyphot import _core, _inputs

__all__ = ["RunResult", "default_config", "recipe_text", "recipes", "run", "run_recipe"]

_TABLES = (".ecsv", ".csv", ".parquet", ".vot", ".xml")


@dataclass(frozen=True)
class RunResult:
    """What a run did.

    Attributes
    ----------
    output : pathlib.Path
        The folder.
    files : dict of str to pathlib.Path
        The files by their names.
    numbers : dict of str to float
        The numbers that were found.
    notes : list of str
        What is to be known.
    seconds : dict of str to float
        How long each step took.
    """

    output: Path
    files: dict[str, Path]
    numbers: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    def table(self, name: str | None = None) -> Any:
        """A table that was written.

        Parameters
        ----------
        name : str, optional
            The name of the file, with or without its suffix; the catalogue or the first table if not given.

        Returns
        -------
        table : QTable or Columns
            The table.

        Raises
        ------
        KeyError
            If there is no such table; the message names those there are.
        """
        from skyphot.io import read_table

        names = [n for n in self.files if n.endswith(_TABLES) or (n.endswith(".fits") and "cat" in n)]
        for n in names:
            if name is None and (n.startswith("catalog") or n == names[0]):
                return read_table(self.files[n])
            if name is not None and name in (n, n.rsplit(".", 1)[0]):
                return read_table(self.files[n])
        raise KeyError(f"no table {name!r}: there are {', '.join(names) or 'none'}")


def default_config() -> str:
    """The commented default configuration (TOML).

    Returns
    -------
    text : str
        The text.

    Examples
    --------
    >>> from skyphot.run import default_config
    >>> "[detect]" in default_config()
    True
    """
    return str(_core.config_text(None))


def recipes() -> list[str]:
    """The names of the recipes that come along.

    Examples
    --------
    >>> from skyphot.run import recipes
    >>> "xdf" in recipes()
    True
    """
    return list(_core.recipe_names())


def recipe_text(name: str) -> str:
    """The text of a recipe that comes along.

    Parameters
    ----------
    name : str
        Its name.

    Returns
    -------
    text : str
        The text (TOML).

    Raises
    ------
    ValueError
        If there is none of this name.

    Examples
    --------
    >>> from skyphot.run import recipe_text
    >>> recipe_text("xdf").startswith("#") or "title" in recipe_text("xdf")
    True
    """
    return str(_core.config_text(name))


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        import json

        return json.dumps(value)
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_toml(v) for v in value)}]"
    return repr(value.item() if hasattr(value, "item") else value)


def _config_text(config: Any) -> str:
    """A configuration as TOML: text, a file, or a dictionary of sections."""
    if config is None:
        return ""
    if isinstance(config, Mapping):
        plain = [f"{k} = {_toml(v)}" for k, v in config.items() if not isinstance(v, Mapping)]
        sections = [
            "\n".join([f"[{name}]", *(f"{k} = {_toml(v)}" for k, v in section.items() if v is not None)])
            for name, section in config.items()
            if isinstance(section, Mapping)
        ]
        return "\n".join([*plain, *sections]) + "\n"
    if isinstance(config, str) and ("\n" in config or "=" in config or config == ""):
        return config
    return Path(config).read_text(encoding="utf-8")


class _Bar:
    """A line on the standard error that names the step."""

    def __call__(self, step: str) -> None:
        print(f"skyphot: {step}", file=sys.stderr)


def _callback(progress: Any, progress_bar: bool) -> Any:
    return progress if progress is not None else (_Bar() if progress_bar else None)


def _result(output: Any, d: dict[str, Any]) -> RunResult:
    folder = Path(output)
    files = {name: folder / name for name in d["files"]}
    seconds: dict[str, float] = {}
    for step, t in d["seconds"]:
        seconds[step] = seconds.get(step, 0.0) + t
    return RunResult(folder, files, dict(d["numbers"]), list(d["notes"]), seconds)


def run(
    image: Any,
    output: Any,
    config: Any = None,
    *,
    overwrite: bool = False,
    progress: Callable[[str], Any] | None = None,
    progress_bar: bool = False,
    n_threads: int | None = None,
) -> RunResult:
    """Background, detection and photometry of one image; writes the catalogue, maps, a picture and a report.

    Parameters
    ----------
    image : path
        The image: `FILE`, `FILE[EXT]`, of ASDF files also `FILE[roman.data]`.
    output : path
        The folder for the results; made if it is not there.
    config : path, str or mapping, optional
        The configuration: a TOML file, its text, or sections as dictionaries, such as
        `{"detect": {"threshold": "3sigma"}}`.
    overwrite : bool, optional
        Whether files that are there are replaced.
    progress : callable, optional
        Called with the name of each step as it begins.
    progress_bar : bool, optional
        Whether the steps are told on the standard error.
    n_threads : int or None, optional
        Threads; None takes all cores. The results do not depend on it.

    Returns
    -------
    result : RunResult
        The files and numbers; `result.table()` is the catalogue.

    Raises
    ------
    FileNotFoundError, FileExistsError
        For an image that is not there or a result that is.
    ValueError
        For an image or a configuration that cannot be used; the message says why.

    Examples
    --------
    >>> from skyphot.run import run
    >>> result = run("image.fits", "results", {"detect": {"threshold": "5sigma"}})  # doctest: +SKIP
    >>> len(result.table())  # doctest: +SKIP
    1024
    """
    d = _core.run_image(
        os.fspath(image),
        _config_text(config),
        os.fspath(output),
        bool(overwrite),
        _callback(progress, progress_bar),
        _inputs.threads(n_threads),
    )
    return _result(output, d)


def run_recipe(
    recipe: Any,
    images: Any,
    output: Any,
    companions: Mapping[str, Any] | None = None,
    *,
    overwrite: bool = False,
    progress: Callable[[str], Any] | None = None,
    progress_bar: bool = False,
    n_threads: int | None = None,
) -> RunResult:
    """Runs the steps of a recipe on images; writes its tables, pictures and a report.

    Parameters
    ----------
    recipe : str or path
        The name of a recipe that comes along, a `.toml` file, or the text of one.
    images : path or list of paths
        The images.
    output : path
        The folder for the results; made if it is not there.
    companions : mapping, optional
        The files for which the recipe asks: a path for all images or a list with one for each.
    overwrite : bool, optional
        Whether files that are there are replaced.
    progress : callable, optional
        Called with the name of each step as it begins.
    progress_bar : bool, optional
        Whether the steps are told on the standard error.
    n_threads : int or None, optional
        Threads; None takes all cores. The results do not depend on it.

    Returns
    -------
    result : RunResult
        The files and numbers.

    Raises
    ------
    FileNotFoundError, FileExistsError
        For a file that is not there or a result that is.
    ValueError
        For a recipe that cannot be used or a companion that is missing.

    Examples
    --------
    >>> from skyphot.run import run_recipe
    >>> result = run_recipe("ground-gradient", "image.fit.bz2", "results")  # doctest: +SKIP
    """
    text = os.fspath(recipe)
    one = isinstance(images, (str, os.PathLike))
    files = [os.fspath(i) for i in ([images] if one else images)]
    others = {
        name: [os.fspath(p) for p in ([paths] if isinstance(paths, (str, os.PathLike)) else paths)]
        for name, paths in (companions or {}).items()
    }
    d = _core.run_recipe(
        text,
        "\n" in text,
        files,
        others,
        os.fspath(output),
        bool(overwrite),
        _callback(progress, progress_bar),
        _inputs.threads(n_threads),
    )
    return _result(output, d)
