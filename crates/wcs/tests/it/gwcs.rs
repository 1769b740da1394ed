//! Transform graphs against gwcs 1.0.3 (`tests/reference/gen_gwcs.py`).

use std::sync::Arc;

use ndarray::{ArrayD, IxDyn};
use serde_json::Value as Json;
use skyphot_core::tree::{Mapping, Node, Value};
use skyphot_core::{Exec, Point, SkyCoord, SkyTransform};
use skyphot_wcs::{Gwcs, GwcsSipConfig, PixelBounds, PointStatus, SkyFrame, WcsError};

use crate::common::{execs, fixture, numbers, sky_error};

/// The node of `[number of the tag, kind, value]`, or of a bare text or number.
fn node(v: &Json, tags: &[Arc<str>]) -> Node {
    let number = |v: &Json| match v.as_str() {
        Some("inf") => f64::INFINITY,
        Some("-inf") => f64::NEG_INFINITY,
        Some(_) => f64::NAN,
        None => v.as_f64().unwrap(),
    };
    if let Some(text) = v.as_str() {
        return if text == "nan" { Node::from(f64::NAN) } else { Node::from(text) };
    }
    if v.is_number() {
        return v.as_i64().map_or_else(|| Node::from(v.as_f64().unwrap()), Node::from);
    }
    let value = match v[1].as_str().unwrap() {
        "map" => Value::Mapping(Mapping::new(
            v[2].as_array()
                .unwrap()
                .iter()
                .map(|p| (Node::from(p[0].as_str().unwrap_or_default()), node(&p[1], tags)))
                .collect(),
        )),
        "seq" => Value::Sequence(v[2].as_array().unwrap().iter().map(|v| node(v, tags)).collect()),
        "str" => Value::String(v[2].as_str().unwrap().into()),
        "null" => Value::Null,
        "bool" => Value::Bool(v[2].as_bool().unwrap()),
        "array" => {
            let shape: Vec<usize> =
                v[2][0].as_array().unwrap().iter().map(|n| n.as_u64().unwrap() as usize).collect();
            let data = v[2][1].as_array().unwrap().iter().map(number).collect();
            Value::Array(ArrayD::from_shape_vec(IxDyn(&shape), data).unwrap().into())
        }
        other => panic!("{other}"),
    };
    Node::tagged(v[0].as_u64().map(|t| Arc::clone(&tags[t as usize])), value)
}

/// The graphs with their trees.
fn graphs() -> Vec<(Json, Node)> {
    let all = fixture("gwcs");
    let tags: Vec<Arc<str>> =
        all["tags"].as_array().unwrap().iter().map(|t| t.as_str().unwrap().into()).collect();
    let graphs = all["graphs"].as_array().unwrap();
    graphs.iter().map(|g| (g.clone(), node(&g["tree"], &tags))).collect()
}

fn graph(name: &str) -> (Gwcs, Node, Vec<Point>) {
    let (g, tree) = graphs().into_iter().find(|g| g.0["name"] == name).unwrap();
    let points = numbers(&g["x"]).into_iter().zip(numbers(&g["y"])).map(Point::from).collect();
    (Gwcs::from_tree(&tree).unwrap(), tree, points)
}

#[test]
fn every_graph_is_evaluated_as_gwcs_does() {
    let mut failures = Vec::new();
    for (g, tree) in graphs() {
        let name = g["name"].as_str().unwrap();
        let wcs = match Gwcs::from_tree(&tree) {
            Ok(w) => w,
            Err(e) => {
                failures.push(format!("{name}: {e}"));
                continue;
            }
        };
        let points: Vec<Point> =
            numbers(&g["x"]).into_iter().zip(numbers(&g["y"])).map(Point::from).collect();
        let sky = wcs.evaluate(&points, false, &Exec::serial());
        let (lon, lat) = (numbers(&g["lon"]), numbers(&g["lat"]));
        let unit = if name == "arcsec_world" { 1.0 / 3600.0 } else { 1.0 };
        let mut worst = 0.0_f64;
        for i in 0..points.len() {
            let (s, expected) = (sky.sky[i], (lon[i] * unit, lat[i] * unit));
            if s.lon.is_nan() != (expected.0 * expected.1).is_nan() {
                failures.push(format!("{name} {:?}: {s:?} {expected:?}", points[i]));
            } else if !s.lon.is_nan() {
                worst = worst.max(sky_error((s.lon, s.lat), expected));
            }
        }
        // The single precision of astropy's CSC, as for FITS.
        let csc = name == "projection_COBEQuadSphericalCube";
        if worst > if csc { 2e-5 } else { 1e-9 } {
            failures.push(format!("{name}: forward differs by {worst:e} degrees"));
        }
        if let Some(outside) = g.get("outside") {
            let bounded = wcs.evaluate(&points, true, &Exec::serial());
            for (i, o) in outside.as_array().unwrap().iter().enumerate() {
                if bounded.sky[i].lon.is_nan() != o.as_bool().unwrap() {
                    failures.push(format!("{name}: bounding box at {:?}", points[i]));
                }
            }
        }
        if csc {
            assert!(wcs.has_inverse());
        } else if let Some(inverse) = g.get("invert") {
            if !wcs.has_inverse() {
                failures.push(format!("{name}: no inverse: {:?}", wcs.missing_inverse()));
                continue;
            }
            let (x, y) = (numbers(&inverse[0]), numbers(&inverse[1]));
            let back = wcs.invert(&sky.sky, false, &Exec::serial());
            let mut worst = 0.0_f64;
            for i in 0..points.len() {
                let p = back.points[i];
                if x[i].is_nan() || y[i].is_nan() {
                    continue;
                }
                // Where longitudes jump gwcs may be a turn off.
                let d = p.distance(Point::new(x[i], y[i]));
                let own = p.distance(points[i]);
                if !(d.min(own) < 1e-6) {
                    failures
                        .push(format!("{name}: {:?} back at {p:?}, gwcs ({}, {})", points[i], x[i], y[i]));
                }
                worst = worst.max(d.min(own));
            }
            if worst > 1e-6 {
                failures.push(format!("{name}: inverse differs by {worst:e} px"));
            }
        } else if wcs.has_inverse() {
            failures.push(format!("{name}: an inverse that gwcs does not have"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn iteration_finds_every_pixel() {
    for (g, tree) in graphs() {
        let name = g["name"].as_str().unwrap();
        // Maps of the whole sky with edges, and maps that are flat somewhere, have no iteration from one start.
        if name.starts_with("projection") || name.starts_with("tabular") || name.starts_with("regions") {
            continue;
        }
        if name.starts_with("cartesian") || name.starts_with("function") || name.starts_with("ortho1d_H") {
            continue;
        }
        let wcs = Gwcs::from_tree(&tree)
            .unwrap()
            .with_bounding_box(Some(PixelBounds::new((-0.5, 59.5), (-0.5, 47.5)).unwrap()));
        let points: Vec<Point> = (0..400)
            .map(|i| Point::new(59.0 * f64::from(i % 20) / 19.0, 47.0 * f64::from(i / 20) / 19.0))
            .collect();
        let sky = wcs.all_pix2world(&points, &Exec::serial());
        let back = wcs.numerical_inverse(&sky.sky, true, &Exec::serial());
        for (i, p) in points.iter().enumerate() {
            let (q, status) = (back.points[i], back.status[i]);
            assert!(!sky.status[i].is_ok() || q.distance(*p) < 1e-7, "{name}: {p:?} {q:?} {status:?}");
        }
    }
}

#[test]
fn threads_do_not_change_a_bit() {
    for name in ["tan", "polynomial2d", "custom_inner_inverse", "regions_array", "tangent_correction"] {
        let (wcs, _, _) = graph(name);
        let points: Vec<Point> =
            (0..9001).map(|i| Point::new(f64::from(i % 97) * 0.61, f64::from(i % 89) * 0.53)).collect();
        let mut first = None;
        for e in execs() {
            let sky = wcs.all_pix2world(&points, &e);
            let bits = |v: &[Point]| v.iter().map(|p| (p.x.to_bits(), p.y.to_bits())).collect::<Vec<_>>();
            let back = bits(&wcs.all_world2pix(&sky.sky, &e).points);
            let numeric = bits(&wcs.numerical_inverse(&sky.sky, true, &e).points);
            let sky: Vec<_> = sky.sky.iter().map(|s| (s.lon.to_bits(), s.lat.to_bits())).collect();
            let this = (sky, back, numeric);
            match &first {
                None => first = Some(this),
                Some(f) => assert_eq!(f, &this, "{name}"),
            }
        }
        // One at a time gives the same.
        let f = first.unwrap();
        for i in [0, 17, 4711] {
            let s = wcs.pixel_to_sky(points[i]);
            assert_eq!(s.map(|s| s.lon.to_bits()), s.map(|_| f.0[i].0), "{name}");
        }
    }
}

#[test]
fn frames_boxes_and_status() {
    let (wcs, _, _) = graph("tangent_correction");
    let names: Vec<&str> = wcs.frames().iter().map(|f| f.name()).collect();
    assert_eq!(names, ["detector", "v2v3", "v2v3corr", "world"]);
    assert_eq!((wcs.frame(), wcs.shape()), (Some(SkyFrame::Icrs), Some((48, 60))));
    let b = wcs.bounding_box().unwrap();
    assert_eq!((b.x(), b.y()), ((-0.5, 59.5), (-0.5, 47.5)));
    let v2v3 = wcs.transform("detector", "v2v3", &[&[10.0], &[20.0]]).unwrap();
    assert!((v2v3[0][0] + 0.02).abs() < 1e-15 && v2v3[1][0].abs() < 1e-15);
    let back = wcs.transform("v2v3", "detector", &[&v2v3[0], &v2v3[1]]).unwrap();
    assert!((back[0][0] - 10.0).abs() < 1e-11 && (back[1][0] - 20.0).abs() < 1e-11);
    assert!(matches!(wcs.transform("v2v3", "moon", &[]), Err(WcsError::UnknownFrame { .. })));
    assert!(matches!(wcs.transform("v2v3", "world", &[&[1.0]]), Err(WcsError::LengthMismatch { .. })));
    assert!(wcs.transform("v2v3corr", "v2v3", &[&[0.0], &[0.0]]).is_err());

    let (wcs, _, _) = graph("tan");
    let status = |x: f64, y: f64| wcs.all_pix2world(&[Point::new(x, y)], &Exec::serial()).status[0];
    assert_eq!(status(59.5, 47.5), PointStatus::Ok);
    assert_eq!(status(59.6, 47.5), PointStatus::OutsideBoundingBox);
    assert_eq!(status(f64::NAN, 5.0), PointStatus::NotFinite);
    let back = |lon: f64, lat: f64| wcs.all_world2pix(&[SkyCoord { lon, lat }], &Exec::serial()).status[0];
    assert_eq!(back(150.1, 2.2), PointStatus::Ok);
    assert_eq!(back(151.1, 2.2), PointStatus::OutsideBoundingBox);
    assert_eq!(back(330.1, -2.2), PointStatus::OutsideProjection);
    assert_eq!(back(f64::NAN, 0.0), PointStatus::NotFinite);
    let free = wcs.clone().with_bounding_box(None);
    assert!(free.pixel_to_sky(Point::new(1000.0, 0.0)).is_some());
    let centre = wcs.reference_pixel();
    assert!((wcs.pixel_scale(centre).unwrap() - 3e-4).abs() < 1e-10);
    let edge = skyphot_wcs::local_jacobian(&wcs, Point::new(0.0, 0.0)).unwrap();
    for (a, b) in edge.iter().flatten().zip(wcs.jacobian(Point::new(0.0, 0.0)).unwrap().iter().flatten()) {
        assert!((a - b).abs() < 1e-12);
    }
    let corners = wcs.footprint((48, 60), false);
    assert_eq!(corners, wcs.bounding_box_footprint().unwrap());

    for (name, frame) in [
        ("frame_fk5", SkyFrame::Fk5 { equinox: 1975.0 }),
        ("frame_fk4", SkyFrame::Fk4 { equinox: 1950.0 }),
        ("frame_galactic", SkyFrame::Galactic),
    ] {
        assert_eq!(graph(name).0.frame(), Some(frame));
    }
}

fn tagged(tag: &str, entries: Vec<(&str, Node)>) -> Node {
    Node::mapping(entries).with_tag(format!("tag:stsci.edu:asdf/transform/{tag}-1.2.0"))
}

fn pair(tag: &str, a: Node, b: Node) -> Node {
    tagged(tag, vec![("forward", Node::sequence([a, b]))])
}

fn steps(transform: Node) -> Node {
    let world =
        Node::mapping([("name", Node::from("world"))]).with_tag("tag:stsci.edu:gwcs/celestial_frame-1.0.0");
    Node::mapping([(
        "steps",
        Node::sequence([
            Node::mapping([("frame", Node::from("detector")), ("transform", transform)]),
            Node::mapping([("frame", world), ("transform", Node::null())]),
        ]),
    )])
}

fn scale(f: f64) -> Node {
    tagged("scale", vec![("factor", Node::from(f))])
}

#[test]
fn unknown_tags_are_named_with_their_place() {
    let strange = tagged("wormhole", vec![]);
    let t =
        pair("compose", pair("concatenate", scale(1.0), scale(2.0)), pair("compose", scale(1.0), strange));
    let e = Gwcs::from_tree(&steps(t)).unwrap_err();
    let expected = WcsError::UnknownTransform {
        tag: "tag:stsci.edu:asdf/transform/wormhole-1.2.0".to_owned(),
        place: "steps.0.transform.forward.1.forward.1".to_owned(),
    };
    assert_eq!(e, expected);
    assert!(e.to_string().contains("wormhole"));
}

#[test]
fn hostile_graphs_are_refused() {
    let two = |f| pair("concatenate", scale(f), scale(1.0));
    let refused = |t: Node| {
        let e = Gwcs::from_tree(&steps(t)).unwrap_err();
        assert!(!e.to_string().is_empty());
        e
    };
    // NaN and nonsense in parameters.
    assert!(matches!(refused(two(f64::NAN)), WcsError::InvalidTransform { .. }));
    refused(pair("concatenate", tagged("scale", vec![("factor", Node::from("one"))]), scale(1.0)));
    refused(pair("concatenate", tagged("scale", vec![]), scale(1.0)));
    refused(tagged("remap_axes", vec![("mapping", Node::sequence([Node::from(0), Node::from(i64::MAX)]))]));
    refused(tagged("remap_axes", vec![("mapping", Node::sequence([Node::from(-1), Node::from(0)]))]));
    refused(tagged("identity", vec![("n_dims", Node::from(1_i64 << 40))]));
    refused(tagged("affine", vec![("matrix", Node::from(1.0))]));
    refused(tagged("gnomonic", vec![("direction", Node::from("sideways"))]));
    refused(tagged(
        "rotate_sequence_3d",
        vec![
            ("angles", Node::sequence([Node::from(1.0)])),
            ("axes_order", Node::from("zyx")),
            ("rotation_type", Node::from("spherical")),
        ],
    ));
    // A polynomial of a huge degree.
    let huge = ArrayD::<f64>::zeros(IxDyn(&[300, 300]));
    let poly = |c: ArrayD<f64>| tagged("polynomial", vec![("coefficients", Node::from(c))]);
    let t = |p: Node| {
        let m =
            tagged("remap_axes", vec![("mapping", Node::sequence([0, 1, 0, 1].map(|i: i64| Node::from(i))))]);
        pair("compose", m, pair("concatenate", p.clone(), p))
    };
    assert!(refused(t(poly(huge))).to_string().contains("coefficients"));
    refused(t(poly(ArrayD::zeros(IxDyn(&[3, 4])))));
    refused(t(poly(ArrayD::zeros(IxDyn(&[0])))));
    refused(t(poly(ArrayD::from_elem(IxDyn(&[2, 2]), f64::NAN))));
    // Parts that do not fit together.
    refused(pair("compose", two(1.0), scale(1.0)));
    refused(scale(1.0));
    refused(pair("add", two(1.0), scale(1.0)));
    // Deep nesting, and aliases of aliases.
    let mut deep = two(1.0);
    for _ in 0..110 {
        deep = pair("compose", deep, two(1.0));
    }
    assert!(matches!(refused(deep), WcsError::GraphTooLarge { what: "levels", .. }));
    let mut bomb = two(1.0);
    for _ in 0..40 {
        bomb = pair("compose", bomb.clone(), bomb);
    }
    assert!(matches!(refused(bomb), WcsError::GraphTooLarge { what: "transforms", .. }));
    // Steps.
    for n in [Node::null(), Node::sequence([]), Node::mapping([("steps", Node::sequence([]))])] {
        assert!(Gwcs::from_tree(&n).is_err());
    }
    let boxed = |b: Node| {
        tagged(
            "concatenate",
            vec![("forward", Node::sequence([scale(1.0), scale(1.0)])), ("bounding_box", b)],
        )
    };
    let range = |a: f64, b: f64| Node::sequence([Node::from(a), Node::from(b)]);
    refused(boxed(Node::sequence([range(1.0, 0.0), range(0.0, 1.0)])));
    refused(boxed(range(0.0, 1.0)));
    refused(boxed(Node::mapping([("cbbox", Node::null())])));
    // The old form counts from the last axis.
    let w = Gwcs::from_tree(&steps(boxed(Node::sequence([range(0.0, 1.0), range(2.0, 3.0)])))).unwrap();
    assert_eq!(w.bounding_box(), Some(PixelBounds::new((2.0, 3.0), (0.0, 1.0)).unwrap()));
}

#[test]
fn a_fits_header_in_place_of_the_graph() {
    for name in ["polynomial2d", "custom_inner_inverse", "tan", "tangent_correction"] {
        let (wcs, _, _) = graph(name);
        for limit in [0.25, 1e-3, 1e-6] {
            let config =
                GwcsSipConfig { max_pix_error: limit, max_inv_pix_error: Some(limit), ..Default::default() };
            let sip = wcs.to_fits_sip(&config).unwrap();
            assert!(sip.max_error <= limit && sip.max_inverse_error.is_none_or(|e| e <= limit), "{name}");
            let (mut worst, mut back) = (0.0_f64, 0.0_f64);
            for i in 0..200 {
                let p = Point::new(f64::from(i % 20) * 3.0, f64::from(i / 20) * 5.0);
                let (a, b) = (wcs.pixel_to_sky(p).unwrap(), sip.wcs.pixel_to_sky(p).unwrap());
                worst = worst.max(sky_error((a.lon, a.lat), (b.lon, b.lat)) / wcs.pixel_scale(p).unwrap());
                back = back.max(sip.wcs.sky_to_pixel(a).unwrap().distance(p));
            }
            assert!(worst <= 1.5 * limit && back <= 1.5 * limit, "{name} {limit}: {worst:e} {back:e}");
            assert!(sip.to_cards().iter().any(|c| c.key == "SIPMXERR"));
            assert_eq!(sip.wcs.frame(), Some(SkyFrame::Icrs));
        }
    }
    let (wcs, _, _) = graph("tan");
    assert!(wcs.to_fits_sip(&GwcsSipConfig::default()).unwrap().wcs.sip().is_none());
    let few = GwcsSipConfig { npoints: 3, ..Default::default() };
    assert!(wcs.to_fits_sip(&few).is_err());
    assert_eq!(
        graph("no_box").0.to_fits_sip(&GwcsSipConfig::default()).unwrap_err(),
        WcsError::NoBoundingBox
    );
    let (wcs, _, _) = graph("polynomial2d");
    let hard = GwcsSipConfig { max_pix_error: 1e-16, ..Default::default() };
    assert!(matches!(wcs.to_fits_sip(&hard), Err(WcsError::NotAccurate { .. })));
}
