//! What an edge says of the wire, and how instances are chosen.

use kneepoint_calls::Callee;
use kneepoint_components::Edge;
use kneepoint_components::fault::Part;
use kneepoint_components::link::{Bandwidth, Link};

use super::places::{Places, Spot};
use super::{Builder, Built, law, unbuilt, wrong};
use crate::file::Place;
use crate::spec::DistributionSpec;
use crate::topology::Call;
use crate::typed::Value;
use crate::value::{Piece, Target};

impl Builder<'_> {
    /// Puts the wire of an edge before an instance, if there is any to speak of.
    pub(super) fn wire(
        &mut self,
        path: &str,
        call: &Call,
        from: usize,
        to: usize,
        door: Callee,
    ) -> Built<Edge> {
        let checked = self.checked;
        let caller = &checked.parts()[call.caller];
        let round_trip = match self.round_trip(call, from, to) {
            Some(value) => law::distribution(checked, DistributionSpec::of(value)?, value.place)?,
            None => law::distribution(checked, DistributionSpec::Constant(0.0), caller.place)?,
        };
        let bandwidth = checked.edge(call, "bandwidth").and_then(|value| value.number());
        let shared = checked
            .edge(call, "shared")
            .is_some_and(|value| matches!(value.data, crate::typed::Data::Flag(true)));
        let loss = checked.edge(call, "loss").and_then(|value| value.number()).unwrap_or(0.0);
        if round_trip.is_constant() == Some(0.0) && bandwidth.is_none() && loss == 0.0 {
            return Ok(Edge::to(door));
        }
        let mut link = Link::new(door, round_trip).with_loss(loss);
        if let Some(bytes_per_s) = bandwidth {
            if bytes_per_s <= 0.0 {
                let place = checked.edge(call, "bandwidth").map_or(caller.place, |value| value.place);
                return wrong(place, "a bandwidth must be above 0");
            }
            link = link.with_bandwidth(Bandwidth { bytes_per_s, shared });
        }
        Ok(Edge::to(self.sim.serve(path, link)))
    }
}

impl<'a> Builder<'a> {
    /// What is said of the round trip from an instance to another: by the edge, or by where they stand.
    fn round_trip(&self, call: &Call, from: usize, to: usize) -> Option<&'a Value> {
        self.checked.edge(call, "round_trip").or_else(|| {
            let spots = (self.spot(call.caller, from), self.spot(call.callee, to));
            self.places.round_trip(spots.0.as_ref(), spots.1.as_ref())
        })
    }

    /// How long the round trip from an instance to another takes in the mean \[ns\], if anything is said of it.
    pub(super) fn distance(&self, call: &Call, from: usize, to: usize) -> Option<u64> {
        let value = self.round_trip(call, from, to)?;
        let law = law::distribution(self.checked, DistributionSpec::of(value).ok()?, value.place).ok()?;
        Some(law.mean() as u64)
    }

    /// Where an instance stands: of a name server, where the one stands who asks it.
    pub(super) fn spot(&self, part: usize, instance: usize) -> Option<Spot> {
        if let Some(asker) = self.askers.get(&part).and_then(|askers| askers.get(instance)) {
            return self.spot(asker.0, asker.1);
        }
        Places::spot(&self.checked.parts()[part], instance)
    }
}

/// Which instances of a callee a call goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Among {
    /// One that is chosen among all: by a policy.
    All,
    /// This one.
    One(u32),
    /// One that is drawn anew each time.
    Any,
}

impl Among {
    /// A word for paths of components.
    pub(super) fn name(self) -> String {
        match self {
            Among::All => "all".to_string(),
            Among::One(at) => at.to_string(),
            Among::Any => "any".to_string(),
        }
    }
}

/// What a call's path says of instances.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Meant {
    /// One call to one instance.
    One(Among),
    /// A call to each.
    Each,
    /// Calls to so many, drawn anew each time.
    Drawn(Part),
}

/// Reads which instances a target names.
pub(super) fn meant(target: &Target, place: Place) -> Built<Meant> {
    Ok(match target.place.pieces.as_slice() {
        [] => Meant::One(Among::All),
        [piece] => match &piece.value {
            Piece::Index(index) => Meant::One(Among::One(*index)),
            Piece::Each => Meant::Each,
            Piece::Any | Piece::AnyCount(1) => Meant::One(Among::Any),
            Piece::AnyCount(count) => Meant::Drawn(Part::Count(*count as usize)),
            Piece::AnyShare(share) => Meant::Drawn(Part::Share(*share)),
            Piece::Name(_) => return unbuilt(place, "calling a role inside a part"),
        },
        _ => return unbuilt(place, "calling a role inside a part"),
    })
}

/// Reads which instance a caller means that makes one call.
pub(super) fn among(target: &Target, place: Place) -> Built<Among> {
    match meant(target, place)? {
        Meant::One(among) => Ok(among),
        Meant::Each | Meant::Drawn(_) => wrong(place, "one call goes to one instance"),
    }
}
