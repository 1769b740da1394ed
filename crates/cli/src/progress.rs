//! Progress on a terminal, silence in a pipe.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::args::GlobalArgs;

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
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(100));
        Self { bar, notes: !global.quiet }
    }

    /// Names the step that begins.
    pub(crate) fn step(&self, what: &str) {
        self.bar.set_message(what.to_owned());
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
