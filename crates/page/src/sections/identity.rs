//! How to get the same again.

use kneepoint_experiment::result::Unit;
use kneepoint_report::Command;

use crate::at::At;
use crate::document::{Block, Cell, Section, Table};

/// The commands that make the results again, and what those are known by.
pub(crate) fn identity(all: &[(String, At<'_>)], run: Option<&At<'_>>) -> Section {
    let mut section = Section::brief("reproduce", "How to reproduce it");
    if let Some(run) = run {
        match command(run) {
            Some(command) => section.add(Block::Command(command)),
            None => section.say("The run was made of a plan of a Rust program: no command repeats it."),
        }
        section.add(Block::Table(facts(run)));
    }
    for (name, result) in all {
        if run.is_some_and(|run| run.of() == result.of()) {
            continue;
        }
        match result.get("command").text() {
            "" => section.say(format!("{name} does not say which command makes it again.")),
            command => {
                section.say(format!("{name}:"));
                section.add(Block::Command(command.to_string()));
            }
        }
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
    fact("set from outside", Cell::words(set(&scenario)));
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

/// Returns what was set from outside the file.
pub(crate) fn set(scenario: &At<'_>) -> String {
    let set: Vec<String> = scenario.get("set").list().iter().map(|pair| pair.texts().join(" = ")).collect();
    set.join(", ")
}

/// Returns the command that makes a run again.
pub(crate) fn command(run: &At<'_>) -> Option<String> {
    let scenario = run.get("scenario");
    if !scenario.is_there() {
        return None;
    }
    let variant = Some(scenario.get("variant").text()).filter(|variant| !variant.is_empty());
    let command = Command::new("run")
        .word(scenario.get("file").text())
        .option("--variant", variant)
        .options("--set", scenario.get("set").list().iter().map(|pair| pair.texts().join("=")))
        .option("--seed", Some(run.get("seed").total()))
        .option("--replications", Some(run.get("replications").total()));
    Some(command.text())
}

fn sources(all: &[(String, At<'_>)]) -> Table {
    let head = [
        "results",
        "of",
        "title",
        "scenario (hash)",
        "set from outside",
        "seed",
        "replications",
        "program",
        "digest",
    ];
    let mut table = Table::new("What this page is made of", &head);
    for (name, result) in all {
        table.row(vec![
            Cell::words(name.clone()),
            Cell::words(crate::verb(result)),
            Cell::words(title(result)),
            Cell::words(joined(result, &crate::same::hash)),
            Cell::words(joined(result, &|of| set(&of.get("scenario")))),
            first(result, "seed").counted(),
            first(result, "replications").counted(),
            Cell::words(format!("kneepoint {}", result.get("program_version").text())),
            Cell::words(result.get("digest").text()),
        ]);
    }
    table.without_empty_columns()
}

/// Returns the title of a result, or those of the designs that were compared, each once.
fn title(result: &At<'_>) -> String {
    joined(result, &|of| of.get("title").text().to_string())
}

fn joined(result: &At<'_>, of: &dyn Fn(&At<'_>) -> String) -> String {
    let mut all: Vec<String> = Vec::new();
    for one in crate::same::designs(result) {
        let text = of(&one);
        if !text.is_empty() && !all.contains(&text) {
            all.push(text);
        }
    }
    all.join("; ")
}

fn first<'r>(result: &At<'r>, key: &str) -> At<'r> {
    crate::same::designs(result).first().unwrap_or(result).get(key)
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
