//! A capacity held against an earlier one.

use kneepoint_cli::End;

use crate::folder::{Folder, run, text, words};

/// One server and a bound on the mean; the work decides where the capacity lies.
fn model(folder: &Folder, name: &str, work: &str, bound: &str) -> String {
    let text = format!(
        "(format: 1, title: \"One server\", run: (duration: \"60s\", warm_up: \"5s\", replications: 4), parts: {{
            \"callers\": OpenClient(to: \"desk\", rate: \"40/s\"),
            \"desk\": Service(concurrency: Servers(1), queue: (max: 1000), does: Compute({work})),
        }}, edges: {{ \"callers -> desk\": (via: [Timeout(\"500ms\")]) }}, slo: {{ \"good\": \"{bound}\" }})"
    );
    let path = folder.file(name);
    std::fs::write(&path, text).expect("the folder is ours");
    path
}

const MEAN: &str = "mean(callers.latency) < 50ms";

#[test]
fn a_capacity_that_fell_rose_or_is_gone_is_delivered_and_judged() {
    let folder = Folder::new("capacity-baseline");
    let (base, found) = (folder.file("base.json"), folder.file("found.txt"));
    let search = |model: &str, more: &[&str]| {
        let first = ["capacity", model, "--no-knee", "--baseline", &base, "--force", "-o", &found];
        run(&[&first[..], more].concat())
    };
    let same = model(&folder, "same.ron", "Exponential(\"10ms\")", MEAN);
    assert_eq!(search(&same, &[]), End::Fine);
    assert!(text(&base).contains("\"kind\": \"found\""), "it is stored");
    assert_eq!(search(&same, &[]), End::Fine);
    assert!(words(&found).starts_with("Against the baseline no difference is shown"), "{}", words(&found));
    assert_eq!(search(&model(&folder, "slow.ron", "Exponential(\"14ms\")", MEAN), &[]), End::Missed);
    assert!(words(&found).starts_with("Against the baseline the capacity fell by"), "{}", words(&found));
    assert_eq!(search(&model(&folder, "fast.ron", "Exponential(\"7ms\")", MEAN), &[]), End::Fine);
    assert!(words(&found).starts_with("Against the baseline the capacity rose by"), "{}", words(&found));
    // No load holds any more: the worst that can happen is neither a wrong usage nor thrown away.
    let gone = model(&folder, "gone.ron", "\"60ms\"", MEAN);
    assert_eq!(search(&gone, &[]), End::Missed);
    assert!(words(&found).starts_with("Against the baseline the capacity fell below "), "{}", words(&found));
    assert!(words(&found).contains("No tested load meets the objectives"), "{}", words(&found));
    assert!(words(&found).contains("good is missed with"), "{}", words(&found));
    assert_eq!(search(&gone, &["--format", "json"]), End::Missed);
    assert!(text(&found).contains("\"verdict\": \"lower\""), "{}", text(&found));
}

/// Where nothing is ever busy there is no load at which something is full.
#[test]
fn a_system_in_which_nobody_computes_has_no_saturation() {
    let folder = Folder::new("capacity-idle");
    let (path, found) = (folder.file("idle.ron"), folder.file("found.txt"));
    let text =
        "(format: 1, title: \"Idle\", run: (duration: \"20s\", warm_up: \"1s\", replications: 2), parts: {
        \"us\": OpenClient(to: \"web\", rate: \"10/s\"), \"web\": Service(does: Delay(\"10ms\")) },
        slo: { \"fast\": \"p50(us.latency) < 100ms\" })";
    std::fs::write(&path, text).expect("the folder is ours");
    run(&["capacity", &path, "--force", "-o", &found]);
    assert!(words(&found).contains("No part with servers computes anything"), "{}", words(&found));
    assert!(!words(&found).contains("0 % busy"), "{}", words(&found));
}

/// "No tested load meets the objectives" was all that a headline said of a range whose smallest load is too much already.
#[test]
fn a_headline_that_no_load_holds_says_below_which_none_was_tried() {
    let folder = Folder::new("capacity-lowest");
    let found = folder.file("found.txt");
    let gone = model(&folder, "gone.ron", "\"60ms\"", MEAN);
    let search = |more: &[&str]| {
        let first = ["capacity", &gone, "--no-knee", "--force", "-o", &found];
        assert_eq!(run(&[&first[..], more].concat()), End::Missed);
        words(&found)
    };
    let said = search(&["--load", "callers.rate=4/s..8/s"]);
    let headline = said.split(". ").next().unwrap_or_default().to_string();
    assert!(headline.ends_with("; below 4.000/s, where the range begins, none was tried"), "{headline}");
    let said = search(&[]);
    let headline = said.split(". ").next().unwrap_or_default().to_string();
    assert!(headline.contains("; below ") && headline.ends_with(" none was tried"), "{headline}");
}

#[test]
fn what_has_no_interval_is_no_baseline_and_undecided_against_one() {
    let folder = Folder::new("capacity-rough");
    let (base, other, found) =
        (folder.file("base.json"), folder.file("other.json"), folder.file("found.txt"));
    let search = |model: &str, base: &str| {
        run(&["capacity", model, "--no-knee", "--baseline", base, "--force", "-o", &found])
    };
    let plain = model(&folder, "plain.ron", "Exponential(\"10ms\")", MEAN);
    assert_eq!(search(&plain, &base), End::Fine);
    // Errors that must be none say on which side a load lies, and not how far from the border.
    let rough = model(&folder, "rough.ron", "Exponential(\"10ms\")", "errors(callers) <= 0%");
    assert_eq!(search(&rough, &other), End::Bad);
    assert!(words(&found).starts_with("Holds at"), "{}", words(&found));
    assert!(words(&found).contains("how surely is not known"), "{}", words(&found));
    assert!(!std::path::Path::new(&other).exists(), "nothing is stored");
    assert_eq!(search(&rough, &base), End::Fine);
    assert!(words(&found).starts_with("Against the baseline undecided"), "{}", words(&found));
}

#[test]
fn a_knee_is_not_left_out_of_what_has_none() {
    let folder = Folder::new("capacity-over");
    let model = model(&folder, "model.ron", "Exponential(\"10ms\")", MEAN);
    assert_eq!(run(&["capacity", &model, "--over", "desk.instances=1,2", "--no-knee"]), End::Bad);
}

#[test]
fn of_sizes_none_of_which_holds_the_objectives_the_command_fails_as_of_one() {
    let folder = Folder::new("capacity-sizes-missed");
    let found = folder.file("found.csv");
    let over = |model: &str| {
        let sizes = ["--over", "desk.instances=1,2", "--format", "csv"];
        run(&[&["capacity", model, "--force", "-o", &found][..], &sizes].concat())
    };
    assert_eq!(over(&model(&folder, "gone.ron", "\"60ms\"", MEAN)), End::Missed);
    assert_eq!(over(&model(&folder, "fine.ron", "\"10ms\"", MEAN)), End::Fine);
    // Each row says which size it is of.
    let rows: Vec<Vec<String>> =
        text(&found).lines().map(|line| line.split(',').map(str::to_string).collect()).collect();
    assert_eq!(rows[0][..4], ["section", "size", "name", "load"]);
    for section in ["capacity", "objective", "part"] {
        let sizes = |size: &str| rows.iter().filter(|row| row[0] == section && row[1] == size).count();
        assert!(sizes("1") > 0 && sizes("2") > 0, "{section}: {rows:?}");
        assert_eq!(sizes(""), 0, "{section}");
    }
}

#[cfg(unix)]
#[test]
fn a_baseline_is_a_regular_file() {
    let folder = Folder::new("capacity-baseline-device");
    let plain = model(&folder, "plain.ron", "\"10ms\"", MEAN);
    assert_eq!(run(&["capacity", &plain, "--baseline", "/dev/zero"]), End::Bad);
    let pipe = folder.file("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    assert_eq!(run(&["capacity", &plain, "--baseline", &pipe]), End::Bad);
}

/// The words of the table, of JSON and of CSV are those of the figure: what an interval leaves open is not missed.
#[test]
fn a_load_is_held_missed_or_undecided() {
    let folder = Folder::new("capacity-verdicts");
    let (json, table) = (folder.file("found.json"), folder.file("found.txt"));
    let model = model(&folder, "one.ron", "Exponential(\"10ms\")", MEAN);
    let search =
        |format: &str, out: &str| run(&["capacity", &model, "--format", format, "--force", "-o", out]);
    search("json", &json);
    let found: serde_json::Value = serde_json::from_str(&text(&json)).expect("it is JSON");
    let rows = found["knee"].as_array().expect("loads");
    for row in rows.iter().filter(|row| row["stopped"].is_null()) {
        let of = &row["slo"][0];
        let [low, high] = ["low", "high"].map(|end| of["estimate"][end].as_f64());
        let bound = of["bound"].as_f64().expect("a bound");
        let expected = match (low, high) {
            (_, Some(high)) if high < bound => "held",
            (Some(low), _) if low >= bound => "missed",
            (Some(_), Some(_)) => "undecided",
            // Not one good answer.
            _ => "missed",
        };
        assert_eq!(row["verdict"], expected, "{row}");
        assert_eq!(row["holds"].is_null(), expected == "undecided", "{row}");
    }
    assert!(rows.iter().any(|row| row["verdict"] == "undecided"), "the load next to the border is undecided");
    search("text", &table);
    assert!(words(&table).contains("undecided") && words(&table).contains("held"), "{}", words(&table));
}

/// A file that ends in .json held text, and nobody could draw it.
#[test]
fn the_name_of_the_file_says_the_format() {
    let folder = Folder::new("format-of-the-file");
    let model = model(&folder, "one.ron", "Exponential(\"10ms\")", MEAN);
    let short = ["--replications", "2", "-o"];
    for (name, begins) in [("x.json", "{"), ("x.csv", "section,"), ("x.prom", "# "), ("x.txt", "Met")] {
        let path = folder.file(name);
        assert_eq!(run(&[&["run", &model][..], &short, &[&path]].concat()), End::Fine, "{name}");
        assert!(text(&path).starts_with(begins), "{name}: {}", &text(&path)[..60]);
    }
    let knee = folder.file("knee.json");
    run(&["capacity", &model, "--no-knee", "-o", &knee]);
    assert!(text(&knee).starts_with('{'), "{}", text(&knee));
    // What was asked for goes before what the name says.
    let asked = folder.file("asked.json");
    run(&[&["run", &model, "--format", "csv"][..], &short, &[&asked]].concat());
    assert!(text(&asked).starts_with("section,"), "{}", text(&asked));
    // A page or a picture is no text.
    for name in ["x.html", "x.svg"] {
        let path = folder.file(name);
        assert_eq!(run(&[&["run", &model][..], &short, &[&path]].concat()), End::Bad, "{name}");
        assert!(!std::path::Path::new(&path).exists(), "{name}");
    }
    let page = folder.file("page.md");
    run(&["report", &folder.file("x.json"), "-o", &page]);
    assert!(text(&page).starts_with("# "), "{}", &text(&page)[..60]);
}
