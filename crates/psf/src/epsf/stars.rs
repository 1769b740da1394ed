//! Stars to build an ePSF from.

use skyphot_core::{Point, SkyCoord};

use super::EpsfStar;
use super::fit_star::fit_star;
use crate::ImagePsf;
use crate::error::{PsfError, Result};

/// Cutouts of one physical star from several images. Their fits are made to agree in sky position and, if asked for,
/// in flux.
#[derive(Debug, Clone)]
#[doc(alias = "LinkedEPSFStar")]
pub struct LinkedEpsfStar {
    stars: Vec<EpsfStar>,
}

impl LinkedEpsfStar {
    /// Links stars.
    ///
    /// # Errors
    /// [`PsfError::InvalidData`] if there is none, or one without a coordinate system.
    pub fn new(stars: Vec<EpsfStar>) -> Result<Self> {
        if stars.is_empty() || stars.iter().any(|s| s.transform().is_none()) {
            return Err(PsfError::InvalidData {
                what: "linked star",
                expected: "one or more stars with a coordinate system",
                found: format!(
                    "{} stars, {} without",
                    stars.len(),
                    stars.iter().filter(|s| s.transform().is_none()).count()
                ),
            });
        }
        Ok(Self { stars })
    }

    /// The cutouts.
    #[must_use]
    pub fn stars(&self) -> &[EpsfStar] {
        &self.stars
    }

    pub(crate) fn stars_mut(&mut self) -> &mut [EpsfStar] {
        &mut self.stars
    }

    /// All cutouts are excluded.
    #[must_use]
    #[doc(alias = "all_excluded")]
    pub fn is_excluded(&self) -> bool {
        self.stars.iter().all(EpsfStar::is_excluded)
    }

    /// Moves all cutouts that are not excluded to their mean position on the sky. Returns that position; `None` (and
    /// nothing moves) if there is only one or a coordinate system has no answer.
    pub fn constrain_centers(&mut self) -> Option<SkyCoord> {
        if self.stars.len() < 2 {
            return None;
        }
        let (mut v, mut n) = ([0.0; 3], 0);
        for star in self.stars.iter().filter(|s| !s.is_excluded()) {
            let sky = star.transform()?.get().pixel_to_sky(star.center())?;
            let (lon, lat) = (sky.lon.to_radians(), sky.lat.to_radians());
            for (v, u) in v.iter_mut().zip([lat.cos() * lon.cos(), lat.cos() * lon.sin(), lat.sin()]) {
                *v += u;
            }
            n += 1;
        }
        if n == 0 {
            return None;
        }
        let mean =
            SkyCoord { lon: v[1].atan2(v[0]).to_degrees(), lat: v[2].atan2(v[0].hypot(v[1])).to_degrees() };
        let places: Vec<Option<Point>> = self
            .stars
            .iter()
            .map(|s| s.transform().and_then(|t| t.get().sky_to_pixel(mean)).filter(|p| p.is_finite()))
            .collect();
        if places.iter().zip(&self.stars).any(|(p, s)| p.is_none() && !s.is_excluded()) {
            return None;
        }
        for (star, p) in self.stars.iter_mut().zip(places) {
            if let Some(p) = p
                && !star.is_excluded()
            {
                let (x, y) = star.origin();
                star.set_cutout_center(Point::new(p.x - x as f64, p.y - y as f64)).ok()?;
            }
        }
        Some(mean)
    }

    /// Gives all cutouts that are not excluded their mean flux, which only makes sense for images of one flux scale.
    pub fn constrain_fluxes(&mut self) {
        if self.stars.len() < 2 {
            return;
        }
        let good = self.stars.iter().filter(|s| !s.is_excluded());
        let (sum, n) = good.fold((0.0, 0), |(sum, n), s| (sum + s.flux(), n + 1));
        if n == 0 {
            return;
        }
        for star in self.stars.iter_mut().filter(|s| !s.is_excluded()) {
            // A mean of finite fluxes can only fail by overflow; then the fluxes stay as they are.
            let _ = star.set_flux(sum / f64::from(n));
        }
    }
}

/// A star by itself or one seen on several images.
#[derive(Debug, Clone)]
pub enum EpsfEntry {
    /// A star of one image.
    Single(EpsfStar),
    /// A star of several images.
    Linked(LinkedEpsfStar),
}

impl EpsfEntry {
    /// Its cutouts.
    #[must_use]
    pub fn stars(&self) -> &[EpsfStar] {
        match self {
            Self::Single(star) => std::slice::from_ref(star),
            Self::Linked(linked) => linked.stars(),
        }
    }

    pub(crate) fn stars_mut(&mut self) -> &mut [EpsfStar] {
        match self {
            Self::Single(star) => std::slice::from_mut(star),
            Self::Linked(linked) => linked.stars_mut(),
        }
    }
}

/// A list of stars, each single or linked.
#[derive(Debug, Clone, Default)]
#[doc(alias = "EPSFStars")]
pub struct EpsfStars {
    entries: Vec<EpsfEntry>,
}

impl EpsfStars {
    /// A list of stars.
    #[must_use]
    pub fn new(entries: Vec<EpsfEntry>) -> Self {
        Self { entries }
    }

    /// The stars; a linked one counts once.
    #[must_use]
    pub fn entries(&self) -> &[EpsfEntry] {
        &self.entries
    }

    pub(crate) fn entries_mut(&mut self) -> &mut [EpsfEntry] {
        &mut self.entries
    }

    /// Adds a star.
    pub fn push(&mut self, entry: EpsfEntry) {
        self.entries.push(entry);
    }

    /// Number of stars; a linked one counts once.
    #[must_use]
    #[doc(alias = "n_stars")]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// No star.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// All cutouts, those of linked stars one after the other.
    #[doc(alias = "all_stars")]
    pub fn cutouts(&self) -> impl Iterator<Item = &EpsfStar> {
        self.entries.iter().flat_map(EpsfEntry::stars)
    }

    /// All cutouts that are not excluded.
    #[doc(alias = "all_good_stars")]
    pub fn good_cutouts(&self) -> impl Iterator<Item = &EpsfStar> {
        self.cutouts().filter(|s| !s.is_excluded())
    }

    /// Number of cutouts.
    #[must_use]
    #[doc(alias = "n_all_stars")]
    pub fn n_cutouts(&self) -> usize {
        self.entries.iter().map(|e| e.stars().len()).sum()
    }

    /// Number of cutouts that are not excluded.
    #[must_use]
    #[doc(alias = "n_good_stars")]
    pub fn n_good_cutouts(&self) -> usize {
        self.good_cutouts().count()
    }

    /// Positions of all cutouts in their images.
    #[must_use]
    #[doc(alias = "center_flat")]
    pub fn centers(&self) -> Vec<Point> {
        self.cutouts().map(EpsfStar::center).collect()
    }

    /// Positions of all cutouts in the cutouts.
    #[must_use]
    #[doc(alias = "cutout_center_flat")]
    pub fn cutout_centers(&self) -> Vec<Point> {
        self.cutouts().map(EpsfStar::cutout_center).collect()
    }

    /// Fluxes of all cutouts.
    #[must_use]
    pub fn fluxes(&self) -> Vec<f64> {
        self.cutouts().map(EpsfStar::flux).collect()
    }

    /// The stars with the places and fluxes of the ePSF that fits each best, in a box of `fit_shape` `(ny, nx)` pixels or
    /// the whole cutout. Stars that are excluded or whose fit fails stay as they are; linked stars are moved to their mean
    /// position on the sky.
    ///
    /// # Errors
    /// [`PsfError::InvalidData`] for a box that is not of odd numbers.
    #[doc(alias = "EPSFFitter")]
    pub fn fitted(
        &self,
        epsf: &ImagePsf,
        fit_shape: Option<(usize, usize)>,
        max_evaluations: usize,
    ) -> Result<Self> {
        if let Some((ny, nx)) = fit_shape
            && (ny % 2 == 0 || nx % 2 == 0)
        {
            let found = format!("({ny}, {nx})");
            return Err(PsfError::InvalidData {
                what: "fit_shape (ny, nx)",
                expected: "two odd numbers",
                found,
            });
        }
        let mut out = self.clone();
        for entry in out.entries_mut() {
            for star in entry.stars_mut().iter_mut().filter(|s| !s.is_excluded()) {
                fit_star(star, epsf, fit_shape, max_evaluations);
            }
            if let EpsfEntry::Linked(linked) = entry {
                linked.constrain_centers();
            }
        }
        Ok(out)
    }

    /// The stars for which `keep` says so.
    #[must_use]
    pub fn filtered(&self, keep: impl Fn(&EpsfEntry) -> bool) -> Self {
        Self { entries: self.entries.iter().filter(|e| keep(e)).cloned().collect() }
    }
}

impl FromIterator<EpsfStar> for EpsfStars {
    fn from_iter<I: IntoIterator<Item = EpsfStar>>(stars: I) -> Self {
        Self { entries: stars.into_iter().map(EpsfEntry::Single).collect() }
    }
}

impl FromIterator<EpsfEntry> for EpsfStars {
    fn from_iter<I: IntoIterator<Item = EpsfEntry>>(entries: I) -> Self {
        Self { entries: entries.into_iter().collect() }
    }
}
