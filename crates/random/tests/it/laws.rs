//! One of each law that can be made, with parameters whose fourth moments are finite where the law has any.

use kneepoint_random::Distribution;

/// Returns every continuous law with a name for messages and golden lines.
pub fn continuous() -> Vec<(&'static str, Distribution)> {
    let inner = Distribution::lognormal_mean_cv(2.0, 0.5).unwrap();
    let other = Distribution::uniform(10.0, 12.0).unwrap();
    let laws = vec![
        ("exponential", Distribution::exponential(3.0)),
        ("erlang", Distribution::erlang(4, 3.0)),
        ("hyperexponential", Distribution::hyperexponential(3.0, 2.0)),
        (
            "hyperexponential_phases",
            Distribution::hyperexponential_phases(&[(0.2, 5.0), (0.5, 1.0), (0.3, 2.0)]),
        ),
        ("gamma below 1", Distribution::gamma(3.0, 2.0)),
        ("gamma above 1", Distribution::gamma(3.0, 0.3)),
        ("lognormal_mean_cv", Distribution::lognormal_mean_cv(3.0, 0.8)),
        ("lognormal_median_cv", Distribution::lognormal_median_cv(3.0, 0.5)),
        ("lognormal_median_quantile", Distribution::lognormal_median_quantile(3.0, 0.99, 12.0)),
        ("lognormal_mean_quantile", Distribution::lognormal_mean_quantile(3.0, 0.99, 12.0)),
        ("lognormal_two_quantiles", Distribution::lognormal_two_quantiles(0.5, 3.0, 0.95, 9.0)),
        ("weibull below 1", Distribution::weibull(3.0, 0.7)),
        ("weibull above 1", Distribution::weibull(3.0, 2.5)),
        ("pareto", Distribution::pareto(2.0, 9.0)),
        ("bounded_pareto", Distribution::bounded_pareto(1.0, 1.1, 50.0)),
        ("uniform", Distribution::uniform(-1.0, 4.0)),
        ("triangular", Distribution::triangular(1.0, 2.0, 7.0)),
        ("normal", Distribution::normal(3.0, 1.5, f64::NEG_INFINITY, None)),
        ("normal by rejection", Distribution::normal(3.0, 2.0, 0.0, Some(6.0))),
        ("normal by inversion", Distribution::normal(-3.0, 2.0, 0.0, None)),
        ("quantiles", Distribution::quantiles(&[(0.5, 8.0), (0.95, 20.0), (0.99, 60.0), (1.0, 100.0)])),
        ("mixture", Distribution::mixture(vec![(0.7, inner.clone()), (0.3, other)])),
        ("shifted", Distribution::shifted(5.0, inner)),
    ];
    laws.into_iter().map(|(name, law)| (name, law.unwrap())).collect()
}

/// Returns every law whose values are separate numbers.
pub fn discrete() -> Vec<(&'static str, Distribution)> {
    let laws = vec![
        ("constant", Distribution::constant(3.0)),
        ("geometric", Distribution::geometric(4.0)),
        ("geometric long", Distribution::geometric(1000.0)),
        ("samples", Distribution::samples(vec![5.0, 1.0, 1.0, 9.0, 2.5])),
    ];
    laws.into_iter().map(|(name, law)| (name, law.unwrap())).collect()
}
