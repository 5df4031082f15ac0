//! Counts of values in log-linear buckets: small, exact to merge, within 0.8 % at any percentile.

use std::collections::BTreeMap;

/// Sub-buckets per octave, as a power of two: 64, hence a half width of at most 1/128 of the value.
const SUB_BITS: u32 = 6;
const SUB: usize = 1 << SUB_BITS;

/// A histogram of `u64` values (nanoseconds, in a simulation) with 64 buckets per octave.
///
/// Values below 128 are kept exactly; above, a bucket is at most 1/64 of its lower edge wide, so the
/// midpoint that is reported lies within 1/128 (0.8 %) of every value in it.
/// Count, sum, mean, minimum and maximum are exact.
/// Only the octaves that occur are stored (256 bytes each): 100 µs to 10 s takes about 4.5 KB, 0 to 8 s 7.5 KB,
/// all of `u64` 15 KB.
///
/// Two histograms merge by adding counts, which is exact, associative and commutative: the result does not
/// depend on which replication or thread finished first.
///
/// # Source
/// Chosen: log-linear integer buckets as in G. Tene's HdrHistogram, with a power of two per octave so that
/// the index is two shifts and an addition; sketches (t-digest, DDSketch with collapse) depend on the order
/// of merging and are slower.
#[derive(Clone, Debug)]
#[repr(C, align(64))] // what counting a value touches is one line of the cache
pub struct Histogram {
    sum: u128,
    /// Counts of the buckets `first .. first + counts.len()`, whole octaves.
    counts: Box<[u32]>,
    first: usize,
    count: u64,
    /// `u64::MAX` while empty.
    min: u64,
    /// 0 while empty.
    max: u64,
    /// What no longer fits into 32 bits: bucket to a multiple of 2^32. Empty in nearly every run.
    carried: BTreeMap<usize, u64>,
}

impl Histogram {
    /// Makes an empty histogram; it allocates nothing before the first value.
    pub fn new() -> Self {
        Histogram {
            counts: Box::default(),
            first: 0,
            count: 0,
            sum: 0,
            min: u64::MAX,
            max: 0,
            carried: BTreeMap::new(),
        }
    }

    /// Counts one value.
    #[inline]
    pub fn record(&mut self, v: u64) {
        // Below `first` the subtraction wraps to a huge number: one comparison checks both ends.
        let at = index(v).wrapping_sub(self.first);
        match self.counts.get_mut(at) {
            Some(c) if *c != u32::MAX => *c += 1,
            _ => self.add_cold(index(v), 1),
        }
        self.count += 1;
        self.sum += u128::from(v);
        if v < self.min {
            self.min = v;
        }
        if v > self.max {
            self.max = v;
        }
    }

    /// Counts one value `times` times.
    pub fn record_many(&mut self, v: u64, times: u64) {
        if times == 0 {
            return;
        }
        self.add_cold(index(v), times);
        self.count += times;
        self.sum += u128::from(v) * u128::from(times);
        self.min = self.min.min(v);
        self.max = self.max.max(v);
    }

    /// Returns how many values were recorded.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Tells whether nothing was recorded.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Returns the exact sum of all values.
    pub fn sum(&self) -> u128 {
        self.sum
    }

    /// Returns the exact mean, rounded once to `f64`.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum as f64 / self.count as f64)
    }

    /// Returns the smallest value (exact, but see [`Histogram::subtract`]).
    pub fn min(&self) -> Option<u64> {
        (self.count > 0).then_some(self.min)
    }

    /// Returns the largest value (exact, but see [`Histogram::subtract`]).
    pub fn max(&self) -> Option<u64> {
        (self.count > 0).then_some(self.max)
    }

    /// Returns the `p`-quantile: the smallest value with at least `p * count` values at or below it.
    ///
    /// The midpoint of that value's bucket, never outside `min..=max`: within 0.8 % of the exact one.
    /// `p = 0` gives the minimum, `p = 1` the maximum.
    ///
    /// # Panics
    /// If `p` is not in 0..=1.
    ///
    /// # Source
    /// Nearest rank: Hyndman and Fan, "Sample quantiles in statistical packages", The American Statistician
    /// 50(4), 1996, definition 1.
    pub fn quantile(&self, p: f64) -> Option<f64> {
        assert!((0.0..=1.0).contains(&p), "a quantile is asked for at a probability in 0..=1, not {p}");
        if self.count == 0 {
            return None;
        }
        let rank = nearest_rank(p, self.count);
        Some(match rank {
            1 => self.min as f64,
            r if r == self.count => self.max as f64,
            r => self.clamped_midpoint(self.bucket_of_rank(r)),
        })
    }

    /// Returns how many values lie above `v`, each value taken as what [`Histogram::quantile`] reports for it.
    ///
    /// Exact if `v` is below 128 or outside the range that occurred; otherwise `v` acts as if moved by at most
    /// 0.8 %, to the edge of its bucket.
    pub fn count_above(&self, v: u64) -> u64 {
        if self.count == 0 || v >= self.max {
            return 0;
        }
        if v < self.min {
            return self.count;
        }
        let own = index(v);
        // In integers: the midpoint of the bucket is above `v` when `v` lies in its lower half.
        let (low, high) = bounds(own);
        let edge = if v - low < high - v { own } else { own + 1 };
        self.occupied_from(edge).map(|(_, n)| n).sum()
    }

    /// Adds all of `other`: exact, and the same in any order.
    pub fn merge(&mut self, other: &Histogram) {
        if other.count == 0 {
            return;
        }
        let (low, high) = (index(other.min), index(other.max));
        self.cover(low, high);
        if self.count.saturating_add(other.count) <= u64::from(u32::MAX) {
            // No bucket can run over: plain additions, which the compiler makes wide ones.
            let mine = &mut self.counts[low - self.first..=high - self.first];
            let theirs = &other.counts[low - other.first..=high - other.first];
            mine.iter_mut().zip(theirs).for_each(|(a, b)| *a += b);
        } else {
            other.occupied_from(0).for_each(|(i, n)| self.add_cold(i, n));
        }
        self.count += other.count;
        self.sum += other.sum;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }

    /// Returns what was recorded after `earlier`, a clone of this histogram taken before: for windows.
    ///
    /// Counts, sum and mean are exact. Minimum and maximum of a window were not seen apart: they are given as
    /// the outer edges of the outermost buckets (within 1.6 %), never outside the minimum and maximum of the
    /// whole.
    ///
    /// # Panics
    /// If `earlier` holds something this histogram does not hold.
    pub fn subtract(&self, earlier: &Histogram) -> Histogram {
        if earlier.count == 0 {
            return self.clone();
        }
        let mut rest = Histogram::new();
        let wrong = "only an earlier state of the same histogram can be subtracted";
        rest.count = self.count.checked_sub(earlier.count).expect(wrong);
        rest.sum = self.sum.checked_sub(earlier.sum).expect(wrong);
        let mut outer: Option<(usize, usize)> = None;
        let mut left = 0;
        for (i, n) in self.occupied_from(0) {
            let n = n.checked_sub(earlier.at(i)).expect(wrong);
            if n > 0 {
                rest.add_cold(i, n);
                left += n;
                outer = Some((outer.map_or(i, |o| o.0), i));
            }
        }
        assert!(left == rest.count, "{wrong}");
        if let Some((lowest, highest)) = outer {
            rest.min = bounds(lowest).0.max(self.min);
            rest.max = bounds(highest).1.min(self.max);
        }
        rest
    }

    /// Forgets all values and keeps the memory.
    pub fn clear(&mut self) {
        self.counts.fill(0);
        self.carried.clear();
        self.count = 0;
        self.sum = 0;
        self.min = u64::MAX;
        self.max = 0;
    }

    /// Iterates over the buckets that hold something, lowest first: (lowest value, highest value, count).
    pub fn buckets(&self) -> impl Iterator<Item = (u64, u64, u64)> + '_ {
        self.occupied_from(0).map(|(i, n)| {
            let (low, high) = bounds(i);
            (low, high, n)
        })
    }

    /// Iterates over the buckets that hold something, lowest first, by number: with sum, minimum and maximum all
    /// that [`Histogram::from_cells`] needs to make it again.
    pub fn cells(&self) -> impl Iterator<Item = (u32, u64)> + '_ {
        self.occupied_from(0).map(|(i, n)| (i as u32, n))
    }

    /// Makes the histogram again of which these are the cells, sum, minimum and maximum; nothing if there can be
    /// none like it.
    pub fn from_cells(cells: &[(u32, u64)], sum: u128, range: Option<(u64, u64)>) -> Option<Histogram> {
        let mut made = Histogram::new();
        let Some((min, max)) = range else { return (cells.is_empty() && sum == 0).then_some(made) };
        let (first, last) = (cells.first()?.0 as usize, cells.last()?.0 as usize);
        let ordered = cells.windows(2).all(|pair| pair[0].0 < pair[1].0);
        let count = cells.iter().try_fold(0_u64, |all, (_, n)| all.checked_add(*n))?;
        if !ordered
            || min > max
            || first != index(min)
            || last != index(max)
            || cells.iter().any(|c| c.1 == 0)
        {
            return None;
        }
        made.cover(first, last);
        cells.iter().for_each(|(i, n)| made.add_cold(*i as usize, *n));
        (made.count, made.sum, made.min, made.max) = (count, sum, min, max);
        Some(made)
    }

    /// Returns how many bytes of memory are in use, those on the heap included.
    pub fn bytes(&self) -> usize {
        size_of::<Self>()
            + self.counts.len() * size_of::<u32>()
            + self.carried.len() * size_of::<(usize, u64)>()
    }

    /// Returns the edges of the bucket that holds the value of `rank` (1 is the smallest), kept inside
    /// `min..=max`.
    pub(crate) fn edges_of_rank(&self, rank: u64) -> (u64, u64) {
        let (low, high) = bounds(self.bucket_of_rank(rank));
        (low.max(self.min), high.min(self.max))
    }

    /// Returns how many values lie in buckets up to that of `v`, this one included.
    pub(crate) fn count_through_bucket_of(&self, v: u64) -> u64 {
        self.count - self.occupied_from(index(v) + 1).map(|(_, n)| n).sum::<u64>()
    }

    /// Returns where the value of `rank` lies if those of its bucket are spread evenly over it, kept inside `min..=max`;
    /// nothing if they are not: a bucket that holds far more than its neighbours is one value that occurs often.
    pub(crate) fn interpolated(&self, rank: u64) -> Option<f64> {
        let i = self.bucket_of_rank(rank);
        let own = self.at(i);
        let beside = self.at(i + 1).max(if i > 0 { self.at(i - 1) } else { 0 });
        // Twice the denser neighbour, and four standard errors of a count for luck.
        if own as f64 > 2.0 * beside as f64 + 4.0 * (own as f64).sqrt() {
            return None;
        }
        let (low, high) = bounds(i);
        let before = self.count - self.occupied_from(i).map(|(_, n)| n).sum::<u64>();
        let share = ((rank - before) as f64 - 0.5) / own as f64;
        // A bucket holds whole numbers from `low` to `high`, both included: a bucket of one number is that number.
        let value = low as f64 + (high - low) as f64 * share;
        Some(value.clamp(self.min as f64, self.max as f64))
    }

    fn bucket_of_rank(&self, rank: u64) -> usize {
        let mut seen = 0;
        for (i, n) in self.occupied_from(0) {
            seen += n;
            if seen >= rank {
                return i;
            }
        }
        unreachable!("rank {rank} of a histogram with {} values", self.count)
    }

    fn clamped_midpoint(&self, i: usize) -> f64 {
        let (low, high) = bounds(i);
        (low as f64 + (high - low) as f64 / 2.0).clamp(self.min as f64, self.max as f64)
    }

    fn at(&self, i: usize) -> u64 {
        let here = self.counts.get(i.wrapping_sub(self.first)).map_or(0, |&c| u64::from(c));
        // The map is empty but for giant runs, and then asking it costs nothing.
        here + self.carried.get(&i).copied().unwrap_or(0)
    }

    fn occupied_from(&self, from: usize) -> impl Iterator<Item = (usize, u64)> + '_ {
        let from = from.max(self.first);
        (from..self.first + self.counts.len()).map(|i| (i, self.at(i))).filter(|&(_, n)| n > 0)
    }

    /// Adds to a bucket wherever it is and however much it holds.
    #[cold]
    #[inline(never)]
    fn add_cold(&mut self, i: usize, times: u64) {
        self.cover(i, i);
        let c = &mut self.counts[i - self.first];
        let total = u64::from(*c) + (times & u64::from(u32::MAX));
        *c = total as u32; // the low half; the rest is carried below
        let carry = (total & !u64::from(u32::MAX)) + (times & !u64::from(u32::MAX));
        if carry > 0 {
            *self.carried.entry(i).or_insert(0) += carry;
        }
    }

    /// Makes room for the buckets `low..=high`, in whole octaves: at most 58 times in a life.
    fn cover(&mut self, low: usize, high: usize) {
        let (mut first, mut end) = (low / SUB * SUB, (high / SUB + 1) * SUB);
        if !self.counts.is_empty() {
            if low >= self.first && high < self.first + self.counts.len() {
                return;
            }
            first = first.min(self.first);
            end = end.max(self.first + self.counts.len());
        }
        let mut wider = vec![0; end - first];
        if !self.counts.is_empty() {
            let at = self.first - first;
            wider[at..at + self.counts.len()].copy_from_slice(&self.counts);
        }
        self.counts = wider.into_boxed_slice();
        self.first = first;
    }
}

impl Default for Histogram {
    fn default() -> Self {
        Self::new()
    }
}

/// Equal when the same was recorded, whatever memory is held for it.
impl PartialEq for Histogram {
    fn eq(&self, other: &Self) -> bool {
        (self.count, self.sum, self.min, self.max) == (other.count, other.sum, other.min, other.max)
            && self.occupied_from(0).eq(other.occupied_from(0))
    }
}

impl Eq for Histogram {}

/// Returns the rank (1 is the smallest) of the `p`-quantile of `n` values: `p * n` rounded up, within 1..=n.
pub(crate) fn nearest_rank(p: f64, n: u64) -> u64 {
    // `p` as written (0.07) and the product are each off by half a unit in the last place: without this,
    // 0.07 of 100 values would be the eighth.
    let exact = p * n as f64 * (1.0 - 4.0 * f64::EPSILON);
    (exact.ceil() as u64).clamp(1, n)
}

/// Returns the bucket of a value: the value itself below 128, then 64 buckets per octave.
#[inline]
fn index(v: u64) -> usize {
    let octave = 63 - SUB_BITS - (v | SUB as u64).leading_zeros();
    ((octave as usize) << SUB_BITS) + (v >> octave) as usize
}

/// Returns the lowest and the highest value of a bucket.
fn bounds(i: usize) -> (u64, u64) {
    if i < 2 * SUB {
        return (i as u64, i as u64);
    }
    let octave = i / SUB - 1;
    let low = ((i - octave * SUB) as u64) << octave;
    (low, low + ((1 << octave) - 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draws::Draws;

    /// Values of every magnitude, with the edges of every octave.
    fn all_magnitudes() -> Vec<u64> {
        let mut draws = Draws::new(1);
        let mut values = vec![0, 1, u64::MAX];
        for bit in 0..64 {
            let edge = 1_u64 << bit;
            values.extend([edge, edge - 1, edge.wrapping_add(1)]);
            values.extend((0..200).map(|_| edge | (draws.bits() & (edge - 1))));
        }
        values
    }

    #[test]
    fn every_value_lies_in_its_bucket_and_buckets_follow_each_other_without_gap() {
        for v in all_magnitudes() {
            let (low, high) = bounds(index(v));
            assert!(low <= v && v <= high, "{v} in {low}..={high}");
        }
        let last = index(u64::MAX);
        assert_eq!(bounds(0).0, 0);
        assert_eq!(bounds(last).1, u64::MAX);
        for i in 0..last {
            assert_eq!(bounds(i).1 + 1, bounds(i + 1).0);
        }
    }

    #[test]
    fn a_reported_value_is_within_one_part_in_128_over_the_whole_range() {
        for v in all_magnitudes() {
            // Company on both sides, so that neither minimum nor maximum helps.
            let mut h = Histogram::new();
            h.record(0);
            h.record(v);
            h.record(u64::MAX);
            let reported = h.quantile(0.5).unwrap();
            let error = (reported - v as f64).abs();
            assert!(error <= v as f64 / 128.0, "{v} reported as {reported}");
            if v < 128 {
                assert_eq!(reported, v as f64);
            }
        }
    }

    #[test]
    fn a_histogram_made_of_its_cells_is_the_same() {
        let mut h = Histogram::new();
        assert_eq!(Histogram::from_cells(&[], 0, None), Some(Histogram::new()));
        all_magnitudes().into_iter().for_each(|v| h.record(v));
        h.record_many(77, 1 << 40);
        let cells: Vec<(u32, u64)> = h.cells().collect();
        let range = h.min().zip(h.max());
        let again = Histogram::from_cells(&cells, h.sum(), range).unwrap();
        assert_eq!(again, h);
        assert_eq!(again.quantile(0.37), h.quantile(0.37));
        assert_eq!(Histogram::from_cells(&cells[1..], h.sum(), range), None);
        assert_eq!(Histogram::from_cells(&cells, h.sum(), Some((5, 1))), None);
        assert_eq!(Histogram::from_cells(&cells, h.sum(), None), None);
        assert_eq!(Histogram::from_cells(&[(3, 0)], 0, Some((3, 3))), None);
    }

    #[test]
    fn quantiles_follow_the_sorted_values() {
        let mut draws = Draws::new(2);
        let mut values: Vec<u64> = (0..5000).map(|_| (1e6 * draws.exponential()) as u64).collect();
        let mut h = Histogram::new();
        values.iter().for_each(|&v| h.record(v));
        values.sort_unstable();
        for p in [0.0, 0.001, 0.07, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999, 1.0] {
            let exact = values[nearest_rank(p, 5000) as usize - 1] as f64;
            let reported = h.quantile(p).unwrap();
            assert!((reported - exact).abs() <= exact / 128.0, "p={p}: {reported} for {exact}");
        }
        assert_eq!(h.min(), Some(values[0]));
        assert_eq!(h.max(), Some(values[4999]));
        assert_eq!(h.sum(), values.iter().map(|&v| u128::from(v)).sum());
        assert_eq!(h.count(), 5000);
        assert_eq!(h.buckets().map(|b| b.2).sum::<u64>(), 5000);
    }

    #[test]
    fn ranks_are_not_pushed_up_by_rounding() {
        for n in [100, 1000, 1_000_000] {
            for percent in 1..=100 {
                let p = percent as f64 / 100.0;
                assert_eq!(nearest_rank(p, n), percent * n / 100, "p={p} n={n}");
            }
        }
        assert_eq!(nearest_rank(0.0, 10), 1);
        assert_eq!(nearest_rank(0.501, 10), 6);
    }

    #[test]
    fn small_values_are_exact() {
        let mut h = Histogram::new();
        (1..=100).for_each(|v| h.record(v));
        assert_eq!(h.quantile(0.5), Some(50.0));
        assert_eq!(h.quantile(0.99), Some(99.0));
        assert_eq!(h.mean(), Some(50.5));
        assert_eq!(h.count_above(90), 10);
        assert_eq!(h.count_above(0), 100);
        assert_eq!(h.count_above(100), 0);
    }

    #[test]
    fn an_empty_histogram_has_no_quantile() {
        let h = Histogram::new();
        assert_eq!((h.quantile(0.5), h.mean(), h.min(), h.max()), (None, None, None, None));
        assert_eq!(h.count_above(0), 0);
        assert_eq!(h.bytes(), size_of::<Histogram>());
    }

    #[test]
    fn count_above_agrees_with_the_quantile() {
        let mut draws = Draws::new(3);
        let mut h = Histogram::new();
        (0..3000).for_each(|_| h.record((1e7 * draws.exponential()) as u64));
        for _ in 0..2000 {
            let v = (1e7 * draws.exponential()) as u64;
            let above = h.count_above(v);
            // The value of rank `count - above` is the last one that is not above.
            if above < 3000 {
                assert!(h.quantile((3000 - above) as f64 / 3000.0).unwrap() <= v as f64);
            }
            if above > 0 {
                assert!(h.quantile((3000 - above + 1) as f64 / 3000.0).unwrap() > v as f64);
            }
        }
    }

    #[test]
    fn merging_in_any_order_equals_recording_everything_in_one() {
        let values = all_magnitudes();
        let mut whole = Histogram::new();
        values.iter().for_each(|&v| whole.record(v));
        let parts: Vec<Histogram> = values
            .chunks(1000)
            .map(|part| {
                let mut h = Histogram::new();
                part.iter().for_each(|&v| h.record(v));
                h
            })
            .collect();
        let mut forward = Histogram::new();
        parts.iter().for_each(|h| forward.merge(h));
        let mut backward = Histogram::new();
        parts.iter().rev().for_each(|h| backward.merge(h));
        assert_eq!(forward, whole);
        assert_eq!(backward, whole);
        assert_ne!(forward, parts[0]);
    }

    #[test]
    fn subtracting_a_snapshot_leaves_the_window() {
        let mut draws = Draws::new(4);
        let (mut h, mut window) = (Histogram::new(), Histogram::new());
        (0..1000).for_each(|_| h.record((1e9 * draws.exponential()) as u64));
        let earlier = h.clone();
        for _ in 0..1000 {
            let v = 1_000 + (1e6 * draws.exponential()) as u64;
            h.record(v);
            window.record(v);
        }
        let rest = h.subtract(&earlier);
        assert!(rest.buckets().eq(window.buckets()));
        assert_eq!((rest.count(), rest.sum()), (window.count(), window.sum()));
        let (min, max) = (window.min().unwrap(), window.max().unwrap());
        assert!(rest.min().unwrap() <= min && rest.min().unwrap() >= min - min / 64);
        assert!(rest.max().unwrap() >= max && rest.max().unwrap() <= max + max / 64);
        assert!(h.subtract(&h).is_empty());
        assert_eq!(h.subtract(&h), Histogram::new());
        assert_eq!(h.subtract(&Histogram::new()), h);
    }

    #[test]
    #[should_panic(expected = "earlier state of the same histogram")]
    fn subtracting_something_foreign_is_refused() {
        let (mut h, mut foreign) = (Histogram::new(), Histogram::new());
        h.record_many(1_000_000, 10);
        foreign.record(5);
        h.subtract(&foreign);
    }

    #[test]
    fn a_bucket_counts_on_past_32_bits() {
        let mut h = Histogram::new();
        h.record_many(7, u64::from(u32::MAX) - 1);
        for _ in 0..5 {
            h.record(7);
        }
        h.record(1000);
        let expected = u64::from(u32::MAX) + 4;
        assert_eq!(h.buckets().next(), Some((7, 7, expected)));
        assert_eq!(h.count(), expected + 1);
        let mut twice = h.clone();
        twice.merge(&h);
        assert_eq!(twice.buckets().next(), Some((7, 7, 2 * expected)));
        assert_eq!(twice.subtract(&h), h);
        assert_eq!(twice.quantile(0.5), Some(7.0));
        h.record_many(7, 5 << 32);
        assert_eq!(h.buckets().next(), Some((7, 7, expected + (5 << 32))));
    }

    #[test]
    fn clearing_keeps_the_memory_and_nothing_else() {
        let mut h = Histogram::new();
        h.record(3);
        h.record(1_000_000);
        let bytes = h.bytes();
        h.clear();
        assert_eq!(h.bytes(), bytes);
        assert_eq!(h, Histogram::new());
        h.record(5);
        assert_eq!((h.min(), h.max()), (Some(5), Some(5)));
    }

    #[test]
    fn a_realistic_range_takes_less_than_eight_kilobytes() {
        let mut h = Histogram::new();
        // Waiting times: none at all, or up to eight seconds.
        h.record(0);
        h.record(8_000_000_000);
        assert!(h.bytes() <= 8 * 1024, "{}", h.bytes());
        let mut h = Histogram::new();
        h.record(10_000_000_000);
        h.record(100_000);
        assert!(h.bytes() <= 5 * 1024, "{}", h.bytes());
    }
}
