//! The one with the fewest calls under way.

use kneepoint_random::Stream;

use super::rotation::Rotation;
use super::tournament::Tournament;
use crate::routing::members::Members;
use crate::routing::policy::{Choice, Policy};

/// Who of several members with equally few calls is next. At light load this decides nearly every choice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ties {
    /// The one whose place changed longest ago: round robin while all are idle. The call to come is counted:
    /// (calls + 1) / weight, 0 of one that is idle. O(log n).
    ///
    /// # Source
    /// HAProxy `src/lb_fwlc.c`: a server whose load changes is put behind those of equal load.
    #[default]
    LongestUnchanged,
    /// By smooth weighted rotation among the tied ones only; calls / weight. O(w + log n) for w different weights; the
    /// product looks at everybody.
    ///
    /// # Source
    /// nginx `src/http/modules/ngx_http_upstream_least_conn_module.c`.
    Rotation,
    /// The first in the list; calls / weight. O(log n).
    First,
    /// Any of them; calls / weight: what theory calls joining the shortest queue. O(log n).
    Random,
}

/// Gives each call to the member with the fewest under way for its weight, as far as the balancer's view goes.
///
/// # Source
/// HAProxy `leastconn` and nginx `least_conn`; both recorded sequences are repeated exactly by the tests, with equal
/// and with unequal weights.
#[derive(Clone, Debug)]
pub struct LeastConnections {
    ties: Ties,
    /// Calls for the weight, and the time of the last change if it matters; of nobody if ties are settled by rotation.
    loads: Tournament,
    known: Vec<u32>,
    changes: u64,
    /// nginx's rotation among members of equal calls for the weight, if ties are settled so.
    turns: Rotation,
    stream: Option<Stream>,
}

/// HAProxy's largest weight, in sixteenths.
const LARGEST: u64 = 256 * 16;

impl LeastConnections {
    /// Returns the policy with this rule for ties.
    pub fn new(ties: Ties) -> LeastConnections {
        LeastConnections {
            ties,
            loads: Tournament::default(),
            known: Vec::new(),
            changes: 0,
            turns: Rotation::default(),
            stream: None,
        }
    }

    fn value(&self, member: usize, members: &Members) -> Option<u64> {
        if !members.is_usable(member) {
            return None;
        }
        let load = u64::from(members.load(member));
        let (weight, sixteenths) = (u64::from(members.weight(member)), u64::from(members.sixteenths(member)));
        Some(match self.ties {
            Ties::LongestUnchanged if load == 0 => 0,
            Ties::LongestUnchanged => (load + 1) * LARGEST / sixteenths,
            // Equal exactly when the fractions are: weights of less than 2^16 make others differ by 2^-32 at least.
            Ties::Rotation | Ties::First | Ties::Random => (load << 32) / weight,
        })
    }

    /// Tells the rotation where a member stands.
    fn enter(&mut self, member: usize, members: &Members) {
        let class = self.value(member, members).map(|value| (value, i64::from(members.weight(member))));
        self.turns.set(member, class);
    }

    /// Chooses as nginx does: its weights are touched only when there is a tie, and those that were tried are passed over.
    fn rotate(&mut self, choice: &Choice<'_>) -> Option<usize> {
        choice.tried.iter().for_each(|member| self.turns.set(usize::from(*member), None));
        let chosen = match self.turns.least() {
            Some((_, Some(only))) => Some(only),
            Some((class, None)) => self.turns.turn(class),
            None => None,
        };
        choice.tried.iter().for_each(|member| self.enter(usize::from(*member), choice.members));
        chosen
    }
}

impl Policy for LeastConnections {
    fn start(&mut self, members: &Members, stream: Stream) {
        self.changes = members.count() as u64;
        self.stream = Some(stream);
        if self.ties == Ties::Rotation {
            self.turns = Rotation::new((0..members.count()).map(|member| members.get(member).weight));
            (0..members.count()).for_each(|member| self.enter(member, members));
            return;
        }
        let by_list = self.ties == Ties::LongestUnchanged;
        let first = |member| Some((self.value(member, members)?, if by_list { member as u64 } else { 0 }));
        self.loads = Tournament::new((0..members.count()).map(first).collect::<Vec<_>>().into_iter());
        self.known = (0..members.count()).map(|member| members.load(member)).collect();
    }

    fn watches(&self) -> bool {
        true
    }

    fn choose(&mut self, choice: &Choice<'_>) -> Option<usize> {
        if self.ties == Ties::Rotation {
            return self.rotate(choice);
        }
        let (ties, stream) = (self.ties, &mut self.stream);
        self.loads.without(choice.tried, |loads| {
            let tied = loads.tied();
            let n = match ties {
                Ties::Random if tied > 1 => {
                    stream.as_mut().expect("a policy is started first").below(u64::from(tied)) as u32
                }
                _ => 0,
            };
            (tied > 0).then(|| loads.least(n))
        })
    }

    fn changed(&mut self, member: usize, members: &Members) {
        self.loaded(member, members);
    }

    fn loaded(&mut self, member: usize, members: &Members) {
        if self.ties == Ties::Rotation {
            return self.enter(member, members);
        }
        let order = match (self.ties, self.loads.get(member)) {
            // What is unchanged keeps its place.
            (Ties::LongestUnchanged, Some((_, order))) if self.known[member] == members.load(member) => order,
            (Ties::LongestUnchanged, _) => {
                self.changes += 1;
                self.changes
            }
            (Ties::Rotation | Ties::First | Ties::Random, _) => 0,
        };
        self.known[member] = members.load(member);
        self.loads.set(member, self.value(member, members).map(|value| (value, order)));
    }

    fn boxed(&self) -> Box<dyn Policy> {
        Box::new(self.clone())
    }
}
