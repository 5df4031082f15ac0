mod display;

use std::ops::Range;

use super::cursor::Cursor;
use super::dimension::{Dimension, Per};
use super::text_error::{TextError, shown, with_article};
use super::unit::{self, Unit};

/// The longest duration: 100 000 days, in nanoseconds.
///
/// Chosen: 270 years are beyond any scenario, and instants still fit an unsigned 64-bit count of nanoseconds twice.
pub const DURATION_MAX_NS: f64 = 100_000.0 * 86_400e9;

/// A number with its dimension.
///
/// It prints in the shortest form that reads back as the same value (`12.5ms`, `3400/s`, `$0.085/h`);
/// with a precision, as in `{:.3}`, it is rounded to that many significant digits.
///
/// # Units
/// Durations in nanoseconds, rates per second, sizes in bytes, bandwidths in bytes per second, ratios as parts of 1,
/// prices per second, byte, byte second or request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantity {
    /// The value in the base unit of its dimension; always finite when read from a text.
    pub value: f64,
    /// What is measured.
    pub dimension: Dimension,
    /// The currency sign, where money is part of the dimension.
    pub currency: Option<char>,
}

impl Quantity {
    /// Makes a quantity without a currency from a value in the base unit.
    pub fn new(value: f64, dimension: Dimension) -> Self {
        Self { value, dimension, currency: None }
    }

    /// Makes a number without a unit.
    pub fn number(value: f64) -> Self {
        Self::new(value, Dimension::Number)
    }

    /// Makes a duration.
    ///
    /// # Units
    /// `ns` in nanoseconds.
    pub fn duration(ns: f64) -> Self {
        Self::new(ns, Dimension::Duration)
    }

    /// Reads a quantity: a number, and a unit with or without a blank before it.
    ///
    /// # Errors
    /// No number, an unknown or compound unit, a value that is not finite, a duration beyond [`DURATION_MAX_NS`].
    pub fn parse(text: &str) -> Result<Self, TextError> {
        let mut cursor = Cursor::new(text.trim_end());
        cursor.skip_blanks();
        if cursor.is_at_end() {
            return Err(TextError::new(0..text.len(), "a value is missing").help(EXAMPLES));
        }
        let start = cursor.at;
        let mut negative = cursor.eat("-");
        let currency = cursor.peek().filter(|&c| is_currency(c));
        if let Some(sign) = currency {
            cursor.at += sign.len_utf8();
            negative = cursor.eat("-") || negative;
        }
        let number_start = cursor.at;
        let Some(number) = Decimal::scan(cursor.rest()) else {
            return Err(no_number(&cursor, start));
        };
        cursor.at += number.length;
        if let Some(error) = misplaced_number_part(&cursor, number_start) {
            return Err(error);
        }
        cursor.skip_blanks();
        let unit = read_unit(&mut cursor, number_start, currency.is_some())?;
        let size = number.in_unit(unit);
        let value = if negative { -size } else { size };
        let quantity = Self { value, dimension: unit.dimension, currency };
        quantity.checked_limits(start..cursor.at)
    }

    /// Reads a quantity of a dimension that is needed.
    ///
    /// # Errors
    /// As [`parse`](Self::parse); also a missing unit and another dimension.
    /// A negative value is left to [`not_negative`](Self::not_negative), because growth may be negative.
    pub fn parse_as(text: &str, needed: Dimension) -> Result<Self, TextError> {
        let quantity = Self::parse(text)?;
        let blanks = text.len() - text.trim_start().len();
        let written = text.trim();
        let span = blanks..blanks + written.len();
        if needed.accepts(quantity.dimension) {
            Ok(quantity)
        } else if quantity.dimension == Dimension::Number {
            Err(Self::unit_missing(written, needed, span))
        } else if needed == Dimension::Number && quantity.dimension == Dimension::Ratio {
            Err(Self::wrong_dimension(written, quantity.dimension, needed, span)
                .help(format!("write {} without `%`", Self::number(quantity.value))))
        } else {
            Err(Self::wrong_dimension(written, quantity.dimension, needed, span))
        }
    }

    /// Says that a bare number stands where a unit is needed; `number` is the number as written.
    pub fn unit_missing(number: &str, needed: Dimension, span: Range<usize>) -> TextError {
        let number = shown(number);
        let number = number.as_str();
        let (first, second) = match needed {
            Dimension::Number | Dimension::Ratio => (number.to_owned(), format!("{number}%")),
            // Time-outs are meant in milliseconds, windows in seconds, runs in minutes.
            Dimension::Duration => (format!("{number}ms\", \"{number}s"), format!("{number}min")),
            Dimension::Rate => (format!("{number}/s"), format!("{number}/min")),
            Dimension::Size => (format!("{number}kB"), format!("{number}MB")),
            Dimension::Bandwidth => (format!("{number}MB/s"), format!("{number}Mbit/s")),
            Dimension::Money => (format!("${number}"), format!("€{number}")),
            Dimension::Price(Per::Time) => (format!("${number}/h"), format!("${number}/month")),
            Dimension::Price(Per::Size) => (format!("${number}/GB"), format!("€{number}/GB")),
            Dimension::Price(Per::SizeTime) => (format!("${number}/GBs"), format!("€{number}/GBs")),
            Dimension::Price(Per::Million) => (format!("${number}/million"), format!("€{number}/million")),
            Dimension::Compound(_) => {
                let message = format!("{} is needed, not a number", needed.with_article());
                return TextError::new(span, message);
            }
        };
        let needs = match needed {
            Dimension::Money | Dimension::Price(_) => "a currency sign",
            _ => "a unit",
        };
        TextError::new(span, format!("{} is text with {needs}", needed.with_article()))
            .help(format!("did you mean \"{first}\" or \"{second}\"?"))
    }

    /// Says that a quantity of one dimension stands where another is needed.
    pub fn wrong_dimension(
        written: &str,
        given: Dimension,
        needed: Dimension,
        span: Range<usize>,
    ) -> TextError {
        let message = format!(
            "\"{}\" is {}, {} is needed",
            shown(written),
            given.with_article(),
            needed.with_article()
        );
        TextError::new(span, message)
    }

    /// Returns the quantity if it is not below 0; `noun` says what it is for: "a work must not be below 0".
    ///
    /// # Errors
    /// The value is below 0.
    pub fn not_negative(self, noun: &str, span: Range<usize>) -> Result<Self, TextError> {
        if self.value < 0.0 {
            return Err(TextError::new(span, format!("{} must not be below 0", with_article(noun))));
        }
        Ok(self)
    }

    /// Returns a number as a count; `noun` says what it counts or is: "a count is a whole number".
    ///
    /// # Errors
    /// The value is not whole, below 0, or beyond 2^53, where whole numbers are no longer exact.
    pub fn count(self, noun: &str, span: Range<usize>) -> Result<u64, TextError> {
        const EXACT: f64 = 9_007_199_254_740_992.0;
        let noun_with_article = with_article(noun);
        if self.value < 0.0 {
            return Err(TextError::new(span, format!("{noun_with_article} must not be below 0")));
        }
        if self.value > EXACT {
            return Err(TextError::new(span, format!("{noun_with_article} is at most 2^53")));
        }
        if self.value != self.value.trunc() {
            let below = Self::number(self.value.trunc());
            let above = Self::number(self.value.trunc() + 1.0);
            return Err(TextError::new(span, format!("{noun_with_article} is a whole number"))
                .help(format!("did you mean {below} or {above}?")));
        }
        Ok(self.value as u64)
    }

    /// Returns a duration rounded to whole nanoseconds; below 0 it is 0.
    pub fn nanoseconds(self) -> u64 {
        debug_assert_eq!(self.dimension, Dimension::Duration);
        self.value.round() as u64
    }

    /// Returns a size rounded to whole bytes; below 0 it is 0.
    pub fn bytes(self) -> u64 {
        debug_assert_eq!(self.dimension, Dimension::Size);
        self.value.round() as u64
    }

    /// Refuses what no field takes: values that are not finite, and durations too long for the clock.
    ///
    /// # Errors
    /// As said.
    pub fn checked_limits(self, span: Range<usize>) -> Result<Self, TextError> {
        if !self.value.is_finite() {
            return Err(TextError::new(span, "a number must be finite"));
        }
        if self.dimension == Dimension::Duration && self.value.abs() > DURATION_MAX_NS {
            return Err(TextError::new(span, "a duration is at most 100 000 days"));
        }
        Ok(self)
    }
}

const EXAMPLES: &str = "a quantity is a number and its unit, like \"12ms\", \"3400/s\" or \"5%\"";

/// Returns whether a character is a currency sign, as Unicode groups them.
pub(super) fn is_currency(c: char) -> bool {
    matches!(c, '$' | '£' | '¤' | '¥' | '\u{20a0}'..='\u{20cf}')
}

/// A number as written, split so that a power of ten can be applied before it is rounded.
#[derive(Debug)]
pub(super) struct Decimal {
    /// Digits and a point, without `_`.
    digits: String,
    exponent: i64,
    /// Bytes taken from the text.
    pub length: usize,
}

impl Decimal {
    /// Reads digits, a fraction and an exponent; `_` may stand between digits.
    pub fn scan(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let digits_end = |mut at: usize| {
            while bytes.get(at).is_some_and(u8::is_ascii_digit)
                || (at > 0
                    && bytes.get(at) == Some(&b'_')
                    && bytes[at - 1].is_ascii_digit()
                    && bytes.get(at + 1).is_some_and(u8::is_ascii_digit))
            {
                at += 1;
            }
            at
        };
        let mut end = digits_end(0);
        if end == 0 {
            return None;
        }
        if bytes.get(end) == Some(&b'.') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit) {
            end = digits_end(end + 1);
        }
        let digits = text[..end].replace('_', "");
        let mut exponent = 0;
        if matches!(bytes.get(end), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
            let start = end + 1 + sign;
            let exponent_end = digits_end(start);
            if exponent_end > start {
                // Beyond a few hundred the value is 0 or infinite anyway.
                let size = text[start..exponent_end].replace('_', "").parse().unwrap_or(i64::from(u32::MAX));
                let size = size.min(i64::from(u32::MAX));
                exponent = if bytes[end + 1] == b'-' { -size } else { size };
                end = exponent_end;
            }
        }
        Some(Self { digits, exponent, length: end })
    }

    fn in_unit(&self, unit: &Unit) -> f64 {
        let shifted = format!("{}e{}", self.digits, self.exponent + i64::from(unit.shift));
        let value: f64 = shifted.parse().expect("digits, a point and an exponent are a number");
        value * unit.times / unit.divided
    }
}

/// Returns the fault of a text without a number where one is expected.
fn no_number(cursor: &Cursor<'_>, start: usize) -> TextError {
    let span = start..cursor.text.len();
    let rest = cursor.rest();
    let lower: String = rest.chars().take(10).collect::<String>().to_lowercase();
    let first_word = lower.split(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
    if matches!(first_word, "inf" | "infinity" | "nan") || lower.starts_with('∞') {
        return TextError::new(span, "a number must be finite");
    }
    let error = TextError::new(span, format!("\"{}\" is not a quantity", shown(&cursor.text[start..])));
    match rest.strip_prefix(['+', '.']) {
        Some(after) if after.starts_with(|c: char| c.is_ascii_digit()) => {
            let zero = if rest.starts_with('.') { "0." } else { "" };
            error.help(format!("write \"{zero}{}\"", shown(after)))
        }
        _ => error.help(EXAMPLES),
    }
}

/// Returns the fault of a comma, point or `_` that leads on from a number.
fn misplaced_number_part(cursor: &Cursor<'_>, number_start: usize) -> Option<TextError> {
    let c = cursor.peek()?;
    let span = number_start..cursor.here().end;
    let next_is_digit = cursor.rest().chars().nth(1).is_some_and(|c| c.is_ascii_digit());
    match c {
        ',' => {
            Some(TextError::new(span, "a number has no comma").help("write 1.5, and 20_000 for thousands"))
        }
        '_' => Some(TextError::new(span, "`_` stands between digits only").help("write 20_000")),
        '.' if next_is_digit => {
            Some(TextError::new(span, "a number has one point").help("write 20_000 for thousands"))
        }
        '.' => Some(TextError::new(span, "digits follow the point").help("write 1.0 or 1")),
        _ => None,
    }
}

/// Reads the unit and sees that nothing follows it.
fn read_unit(cursor: &mut Cursor<'_>, number_start: usize, money: bool) -> Result<&'static Unit, TextError> {
    let start = cursor.at;
    let rest = cursor.rest();
    let word = rest.split(char::is_whitespace).next().unwrap_or_default();
    if let Some(unit) = unit::find(word, money) {
        cursor.at += word.len();
        let blanks = cursor.skip_blanks();
        if cursor.is_at_end() {
            return Ok(unit);
        }
        let span = cursor.rest_span();
        let more = shown(cursor.rest());
        let error = TextError::new(span.clone(), format!("`{more}` does not belong to a quantity"));
        debug_assert!(blanks > 0, "a word ends at a blank");
        return Err(match compound(&cursor.text[number_start..], money) {
            Some(single) => compound_error(number_start..span.end, &single),
            None => error,
        });
    }
    let span = start..cursor.text.len();
    if word.starts_with(is_currency) {
        let number = cursor.text[number_start..start].trim_end();
        return Err(TextError::new(span, "the currency sign stands before the number")
            .help(format!("write \"{}{number}\"", word.chars().next().unwrap_or('$'))));
    }
    if let Some(single) = compound(&cursor.text[number_start..], money) {
        return Err(compound_error(number_start..cursor.text.len(), &single));
    }
    // `/ s` is one wrong word, `minute of fame` is a wrong word and more.
    let whole = if word == "/" { rest } else { word };
    let span = start..start + whole.len();
    let error = TextError::new(span, format!("`{}` is not a unit", shown(whole)));
    let units = if money {
        "after money stands nothing, or /h /d /month /GB /GBs /million"
    } else {
        "units: ns us ms s min h d, /s /min /h /d, B kB MB GB TB, KiB MiB GiB TiB, kbit Mbit Gbit, %"
    };
    Err(match unit::suggestion(whole, money) {
        Some(suggestion) => error.help(suggestion),
        None => error.help(units),
    })
}

fn compound_error(span: Range<usize>, single: &Quantity) -> TextError {
    TextError::new(span, "a duration has one unit").help(format!("write \"{single}\""))
}

/// Returns the sum of `1h30min` and `1h 30min`, so that the single form can be offered.
fn compound(text: &str, money: bool) -> Option<Quantity> {
    if money {
        return None;
    }
    let mut cursor = Cursor::new(text);
    let mut sum = 0.0;
    while !cursor.is_at_end() {
        let number = Decimal::scan(cursor.rest())?;
        cursor.at += number.length;
        cursor.skip_blanks();
        let unit = unit::find(cursor.take_while(char::is_alphabetic), false)?;
        if unit.dimension != Dimension::Duration {
            return None;
        }
        sum += number.in_unit(unit);
        cursor.skip_blanks();
    }
    Quantity::duration(sum).checked_limits(0..0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn value(text: &str) -> (f64, Dimension) {
        let quantity = Quantity::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"));
        (quantity.value, quantity.dimension)
    }

    #[test]
    fn a_duration_is_written_as_in_files_or_as_in_reports() {
        let written = |ns: f64| (Quantity::duration(ns).to_string(), format!("{:#}", Quantity::duration(ns)));
        let pair = |file: &str, report: &str| (file.to_string(), report.to_string());
        assert_eq!(written(5e5), pair("500us", "500 µs"));
        assert_eq!(written(1.25e7), pair("12.5ms", "12.5 ms"));
        assert_eq!(format!("{:#.3}", Quantity::duration(256_789_012.0)), "257 ms");
        assert_eq!(format!("{:#}", Quantity::new(60.0, Dimension::Rate)), "60/s");
    }

    #[test]
    fn every_unit_has_its_size() {
        use Dimension::*;
        for (text, expected, dimension) in [
            ("1ns", 1.0, Duration),
            ("1us", 1e3, Duration),
            ("1\u{b5}s", 1e3, Duration),
            ("1\u{3bc}s", 1e3, Duration),
            ("1ms", 1e6, Duration),
            ("1s", 1e9, Duration),
            ("1min", 60e9, Duration),
            ("1h", 3_600e9, Duration),
            ("1d", 86_400e9, Duration),
            ("1/s", 1.0, Rate),
            ("60/min", 1.0, Rate),
            ("3600/h", 1.0, Rate),
            ("86400/d", 1.0, Rate),
            ("1B", 1.0, Size),
            ("1kB", 1e3, Size),
            ("1MB", 1e6, Size),
            ("1GB", 1e9, Size),
            ("1TB", 1e12, Size),
            ("1KiB", 1024.0, Size),
            ("1MiB", 1_048_576.0, Size),
            ("1GiB", 1_073_741_824.0, Size),
            ("1TiB", 1_099_511_627_776.0, Size),
            ("1kbit", 125.0, Size),
            ("1Mbit", 125e3, Size),
            ("1Gbit", 125e6, Size),
            ("1B/s", 1.0, Bandwidth),
            ("1kB/s", 1e3, Bandwidth),
            ("1MB/s", 1e6, Bandwidth),
            ("1GB/s", 1e9, Bandwidth),
            ("1TB/s", 1e12, Bandwidth),
            ("1KiB/s", 1024.0, Bandwidth),
            ("1MiB/s", 1_048_576.0, Bandwidth),
            ("1GiB/s", 1_073_741_824.0, Bandwidth),
            ("1TiB/s", 1_099_511_627_776.0, Bandwidth),
            ("1kbit/s", 125.0, Bandwidth),
            ("100Mbit/s", 12.5e6, Bandwidth),
            ("1Gbit/s", 125e6, Bandwidth),
            ("$25", 25.0, Money),
            ("$3600/h", 1.0, Price(Per::Time)),
            ("$86400/d", 1.0, Price(Per::Time)),
            ("$2592000/month", 1.0, Price(Per::Time)),
            ("$0.09/GB", 0.09e-9, Price(Per::Size)),
            ("$0.0000166667/GBs", 0.0000166667e-9, Price(Per::SizeTime)),
            ("$0.20/million", 0.2e-6, Price(Per::Million)),
            ("5%", 0.05, Ratio),
            ("0.05", 0.05, Number),
        ] {
            assert_eq!(value(text), (expected, dimension), "{text}");
        }
        let tested = 44;
        assert_eq!(tested + 2, unit::UNITS.len() + unit::MONEY_UNITS.len());
    }

    #[test]
    fn numbers_may_be_written_as_people_write_them() {
        for (text, expected) in [
            ("1e6/s", 1e6),
            ("1.5E+3/s", 1500.0),
            ("20_000", 20_000.0),
            ("1_0.2_5", 10.25),
            ("3400 /s", 3400.0),
            ("  90 min ", 5400e9),
            ("90\u{a0}min", 5400e9),
            ("-5%", -0.05),
            ("-$5", -5.0),
            ("$-5", -5.0),
            ("0e999999999999999999999", 0.0),
            ("007s", 7e9),
            // Decimal shifts happen before rounding, so these are exact.
            ("16.67s", 16_670_000_000.0),
            ("33.333333ms", 33_333_333.0),
            ("0.1%", 0.001),
            ("99.95%", 0.9995),
            ("0.3us", 300.0),
        ] {
            assert_eq!(value(text).0, expected, "{text}");
        }
        assert_eq!(Quantity::parse("€5/h").map(|q| q.currency), Ok(Some('€')));
        assert_eq!(Quantity::parse("5/h").map(|q| q.currency), Ok(None));
    }

    #[test]
    fn faults_are_named_at_their_place() {
        for (text, span, message) in [
            ("", 0..0, "a value is missing; "),
            ("   ", 0..3, "a value is missing; "),
            ("1minute", 1..7, "`minute` is not a unit; did you mean `min`?"),
            ("10 minute", 3..9, "`minute` is not a unit; did you mean `min`?"),
            ("5 parsecs", 2..9, "`parsecs` is not a unit; units: ns us"),
            ("5/ s", 1..4, "`/ s` is not a unit; did you mean `/s`?"),
            ("5/", 1..2, "`/` is not a unit; "),
            ("$5/hour", 2..7, "`/hour` is not a unit; did you mean `/h`?"),
            ("$5ms", 2..4, "`ms` is not a unit; after money stands nothing"),
            ("1h30min", 0..7, "a duration has one unit; write \"90min\""),
            ("1h 30min", 0..8, "a duration has one unit; write \"90min\""),
            ("2d12h", 0..5, "a duration has one unit; write \"60h\""),
            ("5$", 1..2, "the currency sign stands before the number; write \"$5\""),
            ("5 €", 2..5, "the currency sign stands before the number; write \"€5\""),
            ("inf", 0..3, "a number must be finite"),
            ("-infs", 0..5, "\"-infs\" is not a quantity"),
            ("-inf", 0..4, "a number must be finite"),
            ("NaN", 0..3, "a number must be finite"),
            ("∞", 0..3, "a number must be finite"),
            ("1e400", 0..5, "a number must be finite"),
            ("1e300TB", 0..7, "a number must be finite"),
            ("1e30d", 0..5, "a duration is at most 100 000 days"),
            ("100001d", 0..7, "a duration is at most 100 000 days"),
            ("-100001d", 0..8, "a duration is at most 100 000 days"),
            ("ten", 0..3, "\"ten\" is not a quantity; a quantity is a number and its unit"),
            ("ms", 0..2, "\"ms\" is not a quantity; "),
            ("$", 0..1, "\"$\" is not a quantity; "),
            (".5s", 0..3, "\".5s\" is not a quantity; write \"0.5s\""),
            ("+5s", 0..3, "\"+5s\" is not a quantity; write \"5s\""),
            ("5.s", 0..2, "digits follow the point"),
            ("1,000", 0..2, "a number has no comma"),
            ("1.000.000", 0..6, "a number has one point"),
            ("1__0", 0..2, "`_` stands between digits only"),
            ("1_s", 0..2, "`_` stands between digits only"),
            ("300ms and more", 6..14, "`and more` does not belong to a quantity"),
            ("10% a month", 4..11, "`a month` does not belong to a quantity"),
        ] {
            let error = Quantity::parse(text).expect_err(text);
            assert_eq!(error.span, span, "{text}: {error}");
            assert!(error.to_string().starts_with(message), "{text}: {error}");
        }
        assert!(Quantity::parse("100000d").is_ok());
    }

    #[test]
    fn the_dimension_is_as_needed_or_the_fault_says_so() {
        use Dimension::*;
        for (text, needed, message) in [
            ("30/s", Duration, "\"30/s\" is a rate, a duration is needed"),
            ("200ms", Rate, "\"200ms\" is a duration, a rate is needed"),
            ("$5", Price(Per::Time), "\"$5\" is money, a price per time is needed"),
            ("$5/h", Money, "\"$5/h\" is a price per time, money is needed"),
            ("5%", Number, "\"5%\" is a ratio, a number is needed; write 0.05 without `%`"),
            ("10", Duration, "a duration is text with a unit; did you mean \"10ms\", \"10s\" or \"10min\"?"),
            (" 10 ", Rate, "a rate is text with a unit; did you mean \"10/s\" or \"10/min\"?"),
            ("2", Size, "a size is text with a unit; did you mean \"2kB\" or \"2MB\"?"),
            ("2", Bandwidth, "a bandwidth is text with a unit; did you mean \"2MB/s\" or \"2Mbit/s\"?"),
            ("2", Money, "money is text with a currency sign; did you mean \"$2\" or \"€2\"?"),
            ("2", Price(Per::Time), "a price per time is text with a currency sign; did you mean \"$2/h\""),
        ] {
            let error = Quantity::parse_as(text, needed).expect_err(text);
            assert!(error.to_string().starts_with(message), "{text}: {error}");
            assert_eq!(&text[error.span], text.trim());
        }
        assert_eq!(Quantity::parse_as("0.05", Ratio).map(|q| q.value), Ok(0.05));
        assert_eq!(Quantity::parse_as("5%", Ratio).map(|q| q.value), Ok(0.05));
    }

    #[test]
    fn signs_and_wholeness_are_checked_with_the_callers_noun() {
        let error = |r: Result<u64, TextError>| r.expect_err("refused").to_string();
        let work = Quantity::parse("-8ms").expect("read");
        let below = work.not_negative("work", 0..4).expect_err("below 0");
        assert_eq!(below.to_string(), "a work must not be below 0");
        assert_eq!(Quantity::number(3.0).count("count", 0..1), Ok(3));
        assert_eq!(
            error(Quantity::number(2.5).count("count", 0..3)),
            "a count is a whole number; did you mean 2 or 3?"
        );
        assert_eq!(error(Quantity::number(-1.0).count("count", 0..2)), "a count must not be below 0");
        assert_eq!(error(Quantity::number(1e16).count("count", 0..4)), "a count is at most 2^53");
        assert_eq!(Quantity::duration(1.5).nanoseconds(), 2);
        assert_eq!(Quantity::duration(-1.0).nanoseconds(), 0);
        assert_eq!(Quantity::duration(DURATION_MAX_NS).nanoseconds(), 8_640_000_000_000_000_000);
    }

    #[test]
    fn quantities_print_as_people_write_them() {
        for text in [
            "12.5ms",
            "3400/s",
            "0.5/s",
            "0.05/s",
            "2GB",
            "512MiB",
            "90min",
            "1d",
            "14h",
            "30d",
            "5%",
            "99.95%",
            "0.1%",
            "$0.085/h",
            "$650/month",
            "$0.09/GB",
            "$0.2/million",
            "$0.0000166667/GBs",
            "€25",
            "-$5",
            "50MB/s",
            "1kB",
            "16.67s",
            "33.333333ms",
            "1ns",
            "0s",
            "0/s",
            "0B",
            "0B/s",
            "0%",
            "$0",
            "$0/h",
            "10000/h",
            "15min",
            "150/s",
            "15000/s",
            "256MB",
            "$150/month",
            "36h",
            "1.6/s",
            "400MB/s",
            "100Mbit/s",
            "1.2",
            "20000",
            "-5%",
            "1e30",
            "300us",
        ] {
            let quantity = Quantity::parse(text).expect(text);
            assert_eq!(quantity.to_string(), text);
        }
        for (text, printed) in [
            ("60s", "1min"),
            ("24h", "1d"),
            ("100Mbit/s", "100Mbit/s"),
            ("8Mbit/s", "1MB/s"),
            ("1000ms", "1s"),
            ("0.5s", "500ms"),
            ("60/min", "1/s"),
            ("$9000/month", "$12.5/h"),
            ("$3/d", "$90/month"),
        ] {
            assert_eq!(Quantity::parse(text).expect(text).to_string(), printed);
        }
    }

    #[test]
    fn what_no_text_can_say_still_prints() {
        for dimension in
            [Dimension::Number, Dimension::Duration, Dimension::Price(Per::Time), Dimension::Size]
        {
            for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, f64::MIN_POSITIVE, 5e-324] {
                let quantity = Quantity::new(value, dimension);
                assert!(!quantity.to_string().is_empty());
                assert!(!format!("{quantity:.2}").is_empty());
            }
        }
        assert_eq!(Quantity::duration(f64::NEG_INFINITY).to_string(), "-inf");
        let squared = Dimension::Rate.times(Dimension::Rate).expect("in range");
        assert_eq!(Quantity::new(4.0, squared).to_string(), "4 (rate squared)");
    }

    #[test]
    fn a_precision_rounds_to_significant_digits() {
        for (text, printed) in [
            ("12.3456ms", "12.3ms"),
            ("33.333333ms", "33.3ms"),
            ("1234567/s", "1230000/s"),
            ("0.0012345ns", "0.00123ns"),
            ("1023.7MB", "1.02GB"),
            ("0s", "0s"),
            ("99.951%", "100%"),
            ("$650.123/month", "$0.903/h"),
        ] {
            assert_eq!(format!("{:.3}", Quantity::parse(text).expect(text)), printed);
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange_and_every_span_lies_in_it(text in any::<String>()) {
            if let Err(error) = Quantity::parse(&text) {
                prop_assert!(text.get(error.span.clone()).is_some(), "{error:?}");
            }
        }

        #[test]
        fn nearly_right_texts_do_not_panic(text in "[-+$€]{0,2}[0-9_.,e]{0,6} ?[a-zA-Zµ/%0-9]{0,6}[ é]?") {
            match Quantity::parse(&text) {
                Err(error) => prop_assert!(text.get(error.span.clone()).is_some(), "{error:?}"),
                Ok(quantity) => prop_assert!(quantity.value.is_finite()),
            }
        }

        #[test]
        fn what_is_printed_reads_back_as_the_same(
            number in prop_oneof![0.0..1000.0f64, 1e-3..1e12f64],
            unit in 0..unit::UNITS.len() + unit::MONEY_UNITS.len(),
        ) {
            let mut all = unit::UNITS.iter().map(|u| ("", u)).chain(unit::MONEY_UNITS.iter().map(|u| ("€", u)));
            let (currency, unit) = all.nth(unit).expect("in range");
            if let Ok(quantity) = Quantity::parse(&format!("{currency}{number}{}", unit.name)) {
                let printed = quantity.to_string();
                prop_assert_eq!(Quantity::parse(&printed), Ok(quantity), "{}", printed);
            }
        }
    }
}
