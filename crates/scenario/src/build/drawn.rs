//! Who calls whom, for whoever draws it, and where the calls of each edge can be counted.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use kneepoint_calls::{Callee, ComponentId};

use super::Builder;
use crate::expand::{fields_in_short, in_short};
use crate::plan::{EdgePlan, NodePlan, TopologyPlan};
use crate::topology::{Call, Part};
use crate::typed::Args;

/// Calls that go the same way: caller, callee, and which entries of `edges` speak of them.
type Key = (usize, usize, Vec<Option<usize>>);

/// The first component on each way of each edge.
#[derive(Default)]
pub(super) struct Ways(BTreeMap<Key, Vec<Callee>>);

fn key(call: &Call) -> Key {
    (call.caller, call.callee, call.edge.clone())
}

impl Ways {
    /// A way was built.
    pub fn built(&mut self, call: &Call, first: Callee) {
        self.0.entry(key(call)).or_default().push(first);
    }
}

impl Builder<'_> {
    /// Returns who calls whom.
    pub(super) fn drawn(&self) -> TopologyPlan {
        let parts = self.checked.parts();
        let mut known: BTreeMap<Key, usize> = BTreeMap::new();
        let mut edges: Vec<EdgePlan> = Vec::new();
        let mut leading_to = vec![0_usize; parts.len()];
        for call in &self.checked.topology().calls {
            let name = |operation: &Option<Arc<str>>| operation.as_deref().map(str::to_string);
            let operations = (name(&call.operation), name(&call.callee_operation));
            match known.get(&key(call)) {
                Some(at) if edges[*at].operations.contains(&operations) => {}
                Some(at) => edges[*at].operations.push(operations),
                None => {
                    known.insert(key(call), edges.len());
                    leading_to[call.callee] += 1;
                    edges.push(self.drawn_edge(call, operations));
                }
            }
        }
        for edge in &mut edges {
            // Where nothing stands before the callee, what arrives there came this way, if there is no other.
            if edge.counted.is_none() && leading_to[edge.callee] == 1 {
                edge.counted = Some(self.doors[edge.callee].iter().map(|door| door.id()).collect());
            }
        }
        TopologyPlan { nodes: parts.iter().map(|part| self.drawn_node(part)).collect(), edges }
    }

    fn drawn_node(&self, part: &Part) -> NodePlan {
        let args = &part.args;
        let has = |field: &str| args.kind.field(field).is_some();
        let machine = self.checked.machine(part).filter(|machine| machine.kind.field("cores").is_some());
        let concurrency = if has("concurrency") { args.args("concurrency").map(in_short) } else { None };
        let via = if has("via") && !part.is_client {
            args.args_list("via").map(in_short).collect()
        } else {
            Vec::new()
        };
        let label = if has("label") { args.text("label").map(str::to_string) } else { None };
        NodePlan { label, cores: machine.and_then(|machine| machine.count_if("cores")), concurrency, via }
    }

    fn drawn_edge(&self, call: &Call, operations: (Option<String>, Option<String>)) -> EdgePlan {
        let ways = self.ways_of.0.get(&key(call));
        // A door is everybody's.
        let doors: BTreeSet<Callee> = self.doors[call.callee].iter().copied().collect();
        let own = |first: &Callee| !doors.contains(first);
        let counted = ways.filter(|ways| !ways.is_empty() && ways.iter().all(own));
        EdgePlan {
            caller: call.caller,
            callee: call.callee,
            operations: vec![operations],
            via: self.checked.via(call).map(in_short).collect(),
            wire: self.drawn_wire(call),
            counted: counted.map(|ways| ways.iter().map(|first| first.id()).collect::<Vec<ComponentId>>()),
        }
    }

    /// What the file says of the wire: the fields of `edges` but the middle parts.
    fn drawn_wire(&self, call: &Call) -> Option<String> {
        let items = self.checked.root().map("edges");
        let entry: &Args = items.get(*call.edge.iter().flatten().next()?)?.value.as_args()?;
        let said = entry.kind.fields.iter().filter(|field| &*field.name != "via");
        let said: Vec<(&str, _)> = said
            .filter_map(|field| {
                let value = self.checked.edge(call, &field.name)?;
                let given = !matches!(value.origin, crate::node::Origin::Default);
                given.then_some((&*field.name, value))
            })
            .collect();
        (!said.is_empty()).then(|| fields_in_short(&said))
    }
}
