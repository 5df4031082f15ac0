//! Which clients a setting moves: a pulse of it is a pulse of theirs.

use kneepoint_scenario::{Args, Checked, Data, Part, ProfileSpec, Value};

use crate::saturation::value_at;

/// Whether a field of a client says how much it brings. The users of one with a rate only share it.
pub(super) fn is_load(client: &str, field: &str) -> bool {
    matches!(field, "rate" | "sessions") || field == "users" && client != "OpenClient"
}

/// Instants of a run at which courses are compared.
///
/// # Source
/// Chosen: a formula stands in the one number or the other of a course, and is seen at any instant at which that counts.
const LOOKS: u64 = 500;

/// How far (relative) what should be in proportion may be from it: rounding.
const ROUNDING: f64 = 1e-9;

/// The clients whose load is `ratio` times as much at `b` as at `a`, if the two differ in nothing else; or why a pulse of
/// what lies between them is none of load.
pub(super) fn moved(a: &Checked, b: &Checked, path: &str, ratio: f64) -> Result<Vec<String>, String> {
    let end = a.run().map_or(0, |run| run.duration("duration"));
    let mut names = Vec::new();
    if a.parts().len() != b.parts().len() {
        return Err(format!("{path} changes which parts there are"));
    }
    for (one, other) in a.parts().iter().zip(b.parts()) {
        let differ = differing(&one.args, &other.args);
        if differ.is_empty() {
            continue;
        }
        if let Some(field) = differ.iter().find(|field| !(one.is_client && is_load(one.args.kind(), field))) {
            return Err(format!("{path} changes {}.{field}, which is no load", one.name));
        }
        if !differ.iter().all(|field| is_proportional(one, other, field, end, ratio)) {
            let field = &differ[0];
            return Err(format!("{}.{field} does not grow in proportion to {path}", one.name));
        }
        names.push(one.name.to_string());
    }
    // Parts are compared as they are in the end, parameters by what is made of them.
    let rest = differing(a.root(), b.root());
    if let Some(field) = rest.iter().find(|field| !matches!(field.as_str(), "parts" | "params")) {
        return Err(format!("{path} changes {field}, which is no load"));
    }
    if names.is_empty() {
        return Err(format!("{path} changes no client's load"));
    }
    Ok(names)
}

/// The fields in which two values of a kind differ, wherever they are written.
fn differing(a: &Args, b: &Args) -> Vec<String> {
    if a.kind() != b.kind() || a.values.len() != b.values.len() {
        return vec![a.kind().to_string()];
    }
    let fields = a.kind.fields.iter().zip(a.values.iter().zip(&b.values));
    let differ = fields.filter(|(_, (a, b))| match (a, b) {
        (Some(a), Some(b)) => !same(a, b),
        (a, b) => a.is_some() != b.is_some(),
    });
    differ.map(|(field, _)| field.name.to_string()).collect()
}

fn same(a: &Value, b: &Value) -> bool {
    match (&a.data, &b.data) {
        (Data::Text(a), Data::Text(b)) | (Data::Written(a), Data::Written(b)) => a == b,
        (Data::Flag(a), Data::Flag(b)) => a == b,
        (Data::Count(a), Data::Count(b)) => a == b,
        (Data::Quantity(a), Data::Quantity(b)) => a == b,
        (Data::Path(a), Data::Path(b)) => a == b,
        (Data::Metric(a), Data::Metric(b)) => a.to_string() == b.to_string(),
        (Data::Condition(a), Data::Condition(b)) => a.to_string() == b.to_string(),
        (Data::Args(a), Data::Args(b)) => differing(a, b).is_empty(),
        (Data::List(a), Data::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Data::Map(a), Data::Map(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.key == b.key && same(&a.value, &b.value))
        }
        _ => false,
    }
}

/// Whether what a client brings is at each instant so many times as much.
fn is_proportional(a: &Part, b: &Part, field: &str, end: u64, ratio: f64) -> bool {
    let (Some(a), Some(b)) = (a.args.profile_if(field), b.args.profile_if(field)) else { return false };
    let (a, b) = (without_files(a), without_files(b));
    (0..=LOOKS).all(|look| {
        let t = end as f64 * look as f64 / LOOKS as f64;
        match (value_at(&a, t), value_at(&b, t)) {
            (Some(a), Some(b)) => (b - ratio * a).abs() <= ROUNDING * b.abs(),
            _ => false,
        }
    })
}

/// A file is the same file at both loads, and drops out of their ratio.
fn without_files(spec: ProfileSpec) -> ProfileSpec {
    match spec {
        ProfileSpec::FromFile { .. } => ProfileSpec::Constant(1.0),
        ProfileSpec::Product(of) => ProfileSpec::Product(of.into_iter().map(without_files).collect()),
        other => other,
    }
}
