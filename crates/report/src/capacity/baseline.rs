//! A capacity that was written before, to hold a new one against.

use kneepoint_experiment::capacity::{CapacityResult, Change, change};
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
    /// The capacity, in requests a second where that is known.
    pub capacity: Estimate,
    /// Whether it is in requests a second.
    pub per_s: bool,
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
    let per_s = estimate(&value["capacity_per_s"]);
    let capacity = per_s.or_else(|| estimate(&value["capacity"]));
    let Some(capacity) = capacity else {
        return Err(format!(
            "it found no capacity: {}",
            value["sentence"].as_str().unwrap_or("it says nothing")
        ));
    };
    Ok(Baseline {
        title: value["title"].as_str().unwrap_or_default().to_string(),
        load: value["load"].clone(),
        load_written: value["load_written"].as_f64().unwrap_or(f64::NAN),
        capacity,
        per_s: per_s.is_some(),
    })
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
    /// Holds a new capacity against this one.
    ///
    /// # Errors
    /// If the two cannot be compared: no capacity now, another kind of load; in words.
    pub fn against(&self, now: &CapacityResult) -> Result<Change, String> {
        let load = super::values::value(now)["load"].clone();
        if !self.per_s && load != self.load {
            return Err(format!("its load is another: {} there, {load} here", self.load));
        }
        let now = if self.per_s { now.capacity_per_s } else { now.capacity };
        let now = now.ok_or("there is no capacity now to hold against it")?;
        change(&self.capacity, &now).ok_or_else(|| "its capacity is not above 0".to_string())
    }
}

/// Returns what changed in one sentence, and the same for programs.
pub fn sentence(change: &Change) -> (String, Value) {
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
