//! Name servers: whoever calls by name asks, keeps the answer, and goes there.

use kneepoint_components::Edge;
use kneepoint_components::routing::{Pins, Whose};
use kneepoint_engine::SimDuration;

use super::wire::Among;
use super::{Builder, Built, few_enough, law, unbuilt, wrong};
use crate::diagnostic::Fault;
use crate::spec::DistributionSpec;
use crate::topology::Call;
use crate::typed::Args;

impl Builder<'_> {
    /// The names that one instance of a caller knows, and the ways from where it stands to all who bear them.
    pub(super) fn names(
        &mut self,
        path: &str,
        call: &Call,
        instance: usize,
        (among, balance): (Among, Option<&Args>),
    ) -> Built<Edge> {
        let checked = self.checked;
        let (caller, dns) = (&checked.parts()[call.caller], &checked.parts()[call.callee]);
        let args = &dns.args;
        if let Some(balance) = balance {
            return wrong(balance.head, format!("{} chooses by its own policy", dns.name));
        }
        if among != Among::All {
            return wrong(caller.args.head, format!("{} is a Dns: it has no instances to name", dns.name));
        }
        for field in ["bandwidth", "loss"] {
            if let Some(value) = checked.edge(call, field).filter(|value| value.number() != Some(0.0)) {
                return unbuilt(value.place, &format!("`{field}` on the way to a Dns"));
            }
        }
        is_answerable(args)?;
        // Asked once for each instance that calls; the ways begin where that stands.
        let askers = self.askers.entry(call.callee).or_default();
        askers.push((call.caller, instance));
        let number = askers.len() - 1;
        let members = self.candidates((call.callee, dns), number, "to", path)?;
        few_enough(members.len(), args.place_of("to"))?;
        if members.is_empty() {
            return wrong(args.place_of("to"), "a name needs somebody who bears it");
        }
        let lookup = match checked.edge(call, "round_trip") {
            Some(value) => law::distribution(checked, DistributionSpec::of(value)?, value.place)?,
            None => law::distribution(checked, DistributionSpec::Constant(0.0), caller.place)?,
        };
        let whose = if caller.is_client { Whose::Address } else { Whose::All };
        let ttl = SimDuration::from_nanos(args.duration("ttl"));
        let balancer =
            self.choice(args, members, Vec::new(), args.node)?.with_pins(Pins::names(whose, ttl, lookup));
        let callee = self.sim.serve(&format!("{path} names"), balancer);
        self.parts[call.callee].instances.push(callee.id());
        Ok(Edge::to(callee))
    }
}

/// Holds that a name server goes by what it knows: neither calls nor answers pass it.
fn is_answerable(args: &Args) -> Built<()> {
    const POLICIES: &[&str] = &[
        "RoundRobin",
        "Random",
        "First",
        "IpHash",
        "Nearest",
        "WeightedRandom",
        "WeightedRoundRobin",
        "StaticRoundRobin",
    ];
    if let Some(policy) = args.args("policy").filter(|policy| !POLICIES.contains(&policy.kind())) {
        let message = format!("a Dns sees no calls, by which `{}` goes", policy.kind());
        return Err(vec![
            Fault::error(policy.head, message).help(format!("it can do {}", POLICIES.join(", "))),
        ]);
    }
    if let Some(health) = args.args_list("health").find(|health| health.kind() != "Active") {
        let message = format!("a Dns sees no answers, by which `{}` goes", health.kind());
        return Err(vec![Fault::error(health.head, message).help("write Active(every: \"10s\")")]);
    }
    Ok(())
}
