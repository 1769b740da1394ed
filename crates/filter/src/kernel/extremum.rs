//! Running maxima by doubling windows.

/// `row[x] = max(row[x], row[x + step])` for all `x` that have a partner.
#[inline(always)]
fn double_plain(row: &mut [f64], step: usize) {
    let n = row.len().saturating_sub(step);
    for x in 0..n {
        let v = row[x + step];
        // A comparison with NaN is false: NaN in `row[x + step]` is passed over.
        row[x] = if v > row[x] { v } else { row[x] };
    }
}

/// Replaces `row[x]` by the maximum of `row[x..x + 2 * step]`, if it held that of `row[x..x + step]`.
pub(crate) fn double(row: &mut [f64], step: usize) {
    double_plain(row, step);
}

/// `out = max(out, other)` element by element.
pub(crate) fn raise(out: &mut [f64], other: &[f64]) {
    for (o, v) in out.iter_mut().zip(other) {
        *o = if *v > *o { *v } else { *o };
    }
}
