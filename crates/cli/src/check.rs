//! `kneepoint check`: is this model sane?

use kneepoint_experiment::{Saturation, saturation};
use kneepoint_scenario::{Checked, FaultRow, Faults, Registry, Scenario, Severity, plan};
use serde_json::{Value, json};

use crate::End;
use crate::arguments::{CheckArguments, PlainFormat};
use crate::output;

pub fn check(registry: &Registry, arguments: &CheckArguments) -> End {
    let overrides = arguments.changes.overrides();
    let checked = Scenario::load(&arguments.file, registry, &overrides);
    match checked {
        Err(faults) => refuse(arguments, &faults),
        Ok(checked) => {
            // A file without `run` is a library: it is checked, not built.
            if checked.run().is_some()
                && let Err(faults) = plan(&checked)
            {
                return refuse(arguments, &faults);
            }
            accept(arguments, &checked)
        }
    }
}

fn refuse(arguments: &CheckArguments, faults: &Faults) -> End {
    match arguments.format {
        PlainFormat::Text => output::say(&faults.to_string()),
        PlainFormat::Json => {
            let rows: Vec<Value> = faults.rows().iter().map(row).collect();
            let found = json!({ "schema_version": 1, "sound": false, "findings": rows });
            output::print(&format!("{found:#}\n"));
        }
    }
    End::Bad
}

fn accept(arguments: &CheckArguments, checked: &Checked) -> End {
    if arguments.expand {
        return output::print(&checked.expanded());
    }
    let warnings = checked.warnings();
    let loads = saturation(checked);
    match arguments.format {
        PlainFormat::Json => {
            let rows: Vec<Value> = warnings.rows().iter().map(row).collect();
            let parts: Vec<Value> = loads
                .iter()
                .map(|load| json!({ "part": load.part, "utilisation": load.utilisation, "saturates_at": load.saturates_at() }))
                .collect();
            let uncertain: Vec<&str> = checked.uncertain().iter().map(|of| of.name.as_str()).collect();
            let found = json!({
                "schema_version": 1, "sound": true, "title": checked.title(), "findings": rows, "load": parts,
                "uncertain": uncertain,
            });
            output::print(&format!("{found:#}\n"))
        }
        PlainFormat::Text => {
            if !warnings.is_empty() {
                output::say(&warnings.to_string());
            }
            output::print(&summary(checked, &loads))
        }
    }
}

fn row(row: &FaultRow) -> Value {
    let severity = match row.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    json!({
        "severity": severity, "file": row.file, "line": row.line, "column": row.column,
        "message": row.message, "help": row.help,
    })
}

fn summary(checked: &Checked, loads: &[Saturation]) -> String {
    let title: String = kneepoint_report::safe(checked.title());
    let parts = checked.parts();
    let clients = parts.iter().filter(|part| part.is_client).count();
    let mut text = format!(
        "{title}: sound. {} parts, {clients} of them clients; hash {:016x}\n",
        parts.len(),
        checked.hash()
    );
    for param in checked.uncertain() {
        let nominal = checked.params().iter().find(|(name, _)| *name == param.name);
        let nominal =
            nominal.map_or_else(String::new, |(_, value)| format!("; here its mean, {value:.4}, is used"));
        text += &format!("{} is drawn once per replication{nominal}.\n", param.name);
    }
    let Some(first) = loads.first() else {
        text +=
            "Which part saturates first cannot be told: no open client's load reaches a part with servers.\n";
        return text;
    };
    text += "\nOffered load at the mean rates, by theory (mean work times rate over servers; retries, time-outs and\nlosses not counted):\n";
    let width = loads.iter().map(|load| load.part.chars().count()).max().unwrap_or(0);
    for load in loads {
        text += &format!(
            "  {:width$}  {:6.1} %  saturates at {:.2} times this load\n",
            load.part,
            load.utilisation * 100.0,
            load.saturates_at()
        );
    }
    let verdict = if first.utilisation >= 1.0 { "is overloaded" } else { "saturates first" };
    text += &format!("{} {verdict}.\n", first.part);
    text
}
