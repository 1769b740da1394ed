//! Cutouts of the stars of a catalogue.

use ndarray::{Array2, ArrayView2, s};
use skyphot_core::{Image, Pixel, Point, SkyCoord};

use super::{EpsfEntry, EpsfFlags, EpsfStar, EpsfStars, LinkedEpsfStar, StarTransform};
use crate::error::{PsfError, Result};
use crate::render::box_around;

/// An image to cut stars from, free of background. Its error, if it has one, gives the weights `1 / error`.
#[derive(Debug, Clone)]
pub struct StarField<'a, T: Pixel> {
    image: Image<'a, T>,
    weights: Option<ArrayView2<'a, T>>,
    transform: Option<StarTransform>,
}

impl<'a, T: Pixel> StarField<'a, T> {
    /// An image alone.
    #[must_use]
    pub fn new(image: Image<'a, T>) -> Self {
        Self { image, weights: None, transform: None }
    }

    /// With its coordinate system, which sky positions and linked stars need.
    #[must_use]
    pub fn with_transform(mut self, transform: StarTransform) -> Self {
        self.transform = Some(transform);
        self
    }

    /// With weights that are used as they are, in place of `1 / error`.
    ///
    /// # Errors
    /// [`PsfError::InvalidData`] unless they have the shape of the image.
    pub fn with_weights(mut self, weights: ArrayView2<'a, T>) -> Result<Self> {
        if weights.dim() != self.image.shape() {
            return Err(PsfError::InvalidData {
                what: "weights",
                expected: "of the shape of the image",
                found: format!("{:?} for {:?} (ny, nx)", weights.dim(), self.image.shape()),
            });
        }
        self.weights = Some(weights);
        Ok(self)
    }

    /// The image.
    #[must_use]
    pub fn image(&self) -> &Image<'a, T> {
        &self.image
    }
}

/// Where the stars of a catalogue are.
#[derive(Debug, Clone, PartialEq)]
pub enum CatalogPositions {
    /// On one image, pixels.
    Pixels(Vec<Point>),
    /// On the sky, in the frame of the images' coordinate systems.
    Sky(Vec<SkyCoord>),
}

/// A catalogue of stars.
#[derive(Debug, Clone, PartialEq)]
pub struct StarCatalog {
    /// Positions.
    pub positions: CatalogPositions,
    /// Fluxes. Default `None`: estimated from the cutouts.
    pub flux: Option<Vec<f64>>,
    /// Numbers of the stars. Default `None`: 1, 2, ...
    pub id: Option<Vec<i64>>,
}

impl StarCatalog {
    /// Stars at pixel positions.
    #[must_use]
    pub fn at_pixels(positions: Vec<Point>) -> Self {
        Self { positions: CatalogPositions::Pixels(positions), flux: None, id: None }
    }

    /// Stars at sky positions.
    #[must_use]
    pub fn on_sky(positions: Vec<SkyCoord>) -> Self {
        Self { positions: CatalogPositions::Sky(positions), flux: None, id: None }
    }

    /// Number of stars.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.positions {
            CatalogPositions::Pixels(p) => p.len(),
            CatalogPositions::Sky(s) => s.len(),
        }
    }

    /// No star.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn validate(&self) -> Result<()> {
        let n = self.len();
        let check = |what, len: Option<usize>| match len {
            Some(len) if len != n => Err(PsfError::InvalidData {
                what,
                expected: "one for every star",
                found: format!("{len} for {n} stars"),
            }),
            _ => Ok(()),
        };
        check("catalogue fluxes", self.flux.as_ref().map(Vec::len))?;
        check("catalogue ids", self.id.as_ref().map(Vec::len))
    }
}

/// How stars are cut out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ExtractConfig {
    /// Rows and columns of a cutout, odd numbers of at least 3. Default (11, 11).
    pub size: (usize, usize),
    /// Pixels at or above this value are bad, and stars that have one within 2 pixels of the centre are flagged.
    /// Default: no limit.
    pub saturation: Option<f64>,
}

impl Default for ExtractConfig {
    fn default() -> Self {
        Self { size: (11, 11), saturation: None }
    }
}

/// A star that was not extracted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RejectedStar {
    /// Number of the image.
    pub image: usize,
    /// Row of the catalogue.
    pub row: usize,
    /// Number of the star.
    pub id: i64,
    /// Position in the image, pixels (NaN if it has none).
    pub position: Point,
    /// Why.
    pub flags: EpsfFlags,
}

/// What [`extract_stars`] gives.
#[derive(Debug, Clone)]
pub struct ExtractedStars {
    /// The stars.
    pub stars: EpsfStars,
    /// Those that could not be cut out, by image and row.
    pub rejected: Vec<RejectedStar>,
}

/// Cuts the stars of catalogues out of images.
///
/// With one catalogue for each image, the stars are independent. One catalogue on the sky for several images links the
/// cutouts of each star. A star whose cutout is not wholly inside the image, or that has no good pixel, is left out and
/// reported.
///
/// ```
/// use ndarray::Array2;
/// use skyphot_core::{Image, Point};
/// use skyphot_psf::{EpsfFlags, ExtractConfig, StarCatalog, StarField, extract_stars};
/// let data = Array2::<f64>::ones((50, 60));
/// let catalog = StarCatalog::at_pixels(vec![Point::new(20.2, 30.7), Point::new(58.0, 10.0)]);
/// let fields = [StarField::new(Image::new(data.view())?)];
/// let found = extract_stars(&fields, &[catalog], &ExtractConfig::default())?;
/// assert_eq!(found.stars.len(), 1);
/// assert_eq!(found.rejected[0].flags, EpsfFlags::OUTSIDE_IMAGE);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`PsfError::InvalidData`] for a size that is not odd or below 3, columns of different lengths, a number of
/// catalogues that fits neither rule, and sky positions without a coordinate system.
pub fn extract_stars<T: Pixel>(
    fields: &[StarField<'_, T>],
    catalogs: &[StarCatalog],
    config: &ExtractConfig,
) -> Result<ExtractedStars> {
    let (ny, nx) = config.size;
    if ny % 2 == 0 || nx % 2 == 0 || ny < 3 || nx < 3 || ny > 10_001 || nx > 10_001 {
        return Err(PsfError::InvalidData {
            what: "size (ny, nx)",
            expected: "two odd numbers from 3 to 10001",
            found: format!("({ny}, {nx})"),
        });
    }
    for c in catalogs {
        c.validate()?;
    }
    let linked = catalogs.len() == 1 && fields.len() > 1;
    if !linked && catalogs.len() != fields.len() {
        return Err(PsfError::InvalidData {
            what: "catalogues",
            expected: "one for each image, or one on the sky for all",
            found: format!("{} for {} images", catalogs.len(), fields.len()),
        });
    }
    let mut rejected = Vec::new();
    let mut per_image = Vec::with_capacity(fields.len());
    for (i, field) in fields.iter().enumerate() {
        let catalog = &catalogs[if linked { 0 } else { i }];
        per_image.push(cut_all(i, field, catalog, linked, config, &mut rejected)?);
    }
    let entries = if linked {
        let n = catalogs[0].len();
        let mut entries = Vec::with_capacity(n);
        let mut columns: Vec<_> = per_image.into_iter().map(Vec::into_iter).collect();
        for _ in 0..n {
            let mut stars: Vec<EpsfStar> = columns.iter_mut().filter_map(|c| c.next().flatten()).collect();
            match stars.len() {
                0 => {}
                1 => entries.extend(stars.pop().map(EpsfEntry::Single)),
                _ => entries.push(EpsfEntry::Linked(LinkedEpsfStar::new(stars)?)),
            }
        }
        entries
    } else {
        per_image.into_iter().flatten().flatten().map(EpsfEntry::Single).collect()
    };
    Ok(ExtractedStars { stars: EpsfStars::new(entries), rejected })
}

fn cut_all<T: Pixel>(
    number: usize,
    field: &StarField<'_, T>,
    catalog: &StarCatalog,
    linked: bool,
    config: &ExtractConfig,
    rejected: &mut Vec<RejectedStar>,
) -> Result<Vec<Option<EpsfStar>>> {
    const NOWHERE: Point = Point::new(f64::NAN, f64::NAN);
    let positions: Vec<Point> = match (&catalog.positions, &field.transform) {
        (CatalogPositions::Pixels(_), _) if linked => {
            let found = "pixel positions".to_owned();
            let expected = "positions on the sky";
            return Err(PsfError::InvalidData { what: "one catalogue for several images", expected, found });
        }
        (CatalogPositions::Pixels(p), _) => p.clone(),
        (CatalogPositions::Sky(sky), Some(t)) => {
            let mut points = vec![NOWHERE; sky.len()];
            t.get().sky_to_pixels(sky, &mut points);
            points
        }
        (CatalogPositions::Sky(_), None) => {
            let found = format!("none for image {number}");
            let expected = "given for positions on the sky";
            return Err(PsfError::InvalidData { what: "coordinate system", expected, found });
        }
    };
    let stars = positions.into_iter().enumerate().map(|(row, position)| {
        let id = catalog.id.as_ref().map_or(row as i64 + 1, |v| v[row]);
        let flux = catalog.flux.as_ref().map(|v| v[row]);
        match cut(field, position, flux, config) {
            Ok(star) => Some(star.with_id(id).with_image(number)),
            Err(flags) => {
                rejected.push(RejectedStar { image: number, row, id, position, flags });
                None
            }
        }
    });
    Ok(stars.collect())
}

fn cut<T: Pixel>(
    field: &StarField<'_, T>,
    position: Point,
    flux: Option<f64>,
    config: &ExtractConfig,
) -> std::result::Result<EpsfStar, EpsfFlags> {
    if !position.is_finite() {
        return Err(EpsfFlags::NON_FINITE_POSITION);
    }
    if flux.is_some_and(|f| !f.is_finite()) {
        return Err(EpsfFlags::NON_FINITE_FLUX);
    }
    let image = &field.image;
    let (ny, nx) = image.shape();
    let w = box_around(position.x, position.y, config.size);
    if w.x_min < 0 || w.y_min < 0 || w.x_end() > nx as i64 || w.y_end() > ny as i64 {
        return Err(EpsfFlags::OUTSIDE_IMAGE);
    }
    let (x, y) = (w.x_min as usize, w.y_min as usize);
    let part = s![y..y + w.ny, x..x + w.nx];
    let data = image.data().slice(part).mapv(|v| v.to_f64());
    let mut flags = EpsfFlags::empty();
    let mut weights = match (&field.weights, image.error()) {
        (Some(weights), _) => weights.slice(part).mapv(|v| v.to_f64()),
        (None, Some(error)) => error.slice(part).mapv(|e| 1.0 / e.to_f64()),
        (None, None) => Array2::ones(config.size),
    };
    if let Some(mask) = image.mask() {
        weights.zip_mut_with(&mask.slice(part), |w, bad| {
            if *bad {
                *w = 0.0;
            }
        });
    }
    let center = Point::new(position.x - x as f64, position.y - y as f64);
    if let Some(limit) = config.saturation {
        for ((j, i), v) in data.indexed_iter() {
            if *v >= limit {
                weights[[j, i]] = 0.0;
                if (i as f64 - center.x).hypot(j as f64 - center.y) <= 2.0 {
                    flags |= EpsfFlags::SATURATED;
                }
            }
        }
    }
    let star = match flux {
        Some(flux) => EpsfStar::with_flux(data.view(), Some(weights.view()), flux),
        None => EpsfStar::new(data.view(), Some(weights.view())),
    };
    let mut star = star
        .map_err(|_| EpsfFlags::NO_GOOD_PIXELS)?
        .with_origin((w.x_min, w.y_min))
        .at(center)
        .map_err(|_| EpsfFlags::NON_FINITE_POSITION)?;
    if let Some(t) = &field.transform {
        star = star.with_transform(t.clone());
    }
    star.add_flags(flags);
    Ok(star)
}
