//! The input images, read when first needed.

use std::path::PathBuf;

use ndarray::Array2;
use skyphot::core::testing::uniform;
use skyphot::core::{Column, Point, Table};
use skyphot::io::{FitsFile, HduSelector};

use super::Error;

/// Inputs by the names of `make_inputs.py`.
#[derive(Debug)]
pub(crate) struct Inputs {
    folder: PathBuf,
    pub(crate) work: PathBuf,
    field: Option<Array2<f32>>,
    error: Option<Array2<f32>>,
    crowded: Option<Array2<f32>>,
    positions: Option<Vec<Point>>,
    table: Option<Table>,
}

impl Inputs {
    pub(crate) fn new(folder: impl Into<PathBuf>, work: impl Into<PathBuf>) -> Self {
        let (folder, work) = (folder.into(), work.into());
        Self { folder, work, field: None, error: None, crowded: None, positions: None, table: None }
    }

    pub(crate) fn forget(&mut self) {
        *self = Self::new(self.folder.clone(), self.work.clone());
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The 4096 x 4096 field.
    pub(crate) fn field(&mut self) -> Result<&Array2<f32>, Error> {
        let path = self.path("field4k.fits");
        get(&mut self.field, || read(path, &HduSelector::Index(0)))
    }

    /// The field and its error plane.
    pub(crate) fn field_and_error(&mut self) -> Result<(&Array2<f32>, &Array2<f32>), Error> {
        let path = self.path("field4k.fits");
        get(&mut self.field, || read(path.clone(), &HduSelector::Index(0)))?;
        get(&mut self.error, || read(path, &HduSelector::name("ERR")))?;
        Ok((self.field.as_ref().ok_or("no field")?, self.error.as_ref().ok_or("no error plane")?))
    }

    /// 2048 x 2048 pixels with 10,000 stars.
    pub(crate) fn crowded(&mut self) -> Result<&Array2<f32>, Error> {
        let path = self.path("crowded2k.fits");
        get(&mut self.crowded, || read(path, &HduSelector::Index(0)))
    }

    /// The first `n` of 100,000 positions in the field.
    pub(crate) fn positions(&mut self, n: usize) -> Result<Vec<Point>, Error> {
        let path = self.path("aux_points.fits");
        let all = get(&mut self.positions, || {
            let table = FitsFile::open(path)?.read_table(&HduSelector::name("APER"))?;
            let (x, y) = (table.f64("x")?, table.f64("y")?);
            Ok(x.into_iter().zip(y).map(|(x, y)| Point { x, y }).collect())
        })?;
        Ok(all[..n].to_vec())
    }

    /// The table of `made_up_table` in `peers.py`: id, 16 floats, flag, magnitude, name.
    pub(crate) fn table(&mut self) -> Result<&Table, Error> {
        const N: u64 = 100_000;
        get(&mut self.table, || {
            let mut t = Table::from_columns([Column::new("id", (0..N as i64).collect::<Vec<_>>())])?;
            for k in 0..16 {
                let scale = [1.0, 10.0, 100.0, 1000.0, 10000.0][k as usize % 5];
                let v: Vec<f64> = (0..N).map(|i| (uniform(k, i) - 0.5) * scale).collect();
                t.push(Column::new(format!("f{k:02}"), v))?;
            }
            t.push(Column::new("flag", (0..N).map(|i| (i % 64) as i32).collect::<Vec<_>>()))?;
            t.push(Column::new(
                "mag",
                (0..N).map(|i| (15.0 + 10.0 * uniform(99, i)) as f32).collect::<Vec<_>>(),
            ))?;
            t.push(Column::new("name", (0..N).map(|i| format!("src{i:06}")).collect::<Vec<_>>()))?;
            Ok(t)
        })
    }
}

fn read(path: PathBuf, hdu: &HduSelector) -> Result<Array2<f32>, Error> {
    Ok(FitsFile::open(path)?.read_image(hdu)?)
}

fn get<T>(slot: &mut Option<T>, make: impl FnOnce() -> Result<T, Error>) -> Result<&T, Error> {
    if slot.is_none() {
        *slot = Some(make()?);
    }
    slot.as_ref().ok_or_else(|| "an empty slot".into())
}
