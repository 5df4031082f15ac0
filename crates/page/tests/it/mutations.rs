//! Results that are changed here and there: a page stands all of them, or refuses them with a reason.

use std::panic::{AssertUnwindSafe, catch_unwind};

use kneepoint_page::{Page, Source};
use serde_json::{Value, json};

use super::{kept, run};

/// Splitmix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014): the same cases every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % n as u64) as usize
    }
}

/// Places of a result, written as JSON pointers; long lists are mostly alike, and a few entries stand for all.
fn places(value: &Value, at: &str, all: &mut Vec<String>) {
    match value {
        Value::Array(list) => {
            let few = list.len().min(3);
            list.iter().take(few).enumerate().for_each(|(n, value)| places(value, &format!("{at}/{n}"), all));
        }
        Value::Object(fields) => {
            for (key, value) in fields {
                let key = key.replace('~', "~0").replace('/', "~1");
                places(value, &format!("{at}/{key}"), all);
            }
        }
        _ => {}
    }
    if !at.is_empty() {
        all.push(at.to_string());
    }
}

/// Changes what is at a place, and says how.
fn change(of: &mut Value, place: &str, dice: &mut Dice) -> &'static str {
    let (above, key) = place.rsplit_once('/').expect("no place is the whole");
    match dice.below(11) {
        0 => {
            let key = key.replace("~1", "/").replace("~0", "~");
            match of.pointer_mut(above) {
                Some(Value::Object(fields)) => drop(fields.remove(&key)),
                Some(Value::Array(list)) => drop(list.pop()),
                _ => {}
            }
            return "left out";
        }
        1 => {
            if let Some(Value::Array(list)) = of.pointer_mut(above) {
                list.extend(list.first().cloned());
            }
            return "one more";
        }
        _ => {}
    }
    let Some(value) = of.pointer_mut(place) else { return "gone" };
    let (what, new) = match dice.below(12) {
        0 => ("null", Value::Null),
        1 => ("a text", json!("x\u{202e}é<")),
        2 => ("an empty text", json!("")),
        3 => ("the most", json!(u64::MAX)),
        4 => ("the least", json!(i64::MIN)),
        5 => ("huge", json!(1.7e308)),
        6 => ("very negative", json!(-1.7e308)),
        7 => ("zero", json!(0)),
        8 => ("tiny", json!(5e-324)),
        9 => ("an empty list", json!([])),
        10 => ("an empty object", json!({})),
        _ => ("yes", json!(true)),
    };
    *value = new;
    what
}

fn look(name: &str, whole: &Value, cases: usize, changes: usize) -> usize {
    let mut all = Vec::new();
    places(whole, "", &mut all);
    let mut dice = Dice(cases as u64);
    let mut made = 0;
    for case in 0..cases {
        let mut odd = whole.clone();
        let mut said = Vec::new();
        for _ in 0..1 + dice.below(changes) {
            let place = &all[dice.below(all.len())];
            said.push(format!("{place}: {}", change(&mut odd, place, &mut dice)));
        }
        let source = Source { name: name.to_string(), json: odd.to_string() };
        let page = catch_unwind(AssertUnwindSafe(|| {
            Page::read(&[source]).map(|page| (page.html().len(), page.markdown().len()))
        }));
        match page {
            Ok(Ok(_)) => made += 1,
            Ok(Err(error)) => assert!(!error.to_string().is_empty()),
            Err(_) => panic!("{name}, case {case}: {}", said.join("; ")),
        }
    }
    made
}

#[test]
fn a_page_stands_odd_results() {
    let made = look("small", &run(), 1500, 3);
    assert!(made > 300, "{made}: most cases must reach the page");
    for name in ["run", "capacity", "scaling", "compare", "sensitivity", "morris", "sweep", "failover"] {
        let cases = if name == "failover" { 100 } else { 250 };
        look(name, &serde_json::from_str(&kept(name).json).unwrap(), cases, 2);
    }
}
