//! What a balancer does beyond choosing: it looks after its members and after calls that failed or must wait.

mod connections;
mod line;
mod view;
mod watch;

use std::collections::VecDeque;

use kneepoint_calls::{
    Answer, Call, ComponentId, Counter, Cx, Gauge, Held, Life, Phase, STATUSES, Status, Timer, View,
};
use kneepoint_engine::{SimDuration, SimTime};
use kneepoint_random::Stream;

use super::discovery::Discovery;
use super::group::Group;
use super::health::{Active, Checked, HEALTH_CHECK, Passive, Suffered};
use super::keep_alive::KeepAlive;
use super::outlier::Outliers;
use super::pins::Pins;
use super::slow_start::SlowStart;
use super::{Balancer, BalancerTimer};
use crate::routing::policy::End;

pub use line::Line;
pub use view::{Loads, Seen};

/// Most members that one call is tried at.
///
/// # Source
/// Chosen: more than any product tries by default (HAProxy 3 and one); kept in place with each call.
pub const TRIES_MAX: usize = 16;

/// Other members for a call that failed at one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Next {
    /// How many tries there are after the first, at most [`TRIES_MAX`].
    pub tries: u32,
    /// How many of them are at the same member again, before others are tried.
    pub same: u32,
    /// How long each of these waits before.
    pub wait: SimDuration,
    /// After which ends.
    pub on: [bool; STATUSES],
}

/// A call that is held.
#[derive(Clone, Debug)]
struct Pending {
    /// What it asks for: the note that said so now says where this is kept.
    operation: u16,
    tried: [u16; TRIES_MAX],
    tries: u8,
    /// Tries at the member it is at, after the first there.
    again: u8,
    waits: bool,
    /// Ends the wait it is in.
    patience: Option<Timer>,
    /// The member it is to be tried at again.
    stays: Option<u16>,
    /// The connection that is being made for it.
    connecting: Option<Connecting>,
    /// The life of the member when the connection was made that it went over.
    made: Option<Life>,
}

/// A connection that is being made.
#[derive(Clone, Copy, Debug)]
struct Connecting {
    member: u16,
    /// The life the member was in when it was begun.
    begun: Life,
    /// When there is one.
    done: Timer,
    /// When the member says that there will be none.
    broken: Option<Timer>,
}

/// Everything beyond choosing.
#[derive(Clone, Default)]
pub(super) struct Care {
    pub next: Option<Next>,
    pub active: Option<Active>,
    pub passive: Option<Passive>,
    pub outliers: Option<Outliers>,
    pub most: Option<u32>,
    pub most_each: Option<u32>,
    pub bounds: Line,
    pub slow: Option<SlowStart>,
    pub seen: Option<Seen>,
    pub pins: Option<Pins>,
    pub keep_alive: Option<KeepAlive>,
    /// Whether the load of a member is the connections it has open, and not the calls it has.
    by_connections: bool,
    /// Where connections to each member end.
    ends: Vec<ComponentId>,
    /// Whether the end of a member will be heard of.
    hears_of: Vec<bool>,
    pub discovery: Option<Discovery>,
    held: Held<Pending>,
    line: VecDeque<Call>,
    /// Members whose lines may go on as soon as there is a place among all.
    held_back: VecDeque<u16>,
    /// Of those who wait for one member, by member.
    lines: Vec<VecDeque<Call>>,
    waiting: usize,
    /// Calls under way at each member, and at all.
    live: Vec<u32>,
    total: u32,
    checked: Vec<Checked>,
    suffered: Vec<Suffered>,
    /// Since when a member is back, while it starts slowly.
    back: Vec<Option<SimTime>>,
    /// Whether a member's weight will be looked at again.
    warms: Vec<bool>,
    /// Whether a member will be looked at when its time aside is over.
    readmits: Vec<bool>,
    up: u32,
    /// What was seen and is still on its way, and lists for more of it.
    looks: VecDeque<Vec<u32>>,
    spare: Vec<Vec<u32>>,
    /// Of each member, if it reports its load.
    views: Vec<View>,
    stream: Option<Stream>,
    series: Option<Series>,
}

#[derive(Clone, Copy)]
struct Series {
    up: Gauge,
    waiting: Gauge,
    checks: Counter,
    failed_checks: Counter,
    ejections: Counter,
    retried: Counter,
    patience_lost: Counter,
    nobody: Counter,
    chosen_anew: Counter,
    broken: Counter,
    handshakes: Counter,
}

impl Care {
    fn series(&self) -> Series {
        self.series.expect("made at the start")
    }

    /// Whether the policy sees each call as it comes and goes.
    fn counts_calls(&self) -> bool {
        self.seen.is_none() && !self.by_connections
    }

    fn is_full(&self) -> bool {
        self.most.is_some_and(|most| self.total >= most)
    }
}

/// A count that is kept only by those who have something to count.
fn count_if(kept: bool, name: &str, cx: &mut Cx<Balancer>) -> Counter {
    if kept { cx.counter(name) } else { Counter::NONE }
}

impl Balancer {
    pub(super) fn care(&mut self) -> &mut Care {
        self.care.as_mut().expect("only a balancer that cares comes here")
    }

    fn group(&mut self, member: usize) -> &mut Group {
        match &mut self.backup {
            Some(backup) if backup.has(member) => backup,
            _ => &mut self.first,
        }
    }

    pub(super) fn start_care(&mut self, cx: &mut Cx<Self>) {
        let members = self.edges.len();
        let series = Series {
            up: cx.gauge("up"),
            waiting: cx.gauge("waiting"),
            checks: cx.counter("checks"),
            failed_checks: cx.counter("failed checks"),
            ejections: cx.counter("ejections"),
            retried: cx.counter("retried"),
            patience_lost: cx.counter("patience lost"),
            nobody: cx.counter("nobody"),
            chosen_anew: count_if(self.care().pins.is_some(), "chosen anew", cx),
            broken: count_if(self.care().pins.is_some(), "broken", cx),
            handshakes: count_if(self.care().keep_alive.is_some(), "handshakes", cx),
        };
        let pins = cx.stream("pins");
        let mut stream = cx.stream("health");
        cx.set(series.up, members as f64);
        let groups = std::iter::once(&self.first).chain(&self.backup);
        let given = groups.flat_map(|group| group.members.all().iter().map(|member| member.end));
        let ends = given.zip(&self.edges).map(|(end, edge)| end.unwrap_or(edge.to.id())).collect();
        let watches =
            self.first.routing.watches() || self.backup.as_ref().is_some_and(|b| b.routing.watches());
        let care = self.care.as_mut().expect("only a balancer that cares comes here");
        care.live = vec![0; members];
        care.checked = vec![Checked::new(); members];
        care.suffered = vec![Suffered::new(); members];
        care.back = vec![None; members];
        care.warms = vec![false; members];
        care.readmits = vec![false; members];
        care.lines = vec![VecDeque::new(); members];
        care.up = members as u32;
        care.series = Some(series);
        care.ends = ends;
        if let Some(chosen) = &mut care.pins {
            chosen.start(members, pins);
            care.by_connections = watches && chosen.breaks();
            care.hears_of = vec![false; members];
        }
        if let Some(active) = &care.active {
            // Spread over the interval, from a phase of this balancer's own, unless it is said.
            let phase = stream.uniform();
            for member in 0..members {
                let share = (member as f64 + phase) / members as f64;
                let spread = SimDuration::from_nanos((active.every.as_nanos() as f64 * share) as u64);
                let first = active.first.get(member).copied().unwrap_or(spread);
                cx.after(first, BalancerTimer::Check(member as u32));
            }
        }
        if let Some(seen) = care.seen {
            if seen.loads == Loads::Reported {
                let view = |end: &ComponentId| View::new(*end, "inside", seen.delay, SimDuration::ZERO);
                care.views = care.ends.iter().map(view).collect();
            }
            cx.after(seen.every, BalancerTimer::Look(0));
        }
        if let Some(outliers) = &mut care.outliers {
            // Backups are members too.
            *outliers = Outliers::new(*outliers.rules(), members);
            cx.after(outliers.rules().every, BalancerTimer::Sweep(0));
        }
        care.stream = Some(stream);
        self.start_discovery(cx);
    }

    pub(super) fn care_timer(&mut self, timer: BalancerTimer, cx: &mut Cx<Self>) {
        match timer {
            BalancerTimer::Pass(call) => self.pass(call, cx),
            BalancerTimer::Patience(call) => self.lost_patience(call, cx),
            BalancerTimer::Check(member) => self.check(member as usize, cx),
            BalancerTimer::Readmit(member) => {
                self.care().readmits[member as usize] = false;
                self.settle(member as usize, cx);
            }
            BalancerTimer::Sweep(_) => self.sweep(cx),
            BalancerTimer::Warm(member) => self.warm(member as usize, cx),
            BalancerTimer::Connected(call) => self.connected(call, cx),
            BalancerTimer::Broken(call) => self.broken(call, cx),
            BalancerTimer::Closed(member) => self.closed(member as usize, cx),
            BalancerTimer::Look(_) => self.look(cx),
            BalancerTimer::Show(_) => self.show(cx),
            BalancerTimer::Ask(_) => self.ask_who_is_there(cx),
            BalancerTimer::Told(_) => self.told_who_is_there(cx),
        }
    }

    /// Takes a call in. Returns whether it goes on; one that asks for health is answered here.
    pub(super) fn accept(&mut self, call: Call, cx: &mut Cx<Self>) -> bool {
        let operation = cx.operation(call);
        if operation == HEALTH_CHECK {
            let status = if self.care().up > 0 { Status::Ok } else { Status::Unavailable };
            self.add_inside(-1.0, cx);
            cx.answer(call, status);
            return false;
        }
        let pending = Pending {
            operation,
            tried: [0; TRIES_MAX],
            tries: 0,
            again: 0,
            waits: false,
            patience: None,
            stays: None,
            connecting: None,
            made: None,
        };
        self.care().held.put(call, pending, cx);
        true
    }

    pub(super) fn pass_with_care(&mut self, call: Call, cx: &mut Cx<Self>) {
        if !self.try_to_pass(call, cx) {
            self.wait(call, None, cx);
        }
    }

    /// Sends a call to a member, or puts it in that member's line, or ends it. Returns whether any of that was done: else
    /// it must wait for room anywhere.
    fn try_to_pass(&mut self, call: Call, cx: &mut Cx<Self>) -> bool {
        if self.care().is_full() {
            return false;
        }
        let key = self.by.number(call, cx);
        let pending = {
            let held = self.care().held.get(call, cx);
            let before = held.clone();
            held.stays = None;
            before
        };
        if let Some(member) = pending.stays.map(usize::from)
            && self.group(member).has_room(member)
        {
            self.send(call, member, cx);
            return true;
        }
        let tried = &pending.tried[..usize::from(pending.tries)];
        let now = cx.now();
        if let Some(member) = self.pinned(call, tried, cx) {
            if self.group(member).has_room(member) {
                self.send(call, member, cx);
            } else {
                self.wait(call, Some(member as u16), cx);
            }
            return true;
        }
        self.close_those_over(cx);
        let mut chosen = self.first.choose(cx.attributes(call), key, now, tried);
        let mut for_room = chosen.is_none() && self.first.has_other(tried);
        if chosen.is_none()
            && !for_room
            && let Some(backup) = &mut self.backup
        {
            chosen = backup.choose(cx.attributes(call), key, now, tried);
            for_room = chosen.is_none() && backup.has_other(tried);
        }
        if let Some(member) = chosen {
            self.pin(call, member, cx);
        }
        match chosen {
            Some(member) if self.group(member).has_room(member) => self.send(call, member, cx),
            Some(member) => self.wait(call, Some(member as u16), cx),
            None if for_room && self.care().most_each.is_some() => return false,
            None => {
                let series = self.care().series();
                cx.count(series.nobody, 1);
                self.close(call, Status::Unavailable, 0, cx);
            }
        }
        true
    }

    fn send(&mut self, call: Call, member: usize, cx: &mut Cx<Self>) {
        let now = cx.now();
        if let Some(timer) = self.care().held.get(call, cx).patience.take() {
            cx.cancel(timer);
        }
        let (is_live, is_full) = {
            let care = self.care();
            care.live[member] += 1;
            care.total += 1;
            (care.counts_calls(), care.most_each.is_some_and(|most| care.live[member] >= most))
        };
        if is_live {
            self.group(member).load(member, 1);
        }
        if is_full {
            self.group(member).set_room(member, false);
        }
        if let Some(passive) = self.care().passive {
            let suffered = &mut self.care().suffered[member];
            suffered.chosen(&passive, now);
            if suffered.is_aside(&passive) {
                // It gets this one call to show that it is well.
                self.settle(member, cx);
            }
        }
        match self.connection_to(member, call, cx) {
            Some(time) => self.connect(call, member, time, cx),
            None => self.send_now(call, member, cx),
        }
    }

    fn send_now(&mut self, call: Call, member: usize, cx: &mut Cx<Self>) {
        let again = self.care().next.is_some();
        let operation = self.care().held.get(call, cx).operation;
        let ask = self.edges[member].ask(call).operation(operation).tag(member as u16);
        cx.call(if again { ask.branch() } else { ask });
    }

    /// Forgets a call, with the timers of its wait.
    fn forget(&mut self, call: Call, cx: &mut Cx<Self>) {
        let pending = self.care().held.take(call, cx);
        if let Some(timer) = pending.patience {
            cx.cancel(timer);
        }
        if let Some(Connecting { done, broken, .. }) = pending.connecting {
            cx.cancel(done);
            if let Some(timer) = broken {
                cx.cancel(timer);
            }
        }
    }

    /// Ends a call.
    fn close(&mut self, call: Call, status: Status, value: u32, cx: &mut Cx<Self>) {
        self.forget(call, cx);
        self.add_inside(-1.0, cx);
        cx.answer_with(call, status, value, SimDuration::ZERO);
    }

    fn release(&mut self, member: usize, cx: &mut Cx<Self>) {
        let care = self.care();
        care.live[member] -= 1;
        care.total -= 1;
        let is_live = care.counts_calls();
        if is_live {
            self.group(member).load(member, -1);
        }
        self.group(member).set_room(member, true);
        let _ = cx;
    }

    pub(super) fn answered_with_care(&mut self, answer: Answer, cx: &mut Cx<Self>) {
        let member = usize::from(answer.tag);
        if answer.call.is_none() {
            return self.checked(member, answer.status.is_good(), cx);
        }
        self.release(member, cx);
        let status = answer.status;
        let life = cx.life(self.care().ends[member]);
        let made = self.care().held.get(answer.call, cx).made.unwrap_or(life);
        if let Some(keep_alive) = &mut self.care().keep_alive {
            // Who was not answered has broken the connection. One to a member that is gone is never taken.
            if !life.is_over() && !matches!(status, Status::Timeout | Status::Lost | Status::Cancelled) {
                keep_alive.give(member, made);
            }
        }
        self.ended_with_care(answer.call, member, (status, answer.value, Some(answer.took)), cx);
    }

    /// A call has ended at its member, which is free of it: what is learnt from that, and what becomes of the call.
    fn ended_with_care(
        &mut self,
        call: Call,
        member: usize,
        (status, value, took): (Status, u32, Option<SimDuration>),
        cx: &mut Cx<Self>,
    ) {
        let blamed = self.care().passive.map_or(!status.is_good(), |passive| passive.on[status as usize]);
        self.group(member).ended(member, End { now: cx.now(), took, failed: blamed });
        self.suffered(member, blamed, cx);
        if matches!(status, Status::Unavailable | Status::Lost) {
            // Its member, or somebody behind that: then the connection stands.
            self.breaks_if(call, cx, Life::has_ended);
        }
        self.compared(member, status, cx);
        if !self.again(call, member, status, cx) {
            self.close(call, status, value, cx);
        }
        self.serve_the_lines(member, cx);
    }

    /// Tries a call that failed once more. Returns whether that is done.
    fn again(&mut self, call: Call, member: usize, status: Status, cx: &mut Cx<Self>) -> bool {
        let care = self.care();
        let Some(next) = care.next.filter(|next| next.on[status as usize]) else { return false };
        let series = care.series();
        let pending = care.held.get(call, cx);
        if u32::from(pending.again) + u32::from(pending.tries) >= next.tries {
            return false;
        }
        let same = u32::from(pending.again) < next.same;
        if same {
            pending.again += 1;
        } else {
            pending.tried[usize::from(pending.tries)] = member as u16;
            pending.tries += 1;
        }
        let tried = pending.tried;
        let tries = usize::from(pending.tries);
        if !same && !self.first.has_other(&tried[..tries]) {
            let backup = self.backup.as_ref().is_some_and(|backup| backup.has_other(&tried[..tries]));
            if !backup {
                return false;
            }
        }
        cx.count(series.retried, 1);
        if same {
            self.care().held.get(call, cx).stays = Some(member as u16);
            cx.phase(call, Phase::Backoff);
            cx.later(next.wait, BalancerTimer::Pass(call));
        } else {
            self.pass_with_care(call, cx);
        }
        true
    }

    pub(super) fn cancelled_with_care(&mut self, call: Call, member: Option<usize>, cx: &mut Cx<Self>) {
        self.leaves_the_line(call, cx);
        let connecting = self.care().held.get(call, cx).connecting.map(|one| usize::from(one.member));
        self.forget(call, cx);
        if let Some(member) = member.or(connecting) {
            self.release(member, cx);
            let end = End { now: cx.now(), took: None, failed: false };
            self.group(member).ended(member, end);
            self.serve_the_lines(member, cx);
        }
    }
}
