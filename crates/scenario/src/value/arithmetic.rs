use super::dimension::Dimension;
use super::quantity::Quantity;

/// Why an operation has no result.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Fault {
    /// Two that cannot be added or compared.
    Mixed(Dimension, Dimension),
    Currencies(char, char),
    DivisionByZero,
    TooLarge,
    RootBelowZero,
    /// A number below 0 to a power that is not whole.
    NotANumber,
    ExponentWithUnit(Dimension),
    /// A quantity with a unit to a power that is not whole.
    PowerNotWhole(Dimension),
    NoRoot(Dimension),
    /// A dimension whose powers leave their range.
    TooManyFactors,
}

type Result<T> = std::result::Result<T, Fault>;

fn currency(left: Quantity, right: Quantity) -> Result<Option<char>> {
    match (left.currency, right.currency) {
        (Some(a), Some(b)) if a != b => Err(Fault::Currencies(a, b)),
        (a, b) => Ok(a.or(b)),
    }
}

/// Returns the dimension of a sum, a difference and the larger of two.
pub(super) fn common_dimension(left: Dimension, right: Dimension) -> Result<Dimension> {
    match (left, right) {
        _ if left == right => Ok(left),
        _ if left.is_like(right) => Ok(Dimension::from_exponents(left.exponents())),
        _ => Err(Fault::Mixed(left, right)),
    }
}

fn finished(value: f64, dimension: Dimension, currency: Option<char>) -> Result<Quantity> {
    if !value.is_finite() {
        return Err(Fault::TooLarge);
    }
    let currency = currency.filter(|_| dimension.exponents().money != 0);
    Ok(Quantity { value, dimension, currency })
}

/// Returns 10^(9 `power`), which brings a product of nanoseconds and seconds to the unit of its dimension.
fn billion_to(power: i32) -> f64 {
    libm::pow(1e9, f64::from(power))
}

pub(super) fn combine(left: Quantity, right: Quantity, f: impl Fn(f64, f64) -> f64) -> Result<Quantity> {
    let dimension = common_dimension(left.dimension, right.dimension)?;
    finished(f(left.value, right.value), dimension, currency(left, right)?)
}

/// Brings a value computed with `power` factors of a nanosecond to the unit of `dimension`.
fn rescaled(value: f64, power: i32, dimension: Dimension) -> f64 {
    match power - dimension.nanosecond_power() {
        0 => value,
        extra @ 1.. => value / billion_to(extra),
        extra => value * billion_to(-extra),
    }
}

pub(super) fn multiply(left: Quantity, right: Quantity) -> Result<Quantity> {
    let dimension = left.dimension.times(right.dimension).ok_or(Fault::TooManyFactors)?;
    let power = left.dimension.nanosecond_power() + right.dimension.nanosecond_power();
    finished(rescaled(left.value * right.value, power, dimension), dimension, currency(left, right)?)
}

pub(super) fn divide(left: Quantity, right: Quantity) -> Result<Quantity> {
    if right.value == 0.0 {
        return Err(Fault::DivisionByZero);
    }
    let dimension = left.dimension.per(right.dimension).ok_or(Fault::TooManyFactors)?;
    let power = left.dimension.nanosecond_power() - right.dimension.nanosecond_power();
    finished(rescaled(left.value / right.value, power, dimension), dimension, currency(left, right)?)
}

pub(super) fn power(base: Quantity, exponent: Quantity) -> Result<Quantity> {
    if !exponent.dimension.is_like(Dimension::Number) {
        return Err(Fault::ExponentWithUnit(exponent.dimension));
    }
    if base.value == 0.0 && exponent.value < 0.0 {
        return Err(Fault::DivisionByZero);
    }
    let whole = exponent.value == exponent.value.trunc();
    if base.value < 0.0 && !whole {
        return Err(Fault::NotANumber);
    }
    if base.dimension.is_like(Dimension::Number) {
        return finished(libm::pow(base.value, exponent.value), Dimension::Number, None);
    }
    if !whole {
        return Err(Fault::PowerNotWhole(base.dimension));
    }
    let whole = Some(exponent.value as i8).filter(|&e| f64::from(e) == exponent.value);
    let dimension = whole.and_then(|e| base.dimension.to_the(e)).ok_or(Fault::TooManyFactors)?;
    let nanoseconds = base.dimension.nanosecond_power() * exponent.value as i32;
    let value = libm::pow(base.value, exponent.value);
    finished(rescaled(value, nanoseconds, dimension), dimension, base.currency)
}

pub(super) fn square_root(of: Quantity) -> Result<Quantity> {
    if of.value < 0.0 {
        return Err(Fault::RootBelowZero);
    }
    let dimension = of.dimension.root().ok_or(Fault::NoRoot(of.dimension))?;
    // What has a root has an even power of time, so it is kept in seconds.
    finished(rescaled(of.value.sqrt(), 0, dimension), dimension, of.currency)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quantity(text: &str) -> Quantity {
        Quantity::parse(text).expect(text)
    }

    #[test]
    fn products_and_quotients_are_in_the_units_of_their_dimension() {
        let product = |a, b| multiply(quantity(a), quantity(b)).map(|q| q.to_string());
        let quotient = |a, b| divide(quantity(a), quantity(b)).map(|q| q.to_string());
        assert_eq!(product("200/s", "3ms"), Ok("0.6".into()));
        assert_eq!(product("100Mbit/s", "2s"), Ok("25MB".into()));
        assert_eq!(product("$0.5/h", "4h"), Ok("$2".into()));
        assert_eq!(product("$0.09/GB", "2TB"), Ok("$180".into()));
        assert_eq!(quotient("3", "200/s"), Ok("15ms".into()));
        assert_eq!(quotient("10000", "1d"), Ok("10000/d".into()));
        assert_eq!(quotient("1h", "1min"), Ok("60".into()));
        assert_eq!(quotient("1GB", "100MB/s"), Ok("10s".into()));
        assert_eq!(quotient("$6", "$3"), Ok("2".into()));
        assert_eq!(
            quotient("$6", "$3").map(|_| divide(quantity("$6"), quantity("$3")).expect("2").currency),
            Ok(None)
        );
    }

    #[test]
    fn powers_and_roots_carry_their_dimension() {
        let squared = power(quantity("3s"), quantity("2")).expect("s²");
        assert_eq!(squared.value, 9.0);
        assert_eq!(square_root(squared), Ok(quantity("3s")));
        assert_eq!(power(quantity("4/s"), quantity("-1")), Ok(quantity("250ms")));
        assert_eq!(power(quantity("1s"), quantity("0")), Ok(quantity("1")));
        assert_eq!(power(quantity("10%"), quantity("0.5")).map(|q| q.dimension), Ok(Dimension::Number));
        assert_eq!(power(quantity("1s"), quantity("0.5")), Err(Fault::PowerNotWhole(Dimension::Duration)));
        assert_eq!(power(quantity("1s"), quantity("1000")), Err(Fault::TooManyFactors));
        assert_eq!(power(quantity("2"), quantity("1s")), Err(Fault::ExponentWithUnit(Dimension::Duration)));
        assert_eq!(power(quantity("0"), quantity("-1")), Err(Fault::DivisionByZero));
        assert_eq!(power(quantity("-2"), quantity("0.5")), Err(Fault::NotANumber));
        assert_eq!(square_root(quantity("-1")), Err(Fault::RootBelowZero));
        assert_eq!(square_root(quantity("1s")), Err(Fault::NoRoot(Dimension::Duration)));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let sum = |a, b| combine(quantity(a), quantity(b), |x, y| x + y);
        assert_eq!(sum("1s", "1/s"), Err(Fault::Mixed(Dimension::Duration, Dimension::Rate)));
        assert_eq!(sum("$1", "€1"), Err(Fault::Currencies('$', '€')));
        assert_eq!(sum("1", "5%"), Ok(quantity("1.05")));
        assert_eq!(sum("1%", "5%").map(|q| q.dimension), Ok(Dimension::Ratio));
        assert_eq!(divide(quantity("1"), quantity("0s")), Err(Fault::DivisionByZero));
        assert_eq!(multiply(quantity("1e300"), quantity("1e300")), Err(Fault::TooLarge));
    }
}
