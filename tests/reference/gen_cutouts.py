"""CutoutImage of photutils: shapes of even and odd sides at positions of all kinds."""
import numpy as np
from astropy.nddata import NoOverlapError, PartialOverlapError
from photutils.utils import CutoutImage

from common import uniform, write_json

data = np.arange(12.0 * 15.0).reshape(12, 15)
cases = []
for i in range(120):
    u = [float(v) for v in uniform(71, 8 * i + np.arange(8))]
    shape = (1 + int(14 * u[0]), 1 + int(14 * u[1]))
    y, x = 24.0 * u[2] - 6.0, 27.0 * u[3] - 6.0
    if i % 3:
        y, x = float(np.floor(2.0 * y)) / 2.0, float(np.floor(2.0 * x)) / 2.0
    mode = ('trim', 'partial', 'strict')[i % 3 if i % 2 else 1]
    try:
        c = CutoutImage(data, (y, x), shape, mode=mode, fill_value=-1.0)
    except (NoOverlapError, PartialOverlapError):
        cases.append({'x': x, 'y': y, 'shape': shape, 'mode': mode, 'found': None})
        continue
    boxes = [[b.ixmin, b.ixmax, b.iymin, b.iymax] for b in (c.bbox_original, c.bbox_cutout)]
    found = {'shape': c.shape, 'sum': float((c.data * (1.0 + np.arange(c.data.size)).reshape(c.shape)).sum()),
             'boxes': boxes, 'origin': c.xyorigin}
    cases.append({'x': x, 'y': y, 'shape': shape, 'mode': mode, 'found': found})
write_json('crates/aperture/tests/it/fixtures/cutouts.json', {'cases': cases})
