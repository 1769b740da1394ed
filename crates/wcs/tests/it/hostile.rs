//! Headers that are wrong on purpose: a clear error or a sensible system, never a panic, never much memory or time.

use std::time::{Duration, Instant};

use ndarray::Array2;
use proptest::prelude::*;
use skyphot_core::{Exec, Point, SkyCoord};
use skyphot_wcs::{LinearWcs, LookupReference, LookupTable, LookupTables, Wcs, WcsError, WcsWarning};

use crate::common::Cards;

fn good() -> Cards {
    Cards::parse(
        "NAXIS = 2\nNAXIS1 = 100\nNAXIS2 = 80\nCTYPE1 = 'RA---TAN-SIP'\nCTYPE2 = 'DEC--TAN-SIP'\nCRPIX1 = 50\nCRPIX2 = 40\n\
         CRVAL1 = 33\nCRVAL2 = -12\nCD1_1 = -0.01\nCD1_2 = 0\nCD2_1 = 0\nCD2_2 = 0.01\nA_ORDER = 2\nB_ORDER = 2\nA_2_0 = 1e-5",
    )
}

/// Everything a caller might do with a system.
fn exercise(wcs: &Wcs) {
    let points =
        [(0.0, 0.0), (-1e9, 3.0), (1e300, -1e300), (f64::NAN, 0.0), (f64::INFINITY, 1.0)].map(Point::from);
    let sky = wcs.all_pix2world(&points, &Exec::serial());
    for (s, status) in sky.sky.iter().zip(&sky.status) {
        assert_eq!(status.is_ok(), s.lon.is_finite() && s.lat.is_finite(), "{s:?} {status:?}");
    }
    let mut far = sky.sky;
    far.extend([(1e12, 45.0), (0.0, 91.0), (f64::NAN, 0.0)].map(|(lon, lat)| SkyCoord { lon, lat }));
    let _ = wcs.all_world2pix(&far, &Exec::serial());
    let _ = wcs.jacobian(points[0]);
    let _ = wcs.footprint((10, 10), false);
    let _ = wcs.to_cards();
}

#[test]
fn wrong_values_are_errors_that_name_the_keyword() {
    exercise(&Wcs::from_header(&good()).unwrap());
    for (key, value, words) in [
        ("CRVAL1", "nan", "CRVAL1: expected a finite number, found 'nan'"),
        ("CRVAL2", "inf", "CRVAL2: expected a finite number"),
        ("CRVAL1", "north", "CRVAL1: expected a finite number, found 'north'"),
        ("CRPIX2", "T", "CRPIX2: expected a finite number"),
        ("CD1_1", "1e999", "CD1_1: expected a finite number"),
        ("CRVAL2", "123", "no celestial pole fits CRVAL"),
        ("CTYPE1", "RA---XYZ-SIP", "do not match"),
        ("CTYPE1", "GLON-TAN-SIP", "do not match"),
        ("CTYPE1", "DEC--TAN-SIP", "no celestial axes"),
        ("CTYPE2", "FREQ", "no celestial axes"),
        ("CUNIT1", "furlong", "CUNIT1: expected a unit of angle"),
        ("A_ORDER", "20", "A_ORDER: expected a whole number from 0 to 19, found '20'"),
        ("A_ORDER", "1e15", "A_ORDER: expected a whole number"),
        ("A_ORDER", "-3", "A_ORDER: expected a whole number"),
        ("A_ORDER", "2.5", "A_ORDER: expected a whole number"),
        ("A_2_0", "nan", "A_2_0: expected a finite number"),
        ("LONPOLE", "nan", "LONPOLE: expected a finite number"),
    ] {
        let e = Wcs::from_header(&good().set(key, value)).expect_err(&format!("{key} = {value}")).to_string();
        assert!(e.contains(words), "{key} = {value}: {e}");
    }
    for missing in ["A_ORDER", "B_ORDER"] {
        let e = Wcs::from_header(&good().without(missing)).unwrap_err();
        assert!(matches!(e, WcsError::MissingKeyword { .. }), "{e}");
    }
    let unknown = good().set("CTYPE1", "RA---XYZ").set("CTYPE2", "DEC--XYZ");
    assert!(matches!(Wcs::from_header(&unknown), Err(WcsError::UnknownProjection(code)) if code == "XYZ"));
    assert!(matches!(Wcs::from_header_alt(&good(), '?'), Err(WcsError::InvalidKeyword { .. })));
    // Both rows of CD are the same.
    let singular = good().set("CD1_2", 0.01).set("CD2_1", -0.01);
    assert!(matches!(Wcs::from_header(&singular), Err(WcsError::SingularMatrix(_))));
}

#[test]
fn absurd_numbers_of_axes_and_sizes() {
    for (key, value) in [
        ("NAXIS", "0"),
        ("NAXIS", "-1"),
        ("NAXIS", "99999999999"),
        ("NAXIS", "1e300"),
        ("NAXIS", "two"),
        ("NAXIS1", "-5"),
        ("NAXIS1", "99999999999999999999"),
        ("WCSAXES", "0"),
        ("WCSAXES", "99"),
        ("WCSAXES", "-3"),
        ("WCSAXES", "1e9"),
        ("WCSAXES", "nan"),
        ("CTYPE99", "LINEAR"),
        ("CRVAL999999", "1"),
        ("PV2_99999999999", "1"),
        ("PV99999999999_1", "1"),
        ("CD99_99", "1"),
        ("EQUINOX", "1e308"),
        ("EQUINOX", "next year"),
        ("RADESYS", "MARS"),
        ("WCSNAME", ""),
    ] {
        let start = Instant::now();
        let header = good().set(key, value);
        let wcs = Wcs::from_header(&header).unwrap_or_else(|e| panic!("{key} = {value}: {e}"));
        exercise(&wcs);
        let reference = wcs.all_pix2world(&[Point::new(49.0, 39.0)], &Exec::serial()).sky[0];
        assert!((reference.lon - 33.0).abs() < 1e-9, "{key} = {value}: {reference:?}");
        let linear = LinearWcs::from_header(&header, None);
        assert!(linear.is_err() || linear.is_ok_and(|l| l.n_axes() <= 32), "{key} = {value}");
        assert!(start.elapsed() < Duration::from_secs(1), "{key} = {value} takes {:?}", start.elapsed());
    }
}

#[test]
fn lookup_tables_that_do_not_fit() {
    let header = good().set("CPDIS1", "Lookup").set("DP1", "EXTVER: 1");
    let warned = Wcs::from_header(&header).unwrap();
    assert!(warned.warnings().contains(&WcsWarning::LookupTablesMissing));
    let empty = Array2::<f32>::zeros((0, 5));
    assert!(LookupTable::new(empty.view(), [1.0; 2], [1.0; 2], [1.0; 2]).is_err());
    let one = Array2::<f32>::from_elem((1, 1), 0.5);
    for (crval, cdelt) in
        [([f64::NAN, 0.0], [1.0; 2]), ([0.0; 2], [0.0, 1.0]), ([0.0; 2], [1.0, f64::INFINITY])]
    {
        assert!(LookupTable::new(one.view(), [1.0; 2], crval, cdelt).is_err());
    }
    // One cell, NaN in the table, values that fold the plane over: no answer is an answer.
    for value in [0.5_f32, f32::NAN, 1e30] {
        let data = Array2::from_shape_fn((1, 2), |(_, x)| if x == 0 { value } else { -value });
        let table = LookupTable::new(data.view(), [1.0; 2], [1.0; 2], [50.0; 2]).unwrap();
        let tables = LookupTables { cpdis: [Some(table.clone()), None], d2im: [None, Some(table)] };
        exercise(&Wcs::from_header_with(&header, None, tables).unwrap());
    }
    for cards in [
        vec![("CPDIS1", "LOOKUP"), ("DP1", "EXTVER: 1e300")],
        vec![("CPDIS1", "LOOKUP"), ("DP1", "EXTVER:"), ("DP1.AXIS.1", "nan")],
        vec![("CPDIS3", "LOOKUP"), ("CPDIS999999999999999999999", "LOOKUP"), ("D2IMDIS", "LOOKUP")],
    ] {
        for r in LookupReference::find(cards) {
            assert!((1..=2).contains(&r.axis));
        }
    }
}

#[test]
fn distortions_without_an_inverse() {
    // Coefficients that overflow, and a plane that is folded over many times.
    for (key, value) in [("A_2_0", 1e300), ("A_2_0", 1.0), ("A_0_2", -1e6)] {
        exercise(&Wcs::from_header(&good().set(key, value)).unwrap());
    }
    let tpv =
        good().set("CTYPE1", "RA---TPV").set("CTYPE2", "DEC--TPV").set("PV1_39", 1e300).set("PV2_0", -1e200);
    exercise(&Wcs::from_header(&tpv).unwrap());
    let wat = "wtype=tnx axtype=ra lngcor = \"3. 99999999999. 4. 2. 0 1 0 1 5 5\"";
    let tnx = good().set("CTYPE1", "RA---TNX").set("CTYPE2", "DEC--TNX").set("WAT1_001", wat);
    let wcs = Wcs::from_header(&tnx).unwrap();
    assert!(
        wcs.warnings().iter().any(|w| matches!(w, WcsWarning::InvalidWat { .. })),
        "{:?}",
        wcs.warnings()
    );
}

fn key() -> impl Strategy<Value = String> {
    let fixed = [
        "CTYPE1", "CTYPE2", "CRVAL1", "CRVAL2", "CRPIX1", "CD1_1", "CD1_2", "CD2_1", "CD2_2", "PC1_1",
        "PC2_1", "CDELT1", "CROTA2", "CUNIT2", "LONPOLE", "LATPOLE", "PV1_0", "PV1_1", "PV1_2", "PV2_1",
        "PV2_2", "PV2_3", "PV2_20", "A_ORDER", "B_ORDER", "A_2_0", "B_0_2", "AP_ORDER", "NAXIS", "WCSAXES",
        "EQUINOX", "RADESYS", "WAT1_001", "AMDX1", "PLTRAH", "CPDIS1", "PROJP1",
    ];
    prop::sample::select(fixed.to_vec()).prop_map(str::to_owned)
}

fn value() -> impl Strategy<Value = String> {
    let types: Vec<String> = "AZP SZP TAN STG SIN ARC ZPN ZEA AIR CYP CEA CAR MER SFL PAR MOL AIT COP COE COD COO BON PCO TSC CSC \
                              QSC HPX XPH TPV TNX ZPX GLS NCP"
        .split(' ')
        .flat_map(|c| [format!("RA---{c}"), format!("DEC--{c}")])
        .collect();
    prop_oneof![
        prop::sample::select(types),
        any::<f64>().prop_map(|v| v.to_string()),
        (-400.0..400.0).prop_map(|v: f64| v.to_string()),
        (-3..40_i64).prop_map(|v| v.to_string()),
        "[ -~]{0,20}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn any_header_is_an_error_or_a_system(
        changes in prop::collection::vec((key(), value()), 1..8),
        code in prop::sample::select("AZP SZP ZPN AIR CYP CEA COP COE COD COO BON HPX SIN XPH QSC TAN".split(' ').collect::<Vec<_>>()),
    ) {
        let mut h = good().set("CTYPE1", format!("RA---{code}")).set("CTYPE2", format!("DEC--{code}"));
        for (k, v) in changes {
            h = h.set(&k, v);
        }
        if let Ok(wcs) = Wcs::from_header(&h) {
            exercise(&wcs);
        }
        let _ = LinearWcs::from_header(&h, None);
    }
}
