//! The number of threads never changes a byte.

use crate::support::{folder, ok};

#[test]
fn one_two_and_three_threads_write_the_same_bytes() {
    let dir = folder();
    let d = dir.path();
    for n in ["1", "2", "3"] {
        let out = format!("run{n}");
        ok(d, &["run", "image.fits", "--annulus", "8,12", "-o", &out, "--threads", n]);
        for finder in ["dao", "iraf", "star", "peaks"] {
            let cat = format!("{finder}{n}.ecsv");
            ok(
                d,
                &[
                    "detect",
                    "image.fits",
                    "--finder",
                    finder,
                    "--centroid",
                    "2dg",
                    "-o",
                    &cat,
                    "--threads",
                    n,
                ],
            );
        }
    }
    let read = |name: String| std::fs::read(d.join(&name)).unwrap_or_else(|e| panic!("{name}: {e}"));
    for n in ["2", "3"] {
        for name in ["catalog.ecsv", "background.fits", "rms.fits", "overlay.png"] {
            assert_eq!(read(format!("run1/{name}")), read(format!("run{n}/{name}")), "{name}, {n} threads");
        }
        for finder in ["dao", "iraf", "star", "peaks"] {
            assert_eq!(
                read(format!("{finder}1.ecsv")),
                read(format!("{finder}{n}.ecsv")),
                "{finder}, {n} threads"
            );
        }
    }
}
