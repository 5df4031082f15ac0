//! What the clients saw.

use kneepoint_experiment::result::{ClientResult, Requests, Unit};

use super::Page;
use super::cell::Cells;
use crate::number::{count, interval, percent};
use crate::safe::safe;
use crate::table::Table;

pub(super) fn write(page: &mut Page, clients: &[ClientResult]) {
    traffic(page, clients);
    statuses(page, clients);
    latency(page, clients);
    ledger(page, clients);
}

/// Returns the requests of each client and, if it has several, of its classes, by path.
fn rows(clients: &[ClientResult]) -> impl Iterator<Item = (String, &Requests)> {
    clients.iter().flat_map(|client| {
        let name = safe(&client.name);
        let classes = if client.classes.len() > 1 { client.classes.as_slice() } else { &[] };
        let of_class = {
            let name = name.clone();
            move |class: &'_ kneepoint_experiment::result::ClassResult| {
                format!("{name}:{}", safe(&class.name))
            }
        };
        let classes = classes.iter().map(move |class| (of_class(class), &class.requests));
        std::iter::once((name, &client.all)).chain(classes)
    })
}

fn traffic(page: &mut Page, clients: &[ClientResult]) {
    let heads =
        ["client", "requests", "sent", "throughput", "goodput", "errors", "in flight", "highest", "users"];
    let (mut table, mut cells) = (Table::new(heads), Cells::default());
    for (name, requests) in rows(clients) {
        let client = clients.iter().find(|client| safe(&client.name) == name);
        let mut row = vec![
            count(requests.sent.total),
            cells.estimate(&requests.sent.rate, &Unit::Rate, &format!("{name} sent")),
            cells.estimate(&requests.ended.rate, &Unit::Rate, &format!("{name} throughput")),
            cells.estimate(&requests.good.rate, &Unit::Rate, &format!("{name} goodput")),
            cells.estimate(&requests.errors.share, &Unit::Ratio, &format!("{name} errors")),
        ];
        row.extend(cells.level(client.and_then(|c| c.in_flight.as_ref()), &format!("{name} in flight")));
        let users = client.and_then(|c| c.users.as_ref());
        row.extend(users.map(|level| cells.estimate(&level.mean, &Unit::Number, &format!("{name} users"))));
        let called = client.map_or(name, |client| page.called(&client.name));
        table.row(called, row);
    }
    page.table("CLIENTS", &table, cells);
}

fn statuses(page: &mut Page, clients: &[ClientResult]) {
    let (mut table, mut cells) = (Table::new(["answers", "status", "requests", "share"]), Cells::default());
    for (name, requests) in rows(clients) {
        for (at, (status, share)) in requests.by_status.iter().enumerate() {
            let shown = if at == 0 { name.clone() } else { String::new() };
            let cell = cells.estimate(&share.share, &Unit::Ratio, &format!("{name} {}", status.name()));
            table.row(shown, [status.name().to_string(), count(share.part as u64), cell]);
        }
    }
    page.table("HOW REQUESTS ENDED", &table, cells);
    let apart = |requests: &Requests| requests.sent.total != requests.ended.total;
    if !table.is_empty() && rows(clients).any(|(_, requests)| apart(requests)) {
        page.wrapped("", BEGUN_AND_ENDED);
    }
}

/// Why there may be more answers than requests.
const BEGUN_AND_ENDED: &str = "Requests are counted where they began, answers where they ended, both while it was \
measured: some answers are of requests that began before, and the two need not be equal.";

fn latency(page: &mut Page, clients: &[ClientResult]) {
    let heads = ["client", "mean", "p50", "p95", "p99", "p99.9", "longest"];
    let (mut table, mut cells) = (Table::new(heads), Cells::default());
    for (name, requests) in rows(clients) {
        let row = cells.durations(&requests.latency, &name);
        table.row(name, row);
    }
    for (name, requests) in rows(clients).filter(|(_, requests)| requests.latency_failed.count > 0) {
        let name = format!("{name} (not good)");
        let row = cells.durations(&requests.latency_failed, &name);
        table.row(name, row);
    }
    page.table("LATENCY OF GOOD ANSWERS, FROM THE INTENDED START", &table, cells);
}

fn ledger(page: &mut Page, clients: &[ClientResult]) {
    let Some(first) = clients.first() else { return };
    let mut heads = vec!["client".to_string()];
    heads.extend(first.phases.iter().map(|time| time.phase.name().to_string()));
    let (mut table, mut cells) = (Table::new(heads), Cells::default());
    for client in clients {
        let all: u128 = client.phases.iter().map(|time| time.total).sum();
        let name = safe(&client.name);
        let row: Vec<String> = client
            .phases
            .iter()
            .map(|time| match time.per_request.known() {
                // A phase that never occurs has no column.
                _ if time.total == 0 => String::new(),
                Some(known) => {
                    let share = percent(time.total as f64 / all as f64);
                    format!("{share} ({})", interval(known, &Unit::Duration))
                }
                None => cells.estimate(
                    &time.per_request,
                    &Unit::Duration,
                    &format!("{name} {}", time.phase.name()),
                ),
            })
            .collect();
        table.row(name, row);
    }
    page.table("WHERE THE TIME OF A REQUEST GOES, ON THE PATH THAT DECIDED", &table, cells);
    if clients
        .iter()
        .flat_map(|client| &client.phases)
        .any(|time| time.phase.name() == "waiting" && time.total > 0)
    {
        page.wrapped("", "waiting: in lines, and for cores that are with others.");
    }
    if clients
        .iter()
        .flat_map(|client| &client.phases)
        .any(|time| time.phase.name() == "wasted" && time.total > 0)
    {
        page.wrapped(
            "",
            "wasted: on tries that came to nothing, and on what was still under way when it was given up.",
        );
    }
}
