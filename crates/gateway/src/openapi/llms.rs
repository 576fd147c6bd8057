//! `llms.txt`: the operations in plain text, for programs that read before they call, in the form of
//! [llmstxt.org](https://llmstxt.org): a title, a summary in a quotation, and lists of links.

use std::fmt::Write;

use cams_api::Operation;

use super::TITLE;
use crate::operations::{Context, OperationError, OperationVisitor, each_operation};

const SUMMARY: &str = "\
A multi-tenant gateway for WhatsApp groups. Every operation is a `POST` to `/v1/{Operation}` with a JSON object, made \
with an access key by HTTP Basic or with a Bearer token, and answers with `Code`, `Success` and `Message` beside its own \
fields.";

/// The text, for a gateway that is reached at `base` (no `/` at its end).
pub(super) fn render(base: &str) -> String {
    let mut sections = Sections { base, of_noun: Vec::new() };
    each_operation(&mut sections);
    let mut text = format!("# {TITLE}\n\n> {SUMMARY}\n\n## Documents\n\n");
    for (name, path, what) in [
        ("OpenAPI", super::OPENAPI_PATH, "the schemas of all requests, answers and errors (OpenAPI 3.1, JSON)"),
        ("Operations", super::MARKDOWN_PATH, "the same to read: parameters, answers, codes, examples (Markdown)"),
        ("Swagger UI", super::UI_PATH, "the same in a browser, to try"),
    ] {
        let _ = writeln!(text, "- [{name}]({base}{path}): {what}");
    }
    for (noun, lines) in sections.of_noun {
        let _ = write!(text, "\n## {noun}\n\n{lines}");
    }
    text
}

/// The lines of each noun, in the table's order.
struct Sections<'a> {
    base: &'a str,
    of_noun: Vec<(&'static str, String)>,
}

impl OperationVisitor for Sections<'_> {
    fn visit<O: Operation>(
        &mut self,
        _: impl AsyncFn(&Context, O) -> Result<O::Answer, OperationError> + Copy + 'static,
    ) {
        let (name, anchor) = (O::NAME, O::NAME.to_lowercase());
        let line = format!(
            "- [{name}]({}{}#{anchor}): {}. Scope `{}`.\n",
            self.base,
            super::MARKDOWN_PATH,
            O::SUMMARY,
            O::SCOPE
        );
        match self.of_noun.iter_mut().find(|(noun, _)| *noun == O::NOUN) {
            Some((_, lines)) => *lines += &line,
            None => self.of_noun.push((O::NOUN, line)),
        }
    }
}
