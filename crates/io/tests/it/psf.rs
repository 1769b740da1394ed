//! PSF files: what is written is read, in every layout, and what does not fit is refused.

use ndarray::{Array2, Array3, Axis};
use skyphot_core::Point;
use skyphot_io::{
    FileSpec, FitsHdu, Header, ImageHdu, PsfFile, read_psf, read_psf_grid, read_psf_image, read_psf_stack,
    read_psfex, write_fits, write_image, write_psf_grid, write_psf_image,
};

fn cube(n: usize, ny: usize, nx: usize) -> Array3<f64> {
    Array3::from_shape_fn((n, ny, nx), |(k, y, x)| (1000 * k + 10 * y + x) as f64)
}

fn write_cube(path: &std::path::Path, data: &Array3<f64>, cards: &[(&str, &str)]) {
    let (n, ny, nx) = data.dim();
    let rows = data.to_shape((n * ny, nx)).unwrap().to_owned();
    let mut header = Header::new();
    for (k, v) in cards {
        match v.parse::<f64>() {
            Ok(v) => header.set(k, v, "").unwrap(),
            Err(_) => header.set(k, *v, "").unwrap(),
        };
    }
    let hdu = ImageHdu { data: Some((&rows).into()), planes: Some(n), header, ..ImageHdu::default() };
    write_fits(path, &[FitsHdu::Image(hdu)], true).unwrap();
}

#[test]
fn grids_come_back() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("grid.fits");
    let data = cube(6, 7, 5);
    let at: Vec<Point> =
        (0..6).map(|k| Point::new(100.5 * f64::from(k % 3), 0.1 + 50.0 * f64::from(k / 3))).collect();
    for oversampling in [(4, 4), (3, 2)] {
        write_psf_grid(&path, data.view(), &at, oversampling, Header::new(), true).unwrap();
        let grid = read_psf_grid(&path, None).unwrap();
        assert_eq!((&grid.data, &grid.positions, grid.oversampling), (&data, &at, oversampling));
        assert!(matches!(read_psf(path.as_path(), None).unwrap(), PsfFile::Grid(_)));
    }
    assert!(write_psf_grid(&path, data.view(), &at[..5], (1, 1), Header::new(), true).is_err());
}

#[test]
fn positions_are_read_in_every_spelling() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("grid.fits");
    let data = cube(2, 4, 5);
    write_cube(&path, &data, &[("GRID_XY1", "(3, 4)"), ("GRID_XY2", "50.5 4"), ("OVERSAMP", "2")]);
    let grid = read_psf_grid(&path, None).unwrap();
    assert_eq!(grid.positions, [Point::new(3.0, 4.0), Point::new(50.5, 4.0)]);
    assert_eq!((grid.oversampling, &grid.data), ((2, 2), &data));

    let header = |k: usize| {
        let mut h = Header::new();
        h.set("GRID_X", 10.0 * k as f64, "").unwrap();
        h.set("GRID_Y", 7.0, "").unwrap();
        h.set("OVERSAMP", 3, "").unwrap();
        h
    };
    let planes: Vec<Array2<f64>> = data.outer_iter().map(|p| p.to_owned()).collect();
    let hdus: Vec<FitsHdu<'_>> =
        planes.iter().enumerate().map(|(k, p)| FitsHdu::image("PSF", p, header(k))).collect();
    write_fits(&path, &hdus, true).unwrap();
    let grid = read_psf_grid(&path, None).unwrap();
    assert_eq!(grid.positions, [Point::new(0.0, 7.0), Point::new(10.0, 7.0)]);
    assert_eq!((grid.oversampling, &grid.data), ((3, 3), &data));

    let mut files = Vec::new();
    for (k, p) in planes.iter().enumerate() {
        let path = dir.path().join(format!("{k}.fits"));
        write_image(&path, p, Some(&header(k)), true).unwrap();
        files.push(FileSpec::from(path.as_path()));
    }
    let stacked = read_psf_stack(&files).unwrap();
    assert_eq!((&stacked.data, &stacked.positions), (&grid.data, &grid.positions));
    write_image(dir.path().join("1.fits"), &planes[1], None, true).unwrap();
    assert!(read_psf_stack(&files).unwrap_err().to_string().contains("no position"));
}

#[test]
fn detectors_of_library_files_are_cut_out() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("STDPSF_WFPC2_F814W.fits");
    let data = cube(36, 4, 4);
    let lines = ["1", "400", "800", "801", "1200", "1600"];
    let mut cards = vec![("NXPSFS".to_owned(), "6"), ("NYPSFS".to_owned(), "6")];
    for (i, v) in lines.iter().enumerate() {
        cards.push((format!("IPSFX{:02}", i + 1), *v));
        cards.push((format!("JPSFY{:02}", i + 1), *v));
    }
    let cards: Vec<(&str, &str)> = cards.iter().map(|(k, v)| (k.as_str(), *v)).collect();
    write_cube(&path, &data, &cards);
    let e = read_psf_grid(&path, None).unwrap_err().to_string();
    assert!(e.contains("1 = PC, 2 = WF2, 3 = WF3, 4 = WF4"), "{e}");
    // WF2 is above on the left, PC above on the right.
    for (detector, first, name) in [(1, 21, "PC"), (2, 18, "WF2"), (3, 0, "WF3"), (4, 3, "WF4")] {
        let grid = read_psf_grid(&path, Some(detector)).unwrap();
        assert_eq!(grid.data.dim(), (9, 4, 4));
        assert_eq!(grid.data.index_axis(Axis(0), 0), data.index_axis(Axis(0), first));
        assert_eq!(grid.data.index_axis(Axis(0), 5), data.index_axis(Axis(0), first + 8));
        assert_eq!(grid.positions[0], Point::new(0.0, 0.0));
        assert_eq!(grid.positions[8], Point::new(799.0, 799.0));
        assert_eq!(grid.detector.as_deref(), Some(name));
        assert_eq!(grid.filter.as_deref(), Some("F814W"));
        assert_eq!(grid.oversampling, (4, 4));
    }
    assert!(read_psf_grid(&path, Some(5)).is_err());
    assert!(read_psf_grid(&path, Some(0)).is_err());
}

#[test]
fn images_come_back_and_other_files_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("psf.fits");
    let data = cube(1, 6, 7).index_axis_move(Axis(0), 0);
    write_psf_image(&path, data.view(), (2, 3), (3.25, 2.5), Header::new(), false).unwrap();
    let psf = read_psf_image(path.as_path()).unwrap();
    assert_eq!((&psf.data, psf.oversampling, psf.origin), (&data, Some((2, 3)), Some((3.25, 2.5))));
    assert!(matches!(read_psf(path.as_path(), None).unwrap(), PsfFile::Image(_)));
    assert!(read_psf_grid(&path, None).is_err() && read_psfex(&path).is_err());

    write_cube(&path, &cube(3, 4, 4), &[("GRID_XY0", "(1, 2)"), ("OVERSAMP", "1")]);
    assert!(read_psf_grid(&path, None).unwrap_err().to_string().contains("1 positions for 3 images"));
    write_cube(&path, &cube(1, 4, 4), &[("DET_YX0", "(1, 2)")]);
    assert!(read_psf_grid(&path, None).unwrap_err().to_string().contains("OVERSAMP"));
    write_cube(&path, &cube(2, 4, 4), &[("NXPSFS", "3"), ("NYPSFS", "1000000")]);
    assert!(read_psf_grid(&path, None).is_err());
}
