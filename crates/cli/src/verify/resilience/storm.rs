//! Overload that keeps itself going, and overload that goes.

use serde_json::json;

use super::super::known::{Answer, Bench, Found, Known};

/// One server whose clients time out and try again at once, started empty and started full of work nobody waits for.
///
/// What finds no place is lost without a word: a fallback at the door sends it to a part that answers when nobody waits
/// any more.
pub(super) fn bistable(case: &Known, bench: &Bench) -> Result<Found, String> {
    let (arrivals, service) = (case.number("arrival_rate")?, case.number("service_rate")?);
    let (capacity, timeout, retries) =
        (case.number("capacity_total")?, case.number("timeout")?, case.number("max_retries")?);
    let text = |full: bool| {
        // As many as there is room for, within a millisecond.
        let stale = if full {
            let rate = capacity * 1_000.0;
            format!(
                "        \"stale\": OpenClient(to: \"server\", arrivals: Constant, rate: Steps({{ \"0s\": \
                 \"{rate}/s\", \"1ms\": \"0/s\" }})),\n"
            )
        } else {
            String::new()
        };
        let stale_edge = if full { "        \"stale -> server\": (via: [Timeout(\"1us\")]),\n" } else { "" };
        bench.scenario(
            &case.id,
            (1_500.0, 500.0, 20),
            &format!(
                "    parts: {{\n        \"users\": OpenClient(to: \"server\", rate: \"{arrivals}/s\"),\n{stale}        \
                 \"server\": Service(\n            concurrency: Servers(1), queue: {}, does: \
                 Compute(Exponential(\"{}s\")),\n            via: [Fallback(to: \"nowhere\", on: [Rejected])],\n        \
                 ),\n        \"nowhere\": Delay(\"{}s\"),\n    }},\n    edges: {{\n        \"users -> server\": (via: \
                 [Retry(retries: {retries}, on: [Timeout]), Timeout(\"{timeout}s\")]),\n{stale_edge}    }},",
                capacity - 1.0,
                1.0 / service,
                timeout * 2.0
            ),
        )
    };
    let mut found = Found::new();
    for (full, goodput, attempts) in [
        (false, "goodput_start_empty", "attempts_per_client_request_start_empty"),
        (true, "goodput_start_full", "attempts_per_client_request_start_full"),
    ] {
        let ran = bench.run(&text(full))?;
        found.insert(goodput, ran.mean(|seen| seen.good("users") / 1_000.0));
        let retry = |seen: &super::super::known::Seen<'_>| {
            1.0 + seen.count_of("Retry", "retries") / seen.calls_of("Retry")
        };
        found.insert(attempts, ran.mean(retry));
    }
    Ok(found)
}

/// The load from which a long enough overload never goes away, and what that looks like.
pub(super) fn threshold(case: &Known, bench: &Bench) -> Result<Found, String> {
    let (capacity, retries, load) =
        (case.number("capacity")?, case.number("retries")?, case.number("lambda")?);
    let text = |rate: f64, from: f64| {
        bench.scenario(
            &case.id,
            (1_000.0, from, 2),
            &format!(
                "    parts: {{\n        \"users\": OpenClient(to: \"server\", rate: \"{rate}/s\"),\n        \"server\": \
                 Service(concurrency: Servers(1), does: Compute(\"{}s\")),\n    }},\n    edges: {{ \"users -> server\": \
                 (via: [Retry({retries}), Timeout(\"1s\")]) }},\n    faults: {{ \"trigger\": Hang(on: \"server\", at: \
                 \"10s\", lasts: \"20s\") }},",
                1.0 / capacity
            ),
        )
    };
    let collapsed = bench.run(&text(load, 500.0))?;
    let share = collapsed.mean(|seen| seen.good("users") / 500.0 / load);
    // In steps of 2 % of what theory says: the least load at which nothing gets through in the end.
    let known = capacity / (1.0 + retries);
    let mut least = f64::NAN;
    for step in 0..=10 {
        let rate = known * (0.9 + 0.02 * f64::from(step));
        let ran = bench.run(&text(rate, 900.0))?;
        if ran.first().good("users") / 100.0 < 0.5 * rate {
            least = rate;
            break;
        }
    }
    let stays = collapsed.first().good("users") / 500.0 < 0.5 * load;
    Ok(Found::from([
        ("self_recovery_threshold", Answer::formula(least)),
        ("collapsed_offered_load", collapsed.mean(|seen| seen.calls("server") / 500.0)),
        ("collapsed_state_persists_after_trigger", json!(stays).into()),
        ("goodput_in_collapse_is_below_fraction_of_lambda", share),
    ]))
}

/// A spike without retries: the backlog grows and drains as a fluid would.
pub(super) fn recovery(case: &Known, bench: &Bench) -> Result<Found, String> {
    let (capacity, base) = (case.number("capacity")?, case.number("base")?);
    let (spike, length) = (case.number("spike")?, case.number("spike_s")?);
    let text = bench.scenario(
        &case.id,
        (200.0, 0.0, 1),
        &format!(
            "    parts: {{\n        \"users\": OpenClient(to: \"server\", arrivals: Constant, rate: Steps({{ \"0s\": \
             \"{base}/s\", \"20s\": \"{spike}/s\", \"{}s\": \"{base}/s\" }})),\n        \"server\": Service(concurrency: \
             Servers(1), does: Compute(\"{}s\")),\n    }},",
            20.0 + length,
            1.0 / capacity
        ),
    );
    let end = 20.0 + length;
    let mut drained = f64::NAN;
    let ran = bench.watch(&text, 0.1, |now, ran| {
        if now > end && drained.is_nan() && ran.first().level("server", "queue").2 == 0.0 {
            drained = now - end;
        }
    })?;
    let seen = ran.first();
    Ok(Found::from([
        ("peak_backlog", Answer::formula(seen.level("server", "queue").1)),
        ("drain_time_s", Answer::formula(drained)),
        ("max_queue_delay_s", Answer::formula(seen.longest("server", "waiting"))),
    ]))
}
