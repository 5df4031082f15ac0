//! What a load is: from a number to the plan that is run at it.

use std::sync::Arc;

use kneepoint_engine::SimDuration;
use kneepoint_scenario::plan::{PartRole, Plan, ScenarioFacts, WarmUpPlan};
use kneepoint_scenario::value::{Dimension, Quantity, nearest};
use kneepoint_scenario::{
    Checked, Data, Faults, Overrides, Part, ProfileSpec, Pulse, Registry, Scenario, plan_at, plan_with_pulse,
};

use crate::error::ExperimentError;
use crate::measurable::can_be_measured;
use crate::saturation::{Saturation, offered_per_s, saturation};

use super::moved::{is_load, moved};
use super::result::LoadAxis;

/// The option in which the path of a load is written.
const OPTION: &str = "--load";

/// The least that must be left of what is measured where a recording ends it, as a share.
///
/// # Source
/// Chosen: intervals get twice as wide.
const SHORTEST: f64 = 0.25;

/// What is run at one load, and what theory says of it.
pub struct Loaded {
    /// The plan.
    pub plan: Plan,
    /// Utilisation by theory, the bottleneck first; empty where theory cannot tell.
    pub saturation: Vec<Saturation>,
    /// Requests a second of all clients between two instants \[ns\], where what is written says it.
    pub offered_per_s: Offered,
}

/// Requests a second of all clients between two instants \[ns\].
pub type Offered = Arc<dyn Fn(u64, u64) -> Option<f64> + Send + Sync>;

/// Makes what is run at a load.
type At = Box<dyn Fn(f64) -> Result<Loaded, ExperimentError> + Send + Sync>;

/// A time at another load.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct PulseTo {
    /// That load.
    pub peak: f64,
    /// From when on \[ns\].
    pub at: u64,
    /// How long \[ns\].
    pub hold: u64,
}

impl PulseTo {
    /// As a multiple of what some clients bring at a load.
    fn of(self, clients: Vec<String>, load: f64) -> Pulse {
        Pulse { clients, factor: self.peak / load, at: self.at, hold: self.hold }
    }
}

/// Makes what is run at a load with a pulse; or says why it cannot.
type PulsedAt = Box<dyn Fn(f64, PulseTo) -> Result<Plan, String> + Send + Sync>;

/// What is searched: a load, its range, and what is run at each value of it.
pub struct Loads {
    pub(super) axis: LoadAxis,
    /// The scenario before any load is set.
    pub(super) scenario: Option<ScenarioFacts>,
    /// The load as it is written, where that is one number.
    pub(super) written: Option<f64>,
    /// A load that can be run, from which the search feels its way: what is written, if it lies in the range.
    pub(super) start: f64,
    pub(super) range: Option<(f64, f64)>,
    pub(super) seed: Option<u64>,
    pub(super) replications: Option<u64>,
    /// Users as they are written, if all clients are closed with a constant number of them.
    pub(super) users_written: Option<f64>,
    /// Whether all that is brought grows in proportion to the load, as what users who wait for answers bring does not.
    pub(super) is_proportional: bool,
    /// Whether it is surely a load: what clients bring.
    pub(super) is_load: bool,
    /// Makes the plan at a load, as it is written.
    plan_at: At,
    pulsed: PulsedAt,
    pulses: bool,
}

/// Why a setting cannot be searched.
#[derive(Clone, Debug)]
pub enum LoadError {
    /// The scenario is at fault, or cannot be measured.
    Faults(Faults),
    /// What was asked for makes no sense; in words.
    Asked(String),
}

impl std::fmt::Display for LoadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            LoadError::Faults(faults) => write!(f, "{faults}"),
            LoadError::Asked(reason) => f.write_str(reason),
        }
    }
}

impl std::error::Error for LoadError {}

impl From<Faults> for LoadError {
    fn from(faults: Faults) -> LoadError {
        LoadError::Faults(faults)
    }
}

impl Loads {
    /// The load is a factor on what all clients bring: rates, sessions, speeds of records, and users (rounded to whole
    /// ones).
    #[must_use]
    pub fn of_clients(checked: &Checked) -> Loads {
        let users_written = users(checked);
        let scenario = checked.facts();
        let closed = |part: &Part| part.is_client && part.args.kind() == "ClosedClient";
        let is_proportional = !checked.parts().iter().any(closed);
        let checked = checked.clone();
        let of_all = checked.clone();
        let pulsed = move |load: f64, pulse: PulseTo| {
            let clients = of_all.parts().iter().filter(|part| part.is_client);
            let pulse = pulse.of(clients.map(|part| part.name.to_string()).collect(), load);
            plan_with_pulse(&of_all, load, &pulse).map_err(|faults| no_pulse(&faults))
        };
        let at = move |factor: f64| {
            let plan = plan_at(&checked, factor).map_err(|faults| refused(factor, &faults))?;
            let mut loads = saturation(&checked);
            loads.iter_mut().filter_map(|load| load.utilisation.as_mut()).for_each(|of| *of *= factor);
            let of = checked.clone();
            let offered = move |from, to| Some(offered_per_s(&of, from, to)? * factor);
            Ok(Loaded { plan, saturation: loads, offered_per_s: Arc::new(offered) })
        };
        Loads {
            axis: LoadAxis::Clients,
            scenario: Some(scenario),
            written: Some(1.0),
            start: 1.0,
            range: None,
            seed: None,
            replications: None,
            users_written,
            is_proportional,
            is_load: true,
            plan_at: Box::new(at),
            pulsed: Box::new(pulsed),
            pulses: false,
        }
    }

    /// The load is the value of a setting: `params.load`, `shoppers.rate`.
    ///
    /// Without a range its present value must be one number: a parameter, or a field that is a plain quantity.
    ///
    /// # Errors
    /// If the path names nothing, or nothing that is a number; if the scenario is at fault there, or an objective cannot
    /// be measured; if the range is none.
    pub fn of_setting(
        scenario: &Scenario,
        registry: &Registry,
        overrides: &Overrides,
        path: &str,
        range: Option<(Quantity, Quantity)>,
    ) -> Result<Loads, LoadError> {
        let checked = scenario.check(registry, overrides)?;
        let asked = |reason: String| Err(LoadError::Asked(reason));
        if path.starts_with("run.") {
            return asked(format!(
                "{path} says how the model is run and is no load; a load is {}",
                candidates(&checked)
            ));
        }
        let present = present(&checked, path);
        if let (Some(name), None) = (path.strip_prefix("params."), present) {
            // Setting it would make a new parameter that nothing uses.
            let known: Vec<&str> = checked.params().iter().map(|(name, _)| name.as_str()).collect();
            let near = match nearest(name, known.iter().copied()) {
                Some(near) => format!("did you mean {near}?"),
                None if known.is_empty() => "there is none".to_string(),
                None => format!("the scenario has: {}", known.join(", ")),
            };
            return asked(format!("there is no parameter \"{}\"; {near}", name.escape_debug()));
        }
        let takes = scenario.takes(registry, overrides, path, OPTION)?;
        if !takes.number {
            return asked(format!("{path} is no number and so no load; a load is {}", candidates(&checked)));
        }
        let dimension = match (range, present) {
            (Some((low, high)), present) => {
                ranges(path, low, high)?;
                // A bare number may stand for a share; nothing else for anything else.
                let fits = |dimension: Dimension| {
                    dimension == low.dimension
                        || low.dimension == Dimension::Number && dimension == Dimension::Ratio
                };
                let dimension = present.map(|present| present.dimension).or(takes.dimension);
                if let Some(dimension) = dimension.filter(|dimension| !fits(*dimension)) {
                    let is = match present {
                        Some(present) => present.to_string(),
                        None => dimension.with_article().to_string(),
                    };
                    return asked(format!("{path} is {is}, and the range goes from {low} to {high}"));
                }
                dimension.unwrap_or(low.dimension)
            }
            (None, Some(present)) if present.value > 0.0 => present.dimension,
            (None, Some(present)) => {
                return asked(format!("{path} is {present}: a search needs a load above 0, or a range"));
            }
            (None, None) => {
                let example = match takes.dimension {
                    Some(Dimension::Rate) => "10/s..1000/s",
                    Some(Dimension::Duration) => "1ms..100ms",
                    Some(Dimension::Ratio) => "1%..50%",
                    Some(Dimension::Size) => "1kB..1MB",
                    Some(Dimension::Bandwidth) => "1MB/s..100MB/s",
                    _ => "1..100",
                };
                return asked(format!(
                    "{path} has no single value to begin with: give a range, as in --load {path}={example}"
                ));
            }
        };
        let range = range.map(|(low, high)| (low.value, high.value));
        let start = match (present, range) {
            (Some(present), None) => present.value,
            (Some(present), Some((low, high))) if (low..=high).contains(&present.value) => present.value,
            (_, Some((low, high))) => (low * high).sqrt(),
            (None, None) => unreachable!("refused above"),
        };
        // A count takes whole numbers only: of what may be one, what a fraction does tells, above and below, as a share
        // of 1 can be no more.
        let taken =
            |value: f64| with(scenario, registry, overrides, path, &text(value, dimension, false)).is_ok();
        let whole = takes.whole
            || dimension == Dimension::Number && !taken(start.floor() + 0.5) && !taken(start.ceil() - 0.5);
        let is_load = path.split_once('.').is_some_and(|(part, field)| {
            let client = checked.parts().iter().find(|of| *of.name == *part && of.is_client);
            client.is_some_and(|client| field == "speed" || is_load(client.args.kind(), field))
        });
        if let (true, Some((low, high))) = (whole, range)
            && (low.fract() != 0.0 || high.fract() != 0.0)
        {
            return asked(format!(
                "{path} takes whole numbers only, and the range goes from {low} to {high}"
            ));
        }
        let axis = LoadAxis::Setting { path: path.to_string(), dimension, whole };
        let begun = with(scenario, registry, overrides, path, &text(start, dimension, whole))?;
        crate::check(&begun, &kneepoint_scenario::plan(&begun)?)?;
        let facts = checked.facts();
        let (scenario, registry) = (scenario.clone(), registry.clone());
        let (overrides, path) = (overrides.clone(), path.to_string());
        let name = path.clone();
        let set = Arc::new(move |load: f64| {
            with(&scenario, &registry, &overrides, &path, &text(load, dimension, whole))
        });
        let set_to = Arc::clone(&set);
        let pulsed = move |load: f64, pulse: PulseTo| {
            let faults = |faults: Faults| no_pulse(&faults);
            let (back, peak) = (set_to(load).map_err(faults)?, set_to(pulse.peak).map_err(faults)?);
            let pulse = pulse.of(moved(&back, &peak, &name, pulse.peak / load)?, load);
            plan_with_pulse(&back, 1.0, &pulse).map_err(faults)
        };
        let at = move |load: f64| {
            let checked = set(load).map_err(|faults| refused(load, &faults))?;
            let plan = kneepoint_scenario::plan(&checked).map_err(|faults| refused(load, &faults))?;
            let saturation = saturation(&checked);
            let offered = move |from, to| offered_per_s(&checked, from, to);
            Ok(Loaded { plan, saturation, offered_per_s: Arc::new(offered) })
        };
        Ok(Loads {
            axis,
            scenario: Some(facts),
            written: present.map(|present| present.value),
            start,
            range,
            seed: None,
            replications: None,
            users_written: None,
            is_proportional: false,
            is_load,
            plan_at: Box::new(at),
            pulsed: Box::new(pulsed),
            pulses: false,
        })
    }

    /// The load is whatever `at` makes of it: for Rust programs. `written` is where the search begins, a value above 0.
    #[must_use]
    pub fn of_plans(name: &str, written: f64, at: impl Fn(f64) -> Plan + Send + Sync + 'static) -> Loads {
        let axis = LoadAxis::Setting { path: name.to_string(), dimension: Dimension::Number, whole: false };
        let at = move |load: f64| {
            Ok(Loaded { plan: at(load), saturation: Vec::new(), offered_per_s: Arc::new(|_, _| None) })
        };
        Loads {
            axis,
            scenario: None,
            written: Some(written),
            start: written,
            range: None,
            seed: None,
            replications: None,
            users_written: None,
            is_proportional: false,
            is_load: false,
            plan_at: Box::new(at),
            pulsed: Box::new(|_, _| Err("the load of plans that a program makes takes no pulse".to_string())),
            pulses: false,
        }
    }

    /// Lets the search look at what a pulse of load leaves, where the goodput falls beyond the knee.
    ///
    /// The pulse is one of the clients that the load moves, on top of whatever they bring over time.
    #[must_use]
    pub fn with_pulses(mut self) -> Loads {
        self.pulses = true;
        self
    }

    /// Searches only between these loads.
    ///
    /// # Panics
    /// If they are not above 0 and rising.
    #[must_use]
    pub fn within(mut self, low: f64, high: f64) -> Loads {
        assert!(low > 0.0 && low < high && high.is_finite(), "a range from {low} to {high}");
        self.range = Some((low, high));
        self
    }

    /// Runs with this seed instead of that of the scenario.
    #[must_use]
    pub fn seeded(mut self, seed: u64) -> Loads {
        self.seed = Some(seed);
        self
    }

    /// Makes so many replications at each load instead of those the scenario asks for.
    #[must_use]
    pub fn with_replications(mut self, replications: u64) -> Loads {
        self.replications = Some(replications);
        self
    }

    /// What is run at a load: the same number of replications everywhere, so that they can be compared one by one.
    ///
    /// A recording is over sooner the faster it is played. Where all that is asked for is recorded, what comes after it is
    /// no load, and the run ends with it.
    pub(super) fn at(&self, load: f64) -> Result<Loaded, ExperimentError> {
        let mut loaded = (self.plan_at)(load)?;
        self.settle(&mut loaded.plan);
        if let Some(ends) = recorded(&loaded.plan) {
            loaded.plan.run.duration = ends;
        }
        Ok(loaded)
    }

    /// Whether the recordings, if they end the run, last long enough at a load to measure it: what is measured is a
    /// quarter of what it is at the load with which the search begins, and objectives find their windows in it.
    pub(super) fn is_long_enough(&self, load: f64) -> Result<bool, ExperimentError> {
        let mut plan = (self.plan_at)(load)?.plan;
        let Some(ends) = recorded(&plan) else { return Ok(true) };
        let begun = (self.plan_at)(self.start)?.plan;
        let warm_up = match plan.run.warm_up {
            WarmUpPlan::Fixed(warm_up) => warm_up,
            WarmUpPlan::Auto => SimDuration::ZERO,
        };
        let measured = |end: SimDuration| end.as_nanos().saturating_sub(warm_up.as_nanos()) as f64;
        plan.run.duration = ends;
        let whole = measured(recorded(&begun).unwrap_or(begun.run.duration));
        Ok(measured(ends) >= SHORTEST * whole && measured(ends) > 0.0 && can_be_measured(&plan))
    }

    /// Whether the load is the value of a setting.
    pub(super) fn is_setting(&self) -> bool {
        matches!(self.axis, LoadAxis::Setting { .. })
    }

    /// What is run at a load with a pulse; or why that cannot be.
    pub(super) fn pulsed_at(&self, load: f64, pulse: PulseTo) -> Result<Loaded, String> {
        let mut plan = (self.pulsed)(load, pulse)?;
        self.settle(&mut plan);
        if let Some(ends) = recorded(&plan) {
            plan.run.duration = ends;
        }
        Ok(Loaded { plan, saturation: Vec::new(), offered_per_s: Arc::new(|_, _| None) })
    }

    /// Whether the search can look at what a pulse of load leaves.
    pub(super) fn takes_pulses(&self) -> bool {
        self.pulses
    }

    fn settle(&self, plan: &mut Plan) {
        let run = &mut plan.run;
        run.seed = self.seed.unwrap_or(run.seed);
        run.replications_min = self.replications.unwrap_or(run.replications_min);
        run.replications_max = run.replications_min;
        run.precision = None;
    }

    /// The distance of two loads, where they come in whole steps.
    pub(super) fn whole(&self) -> Option<f64> {
        match self.axis {
            LoadAxis::Setting { whole, .. } => whole.then_some(1.0),
            LoadAxis::Clients => self.users_written.map(|users| 1.0 / users),
        }
    }

    /// The nearest load that can be run.
    pub(super) fn fitting(&self, load: f64) -> f64 {
        match self.axis {
            LoadAxis::Setting { whole: true, .. } => load.round().max(1.0),
            LoadAxis::Setting { .. } => load,
            LoadAxis::Clients => match self.users_written {
                Some(users) => (load * users).round().max(1.0) / users,
                None => load,
            },
        }
    }
}

/// When all that clients ask for has been asked: where they are recordings that end before the run does.
fn recorded(plan: &Plan) -> Option<SimDuration> {
    let clients = plan.parts.iter().filter(|part| matches!(part.role, PartRole::Client { .. })).count();
    let last = plan.recordings.iter().map(|recording| recording.ends).max()?;
    let ends = SimDuration::from_nanos(last.as_nanos());
    (plan.recordings.len() == clients && ends < plan.run.duration).then_some(ends)
}

/// Holds that a range of loads is one.
fn ranges(path: &str, low: Quantity, high: Quantity) -> Result<(), LoadError> {
    let what = || format!("the range of {path} goes from {low} to {high}");
    if low.dimension != high.dimension {
        return Err(LoadError::Asked(format!("{}: two different things", what())));
    }
    if !(low.value > 0.0 && low.value < high.value) {
        return Err(LoadError::Asked(format!("{}; it must begin above 0 and rise", what())));
    }
    Ok(())
}

/// What can be a load in this scenario, in words.
fn candidates(checked: &Checked) -> String {
    let params = checked.params().iter().map(|(name, _)| format!("params.{name}"));
    let clients = checked.parts().iter().filter(|part| part.is_client);
    let fields = clients.flat_map(|part| {
        let fields = ["rate", "users", "sessions"].into_iter();
        let is_set = |field: &&str| part.args.kind.field(field).is_some() && part.args.get(field).is_some();
        let is_load = |field: &&str| is_load(part.args.kind(), field);
        fields.filter(is_load).filter(is_set).map(|field| format!("{}.{field}", part.name))
    });
    let all: Vec<String> = fields.chain(params).collect();
    if all.is_empty() {
        "the rate or the users of a client, or a parameter they are made of".to_string()
    } else {
        format!("one of {}", all.join(", "))
    }
}

/// Why clients take no pulse, in words.
fn no_pulse(faults: &Faults) -> String {
    let first = faults.rows().first().map_or_else(String::new, |row| row.message.clone());
    format!("the clients take no pulse: {first}")
}

fn refused(load: f64, faults: &Faults) -> ExperimentError {
    ExperimentError::plan(format!("at load {load} the scenario is at fault\n{faults}"))
}

fn with(
    scenario: &Scenario,
    registry: &Registry,
    overrides: &Overrides,
    path: &str,
    value: &str,
) -> Result<Checked, Faults> {
    let mut overrides = overrides.clone();
    let own = overrides.set.len();
    overrides.set.push((path.to_string(), value.to_string()));
    scenario.check(registry, &overrides).map_err(|faults| faults.with_settings_from(own, OPTION))
}

/// A value as it is written in a scenario, to the last bit where its unit can say it.
fn text(value: f64, dimension: Dimension, whole: bool) -> String {
    match dimension {
        _ if whole => format!("{}", value.round()),
        Dimension::Number | Dimension::Ratio => format!("{value}"),
        Dimension::Rate => format!("{value}/s"),
        Dimension::Duration => format!("{value}ns"),
        Dimension::Size => format!("{value}B"),
        Dimension::Bandwidth => format!("{value}B/s"),
        _ => Quantity::new(value, dimension).to_string(),
    }
}

/// Users of all clients, if all are closed and each has a constant number.
fn users(checked: &Checked) -> Option<f64> {
    let clients = checked.parts().iter().filter(|part| part.is_client);
    let users = clients.map(|part| match part.args.kind() {
        "ClosedClient" => match part.args.profile("users") {
            ProfileSpec::Constant(users) => Some(users),
            _ => None,
        },
        _ => None,
    });
    users.sum::<Option<f64>>().filter(|users| *users > 0.0)
}

/// The present value at a path, where it is one number.
fn present(checked: &Checked, path: &str) -> Option<Quantity> {
    if let Some(name) = path.strip_prefix("params.") {
        return checked.params().iter().find(|(of, _)| of == name).map(|(_, value)| *value);
    }
    let (part, field) = path.split_once('.')?;
    let part = checked.parts().iter().find(|of| *of.name == *part)?;
    // What has no such field is refused where it is set, with what is meant.
    part.args.kind.field(field)?;
    match &part.args.get(field)?.data {
        Data::Quantity(quantity) => Some(*quantity),
        Data::Count(count) => Some(Quantity::new(*count as f64, Dimension::Number)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::{Options, run_and_keep};

    #[test]
    fn a_pulse_is_one_of_the_clients_that_the_axis_moves() {
        let text = "(format: 1, title: \"two\", run: (duration: \"20s\", warm_up: \"2s\", replications: 2),
          params: { \"load\": \"20/s\" },
          parts: { \"callers\": OpenClient(to: \"desk\", rate: \"=load\"),
            \"others\": OpenClient(to: \"desk\", rate: \"20/s\"),
            \"desk\": Service(concurrency: Servers(1), does: Compute(\"1ms\")) })";
        let scenario = Scenario::from_text("two", text, None).unwrap_or_else(|faults| panic!("{faults}"));
        let (registry, overrides) = (Registry::core(), Overrides::default());
        let checked = scenario.check(&registry, &overrides).unwrap_or_else(|faults| panic!("{faults}"));
        let sent = |plan: &Plan| -> Vec<u64> {
            let (_, all) = run_and_keep(plan, &Options::default()).expect("it runs");
            all[0].clients.iter().flatten().map(|client| client.sent()).collect()
        };
        // Four times the load in 9 of 18 s that are measured: 2.5 times as many requests.
        let pulse = |load: f64| PulseTo { peak: 4.0 * load, at: 2_000_000_000, hold: 9_000_000_000 };
        let calm = sent(&plan_at(&checked, 1.0).unwrap_or_else(|faults| panic!("{faults}")));
        let grown = |sent: &[u64], client: usize| sent[client] as f64 / calm[client] as f64;
        for path in ["params.load", "callers.rate"] {
            let range = Some((Quantity::new(1.0, Dimension::Rate), Quantity::new(200.0, Dimension::Rate)));
            let loads = Loads::of_setting(&scenario, &registry, &overrides, path, range).expect("a load");
            let pulsed = sent(&loads.pulsed_at(20.0, pulse(20.0)).expect("a rate takes a pulse").plan);
            assert!((2.0..3.0).contains(&grown(&pulsed, 0)), "{path}: {pulsed:?} of {calm:?}");
            assert_eq!(pulsed[1], calm[1], "{path}");
        }
        let loads = Loads::of_clients(&checked);
        let pulsed = sent(&loads.pulsed_at(1.0, pulse(1.0)).expect("rates take a pulse").plan);
        assert!([0, 1].iter().all(|client| (2.0..3.0).contains(&grown(&pulsed, *client))), "{pulsed:?}");
    }
}
