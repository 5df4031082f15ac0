//! The better of two by response time, quick to see that somebody has become slow.

use kneepoint_engine::{SimDuration, SimTime};
use kneepoint_random::Stream;

use super::random::any;
use crate::routing::members::Members;
use crate::routing::policy::{Choice, End, Policy};

/// What a member that has calls and has never answered is taken to cost \[ns\], so that nobody is flooded unseen.
///
/// # Source
/// Finagle `PeakEwma.scala`: `Long.MaxValue >> 16`.
const PENALTY: f64 = (i64::MAX >> 16) as f64;

#[derive(Clone, Copy, Debug)]
struct Metric {
    stamp: SimTime,
    cost: f64,
}

/// Draws two members and takes the one of the smaller cost: the average of its response times, weighted by age, times one
/// more than its calls. A response slower than the average replaces it at once (the peak); faster ones pull it down with
/// the time constant. O(1).
///
/// # Source
/// Finagle `finagle-core/src/main/scala/com/twitter/finagle/loadbalancer/PeakEwma.scala`, `p2c`.
#[derive(Clone, Debug)]
pub struct PeakEwma {
    decay: f64,
    metrics: Vec<Metric>,
    stream: Option<Stream>,
}

impl PeakEwma {
    /// Returns the policy with this time constant.
    ///
    /// # Panics
    /// If it is zero.
    pub fn new(decay: SimDuration) -> PeakEwma {
        assert!(!decay.is_zero(), "a time constant of nothing");
        PeakEwma { decay: decay.as_nanos() as f64, metrics: Vec::new(), stream: None }
    }

    fn observe(&mut self, member: usize, took: f64, now: SimTime) {
        let metric = &mut self.metrics[member];
        let since = (now - metric.stamp).as_nanos() as f64;
        metric.stamp = now;
        if took > metric.cost {
            metric.cost = took;
        } else {
            let kept = libm::exp(-since / self.decay);
            metric.cost = metric.cost * kept + took * (1.0 - kept);
        }
    }

    fn cost(&mut self, member: usize, choice: &Choice<'_>) -> f64 {
        self.observe(member, 0.0, choice.now);
        let (cost, load) = (self.metrics[member].cost, f64::from(choice.members.load(member)));
        if cost == 0.0 && load != 0.0 { PENALTY + load } else { cost * (load + 1.0) }
    }
}

impl Policy for PeakEwma {
    fn start(&mut self, members: &Members, stream: Stream) {
        self.metrics = vec![Metric { stamp: SimTime::ZERO, cost: 0.0 }; members.count()];
        self.stream = Some(stream);
    }

    fn watches(&self) -> bool {
        true
    }

    fn choose(&mut self, choice: &Choice<'_>) -> Option<usize> {
        let stream = self.stream.as_mut().expect("a policy is started first");
        let first = any(choice, stream)?;
        if choice.allowed() < 2 {
            return Some(first);
        }
        let second = loop {
            match any(choice, stream) {
                Some(drawn) if drawn != first => break drawn,
                Some(_) => {}
                None => return Some(first),
            }
        };
        let costs = (self.cost(first, choice), self.cost(second, choice));
        Some(if costs.1 < costs.0 { second } else { first })
    }

    fn ended(&mut self, member: usize, end: End, _: &Members) {
        if let Some(took) = end.took {
            self.observe(member, took.as_nanos() as f64, end.now);
        }
    }

    fn boxed(&self) -> Box<dyn Policy> {
        Box::new(self.clone())
    }
}
