//! Sampled requests as trees of strands.

use kneepoint_experiment::result::{SampledRequest, SampledSpan, SampledStrand};
use serde_json::{Value, json};

use crate::samples::why;

/// A request; its times count from when it was meant to be sent \[s\].
pub(super) fn request(request: &SampledRequest) -> Value {
    let path = request.critical_path();
    // By its place in memory: two spans can be equal in all they say.
    let critical =
        |span: &SampledSpan| path.as_ref().map(|path| path.iter().any(|on| std::ptr::eq(*on, span)));
    let strand = |strand: &SampledStrand| {
        let spans: Vec<Value> = strand
            .spans
            .iter()
            .map(|span| {
                json!({
                    "at": span.at,
                    "phase": span.phase.name(),
                    "from": since(request, span.from.as_nanos()),
                    "to": since(request, span.to.as_nanos()),
                    "critical": critical(span),
                })
            })
            .collect();
        json!({
            "parent": strand.parent,
            "from": since(request, strand.from.as_nanos()),
            "decided": strand.decided,
            "orphaned": strand.orphaned,
            "spans": spans,
        })
    };
    json!({
        "client": request.client,
        "identity": format!("{:016x}", request.identity),
        "why": why(request),
        "status": request.status.name(),
        "born": request.born.as_nanos() as f64 / crate::number::SECOND,
        "latency": request.latency.as_secs_f64(),
        "strands": request.strands.iter().map(strand).collect::<Vec<Value>>(),
    })
}

/// Returns an instant \[ns\] as seconds since the request was meant to be sent.
fn since(request: &SampledRequest, at: u64) -> f64 {
    // A difference of whole nanoseconds: exact, and divided once.
    (i128::from(at) - i128::from(request.born.as_nanos())) as f64 / crate::number::SECOND
}
