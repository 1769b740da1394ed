//! Numerical pieces.

pub(crate) mod gamma;
pub(crate) mod quadrature;
pub(crate) mod smooth;
