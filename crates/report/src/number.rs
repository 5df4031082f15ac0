//! Numbers for people: at least three significant digits, thousands separators, a unit that fits.

use kneepoint_experiment::result::Unit;
use kneepoint_statistics::Estimate;

/// Digits that are shown at least.
///
/// # Source
/// Chosen: intervals of simulated numbers are rarely narrower than a per mille, so a fourth digit is noise.
const DIGITS: i32 = 3;

/// From so many of its unit on an interval is told in its own: thousands of µs are ms.
///
/// # Source
/// Chosen: four digits before the point are still read as one number.
const LOST_FROM: f64 = 10_000.0;

/// Decimals that are shown at most, whatever the number.
const DECIMALS_MAX: i32 = 12;

/// A unit and what a number is multiplied by to be shown in it.
#[derive(Clone, Copy)]
struct Scale<'a> {
    factor: f64,
    unit: &'a str,
}

/// Returns a number of things: `1 run`, `12 runs`.
pub fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(n), if n == 1 { one } else { many })
}

/// Returns a count with thousands separators: `1,234,567`.
pub fn count(n: u64) -> String {
    grouped(&n.to_string())
}

/// Returns a duration in the unit that fits it: `12.3 ms`, `1.50 h`, `2.00 d`.
///
/// # Units
/// `nanos` \[ns\].
pub fn duration(nanos: f64) -> String {
    with_unit(nanos, duration_scale(nanos))
}

/// Returns a share in per cent: `12.3 %`; near 1 with as many digits as it takes not to look like all: `99.95 %`.
pub fn percent(share: f64) -> String {
    with_unit(share, RATIO)
}

/// Returns a number in its unit.
pub fn quantity(value: f64, unit: &Unit) -> String {
    with_unit(value, scale(value, unit))
}

/// Returns what a difference of numbers is shown in, and what it is multiplied by for that: one of shares is in points
/// of per cent (`pp`), lest it be taken for a relative change.
pub fn change_unit(unit: &Unit) -> (f64, Unit) {
    match unit {
        Unit::Ratio => (100.0, Unit::Other("pp".to_string())),
        other => (1.0, other.clone()),
    }
}

/// Returns a difference in its unit: `1.20 pp` of shares.
pub fn change(value: f64, unit: &Unit) -> String {
    let (by, unit) = change_unit(unit);
    quantity(value * by, &unit)
}

/// As [`interval`], of a difference.
pub fn change_interval(estimate: &Estimate, unit: &Unit) -> String {
    let (by, unit) = change_unit(unit);
    let [value, low, high] = [estimate.value, estimate.low, estimate.high].map(|v| v * by);
    interval(&Estimate { value, low, high, ..*estimate }, &unit)
}

/// Returns an estimate with its interval: `12.3 ms ±0.4`, or `212 ms [208, 221]` if it is lopsided.
///
/// The ends have the decimals of the value, or more where the interval is narrower than that. What is below a
/// thousandth of the last decimal shown is printed as `±0`. All of it is in one unit: that of the value, or of the ends
/// where the value is nothing; an end that has no bound is `∞`.
pub fn interval(estimate: &Estimate, unit: &Unit) -> String {
    let sized = if estimate.value == 0.0 {
        [estimate.low, estimate.high]
            .into_iter()
            .filter(|end| is_shown(*end))
            .fold(0.0, |most: f64, end| most.max(end.abs()))
    } else {
        estimate.value
    };
    // Where it is known so badly that its unit is lost in the interval, the interval says which unit it is in.
    let scaled = scale(sized, unit);
    let widest = [estimate.low - estimate.value, estimate.high - estimate.value]
        .into_iter()
        .fold(0.0, |most: f64, side| most.max(side.abs()));
    let is_lost = is_shown(widest) && widest * scaled.factor >= LOST_FROM;
    let scale = if is_lost && *unit == Unit::Duration { scale(widest, unit) } else { scaled };
    let [value, low, high] = [estimate.value, estimate.low, estimate.high].map(|v| v * scale.factor);
    let decimals = decimals(value, scale);
    if ![value, low, high].into_iter().all(is_shown) {
        let [low, high] = [low, high].map(|end| fixed(end, decimals));
        return format!("{} [{low}, {high}]", in_unit(fixed(value, decimals), scale));
    }
    let (below, above) = (value - low, high - value);
    // Lopsided by less than a tenth is a rounding of bucket edges and not worth two numbers.
    if (above - below).abs() <= 0.1 * (above + below) / 2.0 {
        let half = (above + below) / 2.0;
        // Where the interval is many times the value, its digits are all that is known.
        let decimals = if half == 0.0 { decimals } else { decimals.min(decimals_of(half, DIGITS)) };
        return format!("{} ±{}", in_unit(fixed(value, decimals), scale), half_width(half, decimals));
    }
    let shown = in_unit(fixed(value, decimals), scale);
    let finer = [below, above]
        .iter()
        .fold(decimals, |most, &side| if side > 0.0 { most.max(decimals_of(side, 1)) } else { most });
    // Where the interval is wide and the value small, the digits of the value say nothing about the ends.
    let telling = decimals_of(below.max(above), 2);
    let most = if value == 0.0 { DECIMALS_MAX } else { finer.min(decimals + DIGITS) };
    let [low, high] = [low, high].map(|end| end_of(end, most.min(telling.max(decimals_of(end, DIGITS)))));
    format!("{shown} [{low}, {high}]")
}

/// Writes one end of an interval; one that is nothing is written as that, without decimals.
fn end_of(value: f64, decimals: i32) -> String {
    if value == 0.0 { "0".to_string() } else { fixed(value, decimals) }
}

/// Returns what a percentile is called: `p99.9` for 0.999.
pub(crate) fn percentile_name(p: f64) -> String {
    // Rounded, because the multiplication leaves noise: 99.99000000000001.
    format!("p{}", (p * 1e8).round() / 1e6)
}

/// Nanoseconds in a second: results hold the former, files for programs the latter.
///
/// A division is rounded once and so prints back as what was meant, 0.3 and not 0.30000000000000004.
pub(crate) const SECOND: f64 = 1e9;

/// Returns what a number of a result is divided by to be in its base unit.
pub(crate) fn divisor(unit: &Unit) -> f64 {
    if *unit == Unit::Duration { SECOND } else { 1.0 }
}

/// Returns the base unit: that of files for programs. A share from 0 to 1 is a `ratio`, any other number without a unit
/// is a `1`: only what measured it knows which of the two it is.
pub(crate) fn base_unit(unit: &Unit) -> &str {
    match unit {
        Unit::Number => "1",
        Unit::Ratio => "ratio",
        Unit::Duration => "s",
        Unit::Rate => "1/s",
        Unit::Other(words) => words,
    }
}

const HOUR: f64 = 3_600e9;
const DAY: f64 = 86_400e9;

/// Whether a number has digits that say something: beyond are overflows and what stands for "without a bound".
fn is_shown(value: f64) -> bool {
    value.abs() < 1e290
}

const RATIO: Scale<'static> = Scale { factor: 100.0, unit: "%" };

fn scale(value: f64, unit: &Unit) -> Scale<'_> {
    match unit {
        Unit::Number => Scale { factor: 1.0, unit: "" },
        Unit::Ratio => RATIO,
        Unit::Duration => duration_scale(value),
        Unit::Rate => Scale { factor: 1.0, unit: "/s" },
        Unit::Other(words) => Scale { factor: 1.0, unit: words },
    }
}

fn duration_scale(nanos: f64) -> Scale<'static> {
    let size = nanos.abs();
    if size >= DAY && is_shown(size) {
        Scale { factor: 1.0 / DAY, unit: "d" }
    } else if size >= HOUR && is_shown(size) {
        Scale { factor: 1.0 / HOUR, unit: "h" }
    } else if size == 0.0 || size >= 1e9 {
        Scale { factor: 1e-9, unit: "s" }
    } else if size >= 1e6 {
        Scale { factor: 1e-6, unit: "ms" }
    } else if size >= 1e3 {
        Scale { factor: 1e-3, unit: "µs" }
    } else {
        Scale { factor: 1.0, unit: "ns" }
    }
}

fn with_unit(value: f64, scale: Scale<'_>) -> String {
    let value = value * scale.factor;
    in_unit(fixed(value, decimals(value, scale)), scale)
}

fn in_unit(number: String, scale: Scale<'_>) -> String {
    if scale.unit.is_empty() || number == "–" { number } else { number + " " + scale.unit }
}

/// Returns how many decimals a scaled value is shown with.
fn decimals(value: f64, scale: Scale<'_>) -> i32 {
    let decimals = decimals_of(value, DIGITS);
    let missing = 100.0 - value;
    // What is missing by less than one in 10^9 is rounding of the machine: no simulation has so many requests.
    if scale.unit == RATIO.unit && missing > 1e-7 && missing < 1.0 {
        return decimals.max(decimals_of(missing, 1));
    }
    decimals
}

/// Returns how many decimals show so many significant digits of a value.
fn decimals_of(value: f64, digits: i32) -> i32 {
    if value == 0.0 || !value.is_finite() {
        return 0;
    }
    (digits - 1 - exponent(value, digits)).clamp(0, DECIMALS_MAX)
}

/// Returns the power of ten of the first digit, after rounding to so many digits.
///
/// By way of the text, because a logarithm is off by one next to powers of ten.
fn exponent(value: f64, digits: i32) -> i32 {
    let text = format!("{value:.*e}", (digits - 1).max(0) as usize);
    let (_, exponent) = text.split_once('e').expect("the format has an exponent");
    exponent.parse().expect("the exponent is a whole number")
}

fn half_width(half: f64, decimals: i32) -> String {
    let coarse = fixed(half, decimals);
    if half == 0.0 || coarse.contains(|c: char| ('1'..='9').contains(&c)) {
        return if half == 0.0 { "0".to_string() } else { coarse };
    }
    let finer = decimals_of(half, 1);
    if finer > decimals + DIGITS { "0".to_string() } else { fixed(half, finer) }
}

fn fixed(value: f64, decimals: i32) -> String {
    if !is_shown(value) {
        // A number that is none has no size either.
        return if value.is_nan() {
            "–"
        } else if value > 0.0 {
            "∞"
        } else {
            "-∞"
        }
        .to_string();
    }
    // Nobody counts sixteen digits, and no measured number has them.
    if value.abs() >= 1e15 {
        return format!("{value:.2e}");
    }
    let text = format!("{value:.*}", decimals as usize);
    // -0.0 and what rounds to it: a sign without a number says nothing.
    let text = match text.strip_prefix('-') {
        Some(rest) if !rest.contains(|c: char| ('1'..='9').contains(&c)) => rest.to_string(),
        _ => text,
    };
    grouped(&text)
}

fn grouped(text: &str) -> String {
    let (sign, rest) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (whole, fraction) =
        rest.split_once('.').map_or((rest, None), |(whole, fraction)| (whole, Some(fraction)));
    let mut grouped = String::from(sign);
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if let Some(fraction) = fraction {
        grouped.push('.');
        grouped.push_str(fraction);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(value: f64, low: f64, high: f64, unit: &Unit) -> String {
        interval(&Estimate { value, low, high, confidence: 0.95, n: 10, effective_samples: None }, unit)
    }

    #[test]
    fn what_the_machine_rounds_away_is_not_shown_as_missing() {
        assert_eq!(percent(1.0 - 1e-15), "100 %");
        assert_eq!(percent(0.999_999), "99.9999 %");
    }

    #[test]
    fn counts_have_thousands_separators() {
        assert_eq!([0, 12, 999, 1_000, 1_234_567].map(count), ["0", "12", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn durations_choose_their_unit() {
        let shown = [0.0, 7.0, 1_500.0, 12_345_678.0, 1.5e9, 600e9, 5_400e9, 86_400e9].map(duration);
        assert_eq!(shown, ["0 s", "7.00 ns", "1.50 µs", "12.3 ms", "1.50 s", "600 s", "1.50 h", "1.00 d"]);
    }

    #[test]
    fn a_value_and_its_ends_are_in_one_unit() {
        assert_eq!(shown(1.2e9, 0.9e9, 1.5e9, &Unit::Duration), "1.20 s ±0.30");
        assert_eq!(shown(0.0, 0.0, 1_500.0, &Unit::Duration), "0 µs [0, 1.50]");
        assert_eq!(shown(7_200e9, 3_600e9, 10_800e9, &Unit::Duration), "2.00 h ±1.00");
    }

    #[test]
    fn what_has_no_bound_is_not_printed_as_a_number() {
        assert_eq!(shown(2e6, 1e6, f64::INFINITY, &Unit::Duration), "2.00 ms [1.00, ∞]");
        assert_eq!(shown(2.0, f64::MIN, f64::MAX, &Unit::Number), "2.00 [-∞, ∞]");
        assert_eq!([f64::INFINITY, 1e308, f64::NAN].map(duration), ["∞ s", "∞ s", "–"]);
        assert_eq!(quantity(1.5e18, &Unit::Number), "1.50e18");
    }

    #[test]
    fn rounding_up_to_a_power_of_ten_does_not_add_a_digit() {
        assert_eq!(duration(999.96e6), "1,000 ms");
        assert_eq!(quantity(9.996, &Unit::Number), "10.0");
        assert_eq!(quantity(0.09996, &Unit::Number), "0.100");
    }

    #[test]
    fn almost_all_does_not_look_like_all() {
        assert_eq!(
            [1.0, 0.9995, 0.99999, 0.5, 0.0].map(percent),
            ["100 %", "99.95 %", "99.999 %", "50.0 %", "0 %"]
        );
    }

    #[test]
    fn an_even_interval_is_a_half_width() {
        assert_eq!(shown(12.34e6, 11.94e6, 12.74e6, &Unit::Duration), "12.3 ms ±0.4");
        assert_eq!(shown(1234.0, 1230.0, 1238.0, &Unit::Rate), "1,234 /s ±4");
        assert_eq!(shown(0.615, 0.605, 0.625, &Unit::Ratio), "61.5 % ±1.0");
    }

    #[test]
    fn what_is_hardly_known_has_the_digits_of_its_interval() {
        assert_eq!(shown(3_160.0, 3_160.0 - 708_490.0, 3_160.0 + 708_490.0, &Unit::Duration), "3 µs ±708");
        assert_eq!(shown(0.0123, 0.0123 - 4.56, 0.0123 + 4.56, &Unit::Number), "0.01 ±4.56");
        assert_eq!(shown(3.16, 1.0, 5.32, &Unit::Number), "3.16 ±2.16");
    }

    /// It was "-342 µs ±16,119".
    #[test]
    fn a_value_that_is_lost_in_its_interval_is_in_the_unit_of_that() {
        let of = |value: f64, half: f64| shown(value, value - half, value + half, &Unit::Duration);
        assert_eq!(of(-342e3, 16_119e3), "-0.3 ms ±16.1");
        assert_eq!(of(3_160.0, 708_490.0), "3 µs ±708");
        assert_eq!(shown(639.0, 0.0, 20_840.0, &Unit::Duration), "0.639 µs [0, 20.8]");
    }

    #[test]
    fn a_lopsided_interval_shows_both_ends() {
        assert_eq!(shown(212e6, 208e6, 221e6, &Unit::Duration), "212 ms [208, 221]");
        assert_eq!(shown(2.0, 2.0, 2.004, &Unit::Number), "2.00 [2.000, 2.004]");
    }

    #[test]
    fn an_interval_that_begins_at_nothing_says_so() {
        assert_eq!(shown(3.23e-7, 0.0, 7.31e-4, &Unit::Ratio), "0.0000323 % [0, 0.0731]");
        assert_eq!(shown(0.0, 0.0, 1.46e-6, &Unit::Ratio), "0 % [0, 0.000146]");
        assert_eq!(shown(0.9999997, 0.9999982, 1.0, &Unit::Ratio), "99.99997 % [99.99982, 100.00000]");
        assert_eq!(shown(639.0, 0.0, 2084.0, &Unit::Duration), "639 ns [0, 2,084]");
    }

    #[test]
    fn a_narrow_interval_is_not_shown_as_none() {
        assert_eq!(shown(100.0, 99.98, 100.02, &Unit::Number), "100 ±0.02");
        assert_eq!(shown(100.0, 100.0, 100.0, &Unit::Number), "100 ±0");
        assert_eq!(shown(100.0, 100.0 - 1e-12, 100.0 + 1e-12, &Unit::Number), "100 ±0");
    }

    #[test]
    fn shares_have_a_unit_of_their_own_in_files() {
        let all = [Unit::Number, Unit::Ratio, Unit::Duration, Unit::Rate, Unit::Other("$".into())];
        assert_eq!(all.each_ref().map(base_unit), ["1", "ratio", "s", "1/s", "$"]);
    }

    #[test]
    fn differences_of_shares_are_points() {
        assert_eq!([change(0.012, &Unit::Ratio), change(2.0, &Unit::Rate)], ["1.20 pp", "2.00 /s"]);
        let e =
            Estimate { value: 0.02, low: 0.01, high: 0.03, confidence: 0.95, n: 5, effective_samples: None };
        assert_eq!(change_interval(&e, &Unit::Ratio), "2.00 pp ±1.00");
    }

    #[test]
    fn nothing_is_minus_nothing() {
        assert_eq!(quantity(-0.0, &Unit::Number), "0");
        assert_eq!(quantity(-1234.5, &Unit::Number), "-1,234");
        assert_eq!(quantity(3.5, &Unit::Other("$/h".into())), "3.50 $/h");
    }
}
