//! A regression gate as a pipeline uses it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use kneepoint_cli::{End, command};
use kneepoint_scenario::Registry;

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("kneepoint-{test}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a temporary folder can be made");
        Folder(path)
    }

    fn file(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }

    fn model(&self, name: &str, work: &str) -> String {
        let text = format!(
            "(format: 1, title: \"One server\", run: (duration: \"60s\", warm_up: \"5s\", replications: 6), parts: {{
                \"callers\": OpenClient(to: \"desk\", rate: \"50/s\"),
                \"desk\": Service(concurrency: Servers(1), queue: (max: 1000), does: Compute(Exponential(\"{work}\"))),
            }}, slo: {{ \"fast\": \"mean(callers.latency) < 1s\" }})"
        );
        let path = self.file(name);
        std::fs::write(&path, text).expect("the folder is ours");
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn run(arguments: &[&str]) -> End {
    let all = std::iter::once("kneepoint").chain(arguments.iter().copied()).map(OsString::from);
    command(&Registry::core(), all)
}

fn text(path: &str) -> String {
    std::fs::read_to_string(Path::new(path)).expect("it was written")
}

#[test]
fn a_slower_service_fails_the_gate_and_the_same_one_passes() {
    let folder = Folder::new("gate");
    let (same, slower) = (folder.model("same.ron", "10ms"), folder.model("slower.ron", "10.5ms"));
    let (results, found, xml) =
        (folder.file("results.json"), folder.file("found.json"), folder.file("gate.xml"));
    assert_eq!(run(&["run", &same, "--format", "json", "-o", &results]), End::Fine);
    let gate = |model: &str, condition: &str| {
        run(&[
            "compare",
            model,
            "--baseline",
            &results,
            "--fail-if",
            condition,
            "--format",
            "json",
            "-o",
            &found,
            "--junit",
            &xml,
            "--force",
        ])
    };
    assert_eq!(gate(&same, "mean > +0%"), End::Fine);
    assert!(text(&found).contains("\"answer\": \"identical\""), "what is equal stays equal through the file");
    assert_eq!(gate(&slower, "mean > +5%"), End::Missed);
    assert!(text(&found).contains("\"pairing\": \"common random numbers\""));
    assert!(
        text(&xml).contains("<failure message=\"mean &gt; +5%: holds: mean(callers.latency) changed by +")
    );
    // The lengthening is 10 %: neither shown nor ruled out to be more.
    assert_eq!(gate(&slower, "mean > +10.5%"), End::Fine);
    assert!(text(&xml).contains("<skipped message=\"mean &gt; +10.5%: not shown:"), "{}", text(&xml));
    assert_eq!(gate(&slower, "slo.fast missed"), End::Fine);
    assert_eq!(gate(&slower, "slo.fats missed"), End::Bad);
    assert_eq!(gate(&slower, "mean > 5%"), End::Bad);
}

#[test]
fn a_baseline_that_is_none_is_refused_and_nothing_is_written_over() {
    let folder = Folder::new("baseline");
    let model = folder.model("model.ron", "10ms");
    let results = folder.file("results.json");
    assert_eq!(run(&["run", &model, "--format", "json", "-o", &results]), End::Fine);
    let against = |file: &str| run(&["compare", &model, "--baseline", file]);
    let whole = text(&results);
    for (name, content) in [
        ("cut.json", whole[..whole.len() / 3].to_string()),
        ("other.json", whole.replace("\"callers\"", "\"people\"")),
        ("newer.json", whole.replace("\"schema_version\": 1", "\"schema_version\": 2")),
        ("empty.json", String::new()),
    ] {
        let path = folder.file(name);
        std::fs::write(&path, content).expect("the folder is ours");
        assert_eq!(against(&path), End::Bad, "{name}");
    }
    assert_eq!(against(&folder.file("none.json")), End::Bad);
    let before = text(&results);
    assert_eq!(run(&["compare", &model, "--seed-b", "2", "-o", &results]), End::Bad);
    assert_eq!(text(&results), before);
}

#[test]
fn a_comparison_takes_two_designs() {
    let folder = Folder::new("designs");
    let model = folder.model("model.ron", "10ms");
    let found = folder.file("found.csv");
    assert_eq!(run(&["compare", &model]), End::Bad);
    let set = [
        "compare",
        &model,
        "--set",
        "desk.does=Compute(Exponential(\"9ms\"))",
        "--format",
        "csv",
        "-o",
        &found,
    ];
    assert_eq!(run(&set), End::Fine);
    assert!(text(&found).lines().any(|l| l.contains("mean(callers.latency)") && l.contains(",lower,")));
    assert_eq!(
        run(&[
            "sensitivity",
            &model,
            "--over",
            "desk.concurrency=Servers(1),Servers(2)",
            "-o",
            &folder.file("s.txt")
        ]),
        End::Fine
    );
    assert_eq!(run(&["sensitivity", &model]), End::Bad);
}
