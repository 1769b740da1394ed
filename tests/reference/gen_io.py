"""Small files written by astropy and pyarrow, for the tests of reading.

gen_io.py ROOT writes them; gen_io.py ROOT --verify FOLDER reads the files that the Rust test `files_for_astropy` left
in FOLDER and compares them with the values that test writes.
"""
import glob
import os
import sys
import warnings

import astropy.units as u
import numpy as np
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.io.votable import from_table
from astropy.table import Column, MaskedColumn, QTable, Table
from astropy.time import Time

FIXTURES = 'crates/io/tests/it/fixtures'


def mixins():
    t = QTable()
    t['id'] = np.array([1, 2, 3], np.int32)
    t['flux'] = Column([1.5, np.nan, -np.inf], unit='Jy', format='.3f', description='a: "quoted" flux, #1')
    t['m'] = MaskedColumn([1, 2, 3], mask=[False, True, False])
    t['mf'] = MaskedColumn([1.0, 2.0, 3.0], mask=[False, False, True])
    t['s'] = ['a b', 'c"d', 'e']
    t['ms'] = MaskedColumn(['x', 'y', 'z'], mask=[True, False, False])
    t['q'] = [1.0, 2.0, 3.0] * u.deg
    t['v'] = np.arange(6.0).reshape(3, 2)
    t['sky_centroid'] = SkyCoord([10.0, 20.0, 30.0], [-5.0, 0.0, 5.0], unit='deg')
    t['t'] = Time([51544.5, 51545.0, 51545.5], format='mjd')
    t['b'] = [True, False, True]
    t['u1'] = np.array([0, 128, 255], np.uint8)
    t['u8'] = np.array([0, 1, 2**64 - 1], np.uint64)
    t['f4'] = np.array([0.1, 1e-40, 3e38], np.float32)
    t.meta['date'] = '2024-01-01'
    t.meta['nested'] = {'k': [1, 2.5, {'z': None}], 'long': 'word ' * 40, 'num': '12', 'small': -1.5e-10}
    return t


def plain():
    t = Table()
    t['id'] = np.array([1, 2, 3], np.int64)
    t['short'] = np.array([-1, 0, 32767], np.int16)
    t['x'] = Column([0.1, 2.0, -3.5e-20], unit='pix', description='x of the source')
    t['f'] = np.array([0.1, np.nan, 3.0], np.float32)
    t['name'] = ['one', 'two & <2>', 'three']
    t['m'] = MaskedColumn(np.array([1, 2, 3], np.int32), mask=[False, True, False])
    t['b'] = [True, False, True]
    t['v'] = np.arange(6.0).reshape(3, 2)
    t.meta['EXPTIME'] = 30.5
    t.meta['OBJECT'] = 'M 13'
    return t


def odd_fits(path):
    rows = 3
    columns = [
        fits.Column('unsigned', 'J', bzero=2**31, array=np.array([0, 1, 2**32 - 1], np.uint32)),
        fits.Column('u2', 'I', bzero=2**15, array=np.array([0, 32768, 65535], np.uint16)),
        fits.Column('signed8', 'B', bzero=-128, array=np.array([-128, 0, 127], np.int8)),
        fits.Column('scaled', 'I', array=np.array([0, 1, -20], np.int16)),
        fits.Column('null', 'J', null=-99, array=np.array([1, -99, 3], np.int32)),
        fits.Column('bits', '11X', array=np.array([[i * 11 % (j + 2) == 0 for j in range(11)] for i in range(rows)])),
        fits.Column('logical', 'L', array=np.array([True, False, True])),
        fits.Column('vector', '3E', unit='mag', array=np.arange(9, dtype='f4').reshape(3, 3)),
        fits.Column('matrix', '4D', dim='(2,2)', array=np.arange(12.0).reshape(3, 2, 2)),
        fits.Column('strings', '12A', dim='(4,3)', array=np.array([['a', 'bb', 'ccc'], ['d', '', 'f'], ['g', 'h', 'iiii']])),
        fits.Column('text', '5A', array=np.array(['ab', 'c d', ''])),
        fits.Column('complex', 'C', array=np.array([1 + 2j, 3 - 4j, 0], 'c8')),
        fits.Column('variable', 'PJ()', array=np.array([np.array([1]), np.array([1, 2]), np.array([], int)], object)),
        fits.Column('long', 'K', array=np.array([-(2**62), 0, 2**62])),
    ]
    table = fits.BinTableHDU.from_columns(columns, name='ODD')
    table.header.set('TSCAL4', 0.5, after='TFORM4')
    table.header.set('TZERO4', 10.0, after='TSCAL4')
    table.header['LONGNOTE'] = 'word ' * 30
    table.header['HIERARCH ESO DET GAIN'] = 1.25
    table.header['HISTORY'] = 'made for a test'
    ascii_table = fits.TableHDU.from_columns(
        [
            fits.Column('name', 'A6', array=np.array(['one', 'two', 'three'])),
            fits.Column('n', 'I5', array=np.array([1, -20, 300])),
            fits.Column('x', 'E15.7', unit='deg', array=np.array([0.5, -1e10, 3e-5])),
            fits.Column('d', 'D25.17', array=np.array([0.1, 1 / 3, 2e300])),
        ], name='TEXT')
    fits.HDUList([fits.PrimaryHDU(), table, ascii_table]).writeto(path, overwrite=True)


def write(root):
    folder = os.path.join(root, FIXTURES)
    os.makedirs(folder, exist_ok=True)

    def at(name):
        return os.path.join(folder, name)

    mixins().write(at('mixins.ecsv'), overwrite=True)
    plain().write(at('comma.ecsv'), format='ascii.ecsv', delimiter=',', overwrite=True)
    flat = plain()
    flat.remove_column('v')
    flat.write(at('plain.csv'), format='ascii.csv', overwrite=True)
    plain().write(at('plain.parquet'), overwrite=True)
    plain().write(at('plain.fits'), overwrite=True)
    odd_fits(at('odd.fits'))
    for kind in ('tabledata', 'binary', 'binary2'):
        votable = from_table(plain())
        votable.get_first_table().get_field_by_id('m').values.null = -99
        votable.set_all_tables_format(kind)
        votable.to_xml(at(f'{kind}.xml'))


def near(a, b):
    a, b = np.ma.asarray(a), np.ma.asarray(b)
    if a.dtype.kind in 'OSU':
        return [str(x) for x in a.filled('').ravel()] == [str(x) for x in b.filled('').ravel()]
    return np.array_equal(np.ma.filled(a.astype(float), np.nan), np.ma.filled(b.astype(float), np.nan), equal_nan=True)


def from_parquet(path):
    """As astropy's reader does it, which wants pandas."""
    import pyarrow.parquet
    from astropy.table import meta
    arrow = pyarrow.parquet.read_table(path)
    header = meta.get_header_from_yaml(arrow.schema.metadata[b'table_meta_yaml'].decode().split('\n'))
    t = Table(meta=header['meta'])
    for column in header['datatype']:
        values = arrow[column['name']].to_pylist()
        missing = [v is None for v in values]
        values = [0 if v is None else v for v in values]
        t[column['name']] = MaskedColumn(values, mask=missing) if any(missing) else Column(values)
        for key in ('unit', 'description'):
            if key in column:
                setattr(t[column['name']], key, column[key])
    return t


def verify(folder):
    """Files of the Rust test `files_for_astropy`, against its values, written here once more."""
    big = np.float64(1) / 3
    expected = {
        'id': np.ma.array([1, 2, 3], mask=[False, True, False]),
        'flux': np.ma.array([0.1, big, 1e-300], mask=[False, False, True]),
        'nan': np.array([np.nan, np.inf, -np.inf]),
        'single': np.array([0.1, 1e-40, 3e38], np.float32),
        'small': np.array([-1, 0, 32767]),
        'byte': np.array([0, 128, 255]),
        'unsigned': np.array([0, 1, 2**32 - 1]),
        'name': np.array(['one', 'two & <2>', 'it\'s "3"']),
        'flag': np.array([True, False, True]),
        'vector': np.arange(6.0).reshape(3, 2),
    }
    failures = 0
    for path in sorted(glob.glob(os.path.join(folder, 'table.*'))):
        with warnings.catch_warnings():
            warnings.simplefilter('error')
            warnings.filterwarnings('ignore', message='.*did not parse as fits unit.*')
            warnings.filterwarnings('ignore', category=u.UnitsWarning)
            kwargs = {'format': 'votable'} if path.endswith(('.vot', '.xml')) else {}
            t = from_parquet(path) if path.endswith('.parquet') else Table.read(path, **kwargs)
        for name, values in expected.items():
            if name == 'vector' and path.endswith('.csv'):
                continue
            found = t[name]
            if path.endswith('.parquet') and name == 'vector':
                found = np.stack(found)
            if name == 'single':
                found = np.asarray(found, np.float32)
            if not near(found, values):
                failures += 1
                print(f'{path}: {name}: {found!r} is not {values!r}')
        if not path.endswith(('.csv',)):
            if str(t['flux'].unit) != 'adu':
                failures += 1
                print(f'{path}: unit {t["flux"].unit}')
            if '.fits' not in path and t['flux'].description != 'total: flux, "all" of it':
                failures += 1
                print(f'{path}: description {t["flux"].description!r}')
        print(path, 'read:', len(t.colnames), 'columns, meta', dict(t.meta))
    for path in sorted(glob.glob(os.path.join(folder, 'image*'))):
        with warnings.catch_warnings():
            warnings.simplefilter('error')
            with fits.open(path) as f:
                f.verify('exception')
                for hdu in f:
                    if hdu.data is None:
                        continue
                    y, x = np.mgrid[0:hdu.data.shape[0], 0:hdu.data.shape[1]]
                    want = 100 * y + x
                    tolerance = 0.2 if hdu.data.dtype.kind == 'f' and path.endswith('.fz') else 0
                    if np.abs(hdu.data.astype(float) - want).max() > tolerance:
                        failures += 1
                        print(f'{path}[{hdu.name}]: pixels differ by {np.abs(hdu.data.astype(float) - want).max()}')
                    if hdu.header.get('ESO DET GAIN') != 1.25 or not hdu.header['LONGNOTE'].startswith('word word'):
                        failures += 1
                        print(f'{path}[{hdu.name}]: header {hdu.header!r}')
                print(path, 'read:', [(h.name, None if h.data is None else (h.data.shape, str(h.data.dtype))) for h in f])
    sys.exit(1 if failures else 0)


if __name__ == '__main__':
    if '--verify' in sys.argv:
        verify(sys.argv[sys.argv.index('--verify') + 1])
    else:
        write(sys.argv[1])
