//! What a balancer does beyond choosing: it looks after its members and after calls that failed or must wait.

use std::collections::VecDeque;

use kneepoint_calls::{Answer, Attributes, Call, Counter, Cx, Gauge, Held, Phase, STATUSES, Status, Timer};
use kneepoint_engine::{SimDuration, SimTime};
use kneepoint_random::{Distribution, Stream};

use super::discovery::Discovery;
use super::group::Group;
use super::health::{Active, Checked, HEALTH_CHECK, Passive, Suffered};
use super::keep_alive::KeepAlive;
use super::outlier::Outliers;
use super::pins::Pins;
use super::slow_start::SlowStart;
use super::{Balancer, BalancerTimer};
use crate::draw::span;
use crate::routing::policy::End;

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

/// The line of those who wait for room.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line {
    /// How many wait at most; more are turned away. Nothing for any number.
    pub max: Option<usize>,
    /// How long each waits before it gives up \[ns\].
    pub patience: Option<Distribution>,
}

/// A view of the members' calls that is looked at now and then.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seen {
    /// From one look to the next.
    pub every: SimDuration,
    /// How long what was seen takes to arrive.
    pub delay: SimDuration,
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
    /// The member to which a connection is being made for it.
    connecting: Option<u16>,
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
    pub discovery: Option<Discovery>,
    held: Held<Pending>,
    line: VecDeque<Call>,
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
    /// Whether a member will be looked at when its time aside is over.
    readmits: Vec<bool>,
    up: u32,
    /// What was seen and is still on its way.
    looks: VecDeque<Vec<u32>>,
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
        let care = self.care();
        care.live = vec![0; members];
        care.checked = vec![Checked::new(); members];
        care.suffered = vec![Suffered::new(); members];
        care.back = vec![None; members];
        care.readmits = vec![false; members];
        care.lines = vec![VecDeque::new(); members];
        care.up = members as u32;
        care.series = Some(series);
        if let Some(chosen) = &mut care.pins {
            chosen.start(pins);
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

    /// What a call pays for having a member chosen; nothing if one is.
    pub(super) fn opening(&mut self, call: Call, cx: &mut Cx<Self>) -> SimDuration {
        let Some(pins) = &self.care().pins else { return SimDuration::ZERO };
        let (now, attributes) = (cx.now(), cx.attributes(call));
        match pins.find(attributes, now) {
            Some(_) => SimDuration::ZERO,
            None => span(pins.opening(attributes), call, cx),
        }
    }

    /// The member that was chosen for a call's sender, unless it was tried for this call.
    fn pinned(&mut self, call: Call, tried: &[u16], cx: &mut Cx<Self>) -> Option<usize> {
        let pins = self.care().pins.as_ref()?;
        pins.find(cx.attributes(call), cx.now()).filter(|member| !tried.contains(&(*member as u16)))
    }

    fn pin(&mut self, call: Call, member: usize, cx: &mut Cx<Self>) {
        let care = self.care();
        let series = care.series();
        if let Some(pins) = &mut care.pins {
            pins.put(cx.attributes(call), member, cx.now());
            cx.count(series.chosen_anew, 1);
        }
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
            BalancerTimer::Look(_) => self.look(cx),
            BalancerTimer::Show(_) => self.show(),
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
            (care.seen.is_none(), care.most_each.is_some_and(|most| care.live[member] >= most))
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
        if let Some(time) = self.connection_to(member, call, cx) {
            self.care().held.get(call, cx).connecting = Some(member as u16);
            cx.phase(call, Phase::Pool);
            cx.later(time, BalancerTimer::Connected(call));
            return;
        }
        self.send_now(call, member, cx);
    }

    /// Takes a connection to a member for a call. Returns how long a new one takes, if there has to be one.
    fn connection_to(&mut self, member: usize, call: Call, cx: &mut Cx<Self>) -> Option<SimDuration> {
        let care = self.care();
        let handshakes = care.series().handshakes;
        let keep_alive = care.keep_alive.as_mut()?;
        if keep_alive.take(member) {
            return None;
        }
        cx.count(handshakes, 1);
        let time = span(keep_alive.handshake(), call, cx);
        (!time.is_zero()).then_some(time)
    }

    fn connected(&mut self, call: Call, cx: &mut Cx<Self>) {
        if let Some(member) = self.care().held.get(call, cx).connecting.take() {
            self.send_now(call, usize::from(member), cx);
        }
    }

    fn send_now(&mut self, call: Call, member: usize, cx: &mut Cx<Self>) {
        let again = self.care().next.is_some();
        let operation = self.care().held.get(call, cx).operation;
        let ask = self.edges[member].ask(call).operation(operation).tag(member as u16);
        cx.call(if again { ask.branch() } else { ask });
    }

    /// Puts a call in line: for one member, or for any.
    fn wait(&mut self, call: Call, member: Option<u16>, cx: &mut Cx<Self>) {
        let care = self.care.as_mut().expect("only a balancer that cares comes here");
        if care.bounds.max.is_some_and(|max| care.waiting >= max) {
            return self.close(call, Status::Rejected, 0, cx);
        }
        let pending = care.held.get(call, cx);
        pending.waits = true;
        match member {
            Some(member) => care.lines[usize::from(member)].push_back(call),
            None => care.line.push_back(call),
        }
        care.waiting += 1;
        cx.add(care.series().waiting, 1.0);
        cx.phase(call, Phase::Waiting);
        // Who only changes the line goes on with the patience it has.
        if let (Some(patience), None) = (&care.bounds.patience, care.held.get(call, cx).patience) {
            let time = span(patience, call, cx);
            let timer = cx.after(time, BalancerTimer::Patience(call));
            self.care().held.get(call, cx).patience = Some(timer);
        }
    }

    fn leaves_the_line(&mut self, call: Call, cx: &mut Cx<Self>) {
        let care = self.care();
        let pending = care.held.get(call, cx);
        if pending.waits {
            pending.waits = false;
            care.waiting -= 1;
            cx.add(care.series().waiting, -1.0);
        }
    }

    /// Forgets a call, with the timer of its wait.
    fn forget(&mut self, call: Call, cx: &mut Cx<Self>) {
        if let Some(timer) = self.care().held.take(call, cx).patience {
            cx.cancel(timer);
        }
    }

    fn lost_patience(&mut self, call: Call, cx: &mut Cx<Self>) {
        let care = self.care();
        care.held.get(call, cx).patience = None;
        let series = care.series();
        cx.count(series.patience_lost, 1);
        self.leaves_the_line(call, cx);
        self.close(call, Status::Shed, 0, cx);
    }

    /// Ends a call.
    fn close(&mut self, call: Call, status: Status, value: u32, cx: &mut Cx<Self>) {
        self.forget(call, cx);
        self.add_inside(-1.0, cx);
        cx.answer_with(call, status, value, SimDuration::ZERO);
    }

    /// The first of a line that still waits. Whether its caller does too is not looked at.
    ///
    /// # Source
    /// HAProxy without `option abortonclose`: requests of clients that left are sent on (recorded).
    fn head(&mut self, member: Option<usize>, cx: &mut Cx<Self>) -> Option<Call> {
        let care = self.care();
        let line = match member {
            Some(member) => &mut care.lines[member],
            None => &mut care.line,
        };
        while let Some(call) = line.front().copied() {
            if cx.is_open(call) && care.held.get(call, cx).waits {
                return Some(call);
            }
            line.pop_front();
        }
        None
    }

    /// There may be room at a member, or for anybody.
    fn serve_the_lines(&mut self, member: usize, cx: &mut Cx<Self>) {
        loop {
            if self.care().is_full() {
                return;
            }
            if self.group(member).has_room(member)
                && let Some(call) = self.head(Some(member), cx)
            {
                self.care().lines[member].pop_front();
                self.leaves_the_line(call, cx);
                self.send(call, member, cx);
                continue;
            }
            let Some(call) = self.head(None, cx) else { return };
            self.care().line.pop_front();
            self.leaves_the_line(call, cx);
            if !self.try_to_pass(call, cx) {
                // It keeps its place.
                let care = self.care();
                care.held.get(call, cx).waits = true;
                care.line.push_front(call);
                care.waiting += 1;
                let waiting = care.series().waiting;
                cx.add(waiting, 1.0);
                return;
            }
        }
    }

    fn release(&mut self, member: usize, cx: &mut Cx<Self>) {
        let care = self.care();
        care.live[member] -= 1;
        care.total -= 1;
        let is_live = care.seen.is_none();
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
        if let Some(keep_alive) = &mut self.care().keep_alive {
            // Who was not answered has broken the connection; a member that is gone has broken all of them.
            match status {
                Status::Timeout | Status::Lost | Status::Cancelled => {}
                Status::Unavailable => keep_alive.close(member),
                _ => keep_alive.give(member),
            }
        }
        let blamed = self.care().passive.map_or(!status.is_good(), |passive| passive.on[status as usize]);
        let end = End { now: cx.now(), took: Some(answer.took), failed: blamed };
        self.group(member).ended(member, end);
        self.suffered(member, blamed, cx);
        if matches!(status, Status::Unavailable | Status::Lost) {
            let care = self.care();
            let series = care.series();
            if care.pins.as_mut().is_some_and(|pins| pins.gone(cx.attributes(answer.call), member)) {
                cx.count(series.broken, 1);
            }
        }
        self.compared(member, status, cx);
        if !self.again(answer.call, member, status, cx) {
            self.close(answer.call, status, answer.value, cx);
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
        let connecting = self.care().held.get(call, cx).connecting.map(usize::from);
        self.forget(call, cx);
        if let Some(member) = member.or(connecting) {
            self.release(member, cx);
            let end = End { now: cx.now(), took: None, failed: false };
            self.group(member).ended(member, end);
            self.serve_the_lines(member, cx);
        }
    }

    // Health.

    fn check(&mut self, member: usize, cx: &mut Cx<Self>) {
        let care = self.care();
        let Some(timeout) = care.active.as_ref().map(|active| active.timeout) else { return };
        let series = care.series();
        let identity = care.stream.as_mut().expect("made at the start").next_u64();
        cx.count(series.checks, 1);
        // It comes from nobody: limits for each user count no user's calls with it.
        let (user, address) = (u32::MAX, u32::MAX);
        let attributes = Attributes { born: cx.now(), user, address, ..Attributes::of(identity) };
        let ask = self.edges[member].to.request(attributes).operation(HEALTH_CHECK).tag(member as u16);
        cx.call(ask.within(timeout).cancelling());
    }

    fn checked(&mut self, member: usize, good: bool, cx: &mut Cx<Self>) {
        let care = self.care();
        let series = care.series();
        if !good {
            cx.count(series.failed_checks, 1);
        }
        let Some(active) = &care.active else { return };
        let (next, turned) = care.checked[member].told(good, active);
        cx.after(next, BalancerTimer::Check(member as u32));
        // A check that finds a member well clears it of what calls said: Envoy's
        // `successful_active_health_check_uneject_host`.
        let cleared = good
            && care.checked[member].up
            && care.outliers.as_mut().is_some_and(|outliers| outliers.readmit(member));
        if turned.is_some() || cleared {
            self.settle(member, cx);
        }
    }

    /// A call ended: its member may be an outlier.
    fn compared(&mut self, member: usize, status: Status, cx: &mut Cx<Self>) {
        let Some(outliers) = &mut self.care().outliers else { return };
        let failed = outliers.rules().on[status as usize];
        if outliers.told(member, failed, cx.now()) {
            let series = self.care().series();
            cx.count(series.ejections, 1);
            self.settle(member, cx);
        }
    }

    fn sweep(&mut self, cx: &mut Cx<Self>) {
        let Some(outliers) = &mut self.care().outliers else { return };
        let every = outliers.rules().every;
        for member in outliers.sweep(cx.now()) {
            let care = self.care();
            if care.outliers.as_ref().is_some_and(|outliers| outliers.is_out(member)) {
                cx.count(care.series().ejections, 1);
            }
            self.settle(member, cx);
        }
        cx.after(every, BalancerTimer::Sweep(0));
    }

    fn suffered(&mut self, member: usize, failed: bool, cx: &mut Cx<Self>) {
        let alone = self.group(member).members.count() == 1;
        let Some(passive) = self.care().passive.filter(|_| !alone) else { return };
        let now = cx.now();
        let suffered = &mut self.care().suffered[member];
        let before = *suffered;
        let aside = suffered.told(failed, &passive, now);
        if aside && !before.is_aside(&passive) {
            let members = self.edges.len() as f64;
            let out = self.care().suffered.iter().filter(|one| one.is_aside(&passive)).count() as f64;
            if out > (passive.at_most * members).max(1.0) {
                // Not one more: it stays, and its next failure is its first.
                self.care().suffered[member] = Suffered::new();
                return;
            }
            let series = self.care().series();
            cx.count(series.ejections, 1);
        }
        if aside || before.is_aside(&passive) {
            self.settle(member, cx);
        }
    }

    /// Decides whether a member is up, and does what follows if that has changed.
    pub(super) fn settle(&mut self, member: usize, cx: &mut Cx<Self>) {
        let now = cx.now();
        let care = self.care();
        let (checked, suffered) = (care.checked[member].up, care.suffered[member]);
        let admitted = care.passive.is_none_or(|passive| suffered.is_admitted(&passive, now));
        if let Some(passive) = care.passive.filter(|_| !admitted && !care.readmits[member]) {
            care.readmits[member] = true;
            cx.after(suffered.until(&passive, now), BalancerTimer::Readmit(member as u32));
        }
        let is_outlier = care.outliers.as_ref().is_some_and(|outliers| outliers.is_out(member));
        let is_listed = care.discovery.as_ref().is_none_or(|discovery| discovery.lists(member));
        let up = checked && admitted && !is_outlier && is_listed;
        if up == self.group(member).is_up(member) {
            return;
        }
        self.group(member).set_up(member, up);
        let care = self.care();
        care.up = if up { care.up + 1 } else { care.up - 1 };
        let (up_now, series, slow) = (care.up, care.series(), care.slow);
        cx.set(series.up, f64::from(up_now));
        let address = self.group(member).address(member).to_string();
        cx.happened(if up { "member up" } else { "member down" }, |_| address);
        if up {
            // One that is only tried with a call is not back yet.
            if let Some(slow) = slow
                && !self.care().passive.is_some_and(|passive| suffered.is_aside(&passive))
            {
                self.care().back[member] = Some(now);
                let (weight, _) = slow.sixteenths(self.group(member).full_weight(member), now, now);
                self.group(member).set_sixteenths(member, weight);
                cx.after(slow.step(), BalancerTimer::Warm(member as u32));
            }
            self.serve_the_lines(member, cx);
        } else {
            self.move_the_line(member, cx);
        }
    }

    /// Those who waited for a member that is down look for another.
    fn move_the_line(&mut self, member: usize, cx: &mut Cx<Self>) {
        let calls = std::mem::take(&mut self.care().lines[member]);
        for call in calls {
            if cx.is_open(call) && self.care().held.get(call, cx).waits {
                self.leaves_the_line(call, cx);
                self.pass_with_care(call, cx);
            }
        }
    }

    fn warm(&mut self, member: usize, cx: &mut Cx<Self>) {
        let now = cx.now();
        let (Some(slow), Some(back)) = (self.care().slow, self.care().back[member]) else { return };
        let (weight, whole) = slow.sixteenths(self.group(member).full_weight(member), back, now);
        self.group(member).set_sixteenths(member, weight);
        if whole {
            self.care().back[member] = None;
        } else {
            cx.after(slow.step(), BalancerTimer::Warm(member as u32));
        }
    }

    // Views.

    fn look(&mut self, cx: &mut Cx<Self>) {
        let care = self.care();
        let Some(seen) = care.seen else { return };
        let live = care.live.clone();
        care.looks.push_back(live);
        cx.after(seen.every, BalancerTimer::Look(0));
        if seen.delay.is_zero() {
            self.show();
        } else {
            cx.after(seen.delay, BalancerTimer::Show(0));
        }
    }

    fn show(&mut self) {
        let Some(loads) = self.care().looks.pop_front() else { return };
        for (member, load) in loads.into_iter().enumerate() {
            self.group(member).set_load(member, load);
        }
    }
}
