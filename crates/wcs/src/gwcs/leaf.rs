//! Transforms without parts.

use std::sync::Arc;

use skyphot_core::tree::Node;

use super::functions;
use super::model::{Family, Kind, Line, Model, Quantity, Table, Wrap};
use super::parse::Reader;
use super::unit::Unit;
use crate::angle::{IDENTITY, Mat3, mat_mul, rotation, sin_cos_deg};
use crate::poly::Poly2;
use crate::{Projection, ProjectionCode, Result};

/// Most coefficients along one axis of a polynomial.
const MAX_COEFFICIENTS: usize = 64;
/// Most rotations in a sequence.
const MAX_ANGLES: usize = 1000;

/// The transform with a short tag, `None` for a tag nobody knows.
pub(crate) fn read(r: &mut Reader, node: &Node, tag: &str) -> Result<Option<Model>> {
    let one = |kind| Model::new(kind, 1, 1);
    let two = |kind| Model::new(kind, 2, 2);
    Ok(Some(match tag {
        "identity" => {
            let n = match Reader::optional(node, "n_dims") {
                Some(n) => n.as_usize().ok_or_else(|| r.invalid("n_dims: expected a whole number"))?,
                None => 1,
            };
            Model::new(Kind::Identity, n, n)
        }
        "remap_axes" => remap(r, node)?,
        "shift" => one(Kind::Shift(r.quantity(node, "offset")?)),
        "scale" => one(Kind::Scale(r.quantity(node, "factor")?.value)),
        "multiplyscale" => one(Kind::Multiply(r.quantity(node, "factor")?)),
        "constant" => {
            let n = Reader::optional(node, "dimensions").and_then(Node::as_usize).unwrap_or(1);
            Model::new(Kind::Constant(r.quantity(node, "value")?), n, 1)
        }
        "linear1d" => {
            let (a, b) = (r.quantity(node, "slope")?.value, r.quantity(node, "intercept")?.value);
            one(Kind::Plane([a, 0.0], b))
        }
        "planar2d" => {
            let [a, b, c] = numbers(r, node, ["slope_x", "slope_y", "intercept"])?;
            Model::new(Kind::Plane([a, b], c), 2, 1)
        }
        "affine" => {
            let matrix = square(r, node, "matrix", Some([1.0, 0.0, 0.0, 1.0]))?;
            let offset = pair(r, node, "translation", Some([0.0, 0.0]))?;
            two(Kind::Affine { matrix, offset })
        }
        "rotate2d" => {
            let (s, c) = sin_cos_deg(r.angle(node, "angle")?);
            two(Kind::Affine { matrix: [[c, -s], [s, c]], offset: [0.0; 2] })
        }
        "rotate3d" => rotate3d(r, node)?,
        "rotate_sequence_3d" => rotate_sequence(r, node)?,
        "polynomial" => polynomial(r, node)?,
        "ortho_polynomial" => ortho_polynomial(r, node)?,
        "tabular" => tabular(r, node)?,
        "spherical_cartesian" => {
            let wrap = match Reader::optional(node, "wrap_lon_at").and_then(Node::as_f64) {
                Some(180.0) => Wrap::Half,
                Some(360.0) | None => Wrap::Full,
                Some(v) => return Err(r.invalid(format!("wrap_lon_at: expected 180 or 360, found {v}"))),
            };
            match text(r, node, "transform_type")? {
                "spherical_to_cartesian" => Model::new(Kind::SphericalToCartesian(wrap), 2, 3),
                "cartesian_to_spherical" => Model::new(Kind::CartesianToSpherical(wrap), 3, 2),
                other => return Err(r.invalid(format!("unknown transform_type '{other}'"))),
            }
        }
        "direction_cosines" => match text(r, node, "transform_type")? {
            "to_direction_cosines" => Model::new(Kind::ToDirectionCosines, 3, 4),
            "from_direction_cosines" => Model::new(Kind::FromDirectionCosines, 4, 3),
            other => return Err(r.invalid(format!("unknown transform_type '{other}'"))),
        },
        "math_functions" => {
            let name = text(r, node, "func_name")?;
            let (f, n) =
                functions::named(name).ok_or_else(|| r.invalid(format!("unknown function '{name}'")))?;
            Model::new(Kind::Function(f), n, 1)
        }
        "units_mapping" => units_mapping(r, node)?,
        _ => return projection(r, node, tag),
    }))
}

fn text<'n>(r: &Reader, node: &'n Node, key: &str) -> Result<&'n str> {
    let n = r.child(node, key)?;
    n.as_str().ok_or_else(|| r.invalid(format!("{key}: expected text, found {}", n.describe())))
}

fn numbers<const N: usize>(r: &Reader, node: &Node, keys: [&str; N]) -> Result<[f64; N]> {
    let mut out = [0.0; N];
    for (v, k) in out.iter_mut().zip(keys) {
        *v = r.quantity(node, k)?.value;
    }
    Ok(out)
}

fn fixed<const N: usize>(
    r: &mut Reader,
    node: &Node,
    key: &str,
    default: Option<[f64; N]>,
) -> Result<[f64; N]> {
    match (Reader::optional(node, key), default) {
        (None, Some(d)) => Ok(d),
        _ => {
            let n = r.child(node, key)?;
            let (shape, v) = r.finite_array(n, key)?;
            <[f64; N]>::try_from(v)
                .map_err(|_| r.invalid(format!("{key}: expected {N} numbers, found shape {shape:?}")))
        }
    }
}

fn pair(r: &mut Reader, node: &Node, key: &str, default: Option<[f64; 2]>) -> Result<[f64; 2]> {
    fixed(r, node, key, default)
}

fn square(r: &mut Reader, node: &Node, key: &str, default: Option<[f64; 4]>) -> Result<[[f64; 2]; 2]> {
    let m = fixed(r, node, key, default)?;
    Ok([[m[0], m[1]], [m[2], m[3]]])
}

fn remap(r: &Reader, node: &Node) -> Result<Model> {
    let mapping = r.child(node, "mapping")?;
    let indices: Option<Vec<usize>> = mapping.as_seq().and_then(|s| s.iter().map(Node::as_usize).collect());
    let mapping = indices.ok_or_else(|| r.invalid("mapping: expected a list of indices"))?;
    let least = mapping.iter().max().map_or(0, |m| m.saturating_add(1));
    let n_in = match Reader::optional(node, "n_inputs") {
        Some(n) => n.as_usize().filter(|n| *n >= least).ok_or_else(|| r.invalid("n_inputs is too small"))?,
        None => least,
    };
    let n_out = mapping.len();
    Ok(Model::new(Kind::Remap(mapping), n_in, n_out))
}

/// Turns the axes about each axis of a sequence in order.
fn turns(r: &Reader, angles: &[f64], axes: &str) -> Result<Mat3> {
    let mut m = IDENTITY;
    if angles.len() != axes.chars().count() || angles.len() > MAX_ANGLES {
        return Err(r.invalid(format!("{} angles for the axes '{axes}'", angles.len())));
    }
    for (angle, axis) in angles.iter().zip(axes.chars()) {
        let axis = match axis {
            'x' => 0,
            'y' => 1,
            'z' => 2,
            other => return Err(r.invalid(format!("unknown axis '{other}'"))),
        };
        m = mat_mul(&rotation(axis, *angle), &m);
    }
    Ok(m)
}

/// The rotation from the native sphere to the sky, as astropy's `RotateNative2Celestial`.
fn native_to_celestial(r: &Reader, lon: f64, lat: f64, lon_pole: f64) -> Result<Kind> {
    Ok(Kind::Rotate(turns(r, &[lon_pole - 90.0, lat - 90.0, -(90.0 + lon)], "zxz")?, Wrap::Full))
}

fn rotate3d(r: &Reader, node: &Node) -> Result<Model> {
    let (phi, theta, psi) = (r.angle(node, "phi")?, r.angle(node, "theta")?, r.angle(node, "psi")?);
    let kind = match text(r, node, "direction")? {
        "native2celestial" => native_to_celestial(r, phi, theta, psi)?,
        "celestial2native" => {
            Kind::Rotate(turns(r, &[90.0 + phi, 90.0 - theta, -(psi - 90.0)], "zxz")?, Wrap::Full)
        }
        axes => Kind::Rotate(turns(r, &[phi, theta, psi], axes)?, Wrap::Half),
    };
    Ok(Model::new(kind, 2, 2))
}

fn rotate_sequence(r: &mut Reader, node: &Node) -> Result<Model> {
    let angles_node = r.child(node, "angles")?;
    let (_, mut angles) = r.finite_array(angles_node, "angles")?;
    if let Some(u) = r.unit(angles_node)? {
        let f = u.factor_to(Unit::DEGREE).ok_or_else(|| r.invalid("angles: expected angles"))?;
        angles.iter_mut().for_each(|a| *a *= f);
    }
    let m = turns(r, &angles, text(r, node, "axes_order")?)?;
    match text(r, node, "rotation_type")? {
        "cartesian" => Ok(Model::new(Kind::RotateVector(m), 3, 3)),
        "spherical" => Ok(Model::new(Kind::Rotate(m, Wrap::Half), 2, 2)),
        other => Err(r.invalid(format!("unknown rotation_type '{other}'"))),
    }
}

/// The linear map from domain to window.
fn line(r: &mut Reader, domain: Option<&Node>, window: Option<&Node>) -> Result<Line> {
    let mut range = |n: Option<&Node>, what: &str| -> Result<[f64; 2]> {
        let Some(n) = n else { return Ok([-1.0, 1.0]) };
        let (_, v) = r.finite_array(n, what)?;
        match v[..] {
            [a, b] if a != b => Ok([a, b]),
            _ => Err(r.invalid(format!("{what}: expected two different numbers, found {v:?}"))),
        }
    };
    let (d, w) = (range(domain, "domain")?, range(window, "window")?);
    if d == w {
        return Ok((1.0, 0.0));
    }
    let out = ((w[1] - w[0]) / (d[1] - d[0]), (w[0] * d[1] - w[1] * d[0]) / (d[1] - d[0]));
    if out.0.is_finite() && out.1.is_finite() { Ok(out) } else { Err(r.invalid("domain: too narrow")) }
}

/// The linear maps of both inputs; without a domain, `bare` says whether there is none.
fn lines(r: &mut Reader, node: &Node, bare: bool) -> Result<[Line; 2]> {
    let part = |key: &str, i: usize| {
        Reader::optional(node, key).and_then(|n| n.at(i)).filter(|n| !n.is_null()).cloned()
    };
    let mut out = [(1.0, 0.0); 2];
    for (i, l) in out.iter_mut().enumerate() {
        let domain = part("domain", i);
        if domain.is_some() || !bare {
            *l = line(r, domain.as_ref(), part("window", i).as_ref())?;
        }
    }
    Ok(out)
}

fn coefficients(r: &mut Reader, node: &Node) -> Result<(Vec<usize>, Vec<f64>)> {
    let n = r.child(node, "coefficients")?;
    let n = n.magnitude();
    // The size is looked at before anything is read.
    let announced = n.as_array().map(|a| a.shape().to_vec());
    let check = |r: &Reader, shape: &[usize]| {
        if (1..=2).contains(&shape.len()) && shape.iter().all(|s| (1..=MAX_COEFFICIENTS).contains(s)) {
            Ok(())
        } else {
            Err(r.invalid(format!(
                "coefficients: expected one or two axes of at most {MAX_COEFFICIENTS}, found shape {shape:?}"
            )))
        }
    };
    if let Some(shape) = &announced {
        check(r, shape)?;
    }
    let (shape, c) = r.finite_array(n, "coefficients")?;
    check(r, &shape)?;
    Ok((shape, c))
}

fn polynomial(r: &mut Reader, node: &Node) -> Result<Model> {
    let (shape, c) = coefficients(r, node)?;
    match shape[..] {
        [_] => {
            let l = line(r, Reader::optional(node, "domain"), Reader::optional(node, "window"))?;
            Ok(Model::new(Kind::Polynomial1(Arc::new(c), l), 1, 1))
        }
        [n, m] if n == m => {
            let mut p = Poly2::zeros(n - 1);
            for i in 0..n {
                for j in 0..n - i {
                    p.set(i, j, c[i * n + j]);
                }
            }
            let p = p.trimmed();
            let lines = lines(r, node, false)?;
            let c = Arc::new(p.coefficients().to_vec());
            Ok(Model::new(Kind::Polynomial2 { degree: p.degree(), c, lines }, 2, 1))
        }
        _ => Err(r.invalid(format!("coefficients: expected a square matrix, found shape {shape:?}"))),
    }
}

fn ortho_polynomial(r: &mut Reader, node: &Node) -> Result<Model> {
    let family = match text(r, node, "polynomial_type")? {
        "chebyshev" => Family::Chebyshev,
        "legendre" => Family::Legendre,
        "hermite" => Family::Hermite,
        other => return Err(r.invalid(format!("unknown polynomial_type '{other}'"))),
    };
    let (shape, c) = coefficients(r, node)?;
    let c = Arc::new(c);
    Ok(match shape[..] {
        [_, columns] => {
            let lines = lines(r, node, true)?;
            Model::new(Kind::Ortho2 { family, columns, c, lines }, 2, 1)
        }
        _ => {
            let l = match Reader::optional(node, "domain") {
                Some(d) => line(r, Some(d), Reader::optional(node, "window"))?,
                None => (1.0, 0.0),
            };
            Model::new(Kind::Ortho1(family, c, l), 1, 1)
        }
    })
}

fn tabular(r: &mut Reader, node: &Node) -> Result<Model> {
    let lookup = r.child(node, "lookup_table")?;
    let unit = r.unit(lookup)?;
    let (shape, mut values) = r.array(lookup, "lookup_table")?;
    if !(1..=2).contains(&shape.len()) {
        return Err(r.invalid(format!("lookup_table: expected one or two axes, found shape {shape:?}")));
    }
    let given = r.child(node, "points")?;
    let list = given.as_seq().unwrap_or(std::slice::from_ref(given));
    if list.len() < shape.len() {
        return Err(r.invalid(format!("points: expected {} lists, found {}", shape.len(), list.len())));
    }
    let mut points = Vec::new();
    let mut points_unit = None;
    for (axis, n) in list[..shape.len()].iter().enumerate() {
        let (_, mut p) = r.finite_array(n, "points")?;
        points_unit = points_unit.or(r.unit(n)?);
        let falling = p.windows(2).all(|w| w[1] < w[0]);
        if p.len() != shape[axis] || p.len() < 2 || !(falling || p.windows(2).all(|w| w[1] > w[0])) {
            return Err(r.invalid(format!(
                "points: expected {} rising numbers, at least 2, found {}",
                shape[axis],
                p.len()
            )));
        }
        if falling {
            p.reverse();
            let columns = if shape.len() == 2 { shape[1] } else { values.len() };
            if axis + 1 == shape.len() {
                values.chunks_mut(columns).for_each(<[f64]>::reverse);
            } else {
                values = values.chunks(columns).rev().flatten().copied().collect();
            }
        }
        points.push(p);
    }
    let nearest = match text(r, node, "method")? {
        "linear" => false,
        "nearest" => true,
        other => return Err(r.invalid(format!("method: expected linear or nearest, found '{other}'"))),
    };
    let strict = Reader::optional(node, "bounds_error").and_then(Node::as_bool).unwrap_or(true);
    let fill = match Reader::optional(node, "fill_value").map(|n| n.to_f64()) {
        _ if strict => Some(f64::NAN),
        Some(v) => Some(v.map_err(|e| r.invalid(e.to_string()))?),
        None => None,
    };
    let n = shape.len();
    let table = Table { points, values, nearest, fill, units: (points_unit, unit) };
    Ok(Model::new(Kind::Tabular(Arc::new(table)), n, 1))
}

fn units_mapping(r: &Reader, node: &Node) -> Result<Model> {
    let list = |key: &str| -> Result<Vec<Option<Unit>>> {
        let items = r.child(node, key)?.as_seq().unwrap_or_default();
        items
            .iter()
            .map(|i| match Reader::optional(i, "unit").and_then(Node::as_str) {
                Some(t) => Unit::parse(t).map(Some).ok_or_else(|| r.invalid(format!("unknown unit '{t}'"))),
                None => Ok(None),
            })
            .collect()
    };
    let (from, to) = (list("unit_inputs")?, list("unit_outputs")?);
    if from.len() != to.len() {
        return Err(r.invalid(format!("{} inputs, but {} outputs", from.len(), to.len())));
    }
    let n = from.len();
    Ok(Model::new(Kind::Units(from.into_iter().zip(to).collect()), n, n))
}

/// As in [`PROJECTIONS`].
type ProjectionTag = (&'static str, ProjectionCode, &'static [(&'static str, usize)]);

/// Tag, code and the names of the parameters with their PV numbers.
const PROJECTIONS: [ProjectionTag; 27] = [
    ("zenithal_perspective", ProjectionCode::Azp, &[("mu", 1), ("gamma", 2)]),
    ("slant_zenithal_perspective", ProjectionCode::Szp, &[("mu", 1), ("phi0", 2), ("theta0", 3)]),
    ("gnomonic", ProjectionCode::Tan, &[]),
    ("stereographic", ProjectionCode::Stg, &[]),
    ("slant_orthographic", ProjectionCode::Sin, &[("xi", 1), ("eta", 2)]),
    ("zenithal_equidistant", ProjectionCode::Arc, &[]),
    ("zenithal_equal_area", ProjectionCode::Zea, &[]),
    ("airy", ProjectionCode::Air, &[("theta_b", 1)]),
    ("cylindrical_perspective", ProjectionCode::Cyp, &[("mu", 1), ("lam", 2)]),
    ("cylindrical_equal_area", ProjectionCode::Cea, &[("lam", 1)]),
    ("plate_carree", ProjectionCode::Car, &[]),
    ("mercator", ProjectionCode::Mer, &[]),
    ("sanson_flamsteed", ProjectionCode::Sfl, &[]),
    ("parabolic", ProjectionCode::Par, &[]),
    ("molleweide", ProjectionCode::Mol, &[]),
    ("hammer_aitoff", ProjectionCode::Ait, &[]),
    ("conic_perspective", ProjectionCode::Cop, &[("sigma", 1), ("delta", 2)]),
    ("conic_equal_area", ProjectionCode::Coe, &[("sigma", 1), ("delta", 2)]),
    ("conic_equidistant", ProjectionCode::Cod, &[("sigma", 1), ("delta", 2)]),
    ("conic_orthomorphic", ProjectionCode::Coo, &[("sigma", 1), ("delta", 2)]),
    ("bonne_equal_area", ProjectionCode::Bon, &[("theta1", 1)]),
    ("polyconic", ProjectionCode::Pco, &[]),
    ("tangential_spherical_cube", ProjectionCode::Tsc, &[]),
    ("cobe_quad_spherical_cube", ProjectionCode::Csc, &[]),
    ("quad_spherical_cube", ProjectionCode::Qsc, &[]),
    ("healpix", ProjectionCode::Hpx, &[("H", 1), ("X", 2)]),
    ("healpix_polar", ProjectionCode::Xph, &[]),
];

fn projection(r: &Reader, node: &Node, tag: &str) -> Result<Option<Model>> {
    let Some((_, code, names)) = PROJECTIONS.iter().find(|p| p.0 == tag) else { return Ok(None) };
    let mut parameters = Vec::new();
    for (name, m) in *names {
        if Reader::optional(node, name).is_some() {
            let Quantity { value, unit } = r.quantity(node, name)?;
            let f = unit.filter(|u| u.is_angle()).map_or(1.0, |u| u.scale);
            parameters.push((*m, value * f));
        }
    }
    let projection = Projection::new(*code, &parameters).map_err(|e| r.invalid(e.to_string()))?;
    let to_sky = match text(r, node, "direction")? {
        "pix2sky" => true,
        "sky2pix" => false,
        other => return Err(r.invalid(format!("direction: expected pix2sky or sky2pix, found '{other}'"))),
    };
    Ok(Some(Model::new(Kind::Project { projection: Arc::new(projection), to_sky }, 2, 2)))
}

/// The linear part, projection and rotation of a FITS image.
pub(crate) fn fits_imaging(r: &mut Reader, node: &Node) -> Result<Model> {
    let crpix = pair(r, node, "crpix", Some([0.0; 2]))?;
    let crval = pair(r, node, "crval", Some([0.0; 2]))?;
    let cdelt = pair(r, node, "cdelt", Some([1.0; 2]))?;
    let pc = square(r, node, "pc", Some([1.0, 0.0, 0.0, 1.0]))?;
    let inner = r.child(node, "projection")?;
    let inner = r.at("projection", |r| r.transform(inner))?;
    let Kind::Project { projection, to_sky: true } = &inner.kind else {
        return Err(r.invalid("projection: expected a projection from pixels to the sky"));
    };
    let theta0 = projection.reference().1.to_degrees();
    let lon_pole = if projection.code().is_zenithal() || crval[1] < theta0 { 180.0 } else { 0.0 };
    let two = |kind| Arc::new(Model::new(kind, 2, 2));
    // Shift, matrix and scales in one.
    let matrix = [0, 1].map(|i| pc[i].map(|v| v * cdelt[i]));
    let offset = [0, 1].map(|i| -(matrix[i][0] * crpix[0] + matrix[i][1] * crpix[1]));
    let rotation = two(native_to_celestial(r, crval[0], crval[1], lon_pole)?);
    let sphere = two(Kind::Compose(Arc::clone(&inner), rotation));
    Ok(Model::new(Kind::Compose(two(Kind::Affine { matrix, offset }), sphere), 2, 2))
}
