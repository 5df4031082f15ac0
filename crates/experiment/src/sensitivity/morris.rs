//! Morris screening: which of many inputs matter, from few runs.

use kneepoint_random::Stream;
use kneepoint_statistics::{Estimate, Estimated, chi_square_quantile};

/// A walk through the unit cube that changes one input at a time: `inputs + 1` points.
#[derive(Clone, Debug, PartialEq)]
pub struct Trajectory {
    /// The points.
    pub points: Vec<Vec<f64>>,
    /// Which input changes on the way to the next point.
    pub changed: Vec<usize>,
}

/// What one input does to the response.
#[derive(Clone, Debug, PartialEq)]
pub struct Effect {
    /// Mean elementary effect: the change of the response over the whole range of the input, with its sign.
    pub mean: Estimated,
    /// Mean size of the elementary effects, whatever their sign: how much the input matters.
    pub size: Estimated,
    /// Their standard deviation: how far the effect depends on the other inputs, or is no straight line.
    pub deviation: Estimated,
    /// The elementary effects.
    pub each: Vec<f64>,
}

/// Makes trajectories through these inputs. Equal arguments give equal ones, and what an input does depends on its name
/// and not on its place: each draws where it begins and when its turn is from a stream of its own.
///
/// # Panics
/// If `levels` is odd or below 2.
///
/// # Source
/// Morris, "Factorial sampling plans for preliminary computational experiments", Technometrics 33(2), 1991, section 3:
/// an even number of levels and steps of `levels / (2 (levels - 1))` give every level the same chance.
pub fn trajectories(inputs: &[&str], levels: u64, count: u64, seed: u64) -> Vec<Trajectory> {
    assert!(levels >= 2 && levels.is_multiple_of(2), "Morris takes an even number of levels, not {levels}");
    let step = levels as f64 / (2 * (levels - 1)) as f64;
    (0..count)
        .map(|number| {
            let mut streams: Vec<Stream> =
                inputs.iter().map(|input| Stream::named(seed, number, input, "trajectory")).collect();
            let mut at: Vec<u64> = streams.iter_mut().map(|stream| stream.below(levels)).collect();
            // Whoever draws the least goes first: every order has the same chance.
            let turns: Vec<f64> = streams.iter_mut().map(Stream::uniform).collect();
            let mut order: Vec<usize> = (0..inputs.len()).collect();
            order.sort_by(|a, b| turns[*a].total_cmp(&turns[*b]).then_with(|| inputs[*a].cmp(inputs[*b])));
            let place = |at: &[u64]| at.iter().map(|l| *l as f64 / (levels - 1) as f64).collect::<Vec<f64>>();
            let mut points = vec![place(&at)];
            for &input in &order {
                // Up from the lower half, down from the upper one: never out of the cube.
                let half = levels / 2;
                at[input] = if at[input] < half { at[input] + half } else { at[input] - half };
                points.push(place(&at));
            }
            debug_assert!(
                points.windows(2).all(|w| {
                    w[0].iter().zip(&w[1]).map(|(a, b)| (a - b).abs()).sum::<f64>() - step < 1e-9
                })
            );
            Trajectory { points, changed: order }
        })
        .collect()
}

/// Sums elementary effects up. `effects[i]` are those of input `i`, one per trajectory.
///
/// # Panics
/// If `confidence` is not strictly between 0 and 1.
///
/// # Source
/// Morris 1991 (mean, standard deviation); Campolongo, Cariboni and Saltelli, "An effective screening design for
/// sensitivity analysis of large models", Environmental Modelling & Software 22, 2007 (mean size). Intervals: the
/// trajectories are independent; t for the means, chi-square for the deviation.
pub fn effects(effects: &[Vec<f64>], confidence: f64) -> Vec<Effect> {
    effects
        .iter()
        .map(|each| {
            let sizes: Vec<f64> = each.iter().map(|e| e.abs()).collect();
            let mut size = Estimated::from_replications(&sizes, confidence);
            if let Estimated::Known(e) = &mut size {
                // No size is below 0.
                e.low = e.low.max(0.0);
            }
            Effect {
                mean: Estimated::from_replications(each, confidence),
                size,
                deviation: deviation(each, confidence),
                each: each.clone(),
            }
        })
        .collect()
}

fn deviation(each: &[f64], confidence: f64) -> Estimated {
    let n = each.len() as u64;
    if n < 2 {
        return Estimated::not_enough("one trajectory shows no spread: it takes at least two", n, Some(2));
    }
    let mean = each.iter().sum::<f64>() / n as f64;
    let squares: f64 = each.iter().map(|e| (e - mean) * (e - mean)).sum();
    let tail = (1.0 - confidence) / 2.0;
    let df = (n - 1) as f64;
    let end = |p: f64| (squares / chi_square_quantile(p, df)).sqrt();
    Estimated::Known(Estimate {
        value: (squares / df).sqrt(),
        low: end(1.0 - tail),
        high: end(tail),
        confidence,
        n,
        effective_samples: Some(n),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

    #[test]
    fn the_order_in_which_inputs_are_named_changes_nothing() {
        let (there, back) =
            (trajectories(&["a", "b", "c"], 4, 20, 1), trajectories(&["c", "b", "a"], 4, 20, 1));
        for (one, other) in there.iter().zip(&back) {
            let turned: Vec<usize> = other.changed.iter().map(|input| 2 - input).collect();
            assert_eq!(one.changed, turned);
            let points: Vec<Vec<f64>> =
                other.points.iter().map(|point| point.iter().rev().copied().collect()).collect();
            assert_eq!(one.points, points);
        }
    }

    /// Elementary effects of a function.
    fn of(f: impl Fn(&[f64]) -> f64, inputs: usize, count: u64) -> Vec<Effect> {
        let mut all = vec![Vec::new(); inputs];
        for trajectory in trajectories(&NAMES[..inputs], 4, count, 1) {
            for (i, pair) in trajectory.points.windows(2).enumerate() {
                let input = trajectory.changed[i];
                all[input].push((f(&pair[1]) - f(&pair[0])) / (pair[1][input] - pair[0][input]));
            }
        }
        effects(&all, 0.95)
    }

    #[test]
    fn known_effects_by_hand() {
        // 3 a - 2 b: straight lines. c (d - 1/2): the effect of c is d - 1/2, of mean 0, from levels 0, 1/3, 2/3, 1;
        // its size is 1/2 or 1/6 with equal chance, 1/3 in the mean. e does nothing.
        let found = of(|x| 3.0 * x[0] - 2.0 * x[1] + x[2] * (x[3] - 0.5), 5, 200);
        let near = |of: &Estimated, value: f64, slack: f64| {
            let e = of.known().expect("enough");
            assert!((e.value - value).abs() <= slack, "{value}: {e:?}");
        };
        near(&found[0].mean, 3.0, 1e-9);
        near(&found[0].deviation, 0.0, 1e-9);
        near(&found[1].mean, -2.0, 1e-9);
        near(&found[1].size, 2.0, 1e-9);
        assert!(found[2].mean.known().expect("enough").contains(0.0));
        // The sizes have a standard deviation of 1/6: four standard errors.
        near(&found[2].size, 1.0 / 3.0, 4.0 / 6.0 / 200_f64.sqrt());
        // The variance of d: (1/4 + 1/36) / 2 = 5/36.
        let deviation = found[2].deviation.known().expect("enough");
        assert!(deviation.low < (5.0_f64 / 36.0).sqrt() && deviation.high > (5.0_f64 / 36.0).sqrt());
        near(&found[4].size, 0.0, 0.0);
    }

    #[test]
    fn a_trajectory_changes_each_input_once_and_stays_inside() {
        for trajectory in trajectories(&NAMES, 4, 50, 3) {
            assert_eq!(trajectory.points.len(), 7);
            let mut changed = trajectory.changed.clone();
            changed.sort_unstable();
            assert_eq!(changed, [0, 1, 2, 3, 4, 5]);
            for (i, pair) in trajectory.points.windows(2).enumerate() {
                for (input, (a, b)) in pair[0].iter().zip(&pair[1]).enumerate() {
                    let moved = (b - a).abs();
                    let expected = if input == trajectory.changed[i] { 2.0 / 3.0 } else { 0.0 };
                    assert!((moved - expected).abs() < 1e-12);
                }
                assert!(pair[1].iter().all(|x| (0.0..=1.0).contains(x)));
            }
        }
        let of = |seed| trajectories(&NAMES[..3], 4, 2, seed);
        assert_eq!(of(9), of(9));
        assert_ne!(of(9), of(8));
    }
}
