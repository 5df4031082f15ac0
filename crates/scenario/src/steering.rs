//! Characters of strangers that do more than stand there.

/// Whether a character steers a terminal or the direction of writing, ends a line where none should end, or is not seen
/// at all, so that a name could look like another: whoever shows what was written elsewhere writes it out.
///
/// # Source
/// Unicode Character Database, general categories Cc, Cf, Zl and Zp, and the letters of `Default_Ignorable_Code_Point`
/// (Hangul fillers). Selectors of variants are left: they choose how a picture is drawn.
#[must_use]
pub fn is_steering(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{890}'..='\u{891}' | '\u{8e2}'
            | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1343f}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
        || is_filler(c)
}

/// Whether it is a letter that is not seen: no name has one.
pub(crate) fn is_filler(c: char) -> bool {
    matches!(c, '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}')
}

#[cfg(test)]
mod tests {
    use super::is_steering;

    #[test]
    fn what_steers_is_known_and_letters_are_left() {
        for c in "\u{1b}\u{7f}\u{9b}\u{ad}\u{61c}\u{200b}\u{200d}\u{202e}\u{2028}\u{2029}\u{2066}\u{2060}\u{feff}\u{3164}\u{e0041}".chars()
        {
            assert!(is_steering(c), "{c:?}");
        }
        for c in "aß尺خשд —…°\u{fe0f}é".chars() {
            assert!(!is_steering(c), "{c:?}");
        }
    }
}
