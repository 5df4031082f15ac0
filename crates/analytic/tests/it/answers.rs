//! What this crate answers to the cases of `expected`.

use kneepoint_analytic::{
    AnalyticError, BatchArrivals, BatchSize, Breakdowns, ClosedClass, ClosedNetwork, ClosedStation,
    DeterministicPatience, ErlangA, ForkJoin, Gm1, InfiniteServers, Jackson, JacksonStation, Law, Mdc, Mg1,
    Mg1Priority, Mm1, Mmc, Mmck, MmppM1, PriorityClass, ProcessorSharing, RateProfile, Servers, StationKind,
    Tandem, TransientMmc, erlang_b, mmc_priority_waiting_s_means, response_time_law_s,
    sinusoidal_mean_in_flight, solve_closed_classes,
};

/// Named values, as in `expected`.
pub type Answers = Vec<(String, f64)>;
type Answered = Result<Answers, AnalyticError>;

/// Answers one case.
pub fn answer(id: &str) -> Answered {
    let exponential = Law::Exponential { mean_s: 1.0 };
    let fixed = Law::Deterministic { value_s: 1.0 };
    match id {
        "q/batch/fixed20-rho0.9" => batch(0.045, BatchSize::Fixed(20)),
        "q/batch/fixed5-rho0.8" => batch(0.16, BatchSize::Fixed(5)),
        "q/batch/geometricmean4-rho0.8" => batch(0.2, BatchSize::Geometric { mean: 4.0 }),
        "q/breakdown/l5-mu10-a0.01-b0.1" => breakdown(),
        "q/closed/bolch-8.4" => closed(
            3,
            0.0,
            &[
                (1.0, 0.5, Servers::Count(2)),
                (0.5, 0.6, Servers::Count(1)),
                (0.5, 0.8, Servers::Count(1)),
                (1.0, 1.0, Servers::Unlimited),
            ],
        ),
        "q/closed/jain-34.2" => closed(
            20,
            4.0,
            &[
                (16.0, 0.125, Servers::Count(1)),
                (10.0, 0.3, Servers::Count(1)),
                (5.0, 0.2, Servers::Count(1)),
            ],
        ),
        "q/closed/terminals-N20-Z10-S1-c1" => terminals(20, 10.0, 1.0),
        "q/closed/terminals-N50-Z5-S0.2-c1" => terminals(50, 5.0, 0.2),
        "q/closed/twoclass-15-5" => two_classes(),
        "q/erlangA/l100-c100-th0.2" => erlang_a(100.0, 100, 0.2),
        "q/erlangA/l12-c10-th1" => erlang_a(12.0, 10, 1.0),
        "q/erlangA/l48-c50-th0.5" => erlang_a(48.0, 50, 0.5),
        "q/erlangA/l50-c50-th0.1" => erlang_a(50.0, 50, 0.1),
        "q/erlangB/c10-a4.4612-exponential" | "q/erlangB/c10-a4.4612-hyperexponential" => loss(10, 4.4612),
        "q/erlangB/c100-a84.064-deterministic" | "q/erlangB/c100-a84.064-exponential" => loss(100, 84.064),
        "q/erlangB/c50-a45-deterministic" => loss(50, 45.0),
        "q/forkjoin-n/n3-rho0.6" => fork_join(0.6, 3),
        "q/forkjoin-n/n32-rho0.8" => fork_join(0.8, 32),
        "q/forkjoin-n/n4-rho0.5" => fork_join(0.5, 4),
        "q/forkjoin-n/n8-rho0.7" => fork_join(0.7, 8),
        "q/forkjoin2/rho0.5" => fork_join(0.5, 2),
        "q/forkjoin2/rho0.8" => fork_join(0.8, 2),
        "q/gm1/det-rho0.5" => gm1(Law::Deterministic { value_s: 2.0 }),
        "q/gm1/det-rho0.8" => gm1(Law::Deterministic { value_s: 1.25 }),
        "q/gm1/erlang10-rho0.9" => gm1(Law::Erlang { phases: 10, mean_s: 1.0 / 0.9 }),
        "q/gm1/erlang2-rho0.8" => gm1(Law::Erlang { phases: 2, mean_s: 1.25 }),
        "q/gm1/erlang3-rho0.95" => gm1(Law::Erlang { phases: 3, mean_s: 1.0 / 0.95 }),
        "q/gm1/h2-scv4-rho0.7" => gm1(Law::hyperexponential_balanced(1.0 / 0.7, 4.0)?),
        "q/jackson/bolch-7.4" => jackson(
            &[(0.04, 1), (0.03, 1), (0.06, 1), (0.05, 1)],
            &[
                vec![0.0, 0.5, 0.5, 0.0],
                vec![1.0, 0.0, 0.0, 0.0],
                vec![0.6, 0.0, 0.0, 0.0],
                vec![1.0, 0.0, 0.0, 0.0],
            ],
            &[0.0, 0.0, 0.0, 4.0],
        ),
        "q/jackson/web-3tier" => jackson(
            &[(0.004, 1), (0.01, 3), (0.02, 2)],
            &[vec![0.0, 1.0, 0.0], vec![0.0, 0.0, 0.3], vec![0.0, 0.0, 0.0]],
            &[180.0, 0.0, 0.0],
        ),
        "q/mdc/c10-rho0.9" => mdc(9.0, 10),
        "q/mdc/c2-rho0.8" => mdc(1.6, 2),
        "q/mdc/c5-rho0.9" => mdc(4.5, 5),
        "q/mg1/det-rho0.5" => mg1(0.5, fixed),
        "q/mg1/det-rho0.9" => mg1(0.9, fixed),
        "q/mg1/erlang4-rho0.8" => mg1(0.8, Law::Erlang { phases: 4, mean_s: 1.0 }),
        "q/mg1/h2-scv10-rho0.5" => mg1(0.5, Law::hyperexponential_balanced(1.0, 10.0)?),
        "q/mg1/h2-scv4-rho0.8" => mg1(0.8, Law::hyperexponential_balanced(1.0, 4.0)?),
        "q/mg1/lognormal-scv1-rho0.7" => mg1(0.7, Law::lognormal(1.0, 1.0)?),
        "q/mg1/lognormal-scv1-rho0.9" => mg1(0.9, Law::lognormal(1.0, 1.0)?),
        "q/mg1/lognormal-scv4-rho0.8" => mg1(0.8, Law::lognormal(1.0, 4.0)?),
        "q/mg1/pareto2.5-rho0.7" => mg1(0.7, Law::Pareto { shape: 2.5, scale_s: 0.6 }),
        "q/mg1/pareto3.5-rho0.5" => mg1(0.5, Law::Pareto { shape: 3.5, scale_s: 2.5 / 3.5 }),
        "q/mg1ps/deterministic-rho0.8" => shared(0.8, fixed),
        "q/mg1ps/exponential-rho0.8" => shared(0.8, exponential),
        "q/mg1ps/hyperexponential-balanced-rho0.7" => shared(0.7, Law::hyperexponential_balanced(1.0, 4.0)?),
        "q/mginf/deterministic-20" | "q/mginf/lognormal-20" => in_flight(20.0),
        "q/mginf/exponential-7.5" => in_flight(7.5),
        "q/mm1/rho0.3-mu1" => mm1(0.3, 1.0),
        "q/mm1/rho0.5-mu1" => mm1(0.5, 1.0),
        "q/mm1/rho0.8-mu10" => mm1(8.0, 10.0),
        "q/mm1/rho0.95-mu100" => mm1(95.0, 100.0),
        "q/mmc+D/l11-mu1-c10-tau0.5" => patience(11.0, 1.0, 10, 0.5),
        "q/mmc+D/l12-mu10-c1-tau1" => patience(12.0, 10.0, 1, 1.0),
        "q/mmc+D/l55-mu1-c50-tau0.3" => patience(55.0, 1.0, 50, 0.3),
        "q/mmc+D/l9-mu10-c1-tau0.5" => patience(9.0, 10.0, 1, 0.5),
        "q/mmc/c100-rho0.95" => mmc(95.0, 1.0, 100),
        "q/mmc/c2-rho0.9" => mmc(9.0, 5.0, 2),
        "q/mmc/c9-rho0.9" => mmc(9.0, 10.0 / 9.0, 9),
        "q/mmck/l12-mu10-c1-K10" => mmck(12.0, 10.0, 1, 10),
        "q/mmck/l3-mu2-c2-K5" => mmck(3.0, 2.0, 2, 5),
        "q/mmck/l40-mu30-c3-K7" => mmck(40.0, 30.0, 3, 7),
        "q/mmck/l50-mu10-c4-K6" => mmck(50.0, 10.0, 4, 6),
        "q/mmpp/0.4-1.6" => mmpp(),
        "q/mtginf/deterministic-100" => {
            changing_in_flight(100.0, 50.0, 60.0, Law::Deterministic { value_s: 10.0 }, 600.0)
        }
        "q/mtginf/exponential-100" => {
            changing_in_flight(100.0, 50.0, 60.0, Law::Exponential { mean_s: 10.0 }, 600.0)
        }
        "q/mtginf/exponential-40" => {
            changing_in_flight(40.0, 30.0, 30.0, Law::Exponential { mean_s: 6.0 }, 300.0)
        }
        "q/mtmc/sin-8-4-c10" => {
            let rate = RateProfile::Sinusoidal { base_per_s: 8.0, amplitude_per_s: 4.0, period_s: 24.0 };
            transient(rate, 10, &[60.0, 66.0, 72.0, 78.0], Some((120.0, 144.0)))
        }
        "q/mtmc/spike-5-15-c10" => {
            let steps = vec![(0.0, 5.0), (60.0, 15.0), (120.0, 5.0)];
            let rate = RateProfile::Steps { from_s_rate_per_s: steps };
            transient(rate, 10, &[60.0, 90.0, 120.0, 150.0, 180.0, 240.0], None)
        }
        "q/prio-mmc/c10" => by_class("mean_wait", mmc_priority_waiting_s_means(&[3.0, 5.0], 1.0, 10)?),
        "q/prio-np/det-0.2-0.3-0.3" => {
            by_class("mean_wait", priority(&[0.2, 0.3, 0.3], fixed)?.waiting_s_means_nonpreemptive())
        }
        "q/prio-np/exp-0.3-0.5" => {
            by_class("mean_wait", priority(&[0.3, 0.5], exponential)?.waiting_s_means_nonpreemptive())
        }
        "q/prio-pr/det-0.2-0.3-0.3" => {
            by_class("mean_sojourn", priority(&[0.2, 0.3, 0.3], fixed)?.response_s_means_preemptive_resume())
        }
        "q/prio-pr/exp-0.3-0.5" => {
            by_class("mean_sojourn", priority(&[0.3, 0.5], exponential)?.response_s_means_preemptive_resume())
        }
        "q/tandem/2" => tandem(),
        "q/transient/mm1-0.8" => {
            let rate = RateProfile::Constant { rate_per_s: 0.8 };
            transient(rate, 1, &[5.0, 20.0, 50.0], None)
        }
        _ => Ok(Vec::new()),
    }
}

fn named<const N: usize>(values: [(&str, f64); N]) -> Answers {
    values.into_iter().map(|(name, value)| (name.to_string(), value)).collect()
}

/// `NAME_p50` and so on.
fn quantiles(name: &str, of: impl Fn(f64) -> Result<f64, AnalyticError>) -> Answered {
    [("50", 0.5), ("90", 0.9), ("95", 0.95), ("99", 0.99), ("99.9", 0.999)]
        .into_iter()
        .map(|(percent, p)| Ok((format!("{name}_p{percent}"), of(p)?)))
        .collect()
}

fn by_class(name: &str, values: Vec<f64>) -> Answered {
    Ok(values.into_iter().enumerate().map(|(i, value)| (format!("{name}_class_{}", i + 1), value)).collect())
}

fn batch(batch_rate_per_s: f64, size: BatchSize) -> Answered {
    let queue = BatchArrivals::new(batch_rate_per_s, size, 1.0)?;
    Ok(named([
        ("utilization", queue.utilization()),
        ("mean_number_in_system", queue.number_mean()),
        ("mean_sojourn_per_request", queue.response_s_mean()),
    ]))
}

fn breakdown() -> Answered {
    let queue = Breakdowns::new(5.0, 10.0, 0.01, 0.1)?;
    Ok(named([
        ("availability", queue.availability()),
        ("mean_number_in_system", queue.number_mean()),
        ("mean_sojourn", queue.response_s_mean()),
    ]))
}

fn closed(population: u32, think_s: f64, stations: &[(f64, f64, Servers)]) -> Answered {
    let stations: Vec<ClosedStation> = (stations.iter())
        .map(|(visits, service, servers)| ClosedStation {
            visits: *visits,
            service_s_mean: *service,
            servers: *servers,
        })
        .collect();
    let solved = ClosedNetwork::new(&stations, think_s)?.solve(population)?;
    let mut answers = named([
        ("system_throughput", solved.throughput_per_s),
        ("mean_cycle_response", solved.response_s_mean),
    ]);
    for (i, station) in solved.stations.iter().enumerate() {
        answers.push((format!("mean_number_station_{}", i + 1), station.number_mean));
        answers.push((format!("mean_sojourn_per_visit_station_{}", i + 1), station.response_s_mean));
    }
    Ok(answers)
}

fn terminals(clients: u32, think_s: f64, service_s_mean: f64) -> Answered {
    let solved = ClosedNetwork::terminals(think_s, service_s_mean, 1)?.solve(clients)?;
    let law = response_time_law_s(f64::from(clients), solved.throughput_per_s, think_s)?;
    Ok(named([
        ("throughput", solved.throughput_per_s),
        ("mean_response_time", solved.response_s_mean),
        ("mean_number_at_server", solved.stations[0].number_mean),
        ("utilization", solved.stations[0].utilization),
        ("response_time_law_check", law),
    ]))
}

fn two_classes() -> Answered {
    let class =
        |population, think_s, demand_s| ClosedClass { population, think_s, demands_s: vec![demand_s] };
    let solved = solve_closed_classes(&[StationKind::Shared], &[class(15, 1.0, 0.025), class(5, 15.0, 0.5)])?;
    let mut answers = by_class("throughput", solved.iter().map(|c| c.throughput_per_s).collect())?;
    answers.extend(by_class("mean_response", solved.iter().map(|c| c.response_s_mean).collect())?);
    answers.extend(by_class("utilization", solved.iter().map(|c| c.utilizations[0]).collect())?);
    Ok(answers)
}

fn erlang_a(arrival_rate_per_s: f64, servers: u32, abandon_rate_per_s: f64) -> Answered {
    let queue = ErlangA::new(arrival_rate_per_s, 1.0, servers, abandon_rate_per_s)?;
    Ok(named([
        ("fraction_abandoned", queue.abandoned_fraction()),
        ("mean_wait_all_arrivals", queue.waiting_s_mean()),
        ("prob_wait_gt_0", queue.waiting_probability()),
        ("mean_number_waiting", queue.queue_mean()),
        ("utilization", queue.utilization()),
    ]))
}

fn loss(servers: u32, offered_load: f64) -> Answered {
    let blocked = erlang_b(servers, offered_load)?;
    Ok(named([("blocking_probability", blocked), ("mean_busy_servers", offered_load * (1.0 - blocked))]))
}

fn fork_join(arrival_rate_per_s: f64, branches: u32) -> Answered {
    let join = ForkJoin::new(arrival_rate_per_s, 1.0, branches)?;
    let (low, high) = join.response_s_bounds();
    let mut answers = named([
        ("mean_sojourn_of_one_task", join.branch_response_s_mean()),
        ("nelson_tantawi_approximation", join.response_s_mean_approximate()),
        ("mean_sojourn_lower_bound", low),
        ("mean_sojourn_upper_bound", high),
    ]);
    if let Ok(exact) = join.response_s_mean_exact() {
        answers.push(("mean_sojourn".to_string(), exact));
    }
    Ok(answers)
}

fn gm1(interarrival: Law) -> Answered {
    let queue = Gm1::new(interarrival, 1.0)?;
    let mut answers = named([
        ("prob_wait_gt_0", queue.waiting_probability()),
        ("mean_wait_in_queue", queue.waiting_s_mean()),
        ("mean_sojourn", queue.response_s_mean()),
    ]);
    answers.extend(quantiles("sojourn", |p| queue.response_s_quantile(p))?);
    Ok(answers)
}

fn jackson(stations: &[(f64, u32)], routing: &[Vec<f64>], external: &[f64]) -> Answered {
    let stations: Vec<JacksonStation> = (stations.iter())
        .map(|(service, count)| JacksonStation { service_s_mean: *service, servers: Servers::Count(*count) })
        .collect();
    let network = Jackson::new(&stations, routing, external)?;
    let mut answers = named([
        ("mean_end_to_end_sojourn", network.end_to_end_s_mean()),
        ("mean_total_in_system", network.number_mean_total()),
    ]);
    for i in 0..stations.len() {
        let k = i + 1;
        answers.push((format!("throughput_station_{k}"), network.throughput_per_s(i)));
        answers.push((format!("utilization_station_{k}"), network.utilization(i)));
        answers.push((format!("mean_number_station_{k}"), network.number_mean(i)));
        answers.push((format!("mean_sojourn_per_visit_station_{k}"), network.response_s_mean(i)));
    }
    Ok(answers)
}

fn mdc(arrival_rate_per_s: f64, servers: u32) -> Answered {
    let queue = Mdc::new(arrival_rate_per_s, 1.0, servers)?;
    let mut answers = named([
        ("prob_wait_gt_0", queue.waiting_probability()),
        ("mean_wait_in_queue", queue.waiting_s_mean()),
        ("mean_number_waiting", queue.queue_mean()),
    ]);
    answers.extend(quantiles("wait", |p| queue.waiting_s_quantile(p))?);
    Ok(answers)
}

fn mg1(arrival_rate_per_s: f64, service: Law) -> Answered {
    let queue = Mg1::new(arrival_rate_per_s, service)?;
    let mut answers = named([
        ("mean_wait_in_queue", queue.waiting_s_mean()),
        ("mean_sojourn", queue.response_s_mean()),
        ("mean_number_in_system", queue.number_mean()),
        ("utilization", queue.utilization()),
        ("prob_wait_gt_0", queue.utilization()),
    ]);
    if let Ok(times) = queue.times() {
        answers.extend(quantiles("wait", |p| times.waiting_s_quantile(p))?);
        answers.extend(quantiles("sojourn", |p| times.response_s_quantile(p))?);
    }
    Ok(answers)
}

fn shared(arrival_rate_per_s: f64, service: Law) -> Answered {
    let queue = ProcessorSharing::with_law(arrival_rate_per_s, service)?;
    Ok(named([
        ("mean_sojourn", queue.response_s_mean()),
        ("mean_number_in_system", queue.number_mean()),
        ("prob_n_in_system_ge_3", queue.number_at_least(3)),
        ("mean_slowdown", queue.slowdown()),
        ("var_sojourn", queue.response_s2_variance_exponential()),
    ]))
}

fn in_flight(arrival_rate_per_s: f64) -> Answered {
    let system = InfiniteServers::new(arrival_rate_per_s, 1.0)?;
    let half_more = (1.5 * arrival_rate_per_s).ceil() as u32;
    Ok(named([
        ("mean_in_flight", system.number_mean()),
        ("var_in_flight", system.number_mean()),
        ("in_flight_p99", f64::from(system.number_quantile(0.99)?)),
        ("prob_in_flight_ge_1p5x_mean", system.number_at_least(half_more)),
    ]))
}

fn mm1(arrival_rate_per_s: f64, service_rate_per_s: f64) -> Answered {
    let queue = Mm1::new(arrival_rate_per_s, service_rate_per_s)?;
    let mut answers = named([
        ("utilization", queue.utilization()),
        ("mean_number_in_system", queue.number_mean()),
        ("mean_wait_in_queue", queue.waiting_s_mean()),
        ("mean_sojourn", queue.response_s_mean()),
        ("var_sojourn", queue.response_s2_variance()),
        ("prob_wait_gt_0", queue.waiting_exceeds(0.0)),
        ("prob_n_in_system_ge_5", queue.number_at_least(5)),
    ]);
    answers.extend(quantiles("sojourn", |p| queue.response_s_quantile(p))?);
    answers.extend(quantiles("wait", |p| queue.waiting_s_quantile(p))?);
    Ok(answers)
}

fn patience(arrival_rate_per_s: f64, service_rate_per_s: f64, servers: u32, patience_s: f64) -> Answered {
    let queue = DeterministicPatience::new(arrival_rate_per_s, service_rate_per_s, servers, patience_s)?;
    Ok(named([
        ("fraction_timed_out", queue.abandoned_fraction()),
        ("prob_wait_gt_0", queue.waiting_probability()),
        ("mean_wait_all_arrivals", queue.waiting_s_mean()),
        ("utilization", queue.utilization()),
    ]))
}

fn mmc(arrival_rate_per_s: f64, service_rate_per_s: f64, servers: u32) -> Answered {
    let queue = Mmc::new(arrival_rate_per_s, service_rate_per_s, servers)?;
    let mut answers = named([
        ("utilization", queue.utilization()),
        ("prob_wait_gt_0", queue.waiting_probability()),
        ("mean_wait_in_queue", queue.waiting_s_mean()),
        ("mean_sojourn", queue.response_s_mean()),
        ("mean_number_waiting", queue.queue_mean()),
        ("mean_number_in_system", queue.number_mean()),
    ]);
    answers.extend(quantiles("sojourn", |p| queue.response_s_quantile(p))?);
    answers.extend(quantiles("wait", |p| queue.waiting_s_quantile(p))?);
    Ok(answers)
}

fn mmck(arrival_rate_per_s: f64, service_rate_per_s: f64, servers: u32, capacity: u32) -> Answered {
    let queue = Mmck::new(arrival_rate_per_s, service_rate_per_s, servers, capacity)?;
    Ok(named([
        ("drop_probability", queue.loss_probability()),
        ("prob_empty", queue.number_probabilities()[0]),
        ("goodput", queue.throughput_per_s()),
        ("mean_number_in_system", queue.number_mean()),
        ("mean_sojourn_of_accepted", queue.response_s_mean()),
        ("utilization", queue.utilization()),
    ]))
}

fn mmpp() -> Answered {
    let queue = MmppM1::two_phases([0.4, 1.6], 0.02, 0.06, 1.0)?;
    Ok(named([
        ("mean_arrival_rate", queue.arrival_rate_per_s()),
        ("mean_number_in_system", queue.number_mean()),
        ("mean_sojourn", queue.response_s_mean()),
        ("prob_empty", queue.empty_probability()),
    ]))
}

/// Four instants, a quarter of a period apart.
fn changing_in_flight(base: f64, amplitude: f64, period_s: f64, service: Law, from_s: f64) -> Answered {
    (0..4)
        .map(|quarter| {
            let time_s = from_s + f64::from(quarter) * period_s / 4.0;
            let mean = sinusoidal_mean_in_flight(base, amplitude, period_s, service, time_s)?;
            Ok((format!("mean_in_flight_at_t{time_s}"), mean))
        })
        .collect()
}

fn transient(rate: RateProfile, servers: u32, times_s: &[f64], cycle: Option<(f64, f64)>) -> Answered {
    let queue = TransientMmc::new(rate, 1.0, servers)?;
    let mut answers = Vec::new();
    for state in queue.at(times_s)? {
        let t = state.time_s;
        answers.push((format!("mean_number_at_t{t}"), state.number_mean()));
        answers.push((format!("mean_waiting_at_t{t}"), state.queue_mean()));
        answers.push((format!("prob_all_busy_at_t{t}"), state.all_busy_probability()));
        answers.push((format!("prob_empty_at_t{t}"), state.empty_probability()));
    }
    if let Some((from_s, to_s)) = cycle {
        answers.push(("cycle_average_waiting".to_string(), queue.queue_mean_between(from_s, to_s)?));
    }
    Ok(answers)
}

fn priority(arrival_rates_per_s: &[f64], service: Law) -> Result<Mg1Priority, AnalyticError> {
    let classes: Vec<PriorityClass> =
        arrival_rates_per_s.iter().map(|rate| PriorityClass { arrival_rate_per_s: *rate, service }).collect();
    Mg1Priority::new(&classes)
}

fn tandem() -> Answered {
    let row = Tandem::new(5.0, &[10.0, 8.0])?;
    let mut answers = named([("mean_end_to_end", row.end_to_end_s_mean())]);
    answers.extend(quantiles("end_to_end", |p| row.end_to_end_s_quantile(p))?);
    Ok(answers)
}
