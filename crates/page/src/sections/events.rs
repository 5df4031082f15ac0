//! What happened at which instant: faults, what became of instances, and what middle parts as breakers say of themselves.

use kneepoint_experiment::result::Unit;
use kneepoint_plot::Palette;
use kneepoint_report::count;

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
