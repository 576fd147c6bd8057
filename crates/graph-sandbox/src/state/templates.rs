//! Message templates of an account: what may be sent to somebody who did not write first.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::schedule::Change;
use super::{State, Turn};
use crate::graph::errors::{Code, GraphError};
use crate::ids::{GroupId, PhoneNumberId, TemplateId, WabaId};

/// The webhook field of templates that are approved, rejected, paused.
const STATUS_UPDATE: &str = "message_template_status_update";
/// How every invite link begins; a variable with such an example stands for a group's link.
pub(crate) const INVITE_LINK: &str = "https://chat.whatsapp.com/";

/// What a template is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Category {
    Utility,
    Marketing,
    Authentication,
}

/// Whether a template may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum TemplateStatus {
    /// Under review.
    Pending,
    /// May be sent.
    Approved,
    /// Failed the review.
    Rejected,
    /// Not to be sent for a while, for its quality.
    Paused,
    /// Not to be sent any more, for its quality.
    Disabled,
}

/// How a template's variables are named: `{{1}}` or `{{order_id}}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum ParameterFormat {
    Positional,
    Named,
}

/// A template in one language.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Template {
    pub(crate) waba_id: WabaId,
    pub(crate) ordinal: u64,
    pub(crate) name: String,
    pub(crate) language: String,
    pub(crate) category: Category,
    pub(crate) status: TemplateStatus,
    pub(crate) parameter_format: ParameterFormat,
    /// As Graph writes them: `HEADER`, `BODY`, `FOOTER`, `BUTTONS`.
    pub(crate) components: Vec<Value>,
    /// The entry of the library that it was copied from.
    pub(crate) library_template_name: Option<String>,
}

/// A variable of a text, and the example that was given for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Variable {
    /// `1`, or `order_id`.
    pub(crate) name: String,
    pub(crate) example: Option<String>,
}

impl Variable {
    /// Whether a group's invite link stands here. No page of Meta's says how a template shows that, so its example
    /// decides.
    pub(crate) fn is_invite_link(&self) -> bool {
        self.example.as_deref().is_some_and(|example| example.starts_with(INVITE_LINK))
    }
}

impl Template {
    /// The component of a type, such as `BODY`.
    pub(crate) fn component(&self, kind: &str) -> Option<&Value> {
        let mut components = self.components.iter();
        components.find(|one| one["type"].as_str().is_some_and(|found| found.eq_ignore_ascii_case(kind)))
    }

    /// The value of `message_template_status_update`.
    /// Source: <https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/message_template_status_update>
    fn status_update(&self, id: &TemplateId, reason: &str) -> Value {
        json!({
            "event": self.status,
            // A number, unlike every other ID.
            "message_template_id": id.to_string().parse::<u64>().unwrap_or_default(),
            "message_template_name": self.name,
            "message_template_language": self.language,
            "message_template_category": self.category,
            "reason": reason,
        })
    }
}

/// The variables of a component's text, in the order of their first places, none twice.
pub(crate) fn variables(component: &Value) -> Vec<Variable> {
    let text = component["text"].as_str().unwrap_or_default();
    let mut found: Vec<Variable> = Vec::new();
    for piece in text.split("{{").skip(1) {
        let Some((name, _)) = piece.split_once("}}") else {
            continue;
        };
        if !found.iter().any(|known| known.name == name.trim()) {
            let example = example(&component["example"], found.len(), name.trim());
            found.push(Variable { name: name.trim().to_owned(), example });
        }
    }
    found
}

/// The example of a variable, by its place or by its name.
fn example(examples: &Value, index: usize, name: &str) -> Option<String> {
    let by_name = |list: &Value| {
        let mut list = list.as_array()?.iter();
        list.find(|one| one["param_name"] == name)?["example"].as_str().map(str::to_owned)
    };
    let by_place = [&examples["body_text"][0][index], &examples["header_text"][index]];
    let by_place = by_place.into_iter().find_map(Value::as_str).map(str::to_owned);
    let named = ["body_text_named_params", "header_text_named_params"];
    by_place.or_else(|| named.into_iter().find_map(|member| by_name(&examples[member])))
}

impl State {
    /// Adds a template; its ID. One that is pending will be reviewed.
    pub(crate) fn add_template(&mut self, template: Template, turn: &Turn<'_>) -> TemplateId {
        let id = TemplateId::from(turn.nature.digits(16));
        let pending = template.status == TemplateStatus::Pending;
        self.templates.insert(id.clone(), Arc::new(template));
        if pending {
            self.promise(Change::Review(id.clone()), turn);
        }
        id
    }

    /// The account's templates, oldest first.
    pub(crate) fn templates_of(&self, waba_id: &WabaId) -> Vec<(&TemplateId, &Template)> {
        let owned = self.templates.iter().filter(|(_, template)| template.waba_id == *waba_id);
        let mut owned: Vec<_> = owned.map(|(id, template)| (id, &**template)).collect();
        owned.sort_by_key(|(_, template)| template.ordinal);
        owned
    }

    /// The templates of a name that a number may send, one a language.
    pub(crate) fn templates_named(&self, number: &PhoneNumberId, name: &str) -> Vec<&Template> {
        let Some(number) = self.numbers.get(number) else {
            return Vec::new();
        };
        let owned = self.templates_of(&number.waba_id).into_iter().map(|(_, template)| template);
        owned.filter(|template| template.name == name).collect()
    }

    /// Ends a review: approved, or rejected where that was asked for.
    pub(crate) fn review(&mut self, id: &TemplateId, turn: &Turn<'_>) {
        let status = if turn.failure().is_some() { TemplateStatus::Rejected } else { TemplateStatus::Approved };
        self.set_template_status(id, status, turn);
    }

    /// Gives a template another status, and tells of it; whether there is such a template.
    pub(crate) fn set_template_status(&mut self, id: &TemplateId, status: TemplateStatus, turn: &Turn<'_>) -> bool {
        let Some(template) = self.templates.get_mut(id) else {
            return false;
        };
        let template = Arc::make_mut(template);
        template.status = status;
        let reason = if status == TemplateStatus::Rejected { "INVALID_FORMAT" } else { "NONE" };
        let (waba_id, value) = (template.waba_id.clone(), template.status_update(id, reason));
        self.tell_account(&waba_id, STATUS_UPDATE, &value, turn);
        true
    }

    /// The link that a `group_id` parameter becomes.
    pub(crate) fn link_for_invitation(&self, number: &PhoneNumberId, id: &str) -> Result<String, GraphError> {
        let id = GroupId::from(id);
        let group = self.living_group(&id).filter(|group| group.phone_number_id == *number);
        let group = group.ok_or_else(|| GraphError::new(Code::GROUP_UNKNOWN))?;
        let no_link = || GraphError::detailed(Code::VALUE, "the group of the group_id parameter has no invite link");
        group.invite_link.clone().ok_or_else(no_link)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(component: &Value) -> Vec<String> {
        variables(component).into_iter().map(|variable| variable.name).collect()
    }

    #[test]
    fn variables_are_found_once_each_with_their_examples() {
        let body = json!({
            "text": "{{1}}, tap {{2}} or {{2}} again",
            "example": { "body_text": [["Ann", "https://chat.whatsapp.com/x"]] },
        });
        assert_eq!(names(&body), ["1", "2"]);
        assert!(!variables(&body)[0].is_invite_link() && variables(&body)[1].is_invite_link());
    }

    #[test]
    fn named_variables_find_their_examples_by_name() {
        let examples = json!([{ "param_name": "link", "example": "https://chat.whatsapp.com/x" }]);
        let body = json!({
            "text": "For {{name}}: {{link}} {{unclosed",
            "example": { "body_text_named_params": examples },
        });
        assert_eq!(names(&body), ["name", "link"]);
        assert!(variables(&body)[1].is_invite_link());
    }
}
