//! `kneepoint report` as a shell sees it: what is on the page is what `run` says, and what cannot be is refused.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

const STATION: &str = r#"(
    format: 1,
    title: "Station <1>",
    question: "Does it hold?",
    not_modelled: ["breaks"],
    run: (duration: "60s", warm_up: "2s", replications: 3),
    parts: {
        "callers": OpenClient(to: "desk", rate: "50/s"),
        "desk": Service(instances: 2, concurrency: Servers(1), queue: (max: 100), does: Compute(Exponential("10ms"))),
    },
    edges: { "callers -> desk": (round_trip: "2ms", via: [Timeout("30ms")]) },
    faults: { "away": Crash(on: "desk/1", at: "20s", lasts: "5s") },
    slo: { "fast": "mean(callers.latency) < 500ms" },
)
"#;

/// A folder of one test, gone when it ends.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Folder {
        let folder = std::env::temp_dir().join(format!("kneepoint-report-{}-{test}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("there is a place for temporary files");
        std::fs::write(folder.join("station.ron"), STATION).expect("can be written");
        Folder(folder)
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_kneepoint"))
            .args(arguments)
            .current_dir(&self.0)
            .output()
            .expect("it is built")
    }

    fn fine(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    fn refused(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
        String::from_utf8(output.stderr).expect("UTF-8")
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn the_numbers_of_the_page_are_those_of_the_run() {
    let folder = Folder::new("numbers");
    folder.fine(&["report", "station.ron", "-o", "page.html"]);
    let page = folder.read("page.html");
    let run: Value =
        serde_json::from_str(&folder.fine(&["run", "station.ron", "--timeline", "--format", "json"]))
            .unwrap();
    let mut seen = 0;
    for piece in page.split("<data value=\"").skip(1) {
        let (value, rest) = piece.split_once('"').unwrap();
        let of = rest.strip_prefix(" data-of=\"0:").unwrap().split('"').next().unwrap();
        let of = of.replace("&gt;", ">").replace("&lt;", "<").replace("&#39;", "'").replace("&amp;", "&");
        let found = run.pointer(&of).unwrap_or_else(|| panic!("{of} is nowhere"));
        assert_eq!(found.to_string(), value, "{of}");
        seen += 1;
    }
    assert!(seen > 60, "{seen}");
    let data = page.split("id=\"data\">").nth(1).unwrap().split("</script>").next().unwrap();
    let data: Value = serde_json::from_str(data).unwrap();
    assert_eq!(data["bounds"], run["timeline"]["bounds"]);
    let mut points = 0;
    for series in
        data["charts"].as_array().unwrap().iter().flat_map(|chart| chart["series"].as_array().unwrap())
    {
        let from = series["from"].as_str().unwrap().strip_prefix("0:").unwrap();
        let there = run.pointer(from).unwrap_or_else(|| panic!("{from} is nowhere"));
        for key in ["values", "low", "high"] {
            let Some(shown) = series.get(key).and_then(Value::as_array) else { continue };
            for (shown, is) in shown.iter().zip(there[key].as_array().unwrap()) {
                match (shown.as_f64(), is.as_f64()) {
                    // Points of charts have six digits.
                    (Some(shown), Some(is)) => assert!((shown - is).abs() <= 5e-6 * is.abs(), "{from} {key}"),
                    (shown, is) => assert_eq!(shown, is, "{from} {key}"),
                }
                points += 1;
            }
        }
    }
    assert!(points > 1000, "{points}");
    // Numbers are written as the text writes them.
    let text = folder.fine(&["run", "station.ron"]);
    let p50 = &run["clients"][0]["latency"]["p50"]["value"];
    let cell = page.split(&format!("<data value=\"{p50}\"")).nth(1).unwrap();
    let cell = cell.split('>').nth(1).unwrap().split('<').next().unwrap();
    assert!(text.contains(cell), "{cell}");
}

#[test]
fn the_same_scenario_gives_the_same_page_from_results_or_not_on_any_number_of_threads() {
    let folder = Folder::new("same");
    let one = folder.fine(&["report", "station.ron", "--threads", "1"]);
    assert_eq!(one, folder.fine(&["report", "station.ron", "--threads", "2", "--quiet"]));
    folder.fine(&["run", "station.ron", "--timeline", "--format", "json", "-o", "station.json"]);
    assert_eq!(one, folder.fine(&["report", "station.json"]));
    assert!(one.contains("Station &lt;1&gt;") && !one.contains("Station <1>"));
    // A seed that was given is no default.
    assert!(one.contains("run.seed"));
    let other = folder.fine(&["report", "station.ron", "--seed", "2", "--set", "callers.rate=40/s"]);
    assert!(other.contains("kneepoint run station.ron --set callers.rate=40/s --seed 2 --replications 3"));
    assert!(!other.contains("run.seed"));
}

#[test]
fn the_short_form_is_for_a_pull_request() {
    let folder = Folder::new("short");
    let short = folder.fine(&["report", "station.ron", "--format", "markdown"]);
    assert!(
        short.starts_with("# Station &lt;1&gt;\n\nDoes it hold?\n\n**Met: the one objective holds (fast).**")
    );
    assert!(short.contains("| fast | **met** |") && short.contains("- breaks"), "{short}");
}

#[test]
fn a_page_ends_as_the_run_does() {
    let folder = Folder::new("ends");
    let missed =
        ["report", "station.ron", "--set", "slo.fast=mean(callers.latency) < 1ms", "-o", "missed.html"];
    assert_eq!(folder.run(&missed).status.code(), Some(1));
    assert!(folder.read("missed.html").contains("Missed: 1 of 1 objective"));
}

#[test]
fn what_cannot_be_is_refused_before_anything_is_run() {
    let folder = Folder::new("refused");
    folder.fine(&["run", "station.ron", "--format", "json", "-o", "run.json"]);
    std::fs::write(folder.0.join("page.html"), "kept").unwrap();
    let exists = folder.refused(&["report", "station.ron", "-o", "page.html"]);
    assert!(exists.contains("page.html exists; --force overwrites it"), "{exists}");
    assert_eq!(folder.read("page.html"), "kept");
    let lost = folder.refused(&["report", "run.json", "--format", "html", "-o", "run.json", "--force"]);
    assert!(lost.contains("run.json is read for this answer"), "{lost}");
    let seed = folder.refused(&["report", "run.json", "--seed", "3"]);
    assert!(seed.contains("--seed changes how a scenario is run, and there are only results"), "{seed}");
    std::fs::copy(folder.0.join("station.ron"), folder.0.join("other.ron")).unwrap();
    let two = folder.refused(&["report", "station.ron", "other.ron"]);
    assert!(two.contains("station.ron and other.ron are both scenarios"), "{two}");
    let both = folder.refused(&["report", "station.ron", "run.json"]);
    assert!(both.contains("station.ron and run.json each make a run of this page"), "{both}");
    let newer = folder.read("run.json").replacen("\"schema_version\": 1", "\"schema_version\": 99", 1);
    std::fs::write(folder.0.join("newer.json"), newer).unwrap();
    let newer = folder.refused(&["report", "newer.json"]);
    assert!(newer.contains("newer.json was written by a later version"), "{newer}");
    let none = folder.refused(&["report", "nowhere.json"]);
    assert!(none.contains("nowhere.json cannot be read"), "{none}");
    std::fs::write(folder.0.join("cut.json"), "{\"schema_version\": 1,").unwrap();
    assert!(folder.refused(&["report", "cut.json"]).contains("cut short"));
    assert!(Path::new(&folder.0).join("station.ron").exists());
}

/// Runs a command of a result as a shell would.
fn again(folder: &Folder, command: &str) -> String {
    let script = format!("kneepoint() {{ \"$KNEEPOINT\" \"$@\"; }}\n{command} --format json --quiet");
    let output = Command::new("sh")
        .args(["-c", &script])
        .env("KNEEPOINT", env!("CARGO_BIN_EXE_kneepoint"))
        .current_dir(&folder.0)
        .output()
        .expect("there is a shell");
    assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn the_command_in_a_result_makes_that_result() {
    let folder = Folder::new("again");
    for asked in [
        &["capacity", "station.ron", "--set", "desk.instances=3", "--no-knee", "--replications", "2"][..],
        &["capacity", "station.ron", "--load", "callers.rate=20/s..400/s", "--no-knee", "--seed", "3"],
        &["capacity", "station.ron", "--over", "desk.instances=2,3", "--replications", "2"],
        &["compare", "station.ron", "--set", "desk.instances=3", "--metric", "p99(callers.latency)"],
        &["compare", "station.ron", "--seed-b", "9"],
        &["sweep", "station.ron", "--over", "desk.instances=2..3", "--columns", "p99(callers.latency)"],
        &["sweep", "station.ron", "--over", "callers.rate=10/s..90/s", "--design", "sobol", "--points", "2"],
        &["sensitivity", "station.ron", "--over", "callers.rate=40/s..60/s", "--seed", "5"],
        &[
            "sensitivity",
            "station.ron",
            "--over",
            "callers.rate=40/s..60/s",
            "--method",
            "morris",
            "--trajectories",
            "2",
        ],
    ] {
        let found = folder.fine(&[asked, &["--format", "json", "--quiet", "--threads", "2"]].concat());
        let value: Value = serde_json::from_str(&found).unwrap();
        let command = value["command"].as_str().unwrap_or_else(|| panic!("{asked:?} says no command"));
        assert_eq!(again(&folder, command), found, "{command}");
        // Of designs each says its own.
        let scenario =
            if value["designs"].is_array() { &value["designs"][0]["scenario"] } else { &value["scenario"] };
        assert_eq!(
            (&scenario["file"], scenario["hash"].as_str().map(str::len)),
            (&"station.ron".into(), Some(16))
        );
    }
}

#[test]
fn a_page_of_a_run_and_a_search_of_another_scenario_says_so() {
    let folder = Folder::new("apart");
    let search = |name: &str, more: &[&str]| {
        let asked = ["capacity", "station.ron", "--no-knee", "--quiet", "--format", "json", "-o", name];
        folder.fine(&[&asked[..], more].concat());
    };
    search("same.json", &[]);
    search("other.json", &["--set", "desk.instances=3"]);
    let page = |with: &str| folder.fine(&["report", "station.ron", with, "--format", "markdown", "--quiet"]);
    assert!(!page("same.json").contains("Doubtful"));
    assert!(page("other.json").contains(
        "**Doubtful: other.json is not of the scenario of the run as it was run: it was made \
                                        with desk.instances = 3"
    ));
}
