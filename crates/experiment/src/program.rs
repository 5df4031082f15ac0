//! From metrics as they are written to what is read when, and what is made of it.

use kneepoint_calls::ComponentId;
use kneepoint_engine::SimTime;
use kneepoint_scenario::plan::{MiddlePlan, PartPlan, Plan};
use kneepoint_scenario::value::{
    Combined, Comparison, Condition, Dimension, Measure, Metric, MiddleMeasure, Operator, Quantity, Reducer,
    SeriesKind, Sort, Target, Window, middle_series, nearest, series,
};

use crate::middle;

use crate::probe::Probe;
use crate::series::{Group, instances, probe, unknown_series};

/// Most windows of one metric.
///
/// # Source
/// Chosen: a day in windows of ten seconds; the histogram of a window takes about 2 KB a replication.
const WINDOWS_MAX: u64 = 10_000;

/// Instants at which a level is looked at in a window, for percentiles over time.
///
/// # Source
/// Chosen: ten beyond p99; the levels themselves keep their area only.
pub(crate) const LOOKS: u64 = 1000;

/// Most looks of one metric.
const LOOKS_MAX: u64 = 1_000_000;

/// What a percentile of a utilisation is resolved to.
const RATIO_STEPS: f64 = 1e6;

/// The length of the windows in which an objective is judged for `missed` if it names none.
///
/// # Source
/// As long as the windows of triggers that name none (format, section 4).
const USUAL_STEP_NS: u64 = 10_000_000_000;

/// From an instant to an instant \[ns\]; empty for a look at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stretch {
    pub from: u64,
    pub to: u64,
}

impl Stretch {
    pub fn nanos(self) -> f64 {
        (self.to - self.from) as f64
    }

    pub fn times(self) -> (SimTime, SimTime) {
        (SimTime::from_nanos(self.from), SimTime::from_nanos(self.to))
    }
}

/// How a window is read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Take {
    /// What came in between its ends.
    Difference,
    /// The state at its end.
    State,
    /// The state at [`LOOKS`] instants in it, times the factor.
    Looks(f64),
    /// The highest or lowest value of a level since the reset.
    Highest,
    Lowest,
}

/// Something to read in a number of windows.
#[derive(Clone, Debug)]
pub(crate) struct Task {
    pub probe: Probe,
    pub take: Take,
    pub windows: Vec<Stretch>,
}

/// What is made of what was read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Reduce {
    Percentile(f64),
    Mean,
    Least,
    Greatest,
    Sum,
    Rate,
    Total,
    Share,
    /// Area over time.
    LevelMean,
    /// Area over area.
    LevelShare,
    /// A percentile over time of a level that was multiplied with the factor.
    LevelPercentile(f64, f64),
    State,
}

/// How instances are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Across {
    Highest,
    Lowest,
    Imbalance,
    Jain,
}

/// One measure, ready to be read.
#[derive(Clone, Debug)]
pub(crate) struct Measured {
    /// What it is taken from: one task, or one per instance with the instance's number.
    pub groups: Vec<(Option<usize>, usize)>,
    /// Which part the instances are of.
    pub part: usize,
    pub windows: Vec<Stretch>,
    /// There is one value per window.
    pub each: bool,
    pub reduce: Reduce,
    pub across: Option<Across>,
    pub is_duration: bool,
}

/// A metric, ready to be read and evaluated.
#[derive(Clone, Debug)]
pub(crate) enum Expression {
    Measured(Measured),
    Missed(Box<Judged>),
    Combined(Operator, Box<(Expression, Expression)>),
}

/// A metric with a bound, ready to be judged.
#[derive(Clone, Debug)]
pub(crate) struct Judged {
    pub expression: Expression,
    pub comparison: Comparison,
    pub bound: Quantity,
}

/// One value of an expression: of which instance and which window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) struct Cell {
    /// Part and instance.
    pub instance: Option<(usize, usize)>,
    pub window: Option<Stretch>,
}

impl Expression {
    /// Returns its values' labels: at least one.
    pub fn cells(&self) -> Vec<Cell> {
        match self {
            Expression::Measured(m) => {
                let windows: Vec<Option<Stretch>> =
                    if m.each { m.windows.iter().copied().map(Some).collect() } else { vec![None] };
                let instances: Vec<Option<(usize, usize)>> = match m.across {
                    Some(_) => vec![None],
                    None => m.groups.iter().map(|(i, _)| i.map(|i| (m.part, i))).collect(),
                };
                instances
                    .iter()
                    .flat_map(|&instance| windows.iter().map(move |&window| Cell { instance, window }))
                    .collect()
            }
            Expression::Missed(_) => vec![Cell::default()],
            Expression::Combined(_, both) => {
                if both.0.count() >= both.1.count() {
                    both.0.cells()
                } else {
                    both.1.cells()
                }
            }
        }
    }

    /// Returns how many values it has.
    pub fn count(&self) -> usize {
        match self {
            Expression::Measured(m) => {
                let instances = if m.across.is_some() { 1 } else { m.groups.len() };
                let windows = if m.each { m.windows.len() } else { 1 };
                instances * windows
            }
            Expression::Missed(_) => 1,
            Expression::Combined(_, both) => both.0.count().max(both.1.count()),
        }
    }

    /// Returns how many measures it is made of.
    pub fn leaves(&self) -> usize {
        match self {
            Expression::Combined(_, both) => both.0.leaves() + both.1.leaves(),
            _ => 1,
        }
    }

    /// Returns whether a percentile is among them: it exists for the pool of all replications.
    pub fn is_pooled(&self) -> bool {
        match self {
            Expression::Measured(m) => {
                m.across.is_none() && matches!(m.reduce, Reduce::Percentile(_) | Reduce::LevelPercentile(..))
            }
            Expression::Missed(_) => false,
            Expression::Combined(_, both) => both.0.is_pooled() || both.1.is_pooled(),
        }
    }

    pub fn is_duration(&self, of: Option<Dimension>) -> bool {
        match self {
            Expression::Measured(m) => m.is_duration,
            Expression::Missed(_) => true,
            Expression::Combined(..) => of == Some(Dimension::Duration),
        }
    }
}

/// What a measure asks for of a series.
#[derive(Clone, Copy)]
struct Read<'s> {
    /// The part whose instances values are labelled with.
    part: usize,
    /// Whose series it is, for people.
    of: &'s str,
    name: &'s str,
    kind: SeriesKind,
    reducer: Option<Reducer>,
    window: Option<Window>,
    /// As in [`Compiler::expression`].
    step: Option<u64>,
}

/// Whether instances are compared.
fn is_across(reducer: Option<Reducer>) -> bool {
    matches!(reducer, Some(Reducer::Highest | Reducer::Lowest | Reducer::Imbalance | Reducer::Jain))
}

/// Makes expressions of metrics and collects what has to be read for them.
pub(crate) struct Compiler<'a> {
    plan: &'a Plan,
    warm_up: u64,
    end: u64,
    pub tasks: Vec<Task>,
}

/// Why a metric cannot be measured, as a clause.
pub(crate) type Reason = String;

impl<'a> Compiler<'a> {
    pub fn new(plan: &'a Plan, warm_up: u64) -> Compiler<'a> {
        Compiler { plan, warm_up, end: plan.end().as_nanos(), tasks: Vec::new() }
    }

    pub fn condition(&mut self, condition: &Condition) -> Result<Judged, Reason> {
        if condition.lasting.is_some() {
            return Err("`for` belongs to triggers; an objective takes `each`, as in `each 1min`".to_string());
        }
        condition.check(&|_, name| series(name)).map_err(|e| e.to_string())?;
        Ok(Judged {
            expression: self.metric(&condition.metric)?,
            comparison: condition.comparison.value,
            bound: condition.value.value,
        })
    }

    pub fn metric(&mut self, metric: &Metric) -> Result<Expression, Reason> {
        metric.dimension(&|_, name| series(name)).map_err(|e| e.to_string())?;
        self.expression(metric, None)
    }

    /// `step` replaces the window of measures that name none by windows of this length.
    fn expression(&mut self, metric: &Metric, step: Option<u64>) -> Result<Expression, Reason> {
        match metric {
            Metric::Measure(measure) => match &measure.value {
                Measure::Series { reducer, target, series, window } => {
                    let reducer = reducer.as_ref().map(|r| r.value);
                    let window = window.as_ref().map(|w| w.value);
                    self.measure(reducer, target, &series.value, window, step).map(Expression::Measured)
                }
                Measure::Middle(of) => self.middle(of, step).map(Expression::Measured),
                Measure::Missed(name) if step.is_none() => self.missed(&name.value),
                Measure::Missed(_) => Err("`missed` of an objective that speaks of `missed`".to_string()),
                Measure::TimeToRecover(_) => {
                    Err("`time_to_recover` is not built yet: plans do not say when faults end".to_string())
                }
                Measure::Cost(_) => Err("`cost` is not built yet: plans carry no prices".to_string()),
            },
            Metric::Combined(combined) => {
                let Combined { operator, left, right } = &**combined;
                let both = (self.expression(left, step)?, self.expression(right, step)?);
                let (n, m) = (both.0.cells(), both.1.cells());
                if n.len() > 1 && m.len() > 1 && n != m {
                    return Err("its sides have values for different instances or windows".to_string());
                }
                Ok(Expression::Combined(operator.value, Box::new(both)))
            }
        }
    }

    fn missed(&mut self, name: &str) -> Result<Expression, Reason> {
        let plan = self.plan;
        let objective = plan.objectives.iter().find(|o| o.name == name);
        let objective = objective.ok_or_else(|| format!("there is no objective \"{name}\""))?;
        let condition = &objective.condition;
        let expression = self.expression(&condition.metric, Some(USUAL_STEP_NS))?;
        if expression.cells().iter().any(|cell| cell.window.is_none()) {
            return Err(format!("objective \"{name}\" is not judged window by window"));
        }
        let (comparison, bound) = (condition.comparison.value, condition.value.value);
        Ok(Expression::Missed(Box::new(Judged { expression, comparison, bound })))
    }

    fn measure(
        &mut self,
        reducer: Option<Reducer>,
        target: &Target,
        name: &str,
        window: Option<Window>,
        step: Option<u64>,
    ) -> Result<Measured, Reason> {
        let root = &target.place.root.value;
        let part = self.plan.parts.iter().position(|p| p.name == *root);
        let part = part.ok_or_else(|| {
            let known = self.plan.parts.iter().map(|p| p.name.as_str());
            let meant = nearest(root, known).map(|name| format!("; did you mean \"{name}\"?"));
            format!("there is no part \"{root}\"{}", meant.unwrap_or_default())
        })?;
        let plan: &'a PartPlan = &self.plan.parts[part];
        let kind = series(name).ok_or_else(|| unknown_series(plan, name))?;
        let instances = instances(plan, target, is_across(reducer))?;
        let operation = target.operation.as_ref().map(|o| o.value.as_str());
        if let Some(reason) = middle::ends_at_the_door(self.plan, root, name) {
            return Err(reason);
        }
        let ways: &[MiddlePlan] = &self.plan.middles;
        let read = Read { part, of: root, name, kind, reducer, window, step };
        self.take(&read, instances, &|ids| probe(plan, ids, operation, name, ways))
    }

    /// A metric of what stands on an edge or at a door, or of the calls over an edge.
    fn middle(&mut self, of: &MiddleMeasure, step: Option<u64>) -> Result<Measured, Reason> {
        let found = middle::find(self.plan, of)?;
        let reducer = of.reducer.as_ref().map(|r| r.value);
        let window = of.window.as_ref().map(|w| w.value);
        let name = of.series.value.as_str();
        let kind = middle_series(name).ok_or_else(|| found.unknown(name))?;
        // Labels name instances of parts, of which these are none: they are measured together, or compared.
        let instances = if is_across(reducer) { found.each() } else { vec![found.together()] };
        let read = Read { part: 0, of: &found.name, name, kind, reducer, window, step };
        self.take(&read, instances, &|ids| found.probe(ids, name))
    }

    /// Reads a series of instances, as a measure asks for it.
    fn take(
        &mut self,
        read: &Read<'_>,
        instances: Vec<Group>,
        probe: &dyn Fn(&[ComponentId]) -> Result<Probe, Reason>,
    ) -> Result<Measured, Reason> {
        let &Read { part, of: root, name, kind, reducer, window, step } = read;
        let across = match reducer {
            Some(Reducer::Highest) => Some(Across::Highest),
            Some(Reducer::Lowest) => Some(Across::Lowest),
            Some(Reducer::Imbalance) => Some(Across::Imbalance),
            Some(Reducer::Jain) => Some(Across::Jain),
            _ => None,
        };
        let reducer = match reducer {
            Some(reducer) if across.is_none() => reducer,
            // Instances are compared by the series' own reducer, samples by their mean.
            _ => kind.sort.short_form().unwrap_or(Reducer::Mean),
        };
        let (windows, each) = self.windows(window, step)?;
        let at_instant = matches!(window, Some(Window::At(_)));
        let whole_run = window.is_none() && step.is_none();
        let scale = if name == "utilisation" { RATIO_STEPS } else { 1.0 };
        let level_share = name == "utilisation";
        let (take, reduce) = match (kind.sort, reducer) {
            (Sort::Level, _) if at_instant => (Take::State, Reduce::State),
            _ if at_instant => {
                return Err(format!("`{name}` has no value at one instant; give it a stretch of time"));
            }
            (Sort::Level, Reducer::Percentile(p)) => {
                if LOOKS * windows.len() as u64 > LOOKS_MAX {
                    let most = LOOKS_MAX / LOOKS;
                    return Err(format!("a percentile over time can be had in at most {most} windows"));
                }
                (Take::Looks(scale), level_percentile(p, scale))
            }
            (Sort::Level, Reducer::Min | Reducer::Max) => {
                if !whole_run {
                    return Err("extremes of a level are kept for the whole run only".to_string());
                }
                if level_share {
                    return Err("of `utilisation` there are means and percentiles".to_string());
                }
                if instances.iter().any(|group| group.ids.len() > 1) {
                    return Err(format!(
                        "the extremes of several instances together are not kept; write {root}/* for each"
                    ));
                }
                (if reducer == Reducer::Max { Take::Highest } else { Take::Lowest }, Reduce::State)
            }
            (Sort::Level, _) if level_share => (Take::Difference, Reduce::LevelShare),
            (Sort::Level, _) => (Take::Difference, Reduce::LevelMean),
            (_, Reducer::Percentile(p)) if p <= 0.0 => (Take::Difference, Reduce::Least),
            (_, Reducer::Percentile(p)) if p >= 100.0 => (Take::Difference, Reduce::Greatest),
            (_, Reducer::Percentile(p)) => (Take::Difference, Reduce::Percentile(p / 100.0)),
            (_, Reducer::Mean) => (Take::Difference, Reduce::Mean),
            (_, Reducer::Min) => (Take::Difference, Reduce::Least),
            (_, Reducer::Max) => (Take::Difference, Reduce::Greatest),
            (Sort::Samples, Reducer::Total) => (Take::Difference, Reduce::Sum),
            (_, Reducer::Total) => (Take::Difference, Reduce::Total),
            (_, Reducer::Rate) => (Take::Difference, Reduce::Rate),
            (_, Reducer::Share) => (Take::Difference, Reduce::Share),
            (_, Reducer::Imbalance | Reducer::Jain | Reducer::Highest | Reducer::Lowest) => {
                unreachable!("replaced by the series' own above")
            }
        };
        let mut groups = Vec::new();
        for Group { instance, ids } in instances {
            let probe = probe(&ids)?;
            if matches!(probe, Probe::Inside(_)) && matches!(take, Take::Highest | Take::Lowest) {
                return Err(format!("\"{root}\" keeps no level of the calls inside, hence no extremes"));
            }
            self.tasks.push(Task { probe, take, windows: windows.clone() });
            groups.push((instance, self.tasks.len() - 1));
        }
        let is_duration = kind.dimension == Some(Dimension::Duration)
            && !matches!(across, Some(Across::Imbalance | Across::Jain));
        Ok(Measured { groups, part, windows, each, reduce, across, is_duration })
    }

    fn windows(&self, window: Option<Window>, step: Option<u64>) -> Result<(Vec<Stretch>, bool), Reason> {
        let (warm_up, end) = (self.warm_up, self.end);
        let inside = |at: u64| {
            if at <= end { Ok(at) } else { Err("its window lies beyond the end of the run".to_string()) }
        };
        let one = |from, to| Ok((vec![Stretch { from, to }], false));
        match window {
            None => match step {
                None => one(warm_up, end),
                Some(step) => self.each(step),
            },
            Some(Window::Each(length)) => self.each(length.nanoseconds()),
            Some(_) if step.is_some() => Err("`missed` takes objectives over `each` window".to_string()),
            Some(Window::Last(length)) => {
                let length = length.nanoseconds();
                if length == 0 || length > end - warm_up {
                    return Err("its window is longer than what is measured of the run".to_string());
                }
                one(end - length, end)
            }
            Some(Window::FromTo(from, to)) => {
                let (from, to) = (inside(from.nanoseconds())?, inside(to.nanoseconds())?);
                if from >= to {
                    return Err("its window ends before it begins".to_string());
                }
                one(from, to)
            }
            Some(Window::At(at)) => {
                let at = inside(at.nanoseconds())?;
                one(at, at)
            }
        }
    }

    /// Windows of one length, from the end of the warm-up on; a last one that is not full is left out.
    fn each(&self, length: u64) -> Result<(Vec<Stretch>, bool), Reason> {
        let measured = self.end - self.warm_up;
        if length == 0 || length > measured {
            return Err("not one of its windows fits into what is measured of the run".to_string());
        }
        let count = measured / length;
        if count > WINDOWS_MAX {
            return Err(format!("it has {count} windows; at most {WINDOWS_MAX} can be kept"));
        }
        let windows = (0..count).map(|k| {
            let from = self.warm_up + k * length;
            Stretch { from, to: from + length }
        });
        Ok((windows.collect(), true))
    }
}

fn level_percentile(p: f64, scale: f64) -> Reduce {
    // The ends are the least and the greatest look.
    let smallest = 1.0 / (2.0 * LOOKS as f64);
    Reduce::LevelPercentile((p / 100.0).clamp(smallest, 1.0 - smallest), scale)
}
