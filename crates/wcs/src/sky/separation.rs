//! Distances and directions between positions on the sky. All angles in degrees.

use skyphot_core::SkyCoord;

use crate::angle::{sin_cos_deg, wrap_180, wrap_360};

/// Angle between two positions (Vincenty's formula, good at all distances), degrees.
///
/// ```
/// use skyphot_core::SkyCoord;
/// let (a, b) = (SkyCoord { lon: 10.0, lat: 0.0 }, SkyCoord { lon: 10.0, lat: 90.0 });
/// assert_eq!(skyphot_wcs::sky::separation(a, b), 90.0);
/// ```
#[must_use]
#[doc(alias = "angular_separation")]
pub fn separation(a: SkyCoord, b: SkyCoord) -> f64 {
    let (sd, cd) = sin_cos_deg(b.lon - a.lon);
    let (s1, c1) = sin_cos_deg(a.lat);
    let (s2, c2) = sin_cos_deg(b.lat);
    let n1 = c2 * sd;
    let n2 = c1 * s2 - s1 * c2 * cd;
    (n1 * n1 + n2 * n2).sqrt().atan2(s1 * s2 + c1 * c2 * cd).to_degrees()
}

/// Direction from `a` to `b`, from north through east, in `[0, 360)` degrees.
#[must_use]
pub fn position_angle(a: SkyCoord, b: SkyCoord) -> f64 {
    let (sd, cd) = sin_cos_deg(b.lon - a.lon);
    let (s1, c1) = sin_cos_deg(a.lat);
    let (s2, c2) = sin_cos_deg(b.lat);
    let y = sd * c2;
    let x = s2 * c1 - c2 * s1 * cd;
    wrap_360(y.atan2(x).to_degrees())
}

/// The position at distance `distance` from `from` in the direction `position_angle`, degrees.
#[must_use]
#[doc(alias = "directional_offset_by")]
pub fn offset_by(from: SkyCoord, position_angle: f64, distance: f64) -> SkyCoord {
    let (sa, ca) = sin_cos_deg(distance);
    let (sp, cp) = sin_cos_deg(position_angle);
    let (s1, c1) = sin_cos_deg(from.lat);
    // The end point in axes with the meridian of the start: towards it, east, north pole.
    let v = [c1 * ca - s1 * sa * cp, sa * sp, s1 * ca + c1 * sa * cp];
    let r = v[0].hypot(v[1]);
    let lon = if r == 0.0 { 0.0 } else { v[1].atan2(v[0]).to_degrees() };
    SkyCoord { lon: wrap_360(from.lon + lon), lat: v[2].atan2(r).to_degrees() }
}

/// Offsets `(east, north)` of `b` in the tilted system with its origin at `a`, degrees: longitude and latitude there.
#[must_use]
#[doc(alias = "spherical_offsets_to")]
pub fn offsets(a: SkyCoord, b: SkyCoord) -> (f64, f64) {
    let (sd, cd) = sin_cos_deg(b.lon - a.lon);
    let (s1, c1) = sin_cos_deg(a.lat);
    let (s2, c2) = sin_cos_deg(b.lat);
    let v = [c1 * c2 * cd + s1 * s2, c2 * sd, c1 * s2 - s1 * c2 * cd];
    (wrap_180(v[1].atan2(v[0]).to_degrees()), v[2].atan2(v[0].hypot(v[1])).to_degrees())
}
