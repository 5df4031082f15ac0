//! What is wrong with a scenario, where, and what would be right.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fmt::Write as _;

use crate::file::{FileId, Files, Place, floor_char};
use crate::registry::Status;
use crate::steering::is_steering;
use crate::value::nearest;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The scenario cannot be run.
    Error,
    /// It can be run, but is probably not what is meant.
    Warning,
    /// Something the reader of the results should know.
    Note,
}

impl fmt::Display for Severity {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        })
    }
}

/// One thing that is wrong, at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// Where: the value, name or field the message is about.
    pub place: Place,
    /// Further places on the same line that are marked too.
    pub also: Vec<Place>,
    /// What would be right.
    pub help: Option<String>,
}

impl Fault {
    pub(crate) fn error(place: Place, message: impl Into<String>) -> Fault {
        Fault { severity: Severity::Error, message: message.into(), place, also: Vec::new(), help: None }
    }

    pub(crate) fn warning(place: Place, message: impl Into<String>) -> Fault {
        Fault { severity: Severity::Warning, ..Fault::error(place, message) }
    }

    pub(crate) fn note(place: Place, message: impl Into<String>) -> Fault {
        Fault { severity: Severity::Note, ..Fault::error(place, message) }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Fault {
        self.help = Some(help.into());
        self
    }

    pub(crate) fn also(mut self, places: impl IntoIterator<Item = Place>) -> Fault {
        self.also.extend(places);
        self
    }
}

/// The same for machines: a fault with its place in numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultRow {
    /// How bad it is; it prints as `error`, `warning` or `note`.
    pub severity: Severity,
    /// The file's name as it was given.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1, in characters.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub help: Option<String>,
}

/// Everything found in a scenario, in the order of the text.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    files: Files,
    list: Vec<Fault>,
}

impl Faults {
    /// Collects faults: sorted by place, each said once.
    pub(crate) fn new(files: Files, mut list: Vec<Fault>) -> Faults {
        list.sort_by(|a, b| (a.place, a.severity, &a.message).cmp(&(b.place, b.severity, &b.message)));
        let mut seen = BTreeSet::new();
        list.retain(|fault| seen.insert((fault.place, fault.message.clone())));
        // A preset with many faults may have many uses too.
        let mut known: BTreeMap<Place, Option<String>> = BTreeMap::new();
        for fault in &mut list {
            let Some(preset) = files.preset_around(fault.place) else { continue };
            if let Some(used) = known.entry(preset).or_insert_with(|| files.used(preset)).clone() {
                // What is said again of the same faults is said once.
                let help = fault.help.take().filter(|help| *help != used && !help.ends_with(&used));
                fault.help = Some(help.map_or(used.clone(), |help| format!("{help}; {used}")));
            }
        }
        Faults { files, list }
    }

    /// Returns the faults.
    #[must_use]
    pub fn list(&self) -> &[Fault] {
        &self.list
    }

    /// Returns the texts the places speak of.
    #[must_use]
    pub fn files(&self) -> &Files {
        &self.files
    }

    /// Returns whether nothing was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Returns whether any of them forbids a run.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|fault| fault.severity == Severity::Error)
    }

    /// Shows the settings of [`Overrides::set`](crate::Overrides::set) from the `from`-th on under another name than
    /// `--set`: that of the option in which they were written.
    #[must_use]
    pub fn with_settings_from(mut self, from: usize, name: &str) -> Faults {
        self.files.rename_settings(from, name);
        self
    }

    /// Returns one row per fault with numbers instead of pictures.
    #[must_use]
    pub fn rows(&self) -> Vec<FaultRow> {
        let row = |fault: &Fault| {
            let file = self.files.get(fault.place.file);
            let (line, column) = file.line_and_column(fault.place.start);
            FaultRow {
                severity: fault.severity,
                file: file.name().to_string(),
                line,
                column,
                message: fault.message.clone(),
                help: fault.help.clone(),
            }
        };
        self.list.iter().map(row).collect()
    }

    fn show(&self, fault: &Fault) -> String {
        let mut text = format!("{}: {}", fault.severity, printable(&fault.message));
        let width = text.chars().count();
        let _ = write!(
            text,
            "{}{}",
            " ".repeat(79usize.saturating_sub(width).max(3)),
            printable(&self.files.describe(fault.place))
        );
        text.push('\n');
        text.push_str(&excerpt(&self.files, fault));
        text
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        for fault in &self.list {
            to.write_str(&self.show(fault))?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}

/// The characters of a line that are shown at most.
const EXCERPT_WIDTH: usize = 96;

/// Draws the line of a fault with carets under what is meant, and the help after them.
fn excerpt(files: &Files, fault: &Fault) -> String {
    let file = files.get(fault.place.file);
    let (line, _) = file.line_and_column(fault.place.start);
    let text = file.line(line);
    if text.trim().is_empty() {
        return fault.help.as_ref().map_or(String::new(), |help| format!("   = {}\n", printable(help)));
    }
    let begins = file.line_start(line);
    let marks: Vec<(usize, usize)> = std::iter::once(fault.place)
        .chain(fault.also.iter().copied().filter(|also| same_line(files, *also, fault.place.file, line)))
        .map(|place| {
            let at = |byte: u32| (byte as usize).saturating_sub(begins).min(text.len());
            (at(place.start), at(place.end))
        })
        .collect();
    let (first, last) = (marks[0].0, marks.iter().map(|mark| mark.1).max().unwrap_or(0));
    let indent = text.len() - text.trim_start().len();
    // Of a line of megabytes only the neighbourhood is looked at.
    let wide = EXCERPT_WIDTH * 4;
    let all_fits = text.len() <= wide && text.trim().chars().count() <= EXCERPT_WIDTH;
    let from = if all_fits || last.saturating_sub(indent) <= EXCERPT_WIDTH {
        indent.min(first)
    } else {
        floor_char(text, first.saturating_sub(EXCERPT_WIDTH / 3)).max(indent.min(first))
    };
    let window = &text[from..floor_char(text, from + wide)];
    let shown: String = window.chars().take(EXCERPT_WIDTH).map(visible).collect();
    let cut = shown.chars().count() < text[from..].chars().take(EXCERPT_WIDTH + 1).count();
    let (before, after) = (if from > indent { "… " } else { "" }, if cut { " …" } else { "" });
    let column = |byte: usize| {
        window.get(..floor_char(window, byte.saturating_sub(from))).map_or(0, |to| to.chars().count())
    };
    let mut under = vec![' '; EXCERPT_WIDTH + 1];
    for (start, end) in marks {
        let start = column(start);
        for mark in under.iter_mut().take(column(end)).skip(start) {
            *mark = '^';
        }
        if let Some(mark) = under.get_mut(start) {
            *mark = '^';
        }
    }
    let under: String = under.into_iter().collect();
    let mut text = format!("   | {before}{}{after}\n", shown.trim_end());
    let _ = write!(text, "   | {}{}", " ".repeat(before.chars().count()), under.trim_end());
    if let Some(help) = &fault.help {
        let _ = write!(text, " {}", printable(help));
    }
    text.push('\n');
    text
}

fn same_line(files: &Files, place: Place, file: FileId, line: usize) -> bool {
    place.file == file && files.get(file).line_and_column(place.start).0 == line
}

fn printable(text: &str) -> String {
    text.chars().map(visible).collect()
}

/// Replaces characters that steer: what strangers wrote must neither move the cursor nor turn the line around.
fn visible(c: char) -> char {
    match c {
        '\t' => ' ',
        c if is_steering(c) => '\u{FFFD}',
        c => c,
    }
}

/// Among how many words the likely meant one is looked for.
pub(crate) const SUGGESTED_FROM: usize = 2_000;

/// Returns `did you mean …?` with the word in the given quotes, or what is known.
pub(crate) fn did_you_mean<'a>(
    word: &str,
    quote: char,
    known: impl IntoIterator<Item = &'a str> + Clone,
) -> String {
    // Each is compared letter by letter: of ten thousand the first few thousand must do.
    match nearest(word, known.clone().into_iter().take(SUGGESTED_FROM)) {
        Some(known) => format!("did you mean {quote}{known}{quote}?"),
        None => list_of(known),
    }
}

/// The same of words not all of which are built yet: such a one is told as that, and not listed.
pub(crate) fn did_you_mean_built<'a>(
    word: &str,
    quote: char,
    known: impl IntoIterator<Item = (&'a str, Status)> + Clone,
) -> String {
    let all = known.clone().into_iter().take(SUGGESTED_FROM);
    match nearest(word, all.map(|(word, _)| word)) {
        Some(near) => {
            let is_built = known.into_iter().any(|known| known == (near, Status::Built));
            let state = if is_built { "" } else { " (not built yet)" };
            format!("did you mean {quote}{near}{quote}{state}?")
        }
        None => {
            list_of(known.into_iter().filter(|(_, status)| *status == Status::Built).map(|(word, _)| word))
        }
    }
}

/// Lists words for a help line, the first few if they are many.
pub(crate) fn list_of<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    const SHOWN: usize = 12;
    let all: Vec<&str> = words.into_iter().collect();
    let shown = all.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
    if all.len() > SHOWN { format!("{shown}, … ({} in all)", all.len()) } else { shown }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, mark: &str, message: &str, help: Option<&str>) -> String {
        let mut files = Files::default();
        let file = files.add("shop.ron", None, text.to_string());
        let start = text.find(mark).unwrap();
        let mut fault = Fault::error(Place::new(file, start, start + mark.len()), message);
        fault.help = help.map(str::to_string);
        Faults::new(files, vec![fault]).to_string()
    }

    #[test]
    fn a_fault_shows_its_line_with_carets_and_help() {
        let text = shown(
            "(\n    run: (duration: 10),\n)",
            "10",
            "a duration is text with a unit",
            Some("write \"10s\""),
        );
        assert_eq!(
            text,
            "error: a duration is text with a unit                                          shop.ron:2:21\n\
             \x20  | run: (duration: 10),\n\
             \x20  |                 ^^ write \"10s\"\n"
        );
    }

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        let line = format!("{}HERE{}", "a".repeat(400), "b".repeat(400));
        let text = shown(&line, "HERE", "wrong", None);
        assert!(text.lines().all(|line| line.chars().count() <= 110), "{text}");
        let (code, carets) = (text.lines().nth(1).unwrap(), text.lines().nth(2).unwrap());
        let at = code.chars().take_while(|c| *c != 'H').count();
        assert_eq!(carets.chars().take_while(|c| *c != '^').count(), at);
        assert_eq!(carets.matches('^').count(), 4);
    }

    #[test]
    fn what_goes_on_below_is_marked_to_the_end_of_its_line() {
        let text = shown("x: (a,\n b)", "(a,\n b)", "wrong", None);
        assert!(text.ends_with("   | x: (a,\n   |    ^^^\n"), "{text}");
    }

    #[test]
    fn control_characters_are_not_passed_on() {
        let text = shown("a\u{1b}[31m", "a", "wrong \u{1b}[31m", None);
        assert!(!text.contains('\u{1b}'), "{text}");
    }

    #[test]
    fn faults_are_sorted_and_said_once() {
        let mut files = Files::default();
        let file = files.add("a.ron", None, "abc".to_string());
        let at = |start: usize, text: &str| Fault::error(Place::new(file, start, start + 1), text);
        let faults = Faults::new(files, vec![at(2, "two"), at(0, "none"), at(2, "two")]);
        let rows: Vec<_> = faults.rows().into_iter().map(|row| (row.line, row.column, row.message)).collect();
        assert_eq!(rows, [(1, 1, "none".to_string()), (1, 3, "two".to_string())]);
    }
}
