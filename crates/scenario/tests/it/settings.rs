//! Includes, presets, settings and variants.

use std::fs;
use std::path::PathBuf;

use kneepoint_scenario::{Checked, Faults, Overrides, Registry, Scenario, Severity};

use crate::{accepted, check, check_with, errors, said, shop};

const PARTS: &str = r#"
    "users": OpenClient(to: "web", rate: "100/s"),
    "web": Service(machine: "small", does: [Compute(Exponential("1ms")), Call("db")]),
    "db": Service(does: Compute("1ms")),
"#;
const MORE: &str = r#"
    machines: { "small": (cores: 2), "large": (cores: 64) },
    params: { "load": "5/s" },
    edges: { "web -> db": (via: [Timeout("2s"), Overhead("1ms"), Timeout("1s")]) },
    faults: { "outage": Crash(on: "web", at: "1min", lasts: "5s") },
    variants: {
        "big": { "web.machine": "large", "web.instances": 2 },
        "later": { "web.warming": (lasts: "1s", speed: 0.5) },
    },
"#;

fn set(settings: &[(&str, &str)]) -> Result<Checked, Faults> {
    let set = settings.iter().map(|(path, value)| ((*path).to_string(), (*value).to_string())).collect();
    check_with(&shop(PARTS, MORE), &Overrides { variant: None, set })
}

fn wrong(path: &str, value: &str) -> String {
    match set(&[(path, value)]) {
        Ok(_) => "accepted".to_string(),
        Err(faults) => faults
            .list()
            .iter()
            .filter(|f| f.severity == Severity::Error)
            .map(|f| f.message.clone())
            .collect::<Vec<_>>()
            .join("; "),
    }
}

#[test]
fn settings_reach_whatever_a_path_can_say() {
    let checked = set(&[
        ("users.rate", "500/s"),
        ("web.instances", "3"),
        ("web.machine", "large"),
        ("web.queue.discipline", "Lifo"),
        ("web.does.Compute.work.mean", "7ms"),
        ("db.does", "Compute(\"3ms\")"),
        ("web -> db.via[2].after", "9s"),
        ("web -> db.via.Overhead.time", "5ms"),
        ("users -> web.round_trip", "20ms"),
        ("run.seed", "7"),
        ("params.load", "6/s"),
        ("machines.large.cores", "32"),
        ("outage.lasts", "50s"),
        ("slo.new", "errors(users) < 1%"),
    ])
    .unwrap_or_else(|faults| panic!("{faults}"));
    let expanded = checked.expanded();
    for line in [
        "rate: \"500/s\",  // --set --set:1:12",
        "instances: 3,  // --set",
        "discipline: Lifo,  // --set",
        "mean: \"7ms\",  // --set",
        "after: \"9s\",  // --set",
        "round_trip: \"20ms\",  // --set",
        "seed: 7,  // --set",
        "lasts: \"50s\",  // --set",
        "cores: 32,  // --set",
    ] {
        assert!(expanded.contains(line), "{line}\n{expanded}");
    }
    let web = &checked.parts()[1];
    assert_eq!(checked.machine(web).map(|machine| machine.count("cores")), Some(32));
    assert_eq!(checked.run().map(|run| run.count("seed")), Some(7));
    assert_eq!(checked.slo().count(), 1);
    assert_eq!(checked.params().len(), 1);
    // A mistyped name would change nothing and say nothing.
    assert_eq!(wrong("params.lod", "3"), "no parameter is called \"lod\"");
}

#[test]
fn wrong_settings_are_named() {
    for (path, value, expected) in [
        ("wab.instances", "3", "nothing is named \"wab\""),
        ("web.instanses", "3", "unknown field `instanses` of Service"),
        ("web.instances.more", "3", "this value has no field `more`: set it as a whole"),
        ("web.machine.cores", "3", "here stands the name \"small\", which has no fields"),
        ("web -> db.via.Timeout.after", "3s", "`Timeout` stands 2 times in the list"),
        ("web -> db.via.Retry.retries", "3", "the list has no `Retry`"),
        ("web -> db.via[7]", "3", "the list has elements 0 to 2"),
        ("web/3.instances", "3", "a setting is of a part, not of one instance"),
        ("parts.web", "3", "`parts` cannot be set"),
        ("web.instances", "none", "text stands in quotes"),
        ("web.instances", "0", "at least 1 instance"),
        ("web.does.Compute.work.mean", "7/s", "\"7/s\" is a rate, a duration is needed"),
        ("web.does", "[Compute(", "a bracket is not closed"),
        ("db.does.Compute.work.mean", "1ms", "this value is not a distribution: set it as a whole"),
        ("lb -> db.round_trip", "1ms", "nothing is named \"lb\""),
        ("db -> web.round_trip", "1ms", "no call goes from db to web"),
        ("", "1", ""),
    ] {
        let said = wrong(path, value);
        if path != "web.instances" || value != "none" {
            assert!(said.contains(expected) && said != "accepted", "{path}={value}: {said}");
        }
    }
}

#[test]
fn a_word_where_a_number_is_needed_is_named_with_the_number_that_may_be_meant() {
    let said = |path: &str, value: &str| set(&[(path, value)]).unwrap_err().to_string();
    for path in ["web.instances", "run.replications", "machines.large.cores"] {
        let nine = said(path, "nine");
        assert!(nine.contains("a count is a whole number, not \"nine\""), "{nine}");
        assert!(nine.contains(&format!("{path}=nine")) && nine.contains("did you mean 9?"), "{nine}");
        // There is nothing with a unit among what is allowed.
        assert!(!nine.contains("12ms") && !said(path, "many").contains("12ms"), "{nine}");
    }
    // A parameter is set by its path; its name alone is nobody's.
    let load = said("load", "9/s");
    assert!(
        load.contains("nothing is named \"load\"") && load.contains("did you mean params.load?"),
        "{load}"
    );
}

#[test]
fn a_variant_is_taken_by_name_and_all_are_checked() {
    let text = shop(PARTS, MORE);
    let variant =
        |name: &str| check_with(&text, &Overrides { variant: Some(name.to_string()), set: Vec::new() });
    let big = variant("big").unwrap_or_else(|faults| panic!("{faults}"));
    assert_eq!((big.parts()[1].instances(), big.variant()), (2, Some("big")));
    assert_eq!(accepted(&text).parts()[1].instances(), 1);
    // What is not built stops the variant that uses it, and is a warning of a file; of another variant nothing is said.
    let of_big = said(&big.warnings(), Severity::Warning).join("\n");
    assert!(!of_big.contains("not built"), "{of_big}");
    let warnings = said(&accepted(&text).warnings(), Severity::Warning).join("\n");
    assert!(warnings.contains("`warming` is known but not built yet"), "{warnings}");
    assert!(
        variant("later").unwrap_err().to_string().contains("error: `warming` is known but not built yet")
    );
    assert!(variant("bigg").unwrap_err().to_string().contains("did you mean \"big\"?"));
    let broken = text.replace("\"web.instances\": 2", "\"web.instances\": \"2s\"");
    assert!(errors(&broken).join("\n").contains("a number is needed"), "{:?}", errors(&broken));
    let broken = text.replace("\"web.instances\": 2", "\"web.size\": 2");
    assert!(errors(&broken).join("\n").contains("unknown field `size` of Service"), "{:?}", errors(&broken));
    // One that takes away what another is about does not stand in its way.
    let apart = text.replace(
        "\"big\": {",
        "\"waits\": { \"web.does\": [Delay(\"1ms\"), Call(\"db\")] }, \"slower\": { \"web.does.Compute.work\": \"9ms\" }, \"big\": {",
    );
    assert_ne!(apart, text);
    assert_eq!(errors(&apart), [] as [&str; 0]);
    for name in ["waits", "slower", "big"] {
        let taken = check_with(&apart, &Overrides { variant: Some(name.to_string()), set: Vec::new() });
        assert!(taken.is_ok(), "{name}: {}", taken.unwrap_err());
    }
}

#[test]
fn a_preset_is_not_set() {
    let text = shop(PARTS, MORE);
    let set = vec![("web.preset".to_string(), "envoy".to_string())];
    let said = check_with(&text, &Overrides { variant: None, set }).unwrap_err().to_string();
    assert!(said.contains("has become its fields by now"), "{said}");
}

#[test]
fn sweeps_are_checked_value_by_value() {
    let sweep = |over: &str| {
        errors(&shop(PARTS, &format!("{MORE} sweep: (over: {{ {over} }}, variants: [\"big\"])")))
    };
    let sound = r#""params.load": ["1/s", "2/s"], "web.instances": Linear(from: 1, to: 9, points: 3), "web.queue.max": [1]"#;
    assert_eq!(sweep(sound), [] as [&str; 0]);
    assert!(sweep(r#""web.instances": [1, 2.5]"#)[0].contains("a count is a whole number"));
    assert!(sweep(r#""web.instancs": [1]"#)[0].contains("unknown field"));
    assert!(
        sweep(r#""users.rate": Logarithmic(from: "1/s", to: "1s", points: 3)"#)[0]
            .contains("a rate is needed")
    );
    assert!(sweep(r#""web.instances": []"#)[0].contains("needs a value"));
}

#[test]
fn a_preset_gives_what_is_not_written() {
    let text = shop(
        r#""users": OpenClient(to: "lb", rate: "1/s"),
        "lb": Balancer(preset: "nginx", to: "web"),
        "web": Service(preset: "careful", instances: 2, does: Compute("1ms"))"#,
        r#"presets: { "careful": Service(preset: "base", concurrency: Threads(8)), "base": Service(instances: 9, queue: 5, concurrency: EventLoop) },
        edges: { "lb -> web": (preset: "near", loss: "1%") }"#,
    );
    let text = text.replace("presets: {", r#"presets: { "near": (round_trip: "1ms", loss: "5%"),"#);
    let checked = accepted(&text);
    let web = &checked.parts()[2];
    assert_eq!((web.instances(), web.args.args("queue").map(|queue| queue.count("max"))), (2, Some(5)));
    assert_eq!(web.args.args("concurrency").map(|threads| threads.count("threads")), Some(8));
    let edge = checked.root().map("edges")[0].value.as_args().expect("a record");
    assert_eq!((edge.number("loss"), edge.distribution("round_trip").median()), (0.01, Some(1e6)));
    assert!(
        checked.assumptions().iter().any(|row| row.text.contains("ngx_http_upstream")),
        "shipped presets carry sources"
    );
    let wrong = |from: &str, to: &str| errors(&text.replace(from, to)).join("\n");
    assert!(wrong("preset: \"base\"", "preset: \"careful\"").contains("builds on itself"));
    assert!(
        wrong("\"lb\": Balancer(preset: \"nginx\"", "\"lb\": Balancer(preset: \"near\"")
            .contains("is a group without a kind")
    );
}

#[test]
fn what_is_said_of_a_preset_names_where_it_is_used() {
    let text = |edges: &str, presets: &str| {
        let parts = r#""users": OpenClient(to: "lb", rate: "1/s"), "lb": Balancer(to: "web"),
            "web": Service(queue: 5, does: Compute("1ms"))"#;
        crate::shop(parts, &format!("edges: {{\n{edges}\n}}, presets: {{\n{presets}\n}}"))
    };
    let said = |text: &str| match crate::check(text) {
        Err(faults) => faults.to_string(),
        Ok(checked) => checked.warnings().to_string(),
    };
    let first = r#""users -> lb": (via: [Timeout("1s")]),"#;
    let shipped = said(&text(&format!("{first}\n\"lb -> web\": (preset: \"nginx\")"), ""));
    assert!(shipped.contains("this waits up to 1min for a caller that gives up after 1s"), "{shipped}");
    assert!(shipped.contains("shipped presets:"), "{shipped}");
    assert!(shipped.contains("preset \"nginx\", used at test.ron:8:23"), "{shipped}");
    // One of the author's own, by way of another.
    let own = r#""near": (preset: "far", loss: "1%"), "far": (via: [Timeout("0s")])"#;
    let said = said(&text("\"lb -> web\": (preset: \"near\")", own));
    assert!(said.contains("preset \"far\", used at test.ron:7:23"), "{said}");
}

#[test]
fn presets_that_unfold_without_end_are_stopped() {
    let mut presets = String::new();
    for level in 0..40 {
        let next = level + 1;
        presets.push_str(&format!("\"p{level}\": (limits: (preset: \"q{level}\"), a: (preset: \"p{next}\"), b: (preset: \"p{next}\")),\n"));
    }
    let text = shop(
        "\"w\": Service(does: Compute(\"1ms\"))",
        &format!("presets: {{ {presets} }}, machines: {{ \"m\": (preset: \"p0\") }}"),
    );
    assert!(!errors(&text).is_empty());
}

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str, files: &[(&str, &str)]) -> Folder {
        let folder = std::env::temp_dir().join(format!("kneepoint-{}-{name}", std::process::id()));
        fs::create_dir_all(folder.join("sub")).expect("writable");
        for (name, text) in files {
            fs::write(folder.join(name), text).expect("writable");
        }
        Folder(folder)
    }

    fn load(&self, name: &str) -> Result<Checked, Faults> {
        Scenario::load(&self.0.join(name), &Registry::core(), &Overrides::default())
    }

    fn wrong(&self, name: &str) -> String {
        self.load(name).expect_err("it is wrong").to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed is in the system's folder for such things.
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn includes_add_their_sections_and_a_name_has_one_owner() {
    let main = r#"(format: 1, title: "Main", include: ["sub/base.ron"], set: { "auth.instances": 3 },
        parts: { "users": OpenClient(to: "auth", rate: "1/s") }, assumptions: ["ours"])"#;
    let base = r#"(format: 1, title: "Base", include: ["more.ron"], machines: { "m": (cores: 2) }, assumptions: ["theirs"],
        set: { "machines.m.cores": 8 }, parts: { "auth": Service(machine: "m", does: Call("deep")) })"#;
    let more = r#"(format: 1, title: "More", parts: { "deep": Service(does: Compute("1ms")) })"#;
    let folder =
        Folder::new("include", &[("main.ron", main), ("sub/base.ron", base), ("sub/more.ron", more)]);
    let checked = folder.load("main.ron").unwrap_or_else(|faults| panic!("{faults}"));
    assert_eq!((checked.title(), checked.parts().len()), ("Main", 3));
    let auth = checked.parts().iter().find(|part| &*part.name == "auth").expect("included");
    assert_eq!((auth.instances(), checked.machine(auth).map(|machine| machine.count("cores"))), (3, Some(8)));
    assert_eq!(checked.assumptions().iter().filter(|row| row.source.is_none()).count(), 2);
    let twice = Folder::new(
        "twice",
        &[
            ("main.ron", &main.replace("\"users\"", "\"auth\"")),
            ("sub/base.ron", base),
            ("sub/more.ron", more),
        ],
    );
    let said = twice.wrong("main.ron");
    assert!(said.contains("\"auth\" is defined twice (also in "), "{said}");
}

#[test]
fn includes_that_cannot_be_read_are_named_where_they_stand() {
    let including = |file: &str| {
        format!(
            "(format: 1, title: \"t\", include: [\"{file}\"], parts: {{ \"a\": Service(does: Compute(\"1ms\")) }})"
        )
    };
    let texts: Vec<(String, String)> = [
        ("missing.ron", "no.ron"),
        ("folder.ron", "sub"),
        ("up.ron", "../x.ron"),
        ("absolute.ron", "/etc/passwd"),
        ("loop-a.ron", "loop-b.ron"),
        ("loop-b.ron", "loop-a.ron"),
        ("binary.ron", "zero"),
        ("empty.ron", ""),
        ("syntax.ron", "open"),
    ]
    .iter()
    .map(|(name, file)| ((*name).to_string(), including(file)))
    .collect();
    let mut files: Vec<(&str, &str)> =
        texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    files.extend([("zero", "a\0b"), ("open", "(format: 1, title: \"t\", parts: {")]);
    let folder = Folder::new("unreadable", &files);
    for (name, expected) in [
        ("missing.ron", "no.ron: there is no such file"),
        ("folder.ron", "sub: this is a folder"),
        ("up.ron", "beside or below"),
        ("absolute.ron", "beside or below"),
        ("empty.ron", "beside or below"),
        ("loop-a.ron", "loop-a.ron includes itself (by way of loop-b.ron)"),
        ("binary.ron", "not text"),
        ("syntax.ron", "a bracket is not closed"),
    ] {
        let said = folder.wrong(name);
        assert!(said.contains(expected), "{name}: {said}");
    }
    assert!(folder.wrong("no.ron").contains("there is no such file"));
    assert!(folder.wrong("sub").contains("this is a folder"));
}

#[cfg(unix)]
#[test]
fn symbolic_links_neither_loop_nor_lead_out() {
    use std::os::unix::fs::symlink;
    let main = "(format: 1, title: \"t\", include: [\"link.ron\"], parts: {})";
    let outside = Folder::new("outside", &[("secret.ron", main)]);
    let folder = Folder::new("links", &[("main.ron", main)]);
    symlink(outside.0.join("secret.ron"), folder.0.join("link.ron")).expect("links can be made");
    assert!(folder.wrong("main.ron").contains("beside or below"));
    symlink(folder.0.join("round.ron"), folder.0.join("round.ron")).expect("links can be made");
    assert!(folder.wrong("round.ron").contains("this symbolic link leads in a circle"));
}

#[test]
fn includes_nest_eight_deep_and_no_deeper() {
    let text = |next: usize| {
        format!(
            "(format: 1, title: \"t\", include: [\"f{next}.ron\"], parts: {{ \"p{next}\": Service(does: Compute(\"1ms\")) }})"
        )
    };
    let texts: Vec<(String, String)> = (0..12).map(|at| (format!("f{at}.ron"), text(at + 1))).collect();
    let mut files: Vec<(&str, &str)> =
        texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    files.push(("f12.ron", "(format: 1, title: \"t\")"));
    let folder = Folder::new("deep", &files);
    assert!(folder.load("f4.ron").is_ok(), "{:?}", folder.load("f4.ron").err());
    assert!(folder.wrong("f2.ron").contains("includes nest deeper than 8"));
}

#[test]
fn an_include_needs_a_file_to_be_beside() {
    let said = check("(format: 1, title: \"t\", include: [\"a.ron\"], parts: {})")
        .expect_err("no folder")
        .to_string();
    assert!(said.contains("this text is no file"), "{said}");
}

#[test]
fn a_thing_that_is_looked_for_in_the_wrong_section_is_found() {
    let text = shop(
        PARTS,
        &MORE.replace(
            "faults:",
            r#"actions: { "deploy": Stop(on: "web", at: "1min", lasts: "5s") }, faults:"#,
        ),
    );
    for (path, expected) in [
        ("faults.deploy.lasts", "no fault is named \"deploy\"\ndid you mean actions.deploy.lasts?"),
        ("actions.outage.lasts", "no action is named \"outage\"\ndid you mean faults.outage.lasts?"),
        ("faults.outrage.lasts", "no fault is named \"outrage\"\ndid you mean \"outage\"?"),
        (
            "keyspaces.items.keys",
            "no key popularity is named \"items\"\nthere is none: set it as a whole first",
        ),
    ] {
        let set = vec![(path.to_string(), "1s".to_string())];
        let Err(faults) = check_with(&text, &Overrides { variant: None, set }) else {
            panic!("{path} is accepted")
        };
        let said: Vec<String> = faults
            .list()
            .iter()
            .map(|fault| format!("{}\n{}", fault.message, fault.help.clone().unwrap_or_default()))
            .collect();
        assert!(said.iter().any(|said| said == expected), "{path}: {said:?}");
    }
}
