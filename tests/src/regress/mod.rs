//! How far we are from stored answers of the reference implementations, per topic and quantity, with budgets.
//!
//! `tests/reference/gen_regress.py` writes one fixture per image; two images are made by formula, the others are
//! sections of real files below `$SKYPHOT_TEST_DATA`. Run by `cargo xtask regress`, and by a test.

mod aperture;
mod background;
mod catalog;
mod detection;
mod scene;
mod sky;
mod stats;
mod tally;
mod wcs;

pub use scene::Scene;
pub use tally::{Quantity, Tally};
pub use wcs::{HeaderRow, header_table, headers};

/// What stops a comparison.
pub type Error = Box<dyn std::error::Error>;

/// Compares everything (or one topic) on every image there is; `Err` names a topic that does not exist.
///
/// # Errors
/// A fixture that cannot be read, or a call that fails.
pub fn all(topic: Option<&str>) -> Result<Vec<Quantity>, Error> {
    type Compare = fn(&Scene, &mut Tally) -> Result<(), Error>;
    let topics: [(&str, Compare); 4] = [
        ("background", background::compare),
        ("stats", stats::compare),
        ("detection", detection::compare),
        ("aperture", aperture::compare),
    ];
    let known = |t: &str| t == "wcs" || t == "catalog" || topics.iter().any(|(name, _)| *name == t);
    if let Some(t) = topic.filter(|t| !known(t)) {
        return Err(format!(
            "no topic {t}: there are background, stats, detection, aperture, catalog and wcs"
        )
        .into());
    }
    let mut tally = Tally::default();
    if topic.is_none_or(|t| t == "wcs") {
        tally.topic("wcs");
        wcs::compare(&mut tally)?;
        sky::compare(&mut tally)?;
    }
    if topic == Some("wcs") {
        return Ok(tally.finish());
    }
    if topic.is_none_or(|t| t == "catalog") {
        tally.topic("catalog");
        catalog::compare(&mut tally)?;
    }
    if topic == Some("catalog") {
        return Ok(tally.finish());
    }
    let scenes = Scene::all()?;
    for (name, compare) in topics.iter().filter(|(name, _)| topic.is_none_or(|t| t == *name)) {
        tally.topic(name);
        for scene in &scenes {
            compare(scene, &mut tally).map_err(|e| format!("{name} on {}: {e}", scene.name))?;
        }
    }
    Ok(tally.finish())
}

#[cfg(test)]
mod tests {
    #[test]
    fn everything_is_within_budget() {
        let rows = super::all(None).unwrap();
        assert!(rows.len() > 40, "only {} quantities", rows.len());
        let over: Vec<_> = rows.iter().filter(|q| !q.within_budget()).collect();
        assert!(over.is_empty(), "{over:#?}");
        assert!(super::all(Some("astrology")).is_err());
    }
}
