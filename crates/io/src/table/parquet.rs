//! Apache Parquet. Units, descriptions and metadata are stored as astropy stores them: the YAML header of ECSV under
//! the key `table_meta_yaml`.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{
    BoolType, ByteArray, ByteArrayType, DataType, DoubleType, FloatType, Int32Type, Int64Type,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{WriterProperties, WriterPropertiesBuilder};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::{ColumnDescriptor, Type};
use skyphot_core::{Column, ColumnData, MetaValue, Table};

use super::{ecsv, ecsv_output};
use crate::{AtomicFile, IoError, Result};

const YAML: &str = "table_meta_yaml";

type Parquet<T> = std::result::Result<T, ParquetError>;

pub(super) fn write(out: &mut dyn Write, table: &Table, path: &Path) -> Result<()> {
    let bytes = encode(table).map_err(|e| IoError::table(path, "Parquet", None, e.to_string()))?;
    out.write_all(&bytes).map_err(|e| IoError::system(path, e))
}

fn encode(table: &Table) -> Parquet<Vec<u8>> {
    let mut pairs = vec![header(table)];
    pairs.extend(text_lengths(table).into_iter().map(|(name, len)| length_pair(&name, len)));
    let properties = properties().set_key_value_metadata(Some(pairs)).build();
    let mut file = SerializedFileWriter::new(Vec::new(), schema(table)?, Arc::new(properties))?;
    write_group(&mut file, table)?;
    file.into_inner()
}

fn schema(table: &Table) -> Parquet<Arc<Type>> {
    let fields = table.columns().iter().map(|c| column_type(c).map(Arc::new)).collect::<Parquet<Vec<_>>>()?;
    Ok(Arc::new(Type::group_type_builder("schema").with_fields(fields).build()?))
}

fn properties() -> WriterPropertiesBuilder {
    WriterProperties::builder().set_compression(Compression::SNAPPY)
}

/// The header of ECSV, as astropy stores it.
fn header(table: &Table) -> KeyValue {
    KeyValue::new(YAML.to_owned(), ecsv_output::yaml(table).trim_end().to_owned())
}

/// The longest text of every text column, in characters.
fn text_lengths(table: &Table) -> Vec<(String, usize)> {
    let texts = table.columns().iter().filter_map(|c| match c.data() {
        ColumnData::Str(v) => Some((c.name(), v)),
        _ => None,
    });
    texts.map(|(n, v)| (n.to_owned(), v.iter().map(|s| s.chars().count()).max().unwrap_or(0))).collect()
}

fn length_pair(name: &str, len: usize) -> KeyValue {
    KeyValue::new(format!("table::len::{name}"), len.max(1).to_string())
}

fn write_group<W: Write + Send>(file: &mut SerializedFileWriter<W>, table: &Table) -> Parquet<()> {
    if table.n_columns() > 0 {
        let mut group = file.next_row_group()?;
        for c in table.columns() {
            if let Some(writer) = group.next_column()? {
                write_column(c, writer)?;
            }
        }
        group.close()?;
    }
    Ok(())
}

/// A Parquet table that is written in parts, each a row group: only one part is in memory at a time. The file appears
/// under its name when it is finished.
///
/// ```
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("long.parquet");
/// use skyphot_core::{Column, Table};
/// use skyphot_io::{ParquetParts, read_table};
/// let part = |v: f64| Table::from_columns([Column::new("flux", vec![v, v + 1.0])]);
/// let mut file = ParquetParts::create(&path, &part(0.0)?, false)?;
/// for v in [1.0, 5.0] {
///     file.push(&part(v)?)?;
/// }
/// file.finish()?;
/// assert_eq!(read_table(&path)?.f64("flux")?, [1.0, 2.0, 5.0, 6.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ParquetParts {
    file: SerializedFileWriter<AtomicFile>,
    path: PathBuf,
    /// Names and types of the columns.
    columns: Vec<(String, &'static str, usize, bool)>,
    lengths: Vec<(String, usize)>,
}

impl std::fmt::Debug for ParquetParts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ParquetParts").field("path", &self.path).field("columns", &self.columns).finish()
    }
}

impl ParquetParts {
    /// Starts a file whose columns, units, descriptions and metadata are those of `like`; its rows are not written.
    ///
    /// # Errors
    /// [`IoError::Exists`] if the file is there and `overwrite` is false; [`IoError::System`].
    pub fn create(path: impl AsRef<Path>, like: &Table, overwrite: bool) -> Result<Self> {
        let path = path.as_ref().to_owned();
        let target = AtomicFile::create(&path, overwrite)?;
        let fail = |e: ParquetError| IoError::table(&path, "Parquet", None, e.to_string());
        let properties = properties().set_key_value_metadata(Some(vec![header(like)])).build();
        let schema = schema(like).map_err(fail)?;
        let file = SerializedFileWriter::new(target, schema, Arc::new(properties)).map_err(fail)?;
        let lengths = text_lengths(like).into_iter().map(|(n, _)| (n, 0)).collect();
        Ok(Self { file, columns: kinds(like), path, lengths })
    }

    /// Writes the rows of a part.
    ///
    /// # Errors
    /// [`IoError::Table`] for other columns than those of the first table; [`IoError::System`].
    pub fn push(&mut self, part: &Table) -> Result<()> {
        let fail = |m: String| IoError::table(&self.path, "Parquet", None, m);
        let found = kinds(part);
        if found != self.columns {
            return Err(fail(format!("a part has columns {found:?}, expected {:?}", self.columns)));
        }
        write_group(&mut self.file, part).map_err(|e| fail(e.to_string()))?;
        for (longest, (_, len)) in self.lengths.iter_mut().zip(text_lengths(part)) {
            longest.1 = longest.1.max(len);
        }
        Ok(())
    }

    /// Finishes the file and gives it its name.
    ///
    /// # Errors
    /// [`IoError::System`].
    pub fn finish(mut self) -> Result<()> {
        for (name, len) in &self.lengths {
            self.file.append_key_value_metadata(length_pair(name, *len));
        }
        let fail = |e: ParquetError| IoError::table(&self.path, "Parquet", None, e.to_string());
        self.file.into_inner().map_err(fail)?.commit()
    }
}

fn kinds(table: &Table) -> Vec<(String, &'static str, usize, bool)> {
    let one = |c: &Column| (c.name().to_owned(), c.data().type_name(), c.width(), c.mask().is_some());
    table.columns().iter().map(one).collect()
}

fn column_type(c: &Column) -> Parquet<Type> {
    let (physical, logical) = match c.data() {
        ColumnData::Bool(_) => (Physical::BOOLEAN, None),
        ColumnData::U8(_) => (Physical::INT32, Some(LogicalType::integer(8, false))),
        ColumnData::I16(_) => (Physical::INT32, Some(LogicalType::integer(16, true))),
        ColumnData::I32(_) => (Physical::INT32, None),
        ColumnData::U32(_) => (Physical::INT32, Some(LogicalType::integer(32, false))),
        ColumnData::I64(_) => (Physical::INT64, None),
        ColumnData::U64(_) => (Physical::INT64, Some(LogicalType::integer(64, false))),
        ColumnData::F32(_) => (Physical::FLOAT, None),
        ColumnData::F64(_) => (Physical::DOUBLE, None),
        ColumnData::Str(_) => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
    };
    let repetition = if c.mask().is_some() { Repetition::OPTIONAL } else { Repetition::REQUIRED };
    let leaf = |name: &str, repetition| {
        Type::primitive_type_builder(name, physical)
            .with_logical_type(logical.clone())
            .with_repetition(repetition)
            .build()
            .map(Arc::new)
    };
    if c.width() == 1 {
        return leaf(c.name(), repetition).map(Arc::unwrap_or_clone);
    }
    let list = Type::group_type_builder("list")
        .with_repetition(Repetition::REPEATED)
        .with_fields(vec![leaf("element", Repetition::REQUIRED)?])
        .build()?;
    Type::group_type_builder(c.name())
        .with_repetition(repetition)
        .with_logical_type(Some(LogicalType::List))
        .with_fields(vec![Arc::new(list)])
        .build()
}

fn write_column(c: &Column, mut writer: SerializedColumnWriter<'_>) -> Parquet<()> {
    fn put<D: DataType>(
        c: &Column,
        writer: &mut SerializedColumnWriter<'_>,
        value: impl Fn(usize) -> D::T,
    ) -> Parquet<()> {
        let w = c.width();
        let optional = i16::from(c.mask().is_some());
        let (mut values, mut def, mut rep) = (Vec::new(), Vec::new(), Vec::new());
        for row in 0..c.len() {
            if c.is_missing(row) {
                def.push(0);
                rep.push(0);
                continue;
            }
            for k in 0..w {
                values.push(value(row * w + k));
                def.push(optional + i16::from(w > 1));
                rep.push(i16::from(k > 0));
            }
        }
        let def = (optional == 1 || w > 1).then_some(def);
        let rep = (w > 1).then_some(rep);
        writer.typed::<D>().write_batch(&values, def.as_deref(), rep.as_deref())?;
        Ok(())
    }
    match c.data() {
        ColumnData::Bool(v) => put::<BoolType>(c, &mut writer, |i| v[i]),
        ColumnData::U8(v) => put::<Int32Type>(c, &mut writer, |i| i32::from(v[i])),
        ColumnData::I16(v) => put::<Int32Type>(c, &mut writer, |i| i32::from(v[i])),
        ColumnData::I32(v) => put::<Int32Type>(c, &mut writer, |i| v[i]),
        ColumnData::U32(v) => put::<Int32Type>(c, &mut writer, |i| v[i] as i32),
        ColumnData::I64(v) => put::<Int64Type>(c, &mut writer, |i| v[i]),
        ColumnData::U64(v) => put::<Int64Type>(c, &mut writer, |i| v[i] as i64),
        ColumnData::F32(v) => put::<FloatType>(c, &mut writer, |i| v[i]),
        ColumnData::F64(v) => put::<DoubleType>(c, &mut writer, |i| v[i]),
        ColumnData::Str(v) => put::<ByteArrayType>(c, &mut writer, |i| ByteArray::from(v[i].as_str())),
    }?;
    writer.close()
}

pub(super) fn read(file: File, path: &Path) -> Result<Table> {
    let fail = |m: String| IoError::table(path, "Parquet", None, m);
    let reader = SerializedFileReader::new(file).map_err(|e| fail(e.to_string()))?;
    let mut table = Table::new();
    let mut skipped = Vec::new();
    let descriptor = reader.metadata().file_metadata().schema_descr();
    for i in 0..descriptor.num_columns() {
        let d = descriptor.column(i);
        let name = d.path().parts().first().cloned().unwrap_or_default();
        match read_column(&reader, i, &d, &name).map_err(|e| fail(format!("column '{name}': {e}")))? {
            Ok(column) if !table.has(&name) => table.push(column)?,
            Ok(_) => skipped.push(MetaValue::Str(format!("{} (nested)", d.path()))),
            Err(why) => skipped.push(MetaValue::Str(format!("{} ({why})", d.path()))),
        }
    }
    let yaml = reader
        .metadata()
        .file_metadata()
        .key_value_metadata()
        .and_then(|p| p.iter().find(|kv| kv.key == YAML))
        .and_then(|kv| kv.value.as_deref());
    if let Some(yaml) = yaml {
        ecsv::apply_header(&mut table, yaml).map_err(fail)?;
    }
    if !skipped.is_empty() {
        table.meta.set("skipped_columns", skipped);
    }
    Ok(table)
}

/// Values of one column with their levels.
struct Leaf<T> {
    values: Vec<T>,
    def: Vec<i16>,
    rep: Vec<i16>,
}

/// The column, or why it cannot be one.
fn read_column(
    reader: &SerializedFileReader<File>,
    i: usize,
    d: &ColumnDescriptor,
    name: &str,
) -> Parquet<std::result::Result<Column, &'static str>> {
    if d.max_rep_level() > 1 {
        return Ok(Err("nested"));
    }
    let integer = match d.logical_type_ref() {
        Some(LogicalType::Integer(t)) => Some((t.bit_width, t.is_signed)),
        _ => None,
    };
    macro_rules! typed {
        ($variant:ident, $f:expr) => {
            finish(
                d,
                name,
                read_leaf(reader, i, |r| match r {
                    ColumnReader::$variant(r) => Some(r),
                    _ => None,
                })?,
                $f,
            )
        };
    }
    Ok(match (d.physical_type(), integer) {
        (Physical::BOOLEAN, _) => typed!(BoolColumnReader, ColumnData::Bool),
        (Physical::INT32, Some((8, false))) => {
            typed!(Int32ColumnReader, |v| ColumnData::U8(v.into_iter().map(|x| x as u8).collect()))
        }
        (Physical::INT32, Some((8 | 16, true))) => {
            typed!(Int32ColumnReader, |v| ColumnData::I16(v.into_iter().map(|x| x as i16).collect()))
        }
        (Physical::INT32, Some((32, false))) => {
            typed!(Int32ColumnReader, |v| ColumnData::U32(v.into_iter().map(|x| x as u32).collect()))
        }
        (Physical::INT32, _) => typed!(Int32ColumnReader, ColumnData::I32),
        (Physical::INT64, Some((_, false))) => {
            typed!(Int64ColumnReader, |v| ColumnData::U64(v.into_iter().map(|x| x as u64).collect()))
        }
        (Physical::INT64, _) => typed!(Int64ColumnReader, ColumnData::I64),
        (Physical::FLOAT, _) => typed!(FloatColumnReader, ColumnData::F32),
        (Physical::DOUBLE, _) => typed!(DoubleColumnReader, ColumnData::F64),
        (Physical::BYTE_ARRAY, _) => typed!(ByteArrayColumnReader, |v: Vec<ByteArray>| ColumnData::Str(
            v.iter().map(|b| String::from_utf8_lossy(b.data()).into_owned()).collect()
        )),
        _ => Err("a type that is not supported"),
    })
}

fn read_leaf<D: DataType>(
    reader: &SerializedFileReader<File>,
    column: usize,
    typed: impl Fn(ColumnReader) -> Option<ColumnReaderImpl<D>>,
) -> Parquet<Leaf<D::T>> {
    let mut leaf = Leaf { values: Vec::new(), def: Vec::new(), rep: Vec::new() };
    for g in 0..reader.num_row_groups() {
        let group = reader.get_row_group(g)?;
        let Some(mut r) = typed(group.get_column_reader(column)?) else { continue };
        loop {
            let (records, _, _) =
                r.read_records(1 << 16, Some(&mut leaf.def), Some(&mut leaf.rep), &mut leaf.values)?;
            if records == 0 {
                break;
            }
        }
    }
    Ok(leaf)
}

/// Puts missing values in their places and lists of one length into array columns.
fn finish<T: Clone + Default>(
    d: &ColumnDescriptor,
    name: &str,
    leaf: Leaf<T>,
    data: impl Fn(Vec<T>) -> ColumnData,
) -> std::result::Result<Column, &'static str> {
    if d.max_def_level() == 0 {
        return Ok(Column::new(name, data(leaf.values)));
    }
    let max = d.max_def_level();
    if d.max_rep_level() == 0 {
        let mut values = leaf.values.into_iter();
        let mask: Vec<bool> = leaf.def.iter().map(|&d| d < max).collect();
        let all =
            mask.iter().map(|&m| if m { T::default() } else { values.next().unwrap_or_default() }).collect();
        return Ok(Column::new(name, data(all)).with_mask(mask));
    }
    // Where each row starts, and how many values it has; one level of too low definition is an empty list or none.
    let mut lengths: Vec<usize> = Vec::new();
    for (&r, &def) in leaf.rep.iter().zip(&leaf.def) {
        if r == 0 {
            lengths.push(0);
        }
        if let Some(n) = lengths.last_mut()
            && def + 1 >= max
            && (def == max || is_element_null(d, def))
        {
            *n += 1;
        }
    }
    let width = lengths.iter().copied().max().unwrap_or(0).max(1);
    if lengths.iter().any(|&n| n != 0 && n != width) {
        return Err("lists of different lengths");
    }
    let mut values = leaf.values.into_iter();
    let mut levels = leaf.def.iter();
    let mut all = Vec::with_capacity(lengths.len() * width);
    let mut mask = Vec::with_capacity(lengths.len());
    for &n in &lengths {
        let mut missing = n == 0;
        for _ in 0..n.max(1) {
            let present = levels.next() == Some(&max);
            missing |= !present;
            all.push(if present { values.next().unwrap_or_default() } else { T::default() });
        }
        all.resize(mask.len() * width + width, T::default());
        mask.push(missing);
    }
    let column = Column::new_array(name, data(all), width).map_err(|_| "lists of different lengths")?;
    Ok(column.with_mask(mask))
}

/// The definition level just below the highest means a missing element, if elements may be missing.
fn is_element_null(d: &ColumnDescriptor, def: i16) -> bool {
    d.self_type().is_optional() && def + 1 == d.max_def_level()
}
