//! A thousand instances behind each policy: what a run costs beside one by round robin.

use kneepoint::calls::Simulation;
use kneepoint::engine::SimDuration;
use kneepoint::scenario::{Overrides, Registry, Scenario, plan};

use crate::{print, ratio};

/// By the names they are printed under. Weights and keys are those of `MODEL`.
const POLICIES: [(&str, &str); 28] = [
    ("random", "Random"),
    ("least_time", "LeastTime"),
    ("first", "First"),
    ("join_idle_queue", "JoinIdleQueue"),
    ("power_of_choices", "PowerOfChoices(2)"),
    ("peak_ewma", "PeakEwma()"),
    ("least_connections", "LeastConnections"),
    ("least_connections_rotation", "LeastConnections(ties: Rotation)"),
    ("least_connections_first", "LeastConnections(ties: FirstInList)"),
    ("least_connections_any", "LeastConnections(ties: AnyOfThem)"),
    ("weighted_least_connections", "WeightedLeastConnections(WEIGHTS)"),
    ("weighted_random", "WeightedRandom(WEIGHTS)"),
    ("weighted_round_robin_nginx", "WeightedRoundRobin(WEIGHTS)"),
    ("weighted_round_robin_haproxy", "WeightedRoundRobin(weights: WEIGHTS, order: Haproxy)"),
    ("weighted_round_robin_envoy", "WeightedRoundRobin(weights: WEIGHTS, order: Envoy)"),
    ("static_round_robin", "StaticRoundRobin(WEIGHTS)"),
    ("haproxy_random", "HaproxyRandom(2)"),
    ("key_hash", "KeyHash(\"users\")"),
    ("ketama", "Ketama(\"users\")"),
    ("jump_hash", "JumpHash(\"users\")"),
    ("maglev", "Maglev(\"users\")"),
    ("consistent_hash", "ConsistentHash(key: \"users\", bound: 1.25)"),
    ("haproxy_ring", "HaproxyRing(key: \"users\", bound: 1.5)"),
    ("ip_hash", "IpHash()"),
    ("sticky", "Sticky()"),
    ("subset", "Subset(size: 10)"),
    ("shuffle_shard", "ShuffleShard(size: 4)"),
    ("zone_aware", "ZoneAware()"),
];

/// Instances without a queue of their own, so that nothing but the choice differs.
const MODEL: &str = r#"(
    format: 1,
    title: "A thousand instances",
    run: (duration: "10s", warm_up: "0s", replications: 1),
    keyspaces: { "users": Even(100_000) },
    parts: {
        "clients": OpenClient(to: "lb", rate: "100000/s", users: 100_000, addresses: 10_000),
        "lb": Balancer(to: "web", policy: POLICY),
        "web": Service(instances: 1000, concurrency: Unlimited, does: Compute(Exponential("7ms"))),
    },
)"#;

/// Time that one round simulates: 20 000 requests.
const SPAN: SimDuration = SimDuration::from_millis(200);

const ROUNDS: usize = 9;

/// A run that has come to its steady state.
fn steady(policy: &str) -> Simulation {
    let weights: Vec<u32> = (0..1000).map(|at| 1 + at % 4).collect();
    let text = MODEL.replace("POLICY", policy).replace("WEIGHTS", &format!("{weights:?}"));
    let scenario = Scenario::from_text("policies.ron", &text, None).expect("the file is sound");
    let checked = scenario.check(&Registry::core(), &Overrides::default());
    let checked = checked.unwrap_or_else(|faults| panic!("{policy}: {faults}"));
    let plan = plan(&checked).unwrap_or_else(|faults| panic!("{policy}: {faults}"));
    let mut sim = (plan.build)(1, 0);
    advance(&mut sim);
    sim
}

fn advance(sim: &mut Simulation) {
    sim.run_for(SPAN).expect("no ceiling is near");
}

/// Prints the bars: at least half of the requests a second that round robin has.
pub fn bars() {
    let mut round_robin = steady("RoundRobin");
    for (name, policy) in POLICIES {
        let mut sim = steady(policy);
        let ratio = ratio(ROUNDS, || advance(&mut sim), || advance(&mut round_robin));
        print(&format!("policies_1000_{name}"), ratio, 2.0);
    }
}
