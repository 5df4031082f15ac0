//! Single requests in full: who called whom, and where the time went.

use kneepoint_experiment::result::Unit;
use kneepoint_plot::Palette;
use kneepoint_report::{Depths, quantity};

use crate::at::{At, nanos};
use crate::document::{Block, Request, Section, SpanLine};

/// Lines of one request that are shown.
const LINES_MOST: usize = 200;

/// Requests that are shown of each client whatever else happened.
const NEAR: [&str; 3] = ["near p50", "near p99", "near p99.9"];

/// One request near each percentile and one of each way to fail, of each client.
pub(crate) fn requests(run: &At<'_>, colours: &Palette) -> Section {
    let mut section = Section::new("requests", "Sampled requests");
    let samples = run.get("samples").list();
    if samples.is_empty() {
        section
            .say("The results hold no sampled request: none ended while it was measured, or none was kept.");
        return section;
    }
    section.say("Of the first replication: requests near the percentiles, and one of each way to end badly. A bar shows when and how long; marked is the path that decided, whose pieces follow each other without a gap.");
    let clients: Vec<&str> =
        run.get("clients").list().iter().map(|client| client.get("name").text()).collect();
    let mut open = true;
    for client in &clients {
        let of: Vec<&At<'_>> =
            samples.iter().filter(|sample| sample.get("client").text() == *client).collect();
        let mut chosen: Vec<&At<'_>> = Vec::new();
        let mut lacking = Vec::new();
        for wanted in NEAR {
            match of.iter().find(|sample| sample.get("why").text() == wanted) {
                Some(sample) => chosen.push(sample),
                None => lacking.push(wanted.trim_start_matches("near ")),
            }
        }
        let mut statuses: Vec<&str> = Vec::new();
        for sample in &of {
            let [why, status] = ["why", "status"].map(|key| sample.get(key).text());
            // One that failed is shown for how it ended, and is called that.
            if why == status && !statuses.contains(&status) {
                statuses.push(status);
                chosen.push(sample);
            }
        }
        let slowest = of.iter().find(|sample| sample.get("why").text() == "slowest");
        if lacking.contains(&"p99.9") {
            chosen.extend(slowest);
        }
        if !lacking.is_empty() {
            section.say(format!(
                "Too few requests of {client} ended well in the first replication to show one near {}.",
                lacking.join(" or ")
            ));
        }
        for sample in chosen {
            section.add(Block::Request(request(sample, colours, std::mem::take(&mut open))));
        }
    }
    section
}

fn request(sample: &At<'_>, colours: &Palette, open: bool) -> Request {
    let latency = sample.get("latency").number().unwrap_or(0.0);
    let took = words(latency);
    let [client, why, status] = ["client", "why", "status"].map(|key| sample.get(key).text());
    let born = sample.get("born").number().unwrap_or(0.0);
    let title = if why == status {
        format!("{client}: ended with {status} after {took}, sent at {}", words(born))
    } else {
        format!("{client}, {why}: {took}, {status}, sent at {}", words(born))
    };
    let strands = sample.get("strands").list();
    let mut spans = Vec::new();
    strand(&strands, 0, 0, colours, &mut spans);
    let path = path(&strands, latency);
    let note = (spans.len() > LINES_MOST).then(|| {
        format!("{} more lines are left out; the JSON of the run has them.", spans.len() - LINES_MOST)
    });
    spans.truncate(LINES_MOST);
    Request { title, path, spans, latency, open, note }
}

/// Says that the pieces of the path add up to the latency: counted in whole nanoseconds, as the simulation does.
fn path(strands: &[At<'_>], latency: f64) -> String {
    let whole = |seconds: f64| (seconds * 1e9).round() as i64;
    let mut sum = 0_i64;
    let mut pieces = 0_u64;
    let mut unknown = false;
    for span in strands.iter().flat_map(|strand| strand.get("spans").list()) {
        match span.get("critical").flag() {
            Some(true) => {
                let [from, to] = ["from", "to"].map(|key| whole(span.get(key).number().unwrap_or(0.0)));
                // A file can say any number: what does not fit contradicts the latency anyway.
                sum = sum.saturating_add(to.saturating_sub(from));
                pieces += 1;
            }
            Some(false) => {}
            None => unknown = true,
        }
    }
    if unknown || strands.is_empty() {
        return "Which path decided is not known: spans were left out, or the results are of an earlier version."
            .to_string();
    }
    let pieces = if pieces == 1 {
        "1 piece".to_string()
    } else {
        format!("{} pieces", kneepoint_report::count(pieces))
    };
    if sum == whole(latency) {
        format!(
            "The path that decided has {pieces}, which add up to {}: the latency, to the nanosecond.",
            words(latency)
        )
    } else {
        format!(
            "The path that decided has {pieces}, which add up to {} and not to the latency: the results contradict themselves.",
            words(sum as f64 / 1e9)
        )
    }
}

/// Adds the lines of a strand, each branch where it left.
fn strand(strands: &[At<'_>], at: usize, depth: usize, colours: &Palette, lines: &mut Vec<SpanLine>) {
    let Some(this) = strands.get(at) else { return };
    let spans = this.get("spans").list();
    let start = |of: &At<'_>| of.get("from").number().unwrap_or(0.0);
    // Only later strands branch from an earlier one: whatever a file says, this ends.
    let mut branches: Vec<usize> = (at + 1..strands.len())
        .filter(|branch| strands[*branch].get("parent").value().as_u64() == Some(at as u64))
        .collect();
    branches.sort_by(|a, b| start(&strands[*a]).total_cmp(&start(&strands[*b])));
    let mut branches = branches.into_iter().peekable();
    let mut depths = Depths::default();
    for span in &spans {
        let from = start(span);
        while let Some(branch) =
            branches.next_if(|branch| start(&strands[*branch]) <= from && from > start(this))
        {
            branched(strands, branch, depth + depths.below(), colours, lines);
        }
        let place = span.get("at").text();
        let deep = depths.enter(place);
        lines.push(SpanLine {
            at: place.to_string(),
            phase: span.get("phase").text().to_string(),
            time: Some((from, span.get("to").number().unwrap_or(from))),
            depth: depth + deep,
            critical: span.get("critical").flag() == Some(true),
            slot: colours.of(place),
        });
    }
    for branch in branches {
        branched(strands, branch, depth + depths.below(), colours, lines);
    }
}

fn branched(strands: &[At<'_>], at: usize, depth: usize, colours: &Palette, lines: &mut Vec<SpanLine>) {
    if lines.len() > 4 * LINES_MOST {
        // Nobody sees them; a hostile file must not make many.
        return;
    }
    let strand_at = &strands[at];
    let fate = match (strand_at.get("orphaned").flag(), strand_at.get("decided").flag()) {
        (Some(true), _) => "given up, goes on for nobody",
        (_, Some(true)) => "decided",
        _ => "side by side",
    };
    lines.push(SpanLine {
        at: "branch".to_string(),
        phase: fate.to_string(),
        time: None,
        depth,
        critical: false,
        slot: None,
    });
    strand(strands, at, depth + 1, colours, lines);
}

fn words(seconds: f64) -> String {
    quantity(seconds * nanos(&Unit::Duration), &Unit::Duration)
}
