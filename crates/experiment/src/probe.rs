//! What is read from a simulation, from outside and between its events, so that measuring never changes a run.

use kneepoint_calls::{ComponentId, Level, STATUSES, Simulation, Status};
use kneepoint_statistics::Histogram;

/// Reads one series of one component, or of several together.
#[derive(Clone, Debug)]
pub(crate) enum Probe {
    /// Values per event, all of them in one histogram.
    Samples(Vec<SamplesOf>),
    /// A count, and what it is counted against (nothing for a plain count).
    Counts { part: Vec<CountOf>, whole: Vec<CountOf> },
    /// A level; several are added.
    Level(Vec<(ComponentId, &'static str)>),
    /// Time busy over capacity.
    Utilisation(Vec<ComponentId>),
    /// Calls inside parts that keep no level of them.
    Inside(Vec<ComponentId>),
}

#[derive(Clone, Debug)]
pub(crate) enum SamplesOf {
    Series(ComponentId, String),
    /// From the standard books.
    Response(ComponentId),
}

#[derive(Clone, Debug)]
pub(crate) enum CountOf {
    Series(ComponentId, String),
    Calls(ComponentId),
    Answers(ComponentId, [bool; STATUSES]),
    Lost(ComponentId),
    Cut(ComponentId),
}

/// What a probe reads: everything since the last reset of the simulation, or the difference of two of them.
#[derive(Clone, Debug)]
pub(crate) enum Reading {
    Samples(Histogram),
    /// A count and its whole, or areas under levels [ns times the level].
    Pair(f64, f64),
}

impl Reading {
    /// Returns what came in since `earlier`.
    pub fn since(self, earlier: &Reading) -> Reading {
        match (self, earlier) {
            (Reading::Samples(now), Reading::Samples(then)) => Reading::Samples(now.subtract(then)),
            (Reading::Pair(a, b), Reading::Pair(x, y)) => Reading::Pair(a - x, b - y),
            _ => unreachable!("a probe always reads the same sort of thing"),
        }
    }

    /// Returns both together.
    pub fn and(self, more: Reading) -> Reading {
        match (self, more) {
            (Reading::Samples(mut a), Reading::Samples(b)) => {
                a.merge(&b);
                Reading::Samples(a)
            }
            (Reading::Pair(a, b), Reading::Pair(x, y)) => Reading::Pair(a + x, b + y),
            _ => unreachable!("a probe always reads the same sort of thing"),
        }
    }
}

impl CountOf {
    fn read(&self, sim: &Simulation) -> f64 {
        (match self {
            // A count that nothing has touched yet may not exist yet.
            CountOf::Series(id, name) => sim.count(*id, name).unwrap_or(0),
            CountOf::Calls(id) => sim.books(*id).calls,
            CountOf::Answers(id, which) => {
                Status::ALL.iter().filter(|s| which[**s as usize]).map(|s| sim.books(*id).answered(*s)).sum()
            }
            CountOf::Lost(id) => sim.books(*id).lost,
            CountOf::Cut(id) => sim.books(*id).cut,
        }) as f64
    }
}

impl SamplesOf {
    fn find<'a>(&self, sim: &'a Simulation) -> Option<&'a Histogram> {
        match self {
            SamplesOf::Series(id, name) => sim.samples(*id, name),
            SamplesOf::Response(id) => Some(&sim.books(*id).response),
        }
    }
}

/// Says that a component keeps no such series, in words of who asked for it.
pub(crate) fn keeps_none(path: &str, series: &str) -> String {
    let why = match series {
        "busy" | "capacity" => {
            return format!(
                "{path} has no utilisation: it works on as many calls at once as there are; its `in_flight` tells how many \
                 those are"
            );
        }
        "threads" => "it has none: those with concurrency: Threads(…) do",
        "completion" => "it is of detached steps, and there are none",
        "listed" => "nobody tells it who is there: it is of those with `discovery`",
        "up" | "waiting" => {
            "it does nothing but choose: it is of those that check, list or keep calls waiting"
        }
        "budget" => "it is of those with a `budget`",
        _ => return format!("{path} keeps no series `{series}`"),
    };
    format!("{path} keeps no series `{series}`: {why}")
}

impl Probe {
    /// Reads everything since the last reset.
    pub fn read(&self, sim: &Simulation) -> Reading {
        let now = sim.now().as_nanos();
        let area = |id, name| match sim.level(id, name) {
            // The level knows nothing of what was passed on, the books do.
            Some(_) if name == "inside" && sim.passes_on(id) => {
                time_inside(sim, id, sim.inside()[id.index()].age)
            }
            level => level.map_or(0.0, |level| level.integral(now)),
        };
        match self {
            Probe::Samples(of) => {
                let mut found = of.iter().filter_map(|s| s.find(sim));
                let mut all = found.next().cloned().unwrap_or_default();
                found.for_each(|more| all.merge(more));
                Reading::Samples(all)
            }
            Probe::Counts { part, whole } => {
                let sum = |of: &[CountOf]| of.iter().map(|c| c.read(sim)).sum();
                Reading::Pair(sum(part), sum(whole))
            }
            Probe::Level(of) => Reading::Pair(of.iter().map(|(id, name)| area(*id, name)).sum(), 0.0),
            Probe::Utilisation(of) => {
                let sum = |name| of.iter().map(|id| area(*id, name)).sum();
                Reading::Pair(sum("busy"), sum("capacity"))
            }
            Probe::Inside(of) => {
                let inside = sim.inside();
                Reading::Pair(of.iter().map(|id| time_inside(sim, *id, inside[id.index()].age)).sum(), 0.0)
            }
        }
    }

    /// Reads the state at this instant: levels have one.
    pub fn state(&self, sim: &Simulation) -> f64 {
        let value = |id, name| match sim.level(id, name) {
            Some(_) if name == "inside" && sim.passes_on(id) => sim.inside()[id.index()].calls as f64,
            level => level.map_or(0.0, |level| level.value()),
        };
        match self {
            Probe::Samples(_) | Probe::Counts { .. } => f64::NAN,
            Probe::Level(of) => of.iter().map(|(id, name)| value(*id, name)).sum(),
            Probe::Utilisation(of) => {
                let sum = |name| of.iter().map(|id| value(*id, name)).sum::<f64>();
                let capacity = sum("capacity");
                if capacity > 0.0 { sum("busy") / capacity } else { 0.0 }
            }
            Probe::Inside(of) => {
                let inside = sim.inside();
                of.iter().map(|id| inside[id.index()].calls as f64).sum()
            }
        }
    }

    /// Returns the highest or lowest value of a level since the last reset; of several that of any one.
    pub fn extreme(&self, sim: &Simulation, of: fn(f64, f64) -> f64, value: fn(&Level) -> f64) -> f64 {
        let Probe::Level(levels) = self else { return f64::NAN };
        // How many there were at most of those that are passed on, nobody knows.
        if levels.iter().any(|(id, name)| *name == "inside" && sim.passes_on(*id)) {
            return f64::NAN;
        }
        levels.iter().filter_map(|(id, name)| sim.level(*id, name)).map(value).reduce(of).unwrap_or(f64::NAN)
    }

    /// Returns the first series that this probe needs and the simulation, once run, does not have.
    pub fn missing(&self, sim: &Simulation) -> Option<(ComponentId, String)> {
        match self {
            // Clients may add the samples of a class with its first request.
            Probe::Samples(of) => of.iter().find_map(|s| match s {
                SamplesOf::Series(id, name) if !name.starts_with("latency") && s.find(sim).is_none() => {
                    Some((*id, name.clone()))
                }
                _ => None,
            }),
            Probe::Level(of) => of
                .iter()
                .find(|(id, name)| sim.level(*id, name).is_none())
                .map(|(id, name)| (*id, name.to_string())),
            Probe::Utilisation(of) => of.iter().find_map(|id| {
                let name = ["busy", "capacity"].into_iter().find(|name| sim.level(*id, name).is_none())?;
                Some((*id, name.to_string()))
            }),
            Probe::Counts { .. } | Probe::Inside(_) => None,
        }
    }
}

/// Returns the time that calls have spent inside a component since the last reset, and before it those that were
/// inside then: its growth is the integral of the number inside, as long as no call is lost.
///
/// # Source
/// The identity behind Little's law: Stidham, "A last word on L = λW", Operations Research 22(2), 1974.
fn time_inside(sim: &Simulation, id: ComponentId, age: u128) -> f64 {
    let books = sim.books(id);
    if books.lost > 0 {
        // The time of a lost call is in no book.
        return f64::NAN;
    }
    (books.response.sum() + u128::from(books.failed_time) + age) as f64
}
