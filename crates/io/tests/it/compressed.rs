//! Threads, streams and compressed inputs.

use std::io::Write;

use ndarray::Array2;
use skyphot_io::{FitsFile, HduSelector, write_image};

#[test]
fn several_threads_read_compressed_files_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let paths: Vec<_> = (0..4).map(|k| dir.path().join(format!("{k}.fits.fz"))).collect();
    for (k, p) in paths.iter().enumerate() {
        write_image(p, &Array2::from_elem((64, 64), k as i16), None, false).unwrap();
    }
    std::thread::scope(|scope| {
        for _ in 0..3 {
            for (k, p) in paths.iter().enumerate() {
                scope.spawn(move || {
                    let file = FitsFile::open(p).unwrap();
                    let data = file.read_image::<f32>(&HduSelector::Auto).unwrap();
                    assert!(data.iter().all(|&v| v == k as f32));
                });
            }
        }
    });
}

#[test]
fn members_of_gzip_files_are_put_together() {
    let dir = tempfile::tempdir().unwrap();
    let plain = dir.path().join("a.fits");
    write_image(&plain, &Array2::from_elem((50, 60), 2.5_f32), None, false).unwrap();
    let bytes = std::fs::read(&plain).unwrap();
    let mut out = Vec::new();
    for part in bytes.chunks(5000) {
        let mut z = flate2::write::GzEncoder::new(&mut out, flate2::Compression::fast());
        z.write_all(part).unwrap();
        z.finish().unwrap();
    }
    // The suffix does not matter, the content does.
    let packed = dir.path().join("a.bin");
    std::fs::write(&packed, &out).unwrap();
    let data = FitsFile::open(&packed).unwrap().read_image::<f64>(&HduSelector::Auto).unwrap();
    assert_eq!(data, Array2::from_elem((50, 60), 2.5));
    std::fs::write(&packed, &out[..out.len() - 20]).unwrap();
    assert!(FitsFile::open(&packed).unwrap_err().to_string().contains("gzip"));
}
