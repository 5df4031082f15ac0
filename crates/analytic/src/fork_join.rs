//! Fork–join: a request is split over equal exponential servers and done when all parts are.

use crate::error::require;
use crate::{AnalyticError, Mm1};

/// Equal M/M/1 queues fed by the same Poisson arrivals, one part each.
///
/// # Source
/// Two branches (exact): Flatto & Hahn, SIAM Journal on Applied Mathematics 44 (1984); mean and more branches
/// (approximation): Nelson & Tantawi, IEEE Transactions on Computers 37 (1988).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ForkJoin {
    branch: Mm1,
    service_rate_per_s: f64,
    branches: u32,
}

impl ForkJoin {
    /// Checks the rates [1/s] and the number of branches.
    ///
    /// # Errors
    /// A rate not above 0, branches not 1 to 10^7; [`AnalyticError::Unstable`] at or above saturation.
    pub fn new(
        arrival_rate_per_s: f64,
        service_rate_per_s: f64,
        branches: u32,
    ) -> Result<Self, AnalyticError> {
        require((1..=10_000_000).contains(&branches), "branches", f64::from(branches), "1 to 10^7")?;
        Ok(Self { branch: Mm1::new(arrival_rate_per_s, service_rate_per_s)?, service_rate_per_s, branches })
    }

    /// Returns the mean response time of one part \[s\].
    pub fn branch_response_s_mean(&self) -> f64 {
        self.branch.response_s_mean()
    }

    /// Returns the mean response time of the whole \[s\]: exact for one and two branches.
    ///
    /// # Errors
    /// [`AnalyticError::NoClosedForm`] for three branches or more.
    pub fn response_s_mean_exact(&self) -> Result<f64, AnalyticError> {
        match self.branches {
            1 => Ok(self.branch_response_s_mean()),
            2 => Ok(self.two_branches()),
            _ => Err(AnalyticError::NoClosedForm { what: "fork-join with three branches or more" }),
        }
    }

    /// Returns the mean response time of the whole \[s\]: exact up to two branches, within about 5 % of simulations
    /// up to 32.
    pub fn response_s_mean_approximate(&self) -> f64 {
        if self.branches == 1 {
            return self.branch_response_s_mean();
        }
        // Scaled from two branches; 4/11 was fitted to simulations by Nelson & Tantawi.
        let ratio = harmonic(self.branches) / harmonic(2);
        (ratio + 4.0 / 11.0 * (1.0 - ratio) * self.branch.utilization()) * self.two_branches()
    }

    /// Returns bounds of the mean response time of the whole \[s\]: no queueing at all, and independent branches
    /// (parts of one request are associated, so their maximum is smaller than that).
    pub fn response_s_bounds(&self) -> (f64, f64) {
        let spread = harmonic(self.branches);
        (spread / self.service_rate_per_s, spread * self.branch_response_s_mean())
    }

    fn two_branches(&self) -> f64 {
        (12.0 - self.branch.utilization()) / 8.0 * self.branch_response_s_mean()
    }
}

/// `1 + 1/2 + … + 1/n`.
fn harmonic(n: u32) -> f64 {
    (1..=n).rev().map(|k| 1.0 / f64::from(k)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_queueing_the_maximum_of_two_takes_half_as_long_again() {
        let idle = ForkJoin::new(1e-9, 1.0, 2).unwrap();
        assert!((idle.response_s_mean_exact().unwrap() - 1.5).abs() < 1e-8);
    }

    #[test]
    fn the_approximation_lies_within_the_bounds_and_is_exact_for_two() {
        for branches in [2, 3, 8, 32] {
            let join = ForkJoin::new(0.7, 1.0, branches).unwrap();
            let (low, high) = join.response_s_bounds();
            let middle = join.response_s_mean_approximate();
            assert!(low < middle && middle < high, "{branches}");
        }
        let two = ForkJoin::new(0.7, 1.0, 2).unwrap();
        assert_eq!(two.response_s_mean_exact().unwrap(), two.response_s_mean_approximate());
        assert!(ForkJoin::new(0.7, 1.0, 3).unwrap().response_s_mean_exact().is_err());
    }
}
