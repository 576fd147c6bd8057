//! The tenant's business numbers.

use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{addressed_to_any, example, request};
use crate::identifiers::BusinessNumber;
use crate::operation::{Answer, Operation};
use crate::{Code, Scope};

request! {
    /// What `ListBusinessNumbers` takes.
    ListBusinessNumbers for any number {}
}

/// The tenant's numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct NumberListData {
    /// The numbers.
    pub data: NumberList,
}

impl Answer for NumberListData {}

/// Numbers, in the order of their digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct NumberList {
    /// The numbers.
    pub list: Vec<ListedNumber>,
}

/// A business number, as it is recorded. What is not known yet is `null`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct ListedNumber {
    /// The number.
    pub business_number: BusinessNumber,
    /// Meta's ID of it.
    #[schema(example = "100000000000001")]
    pub phone_number_id: String,
    /// The WhatsApp Business Account that owns it.
    #[schema(example = "200000000000001")]
    pub waba_id: String,
    /// The name that Meta verified.
    #[schema(example = "Watch Shop")]
    pub verified_name: Option<String>,
    /// Meta's word for the number's quality.
    #[schema(example = "GREEN")]
    pub quality_rating: Option<String>,
    /// Meta's word for where the number stands.
    #[schema(example = "LINKED")]
    pub status: Option<String>,
    /// Whether the number may have groups: whether it is of an Official Business Account.
    #[schema(example = true)]
    pub groups_eligible: Option<bool>,
    /// Why it may not.
    #[schema(example = json!(null))]
    pub groups_ineligible_reason: Option<String>,
}

impl Operation for ListBusinessNumbers {
    type Answer = NumberListData;

    const NAME: &'static str = "ListBusinessNumbers";
    const SCOPE: Scope = Scope::GroupsRead;
    const NOUN: &'static str = "Numbers";
    const SUMMARY: &'static str = "List the tenant's business numbers";
    const DESCRIPTION: &'static str = "Lists one business number, or all of the tenant's, with what Meta says of it and whether it may have groups, from the gateway's own record. It is looked up at Meta every hour, and soon after a call that finds it older than five minutes.\n\nNo call upstream.";
    const CALLS_UPSTREAM: bool = false;
    const CODES: &'static [Code] = &[];

    addressed_to_any!();

    fn example() -> Value {
        example!()
    }

    fn example_answer() -> Value {
        json!({"Data": {"List": [{
            "BusinessNumber": super::EXAMPLE_BUSINESS_NUMBER,
            "PhoneNumberId": "100000000000001",
            "WabaId": "200000000000001",
            "VerifiedName": "Watch Shop",
            "QualityRating": "GREEN",
            "Status": "LINKED",
            "GroupsEligible": true,
            "GroupsIneligibleReason": null,
        }]}})
    }
}
