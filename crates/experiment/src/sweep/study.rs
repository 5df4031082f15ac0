//! A sweep as a whole: its points, how each is made, and who runs them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use kneepoint_random::stream_key;
use kneepoint_scenario::plan::{Plan, ScenarioFacts, WarmUpPlan, Watch};
use kneepoint_scenario::value::{Dimension, Metric, Quantity};
use kneepoint_scenario::{DataFile, Overrides, Registry, Scenario, plan};
use rayon::prelude::*;

use super::design::Design;
use super::store::{Header, Journal, Shelf, share};
use super::work::{Work, execute};
use super::{
    Axis, AxisFacts, DataFacts, OriginFacts, PointResult, SweepError, SweepFacts, SweepResult, VARIANT,
};
use crate::ExperimentError;
use crate::run::{REPLICATIONS_MAX, check_plan, compile, in_threads};

/// What is to be swept.
#[derive(Clone, Debug)]
pub struct StudyPlan {
    /// The settings and their values; none for the file's own `sweep` section.
    pub axes: Vec<Axis>,
    /// How points are chosen; that of the file if its section is taken.
    pub design: Design,
    /// Seed; that of the scenario if there is none.
    pub seed: Option<u64>,
    /// Replications a point, at least and at most; those of the scenario if there are none. Without a most a precision
    /// may take [`REPLICATIONS_MAX`].
    pub replications: Option<(u64, Option<u64>)>,
    /// Relative precision to reach at each point; that of the scenario if there is none.
    pub precision: Option<f64>,
    /// Metrics to report beside the watches of the scenario, and watches to show first.
    pub columns: Vec<String>,
    /// Gives each point random numbers of its own.
    pub independent: bool,
    /// Refuses more points than this.
    pub points_max: u64,
}

impl Default for StudyPlan {
    fn default() -> StudyPlan {
        StudyPlan {
            axes: Vec::new(),
            design: Design::Grid,
            seed: None,
            replications: None,
            precision: None,
            columns: Vec::new(),
            independent: false,
            points_max: u64::MAX,
        }
    }
}

/// How a sweep is run. Nothing here changes a result.
#[derive(Clone, Copy, Default)]
pub struct SweepOptions<'a> {
    /// Threads; nothing for as many as the machine has.
    pub threads: Option<usize>,
    /// Told after each replication, from whatever thread it ran on.
    pub progress: Option<&'a (dyn Fn(SweepProgress) + Sync)>,
    /// Asks the sweep to stop as soon as the replications under way are done.
    pub stop: Option<&'a AtomicBool>,
    /// Takes each replication as it is done, and gives those that were.
    pub journal: Option<&'a Journal>,
}

/// How far a sweep has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SweepProgress {
    /// Points done.
    pub points: u64,
    /// All points.
    pub points_all: u64,
    /// Replications done.
    pub replications: u64,
    /// All replications, as far as is known now.
    pub replications_all: u64,
}

/// Makes the plan of a point of its values.
type Make<'a> = Box<dyn Fn(&[String]) -> Result<Plan, SweepError> + Send + Sync + 'a>;

/// Says which files of data the points read that were made so far.
type Data<'a> = Box<dyn Fn() -> Vec<DataFile> + Send + Sync + 'a>;

/// Takes the results in the order of the points; an error, in words, ends the sweep.
pub type OnPoint<'a> = dyn FnMut(PointResult) -> Result<(), SweepError> + Send + 'a;

/// A sweep that can be run.
pub struct Study<'a> {
    facts: SweepFacts,
    values: Vec<Vec<String>>,
    make: Make<'a>,
    data: Data<'a>,
    /// Every point was made once: all files of data are known.
    checked: bool,
}

impl<'a> Study<'a> {
    /// Makes the sweep of a scenario. Every point is checked before anything runs.
    ///
    /// # Errors
    /// Everything that is wrong with the scenario, the axes, the design, or the scenario at any of the points.
    pub fn of_scenario(
        scenario: &'a Scenario,
        registry: &'a Registry,
        overrides: &Overrides,
        mut study: StudyPlan,
    ) -> Result<Study<'a>, SweepError> {
        let faults = |faults| SweepError::Scenario(Box::new(faults));
        let checked = scenario.check(registry, overrides).map_err(faults)?;
        let base = plan(&checked).map_err(faults)?;
        crate::check(&checked, &base).map_err(faults)?;
        let origin = if study.axes.is_empty() { "sweep" } else { "--over" };
        if study.axes.is_empty() {
            section(&checked, &mut study)?;
        }
        for axis in &mut study.axes {
            if axis.path == VARIANT {
                known_variants(axis, &checked, overrides)?;
            } else if scenario.takes(registry, overrides, &axis.path, origin).map_err(faults)?.whole {
                axis.set_whole();
            }
        }
        let overrides = overrides.clone();
        let paths: Vec<String> = study.axes.iter().map(|axis| axis.path.clone()).collect();
        let make = move |values: &[String]| {
            let mut overrides = overrides.clone();
            let own = overrides.set.len();
            for (path, value) in paths.iter().zip(values) {
                if path == VARIANT {
                    overrides.variant = Some(value.clone());
                } else {
                    overrides.set.push((path.clone(), value.clone()));
                }
            }
            let named = |found: kneepoint_scenario::Faults| faults(found.with_settings_from(own, origin));
            let checked = scenario.check(registry, &overrides).map_err(named)?;
            plan(&checked).map_err(named)
        };
        let data = Box::new(|| scenario.data());
        Study::make(&base, Some(checked.facts()), study, Box::new(make), data)
    }

    /// Makes a sweep of a Rust program: `make` is given one value per axis and makes the plan of a point. `base`
    /// says how often is run.
    ///
    /// # Errors
    /// If the axes or the design are none, or a point has no plan that can be run.
    pub fn of_plans(
        base: &Plan,
        study: StudyPlan,
        make: impl Fn(&[String]) -> Result<Plan, ExperimentError> + Send + Sync + 'a,
    ) -> Result<Study<'a>, SweepError> {
        let make = move |values: &[String]| {
            make(values)
                .map_err(|error| SweepError::Point { settings: values.join(", "), error: Box::new(error) })
        };
        Study::make(base, None, study, Box::new(make), Box::new(Vec::new))
    }

    fn make(
        base: &Plan,
        scenario: Option<ScenarioFacts>,
        study: StudyPlan,
        make: Make<'a>,
        data: Data<'a>,
    ) -> Result<Study<'a>, SweepError> {
        let StudyPlan { axes, design, seed, replications, precision, columns, independent, points_max } =
            study;
        check_axes(&axes, seed)?;
        let points = design.count(&axes)?;
        if points > points_max {
            return Err(SweepError::Design(format!(
                "these are {points} points, more than {points_max}: --yes runs them all the same"
            )));
        }
        if points == 0 {
            return Err(SweepError::Design("a design has at least one point".to_string()));
        }
        let precision = precision.or(base.run.precision);
        if let Some(p) = precision
            && !(p > 0.0 && p < 1.0)
        {
            return Err(SweepError::Design(format!("a precision lies between 0 and 1, as 2% does, not {p}")));
        }
        let run = &base.run;
        // A fixed number says nothing of how many may follow.
        let written = (run.replications_max != run.replications_min).then_some(run.replications_max);
        let (least, stated) = match replications {
            Some((least, None)) => (least, written.map(|most| most.max(least))),
            Some(stated) => stated,
            None => (run.replications_min, written),
        };
        if least == 0 || stated.is_some_and(|most| least > most) {
            return Err(SweepError::Design(format!(
                "at least {least} and at most {} replications are no number",
                stated.unwrap_or(least)
            )));
        }
        if let (Some((least, Some(most))), None) = (replications, precision)
            && least < most
        {
            return Err(SweepError::Design(format!(
                "{least} to {most} replications are a range, and only a precision tells how many of them are needed: \
                 state it (--precision 2%), or one number of replications"
            )));
        }
        let most = match precision {
            Some(_) => stated.unwrap_or(REPLICATIONS_MAX.max(least)),
            None => least,
        };
        let extra = extra_watches(base, &columns)?;
        let design_seed = seed.unwrap_or(base.run.seed);
        let values = design.points(&axes, design_seed)?;
        let facts = SweepFacts {
            title: base.title.clone(),
            question: base.question.clone(),
            scenario: scenario.as_ref().map_or_else(String::new, |facts| format!("{:016x}", facts.hash)),
            origin: scenario.map(|ScenarioFacts { file, format, variant, set, .. }| OriginFacts {
                file,
                format,
                variant,
                set,
            }),
            seed: design_seed,
            independent,
            design: design.name().to_string(),
            axes: axes.iter().map(|a| AxisFacts { path: a.path.clone(), values: a.to_string() }).collect(),
            points,
            replications_min: least,
            replications_max: most,
            precision,
            columns,
            assumptions: base.about.assumptions.iter().map(|a| a.to_string()).collect(),
            labels: crate::result::labels(base),
            data: Vec::new(),
        };
        let finish = move |values: &[String]| {
            let mut plan = make(values)?;
            plan.run.seed = seed.unwrap_or(plan.run.seed);
            (plan.run.replications_min, plan.run.replications_max, plan.run.precision) =
                (least, most, precision);
            plan.watches.extend(extra.iter().cloned());
            Ok(plan)
        };
        Ok(Study { facts, values, make: Box::new(finish), data, checked: false })
    }

    /// Returns what is swept.
    pub fn facts(&self) -> &SweepFacts {
        &self.facts
    }

    /// Returns the points: for each a value per axis.
    pub fn points(&self) -> &[Vec<String>] {
        &self.values
    }

    /// Checks every point, without running any: no sweep should end after an hour because of its last point.
    ///
    /// # Errors
    /// What is wrong with the first point that cannot be run.
    pub fn check(&mut self, threads: Option<usize>) -> Result<(), SweepError> {
        self.facts.data = self.check_points(threads)?;
        self.checked = true;
        Ok(())
    }

    /// Checks every point; returns the files of data they read.
    fn check_points(&self, threads: Option<usize>) -> Result<Vec<DataFacts>, SweepError> {
        let check = |(index, values): (usize, &Vec<String>)| {
            let plan = self.plan(index as u64)?;
            let about = |error| SweepError::Point { settings: self.settings(values), error: Box::new(error) };
            check_plan(&plan).map_err(about)?;
            let warm_up = match plan.run.warm_up {
                WarmUpPlan::Fixed(length) => length.as_nanos(),
                WarmUpPlan::Auto => 0,
            };
            compile(&plan, warm_up).map(drop).map_err(about)
        };
        let all = || {
            let found: Vec<Result<(), SweepError>> = self.values.par_iter().enumerate().map(check).collect();
            found.into_iter().collect::<Result<(), SweepError>>()
        };
        in_threads(threads, all).map_err(SweepError::Experiment)??;
        let facts = |file: DataFile| DataFacts { name: file.name, hash: format!("{:016x}", file.hash) };
        Ok((self.data)().into_iter().map(facts).collect())
    }

    /// Returns the settings of a point as text: `web.instances=4, shoppers.rate=500/s`.
    pub fn settings(&self, values: &[String]) -> String {
        let pairs = self
            .facts
            .axes
            .iter()
            .zip(values)
            .map(|(axis, value)| format!("{}={}", axis.path, super::axis::plain(value)));
        pairs.collect::<Vec<_>>().join(", ")
    }

    pub(crate) fn plan(&self, index: u64) -> Result<Plan, SweepError> {
        let values = &self.values[index as usize];
        let mut plan = (self.make)(values).map_err(|error| match error {
            SweepError::Scenario(faults) => {
                SweepError::ScenarioAt { settings: self.settings(values), faults }
            }
            other => other,
        })?;
        if self.facts.independent {
            plan.run.seed = stream_key(plan.run.seed, index, "sweep", "group");
        }
        Ok(plan)
    }

    /// Begins a journal, which must not exist yet.
    ///
    /// # Errors
    /// If it exists or cannot be written; as [`Study::check`], if that was not done.
    pub fn journal(&self, path: &Path, shard: Option<(u64, u64)>) -> Result<Journal, SweepError> {
        Journal::create(path, &self.header(shard)?)
    }

    /// Opens a journal of this sweep that was begun before.
    ///
    /// # Errors
    /// If it cannot be read or is of another sweep; then what differs is said. As [`Study::check`], if that was not
    /// done.
    pub fn resume(&self, path: &Path, shard: Option<(u64, u64)>) -> Result<Journal, SweepError> {
        Journal::resume(path, &self.header(shard)?)
    }

    /// Returns how many replications a finished shard of this sweep has.
    ///
    /// # Errors
    /// If it cannot be read, is of another sweep or shard, or is cut short.
    pub fn finished_shard(&self, path: &Path, shard: (u64, u64)) -> Result<u64, SweepError> {
        Journal::finished(path, &self.header(Some(shard))?)
    }

    fn header(&self, shard: Option<(u64, u64)>) -> Result<Header, SweepError> {
        let mut facts = self.facts.clone();
        if !self.checked {
            facts.data = self.check_points(None)?;
        }
        Ok(Header::new(&facts, &self.values, shard))
    }

    /// Runs it and hands out the results in the order of the points, each as soon as it and all before it are done.
    ///
    /// # Errors
    /// If a point cannot be run, if something cannot be written, or if it was asked to stop.
    pub fn run(&self, options: &SweepOptions, on_point: &mut OnPoint) -> Result<(), SweepError> {
        let nothing = Shelf::default();
        execute(
            &Work {
                facts: &self.facts,
                study: Some(self),
                shelf: options.journal.map_or(&nothing, |journal| &journal.shelf),
                jobs: None,
                options,
            },
            on_point,
        )
    }

    /// Runs it and keeps all results.
    ///
    /// # Errors
    /// As [`Study::run`].
    pub fn collect(&self, options: &SweepOptions) -> Result<SweepResult, SweepError> {
        let mut points = Vec::new();
        self.run(options, &mut |point| {
            points.push(point);
            Ok(())
        })?;
        Ok(SweepResult { facts: self.facts.clone(), points })
    }

    /// Runs one of `n` shards into its journal and gives it the name of a finished one.
    ///
    /// # Errors
    /// As [`Study::run`]; if a precision is asked for, because how many replications a point needs is only known
    /// to whoever has all of them.
    pub fn shard(&self, journal: Journal, options: &SweepOptions, path: &Path) -> Result<u64, SweepError> {
        let Some((k, n)) = journal.shard.filter(|(k, n)| k < n) else {
            return Err(SweepError::Design("shards are counted from 0: k of k/n is below n".to_string()));
        };
        if self.facts.precision.is_some() {
            return Err(SweepError::Design(
                "a precision is reached by looking at all replications of a point, which no shard has: state their \
                 number"
                    .to_string(),
            ));
        }
        let jobs = share(self.facts.points * self.facts.replications_max, k, n);
        let count = jobs.end - jobs.start;
        execute(
            &Work {
                facts: &self.facts,
                study: Some(self),
                shelf: &journal.shelf,
                jobs: Some(jobs),
                options: &SweepOptions { journal: Some(&journal), ..*options },
            },
            &mut |_| Ok(()),
        )?;
        journal.finish(path)?;
        Ok(count)
    }
}

/// Shards that are all there.
#[derive(Debug)]
pub struct Merged {
    facts: SweepFacts,
    shelf: Shelf,
    is_called_differently: bool,
}

impl Merged {
    /// Opens the shards of one sweep, in any order.
    ///
    /// # Errors
    /// If one is missing, there twice, cut short, or of another sweep or version; then which and why.
    pub fn open(paths: &[PathBuf]) -> Result<Merged, SweepError> {
        let (shelf, facts, is_called_differently) = Shelf::of_shards(paths)?;
        Ok(Merged { facts, shelf, is_called_differently })
    }

    /// Returns whether shards call parts differently, which changes no result: they are called as shard 0 calls them.
    pub fn is_called_differently(&self) -> bool {
        self.is_called_differently
    }

    /// Returns what was swept.
    pub fn facts(&self) -> &SweepFacts {
        &self.facts
    }

    /// Hands out the results, as [`Study::run`] does on one machine.
    ///
    /// # Errors
    /// If a record cannot be read.
    pub fn run(&self, options: &SweepOptions, on_point: &mut OnPoint) -> Result<(), SweepError> {
        execute(&Work { facts: &self.facts, study: None, shelf: &self.shelf, jobs: None, options }, on_point)
    }
}

/// Takes axes, design and variants of the file.
fn section(checked: &kneepoint_scenario::Checked, study: &mut StudyPlan) -> Result<(), SweepError> {
    let Some(section) = checked.sweep() else {
        return Err(SweepError::Design(
            "there is nothing to sweep: say --over PATH=VALUES, or write a `sweep` section into the file"
                .to_string(),
        ));
    };
    for (path, values) in &section.over {
        study.axes.push(Axis::of_section(path, values)?);
    }
    if !section.variants.is_empty() {
        study.axes.insert(0, Axis::variants(section.variants));
    }
    if study.axes.is_empty() {
        return Err(SweepError::Design("the `sweep` section of the file goes over nothing".to_string()));
    }
    // A design of the command line has points and wins.
    if study.design == Design::Grid && section.design != "Grid" {
        return Err(SweepError::Design(format!(
            "the file asks for {}, which needs --points N",
            section.design
        )));
    }
    Ok(())
}

fn known_variants(
    axis: &mut Axis,
    checked: &kneepoint_scenario::Checked,
    overrides: &Overrides,
) -> Result<(), SweepError> {
    let known: Vec<&str> = checked.variants().collect();
    let refuse = |reason: String| Err(SweepError::over(&axis.to_string(), reason));
    let super::AxisValues::List(names) = &axis.values else {
        return refuse("variants have names, no range".to_string());
    };
    if let Some(variant) = &overrides.variant {
        return refuse(format!("the variant is fixed already, to {variant}"));
    }
    for name in names {
        if !known.contains(&name.as_str()) {
            return refuse(match kneepoint_scenario::value::nearest(name, known.iter().copied()) {
                Some(near) => format!("there is no variant {name}; did you mean {near}?"),
                None if known.is_empty() => "the file has no variants".to_string(),
                None => format!("there is no variant {name}; there are {}", known.join(", ")),
            });
        }
    }
    Ok(())
}

fn check_axes(axes: &[Axis], seed: Option<u64>) -> Result<(), SweepError> {
    for (i, axis) in axes.iter().enumerate() {
        let refuse = |reason: &str| Err(SweepError::over(&axis.to_string(), reason.to_string()));
        if axes[..i].iter().any(|other| other.path == axis.path) {
            return refuse("this setting is swept twice");
        }
        twice(axis)?;
        if ["run.replications", "run.precision"].iter().any(|path| axis.path.starts_with(path)) {
            return refuse("every point has as many replications: say --replications or --precision");
        }
        if axis.path == "run.seed" && seed.is_some() {
            return refuse("--seed fixes what is swept here");
        }
    }
    Ok(())
}

/// Refuses a list two values of which are the same, however they are written.
fn twice(axis: &Axis) -> Result<(), SweepError> {
    let super::AxisValues::List(values) = &axis.values else { return Ok(()) };
    let mut known: BTreeMap<String, &str> = BTreeMap::new();
    for value in values {
        let plain = super::axis::plain(value);
        let meant = match Quantity::parse(plain) {
            // A share may be written with % or bare.
            Ok(Quantity { value, dimension: Dimension::Ratio | Dimension::Number, .. })
                if axis.path != VARIANT =>
            {
                format!("{value:?}")
            }
            Ok(quantity) if axis.path != VARIANT => format!("{:?} {:?}", quantity.dimension, quantity.value),
            _ => format!("text {plain}"),
        };
        if let Some(first) = known.insert(meant, plain) {
            let reason = if first == plain {
                format!("the value {plain} stands there twice")
            } else {
                format!("{first} and {plain} are the same value: points that are the same say nothing new")
            };
            return Err(SweepError::over(&axis.to_string(), reason));
        }
    }
    Ok(())
}

/// Makes watches of the columns that are neither watch nor objective.
fn extra_watches(base: &Plan, columns: &[String]) -> Result<Vec<Watch>, SweepError> {
    let mut extra: Vec<Watch> = Vec::new();
    for column in columns {
        let named = base.watches.iter().any(|w| w.name == *column)
            || base.objectives.iter().any(|o| o.name == *column);
        if named || extra.iter().any(|watch| watch.name == *column) {
            continue;
        }
        let metric = Metric::parse(column).map_err(|error| {
            let names = base
                .watches
                .iter()
                .map(|w| w.name.as_str())
                .chain(base.objectives.iter().map(|o| o.name.as_str()));
            let help = match kneepoint_scenario::value::nearest(column, names.clone()) {
                Some(near) => format!("; did you mean {near}?"),
                None => error.help.map_or(String::new(), |help| format!("; {help}")),
            };
            SweepError::Design(format!(
                "--columns {column}: neither a watch nor a metric: {}{help}",
                error.message
            ))
        })?;
        extra.push(Watch { name: column.clone(), metric });
    }
    Ok(extra)
}
