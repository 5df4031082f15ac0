//! The lives of a component: from a start to a crash.

/// Which of its lives a component is in, and whether that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life {
    pub(crate) number: u32,
    pub(crate) end: End,
}

/// How a life is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) enum End {
    #[default]
    None,
    /// Whoever calls is told.
    Refuses,
    /// Whoever calls hears nothing.
    Silent,
}

impl Life {
    /// Returns whether it is over: the component is down.
    pub fn is_over(self) -> bool {
        self.end != End::None
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
        self.end != End::Silent && self.has_ended(made)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_gone_says_nothing_until_it_is_back() {
        let life = |number, end| Life { number, end };
        let made = life(0, End::None);
        let said = |now: Life| (now.has_ended(made), now.says_it_has_ended(made));
        assert_eq!(said(made), (false, false));
        assert_eq!(said(life(1, End::Refuses)), (true, true));
        assert_eq!(said(life(1, End::Silent)), (true, false));
        assert_eq!(said(life(1, End::None)), (true, true));
        // What was begun while it was down is no connection to whoever comes back.
        assert!(life(1, End::None).says_it_has_ended(life(1, End::Refuses)));
    }
}
