//! Rate limits held against recordings of nginx and HAProxy.
//!
//! A recording says when requests were meant to be sent, and what became of each. Real clocks are some tenths of a
//! millisecond late; whole milliseconds, in which both count, absorb that.

use kneepoint_calls::Status;
use kneepoint_components::limits::{Counted, LeakyBucket, Limit, Limiter, Per, SlidingCounter};
use kneepoint_engine::{SimDuration, SimTime};
use serde::Deserialize;

use super::Judged;
use super::limits::statuses;
use super::said::{Said, number, sequence};

/// Recordings of this project's test bed; each says its versions, configuration and how it was made.
const RECORDINGS: [(&str, System); 5] = [
    (
        include_str!("../../cases/real/nginx-limit-req-10-b20-delay.json"),
        System::Nginx { burst: 20, free: 0 },
    ),
    (
        include_str!("../../cases/real/nginx-limit-req-10-b20-nodelay.json"),
        System::Nginx { burst: 20, free: 20 },
    ),
    (include_str!("../../cases/real/nginx-limit-req-10-noburst.json"), System::Nginx { burst: 0, free: 0 }),
    (include_str!("../../cases/real/haproxy-rate-limit-2s-gt10.json"), System::Haproxy),
    (include_str!("../../cases/real/haproxy-rate-limit-2s-gt10-two-clients.json"), System::Haproxy),
];

/// Requests per second of the nginx recordings; HAProxy denies more than ten in two seconds.
const NGINX_RATE: f64 = 10.0;
const HAPROXY_LIMIT: u64 = 10;
const HAPROXY_WINDOW: SimDuration = SimDuration::from_secs(2);

#[derive(Clone, Copy)]
enum System {
    Nginx { burst: u64, free: u64 },
    Haproxy,
}

#[derive(Deserialize)]
struct Recorded {
    id: String,
    config: String,
    workload: Workload,
    observed: Observed,
}

#[derive(Deserialize)]
struct Workload {
    arrivals_s: Vec<f64>,
    #[serde(default)]
    source_addresses_in_turn: Vec<String>,
}

#[derive(Deserialize)]
struct Observed {
    /// P passed, D delayed, R refused.
    decision: String,
    #[serde(default)]
    latency_ms: Vec<f64>,
    #[serde(default)]
    rate_seen: Vec<u64>,
}

/// Returns the cases of this file.
pub(super) fn cases() -> Vec<Said> {
    let known = |(text, system): (&'static str, System)| {
        let recorded: Recorded =
            serde_json::from_str(text).expect("the file is part of the program and tested");
        let (id, said) = (format!("real/{}", recorded.id), recorded.config.clone());
        Said { id, said, check: Box::new(move || Ok(check(&recorded, system))) }
    };
    RECORDINGS.into_iter().map(known).collect()
}

fn calls(recorded: &Recorded) -> Vec<(SimTime, u32)> {
    let addresses = &recorded.workload.source_addresses_in_turn;
    // Whose number an address is: the first place where it is named.
    let number = |call: usize| {
        let address = addresses.get(call % addresses.len().max(1))?;
        addresses.iter().position(|known| known == address)
    };
    let arrivals = recorded.workload.arrivals_s.iter().enumerate();
    arrivals
        .map(|(call, at)| (SimTime::from_nanos((at * 1e9).round() as u64), number(call).unwrap_or(0) as u32))
        .collect()
}

fn check(recorded: &Recorded, system: System) -> Vec<Judged> {
    let calls = calls(recorded);
    let known: Vec<char> = recorded.observed.decision.chars().collect();
    let limit = match system {
        System::Nginx { burst, free } => Limit::LeakyBucket(LeakyBucket::new(NGINX_RATE, burst, free)),
        System::Haproxy => {
            Limit::SlidingCounter(SlidingCounter::new(HAPROXY_LIMIT, HAPROXY_WINDOW, Counted::All))
        }
    };
    let ends = statuses(&calls, Limiter::new(limit, Per::Ip, 1_000));
    let letter = |(status, took): &(Status, f64)| match status {
        Status::Ok if *took == 0.0 => 'P',
        Status::Ok => 'D',
        _ => 'R',
    };
    let seen: Vec<char> = ends.iter().map(letter).collect();
    let mut judged = vec![sequence("decisions", &known, &seen)];
    if known.contains(&'D') {
        let late = delays_apart(&known, &ends, &recorded.observed.latency_ms);
        // The recordings' own noise: single answers are up to some ms late.
        judged.push(number("median_delay_apart_ms", 0.0, late, 2.0));
    }
    if let System::Haproxy = system {
        judged.push(number("rates_apart", 0.0, rates_apart(recorded, &calls), 1.0));
    }
    judged
}

/// The median of how far delays are from what was recorded \[ms\].
fn delays_apart(known: &[char], ends: &[(Status, f64)], recorded: &[f64]) -> f64 {
    let delayed = known.iter().zip(ends).zip(recorded).filter(|((letter, _), _)| **letter == 'D');
    let mut apart: Vec<f64> = delayed.map(|((_, (_, took)), recorded)| (recorded - took).abs()).collect();
    apart.sort_by(f64::total_cmp);
    apart.get(apart.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The most by which the rate that is seen for a request is off.
fn rates_apart(recorded: &Recorded, calls: &[(SimTime, u32)]) -> f64 {
    let new = || SlidingCounter::new(HAPROXY_LIMIT, HAPROXY_WINDOW, Counted::All);
    let mut of_address = std::collections::BTreeMap::<u32, SlidingCounter>::new();
    let apart = calls.iter().zip(&recorded.observed.rate_seen).map(|((at, address), seen)| {
        let counter = of_address.entry(*address).or_insert_with(new);
        counter.decide(*at);
        counter.rate(*at).abs_diff(*seen)
    });
    apart.max().map_or(f64::NAN, |most| most as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_decision_that_was_recorded_is_made() {
        for case in cases() {
            for judged in (case.check)().unwrap() {
                assert!(matches!(judged.measured, Ok((_, true))), "{}: {judged:?}", case.id);
            }
        }
    }
}
