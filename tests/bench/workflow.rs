//! The five workflows, each a process from its files to its files. The tutorials' Python is in `peers_workflow.py`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use serde_json::Value;
use skyphot::core::Exec;
use skyphot::io::read_table;

use super::inputs::Inputs;
use super::{Done, Error, Values};

/// `skyphot run --recipe` without pictures, the program that `cargo xtask bench` built beside this one.
pub(crate) fn run(case: &str, inputs: &Inputs, exec: &Exec) -> Result<Done, Error> {
    let program = std::env::current_exe()?.with_file_name("skyphot");
    // Two may run at the same time.
    let output = inputs.work.join(format!("{case}-{}", std::process::id()));
    let mut command = Command::new(program);
    command
        .args(["run", "--no-pictures", "--quiet", "--force", "--threads", &exec.threads().to_string()])
        .args(arguments(case, inputs)?)
        .arg("-o")
        .arg(&output);
    let start = Instant::now();
    let done = command.output()?;
    let seconds = start.elapsed().as_secs_f64();
    if !done.status.success() {
        return Err(String::from_utf8_lossy(&done.stderr).into_owned().into());
    }
    let case = case.to_owned();
    Ok(Done { seconds, values: Box::new(move || values(&case, &output)), file: None })
}

fn data(name: &str) -> Result<String, Error> {
    let folder = std::env::var_os("SKYPHOT_TEST_DATA").ok_or("SKYPHOT_TEST_DATA is not set")?;
    Ok(PathBuf::from(folder).join(name).display().to_string())
}

fn arguments(case: &str, inputs: &Inputs) -> Result<Vec<String>, Error> {
    let with = |name: &str, file: &str| Ok::<_, Error>(format!("--with={name}={}", data(file)?));
    let (recipe, rest) = match case {
        "workflow-xdf" => ("xdf", vec![inputs.path("xdf_like5k.fits").display().to_string()]),
        "workflow-roman" => {
            let root = "roman/r0003201001001001004_0001_wfi01_f106";
            let files = vec![
                data(&format!("{root}_cal.asdf"))?,
                with("positions", &format!("{root}_truth.ecsv"))?,
                with("area", "roman/roman_wfi_area_wfi01_sub768.asdf")?,
                with("ee", &format!("{root}_ee.ecsv"))?,
            ];
            ("roman-forced", files)
        }
        "workflow-miri" => {
            let files = vec![
                data("jwst/det_image_seq1_MIRIMAGE_F560Wexp1_cal.fits.gz")?,
                data("jwst/det_image_seq2_MIRIMAGE_F770Wexp2_cal.fits.gz")?,
                with("reference", "jwst/complex_2021_level3_F560W_cat.ecsv")?,
                with("reference", "jwst/complex_2021_level3_F770W_cat.ecsv")?,
            ];
            ("jwst-miri", files)
        }
        "workflow-gradient" => {
            ("ground-gradient", vec![data("ground/TIC_125489084.01-S001-R055-C001-ip-sim.fit.bz2")?])
        }
        "workflow-nircam" => {
            ("nircam-psf", vec![data("psf/nircam_nrca1_f200w_fovp101_samp4_npsf16.fits.gz")?])
        }
        _ => return Err(format!("no case {case}").into()),
    };
    Ok([vec!["--recipe".to_owned(), recipe.to_owned()], rest].concat())
}

/// What the other side is compared with.
fn values(case: &str, output: &Path) -> Result<Values, Error> {
    let column = |table: &str, name: &str| -> Result<Vec<f64>, Error> {
        Ok(read_table(output.join(format!("{table}.ecsv")))?.f64(name)?)
    };
    let run: Value = serde_json::from_str(&std::fs::read_to_string(output.join("run.json"))?)?;
    let numbers = |image: usize, names: &[&str]| -> Result<Vec<f64>, Error> {
        let found = &run["images"][image]["numbers"];
        names.iter().map(|n| found[n].as_f64().ok_or_else(|| format!("no number {n}").into())).collect()
    };
    let three = |name: &str| {
        let names = ["mean", "median", "std"].map(|k| format!("{name}_{k}"));
        numbers(0, &names.each_ref().map(String::as_str))
    };
    Ok(match case {
        "workflow-xdf" => Values::from([
            ("sources", numbers(0, &["n_segments"])?),
            ("peaks", vec![column("peaks", "x_centroid")?.len() as f64]),
            ("sum", column("catalog", "aperture_sum")?),
            ("annulus", column("catalog", "annulus_sum")?),
            ("bkgsub", column("catalog", "aperture_sum_bkgsub_tutorial")?),
            ("dec", column("catalog", "dec")?),
        ]),
        "workflow-roman" => Values::from([
            ("x", column("catalog", "x_center")?),
            ("sum", column("catalog", "sum")?),
            ("sky", column("catalog", "sky")?),
            ("mag", column("catalog", "mag_ab")?),
            ("offset", numbers(0, &["offset_mean"])?),
        ]),
        "workflow-miri" => {
            let zero_points = [numbers(0, &["zero_point"])?, numbers(1, &["zero_point"])?].concat();
            Values::from([
                ("zero_points", zero_points),
                ("flux_r1", column("F560W_catalog", "flux_r1")?),
                ("sky", column("F560W_catalog", "sky")?),
                ("other_r1", column("F770W_catalog", "flux_r1")?),
                ("mag", column("F560W_catalog", "mag_ab")?),
            ])
        }
        "workflow-gradient" => Values::from([
            ("clipped", three("clipped")?),
            ("unmasked", three("unmasked")?),
            ("plain", numbers(0, &["plain_mean", "plain_median"])?),
            ("sourceless", three("sourceless")?),
            ("background", numbers(0, &["tutorial_median"])?),
        ]),
        _ => Values::from([
            ("x", column("catalog", "x_fit")?),
            ("flux", column("catalog", "flux_fit")?),
            ("grouped", column("grouped", "flux_fit")?),
            ("groups", numbers(0, &["grouped_groups"])?),
        ]),
    })
}
