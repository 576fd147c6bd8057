//! Customers who come, and tokens that go bad.

use actix_web::web::{Bytes, Data, Json, Path};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answers::{NotThere, OfToken, Success, WrongCall};
use super::{ControlError, ControlResult, answer, success};
use crate::engine::Engine;
use crate::ids::{PhoneNumberId, WabaId, digits_of};
use crate::nature::Nature;
use crate::state::State;
use crate::state::numbers::{Number, Waba};
use crate::state::tokens::{SignupCode, Token, TokenStatus};

/// How long a signup code is good, in milliseconds.
const SIGNUP_MS: i64 = 30_000;

/// A customer's account; what is absent is made up.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewWaba {
    waba_id: Option<String>,
    numbers: Vec<NewNumber>,
    token: Option<String>,
    /// Whether its webhooks are sent; `true` unless told otherwise.
    subscribed: Option<bool>,
}

/// One of its numbers.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewNumber {
    phone_number_id: Option<String>,
    /// However it is written: five digits at least.
    #[schema(example = "+1 555-000-0009", pattern = "^[^0-9]*([0-9][^0-9]*){5,}$")]
    display_phone_number: String,
    /// Whether it is an Official Business Account; `true` unless told otherwise.
    official: Option<bool>,
    /// Whether it may have groups; as `official` unless told otherwise.
    groups_eligible: Option<bool>,
}

/// When a token's time is over.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expiry {
    /// In seconds since 1970.
    #[schema(example = 1_795_219_200)]
    at: i64,
}

/// What a token may do from now on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scopes {
    #[schema(example = json!(["whatsapp_business_management", "whatsapp_business_messaging"]))]
    scopes: Vec<String>,
}

/// Whose customer signs up.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignUp {
    #[schema(example = json!(crate::DEMO_WABA_ID_1))]
    waba_id: String,
}

/// An account, with a token that sees it.
#[derive(Serialize, ToSchema)]
pub(crate) struct Customer {
    #[schema(value_type = String)]
    waba_id: WabaId,
    numbers: Vec<ShownNumber>,
    token: String,
    subscribed: bool,
}

/// One of its numbers as it now is.
#[derive(Serialize, ToSchema)]
pub(crate) struct ShownNumber {
    #[schema(value_type = String)]
    phone_number_id: PhoneNumberId,
    display_phone_number: String,
    official: bool,
    groups_eligible: bool,
}

/// A code of Embedded Signup.
#[derive(Serialize, ToSchema)]
pub(crate) struct GrantedCode {
    code: String,
}

/// A new customer comes.
///
/// Or an account that is known gets more numbers. What is absent is made up; a number that is not official is not eligible for groups.
#[utoipa::path(
    post,
    path = "/_sandbox/wabas",
    tag = "Accounts",
    operation_id = "AddWaba",
    request_body(content = NewWaba, example = json!({ "numbers": [{ "display_phone_number": "+1 555-000-0009" }] })),
    responses(
        (status = 200, body = Customer, description = "The account, with a token that sees it."),
        WrongCall,
    ),
)]
pub(crate) async fn add(engine: Data<Engine>, body: Json<NewWaba>) -> ControlResult {
    let new = body.into_inner();
    let unusable = |number: &&NewNumber| digits_of(&number.display_phone_number).len() < 5;
    if let Some(number) = new.numbers.iter().find(unusable) {
        let shown = &number.display_phone_number;
        let message = format!("display_phone_number: {shown:?} is no phone number");
        return Err(ControlError::Wrong(message));
    }
    let added = engine.commit(|state| add_waba(state, new, &engine.nature)).await;
    Ok(answer(&added?))
}

fn add_waba(state: &mut State, new: NewWaba, nature: &Nature) -> Result<Customer, ControlError> {
    let id = new.waba_id.unwrap_or_else(|| nature.digits(15));
    let waba_id = WabaId::from(id);
    refuse_taken_numbers(state, &waba_id, &new.numbers)?;
    let token = new.token.unwrap_or_else(|| format!("EAA{}", nature.link_id()));
    let subscribed = new.subscribed.unwrap_or(true);
    state.wabas.insert(waba_id.clone(), Waba { subscribed });
    let known = state.tokens.entry(token.clone());
    let known = known.or_insert_with(|| Token::new([]));
    known.waba_ids.insert(waba_id.clone());
    let numbers = new.numbers.into_iter().map(|number| add_number(state, number, &waba_id, nature)).collect();
    Ok(Customer { waba_id, numbers, token, subscribed })
}

/// A number has one owner: its ID must be free, or the account's own.
fn refuse_taken_numbers(state: &State, waba_id: &WabaId, numbers: &[NewNumber]) -> Result<(), ControlError> {
    let mut ids = numbers.iter().filter_map(|number| number.phone_number_id.as_deref());
    let is_taken = |id: &&str| {
        let known = state.numbers.get(*id);
        known.is_some_and(|number| number.waba_id != *waba_id)
    };
    match ids.find(is_taken) {
        Some(id) => {
            let message = format!("phone_number_id: {id} belongs to another account");
            Err(ControlError::Wrong(message))
        }
        None => Ok(()),
    }
}

fn add_number(state: &mut State, new: NewNumber, waba_id: &WabaId, nature: &Nature) -> ShownNumber {
    let id = new.phone_number_id.unwrap_or_else(|| nature.digits(15));
    let id = PhoneNumberId::from(id);
    let official = new.official.unwrap_or(true);
    let fresh = Number::new(waba_id.clone(), &new.display_phone_number);
    let number = state.numbers.entry(id.clone()).or_insert(fresh);
    number.display_phone_number = new.display_phone_number;
    number.official = official;
    number.groups_eligible = new.groups_eligible.unwrap_or(official);
    ShownNumber {
        phone_number_id: id,
        display_phone_number: number.display_phone_number.clone(),
        official: number.official,
        groups_eligible: number.groups_eligible,
    }
}

/// A token expires.
///
/// Later calls with it get code 190: from now on, or from the time on that is told.
#[utoipa::path(
    post,
    path = "/_sandbox/tokens/{token}/expire",
    tag = "Accounts",
    operation_id = "ExpireToken",
    params(OfToken),
    request_body = Option<Expiry>,
    responses(
        (status = 200, body = Success, description = "Done."),
        WrongCall,
        NotThere,
    ),
)]
pub(crate) async fn expire(engine: Data<Engine>, path: Path<String>, body: Bytes) -> ControlResult {
    let at = expiry(&body)?.map(|expiry| expiry.at);
    on_token(&engine, &path, |token| match at {
        Some(at) => token.expires_at = Some(at),
        None => token.status = TokenStatus::Expired,
    })
    .await
}

/// What the body says; `None` for an empty one.
fn expiry(body: &[u8]) -> Result<Option<Expiry>, ControlError> {
    if body.is_empty() {
        return Ok(None);
    }
    serde_json::from_slice(body).map_err(|error| ControlError::Wrong(format!("the body: {error}")))
}

/// A token is taken back.
///
/// Later calls with it get code 190.
#[utoipa::path(
    post,
    path = "/_sandbox/tokens/{token}/revoke",
    tag = "Accounts",
    operation_id = "RevokeToken",
    params(OfToken),
    responses(
        (status = 200, body = Success, description = "Done."),
        NotThere,
    ),
)]
pub(crate) async fn revoke(engine: Data<Engine>, path: Path<String>) -> ControlResult {
    on_token(&engine, &path, |token| token.status = TokenStatus::Revoked).await
}

/// Say what a token may do.
///
/// Later calls that need another scope get code 10.
#[utoipa::path(
    post,
    path = "/_sandbox/tokens/{token}/scopes",
    tag = "Accounts",
    operation_id = "SetScopes",
    params(OfToken),
    request_body = Scopes,
    responses(
        (status = 200, body = Success, description = "Done."),
        WrongCall,
        NotThere,
    ),
)]
pub(crate) async fn set_scopes(engine: Data<Engine>, path: Path<String>, body: Json<Scopes>) -> ControlResult {
    let scopes = body.into_inner().scopes;
    on_token(&engine, &path, |token| token.scopes = scopes.into_iter().collect()).await
}

async fn on_token(engine: &Engine, text: &str, change: impl FnOnce(&mut Token)) -> ControlResult {
    let found = engine.commit(|state| state.tokens.get_mut(text).map(change).is_some()).await;
    if found {
        return Ok(success());
    }
    let message = "there is no such token; GET /_sandbox/state lists them, shortened";
    Err(ControlError::NotFound(message.to_owned()))
}

/// Get an Embedded Signup code.
///
/// It is good once, for 30 seconds.
#[utoipa::path(
    post,
    path = "/_sandbox/signup",
    tag = "Accounts",
    operation_id = "SignUp",
    request_body = SignUp,
    responses(
        (status = 200, body = GrantedCode, description = "The code."),
        WrongCall,
        NotThere,
    ),
)]
pub(crate) async fn sign_up(engine: Data<Engine>, body: Json<SignUp>) -> ControlResult {
    let waba_id = WabaId::from(&*body.waba_id);
    if !engine.look(|state| state.wabas.contains_key(&waba_id)) {
        let message = format!("there is no WABA {waba_id}; POST /_sandbox/wabas makes one");
        return Err(ControlError::NotFound(message));
    }
    let code = format!("AQ{}{}", engine.nature.link_id(), engine.nature.link_id());
    let expires_ms = engine.nature.now_ms() + SIGNUP_MS;
    let signup = SignupCode { waba_id, expires_ms };
    engine.commit(|state| state.signup_codes.insert(code.clone(), signup)).await;
    Ok(answer(&GrantedCode { code }))
}
