//! Events in buckets by the bits of their time.

/// One event: its time [ns] and what it means to the crates above.
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

/// Places of a chunk, the last of which holds the link to the next chunk instead of an event.
const CHUNK: u32 = 32;
const LINK: u32 = CHUNK - 1;
/// Most events of a bucket that are sorted by insertion alone.
const INSERTION_LIMIT: usize = 16;
/// "No chunk": it looks like a full one, so that the first push into a bucket takes the path that fetches a chunk.
const NONE: u32 = u32::MAX;

/// A FIFO of events in a chain of chunks.
#[derive(Clone, Copy)]
struct Bucket {
    /// The first place of the first chunk, or `NONE`. A bucket keeps this chunk for good.
    first: u32,
    /// The place for the next event; the place of the link if the last chunk is full.
    next: u32,
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
/// All buckets share chunks of 31 events; a chunk emptied is the next one used. Memory follows the largest number of
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
            buckets: Box::new([Bucket { first: NONE, next: NONE }; LEVELS * SLOTS]),
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
        let Bucket { first, next } = self.buckets[index];
        let count = next.wrapping_sub(first) as usize;
        let before = run.len();
        if same_chunk(first, next) && count <= INSERTION_LIMIT.min(most) {
            run.extend_from_slice(&self.chunks[first as usize..next as usize]);
            self.buckets[index].next = first;
            sort(&mut run[before..]);
        } else if place.level == 0 {
            self.drain(index, |_, entry| run.push(entry));
        } else {
            let Some(counts) = self.count_digits(index, place.level - 1, most) else { return false };
            self.take_by_digit(index, place.level - 1, counts, run);
        }
        self.len -= run.len() - before;
        self.vacate(place.level, place.slot);
        self.cursor = place.start;
        true
    }

    /// Counts the events of a bucket by their digit on `level`, unless they are more than `most`.
    fn count_digits(&self, index: usize, level: usize, most: usize) -> Option<[u32; SLOTS]> {
        let Bucket { first, next } = self.buckets[index];
        let mut counts = [0; SLOTS];
        let (mut start, mut counted) = (first, 0);
        loop {
            let end = if same_chunk(start, next) { next } else { start | LINK };
            counted += (end - start) as usize;
            if counted > most {
                return None;
            }
            for entry in &self.chunks[start as usize..end as usize] {
                counts[digit(entry.time, level)] += 1;
            }
            if end == next {
                return Some(counts);
            }
            start = self.chunks[end as usize].payload as u32;
        }
    }

    /// Moves the events of a bucket to the end of `run`: a counting sort by their digit on `level`, and insertion for
    /// the few that are then still out of order.
    fn take_by_digit(&mut self, index: usize, level: usize, counts: [u32; SLOTS], run: &mut Vec<Entry>) {
        let before = run.len();
        let mut places = counts;
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
            sort(&mut run[before..]);
        }
    }

    /// Moves the cursor to the start of the earliest bucket and its events to lower levels; drops the dead ones.
    pub(crate) fn spread(&mut self, place: Place, dead: &impl Fn(u64) -> bool) {
        debug_assert!(place.level > 0, "the events of one instant cannot be told apart");
        self.vacate(place.level, place.slot);
        self.cursor = place.start;
        self.drain(place.level * SLOTS + place.slot, |wheel, entry| {
            wheel.len -= 1;
            if !dead(entry.payload) {
                wheel.push(entry);
            }
        });
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
    pub(crate) fn sweep(&mut self, dead: &impl Fn(u64) -> bool) {
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
    fn sweep_bucket(&mut self, index: usize, dead: &impl Fn(u64) -> bool) -> bool {
        let Bucket { first, next } = self.buckets[index];
        let (mut read, mut write) = (first, first);
        let mut dropped = 0;
        loop {
            let end = if same_chunk(read, next) { next } else { read | LINK };
            for place in read..end {
                let entry = self.chunks[place as usize];
                if dead(entry.payload) {
                    dropped += 1;
                    continue;
                }
                if write & LINK == LINK {
                    write = self.chunks[write as usize].payload as u32;
                }
                self.chunks[write as usize] = entry;
                write += 1;
            }
            if end == next {
                break;
            }
            read = self.chunks[end as usize].payload as u32;
        }
        self.buckets[index].next = write;
        self.release_after(write, next);
        self.len -= dropped;
        write != first
    }

    /// Frees the chunks of a chain that follow the chunk of place `kept`, to the end of the chain at place `last`.
    fn release_after(&mut self, kept: u32, last: u32) {
        let mut place = kept;
        let mut is_kept = true;
        while !same_chunk(place, last) {
            let following = self.chunks[(place | LINK) as usize].payload as u32;
            if !is_kept {
                self.release(place);
            }
            (place, is_kept) = (following, false);
        }
        if !is_kept {
            self.release(place & !LINK);
        }
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
        if next & LINK == LINK {
            next = self.extend(index);
        }
        self.chunks[next as usize] = entry;
        self.buckets[index].next = next + 1;
    }

    /// Adds a chunk to the chain of a bucket and returns its first place.
    #[cold]
    #[inline(never)]
    fn extend(&mut self, index: usize) -> u32 {
        let chunk = if self.free == NONE {
            let chunk = self.chunks.len();
            assert!(chunk < (NONE - CHUNK) as usize, "more than 4e9 events (64 GiB) are pending");
            if chunk == self.chunks.capacity() {
                // By a quarter, not to the double: this is nearly all the memory of a large simulation.
                self.chunks
                    .reserve_exact((chunk / 4).next_multiple_of(CHUNK as usize).max(16 * CHUNK as usize));
            }
            self.chunks.resize(chunk + CHUNK as usize, Entry::default());
            chunk as u32
        } else {
            let chunk = self.free;
            self.free = self.chunks[(chunk | LINK) as usize].payload as u32;
            chunk
        };
        let bucket = &mut self.buckets[index];
        if bucket.first == NONE {
            bucket.first = chunk;
        } else {
            self.chunks[bucket.next as usize].payload = u64::from(chunk);
        }
        chunk
    }

    /// Empties a bucket from first to last; `each` may push into other buckets.
    #[inline(always)]
    fn drain(&mut self, index: usize, mut each: impl FnMut(&mut Self, Entry)) {
        let Bucket { first, next } = self.buckets[index];
        self.buckets[index].next = first;
        let mut start = first;
        loop {
            let is_last = same_chunk(start, next);
            let end = if is_last { next } else { start | LINK };
            for place in start..end {
                let entry = self.chunks[place as usize];
                each(self, entry);
            }
            // The link is read before the chunk is freed: `each` must not overwrite what is still to come.
            let following = self.chunks[(start | LINK) as usize].payload as u32;
            if start != first {
                self.release(start);
            }
            if is_last {
                break;
            }
            start = following;
        }
    }

    /// Puts a chunk, given by its first place, on the free list.
    #[inline(always)]
    fn release(&mut self, chunk: u32) {
        self.chunks[(chunk | LINK) as usize].payload = u64::from(self.free);
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

/// Sorts stably by time: insertion, because there are few or they are nearly in order.
#[inline(always)]
fn sort(entries: &mut [Entry]) {
    for end in 2..=entries.len() {
        sink_last(&mut entries[..end]);
    }
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

/// Tells whether two places lie in one chunk.
#[inline(always)]
fn same_chunk(one: u32, other: u32) -> bool {
    one | LINK == other | LINK
}
