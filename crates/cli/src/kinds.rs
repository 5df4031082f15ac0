//! `kneepoint kinds`: everything that can be said in a scenario.

use kneepoint_scenario::{Bound, Field, FieldDefault, Kind, Registry, Status};
use serde_json::{Value, json};

use crate::End;
use crate::arguments::{Format, KindsArguments};
use crate::output;

/// What is no kind and has to be known: its names and its page.
const PAGES: [(&[&str], &str); 2] = [
    (&["metrics", "metric", "slo", "watch", "series", "reducers"], include_str!("templates/metrics.txt")),
    (
        &[
            "values",
            "value",
            "units",
            "unit",
            "quantities",
            "quantity",
            "duration",
            "rate",
            "size",
            "types",
            "params",
        ],
        include_str!("templates/values.txt"),
    ),
];

pub fn kinds(registry: &Registry, arguments: &KindsArguments) -> End {
    let name = arguments.name.as_deref();
    // A kind of the same name comes first.
    let page = PAGES.iter().find(|(names, _)| name.is_some_and(|name| names.contains(&name)));
    if let Some((names, text)) = page
        && chosen(registry, name).next().is_none()
    {
        return match arguments.format {
            Format::Text => output::print(text),
            Format::Json | Format::Csv => {
                output::bad(&format!("`{}` is a page of text; only kinds have other formats", names[0]))
            }
        };
    }
    // The reference also knows what was likely meant.
    let text = match registry.reference(name) {
        Ok(text) => text,
        Err(message) => return output::bad(&message),
    };
    match arguments.format {
        Format::Text if name.is_none() => output::print(&format!(
            "{text}\nBeside these: `kneepoint kinds metrics` and `kneepoint kinds values` tell how both are written.\n"
        )),
        Format::Text => output::print(&text),
        Format::Json => output::print(&json(registry, name)),
        Format::Csv => output::print(&csv(registry, name)),
    }
}

/// The kinds that are asked for, in the order of the table.
fn chosen<'r>(registry: &'r Registry, name: Option<&str>) -> impl Iterator<Item = &'r Kind> {
    let kinds = registry.families().flat_map(|family| registry.kinds(family));
    kinds
        .map(|kind| &**kind)
        .filter(move |kind| name.is_none_or(|name| *name == *kind.family || *name == *kind.name))
}

/// Types, ranges and defaults are written as the table of kinds has them; ranges are in the base unit of the field.
fn json(registry: &Registry, name: Option<&str>) -> String {
    let list: Vec<Value> = chosen(registry, name).map(|found| kind(registry, found)).collect();
    format!("{:#}\n", json!({ "schema_version": 1, "kinds": list }))
}

fn kind(registry: &Registry, kind: &Kind) -> Value {
    let fields: Vec<Value> = kind
        .fields
        .iter()
        .map(|field| {
            let (low, high) = (&field.range.low, &field.range.high);
            json!({
                "name": &*field.name,
                "type": &*field.written,
                "main": kind.main.as_ref() == Some(&field.name),
                "required": field.required,
                "default": default(field),
                "default_in_words": matches!(field.default, Some(FieldDefault::Words(_))),
                "source": field.source.as_deref(),
                "built": field.status == Status::Built,
                "range": {
                    "low": low.as_ref().map(|(bound, _)| end(bound)),
                    "low_included": low.as_ref().map(|(_, included)| included),
                    "high": high.as_ref().map(|(bound, _)| end(bound)),
                    "high_included": high.as_ref().map(|(_, included)| included),
                },
            })
        })
        .collect();
    json!({
        "family": &*kind.family,
        "kind": &*kind.name,
        "main": kind.main.as_deref(),
        "doc": kind.doc.as_deref(),
        "built": kind.status == Status::Built,
        "series": registry.series_of(&kind.name).iter().map(|series| &**series).collect::<Vec<_>>(),
        "fields": fields,
    })
}

/// A number, or the limit that decides.
fn end(bound: &Bound) -> Value {
    match bound {
        Bound::Value(number) => json!(number),
        Bound::Limit(name) => json!(format!("run.limits.{name}")),
    }
}

fn default(field: &Field) -> Option<&str> {
    match field.default.as_ref()? {
        FieldDefault::Value(text) | FieldDefault::Words(text) => Some(text),
    }
}

/// One row per field; a kind without fields has one row, too.
fn csv(registry: &Registry, name: Option<&str>) -> String {
    let head = [
        "family",
        "kind",
        "built",
        "field",
        "field_built",
        "type",
        "main",
        "required",
        "range",
        "default",
        "source",
    ];
    let yes = |yes: bool| if yes { "yes" } else { "no" };
    let rows = chosen(registry, name).flat_map(|kind| {
        let built = yes(kind.status == Status::Built);
        let mut rows: Vec<Vec<String>> = Vec::new();
        for field in &kind.fields {
            let cells = [
                &*kind.family,
                &*kind.name,
                built,
                &*field.name,
                yes(field.status == Status::Built),
                &*field.written,
                yes(kind.main.as_ref() == Some(&field.name)),
                yes(field.required),
                &*field.shown_range(),
                default(field).unwrap_or_default(),
                field.source.as_deref().unwrap_or_default(),
            ];
            rows.push(cells.map(str::to_string).to_vec());
        }
        if rows.is_empty() {
            let cells = [&*kind.family, &*kind.name, built, "", "", "", "", "", "", "", ""];
            rows.push(cells.map(str::to_string).to_vec());
        }
        rows
    });
    output::csv(&head, rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service_field(name: &str) -> Value {
        let text = json(&Registry::core(), Some("Service"));
        let value: Value = serde_json::from_str(&text).unwrap();
        let fields = value["kinds"][0]["fields"].as_array().unwrap().clone();
        fields.into_iter().find(|field| field["name"] == name).unwrap()
    }

    #[test]
    fn a_field_is_written_as_the_table_has_it() {
        let expected = json!({
            "name": "instances",
            "type": "count",
            "main": false,
            "required": false,
            "default": "1",
            "default_in_words": false,
            "source": null,
            "built": true,
            "range": { "low": 1.0, "low_included": true, "high": "run.limits.instances", "high_included": true },
        });
        assert_eq!(service_field("instances"), expected);
        let machine = service_field("machine");
        assert_eq!(machine["type"], "name:machines/(machine)/<machine>");
        assert_eq!(machine["default"], "(cores: 1, speed: 1.0)");
        assert_eq!(service_field("concurrency")["source"], "Tomcat maxThreads");
        assert_eq!(service_field("does")["main"], true);
    }

    #[test]
    fn nothing_of_rust_is_in_the_output() {
        for text in [json(&Registry::core(), None), csv(&Registry::core(), None)] {
            for sign in ["Some(", "Either(", "Value(", "Family(", "None"] {
                assert!(!text.contains(sign), "{sign}");
            }
        }
    }

    #[test]
    fn each_field_has_a_row_with_as_many_cells_as_the_head() {
        let text = csv(&Registry::core(), Some("via"));
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        let after = rows.iter().find(|row| &row[1] == "Timeout" && &row[3] == "after").unwrap();
        let expected = ["via", "Timeout", "yes", "after", "yes", "duration", "yes", "yes", "> 0", "", ""];
        assert_eq!(after.iter().collect::<Vec<_>>(), expected);
        assert!(rows.iter().all(|row| &row[0] == "via"));
    }
}
