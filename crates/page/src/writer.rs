//! HTML that cannot be broken out of: markup is what this program's own text holds, and everything else is escaped.

/// HTML as it grows.
#[derive(Default)]
pub(crate) struct Html {
    out: String,
}

impl Html {
    /// Adds markup: only what stands in this program.
    pub fn raw(&mut self, markup: &'static str) -> &mut Html {
        self.out.push_str(markup);
        self
    }

    /// Adds a text.
    pub fn text(&mut self, text: &str) -> &mut Html {
        escape(text, &mut self.out);
        self
    }

    /// Adds a text from elsewhere, whichever way it is written: what stands around it keeps its place.
    pub fn foreign(&mut self, text: &str) -> &mut Html {
        self.raw("<bdi>").text(text).raw("</bdi>")
    }

    /// Adds an attribute to the tag that is open.
    pub fn attribute(&mut self, name: &'static str, value: &str) -> &mut Html {
        self.raw(" ").raw(name).raw("=\"").text(value).raw("\"")
    }

    /// Adds a picture of crate plot, which escapes for itself.
    pub fn svg(&mut self, svg: &str) -> &mut Html {
        self.out.push_str(svg);
        self
    }

    /// Adds a script or style that is allowed by its hash.
    pub fn embedded(&mut self, text: &str) -> &mut Html {
        self.out.push_str(text);
        self
    }

    /// Adds JSON into a script that is none: nothing in it ends the script or begins a comment.
    pub fn json(&mut self, value: &serde_json::Value) -> &mut Html {
        for c in value.to_string().chars() {
            match c {
                '<' => self.out.push_str("\\u003c"),
                '>' => self.out.push_str("\\u003e"),
                '&' => self.out.push_str("\\u0026"),
                '\u{2028}' => self.out.push_str("\\u2028"),
                '\u{2029}' => self.out.push_str("\\u2029"),
                c => self.out.push(c),
            }
        }
        self
    }

    /// Returns all of it.
    pub fn done(self) -> String {
        self.out
    }
}

fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() && c != '\n' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_stays_text() {
        let mut html = Html::default();
        html.raw("<p")
            .attribute("title", "\" onload='x'")
            .raw(">")
            .foreign("</p><script>alert(1)</script>")
            .raw("</p>");
        assert_eq!(
            html.done(),
            "<p title=\"&quot; onload=&#39;x&#39;\"><bdi>&lt;/p&gt;&lt;script&gt;alert(1)&lt;/script&gt;</bdi></p>"
        );
    }

    #[test]
    fn data_do_not_end_the_script_they_are_in() {
        let mut html = Html::default();
        let value = serde_json::json!({ "</script><!--": "\u{2028}&" });
        let text = html.json(&value).out.clone();
        assert!(!text.contains('<') && !text.contains('&') && !text.contains('\u{2028}'));
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }
}
