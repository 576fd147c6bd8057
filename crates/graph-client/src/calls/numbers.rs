//! Business phone numbers: what Meta says of one.

use serde::Deserialize;

use crate::{
    answer::Answer, call::Call, client::GraphClient, error::GraphError, ids::PhoneNumberId, lenient, request::Request,
};

/// What is asked of a number.
const FIELDS: &str = "verified_name,quality_rating,status,is_official_business_account";

/// A number, as far as Meta says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct NumberInfo {
    /// The name that Meta verified.
    #[serde(deserialize_with = "lenient::text")]
    pub verified_name: Option<String>,
    /// `GREEN`, `YELLOW`, `RED`, `UNKNOWN`, or `NA`.
    #[serde(deserialize_with = "lenient::text")]
    pub quality_rating: Option<String>,
    /// `LINKED`, `PENDING`, `BANNED`, ….
    #[serde(deserialize_with = "lenient::text")]
    pub status: Option<String>,
    /// Whether it is of an Official Business Account, which alone may have groups
    /// ([Meta: groups](https://developers.facebook.com/docs/whatsapp/cloud-api/groups/)).
    #[serde(deserialize_with = "lenient::boolean")]
    pub is_official_business_account: Option<bool>,
}

impl GraphClient {
    /// `GET /{phone_number_id}?fields=…`
    pub async fn number_info(
        &self,
        call: Call<'_>,
        phone_number_id: &PhoneNumberId,
    ) -> Result<Answer<NumberInfo>, GraphError> {
        let path = self.path(phone_number_id.as_str()).parameter("fields", FIELDS);
        self.call(call, path, Request::GET).await
    }
}
