//! A sweep as a Parquet file: the rows of the CSV in typed columns.

use std::sync::Arc;

use kneepoint_experiment::result::{PointResult, SweepFacts};
use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;

use super::rows::{HEAD, rows};

/// Rows that are written together.
///
/// # Source
/// Chosen: some ten megabytes in memory; readers skip by such groups.
const GROUP: usize = 100_000;

/// Writes a sweep point by point. Two writers of the same points make the same bytes.
///
/// The columns are those of [`sweep_csv_head`](crate::sweep_csv_head), in its order: `point` and `n` are 64-bit
/// integers, `value`, `low` and `high` are doubles, everything else is text. Where the CSV is empty, numbers are null.
///
/// # Units
/// In the column `unit`: durations in seconds, rates per second, shares from 0 to 1.
pub struct SweepParquet {
    file: SerializedFileWriter<Vec<u8>>,
    rows: Rows,
}

/// Rows that are not written yet, column by column.
#[derive(Default)]
struct Rows {
    point: Vec<i64>,
    /// Settings, then the texts before the numbers, then the reason.
    texts: Vec<Vec<ByteArray>>,
    /// Value, low, high.
    numbers: [Optional<f64>; 3],
    n: Optional<i64>,
}

/// A column some cells of which are empty.
#[derive(Default)]
struct Optional<T> {
    /// Those that are not.
    values: Vec<T>,
    /// For each row 1 if there is a value, else 0.
    levels: Vec<i16>,
}

impl<T> Optional<T> {
    fn push(&mut self, value: Option<T>) {
        self.levels.push(i16::from(value.is_some()));
        self.values.extend(value);
    }
}

impl SweepParquet {
    /// Begins a file.
    ///
    /// # Errors
    /// If two columns have the same name, or the like; in words.
    pub fn new(facts: &SweepFacts) -> Result<SweepParquet, String> {
        let said = |error: ParquetError| format!("Parquet: {error}");
        let column = |name: &str, physical: Physical, repetition: Repetition, text: bool| {
            let column = Type::primitive_type_builder(name, physical).with_repetition(repetition);
            let column = column.with_logical_type(text.then_some(LogicalType::String)).build();
            column.map(Arc::new)
        };
        let text = |name: &str| column(name, Physical::BYTE_ARRAY, Repetition::REQUIRED, true);
        let mut columns = vec![column("point", Physical::INT64, Repetition::REQUIRED, false)];
        columns.extend(facts.axes.iter().map(|axis| text(&axis.path)));
        columns.extend(HEAD.map(|name| match name {
            "value" | "low" | "high" => column(name, Physical::DOUBLE, Repetition::OPTIONAL, false),
            "n" => column(name, Physical::INT64, Repetition::OPTIONAL, false),
            _ => text(name),
        }));
        let columns = columns.into_iter().collect::<Result<Vec<_>, ParquetError>>().map_err(said)?;
        let schema = Type::group_type_builder("sweep").with_fields(columns).build().map_err(said)?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_created_by(format!("kneepoint {}", env!("CARGO_PKG_VERSION")))
            .build();
        let file = SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::new(properties));
        Ok(SweepParquet { file: file.map_err(said)?, rows: Rows::of(facts.axes.len()) })
    }

    /// Adds a point.
    ///
    /// # Errors
    /// If the file cannot be made; in words.
    pub fn point(&mut self, point: &PointResult) -> Result<(), String> {
        for row in rows(point) {
            let into = &mut self.rows;
            into.point.push(point.index as i64);
            let reason = [row.reason];
            let texts = point.values.iter().chain(&row.texts).chain(&reason);
            for (column, text) in into.texts.iter_mut().zip(texts) {
                column.push(ByteArray::from(text.as_str()));
            }
            for (column, number) in into.numbers.iter_mut().zip([row.value, row.low, row.high]) {
                column.push(number);
            }
            into.n.push(row.n.map(|n| n as i64));
        }
        if self.rows.point.len() >= GROUP { self.group() } else { Ok(()) }
    }

    /// Ends the file and returns its bytes.
    ///
    /// # Errors
    /// If the file cannot be made; in words.
    pub fn finish(mut self) -> Result<Vec<u8>, String> {
        if !self.rows.point.is_empty() {
            self.group()?;
        }
        self.file.into_inner().map_err(|error| format!("Parquet: {error}"))
    }

    /// Writes the rows that are there as a group.
    fn group(&mut self) -> Result<(), String> {
        let axes = self.rows.texts.len() - TEXTS;
        let rows = std::mem::replace(&mut self.rows, Rows::of(axes));
        let mut write = || {
            let mut group = self.file.next_row_group()?;
            column::<Int64Type>(&mut group, &rows.point, None)?;
            let (texts, reason) = rows.texts.split_at(rows.texts.len() - 1);
            for text in texts {
                column::<ByteArrayType>(&mut group, text, None)?;
            }
            for number in &rows.numbers {
                column::<DoubleType>(&mut group, &number.values, Some(&number.levels))?;
            }
            column::<Int64Type>(&mut group, &rows.n.values, Some(&rows.n.levels))?;
            column::<ByteArrayType>(&mut group, &reason[0], None)?;
            group.close().map(drop)
        };
        write().map_err(|error: ParquetError| format!("Parquet: {error}"))
    }
}

/// Columns of text besides the settings: five before the numbers, and the reason.
const TEXTS: usize = 6;

impl Rows {
    fn of(axes: usize) -> Rows {
        Rows { texts: vec![Vec::new(); axes + TEXTS], ..Rows::default() }
    }
}

/// Writes the next column of a group.
fn column<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
    values: &[T::T],
    levels: Option<&[i16]>,
) -> Result<(), ParquetError> {
    let column = group.next_column()?;
    let mut column = column.ok_or_else(|| ParquetError::General("there are fewer columns".to_string()))?;
    column.typed::<T>().write_batch(values, levels, None)?;
    column.close()
}
