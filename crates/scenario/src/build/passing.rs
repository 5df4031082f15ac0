//! Parts that pass calls on: to one other part, or by what is asked for.

use kneepoint_components::Edge;
use kneepoint_components::delay::Overhead;
use kneepoint_components::routing::{Sorter, Way};

use super::{Builder, Built, law, wire, wrong};
use crate::topology::{Call, Part};
use crate::typed::Data;
use crate::value::Path;

impl Builder<'_> {
    /// Builds one instance of a `Proxy`: it takes its time, and everything goes to the same part.
    pub(super) fn proxy(&mut self, at: usize, part: &Part, instance: usize) -> Built<()> {
        let args = &part.args;
        let Some(Path::Target(target)) = args.path("to") else {
            return wrong(args.head, "a Proxy passes calls on to a part");
        };
        let among = wire::among(target, args.place_of("to"))?;
        let calls = self.calls_to(at, &target.place.root.value);
        if calls.is_empty() {
            return wrong(args.place_of("to"), "nobody is called here");
        }
        let asks_for: Vec<Option<u16>> = calls.iter().map(|call| self.asked_anew(call)).collect();
        let edge = self.edge_asking(&calls, instance, among, &asks_for)?;
        let all = Way { to: edge, operation: None, classes: Vec::new(), asks_for: None };
        self.put_passing(at, part, instance, Sorter::new(vec![all]))
    }

    /// Builds one instance of a `Gateway`: it takes its time, and what is asked for says where a call goes.
    pub(super) fn gateway(&mut self, at: usize, part: &Part, instance: usize) -> Built<()> {
        let args = &part.args;
        if args.map("routes").is_empty() {
            return wrong(args.place_of("routes"), "a Gateway without routes answers nobody");
        }
        let mut ways = Vec::new();
        for route in args.map("routes") {
            let Data::Path(Path::Target(target)) = &route.value.data else {
                return wrong(route.value.place, "a route leads to a part");
            };
            let among = wire::among(target, route.value.place)?;
            let mut calls = self.calls_to(at, &target.place.root.value);
            calls.retain(|call| call.operation.as_deref() == Some(&*route.key));
            for call in &calls {
                // Where the same route leads to several operations, the class of the request tells them apart.
                let classes = if calls.len() > 1 { &call.classes } else { &Default::default() };
                ways.push(Way {
                    to: self.edge_of(call, instance, among)?,
                    operation: Some(self.numbers.operation(&route.key)),
                    classes: classes.iter().map(|name| self.numbers.class(name)).collect(),
                    asks_for: self.asked_anew(call),
                });
            }
        }
        self.put_passing(at, part, instance, Sorter::gateway(ways))
    }

    /// The operation that is asked for instead of the one a call came as; nothing if it is passed on as it came.
    pub(super) fn asked_anew(&self, call: &Call) -> Option<u16> {
        let asked = call.callee_operation.as_deref().filter(|_| call.callee_operation != call.operation);
        asked.map(|name| self.numbers.operation(name))
    }

    fn put_passing(&mut self, at: usize, part: &Part, instance: usize, sorter: Sorter) -> Built<()> {
        let args = &part.args;
        let overhead = args.distribution("overhead");
        let overhead = law::distribution(self.checked, overhead, args.place_of("overhead"))?;
        if overhead.is_constant() == Some(0.0) {
            self.put(at, instance, sorter);
        } else {
            let path = format!("{}/{instance} routes", part.name);
            let sorter = Edge::to(self.sim.serve(&path, sorter));
            self.put(at, instance, Overhead::new(sorter, overhead));
        }
        Ok(())
    }
}
