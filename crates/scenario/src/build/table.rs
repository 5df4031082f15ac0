//! Columns of CSV files.

use std::path::PathBuf;
use std::sync::Arc;

use kneepoint_components::client::Record;
use kneepoint_engine::{SimDuration, SimTime};

use super::{Built, unbuilt, wrong};
use crate::diagnostic::did_you_mean;
use crate::file::Place;
use crate::scenario::Checked;
use crate::typed::Args;
use crate::value::Quantity;

/// Rows read at most.
///
/// Chosen: ten million records are 400 MB.
const ROWS_MAX: usize = 10_000_000;

/// A CSV file with a header, opened at the columns that are wanted.
struct Table<'a> {
    name: &'a str,
    place: Place,
    reader: csv::Reader<std::fs::File>,
    columns: Vec<usize>,
    headers: Vec<String>,
}

impl<'a> Table<'a> {
    fn open(checked: &Checked, name: &'a str, wanted: &[&str], place: Place) -> Built<Table<'a>> {
        if name.ends_with(".gz") {
            return unbuilt(place, "reading compressed files");
        }
        let path = std::path::Path::new(name);
        let outside = path.is_absolute() || path.components().any(|c| c == std::path::Component::ParentDir);
        if outside {
            return wrong(place, "a file of data must lie beside or below this file");
        }
        let folder = checked.files().get(place.file).path().and_then(|path| path.parent()).map(PathBuf::from);
        let folder = folder.filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| ".".into());
        let path = folder.join(path);
        let unreadable = |error: std::io::Error| wrong(place, format!("{name} cannot be read: {error}"));
        match (folder.canonicalize(), path.canonicalize()) {
            (_, Err(error)) => return unreadable(error),
            (Ok(folder), Ok(path)) if path.starts_with(&folder) => {}
            _ => {
                return wrong(
                    place,
                    "a file of data must lie beside or below this file: a link leads elsewhere",
                );
            }
        }
        // Looked at before it is opened: opening a pipe waits for somebody to write.
        let file = match std::fs::metadata(&path) {
            Ok(about) if !about.is_file() => return wrong(place, format!("{name} is not a file")),
            Ok(_) => match std::fs::File::open(&path) {
                Ok(file) => file,
                Err(error) => return unreadable(error),
            },
            Err(error) => return unreadable(error),
        };
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(file);
        let headers: Vec<String> = match reader.headers() {
            Ok(headers) => headers.iter().map(|h| h.trim_start_matches('\u{feff}').to_string()).collect(),
            Err(error) => return wrong(place, format!("{name} cannot be read as CSV: {error}")),
        };
        if headers.iter().all(|header| header.is_empty()) {
            return wrong(place, format!("{name} is empty: a header and rows are needed"));
        }
        let mut columns = Vec::new();
        for column in wanted {
            match headers.iter().position(|header| header == column) {
                Some(at) => columns.push(at),
                None => {
                    let known = headers.iter().map(String::as_str);
                    let help = did_you_mean(column, '"', known);
                    return wrong(place, format!("{name} has no column \"{column}\"; {help}"));
                }
            }
        }
        Ok(Table { name, place, reader, columns, headers })
    }

    /// Gives each row's line and fields to `row`; a row it says something against is a fault.
    fn rows(mut self, mut row: impl FnMut(&[&str]) -> Result<(), (usize, String)>) -> Built<usize> {
        let mut record = csv::StringRecord::new();
        let mut count = 0;
        loop {
            let line = self.reader.position().line();
            match self.reader.read_record(&mut record) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    return wrong(self.place, format!("{} cannot be read as CSV: {error}", self.name));
                }
            }
            let line = record.position().map_or(line, |position| position.line());
            let fields: Vec<&str> = self.columns.iter().map(|at| record.get(*at).unwrap_or("")).collect();
            if let Err((at, message)) = row(&fields) {
                let column = &self.headers[self.columns[at]];
                return wrong(
                    self.place,
                    format!("{}, line {line}, column \"{column}\": {message}", self.name),
                );
            }
            count += 1;
            if count > ROWS_MAX {
                return wrong(self.place, format!("{} has more than {ROWS_MAX} rows", self.name));
            }
        }
        if count == 0 {
            return wrong(self.place, format!("{} has no rows", self.name));
        }
        Ok(count)
    }
}

fn number(text: &str) -> Result<f64, String> {
    let shown: String = text.chars().take(40).collect();
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(value),
        _ if text.is_empty() => Err("a number is needed; it is empty".to_string()),
        _ => Err(format!("\"{shown}\" is not a number")),
    }
}

fn not_negative(text: &str) -> Result<f64, String> {
    number(text).and_then(|value| if value < 0.0 { Err(format!("{value} is below 0")) } else { Ok(value) })
}

/// What one of a unit is in the base unit: `ms` is 10^6 (nanoseconds), `/min` 1/60 (per second).
fn scale(unit: &str, place: Place) -> Built<f64> {
    match Quantity::parse(&format!("1{unit}")) {
        Ok(quantity) => Ok(quantity.value),
        Err(error) => wrong(place, error.message),
    }
}

/// Reads one column of numbers.
pub(super) fn column(
    checked: &Checked,
    file: &str,
    column: &str,
    unit: Option<&str>,
    place: Place,
) -> Built<Vec<f64>> {
    let factor = unit.map_or(Ok(1.0), |unit| scale(unit, place))?;
    let mut values = Vec::new();
    Table::open(checked, file, &[column], place)?.rows(|fields| {
        values.push(number(fields[0]).map_err(|message| (0, message))? * factor);
        Ok(())
    })?;
    Ok(values)
}

/// Reads a course of time: (time, value), ascending.
pub(super) fn course(
    checked: &Checked,
    file: &str,
    columns: [&str; 2],
    units: [&str; 2],
    place: Place,
) -> Built<Vec<(SimTime, f64)>> {
    let (per_time, per_value) = (scale(units[0], place)?, scale(units[1], place)?);
    let mut points: Vec<(SimTime, f64)> = Vec::new();
    Table::open(checked, file, &columns, place)?.rows(|fields| {
        let at = not_negative(fields[0]).map_err(|message| (0, message))? * per_time;
        let at = SimTime::ZERO + SimDuration::from_nanos_f64(at);
        if points.last().is_some_and(|(before, _)| *before >= at) {
            return Err((0, format!("{} does not come after the row above: times ascend", fields[0])));
        }
        points.push((at, not_negative(fields[1]).map_err(|message| (1, message))? * per_value));
        Ok(())
    })?;
    Ok(points)
}

/// Reads the records of a recorded client; its times count from the first record.
pub(super) fn records(checked: &Checked, args: &Args, classes: &[Arc<str>]) -> Built<Vec<Record>> {
    let place = args.place_of("file");
    let Some(file) = args.text("file") else { return wrong(args.head, "a trace needs a file") };
    let Some(columns) = args.args("columns") else {
        return wrong(args.head, "`columns` says which column is the time: columns: (time: \"ts\")");
    };
    if !columns.map("keys").is_empty() {
        return unbuilt(columns.place_of("keys"), "`keys` of columns");
    }
    if columns.get("work").is_some() {
        return unbuilt(columns.place_of("work"), "`work` of columns");
    }
    if columns.get("class").is_some() && classes.is_empty() {
        return unbuilt(columns.place_of("class"), "`class` of columns");
    }
    let Some(time) = columns.text("time") else { return wrong(columns.head, "columns need `time`") };
    let unit = scale(columns.text("time_unit").unwrap_or("s"), columns.place_of("time_unit"))?;
    let mut wanted = vec![time];
    let mut position = |field: &str| {
        columns.text(field).map(|name| {
            wanted.push(name);
            wanted.len() - 1
        })
    };
    let (class_at, size_at) = (position("class"), position("size"));
    let mut records: Vec<(u64, Record)> = Vec::new();
    Table::open(checked, file, &wanted, place)?.rows(|fields| {
        let at = number(fields[0]).map_err(|message| (0, message))? * unit;
        let nanos = SimDuration::from_nanos_f64(at).as_nanos();
        if at < 0.0 {
            return Err((0, format!("{} is below 0", fields[0])));
        }
        if records.last().is_some_and(|(before, _)| *before > nanos) {
            return Err((0, format!("{} comes before the row above: times ascend", fields[0])));
        }
        let mut record = Record::default();
        if let Some(at) = class_at {
            let Some(class) = classes.iter().position(|name| **name == *fields[at]) else {
                let known: Vec<&str> = classes.iter().map(|name| &**name).collect();
                let help = did_you_mean(fields[at], '"', known.iter().copied());
                return Err((at, format!("no class \"{}\"; {help}", fields[at])));
            };
            record.class = Some(class as u8);
        }
        if let Some(at) = size_at {
            let size = not_negative(fields[at]).map_err(|message| (at, message))?;
            if size > f64::from(u32::MAX) {
                return Err((at, format!("{size} bytes; at most 4 GiB")));
            }
            record.size = Some(size as u32);
        }
        records.push((nanos, record));
        Ok(())
    })?;
    let start = records.first().map_or(0, |(at, _)| *at);
    Ok(records
        .into_iter()
        .map(|(at, record)| Record { at: SimDuration::from_nanos(at - start), ..record })
        .collect())
}
