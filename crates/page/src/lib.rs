//! One self-contained page for a design review, from stored results.
//!
//! [`Page::read`] takes what the verbs wrote with `--format json`, [`Page::html`] makes one file of it that opens
//! offline, [`Page::markdown`] the short form for a pull request. Nothing here needs a simulation, a network or a
//! clock: the same results give the same bytes.
//!
//! ```text
//! JSON ── plot's results (checked, texts made safe) ── at (numbers with where they are from)
//!      ── sections, charts ── document (plain data) ── html | markdown
//! ```
//!
//! Everything that is foreign passes through one place that escapes (`html.rs`); the program of the page is allowed by
//! its hash alone.

mod assets;
mod at;
mod charts;
mod document;
mod figures;
mod html;
mod markdown;
mod same;
mod sections;
mod writer;

use std::collections::BTreeMap;

use kneepoint_plot::{Figure, Palette, ReadError, Results, figures, open};
use serde_json::Value;

use at::At;
use document::{Block, Document, Finding, Section};

pub use assets::UPLOT_VERSION;

/// What a verb wrote, and what it is called.
#[derive(Clone, Debug)]
pub struct Source {
    /// What it is called on the page and in errors: a file.
    pub name: String,
    /// What was written with `--format json`.
    pub json: String,
}

/// Why there is no page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PageError {
    /// A source is no result, or one of a later version.
    Read(ReadError),
    /// There is no source.
    Nothing,
    /// A page is about one run.
    TwoRuns {
        /// The first.
        first: String,
        /// The second.
        second: String,
    },
}

impl std::fmt::Display for PageError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            PageError::Read(error) => error.fmt(f),
            PageError::Nothing => write!(f, "there are no results to make a page of"),
            PageError::TwoRuns { first, second } => write!(
                f,
                "{first} and {second} each make a run of this page, and a page is about one: leave one out, or put both side by \
                 side with `kneepoint compare` and add its results"
            ),
        }
    }
}

impl std::error::Error for PageError {}

impl From<ReadError> for PageError {
    fn from(error: ReadError) -> PageError {
        PageError::Read(error)
    }
}

/// A result, read twice: as figures need it, and as it is.
struct Read<'s> {
    source: usize,
    name: &'s str,
    results: Results,
    value: Value,
}

impl Read<'_> {
    fn at(&self) -> At<'_> {
        At::root(self.source, &self.value)
    }
}

/// A page before it is written.
///
/// # Example
/// ```no_run
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let json = std::fs::read_to_string("results.json")?;
/// let page = kneepoint_page::Page::read(&[kneepoint_page::Source { name: "results.json".to_string(), json }])?;
/// std::fs::write("review.html", page.html())?;
/// # Ok(())
/// # }
/// ```
pub struct Page {
    document: Document,
    run: Option<String>,
}

impl Page {
    /// Makes a page of results, in this order; one of them may be a run.
    ///
    /// # Errors
    /// If there are none, if one is no result or of a later version, or if two are runs.
    pub fn read(sources: &[Source]) -> Result<Page, PageError> {
        if sources.is_empty() {
            return Err(PageError::Nothing);
        }
        let mut all = Vec::new();
        for (source, of) in sources.iter().enumerate() {
            let (results, value) = open(&of.name, &of.json)?;
            all.push(Read { source, name: &of.name, results, value });
        }
        let runs: Vec<&Read<'_>> = all.iter().filter(|of| matches!(of.results, Results::Run(_))).collect();
        if let [first, second, ..] = runs.as_slice() {
            let [first, second] = [first, second].map(|of| kneepoint_report::safe(of.name));
            return Err(PageError::TwoRuns { first, second });
        }
        let run = runs.first().copied();
        Ok(Page { document: document(&all, run), run: run.map(|of| kneepoint_report::safe(of.name)) })
    }

    /// Returns which of its results is a run.
    pub fn run(&self) -> Option<&str> {
        self.run.as_deref()
    }

    /// Writes it as one file that needs nothing else.
    pub fn html(&self) -> String {
        html::page(&self.document)
    }

    /// Writes the short form, as pull requests show it.
    pub fn markdown(&self) -> String {
        markdown::page(&self.document)
    }
}

/// Returns the verb that wrote a result.
fn verb(at: &At<'_>) -> String {
    let said = [at.get("verb").text(), at.get("kind").text()].into_iter().find(|text| !text.is_empty());
    match said {
        Some(verb) => verb.to_string(),
        None if at.get("design").is_there() => "sweep".to_string(),
        None => "run".to_string(),
    }
}

fn document(all: &[Read<'_>], run: Option<&Read<'_>>) -> Document {
    let named: Vec<(String, At<'_>)> =
        all.iter().map(|of| (kneepoint_report::safe(of.name), of.at())).collect();
    let apart = apart(all, run);
    let mut drawn: Vec<Vec<Figure>> = all.iter().map(|of| figures(&of.results)).collect();
    let findings = findings(all, run, &apart, &drawn);
    let mut sections = Vec::new();
    let mut charts = Value::Null;
    if let Some(run) = run {
        let (of_run, data) = run_sections(run, std::mem::take(&mut drawn[run.source]));
        sections.extend(of_run);
        charts = data;
    }
    let several = all.len() > 1;
    let studies =
        all.iter().zip(drawn).filter_map(|(of, drawn)| sections::studies::study(of, drawn, several));
    sections.extend(studies);
    let at = run.map(Read::at);
    if let Some(at) = &at {
        sections.push(sections::trust::checks(at));
    }
    sections.push(sections::trust::warnings(&named, &doubts(&named, at.as_ref(), &apart)));
    if let Some(at) = &at {
        sections.push(sections::assumptions::assumptions(at));
        sections.push(sections::assumptions::left_out(at));
    }
    sections.push(sections::identity::identity(&named, at.as_ref()));
    number_ids(&mut sections);
    let title = named.iter().map(|(_, at)| at.get("title").text()).find(|title| !title.is_empty());
    let first = named.iter().map(|(_, at)| at.get("question").text()).find(|question| !question.is_empty());
    Document {
        title: title.map_or_else(|| named[0].0.clone(), str::to_string),
        question: first.map(str::to_string),
        findings,
        sections,
        charts,
    }
}

/// Links lead to one place each: of sections of a kind the later ones are numbered.
fn number_ids(sections: &mut [Section]) {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for section in sections {
        let times = seen.entry(section.id.clone()).or_default();
        *times += 1;
        if *times > 1 {
            section.id = format!("{}-{times}", section.id);
            section.title = format!("{} {times}", section.title);
        }
    }
}

fn run_sections(read: &Read<'_>, mut drawn: Vec<Figure>) -> (Vec<Section>, Value) {
    let at = read.at();
    let (colours, lanes) = match &read.results {
        Results::Run(run) => (run.palette(), kneepoint_plot::lanes(run)),
        _ => (Palette::default(), Vec::new()),
    };
    let mut take = |wanted: &dyn Fn(&str) -> bool| -> Vec<Block> {
        let (taken, rest): (Vec<_>, Vec<_>) =
            std::mem::take(&mut drawn).into_iter().partition(|figure| wanted(&figure.name));
        drawn = rest;
        taken.into_iter().map(|figure| Block::Figure(Box::new(figure))).collect()
    };
    let mut sections = vec![sections::objectives::objectives(&at), sections::numbers::numbers(&at, &colours)];

    let mut topology = Section::new("topology", "Who calls whom");
    topology.blocks = take(&|name| name.starts_with("topology"));
    if topology.blocks.is_empty() {
        topology.say("The results do not say who calls whom.");
    }
    sections.push(topology);

    let mut parts = sections::numbers::parts(&at, &colours);
    parts.blocks.splice(0..0, take(&|name| name == "parts"));
    sections.push(parts);

    let mut over_time = Section::new("over-time", "Over time");
    // What stands still says what was found; the charts below it are for looking closer.
    over_time.blocks = take(&|name| name.starts_with("over-time"));
    let mut data = Value::Null;
    match charts::charts(&at, &colours, &lanes) {
        Some(charts) => {
            data = charts.data;
            data["shown"] = charts::shown_first(&at).into();
            over_time.add(Block::Charts(charts.groups));
        }
        None => over_time.say(
            "The results do not hold what happened when: `kneepoint run --timeline --format json` keeps it, and so does \
             `kneepoint report` of a scenario.",
        ),
    }
    over_time.blocks.extend(sections::events::saturated(&at, &colours));
    over_time.blocks.extend(sections::events::events(&at, &colours));
    sections.push(over_time);

    let mut latency = Section::new("latency", "How long requests take");
    latency.blocks = take(&|name| name.starts_with("percentiles"));
    latency.blocks.extend(take(&|name| name.starts_with("heat")));
    sections.push(latency);

    let mut time = sections::time::time(&at, &colours);
    time.blocks.extend(take(&|name| name == "time"));
    sections.push(time);
    sections.push(sections::requests::requests(&at, &colours));

    let rest = take(&|_| true);
    if !rest.is_empty() {
        let mut more = Section::new("more", "More figures");
        more.blocks = rest;
        sections.push(more);
    }
    (sections, data)
}

/// Returns the answers, that of the run first.
fn findings(
    all: &[Read<'_>],
    run: Option<&Read<'_>>,
    apart: &[(usize, String)],
    drawn: &[Vec<Figure>],
) -> Vec<Finding> {
    let finding = |verdict: &str, sentence: &str| Finding {
        verdict: verdict.to_string(),
        sentence: sentence.to_string(),
    };
    let mut findings = Vec::new();
    if let Some(run) = run {
        let at = run.at();
        findings.push(finding(sections::mark(&at), at.get("verdict_sentence").text()));
    }
    for (of, drawn) in all.iter().zip(drawn) {
        let at = of.at();
        match &of.results {
            Results::Run(_) => {}
            Results::Capacity(_) | Results::Scaling(_) => {
                findings.push(finding("", at.get("sentence").text()))
            }
            Results::Comparison(_) => {
                let sentences = at.get("contrasts").list();
                findings
                    .extend(sentences.iter().map(|contrast| finding("", contrast.get("sentence").text())));
            }
            Results::Tornado(_) | Results::Screening(_) => {
                // Their figures say in their titles what was found.
                findings.extend(drawn.first().map(|figure| finding("", &figure.title)));
            }
            Results::Sweep(_) => findings.push(finding("", &sections::studies::swept(&at))),
        }
        // Beside what was found, not below it: who reads the answer must not take it for one of the same.
        let doubts = apart.iter().filter(|(source, _)| *source == of.source);
        findings.extend(doubts.map(|(_, doubt)| finding("doubtful", &format!("Doubtful: {doubt}"))));
    }
    findings.retain(|finding| !finding.sentence.is_empty());
    findings
}

/// Returns what one would not see: how results are apart from the run, or where there is none from the first of them;
/// beside the number of the result.
fn apart(all: &[Read<'_>], run: Option<&Read<'_>>) -> Vec<(usize, String)> {
    let Some(against) = run.or(all.first()) else { return Vec::new() };
    let other = match run {
        Some(_) => "the run".to_string(),
        None => kneepoint_report::safe(against.name),
    };
    let others = all.iter().filter(|of| of.source != against.source);
    let each = |of: &Read<'_>| {
        let sentences = same::apart(&kneepoint_report::safe(of.name), &of.at(), &other, &against.at());
        sentences.into_iter().map(|sentence| (of.source, sentence)).collect::<Vec<_>>()
    };
    others.flat_map(each).collect()
}

/// Returns what is doubtful about the results together.
fn doubts(all: &[(String, At<'_>)], run: Option<&At<'_>>, apart: &[(usize, String)]) -> Vec<String> {
    let mut doubts: Vec<String> = apart.iter().map(|(_, sentence)| sentence.clone()).collect();
    for (name, at) in all {
        let is_silent = |of: &At<'_>| same::hash(of).is_empty() && of.get("title").text().is_empty();
        if all.len() > 1 && same::designs(at).iter().all(is_silent) {
            doubts.push(format!("{name} does not say which scenario it is of."));
        }
    }
    let Some(run) = run else { return doubts };
    for (name, at) in all {
        let version = |at: &At<'_>| at.get("program_version").text().to_string();
        if version(at) != version(run) {
            doubts.push(format!(
                "{name} was written by kneepoint {}, the run by kneepoint {}.",
                version(at),
                version(run)
            ));
        }
    }
    doubts
}
