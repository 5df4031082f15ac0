use super::dimension::Dimension;
use super::metric::Reducer;

/// How the values of a series come about, which decides what can be made of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// One value per request or message: percentiles and means.
    Samples,
    /// Things that happen: a rate or a total.
    Counted,
    /// Things that happen to some of the calls: a share of them, a rate or a total.
    CountedAgainstCalls,
    /// Something that has a value at every instant: means, extremes and percentiles over time.
    Level,
    /// One value per run.
    Value,
}

impl Sort {
    /// Returns the reducer of the short form, `errors(shoppers)`; samples and values have none.
    pub fn short_form(self) -> Option<Reducer> {
        match self {
            Self::Counted => Some(Reducer::Rate),
            Self::CountedAgainstCalls => Some(Reducer::Share),
            Self::Level => Some(Reducer::Mean),
            Self::Samples | Self::Value => None,
        }
    }

    /// Returns whether a reducer makes sense of such a series.
    ///
    /// `highest`, `lowest`, `imbalance` and `jain` compare the instances of a place and fit everything.
    pub fn takes(self, reducer: Reducer) -> bool {
        match reducer {
            Reducer::Highest | Reducer::Lowest | Reducer::Imbalance | Reducer::Jain => true,
            Reducer::Percentile(_) | Reducer::Mean | Reducer::Min | Reducer::Max => {
                matches!(self, Self::Samples | Self::Level)
            }
            Reducer::Total => matches!(self, Self::Samples | Self::Counted | Self::CountedAgainstCalls),
            Reducer::Rate => matches!(self, Self::Counted | Self::CountedAgainstCalls),
            Reducer::Share => self == Self::CountedAgainstCalls,
        }
    }

    /// Returns the reducers for a message, after "takes".
    pub(super) fn reducers(self) -> &'static str {
        match self {
            Self::Samples => "p50, p99, mean, min, max or total",
            Self::Counted => "rate or total",
            Self::CountedAgainstCalls => "share, rate or total",
            Self::Level => "mean, min, max or p99",
            Self::Value => "no reducer, or highest and lowest of several",
        }
    }
}

/// What is known of a series beside its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeriesKind {
    /// How its values come about.
    pub sort: Sort,
    /// What its values measure, before counting makes a rate or a share of them;
    /// nothing where that differs between parts: `lag` is a time behind a primary and a count behind a log.
    pub dimension: Option<Dimension>,
}

impl SeriesKind {
    /// Returns the dimension that a reducer, or the short form, makes of the series.
    pub fn reduced(self, reducer: Option<Reducer>) -> Option<Dimension> {
        match reducer.or(self.sort.short_form()) {
            Some(Reducer::Rate) => Some(Dimension::Rate),
            Some(Reducer::Share) => Some(Dimension::Ratio),
            Some(Reducer::Imbalance | Reducer::Jain) => Some(Dimension::Number),
            // Between instances the short form's values are compared.
            Some(Reducer::Highest | Reducer::Lowest) if self.sort.short_form().is_some() => {
                self.reduced(None)
            }
            _ => self.dimension,
        }
    }
}

const fn kind(sort: Sort, dimension: Dimension) -> SeriesKind {
    SeriesKind { sort, dimension: Some(dimension) }
}

const SAMPLES: SeriesKind = kind(Sort::Samples, Dimension::Duration);
const COUNTED: SeriesKind = kind(Sort::Counted, Dimension::Number);
const SHARE: SeriesKind = kind(Sort::CountedAgainstCalls, Dimension::Number);
const LEVEL: SeriesKind = kind(Sort::Level, Dimension::Number);

/// The series of our own kinds by name; kinds of other crates bring theirs along.
pub const SERIES: &[(&str, SeriesKind)] = &[
    ("latency", SAMPLES),
    ("waiting", SAMPLES),
    ("service", SAMPLES),
    ("response", SAMPLES),
    // From birth to the end of background work.
    ("completion", SAMPLES),
    // Of what a cache or copy answered with, when it was read.
    ("age", SAMPLES),
    ("requests", COUNTED),
    ("calls", COUNTED),
    ("actions", COUNTED),
    ("goodput", COUNTED),
    ("attempts", COUNTED),
    ("lost", COUNTED),
    ("evictions", COUNTED),
    ("errors", SHARE),
    ("availability", SHARE),
    ("timeouts", SHARE),
    ("rejected", SHARE),
    ("shed", SHARE),
    ("limited", SHARE),
    ("refused", SHARE),
    ("unavailable", SHARE),
    ("failed", SHARE),
    ("stale", SHARE),
    ("degraded", SHARE),
    ("hits", SHARE),
    ("cold_starts", SHARE),
    ("duplicates", SHARE),
    ("dead_lettered", SHARE),
    ("completed", SHARE),
    ("compensated", SHARE),
    ("utilisation", kind(Sort::Level, Dimension::Ratio)),
    ("queue", LEVEL),
    ("in_flight", LEVEL),
    ("threads", LEVEL),
    ("instances", LEVEL),
    ("backlog", LEVEL),
    // Of a balancer.
    ("up", LEVEL),
    ("listed", LEVEL),
    ("checks", COUNTED),
    ("failed_checks", COUNTED),
    ("ejections", COUNTED),
    ("retried", COUNTED),
    ("patience_lost", COUNTED),
    ("nobody", COUNTED),
    ("chosen_anew", COUNTED),
    ("broken", COUNTED),
    ("handshakes", COUNTED),
    ("lag", SeriesKind { sort: Sort::Level, dimension: None }),
    // Of good requests.
    ("cost_per_million", kind(Sort::Value, Dimension::Money)),
];

/// The series of middle parts, beside those that everything has that is called ([`CALLED`]).
///
/// `waiting` is a level here, of calls that wait for a place: a middle part keeps no times.
pub const MIDDLE_SERIES: &[(&str, SeriesKind)] = &[
    ("retries", COUNTED),
    ("exhausted", COUNTED),
    ("budget_exhausted", COUNTED),
    ("hedges", COUNTED),
    ("wins", COUNTED),
    ("opened", COUNTED),
    ("probes", COUNTED),
    ("late", COUNTED),
    ("fallbacks", COUNTED),
    ("admitted", COUNTED),
    ("delayed", COUNTED),
    ("forgotten", COUNTED),
    ("store_errors", COUNTED),
    ("connects", COUNTED),
    ("closed", COUNTED),
    ("flights", COUNTED),
    ("shared", COUNTED),
    ("sent", COUNTED),
    ("checks", COUNTED),
    ("failed_checks", COUNTED),
    ("ejections", COUNTED),
    ("retried", COUNTED),
    ("patience_lost", COUNTED),
    ("nobody", COUNTED),
    ("chosen_anew", COUNTED),
    ("broken", COUNTED),
    ("handshakes", COUNTED),
    ("budget", LEVEL),
    // Of a breaker 1 while it is so: the mean is a share of time.
    ("open", LEVEL),
    ("half_open", LEVEL),
    ("inside", LEVEL),
    ("waiting", LEVEL),
    ("limit", LEVEL),
    ("busy", LEVEL),
    ("seen", LEVEL),
    ("up", LEVEL),
    ("listed", LEVEL),
];

/// The series of everything that is called.
pub const CALLED: [&str; 15] = [
    "calls",
    "goodput",
    "errors",
    "availability",
    "lost",
    "response",
    "timeouts",
    "rejected",
    "shed",
    "limited",
    "refused",
    "unavailable",
    "failed",
    "stale",
    "degraded",
];

/// Returns what is known of a series of middle parts, or of calls over an edge.
pub fn middle_series(name: &str) -> Option<SeriesKind> {
    let own = MIDDLE_SERIES.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind);
    own.or_else(|| CALLED.contains(&name).then(|| series(name)).flatten())
}

/// Returns what is known of one of our own series.
pub fn series(name: &str) -> Option<SeriesKind> {
    SERIES.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_series_is_listed_once_and_takes_the_reducer_of_its_short_form() {
        for (i, (name, kind)) in SERIES.iter().enumerate() {
            assert_eq!(SERIES.iter().position(|(n, _)| n == name), Some(i), "{name}");
            assert_eq!(series(name), Some(*kind));
            if let Some(reducer) = kind.sort.short_form() {
                assert!(kind.sort.takes(reducer), "{name}");
            }
        }
        assert_eq!(series("latancy"), None);
    }

    #[test]
    fn a_reducer_decides_the_dimension() {
        let of = |name, reducer| series(name).expect(name).reduced(reducer);
        assert_eq!(of("latency", Some(Reducer::Percentile(99.0))), Some(Dimension::Duration));
        assert_eq!(of("errors", None), Some(Dimension::Ratio));
        assert_eq!(of("errors", Some(Reducer::Rate)), Some(Dimension::Rate));
        assert_eq!(of("errors", Some(Reducer::Total)), Some(Dimension::Number));
        assert_eq!(of("errors", Some(Reducer::Highest)), Some(Dimension::Ratio));
        assert_eq!(of("calls", Some(Reducer::Imbalance)), Some(Dimension::Number));
        assert_eq!(of("utilisation", None), Some(Dimension::Ratio));
        assert_eq!(of("lag", Some(Reducer::Max)), None);
        assert_eq!(of("cost_per_million", None), Some(Dimension::Money));
    }
}
