//! What people call clients and parts, beside the name that metrics and settings use.

/// Returns the label of a client, a part or an instance of one with its name: `Shop front (web)`, or the name alone where
/// the scenario gives no label.
pub(crate) fn called(labels: &[(String, String)], name: &str) -> String {
    let root = name.split(['/', ':']).next().unwrap_or(name);
    match labels.iter().find(|(known, label)| known == root && !label.is_empty()) {
        Some((_, label)) if label != name => format!("{label} ({name})"),
        _ => name.to_string(),
    }
}

/// Returns which names stand for what people call otherwise, for texts whose metrics and settings have the names.
pub(crate) fn names(labels: &[(String, String)]) -> Option<String> {
    let each: Vec<String> = labels
        .iter()
        .filter(|(name, label)| !label.is_empty() && label != name)
        .map(|(name, label)| format!("{name} is {label}"))
        .collect();
    (!each.is_empty()).then(|| format!("{}.", each.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_has_the_name_in_brackets() {
        let labels = [("web", "Shop front"), ("db", ""), ("lb", "lb")];
        let labels = labels.map(|(name, label)| (name.to_string(), label.to_string()));
        let all = ["web", "web/1", "db", "lb", "cache"].map(|name| called(&labels, name));
        assert_eq!(all, ["Shop front (web)", "Shop front (web/1)", "db", "lb", "cache"]);
        assert_eq!(names(&labels).as_deref(), Some("web is Shop front."));
        assert_eq!(names(&labels[1..]), None);
    }
}
