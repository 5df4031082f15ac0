//! What a run checks about itself. Each check compares two accounts that are kept apart; one that fails means
//! that a component or the runtime is wrong, and that no number of the run counts.

use kneepoint_calls::{ComponentId, Inside, Simulation, Status};
use kneepoint_scenario::plan::{PartPlan, PartRole, Plan};

use crate::recorder::Baseline;
use crate::result::CheckResult;

/// Failures that are told; the others are counted.
const TOLD: usize = 5;

/// The checks, in their order: name and rule.
const CHECKS: [(&str, &str); 5] = [
    (
        "conservation",
        "calls inside at the start and calls that arrived are those answered, lost and still inside",
    ),
    (
        "clients' books",
        "what a client counted and timed is what the runtime counted and timed for it; nothing but what is under \
         way is missing",
    ),
    ("time ledger", "the phases of all requests add up to their latencies"),
    ("Little's law", "the mean number inside, times the time, is the time that calls spent inside"),
    (
        "utilisation law",
        "servers are busy for as long as the work done takes, but for what was under way at the ends",
    ),
];

/// One check over the components of a replication, or over several replications.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    name: &'static str,
    rule: &'static str,
    checked: u64,
    skipped: u64,
    failed: u64,
    failures: Vec<String>,
}

pub(crate) type Findings = Vec<Finding>;

impl Finding {
    fn of(check: usize) -> Finding {
        let (name, rule) = CHECKS[check];
        Finding::new(name, rule)
    }

    fn new(name: &'static str, rule: &'static str) -> Finding {
        Finding { name, rule, checked: 0, skipped: 0, failed: 0, failures: Vec::new() }
    }

    /// Notes one comparison: nothing if it could not be made.
    fn note(&mut self, holds: Option<bool>, failure: impl FnOnce() -> String) {
        match holds {
            None => self.skipped += 1,
            Some(true) => self.checked += 1,
            Some(false) => {
                self.checked += 1;
                self.failed += 1;
                if self.failures.len() < TOLD {
                    self.failures.push(failure());
                }
            }
        }
    }

    /// Takes in what another replication found.
    pub fn add(&mut self, other: &Finding, replication: u64) {
        self.checked += other.checked;
        self.skipped += other.skipped;
        self.failed += other.failed;
        for failure in &other.failures {
            if self.failures.len() < TOLD {
                self.failures.push(format!("replication {replication}: {failure}"));
            }
        }
    }

    /// Returns what a record keeps: checked, skipped, failed, and the failures in words.
    pub fn numbers(&self) -> ([u64; 3], &[String]) {
        ([self.checked, self.skipped, self.failed], &self.failures)
    }

    /// Makes the finding of a check again, by its place among them.
    pub fn restored(
        check: usize,
        [checked, skipped, failed]: [u64; 3],
        failures: Vec<String>,
    ) -> Option<Finding> {
        let (name, rule) = *CHECKS.get(check)?;
        Some(Finding { name, rule, checked, skipped, failed, failures })
    }

    /// Returns the same check before any replication.
    pub fn empty(&self) -> Finding {
        Finding::new(self.name, self.rule)
    }

    pub fn result(self) -> CheckResult {
        let mut failures = self.failures;
        let untold = self.failed - failures.len() as u64;
        if untold > 0 {
            failures.push(format!("and {untold} more"));
        }
        CheckResult {
            name: self.name,
            rule: self.rule,
            checked: self.checked,
            skipped: self.skipped,
            failures,
        }
    }
}

/// Checks a replication at its end.
pub(crate) fn check(plan: &Plan, sim: &Simulation, baseline: &Baseline) -> Findings {
    let inside = sim.inside();
    let mut findings = vec![conservation(sim, &inside, baseline)];
    let instances = |client: bool| {
        plan.parts
            .iter()
            .filter(move |part| matches!(part.role, PartRole::Client { .. }) == client)
            .flat_map(|part| part.instances.iter().map(move |id| (part, *id)))
    };
    let mut clients = Finding::of(1);
    let mut ledger = Finding::of(2);
    for (part, id) in instances(true) {
        client_books(&mut clients, sim, part, id, baseline);
        let outcomes = sim.outcomes(id);
        let phases: u128 = outcomes.phases.iter().map(|p| u128::from(*p)).sum();
        let off = phases == 0 && outcomes.latency > 0;
        ledger.note((!off).then_some(phases == outcomes.latency), || {
            format!("{}: phases {phases} ns, latencies {} ns", sim.path(id), outcomes.latency)
        });
    }
    let mut little = Finding::of(3);
    let mut utilisation = Finding::of(4);
    for (_, id) in instances(false) {
        let at_start = baseline.inside.get(id.index()).copied().unwrap_or_default();
        let at_end = inside[id.index()];
        littles_law(&mut little, sim, id, at_start, at_end);
        utilisation_law(&mut utilisation, sim, id, at_start, at_end);
    }
    findings.extend([clients, ledger, little, utilisation]);
    findings
}

fn conservation(sim: &Simulation, inside: &[Inside], baseline: &Baseline) -> Finding {
    let mut finding = Finding::of(0);
    for id in sim.components() {
        let books = sim.books(id);
        let before = baseline.inside.get(id.index()).map_or(0, |i| i.calls);
        let now = inside[id.index()].calls;
        let (came, went) = (before + books.calls, books.answers_total() + books.lost + now);
        finding.note(Some(came == went), || {
            format!(
                "{}: {before} inside and {} arrived, but {} answered, {} lost and {now} inside",
                sim.path(id),
                books.calls,
                books.answers_total(),
                books.lost
            )
        });
    }
    finding
}

/// The counts and latencies a client keeps against the runtime's, and its requests under way against both.
fn client_books(
    finding: &mut Finding,
    sim: &Simulation,
    part: &PartPlan,
    id: ComponentId,
    baseline: &Baseline,
) {
    let PartRole::Client { classes } = &part.role else { return };
    let path = || sim.path(id);
    let outcomes = sim.outcomes(id);
    let count = |name: String| sim.count(id, &name).unwrap_or(0);
    let sent: u64 = classes.iter().map(|c| count(format!("requests:{c}"))).sum();
    finding.note(Some(sent == outcomes.requests), || {
        format!("{}: it counted {sent} requests, the runtime {}", path(), outcomes.requests)
    });
    for status in Status::ALL {
        let theirs = outcomes.ended[status as usize];
        let own: u64 = classes.iter().map(|c| count(format!("ended:{c}:{}", status.name()))).sum();
        finding.note(Some(own == theirs), || {
            format!("{}: it counted {own} ended {}, the runtime {theirs}", path(), status.name())
        });
    }
    let sum = |kind: &str| -> u128 {
        let sums = classes.iter().filter_map(|c| sim.samples(id, &format!("{kind}:{c}")));
        sums.map(|h| h.sum()).sum()
    };
    let own = sum("latency") + sum("latency_failed");
    finding.note(Some(own == outcomes.latency), || {
        format!("{}: its latencies add up to {own} ns, the runtime's to {} ns", path(), outcomes.latency)
    });
    let now = sim.level(id, "in_flight").map(|level| level.value());
    let before = baseline.in_flight.get(id.index()).copied().unwrap_or(0.0);
    let ended: u64 = outcomes.ended.iter().sum();
    let expected = before + outcomes.requests as f64 - ended as f64;
    finding.note(now.map(|now| now == expected), || {
        format!(
            "{}: {} requests under way, but {expected} by what began and ended",
            path(),
            now.unwrap_or(f64::NAN)
        )
    });
}

/// The level and the calls agree to the nanosecond, unless the part passes calls on: these are in the books until
/// they are answered, and in the level only until they are passed on. A part that counts them (`passed_on`) and
/// has none is held to equality, any other to the one side that holds for all.
///
/// # Source
/// Stidham, "A last word on L = λW", Operations Research 22(2), 1974; over a finite time it is an identity once
/// the ages of those inside at both ends are counted: Little, "Little's law as viewed on its 50th anniversary",
/// Operations Research 59(3), 2011.
fn littles_law(finding: &mut Finding, sim: &Simulation, id: ComponentId, at_start: Inside, at_end: Inside) {
    let Some(level) = sim.level(id, "inside") else { return };
    // Its level knows nothing of what it passes on: the law would hold of whatever it says.
    if sim.passes_on(id) {
        return;
    }
    let books = sim.books(id);
    let area = level.integral(sim.now().as_nanos());
    let answered = books.response.sum() + u128::from(books.failed_time);
    let spent = (answered + at_end.age) as f64 - at_start.age as f64;
    // Every change of the level rounds the area once, and the sums are rounded once each.
    let changes = 2 * (books.calls + books.answers_total() + 2);
    let slack = f64::EPSILON * changes as f64 * area.abs().max(spent.abs()) + 1.0;
    let keeps_all = sim.count(id, "passed_on") == Some(0);
    let holds = area <= spent + slack && (!keeps_all || spent <= area + slack);
    // The time of lost calls is in no book.
    finding.note((books.lost == 0).then_some(holds), || {
        format!("{}: the level says {area} ns, the calls say {spent} ns", sim.path(id))
    });
}

/// Work of calls that were under way at the start lies partly before it, and by no more than their ages; work
/// under way at the end is not yet counted, and is no more than their ages; work that was stopped is counted
/// nowhere, and is no more than the time of calls with another answer. Hence two bounds, without statistics.
///
/// # Source
/// Denning and Buzen, "The operational analysis of queueing network models", ACM Computing Surveys 10(3), 1978
/// (utilisation law).
fn utilisation_law(
    finding: &mut Finding,
    sim: &Simulation,
    id: ComponentId,
    at_start: Inside,
    at_end: Inside,
) {
    let (Some(level), Some(work)) = (sim.level(id, "busy"), sim.count(id, "work")) else { return };
    let books = sim.books(id);
    let busy = level.integral(sim.now().as_nanos());
    let more = busy - work as f64;
    let changes = 2 * (books.calls + books.answers_total() + 2);
    // Work is rounded to whole nanoseconds once a call.
    let slack = f64::EPSILON * changes as f64 * busy + changes as f64;
    let too_little = more < -(at_start.age as f64) - slack;
    let too_much = more > at_end.age as f64 + books.failed_time as f64 + slack;
    // What lost calls were worked on is unknown.
    let holds = if too_little {
        Some(false)
    } else if books.lost > 0 {
        None
    } else {
        Some(!too_much)
    };
    finding.note(holds, || format!("{}: busy for {busy} ns, but {work} ns of work were done", sim.path(id)));
}

#[cfg(test)]
mod tests {
    use kneepoint_calls::{Answer, Attributes, Call, Callee, Component, Cx, Serve, timers};
    use kneepoint_engine::SimDuration;

    use super::*;

    timers! { enum Tick { Ask } }

    #[derive(Clone)]
    struct Asks(Callee);

    impl Component for Asks {
        type Timer = Tick;
        fn on_start(&mut self, cx: &mut Cx<Self>) {
            cx.later(SimDuration::from_secs(1), Tick::Ask);
        }
        fn on_timer(&mut self, _: Tick, cx: &mut Cx<Self>) {
            let attributes = Attributes { born: cx.now(), ..Attributes::default() };
            cx.call(self.0.request(attributes));
        }
        fn on_answer(&mut self, _: Answer, _: &mut Cx<Self>) {}
    }

    #[derive(Clone)]
    struct Keeps;

    impl Component for Keeps {
        type Timer = ();
        fn on_timer(&mut self, (): (), _: &mut Cx<Self>) {}
        fn on_answer(&mut self, _: Answer, _: &mut Cx<Self>) {}
    }

    impl Serve for Keeps {
        fn on_call(&mut self, _: Call, _: &mut Cx<Self>) {}
        fn on_cancel(&mut self, _: Call, _: &mut Cx<Self>) {}
    }

    #[test]
    fn a_call_that_appears_from_nowhere_breaks_conservation() {
        let mut sim = Simulation::new(1);
        let keeps = sim.serve("keeps", Keeps);
        sim.add("asks", Asks(keeps));
        sim.run_for(SimDuration::from_secs(2)).expect("one call is under no ceiling");
        let inside = sim.inside();
        let honest = conservation(&sim, &inside, &Baseline::default()).result();
        assert!(honest.holds() && honest.checked == 2, "{honest:?}");
        let one_before = Baseline { inside: vec![Inside { calls: 1, age: 0 }], in_flight: Vec::new() };
        let wrong = conservation(&sim, &inside, &one_before).result();
        assert_eq!(wrong.failures, ["keeps: 1 inside and 1 arrived, but 0 answered, 0 lost and 1 inside"]);
    }

    #[test]
    fn failures_beyond_the_fifth_are_counted() {
        let mut one = Finding::new("check", "rule");
        (0..4).for_each(|i| one.note(Some(false), || format!("failure {i}")));
        one.note(None, || unreachable!("what could not be checked has not failed"));
        let mut all = one.empty();
        (0..2).for_each(|replication| all.add(&one, replication));
        let result = all.result();
        assert_eq!((result.checked, result.skipped), (8, 2));
        assert_eq!(result.failures.len(), 6);
        assert_eq!(result.failures[4..], ["replication 1: failure 0", "and 3 more"]);
    }
}
