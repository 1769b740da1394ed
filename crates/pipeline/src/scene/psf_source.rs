//! PSF models as models of sources.

use std::sync::Arc;

use skyphot_psf::{PsfModel, Source, Window};
use skyphot_simulation::SourceModel;

/// A PSF model for [`make_model_image`](skyphot_simulation::make_model_image): parameters `flux`, `x_0`, `y_0` and those
/// of its shape. It fills the extent of the model; `factor` does not change it.
///
/// At whole pixels the values are exactly those of the model. Between them they are those of a source moved the other way,
/// which for PSFs that vary over the image is a PSF taken up to half a pixel beside.
#[derive(Debug, Clone)]
pub struct PsfSource {
    model: Arc<dyn PsfModel>,
    parameters: Vec<(&'static str, f64)>,
}

impl PsfSource {
    /// A model as a source.
    #[must_use]
    pub fn new(model: Arc<dyn PsfModel>) -> Self {
        let mut parameters = vec![("flux", 1.0), ("x_0", 0.0), ("y_0", 0.0)];
        parameters.extend(model.shape_parameters().iter().map(|p| (p.name, p.value)));
        Self { model, parameters }
    }
}

impl SourceModel for PsfSource {
    fn parameters(&self) -> &[(&'static str, f64)] {
        &self.parameters
    }

    fn evaluate(&self, p: &[f64], x: f64, y: f64) -> f64 {
        let &[flux, x0, y0, ref shape @ ..] = p else { return f64::NAN };
        let (column, row) = (x.round(), y.round());
        let mut value = [0.0];
        let at = Source { x: x0 - (x - column), y: y0 - (y - row), shape };
        self.model.evaluate(&at, Window::new(column as i64, row as i64, 1, 1), &mut value);
        flux * value[0]
    }

    fn half_size(&self, p: &[f64], _factor: Option<f64>) -> Option<(f64, f64)> {
        let &[_, x0, y0, ref shape @ ..] = p else { return None };
        let e = self.model.extent(&Source { x: x0, y: y0, shape });
        let half = ((e.x.1 - x0).max(x0 - e.x.0), (e.y.1 - y0).max(y0 - e.y.0));
        (half.0.is_finite() && half.1.is_finite()).then_some(half)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;
    use skyphot_core::{Column, Exec, Table};
    use skyphot_psf::{CircularGaussianPrf, GaussianPrf, ImagePsf, ImagePsfConfig, Sources, render};
    use skyphot_simulation::{ModelImageConfig, make_model_image};

    #[test]
    fn images_are_those_of_the_model() {
        let image = Array2::from_shape_fn((45, 45), |(y, x)| {
            (-((x as f64 - 22.0).powi(2) + (y as f64 - 22.0).powi(2)) / 50.0).exp()
        });
        let config = ImagePsfConfig { oversampling: (4, 4), ..ImagePsfConfig::default() };
        let models: [Arc<dyn PsfModel>; 3] = [
            Arc::new(CircularGaussianPrf::new(2.5).unwrap()),
            Arc::new(GaussianPrf::new(2.0, 3.5, 30.0).unwrap()),
            Arc::new(ImagePsf::new(image.view(), config).unwrap()),
        ];
        let (x, y, flux) = (vec![20.25, 3.4, 41.0], vec![17.6, 30.125, 2.0], vec![100.0, 50.0, 7.0]);
        let table = Table::from_columns([
            Column::new("x_0", x.clone()),
            Column::new("y_0", y.clone()),
            Column::new("flux", flux.clone()),
        ])
        .unwrap();
        for model in models {
            let sources = Sources { x: &x, y: &y, flux: &flux, shape: &[], local_bkg: &[] };
            let drawn = render(model.as_ref(), &sources, (40, 50), Some((11, 11)), &Exec::serial());
            let source = PsfSource::new(model);
            let config = ModelImageConfig { model_shape: Some((11, 11)), ..Default::default() };
            let made = make_model_image((40, 50), &source, &table, &config).unwrap();
            let worst = made.iter().zip(&drawn).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            assert!(worst < 1e-12 * 100.0, "{worst}");
            let whole = make_model_image((40, 50), &source, &table, &ModelImageConfig::default()).unwrap();
            assert!(whole.sum() > 0.9 * made.sum());
        }
    }
}
