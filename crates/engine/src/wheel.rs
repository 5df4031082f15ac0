//! Events in buckets by the bits of their time.

/// One event: its time \[ns\] and what it means to the crates above.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) time: u64,
    pub(crate) payload: u64,
}

/// Bits of time that one level tells apart, so 64 buckets on a level: one machine word says which are occupied.
const DIGIT_BITS: u32 = 6;
const SLOTS: usize = 1 << DIGIT_BITS;
/// Eleven digits hold the 64 bits of time.
const LEVELS: usize = 11;

/// Events of a chunk; a last place holds the link to the next chunk instead of an event.
///
/// Chosen: 28 places are 7 cache lines. With a power of two the ends of buckets that fill at one pace would compete
/// for a few sets of the cache.
const EVENTS: u32 = 27;
const PLACES: u32 = EVENTS + 1;
/// Most events of a bucket that are sorted by insertion alone.
const INSERTION_LIMIT: usize = 16;
/// "No chunk".
const NONE: u32 = u32::MAX;

/// A FIFO of events in a chain of chunks.
#[derive(Clone, Copy)]
struct Bucket {
    /// The first place of the first chunk. A bucket keeps this chunk for good.
    first: u32,
    /// The place for the next event.
    next: u32,
    /// The place of the link of the last chunk; when `next` arrives here, another chunk is needed.
    end: u32,
}

impl Bucket {
    /// A bucket that has no chunk yet: it looks like a full one, so that the first push takes the path that fetches one.
    const NEW: Self = Self { first: NONE, next: NONE, end: NONE };

    /// Returns this bucket without its events.
    #[inline(always)]
    fn emptied(self) -> Self {
        Self { first: self.first, next: self.first, end: self.first + EVENTS }
    }
}

/// A hierarchical timing wheel over the whole range of time.
///
/// Time is read as eleven digits of six bits. An event is kept on the level of the highest digit in which its time
/// differs from the cursor's, in the bucket of its own digit there. Hence the lowest occupied bucket of the lowest
/// occupied level holds the earliest events.
///
/// # First in, first out
/// Events of equal time leave in the order in which they came, without a sequence number. At any moment all events of
/// one time lie in one bucket, because the bucket follows from the time and the cursor. A bucket is appended to only.
/// When the cursor moves into a bucket, that bucket is emptied first to last into buckets of lower levels, and these
/// are empty before: until then their times belonged to the upper bucket. So every bucket is in order of
/// insertion as far as equal times go.
///
/// # Memory
/// All buckets share chunks of 27 events; a chunk emptied is the next one used. Memory follows the largest number of
/// events held at once, not the sum of every bucket's own peak, and none is allocated below that number.
///
/// # Source
/// Varghese and Lauck, "Hashed and hierarchical timing wheels", SOSP 1987 (scheme 7);
/// Ahuja, Mehlhorn, Orlin and Tarjan, "Faster algorithms for the shortest path problem", JACM 37(2), 1990 (radix
/// heap: levels by the highest differing digit, hence no overflow list and no ticks).
#[derive(Clone)]
pub(crate) struct Wheel {
    /// No event of the wheel is earlier; the digits of events are compared with its digits.
    cursor: u64,
    /// Events held, dead ones included.
    len: usize,
    /// Bit `l`: level `l` holds an event.
    levels: u32,
    /// Bit `s` of word `l`: bucket `s` of level `l` holds an event. (A power of two of words: no bounds check.)
    occupied: [u64; LEVELS.next_power_of_two()],
    buckets: Box<[Bucket; LEVELS * SLOTS]>,
    chunks: Vec<Entry>,
    /// The first free chunk, or `NONE`; free chunks are chained by their links.
    free: u32,
}

/// A bucket, and the times that belong to it.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    level: usize,
    slot: usize,
    /// The first time that belongs to the bucket.
    pub(crate) start: u64,
    /// The last time that belongs to the bucket.
    pub(crate) end: u64,
}

impl Wheel {
    pub(crate) fn new() -> Self {
        Self {
            cursor: 0,
            len: 0,
            levels: 0,
            occupied: [0; LEVELS.next_power_of_two()],
            buckets: Box::new([Bucket::NEW; LEVELS * SLOTS]),
            chunks: Vec::new(),
            free: NONE,
        }
    }

    #[inline(always)]
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn bytes(&self) -> usize {
        self.chunks.capacity() * size_of::<Entry>() + size_of_val(&*self.buckets)
    }

    /// Adds an event, which must not lie before the cursor.
    #[inline(always)]
    pub(crate) fn push(&mut self, entry: Entry) {
        debug_assert!(entry.time >= self.cursor, "an event before the cursor has no bucket");
        let level = level_of(entry.time ^ self.cursor);
        let slot = digit(entry.time, level);
        self.len += 1;
        self.levels |= 1 << level;
        self.occupied[level & 15] |= 1 << slot;
        self.append(level * SLOTS + slot, entry);
    }

    /// Returns the bucket with the earliest events.
    #[inline(always)]
    pub(crate) fn earliest(&self) -> Option<Place> {
        if self.levels == 0 {
            return None;
        }
        let level = self.levels.trailing_zeros() as usize;
        let slot = self.occupied[level & 15].trailing_zeros() as usize;
        let shift = DIGIT_BITS * level as u32;
        let start = ((self.cursor >> shift) & !(SLOTS as u64 - 1) | slot as u64) << shift;
        Some(Place { level, slot, start, end: start | below(level) })
    }

    /// Moves the events of the earliest bucket to the end of `run`, in the order of time, and the cursor to its start,
    /// if they are at most `most` or all of one instant; tells whether it did.
    #[inline(always)]
    pub(crate) fn take(&mut self, place: Place, most: usize, run: &mut Vec<Entry>) -> bool {
        let index = place.level * SLOTS + place.slot;
        let bucket = self.buckets[index];
        let before = run.len();
        let is_one_chunk = bucket.first + EVENTS == bucket.end;
        if is_one_chunk && (bucket.next - bucket.first) as usize <= INSERTION_LIMIT.min(most) {
            for entry in &self.chunks[bucket.first as usize..bucket.next as usize] {
                run.push(*entry);
                sink_last(&mut run[before..]);
            }
            self.buckets[index] = bucket.emptied();
        } else if place.level == 0 {
            self.drain(index, |_, entry| run.push(entry));
        } else if !self.holds_at_most(bucket, most) || !self.take_by_digit(index, place.level - 1, run) {
            return false;
        }
        self.len -= run.len() - before;
        self.vacate(place.level, place.slot);
        self.cursor = place.start;
        true
    }

    /// Tells whether a bucket holds at most so many events, without walking further than needed.
    #[inline]
    fn holds_at_most(&self, bucket: Bucket, most: usize) -> bool {
        let (mut end, mut count) = (bucket.first + EVENTS, 0);
        while end != bucket.end {
            count += EVENTS as usize;
            if count > most {
                return false;
            }
            end = self.link(end) + EVENTS;
        }
        count + (bucket.next - (end - EVENTS)) as usize <= most
    }

    /// Moves the events of a bucket to the end of `run`: a counting sort by their digit on `level`, and insertion for
    /// the few that are then still out of order; tells whether it did. It does not when they are not few.
    fn take_by_digit(&mut self, index: usize, level: usize, run: &mut Vec<Entry>) -> bool {
        let before = run.len();
        let mut places = [0_u32; SLOTS];
        let bucket = self.buckets[index];
        let (mut start, mut end) = (bucket.first, bucket.first + EVENTS);
        loop {
            let stop = if end == bucket.end { bucket.next } else { end };
            for entry in &self.chunks[start as usize..stop as usize] {
                places[digit(entry.time, level)] += 1;
            }
            if end == bucket.end {
                break;
            }
            start = self.link(end);
            end = start + EVENTS;
        }
        if level > 0 && places.iter().any(|count| *count > INSERTION_LIMIT as u32) {
            return false;
        }
        let mut total = before as u32;
        for place in &mut places {
            (*place, total) = (total, total + *place);
        }
        run.resize(total as usize, Entry::default());
        self.drain(index, |_, entry| {
            let place = &mut places[digit(entry.time, level)];
            run[*place as usize] = entry;
            *place += 1;
        });
        if level > 0 {
            for end in before + 2..=run.len() {
                sink_last(&mut run[before..end]);
            }
        }
        true
    }

    /// Moves the cursor to the start of the earliest bucket and its events one level down; drops the dead ones.
    ///
    /// Events whose digit there is that of the cursor, zero, belong to lower levels still. They may wait in the bucket
    /// of that digit only because it is the earliest: the caller must take or spread it before anything is pushed.
    pub(crate) fn spread(&mut self, place: Place, dead: impl Fn(u64) -> bool + Copy) {
        debug_assert!(place.level > 0, "the events of one instant cannot be told apart");
        self.vacate(place.level, place.slot);
        self.cursor = place.start;
        let level = place.level - 1;
        let (mut occupied, mut dropped) = (0_u64, 0);
        self.drain(place.level * SLOTS + place.slot, |wheel, entry| {
            if dead(entry.payload) {
                dropped += 1;
            } else {
                let slot = digit(entry.time, level);
                occupied |= 1 << slot;
                wheel.append(level * SLOTS + slot, entry);
            }
        });
        self.len -= dropped;
        self.occupied[level] = occupied; // all lower levels were empty
        self.levels |= u32::from(occupied != 0) << level;
    }

    /// Moves all events to the end of `run`, in no order but that of equal times.
    pub(crate) fn take_all(&mut self, run: &mut Vec<Entry>) {
        while let Some(place) = self.earliest() {
            self.drain(place.level * SLOTS + place.slot, |_, entry| run.push(entry));
            self.vacate(place.level, place.slot);
        }
        self.len = 0;
    }

    /// Moves the cursor to `time`, forward or back; no event may lie between the old and the new cursor.
    ///
    /// Events on levels below the highest digit in which the two cursors differ agree with the old cursor in that
    /// digit, so that is where they belong now.
    pub(crate) fn rebase(&mut self, time: u64) {
        let level = level_of(time ^ self.cursor);
        let slot = digit(self.cursor, level);
        while self.levels.trailing_zeros() < level as u32 {
            let lower = self.levels.trailing_zeros() as usize;
            let from = self.occupied[lower].trailing_zeros() as usize;
            self.vacate(lower, from);
            self.drain(lower * SLOTS + from, |wheel, entry| wheel.append(level * SLOTS + slot, entry));
            self.occupied[level] |= 1 << slot;
            self.levels |= 1 << level;
        }
        self.cursor = time;
    }

    /// Drops all dead events.
    pub(crate) fn sweep(&mut self, dead: impl Fn(u64) -> bool + Copy) {
        let mut levels = self.levels;
        while levels != 0 {
            let level = levels.trailing_zeros() as usize;
            levels &= levels - 1;
            let mut slots = self.occupied[level];
            while slots != 0 {
                let slot = slots.trailing_zeros() as usize;
                slots &= slots - 1;
                if !self.sweep_bucket(level * SLOTS + slot, dead) {
                    self.vacate(level, slot);
                }
            }
        }
    }

    /// Drops the dead events of a bucket by moving the others forward along its chain; tells whether any is left.
    fn sweep_bucket(&mut self, index: usize, dead: impl Fn(u64) -> bool + Copy) -> bool {
        let bucket = self.buckets[index];
        let mut kept = bucket.emptied();
        let mut dropped = 0;
        let mut end = bucket.first + EVENTS;
        loop {
            let stop = if end == bucket.end { bucket.next } else { end };
            for place in end - EVENTS..stop {
                if kept.next == kept.end {
                    kept.next = self.link(kept.end);
                    kept.end = kept.next + EVENTS;
                }
                // Written in any case and kept or not: which it is cannot be predicted, a branch would cost more.
                let entry = self.chunks[place as usize];
                self.chunks[kept.next as usize] = entry;
                let is_dead = dead(entry.payload);
                kept.next += u32::from(!is_dead);
                dropped += usize::from(is_dead);
            }
            if end == bucket.end {
                break;
            }
            end = self.link(end) + EVENTS;
        }
        self.buckets[index] = kept;
        self.len -= dropped;
        // The chunks behind the last one kept are free.
        let mut end = kept.end;
        while end != bucket.end {
            let start = self.link(end);
            if end != kept.end {
                self.release(end - EVENTS);
            }
            end = start + EVENTS;
        }
        if end != kept.end {
            self.release(end - EVENTS);
        }
        kept.next != kept.first
    }

    /// Marks a bucket as empty.
    #[inline(always)]
    fn vacate(&mut self, level: usize, slot: usize) {
        let slots = &mut self.occupied[level & 15];
        *slots &= !(1 << slot);
        self.levels &= !(u32::from(*slots == 0) << level);
    }

    /// Adds an event at the end of a bucket.
    #[inline(always)]
    fn append(&mut self, index: usize, entry: Entry) {
        let mut next = self.buckets[index].next;
        if next == self.buckets[index].end {
            next = self.extend(index);
        }
        self.chunks[next as usize] = entry;
        self.buckets[index].next = next + 1;
    }

    /// Adds a chunk to the chain of a bucket and returns its first place.
    #[cold]
    #[inline(never)]
    fn extend(&mut self, index: usize) -> u32 {
        let chunk = if self.free == NONE { self.new_chunk() } else { self.free };
        self.free = self.link(chunk + EVENTS);
        let bucket = &mut self.buckets[index];
        let full = bucket.end;
        bucket.end = chunk + EVENTS;
        if full == NONE {
            bucket.first = chunk;
        } else {
            self.chunks[full as usize].payload = u64::from(chunk);
        }
        chunk
    }

    /// Returns a chunk of new memory, which is the only one on the free list.
    fn new_chunk(&mut self) -> u32 {
        let chunk = self.chunks.len();
        assert!(chunk < (NONE - PLACES) as usize, "more than 4e9 events (64 GiB) are pending");
        if self.chunks.capacity() - chunk < PLACES as usize {
            // By a quarter, not to the double: this is nearly all the memory of a large simulation.
            self.chunks.reserve_exact((chunk / 4).max(16 * PLACES as usize));
        }
        self.chunks.resize(chunk + PLACES as usize, Entry { time: 0, payload: u64::from(NONE) });
        chunk as u32
    }

    /// Empties a bucket from first to last; `each` may push into other buckets.
    #[inline(always)]
    fn drain(&mut self, index: usize, mut each: impl FnMut(&mut Self, Entry)) {
        let bucket = self.buckets[index];
        self.buckets[index] = bucket.emptied();
        let mut end = bucket.first + EVENTS;
        while end != bucket.end {
            for place in end - EVENTS..end {
                let entry = self.chunks[place as usize];
                each(self, entry);
            }
            // The link is read before the chunk is freed and used again.
            let following = self.link(end);
            if end - EVENTS != bucket.first {
                self.release(end - EVENTS);
            }
            end = following + EVENTS;
        }
        for place in end - EVENTS..bucket.next {
            let entry = self.chunks[place as usize];
            each(self, entry);
        }
        if end - EVENTS != bucket.first {
            self.release(end - EVENTS);
        }
    }

    /// Returns the first place of the chunk that the link at a place leads to.
    #[inline(always)]
    fn link(&self, place: u32) -> u32 {
        self.chunks[place as usize].payload as u32
    }

    /// Puts a chunk, given by its first place, on the free list.
    #[inline(always)]
    fn release(&mut self, chunk: u32) {
        self.chunks[(chunk + EVENTS) as usize].payload = u64::from(self.free);
        self.free = chunk;
    }
}

/// Returns the level of the highest digit in which two times differ, given their exclusive or.
#[inline(always)]
pub(crate) fn level_of(differing: u64) -> usize {
    ((63 - (differing | 1).leading_zeros()) / DIGIT_BITS) as usize
}

/// Returns a mask of the bits below the digit of a level.
#[inline(always)]
pub(crate) fn below(level: usize) -> u64 {
    (1 << (DIGIT_BITS * level as u32)) - 1
}

/// Returns the digit of a time on a level.
#[inline(always)]
fn digit(time: u64, level: usize) -> usize {
    (time >> (DIGIT_BITS * level as u32)) as usize & (SLOTS - 1)
}

/// Moves the last entry to its place among the others, which are sorted: behind its equals. Returns how many it passed.
#[inline(always)]
pub(crate) fn sink_last(entries: &mut [Entry]) -> usize {
    let Some(last) = entries.len().checked_sub(1) else { return 0 };
    let entry = entries[last];
    let mut place = last;
    while place > 0 && entries[place - 1].time > entry.time {
        entries[place] = entries[place - 1];
        place -= 1;
    }
    entries[place] = entry;
    last - place
}
