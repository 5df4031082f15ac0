//! Usage that is wrong: whatever stands on the command line, it ends in a sentence and the exit code for it.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// A folder of this test alone, gone when it ends.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Folder {
        let folder = std::env::temp_dir().join(format!("kneepoint-bad-usage-{}-{test}", std::process::id()));
        std::fs::create_dir_all(folder.join("folder")).expect("there is a place for temporary files");
        std::fs::write(folder.join("exists"), "before").expect("can be written");
        std::fs::write(folder.join("small.ron"), SMALL).expect("can be written");
        let other = SMALL.replace("users", "robots").replace("web", "db");
        std::fs::write(folder.join("other.ron"), other).expect("can be written");
        Folder(folder)
    }

    /// Runs the command in this folder; returns exit code, data, and what was said.
    fn run<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> (i32, String, String) {
        let out = Command::new(env!("CARGO_BIN_EXE_kneepoint"))
            .args(arguments)
            .current_dir(&self.0)
            .output()
            .expect("the command can be started");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (out.status.code().expect("it ends by itself"), text(&out.stdout), text(&out.stderr))
    }

    /// Holds that this is bad usage, that the first line says so, and that no data comes.
    #[track_caller]
    fn refuses(&self, arguments: &[&str], expected: &str) {
        let (code, data, said) = self.run(arguments);
        assert_eq!((code, data.as_str()), (2, ""), "{arguments:?}: {said}");
        let first = said.lines().next().unwrap_or_default();
        let words: Vec<&str> = first.split_whitespace().collect();
        assert_eq!(words.join(" "), expected, "{arguments:?}: {said}");
        assert!(said.chars().all(|c| c == '\n' || !c.is_control()), "{arguments:?}: {said:?}");
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

const SMALL: &str = "(
    format: 1,
    title: \"Small\",
    run: (duration: \"10s\", warm_up: \"1s\", replications: 2),
    parts: {
        \"users\": OpenClient(to: \"web\", rate: \"10/s\"),
        \"web\": Service(concurrency: Servers(2), queue: 10, does: Compute(\"1ms\")),
    },
)";

const SAME_FILE: &str = "error: x and x are the same file: one would overwrite the other";
const SAME_FILE_DOTTED: &str = "error: x and ./x are the same file: one would overwrite the other";

#[test]
fn wrong_arguments_are_refused_in_a_sentence() {
    let folder = Folder::new("arguments");
    let long = "x".repeat(100_000);
    let seed = format!("run.seed={}", "(".repeat(100_000));
    for (arguments, expected) in [
        (&["nonsense"][..], "error: unrecognized subcommand 'nonsense'"),
        (&["run"], "error: the following required arguments were not provided:"),
        (&["run", "missing.ron"], "error: there is no such file missing.ron:1:1"),
        (&["run", "folder"], "error: this is a folder, a scenario is a file folder:1:1"),
        (&["run", "\u{1b}[2J"], "error: there is no such file \u{fffd}[2J:1:1"),
        (&["run", "a\nb.ron"], "error: there is no such file a\u{fffd}b.ron:1:1"),
        (
            &["run", "small.ron", "--seed", "1.5"],
            "error: invalid value '1.5' for '--seed <N>': invalid digit found in string",
        ),
        (
            &["run", "small.ron", "--replications", "0"],
            "error: invalid value '0' for '--replications <N>': 0 is not in 1..=1000000",
        ),
        (&["run", "small.ron", "--variant", "nope"], "error: no variant \"nope\" small.ron:1:1"),
        (&["check", "small.ron", "--variant", "\u{1b}[2J"], "error: no variant \"\\u{1b}[2J\" small.ron:1:1"),
        (
            &["check", "small.ron", "--set", "web"],
            "error: invalid value 'web' for '--set <PATH=VALUE>': write PATH=VALUE, for example web.instances=4",
        ),
        (
            &["check", "small.ron", "--set", "..=2"],
            "error: the name of a part is missing before `.` --set:1:1",
        ),
        (&["check", "small.ron", "--set", "wbe.queue=2"], "error: nothing is named \"wbe\" --set:1:1"),
        (&["check", "small.ron", "--set", "web.queue=-1"], "error: a count must not be below 0 --set:1:11"),
        (&["check", "small.ron", "--set", "web.queue=[("], "error: a bracket is not closed --set:1:12"),
        (
            &["check", "--expand", "small.ron", "--set", "a\nb=1"],
            "error: `b` does not belong to a setting --set:1:1",
        ),
        (&["check", "small.ron", "--set", "include=\"x\""], "error: `include` cannot be set --set:1:1"),
        (&["check", "small.ron", "--set", &seed], "error: nested deeper than 32 --set:1:43"),
        (
            &["sensitivity", "small.ron", "--over", "web.queu=2..3"],
            "error: unknown field `queu` of Service --over:1:1",
        ),
        (
            &["sensitivity", "small.ron", "--over", "web.concurrency=1,2"],
            "error: a concurrency is needed here --over:1:17",
        ),
        (
            &["sensitivity", "small.ron", "--set", "web.queue=4", "--over", "web.queue=9..5"],
            "error: --over web.queue=9..5: it ends before it begins: write 5..9",
        ),
        (
            &["sensitivity", "small.ron", "--over", "web.queue=5..5"],
            "error: web.queue=5..5: both ends are the same, so nothing is varied",
        ),
        (
            &["sweep", "small.ron", "--over", "web.concurrency=1,2"],
            "error: a concurrency is needed here --over:1:17",
        ),
        (
            &["capacity", "small.ron", "--load", "users.rat"],
            "error: unknown field `rat` of OpenClient --load:1:1",
        ),
        (
            &["capacity", "small.ron", "--load", "web.does=1..5"],
            "error: --load: web.does is no number and so no load; a load is one of users.rate",
        ),
        (
            &["capacity", "small.ron", "--load", "users.rate=9/s..2/s"],
            "error: --load users.rate=9/s..2/s: it ends before it begins: write 2/s..9/s",
        ),
        (
            &["capacity", "small.ron", "--over", "web.queue=1"],
            "error: --over web.queue=1: linearity takes at least two sizes, and a law at least three",
        ),
        (
            &["capacity", "small.ron", "--over", "web.queu=1,2"],
            "error: unknown field `queu` of Service --over:1:1",
        ),
        (
            &["capacity", "small.ron", "--baseline", "nowhere/base.json"],
            "error: nowhere/base.json cannot be written: there is no folder nowhere",
        ),
        (
            &["capacity", "small.ron", "--baseline", "folder", "--update"],
            "error: folder is a folder; name the file to write",
        ),
        (&["kinds", "Servise"], "error: no kind or family `Servise`; did you mean `Service`?"),
        (&["init", "exists"], "error: exists exists; init never overwrites"),
        (&["init", "folder"], "error: folder is a folder; name the file to write"),
        (&["init", ".."], "error: .. is a folder; name the file to write"),
        (&["init", "nowhere/a.ron"], "error: nowhere/a.ron cannot be written: there is no folder nowhere"),
        (
            &["compare", "small.ron", "other.ron"],
            "error: small and other have no number in common that could be compared: small has mean(users.latency), \
             p50(users.latency), p95(users.latency), p99(users.latency), p99.9(users.latency), goodput(users), \
             throughput(users), errors(users), utilisation(web); other has mean(robots.latency), p50(robots.latency), \
             p95(robots.latency), p99(robots.latency), p99.9(robots.latency), goodput(robots), throughput(robots), \
             errors(robots), utilisation(db)",
        ),
        (
            &["compare", "small.ron", "--set", "web.concurrency=Servers(3)", "--fail-on-undecided"],
            "error: the following required arguments were not provided:",
        ),
        (
            &["sweep", "small.ron", "--over", "users.rate=1/s,2/s", "--replications", "2..5"],
            "error: 2 to 5 replications are a range, and only a precision tells how many of them are needed: state it \
             (--precision 2%), or one number of replications",
        ),
        (
            &[
                "sweep",
                "small.ron",
                "--over",
                "users.rate=1/s,2/s",
                "--shard",
                "0/2",
                "-o",
                "x",
                "--format",
                "csv",
            ],
            "error: --format csv: a shard holds records, which `merge` writes in any format: say it there",
        ),
        (
            &["sweep", "small.ron", "--over", "users.rate=1/s,2/s", "--format", "parquet"],
            if cfg!(feature = "parquet") {
                "error: --format parquet: a Parquet file is no text to be printed: say -o FILE"
            } else {
                "error: this build has no Parquet; build with --features parquet"
            },
        ),
        (
            &["sweep", "small.ron", "--over", "users.rate=1/s,1/s"],
            "error: --over users.rate=1/s,1/s: the value 1/s stands there twice",
        ),
        (
            &["sweep", "small.ron", "--over", "users.rate=1/s,2/s", "--set", "users.rate=5/s"],
            "error: --set users.rate and --over users.rate: each point would set it anew; leave one of them away",
        ),
        (
            &["sweep", "small.ron", "--over", "users.rate=1/s..9/s:5", "--design", "sobol", "--points", "4"],
            "error: --over users.rate: the design chooses the points of a range; only a grid takes their number or a \
             step: leave away what stands after its second end",
        ),
        (
            &["sweep", "small.ron", "--over", "users.rate=1/s,2/s", "--columns", ""],
            "error: --columns is empty: name watches, objectives or metrics, or leave it away",
        ),
        (
            &["sensitivity", "small.ron", "--over", "users.rate=1/s..2/s", "--levels", "6"],
            "error: --trajectories and --levels are of Morris screening: --method morris takes them",
        ),
        (
            &["run", "small.ron", "--max-replications", "9"],
            "error: --max-replications 9: only a precision takes more replications than were asked for: state it \
             (--precision 2%), or their number (--replications 9)",
        ),
        (
            &["compare", "small.ron", "--set", "users.rate=5/s", "--max-replications", "9"],
            "error: --max-replications 9: only a precision takes more replications than were asked for: state it \
             (--precision 2%), or their number (--replications 9)",
        ),
        (
            &["trace", "small.ron", "-o", "x.jsn"],
            "error: x.jsn: nothing that is written here ends in .jsn; did you mean .json? there are .json, and --format perfetto writes to it all the same",
        ),
        (
            &["sweep", "small.ron", "-o", "x.pdf"],
            "error: x.pdf: nothing that is written here ends in .pdf; there are .txt, .csv, .json, .jsonl, .ndjson, .parquet, and --format text writes to it all the same",
        ),
        (
            &["report", "small.ron", "-o", "x.pdf"],
            "error: x.pdf: nothing that is written here ends in .pdf; there are .html, .htm, .md, .markdown, and --format html writes to it all the same",
        ),
        (
            &["run", "small.ron", "-o", "folder/../small.ron", "--format", "text", "--force"],
            "error: small.ron is read for this answer: written there, it would be lost; name another file",
        ),
        (&["merge", "/dev/zero"], "error: /dev/zero: it is not a regular file; records of a sweep are"),
        (
            &["sweep", "small.ron", "--over", "users.rate=1/s,1000/s,60/min"],
            "error: --over users.rate=1/s,1000/s,60/min: 1/s and 60/min are the same value: points that are the same \
             say nothing new",
        ),
        (
            &["sweep", "small.ron", "--over", "users.rate=5/s..5/s:3"],
            "error: --over users.rate=5/s..5/s:3: 3 points are more than there are different values in it",
        ),
        (
            &["run", "small.ron", "--set", "web.queue=3", "--set", "web.queue=5"],
            "error: --set web.queue is given twice, with 3 and with 5: leave one of them away",
        ),
        (
            &["run", "small.ron", "--set", "edges.users -> web.round_trip=20ms"],
            "error: an edge is set by its ends, without the name of the section --set:1:1",
        ),
        (
            &["compare", "small.ron", "--set", "web.queue=5", "--fail-if", "p99(user.latency) > +5%"],
            "error: p99(user.latency) cannot be measured: there is no part \"user\"; did you mean \"users\"?",
        ),
        (
            &["compare", "small.ron", "--set", "web.queue=5", "--fail-if", "p99 < -100%"],
            "error: the condition \"p99 < -100%\": nothing falls by more than -100%, so this can never hold",
        ),
        (&["run", "small.ron", "-o", "x", "--junit", "x"], SAME_FILE),
        (&["run", "small.ron", "-o", "x", "--junit", "./x"], SAME_FILE_DOTTED),
        (
            &["run", "small.ron", "-o", "x", "--junit", "folder/../x"],
            "error: x and folder/../x are the same file: one would overwrite the other",
        ),
        (&["compare", "small.ron", "--seed-b", "2", "-o", "x", "--junit", "./x"], SAME_FILE_DOTTED),
        (
            &["verify", "--area", "nope"],
            "error: there are no cases for area \"nope\"; there are: queueing, loadbalancing, resilience, tail, real, comparison, coverage, capacity",
        ),
    ] {
        folder.refuses(arguments, expected);
    }
    let (code, _, said) = folder.run(["kinds", &long]);
    assert!(code == 2 && said.len() < 1_000, "{said}");
    assert_eq!(std::fs::read_to_string(folder.0.join("exists")).expect("still there"), "before");
}

#[test]
fn a_variant_of_a_file_without_variants_is_explained() {
    let (_, _, said) = Folder::new("variant").run(["run", "small.ron", "--variant", "nope"]);
    assert!(said.contains("^ this file has no `variants`"), "{said}");
}

#[test]
fn where_a_result_cannot_go_is_said_before_the_run() {
    let folder = Folder::new("output");
    for (output, force, expected) in [
        ("exists", false, "error: exists exists; --force overwrites it"),
        ("folder", false, "error: folder is a folder; name the file to write"),
        ("folder", true, "error: folder is a folder; name the file to write"),
        ("nowhere/result", false, "error: nowhere/result cannot be written: there is no folder nowhere"),
        ("exists/result", false, "error: exists/result cannot be written: there is no folder exists"),
        ("..", true, "error: .. is a folder; name the file to write"),
    ] {
        let mut arguments = vec!["run", "small.ron", "-o", output];
        arguments.extend(force.then_some("--force"));
        folder.refuses(&arguments, expected);
    }
    let (code, data, said) = folder.run(["run", "small.ron", "-o", "exists", "--force"]);
    assert_eq!((code, data.as_str(), said.as_str()), (0, "", ""));
    assert!(std::fs::read_to_string(folder.0.join("exists")).expect("written").contains("Small"));
}

#[cfg(unix)]
/// Every verb that writes a file spares the scenario it was made of: also its includes, and its data, which is read late.
#[test]
fn nothing_that_is_read_is_written_over() {
    let folder = Folder::new("sources");
    let write = |name: &str, text: &str| std::fs::write(folder.0.join(name), text).expect("can be written");
    let (log, part, times) = (
        "t,class\n1,a\n2,a\n3,a\n",
        "(format: 1, parts: { \"web\": Service(concurrency: Servers(2), queue: 10, does: Compute(\"1ms\")) })",
        "ms\n1\n2\n",
    );
    write("log.csv", log);
    write("part.ron", part);
    write("times.csv", times);
    let model = SMALL.replace(
        "\"web\": Service(concurrency: Servers(2), queue: 10, does: Compute(\"1ms\")),",
        "\"log\": TraceClient(to: \"db\", file: \"log.csv\", columns: (time: \"t\", time_unit: \"s\", class: \"class\")),
        \"db\": Service(concurrency: Servers(1), queue: 9,
            does: Compute(Samples(file: \"times.csv\", column: \"ms\", unit: \"ms\"))),",
    );
    let model = model.replace("format: 1,", "format: 1, include: [\"part.ron\"],");
    let variants = "variants: { \"more\": { \"web.queue\": 20 } },\n)";
    let with_variants = format!("{}{variants}", model.trim_end().trim_end_matches(')'));
    write("model.ron", &model);
    write("variants.ron", &with_variants);
    let (code, base, said) = folder.run(["run", "model.ron", "--format", "json"]);
    assert_eq!(code, 0, "{said}");
    write("base.json", &base);
    for source in ["log.csv", "part.ron", "times.csv", "model.ron"] {
        let kept = std::fs::read(folder.0.join(source)).expect("it is there");
        let verbs: [&[&str]; 14] = [
            &["run", "model.ron", "-o"],
            &["run", "model.ron", "--junit"],
            &["trace", "model.ron", "-o"],
            &["report", "model.ron", "-o"],
            &["capacity", "model.ron", "-o"],
            &["capacity", "model.ron", "--update", "--baseline"],
            &["capacity", "model.ron", "--over", "web.queue=5,6", "-o"],
            &["capacity", "model.ron", "--load", "users.rate=1/s..9/s", "-o"],
            &["compare", "variants.ron", "--junit"],
            &["compare", "model.ron", "--set", "web.queue=9", "-o"],
            &["compare", "other.ron", "model.ron", "-o"],
            &["compare", "model.ron", "--baseline", "base.json", "-o"],
            &["sensitivity", "model.ron", "--over", "web.queue=5..6", "-o"],
            &["sweep", "model.ron", "--over", "web.queue=5,6", "-o"],
        ];
        for verb in verbs {
            if verb[1] == "variants.ron" && source == "model.ron" {
                continue;
            }
            let force: &[&str] = if verb.contains(&"--update") { &[] } else { &["--force"] };
            // An ending that says something else is refused before it is looked what is read.
            let format: &[&str] = match (verb[0], verb.last()) {
                ("trace", Some(&"-o")) => &["--format", "perfetto"],
                ("report", Some(&"-o")) => &["--format", "html"],
                (_, Some(&"-o")) => &["--format", "text"],
                _ => &[],
            };
            let (code, data, said) = folder.run([verb, &[source], force, format].concat());
            let told = "is read for this answer: written there, it would be lost";
            let no_baseline = "is no result of `capacity`";
            assert!(said.contains(told) || said.contains(no_baseline), "{verb:?} {source}: {said}");
            assert_eq!((code, data.as_str()), (2, ""), "{verb:?} {source}");
            assert!(kept == std::fs::read(folder.0.join(source)).expect("it is there"), "{verb:?} {source}");
        }
    }
}

#[test]
fn a_parameter_set_without_its_unit_is_told_where_it_was_set() {
    let folder = Folder::new("unit");
    let model = SMALL.replace("rate: \"10/s\"", "rate: \"=load\"");
    let model = model.replace("format: 1,", "format: 1, params: { \"load\": \"10/s\" },");
    std::fs::write(folder.0.join("params.ron"), model).expect("can be written");
    let arguments = ["check", "params.ron", "--set", "params.load=300"];
    folder.refuses(&arguments, "error: `params.load` is a number, a rate is needed --set:1:13");
    let (_, _, said) = folder.run(arguments);
    assert!(said.contains("did you mean 300/s or 300/min?"), "{said}");
}

#[test]
fn doubts_are_told_beside_a_fault_of_what_is_measured() {
    let folder = Folder::new("doubts");
    for slo in ["p99(user.latency) < 1s", "p99(users.latency, from 1h to 2h) < 1s"] {
        let model = SMALL.replace("queue: 10, ", "").replacen(
            "parts:",
            &format!("slo: {{ \"s\": \"{slo}\" }}, parts:"),
            1,
        );
        std::fs::write(folder.0.join("slo.ron"), model).expect("can be written");
        let (code, _, said) = folder.run(["check", "slo.ron"]);
        assert_eq!(code, 2, "{said}");
        assert!(said.contains("error: ") && said.contains("the queue of web is unbounded"), "{said}");
    }
}

#[test]
fn what_is_left_out_or_rounded_is_said() {
    let folder = Folder::new("said");
    let model =
        SMALL.trim_end().trim_end_matches(')').to_string() + "variants: { \"more\": { \"web.queue\": 20 } })";
    std::fs::write(folder.0.join("variants.ron"), model).expect("can be written");
    let (_, _, said) = folder.run(["compare", "variants.ron", "--set", "web.queue=5"]);
    assert!(said.starts_with("note: with --set ") && said.contains("its variants are left out"), "{said}");
    let (code, _, said) = folder.run(["sweep", "small.ron", "--over", "web.instances=1..4:3"]);
    let told = "note: --over web.instances=1..4:3: this setting takes whole numbers, and the points are rounded to 1, 3, 4\n";
    assert_eq!((code, said.as_str()), (0, told));
    let (_, _, said) = folder.run(["sweep", "small.ron", "--over", "web.instances=1..5:3"]);
    assert_eq!(said, "");
}

#[test]
fn a_pipe_is_not_replaced_by_a_file() {
    use std::os::unix::fs::FileTypeExt;
    let folder = Folder::new("pipe");
    let pipe = folder.0.join("pipe");
    if Command::new("mkfifo").arg(&pipe).status().is_ok_and(|made| made.success()) {
        folder.refuses(
            &["run", "small.ron", "-o", "pipe", "--force"],
            "error: pipe is not a regular file; only those are overwritten",
        );
        assert!(std::fs::symlink_metadata(pipe).expect("still there").file_type().is_fifo());
    }
}

#[cfg(unix)]
#[test]
fn arguments_that_are_no_text_are_refused_or_taken() {
    use std::os::unix::ffi::OsStrExt;
    let folder = Folder::new("bytes");
    let odd = OsStr::from_bytes(b"\xFF=1");
    let (code, _, said) =
        folder.run([OsStr::new("check"), OsStr::new("small.ron"), OsStr::new("--set"), odd]);
    assert!(code == 2 && said.starts_with("error: invalid UTF-8"), "{code} {said}");
    // The name of a file may be any bytes.
    let (code, _, said) = folder.run([OsStr::new("init"), odd]);
    assert!(code == 0 && folder.0.join(odd).exists(), "{code} {said}");
}

/// Whoever reads the first line and goes has what they wanted; a full disk is a failure.
#[test]
fn output_that_nobody_takes_is_no_panic() {
    let folder = Folder::new("closed");
    for arguments in [
        &["kinds"][..],
        &["kinds", "--format", "json"],
        &["check", "--expand", "small.ron"],
        &["run", "small.ron"],
        &["run", "small.ron", "--format", "json"],
        &["run", "--help"],
        &["completions", "bash"],
        &["verify", "--print"],
    ] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_kneepoint"))
            .args(arguments)
            .current_dir(&folder.0)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command can be started");
        // The other end of its output is closed before it writes much.
        drop(child.stdout.take());
        let out = child.wait_with_output().expect("it ends");
        let said = String::from_utf8_lossy(&out.stderr);
        assert_eq!((out.status.code(), &*said), (Some(0), ""), "{arguments:?}");
    }
    if let Ok(full) = std::fs::OpenOptions::new().write(true).open("/dev/full") {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kneepoint"));
        let out = command.arg("kinds").stdout(full).output().expect("the command can be started");
        let said = String::from_utf8_lossy(&out.stderr);
        assert_eq!(out.status.code(), Some(3), "{said}");
        assert!(said.starts_with("error: the output could not be written: "), "{said}");
    }
}
