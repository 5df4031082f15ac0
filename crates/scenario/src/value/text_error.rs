use crate::steering::is_steering;
use std::error::Error;
use std::fmt;
use std::ops::Range;

/// A fault in a text, with the bytes it is about.
///
/// It prints as `message; help`, which is one line for places without room for an excerpt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextError {
    /// The bytes of the text the fault is about; both ends lie between characters.
    pub span: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
}

impl TextError {
    /// Makes a fault without help.
    pub fn new(span: Range<usize>, message: impl Into<String>) -> Self {
        Self { span, message: message.into(), help: None }
    }

    /// Adds what to write instead.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Moves the span, for a fault found in a piece that begins `by` bytes into the text.
    pub fn shifted(mut self, by: usize) -> Self {
        self.span = self.span.start + by..self.span.end + by;
        self
    }
}

impl fmt::Display for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.help {
            // A question is answered, not continued.
            Some(help) if self.message.ends_with('?') => write!(f, " {help}"),
            Some(help) => write!(f, "; {help}"),
            None => Ok(()),
        }
    }
}

impl Error for TextError {}

/// A value and the bytes it was written at.
///
/// Two are equal when their values are: where something stands does not change what it says.
#[derive(Clone, Debug)]
pub struct Spanned<T> {
    /// What was written.
    pub value: T,
    /// Where it was written.
    pub span: Range<usize>,
}

impl<T> Spanned<T> {
    /// Puts a value and its place together.
    pub fn new(value: T, span: Range<usize>) -> Self {
        Self { value, span }
    }
}

impl<T: PartialEq> PartialEq for Spanned<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: fmt::Display> fmt::Display for Spanned<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

/// Returns the candidate that was most likely meant, if any is near.
///
/// Near is the same in another case, or a third of the letters changed, and at least one.
/// Words a stranger sends may be megabytes long; nothing near a name is longer than a name, so those are not compared.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = word.chars().take(200).count();
    if length >= 200 {
        return None;
    }
    let lower = word.to_lowercase();
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let distance = if candidate.to_lowercase() == lower {
            0
        } else {
            let distance = strsim::osa_distance(&lower, &candidate.to_lowercase());
            // One changed letter of one, or two of two, is another word.
            if distance > (length / 3).max(1) || distance >= length.min(candidate.chars().count()) {
                continue;
            }
            distance
        };
        if best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Returns a text as it may stand in a message: short, on one line, without control characters.
pub fn shown(text: &str) -> String {
    let mut out = String::new();
    for (count, c) in text.chars().enumerate() {
        if count == 60 {
            out.push('…');
            break;
        }
        // Direction marks and other invisible characters could make a message say something else.
        if is_steering(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

/// Returns a noun with "a" or "an" before it.
pub fn with_article(noun: &str) -> String {
    match noun.chars().next() {
        Some('a' | 'e' | 'i' | 'o') => format!("an {noun}"),
        _ => format!("a {noun}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_prints_message_and_help_on_one_line() {
        let error = TextError::new(0..3, "no parameter \"loud\"").help("did you mean \"load\"?");
        assert_eq!(error.to_string(), "no parameter \"loud\"; did you mean \"load\"?");
        let question = TextError::new(0..3, "of which series?").help("for example p99(web.latency)");
        assert_eq!(question.to_string(), "of which series? for example p99(web.latency)");
        assert_eq!(question.shifted(4).span, 4..7);
    }

    #[test]
    fn the_nearest_word_is_found_and_far_ones_are_not_offered() {
        let words = ["latency", "load", "requests", "min"];
        assert_eq!(nearest("latancy", words), Some("latency"));
        assert_eq!(nearest("LOAD", words), Some("load"));
        assert_eq!(nearest("laod", words), Some("load"));
        assert_eq!(nearest("queue", words), None);
        assert_eq!(nearest("", words), None);
        assert_eq!(nearest("x", ["y"]), None);
        assert_eq!(nearest(&"l".repeat(100_000), words), None);
    }

    #[test]
    fn a_shown_text_is_short_and_has_no_control_characters() {
        assert_eq!(shown("a\nb"), "a\\u{a}b");
        assert_eq!(shown("a\u{202e}b"), "a\\u{202e}b");
        assert_eq!(shown(&"x".repeat(1000)).chars().count(), 61);
    }

    #[test]
    fn an_article_fits_its_noun() {
        assert_eq!(with_article("rate"), "a rate");
        assert_eq!(with_article("exponent"), "an exponent");
    }
}
