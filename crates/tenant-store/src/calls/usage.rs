//! What is counted by the day, for billing.

use sqlx::{PgConnection, types::Json};
use time::Date;

use super::{OperationUsage, UsageDay};
use crate::{Space, StoreError};

impl Space<'_> {
    /// What the tenant has used on each day from `first` to `last`, both included: up to `limit` days on which it has
    /// used something, oldest first.
    pub async fn usage(&self, first: Date, last: Date, limit: i64) -> Result<Vec<UsageDay>, StoreError> {
        let mut transaction = self.begin().await?;
        let days = sqlx::query!(
            r#"with days as (select day from usage where cust_space_id = $1 and day between $2 and $3
                             union select day from group_messages where cust_space_id = $1 and day between $2 and $3
                             order by day limit $4)
               select d.day as "day!", coalesce(g.delivered, 0) as "delivered!",
                      (select coalesce(json_agg(json_build_object('operation', u.operation, 'code', u.code,
                                                                  'calls', u.calls) order by u.operation, u.code), '[]')
                       from usage u where u.cust_space_id = $1 and u.day = d.day) as "operations!: Json<Vec<OperationUsage>>"
               from days d left join group_messages g on g.cust_space_id = $1 and g.day = d.day
               order by d.day"#,
            self.cust_space_id,
            first,
            last,
            limit,
        );
        let days = days.fetch_all(&mut *transaction).await?;
        let told = days.into_iter().map(|row| UsageDay {
            day: row.day,
            operations: row.operations.0,
            group_messages_delivered: row.delivered,
        });
        Ok(told.collect())
    }
}

/// Counts that a message reached somebody in a group of the tenant, whose scope the transaction is in: once for each of
/// `days`.
pub(crate) async fn count_group_messages(
    transaction: &mut PgConnection,
    cust_space_id: &str,
    days: &[Date],
) -> Result<(), StoreError> {
    if days.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into group_messages as g (cust_space_id, day, delivered)
         select $1, day, count(*) from unnest($2::date[]) as told(day) group by day order by day
         on conflict (cust_space_id, day) do update set delivered = g.delivered + excluded.delivered",
        cust_space_id,
        days,
    )
    .execute(transaction)
    .await?;
    Ok(())
}
