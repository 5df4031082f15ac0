//! Points of members on a circle.

/// Points in order, each with the member that owns it.
///
/// Where a place would be is looked up by its first bits, as many as make about one point for each number they can have:
/// points are scattered evenly by their hashes, so that little is left to search.
#[derive(Clone, Debug, Default)]
pub(super) struct Ring {
    points: Vec<(u32, u32)>,
    /// For each number of the first bits how many points are before it; then how many there are.
    begins: Vec<u32>,
    /// How many bits are not looked up.
    rest: u32,
}

impl Ring {
    /// Returns the ring of these points; of several at one place the first counts.
    pub(super) fn new(points: impl Iterator<Item = (u32, u32)>) -> Ring {
        let mut points: Vec<(u32, u32)> = points.collect();
        points.sort_by_key(|point| point.0);
        points.dedup_by_key(|point| point.0);
        let bits = points.len().max(2).ilog2();
        let rest = 32 - bits;
        let mut begins = Vec::with_capacity((1 << bits) + 1);
        for number in 0..1_u64 << bits {
            begins.push(points.partition_point(|point| u64::from(point.0) < number << rest) as u32);
        }
        begins.push(points.len() as u32);
        Ring { points, begins, rest }
    }

    pub(super) fn len(&self) -> usize {
        self.points.len()
    }

    /// Returns the first point at or after a place, going round.
    pub(super) fn after(&self, place: u32) -> usize {
        let number = (place >> self.rest) as usize;
        let (from, to) = (self.begins[number] as usize, self.begins[number + 1] as usize);
        let at = from + self.points[from..to].partition_point(|point| point.0 < place);
        if at == self.points.len() { 0 } else { at }
    }

    /// Returns the place and the owner of a point; numbers go round.
    pub(super) fn point(&self, at: usize) -> (u32, usize) {
        let (place, member) = self.points[at % self.points.len()];
        (place, member as usize)
    }
}
