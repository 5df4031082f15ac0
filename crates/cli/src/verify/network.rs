//! Models of several stations, and of users who wait for their answers.

use super::case::Case;
use super::law::{Law, per_second, seconds};
use super::model::{Model, settle};

type Made = Result<Model, String>;

/// Cycles of all users left out at the beginning of a closed model.
///
/// # Source
/// Chosen: a closed model holds so few requests that it has mixed after a few cycles.
const CYCLES: f64 = 200.0;

/// Relaxation times of a single station that a network takes more.
const SPREAD: f64 = 4.0;

/// Throughput of a closed model, at most.
///
/// # Source
/// Denning and Buzen, "The operational analysis of queueing network models", ACM Computing Surveys 10(3), 1978.
fn throughput_max(users: f64, think: f64, demands: &[f64]) -> f64 {
    let all: f64 = demands.iter().sum();
    let most = demands.iter().copied().fold(0.0, f64::max);
    let by_users = users / (think + all);
    if most > 0.0 { by_users.min(1.0 / most) } else { by_users }
}

fn closed_model(users: f64, think: f64, demands: &[f64], grain: f64) -> Model {
    let rate = throughput_max(users, think, demands);
    Model::new(rate, grain, CYCLES * users / rate)
}

pub(super) fn terminals(case: &Case) -> Made {
    let (users, think) = (case.number("clients")?, case.number("think_mean")?);
    let (law, count) = (Law::exponential(case.number("service_mean")?), case.number("servers")?);
    let fields = format!("users: {users}, think: Exponential({})", seconds(think));
    Ok(closed_model(users, think, &[law.mean / count], law.mean)
        .users(1, "station-1", &fields)
        .station(1, &format!("concurrency: Servers({count}), does: Compute({})", law.text)))
}

pub(super) fn two_classes(case: &Case) -> Made {
    let (users, thinks) = (case.numbers("clients")?, case.numbers("think_mean")?);
    let means = case.numbers("service_mean")?;
    let classes = users.len().min(thinks.len()).min(means.len());
    // The slower class says how long it takes; the hint counts the requests of all classes.
    let rate: f64 = (0..classes).map(|k| throughput_max(users[k], thinks[k], &[means[k]])).sum();
    let slowest = (0..classes).map(|k| thinks[k] + means[k]).fold(0.0, f64::max);
    let mut model = Model::new(rate, means.iter().copied().fold(f64::INFINITY, f64::min), CYCLES * slowest);
    let mut operations = Vec::new();
    for k in 0..classes {
        let number = k + 1;
        let think = seconds(thinks[k]);
        let class = format!("classes: {{ \"class-{number}\": () }}");
        model = model.users(
            number,
            "station-1",
            &format!("users: {}, think: Exponential({think}), {class}", users[k]),
        );
        operations.push(format!("\"class-{number}\": Compute({})", Law::exponential(means[k]).text));
    }
    Ok(model.station(1, &format!("concurrency: Sharing(1), operations: {{ {} }}", operations.join(", "))))
}

/// A cycle is a geometric number of visits, each to a station drawn in proportion to its visit ratio: the mean
/// number of visits is the ratio, and the answers depend on nothing else.
///
/// # Source
/// Baskett, Chandy, Muntz, Palacios, "Open, closed, and mixed networks of queues with different classes of
/// customers", Journal of the ACM 22(2), 1975: only visit ratios enter the product form.
pub(super) fn closed(case: &Case) -> Made {
    let (users, think) = (case.number("jobs")?, case.number("think_mean")?);
    let (visits, means) = (case.numbers("visits")?, case.numbers("mean_service")?);
    let servers = case.numbers("servers")?;
    let demands: Vec<f64> =
        visits.iter().zip(&means).zip(&servers).map(|((v, mean), count)| v * mean / count.max(1.0)).collect();
    let all: f64 = visits.iter().sum();
    let think_text = if think > 0.0 { Law::exponential(think).text } else { seconds(0.0) };
    let shares: Vec<f64> = visits.iter().map(|v| v / all).collect();
    let does = format!("Repeat(times: Geometric({all}), does: Choice([{}]))", calls(&shares, "station-"));
    let grain = means.iter().copied().fold(f64::INFINITY, f64::min);
    let mut model = closed_model(users, think, &demands, grain)
        .users(1, "route", &format!("users: {users}, think: {think_text}"))
        .route(&does);
    for (at, (mean, count)) in means.iter().zip(&servers).enumerate() {
        let concurrency = if *count < 0.0 { "Unlimited".to_string() } else { format!("Servers({count})") };
        let work = Law::exponential(*mean).text;
        model = model.station(at + 1, &format!("concurrency: {concurrency}, does: Compute({work})"));
    }
    Ok(model)
}

/// Branches of a `Choice` by share; the last takes what rounding leaves.
fn calls(shares: &[f64], stem: &str) -> String {
    let branches: Vec<String> = shares
        .iter()
        .enumerate()
        .filter(|(_, share)| **share > 0.0)
        .map(|(at, share)| format!("(share: {share}, does: Call(\"{stem}{}\"))", at + 1))
        .collect();
    branches.join(", ")
}

/// Stations call on in the last step: the server is free while they do.
pub(super) fn jackson(case: &Case) -> Made {
    let (means, servers) = (case.numbers("mean_service")?, case.numbers("servers")?);
    let (routing, sources) = (case.rows("routing")?, case.numbers("external_arrival_rates")?);
    let flows = flows(&sources, &routing);
    let utilisation = |k: usize| flows[k] * means[k] / servers[k];
    let busiest = (0..means.len()).map(utilisation).fold(0.0, f64::max);
    let longest = means.iter().copied().fold(0.0, f64::max);
    let shortest = means.iter().copied().fold(f64::INFINITY, f64::min);
    let rate: f64 = sources.iter().sum();
    let mut model = Model::new(rate, shortest, SPREAD * settle(busiest, longest, 1.0));
    for (at, source) in sources.iter().enumerate().filter(|(_, source)| **source > 0.0) {
        let to = format!("station-{}", at + 1);
        model = model.client(at + 1, &to, &format!("rate: {}", per_second(*source)));
    }
    for (at, row) in routing.iter().enumerate() {
        let goes_on: f64 = row.iter().sum();
        let leaves = 1.0 - goes_on;
        let mut branches = calls(row, "station-");
        if leaves > 1e-12 {
            branches = format!("{branches}, (share: {leaves}, does: [])");
        }
        let work = format!("Compute({})", Law::exponential(means[at]).text);
        let only = row.iter().position(|share| *share == 1.0);
        let does = match only {
            Some(next) => format!("[{work}, Call(\"station-{}\")]", next + 1),
            None if goes_on > 0.0 => format!("[{work}, Choice([{branches}])]"),
            None => work,
        };
        model = model.station(at + 1, &format!("concurrency: Servers({}), does: {does}", servers[at]));
    }
    Ok(model)
}

/// Solves the traffic equations by going round until nothing changes.
fn flows(sources: &[f64], routing: &[Vec<f64>]) -> Vec<f64> {
    let mut flows = sources.to_vec();
    for _ in 0..10_000 {
        let into = |k: usize| flows.iter().zip(routing).map(|(flow, row)| flow * row[k]).sum::<f64>();
        flows = (0..sources.len()).map(|k| sources[k] + into(k)).collect();
    }
    flows
}

pub(super) fn tandem(case: &Case) -> Made {
    let (rate, rates) = (case.number("arrival_rate")?, case.numbers("service_rates")?);
    let slowest = rates.iter().copied().fold(f64::INFINITY, f64::min);
    let settle = SPREAD * settle(rate / slowest, 1.0 / slowest, 1.0);
    let mut model = Model::new(rate, 1.0 / slowest, settle).client(
        1,
        "station-1",
        &format!("rate: {}", per_second(rate)),
    );
    for (at, service_rate) in rates.iter().enumerate() {
        let work = format!("Compute({})", Law::exponential(1.0 / service_rate).text);
        let does =
            if at + 1 < rates.len() { format!("[{work}, Call(\"station-{}\")]", at + 2) } else { work };
        model = model.station(at + 1, &format!("concurrency: Servers(1), does: {does}"));
    }
    Ok(model)
}

pub(super) fn fork_join(case: &Case) -> Made {
    let (rate, branches) = (case.number("arrival_rate")?, case.number("branches")? as usize);
    let law = Law::exponential(1.0 / case.number("service_rate")?);
    let tasks: Vec<String> = (1..=branches).map(|k| format!("Call(\"station-{k}\")")).collect();
    let mut model = Model::new(rate, law.mean, SPREAD * settle(rate * law.mean, law.mean, 1.0))
        .client(1, "route", &format!("rate: {}", per_second(rate)))
        .route(&format!("Parallel([{}])", tasks.join(", ")));
    for k in 1..=branches {
        model = model.station(k, &format!("concurrency: Servers(1), does: Compute({})", law.text));
    }
    Ok(model)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flows_with_feedback_are_those_of_the_traffic_equations() {
        // Bolch et al., Queueing Networks and Markov Chains, 2nd ed., example 7.4: 20, 10, 10, 4.
        let routing = [
            vec![0.0, 0.5, 0.5, 0.0],
            vec![1.0, 0.0, 0.0, 0.0],
            vec![0.6, 0.0, 0.0, 0.0],
            vec![1.0, 0.0, 0.0, 0.0],
        ];
        let flows = flows(&[0.0, 0.0, 0.0, 4.0], &routing);
        for (flow, known) in flows.iter().zip([20.0, 10.0, 10.0, 4.0]) {
            assert!((flow - known).abs() < 1e-9, "{flows:?}");
        }
    }

    #[test]
    fn a_bottleneck_bounds_the_throughput() {
        assert_eq!(throughput_max(100.0, 1.0, &[0.5, 0.25]), 2.0);
        assert_eq!(throughput_max(1.0, 1.0, &[0.5, 0.5]), 0.5);
    }
}
