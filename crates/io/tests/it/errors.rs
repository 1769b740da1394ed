//! Wrong input, each with a message that says what is wrong.

use ndarray::Array2;
use proptest::prelude::*;
use skyphot_core::Table;
use skyphot_io::{
    FitsFile, HduSelector, IoError, TableOptions, read_image, read_table, write_image, write_table,
};

#[test]
fn messages() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    assert!(matches!(read_image::<f32>(at("none.fits")), Err(IoError::Missing(_))));
    assert!(matches!(read_table(at("none.ecsv")), Err(IoError::Missing(_))));
    assert!(matches!(FitsFile::open(dir.path()), Err(IoError::System { .. })));
    std::fs::write(at("empty.fits"), "").unwrap();
    assert!(matches!(read_image::<f32>(at("empty.fits")), Err(IoError::Empty(_))));
    std::fs::write(at("text.fits"), "no FITS at all").unwrap();
    let e = read_image::<f32>(at("text.fits")).unwrap_err().to_string();
    assert!(e.contains("neither FITS nor ASDF") && e.contains("no FITS at all"), "{e}");

    write_image(at("a.fits"), &Array2::<f32>::zeros((3, 4)), None, false).unwrap();
    let e = write_image(at("a.fits"), &Array2::<f32>::zeros((3, 4)), None, false).unwrap_err().to_string();
    assert!(e.ends_with("a.fits: the file exists and overwriting was not asked for"), "{e}");
    write_image(at("a.fits"), &Array2::<f32>::ones((3, 4)), None, true).unwrap();
    assert!(write_image(at("no/a.fits"), &Array2::<f32>::zeros((3, 4)), None, false).is_err());
    assert!(matches!(
        write_table(at("table"), &Table::new(), &TableOptions::default()),
        Err(IoError::UnknownFormat { .. })
    ));

    std::fs::write(
        at("a.ecsv"),
        "# %ECSV 1.0\n# ---\n# datatype:\n# - {name: a, datatype: int64}\na\n1\nx\n",
    )
    .unwrap();
    let e = read_table(at("a.ecsv")).unwrap_err().to_string();
    assert!(e.ends_with("ECSV, line 7: expected int64, found 'x'"), "{e}");
    std::fs::write(
        at("a.ecsv"),
        "# %ECSV 1.0\n# ---\n# datatype:\n# - {name: a, datatype: int64}\na\n1\n2 3\n",
    )
    .unwrap();
    let e = read_table(at("a.ecsv")).unwrap_err().to_string();
    assert!(e.ends_with("ECSV, line 7: expected 1 values, found 2"), "{e}");
    // Nothing but the files above is left behind.
    let left: Vec<_> = std::fs::read_dir(dir.path()).unwrap().map(|f| f.unwrap().file_name()).collect();
    assert_eq!(left.len(), 4, "{left:?}");
}

#[test]
fn one_and_three_dimensions_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cube.fits");
    write_image(&path, &Array2::from_shape_fn((6, 4), |(y, x)| (10 * y + x) as i16), None, false).unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    // The same pixels as a cube of 3 planes of 2 x 4.
    let text = |n: usize, s: &str, bytes: &mut Vec<u8>| {
        bytes[n * 80..n * 80 + s.len()].copy_from_slice(s.as_bytes())
    };
    text(2, "NAXIS   =                    3", &mut bytes);
    text(4, "NAXIS2  =                    2", &mut bytes);
    text(5, &format!("{:<80}", "NAXIS3  =                    3"), &mut bytes);
    text(6, "END", &mut bytes);
    let file = FitsFile::from_bytes("cube.fits", bytes.clone()).unwrap();
    let e = file.read_image::<f32>(&HduSelector::Auto).unwrap_err().to_string();
    assert_eq!(
        e,
        "cube.fits: no two-dimensional image in this file; it has: 0: 3-D image of shape (3, 2, 4), int16"
    );
    let e = file.read_image::<f32>(&HduSelector::Index(0)).unwrap_err().to_string();
    assert!(
        e.ends_with("expected a two-dimensional image, found a 3-D image of shape (3, 2, 4), int16"),
        "{e}"
    );
    let plane = file.read_plane::<f32>(&HduSelector::Index(0), 2).unwrap();
    assert_eq!(plane, ndarray::array![[40.0, 41.0, 42.0, 43.0], [50.0, 51.0, 52.0, 53.0]]);
    assert!(file.read_plane::<f32>(&HduSelector::Index(0), 3).is_err());
    text(2, "NAXIS   =                    1", &mut bytes);
    let e = FitsFile::from_bytes("line.fits", bytes).unwrap().read_image::<f32>(&HduSelector::Auto);
    assert!(e.unwrap_err().to_string().contains("1-D image of shape (4)"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Random damage to a small file never does worse than an error.
    #[test]
    fn damage_is_an_error(places in prop::collection::vec((0_usize..5760, any::<u8>()), 1..6), cut in 0_usize..5760) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.fits");
        write_image(&path, &Array2::from_elem((20, 30), 1.0_f32), None, false).unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        for (at, b) in places {
            bytes[at % 600] = b;
        }
        bytes.truncate(bytes.len() - cut % 3000);
        if let Ok(file) = FitsFile::from_bytes("a.fits", bytes) {
            for hdu in file.hdus() {
                let _ = file.read_image::<f32>(&HduSelector::Index(hdu.index));
                let _ = file.read_table(&HduSelector::Index(hdu.index));
            }
        }
    }
}
