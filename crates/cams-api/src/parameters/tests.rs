//! What a caller is told about a wrong parameter.

use serde::Deserialize;

use super::{ParameterError, from_json};
use crate::Code;
use crate::identifiers::{BusinessNumber, CustSpaceId, GroupId, UniqueCode};
use crate::operations::{AddChatGroup, GetChatGroupInviteLink};
use crate::text::{JoinApprovalMode, Subject};
use crate::wait::WaitSeconds;

fn group(extra: &str) -> Result<AddChatGroup, ParameterError> {
    let body = format!(r#"{{"CustSpaceId": "cams-demo1", "BusinessNumber": "15550000001", "Subject": "S"{extra}}}"#);
    from_json(body.as_bytes())
}

fn message(extra: &str) -> String {
    group(extra).unwrap_err().to_string()
}

#[test]
fn a_whole_request_is_read() {
    let request =
        group(r#", "Description": " d ", "JoinApprovalMode": "approval_required", "WaitSeconds": 0"#).unwrap();
    assert_eq!(request.subject.as_str(), "S");
    assert_eq!(request.description.unwrap().as_str(), "d");
    assert_eq!(request.join_approval_mode, Some(JoinApprovalMode::ApprovalRequired));
    let float = group(r#", "WaitSeconds": 3.0"#).unwrap();
    assert_eq!(float.wait_seconds.map(WaitSeconds::duration), Some(std::time::Duration::from_secs(3)));
    assert_eq!(request.wait_seconds.map(WaitSeconds::duration), Some(std::time::Duration::ZERO));
}

#[test]
fn null_is_the_same_as_absent() {
    let request = group(r#", "Description": null, "ChannelType": null, "WaitSeconds": null"#);
    assert_eq!(request.unwrap().description, None);
}

#[test]
fn a_missing_parameter_is_named() {
    for body in ["{}", r#"{"CustSpaceId": null}"#, r#"{"CustSpaceId": ""}"#] {
        let error = from_json::<GetChatGroupInviteLink>(body.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), "`CustSpaceId` is required, and was absent or empty.", "{body}");
        assert_eq!(error.code(), Code::MissingParameter);
    }
}

#[test]
fn a_wrong_value_is_shown_with_its_rule() {
    let rule = "it must be an integer from 0 to 30.";
    for value in ["31", "-1", "1.5", r#""10""#, "true", "[]", "{}", "1e3", "18446744073709551616"] {
        let error = group(&format!(r#", "WaitSeconds": {value}"#)).unwrap_err();
        assert!(error.to_string().ends_with(rule), "{value}: {error}");
        assert!(error.to_string().starts_with("`WaitSeconds` is wrong: "), "{value}: {error}");
        assert_eq!(error.code(), Code::InvalidParameter);
    }
}

#[test]
fn a_text_that_is_nested_too_deeply_is_not_called_no_json() {
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    let told = |levels| message(&format!(r#", "WaitSeconds": {}"#, nested(levels)));
    assert!(told(126).starts_with("`WaitSeconds` is wrong: "), "{}", told(126));
    assert!(told(127).contains("it is nested more than 127 levels deep"), "{}", told(127));
}

#[test]
fn an_unknown_parameter_is_named_beside_the_known_ones() {
    let said = message(r#", "Colour": "red""#);
    assert!(said.starts_with("`Colour` is not a parameter of this operation, which takes `CustSpaceId`, "), "{said}");
}

#[test]
fn a_wrong_word_is_told_the_right_ones() {
    let said = message(r#", "JoinApprovalMode": "maybe""#);
    assert_eq!(
        said,
        r#"`JoinApprovalMode` is wrong: "maybe" was sent; it must be one of `auto_approve`, `approval_required`."#
    );
    assert!(message(r#", "JoinApprovalMode": 3"#).contains("one of `auto_approve`"));
    assert!(message(r#", "JoinApprovalMode": {"auto_approve": 1}"#).contains("one of `auto_approve`"));
}

#[test]
fn a_long_value_is_shortened_in_the_answer() {
    let said = message(&format!(r#", "Description": "{}""#, "x".repeat(100_000)));
    assert!(said.len() < 300, "{}", said.len());
    let said = message(&format!(r#", "{}": 1"#, "x".repeat(100_000)));
    assert!(said.len() < 300, "{}", said.len());
}

#[test]
fn a_body_that_is_no_object_says_so() {
    let cases: [&[u8]; 8] =
        [b"", b"[]", b"null", b"\"x\"", b"{", br#"{"a":1}x"#, b"{\"a\": \"\xff\"}", br#"{"a": "\ud800"}"#];
    for body in cases {
        let error = from_json::<AddChatGroup>(body).unwrap_err();
        assert!(matches!(error, ParameterError::Unreadable { .. }), "{body:?}: {error}");
        assert_eq!(error.code(), Code::InvalidParameter);
    }
}

#[test]
fn deep_nesting_is_refused_and_does_not_overflow() {
    let body = "[".repeat(100_000);
    assert!(matches!(from_json::<AddChatGroup>(body.as_bytes()), Err(ParameterError::Unreadable { .. })));
}

#[test]
fn a_mistake_inside_a_list_has_its_path() {
    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "PascalCase", deny_unknown_fields)]
    struct Item {
        #[serde(rename = "ParticipantNumber")]
        _number: BusinessNumber,
    }
    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Request {
        #[serde(rename = "List")]
        _list: Vec<Item>,
    }
    let read = |body: &str| from_json::<Request>(body.as_bytes()).map(|_| ()).unwrap_err().to_string();
    assert!(
        read(r#"{"List": [{"ParticipantNumber": "15550000001"}, {"ParticipantNumber": 5}]}"#)
            .starts_with("`List[1].ParticipantNumber` is wrong: 5 was sent; it must be 7 to 15 digits")
    );
    assert_eq!(read(r#"{"List": []}"#), "`List` is required, and was absent or empty.");
    assert_eq!(read(r#"{"List": [{}]}"#), "`List[0].ParticipantNumber` is required, and was absent or empty.");
}

#[test]
fn identifiers_hold_to_their_rules() {
    let tenants = [
        ("cams-8c8pdv", true),
        ("abc", true),
        ("ab", false),
        ("-abc", false),
        ("Abc", false),
        ("a_b", false),
        ("a.b", false),
    ];
    for (text, right) in tenants {
        assert_eq!(text.parse::<CustSpaceId>().is_ok(), right, "{text}");
    }
    assert!("a".repeat(63).parse::<CustSpaceId>().is_ok());
    assert!("a".repeat(64).parse::<CustSpaceId>().is_err());
    for (text, right) in [("Y2Fw=_-9", true), ("", false), ("a/b", false), ("..", false), ("a b", false), ("ä", false)]
    {
        assert_eq!(text.parse::<GroupId>().is_ok(), right, "{text}");
    }
    for text in ["0199aa0e7c1d7c449d0e8a4f5a1b2c3d", "{0199aa0e-7c1d-7c44-9d0e-8a4f5a1b2c3d}", "x"] {
        assert!(text.parse::<UniqueCode>().is_err(), "{text}");
    }
    assert_eq!(
        "0199AA0E-7c1d-7c44-9d0e-8a4f5a1b2c3d".parse::<UniqueCode>().unwrap().as_str(),
        "0199aa0e-7c1d-7c44-9d0e-8a4f5a1b2c3d"
    );
}

#[test]
fn a_number_is_read_in_every_usual_spelling() {
    for text in ["15550000001", "+15550000001", "+1 (555) 000-0001", "1-555-000-0001", "1 555 0000001 "] {
        assert_eq!(text.parse::<BusinessNumber>().unwrap().as_str(), "15550000001", "{text}");
    }
    for text in
        ["123456", "1234567890123456", "++15550000001", "1555000000a", "１５５５００００００１", "1.555.000.0001"]
    {
        assert!(text.parse::<BusinessNumber>().is_err(), "{text}");
    }
}

#[test]
fn a_subject_is_counted_in_characters_after_trimming() {
    assert_eq!("  Üben  ".parse::<Subject>().unwrap().as_str(), "Üben");
    assert!("ü".repeat(128).parse::<Subject>().is_ok());
    assert!(format!(" {} ", "👪".repeat(128)).parse::<Subject>().is_ok());
    for text in ["ü".repeat(129), "   ".to_owned(), "a\0b".to_owned()] {
        assert!(text.parse::<Subject>().is_err());
    }
}
