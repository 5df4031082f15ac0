//! Sampled requests for the tools that show traces.
//!
//! - [`perfetto()`]: the Trace Event Format, which <https://ui.perfetto.dev> and `chrome://tracing` open;
//! - [`otlp()`]: the JSON that OpenTelemetry collectors, Jaeger and Tempo take.
//!
//! Both are functions of the requests alone: the same requests give the same bytes.

mod otlp;
mod perfetto;

pub use otlp::otlp;
pub use perfetto::perfetto;

use std::collections::BTreeSet;

use kneepoint_experiment::result::{SampledRequest, SampledSpan};

/// Spans of a request that decided its latency, to be asked about one by one.
struct Decided(BTreeSet<*const SampledSpan>);

impl Decided {
    fn of(request: &SampledRequest) -> Decided {
        let path = request.critical_path().unwrap_or_default();
        Decided(path.into_iter().map(std::ptr::from_ref).collect())
    }

    /// Whether it is one of the request's spans on the path: the very one, not one that looks like it.
    fn has(&self, span: &SampledSpan) -> bool {
        self.0.contains(&std::ptr::from_ref(span))
    }
}
