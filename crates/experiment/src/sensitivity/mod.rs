//! Which input moves a number, and what flips the verdict.
//!
//! Two ways to ask, both on common random numbers. One at a time: the scenario as it is against each input at the ends
//! of its range, with the intervals of a comparison. Morris: walks through all ranges at once, for many inputs and for
//! inputs that act together.

pub mod morris;

use kneepoint_scenario::Faults;
use kneepoint_scenario::plan::{Plan, Watch};
use kneepoint_scenario::value::Metric;
use kneepoint_statistics::Estimated;

use crate::compare::{CompareOptions, Comparison, Design, MetricDifference, compare_with_results};
use crate::error::ExperimentError;
use crate::result::{ScenarioFacts, Unit, Verdict};
use crate::run::{Options, run};
use crate::sweep::{Axis, AxisValues, plain};

/// Halvings of a range between two verdicts.
///
/// # Source
/// Chosen: six of them know the setting to 1.6 % of its range.
const HALVINGS: u32 = 6;

/// Makes the plan with these settings (path and value).
pub type Make<'a> = dyn Fn(&[(String, String)]) -> Result<Plan, Faults> + 'a;

/// Why there is no answer.
#[derive(Clone, Debug)]
pub enum SensitivityError {
    /// A setting is at fault.
    Faults(Faults),
    /// A run failed, or what is asked for cannot be measured.
    Experiment(ExperimentError),
    /// What was asked for makes no sense; in words.
    Asked(String),
}

impl std::fmt::Display for SensitivityError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            SensitivityError::Faults(faults) => write!(f, "{faults}"),
            SensitivityError::Experiment(error) => write!(f, "{error}"),
            SensitivityError::Asked(reason) => f.write_str(reason),
        }
    }
}

impl std::error::Error for SensitivityError {}

impl From<Faults> for SensitivityError {
    fn from(faults: Faults) -> Self {
        SensitivityError::Faults(faults)
    }
}

impl From<ExperimentError> for SensitivityError {
    fn from(error: ExperimentError) -> Self {
        SensitivityError::Experiment(error)
    }
}

/// One input at one value, against the scenario as it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// The value as it was set.
    pub value: String,
    /// What it does to the response.
    pub difference: MetricDifference,
}

/// What one input does to one response.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    /// The path of the input.
    pub path: String,
    /// It at its values, in the order of its range.
    pub settings: Vec<Setting>,
    /// From the lowest to the highest response over the range, the scenario as it is included; nothing if one of them
    /// is not known.
    pub swing: Option<f64>,
}

/// What all inputs do to one response, the widest bar first.
#[derive(Clone, Debug, PartialEq)]
pub struct Tornado {
    /// The response.
    pub metric: String,
    /// Its unit.
    pub unit: Unit,
    /// Its value in the scenario as it is.
    pub base: Option<f64>,
    /// A bar per input.
    pub bars: Vec<Bar>,
}

/// An input with which the verdict on an objective is not everywhere what it is as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flip {
    /// The objective.
    pub objective: String,
    /// The path of the input.
    pub path: String,
    /// Verdict of the scenario as it is.
    pub base: Verdict,
    /// Verdicts at its values.
    pub verdicts: Vec<(String, Verdict)>,
    /// The two nearest values found with different verdicts, if the range could be halved.
    pub between: Option<[(String, Verdict); 2]>,
}

/// How a verdict differs over the values of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlipKind {
    /// Met at one value and missed at another.
    Flips,
    /// Met or missed as it is, and nowhere the other: at some value the runs do not tell.
    MakesUnclear,
    /// Unclear as it is, and met or missed at some value.
    MakesClear,
    /// Anything else, as a probability where parameters are uncertain.
    Differs,
}

impl Flip {
    /// Returns what kind of difference it is.
    pub fn kind(&self) -> FlipKind {
        let untold = |v: Verdict| matches!(v, Verdict::Unclear | Verdict::NotEnough);
        let met = self.all().any(|v| v == Verdict::Met);
        let missed = self.all().any(|v| v == Verdict::Missed);
        match self.base {
            _ if met && missed => FlipKind::Flips,
            Verdict::Met | Verdict::Missed if self.all().any(untold) => FlipKind::MakesUnclear,
            base if untold(base) && (met || missed) => FlipKind::MakesClear,
            _ => FlipKind::Differs,
        }
    }

    fn all(&self) -> impl Iterator<Item = Verdict> + '_ {
        std::iter::once(self.base).chain(self.verdicts.iter().map(|(_, verdict)| *verdict))
    }
}

/// What one at a time found.
#[derive(Clone, Debug, PartialEq)]
pub struct OneAtATime {
    /// Title of the scenario.
    pub title: String,
    /// The scenario as it is; nothing for plans of a Rust program.
    pub scenario: Option<ScenarioFacts>,
    /// A tornado per response.
    pub tornados: Vec<Tornado>,
    /// The inputs that flip a verdict, or leave it less or more clear than it is.
    pub flips: Vec<Flip>,
    /// All of it as a comparison: how it was found, and doubts.
    pub comparison: Comparison,
    /// Runs that were made, of all replications each.
    pub runs: u64,
}

/// Sets one input at a time to each end of its range (to each value of a list).
///
/// # Errors
/// If a setting is at fault, a run fails, or a response cannot be measured.
pub fn one_at_a_time(
    make: &Make,
    inputs: &[Axis],
    responses: &[Metric],
    options: &Options,
) -> Result<OneAtATime, SensitivityError> {
    asked(inputs, responses)?;
    let mut designs = vec![Design { name: "as it is".to_string(), plan: make(&[])? }];
    let mut owners = Vec::new();
    for (at, input) in inputs.iter().enumerate() {
        for value in input.extremes() {
            let name = format!("{}={}", input.path, plain(&value));
            designs.push(Design { name, plan: make(&[(input.path.clone(), value.clone())])? });
            owners.push((at, value));
        }
    }
    let compare_options =
        CompareOptions { run: *options, metrics: responses.to_vec(), ..CompareOptions::default() };
    let (comparison, results) = compare_with_results(&designs, &compare_options)?;
    let tornados = responses.iter().map(|r| tornado(&r.to_string(), inputs, &owners, &comparison)).collect();
    let mut runs = designs.len() as u64;
    let mut flips = Vec::new();
    for objective in &results[0].objectives {
        for (at, input) in inputs.iter().enumerate() {
            let of =
                |i: usize| results[i].objectives.iter().find(|o| o.name == objective.name).map(|o| o.verdict);
            let verdicts: Vec<(String, Verdict)> = owners
                .iter()
                .enumerate()
                .filter(|(_, (owner, _))| *owner == at)
                .filter_map(|(i, (_, value))| Some((plain(value).to_string(), of(i + 1)?)))
                .collect();
            if verdicts.iter().all(|(_, v)| *v == objective.verdict) {
                continue;
            }
            let between = match verdicts.as_slice() {
                [low, high] if opposite(low.1, high.1) && matches!(input.values, AxisValues::Range(_)) => {
                    Some(halve(make, input, &objective.name, (low.1, high.1), options, &mut runs)?)
                }
                _ => None,
            };
            flips.push(Flip {
                objective: objective.name.clone(),
                path: input.path.clone(),
                base: objective.verdict,
                verdicts,
                between,
            });
        }
    }
    let Plan { title, about, .. } = &designs[0].plan;
    let (title, scenario) = (title.clone(), about.scenario.clone());
    Ok(OneAtATime { title, scenario, tornados, flips, comparison, runs })
}

fn asked(inputs: &[Axis], responses: &[Metric]) -> Result<(), SensitivityError> {
    let refuse = |reason: &str| Err(SensitivityError::Asked(reason.to_string()));
    if inputs.is_empty() {
        return refuse("there is no input: give one with its range, as in web.instances=2..16");
    }
    if responses.is_empty() {
        return refuse("there is no response to look at: the scenario has no objective and no client");
    }
    for (at, input) in inputs.iter().enumerate() {
        if inputs[..at].iter().any(|other| other.path == input.path) {
            return refuse(&format!("{} is given twice", input.path));
        }
        if let AxisValues::Range(span) = &input.values
            && span.from == span.to
        {
            return refuse(&format!("{input}: both ends are the same, so nothing is varied"));
        }
    }
    Ok(())
}

fn opposite(a: Verdict, b: Verdict) -> bool {
    matches!((a, b), (Verdict::Met, Verdict::Missed) | (Verdict::Missed, Verdict::Met))
}

/// Halves a range between two verdicts, from either end: in between may lie what is unclear.
fn halve(
    make: &Make,
    input: &Axis,
    objective: &str,
    (at_low, at_high): (Verdict, Verdict),
    options: &Options,
    runs: &mut u64,
) -> Result<[(String, Verdict); 2], SensitivityError> {
    let mut known: Vec<(String, Option<Verdict>)> = Vec::new();
    let mut verdict_at = |value: &str| -> Result<Option<Verdict>, SensitivityError> {
        if let Some((_, verdict)) = known.iter().find(|(v, _)| v == value) {
            return Ok(*verdict);
        }
        let plan = make(&[(input.path.clone(), value.to_string())])?;
        let result = run(&plan, options)?;
        *runs += 1;
        let verdict = result.objectives.iter().find(|o| o.name == objective).map(|o| o.verdict);
        known.push((value.to_string(), verdict));
        Ok(verdict)
    };
    let mut nearest = |own: Verdict, from: f64, to: f64| -> Result<String, SensitivityError> {
        let (mut near, mut far) = (from, to);
        for _ in 0..HALVINGS {
            let middle = (near + far) / 2.0;
            let value = input.along(middle);
            if value == input.along(near) || value == input.along(far) {
                break;
            }
            if verdict_at(&value)? == Some(own) {
                near = middle;
            } else {
                far = middle;
            }
        }
        Ok(input.along(near))
    };
    let low = nearest(at_low, 0.0, 1.0)?;
    let high = nearest(at_high, 1.0, 0.0)?;
    Ok([(low, at_low), (high, at_high)])
}

/// Orders sizes from the largest to the smallest; what is not known is behind all that is: it moves nothing that was seen.
fn widest_first(a: Option<f64>, b: Option<f64>) -> std::cmp::Ordering {
    match (a, b) {
        (Some(a), Some(b)) => b.total_cmp(&a),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}

fn tornado(metric: &str, inputs: &[Axis], owners: &[(usize, String)], comparison: &Comparison) -> Tornado {
    let found = |design: usize| comparison.contrasts[design].metrics.iter().find(|m| m.name == metric);
    let mut bars: Vec<Bar> = inputs
        .iter()
        .enumerate()
        .map(|(at, input)| {
            let settings: Vec<Setting> = owners
                .iter()
                .enumerate()
                .filter(|(_, (owner, _))| *owner == at)
                .filter_map(|(i, (_, value))| {
                    Some(Setting { value: plain(value).to_string(), difference: found(i)?.clone() })
                })
                .collect();
            let values: Option<Vec<f64>> = settings.iter().map(|s| s.difference.difference.value()).collect();
            let swing = values.map(|values| {
                let low = values.iter().copied().fold(0.0, f64::min);
                values.iter().copied().fold(0.0, f64::max) - low
            });
            Bar { path: input.path.clone(), settings, swing }
        })
        .collect();
    bars.sort_by(|a, b| widest_first(a.swing, b.swing));
    let any = (0..owners.len()).find_map(found);
    Tornado {
        metric: metric.to_string(),
        unit: any.map_or(Unit::Number, |m| m.unit.clone()),
        base: any.and_then(|m| m.first),
        bars,
    }
}

/// How Morris walks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MorrisOptions {
    /// Levels of each input; even.
    pub levels: u64,
    /// Trajectories.
    pub trajectories: u64,
}

impl Default for MorrisOptions {
    /// # Source
    /// Four levels and ten trajectories: Campolongo et al. 2007, and Saltelli et al., Global Sensitivity Analysis: The
    /// Primer, 2008, section 3.3.
    fn default() -> Self {
        MorrisOptions { levels: 4, trajectories: 10 }
    }
}

/// One input in Morris screening.
#[derive(Clone, Debug, PartialEq)]
pub struct Screened {
    /// The path of the input.
    pub path: String,
    /// What it does, in the unit of the response over the whole range of the input.
    pub effect: morris::Effect,
}

/// What Morris screening found for one response, the input that matters most first.
#[derive(Clone, Debug, PartialEq)]
pub struct Screening {
    /// The response.
    pub metric: String,
    /// Its unit.
    pub unit: Unit,
    /// The inputs.
    pub inputs: Vec<Screened>,
    /// Points at which there was not enough data for it: the effects on either side are missing.
    pub unknown: Vec<UnknownPoint>,
    /// Where it is a latency: the points at which most and fewest requests of its client were answered well, if the
    /// latencies are not of the same requests.
    pub survivors: Option<[AnsweredAt; 2]>,
}

/// A point and the share of the requests of a client that were answered well there.
#[derive(Clone, Debug, PartialEq)]
pub struct AnsweredAt {
    /// Path and value of each input.
    pub settings: Vec<(String, String)>,
    /// The share.
    pub share: f64,
}

/// Returns the ends of the shares that were answered well, if latencies at the two are not of the same requests.
fn survivors(metric: &str, mut answered: Vec<AnsweredAt>) -> Option<[AnsweredAt; 2]> {
    answered.sort_by(|a, b| b.share.total_cmp(&a.share));
    let (most, fewest) = (answered.first()?, answered.last()?);
    let apart = crate::compare::share_apart(metric);
    (most.share - fewest.share >= apart).then(|| [most.clone(), fewest.clone()])
}

/// A point at which there was not enough data for a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownPoint {
    /// Path and value of each input.
    pub settings: Vec<(String, String)>,
    /// Why there was not.
    pub reason: String,
}

/// What Morris screening found.
#[derive(Clone, Debug, PartialEq)]
pub struct Screenings {
    /// Title of the scenario.
    pub title: String,
    /// The scenario as it is; nothing for plans of a Rust program.
    pub scenario: Option<ScenarioFacts>,
    /// What people call its clients and parts, by name, where the file says so.
    pub labels: Vec<(String, String)>,
    /// Replications of each run.
    pub replications: u64,
    /// One per response.
    pub responses: Vec<Screening>,
    /// Runs that were made, of all replications each.
    pub runs: u64,
    /// Confidence of the intervals, each for itself.
    pub confidence: f64,
    /// Seed of the runs and of the trajectories.
    pub seed: u64,
    /// Trajectories that were walked.
    pub trajectories: u64,
}

/// Walks through the ranges of all inputs at once.
///
/// All points share their random numbers, so that an elementary effect is a difference of pairs.
///
/// # Errors
/// As [`one_at_a_time`], and if the levels are odd or there are fewer than two trajectories.
pub fn screen(
    make: &Make,
    inputs: &[Axis],
    responses: &[Metric],
    how: MorrisOptions,
    options: &Options,
) -> Result<Screenings, SensitivityError> {
    asked(inputs, responses)?;
    if how.levels < 2 || !how.levels.is_multiple_of(2) {
        return Err(SensitivityError::Asked(format!(
            "levels are an even number, as 4 is, not {}",
            how.levels
        )));
    }
    if how.trajectories < 2 {
        return Err(SensitivityError::Asked(
            "one trajectory shows no spread: at least 2 are needed".to_string(),
        ));
    }
    for input in inputs {
        if let AxisValues::List(values) = &input.values {
            return Err(SensitivityError::Asked(format!(
                "Morris screening takes ranges of numbers, as 2..16, and {} has the values {}",
                input.path,
                values.join(", ")
            )));
        }
    }
    let base = make(&[])?;
    let labels = crate::result::labels(&base);
    let (seed, confidence) = (base.run.seed, base.run.confidence);
    let names: Vec<&str> = inputs.iter().map(|input| input.path.as_str()).collect();
    let walks = morris::trajectories(&names, how.levels, how.trajectories, seed);
    let mut collected = vec![vec![Vec::new(); inputs.len()]; responses.len()];
    let mut unknown = vec![Vec::new(); responses.len()];
    let mut units = vec![Unit::Number; responses.len()];
    let mut answered: Vec<Vec<AnsweredAt>> = vec![Vec::new(); responses.len()];
    let mut runs = 0;
    for walk in &walks {
        let mut before: Option<(Vec<f64>, Vec<Option<f64>>)> = None;
        for (i, point) in walk.points.iter().enumerate() {
            let values: Vec<String> = inputs.iter().zip(point).map(|(n, x)| n.along(*x)).collect();
            // Whole numbers are rounded: the step is what was really taken.
            let shares: Vec<f64> = inputs
                .iter()
                .zip(&values)
                .zip(point)
                .map(|((input, value), x)| input.share(value).unwrap_or(*x))
                .collect();
            let settings: Vec<(String, String)> = inputs.iter().map(|n| n.path.clone()).zip(values).collect();
            let mut plan = make(&settings)?;
            for metric in responses {
                plan.watches.push(Watch { name: metric.to_string(), metric: metric.clone() });
            }
            plan.run.precision = None;
            let result = run(&plan, options)?;
            runs += 1;
            let shown = |(path, value): &(String, String)| (path.clone(), plain(value).to_string());
            for (metric, answered) in responses.iter().zip(&mut answered) {
                let share = crate::compare::answered(&metric.to_string(), &result);
                let settings = || settings.iter().map(shown).collect();
                answered.extend(share.map(|share| AnsweredAt { settings: settings(), share }));
            }
            let found: Vec<Option<f64>> = responses
                .iter()
                .enumerate()
                .map(|(r, metric)| {
                    let name = metric.to_string();
                    let measure = result.measures.iter().find(|m| m.name == name)?;
                    units[r] = measure.unit.clone();
                    match &measure.content {
                        Ok(content) => Some(content.value),
                        Err(missing) => {
                            let reason = match missing {
                                Estimated::NotEnough { reason, .. } => reason.clone(),
                                Estimated::Known(_) => String::new(),
                            };
                            let settings = settings.iter().map(shown).collect();
                            unknown[r].push(UnknownPoint { settings, reason });
                            None
                        }
                    }
                })
                .collect();
            if let Some((shares_before, found_before)) = &before {
                let input = walk.changed[i - 1];
                let step = shares[input] - shares_before[input];
                for r in 0..responses.len() {
                    if let (Some(a), Some(b)) = (found_before[r], found[r])
                        && step != 0.0
                    {
                        collected[r][input].push((b - a) / step);
                    }
                }
            }
            before = Some((shares, found));
        }
    }
    let responses = responses
        .iter()
        .enumerate()
        .map(|(r, metric)| {
            let effects = morris::effects(&collected[r], confidence);
            let mut screened: Vec<Screened> = inputs
                .iter()
                .zip(effects)
                .map(|(input, effect)| Screened { path: input.path.clone(), effect })
                .collect();
            let size = |s: &Screened| s.effect.size.value();
            screened.sort_by(|a, b| widest_first(size(a), size(b)).then_with(|| a.path.cmp(&b.path)));
            Screening {
                metric: metric.to_string(),
                unit: units[r].clone(),
                inputs: screened,
                unknown: std::mem::take(&mut unknown[r]),
                survivors: survivors(&metric.to_string(), std::mem::take(&mut answered[r])),
            }
        })
        .collect();
    let (title, scenario) = (base.title.clone(), base.about.scenario.clone());
    let replications = base.run.replications_min;
    Ok(Screenings {
        title,
        scenario,
        labels,
        replications,
        responses,
        runs,
        confidence,
        seed,
        trajectories: how.trajectories,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latencies_of_fewer_requests_are_told_where_inputs_are_walked() {
        let at = |share: f64| AnsweredAt { settings: Vec::new(), share };
        let ends = |metric, shares: &[f64]| {
            survivors(metric, shares.iter().copied().map(at).collect()).map(|ends| ends.map(|of| of.share))
        };
        assert_eq!(ends("mean(u.latency)", &[0.9, 1.0, 0.8]), Some([1.0, 0.8]));
        assert_eq!(ends("mean(u.latency)", &[0.995, 1.0]), None);
        // A percentile is moved by what lies beyond it.
        assert_eq!(ends("p99.9(u.latency)", &[0.995, 1.0]), Some([1.0, 0.995]));
        assert_eq!(ends("mean(u.latency)", &[]), None);
    }

    #[test]
    fn what_is_not_known_stands_behind_what_is() {
        let mut all = [None, Some(0.0), Some(3.0), None, Some(7.0)];
        all.sort_by(|a, b| widest_first(*a, *b));
        assert_eq!(all, [Some(7.0), Some(3.0), Some(0.0), None, None]);
    }
}
