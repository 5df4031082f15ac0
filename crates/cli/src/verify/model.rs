//! From a case to the parts of a scenario.
//!
//! Names are the same in all of them, so that what is measured can be found: clients `client-1`, … (one per class or
//! source), stations `station-1`, …, and `route` where requests are led from station to station.

use super::case::Case;
use super::{network, station, transient};

/// The parts of a scenario, and what is to be known for choosing how long it runs.
#[derive(Clone, Debug, Default)]
pub(super) struct Model {
    /// Entries of `parts`.
    pub parts: Vec<String>,
    /// Entries of `faults`.
    pub faults: Vec<String>,
    /// Requests that end, of all clients together [1/s].
    pub rate: f64,
    /// How long it takes until the start is forgotten \[s\].
    pub settle: f64,
    /// Time in which the number inside changes noticeably \[s\].
    pub grain: f64,
    /// How many requests more than the hint says have to be simulated.
    pub longer: f64,
    /// Instants at which an ensemble is looked at \[s\]; empty for a steady state.
    pub instants: Vec<f64>,
    /// Where a level is averaged besides \[s\].
    pub window: Option<(f64, f64)>,
}

impl Model {
    /// Returns the model of a case.
    ///
    /// # Errors
    /// Why a scenario cannot express it.
    pub fn of(case: &Case) -> Result<Model, String> {
        match case.system() {
            "M/M/1" if case.model.get("initial").is_some() => transient::mm1(case),
            "M(t)/M/c" => transient::mtmc(case),
            "M(t)/G/inf" => transient::mtginf(case),
            "M/M/1" => station::mmc(case, 1.0),
            "M/M/c" => station::mmc(case, case.number("servers")?),
            "M/M/c/K" => station::mmck(case),
            "M/G/c/c" => station::loss(case),
            "M/M/c+M" | "M/M/c+D" => station::impatient(case),
            "M/G/1" => station::mg1(case, "Servers(1)"),
            "M/G/1-PS" => station::mg1(case, "Sharing(1)"),
            "M/D/c" => station::mdc(case),
            "M/G/inf" => station::infinite(case),
            "G/M/1" => station::gm1(case),
            "M[X]/M/1" => station::batches(case),
            "MMPP(2)/M/1" => station::mmpp(case),
            "M/M/1 with on/off server" => station::breakdowns(case),
            "M/M/c priority" | "M/G/1 priority" => station::priorities(case),
            "closed interactive (machine repairman)" => network::terminals(case),
            "closed two-class PS" => network::two_classes(case),
            "closed product-form network" => network::closed(case),
            "open Jackson network" => network::jackson(case),
            "tandem M/M/1" => network::tandem(case),
            "fork-join" => network::fork_join(case),
            other => Err(format!("nobody has said how system `{other}` is written as a scenario")),
        }
    }

    /// Begins a model of one station: requests a second, mean work \[s\], how long the start is felt \[s\].
    pub fn new(rate: f64, grain: f64, settle: f64) -> Model {
        Model { rate, grain, settle, longer: 1.0, ..Model::default() }
    }

    /// Adds a client that is not closed. `fields` follow `to`.
    pub fn client(mut self, number: usize, to: &str, fields: &str) -> Model {
        self.parts.push(format!("\"client-{number}\": OpenClient(to: \"{to}\", {fields})"));
        self
    }

    /// Adds a closed client.
    pub fn users(mut self, number: usize, to: &str, fields: &str) -> Model {
        self.parts.push(format!("\"client-{number}\": ClosedClient(to: \"{to}\", {fields})"));
        self
    }

    /// Adds a station.
    pub fn station(mut self, number: usize, fields: &str) -> Model {
        self.parts.push(format!("\"station-{number}\": Service({fields})"));
        self
    }

    /// Adds the part that leads requests from station to station.
    pub fn route(mut self, does: &str) -> Model {
        self.parts.push(format!("\"route\": Service(concurrency: Unlimited, does: {does})"));
        self
    }
}

/// Returns how long a station feels its start \[s\]: twenty relaxation times, at least 50/(1 - rho) services.
///
/// # Source
/// 50/(1 - rho) mean service times: the rule of the cases. Relaxation time 1/(1 - rho)^2 services, up to a factor:
/// Whitt, "Planning queueing simulations", Management Science 35(11), 1989, section 4.
pub(super) fn settle(utilisation: f64, service: f64, scv: f64) -> f64 {
    let room = 1.0 - utilisation;
    let varied = ((1.0 + scv) / 2.0).max(1.0);
    (50.0 / room).max(20.0 / (room * room)) * service * varied
}
