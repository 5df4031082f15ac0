//! nginx's round robin.

use kneepoint_random::Stream;

use crate::routing::members::Members;
use crate::routing::policy::{Choice, End, Policy};

/// Smooth weighted round robin: at each choice everybody's score grows by its weight, the highest is chosen (the first of
/// equal ones) and pays what all together gained. 5/1/1 is `AABACAA`. O(n), as in the product.
///
/// A member that fails has its weight cut by `weight / max_fails` and regains 1 at each choice.
///
/// # Source
/// nginx `src/http/ngx_http_upstream_round_robin.c`, `ngx_http_upstream_get_peer` and `…_free_round_robin_peer`; recorded
/// sequences of weights 5/1/1, 3/2/1 and of failures are repeated exactly.
#[derive(Clone, Debug, Default)]
pub struct SmoothWeighted {
    scores: Vec<i64>,
    /// Weights as far as failures have left them.
    effective: Vec<i64>,
    max_fails: u32,
}

impl SmoothWeighted {
    /// Returns the policy; failures change no weight.
    pub fn new() -> SmoothWeighted {
        SmoothWeighted::default()
    }

    /// With weights that fall at failures, as many of which take the member out.
    pub fn with_max_fails(self, max_fails: u32) -> SmoothWeighted {
        SmoothWeighted { max_fails, ..self }
    }
}

impl Policy for SmoothWeighted {
    fn start(&mut self, members: &Members, _: Stream) {
        self.scores = vec![0; members.count()];
        self.effective = (0..members.count()).map(|member| i64::from(members.weight(member))).collect();
    }

    fn watches(&self) -> bool {
        self.max_fails > 0
    }

    fn choose(&mut self, choice: &Choice<'_>) -> Option<usize> {
        let members = choice.members;
        let mut best: Option<usize> = None;
        let mut total = 0;
        for member in 0..members.count() {
            if !choice.allows(member) {
                continue;
            }
            let gain = self.effective[member];
            self.scores[member] += gain;
            total += gain;
            if self.effective[member] < i64::from(members.weight(member)) {
                self.effective[member] += 1;
            }
            if best.is_none_or(|best| self.scores[member] > self.scores[best]) {
                best = Some(member);
            }
        }
        self.scores[best?] -= total;
        best
    }

    fn changed(&mut self, member: usize, members: &Members) {
        // A weight that was set anew is taken over; one that failures cut is left to recover.
        let weight = i64::from(members.weight(member));
        if self.max_fails == 0 || self.effective[member] > weight {
            self.effective[member] = weight;
        }
    }

    fn ended(&mut self, member: usize, end: End, members: &Members) {
        if end.failed && self.max_fails > 0 {
            let cut = i64::from(members.weight(member)) / i64::from(self.max_fails);
            self.effective[member] = (self.effective[member] - cut).max(0);
        }
    }

    fn boxed(&self) -> Box<dyn Policy> {
        Box::new(self.clone())
    }
}
