use std::ops::Range;

use super::{
    COMPARISONS, Combined, Comparison, Condition, Measure, Metric, MiddleMeasure, Operator, REDUCERS,
    Reducer, Window, no_such_reduction, reducer_missing,
};
use crate::value::cursor::Cursor;
use crate::value::dimension::Dimension;
use crate::value::path::{Path, SettingStep, element, path, target};
use crate::value::quantity::{Quantity, is_currency};
use crate::value::series::{SERIES, Sort, middle_series, series};
use crate::value::text_error::{Spanned, TextError, nearest, shown};

/// How deep brackets may lie in each other.
const DEPTH_MAX: usize = 32;
/// How many measures may be combined; trees are followed by recursion, so they are kept small.
const MEASURES_MAX: usize = 100;

/// Words that people write for reducers.
const MEANT: [(&str, &str); 8] = [
    ("avg", "mean"),
    ("average", "mean"),
    ("median", "p50"),
    ("sum", "total"),
    ("count", "total"),
    ("minimum", "min"),
    ("maximum", "max"),
    ("percentile", "p99"),
];

/// Reads a metric.
pub(super) fn metric(text: &str) -> Result<Metric, TextError> {
    let mut reader = Reader::new(text)?;
    let metric = reader.metric(0)?;
    let cursor = &reader.cursor;
    if cursor.is_at_end() {
        return Ok(metric);
    }
    let span = cursor.rest_span();
    if read_comparison(&mut cursor.clone()).is_ok() {
        return Err(TextError::new(span, "a metric is needed, not a condition")
            .help("leave the comparison out; conditions stand in `slo` and after `when`"));
    }
    Err(TextError::new(span, format!("`{}` does not belong to a metric", shown(cursor.rest().trim()))))
}

/// Reads a condition.
pub(super) fn condition(text: &str) -> Result<Condition, TextError> {
    const FORM: &str = "a condition is METRIC < VALUE";
    if text.trim_start().starts_with(|c: char| c.is_ascii_digit() || is_currency(c)) {
        let start = text.len() - text.trim_start().len();
        return Err(TextError::new(start..text.trim_end().len(), FORM)
            .help("the metric stands first, for example p99(shoppers.latency) < 300ms"));
    }
    let mut reader = Reader::new(text)?;
    let start = reader.cursor.at;
    let metric = reader.metric(0)?;
    let mut cursor = reader.cursor;
    cursor.skip_blanks();
    if cursor.is_at_end() {
        let bound = example_bound(&metric);
        return Err(TextError::new(start..cursor.at, FORM)
            .help(format!("for example {} {bound}", shown(&text[start..cursor.at]))));
    }
    let comparison = read_comparison(&mut cursor)?;
    cursor.skip_blanks();
    let (value, lasting) = read_bound(&cursor, &comparison)?;
    Ok(Condition { metric, comparison, value, lasting })
}

/// Returns a bound that fits a metric, for a message.
fn example_bound(metric: &Metric) -> &'static str {
    match metric.dimension(&|_, name| series(name)) {
        Ok(Some(Dimension::Duration)) => "< 300ms",
        Ok(Some(Dimension::Ratio)) => "< 1%",
        Ok(Some(Dimension::Rate)) => "> 100/s",
        Ok(Some(Dimension::Money)) => "< $25",
        Ok(Some(Dimension::Price(_))) => "< $650/month",
        _ => "< 10",
    }
}

fn read_comparison(cursor: &mut Cursor<'_>) -> Result<Spanned<Comparison>, TextError> {
    cursor.skip_blanks();
    let start = cursor.at;
    for (wrong, right) in [("==", "="), ("=<", "<="), ("=>", ">="), ("≤", "<="), ("≥", ">=")] {
        if cursor.eat(wrong) {
            return Err(TextError::new(start..cursor.at, format!("`{wrong}` is not a comparison"))
                .help(format!("write `{right}`")));
        }
    }
    for wrong in ["!=", "<>", "≠"] {
        if cursor.eat(wrong) {
            return Err(TextError::new(start..cursor.at, format!("`{wrong}` is not a comparison"))
                .help("a condition has <, <=, >, >= or ="));
        }
    }
    for (sign, comparison) in COMPARISONS {
        if cursor.eat(sign) {
            return Ok(Spanned::new(comparison, start..cursor.at));
        }
    }
    let span = cursor.rest_span();
    Err(TextError::new(span, "a condition is METRIC < VALUE")
        .help(format!("`{}` is not <, <=, >, >= or =", shown(cursor.rest().trim()))))
}

type Bound = (Spanned<Quantity>, Option<Spanned<Quantity>>);

/// Reads the value after a comparison, and for how long it must hold.
fn read_bound(cursor: &Cursor<'_>, comparison: &Spanned<Comparison>) -> Result<Bound, TextError> {
    let rest = cursor.rest();
    if rest.is_empty() {
        return Err(TextError::new(comparison.span.clone(), "a condition is METRIC < VALUE")
            .help("the value is missing"));
    }
    let mut words = rest.match_indices("for").filter(|(at, _)| {
        (*at == 0 || rest[..*at].ends_with(char::is_whitespace))
            && (rest.len() == at + 3 || rest[at + 3..].starts_with(char::is_whitespace))
    });
    let value_end = words.next().map(|(at, _)| at);
    let (value, lasting) = match value_end {
        None => (rest, None),
        Some(at) => (&rest[..at], Some(at + 3)),
    };
    let value = value.trim_end();
    let span = cursor.at..cursor.at + value.len();
    let quantity = Quantity::parse(value).map_err(|mut error| {
        if let Some((_, word)) =
            ["and", "or", "&&", "||"].iter().find_map(|w| value.split_once(*w).map(|p| (p, w)))
            && error.message.contains("does not belong")
        {
            error.help = Some(format!("a condition has no `{word}`: write two conditions under two names"));
        }
        // The bytes of a missing value are the blanks there are.
        error.shifted(cursor.at)
    })?;
    let lasting = match lasting {
        None => None,
        Some(at) => {
            let start = cursor.at + at;
            let for_span = start - 3..start;
            if rest[at..].trim().is_empty() {
                return Err(TextError::new(for_span, "`for` how long?").help("for example `for 30s`"));
            }
            Some(duration(cursor, start..cursor.text.len(), "for")?)
        }
    };
    Ok((Spanned::new(quantity, span), lasting))
}

/// Reads a duration between two places; `what` is the word before it.
fn duration(cursor: &Cursor<'_>, within: Range<usize>, what: &str) -> Result<Spanned<Quantity>, TextError> {
    let text = &cursor.text[within.clone()];
    let start = within.start + (text.len() - text.trim_start().len());
    let trimmed = text.trim();
    let span = start..start + trimmed.len();
    if trimmed.is_empty() {
        let word = within.start.saturating_sub(what.len())..within.start;
        return Err(TextError::new(word, format!("a duration follows `{what}`"))
            .help(format!("for example `{what} 1min`")));
    }
    let quantity = Quantity::parse_as(trimmed, Dimension::Duration).map_err(|error| error.shifted(start))?;
    Ok(Spanned::new(quantity.not_negative("duration", span.clone())?, span))
}

struct Reader<'a> {
    cursor: Cursor<'a>,
    measures: usize,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Result<Self, TextError> {
        let mut cursor = Cursor::new(text.trim_end());
        cursor.skip_blanks();
        if cursor.is_at_end() {
            return Err(TextError::new(0..text.len(), "a metric is missing")
                .help("for example p99(shoppers.latency)"));
        }
        Ok(Self { cursor, measures: 0 })
    }

    fn metric(&mut self, depth: usize) -> Result<Metric, TextError> {
        let signs = [("+", Operator::Add), ("-", Operator::Subtract)];
        self.left_to_right(depth, &signs, Self::product)
    }

    fn product(&mut self, depth: usize) -> Result<Metric, TextError> {
        let signs = [("*", Operator::Multiply), ("/", Operator::Divide)];
        self.left_to_right(depth, &signs, Self::operand)
    }

    fn left_to_right(
        &mut self,
        depth: usize,
        signs: &[(&str, Operator)],
        operand: fn(&mut Self, usize) -> Result<Metric, TextError>,
    ) -> Result<Metric, TextError> {
        let mut left = operand(self, depth)?;
        loop {
            let mut ahead = self.cursor.clone();
            let before = ahead.skip_blanks();
            let start = ahead.at;
            let Some((sign, operator)) = signs.iter().find(|(sign, _)| ahead.eat(sign)) else {
                return Ok(left);
            };
            let span = start..ahead.at;
            let after = ahead.skip_blanks();
            if ahead.is_at_end() {
                return Err(TextError::new(span, format!("a metric follows `{sign}`")));
            }
            if before == 0 || after == 0 {
                return Err(TextError::new(span, "operators stand between blanks")
                    .help(format!("write `a {sign} b`")));
            }
            self.cursor.at = ahead.at;
            let right = operand(self, depth)?;
            let operator = Spanned::new(*operator, span);
            left = Metric::Combined(Box::new(Combined { operator, left, right }));
        }
    }

    fn operand(&mut self, depth: usize) -> Result<Metric, TextError> {
        let open = self.cursor.here();
        if self.cursor.eat("(") {
            if depth == DEPTH_MAX {
                return Err(TextError::new(open, format!("a metric is at most {DEPTH_MAX} deep")));
            }
            self.cursor.skip_blanks();
            let metric = self.metric(depth + 1)?;
            self.cursor.skip_blanks();
            return match self.cursor.eat(")") {
                true => Ok(metric),
                false => Err(TextError::new(open, "a bracket is not closed")),
            };
        }
        self.measures += 1;
        if self.measures > MEASURES_MAX {
            return Err(TextError::new(open, format!("a metric combines at most {MEASURES_MAX} measures")));
        }
        let start = self.cursor.at;
        let measure = self.measure()?;
        Ok(Metric::Measure(Spanned::new(measure, start..self.cursor.at)))
    }

    fn measure(&mut self) -> Result<Measure, TextError> {
        let head = self.head()?;
        let open = self.cursor.here();
        if !self.cursor.eat("(") {
            return Err(self.no_bracket(&head));
        }
        self.cursor.skip_blanks();
        match head.value.as_str() {
            "missed" => self.objective(&head, open).map(Measure::Missed),
            "time_to_recover" => self.objective(&head, open).map(Measure::TimeToRecover),
            "cost" if self.cursor.eat(")") => Ok(Measure::Cost(None)),
            "cost" => {
                let target = target(&mut self.cursor)?;
                self.close(open, "`cost` takes one part or nothing")?;
                Ok(Measure::Cost(Some(target)))
            }
            _ => self.of_series(&head, open),
        }
    }

    /// Reads the word before the bracket; a percentile may have a point in it.
    fn head(&mut self) -> Result<Spanned<String>, TextError> {
        let start = self.cursor.at;
        let word = self.cursor.name("a metric");
        let mut head = match word {
            Ok(head) => head,
            Err(_) if self.cursor.at > start || self.cursor.peek().is_some_and(is_currency) => {
                // A number: values stand after the comparison only.
                return Err(TextError::new(
                    start..self.cursor.rest_span().end.max(start),
                    "a metric is needed, not a value",
                )
                .help("a metric is REDUCER(PART.SERIES), for example p99(shoppers.latency)"));
            }
            Err(error) => {
                return Err(error.help("a metric is REDUCER(PART.SERIES), for example p99(shoppers.latency)"));
            }
        };
        if is_percentile_like(&head.value) {
            self.cursor.take_while(|c| c.is_ascii_digit() || c == '.');
            head = Spanned::new(self.cursor.text[start..self.cursor.at].to_owned(), start..self.cursor.at);
        }
        Ok(head)
    }

    /// Returns the fault of a word without a bracket, such as `web.queue > 5`.
    fn no_bracket(&mut self, head: &Spanned<String>) -> TextError {
        let start = head.span.start;
        self.cursor.at = start;
        let help = match self.without_bracket() {
            Some((place, name, is_middle)) => format!("write {}", with_reducer(&place, &name, is_middle)),
            None => "for example p99(shoppers.latency)".to_owned(),
        };
        TextError::new(start..self.cursor.at.max(head.span.end), "a metric is REDUCER(PART.SERIES)")
            .help(help)
    }

    /// Reads `web.queue` or `web -> db.via.Retry.retries`: of what, the series, and whether that is one of a middle part.
    fn without_bracket(&mut self) -> Option<(String, String, bool)> {
        let start = self.cursor.at;
        let of = path(&mut self.cursor).ok()?;
        let mut end = self.cursor.at;
        let mut is_middle = matches!(of, Path::Edge(_));
        let mut name =
            if self.cursor.eat(".") { self.cursor.name("a series").ok()?.value } else { return None };
        if name == "via" {
            self.element().ok()?;
            (end, is_middle) = (self.cursor.at, true);
            name = if self.cursor.eat(".") { self.cursor.name("a series").ok()?.value } else { return None };
        }
        Some((self.cursor.text[start..end].to_owned(), name, is_middle))
    }

    fn close(&mut self, open: Range<usize>, otherwise: &str) -> Result<(), TextError> {
        self.cursor.skip_blanks();
        if self.cursor.eat(")") {
            return Ok(());
        }
        if self.cursor.is_at_end() || !self.cursor.rest().contains(')') {
            return Err(TextError::new(open, "a bracket is not closed"));
        }
        let start = self.cursor.at;
        self.cursor.take_while(|c| c != ')');
        Err(TextError::new(start..self.cursor.at, otherwise))
    }

    fn objective(
        &mut self,
        head: &Spanned<String>,
        open: Range<usize>,
    ) -> Result<Spanned<String>, TextError> {
        let form = format!("`{0}` takes the name of an objective: {0}(fast)", head.value);
        if self.cursor.peek() == Some(')') {
            return Err(TextError::new(head.span.start..self.cursor.here().end, form));
        }
        let name = self.cursor.name("the name of an objective")?;
        self.close(open, &form)?;
        Ok(name)
    }

    fn of_series(&mut self, head: &Spanned<String>, open: Range<usize>) -> Result<Measure, TextError> {
        let reducer = reducer(head)?;
        if self.cursor.peek() == Some(')') {
            let example = match reducer {
                Some(reducer) => format!("{}(web.{})", shown(&head.value), example_series(reducer)),
                None => format!("{}(web)", shown(&head.value)),
            };
            return Err(TextError::new(
                head.span.start..self.cursor.here().end,
                format!("`{}` of what?", shown(&head.value)),
            )
            .help(format!("for example {example}")));
        }
        let place = path(&mut self.cursor)?;
        // A name may end with `-`, so that "web->db" is read as far as "web-".
        if let Some(arrow) =
            [">", "->", "<->"].into_iter().find(|arrow| self.cursor.rest().starts_with(arrow))
        {
            let end = self.cursor.at + arrow.len();
            return Err(TextError::new(place.span().start..end, "blanks stand around the arrow")
                .help("write `web -> db`"));
        }
        let mut of =
            if self.cursor.eat(".") { Some(self.cursor.name("the name of a series")?) } else { None };
        let mut element = None;
        if of.as_ref().is_some_and(|name| name.value == "via") {
            element = Some(self.element()?);
            of = if self.cursor.eat(".") { Some(self.cursor.name("the name of a series")?) } else { None };
        }
        // The calls over an edge, and what stands somewhere, have series of their own.
        let is_middle = element.is_some() || matches!(place, Path::Edge(_));
        let written = self.cursor.text[place.span().start..self.cursor.at].to_owned();
        let known = if is_middle { middle_series } else { series };
        let (reducer, name) = match (reducer, of) {
            (Some(reducer), Some(series)) => (Some(Spanned::new(reducer, head.span.clone())), series),
            (Some(reducer), None) => {
                let series = if is_middle { "calls" } else { example_series(reducer) };
                let example = format!("{}({}.{series})", shown(&head.value), shown(&written));
                return Err(TextError::new(
                    place.span().start..self.cursor.at,
                    format!("{} of which series?", shown(&head.value)),
                )
                .help(format!("for example {example}")));
            }
            (None, Some(series)) => {
                let place = self.cursor.text[place.span().start..series.span.start - 1].to_owned();
                return Err(not_a_reducer(head, &place, &series, is_middle));
            }
            (None, None) => (None, head.clone()),
        };
        if reducer.is_none() && known(&name.value).is_some_and(|kind| kind.sort == Sort::Samples) {
            return Err(reducer_missing(&written, &name));
        }
        if let (Some(reducer), Some(kind)) = (&reducer, known(&name.value))
            && !kind.sort.takes(reducer.value)
        {
            return Err(no_such_reduction(reducer, &name, kind.sort));
        }
        self.cursor.skip_blanks();
        let window = if self.cursor.eat(",") { Some(self.window(&open)?) } else { None };
        self.close(open, "after the series stands `, each 1min` or another window")?;
        Ok(match place {
            Path::Target(target) if element.is_none() => {
                Measure::Series { reducer, target, series: name, window }
            }
            at => Measure::Middle(Box::new(MiddleMeasure { reducer, at, element, series: name, window })),
        })
    }

    /// Reads which of those that stand somewhere is meant, after `via`.
    fn element(&mut self) -> Result<Spanned<SettingStep>, TextError> {
        let start = self.cursor.at;
        let step = if self.cursor.peek() == Some('[') {
            SettingStep::Index(element(&mut self.cursor)?)
        } else if self.cursor.eat(".") {
            SettingStep::Named(self.cursor.name("the kind of a middle part")?.value)
        } else {
            return Err(TextError::new(start - 3..start, "`via` of what stands there?")
                .help("for example via.Retry, or via[0] for the outermost"));
        };
        Ok(Spanned::new(step, start..self.cursor.at))
    }

    fn window(&mut self, open: &Range<usize>) -> Result<Spanned<Window>, TextError> {
        const FORM: &str = "a window is `each 1min`, `last 10s`, `from 5min to 7min` or `at 10s`";
        self.cursor.skip_blanks();
        let start = self.cursor.at;
        let inside = self.cursor.take_while(|c| c != ')');
        let end = start + inside.trim_end().len();
        if self.cursor.is_at_end() {
            return Err(TextError::new(open.clone(), "a bracket is not closed"));
        }
        let word = inside.split(char::is_whitespace).next().unwrap_or_default();
        let after = start + word.len();
        let window = match word {
            "each" => Window::Each(positive(&duration(&self.cursor, after..end.max(after), word)?)?),
            "last" => Window::Last(positive(&duration(&self.cursor, after..end.max(after), word)?)?),
            "at" => Window::At(duration(&self.cursor, after..end.max(after), word)?.value),
            "from" => {
                let is_word = |(at, _): &(usize, &str)| {
                    inside[..*at].ends_with(char::is_whitespace)
                        && inside[at + 2..].chars().next().is_none_or(char::is_whitespace)
                };
                let Some((to, _)) = inside.match_indices("to").find(is_word) else {
                    return Err(
                        TextError::new(start..end, "`from` has a `to`").help("write `from 5min to 7min`")
                    );
                };
                let from = duration(&self.cursor, after..start + to, "from")?.value;
                let to_start = start + to + 2;
                let to = duration(&self.cursor, to_start..end.max(to_start), "to")?.value;
                if to.value <= from.value {
                    return Err(TextError::new(start..end, format!("{to} is not after {from}")));
                }
                Window::FromTo(from, to)
            }
            "" => return Err(TextError::new(start - 1..start, FORM)),
            _ => {
                let error = TextError::new(start..end, FORM);
                let words = ["each", "last", "from", "at"];
                return Err(match nearest(word, words) {
                    Some(meant) => error.help(format!("did you mean `{meant}`?")),
                    None => error,
                });
            }
        };
        Ok(Spanned::new(window, start..end))
    }
}

fn positive(duration: &Spanned<Quantity>) -> Result<Quantity, TextError> {
    if duration.value.value <= 0.0 {
        return Err(TextError::new(duration.span.clone(), "a window is longer than 0"));
    }
    Ok(duration.value)
}

/// Returns whether a word begins like `p99`: then a point and digits may follow it.
fn is_percentile_like(word: &str) -> bool {
    word.strip_prefix('p')
        .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
}

/// Returns the reducer a word names, nothing if it is no such word, or the fault of a percentile that is none.
fn reducer(head: &Spanned<String>) -> Result<Option<Reducer>, TextError> {
    let word = head.value.as_str();
    if let Some((_, reducer)) = REDUCERS.iter().find(|(name, _)| *name == word) {
        return Ok(Some(*reducer));
    }
    let Some(digits) = word.strip_prefix('p').filter(|d| d.starts_with(|c: char| c.is_ascii_digit())) else {
        return Ok(None);
    };
    let is_number = digits.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if !is_number {
        return Ok(None);
    }
    let error = TextError::new(head.span.clone(), format!("`{}` is not a percentile", shown(word)));
    let well_formed = !digits.ends_with('.') && digits.matches('.').count() <= 1;
    match digits.parse::<f64>() {
        Ok(percent) if well_formed && percent > 0.0 && percent < 100.0 => {
            Ok(Some(Reducer::Percentile(percent)))
        }
        Ok(0.0) if well_formed => Err(error.help("the least is `min`")),
        Ok(100.0) if well_formed => Err(error.help("the greatest is `max`")),
        // "p999" is how others write p99.9.
        Ok(_) if digits.len() > 2 && digits.bytes().all(|b| b.is_ascii_digit()) && digits.len() <= 6 => {
            Err(error.help(format!("did you mean `p{}.{}`?", &digits[..2], &digits[2..])))
        }
        _ => Err(error.help("percentiles lie between p0 and p100, for example p99 or p99.9")),
    }
}

/// Returns a series that a reducer takes, for a message.
fn example_series(reducer: Reducer) -> &'static str {
    match reducer {
        Reducer::Percentile(_) | Reducer::Mean => "latency",
        Reducer::Min | Reducer::Max | Reducer::Highest | Reducer::Lowest => "utilisation",
        Reducer::Total | Reducer::Share => "errors",
        Reducer::Rate | Reducer::Imbalance | Reducer::Jain => "calls",
    }
}

/// Writes a metric of a series for a message, with a reducer it takes.
fn with_reducer(place: &str, name: &str, is_middle: bool) -> String {
    let (place, name) = (shown(place), shown(name));
    let known = if is_middle { middle_series } else { series };
    match known(&name).map(|kind| kind.sort) {
        Some(Sort::Samples) => format!("p99({place}.{name})"),
        Some(_) => format!("{name}({place})"),
        None => format!("mean({place}.{name})"),
    }
}

/// Returns the fault of `avg(web.latency)` and of `errors(web.latency)`.
fn not_a_reducer(head: &Spanned<String>, place: &str, name: &Spanned<String>, is_middle: bool) -> TextError {
    let word = shown(&head.value);
    let known = if is_middle { middle_series } else { series };
    if known(&head.value).is_some() || SERIES.iter().any(|(known, _)| *known == head.value) {
        return TextError::new(name.span.start - 1..name.span.end, format!("`{word}` is a series itself"))
            .help(format!("write {}", with_reducer(place, &head.value, is_middle)));
    }
    let error = TextError::new(head.span.clone(), format!("`{word}` is not a reducer"));
    let lower = head.value.to_lowercase();
    let listed = MEANT.iter().find(|(written, _)| *written == lower).map(|(_, meant)| *meant);
    match listed.or_else(|| nearest(&head.value, REDUCERS.iter().map(|(name, _)| *name))) {
        Some(meant) => error.help(format!("did you mean `{meant}`?")),
        None => {
            error.help("reducers: p50 … p99.99 mean min max total rate share imbalance jain highest lowest")
        }
    }
}
