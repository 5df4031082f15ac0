//! Requests, calls, strands, ledger, books and the component traits: what everybody who writes a component
//! depends on.
//!
//! ```text
//! client --call--> balancer --call--> server --call--> database        a call is answered exactly once,
//!        <-answer-          <-answer-        <-answer-                  abandoned, or lost
//! ```
//!
//! Everything one part asks of another is a *call*. A [`Component`] makes calls; a [`Serve`] is called.
//! Three handles, so that mixing them up does not compile: a [`Call`] is owed an answer by me, an [`Asked`] I may
//! abandon, a [`Timer`] I may cancel. The calls of a request form a tree; its *strands* carry the
//! [`Attributes`] and the time ledger. The runtime keeps the standard [`Books`] for every component.
//!
//! # Rules for authors
//! 1. Answer every call once: also on the error path, also in `on_cancel`. Or relay it. Or lose it on purpose.
//! 2. One call at a time on behalf of a call: lend. Two at once, or one that may be thrown away: branch all of them.
//! 3. In `on_cancel` undo in this order: own queue or processor, own calls, answer.
//! 4. When the decision is made, abandon the rest, and say in the doc comment whether you cancel it.
//! 5. State per call goes into [`Held`]; what must outlive the caller (a flight, a message) is a request of your own.
//! 6. Timers about a call with `later`; keep a [`Timer`] only for what you set again.
//! 7. Label waiting that is not waiting: [`Core::phase`].
//! 8. Draw from your own streams, asked for by purpose at the start, or from the request ([`Core::draw`]).
//! 9. Nothing of another part is read directly: an answer, a notice or a [`View`] is the only news.
//! 10. No `Rc`, no cell, no thread, no clock: `derive(Clone)` must be the whole truth.
//!
//! # The public order
//! Events happen by time, and at one instant in the order in which they were scheduled. Calls given up together
//! are given up newest first. A relayed answer goes up within one event. A deadline wins over an answer that is
//! still on the wire; a callee never sees the cancellation of a call it has not seen.

mod ask;
mod attributes;
mod books;
mod candidates;
mod component;
mod core;
mod entry;
mod frame;
mod handle;
mod happening;
mod held;
mod ledger;
mod life;
mod limits;
pub mod rig;
mod series;
mod simulation;
mod status;
mod timers;
mod view;

pub use crate::ask::Ask;
pub use crate::attributes::Attributes;
pub use crate::books::{Books, Inside, Outcomes};
pub use crate::candidates::{Candidates, Ended};
pub use crate::component::{Answer, Component, Context, Cx, Fault, Notice, Serve};
pub use crate::core::Core;
pub use crate::handle::{Asked, Call, Callee, ComponentId, Timer};
pub use crate::happening::Happening;
pub use crate::held::Held;
pub use crate::ledger::{Fate, Sampling, Span, Strand};
pub use crate::life::Life;
pub use crate::limits::{Limits, Stop};
pub use crate::series::{Counter, Gauge, Level, Samples};
pub use crate::simulation::{Declared, Simulation};
pub use crate::status::{PHASES, Phase, STATUSES, Status};
pub use crate::timers::{TimerData, Token};
pub use crate::view::View;
