//! Each broken file says what is expected in its first line; all that is printed is kept beside it.
//!
//! `UPDATE_EXPECT=1 cargo test -p kneepoint-scenario` writes the files anew.

use std::fs;
use std::path::{Path, PathBuf};

use kneepoint_scenario::{Overrides, Registry, Scenario, Severity};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/broken")
}

/// What is expected of files that cannot say it themselves: a first line would make other files of them.
const UNWRITTEN: [(&str, &str); 3] = [
    ("60-empty.ron", "the file is empty; a scenario is one record"),
    ("61-deep.ron", "nested deeper than 32"),
    ("62-binary.ron", "this file is not text (a zero byte at offset 0)"),
];

/// Returns the faults as they are printed, with file names as if the folder were the current one.
fn printed(path: &Path) -> String {
    match Scenario::load(path, &Registry::core(), &Overrides::default()) {
        Ok(checked) => format!("accepted\n{}", checked.warnings()),
        Err(faults) => {
            assert!(faults.has_errors(), "{faults}");
            faults.to_string()
        }
    }
    .replace(&format!("{}/", folder().display()), "")
}

/// Returns each message with its help, as one line says them.
fn messages(path: &Path) -> Vec<String> {
    let Err(faults) = Scenario::load(path, &Registry::core(), &Overrides::default()) else {
        return Vec::new();
    };
    let errors = faults.list().iter().filter(|fault| fault.severity == Severity::Error);
    errors.map(|fault| format!("{}; {}", fault.message, fault.help.as_deref().unwrap_or_default())).collect()
}

/// Drops what differs only because message and help stand on two lines.
fn plain(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric() || matches!(c, '"' | '`' | '%' | '>' | '-')).collect()
}

#[test]
fn every_broken_file_is_refused_with_the_message_it_expects() {
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let mut files: Vec<PathBuf> = fs::read_dir(folder())
        .expect("the folder is part of the crate")
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "ron"))
        .collect();
    files.sort();
    for number in 1..=62 {
        let begins = format!("{number:02}-");
        let has =
            |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&begins));
        assert_eq!(files.iter().filter(|path| has(path)).count(), 1, "file {number}");
    }
    let mut wrong = Vec::new();
    for path in files {
        let name = path.file_name().expect("a file").to_string_lossy().into_owned();
        let text = String::from_utf8_lossy(&fs::read(&path).expect("readable")).into_owned();
        let first = text.lines().next().unwrap_or_default();
        let expected = match first.strip_prefix("// expected: ") {
            Some(expected) => expected,
            None => match UNWRITTEN.iter().find(|(file, _)| *file == name) {
                Some((_, expected)) => expected,
                None => panic!("{name} does not say what is expected"),
            },
        };
        let said = messages(&path);
        if !said.iter().any(|message| plain(message).contains(&plain(expected))) {
            wrong.push(format!("{name} expects: {expected}\nbut says: {said:#?}"));
        }
        let (printed, beside) = (printed(&path), path.with_extension("txt"));
        if update {
            fs::write(&beside, &printed).expect("writable");
        } else if fs::read_to_string(&beside).unwrap_or_default() != printed {
            wrong.push(format!("{name} prints something else than {}:\n{printed}", beside.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
