//! Matching of catalogues by position.

use skyphot_core::{Column, Exec, Point, SkyCoord, Table};

use super::kdtree::KdTree;
use super::separation;
use crate::angle::unit_vector;
use crate::{Result, WcsError};

/// Queries that one thread takes at a time.
const CHUNK: usize = 1024;

/// The counterpart of each position.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CatalogMatch {
    /// Index in the catalogue; `None` where the position is not finite or nothing is near enough.
    pub index: Vec<Option<usize>>,
    /// Distance to the counterpart: degrees on the sky, pixels in the plane; NaN without one.
    pub separation: Vec<f64>,
    /// More than one entry of the catalogue lies within the radius (always `false` without a radius).
    pub ambiguous: Vec<bool>,
}

impl CatalogMatch {
    /// Number of positions.
    #[must_use]
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// There is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// Columns `index` (-1 = none), `separation` and `ambiguous`.
    ///
    /// # Errors
    /// None in practice: the columns are equally long.
    pub fn to_table(&self) -> skyphot_core::Result<Table> {
        let index: Vec<i64> = self.index.iter().map(|i| i.map_or(-1, |v| v as i64)).collect();
        Table::from_columns([
            Column::new("index", index),
            Column::new("separation", self.separation.clone()),
            Column::new("ambiguous", self.ambiguous.clone()),
        ])
    }
}

/// Pairs of positions, sorted by the first and then the second index.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MatchPairs {
    /// Indices in the first list.
    pub first: Vec<usize>,
    /// Indices in the second list.
    pub second: Vec<usize>,
    /// Distances: degrees on the sky, pixels in the plane.
    pub separation: Vec<f64>,
}

impl MatchPairs {
    /// Number of pairs.
    #[must_use]
    pub fn len(&self) -> usize {
        self.first.len()
    }

    /// There is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.first.is_empty()
    }

    /// Columns `first`, `second` and `separation`.
    ///
    /// # Errors
    /// None in practice: the columns are equally long.
    pub fn to_table(&self) -> skyphot_core::Result<Table> {
        let ints = |v: &[usize]| v.iter().map(|i| *i as i64).collect::<Vec<i64>>();
        Table::from_columns([
            Column::new("first", ints(&self.first)),
            Column::new("second", ints(&self.second)),
            Column::new("separation", self.separation.clone()),
        ])
    }
}

/// How [`cross_match_sky`] and [`cross_match_xy`] match.
#[derive(Debug, Clone)]
pub struct CrossMatchConfig {
    /// Largest distance of a pair: degrees on the sky, pixels in the plane.
    pub radius: f64,
    /// Only pairs in which each is the other's nearest neighbour.
    pub mutual: bool,
    /// Threads.
    pub exec: Exec,
}

impl Default for CrossMatchConfig {
    /// Within 1 arcsec (or 1/3600 px: give your own radius there), mutual, on all cores.
    fn default() -> Self {
        Self { radius: 1.0 / 3600.0, mutual: true, exec: Exec::default() }
    }
}

fn vectors(sky: &[SkyCoord], exec: &Exec) -> Vec<[f64; 3]> {
    let mut out = vec![[0.0; 3]; sky.len()];
    exec.for_each_chunk_mut(&mut out, CHUNK, |k, chunk| {
        for (v, s) in chunk.iter_mut().zip(&sky[k * CHUNK..]) {
            *v = unit_vector(s.lon, s.lat);
        }
    });
    out
}

/// The angle between two unit vectors, degrees, to 1e-14; from the positions themselves where the chord would lose digits.
fn angle(a: [f64; 3], b: [f64; 3], positions: impl Fn() -> (SkyCoord, SkyCoord)) -> f64 {
    let d = [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
    let half = 0.5 * (d[0] * d[0] + d[1] * d[1] + d[2] * d[2]).sqrt();
    if half < 0.5 {
        return (2.0 * half.asin()).to_degrees();
    }
    let (a, b) = positions();
    separation(a, b)
}

fn planar(points: &[Point]) -> Vec<[f64; 2]> {
    points.iter().map(|p| [p.x, p.y]).collect()
}

/// Square of the chord of an angle in degrees.
fn squared_chord(angle: f64) -> f64 {
    let c = 2.0 * (0.5 * angle.min(180.0)).to_radians().sin();
    c * c
}

/// The `nth` nearest entry (1 = nearest) of a catalogue for each position on the sky, at any distance.
///
/// ```
/// use skyphot_core::{Exec, SkyCoord};
/// use skyphot_wcs::sky::match_to_catalog_sky;
/// let catalog = [SkyCoord { lon: 359.9, lat: 0.0 }, SkyCoord { lon: 5.0, lat: 0.0 }];
/// let m = match_to_catalog_sky(&[SkyCoord { lon: 0.0, lat: 0.0 }], &catalog, 1, &Exec::serial())?;
/// assert_eq!(m.index, [Some(0)]);
/// assert!((m.separation[0] - 0.1).abs() < 1e-12);
/// # Ok::<(), skyphot_wcs::WcsError>(())
/// ```
///
/// # Errors
/// [`WcsError::TooFewPoints`] if the catalogue has fewer than `nth` positions, [`WcsError::InvalidParameter`] if `nth`
/// is 0.
#[doc(alias = "match_coordinates_sky")]
pub fn match_to_catalog_sky(
    positions: &[SkyCoord],
    catalog: &[SkyCoord],
    nth: usize,
    exec: &Exec,
) -> Result<CatalogMatch> {
    let (mine, theirs) = (vectors(positions, exec), vectors(catalog, exec));
    let tree = KdTree::new(&theirs, exec);
    let hits = nth_neighbour(&tree, &mine, nth, exec)?;
    Ok(finish(hits, exec, |i, j| angle(mine[i], theirs[j], || (positions[i], catalog[j]))))
}

/// The `nth` nearest entry (1 = nearest) of a catalogue for each point of the plane, at any distance.
///
/// # Errors
/// As [`match_to_catalog_sky`].
pub fn match_to_catalog_xy(
    positions: &[Point],
    catalog: &[Point],
    nth: usize,
    exec: &Exec,
) -> Result<CatalogMatch> {
    let tree = KdTree::new(&planar(catalog), exec);
    let hits = nth_neighbour(&tree, &planar(positions), nth, exec)?;
    Ok(finish(hits, exec, |i, j| positions[i].distance(catalog[j])))
}

fn nth_neighbour<const D: usize>(
    tree: &KdTree<D>,
    queries: &[[f64; D]],
    nth: usize,
    exec: &Exec,
) -> Result<Vec<Option<usize>>> {
    if nth == 0 {
        return Err(WcsError::InvalidParameter { name: "nth", expected: "at least 1", found: 0.0 });
    }
    if tree.len() < nth {
        return Err(WcsError::TooFewPoints { what: "the catalogue", needed: nth, found: tree.len() });
    }
    let order = tree.order(queries, exec);
    let chunks = exec.map_chunks(order.len(), CHUNK, |range| {
        let mut best = Vec::with_capacity(nth + 1);
        order[range]
            .iter()
            .map(|&i| {
                if nth == 1 {
                    return tree.nearest_one(&queries[i]).map(|b| b.1);
                }
                tree.nearest(&queries[i], nth, &mut best);
                best.get(nth - 1).map(|b| b.1)
            })
            .collect::<Vec<_>>()
    });
    let mut out = vec![None; queries.len()];
    for (i, hit) in order.iter().zip(chunks.into_iter().flatten()) {
        out[*i] = hit;
    }
    Ok(out)
}

fn finish(
    index: Vec<Option<usize>>,
    exec: &Exec,
    distance: impl Fn(usize, usize) -> f64 + Sync + Send,
) -> CatalogMatch {
    let mut separation = vec![f64::NAN; index.len()];
    exec.for_each_chunk_mut(&mut separation, CHUNK, |k, chunk| {
        for (i, (s, j)) in (k * CHUNK..).zip(chunk.iter_mut().zip(&index[k * CHUNK..])) {
            if let Some(j) = j {
                *s = distance(i, *j);
            }
        }
    });
    let ambiguous = vec![false; index.len()];
    CatalogMatch { index, separation, ambiguous }
}

/// All pairs of positions on the sky within `radius` degrees of each other.
///
/// # Errors
/// [`WcsError::InvalidParameter`] for a radius that is negative or not finite.
pub fn search_around_sky(
    first: &[SkyCoord],
    second: &[SkyCoord],
    radius: f64,
    exec: &Exec,
) -> Result<MatchPairs> {
    check_radius(radius)?;
    let tree = KdTree::new(&vectors(second, exec), exec);
    // A hair more than asked for; the angle itself decides.
    let limit = squared_chord(radius) * (1.0 + 1e-12) + 1e-30;
    Ok(pairs(&tree, &vectors(first, exec), limit, exec, |i, j| {
        let d = separation(first[i], second[j]);
        (d <= radius).then_some(d)
    }))
}

/// All pairs of points of the plane within `radius` pixels of each other.
///
/// # Errors
/// As [`search_around_sky`].
pub fn search_around_xy(first: &[Point], second: &[Point], radius: f64, exec: &Exec) -> Result<MatchPairs> {
    check_radius(radius)?;
    let tree = KdTree::new(&planar(second), exec);
    Ok(pairs(&tree, &planar(first), radius * radius * (1.0 + 1e-12), exec, |i, j| {
        let d = first[i].distance(second[j]);
        (d <= radius).then_some(d)
    }))
}

fn pairs<const D: usize>(
    tree: &KdTree<D>,
    queries: &[[f64; D]],
    limit: f64,
    exec: &Exec,
    distance: impl Fn(usize, usize) -> Option<f64> + Sync + Send,
) -> MatchPairs {
    let chunks = exec.map_chunks(queries.len(), CHUNK, |range| {
        let mut found = Vec::new();
        let mut out = MatchPairs::default();
        for i in range {
            tree.within(&queries[i], limit, &mut found);
            found.sort_unstable_by_key(|f| f.1);
            for &(_, j) in &found {
                if let Some(d) = distance(i, j) {
                    out.first.push(i);
                    out.second.push(j);
                    out.separation.push(d);
                }
            }
        }
        out
    });
    let mut out = MatchPairs::default();
    for c in chunks {
        out.first.extend(c.first);
        out.second.extend(c.second);
        out.separation.extend(c.separation);
    }
    out
}

fn check_radius(radius: f64) -> Result<()> {
    if radius >= 0.0 && radius.is_finite() {
        Ok(())
    } else {
        Err(WcsError::InvalidParameter { name: "radius", expected: "0 or more, finite", found: radius })
    }
}

/// The counterpart within a radius of each position on the sky; where several entries of the catalogue are that near,
/// the nearest is taken and the match is marked as ambiguous.
///
/// # Errors
/// [`WcsError::InvalidParameter`] for a radius that is negative or not finite. An empty catalogue is no error.
pub fn cross_match_sky(
    positions: &[SkyCoord],
    catalog: &[SkyCoord],
    config: &CrossMatchConfig,
) -> Result<CatalogMatch> {
    let around = search_around_sky(positions, catalog, config.radius, &config.exec)?;
    Ok(nearest_pairs(&around, positions.len(), catalog.len(), config.mutual))
}

/// The counterpart within a radius (pixels) of each point of the plane, as [`cross_match_sky`].
///
/// # Errors
/// As [`cross_match_sky`].
#[doc(alias = "XYXYMatch")]
pub fn cross_match_xy(
    positions: &[Point],
    catalog: &[Point],
    config: &CrossMatchConfig,
) -> Result<CatalogMatch> {
    let around = search_around_xy(positions, catalog, config.radius, &config.exec)?;
    Ok(nearest_pairs(&around, positions.len(), catalog.len(), config.mutual))
}

/// The nearest of all pairs of each first entry.
fn nearest_pairs(p: &MatchPairs, n_first: usize, n_second: usize, mutual: bool) -> CatalogMatch {
    let mut out = CatalogMatch {
        index: vec![None; n_first],
        separation: vec![f64::NAN; n_first],
        ambiguous: vec![false; n_first],
    };
    let mut best_of_second: Vec<Option<(f64, usize)>> = vec![None; n_second];
    for k in 0..p.len() {
        let (i, j, d) = (p.first[k], p.second[k], p.separation[k]);
        if out.index[i].is_some() {
            out.ambiguous[i] = true;
        }
        if out.index[i].is_none() || d < out.separation[i] {
            out.index[i] = Some(j);
            out.separation[i] = d;
        }
        if best_of_second[j].is_none_or(|b| d < b.0) {
            best_of_second[j] = Some((d, i));
        }
    }
    if mutual {
        for i in 0..n_first {
            if let Some(j) = out.index[i]
                && best_of_second[j].is_none_or(|b| b.1 != i)
            {
                out.index[i] = None;
                out.separation[i] = f64::NAN;
                out.ambiguous[i] = false;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mutual_and_ambiguous() {
        let catalog = [Point::new(0.0, 0.0), Point::new(10.0, 0.0), Point::new(10.6, 0.0)];
        let mine =
            [Point::new(0.1, 0.0), Point::new(0.3, 0.0), Point::new(10.1, 0.0), Point::new(f64::NAN, 0.0)];
        let config = CrossMatchConfig { radius: 1.0, mutual: true, exec: Exec::serial() };
        let m = cross_match_xy(&mine, &catalog, &config).unwrap();
        assert_eq!(m.index, [Some(0), None, Some(1), None]);
        assert_eq!(m.ambiguous, [false, false, true, false]);
        let all = cross_match_xy(&mine, &catalog, &CrossMatchConfig { mutual: false, ..config }).unwrap();
        assert_eq!(all.index, [Some(0), Some(0), Some(1), None]);
        assert!(match_to_catalog_xy(&mine, &catalog, 4, &Exec::serial()).is_err());
        assert_eq!(match_to_catalog_xy(&mine, &catalog, 2, &Exec::serial()).unwrap().index[0], Some(1));
    }
}
