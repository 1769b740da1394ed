//! The linear part of a system of any kind of axes.

use skyphot_core::HeaderView;

use crate::header::Keys;
use crate::{Result, WcsError};

/// Pixels to world coordinates of any number of axes of any kind, without projections or other curved laws: for
/// `LINEAR` axes, and for a look at cubes.
///
/// ```
/// use skyphot_core::HeaderView;
/// use skyphot_wcs::LinearWcs;
/// # struct Cards;
/// # impl HeaderView for Cards {
/// #     fn get_str(&self, key: &str) -> Option<String> {
/// #         match key { "NAXIS" => Some("1".into()), "CTYPE1" => Some("LINEAR".into()), "CDELT1" => Some("0.5".into()),
/// #             "CRPIX1" => Some("1".into()), _ => None }
/// #     }
/// #     fn keys(&self) -> Vec<String> { ["NAXIS", "CTYPE1", "CDELT1", "CRPIX1"].map(String::from).to_vec() }
/// # }
/// let wcs = LinearWcs::from_header(&Cards, None)?;
/// assert_eq!(wcs.pixel_to_world(&[4.0])?, [2.0]);
/// # Ok::<(), skyphot_wcs::WcsError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct LinearWcs {
    ctype: Vec<String>,
    cunit: Vec<String>,
    crpix: Vec<f64>,
    crval: Vec<f64>,
    matrix: Vec<Vec<f64>>,
}

/// More axes than this are refused.
const MAX_AXES: usize = 32;

impl LinearWcs {
    /// Reads the axes of the system `key` (`None` = primary).
    ///
    /// # Errors
    /// [`WcsError::InvalidKeyword`] for values that are not numbers, [`WcsError::InvalidParameter`] for no axes or more
    /// than 32.
    pub fn from_header(header: &dyn HeaderView, key: Option<char>) -> Result<Self> {
        let keys = Keys::new(header, key)?;
        let n = keys.n_axes();
        if n == 0 || n > MAX_AXES {
            return Err(WcsError::InvalidParameter {
                name: "number of axes",
                expected: "1 to 32",
                found: n as f64,
            });
        }
        let text = |base: &str| -> Vec<String> {
            (1..=n).map(|i| keys.text(&format!("{base}{i}")).unwrap_or_default()).collect()
        };
        let number = |base: &str, default: f64| -> Result<Vec<f64>> {
            (1..=n).map(|i| Ok(keys.number(&format!("{base}{i}"))?.unwrap_or(default))).collect()
        };
        let (has_pc, has_cd) = (!keys.pairs("PC").is_empty(), !keys.pairs("CD").is_empty());
        let cdelt = number("CDELT", 1.0)?;
        let mut matrix = vec![vec![0.0; n]; n];
        for (i, row) in matrix.iter_mut().enumerate() {
            for (j, value) in row.iter_mut().enumerate() {
                let one = if i == j { 1.0 } else { 0.0 };
                let element = |base: &str| keys.number(&format!("{base}{}_{}", i + 1, j + 1));
                *value = if has_pc {
                    cdelt[i] * element("PC")?.unwrap_or(one)
                } else if has_cd {
                    element("CD")?.unwrap_or(0.0)
                } else {
                    cdelt[i] * one
                };
            }
        }
        Ok(Self {
            ctype: text("CTYPE"),
            cunit: text("CUNIT"),
            crpix: number("CRPIX", 0.0)?,
            crval: number("CRVAL", 0.0)?,
            matrix,
        })
    }

    /// Number of axes.
    #[must_use]
    pub fn n_axes(&self) -> usize {
        self.crpix.len()
    }

    /// `CTYPEi`.
    #[must_use]
    pub fn ctype(&self) -> &[String] {
        &self.ctype
    }

    /// `CUNITi`; the world coordinates are in these.
    #[must_use]
    pub fn cunit(&self) -> &[String] {
        &self.cunit
    }

    /// World coordinates of a pixel position (0-based, one number per axis).
    ///
    /// # Errors
    /// [`WcsError::LengthMismatch`] if there is not one number per axis.
    pub fn pixel_to_world(&self, pixel: &[f64]) -> Result<Vec<f64>> {
        self.check(pixel)?;
        Ok(self
            .matrix
            .iter()
            .zip(&self.crval)
            .map(|(row, v)| {
                v + row.iter().zip(pixel).zip(&self.crpix).map(|((m, p), r)| m * (p + 1.0 - r)).sum::<f64>()
            })
            .collect())
    }

    /// Pixel position (0-based) of world coordinates, one number per axis.
    ///
    /// # Errors
    /// [`WcsError::LengthMismatch`] if there is not one number per axis, [`WcsError::DegenerateFit`] if the matrix has no
    /// inverse.
    pub fn world_to_pixel(&self, world: &[f64]) -> Result<Vec<f64>> {
        self.check(world)?;
        // Gauss' elimination with the largest pivot of each column.
        let n = self.n_axes();
        let mut a: Vec<Vec<f64>> = (0..n)
            .map(|i| {
                let mut row = self.matrix[i].clone();
                row.push(world[i] - self.crval[i]);
                row
            })
            .collect();
        for k in 0..n {
            let pivot = (k..n).max_by(|i, j| a[*i][k].abs().total_cmp(&a[*j][k].abs())).unwrap_or(k);
            a.swap(k, pivot);
            let p = a[k][k];
            if !(p.abs() > 0.0 && p.is_finite()) {
                return Err(WcsError::DegenerateFit("the matrix of the header has no inverse"));
            }
            let (done, rest) = a.split_at_mut(k + 1);
            for row in rest {
                let f = row[k] / p;
                for (v, w) in row[k..].iter_mut().zip(&done[k][k..]) {
                    *v -= f * w;
                }
            }
        }
        let mut x = vec![0.0; n];
        for k in (0..n).rev() {
            let s: f64 = (k + 1..n).map(|j| a[k][j] * x[j]).sum();
            x[k] = (a[k][n] - s) / a[k][k];
        }
        Ok(x.iter().zip(&self.crpix).map(|(x, r)| x + r - 1.0).collect())
    }

    fn check(&self, v: &[f64]) -> Result<()> {
        if v.len() == self.n_axes() {
            Ok(())
        } else {
            Err(WcsError::LengthMismatch { what: "coordinates", expected: self.n_axes(), found: v.len() })
        }
    }
}
