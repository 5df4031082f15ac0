//! Sampled requests in the Trace Event Format.

use kneepoint_engine::SimTime;
use kneepoint_experiment::result::{SampledRequest, SampledSpan, SampledStrand, TraceResult};
use serde_json::{Value, json};

use super::Decided;
use crate::number::duration;
use crate::samples::why;

/// The row of what decided; strands follow from the next one on.
const PATH_ROW: usize = 1;

/// Returns sampled requests in the Trace Event Format (JSON object form), one event per line.
///
/// A request is a process, called after its client, why it is shown and how it ended. Its first row is the path that
/// decided: spans without a gap that add up to the latency. Below it there is one row per strand, with arrows from
/// where it branched off. A span is called after the part and the phase.
///
/// # Units
/// Microseconds with nanoseconds as decimals, as the format has it. Every request begins at 0, so that they can be read
/// one below the other; when it was sent is among its arguments, as `born_s` \[s\].
///
/// # Source
/// Google, "Trace Event Format" (2016): duration events (`B`, `E`), flow events (`s`, `f`), metadata events (`M`). Complete
/// events (`X`) say how long they are, and a reader that adds that to their beginning as floats (speedscope) finds some of
/// them to end after the next one began; where two duration events meet they say the same instant, bit by bit.
pub fn perfetto(trace: &TraceResult) -> String {
    let mut events = Vec::new();
    for (at, request) in trace.requests.iter().enumerate() {
        Process { id: at + 1, request, decided: Decided::of(request) }.write(&mut events);
    }
    let about = json!({
        "title": trace.title,
        "scenario": trace.about.scenario.as_ref().map(|scenario| &scenario.file),
        "seed": trace.seed.to_string(),
        "program": concat!("kneepoint ", env!("CARGO_PKG_VERSION")),
    });
    let events: Vec<String> = events.iter().map(Value::to_string).collect();
    crate::safe_json(format!(
        "{{\"displayTimeUnit\":\"ms\",\"otherData\":{about},\"traceEvents\":[\n{}\n]}}\n",
        events.join(",\n")
    ))
}

/// A request as a process.
struct Process<'r> {
    id: usize,
    request: &'r SampledRequest,
    decided: Decided,
}

impl Process<'_> {
    fn write(&self, events: &mut Vec<Value>) {
        let request = self.request;
        let latency = request.latency.as_nanos();
        let name = format!(
            "{} {}: {} in {}",
            request.client,
            why(request),
            request.status.name(),
            duration(latency as f64)
        );
        events.push(self.about("process_name", 0, json!({ "name": name })));
        events.push(self.about("process_sort_index", 0, json!({ "sort_index": self.id })));
        let path = request.critical_path();
        let not_whole = if path.is_none() { " (not known: spans were left out)" } else { "" };
        self.row(events, PATH_ROW, format!("what decided{not_whole}"));
        let whole = json!({
            "identity": format!("{:016x}", request.identity),
            "born_s": request.born.as_nanos() as f64 / crate::number::SECOND,
            "why": why(request),
            "status": request.status.name(),
        });
        let title = format!("{} {}", request.client, request.status.name());
        events.push(self.begin(PATH_ROW, &title, "request", 0, &whole));
        for span in path.unwrap_or_default() {
            self.span(events, PATH_ROW, span);
        }
        events.push(self.end(PATH_ROW, &title, "request", i128::from(latency), &whole));
        for (at, (strand, end)) in request.strands.iter().zip(request.strand_ends()).enumerate() {
            self.strand(events, at, strand, end);
        }
    }

    fn strand(&self, events: &mut Vec<Value>, at: usize, strand: &SampledStrand, end: SimTime) {
        let row = PATH_ROW + 1 + at;
        let what = if at == 0 { "request".to_string() } else { format!("branch {at}") };
        let fate = match (strand.orphaned, strand.decided) {
            (true, _) => ", given up",
            (false, true) => ", answered well",
            (false, false) => "",
        };
        self.row(events, row, format!("{what}{fate}"));
        let (from, to) = (self.since(strand.from), self.since(end));
        let about = json!({ "branched_from": strand.parent, "given_up": strand.orphaned });
        let title = format!("{what}{fate}");
        events.push(self.begin(row, &title, "strand", from, &about));
        if let Some(parent) = strand.parent {
            let id = format!("{}.{at}", self.id);
            let arrow = |ph: &str, row: usize| {
                json!({
                    "name": "branches", "cat": "branch", "ph": ph, "id": id, "ts": micros(from),
                    "pid": self.id, "tid": row,
                })
            };
            events.push(arrow("s", PATH_ROW + 1 + parent));
            let mut end = arrow("f", row);
            // To the slice it lies in, not to the next one.
            end["bp"] = json!("e");
            events.push(end);
        }
        strand.spans.iter().for_each(|span| self.span(events, row, span));
        events.push(self.end(row, &title, "strand", to, &about));
    }

    fn row(&self, events: &mut Vec<Value>, row: usize, name: String) {
        events.push(self.about("thread_name", row, json!({ "name": name })));
        events.push(self.about("thread_sort_index", row, json!({ "sort_index": row })));
    }

    fn about(&self, what: &str, row: usize, args: Value) -> Value {
        json!({ "name": what, "ph": "M", "pid": self.id, "tid": row, "args": args })
    }

    fn span(&self, events: &mut Vec<Value>, row: usize, span: &SampledSpan) {
        let (name, of) = (format!("{} {}", span.at, span.phase.name()), span.phase.name());
        let about = json!({ "part": span.at, "phase": span.phase.name(), "decided": self.decided.has(span) });
        events.push(self.begin(row, &name, of, self.since(span.from), &about));
        events.push(self.end(row, &name, of, self.since(span.to), &about));
    }

    fn begin(&self, row: usize, name: &str, of: &str, at: i128, args: &Value) -> Value {
        self.turn("B", row, name, of, at, args)
    }

    /// Says what the beginning said: there are readers that find the one that belongs to it by all of that.
    fn end(&self, row: usize, name: &str, of: &str, at: i128, args: &Value) -> Value {
        self.turn("E", row, name, of, at, args)
    }

    fn turn(&self, ph: &str, row: usize, name: &str, of: &str, at: i128, args: &Value) -> Value {
        json!({
            "name": name, "cat": of, "ph": ph, "ts": micros(at), "pid": self.id, "tid": row, "args": args,
        })
    }

    fn since(&self, at: SimTime) -> i128 {
        i128::from(at.as_nanos()) - i128::from(self.request.born.as_nanos())
    }
}

/// Whole nanoseconds below 2^53 have their three decimals exactly, as far as a reader rounds to them.
fn micros(nanos: i128) -> f64 {
    nanos as f64 / 1e3
}
