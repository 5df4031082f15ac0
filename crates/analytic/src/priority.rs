//! Priority queues: one server with any service, or many exponential servers.

use crate::error::{require, require_at_least_one, require_non_negative, require_positive, require_stable};
use crate::{AnalyticError, Law, erlang_c};

/// A class of requests: the first of a list is served first.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PriorityClass {
    /// Arrival rate [1/s].
    pub arrival_rate_per_s: f64,
    /// Law of the service time.
    pub service: Law,
}

/// The M/G/1 queue with priorities, first come first served within a class.
///
/// # Source
/// Non-preemptive: Cobham, Operations Research 2 (1954). Preemptive-resume: White & Christie,
/// Operations Research 6 (1958). Both in Kleinrock, "Queueing Systems", vol. 2 (1976), sec. 3.4.
#[derive(Debug, Clone, PartialEq)]
pub struct Mg1Priority {
    classes: Vec<PriorityClass>,
}

impl Mg1Priority {
    /// Checks the classes, highest priority first.
    ///
    /// # Errors
    /// No classes, parameters out of range, service without variance; [`AnalyticError::Unstable`] if all classes
    /// together saturate the server (the rate given is the total, the mix kept).
    pub fn new(classes: &[PriorityClass]) -> Result<Self, AnalyticError> {
        require(!classes.is_empty(), "classes", 0.0, "one or more")?;
        let (mut work, mut total_per_s) = (0.0, 0.0);
        for class in classes {
            class.service.check()?;
            require_positive("arrival_rate_per_s", class.arrival_rate_per_s)?;
            if !class.service.moment(2).is_finite() {
                return Err(AnalyticError::Infinite {
                    what: "the mean wait, because service has no finite variance",
                });
            }
            work += class.arrival_rate_per_s * class.service.mean_s();
            total_per_s += class.arrival_rate_per_s;
        }
        require_stable(work, total_per_s / work)?;
        Ok(Self { classes: classes.to_vec() })
    }

    /// Returns the fraction of time the server is busy.
    pub fn utilization(&self) -> f64 {
        self.load_of_first(self.classes.len())
    }

    /// Returns the mean waiting time of each class \[s\] if service is never interrupted.
    pub fn waiting_s_means_nonpreemptive(&self) -> Vec<f64> {
        let residual = self.residual_of_first(self.classes.len());
        (0..self.classes.len())
            .map(|p| residual / ((1.0 - self.load_of_first(p)) * (1.0 - self.load_of_first(p + 1))))
            .collect()
    }

    /// Returns the mean response time of each class \[s\] if service is never interrupted.
    pub fn response_s_means_nonpreemptive(&self) -> Vec<f64> {
        let waits = self.waiting_s_means_nonpreemptive();
        waits.iter().zip(&self.classes).map(|(wait, class)| wait + class.service.mean_s()).collect()
    }

    /// Returns the mean response time of each class \[s\] if a higher class interrupts, and the interrupted request
    /// later goes on where it was.
    pub fn response_s_means_preemptive_resume(&self) -> Vec<f64> {
        (0..self.classes.len())
            .map(|p| {
                let above = 1.0 - self.load_of_first(p);
                let upto = 1.0 - self.load_of_first(p + 1);
                self.classes[p].service.mean_s() / above + self.residual_of_first(p + 1) / (above * upto)
            })
            .collect()
    }

    fn load_of_first(&self, count: usize) -> f64 {
        self.classes[..count].iter().map(|c| c.arrival_rate_per_s * c.service.mean_s()).sum()
    }

    fn residual_of_first(&self, count: usize) -> f64 {
        self.classes[..count].iter().map(|c| 0.5 * c.arrival_rate_per_s * c.service.moment(2)).sum()
    }
}

/// Returns the mean waiting time of each class \[s\] in an M/M/c queue with non-preemptive priorities, all classes
/// with the same exponential service, highest priority first.
///
/// # Errors
/// Rates out of range, no classes or servers; [`AnalyticError::Unstable`] at or above saturation.
///
/// # Source
/// Cobham, Operations Research 2 (1954), multi-channel formula.
pub fn mmc_priority_waiting_s_means(
    arrival_rates_per_s: &[f64],
    service_rate_per_s: f64,
    servers: u32,
) -> Result<Vec<f64>, AnalyticError> {
    require(!arrival_rates_per_s.is_empty(), "arrival_rates_per_s", 0.0, "one or more classes")?;
    for rate in arrival_rates_per_s {
        require_non_negative("arrival_rates_per_s", *rate)?;
    }
    require_positive("service_rate_per_s", service_rate_per_s)?;
    require_at_least_one("servers", servers)?;
    let capacity_per_s = f64::from(servers) * service_rate_per_s;
    let total: f64 = arrival_rates_per_s.iter().sum();
    require_stable(total / capacity_per_s, capacity_per_s)?;
    let first = erlang_c(servers, total / service_rate_per_s)? / capacity_per_s;
    let load_of_first = |count: usize| arrival_rates_per_s[..count].iter().sum::<f64>() / capacity_per_s;
    Ok((0..arrival_rates_per_s.len())
        .map(|p| first / ((1.0 - load_of_first(p)) * (1.0 - load_of_first(p + 1))))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Mg1, Mmc};

    fn classes() -> Vec<PriorityClass> {
        vec![
            PriorityClass { arrival_rate_per_s: 0.3, service: Law::Exponential { mean_s: 0.5 } },
            PriorityClass { arrival_rate_per_s: 0.2, service: Law::Deterministic { value_s: 2.0 } },
            PriorityClass { arrival_rate_per_s: 0.1, service: Law::Erlang { phases: 2, mean_s: 3.0 } },
        ]
    }

    #[test]
    fn waits_weighted_by_load_do_not_depend_on_the_order() {
        // Kleinrock's conservation law: sum of load times wait is the same for every order of service.
        let value = |classes: &[PriorityClass]| -> f64 {
            let waits = Mg1Priority::new(classes).unwrap().waiting_s_means_nonpreemptive();
            classes.iter().zip(waits).map(|(c, w)| c.arrival_rate_per_s * c.service.mean_s() * w).sum()
        };
        let mut reversed = classes();
        reversed.reverse();
        assert!((value(&classes()) - value(&reversed)).abs() < 1e-13);
    }

    #[test]
    fn the_top_class_sees_nobody_when_it_may_interrupt() {
        let top = Mg1Priority::new(&classes()).unwrap().response_s_means_preemptive_resume()[0];
        let alone = Mg1::new(0.3, Law::Exponential { mean_s: 0.5 }).unwrap().response_s_mean();
        assert!((top - alone).abs() < 1e-14);
    }

    #[test]
    fn one_class_on_many_servers_is_mmc() {
        let waits = mmc_priority_waiting_s_means(&[8.0], 1.0, 10).unwrap();
        assert!((waits[0] - Mmc::new(8.0, 1.0, 10).unwrap().waiting_s_mean()).abs() < 1e-15);
    }
}
