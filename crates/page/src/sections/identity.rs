//! How to get the same again.

use kneepoint_experiment::result::Unit;

use crate::at::At;
use crate::document::{Block, Cell, Section, Table};

/// The command that reproduces the run, and what its result is known by.
pub(crate) fn identity(all: &[(String, At<'_>)], run: Option<&At<'_>>) -> Section {
    let mut section = Section::brief("reproduce", "How to reproduce it");
    match run {
        Some(run) => {
            match command(run) {
                Some(command) => section.add(Block::Command(command)),
                None => section.say("The run was made of a plan of a Rust program: no command repeats it."),
            }
            section.add(Block::Table(facts(run)));
        }
        None => section.say("The results name the settings of what they searched or compared; the run itself is not among them."),
    }
    if all.len() > 1 || run.is_none() {
        section.add(Block::Table(sources(all)));
    }
    section
}

fn facts(run: &At<'_>) -> Table {
    let mut table = Table::new("What it is known by", &["fact", "value"]);
    let scenario = run.get("scenario");
    let mut fact = |name: &str, cell: Cell| {
        if !cell.text.is_empty() {
            // A column of words and numbers is read as words.
            table.row(vec![Cell::words(name), Cell { words: true, ..cell }]);
        }
    };
    let text = |at: At<'_>| Cell::words(at.text());
    fact("scenario", text(scenario.get("file")));
    fact("hash of the scenario", text(scenario.get("hash")));
    fact("variant", text(scenario.get("variant")));
    let set: Vec<String> = scenario.get("set").list().iter().map(|pair| pair.texts().join(" = ")).collect();
    fact("set from outside", Cell::words(set.join(", ")));
    fact("seed", run.get("seed").counted());
    fact("replications", run.get("replications").counted());
    fact("batches of one long run", run.get("run").get("batches").counted());
    fact("simulated time of each", run.get("run").get("duration").exact(&Unit::Duration));
    fact("of which warm-up", run.get("run").get("warm_up").exact(&Unit::Duration));
    fact("warm-up", text(run.get("run").get("warm_up_from")));
    fact("confidence of intervals", run.get("run").get("confidence").exact(&Unit::Ratio));
    fact("events", run.get("events").counted());
    fact("digest", text(run.get("digest")));
    fact("program", Cell::words(format!("kneepoint {}", run.get("program_version").text())));
    table
}

/// Returns the command that makes these results again.
pub(crate) fn command(run: &At<'_>) -> Option<String> {
    let scenario = run.get("scenario");
    if !scenario.is_there() {
        return None;
    }
    let mut words = vec!["kneepoint".to_string(), "run".to_string(), quoted(scenario.get("file").text())];
    if let Some(variant) = Some(scenario.get("variant").text()).filter(|variant| !variant.is_empty()) {
        words.extend(["--variant".to_string(), quoted(variant)]);
    }
    for pair in scenario.get("set").list() {
        words.extend(["--set".to_string(), quoted(&pair.texts().join("="))]);
    }
    words.push(format!("--seed {}", run.get("seed").total()));
    words.push(format!("--replications {}", run.get("replications").total()));
    Some(words.join(" "))
}

/// Quotes a word as POSIX shells read it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-=:,%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) && !word.starts_with('-') {
        return word.to_string();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

fn sources(all: &[(String, At<'_>)]) -> Table {
    let head = ["results", "of", "title", "seed", "program", "digest"];
    let mut table = Table::new("What this page is made of", &head);
    for (name, result) in all {
        table.row(vec![
            Cell::words(name.clone()),
            Cell::words(crate::verb(result)),
            Cell::words(result.get("title").text()),
            result.get("seed").counted(),
            Cell::words(format!("kneepoint {}", result.get("program_version").text())),
            Cell::words(result.get("digest").text()),
        ]);
    }
    table.without_empty_columns()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_command_can_be_pasted_into_a_shell() {
        let run = json!({
            "seed": 7,
            "replications": 3,
            "scenario": { "file": "it's; rm -rf.ron", "variant": null, "set": [["web.instances", "2"]] },
        });
        let said = command(&At::root(0, &run)).unwrap();
        let expected = r"kneepoint run 'it'\''s; rm -rf.ron' --set web.instances=2 --seed 7 --replications 3";
        assert_eq!(said, expected);
    }
}
