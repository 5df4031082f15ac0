//! The examples say what they said: each `examples/NAME.rs` has its expected output beside it in `NAME.out`.
//!
//! `UPDATE_EXPECT=1 cargo test --test examples` writes what they say now.

use std::path::Path;
use std::process::Command;

/// The names of the examples, in order.
fn names() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let paths = std::fs::read_dir(folder).expect("part of the package").map(|e| e.expect("readable").path());
    let mut names: Vec<String> = paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned()))
        .collect();
    names.sort();
    names
}

/// Returns what an example prints, in the profile and target folder of this test.
fn output(name: &str) -> String {
    let test = std::env::current_exe().expect("a test has a file");
    let target = test.ancestors().nth(3).expect("TARGET/PROFILE/deps/TEST");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["run", "--quiet", "--offline", "--example", name]).arg("--target-dir").arg(target);
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    let run = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).output().expect("cargo can be started");
    let complaints = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success() && complaints.is_empty(), "{name}: {}\n{complaints}", run.status);
    String::from_utf8(run.stdout).expect("examples print UTF-8").replace("\r\n", "\n")
}

#[test]
fn every_example_says_what_it_said() {
    let names = names();
    assert!(!names.is_empty(), "no examples, no test");
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let mut wrong = Vec::new();
    for name in names {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(&name).with_extension("out");
        let said = output(&name);
        if update {
            std::fs::write(&path, &said).expect("can be written");
            continue;
        }
        match std::fs::read_to_string(&path) {
            Ok(expected) if expected.replace("\r\n", "\n") == said => {}
            Ok(expected) => wrong.push(format!("{name} should say\n{expected}\nand says\n{said}")),
            Err(error) => wrong.push(format!("{}: {error}; it says\n{said}", path.display())),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
