//! Models of one station.

use super::case::Case;
use super::law::{Law, per_second, seconds};
use super::model::{Model, settle};

type Made = Result<Model, String>;

/// Relaxation times left out where a station cannot overflow: losses, patience and bounded rooms forget quickly.
const FORGET: f64 = 200.0;

fn poisson(rate: f64) -> String {
    format!("rate: {}", per_second(rate))
}

fn servers(servers: f64, does: &Law) -> String {
    format!("concurrency: Servers({servers}), does: Compute({})", does.text)
}

/// A queue without bound before some servers, requests in Poisson order.
fn queue(rate: f64, law: &Law, count: f64) -> Model {
    let utilisation = rate * law.mean / count;
    Model::new(rate, law.mean / count, settle(utilisation, law.mean, law.scv))
        .client(1, "station-1", &poisson(rate))
        .station(1, &servers(count, law))
}

pub(super) fn mmc(case: &Case, count: f64) -> Made {
    let law = Law::exponential(1.0 / case.number("service_rate")?);
    Ok(queue(case.number("arrival_rate")?, &law, count))
}

pub(super) fn mdc(case: &Case) -> Made {
    Ok(queue(case.number("arrival_rate")?, &Law::of(case, "service")?, case.number("servers")?))
}

pub(super) fn mg1(case: &Case, concurrency: &str) -> Made {
    let (rate, law) = (case.number("arrival_rate")?, Law::of(case, "service")?);
    let mut model = Model::new(rate, law.mean, settle(rate * law.mean, law.mean, law.scv))
        .client(1, "station-1", &poisson(rate))
        .station(1, &format!("concurrency: {concurrency}, does: Compute({})", law.text));
    if law.text.starts_with("Pareto") {
        // Without a fourth moment of the service the mean wait settles slowly and mostly from below.
        model.longer = 10.0;
    }
    Ok(model)
}

pub(super) fn gm1(case: &Case) -> Made {
    let (gap, law) = (Law::of(case, "interarrival")?, Law::exponential(1.0 / case.number("service_rate")?));
    let settle = settle(law.mean / gap.mean, law.mean, gap.scv);
    Ok(Model::new(1.0 / gap.mean, law.mean, settle)
        .client(1, "station-1", &format!("arrivals: Renewal({})", gap.text))
        .station(1, &servers(1.0, &law)))
}

pub(super) fn mmck(case: &Case) -> Made {
    let (rate, count) = (case.number("arrival_rate")?, case.number("servers")?);
    let law = Law::exponential(1.0 / case.number("service_rate")?);
    let places = case.number("capacity_total")?;
    let queue = format!("{}, queue: (max: {})", servers(count, &law), places - count);
    Ok(Model::new(rate, law.mean / count, FORGET * law.mean * places)
        .client(1, "station-1", &poisson(rate))
        .station(1, &queue))
}

pub(super) fn loss(case: &Case) -> Made {
    let (rate, count) = (case.number("arrival_rate")?, case.number("servers")?);
    let law = Law::named(case.text("service_law")?, case.number("mean_service")?)?;
    let places = case.number("capacity_total")?;
    let fields = format!("{}, queue: (max: {})", servers(count, &law), places - count);
    Ok(Model::new(rate, law.mean, FORGET * law.mean * (1.0 + law.scv))
        .client(1, "station-1", &poisson(rate))
        .station(1, &fields))
}

pub(super) fn impatient(case: &Case) -> Made {
    let (rate, count) = (case.number("arrival_rate")?, case.number("servers")?);
    let law = Law::exponential(1.0 / case.number("service_rate")?);
    let patience = match case.maybe_number("abandon_rate") {
        Some(rate) => Law::exponential(1.0 / rate),
        None => Law::constant(case.number("queue_timeout")?),
    };
    let fields = format!("{}, queue: (patience: {})", servers(count, &law), patience.text);
    Ok(Model::new(rate, law.mean / count, FORGET * law.mean.max(patience.mean))
        .client(1, "station-1", &poisson(rate))
        .station(1, &fields))
}

pub(super) fn infinite(case: &Case) -> Made {
    let rate = case.number("arrival_rate")?;
    let law = Law::named(case.text("service_law")?, case.number("mean_service")?)?;
    Ok(Model::new(rate, law.mean / 4.0, FORGET * law.mean * (1.0 + law.scv))
        .client(1, "station-1", &poisson(rate))
        .station(1, &format!("concurrency: Unlimited, does: Compute({})", law.text)))
}

pub(super) fn batches(case: &Case) -> Made {
    let (rate, law) = (case.number("batch_rate")?, Law::exponential(1.0 / case.number("service_rate")?));
    let named = case.text("batch_size")?;
    let size = |prefix: &str| named.strip_prefix(prefix).and_then(|n| n.trim().parse::<f64>().ok());
    let (mean, text) = if let Some(fixed) = size("fixed") {
        (fixed, format!("{fixed}"))
    } else if let Some(mean) = size("geometric mean") {
        (mean, format!("Geometric({mean})"))
    } else {
        return Err(format!("batch size `{named}`"));
    };
    // What comes in one batch is one piece of work to the server: the start is felt so much longer.
    let settle = settle(rate * mean * law.mean, law.mean * mean, 1.0);
    Ok(Model::new(rate * mean, law.mean, settle)
        .client(1, "station-1", &format!("{}, batch: {text}", poisson(rate)))
        .station(1, &servers(1.0, &law)))
}

pub(super) fn mmpp(case: &Case) -> Made {
    let rates = [case.number("rate_calm")?, case.number("rate_burst")?];
    let stays = [1.0 / case.number("calm_to_burst")?, 1.0 / case.number("burst_to_calm")?];
    let law = Law::exponential(1.0 / case.number("service_rate")?);
    let state = |at: usize| {
        let stay = Law::exponential(stays[at]);
        format!("(rate: {}, stay: {})", per_second(rates[at]), stay.text)
    };
    let rate = (rates[0] * stays[0] + rates[1] * stays[1]) / (stays[0] + stays[1]);
    // A burst with the work it leaves behind is what the start has to be forgotten in.
    let settle = settle(rate * law.mean, stays[0] + stays[1], 1.0);
    Ok(Model::new(rate, law.mean, settle)
        .client(1, "station-1", &format!("arrivals: Mmpp(states: [{}, {}])", state(0), state(1)))
        .station(1, &servers(1.0, &law)))
}

pub(super) fn breakdowns(case: &Case) -> Made {
    let (rate, law) = (case.number("arrival_rate")?, Law::exponential(1.0 / case.number("service_rate")?));
    let (up, down) = (1.0 / case.number("failure_rate")?, 1.0 / case.number("repair_rate")?);
    let utilisation = rate * law.mean * (up + down) / up;
    let mut model = Model::new(rate, law.mean, settle(utilisation, up + down, 1.0))
        .client(1, "station-1", &poisson(rate))
        .station(1, &servers(1.0, &law));
    // The work that is interrupted goes on after the repair, and requests keep queueing: the server hangs.
    model.faults.push(format!(
        "\"failure\": Hang(on: \"station-1\", every: Exponential({}), lasts: Exponential({}))",
        seconds(up),
        seconds(down)
    ));
    Ok(model)
}

pub(super) fn priorities(case: &Case) -> Made {
    let rates = case.numbers("arrival_rates")?;
    let count = case.maybe_number("servers").unwrap_or(1.0);
    let laws = match case.maybe_number("service_rate") {
        Some(rate) => vec![Law::exponential(1.0 / rate); rates.len()],
        None => {
            let means = case.numbers("mean_service")?;
            let law = case.text("service_law")?;
            means.iter().map(|mean| Law::named(law, *mean)).collect::<Result<_, _>>()?
        }
    };
    let preempt = case.model.get("preemptive").and_then(serde_json::Value::as_str);
    let discipline = match preempt {
        Some("resume") => "Priority(preempt: Resume)",
        Some(other) => return Err(format!("preemption `{other}`")),
        None => "Priority",
    };
    let work: f64 = rates.iter().zip(&laws).map(|(rate, law)| rate * law.mean).sum();
    let longest = laws.iter().map(|law| law.mean).fold(0.0, f64::max);
    let grain = longest / count;
    let mut model = Model::new(rates.iter().sum(), grain, settle(work / count, longest, 1.0));
    let mut operations = Vec::new();
    for (at, (rate, law)) in rates.iter().zip(&laws).enumerate() {
        let number = at + 1;
        let class = format!("{}, classes: {{ \"class-{number}\": (priority: {at}) }}", poisson(*rate));
        model = model.client(number, "station-1", &class);
        operations.push(format!("\"class-{number}\": Compute({})", law.text));
    }
    Ok(model.station(
        1,
        &format!(
            "concurrency: Servers({count}), queue: (discipline: {discipline}), operations: {{ {} }}",
            operations.join(", ")
        ),
    ))
}
