//! Reading a [`Wcs`](crate::Wcs) from keywords.

mod axes;
mod dss;
mod keys;
mod matrix;
mod sip;
mod system;
mod wat;

use skyphot_core::HeaderView;

use crate::celestial::Rotation;
use crate::plane::{PlaneDistortion, Tpv};
use crate::wcs::{Meta, degrees};
use crate::{LookupTables, Projection, ProjectionCode, Result, Wcs, WcsError, WcsWarning};
use axes::CelestialAxes;
pub(crate) use keys::Keys;

/// Parameters `(m, PVi_m)` of one axis.
type Parameters = Vec<(usize, f64)>;

pub(crate) fn read(header: &dyn HeaderView, key: Option<char>, tables: LookupTables) -> Result<Wcs> {
    let keys = Keys::new(header, key)?;
    let mut warnings = Vec::new();
    if let Some(plate) = dss::read(&keys)? {
        return plate_solution(&keys, plate, tables);
    }
    let axes = CelestialAxes::find(&keys)?;
    let (cd, units) = matrix::celestial_matrix(&keys, &axes, &mut warnings)?;
    let crpix = [
        keys.number_or("CRPIX", axes.pixel[0], 0.0, &mut warnings)?,
        keys.number_or("CRPIX", axes.pixel[1], 0.0, &mut warnings)?,
    ];
    let crval = [
        keys.number_or("CRVAL", axes.lon, 0.0, &mut warnings)? * units[0],
        keys.number_or("CRVAL", axes.lat, 0.0, &mut warnings)? * units[1],
    ];
    let mut pv_lon = keys.parameters(axes.lon)?;
    let mut pv_lat = keys.parameters(axes.lat)?;
    if pv_lat.is_empty() && key.is_none() {
        pv_lat = keys.old_parameters(&mut warnings)?;
    }

    // SIP and PV distortions exclude each other; which one counts is decided as astropy does.
    let mut code = axes.code.clone();
    let mut sip = sip::read(&keys, crpix)?;
    let scamp = pv_lon.iter().chain(&pv_lat).any(|p| p.0 >= 5);
    if code == "TAN" && scamp {
        if !axes.sip_suffix {
            code = "TPV".to_owned();
            warnings.push(WcsWarning::TanReadAsTpv);
        } else if sip.is_some() {
            pv_lon.clear();
            pv_lat.clear();
            warnings.push(WcsWarning::PvIgnored);
        }
    }
    if code == "TPV" && sip.is_some() {
        sip = None;
        warnings.push(WcsWarning::SipIgnored);
    }
    match &sip {
        Some(sip::Found::Forward(_)) if !axes.sip_suffix => warnings.push(WcsWarning::SipSuffixMissing),
        Some(sip::Found::InverseOnly) => warnings.push(WcsWarning::InverseSipOnly),
        None if axes.sip_suffix => warnings.push(WcsWarning::SipCoefficientsMissing),
        _ => {}
    }
    let sip = match sip {
        Some(sip::Found::Forward(s)) => Some(*s),
        _ => None,
    };

    let (projection_code, plane) =
        translate(&keys, &axes, &mut code, crval, &mut pv_lon, &mut pv_lat, &mut warnings)?;
    let projection = Projection::new(projection_code, &pv_lat)?;

    // The reference point of the native sphere, which PVi_0 ... PVi_4 of the longitude axis may move.
    let lon_parameter = |m: usize| pv_lon.iter().rev().find(|p| p.0 == m).map(|p| p.1);
    let (_, theta0) = projection.reference();
    let phi0 = lon_parameter(1).unwrap_or(0.0);
    let theta0 = lon_parameter(2).unwrap_or(degrees(theta0));
    let lonpole = lon_parameter(3).or(keys.number("LONPOLE")?);
    let latpole = lon_parameter(4).or(keys.number("LATPOLE")?).unwrap_or(90.0);
    let rotation = Rotation::new(crval[0], crval[1], phi0, theta0, lonpole, latpole)?;
    let offset = if lon_parameter(0).is_some_and(|v| v != 0.0) {
        let (x, y) = projection.native_to_plane(phi0.to_radians(), theta0.to_radians()).ok_or(
            WcsError::InvalidParameter {
                name: "native latitude of the reference point (PVi_2)",
                expected: "on the map",
                found: theta0,
            },
        )?;
        [x, y]
    } else {
        [0.0; 2]
    };

    let system = system::read(&keys, &axes, &mut warnings);
    if keys.lacks_tables(&tables) {
        warnings.push(WcsWarning::LookupTablesMissing);
    }
    let naxis = keys.image_size(axes.pixel);
    let meta = Meta {
        alt: key,
        name: keys.text("WCSNAME").filter(|s| !s.is_empty()),
        prefix: axes.prefix.clone(),
        code,
        latitude_first: axes.lat < axes.lon,
        crval,
        lonpole: rotation.phi_p,
        latpole: if axes_are_polar(&projection) { rotation.lat_p } else { latpole },
        radesys: system.radesys,
        equinox: system.equinox,
        frame: system.frame,
        lon_parameters: pv_lon,
        naxis,
        warnings,
    };
    Wcs::assemble(meta, crpix, cd, projection, rotation, offset, plane, sip, tables)
}

/// A plate solution of the Digitized Sky Surveys; it has precedence over the other keywords.
fn plate_solution(keys: &Keys, plate: dss::Plate, tables: LookupTables) -> Result<Wcs> {
    let mut warnings = vec![WcsWarning::DssPlateSolution];
    let axes = CelestialAxes::equatorial("TPV");
    let system = system::read(keys, &axes, &mut warnings);
    let rotation = Rotation::new(plate.crval[0], plate.crval[1], 0.0, 90.0, None, 90.0)?;
    let meta = Meta {
        alt: None,
        name: keys.text("WCSNAME").filter(|s| !s.is_empty()),
        prefix: axes.prefix.clone(),
        code: axes.code.clone(),
        latitude_first: false,
        crval: plate.crval,
        lonpole: rotation.phi_p,
        latpole: rotation.lat_p,
        radesys: system.radesys,
        equinox: system.equinox,
        frame: system.frame,
        lon_parameters: Vec::new(),
        naxis: keys.image_size(axes.pixel),
        warnings,
    };
    let plane = Some(PlaneDistortion::Tpv(Box::new(Tpv::new(plate.pv))));
    let projection = Projection::new(ProjectionCode::Tan, &[])?;
    Wcs::assemble(meta, plate.crpix, plate.cd, projection, rotation, [0.0; 2], plane, None, tables)
}

fn axes_are_polar(projection: &Projection) -> bool {
    projection.reference().1 == std::f64::consts::FRAC_PI_2
}

/// The projection of Paper II behind a code of the header, and the distortion that comes with it.
fn translate(
    keys: &Keys,
    axes: &CelestialAxes,
    code: &mut String,
    crval: [f64; 2],
    pv_lon: &mut Parameters,
    pv_lat: &mut Parameters,
    warnings: &mut Vec<WcsWarning>,
) -> Result<(ProjectionCode, Option<PlaneDistortion>)> {
    Ok(match code.as_str() {
        "TPV" => {
            let tpv = Tpv::new([std::mem::take(pv_lon), std::mem::take(pv_lat)]);
            (ProjectionCode::Tan, Some(PlaneDistortion::Tpv(Box::new(tpv))))
        }
        "TNX" | "ZPX" => {
            let wat = wat::read(keys, axes, warnings);
            pv_lon.clear();
            pv_lat.clear();
            let plane = (wat.surfaces.iter().any(Option::is_some))
                .then(|| PlaneDistortion::Tnx(Box::new(wat.surfaces)));
            if code == "ZPX" {
                *pv_lat = wat.projp;
                if pv_lat.is_empty() {
                    pv_lat.push((1, 1.0));
                }
                (ProjectionCode::Zpn, plane)
            } else {
                (ProjectionCode::Tan, plane)
            }
        }
        "GLS" => {
            warnings.push(WcsWarning::ObsoleteProjection { found: code.clone(), used: "SFL" });
            "SFL".clone_into(code);
            if crval != [0.0; 2] {
                *pv_lon = vec![(0, 1.0), (1, 0.0), (2, crval[1])];
            }
            (ProjectionCode::Sfl, None)
        }
        "NCP" => {
            warnings.push(WcsWarning::ObsoleteProjection { found: code.clone(), used: "SIN" });
            "SIN".clone_into(code);
            let (s, c) = crate::angle::sin_cos_deg(crval[1]);
            if s == 0.0 {
                return Err(WcsError::InvalidProjection {
                    projection: "NCP",
                    expected: "a reference latitude other than 0",
                    found: crval[1],
                });
            }
            *pv_lat = vec![(1, 0.0), (2, c / s)];
            (ProjectionCode::Sin, None)
        }
        other => (other.parse()?, None),
    })
}
