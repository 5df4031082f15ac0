//! Whether the goodput comes back when a load beyond the knee is taken back: metastable or not.
//!
//! ```text
//! load   B ──┐K┌── B ────────────────────┐
//!            └─┘                 [ tail ]     goodput of the tail, over that of the same run without the pulse
//! ```

use kneepoint_engine::SimDuration;
use kneepoint_scenario::plan::WarmUpPlan;

use crate::error::ExperimentError;
use crate::run::{Options, Progress};

use super::behaviour::{FALLEN, LEVEL};
use super::load::{Loads, PulseTo};
use super::paired_ratio;
use super::point::{Kept, Point};
use super::result::{AfterPulse, Recovery};

/// The load to which is gone back, as a share of the capacity.
///
/// # Source
/// Chosen: what anybody would call safe, with a fifth left over to work off what the pulse left.
const BACK: f64 = 0.8;

/// Length of the pulse, as a share of what is measured.
///
/// # Source
/// Chosen: what a pulse of three times the capacity leaves is worked off with a fifth of it in ten times its length, and
/// so well before the tail begins.
const HOLD: f64 = 0.05;

/// The tail in which goodput is looked at, as a share of what is measured.
///
/// # Source
/// Chosen: long enough for an interval of the goodput, and late enough that a pulse of [`HIGHEST`] times the capacity
/// has been worked off for longer than the tail when it begins.
const TAIL: f64 = 0.25;

/// The highest load of a pulse, as a share of the capacity.
///
/// # Source
/// Chosen: what [`HOLD`] is made for; a longer or higher pulse would still be worked off in the tail of a system that is
/// well, and be taken for one that is stuck.
const HIGHEST: f64 = 3.0;

/// What two runs gave, and how many events they took.
pub(super) struct Pulsed {
    pub recovery: Recovery,
    pub runs: u32,
    pub events: u64,
    pub digest: u64,
}

/// Runs the load that is gone back to twice, with a pulse before it and without, and compares the goodput of the tail.
///
/// `near` are the numbers of a run at any load.
///
/// # Source
/// Bronson et al., "Metastable failures in distributed systems", HotOS 2021: a failed state that outlasts its trigger.
pub(super) fn recovery(
    loads: &Loads,
    capacity: f64,
    near: &Kept,
    confidence: f64,
    tell: &(dyn Fn(u32, f64, Progress) + Sync),
) -> Result<Pulsed, ExperimentError> {
    let unknown =
        |reason: String| Pulsed { recovery: Recovery::Unknown(reason), runs: 0, events: 0, digest: 0 };
    let back = loads.fitting(BACK * capacity);
    let (from, to) = near.measured;
    let measured = (to - from) as f64;
    // The longest blow that is worked off again where all is well: a lower one may leave a system stuck only at times.
    let highest = loads.range.map_or(f64::INFINITY, |(_, high)| high);
    let peak = loads.fitting((HIGHEST * capacity).min(highest));
    let (hold, tail) = ((measured * HOLD) as u64, (measured * TAIL) as u64);
    let pulse = PulseTo { peak, at: from, hold };
    let pulsed = match loads.pulsed_at(back, pulse) {
        Ok(pulsed) => pulsed,
        Err(reason) => return Ok(unknown(reason)),
    };
    let mut points = Vec::new();
    for (which, mut loaded) in [loads.at(back)?, pulsed].into_iter().enumerate() {
        let run = &mut loaded.plan.run;
        // Both end together: a recording that is played slower lasts longer.
        run.duration = SimDuration::from_nanos(to);
        run.warm_up = WarmUpPlan::Fixed(SimDuration::from_nanos(to - tail));
        // What is judged elsewhere may not fit into the tail, and is not asked for here.
        loaded.plan.objectives.clear();
        loaded.plan.watches.clear();
        let tell = |progress: Progress| tell(which as u32 + 1, back, progress);
        points.push(Point::run(back, &loaded, &Options::default(), &tell)?);
    }
    let ran: Vec<&Kept> = points.iter().filter_map(Point::kept).collect();
    let (events, digest) =
        (ran.iter().map(|k| k.events).sum(), ran.iter().fold(0, |d, k| crate::run::mix(d, k.digest)));
    let recovery = match (points[0].kept(), &points[1].seen) {
        (None, _) => Recovery::Unknown("the run without a pulse did not go to its end".to_string()),
        (_, Err(why)) => Recovery::Unknown(format!("the run with a pulse did not go to its end: {why}")),
        (Some(calm), Ok(after)) => match paired_ratio(&after.good, &calm.good, confidence) {
            None => Recovery::Unknown("there is no goodput without a pulse".to_string()),
            Some(share) => {
                classed(AfterPulse { share, back, peak, hold, after: to - tail - from - hold, tail })
            }
        },
    };
    Ok(Pulsed { recovery, runs: 2, events, digest })
}

fn classed(after: AfterPulse) -> Recovery {
    if after.share.low >= LEVEL {
        Recovery::Recovers(after)
    } else if after.share.high < FALLEN {
        Recovery::Metastable(after)
    } else if after.share.high < LEVEL {
        Recovery::Slow(after)
    } else {
        Recovery::Unclear(after)
    }
}
