//! Key spaces: what is drawn, and what was recorded.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use kneepoint_components::client::{RECORDS_MAX, Record};
use kneepoint_components::service::{ItemSize, Key};
use kneepoint_random::KeyPopularity;

use super::{Built, Noted, law, table, unbuilt, wrong};
use crate::diagnostic::{Fault, did_you_mean};
use crate::file::Place;
use crate::node::NodeId;
use crate::scenario::Checked;
use crate::topology::Part;
use crate::typed::{Args, Data};

/// One key space.
enum Space {
    Drawn {
        keys: KeyPopularity,
        item: Option<ItemSize>,
    },
    /// The key of each record, and which clients have recorded any.
    Recorded {
        keys: Arc<[u32]>,
        clients: BTreeSet<usize>,
    },
}

/// What a recorded client sends.
#[derive(Clone)]
pub(super) struct Trace {
    pub(super) records: Arc<[Record]>,
    /// The number of the first record, if there are keys to look up.
    pub(super) numbered_from: Option<u32>,
}

/// All key spaces of a scenario, and the recordings some of them come from.
#[derive(Default)]
pub(super) struct Keys {
    spaces: BTreeMap<String, Space>,
    traces: BTreeMap<usize, Trace>,
    /// The calls that requests of each client come to make; worked out if it is asked for.
    reached: BTreeMap<usize, BTreeSet<NodeId>>,
}

impl Keys {
    /// Reads all recordings and key spaces.
    pub(super) fn read(checked: &Checked, faults: &mut Vec<Fault>) -> Keys {
        let mut keys = Keys::default();
        for part in recorded(checked) {
            spaces_are_recorded(checked, &part.1.args, faults);
        }
        let read = checked.files().data.once(recordings_key(checked), || recordings(checked));
        let Recordings { traces, columns } = read.unwrap_or_else(|(found, more)| {
            faults.extend(more);
            found
        });
        keys.traces = traces;
        for (name, args) in checked.keyspaces() {
            if let Some(space) = space(checked, name, args, &columns).noted(faults) {
                keys.spaces.insert(name.to_string(), space);
            }
        }
        keys
    }

    /// Takes what a recorded client sends; nothing if it could not be read, which has been said.
    pub(super) fn trace(&mut self, client: usize) -> Option<Trace> {
        self.traces.remove(&client)
    }

    /// The key a call is about, and the size of what it stands for.
    pub(super) fn key(
        &mut self,
        checked: &Checked,
        name: &str,
        site: NodeId,
        place: Place,
    ) -> Built<(Key, Option<ItemSize>)> {
        match self.spaces.get(name) {
            // Nothing could be made of it, which has been said.
            None => Err(Vec::new()),
            Some(Space::Drawn { keys, item }) => {
                Ok((Key::Own { space: fnv(name), keys: keys.clone() }, item.clone()))
            }
            Some(Space::Recorded { keys, clients }) => {
                for (at, part) in checked.parts().iter().enumerate().filter(|(_, part)| part.is_client) {
                    if clients.contains(&at) {
                        continue;
                    }
                    let reached = self.reached.entry(at).or_insert_with(|| reached(checked, at));
                    if reached.contains(&site) {
                        let message = format!(
                            "requests of \"{}\" come here too, and no record says their keys of \"{name}\"",
                            part.name
                        );
                        return wrong(place, message);
                    }
                }
                Ok((Key::Recorded { keys: Arc::clone(keys) }, None))
            }
        }
    }
}

/// What all recorded clients of a scenario send.
#[derive(Clone, Default)]
struct Recordings {
    traces: BTreeMap<usize, Trace>,
    columns: Columns,
}

/// For each recorded key space the keys of all records, and which clients have recorded any.
#[derive(Clone, Default)]
struct Columns {
    of: BTreeMap<Arc<str>, Column>,
    /// A recording could not be read: what it would have said is not missing.
    unread: bool,
}

/// The keys of one recorded key space.
#[derive(Clone)]
struct Column {
    /// By number of the record.
    keys: Arc<[u32]>,
    clients: BTreeSet<usize>,
}

/// The recorded clients with their numbers.
fn recorded(checked: &Checked) -> impl Iterator<Item = (usize, &Part)> {
    checked.parts().iter().enumerate().filter(|(_, part)| part.args.kind() == "TraceClient")
}

/// Everything that decides what the recordings are.
fn recordings_key(checked: &Checked) -> String {
    let of = |(at, part): (usize, &Part)| {
        let columns = part.args.args("columns");
        let text = |field: &str| columns.and_then(|columns| columns.text(field)).unwrap_or("");
        let at = at.to_string();
        let mut words = vec![&*at, part.args.text("file").unwrap_or("")];
        words.extend(["time", "time_unit", "class", "size"].map(text));
        for item in columns.map_or(&[][..], |columns| columns.map("keys")) {
            if let Data::Text(column) = &item.value.data {
                words.extend([&*item.key, &**column]);
            }
        }
        // A list of keys ends where the classes begin: no column has an empty name.
        words.push("");
        words.extend(part.operations.iter().map(|class| &**class));
        table::key(checked.files(), part.args.place_of("file"), "recording", &words)
    };
    recorded(checked).map(of).collect::<Vec<_>>().join("\n")
}

/// Reads the recordings; with faults, as far as they could be read.
fn recordings(checked: &Checked) -> Result<Recordings, (Recordings, Vec<Fault>)> {
    let mut faults = Vec::new();
    let mut found = Recordings::default();
    let mut rows_of: BTreeMap<Arc<str>, (Vec<u32>, BTreeSet<usize>)> = BTreeMap::new();
    let mut numbers = table::KeyNumbers::default();
    for (at, part) in recorded(checked) {
        let read = table::recording(checked, &part.args, &part.operations, &mut numbers);
        let Some(recording) = read.noted(&mut faults) else {
            found.columns.unread = true;
            continue;
        };
        // Clients that share a key space number their records one after the other; others do not concern each other.
        let of = |space: &Arc<str>| rows_of.get(space).map_or(0, |(rows, _)| rows.len());
        let from = recording.keys.iter().map(|(space, _)| of(space)).max();
        if let Some(from) = from
            && from + recording.records.len() > RECORDS_MAX
        {
            let message = format!(
                "{} records with keys, together with other clients; {RECORDS_MAX} at most",
                from + recording.records.len()
            );
            faults.push(Fault::error(part.args.place_of("file"), message));
            continue;
        }
        for (space, column) in recording.keys {
            let (rows, clients) = rows_of.entry(space).or_default();
            rows.resize(from.unwrap_or(0), 0);
            rows.extend(column);
            clients.insert(at);
        }
        let numbered_from = from.map(|from| from as u32);
        found.traces.insert(at, Trace { records: recording.records.into(), numbered_from });
    }
    let shared = rows_of.into_iter();
    found.columns.of =
        shared.map(|(space, (rows, clients))| (space, Column { keys: rows.into(), clients })).collect();
    if faults.is_empty() { Ok(found) } else { Err((found, faults)) }
}

/// Holds that the columns of keys belong to key spaces that are recorded.
fn spaces_are_recorded(checked: &Checked, args: &Args, faults: &mut Vec<Fault>) {
    let Some(columns) = args.args("columns") else { return };
    for item in columns.map("keys") {
        match checked.keyspaces().find(|(name, _)| *name == &*item.key) {
            Some((_, space)) if space.kind() == "FromTrace" => {}
            Some((name, space)) => {
                let message = format!("the keys of \"{name}\" are drawn ({}), not recorded", space.kind());
                faults.push(Fault::error(item.key_place, message).help(format!("\"{name}\": FromTrace")));
            }
            None => {
                let fault = Fault::error(item.key_place, format!("no key space \"{}\"", item.key));
                let known: Vec<&str> = checked.keyspaces().map(|(name, _)| name).collect();
                faults.push(fault.help(did_you_mean(&item.key, '"', known)));
            }
        }
    }
}

fn space(checked: &Checked, name: &str, args: &Args, columns: &Columns) -> Built<Space> {
    let mut faults = Vec::new();
    let keys = match args.kind() {
        "Zipf" => KeyPopularity::zipf(args.count("keys"), args.number("exponent")),
        "Hotspot" => KeyPopularity::hotspot(args.count("keys"), args.count("hot"), args.number("share")),
        "Even" => KeyPopularity::even(args.count("keys")),
        "Samples" => {
            let (file, column) = (args.text("file").unwrap_or(""), args.text("column").unwrap_or(""));
            let place = args.place_of("file");
            let key = table::key(checked.files(), place, "counts", &[file, column]);
            let counts: Arc<[u64]> = checked
                .files()
                .data
                .once(key, || table::counts(checked, file, column, place).map(Arc::from))?;
            KeyPopularity::counted(&counts)
        }
        "FromTrace" => {
            return match columns.of.get(name) {
                Some(Column { keys, clients }) => {
                    Ok(Space::Recorded { keys: Arc::clone(keys), clients: clients.clone() })
                }
                None if columns.unread => Err(Vec::new()),
                None => wrong(
                    args.head,
                    format!(
                        "no TraceClient records keys of \"{name}\": columns: (keys: {{ \"{name}\": … }})"
                    ),
                ),
            };
        }
        other => return unbuilt(args.head, &format!("`{other}`")),
    };
    let keys = keys.or_else(|error| wrong(args.place, error.to_string())).noted(&mut faults);
    let size = args.kind.field("size").and_then(|_| args.distribution_if("size"));
    let size = size.map(|size| law::distribution(checked, size, args.place_of("size")));
    let item = size.map(|size| size.noted(&mut faults)).and_then(|size| size);
    let item = item.map(|size| ItemSize { space: format!("keyspaces/{name}"), size });
    match keys {
        Some(keys) if faults.is_empty() => Ok(Space::Drawn { keys, item }),
        _ => Err(faults),
    }
}

/// The places of calls that requests of a client come by.
fn reached(checked: &Checked, client: usize) -> BTreeSet<NodeId> {
    let topology = checked.topology();
    let mut sites = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut open: Vec<(usize, Option<Arc<str>>, Arc<str>)> = checked.parts()[client]
        .operations
        .iter()
        .map(|class| (client, Some(Arc::clone(class)), Arc::clone(class)))
        .collect();
    while let Some(state) = open.pop() {
        if !seen.insert(state.clone()) {
            continue;
        }
        let (part, operation, class) = state;
        let calls = topology.calls.iter().filter(|call| {
            call.caller == part
                && call.classes.contains(&class)
                && (call.operation.is_none() || call.operation == operation)
        });
        for call in calls {
            sites.insert(call.site);
            open.push((call.callee, call.callee_operation.clone(), Arc::clone(&class)));
        }
    }
    sites
}

/// A number for a name that does not depend on other names (FNV-1a).
fn fnv(name: &str) -> u64 {
    name.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}
