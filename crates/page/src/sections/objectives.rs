//! What was asked for, and whether it holds.

use kneepoint_experiment::result::Unit;
use kneepoint_report::quantity;

use super::unit;
use crate::at::{At, nanos};
use crate::document::{Cell, Section, Table};

/// The objectives of a run.
pub(crate) fn objectives(run: &At<'_>) -> Section {
    let mut section = Section::brief("objectives", "Objectives");
    let head = ["objective", "verdict", "condition", "estimate", "bound", "probability", "what was found"];
    let mut table = Table::new("Objectives and what was measured", &head);
    for slo in run.get("slo").list() {
        let condition = slo.get("condition").text();
        let unit = unit(slo.get("unit").text());
        let mut found = slo.get("sentence").text().to_string();
        found.push_str(&windows(&slo.get("windows")));
        table.row(vec![
            Cell::words(slo.get("name").text()),
            super::verdict(&slo),
            Cell::words(condition),
            slo.get("estimate").estimate(&unit),
            slo.get("bound").exact(&unit),
            slo.get("probability").estimate(&Unit::Ratio),
            Cell::words(found),
        ]);
    }
    table.notes = table.missing();
    section.table_or(table.without_empty_columns(), "No objective is stated, so there is nothing to judge.");
    let mut watched = Table::new("Watched", &["name", "metric", "where", "estimate"]);
    for watch in run.get("watch").list() {
        let metric = watch.get("metric").text();
        let unit = unit(watch.get("unit").text());
        for value in watch.get("values").list() {
            let window = value.get("window").list();
            let window = match window.as_slice() {
                [from, to] => {
                    let [from, to] = [from, to].map(|at| {
                        quantity(at.number().unwrap_or(0.0) * nanos(&Unit::Duration), &Unit::Duration)
                    });
                    format!("{from} to {to}")
                }
                _ => String::new(),
            };
            let place = [value.get("instance").text(), window.as_str()].join(" ");
            watched.row(vec![
                Cell::words(watch.get("name").text()),
                Cell::words(metric),
                Cell::words(place.trim()),
                value.get("estimate").estimate(&unit),
            ]);
        }
    }
    if !watched.rows.is_empty() {
        watched.notes = watched.missing();
        watched.folded = watched.rows.len() > 24;
        section.add(crate::document::Block::Table(watched.without_empty_columns()));
    }
    section
}

fn windows(windows: &At<'_>) -> String {
    if !windows.is_there() {
        return String::new();
    }
    let count = |key: &str| kneepoint_report::count(windows.get(key).total());
    let mut text =
        format!("; it failed in {} of {} windows of single replications", count("missed"), count("all"));
    if windows.get("empty").total() > 0 {
        text.push_str(&format!(", {} had nothing to judge", count("empty")));
    }
    text
}
