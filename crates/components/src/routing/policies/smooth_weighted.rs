//! nginx's round robin.

use kneepoint_random::Stream;

use super::rotation::Rotation;
use crate::routing::members::Members;
use crate::routing::policy::{Choice, End, Policy};

/// Smooth weighted round robin: at each choice everybody's score grows by its weight, the highest is chosen (the first of
/// equal ones) and pays what all together gained. 5/1/1 is `AABACAA`. O(w + log n) for w different weights, of which there
/// are 256 at most; the product looks at everybody.
///
/// A member that fails has its weight cut by `weight / max_fails` and regains 1 at each choice: while it does so, each
/// choice looks at it too.
///
/// # Source
/// nginx `src/http/ngx_http_upstream_round_robin.c`, `ngx_http_upstream_get_peer` and `…_free_round_robin_peer`; recorded
/// sequences of weights 5/1/1, 3/2/1 and of failures are repeated exactly.
#[derive(Clone, Debug, Default)]
pub struct SmoothWeighted {
    rotation: Rotation,
    /// Weights as far as failures have left them.
    effective: Vec<i64>,
    max_fails: u32,
}

/// All members are in one class.
const CLASS: u64 = 0;

impl SmoothWeighted {
    /// Returns the policy; failures change no weight.
    pub fn new() -> SmoothWeighted {
        SmoothWeighted::default()
    }

    /// With weights that fall at failures, as many of which take the member out.
    pub fn with_max_fails(self, max_fails: u32) -> SmoothWeighted {
        SmoothWeighted { max_fails, ..self }
    }

    fn settle(&mut self, member: usize, members: &Members) {
        let takes_part = members.is_usable(member).then_some((CLASS, self.effective[member]));
        self.rotation.set(member, takes_part);
    }

    /// Those that took part with less than their weight regain 1 each.
    fn recover(&mut self, choice: &Choice<'_>) {
        // From the end: who has its whole weight again leaves the list.
        for at in (0..self.rotation.odd().len()).rev() {
            let member = self.rotation.odd()[at] as usize;
            if self.effective[member] < i64::from(choice.members.weight(member)) {
                self.effective[member] += 1;
                self.settle(member, choice.members);
            }
        }
    }
}

impl Policy for SmoothWeighted {
    fn start(&mut self, members: &Members, _: Stream) {
        self.rotation = Rotation::new((0..members.count()).map(|member| members.get(member).weight));
        self.effective = (0..members.count()).map(|member| i64::from(members.weight(member))).collect();
        for member in 0..members.count() {
            self.settle(member, members);
        }
    }

    fn watches(&self) -> bool {
        self.max_fails > 0
    }

    fn choose(&mut self, choice: &Choice<'_>) -> Option<usize> {
        for tried in choice.tried {
            self.rotation.set(usize::from(*tried), None);
        }
        let chosen = self.rotation.turn(CLASS);
        self.recover(choice);
        for tried in choice.tried {
            self.settle(usize::from(*tried), choice.members);
        }
        chosen
    }

    fn changed(&mut self, member: usize, members: &Members) {
        // A weight that was set anew is taken over; one that failures cut is left to recover.
        let weight = i64::from(members.weight(member));
        if self.max_fails == 0 || self.effective[member] > weight {
            self.effective[member] = weight;
        }
        self.settle(member, members);
    }

    fn ended(&mut self, member: usize, end: End, members: &Members) {
        if end.failed && self.max_fails > 0 {
            let cut = i64::from(members.weight(member)) / i64::from(self.max_fails);
            self.effective[member] = (self.effective[member] - cut).max(0);
            self.settle(member, members);
        }
    }

    fn boxed(&self) -> Box<dyn Policy> {
        Box::new(self.clone())
    }
}
