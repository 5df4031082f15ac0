//! What must hold between fields: shares, times, triggers, and what a kind asks for beyond the table.

use std::collections::BTreeSet;

use crate::check::FAULTS_MAX;
use crate::diagnostic::Fault;
use crate::registry::Status;
use crate::spec::{ProfileSpec, add_up};
use crate::topology::Part;
use crate::typed::{Args, Data, Value};
use crate::value::{Path, Quantity};

/// How many parts a scenario may have.
const PARTS_MAX: usize = 10_000;

/// Checks all rules.
pub(crate) fn check(root: &Args, parts: &[Part], faults: &mut Vec<Fault>) {
    let duration = run(root, faults);
    if parts.len() > PARTS_MAX {
        let fault =
            Fault::error(root.place_of("parts"), format!("{} parts are more than {PARTS_MAX}", parts.len()));
        faults.push(fault.help("identical parts are one part with `instances`"));
    }
    for part in parts {
        one_part(part, faults);
    }
    for item in root.map("faults").iter().chain(root.map("actions")) {
        if let Some(args) = item.value.as_args() {
            trigger(args, duration, faults);
        }
    }
    domains(root, faults);
    for item in root.map("keyspaces") {
        if let Some(args) = item.value.as_args()
            && args.kind() == "Hotspot"
            && let (Some(hot), Some(keys)) = (args.count_if("hot"), args.count_if("keys"))
            && hot > keys
        {
            faults.push(Fault::error(args.place_of("hot"), format!("{hot} of {keys} keys cannot be hot")));
        }
    }
    let balancers: BTreeSet<&str> = parts
        .iter()
        .filter(|part| matches!(part.args.kind(), "Balancer" | "Dns"))
        .map(|part| &*part.name)
        .collect();
    for item in root.map("edges") {
        if let Some(args) = item.value.as_args() {
            let from_balancer =
                item.key.split(" -> ").next().is_some_and(|caller| balancers.contains(caller.trim()));
            balance(args, from_balancer, faults);
        }
    }
    nested(root, faults);
}

/// Checks that no domain is in itself.
fn domains(root: &Args, faults: &mut Vec<Fault>) {
    let all = root.map("domains");
    // Which domains each of them names.
    let names: Vec<Vec<usize>> = all
        .iter()
        .map(|domain| {
            let Data::List(paths) = &domain.value.data else { return Vec::new() };
            let roots = paths.iter().filter_map(|value| match &value.data {
                Data::Path(Path::Target(target)) => Some(target.place.root.value.as_str()),
                _ => None,
            });
            roots.filter_map(|root| all.iter().position(|other| &*other.key == root)).collect()
        })
        .collect();
    // What is left when those that lead to none of the rest are taken away again and again is in a circle, or leads there.
    let mut left = vec![true; all.len()];
    while let Some(done) = (0..all.len()).find(|at| left[*at] && names[*at].iter().all(|other| !left[*other]))
    {
        left[done] = false;
    }
    if let Some(at) = left.iter().position(|left| *left) {
        let message = format!("domain \"{}\" is in itself, or in one that is", all[at].key);
        let fault = Fault::error(all[at].key_place, message);
        faults.push(fault.help("a domain names parts, instances, regions and other domains"));
    }
}

/// Checks the times of a run; returns its length \[ns\].
fn run(root: &Args, faults: &mut Vec<Fault>) -> Option<u64> {
    let run = root.args("run")?;
    let duration = run.duration_if("duration")?;
    if let Some(warm_up) = run.get("warm_up")
        && let Data::Quantity(quantity) = &warm_up.data
        && quantity.nanoseconds() >= duration
    {
        let fault = Fault::error(warm_up.place, "nothing is left to measure: warm_up is the whole run");
        faults.push(fault.help(format!("the run lasts {}", Quantity::duration(duration as f64))));
    }
    if let Some(range) = run.get("replications").and_then(Value::as_args)
        && let (Some(min), Some(max)) = (range.count_if("min"), range.count_if("max"))
        && min > max
    {
        faults.push(Fault::error(range.place_of("max"), format!("max ({max}) is below min ({min})")));
    }
    Some(duration)
}

fn one_part(part: &Part, faults: &mut Vec<Fault>) {
    let args = &part.args;
    if let Some(classes) = args.kind.field("classes").and_then(|at| args.values[at].as_ref())
        && let Data::Map(items) = &classes.data
    {
        let share = |args: &Args| args.kind.field("share").and_then(|_| args.number_if("share"));
        let shares: Option<Vec<f64>> = items.iter().map(|item| share(item.value.as_args()?)).collect();
        if items.is_empty() {
            faults.push(
                Fault::error(classes.place, "a client without classes asks for nothing")
                    .help("leave `classes` out for one class"),
            );
        } else if let Some(shares) = shares
            && let Err(found) = add_up(&shares, classes.place)
        {
            faults.extend(found);
        }
    }
    for field in ["rate", "sessions", "users"] {
        let Some(value) = args.kind.field(field).and_then(|at| args.values[at].as_ref()) else { continue };
        let asks = matches!(args.kind(), "OpenClient" | "ClosedClient" | "SessionClient");
        if asks && ProfileSpec::of(value).is_ok_and(|profile| profile.is_zero()) {
            let of = if field == "rate" { "the rate is" } else { "there are" };
            let what =
                if field == "rate" { "0 throughout".to_string() } else { format!("0 {field} throughout") };
            let fault = Fault::error(value.place, format!("a client that never asks: {of} {what}"));
            faults.push(match &value.formula {
                Some(formula) => fault.help(format!("{} is 0", formula.trim_start_matches('='))),
                None => fault,
            });
        }
    }
    match args.kind() {
        "OpenClient" if !args.is_given("rate") => {
            let own = args
                .args("arrivals")
                .is_some_and(|arrivals| !matches!(arrivals.kind(), "Poisson" | "Constant"));
            if !own {
                let fault = Fault::error(args.head, "OpenClient needs `rate`");
                faults.push(fault.help("arrivals: Renewal(…) and Mmpp(…) have a rate of their own"));
            }
        }
        "Service" => {
            if !args.is_given("does") && !args.is_given("operations") {
                faults.push(Fault::error(args.head, "Service needs `does` or `operations`"));
            }
            if let (Some(machine), Some(concurrency)) = (args.get("machine"), args.args("concurrency"))
                && machine.origin != crate::node::Origin::Default
                && matches!(concurrency.kind(), "Servers" | "Sharing" | "Unlimited")
            {
                let message = format!("`{}` is a textbook station: it uses no machine", concurrency.kind());
                faults.push(
                    Fault::warning(machine.place, message).help("`Threads` and `EventLoop` run on its cores"),
                );
            }
        }
        _ => {}
    }
}

/// Checks when a fault happens.
fn trigger(args: &Args, duration: Option<u64>, faults: &mut Vec<Fault>) {
    let triggers: Vec<&str> =
        ["at", "every", "when"].into_iter().filter(|field| args.is_given(field)).collect();
    if triggers.len() != 1 {
        let place = triggers.get(1).map_or(args.head, |field| args.place_of(field));
        let fault = Fault::error(
            place,
            format!(
                "{} needs exactly one of `at`, `every`",
                if &*args.kind.family == "action" { "an action" } else { "a fault" }
            ),
        );
        let help = if triggers.is_empty() { "for example at: \"5min\"" } else { "make two of it" };
        faults.push(fault.help(help));
    }
    if let (Some(at), Some(duration)) = (args.get("at"), duration) {
        let times: Vec<&Value> = match &at.data {
            Data::List(list) => list.iter().collect(),
            _ => vec![at],
        };
        if times.is_empty() {
            faults.push(Fault::error(at.place, "an empty list: it never happens").help("leave it out"));
        }
        for time in times {
            if let Data::Quantity(quantity) = &time.data
                && quantity.nanoseconds() >= duration
            {
                let end = Quantity::duration(duration as f64);
                let message = format!("the run ends at {end}, before the {} at {quantity}", args.kind.family);
                faults.push(Fault::error(time.place, message));
            }
        }
    }
    if !args.is_given("lasts") && args.kind.status == Status::Built {
        let once = if args.is_given("every") { "happens once and " } else { "" };
        let message = format!("{} has no `lasts`: it {once}lasts to the end of the run", args.kind());
        let help = match once {
            "" => "write lasts: \"30s\" if it ends",
            _ => "`every` counts from the end of the last one: write lasts: \"30s\"",
        };
        faults.push(Fault::warning(args.head, message).help(help));
    }
}

/// Checks the place of `Balance` in a list of middle parts.
fn balance(args: &Args, from_balancer: bool, faults: &mut Vec<Fault>) {
    let points: Vec<&Args> = args.args_list("via").filter(|via| via.kind() == "Balance").collect();
    if let (true, Some(first)) = (from_balancer, points.first()) {
        let fault = Fault::error(first.head, "the instance has already been chosen");
        faults.push(fault.help("give the policy to the part that chooses"));
    }
    if let Some(second) = points.get(1) {
        faults.push(Fault::error(second.head, "an instance is chosen once: one `Balance` is enough"));
    }
}

/// Checks what may stand anywhere: branches of steps.
fn nested(args: &Args, faults: &mut Vec<Fault>) {
    if faults.len() >= FAULTS_MAX {
        return;
    }
    match args.kind() {
        "Choice" if &*args.kind.family == "step" => {
            let shares: Option<Vec<f64>> =
                args.args_list("branches").map(|branch| branch.number_if("share")).collect();
            if let Some(shares) = shares
                && let Err(found) = add_up(&shares, args.place_of("branches"))
            {
                faults.extend(found);
            }
        }
        "Parallel" => {
            let branches = args.list("branches");
            let many = branches.iter().any(|branch| match &branch.data {
                Data::List(steps) => steps.iter().any(calls_each),
                _ => calls_each(branch),
            });
            if branches.is_empty() {
                faults.push(Fault::error(args.place_of("branches"), "a `Parallel` needs a branch"));
            }
            if let Some(wait) = args.args("wait")
                && wait.kind() == "Quorum"
                && let Some(of) = wait.count_if("of")
                && !many
                && of > branches.len() as u64
            {
                let message = format!("a quorum of {of} is more than the {} branches", branches.len());
                faults.push(Fault::error(wait.place_of("of"), message));
            }
        }
        _ => crate::rule_middle::check(args, faults),
    }
    for value in args.values.iter().flatten() {
        walk(value, faults);
    }
}

fn walk(value: &Value, faults: &mut Vec<Fault>) {
    match &value.data {
        Data::Args(args) => nested(args, faults),
        Data::List(list) => list.iter().for_each(|value| walk(value, faults)),
        Data::Map(items) => items.iter().for_each(|item| walk(&item.value, faults)),
        _ => {}
    }
}

/// Returns whether a step is a call to several instances of a part, which makes as many branches.
fn calls_each(value: &Value) -> bool {
    value.as_args().is_some_and(|args| {
        let path = if args.kind() == "Call" { args.path("to").map(ToString::to_string) } else { None };
        path.is_some_and(|path| path.contains("/*") || path.contains("/any("))
    })
}
