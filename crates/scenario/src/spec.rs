//! Plain forms of distributions, profiles and steps, as a simulation is built from them.

use std::sync::Arc;

use crate::diagnostic::Fault;
use crate::file::Place;
use crate::node::NodeId;
use crate::typed::{Args, Data, Value};
use crate::value::{Dimension, Path, Quantity};

/// A drawn value.
///
/// # Units
/// The base unit of the field it stands in: durations \[ns\], sizes \[bytes\], counts.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the fields are those of the kinds, which the table of kinds explains")]
pub enum DistributionSpec {
    /// Always the same.
    Constant(f64),
    Exponential {
        mean: f64,
    },
    Erlang {
        mean: f64,
        k: u32,
    },
    Hyperexponential {
        mean: f64,
        cv: f64,
    },
    Gamma {
        mean: f64,
        cv: f64,
    },
    /// The logarithm is normal with the logarithm of the median as mean and this standard deviation.
    Lognormal {
        median: f64,
        sigma: f64,
    },
    Weibull {
        mean: f64,
        shape: f64,
    },
    Pareto {
        min: f64,
        alpha: f64,
        max: Option<f64>,
    },
    Uniform {
        min: f64,
        max: f64,
    },
    Triangular {
        min: f64,
        mode: f64,
        max: f64,
    },
    /// Cut off (not folded) below `min` and above `max`.
    Normal {
        mean: f64,
        sd: f64,
        min: f64,
        max: Option<f64>,
    },
    Geometric {
        mean: f64,
    },
    /// Straight lines between (share of values below, value), ascending.
    Quantiles(Vec<(f64, f64)>),
    /// A column of a CSV file.
    Samples {
        file: Arc<str>,
        column: Arc<str>,
        unit: Option<Arc<str>>,
        place: Place,
    },
    /// (share, distribution); the shares add up to 1.
    Mixture(Vec<(f64, DistributionSpec)>),
    Shifted {
        by: f64,
        of: Box<DistributionSpec>,
    },
    /// A kind of another crate.
    Foreign(Box<Args>),
}

/// The standard normal quantiles of the percentiles a lognormal can be given by.
///
/// # Source
/// Abramowitz and Stegun, Handbook of Mathematical Functions, table 26.5, to the precision of f64.
const NORMAL_QUANTILES: [(&str, f64); 5] = [
    ("median", 0.0),
    ("p90", 1.281_551_565_544_600_4),
    ("p95", 1.644_853_626_951_472_2),
    ("p99", 2.326_347_874_040_841),
    ("p999", 3.090_232_306_167_813),
];

type Read<T> = Result<T, Vec<Fault>>;

fn wrong<T>(place: Place, message: impl Into<String>) -> Read<T> {
    Err(vec![Fault::error(place, message)])
}

/// Returns a number field; an absent one has been said already.
fn number(args: &Args, field: &str) -> Read<f64> {
    args.get(field).and_then(Value::number).ok_or_else(Vec::new)
}

fn shown(args: &Args, field: &str) -> String {
    match args.get(field).map(|value| &value.data) {
        Some(Data::Quantity(quantity)) => quantity.to_string(),
        Some(Data::Count(count)) => count.to_string(),
        _ => String::new(),
    }
}

/// Holds that one field is not below another.
fn ordered(args: &Args, low: &str, high: &str) -> Read<()> {
    match (args.get(low).and_then(Value::number), args.get(high).and_then(Value::number)) {
        (Some(a), Some(b)) if b < a => {
            let message = format!("{high} ({}) is below {low} ({})", shown(args, high), shown(args, low));
            wrong(args.place_of(high), message)
        }
        _ => Ok(()),
    }
}

impl DistributionSpec {
    /// Reads a constant or a distribution kind.
    pub(crate) fn of(value: &Value) -> Read<DistributionSpec> {
        let args = match &value.data {
            Data::Quantity(quantity) => return Ok(DistributionSpec::Constant(quantity.value)),
            Data::Count(count) => return Ok(DistributionSpec::Constant(*count as f64)),
            Data::Args(args) => args,
            _ => return wrong(value.place, "a constant or a distribution is needed"),
        };
        DistributionSpec::of_kind(args)
    }

    fn of_kind(args: &Args) -> Read<DistributionSpec> {
        use DistributionSpec as D;
        if (0..args.values.len()).any(|at| args.given[at] && args.values[at].is_none()) {
            // What is wrong with a field has been said.
            return Err(Vec::new());
        }
        let mean = || number(args, "mean");
        Ok(match args.kind() {
            "Exponential" => D::Exponential { mean: mean()? },
            "Erlang" => D::Erlang {
                mean: mean()?,
                k: u32::try_from(args.count_if("k").ok_or_else(Vec::new)?).unwrap_or(u32::MAX),
            },
            "Hyperexponential" => {
                let cv = number(args, "cv")?;
                if cv < 1.0 {
                    let fault =
                        Fault::error(args.place_of("cv"), "the cv of a Hyperexponential is at least 1");
                    return Err(vec![fault.help("Erlang and Gamma are more regular")]);
                }
                D::Hyperexponential { mean: mean()?, cv }
            }
            "Gamma" => D::Gamma { mean: mean()?, cv: number(args, "cv")? },
            "Lognormal" => lognormal(args)?,
            "Weibull" => D::Weibull { mean: mean()?, shape: number(args, "shape")? },
            "Pareto" => {
                ordered(args, "min", "max")?;
                let min = number(args, "min")?;
                if min <= 0.0 {
                    return wrong(args.place_of("min"), "the min of a Pareto must be above 0");
                }
                D::Pareto { min, alpha: number(args, "alpha")?, max: args.number_if("max") }
            }
            "Uniform" => {
                ordered(args, "min", "max")?;
                D::Uniform { min: number(args, "min")?, max: number(args, "max")? }
            }
            "Triangular" => {
                ordered(args, "min", "mode")?;
                ordered(args, "mode", "max")?;
                D::Triangular {
                    min: number(args, "min")?,
                    mode: number(args, "mode")?,
                    max: number(args, "max")?,
                }
            }
            "Normal" => {
                ordered(args, "min", "max")?;
                let min = number(args, "min").unwrap_or(0.0);
                D::Normal { mean: mean()?, sd: number(args, "sd")?, min, max: args.number_if("max") }
            }
            "Geometric" => {
                let mean = mean()?;
                if mean < 1.0 {
                    return wrong(
                        args.place_of("mean"),
                        "the mean of a Geometric is at least 1: it counts from 1",
                    );
                }
                D::Geometric { mean }
            }
            "Quantiles" => quantiles(args)?,
            "Samples" => D::Samples {
                file: args.text("file").ok_or_else(Vec::new)?.into(),
                column: args.text("column").ok_or_else(Vec::new)?.into(),
                unit: args.text("unit").map(Arc::from),
                place: args.place_of("file"),
            },
            "Mixture" => {
                let mut list = Vec::new();
                for part in args.args_list("of") {
                    list.push((
                        number(part, "share")?,
                        DistributionSpec::of(part.get("of").ok_or_else(Vec::new)?)?,
                    ));
                }
                let shares: Vec<f64> = list.iter().map(|(share, _)| *share).collect();
                add_up(&shares, args.place_of("of"))?;
                D::Mixture(list)
            }
            "Shifted" => D::Shifted {
                by: number(args, "by")?,
                of: Box::new(DistributionSpec::of(args.get("of").ok_or_else(Vec::new)?)?),
            },
            "Uncertain" => {
                let fault = Fault::error(
                    args.head,
                    "`Uncertain` is drawn once per replication: it belongs in `params`",
                );
                return Err(vec![fault.help("params: { \"x\": Uncertain(…) }, and here \"=x\"")]);
            }
            _ => D::Foreign(Box::new(args.clone())),
        })
    }

    /// Returns the mean, where it has one in closed form.
    ///
    /// # Assumptions
    /// A normal is taken before it is cut off.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        use DistributionSpec as D;
        match self {
            D::Constant(mean)
            | D::Exponential { mean }
            | D::Erlang { mean, .. }
            | D::Hyperexponential { mean, .. }
            | D::Gamma { mean, .. }
            | D::Weibull { mean, .. }
            | D::Normal { mean, .. }
            | D::Geometric { mean } => Some(*mean),
            D::Lognormal { median, sigma } => Some(median * libm::exp(sigma * sigma / 2.0)),
            D::Pareto { min, alpha, max: None } => (*alpha > 1.0).then(|| alpha * min / (alpha - 1.0)),
            D::Pareto { .. } | D::Samples { .. } | D::Foreign(_) => None,
            D::Uniform { min, max } => Some(min + (max - min) / 2.0),
            D::Triangular { min, mode, max } => Some((min + mode + max) / 3.0),
            D::Quantiles(points) => {
                let below = points.first().map_or(0.0, |(share, value)| share * value);
                let above = points.last().map_or(0.0, |(share, value)| (1.0 - share) * value);
                let between =
                    points.windows(2).map(|pair| (pair[1].0 - pair[0].0) * (pair[0].1 + pair[1].1) / 2.0);
                Some(below + between.sum::<f64>() + above)
            }
            D::Mixture(parts) => parts.iter().map(|(share, part)| Some(share * part.mean()?)).sum(),
            D::Shifted { by, of } => Some(by + of.mean()?),
        }
    }

    /// Returns the median, where it is plain.
    #[must_use]
    pub fn median(&self) -> Option<f64> {
        use DistributionSpec as D;
        match self {
            D::Constant(value) => Some(*value),
            D::Exponential { mean } => Some(mean * core::f64::consts::LN_2),
            D::Lognormal { median, .. } => Some(*median),
            D::Uniform { min, max } => Some(min + (max - min) / 2.0),
            D::Shifted { by, of } => Some(by + of.median()?),
            D::Quantiles(points) => {
                let after = points.iter().position(|(share, _)| *share >= 0.5)?;
                let (high_share, high) = points[after];
                let Some((low_share, low)) = after.checked_sub(1).map(|at| points[at]) else {
                    return Some(high);
                };
                Some(low + (high - low) * (0.5 - low_share) / (high_share - low_share))
            }
            D::Pareto { min, alpha, max: None } => Some(min * libm::pow(2.0, 1.0 / alpha)),
            _ => None,
        }
    }
}

/// Holds that shares of alternatives add up to 1.
pub(crate) fn add_up(shares: &[f64], place: Place) -> Read<()> {
    if shares.is_empty() {
        return Err(vec![Fault::error(place, "there is nothing to share among").help("one part at least")]);
    }
    let sum: f64 = shares.iter().sum();
    // Shares are written with a few digits; thirds written as 0.333 are meant to be thirds.
    if (sum - 1.0).abs() <= 1e-3 * shares.len().max(1) as f64 && (sum - 1.0).abs() < 0.01 {
        return Ok(());
    }
    let missing = 1.0 - sum;
    let help = if missing > 0.0 {
        format!("{} are left over", Quantity::new((missing * 1e6).round() / 1e6, Dimension::Ratio))
    } else {
        "each is the part of all".to_string()
    };
    Err(vec![Fault::error(place, format!("the shares add up to {sum:.3}, not 1")).help(help)])
}

/// Turns any two values of a lognormal into its median and sigma.
///
/// # Source
/// Johnson, Kotz and Balakrishnan, Continuous Univariate Distributions 1, chapter 14: with median m,
/// mean = m exp(s²/2), cv² = exp(s²) - 1, quantile = m exp(z s); solved for m and s.
fn lognormal(args: &Args) -> Read<DistributionSpec> {
    let names = ["mean", "cv", "median", "p90", "p95", "p99", "p999"];
    let given: Vec<&str> = names.into_iter().filter(|name| args.is_given(name)).collect();
    if given.len() != 2 {
        let count = ["none", "one", "two", "three", "four", "five", "six", "seven"][given.len()];
        let message = format!("Lognormal is fixed by two of {}; {count} given", names.join(", "));
        let mut places: Vec<Place> = given.iter().map(|name| args.place_of(name)).collect();
        places.sort();
        let first = places.first().copied().unwrap_or(args.head);
        let fault = Fault::error(first, message).also(places.into_iter().skip(1));
        return Err(vec![fault.help("for example Lognormal(mean: \"8ms\", cv: 1.5)")]);
    }
    let (a, b) = (given[0], given[1]);
    let (x, y) = (number(args, a)?, number(args, b)?);
    for (name, value) in [(a, x), (b, y)] {
        if value <= 0.0 {
            return wrong(args.place_of(name), format!("the {name} of a Lognormal must be above 0"));
        }
    }
    let z = |name: &str| NORMAL_QUANTILES.iter().find(|(known, _)| *known == name).map(|(_, z)| *z);
    let name = |field: &str| if field == "median" { "the median".to_string() } else { field.to_string() };
    let below = |high: &str, low: &str| {
        let message =
            format!("{} ({}) is below {} ({})", name(high), shown(args, high), name(low), shown(args, low));
        wrong(args.place_of(high), message)
    };
    let sigma_of_cv = |cv: f64| libm::sqrt(libm::log1p(cv * cv));
    let (median, sigma) = match (a, b) {
        ("mean", "cv") => (x / libm::sqrt(1.0 + y * y), sigma_of_cv(y)),
        ("mean", "median") => {
            if x < y {
                return below("mean", "median");
            }
            (y, libm::sqrt(2.0 * libm::log(x / y)))
        }
        ("mean", quantile) => {
            // log(p / mean) = z s - s²/2: two solutions, of which the smaller spread is meant.
            let z = z(quantile).ok_or_else(Vec::new)?;
            let root = z * z - 2.0 * libm::log(y / x);
            if root < 0.0 {
                let most = x * libm::exp(z * z / 2.0);
                let most = Quantity::new(most, dimension_of(args, a));
                let message = format!("no Lognormal of this mean has its {quantile} above {most:.3}");
                return wrong(args.place_of(quantile), message);
            }
            let sigma = z - libm::sqrt(root);
            if sigma < 0.0 {
                return below(quantile, "mean");
            }
            (x / libm::exp(sigma * sigma / 2.0), sigma)
        }
        ("cv", quantile) => {
            let sigma = sigma_of_cv(x);
            (y / libm::exp(z(quantile).ok_or_else(Vec::new)? * sigma), sigma)
        }
        (low, high) => {
            if y < x {
                return below(high, low);
            }
            let (z_low, z_high) = (z(low).ok_or_else(Vec::new)?, z(high).ok_or_else(Vec::new)?);
            let sigma = libm::log(y / x) / (z_high - z_low);
            (x / libm::exp(z_low * sigma), sigma)
        }
    };
    Ok(DistributionSpec::Lognormal { median, sigma })
}

fn dimension_of(args: &Args, field: &str) -> Dimension {
    match args.get(field).map(|value| &value.data) {
        Some(Data::Quantity(quantity)) => quantity.dimension,
        _ => Dimension::Number,
    }
}

/// Reads `{ "p50": "8ms", … }`.
fn quantiles(args: &Args) -> Read<DistributionSpec> {
    let mut points: Vec<(f64, f64)> = Vec::new();
    for item in args.map("points") {
        let percent = item.key.strip_prefix('p').and_then(|digits| digits.parse::<f64>().ok());
        let Some(percent) = percent.filter(|percent| (0.0..=100.0).contains(percent)) else {
            return wrong(item.key_place, "a point is named after its percentile, p0 to p100");
        };
        let value = item.value.number().ok_or_else(Vec::new)?;
        if let Some((share, before)) = points.last() {
            if *share >= percent / 100.0 {
                return wrong(item.key_place, "percentiles stand in ascending order");
            }
            if value < *before {
                return wrong(item.value.place, format!("{} is below the percentile before it", item.key));
            }
        }
        points.push((percent / 100.0, value));
    }
    if points.len() < 2 {
        return wrong(args.place_of("points"), "at least two percentiles are needed");
    }
    Ok(DistributionSpec::Quantiles(points))
}

/// A value that follows time.
///
/// # Units
/// Values in the base unit of the field (rates \[1/s\]), times \[ns\].
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the fields are those of the kinds, which the table of kinds explains")]
pub enum ProfileSpec {
    /// Always the same.
    Constant(f64),
    Ramp {
        from: f64,
        to: f64,
        over: u64,
        start: u64,
    },
    /// (time, value): the value holds from that time on, the first one also before.
    Steps(Vec<(u64, f64)>),
    /// (time, value): straight lines between, level outside.
    Lines(Vec<(u64, f64)>),
    Spike {
        base: f64,
        peak: f64,
        at: u64,
        rise: u64,
        hold: u64,
        fall: u64,
    },
    Wave {
        low: f64,
        high: f64,
        period: u64,
        peak_at: u64,
    },
    Growth {
        from: f64,
        by: f64,
        per: u64,
    },
    Product(Vec<ProfileSpec>),
    /// Two columns of a CSV file.
    FromFile {
        file: Arc<str>,
        time: Arc<str>,
        value: Arc<str>,
        time_unit: Arc<str>,
        unit: Arc<str>,
        place: Place,
    },
    /// A kind of another crate.
    Foreign(Box<Args>),
}

impl ProfileSpec {
    /// Reads a constant or a profile kind.
    pub(crate) fn of(value: &Value) -> Read<ProfileSpec> {
        use ProfileSpec as P;
        let args = match &value.data {
            Data::Quantity(quantity) => return Ok(P::Constant(quantity.value)),
            Data::Count(count) => return Ok(P::Constant(*count as f64)),
            Data::Args(args) => args,
            _ => return wrong(value.place, "a constant or a profile is needed"),
        };
        if (0..args.values.len()).any(|at| args.given[at] && args.values[at].is_none()) {
            return Err(Vec::new());
        }
        let time = |field: &str| args.duration_if(field).ok_or_else(Vec::new);
        let text = |field: &str| args.text(field).map(Arc::from).ok_or_else(Vec::new);
        Ok(match args.kind() {
            "Ramp" => P::Ramp {
                from: number(args, "from")?,
                to: number(args, "to")?,
                over: time("over")?,
                start: time("start")?,
            },
            "Steps" => P::Steps(course(args)?),
            "Lines" => P::Lines(course(args)?),
            "Spike" => P::Spike {
                base: number(args, "base")?,
                peak: number(args, "peak")?,
                at: time("at")?,
                rise: time("rise")?,
                hold: time("hold")?,
                fall: time("fall")?,
            },
            "Wave" => {
                ordered(args, "low", "high")?;
                let period = time("period")?;
                let peak_at = args.duration_if("peak_at").unwrap_or(period / 4);
                P::Wave { low: number(args, "low")?, high: number(args, "high")?, period, peak_at }
            }
            "Growth" => P::Growth {
                from: args.number_if("from").unwrap_or(1.0),
                by: number(args, "by")?,
                per: time("per")?,
            },
            "Product" => P::Product(args.list("of").iter().map(ProfileSpec::of).collect::<Read<_>>()?),
            "FromFile" => P::FromFile {
                file: text("file")?,
                time: text("time")?,
                value: text("value")?,
                time_unit: text("time_unit")?,
                unit: text("unit")?,
                place: args.place_of("file"),
            },
            _ => P::Foreign(Box::new((**args).clone())),
        })
    }

    /// Returns whether it is 0 at all times.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        use ProfileSpec as P;
        match self {
            P::Constant(value) => *value == 0.0,
            P::Ramp { from, to, .. } => *from == 0.0 && *to == 0.0,
            P::Steps(points) | P::Lines(points) => points.iter().all(|(_, value)| *value == 0.0),
            P::Spike { base, peak, .. } => *base == 0.0 && *peak == 0.0,
            P::Wave { low, high, .. } => *low == 0.0 && *high == 0.0,
            P::Growth { from, .. } => *from == 0.0,
            P::Product(list) => list.iter().any(ProfileSpec::is_zero),
            P::FromFile { .. } | P::Foreign(_) => false,
        }
    }
}

/// Reads `{ "0s": "50/s", "20min": "400/s" }`.
fn course(args: &Args) -> Read<Vec<(u64, f64)>> {
    let mut points: Vec<(u64, f64)> = Vec::new();
    for item in args.map("at") {
        let time = match Quantity::parse_as(&item.key, Dimension::Duration) {
            Ok(time) => time.nanoseconds(),
            Err(error) => {
                let mut fault = Fault::error(item.key_place, error.message);
                fault.help = error.help;
                return Err(vec![fault]);
            }
        };
        if points.last().is_some_and(|(before, _)| *before >= time) {
            return wrong(item.key_place, "times stand in ascending order");
        }
        points.push((time, item.value.number().ok_or_else(Vec::new)?));
    }
    if points.is_empty() {
        return wrong(args.place_of("at"), "at least one time is needed");
    }
    Ok(points)
}

/// A step of an operation.
#[derive(Debug, Clone, Copy)]
pub struct Step<'a> {
    /// The step as it was checked; its head and place are where it is written.
    pub args: &'a Args,
}

/// What a step does.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the fields are those of the kinds, which the table of kinds explains")]
pub enum StepSpec<'a> {
    /// Work on the instance's cores \[ns at speed 1\].
    Compute(DistributionSpec),
    /// Time without work \[ns\].
    Delay(DistributionSpec),
    Call(CallSpec<'a>),
    Parallel {
        branches: Vec<Vec<Step<'a>>>,
        wait: Wait,
    },
    /// (share, steps)
    Choice(Vec<(f64, Vec<Step<'a>>)>),
    Repeat {
        times: DistributionSpec,
        does: Vec<Step<'a>>,
    },
    Detach(Vec<Step<'a>>),
    /// `status` is a word of the family `status`.
    Fail {
        chance: f64,
        status: &'a str,
    },
    /// A kind of another crate, or one that is not built yet.
    Other(&'a Args),
}

/// A call of another part.
#[derive(Debug, Clone)]
pub struct CallSpec<'a> {
    /// The value it was read from, by which the topology knows the call.
    pub node: NodeId,
    /// Whom.
    pub to: &'a Path,
    /// How many times, one after the other.
    pub times: DistributionSpec,
    /// The key space whose key goes with it.
    pub key: Option<&'a str>,
    /// The size of the request \[bytes\], where it is not the class's.
    pub size: Option<DistributionSpec>,
    /// The size of the reply \[bytes\], where it is not the class's.
    pub reply: Option<DistributionSpec>,
}

/// How many answers a `Parallel` waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// All, good or bad.
    All,
    /// The first good one.
    Any,
    /// So many good ones.
    Quorum(u64),
}

impl<'a> Step<'a> {
    /// Returns the steps of a checked list.
    pub(crate) fn list(value: &'a Value) -> Vec<Step<'a>> {
        match &value.data {
            Data::List(list) => list.iter().filter_map(Value::as_args).map(|args| Step { args }).collect(),
            Data::Args(args) => vec![Step { args }],
            _ => Vec::new(),
        }
    }

    /// Returns what it does.
    #[must_use]
    pub fn spec(self) -> StepSpec<'a> {
        let args = self.args;
        match args.kind() {
            "Compute" => StepSpec::Compute(args.distribution("work")),
            "Delay" => StepSpec::Delay(args.distribution("time")),
            "Call" => StepSpec::Call(CallSpec {
                node: args.node,
                to: args.path("to").expect("a call without `to` is an error"),
                times: args.distribution("times"),
                key: args.get("key").and_then(|value| match &value.data {
                    Data::Text(text) => Some(&**text),
                    _ => None,
                }),
                size: args.distribution_if("size"),
                reply: args.distribution_if("reply"),
            }),
            "Parallel" => StepSpec::Parallel { branches: self.branches(), wait: self.wait() },
            "Choice" => {
                let branch = |branch: &'a Args| (branch.number("share"), branch.steps("does"));
                StepSpec::Choice(args.args_list("branches").map(branch).collect())
            }
            "Repeat" => StepSpec::Repeat { times: args.distribution("times"), does: args.steps("does") },
            "Detach" => StepSpec::Detach(args.steps("does")),
            "Fail" => StepSpec::Fail { chance: args.number("chance"), status: args.word("status") },
            _ => StepSpec::Other(args),
        }
    }

    fn branches(self) -> Vec<Vec<Step<'a>>> {
        self.args.list("branches").iter().map(Step::list).collect()
    }

    fn wait(self) -> Wait {
        let wait = self.args.args("wait").expect("`wait` has a default");
        match wait.kind() {
            "Any" => Wait::Any,
            "Quorum" => Wait::Quorum(wait.count("of")),
            _ => Wait::All,
        }
    }
}
