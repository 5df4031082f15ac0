//! Who calls whom, and how often.

use kneepoint_scenario::plan::Plan;

use super::Count;

/// The parts and the calls between them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopologyResult {
    /// The parts, in the order of the plan.
    pub nodes: Vec<Node>,
    /// The calls between them; nothing if the plan does not say who calls whom.
    pub edges: Option<Vec<EdgeResult>>,
}

/// A part.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: String,
    /// What people call it, where the description says so.
    pub label: Option<String>,
    /// Whether it makes requests of its own.
    pub client: bool,
    /// Instances at the start.
    pub instances: u64,
    /// Cores of the machine of each instance, where it has one.
    pub cores: Option<u64>,
    /// How many calls each instance works on, as the description has it: `Servers(4)`.
    pub concurrency: Option<String>,
    /// What stands at its door, outermost first, as the description has it.
    pub via: Vec<String>,
}

/// Returns what people call the parts of a plan, by name, where the description says so: in the order of the plan.
pub(crate) fn labels(plan: &Plan) -> Vec<(String, String)> {
    let nodes = plan.topology.iter().flat_map(|topology| &topology.nodes);
    let parts = plan.parts.iter().zip(nodes);
    parts.filter_map(|(part, node)| Some((part.name.clone(), node.label.clone()?))).collect()
}

/// The calls from one part to another that go the same way.
#[derive(Clone, Debug, PartialEq)]
pub struct EdgeResult {
    /// The caller.
    pub from: String,
    /// The callee.
    pub to: String,
    /// Which operations (classes, of a client) call which; nothing for a part that passes on what comes.
    pub operations: Vec<(Option<String>, Option<String>)>,
    /// What stands on it, outermost first, as the description has it: `Timeout(1 s)`.
    pub via: Vec<String>,
    /// What is said of its wire: `round_trip: 10 ms`.
    pub wire: Option<String>,
    /// Calls that were made over it, where they can be counted: where nothing of its own stands on it and others lead to
    /// the callee too, nobody tells them apart.
    pub calls: Option<Count>,
}
