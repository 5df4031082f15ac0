//! The yardstick: the web tier as one hand-written loop, everything inlined, over the same event list,
//! generator and histograms as the engine.
//!
//! Poisson 10^5/s -> round robin -> 10 servers of 70 µs -> cache of 20 µs, 90 % hits -> database of 4 servers of
//! 280 µs; a time-out of 1 s for each request, cancelled on completion; a histogram of every part.

use std::collections::VecDeque;

use kneepoint::engine::{FutureEventList, SimTime};
use kneepoint::random::Stream;
use kneepoint::statistics::Histogram;

use crate::tier::{
    ARRIVAL_NS, CACHE_NS, DATABASE_NS, DATABASE_SERVERS, HIT, SERVERS, SERVICE_NS, TIMEOUT_NS,
};

#[derive(Clone, Copy, Default)]
struct Record {
    born: u64,
    at_cache: u64,
    at_database: u64,
    generation: u32,
    server: u32,
}

struct Bare {
    clients: Stream,
    servers: Vec<Stream>,
    cache: Stream,
    database: Stream,
    records: Vec<Record>,
    free: Vec<u32>,
    queues: Vec<VecDeque<u32>>,
    database_queue: VecDeque<u32>,
    of_servers: Vec<Histogram>,
    of_balancer: Histogram,
    of_cache: Histogram,
    of_database: Histogram,
    of_client: Histogram,
    deadlines: VecDeque<(u64, u32, u32)>,
    next: usize,
    timed_out: u64,
}

impl Bare {
    fn new(seed: u64) -> Bare {
        let stream = |name: &str| Stream::named(seed, 0, name, "bench");
        Bare {
            clients: stream("clients"),
            servers: (0..SERVERS).map(|i| stream(&format!("server/{i}"))).collect(),
            cache: stream("cache"),
            database: stream("database"),
            records: Vec::new(),
            free: Vec::new(),
            queues: vec![VecDeque::new(); SERVERS],
            database_queue: VecDeque::new(),
            of_servers: vec![Histogram::new(); SERVERS],
            of_balancer: Histogram::new(),
            of_cache: Histogram::new(),
            of_database: Histogram::new(),
            of_client: Histogram::new(),
            deadlines: VecDeque::new(),
            next: 0,
            timed_out: 0,
        }
    }

    #[inline(always)]
    fn begin(&mut self, now: u64, server: usize) -> u32 {
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None => {
                self.records.push(Record::default());
                self.records.len() as u32 - 1
            }
        };
        let record = &mut self.records[slot as usize];
        record.born = now;
        record.server = server as u32;
        self.deadlines.push_back((now + TIMEOUT_NS, slot, record.generation));
        slot
    }

    #[inline(always)]
    fn finish(&mut self, now: u64, slot: u32) {
        let record = &mut self.records[slot as usize];
        self.of_cache.record(now - record.at_cache);
        self.of_servers[record.server as usize].record(now - record.born);
        self.of_balancer.record(now - record.born);
        self.of_client.record(now - record.born);
        record.generation += 1;
        self.free.push(slot);
        while let Some(&(_, slot, generation)) = self.deadlines.front() {
            if self.records[slot as usize].generation == generation {
                break;
            }
            self.deadlines.pop_front();
        }
    }

    #[inline(always)]
    fn expire(&mut self, now: u64) {
        while let Some(&(deadline, slot, generation)) = self.deadlines.front() {
            if deadline > now {
                break;
            }
            self.deadlines.pop_front();
            if self.records[slot as usize].generation == generation {
                self.timed_out += 1;
            }
        }
    }
}

fn draw(stream: &mut Stream, mean: f64) -> u64 {
    (stream.exponential() * mean).round() as u64
}

const ARRIVAL: u64 = 0;
const SERVED: u64 = 1;
const CACHE_DONE: u64 = 2;
const DATABASE_DONE: u64 = 3;

/// Runs until so many requests are answered; returns their mean latency \[ns\].
pub fn run(requests: u64, seed: u64) -> f64 {
    let mut s = Bare::new(seed);
    let mut list = FutureEventList::new();
    let mut busy = 0;
    let mut done = 0;
    let schedule = |list: &mut FutureEventList, at: u64, kind: u64, argument: u32| {
        list.push(SimTime::from_nanos(at), kind << 32 | argument as u64);
    };
    let gap = draw(&mut s.clients, ARRIVAL_NS);
    schedule(&mut list, gap, ARRIVAL, 0);
    while done < requests {
        let Some((time, event)) = list.pop(|_| false) else { break };
        let now = time.as_nanos();
        let argument = event as u32;
        match event >> 32 {
            ARRIVAL => {
                s.expire(now);
                let server = s.next;
                s.next = if server + 1 == SERVERS { 0 } else { server + 1 };
                let slot = s.begin(now, server);
                s.queues[server].push_back(slot);
                if s.queues[server].len() == 1 {
                    let work = draw(&mut s.servers[server], SERVICE_NS);
                    schedule(&mut list, now + work, SERVED, server as u32);
                }
                let gap = draw(&mut s.clients, ARRIVAL_NS);
                schedule(&mut list, now + gap, ARRIVAL, 0);
            }
            SERVED => {
                let server = argument as usize;
                let Some(slot) = s.queues[server].pop_front() else { continue };
                s.records[slot as usize].at_cache = now;
                let work = draw(&mut s.cache, CACHE_NS);
                if !s.queues[server].is_empty() {
                    let work = draw(&mut s.servers[server], SERVICE_NS);
                    schedule(&mut list, now + work, SERVED, argument);
                }
                schedule(&mut list, now + work, CACHE_DONE, slot);
            }
            CACHE_DONE => {
                if s.cache.uniform() < HIT {
                    s.finish(now, argument);
                    done += 1;
                } else {
                    s.records[argument as usize].at_database = now;
                    if busy < DATABASE_SERVERS {
                        busy += 1;
                        let work = draw(&mut s.database, DATABASE_NS);
                        schedule(&mut list, now + work, DATABASE_DONE, argument);
                    } else {
                        s.database_queue.push_back(argument);
                    }
                }
            }
            _ => {
                if let Some(slot) = s.database_queue.pop_front() {
                    let work = draw(&mut s.database, DATABASE_NS);
                    schedule(&mut list, now + work, DATABASE_DONE, slot);
                } else {
                    busy -= 1;
                }
                let at_database = s.records[argument as usize].at_database;
                s.of_database.record(now - at_database);
                s.finish(now, argument);
                done += 1;
            }
        }
    }
    s.of_client.mean().unwrap_or(0.0)
}
