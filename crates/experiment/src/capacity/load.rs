//! What a load is: from a number to the plan that is run at it.

use std::sync::Arc;

use kneepoint_scenario::plan::Plan;
use kneepoint_scenario::value::{Dimension, Quantity};
use kneepoint_scenario::{Checked, Data, Overrides, ProfileSpec, Registry, Scenario, plan_at};

use crate::error::ExperimentError;
use crate::saturation::{Saturation, offered_per_s, saturation};

use super::result::LoadAxis;

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

/// What is searched: a load, its range, and what is run at each value of it.
pub struct Loads {
    pub(super) axis: LoadAxis,
    /// The load as it is written.
    pub(super) written: f64,
    pub(super) range: Option<(f64, f64)>,
    pub(super) seed: Option<u64>,
    pub(super) replications: Option<u64>,
    /// Users as they are written, if all clients are closed with a constant number of them.
    pub(super) users_written: Option<f64>,
    at: At,
}

impl Loads {
    /// The load is a factor on what all clients bring: rates, sessions, speeds of records, and users (rounded to whole
    /// ones).
    #[must_use]
    pub fn of_clients(checked: &Checked) -> Loads {
        let users_written = users(checked);
        let checked = checked.clone();
        let at = move |factor: f64| {
            let plan = plan_at(&checked, factor).map_err(|faults| refused(factor, &faults))?;
            let mut loads = saturation(&checked);
            loads.iter_mut().for_each(|load| load.utilisation *= factor);
            let of = checked.clone();
            let offered = move |from, to| Some(offered_per_s(&of, from, to)? * factor);
            Ok(Loaded { plan, saturation: loads, offered_per_s: Arc::new(offered) })
        };
        Loads {
            axis: LoadAxis::Clients,
            written: 1.0,
            range: None,
            seed: None,
            replications: None,
            users_written,
            at: Box::new(at),
        }
    }

    /// The load is the value of a setting: `params.load`, `shoppers.rate`.
    ///
    /// Without a range its present value must be one number: a parameter, or a field that is a plain quantity.
    ///
    /// # Errors
    /// If the path names nothing, or not a number; if the scenario is at fault; if the range is none. In words.
    pub fn of_setting(
        scenario: &Scenario,
        registry: &Registry,
        overrides: &Overrides,
        path: &str,
        range: Option<(Quantity, Quantity)>,
    ) -> Result<Loads, String> {
        let checked = scenario.check(registry, overrides).map_err(|faults| faults.to_string())?;
        let present = present(&checked, path);
        if let (Some(name), None) = (path.strip_prefix("params."), present) {
            // Setting it would make a new parameter that nothing uses.
            let known: Vec<&str> = checked.params().iter().map(|(name, _)| name.as_str()).collect();
            let known = if known.is_empty() { "there is none".to_string() } else { known.join(", ") };
            return Err(format!(
                "there is no parameter \"{}\"; the scenario has: {known}",
                name.escape_debug()
            ));
        }
        let dimension = match (range, present) {
            (Some((low, high)), present) => {
                if low.dimension != high.dimension {
                    return Err(format!(
                        "the range of {path} goes from {low} to {high}: two different things"
                    ));
                }
                if !(low.value > 0.0 && low.value < high.value) {
                    return Err(format!(
                        "the range of {path} goes from {low} to {high}; it must begin above 0 and rise"
                    ));
                }
                // A bare number may stand for a share; nothing else for anything else.
                let fits = |present: &Quantity| {
                    present.dimension == low.dimension
                        || low.dimension == Dimension::Number && present.dimension == Dimension::Ratio
                };
                if let Some(present) = present.filter(|present| !fits(present)) {
                    return Err(format!("{path} is {present}, and the range goes from {low} to {high}"));
                }
                present.map_or(low.dimension, |present| present.dimension)
            }
            (None, Some(present)) if present.value > 0.0 => present.dimension,
            (None, Some(present)) => {
                return Err(format!("{path} is {present}: a search needs a load above 0, or a range"));
            }
            (None, None) => {
                // The path may be wrong, or lead to something that is no number: setting it tells.
                if let Err(faults) = with(scenario, registry, overrides, path, "1") {
                    let nothing =
                        faults.rows().iter().any(|row| row.file == "--set" && row.column <= path.len());
                    if nothing {
                        return Err(faults.to_string());
                    }
                }
                return Err(format!(
                    "{path} has no plain number to begin with: give a range, as in --load {path}=10/s..1000/s"
                ));
            }
        };
        let range = range.map(|(low, high)| (low.value, high.value));
        let written = match (present, range) {
            (Some(present), None) => present.value,
            (Some(present), Some((low, high))) if (low..=high).contains(&present.value) => present.value,
            (_, Some((low, high))) => (low * high).sqrt(),
            (None, None) => unreachable!("refused above"),
        };
        // A count takes whole numbers only: what a fraction does tells.
        let fraction = written.floor() + 0.5;
        let whole = dimension == Dimension::Number
            && with(scenario, registry, overrides, path, &text(fraction, dimension, false)).is_err();
        let axis = LoadAxis::Setting { path: path.to_string(), dimension, whole };
        with(scenario, registry, overrides, path, &text(written, dimension, whole))
            .map_err(|faults| faults.to_string())?;
        let (scenario, registry) = (scenario.clone(), registry.clone());
        let (overrides, path) = (overrides.clone(), path.to_string());
        let at = move |load: f64| {
            let checked = with(&scenario, &registry, &overrides, &path, &text(load, dimension, whole))
                .map_err(|faults| refused(load, &faults))?;
            let plan = kneepoint_scenario::plan(&checked).map_err(|faults| refused(load, &faults))?;
            let saturation = saturation(&checked);
            let offered = move |from, to| offered_per_s(&checked, from, to);
            Ok(Loaded { plan, saturation, offered_per_s: Arc::new(offered) })
        };
        Ok(Loads {
            axis,
            written,
            range,
            seed: None,
            replications: None,
            users_written: None,
            at: Box::new(at),
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
            written,
            range: None,
            seed: None,
            replications: None,
            users_written: None,
            at: Box::new(at),
        }
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
    pub(super) fn at(&self, load: f64) -> Result<Loaded, ExperimentError> {
        let mut loaded = (self.at)(load)?;
        let run = &mut loaded.plan.run;
        run.seed = self.seed.unwrap_or(run.seed);
        run.replications_min = self.replications.unwrap_or(run.replications_min);
        run.replications_max = run.replications_min;
        run.precision = None;
        Ok(loaded)
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

fn refused(load: f64, faults: &kneepoint_scenario::Faults) -> ExperimentError {
    ExperimentError::plan(format!("at load {load} the scenario is at fault\n{faults}"))
}

fn with(
    scenario: &Scenario,
    registry: &Registry,
    overrides: &Overrides,
    path: &str,
    value: &str,
) -> Result<Checked, kneepoint_scenario::Faults> {
    let mut overrides = overrides.clone();
    overrides.set.push((path.to_string(), value.to_string()));
    scenario.check(registry, &overrides)
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
