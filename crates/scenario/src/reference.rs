//! The reference of kinds as text, made from the table of kinds.

use std::fmt::Write as _;

use crate::check::shown_type;
use crate::diagnostic::did_you_mean;
use crate::registry::{Bound, Field, FieldDefault, Kind, Range, Registry, Status};

impl Registry {
    /// Writes the reference: of everything, of a family (`via`), or of a kind (`Retry`).
    ///
    /// # Errors
    /// If nothing has that name, with what was likely meant.
    pub fn reference(&self, name: Option<&str>) -> Result<String, String> {
        let Some(name) = name else { return Ok(self.overview()) };
        let mut text = String::new();
        if self.families().any(|family| family == name) {
            let _ = writeln!(text, "{name}: {}", self.noun(name));
            for kind in self.kinds(name) {
                describe(kind, &mut text);
                self.tell_series(kind, &mut text);
            }
            return Ok(text);
        }
        for family in self.families_with(name) {
            if let Some(kind) = self.kind(family, name) {
                let _ = writeln!(text, "{name}: {}", self.noun(family));
                describe(kind, &mut text);
                self.tell_series(kind, &mut text);
            }
        }
        if !text.is_empty() {
            return Ok(text);
        }
        let kinds = self.families().flat_map(|family| self.kinds(family)).map(|kind| &*kind.name);
        let known: Vec<&str> = self.families().chain(kinds).collect();
        let near = crate::value::nearest(name, known.iter().copied());
        Err(match near {
            Some(_) => format!(
                "no kind or family `{}`; {}",
                crate::value::shown(name),
                did_you_mean(name, '`', known)
            ),
            None => format!(
                "no kind or family `{}`; families: {}",
                crate::value::shown(name),
                self.families().collect::<Vec<_>>().join(", ")
            ),
        })
    }

    /// Which series it has that metrics can be made of.
    fn tell_series(&self, kind: &Kind, text: &mut String) {
        let has_series = matches!(&*kind.family, "part" | "via") && kind.status == Status::Built;
        let series = self.series_of(&kind.name).iter().map(|name| &**name);
        let series: Vec<&str> = series.filter(|name| !self.is_unbuilt_series(name)).collect();
        if has_series && !series.is_empty() {
            let _ = writeln!(text, "    series: {}", series.join(" "));
        }
    }

    fn overview(&self) -> String {
        let mut text = String::from(
            "* built, - known but not built yet; kneepoint kinds NAME tells more of a family or kind\n",
        );
        for family in self.families().filter(|family| !self.kinds(family).is_empty()) {
            let kinds: Vec<String> =
                self.kinds(family).iter().map(|kind| format!("{}{}", mark(kind.status), kind.name)).collect();
            let _ = writeln!(text, "\n{family}\n    {}", kinds.join("  "));
        }
        text
    }
}

impl Field {
    /// Writes the range of the field, in the base unit of its dimension: `>= 1 <= run.limits.instances`.
    #[must_use]
    pub fn shown_range(&self) -> String {
        range_text(&self.range).trim_start().to_string()
    }
}

fn mark(status: Status) -> char {
    match status {
        Status::Built => '*',
        Status::Known => '-',
    }
}

fn describe(kind: &Kind, text: &mut String) {
    let state = if kind.status == Status::Known { "  (known but not built yet)" } else { "" };
    let _ = writeln!(text, "\n{}{state}", kind.name);
    if let Some(doc) = &kind.doc {
        let _ = writeln!(text, "    {doc}");
    }
    let names = kind.fields.iter().map(|field| field.name.chars().count());
    let width = names.max().unwrap_or(0);
    for field in &kind.fields {
        let main = if kind.main.as_ref() == Some(&field.name) { "  main field" } else { "" };
        let built = if field.status == Status::Known { "  (known but not built yet)" } else { "" };
        let (name, rest) = (&field.name, field_text(field));
        let _ = writeln!(text, "    {name:width$}  {rest}{main}{built}");
    }
}

fn field_text(field: &Field) -> String {
    let mut text = shown_type(&field.written);
    text.push_str(&range_text(&field.range));
    match &field.default {
        _ if field.required => text.push_str(", must be given"),
        Some(FieldDefault::Value(value)) => drop(write!(text, " = {value}")),
        Some(FieldDefault::Words(words)) => drop(write!(text, " = ({words})")),
        None => {}
    }
    if let Some(source) = &field.source {
        let _ = write!(text, "  [{source}]");
    }
    text
}

fn range_text(range: &Range) -> String {
    let bound = |bound: &Bound| match bound {
        Bound::Value(number) => format!("{number}"),
        Bound::Limit(name) => format!("run.limits.{name}"),
    };
    let mut text = String::new();
    if let Some((low, included)) = &range.low {
        let _ = write!(text, " {} {}", if *included { ">=" } else { ">" }, bound(low));
    }
    if let Some((high, included)) = &range.high {
        let _ = write!(text, " {} {}", if *included { "<=" } else { "<" }, bound(high));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_tells_fields_defaults_sources_and_what_is_not_built() {
        let registry = Registry::core();
        let service = registry.reference(Some("Service")).unwrap();
        assert!(
            service.contains("concurrency  <concurrency> = Threads(200)  [Tomcat maxThreads]"),
            "{service}"
        );
        assert!(service.contains("main field") && service.contains("(known but not built yet)"));
        assert!(service.contains("instances    count >= 1 <= run.limits.instances = 1"), "{service}");
        assert!(
            registry
                .reference(Some("eviction"))
                .unwrap()
                .contains("\nSampledLru  (known but not built yet)\n")
        );
        assert!(
            registry
                .reference(Some("Retry"))
                .unwrap()
                .ends_with("\n    series: retries exhausted budget_exhausted budget\n")
        );
        let balancer = registry.reference(Some("Balancer")).unwrap();
        assert!(
            balancer.contains("in_flight queue up listed checks") && !balancer.contains(" instances queue"),
            "{balancer}"
        );
        let all = registry.reference(None).unwrap();
        assert!(all.contains("*OpenClient") && all.contains("-Cache"), "{all}");
        assert!(registry.reference(Some("Servise")).unwrap_err().contains("did you mean `Service`?"));
        assert!(registry.reference(Some("xyzzy")).unwrap_err().contains("families: "));
    }

    #[test]
    fn kinds_of_other_crates_are_in_the_reference() {
        let mut registry = Registry::core();
        registry
            .add_with("part", "acme_GpuPool", "cards", "cards: count! >= 1", "A pool of cards.", ())
            .unwrap();
        let text = registry.reference(Some("acme_GpuPool")).unwrap();
        assert!(
            text.contains("A pool of cards.")
                && text.contains("cards  count >= 1, must be given  main field"),
            "{text}"
        );
    }
}
