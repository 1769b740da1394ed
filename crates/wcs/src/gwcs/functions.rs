//! Elementary functions by numpy's names.

use super::model::{Function, FunctionKind};

/// The function and its number of arguments.
pub(crate) fn named(name: &str) -> Option<(Function, usize)> {
    use FunctionKind::{One, Two};
    let f = match name {
        "absolute" | "fabs" => One(f64::abs),
        "arccos" => One(f64::acos),
        "arccosh" => One(f64::acosh),
        "arcsin" => One(f64::asin),
        "arcsinh" => One(f64::asinh),
        "arctan" => One(f64::atan),
        "arctanh" => One(f64::atanh),
        "cbrt" => One(f64::cbrt),
        "cos" => One(f64::cos),
        "cosh" => One(f64::cosh),
        "deg2rad" => One(f64::to_radians),
        "exp" => One(f64::exp),
        "exp2" => One(f64::exp2),
        "expm1" => One(f64::exp_m1),
        "log" => One(f64::ln),
        "log10" => One(f64::log10),
        "log1p" => One(f64::ln_1p),
        "log2" => One(f64::log2),
        "negative" => One(|x| -x),
        "positive" => One(|x| x),
        "rad2deg" => One(f64::to_degrees),
        "reciprocal" => One(|x| 1.0 / x),
        "rint" => One(f64::round_ties_even),
        "sin" => One(f64::sin),
        "sinh" => One(f64::sinh),
        "sqrt" => One(f64::sqrt),
        "square" => One(|x| x * x),
        "tan" => One(f64::tan),
        "tanh" => One(f64::tanh),
        "add" => Two(|x, y| x + y),
        "subtract" => Two(|x, y| x - y),
        "multiply" => Two(|x, y| x * y),
        "divide" | "true_divide" => Two(|x, y| x / y),
        "floor_divide" => Two(|x, y| (x / y).floor()),
        "power" => Two(f64::powf),
        "arctan2" => Two(f64::atan2),
        "hypot" => Two(f64::hypot),
        "fmod" => Two(|x, y| x % y),
        "mod" | "remainder" => Two(|x, y| x - y * (x / y).floor()),
        "logaddexp" => Two(|x, y| x.max(y) + (-(x - y).abs()).exp().ln_1p()),
        "logaddexp2" => Two(|x, y| x.max(y) + (-(x - y).abs()).exp2().ln_1p() / std::f64::consts::LN_2),
        _ => return None,
    };
    let n = if matches!(f, One(_)) { 1 } else { 2 };
    Some((Function { f }, n))
}
