//! Jump consistent hash.

use kneepoint_random::Stream;

use crate::routing::hashing::jump::jump;
use crate::routing::members::Members;
use crate::routing::policy::{Choice, Policy};

/// Tries before whoever is next in the list is taken.
///
/// # Source
/// Chosen: with half of the members down one key in a million comes that far.
const TRIES: u64 = 20;

/// Gives a key to one of the members in the list; one more at its end takes over only what becomes its own. A member that
/// cannot be chosen makes the key be hashed again, so that only its own keys move. Weights are not looked at. O(log n).
///
/// # Source
/// Lamping, Veach, "A fast, minimal memory, consistent hash algorithm", arXiv:1406.2294, 2014.
#[derive(Clone, Debug, Default)]
pub struct JumpHash;

impl JumpHash {
    /// Returns who gets a key.
    pub fn owner(key: u64, members: usize, allows: impl Fn(usize) -> bool) -> Option<usize> {
        let mut owner = 0;
        for n in 0..=TRIES {
            let again = key.wrapping_add(n.wrapping_mul(0x9E37_79B9_7F4A_7C15));
            owner = jump(again, members as u32) as usize;
            if allows(owner) {
                return Some(owner);
            }
        }
        (0..members).map(|step| (owner + step) % members).find(|member| allows(*member))
    }
}

impl Policy for JumpHash {
    fn start(&mut self, _: &Members, _: Stream) {}

    fn watches(&self) -> bool {
        false
    }

    fn insists(&self) -> bool {
        true
    }

    fn choose(&mut self, choice: &Choice<'_>) -> Option<usize> {
        let allows = |member| {
            choice.members.is_up(member) && choice.members.weight(member) > 0 && !choice.was_tried(member)
        };
        JumpHash::owner(choice.key, choice.members.count(), allows)
    }

    fn boxed(&self) -> Box<dyn Policy> {
        Box::new(self.clone())
    }
}
