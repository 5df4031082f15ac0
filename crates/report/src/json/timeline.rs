//! What happened when: one list per number, with one value per window.

use kneepoint_experiment::result::{
    ClientTimeline, Counts, Event, Events, FaultTimeline, Heat, Line, PartTimeline, RequestsTimeline,
    Saturated, Timeline,
};
use serde_json::{Map, Value, json};

use super::fields;
use crate::number::{SECOND, percentile_name};

/// Results over time.
pub(super) fn timeline(timeline: &Timeline) -> Value {
    let ends = timeline.windows.iter().map(|(_, to)| *to);
    let bounds: Vec<f64> = timeline
        .windows
        .first()
        .map(|(from, _)| *from)
        .into_iter()
        .chain(ends)
        .map(|at| at.as_secs_f64())
        .collect();
    json!({
        "bounds": bounds,
        "replications": timeline.replications,
        "clients": timeline.clients.iter().map(client).collect::<Vec<Value>>(),
        "parts": timeline.parts.iter().map(part).collect::<Vec<Value>>(),
        "faults": timeline.faults.iter().map(fault).collect::<Vec<Value>>(),
        "events": events(&timeline.events),
        "saturated": timeline.saturated.iter().map(saturated).collect::<Vec<Value>>(),
    })
}

fn saturated(one: &Saturated) -> Value {
    json!({
        "part": one.part,
        "of": one.of.name(),
        "from": one.from.as_secs_f64(),
        "to": one.to.as_secs_f64(),
    })
}

fn client(client: &ClientTimeline) -> Value {
    let class = |(name, of): &(String, RequestsTimeline)| {
        let mut all = fields([("name", json!(name))]);
        all.extend(requests(of));
        Value::Object(all)
    };
    let mut all = fields([("name", json!(client.name))]);
    all.extend(requests(&client.all));
    all.insert("in_flight".into(), some(client.in_flight.as_ref()));
    all.insert("classes".into(), client.classes.iter().map(class).collect());
    Value::Object(all)
}

fn requests(of: &RequestsTimeline) -> Map<String, Value> {
    let by_status = of.by_status.iter().map(|(status, of)| (status.name().to_string(), counts(of)));
    let latency = of.latency.iter().map(|(p, of)| (percentile_name(*p), line(of, SECOND)));
    fields([
        ("sent", counts(&of.sent)),
        ("good", counts(&of.good)),
        ("by_status", Value::Object(by_status.collect())),
        ("latency", Value::Object(latency.collect())),
        ("heat", heat(&of.heat)),
    ])
}

fn part(part: &PartTimeline) -> Value {
    json!({
        "name": part.name,
        "calls": counts(&part.calls),
        "answered": counts(&part.answered),
        "utilisation": some(part.utilisation.as_ref()),
        "capacity": some(part.capacity.as_ref()),
        "instances": instances(part),
        "queue": some(part.queue.as_ref()),
        "inside": some(part.inside.as_ref()),
        "threads": some(part.threads.as_ref()),
        "thread_limit": some(part.thread_limit.as_ref()),
    })
}

fn instances(part: &PartTimeline) -> Value {
    let mut all = line(&part.instances, 1.0);
    all["min"] = json!(part.instances_min);
    all
}

fn events(events: &Events) -> Value {
    let one = |event: &Event| json!({ "at": event.at.as_secs_f64(), "part": event.part, "what": event.what, "detail": event.detail });
    let list: Vec<Value> = events.list.iter().map(one).collect();
    json!({ "replication": events.replication, "list": list, "left_out": events.left_out })
}

fn fault(fault: &FaultTimeline) -> Value {
    json!({ "name": fault.name, "strikes": counts(&fault.strikes), "struck": line(&fault.struck, 1.0) })
}

fn counts(counts: &Counts) -> Value {
    json!({ "total": counts.totals, "rate": line(&counts.rate, 1.0) })
}

fn some(of: Option<&Line>) -> Value {
    json!(of.map(|of| line(of, 1.0)))
}

/// Intervals that are nowhere are not written.
fn line(line: &Line, divisor: f64) -> Value {
    let scaled = |values: &[Option<f64>]| -> Vec<Option<f64>> {
        values.iter().map(|value| value.map(|value| value / divisor)).collect()
    };
    let mut all = fields([("values", json!(scaled(&line.values)))]);
    if line.low.iter().any(Option::is_some) {
        all.extend(fields([("low", json!(scaled(&line.low))), ("high", json!(scaled(&line.high)))]));
    }
    Value::Object(all)
}

/// Most cells hold nothing: those that do are written as window, bucket and count.
fn heat(heat: &Heat) -> Value {
    let edges: Vec<f64> = heat.edges.iter().map(|edge| *edge as f64 / SECOND).collect();
    let rows = heat.counts.iter().enumerate();
    let cells = rows.flat_map(|(window, counts)| {
        let held = counts.iter().enumerate().filter(|(_, n)| **n > 0);
        held.map(move |(bucket, n)| json!([window, bucket, n]))
    });
    json!({ "edges": edges, "cells": cells.collect::<Vec<Value>>() })
}
