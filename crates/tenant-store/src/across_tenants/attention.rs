//! What needs a person, kind by kind.

use sqlx::{PgPool, types::Json};

use crate::{
    CredentialTrouble, DisabledEndpoint, EndpointId, FailedOnboarding, Found, KnownEndpoint, KnownTenant,
    LostDeliveries, NumberTrouble, StepResult, StepState, StoreError, ThrottledTenant, TroubledToken, UnknownNumbers,
};

pub(crate) async fn credentials_in_trouble(
    pool: &PgPool,
    tenants: Option<&[String]>,
    limit: i64,
) -> Result<Found<CredentialTrouble>, StoreError> {
    let rows = sqlx::query!(
        r#"select cust_space_id as "cust_space_id!", name as "name!", state as "state!", reason, expires_at,
                  total as "total!"
           from credentials_in_trouble($1, $2)"#,
        tenants as Option<&[String]>,
        limit,
    );
    let rows = rows.fetch_all(pool).await?;
    Ok(found(rows, |row| {
        let tenant = KnownTenant { cust_space_id: row.cust_space_id, name: row.name };
        let token = match row.state.as_str() {
            "invalid" => TroubledToken::Invalid(row.reason),
            "expiring" => TroubledToken::Expiring(row.expires_at),
            _ => TroubledToken::Missing,
        };
        (row.total, Some(CredentialTrouble { tenant, token }))
    }))
}

pub(crate) async fn endpoints_in_trouble(
    pool: &PgPool,
    tenants: Option<&[String]>,
    limit: i64,
) -> Result<Found<DisabledEndpoint>, StoreError> {
    let rows = sqlx::query!(
        r#"select endpoint_id as "endpoint_id!: EndpointId", cust_space_id, name, url as "url!", description, reason,
                  disabled_at, total as "total!"
           from endpoints_in_trouble($1, $2)"#,
        tenants as Option<&[String]>,
        limit,
    );
    let rows = rows.fetch_all(pool).await?;
    Ok(found(rows, |row| {
        let endpoint = endpoint(row.endpoint_id, row.cust_space_id.zip(row.name), row.description, row.url);
        (row.total, Some(DisabledEndpoint { endpoint, reason: row.reason, since: row.disabled_at }))
    }))
}

pub(crate) async fn deliveries_in_trouble(
    pool: &PgPool,
    tenants: Option<&[String]>,
    limit: i64,
) -> Result<Found<LostDeliveries>, StoreError> {
    let rows = sqlx::query!(
        r#"select endpoint_id as "endpoint_id!: EndpointId", cust_space_id, name, url as "url!", description,
                  dead as "dead!", total as "total!"
           from deliveries_in_trouble($1, $2)"#,
        tenants as Option<&[String]>,
        limit,
    );
    let rows = rows.fetch_all(pool).await?;
    Ok(found(rows, |row| {
        let endpoint = endpoint(row.endpoint_id, row.cust_space_id.zip(row.name), row.description, row.url);
        (row.total, Some(LostDeliveries { endpoint, dead: row.dead }))
    }))
}

pub(crate) async fn numbers_in_trouble(
    pool: &PgPool,
    tenants: Option<&[String]>,
    many_groups: i32,
    limit: i64,
) -> Result<Found<NumberTrouble>, StoreError> {
    let rows = sqlx::query!(
        r#"select cust_space_id as "cust_space_id!", name as "name!", business_number as "business_number!", status,
                  quality_rating, groups_ineligible_reason, groups, total as "total!"
           from numbers_in_trouble($1, $2, $3)"#,
        tenants as Option<&[String]>,
        many_groups,
        limit,
    );
    let rows = rows.fetch_all(pool).await?;
    Ok(found(rows, |row| {
        let number = NumberTrouble {
            tenant: KnownTenant { cust_space_id: row.cust_space_id, name: row.name },
            business_number: row.business_number,
            status: row.status,
            quality_rating: row.quality_rating,
            ineligible: row.groups_ineligible_reason,
            groups: row.groups,
        };
        (row.total, Some(number))
    }))
}

pub(crate) async fn throttled_tenants(
    pool: &PgPool,
    tenants: Option<&[String]>,
    limit: i64,
) -> Result<Found<ThrottledTenant>, StoreError> {
    let rows = sqlx::query!(
        r#"select cust_space_id as "cust_space_id!", name as "name!", throttled as "throttled!",
                  last_hour as "last_hour!", total as "total!"
           from throttled_tenants($1, $2)"#,
        tenants as Option<&[String]>,
        limit,
    );
    let rows = rows.fetch_all(pool).await?;
    Ok(found(rows, |row| {
        let tenant = KnownTenant { cust_space_id: row.cust_space_id, name: row.name };
        (row.total, Some(ThrottledTenant { tenant, calls: row.throttled, last_hour: row.last_hour }))
    }))
}

pub(crate) async fn failed_onboardings(
    pool: &PgPool,
    tenants: Option<&[String]>,
    limit: i64,
) -> Result<Found<FailedOnboarding>, StoreError> {
    let rows = sqlx::query!(
        r#"select cust_space_id as "cust_space_id!", name as "name!", steps as "steps!: Json<Vec<StepResult>>",
                  updated_at as "updated_at!", total as "total!"
           from failed_onboardings($1, $2)"#,
        tenants as Option<&[String]>,
        limit,
    );
    let rows = rows.fetch_all(pool).await?;
    Ok(found(rows, |row| {
        let tenant = KnownTenant { cust_space_id: row.cust_space_id, name: row.name };
        let failed = row.steps.0.into_iter().find(|step| step.state == StepState::Failed);
        (row.total, failed.map(|failed| FailedOnboarding { tenant, failed, at: row.updated_at }))
    }))
}

/// Events of numbers that no tenant has, counted up to `limit`.
pub(crate) async fn unknown_number_backlog(pool: &PgPool, limit: i64) -> Result<UnknownNumbers, StoreError> {
    let backlog = sqlx::query_as!(
        UnknownNumbers,
        r#"select events as "events!", numbers as "numbers!", first_seen as since from unknown_number_backlog($1)"#,
        limit,
    );
    Ok(backlog.fetch_one(pool).await?)
}

/// What the rows tell, each with how many there are in all.
fn found<R, T>(rows: Vec<R>, told: impl Fn(R) -> (i64, Option<T>)) -> Found<T> {
    let (totals, first): (Vec<i64>, Vec<Option<T>>) = rows.into_iter().map(told).unzip();
    Found { total: totals.first().copied().unwrap_or_default(), first: first.into_iter().flatten().collect() }
}

fn endpoint(
    endpoint_id: EndpointId,
    owner: Option<(String, String)>,
    description: Option<String>,
    url: String,
) -> KnownEndpoint {
    let tenant = owner.map(|(cust_space_id, name)| KnownTenant { cust_space_id, name });
    KnownEndpoint { endpoint_id, tenant, description, url }
}
