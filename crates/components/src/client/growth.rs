//! Steady growth by a share per period.

use super::profile::Reach;

/// The largest value a profile takes: beyond it a doubling would soon leave the range of numbers.
pub(crate) const LARGEST: f64 = 1e15;

/// `from · e^(rate · t)`, t in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Growth {
    pub(crate) from: f64,
    /// \[1/s\]; negative for decline.
    pub(crate) rate: f64,
}

impl Growth {
    pub(crate) fn at(&self, at: u64) -> f64 {
        (self.from * libm::exp(self.rate * at as f64 * 1e-9)).min(LARGEST)
    }

    pub(crate) fn range(&self, a: u64, b: u64) -> (f64, f64) {
        let (start, end) = (self.at(a), self.at(b));
        (start.min(end), start.max(end))
    }

    pub(crate) fn integral_over(&self, a: u64, span: f64) -> f64 {
        let seconds = span * 1e-9;
        if self.rate == 0.0 {
            return self.at(a) * seconds;
        }
        self.at(a) * libm::expm1(self.rate * seconds) / self.rate
    }

    /// Where the integral reaches `amount`: `ln(1 + rate·amount/value) / rate`.
    pub(crate) fn reach(&self, from: u64, amount: f64) -> Reach {
        let value = self.at(from);
        if value <= 0.0 {
            return Reach::Never;
        }
        let plain = amount.max(0.0) / value;
        let grown = self.rate * plain;
        if grown <= -1.0 {
            return Reach::Never; // what is still to come in all eternity is less
        }
        let seconds = if self.rate == 0.0 { plain } else { libm::log1p(grown) / self.rate };
        Reach::After(seconds * 1e9)
    }
}
