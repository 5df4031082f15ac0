//! What happens to the goodput beyond the knee.

use kneepoint_statistics::Estimated;

use super::paired_ratio;
use super::point::{Kept, Point};
use super::result::{Behaviour, OfPeak};

/// Share of the peak above which the goodput counts as level.
///
/// # Source
/// Chosen: a tenth is what retries and time-outs of a healthy system may waste in overload.
pub(super) const LEVEL: f64 = 0.9;

/// Share of the peak below which it counts as collapsed.
///
/// # Source
/// Chosen: half of the work wasted is what is commonly called congestion collapse (Floyd and Fall, IEEE/ACM
/// Transactions on Networking 7(4), 1999, speak of "most").
pub(super) const FALLEN: f64 = 0.5;

/// Share of what is offered that must end well for a load to count as carried.
///
/// # Source
/// Chosen: what is still under way when a run ends is less, and an overload of a fiftieth more is hardly one.
const CARRIED: f64 = 0.98;

/// Share of the growth of the load by which the goodput must have grown to follow it.
///
/// # Source
/// Chosen: in proportion is 1, and level 0.
const GROWN: f64 = 0.5;

/// How far beyond the peak (relative) a load must be to tell what comes after it.
///
/// # Source
/// Chosen: more than a step of the knee's table near the capacity, so that the peak itself is not what is judged.
const BEYOND_PEAK: f64 = 1.2;

/// Classifies the goodput beyond its peak, by the load beyond it with the least of it.
///
/// Shares are of the same replications at two loads (paired, common random numbers), with their interval: a class is
/// given only if the whole interval lies in it.
pub(super) fn behaviour(points: &[Point], confidence: f64) -> Behaviour {
    let mut all: Vec<&Point> = points.iter().collect();
    all.sort_by(|a, b| a.load.total_cmp(&b.load));
    let ran: Vec<(f64, &Kept)> = all.iter().filter_map(|p| Some((p.load, p.kept()?))).collect();
    let mean = |kept: &Kept| kept.good.iter().sum::<f64>() / kept.good.len() as f64;
    let Some((peak_load, peak)) = ran.iter().copied().max_by(|a, b| mean(a.1).total_cmp(&mean(b.1))) else {
        return Behaviour::Unknown("no run went to its end".to_string());
    };
    let stopped = all.iter().rev().find_map(|p| p.seen.as_ref().err());
    let (highest, last) = ran[ran.len() - 1];
    let sent = last.sent.iter().sum::<f64>() / last.sent.len() as f64;
    // Users who wait for answers send no more than is carried: then it must have grown with the load to its end.
    let before = ran.iter().rev().find(|(load, _)| *load * BEYOND_PEAK <= highest);
    let grows =
        before.is_none_or(|(load, kept)| mean(last) / mean(kept) - 1.0 >= GROWN * (highest / load - 1.0));
    if stopped.is_none() && mean(last) >= CARRIED * sent && grows {
        return Behaviour::Rising;
    }
    let beyond = ran.iter().filter(|(load, _)| *load >= BEYOND_PEAK * peak_load);
    // What grows with the load to its end is at its peak there: level as far as can be seen.
    let worst = beyond.min_by(|a, b| mean(a.1).total_cmp(&mean(b.1))).copied().unwrap_or((highest, last));
    let Some(share) = paired_ratio(&worst.1.good, &peak.good, confidence) else {
        return Behaviour::Unknown("there is no goodput".to_string());
    };
    if let (Some(why), true) = (stopped, share.low >= FALLEN) {
        return Behaviour::Unknown(format!("a run beyond the knee did not go to its end: {why}"));
    }
    let of_peak = OfPeak {
        share,
        load: worst.0,
        highest,
        peak_load,
        peak: Estimated::from_replications(&peak.good, confidence),
    };
    if share.low >= LEVEL {
        Behaviour::Plateau(of_peak)
    } else if share.high < FALLEN {
        Behaviour::Collapse(of_peak)
    } else if share.high < LEVEL && share.low >= FALLEN {
        Behaviour::Decline(of_peak)
    } else {
        Behaviour::Unclear(of_peak)
    }
}
