//! Steps as a flat program: so that where a call stands is one number.
//!
//! ```text
//! [Compute, Repeat(3, [Call a]), Parallel([Call b], [Compute, Call c])]
//!  0 Compute   1 Loop (0 times: to 4)   2 Call a   3 Again (to 2)   4 Fork(b, part 0)   5 End
//! part 0:  6 Compute   7 Call c (last)   8 End
//! ```

use std::collections::BTreeMap;

use kneepoint_calls::{Ask, Attributes, Call, Core, Phase, Status};
use kneepoint_engine::SimDuration;
use kneepoint_random::{Distribution, Stream};

use super::error::ServiceError;
use super::steps::{ItemSize, Key, Parallel, Step, SubCall, Wait};
use crate::Edge;
use crate::draw::Slowness;

/// A drawn amount; most are constant, and then nothing is drawn.
///
/// Tagged by a byte of its own, here and in [`Op`]: a tag in a niche of the law inside takes ten instructions to read.
#[derive(Clone, Debug)]
#[repr(u8)]
pub(super) enum Amount {
    Fixed(u64),
    Drawn(Distribution),
    /// Of a service that is slow.
    Slowed(Box<(Amount, Slowness)>),
}

impl Amount {
    fn of(law: &Distribution, what: &'static str) -> Result<Amount, ServiceError> {
        let minimum = law.minimum();
        if minimum < 0.0 {
            return Err(ServiceError::Negative { what, minimum });
        }
        Ok(match law.is_constant() {
            Some(value) => Amount::Fixed(SimDuration::from_nanos_f64(value).as_nanos()),
            None => Amount::Drawn(law.clone()),
        })
    }

    /// A whole number, from the request's own draws.
    #[inline(always)]
    pub fn draw(&self, call: Call, cx: &mut Core) -> u64 {
        match self {
            Amount::Fixed(value) => *value,
            Amount::Drawn(law) => SimDuration::from_nanos_f64(law.sample_from_key(cx.draw(call))).as_nanos(),
            Amount::Slowed(slowed) => slowed_draw(slowed, call, cx),
        }
    }

    /// The same for work that begins now, which it says to the ledger.
    #[inline(always)]
    pub fn draw_and_begin(&self, call: Call, cx: &mut Core) -> u64 {
        match self {
            Amount::Fixed(value) => {
                cx.phase(call, Phase::Service);
                *value
            }
            Amount::Drawn(law) => {
                let key = cx.phase_and_draw(call, Phase::Service);
                SimDuration::from_nanos_f64(law.sample_from_key(key)).as_nanos()
            }
            Amount::Slowed(slowed) => {
                cx.phase(call, Phase::Service);
                slowed_draw(slowed, call, cx)
            }
        }
    }
}

/// Out of line: services are seldom slow.
#[cold]
#[inline(never)]
fn slowed_draw(slowed: &(Amount, Slowness), call: Call, cx: &mut Core) -> u64 {
    let usual = slowed.0.draw(call, cx);
    slowed.1.stretch(usual, call, cx)
}

/// One instruction.
#[derive(Clone, Debug)]
#[repr(u8)]
pub(super) enum Op {
    Compute(Amount),
    Delay(Amount),
    /// The number of the call; the last step of all is marked.
    Call {
        call: u32,
        last: bool,
    },
    /// Begins a loop of this depth, or jumps over it.
    Loop {
        times: Amount,
        depth: u16,
        end: u32,
    },
    /// Goes on with the loop, or ends it.
    Again {
        depth: u16,
        start: u32,
    },
    Fork(u32),
    Choose(u32),
    Jump(u32),
    Detach(u32),
    Fail {
        chance: f64,
        status: Status,
    },
    End,
}

/// A call to make.
#[derive(Clone, Debug)]
pub(super) struct CallOp {
    pub edge: Edge,
    pub operation: Option<u16>,
    size: Amount,
    reply: Amount,
    key: Option<Key>,
    item: Option<Box<ItemSize>>,
    /// Without size, reply, key and item, as most are.
    bare: bool,
}

impl CallOp {
    /// Whether the call carries nothing, and neither does the call it is made for: then there is nothing to
    /// [`fill`](CallOp::fill) in.
    #[inline(always)]
    pub fn carries_nothing(&self, call: Call, cx: &Core) -> bool {
        let old = cx.attributes(call);
        self.bare && old.size == 0 && old.reply == 0
    }

    /// Says what the call carries, if that is anything else than what the call it is made for carries.
    pub fn fill(&self, ask: Ask, call: Call, cx: &mut Core) -> Ask {
        let old = cx.attributes(call);
        if let (None, None, Amount::Fixed(size), Amount::Fixed(reply)) =
            (&self.key, &self.item, &self.size, &self.reply)
            && *size == u64::from(old.size)
            && *reply == u64::from(old.reply)
        {
            return ask;
        }
        ask.about(self.attributes(call, cx))
    }

    fn attributes(&self, call: Call, cx: &mut Core) -> Attributes {
        let old = *cx.attributes(call);
        let key = self.key.as_ref().map_or(old.key, |key| key.of(call, cx));
        let size = u32::try_from(self.size.draw(call, cx)).unwrap_or(u32::MAX);
        let reply = match &self.item {
            None => u32::try_from(self.reply.draw(call, cx)).unwrap_or(u32::MAX),
            Some(item) => item.of(key, cx.seed(), cx.replication()),
        };
        Attributes { key, size, reply, ..old }
    }
}

/// Returns what a request draws its own key of a key space from.
///
/// # Source
/// Chosen: identity and number of the space go through [`RequestStreams`](kneepoint_random::RequestStreams)' mixing.
pub fn own_stream(identity: u64, space: u64) -> Stream {
    kneepoint_random::RequestStreams::new(identity, 0, "keys", "own").stream(space)
}

#[derive(Clone, Debug)]
pub(super) enum Branch {
    Call(u32),
    Part(u32),
}

#[derive(Clone, Debug)]
pub(super) struct Fork {
    pub branches: Vec<Branch>,
    /// So many good ones are needed.
    pub need: u16,
    pub cancel: bool,
}

/// All that a service does.
#[derive(Clone, Debug, Default)]
pub(super) struct Program {
    pub ops: Vec<Op>,
    pub calls: Vec<CallOp>,
    pub forks: Vec<Fork>,
    /// Cumulative shares, and where to go.
    pub choices: Vec<Vec<(f64, u32)>>,
    /// Where branches and detached steps begin.
    pub parts: Vec<u32>,
    /// Most loops in each other.
    pub depth: usize,
    starts: BTreeMap<u16, u32>,
    table: Vec<u32>,
    default: Option<u32>,
    /// Answers at once.
    nothing: u32,
}

/// From here on operations are calls to oneself.
pub(super) const OWN: u16 = 1 << 15;

const NOWHERE: u32 = u32::MAX;

impl Program {
    /// The same, with work and delays that take longer: a call that is under way can go on with either.
    pub fn slowed(&self, slowness: &Slowness) -> Program {
        let mut slowed = self.clone();
        for op in &mut slowed.ops {
            if let Op::Compute(time) | Op::Delay(time) = op {
                let usual = std::mem::replace(time, Amount::Fixed(0));
                *time = Amount::Slowed(Box::new((usual, slowness.clone())));
            }
        }
        slowed
    }

    /// Where that begins which does nothing.
    pub fn nothing(&self) -> u32 {
        self.nothing
    }

    /// Where an operation begins.
    #[inline(always)]
    pub fn start(&self, operation: u16) -> Option<u32> {
        match self.table.get(operation as usize) {
            Some(&start) if start != NOWHERE => Some(start),
            _ => self.default,
        }
    }
}

/// Turns steps into a program.
pub(super) struct Compiler {
    program: Program,
    /// Works are at speed 1.
    speed: f64,
    loops: u16,
    /// Steps of parts, which are compiled after what they are parts of.
    later: Vec<Vec<Step>>,
}

impl Compiler {
    pub fn new(speed: f64) -> Compiler {
        Compiler { program: Program::default(), speed, loops: 0, later: Vec::new() }
    }

    pub fn operation(&mut self, operation: u16, does: &[Step]) -> Result<(), ServiceError> {
        if operation >= OWN {
            return Err(ServiceError::OperationNumber(operation));
        }
        let start = self.whole(does)?;
        if self.program.starts.insert(operation, start).is_some() {
            return Err(ServiceError::OperationTwice(operation));
        }
        Ok(())
    }

    pub fn default(&mut self, does: &[Step]) -> Result<(), ServiceError> {
        self.program.default = Some(self.whole(does)?);
        Ok(())
    }

    pub fn finish(mut self) -> Result<Program, ServiceError> {
        let mut done = 0;
        // Parts may have parts.
        while done < self.later.len() {
            let does = std::mem::take(&mut self.later[done]);
            let start = self.whole(&does)?;
            self.program.parts.push(start);
            done += 1;
        }
        if self.program.ops.len() > NOWHERE as usize / 2 || self.program.parts.len() >= OWN as usize {
            return Err(ServiceError::TooLong);
        }
        self.program.nothing = self.whole(&[])?;
        self.shorten();
        if let Some((&last, _)) = self.program.starts.last_key_value() {
            self.program.table = vec![NOWHERE; usize::from(last) + 1];
            for (operation, start) in &self.program.starts {
                self.program.table[usize::from(*operation)] = *start;
            }
        }
        Ok(self.program)
    }

    fn here(&self) -> u32 {
        self.program.ops.len() as u32
    }

    fn push(&mut self, op: Op) -> usize {
        self.program.ops.push(op);
        self.program.ops.len() - 1
    }

    /// A program of its own; returns where it begins.
    fn whole(&mut self, does: &[Step]) -> Result<u32, ServiceError> {
        let start = self.here();
        self.steps(does)?;
        if does.last().is_some_and(|step| matches!(step, Step::Call(call) if call.times.is_none()))
            && let Some(Op::Call { last, .. }) = self.program.ops.last_mut()
        {
            *last = true;
        }
        self.push(Op::End);
        Ok(start)
    }

    fn steps(&mut self, does: &[Step]) -> Result<(), ServiceError> {
        does.iter().try_for_each(|step| self.step(step))
    }

    fn step(&mut self, step: &Step) -> Result<(), ServiceError> {
        match step {
            Step::Compute(work) => {
                let amount = Amount::of(work, "work")?;
                let amount = match amount {
                    amount if self.speed == 1.0 => amount,
                    _ => Amount::of(&work.scaled(1.0 / self.speed), "work")?,
                };
                self.push(Op::Compute(amount));
            }
            Step::Delay(time) => {
                let amount = Amount::of(time, "a delay")?;
                self.push(Op::Delay(amount));
            }
            Step::Call(call) => self.call(call)?,
            Step::Parallel(parallel) => self.parallel(parallel)?,
            Step::Choice(branches) => self.choice(branches)?,
            Step::Repeat { times, does } => self.repeat(times, |it| it.steps(does))?,
            Step::Detach(does) => {
                let part = self.part(does);
                self.push(Op::Detach(part));
            }
            Step::Fail { chance, status } => {
                if !(0.0..=1.0).contains(chance) {
                    return Err(ServiceError::Chance(*chance));
                }
                self.push(Op::Fail { chance: *chance, status: *status });
            }
        }
        Ok(())
    }

    fn part(&mut self, does: &[Step]) -> u32 {
        self.later.push(does.to_vec());
        self.later.len() as u32 - 1
    }

    fn call(&mut self, call: &SubCall) -> Result<(), ServiceError> {
        if call.to.is_empty() {
            return Err(ServiceError::CallToNobody);
        }
        match &call.times {
            None => self.call_each(call),
            Some(times) => self.repeat(times, |it| it.call_each(call)),
        }
    }

    fn call_each(&mut self, call: &SubCall) -> Result<(), ServiceError> {
        for edge in &call.to {
            let call = self.call_op(call, *edge)?;
            self.push(Op::Call { call, last: false });
        }
        Ok(())
    }

    fn call_op(&mut self, call: &SubCall, edge: Edge) -> Result<u32, ServiceError> {
        let bytes = |law: &Option<Distribution>| match law {
            None => Ok(Amount::Fixed(0)),
            Some(law) => Amount::of(law, "a size"),
        };
        if let Some(Key::Own { keys, .. } | Key::Fresh { keys }) = &call.key
            && keys.keys() > 1 << 32
        {
            return Err(ServiceError::Keys(keys.keys()));
        }
        if let Some(operation) = call.operation
            && operation >= OWN
        {
            return Err(ServiceError::OperationNumber(operation));
        }
        let (size, reply) = (bytes(&call.size)?, bytes(&call.reply)?);
        let item = if call.reply.is_none() { call.item.clone() } else { None };
        let empty = matches!((&size, &reply), (Amount::Fixed(0), Amount::Fixed(0)));
        let bare = call.key.is_none() && item.is_none() && empty;
        self.program.calls.push(CallOp {
            edge,
            operation: call.operation,
            size,
            reply,
            key: call.key.clone(),
            item,
            bare,
        });
        Ok(self.program.calls.len() as u32 - 1)
    }

    fn repeat(
        &mut self,
        times: &Distribution,
        body: impl FnOnce(&mut Compiler) -> Result<(), ServiceError>,
    ) -> Result<(), ServiceError> {
        let depth = self.loops;
        self.loops = depth.checked_add(1).ok_or(ServiceError::TooLong)?;
        self.program.depth = self.program.depth.max(self.loops.into());
        let times = Amount::of(times, "a number of times")?;
        let begin = self.push(Op::Loop { times, depth, end: 0 });
        let start = self.here();
        body(self)?;
        self.push(Op::Again { depth, start });
        let after = self.here();
        if let Op::Loop { end, .. } = &mut self.program.ops[begin] {
            *end = after;
        }
        self.loops = depth;
        Ok(())
    }

    fn parallel(&mut self, parallel: &Parallel) -> Result<(), ServiceError> {
        let mut branches = Vec::new();
        for branch in &parallel.branches {
            match &branch[..] {
                [Step::Call(call)] if call.times.is_none() => {
                    if call.to.is_empty() {
                        return Err(ServiceError::CallToNobody);
                    }
                    for edge in &call.to {
                        branches.push(Branch::Call(self.call_op(call, *edge)?));
                    }
                }
                steps => branches.push(Branch::Part(self.part(steps))),
            }
        }
        let of = match parallel.wait {
            Wait::All => branches.len(),
            Wait::Any => 1,
            Wait::Quorum(of) => of,
        };
        if branches.len() >= usize::from(u16::MAX) {
            return Err(ServiceError::Branches(branches.len()));
        }
        if of > branches.len() || (of == 0 && parallel.wait != Wait::All) {
            return Err(ServiceError::Quorum { of, branches: branches.len() });
        }
        self.program.forks.push(Fork { branches, need: of as u16, cancel: parallel.cancel });
        let fork = self.program.forks.len() as u32 - 1;
        self.push(Op::Fork(fork));
        Ok(())
    }

    fn choice(&mut self, branches: &[(f64, Vec<Step>)]) -> Result<(), ServiceError> {
        let mut sum = 0.0;
        for (share, _) in branches {
            if !(0.0..=1.0).contains(share) {
                return Err(ServiceError::Chance(*share));
            }
            sum += share;
        }
        // Shares are written with few digits: a sum of a hundred thirds is nearer to 1 than this.
        if (sum - 1.0).abs() > 1e-9 {
            return Err(ServiceError::Shares(sum));
        }
        self.program.choices.push(Vec::new());
        let choice = self.program.choices.len() - 1;
        self.push(Op::Choose(choice as u32));
        let mut cumulative = 0.0;
        let mut jumps = Vec::new();
        for (share, does) in branches {
            cumulative += share;
            let start = self.here();
            self.program.choices[choice].push((cumulative, start));
            self.steps(does)?;
            jumps.push(self.push(Op::Jump(0)));
        }
        // Rounding must not leave a draw without a branch, nor give one to a last branch of share 0.
        if let Some((last, _)) = branches.iter().enumerate().rfind(|(_, (share, _))| *share > 0.0) {
            for (upto, _) in &mut self.program.choices[choice][last..] {
                *upto = 1.0;
            }
        }
        let after = self.here();
        for jump in jumps {
            self.program.ops[jump] = Op::Jump(after);
        }
        Ok(())
    }

    /// Spares jumps: one that leads to the end is the end, and a branch that begins with one begins where it leads.
    fn shorten(&mut self) {
        let ops = &self.program.ops;
        // Jumps lead forward only, so this ends.
        let follow = |mut at: u32| {
            while let Op::Jump(to) = ops[at as usize] {
                at = to;
            }
            at
        };
        for (_, start) in self.program.choices.iter_mut().flatten() {
            *start = follow(*start);
        }
        let ends: Vec<usize> =
            (0..ops.len()).filter(|at| matches!(ops[follow(*at as u32) as usize], Op::End)).collect();
        for at in ends {
            self.program.ops[at] = Op::End;
        }
    }
}
