//! What the name of a file says of its format: one rule for all verbs.
//!
//! A file is written as its name ends unless `--format` says how; without an ending it is written as what would be
//! printed, and an ending that the verb has no format for is refused. Pictures alone are never what their names do not
//! say: no program would show them.

use std::path::Path;

use clap::ValueEnum;
use kneepoint_scenario::value::nearest;

use crate::output::shown;

/// The table of all endings, as the help has it: ending, what it says, verbs.
pub const TABLE: [(&str, &str, &str); 10] = [
    ("txt", "text", "run compare sensitivity capacity sweep merge"),
    ("json", "JSON", "run compare sensitivity capacity sweep merge trace (Perfetto; OTLP with --format)"),
    ("csv", "CSV", "run compare sensitivity capacity sweep merge"),
    ("prom", "Prometheus", "run"),
    ("jsonl, ndjson", "JSON lines", "sweep merge"),
    ("parquet", "Parquet", "sweep merge"),
    ("html, htm", "a page", "report"),
    ("md, markdown", "Markdown", "report"),
    ("svg", "a picture of lines", "plot"),
    ("png", "a picture of pixels", "plot"),
];

/// Returns the table as the end of a help.
pub fn help() -> String {
    let wide = TABLE.iter().map(|(ending, ..)| ending.len()).max().unwrap_or(0);
    let rows = TABLE.iter().map(|(ending, says, verbs)| format!("  {ending:wide$}  {says}: {verbs}\n"));
    format!(
        "Files are written as their names end, unless --format says how:\n{}A name without an ending says nothing, and \
         any other is refused.\nA shard of a sweep holds records, whatever its name.",
        rows.collect::<String>()
    )
}

/// Returns how a file is written: as asked for, else as its name ends, else as `usual`. `known` has what the endings of
/// the verb stand for.
///
/// # Errors
/// If nothing is asked for and the name says what the verb does not write; in words.
pub fn format<F: ValueEnum + Copy>(
    path: Option<&Path>,
    asked: Option<F>,
    known: &[(&str, F)],
    usual: F,
) -> Result<F, String> {
    let (Some(path), None) = (path, asked) else { return Ok(asked.unwrap_or(usual)) };
    if path.extension().is_none() {
        return Ok(usual);
    }
    let name = usual.to_possible_value().map_or_else(String::new, |value| value.get_name().to_string());
    of_name(path, known).map_err(|error| format!("{error}, and --format {name} writes to it all the same"))
}

/// Returns what the ending of a name says.
///
/// # Errors
/// If it says nothing that is known; in words.
pub fn of_name<F: Copy>(path: &Path, known: &[(&str, F)]) -> Result<F, String> {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
    let ending = ending.unwrap_or_default();
    if let Some((_, format)) = known.iter().find(|(of, _)| *of == ending) {
        return Ok(*format);
    }
    let all: Vec<String> = known.iter().map(|(of, _)| format!(".{of}")).collect();
    let other = match ending.as_str() {
        "html" | "htm" | "md" | "markdown" => {
            "`kneepoint report` writes pages of what was written as JSON; ".to_string()
        }
        "svg" | "png" => "`kneepoint plot` draws pictures of what was written as JSON; ".to_string(),
        _ => match nearest(&ending, known.iter().map(|(of, _)| *of)) {
            Some(meant) => format!("did you mean .{meant}? "),
            None => String::new(),
        },
    };
    Err(format!(
        "{}: nothing that is written here ends in .{}; {other}there are {}",
        shown(path),
        kneepoint_report::safe(&ending),
        all.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments::RunFormat;

    const RUN: &[(&str, RunFormat)] = &crate::arguments::RUN_ENDINGS;

    fn of(path: &str, asked: Option<RunFormat>) -> Result<RunFormat, String> {
        format(Some(Path::new(path)), asked, RUN, RunFormat::Text)
    }

    #[test]
    fn the_ending_of_a_name_says_the_format_and_what_it_cannot_say_is_refused() {
        assert_eq!(of("a.json", None), Ok(RunFormat::Json));
        assert_eq!(of("A.CSV", None), Ok(RunFormat::Csv));
        assert_eq!(of("a.prom", None), Ok(RunFormat::Prometheus));
        assert_eq!(of("results", None), Ok(RunFormat::Text));
        assert_eq!(of("a.txt", Some(RunFormat::Prometheus)), Ok(RunFormat::Prometheus));
        assert_eq!(of("a.pdf", Some(RunFormat::Csv)), Ok(RunFormat::Csv));
        assert_eq!(format(None, None, RUN, RunFormat::Text), Ok(RunFormat::Text));
        let jsn = of("a.jsn", None).unwrap_err();
        assert!(
            jsn.contains("a.jsn: nothing that is written here ends in .jsn; did you mean .json?"),
            "{jsn}"
        );
        assert!(of("a.html", None).unwrap_err().contains("`kneepoint report` writes pages"));
        assert_eq!(of("a.csv", Some(RunFormat::Json)), Ok(RunFormat::Json));
    }

    #[test]
    fn the_table_has_every_ending_of_every_verb() {
        let listed: Vec<&str> = TABLE.iter().flat_map(|(endings, ..)| endings.split(", ")).collect();
        let run = RUN.iter().map(|(ending, _)| *ending);
        let sweep = crate::sweep::ENDINGS.iter().map(|(ending, _)| *ending);
        let page = crate::report::ENDINGS.iter().map(|(ending, _)| *ending);
        let plot = crate::plot::ENDINGS.iter().map(|(ending, _)| *ending);
        let mut all: Vec<&str> = run.chain(sweep).chain(page).chain(plot).collect();
        assert!(all.iter().all(|ending| listed.contains(ending)), "{all:?}");
        all.retain(|ending| listed.contains(ending));
        assert!(listed.iter().all(|ending| all.contains(ending)), "{listed:?}");
    }
}
