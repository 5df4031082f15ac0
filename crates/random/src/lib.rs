//! One seed, many independent named streams of random numbers; and the distributions drawn from them.
//!
//! Three ideas hold this crate together.
//!
//! * A [`Stream`] is named by (seed, replication, path, purpose), never by the order in which streams are made:
//!   adding a component moves nobody else's numbers.
//! * [`RequestStreams`] are named by the index of a request as well, so that two designs see the same requests
//!   (common random numbers).
//! * A [`Distribution`] and a [`KeyPopularity`] are checked when made; a draw can then neither fail nor panic.
//!
//! # Stability
//! Every value is part of the public contract and pinned by golden tests: the generator is Xoshiro256++, all
//! samplers are our own, and transcendental functions come from `libm`, not from the platform.
//! (`rand_distr` was not taken: its values may change with its version, and with the features that an unrelated
//! crate turns on.)
//!
//! # Units
//! None: the mean of an exponential given in nanoseconds is drawn in nanoseconds.
//!
//! # Example
//! ```
//! use kneepoint_random::{Distribution, Stream};
//!
//! let service = Distribution::lognormal_mean_cv(8.0e6, 1.5)?;
//! let mut stream = Stream::named(1, 0, "web", "service");
//! let drawn_ns = service.sample(&mut stream);
//! assert!(drawn_ns > 0.0);
//! # Ok::<(), kneepoint_random::DistributionError>(())
//! ```

mod checks;
mod construct;
mod cumulative;
mod distribution;
mod distribution_error;
mod key_popularity;
mod lognormal;
mod moments;
mod request_streams;
mod special;
mod stream;
mod stream_key;
mod tables;
mod truncated_normal;
mod ziggurat;
mod ziggurat_tables;
mod zipf;

pub use distribution::Distribution;
pub use distribution_error::DistributionError;
pub use key_popularity::KeyPopularity;
pub use request_streams::RequestStreams;
pub use stream::{Stream, uniform_from_key};
pub use stream_key::stream_key;

/// The same as [`RequestStreams`].
pub type RequestDraws = RequestStreams;
