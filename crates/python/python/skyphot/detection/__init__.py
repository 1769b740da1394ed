"""Thresholds, peaks and star finders."""

from skyphot.detection._finders import DAOStarFinder, IRAFStarFinder, StarFinder, StarFinderBase
from skyphot.detection._peaks import find_peaks

__all__ = ["DAOStarFinder", "IRAFStarFinder", "StarFinder", "StarFinderBase", "find_peaks"]
