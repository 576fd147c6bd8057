//! The objects that a message names: the group that gets it, groups in a template's parameters, in whose place Meta puts
//! the group's invite link, and files.

use cams_api::identifiers::GroupId;
use cams_api::parameters::ParameterError;
use serde_json::{Map, Value};
use tenant_store::ObjectKind;

use crate::operations::{Context, OperationError};

/// The members of a message that hold a file.
const FILES: [&str; 5] = ["image", "video", "audio", "document", "sticker"];

/// What a message names.
#[derive(Default)]
struct Named {
    groups: Vec<String>,
    media: Vec<String>,
}

/// # Errors
/// [`OperationError::GroupNotFound`] where a group is not the number's, [`OperationError::Parameter`] where a file is not
/// the tenant's by our record.
pub(super) async fn require_own(ctx: &Context, said: &Map<String, Value>) -> Result<(), OperationError> {
    let named = named(said);
    for group in named.groups {
        // What no group can be called is refused by Meta in its own words.
        if let Ok(group_id) = group.parse::<GroupId>() {
            ctx.own_group(&group_id).await?;
        }
    }
    for media in named.media {
        require_own_media(ctx, &media).await?;
    }
    Ok(())
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
    let rule = "the ID of a file that was uploaded here, or came in a message";
    let value = id.chars().take(32).collect();
    Err(ParameterError::Wrong { parameter: "id".to_owned(), value, rule: rule.to_owned() }.into())
}

fn named(said: &Map<String, Value>) -> Named {
    let text = |name: &str| said.get(name).and_then(Value::as_str).map(str::trim);
    let is_group = text("recipient_type").is_some_and(|kind| kind.eq_ignore_ascii_case("group"));
    let recipient = text("to").filter(|to| is_group || !is_person(to));
    let mut named = Named { groups: recipient.map(str::to_owned).into_iter().collect(), media: Vec::new() };
    said.iter().for_each(|(name, value)| named.collect(name, value));
    named
}

/// Whether it can be a phone number, or a business-scoped user ID such as `US.13491208655302741918`.
fn is_person(to: &str) -> bool {
    to.contains('.') || to.chars().all(|char| char.is_ascii_digit() || "+-() ".contains(char))
}

impl Named {
    /// Everything that the member of this name holds, also as JSON in a form's text.
    fn collect(&mut self, name: &str, value: &Value) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.collect(name, item)),
            Value::Object(members) => {
                self.groups.extend(members.get("group_id").and_then(written));
                self.media.extend(members.get("id").filter(|_| FILES.contains(&name)).and_then(written));
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
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn named_in(said: Value) -> Named {
        let Value::Object(said) = said else { panic!("an object") };
        named(&said)
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
    fn a_file_is_named_by_its_id_and_not_by_its_link() {
        let named = named_in(json!({"to": "1", "document": {"id": "8"}, "image": {"link": "https://example.com/a"},
                                    "sticker": "{\"id\":\"9\"}", "context": {"id": "10"}}));
        assert_eq!(named.media, ["8", "9"]);
    }
}
