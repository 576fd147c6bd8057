//! The variables of the collection, which stand in its requests wherever the document has an example of them.

use cams_api::operations::{
    EXAMPLE_APPROVAL_GROUP_ID, EXAMPLE_BUSINESS_NUMBER, EXAMPLE_CUST_SPACE_ID, EXAMPLE_GROUP_ID,
    EXAMPLE_SPARE_GROUP_ID, EXAMPLE_UNIQUE_CODE,
};

use super::format::{Event, Script, Variable};

/// The gateway's address as it stands in each request.
pub(super) const BASE_URL: &str = "{{baseUrl}}";
/// The same for a key's ID, its secret, and a token that was fetched for it.
pub(super) const ACCESS_KEY_ID: &str = "{{accessKeyId}}";
pub(super) const ACCESS_KEY_SECRET: &str = "{{accessKeySecret}}";
pub(super) const ACCESS_TOKEN: &str = "{{accessToken}}";

/// What is an example in the document and a variable here: the name, the example, what it means.
const OF_EXAMPLES: [(&str, &str, &str); 6] = [
    ("custSpaceId", EXAMPLE_CUST_SPACE_ID, "The tenant: one customer of the ISV."),
    ("businessNumber", EXAMPLE_BUSINESS_NUMBER, "The tenant's number, in international digits."),
    ("groupId", EXAMPLE_GROUP_ID, "The group that most requests are about."),
    ("spareGroupId", EXAMPLE_SPARE_GROUP_ID, "A group that DeleteChatGroup may delete."),
    ("approvalGroupId", EXAMPLE_APPROVAL_GROUP_ID, "A group with requests to join it."),
    ("uniqueCode", EXAMPLE_UNIQUE_CODE, "An asynchronous change; each answer that tells of one sets it."),
];

const AFTER_EACH: [&str; 5] = [
    "// What later requests need: a token, and the code that a change is asked for by.",
    "const isJson = (pm.response.headers.get('Content-Type') ?? '').startsWith('application/json');",
    "const answer = isJson ? pm.response.json() : {};",
    "if (answer.access_token) pm.collectionVariables.set('accessToken', answer.access_token);",
    "if (answer.UniqueCode) pm.collectionVariables.set('uniqueCode', answer.UniqueCode);",
];

/// All of them, with the values that the demo has.
pub(super) fn all() -> Vec<Variable> {
    let of_caller = [
        ("baseUrl", "http://127.0.0.1:8080", "The gateway's address, without a `/` at its end."),
        ("accessKeyId", "", "The access key's ID."),
        ("accessKeySecret", "", "Its secret. Keep it in the current value or an environment, which are not exported."),
        ("accessToken", "", "A Bearer token; GetToken sets it."),
    ];
    let all = of_caller.into_iter().chain(OF_EXAMPLES);
    all.map(|(name, value, meaning)| Variable::new(name, value).described(meaning)).collect()
}

/// What sets them, after each answer.
pub(super) fn setting() -> Event {
    Event { listen: "test", script: Script { kind: "text/javascript", exec: AFTER_EACH.to_vec() } }
}

/// A body of JSON with each string that is such an example as its variable.
pub(super) fn in_json(body: &str) -> String {
    OF_EXAMPLES.iter().fold(body.to_owned(), |body, (name, example, _)| {
        body.replace(&format!("\"{example}\""), &format!("\"{{{{{name}}}}}\""))
    })
}

/// A value, or the variable that it is an example of.
pub(super) fn in_value(value: &str) -> String {
    let variable = OF_EXAMPLES.iter().find(|(_, example, _)| *example == value);
    variable.map_or_else(|| value.to_owned(), |(name, ..)| format!("{{{{{name}}}}}"))
}

#[cfg(test)]
mod tests {
    use super::{in_json, in_value};

    #[test]
    fn an_example_becomes_its_variable_and_what_only_contains_it_does_not() {
        let body = r#"{"CustSpaceId": "cams-demo1", "Text": "for cams-demo1"}"#;
        assert_eq!(in_json(body), r#"{"CustSpaceId": "{{custSpaceId}}", "Text": "for cams-demo1"}"#);
        assert_eq!((in_value("15550000001"), in_value("100")), ("{{businessNumber}}".to_owned(), "100".to_owned()));
    }
}
