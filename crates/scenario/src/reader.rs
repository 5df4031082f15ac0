//! Text to nodes: one pass over plain RON.
//!
//! A reader of our own, where ron would have done, for three reasons: it is linear (splitting level by level with
//! ron's raw values scans each text once per level), it goes on after a missing comma so that all faults come at
//! once, and it can say which bracket is open. Text with escapes is still decoded by ron, and a test holds that
//! whatever this reader accepts is RON to ron as well.

use crate::diagnostic::Fault;
use crate::file::{FileId, Place};
use crate::node::{Arena, Entry, Given, NodeId, Origin, Shape, Word};
use crate::value::{Quantity, shown};

/// How deep brackets may nest. Chosen: the deepest example needs 9.
pub(crate) const DEPTH_MAX: usize = 32;
/// How many values a scenario may have. Chosen: ten thousand parts with fifty values each.
pub(crate) const VALUES_MAX: usize = 500_000;

/// The text cannot be understood any further; the fault has been noted.
struct Lost;

struct Reader<'a> {
    text: &'a str,
    at: usize,
    file: FileId,
    origin: Origin,
    arena: &'a mut Arena,
    faults: &'a mut Vec<Fault>,
    /// The first bracket that was closed on a line of another indentation than its own: likely the culprit.
    suspect: Option<usize>,
}

/// Reads one value that is all of a text.
pub(crate) fn read(
    text: &str,
    file: FileId,
    origin: Origin,
    arena: &mut Arena,
    faults: &mut Vec<Fault>,
) -> Option<NodeId> {
    read_from(text, 0, file, origin, arena, faults)
}

/// Reads one value that is all of a text from some byte on.
pub(crate) fn read_from(
    text: &str,
    at: usize,
    file: FileId,
    origin: Origin,
    arena: &mut Arena,
    faults: &mut Vec<Fault>,
) -> Option<NodeId> {
    let mut reader = Reader { text, at, file, origin, arena, faults, suspect: None };
    reader.whole().ok()
}

impl Reader<'_> {
    fn whole(&mut self) -> Result<NodeId, Lost> {
        self.blanks()?;
        if self.rest().is_empty() {
            return self.lost(
                0,
                0,
                "the file is empty",
                "a scenario is one record: ( format: 1, title: \"…\", parts: { … } )",
            );
        }
        if self.rest().starts_with('#') {
            let line = self.rest().find('\n').unwrap_or(self.rest().len());
            let help = "no extension of RON is needed or understood";
            return self.lost(self.at, self.at + line, "files are plain RON: remove the enable line", help);
        }
        let value = self.value(0)?;
        self.blanks()?;
        if !self.rest().is_empty() {
            let help = "perhaps a bracket before it is closed once too often";
            return self.lost(self.at, self.word_end(), "nothing may follow the last bracket", help);
        }
        Ok(value)
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn place(&self, from: usize, to: usize) -> Place {
        Place::new(self.file, from, to)
    }

    /// Notes a fault after which reading goes on, unless there are too many.
    fn noted(&mut self, fault: Fault) -> Result<(), Lost> {
        self.faults.push(fault);
        if self.faults.len() < crate::check::FAULTS_MAX { Ok(()) } else { Err(Lost) }
    }

    fn lost<T>(&mut self, from: usize, to: usize, message: impl Into<String>, help: &str) -> Result<T, Lost> {
        let fault = Fault::error(self.place(from, to), message);
        self.faults.push(if help.is_empty() { fault } else { fault.help(help) });
        Err(Lost)
    }

    /// Passes blanks and comments; block comments nest.
    fn blanks(&mut self) -> Result<(), Lost> {
        loop {
            let rest = self.rest();
            let blank = rest.len() - rest.trim_start_matches([' ', '\n', '\t', '\r']).len();
            self.at += blank;
            if self.rest().starts_with("//") {
                self.at += self.rest().find('\n').unwrap_or(self.rest().len());
            } else if self.rest().starts_with("/*") {
                self.block_comment()?;
            } else {
                return Ok(());
            }
        }
    }

    fn block_comment(&mut self) -> Result<(), Lost> {
        let (start, bytes, mut depth, mut at) = (self.at, self.text.as_bytes(), 0usize, self.at);
        while at + 1 < bytes.len() {
            match (bytes[at], bytes[at + 1]) {
                (b'/', b'*') => (depth, at) = (depth + 1, at + 2),
                (b'*', b'/') => (depth, at) = (depth - 1, at + 2),
                _ => at += 1,
            }
            if depth == 0 {
                self.at = at;
                return Ok(());
            }
        }
        self.lost(start, start + 2, "a comment is not closed", "it ends with */")
    }

    fn value(&mut self, depth: usize) -> Result<NodeId, Lost> {
        let start = self.at;
        if depth > DEPTH_MAX {
            return self.lost(start, start + 1, format!("nested deeper than {DEPTH_MAX}"), "");
        }
        if self.arena.len() >= VALUES_MAX {
            return self.lost(start, start + 1, format!("more than {VALUES_MAX} values"), "");
        }
        let shape = match self.peek() {
            None => return self.lost(start, start, "a value is missing at the end", ""),
            Some('"') => self.text_value()?,
            Some('r') if self.rest()[1..].starts_with(['"', '#']) => self.text_value()?,
            Some('\'') => return self.lost(start, start + 1, "text stands in double quotes", ""),
            Some('[') => self.list(depth)?,
            Some('{') => self.map(depth)?,
            Some('(') => Shape::Record(self.given(depth)?),
            Some(c) if c.is_ascii_digit() || matches!(c, '+' | '-' | '.') => self.number()?,
            Some(c) if begins_word(c) => self.word_value(depth)?,
            Some(c @ (')' | ']' | '}' | ',' | ':')) => {
                return self.lost(start, start + 1, format!("a value is missing before `{c}`"), "");
            }
            Some(c) => {
                let message = format!("`{}` begins no value", c.escape_debug());
                return self.lost(start, start + c.len_utf8(), message, "text stands in double quotes");
            }
        };
        let place = self.place(start, self.at);
        Ok(self.arena.push(shape, place, self.origin))
    }

    fn text_value(&mut self) -> Result<Shape, Lost> {
        let start = self.at;
        let (open, close) = if self.rest().starts_with('r') {
            let hashes = self.rest()[1..].bytes().take_while(|byte| *byte == b'#').count();
            if !self.rest()[1 + hashes..].starts_with('"') {
                return self.lost(start, start + 1 + hashes, "a text begins with a quote", "");
            }
            (2 + hashes, format!("\"{}", "#".repeat(hashes)))
        } else {
            (1, "\"".to_string())
        };
        let body = &self.text[start + open..];
        let raw = open > 1;
        let end = if raw { body.find(&close) } else { closing_quote(body) };
        let Some(end) = end else {
            let line = body.find('\n').unwrap_or(body.len());
            return self.lost(start, start + open + line, "a text is not closed", "it ends with a quote");
        };
        self.at = start + open + end + close.len();
        if !raw && !body[..end].contains('\\') {
            return Ok(Shape::Text(body[..end].into()));
        }
        match ron::from_str::<String>(&self.text[start..self.at]) {
            Ok(text) => Ok(Shape::Text(text.into())),
            Err(error) => self.lost(start, self.at, format!("this text cannot be read: {}", error.code), ""),
        }
    }

    fn number(&mut self) -> Result<Shape, Lost> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        self.at += 1;
        while let Some(&byte) = bytes.get(self.at) {
            let exponent = matches!(bytes[self.at - 1], b'e' | b'E') && matches!(byte, b'+' | b'-');
            if !(byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.') || exponent) {
                break;
            }
            self.at += 1;
        }
        let text = &self.text[start..self.at];
        if !is_number(text) {
            let fault = match Quantity::parse(text) {
                Ok(_) => Fault::error(self.place(start, self.at), "a quantity stands in quotes")
                    .help(format!("write \"{text}\"")),
                Err(_) => Fault::error(self.place(start, self.at), format!("`{}` is no number", shown(text)))
                    .help("numbers are written 12, 0.5, 1e6, 20_000"),
            };
            self.noted(fault)?;
        }
        Ok(Shape::Number(text.into()))
    }

    /// Returns where the word that begins here ends; at least one character on.
    fn word_end(&self) -> usize {
        let rest = self.rest();
        let length = rest.find(|c: char| !in_word(c)).unwrap_or(rest.len());
        self.at + length.max(rest.chars().next().map_or(0, char::len_utf8))
    }

    fn word(&mut self) -> Word {
        let (start, end) = (self.at, self.word_end());
        self.at = end;
        Word { text: self.text[start..end].into(), place: self.place(start, end) }
    }

    fn word_value(&mut self, depth: usize) -> Result<Shape, Lost> {
        let word = self.word();
        match &*word.text {
            "true" | "false" => return Ok(Shape::Flag(&*word.text == "true")),
            "inf" | "NaN" => return Ok(Shape::Number(word.text)),
            _ => {}
        }
        let end = self.at;
        self.blanks()?;
        if self.peek() == Some('(') {
            return Ok(Shape::Kind(word, self.given(depth)?));
        }
        self.at = end;
        Ok(Shape::Kind(word, Given::default()))
    }

    /// Reads what stands between round brackets.
    fn given(&mut self, depth: usize) -> Result<Given, Lost> {
        let open = self.at;
        self.at += 1;
        let mut given = Given::default();
        let mut names = std::collections::BTreeSet::new();
        let mut first = true;
        while !self.closed(open, ')', &mut first)? {
            if self.begins_entry_of_map() {
                return self.unclosed(open);
            }
            if let Some(key) = self.field_name()? {
                if !names.insert(key.text.clone()) {
                    let message = format!("field `{}` is given twice", key.text);
                    self.noted(Fault::error(key.place, message))?;
                }
                let value = self.value(depth + 1)?;
                given.fields.push(Entry { key, value });
            } else {
                given.values.push(self.value(depth + 1)?);
            }
        }
        Ok(given)
    }

    fn list(&mut self, depth: usize) -> Result<Shape, Lost> {
        let open = self.at;
        self.at += 1;
        let (mut list, mut first) = (Vec::new(), true);
        while !self.closed(open, ']', &mut first)? {
            if self.begins_entry_of_map() || self.begins_field() {
                return self.unclosed(open);
            }
            list.push(self.value(depth + 1)?);
        }
        Ok(Shape::List(list))
    }

    fn map(&mut self, depth: usize) -> Result<Shape, Lost> {
        let open = self.at;
        self.at += 1;
        let mut entries: Vec<Entry> = Vec::new();
        let mut lines = std::collections::BTreeMap::new();
        let mut first = true;
        while !self.closed(open, '}', &mut first)? {
            let key = self.map_key()?;
            if let Some(before) = lines.insert(key.text.clone(), key.place.start as usize) {
                let message =
                    format!("\"{}\" is defined twice (first at line {})", key.text, self.line(before));
                self.noted(Fault::error(key.place, message))?;
            }
            self.blanks()?;
            if self.peek() != Some(':') {
                let message = format!("a colon is missing after \"{}\"", key.text);
                return self.lost(
                    key.place.start as usize,
                    key.place.end as usize,
                    message,
                    "write \"name\": value",
                );
            }
            self.at += 1;
            self.blanks()?;
            let value = self.value(depth + 1)?;
            entries.push(Entry { key, value });
        }
        Ok(Shape::Map(entries))
    }

    fn map_key(&mut self) -> Result<Word, Lost> {
        let start = self.at;
        match self.peek() {
            Some('"') => {
                let Shape::Text(text) = self.text_value()? else { return Err(Lost) };
                Ok(Word { text, place: self.place(start, self.at) })
            }
            Some(c) if in_word(c) => {
                let word = self.word();
                let message = format!("a name here is text in quotes: \"{}\"", word.text);
                self.noted(Fault::error(word.place, message))?;
                Ok(word)
            }
            Some(c @ (')' | ']')) => self.wrong_closer(start, c),
            _ => {
                let help = "an entry of a map is \"name\": value";
                self.lost(start, self.word_end(), "a name in quotes is missing", help)
            }
        }
    }

    /// Passes the comma between two values; returns whether the bracket is closed instead.
    fn closed(&mut self, open: usize, closer: char, first: &mut bool) -> Result<bool, Lost> {
        self.blanks()?;
        if !*first {
            if self.peek() == Some(',') {
                self.at += 1;
                self.blanks()?;
            } else if let Some(c) = self.peek()
                && !matches!(c, ')' | ']' | '}')
            {
                if self.begins_entry_of_map() && closer != '}' {
                    return self.unclosed(open);
                }
                let end = if c == '"' { self.string_end() } else { self.word_end() };
                let what = self.text[self.at..end].to_string();
                if !(begins_word(c) || matches!(c, '"' | '(' | '[' | '{') || c.is_ascii_digit()) {
                    return self.lost(
                        self.at,
                        end,
                        format!("`{}` is not expected here", what.escape_debug()),
                        "",
                    );
                }
                let message = format!("comma expected before `{}`", shortened(&what));
                self.noted(Fault::error(self.place(self.at, end), message))?;
            }
        }
        *first = false;
        match self.peek() {
            None => self.unclosed(open),
            Some(c) if c == closer => {
                self.note_indentation(open);
                self.at += 1;
                Ok(true)
            }
            Some(c @ (')' | ']' | '}')) => self.wrong_closer(open, c),
            Some(_) => Ok(false),
        }
    }

    /// Notes the bracket if the line of its closer begins with it, at another depth than the line it was opened on.
    fn note_indentation(&mut self, open: usize) {
        let indentation = |at: usize| {
            let from = self.text[..at].rfind('\n').map_or(0, |newline| newline + 1);
            let blank = self.text[from..].len() - self.text[from..].trim_start_matches([' ', '\t']).len();
            (from, from + blank)
        };
        if self.suspect.is_none() && self.text[open..self.at].contains('\n') {
            let ((close_line, close_at), (open_line, open_at)) = (indentation(self.at), indentation(open));
            if close_at == self.at && close_at - close_line != open_at - open_line {
                self.suspect = Some(open);
            }
        }
    }

    fn unclosed<T>(&mut self, open: usize) -> Result<T, Lost> {
        let open = self.suspect.unwrap_or(open);
        let bracket = self.text.as_bytes()[open];
        let close = match bracket {
            b'(' => ')',
            b'[' => ']',
            _ => '}',
        };
        let help = if self.rest().is_empty() {
            format!("the file ends without `{close}`")
        } else {
            format!("`{close}` is missing before line {}", self.line(self.at))
        };
        self.lost(open, open + 1, "a bracket is not closed", &help)
    }

    fn wrong_closer<T>(&mut self, open: usize, found: char) -> Result<T, Lost> {
        let from = self.suspect.unwrap_or(open);
        let help = format!("line {} has `{found}` instead", self.line(self.at));
        self.lost(from, from + 1, "a bracket is not closed", &help)
    }

    fn line(&self, at: usize) -> usize {
        self.text[..at].matches('\n').count() + 1
    }

    /// Returns whether `"text":` follows, which is at home in a map only.
    fn begins_entry_of_map(&self) -> bool {
        self.peek() == Some('"') && self.text[self.string_end()..].trim_start().starts_with(':')
    }

    fn begins_field(&self) -> bool {
        self.peek().is_some_and(begins_word) && self.text[self.word_end()..].trim_start().starts_with(':')
    }

    fn string_end(&self) -> usize {
        let body = &self.text[self.at + 1..];
        closing_quote(body).map_or(self.text.len(), |end| self.at + 1 + end + 1)
    }

    /// Passes `name:`, if that is what follows.
    fn field_name(&mut self) -> Result<Option<Word>, Lost> {
        if !self.peek().is_some_and(begins_word) {
            return Ok(None);
        }
        let start = self.at;
        let word = self.word();
        self.blanks()?;
        if self.peek() == Some(':') {
            self.at += 1;
            self.blanks()?;
            return Ok(Some(word));
        }
        self.at = start;
        Ok(None)
    }
}

/// Returns whether a text is a number in decimals, or one of the words for what is none.
fn is_number(text: &str) -> bool {
    let unsigned = text.trim_start_matches(['+', '-']);
    if text.len() - unsigned.len() > 1 {
        return false;
    }
    let digits = |text: &str| text.starts_with(|c: char| c.is_ascii_digit()) && !text.ends_with('_');
    let all_digits =
        |text: &str| digits(text) && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let sound = all_digits(whole)
        && fraction.is_none_or(all_digits)
        && exponent.is_none_or(|exponent| all_digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)));
    sound || matches!(unsigned, "inf" | "NaN")
}

fn begins_word(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_'
}

fn in_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Returns where the quote stands that ends a text.
fn closing_quote(body: &str) -> Option<usize> {
    let bytes = body.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => return Some(at),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    None
}

fn shortened(text: &str) -> String {
    let line = text.lines().next().unwrap_or("");
    if line.chars().count() > 30 {
        format!("{}…", line.chars().take(30).collect::<String>())
    } else {
        line.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::Files;

    /// Reads a text; returns the faults as `line:column message`.
    fn faults(text: &str) -> Vec<String> {
        let mut files = Files::default();
        let file = files.add("t.ron", None, text.to_string());
        let (mut arena, mut faults) = (Arena::default(), Vec::new());
        read(text, file, Origin::File, &mut arena, &mut faults);
        let show = |fault: &Fault| {
            let (line, column) = files.get(file).line_and_column(fault.place.start);
            format!("{line}:{column} {}", fault.message)
        };
        faults.iter().map(show).collect()
    }

    fn one(text: &str) -> (Arena, NodeId) {
        let (mut arena, mut faults) = (Arena::default(), Vec::new());
        let id = read(text, FileId(0), Origin::File, &mut arena, &mut faults);
        assert_eq!(faults, []);
        (arena, id.unwrap())
    }

    #[test]
    fn every_value_knows_its_bytes() {
        let text = "/* ä /* nested */ */ ( a: 1_000, // note (\n b: Kind(\"µ)\", [true]), c: {\"k\": Bare} )";
        let (arena, root) = one(text);
        let at = |id: NodeId| &text[arena.place(id).start as usize..arena.place(id).end as usize];
        assert_eq!(at(arena.field(root, "a").unwrap().value), "1_000");
        let b = arena.field(root, "b").unwrap().value;
        assert_eq!(at(b), "Kind(\"µ)\", [true])");
        assert_eq!(at(arena.given(b).unwrap().values[0]), "\"µ)\"");
        let entry = &arena.entries(arena.field(root, "c").unwrap().value)[0];
        assert_eq!((&*entry.key.text, at(entry.value)), ("k", "Bare"));
    }

    #[test]
    fn escapes_and_raw_texts_are_decoded_as_ron_does() {
        let (arena, root) = one(r####"("a\"\u{e9}\n", r#"x"y"#, "")"####);
        let texts: Vec<&str> =
            arena.given(root).unwrap().values.iter().filter_map(|id| arena.text(*id)).collect();
        assert_eq!(texts, ["a\"é\n", "x\"y", ""]);
    }

    #[test]
    fn a_missing_comma_is_said_and_reading_goes_on() {
        assert_eq!(
            faults("(\n a: 1\n b: \"x\" c: [2 3],\n)"),
            [
                "3:2 comma expected before `b`",
                "3:9 comma expected before `c`",
                "3:15 comma expected before `3`"
            ]
        );
    }

    #[test]
    fn an_open_bracket_is_pointed_at() {
        assert_eq!(faults("(\n a: [1, 2,\n b: 3,\n)"), ["2:5 a bracket is not closed"]);
        assert_eq!(faults("(\n a: { \"x\": K(1,\n \"y\": 2 },\n)"), ["2:13 a bracket is not closed"]);
        assert_eq!(faults("(a: (1)"), ["1:1 a bracket is not closed"]);
        assert_eq!(faults("(a: [1)"), ["1:5 a bracket is not closed"]);
        // The indentation tells: the bracket of `b` is closed by that of `a`.
        assert_eq!(faults("(\n  a: (\n    b: (\n      c: 1,\n  ),\n)"), ["3:8 a bracket is not closed"]);
    }

    #[test]
    fn other_slips_are_named() {
        assert_eq!(faults(" "), ["1:1 the file is empty"]);
        assert_eq!(faults("() x"), ["1:4 nothing may follow the last bracket"]);
        assert_eq!(faults("(a: )"), ["1:5 a value is missing before `)`"]);
        assert_eq!(faults("(a: \"x)"), ["1:5 a text is not closed"]);
        assert_eq!(faults("(a: 'x')"), ["1:5 text stands in double quotes"]);
        assert_eq!(faults("({web: 1})"), ["1:3 a name here is text in quotes: \"web\""]);
        assert_eq!(faults("({\"web\" 1})"), ["1:3 a colon is missing after \"web\""]);
        assert_eq!(faults("(a: /* 1)"), ["1:5 a comment is not closed"]);
        assert_eq!(faults("(a: 1, a: 2)"), ["1:8 field `a` is given twice"]);
        assert_eq!(faults("(a: \"\\q\")"), ["1:5 this text cannot be read: Unknown escape character"]);
        assert_eq!(faults("(a: 1 ; b: 2)"), ["1:7 `;` is not expected here"]);
        assert_eq!(faults("(a: 5ms)"), ["1:5 a quantity stands in quotes"]);
        assert_eq!(faults("(a: [2auth, 0x10, 1., .5, 1e, 1__e5_])").len(), 6);
        assert_eq!(faults("(a: [2, 1_0, -1, +1.5, 2.5e-3, 1E6, -inf, NaN])"), [] as [&str; 0]);
    }

    #[test]
    fn depth_is_limited_before_it_hurts() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(faults(&nested(DEPTH_MAX)).is_empty());
        assert_eq!(faults(&nested(100_000)), [format!("1:{} nested deeper than 32", DEPTH_MAX + 2)]);
    }
}
