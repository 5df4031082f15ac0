//! What the models of overload and limits say is what comes out of them.

use std::collections::BTreeMap;
use std::path::Path;

use kneepoint::experiment::{Options, run};
use kneepoint::scenario::{Overrides, Registry, Scenario, plan};
use kneepoint::statistics::Estimated;

/// The watches of a variant, by name, in base units: shares of 1, per second, nanoseconds.
fn watched(model: &str, variant: &str, set: &[(&str, &str)]) -> BTreeMap<String, f64> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("models").join(model).join("scenario.ron");
    let set = set.iter().map(|(path, value)| (path.to_string(), value.to_string())).collect();
    let overrides = Overrides { variant: Some(variant.to_string()), set };
    let checked = Scenario::open(&path).and_then(|scenario| scenario.check(&Registry::core(), &overrides));
    let mut plan =
        checked.and_then(|checked| plan(&checked)).unwrap_or_else(|faults| panic!("{variant}: {faults}"));
    (plan.run.replications_min, plan.run.replications_max) = (3, 3);
    let result = run(&plan, &Options::default()).unwrap_or_else(|error| panic!("{variant}: {error}"));
    let value = |estimated: &Estimated| match estimated {
        Estimated::Known(estimate) => estimate.value,
        Estimated::NotEnough { .. } => f64::NAN,
    };
    result
        .watches
        .iter()
        .map(|watch| (watch.name.clone(), watch.values.first().map_or(f64::NAN, |one| value(&one.value))))
        .collect()
}

#[track_caller]
fn near(seen: f64, expected: f64, within: f64) {
    assert!((seen - expected).abs() <= within, "{seen} is not {expected} to within {within}");
}

#[test]
fn under_overload_a_queue_without_a_bound_is_of_no_use_and_a_bounded_one_of_all() {
    for (load, expired) in [("1.5", 100.0 / 6.0), ("2", 100.0 / 11.0)] {
        let of_use = |variant| watched("overload-shedding", variant, &[("params.load", load)])["of-use"];
        assert_eq!(of_use("fifo"), 0.0);
        // Of what waits until just before it expires, the part that is served in what is left.
        near(of_use("expired-dropped"), expired, 1.0);
        for (variant, least) in [("bounded", 98.0), ("lifo", 98.5), ("codel", 98.0), ("adaptive-lifo", 95.0)]
        {
            let seen = of_use(variant);
            assert!(seen >= least, "{variant} at {load}: {seen}");
        }
    }
    // Who is served has hardly waited: work alone has a p99 of 461 ms.
    let p99 = watched("overload-shedding", "adaptive-lifo", &[("params.load", "2")])["p99-of-served"];
    near(p99 / 1e6, 461.0 + 20.0, 20.0);
}

#[test]
fn a_throttled_backend_sees_twice_what_it_accepts() {
    for (variant, refused) in [("three-times", 1.0 / 3.0), ("five-times", 0.6), ("ten-times", 0.8)] {
        let seen = watched("adaptive-throttling", variant, &[]);
        near(seen["refused-by-client"], refused, 0.005);
        near(seen["reaches-backend"], 2.0, 0.02);
        near(seen["of-use"], 100.0, 1.0);
    }
    let fits = watched("adaptive-throttling", "as-much-as-fits", &[]);
    assert_eq!((fits["refused-by-client"], fits["turned-away"]), (0.0, 0.0));
    near(watched("adaptive-throttling", "unthrottled", &[])["reaches-backend"], 5.0, 0.05);
}

#[test]
fn a_limit_per_address_stops_one_attacker_and_an_office_and_not_a_crowd() {
    let of = |variant| watched("rate-limits", variant, &[]);
    let one = of("one-attacker");
    near(one["attacker-passes"], 100.0 / 60.0, 0.01);
    near(one["office-turned-away"], 2.0 / 3.0, 0.02);
    assert_eq!(one["users-turned-away"], 0.0);
    assert!(one["users-fail-in-outage"] > 0.7 && one["attacker-passes-in-outage"] > 150.0, "open");
    let by_user = of("one-attacker-per-user");
    assert_eq!(by_user["office-turned-away"], 0.0);
    let closed = of("closed");
    assert!(closed["users-fail-in-outage"] > 0.99 && closed["attacker-passes-in-outage"] == 0.0, "closed");
    let crowd = of("crowd");
    assert!(crowd["attacker-passes"] > 150.0 && crowd["busy"] > 0.99);
    let bounded = of("crowd-and-limit-for-all");
    near(bounded["users-turned-away"], 1.0 - 180.0 / 1_085.0, 0.01);
    near(bounded["office-turned-away"], bounded["users-turned-away"], 0.03);
    assert!(bounded["busy"] < 0.95);
    let tiers = of("tiers");
    // 60/s of 750 basic users ask for 4.8 a minute each and get 3; pro users get all.
    assert!((0.25..0.37).contains(&tiers["users-turned-away"]), "{}", tiers["users-turned-away"]);
}
