//! How far a long job has come.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Is told how far fits have come: how many of how many are done, from any thread. A new total, or a smaller number, is
/// the begin of another round. The default listens to nothing. Answers never depend on it.
#[derive(Clone, Default)]
pub struct Watch(Option<Arc<Listener>>);

type Listener = dyn Fn(usize, usize) + Send + Sync;

impl Watch {
    /// Calls `f(done, total)`, which should return quickly.
    #[must_use]
    pub fn new(f: impl Fn(usize, usize) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(f)))
    }

    /// Begins to count to a total.
    pub(crate) fn count(&self, total: usize) -> Counter<'_> {
        Counter { watch: self, done: AtomicUsize::new(0), total }
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Watch(..)" } else { "Watch" })
    }
}

/// Counts what is done.
#[derive(Debug)]
pub(crate) struct Counter<'a> {
    watch: &'a Watch,
    done: AtomicUsize,
    total: usize,
}

impl Counter<'_> {
    /// So many more are done.
    pub(crate) fn add(&self, n: usize) {
        if let Some(f) = &self.watch.0 {
            f(self.done.fetch_add(n, Ordering::Relaxed) + n, self.total);
        }
    }
}
