//! What `run --timeline` wrote: what happened when.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::figure::Interval;

/// Results over time.
#[derive(Clone, Debug, Deserialize)]
pub struct Timeline {
    /// The ends of the windows \[s\], the beginning first.
    pub bounds: Vec<f64>,
    /// Of how many replications.
    pub replications: u64,
    /// In the order of the file.
    pub clients: Vec<ClientTimeline>,
    /// In the order of the file.
    #[serde(default)]
    pub parts: Vec<PartTimeline>,
    /// What was broken on purpose.
    #[serde(default)]
    pub faults: Vec<FaultTimeline>,
    /// What happened at which instant.
    #[serde(default)]
    pub events: Events,
    /// When which part had next to nothing free, in the order in which that began.
    #[serde(default)]
    pub saturated: Vec<Saturated>,
}

/// A stretch of windows in which a part was saturated.
#[derive(Clone, Debug, Deserialize)]
pub struct Saturated {
    /// Its name.
    pub part: String,
    /// What was used up.
    pub of: String,
    /// When that began \[s\].
    pub from: f64,
    /// When it was over \[s\].
    pub to: f64,
}

/// A number over time.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Line {
    /// By window.
    pub values: Vec<Option<f64>>,
    /// Lower ends.
    pub low: Vec<Option<f64>>,
    /// Upper ends.
    pub high: Vec<Option<f64>>,
}

impl Line {
    /// Returns the number in a window.
    pub fn at(&self, window: usize) -> Option<Interval> {
        let end = |of: &[Option<f64>]| of.get(window).copied().flatten();
        let value = end(&self.values)?;
        Some(Interval { value, ends: end(&self.low).zip(end(&self.high)) })
    }
}

/// Things that are counted, over time.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// In all replications together.
    pub total: Vec<u64>,
    /// \[1/s\]
    pub rate: Line,
}

/// A client over time.
#[derive(Clone, Debug, Deserialize)]
pub struct ClientTimeline {
    /// Its name.
    pub name: String,
    /// Requests sent.
    #[serde(default)]
    pub sent: Counts,
    /// Requests that ended well.
    #[serde(default)]
    pub good: Counts,
    /// Requests that ended, by status; `ok` and `stale` and the like are among them.
    #[serde(default)]
    pub by_status: BTreeMap<String, Counts>,
    /// Percentiles \[s\], by name: `p99`.
    #[serde(default)]
    pub latency: BTreeMap<String, Line>,
    /// All latencies.
    #[serde(default)]
    pub heat: Heat,
}

/// Latencies in buckets.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Heat {
    /// Up to where a bucket counts \[s\].
    pub edges: Vec<f64>,
    /// Window, bucket and count.
    pub cells: Vec<(usize, usize, u64)>,
}

/// A part over time.
#[derive(Clone, Debug, Deserialize)]
pub struct PartTimeline {
    /// Its name.
    pub name: String,
    /// Instances that serve.
    #[serde(default)]
    pub instances: Option<Line>,
}

/// A fault over time.
#[derive(Clone, Debug, Deserialize)]
pub struct FaultTimeline {
    /// Its name.
    pub name: String,
    /// How many are hit.
    #[serde(default)]
    pub struck: Line,
}

/// What happened at which instant, in one replication.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Events {
    /// Which one.
    pub replication: u64,
    /// In order.
    pub list: Vec<Event>,
    /// How much more.
    pub left_out: u64,
}

/// Something that happened.
#[derive(Clone, Debug, Deserialize)]
pub struct Event {
    /// When \[s\].
    pub at: f64,
    /// To whom.
    pub part: String,
    /// What.
    pub what: String,
    /// The rest.
    #[serde(default)]
    pub detail: String,
}

/// Says what is wrong with the windows of a timeline: everything that is counted or measured over time has one entry for
/// each, so that whoever draws it need not look again.
pub(super) fn check(timeline: &Value) -> Result<(), String> {
    let bounds = timeline.get("bounds").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let ends: Vec<f64> = bounds.iter().filter_map(Value::as_f64).collect();
    if ends.len() != bounds.len() || ends.windows(2).any(|pair| pair[0] >= pair[1]) {
        return Err("the bounds of its timeline are not instants one after another".to_string());
    }
    let windows = bounds.len().saturating_sub(1);
    for key in ["clients", "parts", "faults"] {
        if let Some(of) = timeline.get(key) {
            fits(of, windows, &mut format!("/timeline/{key}"))?;
        }
    }
    Ok(())
}

/// Looks at all lists over time below a place.
fn fits(value: &Value, windows: usize, place: &mut String) -> Result<(), String> {
    const OVER_TIME: [&str; 4] = ["values", "low", "high", "total"];
    let before = place.len();
    let mut below = |step: &str, value: &Value| {
        place.truncate(before);
        place.push('/');
        place.push_str(step);
        match value.as_array() {
            Some(list) if OVER_TIME.contains(&step) => {
                if list.len() == windows {
                    return Ok(());
                }
                Err(format!("{place} has {} entries, and the timeline has {windows} windows", list.len()))
            }
            _ => fits(value, windows, place),
        }
    };
    match value {
        Value::Array(all) => {
            all.iter().enumerate().try_for_each(|(at, value)| below(&at.to_string(), value))?;
        }
        Value::Object(fields) => fields.iter().try_for_each(|(key, value)| below(key, value))?,
        _ => {}
    }
    place.truncate(before);
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_list_over_time_has_an_entry_for_each_window() {
        let whole = json!({
            "bounds": [0.0, 1.0, 2.0],
            "clients": [{ "name": "users", "sent": { "total": [1, 2], "rate": { "values": [1.0, null] } } }],
            "faults": [{ "name": "crash", "struck": { "values": [0.0, 1.0] } }],
        });
        assert_eq!(check(&whole), Ok(()));
        let odd = |place: &str, value: Value| {
            let mut odd = whole.clone();
            *odd.pointer_mut(place).unwrap() = value;
            check(&odd).unwrap_err()
        };
        let said = odd("/faults/0/struck/values", json!([0.0, 1.0, 1.0]));
        assert_eq!(said, "/timeline/faults/0/struck/values has 3 entries, and the timeline has 2 windows");
        assert!(odd("/bounds", json!([0.0, 1.0])).contains("the timeline has 1 windows"));
        assert!(odd("/clients/0/sent/total", json!([])).starts_with("/timeline/clients/0/sent/total has 0"));
        assert!(odd("/bounds", json!([0.0, 2.0, 1.0])).contains("one after another"));
        assert!(odd("/bounds", json!([0.0, "x", 1.0])).contains("one after another"));
    }
}
