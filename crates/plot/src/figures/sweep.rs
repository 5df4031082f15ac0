//! Figures of `sweep`: lines over one axis, heat maps over two.

use std::collections::BTreeMap;

use kneepoint_experiment::result::Unit;

use super::{Source, named, replications, unit};
use crate::axis::{Axis, Scale, interval_words};
use crate::figure::{Content, Figure, HeatCell, HeatMap, Interval, Lines, Outcome, Panel, Rule, Series};
use crate::results::{Number, SweepPoint, SweepResults};
use crate::theme::{Colour, SLOTS};

/// More lines than this cannot be told apart: some of them are shown.
const LINES_MOST: usize = 2 * SLOTS;

/// A number that every point has.
pub(super) struct Measure {
    /// What it is called in names of figures.
    pub name: String,
    /// What it is called on axes.
    pub metric: String,
    pub unit: Unit,
    /// The objective: as written, and its bound.
    pub bound: Option<(String, f64)>,
    /// By point.
    pub values: Vec<Option<Interval>>,
    /// What came of the objective, by point; nothing where there is none.
    pub outcomes: Vec<Option<Outcome>>,
}

impl Measure {
    /// At how many points this came of it.
    fn count(&self, outcome: Outcome) -> usize {
        self.outcomes.iter().filter(|of| **of == Some(outcome)).count()
    }
}

pub(super) fn figures(of: &SweepResults) -> Vec<Figure> {
    let measures = measures(of);
    if of.points.is_empty() || of.axes.is_empty() || measures.is_empty() {
        let why = if of.points.is_empty() {
            "The sweep has no points."
        } else if of.axes.is_empty() {
            "Nothing was varied."
        } else {
            "No point has a number: they failed, or there is neither client, objective nor watch."
        };
        let (source, notes) = about(of);
        let content = Content::Nothing(why.to_string());
        return vec![source.figure("lines".to_string(), "Sweep".to_string(), notes, content)];
    }
    let mut all: Vec<Figure> = measures.iter().map(|measure| lines(of, measure)).collect();
    if of.axes.len() == 2 {
        all.extend(measures.iter().filter_map(|measure| heat_map(of, measure)));
    }
    all.extend(super::pareto::over_cost(of, &measures));
    all
}

pub(super) fn about(of: &SweepResults) -> (Source, Vec<String>) {
    let mut batches: Vec<u64> = of.points.iter().filter_map(|point| point.batches).collect();
    batches.sort_unstable();
    let runs = match batches.as_slice() {
        [first, .., last] if first != last => format!("1 run in {first} to {last} batches"),
        [first, ..] => format!("1 run in {first} batches"),
        [] if of.replications_min == of.replications_max => replications(of.replications_min),
        [] => format!("{} to {}", of.replications_min, replications(of.replications_max)),
    };
    let mut notes = of.survivors.clone();
    let there = of.points.len() as u64;
    if let Some(all) = of.point_count.filter(|all| *all > there) {
        notes.push(format!("The sweep has not come to its end: {there} of {all} points are there."));
    }
    let source = Source {
        title: of.title.clone(),
        runs: format!("{} points, {runs} each", of.points.len()),
        confidence: confidence(of),
        seed: of.seed,
        alone: of.replications_max == 1,
    };
    (source, notes)
}

/// How sure the intervals are: numbers say it, and where none is known nobody does.
fn confidence(of: &SweepResults) -> Option<f64> {
    let of_point = |point: &SweepPoint| {
        let numbers =
            point.slo.iter().map(|slo| &slo.estimate).chain(point.clients.iter().map(|c| &c.goodput));
        numbers.filter_map(|number| number.confidence).next()
    };
    of.points.iter().find_map(of_point)
}

/// Objectives and what is watched; p99 and goodput of the clients where there is neither.
pub(super) fn measures(of: &SweepResults) -> Vec<Measure> {
    let Some(whole) = of.points.iter().find(|point| point.failure.is_none()) else { return Vec::new() };
    let gather =
        |name: &str, metric: &str, unit: Unit, number: &dyn Fn(&SweepPoint) -> Option<Number>| Measure {
            name: name.to_string(),
            metric: metric.to_string(),
            unit,
            bound: None,
            values: of
                .points
                .iter()
                .map(|p| if p.failure.is_some() { None } else { number(p).and_then(|n| n.interval()) })
                .collect(),
            outcomes: vec![None; of.points.len()],
        };
    let mut all = Vec::new();
    for slo in &whole.slo {
        let find = |p: &SweepPoint| p.slo.iter().find(|s| s.name == slo.name).cloned();
        let metric = slo.condition.split(['<', '>']).next().unwrap_or_default().trim();
        let number = |p: &SweepPoint| find(p).map(|s| s.estimate);
        let mut measure = gather(&slo.name, metric, unit(&slo.unit), &number);
        // Of what is uncertain, unclear or without enough data it is neither so nor otherwise.
        let outcome = |p: &SweepPoint| match find(p).as_ref().map(|slo| slo.verdict.as_str()) {
            Some("met") => Outcome::Met,
            Some("missed") => Outcome::Missed,
            Some(_) if p.is_unserved() => Outcome::Unserved,
            _ => Outcome::Undecided,
        };
        measure.outcomes = of.points.iter().map(|p| Some(outcome(p))).collect();
        // A bound that is varied is no line.
        if of.points.iter().filter_map(find).all(|s| s.bound == slo.bound) {
            measure.bound = Some((slo.condition.clone(), slo.bound));
        }
        all.push(measure);
    }
    for watch in whole.watch.iter().filter(|watch| watch.values.len() == 1) {
        let number = |p: &SweepPoint| {
            let found = p.watch.iter().find(|w| w.name == watch.name)?;
            found.values.first().map(|value| value.estimate.clone())
        };
        all.push(gather(&watch.name, &watch.metric, unit(&watch.unit), &number));
    }
    if all.is_empty() {
        for client in &whole.clients {
            let find = |p: &SweepPoint| p.clients.iter().find(|c| c.name == client.name).cloned();
            let p99 = |p: &SweepPoint| find(p)?.latency.get("p99").cloned();
            let (latency, goodput) =
                (format!("p99({}.latency)", client.name), format!("goodput({})", client.name));
            all.push(gather(&latency, &latency, Unit::Duration, &p99));
            all.push(gather(&goodput, &goodput, Unit::Rate, &|p: &SweepPoint| Some(find(p)?.goodput)));
        }
    }
    all
}

/// The values of an axis, in the order of the points, and as numbers if all of them are.
struct Values {
    names: Vec<String>,
    numbers: Option<(Vec<f64>, String)>,
}

impl Values {
    fn of(sweep: &SweepResults, path: &str) -> Values {
        let mut names: Vec<String> = Vec::new();
        for point in &sweep.points {
            if let Some(value) = point.settings.get(path)
                && !names.contains(value)
            {
                names.push(value.clone());
            }
        }
        let parsed: Option<Vec<(f64, String)>> = names.iter().map(|name| parsed(name)).collect();
        let numbers = parsed.and_then(|all| {
            let unit = all.first()?.1.clone();
            let same = all.len() > 1 && all.iter().all(|(_, other)| *other == unit);
            same.then(|| (all.into_iter().map(|(value, _)| value).collect(), unit))
        });
        let mut values = Values { names, numbers };
        if let Some((numbers, _)) = &mut values.numbers {
            let mut order: Vec<usize> = (0..numbers.len()).collect();
            order.sort_by(|a, b| numbers[*a].total_cmp(&numbers[*b]));
            *numbers = order.iter().map(|at| numbers[*at]).collect();
            values.names = order.iter().map(|at| values.names[*at].clone()).collect();
        }
        values
    }

    fn place(&self, value: &str) -> Option<f64> {
        let at = self.names.iter().position(|name| name == value)?;
        Some(self.numbers.as_ref().map_or(at as f64, |(numbers, _)| numbers[at]))
    }

    fn axis(&self, path: &str) -> Axis {
        let Some((numbers, unit)) = &self.numbers else {
            let scale = Scale::Names(self.names.clone());
            return Axis { scale, ..Axis::linear(path, Unit::Number) };
        };
        let (least, most) = (numbers[0], numbers[numbers.len() - 1]);
        let scale = if least > 0.0 && most / least > 50.0 { Scale::Log } else { Scale::Linear };
        let unit = match unit.as_str() {
            "" => Unit::Number,
            "/s" => Unit::Rate,
            other => Unit::Other(other.to_string()),
        };
        // Servers, retries: what was set to whole numbers has none between.
        let whole = unit == Unit::Number && numbers.iter().all(|n| n.fract() == 0.0);
        Axis { scale, zero: false, whole, ..Axis::linear(path, unit) }
    }
}

/// Returns a setting as a number and its unit: `256/s`, `50ms`, `4`.
pub(super) fn parsed(text: &str) -> Option<(f64, String)> {
    let text = text.trim();
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-')).unwrap_or(text.len());
    let value: f64 = text[..end].parse().ok()?;
    let unit = text[end..].trim();
    let plain = unit.chars().all(|c| c.is_alphabetic() || c == '/' || c == '%') && unit.chars().count() <= 6;
    plain.then(|| (value, unit.to_string()))
}

fn title(of: &SweepResults, measure: &Measure, path: &str) -> String {
    let Some((condition, _)) = &measure.bound else { return format!("{} over {path}", measure.metric) };
    let (all, missed) = (of.points.len(), measure.count(Outcome::Missed));
    let (undecided, unserved) = (measure.count(Outcome::Undecided), measure.count(Outcome::Unserved));
    let head = match missed {
        missed if undecided + unserved > 0 => format!("{condition} is missed at {missed} of {all} points"),
        0 => format!("{condition} is missed at none of {all} points"),
        missed if missed == all => format!("{condition} is missed at all {all} points"),
        some => format!("{condition} is missed at {some} of {all} points"),
    };
    // Where nobody is served it is worse than missed, though there is no number that says so.
    match (undecided, unserved) {
        (0, 0) => head,
        (some, 0) => format!("{head}, and not decided at {some}"),
        (0, none) => format!("{head}, and nobody is served at {none}"),
        (some, none) => format!("{head}, not decided at {some}, and nobody is served at {none}"),
    }
}

fn lines(of: &SweepResults, measure: &Measure) -> Figure {
    let (source, mut notes) = about(of);
    let axes: Vec<Values> = of.axes.iter().map(|axis| Values::of(of, &axis.path)).collect();
    // Over the axis with the most numbers; over the last one where none has.
    let mut over = axes.len() - 1;
    for (at, values) in axes.iter().enumerate().rev() {
        let better = values.numbers.is_some() && axes[over].numbers.is_none();
        let more = values.numbers.is_some() == axes[over].numbers.is_some()
            && values.names.len() > axes[over].names.len();
        if better || more {
            over = at;
        }
    }
    let path = &of.axes[over].path;
    type Group = (Vec<String>, Vec<(f64, Option<Interval>)>);
    let mut groups: Vec<Group> = Vec::new();
    let mut known: BTreeMap<Vec<String>, usize> = BTreeMap::new();
    for (point, value) in of.points.iter().zip(&measure.values) {
        let Some(x) = point.settings.get(path).and_then(|value| axes[over].place(value)) else { continue };
        let others: Vec<String> = of
            .axes
            .iter()
            .enumerate()
            .filter(|(at, _)| *at != over)
            .map(|(_, axis)| point.settings.get(&axis.path).cloned().unwrap_or_default())
            .collect();
        match known.get(&others) {
            Some(at) => groups[*at].1.push((x, *value)),
            None => {
                known.insert(others.clone(), groups.len());
                groups.push((others, vec![(x, *value)]));
            }
        }
    }
    let rest: Vec<&str> = of
        .axes
        .iter()
        .enumerate()
        .filter(|(at, _)| *at != over)
        .map(|(_, axis)| axis.path.as_str())
        .collect();
    groups.sort_by(|(a, _), (b, _)| {
        let places = |values: &[String]| -> Vec<f64> {
            let others = axes.iter().enumerate().filter(|(at, _)| *at != over).map(|(_, axis)| axis);
            others.zip(values).map(|(axis, value)| axis.place(value).unwrap_or(f64::MAX)).collect()
        };
        let (a, b) = (places(a), places(b));
        a.iter().zip(&b).map(|(x, y)| x.total_cmp(y)).find(|o| o.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
    });
    // Points that were drawn at random are no steps of anything, and between two names there is nothing.
    let is_grid = of.design == "grid";
    let joined = is_grid && axes[over].numbers.is_some();
    let scattered = !is_grid && groups.len() > SLOTS;
    if is_grid && groups.len() > LINES_MOST {
        let all = groups.len();
        let last = all - 1;
        groups = (0..SLOTS).map(|n| groups[n * last / (SLOTS - 1)].clone()).collect();
        notes.push(format!("{SLOTS} of {all} lines are drawn, evenly chosen ({}).", rest.join(", ")));
    }
    let series: Vec<Series> = if scattered {
        notes.push(format!(
            "Each dot is a point of the sweep, and other settings differ as well: {}.",
            rest.join(", ")
        ));
        let points = groups.into_iter().flat_map(|(_, points)| points).collect();
        vec![Series {
            name: measure.metric.clone(),
            colour: Colour::Slot(0),
            dashed: false,
            joined: false,
            points,
        }]
    } else {
        let names: Vec<String> = groups
            .iter()
            .map(|(values, _)| {
                let said = rest.iter().zip(values).map(|(path, value)| format!("{path} = {value}"));
                let said: Vec<String> = said.collect();
                if said.is_empty() { measure.metric.clone() } else { said.join(", ") }
            })
            .collect();
        // By their order, which is that of their values in every figure of the sweep. Where colours repeat, the next
        // round is dashed.
        groups
            .into_iter()
            .zip(names)
            .enumerate()
            .map(|(at, ((_, mut points), name))| {
                points.sort_by(|a, b| a.0.total_cmp(&b.0));
                Series { name, colour: Colour::Slot(at % SLOTS), dashed: at >= SLOTS, joined, points }
            })
            .collect()
    };
    let rules: Vec<Rule> =
        measure.bound.iter().map(|(name, at)| Rule { name: format!("SLO {name}"), at: *at }).collect();
    let values = || measure.values.iter().flatten().map(|v| v.value);
    let least = values().filter(|v| *v > 0.0).fold(f64::INFINITY, f64::min);
    let log = values().all(|v| v > 0.0) && values().fold(0.0, f64::max) / least > 50.0;
    let scale = if log { Scale::Log } else { Scale::Linear };
    for alike in coinciding(&series, log) {
        let names: Vec<&str> = alike.iter().map(|at| series[*at].name.as_str()).collect();
        notes.push(format!("Lines that coincide: {}.", names.join(" and ")));
    }
    // Of the points that are drawn: lines may have been left out.
    let is_drawn = |x: f64, y: Option<f64>| {
        series.iter().flat_map(|s| &s.points).any(|(at, value)| *at == x && value.map(|v| v.value) == y)
    };
    let open = |outcome: &Option<Outcome>| *outcome == Some(Outcome::Undecided);
    let points = of.points.iter().zip(&measure.values).zip(&measure.outcomes);
    let undecided: Vec<(f64, Option<f64>)> = points
        .filter(|(_, outcome)| open(outcome))
        .filter_map(|((point, value), _)| {
            let x = axes[over].place(point.settings.get(path)?)?;
            Some((x, value.map(|v| v.value)))
        })
        .filter(|(x, y)| is_drawn(*x, *y))
        .collect();
    let unserved = of.points.iter().filter(|point| point.is_unserved()).count();
    if unserved > 0 {
        notes.push(format!("Nobody is served at {unserved} of {} points.", of.points.len()));
    }
    source.figure(
        named("lines", &measure.name),
        title(of, measure, path),
        notes,
        Content::Lines(Lines {
            x: axes[over].axis(path),
            panels: vec![Panel {
                y: Axis { scale, zero: !log, ..Axis::linear(measure.metric.clone(), measure.unit.clone()) },
                series,
                rules,
                undecided,
                weight: 1.0,
            }],
            spans: Vec::new(),
            shades: Vec::new(),
            lanes: Vec::new(),
        }),
    )
}

/// Returns the lines that cannot be told apart: each group in the order in which they are drawn.
fn coinciding(series: &[Series], log: bool) -> Vec<Vec<usize>> {
    /// Chosen: of the height of a panel, as much as a line is wide.
    const NEAR: f64 = 0.01;
    let seen = |v: Interval| if log { v.value.ln() } else { v.value };
    let values = || series.iter().flat_map(|s| &s.points).filter_map(|(_, v)| Some(seen((*v)?)));
    let base = if log { f64::INFINITY } else { 0.0 };
    let (least, most) = (values().fold(base, f64::min), values().fold(f64::NEG_INFINITY, f64::max));
    let near = NEAR * (most - least);
    let alike = |a: &Series, b: &Series| {
        let pairs = || a.points.iter().zip(&b.points);
        let mut both = pairs().filter_map(|((_, a), (_, b))| Some((seen((*a)?), seen((*b)?))));
        let places = a.points.len() == b.points.len() && pairs().all(|((x, _), (other, _))| x == other);
        a.joined
            && places
            && pairs().filter(|((_, a), (_, b))| a.is_some() && b.is_some()).count() > 1
            && both.all(|(a, b)| (a - b).abs() <= near)
    };
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (at, one) in series.iter().enumerate() {
        match groups.iter_mut().find(|group| alike(&series[group[0]], one)) {
            Some(group) => group.push(at),
            None => groups.push(vec![at]),
        }
    }
    groups.retain(|group| group.len() > 1);
    groups
}

fn heat_map(of: &SweepResults, measure: &Measure) -> Option<Figure> {
    let axes: Vec<Values> = of.axes.iter().map(|axis| Values::of(of, &axis.path)).collect();
    // From left to right what has more values, or numbers.
    let along = |at: usize| (axes[at].numbers.is_some(), axes[at].names.len());
    let (x, y) = if along(0) > along(1) { (0, 1) } else { (1, 0) };
    let (columns, rows) = (&axes[x].names, &axes[y].names);
    // A design that scatters its points has a value of its own at each.
    if columns.len() * rows.len() > of.points.len() * 4 {
        return None;
    }
    let mut cells = vec![vec![HeatCell::default(); columns.len()]; rows.len()];
    for ((point, value), outcome) in of.points.iter().zip(&measure.values).zip(&measure.outcomes) {
        let find = |at: usize, names: &[String]| {
            let value = point.settings.get(&of.axes[at].path)?;
            names.iter().position(|name| name == value)
        };
        let (Some(column), Some(row)) = (find(x, columns), find(y, rows)) else { continue };
        let Some(value) = value else {
            let text = if point.is_unserved() { "nobody served" } else { "" };
            cells[row][column] =
                HeatCell { text: text.to_string(), outcome: *outcome, ..HeatCell::default() };
            continue;
        };
        let all = interval_words(value, &measure.unit);
        // Of what is known badly the value has fewer digits beside its interval.
        let begin = all.find(" ±").or_else(|| all.rfind(" [")).unwrap_or(all.len());
        let (text, interval) = (all[..begin].to_string(), all[begin..].trim().to_string());
        cells[row][column] = HeatCell { value: Some(value.value), text, interval, outcome: *outcome };
    }
    let (source, notes) = about(of);
    Some(source.figure(
        named("heat-map", &measure.name),
        title(of, measure, &format!("{} and {}", of.axes[x].path, of.axes[y].path)),
        notes,
        Content::HeatMap(HeatMap {
            value: Axis { zero: false, ..Axis::linear(measure.metric.clone(), measure.unit.clone()) },
            x: of.axes[x].path.clone(),
            x_names: columns.clone(),
            y: of.axes[y].path.clone(),
            y_names: rows.clone(),
            cells,
        }),
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::parsed;
    use crate::figure::{Content, Outcome};
    use crate::{figures, read};

    #[test]
    fn what_is_not_decided_has_a_mark_and_where_nobody_is_served_it_is_said() {
        let mut sweep: Value = serde_json::from_str(include_str!("../../tests/results/sweep.json")).unwrap();
        let points = sweep["points"].as_array_mut().unwrap();
        let whole = points.iter().position(|point| point["failure"].is_null()).unwrap();
        points[whole]["slo"][0]["verdict"] = json!("unclear");
        let gone = points.iter().rposition(|point| point["failure"].is_null()).unwrap();
        points[gone]["slo"][0]["verdict"] = json!("not enough data");
        points[gone]["slo"][0]["estimate"] = json!({ "value": null, "reason": "nothing ended well" });
        for client in points[gone]["clients"].as_array_mut().unwrap() {
            client["goodput"] = json!({ "value": 0.0, "low": 0.0, "high": 0.0 });
        }
        let all = figures(&read("sweep", &sweep.to_string()).unwrap());
        let figure = |name: &str| all.iter().find(|figure| figure.name.starts_with(name)).unwrap();
        let Content::Lines(lines) = &figure("lines-fast").content else { panic!("lines") };
        assert!(lines.panels[0].undecided.iter().any(|(_, value)| value.is_some()));
        assert!(
            figure("lines-fast").title.ends_with("and nobody is served at 1"),
            "{}",
            figure("lines-fast").title
        );
        let Content::HeatMap(map) = &figure("heat-map-fast").content else { panic!("a heat map") };
        let of = |outcome: Outcome| {
            map.cells.iter().flatten().filter(|cell| cell.outcome == Some(outcome)).count()
        };
        assert_eq!(of(Outcome::Unserved), 1);
        assert!(of(Outcome::Undecided) >= 1);
    }

    #[test]
    fn names_are_points_and_no_line() {
        let mut sweep: Value = serde_json::from_str(include_str!("../../tests/results/sweep.json")).unwrap();
        sweep["survivors"] = json!(["Latencies are of good answers only."]);
        sweep["axes"].as_array_mut().unwrap().retain(|axis| axis["path"] == "variant");
        let all = figures(&read("sweep", &sweep.to_string()).unwrap());
        let Content::Lines(lines) = &all[0].content else { panic!("points") };
        assert!(lines.panels[0].series.iter().all(|series| !series.joined));
        assert!(all[0].notes.iter().any(|note| note == "Latencies are of good answers only."));
        let sweep: Value = serde_json::from_str(include_str!("../../tests/results/sweep.json")).unwrap();
        let all = figures(&read("sweep", &sweep.to_string()).unwrap());
        let Content::Lines(lines) = &all[0].content else { panic!("lines") };
        assert!(lines.panels[0].series.iter().all(|series| series.joined), "numbers are");
    }

    #[test]
    fn lines_that_coincide_are_told() {
        let mut sweep: Value = serde_json::from_str(include_str!("../../tests/results/sweep.json")).unwrap();
        let told = |sweep: &Value| {
            let all = figures(&read("sweep", &sweep.to_string()).unwrap());
            all.into_iter().find(|figure| figure.name == "lines-mean").unwrap().notes
        };
        // As they are kept, two are the same to a line's width as far as both have numbers.
        let notes = told(&sweep);
        let said = "Lines that coincide: variant = vertical and variant = medium.";
        assert!(notes.iter().any(|note| note == said), "{notes:?}");
        for (at, point) in sweep["points"].as_array_mut().unwrap().iter_mut().enumerate() {
            let watch = point["watch"].as_array_mut().unwrap().iter_mut();
            for watch in watch.filter(|watch| watch["name"] == json!("mean")) {
                watch["values"][0]["estimate"] = json!({ "value": at });
            }
        }
        let notes = told(&sweep);
        assert!(notes.iter().all(|note| !note.starts_with("Lines that coincide")), "{notes:?}");
    }

    #[test]
    fn settings_are_numbers_with_a_unit_or_names() {
        assert_eq!(parsed("256/s"), Some((256.0, "/s".to_string())));
        assert_eq!(parsed("50ms"), Some((50.0, "ms".to_string())));
        assert_eq!(parsed("4"), Some((4.0, String::new())));
        assert_eq!(parsed("vertical"), None);
        assert_eq!(parsed("1(2)"), None);
    }
}
