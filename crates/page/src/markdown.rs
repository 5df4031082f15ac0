//! The short form of a page, as pull requests show it (GitHub Flavored Markdown): no pictures, no charts.

use crate::document::{Block, Cell, Document, Table};

/// Rows of one table that a reader of a pull request is asked to read.
const ROWS_MOST: usize = 40;

pub(crate) fn page(document: &Document) -> String {
    let mut out = format!("# {}\n\n", text(&document.title));
    if let Some(question) = &document.question {
        out.push_str(&format!("{}\n\n", text(question)));
    }
    for finding in &document.findings {
        let sentence = text(&finding.sentence);
        // Most sentences say it themselves.
        let said = finding.sentence.to_lowercase().starts_with(&finding.verdict.to_lowercase());
        match finding.verdict.as_str() {
            verdict if !verdict.is_empty() && !said => {
                out.push_str(&format!("**{}:** {sentence}\n\n", text(verdict)))
            }
            _ => out.push_str(&format!("**{sentence}**\n\n")),
        }
    }
    for section in document.sections.iter().filter(|section| section.brief) {
        out.push_str(&format!("## {}\n\n", section.title));
        for block in &section.blocks {
            self::block(block, &mut out);
        }
    }
    while out.ends_with("\n\n") {
        out.pop();
    }
    out
}

fn block(block: &Block, out: &mut String) {
    match block {
        Block::Heading(heading) => out.push_str(&format!("### {}\n\n", text(heading))),
        Block::Words(words) => out.push_str(&format!("{}\n\n", text(words))),
        Block::Table(of) => table(of, out),
        Block::List(lines) => {
            for line in lines {
                out.push_str(&format!("- {}", text(&line.text)));
                if !line.aside.is_empty() {
                    out.push_str(&format!(" ({})", text(&line.aside)));
                }
                out.push('\n');
            }
            out.push('\n');
        }
        Block::Command(command) => {
            // A fence longer than any run of its marks inside cannot be closed by them.
            let fence = "`".repeat(3.max(longest_run(command) + 1));
            out.push_str(&format!("{fence}sh\n{command}\n{fence}\n\n"));
        }
        // The numbers of cards are in the tables; pictures and single requests are for the page.
        Block::Cards(_) | Block::Figure(_) | Block::Charts(_) | Block::Request(_) => {}
    }
}

fn longest_run(command: &str) -> usize {
    let runs = command.split(|c| c != '`').map(str::len);
    runs.max().unwrap_or(0)
}

fn table(table: &Table, out: &mut String) {
    if table.folded {
        // The reader of a pull request unfolds what is long; what is between the tags is Markdown again.
        let rows = kneepoint_report::counted(table.rows.len() as u64, "row", "rows");
        out.push_str(&format!("<details><summary>{} ({rows})</summary>\n\n|", text(&table.caption)));
    } else {
        out.push_str(&format!("{}:\n\n|", text(&table.caption)));
    }
    for head in &table.head {
        out.push_str(&format!(" {} |", text(head)));
    }
    out.push_str("\n|");
    for at in 0..table.head.len() {
        let words = at == 0 || table.rows.iter().any(|row| row[at].words);
        out.push_str(if words { " --- |" } else { " ---: |" });
    }
    out.push('\n');
    for row in table.rows.iter().take(ROWS_MOST) {
        out.push('|');
        for cell in row {
            out.push_str(&format!(" {} |", self::cell(cell)));
        }
        out.push('\n');
    }
    out.push('\n');
    if let Some(more) = table.rows.len().checked_sub(ROWS_MOST).filter(|more| *more > 0) {
        out.push_str(&format!("{more} more rows are on the page.\n\n"));
    }
    for note in &table.notes {
        out.push_str(&format!("{}\n\n", text(note)));
    }
    if table.folded {
        out.push_str("</details>\n\n");
    }
}

fn cell(cell: &Cell) -> String {
    match &cell.verdict {
        Some(_) => format!("**{}**", text(&cell.text)),
        None => text(&cell.text),
    }
}

/// Writes a text so that it is shown as it is: no markup, no link, no mention, nothing that ends a cell.
fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // Backslashes do not keep either from being a mention or a link.
            '@' => out.push_str("&#64;"),
            ':' if out.ends_with("http") || out.ends_with("https") => out.push_str("&#58;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '#' | '|' | '~' | '!' | '$' => {
                out.push('\\');
                out.push(c);
            }
            '\n' | '\r' => out.push(' '),
            c => out.push(c),
        }
    }
    // At the beginning of a line these begin a list.
    if let Some(first) = out.chars().next()
        && "-+=".contains(first)
    {
        out.insert(0, '\\');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_is_no_markup() {
        assert_eq!(text("a|b <img> @all [x](http://y)"), "a\\|b &lt;img&gt; &#64;all \\[x\\](http&#58;//y)");
        assert_eq!(text("- x\n# y"), "\\- x \\# y");
    }

    #[test]
    fn a_folded_table_is_unfolded_by_who_wants_to_read_it() {
        let mut table = Table::new("Defaults & <more>", &["what", "value"]);
        table.row(vec![Cell::words("run.seed"), Cell::words("1")]);
        table.folded = true;
        let mut out = String::new();
        self::table(&table, &mut out);
        assert_eq!(
            out,
            "<details><summary>Defaults &amp; &lt;more&gt; (1 row)</summary>\n\n| what | value |\n| --- | --- |\n\
             | run.seed | 1 |\n\n</details>\n\n"
        );
    }

    #[test]
    fn a_command_stays_inside_its_fence() {
        let mut out = String::new();
        block(&Block::Command("kneepoint run 'a```b.ron'".to_string()), &mut out);
        assert_eq!(out, "````sh\nkneepoint run 'a```b.ron'\n````\n\n");
    }
}
