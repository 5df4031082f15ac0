//! Whether the run can be believed.

use crate::at::At;
use crate::document::{Block, Cell, Line, Section, Table};

/// What the run checked about itself.
pub(crate) fn checks(run: &At<'_>) -> Section {
    let mut section = Section::brief("checks", "Self-checks");
    let head = ["check", "result", "times", "left out", "rule"];
    let mut table = Table::new("Checks of the run about itself", &head);
    let mut failures = Vec::new();
    for check in run.get("checks").list() {
        let holds = check.get("holds").flag() == Some(true);
        let none = check.get("checked").total() == 0;
        table.row(vec![
            Cell::words(check.get("name").text()),
            Cell {
                verdict: Some(if holds { "met" } else { "missed" }.to_string()),
                ..Cell::words(match (holds, none) {
                    (true, true) => "nothing to check",
                    (true, false) => "holds",
                    (false, _) => "fails",
                })
            },
            check.get("checked").counted(),
            check.get("skipped").counted(),
            Cell::words(check.get("rule").text()),
        ]);
        failures.extend(
            check
                .get("failures")
                .texts()
                .into_iter()
                .map(|text| Line { text: text.to_string(), aside: check.get("name").text().to_string() }),
        );
    }
    section.table_or(table, "The results hold no self-checks.");
    if !failures.is_empty() {
        section.say("A failed check voids the verdict:");
        section.add(Block::List(failures));
    }
    section
}

/// What is doubtful, of all results.
pub(crate) fn warnings(of: &[(String, At<'_>)], ours: &[String]) -> Section {
    let mut section = Section::brief("warnings", "Warnings");
    let several = of.len() > 1;
    let mut lines: Vec<Line> =
        ours.iter().map(|text| Line { text: text.clone(), aside: String::new() }).collect();
    for (name, result) in of {
        let aside = if several { name.clone() } else { String::new() };
        let mut texts: Vec<&str> = result.get("warnings").texts();
        // Of a sweep each point has its own, mostly the same ones.
        for point in result.get("points").list() {
            for text in point.get("warnings").texts() {
                if !texts.contains(&text) {
                    texts.push(text);
                }
            }
        }
        lines.extend(texts.into_iter().map(|text| Line { text: text.to_string(), aside: aside.clone() }));
    }
    if lines.is_empty() {
        section.say("None.");
    } else {
        section.add(Block::List(lines));
    }
    section
}
