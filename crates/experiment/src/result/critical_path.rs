//! The path that decided: which spans of a sampled request make up its latency.

use kneepoint_engine::SimTime;

use super::{SampledRequest, SampledSpan};

impl SampledRequest {
    /// Returns the spans that decided, in order: they follow each other without a gap from birth to end, so their
    /// lengths add up to the latency exactly. Nothing if spans were left out because there were too many.
    ///
    /// It is read backwards: at every instant the request was where its last span ended, or in the branch whose answer
    /// came then.
    pub fn critical_path(&self) -> Option<Vec<&SampledSpan>> {
        let ends = self.strand_ends();
        let mut path = Vec::new();
        let (mut at, mut until) = (0, self.born + self.latency);
        loop {
            let strand = self.strands.get(at)?;
            if until <= strand.from {
                match strand.parent {
                    Some(parent) => at = parent,
                    None if until == self.born => break,
                    None => return None,
                }
            } else if let Some(span) = last_until(&strand.spans, until) {
                path.push(span);
                until = span.from;
            } else {
                at = self.branch_until(at, until, &ends)?;
            }
        }
        path.reverse();
        Some(path)
    }

    /// Returns when each strand came to its end: with its last span, or with the last of its branches that decided.
    pub fn strand_ends(&self) -> Vec<SimTime> {
        let last = |spans: &[SampledSpan]| spans.last().map(|span| span.to);
        let mut ends: Vec<SimTime> =
            self.strands.iter().map(|strand| last(&strand.spans).unwrap_or(strand.from)).collect();
        // Branches come after what they branched from.
        for (at, strand) in self.strands.iter().enumerate().rev() {
            if let Some(parent) = strand.parent.filter(|_| strand.decided) {
                ends[parent] = ends[parent].max(ends[at]);
            }
        }
        ends
    }

    /// The branch of a strand whose answer came at an instant and decided. Where several joined, each that was good
    /// took over from the one before, and the last is it.
    fn branch_until(&self, of: usize, until: SimTime, ends: &[SimTime]) -> Option<usize> {
        (of + 1..ends.len()).rev().find(|&at| {
            let strand = &self.strands[at];
            strand.parent == Some(of) && strand.decided && ends[at] == until && strand.from < until
        })
    }
}

/// The span of a strand that ends at an instant and took time.
fn last_until(spans: &[SampledSpan], until: SimTime) -> Option<&SampledSpan> {
    let till_then = &spans[..spans.partition_point(|span| span.to <= until)];
    till_then.iter().rev().take_while(|span| span.to == until).find(|span| span.from < span.to)
}

#[cfg(test)]
mod tests {
    use kneepoint_calls::{Phase, Status};
    use kneepoint_engine::SimDuration;

    use super::super::{SampledStrand, Why};
    use super::*;

    fn strand(parent: Option<usize>, from: u64, decided: bool, spans: &[(&str, u64, u64)]) -> SampledStrand {
        let at = SimTime::from_nanos;
        let span = |&(name, from, to): &(&str, u64, u64)| SampledSpan {
            at: name.to_string(),
            phase: Phase::Service,
            from: at(from),
            to: at(to),
        };
        let spans = spans.iter().map(span).collect();
        SampledStrand { parent, from: at(from), decided, orphaned: false, spans }
    }

    fn path(latency: u64, strands: Vec<SampledStrand>) -> Option<Vec<String>> {
        let request = SampledRequest {
            client: "users".to_string(),
            identity: 1,
            why: Why::Slowest,
            status: Status::Ok,
            born: SimTime::from_nanos(10),
            latency: SimDuration::from_nanos(latency),
            strands,
        };
        let path = request.critical_path()?;
        let length: u64 = path.iter().map(|span| span.to.as_nanos() - span.from.as_nanos()).sum();
        assert_eq!(length, latency);
        assert!(path.windows(2).all(|pair| pair[0].to == pair[1].from));
        Some(path.iter().map(|span| span.at.clone()).collect())
    }

    #[test]
    fn the_branch_that_answered_last_is_taken_and_what_lies_inside_it() {
        let found = path(
            100,
            vec![
                strand(None, 10, false, &[("front", 10, 20), ("front", 90, 110)]),
                strand(Some(0), 20, true, &[("left", 20, 50)]),
                // It ends with a branch of its own, and adds nothing.
                strand(Some(0), 20, true, &[("right", 20, 30)]),
                strand(Some(2), 30, true, &[("store", 30, 90)]),
            ],
        );
        assert_eq!(found.unwrap(), ["front", "right", "store", "front"]);
    }

    #[test]
    fn what_came_after_the_end_and_branches_that_failed_are_left_out() {
        let found = path(
            50,
            vec![
                strand(None, 10, false, &[("front", 10, 20), ("front", 20, 60), ("front", 70, 80)]),
                strand(Some(0), 20, false, &[("left", 20, 60)]),
            ],
        );
        assert_eq!(found.unwrap(), ["front", "front"]);
    }

    #[test]
    fn a_gap_is_no_path() {
        assert_eq!(path(50, vec![strand(None, 10, false, &[("front", 10, 20), ("front", 30, 60)])]), None);
    }
}
