//! Where data and diagnostics leave.

use std::io::{ErrorKind, IsTerminal, Write};
use std::path::Path;

use crate::End;

/// Prints data to standard output.
pub fn print(text: &str) -> End {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => End::Fine,
        Err(error) => broken(&error),
    }
}

/// Whoever read the output has gone: no fault of anybody's. Anything else is.
pub fn broken(error: &std::io::Error) -> End {
    if error.kind() == ErrorKind::BrokenPipe {
        return End::Fine;
    }
    say(&format!("error: the output could not be written: {error}"));
    End::Failed
}

/// Says something to whoever sits there.
pub fn say(text: &str) {
    // Nobody can be told that nobody can be told.
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Says what is wrong with the usage or the scenario.
pub fn bad(text: &str) -> End {
    say(&format!("error: {text}"));
    End::Bad
}

/// Brings data where it was asked for: to a file, or to standard output.
pub fn deliver(text: &str, path: Option<&Path>, force: bool) -> End {
    let Some(path) = path else { return print(text) };
    match write_file(path, text, force) {
        Ok(()) => End::Fine,
        Err(message) => {
            say(&format!("error: {message}"));
            End::Failed
        }
    }
}

/// Colour on a terminal that wants it; a file or pipe gets plain text of a fixed width.
pub fn look(into_file: bool) -> kneepoint_report::Look {
    let terminal = !into_file && std::io::stdout().is_terminal();
    // https://no-color.org: present and not empty, whatever the value
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    kneepoint_report::Look { colour: terminal && !refused, ..kneepoint_report::Look::default() }
}

/// Writes a file whole or not at all: to a temporary name beside it, then renamed.
///
/// # Errors
/// If it exists and must not be overwritten, or cannot be written; in words.
pub fn write_file(path: &Path, text: &str, force: bool) -> Result<(), String> {
    let shown = path.display();
    if !force && std::fs::symlink_metadata(path).is_ok() {
        return Err(format!("{shown} exists; --force overwrites it"));
    }
    let Some(name) = path.file_name() else { return Err(format!("{shown} is not the name of a file")) };
    let mut temporary = name.to_os_string();
    temporary.push(format!(".{}.tmp", std::process::id()));
    let temporary = path.with_file_name(temporary);
    let written = std::fs::write(&temporary, text).and_then(|()| {
        if force {
            std::fs::rename(&temporary, path)
        } else {
            // A link fails if somebody has made the file meanwhile; a rename would overwrite it.
            let linked = std::fs::hard_link(&temporary, path);
            let _ = std::fs::remove_file(&temporary);
            linked
        }
    });
    written.map_err(|error| {
        let _ = std::fs::remove_file(&temporary);
        format!("{shown} cannot be written: {error}")
    })
}

/// The threads that were asked for, or as many as there are cores.
pub fn threads(asked: Option<u32>) -> usize {
    match asked {
        Some(threads) => threads as usize,
        None => std::thread::available_parallelism().map_or(1, |cores| cores.get()),
    }
}

/// Whether progress may be drawn.
pub fn shows_progress() -> bool {
    std::io::stderr().is_terminal()
}
