//! Sampled requests as OTLP JSON.

use kneepoint_engine::SimTime;
use kneepoint_experiment::result::{SampledRequest, SampledSpan, TraceResult, Why};
use serde_json::{Value, json};

use super::Decided;
use crate::samples::{WIRE, depths, why};

/// What is time 0 of a simulation \[ns since 1970\]: the first of January 2000, UTC.
///
/// # Source
/// Chosen: nothing reads a clock, so that the same requests give the same bytes, and a time of 0 would mean that it is
/// not known.
const ZERO_UNIX_NS: u128 = 946_684_800_000_000_000;

/// Kinds of spans.
///
/// # Source
/// opentelemetry-proto, `trace.proto`, `Span.SpanKind`.
const INTERNAL: u64 = 1;
const SERVER: u64 = 2;
const CLIENT: u64 = 3;

/// Codes of a status.
///
/// # Source
/// opentelemetry-proto, `trace.proto`, `Status.StatusCode`.
const OK: u64 = 1;
const ERROR: u64 = 2;

/// Returns sampled requests as OTLP JSON (an `ExportTraceServiceRequest`), indented, with a line end.
///
/// A request is a trace. Its root is a span of the client; a part that is entered has a span of its own (`SERVER`),
/// below the part it was entered from, and below that lie the pieces of its time (`INTERNAL`), each called after the
/// part and the phase. Wires are spans of the part that called (`CLIENT`). A branch is a span below the part that made
/// it. `service.name` is the part, `service.instance.id` the instance.
///
/// Identifiers are made of the request's identity and the client: the same request has the same trace in two designs.
///
/// # Units
/// Nanoseconds; time 0 of the simulation is the first of January 2000, UTC.
///
/// # Source
/// OpenTelemetry Protocol Specification 1.x, "JSON Protobuf Encoding": keys in lowerCamelCase, identifiers in
/// hexadecimal, 64-bit integers as decimal strings, enumerations as numbers.
pub fn otlp(trace: &TraceResult) -> String {
    let mut services: Vec<(Resource, Vec<Value>)> = Vec::new();
    for request in &trace.requests {
        for (resource, span) in Spans::of(request) {
            match services.iter_mut().find(|(known, _)| *known == resource) {
                Some((_, spans)) => spans.push(span),
                None => services.push((resource, vec![span])),
            }
        }
    }
    let resource_spans: Vec<Value> = services
        .into_iter()
        .map(|(resource, spans)| {
            json!({
                "resource": { "attributes": resource.attributes(trace) },
                "scopeSpans": [{
                    "scope": { "name": "kneepoint", "version": env!("CARGO_PKG_VERSION") },
                    "spans": spans,
                }],
            })
        })
        .collect();
    let all = json!({ "resourceSpans": resource_spans });
    crate::safe_json(
        serde_json::to_string_pretty(&all).expect("keys are texts and nothing fails to be written") + "\n",
    )
}

/// Who a span is of: a part, and which of its instances if there are several.
#[derive(Clone, PartialEq, Eq)]
struct Resource {
    service: String,
    instance: Option<String>,
}

impl Resource {
    /// Names of parts have no slash in them, paths of instances do.
    fn at(place: &str) -> Resource {
        match place.split_once('/') {
            Some((part, _)) => Resource { service: part.to_string(), instance: Some(place.to_string()) },
            None => Resource { service: place.to_string(), instance: None },
        }
    }

    fn attributes(&self, trace: &TraceResult) -> Vec<Value> {
        let mut attributes = vec![text("service.name", &self.service)];
        attributes.extend(self.instance.as_ref().map(|path| text("service.instance.id", path)));
        attributes.push(text("kneepoint.title", &trace.title));
        attributes.push(text("kneepoint.seed", &trace.seed.to_string()));
        attributes
    }
}

/// A part that a strand has entered.
struct Visit {
    id: u64,
    parent: u64,
    resource: Resource,
    name: String,
    from: SimTime,
    to: SimTime,
}

/// The spans of one request, as they are made.
struct Spans<'r> {
    request: &'r SampledRequest,
    decided: Decided,
    ends: Vec<SimTime>,
    trace_id: String,
    made: u64,
    list: Vec<(Resource, Value)>,
    /// For each strand: what its first spans lie below, and for each of its spans the visit it belongs to.
    places: Vec<(u64, Vec<u64>)>,
}

impl Spans<'_> {
    fn of(request: &SampledRequest) -> Vec<(Resource, Value)> {
        let high = request.client.bytes().fold(0, |hash, byte| mix(hash ^ u64::from(byte)));
        let mut spans = Spans {
            request,
            decided: Decided::of(request),
            ends: request.strand_ends(),
            trace_id: format!("{:016x}{:016x}", high.max(1), request.identity),
            made: 0,
            list: Vec::new(),
            places: Vec::new(),
        };
        spans.root();
        for at in 0..request.strands.len() {
            spans.strand(at);
        }
        spans.list
    }

    fn root(&mut self) {
        let request = self.request;
        let id = self.id();
        let status = if request.status.is_good() {
            json!({ "code": OK })
        } else {
            json!({ "code": ERROR, "message": request.status.name() })
        };
        let mut attributes = vec![
            text("kneepoint.why", &why(request)),
            text("kneepoint.status", request.status.name()),
            text("kneepoint.identity", &format!("{:016x}", request.identity)),
            int("kneepoint.latency_ns", request.latency.as_nanos()),
        ];
        if let Why::Near(p) = request.why {
            attributes.push(json!({ "key": "kneepoint.quantile", "value": { "doubleValue": p } }));
        }
        let resource = Resource::at(&request.client);
        let times = (request.born, request.born + request.latency);
        let root =
            self.span(id, None, &format!("{} request", request.client), CLIENT, times, attributes, status);
        self.list.push((resource, root));
    }

    fn strand(&mut self, at: usize) {
        let strand = &self.request.strands[at];
        let below = self.below(at);
        let mut open: Vec<Visit> = Vec::new();
        let mut places = Vec::with_capacity(strand.spans.len());
        for (span, depth) in strand.spans.iter().zip(depths(&strand.spans)) {
            // Where a strand leaves a gap, branches were out for what was open then.
            open.iter_mut().for_each(|visit| visit.to = span.from);
            let is_wire = span.at.contains(WIRE);
            while open.len() > depth + usize::from(!is_wire) {
                self.close(open.pop());
            }
            if !is_wire && open.len() == depth {
                let parent = open.last().map_or(below, |visit| visit.id);
                let (id, resource) = (self.id(), Resource::at(&span.at));
                open.push(Visit {
                    id,
                    parent,
                    resource,
                    name: span.at.clone(),
                    from: span.from,
                    to: span.to,
                });
            }
            open.iter_mut().for_each(|visit| visit.to = span.to);
            let (parent, resource) = match open.last() {
                Some(visit) => (visit.id, visit.resource.clone()),
                None => (below, Resource::at(&self.request.client)),
            };
            places.push(parent);
            self.piece(span, parent, resource, strand.orphaned);
        }
        let end = self.ends[at];
        open.iter_mut().for_each(|visit| visit.to = visit.to.max(end));
        while let Some(visit) = open.pop() {
            self.close(Some(visit));
        }
        self.places.push((below, places));
    }

    /// What a strand lies below: the visit during which it branched off; the root for the request itself.
    fn below(&self, at: usize) -> u64 {
        let strand = &self.request.strands[at];
        let Some(parent) = strand.parent else { return self.span_id(1) };
        let (below, places) = &self.places[parent];
        let before = self.request.strands[parent].spans.partition_point(|span| span.to <= strand.from);
        before.checked_sub(1).map_or(*below, |last| places[last])
    }

    fn piece(&mut self, span: &SampledSpan, parent: u64, resource: Resource, orphaned: bool) {
        let id = self.id();
        let kind = if span.at.contains(WIRE) { CLIENT } else { INTERNAL };
        let attributes = vec![
            text("kneepoint.part", &span.at),
            text("kneepoint.phase", span.phase.name()),
            flag("kneepoint.decided", self.decided.has(span)),
            flag("kneepoint.given_up", orphaned),
        ];
        let name = format!("{} {}", span.at, span.phase.name());
        let piece = self.span(id, Some(parent), &name, kind, (span.from, span.to), attributes, json!({}));
        self.list.push((resource, piece));
    }

    fn close(&mut self, visit: Option<Visit>) {
        let Some(Visit { id, parent, resource, name, from, to }) = visit else { return };
        let attributes = vec![text("kneepoint.part", &name)];
        let span = self.span(id, Some(parent), &name, SERVER, (from, to), attributes, json!({}));
        self.list.push((resource, span));
    }

    #[expect(clippy::too_many_arguments, reason = "the fields of a span, written once")]
    fn span(
        &self,
        id: u64,
        parent: Option<u64>,
        name: &str,
        kind: u64,
        (from, to): (SimTime, SimTime),
        attributes: Vec<Value>,
        status: Value,
    ) -> Value {
        json!({
            "traceId": self.trace_id,
            "spanId": format!("{id:016x}"),
            // A root has an empty one.
            "parentSpanId": parent.map_or_else(String::new, |parent| format!("{parent:016x}")),
            "name": name,
            "kind": kind,
            "startTimeUnixNano": unix(from),
            "endTimeUnixNano": unix(to),
            "attributes": attributes,
            "status": status,
        })
    }

    fn id(&mut self) -> u64 {
        self.made += 1;
        self.span_id(self.made)
    }

    /// The identifier of the n-th span: different for all of them, because mixing is one to one.
    fn span_id(&self, n: u64) -> u64 {
        // 0 stands for none; that it comes up is as likely as that two hashes are alike.
        mix(self.request.identity.wrapping_add(n.wrapping_mul(0x9E37_79B9_7F4A_7C15))).max(1)
    }
}

/// Scatters a number over all others, one to one.
///
/// # Source
/// The finaliser of SplitMix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
fn mix(n: u64) -> u64 {
    let mut z = n.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

fn unix(at: SimTime) -> String {
    (ZERO_UNIX_NS + u128::from(at.as_nanos())).min(u128::from(u64::MAX)).to_string()
}

fn text(key: &str, value: &str) -> Value {
    json!({ "key": key, "value": { "stringValue": value } })
}

/// 64-bit integers are texts: most readers of JSON keep 53 bits of a number.
fn int(key: &str, value: u64) -> Value {
    json!({ "key": key, "value": { "intValue": value.to_string() } })
}

fn flag(key: &str, value: bool) -> Value {
    json!({ "key": key, "value": { "boolValue": value } })
}
