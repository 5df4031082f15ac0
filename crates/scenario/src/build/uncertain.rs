//! Parameters that are drawn once per replication.

use std::sync::Arc;

use kneepoint_random::{Distribution, Stream};

use super::{Builder, Built, Pulse, law};
use crate::plan::{PartPlan, Uncertainty};
use crate::scenario::Checked;
use crate::value::{Dimension, Quantity};

/// What is uncertain in a scenario, if anything is.
///
/// A replication is checked and built anew with the values drawn for it, so whatever a formula reaches may depend on
/// them. Each parameter has its stream, (seed, replication, `params/NAME`, `value`): another parameter, or another
/// part, moves no value.
pub(super) fn uncertainty(
    checked: &Checked,
    (load, pulse): (f64, Option<&Pulse>),
    parts: &[PartPlan],
) -> Built<Option<Uncertainty>> {
    if checked.uncertain().is_empty() {
        return Ok(None);
    }
    let mut params: Vec<(String, Dimension)> = Vec::new();
    let mut laws: Vec<(String, Distribution)> = Vec::new();
    for uncertain in checked.uncertain() {
        params.push((uncertain.name.clone(), uncertain.dimension));
        let law = law::any(checked, uncertain.distribution.clone(), uncertain.place, true)?;
        laws.push((format!("params/{}", uncertain.name), law));
    }
    let (checked, parts, names) = (checked.clone(), parts.to_vec(), params.clone());
    let pulse = pulse.cloned();
    let build = move |seed: u64, replication: u64, values: &[f64]| {
        let drawn: Vec<(String, Quantity)> = (names.iter().zip(values))
            .map(|((name, dimension), value)| (name.clone(), Quantity::new(*value, *dimension)))
            .collect();
        let checked = checked.with_drawn(&drawn).map_err(|faults| first(&faults))?;
        let mut faults = Vec::new();
        let mut builder = Builder::new(&checked, (load, pulse.as_ref()), &mut faults);
        faults.extend(builder.everything().err().into_iter().flatten());
        if let Some(fault) = faults.first() {
            return Err(fault.message.clone());
        }
        if builder.parts != parts {
            return Err("the model has other instances or operations than with the means: what there is \
                        cannot be uncertain, only what it does"
                .to_string());
        }
        let mut sim = builder.sim;
        sim.reseed(seed, replication);
        Ok(sim)
    };
    let values = move |seed: u64, replication: u64| {
        laws.iter()
            .map(|(path, law)| law.sample(&mut Stream::named(seed, replication, path, "value")))
            .collect()
    };
    Ok(Some(Uncertainty { params, values: Arc::new(values), build: Arc::new(build) }))
}

/// The first fault with its place.
fn first(faults: &crate::diagnostic::Faults) -> String {
    match faults.rows().iter().find(|row| row.severity == crate::diagnostic::Severity::Error) {
        Some(row) => format!("{}:{}:{}: {}", row.file, row.line, row.column, row.message),
        None => "it cannot be checked".to_string(),
    }
}
