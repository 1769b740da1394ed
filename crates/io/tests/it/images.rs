//! Our images read back.

use std::path::Path;

use ndarray::{Array2, s};
use skyphot_core::{BoundingBox, HeaderView};
use skyphot_io::{
    ChecksumStatus, FitsFile, FitsHdu, HduSelector, Header, ImageData, ImageFile, ImageHdu, IoError,
    PixelType, UncertaintyKind, read_image, write_fits, write_image, write_label_rows,
};

fn pattern<T>(ny: usize, nx: usize, f: impl Fn(u32) -> T) -> Array2<T> {
    Array2::from_shape_fn((ny, nx), |(y, x)| f((100 * y + x) as u32))
}

fn header() -> Header {
    let mut h = Header::new();
    h.set("BITPIX", 16, "is replaced").unwrap();
    h.set("BZERO", 7.0, "is replaced").unwrap();
    h.set("EXPTIME", 12.5, "[s] time").unwrap();
    h.set("LONGNOTE", "word ".repeat(30).as_str(), "long").unwrap();
    h.set("ESO DET GAIN", 1.25, "").unwrap();
    h.add_comment("kept");
    h.add_history("kept as well");
    h
}

#[test]
fn every_type_and_suffix() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b, c, d) = (
        pattern(23, 31, |v| (v % 251) as u8),
        pattern(23, 31, |v| v as i16 - 900),
        pattern(23, 31, |v| v as u16 + 40000),
        pattern(23, 31, |v| v as i32 - 70000),
    );
    let (e, f, g, h) = (
        pattern(23, 31, |v| v + 3_000_000_000),
        pattern(23, 31, |v| i64::from(v) - (1 << 52)),
        pattern(23, 31, |v| v as f32 * 0.5),
        pattern(23, 31, |v| f64::from(v) / 3.0),
    );
    let all: [(ImageData<'_>, Array2<f64>, i64); 8] = [
        ((&a).into(), a.mapv(f64::from), 8),
        ((&b).into(), b.mapv(f64::from), 16),
        ((&c).into(), c.mapv(f64::from), 16),
        ((&d).into(), d.mapv(f64::from), 32),
        ((&e).into(), e.mapv(f64::from), 32),
        ((&f).into(), f.mapv(|v| v as f64), 64),
        ((&g).into(), g.mapv(f64::from), -32),
        ((&h).into(), h.clone(), -64),
    ];
    for (i, (data, values, bitpix)) in all.iter().enumerate() {
        for suffix in ["fits", "fits.gz", "fits.bz2", "fits.xz", "fits.fz"] {
            let path = dir.path().join(format!("{i}.{suffix}"));
            let tiles = suffix == "fits.fz";
            let result = write_image(&path, *data, Some(&header()), false);
            if tiles && *bitpix == 64 {
                assert!(matches!(result, Err(IoError::Unsupported { .. })));
                assert!(!path.exists());
                continue;
            }
            result.unwrap();
            let back = read_image::<f64>(&path).unwrap_or_else(|e| panic!("{e}"));
            let worst = (&back.data - values).mapv(f64::abs).fold(0.0_f64, |a, &b| a.max(b));
            let allowed = if tiles && *bitpix < 0 { 0.3 } else { 0.0 };
            assert!(worst <= allowed, "{i} {suffix}: {worst}");
            let file = FitsFile::open(&path).unwrap();
            assert!(file.warnings().is_empty());
            let info = file.image_hdu(&HduSelector::Auto).unwrap();
            assert_eq!((info.bitpix, info.compressed, info.index), (*bitpix, tiles, usize::from(tiles)));
            let h = &back.header;
            assert_eq!(h.get_f64("EXPTIME"), Some(12.5), "{suffix}");
            assert_eq!(h.card("EXPTIME").unwrap().comment(), "[s] time");
            assert_eq!(h.get_str("LONGNOTE").unwrap(), "word ".repeat(30).trim_end());
            assert_eq!(h.get_f64("ESO DET GAIN"), Some(1.25));
            assert_eq!(h.get_i64("BITPIX"), Some(*bitpix));
            assert_eq!((h.comments().contains(&"kept"), h.history()), (true, vec!["kept as well"]));
            assert_eq!(
                info.pixel_type(),
                if matches!(bitpix, 8 | 16 | -32) { PixelType::F32 } else { PixelType::F64 }
            );
        }
    }
}

#[test]
fn a_header_survives_a_second_trip_record_by_record() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (dir.path().join("1.fits"), dir.path().join("2.fits"));
    let data = pattern(4, 5, |v| v as f32);
    write_image(&one, &data, Some(&header()), false).unwrap();
    let first = read_image::<f32>(&one).unwrap();
    write_image(&two, &first.data, Some(&first.header), false).unwrap();
    assert_eq!(std::fs::read(&one).unwrap(), std::fs::read(&two).unwrap());
}

#[test]
fn extensions_by_number_name_and_version() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("mef.fits");
    let planes: Vec<Array2<f32>> = (0..4).map(|k| pattern(6, 7, |v| v as f32 + 1000.0 * k as f32)).collect();
    let hdu = |k: usize, name: &str, version| {
        FitsHdu::Image(ImageHdu {
            name: Some(name.to_owned()),
            version: Some(version),
            data: Some((&planes[k]).into()),
            ..ImageHdu::default()
        })
    };
    let primary = FitsHdu::Image(ImageHdu { header: header(), ..ImageHdu::default() });
    write_fits(
        &path,
        &[primary, hdu(0, "ERR", 1), hdu(1, "SCI", 1), hdu(2, "SCI", 2), hdu(3, "DQ", 1)],
        false,
    )
    .unwrap();
    let first = |ext: &str| read_image::<f64>(format!("{}{ext}", path.display())).map(|i| i.data[[0, 0]]);
    assert_eq!(first("").unwrap(), 1000.0); // SCI, not ERR which comes first
    assert_eq!(first("[1]").unwrap(), 0.0);
    assert_eq!(first("[sci]").unwrap(), 1000.0);
    assert_eq!(first("[SCI,2]").unwrap(), 2000.0);
    assert_eq!(first("[DQ]").unwrap(), 3000.0);
    let e = first("[WHT]").unwrap_err().to_string();
    assert!(e.contains("no HDU [WHT]") && e.contains("3 [SCI,2]: 2-D image of shape (6, 7), float32"), "{e}");
    let e = first("[0]").unwrap_err().to_string();
    assert!(e.contains("expected a two-dimensional image, found a header without data"), "{e}");
    let file = FitsFile::open(&path).unwrap();
    assert_eq!(file.header(&HduSelector::Index(0)).unwrap().get_f64("EXPTIME"), Some(12.5));
    assert_eq!(file.verify_checksum(&HduSelector::Index(1)).unwrap(), ChecksumStatus::Absent);
    assert!(matches!(file.read_table(&HduSelector::Auto), Err(IoError::NothingSuitable { .. })));
}

#[test]
fn any_strides_and_cutouts() {
    let dir = tempfile::tempdir().unwrap();
    let data = pattern(40, 50, |v| v as f32);
    for (name, fz) in [("a.fits", false), ("a.fits.fz", true)] {
        let path = dir.path().join(name);
        let ints = data.mapv(|v| v as i32);
        let view = ints.slice(s![..;-1, 3..40;2]);
        write_image(&path, view, None, false).unwrap();
        let back = read_image::<f32>(&path).unwrap().data;
        assert_eq!(back, view.mapv(|v| v as f32));
        let file = FitsFile::open(&path).unwrap();
        assert_eq!(file.image_hdu(&HduSelector::Auto).unwrap().compressed, fz);
        let b = BoundingBox::new(2, 9, 30, 40).unwrap();
        let cut = file.read_cutout::<f32>(&HduSelector::Auto, &b).unwrap();
        assert_eq!(cut, back.slice(s![30..40, 2..9]));
        let any = ImageFile::open(&path).unwrap();
        assert!(any.is_read_by_parts());
        assert_eq!(any.image_shape(&HduSelector::Auto).unwrap(), back.dim());
        assert_eq!(any.read_cutout::<f32>(&HduSelector::Auto, &b).unwrap(), cut);
        let bits = any.read_dq_cutout(&HduSelector::Auto, &b).unwrap();
        assert_eq!(bits, any.read_dq(&HduSelector::Auto).unwrap().slice(s![30..40, 2..9]));
        for (x0, x1, y0, y1) in [(-1, 3, 0, 3), (0, 20, 0, 3), (0, 3, 39, 41), (5, 5, 1, 2)] {
            let b = BoundingBox::new(x0, x1, y0, y1).unwrap();
            assert!(matches!(
                file.read_cutout::<f32>(&HduSelector::Auto, &b),
                Err(IoError::OutsideImage { .. })
            ));
        }
    }
}

/// Label images that are written row by row are what they were, header included, and never half-written.
#[test]
fn labels_by_rows() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("labels.fits");
    for (ny, nx) in [(1, 1), (7, 3000), (1500, 1200)] {
        let labels = Array2::from_shape_fn((ny, nx), |(y, x)| ((y / 9 * 131 + x / 7) % 50_021) as i32 * 1001);
        let mut rows_seen = 0;
        write_label_rows(&path, (ny, nx), "SEGM", &header(), true, |rows, out| {
            assert_eq!(rows.start, rows_seen);
            rows_seen = rows.end;
            out.iter_mut().zip(labels.slice(s![rows, ..])).for_each(|(o, l)| *o = *l);
        })
        .unwrap();
        assert_eq!(rows_seen, ny);
        let file = FitsFile::open(&path).unwrap();
        let info = file.image_hdu(&HduSelector::name("SEGM")).unwrap();
        assert!(info.compressed && info.bitpix == 32);
        assert_eq!(info.header.get_f64("EXPTIME"), Some(12.5));
        let back = file.read_image::<f64>(&HduSelector::Auto).unwrap();
        assert_eq!(back, labels.mapv(f64::from));
    }
    assert!(matches!(
        write_label_rows(&path, (1, 1), "SEGM", &Header::new(), false, |_, _| {}),
        Err(IoError::Exists(_))
    ));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn weights_variances_and_masks() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("w.fits");
    let plane = ndarray::array![[4.0_f32, 0.0, -1.0], [f32::NAN, f32::INFINITY, 0.25]];
    write_image(&path, &plane, None, false).unwrap();
    let file = FitsFile::open(&path).unwrap();
    let w = file.read_error::<f64>(&HduSelector::Auto, UncertaintyKind::Weight).unwrap();
    assert_eq!(w.mask, ndarray::array![[false, true, true], [true, false, false]]);
    assert_eq!((w.error[[0, 0]], w.error[[1, 1]], w.error[[1, 2]]), (0.5, 0.0, 2.0));
    let v = file.read_error::<f32>(&HduSelector::Auto, UncertaintyKind::Variance).unwrap();
    assert_eq!((v.error[[0, 0]], v.error[[0, 1]], v.error[[1, 2]]), (2.0, 0.0, 0.5));
    assert_eq!(v.mask, ndarray::array![[false, false, true], [true, true, false]]);
    let m = file.read_mask(&HduSelector::Auto).unwrap();
    assert_eq!(m, ndarray::array![[true, false, true], [true, true, true]]);

    let dq = pattern(3, 4, |v| v | 1 << 31);
    write_image(dir.path().join("dq.fits"), &dq, None, false).unwrap();
    let back = FitsFile::open(dir.path().join("dq.fits")).unwrap().read_dq(&HduSelector::Auto).unwrap();
    assert_eq!(back, dq);
    write_image(dir.path().join("dq.fits.fz"), &dq, None, false).unwrap();
    let back = FitsFile::open(dir.path().join("dq.fits.fz")).unwrap().read_dq(&HduSelector::Auto).unwrap();
    assert_eq!(back, dq);
    // Signed integers are taken bit by bit.
    let signed = dq.mapv(|v| v as i32);
    write_image(dir.path().join("dqs.fits"), &signed, None, false).unwrap();
    assert_eq!(FitsFile::open(dir.path().join("dqs.fits")).unwrap().read_dq(&HduSelector::Auto).unwrap(), dq);
}

/// Images whose pixel `(x, y)` is `100 y + x`.
pub(crate) fn write_for_astropy(folder: &Path) {
    for suffix in ["fits", "fits.gz", "fits.bz2", "fits.fz"] {
        let h = header();
        let (a, b) = (pattern(40, 50, |v| v as f32), pattern(40, 50, f64::from));
        let (c, d, e) =
            (pattern(40, 50, |v| v as i16), pattern(40, 50, |v| v as u16), pattern(40, 50, |v| v));
        let hdus = [
            FitsHdu::image("F4", &a, h.clone()),
            FitsHdu::image("F8", &b, h.clone()),
            FitsHdu::image("I2", &c, h.clone()),
            FitsHdu::image("U2", &d, h.clone()),
            FitsHdu::image("U4", &e, h.clone()),
        ];
        write_fits(folder.join(format!("image.{suffix}")), &hdus, true).unwrap();
    }
}
