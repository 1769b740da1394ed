"""Outlines of labels as polygons of shapely, patches of matplotlib and regions."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import numpy as np

Ring = list[tuple[float, float]]
Part = tuple[Ring, list[Ring]]

HAS_SHAPELY = find_spec("shapely") is not None


def need(package: str, what: str) -> None:
    """Raises ImportError with what to install, if a package is missing."""
    if find_spec(package) is None:
        raise ImportError(f"{what} need the package {package}: pip install {package}")


def polygon(parts: list[Part]) -> Any:
    """A `shapely.Polygon`, or a `shapely.MultiPolygon` for a label in several parts."""
    from shapely import MultiPolygon, Polygon  # type: ignore[import-untyped]

    made = [Polygon(outer, holes) for outer, holes in parts]
    return made[0] if len(made) == 1 else MultiPolygon(made)


def patch(parts: list[Part], origin: Any, scale: float, kwargs: dict[str, Any]) -> Any:
    """A `matplotlib.patches.PathPatch` with the holes left out."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    vertices: list[np.ndarray] = []
    codes: list[Any] = []
    for outer, holes in parts:
        for ring in (outer, *holes):
            closed = np.array([*ring, ring[0]])
            vertices.append(scale * (closed + 0.5) - 0.5 - np.asarray(origin))
            codes += [Path.MOVETO, *[Path.LINETO] * (len(closed) - 2), Path.CLOSEPOLY]
    return PathPatch(Path(np.concatenate(vertices), codes), **{"edgecolor": "white", "facecolor": "none", **kwargs})


def region(parts: list[Part], label: int, kwargs: dict[str, Any]) -> Any:
    """A `regions.PolygonPixelRegion` of the outline, or `regions.Regions` for a label in several parts."""
    from regions import PixCoord, PolygonPixelRegion, Regions, RegionVisual

    visual = RegionVisual(kwargs) if kwargs else None
    made = []
    for outer, _ in parts:
        x, y = np.transpose(outer)
        made.append(PolygonPixelRegion(PixCoord(x=x, y=y), meta={"label": label}, visual=visual))
    return made[0] if len(made) == 1 else Regions(made)
