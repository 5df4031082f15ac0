//! Presets: named kinds and records to start from.

use std::collections::BTreeMap;

use crate::diagnostic::{Fault, did_you_mean};
use crate::file::{FileId, Files};
use crate::node::{Arena, Entry, NodeId, Origin, Shape, Word};
use crate::reader::{DEPTH_MAX, read};
use crate::registry::Registry;
use crate::value::shown;

/// The presets that come with the program.
const SHIPPED: &str = include_str!("presets.ron");

/// The sections in which presets are not unfolded: they hold values for later.
const LATER: [&str; 4] = ["presets", "variants", "set", "sweep"];

/// How many values presets may add. Chosen: a thousand parts from a preset of two hundred values.
const UNFOLDED_MAX: usize = 200_000;

/// How deep presets may build on one another.
const PRESET_DEPTH_MAX: usize = 8;

/// Unfolds presets in place.
pub(crate) struct Presets<'a> {
    registry: &'a Registry,
    files: &'a mut Files,
    /// Several under a name if it stands for several kinds.
    shipped: Option<BTreeMap<String, Vec<NodeId>>>,
    own: BTreeMap<String, NodeId>,
    /// How many values there may be once all is unfolded.
    most: usize,
    stopped: bool,
}

impl<'a> Presets<'a> {
    pub(crate) fn new(
        registry: &'a Registry,
        files: &'a mut Files,
        arena: &Arena,
        root: NodeId,
    ) -> Presets<'a> {
        let section = arena.field(root, "presets").map_or(&[][..], |entry| arena.entries(entry.value));
        let own = section.iter().map(|entry| (entry.key.text.to_string(), entry.value)).collect();
        Presets { registry, files, shipped: None, own, most: arena.len() + UNFOLDED_MAX, stopped: false }
    }

    /// Unfolds all presets of a scenario.
    pub(crate) fn scenario(&mut self, arena: &mut Arena, root: NodeId, faults: &mut Vec<Fault>) {
        let sections = arena.given(root).map_or_else(Vec::new, |given| given.fields.clone());
        for section in sections.iter().filter(|section| !LATER.contains(&&*section.key.text)) {
            self.within(arena, section.value, 0, faults);
        }
    }

    /// Unfolds the presets in one value.
    pub(crate) fn within(&mut self, arena: &mut Arena, node: NodeId, depth: usize, faults: &mut Vec<Fault>) {
        if self.stopped {
            return;
        }
        if depth > 2 * DEPTH_MAX || arena.len() > self.most {
            self.stopped = true;
            let fault = Fault::error(arena.place(node), "presets unfold without end");
            faults.push(
                fault.help(format!("to more than {UNFOLDED_MAX} values, or deeper than {}", 2 * DEPTH_MAX)),
            );
            return;
        }
        let mut stack = Vec::new();
        while let Some(entry) = arena.field(node, "preset").cloned() {
            // Taken out, so that what the preset brings in is looked at next.
            if let Some(given) = arena.given_mut(node) {
                given.fields.retain(|field| &*field.key.text != "preset");
            }
            if self.start_from(arena, node, &entry, &mut stack, faults).is_none() {
                break;
            }
        }
        if let Some((name, place)) = stack.first().cloned() {
            let value = arena.push(Shape::Text(name.into()), place, Origin::File);
            let key = Word { text: "preset".into(), place };
            if let Some(given) = arena.given_mut(node) {
                given.fields.push(Entry { key, value });
            }
        }
        let children: Vec<NodeId> = match &arena.get(node).shape {
            Shape::List(items) => items.clone(),
            Shape::Map(entries) => entries.iter().map(|entry| entry.value).collect(),
            Shape::Record(given) | Shape::Kind(_, given) => {
                given.values.iter().copied().chain(given.fields.iter().map(|entry| entry.value)).collect()
            }
            _ => Vec::new(),
        };
        for child in children {
            self.within(arena, child, depth + 1, faults);
        }
    }

    /// Adds the fields of a preset that are not given.
    fn start_from(
        &mut self,
        arena: &mut Arena,
        node: NodeId,
        entry: &Entry,
        stack: &mut Vec<(String, crate::file::Place)>,
        faults: &mut Vec<Fault>,
    ) -> Option<()> {
        let place = arena.place(entry.value);
        let Some(name) = arena.text(entry.value).map(str::to_string) else {
            faults.push(Fault::error(place, "a preset is named in quotes"));
            return None;
        };
        if stack.iter().any(|(before, _)| *before == name) || stack.len() >= PRESET_DEPTH_MAX {
            faults.push(Fault::error(place, format!("preset \"{}\" builds on itself", shown(&name))));
            return None;
        }
        let presets = self.find(arena, &name);
        if presets.is_empty() {
            let shipped = self.shipped.iter().flatten().map(|(name, _)| name.as_str());
            let known: Vec<&str> = self.own.keys().map(String::as_str).chain(shipped).collect();
            let fault = Fault::error(place, format!("no preset \"{}\"", shown(&name)));
            faults.push(fault.help(did_you_mean(&name, '"', known)));
            return None;
        }
        stack.push((name.clone(), place));
        let head = |node: NodeId| match &arena.get(node).shape {
            Shape::Kind(word, _) => Some(word.text.to_string()),
            Shape::Record(_) => Some(String::new()),
            _ => None,
        };
        let ours = head(node);
        let Some(preset) = presets.iter().copied().find(|preset| ours.is_some() && head(*preset) == ours)
        else {
            let what = |head: Option<String>| match head.as_deref() {
                Some("") => "a group without a kind".to_string(),
                Some(kind) => format!("a `{kind}`"),
                None => "neither a kind nor a group".to_string(),
            };
            let theirs: Vec<String> = presets.iter().map(|preset| what(head(*preset))).collect();
            let theirs = theirs.join(" or ");
            let message = format!("preset \"{}\" is {theirs}, here stands {}", shown(&name), what(ours));
            faults.push(Fault::error(place, message));
            return None;
        };
        // What is given in the short form is given by name too, from here on.
        self.by_name(arena, node);
        self.files.note_use(&name, arena.place(preset), place);
        let preset = arena.copy(preset, Origin::Preset);
        self.by_name(arena, preset);
        let fields = arena.given(preset)?.fields.clone();
        let given = arena.given_mut(node)?;
        for field in fields {
            if given.fields.iter().all(|ours| ours.key.text != field.key.text) {
                given.fields.push(field);
            }
        }
        Some(())
    }

    /// Turns `Kind(x)` into `Kind(main: x)`.
    fn by_name(&self, arena: &mut Arena, node: NodeId) {
        let Shape::Kind(word, given) = &arena.get(node).shape else { return };
        let [value] = given.values[..] else { return };
        let registry = self.registry;
        let kind = word.text.to_string();
        let main =
            registry.families_with(&kind).find_map(|family| registry.kind(family, &kind)?.main.clone());
        let place = arena.place(value);
        if let (Some(main), Some(given)) = (main, arena.given_mut(node)) {
            given.values.clear();
            given.fields.insert(0, Entry { key: Word { text: (&*main).into(), place }, value });
        }
    }

    /// All that a name stands for: one of the author's own, or those shipped.
    fn find(&mut self, arena: &mut Arena, name: &str) -> Vec<NodeId> {
        if let Some(own) = self.own.get(name) {
            return vec![*own];
        }
        if self.shipped.is_none() {
            let file = self.files.add("shipped presets", None, SHIPPED.to_string());
            self.shipped = Some(read_shipped(arena, file));
        }
        self.shipped.as_ref().and_then(|shipped| shipped.get(name)).cloned().unwrap_or_default()
    }
}

fn read_shipped(arena: &mut Arena, file: FileId) -> BTreeMap<String, Vec<NodeId>> {
    let mut faults = Vec::new();
    let Some(root) = read(SHIPPED, file, Origin::Preset, arena, &mut faults) else { return BTreeMap::new() };
    let all = |node: NodeId| match &arena.get(node).shape {
        Shape::List(items) => items.clone(),
        _ => vec![node],
    };
    arena.entries(root).iter().map(|entry| (entry.key.text.to_string(), all(entry.value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shipped_presets_can_be_read() {
        let mut files = Files::default();
        let file = files.add("shipped presets", None, SHIPPED.to_string());
        let presets = read_shipped(&mut Arena::default(), file);
        for name in ["nginx", "haproxy", "alb", "envoy", "hystrix", "opossum", "resilience4j"] {
            assert!(presets.contains_key(name), "{name} of {presets:?}");
        }
    }
}
