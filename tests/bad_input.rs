//! Input that is wrong: whatever it is, it ends in a sentence with a place, what is wrong and what is allowed.
//!
//! Beyond the 62 broken files of the format: files that are none, odd numbers, recorded data in any state, overload;
//! and scenarios that chance has changed. `KNEEPOINT_BAD_INPUT_CASES=20000 cargo test --release --test bad_input`
//! looks further.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use kneepoint::experiment::{ExperimentError, Options, run};
use kneepoint::scenario::{Faults, Overrides, Registry, Scenario, Severity, plan, plan::Plan};
use proptest::prelude::*;

/// A folder of this test alone, gone when it ends.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Folder {
        let folder = std::env::temp_dir().join(format!("kneepoint-bad-input-{}-{test}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("there is a place for temporary files");
        Folder(folder)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, bytes).expect("can be written");
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// From a file to what would be run.
fn planned(path: &Path) -> Result<Plan, Faults> {
    plan(&Scenario::load(path, &Registry::core(), &Overrides::default())?)
}

/// Returns the errors of a file as `line:column message [what is allowed]`, without the folder in it.
fn errors(path: &Path) -> Vec<String> {
    let Err(faults) = planned(path) else { return Vec::new() };
    assert!(!faults.to_string().is_empty());
    let errors = faults.rows().into_iter().filter(|row| row.severity == Severity::Error);
    errors
        .map(|row| {
            let help = row.help.map_or(String::new(), |help| format!(" [{help}]"));
            format!("{}:{} {}{help}", row.line, row.column, row.message)
        })
        .collect()
}

/// Holds that the only thing said of a file is this.
#[track_caller]
fn says(path: &Path, expected: &str) {
    assert_eq!(errors(path), [expected], "{}", path.display());
}

/// A small model of nine lines: a test changes the client, a part, or a section.
fn model(client: &str, service: &str, more: &str) -> String {
    format!(
        "(\n\
         format: 1,\n\
         title: \"Wrong\",\n\
         run: (duration: \"1min\", warm_up: \"10s\", replications: 2),\n\
         parts: {{\n\
         \"users\": {client},\n\
         \"web\": {service},\n\
         }},\n\
         {more}\n\
         )"
    )
}

const CLIENT: &str = "OpenClient(to: \"web\", rate: \"10/s\")";
const SERVICE: &str = "Service(concurrency: Servers(2), queue: 10, does: Compute(\"1ms\"))";

#[test]
fn the_model_of_these_tests_is_sound() {
    let folder = Folder::new("sound");
    let path = folder.write("sound.ron", model(CLIENT, SERVICE, ""));
    assert_eq!(errors(&path), [] as [&str; 0]);
}

const SAVE: &str = "[save it as UTF-8 without a byte order mark]";

#[test]
fn what_is_no_text_is_not_read() {
    let folder = Folder::new("no-text");
    let sound = model(CLIENT, SERVICE, "");
    let wide: Vec<u8> = sound.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut latin = sound.clone().into_bytes();
    let at = sound.find("Wrong").expect("the title") + 1;
    latin[at] = 0xE9;
    let mut zero = sound.clone().into_bytes();
    zero[at] = 0;
    let mark = [&[0xEF, 0xBB, 0xBF], sound.as_bytes()].concat();
    let mut large = sound.clone().into_bytes();
    large.resize(5_000_000, b' ');
    for (name, bytes, expected) in [
        ("utf-16.ron", [&[0xFF, 0xFE], &wide[..]].concat(), format!("this file is UTF-16 {SAVE}")),
        ("utf-16-without-mark.ron", wide, format!("this file is UTF-16 {SAVE}")),
        ("mark.ron", mark, format!("this file begins with a byte order mark {SAVE}")),
        ("latin-1.ron", latin, format!("this file is not UTF-8 text (the byte at offset 22 begins no character) {SAVE}")),
        ("zero.ron", zero, "this file is not text (a zero byte at offset 22)".to_string()),
        ("large.ron", large, "this file is larger than 4 MB [a scenario describes parts, not requests: put recorded data into a CSV file]".to_string()),
        ("nothing.ron", Vec::new(), "the file is empty [a scenario is one record: ( format: 1, title: \"…\", parts: { … } )]".to_string()),
    ] {
        says(&folder.write(name, bytes), &format!("1:1 {expected}"));
    }
}

#[test]
fn what_is_no_file_is_not_read() {
    let folder = Folder::new("no-file");
    says(&folder.0.join("missing.ron"), "1:1 there is no such file");
    says(&folder.0, "1:1 this is a folder, a scenario is a file");
}

#[cfg(unix)]
#[test]
fn links_in_a_circle_and_pipes_are_not_followed() {
    let folder = Folder::new("links");
    let (a, b) = (folder.0.join("a.ron"), folder.0.join("b.ron"));
    std::os::unix::fs::symlink(&a, &b).expect("can be linked");
    std::os::unix::fs::symlink(&b, &a).expect("can be linked");
    let [said] = &errors(&a)[..] else { panic!("{:?}", errors(&a)) };
    assert!(said.starts_with("1:1 this file cannot be read: "), "{said}");
    let pipe = folder.0.join("pipe.ron");
    if Command::new("mkfifo").arg(&pipe).status().is_ok_and(|made| made.success()) {
        says(&pipe, "1:1 this is not a regular file [pipes and devices are not read]");
        let path = folder.write("of-a-pipe.ron", model(&trace("pipe.ron"), SERVICE, ""));
        eprintln!("LINK {:?}", errors(&path));
    }
    // A model from elsewhere must not print what it finds on this machine.
    let outside = Folder::new("links-outside");
    let secret = outside.write("secret.csv", "ts\nsecret\n");
    std::os::unix::fs::symlink(secret, folder.0.join("data.csv")).expect("can be linked");
    let path = folder.write("leads-out.ron", model(&trace("data.csv"), SERVICE, ""));
    eprintln!("LINK {:?}", errors(&path));
}

#[test]
fn numbers_without_a_meaning_are_refused() {
    let folder = Folder::new("numbers");
    let service = |change: (&str, &str)| model(CLIENT, &SERVICE.replace(change.0, change.1), "");
    let client = |fields: &str| model(&format!("OpenClient(to: \"web\", {fields})"), SERVICE, "");
    let run = |fields: &str| {
        let sound = model(CLIENT, SERVICE, "");
        sound.replace("duration: \"1min\", warm_up: \"10s\", replications: 2", fields)
    };
    for (name, text, expected) in [
        ("zero rate", client("rate: \"0/s\""), "6:38 a client that never asks: the rate is 0 throughout"),
        (
            "a ramp between zero rates",
            client("rate: Ramp(from: \"0/s\", to: \"0/s\", over: \"1s\")"),
            "6:38 a client that never asks: the rate is 0 throughout",
        ),
        (
            "a ramp over no time",
            client("rate: Ramp(from: \"1/s\", to: \"2/s\", over: \"0s\")"),
            "6:73 an over must be above 0s",
        ),
        (
            "no classes",
            client("rate: \"1/s\", classes: {}"),
            "6:54 a client without classes asks for nothing [leave `classes` out for one class]",
        ),
        (
            "shares of nothing",
            client("rate: \"1/s\", classes: { \"a\": (share: 0), \"b\": (share: 0) }"),
            "6:54 the shares add up to 0.000, not 1 [100% are left over]",
        ),
        ("no steps of a rate", client("rate: Steps({})"), "6:44 at least one time is needed"),
        ("no states", client("arrivals: Mmpp([])"), "6:10 `states` is empty; it must be one state at least"),
        (
            "a gap of nothing",
            client("arrivals: Renewal(\"0s\")"),
            "6:10 `gap` is 0; it must be above 0 and finite on average",
        ),
        ("no server", service(("Servers(2)", "Servers(0)")), "7:37 at least 1 server"),
        ("no instance", service(("queue: 10", "instances: 0")), "7:52 at least 1 instance"),
        (
            "no speed",
            service(("concurrency: Servers(2)", "machine: (speed: 0.0)")),
            "7:33 a speed must be above 0",
        ),
        (
            "patience below zero",
            service(("queue: 10", "queue: (patience: \"-1s\")")),
            "7:59 a patience must not be below 0",
        ),
        (
            "a mixture of nothing",
            service(("\"1ms\"", "Mixture([])")),
            "7:74 there is nothing to share among [one part at least]",
        ),
        (
            "parts of a mixture without share",
            service(("\"1ms\"", "Mixture([(share: 0, of: \"1ms\")])")),
            "7:74 the shares add up to 0.000, not 1 [100% are left over]",
        ),
        (
            "no repetition",
            service(("Compute(\"1ms\")", "Repeat(times: -1, does: Compute(\"1ms\"))")),
            "7:72 a count must not be below 0",
        ),
        (
            "a quorum of more than there are",
            service(("Compute(\"1ms\")", "Parallel(branches: [Compute(\"1ms\")], wait: Quorum(2))")),
            "7:108 a quorum of 2 is more than the 1 branches",
        ),
        ("no time", run("duration: \"0s\""), "4:17 a duration must be above 0s"),
        ("no replication", run("duration: \"1min\", replications: 0"), "4:39 at least 1 replication"),
        (
            "fewer than at least",
            run("duration: \"1min\", replications: (min: 9, max: 3)"),
            "4:53 max (3) is below min (9)",
        ),
        (
            "more than sure",
            run("duration: \"1min\", confidence: \"100%\""),
            "4:37 a confidence lies between 0 and 1 [0.05 and \"5%\" are the same]",
        ),
        ("nothing in flight", run("duration: \"1min\", limits: (in_flight: 0)"), "4:45 at least 1 in flight"),
        ("no events", run("duration: \"1min\", limits: (events: 0)"), "4:42 at least 1 event"),
        (
            "a seed too large",
            run("duration: \"1min\", seed: 99999999999999999999"),
            "4:31 a count is at most 2^53",
        ),
        (
            "division by zero",
            model(CLIENT, SERVICE, "params: { \"none\": 0, \"load\": \"=10/s / none\" },"),
            "9:32 `10/s / none` divides by zero",
        ),
        (
            "a power without end",
            model(CLIENT, SERVICE, "params: { \"load\": \"=10 ^ 10 ^ 10\" },"),
            "9:21 `10 ^ 10 ^ 10` is too large: a number must be finite",
        ),
        (
            "a root of what is below zero",
            model(CLIENT, SERVICE, "params: { \"load\": \"=sqrt(0 - 4)\" },"),
            "9:21 `sqrt(0 - 4)` is the root of a value below 0",
        ),
        (
            "a name of 65 letters",
            model(CLIENT, SERVICE, &format!("params: {{ \"{}\": 1 }},", "n".repeat(65))),
            "9:12 a name has at most 64 characters",
        ),
        (
            "a percentile beyond all",
            model(CLIENT, SERVICE, "slo: { \"x\": \"p100(users.latency) < 1s\" },"),
            "9:14 `p100` is not a percentile [the greatest is `max`]",
        ),
        (
            "a window of no time",
            model(CLIENT, SERVICE, "slo: { \"x\": \"p99(users.latency, each 0s) < 1s\" },"),
            "9:38 a window is longer than 0",
        ),
        (
            "a fault that lasts no time",
            model(CLIENT, SERVICE, "faults: { \"x\": Crash(on: \"web\", every: \"0s\", lasts: \"0s\") },"),
            "9:40 a fault that repeats without taking any time never ends",
        ),
    ] {
        let path = folder.write("numbers.ron", text);
        assert_eq!(errors(&path), [expected], "{name}");
    }
}

#[test]
fn ten_thousand_parts_are_the_most() {
    let folder = Folder::new("parts");
    let parts = |count: usize| {
        let list: Vec<String> = (0..count).map(|n| format!("\"part-{n}\": Delay(\"1ms\")")).collect();
        format!("(format: 1, title: \"Many\", run: (duration: \"1min\"), parts: {{ {} }})", list.join(", "))
    };
    assert_eq!(errors(&folder.write("enough.ron", parts(10_000))), [] as [&str; 0]);
    let expected = "1:60 10001 parts are more than 10000 [identical parts are one part with `instances`]";
    says(&folder.write("many.ron", parts(10_001)), expected);
}

/// A recorded client.
fn trace(file: &str) -> String {
    format!("TraceClient(to: \"web\", file: \"{file}\", columns: (time: \"ts\"))")
}

#[test]
fn recorded_data_in_any_state_is_refused() {
    let folder = Folder::new("data");
    std::fs::create_dir(folder.0.join("folder.csv")).expect("can be made");
    let profile = |file: &str| {
        format!(
            "OpenClient(to: \"web\", rate: FromFile(file: \"{file}\", time: \"ts\", value: \"load\", unit: \"/s\"))"
        )
    };
    for (name, csv, _expected) in [
        ("empty", Some(&b""[..]), "?"),
        ("header only", Some(b"ts,load\n"), "?"),
        ("cut short", Some(b"ts,load\n0,10\n1,2\n2"), "?"),
        ("too long", Some(b"ts,load\n0,10\n1,2,3\n"), "?"),
        ("out of order", Some(b"ts,load\n0,10\n5,20\n3,30\n"), "?"),
        ("twice the same time", Some(b"ts,load\n0,10\n0,20\n"), "?"),
        ("no such column", Some(b"ts,laod\n0,10\n"), "?"),
        ("not numeric", Some(b"ts,load\n0,10\n1,ten\n"), "?"),
        ("nothing where a number is needed", Some(b"ts,load\n0,10\n1,\n"), "?"),
        ("negative", Some(b"ts,load\n0,-10\n"), "?"),
        ("before the start", Some(b"ts,load\n-1,10\n"), "?"),
        ("no number", Some(b"ts,load\n0,NaN\n"), "?"),
        ("without end", Some(b"ts,load\n0,inf\n"), "?"),
        ("too large", Some(b"ts,load\n0,1e400\n"), "?"),
        ("not UTF-8", Some(b"ts,load\n0,\xE9\n"), "?"),
        ("a quote that never ends", Some(b"ts,load\n0,\"10\n1,20\n"), "?"),
        ("no rate at all", Some(b"ts,load\n0,0\n1,0\n"), "?"),
    ] {
        folder.write("data.csv", csv.expect("given"));
        let path = folder.write("data.ron", model(&profile("data.csv"), SERVICE, ""));
        println!("  PROFILE {name} {:?}", errors(&path));
        let samples =
            SERVICE.replace("\"1ms\"", "Samples(file: \"data.csv\", column: \"load\", unit: \"ms\")");
        let path = folder.write("data.ron", model(CLIENT, &samples, ""));
        println!("  SAMPLES {name} {:?}", errors(&path));
        let path = folder.write("data.ron", model(&trace("data.csv"), SERVICE, ""));
        println!("  TRACE   {name} {:?}", errors(&path));
    }
    for file in ["../data.csv", "/etc/hostname", "missing.csv", "folder.csv", "data.csv.gz", "", "."] {
        let path = folder.write("data.ron", model(&profile(file), SERVICE, ""));
        println!("  FILE {file} {:?}", errors(&path));
    }
    let odd = profile("data.csv").replace("unit: \"/s\"", "unit: \"ms\"");
    let path = folder.write("data.ron", model(&odd, SERVICE, ""));
    println!("  UNIT {:?}", errors(&path));
    let odd = profile("data.csv").replace("unit: \"/s\"", "unit: \"/fortnight\"");
    let path = folder.write("data.ron", model(&odd, SERVICE, ""));
    println!("  UNIT {:?}", errors(&path));
}

#[test]
fn an_overloaded_model_stops_at_its_ceiling_and_says_where() {
    let folder = Folder::new("overload");
    for (limits, ceiling) in [
        ("in_flight: 500", "more than 500 calls in flight at "),
        ("memory: \"1MB\"", "more than 1000000 bytes held at "),
        ("events: 3000", "more than 3000 events by "),
    ] {
        let text = model(
            "OpenClient(to: \"web\", rate: \"1000/s\")",
            "Service(concurrency: Servers(1), does: Compute(\"10ms\"))",
            "",
        );
        let text = text.replace("replications: 2", &format!("replications: 2, limits: ({limits})"));
        let plan = planned(&folder.write("overload.ron", text)).unwrap_or_else(|faults| panic!("{faults}"));
        let error = run(&plan, &Options::default()).expect_err("a hundred times what it can do");
        let said = error.to_string();
        let ExperimentError::Stopped { replication, most_loaded, .. } = error else { panic!("{said}") };
        assert_eq!(replication, 0);
        assert_eq!(most_loaded.map(|(part, _)| part), Some("web".to_string()), "{said}");
        assert!(said.starts_with(&format!("replication 0 stopped: {ceiling}")), "{said}");
        assert!(said.ends_with(" calls, more than any other part"), "{said}");
    }
}

/// The models of this package and the examples of the format, as texts with their folders.
fn seeds() -> &'static [(PathBuf, String)] {
    static SEEDS: LazyLock<Vec<(PathBuf, String)>> = LazyLock::new(|| {
        let package = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut paths: Vec<PathBuf> = Vec::new();
        for folder in [package.join("tests/format"), package.join("models")] {
            let entries = std::fs::read_dir(folder).expect("part of the package");
            paths.extend(
                entries
                    .map(|entry| entry.expect("readable").path())
                    .map(|path| if path.is_dir() { path.join("scenario.ron") } else { path }),
            );
        }
        paths.retain(|path| path.is_file());
        paths.sort();
        paths
            .into_iter()
            .map(|path| {
                let text = std::fs::read_to_string(&path).expect("readable");
                (path.parent().expect("it is in a folder").to_path_buf(), text)
            })
            .collect()
    });
    &SEEDS
}

/// What may stand in the place of a token: the edges of numbers and of the format.
const ODD: [&str; 24] = [
    "0",
    "1",
    "-1",
    "1e308",
    "1e-308",
    "18446744073709551615",
    "999999999",
    "\"0s\"",
    "\"1ns\"",
    "\"500 y\"",
    "\"0/s\"",
    "\"1e12/s\"",
    "\"100%\"",
    "\"=1 / 0\"",
    "\"web\"",
    "\"\"",
    "[]",
    "{}",
    "()",
    "None",
    "Lifo",
    "Exponential(\"1ms\")",
    "Pareto(min: \"1ns\", alpha: 0.01)",
    "Lines({})",
];

/// A change of a text, by numbers that chance gives.
#[derive(Clone, Debug)]
enum Change {
    Byte(prop::sample::Index, u8),
    Swap(prop::sample::Index, prop::sample::Index),
    Double(prop::sample::Index),
    Drop(prop::sample::Index, u8),
    Odd(prop::sample::Index, prop::sample::Index),
    Digit(prop::sample::Index, u8),
}

fn change() -> impl Strategy<Value = Change> {
    use prop::sample::Index;
    prop_oneof![
        1 => (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Change::Byte(at, byte)),
        2 => (any::<Index>(), any::<Index>()).prop_map(|(a, b)| Change::Swap(a, b)),
        1 => any::<Index>().prop_map(Change::Double),
        1 => (any::<Index>(), 1u8..20).prop_map(|(at, count)| Change::Drop(at, count)),
        4 => (any::<Index>(), any::<Index>()).prop_map(|(at, which)| Change::Odd(at, which)),
        4 => (any::<Index>(), 0u8..10).prop_map(|(at, digit)| Change::Digit(at, digit)),
    ]
}

/// Splits a text into words, quoted texts and single characters.
fn tokens(text: &str) -> Vec<&str> {
    let mut list = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if first == '"' {
            rest[1..].find('"').map_or(rest.len(), |end| end + 2)
        } else if first.is_alphanumeric() || first == '_' {
            rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.')).unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        let (token, after) = rest.split_at(length);
        list.push(token);
        rest = after;
    }
    list
}

fn changed(text: &str, change: &Change) -> String {
    let mut list = tokens(text);
    if list.is_empty() {
        return text.to_string();
    }
    // Blanks and brackets are not worth an odd value.
    let values: Vec<usize> = (0..list.len())
        .filter(|at| list[*at].starts_with(|c: char| c == '"' || c.is_ascii_digit()))
        .collect();
    match change {
        Change::Byte(at, byte) => {
            let mut bytes = text.as_bytes().to_vec();
            let at = at.index(bytes.len());
            bytes[at] = *byte;
            return String::from_utf8_lossy(&bytes).into_owned();
        }
        Change::Digit(at, digit) => {
            let mut bytes = text.as_bytes().to_vec();
            let digits: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at].is_ascii_digit()).collect();
            if !digits.is_empty() {
                bytes[digits[at.index(digits.len())]] = b'0' + digit;
            }
            return String::from_utf8(bytes).expect("a digit for a digit");
        }
        Change::Swap(a, b) => {
            let (a, b) = (a.index(list.len()), b.index(list.len()));
            list.swap(a, b);
        }
        Change::Double(at) => {
            let at = at.index(list.len());
            list.insert(at, list[at]);
        }
        Change::Drop(at, count) => {
            let at = at.index(list.len());
            list.drain(at..(at + usize::from(*count)).min(list.len()));
        }
        Change::Odd(_, which) if values.is_empty() => list.push(ODD[which.index(ODD.len())]),
        Change::Odd(at, which) => list[values[at.index(values.len())]] = ODD[which.index(ODD.len())],
    }
    list.concat()
}

fn cases() -> u32 {
    std::env::var("KNEEPOINT_BAD_INPUT_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(300)
}

/// Holds that what is refused is refused with a place, and that what is accepted runs to its end or to its ceiling.
fn answers(text: &str, folder: &Path, overrides: &Overrides) -> Result<(), String> {
    let checked = Scenario::from_text("changed.ron", text, Some(folder))
        .and_then(|scenario| scenario.check(&Registry::core(), overrides))
        .and_then(|checked| plan(&checked));
    match checked {
        Err(faults) => {
            let rows = faults.rows();
            if !faults.has_errors() || faults.to_string().is_empty() {
                return Err("refused without an error".to_string());
            }
            match rows.iter().find(|row| row.line < 1 || row.column < 1 || row.message.is_empty()) {
                Some(row) => Err(format!("a fault without place or words: {row:?}")),
                None => Ok(()),
            }
        }
        Ok(plan) => match run(&plan, &Options { threads: Some(1), ..Options::default() }) {
            Ok(result) => match result.checks.iter().find(|check| !check.holds()) {
                Some(broken) => Err(format!("it does not hold: {broken:?}")),
                None => Ok(()),
            },
            Err(error) if error.to_string().is_empty() => Err("stopped without a word".to_string()),
            Err(_) => Ok(()),
        },
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    /// What is refused is refused with a place; what is accepted runs to its end or to its ceiling.
    #[test]
    fn changed_scenarios_end_in_an_answer(pick in any::<prop::sample::Index>(), changes in prop::collection::vec(change(), 1..4)) {
        let seeds = seeds();
        let (folder, text) = &seeds[pick.index(seeds.len())];
        let text = changes.iter().fold(text.clone(), |text, change| changed(&text, change));
        let small = [
            ("run.limits.events", "20000"), ("run.limits.in_flight", "20000"), ("run.limits.memory", "\"100MB\""),
            ("run.replications", "2"), ("run.precision", "\"50%\""),
        ];
        let set = small.map(|(path, value)| (path.to_string(), value.to_string())).to_vec();
        let overrides = Overrides { variant: None, set };
        // A panic would not say which text it was.
        let answer = std::panic::catch_unwind(|| answers(&text, folder, &overrides));
        match answer {
            Ok(answered) => prop_assert!(answered.is_ok(), "{}\n{text}", answered.unwrap_err()),
            Err(_) => prop_assert!(false, "it panics\n{text}"),
        }
    }
}
