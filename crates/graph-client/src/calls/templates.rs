//! Message templates: the account's own, Meta's library, and how one is sent.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::paging::Paging;
use crate::{
    answer::Answer,
    call::Call,
    client::GraphClient,
    error::GraphError,
    ids::{GroupId, WabaId},
    lenient,
    request::Request,
};

/// What is asked of a template.
const FIELDS: &str = "id,name,language,status,category,components,library_template_name";
/// How many templates a page has.
const PAGE: &str = "100";
/// The type of the parameter that Meta replaces by a group's invite link
/// ([Meta: groups](https://developers.facebook.com/documentation/business-messaging/whatsapp/groups)).
const GROUP_PARAMETER: &str = "group_id";
/// The library's topic of templates that have such a parameter.
const GROUP_TOPIC: &str = "group_invite_link";
/// How every invite link begins.
const INVITE_LINK: &str = "https://chat.whatsapp.com/";

/// A template, filled in.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct TemplateMessage<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its language, such as `en_US`.
    #[serde(serialize_with = "language")]
    pub language: &'a str,
    /// What stands in its variables.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<TemplateComponent<'a>>,
}

/// What stands in the variables of one part of a template.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum TemplateComponent<'a> {
    /// Of its body.
    Body {
        /// In the order of the variables, unless they are named.
        parameters: Vec<TemplateParameter<'a>>,
    },
    /// Of one of its buttons.
    Button {
        /// `quick_reply`.
        sub_type: ButtonType,
        /// Which button, from 0. Meta wants digits in a string.
        index: String,
        /// One parameter.
        parameters: [TemplateParameter<'a>; 1],
    },
}

/// The type of a button that has a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ButtonType {
    /// Sends its payload back when it is pressed.
    QuickReply,
}

/// What stands in one variable.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum TemplateParameter<'a> {
    /// Words.
    Text {
        /// The variable's name, where the template's variables are named.
        #[serde(skip_serializing_if = "Option::is_none")]
        parameter_name: Option<&'a str>,
        /// The words.
        text: &'a str,
    },
    /// The invite link of this group, which Meta puts in when it delivers the message.
    GroupId {
        /// The group.
        group_id: &'a GroupId,
    },
    /// What a quick-reply button sends back.
    Payload {
        /// It.
        payload: &'a str,
    },
}

/// A template of the account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Template {
    /// Meta's ID of it.
    #[serde(deserialize_with = "lenient::text")]
    pub id: Option<String>,
    /// Its name.
    #[serde(deserialize_with = "lenient::text")]
    pub name: Option<String>,
    /// Its language, such as `en_US`.
    #[serde(deserialize_with = "lenient::text")]
    pub language: Option<String>,
    /// `APPROVED`, `PENDING`, `REJECTED`, `PAUSED`, ….
    #[serde(deserialize_with = "lenient::text")]
    pub status: Option<String>,
    /// `UTILITY`, `MARKETING` or `AUTHENTICATION`.
    #[serde(deserialize_with = "lenient::text")]
    pub category: Option<String>,
    /// The template of Meta's library that it was copied from.
    #[serde(deserialize_with = "lenient::text")]
    pub library_template_name: Option<String>,
    /// Its parts, as Meta writes them.
    #[serde(deserialize_with = "lenient::list")]
    pub components: Vec<Value>,
}

/// A template of Meta's library.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct LibraryTemplate {
    /// Its name, which a copy is made by.
    #[serde(deserialize_with = "lenient::text")]
    pub name: Option<String>,
    /// Its language.
    #[serde(deserialize_with = "lenient::text")]
    pub language: Option<String>,
    /// `UTILITY`.
    #[serde(deserialize_with = "lenient::text")]
    pub category: Option<String>,
    /// Its words, with `{{1}}` or `{{name}}` for variables.
    #[serde(deserialize_with = "lenient::text")]
    pub body: Option<String>,
    /// The types of its variables.
    #[serde(deserialize_with = "lenient::list")]
    pub body_param_types: Vec<String>,
}

/// A page of templates.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "WrittenPage<T>", bound = "T: serde::de::DeserializeOwned")]
pub struct TemplatePage<T> {
    /// The templates.
    pub templates: Vec<T>,
    /// The cursor of the next page; `None` on the last.
    pub after: Option<String>,
}

/// A copy of one of the library's templates to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct TemplateCopy<'a> {
    /// What it is called: small letters, digits and `_`.
    pub name: &'a str,
    /// Its language.
    pub language: &'a str,
    /// Which template of the library.
    pub library_template_name: &'a str,
}

/// A template that was made.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct TemplateMade {
    /// Meta's ID of it.
    #[serde(deserialize_with = "lenient::required_text")]
    pub id: String,
    /// `APPROVED`, `PENDING`, ….
    #[serde(default, deserialize_with = "lenient::text")]
    pub status: Option<String>,
    /// `UTILITY`.
    #[serde(default, deserialize_with = "lenient::text")]
    pub category: Option<String>,
}

impl GraphClient {
    /// `GET /{waba_id}/message_templates`: a page of the account's templates, in one language or in all.
    pub async fn list_templates(
        &self,
        call: Call<'_>,
        waba_id: &WabaId,
        language: Option<&str>,
        after: Option<&str>,
    ) -> Result<Answer<TemplatePage<Template>>, GraphError> {
        let mut path = self.path(waba_id.as_str()).edge("message_templates").parameter("fields", FIELDS);
        for (name, value) in [("language", language), ("limit", Some(PAGE)), ("after", after)] {
            path = value.into_iter().fold(path, |path, value| path.parameter(name, value));
        }
        self.call(call, path, Request::GET).await
    }

    /// `GET /message_template_library`: a page of Meta's templates that invite to a group.
    pub async fn list_invite_library(
        &self,
        call: Call<'_>,
        language: Option<&str>,
        after: Option<&str>,
    ) -> Result<Answer<TemplatePage<LibraryTemplate>>, GraphError> {
        let mut path =
            self.path("message_template_library").parameter("category", "utility").parameter("topic", GROUP_TOPIC);
        for (name, value) in [("language", language), ("after", after)] {
            path = value.into_iter().fold(path, |path, value| path.parameter(name, value));
        }
        self.call(call, path, Request::GET).await
    }

    /// `POST /{waba_id}/message_templates`: copies a template of the library, unchanged, so that it stays a utility.
    pub async fn copy_template(
        &self,
        call: Call<'_>,
        waba_id: &WabaId,
        copy: &TemplateCopy<'_>,
    ) -> Result<Answer<TemplateMade>, GraphError> {
        let mut body = json!(copy);
        body["category"] = json!("UTILITY");
        self.call(call, self.path(waba_id.as_str()).edge("message_templates"), Request::post(&body)).await
    }
}

impl Template {
    /// Its words.
    pub fn body(&self) -> Option<&str> {
        let is_body = |part: &&Value| part["type"].as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("body"));
        self.components.iter().find(is_body).and_then(|body| body["text"].as_str())
    }

    /// Whether it has a variable for a group's invite link. No page of Meta's shows how such a template is listed, so
    /// any mention of the parameter's type counts, and an invite link as the example of a variable.
    pub fn has_group_parameter(&self) -> bool {
        let is_named = |text: &str| text.eq_ignore_ascii_case(GROUP_PARAMETER) || text.contains("{{group_id}}");
        let is_link = |text: &str| text.starts_with(INVITE_LINK);
        self.components.iter().any(|part| mentions(part, &is_named) || mentions(&part["example"], &is_link))
    }
}

/// Whether such a text stands anywhere in the value, as a name or as a string.
fn mentions(value: &Value, is_meant: &impl Fn(&str) -> bool) -> bool {
    match value {
        Value::String(text) => is_meant(text),
        Value::Array(items) => items.iter().any(|item| mentions(item, is_meant)),
        Value::Object(members) => members.iter().any(|(name, value)| is_meant(name) || mentions(value, is_meant)),
        _ => false,
    }
}

/// Meta wants the language in an object.
fn language<S: serde::Serializer>(code: &str, serializer: S) -> Result<S::Ok, S::Error> {
    json!({ "code": code }).serialize(serializer)
}

#[derive(Deserialize)]
struct WrittenPage<T> {
    data: Vec<T>,
    #[serde(default)]
    paging: Option<Paging>,
}

impl<T> From<WrittenPage<T>> for TemplatePage<T> {
    fn from(written: WrittenPage<T>) -> Self {
        Self { templates: written.data, after: written.paging.and_then(Paging::after) }
    }
}

impl fmt::Debug for TemplateMessage<'_> {
    /// Without what stands in the variables, which is the message's content.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, language, .. } = self;
        f.debug_struct("TemplateMessage").field("name", name).field("language", language).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(components: &Value) -> Template {
        serde_json::from_value(json!({ "components": components })).unwrap()
    }

    #[test]
    fn a_group_parameter_is_recognized_wherever_it_is_mentioned() {
        for components in [
            json!([{"type": "BODY", "text": "Join {{1}}", "example": {"body_param_types": ["GROUP_ID"]}}]),
            json!([{"type": "BODY", "text": "Join {{group_id}}"}]),
            json!([{"type": "BODY", "example": {"body_text_named_params": [{"param_name": "group_id"}]}}]),
            json!([{"type": "BODY", "parameters": [{"type": "group_id", "group_id": "G"}]}]),
            json!([{"type": "BODY", "text": "{{1}}", "example": {"body_text": [["https://chat.whatsapp.com/L"]]}}]),
        ] {
            assert!(template(&components).has_group_parameter(), "{components}");
        }
        let plain = json!([
            {"type": "BODY", "text": "Your group {{1}} is ready", "example": {"body_text": [["A"]]}},
            {"type": "BUTTONS", "buttons": [{"type": "URL", "url": "https://chat.whatsapp.com/L"}]},
        ]);
        assert!(!template(&plain).has_group_parameter());
    }

    #[test]
    fn the_words_of_a_template_are_its_bodys() {
        let parts = json!([{"type": "HEADER", "format": "TEXT", "text": "Hello"}, {"type": "body", "text": "Words"}]);
        assert_eq!(template(&parts).body(), Some("Words"));
        assert_eq!(template(&json!([])).body(), None);
    }
}
