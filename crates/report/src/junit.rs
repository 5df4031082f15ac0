//! JUnit XML: what the test tabs of other people's pipelines read.

use std::fmt::Write as _;

use kneepoint_experiment::compare::{GateResult, Outcome};
use kneepoint_experiment::result::{RunResult, Verdict};

use crate::comparison::gate_sentence;

/// What became of a test case.
enum Became {
    Passed,
    Failed(String),
    /// It could not be told: no failure, and not a pass either.
    Skipped(String),
    Broken(String),
}

/// A design and what it came to.
#[derive(Clone, Copy, Debug)]
pub struct JudgedDesign<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its result.
    pub result: &'a RunResult,
    /// Whether a missed objective of it is a failure.
    pub decides: bool,
}

struct Case {
    class: String,
    name: String,
    became: Became,
}

/// Returns objectives and gates as JUnit XML: a test case for each objective of each design, and for each gate.
///
/// A gate that holds is a failure, and so is an objective that is missed by a design whose objectives decide; what does
/// not decide, is unclear or rests on too little is skipped, with the reason, or an undecided gate a failure if
/// `undecided_fails`; a run that failed its own checks is an error. So a file without failures goes with an exit code
/// of 0, and one with failures with 1.
///
/// # Source
/// The schema of Apache Ant's JUnit task, as junitparser and the large pipelines read it. Times are left out: they
/// would differ from run to run.
pub fn junit(title: &str, designs: &[JudgedDesign], gates: &[GateResult], undecided_fails: bool) -> String {
    let mut cases = Vec::new();
    for JudgedDesign { name, result, decides } in designs {
        let class = if designs.len() > 1 { format!("slo.{name}") } else { "slo".to_string() };
        if result.verdict == Verdict::Void {
            let failed: Vec<String> =
                result.checks.iter().filter(|c| !c.holds()).map(|c| c.failures.join("; ")).collect();
            cases.push(Case {
                class: class.clone(),
                name: "checks of the run about itself".to_string(),
                became: Became::Broken(failed.join("; ")),
            });
        }
        for objective in &result.objectives {
            let say = || objective.sentence.clone();
            let became = match objective.verdict {
                Verdict::Met => Became::Passed,
                Verdict::Missed | Verdict::Probability if !decides => {
                    Became::Skipped(format!("decides nothing here: {}", say()))
                }
                Verdict::Missed => Became::Failed(say()),
                // As the exit code of a run: sooner missed than met, for sure.
                Verdict::Probability
                    if objective
                        .probability
                        .as_ref()
                        .and_then(|p| p.known())
                        .is_some_and(|p| p.high < 0.5) =>
                {
                    Became::Failed(say())
                }
                _ => Became::Skipped(format!("{}: {}", objective.verdict.name(), say())),
            };
            let name = format!("{}: {}", objective.name, objective.condition);
            cases.push(Case { class: class.clone(), name, became });
        }
    }
    let many = gates.iter().any(|g| g.design != gates[0].design);
    for gate in gates {
        let became = match gate.outcome {
            Outcome::RuledOut => Became::Passed,
            Outcome::Undecided if !undecided_fails => Became::Skipped(gate_sentence(gate)),
            Outcome::Holds | Outcome::Undecided => Became::Failed(gate_sentence(gate)),
        };
        let class = if many { format!("fail-if.{}", gate.design) } else { "fail-if".to_string() };
        cases.push(Case { class, name: format!("{} [{}]", gate.text, gate.metric), became });
    }
    written(title, &cases)
}

fn written(title: &str, cases: &[Case]) -> String {
    let number = |test: fn(&Became) -> bool| cases.iter().filter(|c| test(&c.became)).count();
    let counts = format!(
        "tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\"",
        cases.len(),
        number(|b| matches!(b, Became::Failed(_))),
        number(|b| matches!(b, Became::Broken(_))),
        number(|b| matches!(b, Became::Skipped(_))),
    );
    let title = escaped(title);
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let mut line = |line: String| writeln!(text, "{line}").expect("a String takes everything");
    line(format!("<testsuites name=\"kneepoint\" {counts}>"));
    line(format!("  <testsuite name=\"{title}\" {counts}>"));
    for case in cases {
        let head =
            format!("    <testcase classname=\"{}\" name=\"{}\"", escaped(&case.class), escaped(&case.name));
        let (tag, message) = match &case.became {
            Became::Passed => {
                line(head + "/>");
                continue;
            }
            Became::Failed(message) => ("failure", message),
            Became::Skipped(message) => ("skipped", message),
            Became::Broken(message) => ("error", message),
        };
        line(head + ">");
        line(format!("      <{tag} message=\"{}\"/>", escaped(message)));
        line("    </testcase>".to_string());
    }
    line("  </testsuite>".to_string());
    line("</testsuites>".to_string());
    text
}

/// Makes a text fit for an attribute. What XML cannot hold at all is written out.
///
/// # Source
/// XML 1.0, 5th ed., section 2.2 (Char) and 2.4.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&apos;"),
            '\t' | '\n' | '\r' => write!(safe, "&#{};", u32::from(c)).expect("a String takes everything"),
            c if kneepoint_scenario::is_steering(c) || matches!(c, '\u{fffe}' | '\u{ffff}') => {
                safe.extend(c.escape_unicode())
            }
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn objectives_are_test_cases() {
        let run = sample::run();
        let text = junit(
            "a <shop> & \u{1b}more",
            &[JudgedDesign { name: "base", result: &run, decides: true }],
            &[],
            false,
        );
        assert!(text.contains("name=\"a &lt;shop&gt; &amp; \\u{1b}more\""), "{text}");
        assert!(text.contains(
            "<testsuites name=\"kneepoint\" tests=\"2\" failures=\"1\" errors=\"0\" skipped=\"0\">"
        ));
        assert_eq!(text.matches("<testcase ").count(), 2);
        assert_eq!(text.matches("<failure ").count(), 1);
        assert_eq!(text.matches("</testcase>").count(), 1);
        // Where it does not decide the exit code, it is no failure either.
        let text = junit("shop", &[JudgedDesign { name: "base", result: &run, decides: false }], &[], false);
        assert!(text.contains("tests=\"2\" failures=\"0\" errors=\"0\" skipped=\"1\""), "{text}");
    }
}
