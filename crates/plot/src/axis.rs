//! Axes: where a value is, which ticks are shown, and in which unit.

use kneepoint_experiment::result::Unit;
use kneepoint_report::{interval, quantity};
use kneepoint_statistics::Estimate;

use crate::figure::Interval;
use crate::font;

/// How values are laid along an axis.
#[derive(Clone, Debug, PartialEq)]
pub enum Scale {
    /// Even.
    Linear,
    /// Even per factor; what is not above zero lies on the edge.
    Log,
    /// The tail of a distribution: even per nine. Values are shares below 1.
    Tail,
    /// Names at 0, 1, 2, …
    Names(Vec<String>),
}

/// An axis.
#[derive(Clone, Debug)]
pub struct Axis {
    /// What it is, without its unit.
    pub name: String,
    /// The same in few words, for where there is no room; nothing if there are none.
    pub short: String,
    /// Its unit. Values are in base units: seconds, per second, shares.
    pub unit: Unit,
    /// How it is laid out.
    pub scale: Scale,
    /// Zero is on it.
    pub zero: bool,
    /// Where it ends whatever the values are, as shares at 1: below, above.
    pub most: Option<f64>,
    /// Where an even axis begins and ends, whatever the values are, as time does.
    pub ends: Option<(f64, f64)>,
    /// Its values are of whole things, as instances are: there is nothing between two ticks of which one is half.
    pub whole: bool,
    /// The largest number of this unit that is told beside it: what is compared is in one unit.
    pub beside: f64,
}

impl Axis {
    /// An even axis on which zero is.
    pub fn linear(name: impl Into<String>, unit: Unit) -> Axis {
        Axis {
            name: name.into(),
            short: String::new(),
            unit,
            scale: Scale::Linear,
            zero: true,
            most: None,
            ends: None,
            whole: false,
            beside: 0.0,
        }
    }
}

/// Returns a value in base units, in words.
pub(crate) fn words(value: f64, unit: &Unit) -> String {
    quantity(value * nanos(unit), unit)
}

/// Returns a number with its interval, in words.
pub(crate) fn interval_words(of: &Interval, unit: &Unit) -> String {
    let by = nanos(unit);
    let Some((low, high)) = of.ends else { return quantity(of.value * by, unit) };
    let estimate = Estimate {
        value: of.value * by,
        low: low * by,
        high: high * by,
        confidence: 0.95,
        n: 2,
        effective_samples: None,
    };
    interval(&estimate, unit)
}

fn nanos(unit: &Unit) -> f64 {
    if *unit == Unit::Duration { 1e9 } else { 1.0 }
}

/// An axis that knows its values.
#[derive(Clone, Debug)]
pub(crate) struct Laid {
    scale: Scale,
    /// The ends, as the scale sees them.
    low: f64,
    high: f64,
    /// Name and unit.
    pub title: Title,
    /// Value and label.
    pub ticks: Vec<(f64, String)>,
}

/// No sum or difference of two such numbers overflows.
const HUGE: f64 = 1e300;

impl Laid {
    /// Lays out an axis for these values, with about so many ticks.
    pub(crate) fn new(axis: &Axis, values: impl Iterator<Item = f64>, about: usize) -> Laid {
        let values: Vec<f64> = values.map(|v| v.clamp(-HUGE, HUGE)).collect();
        match &axis.scale {
            Scale::Names(names) => Laid {
                scale: axis.scale.clone(),
                low: -0.5,
                high: names.len().max(1) as f64 - 0.5,
                title: Title::of(axis, ""),
                ticks: names.iter().enumerate().map(|(at, name)| (at as f64, name.clone())).collect(),
            },
            Scale::Tail => Laid::tail(axis, &values),
            Scale::Log if values.iter().any(|v| *v > 0.0) => Laid::log(axis, &values, about),
            Scale::Log | Scale::Linear => Laid::linear(axis, &values, about),
        }
    }

    fn linear(axis: &Axis, values: &[f64], about: usize) -> Laid {
        let ends: Vec<f64> = axis.ends.iter().flat_map(|(from, to)| [*from, *to]).collect();
        // Beyond its ends there is nothing to have ticks for.
        let values = if ends.is_empty() { values } else { &ends };
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let (mut least, mut most) = if least > most { (0.0, 0.0) } else { (least, most) };
        if axis.zero {
            (least, most) = (least.min(0.0), most.max(0.0));
        }
        // There are no shares above all of it; what adds them up rounds.
        let share = (axis.unit == Unit::Ratio && most <= 1.0 + 1e-9 && least >= 0.0).then_some(1.0);
        if most - least <= f64::EPSILON * most.abs().max(least.abs()) {
            // All the same: some room around it, and all of the axis if it is nothing.
            let room = if most == 0.0 { 1.0 } else { most.abs() };
            most += room;
            if least != 0.0 || !axis.zero {
                least = if axis.zero { least } else { least - room };
            }
            if share.is_some() {
                (least, most) = (least.max(0.0), most.min(1.0));
            }
        }
        let (factor, unit) = shown_unit(&axis.unit, least.abs().max(most.abs()).max(axis.beside));
        // Round in the unit that is shown: an hour has no round number of thousands of seconds.
        let rough = (most - least) / about.max(1) as f64;
        let step =
            if unit == "h" { nice_hours(rough * factor) / factor } else { nice(rough * factor) / factor };
        // From 1 on all nice steps are whole.
        let step = if axis.whole { step.max(1.0) } else { step };
        let (from, to) = ((least / step + 1e-9).floor(), (most / step - 1e-9).ceil());
        let (mut low, mut high) = (from * step, to * step);
        if let Some(end) = axis.most.or(share)
            && most <= end + 1e-9
            && high > end
        {
            high = end;
        }
        if axis.zero && least == 0.0 {
            low = 0.0;
        }
        if let Some(ends) = axis.ends.filter(|(from, to)| from < to) {
            (low, high) = ends;
        }
        let steps = (to - from) as usize;
        let decimals = decimals(step * factor);
        let ticks = (0..=steps.min(50))
            .map(|n| (from + n as f64) * step)
            .filter(|at| *at <= high + step * 1e-9 && *at >= low - step * 1e-9)
            .map(|at| (at, number(at * factor, decimals)))
            .collect();
        Laid { scale: Scale::Linear, low, high, title: Title::of(axis, unit), ticks }
    }

    fn log(axis: &Axis, values: &[f64], about: usize) -> Laid {
        let above = || values.iter().copied().filter(|v| *v > 0.0);
        let least = above().fold(f64::INFINITY, f64::min).max(1e-300);
        let most = above().fold(0.0, f64::max).max(1e-300);
        // By the largest, as of an even axis: a bound is said in the unit of its size, and it is seldom below what it bounds.
        let (factor, unit) = shown_unit(&axis.unit, most.max(axis.beside));
        // Round in the unit that is shown; of powers of ten it makes no difference.
        let by = if ["h", "d"].contains(&unit) { factor } else { 1.0 };
        let (least, most) = (least * by, most * by);
        let decades = (most / least).log10();
        // Ends at 1, 2 or 5 of a decade, and never on a value itself.
        let steps: &[f64] = if decades > 8.0 { &[1.0] } else { &[1.0, 2.0, 5.0] };
        let first = least.log10().floor() as i32 - 1;
        let last = most.log10().ceil() as i32 + 1;
        let all: Vec<f64> = (first..=last)
            .flat_map(|decade| steps.iter().map(move |s| s * 10_f64.powi(decade)))
            .filter(|v| v.is_finite() && *v > 0.0)
            .collect();
        let low = all.iter().copied().filter(|v| *v <= least * 0.95).fold(0.0, f64::max);
        let high = all.iter().copied().filter(|v| *v >= most * 1.05).fold(f64::INFINITY, f64::min);
        let (low, mut high) =
            (if low > 0.0 { low } else { least }, if high.is_finite() { high } else { most });
        if high <= low {
            high = low * 10.0;
        }
        let inside: Vec<f64> =
            all.into_iter().filter(|v| *v >= low * 0.999_999 && *v <= high * 1.000_001).collect();
        let tens: Vec<f64> =
            inside.iter().copied().filter(|v| (v.log10() - v.log10().round()).abs() < 1e-9).collect();
        let mut chosen = if inside.len() <= about * 2 || tens.len() < 2 { inside } else { tens };
        if chosen.len() > about * 2 {
            let every = chosen.len().div_ceil(about * 2);
            chosen = chosen.into_iter().step_by(every).collect();
        }
        if axis.whole && chosen.iter().filter(|v| v.fract() == 0.0).count() > 1 {
            chosen.retain(|v| v.fract() == 0.0);
        }
        let ticks = chosen.into_iter().map(|v| (v / by, short(v / by * factor))).collect();
        Laid {
            scale: Scale::Log,
            low: (low / by).log10(),
            high: (high / by).log10(),
            title: Title::of(axis, unit),
            ticks,
        }
    }

    fn tail(axis: &Axis, values: &[f64]) -> Laid {
        let nines = |share: f64| -(1.0 - share.min(1.0 - 1e-15)).log10();
        let most = values.iter().copied().map(nines).fold(1.0, f64::max);
        let ticks = [0.0, 0.5, 0.9, 0.95, 0.99, 0.999, 0.9999, 0.99999, 0.999_999]
            .into_iter()
            .filter(|share| nines(*share) <= most + 1e-6)
            .map(|share: f64| (share, format!("p{}", (share * 1e8).round() / 1e6)))
            .filter(|(share, _)| *share > 0.0)
            .collect();
        Laid { scale: Scale::Tail, low: 0.0, high: most, title: Title::of(axis, ""), ticks }
    }

    /// Returns where a value is, from 0 to 1.
    pub(crate) fn place(&self, value: f64) -> f64 {
        let seen = match self.scale {
            Scale::Linear | Scale::Names(_) => value.clamp(-HUGE, HUGE),
            Scale::Log if value > 0.0 => value.log10(),
            Scale::Log => self.low,
            Scale::Tail => -(1.0 - value.min(1.0 - 1e-15)).log10(),
        };
        ((seen - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }

    /// Whether a value is between its ends, and not drawn at one of them in place of where it is.
    pub(crate) fn holds(&self, value: f64) -> bool {
        let seen = match self.scale {
            Scale::Log if value > 0.0 => value.log10(),
            Scale::Log => return false,
            _ => return (self.low..=self.high).contains(&value),
        };
        (self.low..=self.high).contains(&seen)
    }

    /// Whether its ticks are names.
    pub(crate) fn has_names(&self) -> bool {
        matches!(self.scale, Scale::Names(_))
    }

    /// Whether it is a log axis, on which some values cannot be.
    pub(crate) fn is_log(&self) -> bool {
        self.scale == Scale::Log
    }
}

/// What stands beside an axis. Its words may be shortened, its unit never: a number without one says nothing.
#[derive(Clone, Debug)]
pub(crate) struct Title {
    name: String,
    short: String,
    unit: String,
}

impl Title {
    fn of(axis: &Axis, unit: &str) -> Title {
        let unit = if unit.is_empty() { String::new() } else { format!("[{unit}]") };
        Title { name: axis.name.clone(), short: axis.short.clone(), unit }
    }

    /// Returns it in one line.
    #[cfg(test)]
    pub(crate) fn whole(&self) -> String {
        joined(&self.name, &self.unit)
    }

    /// Returns it in so many lines at most, if it fits into them with all its words or with its few.
    pub(crate) fn fits(&self, size: f64, room: f64, lines: usize) -> Option<Vec<String>> {
        let fits = |line: &String| font::width(line, size, false) <= room;
        let names = [&self.name, &self.short].into_iter().enumerate();
        for (_, name) in names.filter(|(at, name)| *at == 0 || !name.is_empty()) {
            let whole = joined(name, &self.unit);
            if fits(&whole) {
                return Some(vec![whole]);
            }
            if lines > 1
                && let Some(two) = in_two(&whole, size).filter(|two| two.iter().all(fits))
            {
                return Some(two);
            }
        }
        None
    }

    /// As [`Title::fits`]; what does not fit is cut before its unit.
    pub(crate) fn fitted(&self, size: f64, room: f64, lines: usize) -> Vec<String> {
        if let Some(lines) = self.fits(size, room, lines) {
            return lines;
        }
        let name = if self.short.is_empty() { &self.name } else { &self.short };
        let unit = font::cut(&self.unit, size, false, room);
        if lines > 1 && !unit.is_empty() {
            let name = font::cut_name(name, size, false, room);
            return [name, unit].into_iter().filter(|line| !line.is_empty()).collect();
        }
        let taken = if unit.is_empty() { 0.0 } else { font::width(&format!(" {unit}"), size, false) };
        vec![joined(&font::cut_name(name, size, false, room - taken), &unit)]
    }
}

fn joined(name: &str, unit: &str) -> String {
    let both = [name, unit].into_iter().filter(|words| !words.is_empty());
    both.collect::<Vec<_>>().join(" ")
}

/// Returns a text in two lines that are as nearly as long as each other as words allow.
fn in_two(text: &str, size: f64) -> Option<Vec<String>> {
    let split = |at: usize| [&text[..at], &text[at + 1..]];
    let longer =
        |at: &usize| split(*at).map(|line| font::width(line, size, false)).into_iter().fold(0.0, f64::max);
    let places = text.match_indices(' ').map(|(at, _)| at);
    let best = places.min_by(|a, b| longer(a).total_cmp(&longer(b)))?;
    Some(split(best).map(str::to_string).to_vec())
}

/// Returns the unit an axis is shown in, and what its values are multiplied by.
fn shown_unit(unit: &Unit, size: f64) -> (f64, &str) {
    match unit {
        Unit::Number => (1.0, ""),
        Unit::Ratio => (100.0, "%"),
        Unit::Rate => (1.0, "1/s"),
        Unit::Other(words) => (1.0, words),
        Unit::Duration if size >= 2.0 * 86_400.0 => (1.0 / 86_400.0, "d"),
        Unit::Duration if size >= 3_600.0 => (1.0 / 3_600.0, "h"),
        Unit::Duration if size == 0.0 || size >= 2.0 => (1.0, "s"),
        Unit::Duration if size >= 2e-3 => (1e3, "ms"),
        Unit::Duration if size >= 2e-6 => (1e6, "µs"),
        Unit::Duration => (1e9, "ns"),
    }
}

/// Returns the next of 1, 2 and 5 times a power of ten.
fn nice(step: f64) -> f64 {
    let step = if step > 0.0 && step.is_finite() { step } else { 1.0 };
    let power = 10_f64.powf(step.log10().floor());
    let lead = step / power;
    let nice = [1.0, 2.0, 5.0].into_iter().find(|n| lead <= n * 1.000_001).unwrap_or(10.0);
    nice * power
}

/// The same of hours: a day has quarters.
fn nice_hours(step: f64) -> f64 {
    if step <= 2.0 || step > 12.0 {
        return nice(step);
    }
    if step <= 3.0 {
        3.0
    } else if step <= 6.0 {
        6.0
    } else {
        12.0
    }
}

fn decimals(step: f64) -> usize {
    // By way of rounding: 0.2 is 0.19999999999999998 after some multiplications.
    (0..12)
        .find(|d| {
            let v = step * 10_f64.powi(*d);
            (v - v.round()).abs() < 1e-6 * v.abs().max(1e-300)
        })
        .unwrap_or(12) as usize
}

fn number(value: f64, decimals: usize) -> String {
    // Six zeros are not read, they are counted.
    if value.abs() >= 1e7 || (decimals > 5 && value.abs() < 1e-4) {
        return short(value);
    }
    let text = format!("{value:.decimals$}");
    let text = if text.trim_start_matches('-').chars().all(|c| c == '0' || c == '.') {
        text.trim_start_matches('-').to_string()
    } else {
        text
    };
    grouped(&text)
}

fn grouped(text: &str) -> String {
    let (sign, rest) = text.strip_prefix('-').map_or(("", text), |rest| ("−", rest));
    let (whole, fraction) = rest.split_once('.').map_or((rest, ""), |(w, f)| (w, f));
    let mut all = String::from(sign);
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            all.push(',');
        }
        all.push(digit);
    }
    if !fraction.is_empty() {
        all.push('.');
        all.push_str(fraction);
    }
    all
}

/// Returns a number in few letters: `0.002`, `5,000`, `2e9`.
fn short(value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && !(1e-4..1e7).contains(&size) {
        let text = format!("{value:.1e}").replace(".0e", "e");
        return text.strip_prefix('-').map_or(text.clone(), |rest| format!("−{rest}"));
    }
    let decimals = if size >= 1.0 || size == 0.0 { 0 } else { (-size.log10()).ceil() as usize };
    number(value, decimals)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis, values: &[f64]) -> Vec<String> {
        Laid::new(axis, values.iter().copied(), 5).ticks.into_iter().map(|(_, label)| label).collect()
    }

    #[test]
    fn ticks_are_round_numbers_in_a_unit_that_fits() {
        let latency = Axis::linear("p99", Unit::Duration);
        assert_eq!(labels(&latency, &[0.013, 0.097]), ["0", "20", "40", "60", "80", "100"]);
        assert_eq!(Laid::new(&latency, [0.013, 0.097].into_iter(), 5).title.whole(), "p99 [ms]");
        let load = Axis::linear("load", Unit::Rate);
        assert_eq!(labels(&load, &[120.0, 2147.0]), ["0", "500", "1,000", "1,500", "2,000", "2,500"]);
        let share = Axis { most: Some(1.0), ..Axis::linear("busy", Unit::Ratio) };
        assert_eq!(labels(&share, &[0.97]), ["0", "20", "40", "60", "80", "100"]);
        let errors = Axis { zero: false, ..Axis::linear("errors", Unit::Ratio) };
        assert_eq!(labels(&errors, &[0.23, 0.998]), ["20", "40", "60", "80", "100"]);
        assert_eq!(Laid::new(&errors, [0.95, 0.998].into_iter(), 3).high, 1.0);
        // Servers that are full at every point: an axis to 200 % was made for them.
        for full in [1.0, 1.0 + 1e-15, 0.6] {
            let laid = Laid::new(&errors, [full; 2].into_iter(), 5);
            assert!(laid.low == 0.0 && laid.high == 1.0, "{} to {}", laid.low, laid.high);
        }
    }

    #[test]
    fn hours_and_days_are_called_that() {
        let time = Axis::linear("simulated time", Unit::Duration);
        assert_eq!(labels(&time, &[0.0, 86_400.0]), ["0", "6", "12", "18", "24"]);
        let laid = Laid::new(&time, [0.0, 7.0 * 86_400.0].into_iter(), 5);
        assert_eq!(laid.title.whole(), "simulated time [d]");
        assert!(
            (laid.ticks[1].0 - 2.0 * 86_400.0).abs() < 1e-6 && laid.ticks[1].1 == "2",
            "{:?}",
            laid.ticks
        );
        let log = Axis { scale: Scale::Log, ..time };
        let laid = Laid::new(&log, [1e3, 86_400.0].into_iter(), 5);
        assert_eq!((laid.title.whole().as_str(), laid.ticks[1].1.as_str()), ("simulated time [h]", "0.5"));
        assert!((laid.ticks[1].0 - 1_800.0).abs() < 1e-6);
    }

    #[test]
    fn a_log_axis_has_ticks_within_decades_where_they_are_few() {
        let axis = Axis { scale: Scale::Log, ..Axis::linear("p99", Unit::Duration) };
        assert_eq!(labels(&axis, &[0.03, 0.9]), ["20", "50", "100", "200", "500", "1,000"]);
        assert_eq!(labels(&axis, &[1e-6, 20.0]).len(), 8);
        // Nothing above zero: there is no log axis for it.
        assert_eq!(labels(&axis, &[0.0, 0.0]).first().map(String::as_str), Some("0"));
    }

    #[test]
    fn whole_things_have_whole_ticks() {
        let instances = Axis { whole: true, ..Axis::linear("instances", Unit::Number) };
        assert_eq!(labels(&instances, &[1.0, 2.0]), ["0", "1", "2"]);
        assert_eq!(labels(&instances, &[0.0]), ["0", "1"]);
        assert_eq!(labels(&instances, &[4.0, 12.0]), ["0", "5", "10", "15"]);
        let log = Axis { scale: Scale::Log, ..instances };
        assert_eq!(labels(&log, &[1.0, 64.0]), ["1", "2", "5", "10", "20", "50", "100"]);
    }

    #[test]
    fn the_unit_is_that_of_the_largest_number_beside() {
        let title = |axis: &Axis, values: &[f64]| Laid::new(axis, values.iter().copied(), 5).title.whole();
        let latency = Axis::linear("latency", Unit::Duration);
        assert_eq!(title(&Axis { beside: 0.015, ..latency.clone() }, &[1e-4, 5e-4]), "latency [ms]");
        let log = Axis { scale: Scale::Log, ..latency };
        // Values in µs and a bound of 15 ms.
        assert_eq!(title(&log, &[2e-5, 5e-4, 0.015]), "latency [ms]");
        assert_eq!(title(&log, &[2e-5, 5e-4]), "latency [µs]");
    }

    #[test]
    fn the_words_of_a_title_are_shortened_and_its_unit_is_not() {
        let titled = |name: &str, short: &str, room: f64, lines: usize| {
            let axis = Axis { short: short.to_string(), ..Axis::linear(name, Unit::Duration) };
            Laid::new(&axis, [0.1].into_iter(), 5).title.fitted(12.5, room, lines)
        };
        let latency = "latency of good answers";
        assert_eq!(titled(latency, "latency", 300.0, 2), ["latency of good answers [ms]"]);
        assert_eq!(titled(latency, "latency", 120.0, 2), ["latency of good", "answers [ms]"]);
        assert_eq!(titled(latency, "latency", 90.0, 2), ["latency [ms]"]);
        assert_eq!(titled(latency, "latency", 60.0, 2), ["latency", "[ms]"]);
        let metric = "p99(users-of-the-eastern-region.latency)";
        for (room, lines) in [(150.0, 1), (150.0, 2), (70.0, 1), (40.0, 1), (40.0, 2)] {
            let fitted = titled(metric, "", room, lines);
            assert!(fitted.len() <= lines && fitted.last().unwrap().ends_with("[ms]"), "{fitted:?}");
            assert!(fitted.iter().all(|line| font::width(line, 12.5, false) <= room), "{fitted:?}");
        }
    }

    #[test]
    fn odd_values_have_an_axis_too() {
        for values in [&[][..], &[0.0], &[5.0, 5.0], &[-1e308, 1e308], &[1e-320], &[-3.0, -2.0]] {
            for scale in [Scale::Linear, Scale::Log, Scale::Tail] {
                for zero in [true, false] {
                    let axis = Axis { scale: scale.clone(), zero, ..Axis::linear("x", Unit::Number) };
                    let laid = Laid::new(&axis, values.iter().copied(), 5);
                    assert!(laid.high > laid.low, "{values:?} {axis:?}");
                    assert!(laid.ticks.len() <= 51);
                    assert!(
                        values.iter().all(|v| (0.0..=1.0).contains(&laid.place(*v))),
                        "{values:?} {axis:?}"
                    );
                }
            }
        }
    }
}
