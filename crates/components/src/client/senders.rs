//! Who sends the requests of a client.

/// The users of a client and the addresses they come from, numbered among those of all clients.
///
/// Each request is of one of the users: of a user who waits for it, or of one that is drawn, all alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Senders {
    first: u32,
    users: u32,
    addresses: u32,
}

impl Default for Senders {
    /// One user, number 0.
    fn default() -> Senders {
        Senders { first: 0, users: 1, addresses: 1 }
    }
}

impl Senders {
    /// Returns so many users with numbers from `first` on, who come from so many addresses, in turn.
    ///
    /// # Panics
    /// If there is no user or no address.
    pub fn new(first: u32, users: u32, addresses: u32) -> Senders {
        assert!(users > 0 && addresses > 0, "somebody sends, from somewhere");
        Senders { first, users, addresses }
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
