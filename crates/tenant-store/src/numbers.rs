//! Business numbers: which tenant sends from which number, and Meta's IDs for it.

use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::PgConnection;

use crate::{Actor, Space, StoreError, across_tenants, audit::Action, text::storable};

/// A number to add to a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewNumber {
    /// International digits without `+`.
    pub business_number: String,
    /// Meta's ID of the number; belongs to one tenant only.
    pub phone_number_id: String,
    /// The WhatsApp Business Account that owns it.
    pub waba_id: String,
}

/// A tenant's number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BusinessNumber {
    /// International digits without `+`.
    pub business_number: String,
    /// Meta's ID of the number.
    pub phone_number_id: String,
    /// The WhatsApp Business Account that owns it.
    pub waba_id: String,
    /// The name that Meta verified.
    pub verified_name: Option<String>,
    /// Meta's word for its quality, such as `GREEN`.
    pub quality_rating: Option<String>,
    /// Whether it is an Official Business Account.
    pub official_business_account: Option<bool>,
    /// Whether it may have groups; `None` until Meta said so.
    pub groups_eligible: Option<bool>,
    /// Why not.
    pub groups_ineligible_reason: Option<String>,
}

impl Space<'_> {
    /// Adds a number. [`StoreError::Conflict`] where the number or its phone number ID is taken, by whomever.
    /// Events that came for it before it was known are this tenant's from now on.
    pub async fn add_number(&self, new: &NewNumber, actor: &Actor) -> Result<BusinessNumber, StoreError> {
        let mut transaction = self.begin().await?;
        self.existing(&mut transaction).await?;
        self.insert_number(&mut transaction, new).await?;
        across_tenants::adopt_events(&mut transaction, &new.phone_number_id).await?;
        self.activate_if_complete(&mut transaction).await?;
        let object = format!("number {}", new.business_number);
        let action = Action { name: "number.add", object: &object, before: None, after: Some(json!(new)) };
        self.log(&mut transaction, actor, action).await?;
        transaction.commit().await?;
        Ok(new.clone().into())
    }

    /// The tenant's numbers, in the order of their digits.
    pub async fn numbers(&self) -> Result<Vec<BusinessNumber>, StoreError> {
        let mut transaction = self.begin().await?;
        let numbers = sqlx::query_as!(
            BusinessNumber,
            "select business_number, phone_number_id, waba_id, verified_name, quality_rating,
                    official_business_account, groups_eligible, groups_ineligible_reason
             from business_numbers where cust_space_id = $1 order by business_number",
            self.cust_space_id,
        );
        Ok(numbers.fetch_all(&mut *transaction).await?)
    }

    async fn insert_number(&self, transaction: &mut PgConnection, new: &NewNumber) -> Result<(), StoreError> {
        sqlx::query!(
            "insert into business_numbers (cust_space_id, business_number, phone_number_id, waba_id)
             values ($1, $2, $3, $4)",
            self.cust_space_id,
            &storable(&new.business_number),
            &storable(&new.phone_number_id),
            &storable(&new.waba_id),
        )
        .execute(transaction)
        .await?;
        Ok(())
    }
}

impl From<NewNumber> for BusinessNumber {
    fn from(new: NewNumber) -> Self {
        Self {
            business_number: new.business_number,
            phone_number_id: new.phone_number_id,
            waba_id: new.waba_id,
            verified_name: None,
            quality_rating: None,
            official_business_account: None,
            groups_eligible: None,
            groups_ineligible_reason: None,
        }
    }
}
