//! Inner loops.

pub(crate) mod bivariate;
pub(crate) mod cells;
pub(crate) mod error_function;
pub(crate) mod planes;
pub(crate) mod products;
pub(crate) mod quadrature;
pub(crate) mod run;
pub(crate) mod separable;
pub(crate) mod stack;
