//! A template message against the template that the account has.
//!
//! Sources: <https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/overview>
//! and, for the parameter `group_id`, the guide's "Send group invite link template message".

use serde_json::Value;

use super::content::required_text;
use crate::graph::errors::{Code, GraphError, GraphResult};
use crate::ids::PhoneNumberId;
use crate::state::State;
use crate::state::messages::Recipient;
use crate::state::templates::{Category, ParameterFormat, Template, TemplateStatus, Variable, variables};

/// The body with its variables filled in.
pub(super) struct Rendered {
    pub(super) text: String,
    pub(super) invite_link: Option<String>,
}

/// What every check of a parameter needs.
struct Checking<'a> {
    state: &'a State,
    number: &'a PhoneNumberId,
    template: &'a Template,
}

/// Refuses what does not fit the template; the message as its reader will see it.
pub(super) fn check(state: &State, number: &PhoneNumberId, to: &Recipient, content: &Value) -> GraphResult<Rendered> {
    let template = sendable(state, number, content)?;
    if template.category == Category::Authentication {
        refuse_authentication(to)?;
    }
    let checking = Checking { state, number, template };
    let sent = content["components"].as_array().map(Vec::as_slice).unwrap_or_default();
    checking.header(sent)?;
    checking.buttons(sent)?;
    checking.body(sent)
}

/// The approved template of this name and language.
fn sendable<'a>(state: &'a State, number: &PhoneNumberId, content: &Value) -> GraphResult<&'a Template> {
    let name = required_text(content, "template", "name", usize::MAX)?;
    let language = required_text(&content["language"], "template['language']", "code", usize::MAX)?;
    let unknown = || {
        let details = format!("template name ({name}) does not exist in {language}");
        GraphError::detailed(Code::TEMPLATE_UNKNOWN, details)
    };
    let named = state.templates_named(number, name);
    let template = named.into_iter().find(|one| one.language == language).ok_or_else(unknown)?;
    match template.status {
        TemplateStatus::Approved => Ok(template),
        TemplateStatus::Pending | TemplateStatus::Rejected => {
            let details = format!("template ({name}) in {language} has not been approved");
            Err(GraphError::detailed(Code::TEMPLATE_UNKNOWN, details))
        }
        TemplateStatus::Paused => Err(GraphError::new(Code::TEMPLATE_PAUSED)),
        TemplateStatus::Disabled => Err(GraphError::new(Code::TEMPLATE_DISABLED)),
    }
}

/// Codes are sent to phone numbers only.
fn refuse_authentication(to: &Recipient) -> GraphResult<()> {
    match to {
        Recipient::Number(_) => Ok(()),
        Recipient::UserId(_) => Err(GraphError::new(Code::NEEDS_NUMBER)),
        Recipient::Group(_) => {
            let details = "Authentication templates cannot be sent to groups";
            Err(GraphError::detailed(Code::UNSUPPORTED_TYPE, details))
        }
    }
}

/// The parameters that were sent for a component.
fn parameters<'a>(sent: &'a [Value], kind: &str) -> &'a [Value] {
    let is_it = |one: &&Value| one["type"].as_str().is_some_and(|found| found.eq_ignore_ascii_case(kind));
    let found = sent.iter().find(is_it).and_then(|one| one["parameters"].as_array());
    found.map(Vec::as_slice).unwrap_or_default()
}

impl Checking<'_> {
    fn body(&self, sent: &[Value]) -> GraphResult<Rendered> {
        let Some(body) = self.template.component("BODY") else {
            return Ok(Rendered { text: String::new(), invite_link: None });
        };
        let mut text = body["text"].as_str().unwrap_or_default().to_owned();
        let mut invite_link = None;
        for (variable, value) in self.texts("body", body, parameters(sent, "body"))? {
            text = text.replace(&format!("{{{{{}}}}}", variable.name), &value);
            if variable.is_invite_link() {
                invite_link = Some(value);
            }
        }
        Ok(Rendered { text, invite_link })
    }

    fn header(&self, sent: &[Value]) -> GraphResult<()> {
        let Some(header) = self.template.component("HEADER") else {
            return Ok(());
        };
        let given = parameters(sent, "header");
        let format = header["format"].as_str().unwrap_or("TEXT").to_ascii_lowercase();
        if format == "text" {
            return self.texts("header", header, given).map(|_| ());
        }
        match given {
            [one] if one["type"] == *format && one[&format].is_object() => Ok(()),
            [_] => Err(wrong_format(&format!("header: Format mismatch, expected {format}"))),
            _ => Err(wrong_count("header", given.len(), 1)),
        }
    }

    /// A button whose address ends in a variable needs its end.
    fn buttons(&self, sent: &[Value]) -> GraphResult<()> {
        let buttons = self.template.component("BUTTONS").and_then(|one| one["buttons"].as_array());
        for (index, button) in buttons.into_iter().flatten().enumerate() {
            let has_variable = button["url"].as_str().is_some_and(|url| url.contains("{{"));
            if has_variable && !sent.iter().any(|one| is_for_button(one, index)) {
                let details = format!("buttons: Button at index {index} of type Url requires a parameter");
                return Err(GraphError::detailed(Code::MISSING, details));
            }
        }
        Ok(())
    }

    /// The value of each variable of a text.
    fn texts(&self, kind: &str, component: &Value, given: &[Value]) -> GraphResult<Vec<(Variable, String)>> {
        let expected = variables(component);
        if expected.len() != given.len() {
            return Err(wrong_count(kind, given.len(), expected.len()));
        }
        let valued = expected.into_iter().enumerate().map(|(index, variable)| {
            let parameter = match self.template.parameter_format {
                ParameterFormat::Positional => given.get(index),
                ParameterFormat::Named => given.iter().find(|one| one["parameter_name"] == *variable.name),
            };
            let absent =
                || GraphError::detailed(Code::PARAMETER, format!("{kind}: Parameter name is missing or empty"));
            let value = self.value(kind, &variable, parameter.ok_or_else(absent)?)?;
            Ok((variable, value))
        });
        valued.collect()
    }

    /// What stands in a variable's place. A group's link stands where the template has one, and nowhere else.
    fn value(&self, kind: &str, variable: &Variable, parameter: &Value) -> GraphResult<String> {
        let given = parameter["type"].as_str().unwrap_or_default();
        let of = format!("{kind} parameter");
        match (given, variable.is_invite_link()) {
            ("group_id", true) => {
                let id = required_text(parameter, &of, "group_id", usize::MAX)?;
                self.state.link_for_invitation(self.number, id)
            }
            ("text", false) => required_text(parameter, &of, "text", usize::MAX).map(str::to_owned),
            ("currency" | "date_time", false) => {
                required_text(&parameter[given], &of, "fallback_value", usize::MAX).map(str::to_owned)
            }
            (_, true) => Err(wrong_format(&format!("{kind}: the variable {} takes a group_id", variable.name))),
            (_, false) => Err(wrong_format(&format!("{kind}: the variable {} takes no {given:?}", variable.name))),
        }
    }
}

/// `index` may be a number or a text.
fn is_for_button(sent: &Value, index: usize) -> bool {
    let is_button = sent["type"].as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("button"));
    let at = sent["index"].as_u64().map(|at| at.to_string()).or_else(|| sent["index"].as_str().map(str::to_owned));
    is_button && at == Some(index.to_string()) && sent["parameters"].as_array().is_some_and(|list| !list.is_empty())
}

fn wrong_count(kind: &str, given: usize, expected: usize) -> GraphError {
    let details = format!(
        "{kind}: number of localizable_params ({given}) does not match the expected number of params ({expected})"
    );
    GraphError::detailed(Code::TEMPLATE_COUNT, details)
}

fn wrong_format(details: &str) -> GraphError {
    GraphError::detailed(Code::TEMPLATE_FORMAT, details)
}
