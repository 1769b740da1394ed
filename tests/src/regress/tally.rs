//! Differences, collected by quantity.

use serde_json::{Value, json};

/// All differences of one quantity, over all images.
#[derive(Debug, Clone)]
pub struct Quantity {
    /// Topic, for instance `aperture`.
    pub topic: String,
    /// What was compared, and in which units.
    pub name: String,
    /// Number of values.
    pub n: usize,
    /// Largest difference; infinite if something is missing.
    pub max: f64,
    /// 99 % of the values differ by no more.
    pub q99: f64,
    /// Largest difference that is allowed.
    pub budget: f64,
}

impl Quantity {
    /// One line of JSON; an infinite difference is null.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({"topic": self.topic, "quantity": self.name, "n": self.n, "max": self.max, "q99": self.q99,
               "budget": self.budget})
    }

    /// Whether something was compared and every difference is allowed.
    #[must_use]
    pub fn within_budget(&self) -> bool {
        self.n > 0 && self.max <= self.budget
    }
}

/// Collects differences.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    topic: String,
    rows: Vec<(String, String, f64, Vec<f64>)>,
}

impl Tally {
    /// What follows belongs to this topic.
    pub fn topic(&mut self, name: &str) {
        name.clone_into(&mut self.topic);
    }

    /// Differences of `ours` from `theirs` in units of `scale`. NaN agrees with NaN only.
    pub fn in_units_of(&mut self, name: &str, budget: f64, scale: f64, ours: &[f64], theirs: &[f64]) {
        self.add(name, budget, ours, theirs, |_| scale);
    }

    /// Relative differences: to the value itself, or to the median magnitude of all values if that is larger (a value
    /// that happens to be near zero is no better known than its neighbours).
    pub fn relative(&mut self, name: &str, budget: f64, ours: &[f64], theirs: &[f64]) {
        let mut size: Vec<f64> = theirs.iter().map(|v| v.abs()).filter(|v| v.is_finite()).collect();
        size.sort_by(f64::total_cmp);
        let floor = size.get(size.len() / 2).copied().unwrap_or(0.0);
        self.add(name, budget, ours, theirs, |v| v.abs().max(floor).max(f64::MIN_POSITIVE));
    }

    /// Absolute differences, in the unit of the values.
    pub fn absolute(&mut self, name: &str, budget: f64, ours: &[f64], theirs: &[f64]) {
        self.add(name, budget, ours, theirs, |_| 1.0);
    }

    fn add(&mut self, name: &str, budget: f64, ours: &[f64], theirs: &[f64], scale: impl Fn(f64) -> f64) {
        let found = self.rows.iter().position(|(t, n, ..)| *t == self.topic && n == name);
        let i = found.unwrap_or_else(|| {
            self.rows.push((self.topic.clone(), name.to_owned(), budget, Vec::new()));
            self.rows.len() - 1
        });
        let all = &mut self.rows[i].3;
        if ours.len() != theirs.len() {
            all.push(f64::INFINITY);
        }
        all.extend(ours.iter().zip(theirs).map(|(&a, &b)| {
            let same = a == b || a.is_nan() && b.is_nan();
            let apart = if same { 0.0 } else { (a - b).abs() / scale(b) };
            if apart.is_nan() { f64::INFINITY } else { apart }
        }));
    }

    /// One row per quantity, in the order of first use.
    #[must_use]
    pub fn finish(self) -> Vec<Quantity> {
        let row = |(topic, name, budget, mut all): (String, String, f64, Vec<f64>)| {
            all.sort_by(f64::total_cmp);
            let n = all.len();
            let at = |q: f64| all.get(((n as f64 * q).ceil() as usize).clamp(1, n.max(1)) - 1).copied();
            let (max, q99) = (at(1.0).unwrap_or(f64::NAN), at(0.99).unwrap_or(f64::NAN));
            Quantity { topic, name, n, max, q99, budget }
        };
        self.rows.into_iter().map(row).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_collected() {
        let mut t = Tally::default();
        t.topic("a");
        t.relative("x", 1e-3, &[1.0, 2.002, f64::NAN], &[1.0, 2.0, f64::NAN]);
        t.relative("x", 1e-3, &[10.0], &[10.0]);
        t.relative("y", 1e-3, &[f64::NAN], &[1.0]);
        t.absolute("z", 1.0, &[1.0], &[1.0, 2.0]);
        let rows = t.finish();
        assert_eq!(rows.len(), 3);
        assert!(rows[0].n == 4 && (rows[0].max - 1e-3).abs() < 1e-9, "{rows:?}");
        assert!(!rows[1].within_budget() && rows[1].max.is_infinite());
        assert!(!rows[2].within_budget());
    }
}
