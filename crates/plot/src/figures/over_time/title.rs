//! What the title of a figure over time says: where it was worst, or how a percentile went.

use kneepoint_experiment::result::Unit;

use super::story::{Story, Struck};
use super::told;
use crate::Interval;
use crate::axis::words;
use crate::figure::Series;
use crate::figures::brief;
use crate::results::{ClientTimeline, RunResults, Timeline};

/// The title speaks for all windows if so many of them have a number.
///
/// # Source
/// Chosen: what one window in ten does unseen is no other course.
const KNOWN_FROM: f64 = 0.9;

pub(super) fn title(
    run: &RunResults,
    of: &Timeline,
    client: &ClientTimeline,
    latency: &[Series],
    story: &Story,
) -> String {
    let name = brief(&run.called(&client.name));
    let Some(series) = told(latency) else { return format!("What {name} saw, over time") };
    let measured = || series.points.iter().filter(|(at, _)| *at >= run.run.warm_up);
    let mut known: Vec<(f64, f64)> =
        measured().filter_map(|(at, value)| Some(((*value)?.value, *at))).collect();
    known.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (Some((least, _)), Some((most, at))) = (known.first(), known.last()) else {
        return format!("What {name} saw, over time");
    };
    let median = known[known.len() / 2].0;
    let said = |value: f64| words(value, &Unit::Duration);
    // Of what some windows say the others may say something else.
    let all = measured().count();
    let of_some = if (known.len() as f64) < KNOWN_FROM * all as f64 {
        format!(" in the {} of {all} windows with enough answers", known.len())
    } else {
        String::new()
    };
    let course: Vec<f64> = measured().filter_map(|(_, value)| Some((*value)?.value)).collect();
    let peak = *most >= PEAK_FROM * median && noise(&course).is_some_and(|noise| *most > median + noise);
    // Where replications do not agree on the highest window, it is one that chance made.
    let is_sure = |(of, value): &&(f64, Option<Interval>)| {
        *of == *at && value.is_some_and(|v| v.ends.is_none_or(|(low, _)| low > median))
    };
    if !peak || !measured().any(|point| is_sure(&point)) {
        return format!(
            "{} of good answers to {name} stays between {} and {}{of_some}",
            series.name,
            said(*least),
            said(*most)
        );
    }
    let when = when_it_peaks(of, series, (*most, *at), median, story);
    format!("{} of good answers to {name}, usually {}, {when}{of_some}", series.name, said(median))
}

/// From so many times the median on the highest window is one that is seen.
///
/// # Source
/// Chosen: half as much again.
const PEAK_FROM: f64 = 1.5;

/// How far from their median the farthest of these numbers is by chance, if nothing happens that lasts; nothing of fewer
/// than three.
///
/// # Source
/// The spread is taken of neighbours, which belong to one course of things however that changes: half of their distances
/// are below `scale · ln 2` where the numbers have an exponential tail, as waiting times have (the distance of two such
/// numbers is exponential itself, with the same scale; of normal noise it is an even wider bound, of more than six
/// standard deviations). Of n numbers half lie above the median, and the highest is beyond `scale · ln(n / 2 / 0.05)` with
/// a probability of 5 % at most (Bonferroni). In the models without fault and change of load it holds for every client;
/// neighbours that depend on each other, as in queues near saturation, lie closer, so who tells a peak asks for more.
fn noise(course: &[f64]) -> Option<f64> {
    let apart = distances(course)?;
    let scale = apart[apart.len() / 2] / std::f64::consts::LN_2;
    Some(scale * (course.len() as f64 / 2.0 / BY_CHANCE).ln())
}

/// Says how high it is and when, and names the fault that began before it and from which on it was high.
fn when_it_peaks(
    of: &Timeline,
    series: &Series,
    (most, at): (f64, f64),
    median: f64,
    story: &Story,
) -> String {
    let said = |value: f64| words(value, &Unit::Duration);
    let peaks = format!("peaks at {} at {}", said(most), said(at));
    let Some(window) = series.points.iter().position(|(of, _)| *of == at) else { return peaks };
    // It is high as long as it is above the middle of what is usual and the highest.
    let is_high = |window: &usize| {
        let value = series.points.get(*window).and_then(|(_, value)| *value);
        value.is_some_and(|v| v.value > f64::midpoint(median, most))
    };
    let first = (0..=window).rev().take_while(is_high).last().unwrap_or(window);
    let last = (window..series.points.len()).take_while(is_high).last().unwrap_or(window);
    let (Some(from), Some(to)) = (of.bounds.get(first), of.bounds.get(last + 1)) else { return peaks };
    let each = to - of.bounds[last];
    let follows = |fault: &&Struck| *from >= fault.from - each && *from < fault.to + each;
    let Some(fault) = story.faults.iter().find(follows) else { return peaks };
    let (family, name) = (fault.family, brief(&fault.name));
    // Requests that were made while it lasted end in the next window.
    if *to <= fault.to + each {
        format!("reaches {} while the {family} \"{name}\" lasts", said(most))
    } else if of.bounds[window] < fault.to {
        format!("{peaks}, during the {family} \"{name}\"")
    } else {
        format!("{peaks}, after the {family} \"{name}\", which is over at {}", said(fault.to))
    }
}

/// Where fewest requests ended well: a stretch of windows that are as bad as each other.
pub(super) struct Worst {
    /// The windows, from the first to the last.
    pub(super) windows: std::ops::RangeInclusive<usize>,
    /// Of the window in which fewest ended well.
    share: f64,
    /// Whether none did in any of them.
    pub(super) none: bool,
    /// Other stretches that are as bad.
    more: usize,
    /// The lowest and the highest share of any window, where all are alike but for chance.
    alike: Option<(f64, f64)>,
}

/// Returns where fewest requests ended well while it was measured, if they were surely few. A window in which requests
/// were sent and none ended well is the worst there can be, whether they ended otherwise or not at all.
pub(super) fn worst(run: &RunResults, of: &Timeline, client: &ClientTimeline) -> Option<Worst> {
    /// Chosen: fewer are hardly seen in the figure.
    const FAIL_FROM: f64 = 0.05;
    /// Shares that are no farther apart are one course of things.
    ///
    /// # Source
    /// Chosen: as above, what is hardly seen.
    const SAME: f64 = 0.05;
    let tried = tried(of, client);
    let windows = of.bounds.windows(2).zip(client.good.total.iter().zip(&tried)).enumerate();
    let measured = windows.filter(|(_, (bounds, _))| bounds[0] >= run.run.warm_up);
    let shares: Vec<(usize, Option<f64>)> = measured
        .filter(|(_, (_, (_, tried)))| **tried > 0)
        .map(|(window, (_, (good, tried)))| {
            // Surely few, and not by chance of few requests.
            let few = surely_at_most(*good, *tried).is_some_and(|most| most <= 1.0 - FAIL_FROM);
            (window, few.then_some(*good as f64 / *tried as f64))
        })
        .collect();
    let share = shares.iter().filter_map(|(_, share)| *share).min_by(f64::total_cmp)?;
    let alike = alike(client, &tried, shares.iter().map(|(window, _)| *window));
    let is_as_bad = |of: &(usize, Option<f64>)| of.1.is_some_and(|of| of <= share + SAME);
    let stretches: Vec<&[(usize, Option<f64>)]> =
        shares.chunk_by(|a, b| is_as_bad(a) == is_as_bad(b)).filter(|chunk| is_as_bad(&chunk[0])).collect();
    // The first of the longest.
    let longest = stretches.iter().rev().max_by_key(|stretch| stretch.len())?;
    Some(Worst {
        windows: longest[0].0..=longest[longest.len() - 1].0,
        share: longest.iter().filter_map(|(_, share)| *share).fold(1.0, f64::min),
        none: longest.iter().all(|(_, share)| *share == Some(0.0)),
        more: stretches.len() - 1,
        alike,
    })
}

/// The lowest and the highest share of requests that ended well in any of these windows, if chance makes such differences:
/// that of the requests, or what makes neighbours differ.
fn alike(client: &ClientTimeline, tried: &[u64], windows: impl Iterator<Item = usize>) -> Option<(f64, f64)> {
    let counts: Vec<(f64, f64)> = windows
        .filter_map(|window| Some((*client.good.total.get(window)? as f64, tried[window] as f64)))
        .collect();
    let course: Vec<f64> = counts.iter().map(|(good, tried)| (good / tried).min(1.0)).collect();
    let (good, all) = counts.iter().fold((0.0, 0.0), |(a, b), (good, tried)| (a + good, b + tried));
    let mut order = course.clone();
    order.sort_by(f64::total_cmp);
    let (low, high) = (*order.first()?, *order.last()?);
    let (median, share) = (order[order.len() / 2], (good / all).min(1.0));
    // Few windows have hardly a neighbour: at least as far as single requests make windows of their size differ, by the
    // standard deviation of a share (binomial); of n of them none is beyond √(2 ln(n / 0.05)) of these with a probability of
    // 95 % (the tail of a normal number, Bonferroni).
    let n = counts.len() as f64;
    let single = (share * (1.0 - share) / (all / n)).sqrt();
    let far = noise(&course)?.max(single * (2.0 * (n / BY_CHANCE).ln()).sqrt());
    if median - low > far || high - median > far {
        return None;
    }
    // What single windows may do by chance, many in a row may not: the mean of any stretch is judged too, by as many
    // standard errors as are rare of all n²/2 stretches even where the tail is exponential.
    let each = single.max(spread(&course)?);
    let rare = (n * n / 2.0 / BY_CHANCE).ln();
    let mut sums = vec![0.0];
    course.iter().for_each(|of| sums.push(sums[sums.len() - 1] + of - share));
    let stands_out =
        |from: usize, to: usize| (sums[to] - sums[from]).abs() > rare * each * ((to - from) as f64).sqrt();
    let step = course.len().div_ceil(STRETCHES);
    let stands_out =
        (0..=course.len()).step_by(step).any(|to| (0..to).step_by(step).any(|from| stands_out(from, to)));
    (!stands_out).then_some((low, high))
}

/// Stretches begin and end at so many windows at most.
const STRETCHES: usize = 500;

/// Probability that what is told as an event is none.
const BY_CHANCE: f64 = 0.05;

/// How far neighbours are from what they are about, as a standard deviation: half of the distances of two normal numbers are
/// below √2 · 0.6745 of them.
fn spread(course: &[f64]) -> Option<f64> {
    let apart = distances(course)?;
    Some(apart[apart.len() / 2] / (std::f64::consts::SQRT_2 * 0.6745))
}

/// The distances of neighbours, in rising order; nothing of fewer than three numbers.
fn distances(course: &[f64]) -> Option<Vec<f64>> {
    let mut apart: Vec<f64> = course.windows(2).map(|pair| (pair[1] - pair[0]).abs()).collect();
    apart.sort_by(f64::total_cmp);
    (apart.len() >= 2).then_some(apart)
}

/// How many requests of each window show how many end well: those that ended in it, for what was sent may end in the
/// next; or those that were sent, where none at all ended although some should have.
fn tried(of: &Timeline, client: &ClientTimeline) -> Vec<u64> {
    /// Requests after which it is no chance that none has ended.
    ///
    /// # Source
    /// Chosen: if as many end as are sent, none of ten does with a probability of e⁻¹⁰.
    const NO_CHANCE: u64 = 10;
    let windows = of.bounds.len().saturating_sub(1);
    let at = |counts: &[u64], window: usize| counts.get(window).copied().unwrap_or(0);
    let ended: Vec<u64> = (0..windows)
        .map(|window| {
            let of = client.by_status.values().map(|of| at(&of.total, window));
            of.fold(0, u64::saturating_add)
        })
        .collect();
    let mut tried = ended.clone();
    // The first requests take their time too: before one has ended, only that none ever does says anything.
    let begin = ended.iter().position(|n| *n > 0).unwrap_or(0);
    // Results that do not say how requests ended do not say that none did.
    let mut window = if client.by_status.is_empty() { windows } else { begin };
    while window < windows {
        let still = ended[window..].iter().take_while(|n| **n == 0).count();
        let sent = (window..window + still).map(|window| at(&client.sent.total, window));
        if sent.fold(0, u64::saturating_add) >= NO_CHANCE {
            for (later, tried) in tried[window..window + still].iter_mut().enumerate() {
                *tried = at(&client.sent.total, window + later);
            }
        }
        window += still.max(1);
    }
    tried
}

/// Says how few requests ended well where it was worst, and when that was.
pub(super) fn failures(
    run: &RunResults,
    of: &Timeline,
    client: &ClientTimeline,
    story: &Story,
    worst: &Worst,
) -> String {
    let name = brief(&run.called(&client.name));
    let percent = kneepoint_report::percent;
    match worst.alike {
        Some((_, 0.0)) => {
            return format!("No request of {name} ends well in all the time that is measured");
        }
        Some((low, high)) => {
            let shares = match [low, high].map(percent) {
                [low, high] if low == high => low,
                [low, high] => format!("{low} to {high}"),
            };
            return format!(
                "{shares} of the ended requests of {name} ended well in each window: no change beyond chance"
            );
        }
        None => {}
    }
    let head = if worst.none {
        format!("No request of {name} ends well")
    } else if worst.share < 0.0005 {
        // It would be written as 0 %, which is none.
        format!("Next to no request of {name} ends well")
    } else {
        // Of those that ended in a window: what was sent in it may end in a later one, or not at all.
        format!("As few as {} of the ended requests of {name} ended well", percent(worst.share))
    };
    let (first, last) = (*worst.windows.start(), *worst.windows.end());
    let (from, to) = (of.bounds[first], of.bounds[last + 1]);
    let said = |at: f64| words(at, &Unit::Duration);
    let to_the_end = last + 2 == of.bounds.len();
    let stretch = match (first == last, to_the_end) {
        (true, _) => format!("at {}", said(f64::midpoint(from, to))),
        (false, true) => format!("from {} to the end", said(from)),
        (false, false) => format!("from {} to {}", said(from), said(to)),
    };
    // What was sent while a fault lasted may end a window later.
    let each = to - of.bounds[last];
    let fault = story.faults.iter().find(|fault| fault.from < to && from < fault.to);
    let when = match fault {
        Some(fault) if to <= fault.to + each && from >= fault.from - each => {
            let (family, name) = (fault.family, brief(&fault.name));
            // Of the windows in which it begins and ends a part is as ever.
            if from <= fault.from + each && to >= fault.to - each {
                format!("while the {family} \"{name}\" lasts")
            } else {
                format!("{stretch}, during the {family} \"{name}\"")
            }
        }
        Some(fault) if to_the_end && from >= fault.from - each => {
            format!(
                "{stretch}, though the {} \"{}\" is over at {}",
                fault.family,
                brief(&fault.name),
                said(fault.to)
            )
        }
        _ => stretch,
    };
    let more = match worst.more {
        0 => String::new(),
        1 => ", and once more".to_string(),
        more => format!(", and {more} more times"),
    };
    format!("{head} {when}{more}")
}

/// The upper end of the 95 % interval of a share; nothing of nothing.
///
/// # Source
/// Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22(158), 1927.
fn surely_at_most(of: u64, all: u64) -> Option<f64> {
    kneepoint_statistics::Estimated::proportion(of.min(all), all, 0.95).known().map(|e| e.high)
}
