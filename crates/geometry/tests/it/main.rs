//! Properties of the overlap functions, and their answers next to photutils'.

mod grids;
mod properties;
mod reference;
mod shapes;
