//! A capacity against an earlier one.

use kneepoint_statistics::Estimate;

/// How a capacity changed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// Now minus before, over before.
    pub relative: Estimate,
}

impl Change {
    /// Returns whether it is surely lower than before.
    #[must_use]
    pub fn is_worse(&self) -> bool {
        self.relative.high < 0.0
    }

    /// Returns whether it is surely higher than before.
    #[must_use]
    pub fn is_better(&self) -> bool {
        self.relative.low > 0.0
    }
}

/// Holds a capacity against an earlier one; nothing if the earlier one is not above 0.
///
/// Half widths are added as those of independent measurements, each on its side. Runs of the same seed are not
/// independent but move together, which makes the difference smaller than its interval says, never larger.
///
/// # Source
/// Differences of asymmetric intervals: Zou and Donner, "Construction of confidence limits about effect measures",
/// Statistics in Medicine 27(10), 2008 (MOVER).
#[must_use]
pub fn change(before: &Estimate, now: &Estimate) -> Option<Change> {
    if !(before.value > 0.0 && before.value.is_finite() && now.value.is_finite()) {
        return None;
    }
    let difference = now.value - before.value;
    let down = (now.value - now.low).hypot(before.high - before.value);
    let up = (now.high - now.value).hypot(before.value - before.low);
    let relative = Estimate {
        value: difference / before.value,
        low: (difference - down) / before.value,
        high: (difference + up) / before.value,
        confidence: before.confidence.min(now.confidence),
        n: before.n.min(now.n),
        effective_samples: None,
    };
    Some(Change { relative })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(value: f64, half: f64) -> Estimate {
        Estimate {
            value,
            low: value - half,
            high: value + half,
            confidence: 0.95,
            n: 10,
            effective_samples: None,
        }
    }

    #[test]
    fn a_change_within_both_intervals_is_none() {
        let none = change(&of(100.0, 3.0), &of(103.0, 4.0)).unwrap();
        assert!(!none.is_worse() && !none.is_better());
        assert!((none.relative.low + 0.02).abs() < 1e-12 && (none.relative.high - 0.08).abs() < 1e-12);
        assert!(change(&of(100.0, 3.0), &of(94.0, 4.0)).unwrap().is_worse());
        assert!(change(&of(100.0, 3.0), &of(106.0, 4.0)).unwrap().is_better());
        assert_eq!(change(&of(0.0, 0.0), &of(1.0, 0.0)), None);
    }
}
