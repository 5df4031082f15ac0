//! Tables of text that fit a width without ever cutting a cell.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr;

/// Blanks between columns.
const GAP: usize = 2;

/// Rows of cells under headings. The first column is the name of the row and stands left, the others stand right.
///
/// # Example
/// ```
/// let mut table = kneepoint_report::Table::new(["", "calls", "errors"]);
/// table.row("web", ["1,200 /s ±3", "0 % ±0"]);
/// assert_eq!(table.render(80), "           calls  errors\nweb  1,200 /s ±3  0 % ±0\n");
/// ```
#[derive(Clone, Debug)]
pub struct Table {
    heads: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// Returns an empty table with these headings; the first is that of the names.
    pub fn new<S: Into<String>>(heads: impl IntoIterator<Item = S>) -> Table {
        Table { heads: heads.into_iter().map(Into::into).collect(), rows: Vec::new() }
    }

    /// Adds a row. Cells that are missing at its end stay empty.
    ///
    /// # Panics
    /// If it has more cells than there are headings.
    pub fn row<S: Into<String>>(&mut self, name: impl Into<String>, cells: impl IntoIterator<Item = S>) {
        let mut row = vec![name.into()];
        row.extend(cells.into_iter().map(Into::into));
        assert!(
            row.len() <= self.heads.len(),
            "a row of {} cells under {} headings",
            row.len(),
            self.heads.len()
        );
        row.resize(self.heads.len(), String::new());
        self.rows.push(row);
    }

    /// Returns whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Returns the table as lines.
    ///
    /// Columns in which every cell is empty are left out. Columns that do not fit beside the others go into a
    /// further block below, under their headings and beside the names again: nothing is cut.
    pub fn render(&self, width: usize) -> String {
        let widths: Vec<usize> = (0..self.heads.len())
            .map(|column| self.cells(column).map(|cell| cell.width()).max().unwrap_or(0))
            .collect();
        let filled =
            (1..self.heads.len()).filter(|&column| self.rows.iter().any(|row| !row[column].is_empty()));
        let mut blocks: Vec<Vec<usize>> = vec![Vec::new()];
        let mut used = widths[0];
        for column in filled {
            if used + GAP + widths[column] > width && blocks.last().is_some_and(|block| !block.is_empty()) {
                blocks.push(Vec::new());
                used = widths[0];
            }
            used += GAP + widths[column];
            blocks.last_mut().expect("there is a first block").push(column);
        }
        let mut text = String::new();
        for block in blocks {
            self.write_line(&mut text, &self.heads, &block, &widths);
            for row in &self.rows {
                self.write_line(&mut text, row, &block, &widths);
            }
        }
        text
    }

    fn cells(&self, column: usize) -> impl Iterator<Item = &str> {
        std::iter::once(&self.heads).chain(&self.rows).map(move |row| row[column].as_str())
    }

    fn write_line(&self, text: &mut String, row: &[String], block: &[usize], widths: &[usize]) {
        let mut line = row[0].clone() + &blanks(widths[0] - row[0].width());
        for &column in block {
            let blank = blanks(GAP + widths[column] - row[column].width());
            write!(line, "{blank}{}", row[column]).expect("a String takes everything");
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
}

fn blanks(n: usize) -> String {
    " ".repeat(n)
}

/// Returns a text broken into lines of a width, the first after `first`, the others after blanks of the same width.
///
/// A word that is longer than a line stays whole.
pub fn wrap(first: &str, text: &str, width: usize) -> String {
    let indent = blanks(first.width());
    let (mut lines, mut line, mut used) = (String::new(), first.to_string(), first.width());
    let mut empty = true;
    for word in text.split_whitespace() {
        if !empty && used + 1 + word.width() > width {
            lines.push_str(line.trim_end());
            lines.push('\n');
            (line, used, empty) = (indent.clone(), first.width(), true);
        }
        if !empty {
            line.push(' ');
            used += 1;
        }
        line.push_str(word);
        used += word.width();
        empty = false;
    }
    lines + line.trim_end() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three() -> Table {
        let mut table = Table::new(["", "calls", "errors", "queue"]);
        table.row("web", ["1,200 /s ±3", "0 % ±0", "4.00 ±0.2"]);
        table.row("数据库", ["2 /s ±1", "", "12.0 ±0.3"]);
        table
    }

    #[test]
    fn columns_line_up_also_under_wide_letters() {
        let expected = [
            "              calls  errors      queue",
            "web     1,200 /s ±3  0 % ±0  4.00 ±0.2",
            "数据库      2 /s ±1          12.0 ±0.3",
        ];
        assert_eq!(three().render(80).lines().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn what_does_not_fit_goes_below_and_nothing_is_cut() {
        let narrow = three().render(28);
        assert!(narrow.lines().all(|line| line.width() <= 28), "{narrow}");
        for cell in ["1,200 /s ±3", "0 % ±0", "4.00 ±0.2", "12.0 ±0.3"] {
            assert!(narrow.contains(cell), "{narrow}");
        }
        assert_eq!(narrow.matches("web").count(), 2);
        let tiny = three().render(1);
        assert_eq!(tiny.matches("web").count(), 3, "one column a block at least: {tiny}");
    }

    #[test]
    fn a_column_without_a_cell_is_left_out() {
        let mut table = Table::new(["", "calls", "lost"]);
        table.row("web", ["1"]);
        assert_eq!(table.render(80), "     calls\nweb      1\n");
    }

    #[test]
    fn text_is_broken_between_words() {
        assert_eq!(wrap("- ", "one two three", 9), "- one two\n  three\n");
        assert_eq!(wrap("- ", "supercalifragilistic", 5), "- supercalifragilistic\n");
        assert_eq!(wrap("", "", 5), "\n");
    }
}
