//! What happened at the parts.

use kneepoint_experiment::result::{PartResult, PhaseTime, Station, Unit};

use super::Page;
use super::cell::Cells;
use crate::number::{count, interval, percent};
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
    let mut of_one = false;
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
        let [mean, highest] = cells.level(all.queue.as_ref(), &format!("{name} queue"));
        // Of several instances together it is not kept: their longest queues need not have been at the same instant.
        let highest = match (highest.is_empty(), longest_queue(part)) {
            (true, Some(longest)) => {
                of_one = true;
                format!("{} in one", count(longest as u64))
            }
            _ => highest,
        };
        row.extend([mean, highest]);
        let [inside, _] = cells.level(all.inside.as_ref(), &format!("{name} inside"));
        row.push(inside);
        row.push(if all.lost.total > 0 { count(all.lost.total) } else { String::new() });
        table.row(page.called(&part.name), row);
    }
    page.table("PARTS", &table, cells);
    if of_one {
        page.wrapped("", OF_ONE);
    }
}

/// What the highest queue of several instances is.
const OF_ONE: &str = "in one: the longest queue at any one instance; of all together the highest is not kept";

/// The longest queue at any one of the instances of a part that has several.
fn longest_queue(part: &PartResult) -> Option<f64> {
    let each = part.instances.iter().filter_map(|instance| instance.station.queue.as_ref()?.max);
    each.reduce(f64::max)
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
    // The answer may have been given to one between, at whom it is counted, while the time is where the work was.
    let in_vain = |part: &&PartResult| {
        part.all.orphans.total > 0 || part.all.orphan_time.share.value().is_some_and(|share| share > 0.0)
    };
    for part in parts.iter().filter(in_vain) {
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
        let mut line = format!("{} instances", count(part.instances.len() as u64));
        if let (Some((low, idlest)), Some((high, busiest))) = (known.first(), known.last()) {
            let ends = [percent(*low), safe(idlest), percent(*high), safe(busiest)];
            let [low, idlest, high, busiest] = ends;
            line += &format!(", utilisation from {low} ({idlest}) to {high} ({busiest})");
        } else if part.evenness.is_none() {
            continue;
        }
        if let Some(even) = &part.evenness
            && let (Some(jain), Some(peak)) = (even.jain.known(), even.peak.known())
        {
            let [jain, peak] = [jain, peak].map(|one| interval(one, &Unit::Number));
            line += &format!("; Jain index of {} {jain}, the most loaded has {peak} times the mean", even.of);
        }
        if std::mem::take(&mut first) {
            page.head("INSTANCES");
        }
        page.wrapped(&format!("{}: ", safe(&part.name)), &line);
    }
}
