//! From a model to the text of a scenario: how long, how often, what is looked at when.

use super::case::{Case, SimHint};
use super::model::Model;

/// Replications of a steady state; each measures a tenth of the requests that a case asks for.
///
/// # Source
/// The rule of the cases: ten seeds of a tenth of the requests each are as good as one run, and give an error.
/// Chosen: a full run makes four times as many. With ten, one in 67 right numbers lies three of its standard errors
/// away (Student's t, 9 degrees of freedom), and there are 400; with forty it is one in 210, at half the error.
const REPLICATIONS: u64 = 10;
const REPLICATIONS_FULL: u64 = 4 * REPLICATIONS;

/// Requests of a quick run of a case, all replications together.
///
/// # Source
/// Chosen: about a second of work for an optimised program; what is left of a case's precision is judged by its
/// own standard errors.
const QUICK_REQUESTS: f64 = 600_000.0;

/// Instants at which a steady state is looked at, at most, in one replication.
///
/// # Source
/// Chosen: far closer together than what they see changes, so that more of them would say nothing new.
const LOOKS_MAX: f64 = 200_000.0;

/// Returns the seed of a case: another one for each, so that bad luck of one case is not the bad luck of all.
///
/// # Source
/// FNV-1a, 32 bits: Eastlake, Hansen, Fowler, Vo, Noll, "The FNV Non-Cryptographic Hash Algorithm", RFC 9923.
fn case_seed(id: &str) -> u32 {
    id.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// How much is simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effort {
    /// As much as the cases ask for.
    Full,
    /// As much as fits into a test.
    Quick,
}

/// A scenario, and when it is looked at.
#[derive(Clone, Debug)]
pub(super) struct Script {
    /// The scenario.
    pub text: String,
    /// When levels are looked at \[s\].
    pub looks: Looks,
}

/// When levels are looked at.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Looks {
    /// So many times, evenly, while measuring.
    Evenly(u64),
    /// At instants from the start \[s\].
    At(Vec<f64>),
}

impl Script {
    /// Writes the scenario of a case; `seed` is added to that of the case.
    ///
    /// # Errors
    /// If the case does not say how much has to be simulated.
    pub fn of(case: &Case, model: &Model, effort: Effort, seed: u64) -> Result<Script, String> {
        let (run, looks) = if model.instants.is_empty() {
            steady(case.hint(), model, effort)?
        } else {
            ensemble(case.hint(), model, effort)?
        };
        let faults = match model.faults.as_slice() {
            [] => String::new(),
            faults => format!("    faults: {{\n        {},\n    }},\n", faults.join(",\n        ")),
        };
        // Ids are letters, digits and signs that need no escape.
        let text = format!(
            "(\n    format: 1,\n    title: \"{}\",\n    run: ({run}, seed: {}),\n    parts: {{\n        {},\n    }},\n{faults})\n",
            case.id,
            u64::from(case_seed(&case.id)).wrapping_add(seed),
            model.parts.join(",\n        ")
        );
        Ok(Script { text, looks })
    }
}

fn steady(hint: SimHint, model: &Model, effort: Effort) -> Result<(String, Looks), String> {
    let asked = match (hint.jobs(), hint.min_time) {
        (Some(jobs), _) => jobs * model.longer / model.rate,
        (None, Some(time)) => time,
        (None, None) => return Err("the case does not say how much has to be simulated".to_string()),
    };
    let all = match effort {
        Effort::Full => asked,
        Effort::Quick => asked.min(QUICK_REQUESTS / model.rate),
    };
    let measured = all / REPLICATIONS as f64;
    let looks = (2.0 * measured / model.grain).clamp(1.0, LOOKS_MAX) as u64;
    // A nanosecond is the finest a scenario can say.
    let (warm_up, end) = (model.settle, model.settle + measured);
    let replications = match effort {
        Effort::Full => REPLICATIONS_FULL,
        Effort::Quick => REPLICATIONS,
    };
    let run = format!("duration: \"{end:.9}s\", warm_up: \"{warm_up:.9}s\", replications: {replications}");
    Ok((run, Looks::Evenly(looks)))
}

fn ensemble(hint: SimHint, model: &Model, effort: Effort) -> Result<(String, Looks), String> {
    let Some(asked) = hint.min_replications else {
        return Err("the case does not say how many replications are needed".to_string());
    };
    let last = model.instants.iter().copied().fold(0.0, f64::max);
    let (warm_up, end) = model.window.unwrap_or((0.0, last));
    let replications = match effort {
        Effort::Full => asked,
        Effort::Quick => asked.min((QUICK_REQUESTS / (model.rate * end)) as u64).max(REPLICATIONS),
    };
    let run = format!("duration: \"{end}s\", warm_up: \"{warm_up}s\", replications: {replications}");
    Ok((run, Looks::At(model.instants.clone())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::case::cases;
    use kneepoint_scenario::{Overrides, Registry, Scenario};

    #[test]
    fn every_case_is_written_as_a_scenario_without_faults() {
        for case in cases("queueing").unwrap() {
            for effort in [Effort::Full, Effort::Quick] {
                let model = Model::of(&case).unwrap();
                let script = Script::of(&case, &model, effort, 0).unwrap();
                let scenario = Scenario::from_text(&case.id, &script.text, None);
                let checked = scenario.and_then(|s| s.check(&Registry::core(), &Overrides::default()));
                let plan = checked.and_then(|checked| kneepoint_scenario::plan(&checked));
                if let Err(faults) = plan {
                    panic!("{}\n{}\n{faults}", case.id, script.text);
                }
            }
        }
    }

    #[test]
    fn the_seed_of_a_case_is_the_published_hash_of_its_id() {
        assert_eq!(
            (case_seed(""), case_seed("a"), case_seed("foobar")),
            (0x811c_9dc5, 0xe40c_292c, 0xbf9c_f968)
        );
    }

    #[test]
    fn a_quick_run_is_never_longer_than_a_full_one() {
        let cases = cases("queueing").unwrap();
        for case in &cases {
            let model = Model::of(case).unwrap();
            let length = |effort| {
                let text = Script::of(case, &model, effort, 0).unwrap().text;
                let duration = text.split("duration: \"").nth(1).unwrap().split('s').next().unwrap();
                duration.parse::<f64>().unwrap()
            };
            assert!(length(Effort::Quick) <= length(Effort::Full), "{}", case.id);
        }
    }
}
