//! Models that never settle: many replications, looked at at given instants.

use super::case::Case;
use super::law::{Law, per_second, seconds};
use super::model::Model;

type Made = Result<Model, String>;

/// Begins a model that is looked at where the expectations say: `…_at_t60`.
fn ensemble(case: &Case, rate: f64) -> Model {
    let mut model = Model::new(rate, 0.0, 0.0);
    let mut instants: Vec<f64> =
        case.expect.iter().filter_map(|expected| instant(&expected.quantity)).collect();
    instants.sort_by(f64::total_cmp);
    instants.dedup();
    model.instants = instants;
    model
}

/// Returns the instant in the name of a quantity.
pub(super) fn instant(quantity: &str) -> Option<f64> {
    quantity.rsplit_once("_at_t")?.1.parse().ok()
}

/// A sine about a base, rising at time 0.
fn wave(case: &Case) -> Result<(f64, String), String> {
    let (base, amplitude) = (case.number("lambda_base")?, case.number("lambda_amp")?);
    let period = case.number("period")?;
    let text = format!(
        "rate: Wave(low: {}, high: {}, period: {}, peak_at: {})",
        per_second(base - amplitude),
        per_second(base + amplitude),
        seconds(period),
        seconds(period / 4.0)
    );
    Ok((base, text))
}

pub(super) fn mm1(case: &Case) -> Made {
    let rate = case.number("arrival_rate")?;
    let law = Law::exponential(1.0 / case.number("service_rate")?);
    if case.number("initial")? != 0.0 {
        return Err("it starts with requests inside".to_string());
    }
    Ok(ensemble(case, rate)
        .client(1, "station-1", &format!("rate: {}", per_second(rate)))
        .station(1, &format!("concurrency: Servers(1), does: Compute({})", law.text)))
}

pub(super) fn mtmc(case: &Case) -> Made {
    let (rate, text) = match case.rows("steps") {
        Ok(steps) => {
            let step = |row: &Vec<f64>| match row.as_slice() {
                [at, rate] => Ok(format!("{}: {}", seconds(*at), per_second(*rate))),
                _ => Err("a step is a time and a rate".to_string()),
            };
            let texts = steps.iter().map(step).collect::<Result<Vec<_>, _>>()?;
            let highest = steps.iter().filter_map(|row| row.get(1)).copied().fold(0.0, f64::max);
            (highest, format!("rate: Steps({{ {} }})", texts.join(", ")))
        }
        Err(_) => wave(case)?,
    };
    let law = Law::exponential(1.0 / case.number("service_rate")?);
    let servers = case.number("servers")?;
    let mut model = ensemble(case, rate)
        .client(1, "station-1", &text)
        .station(1, &format!("concurrency: Servers({servers}), does: Compute({})", law.text));
    if case.expect.iter().any(|expected| expected.quantity == "cycle_average_waiting") {
        // One period after the start is forgotten, as the case says.
        let period = case.number("period")?;
        model.window = Some((5.0 * period, 6.0 * period));
    }
    Ok(model)
}

pub(super) fn mtginf(case: &Case) -> Made {
    let (rate, text) = wave(case)?;
    let law = Law::of(case, "service")?;
    Ok(ensemble(case, rate)
        .client(1, "station-1", &text)
        .station(1, &format!("concurrency: Unlimited, does: Compute({})", law.text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_read_from_the_name_of_a_quantity() {
        assert_eq!(instant("mean_in_flight_at_t307.5"), Some(307.5));
        assert_eq!(instant("cycle_average_waiting"), None);
    }
}
