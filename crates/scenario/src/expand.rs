//! The scenario as it is understood: everything filled in, with where each value comes from.

use std::fmt::Write as _;

use crate::file::Files;
use crate::node::{Origin, quoted};
use crate::plan::DefaultValue;
use crate::registry::FieldDefault;
use crate::scenario::{Assumption, Checked};
use crate::typed::{Args, Data, Value};

/// Writes a checked scenario out, one value a line.
pub(crate) fn expanded(checked: &Checked) -> String {
    let mut printer = Printer { out: String::new(), files: Some(checked.files()) };
    printer.args(checked.root(), 0);
    printer.out.push('\n');
    printer.out
}

/// What every part may be called by people.
const LABEL: &str = "label";

/// Hashes what is written out, without where it comes from and what people call its parts.
///
/// # Source
/// FNV-1a with 64 bits: Fowler, Noll and Vo, draft-eastlake-fnv; stable over platforms and versions of Rust.
pub(crate) fn hash(root: &Args) -> u64 {
    let mut printer = Printer { out: String::new(), files: None };
    printer.args(root, 0);
    printer
        .out
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Writes a kind with what was said of it in one line, for people, with durations as in reports, where these stand beside
/// measured ones: `Retry(retries: 2, on: [Timeout])`, `Timeout(1 s)`.
pub(crate) fn in_short(args: &Args) -> String {
    let given: Vec<(&str, &Value)> = args
        .kind
        .fields
        .iter()
        .zip(&args.values)
        .filter(|(field, _)| args.is_given(&field.name))
        .filter_map(|(field, value)| Some((&*field.name, value.as_ref()?)))
        .collect();
    let name = if &*args.kind.family == "record" { "" } else { &*args.kind.name };
    let inside = match given[..] {
        [] if !name.is_empty() => return name.to_string(),
        [(field, value)] if args.kind.main.as_deref() == Some(field) => value_in_short(value),
        _ => fields_in_short(&given),
    };
    format!("{name}({inside})")
}

/// Writes fields with their values in one line, for people.
pub(crate) fn fields_in_short(fields: &[(&str, &Value)]) -> String {
    let one = |(field, value): &(&str, &Value)| format!("{field}: {}", value_in_short(value));
    fields.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn value_in_short(value: &Value) -> String {
    let list = |items: Vec<String>| items.join(", ");
    match &value.data {
        Data::Text(text) | Data::Written(text) => text.to_string(),
        Data::Flag(flag) => flag.to_string(),
        Data::Count(count) => count.to_string(),
        Data::Quantity(quantity) => format!("{quantity:#}"),
        Data::Path(path) => path.to_string(),
        Data::Metric(metric) => metric.to_string(),
        Data::Condition(condition) => condition.to_string(),
        Data::Args(args) => in_short(args),
        Data::List(items) => format!("[{}]", list(items.iter().map(value_in_short).collect())),
        Data::Map(items) => {
            let one = |item: &crate::typed::Item| format!("{}: {}", item.key, value_in_short(&item.value));
            format!("{{{}}}", list(items.iter().map(one).collect()))
        }
    }
}

struct Printer<'a> {
    out: String,
    /// Where values come from, if that is to be said.
    files: Option<&'a Files>,
}

impl Printer<'_> {
    fn line(&mut self, depth: usize) {
        self.out.push('\n');
        self.out.push_str(&"    ".repeat(depth));
    }

    fn args(&mut self, args: &Args, depth: usize) {
        let record = &*args.kind.family == "record";
        if !record {
            self.out.push_str(&args.kind.name);
        }
        // What people call a part changes nothing that it does: results of before it was called so are still its own.
        let called = &*args.kind.family == "part";
        let counts = |name: &str| self.files.is_some() || !called || name != LABEL;
        let given: Vec<_> =
            args.kind.fields.iter().zip(&args.values).filter(|(field, _)| counts(&field.name)).collect();
        if !record && given.iter().all(|(_, value)| value.is_none()) {
            return;
        }
        self.out.push('(');
        for (field, value) in given {
            if &*args.kind.name == "scenario" && matches!(&*field.name, "include" | "set") {
                // Both have been done.
                continue;
            }
            let words = match (&field.default, value) {
                (Some(FieldDefault::Words(words)), None) => Some(words),
                _ => None,
            };
            match value {
                Some(value) => {
                    self.line(depth + 1);
                    let _ = write!(self.out, "{}: ", field.name);
                    self.value(value, depth + 1);
                    self.out.push(',');
                    self.origin(value, field.source.as_deref());
                }
                None if self.files.is_some() && words.is_some() => {
                    self.line(depth + 1);
                    let _ = write!(self.out, "// {}: {}", field.name, words.map_or("", |words| words));
                }
                None => {}
            }
        }
        if let (Some(note), Some(_)) = (&args.note, self.files) {
            self.line(depth + 1);
            let _ = write!(self.out, "note: {},", quoted(note));
        }
        self.line(depth);
        self.out.push(')');
    }

    /// Says where a value comes from, after it, unless it is made of values that say so themselves.
    fn origin(&mut self, value: &Value, source: Option<&str>) {
        let Some(files) = self.files else { return };
        if matches!(&value.data, Data::Args(args) if args.values.iter().any(Option::is_some)) {
            return;
        }
        if matches!(&value.data, Data::List(list) if !list.is_empty()) || matches!(&value.data, Data::Map(_))
        {
            return;
        }
        let _ = write!(self.out, "  // {}", value.origin.word());
        match (value.origin, source) {
            (Origin::Default, Some(source)) => drop(write!(self.out, ", {source}")),
            (Origin::Default, None) => {}
            _ => drop(write!(self.out, " {}", files.describe(value.place))),
        }
        if let Some(formula) = &value.formula {
            let one_line: String = formula.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
            let _ = write!(self.out, " {one_line}");
        }
    }

    fn value(&mut self, value: &Value, depth: usize) {
        match &value.data {
            Data::Text(text) => self.out.push_str(&quoted(text)),
            Data::Written(text) => self.out.push_str(text),
            Data::Flag(flag) => drop(write!(self.out, "{flag}")),
            Data::Count(count) => drop(write!(self.out, "{count}")),
            Data::Quantity(quantity) => {
                if quantity.dimension == crate::value::Dimension::Number {
                    let _ = write!(self.out, "{quantity}");
                } else {
                    self.out.push_str(&quoted(&quantity.to_string()));
                }
            }
            Data::Path(path) => self.out.push_str(&quoted(&path.to_string())),
            Data::Metric(metric) => self.out.push_str(&quoted(&metric.to_string())),
            Data::Condition(condition) => self.out.push_str(&quoted(&condition.to_string())),
            Data::Args(args) => self.args(args, depth),
            Data::List(list) => {
                self.out.push('[');
                for item in list {
                    self.line(depth + 1);
                    self.value(item, depth + 1);
                    self.out.push(',');
                    self.origin(item, None);
                }
                if !list.is_empty() {
                    self.line(depth);
                }
                self.out.push(']');
            }
            Data::Map(items) => {
                self.out.push('{');
                for item in items {
                    self.line(depth + 1);
                    let _ = write!(self.out, "{}: ", quoted(&item.key));
                    self.value(&item.value, depth + 1);
                    self.out.push(',');
                    self.origin(&item.value, None);
                }
                if !items.is_empty() {
                    self.line(depth);
                }
                self.out.push('}');
            }
        }
    }
}

/// Adds the notes of a tree and the defaults that have a source, each once.
pub(crate) fn ledger(root: &Args, list: &mut Vec<Assumption>) {
    let mut notes = Vec::new();
    let mut defaults = Vec::new();
    visit(root, &mut |args| {
        if let Some(note) = &args.note {
            notes.push(Assumption { text: note.to_string(), source: None, doubt: None, place: args.place });
        }
        for (field, value) in args.kind.fields.iter().zip(&args.values) {
            let (Some(value), Some(source)) = (value, &field.source) else { continue };
            if value.origin != Origin::Default {
                continue;
            }
            let Some(FieldDefault::Value(text)) = &field.default else { continue };
            let text = format!("{}.{} = {text}", args.kind.name, field.name);
            if !defaults.iter().any(|known: &Assumption| known.text == text) {
                defaults.push(Assumption {
                    text,
                    source: Some(source.to_string()),
                    doubt: None,
                    place: value.place,
                });
            }
        }
    });
    list.append(&mut notes);
    list.append(&mut defaults);
}

/// Returns every default that was taken, in the order of the file: where, what, and where it comes from.
///
/// A part is called by its name alone, as settings call it; everything else by the fields that lead to it.
pub(crate) fn defaults(root: &Args) -> Vec<DefaultValue> {
    let mut list = Vec::new();
    defaults_of(root, &mut Vec::new(), &mut list);
    list
}

fn defaults_of(args: &Args, way: &mut Vec<String>, list: &mut Vec<DefaultValue>) {
    for (field, value) in args.kind.fields.iter().zip(&args.values) {
        if &*args.kind.name == "scenario" && matches!(&*field.name, "include" | "set" | "sweep" | "variants")
        {
            // Those say what is made of the scenario, not what it is.
            continue;
        }
        let mut note = |value: String, in_words: bool| {
            list.push(DefaultValue {
                at: way.join("."),
                kind: args.kind.name.to_string(),
                field: field.name.to_string(),
                value,
                in_words,
                source: field.source.as_deref().map(str::to_string),
            });
        };
        match (value, &field.default) {
            (None, Some(FieldDefault::Words(words))) => note(words.to_string(), true),
            // A record that is filled in says for each of its fields where that comes from.
            (Some(value), Some(FieldDefault::Value(text)))
                if value.origin == Origin::Default && !text.starts_with('(') =>
            {
                note(text.to_string(), false);
            }
            _ => {}
        }
        if let Some(value) = value {
            let named = &*field.name != "parts";
            if named {
                way.push(field.name.to_string());
            }
            defaults_in(value, way, list);
            if named {
                way.pop();
            }
        }
    }
}

fn defaults_in(value: &Value, way: &mut Vec<String>, list: &mut Vec<DefaultValue>) {
    match &value.data {
        Data::Args(args) => defaults_of(args, way, list),
        Data::List(items) => {
            for (at, item) in items.iter().enumerate() {
                way.push(at.to_string());
                defaults_in(item, way, list);
                way.pop();
            }
        }
        Data::Map(items) => {
            for item in items {
                way.push(item.key.to_string());
                defaults_in(&item.value, way, list);
                way.pop();
            }
        }
        _ => {}
    }
}

fn visit(args: &Args, to: &mut dyn FnMut(&Args)) {
    fn value(of: &Value, to: &mut dyn FnMut(&Args)) {
        match &of.data {
            Data::Args(args) => visit(args, to),
            Data::List(list) => list.iter().for_each(|item| value(item, to)),
            Data::Map(items) => items.iter().for_each(|item| value(&item.value, to)),
            _ => {}
        }
    }
    to(args);
    args.values.iter().flatten().for_each(|of| value(of, to));
}
