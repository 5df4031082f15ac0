//! Sets of statuses.

use kneepoint_calls::Status;

/// Some of the ways a call can end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statuses(u16);

impl Statuses {
    /// Returns the set of these.
    pub fn of(list: &[Status]) -> Statuses {
        Statuses(list.iter().fold(0, |set, status| set | 1 << *status as u16))
    }

    /// Returns the set of all that leave the caller without anything, except that it asked for the end itself.
    pub fn all_bad() -> Statuses {
        let bad = |status: &Status| !status.is_good() && *status != Status::Cancelled;
        Statuses::of(&Status::ALL.into_iter().filter(bad).collect::<Vec<_>>())
    }

    /// Returns whether it is one of them.
    #[inline]
    pub fn has(self, status: Status) -> bool {
        self.0 & 1 << status as u16 != 0
    }
}
