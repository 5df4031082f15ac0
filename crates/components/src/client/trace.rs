//! A client that repeats what was recorded.

use std::sync::Arc;

use kneepoint_calls::{Answer, Component, Cx, timers};
use kneepoint_engine::{SimDuration, SimTime};

use super::classes::Classes;
use super::invalid::Invalid;
use super::requests::{Known, Requests};
use super::senders::Senders;
use crate::edge::Edge;

timers! {
    /// What a replaying client waits for.
    pub enum TraceTimer { Arrival }
}

/// One recorded request.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Record {
    /// When, counted from the start of the recording.
    pub at: SimDuration,
    /// Its class: a position among the client's classes; drawn by share if not recorded.
    pub class: Option<u8>,
    /// What was sent \[bytes\]; that of its class if not recorded.
    pub size: Option<u32>,
    /// What was answered \[bytes\]; that of its class if not recorded.
    pub reply: Option<u32>,
    /// Its key; 0 if not recorded.
    pub key: u32,
}

/// So many records can be told by their numbers: these are the low bits of a request's identity.
pub const RECORDS_MAX: usize = 1 << 24;

/// Returns the number of the record a request repeats, from the request's identity: for requests of a client with
/// [`TraceClient::numbered`] records.
pub fn record_of(identity: u64) -> usize {
    identity as usize & (RECORDS_MAX - 1)
}

/// A client that sends what was recorded, when it was recorded: an open one, without randomness of its own.
///
/// # Series
/// As [`OpenClient`](super::OpenClient).
///
/// # Assumptions
/// A repeated trace goes on one mean gap after its last record.
#[derive(Clone, Debug)]
pub struct TraceClient {
    requests: Requests,
    records: Arc<[Record]>,
    /// Recorded time that passes per simulated time.
    speed: f64,
    repeat: Option<SimDuration>,
    /// The number of the first record, if requests carry it.
    numbered_from: Option<u32>,
    /// Start of the replay; records count from it.
    from: SimTime,
    /// Requests sent so far: in all rounds.
    sent: u64,
}

impl TraceClient {
    /// Returns a client that replays these records at a speed (2 is twice as fast), once or round and round.
    ///
    /// # Errors
    /// If there is no record, if they do not ascend in time, name a class there is not, the speed is not above 0
    /// and finite, or records of one instant are to be repeated.
    pub fn new(
        to: impl Into<Edge>,
        records: impl Into<Arc<[Record]>>,
        speed: f64,
        repeat: bool,
        classes: Classes,
    ) -> Result<TraceClient, Invalid> {
        let records: Arc<[Record]> = records.into();
        Invalid::unless(!records.is_empty(), "file", "empty", "one record at least")?;
        Invalid::unless((1e-9..=1e9).contains(&speed), "speed", speed, "from 10^-9 to 10^9")?;
        for (i, record) in records.iter().enumerate() {
            let ascends = i == 0 || records[i - 1].at <= record.at;
            Invalid::unless(ascends, "time", record.at, "not before that of the record above")?;
            let known = record.class.is_none_or(|class| (class as usize) < classes.of.len());
            Invalid::unless(known, "class", record.class.unwrap_or(0), "one of the client's classes")?;
        }
        let span = records[records.len() - 1].at - records[0].at;
        let period = match repeat {
            false => None,
            true => {
                Invalid::unless(!span.is_zero(), "repeat", true, "false for records of one instant")?;
                let gap = span.as_nanos() as f64 / (records.len() - 1) as f64;
                Some(span + SimDuration::from_nanos_f64(gap))
            }
        };
        let requests = Requests::new(to.into(), classes);
        Ok(TraceClient {
            requests,
            records,
            speed,
            repeat: period,
            numbered_from: None,
            from: SimTime::ZERO,
            sent: 0,
        })
    }

    /// With a number for its sender: all its requests are of one.
    pub fn with_senders(self, senders: Senders) -> TraceClient {
        TraceClient { requests: self.requests.with_senders(senders), ..self }
    }

    /// With the numbers of records in the requests' identities, where [`record_of`] finds them: so that what else was
    /// recorded can be looked up along a request's way. Work is drawn as without them.
    ///
    /// # Errors
    /// If a number were [`RECORDS_MAX`] or more.
    pub fn numbered(self, from: u32) -> Result<TraceClient, Invalid> {
        let end = from as usize + self.records.len();
        Invalid::unless(end <= RECORDS_MAX, "file", end, "2^24 records with keys at most")?;
        Ok(TraceClient { numbered_from: Some(from), ..self })
    }

    /// When the next request is meant to be sent.
    fn intended(&self) -> Option<SimTime> {
        let count = self.records.len() as u64;
        let (round, place) = (self.sent / count, self.sent % count);
        let offset = match (round, self.repeat) {
            (0, _) => SimDuration::ZERO,
            (_, None) => return None,
            (_, Some(period)) => period * round,
        };
        let recorded = offset + self.records[place as usize].at;
        let at = match self.speed {
            1.0 => recorded,
            speed => SimDuration::from_nanos_f64(recorded.as_nanos() as f64 / speed),
        };
        let at = self.from + at;
        (at < SimTime::MAX).then_some(at)
    }

    fn wait(&mut self, cx: &mut Cx<Self>) {
        if let Some(at) = self.intended() {
            cx.later(at.max(cx.now()) - cx.now(), TraceTimer::Arrival);
        }
    }
}

impl Component for TraceClient {
    type Timer = TraceTimer;

    fn on_start(&mut self, cx: &mut Cx<Self>) {
        self.requests.start(cx);
        if self.sent == 0 {
            self.from = cx.now();
        }
        // What was to be sent while the client was down is not.
        while self.intended().is_some_and(|at| at < cx.now()) {
            self.sent += 1;
        }
        self.wait(cx);
    }

    fn on_timer(&mut self, TraceTimer::Arrival: TraceTimer, cx: &mut Cx<Self>) {
        let Some(born) = self.intended() else { return };
        let place = (self.sent % self.records.len() as u64) as u32;
        let record = self.records[place as usize];
        let known = Known {
            class: record.class.map(usize::from),
            size: record.size,
            reply: record.reply,
            key: record.key,
            user: None,
            number: self.numbered_from.map(|from| from + place),
        };
        // However many were recorded at one instant, there are no more.
        cx.announce(1);
        self.requests.send(self.sent, born, known, cx);
        self.sent += 1;
        self.wait(cx);
    }

    fn on_answer(&mut self, answer: Answer, cx: &mut Cx<Self>) {
        self.requests.ended(&answer, cx);
    }

    fn survive(&mut self, old: &Self) {
        self.from = old.from;
        self.sent = old.sent;
    }
}
