//! What a limit says of a call.

use kneepoint_engine::SimDuration;

/// What becomes of a call that a limit has looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It passes now.
    Admit,
    /// It passes after this time.
    Delay(SimDuration),
    /// It is turned away. One that comes after this time would pass if nobody else came; nothing: never.
    Refuse(Option<SimDuration>),
}

/// Bits of a number that say what was decided; the others are milliseconds.
const DELAYED: u32 = 1 << 30;
const REFUSED: u32 = 2 << 30;
const MILLIS: u32 = DELAYED - 1;

impl Decision {
    /// Returns whether the call passes, at once or later.
    pub fn admits(self) -> bool {
        !matches!(self, Decision::Refuse(_))
    }

    /// Returns after how many whole milliseconds to come back, as a limited answer says it; 0 says nothing.
    pub fn retry_after_ms(self) -> u32 {
        match self {
            Decision::Refuse(Some(after)) => millis(after).max(1),
            _ => 0,
        }
    }

    /// As a number that an answer can carry: milliseconds, rounded up, twelve days at most.
    pub(crate) fn pack(self) -> u32 {
        match self {
            Decision::Admit => 0,
            Decision::Delay(after) => DELAYED | millis(after),
            Decision::Refuse(None) => REFUSED,
            Decision::Refuse(Some(after)) => REFUSED | millis(after).max(1),
        }
    }

    /// The inverse.
    pub(crate) fn unpack(value: u32) -> Decision {
        let after = SimDuration::from_millis(u64::from(value & MILLIS));
        match value & !MILLIS {
            DELAYED => Decision::Delay(after),
            REFUSED => Decision::Refuse((!after.is_zero()).then_some(after)),
            _ => Decision::Admit,
        }
    }
}

fn millis(span: SimDuration) -> u32 {
    span.as_nanos().div_ceil(1_000_000).min(u64::from(MILLIS)) as u32
}
