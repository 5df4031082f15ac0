//! What a service remembers about each call it holds.

use std::ops::{Index, IndexMut};

use kneepoint_calls::{Call, Core, Status, Timer};
use kneepoint_engine::{SimDuration, SimTime};

/// No job: the end of a list.
pub(super) const NIL: u32 = u32::MAX;

/// Where a job stands.
///
/// ```text
/// Ready -> Queued -> Serving -> Ready ...      a processor that serves one at a time (or all at once)
///       -> Shared -> Ready ...                 processor sharing
///       -> Away -> Ready ...                   a delay, a call, branches
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum State {
    /// It is being moved on right now.
    Ready,
    /// In the line.
    Queued,
    /// On a server of its own.
    Serving,
    /// On the shared processor.
    Shared,
    /// In a delay, or its call or branches are out.
    Away,
}

/// A call in hand: its program counter, its place, its work.
#[derive(Clone, Copy, Debug)]
pub(super) struct Job {
    pub call: Call,
    /// When it joined the line, or began to share a processor \[ns\].
    pub entered: u64,
    /// When its server began, on the station's clock \[ns\]; or its virtual finish on a shared processor.
    pub mark: u64,
    /// The work of this step, and how much of it is done [ns of server time].
    pub demand: u64,
    pub done: u64,
    /// Server time of all its steps so far \[ns\].
    pub worked: u64,
    pub pc: u32,
    /// Links of the list it is in; in a random line `before` is its place.
    pub before: u32,
    pub after: u32,
    /// Its entry in the heap of the shared processor.
    pub ticket: u32,
    pub patience: Option<Timer>,
    pub operation: u16,
    /// Good answers a fork still needs, and bad ones it can bear.
    pub need: u16,
    pub spare: u16,
    pub state: State,
    pub priority: u8,
    /// The worst good answer so far.
    pub status: Status,
    /// It has a server (or is just being given one).
    pub on_server: bool,
    /// It holds a thread.
    pub on_thread: bool,
    /// It has waited or worked before: it is no newcomer.
    pub begun: bool,
    /// Its first service has begun.
    pub served: bool,
    /// It lost its server to a more urgent one and has work left.
    pub preempted: bool,
    /// An event about its departure is under way; at most one is, and it never comes late.
    pub armed: bool,
}

impl Job {
    #[inline(always)]
    pub fn new(call: Call, pc: u32, operation: u16, priority: u8) -> Job {
        Job {
            call,
            entered: 0,
            mark: 0,
            demand: 0,
            done: 0,
            worked: 0,
            pc,
            before: NIL,
            after: NIL,
            ticket: NIL,
            patience: None,
            operation,
            need: 0,
            spare: 0,
            state: State::Ready,
            priority,
            status: Status::Ok,
            on_server: false,
            on_thread: false,
            begun: false,
            served: false,
            preempted: false,
            armed: false,
        }
    }

    /// On a shared processor only what it was given is service; while that was with the others it waited.
    pub fn tell_shared(&self, given: u64, cx: &mut Core) {
        let since = SimTime::from_nanos(self.entered);
        cx.shared(self.call, SimDuration::from_nanos(given), cx.now() - since);
    }

    /// The server goes: returns how long it was there since it began \[ns\].
    #[inline(always)]
    pub fn stop(&mut self, clock: u64) -> u64 {
        let used = clock - self.mark;
        self.state = State::Ready;
        self.done += used;
        self.worked += used;
        used
    }
}

/// All jobs of a service, found by the note on their call; and the counters of their loops.
#[derive(Clone, Debug)]
pub(super) struct Jobs {
    slots: Vec<Job>,
    /// The first free slot; free slots are linked by `after`.
    free: u32,
    /// `depth` counters per job: what is left of each loop it is in.
    loops: Vec<u32>,
    depth: usize,
}

impl Jobs {
    pub fn new(depth: usize) -> Jobs {
        Jobs { slots: Vec::new(), free: NIL, loops: Vec::new(), depth }
    }

    #[inline(always)]
    pub fn add(&mut self, job: Job) -> u32 {
        let at = if self.free == NIL { self.new_slot() } else { self.free };
        let slot = &mut self.slots[at as usize];
        self.free = slot.after;
        *slot = job;
        at
    }

    #[cold]
    #[inline(never)]
    fn new_slot(&mut self) -> u32 {
        self.slots.push(Job::new(Call::NONE, 0, 0, 0));
        self.loops.resize(self.slots.len() * self.depth, 0);
        self.slots.len() as u32 - 1
    }

    #[inline(always)]
    pub fn remove(&mut self, at: u32) {
        let slot = &mut self.slots[at as usize];
        slot.ticket = NIL;
        slot.after = self.free;
        self.free = at;
    }

    /// What is left of the loop of this depth.
    #[inline]
    pub fn counter(&mut self, at: u32, depth: u16) -> &mut u32 {
        &mut self.loops[at as usize * self.depth + depth as usize]
    }
}

impl Index<u32> for Jobs {
    type Output = Job;
    #[inline(always)]
    fn index(&self, at: u32) -> &Job {
        &self.slots[at as usize]
    }
}

impl IndexMut<u32> for Jobs {
    #[inline(always)]
    fn index_mut(&mut self, at: u32) -> &mut Job {
        &mut self.slots[at as usize]
    }
}
