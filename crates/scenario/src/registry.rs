//! Which kinds there are: read from `kinds.txt`, added to by other crates.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, LazyLock};

use crate::kind_line::{self, Line};
use crate::value::Dimension;

/// Our own kinds, in the syntax its head describes.
const CORE: &str = include_str!("kinds.txt");

/// Whether a kind or field can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// It works.
    Built,
    /// Its name and fields are settled, it does nothing yet: a scenario that uses it is refused.
    Known,
}

/// What may stand at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Type {
    /// Any text.
    Text,
    /// `true` or `false`.
    Flag,
    /// A whole number.
    Count,
    /// A quantity or bare number of this dimension.
    Of(Dimension),
    /// Money per anything.
    Price,
    /// Of the dimension its place has.
    Any,
    /// A metric.
    Metric,
    /// A condition.
    Condition,
    /// A name; of this section, if one is given.
    Name(Option<Arc<str>>),
    /// A path.
    Path(Role),
    /// A constant or a distribution.
    Drawn(Box<Type>),
    /// A constant or a profile.
    Timed(Box<Type>),
    /// A kind of a family.
    Family(Arc<str>),
    /// A record.
    Record(Arc<str>),
    /// A list; one element needs no brackets.
    List(Box<Type>),
    /// A map.
    Map(Key, Box<Type>),
    /// One of several.
    Either(Vec<Type>),
    /// The value of a setting.
    Value,
    /// The value of a parameter.
    Param,
    /// A preset.
    Preset,
}

/// What a path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A part that is called, with or without operation.
    Call,
    /// A part.
    Part,
    /// A region or zone.
    Region,
    /// What faults and actions act on.
    Harm,
    /// Any place.
    Place,
}

/// What the keys of a map are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// Names the user gives.
    Name,
    /// Edges: `web -> db`.
    Edge,
    /// Settings: `web.instances`.
    Setting,
    /// Times: `5min`.
    Time,
    /// Percentiles: `p99`.
    Quantile,
    /// Pairs of places: `eu <-> us`.
    Pair,
    /// Places: `eu/a`.
    Place,
}

/// One end of the range of a field.
#[derive(Debug, Clone, PartialEq)]
pub enum Bound {
    /// A number in the base unit of the field's dimension.
    Value(f64),
    /// A field of `run.limits`.
    Limit(Arc<str>),
}

/// The range of a field.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Range {
    /// The least value, and whether it is allowed itself.
    pub low: Option<(Bound, bool)>,
    /// The largest value, and whether it is allowed itself.
    pub high: Option<(Bound, bool)>,
}

/// What a field is when it is not given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldDefault {
    /// This value, as a file would have it.
    Value(Arc<str>),
    /// No value says it: these words do.
    Words(Arc<str>),
}

/// A field of a kind or record.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Its name.
    pub name: Arc<str>,
    /// Its type.
    pub ty: Type,
    /// The type as it is written.
    pub written: Arc<str>,
    /// Whether it must be given.
    pub required: bool,
    /// What its values may be.
    pub range: Range,
    /// What it is when it is not given.
    pub default: Option<FieldDefault>,
    /// Where the default comes from.
    pub source: Option<Arc<str>>,
    /// Whether it can be used.
    pub status: Status,
}

/// A kind, or a record (family `record`).
#[derive(Clone)]
pub struct Kind {
    /// What it is one of.
    pub family: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// The field a bare value gives.
    pub main: Option<Arc<str>>,
    /// Its fields: its own, then those of its family.
    pub fields: Vec<Field>,
    /// What it is, in a sentence.
    pub doc: Option<Arc<str>>,
    /// Whether it can be used.
    pub status: Status,
    factory: Option<Arc<dyn Any + Send + Sync>>,
}

impl Kind {
    pub(crate) fn new(
        family: &str,
        name: &str,
        main: Option<Arc<str>>,
        fields: Vec<Field>,
        status: Status,
    ) -> Kind {
        Kind { family: family.into(), name: name.into(), main, fields, doc: None, status, factory: None }
    }

    /// Returns the number of a field.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| &*field.name == name)
    }

    /// Returns what was registered with the kind to make it, if it is of this type.
    #[must_use]
    pub fn factory<T: Any + Send + Sync>(&self) -> Option<&T> {
        self.factory.as_deref()?.downcast_ref()
    }
}

impl fmt::Debug for Kind {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{} {}", self.family, self.name)
    }
}

/// What a family is called in messages.
#[derive(Debug, Clone, Default)]
struct Family {
    noun: Option<Arc<str>>,
    unknown: Option<Arc<str>>,
    common: Vec<Field>,
    kinds: Vec<Arc<Kind>>,
    by_name: BTreeMap<Arc<str>, usize>,
}

/// All kinds, by family.
///
/// # Example
/// ```
/// use kneepoint_scenario::Registry;
/// let mut registry = Registry::core();
/// registry.add("part", "acme_GpuPool", "cards", "cards: count! >= 1; step: duration~!")?;
/// assert!(registry.kind("part", "acme_GpuPool").is_some());
/// # Ok::<(), kneepoint_scenario::RegistryError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Registry {
    families: BTreeMap<Arc<str>, Family>,
    order: Vec<Arc<str>>,
    /// The series of a part kind.
    series: BTreeMap<Arc<str>, Vec<Arc<str>>>,
    /// Series that are known but not built yet.
    unbuilt_series: Vec<Arc<str>>,
}

/// A kind cannot be registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryError {
    message: String,
}

impl RegistryError {
    pub(crate) fn new(message: impl Into<String>) -> RegistryError {
        RegistryError { message: message.into() }
    }
}

impl fmt::Display for RegistryError {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&self.message)
    }
}

impl std::error::Error for RegistryError {}

/// Our own kinds.
static OURS: LazyLock<Registry> =
    LazyLock::new(|| Registry::from_table(CORE).expect("a test reads the table of our own kinds"));

impl Registry {
    /// Returns the registry with our own kinds.
    ///
    /// # Panics
    /// If our own table is malformed, which a test rules out.
    #[must_use]
    pub fn core() -> Registry {
        OURS.clone()
    }

    /// Returns the series of our own that a middle part keeps, beside those of everything that is called.
    pub(crate) fn middle_series(kind: &str) -> Vec<String> {
        // A client that comes back when it is told keeps what a Retry keeps.
        let kind = if kind == "RetryAfter" { "Retry" } else { kind };
        OURS.series_of(kind).iter().map(|name| name.to_string()).collect()
    }

    fn from_table(text: &str) -> Result<Registry, RegistryError> {
        let mut registry = Registry {
            families: BTreeMap::new(),
            order: Vec::new(),
            series: BTreeMap::new(),
            unbuilt_series: Vec::new(),
        };
        let lines = kind_line::read_table(text)?;
        // What every kind of a family has must be known before the first of its kinds.
        for line in &lines {
            if let Line::Common { family, fields, status } = line {
                let mut fields = fields.clone();
                if *status == Status::Known {
                    fields.iter_mut().for_each(|field| field.status = Status::Known);
                }
                registry.family_mut(family).common = fields;
            }
        }
        for line in lines {
            match line {
                Line::Common { .. } => {}
                Line::Kind(kind) => registry.insert(kind)?,
                Line::Family { family, noun, unknown } => {
                    let family = registry.family_mut(&family);
                    (family.noun, family.unknown) = (Some(noun), Some(unknown));
                }
                Line::UnbuiltSeries(name) => registry.unbuilt_series.push(name),
                Line::Has { kind, series } => drop(registry.series.insert(kind, series)),
            }
        }
        registry.check_references()?;
        Ok(registry)
    }

    fn family_mut(&mut self, family: &str) -> &mut Family {
        if !self.families.contains_key(family) {
            self.order.push(family.into());
        }
        self.families.entry(family.into()).or_default()
    }

    fn insert(&mut self, mut kind: Kind) -> Result<(), RegistryError> {
        let family = self.family_mut(&kind.family);
        if family.by_name.contains_key(&kind.name) {
            return Err(RegistryError::new(format!("{} `{}` is registered twice", kind.family, kind.name)));
        }
        for field in &family.common {
            if kind.field(&field.name).is_none() {
                kind.fields.push(field.clone());
            }
        }
        family.by_name.insert(kind.name.clone(), family.kinds.len());
        family.kinds.push(Arc::new(kind));
        Ok(())
    }

    /// Refuses types that name a family or record nobody defined: a slip of the pen in the table.
    fn check_references(&self) -> Result<(), RegistryError> {
        fn visit(registry: &Registry, ty: &Type, owner: &Kind) -> Result<(), RegistryError> {
            let wrong = |what: &str| Err(RegistryError::new(format!("`{}` speaks of {what}", owner.name)));
            match ty {
                Type::Family(family) if !registry.families.contains_key(family) => {
                    wrong(&format!("<{family}>"))
                }
                Type::Record(record) if registry.kind("record", record).is_none() => {
                    wrong(&format!("({record})"))
                }
                Type::Drawn(inner) | Type::Timed(inner) | Type::List(inner) | Type::Map(_, inner) => {
                    visit(registry, inner, owner)
                }
                Type::Either(types) => types.iter().try_for_each(|ty| visit(registry, ty, owner)),
                _ => Ok(()),
            }
        }
        let fields = |kind: &Arc<Kind>| kind.fields.iter().try_for_each(|field| visit(self, &field.ty, kind));
        self.families.values().flat_map(|family| &family.kinds).try_for_each(fields)
    }

    /// Adds a kind of another crate, whose prefix its name carries.
    ///
    /// `fields` has the syntax of our own table (`kinds.txt` says it at its head).
    ///
    /// # Errors
    /// If the name has no prefix or is taken, or the fields cannot be read.
    pub fn add(&mut self, family: &str, name: &str, main: &str, fields: &str) -> Result<(), RegistryError> {
        self.add_kind(family, name, main, fields, None, None)
    }

    /// Adds a kind with a sentence on what it is and whatever makes it, which [`Kind::factory`] returns.
    ///
    /// # Errors
    /// As [`Registry::add`].
    pub fn add_with<T: Any + Send + Sync>(
        &mut self,
        family: &str,
        name: &str,
        main: &str,
        fields: &str,
        doc: &str,
        factory: T,
    ) -> Result<(), RegistryError> {
        self.add_kind(family, name, main, fields, Some(doc.into()), Some(Arc::new(factory)))
    }

    fn add_kind(
        &mut self,
        family: &str,
        name: &str,
        main: &str,
        fields: &str,
        doc: Option<Arc<str>>,
        factory: Option<Arc<dyn Any + Send + Sync>>,
    ) -> Result<(), RegistryError> {
        if !self.families.contains_key(family) {
            return Err(RegistryError::new(format!("there is no family `{family}`")));
        }
        if crate_prefix(name).is_none() {
            let message = format!("`{name}` has no prefix: kinds of other crates are called `crate_Kind`");
            return Err(RegistryError::new(message));
        }
        let mut kind = kind_line::kind(family, name, main, fields, Status::Built)?;
        (kind.doc, kind.factory) = (doc, factory);
        self.insert(kind)?;
        self.check_references()
    }

    /// Says which series a part kind of another crate has.
    pub fn add_series(&mut self, kind: &str, series: &[&str]) {
        self.series.entry(kind.into()).or_default().extend(series.iter().map(|name| Arc::from(*name)));
    }

    /// Returns a kind, or a record with the family `record`.
    #[must_use]
    pub fn kind(&self, family: &str, name: &str) -> Option<&Arc<Kind>> {
        let family = self.families.get(family)?;
        Some(&family.kinds[*family.by_name.get(name)?])
    }

    /// Returns the families in the order of the table.
    pub fn families(&self) -> impl Iterator<Item = &str> {
        self.order.iter().map(|family| &**family)
    }

    /// Returns the kinds of a family in the order of the table.
    #[must_use]
    pub fn kinds(&self, family: &str) -> &[Arc<Kind>] {
        self.families.get(family).map_or(&[], |family| &family.kinds)
    }

    /// Returns the families that have a kind of this name.
    pub fn families_with<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a str> {
        self.order.iter().filter(move |family| self.kind(family, kind).is_some()).map(|family| &**family)
    }

    /// Returns what one of a family is called: `middle part` for `via`.
    #[must_use]
    pub fn noun(&self, family: &str) -> String {
        let noun = self.families.get(family).and_then(|family| family.noun.as_deref());
        noun.map_or_else(|| family.replace('_', " "), str::to_string)
    }

    /// Returns what an unknown one of a family is called: `part kind` for `part`.
    #[must_use]
    pub fn unknown_noun(&self, family: &str) -> String {
        let noun = self.families.get(family).and_then(|family| family.unknown.as_deref());
        noun.map_or_else(|| self.noun(family), str::to_string)
    }

    /// Returns the series a kind of part or middle part has.
    #[must_use]
    pub fn series_of(&self, kind: &str) -> &[Arc<str>] {
        self.series.get(kind).map_or(&[], Vec::as_slice)
    }

    /// Returns whether a series is known but not built yet.
    #[must_use]
    pub fn is_unbuilt_series(&self, series: &str) -> bool {
        self.unbuilt_series.iter().any(|known| &**known == series)
    }
}

impl Default for Registry {
    fn default() -> Registry {
        Registry::core()
    }
}

/// Returns the crate a kind's name speaks of: `acme` of `acme_GpuPool`.
pub(crate) fn crate_prefix(kind: &str) -> Option<&str> {
    let (prefix, name) = kind.split_once('_')?;
    let crate_like = prefix.starts_with(|c: char| c.is_ascii_lowercase());
    (crate_like && name.starts_with(|c: char| c.is_ascii_uppercase())).then_some(prefix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_table_is_well_formed() {
        let registry = Registry::from_table(CORE).unwrap();
        assert!(registry.kinds("part").len() >= 18);
        let service = registry.kind("part", "Service").unwrap();
        assert_eq!((service.status, service.main.as_deref()), (Status::Built, Some("does")));
        assert!(service.field("label").is_some(), "every part takes a label");
        let instances = &service.fields[service.field("instances").unwrap()];
        assert_eq!(instances.range.low, Some((Bound::Value(1.0), true)));
        assert_eq!(instances.range.high, Some((Bound::Limit("instances".into()), true)));
        let start_up = &service.fields[service.field("start_up").unwrap()];
        assert_eq!(start_up.status, Status::Known);
        assert_eq!(registry.kind("part", "Cache").unwrap().status, Status::Known);
    }

    #[test]
    fn every_kind_that_is_built_says_what_it_is_or_has_no_fields() {
        let registry = Registry::core();
        for family in registry.families() {
            for kind in registry.kinds(family) {
                let silent = kind.doc.is_none() && kind.status == Status::Built && !kind.fields.is_empty();
                let common = kind.fields.iter().all(|field| matches!(&*field.name, "label"));
                assert!(!silent || common || &*kind.name == "scenario", "{kind:?} has no sentence");
            }
        }
    }

    #[test]
    fn every_part_kind_has_series_unless_it_does_nothing_of_its_own() {
        let registry = Registry::core();
        for kind in registry.kinds("part") {
            assert!(!registry.series_of(&kind.name).is_empty(), "{kind:?}");
        }
    }

    #[test]
    fn every_series_of_a_middle_part_is_known_and_is_had() {
        let registry = Registry::core();
        let all: Vec<&str> = registry
            .kinds("via")
            .iter()
            .flat_map(|kind| registry.series_of(&kind.name).iter().map(|name| &**name))
            .collect();
        for name in &all {
            assert!(crate::value::middle_series(name).is_some(), "{name}");
        }
        for (name, _) in crate::value::MIDDLE_SERIES {
            assert!(all.contains(name), "{name}");
        }
    }

    #[test]
    fn a_slip_in_the_table_is_found() {
        let wrong = |line: &str| Registry::from_table(line).unwrap_err().to_string();
        assert!(wrong("* part | X | | a: <nothing>").contains("<nothing>"));
        assert!(wrong("* part | X | | a: (nothing)").contains("(nothing)"));
        assert!(wrong("* part | X | | a: durration").contains("durration"));
        assert!(wrong("* part | X | b | a: text").contains("`b`"));
        assert!(wrong("* part | X | | a: text; a: text").contains("twice"));
        assert!(wrong("* part | X | |\n* part | X | |").contains("twice"));
        assert!(wrong("? part | X | |").contains("mark"));
        assert!(wrong("* part | X").contains("line 1"));
    }

    #[test]
    fn other_crates_add_kinds_with_what_makes_them() {
        let mut registry = Registry::core();
        let make: fn(f64) -> f64 = |cards| cards * 2.0;
        registry
            .add_with("part", "acme_GpuPool", "cards", "cards: count!", "A pool of cards.", make)
            .unwrap();
        let kind = registry.kind("part", "acme_GpuPool").unwrap();
        assert_eq!(kind.factory::<fn(f64) -> f64>().unwrap()(4.0), 8.0);
        assert!(kind.factory::<String>().is_none());
        assert!(registry.add("part", "acme_GpuPool", "", "").unwrap_err().to_string().contains("twice"));
        assert!(registry.add("part", "GpuPool", "", "").unwrap_err().to_string().contains("prefix"));
        assert!(registry.add("gadget", "acme_X", "", "").unwrap_err().to_string().contains("no family"));
        assert!(Registry::core().kind("part", "acme_GpuPool").is_none());
    }
}
