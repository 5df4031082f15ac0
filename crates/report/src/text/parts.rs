//! What happened at the parts.

use kneepoint_experiment::result::{PartResult, PhaseTime, Station, Unit};

use super::Page;
use super::cell::Cells;
use crate::number::{count, percent};
use crate::safe::safe;
use crate::table::Table;

pub(super) fn write(page: &mut Page, parts: &[PartResult]) {
    load(page, parts);
    statuses(page, parts);
    times(page, parts);
    orphans(page, parts);
    instances(page, parts);
}

fn load(page: &mut Page, parts: &[PartResult]) {
    let heads = [
        "part",
        "kind",
        "calls",
        "throughput",
        "goodput",
        "errors",
        "utilisation",
        "threads held",
        "queue",
        "highest",
        "inside",
        "lost",
    ];
    let (mut table, mut cells) = (Table::new(heads), Cells::default());
    for part in parts {
        let (name, all) = (safe(&part.name), &part.all);
        let mut row = vec![
            safe(&part.kind),
            cells.estimate(&all.calls.rate, &Unit::Rate, &format!("{name} calls")),
            cells.estimate(&all.answered.rate, &Unit::Rate, &format!("{name} throughput")),
            cells.estimate(&all.good.rate, &Unit::Rate, &format!("{name} goodput")),
            cells.estimate(&all.errors.share, &Unit::Ratio, &format!("{name} errors")),
            all.utilisation.as_ref().map_or_else(String::new, |utilisation| {
                cells.estimate(&utilisation.share, &Unit::Ratio, &format!("{name} utilisation"))
            }),
            all.thread_utilisation.as_ref().map_or_else(String::new, |held| {
                cells.estimate(&held.share, &Unit::Ratio, &format!("{name} threads held"))
            }),
        ];
        row.extend(cells.level(all.queue.as_ref(), &format!("{name} queue")));
        let [inside, _] = cells.level(all.inside.as_ref(), &format!("{name} inside"));
        row.push(inside);
        row.push(if all.lost.total > 0 { count(all.lost.total) } else { String::new() });
        table.row(name, row);
    }
    page.table("PARTS", &table, cells);
}

/// Lists statuses of the parts at which something did not go well: at the others it says what the load table says.
fn statuses(page: &mut Page, parts: &[PartResult]) {
    let (mut table, mut cells) = (Table::new(["part", "status", "answers", "share"]), Cells::default());
    let plain = |all: &Station| all.by_status.iter().all(|(status, _)| status.name() == "ok");
    for part in parts.iter().filter(|part| !plain(&part.all)) {
        for (at, (status, share)) in part.all.by_status.iter().enumerate() {
            let name = safe(&part.name);
            let cell = cells.estimate(&share.share, &Unit::Ratio, &format!("{name} {}", status.name()));
            let shown = if at == 0 { name } else { String::new() };
            table.row(shown, [status.name().to_string(), count(share.part as u64), cell]);
        }
    }
    page.table("HOW CALLS WERE ANSWERED", &table, cells);
}

fn times(page: &mut Page, parts: &[PartResult]) {
    let mut beside = false;
    let heads = ["part", "mean", "p50", "p95", "p99", "p99.9", "longest"];
    let (mut table, mut cells) = (Table::new(heads), Cells::default());
    for part in parts {
        let all = &part.all;
        let kept = [
            ("response", Some(&all.response)),
            ("in line", all.waiting.as_ref()),
            ("in line, then left", all.waiting_abandoned.as_ref()),
            ("service", all.service.as_ref()),
        ];
        for (what, durations) in kept {
            if what == "service"
                && let Some(waiting) = waiting_beside_the_line(all)
            {
                beside = true;
                let name = format!("{} waiting in all", safe(&part.name));
                let mean = cells.estimate(&waiting.per_request, &Unit::Duration, &name);
                table.row(name, [mean]);
            }
            if let Some(durations) = durations.filter(|durations| durations.count > 0) {
                let name = format!("{} {what}", safe(&part.name));
                let row = cells.durations(durations, &name);
                table.row(name, row);
            }
        }
    }
    page.table("TIMES AT THE PARTS", &table, cells);
    if !table.is_empty() {
        let more = if beside { BESIDE } else { "" };
        page.wrapped("", &format!("{MEANING}{more}."));
    }
}

/// What the rows of the table of times are: `waiting` in the table of requests is more than a line.
const MEANING: &str = "response: from the arrival of a call to its good answer, with the calls it makes; in line: before \
the first service of those that were served; service: of a server or core";

/// What the row is that only some parts have.
const BESIDE: &str = "; waiting in all: also for a core that is with others, or in line again, per call";

/// The time in which calls waited here, by the ledger, if a hundredth of it or more was not in the line before the first
/// service.
fn waiting_beside_the_line(of: &Station) -> Option<&PhaseTime> {
    let ledger = of.phases.iter().find(|time| time.phase.name() == "waiting")?;
    let in_line = [&of.waiting, &of.waiting_abandoned].into_iter().flatten();
    let in_line: f64 = in_line.filter_map(|d| Some(d.mean.value()? * d.count as f64)).sum();
    (ledger.total as f64 * 0.99 > in_line).then_some(ledger)
}

/// Work that went on after its caller had given up: what timeouts without cancellation cost.
fn orphans(page: &mut Page, parts: &[PartResult]) {
    let heads = ["part", "answers nobody waited for", "share of the time spent there"];
    let (mut table, mut cells) = (Table::new(heads), Cells::default());
    for part in parts.iter().filter(|part| part.all.orphans.total > 0) {
        let name = safe(&part.name);
        let cell = cells.estimate(&part.all.orphan_time.share, &Unit::Ratio, &format!("{name} orphan time"));
        table.row(name, [count(part.all.orphans.total), cell]);
    }
    page.table("ORPHANED WORK", &table, cells);
}

/// One line a part: whether its instances share the load.
fn instances(page: &mut Page, parts: &[PartResult]) {
    let mut first = true;
    for part in parts.iter().filter(|part| part.instances.len() > 1) {
        let mut known: Vec<(f64, &str)> = part
            .instances
            .iter()
            .filter_map(|instance| {
                let share = instance.station.utilisation.as_ref()?.share.value()?;
                Some((share, instance.path.as_str()))
            })
            .collect();
        known.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (Some((low, idlest)), Some((high, busiest))) = (known.first(), known.last()) else { continue };
        if std::mem::take(&mut first) {
            page.head("INSTANCES");
        }
        let line = format!(
            "{} instances, utilisation from {} ({}) to {} ({}), Jain's index {:.3}",
            count(part.instances.len() as u64),
            percent(*low),
            safe(idlest),
            percent(*high),
            safe(busiest),
            jain(known.iter().map(|(utilisation, _)| *utilisation))
        );
        page.wrapped(&format!("{}: ", safe(&part.name)), &line);
    }
}

/// How evenly it is spread: 1 if all are alike, also where nobody has anything, 1/n if one has it all.
///
/// # Source
/// Jain, Chiu and Hawe, "A quantitative measure of fairness and discrimination for resource allocation in shared computer
/// systems", DEC TR-301, 1984.
fn jain(values: impl Iterator<Item = f64>) -> f64 {
    let (n, sum, squares) =
        values.fold((0.0, 0.0, 0.0), |(n, sum, squares), x| (n + 1.0, sum + x, squares + x * x));
    if squares > 0.0 { sum * sum / (n * squares) } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::jain;

    #[test]
    fn an_index_of_one_is_even_and_of_a_quarter_is_one_of_four() {
        assert_eq!(jain([0.3, 0.3].into_iter()), 1.0);
        assert_eq!(jain([0.8, 0.0, 0.0, 0.0].into_iter()), 0.25);
        assert_eq!(jain([0.0, 0.0].into_iter()), 1.0);
    }
}
