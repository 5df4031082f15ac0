use std::ops::Range;

use super::path::NAME_MAX;
use super::text_error::{Spanned, TextError, shown};

/// A place in a text that is being read.
#[derive(Clone, Debug)]
pub(super) struct Cursor<'a> {
    pub text: &'a str,
    pub at: usize,
}

impl<'a> Cursor<'a> {
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    pub fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    pub fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub fn is_at_end(&self) -> bool {
        self.at == self.text.len()
    }

    /// Steps over `expected` if it comes next.
    pub fn eat(&mut self, expected: &str) -> bool {
        let found = self.rest().starts_with(expected);
        if found {
            self.at += expected.len();
        }
        found
    }

    pub fn take_while(&mut self, accept: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.find(|c| !accept(c)).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    pub fn skip_blanks(&mut self) -> usize {
        self.take_while(char::is_whitespace).len()
    }

    /// Returns the next character's bytes, or the empty end.
    pub fn here(&self) -> Range<usize> {
        self.at..self.at + self.peek().map_or(0, char::len_utf8)
    }

    /// Returns the rest without the blanks at its end.
    pub fn rest_span(&self) -> Range<usize> {
        self.at..self.at.max(self.text.trim_end().len())
    }

    /// Reads a name; `place` says what a name is expected for.
    pub fn name(&mut self, place: &str) -> Result<Spanned<String>, TextError> {
        let start = self.at;
        match self.peek() {
            Some(c) if c.is_alphabetic() => {}
            Some(c) if is_name_char(c) => {
                let word = self.take_while(is_name_char);
                return Err(TextError::new(start..self.at, format!("`{}` is not {place}", shown(word)))
                    .help("a name begins with a letter"));
            }
            Some(c) => {
                let found = shown(c.encode_utf8(&mut [0; 4]));
                return Err(TextError::new(self.here(), format!("{place} is missing before `{found}`"))
                    .help("a name is letters, digits, `-` and `_`"));
            }
            None => return Err(TextError::new(self.here(), format!("{place} is missing"))),
        }
        let word = self.take_while(is_name_char);
        if word.chars().nth(NAME_MAX).is_some() {
            return Err(TextError::new(start..self.at, format!("a name has at most {NAME_MAX} characters")));
        }
        Ok(Spanned::new(word.to_owned(), start..self.at))
    }
}

/// Returns whether a character may stand in a name after the first.
pub(super) fn is_name_char(c: char) -> bool {
    (c.is_alphanumeric() && !crate::steering::is_filler(c)) || c == '-' || c == '_'
}
