//! The layout of STScI's library of effective PSFs ("STDPSF").

use skyphot_core::HeaderView;

use crate::Header;

/// Which planes of the cube and which grid lines belong together.
pub(super) struct Selection {
    /// Planes by grid row, then column.
    pub(super) planes: Vec<usize>,
    pub(super) x: Vec<f64>,
    pub(super) y: Vec<f64>,
    pub(super) instrument: Option<&'static str>,
    pub(super) detector: Option<String>,
}

/// Names in the file names, instruments and detectors.
const DETECTORS: [(&str, &str, &str); 18] = [
    ("WFPC2", "HST/WFPC2", "WFPC2"),
    ("ACSHRC", "HST/ACS", "HRC"),
    ("ACSWFC", "HST/ACS", "WFC"),
    ("WFC3UV", "HST/WFC3", "UVIS"),
    ("WFC3IR", "HST/WFC3", "IR"),
    ("NRCSW", "JWST/NIRCam", "NRCSW"),
    ("NRCA1", "JWST/NIRCam", "A1"),
    ("NRCA2", "JWST/NIRCam", "A2"),
    ("NRCA3", "JWST/NIRCam", "A3"),
    ("NRCA4", "JWST/NIRCam", "A4"),
    ("NRCB1", "JWST/NIRCam", "B1"),
    ("NRCB2", "JWST/NIRCam", "B2"),
    ("NRCB3", "JWST/NIRCam", "B3"),
    ("NRCB4", "JWST/NIRCam", "B4"),
    ("NRCAL", "JWST/NIRCam", "A5"),
    ("NRCBL", "JWST/NIRCam", "B5"),
    ("NIRISS", "JWST/NIRISS", "NIRISS"),
    ("MIRI", "JWST/MIRI", "MIRIM"),
];

/// Instrument, detector and filter of a name such as `STDPSF_WFC3UV_F814W.fits` or `PSFSTD_ACSWFC_F435W_SM3.fits`.
pub(super) fn of_name(name: &str) -> (Option<&'static str>, Option<&'static str>, Option<String>) {
    let stem = name.split('.').next().unwrap_or(name);
    let mut parts = stem.split('_');
    match parts.next() {
        Some("STDPSF" | "PSFSTD") => {}
        _ => return (None, None, None),
    }
    let known = parts.next().and_then(|d| DETECTORS.iter().find(|k| k.0 == d));
    (known.map(|k| k.1), known.map(|k| k.2), parts.next().map(str::to_owned))
}

fn whole(header: &Header, key: &str) -> Result<usize, String> {
    let v = header.get_i64(key).ok_or_else(|| format!("no keyword {key}"))?;
    usize::try_from(v).ok().filter(|n| (1..=1000).contains(n)).ok_or_else(|| format!("{key} = {v}"))
}

/// `IPSFX01` ... or, of NIRCam's eight detectors, lists in `IPSFXA5` ...; from 1, here from 0.
fn lines(header: &Header, n: usize, single: &str, lists: &[&str]) -> Result<Vec<f64>, String> {
    let one = format!("{single}01");
    let found: Vec<f64> = if header.get_f64(&one).is_some() {
        (1..=n)
            .map(|i| {
                let key = format!("{single}{i:02}");
                header.get_f64(&key).ok_or_else(|| format!("no keyword {key}"))
            })
            .collect::<Result<_, _>>()?
    } else {
        let mut all = Vec::new();
        for key in lists {
            let text = header.get_str(key).ok_or_else(|| format!("neither {one} nor {key}"))?;
            for t in text.split_whitespace() {
                all.push(t.parse().map_err(|_| format!("{key} = {text:?}, expected numbers"))?);
            }
        }
        all
    };
    if found.len() == n {
        Ok(found.into_iter().map(|v| v - 1.0).collect())
    } else {
        Err(format!("{} grid lines for {n} PSFs along an axis", found.len()))
    }
}

/// Detectors in columns and rows, the pixels of one, and the block (row by row from below) of each detector number.
struct Mosaic {
    nx: usize,
    ny: usize,
    size: f64,
    blocks: &'static [usize],
    names: &'static [&'static str],
}

const WFPC2: Mosaic =
    Mosaic { nx: 2, ny: 2, size: 800.0, blocks: &[3, 2, 0, 1], names: &["PC", "WF2", "WF3", "WF4"] };
const NRCSW: Mosaic = Mosaic {
    nx: 4,
    ny: 2,
    size: 2048.0,
    blocks: &[0, 4, 1, 5, 7, 3, 6, 2],
    names: &["A1", "A2", "A3", "A4", "B1", "B2", "B3", "B4"],
};
/// ACS/WFC and WFC3/UVIS: extension (SCI, 1) is the chip below.
const TWO_CHIPS: Mosaic = Mosaic { nx: 1, ny: 2, size: 2048.0, blocks: &[0, 1], names: &["2", "1"] };

/// The grid lines along x and y of a header with `n` planes, those of all detectors.
pub(super) fn grid_lines(header: &Header, n: usize) -> Result<(Vec<f64>, Vec<f64>), String> {
    let (nx, ny) = (whole(header, "NXPSFS")?, whole(header, "NYPSFS")?);
    if nx * ny != n {
        return Err(format!("{n} planes for a grid of {nx} x {ny}"));
    }
    let x = lines(header, nx, "IPSFX", &["IPSFXA5", "IPSFXB5", "IPSFXC5", "IPSFXD5"])?;
    let y = lines(header, ny, "JPSFY", &["JPSFYA5", "JPSFYB5"])?;
    Ok((x, y))
}

/// What a header with `n` planes says, for one detector if there are several.
pub(super) fn select(
    header: &Header,
    n: usize,
    name: &str,
    detector: Option<usize>,
) -> Result<Selection, String> {
    let (x, y) = grid_lines(header, n)?;
    let (nx, ny) = (x.len(), y.len());
    let (instrument, known, _) = of_name(name);
    let mosaic = match n {
        90 | 56 => TWO_CHIPS,
        36 => WFPC2,
        200 => NRCSW,
        _ => {
            let detector = known.map(str::to_owned);
            return Ok(Selection { planes: (0..n).collect(), x, y, instrument, detector });
        }
    };
    let count = mosaic.names.len();
    let choices = || {
        let list: Vec<String> =
            mosaic.names.iter().enumerate().map(|(i, s)| format!("{} = {s}", i + 1)).collect();
        format!("the grid of one of {count} detectors has to be chosen: {}", list.join(", "))
    };
    let Some(d) = detector else { return Err(choices()) };
    let Some((&block, label)) = d.checked_sub(1).and_then(|i| mosaic.blocks.get(i).zip(mosaic.names.get(i)))
    else {
        return Err(format!("no detector {d}; {}", choices()));
    };
    if nx % mosaic.nx != 0 || ny % mosaic.ny != 0 {
        return Err(format!("a grid of {nx} x {ny} does not divide into {count} detectors"));
    }
    let (bx, by) = (nx / mosaic.nx, ny / mosaic.ny);
    let (column, row) = (block % mosaic.nx, block / mosaic.nx);
    let (i0, j0) = (column * bx, row * by);
    let planes = (j0..j0 + by).flat_map(|j| (i0..i0 + bx).map(move |i| j * nx + i)).collect();
    let from = |v: &[f64], first: usize, n: usize, k: usize| {
        v[first..first + n].iter().map(|v| v - k as f64 * mosaic.size).collect()
    };
    let detector = match known {
        Some(k @ ("WFC" | "UVIS")) => Some(format!("{k}{label}")),
        Some(_) => Some((*label).to_owned()),
        None => None,
    };
    Ok(Selection { planes, x: from(&x, i0, bx, column), y: from(&y, j0, by, row), instrument, detector })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_the_detector() {
        assert_eq!(
            of_name("STDPSF_WFC3UV_F814W_mock.fits"),
            (Some("HST/WFC3"), Some("UVIS"), Some("F814W".into()))
        );
        assert_eq!(of_name("PSFSTD_WFC3IR_F110W.fits").1, Some("IR"));
        assert_eq!(of_name("other_WFC3IR_F110W.fits"), (None, None, None));
    }
}
