"""What the reference scripts share: inputs by formula (bit for bit as in crates/core/src/testing.rs), real images
below $SKYPHOT_TEST_DATA, and one way to write fixtures.

A script `gen_TOPIC.py` is called as `gen_TOPIC.py ROOT`: it writes its fixtures below ROOT, under the same relative
paths they have in the repository (for instance crates/stats/tests/it/fixtures/sigma_clip.json).
"""
import json
import math
import os
import sys

import numpy as np

M64 = (1 << 64) - 1


def uniform(seed, index):
    """splitmix64 of seed and index (integer arrays are fine), uniform in [0, 1)."""
    with np.errstate(over='ignore'):
        z = np.asarray(index, np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(seed * 0x2545F4914F6CDD1D & M64)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return ((z ^ (z >> np.uint64(31))) >> np.uint64(11)).astype(float) * (1.0 / 9007199254740992.0)


def noise(seed, index):
    index = np.asarray(index, np.uint64)
    s = np.full(index.shape, -6.0)
    for k in range(12):
        s = s + uniform(seed, index * np.uint64(12) + np.uint64(k))
    return s


def field(ny, nx, seed, n_stars, sigma):
    """Tilted sky, noise and Moffat (beta 2) stars with + - * / only."""
    y, x = np.mgrid[0:ny, 0:nx].astype(float)
    index = np.arange(ny * nx, dtype=np.uint64).reshape(ny, nx)
    v = 100.0 + 0.05 * x + 0.02 * y + sigma * noise(seed, index)
    for i in range(n_stars):
        u = float(uniform(seed + 1, 3 * i + 2))
        sx = float(uniform(seed + 1, 3 * i)) * nx - 0.5
        sy = float(uniform(seed + 1, 3 * i + 1)) * ny - 0.5
        peak = 20.0 / (0.02 + u * u)
        dx, dy = x - sx, y - sy
        q = 1.0 + (dx * dx + dy * dy) / 5.4
        v = v + peak / (q * q)
    return v


def test_data(relative):
    """Path of a shared test file, or None with a message."""
    root = os.environ.get('SKYPHOT_TEST_DATA')
    path = os.path.join(root, relative) if root else None
    if path is None or not os.path.exists(path):
        print(f'skipped: {relative}: SKYPHOT_TEST_DATA is not set or has no such file', file=sys.stderr)
        return None
    return path


def versions():
    import astropy
    import photutils
    import scipy
    return {'photutils': photutils.__version__, 'astropy': astropy.__version__, 'numpy': np.__version__,
            'scipy': scipy.__version__}


def plain(v):
    """JSON value with 17 digits; NaN and infinities as strings."""
    if hasattr(v, 'unit') and hasattr(v, 'value'):
        v = v.value
    if isinstance(v, dict):
        return {str(k): plain(x) for k, x in v.items()}
    if isinstance(v, np.ma.MaskedArray):
        v = v.filled(np.nan) if v.dtype.kind == 'f' else v.data
    if isinstance(v, np.ndarray):
        v = v.tolist()
    if isinstance(v, (list, tuple)):
        return [plain(x) for x in v]
    if isinstance(v, np.generic):
        v = v.item()
    if isinstance(v, float) and not math.isfinite(v):
        return 'nan' if math.isnan(v) else ('inf' if v > 0 else '-inf')
    return v


def write_json(relative, content, root=None):
    """Writes a fixture below ROOT (the script's first argument), with the versions of the peers."""
    path = os.path.join(root or sys.argv[1], relative)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w') as f:
        json.dump({'made_by': os.path.basename(sys.argv[0]), 'versions': versions(), **plain(content)}, f,
                  separators=(',', ':'))
        f.write('\n')


def columns(table, names=None):
    """A table as {column: values}."""
    return {n: plain(table[n]) for n in (names or table.colnames)}
