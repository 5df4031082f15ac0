//! The event list: the hold model, cancelled timeouts, and what it costs to record a latency.
//!
//! The hold model: take the next event, put it back an increment later; the time per such pair.
//!
//! # Source
//! Vaucher and Duval, "A comparison of simulation event list algorithms", CACM 18(4), 1975 (the hold model).

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hint::black_box;

use kneepoint::engine::{FutureEventList, SimDuration, SimTime};
use kneepoint::statistics::{Histogram, normal_quantile};

use crate::{median, print, ratio, timed};

const ROUNDS: usize = 7;
const MEAN: f64 = 1e6; // [ns]
const LAWS: [&str; 4] = ["exponential", "bimodal", "constant", "tied"];

/// Prints the bars.
pub fn bars() {
    // All rounds of a law take turns, because a ratio of two structures is measured at two moments otherwise.
    for law in LAWS {
        print(&format!("hold_1e6_to_1e2_{law}"), growth(law), 2.0);
    }
    for (pending, bar) in [(100, 1.0), (1_000, 0.7), (100_000, 0.25)] {
        for law in LAWS {
            print(&format!("hold_to_binary_heap_{pending}_{law}"), to_binary_heap(law, pending), bar);
        }
    }
    for in_flight in [30, 1_000, 10_000, 100_000] {
        print(&format!("cancelled_timeout_{in_flight}"), cancelled_timeout(in_flight), 1.0);
    }
    print("record_latency", record(), 1.0);
}

/// How many operations are timed at once: long enough that each round sees all events, which the others have pushed
/// out of the caches.
fn count(pending: u32) -> u64 {
    400_000.max(u64::from(pending))
}

fn growth(law: &str) -> f64 {
    let (many, few) = (1_000_000, 100);
    let mut large = Holder::new(FutureEventList::new(), law, many);
    let mut small = Holder::new(FutureEventList::new(), law, few);
    ratio(ROUNDS, || large.hold(count(many)), || small.hold(count(many)))
}

fn to_binary_heap(law: &str, pending: u32) -> f64 {
    let mut list = Holder::new(FutureEventList::new(), law, pending);
    let mut standard = Holder::new(Standard::default(), law, pending);
    let ratio = ratio(ROUNDS, || list.hold(count(pending)), || standard.hold(count(pending)));
    assert_eq!(list.order, standard.order, "the two differ in order");
    ratio
}

fn cancelled_timeout(in_flight: u32) -> f64 {
    let mut without = Requests::new(in_flight, false);
    let mut with = Requests::new(in_flight, true);
    let mut hold = Holder::new(FutureEventList::new(), "exponential", 1_000);
    let operations = count(in_flight);
    let mut ratios: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let bare = timed(|| without.serve(operations)).as_secs_f64();
            let full = timed(|| with.serve(operations)).as_secs_f64();
            (full - bare) / timed(|| hold.hold(operations)).as_secs_f64()
        })
        .collect();
    median(&mut ratios)
}

/// Log-normal latencies around 5 ms, against the `hdrhistogram` crate at the same two digits.
fn record() -> f64 {
    const VALUES: usize = 1 << 16;
    const PASSES: usize = 60;
    // Evenly spread quantiles in a scrambled order: no generator needed, and the same values everywhere.
    let latency = |i: usize| {
        let scrambled = i.wrapping_mul(40_503) % VALUES; // odd, hence a permutation
        (5e6 * normal_quantile((scrambled as f64 + 0.5) / VALUES as f64).exp()) as u64
    };
    let values: Vec<u64> = (0..VALUES).map(latency).collect();
    let mut ours = Histogram::new();
    let mut theirs = hdrhistogram::Histogram::<u64>::new(2).expect("2 is allowed");
    let ratio = ratio(
        2 * ROUNDS + 1,
        || (0..PASSES).for_each(|_| black_box(&values).iter().for_each(|&v| ours.record(v))),
        || {
            (0..PASSES).for_each(|_| {
                black_box(&values).iter().for_each(|&v| theirs.record(v).expect("it resizes itself"));
            });
        },
    );
    assert_eq!(ours.count(), theirs.len(), "both counted every value");
    ratio
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
