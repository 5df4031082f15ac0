//! Ranges of a setting, as they are written after `--over`.

use kneepoint_scenario::value::{Dimension, Quantity};

/// Values a setting may take.
#[derive(Clone, Debug, PartialEq)]
pub enum Range {
    /// These, as they are written.
    List(Vec<String>),
    /// Everything between two quantities.
    Span {
        /// One end.
        low: Quantity,
        /// The other end, above it.
        high: Quantity,
        /// Whole numbers only: both ends were written as such.
        whole: bool,
        /// Shares of it are taken of the logarithm.
        log: bool,
        /// How many points were asked for.
        points: Option<u64>,
    },
}

impl Range {
    /// Reads `2..16`, `100/s..10000/s:log:7`, `a,b,c` or one value.
    ///
    /// # Errors
    /// What is wrong and what is allowed, as a clause.
    pub fn parse(text: &str) -> Result<Range, String> {
        let text = text.trim();
        if let Some((low, rest)) = text.split_once("..") {
            let mut parts = rest.split(':').map(str::trim);
            let high = parts.next().unwrap_or("");
            let (mut log, mut points) = (false, None);
            for word in parts {
                match (word, word.parse::<u64>()) {
                    ("log", _) if !log => log = true,
                    ("linear", _) if !log => {}
                    (_, Ok(n)) if n >= 2 && points.is_none() => points = Some(n),
                    _ => {
                        return Err(format!(
                            "after the ends there may be `log` and a number of points of at least 2, not \"{}\"",
                            word.escape_debug()
                        ));
                    }
                }
            }
            return Range::span(low, high, log, points);
        }
        let mut values: Vec<String> = vec![String::new()];
        let (mut depth, mut quoted) = (0_i32, false);
        for c in text.chars() {
            match c {
                '"' => quoted = !quoted,
                '(' | '[' | '{' if !quoted => depth += 1,
                ')' | ']' | '}' if !quoted => depth -= 1,
                ',' if depth == 0 && !quoted => {
                    values.push(String::new());
                    continue;
                }
                _ => {}
            }
            values.last_mut().expect("there is a first").push(c);
        }
        let values: Vec<String> = values.iter().map(|v| v.trim().to_string()).collect();
        if values.iter().any(String::is_empty) {
            return Err("a value is empty; write values as in 2,4,8 or ends as in 2..16".to_string());
        }
        Ok(Range::List(values))
    }

    /// Makes the range between two written quantities.
    ///
    /// # Errors
    /// As [`Range::parse`].
    pub fn span(low: &str, high: &str, log: bool, points: Option<u64>) -> Result<Range, String> {
        let end = |text: &str| {
            let text = text.trim().trim_matches('"');
            Quantity::parse(text).map_err(|e| format!("its end \"{}\": {e}", text.escape_debug()))
        };
        let is_whole =
            |text: &str| text.trim().trim_matches('"').bytes().all(|b| b.is_ascii_digit() || b == b'_');
        let (from, to) = (end(low)?, end(high)?);
        if from.dimension != to.dimension {
            return Err(format!(
                "its ends are {} and {}",
                from.dimension.with_article(),
                to.dimension.with_article()
            ));
        }
        if from.value >= to.value {
            return Err(format!("it must rise: {} is not below {}", low.trim(), high.trim()));
        }
        if log && from.value <= 0.0 {
            return Err("a logarithmic range begins above 0".to_string());
        }
        Ok(Range::Span { low: from, high: to, whole: is_whole(low) && is_whole(high), log, points })
    }

    /// Returns the value at a share of the way from the low to the high end, as one would write it; of a list the
    /// value whose turn it is.
    pub fn at(&self, share: f64) -> String {
        match self {
            Range::List(values) => {
                let at = (share.clamp(0.0, 1.0) * (values.len() - 1) as f64).round() as usize;
                values[at].clone()
            }
            Range::Span { low, high, whole, log, .. } => {
                let value = if share <= 0.0 {
                    low.value
                } else if share >= 1.0 {
                    high.value
                } else if *log {
                    low.value * libm::pow(high.value / low.value, share)
                } else {
                    low.value + share * (high.value - low.value)
                };
                if *whole {
                    return format!("{}", value.round());
                }
                // Between the ends six digits do, and read better than sixteen.
                let value = if share > 0.0 && share < 1.0 {
                    format!("{value:.5e}").parse().unwrap_or(value)
                } else {
                    value
                };
                // Durations are whole nanoseconds.
                let value = if low.dimension == Dimension::Duration { value.round() } else { value };
                match low.dimension {
                    // A decimal point, where a file would need one.
                    Dimension::Number => format!("{value:?}"),
                    _ => Quantity { value, ..*low }.to_string(),
                }
            }
        }
    }

    /// Returns at which share of the way a value of [`Range::at`] lies: rounding moves it.
    pub fn share(&self, value: &str) -> Option<f64> {
        match self {
            Range::List(values) => {
                let at = values.iter().position(|v| v == value)?;
                Some(at as f64 / (values.len().max(2) - 1) as f64)
            }
            Range::Span { low, high, log, .. } => {
                let v = Quantity::parse(value).ok()?.value;
                Some(if *log {
                    libm::log(v / low.value) / libm::log(high.value / low.value)
                } else {
                    (v - low.value) / (high.value - low.value)
                })
            }
        }
    }

    /// Returns the values one at a time is tried at: the ends, or all of a list.
    pub fn extremes(&self) -> Vec<String> {
        match self {
            Range::List(values) => values.clone(),
            Range::Span { .. } => vec![self.at(0.0), self.at(1.0)],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, shares: &[f64]) -> Vec<String> {
        let range = Range::parse(text).expect(text);
        shares.iter().map(|s| range.at(*s)).collect()
    }

    #[test]
    fn ranges_are_read_and_say_their_values() {
        assert_eq!(at("2..16", &[0.0, 1.0 / 3.0, 1.0]), ["2", "7", "16"]);
        assert_eq!(at("0.5..1.5", &[0.0, 0.5]), ["0.5", "1.0"]);
        assert_eq!(at("100/s..10000/s:log:7", &[0.0, 0.5, 1.0]), ["100/s", "1000/s", "10000/s"]);
        assert_eq!(at("10ms..20ms", &[0.0, 0.25, 1.0]), ["10ms", "12.5ms", "20ms"]);
        assert_eq!(at("5%..25%", &[0.5]), ["15%"]);
        assert_eq!(at("Fifo,Lifo", &[0.0, 1.0]), ["Fifo", "Lifo"]);
        assert_eq!(Range::parse("A(b: 1, c: 2),B").expect("a list").extremes(), ["A(b: 1, c: 2)", "B"]);
    }

    #[test]
    fn rounding_is_known() {
        let range = Range::parse("2..16").expect("a range");
        assert_eq!(range.share("7"), Some(5.0 / 14.0));
        let log = Range::parse("100/s..10000/s:log").expect("a range");
        assert!((log.share("1000/s").expect("inside") - 0.5).abs() < 1e-12);
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for (text, part) in [
            ("16..2", "it must rise"),
            ("2..2", "it must rise"),
            ("2..", "its end \"\""),
            ("2..16ms", "its ends are"),
            ("0/s..5/s:log", "begins above 0"),
            ("2..16:often", "not \"often\""),
            ("2..16:1", "at least 2"),
            ("2,,3", "empty"),
            ("", "empty"),
        ] {
            let reason = Range::parse(text).expect_err(text);
            assert!(reason.contains(part), "{text}: {reason}");
        }
    }
}
