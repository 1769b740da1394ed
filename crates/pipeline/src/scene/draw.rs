//! From a scene to pixels.

use std::path::Path;

use ndarray::Array2;
use skyphot_core::{Column, Exec, Point, SkyCoord, SkyTransform, Table};
use skyphot_io::{CardValue, Header};
use skyphot_psf::{GaussianPrf, MoffatPrf, PsfModel, Sources, render};
use skyphot_simulation::{
    ModelParamsConfig, NoiseDistribution, SersicGalaxy, add_sersic_galaxy, apply_poisson_noise,
    make_model_params, make_noise_image,
};
use skyphot_wcs::sky::SkyFrame;
use skyphot_wcs::{ProjectionCode, Wcs};

use super::blur::add_blurred_galaxy;
use super::{Range, SceneSources, SceneSpec, SourceKind};
use crate::{
    LoadedPsf, PipelineError, PsfSpec, Result, SkyMap, add_sky_columns, forced::ForcedTargets, positions_of,
    wcs_header,
};

/// Galaxies are drawn out to so many half-light radii per root of the index.
const GALAXY_REACH: f64 = 8.0;

/// An image made from a scene.
#[derive(Debug, Clone)]
pub struct SimulatedScene {
    /// Pixels, `(ny, nx)`.
    pub image: Array2<f64>,
    /// The same without noise.
    pub model: Array2<f64>,
    /// 1-sigma errors: photon noise of what is really there, read noise, and more.
    pub error: Array2<f64>,
    /// Unit, world coordinates and keywords.
    pub header: Header,
    /// Columns `id`, `group` (from 1), `model`, `x_0 y_0`, `ra dec` with world coordinates, `flux` (total), `mag` with a
    /// zero point, and the parameters of the models, NaN where a source has none.
    pub truth: Table,
}

/// Names of the parameters besides position and flux, as in a scene file and in the truth.
const PARAMETERS: [&str; 6] = ["fwhm", "beta", "r_eff", "n", "axis_ratio", "theta"];

/// Sources of one group.
struct Group {
    x: Vec<f64>,
    y: Vec<f64>,
    flux: Vec<f64>,
    /// In the order of [`PARAMETERS`]; NaN where the model has none.
    parameters: [Vec<f64>; 6],
}

/// Makes the image of a scene. Files it names are looked for in `folder` unless they are absolute. The result depends on
/// the scene alone, not on the number of threads; random numbers are those of numpy's `default_rng`.
///
/// ```
/// use skyphot_core::Exec;
/// use skyphot_pipeline::scene::{SceneSpec, simulate_scene};
/// let scene = SceneSpec::from_toml(
///     "shape = [60, 80]\n[[sources]]\nmodel = \"psf\"\npsf = \"gaussian:2\"\nnumber = 3\nflux = 100\nborder = 10\n",
/// )?;
/// let made = simulate_scene(&scene, ".".as_ref(), &Exec::default())?;
/// assert!((made.image.sum() - 300.0).abs() < 1e-3);
/// assert_eq!(made.truth.n_rows(), 3);
/// # Ok::<(), skyphot_pipeline::PipelineError>(())
/// ```
///
/// # Errors
/// [`PipelineError::Config`] for values that make no scene; errors of the files and models.
pub fn simulate_scene(scene: &SceneSpec, folder: &Path, exec: &Exec) -> Result<SimulatedScene> {
    scene.check()?;
    let (ny, nx) = scene.shape;
    let (mut header, sky) = header_of(scene)?;
    if let Some(unit) = &scene.unit {
        header.set("BUNIT", unit.as_str(), "unit of the image")?;
    }
    if let Some(zp) = scene.zero_point {
        header.set("MAGZERO", zp, "AB magnitude of one unit")?;
    }
    for (key, value) in &scene.header {
        let bad = || PipelineError::Config(format!("header.{key} is neither text, number nor true or false"));
        let value: CardValue = match value {
            toml::Value::String(s) => s.as_str().into(),
            toml::Value::Integer(i) => (*i).into(),
            toml::Value::Float(f) => (*f).into(),
            toml::Value::Boolean(b) => (*b).into(),
            toml::Value::Datetime(d) => d.to_string().as_str().into(),
            _ => return Err(bad()),
        };
        header.set(key, value, "")?;
    }
    let (level, (gx, gy)) = (scene.background.level, scene.background.gradient);
    let mut model = Array2::from_shape_fn((ny, nx), |(y, x)| level + gx * x as f64 + gy * y as f64);
    let mut groups = Vec::with_capacity(scene.sources.len());
    for (k, spec) in scene.sources.iter().enumerate() {
        let group = Group::new(spec, scene, k, folder, sky.as_ref())?;
        group.draw(spec, folder, &mut model, exec)?;
        groups.push(group);
    }
    let truth = truth_of(scene, &groups, sky.as_ref(), exec)?;
    let (image, error) = noisy(scene, &model)?;
    Ok(SimulatedScene { image, model, error, header, truth })
}

fn header_of(scene: &SceneSpec) -> Result<(Header, Option<SkyMap>)> {
    let Some(w) = scene.wcs else { return Ok((Header::new(), None)) };
    let (ny, nx) = scene.shape;
    let scale = w.scale / 3600.0;
    let (s, c) = w.rotation.to_radians().sin_cos();
    // Longitude grows to the left; +y points to the position angle.
    let cd = [[-scale * c, scale * s], [scale * s, scale * c]];
    let crpix = [0.5 * (nx as f64 + 1.0), 0.5 * (ny as f64 + 1.0)];
    let at = SkyCoord { lon: w.ra, lat: w.dec };
    let wcs = Wcs::new(ProjectionCode::Tan, at, crpix, cd)?;
    let header = wcs_header(&wcs.to_cards());
    Ok((header, Some(SkyMap::new(std::sync::Arc::new(wcs), SkyFrame::Icrs))))
}

/// Seeds that differ for everything that is drawn.
fn seed(scene: &SceneSpec, purpose: u64) -> u64 {
    scene.seed.wrapping_mul(1_000_003).wrapping_add(purpose)
}

fn noisy(scene: &SceneSpec, model: &Array2<f64>) -> Result<(Array2<f64>, Array2<f64>)> {
    let n = scene.noise;
    let mut image = model.clone();
    let mut variance = Array2::from_elem(model.dim(), (n.read_noise / n.gain).powi(2) + n.gaussian.powi(2));
    if n.poisson {
        // No light is no noise; negative light is none.
        let electrons = model.mapv(|v| (v * n.gain).max(0.0));
        let counted = apply_poisson_noise(electrons.view(), seed(scene, 1))?;
        ndarray::Zip::from(&mut image).and(&counted).and(model).for_each(|i, c, m| {
            if *m > 0.0 {
                *i = c / n.gain;
            }
        });
        ndarray::Zip::from(&mut variance).and(&electrons).for_each(|v, e| *v += e / (n.gain * n.gain));
    }
    for (purpose, std) in [(2, n.read_noise / n.gain), (3, n.gaussian)] {
        if std > 0.0 {
            let noise = NoiseDistribution::Gaussian { mean: 0.0, std };
            image += &make_noise_image(model.dim(), noise, seed(scene, purpose))?;
        }
    }
    Ok((image, variance.mapv(f64::sqrt)))
}

impl Group {
    fn new(
        spec: &SceneSources,
        scene: &SceneSpec,
        index: usize,
        folder: &Path,
        sky: Option<&SkyMap>,
    ) -> Result<Self> {
        let table = match &spec.catalogue {
            Some(file) => Some(skyphot_io::read_table(within(folder, file).as_str())?),
            None => None,
        };
        let given = spec.parameters();
        let mut drawn = match (&table, spec.number) {
            (Some(t), _) => {
                let file = spec.catalogue.as_deref().unwrap_or_default();
                Self::of_catalogue(t, file, spec, scene, sky)?
            }
            (None, number) => Self::of_ranges(spec, scene, index, number.unwrap_or(0), &given)?,
        };
        for (k, name) in PARAMETERS.iter().enumerate() {
            let column = table.as_ref().filter(|t| t.has(name)).map(|t| t.f64(name)).transpose()?;
            if let Some(values) = column {
                drawn.parameters[k] = values;
            }
        }
        Ok(drawn)
    }

    fn of_ranges(
        spec: &SceneSources,
        scene: &SceneSpec,
        index: usize,
        number: usize,
        given: &[Option<Range>; 6],
    ) -> Result<Self> {
        let log = spec.flux_distribution.as_deref() == Some("log");
        let (low, high) = spec.flux.map_or((0.0, 0.0), Range::ends);
        let flux = if log { (low.ln(), high.ln()) } else { (low, high) };
        let mut ranges = vec![("flux", flux)];
        for (name, r) in PARAMETERS.iter().zip(given) {
            ranges.extend(r.map(|r| (*name, r.ends())));
        }
        let config = ModelParamsConfig {
            min_separation: spec.min_separation,
            border_size: (spec.border, spec.border),
            seed: seed(scene, 16 + index as u64),
            ..ModelParamsConfig::default()
        };
        let table = make_model_params(scene.shape, number, &ranges, &config)?;
        let mut flux = table.f64("flux")?;
        if log {
            flux.iter_mut().for_each(|f| *f = f.exp());
        }
        let n = table.n_rows();
        let column = |name: &str| -> Result<Vec<f64>> {
            Ok(if table.has(name) { table.f64(name)? } else { vec![f64::NAN; n] })
        };
        let [a, b, c, d, e, f] = PARAMETERS;
        let parameters = [column(a)?, column(b)?, column(c)?, column(d)?, column(e)?, column(f)?];
        Ok(Self { x: table.f64("x_0")?, y: table.f64("y_0")?, flux, parameters })
    }

    fn of_catalogue(
        table: &Table,
        file: &str,
        spec: &SceneSources,
        scene: &SceneSpec,
        sky: Option<&SkyMap>,
    ) -> Result<Self> {
        let places: Vec<Point> = match (positions_of(table, file), sky) {
            (Ok(p), _) => p,
            (Err(_), Some(sky)) => {
                let targets = ForcedTargets::from_table(table, file)?;
                let mut points = vec![Point::new(f64::NAN, f64::NAN); targets.len()];
                sky.sky_to_pixels(targets.sky(), &mut points);
                points
            }
            (Err(e), None) => return Err(e),
        };
        let n = places.len();
        let one = |r: Range, what: &str| match r {
            Range::One(v) => Ok(vec![v; n]),
            Range::Between(..) => Err(PipelineError::Config(format!(
                "{what} is a range, expected one number or a column of {file}"
            ))),
        };
        let flux = match (table.has("flux"), table.has("mag"), scene.zero_point, spec.flux) {
            (true, ..) => table.f64("flux")?,
            (_, true, Some(zp), _) => {
                table.f64("mag")?.iter().map(|m| skyphot_calibration::flux_of_magnitude(*m, zp)).collect()
            }
            (_, _, _, Some(f)) => one(f, "flux")?,
            _ => {
                let found = table.names().join(", ");
                return Err(PipelineError::Config(format!(
                    "{file} has no column flux (or mag, with a zero-point), found {found}"
                )));
            }
        };
        let mut parameters: [Vec<f64>; 6] = std::array::from_fn(|_| vec![f64::NAN; n]);
        for ((values, given), name) in parameters.iter_mut().zip(spec.parameters()).zip(PARAMETERS) {
            if let (Some(r), false) = (given, table.has(name)) {
                *values = one(r, name)?;
            }
        }
        Ok(Self {
            x: places.iter().map(|p| p.x).collect(),
            y: places.iter().map(|p| p.y).collect(),
            flux,
            parameters,
        })
    }

    /// A parameter of a source, or what stands for it; `None` if it has to be given.
    fn parameter(&self, name: &str, i: usize, default: Option<f64>) -> Result<f64> {
        let k = PARAMETERS.iter().position(|p| *p == name).unwrap_or(0);
        let v = self.parameters[k][i];
        if v.is_nan() {
            return default
                .ok_or_else(|| PipelineError::Config(format!("{} is not given", name.replace('_', "-"))));
        }
        Ok(v)
    }

    fn draw(&self, spec: &SceneSources, folder: &Path, image: &mut Array2<f64>, exec: &Exec) -> Result<()> {
        let shape = image.dim();
        let add = |image: &mut Array2<f64>, model: &dyn PsfModel, values: &[f64], size| {
            let sources = Sources { x: &self.x, y: &self.y, flux: &self.flux, shape: values, local_bkg: &[] };
            *image += &render(model, &sources, shape, size, exec);
        };
        match spec.model {
            SourceKind::Psf => {
                let psf = psf_of(spec, folder)?;
                add(image, psf.model.as_ref(), &[], spec.box_shape);
            }
            SourceKind::Gaussian => {
                let mut values = Vec::with_capacity(3 * self.x.len());
                for i in 0..self.x.len() {
                    let fwhm = self.parameter("fwhm", i, None)?;
                    let minor = fwhm * self.parameter("axis_ratio", i, Some(1.0))?;
                    let theta = self.parameter("theta", i, Some(0.0))?;
                    GaussianPrf::new(fwhm, minor, theta)?;
                    values.extend([fwhm, minor, theta]);
                }
                add(image, &GaussianPrf::new(1.0, 1.0, 0.0)?, &values, spec.box_shape);
            }
            SourceKind::Moffat => {
                let mut values = Vec::with_capacity(2 * self.x.len());
                let mut widest = 1.0_f64;
                for i in 0..self.x.len() {
                    let fwhm = self.parameter("fwhm", i, None)?;
                    let beta = self.parameter("beta", i, None)?;
                    let model = MoffatPrf::with_fwhm(fwhm, beta)?;
                    values.extend(model.shape_parameters().iter().map(|p| p.value));
                    widest = widest.max(fwhm);
                }
                let size = spec.box_shape.unwrap_or_else(|| {
                    let side = 2 * (10.0 * widest).ceil() as usize + 1;
                    (side, side)
                });
                add(image, &MoffatPrf::with_fwhm(1.0, 2.5)?, &values, Some(size));
            }
            SourceKind::Sersic => {
                let psf = spec.psf.as_ref().map(|_| psf_of(spec, folder)).transpose()?;
                for i in 0..self.x.len() {
                    let center = Point::new(self.x[i], self.y[i]);
                    if !center.is_finite() {
                        continue;
                    }
                    let galaxy = SersicGalaxy {
                        center,
                        flux: self.flux[i],
                        r_eff: self.parameter("r_eff", i, None)?,
                        n: self.parameter("n", i, None)?,
                        axis_ratio: self.parameter("axis_ratio", i, Some(1.0))?,
                        theta: self.parameter("theta", i, Some(0.0))?.to_radians(),
                    };
                    let reach = GALAXY_REACH * galaxy.r_eff * galaxy.n.max(1.0).sqrt();
                    match &psf {
                        Some(p) => {
                            let model = p.model.as_ref();
                            add_blurred_galaxy(image, &galaxy, reach, model, spec.box_shape)?;
                        }
                        None => add_sersic_galaxy(image, &galaxy, reach)?,
                    }
                }
            }
        }
        Ok(())
    }
}

/// The PSF of a group.
fn psf_of(spec: &SceneSources, folder: &Path) -> Result<LoadedPsf> {
    let text = spec.psf.as_deref().unwrap_or_default();
    let psf = match text.parse::<PsfSpec>()? {
        PsfSpec::File(_) => within(folder, text).parse::<PsfSpec>()?,
        other => other,
    };
    psf.load(None, spec.oversampling)?.ok_or_else(|| {
        PipelineError::Config("psf is 'build', expected gaussian:FWHM, moffat:FWHM,BETA or a file".to_owned())
    })
}

impl SceneSources {
    /// In the order of [`PARAMETERS`].
    fn parameters(&self) -> [Option<Range>; 6] {
        [self.fwhm, self.beta, self.r_eff, self.n, self.axis_ratio, self.theta]
    }
}

/// A file a scene names.
fn within(folder: &Path, file: &str) -> String {
    if Path::new(file).is_absolute() { file.to_owned() } else { folder.join(file).display().to_string() }
}

fn truth_of(scene: &SceneSpec, groups: &[Group], sky: Option<&SkyMap>, exec: &Exec) -> Result<Table> {
    let all =
        |f: &dyn Fn(&Group) -> &Vec<f64>| -> Vec<f64> { groups.iter().flat_map(|g| f(g).clone()).collect() };
    let (x, y, flux) = (all(&|g| &g.x), all(&|g| &g.y), all(&|g| &g.flux));
    let n = x.len();
    let each = |f: &dyn Fn(usize) -> String| -> Vec<String> {
        groups.iter().enumerate().flat_map(|(k, g)| vec![f(k); g.x.len()]).collect()
    };
    let group: Vec<i64> = groups.iter().zip(1..).flat_map(|(g, k)| vec![k; g.x.len()]).collect();
    let mut table = Table::from_columns([
        Column::new("id", (1..).take(n).collect::<Vec<i64>>()),
        Column::new("group", group).with_description("group of the scene, from 1"),
        Column::new("model", each(&|k| scene.sources[k].model.name().to_owned())),
        Column::new("x_0", x.clone()).with_unit("pix"),
        Column::new("y_0", y.clone()).with_unit("pix"),
    ])?;
    let points: Vec<Point> = x.into_iter().zip(y).map(Point::from).collect();
    add_sky_columns(&mut table, sky, &points, exec)?;
    let mut total = Column::new("flux", flux.clone()).with_description("total flux");
    total.unit.clone_from(&scene.unit);
    table.push(total)?;
    if let Some(zp) = scene.zero_point {
        let mag = flux.iter().map(|f| skyphot_calibration::magnitude(*f, zp)).collect::<Vec<_>>();
        table.push(Column::new("mag", mag).with_unit("mag").with_description("AB magnitude"))?;
    }
    for (k, name) in PARAMETERS.iter().enumerate() {
        let values = all(&|g| &g.parameters[k]);
        if values.iter().any(|v| !v.is_nan()) {
            let unit = match *name {
                "fwhm" | "r_eff" => Some("pix"),
                "theta" => Some("deg"),
                _ => None,
            };
            let mut c = Column::new(*name, values);
            c.unit = unit.map(str::to_owned);
            table.push(c)?;
        }
    }
    Ok(table)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::EXAMPLE_SCENE;
    use std::num::NonZeroUsize;

    #[test]
    fn threads_do_not_matter_and_the_seed_does() {
        let scene = SceneSpec::from_toml(EXAMPLE_SCENE).unwrap();
        let one = simulate_scene(&scene, ".".as_ref(), &Exec::serial()).unwrap();
        for n in [2, 3, 7] {
            let exec = Exec::with_threads(NonZeroUsize::new(n).unwrap()).unwrap();
            let same = simulate_scene(&scene, ".".as_ref(), &exec).unwrap();
            assert_eq!((&one.image, &one.error), (&same.image, &same.error), "{n}");
        }
        assert!(one.truth.n_rows() == 140 && one.truth.has("ra") && one.truth.has("mag"));
        let other = SceneSpec { seed: 2, ..scene };
        assert_ne!(simulate_scene(&other, ".".as_ref(), &Exec::serial()).unwrap().image, one.image);
    }

    #[test]
    fn the_noise_is_as_large_as_the_errors() {
        let scene = SceneSpec::from_toml(EXAMPLE_SCENE).unwrap();
        let s = simulate_scene(&scene, ".".as_ref(), &Exec::default()).unwrap();
        let pull: Vec<f64> =
            s.image.iter().zip(&s.model).zip(&s.error).map(|((i, m), e)| (i - m) / e).collect();
        let n = pull.len() as f64;
        let mean = pull.iter().sum::<f64>() / n;
        let var = pull.iter().map(|p| (p - mean) * (p - mean)).sum::<f64>() / n;
        assert!(mean.abs() < 4.0 / n.sqrt() && (var - 1.0).abs() < 4.0 * (2.0 / n).sqrt(), "{mean} {var}");
    }

    #[test]
    fn light_is_where_and_as_much_as_the_truth_says() {
        let text = "shape = [301, 401]\nzero-point = 20.0\n[wcs]\nra = 10.0\ndec = 60.0\nscale = 1.0\nrotation = 90.0\n";
        for (model, keys, slack) in [
            ("gaussian", "fwhm = [3, 5]\naxis-ratio = 0.6\ntheta = [0, 90]", 1e-6),
            // What lies outside of 10 full widths.
            ("moffat", "fwhm = 3\nbeta = 3.5", 1e-4),
            ("sersic", "r-eff = [2, 3]\nn = 1\naxis-ratio = 0.7\ntheta = 10", 1e-3),
        ] {
            let text = format!(
                "{text}[[sources]]\nmodel = \"{model}\"\nnumber = 2\nflux = 50\nborder = 60\n{keys}\n"
            );
            let s = simulate_scene(&SceneSpec::from_toml(&text).unwrap(), ".".as_ref(), &Exec::default())
                .unwrap();
            assert!((s.image.sum() / 100.0 - 1.0).abs() < slack, "{model} {}", s.image.sum());
            let (x, y) = (s.truth.f64("x_0").unwrap(), s.truth.f64("y_0").unwrap());
            let at = |f: fn((usize, usize)) -> usize| {
                s.image.indexed_iter().map(|(i, v)| f(i) as f64 * v).sum::<f64>() / s.image.sum()
            };
            assert!((at(|i| i.1) - 0.5 * (x[0] + x[1])).abs() < 0.01, "{model}");
            assert!((at(|i| i.0) - 0.5 * (y[0] + y[1])).abs() < 0.01, "{model}");
            assert!((s.truth.f64("mag").unwrap()[0] - (20.0 - 2.5 * 50f64.log10())).abs() < 1e-12);
            // +y points to the east: right ascension grows with y, declination with x.
            let (ra, dec) = (s.truth.f64("ra").unwrap(), s.truth.f64("dec").unwrap());
            assert_eq!((ra[1] > ra[0], dec[1] > dec[0]), (y[1] > y[0], x[1] > x[0]), "{model}");
        }
    }

    #[test]
    fn catalogues_place_sources() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("c.csv"), "ra,dec,mag\n10.0,60.0,15.0\n").unwrap();
        let text = "shape = [41, 51]\nzero-point = 20.0\n[wcs]\nra = 10.0\ndec = 60.0\nscale = 1.0\n\
                    [[sources]]\nmodel = \"gaussian\"\ncatalogue = \"c.csv\"\nfwhm = 2.5\n";
        let s = simulate_scene(&SceneSpec::from_toml(text).unwrap(), dir.path(), &Exec::default()).unwrap();
        assert!((s.truth.f64("x_0").unwrap()[0] - 25.0).abs() < 1e-9);
        // The model ends 5.5 standard deviations away, where 8e-8 of the light is left on each axis.
        assert!((s.image.sum() / 100.0 - 1.0).abs() < 4e-7, "{}", s.image.sum());
        assert!(s.image[[20, 25]] > s.image[[20, 26]]);
        let text = text.replace("fwhm = 2.5\n", "");
        let e = simulate_scene(&SceneSpec::from_toml(&text).unwrap(), dir.path(), &Exec::default());
        assert!(e.unwrap_err().to_string().contains("fwhm is not given"));
    }
}
