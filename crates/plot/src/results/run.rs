//! What `run` wrote.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Calls, Node, Number, Timeline, Topology};
use crate::theme::Palette;

/// A run.
#[derive(Clone, Debug, Deserialize)]
pub struct RunResults {
    /// Of the scenario.
    #[serde(default)]
    pub title: String,
    /// Of all randomness.
    pub seed: u64,
    /// How many there were.
    pub replications: u64,
    /// How it was run.
    pub run: How,
    /// Objectives.
    #[serde(default)]
    pub slo: Vec<SloResult>,
    /// In the order of the file.
    pub clients: Vec<Client>,
    /// In the order of the file.
    #[serde(default)]
    pub parts: Vec<Station>,
    /// Who calls whom; results of before it was kept have none.
    #[serde(default)]
    pub topology: Option<Topology>,
    /// What happened when, if that was asked for.
    #[serde(default)]
    pub timeline: Option<Box<Timeline>>,
}

impl RunResults {
    /// Returns what people call a client, a part, an instance or a class: by the label of the part where the file gives one,
    /// with its name too where another part has the same label.
    pub fn called(&self, name: &str) -> String {
        let nodes = || self.topology.iter().flat_map(|topology| &topology.nodes);
        let end = name.find(['/', ':']).unwrap_or(name.len());
        let (root, rest) = name.split_at(end);
        let label = |node: &Node| node.label.clone().filter(|label| !label.is_empty());
        let Some(label) = nodes().find(|node| node.name == root).and_then(label) else {
            return name.to_string();
        };
        let takes_it = |node: &&Node| node.label.as_ref() == Some(&label) || node.name == label;
        let others = nodes().filter(|node| node.name != root).filter(takes_it).count();
        if others > 0 { format!("{label} ({root}){rest}") } else { format!("{label}{rest}") }
    }

    /// Returns which of its clients, parts and classes has which colour.
    pub fn palette(&self) -> Palette {
        let clients = self.clients.iter().map(|client| client.name.clone());
        let parts = self.parts.iter().map(|part| part.name.clone());
        let of = |client: &Client| -> Vec<String> {
            client.classes.iter().map(|class| format!("{}:{}", client.name, class.name)).collect()
        };
        let classes = self.clients.iter().filter(|client| client.classes.len() > 1).flat_map(of);
        let nodes = self.topology.iter().flat_map(|topology| &topology.nodes);
        let labels = nodes.filter_map(|node| Some((node.name.clone(), node.label.clone()?)));
        Palette::new(&clients.collect::<Vec<_>>(), &parts.collect::<Vec<_>>(), &classes.collect::<Vec<_>>())
            .with_labels(labels)
    }
}

/// How a run was made.
#[derive(Clone, Debug, Deserialize)]
pub struct How {
    /// Confidence of the intervals.
    pub confidence: f64,
    /// Batches of one long run.
    #[serde(default)]
    pub batches: Option<u64>,
    /// What was left out at the beginning \[s\].
    #[serde(default)]
    pub warm_up: f64,
}

/// An objective.
#[derive(Clone, Debug, Deserialize)]
pub struct SloResult {
    /// Its name.
    pub name: String,
    /// As it was written.
    pub condition: String,
    /// `met`, `missed`, …
    pub verdict: String,
    /// That it holds, where something is drawn once per replication.
    #[serde(default)]
    pub probability: Option<Number>,
    /// The bound, in its unit.
    pub bound: f64,
    /// The unit.
    pub unit: String,
}

/// A client, or a class of its requests.
#[derive(Clone, Debug, Deserialize)]
pub struct Client {
    /// Its name.
    pub name: String,
    /// Requests sent.
    #[serde(default)]
    pub sent: Option<Calls>,
    /// Of requests that ended well.
    pub latency: Latencies,
    /// Where the time of a request goes, in the order of the file.
    #[serde(default)]
    pub time: serde_json::Map<String, serde_json::Value>,
    /// Its classes.
    #[serde(default)]
    pub classes: Vec<Client>,
}

impl Client {
    /// Returns the phases of a request, in the order of the file.
    pub fn phases(&self) -> Vec<(String, Number)> {
        let read = |(name, value): (&String, &serde_json::Value)| {
            Some((name.clone(), Phase::deserialize(value).ok()?.per_request))
        };
        self.time.iter().filter_map(read).collect()
    }
}

/// Time of one kind.
#[derive(Clone, Debug, Deserialize)]
pub struct Phase {
    /// Of one request, on average \[s\].
    pub per_request: Number,
}

/// Durations \[s\].
#[derive(Clone, Debug, Deserialize)]
pub struct Latencies {
    /// How many there were.
    pub count: u64,
    /// Mean.
    pub mean: Number,
    /// Percentiles, by name: `p99.9`; and what else there is.
    #[serde(flatten)]
    others: BTreeMap<String, serde_json::Value>,
}

impl Latencies {
    /// Returns the percentiles as shares, in their order.
    pub fn percentiles(&self) -> Vec<(f64, Number)> {
        let mut found: Vec<(f64, Number)> = self
            .others
            .iter()
            .filter_map(|(name, value)| {
                let percent: f64 = name.strip_prefix('p')?.parse().ok()?;
                // Rounded: 99.9 / 100 is 0.9990000000000001.
                let share = (percent * 1e8).round() / 1e10;
                (0.0..1.0).contains(&share).then_some((share, Number::deserialize(value).ok()?))
            })
            .collect();
        found.sort_by(|a, b| a.0.total_cmp(&b.0));
        found
    }

    /// Returns one of them.
    pub fn percentile(&self, share: f64) -> Option<Number> {
        self.percentiles().into_iter().find(|(at, _)| (at - share).abs() < 1e-9).map(|(_, number)| number)
    }
}

/// A part, all its instances together.
#[derive(Clone, Debug, Deserialize)]
pub struct Station {
    /// Its name.
    pub name: String,
    /// Calls that arrived.
    #[serde(default)]
    pub calls: Option<Calls>,
    /// Share of its servers that are busy; none for parts without servers.
    #[serde(default)]
    pub utilisation: Option<Number>,
    /// Threads held over threads there are.
    #[serde(default)]
    pub thread_utilisation: Option<Number>,
    /// Calls that wait.
    #[serde(default)]
    pub queue: Option<Level>,
    /// Calls inside.
    #[serde(default)]
    pub inside: Option<Level>,
}

/// A number of things over time.
#[derive(Clone, Debug, Deserialize)]
pub struct Level {
    /// Mean over time.
    pub mean: Number,
    /// The most there were.
    #[serde(default)]
    pub max: Option<f64>,
}
