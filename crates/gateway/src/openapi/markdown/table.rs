//! Tables of Markdown.

/// A table that grows row by row.
pub(super) struct Table<const COLUMNS: usize> {
    text: String,
}

impl<const COLUMNS: usize> Table<COLUMNS> {
    /// A table with this head.
    pub(super) fn new(head: &[&str; COLUMNS]) -> Self {
        let mut table = Self { text: "\n".to_owned() };
        table.row(&head.map(str::to_owned));
        table.row(&head.map(|_| "---".to_owned()));
        table
    }

    /// Adds a row. Its cells are Markdown on one line: [`cell`] makes that of a text.
    pub(super) fn row(&mut self, cells: &[String; COLUMNS]) {
        self.text += "| ";
        self.text += &cells.join(" | ");
        self.text += " |\n";
    }

    /// The table, with an empty line before it.
    pub(super) fn finish(self) -> String {
        self.text
    }
}

/// A text as it can stand in a cell.
pub(super) fn cell(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::{Table, cell};

    #[test]
    fn a_text_of_several_lines_with_bars_stays_in_its_cell() {
        let mut table = Table::new(&["a", "b"]);
        table.row(&[cell("one\n\ntwo | three"), "x".to_owned()]);
        assert_eq!(table.finish(), "\n| a | b |\n| --- | --- |\n| one two \\| three | x |\n");
    }
}
