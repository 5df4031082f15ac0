//! Clients in small simulations.

use kneepoint_calls::{Answer, Call, Component, Cx, Fault, Limits, Serve, Simulation, Status, Stop};
use kneepoint_engine::{SimDuration, SimTime};
use kneepoint_random::Distribution;

use super::*;
use crate::Edge;
use crate::delay::Delay;

fn s(seconds: f64) -> SimTime {
    SimTime::from_nanos((seconds * 1e9).round() as u64)
}

fn constant(seconds: f64) -> Distribution {
    Distribution::constant(seconds * 1e9).unwrap()
}

fn exponential(seconds: f64) -> Distribution {
    Distribution::exponential(seconds * 1e9).unwrap()
}

fn rate(value: f64) -> RateProfile {
    RateProfile::constant(value).unwrap()
}

/// A rate that ends.
fn until(value: f64, end: f64) -> RateProfile {
    RateProfile::steps(&[(s(0.0), value), (s(end), 0.0)]).unwrap()
}

fn process(arrivals: Arrivals, rate: RateProfile) -> ArrivalProcess {
    ArrivalProcess::new(arrivals, Some(rate)).unwrap()
}

/// What a request looked like where it arrived.
type Seen = (u64, u64, u8, u32, u32, u8, u16);

/// Answers at once and writes down what came.
#[derive(Clone, Default)]
struct Recorder(Vec<Seen>);

impl Component for Recorder {
    type Timer = ();
    fn on_timer(&mut self, (): (), _: &mut Cx<Self>) {}
    fn on_answer(&mut self, _: Answer, _: &mut Cx<Self>) {}
}

impl Serve for Recorder {
    fn on_call(&mut self, call: Call, cx: &mut Cx<Self>) {
        let a = *cx.attributes(call);
        let now = cx.now().as_nanos();
        self.0.push((now, a.identity, a.class, a.size, a.reply, a.priority, cx.operation(call)));
        cx.answer(call, Status::Ok);
    }
    fn on_cancel(&mut self, call: Call, cx: &mut Cx<Self>) {
        cx.answer(call, Status::Cancelled);
    }
}

fn shop() -> Classes {
    let class = |name: &str, id, share, priority| Class {
        id,
        share,
        priority,
        operation: id as u16 + 10,
        size: Some(Distribution::exponential(1_000.0).unwrap()),
        reply: Some(Distribution::constant(500.0).unwrap()),
        ..Class::named(name)
    };
    Classes::new(vec![class("browse", 4, 0.75, 1), class("buy", 2, 0.25, 0)]).unwrap()
}

/// What arrives from `shoppers` within 100 s, with other parts beside it.
fn arrivals_beside(others: bool) -> Vec<Seen> {
    let mut sim = Simulation::new(9);
    let recorder = sim.serve("recorder", Recorder::default());
    if others {
        let elsewhere = sim.serve("elsewhere", Delay::new(exponential(0.1)));
        sim.add("early", OpenClient::new(elsewhere, process(Arrivals::Poisson, rate(50.0)), shop()));
    }
    let wave = RateProfile::wave(5.0, 30.0, SimDuration::from_secs(60), SimDuration::ZERO).unwrap();
    sim.add("shoppers", OpenClient::new(recorder, process(Arrivals::Poisson, wave), shop()));
    if others {
        let elsewhere = sim.find("elsewhere").unwrap();
        assert_eq!(sim.path(elsewhere), "elsewhere");
    }
    sim.run_until(s(100.0)).unwrap();
    sim.get::<Recorder>(recorder.id()).unwrap().0.clone()
}

#[test]
fn another_client_moves_nobodys_arrivals() {
    let alone = arrivals_beside(false);
    assert!(alone.len() > 1_000);
    assert_eq!(alone, arrivals_beside(true));
}

/// A share of 25 % among n requests has standard error sqrt(0.1875/n); 4 are allowed. Sizes are of mean 1 000 and so
/// of standard error 1 000/sqrt(n).
#[test]
fn requests_are_of_their_class() {
    let seen = arrivals_beside(false);
    let n = seen.len() as f64;
    let buys = seen.iter().filter(|seen| seen.2 == 2).count() as f64;
    assert!((buys / n - 0.25).abs() < 4.0 * (0.1875 / n).sqrt(), "{buys} of {n}");
    let size = seen.iter().map(|seen| seen.3 as f64).sum::<f64>() / n;
    assert!((size - 1_000.0).abs() < 4.0 * 1_000.0 / n.sqrt(), "{size}");
    for &(_, _, class, _, reply, priority, operation) in &seen {
        assert!(reply == 500 && operation == class as u16 + 10 && priority == (class == 4) as u8);
    }
}

#[test]
fn requests_of_a_user_do_not_depend_on_the_speed_of_answers() {
    let identities = |think: f64, users: f64| {
        let mut sim = Simulation::new(9);
        let recorder = sim.serve("recorder", Recorder::default());
        sim.add("users", ClosedClient::new(recorder, rate(users), exponential(think), shop()));
        while sim.get::<Recorder>(recorder.id()).unwrap().0.len() < 50 {
            sim.step();
        }
        let mut seen = sim.get::<Recorder>(recorder.id()).unwrap().0.clone();
        seen.iter_mut().for_each(|seen| seen.0 = 0);
        seen
    };
    assert_eq!(identities(1.0, 1.0), identities(0.1, 1.0));
    let twins = identities(1.0, 2.0);
    let shared = identities(1.0, 1.0).iter().filter(|one| twins.contains(one)).count();
    assert!((10..40).contains(&shared), "the first of two users makes the same requests: {shared}");
}

#[test]
fn latency_counts_from_the_intended_start() {
    let mut sim = Simulation::new(1);
    let server = sim.serve("server", Delay::new(constant(0.010)));
    let arrivals = process(Arrivals::Constant, until(10.0, 3.05));
    let client = sim.add("client", OpenClient::new(server, arrivals, Classes::default_class()));
    sim.inject(s(1.05), client, Fault::Hang);
    sim.inject(s(2.05), client, Fault::Resume);
    sim.run_until(s(2.0)).unwrap();
    assert_eq!(sim.count(client, "requests:default"), Some(10));
    sim.run_until(s(10.0)).unwrap();
    assert_eq!(sim.count(client, "requests:default"), Some(30));
    assert_eq!(sim.count(client, "ended:default:ok"), Some(30));
    let latency = sim.samples(client, "latency:default").unwrap();
    // Those meant for 1.1 to 2.0 s left at 2.05: 0.95 … 0.05 s late; the sum is 5 s, and 30 times 10 ms.
    assert_eq!(latency.sum(), 5_300_000_000);
    assert_eq!(sim.outcomes(client).latency, 5_300_000_000);
    assert_eq!(sim.level(client, "in_flight").unwrap().value(), 0.0);
    assert_eq!(sim.in_flight(), 0);
}

#[test]
fn time_outs_and_failures_have_series_of_their_own() {
    let mut sim = Simulation::new(1);
    let server = sim.serve("server", Delay::new(constant(0.100)));
    let edge = Edge::to(server).within(SimDuration::from_millis(30), true);
    let arrivals = || process(Arrivals::Constant, until(1.0, 5.5));
    let client = sim.add("edge", OpenClient::new(edge, arrivals(), Classes::default_class()));
    let hurried = Class { deadline: Some(SimDuration::from_millis(50)), ..Class::named("hurried") };
    let classes = Classes::from(hurried);
    let deadline = sim.add("deadline", OpenClient::new(server, arrivals(), classes.clone()));
    let both = sim.add("both", OpenClient::new(edge, arrivals(), classes));
    sim.run_until(s(10.0)).unwrap();
    for (client, class, each) in [(client, "default", 30), (deadline, "hurried", 50), (both, "hurried", 30)] {
        assert_eq!(sim.count(client, &format!("ended:{class}:timeout")), Some(5));
        assert_eq!(sim.count(client, &format!("ended:{class}:ok")), Some(0));
        assert_eq!(sim.samples(client, &format!("latency:{class}")).unwrap().count(), 0);
        assert_eq!(
            sim.samples(client, &format!("latency_failed:{class}")).unwrap().sum(),
            5 * each * 1_000_000
        );
    }
    assert_eq!(sim.in_flight(), 0);
}

/// 2 000 batches of mean 4: variance of the sum of a Poisson number is n·E[B²] = 2 000·(12 + 16).
#[test]
fn an_arrival_brings_a_batch() {
    let mut sim = Simulation::new(1);
    let server = sim.serve("server", Recorder::default());
    let arrivals = process(Arrivals::Poisson, until(20.0, 100.0));
    let batch = Distribution::geometric(4.0).unwrap();
    sim.add("client", OpenClient::new(server, arrivals, Classes::default_class()).with_batch(batch));
    let arrivals = process(Arrivals::Constant, until(1.0, 2.5));
    let large = Distribution::constant(3_000.0).unwrap();
    let large = sim.add("large", OpenClient::new(server, arrivals, shop()).with_batch(large));
    sim.run_until(s(1_000.0)).unwrap();
    let calls = sim.books(server.id()).calls - 6_000;
    assert!((calls as f64 - 8_000.0).abs() < 4.0 * 56_000_f64.sqrt(), "{calls}");
    assert_eq!(sim.outcomes(large).requests, 6_000);
    assert_eq!(sim.in_flight(), 0);
}

/// Users / (think + response) = 20 / 1.25 s = 16 /s. Each user's requests are a renewal process with cycle of mean 1.25
/// and variance 1.0625: the variance of all counts over 2 000 s is 20·2 000·1.0625/1.25³ = 147².
#[test]
fn the_throughput_of_users_follows_the_law_of_the_interactive_system() {
    let mut sim = Simulation::new(4);
    let server = sim.serve("server", Delay::new(exponential(0.25)));
    let users = ClosedClient::new(server, rate(20.0), exponential(1.0), Classes::default_class());
    let users = sim.add("users", users);
    sim.run_until(s(2_000.0)).unwrap();
    let ended = sim.count(users, "ended:default:ok").unwrap() as f64;
    assert!((ended - 32_000.0).abs() < 4.0 * 147.0, "{ended}");
    assert_eq!(sim.level(users, "users").unwrap().mean(s(2_000.0).as_nanos()), 20.0);
    let waiting = sim.level(users, "in_flight").unwrap().value() as usize;
    assert_eq!(sim.in_flight(), waiting);
}

#[test]
fn a_leaving_user_finishes_the_request() {
    let mut sim = Simulation::new(1);
    let server = sim.serve("server", Delay::new(constant(10.0)));
    let wanted = RateProfile::steps(&[(s(0.0), 3.0), (s(5.0), 1.0), (s(20.0), 2.0), (s(20.5), 0.0)]).unwrap();
    let users = sim.add("users", ClosedClient::new(server, wanted, constant(1.0), Classes::default_class()));
    let mut seen = Vec::new();
    for at in [0.5, 4.0, 6.0, 11.5, 20.2, 21.5, 22.5] {
        sim.run_until(s(at)).unwrap();
        let level = |name| sim.level(users, name).unwrap().value();
        seen.push((level("users"), level("in_flight")));
    }
    // At 1 s all three ask; two are to leave at 5 s and do at 11 s; the first asks again at 12 s and leaves at 22 s.
    // The one who comes at 20 s leaves at 20.5 s, while thinking.
    let expected = [(3.0, 0.0), (3.0, 3.0), (3.0, 3.0), (1.0, 0.0), (2.0, 1.0), (1.0, 1.0), (0.0, 0.0)];
    assert_eq!(seen, expected);
    assert_eq!(sim.count(users, "requests:default"), Some(4));
    assert_eq!(sim.in_flight(), 0);
}

#[test]
fn there_may_be_more_users_than_tags() {
    let mut sim = Simulation::new(1);
    let server = sim.serve("server", Delay::new(constant(1.0)));
    let users = ClosedClient::new(server, rate(70_000.0), constant(0.5), Classes::default_class());
    let users = sim.add("users", users);
    sim.run_until(s(1.4)).unwrap();
    assert_eq!(sim.in_flight(), 70_000);
    sim.run_until(s(1.9)).unwrap();
    assert_eq!(sim.in_flight(), 0);
    sim.run_until(s(2.1)).unwrap();
    assert_eq!(sim.count(users, "requests:default"), Some(140_000));
}

#[test]
fn a_session_asks_thinks_and_asks_again() {
    let mut sim = Simulation::new(1);
    let recorder = sim.serve("recorder", Recorder::default());
    let arrivals = process(Arrivals::Constant, until(0.5, 5.0));
    let length = Distribution::constant(3.0).unwrap();
    let client = SessionClient::new(recorder, arrivals, length, constant(0.7), Classes::default_class());
    let client = sim.add("client", client);
    sim.run_until(s(2.5)).unwrap();
    assert_eq!(sim.level(client, "sessions").unwrap().value(), 1.0);
    sim.run_until(s(100.0)).unwrap();
    let times: Vec<u64> =
        sim.get::<Recorder>(recorder.id()).unwrap().0.iter().map(|s| s.0 / 100_000_000).collect();
    assert_eq!(times, [20, 27, 34, 40, 47, 54]);
    assert_eq!(sim.count(client, "sessions_started"), Some(2));
    assert_eq!(sim.level(client, "sessions").unwrap().value(), 0.0);
    assert_eq!(sim.in_flight(), 0);
}

/// 2 000 sessions of a geometric number of requests of mean 5 (variance 20): 10 000 ± 4·sqrt(2 000·(20 + 25)). Each
/// lasts mean 4 thinks and 5 answers, 4.5 s: by Little's law 90 sessions are open while 20 /s arrive.
#[test]
fn sessions_make_as_many_requests_as_drawn() {
    let mut sim = Simulation::new(2);
    let server = sim.serve("server", Delay::new(constant(0.1)));
    let arrivals = process(Arrivals::Poisson, until(20.0, 100.0));
    let length = Distribution::geometric(5.0).unwrap();
    let client = SessionClient::new(server, arrivals, length, exponential(1.0), shop());
    let client = sim.add("client", client);
    sim.run_until(s(1_000.0)).unwrap();
    let started = sim.count(client, "sessions_started").unwrap() as f64;
    assert!((started - 2_000.0).abs() < 4.0 * 2_000_f64.sqrt(), "{started}");
    let requests = sim.outcomes(client).requests as f64;
    assert!((requests - 10_000.0).abs() < 4.0 * 90_000_f64.sqrt(), "{requests}");
    // The sum of 2 000 session times has standard error sqrt(2 000·(20·1.1² + 4))·1.03 s = 250 s of 9 000 s.
    let open = sim.level(client, "sessions").unwrap().integral(s(1_000.0).as_nanos()) / 1e9;
    assert!((open - 9_000.0).abs() < 4.0 * (250.0 + 4.5 * 45.0), "{open}");
    assert_eq!(sim.in_flight(), 0);
}

fn record(at: f64) -> Record {
    Record { at: s(at) - SimTime::ZERO, ..Record::default() }
}

#[test]
fn a_trace_is_replayed_as_recorded() {
    let mut sim = Simulation::new(1);
    let recorder = sim.serve("recorder", Recorder::default());
    let buy = Record { class: Some(1), size: Some(77), ..record(2.0) };
    let records = vec![record(1.0), buy, record(2.0), record(4.0)];
    let client = TraceClient::new(recorder, records, 2.0, true, shop()).unwrap();
    let client = sim.add("client", client);
    sim.run_until(s(4.9)).unwrap();
    let seen = &sim.get::<Recorder>(recorder.id()).unwrap().0;
    let times: Vec<u64> = seen.iter().map(|seen| seen.0 / 1_000_000).collect();
    // A round takes 3 s and a mean gap of 1 s, at double speed 2 s.
    assert_eq!(times, [500, 1_000, 1_000, 2_000, 2_500, 3_000, 3_000, 4_000, 4_500]);
    assert!((seen[1].2, seen[1].3) == (2, 77) && (seen[5].2, seen[5].3) == (2, 77));
    assert_ne!(seen[1].1, seen[5].1, "a request of its own in each round");
    assert_eq!(sim.count(client, "ended:buy:ok").unwrap() + sim.count(client, "ended:browse:ok").unwrap(), 9);
    assert_eq!(sim.in_flight(), 0);
}

#[test]
fn what_makes_no_trace_is_refused() {
    let mut sim = Simulation::new(1);
    let to = sim.serve("recorder", Recorder::default());
    let trace = |records, speed, repeat| TraceClient::new(to, records, speed, repeat, shop());
    assert!(trace(vec![record(1.0)], 1.0, false).is_ok());
    assert!(trace(vec![], 1.0, false).is_err());
    assert!(trace(vec![record(1.0), record(0.5)], 1.0, false).is_err());
    assert!(trace(vec![record(1.0), record(1.0)], 1.0, true).is_err());
    assert!(trace(vec![record(1.0)], 0.0, false).is_err());
    assert!(trace(vec![Record { class: Some(2), ..record(1.0) }], 1.0, false).is_err());
}

#[test]
fn shares_must_add_up() {
    let class = |name: &str, id, share| Class { id, share, ..Class::named(name) };
    assert!(Classes::new(vec![class("a", 0, 0.7), class("b", 1, 0.2)]).is_err());
    assert!(Classes::new(vec![class("a", 0, 0.7), class("b", 0, 0.3)]).is_err());
    assert!(Classes::new(vec![class("a", 0, 1.5), class("b", 1, -0.5)]).is_err());
    assert!(Classes::new(vec![]).is_err());
    let thirds = Classes::new((0..3).map(|i| class("c", i, 1.0 / 3.0)).collect()).unwrap();
    assert_eq!([0.0, 0.34, 0.99, 1.0].map(|u| thirds.pick(u)), [0, 1, 2, 2]);
}

#[test]
fn a_client_that_restarts_sends_new_requests() {
    let mut sim = Simulation::new(1);
    let recorder = sim.serve("recorder", Recorder::default());
    let arrivals = || process(Arrivals::Constant, until(1.0, 6.0));
    let length = Distribution::constant(2.0).unwrap();
    let classes = Classes::default_class;
    let records: Vec<Record> = (1..=6).map(|i| record(i as f64)).collect();
    let clients = [
        sim.add("open", OpenClient::new(recorder, arrivals(), classes())),
        sim.add("sessions", SessionClient::new(recorder, arrivals(), length, constant(0.1), classes())),
        sim.add("trace", TraceClient::new(recorder, records, 1.0, false, classes()).unwrap()),
        sim.add("users", ClosedClient::new(recorder, until(2.0, 6.0), constant(1.0), classes())),
    ];
    for client in clients {
        sim.inject(s(2.5), client, Fault::Crash { refuse: Status::Unavailable });
        sim.inject(s(4.5), client, Fault::Restart);
    }
    sim.run_until(s(100.0)).unwrap();
    let mut identities: Vec<u64> =
        sim.get::<Recorder>(recorder.id()).unwrap().0.iter().map(|s| s.1).collect();
    let all = identities.len();
    identities.sort_unstable();
    identities.dedup();
    assert_eq!(identities.len(), all);
    // At 1 and 2 s, then at 5.5 s where gaps count from the restart, at 5 and 6 s in the trace.
    assert_eq!(clients.map(|client| sim.outcomes(client).requests), [3, 6, 4, 6]);
    assert_eq!(sim.in_flight(), 0);
}

#[test]
fn a_clone_of_a_run_goes_on_in_the_same_way() {
    let mut sim = Simulation::new(3);
    let server = sim.serve("server", Delay::new(exponential(0.2)));
    sim.add("open", OpenClient::new(server, process(Arrivals::Poisson, rate(40.0)), shop()));
    let length = Distribution::geometric(3.0).unwrap();
    let sessions = process(Arrivals::Poisson, rate(10.0));
    sim.add("sessions", SessionClient::new(server, sessions, length, exponential(0.5), shop()));
    sim.add("users", ClosedClient::new(server, rate(20.0), exponential(0.5), shop()));
    sim.run_until(s(10.0)).unwrap();
    let mut fork = sim.clone();
    sim.run_until(s(20.0)).unwrap();
    fork.run_until(s(20.0)).unwrap();
    assert_eq!(sim.digest(), fork.digest());
}

#[test]
fn a_batch_at_one_instant_is_no_time_that_stands_still() {
    let stopped = |arrivals: Arrivals, batch: f64| {
        let mut sim = Simulation::new(1);
        sim.set_limits(Limits { in_flight: 5_000, ..Limits::default() });
        let server = sim.serve("server", Delay::new(constant(0.0)));
        let arrivals = ArrivalProcess::new(arrivals, Some(rate(1.0))).unwrap();
        let batch = Distribution::constant(batch).unwrap();
        let client = OpenClient::new(server, arrivals, Classes::default_class()).with_batch(batch);
        let client = sim.add("client", client);
        (sim.run_until(s(1.5)), sim.count(client, "ended:default:ok"))
    };
    // Four million events at 1 s, and few calls in flight at any time.
    assert_eq!(stopped(Arrivals::Constant, 2_000_000.0), (Ok(()), Some(2_000_000)));
}

#[test]
fn many_records_of_one_instant_are_no_time_that_stands_still() {
    let mut sim = Simulation::new(1);
    sim.set_limits(Limits { in_flight: 5_000, ..Limits::default() });
    let server = sim.serve("server", Delay::new(constant(0.0)));
    let record = Record { at: SimDuration::from_secs(1), ..Record::default() };
    let records = vec![record; 500_000];
    let client = TraceClient::new(server, records, 1.0, false, Classes::default_class()).unwrap();
    let client = sim.add("client", client);
    assert_eq!(sim.run_until(s(1.5)), Ok(()));
    assert_eq!(sim.count(client, "ended:default:ok"), Some(500_000));
    assert!(sim.events() > 1 << 20);
}

#[test]
fn the_most_under_way_are_all_of_a_batch_however_soon_they_are_answered() {
    for (takes, batch) in [(0.0, 5_000.0), (0.0, 1_000.0), (0.1, 5_000.0), (0.1, 100_000.0)] {
        let mut sim = Simulation::new(1);
        let server =
            sim.serve("server", crate::delay::Delay::new(Distribution::constant(takes * 1e9).unwrap()));
        let arrivals =
            ArrivalProcess::new(Arrivals::Constant, Some(RateProfile::constant(1.0).unwrap())).unwrap();
        let batch_law = Distribution::constant(batch).unwrap();
        let client = OpenClient::new(server, arrivals, Classes::default_class()).with_batch(batch_law);
        let client = sim.add("client", client);
        sim.run_until(s(3.5)).unwrap();
        let level = sim.level(client, "in_flight").unwrap();
        assert_eq!((level.max(), level.min(), level.value()), (batch, 0.0, 0.0), "{takes} {batch}");
        assert!((level.integral(3_500_000_000) / 1e9 - 3.0 * batch * takes).abs() < 1e-6 * batch);
    }
}

/// Announces a batch, and asks whenever it is answered.
#[derive(Clone)]
struct Announcing(kneepoint_calls::Callee);

impl Component for Announcing {
    type Timer = ();
    fn on_start(&mut self, cx: &mut Cx<Self>) {
        cx.announce(100);
        cx.call(self.0.request(kneepoint_calls::Attributes::of(1)));
    }
    fn on_timer(&mut self, (): (), _: &mut Cx<Self>) {}
    fn on_answer(&mut self, _: Answer, cx: &mut Cx<Self>) {
        cx.call(self.0.request(kneepoint_calls::Attributes::of(1)));
    }
}

#[test]
fn more_than_was_announced_is_stopped_all_the_same() {
    let mut sim = Simulation::new(1);
    let limits = Limits { in_flight: 5_000, ..Limits::default() };
    sim.set_limits(limits);
    let server = sim.serve("server", Recorder::default());
    sim.add("client", Announcing(server));
    let Err(Stop::Still { events, .. }) = sim.run_until(s(1.5)) else { panic!("it never ends") };
    assert!(events > limits.events_at_once(100), "{events}");
}
