//! What a page carries with it: its style, its program, and the one library it draws charts with.

use std::fmt::Write as _;

use kneepoint_plot::{Colour, Rgb, SLOTS, Theme};
use sha2::{Digest, Sha256};

/// The version of uPlot that is embedded.
pub const UPLOT_VERSION: &str = "1.6.32";

/// uPlot: charts on a canvas.
pub(crate) const UPLOT: &str = include_str!("../vendor/uplot/uPlot.iife.min.js");

/// Its licence: it asks for being kept with every copy.
pub(crate) const UPLOT_LICENCE: &str = include_str!("../vendor/uplot/LICENSE");

/// The program of the page, written by hand.
pub(crate) const PROGRAM: &str = include_str!("../assets/page.js");

const UPLOT_STYLE: &str = include_str!("../vendor/uplot/uPlot.min.css");
const STYLE: &str = include_str!("../assets/page.css");

/// Returns the whole style: colours of the figures first, in light and dark, then how the page looks.
///
/// `pairs` are colours that figures have in light and in dark, by what they are called.
pub(crate) fn style(pairs: &[(String, String, String)]) -> String {
    let theme = |theme: Theme| {
        let mut all = String::new();
        let mut colour = |name: &str, Rgb(r, g, b): Rgb| {
            write!(all, "--{name}:#{r:02x}{g:02x}{b:02x};").expect("a String takes everything");
        };
        colour("ground", theme.ground());
        for (name, of) in [
            ("ink", Colour::Ink),
            ("quiet", Colour::Quiet),
            ("grid", Colour::Grid),
            ("bound", Colour::Bound),
            ("neutral", Colour::Neutral),
        ] {
            colour(name, theme.rgb(of));
        }
        for slot in 0..SLOTS {
            colour(&format!("s{slot}"), theme.rgb(Colour::Slot(slot)));
        }
        for (name, light, dark) in pairs {
            write!(all, "--{name}:#{};", if theme.dark { dark } else { light })
                .expect("a String takes everything");
        }
        all
    };
    let (light, dark) = (theme(Theme::LIGHT), theme(Theme::DARK));
    let mut all = String::from(UPLOT_STYLE);
    // On paper, and while the page's program draws for paper, it is always light.
    write!(
        all,
        "\n:root{{color-scheme:light;{light}}}\n@media screen and (prefers-color-scheme:dark){{\
         :root:not([data-print]){{color-scheme:dark;{dark}}}}}\n"
    )
    .expect("a String takes everything");
    for slot in 0..SLOTS {
        write!(all, ".s{slot}{{--is:var(--s{slot})}}").expect("a String takes everything");
    }
    all.push('\n');
    all.push_str(STYLE);
    all
}

/// Returns what a content policy allows a script or style by.
pub(crate) fn hash(text: &str) -> String {
    format!("'sha256-{}'", base64(&Sha256::digest(text.as_bytes())))
}

/// RFC 4648, with padding.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let bits =
            three.iter().enumerate().fold(0_u32, |bits, (at, byte)| bits | u32::from(*byte) << (16 - 8 * at));
        for at in 0..4 {
            if at <= three.len() {
                text.push(LETTERS[(bits >> (18 - 6 * at)) as usize & 63] as char);
            } else {
                text.push('=');
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_others() {
        // FIPS 180-4, example of the empty message; RFC 4648, section 10.
        assert_eq!(hash(""), "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='");
        assert_eq!(
            ["", "f", "fo", "foo", "foob"].map(|text| base64(text.as_bytes())),
            ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg=="]
        );
    }

    #[test]
    fn what_is_embedded_ends_no_script_and_is_the_version_that_is_said() {
        for text in [UPLOT, PROGRAM] {
            let text = text.to_ascii_lowercase();
            assert!(!text.contains("</script") && !text.contains("<!--"));
        }
        assert!(UPLOT.starts_with(&format!("/*! https://github.com/leeoniya/uPlot (v{UPLOT_VERSION}) */")));
        assert!(!style(&[]).to_ascii_lowercase().contains("</style"));
    }

    #[test]
    fn the_library_is_the_one_that_was_looked_at() {
        let digest = |text: &str| -> String {
            Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
        };
        let readme = include_str!("../vendor/uplot/README.md");
        for (name, text) in
            [("uPlot.iife.min.js", UPLOT), ("uPlot.min.css", UPLOT_STYLE), ("LICENSE", UPLOT_LICENCE)]
        {
            let line = format!("| `{name}` | `{}` |", digest(text));
            assert!(readme.contains(&line), "{line}");
        }
    }

    #[test]
    fn phases_have_the_colours_of_the_figures() {
        let of = |phase: &str| -> Vec<Rgb> {
            let run = serde_json::json!({
                "schema_version": 1, "program": "kneepoint", "seed": 1, "replications": 1, "run": { "confidence": 0.95 },
                "clients": [{ "name": "users", "latency": { "count": 1, "mean": { "value": 1.0 } },
                    "time": { phase: { "total": 1.0, "per_request": { "value": 1.0 } } } }],
            });
            let results = kneepoint_plot::read("run.json", &run.to_string()).expect("it is a run");
            let figures = kneepoint_plot::figures(&results);
            let figure = figures.iter().find(|figure| figure.name == "time").expect("there is time");
            let svg =
                kneepoint_plot::Picture { theme: Theme::LIGHT, size: None }.svg(figure).to_ascii_lowercase();
            let all =
                (0..SLOTS).map(Colour::Slot).chain([Colour::Neutral]).map(|colour| Theme::LIGHT.rgb(colour));
            all.filter(|Rgb(r, g, b)| svg.contains(&format!("\"#{r:02x}{g:02x}{b:02x}\""))).collect()
        };
        for phase in ["service", "waiting", "network", "pool", "backoff", "wasted"] {
            let rule = STYLE.split(&format!(".p-{phase} {{ fill: var(--")).nth(1).expect("the style has it");
            let name = rule.split(')').next().expect("a split has a first");
            let colour = match name.strip_prefix('s') {
                Some(slot) => Colour::Slot(slot.parse().expect("a number")),
                None => Colour::Neutral,
            };
            assert!(
                of(phase).contains(&Theme::LIGHT.rgb(colour)),
                "{phase}: {name}, and figures have {:?}",
                of(phase)
            );
        }
    }
}
