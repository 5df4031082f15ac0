//! A value that follows time: a rate, a number of users, a factor.

use std::sync::Arc;

use kneepoint_engine::{SimDuration, SimTime};

use super::growth::{Growth, LARGEST};
use super::invalid::Invalid;
use super::pieces::Pieces;
use super::wave::{Wave, solve};

/// A value that follows time: the rate of a client, the number of its users, or a factor of another profile.
///
/// Time counts from the start of the run. A profile is never evaluated outside what it was given: before its first
/// and after its last point it keeps the value it has there.
///
/// # Units
/// Rates in \[1/s\]; then integrals are expected numbers of arrivals. A factor has none.
///
/// # Example
/// ```
/// use kneepoint_components::client::RateProfile;
/// use kneepoint_engine::{SimDuration, SimTime};
///
/// let minute = SimDuration::from_secs(60);
/// let rate = RateProfile::ramp(0.0, 100.0, SimTime::ZERO, minute)?;
/// assert_eq!(rate.rate_at(SimTime::from_secs(30)), 50.0);
/// assert_eq!(rate.integral(SimTime::ZERO, SimTime::from_secs(60)), 3_000.0);
/// # Ok::<(), kneepoint_components::client::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct RateProfile(Shape);

#[derive(Clone, Debug, PartialEq)]
enum Shape {
    Constant(f64),
    Pieces(Arc<Pieces>),
    Wave(Wave),
    Growth(Growth),
    Product(Arc<[RateProfile]>),
}

/// How far one must go until an integral has a given size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Reach {
    /// After this span [ns, with a fraction].
    After(f64),
    /// Not before this instant, from where so much is still missing: a search without end is cut in pieces.
    NotYet { until: u64, missing: f64 },
    /// Not in all eternity.
    Never,
}

/// What a look for the next point of a Poisson process found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Thinned {
    At(u64),
    NotYet(u64),
    Never,
}

/// The piece of time for which a bound was computed, kept between two looks.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Window {
    end: u64,
    bound: f64,
}

/// How many windows are looked through at once.
const WINDOWS: u32 = 1_000;

impl RateProfile {
    /// Returns a constant.
    ///
    /// # Errors
    /// If it is negative, not a number or above 10^15; so for the values of all profiles.
    pub fn constant(value: f64) -> Result<RateProfile, Invalid> {
        check("rate", value)?;
        Ok(RateProfile(Shape::Constant(value)))
    }

    /// Returns a straight line from one value to another, which starts at an instant and takes a while.
    ///
    /// # Errors
    /// If a value is out of range.
    pub fn ramp(from: f64, to: f64, start: SimTime, over: SimDuration) -> Result<RateProfile, Invalid> {
        check("from", from)?;
        check("to", to)?;
        if over.is_zero() {
            return RateProfile::steps(&[(SimTime::ZERO, from), (start.max(SimTime::from_nanos(1)), to)]);
        }
        Ok(RateProfile::pieces(Pieces::lines(&[(start, from), (start + over, to)])))
    }

    /// Returns a value that jumps: each holds from its instant until the next one's, the first one from the start.
    ///
    /// # Errors
    /// If there is no point, if they do not ascend in time, or if a value is out of range.
    pub fn steps(points: &[(SimTime, f64)]) -> Result<RateProfile, Invalid> {
        check_points(points)?;
        Ok(RateProfile::pieces(Pieces::steps(points)))
    }

    /// Returns straight lines through points; before the first and after the last the value stays.
    ///
    /// # Errors
    /// As [`steps`](RateProfile::steps).
    pub fn lines(points: &[(SimTime, f64)]) -> Result<RateProfile, Invalid> {
        check_points(points)?;
        Ok(RateProfile::pieces(Pieces::lines(points)))
    }

    /// Returns straight lines through recorded points: what stands in a file.
    ///
    /// # Errors
    /// As [`steps`](RateProfile::steps).
    pub fn from_points(points: Vec<(SimTime, f64)>) -> Result<RateProfile, Invalid> {
        RateProfile::lines(&points)
    }

    /// Returns a base value with one spike: up within `rise` from `at`, there for `hold`, back within `fall`.
    ///
    /// # Errors
    /// If a value is out of range.
    pub fn spike(
        base: f64,
        peak: f64,
        at: SimTime,
        [rise, hold, fall]: [SimDuration; 3],
    ) -> Result<RateProfile, Invalid> {
        check("base", base)?;
        check("peak", peak)?;
        let corners = [at, at + rise, at + rise + hold, at + rise + hold + fall];
        Ok(RateProfile::pieces(Pieces::spike(base, peak, corners)))
    }

    /// Returns a sinus between two values, highest at `peak_at` and every period before and after.
    ///
    /// # Errors
    /// If a value is out of range, `low` above `high`, or the period zero or above 146 years.
    pub fn wave(
        low: f64,
        high: f64,
        period: SimDuration,
        peak_at: SimDuration,
    ) -> Result<RateProfile, Invalid> {
        check("low", low)?;
        check("high", high)?;
        Invalid::unless(low <= high, "low", low, "at most `high`")?;
        let nanos = period.as_nanos();
        Invalid::unless((1..u64::MAX / 4).contains(&nanos), "period", period, "above 0 and below 146 years")?;
        Ok(RateProfile(Shape::Wave(Wave { low, high, period: nanos, peak: peak_at.as_nanos() % nanos })))
    }

    /// Returns a value that grows by a share (0.1 is 10 %) per period, compounding steadily in between.
    ///
    /// # Errors
    /// If the value is out of range, the period zero, or the share not above -1.
    pub fn growth(from: f64, by: f64, per: SimDuration) -> Result<RateProfile, Invalid> {
        check("from", from)?;
        Invalid::unless(!per.is_zero(), "per", per, "above 0")?;
        Invalid::unless(by > -1.0 && by <= 1e6, "by", by, "above -100 % and at most 10^6")?;
        let rate = libm::log1p(by) / (per.as_nanos() as f64 * 1e-9);
        Ok(RateProfile(Shape::Growth(Growth { from, rate })))
    }

    /// Returns the product of profiles: one with a dimension, the others factors.
    ///
    /// # Errors
    /// If there is none.
    pub fn product(of: Vec<RateProfile>) -> Result<RateProfile, Invalid> {
        Invalid::unless(!of.is_empty(), "of", "empty", "one profile at least")?;
        let mut factor = 1.0;
        let mut moving = Vec::new();
        for profile in of {
            match profile.0 {
                Shape::Constant(value) => factor *= value,
                Shape::Product(inner) => moving.extend(inner.iter().cloned()),
                _ => moving.push(profile),
            }
        }
        check("of", factor)?;
        match moving.pop() {
            None => Ok(RateProfile(Shape::Constant(factor))),
            Some(last) => {
                let last = last.scaled(factor);
                if moving.is_empty() {
                    return Ok(last);
                }
                moving.push(last);
                Ok(RateProfile(Shape::Product(moving.into())))
            }
        }
    }

    /// Returns the profile times a constant.
    ///
    /// # Panics
    /// If the factor is negative or not finite.
    pub fn scaled(&self, factor: f64) -> RateProfile {
        assert!((0.0..=LARGEST).contains(&factor), "a profile was scaled by {factor}");
        if factor == 1.0 {
            return self.clone();
        }
        RateProfile(match &self.0 {
            Shape::Constant(value) => Shape::Constant(value * factor),
            Shape::Pieces(pieces) => {
                let mut pieces = (**pieces).clone();
                pieces.scale(factor);
                Shape::Pieces(Arc::new(pieces))
            }
            Shape::Wave(wave) => {
                Shape::Wave(Wave { low: wave.low * factor, high: wave.high * factor, ..*wave })
            }
            Shape::Growth(growth) => Shape::Growth(Growth { from: growth.from * factor, ..*growth }),
            Shape::Product(of) => {
                let mut of = of.to_vec();
                of[0] = of[0].scaled(factor);
                Shape::Product(of.into())
            }
        })
    }

    fn pieces(pieces: Pieces) -> RateProfile {
        RateProfile(Shape::Pieces(Arc::new(pieces)))
    }

    /// Returns the value at an instant; at a jump, the one after it.
    pub fn rate_at(&self, at: SimTime) -> f64 {
        self.value(at.as_nanos())
    }

    /// Returns the highest value from `a` to `b`, or a bound of it if the profile is a product.
    ///
    /// # Panics
    /// If `b` lies before `a`.
    pub fn maximum(&self, a: SimTime, b: SimTime) -> f64 {
        self.range(a, b).1
    }

    /// Returns the lowest and the highest value from `a` to `b`, or bounds of them if the profile is a product.
    ///
    /// # Panics
    /// If `b` lies before `a`.
    pub fn range(&self, a: SimTime, b: SimTime) -> (f64, f64) {
        assert!(a <= b, "a range was asked from {a} to {b}");
        self.range_between(a.as_nanos(), b.as_nanos())
    }

    /// Returns the integral from `a` to `b`: of a rate, the expected number of arrivals.
    ///
    /// Closed, except for a product: that is integrated numerically, to about 10^-12 of its value.
    ///
    /// # Panics
    /// If `b` lies before `a`.
    pub fn integral(&self, a: SimTime, b: SimTime) -> f64 {
        assert!(a <= b, "an integral was asked from {a} to {b}");
        let (a, b) = (a.as_nanos(), b.as_nanos());
        match &self.0 {
            Shape::Constant(value) => value * (b - a) as f64 * 1e-9,
            Shape::Pieces(pieces) => pieces.integral(a, b),
            Shape::Wave(wave) => wave.integral_over(a, (b - a) as f64),
            Shape::Growth(growth) => growth.integral_over(a, (b - a) as f64),
            Shape::Product(_) => {
                let (mut at, mut sum) = (a, 0.0);
                while at < b {
                    let end = self.window_end(at).min(b);
                    sum += self.gauss(at, (end - at) as f64);
                    at = end;
                }
                sum
            }
        }
    }

    /// Returns the first instant after `from` at which the value, rounded to a whole number, may be another one
    /// than it is there; nothing if it stays. For values that are counts.
    ///
    /// Found by halving an interval in which the bounds disagree, down to a nanosecond; one that is no change
    /// after all is possible with products only.
    pub(crate) fn next_whole(&self, from: SimTime) -> Option<SimTime> {
        let mut at = from.as_nanos();
        let now = whole(self.value(at));
        let mut step = 1 << 20;
        while at < u64::MAX / 2 {
            let (low, high) = self.range_between(at, at + step);
            if whole(low) == now && whole(high) == now {
                at += step;
                step *= 2;
                if step > u64::MAX / 4 {
                    return None;
                }
            } else if step == 1 {
                return Some(SimTime::from_nanos(at + 1));
            } else {
                step /= 2;
            }
        }
        None
    }

    pub(crate) fn value(&self, at: u64) -> f64 {
        match &self.0 {
            Shape::Constant(value) => *value,
            Shape::Pieces(pieces) => pieces.at(at),
            Shape::Wave(wave) => wave.at(at),
            Shape::Growth(growth) => growth.at(at),
            Shape::Product(of) => of.iter().map(|factor| factor.value(at)).product::<f64>().min(LARGEST),
        }
    }

    fn range_between(&self, a: u64, b: u64) -> (f64, f64) {
        match &self.0 {
            Shape::Constant(value) => (*value, *value),
            Shape::Pieces(pieces) => pieces.range(a, b),
            Shape::Wave(wave) => wave.range(a, b),
            Shape::Growth(growth) => growth.range(a, b),
            Shape::Product(of) => of.iter().fold((1.0, 1.0), |(low, high), factor| {
                let (l, h) = factor.range_between(a, b);
                ((low * l).min(LARGEST), (high * h).min(LARGEST))
            }),
        }
    }

    /// Whether the next arrival follows from a formula.
    fn is_closed(&self) -> bool {
        match self.0 {
            Shape::Constant(_) | Shape::Pieces(_) | Shape::Growth(_) => true,
            Shape::Wave(_) | Shape::Product(_) => false,
        }
    }

    /// How long from `at` the profile is smooth and changes little; for ever if it is constant from there on.
    fn window_end(&self, at: u64) -> u64 {
        match &self.0 {
            Shape::Constant(_) => u64::MAX,
            Shape::Pieces(pieces) => pieces.next_break(at).unwrap_or(u64::MAX),
            // A 32nd of a turn and an eighth of an e-fold: the bound is passed by the value by a tenth on average.
            Shape::Wave(wave) => at.saturating_add((wave.period / 32).max(1)),
            Shape::Growth(growth) if growth.rate == 0.0 => u64::MAX,
            Shape::Growth(growth) => at.saturating_add((1e9 / (8.0 * growth.rate.abs())).max(1.0) as u64),
            Shape::Product(of) => of.iter().map(|factor| factor.window_end(at)).min().unwrap_or(u64::MAX),
        }
    }

    /// The integral over a span \[ns\] in which the profile is smooth.
    ///
    /// # Source
    /// Gauss-Legendre with eight points: Abramowitz and Stegun, table 25.4.
    fn gauss(&self, from: u64, span: f64) -> f64 {
        const NODES: [(f64, f64); 4] = [
            (0.183_434_642_495_649_8, 0.362_683_783_378_362),
            (0.525_532_409_916_329, 0.313_706_645_877_887_3),
            (0.796_666_477_413_626_7, 0.222_381_034_453_374_48),
            (0.960_289_856_497_536_3, 0.101_228_536_290_376_26),
        ];
        let half = span / 2.0;
        let value = |x: f64| self.value(from.saturating_add((half * (1.0 + x)) as u64));
        NODES.iter().map(|&(x, weight)| weight * (value(x) + value(-x))).sum::<f64>() * half * 1e-9
    }

    /// Where the integral from `from` reaches `amount`.
    pub(crate) fn reach(&self, from: u64, amount: f64) -> Reach {
        match &self.0 {
            Shape::Constant(value) if *value > 0.0 => Reach::After(amount.max(0.0) / value * 1e9),
            Shape::Constant(_) => Reach::Never,
            Shape::Pieces(pieces) => pieces.reach(from, amount),
            Shape::Wave(wave) => wave.reach(from, amount),
            Shape::Growth(growth) => growth.reach(from, amount),
            Shape::Product(_) => self.reach_in_windows(from, amount),
        }
    }

    fn reach_in_windows(&self, from: u64, amount: f64) -> Reach {
        let (mut at, mut left) = (from, amount.max(0.0));
        for _ in 0..WINDOWS {
            let end = self.window_end(at);
            if end == u64::MAX {
                let value = self.value(at);
                return match value > 0.0 {
                    true => Reach::After((at - from) as f64 + left / value * 1e9),
                    false => Reach::Never,
                };
            }
            let area = self.gauss(at, (end - at) as f64);
            if left <= area {
                let value = |span: f64| self.value(at.saturating_add(span as u64));
                let span = solve(left, (end - at) as f64, |span| self.gauss(at, span), value);
                return Reach::After((at - from) as f64 + span);
            }
            left -= area;
            at = end;
        }
        Reach::NotYet { until: at, missing: left }
    }

    /// The next point of a Poisson process of this rate after `from`.
    ///
    /// # Source
    /// Inversion of the cumulative rate where it is closed; else thinning under a bound that is renewed window by
    /// window: Lewis and Shedler, "Simulation of nonhomogeneous Poisson processes by thinning", Naval Research
    /// Logistics Quarterly 26(3), 1979.
    #[inline(always)]
    pub(crate) fn next_point(
        &self,
        from: u64,
        window: &mut Window,
        stream: &mut kneepoint_random::Stream,
    ) -> Thinned {
        // The rate of most models: what `reach` says of it, inline.
        if let Shape::Constant(rate) = self.0
            && rate > 0.0
        {
            return Thinned::At(later(from, stream.exponential() / rate * 1e9));
        }
        self.next_point_otherwise(from, window, stream)
    }

    #[inline(never)]
    fn next_point_otherwise(
        &self,
        from: u64,
        window: &mut Window,
        stream: &mut kneepoint_random::Stream,
    ) -> Thinned {
        if self.is_closed() {
            return match self.reach(from, stream.exponential()) {
                Reach::After(span) => Thinned::At(later(from, span)),
                Reach::NotYet { until, .. } => Thinned::NotYet(until),
                Reach::Never => Thinned::Never,
            };
        }
        let mut at = from;
        for _ in 0..WINDOWS {
            if at >= window.end {
                let end = self.window_end(at);
                // Without the end itself: a jump up there would only cost rejections.
                *window = Window { end, bound: self.range_between(at, end - 1).1 };
                if end == u64::MAX && window.bound <= 0.0 {
                    return Thinned::Never;
                }
            }
            if window.bound > 0.0 {
                let next = later(at, stream.exponential() / window.bound * 1e9);
                if next < window.end {
                    at = next;
                    if stream.uniform() * window.bound < self.value(at) {
                        return Thinned::At(at);
                    }
                    continue;
                }
            }
            if window.end == u64::MAX {
                return Thinned::Never;
            }
            at = window.end;
        }
        Thinned::NotYet(at)
    }
}

/// Adds a span with a fraction, rounding.
#[inline(always)]
pub(crate) fn later(from: u64, span: f64) -> u64 {
    from.saturating_add(SimDuration::from_nanos_f64(span).as_nanos())
}

/// A count from a value: halves go up.
pub(crate) fn whole(value: f64) -> u64 {
    (value + 0.5) as u64
}

fn check(field: &'static str, value: f64) -> Result<(), Invalid> {
    Invalid::unless((0.0..=LARGEST).contains(&value), field, value, "from 0 to 10^15")
}

fn check_points(points: &[(SimTime, f64)]) -> Result<(), Invalid> {
    Invalid::unless(!points.is_empty(), "at", "empty", "one point at least")?;
    for (i, &(at, value)) in points.iter().enumerate() {
        check("at", value)?;
        let ascends = i == 0 || points[i - 1].0 < at;
        Invalid::unless(ascends, "at", at, "later than the point before")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
