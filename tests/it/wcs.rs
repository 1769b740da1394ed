//! World coordinates of real files through the facade, and the table in `docs/accuracy.md`.
#![allow(clippy::unwrap_used)]

use skyphot_tests::regress::{HeaderRow, header_table, headers};

#[test]
fn every_header_agrees_with_astropy() {
    let rows = headers().unwrap();
    assert!(rows.len() >= 25, "only {} headers", rows.len());
    for r in rows.iter().filter(|r| !r.projection.is_empty() && !r.is_csc()) {
        assert!(r.sky <= 1e-9 && r.pixel <= 1e-6 && r.round_trip <= 1e-8, "{r:?}");
    }
    if skyphot::core::testing::test_data("wcs").is_some() {
        assert!(rows.iter().filter(|r| !r.projection.is_empty()).count() >= 84, "{} headers", rows.len());
        the_table_is_up_to_date(&rows);
    }
}

/// The same headers with the same words, and no difference ten times larger than the table says.
fn the_table_is_up_to_date(rows: &[HeaderRow]) {
    let docs = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/accuracy.md")).unwrap();
    let (_, rest) = docs.split_once("(cargo xtask regress --write) -->\n").unwrap();
    let (stated, _) = rest.split_once("<!-- headers: end -->").unwrap();
    let measured = header_table(rows);
    let cells = |text: &str| -> Vec<Vec<String>> {
        text.lines()
            .map(str::trim)
            .filter(|l| l.starts_with("| ") && !l.starts_with("| header"))
            .map(|l| l.trim_matches('|').split(" | ").map(|c| c.trim().to_owned()).collect())
            .collect()
    };
    let (stated, measured) = (cells(stated), cells(&measured));
    let words = |t: &[Vec<String>]| -> Vec<Vec<String>> {
        t.iter()
            .map(|r| r.iter().enumerate().filter(|(i, _)| !(4..7).contains(i)).map(|c| c.1.clone()).collect())
            .collect()
    };
    assert_eq!(words(&stated), words(&measured), "run cargo xtask regress --write");
    for (s, m) in stated.iter().zip(&measured) {
        for k in 4..7 {
            let number = |t: &str| t.parse::<f64>().unwrap_or(f64::INFINITY);
            assert!(
                s[k] == m[k] || number(&m[k]) <= 10.5 * number(&s[k]),
                "{s:?} {m:?}: cargo xtask regress --write"
            );
        }
    }
}
