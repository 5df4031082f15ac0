//! The series a station keeps.

use kneepoint_calls::{Core, Counter, Gauge, Samples};

/// Their handles; what they mean is said at [`Service`](crate::service::Service).
#[derive(Clone, Copy, Debug)]
pub(in crate::service) struct Measures {
    pub busy: Gauge,
    pub queue: Gauge,
    pub inside: Gauge,
    pub capacity: Option<Gauge>,
    /// Threads held, and threads there are.
    pub threads: Option<Gauge>,
    pub thread_limit: Option<Gauge>,
    pub waiting: Samples,
    pub waiting_abandoned: Samples,
    pub service: Samples,
    pub completion: Option<Samples>,
    pub work: Counter,
    pub unknown_operation: Counter,
}

impl Measures {
    /// Before the start.
    pub const NONE: Measures = Measures {
        busy: Gauge::NONE,
        queue: Gauge::NONE,
        inside: Gauge::NONE,
        capacity: None,
        threads: None,
        thread_limit: None,
        waiting: Samples::NONE,
        waiting_abandoned: Samples::NONE,
        service: Samples::NONE,
        completion: None,
        work: Counter::NONE,
        unknown_operation: Counter::NONE,
    };

    pub fn new(limited: bool, threads: bool, completion: bool, cx: &mut Core) -> Measures {
        Measures {
            busy: cx.gauge("busy"),
            queue: cx.gauge("queue"),
            inside: cx.gauge("inside"),
            capacity: limited.then(|| cx.gauge("capacity")),
            threads: threads.then(|| cx.gauge("threads")),
            thread_limit: threads.then(|| cx.gauge("thread_limit")),
            waiting: cx.samples("waiting"),
            waiting_abandoned: cx.samples("waiting_abandoned"),
            service: cx.samples("service"),
            completion: completion.then(|| cx.samples("completion")),
            work: cx.counter("work"),
            unknown_operation: cx.counter("unknown_operation"),
        }
    }
}
