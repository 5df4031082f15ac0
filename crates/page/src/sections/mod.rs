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

/// Returns a name with the colour it has, if it has one.
pub(crate) fn name(at: &At<'_>, colours: &kneepoint_plot::Palette) -> Cell {
    let name = at.text();
    match colours.of(name) {
        Some(slot) => Cell::coloured(name, slot),
        None => Cell::words(name),
    }
}
