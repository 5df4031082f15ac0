//! What the table of kinds calls built can be built: every kind and every field, in some small scenario.

use std::collections::BTreeSet;

use kneepoint_scenario::{Args, Data, Overrides, Registry, Scenario, Status, Value, plan};

const INCLUDED: &str =
    r#"(format: 1, title: "Below", machines: { "big": (cores: 4, speed: 2.0) }, params: { "load": "5/s" })"#;
const LOG: &str = "ts,kind,key,bytes,rate\n0,a,x,10,5\n1,b,y,20,7\n";

/// Everything but what cannot stand beside each other.
const MOST: &str = r#"(
    format: 1, title: "All", question: "Does it build?", sources: ["none"], not_modelled: ["all else"],
    assumptions: [(text: "a", source: "b", doubt: Low), (text: "c", doubt: Medium), (text: "d", doubt: High)],
    include: ["below.ron"], set: { "web.instances": 3 }, controllers: {},
    run: (duration: "1min", warm_up: "1s", replications: (min: 2, max: 3), precision: "50%", confidence: "90%", seed: 7,
        limits: (in_flight: 1000, memory: "100MB", events: 1000000, instances: 100)),
    regions: { "eu": (zones: ["a", "b"]), "us": (zones: ["a"]) },
    network: (within_zone: "0.1ms", between_zones: "1ms", between_regions: { "eu <-> us": "90ms" }),
    domains: { "rack": ["web/0"] },
    presets: { "fast": Service(does: Compute("1ms")) },
    keyspaces: {
        "z": Zipf(keys: 10, exponent: 0.9, size: "1kB"), "h": Hotspot(keys: 10, hot: 2, share: 0.5, size: "1kB"),
        "e": Even(keys: 10, size: "1kB"), "s": Samples(file: "log.csv", column: "key"), "t": FromTrace,
    },
    parts: {
        "open": OpenClient(label: "O", to: "lb", rate: "=load", arrivals: Poisson, batch: 2, places: ["eu", "us"], classes: {
            "a": (share: 0.5, priority: 1, size: "1kB", reply: "2kB", deadline: "5s"), "b": (share: 0.5),
        }),
        "closed": ClosedClient(label: "C", to: "lb", users: Ramp(from: 1, to: 3, over: "9s", start: "1s"), think: "1s", places: ["eu"], classes: { "a": (share: 1) }),
        "session": SessionClient(label: "S", to: "lb", sessions: "1/s", requests: 2, think: "1s", places: ["eu"], classes: { "b": (share: 1) }),
        "trace": TraceClient(label: "T", to: "told", file: "log.csv", speed: 2.0, repeat: true, places: ["eu"],
            columns: (time: "ts", time_unit: "s", class: "kind", keys: { "t": "key" }, size: "bytes")),
        "told": Service(concurrency: Unlimited, does: Call(to: "back", key: "t"), via: [MIDDLE]),
        "steps": OpenClient(to: "back", rate: Steps({ "0s": "1/s", "5s": "2/s" }), arrivals: Constant),
        "lines": OpenClient(to: "back", rate: Lines({ "0s": "1/s", "5s": "2/s" })),
        "spike": OpenClient(to: "back", rate: Spike(base: "1/s", peak: "2/s", at: "1s", rise: "1s", hold: "1s", fall: "1s")),
        "wave": OpenClient(to: "back", rate: Wave(low: "1/s", high: "2/s", period: "9s", peak_at: "1s")),
        "growth": OpenClient(to: "back", rate: Product([Growth(from: 1, by: "1%", per: "1s"), "1/s"])),
        "file": OpenClient(to: "back", rate: FromFile(file: "log.csv", time: "ts", value: "rate", time_unit: "s", unit: "/s")),
        "renewal": OpenClient(to: "back", arrivals: Renewal(Erlang(mean: "2s", k: 3))),
        "bursty": OpenClient(to: "back", arrivals: Mmpp(states: [(rate: "1/s", stay: "1s"), (rate: "2/s", stay: "1s")])),
        "lb": Balancer(label: "L", to: ["web"], policy: RoundRobin, layer: L7, overhead: "0.1ms", instances: 2, via: [Overhead("0.1ms")], places: ["eu"]),
        "lc": Balancer(to: "web", policy: LeastConnections), "rd": Balancer(to: "web", policy: Random), "pc": Balancer(to: "web", policy: PowerOfChoices(choices: 2)),
        "web": Service(
            shut_down: (drain: "1s"),
            label: "W", preset: "fast", instances: 2, machine: "big", concurrency: Threads(4), queue: (max: 9, discipline: Fifo, patience: "5s"),
            via: [Timeout(after: "9s", cancel: true)], places: ["eu/a", "us"], spread: Packed,
            operations: { "a": [
                Delay("1ms"), Call(to: "back", times: 2, key: "z", size: "1B", reply: "2B"), Call(to: "pause", key: "h"), Call(to: "back", key: "e"), Call(to: "back/any", key: "s"),
                Parallel(branches: [Call("back/*"), Delay("1ms")], wait: All), Parallel(branches: [Call("back/any(2)")], wait: Any), Parallel(branches: [Call("back/*")], wait: Quorum(2)),
                Choice([(share: 0.5, does: Compute("1ms")), (share: 0.5)]), Repeat(times: 2, does: Compute("1ms")), Detach(Compute("1ms")), STATUSES
            ] },
        ),
        "back": Service(instances: 2, concurrency: EventLoop, machine: (cores: 2, speed: 1.5), spread: Even, does: Compute("1ms")),
        "pause": Delay(label: "D", time: "1ms"),
        "d0": Service(concurrency: Servers(2), queue: (discipline: Lifo), does: [LAWS]),
        "d1": Service(concurrency: Servers(2), queue: (discipline: Random), does: Compute("1ms")),
        "d2": Service(concurrency: Servers(2), queue: (discipline: AdaptiveLifo("1s")), does: Compute("1ms")),
        "d3": Service(concurrency: Servers(2), queue: (discipline: Priority(preempt: Resume)), does: Compute("1ms")),
        "d4": Service(concurrency: Servers(2), queue: (discipline: Priority(preempt: Restart)), does: Compute("1ms")),
        "d5": Service(concurrency: Sharing(2), does: Compute("1ms")),
    },
    edges: { "web -> back": (round_trip: "1ms", bandwidth: "1GB/s", shared: true, loss: "1%", via: [Balance(policy: Random)]), "web:a -> back": (via: []) },
    faults: { "crash": Crash(on: "web/any", every: Exponential("5s"), lasts: "1s"), "hang": Hang(on: "rack", at: ["1s"], lasts: "1s"),
        "crash-at": Crash(on: "web/0", at: "2s", lasts: "1s"), "hangs": Hang(on: "web/*", every: "9s", lasts: "1s"),
        "slow": Slow(on: "back", by: 2, share: "50%", at: "1s", lasts: "1s"), "slower": Slow(on: "back/*", by: 2, every: "9s", lasts: "1s") },
    actions: { "deploy": Stop(on: "web/any", at: "3s", lasts: "1s"), "deploys": Stop(on: "web/0", every: "9s", lasts: "1s") },
    slo: { "fast": "p99(open.latency) < 1s" }, watch: { "w": "rate(web.calls)" },
    variants: { "more": { "web.instances": 4 } },
    sweep: (over: { "web.instances": [1, 2], "params.load": Linear(from: "1/s", to: "2/s", points: 2), "open.batch": Logarithmic(from: 1, to: 4, points: 3) }, design: DESIGN, variants: ["more"]),
)"#;

/// Middle parts that deal with failure.
const MIDDLE: &str = r#"
    Deadline(after: "5s", cancel: false), Fallback(to: "pause", status: Stale, takes: "1ms", on: [Failed]),
    Breaker(
        trip: [
            Count(failures: 5, success_resets: false),
            Rate(failures: "50%", window: "10s", buckets: 5, at_least: 10, strict: true, of: Asked, checked: AtFailures),
            SlowCalls(slower: "1s", share: "50%", window: 100, buckets: 5, at_least: 10, strict: false, of: Answered, checked: AtAnswers),
        ],
        open: Linear(base: "1s", cap: "9s"), probes: 3, probing: Together, probe_for: "1s", on: [Failed], starts_anew: false, state: Local,
    ),
    Breaker(trip: Count(5), open: Fixed("1s"), probing: NoProbes), Breaker(trip: Count(5), open: "1s", probing: FirstFailure),
    Retry(retries: 2, on: [Failed], backoff: Exponential(base: "1ms", factor: 3, cap: "9ms"), jitter: Full, budget: Ratio(share: "10%", burst: 3, at_least: "1/s"), honour_retry_after: true),
    Retry(retries: 2, backoff: Fixed("1ms"), jitter: Equal, budget: Tokens(per_success: 1, burst: 500, cost: 5)),
    Retry(retries: 2, backoff: Exponential("1ms"), jitter: Decorrelated, budget: HalfFull(per_success: 0.1, max: 10)), Retry(retries: 1, jitter: NoJitter), Retry(retries: 1, backoff: Drawn(Exponential("1ms"))),
    Hedge(after: Quantile("95%"), max: 2, cancel: false, budget: Ratio("5%"))"#;

/// What bounds load.
const BOUNDED: &str = r#"(
    format: 1, title: "Bounds", run: (duration: "1min"),
    keyspaces: { "k": Even(10) },
    parts: {
        "c": OpenClient(to: "api", rate: "1/s", users: 5, addresses: 2, classes: { "a": (share: 0.5), "b": (share: 0.5) }),
        "api": Service(does: Call(to: "back", key: "k"), via: [
            RateLimit(limit: FixedWindow(limit: 5, window: "1s"), per: All, tiers: { "a": "1/s" }, keys: 5, state: Local, on_store_error: Admit),
            RateLimit(limit: SlidingLog(limit: 5, window: "1s", step: "1ms"), per: User, state: Shared(store: "store"), on_store_error: Refuse),
            RateLimit(limit: SlidingCounter(limit: 5, window: "1s", counts: All), per: Ip),
            RateLimit(limit: SlidingCounter(limit: 5, window: "1s", counts: Admitted), per: Class),
            Bulkhead(max: 5, wait: "1s"), ConcurrencyLimit(limit: Fixed(5), queue: (max: 5)), ConcurrencyLimit(Gradient(min: 1, max: 5, tolerance: 2)),
            ConcurrencyLimit(Aimd(min: 1, max: 5, timeout: "1s")), ConcurrencyLimit(Vegas(min: 1, max: 5)),
            Shed(when: LongerThan(max: 5)), Shed(ByPriority(max: 5, reserved: "30%")), Shed(Busier(than: "80%", every: "1s", delay: "1s", window: "5s")),
            Shed(CoDel(inside: 5, target: "5ms", window: "100ms")), Shed(AdaptiveLifo(inside: 5, target: "5ms", window: "100ms")),
            Throttle(factor: 2.0, window: "1min"), SingleFlight(key: "k"),
            ConnectionPool(min: 1, max: 5, wait: "1s", connect: "1ms", idle: "1min", reuse: Lifo), ConnectionPool(max: 5, reuse: Fifo),
            RateLimit(LeakyBucket(rate: "1/s", burst: 2, delay: 1)), RateLimit(TokenBucket(rate: "1/s", burst: 2)), RateLimit(Gcra(rate: "1/s", burst: 2)),
        ]),
        "store": Delay("1ms"),
        "back": Delay("1ms"),
    },
)"#;

/// Parts that pass calls on.
const PASSING: &str = r#"(
    format: 1, title: "Passing", run: (duration: "1min"),
    regions: { "eu": (zones: ["a"]) }, network: (within_zone: "1ms", between_zones: "1ms"),
    parts: {
        "told": OpenClient(to: "gate", rate: "1/s", reacts: RetryAfter), "not": OpenClient(to: "gate", rate: "1/s", reacts: Ignore),
        "held": OpenClient(to: "names", rate: "1/s", users: 5, places: ["eu"], connection: (lifetime: "1min", handshake: "1ms")),
        "gate": Gateway(label: "G", routes: { "default": "proxy" }, via: [Timeout("1s")], overhead: "1ms", instances: 2, places: ["eu"]),
        "kept": Balancer(to: "back", keep_alive: 5, handshake: "1ms", places: ["eu"]),
        "proxy": Proxy(label: "P", to: "kept", via: [Timeout("1s")], overhead: "1ms", instances: 2, places: ["eu"]),
        "names": Dns(label: "N", to: ["flows"], policy: Nearest, ttl: "1min", health: [Active(every: "1s")]),
        "flows": Balancer(to: "back", layer: L4, places: ["eu"]),
        "back": Service(does: Delay("1ms"), places: ["eu"]),
    },
    edges: { "proxy -> kept": (via: [Balance(backups: ["back"])]) },
)"#;

/// A step for each distribution, with each of its fields.
const LAWS: &str = r#"
    Compute(Exponential("1ms")), Compute(Erlang(mean: "1ms", k: 2)), Compute(Hyperexponential(mean: "1ms", cv: 2)), Compute(Gamma(mean: "1ms", cv: 2)),
    Compute(Lognormal(mean: "1ms", cv: 2)), Compute(Lognormal(median: "1ms", p90: "2ms")), Compute(Lognormal(median: "1ms", p95: "2ms")),
    Compute(Lognormal(p99: "3ms", median: "1ms")), Compute(Lognormal(p999: "3ms", median: "1ms")), Compute(Weibull(mean: "1ms", shape: 2)),
    Compute(Pareto(min: "1ms", alpha: 2, max: "9ms")), Compute(Uniform(min: "1ms", max: "2ms")), Compute(Triangular(min: "1ms", mode: "2ms", max: "3ms")),
    Compute(Normal(mean: "1ms", sd: "1ms", min: "0ms", max: "9ms")), Repeat(times: Geometric(2), does: Delay("1ms")), Compute(Quantiles({ "p50": "1ms", "p100": "2ms" })),
    Compute(Samples(file: "log.csv", column: "bytes", unit: "ms")), Compute(Mixture([(share: 0.5, of: "1ms"), (share: 0.5, of: "2ms")])), Compute(Shifted(by: "1ms", of: Exponential("1ms")))"#;

/// Kinds and fields that a checked value is made of: those that are written.
fn used(value: &Value, seen: &mut BTreeSet<String>) {
    match &value.data {
        Data::Args(args) => used_in(args, seen),
        Data::List(list) => list.iter().for_each(|value| used(value, seen)),
        Data::Map(items) => items.iter().for_each(|item| used(&item.value, seen)),
        _ => {}
    }
}

fn used_in(args: &Args, seen: &mut BTreeSet<String>) {
    let name = format!("{} {}", args.kind.family, args.kind.name);
    for (field, value) in args.kind.fields.iter().zip(&args.values) {
        if args.is_given(&field.name) {
            seen.insert(format!("{name}.{}", field.name));
        }
        if let Some(value) = value {
            used(value, seen);
        }
    }
    seen.insert(name);
}

#[test]
fn every_built_kind_and_field_can_be_built() {
    let folder = std::env::temp_dir().join(format!("kneepoint-built-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for temporary files");
    std::fs::write(folder.join("below.ron"), INCLUDED).expect("writable");
    std::fs::write(folder.join("log.csv"), LOG).expect("writable");
    let registry = Registry::core();
    let statuses: Vec<String> = registry
        .kinds("status")
        .iter()
        .map(|kind| format!("Fail(chance: 0.01, status: {})", kind.name))
        .collect();
    let mut seen = BTreeSet::new();
    for design in ["Grid", "LatinHypercube", "Sobol"] {
        for warm_up in ["\"1s\"", "Auto"] {
            let text = MOST
                .replace("STATUSES", &statuses.join(", "))
                .replace("LAWS", LAWS)
                .replace("MIDDLE", MIDDLE)
                .replace("DESIGN", design)
                .replace("warm_up: \"1s\"", &format!("warm_up: {warm_up}"));
            let scenario = Scenario::from_text("all.ron", &text, Some(&folder))
                .unwrap_or_else(|faults| panic!("{faults}"));
            let checked =
                scenario.check(&registry, &Overrides::default()).unwrap_or_else(|faults| panic!("{faults}"));
            plan(&checked).unwrap_or_else(|faults| panic!("{faults}"));
            used_in(checked.root(), &mut seen);
        }
    }
    std::fs::remove_dir_all(&folder).expect("it is ours");
    for text in [BOUNDED, PASSING] {
        let checked = crate::accepted(text);
        plan(&checked).unwrap_or_else(|faults| panic!("{faults}"));
        used_in(checked.root(), &mut seen);
    }
    for policy in crate::routing::POLICIES {
        let care = format!("{}, backups: \"spare\", max_connections: 900", crate::routing::CARE);
        let edge = format!("\"users -> old\": (via: Balance(policy: {policy}, {}))", crate::routing::CARE);
        let text = crate::routing::with(policy, &care);
        let more = text
            .replace("\"users\": OpenClient(to: \"lb\"", "\"users\": OpenClient(to: \"old\"")
            .replace("\"spare\": ", "\"old\": Service(instances: 3, does: Call(\"lb\")), \"spare\": ")
            .replace("keyspaces:", &format!("edges: {{ {edge} }}, keyspaces:"));
        for text in [text, more] {
            let checked = crate::accepted(&text);
            plan(&checked).unwrap_or_else(|faults| panic!("{policy} {faults}"));
            used_in(checked.root(), &mut seen);
        }
    }
    let mut missing = Vec::new();
    for family in registry.families() {
        for kind in registry.kinds(family).iter().filter(|kind| kind.status == Status::Built) {
            // It stands in `params` only, where its place takes the value that is drawn.
            if &*kind.name == "Uncertain" {
                continue;
            }
            let name = format!("{family} {}", kind.name);
            let fields = kind.fields.iter().filter(|field| field.status == Status::Built);
            let fields = fields.map(|field| format!("{name}.{}", field.name));
            missing.extend([name.clone()].into_iter().chain(fields).filter(|name| !seen.contains(name)));
        }
    }
    assert!(missing.is_empty(), "marked as built, but in no scenario here: {missing:#?}");
}

#[test]
fn what_cannot_be_built_is_said_all_at_once() {
    let text = r#"(format: 1, title: "T", run: (duration: "1min", warm_up: "1s"),
        keyspaces: { "k": Samples(file: "no-keys.csv", column: "k") },
        parts: {
            "c": OpenClient(to: "a", rate: FromFile(file: "no-rate.csv", time: "t", value: "v", unit: "/s"), batch: Samples(file: "no-batch.csv", column: "b")),
            "a": Service(does: [Compute(Samples(file: "no-work.csv", column: "w", unit: "ms")), Call("b"), Delay(Samples(file: "no-delay.csv", column: "d", unit: "ms"))], queue: (patience: Samples(file: "no-patience.csv", column: "p", unit: "ms"))),
            "b": Delay(Samples(file: "no-time.csv", column: "t", unit: "ms")),
        },
        faults: { "f": Crash(on: "a", every: Samples(file: "no-every.csv", column: "e", unit: "ms"), lasts: "1s") })"#;
    let scenario = Scenario::from_text("t.ron", text, None).unwrap_or_else(|faults| panic!("{faults}"));
    let checked =
        scenario.check(&Registry::core(), &Overrides::default()).unwrap_or_else(|faults| panic!("{faults}"));
    let said = plan(&checked).err().expect("no file is there").to_string();
    for file in ["keys", "rate", "batch", "work", "delay", "patience", "time", "every"] {
        assert!(said.contains(&format!("there is no file no-{file}.csv")), "{file}: {said}");
    }
}
