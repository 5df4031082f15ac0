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

/// How deep the places lie that a strand goes through: a part that is entered lies below the one it was entered from,
/// and where time goes on at a part that was left, all below it has been answered.
#[derive(Clone, Debug, Default)]
pub struct Depths<'s> {
    stack: Vec<&'s str>,
}

impl<'s> Depths<'s> {
    /// Goes on at a place; returns how deep it lies.
    pub fn enter(&mut self, place: &'s str) -> usize {
        let at = |stack: &[&str], name: &str| stack.iter().position(|at| *at == name);
        if let Some((caller, _)) = place.split_once(WIRE) {
            // A wire is no part: it lies below the one it leads back to, and all below that has been answered.
            self.stack.truncate(at(&self.stack, caller).map_or(0, |at| at + 1));
            return self.stack.len();
        }
        match at(&self.stack, place) {
            Some(at) => self.stack.truncate(at + 1),
            None => self.stack.push(place),
        }
        self.stack.len() - 1
    }

    /// Returns how deep what branches off now lies.
    pub fn below(&self) -> usize {
        self.stack.len()
    }
}

/// Returns how deep each span of a strand lies.
pub(crate) fn depths(spans: &[SampledSpan]) -> Vec<usize> {
    let mut depths = Depths::default();
    spans.iter().map(|span| depths.enter(&span.at)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn a_part_that_is_returned_to_closes_those_below_it() {
        assert_eq!(depths(&sample::run().samples[0].strands[0].spans), [0, 0, 1, 0]);
    }

    #[test]
    fn a_wire_lies_below_its_caller_and_closes_what_was_called_over_it() {
        let mut depths = Depths::default();
        let mut deep = |place: &'static str| depths.enter(place);
        assert_eq!(["lb", "web/1", "web/1 -> db", "db"].map(&mut deep), [0, 1, 2, 2]);
        assert_eq!(["web/1 -> db", "cache", "users/0 -> lb"].map(&mut deep), [2, 2, 0]);
        assert_eq!(depths.below(), 0);
    }
}
