//! One replication as words and texts, exactly: what journals and shards hold.
//!
//! Numbers are written one after the other, without names: floats by their bits, histograms by the cells that hold
//! something. The order is that of the fields; [`FORMAT`](super::store::FORMAT) changes when it does.

use kneepoint_statistics::Histogram;

use crate::checks::Finding;
use crate::probe::Reading;
use crate::readings::{ClassReading, ClientReading, LevelReading, PartReading, Spent, StationReading};
use crate::recorder::{Replication, Taken};

/// How one replication of a point ended.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    /// It was measured.
    Done(Box<Replication>),
    /// It is one long run, and these are its batches.
    Batches(Vec<Replication>),
    /// It stopped; why, in words.
    Stopped(String),
}

/// Drops what no sweep reports: the readings of single instances and the histograms of parts. Metrics have read
/// what they need.
pub(crate) fn lean(mut replication: Replication) -> Replication {
    for part in replication.stations.iter_mut().flatten() {
        part.instances = Vec::new();
        part.all.forget_histograms();
    }
    replication.paths = Vec::new();
    replication.edges = Vec::new();
    replication
}

/// Writes an outcome.
pub(crate) fn write(outcome: &Outcome) -> (Vec<u64>, Vec<String>) {
    let mut out = Out::default();
    match outcome {
        Outcome::Done(replication) => {
            out.words.push(0);
            replication.put(&mut out);
        }
        Outcome::Stopped(reason) => {
            out.words.push(1);
            reason.put(&mut out);
        }
        Outcome::Batches(batches) => {
            out.words.push(2);
            batches.put(&mut out);
        }
    }
    (out.words, out.texts)
}

/// Reads an outcome; nothing if these are not all the words of one.
pub(crate) fn read(words: &[u64], texts: Vec<String>) -> Option<Outcome> {
    let mut from = In { words, texts: texts.into_iter() };
    let outcome = match u64::take(&mut from)? {
        0 => Outcome::Done(Box::new(Replication::take(&mut from)?)),
        1 => Outcome::Stopped(String::take(&mut from)?),
        2 => Outcome::Batches(Vec::take(&mut from)?),
        _ => return None,
    };
    (from.words.is_empty() && from.texts.len() == 0).then_some(outcome)
}

#[derive(Default)]
struct Out {
    words: Vec<u64>,
    texts: Vec<String>,
}

struct In<'a> {
    words: &'a [u64],
    texts: std::vec::IntoIter<String>,
}

trait Coded: Sized {
    fn put(&self, out: &mut Out);
    fn take(from: &mut In) -> Option<Self>;
}

impl Coded for u64 {
    fn put(&self, out: &mut Out) {
        out.words.push(*self);
    }
    fn take(from: &mut In) -> Option<u64> {
        let (first, rest) = from.words.split_first()?;
        from.words = rest;
        Some(*first)
    }
}

impl Coded for u32 {
    fn put(&self, out: &mut Out) {
        out.words.push(u64::from(*self));
    }
    fn take(from: &mut In) -> Option<u32> {
        u64::take(from)?.try_into().ok()
    }
}

impl Coded for u128 {
    fn put(&self, out: &mut Out) {
        out.words.extend([(*self >> 64) as u64, *self as u64]);
    }
    fn take(from: &mut In) -> Option<u128> {
        Some(u128::from(u64::take(from)?) << 64 | u128::from(u64::take(from)?))
    }
}

impl Coded for f64 {
    fn put(&self, out: &mut Out) {
        out.words.push(self.to_bits());
    }
    fn take(from: &mut In) -> Option<f64> {
        u64::take(from).map(f64::from_bits)
    }
}

impl Coded for String {
    fn put(&self, out: &mut Out) {
        out.texts.push(self.clone());
    }
    fn take(from: &mut In) -> Option<String> {
        from.texts.next()
    }
}

impl<T: Coded> Coded for Option<T> {
    fn put(&self, out: &mut Out) {
        out.words.push(u64::from(self.is_some()));
        self.iter().for_each(|value| value.put(out));
    }
    fn take(from: &mut In) -> Option<Option<T>> {
        match u64::take(from)? {
            0 => Some(None),
            1 => T::take(from).map(Some),
            _ => None,
        }
    }
}

impl<T: Coded> Coded for Vec<T> {
    fn put(&self, out: &mut Out) {
        out.words.push(self.len() as u64);
        self.iter().for_each(|value| value.put(out));
    }
    fn take(from: &mut In) -> Option<Vec<T>> {
        let length = u64::take(from)?;
        // Each element takes a word or a text: a wrong length must not fill the memory.
        if length > (from.words.len() + from.texts.len()) as u64 {
            return None;
        }
        (0..length).map(|_| T::take(from)).collect()
    }
}

impl<A: Coded, B: Coded> Coded for (A, B) {
    fn put(&self, out: &mut Out) {
        self.0.put(out);
        self.1.put(out);
    }
    fn take(from: &mut In) -> Option<(A, B)> {
        Some((A::take(from)?, B::take(from)?))
    }
}

impl<const N: usize> Coded for [u64; N] {
    fn put(&self, out: &mut Out) {
        out.words.extend(self);
    }
    fn take(from: &mut In) -> Option<[u64; N]> {
        let (first, rest) = from.words.split_first_chunk()?;
        from.words = rest;
        Some(*first)
    }
}

impl Coded for Histogram {
    fn put(&self, out: &mut Out) {
        self.min().zip(self.max()).put(out);
        self.sum().put(out);
        // Numbers of cells as steps: they are short.
        let mut last = 0;
        let steps: Vec<(u32, u64)> =
            self.cells().map(|(cell, n)| (cell - std::mem::replace(&mut last, cell), n)).collect();
        steps.put(out);
    }
    fn take(from: &mut In) -> Option<Histogram> {
        let range = Coded::take(from)?;
        let sum = u128::take(from)?;
        let mut cells = Vec::<(u32, u64)>::take(from)?;
        let mut at = 0_u32;
        for (cell, _) in &mut cells {
            at = at.checked_add(*cell)?;
            *cell = at;
        }
        Histogram::from_cells(&cells, sum, range)
    }
}

macro_rules! coded {
    ($name:ident { $($field:ident),* }) => {
        impl Coded for $name {
            fn put(&self, out: &mut Out) {
                $(self.$field.put(out);)*
            }
            fn take(from: &mut In) -> Option<$name> {
                Some($name { $($field: Coded::take(from)?),* })
            }
        }
    };
}

coded!(LevelReading { area, max, last });
coded!(Spent { count, sum, range, histogram });
coded!(ClassReading { sent, ended, latency, failed });
coded!(ClientReading { classes, in_flight, users, phases });
coded!(StationReading {
    calls,
    answers,
    turned_away,
    lost,
    orphans,
    orphan_time,
    phases,
    response,
    waiting,
    waiting_abandoned,
    service,
    busy,
    capacity,
    queue,
    inside,
    threads,
    thread_limit
});

impl Coded for PartReading {
    fn put(&self, out: &mut Out) {
        self.all.put(out);
    }
    fn take(from: &mut In) -> Option<PartReading> {
        Some(PartReading { all: Coded::take(from)?, instances: Vec::new() })
    }
}

impl Coded for Taken {
    fn put(&self, out: &mut Out) {
        match self {
            Taken::Reading(Reading::Samples(histogram)) => {
                out.words.push(0);
                histogram.put(out);
            }
            Taken::Reading(Reading::Pair(a, b)) => {
                out.words.push(1);
                (*a, *b).put(out);
            }
            Taken::State(value) => {
                out.words.push(2);
                value.put(out);
            }
            Taken::Looks(histogram) => {
                out.words.push(3);
                histogram.put(out);
            }
        }
    }
    fn take(from: &mut In) -> Option<Taken> {
        Some(match u64::take(from)? {
            0 => Taken::Reading(Reading::Samples(Coded::take(from)?)),
            1 => Taken::Reading(Reading::Pair(Coded::take(from)?, Coded::take(from)?)),
            2 => Taken::State(Coded::take(from)?),
            3 => Taken::Looks(Coded::take(from)?),
            _ => return None,
        })
    }
}

impl Coded for Replication {
    fn put(&self, out: &mut Out) {
        [self.number, self.digest, self.events].put(out);
        self.taken.put(out);
        self.clients.put(out);
        self.stations.put(out);
        self.halves.put(out);
        let findings: Vec<([u64; 3], Vec<String>)> = self
            .findings
            .iter()
            .map(Finding::numbers)
            .map(|(numbers, texts)| (numbers, texts.to_vec()))
            .collect();
        findings.put(out);
    }
    fn take(from: &mut In) -> Option<Replication> {
        let [number, digest, events] = Coded::take(from)?;
        let (taken, clients, stations, halves) =
            (Coded::take(from)?, Coded::take(from)?, Coded::take(from)?, Coded::take(from)?);
        let findings: Vec<([u64; 3], Vec<String>)> = Coded::take(from)?;
        let findings = findings.into_iter().enumerate();
        let findings = findings
            .map(|(i, (numbers, texts))| Finding::restored(i, numbers, texts))
            .collect::<Option<_>>()?;
        // Paths stand with the point; series that are missing end a sweep before anything is written.
        // Requests in full, edges and what happened when are for single runs.
        let (missing, paths, candidates, edges, timeline) = (None, Vec::new(), Vec::new(), Vec::new(), None);
        Some(Replication {
            number,
            digest,
            events,
            taken,
            clients,
            stations,
            halves,
            findings,
            missing,
            paths,
            candidates,
            edges,
            middles: Vec::new(),
            timeline,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn histogram() -> Histogram {
        let mut histogram = Histogram::new();
        [3, 5_000_000, u64::MAX, 7_777_777_777].into_iter().for_each(|v| histogram.record(v));
        histogram
    }

    fn replication() -> Replication {
        let spent =
            |histogram: Histogram| Spent { count: 4, sum: u128::MAX, range: Some((3, u64::MAX)), histogram };
        let class =
            ClassReading { sent: 9, ended: [4; 12], latency: spent(histogram()), failed: Spent::default() };
        let level = LevelReading { area: 0.1 + 0.2, max: f64::NEG_INFINITY, last: -0.0 };
        let client = ClientReading {
            classes: vec![class],
            in_flight: Some(level),
            users: None,
            phases: [5; kneepoint_calls::PHASES],
        };
        let all = StationReading {
            calls: 1,
            waiting: Some(spent(Histogram::new())),
            busy: Some(level),
            ..StationReading::default()
        };
        Replication {
            number: 7,
            digest: u64::MAX,
            events: 12,
            taken: vec![
                vec![
                    Taken::Reading(Reading::Samples(histogram())),
                    Taken::Reading(Reading::Pair(f64::NAN, 1e-300)),
                ],
                vec![Taken::State(f64::MIN_POSITIVE), Taken::Looks(Histogram::new())],
                vec![],
            ],
            clients: vec![Some(client), None],
            stations: vec![None, Some(PartReading { all, instances: Vec::new() })],
            halves: vec![None, Some((1.5, f64::INFINITY))],
            findings: vec![Finding::restored(0, [3, 2, 1], vec!["\"quoted\" \u{1b} ü".to_string()]).unwrap()],
            missing: None,
            paths: Vec::new(),
            candidates: Vec::new(),
            edges: Vec::new(),
            middles: Vec::new(),
            timeline: None,
        }
    }

    #[test]
    fn a_record_read_is_the_record_written_to_the_bit() {
        let done = Outcome::Done(Box::new(replication()));
        let (words, texts) = write(&done);
        let again = read(&words, texts.clone()).expect("whole");
        assert_eq!((words.clone(), texts.clone()), write(&again));
        assert_eq!(format!("{done:?}"), format!("{again:?}"));
        let batches = Outcome::Batches(vec![replication(), replication()]);
        let (words, texts) = write(&batches);
        let again = read(&words, texts.clone()).expect("whole");
        assert_eq!(format!("{batches:?}"), format!("{again:?}"));
        let stopped = Outcome::Stopped("too much".to_string());
        let (words, texts) = write(&stopped);
        assert!(matches!(read(&words, texts), Some(Outcome::Stopped(reason)) if reason == "too much"));
    }

    #[test]
    fn what_is_not_all_of_a_record_is_none() {
        let (words, texts) = write(&Outcome::Done(Box::new(replication())));
        for length in 0..words.len() {
            assert!(read(&words[..length], texts.clone()).is_none(), "{length} of {}", words.len());
        }
        let longer: Vec<u64> = words.iter().copied().chain([0]).collect();
        assert!(read(&longer, texts.clone()).is_none());
        assert!(read(&words, Vec::new()).is_none());
        // A length that lies.
        assert!(read(&[0, 1, 2, 3, u64::MAX], Vec::new()).is_none());
    }
}
