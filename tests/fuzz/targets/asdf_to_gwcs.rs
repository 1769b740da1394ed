//! Any bytes as an ASDF file: its tree, its arrays, and every transform graph in it, there and back for a few positions.
#![no_main]

use libfuzzer_sys::fuzz_target;
use skyphot_core::tree::{Node, Value};
use skyphot_core::{Exec, Point};
use skyphot_io::AsdfFile;
use skyphot_wcs::Gwcs;

/// Nodes that are looked at: anchors can make a small file a large tree.
const NODES: usize = 2000;

fuzz_target!(|data: &[u8]| {
    let Ok(file) = AsdfFile::from_bytes("fuzz.asdf", data.to_vec()) else { return };
    let mut left = NODES;
    visit(file.tree(), 0, &mut left);
});

fn visit(node: &Node, depth: usize, left: &mut usize) {
    if *left == 0 || depth > 60 {
        return;
    }
    *left -= 1;
    if node.get("steps").is_some() {
        evaluate(node);
    }
    match node.value() {
        Value::Mapping(m) => m.entries().iter().for_each(|(_, v)| visit(v, depth + 1, left)),
        Value::Sequence(s) => s.iter().for_each(|v| visit(v, depth + 1, left)),
        Value::Array(a) if a.len() < 1 << 20 => drop(a.to_f64()),
        _ => {}
    }
}

fn evaluate(node: &Node) {
    let Ok(wcs) = Gwcs::from_tree(node) else { return };
    let points = [(0.0, 0.0), (511.5, 20.25), (-1e3, 1e6), (f64::NAN, 1.0), (1e300, -1e300)].map(Point::from);
    let exec = Exec::serial();
    let sky = wcs.all_pix2world(&points, &exec);
    for (s, status) in sky.sky.iter().zip(&sky.status) {
        assert_eq!(status.is_ok(), s.lon.is_finite() && s.lat.is_finite(), "{s:?} {status:?}");
    }
    let back = wcs.all_world2pix(&sky.sky, &exec);
    for (p, status) in back.points.iter().zip(&back.status) {
        assert_eq!(status.is_ok(), p.is_finite(), "{p:?} {status:?}");
    }
    let _ = wcs.jacobian(points[1]);
    let _ = wcs.footprint((100, 200), false);
}
