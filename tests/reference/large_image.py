"""`skyphot segment` on an image larger than its memory: peak resident memory, and whether the parts change anything.

    python large_image.py SKYPHOT FIELD.fits FOLDER [SIDE [MEMORY]]

SKYPHOT is the program, FIELD.fits the 4096 x 4096 field of tests/bench/make_inputs.py; FOLDER takes 4 bytes per pixel, and
the results. The image, SIDE x SIDE pixels of 32 bits (20000), is made of mirrored copies of the field, so that sources go on
across the seams. Checked are

- the peak resident memory under `--max-memory MEMORY` (512MiB), with and without pictures, with and without a background;
- the catalogue of a 4096 x 4096 cut in memory next to that of the image, both with the same errors of the pixels: every
  column of every source that is not near the border of the cut;
- the field in tiles of 512 and 1000 pixels, as it comes, and in memory: the same bytes.

Compressed files (.gz) are always held in memory as a whole.

Files it made are removed at the end. Exits with 1 if something does not hold.
"""
import os
import shutil
import sys
import time

import numpy as np
from astropy.io import fits
from astropy.table import Table

CUT = (6016, 3008)   # first row and column
COMMON = ['--threshold', '15', '--kernel', '3.0', '--deblend']
failed = []


def check(what, good):
    print(('ok   ' if good else 'FAIL ') + what, flush=True)
    if not good:
        failed.append(what)


def make(pixels, path, side):
    header = fits.Header([('SIMPLE', True), ('BITPIX', -32), ('NAXIS', 2), ('NAXIS1', side), ('NAXIS2', side)])
    n, copies = pixels.shape[0], -(-side // pixels.shape[0])
    with open(path, 'wb') as out:
        out.write(header.tostring().encode())
        for y in range(side):
            copy, row = divmod(y, n)
            row = pixels[row if copy % 2 == 0 else n - 1 - row]
            out.write(np.concatenate([row if i % 2 == 0 else row[::-1] for i in range(copies)])[:side].astype('>f4').tobytes())
        out.write(b'\0' * (-(side * side * 4) % 2880))


def run(program, image, output, *arguments):
    """Runs `skyphot segment`; the peak of its resident memory in MiB."""
    command = [program, 'segment', image, '-o', output, '--force', '--quiet', *COMMON, *arguments]
    start = time.time()
    pid = os.spawnv(os.P_NOWAIT, program, command)
    _, status, usage = os.wait4(pid, 0)
    if status != 0:
        sys.exit(f'{" ".join(command)}: status {status}')
    print(f'{" ".join(arguments)}: {usage.ru_maxrss / 1024:.0f} MiB, {usage.ru_utime:.1f} s + {usage.ru_stime:.1f} s of the '
          f'system, wall {time.time() - start:.1f} s', flush=True)
    return usage.ru_maxrss / 1024


def rows(path):
    with open(path, 'rb') as f:
        return [line for line in f if not line.startswith(b'#')]


def compare_cut(large, cut, width):
    """Sources of the cut and of the image, matched by their boxes."""
    boxes = ['bbox_xmin', 'bbox_xmax', 'bbox_ymin', 'bbox_ymax']
    a, b = Table.read(large), Table.read(cut)
    inside = np.all([b[n] > 160 for n in boxes] + [b[n] < width - 160 for n in boxes], axis=0)
    b = b[inside]
    shift = [CUT[1], CUT[1], CUT[0], CUT[0]]
    place = {tuple(int(a[n][i]) for n in boxes): i for i in range(len(a))}
    index = [place.get(tuple(int(b[n][i]) + s for n, s in zip(boxes, shift))) for i in range(len(b))]
    check(f'all {len(b)} sources of the cut are in the image', len(b) > 0 and None not in index)
    if None in index:
        return
    a = a[index]
    for name in b.colnames:
        if name in boxes or name in ('label', 'parent_label') or not np.issubdtype(b[name].dtype, np.number):
            continue
        x, y = (np.ma.filled(np.ma.asarray(t[name]).astype(float), np.nan) for t in (a, b))
        if name.startswith(('x_', 'y_', 'maxval_x', 'minval_x', 'maxval_y', 'minval_y')) and 'err' not in name:
            offset = CUT[0] if (name.startswith('y_') or '_y' in name) else CUT[1]
            worst = np.nanmax(np.abs(x - y - offset))
            check(f'{name}: {worst:.1e} pixels', worst < 1e-8)
            continue
        same = (x == y) | (np.isnan(x) & np.isnan(y))
        if same.all():
            check(f'{name}: equal', True)
            continue
        with np.errstate(all='ignore'):
            worst = np.nanmax(np.abs(x - y)[~same] / np.abs(y)[~same])
        # Positions are thousands of pixels apart: their last digits differ.
        check(f'{name}: {worst:.1e} relative', worst < 1e-8 and not (np.isnan(x) ^ np.isnan(y)).any())


def main(program, field, folder, side=20000, memory='512MiB'):
    side, program = int(side), os.path.abspath(program)
    limit = float(memory.removesuffix('MiB'))
    os.makedirs(folder, exist_ok=True)
    image, cut, out = (os.path.join(folder, n) for n in ('large.fits', 'cut.fits.gz', 'out'))
    errors, cut_errors = (os.path.join(folder, n) for n in ('errors.fits', 'cut_errors.fits.gz'))
    flat = os.path.join(folder, 'flat.fits')
    whole = flat + '.gz'
    try:
        make(fits.getdata(field).astype('>f4') - np.float32(104), image, side)
        make(fits.getdata(field, 'ERR').astype('>f4'), errors, side)
        for more in (['--no-background', '--no-pictures'], [], ['--no-background', '--error', errors]):
            peak = run(program, image, out, '--max-memory', memory, *more)
            check(f'{side} x {side} pixels {" ".join(more)}: {peak:.0f} MiB of {memory}', peak <= limit)
        width = min(4096, side - max(CUT))
        for large, small in ((image, cut), (errors, cut_errors)):
            with fits.open(large, memmap=True) as f:
                fits.writeto(small, np.array(f[0].data[CUT[0]:CUT[0] + width, CUT[1]:CUT[1] + width]), overwrite=True)
        run(program, cut, out + '-cut', '--no-background', '--no-pictures', '--error', cut_errors)
        compare_cut(os.path.join(out, 'catalog.ecsv'), os.path.join(out + '-cut', 'catalog.ecsv'), width)

        for path in (flat, whole):
            fits.writeto(path, fits.getdata(field).astype('>f4'), overwrite=True)
        files = {}
        for name, more in (('whole', []), ('512', ['--tile', '512']), ('1000', ['--tile', '1000']), ('default', [])):
            run(program, whole if name == 'whole' else flat, f'{out}-{name}', '--columns', 'all', '--no-pictures', *more)
            with open(f'{out}-{name}/segmentation.fits', 'rb') as f:
                files[name] = (rows(f'{out}-{name}/catalog.ecsv'), f.read())
        for name in list(files)[1:]:
            check(f'parts ({name}): the bytes of the whole, {len(files[name][0]) - 1} sources', files[name] == files['whole'])
    finally:
        for path in (image, cut, errors, cut_errors, flat, whole):
            if os.path.exists(path):
                os.remove(path)
        for name in ('', '-cut', '-whole', '-512', '-1000', '-default'):
            shutil.rmtree(out + name, ignore_errors=True)
    sys.exit(1 if failed else 0)


if __name__ == '__main__':
    main(*sys.argv[1:])
