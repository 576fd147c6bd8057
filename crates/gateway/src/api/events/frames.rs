//! What goes over a stream, in the form of [server-sent events][sse].
//!
//! [sse]: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream

use actix_web::web::Bytes;

use crate::events::FeedEvent;

/// The first of a stream, which is no event: where it begins, so that a client that loses it before the first event comes
/// back to the same place, and after how many milliseconds it does.
pub(super) fn greeting(after: i64) -> Bytes {
    format!("id: {after}\nretry: 2000\n\n").into()
}

/// Nothing, so that whoever stands between does not take the connection for dead.
pub(super) const COMMENT: Bytes = Bytes::from_static(b": nothing new\n\n");

/// One event.
pub(super) fn frame(event: &FeedEvent) -> Bytes {
    let (event_type, json) = (one_line(&event.event_type), one_line(event.json.get()));
    format!("id: {}\nevent: {event_type}\ndata: {json}\n\n", event.sequence).into()
}

/// A line ends a field. JSON may have line ends only between its parts, where a space is as good.
fn one_line(text: &str) -> String {
    text.replace(['\r', '\n'], " ")
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::*;

    #[test]
    fn an_event_is_one_line_of_data_whatever_meta_sent() {
        let json = "{\"Id\":\"evt_1\",\r\n \"Text\":\"a\\nb\"}".to_owned();
        let json = RawValue::from_string(json).unwrap();
        let event = FeedEvent { sequence: 1742, event_type: "group.created".to_owned(), json };
        let expected = "id: 1742\nevent: group.created\ndata: {\"Id\":\"evt_1\",   \"Text\":\"a\\nb\"}\n\n";
        assert_eq!(frame(&event), expected);
    }
}
