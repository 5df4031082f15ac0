//! What saturates first, and what would be next.

use kneepoint_statistics::{Estimate, Estimated};

use crate::error::ExperimentError;

use super::load::{Loaded, Loads};
use super::point::{Kept, Point};
use super::result::{LoadAxis, PartLoad};
use super::search::Scale;

/// Halvings when the saturation of a setting is looked for by theory: a millionth of the range is left.
const HALVINGS: u32 = 20;

/// Utilisation of the busiest part by theory; nothing where it may be one of which theory tells nothing.
fn busiest(loaded: &Loaded) -> Option<f64> {
    let all: Option<Vec<f64>> = loaded.saturation.iter().map(|load| load.utilisation).collect();
    all?.first().copied()
}

/// The load at which the first part of those that theory knows has no idle time left; nothing where it knows none. It is a
/// guess to search by: a part that it does not know may be full before.
pub(super) fn saturation_load(loads: &Loads) -> Result<Option<f64>, ExperimentError> {
    let written = loads.start;
    let Some(now) = known(&loads.at(written)?).filter(|now| *now > 0.0) else { return Ok(None) };
    if loads.axis == LoadAxis::Clients || is_proportional(loads, now, known)? {
        return Ok(Some(written / now));
    }
    // Not proportional: twice the load is not twice as busy. Then it is looked for, if the range tells where.
    let Some((mut low, mut high)) = loads.range else { return Ok(None) };
    let at = |load: f64| -> Result<f64, ExperimentError> {
        Ok(known(&loads.at(loads.fitting(load))?).unwrap_or(0.0))
    };
    if at(low)? >= 1.0 || at(high)? < 1.0 {
        return Ok(None);
    }
    for _ in 0..HALVINGS {
        let middle = (low * high).sqrt();
        if at(middle)? < 1.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    Ok(Some((low * high).sqrt()))
}

/// Whether all parts get busier in proportion to the load.
pub(super) fn in_proportion(loads: &Loads, scale: Scale) -> Result<bool, ExperimentError> {
    if loads.is_proportional || scale.saturation.is_none() {
        return Ok(loads.is_proportional);
    }
    busiest(&loads.at(loads.start)?).map_or(Ok(false), |now| is_proportional(loads, now, busiest))
}

/// Utilisation of the busiest of the parts that theory knows.
fn known(loaded: &Loaded) -> Option<f64> {
    loaded.saturation.iter().find_map(|load| load.utilisation)
}

/// Whether twice the setting makes the bottleneck twice as busy, by one of the two above.
fn is_proportional(
    loads: &Loads,
    now: f64,
    busiest: fn(&Loaded) -> Option<f64>,
) -> Result<bool, ExperimentError> {
    // Of whole loads there may be none half as high.
    let half = loads.fitting(loads.start / 2.0);
    let other = if half < loads.start { half } else { loads.fitting(loads.start * 2.0) };
    // A setting that cannot be twice as much is in proportion to nothing.
    let Ok(there) = loads.at(other) else { return Ok(false) };
    let then = busiest(&there).unwrap_or(0.0);
    Ok((then / now - other / loads.start).abs() < 1e-6)
}

/// Share of the requests sent that may be lost more than at low load before a load counts as saturated.
///
/// # Source
/// Chosen: what is lost takes no servers, so that utilisation is read too low by about this share.
const LOST: f64 = 0.02;

/// Utilisation above which a part counts as saturated.
///
/// # Source
/// Chosen: a part that is offered more than it can do is idle only until its first queue has formed, which is less than a
/// thousandth of a run of any use.
const FULL: f64 = 0.999;

/// The highest load up to `highest` that is short of saturation: no queue grows through the run, and no more requests
/// are lost than at any load. Beyond it utilisation is no longer in proportion to the load.
pub(super) fn short_of_saturation(points: &[Point], highest: f64) -> Option<&Point> {
    let usual = usually_carried(points);
    let short = |kept: &Kept| kept.seen.overloaded.is_empty() && kept.carried() >= usual - LOST;
    let short = points.iter().filter(|p| p.load <= highest && p.kept().is_some_and(short));
    short.max_by(|a, b| a.load.total_cmp(&b.load))
}

/// The share that ends well at low load: all, but where as many are lost at another load, as by faults.
fn usually_carried(points: &[Point]) -> f64 {
    let known = || points.iter().filter_map(|p| Some((p.load, p.kept()?.carried())));
    let Some((lowest, carried)) = known().min_by(|a, b| a.0.total_cmp(&b.0)) else { return 1.0 };
    let alike = known().any(|(load, other)| load >= 1.5 * lowest && (other - carried).abs() < LOST / 2.0);
    if alike { carried } else { 1.0 }
}

/// The load at which a part would have no idle time left, from the utilisation at a load short of saturation.
pub(super) fn full_at(point: Option<&Point>, part: &str) -> Estimated {
    let known = point.and_then(|point| Some((point, point.kept()?)));
    let Some((point, kept)) = known else {
        return Estimated::not_enough(
            "requests are lost or a queue grows at every load that was run: how busy a part is says nothing of where it \
             would be full",
            0,
            None,
        );
    };
    match kept.utilisation_of(part) {
        Some(Estimated::Known(u)) if u.low > 0.0 && u.value < FULL => Estimated::Known(Estimate {
            value: point.load / u.value,
            low: point.load / u.high,
            high: point.load / u.low,
            ..*u
        }),
        Some(Estimated::Known(u)) if u.value >= FULL => {
            Estimated::not_enough(format!("{part} is full at every load that was run"), u.n, None)
        }
        Some(Estimated::Known(u)) => {
            Estimated::not_enough(format!("{part} is so idle that its interval holds none at all"), u.n, None)
        }
        Some(unknown) => unknown.clone(),
        None => Estimated::not_enough(format!("{part} has no servers"), 0, None),
    }
}

/// A load from which can be told where a part has no idle time left: a given one, or the highest beyond it at which the
/// part is clearly busier than in proportion, as by retries. What is lost makes it less busy, and never that.
///
/// # Errors
/// If it is full already where the given load would have it idle still.
fn telling<'p>(
    points: &'p [Point],
    short: Option<&'p Point>,
    part: &str,
) -> Result<Option<&'p Point>, String> {
    let Some(point) = short else { return Ok(None) };
    let Some(full) = full_at(Some(point), part).known().copied() else { return Ok(short) };
    let beyond = |p: &&Point| p.load > point.load && p.load < full.low;
    let busier = |p: &&Point| full_at(Some(p), part).known().is_some_and(|other| other.high < full.low);
    let order = |a: &&Point, b: &&Point| a.load.total_cmp(&b.load);
    if let Some(higher) = points.iter().filter(beyond).filter(busier).max_by(order) {
        return Ok(Some(higher));
    }
    let is_full = |p: &Point| {
        let used = p.kept().and_then(|kept| kept.utilisation_of(part)?.value());
        used.is_some_and(|used| used >= FULL)
    };
    if points.iter().filter(beyond).any(is_full) {
        return Err(format!(
            "{part} is full at a lower load than its share at low load tells: it is not in proportion"
        ));
    }
    Ok(short)
}

/// The parts with servers, the busiest first: measured in the run nearest to the capacity, and by theory at its load.
pub(super) fn parts(
    loads: &Loads,
    points: &[Point],
    near: Option<&Point>,
    has_capacity: bool,
    proportional: bool,
) -> Result<Vec<PartLoad>, ExperimentError> {
    let Some((near, kept)) = near.and_then(|near| Some((near, near.kept()?))) else { return Ok(Vec::new()) };
    let loaded = loads.at(near.load)?;
    let mut theory = loaded.saturation;
    // Theory is of the whole run; what is measured begins after the warm-up, when the load may be another.
    let (from, to) = kept.measured;
    if let (Some(whole), Some(measured)) = ((loaded.offered_per_s)(0, to), (loaded.offered_per_s)(from, to))
        && whole > 0.0
    {
        theory.iter_mut().filter_map(|load| load.utilisation.as_mut()).for_each(|of| *of *= measured / whole);
    }
    // Where there is no capacity, the nearest load may be the lowest of all, and others nearer to saturation.
    let highest = if has_capacity { near.load } else { f64::INFINITY };
    let short = short_of_saturation(points, highest).or_else(|| short_of_saturation(points, f64::INFINITY));
    let mut parts: Vec<PartLoad> = kept
        .utilisation
        .iter()
        .map(|(name, utilisation)| {
            let by_theory = theory.iter().find(|load| load.part == *name).and_then(|load| load.utilisation);
            let from = telling(points, short, name);
            let saturates_at = match &from {
                Ok(from) => full_at(*from, name),
                Err(why) => Estimated::not_enough(why.clone(), 0, None),
            };
            let known = saturates_at.known().is_some() && proportional;
            PartLoad {
                name: name.clone(),
                utilisation: utilisation.clone(),
                utilisation_by_theory: by_theory,
                saturates_at: proportional.then_some(saturates_at),
                saturates_from: from.ok().flatten().filter(|_| known).map(|p| p.load),
                saturates_at_by_theory: by_theory.filter(|u| proportional && *u > 0.0).map(|u| near.load / u),
            }
        })
        .collect();
    let busy = |part: &PartLoad| part.utilisation.value().unwrap_or(0.0);
    parts.sort_by(|a, b| busy(b).total_cmp(&busy(a)));
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capacity::result::Seen;

    fn known(value: f64) -> Estimated {
        let (low, high) = (value * 0.99, (value * 1.01).min(1.0));
        Estimated::Known(Estimate { value, low, high, confidence: 0.95, n: 5, effective_samples: None })
    }

    /// A load at which the desk is so busy, and so much of what is sent ends well.
    fn point(load: f64, busy: f64, carried: f64) -> Point {
        let seen = Seen {
            offered: known(load),
            goodput: known(load),
            p50: known(1.0),
            p99: known(1.0),
            errors: known(0.0),
            utilisation: None,
            objectives: Vec::new(),
            verdict: None,
            overloaded: Vec::new(),
        };
        let kept = Kept {
            seen,
            good: vec![load * carried],
            sent: vec![load],
            utilisation: vec![("desk".to_string(), known(busy))],
            scores: Vec::new(),
            untold: Vec::new(),
            measured: (0, 1),
            digest: 0,
            events: 0,
        };
        Point { load, seen: Ok(kept) }
    }

    /// Retries filled the server from 150 on, and from 33 on it was told to be full at 91 and more.
    #[test]
    fn who_is_busier_than_in_proportion_is_full_earlier() {
        let from = |points: &[Point]| {
            let short = short_of_saturation(points, f64::INFINITY);
            telling(points, short, "desk").map(|p| p.map(|p| p.load))
        };
        let (low, half) = (|| point(30.0, 0.3, 1.0), || point(50.0, 0.5, 1.0));
        assert_eq!(from(&[low(), half(), point(75.0, 0.97, 0.8), point(150.0, 1.0, 0.1)]), Ok(Some(75.0)));
        // What is shed makes it less busy, and says nothing.
        assert_eq!(from(&[low(), half(), point(90.0, 0.7, 0.8), point(150.0, 1.0, 0.1)]), Ok(Some(50.0)));
        assert!(from(&[low(), half(), point(75.0, 1.0, 0.1)]).is_err());
        assert_eq!(from(&[]), Ok(None));
    }
}
