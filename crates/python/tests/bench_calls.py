"""What Python adds to the main calls: `python bench_calls.py [size]` prints a line of JSON for each, in milliseconds.

`rust_ms` is the time within the Rust crates, `ms` that of the whole call; they may differ by 10 % or 2 ms: `added_ms`, the
median of what the repeated calls took longer. Build the wheel with `cargo xtask python --release`; what is added
hardly depends on how the wheel was built.
"""

import json
import sys
import time

import numpy as np

from skyphot import _core
from skyphot.aperture import AperturePhotometry, ApertureStats, CircularAperture
from skyphot.background import Background2D
from skyphot.centroids import centroid_sources
from skyphot.detection import DAOStarFinder, IRAFStarFinder, find_peaks
from skyphot.profiles import RadialProfile
from skyphot.psf import CircularGaussianPRF, PSFPhotometry
from skyphot.segmentation import SourceCatalog, deblend_sources, detect_sources, detect_threshold
from skyphot.stats import sigma_clipped_stats
from skyphot.utils import calc_total_error

SIZE = int(sys.argv[1]) if len(sys.argv) > 1 else 2048


def scene(size):
    """Noise and a grid of stars, the same in every run."""
    data = np.random.default_rng(1).normal(10, 1, (size, size))
    y, x = np.mgrid[-9:10, -9:10]
    xy = []
    for j in range(30, size - 30, 64):
        for i in range(30, size - 30, 64):
            data[j - 9 : j + 10, i - 9 : i + 10] += 300 * np.exp(-(x**2 + y**2) / 8)
            xy.append((i, j))
    return data, np.array(xy, dtype=float)


def measured(call, repeat=9):
    """The median times of some calls, of what was spent in Rust and of what was added."""
    times = []
    for _ in range(repeat):
        begin, worked = time.perf_counter(), _core.seconds_worked()
        kept = call()
        whole, rust = 1e3 * (time.perf_counter() - begin), 1e3 * (_core.seconds_worked() - worked)
        times.append((whole, rust, whole - rust))
        del kept
    return np.median(times, axis=0)


def main():
    data, xy = scene(SIZE)
    flat = data - 10.0
    start = {"x": xy[:, 0] + 0.2, "y": xy[:, 1]}
    segments = detect_sources(flat, 5.0, 10)
    mask, error = data > 290, np.ones_like(data)
    small = flat.astype(np.float32)
    calls = {
        "sigma_clipped_stats": lambda: sigma_clipped_stats(data),
        "Background2D": lambda: Background2D(data, 64).background,
        "Background2D with a mask": lambda: Background2D(data, 64, mask=mask).background,
        "calc_total_error": lambda: calc_total_error(flat, error, 2.0),
        "DAOStarFinder": lambda: DAOStarFinder(5.0, 4.7)(flat),
        "IRAFStarFinder": lambda: IRAFStarFinder(5.0, 4.7)(flat),
        "find_peaks": lambda: find_peaks(flat, 50.0),
        "centroid_sources": lambda: centroid_sources(flat, *xy.T),
        "RadialProfile": lambda: RadialProfile(flat, xy[5], np.arange(12)).profile,
        "AperturePhotometry with an error and a mask": lambda: AperturePhotometry(
            flat, CircularAperture(xy, 5.0), error=error, mask=mask).flux,
        "AperturePhotometry of float32": lambda: AperturePhotometry(small, CircularAperture(xy, 5.0)).flux,
        "AperturePhotometry": lambda: AperturePhotometry(flat, CircularAperture(xy, 5.0)).flux,
        "ApertureStats": lambda: ApertureStats(flat, CircularAperture(xy, 5.0)).median,
        "detect_sources": lambda: detect_sources(flat, 5.0, 10),
        "detect_threshold": lambda: detect_threshold(data, 3.0),
        "deblend_sources": lambda: deblend_sources(flat, segments, 10, progress_bar=False),
        "SourceCatalog as a table": lambda: SourceCatalog(flat, segments).to_table(),
        "SourceCatalog": lambda: SourceCatalog(flat, segments).segment_flux,
        "PSFPhotometry": lambda: PSFPhotometry(CircularGaussianPRF(fwhm=4.7), 7, aperture_radius=5)(flat, init_params=start),
    }  # fmt: skip
    for name, call in calls.items():
        call()
        ms, rust, added = (float(v) for v in measured(call))
        within = added <= max(2.0, 0.1 * rust)
        line = {"call": name, "size": SIZE, "ms": round(ms, 3), "rust_ms": round(rust, 3), "added_ms": round(added, 3)}
        line["within"] = within
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
