//! Whether a file is the whole result of a sweep, and how that sweep ended.

use kneepoint_experiment::result::SweepFacts;
use kneepoint_report::sweep_jsonl_head;
use serde_json::{Map, Value};

use crate::End;
use crate::output;

/// Looks at JSON lines.
///
/// # Errors
/// Why it is not, in words.
pub fn of_lines(text: &str, facts: &SweepFacts) -> Result<End, String> {
    let mut lines = text.lines();
    let head = read(lines.next().unwrap_or_default())?;
    let points = lines.map(read).collect::<Result<Vec<Value>, String>>()?;
    judge(&head, &points, facts)
}

/// Looks at a JSON document.
///
/// # Errors
/// Why it is not, in words.
pub fn of_document(text: &str, facts: &SweepFacts) -> Result<End, String> {
    let mut head = read(text)?;
    let points = head.as_object_mut().and_then(|head| head.remove("points"));
    let points = points.and_then(|points| points.as_array().cloned()).unwrap_or_default();
    judge(&head, &points, facts)
}

fn read(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|_| "it is cut short, or none".to_string())
}

fn judge(head: &Value, points: &[Value], facts: &SweepFacts) -> Result<End, String> {
    let expected = read(sweep_jsonl_head(facts).trim_end())?;
    let none = Map::new();
    let (there, here) = (head.as_object().unwrap_or(&none), expected.as_object().unwrap_or(&none));
    for (name, value) in here {
        // Where the scenario lay says nothing of what it was: its hash does.
        if ["command", "scenario"].contains(&name.as_str()) {
            continue;
        }
        let is_other = there.get(name) != Some(value);
        // What people call parts changes no result.
        if is_other && name == "labels" {
            output::say("note: parts had other labels when this sweep was done; what it wrote keeps those");
            continue;
        }
        if is_other {
            let was = there.get(name).map_or("not there".to_string(), ToString::to_string);
            return Err(format!("its `{name}` is {was}, and this sweep's {value}"));
        }
    }
    if points.len() as u64 != facts.points {
        return Err(format!("it has {} points, and this sweep {}", points.len(), facts.points));
    }
    let mut end = End::Fine;
    for (at, point) in points.iter().enumerate() {
        if point["point"] != at {
            return Err(format!("its points are not in their order, from point {at} on"));
        }
        end = end.worse(match point["verdict"].as_str() {
            Some("failed" | "void") => End::Failed,
            Some("missed") => End::Missed,
            // As of a run: sooner missed than met, as far as the interval tells.
            Some("probability") if point["probability"]["high"].as_f64().is_some_and(|high| high < 0.5) => {
                End::Missed
            }
            _ => End::Fine,
        });
    }
    Ok(end)
}
