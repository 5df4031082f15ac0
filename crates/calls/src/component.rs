//! What a component is: something that makes calls, and perhaps is called.

use std::any::Any;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use kneepoint_engine::{SimDuration, SimTime};

use crate::core::{Change, Core};
use crate::entry::{self, ANSWER, CALL, CANCEL, FAULT, NOTICE, SLOT, START, WAKE};
use crate::handle::{Asked, Call, ComponentId, Timer};
use crate::status::Status;
use crate::timers::Token;

/// An answer to a call of mine. The call itself is over: everything of it that is left is here.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Answer {
    /// On whose behalf I had asked; [`Call::NONE`] for a request of my own.
    pub call: Call,
    /// Which of my calls.
    pub asked: Asked,
    /// When the request was meant to be sent.
    pub born: SimTime,
    /// From its arrival at the callee until now; from the asking if it never arrived.
    pub took: SimDuration,
    /// The callee's number.
    pub value: u32,
    /// My tag.
    pub tag: u16,
    /// The request's class.
    pub class: u8,
    /// How it ended.
    pub status: Status,
}

/// News about a call of mine that stays open.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Notice {
    /// On whose behalf I had asked.
    pub call: Call,
    /// Which of my calls.
    pub asked: Asked,
    /// My tag.
    pub tag: u16,
    /// The callee's number.
    pub value: u32,
}

/// What can go wrong with a component.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    /// It is gone, with everything it held. Calls are answered with this status, or vanish if it is
    /// [`Status::Lost`]. Its state is that of the day it was built when it restarts.
    Crash {
        /// What callers get.
        refuse: Status,
    },
    /// It is to end in order. It says so to whoever keeps a list of who serves, goes on for as long as it was built to, and is
    /// gone then, as after a crash. Who was built to do nothing about it is gone at once.
    Leave,
    /// It is back, as new; or, if it crashed or was to leave several times, as often as that.
    Restart,
    /// It stands still: nothing it holds goes on, nothing is refused.
    Hang,
    /// It goes on from where it stood.
    Resume,
    /// What it works on from now on takes longer. A part that does no work of its own takes no notice.
    ///
    /// Several at once compose: what is drawn for two of them takes as many times as long as both say, multiplied. Each slows
    /// down what the other has left, as a noisy neighbour does with a processor that is throttled already.
    Slow {
        /// Who slows it down: each of several is drawn for itself, lasts until its own [`Usual`](Fault::Usual), and is
        /// replaced by what the same one says anew.
        from: ComponentId,
        /// So many times as long.
        by: f64,
        /// For this share of its works, from 0 to 1.
        share: f64,
    },
    /// Who slowed it down does so no longer: it works as it was built to, unless others slow it down too.
    Usual {
        /// Who.
        from: ComponentId,
    },
}

/// Something that lives in a simulation and can make calls.
///
/// `Clone` must be the whole truth (snapshots, forks, restarts after a crash); `Send` lets forks go to other
/// threads. No cell, no thread, no clock inside.
pub trait Component: Clone + Send + 'static {
    /// The component's own timers; `()` if it has none.
    type Timer: Token;

    /// The simulation, or this component within it, begins.
    fn on_start(&mut self, _cx: &mut Cx<Self>) {}

    /// A timer of mine has run out.
    fn on_timer(&mut self, timer: Self::Timer, cx: &mut Cx<Self>);

    /// A call of mine was answered.
    fn on_answer(&mut self, answer: Answer, cx: &mut Cx<Self>);

    /// The callee of an open call of mine tells me something.
    fn on_notice(&mut self, _notice: Notice, cx: &mut Cx<Self>) {
        panic!("{} was given a notice, which it does not understand", cx.path(cx.me()));
    }

    /// A fault happens to me. Normally the runtime does it all.
    fn on_fault(&mut self, fault: Fault, cx: &mut Cx<Self>) {
        cx.default_fault(fault);
    }

    /// I am a fresh clone that restarts after a crash; what of the old one survives (a disk, say)?
    fn survive(&mut self, _old: &Self) {}
}

/// A component that can be called: only such a one has a [`Callee`](crate::Callee).
pub trait Serve: Component {
    /// A call arrives. Answer it once: now, later, or by relaying it.
    fn on_call(&mut self, call: Call, cx: &mut Cx<Self>);

    /// The maker of a call has given up and asks me to stop. Either stop (own queue, own calls, then answer
    /// [`Status::Cancelled`]) or go on. There is no default: it is a decision of the model.
    fn on_cancel(&mut self, call: Call, cx: &mut Cx<Self>);
}

/// What a component sees of the world: the [`Core`], and its own timers.
pub type Cx<'a, C> = Context<'a, <C as Component>::Timer>;

/// See [`Cx`].
pub struct Context<'a, T> {
    core: &'a mut Core,
    timers: PhantomData<T>,
}

impl<T> Deref for Context<'_, T> {
    type Target = Core;
    #[inline(always)]
    fn deref(&self) -> &Core {
        self.core
    }
}

impl<T> DerefMut for Context<'_, T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut Core {
        self.core
    }
}

impl<T: Token> Context<'_, T> {
    /// Sets a timer and forgets it. One about a call dies with the call.
    #[inline(always)]
    pub fn later(&mut self, span: SimDuration, timer: T) {
        let call = timer.about();
        let (tag, data) = timer.pack();
        if call.is_none() {
            if data == 0 && tag < 16 {
                self.core.wake(span, tag);
            } else {
                self.core.timer(span, tag, data);
            }
        } else {
            self.core.about(span, call, tag);
        }
    }

    /// Sets a timer that I may cancel.
    #[inline(always)]
    pub fn after(&mut self, span: SimDuration, timer: T) -> Timer {
        let (tag, data) = timer.pack();
        self.core.timer(span, tag, data)
    }

    /// Sets a timer that goes off when a component crashes or ends for good, at that instant: a process that ends leaves a
    /// machine behind which tells those that are connected to it, or try to be. Of a machine that is gone nobody hears
    /// anything, and the timer stays. To be cancelled when it is of no use any more.
    ///
    /// # Source
    /// RFC 9293, 3.5.2 (reset generation) and 3.10.7.1.
    pub fn on_end(&mut self, of: ComponentId, timer: T) -> Timer {
        let (tag, data) = timer.pack();
        self.core.watch(of.0, tag, data)
    }
}

impl Core {
    /// What the runtime does about a fault by itself.
    pub fn default_fault(&mut self, fault: Fault) {
        let me = self.me;
        match fault {
            Fault::Crash { refuse } => self.change(Change::Crashed(me, refuse)),
            Fault::Leave => self.change(Change::Stopped(me)),
            Fault::Restart => {} // it is up
            Fault::Hang => self.change(Change::Frozen(me)),
            Fault::Resume => {} // it is not hanging
            // Only who works knows what that takes.
            Fault::Slow { .. } | Fault::Usual { .. } => {}
        }
    }

    /// Returns the callee of the component that is running, for calls to itself.
    ///
    /// Only for components that serve: there is nobody to take a call to any other.
    pub fn myself(&self) -> crate::Callee {
        crate::Callee(self.me)
    }

    /// Ends a component for good: what it holds is answered `Unavailable`, and so are later calls.
    pub fn retire(&mut self, id: ComponentId) {
        self.change(Change::Retired(id.0));
    }
}

/// A component behind a pointer.
///
/// The frequent events have doors of their own, so that what an event is gets decided once, in the loop; by default
/// they lead to `run`, which takes any.
pub(crate) trait DynComponent: Send {
    fn run(&mut self, e: u64, core: &mut Core);
    fn run_call(&mut self, e: u64, core: &mut Core) {
        self.run(e, core);
    }
    fn run_answer(&mut self, e: u64, core: &mut Core) {
        self.run(e, core);
    }
    fn run_timer(&mut self, e: u64, core: &mut Core) {
        self.run(e, core);
    }
    fn run_wake(&mut self, e: u64, core: &mut Core) {
        self.run(e, core);
    }
    fn run_about(&mut self, e: u64, core: &mut Core) {
        self.run(e, core);
    }
    fn answer(&mut self, answer: Answer, core: &mut Core);
    fn start(&mut self, core: &mut Core);
    fn survive(&mut self, old: &dyn Any);
    fn boxed(&self) -> Box<dyn DynComponent>;
    fn any(&self) -> &dyn Any;
    /// What stands behind a stand-in.
    fn unwrap_stand_in(&mut self) -> Option<StandIn> {
        None
    }
}

impl Clone for Box<dyn DynComponent> {
    fn clone(&self) -> Self {
        (**self).boxed()
    }
}

macro_rules! context {
    ($core:expr) => {
        &mut Context { core: $core, timers: PhantomData }
    };
}

#[derive(Clone)]
struct Serving<C>(C);

#[derive(Clone)]
struct Source<C>(C);

pub(crate) fn serving<C: Serve>(part: C) -> Box<dyn DynComponent> {
    Box::new(Serving(part))
}

pub(crate) fn source<C: Component>(part: C) -> Box<dyn DynComponent> {
    Box::new(Source(part))
}

/// Events that both kinds of component take.
#[cold]
#[inline(never)]
fn rare<C: Component>(part: &mut C, e: u64, core: &mut Core) {
    let argument = entry::argument(e);
    match entry::kind(e) {
        START => part.on_start(context!(core)),
        FAULT => {
            let fault = core.fault(argument);
            if core.heeds(fault) {
                part.on_fault(fault, context!(core));
            }
        }
        NOTICE => {
            if let Some(notice) = core.noticed(argument) {
                part.on_notice(notice, context!(core));
            }
        }
        _ => unreachable!("every kind of event has its arm"),
    }
}

#[inline(always)]
fn delivered<C: Component>(part: &mut C, e: u64, core: &mut Core) {
    if let Some(answer) = core.deliver(entry::argument(e)) {
        part.on_answer(answer, context!(core));
    }
}

#[inline(always)]
fn timer<C: Component>(part: &mut C, e: u64, core: &mut Core) {
    let (tag, data) = core.fired(entry::argument(e));
    part.on_timer(C::Timer::unpack(tag, data), context!(core));
}

#[inline(always)]
fn wake<C: Component>(part: &mut C, e: u64, core: &mut Core) {
    part.on_timer(C::Timer::unpack(entry::argument(e) >> 28, 0), context!(core));
}

#[inline(always)]
fn about<C: Component>(part: &mut C, e: u64, core: &mut Core) {
    let call = Call { slot: e as u32 & SLOT, generation: entry::generation(e) };
    part.on_timer(C::Timer::unpack((e as u32) >> 28, call.pack_data()), context!(core));
}

/// The doors that are the same for both kinds of component.
macro_rules! doors {
    () => {
        fn run_answer(&mut self, e: u64, core: &mut Core) {
            delivered(&mut self.0, e, core);
        }
        fn run_timer(&mut self, e: u64, core: &mut Core) {
            timer(&mut self.0, e, core);
        }
        fn run_wake(&mut self, e: u64, core: &mut Core) {
            wake(&mut self.0, e, core);
        }
        fn run_about(&mut self, e: u64, core: &mut Core) {
            about(&mut self.0, e, core);
        }
    };
}

impl<C: Serve> DynComponent for Serving<C> {
    fn run(&mut self, e: u64, core: &mut Core) {
        match (entry::sort(e), entry::kind(e)) {
            (entry::ABOUT, _) => self.run_about(e, core),
            (entry::TIMER, _) => self.run_timer(e, core),
            (_, CALL) => self.run_call(e, core),
            (_, ANSWER) => self.run_answer(e, core),
            (_, WAKE) => self.run_wake(e, core),
            (_, CANCEL) => {
                if let Some(call) = core.cancelled(entry::argument(e)) {
                    self.0.on_cancel(call, context!(core));
                }
            }
            _ => rare(&mut self.0, e, core),
        }
    }
    fn run_call(&mut self, e: u64, core: &mut Core) {
        if let Some(call) = core.arrive(entry::argument(e)) {
            self.0.on_call(call, context!(core));
        }
    }
    doors!();
    fn answer(&mut self, answer: Answer, core: &mut Core) {
        self.0.on_answer(answer, context!(core));
    }
    fn start(&mut self, core: &mut Core) {
        self.0.on_start(context!(core));
    }
    fn survive(&mut self, old: &dyn Any) {
        if let Some(old) = old.downcast_ref() {
            self.0.survive(old);
        }
    }
    fn boxed(&self) -> Box<dyn DynComponent> {
        Box::new(self.clone())
    }
    fn any(&self) -> &dyn Any {
        &self.0
    }
}

impl<C: Component> DynComponent for Source<C> {
    fn run(&mut self, e: u64, core: &mut Core) {
        match (entry::sort(e), entry::kind(e)) {
            (entry::ABOUT, _) => self.run_about(e, core),
            (entry::TIMER, _) => self.run_timer(e, core),
            (_, ANSWER) => self.run_answer(e, core),
            (_, WAKE) => self.run_wake(e, core),
            // No `Callee` of a source exists, so no call and no cancellation reaches it.
            _ => rare(&mut self.0, e, core),
        }
    }
    doors!();
    fn answer(&mut self, answer: Answer, core: &mut Core) {
        self.0.on_answer(answer, context!(core));
    }
    fn start(&mut self, core: &mut Core) {
        self.0.on_start(context!(core));
    }
    fn survive(&mut self, old: &dyn Any) {
        if let Some(old) = old.downcast_ref() {
            self.0.survive(old);
        }
    }
    fn boxed(&self) -> Box<dyn DynComponent> {
        Box::new(self.clone())
    }
    fn any(&self) -> &dyn Any {
        &self.0
    }
}

/// What stands in a component's place while it is down or frozen, so that the way of an event through one
/// that is well needs no check.
#[derive(Clone)]
pub(crate) enum StandIn {
    /// Declared, and never built.
    Unbuilt,
    /// Down: answers every call at once, or swallows it. Keeps the old one for what survives.
    Down { refuse: Status, old: Option<Box<dyn DynComponent>> },
    /// Frozen: keeps everything that comes for later.
    Frozen { inner: Box<dyn DynComponent>, kept: Vec<Kept> },
}

/// What comes to a frozen component.
#[derive(Clone, Copy)]
pub(crate) enum Kept {
    Event(u64),
    /// A call of its own has passed its deadline.
    Expired(Answer),
}

impl DynComponent for StandIn {
    fn run(&mut self, e: u64, core: &mut Core) {
        if entry::kind(e) == FAULT && !matches!(self, StandIn::Unbuilt) {
            let (me, fault) = (core.me, core.fault(entry::argument(e)));
            if !core.heeds(fault) {
                return;
            }
            match (fault, self) {
                // It is slow, or not any more, when it goes on.
                (Fault::Slow { .. } | Fault::Usual { .. }, StandIn::Frozen { kept, .. }) => {
                    kept.push(Kept::Event(e))
                }
                (Fault::Crash { refuse }, StandIn::Frozen { .. }) => core.change(Change::Crashed(me, refuse)),
                // What hangs does not hear that it is to go: it is killed.
                (Fault::Leave, StandIn::Frozen { .. }) => core.change(Change::Stopped(me)),
                (Fault::Resume, StandIn::Frozen { .. }) => core.change(Change::Thawed(me)),
                (Fault::Restart, StandIn::Down { .. }) => core.change(Change::Restarted(me)),
                // Down already; a thing that is down cannot hang; one that hangs does not restart by itself.
                _ => {}
            }
            return;
        }
        match self {
            StandIn::Unbuilt => panic!("{} was declared and never built", core.path(core.me())),
            StandIn::Frozen { kept, .. } => kept.push(Kept::Event(e)),
            StandIn::Down { refuse, .. } => match entry::kind(e) {
                CALL => {
                    if let Some(call) = core.arrive(entry::argument(e)) {
                        if *refuse == Status::Lost { core.lose(call) } else { core.answer(call, *refuse) }
                    }
                }
                ANSWER => {
                    core.deliver(entry::argument(e));
                }
                CANCEL => {
                    if let Some(call) = core.cancelled(entry::argument(e)) {
                        core.answer(call, Status::Cancelled);
                    }
                }
                NOTICE => {
                    core.noticed(entry::argument(e));
                }
                // Its timers died with it, and it starts when it restarts.
                _ => {}
            },
        }
    }
    fn answer(&mut self, answer: Answer, _: &mut Core) {
        // One that is down has given up all its calls, so that none of them can expire.
        if let StandIn::Frozen { kept, .. } = self {
            kept.push(Kept::Expired(answer));
        }
    }
    fn start(&mut self, _: &mut Core) {}
    fn survive(&mut self, _: &dyn Any) {}
    fn boxed(&self) -> Box<dyn DynComponent> {
        Box::new(self.clone())
    }
    fn any(&self) -> &dyn Any {
        match self {
            StandIn::Frozen { inner, .. } => inner.any(),
            StandIn::Down { old: Some(old), .. } => old.any(),
            StandIn::Unbuilt | StandIn::Down { old: None, .. } => self,
        }
    }
    fn unwrap_stand_in(&mut self) -> Option<StandIn> {
        Some(std::mem::replace(self, StandIn::Unbuilt))
    }
}
