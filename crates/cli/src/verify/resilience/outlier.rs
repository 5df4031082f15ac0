//! Members that are ejected for doing worse than the others.

use kneepoint_components::routing::{Outlier, Outliers};
use kneepoint_engine::SimTime;
use serde_json::{Value, json};

use super::super::known::{Answer, Bench, Found, Known};

/// Calls that each member gets: the fewest that Envoy compares, so that a percentage is a count.
const CALLS: u32 = 100;

pub(super) fn success_rate(case: &Known, _: &Bench) -> Result<Found, String> {
    let good: Vec<u32> =
        case.list("success_rates")?.iter().filter_map(Value::as_u64).map(|good| good as u32).collect();
    let deviations = Some(case.number("stdev_factor")?);
    // By shares only, and as many as are found.
    let rules = Outlier { failures: None, deviations, at_most: 1.0, ..Outlier::default() };
    let mut outliers = Outliers::new(rules, good.len());
    for (member, good) in good.iter().enumerate() {
        for call in 0..CALLS {
            outliers.told(member, call >= *good, SimTime::ZERO);
        }
    }
    let ejected = outliers.sweep(SimTime::ZERO + rules.every);
    let (mean, bound) = outliers.compared().ok_or("too few members were compared")?;
    Ok(Found::from([
        ("mean", Answer::formula(100.0 * mean)),
        ("threshold", Answer::formula(100.0 * bound)),
        ("ejected_hosts", json!(ejected).into()),
    ]))
}
