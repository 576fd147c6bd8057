//! WhatsApp Business Accounts: their numbers, and whether their webhooks come to the app.

use serde::Deserialize;

use super::{numbers::NumberInfo, paging::Paging};
use crate::{
    answer::Answer,
    call::Call,
    client::GraphClient,
    error::GraphError,
    ids::{PhoneNumberId, WabaId},
    lenient,
    request::Request,
};

/// What is asked of each number.
const FIELDS: &str = "id,display_phone_number,verified_name,quality_rating,status,is_official_business_account";
/// How many numbers a page has at the most
/// ([Meta: phone numbers](https://developers.facebook.com/docs/graph-api/reference/whats-app-business-account/phone_numbers)).
const PAGE: &str = "100";

/// A number of an account.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct WabaNumber {
    /// Meta's ID of it.
    pub id: PhoneNumberId,
    /// The number as people read it, such as `+1 631-555-5555`; empty where Meta does not show it.
    #[serde(default)]
    pub display_phone_number: String,
    /// What else Meta says of it.
    #[serde(flatten)]
    pub info: NumberInfo,
}

impl WabaNumber {
    /// The number in international digits.
    pub fn digits(&self) -> String {
        self.display_phone_number.chars().filter(char::is_ascii_digit).collect()
    }
}

/// Some of an account's numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WabaNumberPage {
    /// The numbers.
    pub numbers: Vec<WabaNumber>,
    /// Where the next page begins; `None` on the last.
    pub after: Option<String>,
}

#[derive(Deserialize)]
struct Written {
    data: Vec<WabaNumber>,
    paging: Option<Paging>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Success {
    #[serde(deserialize_with = "lenient::boolean")]
    success: Option<bool>,
}

impl GraphClient {
    /// `GET /{waba_id}/phone_numbers?fields=…`, from the cursor `after` on.
    pub async fn waba_numbers(
        &self,
        call: Call<'_>,
        waba_id: &WabaId,
        after: Option<&str>,
    ) -> Result<Answer<WabaNumberPage>, GraphError> {
        let path =
            self.path(waba_id.as_str()).edge("phone_numbers").parameter("fields", FIELDS).parameter("limit", PAGE);
        let path = after.into_iter().fold(path, |path, after| path.parameter("after", after));
        let written = self.call::<Written>(call, path, Request::GET).await?;
        Ok(written
            .map(|written| WabaNumberPage { numbers: written.data, after: written.paging.and_then(Paging::after) }))
    }

    /// `POST /{waba_id}/subscribed_apps`: the account's webhooks come to the token's app from now on.
    pub async fn subscribe_app(&self, call: Call<'_>, waba_id: &WabaId) -> Result<Answer<()>, GraphError> {
        let path = self.path(waba_id.as_str()).edge("subscribed_apps");
        let answer = self.call::<Success>(call, path, Request::POST).await?;
        match answer.body.success {
            Some(false) => Err(GraphError::NotDone { status: answer.status }),
            _ => Ok(answer.map(drop)),
        }
    }
}
