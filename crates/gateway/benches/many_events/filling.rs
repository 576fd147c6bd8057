//! Fills the tables by SQL, as if events had come for thirty days.

use sqlx::{Executor as _, PgConnection};

/// The days that are filled, up to yesterday.
pub(super) const DAYS: i64 = 30;

/// How many days fingerprints are kept.
const REMEMBERED: i64 = 8;

/// In place of what was there: the partitions, in them `total` events of `tenants` tenants with their fingerprints, and a
/// finished delivery for each tenth.
pub(super) async fn fill(database: &mut PgConnection, total: i64, tenants: i64) -> anyhow::Result<()> {
    let a_day = total / DAYS;
    database.execute("truncate events, deliveries").await?;
    for day in 0..DAYS {
        make_day(database, DAYS - day).await?;
        insert_events(database, DAYS - day, day * a_day, a_day, tenants).await?;
        if DAYS - day <= REMEMBERED {
            insert_fingerprints(database, day * a_day, a_day).await?;
        }
    }
    let last = "update event_counters c set last_sequence = coalesce(
                    (select max(sequence) from events e where e.cust_space_id = c.cust_space_id), 0)";
    database.execute(last).await?;
    database.execute("select setval('events_position', (select max(position) from events))").await?;
    database.execute("vacuum (analyze)").await?;
    Ok(())
}

async fn make_day(database: &mut PgConnection, days_ago: i64) -> anyhow::Result<()> {
    let make = "select make_partition(parent, date_trunc('day', now(), 'UTC') - $1 * interval '1 day')
                from unnest(array['events', 'deliveries']) as parent";
    sqlx::query(make).bind(days_ago).execute(database).await?;
    Ok(())
}

/// The IDs are of their times, as those of real events; the tenants take turns, each in a sequence without gaps.
async fn insert_events(
    database: &mut PgConnection,
    days_ago: i64,
    first: i64,
    count: i64,
    tenants: i64,
) -> anyhow::Result<()> {
    let insert = r#"
        with made as (
            select n, 'cams-bench' || n % $4 + 1 as tenant, (15550000001 + n % $4)::text as number,
                   (100000000000001 + n % $4)::text as phone, (200000000000001 + n % $4)::text as waba,
                   'group-' || n / $4 % 50 as group_id, md5(n::text) as random,
                   date_trunc('day', now(), 'UTC') - $1 * interval '1 day' + (n - $2) * interval '1 day' / $3 as at
            from generate_series($2, $2 + $3 - 1) as n
        ), rows as (
            select m.*, (left(uuid_at(m.at)::text, 15) || left(m.random, 3) || '-8' || substr(m.random, 4, 3) || '-'
                         || substr(m.random, 7, 12))::uuid as id
            from made m
        ), delivered as (
            insert into deliveries (delivery_id, endpoint_id, cust_space_id, event_id, event_type, event_tenant, sequence,
                                    lane, state, tries, created_at, ended_at)
            select r.id, md5(r.tenant)::uuid, r.tenant, r.id, 'message.received', r.tenant, r.n / $4 + 1, r.group_id,
                   'done', '[{"at": "2026-11-21T08:15:00Z", "milliseconds": 20, "status": 200, "answer": ""}]', r.at, r.at
            from rows r where r.n % 10 = 0
        )
        insert into events (id, position, cust_space_id, field, waba_id, phone_number_id, value, received_at, state,
                            sequence, type, business_number, group_id, occurred_at, routed_at)
        select r.id, r.n + 1, r.tenant, 'messages', r.waba, r.phone,
               json_build_object('messaging_product', 'whatsapp', 'metadata', json_build_object('phone_number_id', r.phone),
                                 'messages', json_build_array(json_build_object('id', r.random, 'from', '16505551234',
                                             'text', json_build_object('body', repeat(r.random, 8))))),
               r.at, 'routed', r.n / $4 + 1, 'message.received', r.number, r.group_id, r.at, r.at
        from rows r"#;
    let insert = sqlx::query(insert).bind(days_ago).bind(first).bind(count).bind(tenants);
    insert.execute(database).await?;
    Ok(())
}

async fn insert_fingerprints(database: &mut PgConnection, first: i64, count: i64) -> anyhow::Result<()> {
    let insert = "insert into event_fingerprints (fingerprint)
                  select sha256(n::text::bytea) from generate_series($1, $1 + $2 - 1) as n";
    sqlx::query(insert).bind(first).bind(count).execute(database).await?;
    Ok(())
}
