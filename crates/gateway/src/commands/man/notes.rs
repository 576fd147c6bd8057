//! What `--help` says below the options, as sections of a manual page.

use clap_mangen::roff::{Roff, roman};

/// The text's paragraphs. One that begins with a line such as `Examples:` above lines that are indented is a section of that
/// name, what stands before the first such is the section of notes, and lines that are indented stay as they are.
pub(super) fn sections(text: &str) -> Roff {
    let mut page = Roff::new();
    for (nth, paragraph) in text.split("\n\n").enumerate() {
        let lines: Vec<&str> = paragraph.lines().collect();
        let lines = match (heading(&lines), nth) {
            (Some(heading), _) => {
                page.control("SH", [heading.to_uppercase().as_str()]);
                &lines[1..]
            }
            (None, 0) => {
                page.control("SH", ["NOTES"]);
                &lines[..]
            }
            (None, _) => {
                page.control("PP", []);
                &lines[..]
            }
        };
        lines.chunk_by(|line, next| is_indented(line) == is_indented(next)).for_each(|run| add(&mut page, run));
    }
    page
}

fn heading<'a>(lines: &[&'a str]) -> Option<&'a str> {
    match lines {
        [first, second, ..] if !is_indented(first) && is_indented(second) => first.strip_suffix(':'),
        _ => None,
    }
}

fn is_indented(line: &str) -> bool {
    line.starts_with("  ")
}

/// Adds lines that are all indented, or all not.
fn add(page: &mut Roff, lines: &[&str]) {
    let is_verbatim = lines.first().is_some_and(|line| is_indented(line));
    if is_verbatim {
        page.control("RS", ["4"]).control("nf", []);
    }
    for line in lines {
        page.text([roman(line.strip_prefix("  ").unwrap_or(line))]);
    }
    if is_verbatim {
        page.control("fi", []).control("RE", []);
    }
}

#[cfg(test)]
mod tests {
    use super::sections;

    #[test]
    fn a_line_above_indented_ones_is_a_heading_and_those_stay_as_they_are() {
        let told = sections("Scopes: some,\nand others.\n\nExamples:\n  groupgate serve \\\n      --help").to_roff();
        let verbatim = ".RS 4\n.nf\ngroupgate serve \\\\\n    \\-\\-help\n.fi\n.RE\n";
        assert_eq!(told, format!(".SH NOTES\nScopes: some,\nand others.\n.SH EXAMPLES\n{verbatim}"));
    }

    #[test]
    fn a_paragraph_without_a_heading_goes_on_in_its_section() {
        let told = sections("Exit codes:\n  0  done\n\nThat is all.").to_roff();
        assert_eq!(told, ".SH \"EXIT CODES\"\n.RS 4\n.nf\n0  done\n.fi\n.RE\n.PP\nThat is all.\n");
    }
}
