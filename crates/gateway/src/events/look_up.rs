//! What a look at a group tells of a change whose webhook never came. Where the group looks as if the change had been
//! done, it counts as done; where another reason may have made it look otherwise, nobody can tell.

use cams_api::operations::{PartResult, SettingResults, UpstreamFault};
use graph_client::{GroupInfo, Participant};
use serde_json::{Value, json};
use tenant_store::{Change, ChangeStatus, Outcome};

/// What tells a parent business's ID of a user from a business's own
/// ([Meta: business-scoped user IDs](https://developers.facebook.com/documentation/business-messaging/whatsapp/business-scoped-user-ids)).
const PARENT_ID: &str = ".ENT.";

/// Whether the group was deleted, which it was not where it can be looked at.
pub(super) fn deletion(_: &Change, _: &GroupInfo) -> Outcome {
    Outcome::of(ChangeStatus::Failed)
}

/// Whether participants were removed: who was, cannot have come back, so whoever is listed was not. Who is not listed may
/// be so under another name: of a phone number nobody can tell while anybody is listed, since a user's WhatsApp ID need not
/// be the number as it was written (the ninth digit of Brazil, 521 in Mexico, 549 in Argentina) and may be hidden; nor of a
/// user ID while there are users without one of its kind.
pub(super) fn removal(change: &Change, group: &GroupInfo) -> Outcome {
    let Some(listed) = &group.participants else { return Outcome::of(ChangeStatus::Unknown) };
    let asked = asked_numbers(change);
    let (left, gone): (Vec<&str>, Vec<&str>) = asked.into_iter().partition(|number| is_listed(listed, number));
    if gone.iter().any(|number| may_be_hidden(listed, number)) {
        return Outcome::of(ChangeStatus::Unknown);
    }
    let failed: Vec<UpstreamFault> = left.iter().map(|number| still_in(number)).collect();
    let status = match (gone.len(), left.len()) {
        (_, 0) => ChangeStatus::Succeeded,
        (0, _) => ChangeStatus::Failed,
        _ => ChangeStatus::Partial,
    };
    Outcome { failed: (!failed.is_empty()).then(|| json!(failed)), ..Outcome::of(status) }
}

/// Whether participants were added. One who is not listed may have come and gone since.
pub(super) fn addition(change: &Change, group: &GroupInfo) -> Outcome {
    let listed = group.participants.as_deref().unwrap_or_default();
    let asked = asked_numbers(change);
    let all_in = !asked.is_empty() && asked.iter().all(|number| is_listed(listed, number));
    Outcome::of(if all_in { ChangeStatus::Succeeded } else { ChangeStatus::Unknown })
}

/// Whether settings were changed. One that is not as it was asked for may have been changed again since; a picture is
/// not shown.
pub(super) fn settings(change: &Change, group: &GroupInfo) -> Outcome {
    let is_as_asked = |name: &str, shown: Option<&str>| {
        text(&change.request, name).is_none_or(|asked| shown.unwrap_or_default() == asked)
    };
    let is_done = change.request["ProfilePicture"].is_null()
        && is_as_asked("Subject", group.subject.as_deref())
        && is_as_asked("Description", group.description.as_deref());
    if !is_done {
        return Outcome::of(ChangeStatus::Unknown);
    }
    let changed = PartResult { update_successful: true, ..PartResult::default() };
    let result = |name| text(&change.request, name).map(|_| changed.clone());
    let fields =
        SettingResults { subject: result("Subject"), description: result("Description"), profile_picture: None };
    Outcome { fields: Some(json!(fields)), ..Outcome::of(ChangeStatus::Succeeded) }
}

fn text<'a>(request: &'a Value, name: &str) -> Option<&'a str> {
    request.get(name)?.as_str()
}

fn asked_numbers(change: &Change) -> Vec<&str> {
    let asked = change.request["List"].as_array().into_iter().flatten();
    asked.filter_map(|participant| participant["ParticipantNumber"].as_str()).collect()
}

fn is_listed(listed: &[Participant], number: &str) -> bool {
    let is_named = |name: &Option<String>| name.as_deref() == Some(number);
    listed.iter().any(|user| is_named(&user.wa_id) || is_named(&user.user_id) || is_named(&user.parent_user_id))
}

/// Whether one of those who are listed may be this user, under another name.
fn may_be_hidden(listed: &[Participant], number: &str) -> bool {
    let may_be = |user: &Participant| {
        let is_phone = number.bytes().all(|byte| byte.is_ascii_digit());
        let of_parent = number.contains(PARENT_ID);
        is_phone || if of_parent { user.parent_user_id.is_none() } else { user.user_id.is_none() }
    };
    listed.iter().any(may_be)
}

fn still_in(number: &str) -> UpstreamFault {
    UpstreamFault {
        participant_number: Some(number.to_owned()),
        message: Some("the user is still in the group".to_owned()),
        ..UpstreamFault::default()
    }
}

#[cfg(test)]
mod tests {
    use tenant_store::UniqueCode;
    use time::OffsetDateTime;
    use uuid::Uuid;

    use super::*;

    fn change(request: Value) -> Change {
        Change {
            unique_code: UniqueCode(Uuid::nil()),
            operation: String::new(),
            business_number: String::new(),
            phone_number_id: String::new(),
            group_id: None,
            subject: None,
            request,
            request_id: None,
            status: ChangeStatus::Pending,
            invite_link: None,
            failed: None,
            fields: None,
            errors: None,
            created_at: OffsetDateTime::UNIX_EPOCH,
            settled_at: None,
        }
    }

    fn of_users(numbers: &[&str]) -> Change {
        let list: Vec<Value> = numbers.iter().map(|number| json!({"ParticipantNumber": number})).collect();
        change(json!({ "List": list }))
    }

    fn group(participants: &Value) -> GroupInfo {
        serde_json::from_value(json!({ "participants": participants })).unwrap()
    }

    #[test]
    fn whoever_is_still_listed_was_not_removed() {
        let listed = group(&json!([{"wa_id": "16505551234", "user_id": "US.1"}]));
        for (asked, status, left) in [
            (&["US.2"][..], ChangeStatus::Succeeded, 0),
            (&["US.2", "16505551234"], ChangeStatus::Partial, 1),
            (&["US.1"], ChangeStatus::Failed, 1),
            (&["16505551234"], ChangeStatus::Failed, 1),
        ] {
            let outcome = removal(&of_users(asked), &listed);
            let failed = outcome.failed.as_ref().and_then(Value::as_array).map_or(0, Vec::len);
            assert_eq!((outcome.status, failed), (status, left), "{asked:?}");
        }
    }

    #[test]
    fn a_number_that_is_not_listed_may_be_listed_as_another() {
        let listed = group(&json!([{"wa_id": "551187654321", "user_id": "BR.1"}]));
        for asked in ["5511987654321", "5215512345678", "16505550000"] {
            assert_eq!(removal(&of_users(&[asked]), &listed).status, ChangeStatus::Unknown, "{asked}");
        }
        assert_eq!(removal(&of_users(&["BR.2", "5511987654321"]), &listed).status, ChangeStatus::Unknown);
        assert_eq!(removal(&of_users(&["5511987654321"]), &group(&json!([]))).status, ChangeStatus::Succeeded);
    }

    #[test]
    fn nobody_can_tell_of_an_id_among_users_without_one_of_its_kind() {
        let hidden = group(&json!([{"user_id": "US.1"}]));
        assert_eq!(removal(&of_users(&["US.ENT.2"]), &hidden).status, ChangeStatus::Unknown);
        assert_eq!(removal(&of_users(&["US.2"]), &hidden).status, ChangeStatus::Succeeded);
        let without_ids = group(&json!([{"wa_id": "16505551234"}]));
        assert_eq!(removal(&of_users(&["US.2"]), &without_ids).status, ChangeStatus::Unknown);
        assert_eq!(removal(&of_users(&["US.2"]), &GroupInfo::default()).status, ChangeStatus::Unknown);
    }

    #[test]
    fn whoever_is_not_listed_may_have_come_and_gone() {
        let listed = group(&json!([{"wa_id": "16505551234", "user_id": "US.1"}]));
        assert_eq!(addition(&of_users(&["16505551234", "US.1"]), &listed).status, ChangeStatus::Succeeded);
        assert_eq!(addition(&of_users(&["16505551234", "US.2"]), &listed).status, ChangeStatus::Unknown);
    }

    #[test]
    fn settings_that_stand_as_asked_for_were_changed() {
        let shown =
            GroupInfo { subject: Some("S".to_owned()), description: Some(String::new()), ..GroupInfo::default() };
        for (asked, status) in [
            (json!({"Subject": "S", "Description": null, "ProfilePicture": null}), ChangeStatus::Succeeded),
            (json!({"Subject": "S", "Description": "", "ProfilePicture": null}), ChangeStatus::Succeeded),
            (json!({"Subject": "T", "Description": "", "ProfilePicture": null}), ChangeStatus::Unknown),
            (json!({"Subject": "S", "Description": null, "ProfilePicture": {"Bytes": 1}}), ChangeStatus::Unknown),
        ] {
            assert_eq!(settings(&change(asked.clone()), &shown).status, status, "{asked}");
        }
        let fields = settings(&change(json!({"Description": ""})), &shown).fields.unwrap();
        assert_eq!(fields, json!({"Description": {"UpdateSuccessful": true}}));
    }
}
