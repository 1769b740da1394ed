//! What lies beyond the edge of an image.

/// The values a filter sees beyond the edge of an image; the names are those of `scipy.ndimage`.
#[derive(Debug, Clone, Copy, PartialEq)]
#[doc(alias = "mode")]
pub enum Boundary {
    /// One value everywhere.
    #[doc(alias = "cval")]
    Constant(f64),
    /// The nearest pixel: `a a | a b c | c c`.
    Nearest,
    /// Mirrored with the edge pixel repeated: `b a | a b c | c b`.
    Reflect,
    /// Mirrored about the centre of the edge pixel: `c b | a b c | b a`.
    Mirror,
    /// Periodic: `b c | a b c | a b`.
    Wrap,
}

impl Default for Boundary {
    fn default() -> Self {
        Self::Constant(0.0)
    }
}

impl Boundary {
    /// The index inside `0..n` that stands for `i`; `None` for the constant.
    pub(crate) fn index(self, i: i64, n: usize) -> Option<usize> {
        let n = n as i64;
        if (0..n).contains(&i) {
            return Some(i as usize);
        }
        let j = match self {
            Self::Constant(_) => return None,
            Self::Nearest => i.clamp(0, n - 1),
            Self::Wrap => i.rem_euclid(n),
            Self::Reflect => {
                let k = i.rem_euclid(2 * n);
                k.min(2 * n - 1 - k)
            }
            Self::Mirror if n == 1 => 0,
            Self::Mirror => {
                let k = i.rem_euclid(2 * n - 2);
                k.min(2 * n - 2 - k)
            }
        };
        Some(j as usize)
    }

    /// The value of the constant (0 for the other kinds, which never ask).
    pub(crate) fn fill(self) -> f64 {
        match self {
            Self::Constant(v) => v,
            _ => 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_five_kinds() {
        let row =
            |b: Boundary| -> Vec<i64> { (-4..7).map(|i| b.index(i, 3).map_or(-1, |j| j as i64)).collect() };
        assert_eq!(row(Boundary::Constant(1.0)), [-1, -1, -1, -1, 0, 1, 2, -1, -1, -1, -1]);
        assert_eq!(row(Boundary::Nearest), [0, 0, 0, 0, 0, 1, 2, 2, 2, 2, 2]);
        assert_eq!(row(Boundary::Reflect), [2, 2, 1, 0, 0, 1, 2, 2, 1, 0, 0]);
        assert_eq!(row(Boundary::Mirror), [0, 1, 2, 1, 0, 1, 2, 1, 0, 1, 2]);
        assert_eq!(row(Boundary::Wrap), [2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0]);
        assert_eq!(Boundary::Mirror.index(-5, 1), Some(0));
    }
}
