//! The objects that a message names: the group that gets it, groups in a template's parameters, in whose place Meta puts
//! the group's invite link, and files.

use cams_api::identifiers::GroupId;
use cams_api::parameters::ParameterError;
use graph_client::webhooks::MEDIA_KINDS;
use serde_json::{Map, Value};
use tenant_store::ObjectKind;

use crate::operations::{Context, OperationError};

/// The members of a message that say who gets it.
const RECIPIENTS: [&str; 2] = ["to", "recipient"];
/// A text of the caller's own, which Meta gives back and never reads.
const OPAQUE: &str = "biz_opaque_callback_data";

/// What a message names.
#[derive(Default)]
struct Named {
    groups: Vec<String>,
    media: Vec<String>,
}

/// # Errors
/// [`OperationError::GroupNotFound`] where a group is not the number's, [`OperationError::Parameter`] where a file is not
/// the tenant's by our record, or a parameter cannot be read.
pub(super) async fn require_own(ctx: &Context, said: &Map<String, Value>) -> Result<(), OperationError> {
    let named = named(said)?;
    for group in named.groups {
        ctx.own_group(&group_id(&group)?).await?;
    }
    for media in named.media {
        require_own_media(ctx, &media).await?;
    }
    Ok(())
}

/// What no group can be called is nobody's: Meta may read another one in it than is looked at here.
fn group_id(group: &str) -> Result<GroupId, OperationError> {
    let unknown = |_| OperationError::GroupNotFound { group_id: group.chars().take(64).collect() };
    group.parse().map_err(unknown)
}

async fn require_own_media(ctx: &Context, id: &str) -> Result<(), OperationError> {
    let owners = &ctx.services.owners;
    let tenant = ctx.tenant.cust_space_id.as_str();
    let is_own = |known: &[tenant_store::ObjectOwner]| {
        known.iter().any(|owner| owner.kind == ObjectKind::Media && owner.cust_space_id == tenant)
    };
    if is_own(&owners.of(id).await?) || is_own(&owners.of_now(id).await?) {
        return Ok(());
    }
    Err(OperationError::FileNotFound { id: id.chars().take(64).collect() })
}

fn named(said: &Map<String, Value>) -> Result<Named, ParameterError> {
    said.iter().try_for_each(|(name, value)| require_readable(name, value))?;
    let kind = plain_text(said, "recipient_type")?;
    let is_group = kind.is_some_and(|kind| kind.eq_ignore_ascii_case("group"));
    let mut named = Named::default();
    for name in RECIPIENTS {
        let recipient = plain_text(said, name)?.filter(|recipient| is_group || !is_person(recipient));
        named.groups.extend(recipient.map(str::to_owned));
    }
    said.iter().for_each(|(name, value)| named.collect(name, value));
    Ok(named)
}

/// JSON in a form's text must be JSON to us, too: another parser may read what ours refuses, such as `1e999`.
fn require_readable(name: &str, value: &Value) -> Result<(), ParameterError> {
    let is_json =
        |text: &str| !text.trim_start().starts_with(['{', '[']) || serde_json::from_str::<Value>(text).is_ok();
    if name == OPAQUE || value.as_str().is_none_or(is_json) {
        Ok(())
    } else {
        Err(wrong(name, "JSON that can be read"))
    }
}

/// The parameter without spaces around it, where it is there.
fn plain_text<'a>(said: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, ParameterError> {
    match said.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if !text.contains(char::is_control) => Ok(Some(text.trim())),
        Some(_) => Err(wrong(name, "text without control characters")),
    }
}

/// What was sent may be a text of the user's, and is not repeated.
fn wrong(name: &str, rule: &str) -> ParameterError {
    let value = "something else".to_owned();
    ParameterError::Wrong { parameter: name.chars().take(64).collect(), value, rule: rule.to_owned() }
}

/// Whether it can be a phone number, or a business-scoped user ID such as `US.13491208655302741918`.
fn is_person(to: &str) -> bool {
    to.contains('.') || to.chars().all(|char| char.is_ascii_digit() || "+-() ".contains(char))
}

impl Named {
    /// Everything that the member of this name holds, also as JSON in a form's text.
    fn collect(&mut self, name: &str, value: &Value) {
        if name == "group_id" {
            return self.groups.extend(written(value));
        }
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.collect(name, item)),
            Value::Object(members) => {
                self.media.extend(members.get("id").filter(|_| MEDIA_KINDS.contains(&name)).and_then(written));
                members.iter().for_each(|(name, member)| self.collect(name, member));
            }
            Value::String(text) if text.trim_start().starts_with(['{', '[']) => {
                if let Ok(inner) = serde_json::from_str(text) {
                    self.collect(name, &inner);
                }
            }
            _ => {}
        }
    }
}

fn written(id: &Value) -> Option<String> {
    match id {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Null => None,
        // As JSON: of lists and objects nothing that an ID can be.
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn named_in(said: Value) -> Named {
        let Value::Object(said) = said else { panic!("an object") };
        named(&said).unwrap()
    }

    fn is_refused(said: Value) -> bool {
        let Value::Object(said) = said else { panic!("an object") };
        named(&said).is_err()
    }

    #[test]
    fn a_group_is_named_as_who_gets_the_message_whatever_its_type_is_said_to_be() {
        assert_eq!(named_in(json!({"recipient_type": "GROUP", "to": " G1 "})).groups, ["G1"]);
        assert_eq!(named_in(json!({"to": "Y2FwaV9ncm91cDox"})).groups, ["Y2FwaV9ncm91cDox"]);
        for person in ["16505551234", "+1 (650) 555-1234", "US.13491208655302741918"] {
            assert_eq!(named_in(json!({"to": person})).groups, [""; 0], "{person}");
        }
    }

    #[test]
    fn groups_and_files_are_named_in_a_template_also_where_a_form_holds_it_as_text() {
        let template = json!({"components": [{"parameters": [{"type": "group_id", "group_id": "G2"},
                                                             {"type": "image", "image": {"id": 7}}]}]});
        let as_text = json!({"components": template["components"].to_string()});
        for template in [json!(template.to_string()), as_text, template] {
            let named = named_in(json!({"to": "1", "template": template}));
            assert_eq!((named.groups, named.media), (vec!["G2".to_owned()], vec!["7".to_owned()]), "{template}");
        }
    }

    #[test]
    fn a_recipient_is_plain_text_and_json_in_a_form_can_be_read() {
        for recipient in [json!("G1\u{0}"), json!("G1\n"), json!(["G1"]), json!(7), json!({})] {
            assert!(is_refused(json!({"to": recipient})), "{recipient}");
            assert!(is_refused(json!({"recipient": recipient})), "{recipient}");
        }
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        for image in [r#"{"id":"9","x":1e999}"#, " {\"id\":\"9\"", &deep] {
            assert!(is_refused(json!({"to": "1", "image": image})), "{image}");
        }
        assert!(!is_refused(json!({"to": "1", "biz_opaque_callback_data": "[7", "text": {"body": "[so] {it} goes"}})));
    }

    #[test]
    fn what_no_group_can_be_called_is_no_group_of_ours() {
        let said = json!({"recipient_type": "group", "recipient": "G1 2", "group_id": "G3\u{0}",
                          "template": {"parameters": [{"group_id": ["G4"]}, {"group_id": 1.5}, {"group_id": null}]}});
        let named = named_in(said);
        assert_eq!(named.groups.len(), 4);
        for group in named.groups {
            assert!(matches!(group_id(&group), Err(OperationError::GroupNotFound { .. })), "{group:?}");
        }
    }

    #[test]
    fn a_file_is_named_by_its_id_and_not_by_its_link() {
        let named = named_in(json!({"to": "1", "document": {"id": "8"}, "image": {"link": "https://example.com/a"},
                                    "sticker": "{\"id\":\"9\"}", "context": {"id": "10"}}));
        assert_eq!(named.media, ["8", "9"]);
    }
}
