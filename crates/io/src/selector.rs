//! Which file, and which HDU of it: `FILE`, `FILE[2]`, `FILE[SCI]`, `FILE[SCI,2]`.

use std::convert::Infallible;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// The choice of an HDU.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub enum HduSelector {
    /// The science image, or the first table: see [`FitsFile::find`](crate::FitsFile::find).
    #[default]
    Auto,
    /// By number, 0 = primary.
    Index(usize),
    /// By EXTNAME (any case), and EXTVER if given; the first HDU that fits.
    Name {
        /// EXTNAME.
        name: String,
        /// EXTVER.
        version: Option<i64>,
    },
}

impl HduSelector {
    /// By EXTNAME.
    ///
    /// ```
    /// use skyphot_io::HduSelector;
    /// assert_eq!(HduSelector::name("SCI"), HduSelector::parse("SCI"));
    /// ```
    pub fn name(name: impl Into<String>) -> Self {
        Self::Name { name: name.into(), version: None }
    }

    /// Reads what stands between the brackets: `2`, `SCI` or `SCI,2`. Empty text is [`Auto`](Self::Auto).
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        if text.is_empty() {
            return Self::Auto;
        }
        if let Ok(i) = text.parse() {
            return Self::Index(i);
        }
        match text.rsplit_once(',').map(|(n, v)| (n.trim(), v.trim().parse())) {
            Some((name, Ok(version))) => Self::Name { name: name.to_owned(), version: Some(version) },
            _ => Self::name(text),
        }
    }
}

impl fmt::Display for HduSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => Ok(()),
            Self::Index(i) => write!(f, "[{i}]"),
            Self::Name { name, version: None } => write!(f, "[{name}]"),
            Self::Name { name, version: Some(v) } => write!(f, "[{name},{v}]"),
        }
    }
}

/// A file with an optional HDU, as a user types it.
///
/// ```
/// use skyphot_io::{FileSpec, HduSelector};
/// let spec: FileSpec = "image.fits[SCI,2]".into();
/// assert_eq!(spec.path.to_str(), Some("image.fits"));
/// assert_eq!(spec.hdu, HduSelector::Name { name: "SCI".into(), version: Some(2) });
/// assert_eq!(FileSpec::from("image.fits").hdu, HduSelector::Auto);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FileSpec {
    /// The file.
    pub path: PathBuf,
    /// The HDU.
    pub hdu: HduSelector,
}

impl FileSpec {
    /// Reads `FILE[EXT]`. A file that exists under the whole text, brackets included, is taken as it is.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let whole = || Self { path: PathBuf::from(text), hdu: HduSelector::Auto };
        let Some((path, ext)) = text.strip_suffix(']').and_then(|t| t.rsplit_once('[')) else {
            return whole();
        };
        if path.is_empty() || Path::new(text).exists() {
            return whole();
        }
        Self { path: PathBuf::from(path), hdu: HduSelector::parse(ext) }
    }
}

impl fmt::Display for FileSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.path.display(), self.hdu)
    }
}

impl FromStr for FileSpec {
    type Err = Infallible;
    fn from_str(s: &str) -> Result<Self, Infallible> {
        Ok(Self::parse(s))
    }
}

impl From<&str> for FileSpec {
    fn from(s: &str) -> Self {
        Self::parse(s)
    }
}

impl From<&String> for FileSpec {
    fn from(s: &String) -> Self {
        Self::parse(s)
    }
}

impl From<String> for FileSpec {
    fn from(s: String) -> Self {
        Self::parse(&s)
    }
}

/// Paths may carry an HDU as well: `Path::new("a.fits[1]")`.
impl From<&Path> for FileSpec {
    fn from(p: &Path) -> Self {
        p.to_str().map_or_else(|| Self { path: p.to_owned(), hdu: HduSelector::Auto }, Self::parse)
    }
}

impl From<&PathBuf> for FileSpec {
    fn from(p: &PathBuf) -> Self {
        p.as_path().into()
    }
}

impl From<PathBuf> for FileSpec {
    fn from(p: PathBuf) -> Self {
        p.as_path().into()
    }
}

impl From<&FileSpec> for FileSpec {
    fn from(s: &FileSpec) -> Self {
        s.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_forms() {
        let name = |n: &str, version| HduSelector::Name { name: n.to_owned(), version };
        for (text, path, hdu) in [
            ("a.fits", "a.fits", HduSelector::Auto),
            ("a.fits[]", "a.fits", HduSelector::Auto),
            ("a.fits[0]", "a.fits", HduSelector::Index(0)),
            ("a.fits[ sci ]", "a.fits", name("sci", None)),
            ("a.fits[SCI, 2]", "a.fits", name("SCI", Some(2))),
            ("a.fits[AIPS FQ]", "a.fits", name("AIPS FQ", None)),
            ("d[1]/a.fits", "d[1]/a.fits", HduSelector::Auto),
            ("d[1]/a.fits[3]", "d[1]/a.fits", HduSelector::Index(3)),
            ("-", "-", HduSelector::Auto),
            ("[x]", "[x]", HduSelector::Auto),
        ] {
            assert_eq!(FileSpec::parse(text), FileSpec { path: path.into(), hdu }, "{text}");
        }
    }

    #[test]
    fn a_literal_name_with_brackets_wins() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.fits[1]");
        std::fs::write(&file, "x").unwrap();
        let text = file.to_str().unwrap();
        assert_eq!(FileSpec::parse(text).path, file);
        assert_eq!(FileSpec::parse(&format!("{text}[SCI]")).path, file);
    }
}
