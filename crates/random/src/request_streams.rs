//! Streams by the index of a request: what two designs must share.

use crate::stream::Stream;
use crate::stream_key::{GOLDEN, absorb, mix, stream_key};

/// Keeps the streams of requests apart from the one stream of the same names: "requests" as text.
const DOMAIN: u64 = u64::from_le_bytes(*b"requests");

/// The streams of all requests of one client for one purpose, found by the index of the request.
///
/// Request 17 has the same class, key and demand in every design, in whatever order the designs ask and however many
/// numbers each of them draws: that is what makes a paired comparison see the same requests. Nothing is stored per
/// request; a stream is made in a few nanoseconds.
///
/// # Source
/// Counter-based generation: Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
/// Chosen: the counter goes through the finaliser of SplitMix64, whose period is all of `u64`.
///
/// # Example
/// ```
/// use kneepoint_random::RequestStreams;
///
/// let demand = RequestStreams::new(1, 0, "shoppers", "demand");
/// assert_eq!(demand.stream(17), demand.stream(17));
/// assert_ne!(demand.stream(17), demand.stream(18));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct RequestStreams {
    base: u64,
}

impl RequestStreams {
    /// Returns the streams of the requests of the client at `path` for `purpose`.
    pub fn new(seed: u64, replication: u64, path: &str, purpose: &str) -> RequestStreams {
        RequestStreams { base: absorb(stream_key(seed, replication, path, purpose), DOMAIN) }
    }

    /// Returns the stream of the request with this index.
    #[inline]
    pub fn stream(&self, index: u64) -> Stream {
        Stream::from_key(self.key(index))
    }

    /// Returns the key of the request with this index: different for different indices.
    #[inline]
    pub fn key(&self, index: u64) -> u64 {
        // The key is mixed before it becomes a state: plain steps of GOLDEN would give neighbours common words.
        mix(self.base.wrapping_add(index.wrapping_mul(GOLDEN)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_has_the_same_numbers_in_any_order_of_asking() {
        let requests = RequestStreams::new(3, 1, "shoppers", "class");
        let forward: Vec<_> = (0..50).map(|index| requests.stream(index).next_u64()).collect();
        let mut backward: Vec<_> = (0..50).rev().map(|index| requests.stream(index).next_u64()).collect();
        backward.reverse();
        assert_eq!(forward, backward);
    }

    #[test]
    fn purposes_replications_and_the_plain_stream_differ() {
        let class = RequestStreams::new(3, 1, "shoppers", "class");
        assert_ne!(class, RequestStreams::new(3, 1, "shoppers", "size"));
        assert_ne!(class, RequestStreams::new(3, 2, "shoppers", "class"));
        assert_ne!(class.stream(0), Stream::named(3, 1, "shoppers", "class"));
    }

    /// Keys a few steps of SplitMix64 apart would give streams with words of state in common.
    #[test]
    fn neighbours_share_no_word_of_state() {
        let requests = RequestStreams::new(1, 0, "shoppers", "demand");
        for index in 0..1000 {
            for other in index + 1..index + 10 {
                let apart = requests.key(other).wrapping_sub(requests.key(index));
                for steps in 0..4 {
                    let shared = GOLDEN.wrapping_mul(steps);
                    assert!(apart != shared && apart != shared.wrapping_neg(), "{index} {other}");
                }
            }
        }
    }

    /// First draws of neighbouring requests, n = 100 000: their correlation has standard error 0.0032, their mean
    /// 0.00091, and the chi-square of 100 cells (99 degrees) passes 173 once in 100 000.
    #[test]
    fn first_draws_of_neighbours_are_independent_and_even() {
        let requests = RequestStreams::new(1, 0, "shoppers", "demand");
        let n = 100_000;
        let draws: Vec<f64> = (0..n).map(|index| requests.stream(index).uniform()).collect();
        let mean = draws.iter().sum::<f64>() / n as f64;
        assert!((mean - 0.5).abs() < 5.0 * 0.000_92, "{mean}");
        let product: f64 = draws.windows(2).map(|pair| (pair[0] - 0.5) * (pair[1] - 0.5) * 12.0).sum();
        assert!((product / n as f64).abs() < 5.0 * 0.003_2, "{product}");
        let mut cells = [0.0; 100];
        for draw in &draws {
            cells[(draw * 100.0) as usize] += 1.0;
        }
        let chi_square: f64 = cells.iter().map(|count| (count - 1000.0) * (count - 1000.0) / 1000.0).sum();
        assert!(chi_square < 173.0, "{chi_square}");
    }
}
