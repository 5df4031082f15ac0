//! A profile of straight pieces, with jumps between them.

use kneepoint_engine::SimTime;

use super::profile::Reach;

/// One straight piece: it lasts until the next one starts.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Piece {
    /// When it starts \[ns\].
    start: u64,
    /// The value there.
    value: f64,
    /// How it changes \[1/s\].
    slope: f64,
    /// How much has come together from the beginning of time until its start.
    total: f64,
}

/// A piecewise linear function of time: constant before the first and after the last point.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pieces {
    pieces: Vec<Piece>,
}

fn seconds(nanos: u64) -> f64 {
    nanos as f64 / 1e9
}

impl Pieces {
    /// From corners (instant \[ns\], value before, value after), ascending in time.
    fn through(corners: &[(u64, f64, f64)]) -> Pieces {
        let mut pieces = vec![Piece { start: 0, value: corners[0].1, slope: 0.0, total: 0.0 }];
        for (i, &(start, _, value)) in corners.iter().enumerate() {
            let slope = match corners.get(i + 1) {
                Some(&(next, before, _)) => (before - value) / seconds(next - start),
                None => 0.0,
            };
            let last = pieces[pieces.len() - 1];
            let span = seconds(start - last.start);
            let total = last.total + span * (last.value + last.slope * span / 2.0);
            let piece = Piece { start, value, slope, total };
            if start == last.start {
                pieces.pop();
            }
            pieces.push(piece);
        }
        Pieces { pieces }
    }

    /// From points joined by straight lines.
    pub(crate) fn lines(points: &[(SimTime, f64)]) -> Pieces {
        Self::through(&points.iter().map(|&(at, value)| (at.as_nanos(), value, value)).collect::<Vec<_>>())
    }

    /// From points each of which holds until the next.
    pub(crate) fn steps(points: &[(SimTime, f64)]) -> Pieces {
        let mut before = points[0].1;
        let mut corners = Vec::new();
        for &(at, value) in points {
            corners.push((at.as_nanos(), before, value));
            before = value;
        }
        Self::through(&corners)
    }

    /// A base, a rise, a plateau and a fall back to the base; rise and fall may take no time.
    pub(crate) fn spike(base: f64, peak: f64, [at, up, down, end]: [SimTime; 4]) -> Pieces {
        let mut corners: Vec<(u64, f64, f64)> = Vec::new();
        for (instant, value) in [(at, base), (up, peak), (down, peak), (end, base)] {
            match corners.last_mut() {
                Some(last) if last.0 == instant.as_nanos() => last.2 = value,
                _ => corners.push((instant.as_nanos(), value, value)),
            }
        }
        Self::through(&corners)
    }

    pub(crate) fn scale(&mut self, factor: f64) {
        for piece in &mut self.pieces {
            piece.value *= factor;
            piece.slope *= factor;
            piece.total *= factor;
        }
    }

    fn index(&self, at: u64) -> usize {
        self.pieces.partition_point(|piece| piece.start <= at) - 1
    }

    fn value(&self, index: usize, at: u64) -> f64 {
        let piece = &self.pieces[index];
        // Rounding could leave a hair below zero at the end of a fall to it.
        (piece.value + piece.slope * seconds(at - piece.start)).max(0.0)
    }

    pub(crate) fn at(&self, at: u64) -> f64 {
        self.value(self.index(at), at)
    }

    /// When the next piece after this instant starts.
    pub(crate) fn next_break(&self, at: u64) -> Option<u64> {
        self.pieces.get(self.index(at) + 1).map(|piece| piece.start)
    }

    /// The lowest and the highest value from `a` to `b`, both ends included.
    pub(crate) fn range(&self, a: u64, b: u64) -> (f64, f64) {
        let (first, last) = (self.index(a), self.index(b));
        let start = self.value(first, a);
        let mut range = (start, start);
        let mut see = |value: f64| range = (range.0.min(value), range.1.max(value));
        for index in first..last {
            see(self.value(index, self.pieces[index + 1].start));
            see(self.pieces[index + 1].value);
        }
        see(self.value(last, b));
        range
    }

    pub(crate) fn integral(&self, a: u64, b: u64) -> f64 {
        let (first, last) = (self.index(a), self.index(b));
        let area = |from: f64, to: f64, span: f64| (from + to) / 2.0 * span;
        if first == last {
            return area(self.value(first, a), self.value(first, b), seconds(b - a));
        }
        let (after, end) = (self.pieces[first + 1], self.pieces[last]);
        area(self.value(first, a), self.value(first, after.start), seconds(after.start - a))
            + (end.total - after.total)
            + area(end.value, self.value(last, b), seconds(b - end.start))
    }

    /// Where the integral from `from` reaches `amount`: closed, piece by piece.
    pub(crate) fn reach(&self, from: u64, amount: f64) -> Reach {
        let mut left = amount;
        let mut index = self.index(from);
        let mut at = from;
        loop {
            let value = self.value(index, at);
            let slope = self.pieces[index].slope;
            let end = self.pieces.get(index + 1).map(|next| next.start);
            let area = match end {
                Some(end) => (value + self.value(index, end)) / 2.0 * seconds(end - at),
                None if value > 0.0 => f64::INFINITY,
                None => return Reach::Never,
            };
            if left <= area {
                // The root of value·x + slope·x²/2 = left, in the form that does not cancel.
                let root = (value * value + 2.0 * slope * left).max(0.0).sqrt();
                let span = if left > 0.0 { 2.0 * left / (value + root) } else { 0.0 };
                return Reach::After((at - from) as f64 + span * 1e9);
            }
            left -= area;
            match end {
                Some(end) => at = end,
                None => return Reach::Never,
            }
            index += 1;
        }
    }
}
