//! Known answers: cases of theory, written as scenarios, simulated and compared.
//!
//! ```text
//! case --model--> parts --script--> scenario file --loader--> plan --observe--> numbers --judge--> ok or FAIL
//! ```
//! Nothing here reaches around the loader: what a case says is written as a scenario, as a user would write it.

mod capacity;
mod case;
mod comparison;
mod coverage;
mod findings;
mod judge;
mod known;
mod law;
mod limits;
mod loadbalancing;
mod model;
mod network;
mod observe;
mod quantity;
mod real;
mod real_limits;
mod resilience;
mod said;
mod script;
mod station;
mod tail;
mod transient;

use std::io::Write;

use kneepoint_scenario::{Overrides, Registry, Scenario};

pub use crate::arguments::Format;

use case::{AREAS, Case, cases};
use judge::Measured;
use model::Model;
use observe::{Observation, observe};
use quantity::{Quantity, quantity};
use script::{Effort, Script};

/// One case of most systems, where theory is met after few requests.
///
/// # Source
/// Chosen: of each system the case of the lowest load. Breakdowns, bursty sources, queues before several servers and
/// clocked loads are left out: their numbers need the full length.
const QUICK: [&str; 19] = [
    "q/batch/fixed5-rho0.8",
    "q/closed/bolch-8.4",
    "q/closed/terminals-N20-Z10-S1-c1",
    "q/closed/twoclass-15-5",
    "q/erlangA/l12-c10-th1",
    "q/erlangB/c10-a4.4612-hyperexponential",
    "q/forkjoin2/rho0.5",
    "q/gm1/det-rho0.5",
    "q/jackson/web-3tier",
    "q/mdc/c2-rho0.8",
    "q/mg1/det-rho0.5",
    "q/mg1ps/deterministic-rho0.8",
    "q/mginf/exponential-7.5",
    "q/mm1/rho0.5-mu1",
    "q/mmc+D/l9-mu10-c1-tau0.5",
    "q/mmck/l3-mu2-c2-K5",
    "q/prio-pr/exp-0.3-0.5",
    "q/tandem/2",
    "q/transient/mm1-0.8",
];

/// Areas whose cases are experiments on experiments.
const EXPERIMENTS: [&str; 3] = [comparison::AREA, coverage::AREA, capacity::AREA];

/// What is to be verified.
#[derive(Clone, Debug, Default)]
pub struct Verify {
    /// The area: `queueing`, `loadbalancing`, `resilience`, `tail`, `real`, `comparison`, `coverage`, `capacity`.
    pub area: String,
    /// A part of the cases, shorter runs: a test, not a proof.
    pub quick: bool,
    /// Only cases whose id holds this.
    pub case: Option<String>,
    /// Threads; 0 is one.
    pub threads: usize,
    /// Print the scenarios instead of running them, whatever the format.
    pub print: bool,
    /// How findings are written.
    pub format: Format,
    /// Added to the seed of each case.
    pub seed: u64,
}

/// How many cases came out how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// All quantities agree.
    pub passed: usize,
    /// At least one does not, or the case could not be run.
    pub failed: usize,
    /// A scenario cannot say it, or nothing of it can be measured.
    pub not_expressible: usize,
    /// Quantities of cases that were run which could not be measured.
    pub not_measured: usize,
}

/// Why nothing was verified.
#[derive(Debug)]
pub enum VerifyError {
    /// No such area.
    Area {
        /// What was asked for.
        asked: String,
    },
    /// No case has this in its id.
    Case {
        /// What was asked for.
        asked: String,
    },
    /// The output could not be written.
    Write(std::io::Error),
}

impl std::fmt::Display for VerifyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            VerifyError::Area { asked } => {
                write!(
                    f,
                    "there are no cases for area \"{}\"; there are: {}",
                    asked.escape_debug(),
                    AREAS.iter().chain(&EXPERIMENTS).copied().collect::<Vec<_>>().join(", ")
                )
            }
            VerifyError::Case { asked } => write!(f, "no case has \"{}\" in its id", asked.escape_debug()),
            VerifyError::Write(error) => write!(f, "the findings could not be written: {error}"),
        }
    }
}

impl std::error::Error for VerifyError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            VerifyError::Write(error) => Some(error),
            _ => None,
        }
    }
}

impl From<std::io::Error> for VerifyError {
    fn from(error: std::io::Error) -> VerifyError {
        VerifyError::Write(error)
    }
}

/// What became of one case.
#[derive(Debug)]
enum Outcome {
    /// One entry per quantity.
    Judged(Vec<Judged>),
    NotExpressible(String),
    Broken(String),
}

#[derive(Debug)]
struct Judged {
    name: String,
    known: f64,
    /// What was measured, and whether it agrees; or why there is nothing.
    measured: Result<(Measured, bool), &'static str>,
}

/// Simulates the cases, writes one line each and how many passed.
///
/// # Errors
/// If there are no such cases, or the output cannot be written. Cases that fail are counted, not returned.
pub fn verify(what: &Verify, out: &mut dyn Write) -> Result<Tally, VerifyError> {
    match what.area.as_str() {
        comparison::AREA => return comparison::verify(what, out),
        coverage::AREA => return coverage::verify(what, out),
        capacity::AREA => return capacity::verify(what, out),
        resilience::NAME => return known::verify(&resilience::AREA, what, out),
        tail::NAME => return known::verify(&tail::AREA, what, out),
        real::NAME => return known::verify(&real::AREA, what, out),
        loadbalancing::NAME => return known::verify(&loadbalancing::AREA, what, out),
        _ => {}
    }
    let Some(cases) = cases(&what.area) else {
        return Err(VerifyError::Area { asked: what.area.clone() });
    };
    let effort = if what.quick { Effort::Quick } else { Effort::Full };
    let wanted = |case: &&Case| match &what.case {
        Some(part) => case.id.contains(part.as_str()),
        None => !what.quick || QUICK.contains(&case.id.as_str()),
    };
    let chosen: Vec<&Case> = cases.iter().filter(wanted).collect();
    if chosen.is_empty() {
        return Err(VerifyError::Case { asked: what.case.clone().unwrap_or_default() });
    }
    let mut tally = Tally::default();
    if what.print {
        for case in &chosen {
            match written(case, effort, what.seed) {
                Ok(script) => writeln!(out, "// {}\n{}", case.id, script.text)?,
                Err(why) => writeln!(out, "// {}: not expressible: {why}", case.id)?,
            }
        }
        return Ok(tally);
    }
    let mut findings = Vec::new();
    for case in &chosen {
        let outcome = run(case, effort, what.seed, what.threads.max(1));
        tally.count(&outcome);
        match what.format {
            // As they come: a full run takes minutes.
            Format::Text => {
                writeln!(out, "{}", line(&case.id, &outcome))?;
                out.flush()?;
            }
            Format::Json | Format::Csv => findings.push((case.id.as_str(), outcome)),
        }
    }
    match what.format {
        Format::Text => {
            writeln!(
                out,
                "{} cases: {} passed, {} failed, {} not expressible; {} quantities of cases that ran were not measured; seeds of the cases plus {}",
                chosen.len(),
                tally.passed,
                tally.failed,
                tally.not_expressible,
                tally.not_measured,
                what.seed
            )?;
            writeln!(out, "{} passed, {} failed", tally.passed, tally.failed)?;
        }
        Format::Json => out.write_all(findings::json(what, &findings, tally).as_bytes())?,
        Format::Csv => out.write_all(findings::csv(&findings).as_bytes())?,
    }
    out.flush()?;
    Ok(tally)
}

/// What a case counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Counted {
    Passed,
    Failed,
    NotExpressible,
}

impl Outcome {
    fn counted(&self) -> Counted {
        match self {
            Outcome::NotExpressible(_) => Counted::NotExpressible,
            Outcome::Broken(_) => Counted::Failed,
            Outcome::Judged(all) if all.iter().all(|one| one.measured.is_err()) => Counted::NotExpressible,
            Outcome::Judged(all) if all.iter().any(|one| matches!(one.measured, Ok((_, false)))) => {
                Counted::Failed
            }
            Outcome::Judged(_) => Counted::Passed,
        }
    }
}

impl Tally {
    fn count(&mut self, outcome: &Outcome) {
        match outcome.counted() {
            Counted::Passed => self.passed += 1,
            Counted::Failed => self.failed += 1,
            Counted::NotExpressible => self.not_expressible += 1,
        }
        if let Outcome::Judged(all) = outcome {
            self.not_measured += all.iter().filter(|one| one.measured.is_err()).count();
        }
    }
}

fn written(case: &Case, effort: Effort, seed: u64) -> Result<Script, String> {
    let model = Model::of(case)?;
    Script::of(case, &model, effort, seed)
}

fn run(case: &Case, effort: Effort, seed: u64, threads: usize) -> Outcome {
    let script = match written(case, effort, seed) {
        Ok(script) => script,
        Err(why) => return Outcome::NotExpressible(why),
    };
    let plan = Scenario::from_text(&case.id, &script.text, None)
        .and_then(|scenario| scenario.check(&Registry::core(), &Overrides::default()))
        .and_then(|checked| kneepoint_scenario::plan(&checked));
    match plan {
        Err(faults) => Outcome::Broken(format!("the scenario is at fault: {faults}")),
        Ok(plan) => match observe(&plan, &script.looks, threads) {
            Err(why) => Outcome::Broken(why),
            Ok(replications) => Outcome::Judged(judge(case, effort, &replications)),
        },
    }
}

fn judge(case: &Case, effort: Effort, replications: &[Observation]) -> Vec<Judged> {
    let mut together = Observation::default();
    replications.iter().for_each(|one| together.add(one));
    let of = |name: &str| match quantity(case, name) {
        Quantity::NotMeasured(why) => Err(why),
        Quantity::Formula(value) => Ok(Measured { value, error: 0.0 }),
        Quantity::Ensemble(of) => {
            let each: Vec<f64> = replications.iter().map(of).collect();
            Ok(Measured::new(each.iter().sum::<f64>() / each.len() as f64, &each))
        }
        Quantity::Seen(of) => {
            let each: Option<Vec<f64>> = replications.iter().map(&of).collect();
            match (of(&together), each) {
                (Some(value), Some(each)) => Ok(Measured::new(value, &each)),
                // Nothing was seen where something should have been: no number agrees with that.
                _ => Ok(Measured { value: f64::NAN, error: f64::NAN }),
            }
        }
    };
    case.expect
        .iter()
        .map(|expected| Judged {
            name: expected.quantity.clone(),
            known: expected.value,
            measured: of(&expected.quantity)
                .map(|measured| (measured, measured.agrees(expected.value, expected.tol, effort))),
        })
        .collect()
}

fn line(id: &str, outcome: &Outcome) -> String {
    let quantities = match outcome {
        Outcome::NotExpressible(why) => return format!("--   {id}: not expressible: {why}"),
        Outcome::Broken(why) => return format!("FAIL {id}: {why}"),
        Outcome::Judged(quantities) => quantities,
    };
    let failed = quantities.iter().any(|one| matches!(one.measured, Ok((_, false))));
    let texts: Vec<String> = quantities.iter().map(text).collect();
    format!("{} {id}: {}", if failed { "FAIL" } else { "ok  " }, texts.join("; "))
}

fn text(one: &Judged) -> String {
    match one.measured {
        Err(why) => format!("{} not measured ({why})", one.name),
        Ok((Measured { value, error }, agrees)) => {
            let verdict = if agrees { "" } else { " DIFFERS" };
            let known = digits(one.known, one.known);
            format!(
                "{} {} (standard error {}, known {known}){verdict}",
                one.name,
                digits(value, one.known),
                digits(error, one.known)
            )
        }
    }
}

/// Writes a number with five digits of what it is compared with.
fn digits(value: f64, beside: f64) -> String {
    if beside.abs() >= 1e6 {
        return format!("{value:.4e}");
    }
    let mut places = 4;
    let mut size = beside.abs();
    while size >= 1.0 && places > 1 {
        size /= 10.0;
        places -= 1;
    }
    if beside != 0.0 {
        size = beside.abs();
        while size < 0.1 && places < 9 {
            size *= 10.0;
            places += 1;
        }
    }
    format!("{value:.places$}")
}

#[cfg(test)]
mod tests;
