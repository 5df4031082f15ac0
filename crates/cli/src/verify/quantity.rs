//! What the names of the cases' quantities mean, in terms of what a simulation shows.

use kneepoint_analytic::ForkJoin;
use kneepoint_calls::Status;
use kneepoint_statistics::Histogram;

use super::case::Case;
use super::observe::{Observation, State, Station};
use super::transient::instant;

/// Reads a quantity: from one replication, or from all of them together.
type Read<T> = Box<dyn Fn(&Observation) -> T>;

/// How a quantity is found.
pub(super) enum Quantity {
    /// From what was seen, in one replication or in all of them together; nothing if nothing was seen.
    Seen(Read<Option<f64>>),
    /// From the state at an instant, averaged over replications.
    Ensemble(Read<f64>),
    /// A formula, not simulated.
    Formula(f64),
    /// What the simulation does not show, and why.
    NotMeasured(&'static str),
}

/// Seconds in a nanosecond.
const NANO: f64 = 1e-9;

fn seen(of: impl Fn(&Observation) -> Option<f64> + 'static) -> Quantity {
    Quantity::Seen(Box::new(of))
}

/// Of the first station.
fn first(of: impl Fn(&Station, f64) -> Option<f64> + 'static) -> Quantity {
    seen(move |all| all.stations.first().and_then(|station| of(station, all.seconds)))
}

fn mean(histogram: &Histogram) -> Option<f64> {
    histogram.mean().map(|mean| mean * NANO)
}

fn quantile(histogram: &Histogram, p: f64) -> Option<f64> {
    histogram.quantile(p).map(|value| value * NANO)
}

fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

/// Variance of what a histogram holds, each value taken as the middle of its bucket, which is narrow enough to move
/// it by less than one part in ten thousand.
fn variance(histogram: &Histogram) -> Option<f64> {
    let middle = mean(histogram)?;
    let squares: f64 = histogram
        .buckets()
        .map(|(low, high, count)| {
            let off = (low as f64 + high as f64) / 2.0 * NANO - middle;
            off * off * count as f64
        })
        .sum();
    Some(squares / histogram.count() as f64)
}

/// Share of looks that saw at least so many inside.
fn at_least(station: &Station, n: usize) -> Option<f64> {
    let all: u64 = station.numbers.iter().sum();
    let above: u64 = station.numbers.iter().skip(n).sum();
    ratio(above as f64, all as f64)
}

/// Variance of the number seen inside.
fn number_variance(station: &Station) -> Option<f64> {
    let all = station.numbers.iter().sum::<u64>() as f64;
    let mean = |power: i32| {
        let sum: f64 =
            station.numbers.iter().enumerate().map(|(n, k)| (n as f64).powi(power) * *k as f64).sum();
        ratio(sum, all)
    };
    let (first, second) = (mean(1)?, mean(2)?);
    Some(second - first * first)
}

/// The smallest number that is not exceeded in this share of looks.
fn number_quantile(station: &Station, p: f64) -> Option<f64> {
    let all = station.numbers.iter().sum::<u64>() as f64;
    let mut below = 0;
    station
        .numbers
        .iter()
        .position(|k| {
            below += k;
            below as f64 >= p * all
        })
        .map(|n| n as f64)
}

/// Mean time in the queue of all who came, those who gave up included.
fn wait_of_all(station: &Station) -> Option<f64> {
    let count = station.waiting.count() + station.waiting_abandoned.count();
    let sum = station.waiting.sum() + station.waiting_abandoned.sum();
    ratio(sum as f64 * NANO, count as f64)
}

fn waited(station: &Station) -> Option<f64> {
    let count = station.waiting.count() + station.waiting_abandoned.count();
    let waited = station.waiting.count_above(0) + station.waiting_abandoned.count_above(0);
    ratio(waited as f64, count as f64)
}

/// Waiting and service, of one visit.
fn visit(station: &Station) -> Option<f64> {
    let waiting = mean(&station.waiting).unwrap_or(0.0);
    Some(waiting + mean(&station.service)?)
}

/// Those at work and those waiting: a request that calls on from its last step has left, whatever it still holds.
fn number_at(station: &Station, seconds: f64) -> Option<f64> {
    ratio(station.busy + station.queue, seconds)
}

/// Returns how a quantity of a case is found.
pub(super) fn quantity(case: &Case, name: &str) -> Quantity {
    if instant(name).is_some() {
        return of_instant(case, name);
    }
    if let Some((name, number)) = numbered(name, "_station_") {
        return of_station(name, number);
    }
    if let Some((name, number)) = numbered(name, "_class_") {
        return of_class(name, number);
    }
    if let Some(p) = percentile(name, &["sojourn_p", "end_to_end_p"]) {
        return seen(move |all| quantile(&all.latency(), p));
    }
    if let Some(p) = percentile(name, &["wait_p"]) {
        return first(move |station, _| quantile(&station.waiting, p));
    }
    if let Some(n) = name.strip_prefix("prob_n_in_system_ge_").and_then(|n| n.parse().ok()) {
        return first(move |station, _| at_least(station, n));
    }
    of_name(case, name)
}

/// Splits `mean_number_station_2` into `mean_number` and index 1.
fn numbered<'a>(name: &'a str, between: &str) -> Option<(&'a str, usize)> {
    let (name, number) = name.rsplit_once(between)?;
    Some((name, number.parse::<usize>().ok()?.checked_sub(1)?))
}

fn percentile(name: &str, prefixes: &[&str]) -> Option<f64> {
    let text = prefixes.iter().find_map(|prefix| name.strip_prefix(prefix))?;
    text.parse::<f64>().ok().map(|p| p / 100.0)
}

fn of_name(case: &Case, name: &str) -> Quantity {
    match name {
        "mean_sojourn"
        | "mean_sojourn_per_request"
        | "mean_sojourn_of_accepted"
        | "mean_sojourn_upper_bound"
        | "mean_sojourn_lower_bound"
        | "mean_end_to_end"
        | "mean_end_to_end_sojourn"
        | "mean_response_time"
        | "mean_cycle_response" => seen(|all| mean(&all.latency())),
        "var_sojourn" => seen(|all| variance(&all.latency())),
        "mean_sojourn_of_one_task" => seen(|all| {
            let mut tasks = Histogram::new();
            all.stations.iter().for_each(|station| tasks.merge(&station.response));
            mean(&tasks)
        }),
        "mean_wait_in_queue" => first(|station, _| mean(&station.waiting)),
        "mean_wait_all_arrivals" => first(|station, _| wait_of_all(station)),
        "prob_wait_gt_0" => first(|station, _| waited(station)),
        "mean_number_in_system" | "mean_in_flight" | "mean_number_at_server" => {
            first(|station, seconds| ratio(station.inside, seconds))
        }
        "mean_number_waiting" | "cycle_average_waiting" => {
            first(|station, seconds| ratio(station.queue, seconds))
        }
        "mean_busy_servers" => first(|station, seconds| ratio(station.busy, seconds)),
        "mean_total_in_system" => {
            seen(|all| ratio(all.clients.iter().map(|client| client.in_flight).sum(), all.seconds))
        }
        // A server that is down is no capacity: a share of all time would count it as idle.
        "utilization" => first(|station, _| ratio(station.busy, station.capacity)),
        "availability" => first(|station, seconds| ratio(station.capacity, seconds)),
        "prob_empty" => first(|station, _| at_least(station, 1).map(|some| 1.0 - some)),
        "var_in_flight" => first(|station, _| number_variance(station)),
        "in_flight_p99" => first(|station, _| number_quantile(station, 0.99)),
        "prob_in_flight_ge_1p5x_mean" => match case.number("arrival_rate") {
            Ok(rate) => {
                let mean = rate * case.maybe_number("mean_service").unwrap_or(1.0);
                first(move |station, _| at_least(station, (1.5 * mean).ceil() as usize))
            }
            Err(_) => Quantity::NotMeasured("the model gives no arrival rate"),
        },
        "blocking_probability" | "drop_probability" => {
            seen(|all| ratio(all.ended(Status::Rejected) as f64, all.ended_all() as f64))
        }
        "fraction_abandoned" | "fraction_timed_out" => {
            seen(|all| ratio(all.ended(Status::Shed) as f64, all.ended_all() as f64))
        }
        "goodput" | "throughput" | "system_throughput" => {
            seen(|all| ratio(all.ended(Status::Ok) as f64, all.seconds))
        }
        "mean_arrival_rate" => seen(|all| ratio(all.ended_all() as f64, all.seconds)),
        "response_time_law_check" => match (case.number("clients"), case.number("think_mean")) {
            (Ok(users), Ok(think)) => seen(move |all| {
                ratio(users * all.seconds, all.ended(Status::Ok) as f64).map(|cycle| cycle - think)
            }),
            _ => Quantity::NotMeasured("the model gives no users"),
        },
        "mean_slowdown" => slowdown(case),
        "nelson_tantawi_approximation" => nelson_tantawi(case),
        _ => Quantity::NotMeasured("nobody has said how it is measured"),
    }
}

/// Sojourn over own size, request by request.
fn slowdown(case: &Case) -> Quantity {
    let service = case.model.get("service");
    let law = service.and_then(|s| s.get("law")).and_then(serde_json::Value::as_str);
    let size = service.and_then(|s| s.get("value")).and_then(serde_json::Value::as_f64);
    match (law, size) {
        (Some("deterministic"), Some(size)) => {
            seen(move |all| mean(&all.latency()).map(|sojourn| sojourn / size))
        }
        _ => Quantity::NotMeasured("no part notes each request's time over its own size"),
    }
}

fn nelson_tantawi(case: &Case) -> Quantity {
    let made = || -> Result<f64, String> {
        let (rate, service) = (case.number("arrival_rate")?, case.number("service_rate")?);
        let fork = ForkJoin::new(rate, service, case.number("branches")? as u32);
        fork.map(|fork| fork.response_s_mean_approximate()).map_err(|error| error.to_string())
    };
    made().map_or(Quantity::NotMeasured("the formula does not take these numbers"), Quantity::Formula)
}

fn of_station(name: &str, number: usize) -> Quantity {
    let at = |of: fn(&Station, f64) -> Option<f64>| {
        seen(move |all| all.stations.get(number).and_then(|station| of(station, all.seconds)))
    };
    match name {
        "mean_number" => at(number_at),
        "mean_sojourn_per_visit" => at(|station, _| visit(station)),
        "throughput" => at(|station, seconds| ratio(station.service.count() as f64, seconds)),
        "utilization" => at(|station, _| ratio(station.busy, station.capacity)),
        _ => Quantity::NotMeasured("nobody has said how it is measured at a station"),
    }
}

fn of_class(name: &str, number: usize) -> Quantity {
    match name {
        "throughput" => {
            seen(move |all| ratio(all.clients.get(number)?.ended[Status::Ok as usize] as f64, all.seconds))
        }
        "mean_sojourn" | "mean_response" => seen(move |all| mean(&all.clients.get(number)?.latency)),
        // All classes of these cases share one law of service, so its measured mean is that of each.
        "mean_wait" => seen(move |all| {
            let service = mean(&all.stations.first()?.service)?;
            mean(&all.clients.get(number)?.latency).map(|sojourn| sojourn - service)
        }),
        "utilization" => Quantity::NotMeasured("a station keeps its busy time for all classes together"),
        _ => Quantity::NotMeasured("nobody has said how it is measured for a class"),
    }
}

fn of_instant(case: &Case, name: &str) -> Quantity {
    let stem = name.rsplit_once("_at_t").map_or(name, |(stem, _)| stem);
    let at = instant(name);
    let mut instants: Vec<f64> = case.expect.iter().filter_map(|e| instant(&e.quantity)).collect();
    instants.sort_by(f64::total_cmp);
    instants.dedup();
    let Some(look) = instants.iter().position(|known| Some(*known) == at) else {
        return Quantity::NotMeasured("nothing is looked at then");
    };
    let servers = case.maybe_number("servers").unwrap_or(1.0);
    let of = |value: Box<dyn Fn(&State) -> f64>| {
        Quantity::Ensemble(Box::new(move |all| all.states.get(look).map_or(f64::NAN, &value)))
    };
    let flag = |holds: bool| if holds { 1.0 } else { 0.0 };
    match stem {
        "mean_number" | "mean_in_flight" => of(Box::new(|state| state.inside)),
        "mean_waiting" => of(Box::new(|state| state.queue)),
        "prob_empty" => of(Box::new(move |state| flag(state.inside == 0.0))),
        "prob_all_busy" => of(Box::new(move |state| flag(state.busy >= servers))),
        _ => Quantity::NotMeasured("nobody has said how it is measured at an instant"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::case::cases;

    #[test]
    fn every_quantity_of_every_case_has_a_meaning() {
        let mut missing = Vec::new();
        for case in cases("queueing").unwrap() {
            for expected in &case.expect {
                if let Quantity::NotMeasured(why) = quantity(&case, &expected.quantity) {
                    missing.push((case.id.clone(), expected.quantity.clone(), why));
                }
            }
        }
        // Known and said: the time over its own size of single requests, and busy time by class.
        let known = |name: &str| name == "mean_slowdown" || name.starts_with("utilization_class_");
        assert!(missing.iter().all(|(_, name, _)| known(name)), "{missing:?}");
        assert_eq!(missing.len(), 4, "{missing:?}");
    }

    #[test]
    fn a_variance_comes_from_all_values() {
        let mut histogram = Histogram::new();
        for second in [1_u64, 2, 3, 4] {
            histogram.record(second * 1_000_000_000);
        }
        let found = variance(&histogram).unwrap();
        assert!((found - 1.25).abs() < 0.02, "{found}");
    }

    #[test]
    fn numbers_seen_give_shares_and_percentiles() {
        let station = Station { numbers: vec![50, 30, 15, 5], ..Station::default() };
        assert_eq!(at_least(&station, 2), Some(0.2));
        assert_eq!(number_quantile(&station, 0.95), Some(2.0));
        assert_eq!(number_quantile(&station, 0.96), Some(3.0));
        // Mean 0.75, second moment 0.3 + 0.6 + 0.45.
        assert!((number_variance(&station).unwrap() - (1.35 - 0.5625)).abs() < 1e-12);
    }

    #[test]
    fn a_name_with_a_number_is_split() {
        assert_eq!(numbered("mean_number_station_2", "_station_"), Some(("mean_number", 1)));
        assert_eq!(percentile("sojourn_p99.9", &["sojourn_p"]), Some(0.9990000000000001));
    }
}
