//! Tails: what fan-out makes of them, and what hedges, copies and quorums make of that.

use super::known::{Answer, Area, Bench, Found, Known, Ran, read};

pub(super) const NAME: &str = "tail";

pub(super) const AREA: Area = Area {
    cases: || read(include_str!("../../cases/tail.json")),
    families: &[
        ("tail/fanout-prob", slow_share),
        ("tail/fanout/", fan_out),
        ("tail/good-enough", good_enough),
        ("tail/hedge-fanout", hedged_leaves),
        ("tail/hedge/", hedged),
        ("tail/redundancy-all", redundant_queues),
        ("tail/redundant/", redundant),
        ("tail/serial", serial),
    ],
    said: Vec::new,
    quick: &[
        "tail/fanout-prob/n10-p0.001",
        "tail/fanout/exp10-n10",
        "tail/good-enough/logn05-9of10",
        "tail/hedge/exp10-d23.026",
        "tail/redundancy-all/n2-l0.6",
        "tail/redundant/exp10-r2",
        "tail/serial/3",
    ],
};

/// Replications of a case.
const TIMES: u32 = 20;
/// Requests a second: there is no queue, so that it does not matter.
const RATE: f64 = 1_000.0;

/// How long is waited for the last answers \[s\]: what is cut off is the tail.
const REST: f64 = 60.0;

/// Users that make so many requests in all, and wait for the answers: a run, and the client.
fn users(requests: f64, to: &str) -> ((f64, f64, u32), String) {
    let length = requests / RATE / f64::from(TIMES);
    let rate = format!("Steps({{ \"0s\": \"{RATE}/s\", \"{length}s\": \"0/s\" }})");
    ((length + REST, 0.0, TIMES), format!("\"users\": OpenClient(to: \"{to}\", rate: {rate})"))
}

/// Requests so that this many calls are made, none of them too few for a tail.
fn requests(bench: &Bench, fan_out: f64) -> f64 {
    (bench.size(8e7) / fan_out).clamp(20_000.0, bench.size(4e6).max(20_000.0))
}

/// The law of a leaf as a scenario says it.
fn law(case: &Known) -> Result<String, String> {
    let law = &case.model["latency_ms"];
    let number = |name: &str| law[name].as_f64().ok_or_else(|| format!("the law gives no `{name}`"));
    Ok(match law["law"].as_str() {
        Some("exponential") => format!("Exponential(\"{}ms\")", number("mean")?),
        Some("hyperexponential") => {
            let (p, fast, slow) = (number("p")?, 1.0 / number("rate1")?, 1.0 / number("rate2")?);
            format!(
                "Mixture([(share: {p}, of: Exponential(\"{fast}ms\")), (share: {}, of: Exponential(\"{slow}ms\"))])",
                // As short as the share it is the rest of.
                ((1.0 - p) * 1e9).round() / 1e9
            )
        }
        Some("lognormal") => {
            let (mu, sigma) = (number("mu")?, number("sigma")?);
            let p99 = (mu + 2.326_347_874_040_841 * sigma).exp();
            format!("Lognormal(median: \"{}ms\", p99: \"{p99}ms\")", mu.exp())
        }
        Some("pareto") => format!("Pareto(min: \"{}ms\", alpha: {})", number("xm")?, number("alpha")?),
        _ => return Err("a law that no scenario can say".to_string()),
    })
}

/// Users that ask one leaf through this.
fn leaf(case: &Known, bench: &Bench, requests: f64, law: &str, via: &str) -> String {
    let (run, users) = users(requests, "leaf");
    bench.scenario(
        &case.id,
        run,
        &format!(
            "    parts: {{\n        {users},\n        \"leaf\": \
             Delay({law}),\n    }},\n    edges: {{ \"users -> leaf\": (via: [{via}]) }},"
        ),
    )
}

/// Users that ask a root, which asks many leaves side by side.
fn tree(case: &Known, bench: &Bench, wait: &str, law: &str, via: &str) -> Result<Ran, String> {
    let leaves = case.number("fanout")?;
    let (run, users) = users(requests(bench, leaves), "root");
    bench.run(&bench.scenario(
        &case.id,
        run,
        &format!(
            "    parts: {{\n        {users},\n        \"root\": \
             Service(concurrency: Unlimited, does: Parallel(branches: [Call(\"leaf/*\")], wait: {wait})),\n        \
             \"leaf\": Service(instances: {leaves}, concurrency: Unlimited, does: Delay({law})),\n    }},\n    edges: {{ \
             \"root -> leaf\": (via: [{via}]) }},"
        ),
    ))
}

fn millis(answer: Answer) -> Answer {
    match answer {
        Answer::Number(mut measured) => {
            measured.value *= 1e3;
            measured.error *= 1e3;
            Answer::Number(measured)
        }
        exact => exact,
    }
}

fn slow_share(case: &Known, bench: &Bench) -> Result<Found, String> {
    let slow = case.number("p_slow")?;
    let law = format!("Mixture([(share: {slow}, of: \"2s\"), (share: {}, of: \"10ms\")])", 1.0 - slow);
    let ran = tree(case, bench, "All", &law, "")?;
    Ok(Found::from([("fraction_slow", ran.mean(|seen| seen.slower("users", 1.0)))]))
}

fn fan_out(case: &Known, bench: &Bench) -> Result<Found, String> {
    let ran = tree(case, bench, "All", &law(case)?, "")?;
    let quantile = |q| millis(ran.latency("users", q));
    Ok(Found::from([
        ("mean_fanout_latency", millis(ran.mean(|seen| seen.latency_mean("users")))),
        ("fanout_latency_p50", quantile(0.5)),
        ("fanout_latency_p90", quantile(0.9)),
        ("fanout_latency_p99", quantile(0.99)),
    ]))
}

fn good_enough(case: &Known, bench: &Bench) -> Result<Found, String> {
    let ran = tree(case, bench, &format!("Quorum({})", case.number("needed")?), &law(case)?, "")?;
    Ok(Found::from([
        ("latency_p50", millis(ran.latency("users", 0.5))),
        ("latency_p99", millis(ran.latency("users", 0.99))),
    ]))
}

fn hedged_leaves(case: &Known, bench: &Bench) -> Result<Found, String> {
    let law = law(case)?;
    let plain = tree(case, bench, "All", &law, "")?;
    let via = format!("Hedge(\"{}ms\")", case.number("hedge_delay_ms")?);
    let hedged = tree(case, bench, "All", &law, &via)?;
    let extra = hedged.mean(|seen| seen.count_of("Hedge", "hedges") / seen.calls_of("Hedge"));
    Ok(Found::from([
        ("extra_requests_fraction", extra),
        ("unhedged_fanout_p50", millis(plain.latency("users", 0.5))),
        ("hedged_fanout_p50", millis(hedged.latency("users", 0.5))),
        ("unhedged_fanout_p99", millis(plain.latency("users", 0.99))),
        ("hedged_fanout_p99", millis(hedged.latency("users", 0.99))),
        ("unhedged_fanout_p99.9", millis(plain.latency("users", 0.999))),
        ("hedged_fanout_p99.9", millis(hedged.latency("users", 0.999))),
    ]))
}

fn hedged(case: &Known, bench: &Bench) -> Result<Found, String> {
    let law = law(case)?;
    let requests = bench.size(4e6);
    let plain = bench.run(&leaf(case, bench, requests, &law, ""))?;
    let via = format!("Hedge(\"{}ms\")", case.number("hedge_delay_ms")?);
    let ran = bench.run(&leaf(case, bench, requests, &law, &via))?;
    let extra = ran.mean(|seen| seen.count_of("Hedge", "hedges") / seen.calls_of("Hedge"));
    Ok(Found::from([
        ("extra_requests_fraction", extra),
        ("mean_latency", millis(ran.mean(|seen| seen.latency_mean("users")))),
        ("unhedged_p99.9", millis(plain.latency("users", 0.999))),
        ("hedged_p50", millis(ran.latency("users", 0.5))),
        ("hedged_p95", millis(ran.latency("users", 0.95))),
        ("hedged_p99", millis(ran.latency("users", 0.99))),
        ("hedged_p99.9", millis(ran.latency("users", 0.999))),
    ]))
}

/// Copies sent at once; those that lose run to their end.
fn redundant(case: &Known, bench: &Bench) -> Result<Found, String> {
    let copies = case.number("replicas")?;
    let via = format!("Hedge(after: \"0s\", max: {}, cancel: false)", copies - 1.0);
    let ran = bench.run(&leaf(case, bench, bench.size(4e6), &law(case)?, &via))?;
    let seen = ran.first();
    Ok(Found::from([
        ("latency_p50", millis(ran.latency("users", 0.5))),
        ("latency_p99", millis(ran.latency("users", 0.99))),
        ("latency_p99.9", millis(ran.latency("users", 0.999))),
        ("load_multiplier", serde_json::json!(seen.calls("leaf") / seen.calls_of("Hedge")).into()),
    ]))
}

/// A copy to each of two queues; the loser is cancelled, waiting or served.
fn redundant_queues(case: &Known, bench: &Bench) -> Result<Found, String> {
    let (servers, service) = (case.number("servers")?, case.number("service_rate")?);
    let rate = case.number("arrival_rate")?;
    let duration = bench.size(2e6) / rate / f64::from(TIMES);
    let ran = bench.run(&bench.scenario(
        &case.id,
        (duration * 1.05, duration * 0.05, TIMES),
        &format!(
            "    parts: {{\n        \"users\": OpenClient(to: \"desk\", rate: \"{}/s\"),\n        \"desk\": \
             Service(instances: {servers}, concurrency: Servers(1), does: Compute(Exponential(\"{}s\"))),\n    }},\n    \
             edges: {{ \"users -> desk\": (via: [Hedge(after: \"0s\", max: {})]) }},",
            rate,
            1.0 / service,
            servers - 1.0
        ),
    ))?;
    Ok(Found::from([
        ("mean_sojourn", ran.mean(|seen| seen.latency_mean("users"))),
        ("sojourn_p99", ran.latency("users", 0.99)),
    ]))
}

fn serial(case: &Known, bench: &Bench) -> Result<Found, String> {
    let means = case.list("means_ms")?.iter();
    let steps: Vec<String> = means.map(|mean| format!("Delay(Exponential(\"{mean}ms\"))")).collect();
    let (run, users) = users(bench.size(4e6), "chain");
    let ran = bench.run(&bench.scenario(
        &case.id,
        run,
        &format!(
            "    parts: {{\n        {users},\n        \"chain\": \
             Service(concurrency: Unlimited, does: [{}]),\n    }},",
            steps.join(", ")
        ),
    ))?;
    Ok(Found::from([
        ("mean", millis(ran.mean(|seen| seen.latency_mean("users")))),
        ("p50", millis(ran.latency("users", 0.5))),
        ("p95", millis(ran.latency("users", 0.95))),
        ("p99", millis(ran.latency("users", 0.99))),
        ("p99.9", millis(ran.latency("users", 0.999))),
    ]))
}
