//! The stars and galaxies of a scene, and their truth table.

use ndarray::Array2;
use rand_pcg::Pcg64;
use skyphot_core::{Column, FWHM_TO_SIGMA, Point, Table};

use crate::galaxy::{SersicGalaxy, add_sersic_galaxy};
use crate::kernel::smooth::smooth;
use crate::random::{Purpose, between, generator, power_law};
use crate::star::{add_gaussian_star, add_moffat_star};
use crate::wcs::Tan;
use crate::{Result, SceneConfig, StarProfile};

/// Part of a star's light that may be left out of the image.
const MISSING: f64 = 1e-4;
/// Surface brightness at which a source ends, adu per pixel.
const FAINTEST: f64 = 0.02;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Star {
    pub(crate) center: Point,
    pub(crate) flux: f64,
    pub(crate) cluster: bool,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Sources {
    pub(crate) stars: Vec<Star>,
    pub(crate) galaxies: Vec<SersicGalaxy>,
}

fn anywhere(rng: &mut Pcg64, (ny, nx): (usize, usize)) -> Point {
    let x = between(rng, -0.5, nx as f64 - 0.5);
    let y = between(rng, -0.5, ny as f64 - 0.5);
    Point::new(x, y)
}

impl Sources {
    /// Draws all sources, in a fixed order: field stars, cluster, saturated star, galaxies.
    pub(crate) fn draw(c: &SceneConfig) -> Self {
        let (ny, nx) = c.shape;
        let flux = |rng: &mut Pcg64| power_law(rng, c.star_slope, c.star_flux.0, c.star_flux.1);
        let mut stars = Vec::new();
        let mut rng = generator(c.seed, Purpose::Stars, 0);
        for _ in 0..c.n_stars {
            let center = anywhere(&mut rng, c.shape);
            stars.push(Star { center, flux: flux(&mut rng), cluster: false });
        }
        if let Some(group) = c.cluster {
            let mut rng = generator(c.seed, Purpose::Cluster, 0);
            let center = Point::new(group.center.0 * nx as f64, group.center.1 * ny as f64);
            for _ in 0..group.n_stars {
                // Projected Plummer profile, cut at five core radii.
                let u = between(&mut rng, 0.0, 25.0 / 26.0);
                let r = group.radius * (u / (1.0 - u)).sqrt();
                let (s, k) = between(&mut rng, 0.0, std::f64::consts::TAU).sin_cos();
                let place = Point::new(center.x + r * k, center.y + r * s);
                stars.push(Star { center: place, flux: flux(&mut rng), cluster: true });
            }
        }
        if let Some(flux) = c.saturated_star {
            let center = Point::new(0.2231 * nx as f64, 0.6187 * ny as f64);
            stars.push(Star { center, flux, cluster: false });
        }
        let mut rng = generator(c.seed, Purpose::Galaxies, 0);
        let galaxies = (0..c.n_galaxies)
            .map(|_| {
                let center = anywhere(&mut rng, c.shape);
                let flux = power_law(&mut rng, c.star_slope, c.galaxy_flux.0, c.galaxy_flux.1);
                // Brighter galaxies tend to be larger.
                let rank = (flux / c.galaxy_flux.0).ln() / (c.galaxy_flux.1 / c.galaxy_flux.0).ln().max(1e-9);
                let t = (0.65 * rank + 0.35 * between(&mut rng, 0.0, 1.0)).clamp(0.0, 1.0);
                let r_eff = c.galaxy_r_eff.0 * (c.galaxy_r_eff.1 / c.galaxy_r_eff.0).powf(t);
                let spheroid = between(&mut rng, 0.0, 1.0) < 0.3;
                let n = if spheroid { between(&mut rng, 2.5, 4.0) } else { between(&mut rng, 0.8, 1.6) };
                let axis_ratio =
                    if spheroid { between(&mut rng, 0.6, 1.0) } else { between(&mut rng, 0.25, 1.0) };
                let theta = between(&mut rng, -0.5, 0.5) * std::f64::consts::PI;
                SersicGalaxy { center, flux, r_eff, n, axis_ratio, theta }
            })
            .collect();
        Self { stars, galaxies }
    }

    /// Adds the light of all sources.
    pub(crate) fn render(&self, image: &mut Array2<f64>, c: &SceneConfig) -> Result<()> {
        if !self.galaxies.is_empty() {
            let mut plane = Array2::zeros(image.dim());
            for g in &self.galaxies {
                // All but about one part in a thousand for the steepest profiles used here.
                let radius = g.r_eff * if g.n > 2.0 { 30.0 } else { 9.0 };
                add_sersic_galaxy(&mut plane, g, radius)?;
            }
            *image += &smooth(&plane, c.profile.fwhm() * FWHM_TO_SIGMA);
        }
        for s in &self.stars {
            match c.profile {
                StarProfile::Gaussian { fwhm } => add_gaussian_star(image, s.center, s.flux, fwhm)?,
                StarProfile::Moffat { fwhm, beta } => {
                    let radius = c.profile.radius(s.flux, MISSING, FAINTEST);
                    add_moffat_star(image, s.center, s.flux, fwhm, beta, radius)?;
                }
            }
        }
        Ok(())
    }

    /// One row per source.
    pub(crate) fn truth(
        &self,
        c: &SceneConfig,
        wcs: &Tan,
        saturated: impl Fn(Point) -> bool,
    ) -> Result<Table> {
        struct Row {
            kind: &'static str,
            p: Point,
            flux: f64,
            fwhm: f64,
            shape: [f64; 4],
            crowded: bool,
        }
        let fwhm = c.profile.fwhm();
        let stars = self.stars.iter().map(|s| Row {
            kind: "star",
            p: s.center,
            flux: s.flux,
            fwhm,
            shape: [f64::NAN; 4],
            crowded: s.cluster,
        });
        let galaxies = self.galaxies.iter().map(|g| Row {
            kind: "galaxy",
            p: g.center,
            flux: g.flux,
            fwhm: f64::NAN,
            shape: [g.r_eff, g.n, g.axis_ratio, g.theta],
            crowded: false,
        });
        let rows: Vec<Row> = stars.chain(galaxies).collect();
        let of = |f: &dyn Fn(&Row) -> f64| rows.iter().map(f).collect::<Vec<f64>>();
        let shape = |i: usize| of(&|r| r.shape[i]);
        let sky: Vec<_> = rows.iter().map(|r| wcs.to_sky(r.p)).collect();
        let mut table = Table::from_columns([
            Column::new("id", (1..=rows.len() as i64).collect::<Vec<_>>()),
            Column::new("kind", rows.iter().map(|r| r.kind.to_owned()).collect::<Vec<_>>())
                .with_description("star or galaxy"),
            Column::new("x", of(&|r| r.p.x)).with_unit("pix").with_description("centre, 0-based"),
            Column::new("y", of(&|r| r.p.y)).with_unit("pix").with_description("centre, 0-based"),
            Column::new("ra", sky.iter().map(|s| s.lon).collect::<Vec<_>>()).with_unit("deg"),
            Column::new("dec", sky.iter().map(|s| s.lat).collect::<Vec<_>>()).with_unit("deg"),
            Column::new("flux", of(&|r| r.flux)).with_unit("adu").with_description("total flux"),
            Column::new("mag", of(&|r| c.zero_point - 2.5 * r.flux.log10())).with_unit("mag"),
            Column::new("fwhm", of(&|r| r.fwhm)).with_unit("pix").with_description("of stars"),
            Column::new("r_eff", shape(0))
                .with_unit("pix")
                .with_description("half-light semi-major axis before blurring"),
            Column::new("sersic_n", shape(1)).with_description("Sersic index"),
            Column::new("axis_ratio", shape(2)).with_description("minor over major axis"),
            Column::new("theta", shape(3))
                .with_unit("rad")
                .with_description("major axis, counter-clockwise from +x"),
            Column::new("crowded", rows.iter().map(|r| r.crowded).collect::<Vec<_>>())
                .with_description("member of the cluster"),
            Column::new("saturated", rows.iter().map(|r| saturated(r.p)).collect::<Vec<_>>())
                .with_description("a saturated pixel within one FWHM of the centre"),
        ])?;
        table.meta.set("pixel_convention", "0-based, centre of the first pixel is (0, 0)");
        table.meta.set("seed", i64::try_from(c.seed).unwrap_or(i64::MAX));
        Ok(table)
    }
}
