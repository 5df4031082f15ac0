//! What a run found: plain data for whoever prints it. Nothing here reaches back to a simulation.

mod critical_path;
mod judged;
mod measure;
mod middle;
mod numbers;
mod point;
mod sampled;
mod timeline;
mod topology;
mod trace;

use kneepoint_calls::Status;
use kneepoint_engine::SimDuration;
use kneepoint_statistics::Estimated;

pub use kneepoint_scenario::plan::{About, Assumption, DefaultValue, ScenarioFacts};

pub use judged::{CheckResult, DrawnParam, ObjectiveResult, Unit, Verdict, WatchResult, WatchValue, Windows};
pub use measure::{Better, Measure, Subject, is_offered_load};
pub use middle::MiddleResult;
pub use numbers::{Count, Durations, LevelResult, PERCENTILES, PhaseTime, Share};
pub use point::{
    AxisFacts, DataFacts, OriginFacts, PointClient, PointPart, PointResult, SweepFacts, SweepResult,
};
pub use sampled::{SampledRequest, SampledSpan, SampledStrand, Why};
pub use timeline::{
    ClientTimeline, Counts, Event, Events, FaultTimeline, Heat, Line, PartTimeline, RequestsTimeline,
    SATURATED_FROM, Saturated, Scarce, TIMELINE_PERCENTILES, Timeline, coarse_edges,
};
pub(crate) use topology::labels;
pub use topology::{EdgeResult, Node, TopologyResult};
pub use trace::TraceResult;

/// Everything a run found.
///
/// # Units
/// Durations in nanoseconds, rates per second, shares as numbers from 0 to 1.
#[derive(Clone, Debug, PartialEq)]
pub struct RunResult {
    /// Title of the plan.
    pub title: String,
    /// The question the model is to answer.
    pub question: Option<String>,
    /// How long, how often, how sure.
    pub facts: Facts,
    /// Whether the objectives are met, all together.
    pub verdict: Verdict,
    /// The objectives, in the order of the plan.
    pub objectives: Vec<ObjectiveResult>,
    /// The probability that all objectives hold in the same replication, if something is drawn once per replication.
    pub probability: Option<Estimated>,
    /// What was drawn once per replication.
    pub drawn: Vec<DrawnParam>,
    /// Extra metrics, in the order of the plan.
    pub watches: Vec<WatchResult>,
    /// What the clients saw, in the order of the plan.
    pub clients: Vec<ClientResult>,
    /// What happened at the other parts, in the order of the plan.
    pub parts: Vec<PartResult>,
    /// What happened on the way between parts, in the order of the plan.
    pub middles: Vec<MiddleResult>,
    /// Who calls whom, and how often.
    pub topology: TopologyResult,
    /// What the run checked about itself. One that failed voids the verdict.
    pub checks: Vec<CheckResult>,
    /// Where the run is fine and a number is doubtful; those of the plan come first.
    pub warnings: Vec<String>,
    /// Requests of the first replication in full, by client: near the percentiles, the slowest, one of each way to
    /// fail. Empty unless [asked for](crate::Options::samples).
    pub samples: Vec<SampledRequest>,
    /// What happened when, warm-up included. Nothing unless [asked for](crate::Options::timeline).
    pub timeline: Option<Timeline>,
    /// What the plan says about itself: where it comes from, what it assumes and leaves out.
    pub about: About,
    /// Fingerprint of everything measured: equal for equal runs, whatever the number of threads.
    pub digest: u64,
    /// Events executed, in all replications together.
    pub events: u64,
    /// One line per replication, in order.
    pub replications: Vec<ReplicationFacts>,
    /// What a comparison with another run takes: numbers with what each replication contributes.
    pub measures: Vec<Measure>,
}

/// The number that most stands in the way of a precision: the first without an interval, or the widest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeastPrecise {
    /// Its name: of an objective or a watch, or a metric.
    pub name: String,
    /// Whether it has an interval.
    pub has_interval: bool,
}

/// How long, how often, how sure.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// Simulated time of one replication, warm-up included.
    pub duration: SimDuration,
    /// What was left out at its beginning.
    pub warm_up: SimDuration,
    /// Where that comes from.
    pub warm_up_from: WarmUpFrom,
    /// Replications made.
    pub replications: u64,
    /// Batches the one replication was cut into for intervals; then these are what the values per replication are of.
    pub batches: Option<u64>,
    /// Replications allowed.
    pub replications_max: u64,
    /// Relative precision asked for.
    pub precision: Option<f64>,
    /// The widest relative half width among the numbers it was asked for, at the end; nothing if none has any.
    pub precision_reached: Option<f64>,
    /// Which of these numbers is least precise; nothing if no precision is asked for.
    pub least_precise: Option<LeastPrecise>,
    /// Confidence of all intervals.
    pub confidence: f64,
    /// Seed.
    pub seed: u64,
}

impl Facts {
    /// Returns how much of a replication is measured.
    pub fn measured(&self) -> SimDuration {
        SimDuration::from_nanos(self.duration.as_nanos() - self.warm_up.as_nanos())
    }
}

/// Where the length of the warm-up comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum WarmUpFrom {
    /// It was stated.
    Stated,
    /// It was found in a pilot run, in the latency of this client.
    Found {
        /// The client that took longest to settle.
        client: String,
    },
    /// It was not found: half of the run is left out.
    NotFound {
        /// Why, as a clause to print after "warm-up not found: ".
        reason: String,
    },
}

/// One replication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplicationFacts {
    /// Its number, from 0.
    pub number: u64,
    /// Its fingerprint.
    pub digest: u64,
    /// Events executed.
    pub events: u64,
}

/// What one client saw.
#[derive(Clone, Debug, PartialEq)]
pub struct ClientResult {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: String,
    /// All its requests.
    pub all: Requests,
    /// Its requests by class, in the order of its classes.
    pub classes: Vec<ClassResult>,
    /// Requests under way.
    pub in_flight: Option<LevelResult>,
    /// Users, of a closed client.
    pub users: Option<LevelResult>,
    /// Where the time of its requests went, along the path that decided, in the order of
    /// [`Phase::ALL`](kneepoint_calls::Phase::ALL).
    pub phases: Vec<PhaseTime>,
}

/// The requests of one class.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassResult {
    /// Its name.
    pub name: String,
    /// Its requests.
    pub requests: Requests,
}

/// Requests of a client or of one of its classes.
#[derive(Clone, Debug, PartialEq)]
pub struct Requests {
    /// Requests sent.
    pub sent: Count,
    /// Requests that ended.
    pub ended: Count,
    /// Requests that ended, by status; those that do not occur are left out.
    pub by_status: Vec<(Status, Share)>,
    /// Requests that ended well: the goodput.
    pub good: Count,
    /// Share of those ended that did not end well.
    pub errors: Share,
    /// From the intended start to a good end.
    pub latency: Durations,
    /// From the intended start to any other end.
    pub latency_failed: Durations,
}

/// What happened at one part.
#[derive(Clone, Debug, PartialEq)]
pub struct PartResult {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: String,
    /// All its instances together: counts are added, levels too, utilisation is busy over capacity.
    pub all: Station,
    /// Each instance, in order. [`Durations::percentiles`] and [`Durations::histogram`] are given for the whole
    /// part only.
    pub instances: Vec<InstanceResult>,
    /// How evenly its instances are loaded; nothing for one instance, for points of a sweep, and without any load.
    pub evenness: Option<Evenness>,
}

/// How evenly load is spread over instances.
#[derive(Clone, Debug, PartialEq)]
pub struct Evenness {
    /// Which load: `utilisation` of instances that have one, else their `calls`.
    pub of: &'static str,
    /// Jain's index of the loads: 1 if all are alike, 1/n if one of n has everything. The mean over replications.
    ///
    /// # Source
    /// Jain, Chiu, Hawe, "A quantitative measure of fairness and discrimination for resource allocation in shared computer
    /// systems", DEC-TR-301, 1984: (Σx)² / (n Σx²).
    pub jain: Estimated,
    /// The largest load over the mean load, the mean over replications.
    pub peak: Estimated,
}

/// What happened at one instance.
#[derive(Clone, Debug, PartialEq)]
pub struct InstanceResult {
    /// Its path.
    pub path: String,
    /// Its numbers.
    pub station: Station,
}

/// The numbers of a part or of one of its instances. What a part does not keep is left out.
#[derive(Clone, Debug, PartialEq)]
pub struct Station {
    /// Calls that arrived, behind the door.
    pub calls: Count,
    /// Answers given, behind the door.
    pub answered: Count,
    /// Answers by status, those at the door too; those that do not occur are left out.
    pub by_status: Vec<(Status, Share)>,
    /// Good answers.
    pub good: Count,
    /// Share of the answers, those at the door too, and losses that are not good answers: the metric `errors`.
    pub errors: Share,
    /// Calls that will never be answered.
    pub lost: Count,
    /// From the arrival of a call to its good answer.
    pub response: Durations,
    /// In the queue, of those that were served.
    pub waiting: Option<Durations>,
    /// In the queue, of those that left it without service.
    pub waiting_abandoned: Option<Durations>,
    /// Of holding a server.
    pub service: Option<Durations>,
    /// Time busy over capacity.
    pub utilisation: Option<Share>,
    /// Servers busy.
    pub busy: Option<LevelResult>,
    /// Calls waiting.
    pub queue: Option<LevelResult>,
    /// Calls accepted and not yet answered.
    pub inside: Option<LevelResult>,
    /// Threads held.
    pub threads: Option<LevelResult>,
    /// Threads held over threads there are.
    pub thread_utilisation: Option<Share>,
    /// Where time was spent here, per call, in the order of [`Phase::ALL`](kneepoint_calls::Phase::ALL).
    pub phases: Vec<PhaseTime>,
    /// Answers that nobody waited for.
    pub orphans: Count,
    /// Time spent for callers who had given up, as a share of all time spent here.
    pub orphan_time: Share,
}
