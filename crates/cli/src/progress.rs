//! Progress on a terminal, silence in a pipe.

use std::sync::Mutex;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use skyphot::psf::Watch;

use crate::args::GlobalArgs;

/// What a line shows: a step, or one that counts.
const STEP: &str = "{spinner} {msg} ({elapsed})";
const COUNT: &str = "{spinner} {msg} {pos}/{len} ({per_sec}, {eta} left)";
/// Less than this is not counted.
const FEW: usize = 20;

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}

/// A spinner that names the step under way; hidden with `--quiet` or when standard error is not a terminal.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    notes: bool,
}

impl Progress {
    pub(crate) fn new(global: &GlobalArgs) -> Self {
        let bar = ProgressBar::with_draw_target(
            None,
            if global.quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() },
        );
        bar.set_style(style(STEP));
        bar.enable_steady_tick(Duration::from_millis(100));
        Self { bar, notes: !global.quiet }
    }

    /// Names the step that begins.
    pub(crate) fn step(&self, what: &str) {
        self.bar.set_style(style(STEP));
        self.bar.set_message(what.to_owned());
    }

    /// Counts what a long step tells of itself, with its rate and the time left.
    pub(crate) fn watch(&self) -> Watch {
        let bar = self.bar.clone();
        let last = Mutex::new((0, 0));
        Watch::new(move |done, total| {
            if total < FEW {
                return;
            }
            let Ok(mut last) = last.lock() else { return };
            if last.1 != total || done < last.0 / 2 {
                bar.reset();
                bar.set_length(total as u64);
                bar.set_style(style(COUNT));
                *last = (0, total);
            }
            last.0 = last.0.max(done);
            bar.set_position(last.0 as u64);
        })
    }

    /// A line for the reader on standard error.
    #[allow(clippy::print_stderr)]
    pub(crate) fn note(&self, text: &str) {
        if self.notes {
            self.bar.suspend(|| eprintln!("{text}"));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
