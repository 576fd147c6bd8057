//! What the first call of a tenant costs that a gateway has not seen yet.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use sqlx::{Connection as _, PgConnection};

use crate::calls::call;
use crate::figures::{Figure, median};
use crate::groupgate::Groupgate;
use crate::http::Connection;
use crate::load::connections;
use crate::stage::Stage;
use crate::tenants::{Tenant, Tenants};

/// Calls of tenants of which nothing is counted, so that the connections to PostgreSQL stand and have their statements.
const WARMING_UP: u32 = 20;
/// How often a tenant is called again, when the gateway knows it.
const CACHED: usize = 5;

/// How long calls of some tenants took, milliseconds.
#[derive(Debug, Default)]
struct Took {
    first: Vec<f64>,
    cached: Vec<f64>,
}

/// How often each statement was executed.
type Executed = BTreeMap<String, i64>;

/// Tenants are called one after the other on one connection, each first once and then again. PostgreSQL counts.
pub(crate) async fn measure(stage: &Stage) -> anyhow::Result<Vec<Figure>> {
    let scale = stage.scale;
    let each = scale.first_calls;
    let all = WARMING_UP + each * u32::try_from(scale.repeats)?;
    let (tenants, counts) = Tenants::make(scale.tenants, all).await?.counting_statements().await?;
    let gateway = stage.gateway(&tenants).await?;
    let token = gateway.token().await?;
    let connection = &mut connections(gateway.address, 1).await?.pop().context("no connection")?;
    called(&gateway, &token, connection, 0..WARMING_UP).await?;
    let mut database = tenants.database.superuser().await?;
    let before = executed(&mut database, counts).await?;
    let mut rounds = Vec::new();
    for round in 0..u32::try_from(scale.repeats)? {
        let from = WARMING_UP + round * each;
        rounds.push(called(&gateway, &token, connection, from..from + each).await?);
    }
    let after = executed(&mut database, counts).await?;
    database.close().await?;
    drop(gateway);
    tenants.database.stop().await?;
    Ok(vec![in_time(&rounds), in_statements(&before, &after, all - WARMING_UP, counts)])
}

fn in_time(rounds: &[Took]) -> Figure {
    let of = |took: fn(&Took) -> &Vec<f64>| median(rounds.iter().map(|round| median(took(round).iter().copied())));
    let (first, cached) = (of(|round| &round.first), of(|round| &round.cached));
    let more = rounds.iter().map(|round| median(round.first.iter().copied()) - median(round.cached.iter().copied()));
    Figure::new("first call of a tenant not in the cache, ms over a cached one", median(more))
        .at_most(5.0)
        .from(format!("first {first:.2} ms, cached {cached:.2} ms"))
}

/// A statement that was executed less often than there were first calls is not theirs: the gateway has other things to do, too.
fn in_statements(before: &Executed, after: &Executed, calls: u32, counts: bool) -> Figure {
    let name = "first call of a tenant not in the cache, statements";
    if !counts {
        return Figure::missing(name, "PostgreSQL has no pg_stat_statements here; its package is postgresql-contrib");
    }
    let more = after.iter().map(|(statement, times)| (statement, times - before.get(statement).unwrap_or(&0)));
    let theirs: Vec<_> = more.filter(|(_, times)| *times >= i64::from(calls)).collect();
    #[expect(clippy::cast_precision_loss, reason = "some hundreds")]
    let executed = theirs.iter().map(|(_, times)| *times).sum::<i64>() as f64;
    let shown: Vec<String> = theirs.iter().map(|(statement, _)| format!("`{}`", shortened(statement))).collect();
    Figure::new(name, executed / f64::from(calls)).at_most(1.0).from(shown.join(", "))
}

/// The beginning of a statement, on one line and without what would end a table's cell.
fn shortened(statement: &str) -> String {
    let words: Vec<&str> = statement.split_whitespace().collect();
    words.join(" ").replace(['|', '`'], " ").chars().take(60).collect()
}

async fn called(
    gateway: &Groupgate,
    token: &str,
    connection: &mut Connection,
    tenants: std::ops::Range<u32>,
) -> anyhow::Result<Took> {
    let mut took = Took::default();
    for index in tenants {
        let request = gateway.call(token, &Tenant::at(index));
        took.first.push(milliseconds(connection, &request).await?);
        for _ in 0..CACHED {
            took.cached.push(milliseconds(connection, &request).await?);
        }
    }
    Ok(took)
}

async fn milliseconds(connection: &mut Connection, request: &[u8]) -> anyhow::Result<f64> {
    let begun = Instant::now();
    call(connection, request).await?;
    let took = begun.elapsed();
    ensure!(took < Duration::from_secs(10), "a call took {took:?}");
    Ok(took.as_secs_f64() * 1e3)
}

async fn executed(database: &mut PgConnection, counts: bool) -> anyhow::Result<Executed> {
    if !counts {
        return Ok(Executed::new());
    }
    let statement = "select s.query, sum(s.calls)::bigint from pg_stat_statements s
                     join pg_database d on d.oid = s.dbid
                     where d.datname = current_database() and s.userid <> current_user::regrole
                     group by s.query";
    let rows: Vec<(String, i64)> = sqlx::query_as(statement).fetch_all(database).await?;
    Ok(rows.into_iter().collect())
}
