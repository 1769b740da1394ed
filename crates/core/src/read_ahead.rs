//! Reading the next part while this one is worked on.

use crate::Exec;

impl Exec {
    /// Calls `read` and then `work` for every item in order. With threads to spare the next item is read while one is
    /// worked on, where `both` says that two may be in memory at once. The answer is that of reading one after the
    /// other.
    ///
    /// ```
    /// use skyphot_core::Exec;
    /// let mut sum = 0;
    /// let read = |i: &i32| Ok::<_, String>(i * 10);
    /// Exec::default().read_ahead(&[1, 2, 3], |_, _| true, read, |_, v| {
    ///     sum += v;
    ///     Ok(())
    /// })?;
    /// assert_eq!(sum, 60);
    /// # Ok::<(), String>(())
    /// ```
    ///
    /// # Errors
    /// The first error; of the work on an item before that of reading the next.
    pub fn read_ahead<I: Sync, R: Send, E: Send>(
        &self,
        items: &[I],
        both: impl Fn(&I, &I) -> bool,
        read: impl Fn(&I) -> Result<R, E> + Sync + Send,
        mut work: impl FnMut(&I, R) -> Result<(), E> + Send,
    ) -> Result<(), E> {
        let mut ready = None;
        for (k, item) in items.iter().enumerate() {
            let part = match ready.take() {
                Some(part) => part,
                None => read(item)?,
            };
            match items.get(k + 1).filter(|next| self.threads() > 1 && both(item, next)) {
                Some(next) => {
                    let (done, ahead) = self.join(|| work(item, part), || read(next));
                    done?;
                    ready = Some(ahead?);
                }
                None => work(item, part)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::num::NonZeroUsize;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn every_item_once_and_in_order_whatever_the_threads() {
        for threads in [1, 2, 3] {
            let exec = Exec::with_threads(NonZeroUsize::new(threads).unwrap()).unwrap();
            for pairs in [false, true] {
                let (mut seen, alive, most) = (Vec::new(), AtomicUsize::new(0), AtomicUsize::new(0));
                let read = |i: &usize| {
                    most.fetch_max(alive.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    Ok::<_, ()>(10 * i)
                };
                exec.read_ahead(
                    &[1, 2, 3, 4, 5],
                    |_, _| pairs,
                    read,
                    |i, r| {
                        seen.push((*i, r));
                        alive.fetch_sub(1, Ordering::SeqCst);
                        Ok(())
                    },
                )
                .unwrap();
                assert_eq!(seen, [(1, 10), (2, 20), (3, 30), (4, 40), (5, 50)]);
                assert!(most.into_inner() <= if pairs && threads > 1 { 2 } else { 1 });
            }
            let first = exec.read_ahead(
                &[1, 2, 3],
                |_, _| true,
                |i| if *i == 3 { Err("read 3") } else { Ok(*i) },
                |i, _| if *i == 2 { Err("work 2") } else { Ok(()) },
            );
            assert_eq!(first, Err("work 2"));
        }
    }
}
