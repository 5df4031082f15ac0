//! Where instances stand, and how far apart that is.

use crate::scenario::Checked;
use crate::topology::Part;
use crate::typed::{Args, Data, Value};
use crate::value::{Path, Piece};

/// Regions, zones and the distances between them.
pub(crate) struct Places<'a> {
    network: Option<&'a Args>,
}

/// A region, and a zone of it if one is named.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Spot {
    pub(crate) region: String,
    pub(crate) zone: Option<String>,
}

impl<'a> Places<'a> {
    pub(crate) fn of(checked: &'a Checked) -> Places<'a> {
        Places { network: checked.root().args("network") }
    }

    /// Where an instance of a part stands: instances go round the places (`Even`).
    pub(crate) fn spot(part: &Part, instance: usize) -> Option<Spot> {
        part.args.kind.field("places")?;
        let places = part.args.list("places");
        if places.is_empty() {
            return None;
        }
        let count = part.instances() as usize;
        let packed = part.args.kind.field("spread").is_some() && part.args.word("spread") == "Packed";
        // Packed: the first place is filled before the next, each with its share of the instances.
        let at = if packed { instance * places.len() / count.max(1) } else { instance % places.len() };
        let Data::Path(Path::Target(target)) = &places[at].data else { return None };
        let zone = target.place.pieces.first().and_then(|piece| match &piece.value {
            Piece::Name(name) => Some(name.clone()),
            _ => None,
        });
        Some(Spot { region: target.place.root.value.clone(), zone })
    }

    /// What `network` says of the round trip between two places; nothing if the file has no network or either
    /// stands nowhere.
    pub(crate) fn round_trip(&self, from: Option<&Spot>, to: Option<&Spot>) -> Option<&'a Value> {
        let (network, from, to) = (self.network?, from?, to?);
        if from.region != to.region {
            let between = |item: &&crate::typed::Item| {
                let mut ends = item.key.split("<->").map(str::trim);
                let (a, b) = (ends.next().unwrap_or(""), ends.next().unwrap_or(""));
                (a == from.region && b == to.region) || (b == from.region && a == to.region)
            };
            return network.map("between_regions").iter().find(between).map(|item| &item.value);
        }
        // A place without a zone may be in any: it is not taken to be in the same.
        let same = from.zone.is_some() && from.zone == to.zone;
        network.get(if same { "within_zone" } else { "between_zones" })
    }
}
