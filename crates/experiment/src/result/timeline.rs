//! Results over time: what happened in each of a number of equal windows, warm-up included.

use kneepoint_calls::Status;
use kneepoint_engine::SimTime;

/// Percentiles of latency that are given over time.
pub const TIMELINE_PERCENTILES: [f64; 4] = [0.5, 0.9, 0.95, 0.99];

/// Edges of coarse buckets of durations per octave.
///
/// # Source
/// Chosen: what is interpolated between two edges lies within a tenth of the truth, and a heat map from 1 ms to 10 s has
/// about fifty rows.
const EDGES_PER_OCTAVE: u64 = 4;

/// Results over time. Empty unless [asked for](crate::Options::timeline).
///
/// The windows are of equal length and follow each other from the beginning of the run, warm-up included, to its end:
/// what was counted in them adds up to what was counted at all. What happens at the instant where two of them meet
/// belongs to the first. Of more than a hundred replications it is that of the first hundred.
///
/// # Units
/// Durations in nanoseconds, rates per second, shares from 0 to 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Timeline {
    /// From when until when each window is.
    pub windows: Vec<(SimTime, SimTime)>,
    /// Of how many replications it is.
    pub replications: u64,
    /// What the clients saw, in the order of the plan.
    pub clients: Vec<ClientTimeline>,
    /// What happened at the other parts, in the order of the plan.
    pub parts: Vec<PartTimeline>,
    /// What was broken on purpose.
    pub faults: Vec<FaultTimeline>,
    /// What happened to parts, at which instant.
    pub events: Events,
    /// When which part was saturated, in the order in which that began.
    pub saturated: Vec<Saturated>,
}

/// A stretch of windows in which a part had next to nothing free: the utilisation of its servers or threads was
/// [`SATURATED_FROM`] or more in each of them, in the mean over replications.
#[derive(Clone, Debug, PartialEq)]
pub struct Saturated {
    /// Its name.
    pub part: String,
    /// What was used up.
    pub of: Scarce,
    /// Since when calls waited for it without a break at all its instances, in the mean over replications, if in all of them
    /// that began in the window before the first or in the first half of it; else when the first of the windows begins.
    pub from: SimTime,
    /// When the last one ends.
    pub to: SimTime,
}

/// What a part has a bounded number of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scarce {
    /// What does the work: servers, cores, the event loop.
    Servers,
    /// Threads, which are held while a call waits for others, too.
    Threads,
}

impl Scarce {
    /// Returns its name.
    pub fn name(self) -> &'static str {
        match self {
            Scarce::Servers => "servers",
            Scarce::Threads => "threads",
        }
    }
}

/// From which utilisation in a window on a part counts as saturated.
///
/// # Source
/// Chosen: at 95 % a single server has 18 calls waiting in the mean (M/M/1), and of threads for which nobody waits, so that
/// each is free for a moment before the next call takes it, hardly more are ever held.
pub const SATURATED_FROM: f64 = 0.95;

/// What happened to parts in one replication, at which instant: it differs from one to the next.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Events {
    /// The replication: the first.
    pub replication: u64,
    /// What happened, in order.
    pub list: Vec<Event>,
    /// How much more happened, later, than is kept.
    pub left_out: u64,
}

/// Something that happened to a part.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// When.
    pub at: SimTime,
    /// To whom: the path of an instance; of a fault that begins or ends its name.
    pub part: String,
    /// What: `crash`, `leave`, `stop`, `restart`, `hang`, `resume`, `start`, `retire`, `fault begins`, `fault ends` (of an action `action begins`, …), or what parts say of
    /// themselves.
    pub what: String,
    /// The rest, for people.
    pub detail: String,
}

/// A number over time, one value per window: the mean over replications, or for percentiles and shares that of all
/// replications together. Nothing where the data do not carry it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line {
    /// The values.
    pub values: Vec<Option<f64>>,
    /// The lower ends of their intervals; with one replication there are none.
    pub low: Vec<Option<f64>>,
    /// The upper ends.
    pub high: Vec<Option<f64>>,
}

/// Things that happened, over time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counts {
    /// In all those replications together, by window.
    pub totals: Vec<u64>,
    /// How many a second in one replication (1/s).
    pub rate: Line,
}

/// What one client saw, over time.
#[derive(Clone, Debug, PartialEq)]
pub struct ClientTimeline {
    /// Its name.
    pub name: String,
    /// All its requests.
    pub all: RequestsTimeline,
    /// Its requests by class, if it has more than one.
    pub classes: Vec<(String, RequestsTimeline)>,
    /// Requests under way, mean over each window.
    pub in_flight: Option<Line>,
}

/// Requests over time: each is counted where it was sent, and where it ended.
#[derive(Clone, Debug, PartialEq)]
pub struct RequestsTimeline {
    /// Requests sent.
    pub sent: Counts,
    /// Requests that ended well.
    pub good: Counts,
    /// Requests that ended, by status; those that do not occur are left out.
    pub by_status: Vec<(Status, Counts)>,
    /// The percentiles of [`TIMELINE_PERCENTILES`] of those that ended well, pooled over replications (ns).
    pub latency: Vec<(f64, Line)>,
    /// All latencies of those that ended well.
    pub heat: Heat,
}

/// Durations in coarse buckets, over time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Heat {
    /// Up to and with which duration a bucket counts (ns); it begins where the one before ends.
    pub edges: Vec<u64>,
    /// By window and bucket, in all replications together.
    pub counts: Vec<Vec<u64>>,
}

/// What happened at one part, over time: all its instances together. What a part does not keep is left out.
#[derive(Clone, Debug, PartialEq)]
pub struct PartTimeline {
    /// Its name.
    pub name: String,
    /// Calls that arrived.
    pub calls: Counts,
    /// Answers given, of every status.
    pub answered: Counts,
    /// Time busy over capacity.
    pub utilisation: Option<Line>,
    /// Servers there are: those of instances that are down are none.
    pub capacity: Option<Line>,
    /// Instances that serve: what is down or hangs does not.
    pub instances: Line,
    /// The fewest of them at any instant, in any replication.
    pub instances_min: Vec<u64>,
    /// Calls waiting.
    pub queue: Option<Line>,
    /// Calls accepted and not yet answered.
    pub inside: Option<Line>,
    /// Threads held.
    pub threads: Option<Line>,
    /// Threads there are: those of instances that are down are none.
    pub thread_limit: Option<Line>,
}

/// A fault of the plan, over time.
#[derive(Clone, Debug, PartialEq)]
pub struct FaultTimeline {
    /// Its name.
    pub name: String,
    /// How often it struck, by window.
    pub strikes: Counts,
    /// How many were hit by it at a time, mean over each window.
    pub struck: Line,
}

/// Returns the edges of coarse buckets \[ns\] from the first that holds something to the one that holds everything: up to
/// and with which values are counted. They are edges of the buckets of histograms too, so that counts are exact.
pub fn coarse_edges(least: u64, most: u64) -> Vec<u64> {
    let octaves = least.max(EDGES_PER_OCTAVE).ilog2()..=most.max(EDGES_PER_OCTAVE).ilog2();
    let quarters = octaves.flat_map(|octave| {
        let low = 1_u64 << octave;
        (1..=EDGES_PER_OCTAVE).map(move |quarter| low + (low / EDGES_PER_OCTAVE * quarter - 1))
    });
    let mut edges = Vec::new();
    for edge in quarters.skip_while(|edge| *edge < least) {
        edges.push(edge);
        if edge >= most {
            break;
        }
    }
    edges
}

#[cfg(test)]
mod tests {
    use super::coarse_edges;

    #[test]
    fn the_first_edge_holds_the_least_and_the_last_the_most() {
        for (least, most) in
            [(0, 0), (3, 1_048_576), (1, u64::MAX), (1 << 20, 1 << 20), ((1 << 20) - 1, 1 << 20)]
        {
            let edges = coarse_edges(least, most);
            assert!(edges[0] >= least && *edges.last().unwrap() >= most, "{least} {most}");
            assert!(edges.windows(2).all(|pair| pair[0] < pair[1] && pair[0] < most), "{least} {most}");
        }
        assert!(coarse_edges(1, 1 << 21).contains(&((5 << 18) - 1)));
    }
}
