//! What a search for the capacity found: plain data for whoever prints it.

use kneepoint_scenario::value::Dimension;
use kneepoint_statistics::{Estimate, Estimated};

use crate::result::{ObjectiveResult, ScenarioFacts, Unit};

/// Everything a search for the capacity found.
///
/// # Units
/// Loads on the [`LoadAxis`]; rates \[1/s\], durations \[ns\], shares from 0 to 1.
#[derive(Clone, Debug, PartialEq)]
pub struct CapacityResult {
    /// Title of the scenario.
    pub title: String,
    /// The scenario as it was before any load was set; nothing for plans of a Rust program.
    pub scenario: Option<ScenarioFacts>,
    /// Its clients, by name, and its other parts, in the order of the file.
    pub names: (Vec<String>, Vec<String>),
    /// What people call its clients and parts, by name, where the file says so.
    pub labels: Vec<(String, String)>,
    /// What the load is.
    pub axis: LoadAxis,
    /// The load up to which recordings last long enough, where that bounds the search.
    pub recorded_up_to: Option<f64>,
    /// The load of the file, where that is one number.
    pub load_written: Option<f64>,
    /// Between which loads was searched, where that was asked for.
    pub range: Option<(f64, f64)>,
    /// Requests a second at that load, where what is written says it.
    pub offered_written_per_s: Option<f64>,
    /// Whether that is an average of what changes through the run.
    pub offered_varies: bool,
    /// Users of all clients in the file, if all are closed with a constant number of them.
    pub users_written: Option<f64>,
    /// What came of the search.
    pub finding: Finding,
    /// The highest load inside the objectives, with its interval.
    pub capacity: Option<Estimate>,
    /// The same where it was found and has no interval, or none at one of its ends; then `capacity` is nothing.
    pub rough: Option<Rough>,
    /// The same in requests a second sent by all clients, where they follow from the load.
    pub capacity_per_s: Option<Estimate>,
    /// The objective that is left first beyond it.
    pub binding: Option<Binding>,
    /// What is missed where no load that was run meets the objectives.
    pub nowhere: Option<Nowhere>,
    /// How far each objective held among the loads that were run, in the order of the file.
    pub limits: Vec<Limit>,
    /// The parts with servers at the capacity, the busiest first.
    pub parts: Vec<PartLoad>,
    /// The loads that were run for the knee, ascending.
    pub knee: Vec<KneeRow>,
    /// What happens to the goodput beyond the knee.
    pub behaviour: Behaviour,
    /// Whether the goodput comes back when the load is taken back; nothing if it never fell, or was not looked at.
    pub recovery: Option<Recovery>,
    /// Runs of the scenario in all, each with its replications.
    pub runs: u32,
    /// Replications of each run.
    pub replications: u64,
    /// Confidence of all intervals.
    pub confidence: f64,
    /// Seed.
    pub seed: u64,
    /// Where the search is fine and something is doubtful.
    pub warnings: Vec<String>,
    /// Fingerprint of all runs in their order.
    pub digest: u64,
    /// Events executed in all runs.
    pub events: u64,
}

impl CapacityResult {
    /// What loads are multiplied by to be told, and compared with those of other files: a factor on what all clients bring
    /// by the requests a second or the users of the file, where it says them; the value of a setting by 1.
    #[must_use]
    pub fn factor(&self) -> f64 {
        match self.axis {
            LoadAxis::Clients => self.offered_written_per_s.or(self.users_written).unwrap_or(1.0),
            LoadAxis::Setting { .. } => 1.0,
        }
    }

    /// The capacity as it is compared.
    #[must_use]
    pub fn compared(&self) -> Option<Estimate> {
        let (e, by) = (self.capacity?, self.factor());
        Some(Estimate { value: e.value * by, low: e.low * by, high: e.high * by, ..e })
    }
}

/// What the load is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoadAxis {
    /// A factor on what all clients bring: rates, sessions, users.
    Clients,
    /// The value of a setting, in the base unit of its dimension.
    Setting {
        /// Its path, as after `--set`.
        path: String,
        /// What it measures.
        dimension: Dimension,
        /// Whether only whole numbers make sense.
        whole: bool,
    },
}

/// What came of the search.
#[derive(Clone, Debug, PartialEq)]
pub enum Finding {
    /// There is a highest load inside the objectives.
    Found,
    /// All objectives hold up to where a part has no idle time left: beyond it its queue grows for ever.
    Saturated {
        /// Which part.
        part: String,
    },
    /// An objective is missed at the lowest load already.
    MissedAtLowest {
        /// That load.
        load: f64,
        /// The objectives that are missed there.
        objectives: Vec<String>,
    },
    /// There is no load at which all objectives hold.
    HoldsNowhere {
        /// Where low loads are too little for an objective that asks for load, and high ones too much for the same or
        /// another: the highest load that is too little, the lowest that is too much, and for which. Nothing where one
        /// is missed at every load that was run and no side of them is known to be better.
        between: Option<[(f64, Vec<String>); 2]>,
    },
    /// More of what is searched helps, as more servers do: from a value on all objectives hold, to the highest that was
    /// run.
    HoldsFrom {
        /// The highest at which an objective is missed, and which.
        misses: (f64, Vec<String>),
        /// The lowest at which all hold.
        holds: f64,
        /// The highest that was run.
        up_to: f64,
    },
    /// The data of an objective do not tell whether it holds, where that decides.
    NotTold {
        /// The load at which that is.
        load: f64,
        /// The objectives, and why their data do not tell.
        objectives: Vec<(String, String)>,
    },
    /// All objectives hold at the highest load that was allowed.
    NotReached {
        /// That load.
        load: f64,
    },
    /// No objective is stated: only saturation can be told.
    NoObjective,
    /// The runs that were allowed did not settle it: the capacity lies between these loads.
    NotSettled {
        /// The highest load at which all objectives held; nothing if none was found.
        holds: Option<f64>,
        /// The lowest load above it at which one was missed; nothing if none was found.
        missed: Option<f64>,
    },
}

/// A capacity without an interval: nothing to compare with or to fit a law to.
#[derive(Clone, Debug, PartialEq)]
pub struct Rough {
    /// Where the values cross the bound; the middle of the two loads between which they do where no slope tells.
    pub value: f64,
    /// The lower end of the interval, where a load that was run bounds it.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
    /// The highest load at which all objectives held.
    pub holds: f64,
    /// The lowest load above it at which one was missed.
    pub misses: f64,
    /// Why there is no interval, as a clause.
    pub reason: String,
}

/// The objective that is left first.
#[derive(Clone, Debug, PartialEq)]
pub struct Binding {
    /// Its name.
    pub name: String,
    /// The condition as it was written.
    pub condition: String,
    /// Its metric as it was written.
    pub metric: String,
    /// What its value leaves.
    pub bound: f64,
    /// The unit of that.
    pub unit: Unit,
    /// How much the logarithm of value over bound grows when the load grows by 1 %, in per cent: 4 means that 1 % more
    /// load makes the value 4 % larger.
    pub steepness: Option<f64>,
}

/// What is missed where no load that was run meets the objectives: such a search has no knee, and nothing beyond it.
#[derive(Clone, Debug, PartialEq)]
pub struct Nowhere {
    /// At the lowest load that was run.
    pub lowest: MissedAt,
    /// At the load that comes nearest to the objectives.
    pub nearest: MissedAt,
    /// The highest load that was run.
    pub highest: f64,
    /// Whether at some load it is not decided: its interval lies across a bound.
    pub is_undecided_somewhere: bool,
}

/// What is missed at a load.
#[derive(Clone, Debug, PartialEq)]
pub struct MissedAt {
    /// The load.
    pub load: f64,
    /// The objectives whose value misses its bound; or why the run stopped.
    pub missed: Result<Vec<Missing>, String>,
}

/// An objective whose value misses its bound, and how sure that is.
#[derive(Clone, Debug, PartialEq)]
pub struct Missing {
    /// The objective.
    pub objective: ObjectiveResult,
    /// Whether it is missed for sure.
    pub verdict: Verdict,
}

/// Whether the objectives hold at a load, with the confidence that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All hold: each interval lies on the good side of its bound.
    Held,
    /// One is missed: its whole interval lies on the bad side.
    Missed,
    /// None is surely missed, and one has an interval across its bound, or not enough data.
    Undecided,
}

impl Verdict {
    /// Returns the word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Held => "held",
            Verdict::Missed => "missed",
            Verdict::Undecided => "undecided",
        }
    }
}

/// How far an objective held among the loads that were run. A load at which its interval lies across the bound is
/// neither.
#[derive(Clone, Debug, PartialEq)]
pub struct Limit {
    /// Its name.
    pub name: String,
    /// The condition as it was written.
    pub condition: String,
    /// The highest load up to which it held in every run, but for those that were too little for it.
    pub holds_up_to: Option<f64>,
    /// The lowest load above that at which it was missed.
    pub missed_from: Option<f64>,
    /// The highest load below those at which it was missed too, because it asks for more.
    pub missed_up_to: Option<f64>,
    /// The highest load at which the data do not tell whether it holds, and why.
    pub untold: Option<(f64, String)>,
}

/// How busy a part is at the capacity.
#[derive(Clone, Debug, PartialEq)]
pub struct PartLoad {
    /// Its name.
    pub name: String,
    /// Measured in the run nearest to the capacity.
    pub utilisation: Estimated,
    /// By theory: mean work times rate over servers; nothing where no theory tells.
    pub utilisation_by_theory: Option<f64>,
    /// The load at which it would have no idle time left if nothing else stood in the way: measured at a load short of
    /// saturation, or why that cannot be; nothing where utilisation does not grow in proportion to the load.
    pub saturates_at: Option<Estimated>,
    /// The load whose utilisation tells that.
    pub saturates_from: Option<f64>,
    /// The same by theory.
    pub saturates_at_by_theory: Option<f64>,
}

/// What was seen at one load.
#[derive(Clone, Debug, PartialEq)]
pub struct KneeRow {
    /// The load.
    pub load: f64,
    /// The load over the capacity, where there is one.
    pub of_capacity: Option<f64>,
    /// What was measured; or why the run stopped.
    pub seen: Result<Seen, String>,
}

/// The numbers of one load, all clients together.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// Requests sent.
    pub offered: Estimated,
    /// Requests that ended well.
    pub goodput: Estimated,
    /// Median latency of good answers.
    pub p50: Estimated,
    /// 99th percentile of the latency of good answers.
    pub p99: Estimated,
    /// Share of the requests that ended and not well.
    pub errors: Estimated,
    /// Utilisation of the bottleneck.
    pub utilisation: Option<Estimated>,
    /// The objectives, in the order of the plan.
    pub objectives: Vec<ObjectiveResult>,
    /// Whether the objectives held; nothing where there is none.
    pub verdict: Option<Verdict>,
    /// Parts whose queue grew through the run: what is seen depends on its length.
    pub overloaded: Vec<String>,
}

/// What happens to the goodput beyond the knee.
#[derive(Clone, Debug, PartialEq)]
pub enum Behaviour {
    /// It still follows the load: nothing is overloaded at the highest load.
    Rising,
    /// It stays near its peak.
    Plateau(OfPeak),
    /// It falls, but not below half of its peak.
    Decline(OfPeak),
    /// It falls below half of its peak.
    Collapse(OfPeak),
    /// Its interval lies across a border of these.
    Unclear(OfPeak),
    /// It cannot be told, and why.
    Unknown(String),
}

/// Goodput at a load, as a share of its peak, from the same replications.
#[derive(Clone, Debug, PartialEq)]
pub struct OfPeak {
    /// The lowest such share beyond the peak, with its interval.
    pub share: Estimate,
    /// At which load.
    pub load: f64,
    /// The highest load that was run.
    pub highest: f64,
    /// The load of the peak.
    pub peak_load: f64,
    /// The goodput of the peak.
    pub peak: Estimated,
}

/// What a pulse of load beyond the knee leaves when it is over.
#[derive(Clone, Debug, PartialEq)]
pub enum Recovery {
    /// The goodput is back.
    Recovers(AfterPulse),
    /// More than half of it is back, and it is not whole: it may be on its way.
    Slow(AfterPulse),
    /// It stays below half: the failure outlasts what set it off.
    Metastable(AfterPulse),
    /// Its interval lies across a border of these.
    Unclear(AfterPulse),
    /// It cannot be told, and why.
    Unknown(String),
}

impl Recovery {
    /// Returns the word for it.
    pub fn name(&self) -> &'static str {
        match self {
            Recovery::Recovers(_) => "recovers",
            Recovery::Slow(_) => "slow",
            Recovery::Metastable(_) => "metastable",
            Recovery::Unclear(_) => "unclear",
            Recovery::Unknown(_) => "unknown",
        }
    }
}

/// Goodput after a pulse of load, as a share of that of the same run without it.
#[derive(Clone, Debug, PartialEq)]
pub struct AfterPulse {
    /// The share in the tail of the run.
    pub share: Estimate,
    /// The load before and after.
    pub back: f64,
    /// The load of the pulse.
    pub peak: f64,
    /// Length of the pulse \[ns\].
    pub hold: u64,
    /// From its end to the tail \[ns\].
    pub after: u64,
    /// Length of the tail \[ns\].
    pub tail: u64,
}

impl Behaviour {
    /// Returns the word for it.
    pub fn name(&self) -> &'static str {
        match self {
            Behaviour::Rising => "rising",
            Behaviour::Plateau(_) => "plateau",
            Behaviour::Decline(_) => "decline",
            Behaviour::Collapse(_) => "collapse",
            Behaviour::Unclear(_) => "unclear",
            Behaviour::Unknown(_) => "unknown",
        }
    }
}
