//! Which parameters make a message together.

use serde_json::{Value, json};

use super::*;
use crate::messages::Text;
use crate::parameters::from_json;

fn request(parameters: &Value) -> Result<SendChatappMessage, ParameterError> {
    let mut body =
        json!({"CustSpaceId": "cams-demo1", "From": "+1 555-000-0001", "To": "16505551234", "Type": "message"});
    body.as_object_mut().unwrap().extend(parameters.as_object().unwrap().clone());
    from_json(body.to_string().as_bytes())
}

/// What is told about a request that cannot be read, or makes no message.
fn told(parameters: &Value) -> String {
    match request(parameters) {
        Ok(request) => request.into_message().unwrap_err().to_string(),
        Err(error) => error.to_string(),
    }
}

fn text() -> Value {
    json!({"MessageType": "text", "Content": r#"{"text": "Hello"}"#})
}

fn text_with(parameter: &str, value: &Value) -> Value {
    let mut parameters = text();
    parameters[parameter] = value.clone();
    parameters
}

fn template_with(parameters: &Value) -> Value {
    let mut template = json!({"Type": "template", "TemplateName": "order_update", "Language": "en"});
    template.as_object_mut().unwrap().extend(parameters.as_object().unwrap().clone());
    template
}

#[test]
fn from_is_the_business_number() {
    let request = request(&text()).unwrap();
    assert_eq!(request.business_number().unwrap().as_str(), "15550000001");
    let message = request.into_message().unwrap();
    assert_eq!(message.to, MessageRecipient::Person("16505551234".parse().unwrap()));
    let said = told(&text_with("BusinessNumber", &json!("15550000001")));
    assert_eq!(
        said,
        r#"`BusinessNumber` is wrong: "15550000001" was sent; it must be left out here: as in CAMS, the business number is `From`."#
    );
}

#[test]
fn a_recipient_is_read_as_its_type_says() {
    let group = json!("Y2FwaV9ncm91cDo=");
    for (recipient_type, to, person) in [
        (json!(null), json!("+1 (650) 555-1234"), "Phone"),
        (json!("individual"), json!("US.13491208655302741918"), "UserId"),
        (json!("userId"), json!("US.ENT.506847293015824"), "UserId"),
    ] {
        let mut parameters = text_with("To", &to);
        parameters["RecipientType"] = recipient_type;
        let request = request(&parameters).unwrap();
        let MessageRecipient::Person(number) = request.into_message().unwrap().to else { panic!("{to}") };
        assert_eq!(matches!(number, crate::participants::ParticipantNumber::UserId(_)), person == "UserId", "{to}");
    }
    let mut parameters = text_with("To", &group);
    assert!(told(&parameters).contains("a group's ID takes `RecipientType` `group`"));
    parameters["RecipientType"] = json!("group");
    assert!(matches!(request(&parameters).unwrap().into_message().unwrap().to, MessageRecipient::Group(_)));
    let mut parameters = text();
    parameters["RecipientType"] = json!("userId");
    assert!(told(&parameters).starts_with(r#"`To` is wrong: "16505551234" was sent; it must be a business-scoped"#));
}

#[test]
fn only_what_meta_lets_be_sent_to_a_group_is_sent_there() {
    let mut parameters = json!({"RecipientType": "group", "To": "G"});
    for message_type in ["location", "contacts", "reaction"] {
        parameters["MessageType"] = json!(message_type);
        parameters["Content"] = json!("{}");
        let said = told(&parameters);
        assert!(said.starts_with(&format!(r#"`MessageType` is wrong: "{message_type}" was sent"#)), "{said}");
        assert!(said.contains("Meta lets nothing else be sent to a group"), "{said}");
    }
    let pin = json!({"MessageType": "pin", "Content": r#"{"type": "unpin", "messageId": "wamid.X"}"#});
    assert!(told(&pin).starts_with(r#"`MessageType` is wrong: "pin" was sent"#));
}

#[test]
fn what_type_calls_for_must_be_there_and_the_rest_must_not() {
    for (parameters, begins) in [
        (json!({}), "`MessageType` is required"),
        (json!({"MessageType": "text"}), "`Content` is required"),
        (text_with("Content", &json!({"text": "Hello"})), "`Content` is wrong"),
        (text_with("Content", &json!("")), "`Content` is wrong"),
        (
            text_with("MessageType", &json!("flex")),
            "`MessageType` is wrong: \"flex\" was sent; it must be one of `text`",
        ),
        (text_with("Type", &json!("carousel")), "`Type` is wrong"),
        (text_with("TemplateName", &json!("a")), "`TemplateName` is wrong: a value was sent; it must be left out"),
        (text_with("Payload", &json!(["a"])), "`Payload` is wrong"),
        (text_with("ChannelType", &json!("viber")), "`ChannelType` is wrong"),
        (text_with("TaskId", &json!("x".repeat(513))), "`TaskId` is wrong"),
        (json!({"Type": "template"}), "`TemplateName` is required"),
        (json!({"Type": "template", "TemplateName": "a"}), "`Language` is required"),
        (template_with(&json!({"TemplateCode": "17"})), "`TemplateCode` is wrong"),
        (template_with(&json!({"Content": "{}"})), "`Content` is wrong"),
        (template_with(&json!({"TemplateParams": []})), "`TemplateParams` is wrong"),
        (template_with(&json!({"TemplateParams": {"1": 5}})), "`TemplateParams.1` is wrong: 5 was sent"),
        (template_with(&json!({"TemplateParams": {"1": ""}})), "`TemplateParams.1` is wrong: \"\" was sent"),
        (template_with(&json!({"TemplateParams": {"name": null}})), "`TemplateParams.name` is wrong: null was sent"),
        (template_with(&json!({"TemplateParams": {"1": "a", "3": "b"}})), "`TemplateParams` is wrong"),
        (template_with(&json!({"TemplateParams": {"1": "a", "name": "b"}})), "`TemplateParams` is wrong"),
        (template_with(&json!({"TemplateParams": {"1": "a", "01": "b"}})), "`TemplateParams` is wrong"),
        (template_with(&json!({"TemplateParams": {"01": "a"}})), "`TemplateParams` is wrong"),
        (template_with(&json!({"TemplateParams": {"1": "a", "02": "b"}})), "`TemplateParams` is wrong"),
        (template_with(&json!({"TemplateParams": {"-1": "a"}})), "`TemplateParams` is wrong"),
        (template_with(&json!({"TemplateParams": {" 1": "a"}})), "`TemplateParams` is wrong"),
        (template_with(&json!({"TemplateParams": {"+1": "a"}})), "`TemplateParams` is wrong"),
        (template_with(&json!({"TemplateParams": {"0": "a"}})), "`TemplateParams` is wrong"),
        (template_with(&json!({"TemplateParams": {"first name": "a"}})), "`TemplateParams` is wrong"),
        (template_with(&json!({"TemplateParams": {"": "a"}})), "`TemplateParams` is wrong"),
        (template_with(&json!({"Payload": vec!["a"; 11]})), "`Payload` is wrong"),
        (template_with(&json!({"Payload": ["a", 5]})), "`Payload[1]` is wrong"),
    ] {
        let said = told(&parameters);
        assert!(said.starts_with(begins), "{parameters}: {said}");
    }
}

#[test]
fn a_message_type_beside_a_template_and_a_language_beside_a_text_are_not_read() {
    let template = request(&template_with(&json!({"MessageType": "text"}))).unwrap().into_message().unwrap();
    assert_eq!(template, request(&template_with(&json!({}))).unwrap().into_message().unwrap());
    let words = request(&text_with("Language", &json!("en"))).unwrap().into_message().unwrap();
    assert_eq!(words, request(&text()).unwrap().into_message().unwrap());
}

#[test]
fn parameters_by_position_are_put_in_order_and_named_ones_are_kept() {
    let names: Vec<String> = (1..=11).map(|position| position.to_string()).collect();
    let params: serde_json::Map<String, Value> =
        names.iter().map(|name| (name.clone(), json!(format!("v{name}")))).collect();
    let request = request(&template_with(&json!({"TemplateParams": params, "Payload": ["yes", "no"]}))).unwrap();
    let message = request.into_message().unwrap();
    let MessageBody::Template(TemplateMessage { params: Some(TemplateParams::Positional(texts)), payload, .. }) =
        message.body
    else {
        panic!("{message:?}")
    };
    let expected: Vec<String> = names.iter().map(|name| format!("v{name}")).collect();
    assert_eq!(texts.iter().map(Text::as_str).collect::<Vec<_>>(), expected);
    assert_eq!(payload.unwrap().iter().collect::<Vec<_>>(), ["yes", "no"]);

    let request = self::request(&template_with(&json!({"TemplateParams": {"first_name": "Mara"}}))).unwrap();
    assert!(matches!(&request.template_params, Some(TemplateParams::Named(pairs)) if pairs[0].0 == "first_name"));
    let request = self::request(&template_with(&json!({"TemplateParams": {}}))).unwrap();
    assert!(matches!(&request.template_params, Some(TemplateParams::Positional(none)) if none.is_empty()));
}

#[test]
fn what_other_channels_have_is_refused_by_name_and_what_does_nothing_is_read_over() {
    for parameter in ["CustWabaId", "IsvCode", "AdAccountId", "MessageCampaignId", "TokenType"] {
        assert!(request(&text_with(parameter, &json!("anything"))).is_ok(), "{parameter}");
        assert!(request(&text_with(parameter, &json!(null))).is_ok(), "{parameter}");
    }
    for parameter in
        ["Label", "Tag", "TrackingData", "Ttl", "FallBackId", "FallBackContent", "FlowAction", "ProductAction"]
    {
        for value in [json!("x"), json!(30), json!({"A": [1]})] {
            let said = told(&text_with(parameter, &value));
            assert!(said.starts_with(&format!("`{parameter}` is wrong")) && said.contains("left out since"), "{said}");
        }
        assert!(request(&text_with(parameter, &json!(null))).is_ok(), "null is absent: {parameter}");
    }
    let said = told(&text_with("Colour", &json!(1)));
    assert!(
        said.starts_with("`Colour` is not a parameter of this operation, which takes `CustSpaceId`, `From`"),
        "{said}"
    );
    assert!(!said.contains("Label"), "{said}");
}

#[test]
fn whom_a_message_goes_to_and_what_it_says_is_not_in_its_debug() {
    let request = request(&text_with("TaskId", &json!("order of Mara"))).unwrap();
    let shown = format!("{request:?} {:?}", request.clone().into_message().unwrap());
    assert!(!["16505551234", "15550000001", "Hello", "Mara"].iter().any(|hidden| shown.contains(hidden)), "{shown}");
}

#[test]
fn the_example_is_a_message() {
    let request: SendChatappMessage = from_json(SendChatappMessage::example().to_string().as_bytes()).unwrap();
    assert!(request.into_message().is_ok());
}
