//! What a service does for a call, step by step.

use std::sync::Arc;

use kneepoint_calls::{Call, Core, Status};
use kneepoint_random::{Distribution, KeyPopularity, RequestStreams, Stream};

use super::program::own_stream;
use crate::Edge;
use crate::client::record_of;

/// A step of an operation.
///
/// A step that fails ends the operation: the call is answered with the status of the failed call as it came (a
/// time-out stays a time-out), so that results show where errors arise. Answers that are good but not `Ok` (stale,
/// degraded) make the reply at best as good as the worst of them.
#[derive(Clone, Debug)]
pub enum Step {
    /// Work, at speed 1 \[ns\].
    Compute(Distribution),
    /// Time without work \[ns\]: no server and no core is held, though a thread is. It counts as service.
    Delay(Distribution),
    /// A call to others.
    Call(Box<SubCall>),
    /// Branches side by side.
    Parallel(Parallel),
    /// One of several alternatives: shares, which add up to 1, and their steps.
    Choice(Vec<(f64, Vec<Step>)>),
    /// The same again, a drawn number of times, rounded to whole.
    Repeat {
        /// How often.
        times: Distribution,
        /// What.
        does: Vec<Step>,
    },
    /// Goes on by itself, and no reply waits for it. It holds no thread but uses the same cores. How long after the
    /// birth of the request it ends well is in the samples `completion`.
    Detach(Vec<Step>),
    /// Fails now and then.
    Fail {
        /// How often, from 0 to 1.
        chance: f64,
        /// With which answer.
        status: Status,
    },
}

/// Work [ns at speed 1].
pub fn compute(work: Distribution) -> Step {
    Step::Compute(work)
}

/// Time without work \[ns\].
pub fn delay(time: Distribution) -> Step {
    Step::Delay(time)
}

/// A call to somebody, who is asked for the operation that I was asked for.
pub fn call(to: impl Into<Edge>) -> Step {
    Step::Call(Box::new(SubCall::to(to)))
}

/// Branches side by side, all of which must go well.
pub fn parallel(branches: impl IntoIterator<Item = Vec<Step>>) -> Step {
    Step::Parallel(Parallel::of(branches))
}

/// Fails this often.
pub fn fail(chance: f64) -> Step {
    Step::Fail { chance, status: Status::Failed }
}

/// A call to others as a step.
///
/// It carries what is said here and nothing of the size of the call it is made for.
#[derive(Clone, Debug)]
pub struct SubCall {
    /// Whom: one, or each of several. One after the other; a branch of a [`Parallel`] that is nothing but such a call
    /// is one branch for each.
    pub to: Vec<Edge>,
    /// Which operation; that of the call it is made for if none is named.
    pub operation: Option<u16>,
    /// How often, rounded to whole; once if not said. One after the other.
    pub times: Option<Distribution>,
    /// Size of what is sent \[bytes\]; 0 if not said.
    pub size: Option<Distribution>,
    /// Size of what comes back \[bytes\]; 0 if not said.
    pub reply: Option<Distribution>,
    /// Which key it is about; that of the call it is made for if none is named.
    pub key: Option<Key>,
    /// The size of what the key stands for: it comes back, if `reply` says nothing.
    pub item: Option<Box<ItemSize>>,
}

impl SubCall {
    /// Returns a plain call to somebody.
    pub fn to(to: impl Into<Edge>) -> SubCall {
        SubCall::to_each([to])
    }

    /// Returns a plain call to each of several.
    pub fn to_each<E: Into<Edge>>(to: impl IntoIterator<Item = E>) -> SubCall {
        let to = to.into_iter().map(Into::into).collect();
        SubCall { to, operation: None, times: None, size: None, reply: None, key: None, item: None }
    }

    /// Asks for this operation.
    pub fn operation(self, operation: u16) -> SubCall {
        SubCall { operation: Some(operation), ..self }
    }

    /// So many times, one after the other.
    pub fn times(self, times: Distribution) -> SubCall {
        SubCall { times: Some(times), ..self }
    }

    /// Sends so much \[bytes\].
    pub fn size(self, size: Distribution) -> SubCall {
        SubCall { size: Some(size), ..self }
    }

    /// Gets so much back \[bytes\].
    pub fn reply(self, reply: Distribution) -> SubCall {
        SubCall { reply: Some(reply), ..self }
    }

    /// About this key.
    pub fn key(self, key: Key) -> SubCall {
        SubCall { key: Some(key), ..self }
    }

    /// Gets back what the key stands for, of this size.
    pub fn item(self, item: ItemSize) -> SubCall {
        SubCall { item: Some(Box::new(item)), ..self }
    }
}

impl From<SubCall> for Step {
    fn from(call: SubCall) -> Step {
        Step::Call(Box::new(call))
    }
}

/// Which key a call is about.
#[derive(Clone, Debug, PartialEq)]
pub enum Key {
    /// The request's own key of a key space: the same wherever this key space is named along its way.
    Own {
        /// The number of the key space.
        space: u64,
        /// Its keys.
        keys: KeyPopularity,
    },
    /// Another one each time.
    Fresh {
        /// The keys.
        keys: KeyPopularity,
    },
    /// The one that was recorded with the request, by the number of its record.
    Recorded {
        /// The key of each record.
        keys: Arc<[u32]>,
    },
}

impl Key {
    /// Returns the key of a request.
    ///
    /// # Panics
    /// If it was recorded, and the request has no record: whoever builds a model sees to that.
    #[inline]
    pub fn of(&self, call: Call, cx: &mut Core) -> u32 {
        let identity = cx.attributes(call).identity;
        match self {
            Key::Own { space, keys } => keys.sample(&mut own_stream(identity, *space)) as u32,
            Key::Fresh { keys } => keys.sample(&mut Stream::from_key(cx.draw(call))) as u32,
            Key::Recorded { keys } => match keys.get(record_of(identity)) {
                Some(key) => *key,
                None => panic!(
                    "{} at {}: a request without a record is asked for its recorded key",
                    cx.path(cx.me()),
                    cx.now()
                ),
            },
        }
    }
}

/// How large each thing of a key space is \[bytes\]: the same wherever, and for whomever, its key is named.
#[derive(Clone, Debug, PartialEq)]
pub struct ItemSize {
    /// The name of the key space: sizes are drawn from (seed, replication, name, key).
    pub space: String,
    /// The law of the sizes.
    pub size: Distribution,
}

impl ItemSize {
    /// Returns the size of a key's thing \[bytes\], at most 4 GiB.
    pub fn of(&self, key: u32, seed: u64, replication: u64) -> u32 {
        let streams = RequestStreams::new(seed, replication, &self.space, "size of key");
        // The conversion is saturating.
        (self.size.sample_from_key(streams.key(u64::from(key))) + 0.5) as u32
    }
}

/// When branches side by side are done.
///
/// A failure ends the step as soon as the wait cannot succeed any more: at the first one for `All`, as do
/// `Promise.all`, Go's `errgroup` and Rust's `try_join!`; when too few are left for a quorum; with the last one for
/// `Any`.
///
/// # Source
/// ECMAScript 2024, sections 27.2.4.1 (`Promise.all`) and 27.2.4.3 (`Promise.any`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// All are good.
    All,
    /// The first good one.
    Any,
    /// So many are good.
    Quorum(usize),
}

/// Branches side by side.
///
/// When it is decided, branches still under way are left alone: their answers are not waited for, but their work goes
/// on (as after `Promise.all`), unless [`cancelling`](Parallel::cancelling).
///
/// A branch that is one call is just this call; any other is a call of the service to itself, which uses the same
/// cores but needs neither thread nor waiting place of its own.
#[derive(Clone, Debug)]
pub struct Parallel {
    /// The branches.
    pub branches: Vec<Vec<Step>>,
    /// When it is done.
    pub wait: Wait,
    /// Whether branches that are not needed any more are told to stop.
    pub cancel: bool,
}

impl Parallel {
    /// Returns branches all of which must go well.
    pub fn of(branches: impl IntoIterator<Item = Vec<Step>>) -> Parallel {
        Parallel { branches: branches.into_iter().collect(), wait: Wait::All, cancel: false }
    }

    /// Waits for so many.
    pub fn wait(self, wait: Wait) -> Parallel {
        Parallel { wait, ..self }
    }

    /// Stops the branches that are not needed any more (as Go's `errgroup.WithContext` does).
    pub fn cancelling(self) -> Parallel {
        Parallel { cancel: true, ..self }
    }
}

impl From<Parallel> for Step {
    fn from(parallel: Parallel) -> Step {
        Step::Parallel(parallel)
    }
}
