//! Whom products chose.

use kneepoint_calls::Attributes;
use kneepoint_components::routing::policies::{
    HaproxyRandom, HaproxyRing, HaproxyRoundRobin, HashModulo, IpHash, Ketama, LeastConnections, Modulo,
    PowerOfChoices, SmoothWeighted, StaticRoundRobin, Ties, WeightedRandom,
};
use kneepoint_components::routing::{Choice, Member, Members, Policy};
use kneepoint_engine::SimTime;
use kneepoint_random::Stream;
use serde_json::Value;

use super::chain::letter;
use crate::verify::known::{Answer, Bench, Found, Known};

/// The servers of a configuration, in order: address, weight.
pub(super) fn servers(config: &str) -> Vec<Member> {
    let lines = config
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with("server ") && line.contains("127.0.0.1"));
    let member = |line: &str| {
        let address =
            line.split_whitespace().find(|word| word.starts_with("127.0.0.1"))?.trim_end_matches(';');
        let words: Vec<&str> = line.split([' ', '=', ';']).collect();
        let weight =
            words.iter().position(|word| *word == "weight").and_then(|at| words.get(at + 1)?.parse().ok());
        Some(Member::at(address).weight(weight.unwrap_or(1)))
    };
    lines.filter(|line| !line.contains("backup")).filter_map(member).collect()
}

pub(super) fn config(case: &Known) -> String {
    let config = &case.model["config"];
    config.as_str().or(config["before"].as_str()).unwrap_or_default().to_string()
}

/// The policy a configuration asks for.
fn policy(case: &Known, config: &str) -> Result<Box<dyn Policy>, String> {
    let id = case.id.as_str();
    Ok(match id.split_once('-').map_or(id, |(product, _)| product) {
        "nginx" if config.contains("least_conn;") => Box::new(LeastConnections::new(Ties::Rotation)),
        "nginx" => Box::new(SmoothWeighted::new()),
        _ if config.contains("balance static-rr") => Box::new(StaticRoundRobin::new()),
        _ if config.contains("balance roundrobin") => Box::new(HaproxyRoundRobin::new()),
        _ if config.contains("balance leastconn") => Box::new(LeastConnections::new(Ties::LongestUnchanged)),
        _ if config.contains("hash-balance-factor") => Box::new(HaproxyRing::new().bounded(150)),
        _ if config.contains("hash-type consistent") => Box::new(HaproxyRing::new()),
        _ => return Err(format!("no policy is known for {id}")),
    })
}

fn choice<'a>(attributes: &'a Attributes, members: &'a Members) -> Choice<'a> {
    Choice { attributes, key: attributes.identity, now: SimTime::ZERO, members, tried: &[] }
}

fn as_letters(picks: &[usize]) -> Answer {
    Answer::Exact(picks.iter().map(|pick| Value::from(letter(*pick).to_string())).collect())
}

/// One request after the other.
pub(super) fn turns(case: &Known, _: &Bench) -> Result<Found, String> {
    let config = config(case);
    let members = Members::new(servers(&config));
    let mut policy = policy(case, &config)?;
    policy.start(&members, Stream::from_key(1));
    let attributes = Attributes::of(0);
    let count = case.model["workload"]["requests"].as_u64().ok_or("no number of requests")?;
    let picks: Vec<usize> =
        (0..count).filter_map(|_| policy.choose(&choice(&attributes, &members))).collect();
    Ok(Found::from([("sequence", as_letters(&picks))]))
}

/// Arrivals and how long each is held \[ms\].
pub(super) fn timeline(case: &Known) -> Result<Vec<(f64, f64)>, String> {
    let list = case.model["workload"]["arrival_hold_ms"].as_array().ok_or("no arrivals")?;
    Ok(list.iter().filter_map(|pair| Some((pair[0].as_f64()?, pair[1].as_f64()?))).collect())
}

/// Gives each request to a member, and takes it back when it is held no longer.
fn held(
    timeline: &[(f64, f64)],
    members: &mut Members,
    mut choose: impl FnMut(usize, &Members) -> Option<usize>,
    mut loaded: impl FnMut(usize, &Members),
) -> Vec<usize> {
    let mut open: Vec<(f64, usize)> = Vec::new();
    let mut picks = Vec::new();
    for (number, (at, hold)) in timeline.iter().enumerate() {
        open.sort_by(|a, b| a.0.total_cmp(&b.0));
        while let Some((_, member)) = open.first().copied().filter(|(end, _)| *end <= *at) {
            open.remove(0);
            members.set_load(member, members.load(member) - 1);
            loaded(member, members);
        }
        let Some(member) = choose(number, members) else { continue };
        members.set_load(member, members.load(member) + 1);
        loaded(member, members);
        open.push((at + hold, member));
        picks.push(member);
    }
    picks
}

/// Requests that are held for a while.
pub(super) fn holds(case: &Known, _: &Bench) -> Result<Found, String> {
    let config = config(case);
    let mut members = Members::new(servers(&config));
    let policy = std::cell::RefCell::new(policy(case, &config)?);
    policy.borrow_mut().start(&members, Stream::from_key(1));
    let attributes = Attributes::of(0);
    let picks = held(
        &timeline(case)?,
        &mut members,
        |_, members| policy.borrow_mut().choose(&choice(&attributes, members)),
        |member, members| policy.borrow_mut().loaded(member, members),
    );
    Ok(Found::from([("sequence", as_letters(&picks))]))
}

/// Few keys, most of them asked for often, each request held for a while.
pub(super) fn hot_keys(case: &Known, _: &Bench) -> Result<Found, String> {
    let config = config(case);
    let mut members = Members::new(servers(&config));
    let mut ring = HaproxyRing::new();
    if config.contains("hash-balance-factor 150") {
        ring = ring.bounded(150);
    }
    ring.start(&members, Stream::from_key(1));
    let keys = case.model["workload"]["key_of_request"].as_array().ok_or("no keys")?;
    let keys: Vec<String> = keys.iter().map(|key| format!("/k{key}")).collect();
    let picks = held(
        &timeline(case)?,
        &mut members,
        |number, members| ring.owner(keys[number].as_bytes(), members, |_| false),
        |_, _| {},
    );
    Ok(Found::from([("sequence", as_letters(&picks))]))
}

/// Who owns which key, before and after a server is taken out.
pub(super) fn owners(case: &Known, _: &Bench) -> Result<Found, String> {
    let config = config(case);
    let workload = &case.model["workload"];
    let keys: Vec<String> = match workload["keys"].as_array() {
        Some(keys) => keys.iter().filter_map(Value::as_str).map(str::to_string).collect(),
        None => {
            let sign = workload["keys"].as_str().ok_or("no keys")?.split('0').next().unwrap_or_default();
            (0..workload["n"].as_u64().ok_or("no number of keys")?).map(|n| format!("{sign}{n}")).collect()
        }
    };
    let change = workload["change"].as_str().ok_or("no change")?;
    let gone = change.chars().find(|c| c.is_ascii_uppercase()).ok_or("nobody goes")?;
    let gone = (gone as u8 - b'A') as usize;
    let all = Members::new(servers(&config));
    // Deleted from the list, or in it and down.
    let deleted = change.starts_with("delete");
    let (less, map): (Members, Vec<usize>) = if deleted {
        let left: Vec<usize> = (0..all.count()).filter(|at| *at != gone).collect();
        (Members::new(left.iter().map(|at| all.get(*at).clone()).collect()), left)
    } else {
        let mut less = all.clone();
        less.set_up(gone, false);
        (less, (0..all.count()).collect())
    };
    let owned = |members: &Members| -> Vec<usize> {
        let stream = Stream::from_key(1);
        let up = |member: usize| members.is_up(member);
        if case.id.starts_with("nginx-ketama") {
            let mut policy = Ketama::default();
            policy.start(members, stream);
            return keys.iter().filter_map(|key| policy.owner(key.as_bytes(), up)).collect();
        }
        if case.id.starts_with("nginx-ip") {
            let mut policy = IpHash::new();
            policy.start(members, stream);
            let octets = |key: &String| -> Option<[u8; 4]> {
                let parts: Vec<u8> = key.split('.').filter_map(|part| part.parse().ok()).collect();
                parts.try_into().ok()
            };
            return keys.iter().filter_map(|key| policy.owner(octets(key)?, up)).collect();
        }
        if case.id.contains("consistent") {
            let mut policy = HaproxyRing::new();
            policy.start(members, stream);
            return keys.iter().filter_map(|key| policy.owner(key.as_bytes(), members, |_| false)).collect();
        }
        let kind = if case.id.starts_with("nginx") { Modulo::Nginx } else { Modulo::Haproxy };
        let mut policy = HashModulo::new(kind);
        policy.start(members, stream);
        keys.iter().filter_map(|key| policy.owner(key.as_bytes(), up)).collect()
    };
    let after: Vec<usize> = owned(&less).iter().map(|owner| map[*owner]).collect();
    Ok(Found::from([
        ("before", as_letters(&owned(&all))),
        ("after", as_letters(&after)),
        ("during", as_letters(&after)),
    ]))
}

/// Draws by which shares are known well.
const DRAWS: u64 = 200_000;

const SHARES: [&str; 4] = ["share A", "share B", "share C", "share D"];

fn shares(counts: &[f64]) -> Found {
    let all: f64 = counts.iter().sum();
    SHARES.into_iter().zip(counts).map(|(name, count)| (name, Answer::formula(count / all))).collect()
}

/// Draws of nginx while some requests are held.
pub(super) fn lots(case: &Known, _: &Bench) -> Result<Found, String> {
    let config = config(case);
    let mut members = Members::new(servers(&config));
    for (at, server) in ["A", "B", "C", "D"].iter().enumerate() {
        members.set_load(at, case.model["workload"]["held"][*server].as_u64().unwrap_or(0) as u32);
    }
    let mut policy: Box<dyn Policy> = if config.contains("random two") {
        Box::new(PowerOfChoices::new(2))
    } else {
        Box::new(WeightedRandom::new())
    };
    policy.start(&members, Stream::from_key(1));
    let attributes = Attributes::of(0);
    let mut counts = vec![0.0; members.count()];
    for _ in 0..DRAWS {
        counts[policy.choose(&choice(&attributes, &members)).ok_or("nobody was drawn")?] += 1.0;
    }
    Ok(shares(&counts))
}

/// Draws of HAProxy from its ring, of requests that are held.
pub(super) fn ring_draws(case: &Known, _: &Bench) -> Result<Found, String> {
    let config = config(case);
    let timeline = timeline(case)?;
    let mut counts = vec![0.0; servers(&config).len()];
    for seed in 0..500 {
        let mut members = Members::new(servers(&config));
        let mut policy = HaproxyRandom::new(2);
        policy.start(&members, Stream::from_key(seed));
        let attributes = Attributes::of(0);
        let picks = held(
            &timeline,
            &mut members,
            |_, members| policy.choose(&choice(&attributes, members)),
            |_, _| {},
        );
        picks.iter().for_each(|pick| counts[*pick] += 1.0);
    }
    Ok(shares(&counts))
}
