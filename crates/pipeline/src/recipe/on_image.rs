//! Steps that work on the image.

use ndarray::{Array2, Zip, s};
use skyphot_calibration::mask_all_but;
use skyphot_core::{Image, Table};
use skyphot_detection::{Threshold, ThresholdConfig, detect_threshold};
use skyphot_filter::Footprint;
use skyphot_io::FileSpec;
use skyphot_psf::{InitialParameters, PsfConfig, SourceGrouper, Sources, find_and_fit, fit, render};
use skyphot_segmentation::{CatalogConfig, DetectConfig, SourceCatalog, detect_sources};
use skyphot_simulation::{ModelParamsConfig, NoiseDistribution, make_model_params, make_noise_image};
use skyphot_stats::{SigmaClip, sigma_clipped_stats};

use super::field::Field;
use super::steps::{
    BackgroundStep, DetectStep, GradientStep, KeepStep, MaskStep, PixelAreaStep, PsfStep, SegmentStep,
    SimulateStep, SourceMaskStep, StatisticsStep, SubtractStep,
};
use crate::detect::Noise;
use crate::spec::{FwhmSpec, ThresholdSpec};
use crate::{
    LoadedPsf, PipelineError, PixelAreas, PsfSpec, Result, detect, estimate_background, star_finder,
};

fn clip(sigma: f64, maxiters: usize) -> SigmaClip {
    // Without a limit nothing is clipped.
    let sigma = if sigma > 0.0 { sigma } else { f64::MAX };
    SigmaClip::new(sigma).with_max_iters(Some(maxiters))
}

pub(super) fn mask(f: &mut Field, s: &MaskStep) -> Result<()> {
    let data = &f.exposure.data;
    let mut bad = f.exposure.mask.clone().unwrap_or_else(|| Array2::from_elem(data.dim(), false));
    if !s.values.is_empty() {
        bad.zip_mut_with(data, |b, v| *b |= s.values.contains(v));
    }
    if s.dq_good.is_some() || !s.dq_bits.is_empty() {
        let Some(words) = &f.words else {
            return Err(PipelineError::value(
                "data-quality plane",
                &f.exposure.file,
                "a file that brings one",
            ));
        };
        if let Some(good) = &s.dq_good {
            bad.zip_mut_with(&mask_all_but(words.view(), good), |b, w| *b |= w);
        }
        let mut bits = 0;
        for name in &s.dq_bits {
            bits |= f.legend.bits_of(name)?;
        }
        bad.zip_mut_with(words, |b, w| *b |= u64::from(*w) & bits != 0);
    }
    if s.blank {
        f.exposure.data.zip_mut_with(&bad, |v, b| *v = if *b { f64::NAN } else { *v });
    }
    f.exposure.mask = Some(bad);
    let n = f.exposure.n_bad();
    let total = f.exposure.data.len();
    f.set("n_bad", n as f64);
    f.set("percent_bad", 100.0 * n as f64 / total as f64);
    Ok(())
}

pub(super) fn pixel_area(f: &mut Field, s: &PixelAreaStep) -> Result<()> {
    let file = match &s.file {
        Some(name) => f.companion(name)?.to_owned(),
        None => f.exposure.file.clone(),
    };
    let areas = match (&s.file, &f.source) {
        // A compressed file is not unpacked again.
        (None, Some(source)) => PixelAreas::read_from(source, &FileSpec::parse(&file).hdu, &file)?.areas,
        _ => PixelAreas::read(&file)?.areas,
    };
    if areas.dim() != f.exposure.data.dim() {
        return Err(PipelineError::PlaneShape {
            what: "pixel-area map",
            file,
            expected: f.exposure.data.dim(),
            found: areas.dim(),
        });
    }
    f.exposure.data.zip_mut_with(&areas, |v, a| *v *= a);
    if let Some(e) = &mut f.exposure.error {
        e.zip_mut_with(&areas, |v, a| *v *= a);
    }
    f.planes.insert("pixel_area".into(), areas);
    Ok(())
}

pub(super) fn statistics(f: &mut Field, step: &StatisticsStep) -> Result<()> {
    let clip = clip(step.sigma, step.maxiters);
    let found = match &step.of {
        Some(of) => {
            let values = f.column(&step.table, of)?;
            let rows = f.rows(&step.table, step.r#where.as_deref())?;
            let values: Vec<f64> =
                values.into_iter().zip(rows).filter(|(v, r)| *r && v.is_finite()).map(|v| v.0).collect();
            let b = skyphot_stats::kernel::clip_stats(&values, &clip);
            let kept: Vec<f64> = values.iter().copied().filter(|v| (b.lower..=b.upper).contains(v)).collect();
            let mean = kept.iter().sum::<f64>() / kept.len() as f64;
            let std = (kept.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / kept.len() as f64).sqrt();
            (b.mean, b.median, std, kept.len())
        }
        None => {
            let mut bad = f.exposure.mask.clone().filter(|_| step.masked);
            if step.without_sources {
                let Some(sources) = &f.source_mask else {
                    return Err(PipelineError::value(
                        "statistics",
                        "without-sources",
                        "after a step source-mask",
                    ));
                };
                match &mut bad {
                    Some(b) => b.zip_mut_with(sources, |b, s| *b |= s),
                    None => bad = Some(sources.clone()),
                }
            }
            let plane = f.plane(&step.image)?;
            let (ny, nx) = plane.dim();
            let part = |from: f64, to: f64, n: usize| {
                let end = (to.clamp(0.0, 1.0) * n as f64).round() as usize;
                let begin = ((from.clamp(0.0, 1.0) * n as f64).round() as usize).min(end.saturating_sub(1));
                begin..end.max(1)
            };
            let (columns, rows) =
                (part(step.region[0], step.region[1], nx), part(step.region[2], step.region[3], ny));
            let mut image = Image::new(plane.slice_move(s![rows.clone(), columns.clone()]))?;
            if let Some(b) = &bad {
                image = image.with_mask(b.slice(s![rows, columns]))?;
            }
            let r = sigma_clipped_stats(&image, &clip, &f.exec)?;
            (r.mean, r.median, r.std, r.n_used)
        }
    };
    f.set(&format!("{}_mean", step.name), found.0);
    f.set(&format!("{}_median", step.name), found.1);
    f.set(&format!("{}_std", step.name), found.2);
    f.set(&format!("{}_n", step.name), found.3 as f64);
    Ok(())
}

pub(super) fn source_mask(f: &mut Field, s: &SourceMaskStep) -> Result<()> {
    let config = ThresholdConfig {
        sigma_clip: Some(clip(s.sigma, s.maxiters)),
        exec: f.exec.clone(),
        ..ThresholdConfig::default()
    };
    let image = f.image()?;
    let level = detect_threshold(&image, s.nsigma, &config)?;
    let first = level.first().copied().unwrap_or(f64::NAN);
    let detect = DetectConfig { exec: f.exec.clone(), ..DetectConfig::default() };
    let segments = detect_sources(&image, &Threshold::Image(level), s.npixels, &detect)?;
    let mask = segments.make_source_mask(Some(&Footprint::circle(s.radius)?));
    let n = mask.iter().filter(|m| **m).count();
    f.set("source_threshold", first);
    f.set("source_segments", segments.labels().len() as f64);
    f.set("source_pixels", n as f64);
    f.source_mask = Some(mask);
    Ok(())
}

pub(super) fn subtract(f: &mut Field, s: &SubtractStep) -> Result<()> {
    let value = f.scalar(&s.value)?;
    match &s.keep {
        Some(name) => {
            let plane = f.exposure.data.mapv(|v| v - value);
            f.planes.insert(name.clone(), plane);
        }
        None => f.exposure.data.mapv_inplace(|v| v - value),
    }
    Ok(())
}

pub(super) fn restore(f: &mut Field, s: &KeepStep) -> Result<()> {
    f.exposure.data = f.plane(&s.name)?.to_owned();
    Ok(())
}

pub(super) fn gradient(f: &mut Field, s: &GradientStep) -> Result<()> {
    let (mut a, mut sx, mut sy) = (f.scalar(&s.amplitude)?, f.scalar(&s.slope_x)?, f.scalar(&s.slope_y)?);
    if let Some(seed) = s.seed {
        // Five numbers from 0 to 1: two signs, the amplitude, two scales.
        let config = ModelParamsConfig { seed, ..ModelParamsConfig::default() };
        let ranges: Vec<(&str, (f64, f64))> =
            ["a", "b", "c", "d", "e"].iter().map(|n| (*n, (0.0, 1.0))).collect();
        let drawn = make_model_params((3, 3), 1, &ranges, &config)?;
        let one = |name: &str| -> Result<f64> { Ok(drawn.f64(name)?.first().copied().unwrap_or(0.5)) };
        let sign = |v: f64| if v > 0.5 { 1.0 } else { -1.0 };
        a = 10.0 * (one("c")? - 0.5);
        sx = sign(one("a")?) / (4.0 + 2.0 * (one("d")? - 0.5));
        sy = sign(one("b")?) / (4.0 + 4.0 * (one("e")? - 0.5));
    }
    let (ny, nx) = f.exposure.data.dim();
    let part = |i: usize, n: usize| if n > 1 { i as f64 / (n - 1) as f64 } else { 0.0 };
    let columns: Vec<f64> = (0..nx).map(|x| a * (sx * part(x, nx)).exp()).collect();
    for (y, mut row) in f.exposure.data.rows_mut().into_iter().enumerate() {
        let k = (sy * part(y, ny)).exp();
        row.iter_mut().zip(&columns).for_each(|(v, c)| *v += k * c);
    }
    f.set("gradient_amplitude", a);
    f.set("gradient_x", sx);
    f.set("gradient_y", sy);
    Ok(())
}

pub(super) fn background(f: &mut Field, s: &BackgroundStep) -> Result<()> {
    let (bkg, notes) = estimate_background(&f.image()?, &s.section, &f.exec)?;
    f.exposure.notes.extend(notes);
    f.set(&format!("{}_median", s.name), bkg.background_median());
    f.set(&format!("{}_rms", s.name), bkg.background_rms_median());
    if s.subtract {
        bkg.subtract_from(&mut f.exposure.data)?;
    } else {
        let mut copy = f.exposure.data.clone();
        bkg.subtract_from(&mut copy)?;
        f.planes.insert(format!("{}_subtracted", s.name), copy);
    }
    f.planes.insert(s.name.clone(), bkg.background());
    f.planes.insert(format!("{}_map_rms", s.name), bkg.background_rms());
    Ok(())
}

pub(super) fn find(f: &mut Field, s: &DetectStep) -> Result<()> {
    let mut section = s.section.clone();
    if let Some(v) = &s.fwhm {
        section.fwhm = FwhmSpec::Pixels(f.scalar(v)?);
    }
    let noise = f.scalar(&s.noise)?;
    let found = detect(&f.image()?, &Noise::Scalar(noise), &section, &f.exec)?;
    f.exposure.notes.extend(found.notes.clone());
    f.set("fwhm_used", found.fwhm);
    f.set("n_found", found.table.n_rows() as f64);
    f.tables.insert(s.table.clone(), found.table);
    Ok(())
}

/// Columns of a catalogue of segments.
const SEGMENT_COLUMNS: [&str; 8] = [
    "label",
    "x_centroid",
    "y_centroid",
    "area",
    "semimajor_axis",
    "semiminor_axis",
    "orientation",
    "segment_flux",
];

pub(super) fn segment(f: &mut Field, s: &SegmentStep) -> Result<()> {
    let threshold = f.scalar(&s.threshold)?;
    let config = DetectConfig { exec: f.exec.clone(), ..DetectConfig::default() };
    let table = {
        let mut image = Image::new(f.exposure.data.view())?;
        if let (Some(m), true) = (&f.exposure.mask, s.masked) {
            image = image.with_mask(m.view())?;
        }
        let segments = detect_sources(&image, &Threshold::Scalar(threshold), s.npixels, &config)?;
        let config = CatalogConfig { exec: f.exec.clone(), ..CatalogConfig::default() };
        SourceCatalog::new(&image, &segments, config)?.to_table(&SEGMENT_COLUMNS)?
    };
    f.set("n_segments", table.n_rows() as f64);
    f.set("segment_threshold", threshold);
    f.tables.insert(s.table.clone(), table);
    Ok(())
}

/// The PSF of a companion file.
pub(super) fn load_psf(f: &mut Field, name: &str) -> Result<LoadedPsf> {
    let spec = PsfSpec::File(f.companion(name)?.into());
    let psf = spec.load(None, None)?.ok_or_else(|| PipelineError::value("psf", name, "a file with a PSF"))?;
    for n in &psf.notes {
        if !f.exposure.notes.contains(n) {
            f.exposure.notes.push(n.clone());
        }
    }
    Ok(psf)
}

pub(super) fn simulate(f: &mut Field, s: &SimulateStep) -> Result<()> {
    let psf = load_psf(f, &s.psf)?;
    let shape = (s.shape[0], s.shape[1]);
    let border = s.psf_shape.saturating_sub(1) / 2;
    let config = ModelParamsConfig {
        min_separation: s.min_separation,
        border_size: (border, border),
        seed: s.seed,
        ..ModelParamsConfig::default()
    };
    let truth = make_model_params(shape, s.n, &[("flux", (s.flux[0], s.flux[1]))], &config)?;
    let (x, y, flux) = (truth.f64("x_0")?, truth.f64("y_0")?, truth.f64("flux")?);
    let sources = Sources { x: &x, y: &y, flux: &flux, shape: &[], local_bkg: &[] };
    let mut data = render(psf.model.as_ref(), &sources, shape, Some((s.psf_shape, s.psf_shape)), &f.exec);
    if let Some(name) = &s.keep {
        f.planes.insert(name.clone(), data.clone());
    }
    if s.noise > 0.0 {
        let noise = NoiseDistribution::Gaussian { mean: 0.0, std: s.noise };
        data += &make_noise_image(shape, noise, s.noise_seed)?;
    }
    f.exposure.error = Some(data.mapv(|v| v.abs().sqrt()));
    f.exposure.data = data;
    f.set("ny", shape.0 as f64);
    f.set("nx", shape.1 as f64);
    f.tables.insert(s.table.clone(), truth);
    Ok(())
}

pub(super) fn psf(f: &mut Field, s: &PsfStep) -> Result<()> {
    let psf = load_psf(f, &s.psf)?;
    let config = PsfConfig {
        fit_shape: (s.fit_shape, s.fit_shape),
        aperture_radius: Some(s.aperture_radius),
        grouper: s.group.map(SourceGrouper::new).transpose()?,
        exec: f.exec.clone(),
        ..PsfConfig::default()
    };
    let (table, model) = {
        let image = f.image()?;
        let phot = if s.positions.is_empty() {
            let threshold = match s.section.threshold {
                ThresholdSpec::Value(v) => v,
                ThresholdSpec::Sigma(n) => n * f.numbers.get("background_rms").copied().unwrap_or(f64::NAN),
            };
            let FwhmSpec::Pixels(fwhm) = s.section.fwhm else {
                return Err(PipelineError::value("fwhm", "auto", "a number of pixels in a step psf"));
            };
            let finder = star_finder(&s.section, Threshold::Scalar(threshold), fwhm, &f.exec)?;
            find_and_fit(&image, psf.model.as_ref(), finder.as_ref(), &config)?
        } else {
            let start: Vec<_> = s.positions.iter().map(|p| skyphot_core::Point::new(p[0], p[1])).collect();
            fit(&image, psf.model.as_ref(), &InitialParameters::from_positions(&start), &config)?
        };
        let shape = s.psf_shape.map(|n| (n, n));
        (phot.to_table()?, phot.model_image(psf.model.as_ref(), image.shape(), shape, false))
    };
    let residual: Array2<f64> = Zip::from(&f.exposure.data).and(&model).map_collect(|d, m| d - m);
    let groups = largest(&table);
    f.set(&format!("{}_sources", s.table), table.n_rows() as f64);
    f.set(&format!("{}_groups", s.table), groups.0);
    f.set(&format!("{}_largest_group", s.table), groups.1);
    f.planes.insert("model".into(), model);
    f.planes.insert("residual".into(), residual);
    f.tables.insert(s.table.clone(), table);
    Ok(())
}

/// Number of groups and size of the largest.
fn largest(table: &Table) -> (f64, f64) {
    let max = |name: &str| table.f64(name).map_or(0.0, |v| v.into_iter().fold(0.0, f64::max));
    (max("group_id"), max("group_size"))
}
