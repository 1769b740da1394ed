//! Tags of a tree's nodes.

/// A YAML tag, split into name and version: `tag:stsci.edu:asdf/transform/compose-1.2.0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tag<'a>(&'a str);

impl<'a> Tag<'a> {
    /// A view of a complete tag.
    #[must_use]
    pub fn new(full: &'a str) -> Self {
        Self(full)
    }

    /// The complete tag: `tag:stsci.edu:asdf/transform/compose-1.2.0`.
    #[must_use]
    pub fn full(&self) -> &'a str {
        self.0
    }

    /// The tag without its version: `tag:stsci.edu:asdf/transform/compose`.
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.split().0
    }

    /// The last part of the name: `compose`.
    #[must_use]
    pub fn short(&self) -> &'a str {
        let name = self.name();
        name.rfind(['/', ':']).map_or(name, |i| &name[i + 1..])
    }

    /// The version as written (`1.2.0`), if there is one.
    #[must_use]
    pub fn version(&self) -> Option<&'a str> {
        self.split().1
    }

    /// The version as `(major, minor, patch)`; parts that are missing are 0.
    #[must_use]
    pub fn version_numbers(&self) -> Option<(u32, u32, u32)> {
        let mut parts = self.version()?.split('.').map(|p| p.parse().unwrap_or(0));
        Some((parts.next()?, parts.next().unwrap_or(0), parts.next().unwrap_or(0)))
    }

    /// Whether the name, without version, is `name` or ends with it at a `/` or `:` (or `!`, in a file that does not say what
    /// `!` stands for):
    /// `is("transform/compose")` and `is("compose")` hold for `tag:stsci.edu:asdf/transform/compose-1.2.0`.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        self.name().strip_suffix(name).is_some_and(|rest| rest.is_empty() || rest.ends_with(['/', ':', '!']))
    }

    fn split(&self) -> (&'a str, Option<&'a str>) {
        match self.0.rsplit_once('-') {
            Some((name, version))
                if version.starts_with(|c: char| c.is_ascii_digit()) && !version.contains(['/', ':']) =>
            {
                (name, Some(version))
            }
            _ => (self.0, None),
        }
    }
}

impl std::fmt::Display for Tag<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits() {
        let t = Tag::new("tag:stsci.edu:asdf/transform/compose-1.2.0");
        assert_eq!(t.name(), "tag:stsci.edu:asdf/transform/compose");
        assert_eq!(
            (t.short(), t.version(), t.version_numbers()),
            ("compose", Some("1.2.0"), Some((1, 2, 0)))
        );
        assert!(t.is("compose") && t.is("transform/compose") && t.is(t.name()));
        assert!(!t.is("pose") && !t.is(""));
        let t = Tag::new("asdf://stsci.edu/datamodels/roman/tags/wfi-mode");
        assert_eq!((t.short(), t.version()), ("wfi-mode", None));
        assert_eq!(Tag::new("tag:yaml.org,2002:str").short(), "str");
    }
}
