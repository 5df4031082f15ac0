//! What makes faults happen.

use kneepoint_calls::{Answer, Component, Core, Counter, Cx, Gauge, timers};
use kneepoint_engine::SimDuration;
use kneepoint_random::{Distribution, Stream};

use super::injection::{Injection, Targets, Trigger};

timers! {
    /// What an injector waits for.
    pub enum InjectorTimer { Strike(u32), End(u32) }
}

/// Lets one fault of a scenario happen: to whom, when and for how long is drawn from streams of its own.
///
/// ```text
/// Every, Together:  --draw--> crash ==lasts==> restart --draw--> crash ==lasts==> …
/// ```
///
/// What is hit twice at once by the same fault is well again when both have ended; what is put down by several faults or
/// actions is back when all of them are over. What several make slow is slowed down by each for as long as that lasts. A hang
/// that another injector ends is over.
///
/// # Series
/// Count `strikes`; level `struck`: targets that are hit now.
///
/// # Source
/// Alternating renewal process of up and down times: Trivedi, "Probability and Statistics with Reliability, Queuing,
/// and Computer Science Applications", 2nd ed., section 6.6. Streams by path: one more target on a clock of its own
/// moves nobody else's.
#[derive(Clone, Debug)]
pub struct Injector {
    injection: Injection,
    clocks: Vec<Clock>,
    /// Whom each strike under way has hit, by number.
    strikes: Vec<Strike>,
    free: Vec<u32>,
    /// How often each target is hit now.
    hit: Vec<u32>,
    which: Option<Stream>,
    struck: Option<Gauge>,
    count: Option<Counter>,
}

/// Streams of one clock.
#[derive(Clone, Debug)]
struct Clock {
    every: Stream,
    lasts: Stream,
}

#[derive(Clone, Debug, Default)]
struct Strike {
    clock: u32,
    /// Positions among the targets.
    targets: Vec<u32>,
}

impl Injector {
    /// Returns an injector of this fault.
    ///
    /// # Panics
    /// If it repeats without taking any time, which would never end.
    pub fn new(injection: Injection) -> Injector {
        if let Trigger::Every(every) = &injection.trigger {
            let lasts = injection.lasts.as_ref().map_or(f64::INFINITY, Distribution::mean);
            assert!(every.mean() + lasts > 0.0, "a fault that repeats at once");
        }
        let hit = vec![0; injection.targets.all().len()];
        Injector {
            injection,
            clocks: Vec::new(),
            strikes: Vec::new(),
            free: Vec::new(),
            hit,
            which: None,
            struck: None,
            count: None,
        }
    }

    /// Sets the clock for its next strike, if it strikes again and again.
    fn wind(&mut self, clock: u32, cx: &mut Cx<Self>) {
        if let Trigger::Every(every) = &self.injection.trigger {
            let span = every.sample(&mut self.clocks[clock as usize].every);
            cx.later(SimDuration::from_nanos_f64(span), InjectorTimer::Strike(clock));
        }
    }

    fn hits(&mut self, clock: u32) -> Vec<u32> {
        let all = self.injection.targets.all().len();
        match &self.injection.targets {
            Targets::Each(_) => vec![clock],
            Targets::Together(_) => (0..all as u32).collect(),
            Targets::Any { part, .. } => {
                let stream = self.which.as_mut().expect("made at the start");
                let mut order: Vec<u32> = (0..all as u32).collect();
                let wanted = part.of(all);
                for i in 0..wanted {
                    let j = i + stream.below((all - i) as u64) as usize;
                    order.swap(i, j);
                }
                order.truncate(wanted);
                order.sort_unstable();
                order
            }
        }
    }

    /// Says what happens to whom: of many the first few.
    fn whom(&self, targets: &[u32], core: &Core) -> String {
        /// Chosen: what fits into a line.
        const NAMED: usize = 5;
        let all = self.injection.targets.all();
        let named = targets.iter().take(NAMED).map(|at| core.path(all[*at as usize]));
        let named = named.collect::<Vec<_>>().join(", ");
        let more = targets.len().saturating_sub(NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("{} of {named}{more}", self.injection.harm.name())
    }

    fn strike(&mut self, clock: u32, cx: &mut Cx<Self>) {
        let targets = self.hits(clock);
        cx.happened(self.injection.harm.begins_and_ends()[0], |core| self.whom(&targets, core));
        cx.count(self.count.expect("made at the start"), 1);
        for &target in &targets {
            let hit = &mut self.hit[target as usize];
            *hit += 1;
            if *hit == 1 {
                let fault = self.injection.harm.begin(cx.me());
                cx.inject(self.injection.targets.all()[target as usize], fault);
                cx.add(self.struck.expect("made at the start"), 1.0);
            }
        }
        let Some(lasts) = &self.injection.lasts else { return };
        let span = lasts.sample(&mut self.clocks[clock as usize].lasts);
        let strike = Strike { clock, targets };
        let number = match self.free.pop() {
            Some(number) => {
                self.strikes[number as usize] = strike;
                number
            }
            None => {
                self.strikes.push(strike);
                self.strikes.len() as u32 - 1
            }
        };
        let span = self.injection.harm.notice() + SimDuration::from_nanos_f64(span);
        cx.later(span, InjectorTimer::End(number));
    }

    fn end(&mut self, number: u32, cx: &mut Cx<Self>) {
        let Strike { clock, targets } = std::mem::take(&mut self.strikes[number as usize]);
        self.free.push(number);
        cx.happened(self.injection.harm.begins_and_ends()[1], |core| self.whom(&targets, core));
        for target in targets {
            let hit = &mut self.hit[target as usize];
            *hit -= 1;
            if *hit == 0 {
                let fault = self.injection.harm.end(cx.me());
                cx.inject(self.injection.targets.all()[target as usize], fault);
                cx.add(self.struck.expect("made at the start"), -1.0);
            }
        }
        self.wind(clock, cx);
    }
}

impl Component for Injector {
    type Timer = InjectorTimer;

    fn on_start(&mut self, cx: &mut Cx<Self>) {
        self.which = Some(cx.stream("which"));
        self.struck = Some(cx.gauge("struck"));
        self.count = Some(cx.counter("strikes"));
        let clock = |name: &str, cx: &Cx<Self>| Clock {
            every: cx.stream(&format!("every {name}")),
            lasts: cx.stream(&format!("lasts {name}")),
        };
        self.clocks = match &self.injection.targets {
            Targets::Each(each) => each.iter().map(|id| clock(cx.path(*id), cx)).collect(),
            Targets::Together(_) | Targets::Any { .. } => vec![clock("", cx)],
        };
        for number in 0..self.clocks.len() as u32 {
            match &self.injection.trigger {
                Trigger::Every(_) => self.wind(number, cx),
                Trigger::At(instants) => {
                    for &at in instants {
                        cx.later(at.max(cx.now()) - cx.now(), InjectorTimer::Strike(number));
                    }
                }
            }
        }
    }

    fn on_timer(&mut self, timer: InjectorTimer, cx: &mut Cx<Self>) {
        match timer {
            InjectorTimer::Strike(clock) => self.strike(clock, cx),
            InjectorTimer::End(number) => self.end(number, cx),
        }
    }

    fn on_answer(&mut self, _: Answer, _: &mut Cx<Self>) {
        unreachable!("an injector asks nobody");
    }
}
