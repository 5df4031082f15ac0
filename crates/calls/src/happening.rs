//! What happens to parts beside requests: crashes, hangs, and instances that come and go.

use kneepoint_engine::SimTime;

use crate::core::Core;
use crate::handle::ComponentId;

/// Something that happened at one instant, for whoever looks at a run over time.
///
/// The runtime notes what becomes of components: `crash`, `leave`, `stop`, `restart`, `hang`, `resume`, `start` (made during the run) and
/// `retire`. Components add what is theirs with [`Core::happened`]: of those shipped, faults and breakers do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happening {
    /// When.
    pub at: SimTime,
    /// To whom.
    pub part: ComponentId,
    /// What, in a word or two: always the same for the same thing, so that it can be looked for.
    pub what: &'static str,
    /// The rest, for people; may be empty.
    pub detail: String,
    /// Whether it serves from now on, where that has changed: what is down or hangs does not.
    pub serves: Option<bool>,
}

impl Core {
    /// Notes that something happened to me now, [if anybody wants to know](crate::Simulation::note_happenings). The
    /// detail is asked for only then; it may be empty.
    ///
    /// For what happens rarely: each is kept.
    pub fn happened(&mut self, what: &'static str, detail: impl FnOnce(&Core) -> String) {
        self.note_happening(self.me, what, None, detail);
    }

    /// As [`happened`](Core::happened), to anyone, with what it changes.
    pub(crate) fn note_happening(
        &mut self,
        part: u32,
        what: &'static str,
        serves: Option<bool>,
        detail: impl FnOnce(&Core) -> String,
    ) {
        if self.happenings.is_none() {
            return;
        }
        let detail = detail(self);
        let happening = Happening { at: self.now(), part: ComponentId(part), what, detail, serves };
        self.happenings.get_or_insert_default().push(happening);
    }
}
