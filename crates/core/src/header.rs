//! What a file header must offer to code that reads keywords.

/// Read access to the keywords of a header, whatever the file format.
///
/// Names are matched without regard to case. The WCS code and the pipeline take any `HeaderView`, so that they need
/// no file library.
pub trait HeaderView {
    /// The raw value of a keyword as text (strings without quotes), `None` if it is absent or undefined.
    fn get_str(&self, key: &str) -> Option<String>;

    /// The value as a number; `None` if it is absent or not a number. FITS `D` exponents are understood.
    fn get_f64(&self, key: &str) -> Option<f64> {
        let s = self.get_str(key)?;
        let s = s.trim();
        s.parse().ok().or_else(|| s.replace(['D', 'd'], "E").parse().ok())
    }

    /// The value as an integer; `None` if it is absent or not a whole number.
    fn get_i64(&self, key: &str) -> Option<i64> {
        let s = self.get_str(key)?;
        s.trim()
            .parse()
            .ok()
            .or_else(|| self.get_f64(key).filter(|v| v.fract() == 0.0 && v.abs() < 9.0e15).map(|v| v as i64))
    }

    /// The value as a logical (`T`/`F`).
    fn get_bool(&self, key: &str) -> Option<bool> {
        match self.get_str(key)?.trim() {
            "T" | "true" | "True" => Some(true),
            "F" | "false" | "False" => Some(false),
            _ => None,
        }
    }

    /// All keywords in the order of the header (with repeats).
    fn keys(&self) -> Vec<String>;

    /// Keyword and text of every card with a value, in the order of the header. A header that may hold a keyword twice
    /// should say here what each of its cards holds; by default all cards of a name have the value of
    /// [`get_str`](Self::get_str).
    fn entries(&self) -> Vec<(String, String)> {
        self.keys()
            .into_iter()
            .filter_map(|k| {
                let text = self.get_str(&k)?;
                Some((k, text))
            })
            .collect()
    }
}
