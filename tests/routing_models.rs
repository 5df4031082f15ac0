//! What the models of routing, pools, retries and clients say is what comes out of them.

use std::collections::BTreeMap;
use std::path::Path;

use kneepoint::experiment::result::WatchResult;
use kneepoint::experiment::{Options, run};
use kneepoint::scenario::{Overrides, Registry, Scenario, plan};
use kneepoint::statistics::{Estimate, Estimated};

/// How sure an interval is: of some forty that are looked at here, one in a thousand misses.
const SURE: f64 = 0.999;

/// As many as the READMEs have.
const REPLICATIONS: usize = 10;

/// The watches of a variant, by name, in base units: shares of 1, per second, nanoseconds.
struct Watched(BTreeMap<String, WatchResult>);

impl Watched {
    fn one(&self, name: &str) -> Estimate {
        match &self.0[name].values[0].value {
            Estimated::Known(estimate) => *estimate,
            missing => panic!("{name}: {missing:?}"),
        }
    }

    fn value(&self, name: &str) -> f64 {
        self.one(name).value
    }

    /// Its interval holds what theory says.
    #[track_caller]
    fn holds(&self, name: &str, theory: f64) {
        let Estimate { value, low, high, .. } = self.one(name);
        assert!((low..=high).contains(&theory), "{name}: {value} [{low}, {high}] is not {theory}");
    }
}

fn watched(model: &str, variant: Option<&str>, set: &[(&str, &str)]) -> Watched {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("models").join(model).join("scenario.ron");
    let set = set.iter().map(|(path, value)| (path.to_string(), value.to_string())).collect();
    let overrides = Overrides { variant: variant.map(str::to_string), set };
    let checked = Scenario::open(&path).and_then(|scenario| scenario.check(&Registry::core(), &overrides));
    let mut plan =
        checked.and_then(|checked| plan(&checked)).unwrap_or_else(|faults| panic!("{variant:?}: {faults}"));
    (plan.run.replications_min, plan.run.replications_max) = (REPLICATIONS as u64, REPLICATIONS as u64);
    plan.run.confidence = SURE;
    let result = run(&plan, &Options::default()).unwrap_or_else(|error| panic!("{variant:?}: {error}"));
    Watched(result.watches.into_iter().map(|watch| (watch.name.clone(), watch)).collect())
}

#[test]
fn of_an_old_view_the_least_loaded_is_worse_than_chance_and_the_better_of_two_is_not() {
    let latency = |variant, every: Option<&str>| {
        let set = Vec::from_iter(every.map(|every| ("clients -> server.via.Balance.view.every", every)));
        watched("stale-load", Some(variant), &set)
    };
    let random = latency("random", None);
    random.holds("latency", 10e9);
    let (live, old) = (latency("live-least", None), latency("least", Some("20s")));
    assert!(live.one("latency").high < random.one("latency").low, "{:?}", live.one("latency"));
    assert!(old.one("latency").low > random.one("latency").high, "{:?}", old.one("latency"));
    let two = latency("two", Some("20s"));
    assert!(two.one("latency").high < random.one("latency").low, "{:?}", two.one("latency"));
}

#[test]
fn a_bucket_tries_as_often_as_four_tries_where_little_fails_and_hardly_where_all_does() {
    let of = |variant, failing| {
        watched("retry-budgets", Some(variant), &[("params.failing", failing), ("run.duration", "200s")])
    };
    let fixed = of("fixed", "0.5");
    fixed.holds("load", 1.875);
    fixed.holds("failure", 0.0625);
    assert!((of("fixed", "1").value("load") - 4.0).abs() < 0.001);
    // Of all tries half are good, and ten of them pay for a try more.
    let bucket = of("bucket", "0.5");
    bucket.holds("load", 1.0 / 0.95);
    bucket.holds("failure", 1.0 - 0.5 / 0.95);
    assert!((of("bucket", "1").value("load") - 1.0).abs() < 0.001);
    let rare = of("bucket", "0.01");
    rare.holds("load", 1.0 / 0.99);
    assert!(rare.value("failure") < 0.001);
    // The breaker lets hardly anything through: nothing is of use any more, where four tries help fifteen of sixteen.
    let broken = of("breaker", "0.5");
    assert!(broken.value("load") < 0.05 && broken.value("failure") > 0.95);
}

#[test]
fn jitter_flattens_the_spike_of_second_tries() {
    for (variant, places) in [("none", 1), ("full", 10), ("equal", 5), ("decorrelated", 20)] {
        let of = watched("synchronised-retries", Some(variant), &[]);
        let windows = &of.0["retries"].values;
        let peak = |replication: usize| {
            let counts = windows.iter().filter_map(|window| window.per_replication[replication]);
            counts.fold(0.0, f64::max) / 10.0
        };
        let mean = (0..REPLICATIONS).map(peak).sum::<f64>() / REPLICATIONS as f64;
        // The most of a thousand in so many places: mean and deviation drawn 3 000 times by other means.
        let (expected, deviation) = match places {
            1 => (1_000.0, 0.001),
            5 => (216.6, 7.1),
            10 => (115.8, 5.2),
            _ => (63.6, 3.7),
        };
        // 3.29 deviations of a mean of ten: 99.9 %.
        let within = 3.29 * deviation / (REPLICATIONS as f64).sqrt();
        assert!((mean - expected).abs() < within, "{variant}: {mean} is not {expected} ±{within}");
    }
}

#[test]
fn random_routing_needs_nine_times_the_workers_of_a_shared_queue() {
    let of = |variant| watched("shared-queue", Some(variant), &[("run.duration", "1200s")]);
    of("random").holds("latency", 5e9);
    of("random-147").holds("latency", 1e9 / (1.0 - 12.8 / 147.0));
    of("shared").holds("latency", 1.0954e9);
}

#[test]
fn a_larger_pool_waits_less_at_the_same_load() {
    for (servers, load, wait) in [
        ("1", "0.8", 4.0),
        ("2", "0.8", 1.7778),
        ("5", "0.8", 0.5541),
        ("20", "0.8", 0.0639),
        ("5", "0.5", 0.0522),
    ] {
        let set = [("params.servers", servers), ("params.load", load), ("run.duration", "4000s")];
        watched("pooling", None, &set).holds("wait", wait * 1e9);
    }
}

#[test]
fn users_who_wait_for_their_answers_hardly_notice_variable_work() {
    let wait = |variant| watched("open-closed", Some(variant), &[("run.duration", "1h")]);
    // In service times of 10 ms, of an exact chain.
    let closed = wait("closed-10");
    closed.holds("busy", 0.9);
    closed.holds("wait", 5.029 * 10e6);
    let even = wait("closed-10-even");
    even.holds("wait", 2.601 * 10e6);
    wait("open-even").holds("wait", 9.0 * 10e6);
    let open = wait("open");
    open.holds("wait", 117.0 * 10e6);
    assert!(open.value("wait") > 15.0 * closed.value("wait"));
}

#[test]
fn a_poison_client_takes_those_with_it_who_share_all_its_workers() {
    let hit = |variant| watched("shuffle-sharding", Some(variant), &[]);
    assert!(hit("everybody-everywhere").value("hit") > 0.99);
    for (variant, share) in [("four-shards", 0.25), ("shuffled", 1.0 / 28.0), ("cells", 0.05)] {
        hit(variant).holds("hit", share);
    }
}

#[test]
fn a_bound_on_the_ring_spreads_a_hot_key() {
    let of = |variant| watched("bounded-ring", Some(variant), &[("run.duration", "100s")]);
    // A fifth of all to one of ten, and its tenth of the rest: 2.8, and what a ring is uneven by.
    let ring = of("ring").value("imbalance");
    assert!((2.8 - 0.8 * 0.15..2.8 + 0.8 * 0.15).contains(&ring), "{ring}");
    let bounded = of("bounded").value("imbalance");
    // Of some fifty each, a bound is rounded up to a whole call.
    assert!(bounded <= 1.25 + 1.0 / 50.0, "{bounded}");
}

/// 194 free threads, and 200 orders a second that do not come back: all are taken 0.97 s after the leaf became slow, which
/// varies with the deviation of so many Poisson arrivals, 0.07 s.
#[test]
fn a_slow_leaf_takes_all_threads_of_its_callers_unless_something_lets_go_of_it() {
    let of = |variant| watched("cascade", Some(variant), &[]);
    // When the first was turned away in each replication \[s after the fault began\]: windows are of 0.1 s, from 30 s on.
    let first = |of: &Watched| -> Vec<f64> {
        let windows = &of.0["turned-away"].values;
        let in_one = |replication: usize| {
            windows
                .iter()
                .position(|window| window.per_replication[replication].is_some_and(|share| share > 0.0))
        };
        let at = |window: usize| (window as f64 + 0.5) * 0.1 - 30.0;
        (0..REPLICATIONS).filter_map(|replication| in_one(replication).map(at)).collect()
    };
    // The time-out of 1.5 s comes too late to change that.
    for (variant, held) in [("bare", 2.0), ("long-timeout", 1.5)] {
        let of = of(variant);
        assert!(of.value("before") < 1e-4, "{variant}");
        let first = first(&of);
        assert_eq!(first.len(), REPLICATIONS, "{variant}");
        let mean = first.iter().sum::<f64>() / REPLICATIONS as f64;
        // 3.29 deviations of a mean of ten, and half a window.
        assert!((mean - 0.97).abs() < 3.29 * 0.07 / (REPLICATIONS as f64).sqrt() + 0.05, "{variant}: {mean}");
        let away = 1.0 - 200.0 / (0.4 * held + 0.6 * 0.02) / 500.0;
        assert!((of.value("pages") - away).abs() < 0.01, "{variant}: {:?}", of.one("pages"));
        let orders = if variant == "bare" { away } else { 1.0 };
        assert!((of.value("orders") - orders).abs() < 0.01, "{variant}: {:?}", of.one("orders"));
    }
    for (variant, orders) in [("short-timeout", 1.0), ("breaker", 1.0), ("bulkhead", 0.8)] {
        let of = of(variant);
        // The front passes on what a bulkhead answers.
        assert!(variant == "bulkhead" || first(&of).is_empty(), "{variant}: {:?}", first(&of));
        assert!(of.value("pages") < 1e-4, "{variant}: {:?}", of.one("pages"));
        assert!((of.value("orders") - orders).abs() < 0.01, "{variant}: {:?}", of.one("orders"));
    }
    for variant in ["bare", "long-timeout", "short-timeout", "breaker", "bulkhead"] {
        let of = of(variant);
        assert!(of.value("orders-again") < 1e-3 && of.value("pages-again") < 1e-3, "{variant}");
    }
}

/// Known 2.5 s after it was told to stop, with 100 calls a second: those of the time in which it is gone and called all the
/// same are lost, and the four it has in hand when it goes.
#[test]
fn an_instance_that_drains_until_its_callers_know_is_not_missed() {
    let failed = |variant| watched("rolling-restart", Some(variant), &[]);
    failed("killed").holds("failed", 4.0 * 254.0 / 48_000.0);
    failed("short").holds("failed", 4.0 * 154.0 / 48_000.0);
    for variant in ["drained", "next"] {
        assert_eq!(failed(variant).value("failed"), 0.0, "{variant}");
    }
}
