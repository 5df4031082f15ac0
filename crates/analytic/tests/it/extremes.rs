//! Whatever numbers a stranger's file holds: an answer or an error, never a panic, a hang or a value that is none.

use kneepoint_analytic::*;

const VALUES: [f64; 10] = [f64::NAN, -1.0, 0.0, 1e-300, 1e-30, 1e-9, 0.999_999, 1.0, 1e9, 1e30];
const COUNTS: [u32; 5] = [0, 1, 3, 1000, u32::MAX];

fn laws() -> Vec<Law> {
    let mut laws = Vec::new();
    for a in VALUES {
        laws.push(Law::Deterministic { value_s: a });
        laws.push(Law::Exponential { mean_s: a });
        laws.extend(Law::lognormal(a, 1e6));
        laws.extend(Law::hyperexponential_balanced(a, 1e6));
        laws.extend(COUNTS.map(|phases| Law::Erlang { phases, mean_s: a }));
        laws.extend(VALUES.map(|shape| Law::Pareto { shape, scale_s: a }));
    }
    laws
}

/// No NaN among the values.
fn sound(what: &str, values: &[f64]) {
    assert!(values.iter().all(|value| !value.is_nan()), "{what}: {values:?}");
}

#[test]
fn single_queues_survive_any_numbers() {
    for a in VALUES {
        for b in VALUES {
            let what = format!("{a} {b}");
            if let Ok(queue) = Mm1::new(a, b) {
                sound(&what, &[queue.response_s_mean(), queue.waiting_s_quantile(0.99).unwrap()]);
            }
            if let Ok(queue) = ProcessorSharing::new(a, b) {
                sound(&what, &[queue.response_s_mean(), queue.number_mean()]);
            }
            if let Ok(queue) = BatchArrivals::new(a, BatchSize::Geometric { mean: b }, 1.0) {
                sound(&what, &[queue.response_s_mean()]);
            }
            if let Ok(queue) = Breakdowns::new(a, 1.0, b, 1.0) {
                sound(&what, &[queue.response_s_mean()]);
            }
            if let Ok(system) = InfiniteServers::new(a, b) {
                sound(&what, &[system.number_at_least(3)]);
                let _ = system.number_quantile(0.99);
            }
            if let Ok(queue) = MmppM1::two_phases([a, b], 1.0, 1e-6, 1.0) {
                sound(&what, &[queue.response_s_mean(), queue.empty_probability()]);
            }
            if let Ok(queue) = MmppM1::two_phases([0.5, 0.1], a, b, 1.0) {
                sound(&what, &[queue.response_s_mean(), queue.empty_probability()]);
            }
        }
    }
}

#[test]
fn queues_with_servers_survive_any_numbers() {
    for servers in COUNTS {
        for a in VALUES {
            let what = format!("{servers} {a}");
            if let Ok(queue) = Mmc::new(a, 1.0, servers) {
                sound(&what, &[queue.response_s_quantile(0.99).unwrap(), queue.waiting_s_mean()]);
            }
            if let Ok(queue) = Mmc::new(1.0, a, servers) {
                sound(&what, &[queue.response_s_quantile(0.99).unwrap(), queue.waiting_s_mean()]);
            }
            for capacity in COUNTS {
                if let Ok(queue) = Mmck::new(a, 1.0, servers, capacity) {
                    sound(&what, &[queue.loss_probability(), queue.response_s_mean()]);
                }
            }
            for b in VALUES {
                if let Ok(queue) = DeterministicPatience::new(a, 1.0, servers, b) {
                    sound(&what, &[queue.abandoned_fraction(), queue.waiting_s_mean()]);
                    sound(&what, &[queue.waiting_s_quantile(0.9).unwrap()]);
                }
                if let Ok(queue) = ErlangA::new(a, 1.0, servers.min(1000), b) {
                    sound(&what, &[queue.abandoned_fraction(), queue.waiting_probability()]);
                }
                if let Ok(queue) = Mdc::new(a, b, servers.min(3)) {
                    sound(&what, &[queue.waiting_s_mean(), queue.waiting_s_quantile(0.99).unwrap()]);
                }
            }
            if let Ok(queue) = ForkJoin::new(a, 1.0, servers) {
                sound(&what, &[queue.response_s_mean_approximate()]);
            }
            if let Ok(network) = ClosedNetwork::terminals(a, 1.0, servers) {
                for population in [0, 1, 300] {
                    if let Ok(solved) = network.solve(population) {
                        sound(&what, &[solved.throughput_per_s, solved.response_s_mean]);
                    }
                }
            }
            let _ = (erlang_b(servers, a), erlang_c(servers, a), load_for_loss(servers.min(1000), a));
        }
    }
}

#[test]
fn queues_with_any_law_survive_any_numbers() {
    for law in laws() {
        for a in VALUES {
            let what = format!("{law:?} {a}");
            if let Ok(queue) = Mg1::new(a, law) {
                sound(&what, &[queue.waiting_s_mean()]);
                if let Ok(times) = queue.times()
                    && let Ok(value) = times.response_s_quantile(0.99)
                {
                    sound(&what, &[value]);
                }
            }
            if let Ok(queue) = Gm1::new(law, a) {
                sound(&what, &[queue.waiting_s_mean(), queue.response_s_quantile(0.99).unwrap()]);
            }
            let rate = RateProfile::Constant { rate_per_s: 1.0 };
            if let Ok(value) = mean_in_flight(&rate, law, a) {
                sound(&what, &[value]);
            }
        }
    }
}

#[test]
fn transient_queues_survive_any_numbers() {
    for a in VALUES {
        for b in VALUES {
            if let Ok(queue) = TransientMmc::new(RateProfile::Constant { rate_per_s: a }, b, 2)
                && let Ok(states) = queue.at(&[1.0])
            {
                sound(&format!("{a} {b}"), &[states[0].number_mean()]);
            }
            if let Ok(fit) = Usl::fit(&[1.0, 2.0, 3.0, 4.0], &[1.0, a, b, 1.0], 0.95) {
                sound(&format!("{a} {b}"), &[fit.usl.alpha, fit.usl.beta, fit.usl.gamma]);
            }
        }
    }
}
