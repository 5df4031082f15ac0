//! Laws of times as a scenario writes them.

use serde_json::Value;

use super::case::Case;

/// A law: how a scenario writes it, and its first two moments.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Law {
    pub text: String,
    /// Mean \[s\].
    pub mean: f64,
    /// Squared coefficient of variation.
    pub scv: f64,
}

/// Writes a time.
pub(super) fn seconds(value: f64) -> String {
    format!("\"{value}s\"")
}

/// Writes a rate.
pub(super) fn per_second(value: f64) -> String {
    format!("\"{value}/s\"")
}

impl Law {
    pub fn constant(mean: f64) -> Law {
        Law { text: seconds(mean), mean, scv: 0.0 }
    }

    pub fn exponential(mean: f64) -> Law {
        Law { text: format!("Exponential({})", seconds(mean)), mean, scv: 1.0 }
    }

    fn erlang(mean: f64, k: f64) -> Law {
        Law { text: format!("Erlang(mean: {}, k: {k})", seconds(mean)), mean, scv: 1.0 / k }
    }

    fn hyperexponential(mean: f64, scv: f64) -> Law {
        let cv = scv.sqrt();
        Law { text: format!("Hyperexponential(mean: {}, cv: {cv})", seconds(mean)), mean, scv }
    }

    fn lognormal(mean: f64, scv: f64) -> Law {
        let cv = scv.sqrt();
        Law { text: format!("Lognormal(mean: {}, cv: {cv})", seconds(mean)), mean, scv }
    }

    /// Returns the law of a field such as `service` of a model.
    ///
    /// # Errors
    /// If it is not a law that is known here.
    pub fn of(case: &Case, field: &str) -> Result<Law, String> {
        let value = case.model.get(field).ok_or_else(|| format!("the model gives no law `{field}`"))?;
        let number = |name: &str| {
            value
                .get(name)
                .and_then(Value::as_f64)
                .ok_or_else(|| format!("`{field}` gives no number `{name}`"))
        };
        match value.get("law").and_then(Value::as_str).unwrap_or("none") {
            "deterministic" => Ok(Law::constant(number("value").or_else(|_| number("mean"))?)),
            "exponential" => Ok(Law::exponential(number("mean")?)),
            "erlang" => Ok(Law::erlang(number("mean")?, number("k")?)),
            "hyperexponential-balanced" => Ok(Law::hyperexponential(number("mean")?, number("scv")?)),
            "hyperexponential" => Ok(Law::two_branches(number("p")?, number("rate1")?, number("rate2")?)),
            // The parameters are those of the underlying normal law.
            "lognormal" => {
                let (mu, sigma2) = (number("mu")?, number("sigma")? * number("sigma")?);
                Ok(Law::lognormal(libm::exp(mu + sigma2 / 2.0), libm::expm1(sigma2)))
            }
            "pareto" => Ok(Law::pareto(number("xm")?, number("alpha")?)),
            other => Err(format!("law `{other}`")),
        }
    }

    /// Returns a law that is only named.
    ///
    /// # Errors
    /// If it is not known here.
    pub fn named(name: &str, mean: f64) -> Result<Law, String> {
        match name {
            "exponential" | "exp" => Ok(Law::exponential(mean)),
            "deterministic" | "det" => Ok(Law::constant(mean)),
            "hyperexponential scv=4 balanced means" => Ok(Law::hyperexponential(mean, 4.0)),
            "lognormal scv 4" => Ok(Law::lognormal(mean, 4.0)),
            other => Err(format!("law `{other}`")),
        }
    }

    fn two_branches(p: f64, rate1: f64, rate2: f64) -> Law {
        // Shares are written with as many digits as the cases have, so that they add up to 1 as text.
        let branch =
            |share: f64, rate: f64| format!("(share: {share:.10}, of: Exponential({}))", seconds(1.0 / rate));
        let mean = p / rate1 + (1.0 - p) / rate2;
        let second = 2.0 * (p / (rate1 * rate1) + (1.0 - p) / (rate2 * rate2));
        Law {
            text: format!("Mixture([{}, {}])", branch(p, rate1), branch(1.0 - p, rate2)),
            mean,
            scv: second / (mean * mean) - 1.0,
        }
    }

    /// Type I, P(X > x) = (min / x)^alpha.
    fn pareto(min: f64, alpha: f64) -> Law {
        let text = format!("Pareto(min: {}, alpha: {alpha})", seconds(min));
        let mean = alpha * min / (alpha - 1.0);
        let second = if alpha > 2.0 { alpha * min * min / (alpha - 2.0) } else { f64::INFINITY };
        Law { text, mean, scv: second / (mean * mean) - 1.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(law: &str) -> Case {
        serde_json::from_str(&format!(r#"{{ "id": "x", "model": {{ "service": {law} }}, "expect": [] }}"#))
            .unwrap()
    }

    #[test]
    fn a_hyperexponential_law_of_scv_4_keeps_its_moments() {
        let law = r#"{ "law": "hyperexponential", "p": 0.8872983346, "rate1": 1.774596669, "rate2": 0.2254033308 }"#;
        let law = Law::of(&case(law), "service").unwrap();
        assert!((law.mean - 1.0).abs() < 1e-8 && (law.scv - 4.0).abs() < 1e-6, "{law:?}");
        assert!(law.text.contains("0.1127016654"), "{}", law.text);
    }

    #[test]
    fn a_lognormal_law_is_that_of_its_underlying_normal() {
        let law =
            Law::of(&case(r#"{ "law": "lognormal", "mu": -0.8047189562, "sigma": 1.268636241 }"#), "service");
        let law = law.unwrap();
        assert!((law.mean - 1.0).abs() < 1e-8 && (law.scv - 4.0).abs() < 1e-6, "{law:?}");
    }

    #[test]
    fn a_pareto_law_of_type_one_has_its_mean() {
        let law = Law::of(&case(r#"{ "law": "pareto", "alpha": 2.5, "xm": 0.6 }"#), "service").unwrap();
        assert!((law.mean - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_law_nobody_knows_is_refused() {
        assert!(Law::of(&case(r#"{ "law": "cauchy" }"#), "service").is_err());
    }
}
