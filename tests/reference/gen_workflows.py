"""The five tutorials with photutils, astropy and gwcs, on the files of the test data, as the recipes do them.

gen_workflows.py ROOT [NAME]: writes tests/it/fixtures/workflow_<name>.json. All arithmetic is in double precision (images
stored as float32 are converted first). Where a tutorial's own code is wrong, both numbers are computed.
"""

import gzip
import json
import os
import shutil
import sys
import tempfile
import warnings

import astropy.units as u
import numpy as np
from astropy.coordinates import SkyCoord, match_coordinates_sky
from astropy.io import fits
from astropy.stats import SigmaClip, sigma_clipped_stats
from astropy.table import Table
from astropy.wcs import WCS
from scipy import optimize

warnings.simplefilter("ignore")
DATA = os.environ.get("SKYPHOT_TEST_DATA")


def tight(least_squares):
    """scipy's minimiser run to convergence: with the default tolerances photutils' fits stop up to 1e-5 pixels away."""

    def run(*args, **kwargs):
        kwargs.update(ftol=1e-15, xtol=1e-14, gtol=1e-15, max_nfev=2000)
        return least_squares(*args, **kwargs)

    return run


optimize.least_squares = tight(optimize.least_squares)


def path(name):
    return os.path.join(DATA, name)


def listed(values, digits=14):
    return [None if not np.isfinite(v) else float(f"%.{digits}g" % v) for v in np.asarray(values, float)]


def stats(values):
    return [float(v) for v in values]


def ground():
    from photutils.background import Background2D, MeanBackground
    from photutils.segmentation import detect_sources, detect_threshold
    from photutils.utils import circular_footprint

    data = fits.getdata(path("ground/TIC_125489084.01-S001-R055-C001-ip-sim.fit.bz2")).astype(float)
    mask = data == 0
    clip = SigmaClip(sigma=3, maxiters=10)
    threshold = detect_threshold(data, n_sigma=2.0, sigma_clip=clip, mask=mask)
    segm = detect_sources(data, threshold, n_pixels=10, mask=mask)
    source_mask = segm.make_source_mask(footprint=circular_footprint(radius=10))
    options = {"sigma_clip": SigmaClip(sigma=3.0, maxiters=5), "bkg_estimator": MeanBackground(), "mask": mask}
    tutorial = Background2D(data, (200, 200), filter_size=(9, 9), **options)
    bkg = Background2D(data, (64, 64), filter_size=(3, 3), **options)
    ny, nx = data.shape

    def corners(image):
        """Mean of the lower left and the upper right quarter of each side, outside of sources."""
        out = []
        for rows, columns in ((slice(0, ny // 4), slice(0, nx // 4)), (slice(ny - ny // 4, ny), slice(nx - nx // 4, nx))):
            bad = (mask | source_mask)[rows, columns]
            out.append(float(sigma_clipped_stats(image[rows, columns], sigma=3, maxiters=5, mask=bad)[0]))
        return out

    flat = data - bkg.background
    places = [(y, x) for y in (0, 383, ny // 2, ny - 1) for x in (0, 383, nx // 2, nx - 1)]
    return {
        "plain": [float(np.mean(data[~mask])), float(np.median(data[~mask])), float(np.std(data[~mask]))],
        "clipped": stats(sigma_clipped_stats(data, sigma=3, maxiters=5, mask=mask)),
        "unmasked": stats(sigma_clipped_stats(data, sigma=3, maxiters=5)),
        "source_threshold": float(threshold[0, 0]),
        "source_segments": int(segm.n_labels),
        "source_pixels": int(source_mask.sum()),
        "sourceless": stats(sigma_clipped_stats(data, sigma=3, maxiters=5, mask=mask | source_mask)),
        "tutorial_median": float(tutorial.background_median),
        "tutorial_rms": float(tutorial.background_rms_median),
        "background_median": float(bkg.background_median),
        "background_rms": float(bkg.background_rms_median),
        "flat": stats(sigma_clipped_stats(flat, sigma=3, maxiters=5, mask=mask | source_mask)),
        "corners": {"before": corners(data), "tutorial": corners(data - tutorial.background), "after": corners(flat)},
        "background": [[y, x, float(bkg.background[y, x])] for y, x in places],
    }


def deep_field(shape=(420, 510)):
    """A field of galaxies by formula with a border without data; the same in Rust."""
    ny, nx = shape
    y, x = np.mgrid[0:ny, 0:nx].astype(float)
    data = np.zeros(shape)
    for k in range(60):
        cx = 40.0 + (k * 97 % 430) + 0.25 * (k % 4)
        cy = 45.0 + (k * 61 % 330) + 0.125 * (k % 5)
        a = 2.0 + (k * 7 % 9) * 0.5
        b = a * (0.45 + 0.05 * (k % 11))
        t = np.deg2rad((k * 37) % 180)
        flux = 0.05 * (1 + k % 13) * a
        dx, dy = x - cx, y - cy
        p = dx * np.cos(t) + dy * np.sin(t)
        q = -dx * np.sin(t) + dy * np.cos(t)
        data += flux / (2 * np.pi * a * b) * np.exp(-0.5 * ((p / a) ** 2 + (q / b) ** 2))
    i, j = np.mgrid[0:ny, 0:nx]
    noise = ((i * 7919 + j * 104729 + (i * j) % 1009 * 31) % 2003) / 2003.0 - 0.5
    data += 3.5e-4 * noise + 2e-5
    data[:20, :] = 0
    data[:, :25] = 0
    data[-15:, :] = 0
    data[:, -18:] = 0
    return data


def xdf():
    from photutils.aperture import EllipticalAnnulus, EllipticalAperture, aperture_photometry
    from photutils.centroids import centroid_2dg
    from photutils.detection import find_peaks
    from photutils.segmentation import SourceCatalog, detect_sources

    data = deep_field()
    mask = data == 0
    mean, median, std = sigma_clipped_stats(data, sigma=3, maxiters=5, mask=mask)
    peaks = find_peaks(data, threshold=20 * std, box_size=31, mask=mask, centroid_func=centroid_2dg)
    segm = detect_sources(data, 5 * std, n_pixels=15, mask=mask)
    cat = SourceCatalog(data, segm, mask=mask)
    xy = np.transpose([cat.x_centroid, cat.y_centroid])
    w = WCS(naxis=2)
    w.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    w.wcs.crpix = [256.0, 211.0]
    w.wcs.crval = [53.1625, -27.7914]
    w.wcs.cd = [[-1.6666666666667e-05, 0.0], [0.0, 1.6666666666667e-05]]
    out = {"sum": [], "area": [], "annulus": [], "annulus_area": [], "sky_sum": [], "subpixel": []}
    tilt = []
    for p, a, b, t in zip(xy, cat.semimajor_axis.value, cat.semiminor_axis.value, cat.orientation.to_value(u.rad)):
        inner = EllipticalAperture(p, 3 * a, 3 * b, theta=t)
        ring = EllipticalAnnulus(p, 4 * a, 5.5 * a, 5.5 * b, theta=t)
        row = aperture_photometry(data, [inner, ring], mask=mask)
        out["sum"].append(row["aperture_sum_0"][0])
        out["sky_sum"].append(aperture_photometry(data, inner.to_sky(w), mask=mask, wcs=w)["aperture_sum"][0])
        row5 = aperture_photometry(data, inner, mask=mask, method="subpixel", subpixels=5)
        out["subpixel"].append(row5["aperture_sum"][0])
        out["annulus"].append(row["aperture_sum_1"][0])
        out["area"].append(inner.area)
        out["annulus_area"].append(ring.area)
        tilt.append(t)
    out = {k: np.array(v) for k, v in out.items()}
    local = out["annulus"] / out["annulus_area"]
    seg_area = np.array([v.value for v in cat.area])
    ra, dec = w.all_pix2world(xy[:, 0], xy[:, 1], 0)
    return {
        "sky": [mean, median, std],
        "peaks": [listed(peaks["x_centroid"]), listed(peaks["y_centroid"])],
        "x_centroid": listed(xy[:, 0]), "y_centroid": listed(xy[:, 1]),
        "ra": listed(ra, 16), "dec": listed(dec, 16),
        "semimajor_axis": listed(cat.semimajor_axis.value), "orientation": listed(np.rad2deg(tilt)),
        "segment_area": listed(seg_area),
        "aperture_sum": listed(out["sum"]), "sky_sum": listed(out["sky_sum"]), "subpixel": listed(out["subpixel"]),
        "annulus_sum": listed(out["annulus"]),
        "bkgsub": listed(out["sum"] - local * out["area"]),
        "bkgsub_tutorial": listed(out["sum"] - local.mean() * seg_area),
    }


def roman_forced():
    import asdf
    from photutils.aperture import ApertureStats, CircularAnnulus, CircularAperture

    root = "roman/r0003201001001001004_0001_wfi01_f106"
    with asdf.open(path(root + "_cal.asdf"), lazy_load=False, memmap=False) as af:
        tree = af["roman"]
        data = np.array(tree["data"], float)
        err = np.array(tree["err"], float)
        dq = np.array(tree["dq"])
        wcs = tree["meta"]["wcs"]
        zpt = float(tree["meta"]["photometry"]["conversion_megajanskys"])
        pixel_area = float(tree["meta"]["photometry"]["pixel_area"])
    with asdf.open(path("roman/roman_wfi_area_wfi01_sub768.asdf"), lazy_load=False, memmap=False) as af:
        pam = np.array(af["roman"]["data"], float)
    data, err = data * pam, err * pam
    cat = Table.read(path(root + "_truth.ecsv"), format="ascii.ecsv")
    stars = cat[cat["type"] == "PSF"]
    x, y = wcs.invert(np.array(stars["ra"], float), np.array(stars["dec"], float))
    ok = np.isfinite(x) & np.isfinite(y)
    ny, nx = data.shape
    ok &= (x >= -0.5) & (y >= -0.5) & (x <= nx - 0.5) & (y <= ny - 0.5)
    stars, x, y = stars[ok], x[ok], y[ok]
    xy = np.transpose([x, y])
    ap = CircularAperture(xy, r=3)
    sums = ApertureStats(data, ap, error=err)
    sky = ApertureStats(data, CircularAnnulus(xy, 20, 25), sigma_clip=SigmaClip(3, maxiters=5), mask=dq != 0)
    ee = Table.read(path(root + "_ee.ecsv"), format="ascii.ecsv")
    correction = 1 / np.interp(3 * 0.11, ee["radius_arcsec"], ee["ee"])
    net = sums.sum - sky.median * ap.area
    flux = net * zpt * 1e6 * pixel_area * correction
    with np.errstate(all="ignore"):
        mag = np.where(flux > 0, -2.5 * np.log10(flux / 3631), np.nan)
        true = -2.5 * np.log10(np.array(stars["F106"], float))
    offset = true - mag
    return {
        "n": len(stars),
        "x_center": listed(x), "y_center": listed(y),
        "sum": listed(sums.sum), "sum_err": listed(sums.sum_err), "sky": listed(sky.median),
        "flux_jy": listed(flux), "mag_ab": listed(mag), "mag_true": listed(true),
        "ee_correction": float(correction), "jansky": zpt * 1e6 * pixel_area,
        "offset": stats(sigma_clipped_stats(offset[np.isfinite(offset)], sigma=5, maxiters=2)),
    }


BANDS = {
    "F560W": ("jwst/det_image_seq1_MIRIMAGE_F560Wexp1_cal.fits.gz", "jwst/complex_2021_level3_F560W_cat.ecsv", 1.636, -3.0),
    "F770W": ("jwst/det_image_seq2_MIRIMAGE_F770Wexp2_cal.fits.gz", "jwst/complex_2021_level3_F770W_cat.ecsv", 2.187, -3.5),
}


def miri_wcs(name):
    import asdf_astropy  # noqa: F401
    import asdf
    import io

    with fits.open(name) as hdus:
        raw = hdus["ASDF"].data["ASDF_METADATA"].tobytes() if "ASDF" in hdus else None
    with asdf.open(io.BytesIO(raw), lazy_load=False, memmap=False, ignore_unrecognized_tag=True) as af:
        return af["meta"]["wcs"]


def miri():
    return {band: one_band(*args) for band, args in BANDS.items()}


def one_band(image, catalog, fwhm, limit):
    from photutils.aperture import CircularAnnulus, CircularAperture, aperture_photometry
    from photutils.background import Background2D, MMMBackground
    from photutils.detection import DAOStarFinder

    with fits.open(path(image)) as hdus:
        data = hdus["SCI"].data.astype(float)
        dq = hdus["DQ"].data
        area = hdus["AREA"].data.astype(float)
    bad = ~np.isin(dq, [0, 2, 4, 6]) | ~np.isfinite(data)
    data[bad] = np.nan
    bkg = Background2D(data, (20, 20), filter_size=(11, 11), mask=bad,
                       sigma_clip=SigmaClip(sigma=3, maxiters=10), bkg_estimator=MMMBackground())
    sub = data - bkg.background
    rms = bkg.background_rms_median
    found = DAOStarFinder(threshold=5 * rms, fwhm=fwhm, exclude_border=True, min_separation=0.0)(sub, mask=bad)
    xy = np.transpose([found["x_centroid"], found["y_centroid"]])
    img = sub * area
    radii = [fwhm, 2 * fwhm, 3 * fwhm]
    apertures = [CircularAperture(xy, r=r) for r in radii]
    phot = aperture_photometry(img, apertures)
    sky, naive = [], []
    for m in CircularAnnulus(xy, 25, 35).to_mask(method="center"):
        v = m.get_values(img)
        v = v[np.isfinite(v)]
        sky.append(sigma_clipped_stats(v, sigma=3.5, maxiters=5)[1] if len(v) >= 10 else np.nan)
        w = m.multiply(img)
        w = w[(m.data > 0) & np.isfinite(w)]
        naive.append(sigma_clipped_stats(w, sigma=3.5, maxiters=5)[1] if len(w) >= 10 else np.nan)
    sky, naive = np.array(sky), np.array(naive)
    flux = [np.array(phot[f"aperture_sum_{k}"]) - sky * apertures[k].area for k in range(3)]
    good = np.all([np.isfinite(f) & (f > 0) for f in flux], axis=0)
    xy, sky, naive = xy[good], sky[good], naive[good]
    flux = [f[good] for f in flux]
    mag = [-2.5 * np.log10(f) for f in flux]
    wcs = miri_wcs(path(image))
    ra, dec = wcs.transform("detector", "world", xy[:, 0], xy[:, 1])
    mine = SkyCoord(ra, dec, unit="deg")
    cat = Table.read(path(catalog), format="ascii.ecsv")
    theirs = SkyCoord(cat["sky_centroid"]) if "sky_centroid" in cat.colnames else SkyCoord(
        cat["sky_centroid.ra"], cat["sky_centroid.dec"], unit="deg")
    i, d, _ = match_coordinates_sky(mine, theirs)
    back, _, _ = match_coordinates_sky(theirs, mine)
    pair = (d.arcsec < 0.055) & (back[i] == np.arange(len(mine)))
    ref = np.array(cat["aper_total_abmag"], float)[i]
    use = pair & (mag[1] < limit)
    delta = ref[use] - mag[1][use]
    zp = sigma_clipped_stats(delta[np.isfinite(delta)], sigma=2, maxiters=10)
    # Data quality within the largest circle: the tutorial's square of whole words, and the pixels of the circle.
    r = radii[2]
    square = [0, 0]
    for x, y in xy:
        j0, j1 = max(1, int(np.floor(y - r))), min(round(y + r) + 1, dq.shape[0])
        i0, i1 = max(1, int(np.floor(x - r))), min(round(x + r) + 1, dq.shape[1])
        w = dq[j0:j1, i0:i1]
        f = 6 if (w == 6).any() else 2 if (w == 2).any() else 4 if (w == 4).any() else 0
        square[0] += f in (2, 6)
        square[1] += f in (4, 6)
    yy, xx = np.indices(dq.shape)
    circle = [0, 0]
    for x, y in xy:
        w = dq[np.hypot(xx - x, yy - y) < r]
        circle[0] += bool((w & 2).any())
        circle[1] += bool((w & 4).any())
    ci10, ci21 = flux[1] / flux[0], flux[2] / flux[1]
    line = np.interp(ci10, [0.6, 1, 1.3, 1.7, 1.8, 2], [0, 1.5, 1.8, 1.9, 1.4, 0])
    return {
        "n_bad": int(bad.sum()), "background_median": float(bkg.background_median), "background_rms": float(rms),
        "n_found": len(found), "n_clean": len(xy),
        "x_centroid": listed(xy[:, 0]), "y_centroid": listed(xy[:, 1]),
        "ra": listed(ra, 16), "dec": listed(dec, 16),
        "sky": listed(sky), "flux_r0": listed(flux[0]), "flux_r1": listed(flux[1]), "flux_r2": listed(flux[2]),
        "n_matched": int(pair.sum()), "zero_point": float(zp[1]), "zero_point_scatter": float(zp[2]),
        "mag_ab": listed(mag[1] + zp[1]), "extended": [int(v) for v in ci21 > line],
        "square": square, "circle": circle,
        "sky_changed_by_edge": int(np.sum(np.abs(naive - sky) > 1e-12)),
        "sky_edge_largest": float(np.nanmax(np.abs(naive - sky))),
    }


def exercise():
    """The exercise of the MIRI tutorial: a random gradient, the numbers of which are those of make_model_params."""
    from photutils.aperture import CircularAnnulus, CircularAperture, aperture_photometry
    from photutils.background import Background2D, MMMBackground
    from photutils.datasets import make_model_params
    from photutils.detection import DAOStarFinder

    image, catalog, fwhm, limit = BANDS["F770W"]
    drawn = make_model_params((3, 3), 1, seed=7, **{name: (0, 1) for name in "abcde"})
    a, b, c, d, e = (float(drawn[name][0]) for name in "abcde")
    sx, sy = np.where(np.array([a, b]) > 0.5, 1, -1)
    with fits.open(path(image)) as hdus:
        data = hdus["SCI"].data.astype(float)
        dq = hdus["DQ"].data
        area = hdus["AREA"].data.astype(float)
    bad = ~np.isin(dq, [0, 2, 4, 6]) | ~np.isfinite(data)
    data[bad] = np.nan
    x, y = np.meshgrid(np.linspace(0, 1, data.shape[1]), np.linspace(0, 1, data.shape[0]))
    slopes = sx / (4 + 2 * (d - 0.5)), sy / (4 + 4 * (e - 0.5))
    gradient = 10 * (c - 0.5) * np.exp(slopes[0] * x) * np.exp(slopes[1] * y)
    bkg = Background2D(data + gradient, (20, 20), filter_size=(11, 11), mask=bad,
                       sigma_clip=SigmaClip(sigma=3, maxiters=10), bkg_estimator=MMMBackground())
    sub = data + gradient - bkg.background
    found = DAOStarFinder(threshold=5 * bkg.background_rms_median, fwhm=fwhm, exclude_border=True,
                          min_separation=0.0)(sub, mask=bad)
    xy = np.transpose([found["x_centroid"], found["y_centroid"]])
    img = data * area
    circle = CircularAperture(xy, r=2 * fwhm)
    sky = []
    for m in CircularAnnulus(xy, 25, 35).to_mask(method="center"):
        v = m.get_values(img)
        v = v[np.isfinite(v)]
        sky.append(sigma_clipped_stats(v, sigma=3.5, maxiters=5)[1] if len(v) >= 10 else np.nan)
    flux = np.array(aperture_photometry(img, circle)["aperture_sum"]) - np.array(sky) * circle.area
    good = np.isfinite(flux) & (flux > 0)
    xy, flux = xy[good], flux[good]
    ra, dec = miri_wcs(path(image)).transform("detector", "world", xy[:, 0], xy[:, 1])
    mine = SkyCoord(ra, dec, unit="deg")
    cat = Table.read(path(catalog), format="ascii.ecsv")
    theirs = SkyCoord(cat["sky_centroid"])
    i, dist, _ = match_coordinates_sky(mine, theirs)
    back, _, _ = match_coordinates_sky(theirs, mine)
    mag = -2.5 * np.log10(flux)
    use = (dist.arcsec < 0.055) & (back[i] == np.arange(len(mine))) & (mag < limit)
    delta = np.array(cat["aper_total_abmag"], float)[i][use] - mag[use]
    zp = sigma_clipped_stats(delta[np.isfinite(delta)], sigma=2, maxiters=10)
    return {
        "gradient": [10 * (c - 0.5), *map(float, slopes)], "background_median": float(bkg.background_median),
        "background_rms": float(bkg.background_rms_median), "n_found": len(found), "n_sources": len(xy),
        "flux": listed(flux), "zero_point": float(zp[1]), "flat": float(sigma_clipped_stats(sub[~bad], sigma=5, maxiters=5)[2]),
    }


def nircam():
    from photutils.datasets import make_noise_image
    from photutils.detection import IRAFStarFinder
    from photutils.psf import GriddedPSFModel, PSFPhotometry, SourceGrouper, make_psf_model_image

    name = "nircam_nrca1_f200w_fovp101_samp4_npsf16.fits"
    with tempfile.TemporaryDirectory() as folder, gzip.open(path(f"psf/{name}.gz")) as packed:
        plain = os.path.join(folder, name)
        with open(plain, "wb") as f:
            shutil.copyfileobj(packed, f)
        model = GriddedPSFModel.read(plain)
    shape = (2048, 2048)
    data, true = make_psf_model_image(shape, model, 500, model_shape=(101, 101), flux=(500, 20000),
                                      min_separation=25, seed=0)
    data += make_noise_image(shape, mean=0, stddev=0.5, seed=0)
    error = np.sqrt(np.abs(data))
    finder = IRAFStarFinder(threshold=6, fwhm=3)
    phot = PSFPhotometry(model, (5, 5), finder=finder, aperture_radius=5)(data, error=error)
    grouped = PSFPhotometry(model, (5, 5), finder=finder, aperture_radius=5, grouper=SourceGrouper(35))(data, error=error)
    single = PSFPhotometry(model, (5, 5), aperture_radius=5)(
        data, error=error, init_params=Table({"x": [743.0], "y": [1044.0]}))
    out = {"true": [listed(true["x_0"]), listed(true["y_0"]), listed(true["flux"])],
           "pixels": [[j, k, float(data[j, k])] for j in (100, 1000, 1774) for k in (50, 1290, 2000)]}
    for name, t in (("phot", phot), ("grouped", grouped), ("single", single)):
        out[name] = {c: listed(t[c]) for c in ("x_fit", "y_fit", "flux_fit", "flux_err")}
    out["n_groups"] = int(np.max(grouped["group_id"]))
    out["largest_group"] = int(np.max(grouped["group_size"]))
    return out


WORKFLOWS = {"ground": ground, "xdf": xdf, "roman": roman_forced, "miri": miri, "exercise": exercise, "nircam": nircam}


def main():
    if not DATA:
        print("skipped: the workflows: SKYPHOT_TEST_DATA is not set", file=sys.stderr)
        return
    fixtures = os.path.join(sys.argv[1], "tests/it/fixtures")
    os.makedirs(fixtures, exist_ok=True)
    import astropy
    import photutils

    for name, make in WORKFLOWS.items():
        if len(sys.argv) > 2 and name not in sys.argv[2:]:
            continue
        out = {"versions": {"photutils": photutils.__version__, "astropy": astropy.__version__}, **make()}
        with open(os.path.join(fixtures, f"workflow_{name}.json"), "w") as f:
            json.dump(out, f, indent=None, separators=(",", ":"))
            f.write("\n")
        print(name)


main()
