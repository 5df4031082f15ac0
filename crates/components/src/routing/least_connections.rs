//! The one with the fewest calls under way.

use kneepoint_calls::{Call, Core};
use kneepoint_random::Stream;

use super::policy::Policy;
use super::tournament::Tournament;

/// Who of several members with equally few calls is next. At light load this decides nearly every choice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ties {
    /// The one whose number of calls changed longest ago: round robin while all are idle. O(log n).
    ///
    /// # Source
    /// HAProxy `src/lb_fwlc.c`: a server whose load changes is put behind those of equal load.
    #[default]
    LongestUnchanged,
    /// In rotation among the tied ones only. O(n).
    ///
    /// # Source
    /// nginx `src/http/modules/ngx_http_upstream_least_conn_module.c`: smooth weighted round robin over the tied.
    Rotation,
    /// The first in the list. O(log n).
    First,
    /// Any of them: what theory calls joining the shortest queue. O(log n).
    Random,
}

/// Gives each call to the member with the fewest under way, as this balancer counts them.
///
/// # Source
/// HAProxy `leastconn` and nginx `least_conn`; both recorded sequences are repeated exactly by the tests.
#[derive(Clone, Debug)]
pub struct LeastConnections {
    ties: Ties,
    /// Calls under way, and the time of the last change if it matters.
    calls: Tournament,
    members: usize,
    changes: u64,
    /// Current weights of nginx's rotation.
    turns: Vec<i64>,
    stream: Option<Stream>,
}

impl LeastConnections {
    /// Returns the policy with this rule for ties.
    pub fn new(ties: Ties) -> LeastConnections {
        LeastConnections {
            ties,
            calls: Tournament::default(),
            members: 0,
            changes: 0,
            turns: Vec::new(),
            stream: None,
        }
    }

    fn change(&mut self, member: usize, calls: u32) {
        let order = match self.ties {
            Ties::LongestUnchanged => {
                self.changes += 1;
                self.changes
            }
            Ties::Rotation | Ties::First | Ties::Random => 0,
        };
        self.calls.set(member, (calls, order));
    }

    fn rotate(&mut self) -> usize {
        let least = self.calls.get(self.calls.least(0));
        let mut best: Option<usize> = None;
        let mut tied = 0;
        for member in (0..self.members).filter(|member| self.calls.get(*member) == least) {
            self.turns[member] += 1;
            tied += 1;
            if best.is_none_or(|best| self.turns[member] > self.turns[best]) {
                best = Some(member);
            }
        }
        let best = best.expect("the least value is somebody's");
        self.turns[best] -= tied;
        best
    }
}

impl Policy for LeastConnections {
    fn start(&mut self, members: usize, cx: &mut Core) {
        self.members = members;
        self.changes = members as u64;
        let first = |member| if self.ties == Ties::LongestUnchanged { (0, member as u64) } else { (0, 0) };
        self.calls = Tournament::new((0..members).map(first));
        self.turns = vec![0; members];
        self.stream = Some(cx.stream("routing"));
    }

    fn watches(&self) -> bool {
        true
    }

    fn choose(&mut self, _: Call, _: &mut Core) -> usize {
        let tied = self.calls.tied();
        let chosen = match self.ties {
            // nginx touches its weights only when there is a tie.
            Ties::Rotation if tied > 1 => self.rotate(),
            Ties::Random if tied > 1 => {
                let stream = self.stream.as_mut().expect("a policy is started first");
                self.calls.least(stream.below(tied as u64) as u32)
            }
            _ => self.calls.least(0),
        };
        self.change(chosen, self.calls.get(chosen).0 + 1);
        chosen
    }

    fn ended(&mut self, member: usize) {
        self.change(member, self.calls.get(member).0 - 1);
    }

    fn boxed(&self) -> Box<dyn Policy> {
        Box::new(self.clone())
    }
}
