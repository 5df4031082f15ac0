//! What must hold between the fields of middle parts.

use crate::diagnostic::Fault;
use crate::typed::{Args, Data};
use crate::value::Quantity;

/// Windows of calls are kept call by call.
///
/// Chosen: a megabyte and a half for each caller.
const WINDOW_CALLS_MAX: u64 = 100_000;

/// Checks one middle part, or what stands in one.
pub(crate) fn check(args: &Args, faults: &mut Vec<Fault>) {
    match (&*args.kind.family, args.kind()) {
        ("via", "Retry") => retry(args, faults),
        ("via", "Breaker") => breaker(args, faults),
        ("via", "Fallback") => fallback(args, faults),
        ("backoff", "Linear" | "Exponential") => grows(args, faults),
        ("trip", "Rate" | "SlowCalls") => window(args, faults),
        _ => {}
    }
}

fn retry(args: &Args, faults: &mut Vec<Fault>) {
    if args.is_given("on") && args.list("on").is_empty() {
        faults.push(Fault::error(args.place_of("on"), "nothing is tried again: `on` is empty"));
    }
    let backoff = args.args("backoff").map(Args::kind);
    match (args.args("jitter").map(Args::kind), backoff) {
        (None | Some("NoJitter"), _) => {}
        (Some(jitter), None) => {
            let message = format!("`{jitter}` spreads a wait, and there is none");
            let fault = Fault::error(args.place_of("jitter"), message);
            faults.push(fault.help("give a backoff: Exponential(\"50ms\")"));
        }
        (Some(jitter), Some("Drawn")) => {
            let message = format!("a wait that is drawn has its chance already: no `{jitter}`");
            faults.push(Fault::error(args.place_of("jitter"), message));
        }
        (Some("Decorrelated"), Some(kind)) if kind != "Exponential" => {
            let message =
                format!("`Decorrelated` goes from the base to the cap of Exponential, not of {kind}");
            let fault = Fault::error(args.place_of("jitter"), message);
            faults.push(fault.help("jitter: Full and Equal fit any backoff"));
        }
        _ => {}
    }
}

fn breaker(args: &Args, faults: &mut Vec<Fault>) {
    if args.is_given("trip") && args.list("trip").is_empty() {
        faults.push(Fault::error(args.place_of("trip"), "a breaker that nothing opens: `trip` is empty"));
    }
    if let Some(Data::Quantity(open)) = args.get("open").map(|value| &value.data)
        && open.nanoseconds() == 0
    {
        faults.push(Fault::error(args.place_of("open"), "`open` must be above 0s"));
    }
    if let Some(open) = args.get("open").and_then(crate::typed::Value::as_args)
        && open.kind() == "Drawn"
    {
        let fault = Fault::error(open.head, "a breaker does not draw how long it stays open");
        faults.push(fault.help("open: \"5s\", or Linear and Exponential for longer each time"));
    }
    for status in args.args_list("on").filter(|status| matches!(status.kind(), "Stale" | "Degraded")) {
        let message = format!("`{}` is a good answer: it opens no breaker", status.kind());
        faults.push(Fault::error(status.head, message));
    }
}

fn fallback(args: &Args, faults: &mut Vec<Fault>) {
    if let Some(status) = args.args("status").filter(|status| !matches!(status.kind(), "Stale" | "Degraded"))
    {
        let message = format!("a fallback gives something: it does not answer `{}`", status.kind());
        faults.push(Fault::error(status.head, message).help("status: Degraded or Stale"));
    }
}

fn grows(args: &Args, faults: &mut Vec<Fault>) {
    if let (Some(base), Some(cap)) = (args.duration_if("base"), args.duration_if("cap"))
        && cap < base
    {
        let shown = |nanos: u64| Quantity::duration(nanos as f64);
        let message = format!("cap ({}) is below base ({})", shown(cap), shown(base));
        // A default stands where its kind does.
        faults.push(Fault::error(args.place_of("cap"), message));
    }
}

fn window(args: &Args, faults: &mut Vec<Fault>) {
    let place = args.place_of("window");
    match args.get("window").map(|value| &value.data) {
        Some(Data::Count(calls)) => {
            if *calls > WINDOW_CALLS_MAX {
                let message = format!("a window holds at most {WINDOW_CALLS_MAX} calls");
                faults.push(Fault::error(place, message).help("a window may be a time: \"10s\""));
            }
            if let Some(at_least) = args.count_if("at_least")
                && at_least > *calls
            {
                let message = format!("a window of {calls} calls never holds {at_least}");
                let fault = Fault::error(args.place_of("at_least"), message);
                faults.push(fault.help(format!("at_least is {calls} at most")));
            }
            if args.args("of").is_some_and(|of| of.kind() == "Asked") {
                let message = "a window of calls counts answers: `Asked` needs a window of time";
                faults.push(Fault::error(args.place_of("of"), message).help("window: \"10s\""));
            }
        }
        Some(Data::Quantity(length)) => {
            if let Some(buckets) = args.count_if("buckets")
                && length.nanoseconds() < buckets
            {
                let message = format!("{buckets} buckets in {length} are shorter than a nanosecond each");
                faults.push(Fault::error(place, message));
            }
        }
        _ => {}
    }
}
