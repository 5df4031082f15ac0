//! Areas whose cases are of many sorts: decisions that are replayed, and scenarios that are simulated.
//!
//! ```text
//! case --family by its id--> numbers, lists, words --beside what is known--> ok or FAIL
//! ```
//! A family is a function for all cases whose id begins alike. What it simulates it writes as a scenario and gives to
//! the [`Bench`].

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use kneepoint_calls::{ComponentId, Simulation};
use kneepoint_engine::{SimDuration, SimTime};
use kneepoint_scenario::plan::{Plan, WarmUpPlan};
use kneepoint_scenario::{Overrides, Registry, Scenario};
use kneepoint_statistics::Histogram;
use serde::Deserialize;
use serde_json::Value;

use super::case::Tolerance;
use super::judge::Measured;
use super::script::Effort;
use super::{Format, Judged, Outcome, Tally, Verify, VerifyError, findings, line};

/// A case with known answers of any sort.
#[derive(Debug, Deserialize)]
pub(super) struct Known {
    pub id: String,
    pub model: Value,
    expect: Vec<Expected>,
}

#[derive(Debug, Deserialize)]
struct Expected {
    quantity: String,
    value: Value,
    tol: Bounds,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
struct Bounds {
    #[serde(default)]
    exact: bool,
    rel: Option<f64>,
    abs: Option<f64>,
    min: Option<f64>,
    max: Option<f64>,
}

#[derive(Debug, Deserialize)]
struct Cases {
    cases: Vec<Known>,
}

/// What was found for one quantity.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    /// A number, with its standard error.
    Number(Measured),
    /// Anything else, or a number that follows from rules alone.
    Exact(Value),
}

impl Answer {
    /// A number without error.
    pub fn formula(value: f64) -> Answer {
        Answer::Number(Measured { value, error: 0.0 })
    }
}

impl<T: Into<Value>> From<T> for Answer {
    fn from(value: T) -> Answer {
        Answer::Exact(value.into())
    }
}

/// What was found for a case, by quantity.
pub(super) type Found = BTreeMap<&'static str, Answer>;

/// Finds the answers to one case.
type Family = fn(&Known, &Bench) -> Result<Found, String>;

/// An area: its cases, and who can answer them, by how their ids begin.
pub(super) struct Area {
    /// As in the file of cases.
    pub cases: &'static str,
    /// What a case's id begins with, and what answers it. The first that fits.
    pub families: &'static [(&'static str, Family)],
    /// The quick cases.
    pub quick: &'static [&'static str],
}

/// A bench on which scenarios are run.
pub(super) struct Bench {
    effort: Effort,
    seed: u64,
    threads: usize,
    /// Instead of running, what would be run.
    printed: Option<Mutex<Vec<String>>>,
}

/// One replication that has run, or several: numbers that can be asked of it.
pub(super) struct Ran {
    plan: Plan,
    sims: Vec<Simulation>,
}

impl Known {
    pub fn number(&self, name: &str) -> Result<f64, String> {
        self.model.get(name).and_then(Value::as_f64).ok_or_else(|| format!("the model gives no `{name}`"))
    }

    pub fn list(&self, name: &str) -> Result<&[Value], String> {
        let list = self.model.get(name).and_then(Value::as_array);
        list.map(Vec::as_slice).ok_or_else(|| format!("the model gives no list `{name}`"))
    }

    fn judged(&self, found: &Found, effort: Effort) -> Vec<Judged> {
        let one = |expected: &Expected| match found.get(expected.quantity.as_str()) {
            None => Judged {
                name: expected.quantity.clone(),
                known: expected.value.as_f64().unwrap_or(f64::NAN),
                measured: Err("no number of a simulation"),
            },
            Some(answer) => expected.judge(answer, effort),
        };
        self.expect.iter().map(one).collect()
    }
}

impl Expected {
    /// Numbers as they are; of lists, words and flags how many agree.
    fn judge(&self, answer: &Answer, effort: Effort) -> Judged {
        let name = self.quantity.clone();
        match (answer, self.value.as_f64()) {
            (Answer::Number(measured), Some(known)) => {
                let agrees = if self.tol.exact {
                    measured.value == known
                } else {
                    measured.agrees(known, self.tol.tolerance(), effort)
                };
                Judged { name, known, measured: Ok((*measured, agrees)) }
            }
            (Answer::Exact(value), known) => {
                if let (Some(value), Some(known)) = (value.as_f64(), known) {
                    let measured = Measured { value, error: 0.0 };
                    return Judged {
                        name,
                        known,
                        measured: Ok((measured, self.same(&value.into(), &known.into()))),
                    };
                }
                let one = std::slice::from_ref;
                let expected = self.value.as_array().map_or(one(&self.value), Vec::as_slice);
                let found = value.as_array().map_or(one(value), Vec::as_slice);
                let agree = expected.iter().zip(found).filter(|(a, b)| self.same(a, b)).count() as f64;
                let whole = expected.len() == found.len() && agree == expected.len() as f64;
                let measured = Measured { value: agree, error: 0.0 };
                let name = format!("{name} (values that agree)");
                Judged { name, known: expected.len() as f64, measured: Ok((measured, whole)) }
            }
            (Answer::Number(measured), None) => {
                Judged { name, known: f64::NAN, measured: Ok((*measured, false)) }
            }
        }
    }

    /// Whether two values are the same, within the tolerance or, if it is to be exact, but for rounding.
    fn same(&self, a: &Value, b: &Value) -> bool {
        match (a.as_f64(), b.as_f64()) {
            (Some(a), Some(b)) => {
                let rounding = 1e-9 * a.abs().max(1.0);
                (a - b).abs() <= self.tol.tolerance().width(a).max(rounding)
            }
            _ => a == b,
        }
    }
}

impl Bounds {
    fn tolerance(self) -> Tolerance {
        Tolerance { rel: self.rel, abs: self.abs, min: self.min, max: self.max }
    }
}

impl Bench {
    /// Returns a size for a full run, cut down for a quick one.
    pub fn size(&self, full: f64) -> f64 {
        match self.effort {
            Effort::Full => full,
            Effort::Quick => full / 20.0,
        }
    }

    /// Writes a scenario: how long it runs \[s\], after which warm-up \[s\], how often, and the rest of the file.
    pub fn scenario(
        &self,
        title: &str,
        (duration, warm_up, times): (f64, f64, u32),
        sections: &str,
    ) -> String {
        // Ids are letters, digits and signs that need no escape.
        format!(
            "(\n    format: 1, title: \"{title}\",\n    run: (duration: \"{duration:.9}s\", warm_up: \"{warm_up:.9}s\", \
             replications: {times}, seed: {}),\n{sections}\n)\n",
            self.seed.wrapping_add(1)
        )
    }

    /// Runs a scenario.
    ///
    /// # Errors
    /// If it is at fault or stops; and if it is only to be printed.
    pub fn run(&self, text: &str) -> Result<Ran, String> {
        let plan = self.plan(text)?;
        let count = plan.run.replications_min as usize;
        let warm_up = match plan.run.warm_up {
            WarmUpPlan::Fixed(length) => length,
            WarmUpPlan::Auto => SimDuration::ZERO,
        };
        let end = SimTime::ZERO + plan.run.duration;
        let next = AtomicUsize::new(0);
        let done = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for _ in 0..self.threads.clamp(1, count.max(1)) {
                scope.spawn(|| {
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if number >= count {
                            return;
                        }
                        let mut sim = (plan.build)(plan.run.seed, number as u64);
                        let mut ended = sim.run_until(SimTime::ZERO + warm_up);
                        sim.reset_statistics();
                        ended = ended.and_then(|_| sim.run_until(end));
                        let result = ended.map(|_| sim).map_err(|stop| stop.to_string());
                        done.lock().expect("nobody panics with it").push((number, result));
                    }
                });
            }
        });
        let mut done = done.into_inner().expect("nobody panics with it");
        done.sort_by_key(|(number, _)| *number);
        let sims = done.into_iter().map(|(_, result)| result).collect::<Result<_, _>>()?;
        Ok(Ran { plan, sims })
    }

    /// As [`run`](Bench::run), of the first replication, looking at it every so often \[s\].
    pub fn watch(&self, text: &str, every: f64, mut look: impl FnMut(f64, &Ran)) -> Result<Ran, String> {
        let plan = self.plan(text)?;
        let sim = (plan.build)(plan.run.seed, 0);
        let end = plan.run.duration.as_secs_f64();
        let mut ran = Ran { plan, sims: vec![sim] };
        for step in 1..=(end / every) as u64 {
            let at = step as f64 * every;
            let until = SimTime::ZERO + SimDuration::from_nanos_f64(at * 1e9);
            ran.sims[0].run_until(until).map_err(|stop| stop.to_string())?;
            look(at, &ran);
        }
        Ok(ran)
    }

    fn plan(&self, text: &str) -> Result<Plan, String> {
        if let Some(printed) = &self.printed {
            printed.lock().expect("nobody panics with it").push(text.to_string());
        }
        Scenario::from_text("case", text, None)
            .and_then(|scenario| scenario.check(&Registry::core(), &Overrides::default()))
            .and_then(|checked| kneepoint_scenario::plan(&checked))
            .map_err(|faults| format!("the scenario is at fault: {faults}"))
            .map(|mut plan| {
                if self.printed.is_some() {
                    // Nothing is to happen: what is found is not looked at.
                    plan.run.duration = SimDuration::from_nanos(1);
                    plan.run.warm_up = WarmUpPlan::Fixed(SimDuration::ZERO);
                    plan.run.replications_min = 1;
                }
                plan
            })
    }
}

impl Ran {
    fn part(&self, name: &str) -> ComponentId {
        let part = self.plan.parts.iter().find(|part| part.name == name);
        part.and_then(|part| part.instances.first().copied()).expect("the scenario has the part")
    }

    fn middles(&self, kind: &str) -> Vec<ComponentId> {
        let of = self.plan.middles.iter().filter(|middle| middle.kind == kind);
        of.flat_map(|middle| middle.instances.iter().copied()).collect()
    }

    /// A number of each replication, with the standard error of the mean.
    pub fn mean(&self, of: impl Fn(&Seen<'_>) -> f64) -> Answer {
        let each: Vec<f64> = self.sims.iter().map(|sim| of(&Seen { ran: self, sim })).collect();
        Answer::Number(Measured::new(each.iter().sum::<f64>() / each.len() as f64, &each))
    }

    /// A quantile of the latency of all replications together \[s\], with the standard error from those of each.
    pub fn latency(&self, client: &str, quantile: f64) -> Answer {
        let (mut all, mut each) = (Histogram::new(), Vec::new());
        for sim in &self.sims {
            if let Some(one) = sim.samples(self.part(client), "latency:default") {
                all.merge(one);
                each.push(one.quantile(quantile).unwrap_or(f64::NAN) / 1e9);
            }
        }
        Answer::Number(Measured::new(all.quantile(quantile).unwrap_or(f64::NAN) / 1e9, &each))
    }

    /// The first replication.
    pub fn first(&self) -> Seen<'_> {
        Seen { ran: self, sim: &self.sims[0] }
    }
}

/// One replication.
pub(super) struct Seen<'r> {
    ran: &'r Ran,
    sim: &'r Simulation,
}

impl Seen<'_> {
    /// Calls that came to the first instance of a part.
    pub fn calls(&self, part: &str) -> f64 {
        self.sim.books(self.ran.part(part)).calls as f64
    }

    /// Calls that came to all instances of a part.
    pub fn calls_all(&self, part: &str) -> f64 {
        let part = self.ran.plan.parts.iter().find(|known| known.name == part);
        let ids = part.map_or(&[][..], |part| &part.instances);
        ids.iter().map(|id| self.sim.books(*id).calls as f64).sum()
    }

    /// Calls that came to all middle parts of a kind.
    pub fn calls_of(&self, kind: &str) -> f64 {
        self.ran.middles(kind).iter().map(|id| self.sim.books(*id).calls as f64).sum()
    }

    /// What all middle parts of a kind counted.
    pub fn count_of(&self, kind: &str, counter: &str) -> f64 {
        self.ran.middles(kind).iter().filter_map(|id| self.sim.count(*id, counter)).sum::<u64>() as f64
    }

    /// Time spent in a phase at all middle parts of a kind \[s\].
    pub fn time_of(&self, kind: &str, phase: kneepoint_calls::Phase) -> f64 {
        let of = |id: &ComponentId| self.sim.books(*id).phases[phase as usize] as f64 / 1e9;
        self.ran.middles(kind).iter().map(of).sum()
    }

    /// Requests of a client that ended so, of all that ended.
    pub fn share(&self, client: &str, test: impl Fn(kneepoint_calls::Status) -> bool) -> f64 {
        let ended = self.sim.outcomes(self.ran.part(client)).ended;
        let of = kneepoint_calls::Status::ALL.iter().filter(|status| test(**status));
        of.map(|status| ended[*status as usize]).sum::<u64>() as f64 / ended.iter().sum::<u64>() as f64
    }

    /// Requests of a client that ended well.
    pub fn good(&self, client: &str) -> f64 {
        let ended = self.sim.outcomes(self.ran.part(client)).ended;
        let good = kneepoint_calls::Status::ALL.iter().filter(|status| status.is_good());
        good.map(|status| ended[*status as usize]).sum::<u64>() as f64
    }

    /// Mean latency of good answers \[s\].
    pub fn latency_mean(&self, client: &str) -> f64 {
        let samples = self.sim.samples(self.ran.part(client), "latency:default");
        samples.and_then(Histogram::mean).unwrap_or(f64::NAN) / 1e9
    }

    /// The share of good answers slower than this \[s\].
    pub fn slower(&self, client: &str, seconds: f64) -> f64 {
        let samples = self.sim.samples(self.ran.part(client), "latency:default");
        samples.map_or(f64::NAN, |all| all.count_above((seconds * 1e9) as u64) as f64 / all.count() as f64)
    }

    /// Mean, highest and present level of a part.
    pub fn level(&self, part: &str, name: &str) -> (f64, f64, f64) {
        let now = self.sim.now().as_nanos();
        let level = self.sim.level(self.ran.part(part), name);
        level.map_or((f64::NAN, f64::NAN, f64::NAN), |level| (level.mean(now), level.max(), level.value()))
    }

    /// The longest of samples of a part \[s\].
    pub fn longest(&self, part: &str, name: &str) -> f64 {
        let samples = self.sim.samples(self.ran.part(part), name);
        samples.and_then(Histogram::max).map_or(f64::NAN, |most| most as f64 / 1e9)
    }
}

/// Simulates the cases of an area, writes one line each and how many passed.
pub(super) fn verify(area: &Area, what: &Verify, out: &mut dyn Write) -> Result<Tally, VerifyError> {
    let cases: Cases = serde_json::from_str(area.cases).expect("the file is part of the program and tested");
    let wanted = |case: &&Known| match &what.case {
        Some(part) => case.id.contains(part.as_str()),
        None => !what.quick || area.quick.contains(&case.id.as_str()),
    };
    let chosen: Vec<&Known> = cases.cases.iter().filter(wanted).collect();
    if chosen.is_empty() {
        return Err(VerifyError::Case { asked: what.case.clone().unwrap_or_default() });
    }
    let bench = Bench {
        effort: if what.quick { Effort::Quick } else { Effort::Full },
        seed: what.seed,
        threads: what.threads.max(1),
        printed: what.print.then(Mutex::default),
    };
    let (mut tally, mut all) = (Tally::default(), Vec::new());
    for case in &chosen {
        let family = area.families.iter().find(|(start, _)| case.id.starts_with(start));
        let outcome = match family {
            None => Outcome::NotExpressible("nothing here can say it".to_string()),
            Some((_, find)) => match find(case, &bench) {
                Ok(found) => Outcome::Judged(case.judged(&found, bench.effort)),
                Err(why) => Outcome::Broken(why),
            },
        };
        if let Some(printed) = &bench.printed {
            let texts = std::mem::take(&mut *printed.lock().expect("nobody panics with it"));
            match (texts.as_slice(), family) {
                (_, None) => writeln!(out, "// {}: not expressible", case.id)?,
                ([], _) => writeln!(out, "// {}: a decision by itself, without a scenario", case.id)?,
                (texts, _) => writeln!(out, "// {}\n{}", case.id, texts.join("\n"))?,
            }
            continue;
        }
        tally.count(&outcome);
        match what.format {
            Format::Text => {
                writeln!(out, "{}", line(&case.id, &outcome))?;
                out.flush()?;
            }
            Format::Json | Format::Csv => all.push((case.id.as_str(), outcome)),
        }
    }
    match what.format {
        _ if what.print => {}
        Format::Text => {
            writeln!(
                out,
                "{} cases: {} passed, {} failed, {} not expressible; {} quantities of cases that ran were not measured",
                chosen.len(),
                tally.passed,
                tally.failed,
                tally.not_expressible,
                tally.not_measured
            )?;
            writeln!(out, "{} passed, {} failed", tally.passed, tally.failed)?;
        }
        Format::Json => out.write_all(findings::json(what, &all, tally).as_bytes())?,
        Format::Csv => out.write_all(findings::csv(&all).as_bytes())?,
    }
    out.flush()?;
    Ok(tally)
}
