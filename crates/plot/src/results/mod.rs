//! Stored results, read back into plain data.
//!
//! Only what figures show is read; other keys may come and go. Texts of the file are made safe here, once, so that
//! no figure has to think of it.

mod capacity;
mod comparison;
mod run;
mod sensitivity;
mod sweep;
mod timeline;
mod topology;

use std::collections::BTreeSet;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

pub use capacity::{
    Binding, CapacityResults, Coefficient, Finding, Fit, KneeRow, KneeSlo, LoadAxis, Names, Objective, Part,
    Rough, Scaling, ScalingSize,
};
pub use comparison::{ComparisonResults, Contrast, Design, Difference};
pub use run::{Client, How, Latencies, Level, Phase, RunResults, SloResult, Station};
pub use sensitivity::{Bar, Effect, Flip, Screening, ScreeningResponse, Setting, Tornado, TornadoResults};
pub use sweep::{SweepAxis, SweepClient, SweepPoint, SweepResults, SweepSlo, SweepWatch, SweepWatchValue};
pub use timeline::{
    ClientTimeline, Counts, Event, Events, FaultTimeline, Heat, Line, PartTimeline, Timeline,
};
pub use topology::{Calls, Edge, Node, Topology};

use crate::figure::Interval;

/// The newest shape of results that is known here.
const SCHEMA_VERSION: u64 = 1;

/// Letters of a text that are kept in a picture, and of a name anywhere: nobody reads more.
const LETTERS_MOST: usize = 400;

/// Keys under which names stand: they are labels wherever they are shown, and nobody copies them.
const NAMES: [&str; 13] = [
    "name", "path", "part", "client", "instance", "at", "of", "from", "to", "first", "second", "over", "kind",
];

/// Which texts are cut.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cut {
    /// All of them: pictures have no place for more.
    All,
    /// Names; what is read or copied stays whole.
    Names,
}

/// What a verb wrote.
#[derive(Clone, Debug)]
pub enum Results {
    /// `run`
    Run(RunResults),
    /// `capacity`
    Capacity(Box<CapacityResults>),
    /// `capacity --over`
    Scaling(Box<Scaling>),
    /// `compare`
    Comparison(ComparisonResults),
    /// `sensitivity`
    Tornado(TornadoResults),
    /// `sensitivity --method morris`
    Screening(Screening),
    /// `sweep` and `merge`
    Sweep(SweepResults),
}

/// Why a file is not a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadError {
    /// It ends too early.
    CutShort {
        /// What it is called.
        name: String,
    },
    /// It is no JSON.
    NotJson {
        /// What it is called.
        name: String,
        /// Where, and why.
        reason: String,
    },
    /// It is JSON of something else.
    NotResults {
        /// What it is called.
        name: String,
        /// Why.
        reason: String,
    },
    /// It was written by a later version.
    Newer {
        /// What it is called.
        name: String,
        /// The version of its shape.
        version: u64,
    },
}

impl std::fmt::Display for ReadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ReadError::CutShort { name } => write!(f, "{name} is empty or cut short: its JSON does not end"),
            ReadError::NotJson { name, reason } => write!(
                f,
                "{name} is not JSON ({reason}); figures are made of what run, sweep, capacity, compare and sensitivity \
                 write with --format json"
            ),
            ReadError::NotResults { name, reason } => write!(f, "{name}: {reason}"),
            ReadError::Newer { name, version } => write!(
                f,
                "{name} was written by a later version of kneepoint: its schema_version is {version}, and this one reads \
                 up to {SCHEMA_VERSION}"
            ),
        }
    }
}

impl std::error::Error for ReadError {}

/// A number of a result: with its interval, or with the reason why there is none.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Number {
    /// The number.
    pub value: Option<f64>,
    /// Lower end of the interval.
    pub low: Option<f64>,
    /// Upper end of the interval.
    pub high: Option<f64>,
    /// Confidence of the interval.
    pub confidence: Option<f64>,
    /// Why there is no number.
    pub reason: Option<String>,
}

impl Number {
    /// Returns the number with what there is of its interval.
    pub fn interval(&self) -> Option<Interval> {
        let value = self.value?;
        Some(Interval { value, ends: self.low.zip(self.high) })
    }
}

/// What tells one kind of result from another.
#[derive(Deserialize)]
struct Head {
    schema_version: Option<u64>,
    program: Option<String>,
    verb: Option<String>,
    kind: Option<String>,
    method: Option<String>,
    over: Option<String>,
    design: Option<String>,
    points: Option<serde::de::IgnoredAny>,
    clients: Option<serde::de::IgnoredAny>,
}

/// A finding as far as it counts: what a doubt takes back is none. Results of before it was said let every finding count.
fn counted(finding: &str, is_shown: Option<bool>) -> &str {
    let is_found = matches!(finding, "higher" | "lower");
    if is_found && is_shown == Some(false) { "no difference shown" } else { finding }
}

/// Reads what a verb wrote with `--format json`; `name` is what it is called in errors.
///
/// # Errors
/// If it is cut short, no JSON, not a result, or written by a later version.
pub fn read(name: &str, text: &str) -> Result<Results, ReadError> {
    understood(name, parsed(name, text, Cut::All)?)
}

/// As [`read`], with all there is, its texts made safe: for those who show more than figures. Texts are whole there,
/// and only names are cut.
///
/// # Errors
/// As [`read`].
pub fn open(name: &str, text: &str) -> Result<(Results, Value), ReadError> {
    let all = parsed(name, text, Cut::Names)?;
    let mut drawn = all.clone();
    make_safe(&mut drawn, Cut::All);
    Ok((understood(name, drawn)?, all))
}

fn parsed(name: &str, text: &str, cut: Cut) -> Result<Value, ReadError> {
    let name = kneepoint_report::safe(name);
    let refused = |error: serde_json::Error| {
        if error.is_eof() {
            ReadError::CutShort { name: name.clone() }
        } else {
            ReadError::NotJson { name: name.clone(), reason: kneepoint_report::safe(&error.to_string()) }
        }
    };
    let mut all: Value = match serde_json::from_str(text) {
        Ok(all) => all,
        Err(error) => of_lines(text).map_err(refused)?.ok_or_else(|| refused(error))?,
    };
    make_safe(&mut all, cut);
    Ok(all)
}

fn understood(name: &str, all: Value) -> Result<Results, ReadError> {
    let name = kneepoint_report::safe(name);
    let not = |reason: &str| ReadError::NotResults { name: name.clone(), reason: reason.to_string() };
    let what = "it is JSON, but not of a result: figures are made of what run, sweep, capacity, compare and sensitivity \
                write with --format json";
    let head = Head::deserialize(&all).map_err(|_| not(what))?;
    let version = head.schema_version.filter(|_| head.program.as_deref() == Some("kneepoint"));
    match version {
        None => return Err(not(what)),
        Some(version) if version > SCHEMA_VERSION => return Err(ReadError::Newer { name, version }),
        Some(_) => {}
    }
    let verb = head.verb.as_deref().or(head.kind.as_deref());
    match (verb, head.method.as_deref()) {
        (Some("capacity"), _) if head.over.is_some() => {
            Ok(Results::Scaling(Box::new(whole(&name, all, "capacity --over")?)))
        }
        (Some("capacity"), _) => Ok(Results::Capacity(Box::new(whole(&name, all, "capacity")?))),
        (Some("comparison" | "compare"), _) => Ok(Results::Comparison(whole(&name, all, "compare")?)),
        (Some("sensitivity"), Some("morris")) => Ok(Results::Screening(whole(&name, all, "sensitivity")?)),
        (Some("sensitivity"), _) => Ok(Results::Tornado(whole(&name, all, "sensitivity")?)),
        (None | Some("sweep" | "merge"), _) if head.design.is_some() && head.points.is_some() => {
            Ok(Results::Sweep(whole(&name, all, "sweep")?))
        }
        (None | Some("sweep" | "merge"), _) if head.design.is_some() => {
            Err(not("it is the head of a sweep without its points; figures are made of sweep --format json"))
        }
        (None | Some("run"), _) if head.clients.is_some() => {
            if let Some(timeline) = all.get("timeline").filter(|timeline| !timeline.is_null()) {
                timeline::check(timeline).map_err(|reason| {
                    not(&format!("it does not have the shape of what run writes: {reason}"))
                })?;
            }
            Ok(Results::Run(whole(&name, all, "run")?))
        }
        (Some(other), _) => Err(not(&format!("there are no figures of what {other} writes"))),
        (None, _) => Err(not(what)),
    }
}

/// Returns a sweep that was written as JSON lines as if it had been written as one document; nothing if the first of
/// several lines is no head of one.
fn of_lines(text: &str) -> Result<Option<Value>, serde_json::Error> {
    let mut lines = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    let Some(Ok(Value::Object(mut head))) = lines.next() else { return Ok(None) };
    if !head.contains_key("design") || head.contains_key("points") {
        return Ok(None);
    }
    let points = lines.collect::<Result<Vec<Value>, _>>()?;
    head.insert("points".to_string(), Value::Array(points));
    Ok(Some(Value::Object(head)))
}

fn whole<T: DeserializeOwned>(name: &str, all: Value, verb: &str) -> Result<T, ReadError> {
    serde_json::from_value(all).map_err(|error| ReadError::NotResults {
        name: name.to_string(),
        reason: format!("it does not have the shape of what {verb} writes: {error}"),
    })
}

/// Writes out what turns the direction of writing or is no letter, and cuts what is too long.
fn make_safe(value: &mut Value, cut: Cut) {
    match value {
        Value::String(text) => {
            *text = written_out(text);
            if cut == Cut::All {
                *text = shortened(text);
            }
        }
        Value::Array(all) => all.iter_mut().for_each(|value| make_safe(value, cut)),
        Value::Object(fields) => {
            // Keys are names: of a setting, of a status.
            if fields.keys().any(|key| shortened(&written_out(key)) != *key) {
                *fields = renamed(std::mem::take(fields));
            }
            for (key, value) in fields.iter_mut() {
                make_safe(value, cut);
                if let (Value::String(text), true) = (value, NAMES.contains(&key.as_str())) {
                    *text = shortened(text);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Gives fields the names they are shown by; of those that become equal the later ones are numbered, so that none
/// takes the place of another.
fn renamed(fields: Map<String, Value>) -> Map<String, Value> {
    let mut all = Map::new();
    // What is as it will be shown keeps its name, wherever it stands.
    let kept: BTreeSet<String> =
        fields.keys().filter(|key| shortened(&written_out(key)) == **key).cloned().collect();
    for (key, value) in fields {
        let safe = shortened(&written_out(&key));
        let mut name = safe.clone();
        let mut number = 2;
        while all.contains_key(&name) || (name != key && kept.contains(&name)) {
            name = format!("{safe} ({number})");
            number += 1;
        }
        all.insert(name, value);
    }
    all
}

fn written_out(text: &str) -> String {
    kneepoint_report::safe(text)
        .chars()
        .map(|c| if matches!(c, '\u{fffe}' | '\u{ffff}') { '\u{fffd}' } else { c })
        .collect()
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(LETTERS_MOST) {
        Some((end, last)) if !(last == '…' && text[end..].chars().count() == 1) => {
            format!("{}…", &text[..end])
        }
        _ => text.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(text: &str) -> String {
        read("r.json", text).unwrap_err().to_string()
    }

    #[test]
    fn what_is_no_result_is_refused_with_the_reason() {
        assert!(refused("").contains("cut short"));
        assert!(refused("{\"schema_version\": 1, \"program\": \"kneep").contains("cut short"));
        assert!(refused("hello").contains("is not JSON"));
        assert!(refused("[1, 2]").contains("not of a result"));
        assert!(refused("{}").contains("not of a result"));
        assert!(refused("{\"schema_version\": 2, \"program\": \"kneepoint\"}").contains("later version"));
        let other = "{\"schema_version\": 1, \"program\": \"kneepoint\", \"verb\": \"chaos\"}";
        assert!(refused(other).contains("no figures of what chaos writes"));
        let shape =
            "{\"schema_version\": 1, \"program\": \"kneepoint\", \"verb\": \"capacity\", \"knee\": 7}";
        assert!(refused(shape).contains("the shape of what capacity writes"));
    }

    #[test]
    fn a_sweep_in_lines_is_the_sweep() {
        let head = "{\"schema_version\": 1, \"program\": \"kneepoint\", \"design\": \"grid\", \"seed\": 1, \
                    \"axes\": [], \"replications_min\": 1, \"replications_max\": 1, \"point_count\": 3}";
        let text = format!("{head}\n{{\"settings\": {{}}}}\n{{\"settings\": {{}}}}\n");
        let Results::Sweep(of) = read("r.jsonl", &text).unwrap() else { panic!("it is a sweep") };
        assert_eq!((of.points.len(), of.point_count), (2, Some(3)));
        assert!(refused(&text[..text.len() - 5]).contains("cut short"));
        assert!(refused(&format!("{text}nonsense")).contains("not JSON"));
        assert!(refused("{} {}").contains("is not JSON"));
        assert!(refused(head).contains("the head of a sweep without its points"));
    }

    #[test]
    fn texts_are_safe_and_in_pictures_not_too_long() {
        let long = "y".repeat(1000);
        let mut all = json!({ "a\u{202e}": ["x\u{1b}[2J\u{ffff}", long] });
        make_safe(&mut all, Cut::All);
        assert_eq!(all["a\\u{202e}"][0], "x\\u{1b}[2J\u{fffd}");
        let cut = format!("{}…", "y".repeat(LETTERS_MOST));
        assert_eq!(all["a\\u{202e}"][1], cut);
        let once = all.clone();
        make_safe(&mut all, Cut::All);
        assert_eq!(all, once);
    }

    #[test]
    fn what_is_copied_stays_whole_and_names_are_cut() {
        let long = "y".repeat(1000);
        let text = json!({
            "schema_version": 1, "program": "kneepoint", "title": long, "seed": 1, "replications": 1,
            "run": { "confidence": 0.95 }, "scenario": { "file": long }, "not_modelled": [long],
            "clients": [{ "name": long, "latency": { "count": 0, "mean": { "value": null } } }],
        });
        let (drawn, all) = open("r.json", &text.to_string()).unwrap();
        assert_eq!((&all["scenario"]["file"], &all["not_modelled"][0]), (&json!(long), &json!(long)));
        let cut = format!("{}…", "y".repeat(LETTERS_MOST));
        assert_eq!(all["clients"][0]["name"], cut);
        let Results::Run(drawn) = drawn else { panic!("it is a run") };
        assert_eq!((drawn.title, &drawn.clients[0].name), (cut.clone(), &cut));
    }

    #[test]
    fn keys_that_are_shown_alike_are_both_kept() {
        let mut all = json!({ "a\u{202e}": 1, "a\\u{202e}": 2, "b\n": 3, "b\t": 4, "c": 5 });
        make_safe(&mut all, Cut::Names);
        let expected = json!({ "a\\u{202e} (2)": 1, "a\\u{202e}": 2, "b ": 3, "b  (2)": 4, "c": 5 });
        assert_eq!(all, expected);
        let long = |end: &str| format!("{}{end}", "k".repeat(500));
        let mut all = json!({ (long("1")): 1, (long("2")): 2 });
        make_safe(&mut all, Cut::Names);
        assert_eq!(all.as_object().map(|fields| fields.len()), Some(2));
    }
}
