//! Keywords of one system (primary or alternate) of a header.

use skyphot_core::HeaderView;

use crate::{Result, WcsError, WcsWarning};

/// Axes beyond this number are not looked at.
const MAX_AXES: usize = 999;

/// A header seen through the suffix of one system.
pub(crate) struct Keys<'a> {
    header: &'a dyn HeaderView,
    /// Empty for the primary system.
    alt: String,
    names: Vec<String>,
}

impl<'a> Keys<'a> {
    pub(crate) fn new(header: &'a dyn HeaderView, key: Option<char>) -> Result<Self> {
        let alt = match key {
            None | Some(' ') => String::new(),
            Some(c) if c.is_ascii_alphabetic() => c.to_ascii_uppercase().to_string(),
            Some(c) => {
                return Err(WcsError::InvalidKeyword {
                    key: "alternate system".to_owned(),
                    expected: "a letter A to Z".to_owned(),
                    found: c.to_string(),
                });
            }
        };
        let mut names: Vec<String> = header.keys().iter().map(|k| k.trim().to_ascii_uppercase()).collect();
        names.sort_unstable();
        names.dedup();
        Ok(Self { header, alt, names })
    }

    pub(crate) fn is_primary(&self) -> bool {
        self.alt.is_empty()
    }

    /// The keyword with the suffix of the system.
    pub(crate) fn name(&self, base: &str) -> String {
        format!("{base}{}", self.alt)
    }

    pub(crate) fn has_raw(&self, name: &str) -> bool {
        self.names.binary_search_by(|n| n.as_str().cmp(name)).is_ok()
    }

    /// A number by its full name.
    pub(crate) fn raw_number(&self, name: &str) -> Result<Option<f64>> {
        if !self.has_raw(name) {
            return Ok(None);
        }
        let Some(text) = self.header.get_str(name) else { return Ok(None) };
        match self.header.get_f64(name) {
            Some(v) if v.is_finite() => Ok(Some(v)),
            _ => Err(WcsError::InvalidKeyword {
                key: name.to_owned(),
                expected: "a finite number".to_owned(),
                found: text,
            }),
        }
    }

    pub(crate) fn number(&self, base: &str) -> Result<Option<f64>> {
        self.raw_number(&self.name(base))
    }

    /// `base` with the axis number; a missing value is worth a warning.
    pub(crate) fn number_or(
        &self,
        base: &str,
        axis: usize,
        default: f64,
        warnings: &mut Vec<WcsWarning>,
    ) -> Result<f64> {
        let name = format!("{base}{axis}");
        Ok(self.number(&name)?.unwrap_or_else(|| {
            warnings.push(WcsWarning::DefaultUsed { key: self.name(&name), value: default });
            default
        }))
    }

    pub(crate) fn text(&self, base: &str) -> Option<String> {
        self.raw_text(&self.name(base))
    }

    pub(crate) fn raw_text(&self, name: &str) -> Option<String> {
        self.header.get_str(name).map(|s| s.trim().to_owned())
    }

    /// Text with its blanks.
    pub(crate) fn untrimmed(&self, name: &str) -> Option<String> {
        self.header.get_str(name)
    }

    /// Numbers `i` of all keywords `base` + `i` + suffix.
    fn indices(&self, base: &str) -> impl Iterator<Item = usize> + '_ {
        let base = base.to_owned();
        self.names
            .iter()
            .filter_map(move |n| n.strip_prefix(base.as_str())?.strip_suffix(self.alt.as_str())?.parse().ok())
    }

    /// Index pairs of all keywords `base` + `i_j` + suffix.
    pub(crate) fn pairs(&self, base: &str) -> Vec<(usize, usize)> {
        self.names
            .iter()
            .filter_map(|n| {
                let (i, j) = n.strip_prefix(base)?.strip_suffix(self.alt.as_str())?.split_once('_')?;
                Some((i.parse().ok()?, j.parse().ok()?))
            })
            .collect()
    }

    /// Number of axes: the largest of NAXIS, WCSAXES and the axis numbers in use.
    pub(crate) fn n_axes(&self) -> usize {
        let stated = ["NAXIS".to_owned(), self.name("WCSAXES")]
            .into_iter()
            .filter_map(|k| self.header.get_i64(&k))
            .filter_map(|v| usize::try_from(v).ok());
        let used = ["CTYPE", "CRVAL", "CRPIX", "CDELT"].into_iter().flat_map(|b| self.indices(b));
        stated.chain(used).filter(|n| *n <= MAX_AXES).max().unwrap_or(0)
    }

    /// `PVi_m` of an axis.
    pub(crate) fn parameters(&self, axis: usize) -> Result<Vec<(usize, f64)>> {
        let mut out = Vec::new();
        for (i, m) in self.pairs("PV") {
            if i == axis
                && m < 100
                && let Some(v) = self.number(&format!("PV{i}_{m}"))?
            {
                out.push((m, v));
            }
        }
        out.sort_unstable_by_key(|p| p.0);
        Ok(out)
    }

    /// `PROJPm`, the parameters of the draft standard.
    pub(crate) fn old_parameters(&self, warnings: &mut Vec<WcsWarning>) -> Result<Vec<(usize, f64)>> {
        let mut out = Vec::new();
        for m in 0..10 {
            let name = format!("PROJP{m}");
            if let Some(v) = self.raw_number(&name)? {
                warnings.push(WcsWarning::DeprecatedKeyword { key: name, instead: format!("PV2_{m}") });
                out.push((m, v));
            }
        }
        Ok(out)
    }

    /// Lookup tables are announced.
    pub(crate) fn announces_tables(&self) -> bool {
        ["CPDIS1", "CPDIS2", "D2IMDIS1", "D2IMDIS2", "AXISCORR"].iter().any(|k| self.has_raw(k))
    }

    /// Lengths of two pixel axes; those of the uncompressed image where there are both.
    pub(crate) fn image_size(&self, axes: [usize; 2]) -> Option<[usize; 2]> {
        let base = if self.has_raw("ZNAXIS1") { "ZNAXIS" } else { "NAXIS" };
        let one = |i: usize| {
            self.header
                .get_i64(&format!("{base}{i}"))
                .and_then(|v| usize::try_from(v).ok())
                .filter(|v| *v > 0)
        };
        Some([one(axes[0])?, one(axes[1])?])
    }
}
