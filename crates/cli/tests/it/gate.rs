//! A regression gate as a pipeline uses it.

use kneepoint_cli::End;

use crate::folder::{Folder, run, text, words};

fn model(folder: &Folder, name: &str, work: &str) -> String {
    let text = format!(
        "(format: 1, title: \"One server\", run: (duration: \"60s\", warm_up: \"5s\", replications: 6), parts: {{
            \"callers\": OpenClient(to: \"desk\", rate: \"50/s\"),
            \"desk\": Service(concurrency: Servers(1), queue: (max: 1000), does: Compute(Exponential(\"{work}\"))),
        }}, slo: {{ \"fast\": \"mean(callers.latency) < 1s\" }})"
    );
    let path = folder.file(name);
    std::fs::write(&path, text).expect("the folder is ours");
    path
}

#[test]
fn a_slower_service_fails_the_gate_and_the_same_one_passes() {
    let folder = Folder::new("gate");
    let (same, slower) = (model(&folder, "same.ron", "10ms"), model(&folder, "slower.ron", "10.5ms"));
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
    assert!(text(&xml).contains("<skipped message=\"mean &gt; +10.5%: undecided:"), "{}", text(&xml));
    assert_eq!(gate(&slower, "slo.fast missed"), End::Fine);
    assert_eq!(gate(&slower, "slo.fats missed"), End::Bad);
    assert_eq!(gate(&slower, "mean > 5%"), End::Bad);
}

#[test]
fn what_is_undecided_is_said_so_in_every_format_and_can_be_made_to_fail() {
    let folder = Folder::new("undecided");
    let (same, slower) = (model(&folder, "same.ron", "10ms"), model(&folder, "slower.ron", "10.5ms"));
    let (results, found, xml) = (folder.file("results.json"), folder.file("found"), folder.file("gate.xml"));
    assert_eq!(run(&["run", &same, "--format", "json", "-o", &results]), End::Fine);
    // One across the bound, one without data: there is no error to be measured.
    let gate = |more: &[&str]| {
        let first = ["compare", &slower, "--baseline", &results, "--force", "-o", &found, "--junit", &xml];
        let conditions = ["--fail-if", "mean > +10.5%", "--fail-if", "errors > +5%"];
        run(&[&first[..], &conditions, more].concat())
    };
    assert_eq!(gate(&[]), End::Fine);
    let said = words(&found);
    assert!(
        said.starts_with("undecided mean > +10.5%: undecided: mean(callers.latency) changed by"),
        "{said}"
    );
    assert!(said.contains(" undecided errors > +5%: undecided: errors(callers): not enough data:"), "{said}");
    assert!(!said.contains("passes"), "{said}");
    assert!(said.contains(", at 97.5 %): the interval lies across"), "{said}");
    assert!(said.contains("The 2 conditions are judged for themselves"), "{said}");
    assert_eq!(text(&xml).matches("<skipped ").count(), 2);
    assert_eq!(gate(&["--format", "csv"]), End::Fine);
    let csv = text(&found);
    assert!(csv.contains("baseline,now,fail_if,mean > +10.5%,mean(callers.latency),ratio,"), "{csv}");
    assert_eq!(csv.lines().filter(|line| line.contains(",undecided,")).count(), 2, "{csv}");
    assert_eq!(gate(&["--format", "json"]), End::Fine);
    assert_eq!(text(&found).matches("\"outcome\": \"undecided\"").count(), 2);
    assert!(text(&found).contains("\"fail_if_confidence_each\": 0.975"), "{}", text(&found));
    assert_eq!(gate(&["--fail-on-undecided"]), End::Missed);
    assert_eq!(text(&xml).matches("<failure ").count(), 2, "the test report and the exit code agree");
}

#[test]
fn without_conditions_an_objective_missed_is_the_exit_code() {
    let folder = Folder::new("objectives");
    let (good, bad) = (model(&folder, "good.ron", "10ms"), folder.file("bad.ron"));
    let slow = text(&good).replace("mean(callers.latency) < 1s", "mean(callers.latency) < 15ms");
    std::fs::write(&bad, &slow).expect("the folder is ours");
    let (results, found) = (folder.file("results.json"), folder.file("found.txt"));
    let compare = |arguments: &[&str]| run(&[&["compare", "--force", "-o", &found], arguments].concat());
    assert_eq!(compare(&[&good, &bad]), End::Missed);
    assert_eq!(compare(&[&bad, &good]), End::Fine, "the first design is what the others are to mend");
    assert_eq!(compare(&[&bad, &bad]), End::Missed);
    assert_eq!(compare(&[&good, &bad, "--fail-if", "mean > +50%"]), End::Fine, "conditions decide alone");
    assert_eq!(run(&["run", &good, "--format", "json", "-o", &results]), End::Fine);
    assert_eq!(compare(&[&bad, "--baseline", &results]), End::Missed);
    assert_eq!(compare(&[&good, "--baseline", &results]), End::Fine);
}

#[test]
fn a_baseline_of_another_length_is_said_with_both_lengths() {
    let folder = Folder::new("lengths");
    let model = model(&folder, "model.ron", "10ms");
    let (results, found) = (folder.file("results.json"), folder.file("found.txt"));
    assert_eq!(run(&["run", &model, "--format", "json", "-o", &results]), End::Fine);
    let with = |set: &str| {
        let end = run(&["compare", &model, "--baseline", &results, "--set", set, "--force", "-o", &found]);
        assert_eq!(end, End::Fine);
        words(&found)
    };
    let said = with("run.duration=30s");
    assert!(said.contains("(baseline: 60.0 s long, the first 5.00 s left out; now: 30.0 s long,"), "{said}");
    assert!(said.contains("baseline runs for 60 s and now for 30 s"), "{said}");
    assert!(said.contains("paired on common random numbers"), "{said}");
    let said = with("run.warm_up=9s");
    assert!(said.contains("now: 60.0 s long, the first 9.00 s left out"), "{said}");
    assert!(said.contains("baseline leaves out 5 s as warm-up and now leaves out 9 s"), "{said}");
    let said = with("run.seed=7");
    assert!(said.contains("paired on common random numbers"), "the seed is that of the baseline: {said}");
    let seeded = ["compare", &model, "--baseline", &results, "--seed", "7", "--force", "-o", &found];
    assert_eq!(run(&seeded), End::Fine);
    assert!(
        words(&found).contains("the seed of the baseline is 1 and that of this run 7"),
        "{}",
        text(&found)
    );
    let fewer = ["compare", &model, "--baseline", &results, "--replications", "4", "--force", "-o", &found];
    assert_eq!(run(&fewer), End::Fine);
    assert!(words(&found).contains("the baseline has 6 replications and this run 4"), "{}", text(&found));
    assert!(words(&found).contains("not in pairs"), "{}", text(&found));
    let one = ["compare", &model, "--baseline", &results, "--replications", "1"];
    assert_eq!(run(&one), End::Bad);
}

#[test]
fn a_baseline_of_one_run_is_refused() {
    let folder = Folder::new("one-run");
    let model = model(&folder, "model.ron", "10ms");
    let results = folder.file("results.json");
    let one = ["run", &model, "--replications", "1", "--format", "json", "-o", &results];
    assert_eq!(run(&one), End::Fine);
    assert_eq!(run(&["compare", &model, "--baseline", &results]), End::Bad);
}

#[test]
fn a_baseline_that_is_none_is_refused_and_nothing_is_written_over() {
    let folder = Folder::new("baseline");
    let model = model(&folder, "model.ron", "10ms");
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
    let model = model(&folder, "model.ron", "10ms");
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

#[test]
fn a_baseline_with_something_uncertain_draws_the_same() {
    let folder = Folder::new("uncertain");
    let model = model(&folder, "model.ron", "10ms");
    let drawn = text(&model)
        .replace("replications: 6", "replications: 20")
        .replace(
            "parts: {",
            "params: { \"load\": Uncertain(Uniform(min: \"40/s\", max: \"60/s\")), \"times\": 1 }, parts: {",
        )
        .replace("rate: \"50/s\"", "rate: \"=load * times\"");
    std::fs::write(&model, drawn).expect("the folder is ours");
    let (results, found) = (folder.file("results.json"), folder.file("found.json"));
    assert_eq!(run(&["run", &model, "--format", "json", "-o", &results]), End::Fine);
    let against = |more: &[&str]| {
        let first = ["compare", &model, "--baseline", &results, "--format", "json", "-o", &found, "--force"];
        run(&[&first[..], more].concat())
    };
    assert_eq!(against(&["--fail-if", "mean > +0%"]), End::Fine);
    assert!(text(&found).contains("\"answer\": \"identical\""), "{}", text(&found));
    assert!(text(&found).contains("\"pairing\": \"common random numbers\""));
    assert_eq!(against(&["--set", "params.times=1.1", "--fail-if", "mean > +5%"]), End::Missed);
    // Sooner missed than met: as of a run.
    assert_eq!(against(&["--set", "params.times=2.5"]), End::Missed);
    // A condition decides as the exit code of a run does: by which side of a half the probability surely is on.
    assert_eq!(against(&["--fail-if", "slo.fast missed"]), End::Fine);
    assert!(text(&found).contains("\"outcome\": \"ruled out\""), "{}", text(&found));
    assert_eq!(against(&["--set", "params.times=2.5", "--fail-if", "slo.fast missed"]), End::Missed);
    // Near a half it is undecided.
    assert_eq!(
        against(&["--set", "params.times=2.1", "--fail-if", "slo.fast missed", "--fail-on-undecided"]),
        End::Missed
    );
}
