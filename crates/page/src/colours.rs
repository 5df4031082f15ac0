//! Which name has which colour: the same on the whole page, and the same as in its figures.

use std::collections::BTreeMap;

use kneepoint_plot::slots;

use crate::at::At;

/// The colours of clients and parts.
pub(crate) struct Colours {
    slots: BTreeMap<String, usize>,
}

impl Colours {
    /// Gives out the colours of a run.
    pub fn new(run: &At<'_>) -> Colours {
        let mut all = BTreeMap::new();
        for list in ["clients", "parts"] {
            let names: Vec<String> =
                run.get(list).list().iter().map(|at| at.get("name").text().to_string()).collect();
            for (name, slot) in names.iter().zip(slots(&names)) {
                all.insert(name.clone(), slot);
            }
        }
        Colours { slots: all }
    }

    /// Returns the colour of a client or part, or of an instance of one, or of a class of its requests.
    pub fn of(&self, name: &str) -> Option<usize> {
        let whole = self.slots.get(name);
        whole.or_else(|| self.slots.get(name.split(['/', ':']).next()?)).copied()
    }
}
