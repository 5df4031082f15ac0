//! Which requests are worth a second look: drawn by lot, the slowest, and one of each way to fail.
//!
//! A run notes how its requests ended; a second run, identical but for what it records, shows the chosen ones in full
//! ([`Sampling::wanted`](crate::Sampling)). So the first run pays a comparison a request, however long it is.

use std::collections::{BTreeMap, BinaryHeap};

use kneepoint_statistics::Histogram;

use crate::attributes::mix;
use crate::handle::ComponentId;
use crate::status::Status;

/// Requests that ended well, drawn by lot per client.
///
/// # Source
/// Chosen: four of them lie beyond p99.9 on average, so that one is near it in all but one run of fifty (`e^-4`); the
/// slowest are kept besides.
const DRAWN: usize = 4_000;
/// Slowest requests kept per client.
///
/// # Source
/// Chosen: enough to see whether they have one cause.
const SLOWEST: usize = 16;

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ended {
    /// From its intended start \[ns\].
    pub latency: u64,
    /// Which request.
    pub identity: u64,
    /// When it was meant to be sent \[ns\].
    pub born: u64,
    /// Its class.
    pub class: u8,
    /// How.
    pub status: Status,
}

/// The requests of one client that are worth a second look.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidates {
    /// The client.
    pub client: ComponentId,
    /// Drawn by lot among those that ended well, by latency.
    pub drawn: Vec<Ended>,
    /// The slowest of those that ended well, slowest first.
    pub slowest: Vec<Ended>,
    /// Of each way to fail one, drawn by lot.
    pub failed: Vec<Ended>,
    /// The latencies of all that ended well \[ns\]: the lots are too few to say where p99.9 is.
    pub latencies: Histogram,
}

impl Candidates {
    /// Returns those of several stretches of a run as those of all of it, by client.
    #[must_use]
    pub fn together(of: Vec<Candidates>) -> Vec<Candidates> {
        let mut clients: BTreeMap<ComponentId, Candidates> = BTreeMap::new();
        for one in of {
            match clients.get_mut(&one.client) {
                None => drop(clients.insert(one.client, one)),
                Some(all) => {
                    all.drawn.extend(one.drawn);
                    all.slowest.extend(one.slowest);
                    let fresh = one.failed.into_iter();
                    let known: Vec<Status> = all.failed.iter().map(|ended| ended.status).collect();
                    all.failed.extend(fresh.filter(|ended| !known.contains(&ended.status)));
                    all.latencies.merge(&one.latencies);
                }
            }
        }
        let mut all: Vec<Candidates> = clients.into_values().collect();
        for client in &mut all {
            client.drawn.sort();
            client.slowest.sort_by(|a, b| b.cmp(a));
            client.failed.sort_by_key(|ended| ended.status);
        }
        all
    }
}

/// The lots of one client: the smallest lots win, whatever the order in which requests end.
#[derive(Clone, Debug, Default)]
struct Lots {
    drawn: BinaryHeap<(u64, Ended)>,
    /// The fastest of the slowest on top.
    slowest: BinaryHeap<std::cmp::Reverse<Ended>>,
    failed: BTreeMap<Status, (u64, Ended)>,
}

/// All clients' lots.
#[derive(Clone, Debug, Default)]
pub(crate) struct Draw {
    seed: u64,
    clients: BTreeMap<u32, Lots>,
}

impl Draw {
    pub fn new(seed: u64) -> Draw {
        Draw { seed: mix(seed ^ 0x5EED), clients: BTreeMap::new() }
    }

    pub fn clear(&mut self) {
        self.clients.clear();
    }

    /// Notes how a request ended.
    pub fn note(&mut self, client: u32, ended: Ended) {
        let lot = mix(ended.identity ^ self.seed);
        let lots = self.clients.entry(client).or_default();
        if ended.status.is_good() {
            // Those that failed have lots of their own: they must not push out what percentiles are of.
            if lots.drawn.len() < DRAWN {
                lots.drawn.push((lot, ended));
            } else if lots.drawn.peek().is_some_and(|(largest, _)| lot < *largest) {
                lots.drawn.pop();
                lots.drawn.push((lot, ended));
            }
            if lots.slowest.len() < SLOWEST {
                lots.slowest.push(std::cmp::Reverse(ended));
            } else if lots.slowest.peek().is_some_and(|fastest| ended > fastest.0) {
                lots.slowest.pop();
                lots.slowest.push(std::cmp::Reverse(ended));
            }
        } else {
            let kept = lots.failed.entry(ended.status).or_insert((lot, ended));
            if lot < kept.0 {
                *kept = (lot, ended);
            }
        }
    }

    /// Returns what was drawn, by client, with the latencies of all that ended well as the client kept them.
    pub fn candidates(&self, latencies: impl Fn(ComponentId) -> Histogram) -> Vec<Candidates> {
        let of = |(client, lots): (&u32, &Lots)| {
            let mut drawn: Vec<Ended> = lots.drawn.iter().map(|(_, ended)| *ended).collect();
            drawn.sort();
            let mut slowest: Vec<Ended> = lots.slowest.iter().map(|ended| ended.0).collect();
            slowest.sort_by(|a, b| b.cmp(a));
            let failed = lots.failed.values().map(|(_, ended)| *ended).collect();
            let client = ComponentId(*client);
            Candidates { client, drawn, slowest, failed, latencies: latencies(client) }
        };
        self.clients.iter().map(of).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(identity: u64, latency: u64, status: Status) -> Ended {
        Ended { latency, identity, born: 0, class: 0, status }
    }

    #[test]
    fn the_order_in_which_requests_end_does_not_matter() {
        let all: Vec<Ended> = (0..5_000)
            .map(|i| ended(i, mix(i) % 1_000, if i % 7 == 0 { Status::Failed } else { Status::Ok }))
            .collect();
        let (mut forth, mut back) = (Draw::new(1), Draw::new(1));
        all.iter().for_each(|one| forth.note(3, *one));
        all.iter().rev().for_each(|one| back.note(3, *one));
        assert_eq!(forth.candidates(|_| Histogram::new()), back.candidates(|_| Histogram::new()));
        let [client] = &forth.candidates(|_| Histogram::new())[..] else { panic!("one client") };
        assert_eq!((client.drawn.len(), client.slowest.len(), client.failed.len()), (DRAWN, SLOWEST, 1));
        let mut good: Vec<Ended> = all.iter().copied().filter(|one| one.status.is_good()).collect();
        good.sort_by(|a, b| b.cmp(a));
        assert_eq!(client.slowest, good[..SLOWEST]);
    }

    #[test]
    fn stretches_of_a_run_are_looked_at_together() {
        let part = |latencies: &[u64], status| {
            let mut draw = Draw::new(1);
            latencies.iter().for_each(|l| draw.note(4, ended(*l, *l, status)));
            draw.candidates(|_| {
                let mut all = Histogram::new();
                latencies.iter().for_each(|l| all.record(*l));
                all
            })
        };
        let stretches =
            [part(&[5, 9], Status::Ok), part(&[7], Status::Ok), part(&[1], Status::Lost)].concat();
        let [all] = &Candidates::together(stretches)[..] else { panic!("one client") };
        let latencies = |of: &[Ended]| of.iter().map(|one| one.latency).collect::<Vec<_>>();
        assert_eq!((latencies(&all.slowest), latencies(&all.drawn)), (vec![9, 7, 5], vec![5, 7, 9]));
        assert_eq!(all.latencies.count(), 4);
        assert_eq!(latencies(&all.failed), [1]);
    }

    #[test]
    fn lots_are_fair() {
        let mut draw = Draw::new(7);
        (0..100_000).for_each(|i| draw.note(0, ended(i, i, Status::Ok)));
        let drawn = &draw.candidates(|_| Histogram::new())[0].drawn;
        // The mean of 4000 draws from 0..100 000: 50 000 with a standard error of 456, less for drawing without replacement.
        let mean = drawn.iter().map(|one| one.latency as f64).sum::<f64>() / drawn.len() as f64;
        assert!((mean - 50_000.0).abs() < 4.0 * 456.0, "{mean}");
    }
}
