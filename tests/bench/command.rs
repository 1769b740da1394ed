//! The command from a FITS file to a FITS table. Its counterpart is `peers_command.py`.

use std::process::Command;
use std::time::Instant;

use skyphot::core::Exec;
use skyphot::io::read_table;

use super::inputs::Inputs;
use super::{Done, Error, Values};

/// What source-extractor is asked for, in photutils' words.
const COLUMNS: &str = "label,x_centroid,y_centroid,x_centroid_win,y_centroid_win,ra,dec,bbox_xmin,bbox_xmax,bbox_ymin,\
                       bbox_ymax,semimajor_axis,semiminor_axis,orientation,area,max_value,segment_flux,\
                       segment_flux_err,kron_flux,kron_flux_err,kron_radius,flux_radius(0.5),circular_flux(3),\
                       circular_flux_err(3),circular_flux(10),circular_flux_err(10),flags";

/// `skyphot segment` as a process of its own, the program that `cargo xtask bench` built beside this one.
pub(crate) fn segment(inputs: &Inputs, exec: &Exec) -> Result<Done, Error> {
    let program = std::env::current_exe()?.with_file_name("skyphot");
    let output = inputs.work.join("command-segment");
    let mut command = Command::new(program);
    command
        .arg("segment")
        .arg(format!("{}[0]", inputs.path("field4k.fits").display()))
        .args(["--threshold", "1.5sigma", "--npixels", "5", "--kernel", "3.0", "--deblend", "--gain", "1"])
        .args(["--columns", COLUMNS, "--format", "fits", "--no-segmentation", "--no-pictures"])
        .args(["--quiet", "--force", "--threads", &exec.threads().to_string(), "-o"])
        .arg(&output);
    let start = Instant::now();
    let done = command.output()?;
    let seconds = start.elapsed().as_secs_f64();
    if !done.status.success() {
        return Err(String::from_utf8_lossy(&done.stderr).into_owned().into());
    }
    let values = move || {
        let t = read_table(output.join("catalog.fits"))?;
        let middle = |name: &str| -> Result<Vec<f64>, Error> {
            let mut v: Vec<f64> = t.f64(name)?.into_iter().filter(|v| v.is_finite()).collect();
            v.sort_unstable_by(f64::total_cmp);
            Ok(v.get(v.len() / 2).copied().into_iter().collect())
        };
        Ok(Values::from([
            ("sources", vec![t.n_rows() as f64]),
            ("flux_auto", middle("kron_flux")?),
            ("flux_aper", middle("circular_flux(3)")?),
        ]))
    };
    Ok(Done { seconds, values: Box::new(values), file: None })
}
