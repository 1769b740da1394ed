//! Calls that leave the interpreter free and listen to Ctrl-C.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use skyphot::core::Exec;

/// How often the interpreter is asked for signals.
const POLL: Duration = Duration::from_millis(50);

/// An error of any crate as `ValueError` with its own words.
pub(crate) fn value_error(e: impl std::fmt::Display) -> PyErr {
    PyValueError::new_err(e.to_string())
}

/// Runs `work` on a thread of its own with the interpreter free. After Ctrl-C the call returns at once; what `work` was
/// doing comes to its end unheard.
pub(crate) fn run<R, E, F>(py: Python<'_>, work: F) -> PyResult<R>
where
    R: Send + 'static,
    E: std::fmt::Display + Send + 'static,
    F: FnOnce() -> Result<R, E> + Send + 'static,
{
    let (sender, receiver) = mpsc::sync_channel(1);
    std::thread::Builder::new()
        .name("skyphot-call".to_owned())
        .stack_size(8 << 20)
        .spawn(move || {
            let answer = catch_unwind(AssertUnwindSafe(work));
            let _ = sender.send(answer);
        })
        .map_err(|e| PyRuntimeError::new_err(format!("cannot start a thread: {e}")))?;
    let mut receiver = receiver;
    loop {
        let (back, answer) = py.detach(move || {
            let answer = receiver.recv_timeout(POLL);
            (receiver, answer)
        });
        receiver = back;
        match answer {
            Ok(Ok(answer)) => return answer.map_err(value_error),
            Ok(Err(_)) | Err(RecvTimeoutError::Disconnected) => {
                return Err(PyRuntimeError::new_err(
                    "skyphot came to an end it should not have; please report this",
                ));
            }
            Err(RecvTimeoutError::Timeout) => py.check_signals()?,
        }
    }
}

/// Threads as asked for: `None` is all cores. Pools are made once.
pub(crate) fn exec(n_threads: Option<i64>) -> PyResult<Exec> {
    static POOLS: Mutex<Option<HashMap<usize, Exec>>> = Mutex::new(None);
    let Some(n) = n_threads else { return Ok(Exec::all_cores()) };
    let n = usize::try_from(n)
        .ok()
        .and_then(NonZeroUsize::new)
        .ok_or_else(|| value_error("n_threads must be a positive integer or None"))?;
    let mut pools = POOLS.lock().unwrap_or_else(PoisonError::into_inner);
    let pools = pools.get_or_insert_default();
    if let Some(e) = pools.get(&n.get()) {
        return Ok(e.clone());
    }
    let e = Exec::with_threads(n).map_err(value_error)?;
    pools.insert(n.get(), e.clone());
    Ok(e)
}
