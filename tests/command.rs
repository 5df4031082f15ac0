//! The command as a shell sees it: what goes where, what is left behind, and how it ends.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// One queue, answered in a blink; `web.instances=1` and a rate of 3000/s overload it.
const STATION: &str = r#"(
    format: 1,
    title: "Station",
    question: "Does it hold?",
    run: (duration: "20s", warm_up: "2s", replications: 3),
    parts: {
        "callers": OpenClient(to: "desk", rate: "50/s"),
        "desk": Service(instances: 2, concurrency: Servers(1), queue: (max: 100), does: Compute(Exponential("10ms"))),
    },
    slo: { "fast": "mean(callers.latency) < 500ms" },
    variants: { "slow": { "slo.fast": "mean(callers.latency) < 1ms" } },
)
"#;

/// A folder of one test, gone when it ends.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Folder {
        let folder = std::env::temp_dir().join(format!("kneepoint-command-{}-{test}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("there is a place for temporary files");
        let folder = Folder(folder);
        folder.write("station.ron", STATION);
        folder
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.join(name), text).expect("can be written");
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Everything in it, sorted.
    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).expect("it is there");
        let mut names: Vec<String> = entries
            .map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kneepoint"));
        command.args(arguments).current_dir(&self.0).env_remove("NO_COLOR").stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        Ended::of(arguments, self.command(arguments).output().expect("the command starts"))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// How a command ended and what it said.
struct Ended {
    said: String,
    code: Option<i32>,
    out: String,
    err: String,
}

impl Ended {
    fn of(arguments: &[&str], output: Output) -> Ended {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it speaks UTF-8");
        let (out, err) = (text(output.stdout), text(output.stderr));
        let said = format!("kneepoint {}: {}\n{out}\n{err}", arguments.join(" "), output.status);
        Ended { said, code: output.status.code(), out, err }
    }

    #[track_caller]
    fn ends(self, code: i32) -> Ended {
        assert_eq!(self.code, Some(code), "{}", self.said);
        self
    }

    /// Fine, and nothing but data.
    #[track_caller]
    fn data(self) -> String {
        let ended = self.ends(0);
        assert_eq!(ended.err, "", "{}", ended.said);
        ended.out
    }

    /// A message, and no data.
    #[track_caller]
    fn refused(self, words: &str) {
        let ended = self.ends(2);
        assert!(ended.out.is_empty() && ended.err.contains(words), "{words} in {}", ended.said);
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.said))
    }
}

fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns what stands after `digest ` in a text report.
fn digest(report: &str) -> &str {
    report.split("digest ").nth(1).and_then(|rest| rest.split(',').next()).expect("a report has a digest")
}

#[test]
fn help_and_version_are_data_and_wrong_usage_is_not() {
    let folder = Folder::new("usage");
    assert!(folder.run(&["--help"]).data().contains("completions"));
    assert!(folder.run(&["--version"]).data().starts_with("kneepoint "));
    for verb in ["run", "check", "init", "kinds", "verify", "completions"] {
        assert!(folder.run(&[verb, "--help"]).data().contains(verb), "{verb}");
    }
    folder.run(&[]).refused("Usage");
    folder.run(&["rum"]).refused("run");
    folder.run(&["run"]).refused("FILE");
    folder.run(&["run", "station.ron", "--threads", "0"]).refused("--threads");
    folder.run(&["run", "station.ron", "--replications", "0"]).refused("--replications");
    folder.run(&["run", "station.ron", "--seed", "x"]).refused("--seed");
    folder.run(&["run", "station.ron", "--set", "x"]).refused("PATH=VALUE");
    folder.run(&["run", "station.ron", "--format", "xml"]).refused("--format");
    folder.run(&["run", "station.ron", "--force"]).refused("--junit");
    folder.run(&["check", "station.ron", "--expand", "--format", "json"]).refused("--expand");
    folder.run(&["completions", "tcsh"]).refused("bash");
}

#[test]
fn a_run_ends_with_0_if_its_objectives_are_met_or_there_are_none() {
    let folder = Folder::new("met");
    assert!(folder.run(&["run", "station.ron"]).data().starts_with("Met: the one objective holds (fast).\n"));
    folder.write(
        "no_slo.ron",
        &STATION.replace("slo: {", "watch: {").replace(" < 500ms", "").replace("variants", "// "),
    );
    assert!(folder.run(&["run", "no_slo.ron"]).data().starts_with("Nothing to judge"));
}

#[test]
fn a_run_ends_with_1_if_an_objective_is_missed() {
    let folder = Folder::new("missed");
    for arguments in [
        &["run", "station.ron", "--variant", "slow"][..],
        &["run", "station.ron", "--set", "slo.fast=mean(callers.latency) < 1ms"],
        &["run", "station.ron", "--set", "desk.instances=1", "--set", "callers.rate=3000/s"],
    ] {
        let ended = folder.run(arguments).ends(1);
        assert!(ended.out.starts_with("Missed: 1 of 1 objective does not hold (fast).\n"), "{}", ended.said);
        assert_eq!(ended.err, "");
    }
    let ended = folder.run(&["run", "station.ron", "--variant", "slow", "-o", "out.txt"]).ends(1);
    assert!(ended.out.is_empty() && folder.read("out.txt").starts_with("Missed"));
}

#[test]
fn the_times_at_a_part_add_up_where_its_cores_are_shared() {
    let folder = Folder::new("times");
    folder.write(
        "threads.ron",
        r#"(format: 1, title: "Threads", run: (duration: "60s", warm_up: "5s", replications: 2),
            machines: { "m": (cores: 2) },
            parts: { "u": OpenClient(to: "web", rate: "150/s"),
                "web": Service(concurrency: Threads(50), machine: "m", queue: 100, does: Compute(Exponential("10ms"))) })"#,
    );
    let page = folder.run(&["run", "threads.ron"]).data();
    let mean = |row: &str| -> f64 {
        let line = page.lines().find(|line| line.starts_with(row)).unwrap_or_else(|| panic!("{row}: {page}"));
        let mut words = line[row.len()..].split_whitespace();
        let number: f64 = words.next().unwrap_or_default().parse().unwrap_or_else(|_| panic!("{line}"));
        number
            * match words.next() {
                Some("µs") => 1e-3,
                Some("s") => {
                    if number == 0.0 {
                        0.0
                    } else {
                        1e3
                    }
                }
                _ => 1.0,
            }
    };
    let (waiting, service) = (mean("web waiting in all"), mean("web service"));
    assert!((waiting + service - mean("web response")).abs() < 0.3, "{page}");
    assert!(mean("web in line") < 0.1 * waiting, "{page}");
    let words = page.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("waiting in all: also for a core that is with others"), "{page}");
}

#[test]
fn a_run_ends_with_2_if_the_scenario_is_at_fault() {
    let folder = Folder::new("fault");
    folder.write("broken.ron", &STATION.replace("Service(", "Servise("));
    folder.run(&["run", "broken.ron"]).refused("did you mean `Service`?");
    folder.run(&["run", "broken.ron"]).refused("broken.ron:8:");
    folder.run(&["run", "nothing.ron"]).refused("nothing.ron");
    folder.run(&["run", "."]).refused("folder");
    folder.run(&["run", "station.ron", "--variant", "slwo"]).refused("did you mean \"slow\"?");
    folder.run(&["run", "station.ron", "--set", "dessk.instances=1"]).refused("dessk");
    folder.run(&["run", "station.ron", "--set", "desk.instances=many"]).refused("many");
    folder.run(&["check", "broken.ron"]).refused("did you mean `Service`?");
}

#[test]
fn a_run_ends_with_3_if_it_reaches_a_ceiling() {
    let folder = Folder::new("ceiling");
    for set in ["run.limits=(in_flight: 1)", "run.limits.in_flight=2"] {
        let ended =
            folder.run(&["run", "station.ron", "--set", set, "-o", "out.json", "--format", "json"]).ends(3);
        assert!(ended.out.is_empty() && ended.err.starts_with("error: "), "{}", ended.said);
    }
    assert_eq!(folder.names(), ["station.ron"], "no result, no file");
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_said_and_a_reader_who_has_gone_is_not() {
    let folder = Folder::new("full");
    for arguments in [
        &["run", "station.ron"][..],
        &["check", "station.ron"],
        &["kinds"],
        &["completions", "bash"],
        &["verify", "--print"],
    ] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("Linux has it");
        let output = folder.command(arguments).stdout(full).output().expect("it starts");
        let ended = Ended::of(arguments, output).ends(3);
        assert!(
            ended.err.contains("could not be written") || ended.err.contains("No space"),
            "{}",
            ended.said
        );
    }
    let mut child =
        folder.command(&["kinds", "--format", "json"]).stdout(Stdio::piped()).spawn().expect("it starts");
    drop(child.stdout.take());
    assert!(child.wait().expect("it ends").success(), "as `kneepoint kinds | head -1`");
}

#[test]
fn a_file_is_written_whole_or_not_at_all() {
    let folder = Folder::new("output");
    let plain = folder.run(&["run", "station.ron"]).data();
    assert_eq!(folder.run(&["run", "station.ron", "-o", "out.txt"]).data(), "");
    assert_eq!(folder.read("out.txt"), plain);
    folder.write("out.txt", "mine");
    folder
        .run(&["run", "station.ron", "--output", "out.txt"])
        .refused("out.txt exists; --force overwrites it");
    assert_eq!(folder.read("out.txt"), "mine");
    assert_eq!(folder.run(&["run", "station.ron", "-o", "out.txt", "--force"]).data(), "");
    assert_eq!(folder.read("out.txt"), plain);
    // A run that misses its target leaves what was there.
    folder.write("broken.ron", "(");
    folder.run(&["run", "broken.ron", "-o", "out.txt", "--force"]).ends(2);
    assert_eq!(folder.read("out.txt"), plain);
    folder
        .run(&["run", "station.ron", "-o", "out.txt", "--force", "--set", "run.limits.in_flight=1"])
        .ends(3);
    assert_eq!(folder.read("out.txt"), plain);
    let nowhere = folder.run(&["run", "station.ron", "-o", "no/such/out.txt"]).ends(2);
    assert!(
        nowhere.out.is_empty() && nowhere.err.contains("no/such/out.txt cannot be written"),
        "{}",
        nowhere.said
    );
    assert_eq!(folder.names(), ["broken.ron", "out.txt", "station.ron"]);
}

#[test]
fn a_folder_is_never_overwritten_with_a_file() {
    let folder = Folder::new("folder");
    std::fs::create_dir(folder.0.join("out")).expect("can be made");
    folder.run(&["run", "station.ron", "-o", "out"]).refused("out is a folder");
    folder.run(&["run", "station.ron", "-o", "out", "--force"]).refused("out is a folder");
    folder.run(&["init", "out"]).refused("out is a folder");
    assert_eq!(folder.names(), ["out", "station.ron"]);
    assert_eq!(std::fs::read_dir(folder.0.join("out")).expect("still there").count(), 0);
}

/// Signals that this process was told to ignore are ignored by what it starts.
#[cfg(target_os = "linux")]
fn interrupts_are_ignored() -> bool {
    const SIGINT: u32 = 2;
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .is_some_and(|mask| mask >> (SIGINT - 1) & 1 == 1)
}

#[test]
#[cfg(target_os = "linux")]
fn an_interrupted_run_leaves_nothing_behind() {
    use std::os::unix::process::ExitStatusExt;
    use std::time::Duration;
    if interrupts_are_ignored() {
        // In the background of a shell without job control; there is nothing to interrupt.
        return;
    }
    let folder = Folder::new("interrupt");
    folder.write("old.txt", "mine");
    for (file, more) in [("new.txt", None), ("old.txt", Some("--force"))] {
        let mut arguments =
            vec!["run", "station.ron", "--set", "run.duration=300d", "--replications", "1000", "-o", file];
        arguments.extend(more);
        let mut child = folder
            .command(&arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command starts");
        std::thread::sleep(Duration::from_millis(300));
        assert!(child.try_wait().expect("it can be asked").is_none(), "it was to run longer");
        let told =
            Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("there is kill");
        assert!(told.success());
        let mut waited = 0;
        let status = loop {
            if let Some(status) = child.try_wait().expect("it can be asked") {
                break status;
            }
            waited += 1;
            if waited > 200 {
                let _ = child.kill();
                panic!("it goes on after being interrupted");
            }
            std::thread::sleep(Duration::from_millis(50));
        };
        assert!(status.code() == Some(130) || status.signal() == Some(2), "{status}");
        assert_eq!(folder.names(), ["old.txt", "station.ron"], "no half of a file");
        assert_eq!(folder.read("old.txt"), "mine");
    }
}

#[test]
fn settings_variants_and_seeds_are_recorded() {
    let folder = Folder::new("recorded");
    let arguments = [
        "run",
        "station.ron",
        "--variant",
        "slow",
        "--set",
        "desk.instances=3",
        "--set",
        "callers.rate=40/s",
        "--seed",
        "18446744073709551615",
        "--replications",
        "2",
        "--format",
        "json",
    ];
    let value = folder.run(&arguments).ends(1).json();
    assert_eq!(value["seed"], u64::MAX);
    assert_eq!(value["replications"], 2);
    assert_eq!(value["program"], "kneepoint");
    assert_eq!(value["program_version"], env!("CARGO_PKG_VERSION"));
    let scenario = &value["scenario"];
    assert_eq!((&scenario["file"], &scenario["format"]), (&"station.ron".into(), &1.into()));
    assert_eq!(scenario["variant"], "slow");
    assert_eq!(scenario["set"], serde_json::json!([["desk.instances", "3"], ["callers.rate", "40/s"]]));
    assert_eq!(value["parts"][0]["instances"].as_array().map(Vec::len), Some(3));
    let plain = folder.run(&["run", "station.ron", "--format", "json"]).ends(0).json();
    assert_eq!((&plain["seed"], &plain["replications"]), (&1.into(), &3.into()));
    assert!(plain["scenario"]["variant"].is_null());
    assert_ne!(plain["scenario"]["hash"], scenario["hash"], "another model");
    let page = folder.run(&arguments[..12]).ends(1).out;
    assert!(page.contains(", variant slow, desk.instances=3, callers.rate=40/s;"), "{page}");
    assert!(page.contains("\nseed 18446744073709551615, digest "), "{page}");
}

#[test]
fn threads_change_nothing_and_seeds_change_the_numbers() {
    let folder = Folder::new("threads");
    for format in ["text", "json", "csv", "prometheus"] {
        let with =
            |more: &[&str]| folder.run(&[&["run", "station.ron", "--format", format], more].concat()).data();
        let one = with(&["--threads", "1"]);
        assert_eq!(one, with(&["--threads", "2"]));
        assert_eq!(one, with(&["--threads", "3", "--quiet"]));
        assert_eq!(one, with(&["--seed", "1"]));
        assert_ne!(one, with(&["--seed", "2"]));
    }
}

#[test]
fn a_trace_shows_a_few_requests_in_full() {
    let folder = Folder::new("trace");
    let read = |text: String| -> Value { serde_json::from_str(&text).expect("it is JSON") };
    let perfetto = folder.run(&["trace", "station.ron"]).data();
    assert_eq!(folder.run(&["trace", "station.ron", "-o", "trace.json"]).data(), "");
    assert_eq!(folder.read("trace.json"), perfetto);
    folder.run(&["trace", "station.ron", "-o", "trace.json"]).refused("trace.json exists; --force");
    let otlp = ["trace", "station.ron", "-o", "trace.json", "--force", "--format", "otlp"];
    assert_eq!(folder.run(&otlp).data(), "");
    assert!(read(folder.read("trace.json"))["resourceSpans"].is_array());
    assert_eq!(folder.run(&["trace", "station.ron", "--threads", "1"]).data(), perfetto);
    assert_ne!(folder.run(&["trace", "station.ron", "--seed", "7"]).data(), perfetto);
    // They are the requests of the run.
    let run = folder.run(&["run", "station.ron", "--format", "json"]).ends(0).json();
    let identities = |value: &Value, of: fn(&Value) -> &Value| -> Vec<Value> {
        value
            .as_array()
            .expect("a list")
            .iter()
            .map(|one| of(one).clone())
            .filter(|id| !id.is_null())
            .collect()
    };
    let mut events = read(perfetto)["traceEvents"].clone();
    // What ends says again what its beginning said.
    events.as_array_mut().expect("a list").retain(|event| event["ph"] == "B");
    assert_eq!(
        identities(&events, |event| &event["args"]["identity"]),
        identities(&run["samples"], |request| &request["identity"])
    );
    folder.write("broken.ron", &STATION.replace("Service(", "Servise("));
    folder.run(&["trace", "broken.ron"]).refused("did you mean `Service`?");
    folder.run(&["trace", "station.ron", "--set", "run.limits.in_flight=2"]).ends(3);
}

#[test]
fn a_timeline_is_kept_if_it_is_asked_for() {
    let folder = Folder::new("timeline");
    let arguments = ["run", "station.ron", "--format", "json", "--timeline"];
    let value = folder.run(&arguments).ends(0).json();
    assert_eq!(value["timeline"]["parts"][0]["name"], "desk");
    let one = folder.run(&[&arguments[..], &["--threads", "1"]].concat()).data();
    assert_eq!(one, folder.run(&[&arguments[..], &["--threads", "3"]].concat()).data());
    assert_eq!(value["digest"], folder.run(&arguments[..4]).ends(0).json()["digest"]);
}

#[test]
fn windows_are_as_long_as_is_asked_for() {
    let folder = Folder::new("window");
    let ask = |window: &str| {
        folder.run(&["run", "station.ron", "--format", "json", "--timeline", "--window", window])
    };
    let usual = folder.run(&["run", "station.ron", "--format", "json", "--timeline"]).ends(0).json();
    let value = ask("1s").ends(0).json();
    let bounds = value["timeline"]["bounds"].as_array().expect("a list");
    let end = value["run"]["duration"].as_f64().expect("a number");
    assert_eq!(bounds.len() as f64, end + 1.0);
    assert!(bounds.iter().enumerate().all(|(at, bound)| bound.as_f64() == Some(at as f64)), "{bounds:?}");
    // What is counted in the windows is the same, however long they are.
    let sent = |value: &Value| -> u64 {
        let total = value["timeline"]["clients"][0]["sent"]["total"].as_array().expect("a list");
        total.iter().filter_map(Value::as_u64).sum()
    };
    assert_eq!((sent(&value), &value["digest"]), (sent(&usual), &usual["digest"]));
    ask("1ms").refused("at most 3600 are kept: ask for");
    ask("2h").refused("do not fit into a run of");
    ask("1").refused("unit");
    ask("0s").refused("a window takes some time");
    folder.run(&["run", "station.ron", "--format", "json", "--window", "1s"]).refused("--timeline");
}

#[test]
fn metrics_are_written_as_prometheus_reads_them() {
    let folder = Folder::new("prometheus");
    let page = folder.run(&["run", "station.ron", "--format", "prometheus"]).data();
    assert!(page.starts_with("# HELP kneepoint_run_info "), "{page}");
    assert!(page.contains(
        "\nkneepoint_objective_met{objective=\"fast\",condition=\"mean(callers.latency) < 500ms\"} 1\n"
    ));
    let missed = ["run", "station.ron", "--variant", "slow", "--format", "prometheus", "-o", "metrics.prom"];
    folder.run(&missed).ends(1);
    assert!(folder.read("metrics.prom").contains("\nhttp_requests_total{client=\"callers\","));
}

#[test]
fn the_formats_say_the_same() {
    let folder = Folder::new("formats");
    let page = folder.run(&["run", "station.ron"]).data();
    let value = folder.run(&["run", "station.ron", "--format", "json"]).ends(0).json();
    let table = folder.run(&["run", "station.ron", "--format", "csv"]).data();
    assert_eq!(value["schema_version"], 1);
    assert_eq!(value["digest"], digest(&page));
    assert!(table.contains(&format!(",digest,value,,{},", digest(&page))), "{table}");
    let cells = |line: &str| line.matches(',').count();
    assert!(table.lines().all(|line| cells(line) >= 11), "{table}");
    let throughput = value["clients"][0]["throughput"]["value"].as_f64().expect("a number");
    assert!((throughput - 50.0).abs() < 5.0, "{throughput}");
    assert!(page.contains("throughput"), "{page}");
}

#[test]
fn pipes_get_neither_colour_nor_a_bar() {
    let folder = Folder::new("pipes");
    for colour in [None, Some(""), Some("1")] {
        let mut command = folder.command(&["run", "station.ron", "--replications", "8"]);
        // Neither is to be taken for the wish of a pipe.
        command.env("TERM", "xterm-256color").env("CLICOLOR_FORCE", "1");
        colour.map(|value| command.env("NO_COLOR", value));
        let ended = Ended::of(&["run"], command.output().expect("it starts"));
        assert!(!ended.said.contains('\u{1b}') && !ended.said.contains('\r'), "{}", ended.said);
        ended.data();
    }
    let faulty = folder.run(&["run", "nothing.ron"]);
    assert!(!faulty.said.contains('\u{1b}'), "{}", faulty.said);
}

/// Runs the command on a terminal, which `script` makes: a program of util-linux that every Linux has.
#[cfg(target_os = "linux")]
fn on_a_terminal(folder: &Folder, arguments: &str, no_color: Option<&str>) -> String {
    let line = format!("{} {arguments}", env!("CARGO_BIN_EXE_kneepoint"));
    let mut script = Command::new("script");
    script
        .args(["-qec", &line, "/dev/null"])
        .current_dir(&folder.0)
        .env("TERM", "xterm")
        .stdin(Stdio::null());
    script.env_remove("NO_COLOR");
    no_color.map(|value| script.env("NO_COLOR", value));
    let output = script.output().expect("`script` is needed here (util-linux, on Debian bsdutils)");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
#[cfg(target_os = "linux")]
fn a_terminal_gets_colour_and_a_bar_at_once_unless_they_are_refused() {
    let folder = Folder::new("terminal");
    let (green, bar) = ("\u{1b}[32;1mMet", "0/3 replications");
    let shown = on_a_terminal(&folder, "run station.ron", None);
    assert!(shown.contains(green) && shown.contains(bar), "{shown}");
    let quiet = on_a_terminal(&folder, "run station.ron --quiet", Some("1"));
    assert!(quiet.starts_with("Met") && !quiet.contains('\u{1b}') && !quiet.contains(bar), "{quiet}");
    // https://no-color.org: what is there and empty refuses nothing.
    assert!(on_a_terminal(&folder, "run station.ron", Some("")).contains(green));
    let written = on_a_terminal(&folder, "run station.ron -o out.txt", None);
    assert!(written.contains(bar) && !folder.read("out.txt").contains('\u{1b}'), "{written}");
}

#[test]
fn check_tells_what_saturates_and_writes_findings_for_programs() {
    let folder = Folder::new("check");
    let text = folder.run(&["check", "station.ron"]).ends(0).out;
    assert!(
        text.starts_with("Station: sound.") && text.contains("desk saturates first, at 4.00 times the load."),
        "{text}"
    );
    let value = folder.run(&["check", "station.ron", "--format", "json"]).ends(0).json();
    assert_eq!((&value["sound"], &value["title"]), (&true.into(), &"Station".into()));
    assert_eq!(value["load"][0]["part"], "desk");
    let table = folder.run(&["check", "station.ron", "--format", "csv"]).ends(0).out;
    assert!(table.starts_with("section,name,file,line,column,value,message,help\n"), "{table}");
    assert!(table.contains("\nutilisation,desk,,,,0.25,,\n"), "{table}");
    folder.write("broken.ron", &STATION.replace("Service(", "Servise("));
    let value = folder.run(&["check", "broken.ron", "--format", "json"]).ends(2).json();
    assert_eq!((&value["sound"], &value["findings"][0]["line"]), (&false.into(), &8.into()));
    let table = folder.run(&["check", "broken.ron", "--format", "csv"]).ends(2).out;
    assert!(table.contains("\nfinding,error,broken.ron,8,"), "{table}");
}

#[test]
fn what_is_expanded_is_the_same_model() {
    let folder = Folder::new("expand");
    let template = package().join("models/quickstart.ron");
    let quickstart = template.to_str().expect("a path of this package");
    let short = ["--set", "run.duration=40s", "--replications", "2"];
    for file in ["station.ron", quickstart] {
        folder.write("expanded.ron", &folder.run(&["check", file, "--expand"]).data());
        let run = |file: &str| {
            let ended = folder.run(&[&["run", file, "--format", "json"], &short[..]].concat());
            let value = ended.json();
            (value["digest"].clone(), value["scenario"]["hash"].clone())
        };
        assert_eq!(run(file), run("expanded.ron"), "{file}");
        let again = folder.run(&["check", "expanded.ron", "--expand"]).data();
        let bare = |text: &str| {
            // Where a value comes from is another file now; what it is must not be.
            let lines =
                text.lines().map(|line| line.split("  //").next().unwrap_or_default().trim_end().to_string());
            lines.filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<String>>()
        };
        assert_eq!(bare(&folder.read("expanded.ron")), bare(&again), "{file}");
    }
    let set = folder.run(&["check", "station.ron", "--expand", "--set", "desk.instances=7"]).data();
    assert!(set.contains("instances: 7,"), "{set}");
}

#[test]
fn init_writes_a_scenario_that_runs_and_overwrites_nothing() {
    let folder = Folder::new("init");
    for (template, file) in [("shop", "scenario.ron"), ("station", "one.ron")] {
        let arguments = ["init", file, "--template", template];
        // The shop is what one gets, and where.
        let arguments = if template == "shop" { &arguments[..1] } else { &arguments[..] };
        let ended = folder.run(arguments).ends(0);
        assert!(
            ended.out.is_empty() && ended.err.contains(&format!("kneepoint run {file}")),
            "{}",
            ended.said
        );
        let checked = folder.run(&["check", file]);
        assert!(checked.data().contains("sound."));
        let ended = folder.run(&["run", file, "--format", "json", "--replications", "3"]);
        assert!(matches!(ended.code, Some(0 | 1)), "{}", ended.said);
        let value = ended.json();
        assert_ne!(value["verdict"], "void");
        assert!(value["clients"][0]["good"]["total"].as_u64() > Some(0));
        let written = folder.read(file);
        folder.run(arguments).refused("init never overwrites");
        assert_eq!(folder.read(file), written);
    }
    assert_eq!(folder.names(), ["one.ron", "scenario.ron", "station.ron"], "and no temporary files");
    folder.run(&["init", "no/such/folder.ron"]).ends(2);
}

#[test]
fn metrics_and_values_have_pages_of_their_own() {
    let folder = Folder::new("pages");
    for name in ["metrics", "slo", "series"] {
        assert!(folder.run(&["kinds", name]).data().contains("p99(shoppers.latency) < 300ms"), "{name}");
    }
    for name in ["values", "units", "duration"] {
        assert!(folder.run(&["kinds", name]).data().contains("Quantities are texts with a unit"), "{name}");
    }
    assert!(folder.run(&["kinds"]).data().ends_with("tell how both are written.\n"));
}

#[test]
fn kinds_tells_a_family_a_kind_and_what_was_meant() {
    let folder = Folder::new("kinds");
    let all = folder.run(&["kinds"]).data();
    assert!(all.contains("*OpenClient") && all.contains("\nvia\n"), "{all}");
    let family = folder.run(&["kinds", "via"]).data();
    assert!(family.starts_with("via: middle part\n") && family.contains("\nTimeout\n"), "{family}");
    let kind = folder.run(&["kinds", "Service"]).data();
    assert!(kind.contains("concurrency  <concurrency> = Threads(200)  [Tomcat maxThreads]"), "{kind}");
    folder.run(&["kinds", "Servise"]).refused("did you mean `Service`?");
    folder.run(&["kinds", "xyzzy", "--format", "json"]).refused("families: ");
    let value = folder.run(&["kinds", "Service", "--format", "json"]).ends(0).json();
    assert_eq!((&value["kinds"][0]["kind"], &value["kinds"][0]["main"]), (&"Service".into(), &"does".into()));
    let every = folder.run(&["kinds", "--format", "json"]).ends(0).out;
    assert!(!every.contains("Some(") && !every.contains("Value("), "Rust leaks");
    let table = folder.run(&["kinds", "via", "--format", "csv"]).data();
    assert!(table.contains("\nvia,Timeout,yes,after,yes,duration,yes,yes,> 0,,\n"), "{table}");
}

#[test]
fn verify_agrees_with_theory_and_takes_a_seed() {
    let folder = Folder::new("verify");
    let quick = ["verify", "--quick", "--case", "q/mm1/rho0.5"];
    let text = folder.run(&quick).data();
    assert!(
        text.starts_with("ok   q/mm1/rho0.5-mu1: ") && text.ends_with("\n1 passed, 0 failed\n"),
        "{text}"
    );
    assert!(text.contains(" (standard error ") && text.contains(", known ") && !text.contains('±'), "{text}");
    assert_eq!(text, folder.run(&[&quick[..], &["--threads", "1", "--seed", "0"]].concat()).data());
    let value = folder.run(&[&quick[..], &["--format", "json", "--seed", "4"]].concat()).ends(0).json();
    assert_eq!((&value["passed"], &value["failed"], &value["seed"]), (&1.into(), &0.into(), &4.into()));
    let table = folder.run(&[&quick[..], &["--format", "csv"]].concat()).data();
    assert!(table.starts_with("case,outcome,quantity,known,value,standard_error,agrees,reason\n"), "{table}");
    assert!(table.contains("q/mm1/rho0.5-mu1,passed,"), "{table}");
    assert!(folder.run(&["verify", "--print", "--case", "q/mm1/rho0.5"]).data().contains("format: 1"));
    folder.run(&["verify", "--area", "alchemy"]).refused("there are: queueing");
    folder.run(&["verify", "--case", "q/nothing"]).refused("q/nothing");
    folder.run(&["verify", "--print", "--format", "csv"]).refused("--print");
}

#[test]
fn completions_know_the_verbs() {
    let folder = Folder::new("completions");
    for (shell, sign) in
        [("bash", "complete -F"), ("zsh", "#compdef kneepoint"), ("fish", "complete -c kneepoint")]
    {
        let script = folder.run(&["completions", shell]).data();
        for word in [sign, "run", "check", "replications", "variant"] {
            assert!(script.contains(word), "{word} for {shell}");
        }
    }
}

/// The commands in fenced blocks of a page that start this program, without their comments.
fn commands(page: &str) -> Vec<Vec<String>> {
    let mut fenced = false;
    let mut found = Vec::new();
    for line in page.lines() {
        if line.starts_with("```") {
            fenced = line == "```sh";
        } else if fenced && let Some(rest) = line.strip_prefix("cargo run --release -- ") {
            let command = rest.split(" #").next().unwrap_or_default();
            found.push(command.split_whitespace().map(str::to_string).collect());
        }
    }
    found
}

#[test]
fn the_commands_of_the_readme_work() {
    let page = std::fs::read_to_string(package().join("README.md")).expect("part of the package");
    let commands = commands(&page);
    assert!(!commands.is_empty(), "the page shows how to run something");
    for command in commands {
        let mut arguments: Vec<&str> = command.iter().map(String::as_str).collect();
        if arguments[0] == "run" {
            // The same with less of it: a test is no place to wait.
            arguments.extend(["--replications", "2"]);
        }
        let output = Command::new(env!("CARGO_BIN_EXE_kneepoint"))
            .args(&arguments)
            .current_dir(package())
            .output()
            .expect("it starts");
        assert!(!Ended::of(&arguments, output).ends(0).out.is_empty());
    }
}

#[test]
fn the_model_of_the_readme_runs() {
    let page = std::fs::read_to_string(package().join("README.md")).expect("part of the package");
    let folder = Folder::new("readme");
    let models: Vec<&str> =
        page.split("```ron\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(!models.is_empty());
    for model in models {
        folder.write("model.ron", model);
        assert!(folder.run(&["run", "model.ron"]).data().starts_with("Met: "));
    }
}
