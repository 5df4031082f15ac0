//! Files of records: journals, from which a sweep goes on, and shards, which are merged.
//!
//! One JSON object a line, each with a checksum of the rest of its line: a header, then for each point a line that
//! says what it is and lines of its replications, in the order in which they were done; a shard has an end.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::error::shown;
use super::record::{self, Outcome};
use super::spec::PointSpec;
use super::{SweepError, SweepFacts};

/// The longest first line that is looked at to tell whether a file is a journal \[bytes\].
///
/// # Source
/// Chosen: a header holds the axes and names of a sweep; the longest seen had a few thousand.
const HEAD_MAX: u64 = 1 << 24;

/// The version of the lines: other versions are not read.
pub(crate) const FORMAT: u32 = 5;

/// Replications between two syncs: what a power cut may cost. A killed process loses none.
const SYNC_EVERY: u32 = 1000;

/// What all lines of a file belong to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Header {
    format: u32,
    program: String,
    /// Fingerprint of all points.
    points: String,
    pub shard: Option<(u64, u64)>,
    pub facts: SweepFacts,
}

impl Header {
    pub fn new(facts: &SweepFacts, values: &[Vec<String>], shard: Option<(u64, u64)>) -> Header {
        let texts = values.iter().flatten().flat_map(|value| value.bytes().chain([0]));
        Header {
            format: FORMAT,
            program: env!("CARGO_PKG_VERSION").to_string(),
            points: format!("{:016x}", fnv(texts)),
            shard,
            facts: facts.clone(),
        }
    }

    /// The same wherever the scenario lay, and whatever people call its parts: neither changes a result.
    fn anywhere(&self) -> Header {
        let mut header = self.clone();
        header.facts.labels.clear();
        header.facts.origin.iter_mut().for_each(|origin| origin.file.clear());
        header
    }

    /// Says what differs, as a clause: "the seed was 1 and is 2".
    fn difference(&self, now: &Header) -> Option<String> {
        let (then, is) = (&self.facts, &now.facts);
        let say = |what: &str, then: &dyn std::fmt::Display, is: &dyn std::fmt::Display| {
            let (then, is) = (then.to_string(), is.to_string());
            (then != is).then(|| format!("{what} was {then} and is {is}"))
        };
        let axes =
            |facts: &SweepFacts| facts.axes.iter().map(|a| a.values.clone()).collect::<Vec<_>>().join(" ");
        let range = |facts: &SweepFacts| format!("{} to {}", facts.replications_min, facts.replications_max);
        let option = |value: Option<f64>| value.map_or("not asked for".to_string(), |v| v.to_string());
        let asked = |is: bool| if is { "asked for" } else { "not asked for" };
        let shard = |of: &Header| of.shard.map_or("none".to_string(), |(k, n)| format!("{k}/{n}"));
        say("the format of records", &self.format, &now.format)
            .or_else(|| say("the version of the program", &self.program, &now.program))
            .or_else(|| say("the seed", &then.seed, &is.seed))
            .or_else(|| say("the design", &then.design, &is.design))
            .or_else(|| say("what is swept", &axes(then), &axes(is)))
            .or_else(|| say("the number of points", &then.points, &is.points))
            .or_else(|| say("the number of replications", &range(then), &range(is)))
            .or_else(|| say("the precision", &option(then.precision), &option(is.precision)))
            .or_else(|| say("the shard", &shard(self), &shard(now)))
            .or_else(|| say("the list of columns", &then.columns.join(", "), &is.columns.join(", ")))
            .or_else(|| {
                say("the scenario", &format!("{} (hash)", then.scenario), &format!("{} (hash)", is.scenario))
            })
            .or_else(|| self.data_difference(now))
            .or_else(|| say("--independent", &asked(then.independent), &asked(is.independent)))
            .or_else(|| say("the title", &then.title, &is.title))
            .or_else(|| {
                let question =
                    |facts: &SweepFacts| facts.question.clone().unwrap_or_else(|| "none".to_string());
                say("the question", &question(then), &question(is))
            })
            .or_else(|| {
                say("the list of assumptions", &then.assumptions.join("; "), &is.assumptions.join("; "))
            })
            .or_else(|| {
                let paths =
                    |facts: &SweepFacts| facts.axes.iter().map(|a| a.path.clone()).collect::<Vec<_>>();
                say("what is swept", &paths(then).join(" "), &paths(is).join(" "))
            })
            .or_else(|| {
                let points = |of: &Header| format!("{} (fingerprint)", of.points);
                say("the list of points", &points(self), &points(now))
            })
            .or_else(|| (self.anywhere() != now.anywhere()).then(|| "the sweep was another one".to_string()))
    }
}

impl Header {
    /// Says which files of data are not those that were read before.
    fn data_difference(&self, now: &Header) -> Option<String> {
        let names = |those: &Header, these: &Header| -> Vec<String> {
            let gone = those.facts.data.iter().filter(|file| !these.facts.data.contains(file));
            gone.map(|file| file.name.clone()).collect()
        };
        let (then, is) = (names(self, now), names(now, self));
        let changed: Vec<&str> = then.iter().filter(|name| is.contains(name)).map(String::as_str).collect();
        let only = |those: &[String], these: &[String]| -> Vec<String> {
            those.iter().filter(|name| !these.contains(name)).cloned().collect()
        };
        let (gone, new) = (only(&then, &is), only(&is, &then));
        let mut clauses = Vec::new();
        if !changed.is_empty() {
            clauses.push(format!("what is in {} has changed", changed.join(", ")));
        }
        if !gone.is_empty() {
            clauses.push(format!("{} was read and is no longer", gone.join(", ")));
        }
        if !new.is_empty() {
            clauses.push(format!("{} was not read and is now", new.join(", ")));
        }
        (!clauses.is_empty()).then(|| clauses.join("; "))
    }
}

#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    header: Option<Header>,
    #[serde(default)]
    point: Option<PointIndex>,
    #[serde(default)]
    record: Option<(u64, u64)>,
    #[serde(default)]
    end: Option<u64>,
    #[serde(default)]
    #[allow(dead_code, reason = "skipped without being kept")]
    words: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct PointIndex {
    index: u64,
}

#[derive(Deserialize)]
struct PointLine {
    point: PointSpec,
}

#[derive(Deserialize)]
struct RecordLine {
    words: Vec<u64>,
    texts: Vec<String>,
}

/// FNV-1a with 64 bits: enough against cut and damaged lines, which are no attack.
pub(crate) fn fnv(bytes: impl IntoIterator<Item = u8>) -> u64 {
    bytes
        .into_iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

const SUM_BEFORE: &str = "{\"sum\":\"";
const SUM_AFTER: &str = "\",";

/// Makes a line of what stands between the braces.
fn line(inner: &str) -> String {
    format!("{SUM_BEFORE}{:016x}{SUM_AFTER}{inner}}}\n", fnv(inner.bytes()))
}

/// Returns whether a line with its end is whole.
fn is_whole(line: &[u8]) -> bool {
    let Ok(line) = std::str::from_utf8(line) else { return false };
    let Some(rest) = line.strip_prefix(SUM_BEFORE).and_then(|rest| rest.strip_suffix("}\n")) else {
        return false;
    };
    let Some((sum, inner)) = rest.split_at_checked(16) else { return false };
    let Some(inner) = inner.strip_prefix(SUM_AFTER) else { return false };
    u64::from_str_radix(sum, 16).is_ok_and(|sum| sum == fnv(inner.bytes()))
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("texts and numbers can be written")
}

/// Where a line stands.
#[derive(Clone, Copy, Debug)]
struct Slot {
    file: usize,
    offset: u64,
    length: usize,
}

/// Records in files, found by point and replication.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    files: Vec<(PathBuf, Mutex<File>)>,
    points: BTreeMap<u64, Vec<Slot>>,
    records: BTreeMap<(u64, u64), Slot>,
}

/// What stands in one file.
struct Scanned {
    header: Option<Header>,
    /// Bytes of whole lines.
    whole: u64,
    /// What follows them is cut short.
    cut: bool,
    end: Option<u64>,
    records: u64,
}

impl Shelf {
    pub fn replications(&self) -> u64 {
        self.records.len() as u64
    }

    /// Returns a replication that stands in these files twice, or is not wanted.
    fn scan(&mut self, path: &Path) -> Result<Scanned, SweepError> {
        let broken = |error: std::io::Error| SweepError::records(path, format!("it cannot be read: {error}"));
        // A device or a pipe need not end, nor have lines.
        if !std::fs::metadata(path).map_err(broken)?.is_file() {
            return Err(SweepError::records(path, "it is not a regular file; records of a sweep are"));
        }
        let mut reader = BufReader::with_capacity(1 << 18, File::open(path).map_err(broken)?);
        let file = self.files.len();
        let mut scanned = Scanned { header: None, whole: 0, cut: false, end: None, records: 0 };
        let mut text = Vec::new();
        for number in 1_u64.. {
            text.clear();
            let length = reader.read_until(b'\n', &mut text).map_err(broken)?;
            if length == 0 {
                break;
            }
            let damaged = || {
                SweepError::records(
                    path,
                    format!("line {number} is damaged, and others follow: it cannot be trusted"),
                )
            };
            if !is_whole(&text) {
                if number == 1 {
                    return Err(SweepError::records(path, "this is no file of records of a sweep"));
                }
                if !reader.fill_buf().map_err(broken)?.is_empty() {
                    return Err(damaged());
                }
                scanned.cut = true;
                break;
            }
            let foreign =
                |_| SweepError::records(path, format!("line {number} is of another version or program"));
            let Line { header, point, record, end, .. } = serde_json::from_slice(&text).map_err(foreign)?;
            let slot = Slot { file, offset: scanned.whole, length };
            scanned.whole += length as u64;
            if scanned.end.is_some() || header.is_some() != (number == 1) {
                return Err(damaged());
            }
            if header.is_some() {
                scanned.header = header;
            } else if let Some(point) = point {
                self.points.entry(point.index).or_default().push(slot);
            } else if let Some((point, replication)) = record {
                scanned.records += 1;
                if let Some(other) = self.records.insert((point, replication), slot) {
                    let also = match self.files.get(other.file) {
                        Some((other, _)) => format!("in {} too", shown(other)),
                        None => "there twice".to_string(),
                    };
                    let twice = format!(
                        "replication {replication} of point {point} stands {also}: each is counted once"
                    );
                    return Err(SweepError::records(path, twice));
                }
            } else {
                scanned.end = end;
            }
        }
        self.files.push((path.to_path_buf(), Mutex::new(File::open(path).map_err(broken)?)));
        Ok(scanned)
    }

    fn read<'a, T: Deserialize<'a>>(&self, slot: Slot, bytes: &'a mut Vec<u8>) -> Result<T, SweepError> {
        let (path, file) = &self.files[slot.file];
        bytes.resize(slot.length, 0);
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(slot.offset))
            .and_then(|_| file.read_exact(bytes))
            .map_err(|error| SweepError::records(path, format!("it cannot be read: {error}")))?;
        serde_json::from_slice(bytes)
            .map_err(|error| SweepError::records(path, format!("a line cannot be understood: {error}")))
    }

    /// Returns what is known of a point.
    pub fn point(&self, index: u64) -> Result<Option<PointSpec>, SweepError> {
        let mut found: Option<PointSpec> = None;
        for slot in self.points.get(&index).into_iter().flatten() {
            let mut bytes = Vec::new();
            let PointLine { point } = self.read(*slot, &mut bytes)?;
            if found.as_ref().is_some_and(|known| *known != point) {
                let path = &self.files[slot.file].0;
                return Err(SweepError::records(
                    path,
                    format!("point {index} is another one than in other files"),
                ));
            }
            found = Some(point);
        }
        Ok(found)
    }

    /// Returns the replications of a point that are there.
    pub fn numbers(&self, index: u64) -> Vec<u64> {
        self.records.range((index, 0)..=(index, u64::MAX)).map(|((_, replication), _)| *replication).collect()
    }

    /// Returns one replication of a point.
    pub fn outcome(&self, index: u64, replication: u64) -> Result<Option<Outcome>, SweepError> {
        let Some(slot) = self.records.get(&(index, replication)) else { return Ok(None) };
        let mut bytes = Vec::new();
        let RecordLine { words, texts } = self.read(*slot, &mut bytes)?;
        let path = &self.files[slot.file].0;
        let outcome = record::read(&words, texts);
        outcome.map(Some).ok_or_else(|| {
            SweepError::records(
                path,
                format!("replication {replication} of point {index} cannot be understood"),
            )
        })
    }

    /// Opens shards that are to be merged; says whether they call parts differently. Then parts are called as the first
    /// shard calls them, in whatever order the files are given.
    ///
    /// # Errors
    /// If one is cut short, if they are not of one sweep, or if they do not hold each replication once.
    pub fn of_shards(paths: &[PathBuf]) -> Result<(Shelf, SweepFacts, bool), SweepError> {
        let mut is_called_differently = false;
        let mut shelf = Shelf::default();
        let mut first: Option<(PathBuf, Header)> = None;
        let mut by_number: BTreeMap<u64, PathBuf> = BTreeMap::new();
        for path in paths {
            let scanned = shelf.scan(path)?;
            let header = scanned.header.filter(|h| h.shard.is_some());
            let header = header.ok_or_else(|| SweepError::records(path, "this is no shard of a sweep"))?;
            if scanned.cut || scanned.end != Some(scanned.records) {
                return Err(SweepError::records(path, "it is cut short: run this shard again"));
            }
            if header.format != FORMAT {
                return Err(SweepError::records(
                    path,
                    format!("its format is {}, this program reads {FORMAT}", header.format),
                ));
            }
            let (k, n) = header.shard.unwrap_or_default();
            if let Some(other) = by_number.insert(k, path.clone()) {
                return Err(SweepError::records(
                    path,
                    format!("shard {k}/{n} is there twice, in {} too", shown(&other)),
                ));
            }
            let same = Header { shard: Some((0, n)), ..header };
            match &mut first {
                None => first = Some((path.clone(), same)),
                Some((other, expected)) => {
                    if let Some(difference) = expected.difference(&same) {
                        return Err(SweepError::records(
                            path,
                            format!("it is of another sweep than {}: {difference}", shown(other)),
                        ));
                    }
                    if expected.facts.labels != same.facts.labels {
                        is_called_differently = true;
                        if k == 0 {
                            expected.facts.labels.clone_from(&same.facts.labels);
                        }
                    }
                    // Where machines had the file in different places, the order of the shards says nothing.
                    if let (Some(one), Some(two)) = (&mut expected.facts.origin, same.facts.origin)
                        && two.file < one.file
                    {
                        *one = two;
                    }
                }
            }
        }
        let Some((_, Header { facts, shard, .. })) = first else {
            return Err(SweepError::Design("there is nothing to merge".to_string()));
        };
        let (_, n) = shard.unwrap_or_default();
        // How many there are to be is what a file says: nothing is made as long as that.
        let missing = n.saturating_sub(by_number.len() as u64);
        if missing > 0 {
            let many = if missing == 1 { "shard" } else { "shards" };
            let missing_ones = (0..n).filter(|k| !by_number.contains_key(k)).map(|k| format!("{k}/{n}"));
            let told = missing_ones.take(10).collect::<Vec<_>>().join(", ");
            let more = if missing > 10 { format!(", and {} more", missing - 10) } else { String::new() };
            return Err(SweepError::Design(format!("{many} {told}{more} missing: each is needed once")));
        }
        let wanted = facts.points.saturating_mul(facts.replications_max);
        if shelf.replications() != wanted {
            return Err(SweepError::Design(format!(
                "there are {} replications, but the sweep has {wanted}",
                shelf.replications()
            )));
        }
        Ok((shelf, facts, is_called_differently))
    }
}

/// Returns the part of a sweep's replications that is of a shard.
pub(crate) fn share(jobs: u64, k: u64, n: u64) -> Range<u64> {
    let at = |k: u64| (u128::from(jobs) * u128::from(k) / u128::from(n)) as u64;
    at(k)..at(k + 1)
}

/// A file to which each replication is added as it is done.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: Mutex<Appended>,
    pub(crate) shelf: Shelf,
    pub(crate) shard: Option<(u64, u64)>,
    resumed: Resumed,
}

#[derive(Debug)]
struct Appended {
    file: File,
    unsynced: u32,
    records: u64,
}

/// What a journal already held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resumed {
    /// Replications that need not be done again.
    pub replications: u64,
    /// Whether its last line was cut short, and dropped.
    pub cut: bool,
}

impl Journal {
    pub(crate) fn create(path: &Path, header: &Header) -> Result<Journal, SweepError> {
        let wrong = |error: std::io::Error| SweepError::write(path, &error);
        if std::fs::symlink_metadata(path).is_ok() {
            return Err(SweepError::records(path, "it exists: a sweep was not finished"));
        }
        // Half a header would be no journal: it gets its name when it is whole.
        let mut early = path.as_os_str().to_os_string();
        early.push(".new");
        let early = PathBuf::from(early);
        let mut file = File::create(&early).map_err(wrong)?;
        lock(&file, path)?;
        let text = line(&format!("\"header\":{}", json(header)));
        let made = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
        if let Err(error) = made.and_then(|()| std::fs::rename(&early, path)) {
            let _ = std::fs::remove_file(&early);
            return Err(wrong(error));
        }
        Ok(Journal {
            path: path.to_path_buf(),
            file: Mutex::new(Appended { file, unsynced: 0, records: 0 }),
            shelf: Shelf::default(),
            shard: header.shard,
            resumed: Resumed::default(),
        })
    }

    pub(crate) fn resume(path: &Path, header: &Header) -> Result<Journal, SweepError> {
        let wrong = |error: std::io::Error| SweepError::write(path, &error);
        let mut file = OpenOptions::new().append(true).open(path).map_err(wrong)?;
        lock(&file, path)?;
        // A file without a byte of a header holds nothing to go on with, and nothing to lose.
        if file.metadata().map_err(wrong)?.len() == 0 {
            drop(file);
            std::fs::remove_file(path).map_err(wrong)?;
            return Journal::create(path, header);
        }
        let mut shelf = Shelf::default();
        let scanned = shelf.scan(path)?;
        let then = scanned.header.ok_or_else(|| SweepError::records(path, "it has no header"))?;
        if let Some(difference) = then.difference(header) {
            return Err(SweepError::records(
                path,
                format!("it is of another sweep: {difference}; go on as it was, or begin anew with --force"),
            ));
        }
        if scanned.end.is_some() {
            return Err(SweepError::records(path, "it is a finished shard"));
        }
        if scanned.cut {
            file.set_len(scanned.whole)
                .and_then(|()| file.seek(SeekFrom::End(0)).map(drop))
                .map_err(wrong)?;
        }
        Ok(Journal {
            path: path.to_path_buf(),
            file: Mutex::new(Appended { file, unsynced: 0, records: scanned.records }),
            shard: header.shard,
            resumed: Resumed { replications: scanned.records, cut: scanned.cut },
            shelf,
        })
    }

    /// Counts the replications of a shard that was finished.
    pub(crate) fn finished(path: &Path, header: &Header) -> Result<u64, SweepError> {
        let scanned = Shelf::default().scan(path)?;
        let then = scanned.header.ok_or_else(|| SweepError::records(path, "it has no header"))?;
        if let Some(difference) = then.difference(header) {
            return Err(SweepError::records(
                path,
                format!("it is of another sweep: {difference}; --force overwrites it"),
            ));
        }
        match scanned.end {
            Some(records) if !scanned.cut && records == scanned.records => Ok(records),
            _ => Err(SweepError::records(path, "it is cut short: --force does this shard again")),
        }
    }

    /// Returns what it held when it was opened.
    pub fn resumed(&self) -> Resumed {
        self.resumed
    }

    /// Returns where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Removes the journal of a sweep that nobody is at work on.
    ///
    /// # Errors
    /// If another process writes to it, if it is no journal, or if the system refuses.
    pub fn discard(path: &Path) -> Result<(), SweepError> {
        let wrong = |error: std::io::Error| SweepError::write(path, &error);
        if !std::fs::metadata(path).map_err(wrong)?.is_file() {
            return Err(SweepError::records(path, "it is not a regular file, and so no journal of a sweep"));
        }
        let file = File::open(path).map_err(wrong)?;
        lock(&file, path)?;
        let mut first = Vec::new();
        BufReader::new(&file).take(HEAD_MAX).read_until(b'\n', &mut first).map_err(wrong)?;
        // One that was killed before its first line was whole is one too.
        let begun = !first.is_empty() && !first.ends_with(b"\n") && first.len() < HEAD_MAX as usize;
        if !(first.is_empty() || is_whole(&first) || begun && first.starts_with(b"{")) {
            return Err(SweepError::records(
                path,
                "it is no journal of a sweep, and --force removes nothing else: move it away",
            ));
        }
        std::fs::remove_file(path).map_err(wrong)
    }

    fn append(&self, text: &str, is_record: bool) -> Result<(), SweepError> {
        let mut appended = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let wrong = |error: std::io::Error| SweepError::write(&self.path, &error);
        // One write: a process that is killed leaves whole lines, or a last one that is cut.
        appended.file.write_all(text.as_bytes()).map_err(wrong)?;
        if is_record {
            appended.records += 1;
            appended.unsynced += 1;
            if appended.unsynced >= SYNC_EVERY {
                appended.unsynced = 0;
                appended.file.sync_data().map_err(wrong)?;
            }
        }
        Ok(())
    }

    pub(crate) fn add_point(&self, point: &PointSpec) -> Result<(), SweepError> {
        self.append(&line(&format!("\"point\":{}", json(point))), false)
    }

    pub(crate) fn add(&self, point: u64, replication: u64, outcome: &Outcome) -> Result<(), SweepError> {
        let (words, texts) = record::write(outcome);
        let inner = format!(
            "\"record\":[{point},{replication}],\"words\":{},\"texts\":{}",
            json(&words),
            json(&texts)
        );
        self.append(&line(&inner), true)
    }

    /// Removes it, once the results are where they belong.
    ///
    /// # Errors
    /// If it cannot be removed.
    pub fn remove(self) -> Result<(), SweepError> {
        std::fs::remove_file(&self.path).map_err(|error| SweepError::write(&self.path, &error))
    }

    /// Ends a shard and gives it its name.
    ///
    /// # Errors
    /// If it cannot be written or renamed.
    pub(crate) fn finish(self, path: &Path) -> Result<(), SweepError> {
        let wrong = |error: std::io::Error| SweepError::write(path, &error);
        let mut appended = self.file.into_inner().unwrap_or_else(PoisonError::into_inner);
        let end = line(&format!("\"end\":{}", appended.records));
        appended.file.write_all(end.as_bytes()).and_then(|()| appended.file.sync_all()).map_err(wrong)?;
        std::fs::rename(&self.path, path).map_err(wrong)
    }
}

fn lock(file: &File, path: &Path) -> Result<(), SweepError> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(std::fs::TryLockError::WouldBlock) => {
            Err(SweepError::records(path, "another process is writing to it"))
        }
        // Some file systems have no locks; what they guard against is a mistake, not an attack.
        Err(std::fs::TryLockError::Error(_)) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_cover_everything_once() {
        for (jobs, n) in [(10, 3), (7, 7), (3, 50), (0, 4), (u64::MAX, 3)] {
            let mut at = 0;
            for k in 0..n {
                let share = share(jobs, k, n);
                assert_eq!(share.start, at);
                at = share.end;
            }
            assert_eq!(at, jobs);
        }
    }

    #[test]
    fn other_labels_are_no_other_sweep() {
        let header = |labels: &[(&str, &str)], title: &str| {
            let facts = SweepFacts {
                title: title.to_string(),
                question: None,
                scenario: "00".to_string(),
                origin: None,
                seed: 1,
                independent: false,
                design: "grid".to_string(),
                axes: Vec::new(),
                points: 0,
                replications_min: 1,
                replications_max: 1,
                precision: None,
                columns: Vec::new(),
                assumptions: Vec::new(),
                labels: labels.iter().map(|(name, label)| (name.to_string(), label.to_string())).collect(),
                data: Vec::new(),
            };
            Header::new(&facts, &[], None)
        };
        let before = header(&[("web", "Shop")], "shop");
        assert_eq!(before.difference(&header(&[("web", "Shop front"), ("db", "Orders")], "shop")), None);
        assert!(before.difference(&header(&[("web", "Shop")], "other")).is_some());
    }

    #[test]
    fn one_changed_byte_breaks_a_line() {
        let whole = line("\"end\":7");
        assert!(is_whole(whole.as_bytes()));
        for at in 0..whole.len() {
            let mut bytes = whole.clone().into_bytes();
            bytes[at] ^= 1;
            assert!(!is_whole(&bytes), "{at}");
            assert!(!is_whole(&whole.as_bytes()[..at]));
        }
    }
}
