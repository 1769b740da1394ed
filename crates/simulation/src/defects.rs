//! What detectors and particles do to an image.

use ndarray::Array2;
use rand_pcg::Pcg64;

use crate::random::{Purpose, between, generator, power_law};
use crate::{SceneConfig, SceneFlags};

fn index(rng: &mut Pcg64, n: usize) -> usize {
    (between(rng, 0.0, n as f64) as usize).min(n - 1)
}

/// Hot pixels and cosmic rays, which add charge.
pub(crate) fn add_charge(data: &mut Array2<f64>, dq: &mut Array2<u32>, c: &SceneConfig) {
    let (ny, nx) = data.dim();
    let mut rng = generator(c.seed, Purpose::Defects, 0);
    for _ in 0..c.n_hot_pixels {
        let (x, y) = (index(&mut rng, nx), index(&mut rng, ny));
        data[[y, x]] += power_law(&mut rng, 0.6, 300.0, 30_000.0);
        dq[[y, x]] |= SceneFlags::HOT.bits();
    }
    let mut rng = generator(c.seed, Purpose::Defects, 1);
    for _ in 0..c.n_cosmic_rays {
        let (mut x, mut y) = (between(&mut rng, 0.0, nx as f64), between(&mut rng, 0.0, ny as f64));
        let (s, k) = between(&mut rng, 0.0, std::f64::consts::TAU).sin_cos();
        let length = power_law(&mut rng, 1.0, 1.0, 40.0);
        let charge = power_law(&mut rng, 0.7, 300.0, 12_000.0);
        // Charge per unit length, in steps of a quarter pixel.
        let steps = (4.0 * length).ceil() as usize;
        for _ in 0..steps {
            let (col, row) = (x.floor(), y.floor());
            if col >= 0.0 && row >= 0.0 && (col as usize) < nx && (row as usize) < ny {
                let at = [row as usize, col as usize];
                data[at] += charge * 0.25 * between(&mut rng, 0.6, 1.4);
                dq[at] |= SceneFlags::COSMIC_RAY.bits();
            }
            x += 0.25 * k;
            y += 0.25 * s;
        }
    }
}

/// Clips at the full well. With bleeding, the charge above it runs up and down the column in equal parts until it is
/// used up or leaves the image.
pub(crate) fn saturate(data: &mut Array2<f64>, dq: &mut Array2<u32>, c: &SceneConfig) {
    let full = c.full_well;
    let ny = data.nrows();
    for x in 0..data.ncols() {
        if data.column(x).iter().all(|v| *v < full) {
            continue;
        }
        let mut column: Vec<f64> = data.column(x).to_vec();
        if c.bleed {
            let mut up = vec![0.0; ny];
            let mut down = vec![0.0; ny];
            for y in 0..ny {
                let excess = column[y] - full;
                if excess > 0.0 {
                    column[y] = full;
                    up[y] = 0.5 * excess;
                    down[y] = 0.5 * excess;
                }
            }
            run(&mut column, &up, full, 0..ny);
            run(&mut column, &down, full, (0..ny).rev());
        }
        for (y, v) in column.into_iter().enumerate() {
            data[[y, x]] = v.min(full);
            if v >= full {
                dq[[y, x]] |= SceneFlags::SATURATED.bits();
            }
        }
    }
}

/// Carries charge along a column and fills pixels up to the full well.
fn run(column: &mut [f64], source: &[f64], full: f64, order: impl Iterator<Item = usize>) {
    let mut carried = 0.0;
    for y in order {
        carried += source[y];
        let room = (full - column[y]).max(0.0);
        let poured = room.min(carried);
        if poured > 0.0 {
            // Exactly full where it fills up, whatever the rounding.
            column[y] = if poured == room { full } else { column[y] + poured };
        }
        carried -= poured;
    }
}

/// Columns that see almost nothing.
pub(crate) fn kill_columns(data: &mut Array2<f64>, dq: &mut Array2<u32>, c: &SceneConfig) {
    let nx = data.ncols();
    let mut rng = generator(c.seed, Purpose::Defects, 2);
    for _ in 0..c.n_bad_columns {
        let x = index(&mut rng, nx);
        data.column_mut(x).mapv_inplace(|v| 0.03 * v);
        dq.column_mut(x).mapv_inplace(|v| v | SceneFlags::BAD_COLUMN.bits());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bleeding_keeps_the_charge() {
        let c = SceneConfig { full_well: 100.0, ..Default::default() };
        let mut data = Array2::from_elem((200, 3), 10.0);
        data[[100, 1]] = 1000.0;
        data[[101, 1]] = 500.0;
        let before = data.sum();
        let mut dq = Array2::zeros((200, 3));
        saturate(&mut data, &mut dq, &c);
        assert!((data.sum() - before).abs() < 1e-9);
        assert!(data.iter().all(|v| *v <= 100.0));
        let n = dq.iter().filter(|v| **v == SceneFlags::SATURATED.bits()).count();
        assert!(n >= 14, "{n}");
        let c = SceneConfig { bleed: false, ..c };
        let mut data = Array2::from_elem((5, 1), 300.0);
        saturate(&mut data, &mut Array2::zeros((5, 1)), &c);
        assert_eq!(data.sum(), 500.0);
    }
}
