//! A word to work that nobody waits for any more.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::{CoreError, Result};

/// Ends work early, from another thread: [`Exec::with_stop`](crate::Exec::with_stop) gives it to the work, which looks at
/// it between its items. Clones are the same word.
///
/// ```
/// use skyphot_core::{CoreError, Exec, Stop};
/// let stop = Stop::default();
/// let exec = Exec::default().with_stop(&stop);
/// assert_eq!(stop.run(|| exec.map(3, |i| i))?, [0, 1, 2]);
/// stop.stop();
/// assert!(matches!(stop.run(|| exec.map(3, |i| i)), Err(CoreError::Interrupted)));
/// # Ok::<(), CoreError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

/// What unwinds the stack of stopped work.
struct Stopped;

impl Stop {
    /// Work ends at its next item.
    pub fn stop(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Work has been told to end.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Runs work whose threads have this word.
    ///
    /// # Errors
    /// [`CoreError::Interrupted`] if it was stopped.
    pub fn run<R>(&self, work: impl FnOnce() -> R) -> Result<R> {
        // Nothing of what the work borrowed is looked at after it was stopped.
        match catch_unwind(AssertUnwindSafe(work)) {
            Ok(r) => Ok(r),
            Err(e) if e.is::<Stopped>() => Err(CoreError::Interrupted),
            Err(e) => resume_unwind(e),
        }
    }

    /// Leaves the work if it was stopped, without the message of a panic.
    pub(crate) fn go_on(&self) {
        if self.is_stopped() {
            resume_unwind(Box::new(Stopped));
        }
    }
}
