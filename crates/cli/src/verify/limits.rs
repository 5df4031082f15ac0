//! Limits and throttles held against published sequences and closed forms.
//!
//! What is decided of single calls goes through the part that stands in their way, with a scripted caller; what has
//! weights, which calls have not, through the algorithm; what is a mean, through a scenario.

use kneepoint_calls::rig::{Asks, drive};
use kneepoint_calls::{Attributes, Status};
use kneepoint_components::limits::{
    Counted, FixedWindow, Gcra, LeakyBucket, Limit, Limiter, Per, RateLimit, SlidingCounter, SlidingLog,
    TokenBucket,
};
use kneepoint_components::overload::Acceptance;
use kneepoint_engine::{SimDuration, SimTime};
use kneepoint_scenario::{Overrides, Registry, Scenario};
use serde::Deserialize;
use serde_json::Value;

use super::Judged;
use super::said::{Said, number, numbers, sequence};

/// Test vectors of other projects (values only), documented algorithms and closed forms, none of them from this project.
const CASES: &str = include_str!("../../cases/resilience.json");

/// Which of them are answered here.
const KINDS: [&str; 6] = ["bulkhead", "gcra", "leaky", "sre-throttle", "token-bucket", "window"];

#[derive(Deserialize)]
struct Area {
    cases: Vec<LimitCase>,
}

#[derive(Clone, Deserialize)]
struct LimitCase {
    id: String,
    describe: String,
    model: Value,
    expect: Vec<Expected>,
}

#[derive(Clone, Deserialize)]
struct Expected {
    quantity: String,
    value: Value,
    tol: Value,
}

/// Returns the cases of this file.
pub(super) fn cases() -> Vec<Said> {
    let area: Area = serde_json::from_str(CASES).expect("the file is part of the program and tested");
    let known = |case: LimitCase| {
        let said = scenario(&case).unwrap_or_else(|| case.describe.clone());
        Said { id: case.id.clone(), said, check: Box::new(move || check(&case)) }
    };
    let here = |case: &LimitCase| case.id.split('/').nth(1).is_some_and(|kind| KINDS.contains(&kind));
    area.cases.into_iter().filter(here).map(known).collect()
}

fn check(case: &LimitCase) -> Result<Vec<Judged>, String> {
    if let Some(text) = scenario(case) {
        let counts = counted(&case.id, &text)?;
        return case.expect.iter().map(|expected| mean(case, expected, &counts)).collect();
    }
    let kind = case.id.split('/').nth(1).unwrap_or("");
    case.expect
        .iter()
        .map(|expected| match kind {
            "gcra" => gcra(case, expected),
            "leaky" => leaky(case, expected),
            "token-bucket" => token_bucket(case, expected),
            "window" => window(case, expected),
            "sre-throttle" => throttle(case, expected),
            other => Err(format!("no such system: {other}")),
        })
        .collect()
}

impl LimitCase {
    fn number(&self, name: &str) -> Result<f64, String> {
        self.model.get(name).and_then(Value::as_f64).ok_or_else(|| format!("the model gives no `{name}`"))
    }

    fn pairs(&self, name: &str) -> Result<Vec<(SimTime, u64)>, String> {
        let pairs = self.model.get(name).and_then(Value::as_array).ok_or("the model gives no requests")?;
        Ok(pairs
            .iter()
            .map(|pair| (at(pair[0].as_f64().unwrap_or(0.0)), pair[1].as_u64().unwrap_or(0)))
            .collect())
    }

    fn times(&self) -> Result<Vec<SimTime>, String> {
        let times = self.model.get("times").and_then(Value::as_array).ok_or("the model gives no times")?;
        Ok(times.iter().map(|time| at(time.as_f64().unwrap_or(0.0))).collect())
    }
}

impl Expected {
    fn flags(&self) -> Vec<bool> {
        self.value.as_array().map_or(Vec::new(), |all| all.iter().filter_map(Value::as_bool).collect())
    }

    fn numbers(&self) -> Vec<f64> {
        self.value.as_array().map_or(Vec::new(), |all| all.iter().filter_map(Value::as_f64).collect())
    }

    fn number(&self) -> f64 {
        self.value.as_f64().unwrap_or(f64::NAN)
    }

    /// How far away is near enough.
    fn tolerance(&self) -> f64 {
        let of = |name: &str| self.tol.get(name).and_then(Value::as_f64);
        f64::max(of("abs").unwrap_or(0.0), of("rel").unwrap_or(0.0) * self.number().abs())
    }
}

fn at(seconds: f64) -> SimTime {
    SimTime::from_nanos((seconds * 1e9).round() as u64)
}

fn unknown(expected: &Expected) -> Result<Judged, String> {
    Err(format!("no such quantity: {}", expected.quantity))
}

/// What becomes of calls at these instants: whether each is admitted, with a scripted caller and callee.
pub(super) fn admitted(calls: &[(SimTime, u32)], limiter: Limiter) -> Vec<bool> {
    statuses(calls, limiter).into_iter().map(|(status, _)| status == Status::Ok).collect()
}

/// How calls of these addresses end, and how long that takes \[ms\].
pub(super) fn statuses(calls: &[(SimTime, u32)], limiter: Limiter) -> Vec<(Status, f64)> {
    let asks: Vec<Asks> = calls
        .iter()
        .map(|(at, address)| {
            let of = Attributes { address: *address, ..Attributes::default() };
            Asks::at(*at - SimTime::ZERO).with(of)
        })
        .collect();
    let driven = drive(&asks, &[(SimDuration::ZERO, Status::Ok)], |world| RateLimit::local(world, limiter));
    let mut ends = vec![(Status::Lost, f64::NAN); calls.len()];
    for line in &driven.log {
        let words: Vec<&str> = line.split(' ').collect();
        if let [time, "answer", call, status] = words[..]
            && let (Ok(time), Ok(call)) = (time.parse::<f64>(), call.parse::<usize>())
        {
            let status = if status == "ok" { Status::Ok } else { Status::Limited };
            ends[call] = (status, time - calls[call].0.as_secs_f64() * 1e3);
        }
    }
    ends
}

fn alone(times: &[SimTime], limit: Limit) -> Vec<bool> {
    let calls: Vec<(SimTime, u32)> = times.iter().map(|at| (*at, 0)).collect();
    admitted(&calls, Limiter::new(limit, Per::All, 1))
}

fn gcra(case: &LimitCase, expected: &Expected) -> Result<Judged, String> {
    let burst = case.number("limit")? as u64 - 1;
    let mut gcra = Gcra::new(1.0 / case.number("emission_interval")?, burst);
    let (mut limited, mut remaining, mut reset, mut retry) = (vec![], vec![], vec![], vec![]);
    for (now, volume) in case.pairs("requests_time_volume")? {
        let decision = gcra.take(now, volume);
        let state = gcra.state(now);
        limited.push(!decision.admits());
        remaining.push(state.remaining as f64);
        reset.push(state.full_after.as_secs_f64());
        retry.push(match decision {
            kneepoint_components::limits::Decision::Refuse(Some(after)) => after.as_secs_f64(),
            _ => -1.0,
        });
    }
    Ok(match expected.quantity.as_str() {
        "limited" => sequence("limited", &expected.flags(), &limited),
        "remaining" => numbers("remaining", &expected.numbers(), &remaining, 0.0),
        "reset_after_s" => numbers("reset_after_s", &expected.numbers(), &reset, expected.tolerance()),
        "retry_after_s" => numbers("retry_after_s", &expected.numbers(), &retry, expected.tolerance()),
        _ => return unknown(expected),
    })
}

fn leaky(case: &LimitCase, expected: &Expected) -> Result<Judged, String> {
    let burst = case.number("burst")? as u64;
    let limit = Limit::LeakyBucket(LeakyBucket::new(case.number("rate")?, burst, burst));
    Ok(sequence(&expected.quantity, &expected.flags(), &alone(&case.times()?, limit)))
}

fn token_bucket(case: &LimitCase, expected: &Expected) -> Result<Judged, String> {
    let mut bucket = TokenBucket::new(case.number("rate")?, case.number("burst")? as u64);
    if expected.quantity == "admitted_total" {
        let (rate, duration) = (case.number("offered_rate")?, case.number("duration")?);
        let times: Vec<SimTime> = (0..(rate * duration) as u64).map(|call| at(call as f64 / rate)).collect();
        let admitted = alone(&times, Limit::TokenBucket(bucket));
        let total = admitted.into_iter().filter(|admitted| *admitted).count();
        return Ok(number("admitted_total", expected.number(), total as f64, expected.tolerance()));
    }
    let (mut before, mut admitted) = (Vec::new(), Vec::new());
    for (now, tokens) in case.pairs("requests_time_tokens")? {
        before.push(bucket.tokens_at(now));
        admitted.push(bucket.take(now, tokens).admits());
    }
    Ok(match expected.quantity.as_str() {
        "tokens_before_each" => {
            numbers("tokens_before_each", &expected.numbers(), &before, expected.tolerance().max(1e-9))
        }
        "admitted" => sequence("admitted", &expected.flags(), &admitted),
        _ => return unknown(expected),
    })
}

/// Parts of a second in which windows are counted here. The times of the cases are doubles whose last bits decide: at
/// 1.9 a call of 0.9 has not quite left a window of 1, and in whole nanoseconds it has.
const PARTS: f64 = (1u64 << 53) as f64;

fn window(case: &LimitCase, expected: &Expected) -> Result<Judged, String> {
    let limit = case.number("limit")? as u64;
    let parts = |seconds: f64| (seconds * PARTS).round() as u64;
    let window = SimDuration::from_nanos(parts(case.number("window")?));
    let fixed = || Limit::FixedWindow(FixedWindow::new(limit, window));
    let log = || Limit::SlidingLog(SlidingLog::new(limit, window));
    let counter = || Limit::SlidingCounter(SlidingCounter::new(limit, window, Counted::Admitted));
    let flags = |mut limit: Limit| {
        let times = case.model.get("times").and_then(Value::as_array).ok_or("the model gives no times")?;
        let admits =
            |time: &Value| limit.decide(SimTime::from_nanos(parts(time.as_f64().unwrap_or(0.0)))).admits();
        let seen: Vec<bool> = times.iter().map(admits).collect();
        Ok(sequence(&expected.quantity, &expected.flags(), &seen))
    };
    match expected.quantity.as_str() {
        "fixed_window" => flags(fixed()),
        "sliding_log" => flags(log()),
        "sliding_counter" => flags(counter()),
        "max_in_any_window_fixed" => Ok(most(expected, limit, window, fixed())),
        "max_in_any_window_sliding_log" => Ok(most(expected, limit, window, log())),
        _ => unknown(expected),
    }
}

/// The most that pass within one length of a window, of bursts on both sides of where two windows meet.
fn most(expected: &Expected, limit: u64, window: SimDuration, mut of: Limit) -> Judged {
    let length = window.as_nanos();
    let burst = |from: u64| (0..2 * limit).map(move |call| from + call);
    let passed: Vec<u64> = burst(length / 10 * 9)
        .chain(burst(length / 10 * 11))
        .filter(|at| of.decide(SimTime::from_nanos(*at)).admits())
        .collect();
    let within = |from: &u64| passed.iter().filter(|at| (*from..from + length).contains(at)).count();
    let most = passed.iter().map(within).max().unwrap_or(0);
    number(&expected.quantity, expected.number(), most as f64, 0.0)
}

fn throttle(case: &LimitCase, expected: &Expected) -> Result<Judged, String> {
    let mut acceptance = Acceptance::new(case.number("K")?, SimDuration::from_secs(120));
    (0..case.number("requests")? as u64).for_each(|_| acceptance.asked(SimTime::ZERO));
    (0..case.number("accepts")? as u64).for_each(|_| acceptance.accepted(SimTime::ZERO));
    let chance = acceptance.refusal_chance(SimTime::ZERO);
    Ok(number(&expected.quantity, expected.number(), chance, expected.tolerance()))
}

/// Measured length of a scenario, and what is left out before \[s\].
const SECONDS: u64 = 600;

/// The scenario of a case that is about means.
fn scenario(case: &LimitCase) -> Option<String> {
    let parts = if case.id.starts_with("res/bulkhead/") {
        format!(
            "\"callers\": OpenClient(to: \"back\", rate: \"{}/s\", arrivals: Constant),
        \"back\": Delay(\"{}s\"),
    }},
    edges: {{ \"callers -> back\": (via: [Bulkhead({})])",
            case.number("offered").ok()?,
            case.number("latency").ok()?,
            case.number("limit").ok()?
        )
    } else if case.id.starts_with("res/sre-throttle/fixed-point") {
        format!(
            "\"callers\": OpenClient(to: \"back\", rate: \"{}/s\"),
        \"back\": Service(concurrency: Unlimited, does: Delay(\"0s\"), via: [RateLimit(TokenBucket(rate: \"{}/s\", burst: 10))]),
    }},
    edges: {{ \"callers -> back\": (via: [Throttle(factor: {:?}, window: \"2min\")])",
            case.number("offered").ok()?,
            case.number("capacity").ok()?,
            case.number("K").ok()?
        )
    } else {
        return None;
    };
    Some(format!(
        "(
    format: 1,
    title: \"{}\",
    run: (duration: \"{}s\", warm_up: \"{SECONDS}s\", replications: 1),
    parts: {{
        {parts} }},
)",
        case.id,
        2 * SECONDS
    ))
}

/// What was counted after the warm-up, by name of the series; and the time a call spends inside \[s\].
struct Counts {
    middle: Vec<(String, u64)>,
    inside: f64,
    requests: u64,
    rejected: u64,
}

fn counted(id: &str, text: &str) -> Result<Counts, String> {
    let plan = Scenario::from_text(id, text, None)
        .and_then(|scenario| scenario.check(&Registry::core(), &Overrides::default()))
        .and_then(|checked| kneepoint_scenario::plan(&checked))
        .map_err(|faults| format!("the scenario is at fault: {faults}"))?;
    let mut sim = (plan.build)(1, 0);
    sim.run_until(at(SECONDS as f64)).map_err(|stop| stop.to_string())?;
    sim.reset_statistics();
    sim.run_until(plan.end()).map_err(|stop| stop.to_string())?;
    let client = plan.part("callers").and_then(|part| part.instances.first()).ok_or("there are callers")?;
    let count = |name: &str| sim.count(*client, name).unwrap_or(0);
    let instances = plan.middles.iter().flat_map(|middle| &middle.instances);
    let middle: Vec<(String, u64)> = instances
        .clone()
        .flat_map(|id| sim.counts(*id))
        .map(|(name, count)| (name.to_string(), *count))
        .collect();
    let now = plan.end().as_nanos();
    let inside = instances.filter_map(|id| sim.level(*id, "inside")).map(|level| level.mean(now)).sum();
    Ok(Counts {
        middle,
        inside,
        requests: count("requests:default"),
        rejected: count("ended:default:rejected"),
    })
}

fn mean(_: &LimitCase, expected: &Expected, counts: &Counts) -> Result<Judged, String> {
    let count = |name: &str| {
        counts.middle.iter().filter(|(known, _)| known == name).map(|(_, count)| *count as f64).sum::<f64>()
    };
    let seconds = SECONDS as f64;
    let value = match expected.quantity.as_str() {
        "throughput" => count("admitted") / seconds,
        "reject_fraction" => counts.rejected as f64 / counts.requests as f64,
        "mean_in_flight" => counts.inside,
        "rate_reaching_backend" => count("sent") / seconds,
        "local_reject_probability" => count("refused") / (count("refused") + count("sent")),
        _ => return unknown(expected),
    };
    Ok(number(&expected.quantity, expected.number(), value, expected.tolerance()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_agrees() {
        let cases = cases();
        assert_eq!(cases.len(), 13);
        for case in cases {
            for judged in (case.check)().unwrap() {
                assert!(matches!(judged.measured, Ok((_, true))), "{}: {judged:?}", case.id);
            }
        }
    }
}
