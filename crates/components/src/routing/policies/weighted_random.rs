//! Any, by weight.

use kneepoint_random::Stream;

use super::weights::Tickets;
use crate::routing::members::Members;
use crate::routing::policy::{Choice, Policy};

/// Gives each call to a member drawn at random, as likely as its weight. O(log n).
///
/// # Source
/// A Poisson stream split by lot is so many independent Poisson streams: Kingman, "Poisson Processes", 1993, section 5.1.
#[derive(Clone, Debug, Default)]
pub struct WeightedRandom {
    tickets: Tickets,
    stream: Option<Stream>,
}

impl WeightedRandom {
    /// Returns the policy.
    pub fn new() -> WeightedRandom {
        WeightedRandom::default()
    }
}

fn tickets(member: usize, members: &Members) -> u32 {
    if members.is_usable(member) { members.weight(member) } else { 0 }
}

impl Policy for WeightedRandom {
    fn start(&mut self, members: &Members, stream: Stream) {
        self.tickets = Tickets::new((0..members.count()).map(|member| tickets(member, members)));
        self.stream = Some(stream);
    }

    fn watches(&self) -> bool {
        false
    }

    fn choose(&mut self, choice: &Choice<'_>) -> Option<usize> {
        let members = choice.members;
        for tried in choice.tried {
            self.tickets.set(usize::from(*tried), 0);
        }
        let total = self.tickets.total();
        let chosen = (total > 0).then(|| {
            let stream = self.stream.as_mut().expect("a policy is started first");
            self.tickets.holder(stream.below(total))
        });
        for tried in choice.tried {
            self.tickets.set(usize::from(*tried), tickets(usize::from(*tried), members));
        }
        chosen
    }

    fn changed(&mut self, member: usize, members: &Members) {
        self.tickets.set(member, tickets(member, members));
    }

    fn boxed(&self) -> Box<dyn Policy> {
        Box::new(self.clone())
    }
}
