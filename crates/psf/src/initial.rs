//! Where a fit starts.

use skyphot_core::{Point, Table};

use crate::PsfModel;
use crate::error::{PsfError, Result};

/// Names a table may use for an initial x (and y, with the letter changed), first match first.
const POSITION_NAMES: [&str; 14] = [
    "x_init",
    "xinit",
    "x",
    "x_0",
    "x0",
    "xcentroid",
    "x_centroid",
    "x_peak",
    "xcen",
    "x_cen",
    "xpos",
    "x_pos",
    "x_fit",
    "xfit",
];

/// Names a table may use for an initial flux.
const FLUX_NAMES: [&str; 10] = [
    "flux_init",
    "fluxinit",
    "flux",
    "flux_0",
    "flux0",
    "flux_fit",
    "fluxfit",
    "source_sum",
    "segment_flux",
    "kron_flux",
];

/// Start values of the sources, one entry each. What is `None` is estimated from the image or taken from the model.
#[derive(Debug, Clone, Default, PartialEq)]
#[doc(alias = "init_params")]
pub struct InitialParameters {
    /// Numbers of the sources. Default: 1, 2 ...
    pub id: Option<Vec<i64>>,
    /// Positions, pixels.
    pub positions: Vec<Point>,
    /// Fluxes. Default: sums in an aperture.
    pub flux: Option<Vec<f64>>,
    /// Background per pixel, subtracted before the fit. Default: from the estimator of the configuration, or 0.
    pub local_bkg: Option<Vec<f64>>,
    /// Groups to fit together (the grouper is not asked then).
    pub group_id: Option<Vec<i64>>,
    /// Shape parameters by name. Default: those of the model.
    pub shape: Vec<(String, Vec<f64>)>,
}

impl InitialParameters {
    /// Positions alone.
    #[must_use]
    pub fn from_positions(positions: &[Point]) -> Self {
        Self { positions: positions.to_vec(), ..Self::default() }
    }

    /// From a table with columns for x and y and, if it has them, `id`, a flux, `local_bkg`, `group_id` and the shape
    /// parameters `names` (as `NAME_init`, `NAME` or `NAME_fit`). Any of the reference's column names will do.
    ///
    /// # Errors
    /// [`PsfError::InvalidData`] without columns for x and y; [`PsfError::Core`] for columns that are not numbers.
    pub fn from_table(table: &Table, names: &[&str]) -> Result<Self> {
        let position = |letter: &str| -> Result<Vec<f64>> {
            let found = POSITION_NAMES.iter().map(|n| n.replacen('x', letter, 1)).find(|n| table.has(n));
            match found {
                Some(name) => Ok(table.f64(&name)?),
                None => Err(PsfError::InvalidData {
                    what: "table of initial parameters",
                    expected: "one with columns x and y (or x_init, x_centroid, x_fit ...)",
                    found: format!("columns {}", table.names().join(", ")),
                }),
            }
        };
        let optional = |names: &[&str]| -> Result<Option<Vec<f64>>> {
            Ok(match names.iter().find(|n| table.has(n)) {
                Some(n) => Some(table.f64(n)?),
                None => None,
            })
        };
        let integers = |name: &str| -> Result<Option<Vec<i64>>> {
            Ok(if table.has(name) { Some(table.column(name)?.to_i64()?) } else { None })
        };
        let (x, y) = (position("x")?, position("y")?);
        let mut shape = Vec::new();
        for name in names {
            let spellings = [format!("{name}_init"), (*name).to_owned(), format!("{name}_fit")];
            let spellings: Vec<&str> = spellings.iter().map(String::as_str).collect();
            if let Some(v) = optional(&spellings)? {
                shape.push(((*name).to_owned(), v));
            }
        }
        Ok(Self {
            id: integers("id")?,
            positions: x.into_iter().zip(y).map(Point::from).collect(),
            flux: optional(&FLUX_NAMES)?,
            local_bkg: optional(&["local_bkg"])?,
            group_id: integers("group_id")?,
            shape,
        })
    }

    /// Adds sources with fluxes and backgrounds, numbered on, with the shape parameters of the model.
    pub(crate) fn extend<M: PsfModel + ?Sized>(
        &mut self,
        at: &[Point],
        flux: &[f64],
        local_bkg: &[f64],
        model: &M,
    ) {
        let n = self.positions.len();
        self.positions.extend_from_slice(at);
        if let Some(id) = &mut self.id {
            let next = id.iter().max().map_or(1, |m| m + 1);
            id.extend((next..).take(at.len()));
        }
        self.flux.get_or_insert_with(|| vec![f64::NAN; n]).extend_from_slice(flux);
        self.local_bkg.get_or_insert_with(|| vec![0.0; n]).extend_from_slice(local_bkg);
        let defaults = model.shape_parameters();
        for (name, values) in &mut self.shape {
            let value = defaults.iter().find(|p| p.name == name).map_or(f64::NAN, |p| p.value);
            values.resize(n + at.len(), value);
        }
    }

    pub(crate) fn validate(&self) -> Result<()> {
        let n = self.positions.len();
        let lengths = [
            ("id", self.id.as_ref().map(Vec::len)),
            ("flux", self.flux.as_ref().map(Vec::len)),
            ("local_bkg", self.local_bkg.as_ref().map(Vec::len)),
            ("group_id", self.group_id.as_ref().map(Vec::len)),
        ];
        let shapes = self.shape.iter().map(|(_, v)| ("shape parameter", Some(v.len())));
        for (name, found) in lengths.into_iter().chain(shapes) {
            if let Some(found) = found
                && found != n
            {
                return Err(PsfError::InvalidData {
                    what: "initial parameters",
                    expected: "one value for each position",
                    found: format!("{found} values of {name} for {n} positions"),
                });
            }
        }
        Ok(())
    }
}
