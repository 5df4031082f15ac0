//! Charts over time: what is drawn by the page itself, so that one can look closer.

use kneepoint_plot::{Colour, Lane, Palette, Shade};
use serde_json::{Value, json};

use crate::at::At;
use crate::document::{Cell, ChartBlock, Group, Table};

/// Significant digits of points: a screen shows four.
const DIGITS: usize = 6;

/// Parts that are drawn before one asks for more: as many as there are colours.
const SHOWN: usize = kneepoint_plot::SLOTS;

/// Rows of what happened to parts that are drawn: as many as a screen shows at once.
const LANES_MOST: usize = 24;

/// What the charts over time draw, and how they are arranged.
pub(crate) struct Charts {
    /// For the page's program.
    pub data: Value,
    /// For the page.
    pub groups: Vec<Group>,
}

/// How a line is drawn.
#[derive(Clone, Copy)]
enum Stroke {
    Solid,
    Dashed,
    Dotted,
}

struct Line<'n> {
    name: String,
    /// The part or client, where one can choose which are shown.
    of: &'n str,
    slot: usize,
    stroke: Stroke,
}

/// Makes the charts of a run, with rows of what happened to its parts; none if it was not kept what happened when.
pub(crate) fn charts(run: &At<'_>, colours: &Palette, lanes: &[Lane]) -> Option<Charts> {
    let timeline = run.get("timeline");
    if timeline.get("bounds").list().len() < 2 {
        return None;
    }
    let mut maker = Maker { run, timeline: &timeline, colours, lanes, charts: Vec::new() };
    let groups = vec![maker.clients(), maker.parts(), maker.dashboard()];
    let bounds: Vec<f64> = timeline.get("bounds").list().iter().filter_map(At::number).collect();
    let marks = marks(&timeline, &bounds, lanes);
    let data = json!({
        "bounds": bounds,
        "replications": timeline.get("replications").value(),
        "warm_up": run.get("run").get("warm_up").value(),
        "marks": marks,
        "events": events(&timeline),
        "lanes": lanes.iter().take(LANES_MOST).map(lane).collect::<Vec<Value>>(),
        "charts": maker.charts,
    });
    Some(Charts { data, groups })
}

/// When something was struck, in any replication: shaded in all charts, in the colour of what struck.
///
/// Windows say it for all replications, to a window; where all are struck at the same instants, those are what is shaded.
fn marks(timeline: &At<'_>, bounds: &[f64], lanes: &[Lane]) -> Vec<Value> {
    let mut marks = Vec::new();
    let events = timeline.get("events").get("list").list();
    let all_kept = timeline.get("events").get("left_out").total() == 0;
    for fault in timeline.get("faults").list() {
        let name = fault.get("name").text();
        let ends = |key: &str| fault.get("struck").get(key).list().iter().map(At::number).collect::<Vec<_>>();
        let lane = lanes.iter().find(|lane| {
            ["fault", "action"].iter().any(|family| lane.name == format!("{family} {name}"))
                && !lane.bars.is_empty()
        });
        if let Some(lane) = lane.filter(|_| all_kept && ends("low") == ends("high")) {
            for bar in &lane.bars {
                let slot = kneepoint_plot::fault_slot(bar.name.split(' ').next().unwrap_or_default());
                marks.push(json!({ "name": name, "slot": slot, "from": bar.from, "to": bar.to }));
            }
            continue;
        }
        let begins = |event: &&At<'_>| {
            matches!(event.get("what").text(), "fault begins" | "action begins")
                && event.get("part").text() == name
        };
        let detail = events.iter().find(begins).map_or("", |event| event.get("detail").text());
        let slot = kneepoint_plot::fault_slot(detail.split(' ').next().unwrap_or_default());
        let mut since = None;
        let struck = fault.get("struck").get("values").list();
        for (at, value) in struck.iter().enumerate() {
            let is = value.number().is_some_and(|n| n > 0.0);
            match (is, since) {
                (true, None) => since = bounds.get(at).copied(),
                (false, Some(from)) => {
                    marks.push(json!({ "name": name, "slot": slot, "from": from, "to": bounds[at] }));
                    since = None;
                }
                _ => {}
            }
        }
        if let (Some(from), Some(to)) = (since, bounds.last()) {
            marks.push(json!({ "name": name, "slot": slot, "from": from, "to": to }));
        }
    }
    marks
}

/// Instants at which something happened: lines in all charts, as many as can be told apart.
fn events(timeline: &At<'_>) -> Vec<Value> {
    const MOST: usize = 100;
    let list = timeline.get("events").get("list").list();
    if list.len() > MOST {
        Vec::new()
    } else {
        list.iter().map(|event| event.get("at").value().clone()).collect()
    }
}

/// A row of what happened to a part: what lasted, and what happened at an instant.
fn lane(lane: &Lane) -> Value {
    let bar = |bar: &Shade| json!({ "name": bar.name, "from": bar.from, "to": bar.to, "colour": name_of(bar.colour) });
    json!({
        "name": lane.name,
        "colour": name_of(lane.colour),
        "bars": lane.bars.iter().map(bar).collect::<Vec<Value>>(),
        "marks": lane.marks,
    })
}

/// What the page's style calls a colour.
fn name_of(colour: Colour) -> String {
    match colour {
        Colour::Slot(slot) => format!("s{slot}"),
        Colour::Ink => "ink".to_string(),
        Colour::Grid => "grid".to_string(),
        Colour::Bound => "bound".to_string(),
        // The page has no colours for better and worse: a fault that never struck has a row without bars.
        Colour::Quiet | Colour::Better | Colour::Worse => "quiet".to_string(),
        Colour::Neutral => "neutral".to_string(),
    }
}

struct Maker<'m, 'r> {
    run: &'m At<'r>,
    timeline: &'m At<'r>,
    colours: &'m Palette,
    lanes: &'m [Lane],
    charts: Vec<Value>,
}

impl<'r> Maker<'_, 'r> {
    /// Adds a chart; none if no line has a number.
    fn chart(&mut self, title: &str, unit: &str, lines: Vec<(Line<'_>, At<'r>)>) -> Option<ChartBlock> {
        self.chart_with(title, unit, lines, Vec::new())
    }

    fn chart_with(
        &mut self,
        title: &str,
        unit: &str,
        lines: Vec<(Line<'_>, At<'r>)>,
        rules: Vec<Value>,
    ) -> Option<ChartBlock> {
        let has = |at: &At<'_>| at.get("values").list().iter().any(|value| value.number().is_some());
        let series: Vec<Value> =
            lines.iter().filter(|(_, at)| has(at)).map(|(line, at)| series(line, at)).collect();
        if series.is_empty() {
            return None;
        }
        self.charts.push(json!({ "title": title, "unit": unit, "series": series, "rules": rules }));
        Some(ChartBlock::Chart { at: self.charts.len() - 1, title: title.to_string() })
    }

    /// Adds the rows of what happened to parts, and says of what they are; nothing if nothing happened.
    fn happened(&mut self) -> Vec<ChartBlock> {
        if self.lanes.is_empty() {
            return Vec::new();
        }
        let title = "What happened meanwhile: faults, circuit breakers, parts";
        self.charts.push(json!({ "title": title, "unit": "1", "series": [], "rules": [], "lanes": true }));
        let events = self.timeline.get("events");
        let mut words = format!(
            "A row is a fault, an edge with circuit breakers, or a part; all in replication {}, as in the table below the \
             charts. Of several at once the number is said.",
            kneepoint_report::count(events.get("replication").total())
        );
        if let Some(more) = self.lanes.len().checked_sub(LANES_MOST).filter(|more| *more > 0) {
            words.push_str(&format!(" {} more rows are not drawn.", kneepoint_report::count(more as u64)));
        }
        let left_out = events.get("left_out").total();
        if left_out > 0 {
            let list = events.get("list").list();
            let last = list.last().and_then(|event| event.get("at").number()).unwrap_or(0.0);
            words.push_str(&format!(
                " The rows end at {}: what happened after that was too much to be kept ({} times).",
                kneepoint_report::duration(last * 1e9),
                kneepoint_report::count(left_out)
            ));
        }
        let chart = ChartBlock::Chart { at: self.charts.len() - 1, title: title.to_string() };
        vec![chart, ChartBlock::Words(words)]
    }

    fn slot(&self, name: &str) -> usize {
        self.colours.of(name).unwrap_or(0)
    }

    fn clients(&mut self) -> Group {
        let mut blocks = vec![ChartBlock::Heading("What clients saw")];
        let clients = self.timeline.get("clients").list();
        for client in &clients {
            blocks.extend(self.latency(client));
        }
        blocks.extend(self.happened());
        let mut traffic = Vec::new();
        let mut inside = Vec::new();
        let mut ended = Vec::new();
        for client in &clients {
            let name = client.get("name").text();
            let slot = self.slot(name);
            let line = |what: &str, stroke| Line { name: format!("{name} {what}"), of: name, slot, stroke };
            traffic.push((line("sent", Stroke::Dashed), client.get("sent").get("rate")));
            traffic.push((line("ended well", Stroke::Solid), client.get("good").get("rate")));
            inside.push((line("in flight", Stroke::Solid), client.get("in_flight")));
            let others = client.get("by_status").fields().into_iter().filter(|(status, _)| *status != "ok");
            for (status, count) in others {
                let (slot, dashes) = kneepoint_plot::status_slot(status);
                let stroke = [Stroke::Solid, Stroke::Dashed, Stroke::Dotted][dashes];
                let line = Line { name: format!("{name} {status}"), of: name, slot, stroke };
                ended.push((line, count.get("rate")));
            }
        }
        blocks.extend(self.chart("Requests sent, and ended well", "1/s", traffic));
        blocks.push(if ended.is_empty() {
            ChartBlock::Words(
                "Every request that ended ended with status ok: there is no chart of errors.".to_string(),
            )
        } else {
            let chart = self.chart("Requests that ended otherwise than ok, by status", "1/s", ended);
            chart.unwrap_or_else(|| ChartBlock::Words("No request ended while it was measured.".to_string()))
        });
        blocks.extend(self.chart("Requests in flight", "1", inside));
        Group { id: "clients-over-time", title: "Clients", blocks }
    }

    fn latency(&mut self, client: &At<'r>) -> Option<ChartBlock> {
        let name = client.get("name").text();
        let slot = self.slot(name);
        let strokes = [Stroke::Dotted, Stroke::Dashed, Stroke::Solid];
        let lines = kneepoint_plot::PERCENTILES.iter().zip(strokes).map(|((percentile, _), stroke)| {
            let line = Line { name: format!("{name} {percentile}"), of: name, slot, stroke };
            (line, client.get("latency").get(percentile))
        });
        let lines = lines.collect();
        self.chart_with(&format!("Latency of good answers to {name}"), "s", lines, self.bounds_of(name))
    }

    /// Objectives on percentiles of a client's latency: lines that must not be crossed.
    fn bounds_of(&self, client: &str) -> Vec<Value> {
        let of = |slo: &At<'_>| {
            let condition = slo.get("condition").text();
            let bounds = condition.starts_with('p')
                && condition.contains(&format!("({client}.latency)"))
                && slo.get("unit").text() == "s";
            bounds.then(|| json!({ "name": condition, "at": slo.get("bound").value() }))
        };
        self.run.get("slo").list().iter().filter_map(of).collect()
    }

    fn parts(&mut self) -> Group {
        let mut blocks = vec![ChartBlock::Heading("What parts did"), ChartBlock::Choice];
        let before = blocks.len();
        let all: [(&str, &str, &[&str]); 5] = [
            ("Utilisation", "ratio", &["utilisation"]),
            ("Calls waiting", "1", &["queue"]),
            ("Calls that arrive", "1/s", &["calls", "rate"]),
            ("Calls inside", "1", &["inside"]),
            ("Threads held", "1", &["threads"]),
        ];
        for (title, unit, path) in all {
            let lines = self.of_parts(path, Stroke::Solid, "");
            blocks.extend(self.chart(title, unit, lines));
        }
        if blocks.len() == before {
            blocks = vec![ChartBlock::Words("No part keeps anything over time.".to_string())];
        }
        blocks.extend(self.happened());
        Group { id: "parts-over-time", title: "Parts", blocks }
    }

    fn of_parts(&self, path: &[&str], stroke: Stroke, what: &str) -> Vec<(Line<'r>, At<'r>)> {
        let parts = self.timeline.get("parts").list();
        let line = |part: &At<'r>| {
            let name = part.get("name").text();
            let at = path.iter().fold(part.clone(), |at, key| at.get(key));
            let label = if what.is_empty() { name.to_string() } else { format!("{name} {what}") };
            (Line { name: label, of: name, slot: self.slot(name), stroke }, at)
        };
        parts.iter().map(line).collect()
    }

    /// The panels that dashboards of services have; one that these results have nothing for says so.
    fn dashboard(&mut self) -> Group {
        let mut blocks = Vec::new();
        let none = |what: &str| ChartBlock::Words(what.to_string());
        blocks.extend(self.sampling());

        blocks.push(ChartBlock::Heading("Instances and health"));
        let up = self.of_parts(&["instances"], Stroke::Solid, "instances up");
        let chart = self.chart("Instances that are up (mean of each window)", "1", up);
        let chart = chart.or_else(|| {
            let servers = self.of_parts(&["capacity"], Stroke::Solid, "servers");
            self.chart("Servers that are up (mean of each window)", "1", servers)
        });
        blocks
            .push(chart.unwrap_or_else(|| none("No part of this scenario has servers that could be away.")));
        let health = self.health();
        if !health.rows.is_empty() {
            blocks.push(ChartBlock::Table(health));
        }
        blocks.extend(self.happened());

        blocks.push(ChartBlock::Heading("Balancers: requests and their distribution"));
        let balancers = self.of_kind(&["Balancer", "Proxy", "Gateway", "Dns"]);
        if balancers.is_empty() {
            blocks.push(none("This scenario has no balancer."));
        } else {
            let lines = self.arrived_and_answered(&balancers);
            blocks.extend(self.chart("Requests that arrive at balancers, and are answered", "1/s", lines));
            let table = self.distribution();
            blocks.push(if table.rows.is_empty() {
                none("No part has more than one instance: there is nothing to distribute over.")
            } else {
                ChartBlock::Table(table)
            });
        }

        // Other versions may keep these; where they are kept they are shown.
        for (heading, title, unit, key) in [
            ("Caches: hit rate", "Hit rate", "ratio", "hit_rate"),
            ("Caches: size", "Items held", "1", "items"),
            ("Databases: connections", "Connections in use", "1", "connections"),
            ("Databases: lag", "Lag of replicas", "s", "lag"),
        ] {
            let lines = self.of_parts(&[key], Stroke::Solid, "");
            if let Some(chart) = self.chart(title, unit, lines) {
                blocks.extend([ChartBlock::Heading(heading), chart]);
            }
        }

        blocks.push(ChartBlock::Heading("Queues: depth, and what goes in and out"));
        let queues = self.of_parts(&["queue"], Stroke::Solid, "");
        let with: Vec<&str> =
            queues.iter().filter(|(_, at)| at.is_there()).map(|(line, _)| line.of).collect();
        let depth = self.chart("Calls waiting", "1", queues);
        match depth {
            Some(chart) => {
                blocks.push(chart);
                let lines = self.arrived_and_answered(&with);
                blocks.extend(self.chart(
                    "Calls that arrive at parts with a queue, and are answered",
                    "1/s",
                    lines,
                ));
                blocks.push(none(
                    "Answers are of every status: what was refused or ran out of time is answered too. Little's law, which ties \
                     depth, rate and time together, is among the self-checks.",
                ));
            }
            None => blocks.push(none("No part of this scenario has a queue.")),
        }

        blocks.push(ChartBlock::Heading("Response time of good answers: p50, p95 and p99"));
        let before = blocks.len();
        for client in self.timeline.get("clients").list() {
            blocks.extend(self.latency(&client));
        }
        if blocks.len() == before {
            blocks.push(none("No request ended well: there is no response time."));
        }

        blocks.push(ChartBlock::Heading("History of instances over the load"));
        let up = self.of_parts(&["instances"], Stroke::Solid, "instances up");
        let moving: Vec<(Line<'_>, At<'r>)> = up.into_iter().filter(|(_, at)| moves(at)).collect();
        if moving.is_empty() {
            blocks.push(none("The number of instances never changes: no part scales, and none is struck."));
        } else {
            blocks.extend(self.chart("Instances that are up", "1", moving));
            let load = self.timeline.get("clients").list();
            let lines = load.iter().map(|client| {
                let name = client.get("name").text();
                let line = Line {
                    name: format!("{name} sent"),
                    of: name,
                    slot: self.slot(name),
                    stroke: Stroke::Solid,
                };
                (line, client.get("sent").get("rate"))
            });
            let lines = lines.collect();
            blocks.extend(self.chart("Load", "1/s", lines));
        }
        blocks.extend(self.absent());
        Group { id: "dashboard", title: "Dashboard", blocks }
    }

    /// How far apart points are: what happens between two of them is not seen.
    fn sampling(&self) -> Option<ChartBlock> {
        let bounds: Vec<f64> = self.timeline.get("bounds").list().iter().filter_map(At::number).collect();
        let lengths = || bounds.windows(2).map(|pair| pair[1] - pair[0]);
        let (least, most) = (lengths().fold(f64::INFINITY, f64::min), lengths().fold(0.0, f64::max));
        let words = |seconds: f64| kneepoint_report::duration(seconds * 1e9);
        let each = if words(least) == words(most) {
            words(most)
        } else {
            format!("{} to {}", words(least), words(most))
        };
        let finer = if words(most) == words(1.0) {
            ", as of a dashboard that is refreshed each second."
        } else {
            ". `--window 1s` makes them those of a dashboard that is refreshed each second."
        };
        least.is_finite().then(|| {
            ChartBlock::Words(format!(
                "A point is what happened in a window of {each} of simulated time{finer}"
            ))
        })
    }

    /// Calls that arrive at some parts, and answers of them, where the results say these.
    fn arrived_and_answered(&self, of: &[&str]) -> Vec<(Line<'r>, At<'r>)> {
        let mut lines = self.of_parts(&["calls", "rate"], Stroke::Dashed, "arrive");
        lines.extend(self.of_parts(&["answered", "rate"], Stroke::Solid, "answered"));
        lines.retain(|(line, _)| of.contains(&line.of));
        lines
    }

    /// How many instances parts have, and how few of them served.
    fn health(&self) -> Table {
        let head = ["part", "instances", "fewest up", "when first"];
        let mut table =
            Table::new("Instances of each part, and the fewest that were up in any replication", &head);
        let nodes = self.run.get("topology").get("nodes").list();
        let bounds = self.timeline.get("bounds").list();
        for part in self.timeline.get("parts").list() {
            let name = part.get("name").text();
            let Some(node) = nodes.iter().find(|node| node.get("name").text() == name) else { continue };
            let least = part.get("instances").get("min").list();
            let fewest = least.iter().filter(|at| at.number().is_some()).min_by_key(|at| at.total());
            let Some(fewest) = fewest else { continue };
            let at = least.iter().position(|one| one.of() == fewest.of()).unwrap_or_default();
            let is_less = fewest.total() < node.get("instances").total();
            table.row(vec![
                Cell::coloured(name, self.slot(name)),
                node.get("instances").counted(),
                fewest.counted(),
                if is_less {
                    let end = |at: usize| {
                        let at = bounds.get(at).and_then(At::number).unwrap_or(f64::NAN);
                        kneepoint_report::duration(at * 1e9)
                    };
                    Cell::words(format!("within {} to {}", end(at), end(at + 1)))
                } else {
                    Cell::words("all up throughout")
                },
            ]);
        }
        table.folded = table.rows.len() > 12;
        table
    }

    /// What dashboards show and these results do not hold: left out, and not drawn as zero.
    fn absent(&self) -> Option<ChartBlock> {
        let events = self.timeline.get("events").get("list").list();
        let breaks = events.iter().any(|event| event.get("what").text().starts_with("breaker "));
        let has = |key: &str| {
            key == "breakers" && breaks
                || self.timeline.get("parts").list().iter().any(|part| part.get(key).is_there())
        };
        let all: Vec<&str> = [
            ("hit_rate", "hit rates of caches"),
            ("items", "sizes of caches"),
            ("connections", "connections of databases"),
            ("replicas", "replicas of databases"),
            ("lag", "lag of replicas"),
            ("scaling", "decisions of autoscalers"),
            ("breakers", "states of circuit breakers"),
        ]
        .into_iter()
        .filter(|(key, _)| !has(key))
        .map(|(_, what)| what)
        .collect();
        (!all.is_empty()).then(|| {
            ChartBlock::Words(format!(
                "Not shown, because no part in these results has it: {}. That is no zero.",
                all.join(", ")
            ))
        })
    }

    fn of_kind(&self, kinds: &[&str]) -> Vec<&'r str> {
        let parts = self.run.get("parts").list();
        let of = |part: &At<'r>| kinds.contains(&part.get("kind").text()).then(|| part.get("name").text());
        parts.iter().filter_map(of).collect()
    }

    /// How calls were spread over the instances of each part.
    fn distribution(&self) -> Table {
        const INSTANCES_MOST: usize = 64;
        let mut table =
            Table::new("Calls of each instance", &["instance", "calls", "share of its part", "utilisation"]);
        for part in self.run.get("parts").list() {
            let instances = part.get("instances").list();
            if instances.len() < 2 {
                continue;
            }
            let calls = instances.iter().map(|of| of.get("calls").get("total").total());
            let all = calls.fold(0_u64, u64::saturating_add);
            // Calls of the part are counted for themselves: that they are the sum is a finding, not a way of writing.
            let whole = part.get("calls").get("total");
            let name = part.get("name").text();
            table.row(vec![
                Cell::coloured(
                    format!("{name}, all {}", kneepoint_report::count(instances.len() as u64)),
                    self.slot(name),
                ),
                whole.counted(),
                Cell::number(if all > 0 { kneepoint_report::percent(1.0) } else { String::new() }),
                part.get("utilisation").estimate(&kneepoint_experiment::result::Unit::Ratio),
            ]);
            if whole.is_there() && whole.total() != all {
                table.notes.push(format!(
                    "The calls of the instances of {name} add up to {} and not to those of the part: the results contradict \
                     themselves.",
                    kneepoint_report::count(all)
                ));
            }
            for instance in instances.iter().take(INSTANCES_MOST) {
                let calls = instance.get("calls").get("total");
                let share = if all > 0 { calls.total() as f64 / all as f64 } else { 0.0 };
                let path = instance.get("path").text();
                table.row(vec![
                    Cell::coloured(path, self.slot(path)),
                    calls.counted(),
                    Cell::number(kneepoint_report::percent(share)),
                    instance.get("utilisation").estimate(&kneepoint_experiment::result::Unit::Ratio),
                ]);
            }
            if let Some(more) = instances.len().checked_sub(INSTANCES_MOST).filter(|more| *more > 0) {
                table.notes.push(format!(
                    "{} has {} more instances; the JSON of the run lists them.",
                    part.get("name").text(),
                    kneepoint_report::count(more as u64)
                ));
            }
        }
        table.folded = table.rows.len() > 12;
        table
    }
}

/// Whether a number over time is ever another one.
fn moves(at: &At<'_>) -> bool {
    let values: Vec<f64> = at.get("values").list().iter().filter_map(At::number).collect();
    values.windows(2).any(|pair| pair[0] != pair[1])
}

fn series(line: &Line<'_>, at: &At<'_>) -> Value {
    let points = |key: &str| -> Option<Vec<Value>> {
        let all = at.get(key);
        all.is_there().then(|| all.list().iter().map(short).collect())
    };
    let dash = match line.stroke {
        Stroke::Solid => 0,
        Stroke::Dashed => 1,
        Stroke::Dotted => 2,
    };
    let mut all = json!({
        "name": line.name,
        "of": line.of,
        "from": at.of(),
        "slot": line.slot,
        "dash": dash,
        "values": points("values"),
    });
    if let (Some(low), Some(high)) = (points("low"), points("high")) {
        all["low"] = low.into();
        all["high"] = high.into();
    }
    all
}

/// A number with as many digits as a screen can show, and some.
fn short(at: &At<'_>) -> Value {
    match at.number() {
        Some(n) => {
            let text = format!("{n:.*e}", DIGITS - 1);
            text.parse::<f64>().map_or(Value::Null, |n| {
                if n == n.trunc() && n.abs() < 1e15 { json!(n as i64) } else { json!(n) }
            })
        }
        None => Value::Null,
    }
}

/// Returns which parts are drawn at first: those that are busiest, then those with the longest queues.
pub(crate) fn shown_first(run: &At<'_>) -> Vec<String> {
    let mut parts: Vec<(f64, f64, &str)> = run
        .get("parts")
        .list()
        .iter()
        .map(|part| {
            let busy = part.get("utilisation").get("value").number().unwrap_or(-1.0);
            let queue = part.get("queue").get("mean").get("value").number().unwrap_or(-1.0);
            (busy, queue, part.get("name").text())
        })
        .collect();
    parts.sort_by(|a, b| b.0.total_cmp(&a.0).then(b.1.total_cmp(&a.1)));
    parts.into_iter().take(SHOWN).map(|(_, _, name)| name.to_string()).collect()
}
