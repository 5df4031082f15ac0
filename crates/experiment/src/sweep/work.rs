//! Points and replications side by side, results in their order.
//!
//! Workers take the first job that can be done: a replication of the earliest point that has one left, else the
//! next point is prepared (checked, built, its warm-up found). The worker that brings the last record of a point
//! makes its result; results wait until all before them are out.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use kneepoint_scenario::plan::Plan;

use super::fold::{Folded, Folder};
use super::record::{Outcome, lean};
use super::spec::PointSpec;
use super::store::Shelf;
use super::study::OnPoint;
use super::{PointResult, Study, SweepError, SweepFacts, SweepOptions, SweepProgress};
use crate::ExperimentError;
use crate::pilot;
use crate::recorder::Replication;
use crate::run::{Program, check_plan, compile, in_threads, missing, replicate};

/// What is to be done.
pub(crate) struct Work<'a> {
    pub facts: &'a SweepFacts,
    /// Nothing if every record is there already.
    pub study: Option<&'a Study<'a>>,
    pub shelf: &'a Shelf,
    /// Of a shard, which jobs are its own; it makes records and no results.
    pub jobs: Option<Range<u64>>,
    pub options: &'a SweepOptions<'a>,
}

/// A point that can be run.
struct Ready {
    index: u64,
    folder: Folder,
    /// Nothing if no replication of it is to be run.
    run: Option<(Plan, Program)>,
}

/// A point under way.
struct Active {
    ready: Option<Arc<Ready>>,
    /// The replications of it that are this work's.
    wanted: Range<u64>,
    /// The next one to hand out.
    next: u64,
    /// By replication, from the first wanted.
    outcomes: Vec<Option<Outcome>>,
    left: u64,
}

struct State<'a> {
    next_point: u64,
    active: BTreeMap<u64, Active>,
    running: usize,
    /// Nothing more is done.
    failed: Option<SweepError>,
    /// A replication that cannot be: only what stands before it is done still, so that the first one is told, whoever
    /// came first.
    refused: Option<(Job, SweepError)>,
    replications: u64,
    points: u64,
    out: Option<Out<'a>>,
}

struct Out<'a> {
    next: u64,
    waiting: BTreeMap<u64, PointResult>,
    on_point: &'a mut OnPoint<'a>,
}

/// Where something stands: point and replication. A point is prepared before its first replication.
type Job = (u64, Option<u64>);

enum Task {
    Prepare(u64),
    Run(Arc<Ready>, u64),
    Nothing,
}

/// Does the work; results go to `on_point` in the order of the points.
pub(crate) fn execute(work: &Work, on_point: &mut OnPoint) -> Result<(), SweepError> {
    let mut crew = |threads: usize| {
        let first = work.jobs.as_ref().map_or(0, |jobs| jobs.start / work.facts.replications_max);
        let state = State {
            next_point: first,
            active: BTreeMap::new(),
            running: 0,
            failed: None,
            refused: None,
            replications: work.shelf.replications(),
            points: 0,
            out: Some(Out { next: 0, waiting: BTreeMap::new(), on_point }),
        };
        let crew = Crew { work, state: Mutex::new(state), changed: Condvar::new(), threads };
        rayon::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|_| crew.work());
            }
        });
        let state = crew.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        match state.failed.or(state.refused.map(|(_, error)| error)) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    };
    in_threads(work.options.threads, || crew(rayon::current_num_threads())).map_err(SweepError::Experiment)?
}

struct Crew<'a, 'b> {
    work: &'a Work<'a>,
    state: Mutex<State<'b>>,
    changed: Condvar,
    threads: usize,
}

/// Wakes the others if a worker panics: they would wait for ever for what it had in hand.
struct Alarm<'a, 'b, 'c>(&'a Crew<'b, 'c>);

impl Drop for Alarm<'_, '_, '_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.lock().failed.get_or_insert(SweepError::Interrupted);
            self.0.changed.notify_all();
        }
    }
}

impl<'b> Crew<'_, 'b> {
    fn lock(&self) -> MutexGuard<'_, State<'b>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self) {
        let _alarm = Alarm(self);
        loop {
            let (at, done) = match self.task() {
                Task::Nothing => return,
                Task::Prepare(index) => ((index, None), self.prepare(index)),
                Task::Run(ready, replication) => {
                    ((ready.index, Some(replication)), self.replicate(&ready, replication))
                }
            };
            let mut state = self.lock();
            state.running -= 1;
            match done {
                Ok(()) => {}
                // The disk, or whoever asked to stop: it has nothing to do with the point.
                Err(error @ (SweepError::Write { .. } | SweepError::Interrupted)) => {
                    state.failed.get_or_insert(error);
                }
                Err(error) => {
                    if state.comes_first(at) {
                        state.refused = Some((at, error));
                    }
                }
            }
            drop(state);
            self.changed.notify_all();
        }
    }

    fn task(&self) -> Task {
        let mut state = self.lock();
        loop {
            if self.work.options.stop.is_some_and(|stop| stop.load(Ordering::Relaxed)) && !state.is_done(self)
            {
                state.failed.get_or_insert(SweepError::Interrupted);
            }
            if state.failed.is_some() {
                return Task::Nothing;
            }
            if let Some(task) = state.take(self) {
                state.running += 1;
                return task;
            }
            if state.running == 0 {
                return Task::Nothing;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The replications of a point that are this work's.
    fn wanted(&self, index: u64) -> Range<u64> {
        let n = self.work.facts.replications_max;
        match &self.work.jobs {
            None => 0..self.work.facts.replications_min,
            Some(jobs) => jobs.start.max(index * n) - index * n..jobs.end.min((index + 1) * n) - index * n,
        }
    }

    fn end_of_points(&self) -> u64 {
        let n = self.work.facts.replications_max;
        self.work
            .jobs
            .as_ref()
            .map_or(self.work.facts.points, |jobs| if jobs.is_empty() { 0 } else { jobs.end.div_ceil(n) })
    }

    /// Takes what is known of a point and makes ready what is missing.
    fn prepare(&self, index: u64) -> Result<(), SweepError> {
        let Work { shelf, study, options, .. } = self.work;
        let known = shelf.point(index)?;
        let numbers = shelf.numbers(index);
        let wanted = self.wanted(index);
        let complete = wanted.clone().all(|r| numbers.binary_search(&r).is_ok());
        let ready = match (known, study) {
            (Some(spec), _) if complete && self.work.facts.precision.is_none() => Ready::known(index, spec)?,
            (known, Some(study)) => {
                let (ready, is_new) = Ready::new(study, index, known)?;
                if let (true, Some(journal)) = (is_new, options.journal) {
                    journal.add_point(&ready.folder.spec)?;
                }
                ready
            }
            (_, None) => {
                return Err(SweepError::Design(format!("of point {index} not everything is there")));
            }
        };
        let mut outcomes: Vec<Option<Outcome>> = Vec::new();
        for replication in wanted.clone() {
            // Of a shard nothing is folded: what is there need not be read.
            outcomes.push(match (numbers.binary_search(&replication), &self.work.jobs) {
                (Ok(_), Some(_)) => Some(Outcome::Stopped(String::new())),
                (Ok(_), None) => shelf.outcome(index, replication)?,
                (Err(_), _) => None,
            });
        }
        let left = outcomes.iter().filter(|outcome| outcome.is_none()).count() as u64;
        let ready = Arc::new(ready);
        let mut state = self.lock();
        if let Some(active) = state.active.get_mut(&index) {
            (active.ready, active.next) = (Some(ready.clone()), wanted.start);
            (active.outcomes, active.wanted, active.left) = (outcomes, wanted, left);
        }
        drop(state);
        if left == 0 { self.complete(&ready) } else { Ok(()) }
    }

    fn replicate(&self, ready: &Arc<Ready>, replication: u64) -> Result<(), SweepError> {
        let Some((plan, program)) = &ready.run else { unreachable!("only what can be run is handed out") };
        let about = |error: ExperimentError| {
            let values = &ready.folder.spec.values;
            let settings = self.work.study.map_or_else(|| values.join(", "), |study| study.settings(values));
            SweepError::Point { settings, error: Box::new(error) }
        };
        let outcome = match replicate(plan, program, replication) {
            Ok(done) => {
                missing(program, &done[0]).map_err(about)?;
                let mut done: Vec<Replication> = done.into_iter().map(lean).collect();
                if program.batch.is_some() {
                    Outcome::Batches(done)
                } else {
                    Outcome::Done(Box::new(done.swap_remove(0)))
                }
            }
            Err(error @ ExperimentError::Stopped { .. }) => Outcome::Stopped(error.to_string()),
            Err(error) => return Err(about(error)),
        };
        if let Some(journal) = self.work.options.journal {
            journal.add(ready.index, replication, &outcome)?;
        }
        let mut state = self.lock();
        state.replications += 1;
        let mut left = 1;
        if let Some(active) = state.active.get_mut(&ready.index) {
            active.outcomes[(replication - active.wanted.start) as usize] = Some(outcome);
            active.left -= 1;
            left = active.left;
        }
        self.tell(&state);
        drop(state);
        if left == 0 { self.complete(ready) } else { Ok(()) }
    }

    /// Makes the result of a point whose records are all there, or asks for more of them.
    fn complete(&self, ready: &Ready) -> Result<(), SweepError> {
        let index = ready.index;
        if self.work.jobs.is_some() {
            let mut state = self.lock();
            state.active.remove(&index);
            state.points += 1;
            return Ok(());
        }
        let mut state = self.lock();
        let Some(active) = state.active.get_mut(&index) else { return Ok(()) };
        let outcomes: Vec<Outcome> = std::mem::take(&mut active.outcomes).into_iter().flatten().collect();
        drop(state);
        match ready.folder.fold(outcomes) {
            Folded::Done(result) => {
                let mut state = self.lock();
                state.active.remove(&index);
                state.points += 1;
                self.tell(&state);
                let Some(out) = &mut state.out else { return Ok(()) };
                out.waiting.insert(index, *result);
                while let Some(result) = out.waiting.remove(&out.next) {
                    out.next += 1;
                    (out.on_point)(result)?;
                }
                Ok(())
            }
            Folded::More(planned, outcomes) => {
                let mut all: Vec<Option<Outcome>> = outcomes.into_iter().map(Some).collect();
                let from = all.len() as u64;
                let numbers = self.work.shelf.numbers(index);
                for replication in from..planned {
                    let known = numbers.binary_search(&replication).is_ok();
                    all.push(if known { self.work.shelf.outcome(index, replication)? } else { None });
                }
                let left = all.iter().filter(|outcome| outcome.is_none()).count() as u64;
                let mut state = self.lock();
                if let Some(active) = state.active.get_mut(&index) {
                    (active.outcomes, active.left, active.next) = (all, left, from);
                    active.wanted = 0..planned;
                }
                drop(state);
                self.changed.notify_all();
                if left == 0 { self.complete(ready) } else { Ok(()) }
            }
        }
    }

    fn tell(&self, state: &State) {
        let Some(progress) = self.work.options.progress else { return };
        let facts = self.work.facts;
        let all = match &self.work.jobs {
            Some(jobs) => jobs.end - jobs.start,
            None => facts.points * facts.replications_min,
        };
        let first = self.work.jobs.as_ref().map_or(0, |jobs| jobs.start / facts.replications_max);
        progress(SweepProgress {
            points: state.points,
            points_all: self.end_of_points().saturating_sub(first),
            replications: state.replications,
            replications_all: all.max(state.replications),
        });
    }
}

impl State<'_> {
    fn is_done(&self, crew: &Crew) -> bool {
        self.active.is_empty() && self.next_point >= crew.end_of_points()
    }

    /// Whether something stands before everything that was refused.
    fn comes_first(&self, at: Job) -> bool {
        self.refused.as_ref().is_none_or(|(refused, _)| at < *refused)
    }

    fn take(&mut self, crew: &Crew) -> Option<Task> {
        let refused = self.refused.as_ref().map(|(refused, _)| *refused);
        let comes_first = |at: Job| refused.is_none_or(|refused| at < refused);
        for (index, active) in &mut self.active {
            let Some(ready) = &active.ready else { continue };
            while active.next < active.wanted.end && comes_first((*index, Some(active.next))) {
                let at = active.next;
                active.next += 1;
                let slot = active.outcomes.get((at - active.wanted.start) as usize);
                if matches!(slot, Some(None)) {
                    return Some(Task::Run(ready.clone(), at));
                }
            }
        }
        // Two points ahead of the threads: one is prepared while another's last replications run.
        let ahead = self.next_point < crew.end_of_points() && comes_first((self.next_point, None));
        if ahead && self.active.len() < 2 * crew.threads + 1 {
            let index = self.next_point;
            self.next_point += 1;
            self.active.insert(
                index,
                Active { ready: None, wanted: 0..0, next: 0, outcomes: Vec::new(), left: u64::MAX },
            );
            return Some(Task::Prepare(index));
        }
        None
    }
}

impl Ready {
    /// A point of which every record is there.
    fn known(index: u64, spec: PointSpec) -> Result<Ready, SweepError> {
        let folder = Folder::new(spec).map_err(SweepError::Experiment)?;
        Ok(Ready { index, folder, run: None })
    }

    /// A point that is run; whether it was not known before.
    fn new(study: &Study, index: u64, known: Option<PointSpec>) -> Result<(Ready, bool), SweepError> {
        let plan = study.plan(index)?;
        let values = study.points()[index as usize].clone();
        let about = |error| SweepError::Point { settings: study.settings(&values), error: Box::new(error) };
        check_plan(&plan).map_err(about)?;
        let is_new = known.is_none();
        let spec = match known {
            Some(spec) => spec,
            None => {
                let (warm_up, from) = match pilot::warm_up(&plan) {
                    Ok(found) => found,
                    // The replications will stop too, and say so.
                    Err(ExperimentError::Stopped { .. }) => {
                        let half =
                            kneepoint_engine::SimDuration::from_nanos(plan.run.duration.as_nanos() / 2);
                        let reason = "the pilot run stopped at a ceiling".to_string();
                        (half, crate::result::WarmUpFrom::NotFound { reason })
                    }
                    Err(error) => return Err(about(error)),
                };
                PointSpec::new(index, values.clone(), &plan, warm_up, &from)
            }
        };
        let program = compile(&plan, spec.warm_up).map_err(about)?;
        let folder = Folder::new(spec).map_err(about)?;
        Ok((Ready { index, folder, run: Some((plan, program)) }, is_new))
    }
}
