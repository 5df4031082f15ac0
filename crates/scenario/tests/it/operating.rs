//! What an operator would see of gateways, balancers, breakers and time-outs, and could check with a pencil.

use kneepoint_calls::{Attributes, ComponentId, Simulation, Status};
use kneepoint_components::routing::policies::{ConsistentHash, HashModulo, IpHash, Modulo};
use kneepoint_components::routing::{Choice, Member, Members, Policy};
use kneepoint_engine::SimTime;
use kneepoint_random::Stream;
use kneepoint_scenario::plan;
use kneepoint_scenario::plan::Plan;

use crate::routing::{part, run};
use crate::{accepted, shop, warnings};

fn calls(plan: &Plan, sim: &Simulation, name: &str) -> u64 {
    each(plan, sim, name).iter().sum()
}

fn each(plan: &Plan, sim: &Simulation, name: &str) -> Vec<u64> {
    part(plan, name).iter().map(|id| sim.books(*id).calls).collect()
}

/// How many requests of a class of a client ended so.
fn ended(plan: &Plan, sim: &Simulation, client: &str, class: &str, status: Status) -> u64 {
    sim.count(part(plan, client)[0], &format!("ended:{class}:{}", status.name())).unwrap_or(0)
}

fn requests(plan: &Plan, sim: &Simulation, client: &str, class: &str) -> u64 {
    sim.count(part(plan, client)[0], &format!("requests:{class}")).expect("it is counted")
}

fn good(plan: &Plan, sim: &Simulation, client: &str, class: &str) -> u64 {
    Status::ALL.iter().filter(|s| s.is_good()).map(|s| ended(plan, sim, client, class, *s)).sum()
}

/// Mean and p99 of what a client's good requests took \[ms\].
fn latency(plan: &Plan, sim: &Simulation, client: &str, class: &str) -> (f64, f64) {
    let of = sim.samples(part(plan, client)[0], &format!("latency:{class}")).expect("it was answered");
    (of.mean().expect("it was answered") / 1e6, of.quantile(0.99).expect("it was answered") / 1e6)
}

fn middle(plan: &Plan, kind: &str) -> ComponentId {
    plan.middles.iter().find(|middle| middle.kind == kind).expect("it stands there").instances[0]
}

fn planned(text: &str) -> Plan {
    plan(&accepted(text)).unwrap_or_else(|faults| panic!("{faults}"))
}

fn until(sim: &mut Simulation, seconds: f64) {
    sim.run_until(SimTime::from_nanos((seconds * 1e9) as u64)).expect("no limit is met");
}

// ---- gateways ----

#[test]
fn each_route_counts_what_is_asked_of_it_and_without_the_gateway_nobody_is_served() {
    let text = shop(
        r#""all": OpenClient(to: "gateway", rate: "300/s", classes: { "users": (share: 0.5), "orders": (share: 0.3), "payments": (share: 0.2) }),
           "gateway": Gateway(routes: { "users": "user-service", "orders": "order-service", "payments": "payment-service" }),
           "user-service": Service(concurrency: Unlimited, does: Delay("10ms")),
           "order-service": Service(concurrency: Unlimited, does: Delay("20ms")),
           "payment-service": Service(concurrency: Unlimited, does: Delay("30ms"))"#,
        r#"faults: { "down": Crash(on: "gateway", at: "50s", lasts: "10s") }"#,
    );
    let plan = planned(&text);
    let mut sim = (plan.build)(1, 0);
    let services = [("users", "user-service"), ("orders", "order-service"), ("payments", "payment-service")];
    until(&mut sim, 49.999);
    let mut before = 0;
    for (class, service) in services {
        assert_eq!(calls(&plan, &sim, service), requests(&plan, &sim, "all", class), "{class}");
        before += requests(&plan, &sim, "all", class);
    }
    until(&mut sim, 60.0);
    let all = |sim: &Simulation, of: fn(&Plan, &Simulation, &str, &str) -> u64| -> u64 {
        services.iter().map(|(class, _)| of(&plan, sim, "all", class)).sum()
    };
    let lost = all(&sim, |plan, sim, client, class| ended(plan, sim, client, class, Status::Unavailable));
    // All that came in ten seconds, and what was under way when it went down: 300/s of 10 to 30 ms, of which the
    // gateway holds every one.
    let came = all(&sim, requests) - before;
    assert!((came..=came + 15).contains(&lost), "{lost} of {came}");
    let mut later = sim.clone();
    until(&mut later, 100.0);
    let lost_later =
        all(&later, |plan, sim, client, class| ended(plan, sim, client, class, Status::Unavailable));
    assert_eq!(lost_later, lost, "it is back, and all is as before");
}

// ---- choices ----

/// The member that each key gets of so many.
fn owners(mut policy: impl Policy, members: usize, keys: impl Iterator<Item = u64>) -> Vec<Option<usize>> {
    let members = Members::new((0..members).map(|at| Member::at(&format!("10.0.0.{at}:80"))).collect());
    policy.start(&members, Stream::from_key(1));
    let attributes = Attributes::of(1);
    keys.map(|key| {
        let choice =
            Choice { attributes: &attributes, key, now: SimTime::ZERO, members: &members, tried: &[] };
        policy.choose(&choice)
    })
    .collect()
}

/// The share of keys that have another owner.
fn moved(before: &[Option<usize>], after: &[Option<usize>]) -> f64 {
    assert!(before.iter().chain(after).all(Option::is_some));
    before.iter().zip(after).filter(|(a, b)| a != b).count() as f64 / before.len() as f64
}

#[test]
fn one_member_more_moves_most_keys_of_a_modulo_and_few_of_a_ring() {
    // Of numbers that are even over 12, three have the same rest by 3 and by 4; over 20, four by 4 and by 5.
    let networks = || (0..50_000).map(|network| network << 8);
    let (three, four) = (owners(IpHash::new(), 3, networks()), owners(IpHash::new(), 4, networks()));
    assert_eq!(three, owners(IpHash::new(), 3, networks()), "a client keeps its server");
    assert!((moved(&three, &four) - 0.75).abs() < 0.01, "{}", moved(&three, &four));
    let keys = || 0..50_000;
    let modulo = |members| owners(HashModulo::new(Modulo::Nginx), members, keys());
    let share = moved(&modulo(4), &modulo(5));
    assert!((share - 0.8).abs() < 0.01, "{share}");
    let ring = |members| owners(ConsistentHash::new(150), members, keys());
    let (four, five) = (ring(4), ring(5));
    // 150 points of five members: the fifth has a fifth of the circle to within 8 % of it, three times.
    let share = moved(&four, &five);
    assert!((share - 0.2).abs() < 3.0 * 0.2 * 0.08, "{share}");
    assert!(
        four.iter().zip(&five).all(|(a, b)| a == b || *b == Some(4)),
        "and none moves between the others"
    );
}

#[test]
fn weights_are_exact_in_every_round_and_backups_get_nothing() {
    for (weights, spare) in [(vec![5_u64, 3, 2], 0), (vec![5, 5, 3], 2), (vec![3, 2, 1], 1)] {
        let round: u64 = weights.iter().sum();
        let backups = if spare > 0 { r#"backups: ["spare"], "# } else { "" };
        let text = shop(
            &format!(
                r#""all": OpenClient(to: "lb", rate: "{round}/s", arrivals: Constant),
                   "lb": Balancer(to: "web", {backups}policy: WeightedRoundRobin(weights: {weights:?}, order: Nginx), health: [Passive(failures: 1, window: "1s", out_for: "1h")], next: (tries: 3)),
                   "web": Service(instances: {}, concurrency: Unlimited, does: Delay("1ms")),
                   "spare": Service(instances: {}, concurrency: Unlimited, does: Delay("1ms"))"#,
                weights.len(),
                spare.max(1),
            ),
            r#"faults: { "gone": Crash(on: "web", at: "100s") }"#,
        );
        let plan = planned(&text);
        let mut sim = (plan.build)(1, 0);
        let mut before = vec![0; weights.len()];
        // Arrivals are 1/round apart, so that a second has all of a round.
        for second in 1..=20 {
            until(&mut sim, f64::from(second) + 0.5 / round as f64);
            let now = each(&plan, &sim, "web");
            let came: Vec<u64> = now.iter().zip(&before).map(|(now, before)| now - before).collect();
            if came.iter().sum::<u64>() == round {
                assert_eq!(came, weights, "in second {second}");
            }
            before = now;
        }
        assert!(before.iter().sum::<u64>() >= 19 * round, "{before:?}");
        assert_eq!(calls(&plan, &sim, "spare"), 0);
        until(&mut sim, 100.5);
        let last = calls(&plan, &sim, "web");
        until(&mut sim, 200.5);
        if spare > 0 {
            let spares = each(&plan, &sim, "spare");
            assert!(spares.iter().sum::<u64>() >= 100 * round - 1, "{spares:?}");
            assert!(spares.iter().all(|calls| calls.abs_diff(spares[0]) <= 1), "{spares:?}");
            // Each member is tried a last time.
            assert!(calls(&plan, &sim, "web") - last <= weights.len() as u64);
        }
    }
}

#[test]
fn under_stickiness_a_new_server_gets_no_old_session() {
    // What the fourth server has served before new users come, and of what they ask; it comes after the sessions.
    let of = |policy: &str| {
        let text = shop(
            &format!(
                r#""old": OpenClient(to: "lb", rate: "100/s", users: 100),
                   "new": OpenClient(to: "lb", rate: Steps({{ "0s": "0/s", "350s": "100/s" }}), users: 100),
                   "lb": Balancer(to: "web", policy: {policy}, health: [Active(every: "1s", fall: 1, rise: 1)]),
                   "web": Service(instances: 4, concurrency: Unlimited, does: Compute("1ms"))"#
            ),
            r#"faults: { "later": Crash(on: "web/3", at: "0s", lasts: "100s") }"#,
        );
        let plan = planned(&text);
        let mut sim = (plan.build)(1, 0);
        let served = |sim: &Simulation| {
            // Checks are no work, and are not counted here.
            sim.samples(part(&plan, "web")[3], "service").map_or(0, |all| all.count()) as f64
        };
        until(&mut sim, 210.0);
        let (first, asked) = (served(&sim), requests(&plan, &sim, "old", "default"));
        until(&mut sim, 350.0);
        let (old, asked) = (served(&sim), requests(&plan, &sim, "old", "default") - asked);
        until(&mut sim, 550.0);
        let new = served(&sim) - old;
        ([first, (old - first) / asked as f64], new / requests(&plan, &sim, "new", "default") as f64)
    };
    let (old, new) = of("Sticky()");
    assert_eq!(old, [0.0, 0.0]);
    // Round robin over 100 new users: 25 of them, whose requests are a quarter up to chance.
    assert!((new - 0.25).abs() < 0.01, "{new}");
    let (old, _) = of("RoundRobin");
    assert!((old[0] - 109.0 * 25.0).abs() < 150.0 && (old[1] - 0.25).abs() < 0.01, "{old:?}");
    // Sessions that end are given out anew: after one lifetime all is even.
    let (old, _) = of(r#"Sticky(lifetime: "100s")"#);
    assert!((old[1] - 0.25).abs() < 0.02, "{old:?}");
}

#[test]
fn few_clients_who_ask_much_spoil_stickiness() {
    let of = |policy: &str| {
        let text = shop(
            &format!(
                r#""heavy": OpenClient(to: "lb", rate: "60/s", users: 10),
                   "light": OpenClient(to: "lb", rate: "40/s", users: 90),
                   "lb": Balancer(to: "web", policy: {policy}),
                   "web": Service(instances: 4, concurrency: Servers(1), does: Compute("30ms"))"#
            ),
            "",
        );
        let (plan, sim) = run(&text, 500);
        let each = each(&plan, &sim, "web");
        let mean = each.iter().sum::<u64>() as f64 / 4.0;
        let most = each.iter().copied().max().expect("there are four") as f64;
        (most / mean, latency(&plan, &sim, "light", "default").1)
    };
    let (even, fast) = of("RoundRobin");
    let (uneven, slow) = of("Sticky()");
    assert!(even < 1.001, "{even}");
    // Ten heavy users on four servers: at least three of them on one, which has 18 + 10 of 100/s instead of 25.
    assert!(uneven > 1.1, "{uneven}");
    assert!(slow > 1.2 * fast, "p99 of those who ask little: {slow} ms instead of {fast} ms");
}

#[test]
fn what_a_choice_costs_is_seen_at_idle_and_paid_back_under_load() {
    let text = |policy: &str, overhead: u32, rate: u32, service: &str| {
        shop(
            &format!(
                r#""all": OpenClient(to: "lb", rate: "{rate}/s", users: 50),
                   "lb": Balancer(to: "web", policy: {policy}, overhead: "{overhead}ms"),
                   "web": Service(instances: 4, concurrency: Servers(1), does: Compute({service}))"#
            ),
            "",
        )
    };
    for (policy, overhead) in [("RoundRobin", 1), ("LeastConnections", 2), ("IpHash", 1)] {
        let idle =
            text(policy, overhead, 1, "\"20ms\"").replace("users: 50", "users: 50, arrivals: Constant");
        let (plan, sim) = run(&idle, 100);
        assert_eq!(latency(&plan, &sim, "all", "default").0, 20.0 + f64::from(overhead), "{policy}");
    }
    let mean = |policy: &str, overhead: u32, rate: u32| {
        let (plan, sim) = run(&text(policy, overhead, rate, "Exponential(\"20ms\")"), 400);
        latency(&plan, &sim, "all", "default").0
    };
    // At a tenth of the load a millisecond more is a millisecond more; at nine tenths it is nothing beside the queue.
    let dearer = mean("LeastConnections", 2, 20) - mean("RoundRobin", 1, 20);
    assert!((0.0..1.0).contains(&dearer), "{dearer} ms");
    let saved = mean("RoundRobin", 1, 180) - mean("LeastConnections", 2, 180);
    assert!(saved > 20.0, "{saved} ms");
}

#[test]
fn a_new_instance_gets_calls_when_it_has_been_discovered_and_finds_a_place() {
    let text = |instances: u32, discovery: &str, fault: &str, edge: bool| {
        let (lb, edges) = match edge {
            true => (
                "Proxy(to: \"web\")".to_string(),
                format!("\"lb -> web\": (via: [Balance(discovery: {discovery})])"),
            ),
            false => (format!("Balancer(to: \"web\", discovery: {discovery})"), String::new()),
        };
        shop(
            &format!(
                r#""all": OpenClient(to: "lb", rate: "100/s", arrivals: Constant), "lb": {lb},
                   "web": Service(instances: {instances}, concurrency: Unlimited, does: Delay("1ms"))"#
            ),
            &format!("edges: {{ {edges} }}, faults: {{ \"away\": {fault} }}"),
        )
    };
    for edge in [false, true] {
        // Ten slots for eleven; at 103 s one of them is gone, which is asked for at 105 s and known at 107 s.
        let plan = planned(&text(
            11,
            r#"(delay: "2s", ttl: "5s", slots: 10)"#,
            r#"Crash(on: "web/4", at: "103s")"#,
            edge,
        ));
        let mut sim = (plan.build)(1, 0);
        until(&mut sim, 103.0);
        let ten = each(&plan, &sim, "web");
        assert_eq!(ten[10], 0);
        assert!(ten[..10].iter().all(|calls| calls.abs_diff(1_030) <= 1), "{ten:?}");
        until(&mut sim, 106.99);
        assert_eq!(each(&plan, &sim, "web")[10], 0);
        // A tenth of 100/s goes to the one that is gone until then.
        let lost = ended(&plan, &sim, "all", "default", Status::Unavailable);
        assert!((39..=41).contains(&lost), "{lost}");
        until(&mut sim, 207.0);
        let calls = each(&plan, &sim, "web");
        assert!(calls[10].abs_diff(1_000) <= 2, "{calls:?}");
        assert!(ended(&plan, &sim, "all", "default", Status::Unavailable) <= lost + 1);
        // One that comes back finds its place taken.
        let plan = planned(&text(
            11,
            r#"(ttl: "5s", slots: 10)"#,
            r#"Crash(on: "web/4", at: "103s", lasts: "20s")"#,
            edge,
        ));
        let mut sim = (plan.build)(1, 0);
        until(&mut sim, 106.0);
        let left = each(&plan, &sim, "web")[4];
        until(&mut sim, 200.0);
        assert_eq!(each(&plan, &sim, "web")[4], left);
        // A fourth that comes at 101 s has a share from the next question on, and what that takes.
        let plan = planned(&text(
            4,
            r#"(delay: "2s", ttl: "5s")"#,
            r#"Crash(on: "web/3", at: "1s", lasts: "100s")"#,
            edge,
        ));
        let mut sim = (plan.build)(1, 0);
        until(&mut sim, 7.01);
        let before = each(&plan, &sim, "web")[3];
        until(&mut sim, 106.99);
        assert_eq!(each(&plan, &sim, "web")[3], before, "not yet");
        until(&mut sim, 127.0);
        let came = each(&plan, &sim, "web")[3] - before;
        assert!(came.abs_diff(500) <= 2, "a quarter of 20 s: {came}");
    }
}

// ---- several layers, several balancers ----

#[test]
fn layers_add_their_times_and_hide_what_fails_behind_them() {
    let text = |fault: &str| {
        shop(
            r#""all": OpenClient(to: "dns", rate: "200/s", users: 100, connection: (lifetime: "1h", handshake: "30ms")),
               "dns": Dns(to: ["l4"], ttl: "1h"),
               "l4": Balancer(to: "l7", layer: L4, overhead: "1ms", health: [Active(every: "1s", fall: 1, timeout: "100ms")]),
               "l7": Balancer(instances: 2, to: "web", overhead: "2ms"),
               "web": Service(instances: 4, concurrency: Unlimited, does: Delay("10ms"))"#,
            &format!(
                r#"edges: {{ "all -> dns": (round_trip: "20ms"), "l4 -> l7": (round_trip: "4ms") }}, faults: {{ {fault} }}"#
            ),
        )
    };
    let (plan, sim) = run(&text(""), 300);
    let of = sim.samples(part(&plan, "all")[0], "latency:default").expect("it was answered");
    // Each layer's time, and the wire between; who is first to ask for the name and to connect pays for both.
    assert_eq!(of.min(), Some(17_000_000));
    assert!((of.quantile(0.5).expect("there are some") / 17e6 - 1.0).abs() < 0.01);
    assert!(of.max().expect("there are some") >= 17_000_000 + 20_000_000 + 30_000_000);
    let opened: u64 = part(&plan, "l4").iter().filter_map(|id| sim.count(*id, "chosen anew")).sum();
    assert_eq!(opened, 100);
    // One of two nodes of layer 7 is gone for good: half of the connections break, which their users see when they use them.
    let (plan, mut sim) = {
        let plan = planned(&text(r#""gone": Crash(on: "l7/0", at: "100s")"#));
        let sim = (plan.build)(1, 0);
        (plan, sim)
    };
    // What fails is what was under way there, and of those 50 users, who ask 2/s each and connect anew, every other one who
    // gets the dead node again: until a check has found out, within 1.1 s.
    until(&mut sim, 110.0);
    let failed = ended(&plan, &sim, "all", "default", Status::Unavailable);
    let most = 200.0 / 2.0 * 0.017 + 50.0 * 2.0 * 1.1 / 2.0;
    assert!(failed > 0 && (failed as f64) < most + 4.0 * f64::sqrt(most), "{failed}");
    until(&mut sim, 300.0);
    assert_eq!(ended(&plan, &sim, "all", "default", Status::Unavailable), failed, "nobody sees it any more");
}

#[test]
fn of_two_balancers_one_may_die_and_half_of_the_load_fails_until_it_is_found_out() {
    let text = shop(
        r#""all": OpenClient(to: "lb", rate: "100/s", arrivals: Constant),
           "lb": Balancer(instances: 2, to: "web"),
           "web": Service(instances: 4, concurrency: Unlimited, does: Delay("10ms"))"#,
        r#"edges: { "all -> lb": (via: [Balance(health: [Active(every: "4s", fall: 1)])]) },
           faults: { "one": Crash(on: "lb/any", at: "100s") }"#,
    );
    let plan = planned(&text);
    let mut windows = Vec::new();
    for replication in 0..50 {
        let mut sim = (plan.build)(1, replication);
        until(&mut sim, 200.0);
        let up = sim.level(middle(&plan, "Balance"), "up").expect("it keeps it");
        // It sees two, and one when it has found out.
        let found_out = up.integral(sim.now().as_nanos()) / 1e9 - 200.0 - 100.0;
        let failed = ended(&plan, &sim, "all", "default", Status::Unavailable) as f64;
        // Every other call, of 100/s; and the one that was under way.
        assert!((failed - 50.0 * found_out).abs() <= 2.0, "{failed} in {found_out} s");
        windows.push(found_out);
    }
    assert!(windows.iter().all(|window| (0.0..=4.0).contains(window)), "{windows:?}");
    let mean = windows.iter().sum::<f64>() / 50.0;
    assert!((mean - 2.0).abs() < 3.0 * 4.0 / 12_f64.sqrt() / 50_f64.sqrt(), "{mean}");
}

// ---- health ----

#[test]
fn a_server_that_is_gone_is_found_out_after_half_an_interval_in_the_mean_and_a_time_out_more_if_it_hangs() {
    const TIMES: u64 = 200;
    for (fault, more) in [("Crash", 0.0), ("Hang", 2.0)] {
        let text = shop(
            r#""all": OpenClient(to: "lb", rate: "20/s", arrivals: Constant),
               "lb": Balancer(to: "web", health: [Active(every: "5s", timeout: "2s", fall: 1)]),
               "web": Service(instances: 2, concurrency: Unlimited, does: Delay("1ms"))"#,
            &format!(r#"faults: {{ "gone": {fault}(on: "web/any", at: "20s") }}"#),
        );
        let plan = planned(&text);
        let mut sum = 0.0;
        for replication in 0..TIMES {
            let mut sim = (plan.build)(1, replication);
            until(&mut sim, 40.0);
            let lb = part(&plan, "lb")[0];
            let up = sim.level(lb, "up").expect("it keeps it").integral(sim.now().as_nanos()) / 1e9;
            let found_out = up - 40.0 - 20.0;
            assert!((more..=5.0 + more).contains(&found_out), "{fault}: {found_out}");
            // Half of 20/s goes there until then, and nothing after.
            let lost = match fault {
                "Crash" => ended(&plan, &sim, "all", "default", Status::Unavailable),
                _ => requests(&plan, &sim, "all", "default") - good(&plan, &sim, "all", "default"),
            };
            assert!((lost as f64 - 10.0 * found_out).abs() <= 2.0, "{fault}: {lost} in {found_out} s");
            sum += found_out;
        }
        let mean = sum / TIMES as f64;
        let error = 5.0 / 12_f64.sqrt() / (TIMES as f64).sqrt();
        assert!((mean - 2.5 - more).abs() < 3.0 * error, "{fault}: {mean} s");
    }
}

#[test]
fn three_failures_in_thirty_seconds_are_all_that_a_dead_server_costs() {
    let text = shop(
        r#""all": OpenClient(to: "lb", rate: "90/s"),
           "lb": Balancer(to: "web", health: [Passive(failures: 3, window: "30s", out_for: "30s")]),
           "web": Service(instances: 3, concurrency: Unlimited, does: Delay("1ms"))"#,
        r#"faults: { "dead": Crash(on: "web/0", at: "0s") }"#,
    );
    let (plan, sim) = run(&text, 3_000);
    let failed = ended(&plan, &sim, "all", "default", Status::Unavailable);
    let all = requests(&plan, &sim, "all", "default");
    assert!((50..=300).contains(&failed), "{failed} in a hundred times thirty seconds");
    assert!(failed as f64 <= 0.0012 * all as f64, "{failed} of {all}");
}

#[test]
fn another_member_answers_for_one_that_always_fails() {
    let of = |policy: &str, care: &str| {
        let text = shop(
            &format!(
                r#""all": OpenClient(to: "lb", rate: "300/s"),
                   "lb": Balancer(to: ["bad", "good"], policy: {policy}, next: (tries: 2, on: [Failed]){care}),
                   "bad": Service(concurrency: Unlimited, does: Fail("100%")),
                   "good": Service(instances: 2, concurrency: Unlimited, does: Delay("1ms"))"#
            ),
            "",
        );
        let (plan, sim) = run(&text, 100);
        let all = requests(&plan, &sim, "all", "default");
        assert_eq!(ended(&plan, &sim, "all", "default", Status::Failed), 0, "{policy}");
        (calls(&plan, &sim, "bad") + calls(&plan, &sim, "good")) as f64 / all as f64
    };
    // A third of the first tries, by chance.
    let error = (2.0 / 9.0 / 30_000_f64).sqrt();
    assert!((of("Random", "") - 4.0 / 3.0).abs() < 3.0 * error);
    // With one turn for all, the second try takes one too. By hand: a request is tried at the bad one, then at the first
    // good one; the next request at the second good one, and it is the bad one's turn again. Three tries for two requests.
    assert!((of("RoundRobin", "") - 1.5).abs() < 0.001);
    // nginx counts nobody's turn who was tried already (`ngx_http_upstream_get_peer` skips those before it adds their
    // weight), so that the bad one gets its third of first tries and no more. By hand, with what each has saved up: bad
    // (-2, 1, 1) and for the second try first good (-2, 0, 2); second good (-1, 1, 0); first (0, -1, 1); second (1, 0, -1);
    // bad again, and so on: a loop of 300 000 requests outside of this gave 1.3333.
    assert!((of("WeightedRoundRobin([1, 1, 1])", "") - 4.0 / 3.0).abs() < 0.001);
    let ejected =
        of("Random", r#", health: [Passive(failures: 1, window: "10s", out_for: "1h", on: [Failed])]"#);
    assert!(ejected < 1.001, "{ejected}");
}

#[test]
fn while_one_server_lives_everything_is_answered() {
    let text = shop(
        r#""all": OpenClient(to: "lb", rate: "100/s"),
           "lb": Balancer(preset: "haproxy", to: "web", next: (tries: 3, same: 1, wait: "1s", on: [Unavailable])),
           "web": Service(instances: 3, concurrency: Unlimited, does: Delay("20ms"))"#,
        r#"faults: { "one": Crash(on: "web/0", at: "20s"), "two": Crash(on: "web/1", at: "40s") }"#,
    );
    let (plan, sim) = run(&text, 100);
    let (all, ok) =
        (requests(&plan, &sim, "all", "default"), ended(&plan, &sim, "all", "default", Status::Ok));
    assert!(all - ok <= 5, "those under way: {ok} of {all}");
    assert_eq!(ended(&plan, &sim, "all", "default", Status::Unavailable), 0);
}

// ---- time-outs and bounds ----

#[test]
fn a_server_that_hangs_holds_what_comes_within_the_time_out() {
    let text = shop(
        r#""all": OpenClient(to: "proxy", rate: "10/s", arrivals: Constant),
           "proxy": Proxy(to: "web"),
           "web": Service(concurrency: Unlimited, does: Delay("1ms"))"#,
        r#"edges: { "proxy -> web": (via: [Timeout("60s")]) }, faults: { "hangs": Hang(on: "web", at: "0s") }"#,
    );
    let plan = planned(&text);
    let mut sim = (plan.build)(1, 0);
    until(&mut sim, 60.05);
    let held = sim.inside()[part(&plan, "proxy")[0].index()].calls;
    assert!((599..=601).contains(&held), "{held}");
    assert_eq!(ended(&plan, &sim, "all", "default", Status::Timeout), 0);
    until(&mut sim, 70.05);
    let late = ended(&plan, &sim, "all", "default", Status::Timeout);
    assert!((99..=101).contains(&late), "{late}");
    let in_flight = sim.level(part(&plan, "all")[0], "in_flight").expect("it is kept").max();
    assert!((599.0..=601.0).contains(&in_flight), "{in_flight}");
}

#[test]
fn nobody_waits_longer_in_a_balancers_line_than_its_patience() {
    let text = shop(
        r#""all": OpenClient(to: "lb", rate: "30/s"),
           "lb": Balancer(to: "web", max_per_member: 10, queue: (max: 100000, patience: "60s")),
           "web": Service(instances: 2, concurrency: Unlimited, does: Delay("1s"))"#,
        "",
    )
    .replace("10min", "30min");
    let (plan, sim) = run(&text, 1_800);
    let client = part(&plan, "all")[0];
    let most = |series: &str| {
        sim.samples(client, series).and_then(|all| all.max()).expect("there are some") as f64 / 1e9
    };
    assert!((60.5..=61.0).contains(&most("latency:default")), "{}", most("latency:default"));
    assert_eq!(most("latency_failed:default"), 60.0);
    let served = good(&plan, &sim, "all", "default") as f64 / 1_800.0;
    assert!((served - 20.0).abs() < 0.1, "what two times ten do in a second: {served}");
}

#[test]
fn a_bound_on_connections_bounds_throughput_by_littles_law() {
    let of = |queue: &str| {
        let text = shop(
            &format!(
                r#""all": OpenClient(to: "lb", rate: "6000/s", arrivals: Constant),
                   "lb": Balancer(to: "web", max_connections: 10000{queue}),
                   "web": Service(concurrency: Unlimited, does: Delay("2s"))"#
            ),
            "",
        );
        let (plan, sim) = run(&text, 22);
        (good(&plan, &sim, "all", "default") as f64, ended(&plan, &sim, "all", "default", Status::Rejected))
    };
    // 10 000 of 2 s each, over the 20 s in which they end.
    let (served, refused) = of(", queue: (max: 0)");
    assert!((served / 20.0 - 5_000.0).abs() < 5.0 && refused > 19_000, "{served} {refused}");
    let (served, refused) = of("");
    assert!((served / 20.0 - 5_000.0).abs() < 5.0 && refused == 0, "{served} {refused}");
}

#[test]
fn a_time_out_that_many_do_not_make_is_load() {
    let of = |after: &str| {
        let text = shop(
            r#""all": OpenClient(to: "web", rate: "1000/s"),
               "web": Service(concurrency: Unlimited, does: Delay(Exponential("100ms")))"#,
            &format!(r#"edges: {{ "all -> web": (via: [Retry(3), Timeout("{after}")]) }}"#),
        );
        let (plan, sim) = run(&text, 100);
        calls(&plan, &sim, "web") as f64 / requests(&plan, &sim, "all", "default") as f64
    };
    // 1 + p + p^2 + p^3 tries, of which a share p takes longer: half at the median, a hundredth at p99.
    assert!((of("69.3147ms") - 1.875).abs() < 0.02, "{}", of("69.3147ms"));
    assert!((of("460.517ms") - 1.0101).abs() < 0.002, "{}", of("460.517ms"));
}

// ---- breakers, bulkheads, fallbacks ----

#[test]
fn a_breaker_opens_three_and_a_half_seconds_after_the_first_time_out_of_what_hangs() {
    let text = shop(
        r#""all": OpenClient(to: "web", rate: "50/s", arrivals: Constant),
           "web": Service(concurrency: Unlimited, does: Delay("1ms"))"#,
        r#"edges: { "all -> web": (via: [Breaker(trip: Rate(failures: "50%", window: "10s", buckets: 1000, at_least: 5), open: "30s"), Timeout("3s")]) },
           faults: { "hangs": Hang(on: "web", at: "20s", lasts: "15s") }"#,
    );
    let plan = planned(&text);
    let mut sim = (plan.build)(1, 0);
    let breaker = middle(&plan, "Breaker");
    let count = |sim: &Simulation, name: &str| sim.count(breaker, name).unwrap_or(0);
    let late = |sim: &Simulation| ended(&plan, sim, "all", "default", Status::Timeout);
    until(&mut sim, 22.99);
    assert_eq!(late(&sim), 0);
    until(&mut sim, 23.05);
    assert!((1..=3).contains(&late(&sim)), "the first after 3 s");
    // Of ten seconds 10 - t brought good answers and t - 3 none: as many after 6.5.
    until(&mut sim, 26.45);
    assert_eq!(count(&sim, "opened"), 0);
    let held = sim.inside()[breaker.index()].calls;
    assert!((149..=151).contains(&held), "{held}");
    until(&mut sim, 26.6);
    assert_eq!(count(&sim, "opened"), 1);
    // What it let through before times out; what comes is refused at once.
    until(&mut sim, 56.4);
    let refused = ended(&plan, &sim, "all", "default", Status::Refused) as f64;
    assert!((refused - 50.0 * 29.9).abs() < 10.0, "{refused}");
    assert_eq!(count(&sim, "probes"), 0);
    until(&mut sim, 57.0);
    assert_eq!((count(&sim, "probes"), count(&sim, "opened")), (1, 1));
    assert_eq!(sim.level(breaker, "open").expect("it keeps it").value(), 0.0);
    let closed = ended(&plan, &sim, "all", "default", Status::Refused);
    until(&mut sim, 100.0);
    assert_eq!(ended(&plan, &sim, "all", "default", Status::Refused), closed);
}

#[test]
fn a_count_of_failures_that_success_does_not_reset_opens_for_ever() {
    let of = |trip: &str| {
        let text = shop(
            r#""all": OpenClient(to: "web", rate: "100/s"),
               "web": Service(concurrency: Unlimited, does: Fail("1%"))"#,
            &format!(r#"edges: {{ "all -> web": (via: [Breaker(trip: {trip}, open: "60s")]) }}"#),
        )
        .replace("10min", "3h");
        let (plan, sim) = run(&text, 9_750);
        let share =
            good(&plan, &sim, "all", "default") as f64 / requests(&plan, &sim, "all", "default") as f64;
        (share, sim.count(middle(&plan, "Breaker"), "opened").expect("it counts"))
    };
    // One failure a second: 5 s closed, 60 s open. A hundred and fifty times; each closed time has a deviation of 2.2 s.
    let (share, opened) = of("Count(failures: 5, success_resets: false)");
    let exact = 0.99 * 5.0 / 65.0;
    assert!((share / exact - 1.0).abs() < 3.0 * 2.24 / 5.0 / 150_f64.sqrt(), "{share} is not {exact}");
    assert!((opened as f64 - 150.0).abs() < 10.0, "{opened}");
    let (share, opened) = of(r#"Rate(failures: "50%", window: "10s", at_least: 20)"#);
    assert!((share - 0.99).abs() < 0.001 && opened == 0, "{share} {opened}");
}

#[test]
fn a_breaker_for_each_route_keeps_the_others_and_one_for_all_takes_them_along() {
    let of = |door: &str, edges: &str, fault: &str| {
        let text = shop(
            &format!(
                r#""all": OpenClient(to: "gateway", rate: "300/s", classes: {{ "users": (share: 0.34), "orders": (share: 0.33), "payments": (share: 0.33) }}),
                   "gateway": Gateway({door}routes: {{ "users": "u", "orders": "o", "payments": "p" }}),
                   "u": Service(concurrency: Unlimited, does: Delay(Exponential("10ms"))),
                   "o": Service(concurrency: Unlimited, does: Delay(Exponential("10ms"))),
                   "p": Service(concurrency: Unlimited, does: Delay(Exponential("10ms")))"#
            ),
            &format!(r#"edges: {{ {edges} }}, faults: {{ {fault} }}"#),
        );
        let (plan, sim) = run(&text, 200);
        ["users", "orders", "payments"].map(|class| {
            let share = good(&plan, &sim, "all", class) as f64 / requests(&plan, &sim, "all", class) as f64;
            (share, latency(&plan, &sim, "all", class).1)
        })
    };
    let breaker = r#"Breaker(trip: Rate(failures: "25%", window: "10s", at_least: 20), open: "30s")"#;
    let edge = |to: &str| format!(r#""gateway -> {to}": (via: [{breaker}, Timeout("1s")])"#);
    let own = [edge("u"), edge("o"), edge("p")].join(", ");
    let hang = r#""hangs": Hang(on: "p", at: "10s")"#;
    let calm = of("", &own, "");
    let apart = of("", &own, hang);
    for (calm, apart) in calm.iter().zip(&apart).take(2) {
        assert_eq!(apart.0, calm.0);
        assert!((apart.1 / calm.1 - 1.0).abs() < 0.05, "p99: {} ms instead of {} ms", apart.1, calm.1);
    }
    assert!(apart[2].0 < 0.06, "payments are gone after 10 of 200 s: {}", apart[2].0);
    let waits = r#""gateway -> u": (via: [Timeout("1s")]), "gateway -> o": (via: [Timeout("1s")]), "gateway -> p": (via: [Timeout("1s")])"#;
    let shared = of(&format!("via: [{breaker}], "), waits, hang);
    assert!(shared.iter().all(|(share, _)| *share < 0.5), "{shared:?}");
}

#[test]
fn a_leaf_that_hangs_takes_all_threads_of_its_callers_unless_a_breaker_stands_between() {
    let plan_of = |via: &str| {
        planned(&shop(
            r#""all": OpenClient(to: "front", rate: "100/s", arrivals: Constant, classes: { "slow": (share: 0.5), "plain": (share: 0.5) }),
               "front": Service(concurrency: Threads(200), queue: 50, operations: { "slow": Call("leaf"), "plain": Delay("5ms") }),
               "leaf": Service(concurrency: Unlimited, does: Delay("5ms"))"#,
            &format!(
                r#"edges: {{ "front -> leaf": (via: [{via}]) }}, faults: {{ "hangs": Hang(on: "leaf", at: "10s") }}"#
            ),
        ))
    };
    // 50/s take a thread each and give none back: 200 are gone after 4 s, and then so is everybody.
    let plan = plan_of("");
    let mut sim = (plan.build)(1, 0);
    let threads =
        |sim: &Simulation| sim.level(part(&plan, "front")[0], "threads").expect("it keeps it").value();
    until(&mut sim, 13.0);
    assert!(threads(&sim) < 190.0, "{}", threads(&sim));
    let before = good(&plan, &sim, "all", "plain");
    assert_eq!(ended(&plan, &sim, "all", "plain", Status::Rejected), 0);
    until(&mut sim, 15.0);
    assert_eq!(threads(&sim), 200.0);
    let served = good(&plan, &sim, "all", "plain");
    assert!(served - before < 80, "a second's worth: {}", served - before);
    until(&mut sim, 100.0);
    assert_eq!(good(&plan, &sim, "all", "plain"), served, "nobody is served any more");
    // With one, only the slow ones fail.
    let plan = plan_of(r#"Breaker(trip: Count(10), open: "10s"), Timeout("1s")"#);
    let mut sim = (plan.build)(1, 0);
    until(&mut sim, 100.0);
    assert_eq!(requests(&plan, &sim, "all", "plain") - good(&plan, &sim, "all", "plain"), 0);
    let slow = good(&plan, &sim, "all", "slow") as f64 / requests(&plan, &sim, "all", "slow") as f64;
    assert!(slow < 0.12, "{slow}");
}

#[test]
fn without_replicas_all_reads_come_to_the_primary() {
    let of = |servers: u32| {
        let text = shop(
            &format!(
                r#""all": OpenClient(to: "app", rate: "500/s", classes: {{ "read": (share: 0.8), "write": (share: 0.2) }}),
                   "app": Service(concurrency: Unlimited, operations: {{ "read": Call("replica"), "write": Call("primary") }}),
                   "replica": Service(instances: 3, concurrency: Servers(4), does: Compute(Exponential("10ms"))),
                   "primary": Service(concurrency: Servers({servers}), queue: 100, does: Compute(Exponential("10ms")))"#
            ),
            r#"edges: { "app -> replica": (via: [Fallback(to: "primary")]) }, faults: { "gone": Crash(on: "replica", at: "100s") }"#,
        );
        let plan = planned(&text);
        let mut sim = (plan.build)(1, 0);
        until(&mut sim, 100.0);
        let before = calls(&plan, &sim, "primary") as f64 / 100.0;
        until(&mut sim, 200.0);
        let after = calls(&plan, &sim, "primary") as f64 / 100.0 - before;
        let failed: u64 =
            ["read", "write"].map(|class| ended(&plan, &sim, "all", class, Status::Rejected)).iter().sum();
        (after / before, failed as f64 / (100.0 * 500.0))
    };
    let (jump, failed) = of(8);
    assert!((jump - 5.0).abs() < 0.3 && failed == 0.0, "{jump} {failed}");
    // Room for 200 of 500/s: the writes, which were fine before, fail with the reads.
    let (jump, failed) = of(2);
    assert!((jump - 5.0).abs() < 0.3 && (failed - 0.6).abs() < 0.02, "{jump} {failed}");
}

#[test]
fn without_an_optional_part_answers_are_degraded_and_none_fails() {
    let text = shop(
        r#""all": OpenClient(to: "page", rate: "100/s"),
           "page": Service(concurrency: Unlimited, does: [Call("core"), Call("extra")]),
           "core": Service(concurrency: Unlimited, does: Delay("10ms")),
           "extra": Service(concurrency: Unlimited, does: Delay("10ms"))"#,
        r#"edges: { "page -> extra": (via: [Fallback(status: Degraded)]) }, faults: { "down": Crash(on: "extra", at: "100s", lasts: "50s") }"#,
    );
    let (plan, sim) = run(&text, 200);
    let all = good(&plan, &sim, "all", "default") as f64;
    assert_eq!(sim.outcomes(part(&plan, "all")[0]).ended.iter().sum::<u64>() as f64, all);
    let degraded = ended(&plan, &sim, "all", "default", Status::Degraded) as f64 / all;
    // A quarter of the time, and two that were under way.
    assert!((degraded - 0.25).abs() < 4.0 * (0.25 * 0.75 / all).sqrt(), "{degraded}");
}

#[test]
fn a_producer_that_is_held_back_goes_at_the_pace_of_its_consumer() {
    // One that would make 150/s, of which 100/s can be taken: either it waits, or a third is turned away.
    let waits = shop(
        r#""producer": ClosedClient(to: "consumer", users: 30, think: "150ms"),
           "consumer": Service(concurrency: Servers(1), queue: 30, does: Compute("10ms"))"#,
        "",
    );
    let (plan, sim) = run(&waits, 100);
    let pace = good(&plan, &sim, "producer", "default") as f64 / 100.0;
    assert!((pace - 100.0).abs() < 0.5, "{pace}");
    let open = shop(
        r#""producer": OpenClient(to: "consumer", rate: "150/s", arrivals: Constant),
           "consumer": Service(concurrency: Servers(1), queue: 30, does: Compute("10ms"))"#,
        "",
    );
    let (plan, sim) = run(&open, 100);
    let turned_away = ended(&plan, &sim, "producer", "default", Status::Rejected) as f64;
    let share = turned_away / requests(&plan, &sim, "producer", "default") as f64;
    assert!((share - 1.0 / 3.0).abs() < 0.005, "{share}");
}

#[test]
fn calls_that_hold_all_of_a_pool_and_want_more_of_it_stand_still_and_are_named_before() {
    let front = |fragments: &str, more: &str| {
        shop(
            &format!(
                r#""all": OpenClient(to: "front:page", rate: "50/s"),
                   "front": Service(concurrency: Threads(5), queue: 1000, operations: {{ "page": Call("back"), "fragment": Delay("20ms") }}),
                   "back": Service(concurrency: Unlimited, does: [Delay("20ms"), Call("{fragments}")]){more}"#
            ),
            "",
        )
    };
    let cycle =
        "a call that holds one of the 5 threads of front waits for another of them (front → back → front)";
    let nested = front("front:fragment", "");
    let said = warnings(&nested);
    assert!(said.iter().any(|warning| warning.contains(cycle)), "{said:?}");
    let plan = planned(&nested);
    let mut sim = (plan.build)(1, 0);
    until(&mut sim, 300.0);
    let served = good(&plan, &sim, "all", "default");
    until(&mut sim, 310.0);
    assert_eq!(good(&plan, &sim, "all", "default"), served, "nobody is served any more");
    assert_eq!(sim.level(part(&plan, "front")[0], "threads").expect("it keeps it").value(), 5.0);
    // With threads of their own for the inner calls, everybody is: 50/s hold theirs for 40 ms.
    let apart = front(
        "inner:fragment",
        r#", "inner": Service(concurrency: Threads(5), queue: 1000, operations: { "fragment": Delay("20ms") })"#,
    );
    assert!(!warnings(&apart).iter().any(|warning| warning.contains("waits for another")));
    let (plan, sim) = run(&apart, 100);
    assert!(requests(&plan, &sim, "all", "default") - good(&plan, &sim, "all", "default") < 20);
    // The same by way of a gateway with a pool for all that pass it, and of connections of one caller.
    let said = |parts: &str, edges: &str| {
        let said = warnings(&shop(parts, &format!("edges: {{ {edges} }}")));
        said.into_iter().find(|warning| warning.contains("waits for another")).unwrap_or_default()
    };
    let gateway = |door: &str| {
        said(
            &format!(
                r#""all": OpenClient(to: "gate:a", rate: "1/s"), "gate": Gateway(via: [{door}], routes: {{ "a": "a", "b": "b" }}),
                   "a": Service(concurrency: Unlimited, does: Call("gate:b")), "b": Service(concurrency: Unlimited, does: Delay("1ms"))"#
            ),
            "",
        )
    };
    assert!(
        gateway("ConnectionPool(3)")
            .contains("the 3 connections at gate waits for another of them (gate → a → gate)")
    );
    assert!(gateway("Bulkhead(max: 3, wait: \"1s\")").contains("3 places of the Bulkhead at gate"));
    assert_eq!(gateway("Bulkhead(3)"), "", "who is turned away waits for nobody");
    let connections = |call: &str| {
        said(
            &format!(
                r#""all": OpenClient(to: "app:outer", rate: "1/s"),
                   "app": Service(concurrency: Unlimited, operations: {{ "outer": Call("db:write"), "inner": Call("db:read") }}),
                   "db": Service(concurrency: Unlimited, operations: {{ "write": {call}, "read": Delay("1ms") }})"#
            ),
            r#""app -> db": (via: [ConnectionPool(2)])"#,
        )
    };
    assert!(
        connections(r#"Call("app:inner")"#)
            .contains("the 2 connections at app -> db waits for another of them (db → app → db)")
    );
    assert_eq!(
        connections(r#"Detach(Call("app:inner"))"#),
        "",
        "what is detached holds nothing of its caller"
    );
}

#[test]
fn what_is_slow_takes_longer_and_only_what_works_can_be() {
    let text = |fault: &str| {
        shop(
            r#""all": OpenClient(to: "lb", rate: "100/s", arrivals: Constant),
               "lb": Balancer(to: ["web", "far"]),
               "web": Service(instances: 2, concurrency: Unlimited, does: [Compute("4ms"), Delay("6ms")]),
               "far": Delay("10ms")"#,
            &format!(r#"faults: {{ "f": {fault} }}, domains: {{ "rack": ["lb", "web/1"] }}"#),
        )
    };
    let slow = |fault: &str| {
        let (plan, sim) = run(&text(fault), 30);
        let mean = |name: &str, instance: usize| {
            let response = &sim.books(part(&plan, name)[instance]).response;
            response.sum() as f64 / response.count() as f64 / 1e6
        };
        [mean("web", 0), mean("web", 1), mean("far", 0)].map(|ms| (ms * 100.0).round() / 100.0)
    };
    // A third of the time five times as long, and as usual the rest of it.
    let third = (100.0 * 10.0 * (2.0 + 5.0) / 3.0_f64).round() / 100.0;
    let near = |one: f64, other: f64| (one - other).abs() < 0.25;
    let [one, two, far] = slow(r#"Slow(on: "web/0", by: 5, at: "10s", lasts: "10s")"#);
    assert!(near(one, third) && two == 10.0 && far == 10.0, "{one} {two} {far}");
    let [one, two, far] = slow(r#"Slow(on: "far", by: 5, at: "10s", lasts: "10s")"#);
    assert!(one == 10.0 && two == 10.0 && near(far, third), "{one} {two} {far}");
    // Of a domain those that work.
    let [one, two, far] = slow(r#"Slow(on: "rack", by: 5, at: "10s", lasts: "10s")"#);
    assert!(one == 10.0 && near(two, third) && far == 10.0, "{one} {two} {far}");
    // Half of the works of half of the time; of two works of a call each for itself.
    let [one, ..] = slow(r#"Slow(on: "web/0", by: 5, share: "50%", at: "0s", lasts: "15s")"#);
    assert!((one - 20.0).abs() < 1.5, "{one}");
    for (fault, expected) in [
        (r#"Slow(on: "lb", by: 5, at: "1s")"#, "`Slow` acts on work, and here nobody works"),
        (r#"Slow(on: "all", by: 5, at: "1s")"#, "Slow acts on what serves"),
        (r#"Slow(on: "web", by: 0.5, at: "1s")"#, "must be at least 1"),
        (r#"Slow(on: "web", at: "1s")"#, "`by`"),
        (r#"Slow(on: "web", by: 5, share: "150%", at: "1s")"#, "share"),
        (r#"Slow(on: "web", bye: 5, at: "1s")"#, "did you mean `by`?"),
        (r#"Slow(on: "web", by: 5, wen: "1s")"#, "did you mean `when` (not built yet)?"),
        (r#"Slow(on: "web", by: 5)"#, "exactly one of `at`, `every` "),
    ] {
        let said = match crate::check(&text(fault)) {
            Err(faults) => faults.to_string(),
            Ok(checked) => {
                kneepoint_scenario::plan(&checked).err().map_or_else(String::new, |faults| faults.to_string())
            }
        };
        assert!(said.contains(expected) && said.contains("test.ron:"), "{fault}: {said}");
    }
}

#[test]
fn who_is_left_out_by_a_slow_domain_is_told_by_name() {
    let text = |on: &str| {
        shop(
            r#""all": OpenClient(to: "lb", rate: "100/s"), "edge": Balancer(to: "web"),
               "lb": Balancer(to: "edge", places: ["eu/a"]),
               "web": Service(instances: 2, concurrency: Unlimited, does: Delay("1ms"), places: ["eu/a", "eu/b"])"#,
            &format!(
                r#"regions: {{ "eu": (zones: ["a", "b"]) }}, domains: {{ "rack": ["web/1", "inner", "edge"], "inner": ["lb", "rows"], "rows": ["lb"], "two": ["eu/a", "edge"], "front": ["edge", "lb"] }},
                   faults: {{ "f": Slow(on: "{on}", by: 5, at: "1s", lasts: "1s") }}"#
            ),
        )
    };
    let two = "Slow acts on work: lb, edge in rack have none and stay as they are";
    for (on, expected) in [
        ("rack", Some(two)),
        ("two", Some("Slow acts on work: lb, edge in two have none and stay as they are")),
        ("eu", Some("Slow acts on work: lb in eu has none and stays as it is")),
        ("eu/a", Some("Slow acts on work: lb in eu/a has none and stays as it is")),
        ("eu/b", None),
        ("eu/a/web", None),
        ("web/*", None),
    ] {
        let said = warnings(&text(on));
        let said: Vec<&String> = said.iter().filter(|said| said.contains("Slow acts on work")).collect();
        assert_eq!(said.len(), usize::from(expected.is_some()), "{on}: {said:?}");
        assert!(said.iter().all(|said| said.ends_with(expected.unwrap_or_default())), "{on}: {said:?}");
    }
    // An error says it where nobody works.
    assert_eq!(warnings(&text("front")).iter().filter(|said| said.contains("Slow acts on work")).count(), 0);
    let Err(said) = plan(&accepted(&text("front"))) else { panic!("nobody works") };
    assert!(said.to_string().contains("here nobody works"), "{said}");
}

/// Fivefold from 10 s to 30 s and threefold from 20 s to 40 s, of 50 s: (10 + 10) 1 + 10 · 5 + 10 · 15 + 10 · 3.
#[test]
fn two_slow_faults_of_one_part_multiply_and_each_ends_for_itself() {
    for web in [r#"Service(concurrency: Unlimited, does: Delay("1ms"))"#, r#"Delay("1ms")"#] {
        let plan = planned(&shop(
            &format!(r#""all": OpenClient(to: "web", rate: "100/s", arrivals: Constant), "web": {web}"#),
            r#"faults: { "f": Slow(on: "web", by: 5, at: "10s", lasts: "20s"), "g": Slow(on: "web", by: 3, at: "20s", lasts: "20s") }"#,
        ));
        let mut sim = (plan.build)(1, 0);
        let mut at = |seconds: f64| {
            until(&mut sim, seconds);
            let took = &sim.books(part(&plan, "web")[0]).response;
            took.sum() as f64 / 1e9
        };
        let [first, second, third, fourth, fifth] = [10.0, 20.0, 30.0, 40.0, 50.0].map(&mut at);
        for (is, expected) in [
            (first, 1.0),
            (second - first, 5.0),
            (third - second, 15.0),
            (fourth - third, 3.0),
            (fifth - fourth, 1.0),
        ] {
            assert!((is - expected).abs() < 0.02, "{is} {expected}");
        }
    }
}

#[test]
fn what_happens_again_and_again_without_an_end_is_said_to_happen_once() {
    let text = |stop: &str| {
        shop(
            r#""all": OpenClient(to: "web", rate: "100/s"), "web": Service(concurrency: Unlimited, does: Delay("1ms"))"#,
            &format!(r#"actions: {{ "s": Stop(on: "web", {stop}) }}"#),
        )
    };
    let said = warnings(&text(r#"every: "10s""#));
    assert!(
        said.iter().any(|said| said.contains("it happens once and lasts to the end of the run")),
        "{said:?}"
    );
    assert_eq!(warnings(&text(r#"every: "10s", lasts: "1s""#)), [""; 0]);
}

/// Calls every 20 ms to the one that is stopped, each for 50 ms. It is known after 0.8 s that it leaves: with less time to
/// drain than that it is called when it is gone, and what it holds at its end is lost.
#[test]
fn who_drains_for_longer_than_it_takes_to_be_known_loses_nothing() {
    let text = |shut_down: &str, known: &str| {
        shop(
            &format!(
                r#""all": OpenClient(to: "lb", rate: "100/s", arrivals: Constant), "lb": Balancer(to: "web", {known}),
                   "web": Service(instances: 2, concurrency: Unlimited, does: Delay("50ms"){shut_down})"#
            ),
            r#"actions: { "deploy": Stop(on: "web/0", at: "100.2s", lasts: "20s") }"#,
        )
    };
    let asked = r#"discovery: (delay: "0s", ttl: "1s")"#;
    for (shut_down, drain, lost) in [
        ("", 0.0, 42..=44),
        (r#", shut_down: (drain: "500ms")"#, 0.5, 16..=19),
        (r#", shut_down: (drain: "5s")"#, 5.0, 0..=0),
        (", shut_down: ()", 30.0, 0..=0),
    ] {
        let plan = planned(&text(shut_down, asked));
        let mut sim = (plan.build)(1, 0);
        until(&mut sim, 101.1);
        let known = each(&plan, &sim, "web")[0];
        until(&mut sim, 100.3 + drain + 20.0);
        assert_eq!(each(&plan, &sim, "web")[0], known, "{shut_down}");
        let unavailable = ended(&plan, &sim, "all", "default", Status::Unavailable);
        let gone = ended(&plan, &sim, "all", "default", Status::Lost);
        assert!(lost.contains(&(unavailable + gone)), "{shut_down}: {unavailable} + {gone}");
        // It is back as new, a while after it is gone.
        until(&mut sim, 101.2 + drain + 21.0);
        assert!(each(&plan, &sim, "web")[0] > known, "{shut_down}");
    }
    // Whoever checks for himself is told by the check.
    let checks = r#"health: [Active(every: "1s", timeout: "500ms", fall: 1, rise: 1)]"#;
    let plan = planned(&text(r#", shut_down: (drain: "5s")"#, checks));
    let mut sim = (plan.build)(1, 0);
    until(&mut sim, 104.0);
    let known = each(&plan, &sim, "web")[0];
    until(&mut sim, 125.0);
    assert!(each(&plan, &sim, "web")[0] - known <= 22, "none but a check each second");
    assert_eq!(good(&plan, &sim, "all", "default"), requests(&plan, &sim, "all", "default") - 5);
}

/// A hanging one is off the list as one that is down, for as long as it hangs; and one that hangs while it is to end does
/// not say so to a health check, which finds out by its time-out: calls that were sent meanwhile go on afterwards.
#[test]
fn who_hangs_is_off_the_list_and_says_nothing() {
    let text = |shut_down: &str, known: &str, more: &str| {
        shop(
            &format!(
                r#""all": OpenClient(to: "lb", rate: "100/s", arrivals: Constant), "lb": Balancer(to: "web", {known}),
                   "web": Service(instances: 2, concurrency: Unlimited, does: Delay("1ms"){shut_down})"#
            ),
            &format!(r#"faults: {{ "stuck": Hang(on: "web/0", at: "100.2s", lasts: "20s") }}, {more}"#),
        )
    };
    let plan = planned(&text("", r#"discovery: (delay: "0s", ttl: "1s")"#, ""));
    let mut sim = (plan.build)(1, 0);
    let web = part(&plan, "web")[0];
    until(&mut sim, 99.0);
    assert!(sim.serves(web));
    until(&mut sim, 102.0);
    assert!(!sim.serves(web));
    let known = each(&plan, &sim, "web")[0];
    until(&mut sim, 120.1);
    assert_eq!(each(&plan, &sim, "web")[0], known);
    until(&mut sim, 130.0);
    assert!(sim.serves(web) && each(&plan, &sim, "web")[0] > known);

    let checks = r#"health: [Active(every: "1s", timeout: "500ms", fall: 100, rise: 1)]"#;
    let stop = r#"actions: { "deploy": Stop(on: "web/0", at: "101.3s", lasts: "40s") }"#;
    let plan = planned(&text(r#", shut_down: (drain: "30s")"#, checks, stop));
    let mut sim = (plan.build)(1, 0);
    until(&mut sim, 101.4);
    let answered = |sim: &Simulation| sim.books(part(&plan, "web")[0]).answered(Status::Unavailable);
    let before = answered(&sim);
    until(&mut sim, 120.0);
    assert_eq!(answered(&sim), before);
}

/// A crash while it drains is a crash: it is gone at once, and back when the last of what keeps it away is over.
#[test]
fn who_crashes_while_draining_is_back_when_both_are_over() {
    let plan = planned(&shop(
        r#""all": OpenClient(to: "web", rate: "100/s", arrivals: Constant),
           "web": Service(concurrency: Unlimited, does: Delay("1ms"), shut_down: (drain: "30s"))"#,
        r#"actions: { "deploy": Stop(on: "web", at: "100s", lasts: "10s") },
           faults: { "crash": Crash(on: "web", at: "101s", lasts: "2s") }"#,
    ));
    let mut sim = (plan.build)(1, 0);
    until(&mut sim, 200.0);
    // The stop is over 30 s and 10 s after it began.
    let lost = requests(&plan, &sim, "all", "default") - good(&plan, &sim, "all", "default");
    assert!((3_899..=3_902).contains(&lost), "{lost}");
}

#[test]
fn what_is_hit_twice_is_back_when_the_last_is_over() {
    for (faults, away) in [
        (
            r#""f": Crash(on: "web", at: "4s", lasts: "10s"), "g": Crash(on: "web", at: "5s", lasts: "2s")"#,
            10,
        ),
        (r#""f": Crash(on: "web", at: "4s", lasts: "3s"), "g": Crash(on: "web", at: "5s", lasts: "9s")"#, 10),
        (r#""f": Crash(on: "web", at: ["4s", "6s"], lasts: "3s")"#, 5),
    ] {
        let plan = planned(&shop(
            r#""all": OpenClient(to: "web", rate: "100/s", arrivals: Constant), "web": Service(does: Delay("1ms"))"#,
            &format!("faults: {{ {faults} }}"),
        ));
        let mut sim = (plan.build)(1, 0);
        until(&mut sim, 30.0);
        let lost = requests(&plan, &sim, "all", "default") - good(&plan, &sim, "all", "default");
        assert!(lost.abs_diff(100 * away) <= 2, "{faults}: {lost}");
    }
}

#[test]
fn a_time_to_drain_that_nothing_needs_is_warned_of() {
    let text = |on: &str| {
        shop(
            r#""all": OpenClient(to: "web", rate: "100/s"), "other": Delay("1ms"),
               "web": Service(concurrency: Unlimited, does: [Delay("1ms"), Call("other")], shut_down: (drain: "30s"))"#,
            &format!(r#"actions: {{ "deploy": Stop(on: "{on}", at: "100s", lasts: "10s") }}"#),
        )
    };
    assert_eq!(warnings(&text("web/any")), [""; 0]);
    let said = warnings(&text("other"));
    assert!(
        said.iter().any(|said| said.contains("`shut_down` does nothing: no action stops \"web\"")),
        "{said:?}"
    );
}

#[test]
fn a_domain_is_not_in_itself_and_what_is_named_twice_is_hit_once() {
    let text = |domains: &str| {
        shop(
            r#""all": OpenClient(to: "web", rate: "100/s", arrivals: Constant), "web": Service(does: Delay("1ms"))"#,
            &format!(
                r#"domains: {{ {domains} }}, faults: {{ "f": Crash(on: "d0", at: "1s", lasts: "1s") }}"#
            ),
        )
    };
    for circle in [r#""d0": ["d0"]"#, r#""d0": ["d1"], "d1": ["d0", "web"]"#] {
        let said = crate::errors(&text(circle));
        assert!(said.iter().any(|said| said.contains("\"d0\" is in itself")), "{said:?}");
    }
    // Each of thirty names the next one twice.
    let deep: Vec<String> = (0..30).map(|at| format!(r#""d{at}": ["d{0}", "d{0}"]"#, at + 1)).collect();
    let plan = planned(&text(&format!(r#"{}, "d30": ["web", "web/0"]"#, deep.join(", "))));
    let mut sim = (plan.build)(1, 0);
    until(&mut sim, 10.0);
    let lost = requests(&plan, &sim, "all", "default") - good(&plan, &sim, "all", "default");
    assert!((100..=102).contains(&lost), "{lost}");
    let Err(said) = kneepoint_scenario::plan(&accepted(&text(r#""d0": []"#))) else {
        panic!("nobody is hit")
    };
    assert!(said.to_string().contains("there is nothing in d0"), "{said}");
}

#[test]
fn what_is_cancelled_while_its_service_hangs_is_over_when_that_goes_on() {
    // What is asked last is passed on as soon as the service goes on, before it comes to the cancellation: which is then
    // for whoever has the call.
    for (concurrency, does) in [
        ("Unlimited", r#"Call("a")"#),
        ("Unlimited", r#"[Call("a"), Call("b")]"#),
        ("EventLoop", r#"[Call("a"), Call("b")]"#),
        ("Servers(2)", r#"[Compute("1ms"), Call("a"), Call("b")]"#),
        ("Threads(50)", r#"[Call("a"), Call("b")]"#),
        ("Unlimited", r#"[Parallel(branches: [Call("a"), Call("b")], wait: Any), Call("a")]"#),
        ("Unlimited", r#"[Parallel([Call("a"), Call("b")]), Delay("1ms")]"#),
    ] {
        for via in [r#"Timeout(after: "150ms", cancel: true)"#, r#"Timeout("150ms")"#, r#"Deadline("150ms")"#]
        {
            let text = shop(
                &format!(
                    r#""users": OpenClient(to: "web", rate: "50/s"),
                       "web": Service(concurrency: {concurrency}, does: {does}),
                       "a": Service(does: Delay("20ms")), "b": Service(does: Delay("30ms"))"#
                ),
                &format!(
                    r#"edges: {{ "users -> web": (via: [{via}]) }},
                       faults: {{ "h": Hang(on: "web", at: "5.01s", lasts: "1s") }}"#
                ),
            );
            let plan = planned(&text);
            let mut sim = (plan.build)(1, 0);
            until(&mut sim, 60.0);
            let (asked, well) =
                (requests(&plan, &sim, "users", "default"), good(&plan, &sim, "users", "default"));
            // A second's worth and the 150 ms before are lost, and nothing else.
            assert!(asked - well < 100 && asked - well > 30, "{does} {via}: {well} of {asked}");
            assert!(sim.in_flight() < 30, "{does} {via}: {} are left", sim.in_flight());
        }
    }
}

// ---- work for nobody ----

#[test]
fn work_for_nobody_counts_where_it_is_done_whatever_stands_between() {
    // Two a second ask for a second of one server each, and give up after 1.4 seconds: whatever is answered that
    // is no good answer to a client was for nobody, and nearly everything is. What lies between makes no difference.
    let between = [
        ("shop", "", r#"[Timeout("1400ms")]"#),
        ("shop", r#", round_trip: "8ms""#, r#"[Timeout("1400ms")]"#),
        ("shop", r#", round_trip: "8ms""#, r#"[Timeout("1400ms"), Balance(LeastConnections)]"#),
        ("shop", "", r#"[Timeout("1400ms"), Bulkhead(1000), Balance(RoundRobin)]"#),
        ("door", "", r#"[Timeout("1400ms")]"#),
        ("door", r#", round_trip: "8ms""#, r#"[Timeout("1400ms")]"#),
    ];
    for (to, wire, via) in between {
        let text = shop(
            &format!(
                r#""users": OpenClient(to: "{to}", rate: "2/s", arrivals: Constant),
                   "door": Balancer(to: "shop", policy: LeastConnections),
                   "shop": Service(concurrency: Servers(1), does: Compute("1s"))"#
            ),
            &format!(r#"edges: {{ "users -> {to}": (via: {via}{wire}) }}"#),
        );
        let plan = planned(&text);
        let mut sim = (plan.build)(1, 0);
        until(&mut sim, 99.77);
        let [shop] = part(&plan, "shop")[..] else { panic!("there is one") };
        let books = sim.books(shop);
        let of_use = good(&plan, &sim, "users", "default");
        assert_eq!(books.orphans, books.answers_total() - of_use, "{to} {wire} {via}");
        assert!(books.orphans > 90);
    }
}
