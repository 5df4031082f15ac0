//! Nodes to checked values: the table of kinds says what may stand where.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::diagnostic::{Fault, Severity, did_you_mean, did_you_mean_built, list_of};
use crate::file::{FileId, Files, Place};
use crate::node::{Arena, Entry, Given, NodeId, Origin, Shape, Word};
use crate::params::Params;
use crate::registry::{
    Bound, Field, FieldDefault, Key, Kind, Range, Registry, Role, Status, Type, crate_prefix,
};
use crate::spec::{DistributionSpec, ProfileSpec};
use crate::typed::{Args, Data, Item, Value};
use crate::value::{
    Condition, Dimension, Edge, Metric, Path, Quantity, Setting, Target, TextError, check_name, shown,
    with_article,
};

/// Kinds of a family that fit into a line.
///
/// Chosen: of longer lists the one that was meant is enough.
const FEW: usize = 6;

/// After so many faults the rest is not looked at: nobody reads more, and suggestions cost time.
pub(crate) const FAULTS_MAX: usize = 200;

/// Turns a fault in a text into one in a file.
pub(crate) fn text_fault(arena: &Arena, node: NodeId, error: TextError) -> Fault {
    let mut fault = Fault::error(arena.within_text(node, error.span.start, error.span.end), error.message);
    fault.help = error.help;
    fault
}

/// A place where a value stands: what it is called in messages and what bounds it.
#[derive(Clone, Copy)]
pub(crate) struct Slot<'s> {
    /// What owns the field.
    owner: &'s str,
    /// The field.
    field: &'s str,
    /// What the value is called: inside `Compute(Lognormal(mean: …))` it is a work.
    noun: &'s str,
    range: &'s Range,
    /// What `any` means here.
    any: Option<&'s Type>,
    /// The family whose kinds may stand for `any` here.
    drawn_from: Option<&'s str>,
}

const FREE: &Range = &Range { low: None, high: None };

impl Slot<'static> {
    /// A place of which nothing is known but its name.
    pub(crate) fn named(field: &'static str) -> Slot<'static> {
        Slot { owner: "", field, noun: field, range: FREE, any: None, drawn_from: None }
    }
}

impl<'s> Slot<'s> {
    /// A place with a name and a range.
    pub(crate) fn bounded(field: &'s str, range: &'s Range) -> Slot<'s> {
        Slot { owner: "", field, noun: field, range, any: None, drawn_from: None }
    }
}

/// Checks values; faults are collected.
pub(crate) struct Checker<'a> {
    pub(crate) registry: &'a Registry,
    pub(crate) files: &'a Files,
    pub(crate) arena: &'a Arena,
    root: NodeId,
    pub(crate) params: &'a Params,
    pub(crate) faults: Vec<Fault>,
    /// The names each section defines.
    pub(crate) names: BTreeMap<&'static str, BTreeSet<String>>,
    /// The limits that bounds speak of.
    pub(crate) limits: BTreeMap<String, f64>,
    defaults: BTreeMap<(Arc<str>, Arc<str>, usize), Option<Value>>,
    /// Where the first value stands that could not be used.
    dropped: Option<Place>,
}

/// The sections whose names types refer to.
pub(crate) const NAMED_SECTIONS: [&str; 6] =
    ["machines", "keyspaces", "variants", "regions", "domains", "params"];

impl<'a> Checker<'a> {
    pub(crate) fn new(
        registry: &'a Registry,
        files: &'a Files,
        arena: &'a Arena,
        root: NodeId,
        params: &'a Params,
    ) -> Checker<'a> {
        let names = |section: &&'static str| {
            let map = arena.field(root, section).map_or(&[][..], |entry| arena.entries(entry.value));
            (*section, map.iter().map(|entry| entry.key.text.to_string()).collect())
        };
        let mut checker = Checker {
            registry,
            files,
            arena,
            root,
            params,
            faults: Vec::new(),
            names: NAMED_SECTIONS.iter().map(names).collect(),
            limits: BTreeMap::new(),
            defaults: BTreeMap::new(),
            dropped: None,
        };
        checker.read_limits(root);
        checker
    }

    /// Reads `run.limits` ahead of the rest, because bounds speak of it.
    fn read_limits(&mut self, root: NodeId) {
        let Some(kind) = self.registry.kind("record", "limits").cloned() else { return };
        for (at, field) in kind.fields.iter().enumerate() {
            if let Some(number) = self.default_of(&kind, at).and_then(|value| value.number()) {
                self.limits.insert(field.name.to_string(), number);
            }
        }
        let run = self.arena.field(root, "run").map(|entry| entry.value);
        let Some(limits) = run.and_then(|run| self.arena.field(run, "limits")).map(|entry| entry.value)
        else {
            return;
        };
        for (name, limit) in &mut self.limits {
            let node = self.arena.field(limits, name).map(|entry| &self.arena.get(entry.value).shape);
            if let Some(Shape::Number(number)) = node
                && let Ok(quantity) = Quantity::parse(number)
            {
                *limit = quantity.value;
            }
        }
    }

    pub(crate) fn full(&self) -> bool {
        self.faults.len() >= FAULTS_MAX
    }

    /// Returns what was found, given what had been found before.
    ///
    /// A value that cannot be used is left out of the checked tree, and whoever reads the tree relies on an error
    /// for it. Should a check leave one out in silence, it is said here: no tree with a hole is ever accepted.
    pub(crate) fn found(&mut self, before: &[Fault]) -> Vec<Fault> {
        let mut faults = std::mem::take(&mut self.faults);
        let mut all = before.iter().chain(&faults);
        if let Some(place) = self.dropped
            && !all.any(|fault| fault.severity == Severity::Error)
        {
            faults.push(Fault::error(place, "this value cannot be used here"));
        }
        faults
    }

    fn fault(&mut self, fault: Fault) {
        if !self.full() {
            self.faults.push(fault);
        }
    }

    fn wrong<T>(&mut self, place: Place, message: impl Into<String>, help: impl Into<String>) -> Option<T> {
        let (fault, help) = (Fault::error(place, message), help.into());
        self.fault(if help.is_empty() { fault } else { fault.help(help) });
        None
    }

    fn wrong_text<T>(&mut self, node: NodeId, error: TextError) -> Option<T> {
        let fault = text_fault(self.arena, node, error);
        self.fault(fault);
        None
    }

    fn written(&self, node: NodeId) -> String {
        let text = self.files.text(self.arena.place(node));
        let line: String = text.chars().take_while(|c| *c != '\n').take(40).collect();
        if line.len() < text.len() { format!("{line}…") } else { line }
    }

    /// Checks the whole file.
    pub(crate) fn scenario(&mut self, root: NodeId) -> Option<Args> {
        let kind = Arc::clone(self.registry.kind("record", "scenario")?);
        let given = self.arena.given(root)?;
        let slot = Slot::named("scenario");
        Some(self.fields(&kind, self.arena.place(root).part(0, 1), root, given, slot))
    }

    /// Checks one value against a type.
    pub(crate) fn value(&mut self, ty: &Type, node: NodeId, slot: Slot<'_>) -> Option<Value> {
        let value = self.value_of(ty, node, slot);
        if value.is_none() && self.dropped.is_none() {
            self.dropped = Some(self.arena.place(node));
        }
        value
    }

    fn value_of(&mut self, ty: &Type, node: NodeId, slot: Slot<'_>) -> Option<Value> {
        if self.full() {
            return None;
        }
        let arena = self.arena;
        let shape = &arena.get(node).shape;
        if let Shape::Kind(word, _) = shape
            && matches!(&*word.text, "None" | "Some")
        {
            let message = format!("`{}` is no kind: leave the field out instead", word.text);
            return self.wrong(word.place, message, "");
        }
        let data = match ty {
            Type::Text => match shape {
                Shape::Text(text) => Data::Text((**text).into()),
                _ => return self.needs(node, "a text", slot),
            },
            Type::Name(section) => return self.name(section.as_deref(), node, slot),
            Type::Flag => match shape {
                Shape::Flag(flag) => Data::Flag(*flag),
                _ => return self.needs(node, "true or false", slot),
            },
            Type::Count | Type::Of(_) | Type::Price => return self.scalar(ty, node, slot),
            Type::Any => return self.any(node, slot),
            Type::Metric => match shape {
                Shape::Text(text) => match Metric::parse(text) {
                    Ok(metric) => Data::Metric(Box::new(metric)),
                    Err(error) => return self.wrong_text(node, error),
                },
                _ => return self.needs(node, "a metric in quotes", slot),
            },
            Type::Condition => match shape {
                Shape::Text(text) => match Condition::parse(text) {
                    Ok(condition) => Data::Condition(Box::new(condition)),
                    Err(error) => return self.wrong_text(node, error),
                },
                _ => return self.needs(node, "a condition in quotes", slot),
            },
            Type::Path(role) => return self.path(*role, node, slot),
            Type::Drawn(inner) => return self.follows("distribution", inner, node, slot),
            Type::Timed(inner) => return self.follows("profile", inner, node, slot),
            Type::Family(family) => return self.kind(family, node, slot),
            Type::Record(record) => return self.record(record, node, slot),
            Type::List(inner) => match shape {
                Shape::List(items) => {
                    Data::List(items.iter().filter_map(|item| self.value(inner, *item, slot)).collect())
                }
                _ => Data::List(self.value(inner, node, slot).into_iter().collect()),
            },
            Type::Map(key, inner) => match shape {
                Shape::Map(entries) => Data::Map(self.map(*key, inner, entries, slot)),
                _ => return self.needs(node, "a map: { \"name\": … }", slot),
            },
            Type::Either(types) => return self.either(types, node, slot),
            Type::Preset => {
                self.preset(node);
                Data::Written(arena.ron(node).into())
            }
            Type::Value | Type::Param => Data::Written(arena.ron(node).into()),
        };
        Some(self.made(node, data))
    }

    fn made(&self, node: NodeId, data: Data) -> Value {
        let node = self.arena.get(node);
        Value { data, place: node.place, origin: node.origin, formula: None }
    }

    /// Says that something else stands where this is needed.
    fn needs<T>(&mut self, node: NodeId, what: &str, slot: Slot<'_>) -> Option<T> {
        let place = self.arena.place(node);
        if let Shape::Kind(word, given) = &self.arena.get(node).shape
            && given.values.is_empty()
            && given.fields.is_empty()
            && what != "true or false"
        {
            let message = format!("text stands in quotes: \"{}\"", word.text);
            return self.wrong(place, message, "only fields and kinds stand bare");
        }
        self.wrong(place, format!("`{}` is {what}", slot.field), "")
    }

    fn name(&mut self, section: Option<&str>, node: NodeId, slot: Slot<'_>) -> Option<Value> {
        let arena = self.arena;
        let text = match &arena.get(node).shape {
            Shape::Text(text) => text,
            _ => return self.unquoted(node, slot),
        };
        match section {
            None => {
                if let Err(error) = check_name(text) {
                    return self.wrong_text(node, error);
                }
            }
            Some(section) => {
                if let Some(names) = self.names.get(section)
                    && !names.contains(&**text)
                {
                    let message = format!("`{section}` has no \"{}\"", shown(text));
                    let help = if names.is_empty() {
                        format!("add it: {section}: {{ \"{}\": … }}", shown(text))
                    } else {
                        did_you_mean(text, '"', names.iter().map(String::as_str))
                    };
                    return self.wrong(arena.place(node), message, help);
                }
            }
        }
        Some(self.made(node, Data::Text((**text).into())))
    }

    /// Says that a name or path is not a text.
    fn unquoted(&mut self, node: NodeId, slot: Slot<'_>) -> Option<Value> {
        let place = self.arena.place(node);
        let Shape::Kind(word, _) = &self.arena.get(node).shape else {
            return self.needs(node, "a name in quotes", slot);
        };
        let word = &word.text;
        let message = if slot.owner.is_empty() {
            format!("names stand in quotes: \"{word}\"")
        } else if self.main_of(slot) == Some(slot.field) {
            format!("names stand in quotes: {}(\"{word}\")", slot.owner)
        } else {
            format!("names stand in quotes: {}: \"{word}\"", slot.field)
        };
        self.wrong(place, message, "")
    }

    fn main_of(&self, slot: Slot<'_>) -> Option<&'a str> {
        self.registry
            .families_with(slot.owner)
            .find_map(|family| self.registry.kind(family, slot.owner)?.main.as_deref())
    }

    fn path(&mut self, role: Role, node: NodeId, slot: Slot<'_>) -> Option<Value> {
        let arena = self.arena;
        let Shape::Text(text) = &arena.get(node).shape else {
            return self.unquoted(node, slot);
        };
        let parsed = match role {
            Role::Harm => Path::parse(text),
            _ => Target::parse(text).map(Path::Target),
        };
        match parsed {
            Ok(path) => Some(self.made(node, Data::Path(path))),
            Err(error) => self.wrong_text(node, error),
        }
    }

    fn map(&mut self, key: Key, inner: &Type, entries: &[Entry], slot: Slot<'_>) -> Vec<Item> {
        let mut items = Vec::new();
        for entry in entries {
            if self.full() {
                break;
            }
            self.key(key, &entry.key);
            if let Some(value) = self.value(inner, entry.value, slot) {
                items.push(Item { key: (*entry.key.text).into(), key_place: entry.key.place, value });
            }
        }
        items
    }

    fn key(&mut self, key: Key, word: &Word) {
        let checked = match key {
            Key::Name => check_name(&word.text),
            Key::Edge | Key::Pair => Edge::parse(&word.text).map(drop),
            Key::Setting => Setting::parse(&word.text).map(drop),
            Key::Place => Target::parse(&word.text).map(drop),
            // Read with the values, in their order.
            Key::Time | Key::Quantile => Ok(()),
        };
        if let Err(error) = checked {
            let mut fault = Fault::error(key_part(word, error.span), error.message);
            fault.help = error.help;
            self.fault(fault);
        }
    }

    /// Chooses among several types by the form of the value.
    fn either(&mut self, types: &[Type], node: NodeId, slot: Slot<'_>) -> Option<Value> {
        let arena = self.arena;
        let fits = |ty: &&Type| match (&arena.get(node).shape, ty) {
            (Shape::Kind(word, _), Type::Family(family)) => self.registry.kind(family, &word.text).is_some(),
            (Shape::Kind(_, given), Type::Name(_)) => given.values.is_empty() && given.fields.is_empty(),
            (Shape::Record(_), Type::Record(_)) => true,
            (Shape::Number(_), Type::Count) => true,
            (Shape::Number(_), Type::Of(dimension)) => dimension.accepts(Dimension::Number),
            (Shape::Text(text), Type::Of(dimension)) => match self.quantity_of(text) {
                Some(quantity) => dimension.accepts(quantity.dimension),
                None => false,
            },
            (Shape::Text(text), Type::Count) => {
                self.quantity_of(text).is_some_and(|quantity| quantity.dimension == Dimension::Number)
            }
            (Shape::Text(_), Type::Text | Type::Name(_) | Type::Path(_)) => true,
            (Shape::List(_), Type::List(_)) => true,
            (Shape::Map(_), Type::Map(..)) => true,
            _ => false,
        };
        let family = |ty: &&Type| matches!((&arena.get(node).shape, ty), (Shape::Kind(..), Type::Family(_)));
        let chosen = types.iter().find(fits).or_else(|| types.iter().find(family)).or(types.first())?;
        self.value(chosen, node, slot)
    }

    fn quantity_of(&self, text: &str) -> Option<Quantity> {
        match text.strip_prefix('=') {
            Some(_) => self.params.evaluate(text, None).ok(),
            None => Quantity::parse(text).ok(),
        }
    }

    /// Returns the fault of a parameter that was set without its unit: what is wrong is the setting, not its use.
    fn unit_left_out(&self, formula: &str, needed: Dimension) -> Option<Fault> {
        let name = formula.strip_prefix('=')?.trim();
        let section = self.arena.field(self.root, "params")?;
        let entry = self.arena.entries(section.value).iter().find(|entry| *entry.key.text == *name)?;
        let node = self.arena.get(entry.value);
        let number = match &node.shape {
            Shape::Number(number) if node.origin == Origin::CommandLine => number,
            _ => return None,
        };
        let help = Quantity::unit_missing(number, needed, 0..0).help?;
        let message = format!("`params.{name}` is a number, {} is needed", needed.with_article());
        Some(Fault::error(node.place, message).help(help.replace('"', "")))
    }

    /// Checks a value that is a constant, or a kind of this family (distribution or profile).
    fn follows(&mut self, family: &str, inner: &Type, node: NodeId, slot: Slot<'_>) -> Option<Value> {
        if !self.is_kind(node) {
            return self.value(inner, node, slot);
        }
        let slot = Slot { any: Some(inner), ..slot };
        let value = self.kind(family, node, slot)?;
        let checked = match family {
            "distribution" => DistributionSpec::of(&value).map(drop),
            _ => ProfileSpec::of(&value).map(drop),
        };
        match checked {
            Ok(()) => Some(value),
            Err(faults) => {
                faults.into_iter().for_each(|fault| self.fault(fault));
                None
            }
        }
    }

    /// Checks a distribution that is drawn once per replication.
    pub(crate) fn drawn_once(&mut self, node: NodeId, dimension: Dimension, slot: Slot<'_>) -> Option<Value> {
        self.kind("distribution", node, Slot { any: Some(&Type::Of(dimension)), ..slot })
    }

    fn is_kind(&self, node: NodeId) -> bool {
        matches!(&self.arena.get(node).shape, Shape::Kind(..))
    }

    /// Checks a value that has the dimension of its place.
    fn any(&mut self, node: NodeId, slot: Slot<'_>) -> Option<Value> {
        // What is made of other laws calls them `of`; the parameters of a law are plain values.
        if self.is_kind(node)
            && slot.field == "of"
            && let Some(family) = slot.drawn_from
        {
            let child = Slot { noun: slot.noun, ..slot };
            return self.kind(family, node, child);
        }
        match slot.any {
            // A mean of counts need not be whole.
            Some(Type::Count) => self.scalar(&Type::Of(Dimension::Number), node, slot),
            Some(ty) => self.scalar(&ty.clone(), node, slot),
            None => self.scalar(&Type::Any, node, slot),
        }
    }

    /// Checks a number or quantity; `Any` takes every dimension.
    fn scalar(&mut self, ty: &Type, node: NodeId, slot: Slot<'_>) -> Option<Value> {
        let arena = self.arena;
        let place = arena.place(node);
        let needed = match ty {
            Type::Count => Some(Dimension::Number),
            Type::Of(dimension) => Some(*dimension),
            _ => None,
        };
        let mut formula = None;
        let quantity = match &arena.get(node).shape {
            Shape::Number(number) => {
                let number = number.strip_prefix('+').unwrap_or(number);
                if matches!(number.trim_start_matches('-'), "inf" | "NaN") {
                    return self.wrong(place, "a number must be finite", "");
                }
                let quantity = match Quantity::parse(number) {
                    Ok(quantity) if quantity.dimension == Dimension::Number => quantity,
                    Ok(_) => {
                        return self.wrong(
                            place,
                            "a quantity stands in quotes",
                            format!("write \"{number}\""),
                        );
                    }
                    Err(error) => return self.wrong(place, error.message, error.help.unwrap_or_default()),
                };
                match needed {
                    Some(needed) if !needed.accepts(Dimension::Number) => {
                        let error = Quantity::unit_missing(number, needed, 0..0);
                        return self.wrong(place, error.message, error.help.unwrap_or_default());
                    }
                    _ => quantity,
                }
            }
            Shape::Text(text) if text.starts_with('=') => {
                formula = Some(Arc::from(&**text));
                match self.params.evaluate(text, needed) {
                    Ok(quantity) => quantity,
                    Err(Some(error)) => {
                        if let Some(fault) = needed.and_then(|needed| self.unit_left_out(text, needed)) {
                            // However often it is used, it was set once.
                            if !self.faults.contains(&fault) {
                                self.fault(fault);
                            }
                            return None;
                        }
                        return self.wrong_text(node, error);
                    }
                    // What is wrong with the parameter has been said where it is defined.
                    Err(None) => return None,
                }
            }
            Shape::Text(text) => {
                let parsed = match needed {
                    Some(needed) => Quantity::parse_as(text, needed),
                    None => Quantity::parse(text),
                };
                match parsed {
                    Ok(quantity) if needed == Some(Dimension::Number) => {
                        let what = if *ty == Type::Count { "a count" } else { "a number" };
                        return self.wrong(
                            place,
                            format!("{what} stands without quotes"),
                            format!("write {quantity}"),
                        );
                    }
                    Ok(quantity) => quantity,
                    // What is counted has no unit: examples of quantities would lead astray.
                    Err(_)
                        if needed == Some(Dimension::Number)
                            && !text.contains(|c: char| c.is_ascii_digit()) =>
                    {
                        let what = if *ty == Type::Count {
                            "a count is a whole number"
                        } else {
                            "a number is needed"
                        };
                        let help = match spelled_out(text) {
                            Some(number) => format!("did you mean {number}?"),
                            None => "for example 4".to_string(),
                        };
                        return self.wrong(place, format!("{what}, not \"{}\"", shown(text)), help);
                    }
                    Err(error) => return self.wrong_text(node, error),
                }
            }
            Shape::Kind(word, given) if given.values.is_empty() && given.fields.is_empty() => {
                let message = format!("a quantity is needed, not `{}`", word.text);
                return self.wrong(place, message, "quantities stand in quotes, like \"12ms\"");
            }
            Shape::Kind(word, _) => {
                let message = format!("`{}` takes one value here, not a `{}`", slot.field, word.text);
                return self.wrong(place, message, "it is neither drawn nor does it follow time");
            }
            _ => return self.needs(node, "a number or a quantity", slot),
        };
        if *ty == Type::Price && !matches!(quantity.dimension, Dimension::Price(_)) {
            let text = format!("a price is needed, not {}", quantity.dimension.with_article());
            return self.wrong(place, text, "for example \"$0.085/h\" or \"$0.09/GB\"");
        }
        let quantity = match needed {
            Some(Dimension::Ratio) => Quantity { dimension: Dimension::Ratio, ..quantity },
            _ => quantity,
        };
        self.in_range(ty, quantity, place, slot)?;
        let data = if *ty == Type::Count {
            match quantity.count("count", 0..0) {
                Ok(count) => Data::Count(count),
                Err(error) => return self.wrong(place, error.message, error.help.unwrap_or_default()),
            }
        } else {
            Data::Quantity(quantity)
        };
        Some(Value { formula, ..self.made(node, data) })
    }

    /// Holds a value to the range of its field.
    fn in_range(&mut self, ty: &Type, quantity: Quantity, place: Place, slot: Slot<'_>) -> Option<()> {
        let value = quantity.value;
        let bound = |bound: &Option<(Bound, bool)>| {
            bound.as_ref().map(|(bound, included)| match bound {
                Bound::Value(number) => (*number, *included, ""),
                Bound::Limit(name) => {
                    (self.limits.get(&**name).copied().unwrap_or(f64::MAX), *included, " (run.limits)")
                }
            })
        };
        let (low, high) = (bound(&slot.range.low), bound(&slot.range.high));
        let noun = match slot.noun {
            _ if *ty == Type::Count => "count".to_string(),
            // `Quantile(of: …)`: the kind says what it is.
            "of" => slot.owner.to_string(),
            noun => noun.replace('_', " "),
        };
        let of = |number: f64| Quantity { value: number, ..quantity };
        let ratio = quantity.dimension == Dimension::Ratio && matches!(ty, Type::Of(Dimension::Ratio));
        if ratio {
            let (least, least_in, _) = low.unwrap_or((0.0, true, ""));
            let (most, most_in, _) =
                high.unwrap_or((if low.is_some() && least < 0.0 { f64::MAX } else { 1.0 }, true, ""));
            let inside = (value > least || (least_in && value == least))
                && (value < most || (most_in && value == most));
            if inside {
                return Some(());
            }
            let message = if most == f64::MAX {
                format!("{} lies above {least}", with_article(&noun))
            } else {
                let ends = if least_in || most_in { "" } else { ", both excluded" };
                format!("{} lies between {least} and {most}{ends}", with_article(&noun))
            };
            return self.wrong(place, message, "0.05 and \"5%\" are the same");
        }
        if value < 0.0 && low.is_none_or(|(least, ..)| least >= 0.0) && *ty != Type::Any {
            return self.wrong(place, format!("{} must not be below 0", with_article(&noun)), "");
        }
        if let Some((least, included, _)) = low {
            if value < least && *ty == Type::Count {
                let things = slot.field.replace('_', " ");
                let things = if least == 1.0 { singular(&things) } else { things };
                return self.wrong(place, format!("at least {} {things}", grouped(least)), "");
            }
            if value < least || (!included && value == least) {
                let word = if included { "at least" } else { "above" };
                return self.wrong(
                    place,
                    format!("{} must be {word} {}", with_article(&noun), of(least)),
                    "",
                );
            }
        }
        if let Some((most, included, from)) = high
            && (value > most || (!included && value == most))
        {
            let message = if *ty == Type::Count {
                format!("at most {} {}{from}", grouped(most), slot.field.replace('_', " "))
            } else {
                format!(
                    "{} must be {} {}",
                    with_article(&noun),
                    if included { "at most" } else { "below" },
                    of(most)
                )
            };
            return self.wrong(place, message, "");
        }
        Some(())
    }

    /// Checks a kind of a family.
    fn kind(&mut self, family: &str, node: NodeId, slot: Slot<'_>) -> Option<Value> {
        let arena = self.arena;
        let place = arena.place(node);
        let noun = self.registry.noun(family);
        match &arena.get(node).shape {
            Shape::Kind(word, given) => {
                let kind = Arc::clone(self.known(family, word, slot)?);
                let args = self.fields(&kind, word.place, node, given, slot);
                Some(self.made(node, Data::Args(Box::new(args))))
            }
            Shape::Record(_) => {
                let message = format!("{} starts with its kind", with_article(&noun));
                self.wrong(place.part(0, 1), message, self.examples(family))
            }
            Shape::Text(text) if self.registry.kind(family, text).is_some() => {
                self.wrong(place, "kinds stand without quotes", format!("write {text}"))
            }
            Shape::List(_) => self.wrong(place, format!("one {noun} is needed, not a list"), ""),
            _ => {
                let message = format!("{} is needed here", with_article(&noun));
                self.wrong(place, message, self.examples(family))
            }
        }
    }

    fn examples(&self, family: &str) -> String {
        let built = self.registry.kinds(family).iter().filter(|kind| kind.status == Status::Built);
        let names: Vec<&str> = built.map(|kind| &*kind.name).take(4).collect();
        if names.is_empty() { String::new() } else { format!("for example {}(…)", names.join("(…), ")) }
    }

    /// Finds a kind, or says what it is instead.
    fn known(&mut self, family: &str, word: &Word, slot: Slot<'_>) -> Option<&'a Arc<Kind>> {
        let registry = self.registry;
        if let Some(kind) = registry.kind(family, &word.text) {
            return Some(kind);
        }
        let name = &*word.text;
        let noun = registry.noun(family);
        if let Some(prefix) = crate_prefix(name)
            && registry.families_with(name).next().is_none()
        {
            let known = registry.kinds(family).iter().filter(|kind| crate_prefix(&kind.name) == Some(prefix));
            let known: Vec<&str> = known.map(|kind| &*kind.name).collect();
            let message = if known.is_empty() {
                format!("`{name}` belongs to crate `{prefix}`, which this program was built without")
            } else {
                format!("crate `{prefix}` has no {noun} `{name}`")
            };
            return self.wrong(word.place, message, did_you_mean(name, '`', known));
        }
        let elsewhere: Vec<String> = registry
            .families_with(name)
            .filter(|other| *other != "record")
            .map(|other| with_article(&registry.noun(other)))
            .collect();
        if let Some(other) = elsewhere.first() {
            let at = slot.field;
            let message = format!("`{name}` is {other}, {} is needed in `{at}`", with_article(&noun));
            let help = match &**other {
                "a fault" => "faults belong in `faults: { \"name\": Crash(…) }`".to_string(),
                _ => self.examples(family),
            };
            return self.wrong(word.place, message, help);
        }
        let kinds = registry.kinds(family).iter().map(|kind| (&*kind.name, kind.status));
        let message = format!("unknown {} `{name}`", registry.unknown_noun(family));
        let all = format!("all: kneepoint kinds {family}");
        let help = match did_you_mean_built(name, '`', kinds.clone()) {
            // Few words are said here.
            meant if meant.ends_with('?') && kinds.len() <= FEW => {
                let built = kinds.filter(|(_, status)| *status == Status::Built);
                format!("{meant} allowed: {}", list_of(built.map(|(name, _)| name)))
            }
            meant if meant.ends_with('?') => format!("{meant} {all}"),
            list => format!("{list}; {all}"),
        };
        self.wrong(word.place, message, help)
    }

    /// Checks a record; where it has a main field, a bare value gives that.
    fn record(&mut self, record: &str, node: NodeId, slot: Slot<'_>) -> Option<Value> {
        let arena = self.arena;
        let kind = Arc::clone(self.registry.kind("record", record)?);
        let place = arena.place(node);
        let args = match &arena.get(node).shape {
            Shape::Record(given) => self.fields(&kind, place.part(0, 1), node, given, slot),
            _ if kind.main.is_some() => {
                let given = Given { values: vec![node], fields: Vec::new() };
                self.fields(&kind, place, node, &given, slot)
            }
            Shape::Kind(word, _) => {
                let message =
                    format!("`{}` stands where a group ({}: …) is needed", word.text, first_field(&kind));
                return self.wrong(word.place, message, "a group has no kind: its place says what it is");
            }
            _ => {
                let message = format!("`{}` is a group: ({}: …)", slot.field, first_field(&kind));
                return self.wrong(place, message, "");
            }
        };
        Some(self.made(node, Data::Args(Box::new(args))))
    }

    /// Checks what stands in the brackets of a kind or record.
    fn fields(&mut self, kind: &Arc<Kind>, head: Place, node: NodeId, given: &Given, slot: Slot<'_>) -> Args {
        if kind.status == Status::Known {
            let what = if &*kind.family == "record" { slot.field } else { &*kind.name };
            self.wrong::<()>(head, format!("`{what}` is known but not built yet"), "");
        }
        let mut args = Args {
            kind: Arc::clone(kind),
            head,
            place: self.arena.place(node),
            node,
            values: vec![None; kind.fields.len()],
            given: Vec::new(),
            note: None,
            preset: None,
        };
        let mut present = vec![false; kind.fields.len()];
        if let Some(value) = given.values.first() {
            self.short_form(kind, head, given);
            if let Some(at) = kind.main.as_deref().and_then(|main| kind.field(main)) {
                args.values[at] = self.field(kind, at, *value, slot);
                present[at] = true;
            }
        }
        for entry in &given.fields {
            if self.full() {
                break;
            }
            match &*entry.key.text {
                "note" => args.note = self.remark(entry),
                "preset" => args.preset = self.remark(entry),
                name => match kind.field(name) {
                    Some(at) if !present[at] => {
                        present[at] = true;
                        if kind.fields[at].status == Status::Known && kind.status == Status::Built {
                            let of = of_kind(kind);
                            self.wrong::<()>(
                                entry.key.place,
                                format!("field `{name}`{of} is known but not built yet"),
                                "",
                            );
                        }
                        args.values[at] = self.field(kind, at, entry.value, slot);
                    }
                    // Given twice: the reader has said so.
                    Some(_) => {}
                    None => self.unknown_field(kind, &entry.key),
                },
            }
        }
        for (at, field) in kind.fields.iter().enumerate().filter(|(at, _)| !present[*at]) {
            if field.required {
                if &*kind.name == "scenario" && &*field.name == "format" {
                    // Said when the file was read.
                    continue;
                }
                let name = if &*kind.family == "record" { slot.field } else { &*kind.name };
                let help = format!("{}: {}", field.name, shown_type(&field.written));
                self.wrong::<()>(head, format!("{name} needs `{}`", field.name), help);
            } else if field.status == Status::Built || kind.status == Status::Known {
                let mut value = self.default_of(kind, at).map(|value| value.placed(head));
                // A bare 0 by default is a 0 of what the place needs: the expanded file says `0s`.
                if let Some(Value { data: Data::Quantity(quantity), .. }) = &mut value
                    && let (Type::Any, Some(Type::Of(dimension))) = (&field.ty, slot.any)
                {
                    quantity.dimension = *dimension;
                }
                args.values[at] = value;
            }
        }
        args.given = present;
        self.column_units(&args, slot);
        args
    }

    /// Holds that the columns of recorded values have units of what they stand for.
    fn column_units(&mut self, args: &Args, slot: Slot<'_>) {
        let columns: &[&str] = match (&*args.kind.family, args.kind()) {
            ("distribution", "Samples") => &["unit"],
            ("profile", "FromFile") => &["time_unit", "unit"],
            _ => return,
        };
        for field in columns.iter().copied() {
            let needed = match slot.any {
                _ if field == "time_unit" => Dimension::Duration,
                Some(Type::Of(dimension)) => *dimension,
                Some(Type::Count) => Dimension::Number,
                _ => continue,
            };
            match args.text(field) {
                Some(unit) => {
                    if let Err(error) = unit_of_column(unit, needed) {
                        self.wrong::<()>(args.place_of(field), error.message, error.help.unwrap_or_default());
                    }
                }
                None if needed.accepts(Dimension::Number) || args.is_given(field) => {}
                None => {
                    let message = format!(
                        "{} needs `{field}`: the column stands for {}",
                        args.kind(),
                        needed.with_article()
                    );
                    self.wrong::<()>(args.head, message, unit_examples(needed));
                }
            }
        }
    }

    /// Checks the names in a preset; its values are checked where it is used.
    fn preset(&mut self, node: NodeId) {
        let (arena, registry) = (self.arena, self.registry);
        let Shape::Kind(word, given) = &arena.get(node).shape else {
            self.mixtures(node);
            if !matches!(&arena.get(node).shape, Shape::Record(_)) {
                self.wrong::<()>(arena.place(node), "a preset is a kind or a group of named fields", "");
            }
            return;
        };
        let kinds: Vec<&Arc<Kind>> = registry
            .families_with(&word.text)
            .filter_map(|family| registry.kind(family, &word.text))
            .collect();
        let Some(first) = kinds.first() else {
            let all = registry.families().flat_map(|family| registry.kinds(family)).map(|kind| &*kind.name);
            let all: Vec<&str> = all.collect();
            let message = format!("unknown kind `{}`", word.text);
            self.wrong::<()>(word.place, message, did_you_mean(&word.text, '`', all));
            return;
        };
        self.mixtures(node);
        for entry in &given.fields {
            let known = matches!(&*entry.key.text, "note" | "preset")
                || kinds.iter().any(|kind| kind.field(&entry.key.text).is_some());
            if !known {
                self.unknown_field(first, &entry.key);
            }
        }
    }

    /// Says where values and named fields are mixed, which no use of a preset would make right.
    fn mixtures(&mut self, node: NodeId) {
        let arena = self.arena;
        match &arena.get(node).shape {
            Shape::List(items) => items.iter().for_each(|item| self.mixtures(*item)),
            Shape::Map(entries) => entries.iter().for_each(|entry| self.mixtures(entry.value)),
            Shape::Kind(word, given) => {
                let registry = self.registry;
                let kind =
                    registry.families_with(&word.text).find_map(|family| registry.kind(family, &word.text));
                if let (Some(kind), false) = (kind, given.values.is_empty()) {
                    self.short_form(kind, word.place, given);
                }
                given.values.iter().for_each(|value| self.mixtures(*value));
                given.fields.iter().for_each(|entry| self.mixtures(entry.value));
            }
            Shape::Record(given) => {
                if let Some(value) = given.values.first() {
                    self.wrong::<()>(arena.place(*value), "a group has named fields: (name: value, …)", "");
                }
                given.fields.iter().for_each(|entry| self.mixtures(entry.value));
            }
            _ => {}
        }
    }

    fn remark(&mut self, entry: &Entry) -> Option<Arc<str>> {
        match self.arena.text(entry.value) {
            Some(text) => Some(text.into()),
            None => {
                let message = format!("`{}` is text in quotes", entry.key.text);
                self.wrong(self.arena.place(entry.value), message, "")
            }
        }
    }

    fn field(&mut self, kind: &Kind, at: usize, node: NodeId, slot: Slot<'_>) -> Option<Value> {
        let field = &kind.fields[at];
        // Inside a distribution or profile the value is still what the outer field says.
        let inner = matches!(&*kind.family, "distribution" | "profile") || &*kind.name == "part_of";
        let drawn_from = match &*kind.family {
            "profile" => Some("profile"),
            _ if inner => Some("distribution"),
            _ => None,
        };
        let own = matches!(field.ty, Type::Of(_) | Type::Count);
        let noun = if inner && !own { slot.noun } else { &field.name };
        let any = if inner { slot.any } else { None };
        let child =
            Slot { owner: &kind.name, field: &field.name, noun, range: &field.range, any, drawn_from };
        if &*kind.name == "Product" && drawn_from == Some("profile") {
            return self.product(&field.ty, node, child);
        }
        self.value(&field.ty, node, child)
    }

    /// Checks the factors of a product: one has the dimension, the others are bare numbers.
    fn product(&mut self, ty: &Type, node: NodeId, slot: Slot<'_>) -> Option<Value> {
        let items = match &self.arena.get(node).shape {
            Shape::List(items) => items.clone(),
            _ => return self.value(ty, node, slot),
        };
        let number = Type::Of(Dimension::Number);
        let bare = slot
            .any
            .is_some_and(|any| matches!(any, Type::Count | Type::Of(Dimension::Number | Dimension::Ratio)));
        let (mut list, mut with_dimension) = (Vec::new(), 0usize);
        for item in items {
            let factor = !bare && self.leaf_dimension(item, 0) == Some(Dimension::Number);
            with_dimension += usize::from(!factor);
            let slot = if factor { Slot { any: Some(&number), ..slot } } else { slot };
            list.extend(self.any(item, slot));
        }
        if !bare && with_dimension != 1 {
            let message = "one factor of a Product has the dimension, the others are bare numbers";
            return self.wrong(self.arena.place(node), message, "");
        }
        Some(self.made(node, Data::List(list)))
    }

    /// Returns the dimension of the first number found in a value.
    pub(crate) fn leaf_dimension(&self, node: NodeId, depth: usize) -> Option<Dimension> {
        if depth > crate::reader::DEPTH_MAX * 2 {
            return None;
        }
        match &self.arena.get(node).shape {
            Shape::Number(_) => Some(Dimension::Number),
            Shape::Text(text) => Some(self.quantity_of(text)?.dimension),
            Shape::List(items) => items.iter().find_map(|item| self.leaf_dimension(*item, depth + 1)),
            Shape::Map(entries) => {
                entries.iter().find_map(|entry| self.leaf_dimension(entry.value, depth + 1))
            }
            Shape::Kind(word, given) if &*word.text == "Samples" => {
                let unit = given.fields.iter().find(|entry| &*entry.key.text == "unit")?;
                let unit = self.arena.text(unit.value)?;
                Some(self.quantity_of(&format!("1 {unit}"))?.dimension)
            }
            // Without `from` it grows from 1: a bare factor.
            Shape::Kind(word, given)
                if &*word.text == "Growth" && given.fields.iter().all(|entry| &*entry.key.text != "from") =>
            {
                Some(Dimension::Number)
            }
            Shape::Record(given) | Shape::Kind(_, given) => {
                // These are numbers in every kind, whatever the dimension of the place.
                let own = [
                    "cv", "k", "shape", "alpha", "share", "over", "start", "period", "peak_at", "per", "by",
                    "hold",
                ];
                let by_name = given.fields.iter().filter(|entry| !own.contains(&&*entry.key.text));
                given
                    .values
                    .iter()
                    .copied()
                    .chain(by_name.map(|entry| entry.value))
                    .find_map(|value| self.leaf_dimension(value, depth + 1))
            }
            Shape::Flag(_) => None,
        }
    }

    /// Holds that the short form is used as it may be.
    fn short_form(&mut self, kind: &Kind, head: Place, given: &Given) {
        let Some(main) = &kind.main else {
            let message = format!("`{}` has no main field: give its fields names", kind.name);
            let names: Vec<String> =
                kind.fields.iter().take(4).map(|field| format!("{}: …", field.name)).collect();
            self.wrong::<()>(head, message, format!("{}({})", kind.name, names.join(", ")));
            return;
        };
        let written = self.written(given.values[0]);
        if !given.fields.is_empty() || given.values.len() > 1 {
            let name = if &*kind.family == "record" { "" } else { &*kind.name };
            let message = format!("one value or named fields, not both: write {name}({main}: {written}, …)");
            let fields = given.fields.first().map(|entry| format!("`{main}` and `{}`", entry.key.text));
            self.wrong::<()>(
                head,
                message,
                fields.map_or(String::new(), |both| format!("{both} are both given")),
            );
        }
    }

    fn unknown_field(&mut self, kind: &Kind, key: &Word) {
        let message = format!("unknown field `{}`{}", key.text, of_kind(kind));
        let fields = kind.fields.iter().map(|field| (&*field.name, field.status));
        let help = did_you_mean_built(&key.text, '`', fields);
        self.wrong::<()>(key.place, message, help);
    }

    /// Returns what a field is when it is not given.
    fn default_of(&mut self, kind: &Arc<Kind>, at: usize) -> Option<Value> {
        let field = &kind.fields[at];
        let Some(FieldDefault::Value(text)) = &field.default else { return None };
        let key = (Arc::clone(&kind.family), Arc::clone(&kind.name), at);
        if let Some(known) = self.defaults.get(&key) {
            return known.clone();
        }
        let value = default_value(self.registry, field, text);
        self.defaults.insert(key, value.clone());
        value
    }
}

/// Reads a default of the table of kinds; a test holds that all can be read.
pub(crate) fn default_value(registry: &Registry, field: &Field, text: &str) -> Option<Value> {
    let mut files = Files::default();
    // Quantities stand without quotes in the table.
    let quoted =
        text.starts_with(|c: char| c.is_ascii_digit()) && text.parse::<f64>().is_err() && !text.contains('_');
    let bare_text = matches!(field.ty, Type::Text);
    let source = if quoted || bare_text { format!("\"{text}\"") } else { text.to_string() };
    let file = files.add("kinds", None, source.clone());
    let (mut arena, mut faults) = (Arena::default(), Vec::new());
    let node = crate::reader::read(&source, file, Origin::Default, &mut arena, &mut faults)?;
    let params = Params::none();
    let mut checker = Checker {
        registry,
        files: &files,
        arena: &arena,
        root: node,
        params: &params,
        faults,
        names: BTreeMap::new(),
        limits: BTreeMap::new(),
        defaults: BTreeMap::new(),
        dropped: None,
    };
    let slot =
        Slot { owner: "", field: &field.name, noun: &field.name, range: FREE, any: None, drawn_from: None };
    let value = checker.value(&field.ty, node, slot)?;
    checker.faults.is_empty().then(|| value.placed(Place::new(FileId(0), 0, 0)))
}

/// Returns what one of a column's unit is in the base unit: `ms` is 10^6 (nanoseconds), `/min` 1/60 (per second).
pub(crate) fn unit_of_column(unit: &str, needed: Dimension) -> Result<f64, TextError> {
    let whole = 0..unit.len();
    // The blank keeps digits at its beginning from becoming digits of the number.
    let quantity = match Quantity::parse(&format!("1 {unit}")) {
        Ok(quantity) => quantity,
        Err(_) => {
            let message = format!("`{}` is not a unit", shown(unit));
            return Err(TextError::new(whole, message).help(unit_examples(needed)));
        }
    };
    if needed.accepts(quantity.dimension) {
        return Ok(quantity.value);
    }
    let given = if unit.trim().is_empty() { "no unit".to_string() } else { format!("`{}`", shown(unit)) };
    let message =
        format!("{given} is for {}, {} is needed", quantity.dimension.with_article(), needed.with_article());
    Err(TextError::new(whole, message).help(unit_examples(needed)))
}

fn unit_examples(dimension: Dimension) -> String {
    let units = match dimension {
        Dimension::Duration => "ns us ms s min h d",
        Dimension::Rate => "/s /min /h /d",
        Dimension::Size => "B kB MB GB TB KiB MiB GiB TiB",
        Dimension::Bandwidth => "MB/s Mbit/s",
        Dimension::Ratio => "%",
        _ => return "it has none".to_string(),
    };
    format!("units: {units}")
}

fn of_kind(kind: &Kind) -> String {
    match (&*kind.family, &*kind.name) {
        ("record", "scenario") => String::new(),
        ("record", name) => {
            format!(" of {} `{name}`", if name.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" })
        }
        (_, name) => format!(" of {name}"),
    }
}

/// Writes a type without what only the check needs to know.
pub(crate) fn shown_type(written: &str) -> String {
    let mut text = written.to_string();
    for role in ["call", "part", "region", "harm", "place"] {
        text = text.replace(&format!("path:{role}"), "path");
    }
    for hidden in ["value", "param", "preset"] {
        text = text.replace(hidden, "any");
    }
    text.replace("name:", "name in ")
}

fn first_field(kind: &Kind) -> &str {
    kind.fields.first().map_or("", |field| &field.name)
}

/// Returns the place of some bytes of a quoted key.
pub(crate) fn key_part(word: &Word, span: std::ops::Range<usize>) -> Place {
    if (word.place.end - word.place.start) as usize == word.text.len() + 2 {
        let end = span.end.max(span.start + 1).min(word.text.len().max(1));
        return word.place.part(1 + span.start, 1 + end);
    }
    word.place
}

/// Returns a number that is written as a word: `nine`.
fn spelled_out(word: &str) -> Option<usize> {
    const WORDS: [&str; 13] = [
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
        "twelve",
    ];
    WORDS.iter().position(|known| word.trim().eq_ignore_ascii_case(known))
}

/// Returns one of several: `instance`, `retry`.
fn singular(things: &str) -> String {
    match things.strip_suffix("ies") {
        Some(stem) => format!("{stem}y"),
        None => things.strip_suffix('s').unwrap_or(things).to_string(),
    }
}

/// Writes a whole number with its thousands apart.
fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}
