//! How often comparisons are right: many of them, of a station whose answers are known.
//!
//! ```text
//! callers --50/s--> desk (one server, 10 ms or more of exponential work)
//! ```
//! Response times of an M/M/1 are exponential with mean 1 / (service rate - arrival rate): all differences are known.
//! A comparison takes 10 replications of 210 s each, of which 10 s are left out: 10 000 requests a replication.

use std::io::Write;

use kneepoint_experiment::compare::{
    Answer, CompareOptions, Comparison, Design, Finding, compare, compare_records,
};
use kneepoint_experiment::sensitivity::morris;
use kneepoint_experiment::{ExperimentError, Options};
use kneepoint_scenario::plan::Plan;
use kneepoint_scenario::{Overrides, Registry, Scenario, plan};

use super::{Tally, Verify, VerifyError};

pub(super) const AREA: &str = "comparison";

/// Requests a second.
const RATE: f64 = 50.0;
/// Mean work of the first design \[ms\], and of the slower one: 5 % more.
const WORK_MS: [f64; 2] = [10.0, 10.5];

/// A case: its id, and what it finds.
type Case = (&'static str, fn(&Effort) -> Result<Found, String>);

const CASES: [Case; 4] = [
    ("comparison/itself-under-another-seed", itself),
    ("comparison/five-percent-slower", slower),
    ("comparison/coverage-of-differences", coverage),
    ("comparison/morris-by-hand", by_hand),
];

/// How many comparisons, and how often they have to be right.
struct Effort {
    quick: bool,
    threads: usize,
}

struct Found {
    text: String,
    agrees: bool,
}

pub(super) fn verify(what: &Verify, out: &mut dyn Write) -> Result<Tally, VerifyError> {
    let wanted = |id: &str| what.case.as_ref().is_none_or(|part| id.contains(part.as_str()));
    let chosen: Vec<&Case> = CASES.iter().filter(|(id, _)| wanted(id)).collect();
    if chosen.is_empty() {
        return Err(VerifyError::Case { asked: what.case.clone().unwrap_or_default() });
    }
    let effort = Effort { quick: what.quick, threads: what.threads.max(1) };
    let mut tally = Tally::default();
    for (id, case) in chosen {
        if what.print {
            writeln!(out, "// {id}\n{}", scenario(WORK_MS[0]))?;
            continue;
        }
        match case(&effort) {
            Ok(found) => {
                let word = if found.agrees { "ok  " } else { "FAIL" };
                writeln!(out, "{word} {id}: {}", found.text)?;
                if found.agrees { tally.passed += 1 } else { tally.failed += 1 }
            }
            Err(why) => {
                writeln!(out, "FAIL {id}: {why}")?;
                tally.failed += 1;
            }
        }
        out.flush()?;
    }
    if !what.print {
        writeln!(out, "{} passed, {} failed", tally.passed, tally.failed)?;
    }
    Ok(tally)
}

fn scenario(work_ms: f64) -> String {
    format!(
        "(format: 1, title: \"One server\", run: (duration: \"210s\", warm_up: \"10s\", replications: 10), parts: {{
    \"callers\": OpenClient(to: \"desk\", rate: \"{RATE}/s\"),
    \"desk\": Service(concurrency: Servers(1), queue: (max: 100000), does: Compute(Exponential(\"{work_ms}ms\"))),
}})"
    )
}

fn design(name: &str, work_ms: f64, seed: u64) -> Result<Design, String> {
    let mut made: Plan = Scenario::from_text("comparison", &scenario(work_ms), None)
        .and_then(|scenario| scenario.check(&Registry::core(), &Overrides::default()))
        .and_then(|checked| plan(&checked))
        .map_err(|faults| format!("the scenario is at fault: {faults}"))?;
    made.run.seed = seed;
    Ok(Design { name: name.to_string(), plan: made })
}

impl Effort {
    fn compare(&self, first: Design, second: Design) -> Result<Comparison, String> {
        let run = Options { threads: Some(self.threads), ..Options::default() };
        let options = CompareOptions { run, ..CompareOptions::default() };
        compare(&[first, second], &options).map_err(|e: ExperimentError| e.to_string())
    }
}

/// At most 5 in 100 families may be wrong; 93 leaves room for chance.
fn itself(effort: &Effort) -> Result<Found, String> {
    let (trials, least) = if effort.quick { (20, 18) } else { (100, 93) };
    let mut right = 0;
    for trial in 0..trials {
        let (a, b) = (design("a", WORK_MS[0], 2 * trial + 1)?, design("b", WORK_MS[0], 2 * trial + 2)?);
        let comparison = effort.compare(a, b)?;
        let shown = comparison.contrasts[0]
            .metrics
            .iter()
            .any(|m| matches!(m.finding, Finding::Lower | Finding::Higher));
        right += u64::from(!shown && comparison.contrasts[0].answer == Answer::NotShown);
    }
    let text = format!("no difference shown in {right} of {trials} (at least {least})");
    Ok(Found { text, agrees: right >= least })
}

fn slower(effort: &Effort) -> Result<Found, String> {
    let (trials, least) = if effort.quick { (20, 19) } else { (100, 95) };
    let (mut right, mut gain, mut gains) = (0, 0.0, 0.0);
    for seed in 1..=trials {
        let (a, b) = (design("a", WORK_MS[0], seed)?, design("b", WORK_MS[1], seed)?);
        let comparison = effort.compare(a, b)?;
        let p99 = comparison.contrasts[0].metrics.iter().find(|m| m.name == "p99(callers.latency)");
        let p99 = p99.ok_or("p99 is not compared")?;
        right += u64::from(comparison.contrasts[0].answer == Answer::Worse && p99.finding == Finding::Higher);
        if let Some(of_pairs) = p99.gain {
            gain += of_pairs;
            gains += 1.0;
        }
    }
    let text = format!(
        "worse, with a higher p99, in {right} of {trials} (at least {least}); pairs are worth {:.1} times the \
         replications for p99",
        gain / gains
    );
    Ok(Found { text, agrees: right >= least })
}

fn coverage(effort: &Effort) -> Result<Found, String> {
    // 92 to 98 % of 200; of 40 what chance may make of that (four standard errors).
    let (trials, least, most) = if effort.quick { (40, 32, 40) } else { (200, 184, 196) };
    // Of an exponential with mean 1: its mean, median, 99th percentile.
    let metrics: [(&str, f64); 3] = [
        ("mean(callers.latency)", 1.0),
        ("p50(callers.latency)", std::f64::consts::LN_2),
        ("p99(callers.latency)", -libm::log(0.01)),
    ];
    let mean = |work_ms: f64| 1e9 / (1e3 / work_ms - RATE);
    let truth = mean(WORK_MS[1]) - mean(WORK_MS[0]);
    let mut hits = [0; 3];
    for seed in 1..=trials {
        let (a, b) = (design("a", WORK_MS[0], seed)?, design("b", WORK_MS[1], seed)?);
        let records = effort.compare(a, b)?.designs;
        for (hit, (name, times)) in hits.iter_mut().zip(metrics) {
            let only = [name.to_string()];
            let one = compare_records(records.clone(), kneepoint_statistics::Pairing::Paired, 0.95, &only);
            let metric = one.contrasts[0].metrics.first().ok_or("it is not compared")?;
            *hit += u64::from(metric.difference.known().is_some_and(|e| e.contains(truth * times)));
        }
    }
    let each: Vec<String> =
        hits.iter().zip(metrics).map(|(hit, (name, _))| format!("{name} {hit}")).collect();
    let text =
        format!("of {trials} intervals at 95 % hold the truth ({least} to {most}): {}", each.join(", "));
    Ok(Found { text, agrees: hits.iter().all(|hit| (least..=most).contains(hit)) })
}

/// 3 a - 2 b + c (d - 1/2): effects 3, -2, and of c d - 1/2, whose size is 1/2 or 1/6 with equal chance.
fn by_hand(effort: &Effort) -> Result<Found, String> {
    let count: u64 = if effort.quick { 100 } else { 400 };
    let f = |x: &[f64]| 3.0 * x[0] - 2.0 * x[1] + x[2] * (x[3] - 0.5);
    let mut all = vec![Vec::new(); 4];
    for walk in morris::trajectories(&["a", "b", "c", "d"], 4, count, 1) {
        for (pair, &input) in walk.points.windows(2).zip(&walk.changed) {
            all[input].push((f(&pair[1]) - f(&pair[0])) / (pair[1][input] - pair[0][input]));
        }
    }
    let found = morris::effects(&all, 0.95);
    let value = |of: &kneepoint_statistics::Estimated| of.value().unwrap_or(f64::NAN);
    // The sizes of c and d have a standard deviation of 1/6: four standard errors.
    let slack = 4.0 / 6.0 / (count as f64).sqrt();
    let sizes: Vec<f64> = found.iter().map(|e| value(&e.size)).collect();
    let expected = [(3.0, 1e-9), (2.0, 1e-9), (1.0 / 3.0, slack)];
    let near = expected.iter().zip(&sizes).all(|((known, off), size)| (size - known).abs() <= *off);
    let signs = value(&found[0].mean) > 0.0 && value(&found[1].mean) < 0.0;
    let text =
        format!("mean sizes {:.4} (3), {:.4} (2), {:.4} (0.3333 ± {slack:.4})", sizes[0], sizes[1], sizes[2]);
    Ok(Found { text, agrees: near && signs })
}
