//! What happened on the way between parts.

use kneepoint_experiment::result::{MiddleResult, Unit};

use super::Page;
use super::cell::Cells;
use crate::number::count;
use crate::safe::safe;
use crate::table::Table;

/// Lists what middle parts counted and kept. Those that keep nothing of their own are not listed: what passes them is
/// counted at the parts.
pub(super) fn write(page: &mut Page, middles: &[MiddleResult]) {
    let heads = ["where", "middle part", "series", "total", "rate or mean", "highest"];
    let (mut table, mut cells) = (Table::new(heads), Cells::default());
    for middle in middles {
        let at = safe(&middle.at);
        let mut first = true;
        let mut head = |kind: &str| {
            let head = if first { (at.clone(), safe(kind)) } else { Default::default() };
            first = false;
            head
        };
        for (name, of) in middle.counts.iter().filter(|(_, of)| of.total > 0) {
            let (at_cell, kind) = head(&middle.kind);
            let label = format!("{at} {} {name}", middle.kind);
            let rate = cells.estimate(&of.rate, &Unit::Rate, &label);
            table.row(at_cell, [kind, safe(name), count(of.total), rate, String::new()]);
        }
        for (name, of) in &middle.levels {
            let (at_cell, kind) = head(&middle.kind);
            let label = format!("{at} {} {name}", middle.kind);
            let [mean, highest] = cells.level(Some(of), &label);
            table.row(at_cell, [kind, safe(name), String::new(), mean, highest]);
        }
    }
    page.table("ON THE WAY", &table, cells);
}
