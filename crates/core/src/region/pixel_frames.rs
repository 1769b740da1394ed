//! From physical, detector and amplifier pixels to pixels of the image.

use super::{Region, RegionFrame, RegionPoint, RegionShape};
use crate::{CoreError, HeaderView, Result};

/// `out = matrix * in + offset`, both 1-based as the keywords are.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Affine {
    matrix: [[f64; 2]; 2],
    offset: [f64; 2],
}

/// The pixel frames of an image by its header: IRAF's `LTMi_j LTVi` (physical to image), NOAO's `DTMi_j DTVi` (physical
/// to detector) and `ATMi_j ATVi` (physical to amplifier).
///
/// ```
/// use skyphot_core::region::{PixelFrames, Region, RegionFrame, RegionPoint, RegionShape};
/// // An image that starts at column 101 and row 201 of its parent and is binned 2 x 2.
/// let frames = PixelFrames::from_physical([[0.5, 0.0], [0.0, 0.5]], [-50.0, -100.0])?;
/// let region = Region::new(
///     RegionShape::Circle { center: RegionPoint::new(109.0, 219.0), radius: 6.0 },
///     RegionFrame::Physical,
/// );
/// let image = frames.to_image(&region)?;
/// assert_eq!(image.shape, RegionShape::Circle { center: RegionPoint::new(4.0, 9.0), radius: 3.0 });
/// # Ok::<(), skyphot_core::CoreError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PixelFrames {
    physical_to_image: Affine,
    physical_to_detector: Affine,
    physical_to_amplifier: Affine,
}

impl Default for PixelFrames {
    /// All frames are the image.
    fn default() -> Self {
        Self {
            physical_to_image: Affine::IDENTITY,
            physical_to_detector: Affine::IDENTITY,
            physical_to_amplifier: Affine::IDENTITY,
        }
    }
}

impl PixelFrames {
    /// Frames with `image = matrix * physical + offset` for 1-based pixels (`LTM`, `LTV`).
    ///
    /// # Errors
    /// [`CoreError::PixelFrame`] if the matrix cannot be inverted.
    pub fn from_physical(matrix: [[f64; 2]; 2], offset: [f64; 2]) -> Result<Self> {
        let physical_to_image = Affine { matrix, offset };
        physical_to_image.inverse("LTM")?;
        Ok(Self { physical_to_image, ..Self::default() })
    }

    /// The frames a header describes; what it does not name is the identity.
    ///
    /// # Errors
    /// [`CoreError::PixelFrame`] if a matrix cannot be inverted.
    #[doc(alias = "LTV1")]
    pub fn from_header(header: &dyn HeaderView) -> Result<Self> {
        let read = |m: &'static str, v: &str| {
            let get =
                |key: String, default: f64| header.get_f64(&key).filter(|v| v.is_finite()).unwrap_or(default);
            let any =
                header.get_f64(&format!("{m}1_1")).is_some() || header.get_f64(&format!("{m}2_2")).is_some();
            // With the diagonal given, what is not given is zero, as everywhere in FITS.
            let one = if any { 0.0 } else { 1.0 };
            let matrix = [
                [get(format!("{m}1_1"), one), get(format!("{m}1_2"), 0.0)],
                [get(format!("{m}2_1"), 0.0), get(format!("{m}2_2"), one)],
            ];
            let a = Affine { matrix, offset: [get(format!("{v}1"), 0.0), get(format!("{v}2"), 0.0)] };
            a.inverse(m).map(|_| a)
        };
        Ok(Self {
            physical_to_image: read("LTM", "LTV")?,
            physical_to_detector: read("DTM", "DTV")?,
            physical_to_amplifier: read("ATM", "ATV")?,
        })
    }

    /// The region in pixels of the image. Regions of the image and of the sky come back as they are.
    ///
    /// # Errors
    /// [`CoreError::PixelFrame`] for a circle, ellipse, rectangle or annulus if the frames differ by more than a shift,
    /// one scale, a turn and a flip.
    pub fn to_image(&self, region: &Region) -> Result<Region> {
        let to_image = self.physical_to_image;
        let map = match region.frame {
            RegionFrame::Physical => to_image,
            RegionFrame::Detector => self.physical_to_detector.inverse("DTM")?.then(&to_image),
            RegionFrame::Amplifier => self.physical_to_amplifier.inverse("ATM")?.then(&to_image),
            _ => return Ok(region.clone()),
        };
        let place = |p: RegionPoint| {
            let [x, y] = map.apply([p.x + 1.0, p.y + 1.0]);
            RegionPoint::new(x - 1.0, y - 1.0)
        };
        let [[a, b], [c, d]] = map.matrix;
        let determinant = a * d - b * c;
        let flip = determinant < 0.0;
        let similar = {
            let (e, f) = if flip { (-d, -c) } else { (d, c) };
            let size = determinant.abs().sqrt();
            (a - e).abs() <= 1e-9 * size && (b + f).abs() <= 1e-9 * size
        };
        let positions_only = matches!(
            region.shape,
            RegionShape::Polygon { .. }
                | RegionShape::Line { .. }
                | RegionShape::Point { .. }
                | RegionShape::Text { .. }
        );
        if !similar && !positions_only {
            return Err(CoreError::PixelFrame(format!(
                "a {} in {} pixels would change its shape: the pixels of the image have another shape (matrix {:?})",
                region.shape.name(),
                region.frame,
                map.matrix
            )));
        }
        let turn = |deg: f64| {
            if b == 0.0 && c == 0.0 && a > 0.0 {
                return if flip { -deg } else { deg };
            }
            let (s, t) = deg.to_radians().sin_cos();
            (c * t + d * s).atan2(a * t + b * s).to_degrees()
        };
        let shape = region.shape.mapped(place, determinant.abs().sqrt(), turn);
        Ok(Region { shape, frame: RegionFrame::Image, ..region.clone() })
    }
}

impl Affine {
    const IDENTITY: Self = Self { matrix: [[1.0, 0.0], [0.0, 1.0]], offset: [0.0, 0.0] };

    fn apply(&self, p: [f64; 2]) -> [f64; 2] {
        let [[a, b], [c, d]] = self.matrix;
        [a * p[0] + b * p[1] + self.offset[0], c * p[0] + d * p[1] + self.offset[1]]
    }

    fn inverse(&self, name: &str) -> Result<Self> {
        let [[a, b], [c, d]] = self.matrix;
        let det = a * d - b * c;
        if !(det.is_finite() && det != 0.0) {
            return Err(CoreError::PixelFrame(format!("the matrix {name} {:?} has no inverse", self.matrix)));
        }
        let matrix = [[d / det, -b / det], [-c / det, a / det]];
        let [x, y] = self.offset;
        let offset = [-(matrix[0][0] * x + matrix[0][1] * y), -(matrix[1][0] * x + matrix[1][1] * y)];
        Ok(Self { matrix, offset })
    }

    /// First this, then `next`.
    fn then(&self, next: &Self) -> Self {
        let (m, n) = (self.matrix, next.matrix);
        let at = |i: usize, j: usize| n[i][0] * m[0][j] + n[i][1] * m[1][j];
        Self { matrix: [[at(0, 0), at(0, 1)], [at(1, 0), at(1, 1)]], offset: next.apply(self.offset) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Keys(Vec<(&'static str, f64)>);

    impl HeaderView for Keys {
        fn get_str(&self, key: &str) -> Option<String> {
            self.0.iter().find(|(k, _)| *k == key).map(|(_, v)| v.to_string())
        }

        fn keys(&self) -> Vec<String> {
            self.0.iter().map(|(k, _)| (*k).to_owned()).collect()
        }
    }

    #[test]
    fn a_cutout_is_shifted_and_a_detector_may_be_flipped() {
        let frames = PixelFrames::from_header(&Keys(vec![("LTV1", -100.0), ("LTV2", -200.0)])).unwrap();
        let ellipse = |x: f64, y: f64, angle_deg: f64| RegionShape::Ellipse {
            center: RegionPoint::new(x, y),
            a: 4.0,
            b: 2.0,
            angle_deg,
        };
        let r = Region::new(ellipse(110.0, 220.0, 30.0), RegionFrame::Physical);
        assert_eq!(frames.to_image(&r).unwrap().shape, ellipse(10.0, 20.0, 30.0));

        let header = Keys(vec![("DTM1_1", -1.0), ("DTM2_2", 1.0), ("DTV1", 1001.0), ("DTV2", 0.0)]);
        let frames = PixelFrames::from_header(&header).unwrap();
        let r = Region::new(ellipse(989.0, 20.0, 30.0), RegionFrame::Detector);
        let RegionShape::Ellipse { center, angle_deg, .. } = frames.to_image(&r).unwrap().shape else {
            panic!("no ellipse")
        };
        assert_eq!(center, RegionPoint::new(10.0, 20.0));
        assert!((angle_deg - 150.0).abs() < 1e-12, "{angle_deg}");
    }

    #[test]
    fn oblong_pixels_move_points_but_no_circles() {
        let frames = PixelFrames::from_physical([[0.5, 0.0], [0.0, 1.0]], [0.0, 0.0]).unwrap();
        let at = RegionPoint::new(9.0, 9.0);
        let circle = Region::new(RegionShape::Circle { center: at, radius: 3.0 }, RegionFrame::Physical);
        let e = frames.to_image(&circle).unwrap_err().to_string();
        assert!(e.contains("circle") && e.contains("physical"), "{e}");
        let point = Region::new(RegionShape::Point { position: at }, RegionFrame::Physical);
        let want = RegionShape::Point { position: RegionPoint::new(4.0, 9.0) };
        assert_eq!(frames.to_image(&point).unwrap().shape, want);
        assert!(PixelFrames::from_physical([[1.0, 1.0], [1.0, 1.0]], [0.0, 0.0]).is_err());
    }
}
