//! Erlang B: servers without a waiting room, and its inverses.

use crate::AnalyticError;
use crate::error::{require, require_at_least_one, require_non_negative, require_positive};
use crate::root::bisect;

/// Most servers: the recursion takes a step for each.
const SERVERS_MAX: u32 = 10_000_000;

/// Returns the probability that an arrival finds all servers busy and is lost.
///
/// Holds for every service law with the same mean (insensitivity).
///
/// # Units
/// `offered_load` \[Erlang\]: arrival rate times mean service time.
///
/// # Errors
/// `offered_load` negative or not finite, or more than 10^7 servers.
///
/// # Source
/// Erlang (1917); recursion: Jagerman, "Some properties of the Erlang loss function", BSTJ 53 (1974);
/// insensitivity: Sevastyanov (1957).
pub fn erlang_b(servers: u32, offered_load: f64) -> Result<f64, AnalyticError> {
    require_non_negative("offered_load", offered_load)?;
    require(servers <= SERVERS_MAX, "servers", f64::from(servers), "at most 10^7")?;
    Ok((1..=servers).fold(1.0, |loss, n| one_more(loss, n, offered_load)))
}

/// Returns the probability that an arrival has to wait, with a waiting room without limit.
///
/// # Errors
/// No servers; load negative; [`AnalyticError::Unstable`] (in Erlang, service rate 1/s) at or above saturation.
///
/// # Source
/// Erlang (1917); Cooper, "Introduction to Queueing Theory", 2nd ed. (1981), eq. 3.8.
pub fn erlang_c(servers: u32, offered_load: f64) -> Result<f64, AnalyticError> {
    require_at_least_one("servers", servers)?;
    let loss = erlang_b(servers, offered_load)?;
    let c = f64::from(servers);
    crate::error::require_stable(offered_load / c, c)?;
    Ok(c * loss / (c - offered_load * (1.0 - loss)))
}

/// Returns the fewest servers that lose at most `loss_max` of the arrivals.
///
/// # Errors
/// `offered_load` not above 0, `loss_max` not within 0 to 1 (both excluded), or more than 10^7 servers needed.
pub fn servers_for_loss(offered_load: f64, loss_max: f64) -> Result<u32, AnalyticError> {
    require_positive("offered_load", offered_load)?;
    require(loss_max > 0.0 && loss_max < 1.0, "loss_max", loss_max, "above 0, below 1")?;
    let mut loss = 1.0;
    for servers in 1..=SERVERS_MAX {
        loss = one_more(loss, servers, offered_load);
        if loss <= loss_max {
            return Ok(servers);
        }
    }
    Err(AnalyticError::TooLarge { what: "servers", size: offered_load, limit: f64::from(SERVERS_MAX) })
}

/// Returns the largest offered load \[Erlang\] of which `servers` lose at most `loss_max`.
///
/// # Errors
/// No servers; `loss_max` not within 0 to 1 (both excluded).
pub fn load_for_loss(servers: u32, loss_max: f64) -> Result<f64, AnalyticError> {
    require_at_least_one("servers", servers)?;
    require(servers <= SERVERS_MAX, "servers", f64::from(servers), "at most 10^7")?;
    require(loss_max > 0.0 && loss_max < 1.0, "loss_max", loss_max, "above 0, below 1")?;
    // Carried load is at most the servers, so the answer is at most servers / (1 - loss).
    let high = f64::from(servers) / (1.0 - loss_max);
    let loss_at = |load| (1..=servers).fold(1.0, |loss, n| one_more(loss, n, load));
    Ok(bisect(0.0, high, |load| loss_max - loss_at(load)))
}

/// The loss with `n` servers from that with `n - 1`.
fn one_more(loss: f64, n: u32, offered_load: f64) -> f64 {
    let lost = offered_load * loss;
    // 0/0 cannot happen: n is at least 1.
    lost / (f64::from(n) + lost)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_server_loses_a_over_one_plus_a() {
        assert!((erlang_b(1, 3.0).unwrap() - 0.75).abs() < 1e-15);
        assert_eq!(erlang_b(0, 3.0).unwrap(), 1.0);
        assert_eq!(erlang_b(5, 0.0).unwrap(), 0.0);
    }

    #[test]
    fn the_one_percent_column_of_the_traffic_tables() {
        // Erlang B tables: 4.46, 12.03 and 84.06 E for 10, 20 and 100 servers.
        for (servers, load) in [(10, 4.46), (20, 12.03), (100, 84.06)] {
            assert!((load_for_loss(servers, 0.01).unwrap() - load).abs() < 0.005);
            assert_eq!(servers_for_loss(load, 0.0101).unwrap(), servers);
        }
    }

    #[test]
    fn with_one_server_everybody_waits_who_finds_it_busy() {
        assert!((erlang_c(1, 0.7).unwrap() - 0.7).abs() < 1e-15);
        assert!(
            matches!(erlang_c(2, 2.0), Err(AnalyticError::Unstable { utilization, .. }) if utilization == 1.0)
        );
    }
}
