//! How long the worst blend takes: `cargo run --release -p skyphot-segmentation --example monster_blend -- [SIDE [PEAKS
//! [THREADS [CONTRAST]]]]` finds and takes apart one source, a nebula of SIDE x SIDE pixels (3000) with PEAKS stars (5000) on
//! it.

use std::error::Error;
use std::io::Write;
use std::num::NonZeroUsize;
use std::time::Instant;

use ndarray::Array2;
use skyphot_core::testing::uniform;
use skyphot_core::{Exec, Image};
use skyphot_segmentation::{DeblendConfig, DetectConfig, SegmentationFlags, deblend_sources, detect_sources};

fn main() -> Result<(), Box<dyn Error>> {
    let mut given = std::env::args().skip(1);
    let mut next = |default: usize| given.next().map_or(Ok(default), |v| v.parse::<usize>());
    let (side, peaks, threads) = (next(3000)?, next(5000)?, next(2)?);
    let contrast = given.next().map_or(Ok(0.001), |v| v.parse::<f64>())?;
    let half = side as f64 / 2.0;
    let mut data = Array2::from_shape_fn((side, side), |(y, x)| {
        let (dx, dy) = ((x as f64 - half) / half, (y as f64 - half) / half);
        400.0 / (1.0 + dx * dx + dy * dy) + 6.0 * (uniform(3, (y * side + x) as u64) - 0.5)
    });
    for k in 0..peaks as u64 {
        let at = |seed| (uniform(seed, k) * side as f64) as usize;
        let (y, x, flux) = (at(1), at(2), 40.0 + 400.0 * uniform(4, k).powi(3));
        for j in y.saturating_sub(12)..(y + 13).min(side) {
            for i in x.saturating_sub(12)..(x + 13).min(side) {
                let r2 = (j as f64 - y as f64).powi(2) + (i as f64 - x as f64).powi(2);
                data[[j, i]] += flux * (-r2 / 8.0).exp();
            }
        }
    }
    let data = data.mapv(|v| v as f32);
    let image = Image::new(data.view())?;
    let exec = Exec::with_threads(NonZeroUsize::new(threads).ok_or("at least one thread")?)?;
    let start = Instant::now();
    let detect = DetectConfig { exec: exec.clone(), ..Default::default() };
    let found = detect_sources(&image, &50.0.into(), 5, &detect)?;
    let detected = start.elapsed();
    let parts = deblend_sources(&image, &found, 5, &DeblendConfig { contrast, exec, ..Default::default() })?;
    let many =
        parts.flags().iter().filter(|f| f.contains(SegmentationFlags::DEBLEND_TOO_MANY_MARKERS)).count();
    writeln!(
        std::io::stdout(),
        "{} source(s), the largest of {} pixels; {} parts after {:.2} s of detection and {:.2} s of deblending on {threads} \
         thread(s); {many} of them flagged deblend_too_many_markers",
        found.len(),
        found.areas().iter().max().copied().unwrap_or(0),
        parts.len(),
        detected.as_secs_f64(),
        (start.elapsed() - detected).as_secs_f64(),
    )?;
    Ok(())
}
