//! Rows under panels: what lasted, what happened at an instant, and a word for each.
//!
//! A word stands in its bar, or right behind or before it where nothing else is near: between two bars it could be of
//! either. What has no such place gets a number, and a list below the axis says what numbers stand for. Bars that are too
//! close for a number each share one, which stands for all of their words, from left to right.

use super::{Frame, LABEL, Sheet, outline};
use crate::axis::Laid;
use crate::canvas::Anchor;
use crate::figure::{Lane, Lines, Outcome, Shade};
use crate::font;
use crate::theme::Colour;

/// Height of a row.
pub(super) const LANE: f64 = 22.0;
/// Room for the names of rows, at most, as a share of the width: the panels keep the rest.
///
/// # Source
/// Chosen: a breaker between two parts of usual names is not cut.
const NAMES: f64 = 0.34;
/// Letters of numbers and of their list.
const NUMBER: f64 = 10.5;
/// Width of the box around a number.
const BOX: f64 = 20.0;
/// From one line of the list to the next.
const LIST_LINE: f64 = 17.0;
/// Lines of the list, at most: before it is longer, neighbours share numbers.
///
/// # Source
/// Chosen: as high as four rows.
const LIST_LINES_MOST: usize = 5;
const LIST_HEAD: &str = "Numbers in rows:";

/// How high the rows are, without the list.
pub(super) fn height(lines: &Lines) -> f64 {
    if lines.lanes.is_empty() { 0.0 } else { LANE * lines.lanes.len() as f64 + 10.0 }
}

/// Room for the names of rows left of the panels.
pub(super) fn names_width(lines: &Lines, wide: f64) -> f64 {
    let names = lines.lanes.iter().map(|lane| font::width(&lane.name, LABEL, false)).fold(0.0, f64::max);
    if lines.lanes.is_empty() { 0.0 } else { names.min(wide * NAMES) + 10.0 }
}

/// Something of a row, with its word.
struct Item<'l> {
    left: f64,
    right: f64,
    word: &'l str,
    wide: f64,
}

/// A number, and what it stands for: items of a row, from left to right.
struct Shared {
    middle: f64,
    items: Vec<usize>,
}

/// Words and numbers of a row.
struct Row<'l> {
    items: Vec<Item<'l>>,
    /// Where the word of each item begins; none where it has a number.
    words: Vec<Option<f64>>,
    /// Numbers by their place in the list, and where they stand.
    numbers: Vec<(usize, f64)>,
}

/// Words and numbers of all rows.
pub(super) struct Said<'l> {
    rows: Vec<Row<'l>>,
    /// What numbers stand for, from 1 on: how far right, on which line.
    list: Vec<(f64, usize, String)>,
}

impl Said<'_> {
    /// How high the list is.
    pub(super) fn height(&self) -> f64 {
        self.list.last().map_or(0.0, |(_, line, _)| LIST_LINE * (line + 1) as f64 + 6.0)
    }
}

/// Gives places to the words of all rows; `frame` is as wide as the panels, the list as the picture from `from` on.
pub(super) fn said<'l>(lines: &'l Lines, frame: Frame, from: f64, x: &Laid) -> Said<'l> {
    let mut apart = BOX + 3.0;
    loop {
        let mut meanings: Vec<String> = Vec::new();
        let row = |lane: &'l Lane| {
            let items = items(lane, frame, x);
            let (words, shared) = placed(&items, frame, apart);
            let numbers = shared.iter().map(|shared| {
                let meaning = meaning(&items, &shared.items);
                let known = meanings.iter().position(|known| *known == meaning);
                let at = known.unwrap_or_else(|| {
                    meanings.push(meaning);
                    meanings.len() - 1
                });
                (at, shared.middle)
            });
            let numbers = numbers.collect();
            Row { items, words, numbers }
        };
        let rows: Vec<Row> = lines.lanes.iter().map(row).collect();
        let list = listed(meanings, from, frame.right);
        let is_short = list.last().is_none_or(|(_, line, _)| *line < LIST_LINES_MOST);
        if is_short || apart > frame.width() {
            return Said { rows, list };
        }
        apart *= 1.6;
    }
}

/// What a row holds, from left to right.
fn items<'l>(lane: &'l Lane, frame: Frame, x: &Laid) -> Vec<Item<'l>> {
    let place = |at: f64| frame.x(x.place(at));
    let item = |left: f64, right: f64, word: &'l str| Item {
        left,
        right,
        word,
        wide: font::width(word, LABEL, false),
    };
    let bars = lane.bars.iter().map(|bar| {
        let (left, right) = ends(bar, frame, x);
        item(left, right, &bar.name)
    });
    let marks = lane.marks.iter().map(|(at, word)| item(place(*at) - 1.0, place(*at) + 1.0, word));
    let mut items: Vec<Item> = bars.chain(marks).collect();
    items.sort_by(|a, b| a.left.total_cmp(&b.left).then(a.right.total_cmp(&b.right)));
    items
}

/// Where a bar begins and ends: one that lasts no time is seen too.
fn ends(bar: &Shade, frame: Frame, x: &Laid) -> (f64, f64) {
    let (left, right) = (frame.x(x.place(bar.from)), frame.x(x.place(bar.to)));
    (left, right.max(left + 1.2).min(frame.right.max(left)))
}

/// Says whether anything but one item lies in a stretch.
struct Others {
    /// Of the items up to here the two that reach farthest to the right, with the first one's number.
    reach: Vec<(f64, usize, f64)>,
}

impl Others {
    fn of(items: &[Item]) -> Others {
        let mut farthest = (f64::NEG_INFINITY, usize::MAX, f64::NEG_INFINITY);
        let reach = items.iter().enumerate().map(|(at, item)| {
            if item.right > farthest.0 {
                farthest = (item.right, at, farthest.0);
            } else {
                farthest.2 = farthest.2.max(item.right);
            }
            farthest
        });
        Others { reach: reach.collect() }
    }

    fn are_in(&self, items: &[Item], but: usize, [from, to]: [f64; 2]) -> bool {
        let before = items.partition_point(|item| item.left < to);
        let Some((reach, whose, next)) = before.checked_sub(1).map(|last| self.reach[last]) else {
            return false;
        };
        from < if whose == but { next } else { reach }
    }
}

/// Gives each item its word or a number; in rounds, for numbers take places of words.
fn placed(items: &[Item], frame: Frame, apart: f64) -> (Vec<Option<f64>>, Vec<Shared>) {
    /// In most rows the second round changes nothing; a row in which each takes the place of the next has numbers only.
    const ROUNDS: usize = 12;
    let mut numbered = vec![false; items.len()];
    for round in 0.. {
        let shared = shared(items, &numbered, frame, apart);
        let words = words(items, &numbered, &shared, frame);
        let without = |at: &usize| !numbered[*at] && words[*at].is_none() && !items[*at].word.is_empty();
        let without: Vec<usize> = (0..items.len()).filter(without).collect();
        if without.is_empty() {
            return (words, shared);
        }
        if round < ROUNDS {
            without.into_iter().for_each(|at| numbered[at] = true);
        } else {
            items.iter().zip(&mut numbered).for_each(|(item, is)| *is = !item.word.is_empty());
        }
    }
    unreachable!("where all have numbers none is without")
}

/// Where words begin that have a place.
fn words(items: &[Item], numbered: &[bool], shared: &[Shared], frame: Frame) -> Vec<Option<f64>> {
    /// From a bar to its word.
    const NEAR: f64 = 5.0;
    /// From a word to the bar of another.
    const FAR: f64 = 16.0;
    let others = Others::of(items);
    let mut taken: Vec<[f64; 2]> =
        shared.iter().map(|number| [number.middle - BOX / 2.0, number.middle + BOX / 2.0]).collect();
    let mut words = vec![None; items.len()];
    for beside in [false, true] {
        for (at, Item { left, right, word, wide }) in items.iter().enumerate() {
            if numbered[at] || words[at].is_some() || word.is_empty() {
                continue;
            }
            let (middle, last) = (f64::midpoint(*left, *right) - wide / 2.0, right - NEAR - wide);
            let starts: Vec<(f64, [f64; 2])> = if beside {
                // Behind, or else before.
                vec![(right + NEAR, [NEAR - 1.0, FAR]), (left - NEAR - wide, [FAR, NEAR - 1.0])]
            } else {
                let room = [left + NEAR, left + BOX / 2.0 + NEAR, middle, last];
                let inside =
                    room.into_iter().filter(|start| start - left >= 3.0 && start + wide <= right - 3.0);
                inside.map(|start| (start, [2.0, 2.0])).collect()
            };
            let free = |(start, [before, behind]): &(f64, [f64; 2])| {
                let (from, to) = (*start, start + wide);
                from >= frame.left + 2.0
                    && to <= frame.right
                    && !others.are_in(items, at, [from - before, to + behind])
                    && taken.iter().all(|[l, r]| to + 6.0 <= *l || from - 6.0 >= *r)
            };
            if let Some((start, _)) = starts.into_iter().find(free) {
                words[at] = Some(start);
                taken.push([start, start + wide]);
            }
        }
    }
    words
}

/// Numbers at the items that have them, so far apart; those that are closer are one.
fn shared(items: &[Item], numbered: &[bool], frame: Frame, apart: f64) -> Vec<Shared> {
    let within = |middle: f64| {
        let (least, most) = (frame.left + BOX / 2.0, frame.right - BOX / 2.0);
        middle.min(most).max(least)
    };
    let middle = |item: &Item| within(f64::midpoint(item.left, item.right));
    let mut alone: Vec<(f64, usize)> = items
        .iter()
        .enumerate()
        .filter(|(at, _)| numbered[*at])
        .map(|(at, item)| (middle(item), at))
        .collect();
    alone.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    // Each with the first and the last middle of what it stands for.
    let mut all: Vec<(f64, f64, Vec<usize>)> = Vec::new();
    for (middle, at) in alone {
        all.push((middle, middle, vec![at]));
        while let [.., (first, last, _), (next, end, _)] = &all[..] {
            if f64::midpoint(*next, *end) - f64::midpoint(*first, *last) >= apart {
                break;
            }
            let (_, end, items) = all.pop().expect("there are two");
            let before = all.last_mut().expect("there are two");
            before.1 = end;
            before.2.extend(items);
        }
    }
    all.into_iter()
        .map(|(first, last, mut items)| {
            items.sort_unstable();
            Shared { middle: f64::midpoint(first, last), items }
        })
        .collect()
}

/// What a number stands for: words from left to right, each once with how often it is there.
fn meaning(items: &[Item], of: &[usize]) -> String {
    /// More are a sentence nobody reads.
    const WORDS: usize = 3;
    const WORD_MOST: f64 = 220.0;
    let mut counted: Vec<(&str, usize)> = Vec::new();
    let mut beyond = 0;
    for at in of {
        let word = items[*at].word;
        match counted.iter().position(|(known, _)| *known == word) {
            Some(known) => counted[known].1 += 1,
            None if counted.len() < WORDS => counted.push((word, 1)),
            None => beyond += 1,
        }
    }
    let said = counted.into_iter().map(|(word, n)| {
        let word = font::cut_name(word, NUMBER, false, WORD_MOST);
        if n > 1 { format!("{n} × {word}") } else { word }
    });
    let said: Vec<String> = said.collect();
    let more = if beyond > 0 { format!(" and {beyond} more") } else { String::new() };
    format!("{}{more}", said.join(", "))
}

/// Gives places to the entries of the list.
fn listed(meanings: Vec<String>, from: f64, to: f64) -> Vec<(f64, usize, String)> {
    const GAP: f64 = 16.0;
    let head = font::width(LIST_HEAD, NUMBER, false) + 10.0;
    let (mut x, mut line) = (from + head, 0);
    let mut list = Vec::new();
    for meaning in meanings {
        // Half of a line each at least, so that a row with one number takes no more than that.
        let meaning = font::cut_name(&meaning, NUMBER, false, (to - from) / 2.0 - BOX - GAP);
        let wide = BOX + 5.0 + font::width(&meaning, NUMBER, false);
        if x + wide > to && x > from {
            (x, line) = (from, line + 1);
        }
        list.push((x, line, meaning));
        x += wide + GAP;
    }
    list
}

/// Draws the rows, the first of which begins at the top of the frame, and from `below` on what numbers stand for.
pub(super) fn draw(
    sheet: &mut Sheet,
    frame: Frame,
    (from, below): (f64, f64),
    lanes: &[Lane],
    said: &Said,
    x: &Laid,
) {
    let names: Vec<&str> = lanes.iter().map(|lane| lane.name.as_str()).collect();
    let names = font::told_apart(&names, LABEL, false, frame.left - from - 10.0);
    for (at, ((lane, row), name)) in lanes.iter().zip(&said.rows).zip(&names).enumerate() {
        let top = frame.top + LANE * at as f64;
        draw_lane(sheet, Frame { top, bottom: top + LANE, ..frame }, (lane, name), x);
        say(sheet, top + LANE / 2.0, row);
    }
    if said.list.is_empty() {
        return;
    }
    sheet.write((from, below + 12.0), LIST_HEAD, Anchor::Start, Colour::Quiet, NUMBER, false);
    for (at, (x, line, meaning)) in said.list.iter().enumerate() {
        let y = below + 12.0 + LIST_LINE * *line as f64;
        number(sheet, (x + BOX / 2.0, y), at);
        sheet.write((x + BOX + 5.0, y), meaning, Anchor::Start, Colour::Ink, NUMBER, false);
    }
}

fn number(sheet: &mut Sheet, (middle, letters): (f64, f64), at: usize) {
    let sides = [middle - BOX / 2.0, letters - 10.5, middle + BOX / 2.0, letters + 3.0];
    let (ground, ink) = (sheet.theme.ground(), sheet.rgb(Colour::Quiet));
    sheet.canvas.rect(sides, ground, 0.9);
    sheet.canvas.line(outline(sides), ink, 1.0);
    let text = (at + 1).to_string();
    sheet.write((middle, letters), &text, Anchor::Middle, Colour::Ink, NUMBER, false);
}

fn say(sheet: &mut Sheet, middle: f64, row: &Row) {
    let letters = middle + 0.36 * LABEL;
    for (item, start) in row.items.iter().zip(&row.words) {
        if let Some(start) = start {
            sheet.label((*start, letters), item.word, Anchor::Start, Colour::Ink);
        }
    }
    for (at, place) in &row.numbers {
        number(sheet, (*place, middle + 0.36 * NUMBER), *at);
    }
}

/// A row without its words: its name on the left, what lasted as bars, what happened as strokes.
fn draw_lane(sheet: &mut Sheet, frame: Frame, (lane, name): (&Lane, &str), x: &Laid) {
    let middle = f64::midpoint(frame.top, frame.bottom);
    sheet.label((frame.left - 9.0, middle + 0.36 * LABEL), name, Anchor::End, Colour::Ink);
    let grid = sheet.rgb(Colour::Grid);
    sheet.canvas.line(vec![(frame.left, middle), (frame.right, middle)], grid, 1.0);
    for bar in &lane.bars {
        let rgb = sheet.rgb(bar.colour);
        let (left, right) = ends(bar, frame, x);
        // Higher than a number, so that one is seen behind it.
        sheet.canvas.rect([left, frame.top + 2.0, right, frame.bottom - 2.0], rgb, 0.45);
        sheet.canvas.line(vec![(left, frame.top + 2.0), (left, frame.bottom - 2.0)], rgb, 1.6);
    }
    for (at, outcome) in &lane.dots {
        let place = (frame.x(x.place(*at)), middle);
        match outcome {
            Outcome::Met => {
                let rgb = sheet.rgb(Colour::Better);
                sheet.canvas.dot(place, 4.0, rgb);
            }
            Outcome::Missed | Outcome::Unserved => sheet.cross(place, Colour::Bound),
            Outcome::Undecided => sheet.ring(place, Colour::Bound),
        }
    }
    let rgb = sheet.rgb(lane.colour);
    for (at, _) in &lane.marks {
        let place = frame.x(x.place(*at));
        sheet.canvas.line(vec![(place, frame.top + 3.0), (place, frame.bottom - 3.0)], rgb, 1.8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDE: Frame = Frame { left: 100.0, top: 0.0, right: 900.0, bottom: LANE };

    fn row(bars: &[(f64, f64, &'static str)]) -> Vec<Item<'static>> {
        let item = |(left, right, word): &(f64, f64, &'static str)| Item {
            left: *left,
            right: *right,
            word,
            wide: font::width(word, LABEL, false),
        };
        bars.iter().map(item).collect()
    }

    /// Holds that each item has its word or a number, that nothing touches, and that a word is beside no other bar.
    fn holds(items: &[Item]) {
        let (words, shared) = placed(items, WIDE, BOX + 3.0);
        let mut taken: Vec<[f64; 2]> =
            shared.iter().map(|s| [s.middle - BOX / 2.0, s.middle + BOX / 2.0]).collect();
        for (at, item) in items.iter().enumerate() {
            let numbers = shared.iter().filter(|shared| shared.items.contains(&at)).count();
            assert_eq!(numbers, usize::from(words[at].is_none()), "{}", item.word);
            let Some(start) = words[at] else { continue };
            let word = [start, start + item.wide];
            let touches = |[l, r]: [f64; 2]| word[0] < r && l < word[1];
            assert!(!items.iter().enumerate().any(|(n, of)| n != at && touches([of.left, of.right])));
            let away = (start - item.right).max(item.left - word[1]);
            assert!(away <= 5.0 + 1e-9, "{} is {away} from its bar", item.word);
            taken.push(word);
        }
        taken.sort_by(|a, b| a[0].total_cmp(&b[0]));
        assert!(taken.windows(2).all(|pair| pair[0][1] <= pair[1][0]), "{taken:?}");
        assert!(taken.iter().all(|[l, r]| *l >= WIDE.left && *r <= WIDE.right), "{taken:?}");
    }

    #[test]
    fn every_one_of_many_short_bars_has_its_word_or_a_number_and_nothing_touches() {
        let names = ["open", "half-open", "hang of backend/0", "1 down", "since 301.5 s"];
        for (bars, wide, apart) in
            [(3, 4.0, 6.0), (12, 2.0, 60.0), (30, 8.0, 9.0), (400, 1.2, 2.0), (5, 150.0, 160.0)]
        {
            for begin in [100.0, 300.0, 880.0] {
                let bar = |n: usize| {
                    let left: f64 = begin + apart * n as f64;
                    (left.min(899.0), (left + wide).min(900.0), names[n % names.len()])
                };
                let bars: Vec<_> = (0..bars).map(bar).collect();
                holds(&row(&bars));
            }
        }
        // One over the other.
        holds(&row(&[(200.0, 700.0, "1 draining"), (210.0, 230.0, "1 stopped"), (220.0, 222.0, "start")]));
    }

    #[test]
    fn a_word_between_two_bars_is_of_one_of_them() {
        // A short one right before another: its word would be read as the other's.
        let items = row(&[(300.0, 310.0, "open"), (312.0, 313.0, "half-open")]);
        let (words, shared) = placed(&items, WIDE, BOX + 3.0);
        assert!(words[0].is_some_and(|start| start < 300.0) && words[1].is_some_and(|start| start > 313.0));
        assert!(shared.is_empty());
    }

    #[test]
    fn what_shares_a_number_is_told_in_order_and_counted() {
        let items =
            row(&[(1.0, 2.0, "open"), (3.0, 4.0, "half-open"), (5.0, 6.0, "open"), (7.0, 8.0, "start")]);
        assert_eq!(meaning(&items, &[0]), "open");
        assert_eq!(meaning(&items, &[0, 1, 2]), "2 × open, half-open");
        let items =
            row(&[(1.0, 2.0, "a"), (3.0, 4.0, "b"), (5.0, 6.0, "c"), (7.0, 8.0, "d"), (9.0, 9.5, "e")]);
        assert_eq!(meaning(&items, &[0, 1, 2, 3, 4]), "a, b, c and 2 more");
    }
}
