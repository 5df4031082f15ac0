//! Plans: what is run and what is measured, whoever described it: a scenario file or a Rust program.

use std::sync::Arc;

use kneepoint_calls::{ComponentId, Limits, Simulation};
use kneepoint_engine::{SimDuration, SimTime};

use crate::value::{Condition, Dimension, Metric, Quantity};

/// Builds one replication: always the same components in the same order.
///
/// Of a plan with uncertain parameters it builds what their means give; [`Plan::replication`] draws them.
pub type Build = Arc<dyn Fn(u64, u64) -> Simulation + Send + Sync>;

/// What to run and what to measure.
#[derive(Clone)]
pub struct Plan {
    /// Title, for people.
    pub title: String,
    /// The question the model is to answer.
    pub question: Option<String>,
    /// How long, how often, how sure.
    pub run: RunPlan,
    /// The parts whose numbers are reported, in the order of the description.
    pub parts: Vec<PartPlan>,
    /// What stands on edges and at doors, whose own series are reported.
    pub middles: Vec<MiddlePlan>,
    /// The time-outs on edges and at doors: they are no parts of their own.
    pub timeouts: Vec<TimeoutPlan>,
    /// Who calls whom, as far as the description says it: a Rust program need not.
    pub topology: Option<TopologyPlan>,
    /// What good looks like.
    pub objectives: Vec<Objective>,
    /// Extra metrics to report, by name.
    pub watches: Vec<Watch>,
    /// What the description says about itself: where it comes from, what it assumes and leaves out.
    pub about: About,
    /// What the description itself raises doubts about.
    pub warnings: Vec<String>,
    /// The recordings that are played once, and so have an end.
    pub recordings: Vec<Recording>,
    /// Builds a replication from (seed, replication).
    pub build: Build,
    /// What is drawn once per replication, if anything is.
    pub uncertain: Option<Uncertainty>,
}

/// A recording that is played once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    /// The client that plays it.
    pub client: String,
    /// When its last request is sent.
    pub ends: SimTime,
}

/// What a description says about itself, beside what is simulated: results carry it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct About {
    /// The scenario it was made of; a plan of a Rust program has none.
    pub scenario: Option<ScenarioFacts>,
    /// What is taken for granted: what the author says, then notes, then defaults with a source.
    pub assumptions: Vec<Assumption>,
    /// Every default that was taken, with or without a source.
    pub defaults: Vec<DefaultValue>,
    /// Where the author has it from.
    pub sources: Vec<String>,
    /// What the author left out.
    pub not_modelled: Vec<String>,
}

/// Which scenario it was, to the last setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScenarioFacts {
    /// The file, as it was called.
    pub file: String,
    /// The version of the format it is written in.
    pub format: u64,
    /// The hash of the scenario with everything filled in: equal for files that say the same.
    pub hash: u64,
    /// The variant that was taken.
    pub variant: Option<String>,
    /// What was set from outside the file: path and value, in the order in which it was applied.
    pub set: Vec<(String, String)>,
}

/// What holds because nobody said otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefaultValue {
    /// Where: the name of a part, or the fields that lead there, joined by dots; empty for the scenario itself.
    pub at: String,
    /// The kind or record there.
    pub kind: String,
    /// Its field.
    pub field: String,
    /// What the field is.
    pub value: String,
    /// The value is a rule in words, as it depends on others.
    pub in_words: bool,
    /// Where it comes from, where that is known.
    pub source: Option<String>,
}

/// Something the reader of the results should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assumption {
    /// What is assumed.
    pub text: String,
    /// Where that comes from.
    pub source: Option<String>,
    /// How much it is to be doubted, where the author says: `Low`, `Medium` or `High`.
    pub doubt: Option<String>,
}

impl std::fmt::Display for Assumption {
    /// The text, its source and the doubt about it: `TEXT (SOURCE); doubt: high`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)?;
        if let Some(source) = &self.source {
            write!(f, " ({source})")?;
        }
        match &self.doubt {
            Some(doubt) => write!(f, "; doubt: {}", doubt.to_lowercase()),
            None => Ok(()),
        }
    }
}

/// Parameters that are drawn once per replication.
#[derive(Clone)]
pub struct Uncertainty {
    /// Their names and what they measure, in the order in which they are written.
    pub params: Vec<(String, Dimension)>,
    /// Returns their values in a replication, from (seed, replication), in the base unit of each.
    pub values: Arc<dyn Fn(u64, u64) -> Vec<f64> + Send + Sync>,
    /// Builds a replication with values: the same components in the same order, whatever they are.
    pub build: DrawnBuild,
}

/// Builds a replication from (seed, replication, values of what is uncertain), or says why it cannot be.
pub type DrawnBuild = Arc<dyn Fn(u64, u64, &[f64]) -> Result<Simulation, String> + Send + Sync>;

/// How long, how often, how sure.
#[derive(Clone, Debug, PartialEq)]
pub struct RunPlan {
    /// Simulated time of one replication, warm-up included.
    pub duration: SimDuration,
    /// What is left out at its beginning.
    pub warm_up: WarmUpPlan,
    /// At least this many replications.
    pub replications_min: u64,
    /// At most this many: more than the least only if `precision` asks for them.
    pub replications_max: u64,
    /// Error to keep within, as a share of the true value, for every objective's and watch's estimate.
    pub precision: Option<f64>,
    /// Confidence of all intervals.
    pub confidence: f64,
    /// Seed.
    pub seed: u64,
    /// Ceilings.
    pub limits: Limits,
}

impl RunPlan {
    /// Has so many replications made. With a precision it is the least: a most that was stated stays, unless it is less.
    pub fn replicate(&mut self, replications: u64) {
        let is_range = self.replications_max > self.replications_min;
        self.replications_min = replications;
        self.replications_max = if is_range { self.replications_max.max(replications) } else { replications };
    }

    /// Returns a run of this length with the defaults of scenario files: warm-up found, 10 replications, 95 %,
    /// seed 1.
    ///
    /// # Source
    /// Chosen: ten replications are the smallest number with a useful interval (Law, Simulation Modeling and
    /// Analysis, 5th ed., section 9.4.1); 95 % is convention.
    pub fn new(duration: SimDuration) -> RunPlan {
        RunPlan {
            duration,
            warm_up: WarmUpPlan::Auto,
            replications_min: 10,
            replications_max: 10,
            precision: None,
            confidence: 0.95,
            seed: 1,
            limits: Limits::default(),
        }
    }
}

/// What is left out at the beginning of a replication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WarmUpPlan {
    /// A stated time.
    Fixed(SimDuration),
    /// Found by MSER-5 in a pilot run: the longest of any client is that of the run. So one more client, however
    /// little it has to do with the others, may move it, and with it everybody's numbers: to compare two models to the
    /// last bit, state it.
    Auto,
}

/// One part of the model: what people see; its instances are components.
#[derive(Clone, Debug, PartialEq)]
pub struct PartPlan {
    /// Its name.
    pub name: String,
    /// Its kind, for people.
    pub kind: String,
    /// What it is to whoever measures.
    pub role: PartRole,
    /// Its instances, in order. They are the same in every replication.
    pub instances: Vec<ComponentId>,
    /// Operations it offers with their global numbers: for `part:operation` metrics.
    pub operations: Vec<(String, u16)>,
}

/// A middle part of the model: what people see; its instances are components.
///
/// Whatever counters and levels its components keep are reported under their names. A time-out has no component of its
/// own and is not among them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MiddlePlan {
    /// Where it stands: `web -> db`, or the name of the part whose door it is at.
    pub at: String,
    /// Its place in the list there; 0 is outermost.
    pub place: usize,
    /// Its kind, for people.
    pub kind: String,
    /// Its instances: one for each calling instance, and for each callee behind the point of choice.
    pub instances: Vec<ComponentId>,
    /// The series it keeps of its own, by the names metrics call them.
    pub series: Vec<String>,
}

/// A `Timeout` in a list of middle parts: it costs no part, for it belongs to the call of whatever stands before it.
#[derive(Clone, Debug, PartialEq)]
pub struct TimeoutPlan {
    /// Where it stands: `web -> db`, or the name of the part whose door it is at.
    pub at: String,
    /// Its place in the list there; 0 is outermost.
    pub place: usize,
    /// Whom the calls go to that it ends; nothing if others call there too, so that they cannot be told apart.
    pub ends: Option<Vec<ComponentId>>,
}

/// What a part is to whoever measures: it decides which series it has.
#[derive(Clone, Debug, PartialEq)]
pub enum PartRole {
    /// Makes requests of these classes, in the order of their numbers.
    Client {
        /// Names of its classes.
        classes: Vec<String>,
    },
    /// Works: has waiting, service, utilisation.
    Station,
    /// Takes time without work.
    Delay,
    /// Passes on.
    Router,
}

/// Who calls whom, for whoever draws it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopologyPlan {
    /// What is to be said of each part, in the order of [`Plan::parts`].
    pub nodes: Vec<NodePlan>,
    /// The calls between parts, in the order of their callers.
    pub edges: Vec<EdgePlan>,
}

/// A part, for whoever draws it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NodePlan {
    /// What people call it, where the file says so.
    pub label: Option<String>,
    /// Cores of the machine of each instance, where it has one.
    pub cores: Option<u64>,
    /// How many calls each instance works on, as the description has it: `Servers(4)`.
    pub concurrency: Option<String>,
    /// What stands at its door, outermost first, as the description has it.
    pub via: Vec<String>,
}

/// The calls from one part to another that go the same way.
#[derive(Clone, Debug, PartialEq)]
pub struct EdgePlan {
    /// The caller, by its number in [`Plan::parts`].
    pub caller: usize,
    /// The callee.
    pub callee: usize,
    /// Which operations (classes, of a client) call which; nothing for a part that passes on what comes.
    pub operations: Vec<(Option<String>, Option<String>)>,
    /// What stands on it, outermost first, as the description has it: `Timeout(1 s)`.
    pub via: Vec<String>,
    /// What is said of its wire: `round_trip: 10 ms`.
    pub wire: Option<String>,
    /// The components that see each of its calls, and no other, if there are such.
    pub counted: Option<Vec<ComponentId>>,
}

/// A condition that must hold.
#[derive(Clone, Debug)]
pub struct Objective {
    /// Its name.
    pub name: String,
    /// The condition.
    pub condition: Condition,
}

/// A metric that is reported.
#[derive(Clone, Debug)]
pub struct Watch {
    /// Its name.
    pub name: String,
    /// The metric.
    pub metric: Metric,
}

impl Plan {
    /// Returns a plan of a Rust program: what `build` builds is run; parts, objectives and watches are added.
    /// Whoever runs the plan gives the limits of `run` to the simulation.
    pub fn new(
        title: &str,
        run: RunPlan,
        build: impl Fn(u64, u64) -> Simulation + Send + Sync + 'static,
    ) -> Plan {
        Plan {
            title: title.to_string(),
            question: None,
            run,
            parts: Vec::new(),
            middles: Vec::new(),
            timeouts: Vec::new(),
            topology: None,
            objectives: Vec::new(),
            watches: Vec::new(),
            about: About::default(),
            warnings: Vec::new(),
            recordings: Vec::new(),
            build: Arc::new(build),
            uncertain: None,
        }
    }

    /// When the first recording is over that the run outlasts.
    #[must_use]
    pub fn recordings_end(&self) -> Option<SimTime> {
        let end = SimTime::ZERO + self.run.duration;
        self.recordings.iter().map(|recording| recording.ends).min().filter(|ends| *ends < end)
    }

    /// Everything that is doubtful before the run: the warnings, and recordings that end long before it does, so that
    /// what is measured after them is measured of nothing.
    #[must_use]
    pub fn doubts(&self) -> Vec<String> {
        let end = self.run.duration;
        // The gap to a next record that there is not, and a little more, is no reason to speak.
        let early = |recording: &&Recording| recording.ends.as_nanos() as f64 <= 0.95 * end.as_nanos() as f64;
        let doubts = self.recordings.iter().filter(early).map(|Recording { client, ends }| {
            format!(
                "the recording of {client} ends at {} of {end}, and nothing is asked for after that: repeat: true begins it \
                 anew, a shorter run ends with it",
                SimDuration::from_nanos(ends.as_nanos())
            )
        });
        self.warnings.iter().cloned().chain(doubts).collect()
    }

    /// Builds a replication; what is uncertain is drawn for it.
    ///
    /// # Errors
    /// If drawn values make no sense in the model; in words, with the values.
    pub fn replication(&self, seed: u64, replication: u64) -> Result<Simulation, String> {
        let Some(uncertain) = &self.uncertain else { return Ok((self.build)(seed, replication)) };
        let values = (uncertain.values)(seed, replication);
        (uncertain.build)(seed, replication, &values).map_err(|reason| {
            let drawn = uncertain.params.iter().zip(&values).map(|((name, dimension), value)| {
                format!("{name} = {:.4}", Quantity::new(*value, *dimension))
            });
            format!("with {} drawn, {reason}", drawn.collect::<Vec<_>>().join(", "))
        })
    }

    /// Returns the part of this name.
    pub fn part(&self, name: &str) -> Option<&PartPlan> {
        self.parts.iter().find(|p| p.name == name)
    }

    /// Returns the end of a replication.
    pub fn end(&self) -> SimTime {
        SimTime::ZERO + self.run.duration
    }
}
