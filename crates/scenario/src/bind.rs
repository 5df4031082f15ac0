//! What paths and metrics speak of: places, series, objectives.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::check::FAULTS_MAX;
use crate::diagnostic::{Fault, did_you_mean};
use crate::file::Place;
use crate::registry::{Field, Registry, Role, Status};
use crate::topology::{Part, inside, instance_fault, nothing_named, role_of};
use crate::typed::{Args, Data, Item, Value};
use crate::value::{
    CALLED, Condition, End, MIDDLE_SERIES, Measure, Metric, MiddleMeasure, Path, Piece, Quantity, SeriesKind,
    SettingStep, Spanned, Target, Window, series, shown, with_article,
};

/// What a name stands for: parts, regions, … share one name space.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Thing {
    Part(usize),
    Region,
    Domain,
    Controller,
    Fault,
    Action,
    /// A part whose kind nobody knows.
    Unclear,
}

impl Thing {
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Thing::Part(_) => "part",
            Thing::Region => "region",
            Thing::Domain => "domain",
            Thing::Controller => "controller",
            Thing::Fault => "fault",
            Thing::Action => "action",
            Thing::Unclear => "part",
        }
    }
}

/// Collects all things; a name given to two of them is a fault.
pub(crate) fn things(root: &Args, parts: &[Part], faults: &mut Vec<Fault>) -> BTreeMap<Arc<str>, Thing> {
    let mut things: BTreeMap<Arc<str>, Thing> = BTreeMap::new();
    for (at, part) in parts.iter().enumerate() {
        things.insert(Arc::clone(&part.name), Thing::Part(at));
    }
    let sections = [
        ("regions", Thing::Region),
        ("domains", Thing::Domain),
        ("controllers", Thing::Controller),
        ("faults", Thing::Fault),
        ("actions", Thing::Action),
    ];
    for (section, thing) in sections {
        for item in root.map(section) {
            match things.get(&item.key) {
                Some(other) if *other != thing && faults.len() < FAULTS_MAX => {
                    let message = format!("\"{}\" already names {}", item.key, with_article(other.noun()));
                    let fault = Fault::error(item.key_place, message);
                    faults.push(
                        fault.help(
                            "parts, regions, domains, controllers, faults and actions share their names",
                        ),
                    );
                }
                Some(_) => {}
                None => drop(things.insert(Arc::clone(&item.key), thing)),
            }
        }
    }
    things
}

/// Binds paths and metrics.
pub(crate) struct Binder<'a> {
    pub(crate) registry: &'a Registry,
    pub(crate) root: &'a Args,
    pub(crate) parts: &'a [Part],
    pub(crate) things: &'a BTreeMap<Arc<str>, Thing>,
    pub(crate) faults: Vec<Fault>,
    /// The length of the run \[ns\], if it is known.
    pub(crate) duration: Option<u64>,
}

impl Binder<'_> {
    /// Binds everything in the file.
    pub(crate) fn bind(&mut self) {
        let root = self.root;
        self.args(root);
    }

    fn args(&mut self, args: &Args) {
        for (field, value) in args.kind.fields.iter().zip(&args.values) {
            if let Some(value) = value {
                self.value(args, field, value);
            }
        }
    }

    fn value(&mut self, owner: &Args, field: &Field, value: &Value) {
        if self.faults.len() >= FAULTS_MAX {
            return;
        }
        match &value.data {
            Data::Args(args) => self.args(args),
            Data::List(list) => list.iter().for_each(|item| self.value(owner, field, item)),
            Data::Map(items) => items.iter().for_each(|item| self.value(owner, field, &item.value)),
            Data::Path(path) => {
                if let Some(role) = role_of(&field.ty) {
                    self.path(owner, role, path, value.place);
                }
            }
            Data::Metric(metric) => self.metric(metric, value.place),
            Data::Condition(condition) => self.condition(condition, value.place),
            _ => {}
        }
    }

    fn path(&mut self, owner: &Args, role: Role, path: &Path, place: Place) {
        let target = match path {
            Path::Target(target) => target,
            Path::Edge(edge) => {
                if owner.kind.status == Status::Built {
                    let message = format!("{} acts on parts and places, not on an edge", owner.kind.name);
                    self.faults.push(Fault::error(place, message));
                }
                for end in [&edge.from, &edge.to] {
                    if let End::Target(target) = end {
                        self.part_of(target, place);
                    }
                }
                return;
            }
        };
        match role {
            // Followed with the calls.
            Role::Call => {}
            Role::Part => drop(self.part_of(target, place)),
            Role::Region => self.region(target, place),
            Role::Harm | Role::Place => self.harm(owner, target, place),
        }
    }

    /// Finds the part a path begins with, or says that there is none.
    fn part_of(&mut self, target: &Target, place: Place) -> Option<usize> {
        let root = &target.place.root;
        match self.things.get(&*root.value) {
            Some(Thing::Part(part)) => Some(*part),
            Some(Thing::Unclear) => None,
            Some(other) => {
                let message =
                    format!("\"{}\" is {}, a part is needed", root.value, with_article(other.noun()));
                self.faults.push(Fault::error(inside(place, &root.span), message));
                None
            }
            None => {
                self.faults.push(nothing_named(&root.value, inside(place, &root.span), self.things));
                None
            }
        }
    }

    /// Checks `eu`, `eu/a`; returns how many pieces that takes.
    fn zone(&mut self, target: &Target, place: Place) -> Option<usize> {
        let region = self.root.map("regions").iter().find(|item| *item.key == *target.place.root.value)?;
        let Some(Spanned { value: Piece::Name(zone), span }) = target.place.pieces.first() else {
            return Some(0);
        };
        let zones: Vec<&str> = region.value.as_args()?.list("zones").iter().filter_map(text).collect();
        if !zones.contains(&zone.as_str()) {
            let message = format!("{} has no zone \"{}\"", region.key, shown(zone));
            let fault = Fault::error(inside(place, span), message);
            self.faults.push(fault.help(did_you_mean(zone, '"', zones)));
            return None;
        }
        Some(1)
    }

    fn region(&mut self, target: &Target, place: Place) {
        let root = &target.place.root;
        match self.things.get(&*root.value) {
            Some(Thing::Region) => {
                if let Some(taken) = self.zone(target, place)
                    && let Some(piece) = target.place.pieces.get(taken)
                {
                    let at = inside(place, &piece.span);
                    self.faults.push(Fault::error(at, "a place is a region or a zone: eu, eu/a"));
                }
            }
            Some(other) => {
                let message =
                    format!("\"{}\" is {}, a region is needed", root.value, with_article(other.noun()));
                self.faults.push(Fault::error(inside(place, &root.span), message));
            }
            None => {
                let fault = nothing_named(&root.value, inside(place, &root.span), self.things);
                self.faults.push(fault.help("add it: regions: { \"eu\": (zones: [\"a\"]) }"));
            }
        }
    }

    /// Checks what a fault or action acts on, or what belongs to a domain.
    fn harm(&mut self, owner: &Args, target: &Target, place: Place) {
        let root = &target.place.root;
        if let Some(operation) = &target.operation
            && owner.kind.status == Status::Built
        {
            let message = format!("{} acts on all operations", owner.kind.name);
            self.faults.push(Fault::error(inside(place, &operation.span), message));
        }
        match self.things.get(&*root.value) {
            Some(Thing::Part(part)) => {
                let part = &self.parts[*part];
                if part.args.kind.status == Status::Known {
                    return;
                }
                if part.is_client
                    && owner.kind.status == Status::Built
                    && matches!(&*owner.kind.family, "fault" | "action")
                {
                    let message =
                        format!("{} acts on what serves; \"{}\" is a client", owner.kind.name, part.name);
                    self.faults.push(Fault::error(inside(place, &root.span), message));
                } else {
                    self.faults.extend(instance_fault(part, &target.place.pieces, place));
                }
            }
            Some(Thing::Region) => {
                let Some(taken) = self.zone(target, place) else { return };
                match target.place.pieces.get(taken) {
                    Some(Spanned { value: Piece::Name(part), span }) => {
                        let known =
                            matches!(self.things.get(part.as_str()), Some(Thing::Part(_) | Thing::Unclear));
                        self.faults
                            .extend((!known).then(|| nothing_named(part, inside(place, span), self.things)));
                    }
                    Some(piece) => {
                        let at = inside(place, &piece.span);
                        self.faults.push(Fault::error(at, "after a zone stands a part: eu/a/web"));
                    }
                    None => {}
                }
            }
            Some(Thing::Unclear) => {}
            Some(Thing::Domain) => {
                if let Some(piece) = target.place.pieces.first() {
                    let at = inside(place, &piece.span);
                    self.faults.push(Fault::error(at, "nothing is below a domain"));
                }
            }
            Some(other) => {
                let message = format!(
                    "{} acts on parts and places; \"{}\" is {}",
                    owner.kind.name,
                    root.value,
                    with_article(other.noun())
                );
                self.faults.push(Fault::error(inside(place, &root.span), message));
            }
            None => self.faults.push(nothing_named(&root.value, inside(place, &root.span), self.things)),
        }
    }

    fn metric(&mut self, metric: &Metric, place: Place) {
        if self.measures(metric, place)
            && let Err(error) = metric.dimension(&|target, name| self.series_kind(target, name))
        {
            let fault = Fault::error(inside(place, &error.span), error.message);
            self.faults.push(error.help.into_iter().fold(fault, Fault::help));
        }
    }

    fn condition(&mut self, condition: &Condition, place: Place) {
        if self.measures(&condition.metric, place)
            && let Err(error) = condition.check(&|target, name| self.series_kind(target, name))
        {
            let fault = Fault::error(inside(place, &error.span), error.message);
            self.faults.push(error.help.into_iter().fold(fault, Fault::help));
        }
    }

    fn series_kind(&self, target: &Target, name: &str) -> Option<SeriesKind> {
        let Some(Thing::Part(part)) = self.things.get(&*target.place.root.value) else { return None };
        let known = self.registry.series_of(self.parts[*part].args.kind());
        known.iter().any(|known| &**known == name).then(|| series(name)).flatten()
    }

    /// Checks the measures of a metric; returns whether all can be measured.
    fn measures(&mut self, metric: &Metric, place: Place) -> bool {
        let before = self.faults.len();
        for measure in metric.measures() {
            match &measure.value {
                Measure::Series { target, series, window, .. } => {
                    self.series(target, series, place);
                    if let Some(window) = window {
                        self.window(window, place);
                    }
                }
                Measure::Middle(of) => {
                    self.middle(of, place);
                    if let Some(window) = &of.window {
                        self.window(window, place);
                    }
                }
                Measure::Missed(name) => self.objective("missed", name, place),
                Measure::TimeToRecover(name) => self.objective("time_to_recover", name, place),
                Measure::Cost(target) => {
                    self.unbuilt("cost", inside(place, &measure.span));
                    if let Some(target) = target {
                        self.part_of(target, place);
                    }
                }
            }
        }
        self.faults.len() == before
    }

    fn unbuilt(&mut self, name: &str, place: Place) {
        if self.registry.is_unbuilt_series(name) {
            self.faults.push(Fault::error(place, format!("`{name}` is known but not built yet")));
        }
    }

    fn objective(&mut self, word: &str, name: &Spanned<String>, place: Place) {
        self.unbuilt(word, inside(place, &name.span));
        let known: Vec<&str> = self.root.map("slo").iter().map(|item: &Item| &*item.key).collect();
        if !known.contains(&name.value.as_str()) {
            let fault =
                Fault::error(inside(place, &name.span), format!("`slo` has no \"{}\"", shown(&name.value)));
            self.faults.push(fault.help(did_you_mean(&name.value, '"', known)));
        }
    }

    fn series(&mut self, target: &Target, name: &Spanned<String>, place: Place) {
        if matches!(self.things.get(&*target.place.root.value), Some(Thing::Controller)) {
            // Controllers are refused as a whole until they are built.
            return;
        }
        let Some(part) = self.part_of(target, place) else { return };
        let part = &self.parts[part];
        let kind = &part.args.kind;
        if kind.status == Status::Known {
            return;
        }
        let known = self.registry.series_of(&kind.name);
        if !known.iter().any(|known| **known == *name.value) {
            let message = format!("{} has no series `{}`", kind.name, shown(&name.value));
            let built: Vec<&str> = known
                .iter()
                .map(|name| &**name)
                .filter(|name| !self.registry.is_unbuilt_series(name))
                .collect();
            let fault = Fault::error(inside(place, &name.span), message);
            self.faults.push(fault.help(did_you_mean(&name.value, '`', built)));
            return;
        }
        self.unbuilt(&name.value, inside(place, &name.span));
        self.faults.extend(instance_fault(part, &target.place.pieces, place));
        if let Some(operation) = &target.operation
            && !part.passes_on()
            && !part.operations.iter().any(|known| **known == *operation.value)
        {
            let what = if part.is_client { "class" } else { "operation" };
            let message = format!("\"{}\" has no {what} \"{}\"", part.name, shown(&operation.value));
            let known = part.operations.iter().map(|known| &**known);
            let fault = Fault::error(inside(place, &operation.span), message);
            self.faults.push(fault.help(did_you_mean(&operation.value, '"', known)));
        }
    }

    /// Checks the names in a metric of a middle part: what stands there is known only when calls have found their edges.
    fn middle(&mut self, of: &MiddleMeasure, place: Place) {
        let ends = match &of.at {
            Path::Target(target) => vec![target],
            Path::Edge(edge) => [&edge.from, &edge.to]
                .into_iter()
                .filter_map(|end| match end {
                    End::Target(target) => Some(target),
                    End::Everything(_) => None,
                })
                .collect(),
        };
        for target in ends {
            self.part_of(target, place);
            if let Some(piece) = target.place.pieces.first() {
                let message = "what stands on an edge or at a door is measured of all instances together";
                let fault = Fault::error(inside(place, &piece.span), message);
                self.faults.push(fault.help(format!("write {}", target.place.root)));
            }
        }
        let name = &of.series;
        let (own, whose): (Vec<&str>, String) =
            match of.element.as_ref().map(|element| (element, &element.value)) {
                Some((element, SettingStep::Named(kind))) => {
                    if self.registry.kind("via", kind).is_none() {
                        let known: Vec<&str> =
                            self.registry.kinds("via").iter().map(|kind| &*kind.name).collect();
                        let message = format!("unknown middle part `{}`", shown(kind));
                        let fault = Fault::error(inside(place, &element.span), message);
                        self.faults.push(fault.help(did_you_mean(kind, '`', known)));
                        return;
                    }
                    (self.registry.series_of(kind).iter().map(|name| &**name).collect(), kind.clone())
                }
                _ => (MIDDLE_SERIES.iter().map(|(name, _)| *name).collect(), of.place()),
            };
        if !own.contains(&&*name.value) && !CALLED.contains(&&*name.value) {
            let message = format!("{} has no series `{}`", shown(&whose), shown(&name.value));
            let fault = Fault::error(inside(place, &name.span), message);
            let known: Vec<&str> = own.into_iter().chain(CALLED).collect();
            self.faults.push(fault.help(did_you_mean(&name.value, '`', known)));
        }
    }

    fn window(&mut self, window: &Spanned<Window>, place: Place) {
        let Some(duration) = self.duration else { return };
        let (last, what) = match &window.value {
            Window::Each(length) | Window::Last(length) => (length, "is shorter than"),
            Window::FromTo(_, to) => (to, "ends before"),
            Window::At(at) => (at, "ends before"),
        };
        if last.nanoseconds() > duration {
            let message = format!("the run ({}) {what} {last}", Quantity::duration(duration as f64));
            self.faults.push(Fault::error(inside(place, &window.span), message));
        }
    }
}

fn text(value: &Value) -> Option<&str> {
    match &value.data {
        Data::Text(text) => Some(text),
        _ => None,
    }
}
