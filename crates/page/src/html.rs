//! A page as HTML: one file, nothing loaded, nothing run but what its hash names.

use crate::assets::{PROGRAM, UPLOT, UPLOT_LICENCE, UPLOT_VERSION, hash, style};
use crate::document::{Block, Card, Cell, ChartBlock, Document, Group, Request, Section, SpanLine, Table};
use crate::figures::{Pairs, inline};
use crate::sections::IMPROBABLE;
use crate::writer::Html;

/// Units of a bar from birth to end.
const BAR: f64 = 1000.0;

/// Steps of indentation that can be told apart on a phone.
const DEPTH_MOST: usize = 12;

/// What is said to whoever has no JavaScript.
const WITHOUT_SCRIPT: &str = "<noscript><p class=\"note\">Without JavaScript this page has no charts to look closer at \
    (over time: clients, parts, dashboard), and its tabs stand one below the other. All tables and all static figures are \
    here.</p></noscript>\n";

pub(crate) fn page(document: &Document) -> String {
    let mut body = Body { html: Html::default(), pairs: Pairs::default() };
    body.head(document);
    let has_charts = !document.charts.is_null();
    if has_charts {
        body.html.raw(WITHOUT_SCRIPT);
    }
    body.html.raw("<main id=\"main\">\n");
    for section in &document.sections {
        body.section(section);
    }
    body.html.raw("</main>\n");
    let Body { html: content, pairs } = body;

    let style = style(&pairs.list());
    let scripts: Vec<&str> = if has_charts { vec![UPLOT, PROGRAM] } else { vec![PROGRAM] };
    let allowed: Vec<String> = scripts.iter().map(|script| hash(script)).collect();
    let policy = format!(
        "default-src 'none'; script-src {}; style-src {}; base-uri 'none'; form-action 'none'",
        allowed.join(" "),
        hash(&style)
    );

    let mut html = Html::default();
    html.raw("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    html.raw("<meta http-equiv=\"Content-Security-Policy\"").attribute("content", &policy).raw(">\n");
    html.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    html.raw("<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"generator\"");
    html.attribute("content", concat!("kneepoint ", env!("CARGO_PKG_VERSION"))).raw(">\n<title>");
    html.text(&document.title).raw("</title>\n<style>").embedded(&style).raw("</style>\n</head>\n<body>\n");
    html.embedded(&content.done());
    footer(&mut html, has_charts);
    html.raw("<script type=\"application/json\" id=\"data\">").json(&document.charts).raw("</script>\n");
    for script in scripts {
        html.raw("<script>").embedded(script).raw("</script>\n");
    }
    html.raw("</body>\n</html>\n");
    html.done()
}

fn footer(html: &mut Html, has_charts: bool) {
    html.raw("<footer>\n<p>Made by ").text(concat!("kneepoint ", env!("CARGO_PKG_VERSION")));
    html.raw(" from stored results. This file needs no network and loads nothing.</p>\n");
    if has_charts {
        html.raw("<details><summary>Charts are drawn by uPlot ").text(UPLOT_VERSION);
        html.raw(" (MIT)</summary><pre>").text(UPLOT_LICENCE).raw("</pre></details>\n");
    }
    html.raw("</footer>\n");
}

struct Body {
    html: Html,
    pairs: Pairs,
}

impl Body {
    fn head(&mut self, document: &Document) {
        let html = &mut self.html;
        html.raw("<a class=\"skip\" href=\"#main\">Skip to the content</a>\n<header>\n<h1>")
            .foreign(&document.title);
        html.raw("</h1>\n");
        if let Some(question) = &document.question {
            html.raw("<p class=\"question\">").foreign(question).raw("</p>\n");
        }
        for (at, finding) in document.findings.iter().enumerate() {
            // The sentence says the verdict; its colour repeats it.
            let class = if at == 0 { "finding answer" } else { "finding" };
            let kind = kind(&finding.verdict);
            html.raw("<p").attribute("class", &format!("{class} {kind}")).raw(">").foreign(&finding.sentence);
            html.raw("</p>\n");
        }
        html.raw("<nav aria-label=\"Sections\"><ul>\n");
        for section in &document.sections {
            html.raw("<li><a").attribute("href", &format!("#{}", section.id)).raw(">").text(&section.title);
            html.raw("</a></li>\n");
        }
        html.raw("</ul></nav>\n</header>\n");
    }

    fn section(&mut self, section: &Section) {
        self.html
            .raw("<section")
            .attribute("id", &section.id)
            .raw(">\n<h2>")
            .text(&section.title)
            .raw("</h2>\n");
        for block in &section.blocks {
            self.block(block);
        }
        self.html.raw("</section>\n");
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Heading(text) => {
                self.html.raw("<h3>").text(text).raw("</h3>\n");
            }
            Block::Words(text) => {
                self.html.raw("<p>").foreign(text).raw("</p>\n");
            }
            Block::Cards(cards) => self.cards(cards),
            Block::Table(table) => self.table(table),
            Block::Figure(figure) => {
                let svg = inline(figure, &mut self.pairs);
                self.html.raw("<figure class=\"picture\"");
                self.html.attribute("data-figure", &figure.name);
                if let Some(wide) = is_wide(&svg) {
                    self.html.attribute("data-wide", wide);
                }
                self.html
                    .raw("><div class=\"scroll\" tabindex=\"0\" role=\"group\"")
                    .attribute("aria-label", &figure.title)
                    .raw(">")
                    .svg(&svg)
                    .raw("</div><figcaption>Wider than this screen: scroll it sideways.</figcaption></figure>\n");
            }
            Block::List(lines) => {
                self.html.raw("<ul>\n");
                for line in lines {
                    self.html.raw("<li>").foreign(&line.text);
                    if !line.aside.is_empty() {
                        self.html.raw(" <small>").foreign(&line.aside).raw("</small>");
                    }
                    self.html.raw("</li>\n");
                }
                self.html.raw("</ul>\n");
            }
            Block::Command(command) => {
                self.html.raw("<pre class=\"command\"><code>").foreign(command).raw("</code></pre>\n");
            }
            Block::Charts(groups) => self.charts(groups),
            Block::Request(request) => self.request(request),
        }
    }

    fn cards(&mut self, cards: &[Card]) {
        self.html.raw("<div class=\"cards\">\n");
        for card in cards {
            self.html.raw("<section class=\"card\"><h3>").text(card.title).raw("</h3><dl>\n");
            for (label, cell) in &card.numbers {
                self.html.raw("<div><dt>").foreign(label).raw("</dt><dd>");
                self.cell(cell);
                self.html.raw("</dd></div>\n");
            }
            self.html.raw("</dl></section>\n");
        }
        self.html.raw("</div>\n");
    }

    fn table(&mut self, table: &Table) {
        if table.folded {
            let rows = kneepoint_report::count(table.rows.len() as u64);
            self.html.raw("<details class=\"fold\"><summary>").foreign(&table.caption);
            self.html.raw(" <small>").text(&format!("{rows} rows")).raw("</small></summary>\n");
        }
        self.html.raw("<div class=\"scroll\" tabindex=\"0\" role=\"group\"");
        self.html.attribute("aria-label", &table.caption);
        self.html.raw("><table>\n<caption>").foreign(&table.caption);
        self.html.raw("</caption>\n<thead><tr>");
        for (at, head) in table.head.iter().enumerate() {
            // A column of words begins where its words begin.
            let words = at == 0 || table.rows.iter().any(|row| row[at].words);
            self.html.raw(if words { "<th scope=\"col\">" } else { "<th scope=\"col\" class=\"n\">" });
            self.html.foreign(head).raw("</th>");
        }
        self.html.raw("</tr></thead>\n<tbody>\n");
        for row in &table.rows {
            self.html.raw("<tr>");
            for (at, cell) in row.iter().enumerate() {
                self.html.raw(match (at, cell.words) {
                    (0, _) => "<th scope=\"row\">",
                    (_, true) => "<td>",
                    (_, false) => "<td class=\"n\">",
                });
                self.cell(cell);
                self.html.raw(if at == 0 { "</th>" } else { "</td>" });
            }
            self.html.raw("</tr>\n");
        }
        self.html.raw("</tbody>\n</table></div>\n");
        for note in &table.notes {
            self.html.raw("<p class=\"note\">").foreign(note).raw("</p>\n");
        }
        if table.folded {
            self.html.raw("</details>\n");
        }
    }

    fn cell(&mut self, cell: &Cell) {
        let html = &mut self.html;
        if let Some(slot) = cell.slot {
            html.raw("<i").attribute("class", &format!("swatch s{slot}")).raw("></i>");
        }
        if let Some(verdict) = &cell.verdict {
            html.raw("<span")
                .attribute("class", &format!("verdict {}", kind(verdict)))
                .raw(">")
                .foreign(&cell.text);
            html.raw("</span>");
            return;
        }
        match &cell.number {
            Some((value, of)) => {
                html.raw("<data")
                    .attribute("value", value)
                    .attribute("data-of", of)
                    .raw(">")
                    .text(&cell.text);
                html.raw("</data>");
            }
            None if cell.words => {
                html.foreign(&cell.text);
            }
            None => {
                html.text(&cell.text);
            }
        }
    }

    fn charts(&mut self, groups: &[Group]) {
        self.html.raw("<p class=\"note no-js\">The charts of this section need JavaScript; everything else does not.</p>\n<div class=\"tabs\" id=\"tabs\">\n");
        for group in groups {
            self.html.raw("<section class=\"panel\"").attribute("id", group.id).raw("><h3>");
            self.html.text(group.title).raw("</h3>\n");
            for block in &group.blocks {
                match block {
                    ChartBlock::Heading(text) => {
                        self.html.raw("<h4>").text(text).raw("</h4>\n");
                    }
                    ChartBlock::Words(text) => {
                        self.html.raw("<p>").foreign(text).raw("</p>\n");
                    }
                    ChartBlock::Chart { at, title } => {
                        self.html.raw("<figure class=\"chart\"").attribute("data-chart", &at.to_string());
                        self.html.raw("><figcaption>").foreign(title).raw("</figcaption></figure>\n");
                    }
                    ChartBlock::Table(table) => self.table(table),
                    ChartBlock::Choice => {
                        self.html.raw("<div class=\"choice\"></div>\n");
                    }
                }
            }
            self.html.raw("</section>\n");
        }
        self.html.raw("</div>\n");
    }

    fn request(&mut self, request: &Request) {
        self.html.raw(if request.open {
            "<details class=\"request\" open>"
        } else {
            "<details class=\"request\">"
        });
        self.html.raw("<summary>").foreign(&request.title).raw("</summary>\n<p class=\"note\">");
        self.html
            .text(&request.path)
            .raw("</p>\n<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Where it was\"><table class=\"spans\">\n<caption>Where it was</caption>\n");
        self.html.raw("<thead><tr><th scope=\"col\">where</th><th scope=\"col\">with</th><th scope=\"col\" class=\"n\">from</th><th scope=\"col\" class=\"n\">took</th><th scope=\"col\">on the path</th><th scope=\"col\" class=\"when\">when</th></tr></thead>\n<tbody>\n");
        for span in &request.spans {
            self.span(span, request.latency);
        }
        self.html.raw("</tbody>\n</table></div>\n");
        if let Some(note) = &request.note {
            self.html.raw("<p class=\"note\">").text(note).raw("</p>\n");
        }
        self.html.raw("</details>\n");
    }

    fn span(&mut self, span: &SpanLine, latency: f64) {
        let words = |seconds: f64| kneepoint_report::duration(seconds * 1e9);
        let html = &mut self.html;
        html.raw(if span.critical { "<tr class=\"critical\">" } else { "<tr>" });
        html.raw("<th scope=\"row\"")
            .attribute("class", &format!("d{}", span.depth.min(DEPTH_MOST)))
            .raw(">");
        if let Some(slot) = span.slot {
            html.raw("<i").attribute("class", &format!("swatch s{slot}")).raw("></i>");
        }
        html.foreign(&span.at).raw("</th><td>").foreign(&span.phase).raw("</td>");
        let Some((from, to)) = span.time else {
            html.raw("<td></td><td></td><td></td><td></td></tr>\n");
            return;
        };
        html.raw("<td class=\"n\">").text(&words(from)).raw("</td><td class=\"n\">").text(&words(to - from));
        html.raw("</td><td>").raw(if span.critical { "yes" } else { "" }).raw("</td><td class=\"when\">");
        // What goes on after the answer lies beyond the end of the bar.
        let whole = if latency > 0.0 { latency } else { 1.0 };
        let [left, right] = [from, to].map(|at| (at / whole).clamp(0.0, 1.0) * BAR);
        // A sliver can be seen.
        let wide = (right - left).max(2.0);
        html.raw("<svg class=\"bar\" viewBox=\"0 0 1000 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect");
        html.attribute("class", &format!("phase p-{}", phase(&span.phase)));
        html.attribute("x", &format!("{:.1}", left.min(BAR - wide)))
            .attribute("width", &format!("{wide:.1}"));
        html.raw(" height=\"10\"/></svg></td></tr>\n");
    }
}

/// Phases have their colours in the style: any other word has none.
fn phase(phase: &str) -> &'static str {
    const PHASES: [&str; 6] = ["service", "waiting", "network", "pool", "backoff", "wasted"];
    PHASES.into_iter().find(|known| *known == phase).unwrap_or("other")
}

/// Verdicts have their colours in the style.
fn kind(verdict: &str) -> &'static str {
    match verdict {
        "met" => "good",
        "missed" | "void" | IMPROBABLE => "bad",
        "" | "nothing to judge" => "none",
        _ => "unsure",
    }
}

/// Whether a picture is drawn wider than others are: than the page on any screen, or than it is on some.
fn is_wide(svg: &str) -> Option<&'static str> {
    /// What a page leaves for a picture at most, and how wide others are drawn \[px\]: see the style.
    const PAGE: f64 = 1240.0;
    const OTHERS: f64 = 960.0;
    let (_, rest) = svg.split_once(" width=\"")?;
    let width: f64 = rest.split('"').next()?.parse().ok()?;
    match width {
        _ if width > PAGE => Some("page"),
        _ if width > OTHERS => Some("screen"),
        _ => None,
    }
}
