//! Routing policies, one a file.

mod consistent_hash;
mod earliest_deadline;
mod first;
mod haproxy_ring;
mod haproxy_round_robin;
mod hash_modulo;
mod ip_hash;
mod join_idle_queue;
mod jump_hash;
mod ketama;
mod least_connections;
mod least_time;
mod maglev;
mod nearest;
mod part;
mod peak_ewma;
mod power_of_choices;
mod random;
mod rehash;
mod ring;
mod rotation;
mod round_robin;
mod shuffle_shard;
mod smooth_weighted;
mod static_round_robin;
mod sticky;
mod tournament;
mod weighted_random;
mod weights;

pub use consistent_hash::{ConsistentHash, bounded};
pub use earliest_deadline::EarliestDeadline;
pub use first::First;
pub use haproxy_ring::{HaproxyRandom, HaproxyRing};
pub use haproxy_round_robin::HaproxyRoundRobin;
pub use hash_modulo::{HashModulo, Modulo};
pub use ip_hash::IpHash;
pub use join_idle_queue::JoinIdleQueue;
pub use jump_hash::JumpHash;
pub use ketama::Ketama;
pub use least_connections::{LeastConnections, Ties};
pub use least_time::LeastTime;
pub use maglev::Maglev;
pub use nearest::Nearest;
pub use part::{Subset, ZoneAware};
pub use peak_ewma::PeakEwma;
pub use power_of_choices::PowerOfChoices;
pub use random::Random;
pub use round_robin::RoundRobin;
pub use shuffle_shard::ShuffleShard;
pub use smooth_weighted::SmoothWeighted;
pub use static_round_robin::StaticRoundRobin;
pub use sticky::Sticky;
pub use weighted_random::WeightedRandom;

#[cfg(test)]
mod tests;
