//! What a page says, as plain data: no markup. Written as HTML by [`html`](crate::html), as Markdown by
//! [`markdown`](crate::markdown).

use kneepoint_plot::Figure;
use serde_json::Value;

/// A page.
pub(crate) struct Document {
    /// What it is called.
    pub title: String,
    /// What was asked.
    pub question: Option<String>,
    /// What came of it, one for each result that has a finding; the first is the answer.
    pub findings: Vec<Finding>,
    /// From top to bottom.
    pub sections: Vec<Section>,
    /// What the charts over time draw; null if there is nothing.
    pub charts: Value,
}

/// An answer in one sentence.
pub(crate) struct Finding {
    /// How it is marked: `met`, `missed`, …
    pub verdict: String,
    /// The sentence.
    pub sentence: String,
}

/// A headline with what is under it.
pub(crate) struct Section {
    /// What links call it.
    pub id: String,
    /// The headline.
    pub title: String,
    /// What is under it.
    pub blocks: Vec<Block>,
    /// It is in the short form for a pull request too.
    pub brief: bool,
}

impl Section {
    pub fn new(id: &str, title: &str) -> Section {
        Section { id: id.to_string(), title: title.to_string(), blocks: Vec::new(), brief: false }
    }

    pub fn brief(id: &str, title: &str) -> Section {
        Section { brief: true, ..Section::new(id, title) }
    }

    pub fn add(&mut self, block: Block) {
        self.blocks.push(block);
    }

    /// Adds a paragraph in our own words.
    pub fn say(&mut self, words: impl Into<String>) {
        self.add(Block::Words(words.into()));
    }

    /// Adds a table, or says why there is none.
    pub fn table_or(&mut self, table: Table, otherwise: &str) {
        if table.rows.is_empty() {
            self.say(otherwise);
        } else {
            self.add(Block::Table(table));
        }
    }
}

/// What can be under a headline.
pub(crate) enum Block {
    /// A headline below that of the section.
    Heading(String),
    /// A paragraph.
    Words(String),
    /// A few numbers that have to be seen first.
    Cards(Vec<Card>),
    /// Numbers in rows.
    Table(Table),
    /// A picture that stands still.
    Figure(Box<Figure>),
    /// One thing after another.
    List(Vec<Line>),
    /// What is typed.
    Command(String),
    /// The charts over time, by groups, each with what is beside its charts.
    Charts(Vec<Group>),
    /// A request in full.
    Request(Request),
}

/// A line of a list.
pub(crate) struct Line {
    /// What is said.
    pub text: String,
    /// What is said of it, quieter.
    pub aside: String,
}

/// Numbers of one kind.
pub(crate) struct Card {
    /// What they are.
    pub title: &'static str,
    /// Each with its name.
    pub numbers: Vec<(String, Cell)>,
}

/// Numbers in rows.
pub(crate) struct Table {
    /// What it shows.
    pub caption: String,
    /// Names of the columns; the first is that of the rows.
    pub head: Vec<String>,
    /// The cells, as many as the head has.
    pub rows: Vec<Vec<Cell>>,
    /// What is said below it.
    pub notes: Vec<String>,
    /// Rows that are shown before one asks for the others.
    pub folded: bool,
}

impl Table {
    pub fn new(caption: impl Into<String>, head: &[&str]) -> Table {
        Table {
            caption: caption.into(),
            head: head.iter().map(|name| name.to_string()).collect(),
            rows: Vec::new(),
            notes: Vec::new(),
            folded: false,
        }
    }

    /// Adds a row; cells that are left out are empty.
    pub fn row(&mut self, mut cells: Vec<Cell>) {
        cells.resize_with(self.head.len(), Cell::default);
        self.rows.push(cells);
    }

    /// Returns why cells have no number, each reason once with what it is about.
    pub fn missing(&self) -> Vec<String> {
        const LABELS_MOST: usize = 4;
        let mut reasons: Vec<(&str, Vec<String>)> = Vec::new();
        for row in &self.rows {
            // Later ones are percentiles further out, which rest on less of the same data.
            let Some(reason) = row.iter().find_map(|cell| cell.missing.as_deref()) else { continue };
            let heads: Vec<&str> = row
                .iter()
                .zip(&self.head)
                .filter(|(cell, _)| cell.missing.is_some())
                .map(|(_, head)| head.as_str())
                .collect();
            let label = format!("{} {}", row[0].text, heads.join(" "));
            match reasons.iter_mut().find(|(known, _)| *known == reason) {
                Some((_, labels)) => labels.push(label),
                None => reasons.push((reason, vec![label])),
            }
        }
        reasons
            .into_iter()
            .map(|(reason, labels)| {
                let more = match labels.len().saturating_sub(LABELS_MOST) {
                    0 => String::new(),
                    more => format!(" and {more} more"),
                };
                let shown = labels.iter().take(LABELS_MOST).cloned().collect::<Vec<_>>().join(", ");
                format!("Not enough data for {shown}{more}: {reason}.")
            })
            .collect()
    }

    /// Drops columns in which no row has anything.
    pub fn without_empty_columns(mut self) -> Table {
        let kept: Vec<bool> = (0..self.head.len())
            .map(|at| at == 0 || self.rows.iter().any(|row| !row[at].text.is_empty()))
            .collect();
        let keep = |at: usize| kept[at];
        self.head = self.head.into_iter().enumerate().filter(|(at, _)| keep(*at)).map(|(_, h)| h).collect();
        for row in &mut self.rows {
            *row = std::mem::take(row)
                .into_iter()
                .enumerate()
                .filter(|(at, _)| keep(*at))
                .map(|(_, c)| c)
                .collect();
        }
        self
    }
}

/// A place of a table.
#[derive(Clone, Default)]
pub(crate) struct Cell {
    /// What is written.
    pub text: String,
    /// The number behind it, as the results have it, and where they have it.
    pub number: Option<(String, String)>,
    /// Why there is no number.
    pub missing: Option<String>,
    /// Words and names are aligned as such, and a name may be written from right to left.
    pub words: bool,
    /// The colour that goes with the name.
    pub slot: Option<usize>,
    /// How it is marked: `met`, `missed`, …
    pub verdict: Option<String>,
}

impl Cell {
    /// A word or a name.
    pub fn words(text: impl Into<String>) -> Cell {
        Cell { text: text.into(), words: true, ..Cell::default() }
    }

    /// A name that has a colour everywhere.
    pub fn coloured(text: impl Into<String>, slot: usize) -> Cell {
        Cell { slot: Some(slot), ..Cell::words(text) }
    }

    /// A verdict.
    pub fn verdict(verdict: &str) -> Cell {
        Cell { verdict: Some(verdict.to_string()), ..Cell::words(verdict) }
    }

    /// A number that is derived and not in the results.
    pub fn number(text: impl Into<String>) -> Cell {
        Cell { text: text.into(), ..Cell::default() }
    }
}

/// Charts that are looked at together.
pub(crate) struct Group {
    /// What links call it.
    pub id: &'static str,
    /// On its tab.
    pub title: &'static str,
    /// From top to bottom.
    pub blocks: Vec<ChartBlock>,
}

/// What is in a group.
pub(crate) enum ChartBlock {
    /// A headline.
    Heading(&'static str),
    /// Why there is no chart, or how to read one.
    Words(String),
    /// The chart of this number in the data.
    Chart { at: usize, title: String },
    /// Numbers beside a chart.
    Table(Table),
    /// What is shown of the charts of this group can be chosen.
    Choice,
}

/// A request in full.
pub(crate) struct Request {
    /// Which one.
    pub title: String,
    /// How its path adds up.
    pub path: String,
    /// What happened, in order, indented by who called whom.
    pub spans: Vec<SpanLine>,
    /// How long it took \[s\].
    pub latency: f64,
    /// It is shown at once.
    pub open: bool,
    /// What is left out.
    pub note: Option<String>,
}

/// Time at a place.
pub(crate) struct SpanLine {
    /// Where.
    pub at: String,
    /// What it was spent with; a branch says how it ended.
    pub phase: String,
    /// From, to \[s\]; none for a branch.
    pub time: Option<(f64, f64)>,
    /// How far it is indented.
    pub depth: usize,
    /// It is on the path that decided.
    pub critical: bool,
    /// The colour of the part.
    pub slot: Option<usize>,
}
