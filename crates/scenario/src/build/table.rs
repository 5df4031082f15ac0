//! Columns of CSV files.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read};
use std::path::PathBuf;
use std::sync::Arc;

use kneepoint_components::client::Record;
use kneepoint_engine::{SimDuration, SimTime};

use super::{Built, unbuilt, wrong};
use crate::check::unit_of_column;
use crate::data::DataFiles;
use crate::diagnostic::{Fault, did_you_mean};
use crate::file::{Files, Place};
use crate::scenario::Checked;
use crate::typed::{Args, Data};
use crate::value::{Dimension, Quantity, check_name, shown};

/// Rows read at most.
///
/// Chosen: ten million records are 400 MB.
const ROWS_MAX: usize = 10_000_000;

/// Bytes of a row at most: one whose quote is never closed would go on to the end of the file.
///
/// Chosen: a thousand columns of a thousand characters.
const ROW_BYTES_MAX: usize = 1_000_000;

/// A file that is watched while it is read: rows end, and quotes come in pairs.
struct Watched {
    file: std::fs::File,
    quoted: bool,
    row_bytes: usize,
    /// Of all bytes so far.
    hash: u64,
}

impl Read for Watched {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let count = self.file.read(into)?;
        let bytes = &into[..count];
        // A doubled quote within quotes opens and closes: the count stays right.
        for byte in bytes {
            match byte {
                b'"' => self.quoted = !self.quoted,
                b'\n' if !self.quoted => self.row_bytes = 0,
                _ => {}
            }
            self.row_bytes += 1;
            self.hash = (self.hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
            if self.row_bytes > ROW_BYTES_MAX {
                return Err(std::io::Error::other(format!("a row is longer than {ROW_BYTES_MAX} bytes")));
            }
        }
        if count == 0 && self.quoted {
            return Err(std::io::Error::other("a quote (\") is opened and never closed"));
        }
        Ok(count)
    }
}

/// A CSV file with a header, opened at the columns that are wanted.
struct Table<'a> {
    name: String,
    path: PathBuf,
    data: &'a DataFiles,
    place: Place,
    reader: csv::Reader<Watched>,
    columns: Vec<usize>,
    headers: Vec<String>,
    wanted: &'a [&'a str],
}

/// A fault of a file of data, with what is allowed.
fn refuse<T>(place: Place, message: String, help: &str) -> Built<T> {
    let fault = Fault::error(place, message);
    Err(vec![if help.is_empty() { fault } else { fault.help(help) }])
}

impl<'a> Table<'a> {
    fn open(files: &'a Files, name: &str, wanted: &'a [&'a str], place: Place) -> Built<Table<'a>> {
        if name.ends_with(".gz") {
            return unbuilt(place, "reading compressed files");
        }
        let path = std::path::Path::new(name);
        let name = shown(name);
        if name.is_empty() {
            return refuse(
                place,
                "the name of a file of data is empty".to_string(),
                "for example \"data.csv\"",
            );
        }
        let outside = path.is_absolute() || path.components().any(|c| c == std::path::Component::ParentDir);
        if outside {
            let message = "a file of data must lie beside or below this file".to_string();
            return refuse(place, message, "no `..` and no absolute path");
        }
        let folder = files.folder(place.file);
        let path = folder.join(path);
        let unreadable = |error: std::io::Error| match error.kind() {
            ErrorKind::NotFound => {
                refuse(place, format!("there is no file {name}"), "it is looked for beside this file")
            }
            ErrorKind::PermissionDenied => refuse(place, format!("{name} may not be read"), ""),
            // What the system says differs between systems, and may hold a path of this machine.
            ErrorKind::InvalidInput => refuse(place, format!("{name} is not the name of a file"), ""),
            kind => refuse(place, format!("{name} cannot be read: {kind}"), ""),
        };
        match (folder.canonicalize(), path.canonicalize()) {
            (_, Err(error)) => return unreadable(error),
            (Ok(folder), Ok(path)) if path.starts_with(&folder) => {}
            _ => {
                let message = "a file of data must lie beside or below this file".to_string();
                return refuse(place, message, "a symbolic link leads elsewhere");
            }
        }
        // Looked at before it is opened: opening a pipe waits for somebody to write.
        let file = match std::fs::metadata(&path) {
            Ok(about) if about.is_dir() => {
                return refuse(place, format!("{name} is a folder"), "recorded data is one CSV file");
            }
            Ok(about) if !about.is_file() => {
                let help = "pipes and devices are not read";
                return refuse(place, format!("{name} is not a regular file"), help);
            }
            Ok(_) => match std::fs::File::open(&path) {
                Ok(file) => file,
                Err(error) => return unreadable(error),
            },
            Err(error) => return unreadable(error),
        };
        let file = Watched { file, quoted: false, row_bytes: 0, hash: 0xcbf2_9ce4_8422_2325 };
        let reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(file);
        let data = &files.data;
        let mut table =
            Table { name, path, data, place, reader, columns: Vec::new(), headers: Vec::new(), wanted };
        table.header()?;
        Ok(table)
    }

    /// Reads the header and finds the columns that are wanted.
    fn header(&mut self) -> Built<()> {
        let headers: Vec<String> = match self.reader.headers() {
            Ok(headers) => headers.iter().map(|h| h.trim_start_matches('\u{feff}').to_string()).collect(),
            Err(error) => return self.unreadable(&error, 1),
        };
        if headers.iter().all(|header| header.is_empty()) {
            let help = "the first line names the columns, rows follow";
            return refuse(self.place, format!("{} is empty", self.name), help);
        }
        for column in self.wanted {
            match headers.iter().position(|header| header == column) {
                Some(at) => self.columns.push(at),
                None => {
                    let message = format!("{} has no column \"{}\"", self.name, shown(column));
                    let known: Vec<String> = headers.iter().map(|header| shown(header)).collect();
                    let help = did_you_mean(column, '"', known.iter().map(String::as_str));
                    let listed = !help.ends_with('?');
                    let help = if listed { format!("its columns: {help}") } else { help };
                    return refuse(self.place, message, &help);
                }
            }
        }
        self.headers = headers;
        Ok(())
    }

    /// Says what the reader of CSV has against the file, in the row that begins on a line.
    fn unreadable<T>(&self, error: &csv::Error, from: u64) -> Built<T> {
        let (place, name) = (self.place, &self.name);
        let line = |at: &Option<csv::Position>| match at {
            Some(at) => format!("{name}, line {}", at.line()),
            None => name.clone(),
        };
        match error.kind() {
            csv::ErrorKind::UnequalLengths { pos, expected_len, len } => {
                let fields = |count: u64| format!("{count} field{}", if count == 1 { "" } else { "s" });
                let message = format!("{}: {}, the header has {expected_len}", line(pos), fields(*len));
                refuse(place, message, "each row has a field for each column")
            }
            csv::ErrorKind::Utf8 { pos, err } => {
                let column = self.headers.get(err.field());
                let column = column.map_or(String::new(), |column| format!(", column \"{}\"", shown(column)));
                refuse(place, format!("{}{column}: this is not UTF-8 text", line(pos)), "save it as UTF-8")
            }
            csv::ErrorKind::Io(error) if error.kind() == ErrorKind::Other => {
                let help = "a quote within quotes is doubled";
                refuse(place, format!("{name}, from line {from} on: {error}"), help)
            }
            csv::ErrorKind::Io(error) => {
                refuse(place, format!("{name} cannot be read: {}", error.kind()), "")
            }
            _ => refuse(place, format!("{name} cannot be read as CSV: {error}"), ""),
        }
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
                Err(error) => return self.unreadable(&error, line),
            }
            let line = record.position().map_or(line, |position| position.line());
            let fields: Vec<&str> = self.columns.iter().map(|at| record.get(*at).unwrap_or("")).collect();
            if let Err((at, message)) = row(&fields) {
                let column = shown(&self.headers[self.columns[at]]);
                let message = format!("{}, line {line}, column \"{column}\": {message}", self.name);
                return wrong(self.place, message);
            }
            count += 1;
            if count > ROWS_MAX {
                return wrong(self.place, format!("{} has more than {ROWS_MAX} rows", self.name));
            }
        }
        if count == 0 {
            let help = "rows follow the line that names the columns";
            return refuse(self.place, format!("{} has no rows", self.name), help);
        }
        if !self.data.note(&self.path, &self.name, self.reader.get_ref().hash) {
            let message = format!("{} has changed since it was first read", self.name);
            return refuse(self.place, message, "run again when nobody writes to it");
        }
        Ok(count)
    }
}

fn number(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(value),
        Ok(value) if !value.is_nan() => Err(format!("{} is too large: a number must be finite", shown(text))),
        _ if text.is_empty() => Err("a number is needed; it is empty".to_string()),
        _ => Err(format!("\"{}\" is not a number", shown(text))),
    }
}

fn not_negative(text: &str) -> Result<f64, String> {
    number(text).and_then(|value| if value < 0.0 { Err(format!("{value} is below 0")) } else { Ok(value) })
}

/// What one of a unit is in the base unit; the check has looked at its dimension.
fn scale(unit: &str, place: Place) -> Built<f64> {
    match Quantity::parse(&format!("1 {unit}")) {
        Ok(quantity) => Ok(quantity.value),
        Err(error) => wrong(place, error.message),
    }
}

/// What is made of a file that is named at a place, as a key: nothing else than the `words` decides what it is.
pub(super) fn key(files: &Files, place: Place, what: &str, words: &[&str]) -> String {
    let folder = files.folder(place.file);
    format!("{what} {folder:?} {words:?}")
}

/// Reads one column of numbers; with a `sign` they may be below 0.
pub(super) fn column(
    checked: &Checked,
    file: &str,
    column: &str,
    unit: Option<&str>,
    place: Place,
    sign: bool,
) -> Built<Vec<f64>> {
    let factor = unit.map_or(Ok(1.0), |unit| scale(unit, place))?;
    let mut values = Vec::new();
    Table::open(checked.files(), file, &[column], place)?.rows(|fields| {
        let value = if sign { number(fields[0]) } else { not_negative(fields[0]) };
        values.push(value.map_err(|message| (0, message))? * factor);
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
    Table::open(checked.files(), file, &columns, place)?.rows(|fields| {
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

/// What was recorded: when requests were sent, and with which keys.
pub(super) struct Recording {
    /// Their times count from the first record.
    pub(super) records: Vec<Record>,
    /// For each key space, in the order of the file: the value of its column in each record.
    pub(super) keys: Vec<(Arc<str>, Vec<u32>)>,
}

/// Numbers for the values of columns, shared by all recordings of a key space.
pub(super) type KeyNumbers = BTreeMap<Arc<str>, BTreeMap<Box<str>, u32>>;

/// Most classes of a recording: a request carries its class in a byte.
const CLASSES_MAX: usize = 256;

/// The classes of a recorded client, in the order in which they first occur.
pub(crate) fn classes(files: &Files, args: &Args) -> Built<Vec<Arc<str>>> {
    let columns = args.args("columns");
    let (Some(file), Some(column)) = (args.text("file"), columns.and_then(|columns| columns.text("class")))
    else {
        return Ok(vec!["default".into()]);
    };
    let key = key(files, args.place_of("file"), "classes", &[file, column]);
    files.data.once(key, || read_classes(files, args, file, column))
}

fn read_classes(files: &Files, args: &Args, file: &str, column: &str) -> Built<Vec<Arc<str>>> {
    let place = args.args("columns").map_or(args.head, |columns| columns.place_of("class"));
    let mut classes: Vec<Arc<str>> = Vec::new();
    let mut known: BTreeMap<Box<str>, ()> = BTreeMap::new();
    Table::open(files, file, &[column], args.place_of("file"))
        .map_err(|faults| at_column(faults, args.place_of("file"), column, place))?
        .rows(|fields| {
            if known.contains_key(fields[0]) {
                return Ok(());
            }
            if let Err(error) = check_name(fields[0]) {
                return Err((
                    0,
                    format!("\"{}\" is no name of a class: {}", shown(fields[0]), error.message),
                ));
            }
            if classes.len() == CLASSES_MAX {
                return Err((0, format!("more than {CLASSES_MAX} different classes")));
            }
            known.insert(fields[0].into(), ());
            classes.push(fields[0].into());
            Ok(())
        })?;
    Ok(classes)
}

/// A column that is not there is said where the column is named.
fn at_column(mut faults: Vec<Fault>, file: Place, column: &str, place: Place) -> Vec<Fault> {
    let missing = format!("has no column \"{column}\"");
    for fault in faults.iter_mut().filter(|fault| fault.place == file && fault.message.contains(&missing)) {
        fault.place = place;
    }
    faults
}

/// Reads the recording of a client.
pub(super) fn recording(
    checked: &Checked,
    args: &Args,
    classes: &[Arc<str>],
    numbers: &mut KeyNumbers,
) -> Built<Recording> {
    let place = args.place_of("file");
    let Some(file) = args.text("file") else { return wrong(args.head, "a trace needs a file") };
    let Some(columns) = args.args("columns") else {
        return wrong(args.head, "`columns` says which column is the time: columns: (time: \"ts\")");
    };
    let Some(time) = columns.text("time") else { return wrong(columns.head, "columns need `time`") };
    let unit = columns.text("time_unit").unwrap_or("s");
    let unit = match unit_of_column(unit, Dimension::Duration) {
        Ok(unit) => unit,
        Err(error) => {
            return refuse(columns.place_of("time_unit"), error.message, &error.help.unwrap_or_default());
        }
    };
    let mut wanted = vec![(time, columns.place_of("time"))];
    let mut at = |field: &str| {
        columns.text(field).map(|name| {
            wanted.push((name, columns.place_of(field)));
            wanted.len() - 1
        })
    };
    let (class_at, size_at) = (at("class"), at("size"));
    let mut spaces: Vec<(Arc<str>, usize)> = Vec::new();
    for item in columns.map("keys") {
        let Data::Text(column) = &item.value.data else { continue };
        wanted.push((column, item.value.place));
        spaces.push((Arc::clone(&item.key), wanted.len() - 1));
    }
    let mut keys: Vec<(Arc<str>, Vec<u32>)> =
        spaces.iter().map(|(space, _)| (Arc::clone(space), Vec::new())).collect();
    let position: BTreeMap<&str, u8> =
        classes.iter().enumerate().map(|(at, name)| (&**name, at.min(CLASSES_MAX - 1) as u8)).collect();
    let mut records: Vec<(u64, Record)> = Vec::new();
    let names: Vec<&str> = wanted.iter().map(|(name, _)| *name).collect();
    let table = Table::open(checked.files(), file, &names, place).map_err(|mut faults| {
        for (name, at) in &wanted {
            faults = at_column(faults, place, name, *at);
        }
        faults
    })?;
    table.rows(|fields| {
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
            let Some(class) = position.get(fields[at]) else {
                let help = did_you_mean(fields[at], '"', position.keys().copied());
                return Err((at, format!("no class \"{}\"; {help}", shown(fields[at]))));
            };
            record.class = Some(*class);
        }
        if let Some(at) = size_at {
            let size = not_negative(fields[at]).map_err(|message| (at, message))?;
            if size > f64::from(u32::MAX) {
                return Err((at, format!("{size} bytes; at most 4 GiB")));
            }
            record.size = Some(size as u32);
        }
        for ((space, at), (_, column)) in spaces.iter().zip(&mut keys) {
            if fields[*at].is_empty() {
                return Err((*at, "a key is needed; it is empty".to_string()));
            }
            column.push(key_number(numbers, space, fields[*at]));
        }
        records.push((nanos, record));
        Ok(())
    })?;
    let start = records.first().map_or(0, |(at, _)| *at);
    let records = records
        .into_iter()
        .map(|(at, record)| Record { at: SimDuration::from_nanos(at - start), ..record })
        .collect();
    Ok(Recording { records, keys })
}

/// The number of a key as it is written: in the order in which keys first occur.
fn key_number(numbers: &mut KeyNumbers, space: &Arc<str>, key: &str) -> u32 {
    let of = numbers.entry(Arc::clone(space)).or_default();
    let next = of.len() as u32;
    match of.get(key) {
        Some(number) => *number,
        None => *of.entry(key.into()).or_insert(next),
    }
}

/// Counts how often each value of a column occurs.
pub(super) fn counts(checked: &Checked, file: &str, column: &str, place: Place) -> Built<Vec<u64>> {
    let mut counts: BTreeMap<Box<str>, u64> = BTreeMap::new();
    Table::open(checked.files(), file, &[column], place)?.rows(|fields| {
        match counts.get_mut(fields[0]) {
            _ if fields[0].is_empty() => return Err((0, "a key is needed; it is empty".to_string())),
            Some(count) => *count += 1,
            None => drop(counts.insert(fields[0].into(), 1)),
        }
        Ok(())
    })?;
    Ok(counts.into_values().collect())
}
