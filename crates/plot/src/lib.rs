#![doc = include_str!("../README.md")]

mod axes;
mod color;
mod colormap;
mod error;
mod font;
mod histeq;
mod histogram;
mod histogram_plot;
mod image_plot;
mod interval;
mod kernel;
mod layer;
mod line_plot;
mod norm;
mod overlay;
mod picture;
mod render;
mod scene;
mod shape;
mod stretch;
mod ticks;

pub use color::Color;
pub use colormap::ColorMap;
pub use error::{PlotError, Result};
pub use histeq::HistEq;
pub use histogram::{Histogram, HistogramConfig};
pub use histogram_plot::plot_histogram;
pub use image_plot::{PlotConfig, Reduction, plot_colors, plot_image};
pub use interval::{Interval, ZScaleConfig};
pub use line_plot::{Panel, Series, SeriesStyle, plot_lines};
pub use norm::ImageNorm;
pub use overlay::Overlay;
pub use picture::Picture;
pub use shape::{MarkerKind, Shape};
pub use stretch::Stretch;
