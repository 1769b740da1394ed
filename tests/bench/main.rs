//! Our side of `cargo xtask bench`: `skyphot-bench INPUTS WORK`.
//!
//! Answers each request line on standard input with one line of JSON on standard output:
//! `run CASE skyphot THREADS save|time` gives `{"seconds": s, "saved": {name: file of 64-bit floats}}`,
//! `forget` drops the inputs.
#![allow(clippy::print_stdout)]

mod aperture_stats;
mod cases;
mod catalog;
mod command;
mod epsf;
mod inputs;
mod psf;
mod segment;
mod shapes;
mod wcs;
mod wcs_gwcs;
mod workflow;

use std::collections::BTreeMap;
use std::io::BufRead;
use std::num::NonZeroUsize;
use std::path::Path;

use serde_json::{Value, json};
use skyphot::core::Exec;

use inputs::Inputs;

type Error = Box<dyn std::error::Error>;

/// Lists of numbers to compare, by name.
type Values = BTreeMap<&'static str, Vec<f64>>;

/// What a timed call leaves behind.
struct Done {
    seconds: f64,
    /// The numbers, taken out of the result only if somebody wants them.
    values: Box<dyn FnOnce() -> Result<Values, Error>>,
    /// A file that was written.
    file: Option<std::path::PathBuf>,
}

fn main() -> Result<(), Error> {
    let mut args = std::env::args().skip(1);
    let (Some(folder), Some(work)) = (args.next(), args.next()) else {
        return Err("usage: skyphot-bench INPUTS WORK".into());
    };
    let mut inputs = Inputs::new(folder, &work);
    for line in std::io::stdin().lock().lines() {
        let reply = answer(&line?, &mut inputs, Path::new(&work));
        println!("{}", reply.unwrap_or_else(|e| json!({"error": e.to_string()})));
    }
    Ok(())
}

fn answer(request: &str, inputs: &mut Inputs, work: &Path) -> Result<Value, Error> {
    match request.split_whitespace().collect::<Vec<_>>()[..] {
        ["forget"] => {
            inputs.forget();
            Ok(json!({}))
        }
        ["run", case, "skyphot", threads, what] => {
            let exec = Exec::with_threads(NonZeroUsize::new(threads.parse()?).ok_or("no threads")?)?;
            let done = cases::run(case, inputs, &exec)?;
            let mut saved = BTreeMap::new();
            if what == "save" {
                for (name, values) in (done.values)()? {
                    let file = work.join(format!("skyphot-{case}-{name}.f64"));
                    let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
                    std::fs::write(&file, bytes)?;
                    saved.insert(name, file);
                }
                saved.extend(done.file.map(|f| ("file", f)));
            }
            Ok(json!({"seconds": done.seconds, "saved": saved}))
        }
        _ => Err(format!("unknown request `{request}`").into()),
    }
}
