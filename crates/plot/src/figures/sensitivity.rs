//! Figures of `sensitivity`: tornado, effects.

use kneepoint_report::change_unit;

use super::{Source, named, replications, said, signed_said, times, unit};
use crate::axis::{Axis, words};
use crate::figure::{Cell, Column, Content, Figure, Interval, Row, Rows, Shape};
use crate::results::{Screening, ScreeningResponse, Setting, Tornado, TornadoResults};
use crate::theme::Colour;

/// What stands where a number has no value at a setting: there too little ended well, or nothing that it is about.
const NO_VALUE: &str = "no value";

fn none(name: &str) -> Vec<Figure> {
    vec![Figure {
        name: name.to_string(),
        title: "What moves it".to_string(),
        subtitle: String::new(),
        notes: Vec::new(),
        content: Content::Nothing("No number was looked at.".to_string()),
    }]
}

pub(super) fn tornados(of: &TornadoResults) -> Vec<Figure> {
    if of.tornados.is_empty() {
        return none("tornado");
    }
    of.tornados.iter().map(|tornado| self::tornado(of, tornado)).collect()
}

fn colour(setting: &Setting) -> Colour {
    match setting.counted() {
        "higher" => Colour::Slot(5),
        "lower" => Colour::Slot(0),
        _ => Colour::Neutral,
    }
}

fn tornado(of: &TornadoResults, tornado: &Tornado) -> Figure {
    let unit = unit(&tornado.unit);
    let (by, of_change) = change_unit(&unit);
    let mut rows = Vec::new();
    let known = |bar: &&crate::results::Bar| bar.settings.iter().any(|s| s.difference.value.is_some());
    // Results of before had those without a value first.
    let (known, unknown): (Vec<_>, Vec<_>) = tornado.bars.iter().partition(known);
    for bar in known.into_iter().chain(unknown) {
        if bar.settings.is_empty() {
            let cell = Cell { shapes: Vec::new(), text: NO_VALUE.to_string() };
            rows.push(Row { name: bar.path.clone(), heading: false, cells: vec![cell] });
        }
        for setting in &bar.settings {
            let shapes: Vec<Shape> = setting
                .difference
                .interval()
                .map(|v| Interval {
                    value: v.value * by,
                    ends: v.ends.map(|(low, high)| (low * by, high * by)),
                })
                .map(|v| Shape::Bar { from: 0.0, to: v.value, ends: v.ends, colour: colour(setting) })
                .into_iter()
                .collect();
            let difference = signed_said(&times(&setting.difference, by), &of_change);
            let text = match (setting.difference.value, setting.response) {
                (Some(_), Some(there)) => format!("{difference} → {}", words(there, &unit)),
                (Some(_), None) => difference,
                (None, _) => NO_VALUE.to_string(),
            };
            rows.push(Row {
                name: format!("{} = {}", bar.path, setting.at),
                heading: false,
                cells: vec![Cell { shapes, text }],
            });
        }
    }
    let moves =
        |bar: &&crate::results::Bar| bar.settings.iter().any(|s| ["higher", "lower"].contains(&s.counted()));
    let moving: Vec<&str> = tornado.bars.iter().filter(moves).map(|bar| bar.path.as_str()).collect();
    let is_known = tornado.bars.iter().flat_map(|bar| &bar.settings).any(|s| s.difference.value.is_some());
    let title = match moving.as_slice() {
        // That nothing is known is not that nothing moves it.
        [] if !is_known && !tornado.bars.is_empty() => format!("What moves {} is not known", tornado.metric),
        [] => format!("Nothing is shown to move {}", tornado.metric),
        [one] => format!("{} is moved by {one}", tornado.metric),
        [most, ..] => format!("{} is moved most by {most}", tornado.metric),
    };
    let mut notes: Vec<String> = Vec::new();
    // A title has no room for what is not shown to move it.
    if !tornado.sentence.is_empty() && tornado.sentence.trim_end_matches('.') != title {
        notes.push(tornado.sentence.clone());
    }
    if of.of_verdicts.is_empty() {
        notes.extend(of.flips.iter().map(|flip| flip.sentence.clone()));
    } else {
        notes.extend(of.of_verdicts.iter().cloned());
    }
    notes.extend(of.warnings.iter().map(|warning| format!("Doubtful: {}.", warning.trim_end_matches('.'))));
    if let Some(base) = tornado.as_it_is {
        notes.push(format!("0 is {} with all inputs as they are: {}.", tornado.metric, words(base, &unit)));
    }
    notes.push(
        "One input at a time, the others as they are. The intervals of all differences hold together."
            .to_string(),
    );
    let settings = tornado.bars.iter().flat_map(|bar| bar.settings.iter().map(move |of| (bar, of)));
    let cut = settings.filter(|(_, of)| of.cut).map(|(bar, of)| format!("{} = {}", bar.path, of.at));
    let cut: Vec<String> = cut.collect();
    if !cut.is_empty() {
        notes.push(format!("Intervals cut to what a share can be: {}.", cut.join(", ")));
    }
    notes.extend(doubts(tornado));
    notes.extend(why_not(tornado));
    let all = || tornado.bars.iter().flat_map(|bar| &bar.settings);
    let legend = [
        ("raises it", Colour::Slot(5)),
        ("lowers it", Colour::Slot(0)),
        ("no difference shown", Colour::Neutral),
    ];
    let legend = legend
        .into_iter()
        .filter(|(_, c)| all().any(|s| s.difference.value.is_some() && colour(s) == *c))
        .map(|(name, c)| (name.to_string(), c))
        .collect();
    let content = if rows.is_empty() {
        Content::Nothing("No input was varied.".to_string())
    } else {
        Content::Rows(Rows {
            columns: vec![Column {
                axis: Axis::linear(format!("change of {}", tornado.metric), of_change),
                line: Some(0.0),
            }],
            rows,
            legend,
        })
    };
    let name = if of.tornados.len() == 1 { "tornado".to_string() } else { named("tornado", &tornado.metric) };
    let source = Source {
        title: of.title.clone(),
        runs: format!("{} per setting", replications(of.replications)),
        confidence: Some(of.confidence),
        seed: of.seed,
        alone: of.replications == 1,
    };
    source.figure(name, title, notes, content)
}

/// Says what makes differences doubtful, those of one reason together.
fn doubts(tornado: &Tornado) -> Vec<String> {
    let mut doubts: Vec<(&str, Vec<String>)> = Vec::new();
    for bar in &tornado.bars {
        for setting in &bar.settings {
            let Some(doubt) = setting.doubt.as_deref() else { continue };
            let at = format!("{} = {}", bar.path, setting.at);
            match doubts.iter_mut().find(|(known, _)| *known == doubt) {
                Some((_, all)) => all.push(at),
                None => doubts.push((doubt, vec![at])),
            }
        }
    }
    doubts.into_iter().map(|(doubt, at)| format!("{}: {doubt}.", at.join(", "))).collect()
}

/// Says why settings have no value, those of one reason together.
fn why_not(tornado: &Tornado) -> Vec<String> {
    const UNTOLD: &str = "the results do not say why";
    let mut reasons: Vec<(&str, Vec<String>)> = Vec::new();
    let mut add = |reason: &'_ _, at: String| match reasons.iter_mut().find(|(known, _)| known == reason) {
        Some((_, all)) => all.push(at),
        None => reasons.push((*reason, vec![at])),
    };
    for bar in &tornado.bars {
        if bar.settings.is_empty() {
            add(&UNTOLD, bar.path.clone());
        }
        for setting in bar.settings.iter().filter(|setting| setting.difference.value.is_none()) {
            let reason = setting.difference.reason.as_deref().unwrap_or(UNTOLD);
            add(&reason, format!("{} = {}", bar.path, setting.at));
        }
    }
    let said = |(reason, at): (&str, Vec<String>)| format!("No value at {}: {reason}.", at.join(", "));
    reasons.into_iter().map(said).collect()
}

pub(super) fn screenings(of: &Screening) -> Vec<Figure> {
    if of.responses.is_empty() {
        return none("effects");
    }
    of.responses.iter().map(|response| effects(of, response)).collect()
}

fn effects(of: &Screening, response: &ScreeningResponse) -> Figure {
    let (by, unit) = change_unit(&unit(&response.unit));
    let mut order: Vec<usize> = (0..response.inputs.len()).collect();
    let size = |at: &usize| response.inputs[*at].mu_star.value.unwrap_or(f64::NEG_INFINITY);
    order.sort_by(|a, b| size(b).total_cmp(&size(a)));
    let shape = |number: &crate::results::Number, colour: Colour| -> Vec<Shape> {
        let bar = |v: crate::figure::Interval| Shape::Bar { from: 0.0, to: v.value, ends: v.ends, colour };
        times(number, by).interval().map(bar).into_iter().collect()
    };
    let rows: Vec<Row> = order
        .iter()
        .map(|at| {
            let input = &response.inputs[*at];
            Row {
                name: input.path.clone(),
                heading: false,
                cells: vec![
                    Cell {
                        shapes: shape(&input.mu_star, Colour::Slot(0)),
                        text: said(&times(&input.mu_star, by), &unit),
                    },
                    Cell {
                        shapes: shape(&input.sigma, Colour::Slot(1)),
                        text: said(&times(&input.sigma, by), &unit),
                    },
                ],
            }
        })
        .collect();
    let most = order.first().filter(|at| size(at) > 0.0).map(|at| &response.inputs[*at].path);
    let title = match most {
        Some(path) => format!("{} is moved most by {path}", response.metric),
        None if response.inputs.iter().all(|input| input.mu_star.value.is_none()) => {
            format!("What moves {} is not known", response.metric)
        }
        None => format!("Nothing is shown to move {}", response.metric),
    };
    let mut notes = Vec::new();
    if !response.sentence.is_empty() && response.sentence.trim_end_matches('.') != title {
        notes.push(response.sentence.clone());
    }
    notes.extend(response.survivors.clone());
    notes.push(
        "µ*: mean size of the effect over the whole range of an input. σ: how far it depends on the others, or is no \
         straight line."
            .to_string(),
    );
    if response.unknown > 0 {
        notes.push(format!(
            "Points without enough data: {}; the effects beside them are missing.",
            response.unknown
        ));
    }
    let content = if rows.is_empty() {
        Content::Nothing("No input was varied.".to_string())
    } else {
        Content::Rows(Rows {
            columns: vec![
                Column { axis: Axis::linear("µ*", unit.clone()), line: None },
                Column { axis: Axis::linear("σ", unit), line: None },
            ],
            rows,
            legend: Vec::new(),
        })
    };
    let name =
        if of.responses.len() == 1 { "effects".to_string() } else { named("effects", &response.metric) };
    let source = Source {
        title: of.title.clone(),
        runs: format!("{} walks", of.trajectories),
        confidence: Some(of.confidence),
        seed: of.seed,
        alone: false,
    };
    source.figure(name, title, notes, content)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::{Results, read};

    #[test]
    fn differences_of_shares_are_points() {
        let kept = include_str!("../../tests/results/sensitivity.json");
        let mut all: serde_json::Value = serde_json::from_str(kept).unwrap();
        all["tornados"][0]["unit"] = serde_json::json!("ratio");
        let difference = serde_json::json!({ "value": 0.02, "low": 0.01, "high": 0.03 });
        all["tornados"][0]["bars"][0]["settings"][0]["difference"] = difference;
        let Results::Tornado(of) = read("x", &all.to_string()).unwrap() else { panic!("a tornado") };
        let figures = tornados(&of);
        let Content::Rows(rows) = &figures[0].content else { panic!("rows") };
        assert!(rows.rows[0].cells[0].text.starts_with("+2.00 pp"), "{}", rows.rows[0].cells[0].text);
        assert_eq!(rows.columns[0].axis.unit, kneepoint_experiment::result::Unit::Other("pp".to_string()));
        assert!(matches!(
            rows.rows[0].cells[0].shapes[0],
            Shape::Bar { to: 2.0, ends: Some((1.0, 3.0)), .. }
        ));
    }

    #[test]
    fn what_a_doubt_takes_back_moves_nothing_and_has_no_colour() {
        let kept = include_str!("../../tests/results/sensitivity.json");
        let mut all: serde_json::Value = serde_json::from_str(kept).unwrap();
        for bar in all["tornados"][0]["bars"].as_array_mut().unwrap() {
            for setting in bar["settings"].as_array_mut().unwrap() {
                setting["finding"] = "lower".into();
                setting["is_shown"] = false.into();
                setting["doubt"] = "not counted: the interval reaches 0".into();
            }
        }
        let Results::Tornado(of) = read("x", &all.to_string()).unwrap() else { panic!("a tornado") };
        let figure = tornados(&of).remove(0);
        assert!(figure.title.starts_with("Nothing is shown to move"), "{}", figure.title);
        assert!(figure.notes.iter().any(|note| note.ends_with(": not counted: the interval reaches 0.")));
        let Content::Rows(rows) = &figure.content else { panic!("rows") };
        assert_eq!(rows.legend, [("no difference shown".to_string(), Colour::Neutral)]);
    }

    #[test]
    fn nothing_known_is_not_nothing_that_moves_it() {
        let kept = include_str!("../../tests/results/sensitivity.json");
        let mut all: serde_json::Value = serde_json::from_str(kept).unwrap();
        for bar in all["tornados"][0]["bars"].as_array_mut().unwrap() {
            for setting in bar["settings"].as_array_mut().unwrap() {
                setting["difference"] = serde_json::json!({ "value": null, "reason": "too few" });
                setting["finding"] = "not enough data".into();
            }
        }
        let Results::Tornado(of) = read("x", &all.to_string()).unwrap() else { panic!("a tornado") };
        assert!(tornados(&of)[0].title.ends_with("is not known"), "{}", tornados(&of)[0].title);
    }

    #[test]
    fn findings_and_doubts_of_the_text_stand_under_the_figure() {
        let kept = include_str!("../../tests/results/sensitivity.json");
        let mut all: serde_json::Value = serde_json::from_str(kept).unwrap();
        all["tornados"][0]["sentence"] = "It is moved by a; not shown to be moved by b.".into();
        all["of_verdicts"] = serde_json::json!(["No input changes the verdict on an objective."]);
        all["warnings"] = serde_json::json!(["its interval may be too narrow"]);
        let Results::Tornado(of) = read("x", &all.to_string()).unwrap() else { panic!("a tornado") };
        let notes = tornados(&of).remove(0).notes.join(" ");
        for said in
            ["not shown to be moved by b.", "No input changes the verdict", "Doubtful: its interval may be"]
        {
            assert!(notes.contains(said), "{notes}");
        }
    }

    #[test]
    fn an_input_without_a_value_is_drawn_last_and_says_so() {
        let kept = include_str!("../../tests/results/sensitivity.json");
        let mut all: serde_json::Value = serde_json::from_str(kept).unwrap();
        let bars = all["tornados"][0]["bars"].as_array_mut().unwrap();
        bars.insert(0, serde_json::json!({ "path": "nothing.at_all", "swing": null, "settings": [] }));
        let setting = serde_json::json!({ "at": "7", "difference": { "value": null, "reason": "too few" } });
        bars.insert(0, serde_json::json!({ "path": "odd.one", "swing": null, "settings": [setting] }));
        let Results::Tornado(of) = read("x", &all.to_string()).unwrap() else { panic!("a tornado") };
        let figures = tornados(&of);
        let Content::Rows(rows) = &figures[0].content else { panic!("rows") };
        let last: Vec<(&str, &str)> = rows.rows[rows.rows.len() - 2..]
            .iter()
            .map(|row| (row.name.as_str(), row.cells[0].text.as_str()))
            .collect();
        assert_eq!(last, [("odd.one = 7", "no value"), ("nothing.at_all", "no value")]);
        let said = |words: &str| figures[0].notes.iter().any(|note| note == words);
        assert!(said("No value at odd.one = 7: too few."), "{:?}", figures[0].notes);
        assert!(said("No value at nothing.at_all: the results do not say why."), "{:?}", figures[0].notes);
    }
}
