//! In which order things start does not matter, and nothing has to be started twice.

use serde_json::json;

use super::redis::{LIMITS, says};
use crate::support::{Client, Redis, eventually};
use crate::world::{Meta, Plan, Postgres, World, directory, replicas};

#[actix_web::test]
async fn replicas_that_start_before_everything_else_wait_for_it_and_then_serve() {
    let (directory, mut redis) = (directory(), Redis::nowhere());
    let url = redis.url();
    let settings = [&LIMITS[..], &[("GROUPGATE_REDIS_URL", &url)]].concat();
    let plan = Plan { replicas: 2, tenants: 1, settings: &settings };
    let mut postgres = Postgres::absent(&directory.path().join("postgres")).await;
    let meta = Meta::start().await;
    meta.proxy.refuse();
    let mut early = replicas(&postgres, &meta, directory.path(), &plan);
    for replica in &mut early {
        replica.start();
        eventually("it lives", async || (replica.look("/health/live").await?.0 == 200).then_some(())).await;
        replica.says(503, "unavailable").await;
        let (status, refused) = replica.look("/v1/whoami").await.unwrap();
        assert_eq!((status, &refused["Code"]), (503, &json!("ServiceUnavailable")), "{refused}");
    }
    postgres.start().await;
    // The roles, the database and the schema come later.
    for replica in &early {
        let told = "the gateway waits for PostgreSQL";
        eventually("it says what it waits for", async || replica.log().contains(told).then_some(())).await;
    }
    postgres.migrate().await;
    for replica in &early {
        replica.ready().await;
    }
    let world = World::around(early, postgres, meta, directory, &plan).await;
    let (client, tenant) = (Client::new(world.balancer.url.clone()), world.tenants[0].clone());
    tenant.call(&client, "ListChatGroup", json!({"Page": {"Index": 1, "Size": 10}})).await.expect(200, "OK");
    let away = tenant.call(&client, "AddChatGroup", json!({"Subject": "Without Meta"})).await;
    assert_eq!(away.expect(502, "Upstream.Unavailable")["RetrySafe"], true);
    world.meta.proxy.restore();
    eventually("groups are made", async || {
        let wanted = json!({"Subject": "With Meta", "WaitSeconds": 20});
        let made = tenant.call(&client, "AddChatGroup", wanted).await;
        (made.status == 200 && made.body()["GroupId"].is_string()).then_some(())
    })
    .await;
    says(&world.replicas, 0.0).await;
    redis.restart();
    says(&world.replicas, 1.0).await;
    for mut replica in world.replicas {
        assert!(replica.lives(), "{}", replica.log());
    }
}
