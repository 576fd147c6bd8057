//! The page for people: what this is, and groups, users and recent calls.

use std::fmt::Write as _;

use crate::engine::Engine;
use crate::openapi;
use crate::state::State;

/// How many rows of each table are shown.
const ROWS: usize = 50;
const HEAD: &str = concat!(
    "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">",
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">",
    "<title>The Graph sandbox</title><style>",
    include_str!("page.css"),
    "</style></head><body>"
);
const INTRODUCTION: &str = "<h1>The Graph sandbox</h1><p>A stand-in for <code>graph.facebook.com</code>: WhatsApp \
    groups, in memory and in one file. Meta's own paths are served at the root, with a version or without. Under \
    <code>/_sandbox</code> stands what a phone would do, and what can go wrong: <a href=\"/_sandbox/docs/\">try it in \
    Swagger UI</a>, or read its <a href=\"/_sandbox/openapi.json\">OpenAPI document</a>.</p>";

/// The whole page.
pub(crate) fn rendered(engine: &Engine) -> String {
    let mut page = format!("{HEAD}{INTRODUCTION}");
    engine.look(|state| tables_of_state(&mut page, state));
    table(&mut page, "Recent calls of Graph", ["Number", "Time", "Method", "Path", "Status"], recent_calls(engine));
    let calls = openapi::calls().into_iter().map(|call| [call.line, call.summary]);
    table(&mut page, "What it can be told", ["Call", "Meaning"], calls);
    page.push_str("</body></html>");
    page
}

fn tables_of_state(page: &mut String, state: &State) {
    let living = state.groups.iter().filter(|(_, group)| !group.deleted);
    let groups = living.take(ROWS).map(|(id, group)| {
        [
            id.to_string(),
            group.subject.clone(),
            group.phone_number_id.to_string(),
            group.participants.len().to_string(),
            group.invite_link.clone().unwrap_or_default(),
        ]
    });
    let names = ["ID", "Subject", "Number", "Participants", "Invite link"];
    table(page, "Groups", names, groups);
    let users = state.users.iter().take(ROWS).map(|(wa_id, user)| {
        let user_id = user.user_id.clone().unwrap_or_default();
        let username = user.username.clone().unwrap_or_default();
        [wa_id.to_string(), user_id, username, user.name.clone()]
    });
    table(page, "Users", ["Number", "User ID", "Username", "Name"], users);
    let templates = state.templates.iter().take(ROWS).map(|(id, template)| {
        let status = format!("{:?}", template.status);
        [id.to_string(), template.name.clone(), template.language.clone(), template.waba_id.to_string(), status]
    });
    table(page, "Message templates", ["ID", "Name", "Language", "Account", "Status"], templates);
}

fn recent_calls(engine: &Engine) -> impl Iterator<Item = [String; 5]> {
    let calls = engine.requests.latest(ROWS).into_iter();
    calls.map(|call| {
        let status = call.status.map_or("dropped".to_owned(), |s| s.to_string());
        [call.seq.to_string(), call.time, call.method, call.path, status]
    })
}

fn table<const N: usize>(
    page: &mut String,
    title: &str,
    names: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) {
    let mut rows = rows.into_iter().peekable();
    // Writing to a string never fails.
    let _ = write!(page, "<h2>{title}</h2>");
    if rows.peek().is_none() {
        page.push_str("<p>None yet.</p>");
        return;
    }
    page.push_str("<div><table><tr>");
    for name in names {
        let _ = write!(page, "<th>{name}</th>");
    }
    for row in rows {
        page.push_str("</tr><tr>");
        for cell in row {
            let _ = write!(page, "<td>{}</td>", escaped(&cell));
        }
    }
    page.push_str("</tr></table></div>");
}

/// Text that HTML shows as it is.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_caller_wrote_is_markup() {
        assert_eq!(escaped("<b a='\"'>&"), "&lt;b a=&#39;&quot;&#39;&gt;&amp;");
    }
}
