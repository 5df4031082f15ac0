//! The kinds of requests a client makes.

use std::sync::Arc;

use kneepoint_engine::SimDuration;
use kneepoint_random::Distribution;

use super::invalid::Invalid;

/// One kind of request.
#[derive(Clone, Debug, PartialEq)]
pub struct Class {
    /// As the model calls it: the series of the client carry it.
    pub name: String,
    /// As the model numbers its classes.
    pub id: u8,
    /// The operation it asks for, as the model numbers operations.
    pub operation: u16,
    /// The part of the requests that are of it.
    pub share: f64,
    /// Urgency: 0 is most urgent.
    pub priority: u8,
    /// What is sent \[bytes\].
    pub size: Option<Distribution>,
    /// What is to be answered \[bytes\].
    pub reply: Option<Distribution>,
    /// How long the client stays interested: it then gives up.
    pub deadline: Option<SimDuration>,
}

impl Class {
    /// Returns a class of this name with neutral properties and the share 1.
    pub fn named(name: &str) -> Class {
        Class {
            name: name.to_string(),
            id: 0,
            operation: 0,
            share: 1.0,
            priority: 0,
            size: None,
            reply: None,
            deadline: None,
        }
    }
}

/// The classes of a client: their shares add up to 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Classes {
    pub(crate) of: Arc<[Class]>,
}

impl Classes {
    /// Returns these classes.
    ///
    /// # Errors
    /// If there is none, more than 256, two of one number, or if the shares are negative or do not add up to 1.
    pub fn new(of: Vec<Class>) -> Result<Classes, Invalid> {
        Invalid::unless((1..=256).contains(&of.len()), "classes", of.len(), "1 to 256 classes")?;
        for (i, class) in of.iter().enumerate() {
            Invalid::unless(class.share >= 0.0, "share", class.share, "from 0 to 100 %")?;
            let twice = of[..i].iter().any(|other| other.id == class.id);
            Invalid::unless(!twice, "classes", &class.name, "a class with a number of its own")?;
        }
        let sum: f64 = of.iter().map(|class| class.share).sum();
        Invalid::unless((sum - 1.0).abs() < 1e-9, "share", sum, "100 % in all")?;
        Ok(Classes { of: of.into() })
    }

    /// Returns the one class of a client that names none.
    pub fn default_class() -> Classes {
        Classes { of: vec![Class::named("default")].into() }
    }

    /// The class for a number from [0, 1).
    pub(crate) fn pick(&self, mut u: f64) -> usize {
        for (i, class) in self.of.iter().enumerate() {
            u -= class.share;
            if u < 0.0 {
                return i;
            }
        }
        // Rounding of the shares: the last one that occurs at all.
        self.of.iter().rposition(|class| class.share > 0.0).unwrap_or(0)
    }
}

impl From<Class> for Classes {
    /// The only class has all the share.
    fn from(class: Class) -> Classes {
        Classes { of: vec![Class { share: 1.0, ..class }].into() }
    }
}
