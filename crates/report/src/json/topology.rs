//! Who calls whom.

use kneepoint_experiment::result::{EdgeResult, Node, TopologyResult};
use serde_json::{Value, json};

use super::count;

/// The parts and the calls between them.
pub(super) fn topology(topology: &TopologyResult) -> Value {
    let edges = topology.edges.as_ref().map(|edges| edges.iter().map(edge).collect::<Vec<Value>>());
    json!({ "nodes": topology.nodes.iter().map(node).collect::<Vec<Value>>(), "edges": edges })
}

fn node(node: &Node) -> Value {
    json!({
        "name": node.name,
        "kind": node.kind,
        "label": node.label,
        "client": node.client,
        "instances": node.instances,
        "cores": node.cores,
        "concurrency": node.concurrency,
        "via": node.via,
    })
}

fn edge(edge: &EdgeResult) -> Value {
    json!({
        "from": edge.from,
        "to": edge.to,
        "operations": edge.operations,
        "via": edge.via,
        "wire": edge.wire,
        "calls": edge.calls.as_ref().map(count),
    })
}
