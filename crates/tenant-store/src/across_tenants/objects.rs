//! What is compared with Meta: mirrors that are due, and whose an object is.

use std::time::Duration;

use sqlx::PgPool;

use super::interval;
use crate::{MirrorClaim, ObjectKind, ObjectOwner, StoreError, text::storable};

/// Claims numbers whose mirror is due, for as long as `lease`.
pub(crate) async fn claim_mirrors(pool: &PgPool, lease: Duration, limit: i64) -> Result<Vec<MirrorClaim>, StoreError> {
    let claims = sqlx::query_as!(
        MirrorClaim,
        r#"select cust_space_id as "cust_space_id!", phone_number_id as "phone_number_id!", claim as "claim!"
           from claim_mirrors($1, $2)"#,
        interval(lease),
        limit,
    );
    Ok(claims.fetch_all(pool).await?)
}

/// Every tenant that the object of this ID at Meta belongs to.
pub(crate) async fn owners_of_object(pool: &PgPool, id: &str) -> Result<Vec<ObjectOwner>, StoreError> {
    let owners = sqlx::query_as!(
        ObjectOwner,
        r#"select kind as "kind!: ObjectKind", cust_space_id as "cust_space_id!", phone_number_id, waba_id
           from owners_of_object($1)"#,
        &storable(id),
    );
    Ok(owners.fetch_all(pool).await?)
}

/// Deletes the oldest records of files that Meta has no more. Returns how many.
pub(crate) async fn forget_old_media(pool: &PgPool, limit: i64) -> Result<u64, StoreError> {
    let forgotten = sqlx::query_scalar!(r#"select forget_old_media($1) as "forgotten!""#, limit);
    Ok(forgotten.fetch_one(pool).await?.unsigned_abs())
}
