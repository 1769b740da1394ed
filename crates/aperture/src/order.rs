//! The order in which positions are visited.

use skyphot_core::Point;

/// Rows of one band: all positions of a band are visited before the next one, from left to right.
const BAND: f64 = 8.0;
/// Fewer positions than this are visited as they come.
const WORTH_SORTING: usize = 256;

/// Indices of the positions such that neighbours on the image are neighbours in time. Results do not depend on it:
/// it only saves memory traffic.
pub(crate) fn visiting_order(positions: &[Point]) -> Vec<u32> {
    let n = positions.len();
    if n < WORTH_SORTING {
        return (0..n as u32).collect();
    }
    // Casts saturate, and NaN becomes 0.
    let mut keys: Vec<(u64, u32)> = positions
        .iter()
        .zip(0_u32..)
        .map(|(p, i)| ((u64::from((p.y * (1.0 / BAND)) as u32) << 32) | u64::from(p.x as u32), i))
        .collect();
    keys.sort_unstable();
    keys.into_iter().map(|(_, i)| i).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_position_once() {
        let p: Vec<Point> = (0..1000)
            .map(|i| {
                let f = f64::from(i);
                if i % 100 == 3 {
                    Point::new(f64::NAN, -f)
                } else {
                    Point::new(f * 7.0 % 100.0, f * 13.0 % 200.0)
                }
            })
            .collect();
        let mut o = visiting_order(&p);
        o.sort_unstable();
        assert_eq!(o, (0..1000).collect::<Vec<u32>>());
    }
}
