//! The Python package: builds the wheel with maturin, installs it into a fresh environment below `target/python` and runs
//! the tests of `crates/python` there, first without astropy, then with it; the comparison with photutils runs with
//! the pinned peers, as the fixtures do.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::peers::Peers;
use crate::run::{self, Outcome};
use crate::workspace;

/// What builds and tests the package; numpy and astropy are pinned by `tests/reference/requirements.txt`.
const TOOLS: [&str; 2] = ["maturin>=1.9,<2", "pytest>=8"];

/// Builds, installs, tests; `release` builds the wheel users would get.
pub(crate) fn all(release: bool) -> Result<Outcome> {
    let Some(python) = interpreter() else {
        return Ok(Outcome::Skipped("no python3 of version 3.11 or later".to_owned()));
    };
    let root = workspace::root();
    let package = root.join("crates/python");
    let out = workspace::target()?.join("python");
    let (venv, wheels) = (out.join("venv"), out.join("wheels"));
    run::checked(run::command(&python).args(["-m", "venv", "--clear"]).arg(&venv))?;
    let venv_python = venv.join("bin/python");
    let pip = |what: &[&str]| {
        let mut c = run::command(&venv_python);
        c.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
        c.arg("--constraint").arg(root.join("tests/reference/requirements.txt")).args(what);
        run::checked(&mut c)
    };
    pip(&TOOLS)?;
    pip(&["numpy"])?;

    if wheels.exists() {
        std::fs::remove_dir_all(&wheels)?;
    }
    run::checked(&mut build(&venv, &package, &venv_python, &wheels, release))?;
    let wheel = the_wheel(&wheels)?;
    pip(&["--no-deps", "--force-reinstall", &wheel.to_string_lossy()])?;

    run::checked(&mut tests(&venv_python, &package, "test_without_astropy.py"))?;
    pip(&["astropy", "astropy-healpix", "dask[distributed]", "pyarrow", "mypy>=1.15"])?;
    run::checked(&mut tests(&venv_python, &package, "."))?;
    run::checked(
        run::command(&venv_python)
            .args(["-m", "mypy", "--config-file"])
            .arg(package.join("pyproject.toml"))
            .arg(package.join("python/skyphot"))
            .arg("--cache-dir")
            .arg(out.join("mypy")),
    )?;
    run::checked(
        run::command(&venv_python)
            .args(["-m", "mypy.stubtest", "skyphot._core", "--mypy-config-file"])
            .env("MYPY_CACHE_DIR", out.join("mypy"))
            .arg(package.join("pyproject.toml")),
    )?;
    against_photutils(&package, &wheel, &out)?;
    without_the_lock(&venv, &package, &out, release)?;
    Ok(Outcome::Passed)
}

/// The interpreter without the global lock. Its wheel has no stable interface: pyo3 leaves that out by itself.
const FREE_THREADED: &str = "python3.14t";

/// Where there is an interpreter without the global lock: a wheel for it, and the tests of threads there.
fn without_the_lock(venv: &Path, package: &Path, out: &Path, release: bool) -> Result<()> {
    let Ok(python) =
        run::output(run::command(FREE_THREADED).args(["-c", "import sys; print(sys.executable)"]))
    else {
        println!("python: no {FREE_THREADED}: not tested without the global lock");
        return Ok(());
    };
    let (own, wheels) = (out.join("free-threaded"), out.join("wheels-free-threaded"));
    run::checked(run::command(python.trim()).args(["-m", "venv", "--clear"]).arg(&own))?;
    if wheels.exists() {
        std::fs::remove_dir_all(&wheels)?;
    }
    let own_python = own.join("bin/python");
    run::checked(&mut build(venv, package, &own_python, &wheels, release))?;
    let mut pip = run::command(&own_python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--constraint"]);
    pip.arg(workspace::root().join("tests/reference/requirements.txt")).args(["pytest>=8", "numpy"]);
    run::checked(pip.arg(the_wheel(&wheels)?))?;
    run::checked(&mut tests(&own_python, package, "test_threads.py"))
}

/// maturin's build of a wheel for an interpreter.
fn build(venv: &Path, package: &Path, interpreter: &Path, wheels: &Path, release: bool) -> Command {
    let mut build = run::command(venv.join("bin/maturin"));
    build.args(["build", "--quiet", "--locked", "--compatibility", "linux", "--manifest-path"]);
    build.arg(package.join("Cargo.toml")).arg("--interpreter").arg(interpreter).arg("--out").arg(wheels);
    if release {
        build.arg("--release");
    }
    build
}

/// The comparison, with the interpreter and the packages of the peers and the wheel on its path.
fn against_photutils(package: &Path, wheel: &Path, out: &Path) -> Result<()> {
    let peers = match Peers::find()? {
        Ok(p) => p,
        Err(why) => {
            println!("python: not compared with photutils: {why}");
            return Ok(());
        }
    };
    let site = out.join("site");
    if site.exists() {
        std::fs::remove_dir_all(&site)?;
    }
    run::checked(
        peers
            .python()
            .args(["-m", "pip", "install", "--quiet", "--no-deps", "--target"])
            .arg(&site)
            .arg(wheel),
    )?;
    let mut c = peers.python();
    c.args(["-m", "pytest", "-p", "no:cacheprovider", "-q", "-rs"]).current_dir(package.join("tests"));
    c.args(["test_against_photutils.py", "test_api_of_photutils.py", "test_outlines.py"]);
    c.args(["test_wcs.py", "test_tutorials.py"]).env("PYTHONPATH", &site);
    run::checked(&mut c)
}

fn tests(python: &Path, package: &Path, what: &str) -> Command {
    let mut c = run::command(python);
    c.args(["-m", "pytest", "-p", "no:cacheprovider", "-q", "-rs", what]);
    c.current_dir(package.join("tests")).env("PYTHONDONTWRITEBYTECODE", "1").env_remove("PYTHONPATH");
    c
}

/// `python3`, if it is new enough.
fn interpreter() -> Option<PathBuf> {
    let script = "import sys; print(sys.executable if sys.version_info >= (3, 11) else '')";
    let found = run::output(run::command("python3").args(["-c", script])).ok()?;
    let path = found.trim();
    (!path.is_empty()).then(|| PathBuf::from(path))
}

fn the_wheel(folder: &Path) -> Result<PathBuf> {
    let wheels: Vec<PathBuf> = std::fs::read_dir(folder)
        .with_context(|| format!("no wheels in {}", folder.display()))?
        .filter_map(|e| e.ok().map(|e| e.path()))
        .filter(|p| p.extension().is_some_and(|e| e == "whl"))
        .collect();
    match wheels.as_slice() {
        [one] => Ok(one.clone()),
        many => bail!("maturin made {} wheels, expected 1", many.len()),
    }
}
