//! Sines and cosines of degrees, exact at multiples of 90, and small matrices.

/// `(sin, cos)` of an angle in degrees, exact at multiples of 90 degrees.
pub(crate) fn sin_cos_deg(a: f64) -> (f64, f64) {
    if !a.is_finite() {
        return (f64::NAN, f64::NAN);
    }
    let r = if a.abs() < 1e6 { a } else { a % 360.0 };
    // Adding and subtracting 1.5 * 2^52 rounds to a whole number; r - 90 q is exact.
    let q = (r * (1.0 / 90.0) + 6_755_399_441_055_744.0) - 6_755_399_441_055_744.0;
    let (s, c) = (r - 90.0 * q).to_radians().sin_cos();
    match (q as i64).rem_euclid(4) {
        0 => (s, c),
        1 => (c, -s),
        2 => (-s, -c),
        _ => (-c, s),
    }
}

/// A longitude in `[0, 360)`, degrees.
pub(crate) fn wrap_360(a: f64) -> f64 {
    let r = if (0.0..360.0).contains(&a) { a } else { a % 360.0 };
    let r = if r < 0.0 { r + 360.0 } else { r };
    if r >= 360.0 { 0.0 } else { r }
}

/// An angle in `(-180, 180]`, degrees.
pub(crate) fn wrap_180(a: f64) -> f64 {
    let r = wrap_360(a);
    if r > 180.0 { r - 360.0 } else { r }
}

/// A vector of three.
pub(crate) type Vec3 = [f64; 3];
/// A 3 x 3 matrix, rows first.
pub(crate) type Mat3 = [Vec3; 3];

pub(crate) fn mat_vec(m: &Mat3, v: Vec3) -> Vec3 {
    [
        m[0][0] * v[0] + m[0][1] * v[1] + m[0][2] * v[2],
        m[1][0] * v[0] + m[1][1] * v[1] + m[1][2] * v[2],
        m[2][0] * v[0] + m[2][1] * v[1] + m[2][2] * v[2],
    ]
}

pub(crate) fn mat_mul(a: &Mat3, b: &Mat3) -> Mat3 {
    let mut out = [[0.0; 3]; 3];
    for (i, row) in out.iter_mut().enumerate() {
        for (j, v) in row.iter_mut().enumerate() {
            *v = a[i][0] * b[0][j] + a[i][1] * b[1][j] + a[i][2] * b[2][j];
        }
    }
    out
}

pub(crate) fn transpose(m: &Mat3) -> Mat3 {
    [[m[0][0], m[1][0], m[2][0]], [m[0][1], m[1][1], m[2][1]], [m[0][2], m[1][2], m[2][2]]]
}

pub(crate) const IDENTITY: Mat3 = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];

/// Matrix that turns the axes by an angle (degrees) about the x, y or z axis (0, 1, 2).
pub(crate) fn rotation(axis: usize, angle_deg: f64) -> Mat3 {
    let (s, c) = sin_cos_deg(angle_deg);
    match axis {
        0 => [[1.0, 0.0, 0.0], [0.0, c, s], [0.0, -s, c]],
        1 => [[c, 0.0, -s], [0.0, 1.0, 0.0], [s, 0.0, c]],
        _ => [[c, s, 0.0], [-s, c, 0.0], [0.0, 0.0, 1.0]],
    }
}

/// Unit vector of a direction in degrees.
pub(crate) fn unit_vector(lon: f64, lat: f64) -> Vec3 {
    let (sl, cl) = sin_cos_deg(lon);
    let (sb, cb) = sin_cos_deg(lat);
    [cb * cl, cb * sl, sb]
}

/// Direction of a vector, `(lon, lat)` in degrees with the longitude in `[0, 360)`.
pub(crate) fn direction(v: Vec3) -> (f64, f64) {
    let r = v[0].hypot(v[1]);
    let lon = if r == 0.0 { 0.0 } else { v[1].atan2(v[0]).to_degrees() };
    (wrap_360(lon), v[2].atan2(r).to_degrees())
}

/// Inverse of a 2 x 2 matrix, `None` if it is singular or not finite.
pub(crate) fn inverse_2x2(m: &[[f64; 2]; 2]) -> Option<[[f64; 2]; 2]> {
    let det = m[0][0] * m[1][1] - m[0][1] * m[1][0];
    let size = m.iter().flatten().fold(0.0_f64, |a, v| a.max(v.abs()));
    // A determinant that is rounding noise of its two products has no inverse worth using.
    if !(det.is_finite() && det.abs() > 1e-14 * size * size * 1e-2 && size > 0.0) {
        return None;
    }
    let inv = [[m[1][1] / det, -m[0][1] / det], [-m[1][0] / det, m[0][0] / det]];
    inv.iter().flatten().all(|v| v.is_finite()).then_some(inv)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quarter_turns_are_exact() {
        assert_eq!(sin_cos_deg(90.0), (1.0, 0.0));
        assert_eq!(sin_cos_deg(-180.0).1, -1.0);
        assert_eq!(sin_cos_deg(450.0), (1.0, 0.0));
        assert!((sin_cos_deg(30.0).0 - 0.5).abs() < 1e-16);
        assert_eq!((wrap_360(-1e-20), wrap_360(360.0), wrap_180(190.0)), (0.0, 0.0, -170.0));
    }

    #[test]
    fn rotations_are_orthogonal() {
        let m = mat_mul(&rotation(2, 30.0), &mat_mul(&rotation(1, -70.0), &rotation(0, 11.0)));
        let i = mat_mul(&m, &transpose(&m));
        for (row, one) in i.iter().zip(IDENTITY) {
            for (a, b) in row.iter().zip(one) {
                assert!((a - b).abs() < 1e-15);
            }
        }
    }
}
