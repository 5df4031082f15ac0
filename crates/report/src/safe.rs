//! Texts of strangers on a terminal, and in files that are shown on one.

use std::fmt::Write;

use kneepoint_scenario::is_steering;

/// Returns a text that is safe to show on one line: what controls a terminal, turns the direction of writing or is not
/// seen is written out.
pub fn safe(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\r' | '\t' => safe.push(' '),
            // A name must not look like another one.
            c if is_steering(c) => safe.extend(c.escape_unicode()),
            c => safe.push(c),
        }
    }
    safe
}

/// As [`safe`], of a table that is a text of several lines: CSV above all, in which none of what is written stands for
/// anything.
pub fn safe_lines(text: String) -> String {
    if !text.chars().any(steers_lines) {
        return text;
    }
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if steers_lines(c) { safe.extend(c.escape_unicode()) } else { safe.push(c) }
    }
    safe
}

/// As [`safe_lines`], of JSON: what it is read as stays the same, for such characters stand in its texts only.
pub fn safe_json(text: String) -> String {
    if !text.chars().any(steers_lines) {
        return text;
    }
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if steers_lines(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(safe, "\\u{unit:04x}").expect("a String takes everything");
            }
        } else {
            safe.push(c);
        }
    }
    safe
}

fn steers_lines(c: char) -> bool {
    is_steering(c) && !matches!(c, '\n' | '\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_controls_a_terminal_is_written_out() {
        assert_eq!(safe("a\u{1b}[2Jb\nc\u{202e}d"), "a\\u{1b}[2Jb c\\u{202e}d");
        assert_eq!(safe("a\u{2028}b\u{200d}c\u{2066}d"), "a\\u{2028}b\\u{200d}c\\u{2066}d");
        assert_eq!(safe("Größe 尺寸"), "Größe 尺寸");
        let rows = "a,\"b\u{1b}[31m\tc\n\u{9b}d\"\n".to_string();
        assert_eq!(safe_lines(rows), "a,\"b\\u{1b}[31m\tc\n\\u{9b}d\"\n");
    }

    #[test]
    fn whatever_is_written_of_a_run_steers_no_terminal() {
        let strange = "x\u{1b}]0;y\u{7}\u{9b}31m\u{202e}\u{2028}\u{200d}z";
        let mut result = crate::sample::run();
        result.title = strange.to_string();
        result.clients[0].name = strange.to_string();
        result.parts[0].name = strange.to_string();
        let design = crate::JudgedDesign { name: "run", result: &result, decides: true };
        let all = [
            crate::csv(&result),
            crate::json(&result),
            crate::prometheus(&result),
            crate::text(&result, crate::Look { colour: false, ..crate::Look::default() }),
            crate::junit(&result.title, &[design], &[], false),
        ];
        for written in all {
            assert!(!written.chars().any(steers_lines), "{written:?}");
            assert!(written.contains('z'));
        }
    }

    #[test]
    fn json_is_read_as_it_was() {
        let text = "x\u{7f}\u{9b}\u{202e}\u{2028}\u{e0041}ß\u{1b}";
        let written = safe_json(serde_json::json!({ "name": text }).to_string());
        assert!(!written.chars().any(is_steering), "{written}");
        let read: serde_json::Value = serde_json::from_str(&written).unwrap();
        assert_eq!(read["name"], text);
    }
}
