"""Region files and what the package `regions` reads in them: its own test files (BSD-3-Clause) and a few more.

gen_regions.py ROOT writes the fixture; gen_regions.py ROOT --verify FOLDER reads the files that the Rust test
`files_for_the_regions_package` left in FOLDER (NAME.reg, NAME.crtf) and compares them with what it reads in the originals.
"""
import glob
import os
import sys
import warnings

import astropy.units as u
import numpy as np
import regions
from astropy.coordinates import SkyCoord
from regions import Regions

from common import write_json

HERE = os.path.dirname(regions.__file__)

# Texts of the package's own tests (regions/io/ds9/tests/test_ds9.py), and more of the grammar.
MORE_DS9 = {
    'issue134': 'galactic; circle(+0:14:26.064,+0:00:45.206,30.400")',
    'issue65': 'J2000; circle 188.5557102 12.0314056 1" # color=red',
    'uppercase': 'GALACTIC\ncircle(188.5557102,12.0314056,7.1245) # text={This message has both a " and : in it} '
                 'textangle=30',
    'units': 'image\ncircle(1.5, 2, 2)\ncircle(1.5i, 2i, 2i)\nicrs\ncircle(1.5d, 2d, 2d)\ncircle(1.5r, 1r, 2r)\n'
             'circle(1:20:30, 2:3:7, 2)\ncircle(1h20m30s, 2d3m7s, 2d)\nellipse(10,20,3\',4",30)\n'
             'box(-10, -20.5, 1e-3, 2E-3, 0.5r)',
    'semicolon': 'galactic;circle(202.4,47.2,10.9) # text={test; test; A1} color=red;'
                 'circle(103.8,30.6,3.6) # text="A, \'B, ; C}, D" color=orange;'
                 'circle(303.8,40.6,3.11);'
                 'circle(303.8,30.6,3.6) # text=\'A, "B, ; {C, D\' color=cyan;'
                 'circle(503.8,40.6,3.6) # text={A, "B", ; \'C\', D} color=yellow\n'
                 'circle(503.8,30.6,3.6) # text={A, "B, ; \'C, D} color=yellow;'
                 'ellipse(104.84,68.55,7.93",3.96",158.39) # text="hello; world;"',
    'spaces': 'galactic;text(151.1,51.2) # text   =  {text ; hi ; there;} textangle=45 color   =orange '
              'font="helvetica 12 normal roman";\ncircle(202.4,47.2,10.9) # text = {a; test} color = red',
    'annuli': 'image\nannulus(1, 2, 3, 4, 5, 6)\nellipse (1, 2, 3, 4, 5, 6, 7, 8, 9)\n'
              'box (1, 2, 3, 4, 5, 6, 7, 8, 9)\nicrs\nbox(1, 2, 3", 4", 5", 6", 7)',
    'switches': 'global include=1 color=green\nimage\n-circle(5,6,7) # tag={a b} tag={c}\n'
                'circle(5,6,7) # include=0\n+circle(5,6,7) # point=cross 12 fill=1 dash=1 dashlist=4 2',
    'braces': 'image; circle(503.6,490.6,31.1) # color=blue text={A, {B}, C}',
}
MORE_CRTF = {
    'pixels': '#CRTFv0\ncircle[[10pix, 20.5pix], 3pix]\nellipse[[10pix, 20pix], [3pix, 5pix], 30deg], color=red\n'
              'rotbox[[1pix, 2pix], [3pix, 4pix], 0.5rad]\npoly[[1pix, 2pix], [3pix, 4pix], [5pix, 1pix]]\n'
              'symbol[[1pix, 2pix], +]',
    'frames': '#CRTFv0\nglobal coord=GALACTIC, color=green\ncircle[[10.5deg, -20deg], 3arcmin]\n'
              'circle[[1h2m3s, 4d5m6s], 3"], coord=ICRS\ncenterbox[[12deg, 13deg], [3arcsec, 4arcsec]], coord=SUPERGAL\n'
              'line[[1deg, 2deg], [3deg, 4deg]], coord=ECLIPTIC, label="a b"\n'
              '-annulus[[18:00:00, 01.30.00.5], [1arcsec, 2arcsec]], coord=B1950',
}


def num(v, unit=u.deg):
    return float(v.to_value(unit)) if isinstance(v, u.Quantity) else float(v)


def describe(r):
    """Class, frame, parameters in the order of our vocabulary, and whether it counts."""
    kind = type(r).__name__.replace('SkyRegion', '').replace('PixelRegion', '')
    sky = 'Sky' in type(r).__name__

    def at(c):
        lon, lat = (c.spherical.lon.deg, c.spherical.lat.deg) if sky else (c.x, c.y)
        return [v for p in zip(np.atleast_1d(lon), np.atleast_1d(lat)) for v in p]

    where = {'Polygon': 'vertices', 'Line': 'start'}.get(kind, 'center')
    position = getattr(r, where)
    p = at(position)
    if kind == 'Line':
        p += at(r.end)
    half = 0.5 if kind.startswith('Ellipse') else 1.0
    for name in ('radius', 'inner_radius', 'outer_radius'):
        if hasattr(r, name):
            p.append(num(getattr(r, name)))
    for name in ('inner_width', 'inner_height', 'outer_width', 'outer_height', 'width', 'height'):
        if name in r._params:
            p.append(half * num(getattr(r, name)))
    if hasattr(r, 'angle'):
        p.append(num(r.angle))
    return {'shape': kind, 'frame': position.frame.name if sky else 'image', 'numbers': p,
            'include': bool(r.meta.get('include', True))}


def text_of(v):
    if isinstance(v, list):
        return '[' + ', '.join(str(x).replace(' ', '') for x in v) + ']'
    return str(v)


def ds9_looks(r):
    return {k: v if k == 'tag' else text_of(v) for k, v in r._raw_meta.items() if k != 'include'}


def crtf_looks(r):
    return {k: text_of(v) for k, v in {**r.meta, **r.visual}.items() if k != 'include'}


def read(text, form):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        found = Regions.parse(text, format=form)
    return found, len(caught)


def case(name, form, text):
    found, warned = read(text, form)
    looks = ds9_looks if form == 'ds9' else crtf_looks
    return {'name': name, 'format': form, 'text': text, 'warnings': warned,
            'regions': [{**describe(r), 'looks': looks(r)} for r in found]}


def cases():
    out = []
    for path in sorted(glob.glob(f'{HERE}/io/ds9/tests/data/*.reg')):
        out.append(case(os.path.basename(path)[:-4], 'ds9', open(path).read()))
    for path in sorted(glob.glob(f'{HERE}/io/crtf/tests/data/*.crtf')):
        out.append(case(os.path.basename(path)[:-5], 'crtf', open(path).read()))
    out += [case(n, 'ds9', t) for n, t in MORE_DS9.items()]
    out += [case(n, 'crtf', t) for n, t in MORE_CRTF.items()]
    return out


def verify(folder):
    wrong = n = 0
    for c in cases():
        suffix = 'reg' if c['format'] == 'ds9' else 'crtf'
        text = open(f'{folder}/{c["name"]}.{suffix}').read()
        again = case(c['name'], c['format'], text)
        if len(again['regions']) != len(c['regions']):
            print(f'{c["name"]}: {len(c["regions"])} regions became {len(again["regions"])}')
            wrong += 1
            continue
        for i, (a, b) in enumerate(zip(c['regions'], again['regions'])):
            n += 1
            # Where the original has a bare word `background`, we write background=1.
            looks = {k: v for k, v in b['looks'].items() if k in a['looks'] or k != 'background'}
            same = all(a[k] == b[k] for k in ('shape', 'frame', 'include'))
            same &= np.allclose(a['numbers'], b['numbers'], rtol=1e-14, atol=1e-13)
            if not same or a['looks'] != looks:
                print(f'{c["name"]}, region {i}:\n  {a}\n  {b}')
                wrong += 1
    print(f'{n} regions read again, {wrong} wrong')
    sys.exit(wrong > 0)


if '--verify' in sys.argv:
    verify(sys.argv[sys.argv.index('--verify') + 1])
write_json('crates/io/tests/it/fixtures/regions.json', {'regions': regions.__version__, 'cases': cases()})
