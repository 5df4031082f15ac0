//! How wide a text is: by the font that is embedded, so that no machine needs fonts or knows others.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use ab_glyph::{Font, FontRef, GlyphId};
use unicode_width::UnicodeWidthChar;

/// What a picture names. Verdana is as wide as DejaVu Sans, and what machines usually take for `sans-serif` is narrower:
/// places that are measured by the first are large enough for the others.
pub(crate) const FAMILY: &str = "DejaVu Sans, Verdana, sans-serif";

const REGULAR: &[u8] = include_bytes!("../fonts/DejaVuSans.subset.ttf");
const BOLD: &[u8] = include_bytes!("../fonts/DejaVuSans-Bold.subset.ttf");

/// Returns the embedded font.
pub(crate) fn font(bold: bool) -> &'static FontRef<'static> {
    static FONTS: OnceLock<[FontRef<'static>; 2]> = OnceLock::new();
    let fonts = FONTS.get_or_init(|| {
        [REGULAR, BOLD].map(|bytes| FontRef::try_from_slice(bytes).expect("the embedded fonts are whole"))
    });
    &fonts[usize::from(bold)]
}

/// Whether the embedded font has a character.
#[cfg(feature = "png")]
pub(crate) fn has(c: char) -> bool {
    font(false).glyph_id(c) != GlyphId(0)
}

/// Returns how far the pen goes for a character, in parts of the font size.
pub(crate) fn advance(c: char, bold: bool) -> f64 {
    let font = font(bold);
    let glyph = font.glyph_id(c);
    if glyph == GlyphId(0) {
        // Drawn by another font, or as a box: letters of the East are as wide as high.
        return if c.width().unwrap_or(0) > 1 { 1.05 } else { 0.75 };
    }
    let per_em = f64::from(font.units_per_em().unwrap_or(2048.0));
    f64::from(font.h_advance_unscaled(glyph)) / per_em
}

/// Returns a text in which names that are written from right to left are isolated: whatever stands beside them, numbers
/// above all, stays where the sentence has it. Browsers turn the order around otherwise.
///
/// Names are letters, digits and what joins them, so what is one can be told from the text; whoever writes a sentence, we
/// or the results, need not think of it. Measured widths do not count the marks: they are not seen.
///
/// # Source
/// Unicode Standard Annex #9, "Unicode Bidirectional Algorithm", section 2.7: FSI and PDI around what is inserted.
pub(crate) fn isolated(text: &str) -> std::borrow::Cow<'_, str> {
    const FSI: char = '\u{2068}';
    const PDI: char = '\u{2069}';
    if !text.chars().any(is_right_to_left) {
        return text.into();
    }
    let is_name = |c: char| c.is_alphanumeric() || is_right_to_left(c) || "_-/.:…".contains(c);
    let mut all = String::with_capacity(text.len() + 12);
    // A word with such a letter, and those that follow it up to the last one: free texts have spaces.
    let mut rest = text;
    while let Some(at) = rest.find(is_right_to_left) {
        let begin = rest[..at]
            .rfind(|c| !is_name(c))
            .map_or(0, |before| before + rest[before..].chars().next().map_or(0, char::len_utf8));
        let mut end = at;
        loop {
            end += rest[end..].find(|c| !is_name(c)).unwrap_or(rest.len() - end);
            let word =
                rest[end..].strip_prefix(' ').map(|word| word.split(|c| !is_name(c)).next().unwrap_or(""));
            match word {
                Some(word) if word.chars().any(is_right_to_left) => end += 1,
                _ => break,
            }
        }
        // What ends a sentence is none of its names' letters.
        let name = rest[begin..end].trim_end_matches([':', '.']);
        all.push_str(&rest[..begin]);
        all.push(FSI);
        all.push_str(name);
        all.push(PDI);
        rest = &rest[begin + name.len()..];
    }
    all.push_str(rest);
    all.into()
}

/// Whether a character is of a script that is written from right to left.
///
/// # Source
/// Unicode Character Database, DerivedBidiClass.txt: the blocks whose letters are R or AL.
fn is_right_to_left(c: char) -> bool {
    matches!(c,
        '\u{0590}'..='\u{08ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}'
        | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
}

/// Returns how wide a text is.
pub(crate) fn width(text: &str, size: f64, bold: bool) -> f64 {
    text.chars().map(|c| advance(c, bold)).sum::<f64>() * size
}

/// Returns the text, or as much of it as there is room for, with an ellipsis.
pub(crate) fn cut(text: &str, size: f64, bold: bool, room: f64) -> String {
    if width(text, size, bold) <= room {
        return text.to_string();
    }
    let ellipsis = advance('…', bold) * size;
    let mut used = 0.0;
    let mut kept = String::new();
    for c in text.chars() {
        used += advance(c, bold) * size;
        if used + ellipsis > room {
            break;
        }
        kept.push(c);
    }
    let kept = kept.trim_end();
    if room < ellipsis { String::new() } else { format!("{kept}…") }
}

/// As [`cut`], of a name: the middle is left out. Names that are alike begin alike, and are told apart by their ends.
pub(crate) fn cut_name(name: &str, size: f64, bold: bool, room: f64) -> String {
    if width(name, size, bold) <= room {
        return name.to_string();
    }
    let chars: Vec<char> = name.chars().collect();
    let fits = |kept: usize| width(&without_middle(&chars, kept), size, bold) <= room;
    // As many as there is room for: the more, the wider.
    let (mut least, mut most) = (0, chars.len());
    while least < most {
        let kept = (least + most).div_ceil(2);
        if fits(kept) { least = kept } else { most = kept - 1 }
    }
    if least < 3 { cut(name, size, bold, room) } else { without_middle(&chars, least) }
}

/// As [`cut_name`], of names that stand together: those that look alike when they are cut are numbered, in their order, so
/// that no two are taken for one.
pub(crate) fn told_apart(names: &[&str], size: f64, bold: bool, room: f64) -> Vec<String> {
    let cuts: Vec<String> = names.iter().map(|name| cut_name(name, size, bold, room)).collect();
    let mut alike: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (cut, name) in cuts.iter().zip(names) {
        let known = alike.entry(cut).or_default();
        if !known.contains(name) {
            known.push(name);
        }
    }
    let told = |(cut, name): (&String, &&str)| {
        let of = &alike[cut.as_str()];
        let at = of.iter().position(|other| other == name).unwrap_or(0);
        if of.len() < 2 || cut.is_empty() {
            return cut.clone();
        }
        let number = format!(" ({})", at + 1);
        let rest = cut_name(name, size, bold, room - width(&number, size, bold));
        // Where there is no room for both, the number tells more.
        if width(&number, size, bold) > room {
            cut.clone()
        } else {
            format!("{rest}{number}").trim().to_string()
        }
    };
    cuts.iter().zip(names).map(told).collect()
}

/// Returns so many letters of a name, from its beginning and, a little fewer, from its end.
pub(crate) fn without_middle(name: &[char], kept: usize) -> String {
    if kept >= name.len() {
        return name.iter().collect();
    }
    let tail = kept * 2 / 5;
    let (head, tail) = (&name[..kept - tail], &name[name.len() - tail..]);
    let [head, tail] = [head, tail].map(|part| part.iter().collect::<String>());
    format!("{}…{}", head.trim_end(), tail.trim_start())
}

/// Returns the text as lines between words; what does not fit into so many lines is cut.
pub(crate) fn wrapped(text: &str, size: f64, bold: bool, room: f64, lines: usize) -> Vec<String> {
    let mut done: Vec<String> = Vec::new();
    let mut line = String::new();
    let mut words = text.split(' ').filter(|word| !word.is_empty()).peekable();
    while let Some(word) = words.next() {
        let longer = if line.is_empty() { word.to_string() } else { format!("{line} {word}") };
        if width(&longer, size, bold) <= room {
            line = longer;
            continue;
        }
        if done.len() + 1 == lines {
            let rest: Vec<&str> = words.by_ref().collect();
            line = cut(&format!("{longer} {}", rest.join(" ")), size, bold, room);
            break;
        }
        if !line.is_empty() {
            done.push(std::mem::take(&mut line));
        }
        line = cut(word, size, bold, room);
    }
    if !line.is_empty() {
        done.push(line);
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_cut_fits() {
        let long = "a part with a name that is much longer than anybody would want it to be".repeat(3);
        for room in [0.0, 5.0, 40.0, 133.3, 5000.0] {
            assert!(width(&cut(&long, 13.0, false, room), 13.0, false) <= room, "{room}");
        }
        assert_eq!(cut("web", 13.0, false, 100.0), "web");
    }

    #[test]
    fn a_name_keeps_the_end_that_tells_it_from_others() {
        let [one, two] = ["orders-service-in-production-eu-1", "orders-service-in-production-eu-2"]
            .map(|name| cut_name(name, 13.0, false, 130.0));
        assert!(one.starts_with("orders") && one.ends_with("eu-1") && one.contains('…'), "{one}");
        assert_ne!(one, two);
        for room in [0.0, 5.0, 40.0, 133.3] {
            let name = "数据库-".repeat(40);
            assert!(width(&cut_name(&name, 13.0, false, room), 13.0, false) <= room, "{room}");
        }
        assert_eq!(cut_name("web", 13.0, false, 100.0), "web");
    }

    #[test]
    fn names_that_are_cut_alike_are_numbered() {
        let long =
            |middle: &str| format!("orders-service-in-production-{middle}-behind-the-gateway-of-europe");
        let all = [long("a"), long("b"), long("a"), "web".to_string()];
        let names: Vec<&str> = all.iter().map(String::as_str).collect();
        let told = told_apart(&names, 12.5, false, 150.0);
        assert!(told[0].ends_with("(1)") && told[1].ends_with("(2)") && told[0].contains('…'), "{told:?}");
        assert_eq!((&told[0], told[3].as_str()), (&told[2], "web"));
        assert!(told.iter().all(|name| width(name, 12.5, false) <= 150.0), "{told:?}");
        // Ends that differ are kept, and so are beginnings: nothing is numbered that need not be.
        let ends = [format!("{}eu-1", long("")), format!("{}eu-2", long("")), format!("eu-3{}", long(""))];
        let ends: Vec<&str> = ends.iter().map(String::as_str).collect();
        let told = told_apart(&ends, 12.5, false, 150.0);
        assert!(told[0] != told[1] && told.iter().all(|name| !name.contains('(')), "{told:?}");
        for room in [0.0, 4.0, 12.0, 30.0] {
            assert!(
                told_apart(&names, 12.5, false, room).iter().all(|name| width(name, 12.5, false) <= room)
            );
        }
    }

    #[test]
    fn names_from_right_to_left_are_isolated_and_nothing_else() {
        let shown = |text: &str| isolated(text).replace('\u{2068}', "<").replace('\u{2069}', ">");
        assert_eq!(shown("p99 of web is 4 ms"), "p99 of web is 4 ms");
        assert_eq!(shown("p99 of خدمة, usually 5 ms"), "p99 of <خدمة>, usually 5 ms");
        assert_eq!(shown("خدمة-1/0 and web: no time."), "<خدمة-1/0> and web: no time.");
        assert_eq!(shown("of שירות: 3, then web-خدمة."), "of <שירות>: 3, then <web-خدمة>.");
        assert_eq!(shown("p99(خدمة.latency) < 5ms"), "p99(<خدمة.latency>) < 5ms");
        assert_eq!(shown("title: خدمة المدفوعات 12 ms"), "title: <خدمة المدفوعات> 12 ms");
        assert_eq!(shown("خد…مة"), "<خد…مة>");
    }

    #[test]
    fn lines_are_not_wider_than_the_room_and_not_more_than_asked_for() {
        let text =
            "p99 leaves the SLO at 1 840 requests/s, and a_word_without_any_space_in_it_that_is_too_long";
        for room in [60.0, 150.0, 400.0] {
            let lines = wrapped(text, 20.0, true, room, 2);
            assert!(lines.len() <= 2 && lines.iter().all(|l| width(l, 20.0, true) <= room), "{lines:?}");
        }
    }
}
