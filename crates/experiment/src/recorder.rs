//! Runs one replication in slices and reads it between them.

use kneepoint_calls::{Candidates, Inside, Simulation, Stop};
use kneepoint_engine::SimTime;
use kneepoint_scenario::plan::{EdgePlan, PartRole, Plan};
use kneepoint_statistics::Histogram;

use crate::checks::{self, Findings};
use crate::error::{ExperimentError, Round};
use crate::probe::Reading;
use crate::program::{LOOKS, Stretch, Take, Task};
use crate::readings::{ClientReading, MiddleReading, PartReading};
use crate::timeline::{Recorded, Recorder};

/// What was read in one window.
#[derive(Clone, Debug)]
pub(crate) enum Taken {
    Reading(Reading),
    State(f64),
    /// A level at many instants.
    Looks(Histogram),
}

/// One replication, measured.
#[derive(Clone, Debug)]
pub(crate) struct Replication {
    pub number: u64,
    pub digest: u64,
    pub events: u64,
    /// By task and window.
    pub taken: Vec<Vec<Taken>>,
    /// By part of the plan; nothing for parts that are no clients.
    pub clients: Vec<Option<ClientReading>>,
    /// By part of the plan; nothing for clients.
    pub stations: Vec<Option<PartReading>>,
    /// By middle part of the plan; nothing in records of sweeps.
    pub middles: Vec<MiddleReading>,
    /// Mean number inside in the first and in the second half of what is measured, by part of the plan.
    pub halves: Vec<Option<(f64, f64)>>,
    pub findings: Findings,
    /// The first task with a series that is not there: the task, the component's path and the series.
    pub missing: Option<(usize, String, String)>,
    /// The paths of the instances, by part.
    pub paths: Vec<Vec<String>>,
    /// Requests worth a second look; of the first replication only.
    pub candidates: Vec<Candidates>,
    /// Calls over each edge of the plan's topology, where they can be counted.
    pub edges: Vec<Option<u64>>,
    /// What happened when, if that was asked for; of batches the first has that of all.
    pub timeline: Option<Recorded>,
}

/// What was there when measuring began.
#[derive(Clone, Debug, Default)]
pub(crate) struct Baseline {
    /// By component; components that came later held nothing.
    pub inside: Vec<Inside>,
    /// Requests under way at each client, by component.
    pub in_flight: Vec<f64>,
}

impl Baseline {
    fn of(sim: &Simulation) -> Baseline {
        let in_flight = sim.components().map(|id| sim.level(id, "in_flight").map_or(0.0, |l| l.value()));
        Baseline { inside: sim.inside(), in_flight: in_flight.collect() }
    }
}

/// What is done when the run stands between two events; at one instant in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Action {
    Close { task: usize, window: usize },
    State { task: usize, window: usize },
    Look { task: usize, window: usize },
    Reset,
    Half,
    Open { task: usize, window: usize },
}

fn schedule(tasks: &[Task], warm_up: u64, end: u64) -> Vec<(u64, Action)> {
    let mut actions = vec![(warm_up + (end - warm_up) / 2, Action::Half)];
    if warm_up > 0 {
        actions.push((warm_up, Action::Reset));
    }
    for (task, Task { take, windows, .. }) in tasks.iter().enumerate() {
        for (window, stretch) in windows.iter().enumerate() {
            match take {
                Take::Difference => {
                    actions.push((stretch.from, Action::Open { task, window }));
                    actions.push((stretch.to, Action::Close { task, window }));
                }
                Take::State | Take::Highest | Take::Lowest => {
                    actions.push((stretch.to, Action::State { task, window }));
                }
                Take::Looks(_) => {
                    actions.extend(looks(*stretch).map(|at| (at, Action::Look { task, window })));
                }
            }
        }
    }
    actions.sort();
    actions
}

/// The instants at which a level is looked at: in the middle of equal slices.
fn looks(stretch: Stretch) -> impl Iterator<Item = u64> {
    let length = u128::from(stretch.to - stretch.from);
    (0..LOOKS).map(move |k| stretch.from + (length * u128::from(2 * k + 1) / u128::from(2 * LOOKS)) as u64)
}

/// A window under way.
struct Opened {
    /// What was read when it opened, or after the reset.
    start: Reading,
    /// What came in before the reset.
    before: Option<Reading>,
}

/// The windows under way.
struct Windows<'a> {
    tasks: &'a [Task],
    open: Vec<Vec<Option<Opened>>>,
    taken: Vec<Vec<Option<Taken>>>,
}

impl Windows<'_> {
    fn new(tasks: &[Task]) -> Windows<'_> {
        Windows {
            tasks,
            open: tasks.iter().map(|t| t.windows.iter().map(|_| None).collect()).collect(),
            taken: tasks.iter().map(|t| t.windows.iter().map(|_| None).collect()).collect(),
        }
    }

    fn open(&mut self, task: usize, window: usize, sim: &Simulation) {
        self.open[task][window] = Some(Opened { start: self.tasks[task].probe.read(sim), before: None });
    }

    fn close(&mut self, task: usize, window: usize, sim: &Simulation) {
        let Opened { start, before } =
            self.open[task][window].take().expect("a window opens before it closes");
        let came = self.tasks[task].probe.read(sim).since(&start);
        let all = match before {
            Some(before) => before.and(came),
            None => came,
        };
        self.taken[task][window] = Some(Taken::Reading(all));
    }

    fn look(&mut self, task: usize, window: usize, sim: &Simulation) {
        let Task { probe, take: Take::Looks(scale), .. } = &self.tasks[task] else {
            unreachable!("only looks are scheduled as looks");
        };
        let state = probe.state(sim) * scale;
        let taken = &mut self.taken[task][window];
        let Taken::Looks(all) = taken.get_or_insert_with(|| Taken::Looks(Histogram::new())) else {
            unreachable!("the first look made it a histogram");
        };
        all.record(state.max(0.0).round() as u64);
    }

    fn state(&mut self, task: usize, window: usize, sim: &Simulation) {
        let Task { probe, take, .. } = &self.tasks[task];
        let value = match take {
            Take::Highest => probe.extreme(sim, f64::max, |level| level.max()),
            Take::Lowest => probe.extreme(sim, f64::min, |level| level.min()),
            _ => probe.state(sim),
        };
        self.taken[task][window] = Some(Taken::State(value));
    }

    /// Resets the statistics of the simulation; what came in before is kept for the windows that are open.
    fn reset(&mut self, sim: &mut Simulation) {
        for (task, windows) in self.tasks.iter().zip(&mut self.open) {
            for window in windows.iter_mut().flatten() {
                window.before = Some(task.probe.read(sim).since(&window.start));
            }
        }
        sim.reset_statistics();
        for (task, windows) in self.tasks.iter().zip(&mut self.open) {
            for window in windows.iter_mut().flatten() {
                window.start = task.probe.read(sim);
            }
        }
    }

    fn done(self) -> Vec<Vec<Taken>> {
        let closed = |t: Option<Taken>| t.expect("every window ends with the run or before");
        self.taken.into_iter().map(|task| task.into_iter().map(closed).collect()).collect()
    }
}

/// Runs a replication and reads what the tasks ask for, and what happened between the bounds of windows.
pub(crate) fn record(
    plan: &Plan,
    warm_up: u64,
    tasks: &[Task],
    bounds: Option<&[u64]>,
    number: u64,
) -> Result<Replication, ExperimentError> {
    let mut sim = begin(plan, number)?;
    let mut over_time = bounds.map(|bounds| Recorder::new(plan, bounds, number, &mut sim));
    let stretch = Stretch { from: warm_up, to: plan.end().as_nanos() };
    let measured = measure(&mut sim, plan, tasks, stretch, number, &mut over_time)?;
    Ok(Replication { timeline: over_time.map(|recorder| recorder.finish(&sim)), ..measured })
}

/// Runs a simulation to the end of a stretch and reads it: what was before is left out.
pub(crate) fn measure(
    sim: &mut Simulation,
    plan: &Plan,
    tasks: &[Task],
    stretch: Stretch,
    number: u64,
    over_time: &mut Option<Recorder>,
) -> Result<Replication, ExperimentError> {
    let Stretch { from: warm_up, to: end } = stretch;
    if number == 0 {
        sim.note_ends();
    }
    let mut windows = Windows::new(tasks);
    let mut baseline = Baseline::default();
    let mut half = Vec::new();
    for (at, action) in schedule(tasks, warm_up, end) {
        // A window from the very beginning holds the events of instant 0 too.
        if at > 0 || !matches!(action, Action::Open { .. }) {
            advance(sim, plan, number, at, over_time)?;
        }
        match action {
            Action::Open { task, window } => windows.open(task, window, sim),
            Action::Close { task, window } => windows.close(task, window, sim),
            Action::State { task, window } => windows.state(task, window, sim),
            Action::Look { task, window } => windows.look(task, window, sim),
            Action::Reset => {
                over_time.iter_mut().for_each(|recorder| recorder.before_reset(sim));
                windows.reset(sim);
                over_time.iter_mut().for_each(|recorder| recorder.after_reset(sim));
                baseline = Baseline::of(sim);
            }
            Action::Half => half = areas_inside(plan, sim),
        }
    }
    advance(sim, plan, number, end, over_time)?;
    let halves = areas_inside(plan, sim)
        .into_iter()
        .zip(half)
        .map(|(all, first)| {
            let (all, first) = all.zip(first)?;
            let length = (end - warm_up) as f64 / 2.0;
            Some((first / length, (all - first) / length))
        })
        .collect();
    let stations = plan.parts.iter().map(|part| match part.role {
        PartRole::Client { .. } => None,
        _ => Some(PartReading::of(sim, part, &plan.middles)),
    });
    let missing = tasks.iter().enumerate().find_map(|(task, t)| {
        let (id, series) = t.probe.missing(sim)?;
        Some((task, sim.path(id).to_string(), series))
    });
    Ok(Replication {
        candidates: sim.candidates(),
        timeline: None,
        edges: edges(plan, sim),
        missing,
        number,
        digest: sim.digest(),
        events: sim.events(),
        taken: windows.done(),
        clients: plan.parts.iter().map(|part| ClientReading::of(sim, part)).collect(),
        stations: stations.collect(),
        middles: plan.middles.iter().map(|middle| MiddleReading::of(sim, &middle.instances)).collect(),
        halves,
        findings: checks::check(plan, sim, &baseline),
        paths: plan
            .parts
            .iter()
            .map(|part| part.instances.iter().map(|id| sim.path(*id).to_string()).collect())
            .collect(),
    })
}

/// Counts the calls over each edge since the last reset.
fn edges(plan: &Plan, sim: &Simulation) -> Vec<Option<u64>> {
    let counted = |edge: &EdgePlan| {
        let ids = edge.counted.as_ref()?;
        Some(ids.iter().map(|id| sim.books(*id).calls).sum())
    };
    plan.topology.iter().flat_map(|topology| &topology.edges).map(counted).collect()
}

/// Builds a replication under the ceilings of the plan.
pub(crate) fn begin(plan: &Plan, number: u64) -> Result<Simulation, ExperimentError> {
    let mut sim = plan
        .replication(plan.run.seed, number)
        .map_err(|reason| ExperimentError::plan(format!("replication {number} cannot be built: {reason}")))?;
    sim.set_limits(plan.run.limits);
    let components = sim.components().count();
    match plan.parts.iter().find(|p| p.instances.iter().any(|id| id.index() >= components)) {
        Some(part) => Err(ExperimentError::plan(format!(
            "part \"{}\" names a component that replication {number} does not have",
            part.name
        ))),
        None => Ok(sim),
    }
}

/// Runs to an instant, and reads on the way where windows end.
pub(crate) fn advance(
    sim: &mut Simulation,
    plan: &Plan,
    number: u64,
    at: u64,
    over_time: &mut Option<Recorder>,
) -> Result<(), ExperimentError> {
    if let Some(recorder) = over_time {
        while let Some(due) = recorder.due().filter(|due| *due <= at) {
            run_until(sim, plan, number, due)?;
            recorder.turn(sim);
        }
    }
    run_until(sim, plan, number, at)
}

pub(crate) fn run_until(
    sim: &mut Simulation,
    plan: &Plan,
    number: u64,
    at: u64,
) -> Result<(), ExperimentError> {
    sim.run_until(SimTime::from_nanos(at)).map_err(|stop| stopped(sim, plan, number, stop))
}

/// Says who goes round at an instant that does not pass.
pub(crate) fn round(sim: &Simulation, plan: &Plan, stop: Stop) -> Option<Round> {
    let Stop::Still { asks, answers, works, .. } = stop else { return None };
    let (alone, asks) = (asks.is_none(), asks.or(works)?);
    let part = |id| plan.parts.iter().find(|part| part.instances.contains(&id));
    let name = |id| match part(id) {
        Some(part) => part.name.clone(),
        None => match plan.middles.iter().find(|middle| middle.instances.contains(&id)) {
            Some(middle) => format!("`{}` at {}", middle.kind, middle.at),
            None => sim.path(id).to_string(),
        },
    };
    Some(Round {
        asks: name(asks),
        alone,
        kind: part(asks).map(|part| part.kind.clone()),
        answers: answers.map(|(who, status)| (name(who), status)),
    })
}

fn stopped(sim: &Simulation, plan: &Plan, replication: u64, stop: Stop) -> ExperimentError {
    let inside = sim.inside();
    let calls = |part: &kneepoint_scenario::plan::PartPlan| {
        part.instances.iter().map(|id| inside[id.index()].calls).sum::<u64>()
    };
    let mut most_loaded: Option<(String, u64)> = None;
    for part in &plan.parts {
        let held = calls(part);
        if held > most_loaded.as_ref().map_or(0, |(_, most)| *most) {
            most_loaded = Some((part.name.clone(), held));
        }
    }
    ExperimentError::Stopped { replication, stop, most_loaded, round: round(sim, plan, stop).map(Box::new) }
}

/// Areas under the number inside, by part, of those that keep it.
fn areas_inside(plan: &Plan, sim: &Simulation) -> Vec<Option<f64>> {
    let now = sim.now().as_nanos();
    let area = |part: &kneepoint_scenario::plan::PartPlan| {
        let areas = part.instances.iter().map(|id| Some(sim.level(*id, "inside")?.integral(now)));
        areas.sum::<Option<f64>>().filter(|_| !part.instances.is_empty())
    };
    plan.parts.iter().map(area).collect()
}
