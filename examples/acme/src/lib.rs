//! Kinds of another crate: a pool of accelerator cards that serve requests in batches.
//!
//! ```text
//! calls --> [waiting] --batch of at most `max`, or whoever came within `wait`--> a free card, one step
//! ```
//!
//! The component implements the traits of `kneepoint-calls`; [`register`] makes it a part kind of scenario files.
//! Whoever wants the command with these kinds calls `register` in a `main` of a line or two.

use std::collections::VecDeque;
use std::sync::Arc;

use kneepoint_calls::{Answer, Call, Component, Cx, Gauge, Phase, Samples, Serve, Status, Timer, timers};
use kneepoint_engine::SimDuration;
use kneepoint_random::{Distribution, Stream};
use kneepoint_scenario::{Args, PartMaker, Registry, RegistryError};

timers! {
    /// What a pool waits for: the end of a batch's patience, the end of a card's step.
    pub enum PoolTimer { Full, Step(u32) }
}

/// A pool of cards. Each takes a batch of calls through one step, however many they are.
///
/// # Assumptions
/// A step takes as long for one call as for a full batch; a batch that runs cannot be interrupted.
#[derive(Clone)]
pub struct GpuPool {
    step: Distribution,
    batch_max: usize,
    wait: SimDuration,
    waiting: VecDeque<Call>,
    /// What each card works on.
    cards: Vec<Vec<Call>>,
    patience: Option<Timer>,
    own: Option<Own>,
}

#[derive(Clone)]
struct Own {
    steps: Stream,
    busy: Gauge,
    batch_size: Samples,
}

impl GpuPool {
    /// Returns a pool of so many cards, whose steps take so long \[ns\]; a batch waits at most `wait` to fill.
    pub fn new(cards: usize, step: Distribution, batch_max: usize, wait: SimDuration) -> GpuPool {
        GpuPool {
            step,
            batch_max: batch_max.max(1),
            wait,
            waiting: VecDeque::new(),
            cards: vec![Vec::new(); cards.max(1)],
            patience: None,
            own: None,
        }
    }

    /// Starts a batch if a card is free and the batch is full or has waited enough.
    fn try_start(&mut self, waited: bool, cx: &mut Cx<Self>) {
        let Some(own) = &mut self.own else { return };
        while !self.waiting.is_empty() && (waited || self.waiting.len() >= self.batch_max) {
            let Some(card) = self.cards.iter().position(Vec::is_empty) else { return };
            let size = self.waiting.len().min(self.batch_max);
            self.cards[card].extend(self.waiting.drain(..size));
            for call in &self.cards[card] {
                cx.phase(*call, Phase::Service);
            }
            cx.add(own.busy, 1.0);
            cx.record(own.batch_size, size as u64);
            let step = SimDuration::from_nanos_f64(self.step.sample(&mut own.steps));
            cx.later(step, PoolTimer::Step(card as u32));
        }
        if self.waiting.is_empty()
            && let Some(timer) = self.patience.take()
        {
            cx.cancel(timer);
        }
    }
}

impl Component for GpuPool {
    type Timer = PoolTimer;

    fn on_start(&mut self, cx: &mut Cx<Self>) {
        self.own = Some(Own {
            steps: cx.stream("steps"),
            busy: cx.gauge("busy"),
            batch_size: cx.samples("batch_size"),
        });
    }

    fn on_timer(&mut self, timer: PoolTimer, cx: &mut Cx<Self>) {
        match timer {
            PoolTimer::Full => {
                self.patience = None;
                self.try_start(true, cx);
            }
            PoolTimer::Step(card) => {
                for call in std::mem::take(&mut self.cards[card as usize]) {
                    // Whoever gave up meanwhile has been answered already.
                    if cx.is_open(call) {
                        cx.answer(call, Status::Ok);
                    }
                }
                if let Some(own) = &self.own {
                    cx.add(own.busy, -1.0);
                }
                // Those who waited for a card have waited long enough.
                self.try_start(self.patience.is_none(), cx);
            }
        }
    }

    fn on_answer(&mut self, _: Answer, _: &mut Cx<Self>) {}
}

impl Serve for GpuPool {
    fn on_call(&mut self, call: Call, cx: &mut Cx<Self>) {
        self.waiting.push_back(call);
        if self.patience.is_none() {
            self.patience = Some(cx.after(self.wait, PoolTimer::Full));
        }
        self.try_start(false, cx);
    }

    /// A waiting call leaves; one that is in a batch is answered, though its card goes on.
    fn on_cancel(&mut self, call: Call, cx: &mut Cx<Self>) {
        self.waiting.retain(|waiting| *waiting != call);
        cx.answer(call, Status::Cancelled);
    }
}

/// Adds the part kind `acme_GpuPool` to a registry.
///
/// # Errors
/// If somebody else has added a kind of this name.
pub fn register(registry: &mut Registry) -> Result<(), RegistryError> {
    let batch = "max: count! >= 1; wait: duration = 0s";
    registry.add("record", "acme_Batch", "max", batch)?;
    let make = |args: &Args, berth: kneepoint_scenario::Berth<'_>| {
        let step = berth.distribution(args, "step")?;
        let (max, wait) = match args.args("batch") {
            Some(batch) => (batch.count("max") as usize, SimDuration::from_nanos(batch.duration("wait"))),
            None => (1, SimDuration::ZERO),
        };
        Ok(berth.serve(GpuPool::new(args.count("cards") as usize, step, max, wait)))
    };
    let fields = "cards: count! >= 1 <= 10000; batch: (acme_Batch); step: duration~!";
    let doc = "Cards that take batches of calls through one step.";
    registry.add_with("part", "acme_GpuPool", "cards", fields, doc, PartMaker(Arc::new(make)))?;
    registry.add_series("acme_GpuPool", &["response", "calls", "goodput", "errors", "availability"]);
    Ok(())
}
