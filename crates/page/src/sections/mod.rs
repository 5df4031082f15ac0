//! What is said under which headline.

pub(crate) mod assumptions;
pub(crate) mod events;
pub(crate) mod identity;
pub(crate) mod numbers;
pub(crate) mod objectives;
pub(crate) mod requests;
pub(crate) mod studies;
pub(crate) mod time;
pub(crate) mod trust;

use kneepoint_experiment::result::Unit;

use crate::at::At;
use crate::document::Cell;

/// Returns the unit of a number.
pub(crate) fn unit(written: &str) -> Unit {
    kneepoint_plot::unit_of(written)
}

/// How a probability is marked that ends the command as a miss does: surely sooner missed than met.
pub(crate) const IMPROBABLE: &str = "improbable";

/// Returns how a verdict is marked.
pub(crate) fn mark<'r>(judged: &At<'r>) -> &'r str {
    let verdict = judged.get("verdict").text();
    let chance = judged.get("probability").get("high").number();
    match chance {
        Some(high) if verdict == "probability" && high < kneepoint_report::PROBABILITY_LEAST => IMPROBABLE,
        _ => verdict,
    }
}

/// Returns the cell of a verdict.
pub(crate) fn verdict(judged: &At<'_>) -> Cell {
    Cell { verdict: Some(mark(judged).to_string()), ..Cell::words(judged.get("verdict").text()) }
}

/// Returns what is called so, with its name, in the colour it has, if it has one.
pub(crate) fn name(at: &At<'_>, colours: &kneepoint_plot::Palette) -> Cell {
    let name = at.text();
    let called = colours.named(name);
    match colours.of(name) {
        Some(slot) => Cell::coloured(called, slot),
        None => Cell::words(called),
    }
}
