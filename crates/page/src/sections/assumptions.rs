//! What is taken for granted, and what is left out.

use crate::at::At;
use crate::document::{Block, Cell, Line, Section, Table};

/// Places of one default that are named; more are counted.
const PLACES_MOST: usize = 6;

/// What the author assumes, and every default with its source.
pub(crate) fn assumptions(run: &At<'_>) -> Section {
    let mut section = Section::brief("assumptions", "Assumptions");
    let defaults = run.get("defaults").list();
    // The ledger names defaults with a source too; here they are in the table.
    let is_default = |text: &str| {
        defaults.iter().any(|default| {
            let [kind, field, value] = ["kind", "field", "default"].map(|key| default.get(key).text());
            let rest = text.strip_prefix(kind).and_then(|rest| rest.strip_prefix('.')?.strip_prefix(field));
            rest.and_then(|rest| rest.strip_prefix(" = ")) == Some(value)
        })
    };
    let stated: Vec<Line> = run
        .get("assumptions")
        .list()
        .iter()
        .filter(|assumption| !is_default(assumption.get("text").text()))
        .map(|assumption| {
            let source = assumption.get("source").text();
            let doubt = assumption.get("doubt").text().to_lowercase();
            let mut aside: Vec<String> = Vec::new();
            if !source.is_empty() {
                aside.push(format!("source: {source}"));
            }
            if !doubt.is_empty() {
                aside.push(format!("doubt: {doubt}"));
            }
            Line { text: assumption.get("text").text().to_string(), aside: aside.join("; ") }
        })
        .collect();
    if stated.is_empty() {
        section.say("The author states none.");
    } else {
        section.add(Block::List(stated));
    }
    if !run.get("defaults").is_there() {
        section
            .say("The results do not list defaults: they were written by an earlier version of kneepoint.");
        return section;
    }
    let mut groups: Vec<([String; 4], bool, Vec<String>)> = Vec::new();
    for default in &defaults {
        let [at, kind, field, value, source] =
            ["at", "kind", "field", "default", "source"].map(|key| default.get(key).text().to_string());
        let key = [kind, field, value, source];
        let in_words = default.get("in_words").flag() == Some(true);
        match groups.iter_mut().find(|(known, _, _)| *known == key) {
            Some((_, _, places)) => places.push(at),
            None => groups.push((key, in_words, vec![at])),
        }
    }
    let head = ["what", "value", "source", "where"];
    let mut table = Table::new("Defaults that hold because the scenario says nothing else", &head);
    for ([kind, field, value, source], in_words, mut places) in groups {
        let more = places.len().saturating_sub(PLACES_MOST);
        places.truncate(PLACES_MOST);
        let mut places = places.join(", ");
        if more > 0 {
            places.push_str(&format!(" and {more} more"));
        }
        let value = if in_words { format!("{value} (a rule)") } else { value };
        let source = if source.is_empty() { "none stated".to_string() } else { source };
        table.row(vec![
            Cell::words(format!("{kind}.{field}")),
            Cell::words(value),
            Cell::words(source),
            Cell::words(places),
        ]);
    }
    table.folded = table.rows.len() > 12;
    section.table_or(table, "The scenario says everything itself: no default was taken.");
    section
}

/// What the author left out, and where the author has it from.
pub(crate) fn left_out(run: &At<'_>) -> Section {
    let mut section = Section::brief("not-modelled", "What is not modelled");
    let lines = |key: &str| -> Vec<Line> {
        let texts = run.get(key).texts().into_iter();
        texts.map(|text| Line { text: text.to_string(), aside: String::new() }).collect()
    };
    let left_out = lines("not_modelled");
    if left_out.is_empty() {
        section.say("The author names nothing. That is no claim that everything is in the model.");
    } else {
        section.add(Block::List(left_out));
    }
    let sources = lines("sources");
    if !sources.is_empty() {
        section.add(Block::Heading("Sources".to_string()));
        section.add(Block::List(sources));
    }
    section
}
