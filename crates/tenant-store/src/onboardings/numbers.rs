//! The numbers of an account that is onboarded.

use serde_json::json;
use sqlx::PgConnection;

use crate::{Actor, NewNumber, NumberChange, Space, StoreError, audit::Action, text::storable};

/// What became of an account's numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TakeOver {
    /// All of them are the tenant's.
    Done {
        /// How many were not before.
        added: usize,
    },
    /// One cannot be the tenant's, and so none was taken over.
    InUse {
        /// Meta's ID of it.
        phone_number_id: String,
        /// What of it is taken, such as `phone number ID`.
        what: &'static str,
    },
}

impl Space<'_> {
    /// Makes an account's numbers the tenant's, all of them or none. One that is the tenant's already follows to its account.
    /// The tenant is as active as before, until its onboarding is done. [`StoreError::Stale`] where somebody else goes on
    /// with the onboarding.
    pub async fn take_numbers_over(&self, numbers: &[NewNumber], actor: &Actor) -> Result<TakeOver, StoreError> {
        let mut transaction = self.begin().await?;
        self.locked(&mut transaction).await?;
        let held = self.held_onboarding(&mut transaction).await?;
        self.expect(held.revision)?;
        // In the same order for all: of two who want the same numbers, one waits for the other, and never both.
        let mut numbers: Vec<&NewNumber> = numbers.iter().collect();
        numbers.sort_by_key(|number| &number.phone_number_id);
        let mut added = 0;
        for number in numbers {
            match self.take_number_over(&mut transaction, number, actor).await {
                Ok(is_new) => added += usize::from(is_new),
                Err(StoreError::Conflict { what }) => {
                    return Ok(TakeOver::InUse { phone_number_id: number.phone_number_id.clone(), what });
                }
                Err(error) => return Err(error),
            }
        }
        if held.is_done {
            self.activate_if_complete(&mut transaction).await?;
        }
        transaction.commit().await?;
        Ok(TakeOver::Done { added })
    }

    /// Whether it is new.
    async fn take_number_over(
        &self,
        transaction: &mut PgConnection,
        number: &NewNumber,
        actor: &Actor,
    ) -> Result<bool, StoreError> {
        let known = sqlx::query!(
            "select business_number, waba_id from business_numbers where cust_space_id = $1 and phone_number_id = $2",
            self.cust_space_id,
            &storable(&number.phone_number_id),
        );
        match known.fetch_optional(&mut *transaction).await? {
            None => {
                self.put_number(transaction, number, actor).await?;
                Ok(true)
            }
            Some(known) if known.waba_id == number.waba_id => Ok(false),
            Some(known) => {
                let change = NumberChange { waba_id: Some(number.waba_id.clone()) };
                self.update_number(transaction, &known.business_number, &change).await?;
                let object = format!("number {}", known.business_number);
                let before = Some(json!({"waba_id": known.waba_id}));
                let action = Action { name: "number.change", object: &object, before, after: Some(json!(change)) };
                self.log(transaction, actor, action).await?;
                Ok(false)
            }
        }
    }
}
