//! Measures the time of one draw from each law.
//!
//! `cargo run --release -p kneepoint-random --example draws`

use kneepoint_random::{Distribution, DistributionError, KeyPopularity, RequestStreams, Stream};
use std::hint::black_box;
use std::time::{Duration, Instant};

const DRAWS: u32 = 1_000_000;
const ROUNDS: usize = 9;

fn main() -> Result<(), DistributionError> {
    println!("nanoseconds per draw, least and median of {ROUNDS} rounds of {DRAWS}");
    let mut s = Stream::named(1, 0, "example", "draws");
    measure("u64", || s.next_u64() as f64);
    measure("uniform", || s.uniform());
    measure("below 10", || s.below(black_box(10)) as f64);
    measure("chance 0.3", || f64::from(u8::from(s.chance(black_box(0.3)))));
    measure("unit exponential", || s.exponential());
    measure("unit normal", || s.normal());

    let requests = RequestStreams::new(1, 0, "example", "draws");
    let mut index = 0;
    measure("request stream and its first u64", || {
        index += 1;
        requests.stream(index).next_u64() as f64
    });
    measure("named stream", || Stream::named(1, 0, black_box("web/any"), black_box("service")).uniform());

    let constant = Distribution::constant(2.0)?;
    let laws = [
        ("constant", constant.clone()),
        ("exponential", Distribution::exponential(2.0)?),
        ("erlang 4", Distribution::erlang(4, 2.0)?),
        ("hyperexponential", Distribution::hyperexponential(2.0, 2.0)?),
        ("gamma, cv 0.5", Distribution::gamma(2.0, 0.5)?),
        ("gamma, cv 2", Distribution::gamma(2.0, 2.0)?),
        ("lognormal", Distribution::lognormal_mean_cv(2.0, 1.0)?),
        ("weibull", Distribution::weibull(2.0, 0.7)?),
        ("pareto", Distribution::pareto(2.0, 2.5)?),
        ("bounded pareto", Distribution::bounded_pareto(2.0, 1.5, 500.0)?),
        ("uniform", Distribution::uniform(1.0, 3.0)?),
        ("triangular", Distribution::triangular(1.0, 2.0, 4.0)?),
        ("normal from 0", Distribution::normal(2.0, 1.0, 0.0, None)?),
        ("normal, far tail", Distribution::normal(-2.0, 1.0, 0.0, None)?),
        ("geometric", Distribution::geometric(5.0)?),
        ("quantiles", Distribution::quantiles(&[(0.5, 8.0), (0.95, 20.0), (0.99, 60.0), (1.0, 500.0)])?),
        ("samples, 1000", Distribution::samples((0..1000).map(f64::from).collect())?),
        ("mixture of constant and exponential", {
            Distribution::mixture(vec![(0.99, constant), (0.01, Distribution::exponential(9.0)?)])?
        }),
    ];
    for (name, law) in &laws {
        // Hidden from the optimiser: a component does not know its law when it is compiled either.
        let law = black_box(law);
        measure(name, || law.sample(&mut s));
    }
    for (name, keys) in [
        ("zipf 0.9 of 10^3", KeyPopularity::zipf(1_000, 0.9)?),
        ("zipf 0.9 of 10^9", KeyPopularity::zipf(1_000_000_000, 0.9)?),
        ("zipf 1 of 10^6", KeyPopularity::zipf(1_000_000, 1.0)?),
        ("hotspot", KeyPopularity::hotspot(1_000, 10, 0.5)?),
        ("even", KeyPopularity::even(1_000)?),
    ] {
        let keys = black_box(&keys);
        measure(name, || keys.sample(&mut s) as f64);
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "the clock is what is printed here")]
fn measure(name: &str, mut draw: impl FnMut() -> f64) {
    let mut rounds: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            // Bits, not numbers, are added: a chain of floating-point additions would be slower than the draws.
            let mut sum = 0_u64;
            for _ in 0..DRAWS {
                sum = sum.wrapping_add(draw().to_bits());
            }
            black_box(sum);
            start.elapsed()
        })
        .collect();
    rounds.sort();
    let per_draw = |round: Duration| round.as_secs_f64() * 1e9 / f64::from(DRAWS);
    println!("{:6.2} {:6.2}  {name}", per_draw(rounds[0]), per_draw(rounds[ROUNDS / 2]));
}
