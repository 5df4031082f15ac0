//! Retries: their waits, their budgets, and how many tries they come to.

use kneepoint_calls::{Phase, Status};
use kneepoint_components::resilience::{Backoff, Budget, Jitter, Waits};
use kneepoint_engine::{SimDuration, SimTime};
use kneepoint_random::Stream;
use serde_json::{Value, json};

use super::super::judge::Measured;
use super::super::known::{Answer, Bench, Found, Known};

/// Replications of a simulated case.
const TIMES: u32 = 10;

fn millis(length: f64) -> SimDuration {
    SimDuration::from_nanos_f64(length * 1e6)
}

fn exponential(case: &Known) -> Result<Backoff, String> {
    let factor = case.number("factor").unwrap_or(2.0);
    let (base, cap) = (millis(case.number("base_ms")?), millis(case.number("cap_ms")?));
    Ok(Backoff::Exponential { base, factor, cap })
}

pub(super) fn waits(case: &Known, _: &Bench) -> Result<Found, String> {
    let backoff = exponential(case)?;
    let waits: Vec<f64> = (1..=13).map(|n| backoff.wait(n).as_secs_f64() * 1e3).collect();
    let total: f64 = waits.iter().sum();
    Ok(Found::from([("delays_ms", json!(waits).into()), ("total_ms", json!(total).into())]))
}

pub(super) fn jitter(case: &Known, bench: &Bench) -> Result<Found, String> {
    let (backoff, retry) = (exponential(case)?, case.number("retry")? as u32);
    let mut chance = Stream::from_key(20_150_304);
    let draws = bench.size(4_000_000.0) as usize;
    let mut of = |jitter| -> Vec<f64> {
        let waits = Waits::Planned { backoff, jitter };
        (0..draws).map(|_| waits.wait(retry, SimDuration::ZERO, &mut chance).as_secs_f64() * 1e3).collect()
    };
    let (full, equal) = (of(Jitter::Full), of(Jitter::Equal));
    let mean = |all: &[f64]| Measured::new(all.iter().sum::<f64>() / all.len() as f64, all);
    let full_mean = mean(&full);
    let deviation = full_mean.error * (draws as f64).sqrt();
    // Of a uniform law the standard deviation of n draws has a relative error of sqrt((9/5 - 1) / 4 / n).
    let error = deviation * (0.2 / draws as f64).sqrt();
    let least = equal.iter().copied().fold(f64::INFINITY, f64::min);
    Ok(Found::from([
        ("full_mean_ms", Answer::Number(full_mean)),
        ("full_stddev_ms", Answer::Number(Measured { value: deviation, error })),
        ("equal_mean_ms", Answer::Number(mean(&equal))),
        ("equal_min_ms", Answer::formula(least)),
    ]))
}

pub(super) fn grpc(case: &Known, _: &Bench) -> Result<Found, String> {
    let mut budget = Budget::half_full(case.number("token_ratio")?, case.number("max_tokens")?);
    let (mut tokens, mut allowed) = (Vec::new(), Vec::new());
    for event in case.list("events_f_fail_s_success")?.iter().filter_map(Value::as_str) {
        if event == "f" {
            budget.failure()
        } else {
            budget.success()
        }
        tokens.push(budget.left());
        allowed.push(budget.take(SimTime::ZERO));
    }
    Ok(Found::from([("tokens", json!(tokens).into()), ("retry_allowed", json!(allowed).into())]))
}

/// Clients that call `db`, which fails so often, through this.
fn failing(case: &Known, bench: &Bench, requests: f64, fail: f64, via: &str) -> String {
    let duration = requests / 1_000.0 / f64::from(TIMES);
    bench.scenario(
        &case.id,
        (duration, 0.0, TIMES),
        &format!(
            "    parts: {{\n        \"users\": OpenClient(to: \"db\", rate: \"1000/s\"),\n        \"db\": \
             Service(instances: 2, concurrency: Unlimited, does: Fail({fail})),\n    }},\n    edges: {{ \"users -> \
             db\": (via: [{via}]) }},"
        ),
    )
}

fn bad(status: Status) -> bool {
    !status.is_good()
}

pub(super) fn budget(case: &Known, bench: &Bench) -> Result<Found, String> {
    let via = format!("Retry(retries: 3, budget: Ratio({}))", case.number("budget")?);
    let ran = bench.run(&failing(case, bench, bench.size(1e6), case.number("p_fail")?, &via))?;
    let load = ran.mean(|seen| seen.calls_all("db") / seen.calls_of("Retry"));
    Ok(Found::from([("load_multiplier", load)]))
}

pub(super) fn geometric(case: &Known, bench: &Bench) -> Result<Found, String> {
    let via = format!("Retry({})", case.number("max_retries")?);
    let ran = bench.run(&failing(case, bench, bench.size(4e6), case.number("p_fail")?, &via))?;
    Ok(Found::from([
        ("mean_attempts", ran.mean(|seen| seen.calls_all("db") / seen.calls_of("Retry"))),
        ("final_failure_probability", ran.mean(|seen| seen.share("users", bad))),
    ]))
}

pub(super) fn replica(case: &Known, bench: &Bench) -> Result<Found, String> {
    let via = format!("Retry({})", case.number("max_retries")?);
    let ran = bench.run(&failing(case, bench, bench.size(2e6), case.number("p_unhealthy")?, &via))?;
    Ok(Found::from([
        ("mean_attempts", ran.mean(|seen| seen.calls_all("db") / seen.calls_of("Retry"))),
        ("success_probability", ran.mean(|seen| seen.share("users", Status::is_good))),
    ]))
}

/// Layers that each call the next through retries; the last fails so often.
fn stack(case: &Known, bench: &Bench, layers: u32, retries: f64, fail: f64, users: &str) -> String {
    let mut parts = vec![format!("\"users\": {users}")];
    let mut edges = Vec::new();
    for layer in 1..=layers {
        let does =
            if layer == layers { format!("Fail({fail})") } else { format!("Call(\"l{}\")", layer + 1) };
        parts.push(format!("\"l{layer}\": Service(concurrency: Unlimited, does: {does})"));
        edges.push(format!("\"* -> l{layer}\": (via: [Retry({retries})])"));
    }
    bench.scenario(
        &case.id,
        (bench.size(100.0), 0.0, TIMES),
        &format!(
            "    parts: {{\n        {},\n    }},\n    edges: {{\n        {},\n    }},",
            parts.join(",\n        "),
            edges.join(",\n        ")
        ),
    )
}

pub(super) fn layers(case: &Known, bench: &Bench) -> Result<Found, String> {
    let layers = case.number("layers")? as u32;
    let users = "ClosedClient(to: \"l1\", users: 1, think: \"1s\")";
    let text = stack(case, bench, layers, case.number("attempts_per_layer")? - 1.0, 1.0, users);
    let ran = bench.run(&text)?;
    let seen = ran.first();
    // Every layer takes no time: an action is over before the next begins.
    let actions = seen.calls("l1") / case.number("attempts_per_layer")?;
    Ok(Found::from([("bottom_calls", json!(seen.calls(&format!("l{layers}")) / actions).into())]))
}

pub(super) fn nested(case: &Known, bench: &Bench) -> Result<Found, String> {
    let layers = case.number("layers")? as u32;
    let users = "OpenClient(to: \"l1\", rate: \"1000/s\", arrivals: Constant)";
    let text = stack(case, bench, layers, case.number("max_retries")?, case.number("p_fail")?, users);
    let ran = bench.run(&text)?;
    let bottom = format!("l{layers}");
    // Nearly no action fails, so that nearly every one comes to the top layer once.
    let per_action = ran.mean(|seen| seen.calls(&bottom) / seen.calls("l1"));
    Ok(Found::from([
        ("mean_bottom_calls_per_user_action", per_action),
        ("user_failure_probability", ran.mean(|seen| seen.share("users", bad))),
    ]))
}

/// The queue whose customers come back after an exponential time.
pub(super) fn retrial(case: &Known, bench: &Bench) -> Result<Found, String> {
    let (arrivals, service, again) =
        (case.number("arrival_rate")?, case.number("service_rate")?, case.number("retry_rate")?);
    let duration = bench.size(3e6) / arrivals / f64::from(TIMES);
    let text = bench.scenario(
        &case.id,
        (duration * 1.05, duration * 0.05, TIMES),
        &format!(
            "    parts: {{\n        \"users\": OpenClient(to: \"desk\", rate: \"{arrivals}/s\"),\n        \"desk\": \
             Service(concurrency: Servers(1), queue: 0, does: Compute(Exponential(\"{}s\"))),\n    }},\n    edges: {{ \
             \"users -> desk\": (via: [Retry(retries: 1000, on: [Rejected], backoff: \
             Drawn(Exponential(\"{}s\")))]) }},",
            1.0 / service,
            1.0 / again
        ),
    );
    let ran = bench.run(&text)?;
    Ok(Found::from([
        ("mean_clients_retrying", ran.mean(|seen| seen.time_of("Retry", Phase::Backoff) / duration)),
        ("server_utilization", ran.mean(|seen| seen.level("desk", "busy").0)),
        (
            "mean_time_to_admission",
            ran.mean(|seen| seen.time_of("Retry", Phase::Backoff) / seen.calls_of("Retry")),
        ),
        ("attempt_rate_total", ran.mean(|seen| seen.calls("desk") / duration)),
    ]))
}
