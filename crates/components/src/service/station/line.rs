//! The line in front of a station: who waits, and who is next.

use kneepoint_random::Stream;

use super::classes::Classes;
use super::list::List;
use super::queue::Discipline;
use crate::service::job::Jobs;

/// Who waits. Joining, being next and leaving early all take O(1), however long the line is.
#[derive(Clone, Debug)]
pub(in crate::service) struct Line {
    order: Order,
    len: usize,
}

#[derive(Clone, Debug)]
enum Order {
    Fifo(List),
    Lifo(List),
    Adaptive { list: List, above: u64 },
    Random { places: Vec<u32>, stream: Option<Stream> },
    Priority(Classes),
}

impl Order {
    #[inline(never)]
    fn push(&mut self, at: u32, jobs: &mut Jobs) {
        match self {
            Order::Fifo(list) | Order::Lifo(list) | Order::Adaptive { list, .. } => list.push_last(at, jobs),
            Order::Random { places, .. } => {
                jobs[at].before = places.len() as u32;
                places.push(at);
            }
            Order::Priority(classes) => classes.push_last(at, jobs),
        }
    }

    /// Who is next. There must be somebody.
    #[inline(never)]
    fn next(&mut self, jobs: &Jobs, now: u64) -> u32 {
        match self {
            Order::Fifo(list) => list.first,
            Order::Lifo(list) => list.last,
            Order::Adaptive { list, above } => {
                if now - jobs[list.first].entered > *above {
                    list.last
                } else {
                    list.first
                }
            }
            Order::Random { places, stream } => {
                let stream = stream.as_mut().expect("a random line is given its stream at the start");
                places[stream.below(places.len() as u64) as usize]
            }
            Order::Priority(classes) => classes.most_urgent().expect("the line is not empty"),
        }
    }
}

impl Line {
    pub fn new(discipline: Discipline) -> Line {
        let order = match discipline {
            Discipline::Fifo => Order::Fifo(List::EMPTY),
            Discipline::Lifo => Order::Lifo(List::EMPTY),
            Discipline::AdaptiveLifo { above } => {
                Order::Adaptive { list: List::EMPTY, above: above.as_nanos() }
            }
            Discipline::Random => Order::Random { places: Vec::new(), stream: None },
            Discipline::Priority(_) => Order::Priority(Classes::new()),
        };
        Line { order, len: 0 }
    }

    /// Gives a random line what it draws from.
    pub fn start(&mut self, own: impl FnOnce() -> Stream) {
        if let Order::Random { stream, .. } = &mut self.order {
            *stream = Some(own());
        }
    }

    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub fn by_priority(&self) -> bool {
        matches!(self.order, Order::Priority(_))
    }

    #[inline(always)]
    pub fn push(&mut self, at: u32, jobs: &mut Jobs) {
        self.len += 1;
        match &mut self.order {
            Order::Fifo(list) => list.push_last(at, jobs),
            order => order.push(at, jobs),
        }
    }

    /// For one whose service was broken off: it is the next of its priority.
    pub fn push_again(&mut self, at: u32, jobs: &mut Jobs) {
        match &mut self.order {
            Order::Priority(classes) => {
                self.len += 1;
                classes.push_first(at, jobs);
            }
            Order::Fifo(_) | Order::Lifo(_) | Order::Adaptive { .. } | Order::Random { .. } => {
                self.push(at, jobs);
            }
        }
    }

    /// The next one, who leaves the line.
    #[inline(always)]
    pub fn pop(&mut self, jobs: &mut Jobs, now: u64) -> Option<u32> {
        if self.len == 0 {
            return None;
        }
        if let Order::Fifo(list) = &mut self.order {
            self.len -= 1;
            return Some(list.pop_first(jobs));
        }
        let next = self.order.next(jobs, now);
        self.remove(next, jobs);
        Some(next)
    }

    /// One who waits leaves the line, wherever it stands.
    #[inline]
    pub fn remove(&mut self, at: u32, jobs: &mut Jobs) {
        self.len -= 1;
        match &mut self.order {
            Order::Fifo(list) | Order::Lifo(list) | Order::Adaptive { list, .. } => list.remove(at, jobs),
            Order::Random { places, .. } => {
                let place = jobs[at].before;
                places.swap_remove(place as usize);
                if let Some(moved) = places.get(place as usize) {
                    jobs[*moved].before = place;
                }
            }
            Order::Priority(classes) => classes.remove(at, jobs),
        }
    }

    /// The priority of the most urgent one who waits, where priority counts.
    pub fn most_urgent(&self, jobs: &Jobs) -> Option<u8> {
        match &self.order {
            Order::Priority(classes) => classes.most_urgent().map(|at| jobs[at].priority),
            Order::Fifo(_) | Order::Lifo(_) | Order::Adaptive { .. } | Order::Random { .. } => None,
        }
    }
}
