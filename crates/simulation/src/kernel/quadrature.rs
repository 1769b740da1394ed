//! Gauss-Legendre integrals over pixels.

/// Nodes in `[-0.5, 0.5]` with weights that add up to 1.
pub(crate) type Rule = &'static [(f64, f64)];

pub(crate) const GL2: Rule = &[(-0.288_675_134_594_812_9, 0.5), (0.288_675_134_594_812_9, 0.5)];

pub(crate) const GL3: Rule =
    &[(-0.387_298_334_620_741_7, 5.0 / 18.0), (0.0, 8.0 / 18.0), (0.387_298_334_620_741_7, 5.0 / 18.0)];

pub(crate) const GL6: Rule = &[
    (-0.466_234_757_101_576, 0.085_662_246_189_585_17),
    (-0.330_604_693_233_132_25, 0.180_380_786_524_069_3),
    (-0.119_309_593_041_598_45, 0.233_956_967_286_345_5),
    (0.119_309_593_041_598_45, 0.233_956_967_286_345_5),
    (0.330_604_693_233_132_25, 0.180_380_786_524_069_3),
    (0.466_234_757_101_576, 0.085_662_246_189_585_17),
];

/// Mean of `f` over the square of side `h` around `(x, y)`.
pub(crate) fn mean_over(rule: Rule, x: f64, y: f64, h: f64, f: &impl Fn(f64, f64) -> f64) -> f64 {
    let mut sum = 0.0;
    for &(v, wv) in rule {
        let mut row = 0.0;
        for &(u, wu) in rule {
            row += wu * f(x + h * u, y + h * v);
        }
        sum += wv * row;
    }
    sum
}

/// As [`mean_over`], cutting squares that `near(x, y, h)` the cusp into four, up to `depth` times.
pub(crate) fn mean_with_cusp(
    rule: Rule,
    (x, y, h): (f64, f64, f64),
    depth: u32,
    f: &impl Fn(f64, f64) -> f64,
    near: &impl Fn(f64, f64, f64) -> bool,
) -> f64 {
    if depth == 0 || !near(x, y, h) {
        return mean_over(rule, x, y, h, f);
    }
    let (q, half) = (0.25 * h, 0.5 * h);
    let part = |dx: f64, dy: f64| mean_with_cusp(rule, (x + dx, y + dy, half), depth - 1, f, near);
    0.25 * (part(-q, -q) + part(q, -q) + part(-q, q) + part(q, q))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polynomials_are_exact() {
        // Mean of x^2 y^4 over the unit square about 0: 1/12 * 1/80.
        let f = |x: f64, y: f64| x * x * y.powi(4);
        for rule in [GL3, GL6] {
            assert!((mean_over(rule, 0.0, 0.0, 1.0, &f) - 1.0 / 960.0).abs() < 1e-15);
            assert!(
                (mean_with_cusp(rule, (0.0, 0.0, 1.0), 3, &f, &|_, _, _| true) - 1.0 / 960.0).abs() < 1e-15
            );
        }
        assert!((mean_over(GL2, 1.0, 0.0, 2.0, &|x, y| x * x + y) - 4.0 / 3.0).abs() < 1e-15);
    }
}
