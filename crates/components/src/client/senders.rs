//! Who sends the requests of a client.

/// The users of a client and the addresses they come from, numbered among those of all clients.
///
/// Each request is of one of the users: of a user who waits for it, or of one that is drawn, all alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Senders {
    first: u32,
    users: u32,
    addresses: u32,
    /// How many numbers there are for users that name themselves.
    numbers: u32,
}

impl Default for Senders {
    /// One user, number 0.
    fn default() -> Senders {
        Senders { first: 0, users: 1, addresses: 1, numbers: u32::MAX }
    }
}

impl Senders {
    /// Returns so many users with numbers from `first` on, who come from so many addresses, in turn.
    ///
    /// # Panics
    /// If there is no user or no address.
    pub fn new(first: u32, users: u32, addresses: u32) -> Senders {
        assert!(users > 0 && addresses > 0, "somebody sends, from somewhere");
        Senders { first, users, addresses, numbers: u32::MAX }
    }

    /// Returns users who are themselves, each with an address, for whom there are so many numbers from `first` on. Of
    /// sessions, which never end to come, one that begins after all numbers are used gets the first one again.
    ///
    /// # Panics
    /// If there is no number.
    pub fn each(first: u32, numbers: u32) -> Senders {
        assert!(numbers > 0, "somebody sends");
        Senders { first, users: 1, addresses: numbers, numbers }
    }

    /// The place of a user that names itself among the numbers there are.
    #[inline]
    pub(crate) fn own(self, user: u32) -> u32 {
        user % self.numbers
    }

    /// How many users to draw from.
    pub(crate) fn users(self) -> u32 {
        self.users
    }

    /// The number of a user among those of all clients.
    #[inline(always)]
    pub(crate) fn user(self, user: u32) -> u32 {
        self.first.wrapping_add(user)
    }

    /// The number of the user's address.
    #[inline(always)]
    pub(crate) fn address(self, user: u32) -> u32 {
        self.first.wrapping_add(user % self.addresses)
    }
}
