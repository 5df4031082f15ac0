//! Sampled requests: what is shown of a request is its whole life, and the same on any number of threads.

use kneepoint::calls::Status;
use kneepoint::experiment::result::{RunResult, SampledRequest, SampledStrand, Why};
use kneepoint::experiment::{Options, run};
use kneepoint::scenario::{Overrides, Registry, Scenario, plan};

const MODEL: &str = r#"(
    format: 1,
    title: "Two branches, a slow one now and then, and a time-out",
    run: (duration: "100s", warm_up: "10s", replications: 2),
    parts: {
        "users": OpenClient(to: "front", rate: "50/s"),
        "front": Service(concurrency: Servers(4), does: [Compute("5ms"), Parallel([Call("left"), Call("right")])]),
        "left": Service(concurrency: Servers(2), does: Compute(Exponential("10ms"))),
        "right": Service(concurrency: Servers(2), does: [Compute(Exponential("15ms")), Call("store")]),
        "store": Delay(Exponential("5ms")),
    },
    edges: { "users -> front": (via: [Timeout("90ms")]) },
)"#;

/// One of a hundred requests fails, and those that do are as slow as the others.
const WITH_ERRORS: &str = r#"(
    format: 1,
    title: "One of a hundred fails",
    run: (duration: "110s", warm_up: "10s", replications: 1),
    parts: {
        "users": OpenClient(to: "web", rate: "200/s"),
        "web": Service(concurrency: Unlimited, does: [Compute(Exponential("10ms")), Fail(chance: "1%")]),
    },
)"#;

fn result(model: &str, threads: usize) -> RunResult {
    let scenario = Scenario::from_text("samples.ron", model, None).expect("it is sound");
    let checked = scenario.check(&Registry::core(), &Overrides::default()).expect("it is sound");
    let plan = plan(&checked).expect("it can be built");
    run(&plan, &Options { threads: Some(threads), samples: true, ..Options::default() }).expect("it runs")
}

fn samples(threads: usize) -> Vec<SampledRequest> {
    result(MODEL, threads).samples
}

/// Whether the spans of a strand follow each other without a gap; returns how long they last [ns].
fn length(strand: &SampledStrand) -> u64 {
    for pair in strand.spans.windows(2) {
        assert_eq!(pair[0].to, pair[1].from, "{strand:#?}");
    }
    strand.spans.iter().map(|span| span.to.as_nanos() - span.from.as_nanos()).sum()
}

#[test]
fn a_sampled_request_is_shown_whole() {
    let all = samples(1);
    let reasons: Vec<&Why> = all.iter().map(|request| &request.why).collect();
    for why in [Why::Near(0.5), Why::Near(0.9), Why::Near(0.99), Why::Slowest, Why::Failed] {
        assert!(reasons.contains(&&why), "{why:?} in {reasons:?}");
    }
    for request in &all {
        assert_eq!(request.why == Why::Failed, request.status == Status::Timeout, "{request:#?}");
        let root = &request.strands[0];
        assert_eq!((root.parent, root.from), (None, request.born), "{request:#?}");
        let branches = || request.strands[1..].iter().filter(|strand| !strand.orphaned);
        if request.status == Status::Ok {
            // Until the fork, the branch that decided, and nothing after: the front adds nothing of its own.
            assert_eq!(branches().count(), 2, "{request:#?}");
            let longest = branches().map(length).max().unwrap();
            assert_eq!(length(root) + longest, request.latency.as_nanos(), "{request:#?}");
        }
        assert!(request.strands[1..].iter().all(|strand| strand.parent == Some(0)), "{request:#?}");
    }
}

#[test]
fn they_are_the_same_on_any_number_of_threads() {
    assert_eq!(samples(1), samples(3));
}

#[test]
fn failures_do_not_push_out_the_sample_near_a_high_percentile() {
    let found = result(WITH_ERRORS, 1);
    let all = &found.clients[0].all;
    let failed = all.ended.total - all.good.total;
    assert!((100..400).contains(&failed), "one of a hundred of 20 000: {failed}");
    for p in [0.5, 0.9, 0.99, 0.999] {
        let near = found.samples.iter().find(|request| request.why == Why::Near(p));
        let near = near.unwrap_or_else(|| panic!("a sample near {p}"));
        assert_eq!(near.status, Status::Ok);
        let percentile = all.latency.percentile(p).and_then(|number| number.value()).expect("thousands");
        // Kept are 4000 of 20 000: at p99.9 of an exponential the next is a fifth of the mean away, at most a few.
        let off = (near.latency.as_nanos() as f64 - percentile).abs() / percentile;
        assert!(off < 0.1, "{off} away from {p}: {near:#?}");
    }
}
