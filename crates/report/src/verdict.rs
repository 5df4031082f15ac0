//! The verdict in one sentence.

use kneepoint_experiment::result::{ObjectiveResult, RunResult, Verdict};
use kneepoint_statistics::Estimated;

/// Returns what came of the run in one sentence: `Missed: 1 of 3 objectives does not hold (fast).`
pub fn sentence(result: &RunResult) -> String {
    let all = result.objectives.len();
    let of = |verdict: Verdict| -> Vec<&ObjectiveResult> {
        result.objectives.iter().filter(|objective| objective.verdict == verdict).collect()
    };
    let some = |what: &str, verdict: Verdict, one: &str, many: &str| {
        let those = of(verdict);
        let verb = if those.len() == 1 { one } else { many };
        let names: Vec<&str> = those.iter().map(|objective| objective.name.as_str()).collect();
        format!("{what}: {} of {} {verb} ({}).", those.len(), objectives(all), names.join(", "))
    };
    match result.verdict {
        Verdict::Met if all == 1 => format!("Met: the one objective holds ({}).", result.objectives[0].name),
        Verdict::Met => format!("Met: all {} hold.", objectives(all)),
        Verdict::Missed => some("Missed", Verdict::Missed, "does not hold", "do not hold"),
        Verdict::Unclear => some(
            "Unclear",
            Verdict::Unclear,
            "cannot be told from its bound; more or longer replications would tell",
            "cannot be told from their bounds; more or longer replications would tell",
        ),
        Verdict::NotEnough => {
            some("Not enough data", Verdict::NotEnough, "rests on too little", "rest on too little")
        }
        Verdict::Probability => match &result.probability {
            Some(Estimated::Known(chance)) => {
                let [value, low, high] = [chance.value, chance.low, chance.high].map(|v| v * 100.0);
                format!(
                    "Meets {} ({}) with probability {value:.0} % ({low:.0} to {high:.0}, {}).",
                    if all == 1 {
                        "the one objective".to_string()
                    } else {
                        format!("all {}", objectives(all))
                    },
                    result.objectives.iter().map(|o| o.name.as_str()).collect::<Vec<_>>().join(", "),
                    crate::capacity::confidence(chance.confidence)
                )
            }
            Some(Estimated::NotEnough { reason, .. }) => format!("Not enough data: {reason}."),
            None => "A probability, of which nothing is known.".to_string(),
        },
        Verdict::NothingToJudge => "Nothing to judge: no objective is stated.".to_string(),
        Verdict::Void => {
            let failed: Vec<&str> =
                result.checks.iter().filter(|check| !check.holds()).map(|check| check.name).collect();
            format!("Void: the run failed its own checks ({}), so nothing it says counts.", failed.join(", "))
        }
    }
}

/// Below which a probability to meet the objectives is a miss, if the whole of its interval is.
///
/// # Source
/// Chosen: nobody states how probable is enough; a plan that is sooner missed than met is no plan.
pub const PROBABILITY_LEAST: f64 = 0.5;

/// Returns whether objectives are missed: surely, or sooner than not as far as the interval of the probability tells.
pub fn is_missed(verdict: Verdict, probability: Option<&Estimated>) -> bool {
    let high = probability.and_then(|chance| chance.known()).map(|chance| chance.high);
    match verdict {
        Verdict::Missed => true,
        Verdict::Probability => high.is_some_and(|high| high < PROBABILITY_LEAST),
        _ => false,
    }
}

fn objectives(n: usize) -> String {
    if n == 1 { "1 objective".to_string() } else { format!("{n} objectives") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    fn chance(value: f64, low: f64, high: f64) -> Estimated {
        let estimate = kneepoint_statistics::Estimate {
            value,
            low,
            high,
            confidence: 0.95,
            n: 20,
            effective_samples: None,
        };
        estimate.into()
    }

    #[test]
    fn what_is_surely_sooner_missed_than_met_is_a_miss() {
        assert!(is_missed(Verdict::Missed, None) && !is_missed(Verdict::Met, None));
        assert!(is_missed(Verdict::Probability, Some(&chance(0.3, 0.2, 0.4))));
        assert!(!is_missed(Verdict::Probability, Some(&chance(0.4, 0.2, 0.6))));
        assert!(!is_missed(Verdict::Probability, None));
    }

    #[test]
    fn each_verdict_has_its_sentence() {
        let mut result = sample::run();
        assert_eq!(sentence(&result), "Missed: 1 of 2 objectives does not hold (fast).");
        result.verdict = Verdict::Probability;
        result.probability = Some(chance(0.3, 0.2, 0.4));
        let said = sentence(&result);
        assert_eq!(said, "Meets all 2 objectives (fast, right) with probability 30 % (20 to 40, 95 %).");
        result.verdict = Verdict::Unclear;
        result.objectives[0].verdict = Verdict::Unclear;
        assert!(sentence(&result).starts_with("Unclear: 1 of 2 objectives cannot be told from its bound"));
        result.verdict = Verdict::Met;
        assert_eq!(sentence(&result), "Met: all 2 objectives hold.");
        result.objectives.truncate(1);
        assert_eq!(sentence(&result), "Met: the one objective holds (fast).");
        result.verdict = Verdict::NothingToJudge;
        assert!(sentence(&result).starts_with("Nothing to judge"));
        result.verdict = Verdict::Void;
        result.checks[0].failures.push("web: 3 calls are missing".to_string());
        assert_eq!(
            sentence(&result),
            "Void: the run failed its own checks (conservation), so nothing it says counts."
        );
    }
}
