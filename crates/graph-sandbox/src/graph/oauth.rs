//! Onboarding's tokens: a signup code becomes one, and one can be looked into.

use serde_json::{Value, json};

use super::errors::{Code, GraphError, GraphResult};
use super::{Answer, Asked};
use crate::state::State;
use crate::state::tokens::{MANAGEMENT, MESSAGING, Token};

/// `GET /oauth/access_token`: a code of Embedded Signup for a business token.
pub(crate) fn exchange(state: &mut State, asked: &Asked<'_>) -> GraphResult<Answer> {
    let app = asked.app;
    let params = asked.params();
    let id = params.required_text("client_id")?;
    let secret = params.required_text("client_secret")?;
    let code = params.required_text("code")?;
    if id != app.id || secret != app.secret {
        return Err(GraphError::saying(Code(1), "Error validating client secret."));
    }
    let nature = asked.turn.nature;
    let found = state.signup_codes.remove(code);
    let fresh = found.filter(|code| nature.now_ms() < code.expires_ms);
    let fresh = fresh.ok_or_else(|| GraphError::parameter("This authorization code has expired or has been used."))?;
    let text = format!("EAA{}{}", nature.link_id(), nature.link_id());
    state.tokens.insert(text.clone(), Token::new([fresh.waba_id]));
    Ok(Answer::ok(json!({ "access_token": text, "token_type": "bearer" })))
}

/// `GET /debug_token?input_token=…`: what a token may, and on which accounts.
pub(crate) fn debug(state: &mut State, asked: &Asked<'_>) -> GraphResult<Answer> {
    let app = asked.app;
    let app_token = format!("{}|{}", app.id, app.secret);
    if asked.call.token.as_deref() != Some(&*app_token) {
        state.admit(asked)?;
    }
    let input = asked.params().required_text("input_token")?;
    let error = state.valid_token(input, asked.turn.nature.now_ms()).err();
    let known = state.tokens.get(input).map_or_else(|| json!({ "scopes": [] }), |token| described(token, &app.id));
    Ok(Answer::ok(json!({ "data": with_verdict(known, error.as_ref()) })))
}

/// What is told of a token, good or not.
fn described(token: &Token, app_id: &str) -> Value {
    let granular = [MANAGEMENT, MESSAGING].into_iter().filter(|&scope| token.may_any(&[scope]));
    let granular = granular.map(|scope| json!({ "scope": scope, "target_ids": token.waba_ids }));
    json!({
        "app_id": app_id,
        "type": "SYSTEM_USER",
        "expires_at": token.expires_at.unwrap_or_default(),
        "scopes": token.scopes,
        "granular_scopes": granular.collect::<Vec<_>>(),
    })
}

/// The same with Meta's word on whether it takes the token.
fn with_verdict(mut described: Value, error: Option<&GraphError>) -> Value {
    described["is_valid"] = error.is_none().into();
    if let Some(error) = error {
        described["error"] = error.in_debug();
    }
    described
}
