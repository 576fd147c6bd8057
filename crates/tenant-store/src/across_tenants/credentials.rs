//! Tokens of all tenants: whose are due to be asked about, and what Meta said of one.

use std::time::Duration;

use sqlx::{PgConnection, PgExecutor, PgPool};

use super::interval;
use crate::{CredentialCheck, Revision, StoreError, text::storable_option};

pub(crate) async fn claim_credential_checks(
    pool: &PgPool,
    limit: i64,
    lease: Duration,
) -> Result<Vec<String>, StoreError> {
    let due = sqlx::query_scalar!(
        r#"select t as "cust_space_id!" from claim_credential_checks($1, $2) t"#,
        limit,
        interval(lease),
    );
    Ok(due.fetch_all(pool).await?)
}

pub(crate) async fn record_credential_check(
    executor: impl PgExecutor<'_>,
    cust_space_id: &str,
    seen: Revision,
    check: &CredentialCheck,
) -> Result<bool, StoreError> {
    let recorded = sqlx::query_scalar!(
        r#"select record_credential_check($1, $2, $3, $4, $5, $6, $7, $8) as "recorded!""#,
        cust_space_id,
        seen.0,
        check.state.as_str(),
        storable_option(check.reason.as_deref()),
        storable_option(check.app_id.as_deref()),
        &check.scopes,
        check.expires_at,
        interval(check.next),
    );
    Ok(recorded.fetch_one(executor).await?)
}

/// Tells the ISV's endpoints of a token that is not valid, as it is recorded.
pub(crate) async fn tell_of_credential(transaction: &mut PgConnection, cust_space_id: &str) -> Result<(), StoreError> {
    sqlx::query!("select tell_of_credential($1)", cust_space_id).execute(transaction).await?;
    Ok(())
}
