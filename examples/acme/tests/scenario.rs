//! The stranger's kind in a scenario file, from text to numbers.

use acme_kinds::{GpuPool, register};
use kneepoint_calls::rig::{Asks, drive};
use kneepoint_engine::SimDuration;
use kneepoint_random::Distribution;
use kneepoint_scenario::{Overrides, Registry, Scenario, plan};

const FILE: &str = r#"(
    format: 1,
    title: "Model serving",
    run: (duration: "20s", warm_up: "0s", replications: 1),
    parts: {
        "apps": OpenClient(to: "api", rate: "200/s"),
        "api": Service(concurrency: Unlimited, does: [Compute("1ms"), Call("gpu")]),
        "gpu": acme_GpuPool(cards: 2, batch: (max: 16, wait: "5ms"), step: "30ms"),
    },
)"#;

fn ms(n: u64) -> SimDuration {
    SimDuration::from_millis(n)
}

#[test]
fn a_kind_of_another_crate_runs_from_a_file() {
    let mut registry = Registry::core();
    register(&mut registry).unwrap();
    let scenario = Scenario::from_text("gpu.ron", FILE, None).unwrap();
    let checked =
        scenario.check(&registry, &Overrides::default()).unwrap_or_else(|faults| panic!("{faults}"));
    let plan = plan(&checked).unwrap_or_else(|faults| panic!("{faults}"));
    let mut sim = (plan.build)(1, 0);
    sim.run_until(plan.end()).unwrap();
    let gpu = sim.find("gpu/0").unwrap();
    let books = sim.books(gpu);
    assert!(books.good() > 3500, "about 4000 calls in 20 s, {} answered", books.good());
    let sizes = sim.samples(gpu, "batch_size").unwrap();
    assert!(sizes.max().unwrap() <= 16);
    assert!(sizes.mean().unwrap() > 2.0, "200/s on two cards of 30 ms need batches of 3");
}

#[test]
fn its_faults_are_said_like_ours() {
    let mut registry = Registry::core();
    register(&mut registry).unwrap();
    let text = FILE.replace("cards: 2", "crads: 2").replace("\"30ms\"", "\"30/s\"");
    let scenario = Scenario::from_text("gpu.ron", &text, None).unwrap();
    let faults = scenario.check(&registry, &Overrides::default()).unwrap_err().to_string();
    assert!(faults.contains("unknown field `crads` of acme_GpuPool"), "{faults}");
    assert!(faults.contains("did you mean `cards`?"), "{faults}");
    assert!(faults.contains("\"30/s\" is a rate, a duration is needed"), "{faults}");
}

#[test]
fn without_it_the_crate_is_named() {
    let scenario = Scenario::from_text("gpu.ron", FILE, None).unwrap();
    let faults = scenario.check(&Registry::core(), &Overrides::default()).unwrap_err().to_string();
    assert!(faults.contains("belongs to crate `acme`"), "{faults}");
}

#[test]
fn a_batch_waits_to_fill_and_a_full_one_starts_at_once() {
    let asks: Vec<Asks> = [0, 1, 2, 3].map(|at| Asks::at(ms(at))).to_vec();
    let driven = drive(&asks, &[(ms(0), kneepoint_calls::Status::Ok)], |_| {
        GpuPool::new(2, Distribution::constant(10e6).unwrap(), 3, ms(5))
    });
    // three at 2 ms are a full batch; the fourth waits until 8 ms
    assert_eq!(driven.log, ["12 answer 0 ok", "12 answer 1 ok", "12 answer 2 ok", "18 answer 3 ok"]);
    assert_eq!(driven.in_flight, 0);
}

#[test]
fn who_gives_up_leaves_the_batch() {
    let asks = [Asks::at(ms(0)).giving_up(ms(2)), Asks::at(ms(1)), Asks::at(ms(7)).giving_up(ms(5))];
    let driven = drive(&asks, &[(ms(0), kneepoint_calls::Status::Ok)], |_| {
        GpuPool::new(1, Distribution::constant(10e6).unwrap(), 3, ms(5))
    });
    assert_eq!(driven.log, ["2 answer 0 timeout", "12 answer 2 timeout", "15 answer 1 ok"]);
    assert_eq!(driven.in_flight, 0);
}
