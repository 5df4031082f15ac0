//! The capacity as CSV: one row per load and statistic, as for a run.

use kneepoint_experiment::capacity::{CapacityResult, Coefficient, Linearity};
use kneepoint_statistics::{Estimate, Estimated};

use crate::number::SECOND;

const HEAD: [&str; 10] =
    ["section", "size", "name", "load", "metric", "value", "low", "high", "confidence", "reason"];

struct Rows {
    writer: csv::Writer<Vec<u8>>,
    /// The size whose rows are written; empty where there is only one.
    size: String,
}

impl Rows {
    /// Writes a row: the cells of the head but for the size.
    fn record(&mut self, cells: [&str; 9]) {
        let [section, rest @ ..] = cells;
        let all = [section, &self.size].into_iter().chain(rest);
        self.writer.write_record(all).expect("a Vec takes everything, and all rows have as many cells");
    }

    fn estimate(&mut self, at: [&str; 3], metric: &str, estimated: &Estimated, divisor: f64) {
        let [section, name, load] = at;
        match estimated {
            Estimated::Known(e) => {
                let [value, low, high] = [e.value, e.low, e.high].map(|v| (v / divisor).to_string());
                let confidence = e.confidence.to_string();
                self.record([section, name, load, metric, &value, &low, &high, &confidence, ""]);
            }
            Estimated::NotEnough { reason, .. } => {
                self.record([section, name, load, metric, "", "", "", "", reason]);
            }
        }
    }

    fn known(&mut self, at: [&str; 3], metric: &str, estimate: Option<&Estimate>) {
        if let Some(estimate) = estimate {
            self.estimate(at, metric, &(*estimate).into(), 1.0);
        }
    }

    /// A row for the interval, and one for the fitted value where there is none.
    fn coefficient(&mut self, at: [&str; 3], metric: &str, of: &Coefficient) {
        self.estimate(at, metric, &of.estimated, 1.0);
        if of.estimated.known().is_none() {
            self.exact(at, &format!("{metric}_fitted"), &of.value.to_string());
        }
    }

    fn exact(&mut self, at: [&str; 3], metric: &str, value: &str) {
        let [section, name, load] = at;
        self.record([section, name, load, metric, value, "", "", "", ""]);
    }

    fn result(&mut self, result: &CapacityResult) {
        let at = ["capacity", "", ""];
        self.exact(at, "runs", &result.runs.to_string());
        self.exact(at, "seed", &result.seed.to_string());
        self.exact(at, "digest", &format!("{:016x}", result.digest));
        self.exact(at, "finding", &super::capacity_sentence(result));
        self.exact(at, "behaviour", result.behaviour.name());
        if let Some(recovery) = &result.recovery {
            self.exact(at, "recovery", recovery.name());
        }
        self.known(at, "capacity", result.capacity.as_ref());
        if let Some(rough) = &result.rough {
            // The number stands apart from those that have an interval, and the reason in its place.
            self.record(["capacity", "", "", "capacity", "", "", "", "", &rough.reason]);
            let ends = [("low", rough.low), ("high", rough.high)];
            let ends = ends.into_iter().filter_map(|(word, end)| Some((word, end?)));
            let known = [("value", rough.value), ("holds", rough.holds), ("misses", rough.misses)];
            for (word, load) in known.into_iter().chain(ends) {
                self.exact(at, &format!("rough_{word}"), &load.to_string());
            }
        }
        self.known(at, "capacity_per_s", result.capacity_per_s.as_ref());
        if let Some(binding) = &result.binding {
            self.exact(at, "binding", &binding.name);
        }
        for limit in &result.limits {
            let at = ["objective", limit.name.as_str(), ""];
            self.exact(at, "condition", &limit.condition);
            let loads = [
                ("holds_up_to", limit.holds_up_to),
                ("missed_from", limit.missed_from),
                ("missed_up_to", limit.missed_up_to),
            ];
            for (word, load) in loads.into_iter().filter_map(|(word, load)| Some((word, load?))) {
                self.exact(at, word, &load.to_string());
            }
            if let Some((load, why)) = &limit.untold {
                self.record(["objective", &limit.name, &load.to_string(), "untold", "", "", "", "", why]);
            }
        }
        for part in &result.parts {
            let at = ["part", part.name.as_str(), ""];
            self.estimate(at, "utilisation", &part.utilisation, 1.0);
            if let Some(saturates_at) = &part.saturates_at {
                self.estimate(at, "saturates_at", saturates_at, 1.0);
            }
            if let Some(theory) = part.saturates_at_by_theory {
                self.exact(at, "saturates_at_by_theory", &theory.to_string());
            }
        }
        for row in &result.knee {
            let load = row.load.to_string();
            let at = ["knee", "", load.as_str()];
            if let Some(share) = row.of_capacity {
                self.exact(at, "of_capacity", &share.to_string());
            }
            match &row.seen {
                Ok(seen) => {
                    self.estimate(at, "offered", &seen.offered, 1.0);
                    self.estimate(at, "goodput", &seen.goodput, 1.0);
                    self.estimate(at, "p50", &seen.p50, SECOND);
                    self.estimate(at, "p99", &seen.p99, SECOND);
                    self.estimate(at, "errors", &seen.errors, 1.0);
                    if let Some(utilisation) = &seen.utilisation {
                        self.estimate(at, "utilisation", utilisation, 1.0);
                    }
                    if let Some(verdict) = seen.verdict {
                        self.exact(at, "verdict", verdict.name());
                    }
                }
                Err(why) => self.record(["knee", "", &load, "stopped", "", "", "", "", why]),
            }
        }
    }

    fn done(self) -> String {
        let bytes = self.writer.into_inner().expect("a Vec takes everything");
        crate::safe_lines(String::from_utf8(bytes).expect("only texts were written"))
    }
}

fn rows() -> Rows {
    let mut rows = Rows { writer: csv::Writer::from_writer(Vec::new()), size: String::new() };
    rows.writer.write_record(HEAD).expect("a Vec takes everything");
    rows
}

/// Returns a capacity as CSV: `section` is `capacity`, `objective`, `part` or `knee`, and `name` that of the objective or
/// part; `size` is empty.
///
/// # Units
/// Loads on the axis, durations \[s\], rates \[1/s\], shares from 0 to 1.
pub fn capacity_csv(result: &CapacityResult) -> String {
    let mut rows = rows();
    rows.result(result);
    rows.done()
}

/// Returns capacities over sizes as CSV: the rows of each with its `size`, then those of the law through them in the section
/// `fit`, without one.
///
/// # Units
/// As [`capacity_csv`]; `gamma` in the unit of the capacities, `efficiency` a share.
pub fn linearity_csv(found: &Linearity) -> String {
    let mut rows = rows();
    for size in &found.sizes {
        rows.size = size.n.to_string();
        rows.result(&size.found);
        if let Some(efficiency) = size.efficiency {
            rows.exact(["capacity", "", ""], "efficiency", &efficiency.to_string());
        }
    }
    rows.size.clear();
    match &found.fit {
        Ok(fit) => {
            let at = ["fit", "", ""];
            rows.coefficient(at, "alpha", &fit.alpha);
            rows.coefficient(at, "beta", &fit.beta);
            rows.coefficient(at, "gamma", &fit.gamma);
            rows.coefficient(at, "amdahl_serial_fraction", &fit.serial_fraction);
            rows.exact(at, "r_squared", &fit.r_squared.to_string());
            rows.exact(at, "misfit", &fit.misfit.to_string());
        }
        Err(why) => rows.record(["fit", "", "", "", "", "", "", "", why]),
    }
    rows.done()
}
