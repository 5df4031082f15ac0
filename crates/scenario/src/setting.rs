//! Settings: `path: value` applied to the tree before it is checked.

use std::sync::Arc;

use crate::check::key_part;
use crate::diagnostic::{Fault, did_you_mean, did_you_mean_built};
use crate::file::Place;
use crate::node::{Arena, Entry, Given, NodeId, Origin, Shape, Word};
use crate::registry::{FieldDefault, Kind, Range, Registry, Type};
use crate::value::{self, Edge, Setting, SettingBase, SettingStep, Spanned, shown, with_article};

/// The sections whose entries are addressed by their names alone.
pub(crate) const THINGS: [&str; 6] = ["parts", "regions", "domains", "controllers", "faults", "actions"];

/// The sections that no setting reaches: they say what is set, or are about the file.
const NOT_SET: [&str; 8] = ["format", "include", "set", "presets", "variants", "sweep", "parts", "edges"];

/// A setting to be applied.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub(crate) path: Word,
    pub(crate) value: NodeId,
    pub(crate) origin: Origin,
}

/// Applies settings to a tree.
pub(crate) struct Setter<'a> {
    pub(crate) registry: &'a Registry,
    pub(crate) arena: &'a mut Arena,
    pub(crate) root: NodeId,
    /// Where names that are created are written.
    place: Place,
    origin: Origin,
}

/// A value on the way, with its type.
struct Spot {
    node: NodeId,
    ty: Type,
    range: Range,
}

impl Spot {
    fn new(node: NodeId, ty: Type) -> Spot {
        Spot { node, ty, range: Range::default() }
    }
}

/// What was set: its type and range, for the check of the value.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) ty: Type,
    pub(crate) name: String,
    pub(crate) range: Range,
}

impl<'a> Setter<'a> {
    pub(crate) fn new(registry: &'a Registry, arena: &'a mut Arena, root: NodeId) -> Setter<'a> {
        let place = arena.place(root);
        Setter { registry, arena, root, place, origin: Origin::File }
    }

    /// Replaces the value at a path; returns the type it must have.
    pub(crate) fn apply(&mut self, change: &Change) -> Result<Target, Fault> {
        (self.place, self.origin) = (change.path.place, change.origin);
        let setting = Setting::parse(&change.path.text).map_err(|error| {
            let mut fault = Fault::error(key_part(&change.path, error.span), error.message);
            fault.help = error.help;
            fault
        })?;
        let spot = self.walk(&setting, &change.path)?;
        let value = self.arena.copy(change.value, change.origin);
        *self.arena.get_mut(spot.node) = self.arena.get(value).clone();
        let name = match setting.steps.last().map(|step| &step.value) {
            Some(SettingStep::Named(name)) => name.clone(),
            _ => "value".to_string(),
        };
        Ok(Target { ty: spot.ty, name, range: spot.range })
    }

    fn walk(&mut self, setting: &Setting, path: &Word) -> Result<Spot, Fault> {
        let mut steps = setting.steps.as_slice();
        let mut spot = match &setting.base {
            SettingBase::Section(name) => {
                let at = key_part(path, name.span.clone());
                if NOT_SET.contains(&name.value.as_str()) {
                    let help = match name.value.as_str() {
                        "parts" => "a part is set by its name: web.instances",
                        "edges" => "an edge is set by its ends: web -> db.round_trip",
                        _ => "it is as the file says it",
                    };
                    return Err(Fault::error(at, format!("`{}` cannot be set", name.value)).help(help));
                }
                let scenario = self.kind("record", "scenario", at)?;
                self.field(self.root, &scenario, &name.value, at)?
            }
            SettingBase::Target(target) => self.thing(target, path)?,
            SettingBase::Edge(edge) => self.edge(edge)?,
        };
        if let SettingBase::Target(value::Target { operation: Some(operation), .. }) = &setting.base {
            let at = key_part(path, operation.span.clone());
            let Type::Family(family) = &spot.ty else { unreachable!("a thing is a kind") };
            let kind = self.kind_at(spot.node, family, at)?;
            spot = self.field(spot.node, &kind, "operations", at)?;
            spot = self.step(spot, &SettingStep::Named(operation.value.clone()), at)?;
        }
        while let Some((step, rest)) = steps.split_first() {
            if let SettingStep::Named(name) = &step.value
                && !rest.is_empty()
            {
                self.is_there(&spot, name, path, step)?;
            }
            spot = self.step(spot, &step.value, step_place(path, step))?;
            steps = rest;
        }
        Ok(spot)
    }

    fn kind(&self, family: &str, name: &str, at: Place) -> Result<Arc<Kind>, Fault> {
        let kind = self.registry.kind(family, name).cloned();
        kind.ok_or_else(|| {
            Fault::error(at, format!("unknown {} `{name}`", self.registry.unknown_noun(family)))
        })
    }

    fn kind_at(&self, node: NodeId, family: &str, at: Place) -> Result<Arc<Kind>, Fault> {
        match &self.arena.get(node).shape {
            Shape::Kind(word, _) => self.kind(family, &word.text, at),
            _ => Err(Fault::error(at, format!("this is no {}", self.registry.noun(family)))),
        }
    }

    /// Holds that a thing whose field is meant is there: a name that its section does not have may be one of another.
    fn is_there(
        &self,
        spot: &Spot,
        name: &str,
        path: &Word,
        step: &Spanned<SettingStep>,
    ) -> Result<(), Fault> {
        let Type::Map(_, inner) = &spot.ty else { return Ok(()) };
        let Type::Family(family) = &**inner else { return Ok(()) };
        let known = self.arena.entries(spot.node).iter().map(|entry| &*entry.key.text);
        if known.clone().any(|known| known == name) {
            return Ok(());
        }
        let at = step_place(path, step);
        let has = |section: &&&str| {
            let section = self.arena.field(self.root, section);
            section.is_some_and(|section| {
                self.arena.entries(section.value).iter().any(|entry| &*entry.key.text == name)
            })
        };
        let message = format!("no {} is named \"{}\"", self.registry.noun(family), shown(name));
        let fault = Fault::error(at, message);
        Err(match THINGS.iter().find(has) {
            Some(section) => {
                let rest = path.text.get(step.span.start..).unwrap_or(name);
                fault.help(format!("did you mean {section}.{}?", shown(rest.trim_start_matches('.'))))
            }
            None if known.len() == 0 => fault.help("there is none: set it as a whole first"),
            None => fault.help(did_you_mean(name, '"', known)),
        })
    }

    /// Finds a thing by its name.
    fn thing(&mut self, target: &value::Target, path: &Word) -> Result<Spot, Fault> {
        let at = key_part(path, target.place.root.span.clone());
        if let Some(piece) = target.place.pieces.first() {
            let fault = Fault::error(
                key_part(path, piece.span.clone()),
                "a setting is of a part, not of one instance",
            );
            return Err(fault.help(format!("write {}.…", target.place.root)));
        }
        let name = target.place.root.value.as_str();
        let mut known = Vec::new();
        for section in THINGS {
            let Some(entry) = self.arena.field(self.root, section) else { continue };
            for thing in self.arena.entries(entry.value) {
                if &*thing.key.text == name {
                    let scenario = self.kind("record", "scenario", at)?;
                    let field = scenario.field(section).map(|at| &scenario.fields[at].ty);
                    let Some(Type::Map(_, inner)) = field else {
                        unreachable!("sections of things are maps")
                    };
                    return Ok(Spot::new(thing.value, (**inner).clone()));
                }
                known.push(&*thing.key.text);
            }
        }
        let fault = Fault::error(at, format!("nothing is named \"{}\"", shown(name)));
        // A parameter is no thing, and its name alone is what one thinks of.
        let params = self.arena.field(self.root, "params").map(|entry| self.arena.entries(entry.value));
        let params = params.unwrap_or_default();
        if params.iter().any(|param| &*param.key.text == name) {
            return Err(fault.help(format!("did you mean params.{name}?")));
        }
        Err(fault.help(did_you_mean(name, '"', known)))
    }

    /// Finds an entry of `edges`, or makes one: an edge exists whether or not something is said of it.
    fn edge(&mut self, edge: &Edge) -> Result<Spot, Fault> {
        let scenario = self.kind("record", "scenario", self.place)?;
        let section = self.field(self.root, &scenario, "edges", self.place)?;
        let ty = Type::Record("edge".into());
        let written = edge.to_string();
        for entry in self.arena.entries(section.node) {
            if entry.key.text.trim() == written {
                return Ok(Spot::new(entry.value, ty));
            }
        }
        let node = self.empty(&ty, "edge", self.place)?;
        let key = Word { text: written.into(), place: self.place };
        match &mut self.arena.get_mut(section.node).shape {
            Shape::Map(entries) => entries.push(Entry { key, value: node }),
            _ => return Err(Fault::error(self.place, "`edges` is not a map")),
        }
        Ok(Spot::new(node, ty))
    }

    /// Returns a field of a record or kind; one that is not given is made with its default, or empty.
    fn field(&mut self, node: NodeId, kind: &Kind, name: &str, at: Place) -> Result<Spot, Fault> {
        let Some(field) = kind.field(name).map(|at| &kind.fields[at]) else {
            if name == "preset" {
                let message = "a preset is named where a thing is written, and has become its fields by now";
                let help = "set the fields it stands for; `kneepoint check --expand` shows them";
                return Err(Fault::error(at, message).help(help));
            }
            let of = if &*kind.name == "scenario" { String::new() } else { format!(" of {}", kind.name) };
            let fault = Fault::error(at, format!("unknown field `{}`{of}", shown(name)));
            let fields = kind.fields.iter().map(|field| (&*field.name, field.status));
            return Err(fault.help(did_you_mean_built(name, '`', fields)));
        };
        self.by_name(node, kind);
        if let Some(entry) = self.arena.field(node, name) {
            return Ok(Spot { node: entry.value, ty: field.ty.clone(), range: field.range.clone() });
        }
        let value = match &field.default {
            Some(FieldDefault::Value(text))
                if text.starts_with(|c: char| c.is_ascii_uppercase() || c == '(') =>
            {
                let mut faults = Vec::new();
                let read =
                    crate::reader::read(text, self.place.file, Origin::Default, self.arena, &mut faults);
                match read {
                    Some(read) => {
                        self.arena.get_mut(read).place = self.place;
                        read
                    }
                    None => self.empty(&field.ty, name, at)?,
                }
            }
            _ => self.empty(&field.ty, name, at)?,
        };
        let key = Word { text: name.into(), place: self.place };
        match self.arena.given_mut(node) {
            Some(given) => given.fields.push(Entry { key, value }),
            None => {
                return Err(Fault::error(at, format!("`{}` has no field that could be set", shown(name))));
            }
        }
        Ok(Spot { node: value, ty: field.ty.clone(), range: field.range.clone() })
    }

    /// Turns `Kind(x)`, or `x` where a record has a main field, into named fields.
    fn by_name(&mut self, node: NodeId, kind: &Kind) {
        let Some(main) = &kind.main else { return };
        let key = |place| Word { text: (&**main).into(), place };
        let place = self.arena.place(node);
        if self.arena.given(node).is_none() {
            let moved = self.arena.get(node).clone();
            let value = self.arena.push(moved.shape, moved.place, moved.origin);
            let given = Given { values: Vec::new(), fields: vec![Entry { key: key(place), value }] };
            self.arena.get_mut(node).shape = Shape::Record(given);
        } else if let Some(given) = self.arena.given_mut(node)
            && given.values.len() == 1
        {
            let value = given.values.remove(0);
            let place = self.arena.place(value);
            if let Some(given) = self.arena.given_mut(node) {
                given.fields.insert(0, Entry { key: key(place), value });
            }
        }
    }

    /// Makes a value that is to be filled or replaced.
    fn empty(&mut self, ty: &Type, name: &str, at: Place) -> Result<NodeId, Fault> {
        let shape = match ty {
            Type::Map(..) => Shape::Map(Vec::new()),
            Type::List(_) => Shape::List(Vec::new()),
            Type::Either(types) if types.iter().all(|ty| !matches!(ty, Type::Record(_))) => {
                Shape::Flag(false)
            }
            Type::Record(_) | Type::Either(_) => Shape::Record(Given::default()),
            // Replaced as a whole; a step into it finds neither kind nor fields.
            _ => Shape::Flag(false),
        };
        if name.is_empty() {
            return Err(Fault::error(at, "a name is missing"));
        }
        Ok(self.arena.push(shape, self.place, self.origin))
    }

    /// Goes one step into a value.
    fn step(&mut self, spot: Spot, step: &SettingStep, at: Place) -> Result<Spot, Fault> {
        match (&spot.ty, step) {
            (Type::List(inner), _) => self.element(spot.node, inner, step, at),
            (_, SettingStep::Index(index)) => {
                Err(Fault::error(at, format!("[{index}] stands after a list only")))
            }
            (Type::Record(record), SettingStep::Named(name)) => {
                let kind = self.kind("record", record, at)?;
                self.field(spot.node, &kind, name, at)
            }
            (Type::Family(family), SettingStep::Named(name)) => {
                if matches!(self.arena.get(spot.node).shape, Shape::Flag(_)) {
                    let fault =
                        Fault::error(at, format!("there is no {} here yet", self.registry.noun(family)));
                    return Err(fault.help("set it as a whole first"));
                }
                let kind = self.kind_at(spot.node, family, at)?;
                self.field(spot.node, &kind, name, at)
            }
            (Type::Drawn(_), SettingStep::Named(name)) => self.of_family("distribution", spot.node, name, at),
            (Type::Timed(_), SettingStep::Named(name)) => self.of_family("profile", spot.node, name, at),
            (Type::Any | Type::Param, SettingStep::Named(name)) => {
                let family = match &self.arena.get(spot.node).shape {
                    Shape::Kind(word, _) if self.registry.kind("profile", &word.text).is_some() => "profile",
                    _ => "distribution",
                };
                self.of_family(family, spot.node, name, at)
            }
            (Type::Map(_, inner), SettingStep::Named(name)) => {
                let found = self.arena.entries(spot.node).iter().find(|entry| *entry.key.text == **name);
                if let Some(entry) = found {
                    return Ok(Spot::new(entry.value, (**inner).clone()));
                }
                if matches!(**inner, Type::Param) {
                    // No formula can have asked for it: it would change nothing.
                    let known = self.arena.entries(spot.node).iter().map(|entry| &*entry.key.text);
                    let fault = Fault::error(at, format!("no parameter is called \"{}\"", shown(name)));
                    let help = match did_you_mean(name, '"', known) {
                        none if none.is_empty() => "this file has no `params`".to_string(),
                        help => help,
                    };
                    return Err(fault.help(help));
                }
                let node = self.empty(inner, name, at)?;
                let key = Word { text: name.as_str().into(), place: self.place };
                match &mut self.arena.get_mut(spot.node).shape {
                    Shape::Map(entries) => entries.push(Entry { key, value: node }),
                    _ => return Err(Fault::error(at, "this is not a map")),
                }
                Ok(Spot::new(node, (**inner).clone()))
            }
            (Type::Either(types), SettingStep::Named(_)) => {
                let chosen = types.iter().find(|ty| match (&self.arena.get(spot.node).shape, ty) {
                    (Shape::Record(_), Type::Record(_)) => true,
                    (Shape::Kind(word, _), Type::Family(family)) => {
                        self.registry.kind(family, &word.text).is_some()
                    }
                    (Shape::List(_), Type::List(_)) | (Shape::Map(_), Type::Map(..)) => true,
                    _ => false,
                });
                match chosen.cloned() {
                    Some(ty) => self.step(Spot::new(spot.node, ty), step, at),
                    None => match self.arena.text(spot.node) {
                        Some(name) => {
                            let message =
                                format!("here stands the name \"{}\", which has no fields", shown(name));
                            Err(Fault::error(at, message).help("set what it names"))
                        }
                        None => Err(Fault::error(at, "this value has no fields: set it as a whole")),
                    },
                }
            }
            (_, SettingStep::Named(name)) => {
                let message = format!("this value has no field `{}`: set it as a whole", shown(name));
                Err(Fault::error(at, message))
            }
        }
    }

    fn of_family(&mut self, family: &str, node: NodeId, name: &str, at: Place) -> Result<Spot, Fault> {
        if !matches!(self.arena.get(node).shape, Shape::Kind(..)) {
            let noun = with_article(&self.registry.noun(family));
            return Err(Fault::error(
                at,
                format!("this value is no {noun}: set it as a whole").replace("no a", "not a"),
            ));
        }
        let kind = self.kind_at(node, family, at)?;
        self.field(node, &kind, name, at)
    }

    /// Finds an element of a list by the name of its kind, or by number.
    fn element(&mut self, list: NodeId, inner: &Type, step: &SettingStep, at: Place) -> Result<Spot, Fault> {
        // One element needs no list.
        if !matches!(self.arena.get(list).shape, Shape::List(_)) {
            let only = self.arena.get(list).clone();
            let only = self.arena.push(only.shape, only.place, only.origin);
            self.arena.get_mut(list).shape = Shape::List(vec![only]);
        }
        let Shape::List(items) = &self.arena.get(list).shape else { unreachable!("made a list above") };
        let kind_of = |item: &&NodeId| match &self.arena.get(**item).shape {
            Shape::Kind(word, _) => Some(word.text.to_string()),
            _ => None,
        };
        let node = match step {
            SettingStep::Index(index) => items.get(*index as usize).copied().ok_or_else(|| {
                let message = match items.len() {
                    0 => "the list is empty".to_string(),
                    count => format!("the list has elements 0 to {}", count - 1),
                };
                Fault::error(at, message)
            })?,
            SettingStep::Named(name) => {
                let found: Vec<&NodeId> =
                    items.iter().filter(|item| kind_of(item).as_deref() == Some(name)).collect();
                match found[..] {
                    [one] => *one,
                    [] => {
                        let kinds: Vec<String> = items.iter().filter_map(|item| kind_of(&item)).collect();
                        let fault = Fault::error(at, format!("the list has no `{}`", shown(name)));
                        return Err(fault.help(did_you_mean(name, '`', kinds.iter().map(String::as_str))));
                    }
                    _ => {
                        let fault =
                            Fault::error(at, format!("`{name}` stands {} times in the list", found.len()));
                        return Err(fault.help("take it by its number, from 0: via[2]"));
                    }
                }
            }
        };
        Ok(Spot::new(node, inner.clone()))
    }
}

fn step_place(path: &Word, step: &Spanned<SettingStep>) -> Place {
    key_part(path, step.span.clone())
}
