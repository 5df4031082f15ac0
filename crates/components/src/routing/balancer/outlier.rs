//! Members that do worse than the others.

use kneepoint_calls::{STATUSES, Status};
use kneepoint_engine::{SimDuration, SimTime};

/// Members are ejected for failures in a row at once, and at sweeps for being much worse than the others; the longer the
/// more often. Sweeps also readmit those whose time is over, so that a member is out until the first sweep after it.
///
/// # Source
/// Envoy `source/common/upstream/outlier_detection_impl.cc`; defaults of
/// `api/envoy/config/cluster/v3/outlier_detection.proto`.
///
/// # Assumptions
/// All kinds of ejection are enforced whenever they are detected. Without Envoy's panic mode, in which ejected members are
/// chosen again when more than half are out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outlier {
    /// Failures in a row; nothing to go by shares only.
    pub failures: Option<u32>,
    /// From one sweep to the next.
    pub every: SimDuration,
    /// For how long the first time; each further time so much longer, and so much less for each sweep it stood well.
    pub out_for: SimDuration,
    /// The longest.
    pub cap: SimDuration,
    /// The largest share of members that are out at once: one that would pass it stays.
    pub at_most: f64,
    /// Whether one may be out whatever that share is.
    pub always_one: bool,
    /// So many standard deviations below the mean share of good answers is too little.
    pub deviations: Option<f64>,
    /// With so many members that are looked at, and so many calls between sweeps to be one of them.
    pub members: u32,
    /// See `members`.
    pub calls: u32,
    /// A share of failures that is too much whatever the others do.
    pub failure_share: Option<f64>,
    /// With so many calls between sweeps.
    pub failure_calls: u32,
    /// Which ends are failures.
    pub on: [bool; STATUSES],
}

impl Default for Outlier {
    /// What Envoy does unless told otherwise.
    fn default() -> Outlier {
        Outlier {
            failures: Some(5),
            every: SimDuration::from_secs(10),
            out_for: SimDuration::from_secs(30),
            cap: SimDuration::from_secs(300),
            at_most: 0.1,
            always_one: false,
            deviations: Some(1.9),
            members: 5,
            calls: 100,
            failure_share: None,
            failure_calls: 50,
            on: Outlier::default_failures(),
        }
    }
}

impl Outlier {
    /// What counts as a failure of a member unless it is said otherwise: what HTTP says with 5xx, and no answer.
    ///
    /// # Source
    /// Envoy's outlier detection: 5xx, and local errors mapped to it (`split_external_local_origin_errors` false).
    pub fn default_failures() -> [bool; STATUSES] {
        let mut on = [false; STATUSES];
        for status in [
            Status::Timeout,
            Status::Rejected,
            Status::Shed,
            Status::Unavailable,
            Status::Failed,
            Status::Lost,
        ] {
            on[status as usize] = true;
        }
        on
    }

    /// Returns the mean of shares, and how small one of them must not be.
    fn threshold(shares: &[f64], deviations: f64) -> (f64, f64) {
        let count = shares.len() as f64;
        let mean = shares.iter().sum::<f64>() / count;
        let variance = shares.iter().map(|share| (share - mean) * (share - mean)).sum::<f64>() / count;
        (mean, mean - deviations * variance.sqrt())
    }
}

/// What is known of one member.
#[derive(Clone, Copy, Debug, Default)]
struct Record {
    in_a_row: u32,
    /// Since the last sweep.
    calls: u32,
    good: u32,
    /// How many times the time it is out.
    times: u32,
    /// Since when it is out.
    out: Option<SimTime>,
}

/// The outliers among the members of a balancer.
#[derive(Clone, Debug)]
pub struct Outliers {
    rules: Outlier,
    members: Vec<Record>,
    out: u32,
    /// Mean and bound of the last sweep that compared members.
    compared: Option<(f64, f64)>,
}

impl Outliers {
    /// Returns so many members, all well.
    pub fn new(rules: Outlier, members: usize) -> Outliers {
        Outliers { rules, members: vec![Record::default(); members], out: 0, compared: None }
    }

    /// Returns what is gone by.
    pub fn rules(&self) -> &Outlier {
        &self.rules
    }

    /// Returns whether a member is out.
    pub fn is_out(&self, member: usize) -> bool {
        self.members[member].out.is_some()
    }

    /// Returns the mean share of good answers that the last comparison found, and below which share it ejected.
    pub fn compared(&self) -> Option<(f64, f64)> {
        self.compared
    }

    /// A call ended. Returns whether its member is out from now on.
    pub fn told(&mut self, member: usize, failed: bool, now: SimTime) -> bool {
        let record = &mut self.members[member];
        record.calls += 1;
        if !failed {
            record.good += 1;
            record.in_a_row = 0;
            return false;
        }
        record.in_a_row += 1;
        if record.out.is_some() || self.rules.failures != Some(record.in_a_row) {
            return false;
        }
        // They are counted anew whether there is room among those out or not.
        record.in_a_row = 0;
        self.eject(member, now)
    }

    /// Looks at everybody: readmits those whose time is over and ejects those much worse than the others. Returns who has
    /// changed.
    pub fn sweep(&mut self, now: SimTime) -> Vec<usize> {
        let mut changed = Vec::new();
        for member in 0..self.members.len() {
            let record = &mut self.members[member];
            match record.out {
                None => record.times = record.times.saturating_sub(1),
                Some(since) => {
                    let most = self.rules.cap.as_nanos();
                    let stays = self.rules.out_for.as_nanos().saturating_mul(record.times.into()).min(most);
                    if (now - since).as_nanos() >= stays && self.readmit(member) {
                        changed.push(member);
                    }
                }
            }
        }
        let Outlier { members, calls, deviations, failure_share, failure_calls, .. } = self.rules;
        let well = |record: &Record, calls: u32| record.out.is_none() && record.calls >= calls.max(1);
        let share = |record: &Record| f64::from(record.good) / f64::from(record.calls);
        let records = std::mem::take(&mut self.members);
        // As they stood before any of them is ejected.
        let looked_at =
            |calls: u32| records.iter().enumerate().filter(move |(_, record)| well(record, calls));
        let mut worse = Vec::new();
        self.compared = None;
        let shares: Vec<f64> = looked_at(calls).map(|(_, record)| share(record)).collect();
        if let Some(deviations) = deviations.filter(|_| shares.len() >= (members as usize).max(1)) {
            let (mean, bound) = Outlier::threshold(&shares, deviations);
            self.compared = Some((mean, bound));
            worse.extend(looked_at(calls).filter(|(_, record)| share(record) < bound).map(|(at, _)| at));
        }
        if let Some(most) = failure_share.filter(|_| looked_at(failure_calls).count() >= members as usize) {
            let failing = |record: &Record| f64::from(record.calls - record.good) / f64::from(record.calls);
            let failed = looked_at(failure_calls).filter(|(_, record)| failing(record) >= most);
            worse.extend(failed.map(|(at, _)| at));
        }
        self.members = records;
        for member in worse {
            // One that comes back with a bad share since it was ejected is out again: that is one change.
            if !self.is_out(member) && self.eject(member, now) && !changed.contains(&member) {
                changed.push(member);
            }
        }
        for record in &mut self.members {
            (record.calls, record.good) = (0, 0);
        }
        changed
    }

    /// A member is well again. Returns whether it was out.
    pub fn readmit(&mut self, member: usize) -> bool {
        let record = &mut self.members[member];
        let was_out = record.out.take().is_some();
        if was_out {
            record.in_a_row = 0;
            self.out -= 1;
        }
        was_out
    }

    fn eject(&mut self, member: usize, now: SimTime) -> bool {
        let share = f64::from(self.out + 1) / self.members.len() as f64;
        // A share that is whole but for rounding is whole.
        let has_room = share <= self.rules.at_most + 1e-12 || self.rules.always_one && self.out == 0;
        if !has_room {
            return false;
        }
        self.out += 1;
        let record = &mut self.members[member];
        record.out = Some(now);
        let (base, cap) = (self.rules.out_for.as_nanos(), self.rules.cap.as_nanos());
        if base.saturating_mul(record.times.into()) < cap.saturating_add(base) {
            record.times += 1;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: u64) -> SimTime {
        SimTime::ZERO + SimDuration::from_secs(second)
    }

    fn all(at_most: f64) -> Outlier {
        Outlier { at_most, ..Outlier::default() }
    }

    #[test]
    fn failures_in_a_row_eject_longer_each_time_until_a_sweep() {
        let mut outliers = Outliers::new(all(1.0), 4);
        let fail = |outliers: &mut Outliers, second: u64| {
            (0..5).map(|_| outliers.told(2, true, at(second))).collect::<Vec<_>>()
        };
        (0..4).for_each(|_| assert!(!outliers.told(2, true, at(0))));
        outliers.told(2, false, at(0));
        assert_eq!(fail(&mut outliers, 1), [false, false, false, false, true]);
        // 30 s are over at 31 s, the next sweep is at 40 s
        let readmitted = |outliers: &mut Outliers, sweeps: std::ops::RangeInclusive<u64>| {
            sweeps.filter(|n| !outliers.sweep(at(10 * n)).is_empty()).collect::<Vec<_>>()
        };
        assert_eq!(readmitted(&mut outliers, 1..=4), [4]);
        // twice as long now
        fail(&mut outliers, 40);
        assert_eq!(readmitted(&mut outliers, 5..=10), [10]);
        // two sweeps that it stood well make it 30 s again
        assert!(readmitted(&mut outliers, 11..=12).is_empty());
        fail(&mut outliers, 120);
        assert_eq!(readmitted(&mut outliers, 13..=15), [15]);
        // ten times in a row: never longer than the cap
        let mut now = 150;
        let mut lasted = Vec::new();
        for _ in 0..12 {
            fail(&mut outliers, now);
            let from = now;
            while outliers.is_out(2) {
                now += 10;
                outliers.sweep(at(now));
            }
            lasted.push(now - from);
        }
        assert_eq!(lasted, [60, 90, 120, 150, 180, 210, 240, 270, 300, 300, 300, 300]);
    }

    #[test]
    fn one_that_comes_back_only_to_be_out_again_changes_once() {
        let rules = Outlier { failures: None, ..all(1.0) };
        let mut outliers = Outliers::new(rules, 5);
        let told = |outliers: &mut Outliers| {
            feed(outliers, 0, 50, 100);
            (1..5).for_each(|member| feed(outliers, member, 100, 100));
        };
        told(&mut outliers);
        assert_eq!(outliers.sweep(at(10)), [0]);
        // What was under way ends badly meanwhile.
        told(&mut outliers);
        assert_eq!(outliers.sweep(at(40)), [0]);
        assert!(outliers.is_out(0));
    }

    #[test]
    fn no_more_are_out_than_may_be() {
        let five = |outliers: &mut Outliers, member: usize| {
            (0..5).map(|_| outliers.told(member, true, at(1))).last() == Some(true)
        };
        let mut outliers = Outliers::new(all(0.1), 20);
        assert_eq!([0, 1, 2].map(|member| five(&mut outliers, member)), [true, true, false]);
        // a tenth of five is nobody
        let mut outliers = Outliers::new(all(0.1), 5);
        assert!(!five(&mut outliers, 0));
        let mut outliers = Outliers::new(Outlier { always_one: true, ..all(0.1) }, 5);
        assert_eq!([0, 1].map(|member| five(&mut outliers, member)), [true, false]);
    }

    /// So many good ones of so many calls, the bad ones scattered.
    fn feed(outliers: &mut Outliers, member: usize, good: u32, calls: u32) {
        for n in 0..calls {
            outliers.told(member, (n + 1) * good / calls == n * good / calls, at(1));
        }
    }

    #[test]
    fn shares_of_too_few_say_nothing() {
        let rules = Outlier { failures: None, ..all(1.0) };
        let sweep = |members: usize, calls: u32, rules: Outlier| {
            let mut outliers = Outliers::new(rules, members);
            feed(&mut outliers, 0, calls / 2, calls);
            (1..members).for_each(|member| feed(&mut outliers, member, calls, calls));
            let changed = outliers.sweep(at(10));
            // what was counted is forgotten
            assert!(outliers.sweep(at(20)).is_empty());
            changed
        };
        // 50, 100, 100, 100, 100 is an example of Envoy's: 50 is below 90 - 1.9 * 20 = 52
        assert_eq!(sweep(5, 100, rules), [0]);
        assert!(sweep(5, 99, rules).is_empty() && sweep(4, 100, rules).is_empty());
        let by_share = Outlier { deviations: None, failure_share: Some(0.5), ..rules };
        assert_eq!(sweep(5, 50, by_share), [0]);
        assert!(sweep(5, 49, by_share).is_empty() && sweep(4, 50, by_share).is_empty());
    }
}
