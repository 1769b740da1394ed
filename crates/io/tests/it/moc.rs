//! Coverage maps next to the cells of astropy_healpix, and their files.

use ndarray::Array2;
use serde_json::Value;
use skyphot_core::{Point, SkyCoord, SkyTransform};
use skyphot_io::{IoError, Moc, read_table};
use std::collections::BTreeSet;

/// A tangent plane with pixel (0, 0) at the tangent point.
struct Tangent {
    lon: f64,
    lat: f64,
    scale: f64,
}

impl SkyTransform for Tangent {
    fn pixel_to_sky(&self, p: Point) -> Option<SkyCoord> {
        let (xi, eta) = (-(p.x * self.scale / 3600.0).to_radians(), (p.y * self.scale / 3600.0).to_radians());
        let (a, d) = (self.lon.to_radians(), self.lat.to_radians());
        let (z, c) = (d.sin() + eta * d.cos(), d.cos() - eta * d.sin());
        let (lon, lat) = (a + xi.atan2(c), z.atan2(xi.hypot(c)));
        Some(SkyCoord { lon: lon.to_degrees(), lat: lat.to_degrees() })
    }

    fn sky_to_pixel(&self, _: SkyCoord) -> Option<Point> {
        None
    }
}

/// The mask of `gen_moc.py`.
fn mask() -> Array2<bool> {
    Array2::from_shape_fn((20, 30), |(y, x)| {
        let (dx, dy) = (x as i32 - 14, y as i32 - 9);
        dx * dx + 2 * dy * dy < 60 || (x > 24 && y < 3) || (x, y) == (2, 17)
    })
}

/// The cells at the map's order.
fn flat(moc: &Moc) -> BTreeSet<u64> {
    let cells = moc.cells();
    cells
        .iter()
        .flat_map(|(order, cell)| {
            let n = 1_u64 << (2 * (moc.order() - order));
            cell * n..(cell + 1) * n
        })
        .collect()
}

#[test]
fn cells_are_those_that_the_pixels_touch() {
    let fixture: Value = serde_json::from_str(include_str!("fixtures/moc.json")).unwrap();
    let mask = mask();
    let pixels = mask.iter().filter(|m| **m).count() as f64;
    for case in fixture["cases"].as_array().unwrap() {
        let number = |key: &str| case[key].as_f64().unwrap();
        let set = |key: &str| -> BTreeSet<u64> {
            case[key].as_array().unwrap().iter().map(|v| v.as_u64().unwrap()).collect()
        };
        let sky = Tangent { lon: number("lon"), lat: number("lat"), scale: number("scale") };
        let order = number("order") as u8;
        let moc = Moc::from_mask(mask.view(), &sky, Some(order)).unwrap();
        let (cells, centres, touched) = (flat(&moc), set("centres"), set("touched"));
        assert!(cells.is_superset(&centres) && cells.is_subset(&touched), "{sky_lon}", sky_lon = sky.lon);
        // What lies between the samples is little.
        assert!(cells.len() as f64 > 0.97 * touched.len() as f64, "{} of {}", cells.len(), touched.len());
        for ((y, x), m) in mask.indexed_iter() {
            assert!(!m || moc.contains(sky.pixel_to_sky(Point::new(x as f64, y as f64)).unwrap()));
        }
        // As large as the pixels at least, and no larger than these with two pixels around them all.
        let pixel = (sky.scale / 3600.0).powi(2);
        assert!(
            (pixels * pixel..3.0 * pixels * pixel).contains(&moc.area()),
            "{}",
            moc.area() / pixel / pixels
        );
        if order != 17 || sky.scale == 1.0 {
            assert_eq!(Moc::from_mask(mask.view(), &sky, None).unwrap(), moc);
        }
    }
}

#[test]
fn files_hold_the_same_cells() {
    let sky = Tangent { lon: 150.1, lat: 2.2, scale: 0.5 };
    let moc = Moc::from_mask(mask().view(), &sky, Some(21)).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    for name in ["m.fits", "m.json", "m.txt"] {
        moc.write(path(name), false).unwrap();
        assert!(matches!(moc.write(path(name), false), Err(IoError::Exists(_))), "{name}");
    }
    let cells: BTreeSet<(u8, u64)> = moc.cells().into_iter().collect();
    assert!(cells.iter().any(|c| c.0 < 21), "cells of several orders");
    let json: Value = serde_json::from_str(&std::fs::read_to_string(path("m.json")).unwrap()).unwrap();
    let of_json = json.as_object().unwrap().iter().flat_map(|(order, cells)| {
        let order = order.parse().unwrap();
        cells.as_array().unwrap().iter().map(move |c| (order, c.as_u64().unwrap()))
    });
    assert_eq!(of_json.collect::<BTreeSet<_>>(), cells);
    let mut of_text = BTreeSet::new();
    let mut order = 0;
    for word in std::fs::read_to_string(path("m.txt")).unwrap().split_whitespace() {
        let rest = word.split_once('/').map_or(word, |(o, rest)| {
            order = o.parse().unwrap();
            rest
        });
        let (first, last) = rest.split_once('-').unwrap_or((rest, rest));
        if !rest.is_empty() {
            let range = first.parse::<u64>().unwrap()..=last.parse().unwrap();
            of_text.extend(range.map(|c| (order, c)));
        }
    }
    assert_eq!(of_text, cells);
    // The table of ranges at order 29.
    let bytes = std::fs::read(path("m.fits")).unwrap();
    assert_eq!(bytes.len() % 2880, 0);
    let header = String::from_utf8_lossy(&bytes[2880..5760]).into_owned();
    for card in ["MOCVERS = '2.0", "MOCDIM  = 'SPACE", "ORDERING= 'RANGE", "MOCORD_S=", "COORDSYS= 'C"] {
        assert!(header.contains(card), "{card} in {header}");
    }
    let table = read_table(path("m.fits")).unwrap();
    let ends = table.column("RANGE").unwrap().to_i64().unwrap();
    let of_fits: BTreeSet<u64> =
        ends.chunks(2).flat_map(|r| (r[0] >> 16) as u64..(r[1] >> 16) as u64).collect();
    assert_eq!(of_fits, flat(&moc));
}

#[test]
fn what_cannot_be_covered_is_an_error() {
    let sky = Tangent { lon: 10.0, lat: 0.0, scale: 1.0 };
    let text = |m: skyphot_io::Result<Moc>| m.unwrap_err().to_string();
    assert!(text(Moc::from_mask(mask().view(), &sky, Some(30))).contains("0 to 29"));
    let fine = text(Moc::from_mask(mask().view(), &sky, Some(29)));
    let most: u8 = fine.split("at most ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    assert!(Moc::from_mask(mask().view(), &sky, Some(most)).is_ok(), "{fine}");
    assert!(Moc::from_mask(mask().view(), &sky, Some(most + 1)).is_err(), "{fine}");
    assert!(Moc::check_name("a.png").unwrap_err().to_string().contains(".fits"));
    struct Nowhere;
    impl SkyTransform for Nowhere {
        fn pixel_to_sky(&self, _: Point) -> Option<SkyCoord> {
            None
        }
        fn sky_to_pixel(&self, _: SkyCoord) -> Option<Point> {
            None
        }
    }
    assert!(text(Moc::from_mask(mask().view(), &Nowhere, None)).contains("found none"));
    // Nothing in the mask, no pixel at all.
    let none = Moc::from_mask(Array2::from_elem((5, 5), false).view(), &sky, None).unwrap();
    assert!(none.is_empty() && none.area() == 0.0 && !none.to_json().unwrap().is_empty());
    assert!(!none.to_fits().unwrap().is_empty());
    assert!(Moc::from_mask(Array2::from_elem((0, 0), true).view(), &sky, None).unwrap().is_empty());
}
