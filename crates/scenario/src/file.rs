//! Files as they were written: reading within limits, and places in them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::data::DataFiles;

/// The largest file that is read \[bytes\].
///
/// Chosen: twenty times the largest scenario anybody would write by hand, small enough to be read at once.
pub const FILE_SIZE_MAX: u64 = 4 * 1024 * 1024;

/// The name under which a setting of the command line is shown.
pub(crate) const SETTING: &str = "--set";

/// Names one of the [`Files`] of a scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub(crate) u32);

/// Names a stretch of text: a file and the bytes from `start` to before `end` in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file.
    pub file: FileId,
    /// The first byte.
    pub start: u32,
    /// The byte after the last.
    pub end: u32,
}

impl Place {
    pub(crate) fn new(file: FileId, start: usize, end: usize) -> Place {
        let clip = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Place { file, start: clip(start), end: clip(end) }
    }

    /// Returns the place of some bytes within this one, counted from its start.
    #[must_use]
    pub fn part(self, from: usize, to: usize) -> Place {
        let clip = |at: usize| self.start.saturating_add(u32::try_from(at).unwrap_or(u32::MAX)).min(self.end);
        Place { file: self.file, start: clip(from), end: clip(to) }
    }
}

/// One text with the name it is shown under.
#[derive(Debug)]
pub struct SourceFile {
    name: String,
    path: Option<PathBuf>,
    text: String,
    lines: Vec<u32>,
}

impl SourceFile {
    /// Returns the name shown in messages.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the path it was read from; texts from elsewhere (a command line, shipped presets) have none.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Returns what is written in it.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns line and column of a byte, both from 1; columns count characters.
    #[must_use]
    pub fn line_and_column(&self, byte: u32) -> (usize, usize) {
        let line = self.lines.partition_point(|start| *start <= byte).max(1);
        let start = self.lines[line - 1] as usize;
        let end = floor_char(&self.text, byte as usize);
        (line, self.text.get(start..end).map_or(0, |before| before.chars().count()) + 1)
    }

    /// Returns the byte at which a line begins.
    pub(crate) fn line_start(&self, line: usize) -> usize {
        line.checked_sub(1).and_then(|at| self.lines.get(at)).map_or(self.text.len(), |start| *start as usize)
    }

    /// Returns a line, counted from 1, without its end; empty past the last.
    #[must_use]
    pub fn line(&self, line: usize) -> &str {
        let Some(start) = line.checked_sub(1).and_then(|at| self.lines.get(at)) else { return "" };
        let rest = &self.text[*start as usize..];
        rest[..rest.find('\n').unwrap_or(rest.len())].trim_end_matches('\r')
    }
}

/// Returns the nearest start of a character at or before a byte.
pub(crate) fn floor_char(text: &str, byte: usize) -> usize {
    let mut at = byte.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The texts a scenario is made of, by [`FileId`].
#[derive(Debug, Clone, Default)]
pub struct Files {
    list: Vec<Arc<SourceFile>>,
    /// The files of data that were read beside them.
    pub(crate) data: DataFiles,
    /// Where presets are used.
    uses: BTreeMap<Place, Uses>,
}

/// Where a preset is named.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Uses {
    name: Arc<str>,
    at: BTreeSet<Place>,
}

impl Files {
    pub(crate) fn add(&mut self, name: &str, path: Option<PathBuf>, text: String) -> FileId {
        let lines = std::iter::once(0)
            .chain(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1))
            .map(|at| u32::try_from(at).unwrap_or(u32::MAX))
            .collect();
        self.list.push(Arc::new(SourceFile { name: name.to_string(), path, text, lines }));
        FileId(u32::try_from(self.list.len() - 1).unwrap_or(u32::MAX))
    }

    /// Notes that a preset, which is written at a place, is named at another.
    pub(crate) fn note_use(&mut self, name: &str, preset: Place, at: Place) {
        let of = self.uses.entry(preset).or_insert_with(|| Uses { name: name.into(), at: BTreeSet::new() });
        of.at.insert(at);
    }

    /// Returns where the preset is written in which a place lies. No preset is written within another.
    pub(crate) fn preset_around(&self, place: Place) -> Option<Place> {
        let (preset, _) = self.uses.range(..=Place { end: u32::MAX, ..place }).next_back()?;
        (preset.file == place.file && place.end <= preset.end).then_some(*preset)
    }

    /// Says where a preset is used.
    pub(crate) fn used(&self, preset: Place) -> Option<String> {
        /// Chosen: what fits into a line.
        const NAMED: usize = 3;
        let name = &self.uses.get(&preset)?.name;
        // A preset may be named in another: then what counts is where that is used. Each is looked at once, for there may
        // be a hundred thousand of them.
        let (mut open, mut seen, mut at) = (vec![preset], BTreeSet::from([preset]), BTreeSet::new());
        while let Some(uses) = open.pop().and_then(|preset| self.uses.get(&preset)) {
            for place in &uses.at {
                match self.preset_around(*place) {
                    Some(outer) if seen.insert(outer) => open.push(outer),
                    Some(_) => {}
                    None => {
                        at.insert(*place);
                    }
                }
            }
        }
        let shown: Vec<String> = at.iter().take(NAMED).map(|place| self.describe(*place)).collect();
        let more = at.len().saturating_sub(NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        Some(format!("preset \"{name}\", used at {}{more}", shown.join(", ")))
    }

    /// Returns the paths of those that are files.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.list.iter().filter_map(|file| file.path.as_deref())
    }

    /// Shows settings from the `from`-th on under another name.
    pub(crate) fn rename_settings(&mut self, from: usize, name: &str) {
        let is_setting = |file: &&mut Arc<SourceFile>| file.path.is_none() && file.name == SETTING;
        for file in self.list.iter_mut().filter(is_setting).skip(from) {
            *file = Arc::new(SourceFile {
                name: name.to_string(),
                path: None,
                text: file.text.clone(),
                lines: file.lines.clone(),
            });
        }
    }

    /// Returns a file.
    ///
    /// # Panics
    /// If the name is of another scenario's file.
    #[must_use]
    pub fn get(&self, file: FileId) -> &Arc<SourceFile> {
        &self.list[file.0 as usize]
    }

    /// Returns the folder in which what a file names is looked for.
    pub(crate) fn folder(&self, file: FileId) -> PathBuf {
        let folder = self.get(file).path().and_then(Path::parent).map(PathBuf::from);
        folder.filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| ".".into())
    }

    /// Returns `file:line:column` of a place, as diagnostics print it.
    #[must_use]
    pub fn describe(&self, place: Place) -> String {
        let file = self.get(place.file);
        let (line, column) = file.line_and_column(place.start);
        format!("{}:{line}:{column}", file.name)
    }

    /// Returns the text at a place.
    #[must_use]
    pub fn text(&self, place: Place) -> &str {
        let text = &self.get(place.file).text;
        let (start, end) = (floor_char(text, place.start as usize), floor_char(text, place.end as usize));
        text.get(start..end).unwrap_or("")
    }
}

/// Why a file cannot be read as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileError {
    /// What is wrong, without the file's name.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl FileError {
    fn new(message: impl Into<String>, help: impl Into<Option<&'static str>>) -> FileError {
        FileError { message: message.into(), help: help.into().map(str::to_string) }
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&self.message)
    }
}

impl std::error::Error for FileError {}

/// Reads a text file of at most [`FILE_SIZE_MAX`] bytes.
///
/// # Errors
/// If it is missing, not a regular file (a pipe could keep us waiting for ever), too large, or not plain UTF-8.
pub(crate) fn read_text(path: &Path) -> Result<String, FileError> {
    let about = std::fs::metadata(path).map_err(|error| match std::fs::symlink_metadata(path) {
        Ok(link) if link.is_symlink() => cannot_follow(&error),
        _ => cannot_read(&error),
    })?;
    if about.is_dir() {
        return Err(FileError::new("this is a folder, a scenario is a file", None));
    }
    if !about.is_file() {
        return Err(FileError::new("this is not a regular file", "pipes and devices are not read"));
    }
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(|error| cannot_read(&error))?;
    file.take(FILE_SIZE_MAX + 1).read_to_end(&mut bytes).map_err(|error| cannot_read(&error))?;
    text_of(bytes)
}

fn cannot_follow(error: &std::io::Error) -> FileError {
    use std::io::ErrorKind;
    match error.kind() {
        ErrorKind::NotFound => FileError::new("this symbolic link leads to no file", None),
        ErrorKind::PermissionDenied => {
            FileError::new("this symbolic link leads where nothing may be read", None)
        }
        // The kind of error for circles has no stable name yet; nothing else is left.
        _ => FileError::new("this symbolic link leads in a circle", None),
    }
}

fn cannot_read(error: &std::io::Error) -> FileError {
    use std::io::ErrorKind;
    match error.kind() {
        ErrorKind::NotFound => FileError::new("there is no such file", None),
        ErrorKind::PermissionDenied => FileError::new("this file may not be read", None),
        _ => FileError::new(format!("this file cannot be read: {error}"), None),
    }
}

/// Turns bytes into text, or says what they are instead.
pub(crate) fn text_of(bytes: Vec<u8>) -> Result<String, FileError> {
    if bytes.len() as u64 > FILE_SIZE_MAX {
        return Err(FileError::new(
            "this file is larger than 4 MB",
            "a scenario describes parts, not requests: put recorded data into a CSV file",
        ));
    }
    let save_as = "save it as UTF-8 without a byte order mark";
    if bytes.starts_with(&[0xEF, 0xBB, 0xBF]) {
        return Err(FileError::new("this file begins with a byte order mark", save_as));
    }
    let (little, big) = (bytes.starts_with(&[0xFF, 0xFE]), bytes.starts_with(&[0xFE, 0xFF]));
    let halves = bytes.len() >= 4 && (bytes[0] == 0) != (bytes[1] == 0) && (bytes[2] == 0) != (bytes[3] == 0);
    if little || big || halves {
        return Err(FileError::new("this file is UTF-16", save_as));
    }
    if let Some(at) = bytes.iter().position(|byte| *byte == 0) {
        return Err(FileError::new(format!("this file is not text (a zero byte at offset {at})"), None));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        FileError::new(
            format!("this file is not UTF-8 text (the byte at offset {at} begins no character)"),
            save_as,
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_from_one_and_in_characters() {
        let mut files = Files::default();
        let id = files.add("a.ron", None, "(\n  \"µs\" x\r\nend".to_string());
        let file = files.get(id);
        assert_eq!(file.line_and_column(0), (1, 1));
        let x = file.text().find('x').unwrap();
        assert_eq!(file.line_and_column(u32::try_from(x).unwrap()), (2, 8));
        assert_eq!(file.line(2), "  \"µs\" x");
        assert_eq!(file.line(3), "end");
        assert_eq!((file.line(0), file.line(9)), ("", ""));
        assert_eq!(file.line_and_column(u32::MAX).0, 3);
    }

    #[test]
    fn a_preset_that_is_used_very_often_is_told_of_in_a_line() {
        let mut files = Files::default();
        let file = files.add("a.ron", None, " ".repeat(1_000_000));
        let place = |start: u32, end: u32| Place { file, start, end };
        let (inner, outer) = (place(0, 50), place(100, 150));
        // Each is named by turns, as where one preset is unfolded in another.
        files.note_use("inner", inner, place(110, 120));
        for at in 0..100_000 {
            files.note_use("outer", outer, place(1_000 + at, 1_001 + at));
            files.note_use("inner", inner, place(200_000 + at, 200_001 + at));
            files.note_use("inner", inner, place(110, 120));
        }
        assert_eq!(files.preset_around(place(10, 20)), Some(inner));
        assert_eq!(files.preset_around(place(40, 60)), None);
        assert_eq!(files.preset_around(place(60, 70)), None);
        let said = files.used(inner).expect("it is used");
        assert!(said.starts_with("preset \"inner\", used at a.ron:1:1001"), "{said}");
        assert!(said.ends_with(" and 199997 more"), "{said}");
    }

    #[test]
    fn what_is_not_text_is_named() {
        let message = |bytes: &[u8]| text_of(bytes.to_vec()).unwrap_err().message;
        assert!(message(b"\xEF\xBB\xBF()").contains("byte order mark"));
        assert!(message(b"\xFF\xFE(\0").contains("UTF-16"));
        assert!(message(b"(\0)\0").contains("UTF-16"));
        assert!(message(b"(abcd\0)").contains("offset 5"));
        assert!(message(b"(abc\xFF)").contains("offset 4"));
        assert!(message(&vec![b' '; 4 * 1024 * 1024 + 1]).contains("4 MB"));
        assert_eq!(text_of(b"()".to_vec()).unwrap(), "()");
    }

    #[test]
    fn what_is_not_a_readable_file_is_named() {
        let folder = std::env::temp_dir();
        assert!(read_text(&folder).unwrap_err().message.contains("folder"));
        assert!(
            read_text(&folder.join("kneepoint-no-such-file")).unwrap_err().message.contains("no such file")
        );
    }
}
