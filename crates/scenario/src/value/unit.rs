use super::dimension::{Dimension, Per};
use super::text_error::nearest;

/// A unit: a written number times `times` / `divided` * 10^`shift` is the value in the base unit.
///
/// The power of ten is kept apart so that it can be added to the exponent of the written number before that is
/// read: `5%` is then exactly `0.05`, and `16.67s` exactly 16 670 000 000 ns.
#[derive(Debug, PartialEq)]
pub(super) struct Unit {
    pub name: &'static str,
    pub dimension: Dimension,
    pub shift: i32,
    pub times: f64,
    pub divided: f64,
}

const fn unit(name: &'static str, dimension: Dimension, shift: i32, times: f64, divided: f64) -> Unit {
    Unit { name, dimension, shift, times, divided }
}

const RATE: Dimension = Dimension::Rate;
const DURATION: Dimension = Dimension::Duration;
const SIZE: Dimension = Dimension::Size;
const BANDWIDTH: Dimension = Dimension::Bandwidth;

/// All units but those of money; within a dimension in the order in which a value is best shown.
///
/// # Source
/// Prefixes: BIPM, The International System of Units, 9th edition, table 7; IEC 80000-13 for `KiB` and its like.
pub(super) const UNITS: &[Unit] = &[
    unit("d", DURATION, 9, 86_400.0, 1.0),
    unit("h", DURATION, 9, 3_600.0, 1.0),
    unit("min", DURATION, 9, 60.0, 1.0),
    unit("s", DURATION, 9, 1.0, 1.0),
    unit("ms", DURATION, 6, 1.0, 1.0),
    unit("us", DURATION, 3, 1.0, 1.0),
    unit("ns", DURATION, 0, 1.0, 1.0),
    // The micro sign, and the Greek letter that Unicode replaces it by when it normalises.
    unit("\u{b5}s", DURATION, 3, 1.0, 1.0),
    unit("\u{3bc}s", DURATION, 3, 1.0, 1.0),
    unit("/s", RATE, 0, 1.0, 1.0),
    unit("/min", RATE, 0, 1.0, 60.0),
    unit("/h", RATE, 0, 1.0, 3_600.0),
    unit("/d", RATE, 0, 1.0, 86_400.0),
    unit("TB", SIZE, 12, 1.0, 1.0),
    unit("GB", SIZE, 9, 1.0, 1.0),
    unit("MB", SIZE, 6, 1.0, 1.0),
    unit("kB", SIZE, 3, 1.0, 1.0),
    unit("B", SIZE, 0, 1.0, 1.0),
    unit("TiB", SIZE, 0, 1_099_511_627_776.0, 1.0),
    unit("GiB", SIZE, 0, 1_073_741_824.0, 1.0),
    unit("MiB", SIZE, 0, 1_048_576.0, 1.0),
    unit("KiB", SIZE, 0, 1_024.0, 1.0),
    unit("Gbit", SIZE, 9, 1.0, 8.0),
    unit("Mbit", SIZE, 6, 1.0, 8.0),
    unit("kbit", SIZE, 3, 1.0, 8.0),
    unit("TB/s", BANDWIDTH, 12, 1.0, 1.0),
    unit("GB/s", BANDWIDTH, 9, 1.0, 1.0),
    unit("MB/s", BANDWIDTH, 6, 1.0, 1.0),
    unit("kB/s", BANDWIDTH, 3, 1.0, 1.0),
    unit("B/s", BANDWIDTH, 0, 1.0, 1.0),
    unit("TiB/s", BANDWIDTH, 0, 1_099_511_627_776.0, 1.0),
    unit("GiB/s", BANDWIDTH, 0, 1_073_741_824.0, 1.0),
    unit("MiB/s", BANDWIDTH, 0, 1_048_576.0, 1.0),
    unit("KiB/s", BANDWIDTH, 0, 1_024.0, 1.0),
    unit("Gbit/s", BANDWIDTH, 9, 1.0, 8.0),
    unit("Mbit/s", BANDWIDTH, 6, 1.0, 8.0),
    unit("kbit/s", BANDWIDTH, 3, 1.0, 8.0),
    unit("%", Dimension::Ratio, -2, 1.0, 1.0),
    unit("", Dimension::Number, 0, 1.0, 1.0),
];

/// What follows the number when a currency sign stands before it.
///
/// A month is 30 days, so that a bill does not depend on the calendar.
pub(super) const MONEY_UNITS: &[Unit] = &[
    unit("", Dimension::Money, 0, 1.0, 1.0),
    unit("/h", Dimension::Price(Per::Time), 0, 1.0, 3_600.0),
    unit("/d", Dimension::Price(Per::Time), 0, 1.0, 86_400.0),
    unit("/month", Dimension::Price(Per::Time), 0, 1.0, 2_592_000.0),
    unit("/GB", Dimension::Price(Per::Size), -9, 1.0, 1.0),
    unit("/GBs", Dimension::Price(Per::SizeTime), -9, 1.0, 1.0),
    unit("/million", Dimension::Price(Per::Million), -6, 1.0, 1.0),
];

/// Words that people write for units, and what they may have meant.
const MEANT: &[(&str, &[&str])] = &[
    ("sec", &["s"]),
    ("secs", &["s"]),
    ("second", &["s"]),
    ("seconds", &["s"]),
    ("S", &["s"]),
    ("m", &["min", "ms"]),
    ("M", &["MB", "min"]),
    ("mins", &["min"]),
    ("minute", &["min"]),
    ("minutes", &["min"]),
    ("hr", &["h"]),
    ("hrs", &["h"]),
    ("hour", &["h"]),
    ("hours", &["h"]),
    ("H", &["h"]),
    ("day", &["d"]),
    ("days", &["d"]),
    ("D", &["d"]),
    ("w", &["d"]),
    ("week", &["d"]),
    ("weeks", &["d"]),
    ("mo", &["d"]),
    ("month", &["d"]),
    ("months", &["d"]),
    ("y", &["d"]),
    ("year", &["d"]),
    ("years", &["d"]),
    ("msec", &["ms"]),
    ("millis", &["ms"]),
    ("millisecond", &["ms"]),
    ("milliseconds", &["ms"]),
    ("usec", &["us"]),
    ("micros", &["us"]),
    ("microsecond", &["us"]),
    ("microseconds", &["us"]),
    ("nsec", &["ns"]),
    ("nanos", &["ns"]),
    ("nanosecond", &["ns"]),
    ("nanoseconds", &["ns"]),
    ("rps", &["/s"]),
    ("qps", &["/s"]),
    ("tps", &["/s"]),
    ("hz", &["/s"]),
    ("req/s", &["/s"]),
    ("reqs/s", &["/s"]),
    ("requests/s", &["/s"]),
    ("/sec", &["/s"]),
    ("/second", &["/s"]),
    ("rpm", &["/min"]),
    ("/m", &["/min"]),
    ("/minute", &["/min"]),
    ("rph", &["/h"]),
    ("/hr", &["/h"]),
    ("/hour", &["/h"]),
    ("/day", &["/d"]),
    ("byte", &["B"]),
    ("bytes", &["B"]),
    ("b", &["B"]),
    ("K", &["kB", "KiB"]),
    ("k", &["kB"]),
    ("KB", &["kB"]),
    ("kb", &["kB", "kbit"]),
    ("Kb", &["kB", "kbit"]),
    ("mb", &["MB", "Mbit"]),
    ("Mb", &["MB", "Mbit"]),
    ("G", &["GB"]),
    ("gb", &["GB", "Gbit"]),
    ("Gb", &["GB", "Gbit"]),
    ("T", &["TB"]),
    ("tb", &["TB"]),
    ("Ki", &["KiB"]),
    ("Mi", &["MiB"]),
    ("Gi", &["GiB"]),
    ("Ti", &["TiB"]),
    ("bit", &["kbit"]),
    ("bps", &["kbit/s"]),
    ("kbps", &["kbit/s"]),
    ("Mbps", &["Mbit/s"]),
    ("mbps", &["Mbit/s"]),
    ("Gbps", &["Gbit/s"]),
    ("gbps", &["Gbit/s"]),
    ("kBps", &["kB/s"]),
    ("MBps", &["MB/s"]),
    ("GBps", &["GB/s"]),
    ("pct", &["%"]),
    ("percent", &["%"]),
    ("‰", &["%"]),
];

/// The same for what follows an amount of money.
const MEANT_MONEY: &[(&str, &[&str])] = &[
    ("/hr", &["/h"]),
    ("/hour", &["/h"]),
    ("/s", &["/h"]),
    ("/min", &["/h"]),
    ("/m", &["/month", "/million"]),
    ("/M", &["/million"]),
    ("/1M", &["/million"]),
    ("/mio", &["/million"]),
    ("/request", &["/million"]),
    ("/mo", &["/month"]),
    ("/y", &["/month"]),
    ("/year", &["/month"]),
    ("/day", &["/d"]),
    ("/gb", &["/GB"]),
    ("/G", &["/GB"]),
    ("/GiB", &["/GB"]),
    ("/TB", &["/GB"]),
    ("/GB/s", &["/GBs"]),
    ("/GB-s", &["/GBs"]),
    ("/GB-second", &["/GBs"]),
];

/// Returns the table for amounts with or without a currency sign.
pub(super) fn units(money: bool) -> &'static [Unit] {
    if money { MONEY_UNITS } else { UNITS }
}

/// Returns the unit with a name.
pub(super) fn find(name: &str, money: bool) -> Option<&'static Unit> {
    units(money).iter().find(|unit| unit.name == name)
}

/// Returns what a word that is no unit may have meant: "did you mean `min`?".
pub(super) fn suggestion(word: &str, money: bool) -> Option<String> {
    let plain: String = word.chars().filter(|c| !c.is_whitespace()).take(100).collect();
    let words = if money { MEANT_MONEY } else { MEANT };
    let listed = words.iter().find(|(written, _)| *written == plain);
    // "Minutes" and "MS" after the exact spelling, in which M and m differ.
    let lower = plain.to_lowercase();
    let meant = match listed.or_else(|| words.iter().find(|(written, _)| *written == lower)) {
        Some((_, meant)) => meant.to_vec(),
        None => vec![nearest(&plain, units(money).iter().map(|unit| unit.name).filter(|n| !n.is_empty()))?],
    };
    let quoted: Vec<String> = meant.iter().map(|name| format!("`{name}`")).collect();
    Some(format!("did you mean {}?", quoted.join(" or ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_for_a_unit_leads_to_one() {
        for (written, meant) in MEANT.iter().chain(MEANT_MONEY) {
            assert!(!meant.is_empty());
            let money = MEANT_MONEY.iter().any(|(w, m)| w == written && m == meant);
            assert!(find(written, money).is_none(), "{written} is a unit itself");
            for name in *meant {
                assert!(find(name, money).is_some(), "{name}");
            }
        }
    }

    #[test]
    fn near_misses_are_suggested() {
        for (word, money, expected) in [
            ("minute", false, "did you mean `min`?"),
            ("Minutes", false, "did you mean `min`?"),
            ("m", false, "did you mean `min` or `ms`?"),
            ("/ s", false, "did you mean `/s`?"),
            ("MIN", false, "did you mean `min`?"),
            ("mbit", false, "did you mean `Mbit`?"),
            ("Mbits/s", false, "did you mean `Mbit/s`?"),
            ("/mounth", true, "did you mean `/month`?"),
            ("/gbs", true, "did you mean `/GBs`?"),
        ] {
            // Spaces inside are not part of a word.
            assert_eq!(suggestion(word, money).as_deref(), Some(expected), "{word}");
        }
        assert_eq!(suggestion("parsec", false), None);
    }

    #[test]
    fn no_unit_is_listed_twice() {
        for money in [false, true] {
            for (i, unit) in units(money).iter().enumerate() {
                assert_eq!(units(money).iter().position(|u| u.name == unit.name), Some(i));
            }
        }
    }
}
