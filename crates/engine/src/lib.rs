//! Time, the future event list and the order of events.
