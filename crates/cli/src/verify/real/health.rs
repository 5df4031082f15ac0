//! Whom products put aside, and when.

use kneepoint_calls::{Attributes, Status};
use kneepoint_components::Edge;
use kneepoint_components::routing::policies::{HaproxyRoundRobin, SmoothWeighted};
use kneepoint_components::routing::{
    Active, Balancer, Choice, Member, Members, Next, Passive, Policy, RoundRobin, Routing, SlowStart,
};
use kneepoint_engine::{SimDuration, SimTime};
use kneepoint_random::Stream;
use serde_json::{Value, json};

use super::chain::{Chain, Done, Mode, Request, letter, span};
use super::policies::{config, servers};
use super::turns;
use crate::verify::known::{Answer, Bench, Found, Known};

fn mode(word: &str) -> Mode {
    match word {
        "refuse" => Mode::Refuse,
        "hang" => Mode::Hang,
        "up" => Mode::Up,
        _ => Mode::Fail,
    }
}

/// What happened to which server when \[ms\].
fn events(case: &Known) -> Vec<(f64, usize, Mode)> {
    let events = case.model["workload"]["events"].as_array().into_iter().flatten();
    let event = |event: &Value| {
        let server = event[1].as_str()?.bytes().next()? - b'A';
        Some((event[0].as_f64()? * 1e3, usize::from(server), mode(event[2].as_str()?)))
    };
    events.filter_map(event).collect()
}

/// The number behind a word of a configuration: `max_fails=3`.
fn setting(config: &str, word: &str) -> Option<f64> {
    let at = config.find(word)? + word.len();
    let digits: String = config[at..].chars().take_while(|c| c.is_ascii_digit()).collect();
    digits.parse().ok()
}

/// nginx's upstream with passive checks, whose clock was so far into a second \[ms\].
fn upstream(edges: Vec<Edge>, members: &[Member], config: &str, into: f64) -> Balancer {
    let failures = setting(config, "max_fails=").unwrap_or(1.0) as u32;
    let fail_timeout = span(setting(config, "fail_timeout=").unwrap_or(10.0) * 1e3);
    let on = Passive::default_failures();
    let passive = Passive {
        failures,
        window: fail_timeout,
        out_for: fail_timeout,
        at_most: 1.0,
        on,
        whole_seconds: Some(span(into)),
    };
    let policy = Routing::Other(Box::new(SmoothWeighted::new().with_max_fails(failures)));
    Balancer::among(edges, members.to_vec(), policy).with_ejection(passive).with_next(Next {
        tries: 16,
        same: 0,
        wait: SimDuration::ZERO,
        on,
    })
}

fn found(done: &Done) -> Found {
    let errors = done.ends.iter().filter(|end| !matches!(end, Some((Status::Ok, _)))).count();
    Found::from([("tried", json!(done.tries()).into()), ("client errors", json!(errors).into())])
}

/// `proxy_read_timeout 300ms`; timers fire up to a millisecond late, which decides ties with arrivals.
const TIMEOUT: f64 = 301.0;

/// Failures that put servers aside.
pub(super) fn aside(case: &Known, _: &Bench) -> Result<Found, String> {
    let config = config(case);
    let members = servers(&config);
    let workload = &case.model["workload"];
    let (spacing, count) = (workload["spacing_ms"].as_f64(), workload["requests"].as_u64());
    let (spacing, count) = spacing.zip(count).ok_or("no timeline")?;
    let requests: Vec<Request> = (0..count).map(|at| Request::at_ms(at as f64 * spacing, 0.0)).collect();
    let into =
        case.model["observed"]["wall_clock_fraction_of_second_at_t0"].as_f64().ok_or("no clock")? * 1e3;
    let chain = Chain { within: Some(TIMEOUT), modes: events(case), ..Chain::of(members.len()) };
    let done = chain.run(&requests, |edges| upstream(edges, &members, &config, into))?;
    Ok(found(&done))
}

/// Names of the phases of `nginx-backup-failover`.
const PHASES: [&str; 5] =
    ["phase 0 tried", "phase 1 tried", "phase 2 tried", "phase 3 tried", "phase 4 tried"];

/// Backups, in phases. How far the clock was into a second is not recorded: some beginning must repeat it all.
pub(super) fn backups(case: &Known, _: &Bench) -> Result<Found, String> {
    /// Between two requests \[ms\]: one after the other on one machine.
    const APART: f64 = 2.0;
    let config = config(case);
    let members = servers(&config);
    let backup = members.len();
    let phases = case.model["observed"]["phases"].as_array().ok_or("no phases")?;
    let (mut requests, mut modes, mut bounds, mut at) = (Vec::new(), Vec::new(), Vec::new(), 10.0);
    for phase in phases {
        let dead: Vec<&str> =
            phase["dead"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        for worker in 0..=backup {
            let is_dead = dead.contains(&letter(worker).to_string().as_str());
            modes.push((at - 1.0, worker, if is_dead { Mode::Refuse } else { Mode::Up }));
        }
        at += phase["pause_before_s"].as_f64().unwrap_or(0.0) * 1e3;
        let count = phase["requests"].as_u64().unwrap_or(0);
        bounds.push(requests.len()..requests.len() + count as usize);
        for _ in 0..count {
            requests.push(Request::at_ms(at, 0.0));
            at += APART;
        }
        at += APART;
    }
    let mut best: Option<(usize, Found)> = None;
    for tenth in 0..10 {
        let chain = Chain { modes: modes.clone(), ..Chain::of(backup + 1) };
        let done = chain.run(&requests, |mut edges| {
            let spare = edges.split_off(backup);
            upstream(edges, &members, &config, f64::from(tenth) * 100.0).with_backups(
                spare,
                vec![Member::at("backup")],
                RoundRobin::new(),
            )
        })?;
        let tries = done.tries();
        let (mut found, mut right) = (Found::new(), 0);
        for ((name, bounds), phase) in PHASES.into_iter().zip(&bounds).zip(phases) {
            let tried = json!(tries[bounds.clone()]);
            right += usize::from(tried == phase["tried"]);
            found.insert(name, tried.into());
        }
        if best.as_ref().is_none_or(|(most, _)| right > *most) {
            best = Some((right, found));
        }
    }
    best.map(|(_, found)| found).ok_or_else(|| "nothing was tried".to_string())
}

/// A server that comes back and gets more from second to second.
pub(super) fn slow_start(case: &Known, _: &Bench) -> Result<Found, String> {
    let config = config(case);
    let mut members = Members::new(servers(&config));
    let back = members.count() - 1;
    members.set_up(back, false);
    let mut policy = HaproxyRoundRobin::new();
    policy.start(&members, Stream::from_key(1));
    let slow = SlowStart { lasts: SimDuration::from_secs(8) };
    let workload = &case.model["workload"];
    let (rate, seconds) =
        workload["rate_per_s"].as_f64().zip(workload["seconds"].as_f64()).ok_or("no timeline")?;
    let ready = case.model["observed"]["ready_at_s"].as_f64().ok_or("no time")? * 1e3;
    let ready = SimTime::from_nanos(super::chain::nanos(ready));
    let attributes = Attributes::of(0);
    let (mut picks, mut next): (Vec<Value>, Option<SimTime>) = (Vec::new(), Some(ready));
    for number in 0..(rate * seconds) as u64 {
        let now = SimTime::from_nanos((number as f64 / rate * 1e9) as u64);
        while let Some(due) = next.filter(|due| *due <= now) {
            let (weight, whole) = slow.sixteenths(members.get(back).weight, ready, due);
            members.set_sixteenths(back, weight);
            members.set_up(back, true);
            policy.changed(back, &members);
            next = if whole { None } else { Some(due + slow.step()) };
        }
        let choice = Choice { attributes: &attributes, key: 0, now, members: &members, tried: &[] };
        picks.extend(policy.choose(&choice).map(|pick| Value::from(letter(pick).to_string())));
    }
    let name = letter(back).to_string();
    let counts: Vec<usize> = picks
        .chunks((rate / 2.0) as usize)
        .map(|bin| bin.iter().filter(|pick| **pick == name.as_str()).count())
        .collect();
    Ok(Found::from([("choices of the returning server each 0.5 s", json!(counts).into())]))
}

/// Names of what checks found; a recording has some of them.
const TURNS: [&str; 6] = ["A down [s]", "A up [s]", "B down [s]", "B up [s]", "C down [s]", "C up [s]"];

/// Checks that find out, and what requests suffer until then.
pub(super) fn checks(case: &Known, _: &Bench) -> Result<Found, String> {
    let config = config(case);
    let members = servers(&config);
    let workload = &case.model["workload"];
    let observed = &case.model["observed"];
    let (spacing, seconds) =
        workload["spacing_ms"].as_f64().zip(workload["seconds"].as_f64()).ok_or("no timeline")?;
    let count = (seconds * 1e3 / spacing) as u64;
    let requests: Vec<Request> = (0..count).map(|at| Request::at_ms(at as f64 * spacing, 0.0)).collect();
    let nominal = setting(&config, "inter ").ok_or("no interval")?;
    let timeout = setting(&config, "timeout check ").unwrap_or(nominal);
    // The first check of each server that was seen after the start.
    let seen = observed["checks_seen_by_backends"].as_array().ok_or("no checks")?;
    let first = |server: usize| {
        let name = letter(server).to_string();
        let at = seen
            .iter()
            .find(|check| check[1] == name.as_str() && check[0].as_f64().is_some_and(|at| at >= 0.0));
        at.and_then(|check| check[0].as_f64()).map(|at| span(at * 1e3))
    };
    // A check takes a moment and begins a moment late: the interval as it was, from those before anything happened.
    let quiet = workload["events"][0][0].as_f64().ok_or("nothing happens")?;
    let mut gaps: Vec<f64> = Vec::new();
    for server in 0..members.len() {
        let name = letter(server).to_string();
        let times =
            seen.iter().filter(|check| check[1] == name.as_str()).filter_map(|check| check[0].as_f64());
        let times: Vec<f64> = times.filter(|at| *at < quiet).collect();
        gaps.extend(times.windows(2).map(|pair| (pair[1] - pair[0]) * 1e3));
    }
    let every = if gaps.is_empty() { nominal } else { gaps.iter().sum::<f64>() / gaps.len() as f64 };
    let first: Vec<SimDuration> = (0..members.len()).filter_map(first).collect();
    let number = |word: &str| setting(&config, word).unwrap_or(0.0) as u32;
    let active = Active {
        first: first.into(),
        every: span(every),
        timeout: span(timeout),
        fall: number("fall "),
        rise: number("rise "),
        fast_every: span(every),
        down_every: span(every),
    };
    let redispatch = config.contains("redispatch");
    let mut on = [false; kneepoint_calls::STATUSES];
    on[Status::Unavailable as usize] = true;
    // Without redispatch three more tries at the same server, each after as long as a connection may take.
    let next = Next {
        tries: if redispatch { 2 } else { 3 },
        same: if redispatch { 0 } else { 3 },
        wait: span(500.0),
        on,
    };
    let within = setting(&config, "timeout server ").filter(|_| config.contains("timeout server 400ms"));
    let chain = Chain { within, modes: events(case), ..Chain::of(members.len()) };
    let done = chain.run(&requests, |edges| {
        Balancer::among(edges, members.clone(), Routing::Other(Box::new(HaproxyRoundRobin::new())))
            .with_checks(active)
            .with_next(next)
    })?;
    let errors = done.ends.iter().filter(|end| !matches!(end, Some((Status::Ok, _)))).count();
    let mut found = Found::from([("errors", Answer::formula(errors as f64))]);
    for (_, what, server) in turns(observed) {
        let name = TURNS
            .into_iter()
            .find(|name| *name == format!("{server} {what} [s]"))
            .ok_or("an unknown turn")?;
        let at = usize::from(server.bytes().next().unwrap_or(b'A') - b'A');
        let address = &members[at].address;
        let said = done.news.iter().find(|(_, news, of)| news.ends_with(what) && **of == **address);
        let at = said.map_or(f64::NAN, |(at, _, _)| at.as_nanos() as f64 / 1e9);
        found.insert(name, Answer::formula(at));
    }
    Ok(found)
}
