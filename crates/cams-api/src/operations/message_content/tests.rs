//! What may stand in `Content`, and what its sender is told who writes something else.

use serde_json::{Value, json};

use super::*;

fn read(message_type: MessageType, content: &Value) -> Result<MessageContent, ParameterError> {
    text(&content.to_string()).read(message_type)
}

fn text(content: &str) -> Content {
    content.parse().unwrap()
}

fn told(message_type: MessageType, content: &Value) -> String {
    read(message_type, content).unwrap_err().to_string()
}

#[test]
fn names_are_read_in_any_case_and_with_low_lines() {
    for name in ["fileName", "filename", "FileName", "file_name", "FILENAME"] {
        let content = json!({"Link": "https://example.com/a.pdf", name: "a.pdf", "CAPTION": "The bill"});
        let Ok(MessageContent::Document(media)) = read(MessageType::Document, &content) else { panic!("{name}") };
        assert_eq!(media.file_name.unwrap().as_str(), "a.pdf");
        assert_eq!(media.caption.unwrap().as_str(), "The bill");
    }
}

#[test]
fn a_name_in_two_cases_stands_twice() {
    let content = json!({"link": "https://example.com/a", "Link": "https://example.com/b"});
    assert_eq!(told(MessageType::Image, &content), "`Content.link` was sent twice; send each parameter once.");
    let twice = text(r#"{"text": "a", "text": "b"}"#).read(MessageType::Text).unwrap_err();
    assert_eq!(twice.to_string(), "`Content.text` was sent twice; send each parameter once.");
}

#[test]
fn every_mistake_is_named_with_its_path() {
    use MessageType::{Audio, Contacts, Document, Image, Location, Pin, Reaction, Sticker, Text, Video};
    let link = "https://example.com/a";
    let long = |length: usize| "x".repeat(length);
    for (message_type, content, begins) in [
        (Text, json!({}), "`Content.text` is required"),
        (Text, json!({"text": ""}), "`Content.text` is required"),
        (Text, json!({"text": long(4097)}), "`Content.text` is wrong"),
        (Text, json!({"text": "\0"}), "`Content.text` is wrong"),
        (Document, json!({"link": link, "caption": "a\0"}), "`Content.caption` is wrong"),
        (Document, json!({"link": link, "fileName": "a\0"}), "`Content.fileName` is wrong"),
        (Location, json!({"latitude": 1, "longitude": 1, "name": "a\0"}), "`Content.name` is wrong"),
        (
            Contacts,
            json!({"name": {"formattedName": "a\0", "firstName": "a"}}),
            "`Content.name.formattedName` is wrong",
        ),
        (Reaction, json!({"messageId": "wamid.X", "emoji": "\0"}), "`Content.emoji` is wrong"),
        (Text, json!({"text": 5}), "`Content.text` is wrong: 5 was sent"),
        (Text, json!({"text": "a", "previewUrl": "yes"}), "`Content.previewUrl` is wrong"),
        (Text, json!({"text": "a", "caption": "b"}), "`Content.caption` is not a parameter"),
        (Text, json!([{"text": "a"}]), "`Content` is wrong"),
        (Text, json!("text"), "`Content` is wrong"),
        (Image, json!({}), "`Content.link` is required"),
        (Image, json!({"link": "ftp://example.com/a"}), "`Content.link` is wrong"),
        (Image, json!({"link": format!("https://example.com/{}", long(2048))}), "`Content.link` is wrong"),
        (Image, json!({"link": "https://"}), "`Content.link` is wrong"),
        (Image, json!({"link": "https://example.com/a b"}), "`Content.link` is wrong"),
        (Image, json!({"link": link, "id": "17"}), "`Content.id` cannot be used. A medium is sent by its `link`"),
        (Audio, json!({"Id": "17"}), "`Content.id` cannot be used"),
        (Document, json!({"ID": null}), "`Content.id` cannot be used"),
        (Image, json!({"link": link, "fileName": "a"}), "`Content.fileName` is not a parameter"),
        (Video, json!({"link": link, "caption": long(1025)}), "`Content.caption` is wrong"),
        (Audio, json!({"link": link, "caption": "a"}), "`Content.caption` is not a parameter"),
        (Sticker, json!({"link": link, "fileName": "a"}), "`Content.fileName` is not a parameter"),
        (Document, json!({"link": link, "fileName": long(256)}), "`Content.fileName` is wrong"),
        (Location, json!({"latitude": 91, "longitude": 0}), "`Content.latitude` is wrong: 91 was sent"),
        (Location, json!({"latitude": 0, "longitude": -180.5}), "`Content.longitude` is wrong"),
        (Location, json!({"latitude": "north", "longitude": 0}), "`Content.latitude` is wrong"),
        (Location, json!({"latitude": "NaN", "longitude": 0}), "`Content.latitude` is wrong"),
        (Location, json!({"latitude": 1}), "`Content.longitude` is required"),
        (Contacts, json!([]), "`Content` is required"),
        (Contacts, json!([{}]), "`Content[0].name` is required"),
        (Contacts, json!({"name": {"firstName": "A"}}), "`Content.name.formattedName` is required"),
        (Contacts, json!({"name": {"formattedName": "A"}}), "`Content.name` cannot be used. Meta wants one of"),
        (
            Contacts,
            json!([{"name": {"formattedName": "A", "suffix": "Jr"}}, {"name": {"formattedName": "A"}}]),
            "`Content[1].name` cannot be used",
        ),
        (
            Contacts,
            json!({"name": {"formattedName": "A"}, "phones": [{"number": "1"}]}),
            "`Content.phones[0].number` is",
        ),
        (Reaction, json!({"messageId": "wamid.X"}), "`Content.emoji` is required"),
        (Reaction, json!({"messageId": "a b", "emoji": "👍"}), "`Content.messageId` is wrong"),
        (Reaction, json!({"messageId": "wamid.X", "emoji": long(17)}), "`Content.emoji` is wrong"),
        (Pin, json!({"type": "pin", "messageId": "wamid.X"}), "`Content.expirationDays` is required"),
        (
            Pin,
            json!({"type": "pin", "messageId": "wamid.X", "expirationDays": 31}),
            "`Content.expirationDays` is wrong",
        ),
        (
            Pin,
            json!({"type": "pin", "messageId": "wamid.X", "expirationDays": "0"}),
            "`Content.expirationDays` is wrong",
        ),
        (
            Pin,
            json!({"type": "unpin", "messageId": "wamid.X", "expirationDays": 1}),
            "`Content.expirationDays` is wrong",
        ),
        (Pin, json!({"type": "nail", "messageId": "wamid.X"}), "`Content.type` is wrong"),
    ] {
        let message = told(message_type, &content);
        assert!(message.starts_with(begins), "{content}: {message}");
        assert!(message.len() < 400, "{message}");
    }
}

#[test]
fn what_cannot_be_read_is_told_and_not_repeated() {
    for broken in ["{", "[[", "{'text': 'secret'}", r#"{"text": "secret"#, "secret", r#"{"text": "a"} secret"#] {
        let message = text(broken).read(MessageType::Text).unwrap_err().to_string();
        assert!(message.starts_with("`Content` is wrong: text of "), "{message}");
        assert!(!message.contains("secret"), "{message}");
    }
}

#[test]
fn a_deep_or_large_content_is_refused_and_does_no_harm() {
    let deep = "[".repeat(200_000);
    assert!(text(&deep).read(MessageType::Contacts).is_err());
    let nested = format!("{}1{}", r#"{"text":"#.repeat(100_000), "}".repeat(100_000));
    assert!(text(&nested).read(MessageType::Text).is_err());
    let large = json!({"text": "é".repeat(128 * 1024)});
    assert!(told(MessageType::Text, &large).len() < 400);
}

#[test]
fn numbers_may_be_written_as_strings() {
    let content = json!({"latitude": "37.4847", "longitude": "-122.1486", "name": "Meta HQ"});
    let Ok(MessageContent::Location(place)) = read(MessageType::Location, &content) else { panic!() };
    assert_eq!((place.latitude.degrees(), place.longitude.degrees()), (37.4847, -122.1486));
    let content = json!({"Type": "pin", "MessageId": "wamid.X", "ExpirationDays": "30"});
    let Ok(MessageContent::Pin(Pin::Pin { expiration_days, .. })) = read(MessageType::Pin, &content) else { panic!() };
    assert_eq!(expiration_days.days(), 30);
}

#[test]
fn an_empty_emoji_takes_a_reaction_away() {
    let content = json!({"messageId": "wamid.X", "emoji": ""});
    let Ok(MessageContent::Reaction(reaction)) = read(MessageType::Reaction, &content) else { panic!() };
    assert_eq!(reaction.emoji.as_str(), "");
    let family = json!({"messageId": "wamid.X", "emoji": "👨🏿‍👩🏿‍👧🏿‍👦🏿"});
    assert!(read(MessageType::Reaction, &family).is_ok());
}

#[test]
fn contacts_are_read_by_camss_names_and_written_by_metas() {
    let content = json!({
        "name": {"formattedName": "Mara Lind", "firstName": "Mara"},
        "phones": [{"phone": "+1 650 555 1234", "type": "WORK", "waId": "16505551234"}],
        "addresses": [{"countryCode": "us"}],
    });
    let expected = json!([{
        "name": {"formatted_name": "Mara Lind", "first_name": "Mara"},
        "phones": [{"phone": "+1 650 555 1234", "type": "WORK", "wa_id": "16505551234"}],
        "addresses": [{"country_code": "us"}],
    }]);
    for content in [content.clone(), json!([content]), expected.clone()] {
        let Ok(MessageContent::Contacts(contacts)) = read(MessageType::Contacts, &content) else { panic!("{content}") };
        assert_eq!(json!(contacts), expected);
    }
}

#[test]
fn what_a_message_says_is_not_in_its_debug() {
    for (message_type, content) in [
        (MessageType::Text, json!({"text": "secret"})),
        (MessageType::Image, json!({"link": "https://example.com/secret", "caption": "secret"})),
        (MessageType::Location, json!({"latitude": 37.25, "longitude": 1, "name": "secret"})),
        (MessageType::Contacts, json!({"name": {"formattedName": "secret", "firstName": "secret"}})),
        (MessageType::Reaction, json!({"messageId": "wamid.X", "emoji": "👍"})),
    ] {
        let shown = format!("{:?} {:?}", text(&content.to_string()), read(message_type, &content).unwrap());
        assert!(!["secret", "37.25", "👍"].iter().any(|hidden| shown.contains(hidden)), "{shown}");
    }
}
