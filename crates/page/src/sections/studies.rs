//! What was found by searching, comparing and varying.

use kneepoint_experiment::result::Unit;
use kneepoint_plot::{Figure, Results};
use kneepoint_report::{SweepCount, count, quantity};

use super::numbers::finished;
use super::unit;
use crate::Read;
use crate::at::At;
use crate::document::{Block, Cell, Line, Section, Table};

/// Points of a sweep that are listed; all are in its own files.
const POINTS_MOST: usize = 200;

/// The section of a result that is no run.
pub(crate) fn study(read: &Read<'_>, drawn: Vec<Figure>, several: bool) -> Option<Section> {
    let at = read.at();
    let mut section = match &read.results {
        Results::Run(_) => return None,
        Results::Capacity(_) => Section::brief("capacity", "Capacity"),
        Results::Scaling(_) => Section::brief("scaling", "Capacity over size"),
        Results::Comparison(_) => Section::brief("comparison", "Comparison"),
        Results::Tornado(_) | Results::Screening(_) => Section::brief("sensitivity", "Sensitivity"),
        Results::Sweep(_) => Section::brief("sweep", "Sweep"),
    };
    if several {
        section.say(format!("Of {}.", read.name));
    }
    labels(&mut section, &at);
    let drawn = drawn.into_iter().map(|figure| Block::Figure(Box::new(figure)));
    match &read.results {
        Results::Run(_) => {}
        Results::Capacity(_) => {
            sentences(
                &mut section,
                &[
                    at.get("sentence"),
                    at.get("bottleneck_sentence"),
                    at.get("behaviour").get("sentence"),
                    at.get("recovery").get("sentence"),
                ],
            );
            section.blocks.extend(drawn);
            capacity(&mut section, &at);
        }
        Results::Scaling(_) => {
            sentences(&mut section, &[at.get("sentence"), at.get("fit").get("sentence")]);
            section.blocks.extend(drawn);
            scaling(&mut section, &at);
        }
        Results::Comparison(_) => {
            for contrast in at.get("contrasts").list() {
                sentences(&mut section, &[contrast.get("sentence")]);
            }
            section.blocks.extend(drawn);
            comparison(&mut section, &at);
        }
        Results::Tornado(_) => {
            for tornado in at.get("tornados").list() {
                sentences(&mut section, &[tornado.get("sentence")]);
            }
            let of_verdicts = at.get("of_verdicts").list();
            sentences(&mut section, &of_verdicts);
            // Results of before that was kept name only the inputs that flip a verdict.
            for flip in at.get("flips").list().iter().filter(|_| of_verdicts.is_empty()) {
                sentences(&mut section, &[flip.get("sentence")]);
            }
            section.blocks.extend(drawn);
            tornados(&mut section, &at);
        }
        Results::Screening(_) => {
            for response in at.get("responses").list() {
                sentences(&mut section, &[response.get("sentence"), response.get("survivors")]);
            }
            section.blocks.extend(drawn);
            screening(&mut section, &at);
        }
        Results::Sweep(_) => {
            section.say(swept(&at));
            sentences(&mut section, &at.get("survivors").list());
            section.blocks.extend(drawn);
            sweep(&mut section, &at);
        }
    }
    Some(section)
}

/// What people call the parts whose names stand in tables and sentences, as the page of a run says it.
fn labels(section: &mut Section, at: &At<'_>) {
    let mut all: Vec<Line> = Vec::new();
    let own = at.get("labels").list();
    let designs = at.get("designs").list().into_iter().flat_map(|design| design.get("labels").list());
    let sizes = at.get("sizes").list().into_iter().flat_map(|size| size.get("found").get("labels").list());
    for of in own.into_iter().chain(designs).chain(sizes) {
        let line = Line {
            text: of.get("label").text().to_string(),
            aside: format!("is what the scenario calls {}", of.get("name").text()),
        };
        if !line.text.is_empty()
            && all.iter().all(|known| known.aside != line.aside || known.text != line.text)
        {
            all.push(line);
        }
    }
    if !all.is_empty() {
        section.add(Block::List(all));
    }
}

fn sentences(section: &mut Section, all: &[At<'_>]) {
    for at in all {
        if !at.text().is_empty() {
            section.say(at.text());
        }
    }
}

fn capacity(section: &mut Section, at: &At<'_>) {
    // A factor says nothing to who thinks in requests: beside it there is what it comes to, where clients say that.
    let written =
        at.get("offered_written_per_s").number().filter(|_| at.get("load").get("path").text().is_empty());
    let per_s = |load: At<'_>| match (written, load.number()) {
        (Some(written), Some(load)) => Cell::number(quantity(load * written, &Unit::Rate)),
        _ => Cell::default(),
    };
    let head = ["objective", "condition", "held up to", "in requests", "missed from", "in requests"];
    let mut table = Table::new("Objectives over the load", &head);
    for objective in at.get("objectives").list() {
        table.row(vec![
            Cell::words(objective.get("name").text()),
            Cell::words(objective.get("condition").text()),
            objective.get("holds_up_to").exact(&Unit::Number),
            per_s(objective.get("holds_up_to")),
            objective.get("missed_from").exact(&Unit::Number),
            per_s(objective.get("missed_from")),
        ]);
    }
    let axis = match (at.get("load").get("path").text(), at.get("load").get("unit").text()) {
        ("", unit) => unit.to_string(),
        (path, unit) => format!("{path} {unit}"),
    };
    table.notes.push(format!("Loads are {axis}."));
    section.table_or(finished(table), "No objective is stated.");
    // Where no capacity was found nothing is at it.
    let is_found = ["capacity", "rough"].iter().any(|key| at.get(key).is_there());
    let head = ["part", "busy", "by theory", "full at", "in requests", "full by theory", "in requests"];
    let caption = if is_found { "Parts at the capacity" } else { "Parts at a load that was run" };
    let mut table = Table::new(caption, &head);
    let labels = at.get("labels").list();
    let labels = labels.iter().map(|of| {
        let [name, label] = ["name", "label"].map(|key| of.get(key).text().to_string());
        (name, label)
    });
    let colours = kneepoint_plot::Palette::default().with_labels(labels);
    for part in at.get("parts").list() {
        table.row(vec![
            Cell::words(colours.named(part.get("name").text())),
            part.get("utilisation").estimate(&Unit::Ratio),
            part.get("utilisation_by_theory").exact(&Unit::Ratio),
            part.get("saturates_at").estimate(&Unit::Number),
            per_s(part.get("saturates_at").get("value")),
            part.get("saturates_at_by_theory").exact(&Unit::Number),
            per_s(part.get("saturates_at_by_theory")),
        ]);
    }
    section.table_or(finished(table), "No part has servers.");
    let head = ["load", "offered", "goodput", "p50", "p99", "errors", "utilisation", "objectives"];
    let caption = if is_found { "Around the capacity and beyond" } else { "Loads that were run" };
    let mut table = Table::new(caption, &head);
    for row in at.get("knee").list() {
        if row.get("stopped").is_there() {
            let load = row.get("load").exact(&Unit::Number);
            table.notes.push(format!(
                "At {}: {}.",
                load.text,
                row.get("stopped").text().trim_end_matches('.')
            ));
            let nothing = std::iter::repeat_n(Cell::default(), 6);
            let stopped = Cell { verdict: Some("missed".to_string()), ..Cell::words("stopped") };
            table.row(std::iter::once(load).chain(nothing).chain([stopped]).collect());
            continue;
        }
        // The words of the text report. Results of before verdicts were kept have only a yes or no, by value.
        let verdict = match (row.get("verdict").text(), row.get("holds").flag()) {
            ("", Some(true)) => "held",
            ("", Some(false)) => "missed",
            ("", None) if at.get("objectives").list().is_empty() => "",
            ("", None) => "undecided",
            (verdict, _) => verdict,
        };
        let holds = Cell {
            verdict: match verdict {
                "held" => Some("met".to_string()),
                "missed" => Some("missed".to_string()),
                "undecided" => Some("unclear".to_string()),
                _ => None,
            },
            ..Cell::words(verdict)
        };
        let grows = !row.get("overloaded").list().is_empty();
        let holds = match (grows, holds.text.is_empty()) {
            (false, _) => holds,
            (true, true) => Cell::words("queue grows"),
            (true, false) => Cell { text: format!("{}, queue grows", holds.text), ..holds },
        };
        table.row(vec![
            row.get("load").exact(&Unit::Number),
            row.get("offered").estimate(&Unit::Rate),
            row.get("goodput").estimate(&Unit::Rate),
            row.get("p50").estimate(&Unit::Duration),
            row.get("p99").estimate(&Unit::Duration),
            row.get("errors").estimate(&Unit::Ratio),
            row.get("utilisation").estimate(&Unit::Ratio),
            holds,
        ]);
    }
    section.table_or(finished(table), "No loads were run for a table.");
}

fn scaling(section: &mut Section, at: &At<'_>) {
    let mut table = Table::new("Capacity of each size", &["size", "capacity", "in requests", "efficiency"]);
    for size in at.get("sizes").list() {
        let found = size.get("found");
        let efficiency = size.get("efficiency");
        if !found.get("capacity").is_there() && !found.get("sentence").text().is_empty() {
            let n = size.get("n").exact(&Unit::Number);
            table.notes.push(format!("Size {}: {}", n.text, found.get("sentence").text()));
        }
        table.row(vec![
            size.get("n").exact(&Unit::Number),
            found.get("capacity").estimate(&Unit::Number),
            found.get("capacity_per_s").estimate(&Unit::Rate),
            if efficiency.number().is_some() {
                efficiency.exact(&Unit::Ratio)
            } else {
                efficiency.estimate(&Unit::Ratio)
            },
        ]);
    }
    section.table_or(finished(table), "No size was searched.");
}

fn comparison(section: &mut Section, at: &At<'_>) {
    let mut designs = Table::new("Designs", &["design", "title", "verdict", "seed", "replications"]);
    for design in at.get("designs").list() {
        designs.row(vec![
            Cell::words(design.get("name").text()),
            Cell::words(design.get("title").text()),
            Cell::verdict(design.get("verdict").text()),
            design.get("seed").counted(),
            design.get("replications").counted(),
        ]);
    }
    section.add(Block::Table(finished(designs)));
    for contrast in at.get("contrasts").list() {
        let [first, second] = ["first", "second"].map(|key| contrast.get(key).text());
        let head = ["metric", "first", "second", "difference", "relative", "finding"];
        let mut table = Table::new(format!("{second} against {first}"), &head);
        for of in contrast.get("metrics").list() {
            let unit = unit(of.get("unit").text());
            let verdict = match of.get("is_better").flag() {
                Some(true) => Some("met".to_string()),
                Some(false) => Some("missed".to_string()),
                None => None,
            };
            table.row(vec![
                Cell::words(of.get("metric").text()),
                of.get("first").exact(&unit),
                of.get("second").exact(&unit),
                of.get("difference").change(&unit),
                of.get("relative").estimate(&Unit::Ratio),
                Cell { verdict, ..Cell::words(finding(&of)) },
            ]);
        }
        table.notes.extend(doubts(
            contrast.get("metrics").list().into_iter().map(|of| (of.get("metric").text().to_string(), of)),
        ));
        let together = kneepoint_report::percent(at.get("confidence").number().unwrap_or(0.0));
        table.notes.push(format!("All intervals hold together at {together}."));
        section.table_or(finished(table), "Nothing was compared.");
    }
}

/// What was found, and that it is not counted where a doubt takes it back.
fn finding(of: &At<'_>) -> String {
    let found = of.get("finding").text();
    let taken_back = of.get("is_shown").flag() == Some(false) && matches!(found, "higher" | "lower");
    if taken_back { format!("{found}, not counted") } else { found.to_string() }
}

/// Why differences are doubtful, those of one reason together.
fn doubts<'r>(all: impl Iterator<Item = (String, At<'r>)>) -> Vec<String> {
    let mut doubts: Vec<(&str, Vec<String>)> = Vec::new();
    let mut cut: Vec<String> = Vec::new();
    for (name, of) in all {
        if of.get("cut").flag() == Some(true) {
            cut.push(name.clone());
        }
        let doubt = of.get("doubt").text();
        match doubts.iter_mut().find(|(known, _)| *known == doubt) {
            _ if doubt.is_empty() => {}
            Some((_, names)) => names.push(name),
            None => doubts.push((doubt, vec![name])),
        }
    }
    let cut = (!cut.is_empty()).then(|| format!("Intervals cut to what a share can be: {}.", cut.join(", ")));
    let doubts = doubts.iter().map(|(doubt, names)| format!("{}: {doubt}.", names.join(", ")));
    doubts.chain(cut).collect()
}

fn tornados<'r>(section: &mut Section, at: &At<'r>) {
    for tornado in at.get("tornados").list() {
        let metric = tornado.get("metric").text();
        let unit = unit(tornado.get("unit").text());
        let mut table =
            Table::new(format!("What moves {metric}"), &["input", "at", metric, "difference", "finding"]);
        for bar in tornado.get("bars").list() {
            for setting in bar.get("settings").list() {
                table.row(vec![
                    Cell::words(bar.get("path").text()),
                    Cell::words(setting.get("at").text()),
                    setting.get("response").exact(&unit),
                    setting.get("difference").change(&unit),
                    Cell::words(finding(&setting)),
                ]);
            }
        }
        let bars = tornado.get("bars").list();
        let of_bar = |bar: &At<'r>| {
            let path = bar.get("path").text();
            let settings = bar.get("settings").list().into_iter();
            settings.map(move |of| (format!("{path} = {}", of.get("at").text()), of))
        };
        table.notes.extend(doubts(bars.iter().flat_map(of_bar)));
        section.table_or(finished(table), "No input was varied.");
    }
}

fn screening(section: &mut Section, at: &At<'_>) {
    for response in at.get("responses").list() {
        let metric = response.get("metric").text();
        let unit = unit(response.get("unit").text());
        let head = ["input", "size of the effect (μ*)", "effect (μ)", "depends on others (σ)"];
        let mut table = Table::new(format!("Effects on {metric} over whole ranges"), &head);
        for input in response.get("inputs").list() {
            table.row(vec![
                Cell::words(input.get("path").text()),
                input.get("mu_star").change(&unit),
                input.get("mu").change(&unit),
                input.get("sigma").change(&unit),
            ]);
        }
        for point in response.get("unknown_points").list() {
            let (at, reason) = (point.get("at").text(), point.get("reason").text());
            table.notes.push(format!("Not enough data at {at}: {reason}."));
        }
        section.table_or(finished(table), "No input was varied.");
    }
}

/// What came of the points of a sweep, in a sentence.
pub(crate) fn swept(at: &At<'_>) -> String {
    let mut all = SweepCount::default();
    for point in at.get("points").list() {
        let verdict = if point.get("failure").is_there() { "failed" } else { point.get("verdict").text() };
        all.add_named(verdict);
    }
    let axes: Vec<&str> = at.get("axes").list().iter().map(|axis| axis.get("path").text()).collect();
    match axes.as_slice() {
        [] => format!("{}.", all.clause()),
        axes => format!("Over {}: {}.", axes.join(" and "), all.clause()),
    }
}

fn sweep(section: &mut Section, at: &At<'_>) {
    let points = at.get("points").list();
    let texts = |list: At<'_>, key: &str| -> Vec<String> {
        list.list().iter().map(|of| of.get(key).text().to_string()).collect()
    };
    let axes = texts(at.get("axes"), "path");
    let first = points.iter().find(|point| !point.get("failure").is_there());
    let [slo, watch] =
        ["slo", "watch"].map(|key| first.map(|of| texts(of.get(key), "name")).unwrap_or_default());
    let mut head: Vec<&str> = axes.iter().map(String::as_str).collect();
    head.push("verdict");
    head.extend(slo.iter().map(String::as_str));
    head.extend(watch.iter().map(String::as_str));
    let mut table = Table::new("Points", &head);
    for point in points.iter().take(POINTS_MOST) {
        let settings = point.get("settings");
        let mut row: Vec<Cell> = axes.iter().map(|axis| Cell::words(settings.get(axis).text())).collect();
        if point.get("failure").is_there() {
            row.push(Cell { verdict: Some("missed".to_string()), ..Cell::words("failed") });
            table.row(row);
            continue;
        }
        row.push(super::verdict(point));
        let named = |list: &str, name: &str| {
            point.get(list).list().into_iter().find(|of| of.get("name").text() == name)
        };
        for name in &slo {
            row.push(
                named("slo", name).map_or_else(Cell::default, |of| {
                    of.get("estimate").estimate(&unit(of.get("unit").text()))
                }),
            );
        }
        for name in &watch {
            row.push(named("watch", name).map_or_else(Cell::default, |of| {
                let unit = unit(of.get("unit").text());
                match of.get("values").list().as_slice() {
                    [one] => one.get("estimate").estimate(&unit),
                    more => Cell::words(format!("{} values", more.len())),
                }
            }));
        }
        table.row(row);
    }
    let more = points.len().saturating_sub(POINTS_MOST);
    if more > 0 {
        table.notes.push(format!("{} more points are in the results.", count(more as u64)));
    }
    table.folded = table.rows.len() > 12;
    section.table_or(finished(table), "The sweep has no point.");
    let failed: Vec<Line> = points
        .iter()
        .filter(|point| point.get("failure").is_there())
        .map(|point| {
            let failure = point.get("failure");
            let text = if failure.text().is_empty() {
                failure.value().to_string()
            } else {
                failure.text().to_string()
            };
            Line { text, aside: format!("point {}", point.get("point").total()) }
        })
        .collect();
    if !failed.is_empty() {
        section.say("Points without a result:");
        section.add(Block::List(failed));
    }
}
