//! Regions as apertures and back against photutils' `region_to_aperture` and `aperture_to_region`.

#![allow(clippy::unwrap_used)]

use serde_json::Value;
use skyphot_aperture::{
    ApertureError, PixelShape, SkyShape, pixel_to_region, region_to_pixel, region_to_sky, sky_to_region,
};
use skyphot_core::region::{Region, RegionFrame, RegionPoint, RegionShape};
use skyphot_core::{Point, SkyCoord, SkyTransform};

/// Shapes as gen_region_apertures.py has them: name, numbers in the order of our vocabulary.
fn shapes() -> Vec<(&'static str, RegionShape)> {
    let center = RegionPoint::new(20.5, 30.25);
    let p = |x, y| RegionPoint::new(x, y);
    vec![
        ("circle", RegionShape::Circle { center, radius: 3.5 }),
        ("circle annulus", RegionShape::CircularAnnulus { center, inner: 3.5, outer: 6.0 }),
        ("ellipse", RegionShape::Ellipse { center, a: 4.0, b: 1.5, angle_deg: 33.0 }),
        (
            "ellipse annulus",
            RegionShape::EllipticalAnnulus { center, inner: (2.0, 1.0), outer: (5.0, 3.0), angle_deg: 33.0 },
        ),
        ("rectangle", RegionShape::Rectangle { center, width: 8.0, height: 3.0, angle_deg: -50.0 }),
        (
            "rectangle annulus",
            RegionShape::RectangularAnnulus {
                center,
                inner: (2.0, 1.0),
                outer: (5.0, 3.0),
                angle_deg: -50.0,
            },
        ),
        (
            "polygon",
            RegionShape::Polygon {
                vertices: vec![p(20.0, 30.0), p(24.0, 31.0), p(22.0, 34.0), p(19.0, 33.5)],
            },
        ),
    ]
}

fn pixel_params(s: &PixelShape) -> Vec<f64> {
    match s {
        PixelShape::Circle(s) => vec![s.r()],
        PixelShape::CircularAnnulus(s) => vec![s.r_in(), s.r_out()],
        PixelShape::Ellipse(s) => vec![s.a(), s.b(), s.theta()],
        PixelShape::EllipticalAnnulus(s) => vec![s.a_in(), s.a_out(), s.b_in(), s.b_out(), s.theta()],
        PixelShape::Rectangle(s) => vec![s.w(), s.h(), s.theta()],
        PixelShape::RectangularAnnulus(s) => vec![s.w_in(), s.w_out(), s.h_in(), s.h_out(), s.theta()],
        PixelShape::Polygon(_) => vec![],
        other => panic!("{other:?}"),
    }
}

fn sky_params(s: &SkyShape) -> Vec<f64> {
    match s {
        SkyShape::Circle(s) => vec![s.r()],
        SkyShape::CircularAnnulus(s) => vec![s.r_in(), s.r_out()],
        SkyShape::Ellipse(s) => vec![s.a(), s.b(), s.theta()],
        SkyShape::EllipticalAnnulus(s) => vec![s.a_in(), s.a_out(), s.b_in(), s.b_out(), s.theta()],
        SkyShape::Rectangle(s) => vec![s.w(), s.h(), s.theta()],
        SkyShape::RectangularAnnulus(s) => vec![s.w_in(), s.w_out(), s.h_in(), s.h_out(), s.theta()],
        SkyShape::Polygon(_) => vec![],
        other => panic!("{other:?}"),
    }
}

fn numbers(v: &Value) -> Vec<f64> {
    v.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

fn near(what: &str, got: &[f64], want: &[f64]) {
    assert_eq!(got.len(), want.len(), "{what}");
    for (g, w) in got.iter().zip(want) {
        assert!((g - w).abs() <= 1e-12 * w.abs().max(1.0), "{what}: {got:?} {want:?}");
    }
}

#[test]
fn as_photutils_converts_them() {
    let all: Value = serde_json::from_str(include_str!("fixtures/region_apertures.json")).unwrap();
    for (name, shape) in shapes() {
        let want = &all[name];
        let region = Region::new(shape.clone(), RegionFrame::Image);
        let (at, s) = region_to_pixel(&region, None).unwrap();
        near(name, &pixel_params(&s), &numbers(&want["pixel"]));
        near(name, &[at.x, at.y], &numbers(&want["pixel_position"]));

        // On the sky the same numbers are degrees, but lengths are seconds of arc.
        let region = Region::new(shape.mapped(|p| p, 1.0 / 3600.0, |t| t), RegionFrame::Icrs);
        let (at, s) = region_to_sky(&region).unwrap();
        near(name, &sky_params(&s), &numbers(&want["sky"]));
        if name != "polygon" {
            near(name, &[at.lon, at.lat], &numbers(&want["sky_position"]));
        }
    }
}

fn same_shape(a: &RegionShape, b: &RegionShape) {
    let flat = |s: &RegionShape| match s {
        RegionShape::Polygon { vertices } => {
            // A polygon may begin at another vertex.
            let mut v: Vec<[f64; 2]> = vertices.iter().map(|p| [p.x, p.y]).collect();
            v.sort_by(|a, b| a[0].total_cmp(&b[0]));
            v.concat()
        }
        other => {
            let text = format!("{other:?}");
            text.split(|c: char| !(c.is_ascii_digit() || ".-e".contains(c)))
                .filter_map(|t| t.parse().ok())
                .collect()
        }
    };
    near(a.name(), &flat(b), &flat(a));
}

#[test]
fn there_and_back() {
    for (_, shape) in shapes() {
        let (at, s) = region_to_pixel(&Region::new(shape.clone(), RegionFrame::Image), None).unwrap();
        same_shape(&shape, &pixel_to_region(at, &s).shape);
        let sky = shape.mapped(|p| p, 1.0 / 3600.0, |t| t);
        let region = Region::new(sky.clone(), RegionFrame::Fk5);
        let (at, s) = region_to_sky(&region).unwrap();
        let back = sky_to_region(at, &s, RegionFrame::Fk5).unwrap();
        assert_eq!(back.frame, RegionFrame::Fk5);
        same_shape(&sky, &back.shape);
    }
}

/// One arcsecond per pixel, north up, east left, at the equator.
struct Flat;

impl SkyTransform for Flat {
    fn pixel_to_sky(&self, p: Point) -> Option<SkyCoord> {
        Some(SkyCoord { lon: 10.0 - p.x / 3600.0, lat: p.y / 3600.0 })
    }

    fn sky_to_pixel(&self, s: SkyCoord) -> Option<Point> {
        Some(Point::new((10.0 - s.lon) * 3600.0, s.lat * 3600.0))
    }
}

#[test]
fn angles_on_the_sky_are_those_ds9_draws() {
    // DS9 turns a box from the +x axis of an image with north up.
    let shape = RegionShape::Rectangle {
        center: RegionPoint::new(10.0 - 5.0 / 3600.0, 8.0 / 3600.0),
        width: 6.0 / 3600.0,
        height: 2.0 / 3600.0,
        angle_deg: 30.0,
    };
    let (at, s) = region_to_pixel(&Region::new(shape, RegionFrame::Icrs), Some(&Flat)).unwrap();
    assert!(at.distance(Point::new(5.0, 8.0)) < 1e-6, "{at:?}");
    let PixelShape::Rectangle(r) = s else { panic!("{s:?}") };
    assert!((r.w() - 6.0).abs() < 1e-6 && (r.h() - 2.0).abs() < 1e-6);
    let turn = (r.theta().to_degrees() - 30.0).rem_euclid(180.0);
    assert!(turn.min(180.0 - turn) < 1e-6, "{}", r.theta().to_degrees());
}

#[test]
fn what_cannot_be_an_aperture_says_why() {
    let at = RegionPoint::new(1.0, 2.0);
    let error = |shape: RegionShape, frame, sky: bool| {
        let flat: Option<&dyn SkyTransform> = if sky { Some(&Flat) } else { None };
        region_to_pixel(&Region::new(shape, frame), flat).unwrap_err()
    };
    for (shape, frame, sky, what) in [
        (RegionShape::Point { position: at }, RegionFrame::Image, false, "a point has no area"),
        (RegionShape::Text { position: at }, RegionFrame::Fk5, true, "a text has no area"),
        (RegionShape::Circle { center: at, radius: 1.0 }, RegionFrame::Physical, true, "physical pixels"),
        (RegionShape::Circle { center: at, radius: 1.0 }, RegionFrame::Icrs, false, "no transform"),
        (RegionShape::Circle { center: at, radius: 0.0 }, RegionFrame::Image, false, "greater than 0"),
        (
            RegionShape::CircularAnnulus { center: at, inner: 3.0, outer: 2.0 },
            RegionFrame::Image,
            false,
            "greater than r_in",
        ),
    ] {
        let e = error(shape, frame, sky).to_string();
        assert!(e.contains(what), "{e}");
    }
    let few = RegionShape::Polygon { vertices: vec![at; 2] };
    assert!(matches!(error(few, RegionFrame::Image, false), ApertureError::Geometry(_)));
    let nan = RegionShape::Ellipse { center: at, a: 1.0, b: f64::NAN, angle_deg: 0.0 };
    assert!(matches!(error(nan, RegionFrame::Icrs, true), ApertureError::InvalidParameter { .. }));
}
