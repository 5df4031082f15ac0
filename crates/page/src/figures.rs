//! Figures inside a page: one drawing for light and dark.

use std::collections::BTreeMap;

use kneepoint_plot::{Figure, Picture, Theme};

/// Colours that differ between light and dark, by what they are called in the style.
#[derive(Default)]
pub(crate) struct Pairs {
    all: BTreeMap<(String, String), String>,
}

impl Pairs {
    /// Returns what they are called, and what they are in light and in dark.
    pub fn list(&self) -> Vec<(String, String, String)> {
        self.all.iter().map(|((light, dark), name)| (name.clone(), light.clone(), dark.clone())).collect()
    }

    fn name(&mut self, light: &str, dark: &str) -> String {
        let name = format!("c{light}-{dark}").to_ascii_lowercase();
        self.all.entry((light.to_string(), dark.to_string())).or_insert(name).clone()
    }
}

/// Draws a figure once for both themes: where the two pictures differ they differ in a colour, and the page's style
/// says which it is. If they ever differ in more, both are drawn, and the style shows one.
pub(crate) fn inline(figure: &Figure, pairs: &mut Pairs) -> String {
    let [light, dark] =
        [Theme::LIGHT, Theme::DARK].map(|theme| lean(&Picture { theme, size: None }.svg(figure)));
    one(&light, &dark, pairs).unwrap_or_else(|| {
        format!("<div class=\"in-light\">{light}</div><div class=\"in-dark\">{dark}</div>")
    })
}

/// Leaves out what the page's style says for all figures, or what says nothing.
fn lean(svg: &str) -> String {
    svg.replace(" font-family=\"DejaVu Sans, Verdana, sans-serif\"", "").replace(" opacity=\"1\"", "")
}

fn one(light: &str, dark: &str, pairs: &mut Pairs) -> Option<String> {
    const SIGN: &str = "\"#";
    let (mut of_light, mut of_dark) = (light.split(SIGN), dark.split(SIGN));
    let mut both = of_light.next()?.to_string();
    if of_dark.next()? != both {
        return None;
    }
    loop {
        match (of_light.next(), of_dark.next()) {
            (None, None) => return Some(both),
            (Some(a), Some(b)) if a == b => {
                both.push_str(SIGN);
                both.push_str(a);
            }
            (Some(a), Some(b)) => {
                let ((a, rest), (b, other)) = (a.split_once('"')?, b.split_once('"')?);
                let hex = |text: &str| text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
                if rest != other || !hex(a) || !hex(b) {
                    return None;
                }
                let name = pairs.name(a, b);
                both.push_str(&format!("\"var(--{name})\"{rest}"));
            }
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_that_differ_become_names_and_others_stay() {
        let mut pairs = Pairs::default();
        let both =
            one("<a b=\"#FFFFFF\"/><c d=\"#000000\"/>", "<a b=\"#161B22\"/><c d=\"#000000\"/>", &mut pairs);
        assert_eq!(both.unwrap(), "<a b=\"var(--cffffff-161b22)\"/><c d=\"#000000\"/>");
        let all = [("cffffff-161b22".to_string(), "FFFFFF".to_string(), "161B22".to_string())];
        assert_eq!(pairs.list(), all);
        assert_eq!(one("<a b=\"#FFFFFF\"/>", "<a b=\"#FFFFFF\"/><c/>", &mut pairs), None);
    }
}
