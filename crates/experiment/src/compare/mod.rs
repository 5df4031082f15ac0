//! Is B better than A? Designs run on common random numbers, and the differences between them.
//!
//! ```text
//! designs --pilots--> one warm-up --> replications, as many of each --> Record per design
//!                                                                         |
//!     gates (regressions) <-- differences with intervals, decisions <-----+-- or a stored run
//! ```
//!
//! All differences of one comparison are a family: their intervals hold together at the confidence asked for
//! (Bonferroni), and whether a difference is shown is decided by Holm's method, which never shows less. Where Holm
//! shows a difference whose interval would still hold 0, the interval ends at 0: the sign is shown, the size is not.

mod doubt;
mod gate;
mod judge;

use kneepoint_engine::SimDuration;
use kneepoint_scenario::plan::{Plan, WarmUpPlan, Watch};
use kneepoint_scenario::value::Metric;
use kneepoint_statistics::{Estimate, Estimated, Pairing, half_width_for};

use crate::batches;
use crate::error::ExperimentError;
use crate::measures::measures;
use crate::pilot;
use crate::recorder::Replication;
use crate::result::{Better, Measure, RunResult, ScenarioFacts, Subject, Unit, Verdict, WarmUpFrom};
use crate::run::{
    Options, Program, REPLICATIONS_MAX, check_plan, compile, compile_whole, evaluate, in_threads, more,
};

pub use doubt::{ClientFacts, Doubt};
pub(crate) use doubt::{answered, share_apart};
pub use gate::{Gate, GateError, GateResult, Outcome, Threshold, gates};
pub use judge::compare_records;

/// One of the designs that are compared.
#[derive(Clone)]
pub struct Design {
    /// Its name, for people.
    pub name: String,
    /// What is run.
    pub plan: Plan,
}

/// How designs are compared.
#[derive(Clone, Default)]
pub struct CompareOptions<'a> {
    /// Threads and progress.
    pub run: Options<'a>,
    /// Only these metrics; all that the designs share if there is none.
    pub metrics: Vec<Metric>,
    /// Error of the differences as a share of the first design's values, at which replications are enough, by the rule
    /// of [`half_width_for`]; that of the first plan if not given.
    pub precision: Option<f64>,
    /// Most replications, if a precision is asked for.
    pub replications_max: Option<u64>,
}

/// What a comparison takes of a run: of one just made, or of one that was stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Name of the design.
    pub name: String,
    /// Title of the scenario.
    pub title: String,
    /// The scenario, where it was one and that is known.
    pub scenario: Option<ScenarioFacts>,
    /// Seed.
    pub seed: u64,
    /// Replications.
    pub replications: u64,
    /// Batches the one replication was cut into, if it was.
    pub batches: Option<u64>,
    /// Simulated time of one replication, warm-up included.
    pub duration: SimDuration,
    /// What was left out of it.
    pub warm_up: SimDuration,
    /// Confidence asked for.
    pub confidence: f64,
    /// Verdict of all objectives.
    pub verdict: Verdict,
    /// Objectives: name, condition and verdict.
    pub objectives: Vec<(String, String, Verdict)>,
    /// The probability that an objective holds, by name, where something is drawn once per replication.
    pub chances: Vec<(String, Estimate)>,
    /// The numbers.
    pub measures: Vec<Measure>,
    /// What people call its clients and parts, by name, where the file says so.
    pub labels: Vec<(String, String)>,
    /// What the clients sent and got: what the numbers rest on. Nothing where a stored run does not say.
    pub clients: Vec<ClientFacts>,
}

impl Record {
    /// Takes what is needed of a run.
    pub fn of(name: &str, result: &RunResult) -> Record {
        Record {
            name: name.to_string(),
            title: result.title.clone(),
            scenario: result.about.scenario.clone(),
            seed: result.facts.seed,
            replications: result.facts.replications,
            batches: result.facts.batches,
            duration: result.facts.duration,
            warm_up: result.facts.warm_up,
            confidence: result.facts.confidence,
            verdict: result.verdict,
            objectives: result
                .objectives
                .iter()
                .map(|o| (o.name.clone(), o.condition.clone(), o.verdict))
                .collect(),
            chances: result
                .objectives
                .iter()
                .filter_map(|o| Some((o.name.clone(), *o.probability.as_ref()?.known()?)))
                .collect(),
            measures: result.measures.clone(),
            labels: result
                .topology
                .nodes
                .iter()
                .filter_map(|node| Some((node.name.clone(), node.label.clone()?)))
                .collect(),
            clients: result.clients.iter().map(ClientFacts::of).collect(),
        }
    }
}

/// What the data say of one difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The second is lower.
    Lower,
    /// The second is higher.
    Higher,
    /// No difference shown. That is no proof that there is none.
    NotShown,
    /// Equal in every replication.
    Identical,
    /// There is not enough data.
    NotEnough,
}

impl Finding {
    /// Returns the word for it.
    pub fn name(self) -> &'static str {
        match self {
            Finding::Lower => "lower",
            Finding::Higher => "higher",
            Finding::NotShown => "no difference shown",
            Finding::Identical => "identical",
            Finding::NotEnough => "not enough data",
        }
    }
}

/// One number of two designs.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricDifference {
    /// The metric.
    pub name: String,
    /// What it is about.
    pub subject: Subject,
    /// Its unit.
    pub unit: Unit,
    /// Which side is the good one.
    pub better: Better,
    /// Its value in the first design.
    pub first: Option<f64>,
    /// Its value in the second design.
    pub second: Option<f64>,
    /// Second minus first, with an interval that holds together with those of all other differences.
    pub difference: Estimated,
    /// The same, interval and all, as a share of the first as it was measured.
    pub relative: Estimated,
    /// Whether an end of the interval is where a share can go no farther: none falls or rises by more than all of it.
    pub cut: bool,
    /// What it says, decided by Holm's method.
    pub finding: Finding,
    /// Two-sided p-value for itself.
    pub p_value: Option<f64>,
    /// The same made fit for the family by Holm's method.
    pub p_family: Option<f64>,
    /// Correlation between the replications of the two designs.
    pub correlation: Option<f64>,
    /// How many times the replications it would take without common random numbers.
    pub gain: Option<f64>,
    /// Independent requests beyond a percentile, the smaller of the two, if it is one.
    pub beyond: Option<f64>,
    /// Why it makes neither design the better one, where it might seem to.
    pub doubt: Option<Doubt>,
}

impl MetricDifference {
    /// Returns whether the two are shown to differ, by the one rule of all studies: the family's test says so, and neither
    /// an interval that reaches 0 nor what had not ended takes it back. Whether that makes one of them the better one is
    /// another question: [`is_better`](MetricDifference::is_better).
    pub fn is_shown(&self) -> bool {
        let taken_back = matches!(self.doubt, Some(Doubt::ReachesZero | Doubt::Unfinished(_)));
        matches!(self.finding, Finding::Lower | Finding::Higher) && !taken_back
    }

    /// Returns whether the second is shown to be better (true) or worse (false); nothing if neither.
    pub fn is_better(&self) -> Option<bool> {
        match (self.finding, self.better) {
            _ if self.doubt.is_some() => None,
            (_, Better::Neither) => None,
            (Finding::Lower, better) => Some(better == Better::Lower),
            (Finding::Higher, better) => Some(better == Better::Higher),
            _ => None,
        }
    }
}

/// An objective that both designs have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerdictChange {
    /// Its name.
    pub name: String,
    /// What came of it in the first design.
    pub first: Verdict,
    /// What came of it in the second design.
    pub second: Verdict,
}

/// The answer to "is the second better than the first?"
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Better in something, worse in nothing.
    Better,
    /// Worse in something, better in nothing.
    Worse,
    /// Better in something, worse in something else.
    Mixed,
    /// No difference shown where one side is the good one.
    NotShown,
    /// Equal in everything, in every replication.
    Identical,
    /// There is not enough data for any number.
    NotEnough,
    /// One of the runs failed its own checks.
    Void,
}

impl Answer {
    /// Returns the word for it.
    pub fn name(self) -> &'static str {
        match self {
            Answer::Better => "better",
            Answer::Worse => "worse",
            Answer::Mixed => "better and worse",
            Answer::NotShown => "no difference shown",
            Answer::Identical => "identical",
            Answer::NotEnough => "not enough data",
            Answer::Void => "void",
        }
    }
}

/// Two designs side by side: the first of all, and another one.
#[derive(Clone, Debug, PartialEq)]
pub struct Contrast {
    /// Name of the first design.
    pub first: String,
    /// Name of the second design.
    pub second: String,
    /// Whether the second is better.
    pub answer: Answer,
    /// The objectives both have.
    pub objectives: Vec<VerdictChange>,
    /// The numbers both have.
    pub metrics: Vec<MetricDifference>,
    /// Numbers that only one of them has, or that mean something else in the other.
    pub left_out: Vec<String>,
}

/// All differences between the first design and the others.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// Whether replications are pairs.
    pub pairing: Pairing,
    /// Confidence with which all intervals hold together.
    pub confidence: f64,
    /// Differences in the family.
    pub family: usize,
    /// The designs, the first of which the others are held against.
    pub designs: Vec<Record>,
    /// The first against each of the others.
    pub contrasts: Vec<Contrast>,
    /// Half width asked for and reached, if one was asked for.
    pub precision: Option<PrecisionReached>,
    /// Where a number is doubtful.
    pub warnings: Vec<String>,
}

/// How narrow the differences were to be, and are.
#[derive(Clone, Debug, PartialEq)]
pub struct PrecisionReached {
    /// Half width asked for, as a share of the first design's value.
    pub asked: f64,
    /// The widest that was reached; nothing if one of them has no interval.
    pub reached: Option<f64>,
    /// The metric of which it is.
    pub widest: String,
    /// Most replications that were allowed.
    pub replications_max: u64,
}

/// A design while it is run.
struct Running {
    name: String,
    plan: Plan,
    program: Program,
    warm_up: SimDuration,
    from: WarmUpFrom,
    all: Vec<Replication>,
}

impl Running {
    fn record(&self) -> (Record, RunResult) {
        let found = evaluate(&self.plan, &self.program, &self.all);
        let mut result = found.result(&self.plan, &self.program, self.warm_up, self.from.clone(), &self.all);
        result.measures = measures(&self.plan, &self.program, &self.all);
        (Record::of(&self.name, &result), result)
    }
}

/// Compares designs: the first with each of the others.
///
/// All designs make the same number of replications: the largest of the least numbers of their plans. If all plans
/// have the same seed, replication `i` of one is paired with replication `i` of the others; then the longest warm-up
/// of any of them is that of all, so that the same time is measured. Otherwise they are independent.
///
/// Designs that are run once are cut into batches, as a single run is, and batch `i` of one is paired with batch `i`
/// of the others: both are of the same time, with the same requests.
///
/// # Source
/// Batches of differences: Law, Simulation Modeling and Analysis, 5th ed., sections 9.5.3 (batch means) and 10.2.1 (the
/// paired-t interval takes any pairs, as long as the differences are independent of each other). Two M/M/1 of a
/// thousand seconds differ by what theory says within the 95 % interval in 562 of 600 comparisons.
///
/// # Errors
/// With fewer than two designs, if one shares no number with the first, or as [`run`](crate::run) for any of them.
pub fn compare(designs: &[Design], options: &CompareOptions) -> Result<Comparison, ExperimentError> {
    compare_with_results(designs, options).map(|(comparison, _)| comparison)
}

/// As [`compare`], with the results of the single designs.
///
/// # Errors
/// As [`compare`].
pub fn compare_with_results(
    designs: &[Design],
    options: &CompareOptions,
) -> Result<(Comparison, Vec<RunResult>), ExperimentError> {
    let [first, others @ ..] = designs else { return Err(ExperimentError::plan("there is no design")) };
    if others.is_empty() {
        return Err(ExperimentError::plan("a comparison takes at least two designs"));
    }
    if let Some(precision) = options.precision
        && !(precision > 0.0 && precision < 1.0)
    {
        return Err(ExperimentError::plan(format!(
            "a precision lies between 0 and 1, as 0.05 does, not {precision}"
        )));
    }
    let pairing = if others.iter().all(|d| d.plan.run.seed == first.plan.run.seed) {
        Pairing::Paired
    } else {
        Pairing::Independent
    };
    in_threads(options.run.threads, || {
        let often = Often::of(designs, options);
        let mut running = prepare(designs, &options.metrics, pairing, &often)?;
        let comparison = to_the_end(&mut running, options, pairing, &often)?;
        let results = running.iter().map(|r| r.record().1).collect();
        Ok((comparison, results))
    })?
}

/// How often each design is run.
struct Often {
    least: u64,
    most: u64,
    /// Half width asked for.
    precision: Option<f64>,
}

impl Often {
    fn of(designs: &[Design], options: &CompareOptions) -> Often {
        let runs = || designs.iter().map(|design| &design.plan.run);
        let precision = options.precision.or(designs[0].plan.run.precision);
        let least = runs().map(|run| run.replications_min).max().unwrap_or(1);
        let allowed = runs().map(|run| run.replications_max).max().unwrap_or(1);
        let most = match (options.replications_max, precision) {
            (_, None) => least,
            (Some(most), _) => most.max(least),
            // A fixed number says nothing of how many may follow.
            (None, Some(_)) if allowed == least => REPLICATIONS_MAX.max(least),
            (None, Some(_)) => allowed,
        };
        Often { least, most, precision }
    }
}

/// Finds the warm-ups and makes ready what is measured.
fn prepare(
    designs: &[Design],
    metrics: &[Metric],
    pairing: Pairing,
    often: &Often,
) -> Result<Vec<Running>, ExperimentError> {
    let mut found = Vec::new();
    for design in designs {
        let mut plan = design.plan.clone();
        for metric in metrics {
            let name = metric.to_string();
            plan.watches.push(Watch { name, metric: metric.clone() });
        }
        check_plan(&plan)?;
        (plan.run.replications_min, plan.run.replications_max) = (often.least, often.most);
        // The differences are to be precise, not each design.
        plan.run.precision = None;
        let (warm_up, from) = pilot::warm_up(&plan)?;
        found.push((design.name.clone(), plan, warm_up, from));
    }
    let same_length = found.iter().all(|(_, plan, ..)| plan.run.duration == found[0].1.run.duration);
    if pairing == Pairing::Paired && same_length {
        let at = (0..found.len()).max_by_key(|&i| (found[i].2, std::cmp::Reverse(i))).unwrap_or(0);
        let (warm_up, from) = (found[at].2, found[at].3.clone());
        found.iter_mut().for_each(|one| (one.2, one.3) = (warm_up, from.clone()));
    }
    let mut running: Vec<Running> = found
        .into_iter()
        .map(|(name, mut plan, warm_up, from)| {
            plan.run.warm_up = WarmUpPlan::Fixed(warm_up);
            let program = compile(&plan, warm_up.as_nanos())?;
            Ok(Running { name, plan, program, warm_up, from, all: Vec::new() })
        })
        .collect::<Result<_, ExperimentError>>()?;
    // Batch `i` of one is held against batch `i` of the other: they must be of the same time.
    let batch = |one: &Running| one.program.batch.map(|length| (length, one.plan.run.duration));
    if running.iter().any(|one| batch(one) != batch(&running[0])) {
        for one in &mut running {
            one.program = compile_whole(&one.plan, one.warm_up.as_nanos())?;
        }
    }
    Ok(running)
}

/// Refuses designs that share no number with the first, after one replication of each: it tells what there is.
fn in_common(running: &[Running]) -> Result<(), ExperimentError> {
    let numbers = |one: &Running| -> Vec<(String, Unit)> {
        let measures = measures(&one.plan, &one.program, &one.all);
        measures.into_iter().map(|measure| (measure.name, measure.unit)).collect()
    };
    let first = numbers(&running[0]);
    for one in &running[1..] {
        let second = numbers(one);
        if !first.iter().any(|number| second.contains(number)) {
            let has = |one: &Running, numbers: &[(String, Unit)]| {
                (one.name.clone(), numbers.iter().map(|(name, _)| name.clone()).collect())
            };
            return Err(ExperimentError::NothingInCommon {
                first: has(&running[0], &first),
                second: has(one, &second),
            });
        }
    }
    Ok(())
}

/// Says what is doubtful of designs that were run once.
fn doubts(running: &[Running], pairing: Pairing) -> Vec<String> {
    let [first, others @ ..] = running else { return Vec::new() };
    if first.program.batch.is_none() {
        return vec![
            "one replication: no difference has an interval, use --replications (one run is cut into batches only where \
             all designs are as long, nothing in them is drawn once per replication, and every metric covers the whole \
             run)"
                .to_string(),
        ];
    }
    let mut doubts: Vec<String> = Vec::new();
    for one in running {
        let of = |doubt: String| format!("{}: {doubt}", one.name);
        doubts.extend(batches::doubts(&one.plan, &one.all).into_iter().map(of));
    }
    if pairing == Pairing::Paired {
        for other in others {
            doubts.extend(
                batches::doubts_of_difference((&first.plan, &first.all), (&other.plan, &other.all))
                    .into_iter()
                    .map(|doubt| format!("{} against {}: {doubt}", other.name, first.name)),
            );
        }
    }
    doubts
}

/// Adds replications until there are enough.
fn to_the_end(
    running: &mut [Running],
    options: &CompareOptions,
    pairing: Pairing,
    often: &Often,
) -> Result<Comparison, ExperimentError> {
    let confidence = running[0].plan.run.confidence;
    let Often { least, most, precision: asked } = *often;
    let only: Vec<String> = options.metrics.iter().map(ToString::to_string).collect();
    for one in running.iter_mut() {
        more(&one.plan, &one.program, &options.run, 1, &mut one.all)?;
    }
    in_common(running)?;
    let mut planned = least;
    loop {
        for one in running.iter_mut() {
            more(&one.plan, &one.program, &options.run, planned, &mut one.all)?;
        }
        let records: Vec<Record> = running.iter().map(|r| r.record().0).collect();
        let mut comparison = compare_records(records, pairing, confidence, &only);
        if planned == 1 {
            comparison.warnings.extend(doubts(running, pairing));
        }
        let Some(asked) = asked else { return Ok(comparison) };
        let (reached, widest) = judge::widest(&comparison, !only.is_empty());
        let target = half_width_for(asked);
        let done = reached.is_some_and(|r| r <= target);
        if done || planned >= most {
            if !done {
                comparison.warnings.push(judge::stopped_short(asked, reached, &widest, planned));
            }
            comparison.precision = Some(PrecisionReached { asked, reached, widest, replications_max: most });
            return Ok(comparison);
        }
        // The half width falls with the square root of the number; at most twice as many at a time.
        let ratio = reached.map_or(2.0, |w| (w / target) * (w / target));
        let wanted = (planned as f64 * ratio).ceil().min(2.0 * planned as f64) as u64;
        planned = wanted.max(planned + 1).min(most);
    }
}
