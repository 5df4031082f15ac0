//! The one that is expected to answer first.

use kneepoint_random::Stream;

use super::tournament::Tournament;
use crate::routing::members::Members;
use crate::routing::policy::{Choice, End, Policy};

/// Share of a new response time in the mean.
///
/// # Source
/// Chosen: about the last twenty answers count, as in the averages of TCP's round trips times two (RFC 6298 has 1/8).
const NEW: f64 = 0.1;

/// Gives each call to the member with the smallest product of its mean response time (exponentially weighted) and one more
/// than its calls, divided by its weight; of equal ones the one that changed longest ago. O(log n).
///
/// A member that has not answered yet counts as the fastest, so that it is tried.
///
/// # Source
/// nginx plus, `least_time`: "the least average response time and the least number of active connections, weights
/// taken into account"; the product's formula is not published, this one is a choice.
#[derive(Clone, Debug, Default)]
pub struct LeastTime {
    mean: Vec<f64>,
    scores: Tournament,
    changes: u64,
}

impl LeastTime {
    /// Returns the policy.
    pub fn new() -> LeastTime {
        LeastTime::default()
    }

    fn rank(&mut self, member: usize, members: &Members) {
        self.changes += 1;
        let score = self.mean[member] * f64::from(members.load(member) + 1);
        let score = if members.is_usable(member) {
            // Nanoseconds for the weight; the conversion is saturating.
            Some(((score / f64::from(members.weight(member))) as u64, self.changes))
        } else {
            None
        };
        self.scores.set(member, score);
    }
}

impl Policy for LeastTime {
    fn start(&mut self, members: &Members, _: Stream) {
        self.mean = vec![0.0; members.count()];
        self.scores = Tournament::new((0..members.count()).map(|_| None).collect::<Vec<_>>().into_iter());
        for member in 0..members.count() {
            self.rank(member, members);
        }
    }

    fn watches(&self) -> bool {
        true
    }

    fn choose(&mut self, choice: &Choice<'_>) -> Option<usize> {
        self.scores.without(choice.tried, |scores| (scores.tied() > 0).then(|| scores.least(0)))
    }

    fn changed(&mut self, member: usize, members: &Members) {
        self.rank(member, members);
    }

    fn loaded(&mut self, member: usize, members: &Members) {
        self.rank(member, members);
    }

    fn ended(&mut self, member: usize, end: End, members: &Members) {
        if let Some(took) = end.took {
            let took = took.as_nanos() as f64;
            let mean = &mut self.mean[member];
            *mean = if *mean == 0.0 { took } else { *mean + NEW * (took - *mean) };
            self.rank(member, members);
        }
    }

    fn boxed(&self) -> Box<dyn Policy> {
        Box::new(self.clone())
    }
}
