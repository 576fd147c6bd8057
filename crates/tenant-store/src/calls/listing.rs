//! The last calls of a tenant.

use uuid::Uuid;

use super::{CallFilter, CallRecord};
use crate::{Space, StoreError, text::storable_option};

struct Row {
    request_id: Uuid,
    access_key_id: Option<String>,
    operation: String,
    code: String,
    status: i16,
    upstream_code: Option<i64>,
    fbtrace_id: Option<String>,
    milliseconds: i32,
}

impl Space<'_> {
    /// Up to `limit` of the tenant's calls that are kept, newest first.
    pub async fn calls(&self, filter: &CallFilter, limit: i64) -> Result<Vec<CallRecord>, StoreError> {
        let mut transaction = self.begin().await?;
        let rows = sqlx::query_as!(
            Row,
            "select request_id, access_key_id, operation, code, status, upstream_code, fbtrace_id, milliseconds
             from calls
             where cust_space_id = $1 and ($2::text is null or operation = $2) and ($3::text is null or code = $3)
               and request_id between $4 and $5 and ($6::text is null or fbtrace_id = $6) and request_id < $7
               and (not $8 or code <> 'OK')
             order by request_id desc limit $9",
            self.cust_space_id,
            storable_option(filter.operation.as_deref()),
            storable_option(filter.code.as_deref()),
            // Ranges, so that one day is looked at for one call, and none twice for the pages.
            filter.request_id.unwrap_or(Uuid::nil()),
            filter.request_id.unwrap_or(Uuid::max()),
            storable_option(filter.fbtrace_id.as_deref()),
            filter.before.unwrap_or(Uuid::max()),
            filter.errors_only,
            limit,
        );
        let rows = rows.fetch_all(&mut *transaction).await?;
        Ok(rows.into_iter().map(|row| row.into_record(self.cust_space_id)).collect())
    }
}

impl Row {
    fn into_record(self, cust_space_id: &str) -> CallRecord {
        CallRecord {
            request_id: self.request_id,
            cust_space_id: cust_space_id.to_owned(),
            access_key_id: self.access_key_id,
            operation: self.operation,
            code: self.code,
            status: u16::try_from(self.status).unwrap_or_default(),
            upstream_code: self.upstream_code,
            fbtrace_id: self.fbtrace_id,
            milliseconds: u32::try_from(self.milliseconds).unwrap_or_default(),
        }
    }
}
