//! The steps: what each asks of Meta, and what it makes of the answer.

use std::time::Duration;

use cams_api::identifiers::BusinessNumber;
use graph_client::{Call, Token, Urgency, WabaId, WabaNumber};
use secrecy::SecretString;
use tenant_store::{CredentialState, NewNumber, NumberRecord, TakeOver};
use time::format_description::well_known::Rfc3339;

use super::super::AdminError;
use super::account::{needed, permitted};
use super::eligibility::eligible;
use super::outcome::{Failure, Outcome, counted};
use super::run::Run;
use crate::mirror::number_record;

/// An account's list of numbers that goes on beyond this is not believed.
const MOST_PAGES: usize = 20;
/// When a number's record is due to be looked at again.
const HOURLY: Duration = Duration::from_hours(1);
const BEGIN_ANEW: &str = "Begin the onboarding anew with a new token, or a new code of Embedded Signup.";

/// There is no token to go on with.
pub(super) const NO_TOKEN: NoToken = NoToken;

/// There is no token to go on with.
pub(super) struct NoToken;

impl From<NoToken> for Failure {
    fn from(_: NoToken) -> Self {
        Self::new("There is no token.", BEGIN_ANEW)
    }
}

/// Ends the step where it failed.
macro_rules! or_fail {
    ($result:expr) => {
        match $result {
            Ok(value) => value,
            Err(failure) => return Ok(Err(failure.into())),
        }
    };
}

impl Run {
    /// Whose the token is, and until when.
    pub(super) async fn token(&mut self, code: Option<SecretString>) -> Result<Outcome, AdminError> {
        if let Some(code) = code {
            or_fail!(self.exchange(&code).await?);
        }
        let check = &or_fail!(self.checked().await?).check;
        if check.state == CredentialState::Invalid {
            let reason = check.reason.clone().unwrap_or_default();
            return Ok(Err(Failure::new(reason, BEGIN_ANEW)));
        }
        let Some(app_id) = &check.app_id else {
            return Ok(Err(Failure::new("Meta does not say which app the token was made for.", BEGIN_ANEW)));
        };
        let end = check.expires_at.and_then(|end| end.format(&Rfc3339).ok());
        let end = end.map_or_else(|| "does not expire".to_owned(), |end| format!("expires at {end}"));
        Ok(Ok(format!("Meta takes the token, which was made for the app {app_id} and {end}.")))
    }

    async fn exchange(&mut self, code: &SecretString) -> Result<Result<(), Failure>, AdminError> {
        let token = match self.graph.exchange_code(self.call(self.app.token()), &self.app, code).await {
            Ok(answer) => answer.body,
            Err(error) => {
                let fix = "A code is good once, and not for long: let the customer sign up again, and begin the \
                           onboarding anew with the new code.";
                return Ok(Err(Failure::new(error.to_string(), fix)));
            }
        };
        self.known = self.held().keep_onboarding_token(&token).await?;
        Ok(Ok(()))
    }

    /// Whether the token may do what the gateway does, and on which account.
    pub(super) async fn permissions(&mut self) -> Result<Outcome, AdminError> {
        let named = self.waba_id();
        let info = &or_fail!(self.checked().await?).info;
        let waba_id = or_fail!(permitted(named, info));
        self.known.waba_id = Some(waba_id.to_string());
        Ok(Ok(format!("The token has {} on account {waba_id}.", needed())))
    }

    /// Takes the account's numbers over, all of them or none.
    pub(super) async fn numbers(&mut self) -> Result<Outcome, AdminError> {
        let (token, waba_id) = or_fail!(self.ready().await?);
        let listed = or_fail!(self.listed(&token, &waba_id).await);
        if listed.is_empty() {
            let fix = "Add a number to it in Meta's WhatsApp Manager. Then repeat this step.";
            return Ok(Err(Failure::new(format!("Account {waba_id} has no numbers."), fix)));
        }
        let added = or_fail!(self.take_over(&listed, &waba_id).await?);
        self.record(&listed).await?;
        let all = counted(listed.len(), "number");
        Ok(Ok(format!("Account {waba_id} has {all}, of which the tenant did not have {added} before.")))
    }

    async fn listed(&self, token: &Token, waba_id: &WabaId) -> Result<Vec<WabaNumber>, Failure> {
        let about = self.services.upstream.about(&self.tenant, waba_id.as_str());
        let (mut numbers, mut after) = (Vec::new(), None);
        for _ in 0..MOST_PAGES {
            let call = about.call(token, Urgency::Caller);
            let page = self.graph.waba_numbers(call, waba_id, after.as_deref()).await?.body;
            numbers.extend(page.numbers);
            if page.after.is_none() {
                return Ok(numbers);
            }
            after = page.after;
        }
        Err(Failure::new("Meta's list of the account's numbers does not end.", "Repeat this step later."))
    }

    async fn take_over(&self, listed: &[WabaNumber], waba_id: &WabaId) -> Result<Result<usize, Failure>, AdminError> {
        let numbers: Result<Vec<NewNumber>, Failure> =
            listed.iter().map(|number| new_number(number, waba_id)).collect();
        match self.held().take_numbers_over(&or_fail!(numbers), &self.actor).await? {
            TakeOver::Done { added } => Ok(Ok(added)),
            TakeOver::InUse { phone_number_id, what } => {
                let detail =
                    format!("The number of ID {phone_number_id} cannot be the tenant's: its {what} is in use.");
                let fix = "Remove the number where it stands, if it is this customer's. Then repeat this step.";
                Ok(Err(Failure::new(detail, fix)))
            }
        }
    }

    /// Writes down what Meta says of the account's numbers.
    async fn record(&self, listed: &[WabaNumber]) -> Result<Vec<NumberRecord>, AdminError> {
        let mut records = Vec::with_capacity(listed.len());
        for number in listed {
            let record = number_record(number.info.clone());
            self.space().record_number(number.id.as_str(), &record, HOURLY).await?;
            records.push(record);
        }
        Ok(records)
    }

    /// Lets the account's webhooks come to the app.
    pub(super) async fn subscription(&mut self) -> Result<Outcome, AdminError> {
        let (token, waba_id) = or_fail!(self.ready().await?);
        let about = self.services.upstream.about(&self.tenant, waba_id.as_str());
        let subscribed = self.graph.subscribe_app(about.call(&token, Urgency::Caller), &waba_id).await;
        or_fail!(subscribed.map_err(Failure::from));
        Ok(Ok(format!("The webhooks of account {waba_id} come to the app.")))
    }

    /// Which of the account's numbers may have groups.
    pub(super) async fn eligibility(&mut self) -> Result<Outcome, AdminError> {
        let (token, waba_id) = or_fail!(self.ready().await?);
        let listed = or_fail!(self.listed(&token, &waba_id).await);
        Ok(eligible(&self.record(&listed).await?))
    }

    /// One call to Meta about no account, for which an administrator waits.
    pub(super) fn call<'a>(&'a self, token: &'a Token) -> Call<'a> {
        self.services.upstream.call(token, Urgency::Caller)
    }

    /// The token and the account, both of which the steps before have found.
    async fn ready(&self) -> Result<Result<(Token, WabaId), Failure>, AdminError> {
        let Some(token) = self.secret_token().await? else { return Ok(Err(NO_TOKEN.into())) };
        let Some(waba_id) = self.waba_id() else {
            return Ok(Err(Failure::new("No account is known.", "Repeat the step `permissions`.")));
        };
        // The proof is what calls in the tenant's name will carry: one that Meta does not take shows here.
        let token = Token::new(&token, Some(self.app.secret()));
        Ok(token.map(|token| (token, waba_id)).map_err(|error| Failure::new(error.to_string(), BEGIN_ANEW)))
    }
}

/// One of the account's numbers, as the tenant is to have it.
fn new_number(number: &WabaNumber, waba_id: &WabaId) -> Result<NewNumber, Failure> {
    let business_number = number.digits().parse::<BusinessNumber>().map_err(|_| {
        let detail = format!("Meta shows the number of ID {} without its digits.", number.id);
        Failure::new(detail, "Look at it in Meta's WhatsApp Manager. Then repeat this step.")
    })?;
    Ok(NewNumber {
        business_number: business_number.as_str().to_owned(),
        phone_number_id: number.id.to_string(),
        waba_id: waba_id.to_string(),
    })
}
