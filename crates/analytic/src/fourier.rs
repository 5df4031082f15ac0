//! Complex numbers and the discrete Fourier transform: just enough to invert a generating function.

/// A complex number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Complex {
    pub(crate) re: f64,
    pub(crate) im: f64,
}

impl Complex {
    pub(crate) const ONE: Self = Self { re: 1.0, im: 0.0 };

    pub(crate) fn polar(size: f64, angle: f64) -> Self {
        Self { re: size * libm::cos(angle), im: size * libm::sin(angle) }
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        Self { re: self.re + other.re, im: self.im + other.im }
    }

    pub(crate) fn minus(self, other: Self) -> Self {
        Self { re: self.re - other.re, im: self.im - other.im }
    }

    pub(crate) fn times(self, other: Self) -> Self {
        Self { re: self.re * other.re - self.im * other.im, im: self.re * other.im + self.im * other.re }
    }

    pub(crate) fn scaled(self, factor: f64) -> Self {
        Self { re: self.re * factor, im: self.im * factor }
    }

    pub(crate) fn reciprocal(self) -> Self {
        let size = self.re * self.re + self.im * self.im;
        Self { re: self.re / size, im: -self.im / size }
    }

    pub(crate) fn exp(self) -> Self {
        Self::polar(libm::exp(self.re), self.im)
    }
}

/// Replaces `x` by `X_k = sum of x_n exp(-2 pi i n k / N)`; the length must be a power of two.
///
/// Source: Cooley & Tukey, Mathematics of Computation 19 (1965), radix 2, in place.
pub(crate) fn transform(x: &mut [Complex]) {
    let n = x.len();
    assert!(n.is_power_of_two(), "the transform halves its input");
    let bits = n.trailing_zeros();
    for i in 0..n {
        let reversed = if bits == 0 { 0 } else { i.reverse_bits() >> (usize::BITS - bits) };
        if i < reversed {
            x.swap(i, reversed);
        }
    }
    let mut half = 1;
    while half < n {
        for k in 0..half {
            let turn = Complex::polar(1.0, -std::f64::consts::PI * k as f64 / half as f64);
            for start in (k..n).step_by(2 * half) {
                let other = x[start + half].times(turn);
                x[start + half] = x[start].minus(other);
                x[start] = x[start].plus(other);
            }
        }
        half *= 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fast_transform_is_the_slow_one() {
        let x: Vec<Complex> = (0..16).map(|i| Complex::polar(f64::from(i) + 1.0, f64::from(i * i))).collect();
        let mut fast = x.clone();
        transform(&mut fast);
        for (k, found) in fast.iter().enumerate() {
            let mut slow = Complex { re: 0.0, im: 0.0 };
            for (n, value) in x.iter().enumerate() {
                let angle = -std::f64::consts::TAU * (n * k) as f64 / 16.0;
                slow = slow.plus(value.times(Complex::polar(1.0, angle)));
            }
            assert!((found.re - slow.re).abs() < 1e-11 && (found.im - slow.im).abs() < 1e-11);
        }
    }
}
