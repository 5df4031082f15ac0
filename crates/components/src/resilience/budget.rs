//! How many extra calls a caller may make.

use kneepoint_engine::SimTime;

/// Bounds the calls a caller makes beyond the first ones: retries and hedges.
///
/// Told of every call, of how tries end and of the time; needs no timer.
#[derive(Clone, Debug, PartialEq)]
pub struct Budget {
    rule: Rule,
    /// What is left \[tokens\].
    tokens: f64,
    /// Until when time has been counted.
    since: SimTime,
}

#[derive(Clone, Debug, PartialEq)]
enum Rule {
    Ratio { share: f64, burst: f64, per_s: f64 },
    Tokens { per_success: f64, burst: f64, cost: f64 },
    HalfFull { per_success: f64, max: f64 },
}

impl Budget {
    /// Extra calls are at most this share of the first ones, and `burst` at once beyond it; `per_s` more are granted
    /// each second, for callers that ask seldom.
    ///
    /// # Source
    /// Finagle's `RetryBudget` (`percentCanRetry`, `minRetriesPerSec`) and linkerd 2's retry budgets (`retryRatio`,
    /// `minRetriesPerSecond`); Beyer et al., "Site Reliability Engineering", 2016, chapter 21 (per-client budget of
    /// 10 %). In both products tokens expire after a time (`ttl`); here `burst` bounds what can be saved up.
    pub fn ratio(share: f64, burst: f64, per_s: f64) -> Budget {
        Budget::full(Rule::Ratio { share, burst, per_s }, burst)
    }

    /// An extra call takes `cost` tokens of at most `burst`; a success gives `per_success` back.
    ///
    /// # Source
    /// The retry quota of AWS SDKs in standard mode: 500 tokens, 5 for a retry, 1 back for a success.
    pub fn tokens(per_success: f64, burst: f64, cost: f64) -> Budget {
        Budget::full(Rule::Tokens { per_success, burst, cost }, burst)
    }

    /// A failed try takes one token of at most `max`, a success gives `per_success` back, and extra calls are made only
    /// while more than half are there.
    ///
    /// # Source
    /// gRPC proposal A6, "Client Retries", section "Throttling Retry Attempts and Hedged RPCs".
    pub fn half_full(per_success: f64, max: f64) -> Budget {
        Budget::full(Rule::HalfFull { per_success, max }, max)
    }

    fn full(rule: Rule, tokens: f64) -> Budget {
        Budget { rule, tokens, since: SimTime::ZERO }
    }

    fn add(&mut self, tokens: f64) {
        let most = match self.rule {
            Rule::Ratio { burst, .. } | Rule::Tokens { burst, .. } => burst,
            Rule::HalfFull { max, .. } => max,
        };
        self.tokens = (self.tokens + tokens).clamp(0.0, most);
    }

    /// A call has come: its first try is made.
    pub fn first(&mut self) {
        if let Rule::Ratio { share, .. } = self.rule {
            self.add(share);
        }
    }

    /// A try was answered with something good.
    pub fn success(&mut self) {
        if let Rule::Tokens { per_success, .. } | Rule::HalfFull { per_success, .. } = self.rule {
            self.add(per_success);
        }
    }

    /// A try has failed.
    pub fn failure(&mut self) {
        if let Rule::HalfFull { .. } = self.rule {
            self.add(-1.0);
        }
    }

    /// Returns whether an extra call may be made now, and pays for it if so.
    pub fn take(&mut self, now: SimTime) -> bool {
        let cost = match self.rule {
            Rule::Ratio { per_s, .. } => {
                self.add(per_s * (now - self.since).as_secs_f64());
                self.since = now;
                1.0
            }
            Rule::Tokens { cost, .. } => cost,
            Rule::HalfFull { max, .. } => return self.tokens > max / 2.0,
        };
        // Shares that add up to one token do so but for rounding.
        let enough = self.tokens >= cost - 1e-9;
        if enough {
            self.add(-cost);
        }
        enough
    }

    /// Returns how many tokens are left.
    pub fn left(&self) -> f64 {
        self.tokens
    }
}
