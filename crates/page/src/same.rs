//! Whether results that are shown together are of one scenario, run the same way.

use crate::at::At;
use crate::sections::identity::set;

/// Returns what a result says it ran: itself, or the designs that it compared.
pub(crate) fn designs<'r>(result: &At<'r>) -> Vec<At<'r>> {
    let designs = result.get("designs").list();
    if designs.is_empty() { vec![result.clone()] } else { designs }
}

/// Returns what the scenario of a result is known by; empty if the result does not say.
pub(crate) fn hash(result: &At<'_>) -> String {
    // Sweeps said it under a key of their own before they said the rest.
    let known = [result.get("scenario").get("hash"), result.get("scenario_hash")];
    known.iter().map(At::text).find(|hash| !hash.is_empty()).unwrap_or_default().to_string()
}

/// Says how a result is apart from the one that all others are held against, which is called `other`: one sentence each.
/// Nothing if they are of one scenario with one seed, or if neither says.
pub(crate) fn apart(name: &str, result: &At<'_>, other: &str, against: &At<'_>) -> Vec<String> {
    // Of designs that were compared one has to be it.
    let (ours, theirs) = (designs(against), designs(result));
    let known = |all: &[At<'_>]| all.iter().any(|one| !hash(one).is_empty());
    if !known(&ours) || !known(&theirs) {
        let title = |one: &At<'_>| one.get("title").text().to_string();
        let titles: Vec<String> = theirs.iter().map(title).filter(|title| !title.is_empty()).collect();
        return match titles.first() {
            Some(first) if !ours.iter().any(|one| titles.contains(&title(one))) => {
                vec![format!("{name} is of another scenario than {other}: its title is \"{first}\".")]
            }
            _ => Vec::new(),
        };
    }
    let pairs = theirs.iter().flat_map(|their| ours.iter().map(move |our| (their, our)));
    let same: Vec<_> = pairs.filter(|(their, our)| hash(their) == hash(our)).collect();
    let (Some(their), Some(our)) = (theirs.first(), ours.first()) else { return Vec::new() };
    let mut all = Vec::new();
    if same.is_empty() {
        let changed = |of: &At<'_>| {
            let variant = of.get("scenario").get("variant").text();
            let set = set(&of.get("scenario"));
            match (variant, set.as_str()) {
                ("", "") => "nothing set from outside".to_string(),
                ("", set) => set.to_string(),
                (variant, "") => format!("variant {variant}"),
                (variant, set) => format!("variant {variant}, {set}"),
            }
        };
        let (with, without) = (changed(their), changed(our));
        let [their_title, our_title] = [their, our].map(|of| of.get("title").text());
        let how = if their_title != our_title {
            format!("its title is \"{their_title}\"")
        } else if with == without {
            format!("its hash is {}, that of {other} {}", hash(their), hash(our))
        } else {
            format!("it was made with {with}, {other} with {without}")
        };
        all.push(format!("{name} is not of the scenario of {other} as it was run: {how}."));
    }
    let seeds = |(their, our): &(&At<'_>, &At<'_>)| their.get("seed").total() == our.get("seed").total();
    let is_apart = if same.is_empty() { !seeds(&(their, our)) } else { !same.iter().any(seeds) };
    if is_apart && their.get("seed").is_there() && our.get("seed").is_there() {
        all.push(format!(
            "{name} has seed {}, {other} {}: their random numbers are not the same.",
            their.get("seed").total(),
            our.get("seed").total()
        ));
    }
    all
}
