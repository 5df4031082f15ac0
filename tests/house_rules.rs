//! The rules of the house, held by reading its files: who may use whom, names that say nothing, links that lead
//! nowhere.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The crates and their layers: a crate uses lower layers only (crates/README.md).
const LAYERS: [(&str, u8); 12] = [
    ("engine", 1),
    ("random", 1),
    ("statistics", 1),
    ("analytic", 1),
    ("calls", 2),
    ("components", 3),
    ("scenario", 4),
    ("experiment", 5),
    ("report", 6),
    ("plot", 7),
    ("page", 8),
    ("cli", 9),
];

/// They fit anything, and so say nothing.
const BANNED: [&str; 6] = ["utils", "util", "common", "helpers", "types", "manager"];

fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The files of the package with this ending, without what is built or installed.
fn files(ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![package().to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("part of the package") {
            let path = entry.expect("readable").path();
            let name = path.file_name().map_or(String::new(), |name| name.to_string_lossy().into_owned());
            if path.is_dir() {
                if name != "target" && name != "node_modules" && !name.starts_with('.') {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The crates of ours that a manifest names, tests' own needs left out: those may look down and sideways.
fn uses(manifest: &str) -> Vec<String> {
    let mut section = String::new();
    let mut found = Vec::new();
    for line in manifest.lines().map(str::trim) {
        if line.starts_with('[') {
            section = line.to_string();
        } else if section == "[dependencies]"
            && let Some(name) = line.strip_prefix("kneepoint-")
        {
            let end = name.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(name.len());
            found.push(name[..end].to_string());
        }
    }
    found
}

#[test]
fn a_crate_uses_lower_layers_only() {
    let layers: BTreeMap<&str, u8> = LAYERS.into_iter().collect();
    for (name, layer) in LAYERS {
        let manifest = read(&package().join("crates").join(name).join("Cargo.toml"));
        for used in uses(&manifest) {
            let below =
                layers.get(used.as_str()).unwrap_or_else(|| panic!("{name} uses {used}: which layer?"));
            assert!(below < &layer, "{name} (layer {layer}) uses {used} (layer {below})");
        }
    }
}

#[test]
fn every_crate_has_its_layer_and_its_line_on_the_map() {
    let mut folders: Vec<String> = std::fs::read_dir(package().join("crates"))
        .expect("part of the package")
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.is_dir())
        .filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned()))
        .collect();
    folders.sort();
    let mut known: Vec<&str> = LAYERS.iter().map(|(name, _)| *name).collect();
    known.sort_unstable();
    assert_eq!(folders, known);
    let map = read(&package().join("crates/README.md"));
    let unmapped: Vec<&str> =
        known.into_iter().filter(|name| !map.contains(&format!("\n**{name}**:"))).collect();
    assert!(unmapped.is_empty(), "no paragraph in crates/README.md: {unmapped:?}");
}

#[test]
fn files_are_called_after_what_they_define() {
    let banned: Vec<PathBuf> = files("rs")
        .into_iter()
        .filter(|path| path.file_stem().is_some_and(|stem| BANNED.iter().any(|name| stem == *name)))
        .collect();
    assert!(banned.is_empty(), "{banned:?}");
}

#[test]
fn only_the_command_touches_arguments_and_only_experiments_make_threads() {
    for path in files("rs") {
        let relative = path.strip_prefix(package()).expect("it is below").to_string_lossy().into_owned();
        if !relative.starts_with("crates/") || relative.contains("/tests/") || relative.ends_with("tests.rs")
        {
            continue;
        }
        let text = read(&path);
        for (sign, allowed) in [
            (
                "std::env::args",
                &[
                    "crates/cli/",
                    "crates/engine/examples/",
                    "crates/random/examples/",
                    "crates/plot/examples/",
                ][..],
            ),
            ("rayon::", &["crates/experiment/"][..]),
            ("std::thread::spawn", &["crates/experiment/", "crates/cli/"][..]),
        ] {
            let may = allowed.iter().any(|folder| relative.starts_with(folder));
            assert!(may || !text.contains(sign), "{relative} has {sign}");
        }
    }
}

#[test]
fn links_between_pages_lead_somewhere() {
    let mut dead = Vec::new();
    for page in files("md") {
        let text = read(&page);
        let folder = page.parent().expect("a page is in a folder");
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = target.split('#').next().unwrap_or_default();
            let elsewhere = target.contains("://") || file.is_empty();
            if !elsewhere && !folder.join(file).exists() {
                dead.push(format!("{}: {target}", page.display()));
            }
        }
        // Files named in running text, as `crates/calls/src/lib.rs`.
        for word in text.split('`').skip(1).step_by(2) {
            let named = (word.ends_with(".rs") || word.ends_with(".ron")) && word.contains('/');
            let plain = word.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
            let from_there = ["", "crates"].iter().any(|base| package().join(base).join(word).exists());
            if named && plain && !word.contains("NAME") && !from_there && !folder.join(word).exists() {
                dead.push(format!("{}: {word}", page.display()));
            }
        }
    }
    assert!(dead.is_empty(), "{dead:#?}");
}
