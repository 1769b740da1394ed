//! Calls that leave the interpreter free and listen to Ctrl-C.

use std::cell::RefCell;
use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use pyo3::exceptions::{PyKeyboardInterrupt, PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use skyphot::core::{Exec, Stop};

/// How often the interpreter is asked for signals.
const POLL: Duration = Duration::from_millis(50);

/// An error of any crate as `ValueError` with its own words.
pub(crate) fn value_error(e: impl std::fmt::Display) -> PyErr {
    PyValueError::new_err(e.to_string())
}

/// Nanoseconds that all calls of the Rust crates took together.
static WORKED: AtomicU64 = AtomicU64::new(0);

/// Seconds that the Rust calls of all calls so far took together, for benchmarks of what Python adds.
#[pyfunction]
fn seconds_worked() -> f64 {
    WORKED.load(Ordering::Relaxed) as f64 * 1e-9
}

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(seconds_worked, m)?)
}

thread_local! {
    /// The word that ends the work of the threads which the next call of this thread was given.
    static STOP: RefCell<Option<Stop>> = const { RefCell::new(None) };
}

/// Runs `work` on a thread of its own with the interpreter free. After Ctrl-C the call returns at once; the work ends
/// between two of its items.
pub(crate) fn run<R, E, F>(py: Python<'_>, work: F) -> PyResult<R>
where
    R: Send + 'static,
    E: std::fmt::Display + Send + 'static,
    F: FnOnce() -> Result<R, E> + Send + 'static,
{
    let stop = STOP.take().unwrap_or_default();
    let word = stop.clone();
    let (sender, receiver) = mpsc::sync_channel(1);
    std::thread::Builder::new()
        .name("skyphot-call".to_owned())
        .stack_size(8 << 20)
        .spawn(move || {
            let begin = Instant::now();
            let answer = catch_unwind(AssertUnwindSafe(|| word.run(work)));
            let spent = u64::try_from(begin.elapsed().as_nanos()).unwrap_or(u64::MAX);
            WORKED.fetch_add(spent, Ordering::Relaxed);
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
            Ok(Ok(Ok(answer))) => return answer.map_err(value_error),
            Ok(Ok(Err(stopped))) => return Err(PyKeyboardInterrupt::new_err(stopped.to_string())),
            Ok(Err(_)) | Err(RecvTimeoutError::Disconnected) => {
                return Err(PyRuntimeError::new_err(
                    "skyphot came to an end it should not have; please report this",
                ));
            }
            Err(RecvTimeoutError::Timeout) => {
                if let Err(e) = py.check_signals() {
                    stop.stop();
                    return Err(e);
                }
            }
        }
    }
}

/// Threads as asked for, for the next call of [`run`]: `None` is all cores.
pub(crate) fn exec(n_threads: Option<i64>) -> PyResult<Exec> {
    let exec = pool(n_threads)?;
    let stop = STOP.with_borrow_mut(|s| s.get_or_insert_default().clone());
    Ok(exec.with_stop(&stop))
}

/// Pools are made once.
fn pool(n_threads: Option<i64>) -> PyResult<Exec> {
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
