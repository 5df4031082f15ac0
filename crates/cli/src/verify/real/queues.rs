//! How long clients of products waited.

use std::sync::Arc;

use kneepoint_calls::Status;
use kneepoint_components::Edge;
use kneepoint_components::routing::policies::{
    First, HaproxyRandom, HaproxyRoundRobin, HashModulo, LeastConnections, Modulo, Ties,
};
use kneepoint_components::routing::{
    Active, Balancer, Choice, Line, Member, Members, Next, Passive, Policy, Routing,
};
use kneepoint_random::{Distribution, Stream};
use serde_json::{Value, json};

use super::chain::{Chain, Mode, Request, span};
use super::policies::{config, servers, timeline};
use crate::verify::known::{Answer, Bench, Found, Known};

fn boxed(policy: impl Policy) -> Routing {
    Routing::Other(Box::new(policy))
}

fn constant(ms: f64) -> Result<Distribution, String> {
    Distribution::constant(ms * 1e6).map_err(|error| error.to_string())
}

/// The first server with room.
pub(super) fn first(case: &Known, _: &Bench) -> Result<Found, String> {
    let members = servers(&config(case));
    let requests: Vec<Request> =
        timeline(case)?.iter().map(|(at, hold)| Request::at_ms(*at, *hold)).collect();
    let make =
        |edges: Vec<Edge>| Balancer::among(edges, members.clone(), boxed(First)).with_member_connections(2);
    let done = Chain::of(members.len()).run(&requests, make)?;
    Ok(Found::from([("sequence", json!(done.letters()).into())]))
}

/// Each request has its member, found before.
#[derive(Clone)]
struct Given(Arc<[usize]>);

impl Policy for Given {
    fn start(&mut self, _: &Members, _: Stream) {}
    fn watches(&self) -> bool {
        true
    }
    fn insists(&self) -> bool {
        true
    }
    fn choose(&mut self, choice: &Choice<'_>) -> Option<usize> {
        self.0.get(choice.attributes.identity as usize).copied()
    }
    fn boxed(&self) -> Box<dyn Policy> {
        Box::new(self.clone())
    }
}

/// Lines before servers that take one at a time.
pub(super) fn lines(case: &Known, _: &Bench) -> Result<Found, String> {
    let config = config(case);
    let members = servers(&config);
    let workload = &case.model["workload"];
    // When each was sent and how long its worker was busy, as it was: clocks and event loops are some milliseconds late.
    let rows = case.model["observed"]["rows"].as_array().ok_or("no rows")?;
    let row = |row: &Value| {
        let busy = row[4].as_f64().zip(row[5].as_f64()).filter(|_| row[6] == 200);
        Some(Request::at_ms(row[1].as_f64()?, busy.map_or(row[2].as_f64()?, |(start, end)| end - start)))
    };
    let mut requests: Vec<Request> = rows.iter().filter_map(row).collect();
    for abort in workload["aborts"].as_array().into_iter().flatten() {
        if let (Some(request), Some(after)) = (abort[0].as_u64(), abort[1].as_f64()) {
            requests[request as usize].gives_up = Some(span(after));
        }
    }
    let by_uri = config.contains("balance uri");
    let routing: Routing = if by_uri {
        let described = Members::new(members.clone());
        let mut policy = HashModulo::new(Modulo::Haproxy);
        policy.start(&described, Stream::from_key(1));
        // The paths repeat after five, as the servers show.
        let owner = |at: usize| policy.owner(format!("/p{}", at % 5).as_bytes(), |_| true);
        boxed(Given((0..requests.len()).filter_map(owner).collect()))
    } else {
        LeastConnections::new(Ties::LongestUnchanged).into()
    };
    let patience = if config.contains("timeout queue 350ms") { 350.0 } else { 30_000.0 };
    let line = Line { max: None, patience: Some(constant(patience)?) };
    let make = |edges: Vec<Edge>| {
        Balancer::among(edges, members.clone(), routing).with_member_connections(1).with_line(line)
    };
    let done = Chain::of(members.len()).run(&requests, make)?;
    Ok(Found::from([
        ("start order", json!(done.order(None)).into()),
        ("start order at A", json!(done.order(Some(0))).into()),
        ("start order at B", json!(done.order(Some(1))).into()),
        ("start order at C", json!(done.order(Some(2))).into()),
        ("good", json!(done.count(Status::is_good)).into()),
    ]))
}

/// Seeds of chains that draw.
const SEEDS: u64 = 20;

/// Whole chains: the recorded arrivals and service times through the balancer, with the overhead that was measured.
pub(super) fn chains(case: &Known, _: &Bench) -> Result<Found, String> {
    let config = config(case);
    let rows = case.model["observed"]["rows"].as_array().ok_or("no rows")?;
    // It is spent while the worker is held: connects, event loops, sleeps that end late.
    let overhead =
        case.model["observed"]["overhead_ms_beyond_wait_and_nominal_service"]["mean"].as_f64().unwrap_or(0.0);
    let requests: Vec<Request> = rows
        .iter()
        .filter_map(|row| Some(Request::at_ms(row[0].as_f64()?, row[1].as_f64()? + overhead)))
        .collect();
    let workers = case.model["workload"]["workers"].as_array().ok_or("no workers")?;
    let members: Vec<Member> = (0..workers.len()).map(|at| Member::at(&format!("w{}", at + 1))).collect();
    let modes = case.model["workload"]["server_events_ms"].as_array().into_iter().flatten();
    let modes: Vec<(f64, usize, Mode)> = modes
        .filter_map(|event| {
            let worker = event[1].as_str()?.trim_start_matches('w').parse::<usize>().ok()? - 1;
            let mode = if event[2].as_str()? == "refuse" { Mode::Refuse } else { Mode::Up };
            Some((event[0].as_f64()?, worker, mode))
        })
        .collect();
    let slots = workers[0]["slots"].as_u64().map_or(usize::MAX, |slots| slots as usize);
    let draws = config.contains("balance random(2)");
    let mut latencies: Vec<Vec<f64>> = Vec::new();
    let mut good = 0;
    for seed in 0..if draws { SEEDS } else { 1 } {
        let routing: Routing = if draws {
            boxed(HaproxyRandom::new(2))
        } else if config.contains("balance leastconn") {
            LeastConnections::new(Ties::LongestUnchanged).into()
        } else {
            boxed(HaproxyRoundRobin::new())
        };
        let line = if config.contains("timeout queue 400ms") { Some(constant(400.0)?) } else { None };
        let make = |edges: Vec<Edge>| {
            let mut balancer = Balancer::among(edges, members.clone(), routing);
            if config.contains("maxconn 1\n") {
                balancer = balancer.with_member_connections(1).with_line(Line { max: None, patience: line });
            }
            if config.contains("check inter 1s") {
                let second = span(1_000.0);
                let mut on = Passive::default_failures();
                on[Status::Timeout as usize] = false;
                balancer = balancer
                    .with_checks(Active {
                        first: [].into(),
                        every: second,
                        timeout: second,
                        fall: 2,
                        rise: 2,
                        fast_every: second,
                        down_every: second,
                    })
                    .with_next(Next { tries: 2, same: 0, wait: span(0.0), on });
            }
            balancer
        };
        let chain = Chain { slots, modes: modes.clone(), seed, ..Chain::of(workers.len()) };
        let done = chain.run(&requests, make)?;
        good = done.count(Status::is_good);
        latencies.push(done.latencies());
    }
    let percentile = |p: f64| {
        let of = |all: &Vec<f64>| {
            // As the recordings have it: straight lines between order statistics.
            let at = p * (all.len() - 1) as f64;
            let (low, high) = (at.floor() as usize, at.ceil() as usize);
            all[low] + (all[high] - all[low]) * (at - at.floor())
        };
        Answer::formula(latencies.iter().map(of).sum::<f64>() / latencies.len() as f64)
    };
    Ok(Found::from([
        ("p50", percentile(0.5)),
        ("p90", percentile(0.9)),
        ("p95", percentile(0.95)),
        ("p99", percentile(0.99)),
        ("good", Answer::formula(good as f64)),
    ]))
}
