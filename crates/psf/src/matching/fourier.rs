//! Two-dimensional Fourier transforms of real arrays.

use std::sync::Arc;

use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use rustfft::num_complex::Complex64;
use rustfft::{Fft, FftPlanner};

/// Transforms of arrays of one shape. Spectra hold the columns `0 ..= nx / 2` only, row by row.
pub(super) struct Fourier {
    ny: usize,
    nx: usize,
    rows: Arc<dyn RealToComplex<f64>>,
    rows_back: Arc<dyn ComplexToReal<f64>>,
    columns: Arc<dyn Fft<f64>>,
    columns_back: Arc<dyn Fft<f64>>,
}

impl Fourier {
    pub(super) fn new((ny, nx): (usize, usize)) -> Self {
        let (mut real, mut complex) = (RealFftPlanner::new(), FftPlanner::new());
        Self {
            ny,
            nx,
            rows: real.plan_fft_forward(nx),
            rows_back: real.plan_fft_inverse(nx),
            columns: complex.plan_fft_forward(ny),
            columns_back: complex.plan_fft_inverse(ny),
        }
    }

    /// Columns of a spectrum.
    pub(super) fn width(&self) -> usize {
        self.nx / 2 + 1
    }

    /// The spectrum of an array, row by row.
    pub(super) fn forward(&self, data: &[f64]) -> Vec<Complex64> {
        let width = self.width();
        let mut out = vec![Complex64::default(); self.ny * width];
        let mut row = vec![0.0; self.nx];
        for (line, spectrum) in data.chunks_exact(self.nx).zip(out.chunks_exact_mut(width)) {
            row.copy_from_slice(line);
            // Fails for wrong lengths only.
            let _ = self.rows.process(&mut row, spectrum);
        }
        self.each_column(&mut out, self.columns.as_ref());
        out
    }

    /// The array of a spectrum.
    pub(super) fn inverse(&self, mut spectrum: Vec<Complex64>) -> Vec<f64> {
        self.each_column(&mut spectrum, self.columns_back.as_ref());
        let mut out = vec![0.0; self.ny * self.nx];
        for (line, row) in spectrum.chunks_exact_mut(self.width()).zip(out.chunks_exact_mut(self.nx)) {
            // Real by construction, up to rounding.
            line[0].im = 0.0;
            if self.nx.is_multiple_of(2)
                && let Some(last) = line.last_mut()
            {
                last.im = 0.0;
            }
            let _ = self.rows_back.process(line, row);
        }
        let norm = 1.0 / (self.ny * self.nx) as f64;
        out.iter_mut().for_each(|v| *v *= norm);
        out
    }

    fn each_column(&self, spectrum: &mut [Complex64], fft: &dyn Fft<f64>) {
        let width = self.width();
        let mut column = vec![Complex64::default(); self.ny];
        for i in 0..width {
            for (c, line) in column.iter_mut().zip(spectrum.chunks_exact(width)) {
                *c = line[i];
            }
            fft.process(&mut column);
            for (c, line) in column.iter().zip(spectrum.chunks_exact_mut(width)) {
                line[i] = *c;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        for shape in [(5, 7), (1, 3), (9, 9), (4, 6)] {
            let f = Fourier::new(shape);
            let data: Vec<f64> = (0..shape.0 * shape.1).map(|i| ((i * i) as f64).sin()).collect();
            let spectrum = f.forward(&data);
            assert!((spectrum[0].re - data.iter().sum::<f64>()).abs() < 1e-12);
            for (a, b) in f.inverse(spectrum).iter().zip(&data) {
                assert!((a - b).abs() < 1e-13);
            }
        }
    }
}
