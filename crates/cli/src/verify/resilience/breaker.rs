//! Breakers of products, replayed call by call.

use kneepoint_components::resilience::{
    Admission, Backoff, Circuit, Outcome, Probing, Rules, Share, Span, State, Trip, Watch,
};
use kneepoint_engine::{SimDuration, SimTime};
use serde_json::{Value, json};

use super::super::known::{Bench, Found, Known};

fn seconds(length: f64) -> SimDuration {
    SimDuration::from_nanos_f64(length * 1e9)
}

fn at(second: f64) -> SimTime {
    SimTime::ZERO + seconds(second)
}

/// Ten seconds in ten buckets, as Hystrix and opossum keep them.
const TEN_SECONDS: Span = Span::Time { length: SimDuration::from_secs(10), buckets: 10 };

/// A call comes and ends at once; returns where the circuit stands then.
fn call(circuit: &mut Circuit, outcome: Outcome, took: f64, now: SimTime) -> State {
    if let (Admission::Pass(stretch) | Admission::Probe(stretch), _) = circuit.admit(now) {
        circuit.answered(stretch, outcome, seconds(took), now);
    }
    circuit.state()
}

fn outcome(text: &Value) -> Outcome {
    match text.as_str() {
        Some("e" | "fail") => Outcome::Failure,
        _ => Outcome::Good,
    }
}

fn name(state: State) -> &'static str {
    match state {
        State::Closed => "CLOSED",
        State::Open => "OPEN",
        State::HalfOpen => "HALF_OPEN",
    }
}

pub(super) fn envoy(case: &Known, _: &Bench) -> Result<Found, String> {
    if let Ok(nth) = case.list("nth_ejection") {
        let times =
            Backoff::Linear { base: seconds(case.number("base_s")?), cap: seconds(case.number("max_s")?) };
        let nth = nth.iter().filter_map(Value::as_u64);
        let times: Vec<f64> = nth.map(|n| times.wait(n as u32).as_secs_f64()).collect();
        return Ok(Found::from([("ejection_s", json!(times).into())]));
    }
    let failures = case.number("consecutive_5xx")? as u32;
    let trip = Trip::Count { failures, success_resets: true };
    let mut circuit = Circuit::new(Rules::new(vec![trip], seconds(30.0)));
    let opened = case
        .list("outcomes")?
        .iter()
        .position(|one| call(&mut circuit, outcome(one), 0.0, at(0.0)) == State::Open);
    Ok(Found::from([("ejected_after_outcome_index", json!(opened).into())]))
}

pub(super) fn hystrix(case: &Known, _: &Bench) -> Result<Found, String> {
    let bound = case.number("error_threshold_pct")? / 100.0;
    let share = Share::reaching(bound, TEN_SECONDS, case.number("request_volume_threshold")? as u32);
    let mut circuit = Circuit::new(Rules::new(vec![Trip::Rate(share)], seconds(5.0)));
    if let (Ok(calls), Ok(errors)) = (case.number("calls"), case.number("errors")) {
        for number in 0..calls as u32 {
            let bad = f64::from(number) >= calls - errors;
            call(&mut circuit, if bad { Outcome::Failure } else { Outcome::Good }, 0.0, at(0.0));
        }
        return Ok(Found::from([("opens", json!(circuit.state() == State::Open).into())]));
    }
    for _ in 0..19 {
        call(&mut circuit, Outcome::Failure, 0.0, at(0.0));
    }
    let before = circuit.state() == State::Open;
    let after = call(&mut circuit, Outcome::Failure, 0.0, at(0.0)) == State::Open;
    Ok(Found::from([
        ("open_after_19_failures", json!(before).into()),
        ("open_after_20_failures", json!(after).into()),
    ]))
}

/// opossum's rule: above the threshold, of all calls that came, looked at after failures.
fn opossums(bound: f64, volume: u32) -> Circuit {
    let share = Share {
        strict: true,
        of_asked: true,
        at_failures: true,
        ..Share::reaching(bound, TEN_SECONDS, volume)
    };
    Circuit::new(Rules { starts_anew: false, ..Rules::new(vec![Trip::Rate(share)], seconds(30.0)) })
}

pub(super) fn opossum(case: &Known, _: &Bench) -> Result<Found, String> {
    let volume = case.number("volume_threshold")? as u32;
    let mut circuit = opossums(case.number("error_threshold_pct")? / 100.0, volume);
    let calls = case.list("calls")?.iter();
    let open: Vec<bool> =
        calls.map(|one| call(&mut circuit, outcome(one), 0.0, at(0.0)) == State::Open).collect();
    Ok(Found::from([("open_after_each", json!(open).into())]))
}

pub(super) fn strict(case: &Known, _: &Bench) -> Result<Found, String> {
    let bound = case.number("threshold_pct")? / 100.0;
    let (calls, failures) = (case.number("calls")?, case.number("failures")?);
    let reaching = Share::reaching(bound, Span::Calls(calls as u32), calls as u32);
    let plain = Circuit::new(Rules::new(vec![Trip::Rate(reaching)], seconds(60.0)));
    let opens = |mut circuit: Circuit| {
        for number in 0..calls as u32 {
            let bad = f64::from(number) >= calls - failures;
            call(&mut circuit, if bad { Outcome::Failure } else { Outcome::Good }, 0.0, at(0.0));
        }
        circuit.state() == State::Open
    };
    Ok(Found::from([
        ("opossum_opens", json!(opens(opossums(bound, 0))).into()),
        ("resilience4j_opens", json!(opens(plain)).into()),
    ]))
}

/// The share of failures in percent as resilience4j says it: -1 while too few calls are known.
fn percent(watch: &mut Watch, now: SimTime) -> f64 {
    watch.share(now).map_or(-1.0, |share| share * 100.0)
}

pub(super) fn window(case: &Known, _: &Bench) -> Result<Found, String> {
    let bound = case.number("failure_rate_threshold_pct")? / 100.0;
    let least = case.number("minimum_calls")? as u32;
    let mut watch = Watch::new(Trip::Rate(Share::reaching(bound, Span::Calls(10), least)));
    let mut found = Found::new();
    let feed = |good: bool, times: u32, watch: &mut Watch| {
        let outcome = if good { Outcome::Good } else { Outcome::Failure };
        for _ in 0..times {
            watch.answered(outcome, SimDuration::ZERO, at(0.0));
        }
    };
    // What is refused in between is not answered, so that the window never hears of it.
    feed(true, 2, &mut watch);
    feed(false, 2, &mut watch);
    found.insert("failure_rate_after_4", json!(percent(&mut watch, at(0.0))).into());
    feed(false, 4, &mut watch);
    feed(true, 4, &mut watch);
    found.insert("failure_rate_after_12", json!(percent(&mut watch, at(0.0))).into());
    let failed = watch.bad(at(0.0));
    found.insert("failed_in_window_after_12", json!(failed).into());
    found.insert("ok_in_window_after_12", json!(10 - failed).into());
    feed(true, 3, &mut watch);
    found.insert("failure_rate_after_15", json!(percent(&mut watch, at(0.0))).into());
    Ok(found)
}

/// The breaker that the cases of resilience4j configure.
fn configured(case: &Known) -> Result<Circuit, String> {
    let least = case.number("minimum_calls")? as u32;
    let span = Span::Time { length: seconds(20.0), buckets: 20 };
    let share = |field: &str| Ok::<_, String>(Share::reaching(case.number(field)? / 100.0, span, least));
    let slower = seconds(case.number("slow_call_duration_s")?);
    let trips = vec![
        Trip::Rate(share("failure_rate_threshold_pct")?),
        Trip::SlowCalls { slower, share: share("slow_call_rate_threshold_pct")? },
    ];
    Ok(Circuit::new(Rules {
        probes: case.number("half_open_permitted_calls")? as u32,
        probing: Probing::Together,
        probe_for: seconds(case.number("max_wait_half_open_s")?),
        ..Rules::new(trips, seconds(case.number("wait_open_s")?))
    }))
}

pub(super) fn half_open(case: &Known, _: &Bench) -> Result<Found, String> {
    let mut circuit = configured(case)?;
    let opened = at(case.number("opened_at")?);
    for _ in 0..5 {
        call(&mut circuit, Outcome::Failure, 0.0, opened);
    }
    let (mut permitted, mut states) = (Vec::new(), Vec::new());
    for second in case.list("attempts")?.iter().filter_map(Value::as_f64) {
        permitted.push(circuit.admit(opened + seconds(second)).0 != Admission::Refuse);
        states.push(name(circuit.state()));
    }
    Ok(Found::from([("permitted", json!(permitted).into()), ("state_after", json!(states).into())]))
}

pub(super) fn resilience4j(case: &Known, _: &Bench) -> Result<Found, String> {
    let mut circuit = configured(case)?;
    let calls: Vec<(f64, Outcome)> = match case.list("calls") {
        Ok(calls) => calls.iter().map(|one| (0.0, outcome(one))).collect(),
        Err(_) => {
            let timed = case.list("calls_duration_outcome")?.iter();
            timed.map(|one| (one[0].as_f64().unwrap_or(0.0), outcome(&one[1]))).collect()
        }
    };
    let (mut states, mut rates) = (Vec::new(), Vec::new());
    for (took, outcome) in calls {
        states.push(name(call(&mut circuit, outcome, took, at(0.0))));
        rates.push(percent(&mut circuit.watches()[0], at(0.0)));
    }
    let slow = circuit.watches()[1].bad(at(0.0));
    let slow_rate = percent(&mut circuit.watches()[1], at(0.0));
    let refused = circuit.admit(at(0.0)).0 == Admission::Refuse;
    Ok(Found::from([
        ("state_after_each", json!(states).into()),
        ("failure_rate_after_each", json!(rates).into()),
        ("permitted_after", json!(!refused).into()),
        ("rejected_calls_after_one_attempt", json!(u8::from(refused)).into()),
        ("slow_calls", json!(slow).into()),
        ("slow_call_rate_pct", json!(slow_rate).into()),
    ]))
}
