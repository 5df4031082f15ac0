//! What happened at which instant: faults, what became of instances, and what middle parts as breakers say of themselves;
//! and what filled up, in which order.

use kneepoint_experiment::result::Unit;
use kneepoint_plot::Palette;
use kneepoint_report::{count, quantity};

use crate::at::At;
use crate::document::{Block, Cell, Table};

/// Rows that are listed.
const ROWS_MOST: usize = 200;

/// The events of the replication they were kept of; nothing if there are none.
pub(crate) fn events(run: &At<'_>, colours: &Palette) -> Option<Block> {
    let events = run.get("timeline").get("events");
    let list = events.get("list").list();
    if list.is_empty() {
        return None;
    }
    let replication = events.get("replication").total();
    let mut table = Table::new(
        format!("What happened at which instant, in replication {}", count(replication)),
        &["at", "part", "what", "detail"],
    );
    for event in list.iter().take(ROWS_MOST) {
        let at = event.get("at").exact(&Unit::Duration);
        table.row(vec![
            Cell { words: true, ..at },
            super::name(&event.get("part"), colours),
            Cell::words(event.get("what").text()),
            Cell::words(event.get("detail").text()),
        ]);
    }
    let unlisted = list.len().saturating_sub(ROWS_MOST) as u64;
    let left_out = events.get("left_out").total().saturating_add(unlisted);
    if left_out > 0 {
        table.notes.push(format!("{} more are left out.", count(left_out)));
    }
    table.folded = table.rows.len() > 12;
    Some(Block::Table(table.without_empty_columns()))
}

/// Which part had nothing free from when until when, the first one above; nothing if none was.
pub(crate) fn saturated(run: &At<'_>, colours: &Palette) -> Option<Block> {
    let timeline = run.get("timeline");
    let all = timeline.get("saturated").list();
    if all.is_empty() {
        return None;
    }
    // What strikes at other instants in other replications explains no mean.
    let ends = |of: &At<'_>, key: &str| -> Vec<Option<f64>> {
        of.get("struck").get(key).list().iter().map(At::number).collect()
    };
    let harms = timeline.get("faults").list();
    let alike: Vec<&str> = harms
        .iter()
        .filter(|fault| ends(fault, "low") == ends(fault, "high"))
        .map(|fault| fault.get("name").text())
        .collect();
    let events = timeline.get("events").get("list").list();
    let turns: Vec<(f64, &str, &str)> = events
        .iter()
        .filter(|event| alike.contains(&event.get("part").text()))
        .filter_map(|event| {
            let (_, turn) = event.get("what").text().split_once(' ')?;
            Some((event.get("at").number()?, event.get("part").text(), turn))
        })
        .collect();
    let bounds: Vec<f64> = timeline.get("bounds").list().iter().filter_map(At::number).collect();
    let mut table = Table::new(
        "What was saturated, in which order",
        &["part", "what was full", "from", "until", "after"],
    );
    for one in all.iter().take(ROWS_MOST) {
        let from = one.get("from").number().unwrap_or(0.0);
        // Where no instant is known, it is one within the window.
        let known = if bounds.contains(&from) {
            bounds.iter().copied().find(|end| *end > from).unwrap_or(from)
        } else {
            from
        };
        let after = turns.iter().rfind(|(at, ..)| *at < known).map(|(at, name, turn)| {
            let did = if *turn == "begins" { "began" } else { "was over" };
            match from - at {
                since if since > 0.0 => {
                    format!("{} after \"{name}\" {did}", quantity(since * 1e9, &Unit::Duration))
                }
                _ => format!("in the window in which \"{name}\" {did}"),
            }
        });
        let time = |key: &str| Cell { words: true, ..one.get(key).exact(&Unit::Duration) };
        table.row(vec![
            super::name(&one.get("part"), colours),
            Cell::words(one.get("of").text()),
            time("from"),
            time("to"),
            Cell::words(after.unwrap_or_default()),
        ]);
    }
    let unlisted = all.len().saturating_sub(ROWS_MOST) as u64;
    if unlisted > 0 {
        table.notes.push(format!("{} more are left out.", count(unlisted)));
    }
    table.notes.push(
        "Windows in which at least 95 % of servers or threads were in use, in the mean of all replications."
            .to_string(),
    );
    table.folded = table.rows.len() > 12;
    Some(Block::Table(table.without_empty_columns()))
}
