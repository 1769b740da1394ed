//! Properties of the overlap functions, and their answers next to photutils'.

mod properties;
mod reference;
mod shapes;
