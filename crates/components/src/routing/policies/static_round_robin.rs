//! HAProxy's static round robin: a table.

use kneepoint_random::Stream;

use crate::routing::members::Members;
use crate::routing::policy::{Choice, Policy};

/// A table with as many entries for each member as its weight (divided by what all have in common), filled once and
/// walked through: 5/1/1 is `AAABAAC`. O(1); O(n times the entries) when somebody goes or comes.
///
/// # Source
/// HAProxy `src/lb_map.c`, `balance static-rr`; the recorded sequence of weights 5/1/1 is repeated exactly.
#[derive(Clone, Debug, Default)]
pub struct StaticRoundRobin {
    table: Table,
    next: usize,
}

/// The table of HAProxy's static policies.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    entries: Vec<u32>,
    scores: Vec<i64>,
    /// Who has entries.
    listed: Vec<bool>,
    /// What weights were divided by.
    common: u32,
}

fn common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { common_divisor(b, a % b) }
}

impl Table {
    pub(super) fn start(&mut self, members: &Members) {
        self.common =
            (0..members.count()).map(|member| members.get(member).weight).fold(0, common_divisor).max(1);
        self.fill(members);
    }

    /// Fills it anew. Members without room keep their entries.
    pub(super) fn fill(&mut self, members: &Members) {
        let count = members.count();
        let common = self.common;
        let weight = |member: usize| -> i64 {
            if members.is_up(member) { i64::from(members.weight(member).div_ceil(common)) } else { 0 }
        };
        let total: i64 = (0..count).map(weight).sum();
        self.listed.clear();
        self.listed.extend((0..count).map(|member| weight(member) > 0));
        self.entries.clear();
        self.scores.clear();
        self.scores.resize(count, 0);
        if (0..count).all(|member| weight(member) == weight(0)) && total > 0 {
            // All alike: each in turn, without comparing everybody with everybody.
            for _ in 0..weight(0) {
                self.entries.extend(0..count as u32);
            }
            return;
        }
        for _ in 0..total {
            let mut best: Option<(usize, i64)> = None;
            for member in (0..count).filter(|member| weight(*member) > 0) {
                self.scores[member] += weight(member);
                let level = (self.scores[member] + total) / total;
                if best.is_none_or(|(_, most)| level > most) {
                    best = Some((member, level));
                }
            }
            let Some((best, _)) = best else { return };
            self.entries.push(best as u32);
            self.scores[best] -= total;
        }
    }

    /// A member has changed: if it goes or comes, the table is filled anew.
    pub(super) fn changed(&mut self, member: usize, members: &Members) {
        let belongs = members.is_up(member) && members.weight(member) > 0;
        if self.listed[member] != belongs {
            self.fill(members);
        }
    }

    pub(super) fn entries(&self) -> &[u32] {
        &self.entries
    }
}

impl StaticRoundRobin {
    /// Returns the policy.
    pub fn new() -> StaticRoundRobin {
        StaticRoundRobin::default()
    }
}

impl Policy for StaticRoundRobin {
    fn start(&mut self, members: &Members, _: Stream) {
        self.next = 0;
        self.table.start(members);
    }

    fn watches(&self) -> bool {
        false
    }

    fn choose(&mut self, choice: &Choice<'_>) -> Option<usize> {
        let table = self.table.entries();
        let first = if self.next < table.len() { self.next } else { 0 };
        for step in 0..table.len() {
            let at = (first + step) % table.len();
            let member = table[at] as usize;
            if choice.allows(member) {
                self.next = at + 1;
                return Some(member);
            }
        }
        None
    }

    fn changed(&mut self, member: usize, members: &Members) {
        self.table.changed(member, members);
    }

    fn boxed(&self) -> Box<dyn Policy> {
        Box::new(self.clone())
    }
}
