//! Whether the capacity is the closed form's: M/M/1 and M/M/8 with an objective on the mean or on p99.
//!
//! A case is searched once, and must be within 2 % of the exact load in fewer than twenty runs; then again with other
//! seeds, and the interval of 95 % must hold the exact load as often as it claims: the number of searches in which it
//! does, `k` of `n`, is refused if a binomial variable `X` of `n` and 0.95 is so low or so high in less than 1 % of all
//! cases: `P(X <= k) < 0.005` or `P(X >= k) < 0.005`. Of 100 that accepts 89 to 100; of 20 in a quick run, 16 to 20. A
//! search whose interval is open at an end counts as one that does not hold it.
//!
//! A replication measures about 160,000 requests at the capacity, of which 1,600 are beyond a p99. With a quarter
//! of that the intervals of the p99 held the exact load in 90 to 92 %, with half of it in 93 %: what is beyond a p99
//! near saturation comes in few long busy periods, and the spread of few such replications is skewed. With this length
//! it is 92 of 100 for M/M/1, too few to tell it from 95 %.

use std::io::Write;
use std::time::Instant;

use kneepoint_analytic::{Mm1, Mmc};
use kneepoint_experiment::capacity::{CapacityOptions, Loads, capacity};
use kneepoint_scenario::{Checked, Overrides, Registry, Scenario};
use kneepoint_statistics::binomial_cdf;

use super::coverage::quantile;
use super::{Tally, Verify, VerifyError};

pub(super) const AREA: &str = "capacity";

/// How near the capacity must be to the exact one.
const NEAR: f64 = 0.02;

/// Runs that a search must stay below.
const RUNS: u32 = 20;

/// Searches with other seeds, for the coverage of the interval.
const SEARCHES: u64 = 100;

/// The same in a quick run.
const QUICK_SEARCHES: u64 = 20;

/// What an interval claims.
const CLAIMED: f64 = 0.95;

/// Probability of each side that refuses an interval which holds what it claims.
///
/// # Source
/// Exact two-sided test of a proportion: Clopper and Pearson, "The use of confidence or fiducial limits illustrated in
/// the case of the binomial", Biometrika 26, 1934. Chosen: 1 % on both sides, for four cases of fixed seeds.
const TAIL: f64 = 0.005;

/// Length of a run on one server \[s\].
///
/// # Source
/// Chosen: long enough for intervals that hold what they claim, and for ten minutes of the area on two cores.
const SECONDS: f64 = 2400.0;

/// The same in a quick run, which shows that it works and no more.
const QUICK_SECONDS: f64 = 600.0;

/// Whether `held` of `searches` is as much as what is claimed may give.
fn covers(held: u64, searches: u64) -> bool {
    let so_low = binomial_cdf(held, searches, CLAIMED);
    let so_high = 1.0 - if held == 0 { 0.0 } else { binomial_cdf(held - 1, searches, CLAIMED) };
    so_low >= TAIL && so_high >= TAIL
}

struct Case {
    servers: u32,
    /// The objective is on this percentile; on the mean without it.
    percentile: Option<u32>,
    /// Bound of it \[ms\].
    bound_ms: f64,
}

impl Case {
    fn name(&self) -> String {
        let what = self.percentile.map_or_else(|| "mean".to_string(), |p| format!("p{p}"));
        format!("capacity/mm{}/{what}", self.servers)
    }

    fn scenario(&self, quick: bool) -> String {
        let what = self.percentile.map_or_else(|| "mean".to_string(), |p| format!("p{p}"));
        // As many requests on one server as on eight.
        let seconds = if quick { QUICK_SECONDS } else { SECONDS };
        let seconds = seconds / f64::from(self.servers);
        format!(
            "(\n    format: 1,\n    title: \"{}\",\n    run: (duration: \"{}s\", warm_up: \"{}s\", replications: 10),\n    \
             parts: {{\n        \"callers\": OpenClient(to: \"desk\", rate: \"{}/s\"),\n        \"desk\": \
             Service(concurrency: Servers({}), does: Compute(Exponential(\"10ms\"))),\n    }},\n    slo: {{ \"fast\": \
             \"{what}(callers.latency) < {}ms\" }},\n)\n",
            self.name(),
            seconds,
            seconds / 10.0,
            30 * self.servers,
            self.servers,
            self.bound_ms
        )
    }

    /// The exact load at which the objective leaves its bound \[1/s\].
    fn exact_per_s(&self) -> Result<f64, String> {
        let most = 100.0 * f64::from(self.servers);
        let (mut low, mut high) = (0.0, most);
        for _ in 0..60 {
            let rate = (low + high) / 2.0;
            if self.value_s(rate)? * 1e3 < self.bound_ms { low = rate } else { high = rate }
        }
        Ok((low + high) / 2.0)
    }

    fn value_s(&self, rate: f64) -> Result<f64, String> {
        let p = self.percentile.map(|p| f64::from(p) / 100.0);
        if self.servers == 1 {
            let queue = Mm1::new(rate, 100.0).map_err(|e| e.to_string())?;
            return match p {
                None => Ok(queue.response_s_mean()),
                Some(p) => queue.response_s_quantile(p).map_err(|e| e.to_string()),
            };
        }
        let queue = Mmc::new(rate, 100.0, self.servers).map_err(|e| e.to_string())?;
        let mean = queue.response_s_mean();
        Ok(p.map_or(mean, |p| quantile(|t| queue.response_exceeds(t), p, mean)))
    }

    fn checked(&self, quick: bool) -> Result<Checked, String> {
        Scenario::from_text(&self.name(), &self.scenario(quick), None)
            .and_then(|scenario| scenario.check(&Registry::core(), &Overrides::default()))
            .map_err(|faults| format!("the scenario is at fault: {faults}"))
    }
}

const CASES: [Case; 4] = [
    Case { servers: 1, percentile: None, bound_ms: 50.0 },
    Case { servers: 1, percentile: Some(99), bound_ms: 200.0 },
    Case { servers: 8, percentile: None, bound_ms: 15.0 },
    Case { servers: 8, percentile: Some(99), bound_ms: 60.0 },
];

pub(super) fn verify(what: &Verify, out: &mut dyn Write) -> Result<Tally, VerifyError> {
    let mut tally = Tally::default();
    let wanted = |case: &&Case| what.case.as_ref().is_none_or(|part| case.name().contains(part.as_str()));
    let chosen: Vec<&Case> = CASES.iter().filter(wanted).collect();
    if chosen.is_empty() {
        return Err(VerifyError::Case { asked: what.case.clone().unwrap_or_default() });
    }
    for case in chosen {
        if what.print {
            writeln!(out, "// {}\n{}", case.name(), case.scenario(what.quick))?;
            continue;
        }
        let (line, passed) = match searched(case, what) {
            Ok(found) => found,
            Err(why) => (format!("FAIL {}: {why}", case.name()), false),
        };
        writeln!(out, "{line}")?;
        out.flush()?;
        if passed {
            tally.passed += 1;
        } else {
            tally.failed += 1;
        }
    }
    if !what.print {
        writeln!(out, "{} passed, {} failed", tally.passed, tally.failed)?;
    }
    Ok(tally)
}

fn searched(case: &Case, what: &Verify) -> Result<(String, bool), String> {
    #[expect(
        clippy::disallowed_methods,
        reason = "how long a case takes is said beside it, and decides nothing"
    )]
    let begun = Instant::now();
    let exact = case.exact_per_s()?;
    let checked = case.checked(what.quick)?;
    let options = CapacityOptions { threads: Some(what.threads.max(1)), ..CapacityOptions::default() };
    let found = capacity(&Loads::of_clients(&checked), &options).map_err(|error| error.to_string())?;
    let known = found.capacity_per_s.ok_or("no capacity with an interval was found")?;
    let off = known.value / exact - 1.0;
    let near = off.abs() <= NEAR && found.runs < RUNS;
    let searches = if what.quick { QUICK_SEARCHES } else { SEARCHES };
    let options = CapacityOptions { without_knee: true, ..options };
    let (mut held, mut known_in, mut runs, mut most, mut width) = (0, 0, 0, 0, 0.0);
    for seed in 1..=searches {
        let loads = Loads::of_clients(&checked).seeded(seed);
        let found = capacity(&loads, &options).map_err(|error| error.to_string())?;
        if let Some(e) = found.capacity_per_s {
            held += u64::from(e.contains(exact));
            width += e.half_width() / exact;
            known_in += 1;
        }
        runs += found.runs;
        most = most.max(found.runs);
    }
    let share = held as f64 / searches as f64;
    let covers = covers(held, searches);
    let mark = |good: bool| if good { "" } else { " DIFFERS" };
    let passed = near && covers;
    let line = format!(
        "{} {}: {:.2}/s ({:.2} to {:.2}), exactly {exact:.2}/s, off by {:+.2} %{}, {} runs with the knee; over \
         {searches} seeds the interval (± {:.2} %) held it in {:.0} %{}, {:.1} runs a search and {most} at most; {:.1} s",
        if passed { "ok  " } else { "FAIL" },
        case.name(),
        known.value,
        known.low,
        known.high,
        off * 100.0,
        mark(near),
        found.runs,
        width / f64::from(known_in.max(1)) * 100.0,
        share * 100.0,
        mark(covers),
        f64::from(runs) / searches as f64,
        begun.elapsed().as_secs_f64(),
    );
    Ok((line, passed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_often_as_claimed_is_a_range_of_both_sides() {
        let accepted = |searches| (0..=searches).filter(|held| covers(*held, searches)).collect::<Vec<_>>();
        let ends = |searches| {
            let all = accepted(searches);
            (all[0], all[all.len() - 1])
        };
        assert_eq!((ends(20), ends(100)), ((16, 20), (89, 100)));
        assert_eq!(ends(400).1, 390, "of many, too often is refused too");
    }
}
