//! Sums of products of the columns of a Jacobian.

/// Of columns of `len` numbers, one after the other: the products with `right`, and those with each other, each column
/// with itself and those after it.
pub(crate) fn products(
    columns: &[f64],
    len: usize,
    right: &[f64],
    with_right: &mut Vec<f64>,
    with_each_other: &mut Vec<f64>,
) {
    with_right.clear();
    with_each_other.clear();
    if len == 0 {
        return;
    }
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2.
        #[allow(unsafe_code)]
        unsafe {
            products_avx2(columns, len, right, with_right, with_each_other);
        }
        return;
    }
    products_any(columns, len, right, with_right, with_each_other);
}

/// The same code with wider registers.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn products_avx2(
    columns: &[f64],
    len: usize,
    right: &[f64],
    with_right: &mut Vec<f64>,
    with_each_other: &mut Vec<f64>,
) {
    products_any(columns, len, right, with_right, with_each_other);
}

#[inline(always)]
fn products_any(
    columns: &[f64],
    len: usize,
    right: &[f64],
    with_right: &mut Vec<f64>,
    with_each_other: &mut Vec<f64>,
) {
    let n = columns.len() / len;
    for i in 0..n {
        let left = &columns[i * len..(i + 1) * len];
        with_right.push(dot(left, right));
        for j in i..n {
            with_each_other.push(dot(left, &columns[j * len..(j + 1) * len]));
        }
    }
}

/// Sum of products, in four lanes so that the order of additions is the same on every machine.
#[inline(always)]
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<4>(), b.as_chunks::<4>());
    let mut lanes = [0.0; 4];
    for i in 0..a.len().min(b.len()) {
        let (x, y) = (&a[i], &b[i]);
        for k in 0..4 {
            lanes[k] += x[k] * y[k];
        }
    }
    let mut rest = 0.0;
    for i in 0..a_rest.len().min(b_rest.len()) {
        rest += a_rest[i] * b_rest[i];
    }
    (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]) + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn are_those_of_the_columns() {
        let columns: Vec<f64> = (0..14).map(f64::from).collect();
        let (mut a, mut b) = (vec![9.0], Vec::new());
        products(&columns, 7, &[1.0; 7], &mut a, &mut b);
        assert_eq!((a, b), (vec![21.0, 70.0], vec![91.0, 238.0, 728.0]));
    }
}
