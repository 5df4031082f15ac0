//! What a `Slow` of many does nothing to.

use std::collections::BTreeSet;

use crate::build::Places;
use crate::build::harm::{WORK, works};
use crate::check::FAULTS_MAX;
use crate::diagnostic::{Fault, list_of};
use crate::topology::Part;
use crate::typed::{Args, Data, Value};
use crate::value::{Path, Piece, Target};

/// Warns of a `Slow` of a region or a domain in which there is somebody who does no work of his own, by name.
///
/// If nobody works there, that is an error, told where the fault is built.
pub(crate) fn check(root: &Args, parts: &[Part], faults: &mut Vec<Fault>) {
    for item in root.map("faults").iter().chain(root.map("actions")) {
        if faults.len() >= FAULTS_MAX {
            return;
        }
        let Some(args) = item.value.as_args().filter(|args| args.kind() == "Slow") else { continue };
        let nothing = match (args.number_if("by"), args.number_if("share")) {
            (Some(1.0), _) => Some("by"),
            (_, Some(0.0)) => Some("share"),
            _ => None,
        };
        if let Some(field) = nothing {
            let message =
                format!("this Slow changes nothing: its `{field}` is {}", if field == "by" { 1 } else { 0 });
            faults.push(Fault::warning(args.place_of(field), message));
        }
        let Some(Path::Target(target)) = args.path("on") else { continue };
        if parts.iter().any(|part| *part.name == target.place.root.value) {
            continue;
        }
        let mut hit = Hit { root, parts, works: false, idle: Vec::new(), domains: BTreeSet::new() };
        hit.meet(target);
        if !hit.works || hit.idle.is_empty() {
            continue;
        }
        let verb = if hit.idle.len() == 1 { "has" } else { "have" };
        let idle = list_of(hit.idle.iter().map(String::as_str));
        let message =
            format!("Slow acts on work: {idle} in {} {verb} none and stay as they are", target.place);
        let message =
            if hit.idle.len() == 1 { message.replace("stay as they are", "stays as it is") } else { message };
        let help = format!("it acts on each {} there", WORK.join(" and "));
        faults.push(Fault::warning(args.place_of("on"), message).help(help));
    }
}

/// Who is hit.
struct Hit<'a> {
    root: &'a Args,
    parts: &'a [Part],
    /// Somebody works.
    works: bool,
    /// Those who do not, as they are named, each once.
    idle: Vec<String>,
    /// Domains that have been looked at.
    domains: BTreeSet<&'a str>,
}

impl<'a> Hit<'a> {
    fn meet(&mut self, target: &'a Target) {
        let mut open = vec![target];
        while let Some(target) = open.pop() {
            let root = target.place.root.value.as_str();
            if let Some(part) = self.parts.iter().find(|part| &*part.name == root) {
                self.note(part, target.place.to_string());
            } else if let Some(domain) = self.root.map("domains").iter().find(|item| &*item.key == root) {
                if let (true, Data::List(paths)) = (self.domains.insert(root), &domain.value.data) {
                    // The last is looked at first.
                    open.extend(paths.iter().rev().filter_map(in_it));
                }
            } else {
                self.region(target);
            }
        }
    }

    /// Those who stand in a region or a zone of it, or one part there.
    fn region(&mut self, target: &Target) {
        let is_named = |part: &Part| {
            target
                .place
                .pieces
                .iter()
                .any(|piece| matches!(&piece.value, Piece::Name(name) if *name == *part.name))
        };
        let one = self.parts.iter().any(is_named);
        let zone = target.place.pieces.iter().find_map(|piece| match &piece.value {
            Piece::Name(name) if self.parts.iter().all(|part| *part.name != **name) => Some(name),
            _ => None,
        });
        for part in self.parts.iter().filter(|part| !part.is_client && (!one || is_named(part))) {
            let stands = (0..part.instances() as usize).any(|instance| {
                Places::spot(part, instance).is_some_and(|spot| {
                    spot.region == target.place.root.value
                        && zone.is_none_or(|zone| spot.zone.as_ref() == Some(zone))
                })
            });
            if stands {
                self.note(part, part.name.to_string());
            }
        }
    }

    fn note(&mut self, part: &Part, name: String) {
        if works(part) {
            self.works = true;
        } else if !self.idle.contains(&name) {
            self.idle.push(name);
        }
    }
}

fn in_it(value: &Value) -> Option<&Target> {
    match &value.data {
        Data::Path(Path::Target(target)) => Some(target),
        _ => None,
    }
}
