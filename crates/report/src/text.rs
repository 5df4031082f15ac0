//! What a person reads: the verdict first, then what it rests on.

mod cell;
mod clients;
mod middles;
mod parts;
mod samples;

use std::fmt::Write as _;

use kneepoint_experiment::result::{
    About, Assumption, ObjectiveResult, RunResult, Verdict, WarmUpFrom, WatchResult,
};

use crate::called::{called, names};
use crate::number::{count, duration, quantity};
use crate::safe::safe;
use crate::table::{Table, wrap};
use crate::verdict::{is_missed, sentence};
use cell::Cells;
use kneepoint_statistics::Estimated;

/// Values of one watch that are listed; of more, the lowest and the highest are.
///
/// # Source
/// Chosen: one screen.
const WATCH_ROWS_MAX: usize = 24;

/// Assumptions, sources and things left out that are listed of each; of more, the first, those of the author.
///
/// # Source
/// Chosen: one screen of all three.
const LISTED_MAX: usize = 12;

/// How text is to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Columns that lines should not exceed.
    pub width: usize,
    /// Whether verdicts are coloured.
    pub colour: bool,
}

impl Default for Look {
    /// 100 columns without colour: what a file or pipe gets, so that it does not depend on a window.
    fn default() -> Look {
        Look { width: 100, colour: false }
    }
}

/// Returns a result as text: verdict, objectives, what was simulated, clients, parts, checks, doubts.
pub fn text(result: &RunResult, look: Look) -> String {
    let labelled = result.topology.nodes.iter();
    let labels = labelled.filter_map(|node| Some((node.name.clone(), node.label.clone()?))).collect();
    let mut page = Page { text: String::new(), look, labels };
    page.verdict(result);
    page.objectives(&result.objectives);
    page.subject(result);
    clients::write(&mut page, &result.clients);
    parts::write(&mut page, &result.parts);
    middles::write(&mut page, &result.middles);
    page.names();
    page.watches(&result.watches);
    samples::write(&mut page, &result.samples);
    page.checks(result);
    page.doubts(result);
    page.about(&result.about);
    page.identity(result);
    page.text
}

struct Page {
    text: String,
    look: Look,
    /// What people call clients and parts, by name.
    labels: Vec<(String, String)>,
}

impl Page {
    /// What a client or part is called where it is told first.
    fn called(&self, name: &str) -> String {
        safe(&called(&self.labels, name))
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn wrapped(&mut self, first: &str, text: &str) {
        self.text.push_str(&wrap(first, text, self.look.width));
    }

    fn head(&mut self, head: &str) {
        let head = self.bold(head);
        writeln!(self.text, "\n{head}").expect("a String takes everything");
    }

    /// Writes a table with the cells that are missing explained below it.
    fn table(&mut self, head: &str, table: &Table, cells: Cells) {
        if table.is_empty() {
            return;
        }
        self.head(head);
        self.text.push_str(&table.render(self.look.width));
        for note in cells.notes() {
            self.wrapped("  – ", &note);
        }
    }

    fn bold(&self, text: &str) -> String {
        if self.look.colour { format!("\u{1b}[1m{text}\u{1b}[0m") } else { text.to_string() }
    }

    fn coloured(&self, verdict: Verdict, probability: Option<&Estimated>, text: &str) -> String {
        if !self.look.colour {
            return text.to_string();
        }
        let colour = match verdict {
            Verdict::Met => 32,
            _ if is_missed(verdict, probability) => 31,
            Verdict::Missed | Verdict::Void => 31,
            Verdict::Unclear | Verdict::NotEnough | Verdict::Probability => 33,
            Verdict::NothingToJudge => 0,
        };
        format!("\u{1b}[{colour};1m{text}\u{1b}[0m")
    }

    /// Which names stand for what people call otherwise.
    fn names(&mut self) {
        if let Some(line) = names(&self.labels) {
            self.wrapped("", &safe(&line));
        }
    }

    fn verdict(&mut self, result: &RunResult) {
        let sentence = wrap("", &safe(&sentence(result)), self.look.width);
        let sentence = self.coloured(result.verdict, result.probability.as_ref(), sentence.trim_end());
        self.line(&sentence);
    }

    fn objectives(&mut self, objectives: &[ObjectiveResult]) {
        for objective in objectives {
            let word =
                self.coloured(objective.verdict, objective.probability.as_ref(), objective.verdict.name());
            let finding = format!("{}: {}", safe(&objective.name), safe(&objective.condition));
            self.line(&format!("  {word}  {finding}"));
            self.wrapped("      ", &safe(&objective.sentence));
            if let Some(windows) = &objective.windows {
                let mut line = format!(
                    "it failed in {} of {} windows of single replications",
                    count(windows.missed),
                    count(windows.all)
                );
                if windows.empty > 0 {
                    write!(line, ", {} had nothing to judge", count(windows.empty))
                        .expect("a String takes everything");
                }
                if let Some((from, to)) = windows.worst {
                    let (from, to) = (duration(from.as_nanos() as f64), duration(to.as_nanos() as f64));
                    write!(line, "; worst from {from} to {to}").expect("a String takes everything");
                }
                if let Some(instance) = &windows.worst_instance {
                    write!(line, " at {}", safe(instance)).expect("a String takes everything");
                }
                self.wrapped("      ", &line);
            }
        }
    }

    fn subject(&mut self, result: &RunResult) {
        let facts = &result.facts;
        self.head(&safe(&result.title));
        if let Some(question) = &result.question {
            self.wrapped("", &safe(question));
        }
        let long = |nanos: u64| duration(nanos as f64);
        let warm_up = match &facts.warm_up_from {
            WarmUpFrom::Stated => "left out as warm-up, as stated".to_string(),
            WarmUpFrom::Found { client } => {
                format!("left out as warm-up, found in the latency of {}", safe(client))
            }
            WarmUpFrom::NotFound { reason } => {
                format!("left out, because no warm-up was found: {}", safe(reason))
            }
        };
        let s = if facts.replications == 1 { "" } else { "s" };
        let batches = facts.batches.map_or_else(String::new, |n| format!(" in {n} batches"));
        let mut line = format!(
            "{} replication{s} of {}{batches}, the first {} of each {warm_up}; intervals at {} confidence.",
            count(facts.replications),
            long(facts.duration.as_nanos()),
            long(facts.warm_up.as_nanos()),
            crate::number::percent(facts.confidence),
        );
        if let Some(asked) = facts.precision {
            let reached = facts.precision_reached.map_or_else(|| "none".to_string(), crate::number::percent);
            write!(
                line,
                " Asked precision {}, reached {reached}, at most {} replications.",
                crate::number::percent(asked),
                count(facts.replications_max)
            )
            .expect("a String takes everything");
        }
        self.wrapped("", &line);
        self.drawn(result);
    }

    /// What was drawn once per replication: the range of it, and where to find all.
    fn drawn(&mut self, result: &RunResult) {
        for of in &result.drawn {
            let least = of.values.iter().copied().fold(f64::INFINITY, f64::min);
            let most = of.values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let mean = of.values.iter().sum::<f64>() / of.values.len() as f64;
            let [mean, least, most] = [mean, least, most].map(|v| quantity(v, &of.unit));
            let line = format!(
                "{} was drawn for each replication: {mean} on average, from {least} to {most}.",
                safe(&of.name)
            );
            self.wrapped("", &line);
        }
    }

    fn watches(&mut self, watches: &[WatchResult]) {
        let mut table = Table::new(["WATCH", "window", "value"]);
        let mut cells = Cells::default();
        let mut rest = Vec::new();
        for watch in watches {
            let name = safe(&watch.name);
            let listed = watch.values.len() <= WATCH_ROWS_MAX;
            for value in watch.values.iter().filter(|_| listed) {
                let row = value
                    .instance
                    .as_ref()
                    .map_or_else(|| name.clone(), |path| format!("{name} {}", safe(path)));
                let window = value.window.map_or_else(String::new, |(from, to)| {
                    format!("{} to {}", duration(from.as_nanos() as f64), duration(to.as_nanos() as f64))
                });
                let cell = cells.estimate(&value.value, &watch.unit, &format!("{row} {window}"));
                table.row(row, [window, cell]);
            }
            if !listed {
                rest.push(extremes(watch));
            }
        }
        self.table("WATCHES", &table, cells);
        if table.is_empty() && !rest.is_empty() {
            self.head("WATCHES");
        }
        for line in rest {
            self.wrapped("", &line);
        }
    }

    fn checks(&mut self, result: &RunResult) {
        if result.checks.is_empty() {
            return;
        }
        self.head("CHECKS OF THE RUN ABOUT ITSELF");
        for check in &result.checks {
            let mut line = match (check.holds(), check.checked) {
                (true, 0) => "not checked".to_string(),
                (true, checked) => format!("holds, {} times", count(checked)),
                (false, checked) => format!("FAILED, {} of {}", check.failures.len(), count(checked)),
            };
            if check.skipped > 0 {
                write!(line, ", {} skipped", count(check.skipped)).expect("a String takes everything");
            }
            self.wrapped(&format!("{}: ", check.name), &format!("{line} ({})", check.rule));
            for failure in &check.failures {
                self.wrapped("  ", &safe(failure));
            }
        }
    }

    fn doubts(&mut self, result: &RunResult) {
        if !result.warnings.is_empty() {
            self.head("WARNINGS");
        }
        for warning in &result.warnings {
            self.wrapped("- ", &safe(warning));
        }
    }

    /// Writes what the numbers rest on, without having been measured.
    fn about(&mut self, about: &About) {
        self.listed("ASSUMPTIONS", "assumptions", about.assumptions.iter().map(Assumption::to_string));
        self.listed("NOT MODELLED", "not_modelled", about.not_modelled.iter().cloned());
        self.listed("SOURCES", "sources", about.sources.iter().cloned());
    }

    /// Writes a list; the first of it, if it is long.
    fn listed(&mut self, head: &str, key: &str, items: impl ExactSizeIterator<Item = String>) {
        let all = items.len();
        if all == 0 {
            return;
        }
        self.head(head);
        let shown = if all <= LISTED_MAX { all } else { LISTED_MAX - 1 };
        for item in items.take(shown) {
            self.wrapped("- ", &safe(&item));
        }
        if all > shown {
            self.wrapped(
                "- ",
                &format!("and {} more: `{key}` of `--format json`", count((all - shown) as u64)),
            );
        }
    }

    fn identity(&mut self, result: &RunResult) {
        self.text.push('\n');
        if let Some(scenario) = &result.about.scenario {
            let mut line =
                format!("{}, format {}, hash {:016x}", scenario.file, scenario.format, scenario.hash);
            if let Some(variant) = &scenario.variant {
                write!(line, ", variant {variant}").expect("a String takes everything");
            }
            for (path, value) in &scenario.set {
                write!(line, ", {path}={value}").expect("a String takes everything");
            }
            write!(line, "; kneepoint {}", env!("CARGO_PKG_VERSION")).expect("a String takes everything");
            self.wrapped("", &safe(&line));
        }
        let line = format!(
            "seed {}, digest {:016x}, {} events",
            result.facts.seed,
            result.digest,
            count(result.events)
        );
        self.line(&line);
    }
}

/// Returns a line on a watch of too many values to list.
fn extremes(watch: &WatchResult) -> String {
    let known = || watch.values.iter().filter_map(|value| value.value.value());
    let low = known().fold(f64::INFINITY, f64::min);
    let high = known().fold(f64::NEG_INFINITY, f64::max);
    let range = if known().next().is_none() {
        "none of them rests on enough data".to_string()
    } else {
        format!("from {} to {}", quantity(low, &watch.unit), quantity(high, &watch.unit))
    };
    let all = count(watch.values.len() as u64);
    format!("{}: {all} values, {range}; `--format csv` lists them.", safe(&watch.name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn the_verdict_comes_first_and_the_digest_last() {
        let text = text(&sample::run(), Look::default());
        assert!(text.starts_with("Missed: 1 of 2 objectives does not hold (fast).\n"), "{text}");
        assert!(text.ends_with("seed 1, digest 0123456789abcdef, 12,345,678 events\n"), "{text}");
        for part in
            ["shoppers:browse", "web", "conservation", "93 % busy", "Tomcat maxThreads", "Does it hold?"]
        {
            assert!(text.contains(part), "{part} in {text}");
        }
    }

    #[test]
    fn the_longest_queue_of_several_instances_is_told_as_that_of_one() {
        let mut result = sample::run();
        let part = &mut result.parts[0];
        assert!(part.instances.len() > 1);
        part.all.queue.as_mut().expect("it has one").max = None;
        for (at, instance) in part.instances.iter_mut().enumerate() {
            let mut queue = part.all.queue.clone();
            queue.as_mut().expect("it has one").max = Some(7.0 + at as f64);
            instance.station.queue = queue;
        }
        let said = text(&result, Look::default());
        assert!(said.contains("8 in one") && said.contains("longest queue at any one instance"), "{said}");
    }

    #[test]
    fn the_whole_page_is_as_it_was() {
        let page = text(&sample::run(), Look::default());
        let golden = include_str!("../tests/page.txt");
        if std::env::var_os("KNEEPOINT_REFRESH").is_some() {
            let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/page.txt");
            std::fs::write(path, &page).unwrap();
            return;
        }
        assert_eq!(page, golden, "KNEEPOINT_REFRESH=1 writes it anew");
    }

    #[test]
    fn work_in_vain_is_told_though_its_answers_are_counted_elsewhere() {
        let mut run = sample::run();
        for part in &mut run.parts {
            part.all.orphans.total = 0;
        }
        assert!(text(&run, Look::default()).contains("ORPHANED WORK"));
    }

    #[test]
    fn a_thin_percentile_is_a_dash_and_a_note() {
        let text = text(&sample::run(), Look::default());
        assert!(text.contains("shoppers:buy p99.9"), "{text}");
        assert!(text.contains("p99.9 of 5000 samples rests on 5.0"), "{text}");
    }

    #[test]
    fn colour_is_only_there_when_asked_for() {
        let run = sample::run();
        assert!(!text(&run, Look::default()).contains('\u{1b}'));
        assert!(text(&run, Look { width: 100, colour: true }).starts_with("\u{1b}[31;1mMissed"));
    }

    #[test]
    fn a_narrow_window_gets_narrow_lines() {
        let text = text(&sample::run(), Look { width: 60, colour: false });
        let wide: Vec<&str> = text.lines().filter(|line| line.chars().count() > 60).collect();
        assert!(wide.is_empty(), "{wide:#?}");
    }

    #[test]
    fn a_title_cannot_command_the_terminal() {
        let mut run = sample::run();
        run.title = "\u{1b}[2J".to_string();
        run.warnings = vec!["\u{1b}]0;x".to_string()];
        assert!(!text(&run, Look::default()).contains('\u{1b}'));
    }

    #[test]
    fn what_a_run_rests_on_is_listed() {
        let mut run = sample::run();
        let page = text(&run, Look::default());
        for line in [
            "- an order takes three times the work of a page (asked the team); doubt: high\n",
            "- Service.concurrency = Threads(200) (Tomcat maxThreads)\n",
            "NOT MODELLED\n- caches\n- retries\n",
            "SOURCES\n- the shop's dashboards, week 46\n",
            "shop.ron, format 1, hash 00ff0000000000aa, variant large, web.instances=2; kneepoint ",
        ] {
            assert!(page.contains(line), "{line} in {page}");
        }
        let one = run.about.assumptions[1].clone();
        run.about.assumptions.extend(std::iter::repeat_n(one, 40));
        let page = text(&run, Look::default());
        assert_eq!(page.matches("Tomcat").count(), LISTED_MAX - 2, "{page}");
        assert!(page.contains("- and 31 more: `assumptions` of `--format json`\n"), "{page}");
        run.about = About::default();
        let page = text(&run, Look::default());
        assert!(!page.contains("ASSUMPTIONS") && !page.contains("shop.ron"), "{page}");
        assert!(page.ends_with("\n\nseed 1, digest 0123456789abcdef, 12,345,678 events\n"), "{page}");
    }

    #[test]
    fn percentiles_of_one_series_are_missing_in_one_line() {
        let mut run = sample::run();
        let thin = |p: f64| {
            let reason = format!("p{p} of 400 samples rests on {} of them", 400.0 - 4.0 * p);
            kneepoint_statistics::Estimated::not_enough(reason, 400, None)
        };
        run.clients[0].classes.clear();
        let all = &mut run.clients[0].all;
        all.latency_failed.count = 0;
        for (p, estimated) in &mut all.latency.percentiles {
            if *p >= 0.9 {
                *estimated = thin(*p * 100.0);
            }
        }
        let page = text(&run, Look::default());
        let notes: Vec<&str> = page.lines().filter(|line| line.contains("not enough")).collect();
        let expected =
            "  – not enough data for shoppers p95 p99 p99.9: p95 of 400 samples rests on 20 of them";
        assert_eq!(notes, [expected], "{page}");
    }

    #[test]
    fn a_watch_of_many_windows_is_summed_up() {
        let mut run = sample::run();
        let value = run.watches[0].values[0].clone();
        run.watches[0].values.extend(std::iter::repeat_n(value, 40));
        let text = text(&run, Look::default());
        assert!(
            text.contains("busy: 42 values, from 50.0 % to 60.0 %; `--format csv` lists them."),
            "{text}"
        );
    }
}
