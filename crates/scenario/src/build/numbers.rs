//! Names of operations and classes as numbers.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Built, wrong};
use crate::scenario::Checked;

/// Operations and classes by name: a class asks for the operation of its name.
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    operations: BTreeMap<Arc<str>, u16>,
    classes: BTreeMap<Arc<str>, usize>,
}

impl Numbers {
    pub(crate) fn of(checked: &Checked) -> Numbers {
        let mut numbers = Numbers::default();
        numbers.operations.insert("default".into(), 0);
        for part in checked.parts() {
            for name in &part.operations {
                let next = numbers.operations.len();
                numbers.operations.entry(Arc::clone(name)).or_insert(next.min(u16::MAX as usize) as u16);
                if part.is_client {
                    let next = numbers.classes.len();
                    numbers.classes.entry(Arc::clone(name)).or_insert(next);
                }
            }
        }
        numbers
    }

    /// Numbers are small; more names than that are refused.
    pub(crate) fn check(&self, checked: &Checked) -> Built<()> {
        let place = checked.root().place_of("parts").part(0, 1);
        if self.classes.len() > 256 {
            return wrong(place, format!("{} classes; 256 at most", self.classes.len()));
        }
        if self.operations.len() > u16::MAX as usize {
            return wrong(place, format!("{} operations; 65535 at most", self.operations.len()));
        }
        Ok(())
    }

    pub(crate) fn operation(&self, name: &str) -> u16 {
        self.operations.get(name).copied().unwrap_or(0)
    }

    pub(crate) fn class(&self, name: &str) -> u8 {
        self.classes.get(name).copied().unwrap_or(0).min(255) as u8
    }
}
