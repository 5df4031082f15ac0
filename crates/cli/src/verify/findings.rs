//! Findings for programs.

use serde_json::{Value, json};

use super::{Counted, Judged, Outcome, Tally, Verify};
use crate::output;

/// The version of the shape of the findings: raised when a key is renamed, removed or changes its meaning.
const SCHEMA_VERSION: u32 = 1;

/// Writes all findings as JSON: the cases in order, each with what came out of it and its quantities.
///
/// A quantity has what is `known`, the `value` that was measured with its `standard_error`, and whether it `agrees`;
/// or null and a `reason`.
pub(super) fn json(what: &Verify, findings: &[(&str, Outcome)], tally: Tally) -> String {
    let cases: Vec<Value> = findings.iter().map(|(id, outcome)| case(id, outcome)).collect();
    let all = json!({
        "schema_version": SCHEMA_VERSION,
        "program": "kneepoint",
        "program_version": env!("CARGO_PKG_VERSION"),
        "area": what.area,
        "quick": what.quick,
        "seed": what.seed,
        "passed": tally.passed,
        "failed": tally.failed,
        "not_expressible": tally.not_expressible,
        "not_measured": tally.not_measured,
        "cases": cases,
    });
    format!("{all:#}\n")
}

fn case(id: &str, outcome: &Outcome) -> Value {
    let (quantities, reason): (&[Judged], _) = match outcome {
        Outcome::Judged(quantities) => (quantities, None),
        Outcome::NotExpressible(why) | Outcome::Broken(why) => (&[], Some(why)),
    };
    let quantities: Vec<Value> = quantities
        .iter()
        .map(|one| match one.measured {
            Ok((measured, agrees)) => json!({
                "name": one.name,
                "known": one.known,
                "value": measured.value,
                "standard_error": measured.error,
                "agrees": agrees,
            }),
            Err(reason) => json!({
                "name": one.name,
                "known": one.known,
                "value": null,
                "standard_error": null,
                "agrees": null,
                "reason": reason,
            }),
        })
        .collect();
    json!({ "id": id, "outcome": outcome.counted().name(), "reason": reason, "quantities": quantities })
}

/// Writes all findings as CSV: one row per quantity; a case without any has one row, too.
pub(super) fn csv(findings: &[(&str, Outcome)]) -> String {
    let head = ["case", "outcome", "quantity", "known", "value", "standard_error", "agrees", "reason"];
    let rows = findings.iter().flat_map(|(id, outcome)| {
        let named = [id.to_string(), outcome.counted().name().to_string()];
        let row = |rest: [String; 6]| named.iter().cloned().chain(rest).collect::<Vec<String>>();
        match outcome {
            Outcome::Judged(quantities) => quantities
                .iter()
                .map(|one| {
                    let (value, error, agrees, reason) = match one.measured {
                        Ok((measured, agrees)) => (
                            number(measured.value),
                            number(measured.error),
                            if agrees { "yes" } else { "no" },
                            "",
                        ),
                        Err(reason) => (String::new(), String::new(), "", reason),
                    };
                    row([one.name.clone(), number(one.known), value, error, agrees.into(), reason.into()])
                })
                .collect(),
            Outcome::NotExpressible(why) | Outcome::Broken(why) => {
                let mut rest: [String; 6] = Default::default();
                rest[5] = why.clone();
                vec![row(rest)]
            }
        }
    });
    output::csv(&head, rows)
}

/// Where nothing was seen there is no number.
fn number(value: f64) -> String {
    if value.is_finite() { value.to_string() } else { String::new() }
}

impl Counted {
    fn name(self) -> &'static str {
        match self {
            Counted::Passed => "passed",
            Counted::Failed => "failed",
            Counted::NotExpressible => "not expressible",
        }
    }
}
