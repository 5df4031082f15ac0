//! The examples of the format: those of core kinds are accepted, the others fail naming what is not built yet.

use std::path::{Path, PathBuf};

use kneepoint_scenario::{Checked, Faults, Overrides, Registry, Scenario, Severity};

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/examples").join(name)
}

fn load(name: &str) -> Result<Checked, Faults> {
    Scenario::load(&example(name), &Registry::core(), &Overrides::default())
}

#[test]
fn examples_of_core_kinds_are_accepted() {
    for name in ["02-mmc-theory.ron", "21-tail-fan-out.ron"] {
        if let Err(faults) = load(name) {
            panic!("{name}\n{faults}");
        }
    }
}

#[test]
fn the_other_examples_fail_with_what_is_not_built_yet_and_nothing_else() {
    let mut wrong = Vec::new();
    for entry in std::fs::read_dir(example("")).expect("the folder is part of the crate") {
        let name = entry.expect("readable").file_name().to_string_lossy().into_owned();
        let Err(faults) = load(&name) else { continue };
        let errors: Vec<_> =
            faults.rows().into_iter().filter(|row| row.severity == Severity::Error).collect();
        assert!(
            errors.iter().any(|row| row.message.ends_with("is known but not built yet")),
            "{name}\n{faults}"
        );
        for row in errors {
            let foreign = name.starts_with("19-") && row.message.contains("`acme`");
            if !row.message.ends_with("is known but not built yet") && !foreign {
                wrong.push(format!("{}:{}: {}", row.file, row.line, row.message));
            }
        }
        assert!(faults.list().iter().all(|fault| fault.severity != Severity::Note));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
