//! Closed product-form networks with several classes: exact mean value analysis.

use crate::AnalyticError;
use crate::error::{require, require_non_negative};

/// Most populations times stations visited by the recursion.
const WORK_MAX: f64 = 5e7;

/// A class of a closed network.
#[derive(Debug, Clone, PartialEq)]
pub struct ClosedClass {
    /// Number of clients.
    pub population: u32,
    /// Mean think time \[s\].
    pub think_s: f64,
    /// Mean demand per cycle at each station \[s\]: visits times service time.
    pub demands_s: Vec<f64>,
}

/// How a station of a multi-class network serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StationKind {
    /// One server: processor sharing, or first come first served with the same exponential service for all classes.
    Shared,
    /// A pure delay.
    Delay,
}

/// Mean values of one class.
#[derive(Debug, Clone, PartialEq)]
pub struct ClosedClassSolution {
    /// Cycles per time [1/s].
    pub throughput_per_s: f64,
    /// Mean time per cycle outside of thinking \[s\].
    pub response_s_mean: f64,
    /// Mean time per cycle at each station \[s\].
    pub residences_s: Vec<f64>,
    /// Utilization of each station by this class (mean number for a delay).
    pub utilizations: Vec<f64>,
}

/// Solves a closed network with several classes exactly.
///
/// # Errors
/// Shapes that do not fit, values out of range, a class without time, or
/// [`AnalyticError::TooLarge`] if the product of all populations plus one, times stations, exceeds 5·10^7.
///
/// # Source
/// Reiser & Lavenberg, JACM 27 (1980); Lazowska et al., "Quantitative System Performance" (1984), sec. 7.2.
pub fn solve_closed_classes(
    stations: &[StationKind],
    classes: &[ClosedClass],
) -> Result<Vec<ClosedClassSolution>, AnalyticError> {
    check(stations, classes)?;
    // Populations in mixed radix: the vector with one less of class r lies `strides[r]` earlier.
    let mut strides = Vec::new();
    let mut count = 1usize;
    for class in classes {
        strides.push(count);
        count *= class.population as usize + 1;
    }
    let mut numbers = vec![0.0; count * stations.len()];
    let mut last = vec![(0.0, vec![0.0; stations.len()]); classes.len()];
    for index in 1..count {
        let mut here = vec![0.0; stations.len()];
        for (r, class) in classes.iter().enumerate() {
            let present = index / strides[r] % (class.population as usize + 1);
            if present == 0 {
                continue;
            }
            let seen = &numbers[(index - strides[r]) * stations.len()..][..stations.len()];
            let residences: Vec<f64> = (stations.iter().zip(&class.demands_s).zip(seen))
                .map(|((kind, demand), number)| match kind {
                    StationKind::Shared => demand * (1.0 + number),
                    StationKind::Delay => *demand,
                })
                .collect();
            let throughput = present as f64 / (class.think_s + residences.iter().sum::<f64>());
            for (total, residence) in here.iter_mut().zip(&residences) {
                *total += throughput * residence;
            }
            if index == count - 1 {
                last[r] = (throughput, residences);
            }
        }
        numbers[index * stations.len()..][..stations.len()].copy_from_slice(&here);
    }
    Ok((classes.iter().zip(last))
        .map(|(class, (throughput_per_s, residences_s))| ClosedClassSolution {
            throughput_per_s,
            response_s_mean: residences_s.iter().sum(),
            utilizations: class.demands_s.iter().map(|demand| throughput_per_s * demand).collect(),
            residences_s,
        })
        .collect())
}

fn check(stations: &[StationKind], classes: &[ClosedClass]) -> Result<(), AnalyticError> {
    let mut work = stations.len() as f64;
    for class in classes {
        if class.demands_s.len() != stations.len() {
            let (found, needed) = (class.demands_s.len(), stations.len());
            return Err(AnalyticError::Shape { name: "demands_s", found, needed });
        }
        require_non_negative("think_s", class.think_s)?;
        for demand in &class.demands_s {
            require_non_negative("demands_s", *demand)?;
        }
        let time = class.think_s + class.demands_s.iter().sum::<f64>();
        require(time > 0.0, "demands_s", time, "something that takes time")?;
        work *= f64::from(class.population) + 1.0;
    }
    if work > WORK_MAX {
        return Err(AnalyticError::TooLarge {
            what: "populations of a network",
            size: work,
            limit: WORK_MAX,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ClosedNetwork, ClosedStation, Servers};

    #[test]
    fn classes_that_are_alike_are_one_class() {
        let class = |population| ClosedClass { population, think_s: 4.0, demands_s: vec![2.0, 3.0, 1.0] };
        let kinds = [StationKind::Shared, StationKind::Shared, StationKind::Delay];
        let split = solve_closed_classes(&kinds, &[class(7), class(0), class(13)]).unwrap();
        let station = |service_s_mean, servers| ClosedStation { visits: 1.0, service_s_mean, servers };
        let stations = [
            station(2.0, Servers::Count(1)),
            station(3.0, Servers::Count(1)),
            station(1.0, Servers::Unlimited),
        ];
        let whole = ClosedNetwork::new(&stations, 4.0).unwrap().solve(20).unwrap();
        let together: f64 = split.iter().map(|class| class.throughput_per_s).sum();
        assert!((together / whole.throughput_per_s - 1.0).abs() < 1e-12);
        assert!((split[0].response_s_mean / whole.response_s_mean - 1.0).abs() < 1e-12);
        assert_eq!(split[1].throughput_per_s, 0.0);
    }

    #[test]
    fn too_many_populations_are_refused() {
        let class = ClosedClass { population: 10_000, think_s: 1.0, demands_s: vec![1.0] };
        let all = [class.clone(), class.clone(), class];
        assert!(matches!(
            solve_closed_classes(&[StationKind::Shared], &all),
            Err(AnalyticError::TooLarge { .. })
        ));
    }
}
