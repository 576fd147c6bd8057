//! With ten thousand tenants, no more is served than with two, but for the numbers, which have a bound.

use std::collections::BTreeSet;

use futures_util::StreamExt as _;
use futures_util::stream;
use serde_json::json;
use sqlx::AssertSqlSafe;

use super::{METRICS, figure, read};
use crate::support::{Client, TestApp, eventually, superuser};

/// How many tenants more there are, each with a number that Meta has told of.
const TENANTS: u64 = 10_000;
/// How many of them call.
const CALLERS: u64 = 300;
/// The one metric with a series for each number, and how many of them there are at the most.
const OF_NUMBERS: (&str, usize) = ("groupgate_number_last_group_event_timestamp_seconds{", 5_000);

/// Makes them.
fn many() -> String {
    format!(
        "insert into tenants (cust_space_id, name)
         select 'cams-many-' || n, 'One of many' from generate_series(1, {TENANTS}) n;
         insert into business_numbers (cust_space_id, business_number, phone_number_id, waba_id)
         select 'cams-many-' || n, 15550100000 + n, 700000000000000 + n, 800000000000000 + n
         from generate_series(1, {TENANTS}) n;
         insert into number_events (cust_space_id, phone_number_id, last_group_event_at)
         select 'cams-many-' || n, 700000000000000 + n, now() from generate_series(1, {TENANTS}) n;
         update mirrors set claimed_until = 'infinity';"
    )
}

/// The series of everything but the numbers.
fn others(text: &str) -> BTreeSet<&str> {
    let series = text.lines().filter(|line| !line.starts_with('#') && !line.starts_with(OF_NUMBERS.0));
    series.filter_map(|line| line.rsplit_once(' ')).map(|(series, _)| series).collect()
}

async fn looked(metrics: &Client) -> String {
    eventually("what lies in PostgreSQL is read", async || {
        Some(read(metrics).await).filter(|text| figure(text, "groupgate_changes_open").is_some())
    })
    .await
}

#[actix_web::test]
async fn what_is_served_does_not_grow_with_the_tenants() {
    let off = [METRICS, ("GROUPGATE_RATE_PER_KEY", "off")];
    let app = TestApp::with(&off).await;
    let key = app.key("of-all", &[("*", &["groups.read"])]).await;
    let list = async |client: &Client, tenant: &str| {
        client.call_as(&key, "ListBusinessNumbers", json!({"CustSpaceId": tenant})).await.expect(200, "OK");
    };
    list(&app.client, app.first.cust_space_id).await;
    let before = looked(&app.metrics()).await;

    sqlx::raw_sql(AssertSqlSafe(many())).execute(&mut superuser(&app.database).await).await.unwrap();
    let (client, replica) = app.replica_with(&off).await;
    let metrics = Client::new(format!("http://{}", replica.metrics_addrs()[0]));
    let tenants: Vec<String> = (1..=CALLERS).map(|n| format!("cams-many-{}", n * (TENANTS / CALLERS))).collect();
    stream::iter(&tenants).for_each_concurrent(16, |tenant| list(&client, tenant)).await;
    let after = eventually("all calls are counted", async || {
        let text = looked(&metrics).await;
        let counted = "groupgate_calls_total{face=\"rest\",operation=\"ListBusinessNumbers\",code=\"OK\"}";
        #[expect(clippy::cast_precision_loss, reason = "it is 300")]
        let all = CALLERS as f64;
        (figure(&text, counted) == Some(all)).then_some(text)
    })
    .await;
    assert_eq!(others(&after), others(&before));
    let numbers = after.lines().filter(|line| line.starts_with(OF_NUMBERS.0)).count();
    assert_eq!(numbers, OF_NUMBERS.1);
    let size = |text: &str| text.lines().filter(|line| !line.starts_with(OF_NUMBERS.0)).map(str::len).sum::<usize>();
    assert!(size(&after) < size(&before) + size(&before) / 20, "{} and {} bytes", size(&before), size(&after));
}
