//! The gnomonic projection with SIP.

use skyphot_core::{Point, SkyCoord};

use crate::{PointStatus, Wcs};

/// Pixels to the sky.
pub(crate) fn to_sky(
    wcs: &Wcs,
    all: bool,
    input: &[Point],
    sky: &mut [SkyCoord],
    status: &mut [PointStatus],
) {
    for ((p, s), t) in input.iter().zip(sky).zip(status) {
        match wcs.sky_of(*p, all) {
            Ok(v) => *s = v,
            Err(e) => *t = e,
        }
    }
}

/// The sky to pixels.
pub(crate) fn to_pixels(
    wcs: &Wcs,
    all: bool,
    input: &[SkyCoord],
    points: &mut [Point],
    status: &mut [PointStatus],
) {
    for ((s, p), t) in input.iter().zip(points).zip(status) {
        match wcs.pixel_of(*s, all) {
            Ok(v) => *p = v,
            Err(e) => *t = e,
        }
    }
}
