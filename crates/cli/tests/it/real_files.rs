//! `skyphot run` on every real science image, and a clear refusal of what is not one.

use skyphot::core::testing::test_data;

use crate::support::{folder, ok, skyphot};

/// Science frames: the image is measured without any option.
const SCIENCE: &[&str] = &[
    "real/HSC-0908120-056-small.fits",
    "real/M51.fits",
    "real/M6707HH.fits.gz",
    "real/c4d_170916_045042_ooi_r_ls9.N15.fits",
    "real/decam-520206-S16-image-sub.fits",
    "real/dss_hd219829.fits",
    "real/frame-r-001000-1-0100.fits.bz2",
    "real/gc_2mass_k.fits.gz",
    "real/gc_msx_e.fits",
    "real/ic3478rss_256.fits",
    "real/mystery_VIKING_Z.fits",
    "real/reprojected_sdss_g.fits.bz2",
    "real/sep_image.fits",
    "real/spitzer_example_image.fits",
    "real/ukidss_image.fits",
    "ground/TIC-367710318-tiny.fit.bz2",
    "ground/TIC_125489084.01-S001-R055-C001-ip-sim.fit.bz2",
    "ground/a8280271.fits",
    "ground/center_cutout_1.fits",
    "ground/maximdl_5_23_header.fit",
    "ground/noheader.fits",
    "ground/pole.fits",
    "ground/solved.fits.fz",
    "ground/thumbnail-image.fit.gz",
    "fits/m13/m13.fits",
    "fits/m13/m13_rice.fits",
    "fits/m13/m13_hcomp.fits",
    "fits/galsim/testF.fits",
    "fits/made/bitpix16.fits",
    "fits/made/nan_inf_f4.fits",
    "fits/made/degenerate4d.fits",
    "fits/made/mef_dup_extname.fits",
    "fits/made/c_rice_f4_dither2.fits.fz",
];

/// Planes of other images, tables and headers, with words of the refusal.
const REFUSED: &[(&str, &str)] = &[
    ("real/c4d_170916_045042_ood_r_ls9.N15.fits", "--dq"),
    ("real/c4d_170916_045042_oow_r_ls9.N15.fits", "--weight"),
    ("real/decam-520206-S16-invvar-sub.fits", "--weight"),
    ("real/photoObj-001000-1-0100.fits", "two-dimensional image"),
    ("fits/made/cube3d.fits", "two-dimensional"),
    ("fits/astropy/btable.fits", "two-dimensional image"),
    ("fits/astropy/history_header.fits", "two-dimensional image"),
    ("real/sep_image.cat", "neither FITS nor ASDF"),
    ("real/spitzer_example_catalog.xml", "neither FITS nor ASDF"),
];

#[test]
fn every_science_image_gives_a_catalogue() {
    let dir = folder();
    let mut failed = Vec::new();
    for file in SCIENCE {
        let Some(path) = test_data(file) else { continue };
        let r = skyphot(dir.path(), &["run", path.to_str().unwrap(), "-o", "out", "--force"]);
        if r.code != 0 || skyphot::io::read_table(dir.path().join("out/catalog.ecsv")).is_err() {
            failed.push(format!("{file}: code {}\n{}{}", r.code, r.out, r.err));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn other_frames_are_refused_in_words() {
    let dir = folder();
    for (file, words) in REFUSED {
        let Some(path) = test_data(file) else { continue };
        let r = skyphot(dir.path(), &["run", path.to_str().unwrap(), "-o", "out"]);
        assert_eq!(r.code, 1, "{file}: {}{}", r.out, r.err);
        assert!(r.err.contains(words), "{file} should say {words:?}:\n{}", r.err);
        assert!(!dir.path().join("out").exists(), "{file} left a folder");
    }
}

#[test]
fn planes_go_with_their_image() {
    let dir = folder();
    let name = |k: &str| format!("real/c4d_170916_045042_oo{k}_r_ls9.N15.fits");
    let (Some(i), Some(d), Some(w)) = (test_data(&name("i")), test_data(&name("d")), test_data(&name("w")))
    else {
        return;
    };
    let text = |p: &std::path::Path| p.to_str().unwrap().to_owned();
    let r = ok(
        dir.path(),
        &["run", &text(&i), "--dq", &text(&d), "--weight", &text(&w), "--gain", "4", "-o", "out"],
    );
    assert!(r.out.contains("bad"), "{}", r.out);
}
