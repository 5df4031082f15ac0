//! Services: what they run on, how calls wait, what is done for them.

use std::sync::Arc;

use kneepoint_calls::Status;
use kneepoint_components::Edge;
use kneepoint_components::routing::Drawn;
use kneepoint_components::service::{
    Concurrency, Discipline, Machine, Parallel, Preempt, Queue, Service, ServiceError, Step as Does, SubCall,
    Wait as Until,
};
use kneepoint_engine::SimDuration;

use super::wire::{Among, Meant};
use super::{Builder, Built, Noted, harm, law, unbuilt, wire, wrong};
use crate::diagnostic::Fault;
use crate::spec::{CallSpec, Step, StepSpec, Wait};
use crate::topology::{Call, Part};
use crate::typed::{Args, Data};
use crate::value::Path;

/// Builds one instance of a service.
pub(super) fn service(builder: &mut Builder<'_>, at: usize, part: &Part, instance: usize) -> Built<Service> {
    let mut faults = Vec::new();
    let concurrency = concurrency(builder, part).noted(&mut faults);
    let queue = match part.args.args("queue") {
        Some(args) => queue(builder, args).noted(&mut faults),
        None => Some(Queue::unbounded()),
    };
    let mut operations = Vec::new();
    for (name, steps) in part.args.operations() {
        let scope = Scope { at, instance, operation: name };
        if let Some(does) = scope.sequence(builder, &steps).noted(&mut faults) {
            operations.push((name, does));
        }
    }
    let (Some(concurrency), Some(queue), true) = (concurrency, queue, faults.is_empty()) else {
        return Err(faults);
    };
    let mut service = Service::with(concurrency).queue(queue);
    for (name, does) in operations {
        let number = builder.numbers.operation(name);
        service = if name == "default" { service.does(does) } else { service.operation(number, does) };
    }
    let built = service.build().map(|service| service.draining(harm::drain(part)));
    built.or_else(|error| {
        let args = &part.args;
        // Whose fault it is, the service does not know: it has never seen the fields.
        let (place, help) = match error {
            ServiceError::QueueOfNoUse => {
                (args.place_of("queue"), "Threads, EventLoop and Servers have a queue")
            }
            ServiceError::CannotPreempt => {
                let queue = args.args("queue");
                let place = queue.map_or(args.head, |queue| queue.place_of("discipline"));
                (place, "concurrency: Servers(n) and EventLoop can be preempted")
            }
            _ => return wrong(args.head, error.to_string()),
        };
        Err(vec![Fault::error(place, error.to_string()).help(help)])
    })
}

fn concurrency(builder: &Builder<'_>, part: &Part) -> Built<Concurrency> {
    let machine = match builder.checked.machine(part) {
        None => Machine::default(),
        Some(args) if args.kind.field("cores").is_some() => {
            Machine::cores(args.count("cores") as u32).speed(args.number("speed"))
        }
        Some(args) => return unbuilt(args.head, &format!("`{}`", args.kind())),
    };
    let Some(args) = part.args.args("concurrency") else {
        return wrong(part.args.head, "concurrency has a default");
    };
    let count = |field: &str| {
        u32::try_from(args.count(field))
            .or_else(|_| wrong(args.place_of(field), format!("`{field}` is at most {}", u32::MAX)))
    };
    Ok(match args.kind() {
        "Threads" => Concurrency::Threads { threads: count("threads")?, machine },
        "EventLoop" => Concurrency::EventLoop { machine },
        "Servers" => Concurrency::Servers(count("servers")?),
        "Sharing" => Concurrency::Sharing(count("servers")?),
        "Unlimited" => Concurrency::Unlimited,
        other => return unbuilt(args.head, &format!("`{other}`")),
    })
}

fn queue(builder: &Builder<'_>, args: &Args) -> Built<Queue> {
    let mut queue = match args.count_if("max") {
        Some(max) => Queue::bounded(max as usize),
        None => Queue::unbounded(),
    };
    if let Some(kind) = args.args("discipline") {
        queue = queue.discipline(match kind.kind() {
            "Fifo" => Discipline::Fifo,
            "Lifo" => Discipline::Lifo,
            "Random" => Discipline::Random,
            "AdaptiveLifo" => {
                Discipline::AdaptiveLifo { above: SimDuration::from_nanos(kind.duration("above")) }
            }
            "Priority" => Discipline::Priority(match kind.args("preempt").map(Args::kind) {
                None => None,
                Some("Resume") => Some(Preempt::Resume),
                Some("Restart") => Some(Preempt::Restart),
                Some(other) => return unbuilt(kind.head, &format!("`{other}`")),
            }),
            other => return unbuilt(kind.head, &format!("`{other}`")),
        });
    }
    if let Some(patience) = args.distribution_if("patience") {
        queue = queue.patience(law::distribution(builder.checked, patience, args.place_of("patience"))?);
    }
    Ok(queue)
}

/// Whose steps are read.
struct Scope<'n> {
    at: usize,
    instance: usize,
    operation: &'n str,
}

impl Scope<'_> {
    fn sequence(&self, builder: &mut Builder<'_>, steps: &[Step<'_>]) -> Built<Vec<Does>> {
        let mut faults = Vec::new();
        let does: Vec<Does> =
            steps.iter().filter_map(|step| self.step(builder, *step).noted(&mut faults)).collect();
        if faults.is_empty() { Ok(does) } else { Err(faults) }
    }

    fn step(&self, builder: &mut Builder<'_>, step: Step<'_>) -> Built<Does> {
        let args = step.args;
        let law = |builder: &Builder<'_>, spec, field: &str| {
            law::distribution(builder.checked, spec, args.place_of(field))
        };
        Ok(match step.spec() {
            StepSpec::Compute(work) => Does::Compute(law(builder, work, "work")?),
            StepSpec::Delay(time) => Does::Delay(law(builder, time, "time")?),
            StepSpec::Call(call) => Does::Call(Box::new(self.call(builder, args, &call)?)),
            StepSpec::Parallel { branches, wait } => {
                let branches = branches
                    .iter()
                    .map(|branch| self.sequence(builder, branch))
                    .collect::<Built<Vec<_>>>()?;
                let wait = match wait {
                    Wait::All => Until::All,
                    Wait::Any => Until::Any,
                    Wait::Quorum(of) => Until::Quorum(of as usize),
                };
                Does::Parallel(Parallel::of(branches).wait(wait))
            }
            StepSpec::Choice(branches) => {
                let sum: f64 = branches.iter().map(|(share, _)| share).sum();
                let branches = branches
                    .iter()
                    .map(|(share, steps)| Ok((share / sum, self.sequence(builder, steps)?)))
                    .collect::<Built<_>>()?;
                Does::Choice(branches)
            }
            StepSpec::Repeat { times, does } => {
                Does::Repeat { times: law(builder, times, "times")?, does: self.sequence(builder, &does)? }
            }
            StepSpec::Detach(does) => Does::Detach(self.sequence(builder, &does)?),
            StepSpec::Fail { chance, status } => Does::Fail { chance, status: named(status, args)? },
            StepSpec::Other(args) => return unbuilt(args.head, &format!("`{}`", args.kind())),
        })
    }

    fn call(&self, builder: &mut Builder<'_>, args: &Args, spec: &CallSpec<'_>) -> Built<SubCall> {
        let Path::Target(target) = spec.to else {
            return wrong(args.place_of("to"), "a call goes to a part");
        };
        let place = args.place_of("to");
        let fits = |call: &&Call| {
            call.caller == self.at && call.operation.as_deref().is_none_or(|name| name == self.operation)
        };
        let calls: Vec<Call> = builder.checked.topology().calls_at(spec.node).filter(fits).cloned().collect();
        let Some(first) = calls.first() else {
            // No client comes this way, so that nobody knows whom it would call; it is never made.
            return wrong(args.head, "no request comes this way");
        };
        let named = target.operation.as_ref().map(|name| name.value.as_str());
        let agreed = first.callee_operation.as_deref();
        let agreed =
            agreed.filter(|name| calls.iter().all(|call| call.callee_operation.as_deref() == Some(name)));
        // Where the topology finds different operations, the class decides.
        let operation = named.or(agreed).map(|name| builder.numbers.operation(name));
        let by_class = |call: &Call| {
            let name = call.callee_operation.as_deref().filter(|_| operation.is_none());
            name.map(|name| builder.numbers.operation(name))
        };
        let asks_for: Vec<Option<u16>> = calls.iter().map(by_class).collect();
        let count = builder.components(first.callee).len();
        let each = |builder: &mut Builder<'_>| -> Built<Vec<Edge>> {
            let one = |at| Among::One(at as u32);
            (0..count).map(|at| builder.edge_asking(&calls, self.instance, one(at), &asks_for)).collect()
        };
        let edges: Vec<Edge> = match wire::meant(target, place)? {
            Meant::One(among) => vec![builder.edge_asking(&calls, self.instance, among, &asks_for)?],
            Meant::Each => each(builder)?,
            Meant::Drawn(part) => {
                let members: Arc<[Edge]> = each(builder)?.into();
                let turns = part.of(count);
                (0..turns).map(|turn| self.drawn(builder, &members, &target.to_string(), turn)).collect()
            }
        };
        let mut call = SubCall::to_each(edges);
        if let Some(operation) = operation {
            call = call.operation(operation);
        }
        let checked = builder.checked;
        if !matches!(spec.times, crate::spec::DistributionSpec::Constant(1.0)) {
            call = call.times(law::distribution(checked, spec.times.clone(), args.place_of("times"))?);
        }
        if let Some(size) = spec.size.clone() {
            call = call.size(law::distribution(checked, size, args.place_of("size"))?);
        }
        if let Some(reply) = spec.reply.clone() {
            call = call.reply(law::distribution(checked, reply, args.place_of("reply"))?);
        }
        if let Some(name) = spec.key {
            let (key, item) = builder.keys.key(checked, name, spec.node, args.place_of("key"))?;
            call = call.key(key);
            if let Some(item) = item {
                call = call.item(item);
            }
        } else if let Some(Data::Args(fresh)) = args.get("key").map(|value| &value.data) {
            return unbuilt(fresh.head, "`Fresh`");
        }
        Ok(call)
    }

    /// The member of this turn of a draw.
    fn drawn(&self, builder: &mut Builder<'_>, members: &Arc<[Edge]>, target: &str, turn: usize) -> Edge {
        let caller = &builder.checked.parts()[self.at].name;
        builder.sorters += 1;
        let path = format!("{caller}/{} -> {target} {} turn {turn}", self.instance, builder.sorters);
        Edge::to(builder.sim.serve(&path, Drawn::new(Arc::clone(members), turn)))
    }
}

fn named(status: &str, args: &Args) -> Built<Status> {
    super::status(status).map_or_else(|| wrong(args.place_of("status"), format!("no status `{status}`")), Ok)
}
