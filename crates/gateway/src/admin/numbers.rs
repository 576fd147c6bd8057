//! Business numbers: which tenant sends from which number, and what Meta says of it.

use cams_api::identifiers::{BusinessNumber, CustSpaceId};
use serde::{Deserialize, Serialize};
use tenant_store::{NewNumber, NumberChange, Revision};
use utoipa::ToSchema;

use super::view::{Created, Listed, NoContent, Paging, View};
use super::{AdminContext, AdminError, FieldError};

const LONGEST_ID: usize = 64;

/// A number.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Number)]
pub struct NumberView {
    /// International digits, without `+`.
    #[schema(example = "15550000001")]
    pub business_number: String,
    /// Meta's ID of it.
    #[schema(example = "100000000000001")]
    pub phone_number_id: String,
    /// The WhatsApp Business Account that owns it.
    #[schema(example = "200000000000001")]
    pub waba_id: String,
    /// The name that Meta verified.
    pub verified_name: Option<String>,
    /// Meta's word for its quality, such as `GREEN`.
    pub quality_rating: Option<String>,
    /// Whether it is an Official Business Account.
    pub official_business_account: Option<bool>,
    /// Whether it may have groups; `null` until Meta said so.
    pub groups_eligible: Option<bool>,
    /// Why not.
    pub groups_ineligible_reason: Option<String>,
    #[serde(skip)]
    cust_space_id: String,
    #[serde(skip)]
    revision: Option<Revision>,
}

/// A number to add.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddNumber {
    /// International digits; `+`, spaces, hyphens and brackets are dropped.
    #[schema(example = "15550000003")]
    business_number: String,
    /// Meta's ID of it.
    #[schema(example = "100000000000003")]
    phone_number_id: String,
    /// The WhatsApp Business Account that owns it.
    #[schema(example = "200000000000003")]
    waba_id: String,
}

/// What is to be different of a number. What is absent stays. All else that is told of it is Meta's word.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeNumber {
    /// Where Meta has moved it to another account.
    waba_id: Option<String>,
}

impl View for NumberView {
    fn revision(&self) -> Option<Revision> {
        self.revision
    }

    fn location(&self) -> Option<String> {
        Some(format!("/tenants/{}/numbers/{}", self.cust_space_id, self.business_number))
    }
}

/// The tenant's numbers, in the order of their digits.
///
/// # Errors
/// [`AdminError`]
pub async fn list(ctx: &AdminContext, tenant: &CustSpaceId, page: Paging) -> Result<Listed<NumberView>, AdminError> {
    super::tenants::get(ctx, tenant).await?;
    let limit = page.limit()?;
    let after = page.after.unwrap_or_default();
    let numbers = ctx.space(tenant).numbers().await?.into_iter().filter(|number| number.business_number > after);
    let most = usize::try_from(limit).unwrap_or(usize::MAX).saturating_add(1);
    let found = numbers.take(most).collect();
    Ok(Paging::page(limit, found, |number| number.business_number.clone(), |number| view(tenant, number)))
}

/// Adds a number.
///
/// # Errors
/// [`AdminError::Conflict`] where it, or its phone number ID, is taken, by whomever.
pub async fn add(ctx: &AdminContext, tenant: &CustSpaceId, new: AddNumber) -> Result<Created<NumberView>, AdminError> {
    let mut wrong = Vec::new();
    let number = new.business_number.parse::<BusinessNumber>();
    if let Err(error) = &number {
        wrong.push(FieldError::new("business_number", error.rule));
    }
    is_id(&mut wrong, "phone_number_id", &new.phone_number_id);
    is_id(&mut wrong, "waba_id", &new.waba_id);
    let Ok(number) = number else { return Err(AdminError::Invalid(wrong)) };
    if !wrong.is_empty() {
        return Err(AdminError::Invalid(wrong));
    }
    let new = NewNumber {
        business_number: number.as_str().to_owned(),
        phone_number_id: new.phone_number_id,
        waba_id: new.waba_id,
    };
    Ok(Created(view(tenant, ctx.space(tenant).add_number(&new, &ctx.actor).await?)))
}

/// One number.
///
/// # Errors
/// [`AdminError::NotFound`]
pub async fn get(ctx: &AdminContext, tenant: &CustSpaceId, number: &BusinessNumber) -> Result<NumberView, AdminError> {
    let numbers = ctx.space(tenant).numbers().await?;
    let found = numbers.into_iter().find(|known| known.business_number == number.as_str());
    found.map(|number| view(tenant, number)).ok_or(AdminError::NotFound { what: "business number".into() })
}

/// Changes what we know of a number.
///
/// # Errors
/// [`AdminError`]
pub async fn change(
    ctx: &AdminContext,
    tenant: &CustSpaceId,
    number: &BusinessNumber,
    asked: ChangeNumber,
) -> Result<NumberView, AdminError> {
    let mut wrong = Vec::new();
    if let Some(waba_id) = &asked.waba_id {
        is_id(&mut wrong, "waba_id", waba_id);
    }
    if !wrong.is_empty() {
        return Err(AdminError::Invalid(wrong));
    }
    let change = NumberChange { waba_id: asked.waba_id };
    Ok(view(tenant, ctx.space(tenant).change_number(number.as_str(), &change, &ctx.actor).await?))
}

/// Removes a number, with its groups in the mirror.
///
/// # Errors
/// [`AdminError`]
pub async fn remove(
    ctx: &AdminContext,
    tenant: &CustSpaceId,
    number: &BusinessNumber,
) -> Result<NoContent, AdminError> {
    ctx.space(tenant).remove_number(number.as_str(), &ctx.actor).await?;
    Ok(NoContent)
}

/// Meta's IDs are digits.
pub(crate) fn is_id(wrong: &mut Vec<FieldError>, field: &str, text: &str) {
    if !(1..=LONGEST_ID).contains(&text.len()) || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        wrong.push(FieldError::new(field, format!("1 to {LONGEST_ID} digits, as Meta gives them")));
    }
}

fn view(tenant: &CustSpaceId, number: tenant_store::BusinessNumber) -> NumberView {
    NumberView {
        business_number: number.business_number,
        phone_number_id: number.phone_number_id,
        waba_id: number.waba_id,
        verified_name: number.verified_name,
        quality_rating: number.quality_rating,
        official_business_account: number.official_business_account,
        groups_eligible: number.groups_eligible,
        groups_ineligible_reason: number.groups_ineligible_reason,
        cust_space_id: tenant.to_string(),
        revision: Some(number.revision),
    }
}
