//! Whether the capacity is the closed form's: M/M/1 and M/M/8 with an objective on the mean or on p99.
//!
//! A case is searched once, and must be within 2 % of the exact load in fewer than twenty runs; then again with other
//! seeds, and the interval must hold the exact load as often as it claims.

use std::io::Write;

use kneepoint_analytic::{Mm1, Mmc};
use kneepoint_experiment::capacity::{CapacityOptions, Loads, capacity};
use kneepoint_scenario::{Checked, Overrides, Registry, Scenario};

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

/// Standard errors around 95 % within which the coverage must lie.
const ERRORS: f64 = 3.0;

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

    fn scenario(&self) -> String {
        let what = self.percentile.map_or_else(|| "mean".to_string(), |p| format!("p{p}"));
        // As many requests on one server as on eight.
        let seconds = 600.0 / f64::from(self.servers);
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

    fn checked(&self) -> Result<Checked, String> {
        Scenario::from_text(&self.name(), &self.scenario(), None)
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
            writeln!(out, "// {}\n{}", case.name(), case.scenario())?;
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
    let exact = case.exact_per_s()?;
    let checked = case.checked()?;
    let options = CapacityOptions { threads: Some(what.threads.max(1)), ..CapacityOptions::default() };
    let found = capacity(&Loads::of_clients(&checked), &options).map_err(|error| error.to_string())?;
    let known = found.capacity_per_s.ok_or("no capacity was found")?;
    let off = known.value / exact - 1.0;
    let near = off.abs() <= NEAR && found.runs < RUNS;
    let searches = if what.quick { QUICK_SEARCHES } else { SEARCHES };
    let options = CapacityOptions { without_knee: true, ..options };
    let (mut held, mut runs, mut most, mut width) = (0, 0, 0, 0.0);
    for seed in 1..=searches {
        let loads = Loads::of_clients(&checked).seeded(seed);
        let found = capacity(&loads, &options).map_err(|error| error.to_string())?;
        let e = found.capacity_per_s.ok_or("no capacity was found")?;
        held += u64::from(e.contains(exact));
        width += e.half_width() / exact / searches as f64;
        runs += found.runs;
        most = most.max(found.runs);
    }
    let share = held as f64 / searches as f64;
    let error = ERRORS * (0.95_f64 * 0.05 / searches as f64).sqrt();
    let covers = share >= 0.95 - error;
    let mark = |good: bool| if good { "" } else { " DIFFERS" };
    let passed = near && covers;
    let line = format!(
        "{} {}: {:.2}/s ({:.2} to {:.2}), exactly {exact:.2}/s, off by {:+.2} %{}, {} runs with the knee; over \
         {searches} seeds the interval (± {:.2} %) held it in {:.0} %{}, {:.1} runs a search and {most} at most",
        if passed { "ok  " } else { "FAIL" },
        case.name(),
        known.value,
        known.low,
        known.high,
        off * 100.0,
        mark(near),
        found.runs,
        width * 100.0,
        share * 100.0,
        mark(covers),
        f64::from(runs) / searches as f64,
    );
    Ok((line, passed))
}
