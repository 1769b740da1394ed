//! The table of times.

use std::fmt::Write as _;
use std::time::Duration;

use anyhow::{Context, Result};

use super::cases::{CASES, Case, Measure, Peer};
use super::compare::median;
use crate::{run, workspace};

/// What was measured of one case.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) case: &'static Case,
    /// Our times on the peers' core.
    pub(super) ours: Vec<Duration>,
    /// Our times on all cores with one and with two threads.
    pub(super) one: Vec<Duration>,
    pub(super) two: Vec<Duration>,
    /// Our times with one thread while another process does the same.
    pub(super) both: Vec<Duration>,
    pub(super) peers: Vec<PeerLine>,
}

/// What was measured of one peer.
#[derive(Debug)]
pub(super) struct PeerLine {
    pub(super) peer: &'static Peer,
    /// Largest disagreement of values.
    pub(super) agreement: f64,
    /// Time of the first, untimed, call.
    pub(super) warm: Duration,
    pub(super) times: Vec<Duration>,
    /// Their time over ours, neighbouring calls.
    pub(super) ratios: Vec<f64>,
}

impl PeerLine {
    fn agrees(&self) -> bool {
        self.peer.allows(self.agreement)
    }

    fn ratio(&self) -> f64 {
        median(&mut self.ratios.clone())
    }

    fn agreement(&self) -> String {
        let what = match self.peer.measure {
            Measure::Max => "relative, max".to_owned(),
            Measure::MaxPer(unit) => format!("of {unit}, max"),
            Measure::MedianPer(unit) => format!("of {unit}, median"),
        };
        let loose = match self.peer.median_of {
            [] => String::new(),
            names => format!(", median for {}", names.join(" ")),
        };
        let mark = if self.agrees() { "" } else { " DISAGREES" };
        format!(
            "{} {:.1e} {what}{loose} (allowed {:.0e}){mark}",
            self.peer.name, self.agreement, self.peer.tolerance
        )
    }
}

impl Line {
    pub(super) fn agrees(&self) -> bool {
        self.peers.iter().all(PeerLine::agrees)
    }

    /// What two threads gain, and what the machine gives to two processes that know nothing of each other: the best
    /// times, because a disturbance on either core lengthens a call of two.
    fn speedup(&self) -> Option<String> {
        let [one, two, both] = [&self.one, &self.two, &self.both].map(|t| t.iter().min().copied());
        let (one, two, both) = (one?.as_secs_f64(), two?.as_secs_f64(), both?.as_secs_f64());
        Some(format!("{:.2} x of {:.2}", one / two, 2.0 * one / both))
    }

    /// Whether each target is met, with its words.
    fn targets(&self) -> Vec<(String, bool)> {
        let mut out = Vec::new();
        if let (Some(t), Some(r)) =
            (self.case.fastest, self.peers.iter().map(PeerLine::ratio).reduce(f64::min))
        {
            out.push((format!(">= {t} x fastest"), r >= t));
        }
        for p in &self.peers {
            if let Some(t) = p.peer.target {
                out.push((format!(">= {t} x {}", p.peer.name), p.ratio() >= t));
            }
        }
        out
    }

    /// A few lines for the terminal.
    pub(super) fn text(&self) -> String {
        let mut out = format!("  ours {:.4} s", middle(&self.ours));
        if let Some(s) = self.speedup() {
            write!(out, ", 2 threads {s}").ok();
        }
        out.push('\n');
        for p in &self.peers {
            writeln!(
                out,
                "  {} {:.4} s: {:.2} x; {}",
                p.peer.name,
                middle(&p.times),
                p.ratio(),
                p.agreement()
            )
            .ok();
        }
        out
    }
}

/// Markdown, which reads well enough on a terminal.
pub(super) fn table(lines: &[Line]) -> String {
    aligned(lines.iter().map(|l| row(l, "this")).collect())
}

const COLUMNS: usize = 9;
type Row = [String; COLUMNS];

fn row(l: &Line, commit: &str) -> Row {
    let join = |f: &dyn Fn(&PeerLine) -> String| l.peers.iter().map(f).collect::<Vec<_>>().join(", ");
    let targets = l.targets();
    let met = if targets.is_empty() {
        String::new()
    } else if targets.iter().all(|t| t.1) {
        "yes".to_owned()
    } else {
        "NO".to_owned()
    };
    [
        format!("`{}` {}", l.case.name, l.case.what),
        format!("{:.4}", middle(&l.ours)),
        join(&|p| format!("{} {:.3}", p.peer.name, middle(&p.times))),
        join(&|p| format!("{} {:.1}", p.peer.name, p.ratio())),
        targets.iter().map(|t| t.0.as_str()).collect::<Vec<_>>().join(", "),
        met,
        l.speedup().unwrap_or_default(),
        join(&PeerLine::agreement),
        commit.to_owned(),
    ]
}

/// A Markdown table with columns of one width.
fn aligned(lines: Vec<Row>) -> String {
    let header = [
        "case",
        "ours (s)",
        "peers (s)",
        "peer / ours",
        "target",
        "met",
        "2 threads",
        "values differ by",
        "commit",
    ];
    let mut rows = vec![header.map(str::to_owned)];
    rows.extend(lines);
    let widths: Vec<usize> =
        (0..header.len()).map(|i| rows.iter().map(|r| r[i].chars().count()).max().unwrap_or(0)).collect();
    let mut out = String::new();
    for (n, row) in rows.iter().enumerate() {
        for (cell, width) in row.iter().zip(&widths) {
            write!(out, "| {cell:<width$} ").ok();
        }
        out.push_str("|\n");
        if n == 0 {
            for width in &widths {
                write!(out, "|{}", "-".repeat(width + 2)).ok();
            }
            out.push_str("|\n");
        }
    }
    out
}

const BEGIN: &str = "<!-- bench: begin (cargo xtask bench --write) -->";
const END: &str = "<!-- bench: end -->";

/// The rows of a table, by the name of their case.
fn parse(text: &str) -> Vec<(String, Row)> {
    let mut out = Vec::new();
    for line in text.lines().filter(|l| l.starts_with("| `")) {
        let cells: Vec<String> = line.trim_matches('|').split('|').map(|c| c.trim().to_owned()).collect();
        let name = line.split('`').nth(1).unwrap_or_default().to_owned();
        if let Ok(row) = Row::try_from(cells) {
            out.push((name, row));
        }
    }
    out
}

/// Writes the table between the markers of docs/performance.md. Rows of cases that were not run stay as they are.
pub(super) fn write(lines: &[Line], versions: &str) -> Result<()> {
    let path = workspace::root().join("docs/performance.md");
    let commit = run::output(run::command("git").args(["rev-parse", "--short", "HEAD"]))?;
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cpu = cpu.lines().find_map(|l| l.strip_prefix("model name")).unwrap_or(": unknown processor");
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let old = workspace::read(&path)?;
    let known = parse(&old);
    let kept = |name: &str| known.iter().find(|k| k.0 == name).map(|k| k.1.clone());
    let rows = CASES
        .iter()
        .filter_map(|c| {
            let new = lines.iter().find(|l| l.case.name == c.name).map(|l| row(l, commit.trim()));
            new.or_else(|| kept(c.name))
        })
        .collect();
    let text = format!(
        "{}, {cores} cores. Peers: {versions}.\n\n{}",
        cpu.trim_start_matches([' ', '\t', ':']),
        aligned(rows)
    );
    let new = workspace::between(&old, BEGIN, END, &text).context("docs/performance.md")?;
    std::fs::write(&path, new).context("cannot write docs/performance.md")?;
    println!("docs/performance.md: the table is written");
    Ok(())
}

/// Median in seconds.
fn middle(times: &[Duration]) -> f64 {
    median(&mut times.iter().map(Duration::as_secs_f64).collect::<Vec<_>>())
}
