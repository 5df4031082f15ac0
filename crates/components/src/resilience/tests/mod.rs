mod breaking;
mod deciding;
mod making_do;
mod retrying;

use kneepoint_calls::Status;
use kneepoint_engine::{SimDuration, SimTime};

fn ms(span: u64) -> SimDuration {
    SimDuration::from_millis(span)
}

fn at(seconds: f64) -> SimTime {
    SimTime::ZERO + SimDuration::from_nanos_f64(seconds * 1e9)
}

/// An answer of the scripted world.
fn after(millis: u64, status: Status) -> (SimDuration, Status) {
    (ms(millis), status)
}

/// Never, until cancelled.
const NEVER: (SimDuration, Status) = (SimDuration::MAX, Status::Ok);
