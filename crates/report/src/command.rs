//! The command that makes a result again.

use kneepoint_experiment::result::{OriginFacts, ScenarioFacts};

/// A command as it can be pasted into a POSIX shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    text: String,
}

impl Command {
    /// Begins `kneepoint VERB`.
    pub fn new(verb: &str) -> Command {
        Command { text: format!("kneepoint {verb}") }
    }

    /// Adds a word.
    #[must_use]
    pub fn word(mut self, word: &str) -> Command {
        self.text.push(' ');
        self.text.push_str(&quoted(word));
        self
    }

    /// Adds an option, if it has a value.
    #[must_use]
    pub fn option(self, name: &str, value: Option<impl ToString>) -> Command {
        match value {
            Some(value) => self.word(name).word(&value.to_string()),
            None => self,
        }
    }

    /// Adds an option as often as it has values.
    #[must_use]
    pub fn options(self, name: &str, values: impl IntoIterator<Item = impl ToString>) -> Command {
        values.into_iter().fold(self, |command, value| command.option(name, Some(value)))
    }

    /// Adds an option without a value, if it was given.
    #[must_use]
    pub fn flag(self, name: &str, is_given: bool) -> Command {
        if is_given { self.word(name) } else { self }
    }

    /// Adds what changes a scenario.
    #[must_use]
    pub fn changes(self, variant: Option<&str>, set: &[(String, String)]) -> Command {
        let set = set.iter().map(|(path, value)| format!("{path}={value}"));
        self.option("--variant", variant).options("--set", set)
    }

    /// Adds a scenario, and what changes it.
    #[must_use]
    pub fn scenario(self, facts: &ScenarioFacts) -> Command {
        self.word(&facts.file).changes(facts.variant.as_deref(), &facts.set)
    }

    /// Adds the scenario of a sweep, and what changes it.
    #[must_use]
    pub(crate) fn origin(self, facts: &OriginFacts) -> Command {
        self.word(&facts.file).changes(facts.variant.as_deref(), &facts.set)
    }

    /// Returns it.
    pub fn text(self) -> String {
        self.text
    }
}

/// Quotes a word as POSIX shells read it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-=:,%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_string();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_can_be_pasted_into_a_shell() {
        let set = [("web.instances".to_string(), "2".to_string())];
        let command = Command::new("capacity")
            .word("it's; rm -rf.ron")
            .changes(Some("large shop"), &set)
            .option("--load", Some("params.load=1/s..2/s"))
            .option("--over", None::<&str>)
            .options("--metric", ["p99(users.latency)", "errors"])
            .flag("--no-knee", true)
            .flag("--update", false);
        assert_eq!(
            command.text(),
            r"kneepoint capacity 'it'\''s; rm -rf.ron' --variant 'large shop' --set web.instances=2 --load params.load=1/s..2/s --metric 'p99(users.latency)' --metric errors --no-knee"
        );
    }
}
