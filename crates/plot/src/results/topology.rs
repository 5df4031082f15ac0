//! Who calls whom.

use serde::Deserialize;

use super::Number;

/// The parts and the calls between them.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Topology {
    /// In the order of the file.
    pub nodes: Vec<Node>,
    /// None if nobody says them.
    #[serde(default)]
    pub edges: Option<Vec<Edge>>,
}

/// A part.
#[derive(Clone, Debug, Deserialize)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// What people call it, where the file says so.
    #[serde(default)]
    pub label: Option<String>,
    /// Its kind.
    #[serde(default)]
    pub kind: String,
    /// Whether it makes requests of its own.
    #[serde(default)]
    pub client: bool,
    /// At the start.
    #[serde(default)]
    pub instances: u64,
    /// How many calls each works on.
    #[serde(default)]
    pub concurrency: Option<String>,
    /// What stands at its door.
    #[serde(default)]
    pub via: Vec<String>,
}

/// Calls that go the same way.
#[derive(Clone, Debug, Deserialize)]
pub struct Edge {
    /// The caller.
    pub from: String,
    /// The callee.
    pub to: String,
    /// What stands on it, outermost first.
    #[serde(default)]
    pub via: Vec<String>,
    /// What is said of its wire.
    #[serde(default)]
    pub wire: Option<String>,
    /// Calls made over it.
    #[serde(default)]
    pub calls: Option<Calls>,
}

/// Calls.
#[derive(Clone, Debug, Deserialize)]
pub struct Calls {
    /// \[1/s\]
    pub rate: Number,
}
