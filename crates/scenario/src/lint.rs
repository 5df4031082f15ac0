//! What is allowed but probably not meant.

use std::collections::{BTreeMap, BTreeSet};

use crate::check::FAULTS_MAX;
use crate::diagnostic::Fault;
use crate::node::{Arena, NodeId, Shape, Word};
use crate::registry::Status;
use crate::spec::{DistributionSpec, StepSpec};
use crate::topology::{Call, Part, Topology, inside};
use crate::typed::{Args, Data, Value};
use crate::value::{Comparison, Dimension, Formula, Measure, Metric, Path, Quantity, series, shown};

/// Collects warnings of a scenario without errors.
pub(crate) fn check(
    root: &Args,
    topology: &Topology,
    edge: impl Fn(&Call, &str) -> Option<Value>,
    faults: &mut Vec<Fault>,
) {
    unbounded_queues(&topology.parts, faults);
    never_called(root, topology, faults);
    shares_without_doubt(root, faults);
    most_without_precision(root, faults);
    units_of_columns(root, faults);
    units_of_limits(root, faults);
    never_stopped(root, &topology.parts, faults);
    for call in &topology.calls {
        if let Some(via) = edge(call, "via") {
            short_timeouts(call, &via, topology, faults);
        }
    }
    crate::lint_still::check(root, topology, &edge, faults);
    crate::lint_busy::check(root, topology, &edge, faults);
    crate::lint_pools::check(topology, &edge, faults);
    crate::lint_middle::check(topology, edge, faults);
    crate::lint_slow::check(root, &topology.parts, faults);
}

/// Warns of times to drain where nothing ends in order.
fn never_stopped(root: &Args, parts: &[Part], faults: &mut Vec<Fault>) {
    let stops = root.map("actions").iter().filter_map(|item| item.value.as_args());
    let stopped: Vec<&str> = stops
        .filter(|args| args.kind() == "Stop")
        .filter_map(|args| match args.path("on")? {
            Path::Target(target) => Some(target.place.root.value.as_str()),
            Path::Edge(_) => None,
        })
        .collect();
    // A region or a domain may have it in it.
    let is_wide = stopped.iter().any(|root| parts.iter().all(|part| &*part.name != *root));
    for part in parts.iter().filter(|part| part.args.kind.field("shut_down").is_some()) {
        let Some(shut_down) = part.args.args("shut_down") else { continue };
        if is_wide || stopped.contains(&&*part.name) {
            continue;
        }
        let message = format!("`shut_down` does nothing: no action stops \"{}\"", part.name);
        let help = format!(
            "a deploy: actions: {{ \"deploy\": Stop(on: \"{}/any\", at: \"60s\", lasts: \"20s\") }}",
            part.name
        );
        faults.push(Fault::warning(shut_down.head, message).help(help));
    }
}

/// Warns of parameters that nothing is made of: a formula that should have named one has another name in it, or a
/// number.
///
/// What stands in variants and was set counts as used, and so does what an included file brings: it is written for
/// others too.
pub(crate) fn unused_params(arena: &Arena, root: NodeId, faults: &mut Vec<Fault>) {
    let Some(section) = arena.field(root, "params") else { return };
    let params: BTreeMap<NodeId, &Word> =
        arena.entries(section.value).iter().map(|entry| (entry.value, &entry.key)).collect();
    let mut uses: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut open: Vec<String> = Vec::new();
    for (id, shape) in arena.shapes() {
        let Shape::Text(text) = shape else { continue };
        let Some(formula) = Formula::is_formula(text).then(|| Formula::parse(text).ok()).flatten() else {
            continue;
        };
        let names = formula.names().map(|(name, _)| name.to_string());
        match params.get(&id) {
            Some(param) => uses.entry(&param.text).or_default().extend(names),
            None => open.extend(names),
        }
    }
    let mut used: BTreeSet<String> = BTreeSet::new();
    while let Some(name) = open.pop() {
        open.extend(uses.remove(&*name).into_iter().flatten());
        used.insert(name);
    }
    let here = arena.place(root).file;
    for param in params.values().filter(|param| param.place.file == here && !used.contains(&*param.text)) {
        if faults.len() >= FAULTS_MAX {
            return;
        }
        let fault =
            Fault::warning(param.place, format!("no formula uses the parameter \"{}\"", shown(&param.text)));
        faults.push(fault.help(format!("a value is made of it by \"={}\"", shown(&param.text))));
    }
}

/// Warns of a most of replications that is never reached, because nothing says when there are enough.
fn most_without_precision(root: &Args, faults: &mut Vec<Fault>) {
    let Some(run) = root.args("run").filter(|run| run.get("precision").is_none()) else { return };
    let Some(Data::Args(range)) = run.get("replications").map(|value| &value.data) else { return };
    let (min, max) = (range.count("min"), range.count("max"));
    if max > min {
        let message = format!("without a precision {min} replications are made, never {max}");
        let fault = Fault::warning(run.place_of("replications"), message);
        faults.push(
            fault.help(format!("precision: \"2%\" adds some where they are needed; or replications: {min}")),
        );
    }
}

/// Warns of objectives about shares that say nothing: with a bound above 1, where 90 is meant to be 90 %, and with one
/// that every share, or none, is on the right side of.
fn shares_without_doubt(root: &Args, faults: &mut Vec<Fault>) {
    for item in root.map("slo") {
        let Data::Condition(condition) = &item.value.data else { continue };
        let Metric::Measure(measure) = &condition.metric else { continue };
        let Measure::Series { reducer, series: name, .. } = &measure.value else { continue };
        let Some(kind) = series(&name.value) else { continue };
        let reducer = reducer.as_ref().map(|reducer| reducer.value);
        let bound = condition.value.value.value;
        // Comparisons between instances may well be above 1.
        if kind.reduced(reducer) != Some(Dimension::Ratio) {
            continue;
        }
        let all = "a share lies between 0 and 1, which is 100%";
        let always = match condition.comparison.value {
            Comparison::Less if bound == 1.0 => Some(("holds at anything but 100%", "<")),
            Comparison::LessOrEqual if bound == 1.0 => Some(("always holds", "<=")),
            Comparison::GreaterOrEqual if bound <= 0.0 => Some(("always holds", ">=")),
            Comparison::Greater if bound == 1.0 => Some(("never holds", ">")),
            Comparison::Less if bound <= 0.0 => Some(("never holds", "<")),
            _ => None,
        };
        if let Some((says, sign)) = always {
            let span = inside(item.value.place, &condition.value.span);
            let fault = Fault::warning(span, format!("{} {sign} {bound} {says}", name.value));
            let meant = if bound == 1.0 { format!("{all}: is 1% meant?") } else { all.to_string() };
            faults.push(fault.help(meant));
        }
        if bound > 1.0 {
            let message = format!("{} is never above 1, which is 100%", name.value);
            let fault = Fault::warning(inside(item.value.place, &condition.value.span), message);
            faults.push(fault.help(format!("{bound} is {}%: is {bound}% meant?", bound * 100.0)));
        }
    }
}

/// Warns of columns whose name says another unit than the one they are read in: requests per minute as per second.
fn units_of_columns(args: &Args, faults: &mut Vec<Fault>) {
    if faults.len() >= FAULTS_MAX {
        return;
    }
    for (column, unit) in [("value", "unit"), ("column", "unit"), ("time", "time_unit")] {
        let read = |field: &str| {
            let at = args.kind.field(field)?;
            match &args.values[at].as_ref()?.data {
                Data::Text(text) => Some(text),
                _ => None,
            }
        };
        if let (Some(name), Some(unit_text)) = (read(column), read(unit))
            && let Some(said) = unit_of_name(name)
            && let (Ok(a), Ok(b)) =
                (Quantity::parse(&format!("1{said}")), Quantity::parse(&format!("1{unit_text}")))
            && a.dimension == b.dimension
            && a.value != b.value
        {
            let place = if args.is_given(unit) { args.place_of(unit) } else { args.place_of(column) };
            let message = format!("column \"{name}\" is read in {unit_text}; its name says {said}");
            faults.push(Fault::warning(place, message).help(format!("{unit}: \"{said}\"?")));
        }
    }
    for value in args.values.iter().flatten() {
        within(value, faults);
    }
}

/// Warns of a bucket whose burst is exactly the rate times a thousandth of a second, minute or hour: milliseconds were
/// taken for seconds somewhere, and a thousand times as many pass as were meant.
fn units_of_limits(args: &Args, faults: &mut Vec<Fault>) {
    if faults.len() >= FAULTS_MAX {
        return;
    }
    if &*args.kind.family == "limit"
        && args.kind.field("rate").is_some()
        && let (Some(rate), Some(burst)) = (args.number_if("rate"), args.count_if("burst"))
        && burst > 1
    {
        for (unit, seconds) in [("/s", 1.0), ("/min", 60.0), ("/h", 3_600.0)] {
            let meant = rate * seconds / 1_000.0;
            if (meant - burst as f64).abs() < 1e-3 * meant {
                let rate = Quantity::new(rate, Dimension::Rate);
                let message = format!("at {rate:.4} the burst of {burst} is full again after {}ms", seconds);
                let fault = Fault::warning(args.place_of("rate"), message);
                faults.push(fault.help(format!("a thousandth of it is {burst}{unit}: is that meant?")));
            }
        }
    }
    for value in args.values.iter().flatten() {
        each_within(value, &mut |args| units_of_limits(args, faults));
    }
}

/// Goes to the kinds and records in a value.
fn each_within(value: &Value, to: &mut impl FnMut(&Args)) {
    match &value.data {
        Data::Args(args) => to(args),
        Data::List(list) => list.iter().for_each(|value| each_within(value, to)),
        Data::Map(items) => items.iter().for_each(|item| each_within(&item.value, to)),
        _ => {}
    }
}

fn within(value: &Value, faults: &mut Vec<Fault>) {
    match &value.data {
        Data::Args(args) => units_of_columns(args, faults),
        Data::List(list) => list.iter().for_each(|value| within(value, faults)),
        Data::Map(items) => items.iter().for_each(|item| within(&item.value, faults)),
        _ => {}
    }
}

/// Returns the unit that the name of a column speaks of: `/min` of `requests_per_minute` and `rpm`.
fn unit_of_name(name: &str) -> Option<&'static str> {
    let lower = name.to_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    let per = words.contains(&"per") || lower.contains('/');
    words.iter().rev().find_map(|word| {
        Some(match (*word, per) {
            ("rps" | "qps" | "tps", _) | ("s" | "sec" | "second", true) => "/s",
            ("rpm" | "qpm" | "tpm", _) | ("min" | "minute", true) => "/min",
            ("rph", _) | ("h" | "hour", true) => "/h",
            ("ns" | "nanos", false) => "ns",
            ("us" | "micros", false) => "us",
            ("ms" | "millis", false) => "ms",
            ("s" | "sec" | "secs" | "seconds", false) => "s",
            ("min" | "minute" | "minutes", false) => "min",
            ("h" | "hour" | "hours", false) => "h",
            _ => return None,
        })
    })
}

/// One warning for all queues without a bound: most models have several, and mean it.
fn unbounded_queues(parts: &[Part], faults: &mut Vec<Fault>) {
    let unbounded = |part: &&Part| {
        let waits = part.args.kind() == "Service"
            && part
                .args
                .args("concurrency")
                .is_some_and(|concurrency| !matches!(concurrency.kind(), "Unlimited" | "Sharing"));
        waits && part.args.args("queue").is_none_or(|queue| queue.count_if("max").is_none())
    };
    let names: Vec<&Part> = parts.iter().filter(unbounded).collect();
    let Some(first) = names.first() else { return };
    let list: Vec<&str> = names.iter().take(8).map(|part| &*part.name).collect();
    let more = if names.len() > 8 { format!(" and {} more", names.len() - 8) } else { String::new() };
    let verb = if names.len() == 1 { "queue of {} is" } else { "queues of {} are" };
    let message = format!("the {} unbounded", verb.replace("{}", &format!("{}{more}", list.join(", "))));
    let fault = Fault::warning(first.place, message);
    faults.push(fault.help("under overload waiting grows for ever; write queue: 100 to reject instead"));
}

/// Warns of parts no client reaches.
fn never_called(root: &Args, topology: &Topology, faults: &mut Vec<Fault>) {
    if !topology.parts.iter().any(|part| part.is_client) {
        let fault = Fault::warning(root.place_of("parts"), "no client asks for anything");
        faults.push(fault.help("an OpenClient or ClosedClient makes requests"));
        return;
    }
    let mut called = vec![false; topology.parts.len()];
    for call in &topology.calls {
        let caller = &topology.parts[call.caller];
        if caller.is_client || !call.classes.is_empty() {
            called[call.callee] = true;
        }
    }
    for (part, called) in topology.parts.iter().zip(called) {
        if !called && !part.is_client && part.args.kind.status == Status::Built {
            faults.push(Fault::warning(part.place, format!("no client reaches \"{}\"", part.name)));
        }
    }
}

/// Warns of a time-out that half of the calls do not make even when nobody waits.
fn short_timeouts(call: &Call, via: &Value, topology: &Topology, faults: &mut Vec<Fault>) {
    let Data::List(list) = &via.data else { return };
    let Some(median) = median_of(&topology.parts[call.callee], call.callee_operation.as_deref()) else {
        return;
    };
    for timeout in list.iter().filter_map(Value::as_args).filter(|via| via.kind() == "Timeout") {
        let Some(after) = timeout.duration_if("after") else { continue };
        if (after as f64) < median {
            let name = &topology.parts[call.callee].name;
            let median = Quantity::new(median, Dimension::Duration);
            let message = format!("half of the calls to {name} take longer than this");
            let fault = Fault::warning(timeout.place_of("after"), message);
            if !faults.iter().any(|known| known.place == fault.place) {
                faults
                    .push(fault.help(format!(
                        "its own work has a median of about {median:.3}, without any waiting"
                    )));
            }
        }
    }
}

/// Returns the median time an operation computes or delays by itself \[ns\], where that is plain.
fn median_of(part: &Part, operation: Option<&str>) -> Option<f64> {
    if part.args.kind() == "Delay" {
        return part.args.distribution("time").median();
    }
    if part.args.kind() != "Service" {
        return None;
    }
    let machine =
        part.args.get("machine").and_then(Value::as_args).filter(|machine| machine.kind() == "machine");
    let speed = machine.and_then(|machine| machine.number_if("speed")).unwrap_or(1.0);
    let operations = part.args.operations();
    let (_, steps) = operations.iter().find(|(name, _)| Some(*name) == operation)?;
    let one = |distribution: DistributionSpec| distribution.median();
    let time = |step: &crate::spec::Step<'_>| match step.spec() {
        StepSpec::Compute(work) => one(work).map(|work| work / speed),
        StepSpec::Delay(time) => one(time),
        _ => None,
    };
    let total: f64 = steps.iter().filter_map(time).sum();
    (total > 0.0).then_some(total)
}
