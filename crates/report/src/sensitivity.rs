//! What moves a number, as text, JSON and CSV.

use kneepoint_experiment::compare::{Doubt, Finding, MetricDifference};
use kneepoint_experiment::result::{ScenarioFacts, Subject, Unit};
use kneepoint_experiment::sensitivity::{
    AnsweredAt, Bar, Flip, FlipKind, OneAtATime, Screened, Screening, Screenings, Tornado, UnknownPoint,
};
use kneepoint_statistics::{Estimated, Pairing};
use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr;

use crate::called::names;
use crate::comparison::{cut_clause, doubt_clause};
use crate::json::{SCHEMA_VERSION, estimate, labels, scenario};
use crate::number::{base_unit, change, change_interval, count, counted, divisor, percent, quantity};
use crate::safe::safe;
use crate::table::{Table, wrap};
use crate::text::Look;

/// Columns of a tornado on either side of its middle.
const SIDE: usize = 18;

/// Returns tornado tables and the settings at which verdicts flip, as text.
pub fn tornado_text(found: &OneAtATime, look: Look) -> String {
    let mut text = String::new();
    for sentence in found.tornados.iter().map(lead).chain(of_verdicts(found)) {
        text += &wrap("", &safe(&sentence), look.width);
    }
    for tornado in &found.tornados {
        text += &bars(tornado, look);
    }
    let designs = &found.comparison.designs;
    let paired = match found.comparison.pairing {
        Pairing::Paired => "common random numbers",
        Pairing::Independent => "independent random numbers",
    };
    text.push('\n');
    let labels = names(&designs[0].labels);
    text += &labels.map_or_else(String::new, |line| wrap("", &safe(&line), look.width));
    let confidence = percent(found.comparison.confidence);
    let family = match found.comparison.family {
        0 => "No difference had to be judged".to_string(),
        1 => format!("1 difference, its interval at {confidence}"),
        n => format!("{} differences, whose intervals hold together at {confidence}", count(n as u64)),
    };
    let line = format!(
        "One input at a time, the others as they are; {} of {} with {paired} (seed {}). {family}.",
        counted(found.runs, "run", "runs"),
        counted(designs[0].replications, "replication", "replications"),
        designs[0].seed,
    );
    text += &wrap("", &line, look.width);
    if !found.comparison.warnings.is_empty() {
        text += "\nWARNINGS\n";
        for warning in &found.comparison.warnings {
            text += &wrap("- ", &safe(warning), look.width);
        }
    }
    text
}

/// Where verdicts were looked at, and where not.
const WHERE: &str =
    "at the values that were run: the ends of each range and the values of each list, and nothing between";

/// What inputs do to the verdicts on objectives, in sentences.
fn of_verdicts(found: &OneAtATime) -> Vec<String> {
    let mut sentences: Vec<String> =
        found.flips.iter().map(|flip| flip_sentence(&found.tornados, flip)).collect();
    let mut judged = found.comparison.designs.iter().map(|design| design.verdict);
    if judged.any(|verdict| verdict == kneepoint_experiment::result::Verdict::Probability) {
        sentences.push(
            "Objectives hold with a probability, for something is drawn once per replication: which input changes that is \
             not looked for here; `sweep` shows it."
                .to_string(),
        );
    } else if found.flips.is_empty() {
        sentences.push(format!("No input changes the verdict on an objective {WHERE}."));
    } else if found.flips.iter().all(|flip| flip.kind() != FlipKind::Flips) {
        sentences.push(format!("No input flips the verdict on an objective {WHERE}."));
    }
    sentences
}

/// Returns what moves a number, in a sentence.
fn lead(tornado: &Tornado) -> String {
    let shown = |bar: &&Bar| bar.settings.iter().any(|s| s.difference.is_shown());
    let moving: Vec<&str> = tornado.bars.iter().filter(shown).map(|b| b.path.as_str()).collect();
    let still: Vec<&str> = tornado.bars.iter().filter(|b| !shown(b)).map(|b| b.path.as_str()).collect();
    let mut line = match moving.as_slice() {
        [] => format!("Nothing is shown to move {}", tornado.metric),
        [one] => format!("{} is moved by {one}", tornado.metric),
        [first, rest @ ..] => {
            format!("{} is moved most by {first}, then by {}", tornado.metric, rest.join(", "))
        }
    };
    if !still.is_empty() && !moving.is_empty() {
        line += &format!("; not shown to be moved by {}", still.join(", "));
    }
    line + "."
}

/// Returns how a verdict differs over an input, in a sentence.
fn flip_sentence(tornados: &[Tornado], flip: &Flip) -> String {
    let (path, objective) = (&flip.path, &flip.objective);
    let head = match flip.kind() {
        FlipKind::Flips => format!("{path} flips objective {objective}"),
        FlipKind::MakesUnclear => format!("{path} makes objective {objective} unclear"),
        FlipKind::MakesClear => format!("{path} makes objective {objective} clear"),
        FlipKind::Differs => format!("{path} changes what is known of objective {objective}"),
    };
    let each: Vec<String> =
        flip.verdicts.iter().map(|(v, verdict)| format!("{} at {v}", verdict.name())).collect();
    let settings = tornados.iter().flat_map(|tornado| &tornado.bars).filter(|bar| bar.path == *path);
    let differences = settings.flat_map(|bar| &bar.settings).map(|setting| &setting.difference);
    let of_it = differences.filter(|d| d.subject == Subject::Objective(objective.clone()));
    let survivors: String = of_it.filter_map(survivors).collect();
    match &flip.between {
        Some([(low, a), (high, b)]) => {
            format!("{head} between {low} ({}) and {high} ({}){survivors}.", a.name(), b.name())
        }
        None => format!("{head}: {} as it is, {}{survivors}.", flip.base.name(), each.join(", ")),
    }
}

/// That latencies are of good answers only, where a setting makes others of these: what fails is not slow.
fn survivors(difference: &MetricDifference) -> Option<String> {
    let doubt = difference.doubt.as_ref().filter(|doubt| matches!(doubt, Doubt::Survivors(_)));
    doubt.map(|doubt| format!("; {}", doubt_clause(doubt)))
}

fn bars(tornado: &Tornado, look: Look) -> String {
    let base = tornado.base.map_or_else(|| "not known".to_string(), |v| quantity(v, &tornado.unit));
    let mut text = format!("\n{}, AS IT IS: {base}\n", safe(&tornado.metric));
    let values = |bar: &Bar| -> Vec<f64> {
        bar.settings.iter().filter_map(|s| s.difference.difference.value()).collect()
    };
    let widest = tornado.bars.iter().flat_map(values).map(f64::abs).fold(0.0, f64::max);
    let width = tornado.bars.iter().map(|b| safe(&b.path).width()).max().unwrap_or(0);
    for bar in &tornado.bars {
        let (mut left, mut right) = (0.0_f64, 0.0_f64);
        for value in values(bar) {
            left = left.max(-value);
            right = right.max(value);
        }
        let columns = |v: f64| if widest > 0.0 { (v / widest * SIDE as f64).round() as usize } else { 0 };
        let (l, r) = (columns(left), columns(right));
        let path = safe(&bar.path);
        let pad = " ".repeat(width - path.width());
        text += &format!("{path}{pad}  {}{}|{}\n", " ".repeat(SIDE - l), "█".repeat(l), "█".repeat(r));
        for setting in &bar.settings {
            let d = &setting.difference;
            let what = match &d.difference {
                Estimated::NotEnough { reason, .. } => format!("not enough data: {reason}"),
                Estimated::Known(_) if d.finding == Finding::Identical => "the same".to_string(),
                Estimated::Known(e) => {
                    let sign = if e.value > 0.0 { "+" } else { "" };
                    let note = match &d.doubt {
                        Some(doubt) if !d.is_shown() && d.finding != Finding::NotShown => {
                            format!(", {}", doubt_clause(doubt))
                        }
                        _ if d.finding == Finding::NotShown => ", no difference shown".to_string(),
                        _ => String::new(),
                    };
                    format!(
                        "{sign}{} ({} to {}{}){note}",
                        change(e.value, &d.unit),
                        change(e.low, &d.unit),
                        change(e.high, &d.unit),
                        cut_clause(d)
                    )
                }
            };
            let second = d.second.map_or_else(String::new, |v| format!(" → {}", quantity(v, &d.unit)));
            let note = survivors(d).map_or_else(String::new, |note| safe(&note));
            text += &wrap("    ", &format!("at {}: {what}{second}{note}", safe(&setting.value)), look.width);
        }
    }
    text
}

/// Returns what Morris screening found, as text.
pub fn screening_text(found: &Screenings, look: Look) -> String {
    let mut text = String::new();
    for response in &found.responses {
        text += &wrap("", &safe(&ranking(response)), look.width);
    }
    for sentence in found.responses.iter().filter_map(screened_survivors) {
        text += &wrap("", &safe(&sentence), look.width);
    }
    text.push('\n');
    for response in &found.responses {
        text += &screening(response, look);
    }
    let labels = names(&found.labels);
    text += &labels.map_or_else(String::new, |line| wrap("", &safe(&line), look.width));
    let line = format!(
        "Morris screening: {} trajectories, {} runs on common random numbers (seed {}). µ* is the mean size of an \
         input's effect over its whole range, µ the same with its sign, σ how far it depends on the other inputs or is \
         no straight line. Intervals at {}, each for itself.",
        count(found.trajectories),
        count(found.runs),
        found.seed,
        percent(found.confidence)
    );
    text + &wrap("", &line, look.width)
}

/// Returns what moves a response most, in a sentence.
fn ranking(response: &Screening) -> String {
    let metric = &response.metric;
    let size = |input: &Screened| input.effect.size.value();
    let names = |wanted: &dyn Fn(&Screened) -> bool| -> Vec<&str> {
        response.inputs.iter().filter(|input| wanted(input)).map(|input| input.path.as_str()).collect()
    };
    let moving = names(&|input| size(input).is_some_and(|size| size > 0.0));
    let still = names(&|input| size(input) == Some(0.0));
    let unknown = names(&|input| size(input).is_none());
    if moving.is_empty() && still.is_empty() {
        return format!("What moves {metric} is not known: of no input are there two effects.");
    }
    let mut line = match moving.as_slice() {
        [] => format!("Nothing moved {metric}"),
        [one] => format!("{metric} is moved by {one}"),
        [first, rest @ ..] => format!("{metric} is moved most by {first}, then by {}", rest.join(", ")),
    };
    // In order of size: where the next interval reaches into this one, the two may stand the other way round.
    let known: Vec<_> = response.inputs.iter().filter_map(|input| input.effect.size.known()).collect();
    if moving.len() > 1 && known.windows(2).any(|pair| pair[1].value > 0.0 && pair[1].high > pair[0].low) {
        line += " (in the order of µ*, of which intervals overlap)";
    }
    if !still.is_empty() && !moving.is_empty() {
        line += &format!("; not moved by {}", still.join(", "));
    }
    if !unknown.is_empty() {
        line += &format!("; not known of {}", unknown.join(", "));
    }
    line + "."
}

/// That latencies are of good answers only, where these are of other requests at some points than at others.
fn screened_survivors(response: &Screening) -> Option<String> {
    let [most, fewest] = response.survivors.as_ref()?;
    let at = |of: &AnsweredAt| {
        let settings: Vec<String> =
            of.settings.iter().map(|(path, value)| format!("{path}={value}")).collect();
        format!("{} at {}", percent(of.share), settings.join(", "))
    };
    Some(format!(
        "{} is of good answers only: {} of the requests are answered well, and {}; what fails is not counted as slow.",
        response.metric,
        at(most),
        at(fewest)
    ))
}

/// Points without enough data that are listed.
///
/// # Source
/// Chosen: JSON has all of them.
const UNKNOWN_MAX: usize = 3;

fn screening(response: &Screening, look: Look) -> String {
    let mut table = Table::new([safe(&response.metric).as_str(), "µ*", "µ", "σ", "effects"]);
    let shown =
        |e: &Estimated| e.known().map_or_else(|| "–".to_string(), |e| change_interval(e, &response.unit));
    for input in &response.inputs {
        let effect = &input.effect;
        table.row(
            safe(&input.path),
            [
                shown(&effect.size),
                shown(&effect.mean),
                shown(&effect.deviation),
                count(effect.each.len() as u64),
            ],
        );
    }
    let mut text = table.render(look.width);
    if !response.unknown.is_empty() {
        let all = response.unknown.len();
        let mut line = format!("points without enough data: {all}; the effects beside them are missing");
        for point in response.unknown.iter().take(UNKNOWN_MAX) {
            line += &format!("; at {}: {}", settings(point), point.reason);
        }
        if all > UNKNOWN_MAX {
            line += &format!("; and {} more: `--format json` has them", all - UNKNOWN_MAX);
        }
        text += &wrap("  – ", &safe(&line), look.width);
    }
    text.push('\n');
    text
}

fn settings(point: &UnknownPoint) -> String {
    let each: Vec<String> = point.settings.iter().map(|(path, value)| format!("{path}={value}")).collect();
    each.join(", ")
}

fn whole(title: &str, facts: Option<&ScenarioFacts>, command: Option<&str>, content: Value) -> String {
    let mut all = json!({
        "schema_version": SCHEMA_VERSION,
        "program": "kneepoint",
        "program_version": env!("CARGO_PKG_VERSION"),
        "kind": "sensitivity",
        "command": command,
        "scenario": facts.map(scenario),
        "title": title,
        "units": { "duration": "s", "rate": "1/s", "ratio": "ratio" },
    });
    if let (Some(all), Value::Object(content)) = (all.as_object_mut(), content) {
        all.extend(content);
    }
    crate::safe_json(
        serde_json::to_string_pretty(&all).expect("keys are texts and nothing fails to be written") + "\n",
    )
}

/// Returns tornado tables and flips as JSON, with what the text says of them: of each number, and of verdicts; `command` is what makes it again, where that is a command.
///
/// # Units
/// Durations \[s\], rates [1/s], shares from 0 to 1.
pub fn tornado_json(found: &OneAtATime, command: Option<&str>) -> String {
    let bar = |bar: &Bar, unit: &Unit| {
        let by = divisor(unit);
        let settings: Vec<Value> = bar
            .settings
            .iter()
            .map(|s| {
                json!({
                    "value": s.value,
                    "response": s.difference.second.map(|v| v / by),
                    "difference": estimate(&s.difference.difference, by),
                    "finding": s.difference.finding.name(),
                    "cut": s.difference.cut,
                    "is_shown": s.difference.is_shown(),
                    "doubt": s.difference.doubt.as_ref().map(doubt_clause),
                })
            })
            .map(rename)
            .collect();
        json!({ "path": bar.path, "swing": bar.swing.map(|s| s / by), "settings": settings })
    };
    let tornados: Vec<Value> = found
        .tornados
        .iter()
        .map(|t| {
            json!({
                "metric": t.metric,
                "unit": base_unit(&t.unit),
                "as_it_is": t.base.map(|v| v / divisor(&t.unit)),
                "sentence": lead(t),
                "bars": t.bars.iter().map(|b| bar(b, &t.unit)).collect::<Vec<_>>(),
            })
        })
        .collect();
    let pair = |(value, verdict): &(String, kneepoint_experiment::result::Verdict)| json!({ "at": value, "verdict": verdict.name() });
    let differing = |flips: bool| -> Vec<Value> {
        let wanted = found.flips.iter().filter(|flip| (flip.kind() == FlipKind::Flips) == flips);
        wanted
            .map(|f| {
                json!({
                    "objective": f.objective,
                    "path": f.path,
                    "as_it_is": f.base.name(),
                    "verdicts": f.verdicts.iter().map(pair).collect::<Vec<_>>(),
                    "between": f.between.as_ref().map(|b| b.iter().map(pair).collect::<Vec<_>>()),
                    "sentence": flip_sentence(&found.tornados, f),
                })
            })
            .collect()
    };
    whole(
        &found.title,
        found.scenario.as_ref(),
        command,
        json!({
            "method": "one at a time",
            "labels": labels(&found.comparison.designs[0].labels),
            "seed": found.comparison.designs[0].seed,
            "replications": found.comparison.designs[0].replications,
            "runs": found.runs,
            "confidence": found.comparison.confidence,
            "family": found.comparison.family,
            "tornados": tornados,
            "flips": differing(true),
            "less_or_more_clear": differing(false),
            "of_verdicts": of_verdicts(found),
            "warnings": found.comparison.warnings,
        }),
    )
}

/// `value` is the key of estimates; a setting has `at`.
fn rename(mut setting: Value) -> Value {
    if let Some(fields) = setting.as_object_mut()
        && let Some(value) = fields.remove("value")
    {
        fields.insert("at".to_string(), value);
    }
    setting
}

/// Returns what Morris screening found as JSON; `command` is what makes it again, where that is a command.
///
/// # Units
/// Durations \[s\], rates [1/s], shares from 0 to 1; effects are over the whole range of the input.
pub fn screening_json(found: &Screenings, command: Option<&str>) -> String {
    let responses: Vec<Value> = found
        .responses
        .iter()
        .map(|r| {
            let by = divisor(&r.unit);
            let inputs: Vec<Value> = r
                .inputs
                .iter()
                .map(|i| {
                    json!({
                        "path": i.path,
                        "mu_star": estimate(&i.effect.size, by),
                        "mu": estimate(&i.effect.mean, by),
                        "sigma": estimate(&i.effect.deviation, by),
                        "effects": i.effect.each.iter().map(|e| e / by).collect::<Vec<_>>(),
                    })
                })
                .collect();
            let unknown =
                r.unknown.iter().map(|point| json!({ "at": settings(point), "reason": point.reason }));
            json!({
                "metric": r.metric, "unit": base_unit(&r.unit), "unknown": r.unknown.len(),
                "unknown_points": unknown.collect::<Vec<_>>(), "sentence": ranking(r),
                "survivors": screened_survivors(r), "inputs": inputs,
            })
        })
        .collect();
    whole(
        &found.title,
        found.scenario.as_ref(),
        command,
        json!({
            "method": "morris",
            "labels": labels(&found.labels),
            "seed": found.seed,
            "replications": found.replications,
            "runs": found.runs,
            "trajectories": found.trajectories,
            "confidence": found.confidence,
            "responses": responses,
        }),
    )
}

const HEAD: [&str; 10] =
    ["metric", "path", "statistic", "unit", "value", "low", "high", "finding", "reason", "doubt"];

/// Returns tornado tables as CSV: one row per response, input and value of it.
///
/// # Units
/// In the column `unit`: durations \[s\], rates [1/s], shares from 0 to 1.
pub fn tornado_csv(found: &OneAtATime) -> String {
    let mut rows = Vec::new();
    for tornado in &found.tornados {
        for bar in &tornado.bars {
            for s in &bar.settings {
                let statistic = format!("difference at {}", s.value);
                let finding = s.difference.finding.name();
                let doubt = s.difference.doubt.as_ref().map(doubt_clause).unwrap_or_default();
                rows.push(row(
                    &tornado.metric,
                    &bar.path,
                    statistic,
                    &tornado.unit,
                    &s.difference.difference,
                    [finding, &doubt],
                ));
            }
        }
    }
    table(rows)
}

/// Returns what Morris screening found as CSV: one row per response, input and statistic.
///
/// # Units
/// As [`tornado_csv`].
pub fn screening_csv(found: &Screenings) -> String {
    let mut rows = Vec::new();
    for response in &found.responses {
        let survivors = screened_survivors(response).unwrap_or_default();
        for input in &response.inputs {
            let e = &input.effect;
            for (name, of) in [("mu_star", &e.size), ("mu", &e.mean), ("sigma", &e.deviation)] {
                let doubt = ["", survivors.as_str()];
                rows.push(row(&response.metric, &input.path, name.to_string(), &response.unit, of, doubt));
            }
        }
    }
    table(rows)
}

fn row(
    metric: &str,
    path: &str,
    statistic: String,
    unit: &Unit,
    of: &Estimated,
    [finding, doubt]: [&str; 2],
) -> [String; 10] {
    let by = divisor(unit);
    let shown = |v: Option<f64>| v.map_or_else(String::new, |v| (v / by).to_string());
    let known = of.known();
    let reason = match of {
        Estimated::NotEnough { reason, .. } => reason.clone(),
        Estimated::Known(_) => String::new(),
    };
    [
        metric.to_string(),
        path.to_string(),
        statistic,
        base_unit(unit).to_string(),
        shown(known.map(|e| e.value)),
        shown(known.map(|e| e.low)),
        shown(known.map(|e| e.high)),
        finding.to_string(),
        reason,
        doubt.to_string(),
    ]
}

fn table(rows: Vec<[String; 10]>) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(HEAD).expect("a Vec takes everything");
    for row in rows {
        writer.write_record(row).expect("a Vec takes everything, and all rows have as many cells");
    }
    let bytes = writer.into_inner().expect("a Vec takes everything");
    crate::safe_lines(String::from_utf8(bytes).expect("only texts were written"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use kneepoint_experiment::result::Verdict::{self, Met, Missed, Probability, Unclear};

    #[test]
    fn flips_are_between_met_and_missed_only() {
        let sentence = |base: Verdict, ends: [Verdict; 2]| {
            flip_sentence(
                &[],
                &Flip {
                    objective: "fast".to_string(),
                    path: "web.instances".to_string(),
                    base,
                    verdicts: vec![("2".to_string(), ends[0]), ("16".to_string(), ends[1])],
                    between: None,
                },
            )
        };
        assert_eq!(
            sentence(Met, [Missed, Met]),
            "web.instances flips objective fast: met as it is, missed at 2, met at 16."
        );
        assert!(sentence(Unclear, [Missed, Met]).contains(" flips "));
        assert!(sentence(Met, [Unclear, Met]).starts_with("web.instances makes objective fast unclear: met"));
        assert!(sentence(Unclear, [Unclear, Met]).starts_with("web.instances makes objective fast clear"));
        assert!(sentence(Met, [Probability, Met]).contains("changes what is known of objective fast"));
    }

    /// Comparisons did not count a difference whose interval reaches 0, and sensitivity said that it moves the number.
    #[test]
    fn what_is_not_counted_in_a_comparison_moves_nothing_here() {
        let said = |doubt: Option<Doubt>| {
            let setting = kneepoint_experiment::sensitivity::Setting {
                value: "200/s".to_string(),
                difference: difference(doubt),
            };
            let bars = vec![Bar { path: "params.rate".to_string(), settings: vec![setting], swing: None }];
            lead(&Tornado { metric: "p99(u.latency)".to_string(), unit: Unit::Duration, base: None, bars })
        };
        let shares = [("as it is".to_string(), 0.99), ("params.rate=200/s".to_string(), 0.8)];
        assert_eq!(said(None), "p99(u.latency) is moved by params.rate.");
        // It is another number, whatever it is of.
        assert_eq!(said(Some(Doubt::Survivors(shares))), "p99(u.latency) is moved by params.rate.");
        for doubt in [Doubt::ReachesZero, Doubt::Unfinished(0.1)] {
            assert_eq!(said(Some(doubt)), "Nothing is shown to move p99(u.latency).");
        }
    }

    fn difference(doubt: Option<Doubt>) -> MetricDifference {
        let unknown = || Estimated::not_enough("", 0, None);
        MetricDifference {
            name: "p99(users.latency)".to_string(),
            subject: Subject::Objective("fast".to_string()),
            unit: Unit::Duration,
            better: kneepoint_experiment::result::Better::Lower,
            first: Some(2e9),
            second: Some(1e9),
            difference: unknown(),
            relative: unknown(),
            finding: Finding::Lower,
            p_value: None,
            p_family: None,
            correlation: None,
            gain: None,
            beyond: None,
            cut: false,
            doubt,
        }
    }

    /// Where a fifth of the requests failed, an objective on the latency of the others was told to be met, and no more.
    #[test]
    fn a_flip_says_where_it_rests_on_the_good_answers_of_fewer_requests() {
        let flip = Flip {
            objective: "fast".to_string(),
            path: "params.rate".to_string(),
            base: Unclear,
            verdicts: vec![("200/s".to_string(), Met)],
            between: None,
        };
        let said = |doubt| {
            let settings = vec![kneepoint_experiment::sensitivity::Setting {
                value: "200/s".to_string(),
                difference: difference(doubt),
            }];
            let bars = vec![Bar { path: "params.rate".to_string(), settings, swing: None }];
            let metric = "p99(users.latency)".to_string();
            flip_sentence(&[Tornado { metric, unit: Unit::Duration, base: None, bars }], &flip)
        };
        let head = "params.rate makes objective fast clear: unclear as it is, met at 200/s";
        let shares = [("as it is".to_string(), 0.99), ("params.rate=200/s".to_string(), 0.8)];
        assert_eq!(
            said(Some(Doubt::Survivors(shares))),
            format!("{head}; of good answers only: as it is answers 99.0 %, params.rate=200/s 80.0 %.")
        );
        assert_eq!(said(Some(Doubt::ReachesZero)), format!("{head}."));
    }
}
