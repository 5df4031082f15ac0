//! What saturates first, and what would be next.

use kneepoint_statistics::Estimate;

use crate::error::ExperimentError;

use super::load::{Loaded, Loads};
use super::point::Point;
use super::result::{LoadAxis, PartLoad};
use super::search::Scale;

/// Halvings when the saturation of a setting is looked for by theory: a millionth of the range is left.
const HALVINGS: u32 = 20;

/// Utilisation of the busiest part by theory.
fn busiest(loaded: &Loaded) -> Option<f64> {
    loaded.saturation.first().map(|load| load.utilisation)
}

/// The load at which the first part has no idle time left, by theory; nothing where theory tells nothing.
pub(super) fn saturation_load(loads: &Loads) -> Result<Option<f64>, ExperimentError> {
    let written = loads.written;
    let Some(now) = busiest(&loads.at(written)?) else { return Ok(None) };
    if loads.axis == LoadAxis::Clients || is_proportional(loads, now)? {
        return Ok((now > 0.0).then(|| written / now));
    }
    // Not proportional: twice the load is not twice as busy. Then it is looked for, if the range tells where.
    let Some((mut low, mut high)) = loads.range else { return Ok(None) };
    let at = |load: f64| -> Result<f64, ExperimentError> {
        Ok(busiest(&loads.at(loads.fitting(load))?).unwrap_or(0.0))
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

/// Whether twice the setting makes the bottleneck twice as busy.
fn is_proportional(loads: &Loads, now: f64) -> Result<bool, ExperimentError> {
    let half = loads.fitting(loads.written / 2.0);
    let then = busiest(&loads.at(half)?).unwrap_or(0.0);
    Ok((then / now - half / loads.written).abs() < 1e-6)
}

/// The parts with servers, the busiest first: measured in the run nearest to the capacity, and by theory there.
pub(super) fn parts(
    loads: &Loads,
    centre: Option<f64>,
    near: Option<&Point>,
    scale: Scale,
) -> Result<Vec<PartLoad>, ExperimentError> {
    let (Some(centre), Some(near)) = (centre, near) else { return Ok(Vec::new()) };
    let Some(kept) = near.kept() else { return Ok(Vec::new()) };
    let loaded = loads.at(loads.fitting(centre))?;
    let mut theory = loaded.saturation;
    // Theory is of the whole run; what is measured begins after the warm-up, when the load may be another.
    let (from, to) = kept.measured;
    if let (Some(whole), Some(measured)) = ((loaded.offered_per_s)(0, to), (loaded.offered_per_s)(from, to))
        && whole > 0.0
    {
        theory.iter_mut().for_each(|load| load.utilisation *= measured / whole);
    }
    let proportional = loads.axis == LoadAxis::Clients && loads.users_written.is_none()
        || matches!(loads.axis, LoadAxis::Setting { .. })
            && scale.saturation.is_some()
            && busiest(&loads.at(loads.written)?).map_or(Ok(false), |now| is_proportional(loads, now))?;
    let mut parts: Vec<PartLoad> = kept
        .utilisation
        .iter()
        .map(|(name, utilisation)| {
            let by_theory = theory.iter().find(|load| load.part == *name).map(|load| load.utilisation);
            let known = utilisation.known().filter(|u| proportional && u.low > 0.0 && u.value < 0.999);
            PartLoad {
                name: name.clone(),
                utilisation: utilisation.clone(),
                utilisation_by_theory: by_theory,
                saturates_at: known.map(|u| Estimate {
                    value: near.load / u.value,
                    low: near.load / u.high,
                    high: near.load / u.low,
                    ..*u
                }),
                saturates_at_by_theory: by_theory.filter(|u| proportional && *u > 0.0).map(|u| centre / u),
            }
        })
        .collect();
    let busy = |part: &PartLoad| part.utilisation.value().unwrap_or(0.0);
    parts.sort_by(|a, b| busy(b).total_cmp(&busy(a)));
    Ok(parts)
}
