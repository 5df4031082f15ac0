//! What it costs to record one latency, against the `hdrhistogram` crate.
//!
//! ```text
//! cargo run --release -p kneepoint-statistics --example record
//! ```
//!
//! CPU time, interleaved, median of 15 rounds; values are log-normal around 5 ms, as latencies are.

use cpu_time::ThreadTime;
use kneepoint_statistics::{Histogram, normal_quantile};
use std::hint::black_box;

const VALUES: usize = 1 << 16;
const PASSES: usize = 60;

fn main() {
    let values = log_normal_latencies();
    let (mut ours, mut theirs) =
        (Histogram::new(), hdrhistogram::Histogram::<u64>::new(2).expect("2 is allowed"));
    let mut rounds: Vec<(f64, f64)> = (0..15)
        .map(|_| {
            let a = nanoseconds_each(&values, |v| ours.record(v));
            let b = nanoseconds_each(&values, |v| theirs.record(v).expect("it resizes itself"));
            (a, b)
        })
        .collect();
    assert_eq!(ours.count(), theirs.len(), "both counted every value");
    rounds.sort_by(|x, y| (x.0 / x.1).total_cmp(&(y.0 / y.1)));
    let (a, b) = rounds[rounds.len() / 2];
    println!("record: ours {a:.2} ns, hdrhistogram {b:.2} ns, {} bytes", ours.bytes());
    println!("record_latency ratio={:.3} bar=1.0", a / b);
}

fn nanoseconds_each(values: &[u64], mut record: impl FnMut(u64)) -> f64 {
    let start = ThreadTime::now();
    for _ in 0..PASSES {
        for &v in black_box(values) {
            record(v);
        }
    }
    start.elapsed().as_nanos() as f64 / (PASSES * values.len()) as f64
}

/// Evenly spread quantiles in a scrambled order: no generator needed, and the same values everywhere.
fn log_normal_latencies() -> Vec<u64> {
    (0..VALUES)
        .map(|i| {
            let scrambled = i.wrapping_mul(40_503) % VALUES; // odd, hence a permutation
            let z = normal_quantile((scrambled as f64 + 0.5) / VALUES as f64);
            (5e6 * libm::exp(z)) as u64
        })
        .collect()
}
