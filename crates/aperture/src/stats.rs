//! Statistics of the pixels in an aperture.

use skyphot_core::{BoundingBox, Column, FlagSet, Image, Meta, Pixel, Point, Table};
use skyphot_geometry::{Coverage, OverlapMethod};

use crate::aperture::describe;
use crate::columns::{ids, put, put_f64, squared};
use crate::kernel::neighbors::{Labels, Source};
use crate::kernel::prefetch::prefetch;
use crate::order::visiting_order;
use crate::photometry_config::background_of;
use crate::planes::{Planes, contiguous};
use crate::stats_measure::Measurer;
use crate::{Aperture, ApertureError, ApertureFlags, ApertureMoments, Neighbors, Result, StatsConfig};

/// Positions that one thread takes at a time.
const CHUNK: usize = 256;
/// Pixels are asked for so many positions ahead.
const AHEAD: usize = 3;

macro_rules! columns {
    ($($(#[doc = $doc:literal])+ $name:ident: $unit:expr, $short:literal;)*) => {
        /// Statistics of the pixels in one aperture at many positions: one value for each position, in order.
        ///
        /// There are two sets of pixels. `sum`, `sum_err` and `sum_aper_area` are of the pixels that the aperture
        /// covers, weighed by [`StatsConfig::sum_method`]; everything else is of the pixels whose centres lie inside.
        /// Pixels that are masked or not finite are left out, and those that sigma clipping rejects, which it does in
        /// each set for itself. Without a pixel left, values are NaN.
        ///
        /// # Flags
        /// See [`ApertureFlags`]. A position or local background that is not finite makes all values NaN.
        ///
        /// # Differences from photutils
        /// photutils refuses positions and local backgrounds that are not finite.
        ///
        /// ```
        /// use ndarray::Array2;
        /// use skyphot_aperture::{ApertureStats, CircularAnnulus, StatsConfig};
        /// use skyphot_core::{Image, Point};
        /// use skyphot_stats::SigmaClip;
        ///
        /// let data = Array2::from_shape_fn((60, 60), |(y, x)| ((x * 7 + y * 11) % 5) as f64);
        /// let image = Image::new(data.view())?;
        /// let config = StatsConfig { sigma_clip: Some(SigmaClip::new(3.0)), ..StatsConfig::default() };
        /// let annulus = CircularAnnulus::new(10.0, 15.0)?;
        /// let stats = ApertureStats::measure(&image, &[Point::new(30.0, 29.5)], &annulus, &config)?;
        /// assert_eq!(stats.median, [2.0]);
        /// # Ok::<(), Box<dyn std::error::Error>>(())
        /// ```
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        pub struct ApertureStats {
            /// The positions, as they were given.
            pub positions: Vec<Point>,
            /// Bounding boxes of the apertures; empty where the position is not finite.
            pub bbox: Vec<BoundingBox>,
            $($(#[doc = $doc])+ pub $name: Vec<f64>,)*
            /// Moments, if [`StatsConfig::moments`] asks for them.
            pub moments: Option<Vec<ApertureMoments>>,
            /// Quality.
            pub flags: Vec<ApertureFlags>,
            /// Unit of the data, for the table.
            pub unit: Option<String>,
            /// Parameters, for the table.
            pub meta: Meta,
        }

        /// Values at one position.
        #[derive(Debug, Clone, Copy)]
        pub(crate) struct OneStats {
            $(pub(crate) $name: f64,)*
            pub(crate) flags: ApertureFlags,
        }

        impl OneStats {
            pub(crate) const fn nan(flags: ApertureFlags) -> Self {
                Self { $($name: f64::NAN,)* flags }
            }
        }

        impl ApertureStats {
            /// Names of all columns of numbers.
            pub const COLUMNS: &'static [&'static str] = &[$(stringify!($name)),*];

            fn empty(positions: &[Point], unit: Option<String>, meta: Meta) -> Self {
                let n = positions.len();
                Self {
                    positions: positions.to_vec(),
                    bbox: vec![BoundingBox { x_min: 0, x_max: 0, y_min: 0, y_max: 0 }; n],
                    moments: None,
                    $($name: vec![f64::NAN; n],)*
                    flags: vec![ApertureFlags::empty(); n],
                    unit,
                    meta,
                }
            }

            fn set(&mut self, i: usize, one: &OneStats) {
                $(self.$name[i] = one.$name;)*
                self.flags[i] = one.flags;
            }

            /// The column of a name of [`COLUMNS`](Self::COLUMNS).
            #[must_use]
            pub fn column(&self, name: &str) -> Option<&[f64]> {
                match name {
                    $(stringify!($name) => Some(&self.$name),)*
                    _ => None,
                }
            }

            fn legend(name: &str) -> (Option<&'static str>, &'static str) {
                match name {
                    $(stringify!($name) => ($unit, $short),)*
                    _ => (None, ""),
                }
            }
        }
    };
}

columns! {
    /// Column of the centroid (centre of mass), pixels.
    x_centroid: Some("pix"), "column of the centroid, 0-based";
    /// Row of the centroid, pixels.
    y_centroid: Some("pix"), "row of the centroid, 0-based";
    /// Sum of weight times value, data units.
    sum: Some("data"), "sum of the values in the aperture";
    /// `sqrt(sum(weight^2 error^2))`, data units; NaN without an error plane.
    sum_err: Some("data"), "1-sigma error of the sum";
    /// Sum of the weights, square pixels.
    sum_aper_area: Some("pix2"), "area of the pixels in the sum";
    /// Number of pixels whose centres lie inside, square pixels.
    center_aper_area: Some("pix2"), "number of pixels in the statistics";
    /// Smallest value.
    min: Some("data"), "smallest value";
    /// Largest value.
    max: Some("data"), "largest value";
    /// Mean.
    mean: Some("data"), "mean";
    /// Standard error of the mean, `s / sqrt(n)` with `s` of divisor `n - 1`; NaN for one pixel.
    mean_err: Some("data"), "standard error of the mean";
    /// Median.
    median: Some("data"), "median";
    /// Standard error of the median for normal noise, `sqrt(pi / 2)` times that of the mean.
    median_err: Some("data"), "standard error of the median";
    /// `3 median - 2 mean`.
    mode: Some("data"), "3 median - 2 mean";
    /// Standard deviation, divisor `n - ddof`.
    std: Some("data"), "standard deviation";
    /// 1.4826 times the median absolute deviation from the median.
    mad_std: Some("data"), "standard deviation from the median absolute deviation";
    /// Variance, divisor `n - ddof`.
    var: Some("data2"), "variance";
    /// Biweight location, tuning constant 6.
    biweight_location: Some("data"), "biweight location";
    /// Biweight midvariance, tuning constant 9.
    biweight_midvariance: Some("data2"), "biweight midvariance";
    /// FWHM of the Gaussian of the same second moments, `2 sqrt(ln 2 (a^2 + b^2))`, pixels.
    fwhm: Some("pix"), "circularized FWHM from second moments";
    /// Standard deviation along the major axis, pixels.
    semimajor_axis: Some("pix"), "1-sigma semimajor axis";
    /// Standard deviation along the minor axis, pixels.
    semiminor_axis: Some("pix"), "1-sigma semiminor axis";
    /// Angle of the major axis, degrees in (-90, 90] counter-clockwise from +x.
    orientation: Some("deg"), "major axis, counter-clockwise from +x";
    /// `sqrt(1 - b^2 / a^2)`.
    eccentricity: None, "eccentricity";
    /// `a / b`.
    elongation: None, "semimajor over semiminor axis";
    /// `1 - b / a`.
    ellipticity: None, "1 - semiminor over semimajor axis";
    /// Variance along x, square pixels.
    covariance_xx: Some("pix2"), "variance along x";
    /// Covariance of x and y, square pixels.
    covariance_xy: Some("pix2"), "covariance of x and y";
    /// Variance along y, square pixels.
    covariance_yy: Some("pix2"), "variance along y";
    /// Coefficient of `x^2` of the ellipse, per square pixel.
    ellipse_cxx: Some("1 / pix2"), "x^2 coefficient of the ellipse";
    /// Coefficient of `x y` of the ellipse, per square pixel.
    ellipse_cxy: Some("1 / pix2"), "x y coefficient of the ellipse";
    /// Coefficient of `y^2` of the ellipse, per square pixel.
    ellipse_cyy: Some("1 / pix2"), "y^2 coefficient of the ellipse";
    /// Gini coefficient of the absolute values (Lotz et al. 2004, AJ 128, 163).
    gini: None, "Gini coefficient";
}

impl ApertureStats {
    /// Columns of [`to_table`](Self::to_table), `id` and `flags` aside.
    pub const DEFAULT_COLUMNS: &'static [&'static str] = &[
        "x_centroid",
        "y_centroid",
        "sum",
        "sum_err",
        "sum_aper_area",
        "center_aper_area",
        "min",
        "max",
        "mean",
        "median",
        "mode",
        "std",
        "mad_std",
        "var",
        "biweight_location",
        "biweight_midvariance",
        "fwhm",
        "semimajor_axis",
        "semiminor_axis",
        "orientation",
        "eccentricity",
    ];

    /// Measures one aperture at all positions (pixels, 0-based).
    ///
    /// # Errors
    /// [`ApertureError`](crate::ApertureError) for a configuration out of range.
    pub fn measure<T: Pixel>(
        image: &Image<'_, T>,
        positions: &[Point],
        aperture: &dyn Aperture,
        config: &StatsConfig,
    ) -> Result<Self> {
        let mut stats = Self::run(image, positions, &|_| aperture, None, config)?;
        describe(aperture, "", &mut stats.meta);
        Ok(stats)
    }

    /// The same where a segmentation image says which pixels belong to neighbours.
    ///
    /// # Errors
    /// As [`measure`](Self::measure); [`ApertureError::LabelCount`], [`ApertureError::UnknownLabel`] and a segmentation
    /// image of another shape.
    ///
    /// ```
    /// use ndarray::Array2;
    /// use skyphot_aperture::{ApertureStats, CircularAperture, NeighborMethod, Neighbors, StatsConfig};
    /// use skyphot_core::{Image, Point};
    ///
    /// // A neighbour shines into the right half of the aperture.
    /// let labels = Array2::from_shape_fn((40, 40), |(_, x)| if x > 22 { 2 } else { 1 });
    /// let data = labels.mapv(|l| if l == 2 { 50.0 } else { 1.0 });
    /// let neighbors = Neighbors::new(labels.view(), &[1], NeighborMethod::Mask);
    /// let (at, r) = ([Point::new(20.0, 20.0)], CircularAperture::new(6.0)?);
    /// let config = StatsConfig::default();
    /// let image = Image::new(data.view())?;
    /// let stats = ApertureStats::measure_with_neighbors(&image, &at, &r, &neighbors, &config)?;
    /// assert_eq!(stats.max, [1.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn measure_with_neighbors<T: Pixel>(
        image: &Image<'_, T>,
        positions: &[Point],
        aperture: &dyn Aperture,
        neighbors: &Neighbors<'_>,
        config: &StatsConfig,
    ) -> Result<Self> {
        let mut stats = Self::run(image, positions, &|_| aperture, Some(neighbors), config)?;
        describe(aperture, "", &mut stats.meta);
        Ok(stats)
    }

    /// Measures an aperture of its own at each position (pixels, 0-based): any mixture of shapes and sizes.
    ///
    /// # Errors
    /// As [`measure_with_neighbors`](Self::measure_with_neighbors); unless there are as many apertures as positions.
    pub fn measure_each<T: Pixel>(
        image: &Image<'_, T>,
        positions: &[Point],
        apertures: &[&dyn Aperture],
        neighbors: Option<&Neighbors<'_>>,
        config: &StatsConfig,
    ) -> Result<Self> {
        if apertures.len() != positions.len() {
            return Err(ApertureError::ApertureCount { expected: positions.len(), found: apertures.len() });
        }
        Self::run(image, positions, &|i| apertures[i], neighbors, config)
    }

    fn run<'s, T: Pixel, F>(
        image: &Image<'_, T>,
        positions: &[Point],
        aperture_of: &F,
        neighbors: Option<&Neighbors<'_>>,
        config: &StatsConfig,
    ) -> Result<Self>
    where
        F: Sync + Fn(usize) -> &'s dyn Aperture,
    {
        config.validate(positions.len())?;
        let planes = Planes::new(image);
        let window = planes.window();
        if let Some(n) = neighbors {
            n.validate(image.shape(), positions.len())?;
        }
        let labels = neighbors.map(|n| (contiguous(n.segmentation()), n.labels(), n.method()));
        let order = visiting_order(positions);
        let backgrounds = config.local_background.as_deref();
        let chunks = config.exec.map_chunks(positions.len(), CHUNK, |range| {
            let mut measurer = Measurer::new(planes.rows(), config);
            let (mut centers, mut cover) = (Coverage::new(), Coverage::new());
            let mut found = Vec::with_capacity(range.len());
            let mut moments = Vec::new();
            let here = &order[range];
            for (k, &i) in here.iter().enumerate() {
                if let Some(next) = here.get(k + AHEAD).map(|&i| i as usize)
                    && positions[next].is_finite()
                {
                    prefetch(&planes.rows(), &aperture_of(next).bbox(positions[next]), image.shape());
                }
                let (i, p) = (i as usize, positions[i as usize]);
                if !p.is_finite() {
                    found.push(OneStats::nan(ApertureFlags::NOWHERE));
                    if config.moments {
                        moments.push(ApertureMoments::NAN);
                    }
                    continue;
                }
                let aperture = aperture_of(i);
                aperture.coverage(p, OverlapMethod::Center, &window, &mut centers);
                aperture.coverage(p, config.sum_method, &window, &mut cover);
                let bkg = background_of(backgrounds, i).unwrap_or(0.0);
                let bbox = aperture.bbox(p);
                let source = labels.as_ref().map(|(pixels, of, method)| {
                    let labels = Labels { pixels, method: *method };
                    Source::new(labels, of.get(i).copied().unwrap_or(0), p, bbox)
                });
                found.push(measurer.measure(source.as_ref(), &bbox, &centers, &cover, bkg));
                if config.moments {
                    moments.push(measurer.moments(&bbox, &centers, bkg));
                }
            }
            (found, moments)
        });
        let mut meta = Meta::new();
        meta.set("sum_method", config.sum_method.name());
        meta.set("subpixels", config.sum_method.subpixels());
        meta.set("ddof", config.ddof);
        meta.set("sigma_clip", config.sigma_clip.as_ref().map(clip_meta));
        if let Some(n) = neighbors {
            meta.set("neighbors", n.method().name());
        }
        meta.set("flags", ApertureFlags::legend_text());
        let mut stats = Self::empty(positions, config.unit.clone(), meta);
        for (&i, one) in order.iter().zip(chunks.iter().flat_map(|c| &c.0)) {
            stats.set(i as usize, one);
        }
        for (i, (p, bbox)) in positions.iter().zip(&mut stats.bbox).enumerate() {
            if p.is_finite() {
                *bbox = aperture_of(i).bbox(*p);
            }
        }
        if config.moments {
            let mut all = vec![ApertureMoments::NAN; positions.len()];
            for (&i, one) in order.iter().zip(chunks.iter().flat_map(|c| &c.1)) {
                all[i as usize] = *one;
            }
            stats.moments = Some(all);
        }
        Ok(stats)
    }

    /// Number of positions.
    #[must_use]
    pub fn len(&self) -> usize {
        self.positions.len()
    }

    /// No positions.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.positions.is_empty()
    }

    /// One row for each position: `id`, [`DEFAULT_COLUMNS`](Self::DEFAULT_COLUMNS), `flags`. A public vector that was
    /// changed to another length is left out.
    #[must_use]
    pub fn to_table(&self) -> Table {
        self.to_table_of(Self::DEFAULT_COLUMNS)
    }

    /// As [`to_table`](Self::to_table), with the named columns of [`COLUMNS`](Self::COLUMNS), or `bbox_xmin`, `bbox_xmax`,
    /// `bbox_ymin`, `bbox_ymax` (first and last pixel of the bounding box), between `id` and `flags`; other names are left
    /// out.
    #[must_use]
    pub fn to_table_of(&self, columns: &[&str]) -> Table {
        let mut t = Table::new();
        t.meta = self.meta.clone();
        put(&mut t, ids(self.len()));
        for name in columns {
            if let Some(values) = self.column(name) {
                let (unit, text) = Self::legend(name);
                let unit = match unit {
                    Some("data") => self.unit.clone(),
                    Some("data2") => self.unit.as_deref().and_then(squared),
                    other => other.map(str::to_owned),
                };
                put_f64(&mut t, (*name).to_owned(), values, unit.as_deref(), text);
            } else if let Some((edge, text)) = bbox_edge(name) {
                let values: Vec<i64> = self.bbox.iter().map(edge).collect();
                put(&mut t, Column::new(*name, values).with_unit("pix").with_description(text));
            }
        }
        let bits: Vec<i64> = self.flags.iter().map(|f| i64::from(f.bits())).collect();
        put(&mut t, Column::new("flags", bits).with_description("quality, see the metadata"));
        t
    }
}

type Edge = fn(&BoundingBox) -> i64;

/// An edge of the bounding box that is a column of photutils: the last pixel, not the one behind it.
fn bbox_edge(name: &str) -> Option<(Edge, &'static str)> {
    match name {
        "bbox_xmin" => Some((|b| b.x_min, "first column of the bounding box")),
        "bbox_xmax" => Some((|b| b.x_max.saturating_sub(1), "last column of the bounding box")),
        "bbox_ymin" => Some((|b| b.y_min, "first row of the bounding box")),
        "bbox_ymax" => Some((|b| b.y_max.saturating_sub(1), "last row of the bounding box")),
        _ => None,
    }
}

fn clip_meta(clip: &skyphot_stats::SigmaClip) -> Meta {
    let mut m = Meta::new();
    m.set("sigma_lower", clip.sigma_lower);
    m.set("sigma_upper", clip.sigma_upper);
    m.set("maxiters", clip.max_iters);
    m.set("cenfunc", format!("{:?}", clip.center).to_lowercase());
    m.set("stdfunc", format!("{:?}", clip.spread).to_lowercase());
    m
}
