//! Small parts whose every number can be worked out by hand, and which can be told to lie.

use kneepoint_calls::{Answer, Call, Callee, Component, Counter, Cx, Gauge, Samples, Serve, Status, timers};
use kneepoint_calls::{Attributes, Phase};
use kneepoint_engine::{SimDuration, SimTime};

/// What a part does wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Lie {
    /// Every tenth call is never taken off the level `inside`.
    Inside,
    /// No work is counted.
    NoWork,
    /// More work is counted than was done.
    TooMuchWork,
    /// Every request is counted twice.
    Requests,
    /// Latencies are a nanosecond too short.
    Latency,
}

timers! { pub enum ScriptTimer { Send(u32) } }
timers! { pub enum DeskTimer { Done } }

/// Sends a request to one of its callees at each of its instants.
#[derive(Clone)]
pub struct Script {
    pub to: Vec<Callee>,
    /// When \[ms\], to whom.
    pub at: Vec<(u64, usize)>,
    pub lie: Option<Lie>,
    pub series: Option<ScriptSeries>,
}

#[derive(Clone)]
pub struct ScriptSeries {
    in_flight: Gauge,
    latency: Samples,
    failed: Samples,
    requests: Counter,
    ended: Vec<Counter>,
}

impl Script {
    pub fn new(to: Vec<Callee>, at: Vec<(u64, usize)>) -> Script {
        Script { to, at, lie: None, series: None }
    }
}

impl Component for Script {
    type Timer = ScriptTimer;
    fn on_start(&mut self, cx: &mut Cx<Self>) {
        self.series = Some(ScriptSeries {
            in_flight: cx.gauge("in_flight"),
            latency: cx.samples("latency:all"),
            failed: cx.samples("latency_failed:all"),
            requests: cx.counter("requests:all"),
            ended: Status::ALL.iter().map(|s| cx.counter(&format!("ended:all:{}", s.name()))).collect(),
        });
        for (i, (at, _)) in self.at.iter().enumerate() {
            cx.later(SimDuration::from_millis(*at), ScriptTimer::Send(i as u32));
        }
    }
    fn on_timer(&mut self, ScriptTimer::Send(i): ScriptTimer, cx: &mut Cx<Self>) {
        let series = self.series.clone().expect("it has started");
        cx.count(series.requests, if self.lie == Some(Lie::Requests) { 2 } else { 1 });
        cx.add(series.in_flight, 1.0);
        let attributes = Attributes { born: cx.now(), ..Attributes::of(u64::from(i)) };
        cx.call(self.to[self.at[i as usize].1].request(attributes));
    }
    fn on_answer(&mut self, answer: Answer, cx: &mut Cx<Self>) {
        let series = self.series.clone().expect("it has started");
        cx.add(series.in_flight, -1.0);
        cx.count(series.ended[answer.status as usize], 1);
        let samples = if answer.status.is_good() { series.latency } else { series.failed };
        let short = u64::from(self.lie == Some(Lie::Latency));
        let latency = (cx.now() - answer.born).as_nanos() - short;
        cx.record(samples, latency);
    }
}

/// One server and a queue; every call takes the same time, longer before an instant if told so.
#[derive(Clone)]
pub struct Desk {
    work: SimDuration,
    cold: Option<(SimTime, SimDuration)>,
    lie: Option<Lie>,
    queue: std::collections::VecDeque<(Call, SimTime)>,
    serving: Option<(Call, SimTime)>,
    calls: u64,
    series: Option<DeskSeries>,
}

#[derive(Clone, Copy)]
struct DeskSeries {
    busy: Gauge,
    capacity: Gauge,
    queue: Gauge,
    inside: Gauge,
    waiting: Samples,
    service: Samples,
    work: Counter,
}

impl Desk {
    pub fn new(work_ms: u64) -> Desk {
        Desk {
            work: SimDuration::from_millis(work_ms),
            cold: None,
            lie: None,
            queue: Default::default(),
            serving: None,
            calls: 0,
            series: None,
        }
    }

    /// Takes another time until an instant.
    pub fn cold(self, until: SimTime, work_ms: u64) -> Desk {
        Desk { cold: Some((until, SimDuration::from_millis(work_ms))), ..self }
    }

    pub fn lying(self, lie: Lie) -> Desk {
        Desk { lie: Some(lie), ..self }
    }

    fn series(&self) -> DeskSeries {
        self.series.expect("it has started")
    }

    fn begin(&mut self, call: Call, since: SimTime, cx: &mut Cx<Self>) {
        let series = self.series();
        let waited = (cx.now() - since).as_nanos();
        cx.record(series.waiting, waited);
        cx.set(series.busy, 1.0);
        cx.phase(call, Phase::Service);
        self.serving = Some((call, cx.now()));
        let work = match self.cold {
            Some((until, work)) if cx.now() < until => work,
            _ => self.work,
        };
        cx.later(work, DeskTimer::Done);
    }
}

impl Component for Desk {
    type Timer = DeskTimer;
    fn on_start(&mut self, cx: &mut Cx<Self>) {
        self.series = Some(DeskSeries {
            busy: cx.gauge("busy"),
            capacity: cx.gauge("capacity"),
            queue: cx.gauge("queue"),
            inside: cx.gauge("inside"),
            waiting: cx.samples("waiting"),
            service: cx.samples("service"),
            work: cx.counter("work"),
        });
        cx.counter("passed_on");
        cx.set(self.series().capacity, 1.0);
    }
    fn on_timer(&mut self, DeskTimer::Done: DeskTimer, cx: &mut Cx<Self>) {
        let series = self.series();
        let (call, since) = self.serving.take().expect("somebody is served");
        let took = (cx.now() - since).as_nanos();
        cx.record(series.service, took);
        match self.lie {
            Some(Lie::NoWork) => {}
            Some(Lie::TooMuchWork) => cx.count(series.work, 2 * took),
            _ => cx.count(series.work, took),
        }
        if self.lie != Some(Lie::Inside) || !self.calls.is_multiple_of(10) {
            cx.add(series.inside, -1.0);
        }
        cx.set(series.busy, 0.0);
        cx.answer(call, Status::Ok);
        if let Some((next, since)) = self.queue.pop_front() {
            cx.add(series.queue, -1.0);
            self.begin(next, since, cx);
        }
    }
    fn on_answer(&mut self, _: Answer, _: &mut Cx<Self>) {}
}

impl Serve for Desk {
    fn on_call(&mut self, call: Call, cx: &mut Cx<Self>) {
        let series = self.series();
        self.calls += 1;
        cx.add(series.inside, 1.0);
        if self.serving.is_none() {
            let now = cx.now();
            self.begin(call, now, cx);
        } else {
            cx.add(series.queue, 1.0);
            self.queue.push_back((call, cx.now()));
        }
    }
    fn on_cancel(&mut self, _: Call, _: &mut Cx<Self>) {
        // It finishes what it has begun.
    }
}
