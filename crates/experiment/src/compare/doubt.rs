//! Differences that make no design the better one: what the numbers rest on differs.

use kneepoint_statistics::Pairing;

use super::{Finding, MetricDifference, Record};
use crate::result::{Better, ClientResult};

/// From this difference on between the shares of requests that are answered well, the latencies of good answers are not
/// of the same requests.
///
/// # Source
/// Chosen: a hundredth of the requests moves what most of them see by little; a percentile is moved by what lies beyond
/// it, and so the share beyond it bounds it too.
const SHARE_APART: f64 = 0.01;

/// From this difference on (relative) what is offered counts as another load, where both designs see the same random
/// numbers.
///
/// # Source
/// Chosen: the same clients send the same requests then, but for some at the end of the run.
const OFFERED_APART: f64 = 0.001;

/// Share of a difference below which an end of its interval is shown as 0.
///
/// # Source
/// Numbers are shown with three digits: the smallest value of three, 100, is told from 0 by half of its last.
const SHOWN_AS_ZERO: f64 = 0.005;

/// What a client sent and what it got, in all replications together, while measured.
#[derive(Clone, Debug, PartialEq)]
pub struct ClientFacts {
    /// Its name.
    pub name: String,
    /// Requests sent.
    pub sent: u64,
    /// Requests that ended.
    pub ended: u64,
    /// Requests that ended well.
    pub good: u64,
    /// Requests sent \[1/s\], and their interval.
    pub offered_per_s: Option<(f64, f64, f64)>,
    /// Users, of a client whose users wait for answers.
    pub users: Option<f64>,
}

impl ClientFacts {
    pub(super) fn of(client: &ClientResult) -> ClientFacts {
        let rate = client.all.sent.rate.known();
        ClientFacts {
            name: client.name.clone(),
            sent: client.all.sent.total,
            ended: client.all.ended.total,
            good: client.all.good.total,
            offered_per_s: rate.map(|e| (e.value, e.low, e.high)),
            users: client.users.as_ref().and_then(|users| users.mean.value()),
        }
    }

    /// The share of the requests that were answered well.
    fn answered(&self) -> Option<f64> {
        (self.sent > 0).then(|| (self.good as f64 / self.sent as f64).min(1.0))
    }

    /// The share of the requests that neither ended well nor otherwise.
    fn unfinished(&self) -> f64 {
        if self.sent == 0 { 0.0 } else { self.sent.saturating_sub(self.ended) as f64 / self.sent as f64 }
    }
}

/// Why a difference makes neither design the better one.
#[derive(Clone, Debug, PartialEq)]
pub enum Doubt {
    /// Latencies of good answers, where the two answer different shares of their requests: a design that fails the slow
    /// ones seems faster. The designs and the share that each answers.
    Survivors([(String, f64); 2]),
    /// Goodput, where the two are offered different loads. The designs and what each is offered \[1/s\].
    OfferedApart([(String, f64); 2]),
    /// Errors of the requests that ended, where so many had not ended that they could make the difference. How far they
    /// could move it towards where nothing could be said.
    Unfinished(f64),
    /// The interval reaches 0, or so near to it that it is shown as 0.
    ReachesZero,
}

/// What is said of a difference.
pub(super) struct Said<'m> {
    /// The metric.
    pub metric: &'m str,
    /// Which side of it is the good one.
    pub better: Better,
    /// Its value in both designs.
    pub values: [Option<f64>; 2],
    /// On which side of the bound the whole interval lies, if it does.
    pub finding: Finding,
    /// How far the nearer end of the interval is from the bound.
    pub margin: f64,
}

/// What stands in the way of a difference.
pub(super) fn doubt(
    of: &MetricDifference,
    first: &Record,
    second: &Record,
    pairing: Pairing,
) -> Option<Doubt> {
    let known = of.difference.known();
    let said = Said {
        metric: &of.name,
        better: of.better,
        values: [of.first, of.second],
        finding: of.finding,
        margin: known.map_or(0.0, |e| nearer(e.low, e.high)),
    };
    let reaches = |e: &kneepoint_statistics::Estimate| nearer(e.low, e.high) < SHOWN_AS_ZERO * e.value.abs();
    // Of whatever number it is, good or bad or neither: what is shown as 0 is no difference to people.
    let is_found = matches!(of.finding, Finding::Lower | Finding::Higher);
    let reaches_zero = is_found && known.is_some_and(reaches);
    match doubt_of(&said, first, second, pairing) {
        // Nearer at hand than that a few more requests might make it so.
        None | Some(Doubt::Unfinished(_)) if reaches_zero => Some(Doubt::ReachesZero),
        other => other,
    }
}

/// What the two designs did, that stands in the way of what is said. That latencies are alike says as little as that they
/// differ; but a design that answers fewer requests and is slower at that is the slower one.
pub(super) fn doubt_of(said: &Said<'_>, first: &Record, second: &Record, pairing: Pairing) -> Option<Doubt> {
    if said.better == Better::Neither {
        return None;
    }
    let (function, client) = function_and_client(said.metric)?;
    let facts = |record: &'_ Record| -> Option<ClientFacts> {
        record.clients.iter().find(|c| c.name == client.name).cloned()
    };
    let (a, b) = facts(first).zip(facts(second))?;
    let names = |x: f64, y: f64| [(first.name.clone(), x), (second.name.clone(), y)];
    if client.is_latency
        && let (Some(x), Some(y)) = (a.answered(), b.answered())
        && (x - y).abs() >= SHARE_APART.min(beyond(function))
    {
        // What it did not answer would only have made it slower.
        let slower_of_the_fewer = if y < x { Finding::Higher } else { Finding::Lower };
        return (said.finding != slower_of_the_fewer).then(|| Doubt::Survivors(names(x, y)));
    }
    if !matches!(said.finding, Finding::Lower | Finding::Higher) {
        return None;
    }
    if function == "goodput" && is_offered_apart(&a, &b, pairing) {
        let (x, y) = (a.offered_per_s.map_or(0.0, |o| o.0), b.offered_per_s.map_or(0.0, |o| o.0));
        return Some(Doubt::OfferedApart(names(x, y)));
    }
    if function == "errors" {
        let [x, y] = said.values.map(|value| value.unwrap_or(0.0).clamp(0.0, 1.0));
        // Of a design's share of errors e, the unfinished share u takes e u if all of it ends well, and brings (1 - e) u
        // if none of it does.
        let moves = match said.finding {
            Finding::Higher => (1.0 - x) * a.unfinished() + y * b.unfinished(),
            _ => x * a.unfinished() + (1.0 - y) * b.unfinished(),
        };
        return (said.margin <= moves).then_some(Doubt::Unfinished(moves));
    }
    None
}

/// Of the client whose latency a metric is of, the share of its requests that were answered well.
pub(crate) fn answered(metric: &str, result: &crate::result::RunResult) -> Option<f64> {
    let (_, of) = function_and_client(metric).filter(|(_, of)| of.is_latency)?;
    let client = result.clients.iter().find(|client| client.name == of.name)?;
    ClientFacts::of(client).answered()
}

/// From which difference on between the shares that are answered well a metric of latencies is of other requests.
pub(crate) fn share_apart(metric: &str) -> f64 {
    function_and_client(metric).map_or(SHARE_APART, |(function, _)| SHARE_APART.min(beyond(function)))
}

/// What a metric takes of which client.
struct Of<'m> {
    name: &'m str,
    is_latency: bool,
}

/// The function of a metric and the client it is about: `p99(users:buy.latency)`, `goodput(users, from 1s to 2s)`.
fn function_and_client(metric: &str) -> Option<(&str, Of<'_>)> {
    let (function, rest) = metric.trim().split_once('(')?;
    let inside = rest.split([',', ')']).next()?.trim();
    let (path, is_latency) = match inside.strip_suffix(".latency") {
        Some(path) => (path, true),
        None => (inside, false),
    };
    Some((function, Of { name: path.split(':').next()?, is_latency }))
}

/// The share of the requests beyond a percentile.
fn beyond(function: &str) -> f64 {
    let percentile = function.strip_prefix('p').and_then(|p| p.parse::<f64>().ok());
    percentile.map_or(1.0, |p| 1.0 - p / 100.0)
}

/// Whether two clients ask for different loads. Where users wait for answers, that more is sent is what a faster design
/// brings, and only another number of users is another load.
fn is_offered_apart(a: &ClientFacts, b: &ClientFacts, pairing: Pairing) -> bool {
    let apart = |x: f64, y: f64| (x - y).abs() > OFFERED_APART * x.abs().max(y.abs());
    match (a.users, b.users) {
        (Some(x), Some(y)) => apart(x, y),
        (None, None) => match (pairing, a.offered_per_s, b.offered_per_s) {
            (Pairing::Paired, ..) => apart(a.sent as f64, b.sent as f64),
            (Pairing::Independent, Some((_, a_low, a_high)), Some((_, b_low, b_high))) => {
                a_high < b_low || b_high < a_low
            }
            (Pairing::Independent, ..) => false,
        },
        _ => true,
    }
}

/// How far the nearer end of an interval is from 0; 0 where it holds that.
fn nearer(low: f64, high: f64) -> f64 {
    if low <= 0.0 && high >= 0.0 { 0.0 } else { low.abs().min(high.abs()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_says_of_which_client_it_is() {
        let of = |metric| function_and_client(metric).map(|(f, of)| (f, of.name, of.is_latency));
        assert_eq!(of("p99(users:buy.latency)"), Some(("p99", "users", true)));
        assert_eq!(of("goodput(users, from 1s to 2s)"), Some(("goodput", "users", false)));
        assert_eq!(of("params.load"), None);
        assert!((beyond("p99.9") - 0.001).abs() < 1e-9 && beyond("mean") == 1.0);
    }

    #[test]
    fn more_requests_of_waiting_users_are_no_other_load() {
        let facts = |sent: u64, users: Option<f64>| ClientFacts {
            name: "users".to_string(),
            sent,
            ended: sent,
            good: sent,
            offered_per_s: Some((sent as f64, sent as f64 * 0.97, sent as f64 * 1.03)),
            users,
        };
        use Pairing::{Independent, Paired};
        assert!(is_offered_apart(&facts(1000, None), &facts(1010, None), Paired));
        assert!(!is_offered_apart(&facts(1000, None), &facts(1010, None), Independent));
        assert!(is_offered_apart(&facts(1000, None), &facts(1500, None), Independent));
        assert!(!is_offered_apart(&facts(1000, Some(20.0)), &facts(1500, Some(20.0)), Paired));
        assert!(is_offered_apart(&facts(1000, Some(20.0)), &facts(1500, Some(30.0)), Paired));
    }
}
