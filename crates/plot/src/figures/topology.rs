//! Who calls whom, with load and utilisation.

use std::collections::BTreeMap;

use kneepoint_experiment::result::Unit;
use kneepoint_report::percent;

use super::run::about;
use crate::axis::{Axis, words};
use crate::figure::{Content, Figure, Graph, GraphEdge, GraphNode};
use crate::results::{Node, RunResults, Topology};

/// Middle parts on an edge that are written out.
const VIA_MOST: usize = 4;

pub(super) fn figure(run: &RunResults, of: &Topology) -> Figure {
    let mut notes = Vec::new();
    let busy: BTreeMap<&str, f64> = run
        .parts
        .iter()
        .filter_map(|part| Some((part.name.as_str(), part.utilisation.as_ref()?.value?)))
        .collect();
    let nodes: Vec<GraphNode> = of.nodes.iter().map(|node| drawn_node(run, node, &busy)).collect();
    let numbers: BTreeMap<&str, usize> =
        of.nodes.iter().enumerate().rev().map(|(at, node)| (node.name.as_str(), at)).collect();
    let rates = of.edges.iter().flatten().filter_map(|edge| edge.calls.as_ref()?.rate.value);
    let most = rates.fold(0.0, f64::max);
    let mut unknown = 0;
    let edge = |edge: &crate::results::Edge| {
        let (from, to) = (*numbers.get(edge.from.as_str())?, *numbers.get(edge.to.as_str())?);
        let mut lines: Vec<String> = edge.via.iter().take(VIA_MOST).cloned().collect();
        if edge.via.len() > VIA_MOST {
            lines.push(format!("and {} more", edge.via.len() - VIA_MOST));
        }
        lines.extend(edge.wire.clone());
        let rate = edge.calls.as_ref().and_then(|calls| calls.rate.interval());
        match rate {
            // Counted before what stands on the edge, so that what is tried again counts once.
            Some(rate) => lines.push(format!("{} called", words(rate.value, &Unit::Rate))),
            None => unknown += 1,
        }
        let weight = rate.filter(|_| most > 0.0).map(|rate| rate.value / most);
        Some(GraphEdge { from, to, lines, weight })
    };
    let edges: Vec<GraphEdge> = of.edges.iter().flatten().filter_map(edge).collect();
    if edges.iter().any(|edge| edge.weight.is_some()) {
        notes.push(
            "On arrows: calls as the caller makes them, each once, before what stands there tries again, sends copies or \
             refuses. In boxes: what arrives behind the door, tries and copies too."
                .to_string(),
        );
    }
    match of.edges {
        None => notes.push("The plan does not say who calls whom.".to_string()),
        Some(_) if unknown > 0 => {
            notes.push(format!(
                "Calls cannot be told from those of others on {unknown} of {} edges.",
                edges.len()
            ));
        }
        Some(_) => {}
    }
    let title = super::fullest(run, |name| of.nodes.iter().any(|node| node.name == name))
        .unwrap_or_else(|| "Who calls whom".to_string());
    let value = Axis {
        most: Some(1.0),
        ..Axis::linear("utilisation, or share of threads held if that is larger", Unit::Ratio)
    };
    let content = if nodes.is_empty() {
        Content::Nothing("There are no parts.".to_string())
    } else {
        Content::Graph(Graph { nodes, edges, value })
    };
    about(run).figure("topology".to_string(), title, notes, content)
}

fn drawn_node(run: &RunResults, node: &Node, busy: &BTreeMap<&str, f64>) -> GraphNode {
    let kind = match node.instances {
        0 | 1 => node.kind.clone(),
        several => format!("{several} × {}", node.kind),
    };
    let name = run.called(&node.name);
    // What has a label is found in the file by its name.
    let kind = if name == node.name { kind } else { format!("{}: {kind}", node.name) };
    let mut lines = vec![match &node.concurrency {
        Some(concurrency) => format!("{kind}, {concurrency}"),
        None => kind,
    }];
    lines.extend(node.via.iter().take(VIA_MOST).map(|via| format!("door: {via}")));
    let value = busy.get(node.name.as_str()).copied();
    let part = run.parts.iter().find(|part| part.name == node.name);
    let held = part.and_then(|part| part.thread_utilisation.as_ref()?.value);
    if let Some(part) = part {
        let rate = part.calls.as_ref().and_then(|calls| calls.rate.value);
        let said = [
            value.map(|share| format!("{} busy", percent(share))),
            held.map(|share| format!("{} of threads held", percent(share))),
            rate.map(|rate| format!("{} arrive", words(rate, &Unit::Rate))),
        ];
        let said: Vec<String> = said.into_iter().flatten().collect();
        if !said.is_empty() {
            lines.push(said.join(" · "));
        }
    }
    if let Some(client) = run.clients.iter().find(|client| client.name == node.name) {
        let rate = client.sent.as_ref().and_then(|sent| sent.rate.value);
        lines.extend(rate.map(|rate| format!("{} sent", words(rate, &Unit::Rate))));
    }
    // What is used up first says how full it is.
    let value = value.into_iter().chain(held).reduce(f64::max);
    GraphNode { name, lines, value, client: node.client }
}
