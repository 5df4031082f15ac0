//! Draws against the exact law: moments, distances of distributions, cells.
//!
//! All seeds are fixed, so nothing here fails at random. Each tolerance is one that a correct sampler passes by
//! chance less often than once in 10 000 seeds, so that about 60 checks together do so less often than once in 150.

use crate::laws;
use kneepoint_random::{Distribution, Stream};

fn draws(name: &str, law: &Distribution, n: usize) -> Vec<f64> {
    let mut stream = Stream::named(1, 0, name, "statistics");
    (0..n).map(|_| law.sample(&mut stream)).collect()
}

/// n = 100 000. The mean may be 4.5 standard errors off, sqrt(variance / n) each; the variance as many of its own,
/// sqrt((fourth central moment - variance²) / n), the fourth moment taken from the sample.
#[test]
fn sample_mean_and_variance_are_those_of_the_law() {
    let n = 100_000_u32;
    for (name, law) in laws::continuous().into_iter().chain(laws::discrete()) {
        let draws = draws(name, &law, n as usize);
        let n = f64::from(n);
        let mean = draws.iter().sum::<f64>() / n;
        let error = (law.variance() / n).sqrt();
        assert!((mean - law.mean()).abs() <= 4.5 * error, "{name}: mean {mean} for {}", law.mean());
        let central = |power: i32| draws.iter().map(|x| (x - law.mean()).powi(power)).sum::<f64>() / n;
        let variance = central(2);
        let error = ((central(4) - variance * variance) / n).sqrt();
        assert!(
            (variance - law.variance()).abs() <= 4.5 * error,
            "{name}: variance {variance} for {} ± {error}",
            law.variance()
        );
    }
}

/// Kolmogorov-Smirnov, n = 50 000: the greatest distance times sqrt(n) is above 2.23 once in 10 000.
#[test]
fn draws_follow_the_cumulative_probability() {
    let n = 50_000;
    for (name, law) in laws::continuous() {
        let mut draws = draws(name, &law, n);
        draws.sort_by(f64::total_cmp);
        let n = n as f64;
        let distance = draws
            .iter()
            .enumerate()
            .map(|(i, x)| {
                let p = law.cdf(*x);
                (p - i as f64 / n).max((i + 1) as f64 / n - p)
            })
            .fold(0.0, f64::max);
        assert!(distance * n.sqrt() < 2.23, "{name}: {distance}");
        assert!(draws[0] >= law.minimum(), "{name}");
    }
}

/// The same test must find a law that is a little wrong: here 4 % too long.
#[test]
fn the_distance_test_can_fail() {
    let law = Distribution::exponential(1.0).unwrap();
    let mut draws = draws("wrong", &law.scaled(1.04), 50_000);
    draws.sort_by(f64::total_cmp);
    let distance =
        draws.iter().enumerate().map(|(i, x)| (law.cdf(*x) - i as f64 / 5e4).abs()).fold(0.0, f64::max);
    assert!(distance * 5e4_f64.sqrt() > 2.23, "{distance}");
}

/// Returns how probable a chi-square this large or larger is by chance.
fn chance_of(counted: &[f64], expected: &[f64]) -> f64 {
    assert!(expected.iter().all(|cell| *cell >= 10.0), "cells too small for chi-square");
    let chi_square: f64 = counted.iter().zip(expected).map(|(c, e)| (c - e) * (c - e) / e).sum();
    let degrees = (counted.len() - 1) as f64;
    // Chi-square of d degrees is the gamma law of mean d and variance 2d.
    1.0 - Distribution::gamma(degrees, (2.0 / degrees).sqrt()).unwrap().cdf(chi_square)
}

/// n = 100 000, one cell per value and one for all above; fails by chance once in 10 000.
#[test]
fn geometric_draws_are_as_frequent_as_they_should() {
    for mean in [1.5, 4.0, 20.0] {
        let law = Distribution::geometric(mean).unwrap();
        let cells = (law.quantile(0.995).unwrap() as usize).max(3);
        let mut counted = vec![0.0; cells];
        for x in draws("geometric", &law, 100_000) {
            assert!(x >= 1.0 && x.fract() == 0.0);
            counted[(x as usize).min(cells) - 1] += 1.0;
        }
        let success = 1.0 / mean;
        let mut expected: Vec<f64> =
            (0..cells).map(|k| 1e5 * success * (1.0 - success).powi(k as i32)).collect();
        expected[cells - 1] /= success;
        assert!(chance_of(&counted, &expected) > 1e-4, "{mean}: {counted:?} {expected:?}");
    }
}

/// n = 100 000; fails by chance once in 10 000.
#[test]
fn samples_are_drawn_evenly_with_their_repetitions() {
    let law = Distribution::samples(vec![5.0, 1.0, 1.0, 9.0, 2.5]).unwrap();
    let mut counted = [0.0; 10];
    for x in draws("samples", &law, 100_000) {
        counted[x as usize] += 1.0;
    }
    let counted = [counted[1], counted[2], counted[5], counted[9]];
    assert!(chance_of(&counted, &[4e4, 2e4, 2e4, 2e4]) > 1e-4, "{counted:?}");
}

/// n = 100 000; fails by chance once in 10 000.
#[test]
fn below_is_even() {
    for n in [2_u64, 3, 10, 1000] {
        let mut stream = Stream::named(1, 0, "below", "statistics");
        let mut counted = vec![0.0; n as usize];
        for _ in 0..100_000 {
            counted[stream.below(n) as usize] += 1.0;
        }
        assert!(chance_of(&counted, &vec![1e5 / n as f64; n as usize]) > 1e-4, "{n}");
    }
}

/// n = 100 000; 4.5 standard errors.
#[test]
fn a_chance_comes_true_as_often_as_it_says() {
    let mut stream = Stream::named(1, 0, "chance", "statistics");
    for p in [0.001, 0.3, 0.5, 0.99] {
        let hits = (0..100_000).filter(|_| stream.chance(p)).count() as f64;
        assert!((hits - 1e5 * p).abs() < 4.5 * (1e5 * p * (1.0 - p)).sqrt(), "{p}: {hits}");
    }
}

#[test]
fn a_scaled_law_gives_scaled_draws_and_scaled_moments() {
    let near = |got: f64, expected: f64| (got - expected).abs() <= 1e-9 * expected.abs();
    for (name, law) in laws::continuous().into_iter().chain(laws::discrete()) {
        let scaled = law.scaled(2.5);
        for (x, y) in draws(name, &law, 1000).into_iter().zip(draws(name, &scaled, 1000)) {
            assert!(near(y, 2.5 * x), "{name}: {x} {y}");
        }
        assert!(near(scaled.mean(), 2.5 * law.mean()), "{name}");
        assert!(near(scaled.variance(), 6.25 * law.variance()), "{name}");
        assert!(near(scaled.minimum(), 2.5 * law.minimum()) || law.minimum().is_infinite(), "{name}");
        assert!(near(scaled.quantile(0.9).unwrap(), 2.5 * law.quantile(0.9).unwrap()), "{name}");
        let fitted = law.fit_to_mean(7.0);
        assert!(near(fitted.mean(), 7.0), "{name}");
        assert!(near(fitted.scv(), law.scv()) || law.is_constant().is_some(), "{name}");
        assert_eq!(law.scaled(0.0).is_constant(), Some(0.0), "{name}");
    }
}

/// Draws within the support, whatever the extreme of the parameters: none is NaN or negative.
#[test]
fn extreme_parameters_give_sound_draws() {
    let extremes = [
        Distribution::exponential(1e-70),
        Distribution::exponential(1e70),
        Distribution::gamma(1.0, 1000.0),
        Distribution::gamma(1.0, 1e-4),
        Distribution::erlang(100_000_000, 1.0),
        Distribution::hyperexponential(1.0, 1000.0),
        Distribution::lognormal_mean_cv(1.0, 1000.0),
        Distribution::lognormal_mean_cv(1.0, 1e-4),
        Distribution::lognormal_median_quantile(1.0, 0.99, 1e10),
        Distribution::weibull(1.0, 0.05),
        Distribution::weibull(1.0, 1000.0),
        Distribution::pareto(1.0, 0.1),
        Distribution::pareto(1.0, 1000.0),
        Distribution::bounded_pareto(1.0, 0.1, 1e70),
        Distribution::bounded_pareto(1.0, 1000.0, 1.0 + 1e-12),
        Distribution::normal(-7.0, 1.0, 0.0, None),
        Distribution::normal(5.0, 1e60, 0.0, Some(1e49)),
        Distribution::geometric(1.0 + 1e-15),
        Distribution::geometric(1e15),
    ];
    for law in extremes {
        let law = law.unwrap();
        assert!(law.mean() > 0.0 && law.variance() >= 0.0, "{law:?}");
        for x in draws("extreme", &law, 1000) {
            assert!(x >= law.minimum() && x.is_finite(), "{law:?}: {x}");
        }
        for p in [0.0, 1e-9, 0.5, 0.999] {
            let x = law.quantile(p).unwrap();
            assert!(x >= law.minimum() && x.is_finite(), "{law:?}: {x}");
        }
    }
}
