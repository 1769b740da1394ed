"""Errors of the module."""

from __future__ import annotations

import numpy as np


class NoConvergence(Exception):
    """The inverse of a distortion did not converge for some positions.

    Parameters
    ----------
    message : str
        What happened.
    best_solution : ndarray, optional
        The pixel positions, NaN where there is none.
    divergent : ndarray of int, optional
        The numbers of the positions without an answer.
    """

    def __init__(
        self, message: str, best_solution: np.ndarray | None = None, divergent: np.ndarray | None = None
    ) -> None:
        super().__init__(message)
        self.best_solution, self.divergent = best_solution, divergent
