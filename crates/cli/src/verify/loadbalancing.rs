//! Load balancing: sequences and tables of policies by themselves, queues behind balancers as scenarios.

use kneepoint_calls::Attributes;
use kneepoint_components::routing::hashing::{jump::jump, maglev};
use kneepoint_components::routing::policies::{
    ConsistentHash, EarliestDeadline, HashModulo, Ketama, LeastConnections, Maglev, Modulo, SmoothWeighted,
    Ties, bounded,
};
use kneepoint_components::routing::{Choice, Member, Members, Policy};
use kneepoint_engine::SimTime;
use kneepoint_random::Stream;
use serde_json::{Value, json};

use super::judge::Measured;
use super::known::{Answer, Area, Bench, Found, Known, Ran, read};

pub(super) const NAME: &str = "loadbalancing";

pub(super) const AREA: Area = Area {
    cases: || read(include_str!("../../cases/loadbalancing.json")),
    families: &[
        ("lb/bounded-loads/", bounded_loads),
        ("lb/disruption/", disruption),
        ("lb/edf/", earliest_deadline),
        ("lb/finite/", shared_knowledge),
        ("lb/sim/", shared_knowledge),
        ("lb/het-jsq/", unequal_servers),
        ("lb/jump/", jumps),
        ("lb/leastconn/", least_connections),
        ("lb/maglev/", tables),
        ("lb/ring/max", extreme_shares),
        ("lb/ring/", shares),
        ("lb/rr-vs-random/", turns_and_lots),
        ("lb/supermarket/", supermarket),
        ("lb/swrr/", smooth),
        ("lb/weighted-random/", weighted_random),
    ],
    said: Vec::new,
    quick: &[
        "lb/bounded-loads/n5-k30-eps0",
        "lb/disruption/N10",
        "lb/edf/5-1-1",
        "lb/finite/jsq-n2-l0.5",
        "lb/jump/golden",
        "lb/leastconn/n3",
        "lb/maglev/envoy-basic",
        "lb/maglev/paper-table1",
        "lb/ring/N5-V40",
        "lb/supermarket/l0.5-d2",
        "lb/swrr/5-1-1",
    ],
};

/// Replications of a case.
const TIMES: u32 = 20;

fn whole(values: &[Value]) -> Vec<u64> {
    values.iter().filter_map(Value::as_u64).collect()
}

fn weighted(weights: &[u64]) -> Members {
    let member = |(at, weight): (usize, &u64)| Member::at(&format!("server-{at}")).weight(*weight as u32);
    Members::new(weights.iter().enumerate().map(member).collect())
}

/// The first so many choices of a policy among members that do not change.
fn choices(mut policy: impl Policy, members: &Members, count: usize) -> Vec<usize> {
    policy.start(members, Stream::from_key(1));
    let attributes = Attributes::of(1);
    let choice = Choice { attributes: &attributes, key: 1, now: SimTime::ZERO, members, tried: &[] };
    (0..count).filter_map(|_| policy.choose(&choice)).collect()
}

fn counts(picks: &[usize], members: usize) -> Vec<usize> {
    (0..members).map(|member| picks.iter().filter(|pick| **pick == member).count()).collect()
}

fn earliest_deadline(case: &Known, _: &Bench) -> Result<Found, String> {
    let weights = whole(case.list("weights")?);
    let sum = weights.iter().sum::<u64>() as usize;
    let members = weighted(&weights);
    let picks = choices(EarliestDeadline::new(), &members, 2 * sum);
    let once = counts(&picks[..sum], weights.len());
    Ok(Found::from([
        ("picks", json!(picks).into()),
        ("counts_after_two_weight_sums", json!(counts(&picks, weights.len())).into()),
        ("counts", json!(once).into()),
    ]))
}

fn smooth(case: &Known, _: &Bench) -> Result<Found, String> {
    let weights = whole(case.list("weights")?);
    let sum = weights.iter().sum::<u64>() as usize;
    let picks = choices(SmoothWeighted::new(), &weighted(&weights), 4 * sum);
    // The shortest stretch that what follows repeats.
    let period = (1..=sum).find(|length| (*length..picks.len()).all(|at| picks[at] == picks[at - length]));
    let period = period.ok_or("the sequence does not repeat")?;
    Ok(Found::from([
        ("picks", json!(picks[..period]).into()),
        ("period", json!(period).into()),
        ("counts", json!(counts(&picks[..period], weights.len())).into()),
    ]))
}

fn bounded_loads(case: &Known, _: &Bench) -> Result<Found, String> {
    let pairs = case.list("ring_points_position_node")?.iter();
    let places: Vec<(u32, u32)> =
        pairs.map(|pair| (pair[0].as_u64(), pair[1].as_u64())).fold(Vec::new(), |mut all, (place, node)| {
            all.extend(place.zip(node).map(|(place, node)| (place as u32, node as u32)));
            all
        });
    let (nodes, eps) = (case.number("nodes")? as usize, case.number("eps")?);
    let keys = whole(case.list("key_positions_in_order")?);
    let capacity = bounded(1.0 + eps, keys.len() as u64, 1, nodes as u64);
    let ring = ConsistentHash::new(1).with_places(&places);
    let mut loads = vec![0_u64; nodes];
    let mut owners = Vec::new();
    for key in keys {
        let owner = ring.owner_at(key as u32, |node| loads[node] < capacity).ok_or("nobody has room")?;
        loads[owner] += 1;
        owners.push(owner);
    }
    Ok(Found::from([
        ("capacity", json!(capacity).into()),
        ("assignment", json!(owners).into()),
        ("loads", json!(loads).into()),
    ]))
}

fn jumps(case: &Known, _: &Bench) -> Result<Found, String> {
    let buckets = case.number("keys_0_to_19_buckets")? as u32;
    let first: Vec<u32> = (0..20).map(|key| jump(key, buckets)).collect();
    let extra = case.list("extra")?.iter();
    let extra: Vec<u32> =
        extra.filter_map(|pair| Some(jump(pair[0].as_u64()?, pair[1].as_u64()? as u32))).collect();
    Ok(Found::from([
        ("buckets_keys_0_to_19_of_100", json!(first).into()),
        ("extra_buckets", json!(extra).into()),
    ]))
}

fn tables(case: &Known, _: &Bench) -> Result<Found, String> {
    let size = case.number("M")? as u32;
    let extremes = |table: &[u32], members: usize| {
        let each = (0..members as u32).map(|member| table.iter().filter(|owner| **owner == member).count());
        each.fold((usize::MAX, 0), |(least, most), count| (least.min(count), most.max(count)))
    };
    let Some(orders) = case.model["offset_skip"].as_array() else {
        // Only the number of members is known: addresses are made up.
        let members = case.number("backends")? as usize;
        let claims: Vec<maglev::Claim> = (0..members)
            .map(|at| {
                let (offset, skip) = maglev::order(&format!("10.0.0.{at}:80"), size);
                maglev::Claim { owner: at as u32, offset, skip, weight: 1 }
            })
            .collect();
        let (least, most) = extremes(&maglev::fill(size, &claims), members);
        return Ok(Found::from([
            ("max_entries_minus_min_entries", Answer::formula((most - least) as f64)),
            ("max_entries", json!(most).into()),
            ("min_entries", json!(least).into()),
        ]));
    };
    let claim = |(owner, order): (usize, &Value)| {
        let (offset, skip) = (order[0].as_u64()?, order[1].as_u64()?);
        Some(maglev::Claim { owner: owner as u32, offset, skip, weight: 1 })
    };
    let claims: Vec<maglev::Claim> = orders.iter().enumerate().filter_map(claim).collect();
    let all = maglev::fill(size, &claims);
    let without: Vec<maglev::Claim> = claims.iter().copied().filter(|claim| claim.owner != 1).collect();
    let less = maglev::fill(size, &without);
    let moved = all.iter().zip(&less).filter(|(before, after)| **before != 1 && before != after).count();
    let (least, most) = extremes(&all, claims.len());
    // Offsets and skips come from the names, where there are any.
    if let Some(names) = case.model["names"].as_array() {
        let named = names.iter().filter_map(Value::as_str).zip(&claims);
        for (name, claim) in named {
            if maglev::order(name, size) != (claim.offset, claim.skip) {
                return Err(format!("{name} is hashed to {:?}", maglev::order(name, size)));
            }
        }
    }
    Ok(Found::from([
        ("table", json!(all).into()),
        ("table_all_three", json!(all).into()),
        ("table_after_removing_backend_1", json!(less).into()),
        ("entries_changed_not_owned_by_removed", json!(moved).into()),
        ("min_entries", json!(least).into()),
        ("max_entries", json!(most).into()),
    ]))
}

fn least_connections(case: &Known, _: &Bench) -> Result<Found, String> {
    let servers = case.number("servers")? as usize;
    let mut members = Members::alike(servers);
    let mut policy = LeastConnections::new(Ties::First);
    policy.start(&members, Stream::from_key(1));
    let numbers =
        |name| Ok::<_, String>(case.list(name)?.iter().filter_map(Value::as_f64).collect::<Vec<_>>());
    let (arrivals, durations) = (numbers("arrival_times")?, numbers("durations")?);
    let mut open: Vec<(f64, usize)> = Vec::new();
    let mut picks = Vec::new();
    let attributes = Attributes::of(1);
    for (at, length) in arrivals.iter().zip(&durations) {
        for (_, member) in open.extract_if(.., |(end, _)| *end <= *at) {
            members.set_load(member, members.load(member) - 1);
            policy.loaded(member, &members);
        }
        let choice =
            Choice { attributes: &attributes, key: 0, now: SimTime::ZERO, members: &members, tried: &[] };
        let member = policy.choose(&choice).ok_or("nobody was chosen")?;
        members.set_load(member, members.load(member) + 1);
        policy.loaded(member, &members);
        open.push((at + length, member));
        picks.push(member);
    }
    Ok(Found::from([("picks", json!(picks).into())]))
}

/// Which member each of many keys belongs to.
fn owners(mut policy: impl Policy, members: &Members, keys: u64) -> Vec<Option<usize>> {
    policy.start(members, Stream::from_key(1));
    let attributes = Attributes::of(1);
    let owner = |key| {
        policy.choose(&Choice { attributes: &attributes, key, now: SimTime::ZERO, members, tried: &[] })
    };
    (0..keys).map(owner).collect()
}

/// Keys of a disruption case.
const KEYS: u64 = 100_000;

fn disruption(case: &Known, _: &Bench) -> Result<Found, String> {
    let nodes = case.number("nodes")? as usize;
    let at =
        |count: usize| Members::new((0..count).map(|node| Member::at(&format!("node-{node}"))).collect());
    let (all, more) = (at(nodes), at(nodes + 1));
    let mut less = at(nodes);
    less.set_up(nodes - 1, false);
    let moved = |before: &[Option<usize>], after: &[Option<usize>]| {
        before.iter().zip(after).filter(|(before, after)| before != after).count() as f64 / KEYS as f64
    };
    // Each of the consistent ones must do it: the worst of them counts.
    let (mut removed, mut added, mut survivors) = (0.0_f64, 0.0_f64, 0);
    let far = |expected: f64, worst: f64, found: f64| {
        if (found - expected).abs() > (worst - expected).abs() || worst == 0.0 { found } else { worst }
    };
    let n = nodes as f64;
    let ring = || ConsistentHash::new(1_000);
    let ketama = || Ketama::new(1_000);
    let maglev = || Maglev::new(65_537);
    for (before, fewer, bigger, exact) in [
        (owners(ring(), &all, KEYS), owners(ring(), &less, KEYS), owners(ring(), &more, KEYS), true),
        (owners(ketama(), &all, KEYS), owners(ketama(), &less, KEYS), owners(ketama(), &more, KEYS), true),
        (owners(maglev(), &all, KEYS), owners(maglev(), &less, KEYS), owners(maglev(), &more, KEYS), false),
    ] {
        // A Maglev table moves a few more (its paper's section 5.3): it does not promise none.
        if exact {
            removed = far(1.0 / n, removed, moved(&before, &fewer));
            added = far(1.0 / (n + 1.0), added, moved(&before, &bigger));
            let stayed = before.iter().zip(&fewer).filter(|(owner, _)| **owner != Some(nodes - 1));
            survivors += stayed.filter(|(before, after)| before != after).count();
        }
    }
    let modulo = || HashModulo::new(Modulo::Nginx);
    let modulo = moved(&owners(modulo(), &all, KEYS), &owners(modulo(), &more, KEYS));
    Ok(Found::from([
        ("consistent_remove_expected_fraction_moved", Answer::formula(removed)),
        ("consistent_add_expected_fraction_moved", Answer::formula(added)),
        ("consistent_keys_moved_between_surviving_nodes", json!(survivors).into()),
        ("modulo_add_fraction_moved", Answer::formula(modulo)),
    ]))
}

/// Shares of the circle over the mean, of many rings whose servers have other names each time.
fn rings(case: &Known, bench: &Bench) -> Result<Vec<Vec<f64>>, String> {
    let (nodes, points) = (case.number("nodes")? as usize, case.number("virtual_nodes")? as u32);
    // So many shares that a quantile of one in two hundred rests on hundreds.
    let rings = (bench.size(400_000.0) / nodes as f64).ceil().max(40.0) as usize;
    let of = |ring: usize| {
        let name = |node: usize| Member::at(&format!("ring-{ring}-node-{node}"));
        let members = Members::new((0..nodes).map(name).collect());
        let mut policy = ConsistentHash::new(points);
        policy.start(&members, Stream::from_key(1));
        policy.shares(nodes).iter().map(|share| share * nodes as f64).collect()
    };
    Ok((0..rings).map(of).collect())
}

fn shares(case: &Known, bench: &Bench) -> Result<Found, String> {
    let mut all: Vec<f64> = rings(case, bench)?.into_iter().flatten().collect();
    let n = all.len() as f64;
    let variance = all.iter().map(|share| (share - 1.0) * (share - 1.0)).sum::<f64>() / n;
    all.sort_by(f64::total_cmp);
    let quantile = |q: f64| all[((q * n) as usize).min(all.len() - 1)];
    Ok(Found::from([
        ("stddev_of_share_over_mean", Answer::formula(variance.sqrt())),
        ("share_over_mean_p0.5", Answer::formula(quantile(0.005))),
        ("share_over_mean_p99.5", Answer::formula(quantile(0.995))),
    ]))
}

fn extreme_shares(case: &Known, bench: &Bench) -> Result<Found, String> {
    let rings = rings(case, bench)?;
    let mean = |pick: fn(f64, f64) -> f64| {
        let each: Vec<f64> =
            rings.iter().map(|ring| ring.iter().copied().reduce(pick).unwrap_or(f64::NAN)).collect();
        Answer::Number(Measured::new(each.iter().sum::<f64>() / each.len() as f64, &each))
    };
    Ok(Found::from([
        ("expected_max_share_over_mean", mean(f64::max)),
        ("expected_min_share_over_mean", mean(f64::min)),
    ]))
}

/// Servers behind a balancer: how many of which mean work, which policy, arrivals a second, jobs to measure and warm-up
/// of each replication \[s\].
fn behind(
    case: &Known,
    bench: &Bench,
    servers: &[(usize, f64)],
    policy: &str,
    arrivals: f64,
    (jobs, warm_up, times): (f64, f64, u32),
) -> String {
    let parts: Vec<String> = servers
        .iter()
        .enumerate()
        .map(|(at, (count, rate))| {
            format!(
                "        \"s{}\": Service(instances: {count}, concurrency: Servers(1), does: Compute(Exponential(\"{}s\"))),",
                at + 1,
                1.0 / rate
            )
        })
        .collect();
    let names: Vec<String> = (1..=servers.len()).map(|at| format!("\"s{at}\"")).collect();
    let length = jobs / arrivals / f64::from(times);
    bench.scenario(
        &case.id,
        (warm_up + length, warm_up, times),
        &format!(
            "    parts: {{\n        \"users\": OpenClient(to: \"lb\", rate: \"{arrivals}/s\"),\n        \"lb\": \
             Balancer(to: [{}], policy: {policy}),\n{}\n    }},",
            names.join(", "),
            parts.join("\n")
        ),
    )
}

/// How many jobs a case asks for, and the warm-up \[s\] at a load.
fn size(case: &Known, bench: &Bench, load: f64) -> (f64, f64, u32) {
    let jobs = case.hint("min_jobs_for_1pct_at_2se").or(case.hint("min_jobs")).unwrap_or(2e6);
    let warm_up = case.hint("warmup_time").unwrap_or(0.0).max(50.0 / (1.0 - load));
    (bench.size(jobs), bench.size(warm_up).max(10.0), TIMES)
}

fn shared_knowledge(case: &Known, bench: &Bench) -> Result<Found, String> {
    let (servers, load) = (case.number("servers")? as usize, case.number("lambda_per_server")?);
    let policy = match case.model["system"].as_str() {
        Some("jsq") => "LeastConnections(AnyOfThem)".to_string(),
        Some("jiq") => "JoinIdleQueue".to_string(),
        Some("sqd") => format!("PowerOfChoices({})", case.number("d")?),
        _ => return Err("an unknown system".to_string()),
    };
    let size = size(case, bench, load);
    let text = behind(case, bench, &[(servers, 1.0)], &policy, load * servers as f64, size);
    // Poisson arrivals see what there is at any instant.
    let (ran, looks) = bench.sampled(&text, 1.0, |seen| vec![f64::from(seen.inside("s1").contains(&0.0))])?;
    let idle: Vec<f64> = looks.iter().filter_map(|look| look.first().copied()).collect();
    let mean = idle.iter().sum::<f64>() / idle.len() as f64;
    Ok(Found::from([
        ("mean_sojourn", ran.mean(|seen| seen.latency_mean("users"))),
        ("prob_some_server_idle_at_arrival", Answer::Number(Measured::new(mean, &idle))),
    ]))
}

fn unequal_servers(case: &Known, bench: &Bench) -> Result<Found, String> {
    let rates: Vec<f64> = case.list("service_rates")?.iter().filter_map(Value::as_f64).collect();
    let servers: Vec<(usize, f64)> = rates.iter().map(|rate| (1, *rate)).collect();
    let arrivals = case.number("arrival_rate")?;
    let size = size(case, bench, arrivals / rates.iter().sum::<f64>());
    let text = behind(case, bench, &servers, "LeastConnections(AnyOfThem)", arrivals, size);
    let ran = bench.run(&text)?;
    let level = |part: &'static str, name: &'static str| ran.mean(move |seen| seen.level(part, name).0);
    Ok(Found::from([
        ("mean_sojourn", ran.mean(|seen| seen.latency_mean("users"))),
        ("mean_number_server_1", level("s1", "inside")),
        ("mean_number_server_2", level("s2", "inside")),
        ("utilization_server_1", level("s1", "busy")),
        ("utilization_server_2", level("s2", "busy")),
    ]))
}

fn weighted_random(case: &Known, bench: &Bench) -> Result<Found, String> {
    let rates: Vec<f64> = case.list("service_rates")?.iter().filter_map(Value::as_f64).collect();
    let servers: Vec<(usize, f64)> = rates.iter().map(|rate| (1, *rate)).collect();
    let arrivals = case.number("arrival_rate")?;
    let weights = whole(case.list("weights")?);
    let total = weights.iter().sum::<u64>() as f64;
    let busiest = weights.iter().zip(&rates).map(|(weight, rate)| *weight as f64 / total * arrivals / rate);
    let size = size(case, bench, busiest.fold(0.0, f64::max));
    let text = behind(case, bench, &servers, &format!("WeightedRandom({weights:?})"), arrivals, size);
    let ran = bench.run(&text)?;
    let mut found = Found::from([("mean_sojourn", ran.mean(|seen| seen.latency_mean("users")))]);
    let names = ["mean_sojourn_server_1", "mean_sojourn_server_2", "mean_sojourn_server_3"];
    for (at, name) in names.into_iter().enumerate().take(servers.len()) {
        found.insert(name, ran.mean(|seen| seen.response_mean(&format!("s{}", at + 1))));
    }
    Ok(found)
}

fn turns_and_lots(case: &Known, bench: &Bench) -> Result<Found, String> {
    let (servers, load) = (case.number("servers")? as usize, case.number("lambda_per_server")?);
    let run = |policy: &str| -> Result<Ran, String> {
        let size = size(case, bench, load);
        bench.run(&behind(case, bench, &[(servers, 1.0)], policy, load * servers as f64, size))
    };
    let (turns, lots) = (run("RoundRobin")?, run("Random")?);
    Ok(Found::from([
        ("mean_sojourn_round_robin", turns.mean(|seen| seen.latency_mean("users"))),
        ("sojourn_p99_round_robin", turns.latency("users", 0.99)),
        ("mean_sojourn_random", lots.mean(|seen| seen.latency_mean("users"))),
        ("sojourn_p99_random", lots.latency("users", 0.99)),
    ]))
}

/// Servers of the asymptotic cases.
///
/// # Source
/// The cases: 500 or more; the bias of a finite number falls as one over it and grows with load. Measured: with 1000 at
/// load 0.97 and three choices the mean is 2.3 % above the limit, and the share of servers with four jobs 10 %; with
/// 8000 at 0.99 and five choices the latter still 4 %.
const MANY: f64 = 1_000.0;
const MORE: f64 = 8_000.0;
const MOST: f64 = 20_000.0;

fn supermarket(case: &Known, bench: &Bench) -> Result<Found, String> {
    let (load, d) = (case.number("lambda_per_server")?, case.number("d")?);
    let (jobs, warm_up, _) = size(case, bench, load);
    let (policy, servers, jobs, warm_up) = if d == 1.0 {
        // Servers that know nothing of each other: many samples of one queue, as noisy as Whitt's rule says for 1 % at one
        // standard error, and as slow to fill (relaxation time of M/M/1, Cohen 1982, section III.7.3).
        let alone = 2.0 * (1.0 + load) / (load * (1.0 - load) * (1.0 - load) * 1e-4);
        let relaxation = 1.0 / (1.0 - load.sqrt()).powi(2);
        ("Random".to_string(), 200.0, jobs.max(bench.size(alone)), warm_up.max(bench.size(3.0 * relaxation)))
    } else {
        let servers = match load {
            _ if load >= 0.99 => MOST,
            _ if load >= 0.95 => MORE,
            _ => MANY,
        };
        // Noise falls with what is measured; queues are far shorter, and so is the time to fill them.
        let length = 20.0 / (1.0 - load);
        (format!("PowerOfChoices({d})"), servers, jobs.max(bench.size(4.0 * length * servers)), warm_up / 4.0)
    };
    let many = servers as usize;
    // So many servers are many samples each: few replications.
    let text = behind(case, bench, &[(many, 1.0)], &policy, load * servers, (jobs, warm_up, 4));
    let (ran, looks) = bench.sampled(&text, 5.0, |seen| {
        let inside = seen.inside("s1");
        (1..=6)
            .map(|level| inside.iter().filter(|inside| **inside >= f64::from(level)).count() as f64 / servers)
            .collect()
    })?;
    let mut found = Found::from([("mean_sojourn", ran.mean(|seen| seen.latency_mean("users")))]);
    for (level, name) in [
        (1, "fraction_servers_with_ge_1"),
        (2, "fraction_servers_with_ge_2"),
        (3, "fraction_servers_with_ge_3"),
        (4, "fraction_servers_with_ge_4"),
        (6, "fraction_servers_with_ge_6"),
    ] {
        let each: Vec<f64> = looks.iter().filter_map(|look| look.get(level - 1).copied()).collect();
        let mean = each.iter().sum::<f64>() / each.len() as f64;
        found.insert(name, Answer::Number(Measured::new(mean, &each)));
    }
    Ok(found)
}
