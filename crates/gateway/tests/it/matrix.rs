//! Every operation of the table against everybody who may not call it: made from the table, so that a new operation is
//! in it by itself.

use cams_api::{Operation, Scope};
use gateway::operations::{Context, OperationError, OperationVisitor, each_operation};
use serde_json::{Value, json};

use crate::support::{Answered, Credentials, Tenant, TestApp, actor, eventually};
use crate::tokens::signed;

/// An operation, as far as the matrix has to know it.
pub(crate) struct Row {
    pub(crate) operation: &'static str,
    scope: Scope,
    example: Value,
    pub(crate) is_change: bool,
}

struct Rows(Vec<Row>);

impl OperationVisitor for Rows {
    fn visit<O: Operation>(
        &mut self,
        _: impl AsyncFn(&Context, O) -> Result<O::Answer, OperationError> + Copy + 'static,
    ) {
        let is_change = O::IS_CHANGE;
        self.0.push(Row { operation: O::NAME, scope: O::SCOPE, example: O::example(), is_change });
    }
}

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = Rows(Vec::new());
    each_operation(&mut rows);
    rows.0
}

impl Row {
    /// The example, about this tenant and what is its own.
    pub(crate) fn about(&self, tenant: &Tenant) -> Value {
        let mut request = self.example.clone();
        request["CustSpaceId"] = json!(tenant.cust_space_id);
        let number = Some(self.number_parameter());
        for (parameter, value) in [(number, tenant.business_number), (self.group_parameter(), tenant.group_id)] {
            if let Some(parameter) = parameter.filter(|parameter| request.get(parameter).is_some()) {
                request[parameter] = json!(value);
            }
        }
        request
    }

    fn with(&self, tenant: &Tenant, parameter: &str, value: &str) -> Value {
        let mut request = self.about(tenant);
        request[parameter] = json!(value);
        request
    }

    /// Where it names its number: CAMS has two names for it.
    fn number_parameter(&self) -> &'static str {
        if self.has("From") { "From" } else { "BusinessNumber" }
    }

    /// Where it names its group, if it does.
    fn group_parameter(&self) -> Option<&'static str> {
        if self.example["RecipientType"] == "group" { Some("To") } else { self.has("GroupId").then_some("GroupId") }
    }

    fn has(&self, parameter: &str) -> bool {
        self.example.get(parameter).is_some()
    }

    #[track_caller]
    fn refused(&self, answer: &Answered, status: u16, code: &str) {
        let told = (answer.status, answer.code());
        assert_eq!(told, (status, code.to_owned()), "{}: {}", self.operation, answer.text);
        assert_eq!(answer.body()["Success"], false, "{}", self.operation);
    }
}

async fn send(app: &TestApp, row: &Row, authorization: Option<&str>, request: &Value) -> Answered {
    let mut headers = vec![("content-type", "application/json")];
    headers.extend(authorization.map(|value| ("authorization", value)));
    app.client.send("POST", &format!("/v1/{}", row.operation), &headers, request.to_string().into_bytes()).await
}

/// What changes something, so far.
async fn changes(app: &TestApp) -> usize {
    let asked = app.sandbox.requests().await;
    asked.iter().filter(|request| request["method"] != "GET").count()
}

#[actix_web::test]
async fn nobody_calls_anything_without_a_good_key() {
    let app = TestApp::with(&[("GROUPGATE_AUTH_FAILURES", "off")]).await;
    let revoked = app.key("a-revoked-key", &[("*", &["cams:*"])]).await;
    let token_of_revoked = app.client.token(&revoked, None).await.body()["access_token"].as_str().unwrap().to_owned();
    app.store.revoke_access_key(&revoked.id, None, &actor()).await.unwrap();
    let wrong = Credentials::new(&app.first.key.id, "not its secret");
    let a_second_ago = time::OffsetDateTime::now_utc().unix_timestamp() - 1;
    let expired = format!("Bearer {}", signed(&app, json!({"exp": a_second_ago})).await);
    for row in rows() {
        let request = row.about(&app.first);
        row.refused(&send(&app, &row, None, &request).await, 401, "Unauthorized");
        row.refused(&app.client.call_as(&wrong, row.operation, request.clone()).await, 401, "Unauthorized");
        row.refused(&send(&app, &row, Some(&expired), &request).await, 401, "ExpiredToken");
        eventually("the key is revoked", async || {
            let answer = app.client.call_as(&revoked, row.operation, request.clone()).await;
            (answer.code() == "Unauthorized").then_some(())
        })
        .await;
        row.refused(&app.client.call_as(&revoked, row.operation, request.clone()).await, 401, "Unauthorized");
        let by_token = app.client.call_with_token(&token_of_revoked, row.operation, request).await;
        row.refused(&by_token, 401, "InvalidToken");
    }
    assert_eq!(changes(&app).await, 0);
}

#[actix_web::test]
async fn nobody_calls_anything_without_the_grant() {
    let app = TestApp::start().await;
    for row in rows() {
        let request = row.about(&app.first);
        let foreign = app.client.call_as(&app.second.key, row.operation, request.clone()).await;
        row.refused(&foreign, 403, "Forbidden.Tenant");
        let others: Vec<&str> = Scope::ALL.into_iter().filter(|scope| *scope != row.scope).map(Scope::as_str).collect();
        let id = format!("all-but-{}", row.operation);
        let key = app.key(&id, &[(app.first.cust_space_id, &others), (app.second.cust_space_id, &["cams:*"])]).await;
        let lacking = app.client.call_as(&key, row.operation, request).await;
        row.refused(&lacking, 403, "Forbidden.Scope");
        assert_eq!(lacking.body()["AccessDeniedDetail"], row.scope.as_str(), "{}", row.operation);
    }
    assert_eq!(changes(&app).await, 0);
}

#[actix_web::test]
async fn nobody_reaches_another_tenants_number_or_group() {
    let app = TestApp::start().await;
    for row in rows() {
        for (own, other) in [(&app.first, &app.second), (&app.second, &app.first)] {
            let number = row.with(own, row.number_parameter(), other.business_number);
            let answer = app.client.call_as(&own.key, row.operation, number).await;
            row.refused(&answer, 404, "BusinessNumber.NotFound");
            if let Some(parameter) = row.group_parameter() {
                // The second tenant's token sees the first one's groups at Meta.
                let group = row.with(own, parameter, other.group_id);
                row.refused(&app.client.call_as(&own.key, row.operation, group).await, 404, "Group.NotFound");
            }
        }
    }
    assert_eq!(changes(&app).await, 0);
}

#[actix_web::test]
async fn nobody_calls_anything_for_a_suspended_tenant() {
    let app = TestApp::start().await;
    app.store.space(app.first.cust_space_id).suspend("unpaid", &actor()).await.unwrap();
    for row in rows() {
        eventually("the suspension is in force", async || {
            let answer = app.client.call("ListBusinessNumbers", &app.first, json!({})).await;
            (answer.code() == "Tenant.Suspended").then_some(())
        })
        .await;
        let answer = app.client.call_as(&app.first.key, row.operation, row.about(&app.first)).await;
        row.refused(&answer, 403, "Tenant.Suspended");
    }
    assert_eq!(changes(&app).await, 0);
}

#[actix_web::test]
async fn a_good_key_calls_everything() {
    let app = TestApp::start().await;
    for row in rows().into_iter().filter(|row| !row.has("UniqueCode")) {
        let mut request = row.about(&app.first);
        if row.has("GroupId") {
            // One of its own, since some operations leave nothing of it.
            let made = app.client.call("AddChatGroup", &app.first, json!({"Subject": row.operation})).await;
            request["GroupId"] = made.expect(200, "OK")["GroupId"].clone();
        }
        let answer = app.client.call_as(&app.first.key, row.operation, request).await;
        // Meta's own refusals show that the call came through: the new group has nobody to remove or to let in.
        let is_metas = answer.body()["Upstream"].is_object();
        assert!(answer.code() == "OK" || is_metas, "{}: {}", row.operation, answer.text);
    }
    let writing = rows().iter().filter(|row| row.is_change).count();
    assert!(changes(&app).await >= writing, "what may be called is called");
}
