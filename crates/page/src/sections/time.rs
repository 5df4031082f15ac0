//! Where the time of a request goes.

use kneepoint_experiment::result::Unit;
use kneepoint_plot::Palette;
use kneepoint_report::percent;

use super::name;
use crate::at::At;
use crate::document::{Block, Cell, Section, Table};

/// The time ledger: what a request of each client spends its time with, on the path that decided.
pub(crate) fn time(run: &At<'_>, colours: &Palette) -> Section {
    let mut section = Section::brief("time", "Where the time goes");
    let head = ["client", "phase", "per request", "share", "altogether"];
    let mut table = Table::new("Time of a request, on the path that decided", &head);
    let mut none = Vec::new();
    for client in run.get("clients").list() {
        let phases = client.get("time").fields();
        let all: f64 = phases.iter().filter_map(|(_, time)| time.get("total").number()).sum();
        let mut first = true;
        for (phase, time) in phases {
            let total = time.get("total");
            if total.number().is_none_or(|total| total <= 0.0) {
                continue;
            }
            let label = name(&client.get("name"), colours);
            let label = if std::mem::take(&mut first) { label } else { Cell::words("") };
            table.row(vec![
                label,
                Cell::words(phase),
                time.get("per_request").estimate(&Unit::Duration),
                Cell::number(percent(total.number().unwrap_or(0.0) / all)),
                total.exact(&Unit::Duration),
            ]);
        }
        if first {
            none.push(client.get("name").text().to_string());
        }
    }
    if !none.is_empty() {
        section.say(format!("No request of {} spent any time that was measured.", none.join(", ")));
    }
    if !table.rows.is_empty() {
        section.add(Block::Table(super::numbers::finished(table)));
    }
    section
}
