use std::fmt;

use super::{Decimal, Quantity};
use crate::value::dimension::Dimension;
use crate::value::unit::{self, Unit};

/// As scenarios write it, `500us`; or with `{:#}` as reports do, in which durations have a blank and a sign of micro:
/// `500 µs`. What is quoted of a file is written as there, and everything else that people read as in reports.
impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let negative = if self.value.is_sign_negative() && self.value != 0.0 { "-" } else { "" };
        let size = self.value.abs();
        let money = matches!(self.dimension, Dimension::Money | Dimension::Price(_));
        let currency = if money { self.currency.unwrap_or('$').to_string() } else { String::new() };
        if let Dimension::Compound(_) = self.dimension {
            return write!(f, "{negative}{size} ({})", self.dimension);
        }
        let (number, unit) = match f.precision() {
            Some(digits) => rounded(size, self.dimension, money, digits.clamp(1, 17)),
            None => shortest(size, self.dimension, money),
        };
        if f.alternate() && self.dimension == Dimension::Duration {
            return write!(f, "{negative}{number} {}", if unit == "us" { "µs" } else { unit });
        }
        write!(f, "{negative}{currency}{number}{unit}")
    }
}

/// Returns the units a value of this dimension is shown in, the best first.
fn display_units(dimension: Dimension, money: bool) -> impl Iterator<Item = &'static Unit> {
    // The micro sign is for those who like to write it; amounts of data are in bytes, lines also in bits.
    let is_shown = |unit: &Unit| unit.name.is_ascii() && !unit.name.ends_with("bit");
    unit::units(money).iter().filter(move |unit| unit.dimension == dimension && is_shown(unit))
}

/// Returns the smallest number that is comfortable before a unit: 500ms and not 0.5s, but 0.5/s and $0.085/h.
fn comfortable(dimension: Dimension) -> f64 {
    match dimension {
        Dimension::Duration | Dimension::Size | Dimension::Bandwidth => 1.0,
        _ => 0.001,
    }
}

/// Returns the number and unit easiest to read of those that read back as exactly `size`: in a unit in which the number
/// is comfortable, if there is one.
fn shortest(size: f64, dimension: Dimension, money: bool) -> (String, &'static str) {
    let easiest = |comfortable_only: bool| {
        let mut best: Option<(usize, String, &'static str)> = None;
        for unit in display_units(dimension, money) {
            let zero = ["s", "/s", "B", "B/s"].contains(&unit.name) || comfortable(dimension) < 1.0;
            if size == 0.0 && !zero || comfortable_only && size != 0.0 && !is_comfortable(size, unit) {
                continue;
            }
            let penalty = match unit.name {
                _ if !comfortable_only => 0,
                // Prices per day are rare: a bill is read by the hour or the month.
                "/d" if money => 12,
                // Rates are compared per second unless that is a long fraction.
                "/min" | "/h" | "/d" if !money => 4,
                name if name.ends_with("bit/s") => 1,
                _ => 0,
            };
            // One digit costs 4: nothing that begins behind the best can overtake it.
            let least = best.as_ref().map_or(usize::MAX, |(least, ..)| *least);
            if penalty + 4 < least
                && let Some(written) = InUnit::exact(size, unit)
                && let cost = written.cost() + penalty
                && cost < least
            {
                best = Some((cost, written.to_string(), unit.name));
            }
        }
        best
    };
    match easiest(true).or_else(|| easiest(false)) {
        Some((_, number, unit)) => (number, unit),
        // A computed price per time need not be a whole number of steps per hour: the nearest is shown.
        None => rounded(size, dimension, money, 17),
    }
}

/// Returns number and unit rounded to a number of significant digits.
fn rounded(size: f64, dimension: Dimension, money: bool, digits: usize) -> (String, &'static str) {
    let smallest = match dimension {
        Dimension::Duration if size == 0.0 => "s",
        Dimension::Duration => "ns",
        Dimension::Size => "B",
        Dimension::Bandwidth => "B/s",
        _ => display_units(dimension, money).next().map_or("", |unit| unit.name),
    };
    // Binary and bit units come after the decimal ones, one of which always fits what is not small.
    let fitting = display_units(dimension, money).find(|unit| is_comfortable(size, unit));
    let unit = fitting.or_else(|| unit::find(smallest, money));
    let written = unit.and_then(|unit| Some((InUnit::new(size, unit, digits)?.to_string(), unit.name)));
    written.unwrap_or_else(|| (size.to_string(), ""))
}

fn is_comfortable(size: f64, unit: &Unit) -> bool {
    // Far from the border there is no need to look at digits.
    let (near, least) =
        (size * unit.divided / unit.times / 10_f64.powi(unit.shift), comfortable(unit.dimension));
    if near.is_finite() && !(0.999..1.001).contains(&(near / least)) {
        return near > least;
    }
    InUnit::new(size, unit, 17).is_some_and(|written| written.read(&PLAIN) >= least)
}

/// The unit of nothing, to read a number as it stands.
const PLAIN: Unit = Unit { name: "", dimension: Dimension::Number, shift: 0, times: 1.0, divided: 1.0 };

/// The number that stands before a unit, as decimal digits.
///
/// A power of ten moves the exponent only, so that no digit is lost to it.
struct InUnit {
    /// One digit before the point, no zeros at the end.
    digits: String,
    exponent: i32,
}

impl InUnit {
    /// Returns the number with the fewest digits that reads back as exactly `size`, if there is one.
    fn exact(size: f64, unit: &Unit) -> Option<Self> {
        let is_exact = |written: &Self| written.read(unit) == size;
        let scaled = size * unit.divided / unit.times;
        // The shortest digits of the scaled number, nearly always. Up to 14 of them no fewer can do: they would name a
        // number that differs by far more than the rounding of scaling and reading.
        Self::parse(scaled, &format!("{scaled:e}"), unit)
            .filter(|written| written.digits.len() <= 14 && is_exact(written))
            .or_else(|| (1..=17).find_map(|digits| Self::new(size, unit, digits).filter(is_exact)))
    }

    /// Returns nothing for what is not finite, or is not in this unit.
    fn new(size: f64, unit: &Unit, digits: usize) -> Option<Self> {
        let scaled = size * unit.divided / unit.times;
        Self::parse(scaled, &format!("{scaled:.*e}", digits - 1), unit)
    }

    fn parse(scaled: f64, scientific: &str, unit: &Unit) -> Option<Self> {
        let (mantissa, exponent) = scientific.split_once('e').filter(|_| scaled.is_finite())?;
        let digits = mantissa.replace('.', "");
        let exponent = exponent.parse::<i32>().ok()? - unit.shift;
        let trimmed = digits.trim_end_matches('0');
        Some(match trimmed.is_empty() {
            true => Self { digits: "0".to_owned(), exponent: 0 },
            false => Self { digits: trimmed.to_owned(), exponent },
        })
    }

    /// Returns how hard the number is to read: 4 for a digit, 3 for a point, 8 for being long.
    ///
    /// 90min is then easier than 1.5h, 15min than 900s, 12.5ms than 12500us, and $0.085/h than $61.2/month.
    fn cost(&self) -> usize {
        let written = self.digits.len();
        let Ok(exponent) = usize::try_from(self.exponent) else { return 4 * written };
        let point = if written > exponent + 1 { 3 } else { 0 };
        let long = if exponent >= 4 { 8 } else { 0 };
        4 * written.max(exponent + 1) + point + long
    }

    fn read(&self, unit: &Unit) -> f64 {
        let places = self.digits.len() as i64 - 1;
        let exponent = i64::from(self.exponent) - places;
        Decimal { digits: self.digits.clone(), exponent, length: 0 }.in_unit(unit)
    }
}

impl fmt::Display for InUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.digits.as_str();
        match self.exponent {
            exponent @ -6..0 => write!(f, "0.{}{digits}", "0".repeat(-exponent as usize - 1)),
            exponent @ 0..15 => {
                let whole = exponent as usize + 1;
                match digits.len() > whole {
                    true => write!(f, "{}.{}", &digits[..whole], &digits[whole..]),
                    false => write!(f, "{digits}{}", "0".repeat(whole - digits.len())),
                }
            }
            exponent => {
                let (first, more) = digits.split_at(1);
                let point = if more.is_empty() { "" } else { "." };
                write!(f, "{first}{point}{more}e{exponent}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::dimension::Dimension;

    /// The short way to the digits and to what is comfortable must lead where the long one does.
    #[test]
    fn short_ways_lead_to_the_same_number() {
        let mut state = 1_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state >> 33
        };
        for _ in 0..2_000 {
            let digits = 1 + next() % 17;
            let mantissa = (next() << 31 | next()) % 10_u64.pow(digits as u32);
            let size: f64 = format!("{mantissa}e{}", next() % 20).parse().expect("a number");
            for dimension in [Dimension::Duration, Dimension::Size, Dimension::Rate] {
                for unit in display_units(dimension, false) {
                    let long = (1..=17).find_map(|digits| {
                        InUnit::new(size, unit, digits).filter(|written| written.read(unit) == size)
                    });
                    let short = InUnit::exact(size, unit);
                    assert_eq!(
                        short.as_ref().map(ToString::to_string),
                        long.as_ref().map(ToString::to_string),
                        "{size} in {}",
                        unit.name
                    );
                    let comfortable = InUnit::new(size, unit, 17)
                        .is_some_and(|written| written.read(&PLAIN) >= comfortable(unit.dimension));
                    assert_eq!(is_comfortable(size, unit), comfortable, "{size} in {}", unit.name);
                }
            }
        }
    }
}
