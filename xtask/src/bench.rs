//! Speed next to the reference implementations, in one run, on the same inputs, after comparing values.
//!
//! Two or three processes stay alive and answer requests on standard input: ours (`skyphot-bench` of package
//! `skyphot-tests`) and the peers' (`tests/bench/peers.py`). Timed calls alternate, so that a machine that slows down
//! slows everyone down; a ratio is the median of the ratios of neighbouring calls.

mod cases;
mod compare;
mod report;
mod worker;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::peers::Peers;
use crate::{run, workspace};
use cases::{CASES, Case};
use report::{Line, PeerLine};
use worker::Worker;

/// What to run.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only cases whose names contain one of these.
    names: Vec<String>,
    /// Only these peers.
    #[arg(long, value_delimiter = ',')]
    vs: Vec<String>,
    /// One timed round per case, no slow cases.
    #[arg(long)]
    quick: bool,
    /// Writes the table into docs/performance.md; rows of other cases stay.
    #[arg(long, conflicts_with_all = ["vs", "quick"])]
    write: bool,
}

/// Runs the cases; `false` if a value disagrees with a peer's.
pub(crate) fn all(args: &Args) -> Result<bool> {
    let cases: Vec<&Case> = CASES
        .iter()
        .filter(|c| args.names.is_empty() || args.names.iter().any(|n| c.name.contains(n.as_str())))
        .filter(|c| !(args.quick && c.slow && args.names.is_empty()))
        .collect();
    if cases.is_empty() {
        let names: Vec<_> = CASES.iter().map(|c| c.name).collect();
        bail!("no such case; there are {}", names.join(", "));
    }
    let (cases, without): (Vec<&Case>, Vec<&Case>) =
        cases.into_iter().partition(|c| !c.needs_data() || std::env::var_os("SKYPHOT_TEST_DATA").is_some());
    for case in without {
        println!("bench: {} left out: SKYPHOT_TEST_DATA is not set", case.name);
    }
    let peers = match Peers::find()? {
        Ok(p) => Some(p),
        Err(why) => {
            println!("bench: our times only: {why}");
            None
        }
    };
    let inputs = inputs(peers.as_ref())?;
    let work = workspace::target()?.join("bench-work");
    std::fs::create_dir_all(&work)?;

    run::checked(run::cargo().args([
        "build",
        "--release",
        "--package",
        "skyphot-tests",
        "--package",
        "skyphot-cli",
        "--bin",
        "skyphot-bench",
        "--bin",
        "skyphot",
    ]))?;
    let program = workspace::target()?.join("release/skyphot-bench");
    let mut sides = Sides {
        ours: Worker::start(&mut pinned(&program), &inputs, &work)?,
        free: Worker::start(&mut run::command(&program), &inputs, &work)?,
        peers: match &peers {
            Some(p) => {
                let python = p.python();
                let mut c = pinned(Path::new(python.get_program()));
                for (k, v) in python.get_envs() {
                    c.env(k, v.unwrap_or_default());
                }
                c.arg(workspace::root().join("tests/bench/peers.py"));
                Some(Worker::start(&mut c, &inputs, &work)?)
            }
            None => None,
        },
    };

    let mut lines = Vec::new();
    for case in cases {
        println!("{}: {}", case.name, case.what);
        let line = one(case, &mut sides, args, &work)?;
        print!("{}", line.text());
        lines.push(line);
    }
    println!("\n{}", report::table(&lines));
    if args.write {
        let versions = match &mut sides.peers {
            Some(p) => p.ask("versions")?["versions"].as_str().unwrap_or_default().to_owned(),
            None => bail!("docs/performance.md needs the peers"),
        };
        report::write(&lines, &versions)?;
    }
    std::fs::remove_dir_all(&work).ok();
    Ok(lines.iter().all(Line::agrees))
}

/// The processes.
#[derive(Debug)]
struct Sides {
    /// Ours on the peers' core.
    ours: Worker,
    /// Ours on all cores.
    free: Worker,
    peers: Option<Worker>,
}

fn one(case: &'static Case, sides: &mut Sides, args: &Args, work: &Path) -> Result<Line> {
    let mut line = Line {
        case,
        ours: Vec::new(),
        one: Vec::new(),
        two: Vec::new(),
        both: Vec::new(),
        peers: Vec::new(),
    };
    // Values first; this also warms both sides up.
    let (_, mine) = sides.ours.run(case.name, "skyphot", 1, true)?;
    if let Some(worker) = &mut sides.peers {
        for peer in case.peers.iter().filter(|p| args.vs.is_empty() || args.vs.iter().any(|v| v == p.name)) {
            let (warm, theirs) = worker.run(case.name, peer.name, 1, true)?;
            let agreement = match theirs.get("verify") {
                // The peer has to read what we wrote.
                Some(_) => {
                    let file = mine.get("file").context("nothing was written to verify")?;
                    let answer = worker.ask(&format!("verify {} {}", case.name, file.display()))?;
                    answer["difference"].as_f64().unwrap_or(f64::NAN)
                }
                None => compare::agreement(peer, &mine, &theirs)?,
            };
            for file in theirs.values() {
                std::fs::remove_file(file).ok();
            }
            line.peers.push(PeerLine { peer, agreement, warm, times: Vec::new(), ratios: Vec::new() });
        }
    }
    clean(work)?;

    let slowest = line.peers.iter().map(|p| p.warm).max().unwrap_or(Duration::from_millis(100));
    let rounds = if args.quick { 1 } else { (20.0 / slowest.as_secs_f64()).clamp(1.0, 9.0) as usize };
    for _ in 0..rounds {
        // A call of ours next to every call of a peer.
        for i in 0..line.peers.len() {
            let (ours, _) = sides.ours.run(case.name, "skyphot", 1, false)?;
            let worker = sides.peers.as_mut().context("peers without a process")?;
            let p = &mut line.peers[i];
            let (theirs, _) = worker.run(case.name, p.peer.name, 1, false)?;
            let (again, _) = sides.ours.run(case.name, "skyphot", 1, false)?;
            line.ours.extend([ours, again]);
            p.times.push(theirs);
            p.ratios.push(theirs.as_secs_f64() * 2.0 / (ours + again).as_secs_f64());
        }
    }
    let warm = sides.free.run(case.name, "skyphot", 1, false)?.0;
    let rounds = if args.quick { 1 } else { (15.0 / warm.as_secs_f64().max(1e-3)).clamp(2.0, 15.0) as usize };
    for _ in 0..rounds {
        if line.peers.is_empty() {
            line.ours.push(sides.ours.run(case.name, "skyphot", 1, false)?.0);
        }
        if case.threads {
            line.one.push(sides.free.run(case.name, "skyphot", 1, false)?.0);
            line.two.push(sides.free.run(case.name, "skyphot", 2, false)?.0);
            line.both.push(sides.free.run_with(&mut sides.ours, case.name)?);
        }
    }
    // Inputs are dropped: the next case may want other ones.
    sides.ours.ask("forget")?;
    sides.free.ask("forget")?;
    Ok(line)
}

fn clean(folder: &Path) -> Result<()> {
    for f in workspace::files(folder)? {
        std::fs::remove_file(f).ok();
    }
    Ok(())
}

/// A command on one core, single-threaded, where the system allows it.
fn pinned(program: &Path) -> std::process::Command {
    let has_taskset = std::process::Command::new("taskset").args(["-c", "0", "true"]).output();
    let mut c = if has_taskset.is_ok_and(|o| o.status.success()) {
        let mut c = run::command("taskset");
        c.args(["-c", "0"]).arg(program);
        c
    } else {
        run::command(program)
    };
    for v in ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"] {
        c.env(v, "1");
    }
    c
}

/// Folder of the input images: `$SKYPHOT_BENCH_INPUTS`, else made once below the build folder.
fn inputs(peers: Option<&Peers>) -> Result<PathBuf> {
    if let Some(folder) = std::env::var_os("SKYPHOT_BENCH_INPUTS") {
        return Ok(std::path::absolute(folder)?);
    }
    let folder = workspace::target()?.join("bench-inputs");
    if !folder.join("complete-2").exists() {
        let peers =
            peers.context("the inputs are made by Python: install the peers or set SKYPHOT_BENCH_INPUTS")?;
        run::checked(peers.python().arg("tests/bench/make_inputs.py").arg(&folder))?;
    }
    Ok(folder)
}
