"""What Python adds to the main calls: `python bench_calls.py [size]` prints a line of JSON for each, in milliseconds.

`rust_ms` is the time within the Rust crates, `ms` that of the whole call; they may differ by 10 % or 2 ms. Build the wheel
with `cargo xtask python --release`.
"""

import json
import sys
import time

import numpy as np

from skyphot import _core
from skyphot.aperture import AperturePhotometry, ApertureStats, CircularAperture
from skyphot.background import Background2D
from skyphot.detection import DAOStarFinder
from skyphot.psf import CircularGaussianPRF, PSFPhotometry
from skyphot.segmentation import SourceCatalog, detect_sources
from skyphot.stats import sigma_clipped_stats

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


def best(call, repeat=5):
    """The shortest time of some calls, and what of it was spent in Rust."""
    times = []
    for _ in range(repeat):
        begin, worked = time.perf_counter(), _core.seconds_worked()
        call()
        times.append((1e3 * (time.perf_counter() - begin), 1e3 * (_core.seconds_worked() - worked)))
    return min(times)


def main():
    data, xy = scene(SIZE)
    flat = data - 10.0
    start = {"x": xy[:, 0] + 0.2, "y": xy[:, 1]}
    segments = detect_sources(flat, 5.0, 10)
    calls = {
        "sigma_clipped_stats": lambda: sigma_clipped_stats(data),
        "Background2D": lambda: Background2D(data, 64).background,
        "DAOStarFinder": lambda: DAOStarFinder(5.0, 4.7)(flat),
        "AperturePhotometry": lambda: AperturePhotometry(flat, CircularAperture(xy, 5.0)).flux,
        "ApertureStats": lambda: ApertureStats(flat, CircularAperture(xy, 5.0)).median,
        "detect_sources": lambda: detect_sources(flat, 5.0, 10),
        "SourceCatalog": lambda: SourceCatalog(flat, segments).segment_flux,
        "PSFPhotometry": lambda: PSFPhotometry(CircularGaussianPRF(fwhm=4.7), 7, aperture_radius=5)(flat, init_params=start),
    }  # fmt: skip
    for name, call in calls.items():
        call()
        ms, rust = best(call)
        within = ms - rust <= max(2.0, 0.1 * rust)
        line = {"call": name, "size": SIZE, "ms": round(ms, 3), "rust_ms": round(rust, 3), "within": within}
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
