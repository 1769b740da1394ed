"""Colours for labels."""

from __future__ import annotations

from typing import Any

import numpy as np


def make_random_cmap(n_colors: int = 256, seed: Any = None) -> Any:
    """A matplotlib colormap of random, not too dark colours (matplotlib is needed).

    Parameters
    ----------
    n_colors : int, optional
        The number of colours.
    seed : int, optional
        The seed; None gives other colours each time.

    Returns
    -------
    cmap : matplotlib.colors.ListedColormap
        The colormap, of the colours of photutils for the same seed.

    Raises
    ------
    ValueError
        If there is not at least one colour.
    ImportError
        If matplotlib is not installed.

    Examples
    --------
    >>> from skyphot.utils import make_random_cmap
    >>> make_random_cmap(10, seed=1).N  # doctest: +SKIP
    10
    """
    if n_colors < 1:
        raise ValueError("n_colors must be at least 1")
    from matplotlib import colors

    rng = np.random.default_rng(seed)
    hsv = [rng.uniform(low, high, n_colors) for low, high in ((0.0, 1.0), (0.2, 0.7), (0.5, 1.0))]
    rgb = colors.hsv_to_rgb(np.column_stack(hsv))
    return colors.ListedColormap(colors.to_rgba_array(rgb))
