//! Templates for invitations: Meta's library, the account's own, and copying from the one into the other.

use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{addressed, example, request};
use crate::messages::{Language, TemplateName};
use crate::operation::{Answer, Operation};
use crate::{Code, Scope};

request! {
    /// What `ListChatGroupInviteTemplates` takes.
    ListChatGroupInviteTemplates {
        /// Only templates of this language; of all languages where it is absent.
        language: Option<Language>,
    }
}

/// Templates for invitations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct InviteTemplatesData {
    /// The templates.
    pub data: InviteTemplates,
}

impl Answer for InviteTemplatesData {}

/// Meta's, and the account's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct InviteTemplates {
    /// What Meta's library has, to be copied.
    pub library: Vec<LibraryInviteTemplate>,
    /// What the account has, to be sent where its `Status` is `APPROVED`.
    pub own: Vec<InviteTemplate>,
}

/// A template of Meta's library.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct LibraryInviteTemplate {
    /// Its name in the library, for `AddChatGroupInviteTemplate`.
    #[schema(example = "group_invite_link")]
    pub library_template_name: String,
    /// Its language.
    #[schema(example = "en")]
    pub language: Option<String>,
    /// Meta's word for what it is for.
    #[schema(example = "UTILITY")]
    pub category: Option<String>,
    /// Its words, with `{{1}}` or `{{name}}` for variables.
    #[schema(example = "Hi {{2}}, join our group: {{1}}")]
    pub body: Option<String>,
    /// The types of its variables, in their order.
    #[schema(example = json!(["GROUP_ID", "TEXT"]))]
    pub body_param_types: Vec<String>,
}

/// A template of the account's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct InviteTemplate {
    /// Meta's ID of it.
    #[schema(example = "594425479261596")]
    pub template_id: Option<String>,
    /// Its name, for `SendChatGroupInvite`.
    #[schema(example = "group_invite")]
    pub template_name: String,
    /// Its language.
    #[schema(example = "en")]
    pub language: Option<String>,
    /// Meta's word for what it is for.
    #[schema(example = "UTILITY")]
    pub category: Option<String>,
    /// Meta's word for where it stands; `APPROVED` ones can be sent.
    #[schema(example = "APPROVED")]
    pub status: Option<String>,
    /// Its words.
    #[schema(example = "Hi {{2}}, join our group: {{1}}")]
    pub body: Option<String>,
    /// The library's template that it was copied from.
    #[schema(example = "group_invite_link")]
    pub library_template_name: Option<String>,
}

request! {
    /// What `AddChatGroupInviteTemplate` takes.
    AddChatGroupInviteTemplate {
        /// What the copy is called.
        template_name: TemplateName,
        /// The copy's language, one that the library has the template in.
        language: Language,
        /// Which template of Meta's library is copied.
        library_template_name: TemplateName,
    }
}

/// The template that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct InviteTemplateAdded {
    /// Meta's ID of it.
    #[schema(example = "594425479261596")]
    pub template_id: String,
    /// Meta's word for where it stands.
    #[schema(example = "APPROVED")]
    pub status: Option<String>,
    /// Meta's word for what it is for.
    #[schema(example = "UTILITY")]
    pub category: Option<String>,
}

impl Answer for InviteTemplateAdded {}

impl Operation for ListChatGroupInviteTemplates {
    type Answer = InviteTemplatesData;

    const NAME: &'static str = "ListChatGroupInviteTemplates";
    const SCOPE: Scope = Scope::GroupsRead;
    const NOUN: &'static str = "Invitations";
    const SUMMARY: &'static str = "List templates for invitations";
    const DESCRIPTION: &'static str = "Lists the templates of Meta's library that invite to a group, and those of the number's own account that have a variable for a group's invite link, or were copied from one of these. Without `Language`, of all languages.\n\nMeta counts looking at templates against a small quota of the account (200 calls an hour at the beginning), so do not ask before every invitation.\n\nUpstream: `GET /message_template_library?category=utility&topic=group_invite_link&language=…` and `GET /{waba_id}/message_templates`, all pages.";
    const CODES: &'static [Code] = &[Code::GroupNotFound, Code::GroupSuspended];

    addressed!();

    fn example() -> Value {
        example!("Language": "en")
    }

    fn example_answer() -> Value {
        json!({"Data": {
            "Library": [{
                "LibraryTemplateName": "group_invite_link",
                "Language": "en",
                "Category": "UTILITY",
                "Body": "Hi {{2}}, join our group: {{1}}",
                "BodyParamTypes": ["GROUP_ID", "TEXT"],
            }],
            "Own": [{
                "TemplateId": "594425479261596",
                "TemplateName": super::EXAMPLE_TEMPLATE_NAME,
                "Language": "en",
                "Category": "UTILITY",
                "Status": "APPROVED",
                "Body": "Hi {{2}}, join our group: {{1}}",
                "LibraryTemplateName": "group_invite_link",
            }],
        }})
    }
}

impl Operation for AddChatGroupInviteTemplate {
    type Answer = InviteTemplateAdded;

    const NAME: &'static str = "AddChatGroupInviteTemplate";
    const SCOPE: Scope = Scope::GroupsWrite;
    const NOUN: &'static str = "Invitations";
    const SUMMARY: &'static str = "Copy a template for invitations from Meta's library";
    const DESCRIPTION: &'static str = "Copies a template of Meta's library into the number's account, under a name of your own. It is copied unchanged, so that it stays priced as a utility; Meta may take up to 24 hours to approve it, and `Status` says whether it has.\n\nA name is given once in a language: a second run of the example answers `Upstream.Rejected` with Meta's code 100.\n\nUpstream: `POST /{waba_id}/message_templates`.";
    const CODES: &'static [Code] = &[Code::GroupNotFound, Code::GroupSuspended];

    addressed!();

    fn example() -> Value {
        example!(
            "TemplateName": "our_group_invite",
            "Language": "en",
            "LibraryTemplateName": super::EXAMPLE_LIBRARY_TEMPLATE_NAME,
        )
    }

    fn example_answer() -> Value {
        json!({"TemplateId": "594425479261596", "Status": "APPROVED", "Category": "UTILITY"})
    }
}
