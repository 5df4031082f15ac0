//! Kinds of other crates.

use kneepoint_scenario::{Overrides, Registry, Scenario, Severity};

use crate::shop;

/// What makes a part, as a simulation layer might register it.
struct Make(fn(u64) -> String);

fn registry() -> Registry {
    let mut registry = Registry::core();
    let make = Make(|cards| format!("{cards} cards"));
    registry
        .add_with(
            "part",
            "acme_GpuPool",
            "cards",
            "cards: count! >= 1 <= 64; step: duration~ = 30ms {acme handbook}; batch: (acme_Batch)",
            "A pool of cards that works in batches.",
            make,
        )
        .expect_err("the record must be registered first");
    registry.add("record", "acme_Batch", "max", "max: count! >= 1; wait: duration = 5ms").expect("sound");
    registry
        .add_with(
            "part",
            "acme_Pool",
            "cards",
            "cards: count! >= 1 <= 64; step: duration~ = 30ms {acme handbook}; batch: (acme_Batch)",
            "A pool of cards that works in batches.",
            Make(|cards| format!("{cards} cards")),
        )
        .expect("sound");
    registry.add_series("acme_Pool", &["calls", "batch_size"]);
    registry.add("policy", "acme_CacheAffine", "weight", "weight: number! > 0").expect("sound");
    registry
}

fn text(part: &str, slo: &str) -> String {
    shop(
        &format!(
            "\"u\": OpenClient(to: \"lb\", rate: \"1/s\"), \"lb\": Balancer(to: \"gpu\", policy: acme_CacheAffine(1.25)), \"gpu\": {part}"
        ),
        &format!("slo: {{ \"x\": \"{slo}\" }}"),
    )
}

#[test]
fn they_are_read_checked_made_and_measured_like_ours() {
    let registry = registry();
    for part in [
        "acme_Pool(8)",
        "acme_Pool(cards: 8, batch: 16)",
        "acme_Pool(cards: 8, batch: (max: 16, wait: \"1ms\"))",
    ] {
        let scenario =
            Scenario::from_text("t.ron", &text(part, "mean(gpu.batch_size) > 4"), None).expect("readable");
        let checked =
            scenario.check(&registry, &Overrides::default()).unwrap_or_else(|faults| panic!("{faults}"));
        let gpu = &checked.parts()[2].args;
        let make: &Make = gpu.kind.factory().expect("registered with it");
        assert_eq!((make.0)(gpu.count("cards")), "8 cards");
        assert_eq!(gpu.distribution("step").median(), Some(30e6));
    }
}

#[test]
fn their_faults_are_found_like_ours() {
    let registry = registry();
    for (part, slo, expected) in [
        ("acme_Pool(0)", "rate(gpu.calls) > 4/s", "at least 1 card"),
        ("acme_Pool(cards: 8, step: \"3/s\")", "rate(gpu.calls) > 4/s", "a duration is needed"),
        ("acme_Pool(cads: 8)", "rate(gpu.calls) > 4/s", "unknown field `cads` of acme_Pool"),
        ("acme_Pol(8)", "rate(gpu.calls) > 4/s", "crate `acme` has no part `acme_Pol`"),
        ("acme_Pool(8)", "mean(gpu.batch_sise) > 4", "acme_Pool has no series `batch_sise`"),
        (
            "other_Pool(8)",
            "rate(gpu.calls) > 4/s",
            "belongs to crate `other`, which this program was built without",
        ),
    ] {
        let scenario = Scenario::from_text("t.ron", &text(part, slo), None).expect("readable");
        let faults = scenario.check(&registry, &Overrides::default()).expect_err("it is wrong");
        let said: Vec<_> = faults
            .list()
            .iter()
            .filter(|f| f.severity == Severity::Error)
            .map(|f| f.message.clone())
            .collect();
        assert!(said.iter().any(|message| message.contains(expected)), "{part}: {said:?}");
    }
}
