//! Distributions and profiles as components take them.

use kneepoint_components::client::RateProfile;
use kneepoint_engine::{SimDuration, SimTime};
use kneepoint_random::{Distribution, DistributionError};

use super::{Built, table, unbuilt, wrong};
use crate::file::Place;
use crate::scenario::Checked;
use crate::spec::{DistributionSpec, ProfileSpec};
use crate::value::shown;

/// Makes a distribution of what is not negative: times, sizes, counts.
pub(super) fn distribution(checked: &Checked, spec: DistributionSpec, place: Place) -> Built<Distribution> {
    let law = any(checked, spec, place, false)?;
    if law.minimum() < 0.0 {
        return wrong(place, "values below 0 can be drawn");
    }
    Ok(law)
}

/// Makes any distribution; with a `sign` recorded values may be below 0, because something is added to them.
pub(super) fn any(
    checked: &Checked,
    spec: DistributionSpec,
    place: Place,
    sign: bool,
) -> Built<Distribution> {
    use DistributionSpec as D;
    let say = |error: DistributionError| wrong(place, error.to_string());
    let made = match spec {
        D::Constant(value) => Distribution::constant(value),
        D::Exponential { mean } => Distribution::exponential(mean),
        D::Erlang { mean, k } => Distribution::erlang(k, mean),
        D::Hyperexponential { mean, cv } => Distribution::hyperexponential(mean, cv),
        D::Gamma { mean, cv } => Distribution::gamma(mean, cv),
        D::Lognormal { median, sigma } => {
            Distribution::lognormal_median_cv(median, libm::sqrt(libm::expm1(sigma * sigma)))
        }
        D::Weibull { mean, shape } => Distribution::weibull(mean, shape),
        D::Pareto { min, alpha, max: None } => Distribution::pareto(min, alpha),
        D::Pareto { min, alpha, max: Some(max) } => Distribution::bounded_pareto(min, alpha, max),
        D::Uniform { min, max } => Distribution::uniform(min, max),
        D::Triangular { min, mode, max } => Distribution::triangular(min, mode, max),
        D::Normal { mean, sd, min, max } => Distribution::normal(mean, sd, min, max),
        D::Geometric { mean } => Distribution::geometric(mean),
        D::Quantiles(points) => Distribution::quantiles(&points),
        D::Samples { file, column, unit, place } => {
            let words = [&*file, &*column, unit.as_deref().unwrap_or(""), if sign { "sign" } else { "" }];
            let key = table::key(checked.files(), place, "samples", &words);
            return checked.files().data.once(key, || {
                let values = table::column(checked, &file, &column, unit.as_deref(), place, sign)?;
                Distribution::samples(values).or_else(say)
            });
        }
        D::Mixture(list) => {
            let sum: f64 = list.iter().map(|(share, _)| share).sum();
            let mut of = Vec::new();
            for (share, spec) in list {
                of.push((share / sum, any(checked, spec, place, sign)?));
            }
            Distribution::mixture(of)
        }
        D::Shifted { by, of } => Distribution::shifted(by, any(checked, *of, place, true)?),
        D::Foreign(args) => return unbuilt(args.head, &format!("`{}`", args.kind())),
    };
    made.or_else(say)
}

/// Makes a profile.
pub(super) fn profile(checked: &Checked, spec: ProfileSpec, place: Place) -> Built<RateProfile> {
    use ProfileSpec as P;
    let at = |points: Vec<(u64, f64)>| -> Vec<(SimTime, f64)> {
        points.into_iter().map(|(time, value)| (SimTime::from_nanos(time), value)).collect()
    };
    let span = SimDuration::from_nanos;
    let made = match spec {
        P::Constant(value) => RateProfile::constant(value),
        P::Ramp { from, to, over, start } => {
            RateProfile::ramp(from, to, SimTime::from_nanos(start), span(over))
        }
        P::Steps(points) => RateProfile::steps(&at(points)),
        P::Lines(points) => RateProfile::lines(&at(points)),
        P::Spike { base, peak, at, rise, hold, fall } => {
            RateProfile::spike(base, peak, SimTime::from_nanos(at), [span(rise), span(hold), span(fall)])
        }
        P::Wave { low, high, period, peak_at } => RateProfile::wave(low, high, span(period), span(peak_at)),
        P::Growth { from, by, per } => RateProfile::growth(from, by, span(per)),
        P::Product(list) => {
            let of = list.into_iter().map(|spec| profile(checked, spec, place)).collect::<Built<_>>()?;
            RateProfile::product(of)
        }
        P::FromFile { file, time, value, time_unit, unit, place } => {
            let words = [&*file, &*time, &*value, &*time_unit, &*unit];
            let key = table::key(checked.files(), place, "course", &words);
            let course = || table::course(checked, &file, [&time, &value], [&time_unit, &unit], place);
            let points: Vec<(SimTime, f64)> = checked.files().data.once(key, course)?;
            // As of a constant: whoever asks at a rate of 0 never asks.
            if points.iter().all(|(_, value)| *value == 0.0) {
                let (file, value) = (shown(&file), shown(&value));
                return wrong(place, format!("{file}, column \"{value}\": it is 0 throughout"));
            }
            RateProfile::from_points(points)
        }
        P::Foreign(args) => return unbuilt(args.head, &format!("`{}`", args.kind())),
    };
    made.or_else(|error| wrong(place, error.to_string()))
}
