//! `kneepoint kinds`: everything that can be said in a scenario.

use kneepoint_scenario::{FieldDefault, Kind, Registry, Status};
use serde_json::{Value, json};

use crate::End;
use crate::arguments::{KindsArguments, PlainFormat};
use crate::output;

pub fn kinds(registry: &Registry, arguments: &KindsArguments) -> End {
    let name = arguments.name.as_deref();
    // The reference also knows what was likely meant.
    let text = match registry.reference(name) {
        Ok(text) => text,
        Err(message) => return output::bad(&message),
    };
    match arguments.format {
        PlainFormat::Text => output::print(&text),
        PlainFormat::Json => {
            let mut list = Vec::new();
            for family in registry.families() {
                for found in registry.kinds(family) {
                    if name.is_none_or(|name| name == family || name == &*found.name) {
                        list.push(kind(found));
                    }
                }
            }
            output::print(&format!("{:#}\n", json!({ "schema_version": 1, "kinds": list })))
        }
    }
}

fn kind(kind: &Kind) -> Value {
    let fields: Vec<Value> = kind
        .fields
        .iter()
        .map(|field| {
            let default = field.default.as_ref().map(|default| match default {
                FieldDefault::Words(words) => words.to_string(),
                other => format!("{other:?}"),
            });
            json!({
                "name": &*field.name, "type": format!("{:?}", field.ty), "required": field.required,
                "default": default, "source": field.source.as_deref(), "built": field.status == Status::Built,
            })
        })
        .collect();
    json!({
        "family": &*kind.family, "kind": &*kind.name, "main": kind.main.as_deref(), "doc": kind.doc.as_deref(),
        "built": kind.status == Status::Built, "fields": fields,
    })
}
