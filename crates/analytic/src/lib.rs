//! Closed forms and exact solvers with citations: the second, independent answer.
//!
//! Everything is in `f64`: times in seconds, rates in 1/s. Inputs are checked; a queue without a steady state says how
//! loaded it is and at which arrival rate it saturates. No random number is drawn and nothing is simulated.
//!
//! | question | answer |
//! | --- | --- |
//! | one station | [`Mm1`], [`Mmc`], [`Mmck`], [`Mdc`], [`Mg1`], [`Gm1`], [`ProcessorSharing`], [`BatchArrivals`] |
//! | loss and impatience | [`erlang_b`], [`erlang_c`], [`ErlangA`], [`DeterministicPatience`] |
//! | priorities | [`Mg1Priority`], [`mmc_priority_waiting_s_means`] |
//! | bursts and breakdowns | [`MmppM1`], [`Breakdowns`] |
//! | change over time | [`TransientMmc`], [`mean_in_flight`], [`sinusoidal_mean_in_flight`] |
//! | open networks | [`Jackson`], [`Tandem`], [`ForkJoin`], [`InfiniteServers`] |
//! | closed networks | [`ClosedNetwork`], [`solve_closed_classes`], [`Bounds`] |
//! | scaling | [`Usl`], [`amdahl_speedup`], [`gustafson_speedup`] |
//!
//! # Example
//! ```
//! use kneepoint_analytic::{AnalyticError, Mmc};
//!
//! // Ten servers of 1/s each under 9 requests per second.
//! let queue = Mmc::new(9.0, 1.0, 10)?;
//! assert!((queue.waiting_probability() - 0.6687).abs() < 1e-4);
//! assert!((queue.response_s_quantile(0.99)? - 6.25).abs() < 0.01);
//!
//! let error = Mmc::new(11.0, 1.0, 10).unwrap_err();
//! assert_eq!(error, AnalyticError::Unstable { utilization: 1.1, saturation_rate_per_s: 10.0 });
//! # Ok::<(), AnalyticError>(())
//! ```

mod amdahl;
mod batch;
mod birth_death;
mod bounds;
mod breakdowns;
mod closed_classes;
mod closed_network;
mod deterministic_patience;
mod erlang_a;
mod erlang_b;
mod error;
mod fork_join;
mod fourier;
mod gm1;
mod infinite_servers;
mod jackson;
mod law;
mod matrix;
mod mdc;
mod mg1;
mod mm1;
mod mmc;
mod mmck;
mod mmpp;
mod phase_type;
mod priority;
mod processor_sharing;
mod quadrature;
mod rate_profile;
mod root;
mod servers;
mod student;
mod tandem;
mod transient;
mod usl;

pub use amdahl::{amdahl_limit, amdahl_speedup, gustafson_speedup};
pub use batch::{BatchArrivals, BatchSize};
pub use bounds::{Bounds, littles_law, response_time_law_s};
pub use breakdowns::Breakdowns;
pub use closed_classes::{ClosedClass, ClosedClassSolution, StationKind, solve_closed_classes};
pub use closed_network::{ClosedNetwork, ClosedSolution, ClosedStation, ClosedStationSolution};
pub use deterministic_patience::DeterministicPatience;
pub use erlang_a::ErlangA;
pub use erlang_b::{erlang_b, erlang_c, load_for_loss, servers_for_loss};
pub use error::AnalyticError;
pub use fork_join::ForkJoin;
pub use gm1::Gm1;
pub use infinite_servers::{InfiniteServers, mean_in_flight, sinusoidal_mean_in_flight};
pub use jackson::{Jackson, JacksonStation, traffic_rates_per_s};
pub use law::Law;
pub use mdc::Mdc;
pub use mg1::{Mg1, Mg1Times};
pub use mm1::Mm1;
pub use mmc::Mmc;
pub use mmck::Mmck;
pub use mmpp::MmppM1;
pub use priority::{Mg1Priority, PriorityClass, mmc_priority_waiting_s_means};
pub use processor_sharing::ProcessorSharing;
pub use rate_profile::RateProfile;
pub use servers::Servers;
pub use tandem::Tandem;
pub use transient::{TransientMmc, TransientState};
pub use usl::{Usl, UslFit};
