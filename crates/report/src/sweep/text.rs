//! A sweep for people: what came of it, then a table with the settings on the left.

use std::collections::BTreeMap;

use kneepoint_experiment::result::{PointClient, PointResult, SweepResult, Unit, Verdict, WatchResult};
use kneepoint_statistics::{Estimate, Estimated};
use unicode_width::UnicodeWidthStr;

use crate::Look;
use crate::called::names;
use crate::number::{count, interval, percent, quantity};
use crate::safe::safe;
use crate::table::{Table, wrap};

/// Points that are listed; of more, the first and last are, and what is highest and lowest.
///
/// # Source
/// Chosen: two screens.
const ROWS_MAX: usize = 100;

/// Points that are listed at each end if there are too many.
const ENDS: usize = 20;

/// Warnings that are told one by one.
const WARNINGS_MAX: usize = 10;

/// What a column shows.
#[derive(Clone, PartialEq)]
enum Column {
    Verdict,
    Replications,
    Objective(String),
    Watch(String),
    P99(String),
    Goodput(String),
    Errors(String),
}

/// How many points came to what, counted as they come.
#[derive(Clone, Debug, Default)]
pub struct SweepCount {
    points: u64,
    verdicts: BTreeMap<u8, (&'static str, u64)>,
}

impl SweepCount {
    /// Counts a point.
    pub fn add(&mut self, point: &PointResult) {
        self.add_named(if point.failure.is_some() { "failed" } else { point.verdict.name() });
    }

    /// Counts a point by what came of it: `failed`, or the name of a verdict.
    pub fn add_named(&mut self, name: &str) {
        let (order, word) = match name {
            "met" => (0, "met"),
            "missed" => (1, "missed"),
            "unclear" => (2, "unclear"),
            "not enough data" => (3, "not enough data"),
            "void" => (4, "void"),
            "failed" => (5, "failed"),
            "nothing to judge" => (6, "nothing to judge"),
            "probability" => (7, "a probability"),
            _ => (8, "not known"),
        };
        self.points += 1;
        self.verdicts.entry(order).or_insert((word, 0)).1 += 1;
    }

    /// Returns what came of the points, without an end: `52 points: met at 38, missed at 14`.
    pub fn clause(&self) -> String {
        let all = self.points;
        let s = if all == 1 { "" } else { "s" };
        if self.verdicts.len() == 1 && self.verdicts.contains_key(&6) {
            return format!("{} point{s}; nothing to judge: no objective is stated", count(all));
        }
        let each = self.verdicts.values().map(|(word, n)| format!("{word} at {}", count(*n)));
        format!("{} point{s}: {}", count(all), each.collect::<Vec<_>>().join(", "))
    }
}

/// Returns what came of a sweep in one sentence.
pub fn sweep_sentence(result: &SweepResult) -> String {
    let mut all = SweepCount::default();
    result.points.iter().for_each(|point| all.add(point));
    all.clause() + "."
}

/// Returns a sweep as text.
pub fn sweep_text(result: &SweepResult, look: Look) -> String {
    let facts = &result.facts;
    let bold = |text: &str| if look.colour { format!("\u{1b}[1m{text}\u{1b}[0m") } else { text.to_string() };
    let mut page = bold(wrap("", &sweep_sentence(result), look.width).trim_end()) + "\n\n";
    page += &(bold(&safe(&facts.title)) + "\n");
    if let Some(question) = &facts.question {
        page += &wrap("", &safe(question), look.width);
    }
    page += &wrap("", &subject(result), look.width);
    let labels = names(&facts.labels);
    page += &labels.map_or_else(String::new, |line| wrap("", &safe(&line), look.width));
    page.push('\n');
    let columns = columns(result);
    table(&mut page, result, &columns, look);
    if result.points.len() > ROWS_MAX {
        extremes(&mut page, result, &columns, look);
    }
    for sentence in survivors(result) {
        page += "\n";
        page += &wrap("", &safe(&sentence), look.width);
    }
    doubts(&mut page, result, look);
    let digest = result.points.iter().fold(0_u64, |all, p| all.rotate_left(7) ^ p.digest);
    let events: u64 = result.points.iter().map(|p| p.events).sum();
    page + &format!("\nseed {}, digest {digest:016x}, {} events\n", facts.seed, count(events))
}

fn subject(result: &SweepResult) -> String {
    let facts = &result.facts;
    let axes: Vec<String> = facts.axes.iter().map(|axis| safe(&axis.values)).collect();
    let mut line = format!("{} over {}; ", facts.design, axes.join(" and "));
    let many =
        |n: u64| if n == 1 { "1 replication".to_string() } else { format!("{} replications", count(n)) };
    line += &match facts.precision {
        None => format!("{} a point{}", many(facts.replications_min), batched(result)),
        Some(precision) => format!(
            "{} to {} a point, until every number is known within {}",
            count(facts.replications_min),
            many(facts.replications_max),
            percent(precision)
        ),
    };
    if let Some(first) = result.points.first() {
        line += &format!("; intervals at {} confidence", percent(first.facts.confidence));
    }
    let own_seeds = facts.axes.iter().any(|axis| axis.path == "run.seed");
    line + if own_seeds {
        "; random numbers by the seed of each point."
    } else if facts.independent {
        "; random numbers differ from point to point."
    } else {
        "; common random numbers."
    }
}

/// Says that points of one long run have their intervals from batches.
fn batched(result: &SweepResult) -> String {
    let run = || result.points.iter().filter(|point| point.failure.is_none());
    let found = |point: &&PointResult| point.facts.batches.is_some();
    let Some(batches) = run().find_map(|point| point.facts.batches) else { return String::new() };
    let (all, with) = (run().count(), run().filter(found).count());
    let at = if with < all { format!(" at {} of them", count(with as u64)) } else { String::new() };
    format!(", cut into {} batches{at}", count(batches))
}

fn columns(result: &SweepResult) -> Vec<Column> {
    // A point that failed knows nothing of columns.
    let Some(first) = result.points.iter().find(|p| p.failure.is_none()) else {
        return vec![Column::Verdict];
    };
    let mut columns = Vec::new();
    if !first.objectives.is_empty() || result.points.iter().any(|p| p.failure.is_some()) {
        columns.push(Column::Verdict);
    }
    if result.facts.precision.is_some() {
        columns.push(Column::Replications);
    }
    if !result.facts.columns.is_empty() {
        for name in &result.facts.columns {
            let objective = first.objectives.iter().any(|o| o.name == *name);
            columns.push(if objective {
                Column::Objective(name.clone())
            } else {
                Column::Watch(name.clone())
            });
        }
        return columns;
    }
    columns.extend(first.objectives.iter().map(|o| Column::Objective(o.name.clone())));
    columns.extend(first.watches.iter().map(|w| Column::Watch(w.name.clone())));
    if first.objectives.is_empty() && first.watches.is_empty() {
        for client in &first.clients {
            let name = &client.name;
            columns.extend([
                Column::P99(name.clone()),
                Column::Goodput(name.clone()),
                Column::Errors(name.clone()),
            ]);
        }
    }
    columns
}

impl Column {
    fn head(&self) -> String {
        match self {
            Column::Verdict => "verdict".to_string(),
            Column::Replications => "replications".to_string(),
            Column::Objective(name) | Column::Watch(name) => safe(name),
            Column::P99(name) => format!("p99({}.latency)", safe(name)),
            Column::Goodput(name) => format!("goodput({})", safe(name)),
            Column::Errors(name) => format!("errors({})", safe(name)),
        }
    }

    /// Returns the one number of a point here.
    fn value<'p>(&self, point: &'p PointResult) -> Option<(&'p Estimated, Unit)> {
        let client = |name: &String| point.clients.iter().find(|c| c.name == *name);
        match self {
            Column::Verdict | Column::Replications => None,
            Column::Objective(name) => {
                point.objectives.iter().find(|o| o.name == *name).map(|o| (&o.value, o.unit.clone()))
            }
            Column::Watch(name) => {
                let watch = point.watches.iter().find(|w| w.name == *name)?;
                (watch.values.len() == 1).then(|| (&watch.values[0].value, watch.unit.clone()))
            }
            Column::P99(name) => {
                let (_, p99) = client(name)?.percentiles.iter().find(|(p, _)| *p == 0.99)?;
                Some((p99, Unit::Duration))
            }
            Column::Goodput(name) => client(name).map(|c| (&c.goodput, Unit::Rate)),
            Column::Errors(name) => client(name).map(|c| (&c.errors, Unit::Ratio)),
        }
    }

    fn cell(&self, point: &PointResult, notes: &mut Vec<String>) -> String {
        match self {
            Column::Verdict if point.failure.is_some() => return "failed".to_string(),
            Column::Verdict => {
                return match (point.verdict, &point.probability) {
                    (Verdict::Probability, Some(Estimated::Known(chance))) => {
                        format!("met in {}", interval(chance, &Unit::Ratio))
                    }
                    (verdict, _) => verdict.name().to_string(),
                };
            }
            Column::Replications => return count(point.facts.replications),
            _ => {}
        }
        match self.value(point) {
            Some((Estimated::Known(known), unit)) => interval(known, &unit),
            Some((Estimated::NotEnough { reason, .. }, _)) => {
                notes.push(reason.clone());
                "–".to_string()
            }
            None => match self {
                Column::Watch(name) => {
                    let watch = point.watches.iter().find(|w| w.name == *name);
                    watch.map_or_else(String::new, several)
                }
                _ => String::new(),
            },
        }
    }
}

/// A watch with one value per window or instance.
fn several(watch: &WatchResult) -> String {
    let known = || watch.values.iter().filter_map(|value| value.value.value());
    let (low, high) = (known().fold(f64::INFINITY, f64::min), known().fold(f64::NEG_INFINITY, f64::max));
    if low > high {
        return "–".to_string();
    }
    format!("{} to {}", quantity(low, &watch.unit), quantity(high, &watch.unit))
}

/// The settings of each point under each other.
fn settings(result: &SweepResult) -> (String, Vec<String>) {
    let heads: Vec<String> = result.facts.axes.iter().map(|axis| safe(&axis.path)).collect();
    let values: Vec<Vec<String>> =
        result.points.iter().map(|p| p.values.iter().map(|value| safe(value)).collect()).collect();
    let widths: Vec<usize> = (0..heads.len())
        .map(|axis| {
            values.iter().chain([&heads]).map(|row| row.get(axis).map_or(0, |c| c.width())).max().unwrap_or(0)
        })
        .collect();
    let join = |row: &Vec<String>| {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell}{}", " ".repeat(width - cell.width())))
            .collect();
        cells.join("  ").trim_end().to_string()
    };
    (join(&heads), values.iter().map(join).collect())
}

fn table(page: &mut String, result: &SweepResult, columns: &[Column], look: Look) {
    let (head, names) = settings(result);
    let mut table = Table::new(std::iter::once(head).chain(columns.iter().map(Column::head)));
    let mut notes = Vec::new();
    let all = result.points.len();
    for (at, (point, name)) in result.points.iter().zip(names).enumerate() {
        if all > ROWS_MAX && at >= ENDS && at < all - ENDS {
            if at == ENDS {
                table.row(format!("… {} points …", count((all - 2 * ENDS) as u64)), Vec::<String>::new());
            }
            continue;
        }
        let cells: Vec<String> = columns.iter().map(|column| column.cell(point, &mut notes)).collect();
        table.row(name, cells);
    }
    page.push_str(&table.render(look.width));
    if let Some(reason) = notes.first() {
        let more = if notes.len() > 1 {
            format!(" (and {} more)", count(notes.len() as u64 - 1))
        } else {
            String::new()
        };
        page.push_str(&wrap("  – ", &format!("not enough data: {}{more}", safe(reason)), look.width));
    }
    if all > ROWS_MAX {
        page.push_str("`--format csv` and `jsonl` list all points.\n");
    }
}

/// Where each column is lowest and highest.
fn extremes(page: &mut String, result: &SweepResult, columns: &[Column], look: Look) {
    page.push('\n');
    for column in columns {
        let known = || {
            result.points.iter().filter_map(|p| {
                let (estimated, unit) = column.value(p)?;
                Some((estimated.value()?, unit, p))
            })
        };
        let low = known().min_by(|a, b| a.0.total_cmp(&b.0));
        let high = known().max_by(|a, b| a.0.total_cmp(&b.0));
        if let (Some(low), Some(high)) = (low, high) {
            let at = |p: &PointResult| place(result, p);
            let line = format!(
                "from {} at {} to {} at {}",
                quantity(low.0, &low.1),
                at(low.2),
                quantity(high.0, &high.1),
                at(high.2)
            );
            page.push_str(&wrap(&format!("{}: ", column.head()), &line, look.width));
        }
    }
}

fn place(result: &SweepResult, point: &PointResult) -> String {
    let pairs = result.facts.axes.iter().zip(&point.values);
    pairs.map(|(axis, value)| format!("{}={}", safe(&axis.path), safe(value))).collect::<Vec<_>>().join(", ")
}

/// From this difference on between the shares that end well, latencies at two points are not of the same requests.
///
/// # Source
/// As in comparisons: a hundredth of the requests moves what most of them see by little.
const SHARE_APART: f64 = 0.01;

/// Says of a client at one point that its latencies are of good answers only, where enough of its requests ended otherwise
/// to make a difference: what a row or a line can say that knows no other point.
pub(super) fn survivors_note(client: &PointClient) -> Option<String> {
    let errors = client.errors.known()?.value;
    (errors >= SHARE_APART).then(|| {
        format!(
            "of good answers only: {} end well, and what fails is not counted as slow",
            percent(1.0 - errors)
        )
    })
}

/// Says of each client where so much less of what it sends ends well that its latencies are of other requests.
pub(super) fn survivors(result: &SweepResult) -> Vec<String> {
    let clients = || result.points.iter().flat_map(|point| &point.clients);
    let mut names: Vec<&str> = Vec::new();
    for client in clients() {
        if !names.contains(&client.name.as_str()) {
            names.push(&client.name);
        }
    }
    let of = |name: &&str| -> Option<String> {
        let each = result.points.iter().filter_map(|point| {
            let client = point.clients.iter().find(|client| client.name == **name)?;
            Some((place(result, point), client.errors.known()?))
        });
        survivors_of(name, each.collect())
    };
    names.iter().filter_map(of).collect()
}

fn survivors_of(name: &str, errors: Vec<(String, &Estimate)>) -> Option<String> {
    let order = |a: &&(String, &Estimate), b: &&(String, &Estimate)| a.1.value.total_cmp(&b.1.value);
    let ((most_at, most), (least_at, least)) = (errors.iter().min_by(order)?, errors.iter().max_by(order)?);
    (least.low > most.high && least.value - most.value >= SHARE_APART).then(|| {
        format!(
            "Latencies are of good answers only: of those of {name} {} end well at {least_at}, and {} at {most_at}; what \
             fails is not counted as slow.",
            percent(1.0 - least.value),
            percent(1.0 - most.value)
        )
    })
}

fn doubts(page: &mut String, result: &SweepResult, look: Look) {
    let mut lines: Vec<(String, String)> = Vec::new();
    for point in &result.points {
        let at = place(result, point);
        lines.extend(point.failure.iter().map(|failure| (at.clone(), failure.clone())));
        for check in point.checks.iter().filter(|check| !check.holds()) {
            let found = check.failures.first().map_or("", String::as_str);
            lines.push((at.clone(), format!("a run failed its own check ({}): {found}", check.name)));
        }
        lines.extend(point.warnings.iter().map(|warning| (at.clone(), warning.clone())));
    }
    let checked: u64 = result.points.iter().flat_map(|p| &p.checks).map(|check| check.checked).sum();
    let fails = result.points.iter().flat_map(|p| &p.checks).filter(|check| !check.holds()).count();
    let checks = if fails == 0 { "all hold".to_string() } else { format!("{fails} FAILED, see below") };
    page.push_str(&format!("\nChecks of the runs about themselves: {} made, {checks}.\n", count(checked)));
    // What is said at every point is said once.
    let mut said: BTreeMap<&str, u64> = BTreeMap::new();
    lines.iter().for_each(|(_, text)| *said.entry(text.as_str()).or_default() += 1);
    let mut told: Vec<&str> = Vec::new();
    let mut untold = 0_u64;
    for (at, text) in &lines {
        if told.contains(&text.as_str()) {
            continue;
        }
        if told.len() >= WARNINGS_MAX {
            untold += 1;
            continue;
        }
        if told.is_empty() {
            page.push_str("\nWARNINGS\n");
        }
        told.push(text);
        let times = said.get(text.as_str()).copied().unwrap_or(1);
        let at = if times > 1 { format!("at {} points", count(times)) } else { format!("at {at}") };
        page.push_str(&wrap("- ", &format!("{at}: {}", safe(text)), look.width));
    }
    if untold > 0 {
        page.push_str(&format!("- and {} more; `--format jsonl` lists them.\n", count(untold)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows and lines said nothing of it.
    #[test]
    fn a_client_whose_requests_fail_says_what_its_latencies_are_of() {
        let none = || Estimated::not_enough("", 0, None);
        let of = |errors: f64| {
            let errors = Estimate {
                value: errors,
                low: errors,
                high: errors,
                confidence: 0.95,
                n: 5,
                effective_samples: None,
            };
            survivors_note(&PointClient {
                name: "users".to_string(),
                offered: none(),
                users: None,
                mean: none(),
                percentiles: Vec::new(),
                goodput: none(),
                throughput: none(),
                errors: Estimated::Known(errors),
            })
        };
        assert_eq!(of(0.005), None);
        let said = "of good answers only: 80.0 % end well, and what fails is not counted as slow";
        assert_eq!(of(0.2).as_deref(), Some(said));
    }

    /// A point that failed a fifth of its requests met an objective on the latency of the others, without a word of that.
    #[test]
    fn points_that_answer_fewer_requests_are_told() {
        let of = |value: f64, by: f64| Estimate {
            value,
            low: value - by,
            high: value + by,
            confidence: 0.95,
            n: 5,
            effective_samples: None,
        };
        let said = |low: Estimate, high: Estimate| {
            survivors_of("users", vec![("rate=50/s".to_string(), &low), ("rate=200/s".to_string(), &high)])
        };
        let told = said(of(0.0, 0.0), of(0.2, 0.01)).expect("they are apart");
        assert!(told.contains("80.0 % end well at rate=200/s, and 100 % at rate=50/s"), "{told}");
        assert_eq!(said(of(0.0, 0.0), of(0.005, 0.001)), None);
        assert_eq!(said(of(0.0, 0.0), of(0.02, 0.03)), None);
    }
}
