use kneepoint_analytic::Mmc;
use kneepoint_engine::SimDuration;
use kneepoint_scenario::plan::RunPlan;

use crate::models::{done, fixed, known, queue, with_objective, with_watch};
use kneepoint_experiment::result::Verdict;

#[test]
fn two_servers_follow_theory() {
    // One chance in a thousand each, for five numbers of a fixed seed.
    let run =
        RunPlan { confidence: 0.999, ..fixed(SimDuration::from_secs(220), SimDuration::from_secs(20), 20) };
    let plan = queue(run, 140.0, 10.0, 2);
    let plan = with_watch(plan, "p90(desk.response)");
    let plan = with_objective(plan, "fast", "mean(client.latency) < 1s");
    let result = done(&plan);
    let theory = Mmc::new(140.0, 100.0, 2).expect("it is stable");
    let desk = &result.parts[0].all;
    let holds = |what: &str, estimated, truth: f64| {
        let estimate = known(estimated);
        assert!(estimate.contains(truth), "{what}: {truth} {estimate:?}");
        // An interval that holds everything says nothing.
        assert!(estimate.relative_half_width().expect("above 0") < 0.1, "{what}: {estimate:?}");
    };
    holds("utilisation", &desk.utilisation.as_ref().expect("kept").share, theory.utilization());
    holds("queue", &desk.queue.as_ref().expect("kept").mean, theory.queue_mean());
    holds("waiting", &desk.waiting.as_ref().expect("kept").mean, theory.waiting_s_mean() * 1e9);
    holds("throughput", &result.clients[0].all.good.rate, 140.0);
    let p90 = theory.response_s_quantile(0.9).expect("0.9 lies between 0 and 1");
    holds("p90", &result.watches[0].values[0].value, p90 * 1e9);
    assert_eq!(result.verdict, Verdict::Met);
    assert!(result.warnings.is_empty(), "{:?}", result.warnings);
}

#[test]
fn percentiles_follow_theory_over_requests_over_time_and_combined() {
    let run =
        RunPlan { confidence: 0.999, ..fixed(SimDuration::from_secs(110), SimDuration::from_secs(10), 20) };
    let plan = queue(run, 50.0, 10.0, 1);
    let plan = with_watch(plan, "p90(client.latency) / p50(client.latency)");
    let plan = with_watch(plan, "p95(desk.in_flight)");
    let result = done(&plan);
    let value = |i: usize| known(&result.watches[i].values[0].value);
    // Response times are exponential: ln 10 / ln 2.
    let ratio = value(0);
    assert!(ratio.contains(std::f64::consts::LN_10 / std::f64::consts::LN_2), "{ratio:?}");
    assert!(ratio.relative_half_width().expect("above 0") < 0.1, "{ratio:?}");
    // P(at most n inside) = 1 - 0.5^(n + 1): 0.9375 for 3, 0.969 for 4.
    assert_eq!((value(1).value, value(1).low, value(1).high), (4.0, 4.0, 4.0), "{:?}", value(1));
}
