//! Breakers, retries, budgets, and what comes of them: recorded behaviour of products and closed forms.
//!
//! One file for each sort of case; a new sort is a file and its lines in [`AREA`]. Cases that no family answers are
//! said to be not expressible.

mod breaker;
mod outlier;
mod retry;
mod storm;

use super::known::{Area, read};

pub(super) const NAME: &str = "resilience";

pub(super) const AREA: Area = Area {
    cases: || read(include_str!("../../../cases/resilience.json")),
    families: &[
        ("res/backoff/exp", retry::waits),
        ("res/backoff/jitter", retry::jitter),
        ("res/breaker/envoy", breaker::envoy),
        ("res/breaker/hystrix", breaker::hystrix),
        ("res/breaker/opossum-strict", breaker::strict),
        ("res/breaker/opossum", breaker::opossum),
        ("res/breaker/r4j-count-window", breaker::window),
        ("res/breaker/r4j-half-open", breaker::half_open),
        ("res/breaker/r4j", breaker::resilience4j),
        ("res/grpc-throttle", retry::grpc),
        ("res/outlier/success-rate", outlier::success_rate),
        ("res/retry/budget", retry::budget),
        ("res/retry/geom", retry::geometric),
        ("res/retry/layers", retry::layers),
        ("res/retry/nested", retry::nested),
        ("res/retry/replica", retry::replica),
        ("res/retrial", retry::retrial),
        ("res/metastable/ctmc", storm::bistable),
        ("res/metastable/fluid", storm::threshold),
        ("res/recovery", storm::recovery),
    ],
    said: super::limits::cases,
    quick: &[
        "res/backoff/exp-100-2-100000",
        "res/backoff/jitter-25-3",
        "res/breaker/envoy-consecutive-5xx",
        "res/breaker/envoy-ejection-time",
        "res/breaker/hystrix-50pct",
        "res/breaker/hystrix-volume",
        "res/breaker/opossum-first-failure",
        "res/breaker/opossum-strict-threshold",
        "res/breaker/opossum-volume-3",
        "res/breaker/r4j-count-window-10",
        "res/breaker/r4j-half-open-timing",
        "res/breaker/r4j-opens-60pct",
        "res/breaker/r4j-slow-calls",
        "res/grpc-throttle/10-0.1",
        "res/outlier/success-rate-50-100-100-100-100",
        "res/retry/budget-0.1",
        "res/retry/layers-3-5",
        "res/retry/nested-p0.2-r2-k3",
        "res/recovery/fluid-100-80-200",
    ],
};
