mod reader;
#[cfg(test)]
mod tests;

use std::fmt;
use std::ops::Range;

use super::arithmetic::common_dimension;
use super::dimension::{Dimension, Per};
use super::path::{Path, SettingStep, Target};
use super::quantity::Quantity;
use super::series::{SeriesKind, Sort, middle_series};
use super::text_error::{Spanned, TextError, shown};

/// What makes one number of the values of a series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reducer {
    /// A percentile of the pooled values: `p99.9` is 99.9, between 0 and 100.
    Percentile(f64),
    /// The mean.
    Mean,
    /// The least.
    Min,
    /// The greatest.
    Max,
    /// The sum or count.
    Total,
    /// The count per time.
    Rate,
    /// The part of the calls concerned.
    Share,
    /// The greatest of several instances over their mean.
    Imbalance,
    /// Jain's index of fairness over several instances: 1 if all are alike, 1/n if one has everything.
    Jain,
    /// The greatest of several instances.
    Highest,
    /// The least of several instances.
    Lowest,
}

/// The reducers that are one word.
const REDUCERS: [(&str, Reducer); 10] = [
    ("mean", Reducer::Mean),
    ("min", Reducer::Min),
    ("max", Reducer::Max),
    ("total", Reducer::Total),
    ("rate", Reducer::Rate),
    ("share", Reducer::Share),
    ("imbalance", Reducer::Imbalance),
    ("jain", Reducer::Jain),
    ("highest", Reducer::Highest),
    ("lowest", Reducer::Lowest),
];

/// The stretch of time a metric is taken over.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Window {
    /// In every full stretch of this length: `each 1min`.
    Each(Quantity),
    /// In the stretch that ends now: `last 10s`.
    Last(Quantity),
    /// Between two times from the start of the run: `from 5min to 7min`.
    FromTo(Quantity, Quantity),
    /// At one time from the start of the run: `at 10s`.
    At(Quantity),
}

/// One number taken from a run.
#[derive(Clone, Debug, PartialEq)]
pub enum Measure {
    /// `p99(shoppers.latency, each 1min)`, or `errors(shoppers)` without a reducer: then the series' own.
    Series {
        /// What makes one number of the series; nothing in the short form.
        reducer: Option<Spanned<Reducer>>,
        /// Whose series.
        target: Target,
        /// Its name.
        series: Spanned<String>,
        /// Over which time, if not the usual one of the place.
        window: Option<Spanned<Window>>,
    },
    /// Of what stands on an edge or at a door: `rate(web -> db.via.Retry.retries)`; and of the calls over an edge.
    Middle(Box<MiddleMeasure>),
    /// The time during which an objective was missed: `missed(fast)`.
    Missed(Spanned<String>),
    /// The time from the end of a fault until an objective holds again: `time_to_recover(fast)`.
    TimeToRecover(Spanned<String>),
    /// What all, or one part, costs per time: `cost()`, `cost(web)`.
    Cost(Option<Target>),
}

/// One number of a middle part, or of the calls over an edge.
#[derive(Clone, Debug, PartialEq)]
pub struct MiddleMeasure {
    /// What makes one number of the series; nothing in the short form `retries(web -> db.via.Retry)`.
    pub reducer: Option<Spanned<Reducer>>,
    /// The edge it stands on, or the part at whose door.
    pub at: Path,
    /// Which of those that stand there: by its kind, or by its place in the list from 0. Nothing if the series tells:
    /// `rate(web -> db.retries)`.
    pub element: Option<Spanned<SettingStep>>,
    /// The name of its series.
    pub series: Spanned<String>,
    /// Over which time, if not the usual one of the place.
    pub window: Option<Spanned<Window>>,
}

/// An operator between two metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
}

/// Two metrics and the operator between them.
#[derive(Clone, Debug, PartialEq)]
pub struct Combined {
    /// What is done with them.
    pub operator: Spanned<Operator>,
    /// The first.
    pub left: Metric,
    /// The second.
    pub right: Metric,
}

/// A metric: one measure, or several combined.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every metric is one measure, and none is kept in large numbers"
)]
pub enum Metric {
    /// `p99(shoppers.latency)`
    Measure(Spanned<Measure>),
    /// `rate(db.calls) / rate(shoppers.requests)`
    Combined(Box<Combined>),
}

/// How a metric is compared with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `=`
    Equal,
}

const COMPARISONS: [(&str, Comparison); 5] = [
    ("<=", Comparison::LessOrEqual),
    (">=", Comparison::GreaterOrEqual),
    ("<", Comparison::Less),
    (">", Comparison::Greater),
    ("=", Comparison::Equal),
];

/// A metric and what it is held against: `errors(shoppers) > 5% for 2min`.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// What is measured.
    pub metric: Metric,
    /// How it is compared.
    pub comparison: Spanned<Comparison>,
    /// With what.
    pub value: Spanned<Quantity>,
    /// How long it must hold without a break, where that is said.
    pub lasting: Option<Spanned<Quantity>>,
}

impl Comparison {
    /// Returns whether a measured value compares so with a bound.
    pub fn holds(self, measured: f64, bound: f64) -> bool {
        match self {
            Self::Less => measured < bound,
            Self::LessOrEqual => measured <= bound,
            Self::Greater => measured > bound,
            Self::GreaterOrEqual => measured >= bound,
            Self::Equal => measured == bound,
        }
    }
}

impl Metric {
    /// Reads a metric.
    ///
    /// # Errors
    /// What is not a metric, at the piece that is at fault, with what to write instead.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        reader::metric(text)
    }

    /// Returns the bytes it was written at, without brackets around it.
    pub fn span(&self) -> Range<usize> {
        // The outermost measures are the ends; following them needs no recursion.
        let (mut first, mut last) = (self, self);
        while let Self::Combined(combined) = first {
            first = &combined.left;
        }
        while let Self::Combined(combined) = last {
            last = &combined.right;
        }
        match (first, last) {
            (Self::Measure(first), Self::Measure(last)) => first.span.start..last.span.end,
            _ => unreachable!("the loops end at measures"),
        }
    }

    /// Returns all measures in the order of writing.
    pub fn measures(&self) -> Vec<&Spanned<Measure>> {
        match self {
            Self::Measure(measure) => vec![measure],
            Self::Combined(combined) => {
                let mut measures = combined.left.measures();
                measures.extend(combined.right.measures());
                measures
            }
        }
    }

    /// Returns the dimension of the metric, or nothing if `kind_of` does not know it.
    ///
    /// `kind_of` says what a series of a target is; [`series`](super::series()) knows our own by name.
    ///
    /// # Errors
    /// A reducer that a series does not take, and metrics that cannot be added.
    pub fn dimension(
        &self,
        kind_of: &dyn Fn(&Target, &str) -> Option<SeriesKind>,
    ) -> Result<Option<Dimension>, TextError> {
        let combined = match self {
            Self::Measure(measure) => return measure.value.dimension(kind_of),
            Self::Combined(combined) => combined,
        };
        let left = combined.left.dimension(kind_of)?;
        let right = combined.right.dimension(kind_of)?;
        let (Some(left), Some(right)) = (left, right) else { return Ok(None) };
        let too_many = || TextError::new(self.span(), "too many quantities with units are multiplied");
        match combined.operator.value {
            Operator::Multiply => left.times(right).ok_or_else(too_many).map(Some),
            Operator::Divide => left.per(right).ok_or_else(too_many).map(Some),
            Operator::Add | Operator::Subtract => common_dimension(left, right).map(Some).map_err(|_| {
                let (left, right) = (left.with_article(), right.with_article());
                TextError::new(
                    self.span(),
                    format!("`{}` mixes {left} and {right}", shown(&self.to_string())),
                )
            }),
        }
    }
}

impl Measure {
    fn dimension(
        &self,
        kind_of: &dyn Fn(&Target, &str) -> Option<SeriesKind>,
    ) -> Result<Option<Dimension>, TextError> {
        match self {
            Self::Missed(_) | Self::TimeToRecover(_) => Ok(Some(Dimension::Duration)),
            Self::Cost(_) => Ok(Some(Dimension::Price(Per::Time))),
            Self::Series { reducer, target, series, .. } => {
                let kind = kind_of(target, &series.value);
                reduced(reducer.as_ref(), &target.to_string(), series, kind)
            }
            Self::Middle(of) => {
                let kind = middle_series(&of.series.value);
                reduced(of.reducer.as_ref(), &of.place(), &of.series, kind)
            }
        }
    }
}

/// The dimension that a reducer makes of a series of a place.
fn reduced(
    reducer: Option<&Spanned<Reducer>>,
    place: &str,
    series: &Spanned<String>,
    kind: Option<SeriesKind>,
) -> Result<Option<Dimension>, TextError> {
    let Some(kind) = kind else { return Ok(None) };
    match reducer {
        Some(reducer) if !kind.sort.takes(reducer.value) => {
            Err(no_such_reduction(reducer, series, kind.sort))
        }
        None if kind.sort == Sort::Samples => Err(reducer_missing(place, series)),
        _ => Ok(kind.reduced(reducer.map(|r| r.value))),
    }
}

impl MiddleMeasure {
    /// Returns whose series it is, as it is written: `web -> db.via.Retry`.
    #[must_use]
    pub fn place(&self) -> String {
        match self.element.as_ref().map(|element| &element.value) {
            Some(SettingStep::Named(kind)) => format!("{}.via.{kind}", self.at),
            Some(SettingStep::Index(at)) => format!("{}.via[{at}]", self.at),
            None => self.at.to_string(),
        }
    }
}

impl Condition {
    /// Reads a condition.
    ///
    /// # Errors
    /// What is not a condition, at the piece that is at fault, with what to write instead.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        reader::condition(text)
    }

    /// Checks that the metric and the value have one dimension.
    ///
    /// # Errors
    /// Another dimension, at the value; and as [`Metric::dimension`].
    pub fn check(&self, kind_of: &dyn Fn(&Target, &str) -> Option<SeriesKind>) -> Result<(), TextError> {
        let Some(needed) = self.metric.dimension(kind_of)? else { return Ok(()) };
        let given = self.value.value;
        if needed.is_like(given.dimension) {
            return Ok(());
        }
        let span = self.value.span.clone();
        if given.dimension.is_like(Dimension::Number) {
            let number = Quantity::number(given.value);
            let error = TextError::new(span, format!("{} is needed here", needed.with_article()));
            let meant = match needed {
                // Latencies are in the hundreds of milliseconds; "300s" would rarely be meant.
                Dimension::Duration => format!("{number}ms"),
                Dimension::Rate => format!("{number}/s"),
                Dimension::Size => format!("{number}MB"),
                Dimension::Bandwidth => format!("{number}MB/s"),
                Dimension::Money => format!("${number}"),
                Dimension::Price(Per::Time) => format!("${number}/month"),
                Dimension::Price(Per::Size) => format!("${number}/GB"),
                Dimension::Price(Per::SizeTime) => format!("${number}/GBs"),
                Dimension::Price(Per::Million) => format!("${number}/million"),
                Dimension::Number | Dimension::Ratio | Dimension::Compound(_) => return Err(error),
            };
            return Err(error.help(format!("did you mean {meant}?")));
        }
        Err(Quantity::wrong_dimension(&given.to_string(), given.dimension, needed, span))
    }
}

fn reducer_missing(place: &str, series: &Spanned<String>) -> TextError {
    let name = shown(&series.value);
    TextError::new(series.span.clone(), format!("`{name}` is many values: name a reducer"))
        .help(format!("for example p99({}.{name})", shown(place)))
}

fn no_such_reduction(reducer: &Spanned<Reducer>, series: &Spanned<String>, sort: Sort) -> TextError {
    let name = shown(&series.value);
    TextError::new(reducer.span.clone(), format!("`{name}` has no `{}`", reducer.value))
        .help(format!("it takes {}", sort.reducers()))
}

impl fmt::Display for Reducer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Percentile(percent) => write!(f, "p{percent}"),
            other => {
                let name = REDUCERS.iter().find(|(_, reducer)| reducer == other).map_or("", |(name, _)| name);
                f.write_str(name)
            }
        }
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Each(length) => write!(f, "each {length}"),
            Self::Last(length) => write!(f, "last {length}"),
            Self::FromTo(from, to) => write!(f, "from {from} to {to}"),
            Self::At(time) => write!(f, "at {time}"),
        }
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missed(objective) => write!(f, "missed({objective})"),
            Self::TimeToRecover(objective) => write!(f, "time_to_recover({objective})"),
            Self::Cost(None) => f.write_str("cost()"),
            Self::Cost(Some(target)) => write!(f, "cost({target})"),
            Self::Series { reducer, target, series, window } => {
                write_measure(f, reducer.as_ref(), &target.to_string(), series, window.as_ref())
            }
            Self::Middle(of) => {
                write_measure(f, of.reducer.as_ref(), &of.place(), &of.series, of.window.as_ref())
            }
        }
    }
}

fn write_measure(
    f: &mut fmt::Formatter<'_>,
    reducer: Option<&Spanned<Reducer>>,
    place: &str,
    series: &Spanned<String>,
    window: Option<&Spanned<Window>>,
) -> fmt::Result {
    match reducer {
        Some(reducer) => write!(f, "{reducer}({place}.{series}")?,
        None => write!(f, "{series}({place}")?,
    }
    window.iter().try_for_each(|window| write!(f, ", {window}"))?;
    f.write_str(")")
}

impl Operator {
    fn is_product(self) -> bool {
        matches!(self, Self::Multiply | Self::Divide)
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
        })
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let combined = match self {
            Self::Measure(measure) => return measure.fmt(f),
            Self::Combined(combined) => combined,
        };
        let is_product = combined.operator.value.is_product();
        let operand = |f: &mut fmt::Formatter<'_>, metric: &Metric, is_right: bool| match metric {
            // The tree is kept, not only the value: `a + (b + c)` is not the same as `a + b + c` in floating point.
            Self::Combined(inner)
                if (is_product && !inner.operator.value.is_product())
                    || (is_right && is_product == inner.operator.value.is_product()) =>
            {
                write!(f, "({metric})")
            }
            _ => write!(f, "{metric}"),
        };
        operand(f, &combined.left, false)?;
        write!(f, " {} ", combined.operator)?;
        operand(f, &combined.right, true)
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            COMPARISONS.iter().find(|(_, comparison)| comparison == self).map_or("", |(sign, _)| sign),
        )
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.metric, self.comparison, self.value)?;
        self.lasting.iter().try_for_each(|lasting| write!(f, " for {lasting}"))
    }
}
