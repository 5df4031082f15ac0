//! Numbers of a run in the form in which two runs are compared.

use kneepoint_statistics::{Estimated, PseudoValues};

use super::Unit;

/// Which side of a number is the good one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// Less is better: latencies, errors.
    Lower,
    /// More is better: goodput.
    Higher,
    /// Neither is: utilisation, watches.
    Neither,
}

/// What a number is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The metric of an objective of this name.
    Objective(String),
    /// A watch of this name.
    Watch(String),
    /// A client.
    Client(String),
    /// Another part.
    Part(String),
}

/// A number of a run with what each replication contributes to it.
///
/// # Units
/// Durations in nanoseconds, rates per second, shares from 0 to 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Measure {
    /// The metric, as one would write it: `p99(shoppers.latency)`.
    pub name: String,
    /// What it is about.
    pub subject: Subject,
    /// Its unit.
    pub unit: Unit,
    /// Which side is the good one.
    pub better: Better,
    /// The number, or why there is none of which a difference can be judged ([`Estimated::NotEnough`]).
    pub content: Result<PseudoValues, Estimated>,
    /// The number where `content` has none and there is one all the same: a percentile whose interval is known, with too
    /// few independent requests beyond it for an interval of a difference.
    pub value: Option<f64>,
}

/// Returns whether a metric says how many requests clients make: `rate(users.requests)`, `requests(users)`. More of them is
/// neither good nor bad. What is held against them, as calls per request, is another number.
pub fn is_offered_load(metric: &str) -> bool {
    let Some((head, rest)) = metric.trim().split_once('(') else { return false };
    let Some((inside, after)) = rest.split_once(')') else { return false };
    let of = inside.split(',').next().unwrap_or_default().trim();
    after.trim().is_empty() && (head == "requests" || of.ends_with(".requests"))
}

#[cfg(test)]
mod tests {
    use super::is_offered_load;

    #[test]
    fn offered_load_is_told_from_what_is_served() {
        for metric in ["rate(users.requests)", "requests(users)", "total(users.requests, from 1s to 2s)"] {
            assert!(is_offered_load(metric), "{metric}");
        }
        for metric in [
            "goodput(users)",
            "rate(web.calls)",
            "utilisation(a.requests-db)",
            "rate(db.calls) / rate(users.requests)",
            "rate(users.requests) / rate(db.calls)",
            "params.load",
        ] {
            assert!(!is_offered_load(metric), "{metric}");
        }
    }
}
