//! Values as they were written: an arena of nodes, each with its place and origin.

use crate::file::Place;
use crate::steering::is_steering;

/// Names a value as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub(crate) u32);

/// Who said it; the later ones win over the earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// The kind's own default.
    Default,
    /// A preset that was named.
    Preset,
    /// A file that was included.
    Include,
    /// The scenario file.
    File,
    /// Its `set` section.
    Set,
    /// The chosen variant.
    Variant,
    /// `--set` on the command line, or a sweep.
    CommandLine,
}

impl Origin {
    /// Returns the word `check --expand` prints.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Origin::Default => "default",
            Origin::Preset => "preset",
            Origin::Include => "include",
            Origin::File => "file",
            Origin::Set => "set",
            Origin::Variant => "variant",
            Origin::CommandLine => "--set",
        }
    }
}

/// A word with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) text: Box<str>,
    pub(crate) place: Place,
}

/// A named value in a record, a kind or a map.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) key: Word,
    pub(crate) value: NodeId,
}

/// What stands in the brackets of a kind or a record.
#[derive(Debug, Clone, Default)]
pub(crate) struct Given {
    /// Values without a name: one is the short form, more are a fault.
    pub(crate) values: Vec<NodeId>,
    pub(crate) fields: Vec<Entry>,
}

/// The form of a value. Numbers stay text until their type is known.
#[derive(Debug, Clone)]
pub(crate) enum Shape {
    Text(Box<str>),
    Number(Box<str>),
    Flag(bool),
    List(Vec<NodeId>),
    Map(Vec<Entry>),
    /// `(…)`
    Record(Given),
    /// `Kind`, `Kind(x)`, `Kind(a: x)`
    Kind(Word, Given),
}

#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) shape: Shape,
    pub(crate) place: Place,
    pub(crate) origin: Origin,
}

/// All values of a scenario.
#[derive(Debug, Clone, Default)]
pub(crate) struct Arena {
    nodes: Vec<Node>,
}

impl Arena {
    pub(crate) fn push(&mut self, shape: Shape, place: Place, origin: Origin) -> NodeId {
        self.nodes.push(Node { shape, place, origin });
        NodeId(u32::try_from(self.nodes.len() - 1).expect("the reader keeps the arena far below 2^32 nodes"))
    }

    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Returns all values that were ever written, also those something else was set in the place of.
    pub(crate) fn shapes(&self) -> impl Iterator<Item = (NodeId, &Shape)> {
        (0_u32..).map(NodeId).zip(self.nodes.iter().map(|node| &node.shape))
    }

    pub(crate) fn get(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    pub(crate) fn get_mut(&mut self, id: NodeId) -> &mut Node {
        &mut self.nodes[id.0 as usize]
    }

    pub(crate) fn place(&self, id: NodeId) -> Place {
        self.get(id).place
    }

    /// Copies a value with everything in it: what is changed later must not change where it was taken from.
    pub(crate) fn copy(&mut self, id: NodeId, origin: Origin) -> NodeId {
        let mut node = self.get(id).clone();
        node.origin = origin;
        match &mut node.shape {
            Shape::Text(_) | Shape::Number(_) | Shape::Flag(_) => {}
            Shape::List(list) => list.iter_mut().for_each(|item| *item = self.copy(*item, origin)),
            Shape::Map(entries) => {
                entries.iter_mut().for_each(|entry| entry.value = self.copy(entry.value, origin))
            }
            Shape::Record(given) | Shape::Kind(_, given) => {
                given.values.iter_mut().for_each(|value| *value = self.copy(*value, origin));
                given.fields.iter_mut().for_each(|entry| entry.value = self.copy(entry.value, origin));
            }
        }
        self.push(node.shape, node.place, node.origin)
    }

    /// Returns the fields of a record or kind.
    pub(crate) fn given(&self, id: NodeId) -> Option<&Given> {
        match &self.get(id).shape {
            Shape::Record(given) | Shape::Kind(_, given) => Some(given),
            _ => None,
        }
    }

    pub(crate) fn given_mut(&mut self, id: NodeId) -> Option<&mut Given> {
        match &mut self.get_mut(id).shape {
            Shape::Record(given) | Shape::Kind(_, given) => Some(given),
            _ => None,
        }
    }

    /// Returns a field by its name; the first, if it is given twice.
    pub(crate) fn field(&self, id: NodeId, name: &str) -> Option<&Entry> {
        self.given(id)?.fields.iter().find(|entry| &*entry.key.text == name)
    }

    /// Returns the entries of a map, none for anything else.
    pub(crate) fn entries(&self, id: NodeId) -> &[Entry] {
        match &self.get(id).shape {
            Shape::Map(entries) => entries,
            _ => &[],
        }
    }

    pub(crate) fn text(&self, id: NodeId) -> Option<&str> {
        match &self.get(id).shape {
            Shape::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Writes a value as RON, on one line.
    pub(crate) fn ron(&self, id: NodeId) -> String {
        let mut out = String::new();
        self.write_ron(id, &mut out);
        out
    }

    fn write_ron(&self, id: NodeId, out: &mut String) {
        let entries = |entries: &[Entry], quote: bool, out: &mut String| {
            for (at, entry) in entries.iter().enumerate() {
                let key = if quote { quoted(&entry.key.text) } else { entry.key.text.to_string() };
                out.push_str(if at > 0 { ", " } else { "" });
                out.push_str(&key);
                out.push_str(": ");
                self.write_ron(entry.value, out);
            }
        };
        let values = |values: &[NodeId], out: &mut String| {
            for (at, value) in values.iter().enumerate() {
                out.push_str(if at > 0 { ", " } else { "" });
                self.write_ron(*value, out);
            }
        };
        match &self.get(id).shape {
            Shape::Text(text) => out.push_str(&quoted(text)),
            Shape::Number(number) => out.push_str(number),
            Shape::Flag(flag) => out.push_str(if *flag { "true" } else { "false" }),
            Shape::List(items) => {
                out.push('[');
                values(items, out);
                out.push(']');
            }
            Shape::Map(map) => {
                out.push('{');
                entries(map, true, out);
                out.push('}');
            }
            Shape::Record(given) | Shape::Kind(_, given) => {
                let record = match &self.get(id).shape {
                    Shape::Kind(word, _) => {
                        out.push_str(&word.text);
                        false
                    }
                    _ => true,
                };
                if record || !given.values.is_empty() || !given.fields.is_empty() {
                    out.push('(');
                    values(&given.values, out);
                    if !given.values.is_empty() && !given.fields.is_empty() {
                        out.push_str(", ");
                    }
                    entries(&given.fields, false, out);
                    out.push(')');
                }
            }
        }
    }

    /// Returns the place of some bytes of a text, or of all of it where escapes moved them.
    pub(crate) fn within_text(&self, id: NodeId, from: usize, to: usize) -> Place {
        let node = self.get(id);
        match &node.shape {
            Shape::Text(text) if (node.place.end - node.place.start) as usize == text.len() + 2 => {
                let to = to.max(from + 1).min(text.len().max(1));
                node.place.part(1 + from.min(text.len()), 1 + to)
            }
            _ => node.place,
        }
    }
}

/// Writes a text as RON reads it.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if is_steering(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
