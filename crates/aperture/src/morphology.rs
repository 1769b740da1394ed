//! Non-parametric morphology.

use skyphot_core::{BoundingBox, Column, Exec, FlagSet, Image, Pixel, Point, Table};
use skyphot_fit::nelder_mead;
use skyphot_geometry::{Coverage, OverlapMethod};

use crate::columns::{ids, put, put_f64};
use crate::kernel::order_stats::gini_sorted;
use crate::{Aperture, ApertureError, ApertureFlags, CircularAnnulus, CircularAperture, Result};

/// How [`Morphology`] measures. The defaults are the customary ones (Conselice 2003, Lotz et al. 2004).
#[derive(Debug, Clone)]
pub struct MorphologyConfig {
    /// The Petrosian radius is where the brightness is this fraction of the mean inside. Default: 0.2.
    pub petrosian_ratio: f64,
    /// Concentration, asymmetry and smoothness are measured within this many Petrosian radii. Default: 1.5.
    pub petrosian_extent: f64,
    /// Smoothing length, and radius of the part left out of the smoothness, in Petrosian radii. Default: 0.25.
    pub petrosian_fraction: f64,
    /// Width of the ring of the Petrosian radius, pixels. Default: 1.
    pub annulus_width: f64,
    /// Largest Petrosian radius, pixels. Default: 200.
    pub max_radius: f64,
    /// Mean of `|I - I_180|` of the blank sky, per pixel: subtracted from the asymmetry. Default: 0.
    pub sky_asymmetry: f64,
    /// Mean of the positive part of `I - I_smooth` of the blank sky, per pixel: subtracted from the smoothness. Default: 0.
    pub sky_smoothness: f64,
    /// Threads. Default: all cores.
    pub exec: Exec,
}

impl Default for MorphologyConfig {
    fn default() -> Self {
        Self {
            petrosian_ratio: 0.2,
            petrosian_extent: 1.5,
            petrosian_fraction: 0.25,
            annulus_width: 1.0,
            max_radius: 200.0,
            sky_asymmetry: 0.0,
            sky_smoothness: 0.0,
            exec: Exec::default(),
        }
    }
}

impl MorphologyConfig {
    fn validate(&self) -> Result<()> {
        for (name, found, low, high) in [
            ("petrosian_ratio", self.petrosian_ratio, 0.0, 1.0),
            ("petrosian_extent", self.petrosian_extent, 0.0, 100.0),
            ("petrosian_fraction", self.petrosian_fraction, 0.0, 1.0),
            ("annulus_width", self.annulus_width, 0.0, 100.0),
            ("max_radius", self.max_radius, self.annulus_width, 1e4),
        ] {
            if !(found > low && found <= high) {
                let expected = format!("greater than {low} and at most {high}");
                return Err(ApertureError::InvalidParameter { name, expected, found });
            }
        }
        for (name, found) in [("sky_asymmetry", self.sky_asymmetry), ("sky_smoothness", self.sky_smoothness)]
        {
            if !found.is_finite() {
                return Err(ApertureError::InvalidParameter { name, expected: "finite".to_owned(), found });
            }
        }
        Ok(())
    }
}

macro_rules! columns {
    ($($(#[doc = $doc:literal])+ $name:ident: $unit:expr;)*) => {
        /// Concentration, asymmetry, smoothness, Gini, M20 and Petrosian radius of galaxies on a background-subtracted
        /// image: one value for each position, in order. Bad pixels count as 0 in sums, and neither they nor their mirror
        /// images count in the asymmetry. What cannot be measured is NaN.
        ///
        /// References: Petrosian 1976 (ApJ 209, L1), Conselice 2003 (ApJS 147, 1), Lotz et al. 2004 (AJ 128, 163).
        ///
        /// # Flags
        /// Those of the circle of 1.5 Petrosian radii, see [`ApertureFlags`];
        /// [`ApertureFlags::UNDEFINED_SHAPE`] without a Petrosian radius.
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        pub struct Morphology {
            /// The positions, as they were given.
            pub positions: Vec<Point>,
            $($(#[doc = $doc])+ pub $name: Vec<f64>,)*
            /// Quality.
            pub flags: Vec<ApertureFlags>,
        }

        #[derive(Debug, Clone, Copy)]
        struct One {
            $($name: f64,)*
            flags: ApertureFlags,
        }

        impl One {
            const fn nan(flags: ApertureFlags) -> Self {
                Self { $($name: f64::NAN,)* flags }
            }
        }

        impl Morphology {
            fn collect(positions: &[Point], found: &[One]) -> Self {
                Self {
                    positions: positions.to_vec(),
                    $($name: found.iter().map(|o| o.$name).collect(),)*
                    flags: found.iter().map(|o| o.flags).collect(),
                }
            }

            /// One row for each position: `id`, all values, `flags`.
            #[must_use]
            pub fn to_table(&self) -> Table {
                let mut t = Table::new();
                put(&mut t, ids(self.len()));
                $(put_f64(&mut t, stringify!($name).to_owned(), &self.$name, $unit, concat!($($doc),+).trim());)*
                put(&mut t, Column::new("flags", self.flags.iter().map(|f| i64::from(f.bits())).collect::<Vec<_>>()));
                t.meta.set("flags", ApertureFlags::legend_text());
                t
            }
        }
    };
}

columns! {
    /// Column of the centre of least asymmetry, pixels.
    x_asymmetry: Some("pix");
    /// Row of the centre of least asymmetry, pixels.
    y_asymmetry: Some("pix");
    /// Petrosian radius around that centre, pixels.
    petrosian_radius: Some("pix");
    /// Flux within 1.5 Petrosian radii, data units.
    flux: None;
    /// Radius of a fifth of that flux, pixels.
    r20: Some("pix");
    /// Radius of half of that flux, pixels.
    r50: Some("pix");
    /// Radius of four fifths of that flux, pixels.
    r80: Some("pix");
    /// `5 log10(r80 / r20)`.
    concentration: None;
    /// `sum |I - I_180| / sum |I|` within 1.5 Petrosian radii, less that of the sky.
    asymmetry: None;
    /// Positive part of what is left after smoothing over flux, from 0.25 to 1.5 Petrosian radii, less that of the sky.
    smoothness: None;
    /// Gini coefficient of the pixels within one Petrosian radius.
    gini: None;
    /// `log10` of the second moment of the brightest fifth of the light over that of all, within one Petrosian radius.
    m20: None;
}

impl Morphology {
    /// Measures galaxies at positions (pixels) that are their centroids or close to them.
    ///
    /// # Errors
    /// [`ApertureError`] for a configuration out of range.
    ///
    /// ```
    /// use ndarray::Array2;
    /// use skyphot_aperture::{Morphology, MorphologyConfig};
    /// use skyphot_core::{Image, Point};
    /// let data = Array2::from_shape_fn((121, 121), |(y, x)| {
    ///     let r2 = (x as f64 - 60.2).powi(2) + (y as f64 - 59.7).powi(2);
    ///     100.0 * (-0.5 * r2 / 36.0).exp()
    /// });
    /// let m = Morphology::measure(&Image::new(data.view())?, &[Point::new(60.0, 60.0)], &MorphologyConfig::default())?;
    /// assert!(m.asymmetry[0] < 0.01);
    /// assert!((m.concentration[0] - 2.1).abs() < 0.1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn measure<T: Pixel>(
        image: &Image<'_, T>,
        positions: &[Point],
        config: &MorphologyConfig,
    ) -> Result<Self> {
        config.validate()?;
        let found = config.exec.try_map(positions.len(), |i| one(image, positions[i], config))?;
        Ok(Self::collect(positions, &found))
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
}

/// An image whose bad pixels and surroundings are 0.
struct Galaxy<'a, 'b, T: Pixel> {
    image: &'b Image<'a, T>,
    window: BoundingBox,
}

impl<T: Pixel> Galaxy<'_, '_, T> {
    fn good(&self, x: i64, y: i64) -> Option<f64> {
        let inside = x >= 0 && y >= 0 && x < self.window.x_max && y < self.window.y_max;
        (inside && !self.image.is_bad(x as usize, y as usize))
            .then(|| self.image.data()[[y as usize, x as usize]].to_f64())
    }

    fn value(&self, x: i64, y: i64) -> f64 {
        self.good(x, y).unwrap_or(0.0)
    }

    /// Bilinear interpolation, and the weight of bad pixels in it; pixels outside the image are 0.
    fn interpolated(&self, x: f64, y: f64) -> (f64, f64) {
        let (x0, y0) = (x.floor(), y.floor());
        let (fx, fy) = (x - x0, y - y0);
        let (mut v, mut bad) = (0.0, 0.0);
        for (dx, wx) in [(0, 1.0 - fx), (1, fx)] {
            for (dy, wy) in [(0, 1.0 - fy), (1, fy)] {
                let (i, j) = (x0 as i64 + dx, y0 as i64 + dy);
                match self.good(i, j) {
                    Some(d) => v += wx * wy * d,
                    None if i >= 0 && j >= 0 && i < self.window.x_max && j < self.window.y_max => {
                        bad += wx * wy
                    }
                    None => {}
                }
            }
        }
        (v, bad)
    }

    fn cover(&self, shape: &dyn Aperture, at: Point) -> Coverage {
        let mut cover = Coverage::new();
        shape.coverage(at, OverlapMethod::Exact, &self.window, &mut cover);
        cover
    }

    /// Sum and area of the good pixels.
    fn sum(&self, shape: &dyn Aperture, at: Point) -> (f64, f64) {
        let (mut sum, mut area) = (0.0, 0.0);
        self.cover(shape, at).for_each(|y, x, w| {
            if let Some(v) = self.good(x as i64, y as i64) {
                sum += w * v;
                area += w;
            }
        });
        (sum, area)
    }

    fn flux(&self, radius: f64, at: Point) -> Result<f64> {
        Ok(self.sum(&CircularAperture::new(radius)?, at).0)
    }

    /// Brightness at a radius over the mean inside, less the ratio wanted.
    fn petrosian(&self, r: f64, at: Point, config: &MorphologyConfig) -> Result<f64> {
        let half = 0.5 * config.annulus_width;
        let (ring, ring_area) = self.sum(&CircularAnnulus::new(r - half, r + half)?, at);
        let (inside, area) = self.sum(&CircularAperture::new(r)?, at);
        let ratio = (ring / ring_area).abs() / (inside / area).abs();
        Ok(if ratio.is_finite() { ratio - config.petrosian_ratio } else { -config.petrosian_ratio })
    }

    fn petrosian_radius(&self, at: Point, config: &MorphologyConfig) -> Result<Option<f64>> {
        let mut low = config.annulus_width;
        while low < config.max_radius {
            let high = (low * 1.02 + 0.25).min(config.max_radius);
            if self.petrosian(high, at, config)? <= 0.0 {
                if self.petrosian(low, at, config)? <= 0.0 {
                    return Ok(None);
                }
                return bisect(low, high, |r| Ok(self.petrosian(r, at, config)? > 0.0)).map(Some);
            }
            low = high;
        }
        Ok(None)
    }

    /// Asymmetry under half a turn about a centre, within a radius.
    fn asymmetry(&self, at: Point, radius: f64, sky: f64) -> Result<f64> {
        let inside = at.x >= 0.0 && at.y >= 0.0;
        if !(inside && at.x < self.window.x_max as f64 && at.y < self.window.y_max as f64) {
            return Ok(100.0);
        }
        let (mut total, mut difference, mut area) = (0.0, 0.0, 0.0);
        self.cover(&CircularAperture::new(radius)?, at).for_each(|y, x, w| {
            let Some(v) = self.good(x as i64, y as i64) else { return };
            let (turned, bad) = self.interpolated(2.0 * at.x - x as f64, 2.0 * at.y - y as f64);
            if bad < 0.5 {
                total += w * v.abs();
                difference += w * (turned - v).abs();
                area += w;
            }
        });
        Ok(if total > 0.0 { (difference - area * sky) / total } else { 100.0 })
    }

    /// Mean over a square of `size` pixels around a pixel, the image being mirrored at its edges.
    fn smoothed(&self, x: i64, y: i64, size: i64) -> f64 {
        let mirror = |v: i64, n: i64| {
            let v = v.rem_euclid(2 * n);
            if v < n { v } else { 2 * n - 1 - v }
        };
        let first = -(size / 2);
        let mut sum = 0.0;
        for j in first..first + size {
            for i in first..first + size {
                sum += self.value(mirror(x + i, self.window.x_max), mirror(y + j, self.window.y_max));
            }
        }
        sum / (size * size) as f64
    }

    /// Gini coefficient and M20 of the good pixels whose centres lie within a radius.
    fn gini_m20(&self, at: Point, radius: f64) -> Result<(f64, f64)> {
        let mut cover = Coverage::new();
        let circle = CircularAperture::new(radius)?;
        circle.coverage(at, OverlapMethod::Center, &self.window, &mut cover);
        let mut pixels = Vec::new();
        cover.for_each(|y, x, _| {
            if let Some(v) = self.good(x as i64, y as i64) {
                pixels.push((v, x as f64, y as f64));
            }
        });
        pixels.sort_by(|a, b| b.0.total_cmp(&a.0));
        let values: Vec<f64> = pixels.iter().rev().map(|p| p.0).collect();
        let total: f64 = values.iter().sum();
        let mean = |f: fn(&(f64, f64, f64)) -> f64| pixels.iter().map(|p| p.0 * f(p)).sum::<f64>() / total;
        let (xc, yc) = (mean(|p| p.1), mean(|p| p.2));
        let moment = |p: &(f64, f64, f64)| p.0 * ((p.1 - xc).powi(2) + (p.2 - yc).powi(2));
        let all: f64 = pixels.iter().map(moment).sum();
        // The faintest pixels that together hold four fifths are left out; the one that crosses the line counts.
        let (mut sum, mut faint) = (0.0, 0);
        for v in &values {
            sum += v;
            if sum / total >= 0.8 {
                break;
            }
            faint += 1;
        }
        let bright: f64 = pixels[..pixels.len() - faint.min(pixels.len())].iter().map(moment).sum();
        let m20 = if total > 0.0 && bright > 0.0 && all > 0.0 { (bright / all).log10() } else { f64::NAN };
        Ok((if values.is_empty() { f64::NAN } else { gini_sorted(&values) }, m20))
    }
}

/// The place between `low` and `high` where `below` turns false.
fn bisect(mut low: f64, mut high: f64, below: impl Fn(f64) -> Result<bool>) -> Result<f64> {
    while high - low > 1e-12 * high {
        let r = 0.5 * (low + high);
        if r <= low || r >= high {
            break;
        }
        if below(r)? { low = r } else { high = r }
    }
    Ok(0.5 * (low + high))
}

fn one<T: Pixel>(image: &Image<'_, T>, start: Point, config: &MorphologyConfig) -> Result<One> {
    let (ny, nx) = image.shape();
    let window = BoundingBox { x_min: 0, x_max: nx as i64, y_min: 0, y_max: ny as i64 };
    let inside = |p: Point| p.x >= 0.0 && p.y >= 0.0 && p.x < nx as f64 && p.y < ny as f64;
    if !inside(start) {
        return Ok(One::nan(ApertureFlags::NO_OVERLAP | ApertureFlags::UNDEFINED_SHAPE));
    }
    let g = Galaxy { image, window };
    let undefined = One::nan(ApertureFlags::UNDEFINED_SHAPE);
    let Some(first) = g.petrosian_radius(start, config)? else { return Ok(undefined) };
    let extent = config.petrosian_extent;
    let value = |p: [f64; 2]| {
        g.asymmetry(Point::new(p[0], p[1]), extent * first, config.sky_asymmetry).unwrap_or(100.0)
    };
    // The customary first simplex: 5 per cent of each coordinate.
    let step = |v: f64| if v == 0.0 { 0.00025 } else { 1.05 * v };
    let simplex = [[start.x, start.y], [step(start.x), start.y], [start.x, step(start.y)]];
    let anywhere = [(f64::NEG_INFINITY, f64::INFINITY); 2];
    let (best, asymmetry) = nelder_mead(simplex, anywhere, 1e-6, 1e-4, value);
    let at = Point::new(best[0], best[1]);
    let Some(radius) = g.petrosian_radius(at, config)? else { return Ok(undefined) };
    let outer = extent * radius;
    let mut one = One::nan(ApertureFlags::empty());
    let circle = g.cover(&CircularAperture::new(outer)?, at);
    one.flags.set(ApertureFlags::PARTIAL_OVERLAP, circle.has_outside());
    let mut masked = false;
    circle.for_each(|y, x, _| masked |= image.is_bad(x, y));
    one.flags.set(ApertureFlags::MASKED_PIXELS, masked);
    (one.x_asymmetry, one.y_asymmetry, one.petrosian_radius, one.asymmetry) = (at.x, at.y, radius, asymmetry);
    one.flux = g.flux(outer, at)?;
    if one.flux > 0.0 {
        let radius_of = |f: f64| bisect(1e-3, outer, |r| Ok(g.flux(r, at)? < f * one.flux));
        let (r20, r50, r80) = (radius_of(0.2)?, radius_of(0.5)?, radius_of(0.8)?);
        (one.r20, one.r50, one.r80) = (r20, r50, r80);
        one.concentration = 5.0 * (r80 / r20).log10();
    }
    let inner = config.petrosian_fraction * radius;
    let size = inner as i64;
    if size >= 1 {
        let (mut flux, mut rough) = (0.0, 0.0);
        let ring = CircularAnnulus::new(inner, outer)?;
        g.cover(&ring, at).for_each(|y, x, w| {
            let v = g.value(x as i64, y as i64);
            flux += w * v;
            rough += w * (v - g.smoothed(x as i64, y as i64, size)).max(0.0);
        });
        if flux > 0.0 {
            one.smoothness = (rough - ring.area() * config.sky_smoothness) / flux;
        }
    }
    (one.gini, one.m20) = g.gini_m20(at, radius)?;
    Ok(one)
}
