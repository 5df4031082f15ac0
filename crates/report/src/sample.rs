//! A small result written by hand, for the tests of this crate.

use kneepoint_calls::{Phase, Status};
use kneepoint_engine::{SimDuration, SimTime};
use kneepoint_experiment::result::*;
use kneepoint_statistics::{Estimate, Estimated, Histogram, PseudoValues};

pub(crate) fn known(value: f64, half: f64) -> Estimated {
    Estimated::Known(Estimate {
        value,
        low: value - half,
        high: value + half,
        confidence: 0.95,
        n: 10,
        effective_samples: Some(10),
    })
}

fn none() -> Estimated {
    Estimated::not_enough(
        "p99.9 of 5000 samples rests on 5.0 of them, and at least 10 are asked for",
        5000,
        Some(10_000),
    )
}

fn durations(scale: f64, tail: bool) -> Durations {
    let percentiles = PERCENTILES
        .iter()
        .enumerate()
        .map(|(at, &p)| {
            (p, if tail || p < 0.999 { known(scale * (at + 1) as f64, 0.01 * scale) } else { none() })
        })
        .collect();
    let mut histogram = Histogram::new();
    histogram.record_many(scale as u64, 50_000);
    Durations {
        count: histogram.count(),
        mean: known(scale, scale / 100.0),
        range: Some((1_000, 2_500_000_000)),
        percentiles,
        histogram,
    }
}

fn nothing() -> Durations {
    let none = || Estimated::not_enough("nothing happened", 0, None);
    let percentiles = PERCENTILES.iter().map(|&p| (p, none())).collect();
    Durations { count: 0, mean: none(), range: None, percentiles, histogram: Histogram::new() }
}

fn counted(total: u64, rate: f64) -> Count {
    Count { total, rate: known(rate, 3.0) }
}

fn share(part: f64, whole: f64) -> Share {
    Share { part, whole, share: known(part / whole, 0.0005) }
}

fn requests(tail: bool) -> Requests {
    Requests {
        sent: counted(1_080_000, 1200.0),
        ended: counted(1_079_900, 1199.9),
        by_status: vec![
            (Status::Ok, share(1_078_000.0, 1_079_900.0)),
            (Status::Timeout, share(1_900.0, 1_079_900.0)),
        ],
        good: counted(1_078_000, 1197.8),
        errors: share(1_900.0, 1_079_900.0),
        latency: durations(45e6, tail),
        latency_failed: durations(2e9, false),
    }
}

fn phases() -> Vec<PhaseTime> {
    Phase::ALL
        .iter()
        .enumerate()
        .map(|(at, &phase)| PhaseTime {
            phase,
            total: if at < 3 { 45_000_000 * (at as u128 + 1) } else { 0 },
            per_request: known(if at < 3 { 7.5e6 * (at as f64 + 1.0) } else { 0.0 }, 0.0),
        })
        .collect()
}

fn station() -> Station {
    Station {
        calls: counted(1_080_000, 1200.0),
        answered: counted(1_080_000, 1200.0),
        by_status: vec![(Status::Ok, share(1.0, 1.0))],
        good: counted(1_080_000, 1200.0),
        errors: share(0.0, 1_080_000.0),
        lost: counted(0, 0.0),
        response: durations(12e6, true),
        waiting: Some(durations(2e6, true)),
        waiting_abandoned: None,
        service: Some(durations(4e6, true)),
        utilisation: Some(share(6_150.0, 10_000.0)),
        busy: Some(LevelResult { mean: known(9.84, 0.02), max: Some(16.0) }),
        queue: Some(LevelResult { mean: known(2.4, 0.1), max: Some(211.0) }),
        inside: Some(LevelResult { mean: known(14.4, 0.2), max: Some(275.0) }),
        threads: None,
        thread_utilisation: None,
        phases: phases(),
        orphans: counted(1_900, 2.1),
        orphan_time: share(20.0, 10_000.0),
    }
}

fn objective(name: &str, condition: &str, verdict: Verdict) -> ObjectiveResult {
    ObjectiveResult {
        name: name.to_string(),
        condition: condition.to_string(),
        verdict,
        value: known(412e6, 9e6),
        bound: 300e6,
        unit: Unit::Duration,
        probability: None,
        sentence: "p99 of the latency is 412 ms, above 300 ms".to_string(),
        windows: None,
        per_replication: vec![Some(4.1e8), Some(4.2e8)],
    }
}

/// A shop with one client and one part of two instances.
pub(crate) fn run() -> RunResult {
    let second = |s: u64| SimTime::ZERO + SimDuration::from_secs(s);
    RunResult {
        title: "Web shop".to_string(),
        question: Some("Does it hold?".to_string()),
        facts: Facts {
            duration: SimDuration::from_secs(600),
            warm_up: SimDuration::from_secs(60),
            warm_up_from: WarmUpFrom::Stated,
            replications: 10,
            batches: None,
            replications_max: 10,
            precision: None,
            precision_reached: None,
            least_precise: None,
            confidence: 0.95,
            seed: 1,
        },
        verdict: Verdict::Missed,
        objectives: vec![
            objective("fast", "p99(shoppers.latency) < 300ms", Verdict::Missed),
            objective("right", "errors(shoppers) < 1%", Verdict::Met),
        ],
        probability: None,
        drawn: Vec::new(),
        watches: vec![WatchResult {
            name: "busy".to_string(),
            metric: "utilisation(web, each 5min)".to_string(),
            unit: Unit::Ratio,
            values: (0..2)
                .map(|at| WatchValue {
                    instance: None,
                    window: Some((second(300 * at), second(300 * (at + 1)))),
                    value: known(0.5 + 0.1 * at as f64, 0.01),
                    per_replication: Vec::new(),
                })
                .collect(),
        }],
        clients: vec![ClientResult {
            name: "shoppers".to_string(),
            kind: "OpenClient".to_string(),
            all: requests(true),
            classes: vec![
                ClassResult { name: "browse".to_string(), requests: requests(true) },
                ClassResult { name: "buy".to_string(), requests: requests(false) },
            ],
            in_flight: Some(LevelResult { mean: known(54.0, 0.4), max: Some(310.0) }),
            users: None,
            phases: phases(),
        }],
        parts: vec![PartResult {
            name: "web".to_string(),
            kind: "Service".to_string(),
            all: station(),
            instances: (0..2)
                .map(|at| InstanceResult {
                    path: format!("web/{at}"),
                    station: Station {
                        utilisation: Some(share(6_100.0 + 50.0 * at as f64, 10_000.0)),
                        waiting: Some(nothing()),
                        ..station()
                    },
                })
                .collect(),
            evenness: Some(Evenness {
                of: "utilisation",
                jain: known(0.999, 0.0005),
                peak: known(1.02, 0.01),
            }),
        }],
        middles: vec![MiddleResult {
            at: "shoppers -> web".to_string(),
            place: 0,
            kind: "Retry".to_string(),
            instances: 1,
            calls: counted(1_080_000, 1200.0),
            by_status: Vec::new(),
            counts: vec![("retries".to_string(), counted(10_800, 12.0))],
            levels: Vec::new(),
        }],
        topology: TopologyResult {
            nodes: vec![
                Node {
                    name: "shoppers".to_string(),
                    kind: "OpenClient".to_string(),
                    client: true,
                    instances: 1,
                    ..Node::default()
                },
                Node {
                    name: "web".to_string(),
                    kind: "Service".to_string(),
                    instances: 2,
                    cores: Some(4),
                    concurrency: Some("Threads(200)".to_string()),
                    ..Node::default()
                },
            ],
            edges: Some(vec![EdgeResult {
                from: "shoppers".to_string(),
                to: "web".to_string(),
                operations: vec![(Some("browse".to_string()), None)],
                via: vec!["Timeout(1 s)".to_string()],
                wire: Some("round_trip: 10 ms".to_string()),
                calls: Some(counted(1_080_000, 1200.0)),
            }]),
        },
        checks: vec![
            CheckResult {
                name: "conservation",
                rule: "what arrives leaves or is inside",
                checked: 20,
                skipped: 0,
                failures: Vec::new(),
            },
            CheckResult {
                name: "Little's law",
                rule: "inside = rate x time",
                checked: 15,
                skipped: 5,
                failures: Vec::new(),
            },
        ],
        warnings: vec!["web: 93 % busy in its last minute".to_string()],
        samples: vec![sampled()],
        timeline: None,
        about: About {
            scenario: Some(ScenarioFacts {
                file: "shop.ron".to_string(),
                format: 1,
                hash: 0x00ff_0000_0000_00aa,
                variant: Some("large".to_string()),
                set: vec![("web.instances".to_string(), "2".to_string())],
            }),
            assumptions: vec![
                Assumption {
                    text: "an order takes three times the work of a page".to_string(),
                    source: Some("asked the team".to_string()),
                    doubt: Some("High".to_string()),
                },
                Assumption {
                    text: "Service.concurrency = Threads(200)".to_string(),
                    source: Some("Tomcat maxThreads".to_string()),
                    doubt: None,
                },
            ],
            defaults: vec![DefaultValue {
                at: "web".to_string(),
                kind: "Service".to_string(),
                field: "concurrency".to_string(),
                value: "Threads(200)".to_string(),
                in_words: false,
                source: Some("Tomcat maxThreads".to_string()),
            }],
            sources: vec!["the shop's dashboards, week 46".to_string()],
            not_modelled: vec!["caches".to_string(), "retries".to_string()],
        },
        digest: 0x0123_4567_89ab_cdef,
        events: 12_345_678,
        replications: (0..2)
            .map(|number| ReplicationFacts { number, digest: 7 + number, events: 600 })
            .collect(),
        measures: measures(),
    }
}

/// A request that tries twice: the first try comes to nothing.
fn sampled() -> SampledRequest {
    let at = |ms: u64| SimTime::from_nanos(5_000_000_000 + ms * 1_000_000);
    let span =
        |path: &str, phase, from, to| SampledSpan { at: path.to_string(), phase, from: at(from), to: at(to) };
    SampledRequest {
        client: "shoppers".to_string(),
        identity: 0x1234_5678_9abc_def0,
        why: Why::Slowest,
        status: Status::Ok,
        born: at(0),
        latency: SimDuration::from_millis(250),
        strands: vec![
            SampledStrand {
                parent: None,
                from: at(0),
                decided: false,
                orphaned: false,
                spans: vec![
                    span("web/1", Phase::Waiting, 0, 20),
                    span("web/1", Phase::Service, 20, 50),
                    span("db", Phase::Service, 50, 240),
                    span("web/1", Phase::Service, 240, 250),
                ],
            },
            SampledStrand {
                parent: Some(0),
                from: at(50),
                decided: false,
                orphaned: true,
                spans: vec![span("db", Phase::Waiting, 50, 300)],
            },
        ],
    }
}

fn measures() -> Vec<Measure> {
    let around = |value: f64, step: f64| PseudoValues {
        value,
        each: (0..10).map(|i| value + step * (f64::from(i) - 4.5)).collect(),
        resolution: 0.0,
        beyond: None,
    };
    let client = || Subject::Client("shoppers".to_string());
    let measure = |name: &str, subject, unit, better, content| Measure {
        value: None,
        name: name.to_string(),
        subject,
        unit,
        better,
        content,
    };
    let p99 = PseudoValues { beyond: Some(400.0), resolution: 1e5, ..around(312e6, 1e6) };
    vec![
        measure(
            "p99(shoppers.latency)",
            Subject::Objective("fast".to_string()),
            Unit::Duration,
            Better::Lower,
            Ok(p99),
        ),
        measure("goodput(shoppers)", client(), Unit::Rate, Better::Higher, Ok(around(2000.0, 3.0))),
        measure("errors(shoppers)", client(), Unit::Ratio, Better::Lower, Ok(around(0.01, 1e-4))),
        measure("p99.9(shoppers.latency)", client(), Unit::Duration, Better::Lower, Err(none())),
    ]
}
