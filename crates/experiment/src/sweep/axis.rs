//! What a sweep, a sensitivity or a search goes over: a setting with a list or a range of values.

use kneepoint_scenario::OverValues;
use kneepoint_scenario::value::{Dimension, Quantity, shown};

/// Most values of one axis.
///
/// # Source
/// Chosen: more cannot be looked at, and a mistyped `1..1000000000` must not fill the memory.
const VALUES_MAX: u64 = 1_000_000;

/// Digits to which values between the ends are rounded, counted from the first digit of a step or of the value.
///
/// # Source
/// Chosen: what is printed is what is run, and nobody wants to read sixteen digits.
const DIGITS: i32 = 6;

/// The name of the axis of variants.
pub const VARIANT: &str = "variant";

/// Why a text is no setting with its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AxisError {
    /// As it was written.
    pub text: String,
    /// Why not, and what is allowed.
    pub reason: String,
}

impl AxisError {
    pub(crate) fn new(text: &str, reason: String) -> AxisError {
        AxisError { text: text.to_string(), reason }
    }
}

impl std::fmt::Display for AxisError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", shown(&self.text), self.reason)
    }
}

impl std::error::Error for AxisError {}

/// A setting and the values it takes.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// Path of the setting, or [`VARIANT`].
    pub path: String,
    /// Its values.
    pub values: AxisValues,
}

/// The values of an axis.
#[derive(Clone, Debug, PartialEq)]
pub enum AxisValues {
    /// These, each as it is written after `--set path=`.
    List(Vec<String>),
    /// Those between two ends.
    Range(Span),
}

/// From one quantity to another.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// The first value.
    pub from: Quantity,
    /// The last value.
    pub to: Quantity,
    /// How it is spaced.
    pub spacing: Spacing,
    /// How many values a grid takes.
    pub amount: Amount,
    /// Only whole numbers.
    pub whole: bool,
    /// Both ends were written without a decimal point: 2..16, not 2.0..16.0.
    pub digits: bool,
}

/// How values lie between two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spacing {
    /// Evenly.
    Linear,
    /// Each the same multiple of the one before.
    Logarithmic,
}

/// How many values a grid takes of a range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Amount {
    /// So many, both ends among them.
    Points(u64),
    /// One every so much, from the first on; in the unit of the ends.
    Step(f64),
    /// Every whole number; nothing else has neighbours.
    Every,
}

impl Axis {
    /// Reads `PATH=VALUES` as it stands after `--over`: `web.instances=2..16`,
    /// `shoppers.rate=500/s,1000/s`, `params.load=100/s..10000/s:log:7`, `web.machine.speed=1..2:5`,
    /// `pool.size=10..50:step:10`, `x=[…]` in RON.
    ///
    /// # Errors
    /// What cannot be read, and what is allowed.
    pub fn parse(text: &str) -> Result<Axis, AxisError> {
        let (path, values) = text.split_once('=').unwrap_or((text, ""));
        let (path, values) = (path.trim(), values.trim());
        let refuse = |reason: String| AxisError::new(text, reason);
        if path.is_empty() || values.is_empty() {
            return Err(refuse(
                "write PATH=VALUES: web.instances=2..16, shoppers.rate=500/s,1000/s or load=100/s..10000/s:log:7"
                    .to_string(),
            ));
        }
        if let Some(inner) = values.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            return Axis::list(path, split(inner, ","), text);
        }
        match &split(values, "..")[..] {
            [_] => Axis::list(path, split(values, ","), text),
            [from, rest] => {
                let parts = split(rest, ":");
                let to = parts[0];
                let (spacing, amount) = how(&parts[1..]).map_err(refuse)?;
                let span = Span::new(from, to, spacing, amount).map_err(refuse)?;
                Ok(Axis { path: path.to_string(), values: AxisValues::Range(span) })
            }
            _ => Err(refuse("a range has two ends, as in 2..16".to_string())),
        }
    }

    fn list(path: &str, values: Vec<&str>, text: &str) -> Result<Axis, AxisError> {
        let mut values = values;
        // RON allows a comma after the last.
        if values.len() > 1 && values.last().is_some_and(|last| last.is_empty()) {
            values.pop();
        }
        if values.iter().any(|value| value.is_empty()) {
            return Err(AxisError::new(text, "a value is missing".to_string()));
        }
        let mut known: Vec<String> = Vec::new();
        for value in values {
            if known.iter().any(|k| k == value) {
                return Err(AxisError::new(text, format!("the value {} stands there twice", shown(value))));
            }
            known.push(value.to_string());
        }
        Ok(Axis { path: path.to_string(), values: AxisValues::List(known) })
    }

    /// Makes the axis of variants.
    pub fn variants(names: Vec<String>) -> Axis {
        Axis { path: VARIANT.to_string(), values: AxisValues::List(names) }
    }

    /// Makes an axis of an entry of a file's `sweep` section.
    ///
    /// # Errors
    /// If its ends are no range.
    pub fn of_section(path: &str, values: &OverValues) -> Result<Axis, AxisError> {
        let values = match values {
            OverValues::List(list) => {
                return Axis::list(path, list.iter().map(String::as_str).collect(), path);
            }
            OverValues::Range { logarithmic, from, to, points } => {
                let spacing = if *logarithmic { Spacing::Logarithmic } else { Spacing::Linear };
                let span = Span::new(from, to, spacing, Amount::Points(*points));
                AxisValues::Range(span.map_err(|reason| AxisError::new(path, reason))?)
            }
        };
        Ok(Axis { path: path.to_string(), values })
    }

    /// Says that only whole numbers are allowed, as for instances.
    pub fn set_whole(&mut self) {
        if let AxisValues::Range(span) = &mut self.values {
            span.whole = true;
        }
    }

    /// Returns the values of a grid, in their order.
    ///
    /// # Errors
    /// If a range says neither how many values it has nor is one of whole numbers, or has too many.
    pub fn grid(&self) -> Result<Vec<String>, AxisError> {
        match &self.values {
            AxisValues::List(list) => Ok(list.clone()),
            AxisValues::Range(span) => {
                span.grid().map_err(|reason| AxisError::new(&self.to_string(), reason))
            }
        }
    }

    /// Returns the value at a place between 0 and 1, for drawn designs.
    pub fn at(&self, u: f64) -> String {
        match &self.values {
            AxisValues::List(list) => list[((u * list.len() as f64) as usize).min(list.len() - 1)].clone(),
            AxisValues::Range(span) => span.at(u),
        }
    }

    /// Returns the value at a share of the way from the first to the last; of a list the one whose turn it is.
    ///
    /// Unlike [`Axis::at`], which shares the line out, the ends are met at 0 and 1 only.
    pub fn along(&self, share: f64) -> String {
        match &self.values {
            AxisValues::List(list) => {
                list[(share.clamp(0.0, 1.0) * (list.len() - 1) as f64).round() as usize].clone()
            }
            AxisValues::Range(span) => span.along(share),
        }
    }

    /// Returns at which share of the way a value of [`Axis::along`] lies: rounding moves it.
    pub fn share(&self, value: &str) -> Option<f64> {
        match &self.values {
            AxisValues::List(list) => {
                let at = list.iter().position(|known| known == value)?;
                Some(at as f64 / (list.len().max(2) - 1) as f64)
            }
            AxisValues::Range(span) => span.share(value),
        }
    }

    /// Returns the ends of a range, or all values of a list.
    pub fn extremes(&self) -> Vec<String> {
        match &self.values {
            AxisValues::List(list) => list.clone(),
            AxisValues::Range(span) if span.from == span.to => vec![span.along(0.0)],
            AxisValues::Range(span) => vec![span.along(0.0), span.along(1.0)],
        }
    }
}

/// As it is written after `--over`.
impl std::fmt::Display for Axis {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}=", self.path)?;
        match &self.values {
            AxisValues::List(list) => {
                let plain: Vec<&str> = list.iter().map(|value| plain(value)).collect();
                write!(f, "{}", plain.join(","))
            }
            AxisValues::Range(span) => {
                write!(f, "{}..{}", span.from, span.to)?;
                if span.spacing == Spacing::Logarithmic {
                    write!(f, ":log")?;
                }
                match span.amount {
                    Amount::Points(points) => write!(f, ":{points}"),
                    Amount::Step(step) => write!(f, ":step:{}", Quantity { value: step, ..span.from }),
                    Amount::Every => Ok(()),
                }
            }
        }
    }
}

/// Returns a value for people: a text without its quotes.
pub(crate) fn plain(value: &str) -> &str {
    match value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(inner) if !inner.contains(['"', '\\', ',']) => inner,
        _ => value,
    }
}

/// Splits a text where a separator stands outside of quotes and brackets, and trims.
fn split<'a>(text: &'a str, by: &str) -> Vec<&'a str> {
    let (mut depth, mut quoted, mut escaped) = (0_i32, false, false);
    let (mut parts, mut start, mut skip) = (Vec::new(), 0, 0);
    for (at, c) in text.char_indices() {
        if at < skip {
            continue;
        }
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ if depth == 0 && text[at..].starts_with(by) => {
                parts.push(text[start..at].trim());
                (start, skip) = (at + by.len(), at + by.len());
            }
            _ => {}
        }
    }
    parts.push(text[start..].trim());
    parts
}

/// Reads what stands after a range: `7`, `log:7`, `step:2`.
fn how(parts: &[&str]) -> Result<(Spacing, StepText), String> {
    let points = |text: &str| -> Result<StepText, String> {
        match text.parse::<u64>() {
            Ok(points) if (1..=VALUES_MAX).contains(&points) => Ok(StepText::Points(points)),
            _ => Err(format!("a number of points lies between 1 and {VALUES_MAX}, not {}", shown(text))),
        }
    };
    match parts {
        [] => Ok((Spacing::Linear, StepText::Every)),
        ["step", step] => Ok((Spacing::Linear, StepText::Step((*step).to_string()))),
        ["log"] => Ok((Spacing::Logarithmic, StepText::Every)),
        ["log", n] => Ok((Spacing::Logarithmic, points(n)?)),
        ["linear" | "lin", n] | [n] => Ok((Spacing::Linear, points(n)?)),
        _ => Err("after a range stand points, as in 0.1..0.9:9, log:7 or step:2".to_string()),
    }
}

/// An [`Amount`] before the unit of its step is known.
enum StepText {
    Points(u64),
    Step(String),
    Every,
}

impl From<Amount> for StepText {
    fn from(amount: Amount) -> StepText {
        match amount {
            Amount::Points(points) => StepText::Points(points),
            Amount::Step(step) => StepText::Step(step.to_string()),
            Amount::Every => StepText::Every,
        }
    }
}

fn quantity(text: &str) -> Result<Quantity, String> {
    let text = text.trim();
    let bare = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
    // RON writes 1_000.
    Quantity::parse(bare).map_err(|error| match error.help {
        Some(help) => format!("{}: {}; {help}", shown(bare), error.message),
        None => format!("{}: {}", shown(bare), error.message),
    })
}

impl Span {
    fn new(from: &str, to: &str, spacing: Spacing, amount: impl Into<StepText>) -> Result<Span, String> {
        let digits = [from, to].iter().all(|text| {
            text.trim().trim_matches('"').bytes().all(|byte| byte.is_ascii_digit() || byte == b'_')
        });
        let (from, to) = (quantity(from)?, quantity(to)?);
        if from.dimension != to.dimension || from.currency != to.currency {
            return Err(format!(
                "its ends are {} and {}: both need the same unit",
                from.dimension.with_article(),
                to.dimension.with_article()
            ));
        }
        if from.value > to.value {
            return Err(format!("it ends before it begins: write {to}..{from}"));
        }
        if spacing == Spacing::Logarithmic && from.value <= 0.0 {
            return Err(format!("a logarithmic range begins above 0, not at {from}"));
        }
        let amount = match amount.into() {
            StepText::Every => Amount::Every,
            StepText::Points(points) => Amount::Points(points),
            StepText::Step(text) => {
                let step = quantity(&text)?;
                if step.dimension != from.dimension {
                    return Err(format!("its step {step} needs the unit of its ends"));
                }
                if step.value <= 0.0 {
                    return Err(format!("a step is above 0, not {step}"));
                }
                Amount::Step(step.value)
            }
        };
        if amount == Amount::Points(1) && from.value != to.value {
            return Err("one point is no range: write the value".to_string());
        }
        Ok(Span { from, to, spacing, amount, whole: false, digits })
    }

    fn is_whole(&self) -> bool {
        self.whole && self.from.dimension == Dimension::Number
    }

    fn has_whole_ends(&self) -> bool {
        let whole = |q: Quantity| q.dimension == Dimension::Number && q.value.fract() == 0.0;
        whole(self.from) && whole(self.to)
    }

    fn text(&self, value: f64) -> String {
        let value = Quantity { value, ..self.from };
        // A count is no text, and no 2e3.
        if value.dimension == Dimension::Number && value.value.fract() == 0.0 && value.value.abs() < 1e15 {
            format!("{}", value.value as i64)
        } else {
            value.to_string()
        }
    }

    fn grid(&self) -> Result<Vec<String>, String> {
        let (from, to) = (self.from.value, self.to.value);
        if self.is_whole() && !self.has_whole_ends() {
            return Err("this setting takes whole numbers".to_string());
        }
        let points = match self.amount {
            Amount::Points(points) => points,
            Amount::Every if self.spacing == Spacing::Linear && self.has_whole_ends() => {
                count_of_steps(from, to, 1.0)?
            }
            Amount::Every => {
                return Err(format!("it does not say how many values: {}..{}:5", self.from, self.to));
            }
            Amount::Step(step) if self.is_whole() && step.fract() != 0.0 => {
                return Err("this setting takes whole numbers: the step too".to_string());
            }
            Amount::Step(step) => count_of_steps(from, to, step)?,
        };
        let value = |k: u64| match self.amount {
            Amount::Every => from + k as f64,
            Amount::Step(step) => from_step(from + k as f64 * step, step),
            Amount::Points(points) => {
                let u = if points == 1 { 0.0 } else { k as f64 / (points - 1) as f64 };
                match self.spacing {
                    _ if k == 0 => from,
                    _ if k == points - 1 => to,
                    Spacing::Linear => from_step(from + u * (to - from), (to - from) / (points - 1) as f64),
                    Spacing::Logarithmic => rounded(self.between(u), DIGITS),
                }
            }
        };
        let mut values: Vec<String> = Vec::new();
        for k in 0..points {
            let value = if self.is_whole() { value(k).round() } else { value(k) };
            let text = self.text(value);
            if values.last() == Some(&text) {
                let kind = if self.is_whole() { "whole numbers" } else { "values" };
                return Err(format!("{points} points are more than there are different {kind} in it"));
            }
            values.push(text);
        }
        Ok(values)
    }

    /// Returns the value at a place between 0 and 1.
    fn between(&self, u: f64) -> f64 {
        let (from, to) = (self.from.value, self.to.value);
        match self.spacing {
            Spacing::Linear => from + u * (to - from),
            Spacing::Logarithmic => from * libm::pow(to / from, u),
        }
    }

    fn at(&self, u: f64) -> String {
        let (from, to) = (self.from.value, self.to.value);
        if self.is_whole() || (self.amount == Amount::Every && self.has_whole_ends()) {
            // Every whole number gets the same share of the line, the ends too.
            let wide = match self.spacing {
                Spacing::Linear => (from + u * (to - from + 1.0)).floor(),
                Spacing::Logarithmic => (from * libm::pow((to + 1.0) / from, u)).floor(),
            };
            return self.text(wide.clamp(from, to));
        }
        self.text(rounded(self.between(u), DIGITS).clamp(from, to))
    }

    fn along(&self, share: f64) -> String {
        let (from, to) = (self.from.value, self.to.value);
        let value = match share {
            s if s <= 0.0 => from,
            s if s >= 1.0 => to,
            // A parameter may be used as a count: as it is written it is varied.
            s if self.is_whole() || self.digits => self.between(s).round(),
            s => rounded(self.between(s), DIGITS).clamp(from, to),
        };
        self.text(value)
    }

    fn share(&self, value: &str) -> Option<f64> {
        let (from, to) = (self.from.value, self.to.value);
        let value = Quantity::parse(value).ok()?.value;
        Some(match self.spacing {
            _ if from == to => 0.0,
            Spacing::Linear => (value - from) / (to - from),
            Spacing::Logarithmic => libm::log(value / from) / libm::log(to / from),
        })
    }
}

fn count_of_steps(from: f64, to: f64, step: f64) -> Result<u64, String> {
    // A last step that is short by rounding is one.
    let steps = ((to - from) / step * (1.0 + 1e-12)).floor() + 1.0;
    if steps > VALUES_MAX as f64 {
        return Err(format!("it has {steps} values; at most {VALUES_MAX} are allowed"));
    }
    Ok(steps as u64)
}

/// Rounds to so many digits after the first one of the step.
fn from_step(value: f64, step: f64) -> f64 {
    if step == 0.0 || value == 0.0 {
        return value;
    }
    let first = |v: f64| libm::log10(v.abs()).floor() as i32;
    rounded(value, DIGITS + (first(value) - first(step)).max(0))
}

/// Rounds to significant digits, by way of the text: what is printed is what is run.
fn rounded(value: f64, digits: i32) -> f64 {
    format!("{value:.*e}", (digits - 1).clamp(0, 17) as usize).parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(text: &str) -> Vec<String> {
        Axis::parse(text).and_then(|axis| axis.grid()).unwrap_or_else(|e| panic!("{text}: {e}"))
    }

    fn refused(text: &str) -> String {
        Axis::parse(text).and_then(|axis| axis.grid()).expect_err(text).to_string()
    }

    #[test]
    fn lists_are_taken_as_they_are_written() {
        assert_eq!(grid("shoppers.rate=500/s, 1000/s,2000/s"), ["500/s", "1000/s", "2000/s"]);
        assert_eq!(
            grid("a.b=[\"1ms\", Exponential(\"2ms\"), [1, 2],]"),
            ["\"1ms\"", "Exponential(\"2ms\")", "[1, 2]"]
        );
        assert_eq!(grid("web.queue.discipline=Fifo,Lifo"), ["Fifo", "Lifo"]);
        assert_eq!(grid("web.does=Compute(Lognormal(mean: \"1,2\", cv: 1))").len(), 1);
        assert_eq!(grid("a.b=\"1..2\""), ["\"1..2\""]);
    }

    #[test]
    fn ranges_by_hand() {
        assert_eq!(grid("web.instances=2..5"), ["2", "3", "4", "5"]);
        assert_eq!(grid("x.y=10..50:step:20"), ["10", "30", "50"]);
        assert_eq!(grid("x.y=10..45:step:20"), ["10", "30"]);
        assert_eq!(grid("x.y=0.1..0.9:9"), ["0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8", "0.9"]);
        assert_eq!(grid("x.y=0..1:step:0.25"), ["0", "0.25", "0.5", "0.75", "1"]);
        assert_eq!(grid("x.y=1..2:4"), ["1", "1.333333", "1.666667", "2"]);
        assert_eq!(
            grid("params.load=100/s..10000/s:log:7"),
            ["100/s", "215.443/s", "464.159/s", "1000/s", "2154.43/s", "4641.59/s", "10000/s"]
        );
        assert_eq!(grid("x.y=10ms..1s:log:3"), ["10ms", "100ms", "1s"]);
        assert_eq!(grid("x.y=1000000..1000001:5")[1], "1000000.25");
        assert_eq!(grid("x.y=3..3:1"), ["3"]);
    }

    #[test]
    fn whole_numbers_stay_whole() {
        let whole = |text: &str| {
            let mut axis = Axis::parse(text).unwrap();
            axis.set_whole();
            axis
        };
        assert_eq!(whole("w.i=2..16:4").grid().unwrap(), ["2", "7", "11", "16"]);
        assert_eq!(whole("w.i=1..64:log:7").grid().unwrap(), ["1", "2", "4", "8", "16", "32", "64"]);
        assert!(whole("w.i=1..3:9").grid().unwrap_err().to_string().contains("9 points are more"));
        assert!(whole("w.i=1..2:step:0.5").grid().unwrap_err().to_string().contains("whole numbers"));
        let axis = whole("w.i=2..5:4");
        let drawn: Vec<String> =
            [0.0, 0.24, 0.26, 0.74, 0.76, 0.999].into_iter().map(|u| axis.at(u)).collect();
        assert_eq!(drawn, ["2", "2", "3", "4", "5", "5"]);
    }

    #[test]
    fn places_between_0_and_1() {
        let axis = |text: &str| Axis::parse(text).unwrap();
        assert_eq!(axis("a.b=100/s..10000/s:log").at(0.5), "1000/s");
        assert_eq!(axis("a.b=1ms..3ms").at(0.25), "1.5ms");
        assert_eq!(axis("a.b=x,y,z").at(0.5), "y");
        assert_eq!(axis("a.b=x,y,z").at(1.0), "z");
    }

    #[test]
    fn a_way_from_one_end_to_the_other() {
        let along = |text: &str, shares: &[f64]| -> Vec<String> {
            let axis = Axis::parse(text).unwrap();
            shares.iter().map(|share| axis.along(*share)).collect()
        };
        assert_eq!(along("w.i=2..16", &[0.0, 1.0 / 3.0, 1.0]), ["2", "7", "16"]);
        assert_eq!(along("w.s=0.5..1.5", &[0.0, 0.5, 0.9]), ["0.5", "1", "1.4"]);
        assert_eq!(along("w.s=1.0..2.0", &[0.0, 0.5, 1.0]), ["1", "1.5", "2"]);
        assert_eq!(along("l=100/s..10000/s:log:7", &[0.0, 0.5, 1.0]), ["100/s", "1000/s", "10000/s"]);
        assert_eq!(along("d=10ms..20ms", &[0.0, 0.25, 1.0]), ["10ms", "12.5ms", "20ms"]);
        assert_eq!(along("q=Fifo,Lifo", &[0.0, 1.0]), ["Fifo", "Lifo"]);
        let axis = |text: &str| Axis::parse(text).unwrap();
        assert_eq!(axis("w.i=2..16").share("7"), Some(5.0 / 14.0));
        assert!((axis("l=100/s..10000/s:log").share("1000/s").unwrap() - 0.5).abs() < 1e-12);
        assert_eq!(axis("x.y=A(b: 1, c: 2),B").extremes(), ["A(b: 1, c: 2)", "B"]);
        assert_eq!(axis("w.i=2..16:3").extremes(), ["2", "16"]);
    }

    #[test]
    fn what_is_no_axis_is_refused_with_what_is_allowed() {
        for (text, part) in [
            ("web.instances", "write PATH=VALUES"),
            ("=1", "write PATH=VALUES"),
            ("a.b=1,,2", "a value is missing"),
            ("a.b=1,2,1", "1 stands there twice"),
            ("a.b=5..2", "write 2..5"),
            ("a.b=1..5:step:0", "a step is above 0, not 0"),
            ("a.b=1..5:step:-1", "a step is above 0"),
            ("a.b=1ms..5", "both need the same unit"),
            ("a.b=1ms..5ms", "does not say how many values: 1ms..5ms:5"),
            ("a.b=1ms..5ms:step:1", "needs the unit of its ends"),
            ("a.b=0..5:log:3", "begins above 0"),
            ("a.b=1..5:0", "a number of points"),
            ("a.b=1..5:1", "one point is no range"),
            ("a.b=1..5:often", "a number of points"),
            ("a.b=1..5:log:3:4", "after a range"),
            ("a.b=1..2..3", "two ends"),
            ("a.b=one..three", "one"),
            ("a.b=1..1000000000", "at most 1000000"),
        ] {
            let message = refused(text);
            assert!(message.contains(part), "{text}: {message}");
        }
    }

    #[test]
    fn an_axis_is_shown_as_it_is_written() {
        for text in ["w.i=2..16", "l=100/s..10000/s:log:7", "x.y=10ms..50ms:step:20ms", "a.b=x,y"] {
            assert_eq!(Axis::parse(text).unwrap().to_string(), text);
        }
    }
}
