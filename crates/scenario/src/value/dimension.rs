use std::fmt;

use super::text_error::with_article;

/// What a price is paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Per {
    /// Time that passes: `$0.085/h`.
    Time,
    /// Data moved or kept: `$0.09/GB`.
    Size,
    /// Memory held for a time: `$0.0000166667/GBs`.
    SizeTime,
    /// Requests: `$0.20/million`.
    Million,
}

/// What a quantity measures.
///
/// A ratio is a number that is written with `%` or bare; everything else follows from the [`Exponents`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dimension {
    /// A count, factor, index or seed: no unit.
    Number,
    /// A part of a whole: `5%` or `0.05`.
    Ratio,
    /// A length of time, kept in nanoseconds.
    Duration,
    /// Something per time, kept per second.
    Rate,
    /// An amount of data, kept in bytes.
    Size,
    /// Data per time, kept in bytes per second.
    Bandwidth,
    /// An amount of money.
    Money,
    /// Money per something, kept per second, byte, byte second or request.
    Price(Per),
    /// What formulas and metrics pass through on their way, such as a rate squared; kept in seconds and bytes.
    Compound(Exponents),
}

/// The powers of the four base dimensions in a product.
///
/// Requests have one of their own so that `$0.20` is never taken for `$0.20/million`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exponents {
    /// Power of time.
    pub time: i8,
    /// Power of data.
    pub data: i8,
    /// Power of money.
    pub money: i8,
    /// Power of requests, as prices have them.
    pub requests: i8,
}

impl Exponents {
    fn of(time: i8, data: i8, money: i8, requests: i8) -> Self {
        Self { time, data, money, requests }
    }

    fn zip(self, other: Self, combine: impl Fn(i8, i8) -> Option<i8>) -> Option<Self> {
        Some(Self {
            time: combine(self.time, other.time)?,
            data: combine(self.data, other.data)?,
            money: combine(self.money, other.money)?,
            requests: combine(self.requests, other.requests)?,
        })
    }
}

/// The dimensions with a name, a rate before a duration so that 1/s² is "a rate squared".
const NAMED: [Dimension; 9] = [
    Dimension::Duration,
    Dimension::Rate,
    Dimension::Size,
    Dimension::Bandwidth,
    Dimension::Money,
    Dimension::Price(Per::Time),
    Dimension::Price(Per::Size),
    Dimension::Price(Per::SizeTime),
    Dimension::Price(Per::Million),
];

impl Dimension {
    /// Returns the powers of the base dimensions.
    pub fn exponents(self) -> Exponents {
        match self {
            Self::Number | Self::Ratio => Exponents::default(),
            Self::Duration => Exponents::of(1, 0, 0, 0),
            Self::Rate => Exponents::of(-1, 0, 0, 0),
            Self::Size => Exponents::of(0, 1, 0, 0),
            Self::Bandwidth => Exponents::of(-1, 1, 0, 0),
            Self::Money => Exponents::of(0, 0, 1, 0),
            Self::Price(Per::Time) => Exponents::of(-1, 0, 1, 0),
            Self::Price(Per::Size) => Exponents::of(0, -1, 1, 0),
            Self::Price(Per::SizeTime) => Exponents::of(-1, -1, 1, 0),
            Self::Price(Per::Million) => Exponents::of(0, 0, 1, -1),
            Self::Compound(exponents) => exponents,
        }
    }

    /// Returns the dimension with these powers.
    pub fn from_exponents(exponents: Exponents) -> Self {
        if exponents == Exponents::default() {
            return Self::Number;
        }
        NAMED.into_iter().find(|d| d.exponents() == exponents).unwrap_or(Self::Compound(exponents))
    }

    /// Returns the dimension of a product, or nothing if a power would leave its range.
    ///
    /// Parts of parts are parts; any other product is named by its powers alone.
    pub fn times(self, other: Self) -> Option<Self> {
        if self == Self::Ratio && other == Self::Ratio {
            return Some(Self::Ratio);
        }
        self.exponents().zip(other.exponents(), i8::checked_add).map(Self::from_exponents)
    }

    /// Returns the dimension of a quotient, or nothing if a power would leave its range.
    pub fn per(self, other: Self) -> Option<Self> {
        self.exponents().zip(other.exponents(), i8::checked_sub).map(Self::from_exponents)
    }

    /// Returns the dimension of a whole power, or nothing if it would leave the range.
    pub fn to_the(self, power: i8) -> Option<Self> {
        let all = Exponents::of(power, power, power, power);
        self.exponents().zip(all, i8::checked_mul).map(Self::from_exponents)
    }

    /// Returns the dimension of the square root, if there is one.
    pub fn root(self) -> Option<Self> {
        let halved = self.exponents().zip(Exponents::default(), |e, _| (e % 2 == 0).then_some(e / 2))?;
        Some(Self::from_exponents(halved))
    }

    /// Returns whether values of both can be added and compared.
    pub fn is_like(self, other: Self) -> bool {
        self.exponents() == other.exponents()
    }

    /// Returns whether a value of dimension `given` may stand where this one is needed.
    ///
    /// A ratio may be written bare; a count may not be written with `%`.
    pub fn accepts(self, given: Self) -> bool {
        self == given || (self == Self::Ratio && given == Self::Number)
    }

    /// Returns the name with its article: "a duration".
    pub fn with_article(self) -> String {
        match self {
            // Money is not counted.
            Self::Money => "money".to_owned(),
            _ => with_article(&self.to_string()),
        }
    }

    /// Returns how many nanoseconds instead of seconds are in the value: durations alone are kept in them.
    pub(super) fn nanosecond_power(self) -> i32 {
        i32::from(self == Self::Duration)
    }
}

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Number => "number",
            Self::Ratio => "ratio",
            Self::Duration => "duration",
            Self::Rate => "rate",
            Self::Size => "size",
            Self::Bandwidth => "bandwidth",
            Self::Money => "money",
            Self::Price(Per::Time) => "price per time",
            Self::Price(Per::Size) => "price per size",
            Self::Price(Per::SizeTime) => "price per size and time",
            Self::Price(Per::Million) => "price per million requests",
            Self::Compound(exponents) => return write_compound(f, *exponents),
        })
    }
}

fn write_compound(f: &mut fmt::Formatter<'_>, exponents: Exponents) -> fmt::Result {
    for power in 2..=i8::MAX {
        for named in NAMED {
            if named.to_the(power).is_some_and(|d| d.exponents() == exponents) {
                return match power {
                    2 => write!(f, "{named} squared"),
                    3 => write!(f, "{named} cubed"),
                    _ => write!(f, "{named} to the power {power}"),
                };
            }
        }
    }
    let bases = [
        ("duration", exponents.time),
        ("size", exponents.data),
        ("money", exponents.money),
        ("requests", exponents.requests),
    ];
    let factor = |(name, power): (&str, i8)| match power.unsigned_abs() {
        1 => name.to_owned(),
        power => format!("{name}^{power}"),
    };
    let above: Vec<String> = bases.into_iter().filter(|b| b.1 > 0).map(factor).collect();
    let below: Vec<String> = bases.into_iter().filter(|b| b.1 < 0).map(factor).collect();
    f.write_str(if above.is_empty() { "1".to_owned() } else { above.join(" × ") }.as_str())?;
    below.iter().try_for_each(|name| write!(f, " / {name}"))
}

#[cfg(test)]
mod tests {
    use super::Dimension::*;
    use super::*;

    #[test]
    fn products_and_quotients_have_the_dimension_physics_gives_them() {
        for (left, right, product) in [
            (Rate, Duration, Number),
            (Size, Rate, Bandwidth),
            (Bandwidth, Duration, Size),
            (Price(Per::Time), Duration, Money),
            (Price(Per::Size), Size, Money),
            (Price(Per::SizeTime), Size, Price(Per::Time)),
            (Ratio, Rate, Rate),
            (Ratio, Ratio, Ratio),
            (Ratio, Number, Number),
        ] {
            assert_eq!(left.times(right), Some(product), "{left} * {right}");
            assert_eq!(right.times(left), Some(product), "{right} * {left}");
            if left != Ratio {
                assert_eq!(product.per(left).map(Dimension::exponents), Some(right.exponents()));
            }
        }
        assert_eq!(Number.per(Duration), Some(Rate));
        assert_eq!(Rate.to_the(-1), Some(Duration));
        assert_eq!(Rate.times(Rate).and_then(Dimension::root), Some(Rate));
        assert_eq!(Rate.root(), None);
    }

    #[test]
    fn powers_out_of_range_are_refused() {
        let large = Duration.to_the(100).expect("in range");
        assert_eq!(large.times(large), None);
        assert_eq!(large.to_the(2), None);
        assert_eq!(Number.per(large).and_then(|d| d.per(large)), None);
    }

    #[test]
    fn compound_dimensions_have_readable_names() {
        let name = |d: Option<Dimension>| d.expect("in range").with_article();
        assert_eq!(name(Rate.times(Rate)), "a rate squared");
        assert_eq!(name(Duration.to_the(3)), "a duration cubed");
        assert_eq!(name(Bandwidth.to_the(-2)), "a duration^2 / size^2");
        assert_eq!(name(Duration.times(Size)), "a duration × size");
        assert_eq!(name(Size.to_the(-1)), "a 1 / size");
        assert_eq!(Money.with_article(), "money");
    }

    #[test]
    fn a_ratio_may_be_bare_but_a_count_has_no_percent() {
        assert!(Ratio.accepts(Number));
        assert!(!Number.accepts(Ratio));
        assert!(!Duration.accepts(Number));
        assert!(Number.is_like(Ratio));
        assert!(!Money.is_like(Price(Per::Million)));
    }
}
