//! A few random numbers: the engine itself draws none and depends on no crate that does.

/// A SplitMix64 generator.
///
/// # Source
/// Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014, figure 17.
#[derive(Clone)]
pub struct SplitMix(pub u64);

impl SplitMix {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number below `end`; the bias of the modulus does not matter here.
    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// Tells whether an event of so many per cent happened.
    pub fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// The laws of delays that the twins are compared under.
#[derive(Clone, Copy, Debug)]
pub enum Law {
    /// Nearly everything is a tie.
    Tied,
    /// Of one order of magnitude.
    Even,
    /// Any power of two up to days.
    Powers,
    /// One delay.
    Constant,
    /// Half none at all, half up to 18 minutes.
    NoneOrLong,
    /// Of any order of magnitude, evenly.
    AnyMagnitude,
    /// Short service and far timers, as in a simulation with timeouts.
    Timeouts,
    /// Up to the end of time.
    EndOfTime,
}

pub const LAWS: [Law; 8] = [
    Law::Tied,
    Law::Even,
    Law::Powers,
    Law::Constant,
    Law::NoneOrLong,
    Law::AnyMagnitude,
    Law::Timeouts,
    Law::EndOfTime,
];

impl Law {
    pub fn delay(self, random: &mut SplitMix) -> u64 {
        match self {
            Law::Tied => random.below(4),
            Law::Even => random.below(1_000),
            Law::Powers => 1 << random.below(51),
            Law::Constant => 5,
            Law::NoneOrLong => random.below(2) * random.below(1 << 40),
            Law::AnyMagnitude => {
                let bits = random.below(30) + 1;
                random.below(1 << bits)
            }
            Law::Timeouts => match random.below(3) {
                0 => 100_000_000,
                1 => 7 * 86_400_000_000_000,
                _ => random.below(2_000_000),
            },
            Law::EndOfTime => random.next() >> random.below(64),
        }
    }
}
