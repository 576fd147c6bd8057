//! `Idempotency-Key`: a call is made once, however often, wherever and whenever it is sent.

mod crashes;
mod ends;
mod keys;
mod open;
mod passing;
mod time;

use awc::http::header::AUTHORIZATION;
use serde_json::{Value, json};

use crate::support::{Answered, Client, Credentials, Tenant, TestApp, eventually, superuser, with_tenant};

/// No limits: what is tried here is not how often one may call.
pub(crate) const UNLIMITED: [(&str, &str); 3] =
    [("GROUPGATE_RATE_PER_KEY", "off"), ("GROUPGATE_RATE_PER_TENANT", "off"), ("GROUPGATE_RATE_PER_NUMBER", "off")];

/// Sends a body as it stands, with these headers beside what every call needs.
async fn send(client: &Client, key: &Credentials, operation: &str, more: &[(&str, &str)], body: String) -> Answered {
    let basic = key.basic();
    let mut headers = vec![(AUTHORIZATION.as_str(), basic.as_str()), ("content-type", "application/json")];
    headers.extend(more);
    client.send("POST", &format!("/v1/{operation}"), &headers, body.into_bytes()).await
}

/// Calls an operation of a tenant under a key.
async fn call(client: &Client, tenant: &Tenant, operation: &str, key: &str, parameters: Value) -> Answered {
    let body = with_tenant(tenant, parameters).to_string();
    send(client, &tenant.key, operation, &[("idempotency-key", key)], body).await
}

/// The same for the first tenant of an app.
async fn keyed(app: &TestApp, operation: &str, key: &str, parameters: Value) -> Answered {
    call(&app.client, &app.first, operation, key, parameters).await
}

fn is_replayed(answer: &Answered) -> bool {
    answer.header("idempotency-replayed") == Some("true")
}

/// How often Meta was asked for a group.
async fn creates(app: &TestApp) -> usize {
    app.sandbox.count("POST", "/groups").await
}

/// Asks again until the key's call has ended.
async fn once_ended(app: &TestApp, operation: &str, key: &str, parameters: Value) -> Answered {
    eventually("the call under the key has ended", async || {
        let answer = keyed(app, operation, key, parameters.clone()).await;
        (answer.code() != "IdempotentProcessing").then_some(answer)
    })
    .await
}

/// Hangs up on a create as soon as Meta was asked for it.
async fn hang_up_once_asked(app: &TestApp, creating: impl Future<Output = Answered>) {
    tokio::select! {
        answer = creating => panic!("it was answered first: {}", answer.text),
        () = eventually("Meta is asked", async || (creates(app).await == 1).then_some(())) => {}
    }
}

/// Changes the rows of all keys as no gateway does, to get a state that takes a crash otherwise.
async fn with_keys(app: &TestApp, statement: &'static str) {
    assert!(sqlx::query(statement).execute(&mut superuser(&app.database).await).await.unwrap().rows_affected() > 0);
}

/// While Meta takes its time over a call: as if the process that runs it looked dead.
async fn look_dead(app: &TestApp, path: &str) {
    eventually("Meta is asked", async || (app.sandbox.count("POST", path).await == 1).then_some(())).await;
    with_keys(app, "update idempotency_keys set owner = 0").await;
}

/// Meta takes no more time once another process has taken the call over from the one that looked dead.
async fn calm_once_taken_over(app: &TestApp) {
    let mut database = superuser(&app.database).await;
    eventually("the call is taken over", async || {
        let living = sqlx::query("select from idempotency_keys where owner <> 0");
        living.fetch_optional(&mut database).await.unwrap().map(|_| ())
    })
    .await;
    app.sandbox.calm().await;
}

/// As if the process had died before it could write down how its call ended.
async fn forget_ends(app: &TestApp) {
    let statement = "update idempotency_keys set state = 'open', claim = null, owner = null, running_until = null,
                            code = null, http_status = null, answer = null, request_id = null";
    with_keys(app, statement).await;
}

/// As if the process had died before it began its change.
async fn forget_begins(app: &TestApp) {
    forget_ends(app).await;
    with_keys(app, "update idempotency_keys set unique_code = gen_random_uuid()").await;
}

fn subject(subject: &str) -> Value {
    json!({"Subject": subject})
}
