//! The slowest request, from part to part.

use kneepoint_experiment::result::{SampledRequest, SampledStrand, Why};

use super::Page;
use crate::number::duration;
use crate::safe::safe;
use crate::samples::{depths, why};

/// Lines of one request that are shown.
///
/// # Source
/// Chosen: one screen; a fan-out of hundreds is in the JSON.
const LINES_MAX: usize = 30;

/// Writes the slowest request of each client, indented by who called whom.
pub(super) fn write(page: &mut Page, samples: &[SampledRequest]) {
    let mut shown: Vec<&str> = Vec::new();
    for request in samples.iter().filter(|request| request.why == Why::Slowest) {
        if shown.contains(&request.client.as_str()) {
            continue;
        }
        if shown.is_empty() {
            page.head("THE SLOWEST REQUEST OF THE FIRST REPLICATION");
        }
        shown.push(&request.client);
        let took = duration(request.latency.as_nanos() as f64);
        let sent = duration(request.born.as_nanos() as f64);
        page.line(&format!("{}: {took}, {}, sent at {sent}", safe(&request.client), request.status.name()));
        let lines: Vec<String> = request.strands.iter().flat_map(|strand| lines(request, strand)).collect();
        lines.iter().take(LINES_MAX).for_each(|line| page.line(line));
        if lines.len() > LINES_MAX {
            page.line(&format!("  … and {} more lines", lines.len() - LINES_MAX));
        }
    }
    if !shown.is_empty() {
        let others: Vec<String> = samples.iter().map(why).collect();
        let mut kinds = others.clone();
        kinds.dedup();
        page.wrapped(
            "",
            &format!("`--format json` has {} requests in full ({}).", others.len(), kinds.join(", ")),
        );
    }
}

fn lines(request: &SampledRequest, strand: &SampledStrand) -> Vec<String> {
    let mut lines = Vec::new();
    let branch = strand.parent.is_some();
    if branch {
        let fate = match (strand.orphaned, strand.decided) {
            (true, _) => "given up, goes on for nobody",
            (_, true) => "decided",
            _ => "side by side",
        };
        let from = strand.from.as_nanos().saturating_sub(request.born.as_nanos());
        lines.push(format!("  branch from {} on ({fate})", duration(from as f64)));
    }
    for (span, depth) in strand.spans.iter().zip(depths(&strand.spans)) {
        let indent = "  ".repeat(1 + depth + usize::from(branch));
        let took = duration(span.to.as_nanos().saturating_sub(span.from.as_nanos()) as f64);
        lines.push(format!("{indent}{} {} {took}", safe(&span.at), span.phase.name()));
    }
    lines
}
