//! All work across tenants: the only calls of the definer functions in `migrations/0004_across_tenants.sql` and the
//! migrations after it.
//! Everything else in this crate runs in one tenant's [`crate::Space`].

use std::time::Duration;

use sqlx::{PgConnection, PgPool, postgres::types::PgInterval, types::Json};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    BusinessNumber, Grant, InboxEvent, KeyState, Limits, MirrorClaim, ObjectKind, ObjectOwner, ReceivedEvent,
    StoreError, Tenant, TenantStatus, UniqueCode, limits,
    sealing::WrappedKey,
    text::{storable, storable_option},
};

/// What the resolver needs of a tenant, its token still sealed.
pub(crate) struct ResolvedTenant {
    pub(crate) status: TenantStatus,
    pub(crate) numbers: Vec<BusinessNumber>,
    pub(crate) credential: Option<SealedCredential>,
    pub(crate) limits: Limits,
}

/// A sealed token with the data key that opens it.
pub(crate) struct SealedCredential {
    pub(crate) sealed_token: Vec<u8>,
    pub(crate) key: WrappedKey,
}

/// An access key, its secret still sealed.
pub(crate) struct SealedAccessKey {
    pub(crate) name: String,
    pub(crate) grants: Vec<Grant>,
    pub(crate) state: KeyState,
    pub(crate) expires_at: Option<OffsetDateTime>,
    pub(crate) sealed_secret: Vec<u8>,
    pub(crate) key: WrappedKey,
    pub(crate) previous: Option<SealedPreviousSecret>,
}

/// The secret of an access key before its last rotation, with the data key that opens it.
pub(crate) struct SealedPreviousSecret {
    pub(crate) sealed: Vec<u8>,
    pub(crate) key: WrappedKey,
    pub(crate) until: OffsetDateTime,
}

/// An event that the calling transaction holds, and its place in the order of arrival.
pub(crate) struct ClaimedEvent {
    pub(crate) position: i64,
    pub(crate) event: InboxEvent,
}

pub(crate) async fn list_tenants(pool: &PgPool, after: &str, limit: i64) -> Result<Vec<Tenant>, StoreError> {
    let tenants = sqlx::query_as!(
        Tenant,
        r#"select cust_space_id as "cust_space_id!", name as "name!", status as "status!: TenantStatus",
                  suspended_reason, created_at as "created_at!"
           from list_tenants($1, $2)"#,
        &storable(after),
        limit,
    );
    Ok(tenants.fetch_all(pool).await?)
}

pub(crate) async fn open_tenant(pool: &PgPool, cust_space_id: &str) -> Result<Option<ResolvedTenant>, StoreError> {
    let row = sqlx::query!(
        r#"select status as "status!: TenantStatus", numbers as "numbers!: Json<Vec<BusinessNumber>>",
                  per_tenant, per_number, in_flight, sealed_token, key_version, master_key_id, wrapped_key
           from open_tenant($1)"#,
        &storable(cust_space_id),
    );
    let Some(row) = row.fetch_optional(pool).await? else {
        return Ok(None);
    };
    let limits = limits::stored(row.per_tenant.as_deref(), row.per_number.as_deref(), row.in_flight);
    let key = match (row.key_version, row.master_key_id, row.wrapped_key) {
        (Some(version), Some(master_key_id), Some(bytes)) => Some(WrappedKey { version, master_key_id, bytes }),
        _ => None,
    };
    let credential = row.sealed_token.zip(key).map(|(sealed_token, key)| SealedCredential { sealed_token, key });
    Ok(Some(ResolvedTenant { status: row.status, numbers: row.numbers.0, credential, limits }))
}

pub(crate) async fn open_access_key(pool: &PgPool, access_key_id: &str) -> Result<Option<SealedAccessKey>, StoreError> {
    let row = sqlx::query!(
        r#"select name as "name!", grants as "grants!: Json<Vec<Grant>>", sealed_secret as "sealed_secret!",
                  state as "state!: KeyState", expires_at, key_version as "version!",
                  master_key_id as "master_key_id!", wrapped_key as "wrapped_key!",
                  previous_secret, previous_until, previous_key_version, previous_master_key_id, previous_wrapped_key
           from open_access_key($1)"#,
        &storable(access_key_id),
    );
    Ok(row.fetch_optional(pool).await?.map(|row| SealedAccessKey {
        name: row.name,
        grants: row.grants.0,
        state: row.state,
        expires_at: row.expires_at,
        sealed_secret: row.sealed_secret,
        key: WrappedKey { version: row.version, master_key_id: row.master_key_id, bytes: row.wrapped_key },
        previous: row.previous_secret.zip(row.previous_until).and_then(|(sealed, until)| {
            let (version, master_key_id) = row.previous_key_version.zip(row.previous_master_key_id)?;
            let key = WrappedKey { version, master_key_id, bytes: row.previous_wrapped_key? };
            Some(SealedPreviousSecret { sealed, key, until })
        }),
    }))
}

/// Commits a batch, and returns how many of its events were new.
pub(crate) async fn receive_events(pool: &PgPool, events: &[ReceivedEvent<'_>]) -> Result<u64, StoreError> {
    let column = |field: for<'a> fn(&ReceivedEvent<'a>) -> &'a str| {
        events.iter().map(|event| storable(field(event)).into_owned()).collect::<Vec<_>>()
    };
    let ids: Vec<Uuid> = events.iter().map(|_| Uuid::now_v7()).collect();
    let fingerprints: Vec<Vec<u8>> = events.iter().map(|event| event.fingerprint.to_vec()).collect();
    let phone_numbers: Vec<Option<String>> =
        events.iter().map(|event| storable_option(event.phone_number_id)).collect();
    let new = sqlx::query_scalar!(
        r#"select receive_events($1, $2, $3, $4, $5, $6) as "new!""#,
        &ids,
        &fingerprints,
        &column(|event| event.field),
        &column(|event| event.waba_id),
        &phone_numbers as &[Option<String>],
        &column(|event| event.value),
    );
    Ok(new.fetch_one(pool).await?.unsigned_abs())
}

pub(crate) async fn keep_malformed(pool: &PgPool, start: &[u8], whole_length: i64) -> Result<(), StoreError> {
    sqlx::query!("select keep_malformed($1, $2)", start, whole_length).execute(pool).await?;
    Ok(())
}

pub(crate) async fn forget_old_fingerprints(pool: &PgPool) -> Result<u64, StoreError> {
    let forgotten = sqlx::query_scalar!(r#"select forget_old_fingerprints() as "forgotten!""#);
    Ok(forgotten.fetch_one(pool).await?.unsigned_abs())
}

/// Deletes the oldest idempotency keys that are kept no longer. Returns how many.
pub(crate) async fn forget_old_keys(pool: &PgPool, limit: i64) -> Result<u64, StoreError> {
    let forgotten = sqlx::query_scalar!(r#"select forget_old_keys($1) as "forgotten!""#, limit);
    Ok(forgotten.fetch_one(pool).await?.unsigned_abs())
}

/// Uses a nonce; `false` where it was used before.
pub(crate) async fn spend_nonce(pool: &PgPool, access_key_id: &str, digest: &[u8; 32]) -> Result<bool, StoreError> {
    let is_new =
        sqlx::query_scalar!(r#"select spend_nonce($1, $2) as "new!""#, &storable(access_key_id), digest.as_slice());
    Ok(is_new.fetch_one(pool).await?)
}

/// Deletes the oldest nonces that are remembered no longer. Returns how many.
pub(crate) async fn forget_old_nonces(pool: &PgPool, limit: i64) -> Result<u64, StoreError> {
    let forgotten = sqlx::query_scalar!(r#"select forget_old_nonces($1) as "forgotten!""#, limit);
    Ok(forgotten.fetch_one(pool).await?.unsigned_abs())
}

/// Gives the tenant of this transaction the events that came for its number before it was known.
pub(crate) async fn adopt_events(transaction: &mut PgConnection, phone_number_id: &str) -> Result<(), StoreError> {
    sqlx::query!("select adopt_events($1)", &storable(phone_number_id)).fetch_one(transaction).await?;
    Ok(())
}

/// Gives events that have no tenant to the tenant that their number or account now has. Returns how many.
pub(crate) async fn adopt_strays(pool: &PgPool) -> Result<u64, StoreError> {
    let adopted = sqlx::query_scalar!(r#"select adopt_strays() as "adopted!""#).fetch_one(pool).await?;
    Ok(adopted.unsigned_abs())
}

/// Which of these changes, of any tenant, are settled.
pub(crate) async fn settled_changes(pool: &PgPool, codes: &[Uuid]) -> Result<Vec<UniqueCode>, StoreError> {
    let settled = sqlx::query_scalar!(r#"select settled_changes($1) as "code!: UniqueCode""#, codes);
    Ok(settled.fetch_all(pool).await?)
}

/// Locks unrouted events of known tenants for this transaction.
pub(crate) async fn claim_events(transaction: &mut PgConnection, limit: i64) -> Result<Vec<ClaimedEvent>, StoreError> {
    let rows = sqlx::query!(
        r#"select id as "id!", place as "place!", cust_space_id as "cust_space_id!", field as "field!",
                  waba_id as "waba_id!", phone_number_id, value as "value!", received_at as "received_at!"
           from claim_events($1)"#,
        limit,
    );
    let claimed = rows.fetch_all(transaction).await?.into_iter().map(|row| ClaimedEvent {
        position: row.place,
        event: InboxEvent {
            id: row.id,
            cust_space_id: row.cust_space_id,
            field: row.field,
            waba_id: row.waba_id,
            phone_number_id: row.phone_number_id,
            value: row.value,
            received_at: row.received_at,
        },
    });
    Ok(claimed.collect())
}

pub(crate) async fn claim_stale_changes(
    pool: &PgPool,
    older_than: Duration,
    limit: i64,
) -> Result<Vec<(String, UniqueCode)>, StoreError> {
    let older_than =
        PgInterval { months: 0, days: 0, microseconds: i64::try_from(older_than.as_micros()).unwrap_or(i64::MAX) };
    let rows = sqlx::query!(
        r#"select cust_space_id as "cust_space_id!", unique_code as "unique_code!: UniqueCode"
           from claim_stale_changes($1, $2)"#,
        older_than,
        limit,
    );
    Ok(rows.fetch_all(pool).await?.into_iter().map(|row| (row.cust_space_id, row.unique_code)).collect())
}

pub(crate) async fn abandoned_changes(pool: &PgPool, limit: i64) -> Result<Vec<(String, UniqueCode)>, StoreError> {
    let rows = sqlx::query!(
        r#"select cust_space_id as "cust_space_id!", unique_code as "unique_code!: UniqueCode"
           from abandoned_changes($1)"#,
        limit,
    );
    Ok(rows.fetch_all(pool).await?.into_iter().map(|row| (row.cust_space_id, row.unique_code)).collect())
}

/// Claims numbers whose mirror is due, for as long as `lease`.
pub(crate) async fn claim_mirrors(pool: &PgPool, lease: Duration, limit: i64) -> Result<Vec<MirrorClaim>, StoreError> {
    let lease = PgInterval { months: 0, days: 0, microseconds: i64::try_from(lease.as_micros()).unwrap_or(i64::MAX) };
    let claims = sqlx::query_as!(
        MirrorClaim,
        r#"select cust_space_id as "cust_space_id!", phone_number_id as "phone_number_id!", claim as "claim!"
           from claim_mirrors($1, $2)"#,
        lease,
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
