//! The section `run`.

use kneepoint_calls::Limits;
use kneepoint_engine::SimDuration;

use super::{Built, wrong};
use crate::plan::{RunPlan, WarmUpPlan};
use crate::typed::{Args, Data};

pub(super) fn run(args: &Args) -> Built<RunPlan> {
    let warm_up = match args.get("warm_up").map(|value| &value.data) {
        Some(Data::Quantity(quantity)) => WarmUpPlan::Fixed(SimDuration::from_nanos(quantity.nanoseconds())),
        _ => WarmUpPlan::Auto,
    };
    let (min, max) = match args.get("replications").map(|value| &value.data) {
        Some(Data::Count(count)) => (*count, *count),
        Some(Data::Args(record)) => (record.count("min"), record.count("max")),
        _ => (10, 10),
    };
    if max < min {
        return wrong(
            args.place_of("replications"),
            format!("at least {min} and at most {max} replications"),
        );
    }
    let precision = args.number_if("precision");
    let mut limits = Limits::default();
    if let Some(given) = args.args("limits") {
        limits.in_flight = u32::try_from(given.count("in_flight")).unwrap_or(u32::MAX);
        limits.memory = given.number("memory") as u64;
        limits.events = given.count_if("events").unwrap_or(u64::MAX);
    }
    Ok(RunPlan {
        duration: SimDuration::from_nanos(args.duration("duration")),
        warm_up,
        replications_min: min,
        replications_max: max,
        precision,
        confidence: args.number("confidence"),
        seed: args.count("seed"),
        limits,
    })
}
