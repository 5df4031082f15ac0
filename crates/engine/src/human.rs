//! Nanoseconds as a person reads them.

use std::fmt;

/// Writes `nanos` as reports do, `12.3 ms`: in the largest of ns, µs, ms, s that keeps the number at 1 or above, with at most three decimals.
///
/// Integer arithmetic only, so that the text is the same on every platform.
pub(crate) fn write(out: &mut fmt::Formatter<'_>, nanos: u64) -> fmt::Result {
    const UNITS: [(u64, &str); 4] = [(1, "ns"), (1_000, "µs"), (1_000_000, "ms"), (1_000_000_000, "s")];
    for (place, (size, name)) in UNITS.into_iter().enumerate() {
        let is_largest = place + 1 == UNITS.len();
        // Thousandths of the unit, rounded to nearest; u128 because u64::MAX x 1000 does not fit.
        let thousandths = (u128::from(nanos) * 1_000 + u128::from(size / 2)) / u128::from(size);
        if thousandths >= 1_000_000 && !is_largest {
            continue; // also when rounding carried 999.9999 to 1000: the next unit says it shorter
        }
        let decimals = format!("{:03}", thousandths % 1_000);
        let decimals = decimals.trim_end_matches('0');
        let point = if decimals.is_empty() { "" } else { "." };
        return out.pad(&format!("{}{point}{decimals} {name}", thousandths / 1_000));
    }
    unreachable!("the largest unit takes every value")
}
