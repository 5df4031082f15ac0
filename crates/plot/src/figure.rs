//! What a figure shows, as plain data: no colours of pixels, no places.

use crate::axis::Axis;
use crate::theme::Colour;

/// A figure with everything it says.
#[derive(Clone, Debug)]
pub struct Figure {
    /// What it is asked for by: letters, digits and hyphens.
    pub name: String,
    /// The finding where there is one, else what is shown.
    pub title: String,
    /// Where it is from: scenario, replications, confidence, seed.
    pub subtitle: String,
    /// What has to be known to read it right.
    pub notes: Vec<String>,
    /// What is drawn.
    pub content: Content,
}

/// The kinds of figures.
#[derive(Clone, Debug)]
pub enum Content {
    /// There is nothing to draw; why.
    Nothing(String),
    /// Values over a common axis: lines with bands, points.
    Lines(Lines),
    /// One row per thing: bars, forest, tornado, waterfall.
    Rows(Rows),
    /// Values over two axes of names.
    HeatMap(HeatMap),
    /// How values are spread, over time.
    Density(Box<Density>),
    /// Points with intervals both ways, and which are not outdone.
    Scatter(Scatter),
    /// Who calls whom.
    Graph(Graph),
}

/// A number with its interval, as far as there is one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The number.
    pub value: f64,
    /// Its interval.
    pub ends: Option<(f64, f64)>,
}

impl Interval {
    /// A number that is exact, or whose interval is not known.
    pub fn bare(value: f64) -> Interval {
        Interval { value, ends: None }
    }

    /// Returns the lower end, the number and the upper end.
    pub(crate) fn all(&self) -> [f64; 3] {
        let (low, high) = self.ends.unwrap_or((self.value, self.value));
        [low, self.value, high]
    }
}

/// Panels one above the other, over one axis.
#[derive(Clone, Debug)]
pub struct Lines {
    /// The axis they have in common.
    pub x: Axis,
    /// From top to bottom.
    pub panels: Vec<Panel>,
    /// What is marked on the common axis.
    pub spans: Vec<Span>,
    /// Stretches of the common axis that are shaded in every panel.
    pub shades: Vec<Shade>,
    /// Rows under the panels: what was the case when.
    pub lanes: Vec<Lane>,
}

/// A stretch of the common axis.
#[derive(Clone, Debug)]
pub struct Shade {
    /// What the legend says; nothing where a lane says it.
    pub name: String,
    /// Where it begins.
    pub from: f64,
    /// Where it ends.
    pub to: f64,
    /// Its colour.
    pub colour: Colour,
}

/// A row under panels.
#[derive(Clone, Debug)]
pub struct Lane {
    /// What it is about.
    pub name: String,
    /// What lasted.
    pub bars: Vec<Shade>,
    /// What happened at an instant, with a word for it.
    pub marks: Vec<(f64, String)>,
    /// What came of it at places of the common axis.
    pub dots: Vec<(f64, Outcome)>,
    /// The colour of its marks.
    pub colour: Colour,
}

/// What came of an objective.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It holds.
    Met,
    /// It does not.
    Missed,
    /// The data do not tell.
    Undecided,
    /// Nobody was served, so that there is nothing to judge.
    Unserved,
}

/// One panel.
#[derive(Clone, Debug)]
pub struct Panel {
    /// Its own axis.
    pub y: Axis,
    /// What is drawn.
    pub series: Vec<Series>,
    /// Lines across: bounds.
    pub rules: Vec<Rule>,
    /// Points at which it is not decided on which side of a bound they are; without a place where there is no number.
    pub undecided: Vec<(f64, Option<f64>)>,
    /// Its height beside that of the others.
    pub weight: f64,
}

/// Points that belong together.
#[derive(Clone, Debug)]
pub struct Series {
    /// What the legend says.
    pub name: String,
    /// Its colour.
    pub colour: Colour,
    /// Dashes instead of a line, where colours do not suffice.
    pub dashed: bool,
    /// Joined by a line with a band; else dots with whiskers.
    pub joined: bool,
    /// The points, by place on the common axis; none where there is no number.
    pub points: Vec<(f64, Option<Interval>)>,
}

/// A line across a panel.
#[derive(Clone, Debug)]
pub struct Rule {
    /// What the legend says.
    pub name: String,
    /// Where it is.
    pub at: f64,
}

/// A place on the common axis, with its interval.
#[derive(Clone, Debug)]
pub struct Span {
    /// What the legend says.
    pub name: String,
    /// Where it is.
    pub at: Interval,
}

/// One row per thing, with one or more columns of values.
#[derive(Clone, Debug)]
pub struct Rows {
    /// The axes of the columns, with what is marked on them.
    pub columns: Vec<Column>,
    /// From top to bottom.
    pub rows: Vec<Row>,
    /// What colours mean.
    pub legend: Vec<(String, Colour)>,
}

/// An axis of rows.
#[derive(Clone, Debug)]
pub struct Column {
    /// The axis.
    pub axis: Axis,
    /// A line from top to bottom, as at no difference.
    pub line: Option<f64>,
}

/// A row.
#[derive(Clone, Debug)]
pub struct Row {
    /// What it is about.
    pub name: String,
    /// A headline over what follows: no values.
    pub heading: bool,
    /// One per column.
    pub cells: Vec<Cell>,
}

/// What a row has in a column.
#[derive(Clone, Debug, Default)]
pub struct Cell {
    /// What is drawn.
    pub shapes: Vec<Shape>,
    /// What is said beside it.
    pub text: String,
}

/// What is drawn in a cell.
#[derive(Clone, Debug)]
pub enum Shape {
    /// A bar from one value to another, with whiskers.
    Bar {
        /// Where it begins.
        from: f64,
        /// Where it ends.
        to: f64,
        /// The interval of its end.
        ends: Option<(f64, f64)>,
        /// Its colour.
        colour: Colour,
    },
    /// A point with its interval.
    Point {
        /// The number.
        at: Interval,
        /// Its colour.
        colour: Colour,
    },
    /// What has no place on the axis, but is known to lie beyond one of its ends: an arrow.
    Off {
        /// Beyond the upper end.
        up: bool,
        /// Its colour.
        colour: Colour,
    },
}

/// Values over two axes of names.
#[derive(Clone, Debug)]
pub struct HeatMap {
    /// What the values are.
    pub value: Axis,
    /// What is from left to right.
    pub x: String,
    /// Its names.
    pub x_names: Vec<String>,
    /// What is from bottom to top.
    pub y: String,
    /// Its names.
    pub y_names: Vec<String>,
    /// By row from the bottom, then by column.
    pub cells: Vec<Vec<HeatCell>>,
}

/// A cell of a heat map.
#[derive(Clone, Debug, Default)]
pub struct HeatCell {
    /// The value; none where there is no number.
    pub value: Option<f64>,
    /// The number, in words.
    pub text: String,
    /// Its interval, in words.
    pub interval: String,
    /// What came of the objective, where there is one.
    pub outcome: Option<Outcome>,
}

/// How values are spread in windows of time: darker where there are few.
#[derive(Clone, Debug)]
pub struct Density {
    /// Time.
    pub x: Axis,
    /// The ends of the windows, the beginning first.
    pub bounds: Vec<f64>,
    /// What is spread.
    pub y: Axis,
    /// Up to where each bucket goes; the first begins at `from`.
    pub edges: Vec<f64>,
    /// Where the first bucket begins.
    pub from: f64,
    /// What colours mean: shares of a window.
    pub value: Axis,
    /// Window, bucket, share.
    pub cells: Vec<(usize, usize, f64)>,
    /// Lines across: bounds.
    pub rules: Vec<Rule>,
    /// Lines over it.
    pub series: Vec<Series>,
    /// Stretches that are marked along the upper edge.
    pub shades: Vec<Shade>,
}

/// Points over two measured axes.
#[derive(Clone, Debug)]
pub struct Scatter {
    /// From left to right.
    pub x: Axis,
    /// From bottom to top.
    pub y: Axis,
    /// The points.
    pub points: Vec<ScatterPoint>,
    /// What the points that are not outdone are called.
    pub front: String,
    /// What the others are.
    pub others: String,
}

/// A point.
#[derive(Clone, Debug)]
pub struct ScatterPoint {
    /// What it is called.
    pub name: String,
    /// From left to right.
    pub x: Interval,
    /// From bottom to top.
    pub y: Interval,
    /// Whether no other outdoes it.
    pub front: bool,
    /// Which points it is joined with, where no other outdoes these.
    pub group: usize,
    /// What came of all objectives together; nothing where there is none.
    pub outcome: Option<Outcome>,
}

/// Who calls whom.
#[derive(Clone, Debug)]
pub struct Graph {
    /// The parts.
    pub nodes: Vec<GraphNode>,
    /// The calls between them.
    pub edges: Vec<GraphEdge>,
    /// What colours mean.
    pub value: Axis,
}

/// A part in a drawing.
#[derive(Clone, Debug)]
pub struct GraphNode {
    /// Its name.
    pub name: String,
    /// What is said below it.
    pub lines: Vec<String>,
    /// What its colour says, as a share; none for a part that cannot be full.
    pub value: Option<f64>,
    /// Whether it makes requests of its own.
    pub client: bool,
}

/// Calls in a drawing.
#[derive(Clone, Debug)]
pub struct GraphEdge {
    /// The caller, by its number.
    pub from: usize,
    /// The callee.
    pub to: usize,
    /// What is said on it.
    pub lines: Vec<String>,
    /// How wide it is, as a share of the widest; none where it is not known.
    pub weight: Option<f64>,
}
