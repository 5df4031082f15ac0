//! Reading a scenario file with what it includes, merged into one tree.

use std::path::{Component, Path, PathBuf};

use crate::diagnostic::Fault;
use crate::file::{FileId, Files, Place, read_text};
use crate::node::{Arena, Entry, NodeId, Origin, Shape};
use crate::reader::read;

/// The format this program reads.
pub(crate) const FORMAT: &str = "1";
/// How deep includes may nest.
const INCLUDE_DEPTH_MAX: usize = 8;
/// How many files a scenario may be made of. Chosen: far above any house's library.
const FILES_MAX: usize = 100;

/// The sections an included file keeps for itself.
const OWN_SECTIONS: [&str; 5] = ["format", "title", "question", "include", "set"];

/// A scenario as it was written: one tree, and the `set` sections in the order in which they apply.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    pub(crate) files: Files,
    pub(crate) arena: Arena,
    pub(crate) root: NodeId,
    pub(crate) sets: Vec<NodeId>,
    /// What was wrong so far, though reading could go on.
    pub(crate) faults: Vec<Fault>,
}

/// Reads files and merges them.
pub(crate) struct Loader {
    pub(crate) files: Files,
    arena: Arena,
    pub(crate) faults: Vec<Fault>,
    sets: Vec<NodeId>,
    /// The files that are being read, outermost first.
    open: Vec<PathBuf>,
    done: Vec<PathBuf>,
}

impl Loader {
    pub(crate) fn new() -> Loader {
        Loader {
            files: Files::default(),
            arena: Arena::default(),
            faults: Vec::new(),
            sets: Vec::new(),
            open: Vec::new(),
            done: Vec::new(),
        }
    }

    /// Reads a file and all it includes.
    pub(crate) fn file(mut self, path: &Path) -> Result<Written, (Files, Vec<Fault>)> {
        let name = path.display().to_string();
        let root = match read_text(path) {
            Ok(text) => {
                let file = self.files.add(&name, Some(path.to_path_buf()), text);
                self.open.push(path.canonicalize().unwrap_or_else(|_| path.to_path_buf()));
                self.tree(file, Origin::File)
            }
            Err(error) => {
                let file = self.files.add(&name, Some(path.to_path_buf()), String::new());
                let mut fault = Fault::error(Place::new(file, 0, 0), error.message);
                fault.help = error.help;
                self.faults.push(fault);
                None
            }
        };
        self.finish(root)
    }

    /// Reads a text that is no file; includes are looked for in the given folder.
    pub(crate) fn text(
        mut self,
        name: &str,
        text: &str,
        folder: Option<&Path>,
    ) -> Result<Written, (Files, Vec<Fault>)> {
        let file = self.files.add(name, folder.map(|folder| folder.join(name)), text.to_string());
        let root = self.tree(file, Origin::File);
        self.finish(root)
    }

    fn finish(self, root: Option<NodeId>) -> Result<Written, (Files, Vec<Fault>)> {
        match root {
            Some(root) => Ok(Written {
                files: self.files,
                arena: self.arena,
                root,
                sets: self.sets,
                faults: self.faults,
            }),
            None => Err((self.files, self.faults)),
        }
    }

    /// Reads one file to a record with the sections of what it includes added.
    fn tree(&mut self, file: FileId, origin: Origin) -> Option<NodeId> {
        let text = std::sync::Arc::clone(self.files.get(file));
        let root = read(text.text(), file, origin, &mut self.arena, &mut self.faults)?;
        self.record_of_format(root)?;
        let mut included = Vec::new();
        if let Some(list) = self.arena.field(root, "include").map(|entry| entry.value) {
            for item in self.items(list) {
                included.extend(self.include(item, file));
            }
        }
        if let Some(set) = self.arena.field(root, "set") {
            self.sets.push(set.value);
        }
        for tree in included {
            self.merge(root, tree);
        }
        Some(root)
    }

    fn items(&self, list: NodeId) -> Vec<NodeId> {
        match &self.arena.get(list).shape {
            Shape::List(items) => items.clone(),
            _ => vec![list],
        }
    }

    /// Holds that a file is a record of a format this program reads.
    fn record_of_format(&mut self, root: NodeId) -> Option<()> {
        let node = self.arena.get(root);
        let start = node.place.part(0, 1);
        let fault = match &node.shape {
            Shape::Record(given) if given.values.is_empty() => match self.arena.field(root, "format") {
                Some(entry) => {
                    let value = self.arena.get(entry.value);
                    match &value.shape {
                        Shape::Number(number) if &**number == FORMAT => return Some(()),
                        Shape::Number(number) if number.bytes().all(|byte| byte.is_ascii_digit()) => {
                            Fault::error(
                                value.place,
                                format!("this file is of format {number}, this program reads {FORMAT}"),
                            )
                            .help("a newer program reads it")
                        }
                        _ => Fault::error(value.place, "the format is a number").help("write `format: 1`"),
                    }
                }
                None => {
                    let at = given.fields.first().map_or(start, |entry| entry.key.place);
                    let fault = Fault::error(at, "the first field is the format number: `format: 1`");
                    self.faults.push(fault.help("add it: it says how the rest is read"));
                    return Some(());
                }
            },
            Shape::Kind(word, _) => Fault::error(word.place, "a scenario is one record, without a kind")
                .help("write ( format: 1, … )"),
            _ => Fault::error(start, "a scenario is one record of named fields")
                .help("( format: 1, title: \"…\", parts: { … } )"),
        };
        self.faults.push(fault);
        None
    }

    fn include(&mut self, item: NodeId, from: FileId) -> Option<NodeId> {
        let place = self.arena.place(item);
        let Some(written) = self.arena.text(item).map(str::to_string) else {
            self.faults.push(Fault::error(place, "an include is the name of a file, in quotes"));
            return None;
        };
        let mut wrong = |message: String, help: &str| {
            let fault = Fault::error(place, message);
            self.faults.push(if help.is_empty() { fault } else { fault.help(help) });
            None
        };
        let outside = "an include must lie beside or below this file".to_string();
        let inside = Path::new(&written)
            .components()
            .all(|component| matches!(component, Component::Normal(_) | Component::CurDir));
        if written.is_empty() || !inside {
            return wrong(outside, "no `..` and no absolute path");
        }
        let Some(folder) =
            self.files.get(from).path().map(|path| path.parent().unwrap_or(Path::new("")).to_path_buf())
        else {
            return wrong("this text is no file: it cannot include others".to_string(), "");
        };
        let path = folder.join(&written);
        let canonical = match path.canonicalize() {
            Ok(canonical) => canonical,
            // The reader knows the words for what is wrong with the file.
            Err(_) => match read_text(&path) {
                Err(error) => return wrong(format!("{written}: {}", error.message), ""),
                Ok(_) => return wrong(format!("{written}: this file cannot be found again"), ""),
            },
        };
        let home = if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder };
        if !home.canonicalize().is_ok_and(|home| canonical.starts_with(home)) {
            return wrong(outside, "a symbolic link leads elsewhere");
        }
        if let Some(at) = self.open.iter().position(|open| *open == canonical) {
            let between: Vec<_> = self.open[at + 1..]
                .iter()
                .filter_map(|path| Some(path.file_name()?.to_string_lossy()))
                .collect();
            let by = if between.is_empty() {
                String::new()
            } else {
                format!(" (by way of {})", between.join(", "))
            };
            return wrong(format!("{written} includes itself{by}"), "");
        }
        if self.done.contains(&canonical) {
            // Two libraries may build on the same third: its names are defined once.
            return None;
        }
        if self.open.len() > INCLUDE_DEPTH_MAX {
            return wrong(format!("includes nest deeper than {INCLUDE_DEPTH_MAX}"), "");
        }
        if self.done.len() >= FILES_MAX {
            return wrong(format!("more than {FILES_MAX} files are included"), "");
        }
        let text = match read_text(&path) {
            Ok(text) => text,
            Err(error) => {
                return wrong(format!("{written}: {}", error.message), error.help.as_deref().unwrap_or(""));
            }
        };
        let file = self.files.add(&path.display().to_string(), Some(path), text);
        self.done.push(canonical.clone());
        self.open.push(canonical);
        let tree = self.tree(file, Origin::Include);
        self.open.pop();
        tree
    }

    /// Adds the sections of an included file.
    fn merge(&mut self, root: NodeId, tree: NodeId) {
        let sections = self.arena.given(tree).map_or_else(Vec::new, |given| given.fields.clone());
        for section in sections {
            if OWN_SECTIONS.contains(&&*section.key.text) {
                continue;
            }
            match self.arena.field(root, &section.key.text).map(|entry| entry.value) {
                Some(ours) => self.merge_section(ours, &section),
                None => {
                    if let Some(given) = self.arena.given_mut(root) {
                        given.fields.push(section);
                    }
                }
            }
        }
    }

    fn merge_section(&mut self, ours: NodeId, theirs: &Entry) {
        let mut added = self.arena.get(theirs.value).shape.clone();
        let (names, what): (Vec<Entry>, &str) = match (&self.arena.get(ours).shape, &added) {
            (Shape::Map(ours), Shape::Map(_)) => (ours.clone(), "\"{}\" is defined"),
            (Shape::Record(ours), Shape::Record(_)) => (ours.fields.clone(), "field `{}` is given"),
            (Shape::List(_), Shape::List(_)) => (Vec::new(), ""),
            _ => {
                let message = format!(
                    "section `{}` has another form in {}",
                    theirs.key.text,
                    self.name(theirs.key.place)
                );
                self.faults.push(Fault::error(self.arena.place(ours), message));
                return;
            }
        };
        let first: std::collections::BTreeMap<&str, Place> =
            names.iter().map(|entry| (&*entry.key.text, entry.key.place)).collect();
        if let Shape::Map(entries) | Shape::Record(crate::node::Given { fields: entries, .. }) = &mut added {
            entries.retain(|entry| {
                let Some(place) = first.get(&*entry.key.text) else { return true };
                let message = format!(
                    "{} twice (also in {})",
                    what.replace("{}", &entry.key.text),
                    self.files.describe(entry.key.place)
                );
                self.faults
                    .push(Fault::error(*place, message).help("give one of them another name, or use `set`"));
                false
            });
        }
        match (&mut self.arena.get_mut(ours).shape, added) {
            (Shape::Map(ours), Shape::Map(added)) => ours.extend(added),
            (Shape::Record(ours), Shape::Record(added)) => ours.fields.extend(added.fields),
            (Shape::List(ours), Shape::List(added)) => ours.extend(added),
            _ => {}
        }
    }

    fn name(&self, place: Place) -> &str {
        self.files.get(place.file).name()
    }
}
