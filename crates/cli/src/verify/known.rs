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
use super::said::Said;
use super::script::Effort;
use super::{Format, Judged, Outcome, Tally, Verify, VerifyError, findings, line};

/// A case with known answers of any sort.
#[derive(Debug, Deserialize)]
pub(super) struct Known {
    pub id: String,
    pub model: Value,
    #[serde(default)]
    sim_hint: BTreeMap<String, f64>,
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

/// Reads a file of cases that is part of the program.
pub(super) fn read(cases: &str) -> Vec<Known> {
    let cases: Cases = serde_json::from_str(cases).expect("the file is part of the program and tested");
    cases.cases
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
    /// The cases.
    pub cases: fn() -> Vec<Known>,
    /// What a case's id begins with, and what answers it. The first that fits.
    pub families: &'static [(&'static str, Family)],
    /// Cases that judge themselves; one with the id of a case above stands for it.
    pub said: fn() -> Vec<Said>,
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
    /// A case made of a recording: what is known, by quantity, with how far off it may be (relative, absolute).
    pub fn recorded(id: &str, model: Value, known: Vec<(String, Value, f64, f64)>) -> Known {
        let expected = |(quantity, value, rel, abs): (String, Value, f64, f64)| Expected {
            quantity,
            value,
            tol: Bounds {
                exact: rel == 0.0 && abs == 0.0,
                rel: Some(rel),
                abs: Some(abs),
                ..Bounds::default()
            },
        };
        let expect = known.into_iter().map(expected).collect();
        Known { id: id.to_string(), model, sim_hint: BTreeMap::new(), expect }
    }

    pub fn number(&self, name: &str) -> Result<f64, String> {
        self.model.get(name).and_then(Value::as_f64).ok_or_else(|| format!("the model gives no `{name}`"))
    }

    /// Returns what the case says about the size of a simulation.
    pub fn hint(&self, name: &str) -> Option<f64> {
        self.sim_hint.get(name).copied()
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
        self.sampled(text, f64::INFINITY, |_| Vec::new()).map(|(ran, _)| ran)
    }

    /// As [`run`](Bench::run), looking at each replication every so often \[s\] after the warm-up; returns the mean of what
    /// was seen in each.
    ///
    /// # Errors
    /// As [`run`](Bench::run).
    pub fn sampled(
        &self,
        text: &str,
        every: f64,
        look: impl Fn(&Seen<'_>) -> Vec<f64> + Sync,
    ) -> Result<(Ran, Vec<Vec<f64>>), String> {
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
                        let (mut sums, mut looks) = (Vec::new(), 0.0);
                        let mut at = (SimTime::ZERO + warm_up).as_nanos() as f64 / 1e9 + every;
                        while ended.is_ok() && at < end.as_nanos() as f64 / 1e9 {
                            ended = sim.run_until(SimTime::from_nanos((at * 1e9) as u64));
                            let seen = look(&Seen { plan: &plan, sim: &sim });
                            sums.resize(seen.len(), 0.0);
                            sums.iter_mut().zip(&seen).for_each(|(sum, seen)| *sum += seen);
                            looks += 1.0;
                            at += every;
                        }
                        sums.iter_mut().for_each(|sum| *sum /= looks);
                        ended = ended.and_then(|_| sim.run_until(end));
                        let result = ended.map(|_| (sim, sums)).map_err(|stop| stop.to_string());
                        done.lock().expect("nobody panics with it").push((number, result));
                    }
                });
            }
        });
        let mut done = done.into_inner().expect("nobody panics with it");
        done.sort_by_key(|(number, _)| *number);
        let done: Vec<(Simulation, Vec<f64>)> =
            done.into_iter().map(|(_, result)| result).collect::<Result<_, _>>()?;
        let (sims, looks) = done.into_iter().unzip();
        Ok((Ran { plan, sims }, looks))
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

fn part_of(plan: &Plan, name: &str) -> ComponentId {
    instances(plan, name).first().copied().expect("the scenario has the part")
}

fn instances<'p>(plan: &'p Plan, name: &str) -> &'p [ComponentId] {
    plan.parts.iter().find(|part| part.name == name).map_or(&[], |part| &part.instances)
}

fn middles(plan: &Plan, kind: &str) -> Vec<ComponentId> {
    let of = plan.middles.iter().filter(|middle| middle.kind == kind);
    of.flat_map(|middle| middle.instances.iter().copied()).collect()
}

impl Ran {
    /// A number of each replication, with the standard error of the mean.
    pub fn mean(&self, of: impl Fn(&Seen<'_>) -> f64) -> Answer {
        let each: Vec<f64> = self.sims.iter().map(|sim| of(&Seen { plan: &self.plan, sim })).collect();
        Answer::Number(Measured::new(each.iter().sum::<f64>() / each.len() as f64, &each))
    }

    /// A quantile of the latency of all replications together \[s\], with the standard error from those of each.
    pub fn latency(&self, client: &str, quantile: f64) -> Answer {
        let (mut all, mut each) = (Histogram::new(), Vec::new());
        for sim in &self.sims {
            if let Some(one) = sim.samples(part_of(&self.plan, client), "latency:default") {
                all.merge(one);
                each.push(one.quantile(quantile).unwrap_or(f64::NAN) / 1e9);
            }
        }
        Answer::Number(Measured::new(all.quantile(quantile).unwrap_or(f64::NAN) / 1e9, &each))
    }

    /// The first replication.
    pub fn first(&self) -> Seen<'_> {
        Seen { plan: &self.plan, sim: &self.sims[0] }
    }
}

/// One replication.
pub(super) struct Seen<'r> {
    plan: &'r Plan,
    sim: &'r Simulation,
}

impl Seen<'_> {
    /// Calls that came to the first instance of a part.
    pub fn calls(&self, part: &str) -> f64 {
        self.sim.books(part_of(self.plan, part)).calls as f64
    }

    /// Calls that came to all instances of a part.
    pub fn calls_all(&self, part: &str) -> f64 {
        instances(self.plan, part).iter().map(|id| self.sim.books(*id).calls as f64).sum()
    }

    /// How many calls each instance of a part has inside now.
    pub fn inside(&self, part: &str) -> Vec<f64> {
        let inside = |id: &ComponentId| self.sim.level(*id, "inside").map_or(f64::NAN, |level| level.value());
        instances(self.plan, part).iter().map(inside).collect()
    }

    /// Mean response time of good answers of all instances of a part together \[s\].
    pub fn response_mean(&self, part: &str) -> f64 {
        let of = |id: &ComponentId| &self.sim.books(*id).response;
        let ids = instances(self.plan, part);
        let (sum, count) = (
            ids.iter().map(|id| of(id).sum()).sum::<u128>(),
            ids.iter().map(|id| of(id).count()).sum::<u64>(),
        );
        sum as f64 / count as f64 / 1e9
    }

    /// Calls that came to all middle parts of a kind.
    pub fn calls_of(&self, kind: &str) -> f64 {
        middles(self.plan, kind).iter().map(|id| self.sim.books(*id).calls as f64).sum()
    }

    /// What all middle parts of a kind counted.
    pub fn count_of(&self, kind: &str, counter: &str) -> f64 {
        middles(self.plan, kind).iter().filter_map(|id| self.sim.count(*id, counter)).sum::<u64>() as f64
    }

    /// Time spent in a phase at all middle parts of a kind \[s\].
    pub fn time_of(&self, kind: &str, phase: kneepoint_calls::Phase) -> f64 {
        let of = |id: &ComponentId| self.sim.books(*id).phases[phase as usize] as f64 / 1e9;
        middles(self.plan, kind).iter().map(of).sum()
    }

    /// Requests of a client that ended so, of all that ended.
    pub fn share(&self, client: &str, test: impl Fn(kneepoint_calls::Status) -> bool) -> f64 {
        let ended = self.sim.outcomes(part_of(self.plan, client)).ended;
        let of = kneepoint_calls::Status::ALL.iter().filter(|status| test(**status));
        of.map(|status| ended[*status as usize]).sum::<u64>() as f64 / ended.iter().sum::<u64>() as f64
    }

    /// Requests of a client that ended well.
    pub fn good(&self, client: &str) -> f64 {
        let ended = self.sim.outcomes(part_of(self.plan, client)).ended;
        let good = kneepoint_calls::Status::ALL.iter().filter(|status| status.is_good());
        good.map(|status| ended[*status as usize]).sum::<u64>() as f64
    }

    /// Mean latency of good answers \[s\].
    pub fn latency_mean(&self, client: &str) -> f64 {
        let samples = self.sim.samples(part_of(self.plan, client), "latency:default");
        samples.and_then(Histogram::mean).unwrap_or(f64::NAN) / 1e9
    }

    /// The share of good answers slower than this \[s\].
    pub fn slower(&self, client: &str, seconds: f64) -> f64 {
        let samples = self.sim.samples(part_of(self.plan, client), "latency:default");
        samples.map_or(f64::NAN, |all| all.count_above((seconds * 1e9) as u64) as f64 / all.count() as f64)
    }

    /// Mean, highest and present level of a part.
    pub fn level(&self, part: &str, name: &str) -> (f64, f64, f64) {
        let now = self.sim.now().as_nanos();
        let level = self.sim.level(part_of(self.plan, part), name);
        level.map_or((f64::NAN, f64::NAN, f64::NAN), |level| (level.mean(now), level.max(), level.value()))
    }

    /// The longest of samples of a part \[s\].
    pub fn longest(&self, part: &str, name: &str) -> f64 {
        let samples = self.sim.samples(part_of(self.plan, part), name);
        samples.and_then(Histogram::max).map_or(f64::NAN, |most| most as f64 / 1e9)
    }
}

/// A case that is asked for.
enum Asked {
    Known(Known),
    Said(Said),
}

impl Asked {
    fn id(&self) -> &str {
        match self {
            Asked::Known(case) => &case.id,
            Asked::Said(case) => &case.id,
        }
    }
}

/// Simulates the cases of an area, writes one line each and how many passed.
pub(super) fn verify(area: &Area, what: &Verify, out: &mut dyn Write) -> Result<Tally, VerifyError> {
    let wanted = |id: &str| match &what.case {
        Some(part) => id.contains(part.as_str()),
        None => !what.quick || area.quick.contains(&id),
    };
    let mut said = (area.said)();
    // In the order of the file; those that are in none come last.
    let mut chosen: Vec<Asked> = Vec::new();
    for case in (area.cases)() {
        let own = said.iter().position(|own| own.id == case.id).map(|at| said.remove(at));
        chosen.push(own.map_or(Asked::Known(case), Asked::Said));
    }
    chosen.extend(said.into_iter().map(Asked::Said));
    chosen.retain(|case| wanted(case.id()));
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
        let family = area.families.iter().find(|(start, _)| case.id().starts_with(start));
        let outcome = match (case, family) {
            (Asked::Said(own), _) if what.print => {
                writeln!(out, "// {}\n{}", own.id, own.said)?;
                continue;
            }
            (Asked::Said(own), _) => (own.check)().map_or_else(Outcome::Broken, Outcome::Judged),
            (Asked::Known(_), None) => Outcome::NotExpressible("nothing here can say it".to_string()),
            (Asked::Known(case), Some((_, find))) => match find(case, &bench) {
                Ok(found) => Outcome::Judged(case.judged(&found, bench.effort)),
                Err(why) => Outcome::Broken(why),
            },
        };
        if let Some(printed) = &bench.printed {
            let texts = std::mem::take(&mut *printed.lock().expect("nobody panics with it"));
            match (texts.as_slice(), family) {
                (_, None) => writeln!(out, "// {}: not expressible", case.id())?,
                ([], _) => writeln!(out, "// {}: a decision by itself, without a scenario", case.id())?,
                (texts, _) => writeln!(out, "// {}\n{}", case.id(), texts.join("\n"))?,
            }
            continue;
        }
        tally.count(&outcome);
        match what.format {
            Format::Text => {
                writeln!(out, "{}", line(case.id(), &outcome))?;
                out.flush()?;
            }
            Format::Json | Format::Csv => all.push((case.id(), outcome)),
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
