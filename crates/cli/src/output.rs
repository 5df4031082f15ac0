//! Where data and diagnostics leave.

use std::fs::File;
use std::io::{BufWriter, ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};

use kneepoint_scenario::Scenario;

use crate::End;
use crate::trouble::Trouble;

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

/// Writes rows under a head as CSV (RFC 4180, line ends as `\n`).
///
/// # Panics
/// If a row has more or fewer cells than the head.
pub fn csv(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(head).expect("a Vec takes everything");
    for row in rows {
        writer.write_record(&row).expect("a Vec takes everything, and all rows have as many cells");
    }
    let bytes = writer.into_inner().expect("a Vec takes everything");
    kneepoint_report::safe_lines(String::from_utf8(bytes).expect("only texts were written"))
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

/// Holds that files can be written there and are not one and the same, as far as that can be told before there is
/// anything to write.
///
/// # Errors
/// As [`can_be_written`], or if two are the same file; in words.
pub fn all_can_be_written(files: &[Option<&Path>], force: bool) -> Result<(), String> {
    let files: Vec<&Path> = files.iter().copied().flatten().collect();
    for (at, path) in files.iter().enumerate() {
        can_be_written(path, force)?;
        if let Some(other) = files[..at].iter().find(|other| place(other) == place(path)) {
            return Err(format!(
                "{} and {} are the same file: one would overwrite the other",
                shown(other),
                shown(path)
            ));
        }
    }
    Ok(())
}

/// Holds that nothing that is written is what the answer is made of.
///
/// # Errors
/// If it is; in words.
pub fn spares(outputs: &[Option<&Path>], inputs: &[PathBuf]) -> Result<(), String> {
    for output in outputs.iter().copied().flatten() {
        if let Some(input) = inputs.iter().find(|input| place(input) == place(output)) {
            return Err(format!(
                "{} is read for this answer: written there, it would be lost; name another file",
                shown(input)
            ));
        }
    }
    Ok(())
}

/// Holds that nothing that is written is what a scenario was read from: the file, its includes and its data.
///
/// To be asked when the plan is made, and not before: files of data are read with it. And before anything is run, so
/// that nobody waits an hour for the refusal.
///
/// # Errors
/// If it is; in words.
pub fn spares_sources(outputs: &[Option<&Path>], scenario: &Scenario) -> Result<(), Trouble> {
    spares(outputs, &scenario.reads()).map_err(Trouble::usage)
}

fn exists(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok()
}

/// Where a file is or will be, whichever way it was named.
fn place(path: &Path) -> PathBuf {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let named = || Some(folder.canonicalize().ok()?.join(path.file_name()?));
    // A link that leads to the other file is that file.
    path.canonicalize().ok().or_else(named).unwrap_or_else(|| path.to_path_buf())
}

/// Holds that a file can be written there, as far as that can be told before there is anything to write.
///
/// # Errors
/// If it exists and must not be overwritten, is no file, or has no folder to be in; in words.
pub fn can_be_written(path: &Path, force: bool) -> Result<(), String> {
    let shown = shown(path);
    match std::fs::symlink_metadata(path) {
        Ok(about) if about.is_dir() => return Err(format!("{shown} is a folder; name the file to write")),
        // A rename would put a file in the place of a device, or of the link to one.
        Ok(about) if about.is_symlink() => match std::fs::metadata(path) {
            Ok(target) if target.is_dir() => {
                return Err(format!("{shown} is a folder; name the file to write"));
            }
            Ok(target) if !target.is_file() => {
                return Err(format!(
                    "{shown} leads to what is not a regular file; only those are overwritten"
                ));
            }
            Ok(_) if !force => return Err(format!("{shown} exists; --force overwrites it")),
            Ok(_) => {}
            Err(_) => return Err(format!("{shown} is a link that leads nowhere")),
        },
        Ok(about) if !about.is_file() => {
            return Err(format!("{shown} is not a regular file; only those are overwritten"));
        }
        Ok(_) if !force => return Err(format!("{shown} exists; --force overwrites it")),
        _ => {}
    }
    if path.file_name().is_none() {
        return Err(format!("{shown} is not the name of a file"));
    }
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() && !folder.is_dir() => {
            Err(format!("{shown} cannot be written: there is no folder {}", self::shown(folder)))
        }
        _ => Ok(()),
    }
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

/// Writes a file whole or not at all.
///
/// # Errors
/// As [`can_be_written`], and if the system refuses; in words.
pub fn write_file(path: &Path, text: &str, force: bool) -> Result<(), String> {
    write_bytes(path, text.as_bytes(), force)
}

/// As [`write_file`], what is no text.
///
/// # Errors
/// As [`write_file`].
pub fn write_bytes(path: &Path, bytes: &[u8], force: bool) -> Result<(), String> {
    can_be_written(path, force)?;
    let written = Whole::create(path, force).and_then(|mut file| {
        file.write(bytes)?;
        file.finish()
    });
    written.map_err(|error| format!("{} cannot be written: {error}", shown(path)))
}

/// A file that gets its name when it is whole: until then it is beside it under another one.
pub struct Whole {
    to: BufWriter<File>,
    temporary: PathBuf,
    path: PathBuf,
    force: bool,
    finished: bool,
}

impl Whole {
    /// Begins a file; where there is a link, the one it leads to.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn create(path: &Path, force: bool) -> std::io::Result<Whole> {
        let path = match std::fs::symlink_metadata(path) {
            Ok(about) if about.is_symlink() => path.canonicalize()?,
            _ => path.to_path_buf(),
        };
        // Of two processes that write the same file each has its own, and nobody else's is touched.
        let mut attempt = 0;
        let (temporary, file) = loop {
            let temporary = beside(&path, &format!(".{}-{attempt}.tmp", std::process::id()));
            match File::create_new(&temporary) {
                Ok(file) => break (temporary, file),
                Err(error) if error.kind() == ErrorKind::AlreadyExists && attempt < 100 => attempt += 1,
                Err(error) => return Err(error),
            }
        };
        Ok(Whole { to: BufWriter::new(file), temporary, path, force, finished: false })
    }

    /// Adds to it.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.to.write_all(bytes)
    }

    /// Gives it its name.
    ///
    /// # Errors
    /// If the system refuses, or if there is such a file by now and it must not be overwritten.
    pub fn finish(mut self) -> std::io::Result<()> {
        let done = self.to.flush().and_then(|()| self.to.get_ref().sync_all()).and_then(|()| {
            if self.force {
                return std::fs::rename(&self.temporary, &self.path);
            }
            // A link fails if somebody has made the file meanwhile; a rename would overwrite it.
            match std::fs::hard_link(&self.temporary, &self.path) {
                Err(error) if error.kind() != ErrorKind::AlreadyExists && !exists(&self.path) => {
                    // Some file systems have no links.
                    std::fs::rename(&self.temporary, &self.path)
                }
                linked => linked,
            }
        });
        self.finished = self.force && done.is_ok();
        done
    }
}

impl Drop for Whole {
    fn drop(&mut self) {
        if !self.finished {
            let _ = std::fs::remove_file(&self.temporary);
        }
    }
}

/// Removes what processes that were killed have left of a file they were about to write; returns it.
///
/// Where the system does not tell which processes there are (outside of Linux) all is left alone: a file under way is
/// worth more than a name too many.
pub fn sweep_away(path: &Path) -> Vec<PathBuf> {
    let processes = Path::new("/proc");
    if !processes.join(std::process::id().to_string()).exists() {
        return Vec::new();
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return Vec::new() };
    let writer = |file: &Path| -> Option<u32> {
        let rest = file.file_name()?.to_str()?.strip_prefix(name)?.strip_prefix('.')?.strip_suffix(".tmp")?;
        let (writer, attempt) = rest.split_once('-')?;
        attempt.parse::<u32>().ok()?;
        writer.parse().ok()
    };
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let gone = |file: &PathBuf| writer(file).is_some_and(|id| !processes.join(id.to_string()).exists());
    let mut left: Vec<PathBuf> =
        files.filter(gone).filter(|file| std::fs::remove_file(file).is_ok()).collect();
    left.sort();
    left
}

/// A file beside another, with an ending more.
pub fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_os_string();
    name.push(ending);
    PathBuf::from(name)
}

/// A path as it may be said: names of files can hold anything, what steers a terminal included.
pub fn shown(path: &Path) -> String {
    kneepoint_report::safe(&path.display().to_string())
}

/// Whether progress may be drawn.
pub fn shows_progress() -> bool {
    std::io::stderr().is_terminal()
}
