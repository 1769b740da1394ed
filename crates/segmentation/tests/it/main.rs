//! Label images against photutils 3.1.1 on images by formula (fixtures made by tests/reference/gen_segmentation.py), and
//! properties.

#![allow(clippy::unwrap_used)]

mod catalog;
mod catalog_tiled;
mod columns;
mod convolved;
mod image;
mod labels;
mod noise;
mod of_image;
mod spread;
mod support;
mod tiled;
