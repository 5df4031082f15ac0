//! Which points of a sweep are asked for the same load: only those can be held against each other. Of two points the one
//! with less to do has the shorter latency and needs the fewer servers, and is no better for it.

use kneepoint_experiment::result::Unit;

use super::sweep::parsed;
use crate::axis::words;
use crate::figure::Interval;
use crate::results::{SweepClient, SweepPoint, SweepResults};

/// From this difference on (relative) what is offered counts as another load.
///
/// # Source
/// As in comparisons: with common random numbers the same clients send the same requests, but for some at the end of the
/// run.
const APART: f64 = 0.001;

/// Above this difference (relative) loads are different, though chance might have made it: intervals of few replications
/// are so wide that everything would be one load.
///
/// # Source
/// Chosen: less than steps of a load that people look at.
const CHANCE_MOST: f64 = 0.05;

/// Loads that are told one by one.
///
/// # Source
/// Chosen: a line.
const TOLD_MOST: usize = 4;

/// The points by what is offered at them.
pub(super) struct Loads {
    /// Of each point of the sweep, which load it is.
    pub of_point: Vec<usize>,
    /// What each load is, in words.
    names: Vec<String>,
    /// Whether it was measured, and not taken from settings.
    is_measured: bool,
}

impl Loads {
    pub fn of(sweep: &SweepResults) -> Loads {
        let clients = || sweep.points.iter().flat_map(|point| &point.clients);
        // Results of before it was kept say of no client what it sent.
        if clients().next().is_none() || clients().any(|client| client.offered.is_none()) {
            return Loads::of_settings(sweep);
        }
        let mut each: Vec<&SweepPoint> = Vec::new();
        let of_point = sweep.points.iter().map(|point| match each.iter().position(|p| is_same(p, point)) {
            Some(at) => at,
            None => {
                each.push(point);
                each.len() - 1
            }
        });
        let of_point = of_point.collect();
        let names = each.iter().map(|point| point.clients.iter().map(name).collect::<Vec<_>>().join(" and "));
        Loads { of_point, names: names.collect(), is_measured: true }
    }

    /// By the settings that are rates: of these it is not known which are of clients.
    fn of_settings(sweep: &SweepResults) -> Loads {
        let rates = |point: &SweepPoint| -> String {
            let rates = sweep.axes.iter().filter_map(|axis| {
                let value = point.settings.get(&axis.path)?;
                parsed(value).filter(|(_, unit)| unit == "/s")?;
                Some(format!("{} = {value}", axis.path))
            });
            rates.collect::<Vec<_>>().join(", ")
        };
        let mut names: Vec<String> = Vec::new();
        let of_point = sweep.points.iter().map(|point| {
            let rates = rates(point);
            names.iter().position(|known| *known == rates).unwrap_or_else(|| {
                names.push(rates);
                names.len() - 1
            })
        });
        let of_point = of_point.collect();
        Loads { of_point, names, is_measured: false }
    }

    /// Says that points are at different loads, which, and that only those of one load are held against each other;
    /// nothing where these are all of one load.
    pub fn note(&self, of: impl Iterator<Item = usize>) -> Option<String> {
        let mut counts = vec![0_u64; self.names.len()];
        of.for_each(|load| counts[load] += 1);
        let there: Vec<(&String, u64)> = self.names.iter().zip(counts).filter(|(_, n)| *n > 0).collect();
        if there.len() < 2 {
            return None;
        }
        let said = |(name, n): &(&String, u64)| {
            format!("{name} ({})", kneepoint_report::counted(*n, "point", "points"))
        };
        let mut each: Vec<String> = there.iter().take(TOLD_MOST).map(said).collect();
        if there.len() > TOLD_MOST {
            each.push(format!("and {} more", there.len() - TOLD_MOST));
        }
        let how = if self.is_measured {
            ""
        } else {
            ", by the settings that are rates, for these results do not say what was offered"
        };
        Some(format!(
            "Points are at {} loads, and are held against those at the same{how}: {}.",
            there.len(),
            each.join(", ")
        ))
    }
}

/// What a client asks for. Where its users wait for answers, what it sends follows from the design.
fn name(client: &SweepClient) -> String {
    let none = || format!("{} not known", client.name);
    match (&client.users, &client.offered) {
        (Some(users), _) => {
            users.value.map_or_else(none, |n| format!("{} {} users", client.name, words(n, &Unit::Number)))
        }
        (None, Some(offered)) => {
            offered.value.map_or_else(none, |n| format!("{} {}", client.name, words(n, &Unit::Rate)))
        }
        (None, None) => none(),
    }
}

fn is_same(a: &SweepPoint, b: &SweepPoint) -> bool {
    let client = |x: &SweepClient| {
        let Some(y) = b.clients.iter().find(|y| y.name == x.name) else { return false };
        match (&x.users, &y.users) {
            (Some(x), Some(y)) => is_near(x.interval(), y.interval()),
            (None, None) => {
                let of =
                    |client: &SweepClient| client.offered.as_ref().and_then(|offered| offered.interval());
                is_near(of(x), of(y))
            }
            _ => false,
        }
    };
    a.clients.len() == b.clients.len() && a.clients.iter().all(client)
}

/// Whether two loads may be the same: they are near, or chance may have made the difference, as where points have other
/// random numbers or more replications than others.
fn is_near(a: Option<Interval>, b: Option<Interval>) -> bool {
    let (Some(a), Some(b)) = (a, b) else { return a.is_none() && b.is_none() };
    let apart = (a.value - b.value).abs() / a.value.abs().max(b.value.abs()).max(f64::MIN_POSITIVE);
    let near = apart <= APART;
    let meet = match (a.ends, b.ends) {
        (Some((a_low, a_high)), Some((b_low, b_high))) => {
            a_low <= b_high && b_low <= a_high && apart <= CHANCE_MOST
        }
        _ => false,
    };
    near || meet
}
