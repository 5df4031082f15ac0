//! Sweeps that are stopped, resumed, cut, sharded and merged end in the same bytes.
//!
//! `KNEEPOINT_LONG=1 cargo test --release --test sweep` kills twenty times and merges fifty shards; by default three
//! and seven.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

const MODEL: &str = r#"(
    format: 1,
    title: "desk",
    run: (duration: "60s", warm_up: Auto, replications: 4),
    parts: {
        "callers": OpenClient(to: "desk", rate: "20/s"),
        "desk": Service(concurrency: Servers(3), queue: (max: 50), does: Compute(Exponential("60ms"))),
    },
    slo: { "fast": "p90(callers.latency, each 20s) < 500ms" },
    watch: { "busy": "utilisation(desk)", "long": "p95(desk.queue)", "each": "mean(desk/*.response)" },
)
"#;

/// Killed sweeps and shards of the long mode and of the usual one.
fn times(long: u64, usual: u64) -> u64 {
    if std::env::var_os("KNEEPOINT_LONG").is_some() { long } else { usual }
}

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("kneepoint-sweep-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("a temporary folder can be made");
        std::fs::write(path.join("model.ron"), MODEL).expect("can be written");
        Folder(path)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.file(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kneepoint"));
        command.args(arguments).current_dir(&self.0).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("it can be started")
    }

    /// Runs a sweep of the model over 24 points.
    fn sweep(&self, arguments: &[&str]) -> Output {
        self.run(&SWEEP.iter().chain(arguments).copied().collect::<Vec<_>>())
    }

    fn start(&self, arguments: &[&str]) -> Child {
        self.command(&SWEEP.iter().chain(arguments).copied().collect::<Vec<_>>())
            .spawn()
            .expect("it can be started")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

const SWEEP: [&str; 4] = ["sweep", "model.ron", "--over", "callers.rate=5/s..60/s:24"];

fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or(-1)
}

fn complaints(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A small generator: where things are killed is drawn, and printed if a test fails.
struct Draw(u64);

impl Draw {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) % n
    }
}

#[test]
fn a_sweep_killed_again_and_again_ends_in_the_same_bytes() {
    let folder = Folder::new("kill");
    let whole = folder.sweep(&["-o", "whole.jsonl", "--threads", "2"]);
    assert_eq!(code(&whole), 1, "{}", complaints(&whole));
    let expected = folder.bytes("whole.jsonl");
    assert_eq!(expected.iter().filter(|b| **b == b'\n').count(), 25);

    let mut draw = Draw(u64::from(std::process::id()));
    let (mut killed, wanted, mut rounds) = (0, times(20, 3), 0);
    let journal = folder.file("killed.jsonl.journal");
    while killed < wanted {
        rounds += 1;
        assert!(rounds < 500, "a sweep was never caught at work");
        let mut child = folder.start(&["-o", "killed.jsonl", "--resume"]);
        // Killed a drawn number of bytes later: whatever the machine is doing, it gets on each time.
        let size = || std::fs::metadata(&journal).map_or(0, |m| m.len());
        let until = size() + draw.below(300_000 / wanted);
        while size() < until && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_micros(200));
        }
        if child.try_wait().unwrap().is_some() {
            // It was done before: once more from the beginning.
            let _ = child.wait();
            assert_eq!(folder.bytes("killed.jsonl"), expected);
            std::fs::remove_file(folder.file("killed.jsonl")).unwrap();
            continue;
        }
        child.kill().unwrap();
        let _ = child.wait();
        killed += 1;
    }
    if !folder.file("killed.jsonl").exists() || journal.exists() {
        let last = folder.sweep(&["-o", "killed.jsonl", "--resume", "--threads", "1"]);
        assert_eq!(code(&last), 1, "{}", complaints(&last));
    }
    assert_eq!(folder.bytes("killed.jsonl"), expected, "after {killed} kills");
    assert!(!journal.exists() && !folder.file("killed.jsonl.unfinished").exists());
}

#[test]
fn a_last_line_that_is_cut_is_done_again_and_a_damaged_one_is_refused() {
    let folder = Folder::new("cut");
    folder.sweep(&["-o", "whole.jsonl"]);
    let journal = folder.file("cut.jsonl.journal");
    // A journal of some replications: interrupted by a kill.
    let mut child = folder.start(&["-o", "cut.jsonl"]);
    while std::fs::metadata(&journal).map_or(0, |m| m.len()) < 20_000 {
        assert!(child.try_wait().unwrap().is_none(), "too fast to be caught");
        std::thread::sleep(Duration::from_micros(200));
    }
    child.kill().unwrap();
    let _ = child.wait();
    let bytes = std::fs::read(&journal).unwrap();
    let end = bytes.iter().rposition(|b| *b == b'\n').unwrap();

    let mut damaged = bytes.clone();
    damaged[end / 2] ^= 1;
    std::fs::write(&journal, &damaged).unwrap();
    let refused = folder.sweep(&["-o", "cut.jsonl", "--resume"]);
    assert_eq!(code(&refused), 2);
    assert!(complaints(&refused).contains("is damaged"), "{}", complaints(&refused));

    std::fs::write(&journal, &bytes[..end - 7]).unwrap();
    let resumed = folder.sweep(&["-o", "cut.jsonl", "--resume"]);
    assert_eq!(code(&resumed), 1, "{}", complaints(&resumed));
    assert!(complaints(&resumed).contains("cut short"), "{}", complaints(&resumed));
    assert_eq!(folder.bytes("cut.jsonl"), folder.bytes("whole.jsonl"));
}

#[test]
fn what_is_not_the_same_sweep_is_not_resumed() {
    let folder = Folder::new("other");
    let journal = folder.file("o.jsonl.journal");
    let mut child = folder.start(&["-o", "o.jsonl"]);
    while !journal.exists() {
        assert!(child.try_wait().unwrap().is_none(), "too fast to be caught");
        std::thread::sleep(Duration::from_micros(200));
    }
    child.kill().unwrap();
    let _ = child.wait();
    let again = folder.sweep(&["-o", "o.jsonl"]);
    assert_eq!(code(&again), 2);
    assert!(complaints(&again).contains("--resume goes on, --force begins anew"), "{}", complaints(&again));
    for (arguments, told) in [
        (&["--seed", "7"][..], "the seed was 1 and is 7"),
        (&["--replications", "5"], "the number of replications was 4 to 4 and is 5 to 5"),
        (&["--over", "desk.queue.max=1,2"], "what is swept was"),
        (&["--columns", "mean(callers.latency)"], "the list of columns"),
        (&["--set", "desk.queue.max=51"], "the scenario was"),
        (&["--independent"], "--independent was not asked for and is asked for"),
    ] {
        let all: Vec<&str> = ["-o", "o.jsonl", "--resume"].iter().chain(arguments).copied().collect();
        let refused = folder.sweep(&all);
        assert_eq!(code(&refused), 2, "{arguments:?}");
        assert!(complaints(&refused).contains(told), "{arguments:?}: {}", complaints(&refused));
    }
    let anew = folder.sweep(&["-o", "o.jsonl", "--force"]);
    assert_eq!(code(&anew), 1, "{}", complaints(&anew));
    assert!(!journal.exists());
    let exists = folder.sweep(&["-o", "o.jsonl"]);
    assert!(
        code(&exists) == 2 && complaints(&exists).contains("--force overwrites"),
        "{}",
        complaints(&exists)
    );
}

#[cfg(unix)]
#[test]
fn an_interrupted_sweep_says_how_to_go_on() {
    let folder = Folder::new("interrupt");
    folder.sweep(&["-o", "whole.jsonl"]);
    let journal = folder.file("i.jsonl.journal");
    let child = folder.start(&["-o", "i.jsonl", "--threads", "1"]);
    while std::fs::metadata(&journal).map_or(0, |m| m.len()) < 10_000 {
        std::thread::sleep(Duration::from_micros(200));
    }
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(code(&output), 130, "{}", complaints(&output));
    assert!(complaints(&output).contains("--resume goes on"), "{}", complaints(&output));
    let last = folder.sweep(&["-o", "i.jsonl", "--resume"]);
    assert!(complaints(&last).contains("are done already"), "{}", complaints(&last));
    assert_eq!(folder.bytes("i.jsonl"), folder.bytes("whole.jsonl"));
}

fn shards(folder: &Folder, n: u64) -> Vec<String> {
    (0..n)
        .map(|k| {
            let name = format!("shard-{k}-{n}.rec");
            let threads = if k % 2 == 0 { "1" } else { "2" };
            let done = folder.sweep(&["--shard", &format!("{k}/{n}"), "-o", &name, "--threads", threads]);
            assert_eq!(code(&done), 0, "{k}/{n}: {}", complaints(&done));
            name
        })
        .collect()
}

#[test]
fn shards_in_any_order_on_any_threads_are_one_sweep() {
    let folder = Folder::new("merge");
    for (format, name) in
        [("jsonl", "whole.jsonl"), ("csv", "whole.csv"), ("json", "whole.json"), ("text", "w.txt")]
    {
        folder.sweep(&["-o", name, "--format", format]);
    }
    let mut draw = Draw(1);
    for n in [1, times(50, 7)] {
        let mut names = shards(&folder, n);
        for i in (1..names.len()).rev() {
            names.swap(i, draw.below(i as u64 + 1) as usize);
        }
        for (threads, whole) in [
            ("1", "whole.jsonl"),
            ("2", "whole.jsonl"),
            ("1", "whole.csv"),
            ("2", "whole.json"),
            ("1", "w.txt"),
        ] {
            let name = format!("merged-{whole}");
            let mut arguments = vec!["merge"];
            arguments.extend(names.iter().map(String::as_str));
            arguments.extend(["-o", &name, "--threads", threads, "--force"]);
            let merged = folder.run(&arguments);
            assert_eq!(code(&merged), 1, "{}", complaints(&merged));
            assert_eq!(folder.bytes(&name), folder.bytes(whole), "{n} shards, {threads} threads, {whole}");
        }
    }
}

#[test]
fn what_does_not_belong_together_is_not_merged() {
    let folder = Folder::new("refused");
    let names = shards(&folder, 3);
    let foreign = folder.sweep(&["--shard", "1/3", "-o", "foreign.rec", "--seed", "2"]);
    assert_eq!(code(&foreign), 0, "{}", complaints(&foreign));
    let bytes = folder.bytes(&names[1]);
    std::fs::write(folder.file("cut.rec"), &bytes[..bytes.len() - 1000]).unwrap();
    // A whole line less at the end: only the end mark is missing.
    let line = bytes[..bytes.len() - 1].iter().rposition(|b| *b == b'\n').unwrap();
    std::fs::write(folder.file("no-end.rec"), &bytes[..=line]).unwrap();
    let [a, b, c] = [&names[0], &names[1], &names[2]].map(String::as_str);
    for (files, told) in [
        (vec![a, b], "shard 2/3 missing"),
        (vec![a, b, b, c], "each is counted once"),
        (vec![a, "foreign.rec", c], "the seed was 1 and is 2"),
        (vec![a, "cut.rec", c], "it is cut short"),
        (vec![a, "no-end.rec", c], "it is cut short"),
        (vec![a, "model.ron", c], "no file of records"),
        (vec!["nowhere.rec"], "cannot be read"),
    ] {
        let merged = folder.run(&[&["merge"][..], &files[..]].concat());
        assert_eq!(code(&merged), 2, "{files:?}");
        assert!(complaints(&merged).contains(told), "{files:?}: {}", complaints(&merged));
    }
    // A record that stands in a shard a second time is no second replication.
    let text = String::from_utf8(folder.bytes(&names[0])).unwrap();
    let record = text.lines().find(|line| line.contains("\"record\"")).unwrap();
    std::fs::write(folder.file("twice.rec"), text.replacen(record, &format!("{record}\n{record}"), 1))
        .unwrap();
    let twice = folder.run(&["merge", "twice.rec", b, c]);
    assert_eq!(code(&twice), 2);
    assert!(
        complaints(&twice).contains("stands there twice: each is counted once"),
        "{}",
        complaints(&twice)
    );
    let precise = folder.sweep(&["--shard", "0/2", "-o", "p.rec", "--precision", "5%"]);
    assert_eq!(code(&precise), 2);
}

#[test]
fn precise_points_say_so_when_the_most_is_reached() {
    let folder = Folder::new("precise");
    let arguments =
        ["sweep", "model.ron", "--over", "callers.rate=20/s,40/s", "--precision", "5%", "--columns", "busy"];
    let to = |more: &[&str]| folder.run(&[&arguments[..], more].concat());
    let enough = to(&["--replications", "4..200", "--threads", "1"]);
    let text = String::from_utf8_lossy(&enough.stdout).into_owned();
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        flat.contains("4 to 200 replications a point, until every number is known within 5.00 %"),
        "{text}"
    );
    assert_eq!(text, String::from_utf8_lossy(&to(&["--replications", "4..200", "--threads", "2"]).stdout));
    // One number is the least, as it is of a run.
    let least = String::from_utf8_lossy(&to(&["--replications", "4"]).stdout).into_owned();
    let least = least.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        least.contains("4 to 100 replications a point, until every number is known within 5.00 %"),
        "{least}"
    );
    let capped = to(&["--replications", "4..5", "--precision", "5%"]);
    assert_eq!(code(&capped), 2, "twice is once too often");
    let capped = folder.run(&[
        "sweep",
        "model.ron",
        "--over",
        "callers.rate=20/s,40/s",
        "--precision",
        "0.1%",
        "--replications",
        "4..5",
    ]);
    let text = String::from_utf8_lossy(&capped.stdout).into_owned();
    assert!(text.contains("an interval is wider than asked"), "{text}");
    assert!(text.contains("after 5"), "{text}");
}

#[test]
fn a_point_that_reaches_a_ceiling_is_told_and_the_others_go_on() {
    let folder = Folder::new("ceiling");
    let path: &Path = &folder.file("model.ron");
    let model = MODEL
        .replace("queue: (max: 50), ", "")
        .replace("replications: 4", "replications: 2, limits: (in_flight: 100)");
    std::fs::write(path, model).unwrap();
    let output = folder.run(&["sweep", "model.ron", "--over", "callers.rate=20/s,200/s"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(code(&output), 3, "{text}{}", complaints(&output));
    assert!(text.starts_with("2 points: ") && text.contains("failed at 1."), "{text}");
    assert!(text.contains("at callers.rate=200/s: replication 0 stopped"), "{text}");
    // Whoever reads rows is told too.
    for format in ["csv", "json", "jsonl"] {
        let rows =
            folder.run(&["sweep", "model.ron", "--over", "callers.rate=20/s,200/s", "--format", format]);
        let said = complaints(&rows);
        assert_eq!(code(&rows), 3, "{said}");
        assert!(
            said.starts_with("error: 1 of 2 points failed\nat callers.rate=200/s: replication 0 stopped"),
            "{said}"
        );
    }
    let over = "callers.rate=200/s,210/s,220/s,230/s,240/s";
    let many = complaints(&folder.run(&["sweep", "model.ron", "--over", over]));
    assert!(many.starts_with("error: 5 of 5 points failed\n") && many.ends_with("\nand 2 more\n"), "{many}");
}

#[test]
fn a_finished_sweep_is_complete_and_ends_as_it_ended() {
    let folder = Folder::new("finished");
    for name in ["f.jsonl", "f.json"] {
        let done = folder.sweep(&["-o", name]);
        assert_eq!(code(&done), 1, "{}", complaints(&done));
        let before = folder.bytes(name);
        let again = folder.sweep(&["-o", name, "--resume"]);
        assert_eq!(code(&again), 1, "it missed an objective: {}", complaints(&again));
        assert_eq!(complaints(&again), format!("{name} is complete already: 24 points\n"));
        assert_eq!(folder.bytes(name), before);
        let other = folder.sweep(&["-o", name, "--resume", "--seed", "9"]);
        assert_eq!(code(&other), 2);
        assert!(complaints(&other).contains("its `seed` is 1, and this sweep's 9"), "{}", complaints(&other));
    }
    let fine = ["sweep", "model.ron", "--over", "callers.rate=5/s,6/s", "-o", "fine.jsonl"];
    assert_eq!(code(&folder.run(&fine)), 0);
    let again = folder.run(&[&fine[..], &["--resume"]].concat());
    assert_eq!(
        (code(&again), complaints(&again).as_str()),
        (0, "fine.jsonl is complete already: 2 points\n")
    );
    let cut = folder.bytes("fine.jsonl");
    std::fs::write(folder.file("fine.jsonl"), &cut[..cut.len() - 20]).unwrap();
    let refused = folder.run(&[&fine[..], &["--resume"]].concat());
    assert!(code(&refused) == 2 && complaints(&refused).contains("cut short"), "{}", complaints(&refused));
    // Rows do not say whose they are.
    folder.sweep(&["-o", "f.csv"]);
    let refused = folder.sweep(&["-o", "f.csv", "--resume"]);
    assert!(
        code(&refused) == 2 && complaints(&refused).contains("does not tell"),
        "{}",
        complaints(&refused)
    );
    let names = shards(&folder, 2);
    let again = folder.sweep(&["--shard", "1/2", "-o", &names[1], "--resume"]);
    assert_eq!(code(&again), 0);
    assert!(complaints(&again).contains("is complete already: 48 replications"), "{}", complaints(&again));
    let other = folder.sweep(&["--shard", "0/2", "-o", &names[1], "--resume"]);
    assert!(code(&other) == 2 && complaints(&other).contains("the shard was 1/2"), "{}", complaints(&other));
}

#[test]
fn what_there_is_nothing_to_resume_of_begins_and_says_so() {
    let folder = Folder::new("nothing");
    let told = "there is nothing to go on with: the sweep begins from nothing\n";
    let end = |name: &str| format!("24 points: met at 16, missed at 6, unclear at 2; written to {name}\n");
    let none = folder.sweep(&["-o", "n.jsonl", "--resume"]);
    assert_eq!((code(&none), complaints(&none)), (1, format!("{told}{}", end("n.jsonl"))));
    // A power cut before the first byte was on the disk.
    std::fs::write(folder.file("e.jsonl.journal"), "").unwrap();
    let empty = folder.sweep(&["-o", "e.jsonl", "--resume"]);
    assert_eq!((code(&empty), complaints(&empty)), (1, format!("{told}{}", end("e.jsonl"))));
    assert_eq!(folder.bytes("e.jsonl"), folder.bytes("n.jsonl"));
    assert!(!folder.file("e.jsonl.journal").exists());
}

#[test]
fn of_several_points_that_cannot_be_run_the_first_is_told() {
    let folder = Folder::new("first");
    let path: &Path = &folder.file("model.ron");
    // What is drawn is no rate at some points, from a replication on that depends on the point.
    let model = MODEL
        .replace("parts: {", "params: { \"base\": \"30/s\", \"less\": Uncertain(Uniform(min: \"0/s\", max: \"40/s\")) },\n    parts: {")
        .replace("rate: \"20/s\"", "rate: \"=base - less\"")
        .replace("replications: 4", "replications: 12");
    std::fs::write(path, model).unwrap();
    let arguments = ["sweep", "model.ron", "--over", "params.base=60/s,34/s,33/s,32/s,31/s,30/s,29/s,28/s"];
    let first = folder.run(&[&arguments[..], &["--threads", "1"]].concat());
    assert_eq!(code(&first), 2, "{}", complaints(&first));
    assert!(complaints(&first).contains("params.base="), "{}", complaints(&first));
    let mut before = None;
    for _ in 0..5 {
        for threads in ["2", "7"] {
            let again = folder.run(&[&arguments[..], &["--threads", threads, "--format", "jsonl"]].concat());
            assert_eq!(complaints(&again), complaints(&first), "on {threads} threads");
            // The points before it are whole, whoever was quicker.
            let points = again.stdout.iter().filter(|byte| **byte == b'\n').count() - 1;
            assert_eq!(*before.get_or_insert(points), points);
        }
    }
}

#[test]
fn points_with_something_uncertain_have_a_probability() {
    let folder = Folder::new("uncertain");
    let path: &Path = &folder.file("model.ron");
    let model = MODEL
        .replace("parts: {", "params: { \"load\": Uncertain(Uniform(min: \"15/s\", max: \"25/s\")), \"times\": 1 },\n    parts: {")
        .replace("rate: \"20/s\"", "rate: \"=load * times\"")
        .replace("replications: 4", "replications: 20");
    std::fs::write(path, model).unwrap();
    let arguments = ["sweep", "model.ron", "--over", "params.times=1,4", "--format", "json"];
    let swept = folder.run(&arguments);
    assert_eq!(code(&swept), 1, "sooner missed than met at the second: {}", complaints(&swept));
    let swept: serde_json::Value = serde_json::from_slice(&swept.stdout).expect("JSON");
    for (at, times) in ["1", "4"].iter().enumerate() {
        let set = format!("params.times={times}");
        let run = folder.run(&["run", "model.ron", "--set", &set, "--format", "json"]);
        assert_eq!(code(&run), at as i32);
        let run: serde_json::Value = serde_json::from_slice(&run.stdout).expect("JSON");
        let point = &swept["points"][at];
        assert_eq!(point["verdict"], "probability");
        for of in ["probability", "slo", "digest"] {
            assert!(!run[of].is_null(), "{of}");
            assert_eq!(point[of], run[of], "{of}");
        }
    }
    folder.run(&[&arguments[..4], &["-o", "whole.jsonl", "--threads", "1"]].concat());
    for k in ["0/2", "1/2"] {
        let name = format!("{}.rec", &k[..1]);
        let done = folder.run(&[&arguments[..4], &["--shard", k, "-o", &name]].concat());
        assert_eq!(code(&done), 0, "{}", complaints(&done));
    }
    folder.run(&["merge", "0.rec", "1.rec", "-o", "merged.jsonl"]);
    assert_eq!(folder.bytes("merged.jsonl"), folder.bytes("whole.jsonl"));
}

/// A model whose service times stand in a file, over as many points.
fn with_data(folder: &Folder) {
    let model =
        MODEL.replace("Exponential(\"60ms\")", "Samples(file: \"times.csv\", column: \"ms\", unit: \"ms\")");
    std::fs::write(folder.file("model.ron"), model).expect("can be written");
    std::fs::write(folder.file("times.csv"), "ms\n20\n60\n100\n").expect("can be written");
}

#[test]
fn a_sweep_whose_data_changed_is_not_resumed() {
    let folder = Folder::new("data");
    with_data(&folder);
    let journal = folder.file("d.jsonl.journal");
    let mut child = folder.start(&["-o", "d.jsonl"]);
    while std::fs::metadata(&journal).map_or(0, |m| m.len()) < 20_000 {
        assert!(child.try_wait().unwrap().is_none(), "too fast to be caught");
        std::thread::sleep(Duration::from_micros(200));
    }
    child.kill().unwrap();
    let _ = child.wait();
    std::fs::write(folder.file("times.csv"), "ms\n20\n60\n101\n").unwrap();
    let refused = folder.sweep(&["-o", "d.jsonl", "--resume"]);
    assert_eq!(code(&refused), 2);
    let told = "it is of another sweep: what is in times.csv has changed";
    assert!(complaints(&refused).contains(told), "{}", complaints(&refused));
    // Written anew with what was in it: the same sweep.
    std::fs::write(folder.file("times.csv"), "ms\n20\n60\n100\n").unwrap();
    let resumed = folder.sweep(&["-o", "d.jsonl", "--resume"]);
    assert!(complaints(&resumed).contains("are done already"), "{}", complaints(&resumed));
    folder.sweep(&["-o", "whole.jsonl"]);
    assert_eq!(folder.bytes("d.jsonl"), folder.bytes("whole.jsonl"));
}

#[test]
fn shards_of_different_data_are_not_merged() {
    let folder = Folder::new("data-shards");
    with_data(&folder);
    let shard = |k: &str, name: &str| {
        let done = folder.sweep(&["--shard", k, "-o", name]);
        assert_eq!(code(&done), 0, "{}", complaints(&done));
    };
    shard("0/2", "a.rec");
    shard("1/2", "b.rec");
    std::fs::write(folder.file("times.csv"), "ms\n20\n60\n").unwrap();
    shard("1/2", "changed.rec");
    let merged = folder.run(&["merge", "a.rec", "changed.rec"]);
    assert_eq!(code(&merged), 2);
    let told = "it is of another sweep than a.rec: what is in times.csv has changed";
    assert!(complaints(&merged).contains(told), "{}", complaints(&merged));
    assert_ne!(code(&folder.run(&["merge", "a.rec", "b.rec"])), 2);
}

/// The model as one long run, without metrics over windows of their own.
fn one_long_run(folder: &Folder) {
    let model = MODEL.replace("\"60s\"", "\"300s\"").replace("replications: 4", "replications: 1");
    let model = model.replace(", each 20s) < 500ms", ") < 500ms");
    std::fs::write(folder.file("model.ron"), model).expect("can be written");
}

#[test]
fn points_of_one_long_run_have_the_intervals_of_that_run() {
    let folder = Folder::new("batches");
    one_long_run(&folder);
    let swept = folder.run(&["sweep", "model.ron", "--over", "callers.rate=20/s,30/s", "--format", "json"]);
    let swept: serde_json::Value = serde_json::from_slice(&swept.stdout).expect("JSON");
    for (at, rate) in ["20/s", "30/s"].iter().enumerate() {
        let set = format!("callers.rate={rate}");
        let run = folder.run(&["run", "model.ron", "--set", &set, "--format", "json"]);
        let run: serde_json::Value = serde_json::from_slice(&run.stdout).expect("JSON");
        let point = &swept["points"][at];
        assert_eq!((&point["batches"], &point["replications"]), (&run["run"]["batches"], &1.into()));
        assert_eq!(point["batches"], 20);
        for of in ["slo", "watch", "warnings", "digest", "events"] {
            assert_eq!(point[of], run[of], "{of}");
        }
        assert!(point["clients"][0]["latency"]["mean"]["low"].is_f64(), "{point}");
    }
    let text = folder.run(&["sweep", "model.ron", "--over", "callers.rate=20/s,30/s"]);
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    assert!(text.contains("1 replication a point, cut into 20 batches"), "{text}");
}

#[test]
fn shards_of_long_runs_are_one_sweep_on_any_threads() {
    let folder = Folder::new("batch-shards");
    one_long_run(&folder);
    folder.sweep(&["-o", "whole.jsonl", "--threads", "1"]);
    folder.sweep(&["-o", "other.jsonl", "--threads", "2"]);
    assert_eq!(folder.bytes("whole.jsonl"), folder.bytes("other.jsonl"));
    let names = shards(&folder, 5);
    let mut arguments = vec!["merge"];
    arguments.extend(names.iter().map(String::as_str));
    arguments.extend(["-o", "merged.jsonl"]);
    folder.run(&arguments);
    assert_eq!(folder.bytes("merged.jsonl"), folder.bytes("whole.jsonl"));
}

#[test]
fn what_is_not_the_sweeps_own_is_left_alone() {
    let folder = Folder::new("own");
    std::fs::write(folder.file("x.jsonl.unfinished"), "mine").expect("can be written");
    std::fs::write(folder.file("x.jsonl.journal"), "mine too").expect("can be written");
    let forced = folder.sweep(&["-o", "x.jsonl", "--force"]);
    let said = String::from_utf8_lossy(&forced.stderr).into_owned();
    assert_eq!(forced.status.code(), Some(2), "{said}");
    assert!(said.contains("x.jsonl.journal: it is no journal of a sweep"), "{said}");
    std::fs::remove_file(folder.file("x.jsonl.journal")).expect("there");
    // Some of its points miss the objective.
    assert_eq!(folder.sweep(&["-o", "x.jsonl"]).status.code(), Some(1));
    assert_eq!(folder.bytes("x.jsonl.unfinished"), b"mine");

    // A link is followed; one to a device is refused.
    #[cfg(unix)]
    {
        use std::os::unix::fs::symlink;
        std::fs::write(folder.file("target.jsonl"), "old").expect("can be written");
        symlink(folder.file("target.jsonl"), folder.file("link.jsonl")).expect("a link");
        assert_eq!(folder.sweep(&["-o", "link.jsonl", "--force"]).status.code(), Some(1));
        assert_eq!(folder.bytes("target.jsonl"), folder.bytes("x.jsonl"));
        let about = std::fs::symlink_metadata(folder.file("link.jsonl")).expect("still there");
        assert!(about.is_symlink());
        symlink("/dev/null", folder.file("null.jsonl")).expect("a link");
        let refused = folder.sweep(&["-o", "null.jsonl", "--force"]);
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(refused.status.code() == Some(2) && said.contains("not a regular file"), "{said}");
    }
}

#[test]
fn a_sweep_that_is_under_way_is_not_begun_anew_by_another() {
    let folder = Folder::new("two");
    let arguments: Vec<&str> =
        SWEEP.iter().chain(&["--replications", "4000", "-o", "two.jsonl"]).copied().collect();
    let mut first = folder.command(&arguments).spawn().expect("it can be started");
    let journal = folder.file("two.jsonl.journal");
    while !journal.exists() {
        assert!(first.try_wait().expect("can be asked").is_none(), "it ended before it began a journal");
        std::thread::sleep(Duration::from_millis(2));
    }
    let second = folder.sweep(&["--seed", "2", "-o", "two.jsonl", "--force"]);
    first.kill().expect("it runs");
    first.wait().expect("it ends");
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(second.status.code() == Some(2) && said.contains("another process is writing"), "{said}");
}

#[cfg(target_os = "linux")]
#[test]
fn what_a_killed_sweep_was_writing_is_cleared_away_and_nothing_else() {
    let folder = Folder::new("temporary");
    let ours = format!("t.jsonl.{}-0.tmp", std::process::id());
    // No process has so high a number: the kernel has none above 2^22.
    let names = ["t.jsonl.4200000-0.tmp", &ours, "t.jsonl.x-0.tmp", "u.jsonl.4200000-0.tmp"];
    for name in names {
        std::fs::write(folder.file(name), "half").unwrap();
    }
    let done = folder.sweep(&["-o", "t.jsonl", "--resume"]);
    assert!(complaints(&done).contains("t.jsonl.4200000-0.tmp: left by a process that has gone; removed"));
    assert_eq!(names.map(|name| folder.file(name).exists()), [false, true, true, true]);
}

#[cfg(unix)]
#[test]
fn the_name_of_an_output_cannot_command_the_terminal() {
    let folder = Folder::new("steering");
    let name = "a\u{1b}[2J\nb.jsonl";
    std::fs::write(folder.file(name), "before").unwrap();
    let refused = folder.sweep(&["-o", name]);
    assert_eq!(code(&refused), 2);
    let said = complaints(&refused);
    assert!(said.contains("it exists; --force overwrites it") && said.lines().count() == 1, "{said:?}");
    assert!(!said.contains('\u{1b}'), "{said:?}");
}
