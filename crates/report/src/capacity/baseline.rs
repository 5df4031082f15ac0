//! A capacity that was written before, to hold a new one against.

use kneepoint_experiment::capacity::{CapacityResult, Change, Finding, LoadAxis, change};
use kneepoint_statistics::Estimate;
use serde_json::{Value, json};

use super::values::CAPACITY_SCHEMA_VERSION;
use crate::number::percent;

/// What is known of an earlier capacity.
#[derive(Clone, Debug, PartialEq)]
pub struct Baseline {
    /// Title of its scenario.
    pub title: String,
    /// What its load was, as it is written in the file.
    pub load: Value,
    /// What the load of its file was.
    pub load_written: f64,
    /// The capacity on the load's own axis, times [`factor`](Self::factor).
    pub capacity: Estimate,
    /// What loads are multiplied by to be compared ([`CapacityResult::factor`]).
    pub factor: f64,
    /// What they are then.
    pub measure: Measure,
    /// What was asked for: name and condition of each objective.
    pub objectives: Vec<(String, String)>,
    /// Requests a second of its file, where that says them.
    pub offered_written_per_s: Option<f64>,
    /// Its seed.
    pub seed: Option<u64>,
}

/// What a capacity that is compared counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Requests a second of all clients.
    Requests,
    /// Users of all clients.
    Users,
    /// Times the load of its file, or the value of a setting.
    Axis,
}

impl Measure {
    fn of(clients: bool, offered_per_s: bool, users: bool) -> Measure {
        match (clients, offered_per_s, users) {
            (true, true, _) => Measure::Requests,
            (true, false, true) => Measure::Users,
            _ => Measure::Axis,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Measure::Requests => "requests a second",
            Measure::Users => "users",
            Measure::Axis => "a factor on its file",
        }
    }
}

/// What a new capacity is against an earlier one.
#[derive(Clone, Debug, PartialEq)]
pub enum Against {
    /// Both have an interval.
    Changed(Change),
    /// There is none now, and what there is lies below the earlier interval; in words.
    Below(String),
    /// There is none now, and what there is lies above it; in words.
    Above(String),
    /// It cannot be told, and why.
    Undecided(String),
}

impl Against {
    /// Returns whether it is surely lower than before.
    #[must_use]
    pub fn is_worse(&self) -> bool {
        match self {
            Against::Changed(change) => change.is_worse(),
            Against::Below(_) => true,
            Against::Above(_) | Against::Undecided(_) => false,
        }
    }
}

/// Reads what [`capacity_json`](super::capacity_json) wrote.
///
/// # Errors
/// What is wrong with the text: no JSON, something else, another version, no capacity; in words.
pub fn read_baseline(text: &str) -> Result<Baseline, String> {
    let value: Value = serde_json::from_str(text)
        .map_err(|e| format!("it is no JSON, or was cut short (line {}, column {})", e.line(), e.column()))?;
    if value["verb"] != "capacity" || value.get("capacity").is_none() {
        return Err("it is no result of `kneepoint capacity --format json`".to_string());
    }
    if value["schema_version"] != CAPACITY_SCHEMA_VERSION {
        return Err(format!(
            "its schema has version {}, and this program reads version {CAPACITY_SCHEMA_VERSION}",
            value["schema_version"]
        ));
    }
    let (offered, users) = (value["offered_written_per_s"].as_f64(), value["users_written"].as_f64());
    let is_clients = value["load"]["kind"] == "clients";
    let factor = if is_clients { offered.or(users).unwrap_or(1.0) } else { 1.0 };
    let capacity = match &value["capacity"] {
        Value::Null => {
            return Err(format!(
                "it found no capacity with an interval: {}",
                value["sentence"].as_str().unwrap_or("it says nothing")
            ));
        }
        found => estimate(found).ok_or("its capacity is no estimate: value, low, high, confidence, n")?,
    };
    let by = |x: f64| x * factor;
    Ok(Baseline {
        title: value["title"].as_str().unwrap_or_default().to_string(),
        load: value["load"].clone(),
        load_written: value["load_written"].as_f64().unwrap_or(f64::NAN),
        capacity: Estimate {
            value: by(capacity.value),
            low: by(capacity.low),
            high: by(capacity.high),
            ..capacity
        },
        factor,
        measure: Measure::of(is_clients, offered.is_some(), users.is_some()),
        objectives: value["objectives"].as_array().into_iter().flatten().filter_map(objective).collect(),
        offered_written_per_s: value["offered_written_per_s"].as_f64(),
        seed: value["seed"].as_u64(),
    })
}

fn objective(value: &Value) -> Option<(String, String)> {
    Some((value["name"].as_str()?.to_string(), value["condition"].as_str()?.to_string()))
}

fn estimate(value: &Value) -> Option<Estimate> {
    let number = |key: &str| value.get(key)?.as_f64().filter(|n| n.is_finite());
    let confidence = number("confidence").filter(|c| *c > 0.0 && *c < 1.0)?;
    Some(Estimate {
        value: number("value")?,
        low: number("low")?,
        high: number("high")?,
        confidence,
        n: value.get("n")?.as_u64()?,
        effective_samples: None,
    })
    .filter(|e| e.low <= e.value && e.value <= e.high)
}

impl Baseline {
    /// What is otherwise than it was, beside what is compared: other objectives have another capacity, whatever the
    /// system does.
    #[must_use]
    pub fn differences(&self, now: &CapacityResult) -> Vec<String> {
        let mut differences = Vec::new();
        let condition = |name: &str| now.limits.iter().find(|limit| limit.name == name);
        for (name, before) in &self.objectives {
            match condition(name) {
                None => differences
                    .push(format!("the baseline has an objective {name}, {before}: there is none now")),
                Some(limit) if limit.condition != *before => differences.push(format!(
                    "the objective {name} was {before} in the baseline, and is {} now",
                    limit.condition
                )),
                Some(_) => {}
            }
        }
        for limit in
            now.limits.iter().filter(|limit| self.objectives.iter().all(|(name, _)| *name != limit.name))
        {
            differences
                .push(format!("the objective {}, {}, is not in the baseline", limit.name, limit.condition));
        }
        if let (Some(before), Some(now)) = (self.offered_written_per_s, now.offered_written_per_s)
            && (now / before - 1.0).abs() > 1e-6
        {
            let [before, now] = [before, now].map(super::rounded);
            differences.push(format!(
                "the load of the file was {before} requests/s in the baseline, and is {now} now"
            ));
        }
        if let Some(seed) = self.seed.filter(|seed| *seed != now.seed) {
            differences.push(format!(
                "the baseline was made with seed {seed}, this with seed {}: the same would show smaller differences",
                now.seed
            ));
        }
        differences
    }

    /// Holds a new capacity against this one. That there is none now is an answer too: what was found says whether it
    /// can be as high as it was.
    ///
    /// # Errors
    /// If the two cannot be compared: another kind of load, a capacity of 0; in words.
    pub fn against(&self, now: &CapacityResult) -> Result<Against, String> {
        let load = super::values::value(now)["load"].clone();
        if load != self.load {
            return Err(format!("its load is another: {} there, {} here", named(&self.load), named(&load)));
        }
        let is_clients = now.axis == LoadAxis::Clients;
        let measure =
            Measure::of(is_clients, now.offered_written_per_s.is_some(), now.users_written.is_some());
        if measure != self.measure {
            let (there, here) = (self.measure.words(), measure.words());
            return Err(format!("it is in {there}, and this in {here}: its clients are others"));
        }
        if let Some(now) = now.compared() {
            let change = change(&self.capacity, &now);
            return change.map(Against::Changed).ok_or_else(|| "its capacity is not above 0".to_string());
        }
        Ok(self.without_interval(now))
    }

    /// What can be said where there is no interval now: of loads that surely lie beyond the capacity, or short of it.
    fn without_interval(&self, now: &CapacityResult) -> Against {
        let (holds, misses) = match (&now.finding, &now.rough) {
            (Finding::Found, Some(rough)) => (rough.low, rough.high),
            (Finding::MissedAtLowest { load, .. }, _) => (None, Some(*load)),
            (Finding::NotReached { load }, _) => (Some(*load), None),
            (Finding::NotSettled { holds, missed }, _) => (*holds, *missed),
            _ => (None, None),
        };
        // The file may ask for another load than it did.
        let here = now.factor();
        if let Some(load) = misses.filter(|load| load * here <= self.capacity.low) {
            return Against::Below(super::load(now, load));
        }
        if let Some(load) = holds.filter(|load| load * here >= self.capacity.high) {
            return Against::Above(super::load(now, load));
        }
        Against::Undecided(super::capacity_sentence(now))
    }
}

/// A load in words.
fn named(load: &Value) -> String {
    match load["path"].as_str() {
        Some(path) => path.to_string(),
        None => "that of all clients".to_string(),
    }
}

/// Returns what changed in one sentence, and the same for programs.
pub fn sentence(against: &Against) -> (String, Value) {
    let only = |text: String, verdict: &str| {
        let value = json!({ "relative": null, "verdict": verdict, "sentence": text });
        (text, value)
    };
    let change = match against {
        Against::Changed(change) => change,
        Against::Below(load) => {
            return only(format!("Against the baseline the capacity fell below {load}."), "lower");
        }
        Against::Above(load) => {
            return only(format!("Against the baseline the capacity rose above {load}."), "higher");
        }
        Against::Undecided(why) => {
            let text =
                format!("Against the baseline undecided, as there is no capacity with an interval: {why}");
            return only(text, "undecided");
        }
    };
    let e = &change.relative;
    let [value, low, high] = [e.value, e.low, e.high].map(|v| v * 100.0);
    let text = if change.is_better() || change.is_worse() {
        let (word, sign) = if change.is_better() { ("rose", 1.0) } else { ("fell", -1.0) };
        let (a, b) = if sign > 0.0 { (low, high) } else { (-high, -low) };
        format!(
            "Against the baseline the capacity {word} by {} ({a:.1} to {b:.1} %, at {}).",
            percent(e.value.abs()),
            super::confidence(e.confidence)
        )
    } else {
        format!(
            "Against the baseline no difference is shown: {value:+.1} % ({low:+.1} to {high:+.1} %, at {}).",
            super::confidence(e.confidence)
        )
    };
    let verdict = if change.is_better() {
        "higher"
    } else if change.is_worse() {
        "lower"
    } else {
        "no difference shown"
    };
    let value = json!({
        "relative": { "value": e.value, "low": e.low, "high": e.high, "confidence": e.confidence, "n": e.n },
        "verdict": verdict,
        "sentence": text,
    });
    (text, value)
}
