//! What all clients have in common: they make requests and note how these end.

use kneepoint_calls::{Answer, Asked, Attributes, Core, Counter, Gauge, STATUSES, Samples, Status};
use kneepoint_engine::{SimDuration, SimTime};
use kneepoint_random::{Distribution, RequestStreams};

use super::classes::Classes;
use super::senders::Senders;
use super::trace::RECORDS_MAX;
use crate::edge::Edge;

/// Makes requests: who they are, of which class, how large; and keeps the series of the client.
///
/// Everything about a request comes from its index and the client's path alone, so that two designs see the same
/// requests, however long they take to answer.
#[derive(Clone, Debug)]
pub(crate) struct Requests {
    to: Edge,
    classes: Classes,
    senders: Senders,
    open: Option<Open>,
}

#[derive(Clone, Debug)]
struct Open {
    identities: RequestStreams,
    class: RequestStreams,
    user: RequestStreams,
    size: RequestStreams,
    reply: RequestStreams,
    in_flight: Gauge,
    series: Vec<ClassSeries>,
    /// Where the series of each class number stand.
    places: Vec<u16>,
    plain: Option<Plain>,
}

/// All there is to know about the requests of most clients: they are of one class without sizes and deadline, so that
/// nothing tells them apart but who they are and when they were born.
#[derive(Clone, Copy, Debug)]
struct Plain {
    class: u8,
    priority: u8,
    operation: u16,
    user: u32,
    address: u32,
    requests: Counter,
}

#[derive(Clone, Copy, Debug)]
struct ClassSeries {
    latency: Samples,
    latency_failed: Samples,
    requests: Counter,
    ended: [Counter; STATUSES],
}

/// What a trace says about a request; drawn where it says nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Known {
    pub(crate) class: Option<usize>,
    pub(crate) size: Option<u32>,
    pub(crate) reply: Option<u32>,
    pub(crate) key: u32,
    /// Which of the client's users it is of.
    pub(crate) user: Option<u32>,
    /// The number of its record, if its identity is to tell.
    pub(crate) number: Option<u32>,
}

impl Requests {
    pub(crate) fn new(to: Edge, classes: Classes) -> Requests {
        Requests { to, classes, senders: Senders::default(), open: None }
    }

    pub(crate) fn with_senders(self, senders: Senders) -> Requests {
        Requests { senders, ..self }
    }

    /// The streams of this client's requests for one purpose.
    pub(crate) fn streams(cx: &Core, purpose: &str) -> RequestStreams {
        RequestStreams::new(cx.seed(), cx.replication(), cx.path(cx.me()), purpose)
    }

    pub(crate) fn start(&mut self, cx: &mut Core) {
        let mut places = vec![0; 256];
        let mut series = Vec::new();
        for (i, class) in self.classes.of.iter().enumerate() {
            places[class.id as usize] = i as u16;
            let name = &class.name;
            series.push(ClassSeries {
                latency: cx.samples(&format!("latency:{name}")),
                latency_failed: cx.samples(&format!("latency_failed:{name}")),
                requests: cx.counter(&format!("requests:{name}")),
                ended: Status::ALL.map(|status| cx.counter(&format!("ended:{name}:{}", status.name()))),
            });
        }
        let plain = match &self.classes.of[..] {
            [class]
                if class.size.is_none()
                    && class.reply.is_none()
                    && class.deadline.is_none()
                    && self.senders.users() == 1 =>
            {
                Some(Plain {
                    class: class.id,
                    priority: class.priority,
                    operation: class.operation,
                    user: self.senders.user(0),
                    address: self.senders.address(0),
                    requests: series[0].requests,
                })
            }
            _ => None,
        };
        self.open = Some(Open {
            identities: Self::streams(cx, "identity"),
            class: Self::streams(cx, "class"),
            user: Self::streams(cx, "user"),
            size: Self::streams(cx, "size"),
            reply: Self::streams(cx, "reply"),
            in_flight: cx.gauge("in_flight"),
            series,
            places,
            plain,
        });
    }

    /// Sends the request with this index, meant to be sent at `born`, of which nothing else is given.
    #[inline(always)]
    pub(crate) fn send_drawn(&mut self, index: u64, born: SimTime, cx: &mut Core) {
        let open = self.open.as_ref().expect("a client makes requests after its start");
        let Some(Plain { class, priority, operation, user, address, requests }) = open.plain else {
            self.send(index, born, Known::default(), cx);
            return;
        };
        let attributes =
            Attributes { born, class, priority, user, address, ..Attributes::of(open.identities.key(index)) };
        cx.count(requests, 1);
        cx.add(open.in_flight, 1.0);
        cx.call(self.to.request(attributes).operation(operation));
    }

    /// Says that so many requests are sent at this instant, in several events: the most under way are not a matter of how many
    /// of them are answered in between.
    pub(crate) fn are_sent(&self, requests: u64, cx: &mut Core) {
        let in_flight = self.open.as_ref().expect("a client makes requests after its start").in_flight;
        cx.add(in_flight, requests as f64);
        cx.add(in_flight, -(requests as f64));
    }

    /// Sends the request with this index, meant to be sent at `born`.
    #[inline(never)]
    pub(crate) fn send(&mut self, index: u64, born: SimTime, known: Known, cx: &mut Core) -> Asked {
        let open = self.open.as_ref().expect("a client makes requests after its start");
        let at = match known.class {
            Some(at) => at,
            None if self.classes.of.len() == 1 => 0,
            None => self.classes.pick(open.class.stream(index).uniform()),
        };
        let class = &self.classes.of[at];
        let mut attributes = Attributes::of(open.identities.key(index));
        if let Some(number) = known.number {
            attributes.identity = attributes.identity & !(RECORDS_MAX as u64 - 1) | u64::from(number);
        }
        attributes.born = born;
        attributes.class = class.id;
        attributes.priority = class.priority;
        attributes.key = known.key;
        let user = match (known.user, self.senders.users()) {
            (Some(user), _) => self.senders.own(user),
            (None, 1) => 0,
            (None, users) => open.user.stream(index).below(u64::from(users)) as u32,
        };
        (attributes.user, attributes.address) = (self.senders.user(user), self.senders.address(user));
        attributes.size = given_or_drawn(known.size, &class.size, &open.size, index);
        attributes.reply = given_or_drawn(known.reply, &class.reply, &open.reply, index);
        let mut edge = self.to;
        if let Some(deadline) = class.deadline {
            attributes.deadline = born + deadline;
            edge.within = patience(edge.within, attributes.deadline, cx.now());
        }
        let series = &open.series[at];
        let in_flight = open.in_flight;
        cx.count(series.requests, 1);
        cx.add(in_flight, 1.0);
        cx.call(edge.request(attributes).operation(class.operation))
    }

    /// Notes how a request ended.
    #[inline(always)]
    pub(crate) fn ended(&mut self, answer: &Answer, cx: &mut Core) {
        let open = self.open.as_ref().expect("a client is answered after its start");
        let series = match &open.series[..] {
            [only] => only,
            series => &series[open.places[answer.class as usize] as usize],
        };
        cx.add(open.in_flight, -1.0);
        cx.count(series.ended[answer.status as usize], 1);
        let latency = (cx.now() - answer.born).as_nanos();
        let samples = if answer.status.is_good() { series.latency } else { series.latency_failed };
        cx.record(samples, latency);
    }
}

/// How long to wait: the edge's time-out or the time to the deadline, whichever ends first. A request that is sent
/// late may have no time left; it waits a nanosecond, for zero would mean for ever.
fn patience(within: SimDuration, deadline: SimTime, now: SimTime) -> SimDuration {
    let left = if deadline > now { deadline - now } else { SimDuration::from_nanos(1) };
    if within.is_zero() { left } else { within.min(left) }
}

/// The bytes of a request: what a trace says, or what its law does.
#[inline(always)]
fn given_or_drawn(given: Option<u32>, law: &Option<Distribution>, of: &RequestStreams, index: u64) -> u32 {
    match (given, law) {
        (Some(given), _) => given,
        (None, None) => 0,
        (None, Some(law)) => drawn(law, of.key(index)),
    }
}

/// Out of line: most requests have no size.
#[inline(never)]
fn drawn(law: &Distribution, key: u64) -> u32 {
    bytes(law.is_constant().unwrap_or_else(|| law.sample_from_key(key)))
}

/// Whole bytes, at most 4 GiB.
fn bytes(value: f64) -> u32 {
    (value + 0.5) as u32
}
