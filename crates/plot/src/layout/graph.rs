//! Who calls whom: boxes and arrows.
//!
//! `dagre` gives places to boxes and to what is written on edges, both measured before; the picture is then made as large
//! as the frame allows, letters with it, so that what does not touch at one size touches at none.

use dagre::graph::{Graph as Layered, GraphOptions};
use dagre::{EdgeLabel, LayoutOptions, NodeLabel, RankDir};

use super::heat_map::{SCALE, draw_scale, readable};
use super::{Frame, Sheet, USUAL};
use crate::axis::Laid;
use crate::canvas::{Anchor, Text};
use crate::figure::{Graph, GraphEdge, GraphNode};
use crate::font;
use crate::theme::{Colour, Rgb};
use crate::{RATIO_MOST, SIDES};

/// More boxes are a carpet, and take long to place.
///
/// # Source
/// Chosen: 150 boxes with 400 arrows take about a second.
const NODES_MOST: usize = 150;
const EDGES_MOST: usize = 400;

const NAME: f64 = 14.0;
const LINE: f64 = 11.0;
const LINE_HIGH: f64 = 14.5;
const PAD: f64 = 10.0;
/// Of names and what is said of them, in boxes and on edges: from the widest on, for as long as letters stay as large as on
/// the page. Names are cut only as far as the picture would have to be smaller otherwise.
///
/// # Source
/// Chosen: the widest is wider than a picture and cuts next to nothing; the narrowest leaves a usual name whole.
const WIDE: [(f64, f64); 6] =
    [(1000.0, 1000.0), (640.0, 480.0), (420.0, 340.0), (300.0, 250.0), (210.0, 190.0), (150.0, 150.0)];
/// Letters are not drawn larger than they are on the page.
const SCALE_MOST: f64 = 1.15;
/// Below, letters are unreadable at the usual size.
const SCALE_SMALL: f64 = 0.6;
/// A picture that may be as wide as it wants to has letters of ten units at least.
///
/// # Source
/// Chosen: the smallest that are read without effort on a screen, where a unit is a pixel.
const SCALE_READ: f64 = 10.0 / LINE;

/// A box, placed: its middle.
struct Spot {
    x: f64,
    y: f64,
    wide: f64,
    high: f64,
}

/// An arrow, placed.
struct Way {
    points: Vec<(f64, f64)>,
    /// The middle of what is written on it, and the lines.
    label: Option<(f64, f64, Vec<String>)>,
}

struct Placed {
    wide: f64,
    high: f64,
    /// What stands in boxes.
    boxes: Vec<(String, Vec<String>)>,
    nodes: Vec<Spot>,
    ways: Vec<Way>,
}

fn too_many(of: &Graph) -> Option<String> {
    (of.nodes.len() > NODES_MOST || of.edges.len() > EDGES_MOST).then(|| {
        format!(
            "{} parts with {} edges are too many for a drawing; at most {NODES_MOST} and {EDGES_MOST} are drawn.",
            of.nodes.len(),
            of.edges.len()
        )
    })
}

/// What stands in boxes: names, and below each what is said of it. What is joined by dots is parted before it is cut.
fn texts(of: &Graph, most: f64) -> Vec<(String, Vec<String>)> {
    let names: Vec<&str> = of.nodes.iter().map(|node| node.name.as_str()).collect();
    let names = font::told_apart(&names, NAME, true, most);
    let fits = |line: &str| font::width(line, LINE, false) <= most;
    let lines = |node: &GraphNode| {
        let parted = node.lines.iter().flat_map(|line| match fits(line) {
            true => vec![line.as_str()],
            false => line.split(" · ").collect(),
        });
        parted.map(|line| font::cut(line, LINE, false, most)).collect()
    };
    names.into_iter().zip(of.nodes.iter().map(lines)).collect()
}

fn edge_lines(edge: &GraphEdge, most: f64) -> Vec<String> {
    edge.lines.iter().map(|line| font::cut(line, LINE, false, most)).collect()
}

/// Gives places, in units of the layout.
fn placed(of: &Graph, direction: RankDir, (box_wide, edge_wide): (f64, f64)) -> Placed {
    let options = GraphOptions { directed: true, multigraph: true, compound: false };
    let mut graph: Layered<NodeLabel, EdgeLabel> = Layered::with_options(options);
    let boxes = texts(of, box_wide);
    for (at, (name, lines)) in boxes.iter().enumerate() {
        let widest = lines.iter().map(|line| font::width(line, LINE, false)).fold(0.0, f64::max);
        let label = NodeLabel {
            width: (widest.max(font::width(name, NAME, true)) + 2.0 * PAD).max(60.0),
            height: NAME + LINE_HIGH * lines.len() as f64 + 2.0 * PAD,
            ..NodeLabel::default()
        };
        graph.set_node(at.to_string(), Some(label));
    }
    for (at, edge) in of.edges.iter().enumerate() {
        let lines = edge_lines(edge, edge_wide);
        let widest = lines.iter().map(|line| font::width(line, LINE, false)).fold(0.0, f64::max);
        let label = EdgeLabel {
            width: if lines.is_empty() { 0.0 } else { widest + 10.0 },
            height: if lines.is_empty() { 0.0 } else { LINE_HIGH * lines.len() as f64 + 6.0 },
            labelpos: dagre::layout::types::LabelPos::Center,
            ..EdgeLabel::default()
        };
        graph.set_edge(edge.from.to_string(), edge.to.to_string(), Some(label), Some(&at.to_string()));
    }
    let options = LayoutOptions {
        rankdir: direction,
        nodesep: 26.0,
        edgesep: 14.0,
        ranksep: 38.0,
        ..LayoutOptions::default()
    };
    dagre::layout(&mut graph, Some(options));
    let nodes: Vec<Spot> = (0..of.nodes.len())
        .map(|at| {
            let label = graph.node(&at.to_string()).cloned().unwrap_or_default();
            let place = |at: Option<f64>| at.filter(|v| v.is_finite()).unwrap_or(0.0);
            Spot { x: place(label.x), y: place(label.y), wide: label.width, high: label.height }
        })
        .collect();
    let ways: Vec<Way> = of
        .edges
        .iter()
        .enumerate()
        .map(|(at, edge)| {
            let label = graph.edge(&edge.from.to_string(), &edge.to.to_string(), Some(&at.to_string()));
            let Some(label) = label else { return Way { points: Vec::new(), label: None } };
            let lines = edge_lines(edge, edge_wide);
            let written = label.x.zip(label.y).filter(|_| !lines.is_empty());
            Way {
                points: label.points.iter().map(|point| (point.x, point.y)).collect(),
                label: written.map(|(x, y)| (x, y, lines)),
            }
        })
        .collect();
    Placed { boxes, ..fitted(nodes, ways) }
}

/// Moves everything so that it begins at 0, and measures it: what lies outside of what the layout says is inside too.
fn fitted(nodes: Vec<Spot>, ways: Vec<Way>) -> Placed {
    let mut placed = Placed { wide: 0.0, high: 0.0, boxes: Vec::new(), nodes, ways };
    let boxes = placed
        .nodes
        .iter()
        .map(|n| [n.x - n.wide / 2.0, n.y - n.high / 2.0, n.x + n.wide / 2.0, n.y + n.high / 2.0]);
    let points =
        placed.ways.iter().flat_map(|way| &way.points).map(|(x, y)| [x - 4.0, y - 4.0, x + 4.0, y + 4.0]);
    let labels = placed.ways.iter().filter_map(|way| way.label.as_ref()).map(label_box);
    let all = boxes
        .chain(points)
        .chain(labels)
        .reduce(|a, b| [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])]);
    let Some([left, top, right, bottom]) = all else { return placed };
    for node in &mut placed.nodes {
        (node.x, node.y) = (node.x - left, node.y - top);
    }
    for way in &mut placed.ways {
        way.points.iter_mut().for_each(|(x, y)| (*x, *y) = (*x - left, *y - top));
        if let Some((x, y, _)) = &mut way.label {
            (*x, *y) = (*x - left, *y - top);
        }
    }
    (placed.wide, placed.high) = (right - left, bottom - top);
    placed
}

fn label_box((x, y, lines): &(f64, f64, Vec<String>)) -> [f64; 4] {
    let wide = lines.iter().map(|line| font::width(line, LINE, false)).fold(0.0, f64::max) + 6.0;
    let high = LINE_HIGH * lines.len() as f64 + 2.0;
    [x - wide / 2.0, y - high / 2.0, x + wide / 2.0, y + high / 2.0]
}

/// How large it can be in this room.
fn scale(placed: &Placed, wide: f64, high: f64) -> f64 {
    (wide / placed.wide.max(1.0)).min(high / placed.high.max(1.0)).min(SCALE_MOST)
}

/// Letters are as large as on the page, nearly.
const SCALE_FULL: f64 = 0.95;

/// From left to right, or from top to bottom where letters are larger then; with texts as wide as they are, or cut where
/// letters are larger for it.
fn best(of: &Graph, wide: f64, high: f64) -> (Placed, f64) {
    /// A gain that is seen.
    const LARGER: f64 = 1.02;
    let mut best: Option<(Placed, f64)> = None;
    for limit in limits(of) {
        let across = placed(of, RankDir::LR, limit);
        let first = scale(&across, wide, high);
        let mut found = (across, first);
        if first < SCALE_FULL {
            let down = placed(of, RankDir::TB, limit);
            let second = scale(&down, wide, high);
            if second > first * 1.1 {
                found = (down, second);
            }
        }
        let is_full = found.1 >= SCALE_FULL;
        if best.as_ref().is_none_or(|(_, before)| found.1 > before * LARGER) {
            best = Some(found);
        }
        if is_full {
            break;
        }
    }
    best.expect("the narrowest is always tried")
}

/// How wide texts may be, the widest first: without those at which nothing is cut but the narrowest of these.
fn limits(of: &Graph) -> Vec<(f64, f64)> {
    /// Boxes of a drawing of which several are tried: more are small whatever is cut, and take long to place.
    const FEW: usize = 24;
    if of.nodes.len() > FEW {
        return vec![WIDE[WIDE.len() - 1]];
    }
    let line = |line: &String| font::width(line, LINE, false);
    let boxes = of
        .nodes
        .iter()
        .flat_map(|node| node.lines.iter().map(line).chain([font::width(&node.name, NAME, true)]));
    let edges = of.edges.iter().flat_map(|edge| edge.lines.iter().map(line));
    let (in_boxes, on_edges) = (boxes.fold(0.0, f64::max), edges.fold(0.0, f64::max));
    let whole = WIDE.iter().rposition(|limit| limit.0 >= in_boxes && limit.1 >= on_edges);
    WIDE[whole.unwrap_or(0)..].to_vec()
}

fn room(of: &Graph, frame: Frame) -> (f64, f64) {
    let shown = of.nodes.iter().any(|node| node.value.is_some());
    (frame.width() - if shown { SCALE + 8.0 } else { 0.0 }, frame.height() - 4.0)
}

/// Returns how large the picture is to be: of the usual width and as high as it takes for letters that can be read, or
/// else as wide as that takes too; whoever shows it lets one move it.
pub(super) fn wanted(of: &Graph) -> (f64, f64) {
    const AROUND: f64 = 150.0;
    /// Of a picture that is not wider than this too; of others as high as pictures are.
    const HIGH_MOST: f64 = 1800.0;
    const STEP: f64 = 160.0;
    if too_many(of).is_some() {
        return (USUAL.0, 300.0);
    }
    let mut width = USUAL.0;
    loop {
        let most = if width <= HIGH_MOST { HIGH_MOST } else { f64::from(*SIDES.end()) };
        let frame = Frame { left: 0.0, top: 0.0, right: width - 56.0, bottom: most - AROUND };
        let (wide, high) = room(of, frame);
        let (placed, scale) = best(of, wide, high);
        let is_last = width + STEP > f64::from(*SIDES.end());
        if scale >= SCALE_READ || is_last {
            let least = (width / f64::from(RATIO_MOST)).max(340.0);
            return (width, (placed.high * scale + AROUND).clamp(least, most));
        }
        // As much wider as would do if nothing else got in the way, in steps: pictures of a series are of a few sizes.
        let next = width * (SCALE_READ / scale).max(1.0);
        let steps = ((next - width) / STEP * 0.5).ceil().max(1.0);
        width = (width + STEP * steps).min(f64::from(*SIDES.end()));
    }
}

pub(super) fn notes(of: &Graph, frame: Frame) -> Vec<String> {
    if too_many(of).is_some() || of.nodes.is_empty() {
        return Vec::new();
    }
    let (wide, high) = room(of, frame);
    let (_, scale) = best(of, wide, high * 0.9);
    if scale < SCALE_SMALL {
        vec!["Letters are small, for so many parts: --size 4096x4096 draws it larger.".to_string()]
    } else {
        Vec::new()
    }
}

pub(super) fn draw(sheet: &mut Sheet, frame: Frame, of: &Graph) {
    if let Some(why) = too_many(of) {
        return super::nothing(sheet, frame, &why);
    }
    let (wide, high) = room(of, frame);
    let (placed, scale) = best(of, wide, high);
    let (left, top) = (
        frame.left + (wide - placed.wide * scale) / 2.0,
        frame.top + 2.0 + (high - placed.high * scale) / 2.0,
    );
    let at = |(x, y): (f64, f64)| (left + x * scale, top + y * scale);
    let value = Laid::new(&of.value, [0.0, 1.0].into_iter(), 5);
    for (edge, way) in of.edges.iter().zip(&placed.ways) {
        let points: Vec<(f64, f64)> = smooth(&way.points).into_iter().map(at).collect();
        arrow(sheet, &points, edge.weight, scale);
    }
    let ground = sheet.theme.ground();
    for (x, y, lines) in placed.ways.iter().filter_map(|way| way.label.as_ref()) {
        let [l, t, r, b] = label_box(&(*x, *y, lines.clone()));
        let ((l, t), (r, b)) = (at((l, t)), at((r, b)));
        sheet.canvas.rect([l, t, r, b], ground, 1.0);
        for (n, line) in lines.iter().enumerate() {
            let base = y - LINE_HIGH * (lines.len() as f64 / 2.0 - n as f64 - 0.5) + 0.35 * LINE;
            write(sheet, at((*x, base)), line, LINE * scale, false, Colour::Ink, None);
        }
    }
    for ((node, spot), texts) in of.nodes.iter().zip(&placed.nodes).zip(&placed.boxes) {
        draw_node(sheet, (node, texts), spot, &at, scale, &value);
    }
    if of.nodes.iter().any(|node| node.value.is_some()) {
        let bar_top = f64::midpoint(frame.top, frame.bottom) - (frame.height() / 2.0).min(130.0);
        let bar_bottom = f64::midpoint(frame.top, frame.bottom) + (frame.height() / 2.0).min(130.0);
        let bar = Frame {
            left: frame.right - SCALE + 20.0,
            right: frame.right - SCALE + 34.0,
            top: bar_top,
            bottom: bar_bottom,
        };
        draw_scale(sheet, bar, &value, frame.right);
    }
}

#[allow(clippy::too_many_arguments, reason = "a text with all that can be said of it")]
fn write(
    sheet: &mut Sheet,
    (x, y): (f64, f64),
    text: &str,
    size: f64,
    bold: bool,
    colour: Colour,
    rgb: Option<Rgb>,
) {
    let colour = rgb.unwrap_or_else(|| sheet.rgb(colour));
    let text = text.to_string();
    sheet.canvas.text(Text { x, y, text, size, bold, anchor: Anchor::Middle, colour, upright: false });
}

fn draw_node(
    sheet: &mut Sheet,
    (node, (name, lines)): (&GraphNode, &(String, Vec<String>)),
    spot: &Spot,
    at: &dyn Fn((f64, f64)) -> (f64, f64),
    scale: f64,
    value: &Laid,
) {
    let ((l, t), (r, b)) = (
        at((spot.x - spot.wide / 2.0, spot.y - spot.high / 2.0)),
        at((spot.x + spot.wide / 2.0, spot.y + spot.high / 2.0)),
    );
    let fill = node.value.map(|share| sheet.theme.heat(value.place(share)));
    let ground = sheet.theme.ground();
    sheet.canvas.rect([l, t, r, b], fill.unwrap_or(ground), 1.0);
    // Clients are framed twice: what they send is the model's own.
    let ink = sheet.rgb(if fill.is_some() { Colour::Quiet } else { Colour::Ink });
    let frame = |sheet: &mut Sheet, by: f64| {
        let (l, t, r, b) = (l + by, t + by, r - by, b - by);
        sheet.canvas.line(vec![(l, t), (r, t), (r, b), (l, b), (l, t)], ink, 1.2);
    };
    frame(sheet, 0.0);
    if node.client {
        frame(sheet, 3.0 * scale);
    }
    let letters = fill.map(readable);
    let first = spot.y - spot.high / 2.0 + PAD + 0.8 * NAME;
    write(sheet, at((spot.x, first)), name, NAME * scale, true, Colour::Ink, letters);
    for (n, line) in lines.iter().enumerate() {
        let base = first + LINE_HIGH * (n + 1) as f64;
        write(sheet, at((spot.x, base)), line, LINE * scale, false, Colour::Quiet, letters);
    }
}

/// Cuts corners, twice.
///
/// # Source
/// Chaikin, "An algorithm for high speed curve generation", Computer Graphics and Image Processing 3(4), 1974.
fn smooth(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut all = points.to_vec();
    for _ in 0..2 {
        if all.len() < 3 {
            break;
        }
        let mut next = vec![all[0]];
        for pair in all.windows(2) {
            let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
            next.push((0.75 * x0 + 0.25 * x1, 0.75 * y0 + 0.25 * y1));
            next.push((0.25 * x0 + 0.75 * x1, 0.25 * y0 + 0.75 * y1));
        }
        next.push(all[all.len() - 1]);
        all = next;
    }
    all
}

fn arrow(sheet: &mut Sheet, points: &[(f64, f64)], weight: Option<f64>, scale: f64) {
    let [.., before, tip] = points else { return };
    let colour = sheet.rgb(Colour::Neutral);
    let width = (1.2 + 2.6 * weight.unwrap_or(0.0)) * scale.max(0.5);
    let long = (tip.0 - before.0).hypot(tip.1 - before.1).max(1e-9);
    let (ux, uy) = ((tip.0 - before.0) / long, (tip.1 - before.1) / long);
    let (head, half) = ((7.0 + width) * scale.max(0.5), (3.2 + width * 0.6) * scale.max(0.5));
    let neck = (tip.0 - ux * head, tip.1 - uy * head);
    let mut line = points.to_vec();
    if let Some(last) = line.last_mut() {
        *last = if long > head { neck } else { *last };
    }
    sheet.canvas.line(line, colour, width);
    let corners =
        vec![*tip, (neck.0 - uy * half, neck.1 + ux * half), (neck.0 + uy * half, neck.1 - ux * half)];
    sheet.canvas.area(corners, colour, 1.0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::axis::Axis;
    use kneepoint_experiment::result::Unit;

    fn graph(nodes: usize, edges: &[(usize, usize)]) -> Graph {
        let node = |at: usize| GraphNode {
            name: format!("part {at}"),
            lines: vec!["Service".to_string()],
            value: (!at.is_multiple_of(3)).then_some(at as f64 / nodes as f64),
            client: at == 0,
        };
        let edge = |&(from, to): &(usize, usize)| GraphEdge {
            from,
            to,
            lines: vec!["Timeout(1s)".to_string()],
            weight: Some(0.5),
        };
        Graph {
            nodes: (0..nodes).map(node).collect(),
            edges: edges.iter().map(edge).collect(),
            value: Axis::linear("utilisation", Unit::Ratio),
        }
    }

    /// Numbers that look random, and are the same on every machine.
    fn numbers() -> impl FnMut(usize) -> usize {
        let mut state = 1_u64;
        move |below| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % below
        }
    }

    #[test]
    fn boxes_and_what_is_written_on_edges_touch_nothing_whatever_calls_whom() {
        let mut next = numbers();
        for round in 0..60 {
            let nodes = 1 + next(24);
            let edges: Vec<(usize, usize)> =
                (0..next(3 * nodes)).map(|_| (next(nodes), next(nodes))).collect();
            let of = graph(nodes, &edges);
            for direction in [RankDir::LR, RankDir::TB] {
                let placed = placed(&of, direction, WIDE[next(WIDE.len())]);
                let boxes: Vec<[f64; 4]> = placed
                    .nodes
                    .iter()
                    .map(|n| [n.x - n.wide / 2.0, n.y - n.high / 2.0, n.x + n.wide / 2.0, n.y + n.high / 2.0])
                    .chain(placed.ways.iter().filter_map(|way| way.label.as_ref()).map(label_box))
                    .collect();
                for (at, a) in boxes.iter().enumerate() {
                    assert!(
                        a[0] > -0.1 && a[1] > -0.1 && a[2] < placed.wide + 0.1 && a[3] < placed.high + 0.1
                    );
                    for b in &boxes[..at] {
                        let apart = a[2] <= b[0] + 0.1
                            || b[2] <= a[0] + 0.1
                            || a[3] <= b[1] + 0.1
                            || b[3] <= a[1] + 0.1;
                        assert!(apart, "round {round}, {direction:?}, {nodes} nodes, {edges:?}: {a:?} {b:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn names_are_cut_only_where_letters_are_larger_for_it() {
        let named = |nodes: usize, edges: &[(usize, usize)]| {
            let mut of = graph(nodes, edges);
            of.nodes[0].name = "orders-service-in-production-for-all-of-europe".to_string();
            of
        };
        let (wide, high) = (800.0, 400.0);
        let shown = |of: &Graph| best(of, wide, high).0.boxes[0].0.clone();
        assert_eq!(shown(&named(2, &[(0, 1)])), "orders-service-in-production-for-all-of-europe");
        let chain: Vec<(usize, usize)> = (0..7).map(|at| (at, at + 1)).collect();
        assert!(shown(&named(8, &chain)).contains('…'));
    }

    #[test]
    fn the_same_graph_has_the_same_places() {
        let mut next = numbers();
        let edges: Vec<(usize, usize)> = (0..140).map(|_| (next(60), next(60))).collect();
        let places = |placed: Placed| -> Vec<(u64, u64)> {
            placed.nodes.iter().map(|n| (n.x.to_bits(), n.y.to_bits())).collect()
        };
        let of = graph(60, &edges);
        let first = places(placed(&of, RankDir::LR, WIDE[0]));
        assert!((0..3).all(|_| places(placed(&of, RankDir::LR, WIDE[0])) == first));
    }
}
