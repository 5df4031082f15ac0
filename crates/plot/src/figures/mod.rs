//! Which figures there are of a result, and what each of them says.

mod capacity;
mod comparison;
mod offered;
mod over_time;
mod pareto;
mod run;
mod sensitivity;
mod sweep;
mod topology;

pub use over_time::lanes;
pub use pareto::{ParetoError, pareto};

use kneepoint_experiment::result::Unit;
use kneepoint_report::{change_unit, count, percent};

use crate::axis::{interval_words, words};
use crate::figure::{Content, Figure, Rows, Shape};
use crate::results::{Number, Results, RunResults, Station};

/// Returns all figures of a result, the most telling first.
pub fn figures(results: &Results) -> Vec<Figure> {
    let mut all = match results {
        Results::Run(of) => run::figures(of),
        Results::Capacity(of) => capacity::figures(of),
        Results::Scaling(of) => capacity::scaling(of),
        Results::Comparison(of) => comparison::figures(of),
        Results::Tornado(of) => sensitivity::tornados(of),
        Results::Screening(of) => sensitivity::screenings(of),
        Results::Sweep(of) => sweep::figures(of),
    };
    let mut taken: Vec<String> = Vec::new();
    for figure in &mut all {
        let wanted = figure.name.clone();
        let mut n = 2;
        while taken.contains(&figure.name) {
            figure.name = format!("{wanted}-{n}");
            n += 1;
        }
        taken.push(figure.name.clone());
    }
    all
}

/// Returns a name for a figure about something: letters, digits and hyphens, so that it can be a file's.
fn named(kind: &str, about: &str) -> String {
    let mut name = String::from(kind);
    let mut gap = true;
    for c in about.chars().take(60) {
        if c.is_ascii_alphanumeric() {
            if gap {
                name.push('-');
            }
            name.push(c.to_ascii_lowercase());
            gap = false;
        } else {
            gap = true;
        }
    }
    name
}

/// Where the numbers of a figure are from.
struct Source {
    /// Of the scenario.
    title: String,
    /// How many runs, in words.
    runs: String,
    /// Of intervals; none where the results do not say how sure they are.
    confidence: Option<f64>,
    seed: u64,
    /// Whether a single replication leaves numbers alone.
    alone: bool,
}

impl Source {
    /// Returns the figure with what is true of the intervals in it: how sure they are, or why there are none.
    fn figure(self, name: String, title: String, mut notes: Vec<String>, content: Content) -> Figure {
        let drawn = has_intervals(&content);
        if self.alone && !drawn {
            notes.push("One replication: there are no intervals.".to_string());
        }
        let from = if self.title.is_empty() { String::new() } else { format!("{} · ", self.title) };
        let sure = self.confidence.filter(|_| drawn);
        let sure = sure.map(|c| format!(" · {} intervals", percent(c).replace(".0 %", " %")));
        let subtitle = format!("{from}{}{} · seed {}", self.runs, sure.unwrap_or_default(), self.seed);
        Figure { name, title, subtitle, notes, content }
    }
}

/// Whether an interval is seen; lines that are exact have ends too, where they are.
fn has_intervals(content: &Content) -> bool {
    let wide = |ends: &Option<(f64, f64)>| ends.is_some_and(|(low, high)| low < high);
    match content {
        Content::Nothing(_) | Content::Density(_) | Content::Graph(_) => false,
        Content::Lines(lines) => {
            let points =
                lines.panels.iter().flat_map(|panel| &panel.series).flat_map(|series| &series.points);
            points
                .filter_map(|(_, value)| *value)
                .chain(lines.spans.iter().map(|span| span.at))
                .any(|v| wide(&v.ends))
        }
        Content::Rows(rows) => {
            let shapes = rows.rows.iter().flat_map(|row| &row.cells).flat_map(|cell| &cell.shapes);
            shapes.into_iter().any(|shape| match shape {
                Shape::Bar { ends, .. } => wide(ends),
                Shape::Point { at, .. } => wide(&at.ends),
                Shape::Off { .. } => false,
            })
        }
        Content::HeatMap(map) => map.cells.iter().flatten().any(|cell| !cell.interval.is_empty()),
        Content::Scatter(of) => of.points.iter().any(|point| wide(&point.x.ends) || wide(&point.y.ends)),
    }
}

fn replications(n: u64) -> String {
    if n == 1 { "1 replication".to_string() } else { format!("{} replications", count(n)) }
}

/// Returns a name as it fits into a title: whatever else the title says must be seen too.
fn brief(name: &str) -> String {
    const MOST: usize = 36;
    let chars: Vec<char> = name.chars().collect();
    if chars.len() <= MOST { name.to_string() } else { crate::font::without_middle(&chars, MOST - 1) }
}

/// Returns the busiest of parts in words, and all that are as busy as far as is shown; nothing if no part has servers.
fn busiest(parts: impl Iterator<Item = (f64, String)>) -> Option<String> {
    let parts: Vec<(f64, String)> = parts.collect();
    let most = parts.iter().map(|(share, _)| *share).max_by(f64::total_cmp)?;
    if most == 0.0 {
        return Some("No part has anything to do".to_string());
    }
    let shown = percent(most);
    let ties: Vec<String> =
        parts.iter().filter(|(of, _)| percent(*of) == shown).map(|(_, n)| brief(n)).collect();
    Some(match ties.as_slice() {
        [one] => format!("{one} is the busiest part: {shown} busy"),
        [one, two] => format!("{one} and {two} are equally the busiest parts: {shown} busy"),
        [one, two, rest @ ..] => {
            format!("{one}, {two} and {} more are equally the busiest parts: {shown} busy", rest.len())
        }
        [] => return None,
    })
}

/// Returns which part is fullest, in words: the busiest, or the one that holds most of its threads if that is a larger share;
/// nothing if no part has servers or threads.
fn fullest(run: &RunResults, of: impl Fn(&str) -> bool) -> Option<String> {
    let shares = |pick: fn(&Station) -> Option<&Number>| {
        let parts = run.parts.iter().filter(|part| of(&part.name));
        let known: Vec<(f64, String)> =
            parts.filter_map(|part| Some((pick(part)?.value?, run.called(&part.name)))).collect();
        known
    };
    let (busy, held) =
        (shares(|part| part.utilisation.as_ref()), shares(|part| part.thread_utilisation.as_ref()));
    let most = |of: &[(f64, String)]| of.iter().map(|(share, _)| *share).fold(0.0, f64::max);
    if most(&held) <= most(&busy) {
        return busiest(busy.into_iter());
    }
    let (share, name) = held.into_iter().reduce(|a, b| if b.0 > a.0 { b } else { a })?;
    Some(format!("{} holds the largest share of its threads: {}", brief(&name), percent(share)))
}

/// Returns a unit from how results write it.
pub fn unit(written: &str) -> Unit {
    match written {
        "s" => Unit::Duration,
        "1/s" => Unit::Rate,
        "ratio" => Unit::Ratio,
        "1" | "" => Unit::Number,
        other => Unit::Other(other.to_string()),
    }
}

/// Returns a number with its interval in words, or why there is none.
fn said(number: &Number, unit: &Unit) -> String {
    match number.interval() {
        Some(interval) => interval_words(&interval, unit),
        None => "not enough data".to_string(),
    }
}

/// Returns a change as a share in words.
fn change(relative: f64) -> String {
    if relative != 0.0 && relative.abs() < 0.0005 {
        "≈0 %".to_string()
    } else {
        signed(relative, &Unit::Ratio)
    }
}

/// Returns a number with its sign in words.
fn signed(value: f64, unit: &Unit) -> String {
    let sign = if value > 0.0 { "+" } else { "" };
    format!("{sign}{}", words(value, unit)).replace('-', "−")
}

/// Returns a number with its interval and its sign in words.
fn signed_said(number: &Number, unit: &Unit) -> String {
    let sign = if number.value.is_some_and(|value| value > 0.0) { "+" } else { "" };
    format!("{sign}{}", said(number, unit)).replace('-', "−")
}

/// As [`signed`], of a difference of two numbers.
fn signed_change(value: f64, unit: &Unit) -> String {
    let (by, unit) = change_unit(unit);
    signed(value * by, &unit)
}

/// Returns rows without the columns in which nothing is to be drawn or all is 0, whose axes would be made up, and says which
/// they are. The last one stays: a figure draws something.
fn without_empty_columns(mut of: Rows) -> (Rows, Vec<String>) {
    let mut notes = Vec::new();
    let mut at = 0;
    while at < of.columns.len() {
        let shapes = || of.rows.iter().filter_map(|row| row.cells.get(at)).flat_map(|cell| &cell.shapes);
        let is_nothing = |shape: &Shape| match shape {
            Shape::Bar { to, ends, .. } => *to == 0.0 && ends.is_none_or(|ends| ends == (0.0, 0.0)),
            Shape::Point { .. } | Shape::Off { .. } => false,
        };
        if of.columns.len() == 1 || !shapes().all(is_nothing) {
            at += 1;
            continue;
        }
        let name = &of.columns[at].axis.name;
        notes.push(match shapes().next() {
            None => format!("Not drawn, for no part has it: {name}."),
            Some(_) => format!("Not drawn, for it is 0 at all parts that have it: {name}."),
        });
        of.columns.remove(at);
        for row in of.rows.iter_mut().filter(|row| at < row.cells.len()) {
            row.cells.remove(at);
        }
    }
    (of, notes)
}

/// Returns a number multiplied, with its interval.
fn times(number: &Number, by: f64) -> Number {
    let times = |of: Option<f64>| of.map(|v| v * by);
    Number { value: times(number.value), low: times(number.low), high: times(number.high), ..number.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::{Interval, Lines, Panel, Row, Series};
    use crate::theme::Colour;

    #[test]
    fn parts_that_are_equally_busy_are_all_named() {
        let names = ["lb", "web", "db", "cache"].map(str::to_string);
        let said = |busy: [f64; 4]| busiest(busy.into_iter().zip(names.clone())).unwrap();
        assert_eq!(said([0.1, 0.61, 0.3, 0.2]), "web is the busiest part: 61.0 % busy");
        assert_eq!(said([0.1, 0.61, 0.61, 0.2]), "web and db are equally the busiest parts: 61.0 % busy");
        assert_eq!(
            said([0.61, 0.610_000_1, 0.61, 0.61]),
            "lb, web and 2 more are equally the busiest parts: 61.0 % busy"
        );
        assert_eq!(said([0.0; 4]), "No part has anything to do");
        assert_eq!(busiest(std::iter::empty()), None);
    }

    #[test]
    fn a_long_name_keeps_its_end_in_a_title() {
        let name = brief(&format!("{}-eu-1", "orders-service".repeat(5)));
        assert!(name.starts_with("orders-service") && name.ends_with("-eu-1"), "{name}");
        assert_eq!(name.chars().count(), 36);
    }

    #[test]
    fn names_of_figures_can_be_names_of_files() {
        assert_eq!(named("lines", "p99(users:browse.latency)"), "lines-p99-users-browse-latency");
        assert_eq!(named("lines", "../../etc"), "lines-etc");
        assert_eq!(named("lines", "é<>"), "lines");
    }

    /// What is drawn of each part in a figure, by its name.
    fn drawn(figure: &Figure) -> Vec<(String, Colour)> {
        match &figure.content {
            Content::Lines(lines) => {
                let series = lines.panels.iter().flat_map(|panel| &panel.series);
                let lanes = lines.lanes.iter().map(|lane| (lane.name.clone(), lane.colour));
                series.map(|series| (series.name.clone(), series.colour)).chain(lanes).collect()
            }
            Content::Rows(rows) => {
                let of = |row: &Row| match row.cells.first()?.shapes.first()? {
                    Shape::Bar { colour, .. } | Shape::Point { colour, .. } | Shape::Off { colour, .. } => {
                        Some((row.name.clone(), *colour))
                    }
                };
                rows.rows.iter().filter_map(of).collect()
            }
            _ => Vec::new(),
        }
    }

    #[test]
    fn a_part_has_its_colour_in_every_figure_of_a_result() {
        let kept = include_str!("../../tests/results/failover.json");
        let results = crate::read("failover", kept).unwrap();
        let Results::Run(run) = &results else { panic!("a run") };
        let palette = run.palette();
        let mut seen: std::collections::BTreeMap<String, usize> = std::collections::BTreeMap::new();
        for figure in figures(&results) {
            for (name, colour) in drawn(&figure) {
                if let Some(slot) = palette.of(&name) {
                    assert_eq!(colour, Colour::Slot(slot), "{name} in {}", figure.name);
                    *seen.entry(name).or_default() += 1;
                }
            }
        }
        assert!(seen.values().any(|times| *times > 2), "{seen:?}");
    }

    #[test]
    fn figures_call_a_part_what_its_label_says() {
        let kept = include_str!("../../tests/results/failover.json");
        let mut result: serde_json::Value = serde_json::from_str(kept).unwrap();
        let plain = figures(&crate::read("failover", &result.to_string()).unwrap());
        for node in result["topology"]["nodes"].as_array_mut().unwrap() {
            node["label"] = match node["name"].as_str().unwrap() {
                "web" => "Shop & basket".into(),
                "users" => "People".into(),
                _ => serde_json::Value::Null,
            };
        }
        let results = crate::read("failover", &result.to_string()).unwrap();
        let Results::Run(run) = &results else { panic!("a run") };
        assert_eq!(
            ["web", "web/1", "users:default", "lb"].map(|name| run.called(name)),
            ["Shop & basket", "Shop & basket/1", "People:default", "lb"]
        );
        for (before, after) in plain.iter().zip(figures(&results)) {
            // Names of files stay, and so do colours.
            assert_eq!(before.name, after.name);
            let colours =
                |figure: &Figure| -> Vec<Colour> { drawn(figure).into_iter().map(|(_, c)| c).collect() };
            assert_eq!(colours(before), colours(&after), "{}", after.name);
            assert_eq!(after.title, before.title.replace("users", "People").replace("web", "Shop & basket"));
            for (name, _) in drawn(&after) {
                assert!(!["web", "users"].contains(&name.as_str()), "{name} in {}", after.name);
            }
        }
        // Two of one label are told apart.
        for node in result["topology"]["nodes"].as_array_mut().unwrap() {
            node["label"] = "it".into();
        }
        let Results::Run(run) = crate::read("failover", &result.to_string()).unwrap() else {
            panic!("a run")
        };
        assert_eq!(run.called("web/0"), "it (web)/0");
    }

    #[test]
    fn a_part_has_the_same_colour_where_its_scenario_is_run_and_where_its_capacity_is_searched() {
        let kept = include_str!("../../tests/results/run.json");
        let Results::Run(run) = crate::read("run", kept).unwrap() else { panic!("a run") };
        let mut found: serde_json::Value =
            serde_json::from_str(include_str!("../../tests/results/capacity.json")).unwrap();
        let names = |all: Vec<&String>| serde_json::json!(all);
        found["names"]["clients"] = names(run.clients.iter().map(|client| &client.name).collect());
        found["names"]["parts"] = names(run.parts.iter().map(|part| &part.name).collect());
        let all = figures(&crate::read("capacity", &found.to_string()).unwrap());
        let saturation = all.iter().find(|figure| figure.name == "saturation").unwrap();
        let drawn = drawn(saturation);
        assert!(drawn.len() > 1 && drawn.len() < run.parts.len(), "{drawn:?}");
        for (name, colour) in drawn {
            assert_eq!(Some(colour), run.palette().of(&name).map(Colour::Slot), "{name}");
        }
    }

    #[test]
    fn of_intervals_is_said_what_is_true_of_what_is_drawn() {
        let said = |alone: bool, confidence: Option<f64>, ends: Option<(f64, f64)>| {
            let points = vec![(1.0, Some(Interval { value: 2.0, ends }))];
            let (name, colour) = ("s".to_string(), Colour::Ink);
            let series = vec![Series { name, colour, dashed: false, joined: true, points }];
            let y = crate::axis::Axis::linear("y", Unit::Number);
            let panels =
                vec![Panel { y: y.clone(), series, rules: Vec::new(), undecided: Vec::new(), weight: 1.0 }];
            let lines = Lines { x: y, panels, spans: Vec::new(), shades: Vec::new(), lanes: Vec::new() };
            let source =
                Source { title: String::new(), runs: "n runs".to_string(), confidence, seed: 7, alone };
            let figure = source.figure("f".to_string(), "t".to_string(), Vec::new(), Content::Lines(lines));
            (figure.subtitle, figure.notes.len())
        };
        let wide = Some((1.0, 3.0));
        assert_eq!(said(false, Some(0.95), wide), ("n runs · 95 % intervals · seed 7".to_string(), 0));
        assert_eq!(said(false, None, wide), ("n runs · seed 7".to_string(), 0));
        assert_eq!(said(true, Some(0.95), None), ("n runs · seed 7".to_string(), 1));
        // One run in batches has intervals; a line that is exact has none.
        assert_eq!(said(true, Some(0.95), wide), ("n runs · 95 % intervals · seed 7".to_string(), 0));
        assert_eq!(said(true, Some(0.95), Some((2.0, 2.0))), ("n runs · seed 7".to_string(), 1));
    }

    #[test]
    fn points_of_one_run_in_batches_are_called_that() {
        let mut sweep: serde_json::Value =
            serde_json::from_str(include_str!("../../tests/results/sweep.json")).unwrap();
        (sweep["replications_min"], sweep["replications_max"]) = (1.into(), 1.into());
        for point in sweep["points"].as_array_mut().unwrap() {
            point["batches"] = 20.into();
        }
        let all = figures(&crate::read("sweep", &sweep.to_string()).unwrap());
        assert!(all[0].subtitle.contains("1 run in 20 batches each · 95 % intervals"), "{}", all[0].subtitle);
        assert!(all[0].notes.iter().all(|note| !note.contains("no intervals")), "{:?}", all[0].notes);
    }

    #[test]
    fn a_unit_is_what_the_result_says_whatever_the_number_is_called() {
        let all = ["1", "ratio", "s", "1/s", "$/h"].map(unit);
        let other = Unit::Other("$/h".to_string());
        assert_eq!(all, [Unit::Number, Unit::Ratio, Unit::Duration, Unit::Rate, other]);
        // A watch of a count, by a name that sounds like a share, and the other way round.
        let mut sweep: serde_json::Value =
            serde_json::from_str(include_str!("../../tests/results/sweep.json")).unwrap();
        for point in sweep["points"].as_array_mut().unwrap() {
            let values = serde_json::json!([{ "estimate": { "value": 0.5 } }]);
            point["slo"] = serde_json::json!([]);
            point["watch"] = serde_json::json!([
                { "name": "a", "metric": "errors(web) * 10", "unit": "1", "values": values },
                { "name": "b", "metric": "x / y", "unit": "ratio", "values": values },
            ]);
        }
        let figures = figures(&crate::read("sweep", &sweep.to_string()).unwrap());
        let unit_of = |name: &str| {
            let figure = figures.iter().find(|figure| figure.name == name).unwrap();
            let Content::Lines(lines) = &figure.content else { panic!("lines") };
            lines.panels[0].y.unit.clone()
        };
        assert_eq!([unit_of("lines-a"), unit_of("lines-b")], [Unit::Number, Unit::Ratio]);
    }
}
