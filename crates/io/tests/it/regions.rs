//! Region files against the package `regions`: its own test files read, written and read again.

use std::collections::BTreeMap;

use serde_json::Value;
use skyphot_core::region::{PointSymbol, Region, RegionFrame, RegionPoint, RegionShape};
use skyphot_core::testing::uniform;
use skyphot_io::{RegionFormat, format_regions, parse_regions, read_regions, write_regions};

fn cases() -> Vec<Value> {
    let text = include_str!("fixtures/regions.json");
    let all: Value = serde_json::from_str(text).unwrap();
    all["cases"].as_array().unwrap().clone()
}

fn format_of(case: &Value) -> RegionFormat {
    if case["format"] == "ds9" { RegionFormat::Ds9 } else { RegionFormat::Crtf }
}

/// Class of the package, and numbers in its order.
fn describe(r: &Region) -> (&'static str, Vec<f64>) {
    let at = |p: &RegionPoint| vec![p.x, p.y];
    match &r.shape {
        RegionShape::Circle { center, radius } => ("Circle", [at(center), vec![*radius]].concat()),
        RegionShape::Ellipse { center, a, b, angle_deg } => {
            ("Ellipse", [at(center), vec![*a, *b, *angle_deg]].concat())
        }
        RegionShape::Rectangle { center, width, height, angle_deg } => {
            ("Rectangle", [at(center), vec![*width, *height, *angle_deg]].concat())
        }
        RegionShape::CircularAnnulus { center, inner, outer } => {
            ("CircleAnnulus", [at(center), vec![*inner, *outer]].concat())
        }
        RegionShape::EllipticalAnnulus { center, inner, outer, angle_deg } => {
            ("EllipseAnnulus", [at(center), vec![inner.0, inner.1, outer.0, outer.1, *angle_deg]].concat())
        }
        RegionShape::RectangularAnnulus { center, inner, outer, angle_deg } => {
            ("RectangleAnnulus", [at(center), vec![inner.0, inner.1, outer.0, outer.1, *angle_deg]].concat())
        }
        RegionShape::Polygon { vertices } => ("Polygon", vertices.iter().flat_map(at).collect()),
        RegionShape::Line { start, end } => ("Line", [at(start), at(end)].concat()),
        RegionShape::Point { position } => ("Point", at(position)),
        RegionShape::Text { position } => ("Text", at(position)),
        other => panic!("{other:?}"),
    }
}

fn frame_of(f: RegionFrame) -> &'static str {
    match f {
        RegionFrame::Ecliptic => "barycentricmeanecliptic",
        RegionFrame::TrueEcliptic => "geocentrictrueecliptic",
        f => f.name(),
    }
}

fn put(out: &mut BTreeMap<String, Value>, key: &str, value: impl Into<Value>) {
    out.insert(key.to_owned(), value.into());
}

fn common(r: &Region) -> BTreeMap<String, Value> {
    let mut out = BTreeMap::new();
    if let Some(c) = &r.meta.color {
        put(&mut out, "color", c.clone());
    }
    for (k, v) in &r.meta.properties {
        put(&mut out, k, v.clone());
    }
    out
}

/// Properties under the keys of DS9.
fn ds9_looks(r: &Region) -> BTreeMap<String, Value> {
    let (m, mut out) = (&r.meta, common(r));
    if let Some(t) = &m.text {
        put(&mut out, "text", t.clone());
    }
    if !m.tags.is_empty() {
        put(&mut out, "tag", m.tags.clone());
    }
    if let Some(w) = m.width {
        put(&mut out, "width", w.to_string());
    }
    for (key, value) in [("dash", m.dash), ("fill", m.fill)] {
        if let Some(v) = value {
            put(&mut out, key, u8::from(v).to_string());
        }
    }
    if !m.dash_list.is_empty() {
        let words: Vec<String> = m.dash_list.iter().map(f64::to_string).collect();
        put(&mut out, "dashlist", words.join(" "));
    }
    if let Some(f) = &m.font {
        put(&mut out, "font", f.to_string());
    }
    if let Some(s) = m.symbol {
        let size = m.symbol_size.map_or(String::new(), |s| format!(" {s}"));
        put(&mut out, "point", format!("{s:?}").to_lowercase() + &size);
    }
    out
}

/// Properties under the keys of CASA, with the package's defaults.
fn crtf_looks(r: &Region) -> BTreeMap<String, Value> {
    let (m, mut out) = (&r.meta, common(r));
    out.entry("type".to_owned()).or_insert("reg".into());
    out.remove("vector");
    if let Some(t) = &m.text {
        put(&mut out, "label", t.clone());
        if matches!(r.shape, RegionShape::Text { .. }) {
            put(&mut out, "text", t.clone());
        }
    }
    if let Some(w) = m.width {
        put(&mut out, "linewidth", w.to_string());
    }
    if let Some(s) = m.symbol_size {
        put(&mut out, "symsize", s.to_string());
    }
    if let Some(s) = m.symbol {
        let sign = match s {
            PointSymbol::Diamond => 'D',
            PointSymbol::Cross => '+',
            PointSymbol::Sign(c) => c,
            other => panic!("{other:?}"),
        };
        put(&mut out, "symbol", sign.to_string());
    }
    if let Some(f) = &m.font {
        put(&mut out, "font", f.family.clone());
        put(&mut out, "fontsize", f.size.to_string());
        put(&mut out, "fontstyle", if f.bold { "bold" } else { "normal" });
    }
    out
}

/// Numbers inside a value, so that `1.420GHz` and `1.42GHz` are one.
fn same_value(a: &Value, b: &Value) -> bool {
    let words = |v: &Value| -> Vec<String> {
        let v = v.as_str().unwrap_or("").trim_matches(['[', ']']).to_owned();
        v.split(", ")
            .map(|w| {
                let end = w.find(|c: char| c.is_alphabetic() && c != 'e').unwrap_or(w.len());
                w[..end].parse::<f64>().map_or(w.to_owned(), |n| format!("{n}{}", &w[end..]))
            })
            .collect()
    };
    if a.is_array() || b.is_array() { a == b } else { words(a) == words(b) }
}

fn same(name: &str, want: &[Value], got: &[Region], form: RegionFormat) {
    assert_eq!(got.len(), want.len(), "{name}: {got:#?}");
    for (i, (w, r)) in want.iter().zip(got).enumerate() {
        let (shape, numbers) = describe(r);
        assert_eq!(shape, w["shape"], "{name} {i}");
        assert_eq!(frame_of(r.frame), w["frame"], "{name} {i}");
        assert_eq!(r.include, w["include"].as_bool().unwrap(), "{name} {i}");
        let expected: Vec<f64> =
            w["numbers"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
        assert_eq!(numbers.len(), expected.len(), "{name} {i}: {numbers:?} {expected:?}");
        for (a, b) in numbers.iter().zip(&expected) {
            assert!((a - b).abs() <= 1e-14 * b.abs() + 1e-13, "{name} {i}: {a} {b}");
        }
        let mut looks = if form == RegionFormat::Ds9 { ds9_looks(r) } else { crtf_looks(r) };
        let other = w["looks"].as_object().unwrap();
        // The package does not see the bare word `background`.
        if !other.contains_key("background") {
            looks.remove("background");
        }
        let keys: Vec<&String> = looks.keys().collect();
        let mut wanted: Vec<&String> = other.keys().collect();
        wanted.sort();
        assert_eq!(keys, wanted, "{name} {i}");
        for (k, v) in &looks {
            assert!(same_value(v, &other[k]), "{name} {i} {k}: {v} {}", other[k]);
        }
    }
}

#[test]
fn files_of_the_regions_package_are_read_as_it_reads_them() {
    let mut n = 0;
    for case in cases() {
        let (name, form) = (case["name"].as_str().unwrap(), format_of(&case));
        let file = parse_regions(case["text"].as_str().unwrap(), form);
        same(name, case["regions"].as_array().unwrap(), &file.regions, form);
        // What the package skips with a warning we skip with one: the pandas of one file.
        let skipped: Vec<_> = file.warnings.iter().filter(|w| w.message.starts_with("skipped")).collect();
        assert!(skipped.iter().all(|w| w.message.contains("panda'")), "{name}: {skipped:?}");
        assert!(skipped.is_empty() || skipped.len() as u64 == case["warnings"], "{name}: {skipped:?}");
        n += file.regions.len();
    }
    assert!(n > 250, "{n}");
}

#[test]
fn regions_written_come_back_as_they_were() {
    for case in cases() {
        let (name, form) = (case["name"].as_str().unwrap(), format_of(&case));
        let first = parse_regions(case["text"].as_str().unwrap(), form).regions;
        let text = format_regions(&first, form).unwrap();
        let second = parse_regions(&text, form);
        assert!(second.warnings.is_empty(), "{name}: {:?}\n{text}", second.warnings);
        same(name, case["regions"].as_array().unwrap(), &second.regions, form);
        for (a, b) in first.iter().zip(&second.regions) {
            assert_eq!((a.frame, a.include), (b.frame, b.include), "{name}");
            if !a.frame.is_pixel() || form == RegionFormat::Crtf {
                assert_eq!(a.shape, b.shape, "{name}");
            }
            assert_eq!(a.meta.tags, b.meta.tags, "{name}");
        }
        // And once more, now to the letter.
        assert_eq!(format_regions(&second.regions, form).unwrap(), text, "{name}");
    }
}

#[test]
fn what_one_format_holds_goes_into_the_other() {
    for case in cases() {
        let (name, form) = (case["name"].as_str().unwrap(), format_of(&case));
        let first = parse_regions(case["text"].as_str().unwrap(), form).regions;
        let other = if form == RegionFormat::Ds9 { RegionFormat::Crtf } else { RegionFormat::Ds9 };
        for r in &first {
            let Ok(text) = format_regions(std::slice::from_ref(r), other) else {
                let foreign = matches!(
                    r.shape,
                    RegionShape::EllipticalAnnulus { .. } | RegionShape::RectangularAnnulus { .. }
                ) || matches!(
                    r.frame,
                    RegionFrame::Ecliptic | RegionFrame::TrueEcliptic | RegionFrame::Supergalactic
                );
                assert!(foreign, "{name}: {r:?}");
                continue;
            };
            let back = parse_regions(&text, other);
            assert_eq!(
                (back.regions.len(), back.warnings.len()),
                (1, 0),
                "{name}: {text} {:?}",
                back.warnings
            );
            let b = &back.regions[0];
            assert_eq!(describe(r).0, describe(b).0, "{name}");
            for (x, y) in describe(r).1.iter().zip(describe(b).1) {
                assert!((x - y).abs() <= 1e-12, "{name}: {text}");
            }
            assert_eq!((r.include, &r.meta.color), (b.include, &b.meta.color), "{name}");
        }
    }
}

/// Leaves what we write for the package: `gen_regions.py ROOT --verify FOLDER` reads it.
#[test]
fn files_for_the_regions_package() {
    let dir = tempfile::tempdir().unwrap();
    let kept = std::env::var_os("SKYPHOT_REGIONS_OUT").map(std::path::PathBuf::from);
    let folder = kept.as_deref().unwrap_or(dir.path());
    for case in cases() {
        let (name, form) = (case["name"].as_str().unwrap(), format_of(&case));
        let regions = parse_regions(case["text"].as_str().unwrap(), form).regions;
        let suffix = if form == RegionFormat::Ds9 { "reg" } else { "crtf" };
        let path = folder.join(format!("{name}.{suffix}"));
        write_regions(&path, &regions, true).unwrap();
        assert_eq!(read_regions(&path).unwrap().regions.len(), regions.len(), "{name}");
    }
}

#[test]
fn what_is_not_understood_is_said_with_its_line() {
    let text = "# a comment\nimage\npanda(1,2,3,4,5,6,7,8)\ncircle(1,2)\nnonsense(4)\ncircle(1,2,3\")\nwcsa\ncircle(1,2,3)\n\
                fk5\ncircle(10,95,3)\ncircle(1:61:0,2,3) # width=x\n# vector(1,2,3,4) vector=1\n%\nicrs circle(1,2,3)\n";
    let file = parse_regions(text, RegionFormat::Ds9);
    assert_eq!(file.regions.len(), 1);
    assert_eq!(file.regions[0].frame, RegionFrame::Icrs);
    let lines: Vec<usize> = file.warnings.iter().map(|w| w.line).collect();
    assert_eq!(lines, [3, 4, 5, 6, 7, 8, 10, 11, 11, 12, 13]);
    let all: Vec<String> = file.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(all[0], "line 3: skipped: the shape 'panda' is not supported");
    assert_eq!(all[1], "line 4: skipped: circle: expected x, y, radius, found 2 numbers");
    assert_eq!(all[3], "line 6: skipped: circle: expected a length in image pixels, found '3\"'");
    assert!(all[6].contains("-90 and 90"), "{all:?}");

    let none = parse_regions("circle(1,2,3)", RegionFormat::Ds9);
    assert_eq!(none.regions[0].frame, RegionFrame::Physical);
    assert!(none.warnings[0].message.contains("physical"));

    let text = "#CRTFv0\ncircle[[1deg, 2deg], 3], coord=ICRS\npie[[1deg, 2deg], 3deg]\ncircle[[1pix, 2pix], 3deg]\n\
                circle[[1deg, 2deg], 3deg], shade=3\nellipse[[1deg,2deg]]\ncircle[[1deg, 2deg";
    let file = parse_regions(text, RegionFormat::Crtf);
    let all: Vec<String> = file.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(file.regions.len(), 1);
    assert_eq!(
        all,
        [
            "line 2: skipped: expected a length with unit (2.3arcsec, 0.1deg, 5pix), found '3'",
            "line 3: skipped: 'pie' is no region of CASA",
            "line 4: skipped: pixels and angles are mixed",
            "line 5: 'shade=3' is ignored: not a property of CASA",
            "line 5: no frame was named (coord=...) for a region on the sky: J2000 is assumed",
            "line 6: skipped: ellipse: expected ellipse[[x, y], [a, b], angle], found 1 items",
            "line 7: skipped: a bracket is not closed",
        ]
    );
}

#[test]
fn physical_detector_and_rows_of_rings() {
    let text = "physical; circle(101p,51,4p); detector; -point(3,4) # point=arrow background\nimage;\
                annulus(10,20,5,25,n=4); ellipse(1,2,3,4); box(1,2,3,4,5,6,7,n=2)";
    let file = parse_regions(text, RegionFormat::Ds9);
    assert!(file.warnings.is_empty(), "{:?}", file.warnings);
    let r = &file.regions;
    assert_eq!((r[0].frame, r[1].frame), (RegionFrame::Physical, RegionFrame::Detector));
    assert_eq!((r[1].include, r[1].meta.property("background")), (false, Some("1")));
    assert_eq!(
        r[5].shape,
        RegionShape::CircularAnnulus { center: RegionPoint::new(9.0, 19.0), inner: 20.0, outer: 25.0 }
    );
    assert!(matches!(r[6].shape, RegionShape::Ellipse { angle_deg: 0.0, .. }));
    assert_eq!(r.len(), 9);
    let again = parse_regions(&format_regions(r, RegionFormat::Ds9).unwrap(), RegionFormat::Ds9);
    assert_eq!(&again.regions, r);
}

#[test]
fn awkward_texts_survive() {
    for text in ["a } b", "it's", "say \"x\" {y}", "two\nlines", "semi; colon # hash || bar", ""] {
        let mut r =
            Region::new(RegionShape::Text { position: RegionPoint::new(1.0, 2.0) }, RegionFrame::Image);
        r.meta.text = Some(text.to_owned());
        r.meta.tags = vec!["one; two".to_owned()];
        let want = text.replace('\n', " ");
        for form in [RegionFormat::Ds9, RegionFormat::Crtf] {
            let written = format_regions(&[r.clone(), r.clone()], form).unwrap();
            let back = parse_regions(&written, form);
            assert_eq!(back.regions.len(), 2, "{written}");
            assert!(back.warnings.is_empty(), "{written} {:?}", back.warnings);
            let got = back.regions[1].meta.text.clone().unwrap();
            let loose = |t: &str| t.replace('}', ")").replace('"', "'");
            assert_eq!(loose(&got), loose(&want), "{written}");
        }
    }
}

#[test]
fn random_changes_never_panic() {
    let texts: Vec<(String, RegionFormat)> =
        cases().iter().map(|c| (c["text"].as_str().unwrap().to_owned(), format_of(c))).collect();
    let bits = [
        "#",
        ";",
        "{",
        "}",
        "\"",
        "'",
        "(",
        ")",
        "[",
        "]",
        "||",
        "=",
        ",",
        "\n",
        "-",
        "n=",
        "é",
        "\u{2212}",
        "1e999",
        "nan",
        "text={",
        "global ",
        "d",
        "r",
        "p",
        " ",
        ":",
        "wcs",
        "# text(",
        "99999999999999999999",
        "\0",
        "pix",
        "deg",
    ];
    let mut seed = 0_u64;
    let mut random = |n: usize| {
        seed += 1;
        (uniform(91, seed) * n as f64) as usize
    };
    for _ in 0..20 {
        for (text, form) in &texts {
            let mut chars: Vec<char> = text.chars().take(1200).collect();
            for _ in 0..1 + random(12) {
                let at = random(chars.len() + 1);
                match random(3) {
                    0 if at < chars.len() => {
                        chars.remove(at);
                    }
                    1 => {
                        let to = (at + random(30)).min(chars.len());
                        chars.drain(at..to);
                    }
                    _ => {
                        let bit: Vec<char> = bits[random(bits.len())].chars().collect();
                        chars.splice(at..at, bit);
                    }
                }
            }
            let changed: String = chars.into_iter().collect();
            for form in [*form, RegionFormat::Ds9, RegionFormat::Crtf] {
                let file = parse_regions(&changed, form);
                for r in &file.regions {
                    assert!(describe(r).1.iter().all(|v| v.is_finite()), "{r:?}");
                }
                // What was understood is written and understood again.
                if let Ok(written) = format_regions(&file.regions, form) {
                    let again = parse_regions(&written, form);
                    assert_eq!(again.regions.len(), file.regions.len(), "{changed}\n---\n{written}");
                }
            }
        }
    }
}
