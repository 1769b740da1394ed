//! The whole scene.

use ndarray::Array2;
use skyphot_core::{Point, Table};

use crate::defects::{add_charge, kill_columns, saturate};
use crate::noise::{poisson, unit_normal};
use crate::random::{Purpose, generator};
use crate::sources::Sources;
use crate::wcs::Tan;
use crate::{Card, Result, SceneConfig, SceneFlags};

/// A simulated image with everything that is known about it. Arrays are `data[[y, x]]`.
#[derive(Debug, Clone)]
pub struct Scene {
    /// Pixel values, adu.
    pub data: Array2<f32>,
    /// True 1-sigma noise of each pixel (photons and read noise), adu.
    pub error: Array2<f32>,
    /// Data quality: [`SceneFlags`] bits, 0 = good.
    pub dq: Array2<u32>,
    /// The sky alone, without noise, adu.
    pub sky: Array2<f32>,
    /// One row per source, also those whose centre lies just on the edge.
    pub truth: Table,
    /// Header cards: detector, WCS, seed.
    pub header: Vec<Card>,
}

impl Scene {
    /// The bad-pixel mask: `true` where any of the given flags is set.
    #[must_use]
    pub fn mask(&self, flags: SceneFlags) -> Array2<bool> {
        self.dq.mapv(|v| v & flags.bits() != 0)
    }
}

/// Makes a scene. Sky, sources, photon and read noise, hot pixels, cosmic rays, saturation with bleeding, dead columns,
/// in this order.
///
/// The result depends on the configuration alone: not on threads, and on the machine only as far as its `exp`, `ln`
/// and `pow` differ in the last bit.
///
/// ```
/// use skyphot_simulation::{SceneConfig, simulate};
/// let config = SceneConfig { shape: (128, 160), n_stars: 20, n_galaxies: 2, cluster: None, ..Default::default() };
/// let scene = simulate(&config)?;
/// assert_eq!(scene.data.dim(), (128, 160));
/// assert_eq!(scene.truth.n_rows(), 23); // one star is saturated
/// # Ok::<(), skyphot_simulation::SimulationError>(())
/// ```
///
/// # Errors
/// [`SimulationError::InvalidParameter`](crate::SimulationError::InvalidParameter) for a parameter out of its range.
pub fn simulate(config: &SceneConfig) -> Result<Scene> {
    config.validate()?;
    let (ny, nx) = config.shape;
    let (mx, my) = (0.5 * (nx as f64 - 1.0), 0.5 * (ny as f64 - 1.0));
    let (gx, gy) = config.sky_gradient;
    let sky = Array2::from_shape_fn(config.shape, |(y, x)| {
        (config.sky + gx * (x as f64 - mx) + gy * (y as f64 - my)).max(0.0)
    });
    let sources = Sources::draw(config);
    let mut model = sky.clone();
    sources.render(&mut model, config)?;

    let read = config.read_noise / config.gain;
    let error = model.mapv(|v| (v / config.gain + read * read).sqrt() as f32);
    let mut data = if config.noise { noisy(&model, config) } else { model };
    let mut dq = Array2::zeros(config.shape);
    add_charge(&mut data, &mut dq, config);
    saturate(&mut data, &mut dq, config);
    kill_columns(&mut data, &mut dq, config);

    let wcs = Tan::new(config);
    let near = config.profile.fwhm();
    let truth = sources.truth(config, &wcs, |p| is_saturated(&dq, p, near))?;
    let header = header(config, &wcs);
    Ok(Scene { data: data.mapv(|v| v as f32), error, dq, sky: sky.mapv(|v| v as f32), truth, header })
}

/// Photon and read noise, a stream of random numbers per row.
fn noisy(model: &Array2<f64>, c: &SceneConfig) -> Array2<f64> {
    let rows = c.exec.map(model.nrows(), |y| {
        let mut photons = generator(c.seed, Purpose::Poisson, y);
        let mut read = generator(c.seed, Purpose::Read, y);
        let mut row = Vec::with_capacity(model.ncols());
        for &v in model.row(y) {
            let electrons = poisson(&mut photons, v * c.gain) + c.read_noise * unit_normal(&mut read);
            row.push(electrons / c.gain);
        }
        row
    });
    let mut out = Array2::zeros(model.dim());
    for (mut target, row) in out.rows_mut().into_iter().zip(rows) {
        for (t, v) in target.iter_mut().zip(row) {
            *t = v;
        }
    }
    out
}

fn is_saturated(dq: &Array2<u32>, p: Point, radius: f64) -> bool {
    let (ny, nx) = dq.dim();
    crate::star::span(p.y, radius, ny).any(|y| {
        crate::star::span(p.x, radius, nx).any(|x| {
            dq[[y, x]] & SceneFlags::SATURATED.bits() != 0
                && p.distance(Point::new(x as f64, y as f64)) <= radius
        })
    })
}

fn header(c: &SceneConfig, wcs: &Tan) -> Vec<Card> {
    let mut cards = vec![
        Card::new("OBJECT", "simulated field", "name of the target"),
        Card::new("BUNIT", "adu", "unit of the pixel values"),
        Card::new("GAIN", c.gain, "[electron/adu] gain"),
        Card::new("RDNOISE", c.read_noise, "[electron] read noise"),
        Card::new("SATURATE", c.full_well, "[adu] saturation level"),
        Card::new("FWHM", c.profile.fwhm(), "[pix] full width at half maximum of stars"),
        Card::new("MAGZPT", c.zero_point, "[mag] magnitude of 1 adu"),
        Card::new("SIMSEED", i64::try_from(c.seed).unwrap_or(i64::MAX), "seed of the simulation"),
    ];
    cards.extend(wcs.cards());
    cards
}
