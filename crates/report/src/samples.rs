//! Sampled requests: what they are called, and who called whom.

use kneepoint_experiment::result::{SampledRequest, SampledSpan, Why};

use crate::number::percentile_name;

/// Returns why a request is shown, in a word: `near p99`, `slowest`, `timeout`.
pub(crate) fn why(request: &SampledRequest) -> String {
    match request.why {
        Why::Near(p) => format!("near {}", percentile_name(p)),
        Why::Slowest => "slowest".to_string(),
        Why::Failed => request.status.name().to_string(),
    }
}

/// What the names of wires have in them, and no name of a part.
pub(crate) const WIRE: &str = " -> ";

/// Returns how deep each span of a strand lies: a part that is entered lies below the one it was entered from, and
/// where time goes on at a part that was left, all below it has been answered. A wire is no part: nothing lies below it.
pub(crate) fn depths(spans: &[SampledSpan]) -> Vec<usize> {
    let mut stack: Vec<&str> = Vec::new();
    spans
        .iter()
        .map(|span| {
            if span.at.contains(WIRE) {
                return stack.len();
            }
            match stack.iter().position(|at| *at == span.at) {
                Some(at) => stack.truncate(at + 1),
                None => stack.push(&span.at),
            }
            stack.len() - 1
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn a_part_that_is_returned_to_closes_those_below_it() {
        assert_eq!(depths(&sample::run().samples[0].strands[0].spans), [0, 0, 1, 0]);
    }
}
