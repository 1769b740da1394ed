//! Detection and deblending. Each has its counterpart in `peers_segment.py`.

use skyphot::core::{Exec, Image};
use skyphot::detection::Threshold;
use skyphot::filter::Kernel;
use skyphot::segmentation::{
    DeblendConfig, DetectConfig, SegmentationImage, SourceFinder, deblend_sources, detect_sources_convolved,
};

use super::cases::timed;
use super::inputs::Inputs;
use super::{Done, Error, Values};

/// Sky of the field, a constant.
const SKY: f32 = 104.0;

/// Runs a case once.
pub(crate) fn run(case: &str, inputs: &mut Inputs, exec: &Exec) -> Result<Done, Error> {
    let (data, error) = inputs.field_and_error()?;
    let data = data.mapv(|v| v - SKY);
    let threshold = Threshold::Image(error.mapv(|e| f64::from(1.5 * e)));
    let kernel = Kernel::gaussian_fwhm(3.0, (5, 5))?;
    let image = Image::new(data.view())?;
    let detect = DetectConfig { exec: exec.clone(), ..Default::default() };
    let deblend = DeblendConfig { exec: exec.clone(), ..Default::default() };
    match case {
        "segment-detect" => timed(
            || Ok(detect_sources_convolved(&image, &kernel, &threshold, 5, &detect)?),
            |(segm, _)| Ok(values(&segm)),
        ),
        "segment-deblend" => {
            let (segm, convolved) = detect_sources_convolved(&image, &kernel, &threshold, 5, &detect)?;
            let image = Image::new(convolved.view())?;
            timed(|| Ok(deblend_sources(&image, &segm, 5, &deblend)?), |segm| Ok(values(&segm)))
        }
        "segment-both" => {
            let finder = SourceFinder { deblend: Some(deblend), detect, ..SourceFinder::new(5) };
            timed(|| Ok(finder.find_convolved(&image, &kernel, &threshold)?), |(segm, _)| Ok(values(&segm)))
        }
        _ => Err(format!("no case {case}").into()),
    }
}

fn values(segm: &SegmentationImage) -> Values {
    let pixels: usize = segm.areas().iter().sum();
    Values::from([("n", vec![segm.len() as f64]), ("pixels", vec![pixels as f64])])
}
