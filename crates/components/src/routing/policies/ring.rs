//! Points of members on a circle.

/// Points in order, each with the member that owns it.
#[derive(Clone, Debug, Default)]
pub(super) struct Ring {
    points: Vec<(u32, u32)>,
}

impl Ring {
    /// Returns the ring of these points; of several at one place the first counts.
    pub(super) fn new(points: impl Iterator<Item = (u32, u32)>) -> Ring {
        let mut points: Vec<(u32, u32)> = points.collect();
        points.sort_by_key(|point| point.0);
        points.dedup_by_key(|point| point.0);
        Ring { points }
    }

    pub(super) fn len(&self) -> usize {
        self.points.len()
    }

    /// Returns the first point at or after a place, going round.
    pub(super) fn after(&self, place: u32) -> usize {
        let at = self.points.partition_point(|point| point.0 < place);
        if at == self.points.len() { 0 } else { at }
    }

    /// Returns the place and the owner of a point; numbers go round.
    pub(super) fn point(&self, at: usize) -> (u32, usize) {
        let (place, member) = self.points[at % self.points.len()];
        (place, member as usize)
    }
}
