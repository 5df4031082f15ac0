//! The heart of the runtime: everything of a simulation but the components themselves.
//!
//! Components and this are separate fields of a [`Simulation`](crate::Simulation), so that a component can be
//! given the whole of it without a cell.

use std::collections::BTreeMap;

use kneepoint_engine::{Agenda, SimDuration, SimTime};
use kneepoint_random::Stream;
use kneepoint_statistics::Histogram;

use crate::ask::{Ask, RELAY};
use crate::attributes::Attributes;
use crate::books::{Books, Inside, Outcomes};
use crate::candidates::{Candidates, Draw, Ended};
use crate::component::{Answer, DynComponent, Fault, Notice};
use crate::entry::{
    self, ABOUT, ANSWER, CALL, CANCEL, CANCELLING, DEADLINE, FAULT, FIRST_ABOUT, FIRST_DEADLINE, FIRST_TIMER,
    FIRST_WAKE, FOREIGN, ID, LIVES, NOTICE, SLOT, START, TIMER, WAKE,
};
use crate::frame::{ARRIVED, DONE, Frame, Frames, LENT, LOST, OPEN, RELAYED, ROOT};
use crate::handle::{Asked, Call, Callee, ComponentId, NIL, Timer};
use crate::happening::Happening;
use crate::ledger::{Fate, Ledger, Sampling, Span, Strand};
use crate::life::{Condition, End, Life};
use crate::limits::{Limits, Stop};
use crate::series::{Counter, Gauge, Level, Samples, Series};
use crate::status::{Phase, Status};

#[derive(Clone, Copy, Debug)]
struct TimerSlot {
    generation: u32,
    owner: u32,
    tag: u32,
    data: u64,
}

/// A timer that goes off when a component crashes.
#[derive(Clone, Copy, Debug)]
struct Watch {
    of: u32,
    slot: u32,
    generation: u32,
}

#[derive(Clone, Copy, Debug)]
struct PendingNotice {
    slot: u32,
    generation: u32,
    value: u32,
}

/// What happens to the list of components when the handler returns.
#[derive(Clone)]
pub(crate) enum Change {
    Born(u32, Box<dyn DynComponent>),
    Crashed(u32, Status),
    Stopped(u32),
    Restarted(u32),
    Frozen(u32),
    Thawed(u32),
    Retired(u32),
}

/// Events after which the ceilings are looked at again.
///
/// # Source
/// Chosen: what 2^16 events can take is far below any ceiling of memory, and looking costs nothing then.
pub(crate) const LOOK_EVERY: u64 = 1 << 16;

/// The state of a simulation that components see through their context.
#[derive(Clone)]
pub struct Core {
    pub(crate) agenda: Agenda,
    pub(crate) me: u32,
    pub(crate) frames: Frames,
    attributes: Vec<Attributes>,
    ledgers: Vec<Ledger>,
    free_strands: Vec<u32>,
    timers: Vec<TimerSlot>,
    free_timers: Vec<u32>,
    /// In the order in which they were set; cancelled ones among them.
    watches: Vec<Watch>,
    /// How many there are when cancelled ones are looked for next.
    watches_most: usize,
    notices: Vec<PendingNotice>,
    free_notices: Vec<u32>,
    pub(crate) books: Vec<Books>,
    pub(crate) outcomes: Vec<Outcomes>,
    pub(crate) paths: Vec<String>,
    epochs: Vec<u32>,
    /// When a line last began to stand in a component \[ns\].
    lined: Vec<u64>,
    /// How each component is.
    conditions: Vec<Condition>,
    /// Which of them are about to end, and say so.
    leaving: Vec<bool>,
    /// How many faults under way keep each of them down, or will.
    kept_down: Vec<u32>,
    /// Which of them pass calls on that their levels know nothing of.
    passing: Vec<bool>,
    levels: Series<Level>,
    samples: Series<Histogram>,
    counts: Series<u64>,
    faults: Vec<Fault>,
    pub(crate) changes: Vec<Change>,
    pub(crate) stop: Option<Stop>,
    pub(crate) limits: Limits,
    /// When the loop has something to look at \[events\]: the ceilings; or, if it is 0, what an event has asked for, a
    /// change of components or a stop.
    pub(crate) look_at: u64,
    /// When the ceilings of events and memory are looked at next \[events\].
    pub(crate) ceilings_at: u64,
    /// The instant at which the ceilings were looked at last, and how many events there had been when they were first
    /// looked at there.
    pub(crate) seen: (SimTime, u64),
    /// The last instant at which a batch was announced, and how many requests all batches of it have.
    bursts: (SimTime, u64),
    ledger_on: bool,
    sampling: Sampling,
    /// Requests may be sampled at all.
    sampling_on: bool,
    spans: Vec<Span>,
    spans_dropped: u64,
    strands: Vec<Strand>,
    /// The sampled strand that is in a slot.
    sampled: BTreeMap<u32, u32>,
    /// How requests ended, if that is asked for.
    draw: Option<Box<Draw>>,
    /// What happened to parts, if that is asked for.
    pub(crate) happenings: Option<Vec<Happening>>,
    seed: u64,
    replication: u64,
    pub(crate) events: u64,
}

impl Core {
    pub(crate) fn new(seed: u64, replication: u64) -> Core {
        Core {
            agenda: Agenda::new(),
            me: 0,
            frames: Frames::default(),
            attributes: Vec::new(),
            ledgers: Vec::new(),
            free_strands: Vec::new(),
            timers: Vec::new(),
            free_timers: Vec::new(),
            watches: Vec::new(),
            watches_most: 64,
            notices: Vec::new(),
            free_notices: Vec::new(),
            books: Vec::new(),
            outcomes: Vec::new(),
            paths: Vec::new(),
            epochs: Vec::new(),
            lined: Vec::new(),
            conditions: Vec::new(),
            leaving: Vec::new(),
            kept_down: Vec::new(),
            passing: Vec::new(),
            levels: Series::default(),
            samples: Series::default(),
            counts: Series::default(),
            faults: Vec::new(),
            changes: Vec::new(),
            stop: None,
            limits: Limits::default(),
            look_at: LOOK_EVERY,
            ceilings_at: LOOK_EVERY,
            seen: (SimTime::ZERO, 0),
            bursts: (SimTime::ZERO, 0),
            ledger_on: true,
            sampling: Sampling::default(),
            sampling_on: false,
            spans: Vec::new(),
            spans_dropped: 0,
            strands: Vec::new(),
            sampled: BTreeMap::new(),
            draw: None,
            happenings: None,
            seed,
            replication,
            events: 0,
        }
    }

    pub(crate) fn reseed(&mut self, seed: u64, replication: u64) {
        self.seed = seed;
        self.replication = replication;
    }

    // ---- what everybody may ask ----

    /// Returns the simulated instant.
    #[inline(always)]
    pub fn now(&self) -> SimTime {
        self.agenda.now()
    }

    #[inline(always)]
    fn now_ns(&self) -> u64 {
        self.agenda.now().as_nanos()
    }

    /// Returns the component that is running.
    pub fn me(&self) -> ComponentId {
        ComponentId(self.me)
    }

    /// Returns a component's path.
    pub fn path(&self, id: ComponentId) -> &str {
        &self.paths[id.index()]
    }

    /// Returns whether a component serves at this instant: it is there, neither down nor hanging.
    ///
    /// Whoever stands for something that finds out (a registry, a probe) may ask; nobody else knows the present.
    pub fn serves(&self, id: ComponentId) -> bool {
        self.conditions[id.index()] == Condition::Serves
    }

    /// I am about to end, and say so to whoever asks: [`stays`](Core::stays) is false from now on.
    pub fn leave(&mut self) {
        self.leaving[self.me as usize] = true;
        self.note_happening(self.me, "leave", None, |_| String::new());
    }

    /// Returns whether I am about to end.
    pub fn is_leaving(&self) -> bool {
        self.leaving[self.me as usize]
    }

    /// I pass calls on, and what I keep of how many are inside does not count them until they are answered.
    pub fn passes_on(&mut self) {
        self.passing[self.me as usize] = true;
    }

    /// Returns whether a component [passes calls on](Core::passes_on).
    pub(crate) fn does_pass_on(&self, id: ComponentId) -> bool {
        self.passing[id.index()]
    }

    /// I hang from now on: [`serves`](Core::serves) is false until I [go on](Core::goes_on).
    ///
    /// For one that stands still by itself, as it must that is to answer or to give up something meanwhile; any other is
    /// frozen by the [default](Core::default_fault).
    pub fn hangs(&mut self) {
        self.becomes(self.me, Condition::Hangs);
        self.note_happening(self.me, "hang", Some(false), |_| String::new());
    }

    /// I hang no more.
    pub fn goes_on(&mut self) {
        self.becomes(self.me, Condition::Serves);
        self.note_happening(self.me, "resume", Some(true), |_| String::new());
    }

    /// Returns whether a component [serves](Core::serves) and is not about to end: what a list of who serves says.
    pub fn stays(&self, id: ComponentId) -> bool {
        self.serves(id) && !self.leaving[id.index()]
    }

    /// Returns the seed of the run.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Returns the number of this replication, from 0.
    pub fn replication(&self) -> u64 {
        self.replication
    }

    /// Returns a random stream of my own: derived from seed, replication, my path and the purpose, so that it
    /// is independent of everybody else's. After a restart the same purpose gives another stream.
    pub fn stream(&self, purpose: &str) -> Stream {
        let path = &self.paths[self.me as usize];
        match self.epochs[self.me as usize] {
            0 => Stream::named(self.seed, self.replication, path, purpose),
            epoch => Stream::named(self.seed, self.replication, path, &format!("{purpose}#{epoch}")),
        }
    }

    /// Returns the next random draw of the request itself, as the seed of a small stream.
    ///
    /// Draws taken along a request's way depend on nothing but the request: two designs that send it the same
    /// way see the same work. A branch goes on with draws of its own.
    #[inline(always)]
    pub fn draw(&mut self, call: Call) -> u64 {
        let strand = self.frame(call).strand;
        self.attributes[strand as usize].next_draw()
    }

    /// A line begins to stand where nobody waited: what it is that all of is in use, and since when.
    #[inline(always)]
    pub fn line_begins(&mut self) {
        let now = self.now_ns();
        self.lined[self.me as usize] = now;
    }

    /// Returns when a line last [began to stand](Core::line_begins) in a component; 0 if none ever did. Whether it still
    /// stands it does not say.
    pub fn line_began(&self, id: ComponentId) -> SimTime {
        SimTime::from_nanos(self.lined[id.index()])
    }

    // ---- frames and strands ----

    #[inline(always)]
    fn frame(&self, call: Call) -> &Frame {
        let frame = self.frames.get(call.slot);
        if frame.generation != call.generation {
            self.broken("a call that is over was used");
        }
        frame
    }

    #[cold]
    #[inline(never)]
    fn broken(&self, what: &str) -> ! {
        panic!("{what}: {} at {}", self.paths.get(self.me as usize).map_or("?", |p| p), self.now())
    }

    #[inline(always)]
    fn new_strand(&mut self, mut attributes: Attributes, ledger: Ledger, orphan: bool) -> u32 {
        attributes.shared = 1;
        attributes.orphan = orphan;
        match self.free_strands.pop() {
            Some(strand) => {
                self.attributes[strand as usize] = attributes;
                if self.ledger_on {
                    self.ledgers[strand as usize] = ledger;
                }
                strand
            }
            None => {
                self.attributes.push(attributes);
                if self.ledger_on {
                    self.ledgers.push(ledger);
                }
                self.attributes.len() as u32 - 1
            }
        }
    }

    #[inline(always)]
    fn drop_strand(&mut self, strand: u32) {
        let attributes = &mut self.attributes[strand as usize];
        attributes.shared -= 1;
        if attributes.shared == 0 {
            self.free_strands.push(strand);
        }
    }

    fn copy_strand(&mut self, strand: u32, attributes: Option<Attributes>) -> u32 {
        let ledger = if self.ledger_on { self.ledgers[strand as usize] } else { Ledger::EMPTY };
        let mut copy = attributes.unwrap_or(self.attributes[strand as usize]);
        // Siblings must not draw the same numbers: each goes on from a draw of the parent.
        copy.draws = self.attributes[strand as usize].next_draw();
        let identity = copy.identity;
        let slot = self.new_strand(copy, ledger, self.attributes[strand as usize].orphan);
        if ledger.sampled {
            self.sample_strand(slot, identity, Some(strand));
        }
        slot
    }

    /// Frees a frame that nobody needs any more, and then its ancestors that waited for it.
    #[inline(always)]
    fn settle(&mut self, slot: u32) {
        let mut at = slot;
        loop {
            let frame = self.frames.get(at);
            if !frame.is_over() || frame.holds != 0 {
                return;
            }
            let parent = frame.parent;
            if parent & ROOT != 0 {
                self.free_frame(at);
                return;
            }
            self.frames.get_mut(parent).holds -= 1;
            // Finished children are popped from the head; one below a living one waits for it.
            let mut child = self.frames.get(parent).child;
            while child != NIL {
                let frame = self.frames.get(child);
                if !frame.is_over() || frame.holds != 0 {
                    break;
                }
                let next = frame.sibling;
                self.free_frame(child);
                child = next;
            }
            self.frames.get_mut(parent).child = child;
            at = parent;
        }
    }

    fn free_frame(&mut self, slot: u32) {
        // A frame is freed only when nothing holds it: what still hangs below it is over, and waited for a
        // younger sibling to be popped first.
        let mut child = self.frames.get(slot).child;
        while child != NIL {
            let next = self.frames.get(child).sibling;
            self.free_frame(child);
            child = next;
        }
        let strand = self.frames.get(slot).strand;
        self.frames.give_back(slot);
        self.drop_strand(strand);
    }

    // ---- ledger ----

    /// Books the time since the strand's last change and says where it is from now on.
    #[inline(always)]
    fn charge(&mut self, strand: u32, at: u32, phase: Phase) {
        if self.ledger_on {
            self.charge_until(self.now_ns(), strand, at, phase);
        }
    }

    #[inline(always)]
    fn charge_until(&mut self, now: u64, strand: u32, at: u32, phase: Phase) {
        let ledger = &mut self.ledgers[strand as usize];
        let spent = now - ledger.since;
        if spent > 0 {
            if ledger.sampled | !ledger.live {
                return self.charge_watched(now, strand, at, phase);
            }
            ledger.sums[ledger.phase as usize] += spent;
            self.books[ledger.at as usize].phases[ledger.phase as usize] += spent;
        }
        ledger.since = now;
        ledger.at = at;
        ledger.phase = phase;
    }

    /// As [`charge`](Core::charge), for a strand that leaves spans or that nobody waits for.
    #[cold]
    #[inline(never)]
    fn charge_watched(&mut self, now: u64, strand: u32, at: u32, phase: Phase) {
        let ledger = &mut self.ledgers[strand as usize];
        let spent = now - ledger.since;
        ledger.sums[ledger.phase as usize] += spent;
        let books = &mut self.books[ledger.at as usize];
        books.phases[ledger.phase as usize] += spent;
        if !ledger.live {
            books.orphan_time += spent;
        }
        if ledger.sampled {
            self.record_span(strand, now);
        }
        let ledger = &mut self.ledgers[strand as usize];
        ledger.since = now;
        ledger.at = at;
        ledger.phase = phase;
    }

    #[cold]
    #[inline(never)]
    fn record_span(&mut self, strand: u32, now: u64) {
        if self.spans.len() >= self.sampling.at_most {
            self.spans_dropped += 1;
            return;
        }
        let ledger = &self.ledgers[strand as usize];
        let identity = self.attributes[strand as usize].identity;
        let Some(&strand) = self.sampled.get(&strand) else {
            self.spans_dropped += 1;
            return;
        };
        self.spans.push(Span {
            identity,
            strand,
            at: ComponentId(ledger.at),
            phase: ledger.phase,
            from: ledger.since,
            to: now,
        });
    }

    /// A sampled strand begins in a slot.
    #[cold]
    #[inline(never)]
    fn sample_strand(&mut self, slot: u32, identity: u64, parent: Option<u32>) {
        if self.strands.len() >= self.sampling.at_most {
            self.sampled.remove(&slot);
            return;
        }
        let parent = parent.and_then(|parent| self.sampled.get(&parent).copied());
        self.sampled.insert(slot, self.strands.len() as u32);
        self.strands.push(Strand { identity, parent, from: self.now_ns(), fate: Fate::Plain });
    }

    /// The caller goes on in another slot; what it gave up becomes the strand that branched off.
    #[cold]
    #[inline(never)]
    fn sample_orphan(&mut self, orphan: u32, caller: u32) {
        if let (Some(&old), Some(&new)) = (self.sampled.get(&orphan), self.sampled.get(&caller)) {
            self.sampled.insert(orphan, new);
            self.sampled.insert(caller, old);
            self.strands[new as usize].fate = Fate::Orphaned;
        }
    }

    #[cold]
    #[inline(never)]
    fn sample_fate(&mut self, slot: u32, fate: Fate) {
        if let Some(&strand) = self.sampled.get(&slot) {
            self.strands[strand as usize].fate = fate;
        }
    }

    fn charge_in_place(&mut self, strand: u32) {
        if self.ledger_on {
            let ledger = self.ledgers[strand as usize];
            self.charge(strand, ledger.at, ledger.phase);
        }
    }

    /// Says that of the time since I last said what my time with this call is spent on, `of`, only `service` was
    /// service, and the rest waiting for those with whom I shared: the waiting is booked first.
    ///
    /// If something was booked in between (its maker gave the call up), the part of the service that falls on the rest
    /// is not known: it is taken as even over the time.
    pub fn shared(&mut self, call: Call, service: SimDuration, of: SimDuration) {
        if !self.ledger_on || of.is_zero() {
            return;
        }
        let strand = self.frame(call).strand;
        let (now, me, Ledger { since, phase, .. }) = (self.now_ns(), self.me, self.ledgers[strand as usize]);
        let spent = u128::from(now - since);
        let (service, of) = (u128::from(service.min(of).as_nanos()), u128::from(of.as_nanos()));
        let waited = (spent * (of - service) / of) as u64;
        self.ledgers[strand as usize].phase = Phase::Waiting;
        self.charge_until(since + waited, strand, me, phase);
    }

    /// Says what my time with this call is spent on from now on.
    #[inline(always)]
    pub fn phase(&mut self, call: Call, phase: Phase) {
        if self.ledger_on {
            let strand = self.frame(call).strand;
            let me = self.me;
            self.charge(strand, me, phase);
        }
    }

    /// As [`phase`](Core::phase) and [`draw`](Core::draw) together: what a call that is going to be worked on needs, in
    /// one look.
    #[inline(always)]
    pub fn phase_and_draw(&mut self, call: Call, phase: Phase) -> u64 {
        let strand = self.frame(call).strand;
        let me = self.me;
        self.charge(strand, me, phase);
        self.attributes[strand as usize].next_draw()
    }

    /// A request has ended: its time by phase must add up to its age.
    #[inline(always)]
    fn fold(&mut self, client: u32, strand: u32, status: Status) {
        let now = self.now_ns();
        let born = self.attributes[strand as usize].born.as_nanos();
        let outcomes = &mut self.outcomes[client as usize];
        outcomes.ended[status as usize] += 1;
        outcomes.latency += (now - born) as u128;
        if let Some(draw) = &mut self.draw {
            let Attributes { identity, class, .. } = self.attributes[strand as usize];
            draw.note(client, Ended { latency: now - born, identity, born, class, status });
        }
        if self.ledger_on {
            let sums = &self.ledgers[strand as usize].sums;
            let mut total = 0;
            for (all, one) in outcomes.phases.iter_mut().zip(sums) {
                *all += one;
                total += one;
            }
            if total != now - born {
                self.broken("the time of a request does not add up");
            }
        }
    }

    // ---- asking ----

    /// Makes a call. The answer comes to [`on_answer`](crate::Component::on_answer), exactly once, unless the
    /// call is abandoned, lost or relayed.
    ///
    /// # Panics
    /// If the call is made for one that is over, or for one whose strand is lent already: calls side by side
    /// need [`Ask::branch`].
    #[inline(always)]
    pub fn call(&mut self, ask: Ask) -> Asked {
        let phase = if ask.wire.is_zero() { Phase::Waiting } else { Phase::Network };
        let slot = self.free_slot();
        let mut frame = Frame {
            since: self.now_ns(),
            parent: ask.parent.slot,
            generation: 0,
            to: ask.to | OPEN,
            note: ask.operation as u32,
            strand: 0,
            child: NIL,
            sibling: NIL,
            tag: ask.tag,
            holds: 0,
        };
        if ask.parent.is_none() {
            frame.parent = ROOT | self.me;
            frame.strand = self.begin_request(&ask, phase);
        } else if ask.branch {
            self.hang_below(&ask, &mut frame, slot, 0);
            frame.strand = self.branch(&ask, frame.strand, phase);
        } else {
            self.hang_below(&ask, &mut frame, slot, LENT);
            self.lend(frame.strand, ask.to, phase);
        }
        let generation = self.frames.fill(slot, frame);
        self.agenda.after(ask.wire, entry::message(CALL, ask.to, slot));
        if !ask.within.is_zero() {
            let flag = if ask.cancelling { CANCELLING } else { 0 } | if ask.foreign { FOREIGN } else { 0 };
            self.agenda.after(ask.within, entry::checked(DEADLINE, slot, generation) | flag as u64);
        }
        Asked { slot, generation }
    }

    /// Makes a frame that is about to be filled the newest child of the one it is made for. Its strand is then that
    /// of its parent.
    #[inline(always)]
    fn hang_below(&mut self, ask: &Ask, frame: &mut Frame, slot: u32, lent: u32) {
        let above = self.frames.get_mut(ask.parent.slot);
        if above.generation != ask.parent.generation
            || above.to & (OPEN | LENT) != OPEN
            || above.holds == u16::MAX
        {
            self.cannot_call(ask.parent);
        }
        above.holds += 1;
        above.to |= lent;
        frame.strand = above.strand;
        frame.sibling = above.child;
        above.child = slot;
        if ask.tag == RELAY {
            above.to |= RELAYED;
            let kept = std::mem::replace(&mut above.note, slot);
            if !ask.renamed {
                frame.note = kept;
            }
        }
    }

    #[cold]
    #[inline(never)]
    fn cannot_call(&self, parent: Call) -> ! {
        let frame = self.frames.get(parent.slot);
        if frame.generation != parent.generation || !frame.is(OPEN) {
            self.broken("a call was made for one that is over");
        }
        if frame.is(LENT) {
            self.broken("this call's strand is lent already: calls side by side need .branch()");
        }
        self.broken("more than 65535 calls at once for one call")
    }

    /// One more frame shares the strand of the one above it.
    #[inline(always)]
    fn lend(&mut self, strand: u32, to: u32, phase: Phase) {
        let shared = &mut self.attributes[strand as usize].shared;
        if *shared == u16::MAX {
            self.broken("calls nested deeper than 65535");
        }
        *shared += 1;
        self.charge(strand, to, phase);
    }

    /// A strand of its own for a call, beside that of the call it is made for.
    #[inline(never)]
    fn branch(&mut self, ask: &Ask, of: u32, phase: Phase) -> u32 {
        self.charge(of, self.me, Phase::Waiting);
        let copy = self.copy_strand(of, ask.attributes);
        if self.ledger_on {
            let ledger = &mut self.ledgers[copy as usize];
            ledger.at = ask.to;
            ledger.phase = phase;
        }
        copy
    }

    /// A place for the next frame.
    #[inline(always)]
    fn free_slot(&mut self) -> u32 {
        match self.frames.next_free() {
            Some(slot) => slot,
            None => self.new_slot(),
        }
    }

    #[cold]
    #[inline(never)]
    fn new_slot(&mut self) -> u32 {
        let slot = self.frames.grow();
        // Slots are reused, so their number is the most that ever were in flight at once.
        if self.frames.slots.len() > self.limits.in_flight as usize {
            self.too_many();
        }
        slot
    }

    #[inline(always)]
    fn begin_request(&mut self, ask: &Ask, phase: Phase) -> u32 {
        let now = self.now_ns();
        let attributes = ask.attributes.unwrap_or_default();
        self.outcomes[self.me as usize].requests += 1;
        // A request that was meant for earlier has waited at its client until now.
        let mut ledger = Ledger { since: now, at: ask.to, phase, ..Ledger::EMPTY };
        ledger.sums[Phase::Waiting as usize] = now - attributes.born.as_nanos();
        let slot = self.new_strand(attributes, ledger, false);
        if self.sampling_on {
            self.sample_request(slot, attributes.identity);
        }
        slot
    }

    /// A request begins that may be one that leaves spans.
    #[cold]
    #[inline(never)]
    fn sample_request(&mut self, slot: u32, identity: u64) {
        if self.ledger_on && self.sampling.picks(identity) {
            self.ledgers[slot as usize].sampled = true;
            self.sample_strand(slot, identity, None);
        }
    }

    pub(crate) fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
        if self.frames.slots.len() > limits.in_flight as usize {
            self.too_many();
        }
    }

    /// Returns how many events there have been, this one included.
    #[inline]
    pub fn events(&self) -> u64 {
        self.events
    }

    /// Says that I am about to make so many requests at this instant and no more: then what follows of them is no sign
    /// that time stands still.
    ///
    /// Who announces more at the same instant must know that it comes to an end: one that asks whenever it is answered does
    /// not.
    pub fn announce(&mut self, requests: u64) {
        let now = self.now();
        let before = if self.bursts.0 == now { self.bursts.1 } else { 0 };
        self.bursts = (now, before.saturating_add(requests));
    }

    /// Requests that were announced for an instant.
    pub(crate) fn announced(&self, at: SimTime) -> u64 {
        if self.bursts.0 == at { self.bursts.1 } else { 0 }
    }

    #[cold]
    #[inline(never)]
    fn too_many(&mut self) {
        if self.stop.is_none() {
            self.stop = Some(Stop::InFlight { limit: self.limits.in_flight, at: self.now() });
            self.look_at = 0;
        }
    }

    // ---- answering ----

    /// Answers a call.
    ///
    /// # Panics
    /// If the call is over: every call is answered once.
    #[inline(always)]
    pub fn answer(&mut self, call: Call, status: Status) {
        self.answer_with(call, status, 0, SimDuration::ZERO);
    }

    /// Answers a call; the answer travels for a while, which counts as network.
    #[inline(always)]
    pub fn answer_after(&mut self, call: Call, wire: SimDuration, status: Status) {
        self.answer_with(call, status, 0, wire);
    }

    /// Answers a call with a number for its maker.
    #[inline]
    pub fn answer_with(&mut self, call: Call, status: Status, value: u32, wire: SimDuration) {
        if self.frames.get(call.slot).generation != call.generation {
            self.broken("a call was answered that is over or not mine");
        }
        let now = self.now_ns();
        let mut slot = call.slot;
        let mut handed_up = 0;
        let strand = self.frames.get(slot).strand; // also that of those it is handed up to
        // Who cancels stops the work: there is no answer that it would have waited for.
        let orphan = self.attributes[strand as usize].orphan && status != Status::Cancelled;
        loop {
            let &Frame { since, to, .. } = self.frames.get(slot);
            if to & OPEN == 0 {
                self.broken("a call was answered twice");
            }
            let books = &mut self.books[(to & ID) as usize];
            books.answers[status as usize] += 1;
            books.orphans += u64::from(orphan);
            if status.is_good() {
                books.response.record(now - since);
            } else {
                books.failed_time += now - since;
            }
            // An answer that is relayed with nothing between goes up within this event.
            if wire.is_zero()
                && let Some(above) = self.frames.hand_up(slot)
            {
                handed_up += 1;
                slot = above;
                continue;
            }
            break;
        }
        if handed_up > 0 {
            self.attributes[strand as usize].shared -= handed_up;
        }
        self.send_answer(slot, status, value, wire);
    }

    /// The answer leaves the frame that is neither a mere relay nor anything else to be done with at once.
    #[inline(always)]
    fn send_answer(&mut self, slot: u32, status: Status, value: u32, wire: SimDuration) {
        let frame = self.frames.get_mut(slot);
        let &mut Frame { parent, strand, tag, .. } = frame;
        let callee = frame.callee();
        let given_up = frame.is(DONE);
        frame.close(status, value);
        if given_up || tag == RELAY {
            return self.send_rare_answer(slot, status, value, wire, given_up);
        }
        frame.holds += 1;
        let asker = if parent & ROOT != 0 { parent & ID } else { self.frames.get(parent).callee() };
        if !wire.is_zero() {
            self.charge(strand, callee, Phase::Network);
        }
        self.agenda.after(wire, entry::message(ANSWER, asker, slot));
    }

    /// The answer to a call that was given up, or of a relayed call that still has something hanging on it or between
    /// it and its caller.
    #[cold]
    #[inline(never)]
    fn send_rare_answer(&mut self, slot: u32, status: Status, value: u32, wire: SimDuration, given_up: bool) {
        let &Frame { parent, strand, .. } = self.frames.get(slot);
        let callee = self.frames.get(slot).callee();
        if given_up {
            self.charge(strand, callee, Phase::Waiting);
            return self.settle(slot);
        }
        if wire.is_zero() && parent & ROOT == 0 {
            let above = self.frames.get_mut(parent);
            if above.is(OPEN) && above.strand == strand {
                above.to &= !LENT;
                let above = Call { slot: parent, generation: above.generation };
                self.frames.get_mut(slot).to |= DONE;
                self.settle(slot);
                return self.answer_with(above, status, value, wire);
            }
        }
        let asker = if parent & ROOT != 0 { parent & ID } else { self.frames.get(parent).callee() };
        self.frames.get_mut(slot).holds += 1;
        if !wire.is_zero() {
            self.charge(strand, callee, Phase::Network);
        }
        self.agenda.after(wire, entry::message(ANSWER, asker, slot));
    }

    /// Swallows a call: nobody will ever answer it; it is gone when its caller gives up.
    pub fn lose(&mut self, call: Call) {
        self.abandon_rest(call, false);
        let frame = self.frame(call);
        if !frame.is(OPEN) {
            self.broken("a call was lost that is over");
        }
        let callee = frame.callee();
        self.books[callee as usize].lost += 1;
        let frame = self.frames.get_mut(call.slot);
        frame.to = (frame.to & !OPEN) | LOST;
        self.settle(call.slot);
    }

    /// Tells the maker of a call something while the call stays open: it gets
    /// [`on_notice`](crate::Component::on_notice). A lease is a call that stays open, its grant is a notice,
    /// its release an abandonment with cancellation; a long-lived connection likewise.
    pub fn notify(&mut self, call: Call, value: u32) {
        let frame = self.frame(call);
        if !frame.is(OPEN) {
            self.broken("a notice was given on a call that is over");
        }
        // Past those who only relay.
        let mut slot = call.slot;
        while self.frames.get(slot).tag == RELAY && self.frames.get(slot).parent & ROOT == 0 {
            slot = self.frames.get(slot).parent;
        }
        let frame = *self.frames.get(slot);
        if frame.is(DONE) {
            return; // nobody is interested any more: as true of a notice as of an answer
        }
        let asker =
            if frame.parent & ROOT != 0 { frame.parent & ID } else { self.frames.get(frame.parent).callee() };
        let pending = PendingNotice { slot, generation: frame.generation, value };
        let index = match self.free_notices.pop() {
            Some(index) => {
                self.notices[index as usize] = pending;
                index
            }
            None => {
                self.notices.push(pending);
                self.notices.len() as u32 - 1
            }
        };
        self.agenda.send(entry::message(NOTICE, asker, index));
    }

    // ---- giving up ----

    /// Gives up a call I made: its answer will not come. With `cancel` the callee is told and may stop.
    /// Returns whether there was anything to give up.
    pub fn abandon(&mut self, asked: Asked, cancel: bool) -> bool {
        let frame = self.frames.get(asked.slot);
        if frame.generation != asked.generation || frame.is(DONE) {
            return false;
        }
        self.give_up(asked.slot, cancel);
        self.settle(asked.slot);
        true
    }

    /// Gives up every call I made on behalf of `call` that is still on its way, newest first. Returns how many.
    ///
    /// A part that has decided must do this: nobody else can know that late answers are of no use.
    pub fn abandon_rest(&mut self, call: Call, cancel: bool) -> usize {
        self.abandon_each(call, cancel, |_| {})
    }

    /// As [`abandon_rest`](Core::abandon_rest), and tells the tag of each call given up.
    pub fn abandon_each(&mut self, call: Call, cancel: bool, mut tell: impl FnMut(u16)) -> usize {
        if self.frame(call).holds == 0 {
            return 0;
        }
        let mut given_up = 0;
        let mut at = self.frames.get(call.slot).child;
        while at != NIL {
            let frame = *self.frames.get(at);
            let next = frame.sibling;
            if !frame.is(DONE) {
                tell(frame.tag);
                self.give_up(at, cancel);
                self.settle(at);
                given_up += 1;
            }
            at = next;
        }
        given_up
    }

    fn give_up(&mut self, slot: u32, cancel: bool) {
        let frame = self.frames.get_mut(slot);
        frame.to |= DONE;
        let &mut Frame { parent, strand, .. } = frame;
        let callee = frame.callee();
        if cancel && frame.is(OPEN) {
            frame.holds += 1;
            self.agenda.send(entry::message(CANCEL, callee, slot));
        }
        if self.ledger_on && self.waits_for_branches(slot) {
            // What its branches did came to nothing, as that of a branch whose answer is not good.
            self.ledgers[strand as usize].phase = Phase::Wasted;
            self.charge(strand, self.ledgers[strand as usize].at, Phase::Waiting);
        } else {
            self.charge_in_place(strand);
        }
        if parent & ROOT != 0 {
            self.fold(parent & ID, strand, Status::Timeout);
        } else {
            let owner = self.frames.get(parent).callee();
            if self.frames.get(parent).strand == strand {
                // The caller takes its strand back as a copy that stops here; the orphan keeps the old one, so
                // that it never writes on a ledger somebody reads.
                let copy = self.copy_strand(strand, None);
                self.drop_strand(strand);
                let above = self.frames.get_mut(parent);
                above.strand = copy;
                above.to &= !LENT;
                if self.ledger_on {
                    let ledger = &mut self.ledgers[copy as usize];
                    ledger.at = owner;
                    ledger.phase = Phase::Waiting;
                    if ledger.sampled {
                        self.sample_orphan(strand, copy);
                    }
                }
                // The other frames of the parent's chain that share the strand from above go on with the old
                // one until the answer comes home: see `take_back`.
                self.take_back(parent, strand, copy);
            }
            // An orphan hangs on nobody: it keeps no ancestor alive.
            self.frames.unlink(parent, slot);
            let frame = self.frames.get_mut(slot);
            frame.parent = ROOT | owner;
            self.frames.get_mut(parent).holds -= 1;
            self.settle(parent);
        }
        self.disown(slot);
    }

    /// Nobody waits any more for what is done for a call: says so of its strand and of those of all calls that were
    /// made for it.
    fn disown(&mut self, slot: u32) {
        let mut at = slot;
        loop {
            let &Frame { strand, child, .. } = self.frames.get(at);
            if !self.attributes[strand as usize].orphan {
                self.attributes[strand as usize].orphan = true;
                if self.ledger_on {
                    // What a branch did before was for somebody.
                    self.charge_in_place(strand);
                    self.ledgers[strand as usize].live = false;
                }
            }
            if child != NIL {
                at = child;
                continue;
            }
            while at != slot && self.frames.get(at).sibling == NIL {
                at = self.frames.get(at).parent;
            }
            if at == slot {
                return;
            }
            at = self.frames.get(at).sibling;
        }
    }

    /// Whether whoever has the strand of a call now does nothing with it but wait for branches of it.
    ///
    /// A part that has something else to do with a call while its branches are out says so by its
    /// [phase](Core::phase); one that queues it for itself then is taken to wait for the branches.
    fn waits_for_branches(&self, slot: u32) -> bool {
        let mut frame = self.frames.get(slot);
        let strand = frame.strand;
        if self.ledgers[strand as usize].phase != Phase::Waiting {
            return false;
        }
        loop {
            let (mut at, mut lent, mut branches) = (frame.child, NIL, false);
            while at != NIL {
                let child = self.frames.get(at);
                if !child.is(DONE) {
                    if child.strand == strand { lent = at } else { branches = true }
                }
                at = child.sibling;
            }
            if lent == NIL {
                return branches;
            }
            frame = self.frames.get(lent);
        }
    }

    /// The callers above who lent the same strand down to `from` must get the copy back too, not the orphan's.
    fn take_back(&mut self, from: u32, old: u32, new: u32) {
        let mut at = self.frames.get(from).parent;
        while at & ROOT == 0 && self.frames.get(at).strand == old {
            self.frames.get_mut(at).strand = new;
            self.drop_strand(old);
            self.attributes[new as usize].shared += 1;
            at = self.frames.get(at).parent;
        }
    }

    // ---- looking at calls ----

    /// Returns the attributes of the request behind a call.
    #[inline(always)]
    pub fn attributes(&self, call: Call) -> &Attributes {
        &self.attributes[self.frame(call).strand as usize]
    }

    /// Returns the attributes for changing them: what is changed is seen by everybody who shares the strand.
    #[inline(always)]
    pub fn attributes_mut(&mut self, call: Call) -> &mut Attributes {
        let strand = self.frame(call).strand;
        &mut self.attributes[strand as usize]
    }

    /// Returns whether the call still waits for my answer.
    #[inline(always)]
    pub fn is_open(&self, call: Call) -> bool {
        let frame = self.frames.get(call.slot);
        frame.generation == call.generation && frame.is(OPEN)
    }

    /// Returns whether its maker has given it up: whatever I do for it is wasted. Nobody but the maker's own maker knows
    /// whether he has been given up himself.
    pub fn is_orphan(&self, call: Call) -> bool {
        self.frame(call).is(DONE)
    }

    /// Returns how long I have had the call.
    #[inline(always)]
    pub fn age(&self, call: Call) -> SimDuration {
        SimDuration::from_nanos(self.now_ns() - self.frame(call).since)
    }

    /// Returns which of my operations the call asks for, as the model numbers operations. Until a note is kept
    /// with the call, or it is relayed; a relayed call asks for the same operation.
    #[inline(always)]
    pub fn operation(&self, call: Call) -> u16 {
        self.frame(call).note as u16
    }

    /// Returns the number I keep with the call.
    #[inline(always)]
    pub fn note(&self, call: Call) -> u32 {
        self.frame(call).note
    }

    /// Keeps a number with the call, until it is answered or relayed.
    #[inline(always)]
    pub fn set_note(&mut self, call: Call, note: u32) {
        let frame = self.frames.get_mut(call.slot);
        if frame.generation != call.generation {
            self.broken("a call that is over was used");
        }
        frame.note = note;
    }

    /// Returns how many calls are in flight, or over but still needed by others.
    pub fn in_flight(&self) -> usize {
        self.frames.live()
    }

    /// Returns what is inside each component: by going through all frames, so an answer independent of the books.
    pub fn inside(&self) -> Vec<Inside> {
        let mut inside = vec![Inside::default(); self.paths.len()];
        let now = self.now_ns();
        for frame in &self.frames.slots {
            if frame.is(OPEN) && frame.is(ARRIVED) {
                let part = &mut inside[frame.callee() as usize];
                part.calls += 1;
                part.age += (now - frame.since) as u128;
            }
        }
        inside
    }

    // ---- timers ----

    #[inline(always)]
    pub(crate) fn timer(&mut self, span: SimDuration, tag: u32, data: u64) -> Timer {
        let timer = self.new_timer(tag, data);
        self.agenda.after(span, entry::checked(TIMER, timer.slot, timer.generation));
        timer
    }

    /// A timer that goes off when a component crashes, unless that is gone without a word.
    pub(crate) fn watch(&mut self, of: u32, tag: u32, data: u64) -> Timer {
        let timer = self.new_timer(tag, data);
        if self.watches.len() >= self.watches_most {
            let timers = &self.timers;
            self.watches.retain(|watch| timers[watch.slot as usize].generation == watch.generation);
            self.watches_most = 2 * self.watches.len() + 64;
        }
        self.watches.push(Watch { of, slot: timer.slot, generation: timer.generation });
        timer
    }

    #[inline(always)]
    fn new_timer(&mut self, tag: u32, data: u64) -> Timer {
        let owner = self.me;
        let slot = match self.free_timers.pop() {
            Some(slot) => {
                let timer = &mut self.timers[slot as usize];
                timer.owner = owner;
                timer.tag = tag;
                timer.data = data;
                slot
            }
            None => {
                self.timers.push(TimerSlot { generation: 0, owner, tag, data });
                self.timers.len() as u32 - 1
            }
        };
        Timer { slot, generation: self.timers[slot as usize].generation }
    }

    /// A timer without a value that nobody will cancel: it needs no slot.
    #[inline(always)]
    pub(crate) fn wake(&mut self, span: SimDuration, tag: u32) {
        debug_assert!(tag < 16);
        let epoch = self.epochs[self.me as usize];
        self.agenda.after(span, entry::message(WAKE, self.me, tag << 28 | epoch));
    }

    #[inline(always)]
    pub(crate) fn about(&mut self, span: SimDuration, call: Call, tag: u32) {
        debug_assert!(tag < 16);
        self.agenda.after(span, entry::checked(ABOUT, call.slot | tag << 28, call.generation));
    }

    /// Cancels a timer of mine. Returns whether it was still to come.
    #[inline(always)]
    pub fn cancel(&mut self, timer: Timer) -> bool {
        if self.timers[timer.slot as usize].generation != timer.generation {
            return false;
        }
        self.free_timer(timer.slot);
        true
    }

    #[inline(always)]
    fn free_timer(&mut self, slot: u32) {
        let timer = &mut self.timers[slot as usize];
        timer.owner = NIL;
        // As with frames: a slot whose generations are used up is retired.
        if timer.generation < entry::GENERATION {
            timer.generation += 1;
            self.free_timers.push(slot);
        } else {
            timer.generation = NIL;
        }
    }

    // ---- series ----

    /// Returns the handle of a level of mine.
    pub fn gauge(&mut self, name: &str) -> Gauge {
        let now = self.now_ns();
        Gauge(self.levels.find_or_add(self.me, name, || Level::new(now)))
    }

    /// As [`gauge`](Core::gauge), for a level of whole numbers whose distribution over time is kept too.
    pub fn gauge_by_value(&mut self, name: &str) -> Gauge {
        let gauge = self.gauge(name);
        let now = self.now_ns();
        self.levels.states[gauge.0 as usize].keep_times(now);
        gauge
    }

    /// Returns the handle of samples of mine.
    pub fn samples(&mut self, name: &str) -> Samples {
        Samples(self.samples.find_or_add(self.me, name, Histogram::new))
    }

    /// Returns the handle of a count of mine.
    pub fn counter(&mut self, name: &str) -> Counter {
        Counter(self.counts.find_or_add(self.me, name, || 0))
    }

    /// Raises or lowers a level.
    #[inline(always)]
    pub fn add(&mut self, gauge: Gauge, by: f64) {
        let now = self.now_ns();
        self.levels.states[gauge.0 as usize].add(now, by);
    }

    /// Sets a level.
    #[inline]
    pub fn set(&mut self, gauge: Gauge, to: f64) {
        let now = self.now_ns();
        self.levels.states[gauge.0 as usize].set(now, to);
    }

    /// Records a sample (durations in nanoseconds).
    #[inline(always)]
    pub fn record(&mut self, samples: Samples, value: u64) {
        self.samples.states[samples.0 as usize].record(value);
    }

    /// Counts.
    #[inline(always)]
    pub fn count(&mut self, counter: Counter, by: u64) {
        self.counts.states[counter.0 as usize] += by;
    }

    pub(crate) fn level_of(&self, owner: ComponentId, name: &str) -> Option<&Level> {
        self.levels.find(owner.0, name).map(|at| &self.levels.states[at as usize])
    }

    pub(crate) fn samples_of(&self, owner: ComponentId, name: &str) -> Option<&Histogram> {
        self.samples.find(owner.0, name).map(|at| &self.samples.states[at as usize])
    }

    pub(crate) fn count_of(&self, owner: ComponentId, name: &str) -> Option<u64> {
        self.counts.find(owner.0, name).map(|at| self.counts.states[at as usize])
    }

    pub(crate) fn levels(&self, owner: ComponentId) -> impl Iterator<Item = (&str, &Level)> {
        self.levels.of(owner.0)
    }

    pub(crate) fn all_samples(&self, owner: ComponentId) -> impl Iterator<Item = (&str, &Histogram)> {
        self.samples.of(owner.0)
    }

    pub(crate) fn counts(&self, owner: ComponentId) -> impl Iterator<Item = (&str, &u64)> {
        self.counts.of(owner.0)
    }

    pub(crate) fn reset_statistics(&mut self) {
        let now = self.now_ns();
        self.books.iter_mut().for_each(Books::clear);
        self.outcomes.iter_mut().for_each(|o| *o = Outcomes::default());
        self.levels.states.iter_mut().for_each(|l| l.reset(now));
        self.samples.states.iter_mut().for_each(Histogram::clear);
        self.counts.states.iter_mut().for_each(|c| *c = 0);
        self.spans.clear();
        self.spans_dropped = 0;
        if let Some(draw) = &mut self.draw {
            draw.clear();
        }
    }

    // ---- sampled requests ----

    pub(crate) fn set_ledger(&mut self, on: bool) {
        self.ledger_on = on;
        self.ledgers = if on { vec![Ledger::EMPTY; self.attributes.len()] } else { Vec::new() };
    }

    pub(crate) fn set_sampling(&mut self, sampling: Sampling) {
        self.sampling_on = sampling.one_in != 0 || !sampling.wanted.is_empty();
        self.sampling = sampling;
    }

    pub(crate) fn strands(&self) -> &[Strand] {
        &self.strands
    }

    pub(crate) fn note_ends(&mut self) {
        self.draw = Some(Box::new(Draw::new(self.seed)));
    }

    pub(crate) fn candidates(&self) -> Vec<Candidates> {
        // Clients keep a histogram per class of those that ended well.
        let latencies = |client| {
            let mut all = Histogram::new();
            let of_classes = self.all_samples(client).filter(|(name, _)| name.starts_with("latency:"));
            of_classes.for_each(|(_, class)| all.merge(class));
            all
        };
        self.draw.as_ref().map_or_else(Vec::new, |draw| draw.candidates(latencies))
    }

    pub(crate) fn spans(&self) -> (&[Span], u64) {
        (&self.spans, self.spans_dropped)
    }

    // ---- the life of components ----

    /// Makes a component during the run: it starts at this instant, after what is under way.
    pub fn serve<S: crate::Serve>(&mut self, path: &str, part: S) -> Callee {
        Callee(self.spawn(path, crate::component::serving(part)))
    }

    pub(crate) fn spawn(&mut self, path: &str, part: Box<dyn DynComponent>) -> u32 {
        let id = self.declare(path);
        self.change(Change::Born(id, part));
        self.agenda.send(entry::message(START, id, 0));
        id
    }

    /// Reserves an id and a path: how parts that call each other in a circle come to know each other.
    pub(crate) fn declare(&mut self, path: &str) -> u32 {
        let id = self.paths.len() as u32;
        assert!(id < ID, "more than 2^24 components");
        self.paths.push(path.to_string());
        self.books.push(Books::new());
        self.outcomes.push(Outcomes::default());
        self.epochs.push(0);
        self.lined.push(0);
        self.conditions.push(Condition::Unbuilt);
        self.leaving.push(false);
        self.kept_down.push(0);
        self.passing.push(false);
        id
    }

    pub(crate) fn start(&mut self, id: u32) {
        self.agenda.send(entry::message(START, id, 0));
    }

    /// Lets a fault happen to a component, now.
    pub fn inject(&mut self, id: ComponentId, fault: Fault) {
        self.inject_after(SimDuration::ZERO, id, fault);
    }

    /// Lets a fault happen to a component, later.
    pub fn inject_after(&mut self, span: SimDuration, id: ComponentId, fault: Fault) {
        let index = match self.faults.iter().position(|f| *f == fault) {
            Some(index) => index as u32,
            None => {
                self.faults.push(fault);
                self.faults.len() as u32 - 1
            }
        };
        self.agenda.after(span, entry::message(FAULT, id.0, index));
    }

    pub(crate) fn fault(&self, index: u32) -> Fault {
        self.faults[index as usize]
    }

    /// A fault comes to whoever runs; tells whether it has to do with it. Who is kept down by several is back with the last of
    /// them.
    pub(crate) fn heeds(&mut self, fault: Fault) -> bool {
        let kept_down = &mut self.kept_down[self.me as usize];
        match fault {
            Fault::Crash { .. } | Fault::Leave => {
                *kept_down += 1;
                true
            }
            Fault::Restart => {
                *kept_down = kept_down.saturating_sub(1);
                *kept_down == 0
            }
            Fault::Hang | Fault::Resume | Fault::Slow { .. } | Fault::Usual { .. } => true,
        }
    }

    pub(crate) fn change(&mut self, change: Change) {
        self.changes.push(change);
        self.look_at = 0;
    }

    /// Everything the component holds is answered with `refuse`, or vanishes; its timers die; what it had asked is
    /// abandoned, and its levels fall to 0.
    pub(crate) fn clear_away(&mut self, id: u32, refuse: Status) {
        self.me = id;
        for slot in 0..self.frames.slots.len() as u32 {
            let frame = *self.frames.get(slot);
            let call = Call { slot, generation: frame.generation };
            if frame.is(OPEN) && frame.is(ARRIVED) && frame.callee() == id {
                self.abandon_rest(call, false);
                if refuse == Status::Lost {
                    self.lose(call);
                } else {
                    self.answer(call, refuse);
                }
            } else if frame.parent == ROOT | id && !frame.is(DONE) {
                self.give_up(slot, false);
                self.settle(slot);
            }
        }
        for slot in 0..self.timers.len() as u32 {
            if self.timers[slot as usize].owner == id {
                self.free_timer(slot);
            }
        }
        let now = self.now_ns();
        for at in self.levels.indices_of(id) {
            self.levels.states[at as usize].set(now, 0.0);
        }
        let epoch = &mut self.epochs[id as usize];
        *epoch += 1;
        assert!(*epoch < LIVES, "{} has crashed 2^28 times", self.paths[id as usize]);
        let end = if refuse == Status::Lost { End::Silent } else { End::Refuses };
        self.becomes(id, Condition::Down(end));
        let (timers, agenda) = (&self.timers, &mut self.agenda);
        self.watches.retain(|watch| {
            let Watch { of, slot, generation } = *watch;
            let set = timers[slot as usize].generation == generation;
            if set && of == id && end == End::Refuses {
                agenda.send(entry::checked(TIMER, slot, generation));
            }
            // Who hears nothing goes on waiting.
            set && (of != id || end == End::Silent)
        });
    }

    /// A component is so from now on.
    pub(crate) fn becomes(&mut self, id: u32, condition: Condition) {
        self.conditions[id as usize] = condition;
        if let Condition::Down(_) = condition {
            self.leaving[id as usize] = false;
        }
    }

    /// Returns which of its lives a component is in: what was connected to it in an earlier one is not any more.
    #[inline]
    pub fn life(&self, of: ComponentId) -> Life {
        Life::of(self.epochs[of.index()], self.conditions[of.index()])
    }

    // ---- the loop's side ----

    #[inline(always)]
    pub(crate) fn next_up_to(&mut self, limit: SimTime) -> Option<u64> {
        let (frames, timers, epochs) = (&self.frames, &self.timers, &self.epochs);
        self.agenda.next_up_to(limit, |e| is_dead(e, frames, timers, epochs))
    }

    #[inline(always)]
    pub(crate) fn next(&mut self) -> Option<u64> {
        let (frames, timers, epochs) = (&self.frames, &self.timers, &self.epochs);
        self.agenda.next(|e| is_dead(e, frames, timers, epochs))
    }

    /// Whose call the timer is about. The agenda gives out no dead event.
    #[inline(always)]
    pub(crate) fn about_whom(&self, e: u64) -> u32 {
        self.frames.get(e as u32 & SLOT).callee()
    }

    /// Whose timer it is.
    #[inline(always)]
    pub(crate) fn whose_timer(&self, e: u64) -> u32 {
        self.timers[e as u32 as usize].owner
    }

    /// Whom any living event is for.
    pub(crate) fn for_whom(&self, e: u64) -> u32 {
        if e < FIRST_TIMER {
            return entry::component(e);
        }
        if e >= FIRST_ABOUT {
            return self.about_whom(e);
        }
        if e < FIRST_DEADLINE {
            return self.whose_timer(e);
        }
        // A deadline is for whoever made the call.
        let frame = self.frames.get(e as u32 & SLOT);
        if frame.parent & ROOT != 0 { frame.parent & ID } else { self.frames.get(frame.parent).callee() }
    }

    /// Whether an event that was kept for later has died meanwhile.
    pub(crate) fn is_dead(&self, e: u64) -> bool {
        is_dead(e, &self.frames, &self.timers, &self.epochs)
    }

    /// A call reaches its callee.
    #[inline(always)]
    pub(crate) fn arrive(&mut self, slot: u32) -> Option<Call> {
        let now = self.now_ns();
        let frame = self.frames.get_mut(slot);
        if frame.is(DONE) {
            // Given up and cancelled on its way: never seen by the callee.
            frame.to &= !OPEN;
            self.settle(slot);
            return None;
        }
        // Only one that took time to come was on the wire.
        let travelled = frame.since != now;
        frame.since = now;
        frame.to |= ARRIVED;
        let call = Call { slot, generation: frame.generation };
        let (strand, callee) = (frame.strand, frame.callee());
        self.books[callee as usize].calls += 1;
        if travelled && self.ledger_on && self.ledgers[strand as usize].phase == Phase::Network {
            self.charge(strand, callee, Phase::Waiting);
        }
        Some(call)
    }

    /// An answer reaches the maker of the call.
    #[inline(always)]
    pub(crate) fn deliver(&mut self, slot: u32) -> Option<Answer> {
        let frame = *self.frames.get(slot);
        let plain = frame.holds == 1 && !frame.is(DONE) && frame.child == NIL && frame.tag != RELAY;
        // A request that ends.
        if plain && frame.parent & ROOT != 0 {
            let client = frame.parent & ID;
            self.charge(frame.strand, client, Phase::Waiting);
            self.fold(client, frame.strand, frame.status());
            let attributes = &self.attributes[frame.strand as usize];
            let (born, class) = (attributes.born, attributes.class);
            self.frames.give_back(slot);
            self.drop_strand(frame.strand);
            return Some(Answer {
                call: Call::NONE,
                asked: Asked { slot, generation: frame.generation },
                born,
                took: SimDuration::from_nanos(self.now_ns() - frame.since),
                value: frame.note,
                tag: frame.tag,
                class,
                status: frame.status(),
            });
        }
        // A lent strand that comes home.
        if plain && frame.parent & ROOT == 0 {
            let above = self.frames.get_mut(frame.parent);
            if above.is(OPEN) && above.strand == frame.strand && above.child == slot {
                above.child = frame.sibling;
                above.to &= !LENT;
                above.holds -= 1;
                let (generation, owner) = (above.generation, above.callee());
                let attributes = &mut self.attributes[frame.strand as usize];
                attributes.shared -= 1;
                let (born, class) = (attributes.born, attributes.class);
                self.frames.give_back(slot);
                self.charge(frame.strand, owner, Phase::Waiting);
                return Some(Answer {
                    call: Call { slot: frame.parent, generation },
                    asked: Asked { slot, generation: frame.generation },
                    born,
                    took: SimDuration::from_nanos(self.now_ns() - frame.since),
                    value: frame.note,
                    tag: frame.tag,
                    class,
                    status: frame.status(),
                });
            }
        }
        self.deliver_rare(slot)
    }

    #[inline(never)]
    fn deliver_rare(&mut self, slot: u32) -> Option<Answer> {
        let frame = self.frames.get_mut(slot);
        frame.holds -= 1;
        if frame.is(DONE) {
            self.settle(slot);
            return None;
        }
        frame.to |= DONE;
        let Frame { parent, strand, tag, note, .. } = *frame;
        let status = frame.status();
        if parent & ROOT != 0 {
            self.charge(strand, parent & ID, Phase::Waiting);
            self.fold(parent & ID, strand, status);
        } else {
            let above = self.frames.get_mut(parent);
            let (owner, mine) = (above.callee(), above.strand);
            if !above.is(OPEN) {
                self.books[owner as usize].orphans += 1;
                self.settle(slot);
                return None;
            }
            if mine == strand {
                above.to &= !LENT;
                self.charge(strand, owner, Phase::Waiting);
            } else if status.is_good() {
                self.charge(strand, owner, Phase::Waiting);
                if self.ledger_on {
                    // The parent's time was spent on this branch: its ledger becomes the parent's.
                    self.ledgers[mine as usize] = self.ledgers[strand as usize];
                    if self.ledgers[mine as usize].sampled {
                        self.sample_fate(strand, Fate::Decided);
                    }
                }
            } else if self.ledger_on {
                self.charge_in_place(strand);
                self.ledgers[mine as usize].phase = Phase::Wasted;
                self.charge(mine, owner, Phase::Waiting);
            }
            if tag == RELAY {
                let above = Call { slot: parent, generation: self.frames.get(parent).generation };
                self.settle(slot);
                self.answer_with(above, status, note, SimDuration::ZERO);
                return None;
            }
        }
        let answer = self.make_answer(slot, status);
        self.settle(slot);
        Some(answer)
    }

    fn make_answer(&self, slot: u32, status: Status) -> Answer {
        let frame = self.frames.get(slot);
        let call = if frame.parent & ROOT != 0 {
            Call::NONE
        } else {
            Call { slot: frame.parent, generation: self.frames.get(frame.parent).generation }
        };
        let attributes = &self.attributes[frame.strand as usize];
        Answer {
            call,
            asked: Asked { slot, generation: frame.generation },
            born: attributes.born,
            took: SimDuration::from_nanos(self.now_ns() - frame.since),
            value: frame.note,
            tag: frame.tag,
            class: attributes.class,
            status,
        }
    }

    /// Returns whether an open call has been [relayed](crate::Ask::relay): whoever did that has nothing to do with it any
    /// more, and its note is not his.
    pub fn is_relayed(&self, call: Call) -> bool {
        let frame = self.frame(call);
        frame.is(OPEN) && frame.is(RELAYED)
    }

    /// Cancels a call that I have relayed, where I heard of the cancellation before and come to it only now.
    pub fn cancel_relayed(&mut self, call: Call) {
        if !self.is_relayed(call) {
            self.broken("a call was cancelled below me that I have not relayed");
        }
        self.cancel_below(call);
    }

    fn cancel_below(&mut self, call: Call) {
        let below = self.frame(call).note;
        if !self.frames.get(below).is(DONE) {
            self.give_up(below, true);
            self.settle(below);
        }
        self.answer(call, Status::Cancelled);
    }

    /// A cancellation reaches the callee. Nothing if it has answered meanwhile or has never seen the call.
    #[cold]
    #[inline(never)]
    pub(crate) fn cancelled(&mut self, slot: u32) -> Option<Call> {
        let frame = self.frames.get_mut(slot);
        frame.holds -= 1;
        let call = Call { slot, generation: frame.generation };
        if frame.is(OPEN) && frame.is(RELAYED) {
            self.me = frame.callee();
            self.cancel_below(call);
            None
        } else if frame.is(OPEN) && frame.is(ARRIVED) {
            Some(call)
        } else {
            self.settle(slot);
            None
        }
    }

    /// A deadline passes: the caller gives up and gets the answer `Timeout`. It wins over an answer on the wire.
    #[cold]
    #[inline(never)]
    pub(crate) fn expire(&mut self, e: u64) -> Option<(u32, Answer)> {
        let slot = e as u32 & SLOT;
        let frame = *self.frames.get(slot);
        if frame.generation != entry::generation(e) || frame.is(DONE) {
            return None;
        }
        if e as u32 & FOREIGN == 0 && self.attributes[frame.strand as usize].user != Attributes::NOBODY {
            self.books[frame.callee() as usize].cut += 1;
        }
        let answer = Answer { status: Status::Timeout, value: 0, ..self.make_answer(slot, Status::Timeout) };
        let cancel = e as u32 & CANCELLING != 0;
        if frame.parent & ROOT != 0 {
            self.give_up(slot, cancel);
            self.settle(slot);
            return Some((frame.parent & ID, answer));
        }
        let above = *self.frames.get(frame.parent);
        let branch = above.strand != frame.strand;
        self.give_up(slot, cancel);
        self.settle(slot);
        if !above.is(OPEN) {
            return None;
        }
        if branch && self.ledger_on {
            self.ledgers[above.strand as usize].phase = Phase::Wasted;
            self.charge(above.strand, above.callee(), Phase::Waiting);
        }
        if frame.tag == RELAY {
            self.answer(answer.call, Status::Timeout);
            return None;
        }
        Some((above.callee(), answer))
    }

    #[inline(always)]
    pub(crate) fn fired(&mut self, slot: u32) -> (u32, u64) {
        let timer = self.timers[slot as usize];
        self.free_timer(slot);
        (timer.tag, timer.data)
    }

    #[cold]
    #[inline(never)]
    pub(crate) fn noticed(&mut self, index: u32) -> Option<Notice> {
        let PendingNotice { slot, generation, value } = self.notices[index as usize];
        self.free_notices.push(index);
        let frame = self.frames.get(slot);
        if frame.generation != generation || frame.is(DONE) {
            return None;
        }
        let call = if frame.parent & ROOT != 0 {
            Call::NONE
        } else {
            Call { slot: frame.parent, generation: self.frames.get(frame.parent).generation }
        };
        Some(Notice { call, asked: Asked { slot, generation }, tag: frame.tag, value })
    }

    /// How many calls and timers there are at most at one time.
    pub(crate) fn pending_at_most(&self) -> usize {
        self.frames.slots.len() + self.timers.len()
    }

    /// Puts an event back: it is for a component that is frozen.
    pub(crate) fn send_again(&mut self, e: u64) {
        self.agenda.send(e);
    }

    /// Memory held by calls, strands, timers and events \[bytes\].
    pub fn bytes(&self) -> u64 {
        use std::mem::size_of;
        (self.frames.slots.capacity() * size_of::<Frame>()
            + self.attributes.capacity() * size_of::<Attributes>()
            + self.ledgers.capacity() * size_of::<Ledger>()
            + self.timers.capacity() * size_of::<TimerSlot>()
            + self.spans.capacity() * size_of::<Span>()
            + self.happenings.as_ref().map_or(0, |all| all.capacity() * size_of::<Happening>())
            + self.agenda.bytes()) as u64
    }
}

#[inline(always)]
fn is_dead(e: u64, frames: &Frames, timers: &[TimerSlot], epochs: &[u32]) -> bool {
    if e < FIRST_WAKE {
        false
    } else if e >= FIRST_ABOUT {
        let frame = frames.get(e as u32 & SLOT);
        frame.generation != entry::generation(e) || !frame.is(OPEN)
    } else if e < FIRST_TIMER {
        epochs[entry::component(e) as usize] != entry::argument(e) & (LIVES - 1)
    } else {
        is_dead_rarely_asked(e, frames, timers)
    }
}

/// The rest, out of line, so that the others are not.
#[inline(never)]
fn is_dead_rarely_asked(e: u64, frames: &Frames, timers: &[TimerSlot]) -> bool {
    if e < FIRST_DEADLINE {
        timers[e as u32 as usize].generation != entry::generation(e)
    } else {
        frames.get(e as u32 & SLOT).generation != entry::generation(e)
    }
}
