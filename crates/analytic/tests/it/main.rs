//! Closed forms against values that were computed or published elsewhere.

mod answers;
mod expected;
mod extremes;

use expected::{CASES, SIMULATED};

/// How exactly the expected values of a case are known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Accuracy {
    /// A closed form, printed to ten digits: half a unit of the last digit, and as much for rounded inputs.
    Printed,
    /// Solved numerically elsewhere, by integration to 10^-9 at worst: ten times that for what adds up.
    Solved,
}

impl Accuracy {
    fn relative(self) -> f64 {
        match self {
            Self::Printed => 1e-9,
            Self::Solved => 1e-8,
        }
    }
}

#[test]
fn every_expected_value_is_reproduced() {
    let mut wrong = Vec::new();
    for (id, accuracy, rows) in CASES {
        let answers = answers::answer(id).unwrap_or_else(|error| panic!("{id}: {error}"));
        for (quantity, expected) in *rows {
            let Some((_, found)) = answers.iter().find(|(name, _)| name == quantity) else {
                wrong.push(format!("{id} {quantity}: not answered"));
                continue;
            };
            let off = if *expected == 0.0 { found.abs() } else { (found / expected - 1.0).abs() };
            if off.is_nan() || off > accuracy.relative() {
                wrong.push(format!("{id} {quantity}: {found} instead of {expected} (off by {off:.1e})"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn all_cases_of_the_set_are_here_once() {
    let mut ids: Vec<&str> = CASES.iter().map(|case| case.0).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((ids.len(), CASES.len()), (79, 79));
}

#[test]
fn the_approximation_of_fork_join_is_as_near_to_simulations_as_its_authors_say() {
    for (id, simulated) in SIMULATED {
        let answers = answers::answer(id).unwrap();
        let value = |wanted: &str| answers.iter().find(|(name, _)| name == wanted).unwrap().1;
        // Nelson & Tantawi (1988): within 5 % up to 32 branches.
        let off = value("nelson_tantawi_approximation") / simulated - 1.0;
        assert!(off.abs() < 0.05, "{id}: {off}");
        let within = value("mean_sojourn_lower_bound")..value("mean_sojourn_upper_bound");
        assert!(within.contains(simulated), "{id}");
    }
}
