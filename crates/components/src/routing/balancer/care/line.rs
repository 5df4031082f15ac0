//! Those who wait for room at a member, or at any.

use kneepoint_calls::{Call, Cx, Phase, Status};
use kneepoint_random::Distribution;

use crate::draw::span;
use crate::routing::balancer::{Balancer, BalancerTimer};

/// The line of those who wait for room.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line {
    /// How many wait at most; more are turned away. Nothing for any number.
    pub max: Option<usize>,
    /// How long each waits before it gives up \[ns\].
    pub patience: Option<Distribution>,
}

impl Balancer {
    /// Puts a call in line: for one member, or for any.
    pub(super) fn wait(&mut self, call: Call, member: Option<u16>, cx: &mut Cx<Self>) {
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

    pub(super) fn leaves_the_line(&mut self, call: Call, cx: &mut Cx<Self>) {
        let care = self.care();
        let pending = care.held.get(call, cx);
        if pending.waits {
            pending.waits = false;
            care.waiting -= 1;
            cx.add(care.series().waiting, -1.0);
        }
    }

    pub(super) fn lost_patience(&mut self, call: Call, cx: &mut Cx<Self>) {
        let care = self.care();
        care.held.get(call, cx).patience = None;
        let series = care.series();
        cx.count(series.patience_lost, 1);
        self.leaves_the_line(call, cx);
        self.close(call, Status::Shed, 0, cx);
    }

    /// The first of a line that still waits. Whether its caller does too is not looked at.
    ///
    /// # Source
    /// HAProxy without `option abortonclose`: requests of clients that left are sent on (recorded).
    pub(super) fn head(&mut self, member: Option<usize>, cx: &mut Cx<Self>) -> Option<Call> {
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
    pub(super) fn serve_the_lines(&mut self, member: usize, cx: &mut Cx<Self>) {
        let held_back = &mut self.care().held_back;
        if !held_back.contains(&(member as u16)) {
            held_back.push_back(member as u16);
        }
        // Others may have had room before, but no place among all.
        while !self.care().is_full()
            && let Some(next) = self.care().held_back.front().map(|next| usize::from(*next))
        {
            match self.head(Some(next), cx) {
                Some(call) if self.group(next).has_room(next) => {
                    self.care().lines[next].pop_front();
                    self.leaves_the_line(call, cx);
                    self.send(call, next, cx);
                }
                // Who has no room comes again when there is some.
                _ => _ = self.care().held_back.pop_front(),
            }
        }
        loop {
            if self.care().is_full() {
                return;
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

    /// Those who waited for a member that is down look for another.
    pub(super) fn move_the_line(&mut self, member: usize, cx: &mut Cx<Self>) {
        let calls = std::mem::take(&mut self.care().lines[member]);
        for call in calls {
            if cx.is_open(call) && self.care().held.get(call, cx).waits {
                self.leaves_the_line(call, cx);
                self.pass_with_care(call, cx);
            }
        }
    }
}
