//! Business accounts and numbers: what onboarding reads, and webhook subscriptions.

use serde_json::{Map, Value, json};

use super::cursor::PageRequest;
use super::errors::{GraphError, GraphResult};
use super::{Answer, Asked, fields};
use crate::ids::{PhoneNumberId, WabaId};
use crate::state::State;
use crate::state::numbers::{Number, Waba};

const FIELDS: &[&str] = &[
    "id",
    "display_phone_number",
    "verified_name",
    "status",
    "quality_rating",
    "country_code",
    "country_dial_code",
    "code_verification_status",
    "account_mode",
    "host_platform",
    "platform_type",
    "throughput",
    "messaging_limit_tier",
    "is_official_business_account",
];
/// What Meta's numbers have besides, and clients ask for by default. Nothing is known of it here, and Graph leaves out
/// what is empty.
const EMPTY_FIELDS: &[&str] = &[
    "certificate",
    "conversational_automation",
    "eligibility_for_api_business_global_search",
    "health_status",
    "is_on_biz_app",
    "is_pin_enabled",
    "is_preverified_number",
    "last_onboarded_time",
    "name_status",
    "new_certificate",
    "new_display_name",
    "new_name_status",
    "quality_score",
    "search_visibility",
    "unified_cert_status",
    "username",
    "webhook_configuration",
    "whatsapp_business_manager_messaging_limit",
];
/// What Meta answers when no fields are named.
const DEFAULT_FIELDS: &[&str] = &[
    "id",
    "display_phone_number",
    "verified_name",
    "quality_rating",
    "code_verification_status",
    "platform_type",
    "throughput",
];

fn described(id: &PhoneNumberId, number: &Number) -> Map<String, Value> {
    let members = [
        ("id", json!(id)),
        ("display_phone_number", json!(number.display_phone_number)),
        ("verified_name", json!(format!("Business {id}"))),
        ("status", json!("LINKED")),
        ("quality_rating", json!("GREEN")),
        ("country_code", json!("US")),
        ("country_dial_code", json!("1")),
        ("code_verification_status", json!("VERIFIED")),
        ("account_mode", json!("LIVE")),
        ("host_platform", json!("CLOUD_API")),
        ("platform_type", json!("CLOUD_API")),
        ("throughput", json!({ "level": "STANDARD" })),
        ("messaging_limit_tier", json!("TIER_100K")),
        ("is_official_business_account", json!(number.official)),
    ];
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// `GET /{phone_number_id}`.
pub(crate) fn info(state: &mut State, id: &PhoneNumberId, asked: &Asked<'_>) -> GraphResult<Answer> {
    let mut names = shown_fields(asked)?;
    names.push("id");
    let number = state.numbers.get(id);
    let object = number.map(|number| described(id, number)).unwrap_or_default();
    Ok(Answer::ok(Value::Object(fields::only(object, &names))))
}

fn shown_fields<'a>(asked: &'a Asked<'_>) -> GraphResult<Vec<&'a str>> {
    let named = fields::asked_for(asked.params(), &[FIELDS, EMPTY_FIELDS].concat())?;
    Ok(named.unwrap_or_else(|| DEFAULT_FIELDS.to_vec()))
}

/// `GET /{waba_id}/phone_numbers`.
pub(crate) fn list(state: &mut State, waba: &WabaId, asked: &Asked<'_>) -> GraphResult<Answer> {
    let list = format!("phone_numbers:{waba}");
    let request = PageRequest::read(asked.params(), &list)?;
    let names = shown_fields(asked)?;
    let owned = state.numbers.iter().filter(|(_, n)| n.waba_id == *waba);
    let owned: Vec<_> = owned.collect();
    let page = request.cut((0_u64..).zip(owned).collect::<Vec<_>>().into_iter());
    let items = page.items.iter();
    let listed: Vec<_> = items.map(|(_, (id, number))| fields::only(described(id, number), &names)).collect();
    Ok(Answer::ok(json!({
        "data": listed,
        "paging": page.paging(&list, request.limit, asked),
    })))
}

/// `GET /{waba_id}/subscribed_apps`.
pub(crate) fn subscriptions(state: &mut State, id: &WabaId, _: &Asked<'_>) -> GraphResult<Answer> {
    let app = json!({ "whatsapp_business_api_data": { "name": "The app of this sandbox" } });
    let subscribed = account(state, id)?.subscribed;
    let apps: Vec<Value> = subscribed.then_some(app).into_iter().collect();
    Ok(Answer::ok(json!({ "data": apps })))
}

/// `POST /{waba_id}/subscribed_apps`: webhooks of the account flow from now on.
pub(crate) fn subscribe(state: &mut State, id: &WabaId, _: &Asked<'_>) -> GraphResult<Answer> {
    account(state, id)?.subscribed = true;
    Ok(Answer::ok(json!({ "success": true })))
}

/// `DELETE /{waba_id}/subscribed_apps`: they cease.
pub(crate) fn unsubscribe(state: &mut State, id: &WabaId, _: &Asked<'_>) -> GraphResult<Answer> {
    account(state, id)?.subscribed = false;
    Ok(Answer::ok(json!({ "success": true })))
}

fn account<'a>(state: &'a mut State, id: &WabaId) -> GraphResult<&'a mut Waba> {
    let unknown = || GraphError::unknown_object(&id.to_string(), "get");
    state.wabas.get_mut(id).ok_or_else(unknown)
}
