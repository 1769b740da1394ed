//! Hot loops: slices in, numbers out.

pub(crate) mod above;
pub(crate) mod deblend;
pub(crate) mod label_stats;
pub(crate) mod outline;
pub(crate) mod runs;
pub(crate) mod stream;

/// An array of zeros of shape `(ny, nx)`, on huge pages if it is large.
pub(crate) fn zeros2<T: skyphot_core::memory::Zeroable + Default>(
    shape: (usize, usize),
) -> ndarray::Array2<T> {
    ndarray::Array2::from_shape_vec(shape, skyphot_core::memory::zeros(shape.0 * shape.1)).unwrap_or_default()
}
