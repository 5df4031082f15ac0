//! Texts of strangers on a terminal.

/// Returns a text that is safe to show on one line: what controls a terminal or turns the direction of writing is
/// written out.
pub fn safe(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\r' | '\t' => safe.push(' '),
            // Zero-width and direction marks: a name must not look like another one.
            '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' => {
                safe.extend(c.escape_unicode());
            }
            c if c.is_control() => safe.extend(c.escape_unicode()),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::safe;

    #[test]
    fn what_controls_a_terminal_is_written_out() {
        assert_eq!(safe("a\u{1b}[2Jb\nc\u{202e}d"), "a\\u{1b}[2Jb c\\u{202e}d");
        assert_eq!(safe("Größe 尺寸"), "Größe 尺寸");
    }
}
