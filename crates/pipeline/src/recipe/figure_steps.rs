//! The steps that draw.

use serde::{Deserialize, Serialize};

use super::steps::{Scalar, section};

section!(
    /// A picture of the image with figures on it.
    ImageStep {
        /// Text above, and its name in the report.
        title: String = "Image".into(),
        /// Image: `data`, or one that was kept; several are shown side by side.
        image: Vec<String> = vec!["data".into()],
        /// Lowest and highest value.
        range: Option<[Scalar; 2]> = None,
        /// Or percentiles.
        percentiles: Option<[f64; 2]> = None,
        /// Of the image `range-of` instead of its own.
        range_of: Option<String> = None,
        /// Names above several images, in place of those of the images.
        titles: Vec<String> = vec![],
        /// Each of several images on a scale of its own; all on that of the first without it.
        own_scales: bool = false,
        /// What the colour bar counts (`{unit}` is the unit of the image); without it the unit of the image.
        unit: Option<String> = None,
        /// Name of the horizontal axis.
        x_label: String = "x (pixel)".into(),
        /// Name of the vertical axis.
        y_label: String = "y (pixel)".into(),
        /// The first row at the top.
        y_down: bool = false,
        /// Draw axes.
        axes: bool = true,
        /// Draw a colour bar.
        color_bar: bool = true,
        /// Stretch.
        stretch: String = "linear".into(),
        /// Colours.
        colormap: String = "viridis".into(),
        /// First and last column, first and last row, as far as they are on the image; all of an image they miss.
        zoom: Option<[i64; 4]> = None,
        /// What is drawn on it.
        marks: Vec<MarkSection> = vec![],
    }
);
section!(
    /// Figures at the sources of a table.
    MarkSection {
        /// Table.
        table: String = "catalog".into(),
        /// Or these places.
        at: Vec<[f64; 2]> = vec![],
        /// Rows.
        r#where: Option<String> = None,
        /// Radii of circles, pixels.
        circle: Vec<Scalar> = vec![],
        /// Semi-axes and angle (degrees).
        ellipse: Option<[String; 3]> = None,
        /// As for apertures.
        elliptical_annulus: Option<[String; 4]> = None,
        /// Diameter of filled dots, pixels of the picture.
        dot: Option<f64> = None,
        /// Diameter of rings, pixels of the picture.
        ring: Option<f64> = None,
        /// Opacity of what the figures enclose, 0 to 1; lines alone without it.
        fill: Option<f64> = None,
        /// Lines: `solid`, `dashed`, `dotted` or `dashdot`.
        line: String = "solid".into(),
        /// Width of lines, pixels of the picture.
        width: f64 = 1.3,
        /// Colour by this column (such as `group_id`): rows of one number have one colour.
        color_by: Option<String> = None,
        /// A name, such as `red`, `orange`, `deepskyblue` or `white`, or `#rrggbb`.
        color: String = "red".into(),
    }
);
section!(
    /// Histograms as steps.
    HistogramStep {
        /// Text above.
        title: String = "Histogram".into(),
        /// What is counted.
        series: Vec<CountSection> = vec![],
        /// Bins.
        bins: usize = 50,
        /// Range; that of the values without it.
        range: Option<[f64; 2]> = None,
        /// Bins of equal width in the logarithm, and logarithmic axis.
        log_x: bool = false,
        /// Logarithmic counts.
        log_y: bool = false,
        /// Part that is shown.
        x_range: Option<[f64; 2]> = None,
        /// Name of the axis.
        x_label: String = String::new(),
        /// Name of the axis.
        y_label: String = "Number of Sources".into(),
        /// Lines across.
        guides: Vec<GuideSection> = vec![],
        /// Opacity of the bars.
        opacity: Option<f64> = None,
        /// Thin lines at the ticks.
        grid: bool = false,
        /// Where names stand: `best`, `below`, `upper right`, ...
        legend: String = "best".into(),
        /// Width and height.
        size: [u32; 2] = [860, 540],
        /// Several histograms side by side in place of one; of this one the title counts alone.
        panels: Vec<HistogramStep> = vec![],
    }
);
section!(
    /// What a histogram counts.
    CountSection {
        /// Expression over the table.
        of: String = String::new(),
        /// Or the good pixels of an image.
        image: Option<String> = None,
        /// Table.
        table: String = "catalog".into(),
        /// Rows.
        r#where: Option<String> = None,
        /// Name.
        name: String = String::new(),
        /// Colour.
        color: Option<String> = None,
    }
);
section!(
    /// Panels of points.
    ScatterStep {
        /// Text above.
        title: String = "Sources".into(),
        /// Panels from the top.
        panels: Vec<PanelSection> = vec![],
        /// Width and height of one panel.
        size: [u32; 2] = [800, 480],
        /// The panels side by side instead of below each other.
        beside: bool = false,
        /// Once, after the last image.
        last: bool = false,
    }
);
section!(
    /// One panel.
    PanelSection {
        /// Points.
        points: Vec<PointsSection> = vec![],
        /// Name of the axis.
        x_label: String = String::new(),
        /// Name of the axis.
        y_label: String = String::new(),
        /// Left and right end.
        x_range: Option<[f64; 2]> = None,
        /// Lower and upper end.
        y_range: Option<[f64; 2]> = None,
        /// Logarithmic.
        log_x: bool = false,
        /// Logarithmic.
        log_y: bool = false,
        /// Lines across.
        guides: Vec<GuideSection> = vec![],
        /// Corners of lines.
        lines: Vec<Vec<[f64; 2]>> = vec![],
        /// Circles about (0, 0).
        circles: Vec<f64> = vec![],
        /// Colour of `lines` and `circles`.
        line_color: String = "red".into(),
        /// A second axis above.
        x_top: Option<AxisSection> = None,
        /// A second axis to the right.
        y_right: Option<AxisSection> = None,
        /// Thin lines at the ticks.
        grid: bool = false,
        /// Length of a unit of y over that of a unit of x; the panel is filled without it.
        aspect: Option<f64> = None,
        /// Where names stand: `best`, `below`, `upper right`, ...
        legend: String = "best".into(),
    }
);
section!(
    /// Points.
    PointsSection {
        /// Table.
        table: String = "catalog".into(),
        /// Rows.
        r#where: Option<String> = None,
        /// Abscissae.
        x: String = String::new(),
        /// Ordinates.
        y: String = String::new(),
        /// Name.
        name: Option<String> = None,
        /// Colour.
        color: Option<String> = None,
        /// Diameter of the dots, pixels of the picture: a number, or an expression over the table.
        size: Scalar = Scalar::Number(4.0),
        /// Opacity of the dots, 0 to 1.
        opacity: Option<f64> = None,
        /// A line through the points in place of dots: `solid`, `dashed`, ...
        line: Option<String> = None,
    }
);
section!(
    /// A line across a panel.
    GuideSection {
        /// Where.
        value: Scalar = Scalar::Number(0.0),
        /// Vertical.
        vertical: bool = false,
        /// Name.
        name: Option<String> = None,
        /// Colour.
        color: Option<String> = None,
        /// `solid`, `dashed`, `dotted` or `dashdot`.
        line: String = "solid".into(),
        /// Width.
        width: f64 = 1.6,
    }
);
section!(
    /// An axis on the other side: `scale` times the coordinate plus `offset`.
    AxisSection {
        /// Name.
        label: String = String::new(),
        /// Factor.
        scale: Scalar = Scalar::Number(1.0),
        /// What is added.
        offset: Scalar = Scalar::Number(0.0),
    }
);
section!(
    /// Cutouts of some sources, evenly spread over the table.
    CutoutsStep {
        /// Text above.
        title: String = "Cutouts".into(),
        /// Table.
        table: String = "catalog".into(),
        /// Rows.
        r#where: Option<String> = None,
        /// Number, in two columns.
        n: usize = 4,
        /// Pixels along each axis, odd.
        size: usize = 51,
        /// Lowest and highest value.
        range: [Scalar; 2] = [Scalar::Number(-0.1), Scalar::Number(1.0)],
        /// Colours.
        colormap: String = "gray_r".into(),
        /// Name of the horizontal axis, which counts from the source.
        x_label: String = "x - x_{0} (pixel)".into(),
        /// Name of the vertical axis.
        y_label: String = "y - y_{0} (pixel)".into(),
        /// Colour of the ring at the source.
        color: String = "red".into(),
    }
);
section!(
    /// The PSFs of a grid.
    PsfGridStep {
        /// Text above; `{psf}` stands for instrument, detector and filter of the PSFs.
        title: String = "PSFs".into(),
        /// Companion file.
        psf: String = "psf".into(),
        /// Differences from the mean.
        deltas: bool = false,
        /// Last colour over the largest value.
        vmax_scale: Option<f64> = None,
    }
);
