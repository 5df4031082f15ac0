//! The numbers one looks for first: latency, traffic, errors, saturation; then those of each client and part.
//!
//! # Source
//! Beyer, Jones, Petoff, Murphy (eds.), "Site Reliability Engineering", O'Reilly 2016, chapter 6: the four golden
//! signals.

use kneepoint_experiment::result::Unit;

use super::name;
use crate::at::{At, MISSING};
use crate::document::{Block, Card, Cell, Line, Section, Table};
use kneepoint_plot::Palette;

/// Clients whose numbers are on the cards; all are in the tables.
const ON_CARDS: usize = 4;

/// Key numbers.
pub(crate) fn numbers(run: &At<'_>, colours: &Palette) -> Section {
    let mut section = Section::brief("numbers", "Key numbers");
    let clients = run.get("clients").list();
    if clients.is_empty() {
        section.say("This scenario has no client.");
        return section;
    }
    if clients.iter().all(|client| client.get("ended").get("total").total() == 0) {
        section.say("No request ended while it was measured: there are no latencies, and nothing below says how long one takes.");
    }
    if run.get("replications").total() == 1 && !run.get("run").get("batches").is_there() {
        section.say("One replication: numbers have no intervals between replications, and luck cannot be told from cause.");
    }
    section.add(Block::Cards(cards(run, &clients, colours)));
    section.add(Block::Table(traffic(&clients, colours)));
    section.add(Block::Table(latencies(&clients, colours)));
    let even = evenness(run, colours);
    if !even.rows.is_empty() {
        section.add(Block::Table(even));
    }
    section
}

/// How evenly the instances of parts are loaded, of parts that have several.
fn evenness(run: &At<'_>, colours: &Palette) -> Table {
    let head = ["part", "instances", "load", "Jain's index (1 is even)", "most loaded over the mean"];
    let mut table = Table::new("How evenly instances are loaded", &head);
    for part in run.get("parts").list() {
        let even = part.get("evenness");
        if !even.is_there() {
            continue;
        }
        let instances = part.get("instances").list().len();
        table.row(vec![
            name(&part.get("name"), colours),
            Cell::words(kneepoint_report::count(instances as u64)),
            Cell::words(even.get("of").text()),
            even.get("jain").estimate(&Unit::Number),
            even.get("max_over_mean").estimate(&Unit::Number),
        ]);
    }
    finished(table)
}

fn cards(run: &At<'_>, clients: &[At<'_>], colours: &Palette) -> Vec<Card> {
    let called = |of: &At<'_>| colours.named(of.get("name").text());
    let several = clients.len() > 1;
    let each = |what: &str, of: &dyn Fn(&At<'_>) -> Cell| -> Vec<(String, Cell)> {
        let label = |client: &At<'_>| match (several, what) {
            (true, "") => called(client),
            (true, what) => format!("{what} of {}", called(client)),
            (false, what) => what.to_string(),
        };
        clients.iter().take(ON_CARDS).map(|client| (label(client), of(client))).collect()
    };
    let latency =
        |of: &'static str| move |client: &At<'_>| client.get("latency").get(of).estimate(&Unit::Duration);
    let mut latencies = each("p50", &latency("p50"));
    latencies.extend(each("p99", &latency("p99")));
    let mut traffic = each("sent", &|client| client.get("sent").get("rate").estimate(&Unit::Rate));
    traffic.extend(each("ended well", &|client| client.get("goodput").estimate(&Unit::Rate)));
    let errors = each("share of requests", &|client| client.get("errors").estimate(&Unit::Ratio));
    let mut saturation = Vec::new();
    let parts = run.get("parts").list();
    let highest = |of: &dyn Fn(&At<'_>) -> Option<f64>| -> Option<At<'_>> {
        let known = parts.iter().filter_map(|part| Some((of(part)?, part)));
        // The first of equals, so that the order of the file decides.
        known
            .fold(None, |best: Option<(f64, &At<'_>)>, (value, part)| match best {
                Some((most, _)) if most >= value => best,
                _ => Some((value, part)),
            })
            .map(|(_, part)| part.clone())
    };
    if let Some(part) = highest(&|part| part.get("utilisation").get("value").number()) {
        let busy = part.get("utilisation").estimate(&Unit::Ratio);
        // As far as is shown: who reads "the busiest" takes it for the only one.
        let shown = |of: &At<'_>| of.get("utilisation").get("value").number().map(kneepoint_report::percent);
        let is_tie = |other: &&At<'_>| shown(other) == shown(&part);
        let ties = parts.iter().filter(is_tie).count().saturating_sub(1);
        let more = if ties > 0 { format!(" and {ties} more, equally") } else { String::new() };
        saturation.push((format!("busiest: {}{more}", called(&part)), busy));
    }
    if let Some(part) = highest(&|part| part.get("thread_utilisation").get("value").number()) {
        let held = part.get("thread_utilisation").estimate(&Unit::Ratio);
        saturation.push((format!("threads held of {}", called(&part)), held));
    }
    if let Some(part) = highest(&|part| part.get("queue").get("mean").get("value").number()) {
        let queue = part.get("queue").get("mean").estimate(&Unit::Number);
        saturation.push((format!("mean queue of {}", called(&part)), queue));
    }
    if saturation.is_empty() {
        saturation.push(("no part has servers or a queue".to_string(), Cell::number(MISSING)));
    }
    vec![
        Card { title: "Latency of good answers", numbers: latencies },
        Card { title: "Traffic", numbers: traffic },
        Card { title: "Errors", numbers: errors },
        Card { title: "Saturation", numbers: saturation },
    ]
}

/// Clients and, where there are several, the classes of their requests.
fn rows<'r>(clients: &[At<'r>], colours: &Palette) -> Vec<(Cell, At<'r>)> {
    let mut rows = Vec::new();
    for client in clients {
        rows.push((name(&client.get("name"), colours), client.clone()));
        let classes = client.get("classes").list();
        if classes.len() > 1 {
            rows.extend(classes.into_iter().map(|class| {
                let label = format!("{}:{}", client.get("name").text(), class.get("name").text());
                (Cell::words(label), class)
            }));
        }
    }
    rows
}

fn traffic(clients: &[At<'_>], colours: &Palette) -> Table {
    let head = [
        "client",
        "requests",
        "sent",
        "throughput",
        "goodput",
        "errors",
        "how they ended",
        "in flight",
        "users",
    ];
    let mut table = Table::new("Traffic and errors", &head);
    for (name, of) in rows(clients, colours) {
        let others: Vec<String> = of
            .get("by_status")
            .fields()
            .into_iter()
            .map(|(status, share)| {
                format!("{status} {}", kneepoint_report::count(share.get("total").total()))
            })
            .collect();
        table.row(vec![
            name,
            of.get("sent").get("total").counted(),
            of.get("sent").get("rate").estimate(&Unit::Rate),
            of.get("throughput").estimate(&Unit::Rate),
            of.get("goodput").estimate(&Unit::Rate),
            of.get("errors").estimate(&Unit::Ratio),
            Cell::words(others.join(", ")),
            of.get("in_flight").get("mean").estimate(&Unit::Number),
            of.get("users").get("mean").estimate(&Unit::Number),
        ]);
    }
    let total = |of: &At<'_>, key: &str| of.get(key).get("total").total();
    if rows(clients, colours).iter().any(|(_, of)| total(of, "sent") != total(of, "ended")) {
        table.notes.push(BEGUN_AND_ENDED.to_string());
    }
    finished(table)
}

/// Why there may be more answers than requests.
const BEGUN_AND_ENDED: &str = "Requests were begun while it was measured; how they ended is counted of those that ended \
in that time, some of which were begun before it: the two need not be equal.";

const TIMES: [&str; 6] = ["mean", "p50", "p95", "p99", "p99.9", "max"];

fn times(name: Cell, of: &At<'_>) -> Vec<Cell> {
    let mut row = vec![name];
    for what in TIMES {
        let at = of.get(what);
        row.push(if what == "max" { at.exact(&Unit::Duration) } else { at.estimate(&Unit::Duration) });
    }
    row
}

fn latencies(clients: &[At<'_>], colours: &Palette) -> Table {
    let head = ["client", "mean", "p50", "p95", "p99", "p99.9", "longest"];
    let mut table = Table::new("Latency of good answers, from the intended start", &head);
    for (name, of) in rows(clients, colours) {
        table.row(times(name, &of.get("latency")));
    }
    for (name, of) in rows(clients, colours) {
        let failed = of.get("latency_failed");
        if failed.get("count").total() > 0 {
            let name = Cell { text: format!("{} (not good)", name.text), ..name };
            table.row(times(name, &failed));
        }
    }
    finished(table)
}

/// What parts went through.
pub(crate) fn parts(run: &At<'_>, colours: &Palette) -> Section {
    let mut section = Section::new("parts", "Parts");
    let parts = run.get("parts").list();
    let labels: Vec<Line> = run
        .get("topology")
        .get("nodes")
        .list()
        .iter()
        .filter(|node| !node.get("label").text().is_empty())
        .map(|node| Line {
            text: node.get("label").text().to_string(),
            aside: format!("is what the scenario calls {}", node.get("name").text()),
        })
        .collect();
    if !labels.is_empty() {
        section.add(Block::List(labels));
    }
    let head = [
        "part",
        "kind",
        "calls",
        "throughput",
        "goodput",
        "errors",
        "utilisation",
        "threads held",
        "mean queue",
        "highest queue",
        "inside",
        "lost",
    ];
    let mut load = Table::new("Load of the parts", &head);
    let mut of_one = false;
    for part in &parts {
        let lost = part.get("lost").get("total");
        load.row(vec![
            name(&part.get("name"), colours),
            Cell::words(part.get("kind").text()),
            part.get("calls").get("rate").estimate(&Unit::Rate),
            part.get("throughput").estimate(&Unit::Rate),
            part.get("goodput").estimate(&Unit::Rate),
            part.get("errors").estimate(&Unit::Ratio),
            part.get("utilisation").estimate(&Unit::Ratio),
            part.get("thread_utilisation").estimate(&Unit::Ratio),
            part.get("queue").get("mean").estimate(&Unit::Number),
            highest_queue(part, &mut of_one),
            part.get("inside").get("mean").estimate(&Unit::Number),
            if lost.total() > 0 { lost.counted() } else { Cell::default() },
        ]);
    }
    if of_one {
        load.notes.push(OF_ONE.to_string());
    }
    section.table_or(finished(load), "This scenario has no part beside its clients.");
    let head = ["part", "mean", "p50", "p95", "p99", "p99.9", "longest"];
    let mut table = Table::new("Times at the parts", &head);
    for part in &parts {
        for what in ["response", "waiting", "waiting_abandoned", "service"] {
            let of = part.get(what);
            if of.get("count").total() > 0 {
                let said = if what == "waiting_abandoned" { "waiting, then left" } else { what };
                let name = name(&part.get("name"), colours);
                let name = Cell { text: format!("{} {said}", name.text), ..name };
                table.row(times(name, &of));
            }
        }
    }
    if !table.rows.is_empty() {
        let mut table = finished(table);
        table.folded = true;
        section.add(Block::Table(table));
    }
    let head = ["part", "answers nobody waited for", "share of the time spent there"];
    let mut orphans = Table::new("Work that went on for nobody", &head);
    for part in &parts {
        let total = part.get("orphans").get("total");
        // The answer may be counted at one between, while the time is where the work was.
        let spent = part.get("orphan_time").get("value").number().is_some_and(|share| share > 0.0);
        if total.total() > 0 || spent {
            let share = part.get("orphan_time").estimate(&Unit::Ratio);
            orphans.row(vec![name(&part.get("name"), colours), total.counted(), share]);
        }
    }
    if !orphans.rows.is_empty() {
        section.add(Block::Table(finished(orphans)));
    }
    section
}

/// What the highest queue of several instances is.
const OF_ONE: &str = "in one: the longest queue at any one instance; of all together the highest is not kept, for the \
longest queues of instances need not have been at the same instant.";

/// The highest queue of a part; of one with several instances that of the instance where it was longest.
fn highest_queue(part: &At<'_>, of_one: &mut bool) -> Cell {
    let max = part.get("queue").get("max");
    if max.number().is_some() || !part.get("queue").is_there() {
        return max.exact(&Unit::Number);
    }
    let instances = part.get("instances").list();
    let each = instances.iter().map(|instance| instance.get("queue").get("max"));
    let known = each.filter(|max| max.number().is_some());
    let Some(longest) = known.reduce(|a, b| if b.number() > a.number() { b } else { a }) else {
        return Cell::default();
    };
    *of_one = true;
    let cell = longest.exact(&Unit::Number);
    Cell { text: format!("{} in one", cell.text), ..cell }
}

/// Says why cells are missing, and leaves out columns without any.
pub(crate) fn finished(mut table: Table) -> Table {
    table.notes.extend(table.missing());
    table.without_empty_columns()
}
