//! A scenario: read once, checked as often as settings change.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::bind::{Binder, Thing, things};
use crate::check::{Checker, FAULTS_MAX, Slot};
use crate::data::DataFile;
use crate::diagnostic::{Fault, Faults, Severity, did_you_mean};
use crate::file::{Files, Place};
use crate::include::{Loader, Written};
use crate::node::{Arena, NodeId, Origin, Shape, Word};
use crate::params::{Params, Uncertain};
use crate::plan::ScenarioFacts;
use crate::preset::Presets;
use crate::reader::read_from;
use crate::registry::{Registry, Type};
use crate::setting::{Change, Setter, Target as SettingTarget};
use crate::topology::{self, Call, Part, Topology};
use crate::typed::{Args, Data, Item, Value};
use crate::value::{Condition, Dimension, Metric, Quantity, shown};
use crate::{expand, lint, rule};

/// How many settings may apply at once: each looks for its part by name.
const SETTINGS_MAX: usize = 10_000;

/// How many values all variants of a file may have to be checked for together.
const VARIANT_WORK_MAX: usize = 50_000_000;

/// What changes a scenario from outside, in the order in which it applies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// The variant to take.
    pub variant: Option<String>,
    /// Settings: path and value, as after `--set`. A value that is not RON is text.
    pub set: Vec<(String, String)>,
}

/// A scenario as it was read: files, includes and all, not yet checked.
#[derive(Debug, Clone)]
pub struct Scenario {
    written: Written,
}

/// A checked scenario: what a simulation is built from.
#[derive(Debug, Clone)]
pub struct Checked {
    files: Files,
    root: Args,
    topology: Topology,
    params: Vec<(String, Quantity)>,
    uncertain: Vec<Uncertain>,
    variant: Option<String>,
    set: Vec<(String, String)>,
    warnings: Vec<Fault>,
    /// What it was made of, if something in it is drawn once per replication.
    source: Option<Arc<Source>>,
}

/// What a scenario with uncertain parameters is checked from again for each replication.
#[derive(Debug)]
struct Source {
    registry: Registry,
    /// With settings applied.
    arena: Arena,
    root: NodeId,
}

impl Scenario {
    /// Reads a file and what it includes.
    ///
    /// # Errors
    /// What cannot be read, or understood well enough to be checked.
    pub fn open(path: &Path) -> Result<Scenario, Faults> {
        Loader::new()
            .file(path)
            .map(|written| Scenario { written })
            .map_err(|(files, list)| Faults::new(files, list))
    }

    /// Reads a scenario from a text; `folder` is where its includes are looked for.
    ///
    /// # Errors
    /// As [`Scenario::open`].
    pub fn from_text(name: &str, text: &str, folder: Option<&Path>) -> Result<Scenario, Faults> {
        let read = Loader::new().text(name, text, folder);
        read.map(|written| Scenario { written }).map_err(|(files, list)| Faults::new(files, list))
    }

    /// Reads and checks a file.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn load(path: &Path, registry: &Registry, overrides: &Overrides) -> Result<Checked, Faults> {
        Scenario::open(path)?.check(registry, overrides)
    }

    /// Checks the scenario with a variant and settings applied.
    ///
    /// # Errors
    /// Everything that is wrong with it; warnings too, if there is an error.
    pub fn check(&self, registry: &Registry, overrides: &Overrides) -> Result<Checked, Faults> {
        let Written { files, arena, root, sets, faults } = self.written.clone();
        let mut check = Check { registry, files, arena, root, faults };
        let mut changes = check.changes(&sets, overrides);
        if let Some(first_too_many) = changes.get(SETTINGS_MAX) {
            let place = first_too_many.path.place;
            check.faults.push(Fault::error(place, format!("more than {SETTINGS_MAX} settings")));
            changes.truncate(SETTINGS_MAX);
        }
        check.apply(&changes);
        check.finish(overrides)
    }

    /// Returns the files of data that were read, by name: all that were read so far, with whatever settings.
    #[must_use]
    pub fn data(&self) -> Vec<DataFile> {
        self.written.files.data.list()
    }

    /// Returns the paths of all files that were read so far: itself, what it includes, and data.
    #[must_use]
    pub fn reads(&self) -> Vec<PathBuf> {
        let mut paths: Vec<PathBuf> = self.written.files.paths().map(Path::to_path_buf).collect();
        paths.extend(self.written.files.data.paths());
        paths
    }

    /// Returns what a setting takes; `option` is where its path was written: `--over`, `--load`.
    ///
    /// # Errors
    /// If the path leads to nothing that can be set, with what was likely meant.
    pub fn takes(
        &self,
        registry: &Registry,
        overrides: &Overrides,
        path: &str,
        option: &str,
    ) -> Result<Takes, Faults> {
        let Written { files, arena, root, sets, faults } = self.written.clone();
        let mut check = Check { registry, files, arena, root, faults };
        let changes = check.changes(&sets, overrides);
        check.apply(&changes);
        let file = check.files.add(option, None, path.to_string());
        let place = Place::new(file, 0, path.len());
        let value = check.arena.push(Shape::Flag(false), place, Origin::CommandLine);
        let path = Word { text: path.into(), place };
        let change = Change { path, value, origin: Origin::CommandLine };
        match Setter::new(registry, &mut check.arena, check.root).apply(&change) {
            Ok(target) => Ok(Takes::of(&target.ty)),
            Err(fault) => Err(Faults::new(check.files, vec![fault])),
        }
    }
}

/// What a setting takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Takes {
    /// Whole numbers only.
    pub whole: bool,
    /// A number or quantity, alone or among other things.
    pub number: bool,
    /// What it measures, where the type says so.
    pub dimension: Option<Dimension>,
}

impl Takes {
    fn of(ty: &Type) -> Takes {
        let number = |whole: bool, dimension| Takes { whole, number: true, dimension };
        match ty {
            Type::Count => number(true, Some(Dimension::Number)),
            Type::Of(dimension) => number(false, Some(*dimension)),
            Type::Any | Type::Param | Type::Value => number(false, None),
            Type::Drawn(inner) | Type::Timed(inner) => Takes::of(inner),
            Type::Either(types) => {
                let all = || types.iter().map(Takes::of).filter(|takes| takes.number);
                let whole = all().any(|takes| takes.whole);
                all().next().map_or(NOTHING, |first| Takes { whole, ..first })
            }
            Type::Text
            | Type::Flag
            | Type::Price
            | Type::Metric
            | Type::Condition
            | Type::Name(_)
            | Type::Path(_)
            | Type::Family(_)
            | Type::Record(_)
            | Type::List(_)
            | Type::Map(..)
            | Type::Preset => NOTHING,
        }
    }
}

/// What takes no number.
const NOTHING: Takes = Takes { whole: false, number: false, dimension: None };

/// The check of one scenario, in its order.
struct Check<'a> {
    registry: &'a Registry,
    files: Files,
    arena: Arena,
    root: NodeId,
    faults: Vec<Fault>,
}

impl Check<'_> {
    /// Collects settings: `set` sections, the variant, the command line.
    fn changes(&mut self, sets: &[NodeId], overrides: &Overrides) -> Vec<Change> {
        let mut changes = Vec::new();
        for set in sets {
            changes.extend(changes_of(&self.arena, *set, Origin::Set));
        }
        if let Some(name) = &overrides.variant {
            let section = self.arena.field(self.root, "variants").map(|entry| entry.value);
            let variants = section.map_or(&[][..], |section| self.arena.entries(section));
            match variants.iter().find(|entry| *entry.key.text == **name) {
                Some(entry) => changes.extend(changes_of(&self.arena, entry.value, Origin::Variant)),
                None => {
                    let place =
                        section.map_or(self.arena.place(self.root).part(0, 1), |id| self.arena.place(id));
                    let known = variants.iter().map(|entry| &*entry.key.text);
                    let help = match did_you_mean(name, '"', known) {
                        none if none.is_empty() => "this file has no `variants`".to_string(),
                        help => help,
                    };
                    let fault = Fault::error(place, format!("no variant \"{}\"", shown(name)));
                    self.faults.push(fault.help(help));
                }
            }
        }
        for (path, value) in &overrides.set {
            changes.extend(self.change_of_text(path, value));
        }
        changes
    }

    /// Reads `PATH=VALUE`.
    fn change_of_text(&mut self, path: &str, value: &str) -> Option<Change> {
        let text = format!("{path}={value}");
        let file = self.files.add(crate::file::SETTING, None, text.clone());
        let mut faults = Vec::new();
        let before = path.len() + 1;
        let read = read_from(&text, before, file, Origin::CommandLine, &mut self.arena, &mut faults);
        let is_text = |shape: &Shape| match shape {
            // Kinds are written with a capital or the prefix of their crate; anything else bare is a name.
            Shape::Kind(word, given) => {
                given.values.is_empty()
                    && given.fields.is_empty()
                    && word.text.starts_with(|c: char| c.is_ascii_lowercase())
                    && crate::registry::crate_prefix(&word.text).is_none()
            }
            _ => false,
        };
        let value_node = match read {
            Some(node) if faults.is_empty() && !is_text(&self.arena.get(node).shape) => node,
            // What begins like a kind, a list or a text is meant to be RON: its fault is said.
            _ if !faults.is_empty() && value.trim_start().starts_with(['[', '{', '(', '"']) => {
                self.faults.append(&mut faults);
                return None;
            }
            _ => {
                let shape = Shape::Text(value.into());
                self.arena.push(shape, Place::new(file, before, text.len()), Origin::CommandLine)
            }
        };
        let path = Word { text: path.into(), place: Place::new(file, 0, path.len()) };
        Some(Change { path, value: value_node, origin: Origin::CommandLine })
    }

    /// Unfolds presets and applies settings; those of presets themselves first.
    fn apply(&mut self, changes: &[Change]) {
        let (registry, root) = (self.registry, self.root);
        let is_preset = |change: &&Change| change.path.text.starts_with("presets.");
        for change in changes.iter().filter(is_preset) {
            self.apply_one(change);
        }
        let mut presets = Presets::new(registry, &mut self.files, &self.arena, root);
        presets.scenario(&mut self.arena, root, &mut self.faults);
        for change in changes {
            presets.within(&mut self.arena, change.value, 0, &mut self.faults);
        }
        for change in changes.iter().filter(|change| !is_preset(change)) {
            self.apply_one(change);
        }
    }

    fn apply_one(&mut self, change: &Change) {
        if self.faults.len() < FAULTS_MAX
            && let Err(fault) = Setter::new(self.registry, &mut self.arena, self.root).apply(change)
        {
            self.faults.push(fault);
        }
    }

    fn finish(mut self, overrides: &Overrides) -> Result<Checked, Faults> {
        let params = Params::read(self.registry, &self.files, &self.arena, self.root, &[], &mut self.faults);
        let mut checker = Checker::new(self.registry, &self.files, &self.arena, self.root, &params);
        let root = checker.scenario(self.root);
        let mut found = checker.found(&self.faults);
        self.faults.append(&mut found);
        let Some(root) = root else { return Err(self.refused()) };
        if overrides.variant.is_none() {
            self.variants(&root, &params);
        }
        self.sweep(&root, &params);
        let errors = |faults: &[Fault]| faults.iter().any(|fault| fault.severity == Severity::Error);
        let was_sound = !errors(&self.faults);
        let topology = self.meaning(&root);
        if errors(&self.faults) {
            // Where only what is measured is wrong, the parts are as they are meant to be, and so are doubts about them.
            let measured =
                || ["slo", "watch"].into_iter().filter_map(|section| Some(root.get(section)?.place));
            let inside = |place: Place| {
                measured().any(|of| of.file == place.file && of.start <= place.start && place.end <= of.end)
            };
            let elsewhere = |fault: &&Fault| fault.severity == Severity::Error && !inside(fault.place);
            if was_sound && !self.faults.iter().any(|fault| elsewhere(&fault)) {
                self.doubts(&root, &topology);
            }
            return Err(self.refused());
        }
        self.doubts(&root, &topology);
        let source = (!params.uncertain.is_empty()).then(|| {
            Arc::new(Source { registry: self.registry.clone(), arena: self.arena, root: self.root })
        });
        Ok(Checked {
            source,
            root,
            topology,
            params: params.values().map(|(name, value)| (name.to_string(), value)).collect(),
            uncertain: params.uncertain,
            variant: overrides.variant.clone(),
            set: overrides.set.clone(),
            warnings: Faults::new(self.files.clone(), self.faults).list().to_vec(),
            files: self.files,
        })
    }

    /// Collects what is doubtful.
    fn doubts(&mut self, root: &Args, topology: &Topology) {
        let edge = |call: &Call, field: &str| edge_value(root, call, field).cloned();
        lint::check(root, topology, edge, &mut self.faults);
        lint::unused_params(&self.arena, self.root, &mut self.faults);
    }

    /// Checks the scenario with values for what is uncertain. What does not depend on them was checked before.
    fn drawn(mut self, of: &Checked, values: &[(String, Quantity)]) -> Result<Checked, Faults> {
        let params =
            Params::read(self.registry, &self.files, &self.arena, self.root, values, &mut self.faults);
        let mut checker = Checker::new(self.registry, &self.files, &self.arena, self.root, &params);
        let root = checker.scenario(self.root);
        let mut found = checker.found(&self.faults);
        self.faults.append(&mut found);
        let Some(root) = root else { return Err(self.refused()) };
        let topology = self.meaning(&root);
        if self.faults.iter().any(|fault| fault.severity == Severity::Error) {
            return Err(self.refused());
        }
        Ok(Checked {
            root,
            topology,
            params: params.values().map(|(name, value)| (name.to_string(), value)).collect(),
            uncertain: params.uncertain,
            variant: of.variant.clone(),
            set: of.set.clone(),
            warnings: Vec::new(),
            files: self.files,
            source: of.source.clone(),
        })
    }

    fn refused(self) -> Faults {
        let mut list = self.faults;
        if list.len() >= FAULTS_MAX {
            list.truncate(FAULTS_MAX);
            let place = self.arena.place(self.root).part(0, 1);
            list.push(Fault::note(place, format!("only {FAULTS_MAX} faults are shown; there may be more")));
        }
        Faults::new(self.files, list)
    }

    /// Checks what the values mean together.
    fn meaning(&mut self, root: &Args) -> Topology {
        let parts = topology::parts(self.registry, root, &self.files, &mut self.faults);
        let sound = self.faults.iter().all(|fault| fault.severity != Severity::Error || is_unbuilt(fault));
        let section = self.arena.field(self.root, "parts").map(|entry| entry.value);
        let written = section.map_or(&[][..], |section| self.arena.entries(section));
        let mut things = things(root, &parts, &mut self.faults);
        // A part with an unknown kind is still there: calling it is not a second fault.
        for entry in written {
            things.entry((*entry.key.text).into()).or_insert(Thing::Unclear);
        }
        rule::check(root, &parts, &mut self.faults);
        let duration = root.args("run").and_then(|run| run.duration_if("duration"));
        let mut binder = Binder {
            registry: self.registry,
            root,
            parts: &parts,
            things: &things,
            faults: Vec::new(),
            duration,
        };
        binder.bind();
        self.faults.append(&mut binder.faults);
        topology::build(self.registry, root, parts, &things, sound, &mut self.faults)
    }

    /// Checks that each variant can be applied and its values fit. Where one is taken the others are not looked at: they are
    /// not meant to stand on top of it.
    fn variants(&mut self, root: &Args, params: &Params) {
        let Some(section) = self.arena.field(self.root, "variants").map(|entry| entry.value) else { return };
        let variants: Vec<NodeId> = self.arena.entries(section).iter().map(|entry| entry.value).collect();
        if variants.len().saturating_mul(self.arena.len()) > VARIANT_WORK_MAX {
            self.faults
                .push(Fault::error(root.place_of("variants"), "too many variants for a file of this size"));
            return;
        }
        for variant in variants {
            if self.faults.len() >= FAULTS_MAX {
                break;
            }
            let changes = changes_of(&self.arena, variant, Origin::Variant);
            let mut arena = self.arena.clone();
            let mut faults = Vec::new();
            let mut targets = Vec::new();
            for change in &changes {
                Presets::new(self.registry, &mut self.files, &arena, self.root).within(
                    &mut arena,
                    change.value,
                    0,
                    &mut faults,
                );
                match Setter::new(self.registry, &mut arena, self.root).apply(change) {
                    Ok(target) => targets.push((change.value, target)),
                    Err(fault) => faults.push(fault),
                }
            }
            let mut checker = Checker::new(self.registry, &self.files, &arena, self.root, params);
            for (value, target) in &targets {
                checker.value(&target.ty, *value, Slot::of_setting(target));
            }
            faults.append(&mut checker.found(&self.faults));
            self.faults.extend(faults.into_iter().map(|fault| as_later(fault, "variant")));
        }
    }

    /// Checks that what a sweep goes over can be set to each of its values.
    fn sweep(&mut self, root: &Args, params: &Params) {
        let sweep = self.arena.field(self.root, "sweep").map(|entry| entry.value);
        // `over` is the main field: a bare map gives it.
        let over = sweep.and_then(|sweep| match &self.arena.get(sweep).shape {
            Shape::Map(_) => Some(sweep),
            _ => self.arena.field(sweep, "over").map(|entry| entry.value),
        });
        let Some(over) = over else { return };
        let entries = self.arena.entries(over).to_vec();
        if entries.len().saturating_mul(self.arena.len()) > VARIANT_WORK_MAX {
            self.faults.push(Fault::error(
                root.place_of("sweep"),
                "too many settings to sweep for a file of this size",
            ));
            return;
        }
        for entry in entries {
            let values = match &self.arena.get(entry.value).shape {
                Shape::List(items) => items.clone(),
                Shape::Kind(_, given) => given
                    .fields
                    .iter()
                    .filter(|field| matches!(&*field.key.text, "from" | "to"))
                    .map(|field| field.value)
                    .collect(),
                _ => vec![entry.value],
            };
            let Some(first) = values.first() else {
                let place = self.arena.place(entry.value);
                self.faults.push(Fault::error(place, "a sweep needs a value to go over"));
                continue;
            };
            let change = Change { path: entry.key.clone(), value: *first, origin: Origin::CommandLine };
            let mut arena = self.arena.clone();
            match Setter::new(self.registry, &mut arena, self.root).apply(&change) {
                Ok(target) => {
                    let mut checker = Checker::new(self.registry, &self.files, &arena, self.root, params);
                    for value in &values {
                        let ty = if target.ty == Type::Param { &Type::Any } else { &target.ty };
                        checker.value(ty, *value, Slot::of_setting(&target));
                    }
                    let faults = checker.found(&self.faults);
                    self.faults.extend(faults.into_iter().map(|fault| as_later(fault, "sweep")));
                }
                Err(fault) => self.faults.push(fault),
            }
        }
    }
}

impl Slot<'_> {
    fn of_setting(target: &SettingTarget) -> Slot<'_> {
        Slot::bounded(&target.name, &target.range)
    }
}

fn is_unbuilt(fault: &Fault) -> bool {
    fault.message.ends_with("is known but not built yet")
}

/// Makes a warning of what is only wrong once somebody takes a variant: other variants can be run.
fn as_later(fault: Fault, what: &str) -> Fault {
    if !is_unbuilt(&fault) {
        return fault;
    }
    let help = format!("this {what} cannot be run yet");
    Fault { severity: Severity::Warning, help: Some(help), ..fault }
}

fn changes_of(arena: &Arena, map: NodeId, origin: Origin) -> Vec<Change> {
    let change = |entry: &crate::node::Entry| Change { path: entry.key.clone(), value: entry.value, origin };
    arena.entries(map).iter().map(change).collect()
}

/// Returns what the edge entries say of a call's field.
fn edge_value<'a>(root: &'a Args, call: &Call, field: &str) -> Option<&'a Value> {
    let args = edge_entry(root, call, field)?.value.as_args()?;
    args.values[args.kind.field(field)?].as_ref()
}

fn edge_entry<'a>(root: &'a Args, call: &Call, field: &str) -> Option<&'a Item> {
    let items = root.map("edges");
    let any = call.edge.iter().flatten().next().and_then(|at| items.get(*at))?;
    let at = any.value.as_args()?.kind.field(field)?;
    items.get((*call.edge.get(at)?)?)
}

/// What a bare `sweep` goes over, as it is written: values are RON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SweepSection {
    /// Settings with their values.
    pub over: Vec<(String, OverValues)>,
    /// `Grid`, `LatinHypercube` or `Sobol`.
    pub design: String,
    /// The variants among which it goes.
    pub variants: Vec<String>,
}

/// The values of a setting in a sweep, as they are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OverValues {
    /// These.
    List(Vec<String>),
    /// So many between two ends.
    Range {
        /// Each the same multiple of the one before; otherwise evenly spaced.
        logarithmic: bool,
        /// The first.
        from: String,
        /// The last.
        to: String,
        /// How many.
        points: u64,
    },
}

/// Something the reader of the results should know.
#[derive(Debug, Clone, PartialEq)]
pub struct Assumption {
    /// What is assumed.
    pub text: String,
    /// Where that comes from.
    pub source: Option<String>,
    /// `Low`, `Medium` or `High`, where the author says.
    pub doubt: Option<String>,
    /// Where it is written.
    pub place: Place,
}

impl Checked {
    /// Returns the title.
    #[must_use]
    pub fn title(&self) -> &str {
        self.root.text("title").unwrap_or_default()
    }

    /// Returns the question, if the author asks one.
    #[must_use]
    pub fn question(&self) -> Option<&str> {
        self.root.text("question")
    }

    /// Returns the whole file, checked.
    #[must_use]
    pub fn root(&self) -> &Args {
        &self.root
    }

    /// Returns the section `run`; without it a scenario can be checked, not run.
    #[must_use]
    pub fn run(&self) -> Option<&Args> {
        self.root.args("run")
    }

    /// Returns the parts and who calls whom.
    #[must_use]
    pub fn topology(&self) -> &Topology {
        &self.topology
    }

    /// Returns the parts in the order of the file.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.topology.parts
    }

    /// Returns what the entries of `edges` say of a call's field, the most exact first; `None` if none says anything.
    #[must_use]
    pub fn edge(&self, call: &Call, field: &str) -> Option<&Value> {
        edge_value(&self.root, call, field)
    }

    /// Returns the entry of `edges` that says a call's field.
    #[must_use]
    pub fn entry(&self, call: &Call, field: &str) -> Option<&Item> {
        edge_entry(&self.root, call, field)
    }

    /// Returns the middle parts on the way of a call, outermost first.
    pub fn via(&self, call: &Call) -> impl Iterator<Item = &Args> {
        let list = match self.edge(call, "via").map(|value| &value.data) {
            Some(Data::List(list)) => list.as_slice(),
            _ => &[],
        };
        list.iter().filter_map(Value::as_args)
    }

    /// Returns the machine of a part: its own record, or the one of `machines` it names.
    #[must_use]
    pub fn machine<'a>(&'a self, part: &'a Part) -> Option<&'a Args> {
        let value = part.args.kind.field("machine").and_then(|at| part.args.values[at].as_ref())?;
        match &value.data {
            Data::Text(name) => {
                self.root.map("machines").iter().find(|item| item.key == *name)?.value.as_args()
            }
            _ => value.as_args(),
        }
    }

    /// Returns the objectives in the order of the file.
    pub fn slo(&self) -> impl Iterator<Item = (&Item, &Condition)> {
        self.root.map("slo").iter().filter_map(|item| match &item.value.data {
            Data::Condition(condition) => Some((item, &**condition)),
            _ => None,
        })
    }

    /// Returns the extra metrics in the order of the file.
    pub fn watch(&self) -> impl Iterator<Item = (&Item, &Metric)> {
        self.root.map("watch").iter().filter_map(|item| match &item.value.data {
            Data::Metric(metric) => Some((item, &**metric)),
            _ => None,
        })
    }

    /// Returns the faults in the order of the file.
    pub fn faults(&self) -> impl Iterator<Item = (&Item, &Args)> {
        self.root.map("faults").iter().filter_map(|item| Some((item, item.value.as_args()?)))
    }

    /// Returns the actions in the order of the file.
    pub fn actions(&self) -> impl Iterator<Item = (&Item, &Args)> {
        self.root.map("actions").iter().filter_map(|item| Some((item, item.value.as_args()?)))
    }

    /// Returns the key spaces in the order of the file.
    pub fn keyspaces(&self) -> impl Iterator<Item = (&str, &Args)> {
        self.root.map("keyspaces").iter().filter_map(|item| Some((&*item.key, item.value.as_args()?)))
    }

    /// Returns the names of the variants in the order of the file.
    pub fn variants(&self) -> impl Iterator<Item = &str> {
        self.root.map("variants").iter().map(|item| &*item.key)
    }

    /// Returns what a bare `sweep` goes over, if the file says so.
    #[must_use]
    pub fn sweep(&self) -> Option<SweepSection> {
        let section = self.root.args("sweep")?;
        let text = |value: &Value| self.files.text(value.place).to_string();
        let values = |value: &Value| match &value.data {
            Data::List(list) => OverValues::List(list.iter().map(text).collect()),
            Data::Args(range) if &*range.kind.family == "range" => OverValues::Range {
                logarithmic: range.kind() == "Logarithmic",
                from: range.get("from").map(text).unwrap_or_default(),
                to: range.get("to").map(text).unwrap_or_default(),
                points: range.count("points"),
            },
            _ => OverValues::List(vec![text(value)]),
        };
        let names = section.list("variants").iter().filter_map(|value| match &value.data {
            Data::Text(name) => Some(name.to_string()),
            _ => None,
        });
        Some(SweepSection {
            over: section
                .map("over")
                .iter()
                .map(|item| (item.key.to_string(), values(&item.value)))
                .collect(),
            design: section
                .args("design")
                .map_or_else(|| "Grid".to_string(), |design| design.kind().to_string()),
            variants: names.collect(),
        })
    }

    /// Returns the variant that was taken.
    #[must_use]
    pub fn variant(&self) -> Option<&str> {
        self.variant.as_deref()
    }

    /// Returns which scenario it is, to the last setting.
    #[must_use]
    pub fn facts(&self) -> ScenarioFacts {
        ScenarioFacts {
            file: self.files.get(self.root.place.file).name().to_string(),
            format: self.root.count("format"),
            hash: self.hash(),
            variant: self.variant.clone(),
            set: self.set.clone(),
        }
    }

    /// Returns what was set from outside the file: path and value, in the order in which it was applied.
    #[must_use]
    pub fn set(&self) -> &[(String, String)] {
        &self.set
    }

    /// Returns the parameters with their values.
    #[must_use]
    pub fn params(&self) -> &[(String, Quantity)] {
        &self.params
    }

    /// Returns the parameters that are drawn once per replication.
    #[must_use]
    pub fn uncertain(&self) -> &[Uncertain] {
        &self.uncertain
    }

    /// Checks the scenario again with values in place of its uncertain parameters: what one replication is built of.
    ///
    /// # Errors
    /// Everything that a drawn value makes wrong: a rate below 0, a share above 100 %.
    pub fn with_drawn(&self, values: &[(String, Quantity)]) -> Result<Checked, Faults> {
        let Some(source) = &self.source else { return Ok(self.clone()) };
        let check = Check {
            registry: &source.registry,
            files: self.files.clone(),
            arena: source.arena.clone(),
            root: source.root,
            faults: Vec::new(),
        };
        check.drawn(self, values)
    }

    /// Returns what is allowed but probably not meant, and notes.
    #[must_use]
    pub fn warnings(&self) -> Faults {
        Faults::new(self.files.clone(), self.warnings.clone())
    }

    /// Returns the warnings, and others that somebody else has found: where, what, and what may help.
    #[must_use]
    pub fn warnings_and(&self, more: Vec<(Place, String, String)>) -> Faults {
        let found = more.into_iter().map(|(place, what, help)| Fault::warning(place, what).help(help));
        Faults::new(self.files.clone(), self.warnings.iter().cloned().chain(found).collect())
    }

    /// Returns the files of data that were read, by name: all that were read for this scenario so far, with whatever
    /// settings.
    #[must_use]
    pub fn data(&self) -> Vec<DataFile> {
        self.files.data.list()
    }

    /// Returns the texts that places speak of.
    #[must_use]
    pub fn files(&self) -> &Files {
        &self.files
    }

    /// Returns the assumption ledger: what the author assumes, then notes, then defaults with a source.
    #[must_use]
    pub fn assumptions(&self) -> Vec<Assumption> {
        let mut list: Vec<Assumption> = self.root.list("assumptions").iter().filter_map(assumption).collect();
        expand::ledger(&self.root, &mut list);
        list
    }

    /// Returns every default that was taken, in the order of the file.
    #[must_use]
    pub fn defaults(&self) -> Vec<crate::plan::DefaultValue> {
        expand::defaults(&self.root)
    }

    /// Returns the file with includes, presets, settings, formulas and defaults filled in, each value with its origin.
    #[must_use]
    pub fn expanded(&self) -> String {
        expand::expanded(self)
    }

    /// Returns a hash of what the scenario says, whatever it is spread over and however it is written.
    #[must_use]
    pub fn hash(&self) -> u64 {
        expand::hash(&self.root)
    }
}

/// A section of conditions or metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// Objectives.
    Slo,
    /// Extra metrics.
    Watch,
    /// Parts: those that cannot be run.
    Parts,
}

impl Checked {
    /// Makes faults of entries that cannot be measured, and of parts that cannot be run: in which section, under which
    /// name, and why.
    #[must_use]
    pub fn cannot_measure(&self, entries: &[(Section, String, String)]) -> Faults {
        let fault = |(section, name, reason): &(Section, String, String)| {
            let (section, what) = match section {
                Section::Slo => ("slo", "measured"),
                Section::Watch => ("watch", "measured"),
                Section::Parts => ("parts", "run"),
            };
            let item = self.root.map(section).iter().find(|item| *item.key == **name);
            let place = item.map_or_else(|| self.root.place_of(section), |item| item.value.place);
            Fault::error(place, format!("this cannot be {what}: {reason}"))
        };
        // What was doubtful before is so still.
        Faults::new(
            self.files.clone(),
            entries.iter().map(fault).chain(self.warnings.iter().cloned()).collect(),
        )
    }
}

fn assumption(value: &Value) -> Option<Assumption> {
    let text = |text: &Arc<str>| text.to_string();
    match &value.data {
        Data::Text(said) => {
            Some(Assumption { text: text(said), source: None, doubt: None, place: value.place })
        }
        Data::Args(args) => Some(Assumption {
            text: args.text("text")?.to_string(),
            source: args.text("source").map(str::to_string),
            doubt: args.args("doubt").map(|doubt| doubt.kind().to_string()),
            place: value.place,
        }),
        _ => None,
    }
}
