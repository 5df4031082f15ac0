//! A simulation: components and the [`Core`] they see.

use std::any::Any;

use kneepoint_engine::{SimDuration, SimTime};
use kneepoint_statistics::Histogram;

use crate::attributes::mix;
use crate::books::{Books, Inside, Outcomes};
use crate::candidates::Candidates;
use crate::component::{Component, DynComponent, Fault, Kept, Serve, StandIn, serving, source};
use crate::core::{Change, Core, LOOK_EVERY};
use crate::entry::{self, FIRST_ABOUT, FIRST_ANSWER, FIRST_DEADLINE, FIRST_OTHER, FIRST_TIMER, FIRST_WAKE};
use crate::handle::{Callee, ComponentId};
use crate::happening::Happening;
use crate::ledger::{Sampling, Span, Strand};
use crate::life::Condition;
use crate::limits::{Limits, Stop};
use crate::series::Level;
use crate::status::{STATUSES, Status};

/// Events that are watched at least when time stands still.
///
/// # Source
/// Chosen: a hundred rounds of a call through a dozen parts.
const ROUNDS: usize = 4096;

/// A part that is known before it is built: how parts that call each other in a circle are wired.
#[must_use = "a declared part must be built, or calls to it fail"]
#[derive(Debug)]
pub struct Declared {
    id: u32,
}

impl Declared {
    /// Returns its callee, to give to others.
    pub fn callee(&self) -> Callee {
        Callee(self.id)
    }
}

/// A simulation: build it, run it, look into it.
///
/// A clone is a snapshot: it continues exactly as the original would.
#[derive(Clone)]
pub struct Simulation {
    core: Core,
    parts: Vec<Box<dyn DynComponent>>,
    /// Every component as it was built: what comes back after a crash.
    pristine: Vec<Option<Box<dyn DynComponent>>>,
}

impl Simulation {
    /// Returns an empty simulation: replication 0 of this seed.
    pub fn new(seed: u64) -> Simulation {
        Simulation::replication(seed, 0)
    }

    /// Returns an empty simulation for the given replication.
    pub fn replication(seed: u64, replication: u64) -> Simulation {
        Simulation { core: Core::new(seed, replication), parts: Vec::new(), pristine: Vec::new() }
    }

    /// Makes it another replication of another seed, before anything runs: one template serves for all.
    ///
    /// # Panics
    /// If something has run: its random numbers were the old seed's.
    pub fn reseed(&mut self, seed: u64, replication: u64) {
        assert!(self.core.events == 0, "a simulation that has run keeps its seed");
        self.core.reseed(seed, replication);
    }

    // ---- building ----

    /// Adds a component that can be called.
    pub fn serve<S: Serve>(&mut self, path: &str, part: S) -> Callee {
        let id = self.core.spawn(path, serving(part));
        self.attend();
        Callee(id)
    }

    /// Adds a component that only makes calls.
    pub fn add<C: Component>(&mut self, path: &str, part: C) -> ComponentId {
        let id = self.core.spawn(path, source(part));
        self.attend();
        ComponentId(id)
    }

    /// Announces a part that is built later, with [`serve_declared`](Simulation::serve_declared).
    pub fn declare(&mut self, path: &str) -> Declared {
        let id = self.core.declare(path);
        self.adopt(id, None);
        Declared { id }
    }

    /// Builds a declared part.
    pub fn serve_declared<S: Serve>(&mut self, declared: Declared, part: S) -> Callee {
        self.adopt(declared.id, Some(serving(part)));
        self.core.start(declared.id);
        Callee(declared.id)
    }

    /// Sets the ceilings of the run.
    pub fn set_limits(&mut self, limits: Limits) {
        self.core.set_limits(limits);
        self.core.ceilings_at = self.core.events + LOOK_EVERY.min(limits.events.saturating_add(1));
        self.look_again();
    }

    /// Switches the time ledger on (as it is) or off, before anything runs.
    pub fn set_ledger(&mut self, on: bool) {
        assert!(self.core.events == 0, "the ledger is switched before the run");
        self.core.set_ledger(on);
    }

    /// Says which requests leave spans.
    pub fn set_sampling(&mut self, sampling: Sampling) {
        self.core.set_sampling(sampling);
    }

    /// Lets a fault happen to a component at an instant to come.
    pub fn inject(&mut self, at: SimTime, id: ComponentId, fault: Fault) {
        self.core.inject_after(at - self.core.now(), id, fault);
    }

    // ---- running ----

    /// Executes one event. Returns whether there was one.
    pub fn step(&mut self) -> bool {
        match self.core.next() {
            Some(e) => {
                self.execute(e);
                if self.core.look_at == 0 {
                    self.attend();
                }
                true
            }
            None => false,
        }
    }

    /// Runs until an instant, everything at that instant included.
    ///
    /// # Errors
    /// If a ceiling was reached. The simulation can still be looked into.
    pub fn run_until(&mut self, limit: SimTime) -> Result<(), Stop> {
        if limit >= self.core.now() {
            self.run_up_to(limit);
        }
        self.check_ceilings();
        if let Some(stop) = self.core.stop {
            return Err(stop);
        }
        if self.core.now() < limit {
            self.core.agenda.advance_to(limit);
        }
        Ok(())
    }

    /// Lets events happen up to a limit that has not passed, or until there is a reason to stop.
    fn run_up_to(&mut self, limit: SimTime) {
        while let Some(e) = self.core.next_up_to(limit) {
            self.execute(e);
            if self.core.events >= self.core.look_at && self.look() {
                break;
            }
        }
    }

    /// Runs for a span of time.
    ///
    /// # Errors
    /// As [`run_until`](Simulation::run_until).
    pub fn run_for(&mut self, span: SimDuration) -> Result<(), Stop> {
        self.run_until(self.core.now() + span)
    }

    /// Lets one event happen. What it asks of the loop is left to the caller.
    #[inline(always)]
    fn execute(&mut self, e: u64) {
        self.core.events += 1;
        // Comparisons of the whole entry, the frequent ones first: a `match` would become a table of jumps.
        if e < FIRST_TIMER {
            let part = part(&mut self.parts, entry::component(e), &mut self.core);
            if e < FIRST_ANSWER {
                part.run_call(e, &mut self.core);
            } else if e < FIRST_OTHER {
                part.run_answer(e, &mut self.core);
            } else if e >= FIRST_WAKE {
                part.run_wake(e, &mut self.core);
            } else {
                part.run(e, &mut self.core);
            }
        } else if e >= FIRST_ABOUT {
            let to = self.core.about_whom(e);
            part(&mut self.parts, to, &mut self.core).run_about(e, &mut self.core);
        } else if e < FIRST_DEADLINE {
            let to = self.core.whose_timer(e);
            part(&mut self.parts, to, &mut self.core).run_timer(e, &mut self.core);
        } else {
            self.expired(e);
        }
    }

    #[cold]
    #[inline(never)]
    fn expired(&mut self, e: u64) {
        if let Some((to, answer)) = self.core.expire(e) {
            self.core.me = to;
            self.parts[to as usize].answer(answer, &mut self.core);
        }
    }

    /// Looks at what there is to look at between two events; tells whether the run stops.
    #[cold]
    #[inline(never)]
    fn look(&mut self) -> bool {
        if self.core.events >= self.core.ceilings_at {
            self.check_ceilings();
        }
        self.attend();
        self.core.stop.is_some()
    }

    #[cold]
    #[inline(never)]
    fn attend(&mut self) {
        while !self.core.changes.is_empty() {
            self.apply_changes();
        }
        self.look_again();
    }

    /// Says when there is something to look at next: at once while there is a reason to stop.
    fn look_again(&mut self) {
        self.core.look_at = if self.core.stop.is_some() { 0 } else { self.core.ceilings_at };
    }

    fn apply_changes(&mut self) {
        for change in std::mem::take(&mut self.core.changes) {
            match change {
                Change::Born(id, part) => {
                    self.adopt(id, Some(part));
                    self.note(id, "start", None, Some(true));
                }
                Change::Crashed(id, refuse) => {
                    let served = self.crash(id, refuse);
                    self.note(id, "crash", Some(refuse), served.then_some(false));
                }
                Change::Stopped(id) => {
                    let served = self.crash(id, Status::Unavailable);
                    self.note(id, "stop", Some(Status::Unavailable), served.then_some(false));
                }
                Change::Restarted(id) => {
                    self.restart(id);
                    self.note(id, "restart", None, Some(true));
                }
                Change::Frozen(id) => {
                    self.note(id, "hang", None, Some(false));
                    let inner = self.take(id);
                    self.parts[id as usize] = Box::new(StandIn::Frozen { inner, kept: Vec::new() });
                    self.core.becomes(id, Condition::Hangs);
                }
                Change::Thawed(id) => {
                    let stand_in = self.parts[id as usize].unwrap_stand_in();
                    if let Some(StandIn::Frozen { inner, kept }) = stand_in {
                        let inner = self.catch_up(id, inner, kept);
                        self.parts[id as usize] = inner;
                        self.core.becomes(id, Condition::Serves);
                        self.note(id, "resume", None, Some(true));
                    }
                }
                Change::Retired(id) => {
                    let served = self.crash(id, Status::Unavailable);
                    self.pristine[id as usize] = None;
                    self.note(id, "retire", None, served.then_some(false));
                }
            }
        }
    }

    /// A thawed component sees what it missed, in the order in which it came.
    fn catch_up(
        &mut self,
        id: u32,
        mut part: Box<dyn DynComponent>,
        kept: Vec<Kept>,
    ) -> Box<dyn DynComponent> {
        for item in kept {
            self.core.me = id;
            match item {
                Kept::Event(e) => {
                    if !self.core.is_dead(e) {
                        part.run(e, &mut self.core);
                    }
                }
                Kept::Expired(answer) => {
                    if answer.call.is_none() || self.core.is_open(answer.call) {
                        part.answer(answer, &mut self.core);
                    }
                }
            }
        }
        part
    }

    fn adopt(&mut self, id: u32, part: Option<Box<dyn DynComponent>>) {
        let at = id as usize;
        if self.parts.len() <= at {
            self.parts.resize_with(at + 1, || Box::new(StandIn::Unbuilt));
            self.pristine.resize_with(at + 1, || None);
        }
        self.pristine[at] = part.clone();
        if let Some(part) = part {
            self.parts[at] = part;
            self.core.becomes(id, Condition::Serves);
        }
    }

    /// Takes a component out; what stands in its place must not stay there.
    fn take(&mut self, id: u32) -> Box<dyn DynComponent> {
        std::mem::replace(&mut self.parts[id as usize], Box::new(StandIn::Unbuilt))
    }

    /// Notes what became of a component.
    fn note(&mut self, id: u32, what: &'static str, refuse: Option<Status>, serves: Option<bool>) {
        self.core.note_happening(id, what, serves, |_| match refuse {
            Some(Status::Lost) => "calls get no answer".to_string(),
            Some(status) => format!("calls are answered {}", status.name()),
            None => String::new(),
        });
    }

    /// Puts a component down; tells whether it served until now.
    fn crash(&mut self, id: u32, refuse: Status) -> bool {
        let served = self.serves(ComponentId(id));
        let mut old = self.take(id);
        let mut kept_back = Vec::new();
        let old = match old.unwrap_stand_in() {
            None => Some(old),
            Some(StandIn::Unbuilt) => return false,
            Some(StandIn::Frozen { inner, kept }) => {
                kept_back = kept;
                Some(inner)
            }
            Some(StandIn::Down { old, .. }) => old,
        };
        self.parts[id as usize] = Box::new(StandIn::Down { refuse, old });
        self.core.clear_away(id, refuse);
        for item in kept_back {
            if let Kept::Event(e) = item {
                self.core.send_again(e);
            }
        }
        served
    }

    fn restart(&mut self, id: u32) {
        let Some(mut fresh) = self.pristine[id as usize].clone() else { return };
        if let Some(StandIn::Down { old: Some(old), .. }) = self.parts[id as usize].unwrap_stand_in() {
            fresh.survive(old.any());
        }
        self.core.becomes(id, Condition::Serves);
        self.core.me = id;
        fresh.start(&mut self.core);
        self.parts[id as usize] = fresh;
    }

    fn check_ceilings(&mut self) {
        let limits = self.core.limits;
        let at = self.core.now();
        if self.core.stop.is_some() {
            // The first reason counts.
        } else if self.core.events > limits.events {
            self.core.stop = Some(Stop::Events { limit: limits.events, at });
        } else if self.core.bytes() > limits.memory {
            self.core.stop = Some(Stop::Memory { limit: limits.memory, at });
        } else if self.core.seen.0 != at {
            self.core.seen = (at, self.core.events);
        } else if self.core.events - self.core.seen.1 > limits.events_at_once(self.core.announced(at)) {
            self.stand_still(at);
        }
        // One more event than allowed is one too many, and is seen at once.
        let left = limits.events.saturating_sub(self.core.events).saturating_add(1);
        self.core.ceilings_at = self.core.events + LOOK_EVERY.min(left);
        // Not later than it was to be: there may be changes to look at.
        self.core.look_at =
            if self.core.stop.is_some() { 0 } else { self.core.look_at.min(self.core.ceilings_at) };
    }

    /// Stops a run whose time stands still, unless it goes on while it is watched who goes round and round.
    ///
    /// Watched are as many events as take everything that is in flight, or waits, around a few times. Who answers is
    /// the one that answers most of those to whom no answer comes: whoever only passes on what others say is no reason.
    fn stand_still(&mut self, at: SimTime) {
        let ended =
            |core: &Core| -> Vec<u64> { core.outcomes.iter().map(|of| of.ended.iter().sum()).collect() };
        let ended_before = ended(&self.core);
        // Parts born meanwhile count for nothing: those that go round were there.
        let parts = ended_before.len();
        let (mut heard, mut given, mut had) = (vec![0; parts], vec![[0; STATUSES]; parts], vec![0; parts]);
        for _ in 0..16 * self.core.pending_at_most() + ROUNDS {
            let Some(e) = self.core.next_up_to(at) else {
                self.core.seen = (at, self.core.events);
                return;
            };
            let to = self.core.for_whom(e) as usize;
            let before = self.core.books[to].answers;
            self.execute(e);
            while !self.core.changes.is_empty() {
                self.apply_changes();
            }
            if to < parts {
                had[to] += 1;
                heard[to] += u64::from(entry::kind(e) == entry::ANSWER);
                // Those who relay answer too, but not in an event of theirs.
                let after = self.core.books[to].answers;
                given[to]
                    .iter_mut()
                    .zip(after)
                    .zip(before)
                    .for_each(|((n, after), before)| *n += after - before);
            }
        }
        if self.core.stop.is_some() {
            return;
        }
        let most = |counts: &mut dyn Iterator<Item = u64>| {
            let counts = counts.enumerate().filter(|(_, count)| *count > 0);
            // Of several with as many the first.
            counts.max_by_key(|(at, count)| (*count, usize::MAX - at)).map(|(at, _)| at)
        };
        let requests = ended(&self.core);
        let asks = most(&mut requests.iter().zip(&ended_before).map(|(now, then)| now - then))
            .or_else(|| most(&mut heard.iter().copied()));
        let of_its_own =
            |(given, heard): (&[u64; STATUSES], &u64)| if *heard == 0 { given.iter().sum() } else { 0 };
        let answers = most(&mut given.iter().zip(&heard).map(of_its_own)).and_then(|who| {
            Some((ComponentId(who as u32), Status::ALL[most(&mut given[who].iter().copied())?]))
        });
        let works = if asks.is_none() { most(&mut had.iter().copied()) } else { None };
        let [asks, works] = [asks, works].map(|who| who.map(|who| ComponentId(who as u32)));
        let events = self.core.events - self.core.seen.1;
        self.core.stop = Some(Stop::Still { events, at, asks, answers, works });
    }

    /// Ends the warm-up: books and series start anew, components go on.
    pub fn reset_statistics(&mut self) {
        self.core.reset_statistics();
    }

    // ---- looking ----

    /// Returns the simulated instant.
    pub fn now(&self) -> SimTime {
        self.core.now()
    }

    /// Returns how many events were executed.
    pub fn events(&self) -> u64 {
        self.core.events
    }

    /// Returns how many calls are in flight.
    pub fn in_flight(&self) -> usize {
        self.core.in_flight()
    }

    /// Returns the memory held by calls, timers and events \[bytes\].
    pub fn bytes(&self) -> u64 {
        self.core.bytes()
    }

    /// Returns all components, in the order of construction.
    pub fn components(&self) -> impl Iterator<Item = ComponentId> + use<> {
        (0..self.core.paths.len() as u32).map(ComponentId)
    }

    /// Returns the component with this path.
    pub fn find(&self, path: &str) -> Option<ComponentId> {
        self.core.paths.iter().position(|p| p == path).map(|i| ComponentId(i as u32))
    }

    /// Returns the path of a component.
    pub fn path(&self, id: ComponentId) -> &str {
        self.core.path(id)
    }

    /// Returns the component itself, if it is of this type; for looking at its state.
    pub fn get<C: Any>(&self, id: ComponentId) -> Option<&C> {
        self.parts[id.index()].any().downcast_ref()
    }

    /// Returns the books of a component since the last reset.
    pub fn books(&self, id: ComponentId) -> &Books {
        &self.core.books[id.index()]
    }

    /// Returns how the requests made by a component ended, since the last reset.
    pub fn outcomes(&self, id: ComponentId) -> &Outcomes {
        &self.core.outcomes[id.index()]
    }

    /// Returns what is inside each component now, in the order of construction.
    pub fn inside(&self) -> Vec<Inside> {
        self.core.inside()
    }

    /// Returns a level of a component.
    pub fn level(&self, id: ComponentId, name: &str) -> Option<&Level> {
        self.core.level_of(id, name)
    }

    /// Returns samples of a component.
    pub fn samples(&self, id: ComponentId, name: &str) -> Option<&Histogram> {
        self.core.samples_of(id, name)
    }

    /// Returns a count of a component.
    pub fn count(&self, id: ComponentId, name: &str) -> Option<u64> {
        self.core.count_of(id, name)
    }

    /// Returns all levels of a component, by name.
    pub fn levels(&self, id: ComponentId) -> impl Iterator<Item = (&str, &Level)> {
        self.core.levels(id)
    }

    /// Returns all samples of a component, by name.
    pub fn all_samples(&self, id: ComponentId) -> impl Iterator<Item = (&str, &Histogram)> {
        self.core.all_samples(id)
    }

    /// Returns all counts of a component, by name.
    pub fn counts(&self, id: ComponentId) -> impl Iterator<Item = (&str, &u64)> {
        self.core.counts(id)
    }

    /// Returns the spans of sampled requests, and how many did not fit.
    pub fn spans(&self) -> (&[Span], u64) {
        self.core.spans()
    }

    /// Returns the strands of sampled requests, as the spans number them.
    pub fn strands(&self) -> &[Strand] {
        self.core.strands()
    }

    /// Notes how requests end, from now on, so that [`candidates`](Simulation::candidates) can say which are worth a
    /// second look.
    pub fn note_ends(&mut self) {
        self.core.note_ends();
    }

    /// Returns the requests that are worth a second look, by client, of those that ended since the last reset.
    pub fn candidates(&self) -> Vec<Candidates> {
        self.core.candidates()
    }

    /// Notes what happens to parts, from now on, so that [`take_happenings`](Simulation::take_happenings) can say it.
    pub fn note_happenings(&mut self) {
        self.core.happenings.get_or_insert_with(Vec::new);
    }

    /// Returns what has happened to parts since this was last asked, in order; nothing unless it is
    /// [noted](Simulation::note_happenings).
    pub fn take_happenings(&mut self) -> Vec<Happening> {
        self.core.happenings.as_mut().map_or_else(Vec::new, std::mem::take)
    }

    /// Returns when a line last began to stand in a component, whether or not it still does; 0 if none ever did.
    pub fn line_began(&self, id: ComponentId) -> SimTime {
        self.core.line_began(id)
    }

    /// Returns whether a component serves: it is there, neither down nor hanging.
    pub fn serves(&self, id: ComponentId) -> bool {
        self.core.serves(id)
    }

    /// Returns whether a component [passes calls on](crate::Core::passes_on), which its level `inside` does not count then.
    pub fn passes_on(&self, id: ComponentId) -> bool {
        self.core.does_pass_on(id)
    }

    /// Returns a fingerprint of everything measured: equal for equal runs.
    pub fn digest(&self) -> u64 {
        let mut digest = Digest(0xcbf2_9ce4_8422_2325);
        digest.add(self.core.events);
        digest.add(self.core.now().as_nanos());
        for id in self.components() {
            let books = self.books(id);
            digest.text(self.path(id));
            for n in [books.calls, books.orphans, books.lost, books.orphan_time] {
                digest.add(n);
            }
            books.answers.iter().chain(&books.phases).for_each(|n| digest.add(*n));
            digest.histogram(&books.response);
            let outcomes = self.outcomes(id);
            outcomes.ended.iter().chain(&outcomes.phases).for_each(|n| digest.add(*n));
            digest.add(outcomes.latency as u64);
            for (name, level) in self.levels(id) {
                digest.text(name);
                digest.add(level.integral(self.now().as_nanos()).to_bits());
            }
            for (name, samples) in self.all_samples(id) {
                digest.text(name);
                digest.histogram(samples);
            }
            for (name, count) in self.counts(id) {
                digest.text(name);
                digest.add(*count);
            }
        }
        digest.0
    }
}

/// The part an event is for, which is the running one from here on.
#[inline(always)]
fn part<'a>(
    parts: &'a mut [Box<dyn DynComponent>],
    to: u32,
    core: &mut Core,
) -> &'a mut Box<dyn DynComponent> {
    core.me = to;
    &mut parts[to as usize]
}

struct Digest(u64);

impl Digest {
    fn add(&mut self, n: u64) {
        self.0 = mix(self.0.rotate_left(5) ^ n);
    }

    fn text(&mut self, text: &str) {
        text.bytes().for_each(|b| self.add(b as u64));
    }

    fn histogram(&mut self, histogram: &Histogram) {
        self.add(histogram.count());
        self.add(histogram.sum() as u64);
        for (low, _, count) in histogram.buckets() {
            self.add(low);
            self.add(count);
        }
    }
}
