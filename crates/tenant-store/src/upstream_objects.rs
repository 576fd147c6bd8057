//! Whose is an object at Meta. Files and templates are recorded as answers and webhooks of their tenant name them;
//! numbers, accounts and groups have tables of their own.

use sqlx::PgConnection;

use crate::{Space, Store, StoreError, across_tenants, text::storable};

/// What an ID of Meta's stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum ObjectKind {
    /// A business phone number.
    Number,
    /// A WhatsApp Business Account.
    Waba,
    /// A group.
    Group,
    /// A file.
    Media,
    /// A message template.
    Template,
}

/// A tenant that an object belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectOwner {
    /// What it is.
    pub kind: ObjectKind,
    /// Whose it is.
    pub cust_space_id: String,
    /// The number that it is or belongs to; `None` for accounts and templates.
    pub phone_number_id: Option<String>,
    /// The account that it is or belongs to; `None` for the others.
    pub waba_id: Option<String>,
}

impl Store {
    /// Every tenant that the object of this ID belongs to, and as what; empty where nobody's record has it.
    pub async fn owners_of_object(&self, id: &str) -> Result<Vec<ObjectOwner>, StoreError> {
        across_tenants::owners_of_object(self.pool(), id).await
    }

    /// Drops the records of files that Meta has no more, at most `limit`. Returns how many.
    pub async fn forget_old_media(&self, limit: i64) -> Result<u64, StoreError> {
        across_tenants::forget_old_media(self.pool(), limit).await
    }
}

impl Space<'_> {
    /// Records files that were uploaded for the number, or came to it.
    pub async fn record_media(&self, phone_number_id: &str, ids: &[String]) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        record_media(&mut transaction, self.cust_space_id, phone_number_id, ids).await?;
        Ok(transaction.commit().await?)
    }

    /// Records templates of the account.
    pub async fn record_templates(&self, waba_id: &str, ids: &[String]) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sqlx::query!(
            "insert into upstream_objects (cust_space_id, kind, id, waba_id)
             select distinct $1, 'template', id, $2::text from unnest($3::text[]) as id order by id
             on conflict (id, kind, cust_space_id) do update set waba_id = excluded.waba_id, seen_at = now()
             where upstream_objects.waba_id <> excluded.waba_id",
            self.cust_space_id,
            &storable(waba_id),
            &storable_ids(ids),
        )
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }
}

/// The record of [`Space::record_media`], in a transaction of this tenant. IDs of a number that the tenant has no more are
/// passed over.
pub(crate) async fn record_media(
    transaction: &mut PgConnection,
    cust_space_id: &str,
    phone_number_id: &str,
    ids: &[String],
) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into upstream_objects (cust_space_id, kind, id, phone_number_id)
         select distinct $1, 'media', m.id, n.phone_number_id
         from business_numbers n, unnest($3::text[]) as m (id)
         where n.cust_space_id = $1 and n.phone_number_id = $2
         order by m.id
         on conflict (id, kind, cust_space_id) do update set seen_at = now()",
        cust_space_id,
        &storable(phone_number_id),
        &storable_ids(ids),
    )
    .execute(transaction)
    .await?;
    Ok(())
}

fn storable_ids(ids: &[String]) -> Vec<String> {
    ids.iter().map(|id| storable(id).into_owned()).collect()
}
