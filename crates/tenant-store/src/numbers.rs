//! Business numbers: which tenant sends from which number, and Meta's IDs for it.

use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::PgConnection;

use crate::{
    Actor, Revision, Space, StoreError, across_tenants,
    audit::Action,
    text::{storable, storable_option},
};

/// A number to add to a tenant.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct NewNumber {
    /// International digits without `+`.
    pub business_number: String,
    /// Meta's ID of the number; belongs to one tenant only.
    pub phone_number_id: String,
    /// The WhatsApp Business Account that owns it.
    pub waba_id: String,
}

/// A number that was removed, and what went with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RemovedNumber {
    /// The number, as it was.
    pub number: BusinessNumber,
    /// How many groups the mirror had of it.
    pub groups: i64,
    /// Whether the tenant has none left, and so can no longer be called for.
    pub was_last: bool,
}

/// A tenant's number.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Meta's word for where it stands, such as `LINKED`.
    pub status: Option<String>,
    /// Whether it is an Official Business Account.
    pub official_business_account: Option<bool>,
    /// Whether it may have groups; `None` until Meta said so.
    pub groups_eligible: Option<bool>,
    /// Why not.
    pub groups_ineligible_reason: Option<String>,
    /// Which state of what administrators say of it this is.
    #[serde(skip_serializing)]
    pub revision: Revision,
}

/// What is to be different of a number; `None` stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct NumberChange {
    /// Where Meta has moved it to another account.
    pub waba_id: Option<String>,
}

impl Space<'_> {
    /// Adds a number. [`StoreError::Conflict`] where the number or its phone number ID is taken, by whomever.
    /// Events that came for it before it was known are this tenant's from now on.
    pub async fn add_number(&self, new: &NewNumber, actor: &Actor) -> Result<BusinessNumber, StoreError> {
        let mut transaction = self.begin().await?;
        self.locked(&mut transaction).await?;
        self.put_number(&mut transaction, new, actor).await?;
        self.activate_if_complete(&mut transaction).await?;
        let number = self.number(&mut transaction, &new.business_number).await?;
        transaction.commit().await?;
        Ok(number)
    }

    /// Adds a number in a transaction that holds the tenant, with the events that came for it.
    pub(crate) async fn put_number(
        &self,
        transaction: &mut PgConnection,
        new: &NewNumber,
        actor: &Actor,
    ) -> Result<(), StoreError> {
        self.insert_number(transaction, new).await?;
        across_tenants::adopt_events(transaction, &new.phone_number_id).await?;
        let object = format!("number {}", new.business_number);
        let action = Action { name: "number.add", object: &object, before: None, after: Some(json!(new)) };
        self.log(transaction, actor, action).await
    }

    /// The tenant's numbers, in the order of their digits.
    pub async fn numbers(&self) -> Result<Vec<BusinessNumber>, StoreError> {
        let mut transaction = self.begin().await?;
        let numbers = sqlx::query_as!(
            BusinessNumber,
            r#"select business_number, phone_number_id, waba_id, verified_name, quality_rating, status,
                    official_business_account, groups_eligible, groups_ineligible_reason,
                    revision as "revision: Revision"
             from business_numbers where cust_space_id = $1 order by business_number"#,
            self.cust_space_id,
        );
        Ok(numbers.fetch_all(&mut *transaction).await?)
    }

    /// Changes what we know of a number. [`StoreError::NotFound`] where the tenant has no such number.
    pub async fn change_number(
        &self,
        business_number: &str,
        change: &NumberChange,
        actor: &Actor,
    ) -> Result<BusinessNumber, StoreError> {
        let mut transaction = self.begin().await?;
        self.locked(&mut transaction).await?;
        let before = self.number(&mut transaction, business_number).await?;
        self.expect(before.revision)?;
        self.update_number(&mut transaction, business_number, change).await?;
        let after = self.number(&mut transaction, business_number).await?;
        let object = format!("number {business_number}");
        let (before, told) = (Some(json!({"waba_id": before.waba_id})), Some(json!({"waba_id": after.waba_id})));
        self.log(&mut transaction, actor, Action { name: "number.change", object: &object, before, after: told })
            .await?;
        transaction.commit().await?;
        Ok(after)
    }

    pub(crate) async fn update_number(
        &self,
        transaction: &mut PgConnection,
        business_number: &str,
        change: &NumberChange,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "update business_numbers set waba_id = coalesce($3, waba_id) where cust_space_id = $1 and business_number = $2",
            self.cust_space_id,
            business_number,
            storable_option(change.waba_id.as_deref()),
        )
        .execute(transaction)
        .await?;
        Ok(())
    }

    /// Removes a number with its groups in the mirror. Its events and changes stay with the tenant; changes that are open
    /// can no longer be followed, and become `UNKNOWN`. A tenant without numbers is pending again.
    /// [`StoreError::NotFound`] where the tenant has no such number.
    pub async fn remove_number(&self, business_number: &str, actor: &Actor) -> Result<RemovedNumber, StoreError> {
        let mut transaction = self.begin().await?;
        across_tenants::hold_events(&mut transaction).await?;
        self.locked(&mut transaction).await?;
        let number = self.number(&mut transaction, business_number).await?;
        self.expect(number.revision)?;
        let groups = self.count_groups(&mut transaction, &number.phone_number_id).await?;
        self.give_up_changes(&mut transaction, &number.phone_number_id).await?;
        self.delete_number(&mut transaction, business_number).await?;
        let was_last = self.deactivate_without_numbers(&mut transaction).await?;
        let removed = RemovedNumber { number, groups, was_last };
        let object = format!("number {business_number}");
        let action = Action { name: "number.remove", object: &object, before: Some(json!(removed)), after: None };
        self.log(&mut transaction, actor, action).await?;
        transaction.commit().await?;
        Ok(removed)
    }

    async fn number(&self, transaction: &mut PgConnection, number: &str) -> Result<BusinessNumber, StoreError> {
        let number = sqlx::query_as!(
            BusinessNumber,
            r#"select business_number, phone_number_id, waba_id, verified_name, quality_rating, status,
                    official_business_account, groups_eligible, groups_ineligible_reason,
                    revision as "revision: Revision"
             from business_numbers where cust_space_id = $1 and business_number = $2
             for update"#,
            self.cust_space_id,
            &storable(number),
        );
        number.fetch_optional(transaction).await?.ok_or(StoreError::NotFound { what: "business number" })
    }

    async fn count_groups(&self, transaction: &mut PgConnection, phone_number_id: &str) -> Result<i64, StoreError> {
        let count = sqlx::query_scalar!(
            r#"select count(*) as "count!" from groups where cust_space_id = $1 and phone_number_id = $2"#,
            self.cust_space_id,
            phone_number_id,
        );
        Ok(count.fetch_one(transaction).await?)
    }

    async fn give_up_changes(&self, transaction: &mut PgConnection, phone_number_id: &str) -> Result<(), StoreError> {
        sqlx::query!(
            "update changes set status = 'UNKNOWN', settled_at = now()
             where cust_space_id = $1 and phone_number_id = $2 and status in ('SENDING', 'PENDING')",
            self.cust_space_id,
            phone_number_id,
        )
        .execute(transaction)
        .await?;
        Ok(())
    }

    async fn delete_number(&self, transaction: &mut PgConnection, number: &str) -> Result<(), StoreError> {
        sqlx::query!(
            "delete from business_numbers where cust_space_id = $1 and business_number = $2",
            self.cust_space_id,
            number,
        )
        .execute(transaction)
        .await?;
        Ok(())
    }

    /// An active tenant that has no number left is pending from now on. Whether it has none left.
    async fn deactivate_without_numbers(&self, transaction: &mut PgConnection) -> Result<bool, StoreError> {
        let has_numbers = sqlx::query_scalar!(
            r#"select exists (select 1 from business_numbers where cust_space_id = $1) as "exists!""#,
            self.cust_space_id,
        );
        if has_numbers.fetch_one(&mut *transaction).await? {
            return Ok(false);
        }
        sqlx::query!(
            "update tenants set status = 'pending' where cust_space_id = $1 and status = 'active'",
            self.cust_space_id,
        )
        .execute(transaction)
        .await?;
        Ok(true)
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
