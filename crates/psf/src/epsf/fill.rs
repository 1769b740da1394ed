//! Missing samples from their neighbours.
//!
//! A sample with known ones on both sides along its row or its column is given by the surface of least curvature through
//! the known samples (Briggs 1974, Geophysics 39, 39); any other takes the value of the nearest sample that has one.

use ndarray::Array2;

const MAX_STEPS: usize = 2000;
const TOLERANCE: f64 = 1e-13;

/// Fills in the samples marked as missing. `false`, and nothing done, if all of them are.
pub(crate) fn fill_missing(data: &mut Array2<f64>, missing: &Array2<bool>) -> bool {
    let (ny, nx) = data.dim();
    if missing.iter().all(|m| *m) {
        return false;
    }
    let at = |y: usize, x: usize| y * nx + x;
    let gone: Vec<bool> = missing.iter().copied().collect();
    let mut f: Vec<f64> = data.iter().zip(&gone).map(|(v, m)| if *m { 0.0 } else { *v }).collect();
    let inside = enclosed(&gone, ny, nx);
    let unknown: Vec<usize> = (0..gone.len()).filter(|&i| inside[i]).collect();
    if !unknown.is_empty() {
        let mut number = vec![usize::MAX; gone.len()];
        for (k, &i) in unknown.iter().enumerate() {
            number[i] = k;
        }
        let usable = |i: usize| !gone[i] || inside[i];
        let mut stencils: Vec<Vec<(usize, f64)>> = Vec::new();
        let mut add = |cells: &[(usize, f64)]| {
            if cells.iter().all(|(i, _)| usable(*i)) && cells.iter().any(|(i, _)| gone[*i]) {
                stencils.push(cells.to_vec());
            }
        };
        for y in 0..ny {
            for x in 0..nx {
                if x + 2 < nx {
                    add(&[(at(y, x), 1.0), (at(y, x + 1), -2.0), (at(y, x + 2), 1.0)]);
                }
                if y + 2 < ny {
                    add(&[(at(y, x), 1.0), (at(y + 1, x), -2.0), (at(y + 2, x), 1.0)]);
                }
                if x + 1 < nx && y + 1 < ny {
                    const R: f64 = std::f64::consts::SQRT_2;
                    add(&[(at(y, x), R), (at(y, x + 1), -R), (at(y + 1, x), -R), (at(y + 1, x + 1), R)]);
                }
            }
        }
        for (k, v) in least_curvature(&stencils, &number, &f, unknown.len()).into_iter().enumerate() {
            f[unknown[k]] = v;
        }
    }
    let have: Vec<usize> = (0..gone.len()).filter(|&i| !gone[i] || inside[i]).collect();
    let rest: Vec<usize> = (0..gone.len()).filter(|&i| gone[i] && !inside[i]).collect();
    let distance = |i: usize, j: usize| {
        let (dy, dx) = ((i / nx).abs_diff(j / nx), (i % nx).abs_diff(j % nx));
        dy * dy + dx * dx
    };
    for i in rest {
        if let Some(&j) = have.iter().min_by_key(|j| distance(i, **j)) {
            f[i] = f[j];
        }
    }
    for (v, f) in data.iter_mut().zip(f) {
        *v = f;
    }
    true
}

/// Missing cells between known ones along a row or a column.
fn enclosed(gone: &[bool], ny: usize, nx: usize) -> Vec<bool> {
    let mut inside = vec![false; gone.len()];
    let mut line = |cells: &mut dyn Iterator<Item = usize>| {
        let (mut gap, mut begun) = (Vec::new(), false);
        for i in cells {
            if gone[i] {
                gap.push(i);
            } else {
                if begun {
                    for &k in &gap {
                        inside[k] = true;
                    }
                }
                gap.clear();
                begun = true;
            }
        }
    };
    for y in 0..ny {
        line(&mut (0..nx).map(|x| y * nx + x));
    }
    for x in 0..nx {
        line(&mut (0..ny).map(|y| y * nx + x));
    }
    inside
}

/// Minimises the sum of squares of the stencils by conjugate gradients.
fn least_curvature(stencils: &[Vec<(usize, f64)>], number: &[usize], f: &[f64], n: usize) -> Vec<f64> {
    let apply = |v: &[f64]| -> Vec<f64> {
        let sum = |s: &Vec<(usize, f64)>| {
            s.iter().filter(|(i, _)| number[*i] != usize::MAX).map(|(i, c)| c * v[number[*i]]).sum()
        };
        stencils.iter().map(sum).collect()
    };
    let transpose = |r: &[f64]| {
        let mut out = vec![0.0; n];
        for (s, r) in stencils.iter().zip(r) {
            for (i, c) in s.iter().filter(|(i, _)| number[*i] != usize::MAX) {
                out[number[*i]] += c * r;
            }
        }
        out
    };
    let norm = |v: &[f64]| v.iter().map(|v| v * v).sum::<f64>();
    let mut v = vec![0.0; n];
    let known = |s: &Vec<(usize, f64)>| {
        s.iter().filter(|(i, _)| number[*i] == usize::MAX).map(|(i, c)| c * f[*i]).sum::<f64>()
    };
    let mut residual: Vec<f64> = stencils.iter().map(|s| -known(s)).collect();
    let mut gradient = transpose(&residual);
    let mut direction = gradient.clone();
    let mut size = norm(&gradient);
    let limit = TOLERANCE * TOLERANCE * size;
    for _ in 0..MAX_STEPS {
        if !(size > limit) {
            break;
        }
        let along = apply(&direction);
        let curvature = norm(&along);
        if !(curvature > 0.0) {
            break;
        }
        let step = size / curvature;
        for (v, d) in v.iter_mut().zip(&direction) {
            *v += step * d;
        }
        for (r, a) in residual.iter_mut().zip(&along) {
            *r -= step * a;
        }
        gradient = transpose(&residual);
        let next = norm(&gradient);
        for (d, g) in direction.iter_mut().zip(&gradient) {
            *d = g + next / size * *d;
        }
        size = next;
    }
    v
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planes_are_continued_and_edges_take_the_nearest() {
        let plane = Array2::from_shape_fn((9, 8), |(y, x)| 3.0 + 0.5 * x as f64 - 2.0 * y as f64);
        let mut missing = Array2::from_elem((9, 8), false);
        for (y, x) in [(3, 3), (3, 4), (4, 4), (6, 2), (0, 3)] {
            missing[[y, x]] = true;
        }
        let mut data = plane.clone();
        for (v, m) in data.iter_mut().zip(&missing) {
            if *m {
                *v = f64::NAN;
            }
        }
        let mut corner = data.clone();
        assert!(fill_missing(&mut data, &missing));
        for (a, b) in data.iter().zip(&plane) {
            assert!((a - b).abs() < 1e-10, "{a} {b}");
        }
        missing[[0, 0]] = true;
        assert!(fill_missing(&mut corner, &missing));
        assert_eq!(corner[[0, 0]], plane[[0, 1]]);
        assert!(!fill_missing(&mut corner, &Array2::from_elem((9, 8), true)));
    }

    #[test]
    fn holes_in_a_peak_are_close() {
        let peak = Array2::from_shape_fn((21, 21), |(y, x)| {
            (-((y as f64 - 10.0).powi(2) + (x as f64 - 10.0).powi(2)) / 32.0).exp()
        });
        let missing = Array2::from_shape_fn((21, 21), |(y, x)| y % 3 == 1 && x % 3 == 1);
        let mut data = peak.clone();
        assert!(fill_missing(&mut data, &missing));
        let worst = data.iter().zip(&peak).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(worst < 3e-3, "{worst}");
    }
}
