//! What a law shares between its clones: points of a cumulative curve, and parts of a mixture.

use crate::distribution::Distribution;

/// An inverse cumulative curve of straight lines from probability 0 to 1.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Points {
    /// Strictly ascending from 0 to 1.
    probabilities: Box<[f64]>,
    /// Never descending.
    values: Box<[f64]>,
}

impl Points {
    /// The points must already be checked: see [`Distribution::quantiles`].
    pub(crate) fn new(points: &[(f64, f64)]) -> Points {
        Points {
            probabilities: points.iter().map(|(p, _)| *p).collect(),
            values: points.iter().map(|(_, value)| *value).collect(),
        }
    }

    /// Returns the value at probability `p`.
    pub(crate) fn at(&self, p: f64) -> f64 {
        let next = self.probabilities.partition_point(|known| *known <= p);
        if next == self.values.len() {
            return self.maximum();
        }
        let (from, to) = (self.values[next - 1], self.values[next]);
        let (low, high) = (self.probabilities[next - 1], self.probabilities[next]);
        from + (to - from) * ((p - low) / (high - low))
    }

    /// Returns the probability of `x` or less.
    pub(crate) fn cdf(&self, x: f64) -> f64 {
        let next = self.values.partition_point(|known| *known <= x);
        if next == 0 {
            return 0.0;
        }
        if next == self.values.len() {
            return 1.0;
        }
        let (from, to) = (self.values[next - 1], self.values[next]);
        let (low, high) = (self.probabilities[next - 1], self.probabilities[next]);
        low + (high - low) * ((x - from) / (to - from))
    }

    pub(crate) fn mean(&self) -> f64 {
        self.lines().map(|(share, from, to)| share * (0.5 * (from + to))).sum()
    }

    pub(crate) fn variance(&self) -> f64 {
        let mean = self.mean();
        self.lines()
            .map(|(share, from, to)| {
                let off = 0.5 * (from + to) - mean;
                share * (off * off + (to - from) * (to - from) / 12.0)
            })
            .sum()
    }

    /// The lines of the curve: how probable each is, and from where to where it goes.
    fn lines(&self) -> impl Iterator<Item = (f64, f64, f64)> {
        self.probabilities.windows(2).zip(self.values.windows(2)).map(|(p, v)| (p[1] - p[0], v[0], v[1]))
    }

    pub(crate) fn minimum(&self) -> f64 {
        self.values[0]
    }

    pub(crate) fn maximum(&self) -> f64 {
        self.values[self.values.len() - 1]
    }

    pub(crate) fn is_constant(&self) -> Option<f64> {
        (self.minimum() == self.maximum()).then(|| self.minimum())
    }

    pub(crate) fn scaled(&self, factor: f64) -> Points {
        Points {
            probabilities: self.probabilities.clone(),
            values: self.values.iter().map(|value| value * factor).collect(),
        }
    }
}

/// Several laws, each with its share of the draws.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Mixture {
    /// The sum of the shares up to and including each part; exactly 1 from the last possible part on.
    cumulative: Box<[f64]>,
    parts: Box<[(f64, Distribution)]>,
    /// How many laws lie within each other, this one included.
    depth: usize,
}

impl Mixture {
    /// The shares must already be checked, and sum to about 1: see [`Distribution::mixture`].
    pub(crate) fn new(mut parts: Vec<(f64, Distribution)>, depth: usize) -> Mixture {
        // A part that never happens would only get in the way of infinite means: 0 · ∞ is no number.
        parts.retain(|(share, _)| *share > 0.0);
        let total: f64 = parts.iter().map(|(share, _)| share).sum();
        let mut sum = 0.0;
        let mut cumulative = Vec::with_capacity(parts.len());
        for (share, _) in &mut parts {
            *share /= total;
            sum += *share;
            cumulative.push(sum);
        }
        if let Some(last) = cumulative.last_mut() {
            *last = 1.0;
        }
        Mixture { cumulative: cumulative.into(), parts: parts.into(), depth }
    }

    /// Returns the part that a uniform number from [0, 1) chooses.
    pub(crate) fn pick(&self, uniform: f64) -> &Distribution {
        let chosen = self.cumulative.partition_point(|sum| *sum <= uniform);
        &self.parts[chosen].1
    }

    pub(crate) fn parts(&self) -> &[(f64, Distribution)] {
        &self.parts
    }

    pub(crate) fn depth(&self) -> usize {
        self.depth
    }

    pub(crate) fn is_constant(&self) -> Option<f64> {
        let value = self.parts[0].1.is_constant()?;
        self.parts.iter().all(|(_, part)| part.is_constant() == Some(value)).then_some(value)
    }

    pub(crate) fn scaled(&self, factor: f64) -> Mixture {
        Mixture {
            cumulative: self.cumulative.clone(),
            parts: self.parts.iter().map(|(share, part)| (*share, part.scaled(factor))).collect(),
            depth: self.depth,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_joined_by_straight_lines_and_read_back() {
        let points = Points::new(&[(0.0, 0.0), (0.5, 8.0), (0.75, 8.0), (1.0, 20.0)]);
        assert_eq!(points.at(0.25), 4.0);
        assert_eq!(points.at(0.6), 8.0);
        assert_eq!(points.at(0.875), 14.0);
        assert_eq!(points.at(1.0), 20.0);
        assert_eq!(points.cdf(-1.0), 0.0);
        assert_eq!(points.cdf(4.0), 0.25);
        assert_eq!(points.cdf(8.0), 0.75);
        assert_eq!(points.cdf(14.0), 0.875);
        assert_eq!(points.cdf(20.0), 1.0);
        assert_eq!(points.mean(), 0.5 * 4.0 + 0.25 * 8.0 + 0.25 * 14.0);
    }

    #[test]
    fn a_part_without_a_share_is_never_picked() {
        let part = |value| Distribution::constant(value).unwrap();
        let mixture =
            Mixture::new(vec![(0.0, part(1.0)), (0.4, part(2.0)), (0.6, part(3.0)), (0.0, part(4.0))], 2);
        assert_eq!(mixture.pick(0.0).is_constant(), Some(2.0));
        assert_eq!(mixture.pick(0.399_999).is_constant(), Some(2.0));
        assert_eq!(mixture.pick(0.4).is_constant(), Some(3.0));
        assert_eq!(mixture.pick(1.0 - f64::EPSILON / 2.0).is_constant(), Some(3.0));
    }
}
