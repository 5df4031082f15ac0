//! Runs a plan: replications side by side, folded in the order of their numbers.

use std::sync::atomic::{AtomicU64, Ordering};

use kneepoint_calls::Candidates;
use kneepoint_engine::SimDuration;
use kneepoint_scenario::plan::{Plan, WarmUpPlan};
use kneepoint_statistics::{Estimated, half_width_for};
use rayon::prelude::*;

use crate::batches;
use crate::checks::Finding;
use crate::error::ExperimentError;
use crate::judge::{held, judge, overall, probability, unit, watch};
use crate::measures::measures;
use crate::pilot;
use crate::probe::keeps_none;
use crate::program::{Compiler, Expression, Judged, Task};
use crate::recorder::{Replication, record};
use crate::result::{
    CheckResult, ClientResult, DrawnParam, Facts, LeastPrecise, ObjectiveResult, PartResult,
    ReplicationFacts, RunResult, SampledRequest, TraceResult, Verdict, WarmUpFrom, WatchResult,
};
use crate::sampled::{is_carried, sampled};
use crate::tables::{middles, tables, topology};
use crate::timeline;
use crate::warnings;

/// How a plan is run. Nothing here changes a number.
#[derive(Clone, Copy, Default)]
pub struct Options<'a> {
    /// Threads; nothing for as many as the machine has.
    pub threads: Option<usize>,
    /// Shows [a few requests](RunResult::samples) in full: takes the first replication once more.
    pub samples: bool,
    /// Keeps [what happened when](RunResult::timeline): takes a reading of everything at the ends of its windows.
    pub timeline: bool,
    /// How long those windows are, the last of them perhaps shorter; nothing for a length that makes 60 to 120 windows
    /// of the run, each as easy to read as can be.
    pub window: Option<SimDuration>,
    /// Told after each replication, from whatever thread it ran on.
    pub progress: Option<&'a (dyn Fn(Progress) + Sync)>,
}

/// How far a run has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Replications done.
    pub done: u64,
    /// Replications to be done, as far as is known now: more may follow if a precision was asked for.
    pub planned: u64,
}

/// Most replications that a precision may take where nobody says.
///
/// # Source
/// The default of `replications: (min:, max:)` in scenario files.
pub const REPLICATIONS_MAX: u64 = 100;

/// Runs a plan.
///
/// The result is the same, to the last bit, with any number of threads.
///
/// # Errors
/// If the plan cannot be run, if an objective or watch cannot be measured, or if a replication reached a ceiling.
pub fn run(plan: &Plan, options: &Options) -> Result<RunResult, ExperimentError> {
    in_threads(options.threads, || run_here(plan, options))?
}

/// Runs something with its own number of threads.
pub(crate) fn in_threads<T: Send>(
    threads: Option<usize>,
    work: impl FnOnce() -> T + Send,
) -> Result<T, ExperimentError> {
    let Some(threads) = threads else { return Ok(work()) };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.max(1)).build();
    let pool = pool.map_err(|e| ExperimentError::Threads { reason: e.to_string() })?;
    Ok(pool.install(work))
}

pub(crate) fn check_plan(plan: &Plan) -> Result<(), ExperimentError> {
    let run = &plan.run;
    let refuse = |reason: String| Err(ExperimentError::plan(reason));
    if run.duration.is_zero() {
        return refuse("it takes no time".to_string());
    }
    if let WarmUpPlan::Fixed(length) = run.warm_up
        && length >= run.duration
    {
        return refuse(format!("its warm-up of {length} leaves nothing of the {} to measure", run.duration));
    }
    if run.replications_min == 0 || run.replications_min > run.replications_max {
        return refuse(format!(
            "at least {} and at most {} replications are asked for; 1 is the least",
            run.replications_min, run.replications_max
        ));
    }
    // Nearer to 0 or 1 nothing is left of it once it is shared among many intervals that hold together.
    if !(0.01..=0.999_999).contains(&run.confidence) {
        let confidence = run.confidence;
        return refuse(format!(
            "a confidence lies between 0.01 and 0.999999, as 0.95 does, not {confidence}"
        ));
    }
    if let Some(precision) = run.precision
        && !(precision > 0.0 && precision < 1.0)
    {
        return refuse(format!("a precision lies between 0 and 1, as 0.05 does, not {precision}"));
    }
    for (i, part) in plan.parts.iter().enumerate() {
        if part.instances.is_empty() {
            return refuse(format!("part \"{}\" has no instance", part.name));
        }
        if plan.parts[..i].iter().any(|p| p.name == part.name) {
            return refuse(format!("two parts are called \"{}\"", part.name));
        }
    }
    Ok(())
}

/// What is measured, ready to be read.
pub(crate) struct Program {
    pub warm_up: u64,
    pub tasks: Vec<Task>,
    pub objectives: Vec<Judged>,
    pub watches: Vec<Expression>,
    /// Which objective or watch each task was made for: its name and metric.
    owners: Vec<(String, String)>,
    /// Length of a batch \[ns\] if it is one long run that is cut into them: then this is what is measured of the last.
    pub batch: Option<u64>,
    /// The ends of the windows in which it is kept what happened when, if that was asked for.
    pub timeline: Option<Vec<u64>>,
}

/// Makes ready what is measured; of a plan of one long run its batches, where its metrics allow that.
pub(crate) fn compile(plan: &Plan, warm_up: u64) -> Result<Program, ExperimentError> {
    let whole = compile_whole(plan, warm_up)?;
    match batches::length(plan, warm_up, &whole.tasks) {
        None => Ok(whole),
        // As if each batch were a run of its own that measures as long.
        Some(length) => {
            let program = compile_whole(plan, plan.end().as_nanos() - length)?;
            Ok(Program { batch: Some(length), ..program })
        }
    }
}

/// Makes ready what is measured of replications as a whole.
pub(crate) fn compile_whole(plan: &Plan, warm_up: u64) -> Result<Program, ExperimentError> {
    let mut compiler = Compiler::new(plan, warm_up);
    let mut owners = Vec::new();
    let mut objectives = Vec::new();
    for objective in &plan.objectives {
        let condition = &objective.condition;
        let (name, metric) = (objective.name.clone(), condition.to_string());
        let refused = |reason| ExperimentError::Metric { name: name.clone(), metric: metric.clone(), reason };
        objectives.push(compiler.condition(condition).map_err(refused)?);
        owners.resize(compiler.tasks.len(), (name, metric));
    }
    let mut watches = Vec::new();
    for watch in &plan.watches {
        let (name, metric) = (watch.name.clone(), watch.metric.to_string());
        let refused = |reason| ExperimentError::Metric { name: name.clone(), metric: metric.clone(), reason };
        watches.push(compiler.metric(&watch.metric).map_err(refused)?);
        owners.resize(compiler.tasks.len(), (name, metric));
    }
    Ok(Program { warm_up, tasks: compiler.tasks, objectives, watches, owners, batch: None, timeline: None })
}

fn run_here(plan: &Plan, options: &Options) -> Result<RunResult, ExperimentError> {
    Ok(run_and_keep(plan, options)?.0)
}

/// Runs a plan and returns its replications too, for whoever looks at them again; on the threads that are there.
pub(crate) fn run_and_keep(
    plan: &Plan,
    options: &Options,
) -> Result<(RunResult, Vec<Replication>), ExperimentError> {
    check_plan(plan)?;
    let (warm_up, warm_up_from) = pilot::warm_up(plan)?;
    let mut program = compile(plan, warm_up.as_nanos())?;
    if options.timeline {
        program.timeline = Some(timeline::bounds(plan.end().as_nanos(), options.window)?);
    }
    let mut all: Vec<Replication> = Vec::new();
    let mut planned = plan.run.replications_min;
    let found = loop {
        more(plan, &program, options, planned, &mut all)?;
        let found = evaluate(plan, &program, &all);
        if found.planned <= planned {
            break found;
        }
        planned = found.planned;
    };
    let mut result = found.result(plan, &program, warm_up, warm_up_from, &all);
    result.measures = measures(plan, &program, &all);
    result.timeline = program.timeline.as_ref().map(|bounds| timeline::timeline(plan, bounds, &all));
    if options.samples {
        // One replication, or all the batches of one.
        let of = if program.batch.is_some() { &all[..] } else { &all[..all.len().min(1)] };
        // What a trace of the first replication shows, unless all of them together have no number there.
        let is_told = |of: &Candidates, p: f64| {
            let part = plan.parts.iter().find(|part| part.instances.contains(&of.client));
            let client = part.and_then(|part| result.clients.iter().find(|c| c.name == part.name));
            let told = client.and_then(|client| client.all.latency.percentile(p));
            // One replication has no interval: then what lies beyond is all there is to say.
            let is_known = all.len() == 1 || told.is_none_or(|told| told.known().is_some());
            is_known && is_carried(p, of.latencies.count())
        };
        result.samples = shown(plan, of, &is_told)?;
    }
    Ok((result, all))
}

/// Shows a few requests of the first replication, or of the batches it is cut into.
fn shown(
    plan: &Plan,
    of: &[Replication],
    is_told: &dyn Fn(&Candidates, f64) -> bool,
) -> Result<Vec<SampledRequest>, ExperimentError> {
    let candidates: Vec<Candidates> = of.iter().flat_map(|one| one.candidates.iter().cloned()).collect();
    sampled(plan, &Candidates::together(candidates), is_told)
}

/// Shows a few requests in full: those that a run of the plan [shows](RunResult::samples), for the time of two
/// replications.
///
/// # Errors
/// As [`run`].
pub fn trace(plan: &Plan, options: &Options) -> Result<TraceResult, ExperimentError> {
    in_threads(options.threads, || {
        check_plan(plan)?;
        let (warm_up, _) = pilot::warm_up(plan)?;
        let program = compile(plan, warm_up.as_nanos())?;
        let first = replicate(plan, &program, 0)?;
        missing(&program, &first[0])?;
        if let Some(progress) = options.progress {
            progress(Progress { done: 1, planned: 1 });
        }
        Ok(TraceResult {
            title: plan.title.clone(),
            about: plan.about.clone(),
            seed: plan.run.seed,
            requests: shown(plan, &first, &|of, p| is_carried(p, of.latencies.count()))?,
        })
    })?
}

/// What replications, or the batches of one, come to.
pub(crate) struct Evaluated {
    objectives: Vec<ObjectiveResult>,
    watches: Vec<WatchResult>,
    clients: Vec<ClientResult>,
    parts: Vec<PartResult>,
    /// The widest relative half width, if a precision is asked for and there is one.
    precision_reached: Option<f64>,
    /// The number that is asked for and is least precise.
    least_precise: Option<LeastPrecise>,
    /// How many replications there are to be: as many as there are if they do.
    pub planned: u64,
}

/// Evaluates replications, or the batches of one.
pub(crate) fn evaluate(plan: &Plan, program: &Program, all: &[Replication]) -> Evaluated {
    let (mut objectives, watches) = judged(plan, program, all);
    let (clients, parts) = tables(plan, program.warm_up, all);
    outage(&mut objectives, &clients);
    let (mut precision_reached, mut least_precise) = (None, None);
    let mut planned = replications(program, all);
    if plan.run.precision.is_some() {
        let reached = reached(&objectives, &watches, &clients);
        planned = next(plan, planned, &reached);
        (precision_reached, least_precise) = (reached.widest(), reached.least_precise());
    }
    Evaluated { objectives, watches, clients, parts, precision_reached, least_precise, planned }
}

/// Counts replications; the batches of one are one.
fn replications(program: &Program, all: &[Replication]) -> u64 {
    if program.batch.is_some() { 1 } else { all.len() as u64 }
}

/// Returns how long, how often and how sure.
pub(crate) fn facts(
    plan: &Plan,
    warm_up: SimDuration,
    warm_up_from: WarmUpFrom,
    replications: u64,
    precision_reached: Option<f64>,
) -> Facts {
    Facts {
        duration: plan.run.duration,
        warm_up,
        warm_up_from,
        replications,
        batches: None,
        replications_max: plan.run.replications_max,
        precision: plan.run.precision,
        precision_reached,
        least_precise: None,
        confidence: plan.run.confidence,
        seed: plan.run.seed,
    }
}

impl Evaluated {
    /// Makes a result of it, without requests in full and without the numbers that are compared.
    pub fn result(
        self,
        plan: &Plan,
        program: &Program,
        warm_up: SimDuration,
        warm_up_from: WarmUpFrom,
        all: &[Replication],
    ) -> RunResult {
        let Evaluated { objectives, watches, clients, parts, precision_reached, least_precise, .. } = self;
        let batched = program.batch.is_some();
        let checks = checks(all);
        let facts = Facts {
            batches: batched.then_some(all.len() as u64),
            least_precise,
            ..facts(plan, warm_up, warm_up_from, replications(program, all), precision_reached)
        };
        let found = warnings::Findings {
            plan,
            facts: &facts,
            clients: &clients,
            parts: &parts,
            objectives: &objectives,
            all,
        };
        let mut warnings = warnings::warnings(&found);
        if batched {
            warnings.extend(batches::doubts(plan, all));
        }
        let held: Vec<Vec<Option<bool>>> =
            program.objectives.iter().map(|judged| held(judged, all)).collect();
        let chance = plan.uncertain.is_some() && !held.is_empty();
        let digest = all.iter().fold(0, |digest, r| mix(digest, r.digest));
        let events = all.iter().map(|r| r.events).sum();
        RunResult {
            probability: chance.then(|| probability(&held, plan.run.confidence)),
            drawn: drawn(plan, all.len() as u64),
            title: plan.title.clone(),
            question: plan.question.clone(),
            verdict: overall(&objectives, checks.iter().all(CheckResult::holds)),
            facts,
            objectives,
            watches,
            clients,
            parts,
            middles: middles(plan, program.warm_up, all),
            topology: topology(plan, program.warm_up, all),
            checks,
            warnings,
            samples: Vec::new(),
            timeline: None,
            about: plan.about.clone(),
            digest,
            events,
            replications: if batched {
                vec![ReplicationFacts { number: 0, digest, events }]
            } else {
                all.iter()
                    .map(|r| ReplicationFacts { number: r.number, digest: r.digest, events: r.events })
                    .collect()
            },
            measures: Vec::new(),
        }
    }
}

/// Makes one replication, or the batches it is cut into.
pub(crate) fn replicate(
    plan: &Plan,
    program: &Program,
    number: u64,
) -> Result<Vec<Replication>, ExperimentError> {
    let bounds = program.timeline.as_deref().filter(|_| number < timeline::REPLICATIONS_MAX);
    match program.batch {
        Some(length) => batches::record(plan, length, &program.tasks, bounds),
        None => Ok(vec![record(plan, program.warm_up, &program.tasks, bounds, number)?]),
    }
}

/// Makes the replications up to a number.
pub(crate) fn more(
    plan: &Plan,
    program: &Program,
    options: &Options,
    planned: u64,
    all: &mut Vec<Replication>,
) -> Result<(), ExperimentError> {
    let done = AtomicU64::new(replications(program, all));
    let one = |number: u64| {
        let replication = replicate(plan, program, number);
        if let (Some(progress), Ok(_)) = (options.progress, &replication) {
            progress(Progress { done: done.fetch_add(1, Ordering::Relaxed) + 1, planned });
        }
        replication
    };
    if all.is_empty() {
        // The first one tells whether everything is there before the others take their time.
        let first = one(0)?;
        missing(program, &first[0])?;
        all.extend(first);
    }
    let from = replications(program, all);
    let made: Vec<Result<Vec<Replication>, ExperimentError>> =
        (from..planned).into_par_iter().map(one).collect();
    // The first error in the order of numbers, whichever came first.
    for replication in made {
        all.extend(replication?);
    }
    Ok(())
}

/// Refuses a metric whose series the simulation turned out not to have.
pub(crate) fn missing(program: &Program, first: &Replication) -> Result<(), ExperimentError> {
    match &first.missing {
        None => Ok(()),
        Some((task, path, series)) => {
            let (name, metric) = program.owners[*task].clone();
            let reason = keeps_none(path, series);
            Err(ExperimentError::Metric { name, metric, reason })
        }
    }
}

/// Where not one request of a client ended well, what was asked of its good answers is missed: there are too few of
/// them to measure because there are none.
fn outage(objectives: &mut [ObjectiveResult], clients: &[ClientResult]) {
    for client in clients.iter().filter(|c| c.all.ended.total > 0 && c.all.good.total == 0) {
        let of =
            |text: &str| [".", ":", ")"].iter().any(|end| text.contains(&format!("({}{end}", client.name)));
        for objective in objectives.iter_mut() {
            if objective.verdict == Verdict::NotEnough && of(&objective.condition) {
                objective.verdict = Verdict::Missed;
                objective.sentence = format!(
                    "not one of the {} requests of {} ended well: {}",
                    client.all.ended.total, client.name, objective.sentence
                );
            }
        }
    }
}

fn judged(plan: &Plan, program: &Program, all: &[Replication]) -> (Vec<ObjectiveResult>, Vec<WatchResult>) {
    let confidence = plan.run.confidence;
    let uncertain = plan.uncertain.is_some();
    let objectives = plan.objectives.iter().zip(&program.objectives);
    let objectives = objectives.map(|(o, judged)| judge(o, judged, all, confidence, uncertain));
    let watches = plan.watches.iter().zip(&program.watches).map(|(w, e)| watch(w, e, all, confidence));
    (objectives.collect(), watches.collect())
}

/// What was drawn for each replication.
fn drawn(plan: &Plan, replications: u64) -> Vec<DrawnParam> {
    let Some(uncertain) = &plan.uncertain else { return Vec::new() };
    let mut drawn: Vec<DrawnParam> = (uncertain.params.iter())
        .map(|(name, dimension)| DrawnParam {
            name: name.clone(),
            unit: unit(Some(*dimension)),
            values: Vec::new(),
        })
        .collect();
    for replication in 0..replications {
        for (of, value) in drawn.iter_mut().zip((uncertain.values)(plan.run.seed, replication)) {
            of.values.push(value);
        }
    }
    drawn
}

fn checks(all: &[Replication]) -> Vec<CheckResult> {
    let mut together: Vec<Finding> =
        all.first().map_or_else(Vec::new, |r| r.findings.iter().map(Finding::empty).collect());
    for replication in all {
        for (sum, one) in together.iter_mut().zip(&replication.findings) {
            sum.add(one, replication.number);
        }
    }
    together.into_iter().map(Finding::result).collect()
}

/// Relative half widths of the numbers a precision is asked for.
#[derive(Clone, Debug, Default)]
struct Reached {
    widths: Vec<(f64, String)>,
    /// The first of them that has no interval yet.
    unknown: Option<String>,
}

impl Reached {
    fn add(&mut self, name: &str, estimated: &Estimated) {
        match estimated {
            // Nothing is precise relative to 0: the share of errors of a run without any.
            Estimated::Known(e) => {
                self.widths.extend(e.relative_half_width().map(|width| (width, name.to_string())));
            }
            Estimated::NotEnough { .. } if self.unknown.is_none() => self.unknown = Some(name.to_string()),
            Estimated::NotEnough { .. } => {}
        }
    }

    pub fn widest(&self) -> Option<f64> {
        self.widths.iter().map(|(width, _)| *width).reduce(f64::max)
    }

    /// What has no interval, or the widest.
    pub fn least_precise(&self) -> Option<LeastPrecise> {
        let widest = self.widths.iter().max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, name)| name.clone());
        let has_interval = self.unknown.is_none();
        let name = self.unknown.clone().or(widest)?;
        Some(LeastPrecise { name, has_interval })
    }
}

/// What is to be precise: objectives and watches; without any, the mean latency of every client.
fn reached(objectives: &[ObjectiveResult], watches: &[WatchResult], clients: &[ClientResult]) -> Reached {
    let mut reached = Reached::default();
    objectives.iter().for_each(|o| reached.add(&o.name, &o.value));
    watches.iter().for_each(|w| w.values.iter().for_each(|v| reached.add(&w.name, &v.value)));
    if objectives.is_empty() && watches.is_empty() {
        clients.iter().for_each(|c| reached.add(&format!("mean({}.latency)", c.name), &c.all.latency.mean));
    }
    reached
}

/// Returns how many replications there are to be: as many as there are if they do. Nothing but what they say
/// decides, so that threads do not.
///
/// # Source
/// Law, Simulation Modeling and Analysis, 5th ed., section 9.4.1 (sequential procedure); the half width falls with
/// the square root of the number. At most twice as many at a time: the first widths are rough.
fn next(plan: &Plan, n: u64, reached: &Reached) -> u64 {
    let asked = plan.run.precision.expect("asked for");
    let target = half_width_for(asked);
    let widest = reached.widest();
    if reached.unknown.is_none() && widest.is_some_and(|w| w <= target) {
        return n;
    }
    if reached.unknown.is_none() && reached.widths.is_empty() {
        // Everything is 0, or there is nothing to look at: more of it says no more.
        return n;
    }
    let ratio = widest.map_or(2.0, |w| (w / target) * (w / target));
    let wanted = (n as f64 * ratio).ceil().min(2.0 * n as f64) as u64;
    wanted.max(n + 1).min(plan.run.replications_max)
}

/// Adds a number to a fingerprint; the order matters.
///
/// # Source
/// The finaliser of SplitMix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
pub(crate) fn mix(digest: u64, n: u64) -> u64 {
    let mut z = digest.rotate_left(5) ^ n;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
