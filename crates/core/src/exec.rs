//! How much of the machine a call may use. The only place that knows the thread library.

use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use rayon::prelude::*;

use crate::{CoreError, Result, Stop};

/// Threads as a value. Work is cut by shape and constants only and results come back in index order, so the number
/// of threads never changes a bit of an answer.
///
/// The default uses all cores. Clones share the same threads.
///
/// ```
/// use skyphot_core::Exec;
/// let squares = Exec::default().map(4, |i| i * i);
/// assert_eq!(squares, [0, 1, 4, 9]);
/// assert_eq!(Exec::serial().threads(), 1);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Exec {
    kind: Kind,
    stop: Option<Stop>,
}

#[derive(Debug, Clone, Default)]
enum Kind {
    #[default]
    AllCores,
    Serial,
    Pool(Arc<rayon::ThreadPool>),
}

impl Exec {
    /// Runs everything on the calling thread.
    #[must_use]
    pub const fn serial() -> Self {
        Self { kind: Kind::Serial, stop: None }
    }

    /// Uses all cores (the default).
    #[must_use]
    pub const fn all_cores() -> Self {
        Self { kind: Kind::AllCores, stop: None }
    }

    /// Uses exactly `threads` threads.
    ///
    /// # Errors
    /// [`CoreError::ThreadPool`] if the system refuses them.
    pub fn with_threads(threads: NonZeroUsize) -> Result<Self> {
        if threads.get() == 1 {
            return Ok(Self::serial());
        }
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads.get())
            .thread_name(|i| format!("skyphot-{i}"))
            .build()
            .map_err(|e| CoreError::ThreadPool { threads: threads.get(), reason: e.to_string() })?;
        Ok(Self { kind: Kind::Pool(Arc::new(pool)), stop: None })
    }

    /// The same threads, whose work ends early when `stop` says so: the call it belongs to must run within
    /// [`Stop::run`].
    #[must_use]
    pub fn with_stop(mut self, stop: &Stop) -> Self {
        self.stop = Some(stop.clone());
        self
    }

    /// Between two items of work.
    fn go_on(&self) {
        if let Some(stop) = &self.stop {
            stop.go_on();
        }
    }

    /// Number of threads in use.
    #[must_use]
    pub fn threads(&self) -> usize {
        match &self.kind {
            Kind::Serial => 1,
            Kind::AllCores => available(),
            Kind::Pool(p) => p.current_num_threads(),
        }
    }

    fn run<R: Send>(&self, f: impl FnOnce() -> R + Send) -> R {
        match &self.kind {
            Kind::Pool(p) => p.install(f),
            Kind::Serial | Kind::AllCores => f(),
        }
    }

    fn is_serial(&self) -> bool {
        self.threads() == 1
    }

    /// `f(0), f(1), ... f(n - 1)` in index order.
    pub fn map<R: Send>(&self, n: usize, f: impl Fn(usize) -> R + Sync + Send) -> Vec<R> {
        let f = |i| {
            self.go_on();
            f(i)
        };
        if self.is_serial() || n < 2 {
            return (0..n).map(f).collect();
        }
        self.run(|| (0..n).into_par_iter().map(&f).collect())
    }

    /// As [`map`](Self::map), with scratch space that `init` makes and calls on one thread share. The answer of `f`
    /// must not depend on what an earlier call left in the scratch space.
    pub fn map_init<S, R: Send>(
        &self,
        n: usize,
        init: impl Fn() -> S + Sync + Send,
        f: impl Fn(&mut S, usize) -> R + Sync + Send,
    ) -> Vec<R> {
        let f = |s: &mut S, i| {
            self.go_on();
            f(s, i)
        };
        if self.is_serial() || n < 2 {
            let mut s = init();
            return (0..n).map(|i| f(&mut s, i)).collect();
        }
        self.run(|| (0..n).into_par_iter().map_init(&init, &f).collect())
    }

    /// Cuts `0..n` into runs of `chunk` (the last may be shorter) and returns one value per run, in order.
    ///
    /// # Panics
    /// If `chunk` is 0.
    pub fn map_chunks<R: Send>(
        &self,
        n: usize,
        chunk: usize,
        f: impl Fn(Range<usize>) -> R + Sync + Send,
    ) -> Vec<R> {
        assert!(chunk > 0, "a chunk needs at least one item");
        self.map(n.div_ceil(chunk), |i| f(i * chunk..((i + 1) * chunk).min(n)))
    }

    /// As [`map`](Self::map) for calls that may fail; the error of the lowest index is returned.
    ///
    /// # Errors
    /// The first error in index order.
    pub fn try_map<R: Send, E: Send>(
        &self,
        n: usize,
        f: impl Fn(usize) -> std::result::Result<R, E> + Sync + Send,
    ) -> std::result::Result<Vec<R>, E> {
        self.map(n, f).into_iter().collect()
    }

    /// Calls `f(index, chunk)` on consecutive chunks of `data`, each `chunk` long (the last may be shorter).
    ///
    /// # Panics
    /// If `chunk` is 0.
    pub fn for_each_chunk_mut<T: Send>(
        &self,
        data: &mut [T],
        chunk: usize,
        f: impl Fn(usize, &mut [T]) + Sync + Send,
    ) {
        assert!(chunk > 0, "a chunk needs at least one item");
        let f = |i, c: &mut [T]| {
            self.go_on();
            f(i, c);
        };
        if self.is_serial() || data.len() <= chunk {
            data.chunks_mut(chunk).enumerate().for_each(|(i, c)| f(i, c));
        } else {
            self.run(|| data.par_chunks_mut(chunk).enumerate().for_each(|(i, c)| f(i, c)));
        }
    }

    /// As [`for_each_chunk_mut`](Self::for_each_chunk_mut) on two slices cut in step: chunk `i` of `a` and chunk `i`
    /// of `b`.
    ///
    /// # Panics
    /// If a chunk length is 0.
    pub fn for_each_chunk_mut2<A: Send, B: Send>(
        &self,
        (a, chunk_a): (&mut [A], usize),
        (b, chunk_b): (&mut [B], usize),
        f: impl Fn(usize, &mut [A], &mut [B]) + Sync + Send,
    ) {
        assert!(chunk_a > 0 && chunk_b > 0, "a chunk needs at least one item");
        let f = |i, a: &mut [A], b: &mut [B]| {
            self.go_on();
            f(i, a, b);
        };
        if self.is_serial() {
            a.chunks_mut(chunk_a).zip(b.chunks_mut(chunk_b)).enumerate().for_each(|(i, (a, b))| f(i, a, b));
        } else {
            self.run(|| {
                a.par_chunks_mut(chunk_a)
                    .zip(b.par_chunks_mut(chunk_b))
                    .enumerate()
                    .for_each(|(i, (a, b))| f(i, a, b));
            });
        }
    }

    /// Sorts by a total order; equal items keep their order.
    pub fn sort_by<T: Send>(
        &self,
        data: &mut [T],
        compare: impl Fn(&T, &T) -> std::cmp::Ordering + Sync + Send,
    ) {
        if self.is_serial() {
            data.sort_by(compare);
        } else {
            self.run(|| data.par_sort_by(compare));
        }
    }

    /// Runs two closures, at the same time if there are threads for it.
    pub fn join<A: Send, B: Send>(
        &self,
        a: impl FnOnce() -> A + Send,
        b: impl FnOnce() -> B + Send,
    ) -> (A, B) {
        self.go_on();
        if self.is_serial() { (a(), b()) } else { self.run(|| rayon::join(a, b)) }
    }
}

fn available() -> usize {
    static CORES: OnceLock<usize> = OnceLock::new();
    *CORES.get_or_init(rayon::current_num_threads)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn execs() -> Vec<Exec> {
        [1, 2, 3, 7].map(|n| Exec::with_threads(NonZeroUsize::new(n).unwrap()).unwrap()).to_vec()
    }

    #[test]
    fn order_does_not_depend_on_threads() {
        for e in execs() {
            assert_eq!(e.map(100, |i| i * 3), (0..100).map(|i| i * 3).collect::<Vec<_>>());
            assert_eq!(e.map_chunks(10, 4, |r| r), [0..4, 4..8, 8..10]);
            let mut v = vec![0; 10];
            e.for_each_chunk_mut(&mut v, 3, |i, c| c.fill(i));
            assert_eq!(v, [0, 0, 0, 1, 1, 1, 2, 2, 2, 3]);
            let r: std::result::Result<Vec<usize>, usize> =
                e.try_map(50, |i| if i % 20 == 19 { Err(i) } else { Ok(i) });
            assert_eq!(r, Err(19));
        }
    }

    #[test]
    fn stopped_work_ends_between_items() {
        use std::sync::atomic::{AtomicUsize, Ordering};
        for e in execs() {
            let (stop, done) = (Stop::default(), AtomicUsize::new(0));
            let e = e.with_stop(&stop);
            let r = stop.run(|| {
                e.map(100_000, |i| {
                    if i == 10 {
                        stop.stop();
                    }
                    done.fetch_add(1, Ordering::Relaxed);
                })
            });
            assert!(matches!(r, Err(CoreError::Interrupted)));
            assert!(done.load(Ordering::Relaxed) < 100_000);
            assert!(matches!(stop.run(|| e.map_chunks(3, 1, |r| r)), Err(CoreError::Interrupted)));
            let free = Stop::default();
            assert_eq!(free.run(|| e.with_stop(&free).map(3, |i| i)).unwrap(), [0, 1, 2]);
        }
    }

    #[test]
    #[should_panic(expected = "mine")]
    fn other_ends_are_not_hidden() {
        let _ = Stop::default().run(|| Exec::serial().map(3, |_| panic!("mine")));
    }

    #[test]
    fn threads_are_as_asked() {
        assert_eq!(execs().iter().map(Exec::threads).collect::<Vec<_>>(), [1, 2, 3, 7]);
    }
}
