//! What a balancer does to know its members: checks, and what calls tell.

use kneepoint_calls::{Attributes, Cx, Status};

use crate::routing::balancer::health::{HEALTH_CHECK, Suffered};
use crate::routing::balancer::{Balancer, BalancerTimer};

impl Balancer {
    pub(super) fn check(&mut self, member: usize, cx: &mut Cx<Self>) {
        let care = self.care();
        let Some(timeout) = care.active.as_ref().map(|active| active.timeout) else { return };
        let series = care.series();
        let identity = care.stream.as_mut().expect("made at the start").next_u64();
        cx.count(series.checks, 1);
        // It comes from nobody: limits for each user count no user's calls with it.
        let (user, address) = (Attributes::NOBODY, u32::MAX);
        let attributes = Attributes { born: cx.now(), user, address, ..Attributes::of(identity) };
        let ask = self.edges[member].to.request(attributes).operation(HEALTH_CHECK).tag(member as u16);
        cx.call(ask.within(timeout).cancelling());
    }

    pub(super) fn checked(&mut self, member: usize, good: bool, cx: &mut Cx<Self>) {
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
    pub(super) fn compared(&mut self, member: usize, status: Status, cx: &mut Cx<Self>) {
        let Some(outliers) = &mut self.care().outliers else { return };
        let failed = outliers.rules().on[status as usize];
        if outliers.told(member, failed, cx.now()) {
            let series = self.care().series();
            cx.count(series.ejections, 1);
            self.settle(member, cx);
        }
    }

    pub(super) fn sweep(&mut self, cx: &mut Cx<Self>) {
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

    pub(super) fn suffered(&mut self, member: usize, failed: bool, cx: &mut Cx<Self>) {
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
    pub(in crate::routing::balancer) fn settle(&mut self, member: usize, cx: &mut Cx<Self>) {
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
                if !std::mem::replace(&mut self.care().warms[member], true) {
                    cx.after(slow.step(), BalancerTimer::Warm(member as u32));
                }
            }
            self.serve_the_lines(member, cx);
        } else {
            self.care().back[member] = None;
            self.move_the_line(member, cx);
        }
    }

    pub(super) fn warm(&mut self, member: usize, cx: &mut Cx<Self>) {
        self.care().warms[member] = false;
        let now = cx.now();
        let (Some(slow), Some(back)) = (self.care().slow, self.care().back[member]) else { return };
        let (weight, whole) = slow.sixteenths(self.group(member).full_weight(member), back, now);
        self.group(member).set_sixteenths(member, weight);
        if whole {
            self.care().back[member] = None;
        } else {
            self.care().warms[member] = true;
            cx.after(slow.step(), BalancerTimer::Warm(member as u32));
        }
    }
}
