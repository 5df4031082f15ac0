//! Points of a sweep over two numbers, and which of them no other outdoes.

use std::collections::BTreeMap;

use kneepoint_experiment::result::{Unit, is_offered_load};

use super::named;
use super::offered::Loads;
use super::sweep::{Measure, about, measures, parsed};
use crate::axis::Axis;
use crate::figure::{Content, Figure, Interval, Outcome, Scatter, ScatterPoint};
use crate::results::{Number, Results, SweepPoint, SweepResults};

/// Why there is no such figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParetoError {
    /// These are no results of a sweep.
    NotASweep,
    /// It does not name two numbers.
    Form {
        /// What was asked for.
        asked: String,
    },
    /// There is no such number.
    Unknown {
        /// What was asked for.
        asked: String,
        /// What there is.
        known: Vec<String>,
    },
}

impl std::fmt::Display for ParetoError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ParetoError::NotASweep => {
                write!(
                    f,
                    "two numbers are set against each other over the points of a sweep; these are other results"
                )
            }
            ParetoError::Form { asked } => write!(
                f,
                "{asked:?} does not name two numbers: write X,Y, as in web.instances,p99(users.latency); min: or max: before \
                 one says which way is better"
            ),
            ParetoError::Unknown { asked, known } => {
                write!(f, "there is no number {asked:?} at all points")?;
                if let Some(near) = nearest(asked, known) {
                    write!(f, "; did you mean {near}?")?;
                }
                write!(f, " There are: {}", known.join(", "))
            }
        }
    }
}

impl std::error::Error for ParetoError {}

/// Returns points over two numbers, X and Y of `X,Y`: settings that are numbers, objectives and what is watched (by name
/// or metric), `mean(CLIENT.latency)`, `p99(CLIENT.latency)`, `goodput(CLIENT)` and `errors(CLIENT)`.
///
/// Rates of what went well, availabilities and hits are better higher, and offered load is neither good nor bad. All else is
/// better lower; `max:` or `min:` before a number says otherwise. Points are held only against those at which clients ask
/// for the same load, whatever the two numbers are, unless one of these is the load and has `max:` or `min:`.
///
/// # Errors
/// If it does not name two numbers that there are.
pub fn pareto(results: &Results, asked: &str) -> Result<Figure, ParetoError> {
    let Results::Sweep(of) = results else { return Err(ParetoError::NotASweep) };
    let form = || ParetoError::Form { asked: kneepoint_report::safe(asked) };
    let (x, y) = halves(asked).ok_or_else(form)?;
    let all = numbers(of);
    let (x, y) = (Side::of(x, &all)?, Side::of(y, &all)?);
    Ok(figure(of, &x, &y))
}

/// Returns what is bought for its price: the first objective, or what else is watched, over what points cost, where the
/// results say that.
pub(super) fn over_cost(of: &SweepResults, measures: &[Measure]) -> Option<Figure> {
    let cost = measures.iter().find(|measure| is_cost(measure))?;
    let others = || measures.iter().filter(|measure| !is_cost(measure));
    let bought = others().find(|measure| measure.bound.is_some()).or_else(|| others().next())?;
    Some(figure(of, &Side::usual(cost), &Side::usual(bought)))
}

/// Whether a number is money: by its unit, or by what it is called where prices have no unit.
fn is_cost(measure: &Measure) -> bool {
    let money = |unit: &str| unit.starts_with(['$', '€', '£', '¥']);
    matches!(&measure.unit, Unit::Other(unit) if money(unit)) || measure.metric.starts_with("cost")
}

/// Splits at the comma that stands in no parentheses.
fn halves(text: &str) -> Option<(&str, &str)> {
    let mut depth = 0_i32;
    let mut found = None;
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 && found.is_some() => return None,
            ',' if depth == 0 => found = Some(at),
            _ => {}
        }
    }
    let at = found?;
    let (x, y) = (text[..at].trim(), text[at + 1..].trim());
    (!x.is_empty() && !y.is_empty()).then_some((x, y))
}

/// All numbers of the points: settings, objectives, what is watched, what clients saw.
fn numbers(of: &SweepResults) -> Vec<Measure> {
    let plain = |name: &str, unit: Unit, values: Vec<Option<Interval>>| Measure {
        name: name.to_string(),
        metric: name.to_string(),
        unit,
        bound: None,
        outcomes: vec![None; of.points.len()],
        values,
    };
    let mut all = Vec::new();
    for axis in &of.axes {
        let of_point = |point: &SweepPoint| parsed(point.settings.get(&axis.path)?);
        let values: Option<Vec<(f64, String)>> = of.points.iter().map(of_point).collect();
        let Some(values) = values.filter(|values| !values.is_empty()) else { continue };
        let written = values[0].1.clone();
        if values.iter().all(|(_, unit)| *unit == written) {
            let unit = match written.as_str() {
                "" => Unit::Number,
                "/s" => Unit::Rate,
                other => Unit::Other(other.to_string()),
            };
            let exact = |(value, _): (f64, String)| Some(Interval { value, ends: Some((value, value)) });
            all.push(plain(&axis.path, unit, values.into_iter().map(exact).collect()));
        }
    }
    all.extend(measures(of));
    let whole = of.points.iter().find(|point| point.failure.is_none());
    for client in whole.iter().flat_map(|point| &point.clients) {
        let gather =
            |number: &dyn Fn(&crate::results::SweepClient) -> Option<Number>| -> Vec<Option<Interval>> {
                let of_point = |point: &SweepPoint| {
                    let found = point.clients.iter().find(|other| other.name == client.name)?;
                    number(found)?.interval().filter(|_| point.failure.is_none())
                };
                of.points.iter().map(of_point).collect()
            };
        for key in client.latency.keys().filter(|key| !["count", "min", "max"].contains(&key.as_str())) {
            let metric = format!("{key}({}.latency)", client.name);
            all.push(plain(&metric, Unit::Duration, gather(&|c| c.latency.get(key).cloned())));
        }
        let goodput = format!("goodput({})", client.name);
        all.push(plain(&goodput, Unit::Rate, gather(&|c| Some(c.goodput.clone()))));
        let errors = format!("errors({})", client.name);
        all.push(plain(&errors, Unit::Ratio, gather(&|c| Some(c.errors.clone()))));
    }
    all
}

/// One of the two numbers.
struct Side<'m> {
    measure: &'m Measure,
    way: Way,
}

/// Which way is better.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    More,
    Less,
    Neither,
}

impl<'m> Side<'m> {
    fn of(asked: &str, all: &'m [Measure]) -> Result<Side<'m>, ParetoError> {
        let (name, way) = match asked.split_once(':') {
            Some(("max", name)) => (name.trim(), Some(Way::More)),
            Some(("min", name)) => (name.trim(), Some(Way::Less)),
            _ => (asked, None),
        };
        let found = all.iter().find(|m| m.metric == name || m.name == name).ok_or_else(|| {
            let mut known: Vec<String> = Vec::new();
            for one in all.iter().flat_map(|m| [&m.name, &m.metric]) {
                if !known.contains(one) {
                    known.push(one.clone());
                }
            }
            ParetoError::Unknown { asked: kneepoint_report::safe(name), known }
        })?;
        let usual = Side::usual(found);
        Ok(Side { way: way.unwrap_or(usual.way), ..usual })
    }

    /// A number with the way that is better as far as its name says.
    fn usual(measure: &'m Measure) -> Side<'m> {
        const MORE: [&str; 5] = ["goodput", "availability", "throughput", "hit", "good"];
        let head = measure.metric.split('(').next().unwrap_or_default();
        let way = if is_offered(measure) {
            Way::Neither
        } else if MORE.iter().any(|more| head.contains(more)) {
            Way::More
        } else {
            Way::Less
        };
        Side { measure, way }
    }

    fn axis(&self) -> Axis {
        let name = match self.way {
            Way::More => format!("{} (more is better)", self.measure.metric),
            Way::Less => format!("{} (less is better)", self.measure.metric),
            Way::Neither => self.measure.metric.clone(),
        };
        // Settings are exact; what was measured lies between whole numbers, whatever it counts.
        let is_whole = |v: &Interval| v.value.fract() == 0.0 && v.ends == Some((v.value, v.value));
        let whole = self.measure.unit == Unit::Number && self.measure.values.iter().flatten().all(is_whole);
        Axis { zero: false, whole, ..Axis::linear(name, self.measure.unit.clone()) }
    }

    /// As a number of which less is better; of what is neither, nothing is less than another.
    fn cost(&self, value: f64) -> f64 {
        match self.way {
            Way::More => -value,
            Way::Less => value,
            Way::Neither => 0.0,
        }
    }
}

/// Whether a number says how much is asked for: a rate that was set, or requests that clients make.
fn is_offered(measure: &Measure) -> bool {
    let set = !measure.metric.contains('(') && measure.unit == Unit::Rate;
    set || is_offered_load(&measure.metric)
}

fn figure(of: &SweepResults, x: &Side, y: &Side) -> Figure {
    let (source, mut notes) = about(of);
    // Who says that more load is better has made it one of the two numbers that are weighed.
    let is_weighed = |side: &Side| is_offered(side.measure) && side.way != Way::Neither;
    let loads = if is_weighed(x) || is_weighed(y) { None } else { Some(Loads::of(of)) };
    let load_of = |at: usize| loads.as_ref().map_or(0, |loads| loads.of_point[at]);
    let is_condition = [x, y].iter().any(|side| side.way == Way::Neither);
    let values = x.measure.values.iter().zip(&y.measure.values).zip(&of.points).enumerate();
    let mut at_load: Vec<usize> = Vec::new();
    let mut points: Vec<ScatterPoint> = values
        .filter_map(|(at, ((of_x, of_y), point))| {
            let said = of.axes.iter().map(|axis| {
                let value = point.settings.get(&axis.path).map_or("", String::as_str);
                format!("{} = {value}", axis.path)
            });
            let name = said.collect::<Vec<_>>().join(", ");
            let outcome = point.outcome();
            let (x, y) = ((*of_x)?, (*of_y)?);
            at_load.push(load_of(at));
            // Over the load itself the best of each are a line.
            let group = if is_condition { 0 } else { load_of(at) };
            Some(ScatterPoint { name, x, y, front: false, group, outcome })
        })
        .collect();
    let missing = of.points.len() - points.len();
    if missing > 0 {
        notes.push(format!(
            "No number (too little data, or no result): {missing} of {} points.",
            of.points.len()
        ));
    }
    // What is neither good nor bad is a condition: only points of the same are held against each other.
    let given = |point: &ScatterPoint| {
        let given = |side: &Side, value: f64| if side.way == Way::Neither { value.to_bits() } else { 0 };
        (given(x, point.x.value), given(y, point.y.value))
    };
    let mut alike: BTreeMap<((u64, u64), usize), Vec<usize>> = BTreeMap::new();
    // What misses an objective, or may miss it, is no choice, however cheap it is, and outdoes none.
    let is_choice = |point: &ScatterPoint| matches!(point.outcome, None | Some(Outcome::Met));
    for (at, point) in points.iter().enumerate().filter(|(_, point)| is_choice(point)) {
        alike.entry((given(point), at_load[at])).or_default().push(at);
    }
    for group in alike.values() {
        let places: Vec<(f64, f64)> =
            group.iter().map(|at| (x.cost(points[*at].x.value), y.cost(points[*at].y.value))).collect();
        for (at, front) in group.iter().zip(front(&places)) {
            points[*at].front = front;
        }
    }
    for side in [x, y].into_iter().filter(|side| side.way == Way::Neither) {
        notes.push(format!(
            "{} is neither good nor bad: points are held against those of the same.",
            side.measure.metric
        ));
    }
    let told = loads.as_ref().and_then(|loads| loads.note(at_load.iter().copied()));
    // Where each point has a load of its own there is nothing to choose between.
    let is_alone = told.is_some() && !is_condition && alike.values().all(|group| group.len() < 2);
    let at_its = if told.is_some() && !is_condition { " at the same load" } else { "" };
    notes.extend(told);
    let kept = points.iter().filter(|point| point.front).count();
    let choices = points.iter().filter(|point| is_choice(point)).count();
    let is_judged = points.iter().any(|point| point.outcome.is_some());
    let meeting = if is_judged { " that meet the objectives" } else { "" };
    let title = match (kept, choices) {
        _ if points.is_empty() => format!("{} against {}", y.measure.metric, x.measure.metric),
        (_, 0) => format!("None of {} points surely meets the objectives", points.len()),
        (1, 1) if is_judged => {
            let best = points.iter().find(|point| point.front).map_or("", |point| point.name.as_str());
            format!("One of {} points surely meets the objectives: {}", points.len(), super::brief(best))
        }
        (1, 1) => "There is one point".to_string(),
        (1, all) => {
            let best = points.iter().find(|point| point.front).map_or("", |point| point.name.as_str());
            format!("One of {all} points{meeting} outdoes all others: {}", super::brief(best))
        }
        (_, of) if is_alone => {
            format!("No two of {of} points{meeting} are at the same load, so none is held against another")
        }
        (all, of) if all == of => format!("None of {of} points{meeting} is outdone by another{at_its}"),
        (some, all) => format!(
            "{} of {all} points{meeting} {} outdone{at_its}; {some} are left to choose from",
            all - some,
            if all - some == 1 { "is" } else { "are" }
        ),
    };
    let count = |is: &dyn Fn(&Outcome) -> bool| {
        points.iter().filter(|point| point.outcome.as_ref().is_some_and(is)).count()
    };
    let missed = count(&|outcome| matches!(outcome, Outcome::Missed | Outcome::Unserved));
    let open = count(&|outcome| *outcome == Outcome::Undecided);
    for (many, what) in [(missed, "miss an objective"), (open, "may meet the objectives or not")] {
        if many > 0 {
            notes.push(format!(
                "Points that {what}, and so are not among those to choose from: {many} of {}.",
                points.len()
            ));
        }
    }
    notes.push(
        "A point is outdone if another is at least as good in both and better in one, by their values: where intervals \
         overlap, it may be chance."
            .to_string(),
    );
    source.figure(
        named("pareto", &format!("{} {}", x.measure.name, y.measure.name)),
        title,
        notes,
        Content::Scatter(Scatter {
            x: x.axis(),
            y: y.axis(),
            points,
            front: if is_judged { "meets the objectives, not outdone" } else { "not outdone" }.to_string(),
            others: "outdone".to_string(),
        }),
    )
}

/// Returns which of these places no other is below in one and not above in the other.
fn front(places: &[(f64, f64)]) -> Vec<bool> {
    let mut order: Vec<usize> = (0..places.len()).collect();
    order.sort_by(|a, b| {
        let (a, b) = (places[*a], places[*b]);
        a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1))
    });
    let mut kept = vec![false; places.len()];
    // The best so far: places that are equal in both are as good as each other.
    let mut best: Option<(f64, f64)> = None;
    for at in order {
        let place = places[at];
        if best.is_none_or(|best| place.1 < best.1 || place == best) {
            kept[at] = true;
            best = Some(place);
        }
    }
    kept
}

/// Returns the known word that is nearest, if one is near.
fn nearest<'k>(word: &str, known: &'k [String]) -> Option<&'k str> {
    let far = word.chars().count() / 3 + 1;
    let near = known.iter().map(|one| (distance(word, one), one.as_str())).min_by_key(|(apart, _)| *apart);
    near.filter(|(apart, _)| *apart <= far).map(|(_, one)| one)
}

/// Letters to add, to leave out or to change.
///
/// # Source
/// Levenshtein, "Binary codes capable of correcting deletions, insertions, and reversals", Soviet Physics Doklady 10(8),
/// 1966.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(200).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().take(200).enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let changed = corner + usize::from(x != *y);
            corner = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(corner + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_outdone_is_found() {
        let places = [(1.0, 5.0), (2.0, 3.0), (2.0, 4.0), (3.0, 3.0), (4.0, 1.0), (4.0, 1.0), (1.0, 6.0)];
        assert_eq!(front(&places), [true, true, false, false, true, true, false]);
        assert!(front(&[]).is_empty());
    }

    #[test]
    fn two_numbers_are_told_apart_by_the_comma_outside() {
        assert_eq!(halves("a, p99(b, each 1s)"), Some(("a", "p99(b, each 1s)")));
        for wrong in ["a", "a,", ",b", "a,b,c", "f(a,b)"] {
            assert_eq!(halves(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_points_cost_is_an_axis_where_results_say_it() {
        let kept = include_str!("../../tests/results/sweep.json");
        let drawn = |change: &dyn Fn(&mut serde_json::Value)| {
            let mut sweep: serde_json::Value = serde_json::from_str(kept).unwrap();
            change(&mut sweep);
            let all = crate::figures(&crate::read("sweep", &sweep.to_string()).unwrap());
            all.into_iter().find(|figure| figure.name.starts_with("pareto"))
        };
        assert!(drawn(&|_| {}).is_none());
        let figure = drawn(&|sweep| {
            for (at, point) in sweep["points"].as_array_mut().unwrap().iter_mut().enumerate() {
                let price = serde_json::json!([{ "estimate": { "value": 300.0 + at as f64 } }]);
                point["watch"] = serde_json::json!([
                    { "name": "price", "metric": "cost()", "unit": "$/month", "values": price },
                ]);
            }
        });
        let Some(Content::Scatter(of)) = figure.map(|figure| figure.content) else { panic!("points") };
        assert_eq!(of.x.name, "cost() (less is better)");
        assert_eq!(of.x.unit, Unit::Other("$/month".to_string()));
        assert!(of.y.name.starts_with("p99("), "{}", of.y.name);
    }

    #[test]
    fn offered_load_is_neither_good_nor_bad() {
        let results = crate::read("sweep", include_str!("../../tests/results/sweep.json")).unwrap();
        let figure = pareto(&results, "params.load,fast").unwrap();
        let Content::Scatter(of) = &figure.content else { panic!("points") };
        assert_eq!(of.x.name, "params.load");
        let is_choice = |point: &&ScatterPoint| point.outcome == Some(Outcome::Met);
        assert!(of.points.iter().all(|point| !point.front || is_choice(&point)));
        assert!(of.y.name.ends_with("(less is better)"), "{}", of.y.name);
        // Of each load the best is left, whatever is seen at others.
        let mut loads: Vec<u64> = of.points.iter().map(|point| point.x.value.to_bits()).collect();
        loads.sort_unstable();
        loads.dedup();
        for load in loads {
            let there = || of.points.iter().filter(is_choice).filter(|point| point.x.value.to_bits() == load);
            let least = there().map(|point| point.y.value).fold(f64::INFINITY, f64::min);
            assert!(there().all(|point| point.front == (point.y.value == least)));
        }
        assert!(
            figure.notes.iter().any(|note| note.starts_with("params.load is neither")),
            "{:?}",
            figure.notes
        );
    }

    /// A point with less to do was said to outdo all others.
    #[test]
    fn points_compete_at_the_same_offered_load_only() {
        let kept = include_str!("../../tests/results/sweep.json");
        let drawn = |offered: &dyn Fn(usize) -> serde_json::Value, asked: &str| {
            let mut sweep: serde_json::Value = serde_json::from_str(kept).unwrap();
            for (at, point) in sweep["points"].as_array_mut().unwrap().iter_mut().enumerate() {
                (point["slo"], point["failure"]) = (serde_json::json!([]), serde_json::Value::Null);
                let price = serde_json::json!([{ "estimate": { "value": 300.0 + (at % 3) as f64 } }]);
                point["watch"] = serde_json::json!([
                    { "name": "price", "metric": "cost()", "unit": "$/month", "values": price },
                ]);
                for client in point["clients"].as_array_mut().unwrap() {
                    client["latency"]["p99"] = serde_json::json!({ "value": 0.1 + at as f64 / 100.0 });
                    client["offered"] = offered(at);
                }
            }
            pareto(&crate::read("sweep", &sweep.to_string()).unwrap(), asked).unwrap()
        };
        let front = |figure: &Figure| -> Vec<usize> {
            let Content::Scatter(of) = &figure.content else { panic!("points") };
            of.points.iter().enumerate().filter(|(_, point)| point.front).map(|(at, _)| at).collect()
        };
        let load = |at: usize| 100.0 * (1 + at / 3) as f64;
        let asked = "cost(),p99(users.latency)";
        // Points 0, 1 and 2 are of the lowest load, and cheaper with it: of each load one is left.
        let measured = |at: usize| serde_json::json!({ "value": load(at), "low": load(at) - 1.0, "high": load(at) + 1.0 });
        let figure = drawn(&measured, asked);
        assert_eq!(front(&figure), [0, 3, 6]);
        assert_eq!(figure.title, "6 of 9 points are outdone at the same load; 3 are left to choose from");
        let said = "Points are at 3 loads, and are held against those at the same: users 100 /s (3 points), \
                    users 200 /s (3 points), users 300 /s (3 points).";
        assert!(figure.notes.iter().any(|note| note == said), "{:?}", figure.notes);
        // What chance makes of one load is one load.
        let one = |at: usize| serde_json::json!({ "value": 100.0 + at as f64 / 100.0 });
        assert_eq!(front(&drawn(&one, asked)), [0]);
        // Of results that do not say it, settings that are rates are taken for it.
        let figure = drawn(&|_| serde_json::Value::Null, asked);
        assert!(
            figure.notes.iter().any(|note| note.contains("do not say what was offered")),
            "{:?}",
            figure.notes
        );
        let apart = |at: usize| serde_json::json!({ "value": 100.0 * (at + 1) as f64 });
        assert!(drawn(&apart, asked).title.starts_with("No two of 9 points are at the same load"));
        // Who weighs the load itself has it as one of the two numbers.
        assert_eq!(front(&drawn(&measured, "max:params.load,p99(users.latency)")).len(), 3);
    }

    #[test]
    fn what_is_not_there_is_refused_with_what_is() {
        let results = crate::read("sweep", include_str!("../../tests/results/sweep.json")).unwrap();
        let said = pareto(&results, "params.load,p98(users.latency)").unwrap_err().to_string();
        assert!(said.contains("did you mean p99(users.latency)?"), "{said}");
        assert!(pareto(&results, "fast").unwrap_err().to_string().contains("two numbers"));
        let figure = pareto(&results, "max:params.load,fast").unwrap();
        let Content::Scatter(of) = &figure.content else { panic!("points") };
        assert!(of.points.iter().any(|p| p.front) && of.points.iter().any(|p| !p.front));
        let missed = of.points.iter().filter(|p| p.outcome == Some(Outcome::Missed)).count();
        assert!(missed > 0 && of.points.iter().all(|p| !p.front || p.outcome == Some(Outcome::Met)));
        let said = format!("not among those to choose from: {missed} of {}", of.points.len());
        assert!(figure.notes.iter().any(|note| note.contains(&said)), "{:?}", figure.notes);
        assert!(figure.title.contains("meet the objectives"), "{}", figure.title);
        let run = crate::read("run", include_str!("../../tests/results/run.json")).unwrap();
        assert_eq!(pareto(&run, "a,b").unwrap_err(), ParetoError::NotASweep);
    }
}
