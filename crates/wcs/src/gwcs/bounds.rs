//! Bounding boxes.

use skyphot_core::Point;
use skyphot_core::tree::Node;

use super::parse::{Reader, input_index, input_names};
use crate::{Result, WcsError};

/// The pixels for which a graph is meant; the limits belong to it. Infinite limits are none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PixelBounds {
    x: (f64, f64),
    y: (f64, f64),
}

impl PixelBounds {
    /// Pixels with `x.0 <= x <= x.1` and `y.0 <= y <= y.1`.
    ///
    /// # Errors
    /// [`WcsError::InvalidParameter`] for limits that are NaN or in the wrong order.
    pub fn new(x: (f64, f64), y: (f64, f64)) -> Result<Self> {
        for (low, high) in [x, y] {
            if !(low <= high) {
                return Err(WcsError::InvalidParameter {
                    name: "bounding box limit",
                    expected: "a number not above the upper limit",
                    found: low,
                });
            }
        }
        Ok(Self { x, y })
    }

    /// Lowest and highest x, pixels.
    #[must_use]
    pub fn x(&self) -> (f64, f64) {
        self.x
    }

    /// Lowest and highest y, pixels.
    #[must_use]
    pub fn y(&self) -> (f64, f64) {
        self.y
    }

    /// The position lies within the limits; one that is NaN is not outside.
    #[must_use]
    pub fn contains(&self, p: Point) -> bool {
        !(p.x < self.x.0 || p.x > self.x.1 || p.y < self.y.0 || p.y > self.y.1)
    }

    /// All limits are finite.
    #[must_use]
    pub fn is_finite(&self) -> bool {
        [self.x.0, self.x.1, self.y.0, self.y.1].iter().all(|v| v.is_finite())
    }

    /// Centre of the box.
    #[must_use]
    pub fn center(&self) -> Point {
        Point::new(0.5 * (self.x.0 + self.x.1), 0.5 * (self.y.0 + self.y.1))
    }

    /// The `bounding_box` of a transform with two inputs: `[[ylow, yhigh], [xlow, xhigh]]`, or intervals by the names of
    /// the inputs.
    pub(crate) fn read(r: &mut Reader, transform: &Node) -> Result<Option<Self>> {
        let Some(node) = Reader::optional(transform, "bounding_box") else { return Ok(None) };
        r.at("bounding_box", |r| {
            if node.is("compound_bounding_box") || node.get("cbbox").is_some() {
                return Err(
                    r.invalid("a compound bounding box (one box per value of an input) is not supported")
                );
            }
            let free = (f64::NEG_INFINITY, f64::INFINITY);
            let mut limits = [free; 2];
            if let Some(intervals) = node.get("intervals") {
                let map = intervals.as_map().ok_or_else(|| r.invalid("intervals: expected a mapping"))?;
                let names = input_names(transform);
                for (name, interval) in map.iter() {
                    let i = input_index(&names, name, 2)
                        .filter(|i| *i < 2)
                        .ok_or_else(|| r.invalid(format!("intervals: no input '{name}'")))?;
                    limits[i] = interval_of(r, interval)?;
                }
            } else {
                let list = node.as_seq().filter(|s| s.len() == 2);
                let [y, x] = list
                    .ok_or_else(|| r.invalid(format!("expected two intervals, found {}", node.describe())))?
                else {
                    return Ok(None);
                };
                limits = [interval_of(r, x)?, interval_of(r, y)?];
            }
            Self::new(limits[0], limits[1]).map(Some).map_err(|e| r.invalid(e.to_string()))
        })
    }
}

fn interval_of(r: &mut Reader, node: &Node) -> Result<(f64, f64)> {
    if let Some(s) = node.as_seq().filter(|s| s.len() == 2) {
        let number = |n: &Node| n.to_f64().map_err(|e| r.invalid(e.to_string()));
        return Ok((number(&s[0])?, number(&s[1])?));
    }
    let (_, v) = r.array(node, "interval")?;
    match v[..] {
        [low, high] => Ok((low, high)),
        _ => Err(r.invalid(format!("expected two limits, found {}", v.len()))),
    }
}
