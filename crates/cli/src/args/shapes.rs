//! Apertures as a user names them.

use clap::Args;
use skyphot::pipeline::{ApertureSection, Result, ShapeSpec};

use crate::args::sections::set;
use skyphot::pipeline::spec::Pair;

#[derive(Debug, Args)]
#[command(next_help_heading = "Apertures")]
pub(crate) struct ShapeArgs {
    /// Circles: radii in pixels (3, 3px), on the sky (0.5arcsec), or columns of the positions (fwhm, 2*fwhm)
    /// [default: 3,5]
    #[arg(long, value_name = "R[,R...]", allow_hyphen_values = true)]
    circle: Option<String>,
    /// Ellipse: semiaxes and angle of A in degrees; each a number or a column. In pixels the angle is counted
    /// counter-clockwise from +x, on the sky from north towards east. May be given several times
    #[arg(long, value_name = "A,B,THETA", allow_hyphen_values = true)]
    ellipse: Vec<String>,
    /// Rectangle: full width and height and the angle of the width, as for --ellipse
    #[arg(long, value_name = "W,H,THETA", allow_hyphen_values = true)]
    rectangle: Vec<String>,
    /// Inner and outer radius of the local sky annulus, or of an elliptical one the inner and outer semiaxis A, the
    /// outer semiaxis B and the angle; pixels, angles or columns
    #[arg(long, value_name = "IN,OUT|A_IN,A_OUT,B_OUT,THETA", allow_hyphen_values = true)]
    annulus: Option<String>,
    /// Statistic of the annulus [default: median]
    #[arg(long, value_parser = ["median", "mean", "mode"])]
    annulus_stat: Option<String>,
    /// Clipping of the annulus: sigma and passes [default: 3,5]
    #[arg(long, value_name = "SIGMA,N")]
    annulus_clip: Option<Pair>,
    /// Sky per pixel, subtracted: a number in the unit of the image, or a column of the positions
    #[arg(long, value_name = "VALUE|COLUMN", conflicts_with = "annulus", allow_hyphen_values = true)]
    pub(crate) local_background: Option<String>,
    /// Weight of the pixels on the rim: exact, center or subpixel:N [default: exact]
    #[arg(long)]
    method: Option<String>,
}

impl ShapeArgs {
    /// The apertures in the order circles, ellipses, rectangles; none if none was named.
    pub(crate) fn shapes(&self) -> Result<Vec<ShapeSpec>> {
        let mut all = match &self.circle {
            Some(text) => ShapeSpec::circles(text)?,
            None => Vec::new(),
        };
        for text in &self.ellipse {
            all.push(ShapeSpec::ellipse(text)?);
        }
        for text in &self.rectangle {
            all.push(ShapeSpec::rectangle(text)?);
        }
        Ok(all)
    }

    /// The annulus of the local sky.
    pub(crate) fn annulus(&self) -> Result<Option<ShapeSpec>> {
        self.annulus.as_deref().map(ShapeSpec::annulus).transpose()
    }

    pub(crate) fn apply(&self, s: &mut ApertureSection) {
        set(&mut s.annulus_stat, &self.annulus_stat);
        set(&mut s.annulus_clip, &self.annulus_clip);
        set(&mut s.method, &self.method);
    }
}
