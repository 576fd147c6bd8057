//! PostgreSQL is away, and comes back.

use std::time::{Duration, Instant};

use actix_web::rt::time::sleep;
use serde_json::json;

use crate::support::{Client, eventually};
use crate::world::{Load, PULL, Plan, Replica, World, mixed};

/// How long it is away at the least.
const OUTAGE: Duration = Duration::from_secs(10);

/// What needs no record goes on without PostgreSQL.
fn needs_no_record(operation: &str) -> bool {
    !["AddChatGroup", "ListChatGroup", PULL].contains(&operation)
}

#[actix_web::test]
async fn known_tenants_go_on_without_postgresql_and_everything_works_again_by_itself() {
    let mut world = World::start(&Plan { replicas: 2, tenants: 2, settings: &[] }).await;
    let client = Client::new(world.balancer.url.clone());
    let tenant = world.tenants[0].clone();
    let load = Load::start(&world.balancer.url, &world.tenants, 40, mixed);
    eventually("every operation was called", async || (load.so_far().0.len() > 80).then_some(())).await;

    let begun = Instant::now();
    world.postgres.stop().await;
    for replica in &world.replicas {
        replica.says(200, "degraded").await;
    }
    // Meta tells of somebody who joins, and is told to come again.
    let link = tenant.call(&client, "GetChatGroupInviteLink", json!({"GroupId": tenant.group_id})).await;
    let link = link.expect(200, "OK")["InviteLink"].as_str().unwrap().to_owned();
    world.meta.control.join("16505550101", &link).await;
    let create = tenant.call(&client, "AddChatGroup", json!({"Subject": "Without a record"})).await;
    create.expect(503, "ServiceUnavailable");
    sleep(OUTAGE.saturating_sub(begun.elapsed())).await;

    world.postgres.start().await;
    world.ready().await;
    let back = Instant::now();
    tenant.call(&client, "AddChatGroup", json!({"Subject": "With one"})).await.expect(200, "OK");
    eventually("the event that Meta told of meanwhile has come", async || {
        let joined = "select count(*) from events where value::text like '%16505550101%'";
        (world.postgres.count(joined).await > 0).then_some(())
    })
    .await;
    let record = load.stop().await;
    record.print("PostgreSQL away");
    record.expect(|outcome| match (outcome.status, outcome.code.as_str()) {
        (200, _) => true,
        // What had begun when it went, too.
        (503, "ServiceUnavailable") => outcome.begun < back && !needs_no_record(outcome.operation),
        _ => false,
    });
    assert!(record.during(begun, back).any(|outcome| outcome.status == 503), "{record}");
    assert!(world.replicas.iter_mut().all(Replica::lives), "{}", world.logs());
    world.is_whole().await;
    World::tells_the_truth(&record, &world.subjects_at_meta().await);
}
