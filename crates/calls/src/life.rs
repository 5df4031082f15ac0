//! The lives of a component: from a start to a crash.

/// How a component is, as seen from outside.
///
/// ```text
/// Unbuilt --> Serves <--> Hangs
///                ^----> Down <--'
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    /// Declared, and not built yet.
    Unbuilt,
    Serves,
    Hangs,
    Down(End),
}

/// Which of its lives a component is in, and whether that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life {
    pub(crate) number: u32,
    pub(crate) end: Option<End>,
}

impl Life {
    /// The life of this number of a component that is so.
    pub(crate) fn of(number: u32, condition: Condition) -> Life {
        let end = match condition {
            Condition::Unbuilt | Condition::Serves | Condition::Hangs => None,
            Condition::Down(end) => Some(end),
        };
        Life { number, end }
    }
}

/// How a life is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Whoever calls is told.
    Refuses,
    /// Whoever calls hears nothing.
    Silent,
}

impl Life {
    /// Returns whether it is over: the component is down.
    pub fn is_over(self) -> bool {
        self.end.is_some()
    }

    /// Returns whether it is over and whoever calls is told so.
    pub fn refuses(self) -> bool {
        self.end == Some(End::Refuses)
    }

    /// Returns whether a connection that was made in the life `made` has broken since: its other end is down, or crashed and
    /// is back; or was down already, so that there never was one.
    pub fn has_ended(self, made: Life) -> bool {
        self.is_over() || made.is_over() || self.number != made.number
    }

    /// Returns whether the other end of a connection made in the life `made` would say that it has broken: a process that
    /// ends leaves a machine behind which closes its connections, and one that is back knows none of the old. A machine
    /// that is gone says nothing.
    ///
    /// # Source
    /// RFC 9293, 3.5.2 (reset generation) and 3.10.7.1.
    pub fn says_it_has_ended(self, made: Life) -> bool {
        self.end != Some(End::Silent) && self.has_ended(made)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_gone_says_nothing_until_it_is_back() {
        let life = |number, end| Life { number, end };
        let made = life(0, None);
        let said = |now: Life| (now.has_ended(made), now.says_it_has_ended(made));
        assert_eq!(said(made), (false, false));
        assert_eq!(said(life(1, Some(End::Refuses))), (true, true));
        assert_eq!(said(life(1, Some(End::Silent))), (true, false));
        assert_eq!(said(life(1, None)), (true, true));
        // What was begun while it was down is no connection to whoever comes back.
        assert!(life(1, None).says_it_has_ended(life(1, Some(End::Refuses))));
    }
}
