//! The image and the planes that go with it.

use std::path::PathBuf;

use clap::Args;
use skyphot::pipeline::InputSection;

#[derive(Debug, Args)]
pub(crate) struct InputArgs {
    /// Image: FILE, FILE[EXT], FILE[EXT,VER] or FILE[2]; of ASDF files FILE or FILE[roman.data]
    pub(crate) file: String,
    #[command(flatten)]
    pub(crate) planes: PlaneArgs,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Planes of the image")]
pub(crate) struct PlaneArgs {
    /// 1-sigma error plane, in the unit of the image
    #[arg(long, value_name = "FILE[EXT]")]
    error: Option<String>,
    /// Mask: pixels that are not 0 are bad
    #[arg(long, value_name = "FILE[EXT]")]
    mask: Option<String>,
    /// Data-quality plane; any bit makes a pixel bad unless --dq-good or --dq-bad-bits says otherwise. Files of JWST and
    /// Roman bring their own, of which DO_NOT_USE counts
    #[arg(long, value_name = "FILE[EXT]")]
    dq: Option<String>,
    /// Values of the data-quality plane that are good
    #[arg(long, value_name = "LIST", value_delimiter = ',', conflicts_with = "dq_bad_bits")]
    dq_good: Option<Vec<u32>>,
    /// Bits of the data-quality plane that are bad: numbers, or names of JWST or Roman such as SATURATED
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    dq_bad_bits: Option<Vec<String>>,
    /// Inverse-variance plane; 0 is bad
    #[arg(long, value_name = "FILE[EXT]", conflicts_with = "error")]
    weight: Option<String>,
    /// What the plane of --weight holds [default: weight]
    #[arg(long, value_parser = ["weight", "variance", "rms"], requires = "weight")]
    weight_type: Option<String>,
    /// Electrons per data unit: adds the Poisson noise of the sources to the errors
    #[arg(long, value_name = "GAIN")]
    gain: Option<f64>,
    /// Pixel-area map, or auto for the one in a JWST file: values and errors are multiplied by it
    #[arg(long, value_name = "FILE[EXT]|auto")]
    area: Option<String>,
    /// World coordinate system to use instead of the image's own: an image that has it, or cards in a text file
    #[arg(long, value_name = "FILE[EXT]")]
    wcs: Option<String>,
    /// Leave alone the errors and the data quality that files of JWST and Roman bring along
    #[arg(long)]
    ignore_planes: bool,
}

impl PlaneArgs {
    /// Lays what was typed over a configuration.
    pub(crate) fn apply(&self, section: &mut InputSection) {
        crate::args::sections::lay(&mut section.error, &self.error);
        crate::args::sections::lay(&mut section.mask, &self.mask);
        crate::args::sections::lay(&mut section.dq, &self.dq);
        crate::args::sections::lay(&mut section.dq_good, &self.dq_good);
        crate::args::sections::lay(&mut section.dq_bad_bits, &self.dq_bad_bits);
        crate::args::sections::lay(&mut section.weight, &self.weight);
        crate::args::sections::lay(&mut section.weight_type, &self.weight_type);
        crate::args::sections::lay(&mut section.gain, &self.gain);
        crate::args::sections::lay(&mut section.area, &self.area);
        crate::args::sections::lay(&mut section.wcs, &self.wcs);
        section.ignore_planes |= self.ignore_planes;
    }
}

#[derive(Debug, Args)]
pub(crate) struct TableOutput {
    /// Table to write: .ecsv .fits .csv .parquet .vot .xml, or - for ECSV on standard output
    #[arg(short, long, value_name = "FILE", default_value = "-", help_heading = "Output")]
    pub(crate) output: PathBuf,
}
