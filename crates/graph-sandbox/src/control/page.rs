//! The page for people: what this is, and groups, users and recent calls.

use std::fmt::Write as _;

use crate::engine::Engine;
use crate::state::State;

/// How many rows of each table are shown.
const ROWS: usize = 50;
const HEAD: &str = "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
    <title>The Graph sandbox</title><style>body{font:16px/1.5 system-ui,sans-serif;margin:2rem \
    auto;max-width:70rem;padding:0 1rem}table{border-collapse:collapse;width:100%}td,th{border:1px \
    solid #ccc;padding:.2rem .5rem;text-align:left;overflow-wrap:anywhere;font-size:.9rem}\
    </style></head><body>";
const INTRODUCTION: &str = "<h1>The Graph sandbox</h1><p>A stand-in for \
    <code>graph.facebook.com</code>: WhatsApp groups, in memory and in one file. Meta's own paths \
    are served at the root, with a version or without. Under <code>/_sandbox</code> stands what a \
    phone would do, and what can go wrong:</p>";
const CALLS: [(&str, &str); 23] = [
    ("POST /_sandbox/users/{wa_id}/join", "a user follows an invite link"),
    ("POST /_sandbox/users/{wa_id}/revoke", "a user withdraws a join request"),
    ("POST /_sandbox/users/{wa_id}/leave", "a user leaves a group"),
    ("POST /_sandbox/users/{wa_id}/messages", "a user writes"),
    ("PUT /_sandbox/users/{wa_id}", "how a user appears"),
    ("POST /_sandbox/groups/{group_id}/suspend", "WhatsApp suspends a group"),
    ("POST /_sandbox/groups/{group_id}/unsuspend", "and ends that"),
    ("POST /_sandbox/faults", "the next matching calls fail"),
    ("GET /_sandbox/faults", "faults still to come"),
    ("DELETE /_sandbox/faults", "drops them"),
    ("PUT /_sandbox/webhooks", "where and how webhooks are sent"),
    ("POST /_sandbox/webhooks/release", "lets held webhooks go"),
    ("POST /_sandbox/webhooks/send", "any payload, signed"),
    ("PUT /_sandbox/usage", "what usage headers say"),
    ("POST /_sandbox/wabas", "a new customer"),
    ("POST /_sandbox/tokens/{token}/expire", "a token expires"),
    ("POST /_sandbox/tokens/{token}/revoke", "a token is taken back"),
    ("POST /_sandbox/tokens/{token}/scopes", "what a token may do"),
    ("POST /_sandbox/signup", "an Embedded Signup code"),
    ("GET /_sandbox/requests", "what was asked of the sandbox"),
    ("GET /_sandbox/state", "what it knows"),
    ("DELETE /_sandbox/state", "it is born anew"),
    ("GET /_sandbox/", "this page"),
];

/// The whole page.
pub(crate) fn rendered(engine: &Engine) -> String {
    let mut page = format!("{HEAD}{INTRODUCTION}");
    let calls = CALLS.map(|(call, meaning)| [call.to_owned(), meaning.to_owned()]);
    table(&mut page, "Calls", ["Call", "Meaning"], calls);
    engine.look(|state| tables_of_state(&mut page, state));
    table(&mut page, "Recent calls of Graph", ["Number", "Time", "Method", "Path", "Status"], recent_calls(engine));
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
    // Writing to a string never fails.
    let _ = write!(page, "<h2>{title}</h2><table><tr>");
    for name in names {
        let _ = write!(page, "<th>{name}</th>");
    }
    for row in rows {
        page.push_str("</tr><tr>");
        for cell in row {
            let _ = write!(page, "<td>{}</td>", escaped(&cell));
        }
    }
    page.push_str("</tr></table>");
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
    fn the_page_lists_every_route() {
        let routes = include_str!("../app.rs").matches(".route(").count();
        // The page itself has a second route, without the slash.
        assert_eq!(CALLS.len() + 1, routes);
    }

    #[test]
    fn nothing_that_a_caller_wrote_is_markup() {
        assert_eq!(escaped("<b a='\"'>&"), "&lt;b a=&#39;&quot;&#39;&gt;&amp;");
    }
}
