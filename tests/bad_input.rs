//! Input that is wrong: whatever it is, it ends in a sentence with a place, what is wrong and what is allowed.
//!
//! Beyond the 62 broken files of the format: files that are none, odd numbers, recorded data in any state, overload;
//! and scenarios that chance has changed. `KNEEPOINT_BAD_INPUT_CASES=20000 cargo test --release --test bad_input`
//! looks further; `KNEEPOINT_BAD_INPUT_SECONDS` is its patience with one scenario, and `KNEEPOINT_BAD_INPUT_LAST` names
//! a file for the scenario that is being tried.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use kneepoint::experiment::{ExperimentError, Options, run};
use kneepoint::scenario::{Faults, Overrides, Registry, Scenario, Severity, Status, plan, plan::Plan};
use proptest::prelude::*;
use proptest::sample::Index;

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
    says(&a, "1:1 this symbolic link leads in a circle");
    let nowhere = folder.0.join("nowhere.ron");
    std::os::unix::fs::symlink(folder.0.join("missing.ron"), &nowhere).expect("can be linked");
    says(&nowhere, "1:1 this symbolic link leads to no file");
    let pipe = folder.0.join("pipe.ron");
    if Command::new("mkfifo").arg(&pipe).status().is_ok_and(|made| made.success()) {
        says(&pipe, "1:1 this is not a regular file [pipes and devices are not read]");
        let path = folder.write("of-a-pipe.ron", model(&trace("pipe.ron"), SERVICE, ""));
        says(&path, "6:39 pipe.ron is not a regular file [pipes and devices are not read]");
    }
    // A model from elsewhere must not print what it finds on this machine.
    let outside = Folder::new("links-outside");
    let secret = outside.write("secret.csv", "ts\nsecret\n");
    std::os::unix::fs::symlink(secret, folder.0.join("data.csv")).expect("can be linked");
    let path = folder.write("leads-out.ron", model(&trace("data.csv"), SERVICE, ""));
    says(&path, "6:39 a file of data must lie beside or below this file [a symbolic link leads elsewhere]");
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
            "4:37 a confidence lies between 0.01 and 0.999999 [0.05 and \"5%\" are the same]",
        ),
        (
            "hardly sure",
            run("duration: \"1min\", confidence: 1e-300"),
            "4:37 a confidence lies between 0.01 and 0.999999 [0.05 and \"5%\" are the same]",
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

#[test]
fn more_instances_than_can_be_held_are_refused_before_they_are_made() {
    let folder = Folder::new("instances");
    let crowd = |web: &str, db: &str| {
        model(CLIENT, &format!("Service(instances: {web}, does: Call(\"db\")),\n\"db\": Service(instances: {db}, does: Compute(\"1ms\"))"), "")
            .replace("replications: 2", "replications: 2, limits: (instances: 1_000_000_000_000)")
    };
    for (text, expected) in [
        (
            crowd("1_000_000_000", "1"),
            "7:27 1000000000 instances with 11 values each are too many to build [all parts together have at most 20000000 values]",
        ),
        (
            crowd("20_000", "20_000"),
            "7:8 too many ways between instances: 20000 of \"web\" call 20000 of \"db\" [all calls together have at most 1000000 ways]",
        ),
        (crowd("1", "65_536"), "7:8 one of 65536 instances is to be chosen; at most 65535 can be"),
    ] {
        says(&folder.write("instances.ron", text), expected);
    }
    assert_eq!(errors(&folder.write("instances.ron", crowd("1", "65_535"))), [] as [&str; 0]);
}

#[test]
fn parameters_of_a_law_are_plain_values() {
    let folder = Folder::new("laws");
    for (work, expected) in [
        (
            "Lognormal(median: Exponential(\"1ms\"), p99: \"4ms\")",
            "7:84 `median` takes one value here, not a `Exponential` [it is neither drawn nor does it follow time]",
        ),
        (
            "Shifted(by: Exponential(\"1ms\"), of: \"4ms\")",
            "7:78 `by` takes one value here, not a `Exponential` [it is neither drawn nor does it follow time]",
        ),
    ] {
        let text = model(CLIENT, &SERVICE.replace("\"1ms\"", work), "");
        says(&folder.write("laws.ron", text), expected);
    }
    let gap = "OpenClient(to: \"web\", arrivals: Renewal(Shifted(by: Exponential(\"1ms\"), of: \"4ms\")))";
    let expected =
        "6:62 `by` takes one value here, not a `Exponential` [it is neither drawn nor does it follow time]";
    says(&folder.write("laws.ron", model(gap, SERVICE, "")), expected);
    let factors = "OpenClient(to: \"web\", rate: Product([Growth(by: \"1%\", per: \"1s\"), \"5/s\"]))";
    assert_eq!(errors(&folder.write("laws.ron", model(factors, SERVICE, ""))), [] as [&str; 0]);
}

#[test]
fn more_users_than_the_run_may_hold_are_refused() {
    let folder = Folder::new("users");
    for (users, expected) in [
        (
            "Steps({ \"0s\": 10, \"8s\": 1e12 })",
            "6:41 1000000000000 users at once are more than the run can hold [all clients together have at most 10000000 (run.limits.memory)]",
        ),
        ("20_000_000", "6:41 at most 10 000 000 users"),
    ] {
        let client = format!("ClosedClient(to: \"web\", users: {users})");
        says(&folder.write("users.ron", model(&client, SERVICE, "")), expected);
    }
}

#[test]
fn nobody_calls_a_client() {
    let folder = Folder::new("client");
    let calling = SERVICE.replace("Compute(\"1ms\")", "Call(\"users\")");
    let expected = "7:64 \"users\" is a client: it calls, and nobody calls it [web]";
    says(&folder.write("client.ron", model(CLIENT, &calling, "")), expected);
}

#[test]
fn the_short_form_of_a_sweep_is_checked_too() {
    let folder = Folder::new("sweep");
    let text = model(CLIENT, SERVICE, "sweep: { \"nobody.rate\": [1] },");
    says(&folder.write("sweep.ron", text), "9:11 nothing is named \"nobody\" [users, web]");
}

#[test]
fn a_queue_of_no_use_is_refused_where_it_is_written() {
    let folder = Folder::new("queue");
    for (service, expected) in [
        (
            "Service(concurrency: Sharing(2), queue: 10, does: Compute(\"1ms\"))",
            "7:48 nobody waits where everybody is served at once [Threads, EventLoop and Servers have a queue]",
        ),
        (
            "Service(queue: (discipline: Priority(preempt: Resume)), does: Compute(\"1ms\"))",
            "7:36 a shared processor cannot be taken from one call for another [concurrency: Servers(n) and EventLoop can be preempted]",
        ),
    ] {
        says(&folder.write("queue.ron", model(CLIENT, service, "")), expected);
    }
}

/// A recorded client.
fn trace(file: &str) -> String {
    format!("TraceClient(to: \"web\", file: \"{file}\", columns: (time: \"ts\"))")
}

#[test]
fn recorded_data_in_any_state_is_refused() {
    let folder = Folder::new("data");
    let profile = |file: &str| {
        format!(
            "OpenClient(to: \"web\", rate: FromFile(file: \"{file}\", time: \"ts\", value: \"load\", unit: \"/s\"))"
        )
    };
    // What a rate from the file says, then a work drawn from it, then a recorded client; nothing where it is sound.
    for (name, csv, expected) in [
        ("empty", &b""[..], ["data.csv is empty [the first line names the columns, rows follow]"; 3]),
        (
            "header only",
            &b"ts,load\n"[..],
            ["data.csv has no rows [rows follow the line that names the columns]"; 3],
        ),
        (
            "cut short",
            &b"ts,load\n0,10\n1,2\n2"[..],
            ["data.csv, line 4: 1 field, the header has 2 [each row has a field for each column]"; 3],
        ),
        (
            "too long",
            &b"ts,load\n0,10\n1,2,3\n"[..],
            ["data.csv, line 3: 3 fields, the header has 2 [each row has a field for each column]"; 3],
        ),
        (
            "out of order",
            &b"ts,load\n0,10\n5,20\n3,30\n"[..],
            [
                "data.csv, line 4, column \"ts\": 3 does not come after the row above: times ascend",
                "",
                "data.csv, line 4, column \"ts\": 3 comes before the row above: times ascend",
            ],
        ),
        (
            "twice the same time",
            &b"ts,load\n0,10\n0,20\n"[..],
            ["data.csv, line 3, column \"ts\": 0 does not come after the row above: times ascend", "", ""],
        ),
        (
            "no such column",
            &b"ts,laod\n0,10\n"[..],
            ["data.csv has no column \"load\" [did you mean \"laod\"?]"; 3],
        ),
        (
            "other separators",
            &b"ts;load\n0;10\n"[..],
            [
                "data.csv has no column \"ts\" [its columns: ts;load]",
                "data.csv has no column \"load\" [its columns: ts;load]",
                "data.csv has no column \"ts\" [its columns: ts;load]",
            ],
        ),
        (
            "not numeric",
            &b"ts,load\n0,10\n1,ten\n"[..],
            ["data.csv, line 3, column \"load\": \"ten\" is not a number"; 3],
        ),
        (
            "nothing where a number is needed",
            &b"ts,load\n0,10\n1,\n"[..],
            ["data.csv, line 3, column \"load\": a number is needed; it is empty"; 3],
        ),
        ("negative", &b"ts,load\n0,-10\n"[..], ["data.csv, line 2, column \"load\": -10 is below 0"; 3]),
        (
            "before the start",
            &b"ts,load\n-1,10\n"[..],
            [
                "data.csv, line 2, column \"ts\": -1 is below 0",
                "",
                "data.csv, line 2, column \"ts\": -1 is below 0",
            ],
        ),
        (
            "no number",
            &b"ts,load\n0,NaN\n"[..],
            ["data.csv, line 2, column \"load\": \"NaN\" is not a number"; 3],
        ),
        (
            "without end",
            &b"ts,load\n0,inf\n"[..],
            ["data.csv, line 2, column \"load\": inf is too large: a number must be finite"; 3],
        ),
        (
            "too large",
            &b"ts,load\n0,1e400\n"[..],
            ["data.csv, line 2, column \"load\": 1e400 is too large: a number must be finite"; 3],
        ),
        (
            "not UTF-8",
            &b"ts,load\n0,\xE9\n"[..],
            ["data.csv, line 2, column \"load\": this is not UTF-8 text [save it as UTF-8]"; 3],
        ),
        (
            "UTF-16",
            &b"\xFF\xFEt\0s\0,\0l\0\n\0"[..],
            ["data.csv, line 1: this is not UTF-8 text [save it as UTF-8]"; 3],
        ),
        (
            "a quote that never ends",
            &b"ts,load\n0,\"10\n1,20\n"[..],
            ["data.csv, from line 2 on: a quote (\") is opened and never closed [a quote within quotes is doubled]";
                3],
        ),
        (
            "no rate at all",
            &b"ts,load\n0,0\n1,0\n"[..],
            ["data.csv, column \"load\": it is 0 throughout", "", ""],
        ),
        (
            "escapes for a terminal",
            &b"ts,load\n0,\x1B[2J\n"[..],
            ["data.csv, line 2, column \"load\": \"\\u{1b}[2J\" is not a number"; 3],
        ),
    ] {
        // A column that is missing is said where it is named, anything else at the file.
        let of_trace = |expected: &str| match expected {
            said if said.contains("no column \"load\"") => "6:79",
            said if said.contains("no column \"ts\"") => "6:67",
            _ => "6:39",
        };
        folder.write("data.csv", csv);
        let samples =
            SERVICE.replace("\"1ms\"", "Samples(file: \"data.csv\", column: \"load\", unit: \"ms\")");
        let sized = trace("data.csv").replace("\"ts\"", "\"ts\", size: \"load\"");
        for (text, place, expected) in [
            (model(&profile("data.csv"), SERVICE, ""), "6:53", expected[0]),
            (model(CLIENT, &samples, ""), "7:80", expected[1]),
            (model(&sized, SERVICE, ""), of_trace(expected[2]), expected[2]),
        ] {
            let expected = if expected.is_empty() { Vec::new() } else { vec![format!("{place} {expected}")] };
            assert_eq!(errors(&folder.write("data.ron", text)), expected, "{name}");
        }
    }
}

#[test]
fn a_row_without_end_is_not_held_in_memory() {
    let folder = Folder::new("row");
    let mut csv = b"ts,load\n0,10\n1,".to_vec();
    csv.resize(2_000_000, b'1');
    folder.write("data.csv", csv);
    let said = "6:39 data.csv, from line 3 on: a row is longer than 1000000 bytes [a quote within quotes is doubled]";
    says(&folder.write("data.ron", model(&trace("data.csv"), SERVICE, "")), said);
}

#[test]
fn files_of_data_lie_beside_the_model() {
    let folder = Folder::new("beside");
    std::fs::create_dir(folder.0.join("folder.csv")).expect("can be made");
    let outside = "a file of data must lie beside or below this file [no `..` and no absolute path]";
    for (file, expected) in [
        ("../data.csv", outside),
        ("/etc/hostname", outside),
        ("folder.csv/../../data.csv", outside),
        ("missing.csv", "there is no file missing.csv [it is looked for beside this file]"),
        ("missing.csv/data.csv", "there is no file missing.csv/data.csv [it is looked for beside this file]"),
        ("folder.csv", "folder.csv is a folder [recorded data is one CSV file]"),
        (".", ". is a folder [recorded data is one CSV file]"),
        ("data.csv.gz", "reading compressed files is known but not built yet"),
        ("", "the name of a file of data is empty [for example \"data.csv\"]"),
        ("a\\u{0}b.csv", "a\\u{0}b.csv is not the name of a file"),
    ] {
        let path = folder.write("data.ron", model(&trace(file), SERVICE, ""));
        says(&path, &format!("6:39 {expected}"));
    }
}

#[test]
fn columns_have_units_of_what_they_stand_for() {
    let folder = Folder::new("units");
    folder.write("data.csv", "ts,load\n0,10\n1,20\n");
    let rate = |units: &str| {
        let file = format!("FromFile(file: \"data.csv\", time: \"ts\", value: \"load\", {units})");
        model(&format!("OpenClient(to: \"web\", rate: {file})"), SERVICE, "")
    };
    let work = |unit: &str| {
        let file = format!("Samples(file: \"data.csv\", column: \"load\"{unit})");
        model(CLIENT, &SERVICE.replace("\"1ms\"", &file), "")
    };
    let trace = |unit: &str| {
        model(&trace("data.csv").replace("\"ts\"", &format!("\"ts\", time_unit: \"{unit}\"")), SERVICE, "")
    };
    let rates = "units: /s /min /h /d";
    let times = "units: ns us ms s min h d";
    for (text, expected) in [
        (rate("unit: \"ms\""), format!("6:98 `ms` is for a duration, a rate is needed [{rates}]")),
        (rate("unit: \"\""), format!("6:98 no unit is for a number, a rate is needed [{rates}]")),
        (rate("unit: \"/fortnight\""), format!("6:98 `/fortnight` is not a unit [{rates}]")),
        (rate("unit: \"0/s\""), format!("6:98 `0/s` is not a unit [{rates}]")),
        (
            rate("unit: \"/s\", time_unit: \"MB\""),
            format!("6:115 `MB` is for a size, a duration is needed [{times}]"),
        ),
        (work(""), format!("7:66 Samples needs `unit`: the column stands for a duration [{times}]")),
        (work(", unit: \"kB\""), format!("7:114 `kB` is for a size, a duration is needed [{times}]")),
        (trace("sec"), format!("6:84 `sec` is not a unit [{times}]")),
        (trace("/s"), format!("6:84 `/s` is for a rate, a duration is needed [{times}]")),
    ] {
        says(&folder.write("units.ron", text), &expected);
    }
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

/// The models of this package, the examples of the format and the two files with everything in them, as texts.
///
/// Those that can be run come four times: most changes of the others leave them what they are, refused.
fn seeds() -> &'static [String] {
    static SEEDS: LazyLock<Vec<String>> = LazyLock::new(|| {
        let package = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut paths: Vec<PathBuf> = Vec::new();
        for folder in ["tests/format", "models", "tests/wide"] {
            let entries = std::fs::read_dir(package.join(folder)).expect("part of the package");
            paths.extend(
                entries
                    .map(|entry| entry.expect("readable").path())
                    .map(|path| if path.is_dir() { path.join("scenario.ron") } else { path }),
            );
        }
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "ron") && path.is_file());
        paths.sort();
        let times = |path: &PathBuf| if planned(path).is_ok() { 4 } else { 1 };
        let text = |path| std::fs::read_to_string(path).expect("readable");
        paths.iter().flat_map(|path| vec![text(path); times(path)]).collect()
    });
    &SEEDS
}

/// What a stranger may put beside a scenario.
const BESIDE: [(&str, &[u8]); 11] = [
    ("good.csv", b"ts,load\n0,10\n1,20\n2.5,0\n"),
    ("empty.csv", b""),
    ("header.csv", b"ts,load\n"),
    ("cut.csv", b"ts,load\n0,10\n1"),
    ("back.csv", b"ts,load\n5,10\n1,20\n"),
    ("edges.csv", b"ts,load\n0,1e308\n1e300,0\n1e301,5e-324\n"),
    ("below.csv", b"ts,load\n0,-1\n1,-0.0\n"),
    ("quote.csv", b"ts,load\n0,\"10\n1,20\n2,30\n"),
    ("bytes.csv", b"ts,load\n\xFF,\0\n"),
    (
        "library.ron",
        b"(format: 1, params: { \"a\": 2, \"b\": \"=a * a\" }, presets: { \"p\": Exponential(\"1ms\") })",
    ),
    ("circle.ron", b"(format: 1, include: [\"circle.ron\"], set: { \"run.seed\": 3, \"web.instances\": 2 })"),
];

/// What may stand in the place of a value: the edges of numbers and of the format.
const ODD: [&str; 47] = [
    "0",
    "1",
    "-1",
    "0.5",
    "1e308",
    "1e-308",
    "5e-324",
    "9007199254740993",
    "18446744073709551615",
    "999999999",
    "10000",
    "inf",
    "NaN",
    "true",
    "\"0s\"",
    "\"1ns\"",
    "\"0.4ns\"",
    "\"100000 d\"",
    "\"500 y\"",
    "\"0/s\"",
    "\"1e12/s\"",
    "\"1e-12/s\"",
    "\"1e308/s\"",
    "\"0B\"",
    "\"1e300TB\"",
    "\"100%\"",
    "\"1e-300%\"",
    "\"$1e300/h\"",
    "\"=1 / 0\"",
    "\"=a ^ b ^ a ^ b\"",
    "\"web\"",
    "\"*\"",
    "\"web/*\"",
    "\"web/any(200%)\"",
    "\"web -> db\"",
    "\"p99(web.latency, each 1ns) < 1ns\"",
    "\"\"",
    "[]",
    "{}",
    "()",
    "None",
    "Lifo",
    "Exponential(\"1ms\")",
    "Pareto(min: \"1ns\", alpha: 0.01)",
    "Lines({})",
    "Shifted(by: \"1ms\", of: Exponential(\"1ms\"))",
    "Hyperexponential(mean: \"1s\", cv: 1e150)",
];

/// Numbers at the edges, to stand before a unit.
const NUMBERS: [&str; 18] = [
    "0",
    "1",
    "2",
    "3",
    "7",
    "-1",
    "0.001",
    "1e-9",
    "1e-300",
    "99",
    "100",
    "101",
    "1000",
    "65536",
    "1e7",
    "1e12",
    "9007199254740991",
    "1e300",
];

/// Sections and values that bring in what the models do not use.
const SECTIONS: [&str; 10] = [
    "include: [\"library.ron\"],",
    "include: [\"circle.ron\", \"library.ron\", \"library.ron\"],",
    "set: { \"web.instances\": 0, \"run.duration\": \"1d\", \"nobody.rate\": [] },",
    "set: { \"run\": (duration: \"1s\"), \"slo.x\": \"p99(web.latency) < 1s\", \"web.queue\": 0 },",
    "params: { \"a\": 0, \"b\": \"=a / a\" },",
    "params: { \"a\": \"=b\", \"b\": \"=a\" },",
    "params: { \"a\": Uncertain(Uniform(min: 1, max: 0)) },",
    "variants: { \"v\": { \"web.instances\": 10000, \"web.does\": Lifo, \"run.seed\": \"x\" } },",
    "presets: { \"p\": Service(preset: \"p\"), \"q\": (preset: \"p\") },",
    "sweep: (over: { \"web.instances\": [1, \"2\"], \"run.duration\": Linear(from: \"1s\", to: 3, points: 0) }),",
];

/// Paths of settings, some of which lead somewhere.
const PATHS: [&str; 20] = [
    "run.duration",
    "run.warm_up",
    "run",
    "web.instances",
    "web.does",
    "web.queue.max",
    "web.concurrency",
    "web.machine.cores",
    "lb.policy",
    "shoppers.rate",
    "shoppers.classes.buy.share",
    "web -> db.via",
    "web -> db.via[0]",
    "web -> db.round_trip",
    "slo.x",
    "params.a",
    "parts",
    "web[3].x",
    "faults.x.at",
    "\u{1b}\0..[",
];

/// A change of a text, by numbers that chance gives.
#[derive(Clone, Debug)]
enum Change {
    Byte(Index, u8),
    Swap(Index, Index),
    Double(Index),
    Drop(Index, u8),
    Odd(Index, Index),
    Digit(Index, u8),
    /// Another kind in the place of one.
    Kind(Index, Index),
    /// Another kind of the same family, in the words that all kinds of it understand.
    Family(Index, Index),
    /// Another number before the same unit.
    Quantity(Index, Index),
    /// A bracket with all in it in the place of another one, from any model.
    Tree(Index, Index, Index),
    /// A bracket with all in it in the place of one value.
    Into(Index, Index, Index),
    Section(Index),
    /// Recorded data in the place of a value.
    Data(Index, Index, u8),
}

fn change() -> impl Strategy<Value = Change> {
    let at = any::<Index>;
    prop_oneof![
        1 => (at(), any::<u8>()).prop_map(|(at, byte)| Change::Byte(at, byte)),
        2 => (at(), at()).prop_map(|(a, b)| Change::Swap(a, b)),
        1 => at().prop_map(Change::Double),
        1 => (at(), 1u8..20).prop_map(|(at, count)| Change::Drop(at, count)),
        6 => (at(), at()).prop_map(|(at, which)| Change::Odd(at, which)),
        4 => (at(), 0u8..10).prop_map(|(at, digit)| Change::Digit(at, digit)),
        2 => (at(), at()).prop_map(|(at, which)| Change::Kind(at, which)),
        4 => (at(), at()).prop_map(|(at, which)| Change::Family(at, which)),
        8 => (at(), at()).prop_map(|(at, which)| Change::Quantity(at, which)),
        4 => (at(), at(), at()).prop_map(|(at, from, which)| Change::Tree(at, from, which)),
        2 => (at(), at(), at()).prop_map(|(at, from, which)| Change::Into(at, from, which)),
        1 => at().prop_map(Change::Section),
        2 => (at(), at(), 0u8..3).prop_map(|(at, file, how)| Change::Data(at, file, how)),
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

fn is_kind(token: &str) -> bool {
    token.starts_with(|c: char| c.is_ascii_uppercase())
}

/// Returns the token ranges of brackets with all in them, the kind before them included.
fn trees(list: &[&str]) -> Vec<Range<usize>> {
    let (mut open, mut found) = (Vec::new(), Vec::new());
    for (at, token) in list.iter().enumerate() {
        match *token {
            "(" if at > 0 && is_kind(list[at - 1]) => open.push(at - 1),
            "(" | "[" | "{" => open.push(at),
            // The record around all is no piece of it.
            ")" | "]" | "}" if open.len() > 1 => found.extend(open.pop().map(|from| from..at + 1)),
            _ => {}
        }
    }
    found
}

fn pick<'a, T>(list: &'a [T], which: &Index) -> Option<&'a T> {
    if list.is_empty() { None } else { list.get(which.index(list.len())) }
}

fn changed(text: &str, change: &Change) -> String {
    let mut list = tokens(text);
    if list.is_empty() {
        return text.to_string();
    }
    let at_which = |wanted: &dyn Fn(&str) -> bool| -> Vec<usize> {
        (0..list.len()).filter(|at| wanted(list[*at])).collect()
    };
    // Blanks and brackets are not worth an odd value.
    let values = at_which(&|token| token.starts_with(|c: char| c == '"' || c.is_ascii_digit()));
    let owned: String;
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
            if let Some(at) = pick(&digits, at) {
                bytes[*at] = b'0' + digit;
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
        Change::Odd(at, which) => {
            if let Some(at) = pick(&values, at) {
                list[*at] = ODD[which.index(ODD.len())];
            }
        }
        Change::Family(at, which) => {
            let registry = Registry::core();
            if let Some(at) = pick(&at_which(&is_kind), at) {
                let kinds: Vec<&str> = registry
                    .families_with(list[*at])
                    .flat_map(|family| registry.kinds(family))
                    .filter(|kind| kind.status == Status::Built)
                    .map(|kind| &*kind.name)
                    .collect();
                if let Some(kind) = pick(&kinds, which) {
                    owned = kind.to_string();
                    list[*at] = &owned;
                }
            }
        }
        Change::Quantity(at, which) => {
            let is_digit = |c: char| c.is_ascii_digit();
            let quantities = at_which(&|token| token.trim_start_matches('"').starts_with(is_digit));
            if let Some(at) = pick(&quantities, at) {
                let unit = list[*at].trim_start_matches(|c: char| c == '"' || c == '.' || is_digit(c));
                let quote = if list[*at].starts_with('"') { "\"" } else { "" };
                owned = format!("{quote}{}{unit}", NUMBERS[which.index(NUMBERS.len())]);
                list[*at] = &owned;
            }
        }
        Change::Kind(at, which) => {
            static KINDS: LazyLock<Vec<String>> = LazyLock::new(|| {
                let registry = Registry::core();
                let kinds = registry.families().flat_map(|family| registry.kinds(family));
                kinds.map(|kind| kind.name.to_string()).collect()
            });
            if let (Some(at), Some(kind)) = (pick(&at_which(&is_kind), at), pick(&KINDS, which)) {
                list[*at] = kind;
            }
        }
        Change::Tree(at, from, which) | Change::Into(at, from, which) => {
            let other = tokens(&seeds()[from.index(seeds().len())]);
            let place = match change {
                Change::Tree(..) => pick(&trees(&list), at).cloned(),
                _ => pick(&values, at).map(|at| *at..at + 1),
            };
            if let (Some(place), Some(tree)) = (place, pick(&trees(&other), which)) {
                owned = other[tree.clone()].concat();
                list.splice(place, [owned.as_str()]);
            }
        }
        Change::Section(which) => {
            if let Some(at) = list.iter().position(|token| *token == "(") {
                list.insert(at + 1, SECTIONS[which.index(SECTIONS.len())]);
            }
        }
        Change::Data(at, file, how) => {
            let (name, _) = BESIDE[file.index(BESIDE.len())];
            owned = match how {
                0 => format!("Samples(file: \"{name}\", column: \"load\", unit: \"ms\")"),
                1 => format!("FromFile(file: \"{name}\", time: \"ts\", value: \"load\", unit: \"/s\")"),
                _ => format!(
                    "TraceClient(to: \"web\", file: \"{name}\", columns: (time: \"ts\", size: \"load\"), speed: 1e9, repeat: true)"
                ),
            };
            let trees = trees(&list);
            let part = trees.iter().filter(|tree| list[tree.start].ends_with("Client")).collect::<Vec<_>>();
            match (how, pick(&part, at), pick(&values, at)) {
                (2, Some(tree), _) => drop(list.splice((*tree).clone(), [owned.as_str()])),
                (_, _, Some(at)) => list[*at] = &owned,
                _ => {}
            }
        }
    }
    list.concat()
}

fn number_of(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().and_then(|n| n.parse().ok())
}

/// Holds that what is refused is refused with a place, and that what is accepted runs to its end or to its ceiling.
fn answers(text: &str, folder: &Path, overrides: &Overrides) -> Result<(), String> {
    let registry = Registry::core();
    let checked = Scenario::from_text("changed.ron", text, Some(folder))
        .and_then(|scenario| scenario.check(&registry, overrides));
    if let Ok(checked) = &checked {
        let again = Scenario::from_text("expanded.ron", &checked.expanded(), Some(folder))
            .and_then(|scenario| scenario.check(&registry, &Overrides::default()));
        if let Err(faults) = again {
            return Err(format!("what it expands to is refused: {faults}\n{}", checked.expanded()));
        }
    }
    match checked.and_then(|checked| plan(&checked)) {
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

/// As [`answers`], on a thread of its own: a panic would not say which text it was, and a hang would say nothing.
fn answers_in_time(text: &str, folder: &Path, overrides: &Overrides) -> Result<(), String> {
    let (tell, told) = std::sync::mpsc::channel();
    let (text, folder, overrides) = (text.to_string(), folder.to_path_buf(), overrides.clone());
    let thread = std::thread::spawn(move || {
        let _ = tell.send(answers(&text, &folder, &overrides));
    });
    let seconds = number_of("KNEEPOINT_BAD_INPUT_SECONDS").unwrap_or(120);
    match told.recv_timeout(std::time::Duration::from_secs(seconds)) {
        Ok(answer) => answer,
        Err(std::sync::mpsc::RecvTimeoutError::Timeout) => Err(format!("no answer after {seconds} s")),
        Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => {
            let _ = thread.join();
            Err("it panics".to_string())
        }
    }
}

/// A setting from a stranger, of pools that lead somewhere now and then.
fn setting() -> impl Strategy<Value = (String, String)> {
    (prop::sample::select(&PATHS[..]), prop::sample::select(&ODD[..]))
        .prop_map(|(path, value)| (path.to_string(), value.to_string()))
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: number_of("KNEEPOINT_BAD_INPUT_CASES").map_or(300, |cases| cases as u32),
        failure_persistence: None,
        // Each step of shrinking a hang takes the whole patience.
        max_shrink_iters: 300,
        ..ProptestConfig::default()
    })]

    /// What is refused is refused with a place; what is accepted runs to its end or to its ceiling.
    #[test]
    fn changed_scenarios_end_in_an_answer(
        which in any::<Index>(),
        changes in prop::collection::vec(change(), 0..4),
        settings in prop_oneof![3 => Just(Vec::new()), 1 => prop::collection::vec(setting(), 1..4)],
        variant in prop_oneof![9 => Just(None), 1 => Just(Some("v".to_string()))],
    ) {
        // Nobody drops what is static: this folder is in the build folder, the same each time.
        static BESIDE_IT: LazyLock<PathBuf> = LazyLock::new(|| {
            let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("beside");
            std::fs::create_dir_all(&folder).expect("part of the build folder");
            for (name, bytes) in BESIDE {
                std::fs::write(folder.join(name), bytes).expect("can be written");
            }
            folder
        });
        let text = changes.iter().fold(seeds()[which.index(seeds().len())].clone(), |text, change| changed(&text, change));
        let small = [
            ("run.limits.events", "150000"), ("run.limits.in_flight", "20000"), ("run.limits.memory", "\"100MB\""),
            ("run.replications", "2"), ("run.precision", "\"50%\""),
        ];
        let small = small.map(|(path, value)| (path.to_string(), value.to_string()));
        let set = settings.into_iter().chain(small).collect();
        let overrides = Overrides { variant, set };
        // An abort leaves nothing but this.
        if let Some(last) = std::env::var_os("KNEEPOINT_BAD_INPUT_LAST") {
            std::fs::write(last, format!("{text}\n// {overrides:?}\n")).expect("writable");
        }
        let answered = answers_in_time(&text, &BESIDE_IT, &overrides);
        prop_assert!(answered.is_ok(), "{}\n{overrides:?}\n{text}", answered.unwrap_err());
    }
}
