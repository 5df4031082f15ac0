//! Files from strangers: nothing panics, nothing hangs, whatever is written.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use kneepoint_scenario::{Faults, Overrides, Registry, Scenario};
use proptest::prelude::*;

use crate::{check, check_with, errors, shop};

fn examples() -> &'static [String] {
    static TEXTS: LazyLock<Vec<String>> = LazyLock::new(read_examples);
    &TEXTS
}

fn read_examples() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut texts = Vec::new();
    for sub in ["examples", "broken"] {
        for entry in fs::read_dir(folder.join(sub)).expect("part of the crate") {
            let path = entry.expect("readable").path();
            if path.extension().is_some_and(|extension| extension == "ron")
                && let Ok(text) = fs::read_to_string(&path)
            {
                texts.push(text);
            }
        }
    }
    texts.sort();
    texts
}

/// Splits a text where one token ends and the next begins, roughly.
fn tokens(text: &str) -> Vec<&str> {
    let mut list = Vec::new();
    let mut from = 0;
    let mut last = None;
    for (at, c) in text.char_indices() {
        let class = if c.is_alphanumeric() || c == '_' {
            0
        } else if c.is_whitespace() {
            1
        } else {
            2 + at
        };
        if last.is_some_and(|last| last != class) {
            list.push(&text[from..at]);
            from = at;
        }
        last = Some(class);
    }
    list.push(&text[from..]);
    list
}

/// Holds that a text is read to its end one way or the other, and that what is said can be printed.
fn survives(bytes: &[u8]) -> Result<(), TestCaseError> {
    let Ok(text) = std::str::from_utf8(bytes) else { return Ok(()) };
    let printed = |faults: &Faults| {
        prop_assert!(!faults.to_string().is_empty());
        prop_assert!(faults.rows().iter().all(|row| row.line >= 1 && row.column >= 1));
        Ok(())
    };
    match check(text) {
        Ok(checked) => {
            let again = check(&checked.expanded());
            prop_assert!(
                again.is_ok(),
                "{}\n{}",
                again.err().map(|f| f.to_string()).unwrap_or_default(),
                checked.expanded()
            );
            if let Err(error) = ron::from_str::<ron::Value>(text) {
                prop_assert!(
                    false,
                    "ron does not read what we read: {}
{}",
                    error,
                    text
                );
            }
        }
        Err(faults) => printed(&faults)?,
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn changed_bytes_do_no_harm(pick in any::<prop::sample::Index>(), changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let texts = examples();
        let mut bytes = texts[pick.index(texts.len())].clone().into_bytes();
        for (at, byte) in changes {
            let at = at.index(bytes.len().max(1)).min(bytes.len().saturating_sub(1));
            if let Some(old) = bytes.get_mut(at) { *old = byte; }
        }
        survives(&bytes)?;
    }

    #[test]
    fn lost_stretches_do_no_harm(pick in any::<prop::sample::Index>(), from in any::<prop::sample::Index>(), length in 1usize..200) {
        let texts = examples();
        let mut bytes = texts[pick.index(texts.len())].clone().into_bytes();
        let from = from.index(bytes.len() + 1).min(bytes.len());
        let to = (from + length).min(bytes.len());
        bytes.drain(from..to);
        survives(&bytes)?;
    }

    #[test]
    fn swapped_and_doubled_tokens_do_no_harm(pick in any::<prop::sample::Index>(), moves in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<bool>()), 1..8)) {
        let texts = examples();
        let mut list = tokens(&texts[pick.index(texts.len())]);
        for (a, b, double) in moves {
            let (a, b) = (a.index(list.len()), b.index(list.len()));
            if double { list.insert(a, list[b]) } else { list.swap(a, b) }
        }
        survives(list.concat().as_bytes())?;
    }

    #[test]
    fn settings_from_strangers_do_no_harm(path in "[a-z]{1,4}(\\.[a-zA-Z_]{1,8}|\\[[0-9]\\]| -> [a-z]{2,3}){0,4}", value in "\\PC{0,30}") {
        let text = shop("\"u\": OpenClient(to: \"web\", rate: \"1/s\"), \"web\": Service(does: Compute(\"1ms\"))", "");
        let set = vec![(path, value.clone()), ("web.does".to_string(), value.clone()), ("u.rate".to_string(), value.clone()), ("web.queue".to_string(), value)];
        if let Err(faults) = check_with(&text, &Overrides { variant: None, set }) {
            prop_assert!(!faults.to_string().is_empty());
        }
    }
}

#[test]
fn what_ron_refuses_we_refuse() {
    // The reader is our own; ron is the judge of what RON is.
    for text in examples() {
        let ours = Scenario::from_text("t.ron", text, None);
        if ron::from_str::<ron::Value>(text).is_err() {
            let refused = match ours {
                Ok(scenario) => scenario.check(&Registry::core(), &Overrides::default()).is_err(),
                Err(_) => true,
            };
            assert!(refused, "{text}");
        }
    }
}

#[test]
fn large_and_odd_files_are_refused_in_time() {
    let many =
        |count: usize, entry: &dyn Fn(usize) -> String| (0..count).map(entry).collect::<Vec<_>>().join(",");
    let web = "\"web\": Service(does: Compute(\"1ms\"))";
    for (name, text) in [
        ("lists", format!("({}", "[".repeat(1_000_000))),
        ("numbers", format!("(format: 1, title: [{}])", "0,".repeat(600_000))),
        ("unknown fields", format!("(format: 1, {})", many(50_000, &|n| format!("f{n}: 1")))),
        ("the same field", format!("(format: 1, {})", many(50_000, &|_| "a: 1".to_string()))),
        ("the same name", shop(&many(100_000, &|_| web.to_string()), "")),
        ("unknown kinds", shop(&many(50_000, &|n| format!("\"p{n}\": Srvice(does: Compute(\"1ms\"))")), "")),
        ("unknown callees", shop(&many(3_000, &|n| format!("\"p{n}\": Service(does: Call(\"q{n}\"))")), "")),
        ("a long name", shop(&format!("\"{}\": Delay(\"1s\")", "n".repeat(1_000_000)), "")),
        ("a long callee", shop(&format!("\"a\": Service(does: Call(\"{}\"))", "n".repeat(1_000_000)), "")),
        (
            "edges",
            shop(
                web,
                &format!("edges: {{ {} }}", many(50_000, &|n| format!("\"a{n} -> web\": (loss: 0.1)"))),
            ),
        ),
        ("a formula", shop(&web.replace("\"1ms\"", &format!("\"=1d{}\"", " + 1d".repeat(110_000))), "")),
        ("brackets in a formula", shop(&web.replace("1ms", &format!("={}1ms", "(".repeat(100_000))), "")),
        ("a metric", shop(web, &format!("slo: {{ \"x\": \"{}\" }}", "(".repeat(100_000)))),
        (
            "params",
            shop(
                web,
                &format!("params: {{ {} }}", many(20_000, &|n| format!("\"p{n}\": \"=p{} + nope\"", n + 1))),
            ),
        ),
        (
            "variants",
            shop(
                web,
                &format!(
                    "variants: {{ {} }}",
                    many(50_000, &|n| format!("\"v{n}\": {{ \"web.instances\": {n} }}"))
                ),
            ),
        ),
        (
            "classes",
            shop(
                &format!(
                    "\"u\": OpenClient(to: \"p0\", rate: \"1/s\", classes: {{ {} }}),{}",
                    many(600, &|n| format!("\"c{n}\": (share: {})", 1.0 / 600.0)),
                    many(2_000, &|n| format!("\"p{n}\": Service(does: Call(\"p{}\"))", n + 1))
                ),
                "",
            ),
        ),
    ] {
        let said = errors(&text);
        assert!(!said.is_empty(), "{name}");
        assert!(said.len() <= 210, "{name}: {} faults", said.len());
    }
}

#[test]
fn control_characters_of_strangers_do_not_reach_the_terminal() {
    let text = shop(
        "\"a\u{1b}[2J\": Delay(\"1s\"), \"b\": Service(does: Call(\"\u{1b}]0;x\u{7}\"))",
        "slo: { \"x\": \"p99(\u{202e}a) < 1s\" }",
    );
    let printed = check(&text).expect_err("wrong names").to_string();
    assert!(!printed.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{printed:?}");
}
