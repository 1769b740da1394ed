"""The tutorials' Python, from the file to the files: the side of photutils of the cases of workflow.rs.

As in the notebooks, with the names of photutils 3.1, its default tolerances, and without pictures: everything that a
notebook measures is measured, and its tables and images are written. `photutils` is a process of its own, as ours is;
`photutils-warm` a call in a process that has imported and done everything before.
"""
import gzip
import io
import os
import shutil
import subprocess
import sys
import tempfile
import warnings

import numpy as np


def data(name):
    folder = os.environ.get('SKYPHOT_TEST_DATA')
    if not folder:
        raise ValueError('SKYPHOT_TEST_DATA is not set')
    return os.path.join(folder, name)


def fresh(work, name):
    folder = os.path.join(work, f'peer-{name}')
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    return folder


def cases(inputs, work):
    def case(name):
        return lambda peer: (make(name, inputs, work) if peer.endswith('warm') else process(name, inputs, work))
    return {f'workflow-{name}': case(name) for name in WORKFLOWS}


def make(name, inputs, work):
    out = fresh(work, name)
    return xdf(inputs, out) if name == 'xdf' else WORKFLOWS[name](out)


def process(name, inputs, work):
    result = os.path.join(work, f'peer-{name}.npz')

    def call():
        subprocess.run([sys.executable, os.path.abspath(__file__), name, inputs, work, result], check=True,
                       capture_output=True)
        with np.load(result) as values:
            return dict(values)
    return call


def xdf(inputs, out):
    import astropy.units as u
    from astropy.nddata import CCDData
    from astropy.stats import sigma_clipped_stats
    from photutils.aperture import EllipticalAnnulus, EllipticalAperture, aperture_photometry
    from photutils.centroids import centroid_2dg
    from photutils.detection import find_peaks
    from photutils.segmentation import SourceCatalog, detect_sources

    def each(image, apertures):
        """Different apertures at different positions: the notebook's loop."""
        table = aperture_photometry(image, apertures[0])
        for k, aperture in enumerate(apertures[1:], 2):
            row = aperture_photometry(image, aperture)[0]
            row[0] = k
            table.add_row(row)
        return table

    def call():
        image = CCDData.read(f'{inputs}/xdf_like5k.fits', unit=u.electron / u.s)
        image.mask = image.data == 0
        _, _, std = sigma_clipped_stats(image.data, sigma=3.0, maxiters=5, mask=image.mask)
        # Boxes are odd today.
        peaks = find_peaks(image.data, mask=image.mask, threshold=20.0 * std, box_size=31, centroid_func=centroid_2dg)
        segm = detect_sources(image.data, 5.0 * std, 15)
        catalog = SourceCatalog(image.data, segm)
        table = catalog.to_table()
        r, r_in, r_out = 3.0, 4.0, 5.5
        apertures, annuli = [], []
        for o in catalog:
            position = (o.x_centroid, o.y_centroid)
            a, b, theta = o.semimajor_axis.value, o.semiminor_axis.value, o.orientation.to_value(u.rad)
            apertures.append(EllipticalAperture(position, a * r, b * r, theta=theta))
            annuli.append(EllipticalAnnulus(position, a * r_in, a * r_out, b * r_out, theta=theta))
        phot, background = each(image, apertures), each(image, annuli)
        mean = background['aperture_sum'].value / [a.area for a in annuli]
        sky = image.wcs.pixel_to_world(table['x_centroid'], table['y_centroid'])
        phot['ra'], phot['dec'] = sky.ra.deg, sky.dec.deg
        area = table['area'].value
        phot['aperture_sum_bkgsub'] = phot['aperture_sum'].value - np.average(mean) * area
        peaks.write(f'{out}/peaks.ecsv')
        table.write(f'{out}/sources.ecsv')
        phot.write(f'{out}/catalog.ecsv')
        return {'sources': np.array([float(len(phot))]), 'peaks': np.array([float(len(peaks))]),
                'sum': phot['aperture_sum'].value, 'annulus': background['aperture_sum'].value,
                'bkgsub': phot['aperture_sum_bkgsub'], 'dec': phot['dec']}
    return call


def roman(out):
    import asdf
    import asdf_astropy  # noqa: F401
    import gwcs  # noqa: F401
    from astropy.stats import SigmaClip, sigma_clipped_stats
    from astropy.table import Table
    from photutils.aperture import ApertureStats, CircularAnnulus, CircularAperture

    root = data('roman/r0003201001001001004_0001_wfi01_f106')
    map_of_areas = data('roman/roman_wfi_area_wfi01_sub768.asdf')

    def call():
        with asdf.open(f'{root}_cal.asdf') as af:
            tree = af['roman']
            image, error, dq = np.array(tree['data']), np.array(tree['err']), np.array(tree['dq']).astype(bool)
            wcs, photometry = tree['meta']['wcs'], tree['meta']['photometry']
            scale, pixel = float(photometry['conversion_megajanskys']), float(photometry['pixel_area'])
        with asdf.open(map_of_areas) as af:
            area = np.array(af['roman']['data'])
        image, error = image * area, error * area
        catalog = Table.read(f'{root}_truth.ecsv')
        stars = catalog[catalog['type'] == 'PSF']
        x, y = wcs.invert(stars['ra'], stars['dec'])
        ny, nx = image.shape
        with np.errstate(invalid='ignore'):
            on = np.isfinite(x) & np.isfinite(y) & (x >= -0.5) & (y >= -0.5) & (x <= nx - 0.5) & (y <= ny - 0.5)
        stars, xy = stars[on], np.transpose([x[on], y[on]])
        aperture, annulus = CircularAperture(xy, r=3), CircularAnnulus(xy, r_in=20, r_out=25)
        table = ApertureStats(image, aperture, error=error).to_table(
            columns=('id', 'x_centroid', 'y_centroid', 'sum', 'sum_err'))
        sky = ApertureStats(image, annulus, sigma_clip=SigmaClip(3, maxiters=5), mask=dq).to_table(
            columns=('id', 'x_centroid', 'y_centroid', 'median', 'std'))
        ee = Table.read(f'{root}_ee.ecsv')
        flux = (table['sum'] - sky['median'] * aperture.area) * scale * 1e6 * pixel
        flux = np.array(flux / np.interp(3 * 0.11, ee['radius_arcsec'], ee['ee']))
        maggies = flux / 3631
        maggies[maggies <= 0] = np.nan
        with np.errstate(invalid='ignore', divide='ignore'):
            table['mag_ab'], table['mag_true'] = -2.5 * np.log10(maggies), -2.5 * np.log10(stars['F106'])
        offset = np.array(table['mag_true'] - table['mag_ab'])
        found = sigma_clipped_stats(offset[~np.isnan(offset)], sigma=5, maxiters=2)
        table['sky'], table['flux_jy'] = sky['median'], flux
        table.write(f'{out}/catalog.ecsv')
        return {'x': xy[:, 0], 'sum': table['sum'], 'sky': table['sky'], 'mag': table['mag_ab'],
                'offset': np.array(found[:1])}
    return call


BANDS = (('F560W', 'det_image_seq1_MIRIMAGE_F560Wexp1', 1.636, -3.0),
         ('F770W', 'det_image_seq2_MIRIMAGE_F770Wexp2', 2.187, -3.5))


def miri(out):
    import asdf
    import asdf_astropy  # noqa: F401
    import gwcs  # noqa: F401
    from astropy.coordinates import SkyCoord, match_coordinates_sky
    from astropy.io import fits
    from astropy.stats import SigmaClip, sigma_clipped_stats
    from astropy.table import Table
    from photutils.aperture import CircularAnnulus, CircularAperture, aperture_photometry
    from photutils.background import Background2D, MMMBackground
    from photutils.detection import DAOStarFinder

    def quality(dq, x, y, r):
        """The worst word in a square around a source."""
        rows = slice(max(1, int(np.floor(y - r))), min(round(y + r) + 1, dq.shape[0]))
        columns = slice(max(1, int(np.floor(x - r))), min(round(x + r) + 1, dq.shape[1]))
        words = dq[rows, columns]
        return next((k for k in (6, 2, 4) if np.any(words == k)), 0)

    def band(name, stem, fwhm, limit):
        with fits.open(data(f'jwst/{stem}_cal.fits.gz')) as hdus:
            image, dq, area = hdus['SCI'].data, hdus['DQ'].data, hdus['AREA'].data
            tree = hdus['ASDF'].data['ASDF_METADATA'].tobytes()
            with asdf.open(io.BytesIO(tree), ignore_unrecognized_tag=True) as af:
                wcs = af['meta']['wcs']
        sigma_clipped_stats(image[np.isfinite(image)], sigma=5, maxiters=5)
        image = np.where(np.isin(dq, [0, 2, 4, 6]), image, np.nan)
        bad = ~np.isfinite(image)
        # The notebook's filter of 10 boxes is not allowed today.
        background = Background2D(image, (20, 20), filter_size=(11, 11), sigma_clip=SigmaClip(3.0, maxiters=10),
                                  bkg_estimator=MMMBackground(), coverage_mask=bad, fill_value=0.0)
        sub = image - background.background
        found = DAOStarFinder(threshold=5 * background.background_rms_median, fwhm=fwhm, exclude_border=True,
                              min_separation=0.0)(sub, mask=bad)
        xy = np.transpose([found['x_centroid'], found['y_centroid']])
        flat = sub * area
        apertures = [CircularAperture(xy, r=k * fwhm) for k in (1, 2, 3)]
        phot = aperture_photometry(flat, apertures, method='exact')
        sky = []
        for m in CircularAnnulus(xy, r_in=25, r_out=35).to_mask(method='center'):
            # The notebook's `multiply` counts pixels beyond the edge as 0.
            values = m.get_values(flat)
            values = values[np.isfinite(values)]
            sky.append(sigma_clipped_stats(values, sigma=3.5, maxiters=5)[1] if len(values) >= 10 else -99.99)
        phot['annulus_median'] = sky
        for k, a in enumerate(apertures):
            phot[f'flux_r{k}'] = phot[f'aperture_sum_{k}'] - phot['annulus_median'] * a.area
        keep = phot['annulus_median'] > -90
        for k in range(3):
            keep &= np.isfinite(phot[f'flux_r{k}']) & (phot[f'flux_r{k}'] > 0)
        phot, xy = phot[keep], xy[keep]
        for k in range(3):
            phot[f'mag_r{k}'] = -2.5 * np.log10(phot[f'flux_r{k}'])
        phot['dqflag'] = [quality(dq, x, y, 3 * fwhm) for x, y in xy]
        ra, dec = wcs.transform('detector', 'world', xy[:, 0], xy[:, 1])
        phot['ra'], phot['dec'] = ra, dec
        catalog = Table.read(data(f'jwst/complex_2021_level3_{name}_cat.ecsv'))
        mine, theirs = SkyCoord(ra, dec, unit='deg'), catalog['sky_centroid']
        nearest, distance, _ = match_coordinates_sky(mine, theirs)
        back, _, _ = match_coordinates_sky(theirs, mine)
        pair = (distance.arcsec < 0.055) & (back[nearest] == np.arange(len(mine)))
        use = pair & (phot['mag_r1'] < limit)
        delta = np.array(phot['mag_r1'][use] - np.array(catalog['aper_total_abmag'])[nearest[use]])
        zero = -sigma_clipped_stats(delta[np.isfinite(delta)], sigma=2, maxiters=10)[1]
        phot['mag_ab'] = phot['mag_r1'] + zero
        phot['ci_1_0'], phot['ci_2_0'] = phot['flux_r1'] / phot['flux_r0'], phot['flux_r2'] / phot['flux_r0']
        phot['ci_2_1'] = phot['flux_r2'] / phot['flux_r1']
        phot['extended'] = phot['ci_2_1'] > np.interp(phot['ci_1_0'], [0.6, 1, 1.3, 1.7, 1.8, 2],
                                                      [0, 1.5, 1.8, 1.9, 1.4, 0])
        phot.write(f'{out}/{name}_catalog.ecsv', overwrite=True)
        fits.writeto(f'{out}/{name}_background.fits', background.background, overwrite=True)
        fits.writeto(f'{out}/{name}_subtracted.fits', sub, overwrite=True)
        return mine, phot, zero

    def call():
        (sky, first, zero), (other_sky, other, other_zero) = (band(*b) for b in BANDS)
        nearest, distance, _ = match_coordinates_sky(sky, other_sky)
        close = distance.arcsec < 0.055
        colours = Table({'mag_F560W': first['mag_ab'][close], 'mag_F770W': other['mag_ab'][nearest[close]]})
        colours.write(f'{out}/colours.ecsv', overwrite=True)
        return {'zero_points': np.array([zero, other_zero]), 'flux_r1': first['flux_r1'], 'sky': first['annulus_median'],
                'other_r1': other['flux_r1'], 'mag': first['mag_ab']}
    return call


def gradient(out):
    from astropy import units as u
    from astropy.nddata import CCDData
    from astropy.stats import SigmaClip, sigma_clipped_stats
    from photutils.background import Background2D, MeanBackground
    from photutils.segmentation import detect_sources, detect_threshold
    from photutils.utils import circular_footprint

    def call():
        image = CCDData.read(data('ground/TIC_125489084.01-S001-R055-C001-ip-sim.fit.bz2'))
        image.mask = image.data == 0
        clipped = sigma_clipped_stats(image.data, sigma=3.0, maxiters=5, mask=image.mask)
        unmasked = sigma_clipped_stats(image.data, sigma=3.0, maxiters=5)
        plain = [np.mean(image.data[~image.mask]), np.median(image.data[~image.mask]), np.mean(image.data),
                 np.median(image.data)]
        threshold = detect_threshold(image.data, n_sigma=2.0, sigma_clip=SigmaClip(sigma=3.0, maxiters=10),
                                     mask=image.mask)
        segm = detect_sources(image.data, threshold, n_pixels=10, mask=image.mask)
        sources = segm.make_source_mask(footprint=circular_footprint(radius=10))
        sourceless = sigma_clipped_stats(image.data, sigma=3, mask=sources)
        scalar = image.subtract(clipped[0] * u.adu)
        bkg = Background2D(image, box_size=200, filter_size=(9, 9), mask=image.mask,
                           sigma_clip=SigmaClip(sigma=3.0, maxiters=5), bkg_estimator=MeanBackground())
        flat = image.subtract(bkg.background)
        CCDData(bkg.background).write(f'{out}/background.fits', overwrite=True)
        flat.write(f'{out}/subtracted.fits', overwrite=True)
        assert scalar.shape == flat.shape
        return {'clipped': np.array(clipped), 'unmasked': np.array(unmasked), 'plain': np.array(plain[:2]),
                'sourceless': np.array(sourceless), 'background': np.array([bkg.background_median.value])}
    return call


def nircam(out):
    from astropy.io import fits
    from astropy.table import QTable
    from photutils.datasets import make_noise_image
    from photutils.detection import IRAFStarFinder
    from photutils.psf import GriddedPSFModel, PSFPhotometry, SourceGrouper, make_psf_model_image

    def call():
        name = 'nircam_nrca1_f200w_fovp101_samp4_npsf16.fits'
        with tempfile.TemporaryDirectory() as folder, gzip.open(data(f'psf/{name}.gz')) as packed:
            plain = os.path.join(folder, name)
            with open(plain, 'wb') as f:
                shutil.copyfileobj(packed, f)
            model = GriddedPSFModel.read(plain)
        shape = (2048, 2048)
        image, true = make_psf_model_image(shape, model, 500, model_shape=(101, 101), flux=(500, 20000),
                                           min_separation=25, seed=0)
        image += make_noise_image(shape, mean=0, stddev=0.5, seed=0)
        error = np.sqrt(np.abs(image))
        finder = IRAFStarFinder(threshold=6, fwhm=3)
        phot = PSFPhotometry(model, (5, 5), finder=finder, aperture_radius=5)
        alone = phot(image, error=error)
        residual = phot.make_residual_image(image)
        both = PSFPhotometry(model, (5, 5), finder=finder, aperture_radius=5, grouper=SourceGrouper(35))
        grouped = both(image, error=error)
        start = QTable({'x': [743.0], 'y': [1044.0]})
        one = PSFPhotometry(model, (5, 5), aperture_radius=5)
        single = one(image, error=error, init_params=start)
        residuals = (residual, both.make_residual_image(image), one.make_residual_image(image))
        for table, file in ((true, 'truth'), (alone, 'catalog'), (grouped, 'grouped'), (single, 'single')):
            table.write(f'{out}/{file}.ecsv', overwrite=True)
        assert all(r.shape == shape for r in residuals) and fits
        return {'x': alone['x_fit'], 'flux': alone['flux_fit'], 'grouped': grouped['flux_fit'],
                'groups': np.array([float(np.max(grouped['group_id']))])}
    return call


WORKFLOWS = {'xdf': xdf, 'roman': roman, 'miri': miri, 'gradient': gradient, 'nircam': nircam}

if __name__ == '__main__':
    warnings.simplefilter('ignore')
    np.seterr(all='ignore')
    np.savez(sys.argv[4], **{k: np.asarray(getattr(v, 'value', v), 'f8') for k, v in make(*sys.argv[1:4])().items()})
