//! Figures from the command line: what is written where, and what is said when it cannot be.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use kneepoint_cli::{End, command};
use kneepoint_scenario::Registry;

struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("kneepoint-plot-{test}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a temporary folder can be made");
        Folder(path)
    }

    fn file(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn plot(arguments: &[&str]) -> End {
    let all = ["kneepoint", "plot"].iter().chain(arguments).map(OsString::from);
    command(&Registry::core(), all)
}

/// A stored result.
fn stored(name: &str) -> String {
    let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plot/tests/results");
    results.join(name).display().to_string()
}

#[test]
fn all_figures_go_into_a_folder_and_one_into_a_file() {
    let folder = Folder::new("folder");
    let run = stored("run.json");
    let all = folder.file("all");
    assert_eq!(plot(&[&run, "-o", &all]), End::Fine);
    for name in ["percentiles", "time", "parts"] {
        let svg = std::fs::read_to_string(format!("{all}/{name}.svg")).expect("it was written");
        assert!(svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>"), "{name}");
    }
    // Nothing is overwritten unasked.
    assert_eq!(plot(&[&run, "-o", &all]), End::Bad);
    assert_eq!(plot(&[&run, "-o", &all, "--force", "--theme", "dark"]), End::Fine);
    // A folder that ends as files do, and is not there yet.
    let dotted = folder.file("new.d/");
    assert_eq!(plot(&[&run, "-o", &dotted]), End::Fine);
    assert!(Path::new(&folder.file("new.d/parts.svg")).is_file());
    let one = folder.file("one.png");
    assert_eq!(plot(&[&run, "--figure", "parts", "--size", "640x360", "-o", &one]), End::Fine);
    let png = std::fs::read(&one).expect("it was written");
    assert_eq!(png[16..24], [0, 0, 2, 128, 0, 0, 1, 104]);
}

#[test]
fn figures_of_several_results_have_names_of_their_own() {
    let folder = Folder::new("several");
    let all = folder.file("all");
    assert_eq!(plot(&[&stored("run.json"), &stored("compare.json"), "-o", &all]), End::Fine);
    for name in ["run-percentiles", "run-time", "run-parts", "compare-differences"] {
        assert!(Path::new(&format!("{all}/{name}.svg")).is_file(), "{name}");
    }
}

#[test]
fn what_cannot_be_drawn_is_bad_usage_and_writes_nothing() {
    let folder = Folder::new("bad");
    let run = stored("run.json");
    let text = std::fs::read_to_string(&run).expect("it is there");
    let newer = folder.file("newer.json");
    std::fs::write(&newer, text.replace("\"schema_version\": 1", "\"schema_version\": 9")).expect("ours");
    let cut = folder.file("cut.json");
    std::fs::write(&cut, &text[..text.len() / 2]).expect("ours");
    let pixels = folder.file("pixels.json");
    std::fs::write(&pixels, [0xff, 0xfe, 0x00]).expect("ours");
    let out = folder.file("out.svg");
    for arguments in [
        &[newer.as_str(), "--figure", "parts", "-o", &out][..],
        &[&cut, "--figure", "parts", "-o", &out],
        &[&pixels, "--figure", "parts", "-o", &out],
        &["nowhere.json", "--figure", "parts", "-o", &out],
        &[&run, "--figure", "knee", "-o", &out],
        // Three figures do not fit a file.
        &[&run, "-o", &out],
        &[&run],
        &[&run, "--figure", "parts", "-o", "out.gif"],
        &[&run, "--figure", "parts", "--format", "png", "-o", &out],
        &[&run, "--figure", "parts", "--format", "png"],
        &[&run, "--figure", "parts", "--list"],
        &[&run, "--size", "10x10"],
        &[],
    ] {
        assert_eq!(plot(arguments), End::Bad, "{arguments:?}");
        assert!(!Path::new(&out).exists(), "{arguments:?}");
    }
    assert_eq!(plot(&[&run, "--list"]), End::Fine);
}

#[test]
fn what_a_run_writes_can_be_drawn() {
    let folder = Folder::new("run");
    let (model, results) = (folder.file("m.ron"), folder.file("r.json"));
    let scenario = "(format: 1, title: \"<One> & only\", run: (duration: \"20s\", warm_up: \"1s\", replications: 2), parts: {
        \"callers\": OpenClient(to: \"desk\", rate: \"50/s\"),
        \"desk\": Service(concurrency: Servers(1), queue: (max: 1000), does: Compute(Exponential(\"10ms\"))),
    })";
    std::fs::write(&model, scenario).expect("ours");
    let run = ["kneepoint", "run", &model, "--quiet", "--format", "json", "-o", &results];
    assert_eq!(command(&Registry::core(), run.map(OsString::from)), End::Fine);
    let out = folder.file("p.svg");
    assert_eq!(plot(&[&results, "--figure", "percentiles", "-o", &out]), End::Fine);
    let svg = std::fs::read_to_string(&out).expect("it was written");
    assert!(svg.contains("&lt;One&gt; &amp; only"));
}
