//! A daily wave.

use super::profile::Reach;

/// A sinus between a low and a high value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Wave {
    pub(crate) low: f64,
    pub(crate) high: f64,
    /// \[ns\]
    pub(crate) period: u64,
    /// When it is highest, below the period \[ns\].
    pub(crate) peak: u64,
}

const TURN: f64 = 2.0 * std::f64::consts::PI;

impl Wave {
    /// The angle since the last peak, from 0 to a turn: reduced in integers, so that it stays exact for ever.
    fn angle(&self, at: u64) -> f64 {
        // at mod period lies below the period: adding the complement of the peak cannot pass u64 for any
        // period below half its range, which the constructor sees to.
        let since = (at % self.period + (self.period - self.peak)) % self.period;
        since as f64 / self.period as f64 * TURN
    }

    fn middle(&self) -> f64 {
        (self.low + self.high) / 2.0
    }

    fn height(&self) -> f64 {
        (self.high - self.low) / 2.0
    }

    pub(crate) fn at(&self, at: u64) -> f64 {
        (self.middle() + self.height() * libm::cos(self.angle(at))).clamp(self.low, self.high)
    }

    pub(crate) fn range(&self, a: u64, b: u64) -> (f64, f64) {
        if b - a >= self.period {
            return (self.low, self.high);
        }
        let (start, end) = (self.at(a), self.at(b));
        let from = self.angle(a);
        let to = from + (b - a) as f64 / self.period as f64 * TURN;
        let half = TURN / 2.0;
        let holds = |angle: f64| (from..=to).contains(&angle);
        let low = if holds(half) || holds(half + TURN) { self.low } else { start.min(end) };
        let high = if holds(TURN) || from == 0.0 { self.high } else { start.max(end) };
        (low, high)
    }

    /// The integral over `span` \[ns\] from `a`; the span may have a fraction.
    pub(crate) fn integral_over(&self, a: u64, span: f64) -> f64 {
        let period = self.period as f64;
        let from = self.angle(a);
        // sin(y) - sin(x) = 2 cos((x+y)/2) sin((y-x)/2) does not cancel for short spans.
        let half = span / period * TURN / 2.0;
        let swing = self.height() * period / TURN * 2.0 * libm::cos(from + half) * libm::sin(half);
        (self.middle() * span + swing) * 1e-9
    }

    /// Where the integral from `from` reaches `amount`: whole periods first, then Newton steps kept between
    /// bounds that are known to enclose the answer.
    pub(crate) fn reach(&self, from: u64, amount: f64) -> Reach {
        let period = self.period as f64;
        let whole = self.middle() * period * 1e-9;
        if whole <= 0.0 {
            return Reach::Never;
        }
        let periods = (amount / whole).floor().max(0.0);
        let rest = (amount - periods * whole).max(0.0);
        let value = |span: f64| {
            let angle = self.angle(from) + span / period * TURN;
            (self.middle() + self.height() * libm::cos(angle)).max(0.0)
        };
        let span = solve(rest, period, |span| self.integral_over(from, span), value);
        Reach::After(periods * period + span)
    }
}

/// Returns the span in `0..=max` \[ns\] over which a growing integral reaches `amount`, to a thousandth of a nanosecond.
///
/// # Source
/// Press et al., "Numerical Recipes", 3rd ed., section 9.4 (`rtsafe`: Newton, bisecting where it leaves the bounds).
pub(crate) fn solve(amount: f64, max: f64, integral: impl Fn(f64) -> f64, value: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (0.0, max);
    let first = value(0.0);
    let mut span = if first > 0.0 { (amount / first * 1e9).min(max) } else { max / 2.0 };
    for _ in 0..200 {
        let missing = amount - integral(span);
        if missing > 0.0 {
            low = span;
        } else {
            high = span;
        }
        let slope = value(span) * 1e-9;
        let mut next = span + missing / slope;
        if !(next > low && next < high) {
            next = (low + high) / 2.0;
        }
        let step = (next - span).abs();
        span = next;
        if step < 1e-3 || high - low < 1e-3 {
            break;
        }
    }
    span
}
