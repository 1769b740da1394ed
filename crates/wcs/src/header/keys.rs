//! Keywords of one system (primary or alternate) of a header.

use std::collections::BTreeMap;

use skyphot_core::HeaderView;

use crate::{LookupTables, Result, WcsError, WcsWarning};

/// Axes beyond this number are not looked at (FITS knows no more).
const MAX_AXES: usize = 99;

/// A header seen through the suffix of one system. Of repeated keywords the last one counts, as in wcslib, but for SIP
/// the first one, as in astropy.
pub(crate) struct Keys {
    /// Empty for the primary system.
    alt: String,
    texts: BTreeMap<String, String>,
    /// The first values of keywords that are repeated.
    firsts: BTreeMap<String, String>,
}

impl Keys {
    pub(crate) fn new(header: &dyn HeaderView, key: Option<char>) -> Result<Self> {
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
        let (mut texts, mut firsts) = (BTreeMap::new(), BTreeMap::new());
        for (key, text) in header.entries() {
            let key = key.trim().to_ascii_uppercase();
            if let Some(old) = texts.insert(key.clone(), text) {
                firsts.entry(key).or_insert(old);
            }
        }
        Ok(Self { alt, texts, firsts })
    }

    pub(crate) fn is_primary(&self) -> bool {
        self.alt.is_empty()
    }

    /// The keyword with the suffix of the system.
    pub(crate) fn name(&self, base: &str) -> String {
        format!("{base}{}", self.alt)
    }

    pub(crate) fn has_raw(&self, name: &str) -> bool {
        self.texts.contains_key(name)
    }

    /// A number by its full name.
    pub(crate) fn raw_number(&self, name: &str) -> Result<Option<f64>> {
        self.texts.get(name).map(|text| finite(name, text)).transpose()
    }

    /// The first number of that name.
    pub(crate) fn first_number(&self, name: &str) -> Result<Option<f64>> {
        match self.firsts.get(name) {
            Some(text) => finite(name, text).map(Some),
            None => self.raw_number(name),
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
        self.texts.get(name).map(|s| s.trim().to_owned())
    }

    /// Text with its blanks.
    pub(crate) fn untrimmed(&self, name: &str) -> Option<&str> {
        self.texts.get(name).map(String::as_str)
    }

    /// A whole number of 0 or more; anything else counts as missing.
    fn count(&self, name: &str) -> Option<usize> {
        let v = parse(self.texts.get(name)?)?;
        (v.fract() == 0.0 && (0.0..9.0e15).contains(&v)).then_some(v as usize)
    }

    /// Numbers `i` of all keywords `base` + `i` + suffix.
    fn indices(&self, base: &str) -> impl Iterator<Item = usize> + '_ {
        let base = base.to_owned();
        self.texts
            .keys()
            .filter_map(move |n| n.strip_prefix(base.as_str())?.strip_suffix(self.alt.as_str())?.parse().ok())
    }

    /// Index pairs of all keywords `base` + `i_j` + suffix.
    pub(crate) fn pairs(&self, base: &str) -> Vec<(usize, usize)> {
        self.texts
            .keys()
            .filter_map(|n| {
                let (i, j) = n.strip_prefix(base)?.strip_suffix(self.alt.as_str())?.split_once('_')?;
                Some((i.parse().ok()?, j.parse().ok()?))
            })
            .collect()
    }

    /// Number of axes: the largest of NAXIS, WCSAXES and the axis numbers in use.
    pub(crate) fn n_axes(&self) -> usize {
        let stated = ["NAXIS".to_owned(), self.name("WCSAXES")].into_iter().filter_map(|k| self.count(&k));
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

    /// A lookup table is announced that was not given.
    pub(crate) fn lacks_tables(&self, tables: &LookupTables) -> bool {
        let announced = |k: &str| self.raw_text(k).is_some_and(|t| t.eq_ignore_ascii_case("LOOKUP"));
        (0..2).any(|i| {
            (tables.cpdis[i].is_none() && announced(&format!("CPDIS{}", i + 1)))
                || (tables.d2im[i].is_none() && announced(&format!("D2IMDIS{}", i + 1)))
        }) || (self.has_raw("AXISCORR") && tables.d2im.iter().all(Option::is_none))
    }

    /// Lengths of two pixel axes; those of the uncompressed image where there are both.
    pub(crate) fn image_size(&self, axes: [usize; 2]) -> Option<[usize; 2]> {
        let base = if self.has_raw("ZNAXIS1") { "ZNAXIS" } else { "NAXIS" };
        let one = |i: usize| self.count(&format!("{base}{i}")).filter(|v| *v > 0);
        Some([one(axes[0])?, one(axes[1])?])
    }
}

/// A number as FITS writes it, `D` exponents too.
fn parse(text: &str) -> Option<f64> {
    let s = text.trim();
    s.parse().ok().or_else(|| s.replace(['D', 'd'], "E").parse().ok())
}

fn finite(name: &str, text: &str) -> Result<f64> {
    parse(text).filter(|v| v.is_finite()).ok_or_else(|| WcsError::InvalidKeyword {
        key: name.to_owned(),
        expected: "a finite number".to_owned(),
        found: text.to_owned(),
    })
}
