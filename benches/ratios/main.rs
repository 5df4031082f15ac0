//! The bars of the core, as ratios of CPU time measured interleaved in one process.
//!
//! `cargo bench --bench ratios` prints one line each: `NAME ratio=VALUE bar=VALUE`.
//! Ratios hold on a busy machine, absolute times do not.

mod allocations;
mod bare;
mod hold;
mod policies;
mod scenario;
mod sweep;
mod tier;

use std::hint::black_box;
use std::time::Duration;

use cpu_time::ThreadTime;

/// CPU time of this thread that `work` takes.
pub fn timed(work: impl FnOnce()) -> Duration {
    let start = ThreadTime::now();
    work();
    start.elapsed()
}

/// The median of the per-round ratios of two pieces of work, run in turn.
pub fn ratio(rounds: usize, mut work: impl FnMut(), mut yardstick: impl FnMut()) -> f64 {
    work();
    yardstick();
    let mut ratios: Vec<f64> = (0..rounds)
        .map(|_| timed(&mut work).as_secs_f64() / timed(&mut yardstick).as_secs_f64().max(1e-9))
        .collect();
    median(&mut ratios)
}

/// The median.
pub fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Prints one bar.
pub fn print(name: &str, value: f64, bar: f64) {
    let verdict = if value <= bar { "" } else { "  MISSED" };
    println!("{name} ratio={value:.3} bar={bar}{verdict}");
}

const REQUESTS: u64 = 200_000;
const ROUNDS: usize = 9;

fn main() {
    let only = std::env::args().skip(1).find(|a| !a.starts_with('-'));
    let wanted = |name: &str| only.as_deref().is_none_or(|o| name.contains(o));
    if wanted("web_tier") {
        let bare = || {
            black_box(bare::run(REQUESTS, 1));
        };
        let engine = |ledger: bool| {
            move || {
                black_box(tier::run(REQUESTS, 1, ledger));
            }
        };
        let off = ratio(ROUNDS, engine(false), bare);
        print("web_tier", off, 1.9);
        let on = ratio(ROUNDS, engine(true), bare);
        print("web_tier_ledger", on, 2.1);
    }
    if wanted("scenario_web_tier") {
        let template = scenario::build(1);
        let shipped = || {
            black_box(scenario::run(&template, REQUESTS));
        };
        let bare = || {
            black_box(bare::run(REQUESTS, 1));
        };
        print("scenario_web_tier", ratio(ROUNDS, shipped, bare), 2.3);
    }
    if wanted("hold") {
        hold::bars();
    }
    if wanted("policies_1000") {
        policies::bars();
    }
    if wanted("sweep") {
        sweep::bars();
    }
    if wanted("memory") {
        allocations::bars();
    }
}
