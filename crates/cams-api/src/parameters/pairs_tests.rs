//! What an RPC caller may write, and what it is told.

use serde_json::json;

use super::{Pairs, ParameterError, from_json};
use crate::Code;
use crate::operations::{
    AddChatGroup, AddChatGroupInviteLink, ApproveChatGroupJoinRequests, DeleteChatGroupParticipants, GetChatGroup,
    ListChatGroup, SendChatGroupInvite, SendChatappMessage,
};
use crate::signatures;

const WHERE: &str = "CustSpaceId=cams-demo1&BusinessNumber=15550000001";

fn read<T: serde::de::DeserializeOwned>(query: &str) -> Result<T, ParameterError> {
    Pairs::read(signatures::pairs(&format!("{WHERE}&{query}")))?.to_request()
}

fn told<T: serde::de::DeserializeOwned + std::fmt::Debug>(query: &str) -> String {
    read::<T>(query).unwrap_err().to_string()
}

#[test]
fn texts_integers_and_booleans_are_read_from_text() {
    let group: AddChatGroup = read("Subject=K%C3%B6ln+%26+co&WaitSeconds=3&Description=").unwrap();
    assert_eq!((group.subject.as_str(), group.description.unwrap().as_str()), ("Köln & co", ""));
    assert_eq!(group.wait_seconds.unwrap().duration().as_secs(), 3);
    for yes in ["true", "True"] {
        let asked: GetChatGroup = read(&format!("GroupId=G&IncludeInviteLink={yes}")).unwrap();
        assert_eq!(asked.include_invite_link, Some(true), "{yes}");
    }
    // Text that looks like something else stays text.
    for subject in ["15", "true", "null", "{}", "[1]"] {
        assert_eq!(read::<AddChatGroup>(&format!("Subject={subject}")).unwrap().subject.as_str(), subject);
    }
}

#[test]
fn structures_are_json_text_or_flattened_and_mean_the_same() {
    let page = |query: &str| read::<ListChatGroup>(query).unwrap().page;
    assert_eq!(page("Page=%7B%22Index%22%3A2%2C%22Size%22%3A10%7D"), page("Page.Index=2&Page.Size=10"));
    let list = |query: &str| read::<DeleteChatGroupParticipants>(&format!("GroupId=G&{query}")).unwrap().list;
    let json = r#"List=[{"ParticipantNumber":"16505551234"},{"ParticipantNumber":"16505551235"}]"#;
    let flat = "List.2.ParticipantNumber=16505551235&List.1.ParticipantNumber=16505551234";
    assert_eq!(list(json), list(flat));
    assert_eq!(list(json).numbers().len(), 2);
    let requests = |query: &str| read::<ApproveChatGroupJoinRequests>(&format!("GroupId=G&{query}")).unwrap().list;
    assert_eq!(requests(r#"List=["a","b"]"#), requests("List.1=a&List.2=b"));
    let ten: Vec<String> = (1..=12).map(|n| format!("To.{n}=165055512{n:02}")).collect();
    let query = format!("GroupId=G&TemplateName=t&Language=en&{}", ten.join("&"));
    assert_eq!(read::<SendChatGroupInvite>(&query).unwrap().to.iter().count(), 12);
}

#[test]
fn a_request_is_the_one_that_its_json_is() {
    let body = json!({"CustSpaceId": "cams-demo1", "BusinessNumber": "15550000001", "Page": {"Index": 1, "Size": 5}});
    let by_rest: ListChatGroup = from_json(body.to_string().as_bytes()).unwrap();
    let by_rpc: ListChatGroup = read("Page.Index=1&Page.Size=5").unwrap();
    assert_eq!(format!("{by_rest:?}"), format!("{by_rpc:?}"));
}

#[test]
fn what_an_operation_does_not_know_is_passed_over_also_inside_a_structure() {
    let ignored = "OwnerId=1&ResourceOwnerAccount=a&Colour=red&Tag.1.Key=k&subject=small";
    assert!(read::<AddChatGroup>(&format!("Subject=S&{ignored}")).is_ok());
    assert!(read::<AddChatGroupInviteLink>(&format!("GroupId=G&{ignored}")).is_ok());
    assert!(read::<ListChatGroup>(r#"Page={"Index":1,"Size":1,"Colour":1}"#).is_ok());
    let item = r#"GroupId=G&List=[{"ParticipantNumber":"16505551234","Colour":1}]"#;
    assert!(read::<DeleteChatGroupParticipants>(item).is_ok());
    assert_eq!(told::<AddChatGroup>("subject=S"), "`Subject` is required, and was absent or empty.");
}

#[test]
fn parameters_of_other_channels_are_refused_by_name_and_the_deprecated_passed_over() {
    let send = |extra: &str| {
        let query = r#"From=15550000001&To=G&RecipientType=group&Type=message&MessageType=text&Content={"text":"x"}"#;
        let pairs = signatures::pairs(query).chain(signatures::pairs(extra));
        Pairs::read(pairs.chain(signatures::pairs("CustSpaceId=cams-demo1")))
            .unwrap()
            .to_request::<SendChatappMessage>()
    };
    assert!(send("CustWabaId=1&IsvCode=2&OwnerId=3&Colour=red").is_ok());
    for name in ["Ttl", "FallBackId", "BusinessNumber"] {
        let error = send(&format!("{name}=1")).unwrap_err().to_string();
        assert!(error.starts_with(&format!("`{name}` is wrong: ")), "{error}");
    }
}

#[test]
fn a_mistake_is_told_under_the_name_that_the_caller_wrote() {
    let cases = [
        ("GroupId=G&List.1.ParticipantNumber=x", "`List.1.ParticipantNumber` is wrong: \"x\""),
        (r#"GroupId=G&List=[{"ParticipantNumber":"x"}]"#, "`List[0].ParticipantNumber` is wrong: \"x\""),
        ("GroupId=G&List.2.ParticipantNumber=16505551234", "it must be a list whose items are numbered 1, 2, …"),
        ("GroupId=G&List.01.ParticipantNumber=16505551234", "it must be a list whose items are numbered 1, 2, …"),
        ("GroupId=G&List=16505551234", "`ParticipantNumber`, as JSON text."),
        ("GroupId=G&List=%5B", "`ParticipantNumber`, as JSON text."),
        (r#"GroupId=G&List="[]""#, "`ParticipantNumber`, as JSON text."),
        ("GroupId=G&List.1=a&List.1.ParticipantNumber=1", "`List.1.ParticipantNumber` was sent twice"),
        ("GroupId=G&List.1.ParticipantNumber=1&List.1=a", "`List.1` was sent twice"),
        ("GroupId=G&GroupId=G", "`GroupId` was sent twice"),
        ("GroupId=G&Colour=1&Colour=2", "`Colour` was sent twice"),
        ("GroupId=%ff", "`GroupId` is wrong: something else was sent; it must be text in UTF-8"),
        (r#"GroupId=G&List=[{"A":1,"A":2}]"#, "`List[0].A` was sent twice"),
    ];
    for (query, message) in cases {
        let told = told::<DeleteChatGroupParticipants>(query);
        assert!(told.contains(message), "{query}: {told}");
    }
    for wait in ["31", "-1", "1.5", "", "ten", "0x1", "%2B1"] {
        let told = told::<AddChatGroup>(&format!("Subject=S&WaitSeconds={wait}"));
        assert!(told.starts_with("`WaitSeconds` is wrong: \"") && told.ends_with("from 0 to 30."), "{wait}: {told}");
    }
}

#[test]
fn what_is_missing_is_named_in_the_code() {
    let code = |error: ParameterError| error.rpc_code().into_owned();
    assert_eq!(code(read::<AddChatGroup>("Subject=+").unwrap_err()), "MissingSubject");
    assert_eq!(code(read::<ListChatGroup>("Subject=x").unwrap_err()), "MissingPage");
    assert_eq!(code(read::<ListChatGroup>("Page.Index=1").unwrap_err()), "MissingSize");
    let list = |query: &str| code(read::<DeleteChatGroupParticipants>(&format!("GroupId=G&{query}")).unwrap_err());
    assert_eq!(list("List=[]"), "MissingList");
    assert_eq!(list("List=[{}]"), "MissingParticipantNumber");
    assert_eq!(list("List.1.ParticipantNumber="), "MissingParticipantNumber");
    assert_eq!(code(read::<ApproveChatGroupJoinRequests>(r#"GroupId=G&List=[""]"#).unwrap_err()), "MissingList");
    let one_of = ParameterError::MissingOneOf { parameters: &["Subject", "Description", "ProfilePictureFile"] };
    let said = "`Subject`, `Description` or `ProfilePictureFile` is required, and was absent or empty.";
    assert_eq!((one_of.code(), one_of.to_string().as_str()), (Code::MissingParameter, said));
    assert_eq!(code(one_of), "MissingSubject");
    assert_eq!(code(read::<AddChatGroup>("Subject=S&WaitSeconds=x").unwrap_err()), "InvalidParameter");
}

#[test]
fn a_name_of_the_callers_own_is_in_no_code_and_shortened_in_the_message() {
    let name = "n".repeat(5_000);
    for query in [format!("TemplateParams.{name}="), format!(r#"TemplateParams={{"{name}":null}}"#)] {
        let error = read::<SendChatappMessage>(&query).unwrap_err();
        assert_eq!(error.rpc_code(), "InvalidParameter");
        assert!(error.to_string().len() < 300, "{error}");
    }
}

#[test]
fn a_name_of_a_hundred_thousand_parts_is_refused_and_does_not_overflow() {
    let told = told::<AddChatGroup>(&format!("Subject=S&{}=1", "a.".repeat(100_000)));
    assert!(told.len() < 300, "{}", told.len());
}

#[test]
fn what_was_sent_is_not_shown_in_a_log() {
    let pairs = Pairs::read(signatures::pairs("Subject=secret&List.1=16505551234")).unwrap();
    assert_eq!(format!("{pairs:?}"), r#"["List", "Subject"]"#);
}
