//! The local sky around many positions.

use skyphot_core::{Exec, Image, Pixel, Point};
use skyphot_geometry::{Coverage, OverlapMethod};
use skyphot_stats::SigmaClip;
use skyphot_stats::kernel::{clip_stats, mean_std, median_in_place};

use crate::kernel::gather::gather;
use crate::order::visiting_order;
use crate::planes::Planes;
use crate::stats_config::check_clip;
use crate::{Aperture, ApertureFlags, Result};

/// Positions that one thread takes at a time.
const CHUNK: usize = 256;

/// Sky values around many positions, in order. NaN where no pixel is left.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct AnnulusStatistics {
    /// Median of the pixels kept.
    pub median: Vec<f64>,
    /// Mean of the pixels kept.
    pub mean: Vec<f64>,
    /// Standard deviation of the pixels kept, divisor `n`.
    pub std: Vec<f64>,
    /// `3 median - 2 mean`.
    pub mode: Vec<f64>,
    /// Number of pixels kept.
    pub n: Vec<usize>,
    /// Quality.
    pub flags: Vec<ApertureFlags>,
}

impl AnnulusStatistics {
    /// Number of positions.
    #[must_use]
    pub fn len(&self) -> usize {
        self.n.len()
    }

    /// No positions.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.n.is_empty()
    }
}

/// Mean, median, mode and standard deviation of the pixels whose centres lie in an aperture, usually a
/// [`CircularAnnulus`](crate::CircularAnnulus), after sigma clipping if asked for.
///
/// The values are those of [`ApertureStats`](crate::ApertureStats), which finds much more and takes longer.
///
/// # Errors
/// [`ApertureError`](crate::ApertureError) for clipping parameters out of range.
///
/// ```
/// use ndarray::Array2;
/// use skyphot_aperture::{CircularAnnulus, annulus_statistics};
/// use skyphot_core::{Exec, Image, Point};
/// use skyphot_stats::SigmaClip;
///
/// let data = Array2::<f32>::from_elem((60, 60), 7.0);
/// let image = Image::new(data.view())?;
/// let annulus = CircularAnnulus::new(10.0, 15.0)?;
/// let clip = SigmaClip::new(3.0);
/// let sky = annulus_statistics(&image, &[Point::new(30.0, 30.0)], &annulus, Some(&clip), &Exec::default())?;
/// assert_eq!((sky.median[0], sky.std[0]), (7.0, 0.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn annulus_statistics<T: Pixel>(
    image: &Image<'_, T>,
    positions: &[Point],
    aperture: &dyn Aperture,
    clip: Option<&SigmaClip>,
    exec: &Exec,
) -> Result<AnnulusStatistics> {
    if let Some(clip) = clip {
        check_clip(clip)?;
    }
    let planes = Planes::new(image);
    let window = planes.window();
    let order = visiting_order(positions);
    let chunks = exec.map_chunks(positions.len(), CHUNK, |range| {
        let rows = planes.rows();
        let mut cover = Coverage::new();
        let mut values = Vec::new();
        order[range]
            .iter()
            .map(|&i| {
                let p = positions[i as usize];
                if !p.is_finite() {
                    return OneSky::nan(ApertureFlags::NOWHERE);
                }
                aperture.coverage(p, OverlapMethod::Center, &window, &mut cover);
                let counts = gather(&rows, &cover, 0.0, &mut values);
                sky(&mut values, clip, counts.flags(&cover))
            })
            .collect::<Vec<_>>()
    });
    let n = positions.len();
    let nan = || vec![f64::NAN; n];
    let mut out = AnnulusStatistics {
        median: nan(),
        mean: nan(),
        std: nan(),
        mode: nan(),
        n: vec![0; n],
        flags: vec![ApertureFlags::empty(); n],
    };
    for (&i, s) in order.iter().zip(chunks.iter().flatten()) {
        let i = i as usize;
        out.median[i] = s.median;
        out.mean[i] = s.mean;
        out.std[i] = s.std;
        out.mode[i] = 3.0 * s.median - 2.0 * s.mean;
        out.n[i] = s.n;
        out.flags[i] = s.flags;
    }
    Ok(out)
}

#[derive(Debug, Clone, Copy)]
struct OneSky {
    median: f64,
    mean: f64,
    std: f64,
    n: usize,
    flags: ApertureFlags,
}

impl OneSky {
    const fn nan(flags: ApertureFlags) -> Self {
        Self { median: f64::NAN, mean: f64::NAN, std: f64::NAN, n: 0, flags }
    }
}

fn sky(values: &mut [f64], clip: Option<&SigmaClip>, mut flags: ApertureFlags) -> OneSky {
    if values.is_empty() {
        return OneSky::nan(flags);
    }
    let Some(clip) = clip else {
        let (mean, std) = mean_std(values);
        let median = median_in_place(values);
        flags.set(ApertureFlags::TOO_FEW_PIXELS, values.len() == 1);
        return OneSky { median, mean, std, n: values.len(), flags };
    };
    let found = clip_stats(values, clip);
    let (mut median, mut mean, mut std, mut n) = (found.median, found.mean, found.std, found.n_used());
    // As in astropy and photutils the last bounds decide on all values: a value rejected by an earlier, narrower
    // interval comes back.
    let inside = |v: f64| v >= found.lower && v <= found.upper;
    if n < values.len() && values.iter().map(|&v| usize::from(inside(v))).sum::<usize>() != n {
        let mut kept: Vec<f64> = values.iter().copied().filter(|&v| inside(v)).collect();
        (mean, std) = mean_std(&kept);
        n = kept.len();
        median = median_in_place(&mut kept);
    }
    flags.set(ApertureFlags::SIGMA_CLIPPED, n < values.len());
    flags.set(ApertureFlags::ALL_CLIPPED, n == 0);
    flags.set(ApertureFlags::TOO_FEW_PIXELS, n == 1);
    OneSky { median, mean, std, n, flags }
}
