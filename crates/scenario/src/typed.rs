//! Checked values: every field of every kind with its type, place and origin.
//!
//! A tree of these exists only after the check found no error, so the methods that read them cannot fail:
//! asking for a field the kind does not have, or as another type than the table of kinds gives it, is a bug of the
//! caller and panics with the kind and field.

use std::sync::Arc;

use crate::file::Place;
use crate::node::{NodeId, Origin};
use crate::registry::Kind;
use crate::spec::{DistributionSpec, ProfileSpec, Step};
use crate::value::{Condition, Metric, Path, Quantity};

/// A checked value.
#[derive(Debug, Clone)]
pub struct Value {
    /// The value itself.
    pub data: Data,
    /// Where it is written; for a default, where its kind is.
    pub place: Place,
    /// Who said it.
    pub origin: Origin,
    /// The formula it was computed from.
    pub formula: Option<Arc<str>>,
}

/// What a value is.
#[derive(Debug, Clone)]
#[expect(
    clippy::large_enum_variant,
    reason = "paths are matched in place all over; a file has some thousand values"
)]
pub enum Data {
    /// A text or a name.
    Text(Arc<str>),
    /// A value for later (of a setting, a parameter, a preset), as RON.
    Written(Arc<str>),
    /// `true` or `false`.
    Flag(bool),
    /// A whole number.
    Count(u64),
    /// A quantity or number.
    Quantity(Quantity),
    /// A path.
    Path(Path),
    /// A metric.
    Metric(Box<Metric>),
    /// A condition.
    Condition(Box<Condition>),
    /// A kind or record with its fields.
    Args(Box<Args>),
    /// A list.
    List(Vec<Value>),
    /// A map, in the order of the file.
    Map(Vec<Item>),
}

/// An entry of a map.
#[derive(Debug, Clone)]
pub struct Item {
    /// Its name.
    pub key: Arc<str>,
    /// Where the name is written.
    pub key_place: Place,
    /// Its value.
    pub value: Value,
}

/// A kind or record with its fields.
#[derive(Debug, Clone)]
pub struct Args {
    /// Which.
    pub kind: Arc<Kind>,
    /// Where its name is written; for a record, where it begins.
    pub head: Place,
    /// All of it.
    pub place: Place,
    /// The value it was read from.
    pub node: NodeId,
    /// The values of [`Kind::fields`]; `None` where nothing is given and no default says it.
    pub values: Vec<Option<Value>>,
    /// Which of them are written somewhere, rightly or not.
    pub(crate) given: Vec<bool>,
    /// The author's remark.
    pub note: Option<Arc<str>>,
    /// The preset it started from.
    pub preset: Option<Arc<str>>,
}

impl Value {
    /// Returns the fields, if it is a kind or record.
    #[must_use]
    pub fn as_args(&self) -> Option<&Args> {
        match &self.data {
            Data::Args(args) => Some(args),
            _ => None,
        }
    }

    /// Returns the number behind a count, number or quantity, in its base unit.
    #[must_use]
    pub fn number(&self) -> Option<f64> {
        match &self.data {
            Data::Count(count) => Some(*count as f64),
            Data::Quantity(quantity) => Some(quantity.value),
            _ => None,
        }
    }

    /// Moves a default to where its kind is.
    pub(crate) fn placed(mut self, place: Place) -> Value {
        self.place = place;
        match &mut self.data {
            Data::Args(args) => {
                (args.head, args.place) = (place, place);
                for value in args.values.iter_mut().flatten() {
                    *value = value.clone().placed(place);
                }
            }
            Data::List(list) => list.iter_mut().for_each(|value| *value = value.clone().placed(place)),
            _ => {}
        }
        self
    }
}

impl Args {
    /// Returns the name of the kind.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind.name
    }

    /// Returns the value of a field, if it has one.
    ///
    /// # Panics
    /// If the kind has no such field.
    #[must_use]
    pub fn get(&self, field: &str) -> Option<&Value> {
        let at =
            self.kind.field(field).unwrap_or_else(|| panic!("`{}` has no field `{field}`", self.kind.name));
        self.values[at].as_ref()
    }

    /// Returns where a field is written, or the kind where it is not.
    #[must_use]
    pub fn place_of(&self, field: &str) -> Place {
        self.get(field).map_or(self.head, |value| value.place)
    }

    /// Returns whether a field is written somewhere, rightly or not.
    #[must_use]
    pub fn is_given(&self, field: &str) -> bool {
        self.kind.field(field).is_some_and(|at| self.given[at])
    }

    fn read<'a, T>(&'a self, field: &str, what: &str, read: impl Fn(&'a Data) -> Option<T>) -> Option<T> {
        let value = self.get(field)?;
        match read(&value.data) {
            Some(read) => Some(read),
            None => panic!("`{}` of `{}` is {:?}, not {what}", field, self.kind.name, value.data),
        }
    }

    fn must<T>(&self, field: &str, value: Option<T>) -> T {
        value.unwrap_or_else(|| panic!("`{field}` of `{}` has neither value nor default", self.kind.name))
    }

    /// Returns a duration \[ns\] that is given or has a default.
    #[must_use]
    pub fn duration(&self, field: &str) -> u64 {
        self.must(field, self.duration_if(field))
    }

    /// Returns a duration \[ns\], if there is one.
    #[must_use]
    pub fn duration_if(&self, field: &str) -> Option<u64> {
        self.read(field, "a duration", |data| match data {
            Data::Quantity(quantity) => Some(quantity.nanoseconds()),
            _ => None,
        })
    }

    /// Returns a count that is given or has a default.
    #[must_use]
    pub fn count(&self, field: &str) -> u64 {
        self.must(field, self.count_if(field))
    }

    /// Returns a count, if there is one.
    #[must_use]
    pub fn count_if(&self, field: &str) -> Option<u64> {
        self.read(field, "a count", |data| match data {
            Data::Count(count) => Some(*count),
            _ => None,
        })
    }

    /// Returns a number or quantity in its base unit (bytes, per second, parts of 1) that is given or has a default.
    #[must_use]
    pub fn number(&self, field: &str) -> f64 {
        self.must(field, self.number_if(field))
    }

    /// Returns a number or quantity in its base unit, if there is one.
    #[must_use]
    pub fn number_if(&self, field: &str) -> Option<f64> {
        self.read(field, "a number", |data| match data {
            Data::Quantity(quantity) => Some(quantity.value),
            Data::Count(count) => Some(*count as f64),
            _ => None,
        })
    }

    /// Returns a flag that is given or has a default.
    #[must_use]
    pub fn flag(&self, field: &str) -> bool {
        let flag = self.read(field, "a flag", |data| match data {
            Data::Flag(flag) => Some(*flag),
            _ => None,
        });
        self.must(field, flag)
    }

    /// Returns a text or name, if there is one.
    #[must_use]
    pub fn text(&self, field: &str) -> Option<&str> {
        self.read(field, "a text", |data| match data {
            Data::Text(text) => Some(&**text),
            _ => None,
        })
    }

    /// Returns the kind or record of a field, if there is one.
    #[must_use]
    pub fn args(&self, field: &str) -> Option<&Args> {
        self.read(field, "a kind", |data| match data {
            Data::Args(args) => Some(&**args),
            _ => None,
        })
    }

    /// Returns the kind of a field where a kind stands, and nothing where a plain value does.
    #[must_use]
    pub fn args_if_kind(&self, field: &str) -> Option<&Args> {
        self.get(field).and_then(Value::as_args)
    }

    /// Returns the name of the kind of a field that is given or has a default: `RoundRobin`.
    #[must_use]
    pub fn word(&self, field: &str) -> &str {
        self.must(field, self.args(field)).kind()
    }

    /// Returns a list; empty if the field is not given.
    #[must_use]
    pub fn list(&self, field: &str) -> &[Value] {
        self.read(field, "a list", |data| match data {
            Data::List(list) => Some(list.as_slice()),
            _ => None,
        })
        .unwrap_or(&[])
    }

    /// Returns the kinds or records of a list; empty if the field is not given.
    pub fn args_list(&self, field: &str) -> impl Iterator<Item = &Args> {
        self.list(field).iter().filter_map(Value::as_args)
    }

    /// Returns the entries of a map in the order of the file; empty if the field is not given.
    #[must_use]
    pub fn map(&self, field: &str) -> &[Item] {
        self.read(field, "a map", |data| match data {
            Data::Map(items) => Some(items.as_slice()),
            _ => None,
        })
        .unwrap_or(&[])
    }

    /// Returns a path, if there is one.
    #[must_use]
    pub fn path(&self, field: &str) -> Option<&Path> {
        self.read(field, "a path", |data| match data {
            Data::Path(path) => Some(path),
            _ => None,
        })
    }

    /// Returns a metric, if there is one.
    #[must_use]
    pub fn metric(&self, field: &str) -> Option<&Metric> {
        self.read(field, "a metric", |data| match data {
            Data::Metric(metric) => Some(&**metric),
            _ => None,
        })
    }

    /// Returns a condition, if there is one.
    #[must_use]
    pub fn condition(&self, field: &str) -> Option<&Condition> {
        self.read(field, "a condition", |data| match data {
            Data::Condition(condition) => Some(&**condition),
            _ => None,
        })
    }

    /// Returns a drawn value that is given or has a default.
    ///
    /// # Units
    /// The base unit of the field's dimension: durations \[ns\].
    #[must_use]
    pub fn distribution(&self, field: &str) -> DistributionSpec {
        self.must(field, self.distribution_if(field))
    }

    /// Returns a drawn value, if there is one.
    #[must_use]
    pub fn distribution_if(&self, field: &str) -> Option<DistributionSpec> {
        self.get(field).map(|value| {
            DistributionSpec::of(value)
                .unwrap_or_else(|_| panic!("`{field}` of `{}` was checked", self.kind.name))
        })
    }

    /// Returns a value that follows time, if there is one.
    ///
    /// # Units
    /// The base unit of the field's dimension: rates \[1/s\]; times within it \[ns\].
    #[must_use]
    pub fn profile_if(&self, field: &str) -> Option<ProfileSpec> {
        self.get(field).map(|value| {
            ProfileSpec::of(value).unwrap_or_else(|_| panic!("`{field}` of `{}` was checked", self.kind.name))
        })
    }

    /// Returns a value that follows time and is given or has a default.
    #[must_use]
    pub fn profile(&self, field: &str) -> ProfileSpec {
        self.must(field, self.profile_if(field))
    }

    /// Returns steps, in sequence; empty if the field is not given.
    #[must_use]
    pub fn steps(&self, field: &str) -> Vec<Step<'_>> {
        self.get(field).map_or_else(Vec::new, Step::list)
    }

    /// Returns the steps of each operation, `default` (the field `does`) first if it is there.
    #[must_use]
    pub fn operations(&self) -> Vec<(&str, Vec<Step<'_>>)> {
        let mut list = Vec::new();
        if let Some(value) = self.get("does") {
            list.push(("default", Step::list(value)));
        }
        for item in self.map("operations") {
            list.push((&*item.key, Step::list(&item.value)));
        }
        list
    }
}
