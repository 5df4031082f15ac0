//! Memory: allocations in steady state, bytes a request in flight, the cost of a snapshot.

use std::hint::black_box;

use kneepoint::calls::Simulation;
use kneepoint::engine::SimDuration;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;

use crate::{median, print, tier, timed};

#[global_allocator]
static COUNTING: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Bytes on the heap that belong to a simulation: what its clone takes.
fn heap_bytes(sim: &Simulation) -> f64 {
    let region = Region::new(COUNTING);
    let clone = black_box(sim.clone());
    let change = region.change();
    drop(clone);
    change.bytes_allocated as f64 - change.bytes_deallocated as f64 + change.bytes_reallocated as f64
}

pub fn bars() {
    let (mut sim, _) = tier::build(1, 1, 1.0, tier::TIMEOUT_NS);
    let run = |sim: &mut Simulation, seconds| {
        sim.run_for(SimDuration::from_secs(seconds)).expect("no ceiling is near")
    };
    run(&mut sim, 3);
    let region = Region::new(COUNTING);
    let before = sim.events();
    run(&mut sim, 3);
    let requests = 3.0 * 1e9 / tier::ARRIVAL_NS;
    let allocations = (region.change().allocations + region.change().reallocations) as f64;
    print("allocations_a_request", allocations / requests, 0.001);
    assert!(sim.events() > before);

    // Scaled up at the same utilisation, so that the parts' own state is small beside the calls'. A short time-out
    // keeps dead deadlines few: they are bounded by rate times time-out, not by what is in flight.
    const SCALE: usize = 1000;
    for (name, ledger, bar) in [("bytes_in_flight", false, 128.0), ("bytes_in_flight_ledger", true, 240.0)] {
        let (mut sim, clients) = tier::build(1, SCALE, 1.0, 2_000_000);
        sim.set_ledger(ledger);
        let empty = heap_bytes(&sim);
        sim.run_for(SimDuration::from_millis(20)).expect("no ceiling is near");
        let inside = sim.outcomes(clients).requests - sim.outcomes(clients).ended.iter().sum::<u64>();
        // Histograms grow with what they see; they are the books', not the requests'.
        let books: usize = sim.components().map(|id| sim.books(id).response.bytes()).sum();
        let bytes = (heap_bytes(&sim) - empty - books as f64) / inside as f64;
        // Attributes are always there: the bar without them is for frames, timers and queues.
        let attributes =
            if ledger { 0.0 } else { std::mem::size_of::<kneepoint::calls::Attributes>() as f64 };
        print(name, bytes - attributes, bar);
    }

    // A snapshot of the tier in overload: the requests, not the parts, are what is copied.
    let (mut sim, clients) = tier::build(1, 1, 2.0, tier::TIMEOUT_NS);
    sim.run_for(SimDuration::from_millis(300)).expect("no ceiling is near");
    let inside = sim.outcomes(clients).requests - sim.outcomes(clients).ended.iter().sum::<u64>();
    let mut times: Vec<f64> = (0..11)
        .map(|_| {
            let copied = timed(|| {
                black_box(sim.clone());
            });
            copied.as_secs_f64() * 1e3
        })
        .collect();
    print("clone_ms_per_10000_in_flight", median(&mut times) * 1e4 / inside as f64, 1.0);
}
