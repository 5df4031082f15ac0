//! A folder of files for the command.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use kneepoint_cli::{End, command};
use kneepoint_scenario::Registry;

/// A folder that goes with the test.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(test: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("kneepoint-{test}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a temporary folder can be made");
        Folder(path)
    }

    pub fn file(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Runs the command.
pub fn run(arguments: &[&str]) -> End {
    let all = std::iter::once("kneepoint").chain(arguments.iter().copied()).map(OsString::from);
    command(&Registry::core(), all)
}

/// What was written.
pub fn text(path: &str) -> String {
    std::fs::read_to_string(Path::new(path)).expect("it was written")
}

/// What was written, wherever its lines end.
pub fn words(path: &str) -> String {
    text(path).split_whitespace().collect::<Vec<_>>().join(" ")
}
