//! Comparison with astropy 8.0.2 (wcslib 8.6). The fixtures are made by `tests/reference/gen_wcs.py`.

mod common;
mod projections;
mod shared;
mod sky;
