//! How fast the event list is: `cargo run --profile bench -p kneepoint-engine --example hold`.
//!
//! The hold model: take the next event, put it back an increment later; nanoseconds per such pair, in thread CPU time,
//! against `BinaryHeap` from the standard library. Then: what a cancelled timeout costs, and a message without delay.
//! Structures take turns within a round and the median of the rounds is shown, because other programs disturb
//! absolute figures far more than ratios.
//!
//! # Source
//! Vaucher and Duval, "A comparison of simulation event list algorithms", CACM 18(4), 1975 (the hold model).

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hint::black_box;

use cpu_time::ThreadTime;
use kneepoint_engine::{Agenda, FutureEventList, HeapEventList, SimDuration, SimTime};

const ROUNDS: usize = 7;
const MEAN: f64 = 1e6; // [ns]

fn main() {
    let mut arguments = std::env::args().skip(1);
    let rounds =
        arguments.next().map_or(ROUNDS, |text| text.parse().expect("the argument is a number of rounds"));
    hold_table(rounds);
    cancelled_timeouts(rounds);
    zero_delays(rounds);
}

/// A xorshift64 generator: cheap beside what is measured.
///
/// # Source
/// Marsaglia, "Xorshift RNGs", Journal of Statistical Software 8(14), 2003.
struct Xorshift(u64);

impl Xorshift {
    #[inline(always)]
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

/// Increments \[ns\] of one law.
struct Increments {
    table: Vec<u64>,
    /// Low bits that are drawn, so that a table of 4096 values makes no ties of its own.
    jitter: u64,
    random: Xorshift,
}

impl Increments {
    fn new(law: &str) -> Self {
        let quantiles = (0..4096).map(|place| -((f64::from(place) + 0.5) / 4096.0).ln() * MEAN);
        let (table, jitter) = match law {
            "exponential" => (quantiles.map(|x| x as u64).collect(), 255),
            // One in ten is a thousand times longer.
            "bimodal" => (
                quantiles.enumerate().map(|(i, x)| x as u64 * if i % 10 == 0 { 1000 } else { 1 }).collect(),
                255,
            ),
            "constant" => (vec![MEAN as u64; 4096], 0),
            "tied" => ((0..4096).map(|place| place % 10 * 1_000).collect(), 0),
            _ => unreachable!("the laws are listed in this file"),
        };
        Self { table, jitter, random: Xorshift(0x2545_f491_4f6c_dd1d) }
    }

    #[inline(always)]
    fn next(&mut self) -> u64 {
        let drawn = self.random.next();
        self.table[(drawn >> 40) as usize & 4095] + (drawn & self.jitter)
    }
}

/// What is held against each other.
trait List {
    fn push(&mut self, time: u64, payload: u32);
    fn pop(&mut self) -> (u64, u32);
}

impl List for FutureEventList {
    #[inline(always)]
    fn push(&mut self, time: u64, payload: u32) {
        FutureEventList::push(self, SimTime::from_nanos(time), u64::from(payload));
    }

    #[inline(always)]
    fn pop(&mut self) -> (u64, u32) {
        let (time, payload) = FutureEventList::pop(self, |_| false).expect("as many are pushed as popped");
        (time.as_nanos(), payload as u32)
    }
}

impl List for HeapEventList {
    #[inline(always)]
    fn push(&mut self, time: u64, payload: u32) {
        HeapEventList::push(self, SimTime::from_nanos(time), u64::from(payload));
    }

    #[inline(always)]
    fn pop(&mut self) -> (u64, u32) {
        let (time, payload) = HeapEventList::pop(self, |_| false).expect("as many are pushed as popped");
        (time.as_nanos(), payload as u32)
    }
}

/// `BinaryHeap` of (time, order of scheduling, payload), the usual event list.
#[derive(Default)]
struct Standard {
    heap: BinaryHeap<Reverse<(u64, u64, u32)>>,
    scheduled: u64,
}

impl List for Standard {
    #[inline(always)]
    fn push(&mut self, time: u64, payload: u32) {
        self.heap.push(Reverse((time, self.scheduled, payload)));
        self.scheduled += 1;
    }

    #[inline(always)]
    fn pop(&mut self) -> (u64, u32) {
        let Reverse((time, _, payload)) = self.heap.pop().expect("as many are pushed as popped");
        (time, payload)
    }
}

/// A list with its own increments, which has been brought to the steady state.
struct Holder<L> {
    list: L,
    increments: Increments,
    order: u64,
}

impl<L: List> Holder<L> {
    fn new(mut list: L, law: &str, pending: u32) -> Self {
        let mut increments = Increments::new(law);
        for payload in 0..pending {
            let spread = increments.random.next() % MEAN as u64;
            let first = if law == "constant" { spread } else { increments.next() };
            list.push(first, payload);
        }
        let mut holder = Self { list, increments, order: 0 };
        holder.hold(3 * u64::from(pending) + 10_000);
        holder
    }

    #[inline(never)]
    fn hold(&mut self, count: u64) {
        for _ in 0..count {
            let (time, payload) = self.list.pop();
            self.order = self.order.rotate_left(5) ^ time ^ u64::from(payload);
            self.list.push(time + self.increments.next(), payload);
        }
    }
}

/// Returns the CPU time of one of `count` repetitions \[ns\].
fn nanos_each(count: u64, work: impl FnOnce()) -> f64 {
    let start = ThreadTime::now();
    work();
    start.elapsed().as_nanos() as f64 / count as f64
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn hold_table(rounds: usize) {
    println!("hold model: ns per pop and push; ratio and its bar against BinaryHeap\n");
    println!(
        "{:<12}{:>9}{:>9}{:>12}{:>8}{:>8}{:>7}",
        "law", "pending", "list", "BinaryHeap", "4-heap", "ratio", "bar"
    );
    for law in ["exponential", "bimodal", "constant", "tied"] {
        let mut nanos_at_100 = f64::NAN;
        for pending in [10, 100, 1_000, 100_000, 1_000_000] {
            // Long enough that each round sees all events, which the others have pushed out of the caches.
            let count = 400_000.max(u64::from(pending));
            let mut list = Holder::new(FutureEventList::new(), law, pending);
            let mut standard = Holder::new(Standard::default(), law, pending);
            let mut four = Holder::new(HeapEventList::new(), law, pending);
            let mut nanos = [Vec::new(), Vec::new(), Vec::new()];
            let mut ratios = Vec::new();
            for _ in 0..rounds {
                let fast = nanos_each(count, || list.hold(count));
                let slow = nanos_each(count, || standard.hold(count));
                nanos[0].push(fast);
                nanos[1].push(slow);
                nanos[2].push(nanos_each(count, || four.hold(count)));
                ratios.push(fast / slow);
            }
            assert_eq!((list.order, standard.order), (four.order, four.order), "the three differ in order");
            let bar = match pending {
                100 => "1.00",
                1_000 => "0.70",
                100_000 => "0.25",
                _ => "",
            };
            let [fast, slow, four] = nanos.map(median);
            let ratio = median(ratios);
            println!("{law:<12}{pending:>9}{fast:>9.1}{slow:>12.1}{four:>8.1}{ratio:>8.2}{bar:>7}");
            if pending == 100 {
                nanos_at_100 = fast;
            }
            if pending == 1_000_000 {
                println!("{law:<12}{:>9}{:>37.2}{:>7}\n", "1e6/1e2", fast / nanos_at_100, "2.00");
            }
        }
    }
}

/// Requests in flight, each an end after Exp(1 ms) and perhaps a timeout 100 times longer, cancelled at the end.
struct Requests {
    list: FutureEventList,
    increments: Increments,
    /// By place: the number of the request that holds it.
    generations: Vec<u32>,
    with_timeouts: bool,
}

impl Requests {
    fn new(in_flight: u32, with_timeouts: bool) -> Self {
        let increments = Increments::new("exponential");
        let generations = vec![0; in_flight as usize];
        let mut requests = Self { list: FutureEventList::new(), increments, generations, with_timeouts };
        for place in 0..in_flight {
            requests.start(SimTime::ZERO, place);
        }
        // Until the first timeouts would be reached, 100 services on, no steady state.
        requests.serve(150 * u64::from(in_flight) + 10_000);
        requests
    }

    /// Payload of an end: the place. Of a timeout: generation, place, and the top bit.
    #[inline(always)]
    fn start(&mut self, now: SimTime, place: u32) {
        self.list.push(now + SimDuration::from_nanos(self.increments.next()), u64::from(place));
        if self.with_timeouts {
            let generation = u64::from(self.generations[place as usize]);
            let payload = 1 << 63 | generation << 20 | u64::from(place);
            self.list.push(now + SimDuration::from_nanos(100 * MEAN as u64), payload);
        }
    }

    #[inline(never)]
    fn serve(&mut self, count: u64) {
        for _ in 0..count {
            let generations = &self.generations;
            let is_over = |payload: u64| {
                payload >> 63 == 1 && generations[payload as usize & 0xf_ffff] != (payload >> 20) as u32
            };
            let (now, payload) = self.list.pop(is_over).expect("requests are in flight");
            assert!(payload >> 63 == 0, "no service is 100 times the mean");
            let place = payload as u32;
            self.generations[place as usize] = self.generations[place as usize].wrapping_add(1);
            self.start(now, place);
        }
    }
}

fn cancelled_timeouts(rounds: usize) {
    println!("one cancelled timeout, against one hold operation at 1000 pending; bar 1.00\n");
    println!(
        "{:>10}{:>10}{:>9}{:>10}{:>8}{:>8}{:>12}",
        "in flight", "without", "with", "timeout", "hold", "ratio", "held"
    );
    for in_flight in [30, 1_000, 10_000, 100_000] {
        let count = 400_000;
        let mut without = Requests::new(in_flight, false);
        let mut with = Requests::new(in_flight, true);
        let mut hold = Holder::new(FutureEventList::new(), "exponential", 1_000);
        let mut nanos = [Vec::new(), Vec::new(), Vec::new()];
        let mut ratios = Vec::new();
        for _ in 0..rounds {
            let bare = nanos_each(count, || without.serve(count));
            let full = nanos_each(count, || with.serve(count));
            let one = nanos_each(count, || hold.hold(count));
            ratios.push((full - bare) / one);
            for (values, value) in nanos.iter_mut().zip([bare, full, one]) {
                values.push(value);
            }
        }
        let [bare, full, one] = nanos.map(median);
        let (ratio, held) = (median(ratios), with.list.len());
        println!(
            "{in_flight:>10}{bare:>10.1}{full:>9.1}{:>10.1}{one:>8.1}{ratio:>8.2}{held:>12}",
            full - bare
        );
    }
}

fn zero_delays(rounds: usize) {
    println!("\nmessages without delay between timed events, 1000 pending (ns each)\n");
    println!("{:>10}{:>10}{:>12}", "messages", "next", "next_until");
    let count = 400_000;
    for messages in [0, 1, 3, 10] {
        let mut increments = Increments::new("exponential");
        let mut agenda = Agenda::new();
        for _ in 0..1_000 {
            agenda.after(SimDuration::from_nanos(increments.next()), 0);
        }
        let mut nanos = [Vec::new(), Vec::new()];
        for round in 0..2 * rounds {
            let limit = if round % 2 == 0 { SimTime::MAX } else { black_box(SimTime::from_secs(1 << 30)) };
            let value = nanos_each(count, || relay(&mut agenda, &mut increments, limit, messages, count));
            nanos[round % 2].push(value);
        }
        let [next, next_until] = nanos.map(median);
        println!("{messages:>10}{next:>10.1}{next_until:>12.1}");
    }
}

/// Lets each timed event be followed by a chain of messages without delay.
#[inline(never)]
fn relay(agenda: &mut Agenda, increments: &mut Increments, limit: SimTime, messages: u64, count: u64) {
    for _ in 0..count {
        let Some(left) = agenda.next_until(limit, |payload| payload == u64::MAX) else { return };
        if left > 0 {
            agenda.send(left - 1);
        } else {
            agenda.after(SimDuration::from_nanos(increments.next()), messages);
        }
    }
}
