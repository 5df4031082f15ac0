//! Services: what they run on, how calls wait, what is done for them.

use kneepoint_calls::Status;
use kneepoint_components::Edge;
use kneepoint_components::service::{
    Concurrency, Discipline, Key, Machine, Parallel, Preempt, Queue, Service, ServiceError, Step as Does,
    SubCall, Wait as Until,
};
use kneepoint_engine::SimDuration;

use super::{Builder, Built, law, means_each, unbuilt, wire, wrong};
use crate::diagnostic::Fault;
use crate::spec::{CallSpec, Step, StepSpec, Wait};
use crate::topology::{Call, Part};
use crate::typed::{Args, Data};
use crate::value::Path;

/// Builds one instance of a service.
pub(super) fn service(builder: &mut Builder<'_>, at: usize, part: &Part, instance: usize) -> Built<Service> {
    let concurrency = concurrency(builder, part)?;
    let queue = match part.args.args("queue") {
        Some(args) => queue(builder, args)?,
        None => Queue::unbounded(),
    };
    let mut service = Service::with(concurrency).queue(queue);
    for (name, steps) in part.args.operations() {
        let scope = Scope { at, instance, operation: name };
        let does = scope.sequence(builder, &steps)?;
        let number = builder.numbers.operation(name);
        service = if name == "default" { service.does(does) } else { service.operation(number, does) };
    }
    service.build().or_else(|error| {
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
        steps.iter().map(|step| self.step(builder, *step)).collect()
    }

    fn step(&self, builder: &mut Builder<'_>, step: Step<'_>) -> Built<Does> {
        let args = step.args;
        let law = |builder: &Builder<'_>, spec, field: &str| {
            law::distribution(builder.checked, spec, args.place_of(field))
        };
        Ok(match step.spec() {
            StepSpec::Compute(work) => Does::Compute(law(builder, work, "work")?),
            StepSpec::Delay(time) => Does::Delay(law(builder, time, "time")?),
            StepSpec::Call(call) => Does::Call(self.call(builder, args, &call)?),
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
        let only = wire::only(target, args.place_of("to"))?;
        let fits = |call: &&Call| {
            call.caller == self.at && call.operation.as_deref().is_none_or(|name| name == self.operation)
        };
        let calls: Vec<Call> = builder.checked.topology().calls_at(spec.node).filter(fits).cloned().collect();
        let Some(first) = calls.first() else {
            // No client comes this way, so that nobody knows whom it would call; it is never made.
            return wrong(args.head, "no request comes this way");
        };
        if calls.iter().any(|call| call.edge != first.edge) {
            return unbuilt(args.place_of("to"), "a call whose edge differs by class");
        }
        let edges: Vec<Edge> = if means_each(&target.place.pieces) {
            let count = builder.components(first.callee).len() as u32;
            (0..count).map(|at| builder.edge(first, self.instance, Some(at))).collect::<Built<_>>()?
        } else {
            vec![builder.edge(first, self.instance, only)?]
        };
        let mut call = SubCall::to_each(edges);
        let named = target.operation.as_ref().map(|name| name.value.as_str());
        let agreed = first.callee_operation.as_deref();
        let agreed =
            agreed.filter(|name| calls.iter().all(|call| call.callee_operation.as_deref() == Some(name)));
        // Where the topology finds different operations, the class decides: the call's own operation goes on.
        if let Some(name) = named.or(agreed) {
            call = call.operation(builder.numbers.operation(name));
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
        if let Some(key) = key(builder, args, spec)? {
            call = call.key(key);
        }
        Ok(call)
    }
}

fn key(builder: &Builder<'_>, args: &Args, spec: &CallSpec<'_>) -> Built<Option<Key>> {
    let space = |name: &str| {
        let found = builder.checked.keyspaces().find(|(known, _)| *known == name);
        match found {
            Some((_, args)) => law::keys(args),
            None => wrong(args.place_of("key"), format!("no key space \"{name}\"")),
        }
    };
    if let Some(name) = spec.key {
        return Ok(Some(Key::Own { space: fnv(name), keys: space(name)? }));
    }
    match args.get("key").map(|value| &value.data) {
        Some(Data::Args(fresh)) => unbuilt(fresh.head, "`Fresh`"),
        _ => Ok(None),
    }
}

/// A number for a name that does not depend on other names (FNV-1a).
fn fnv(name: &str) -> u64 {
    name.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}

fn named(status: &str, args: &Args) -> Built<Status> {
    Status::ALL
        .into_iter()
        .find(|known| known.name().eq_ignore_ascii_case(status))
        .map_or_else(|| wrong(args.place_of("status"), format!("no status `{status}`")), Ok)
}
