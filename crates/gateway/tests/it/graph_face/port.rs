//! The face at the root of a port of its own.

use serde_json::Value;

use super::{done, refusal};
use crate::support::{Client, TestApp};

#[actix_web::test]
async fn a_client_that_can_only_replace_a_host_finds_metas_paths_at_the_root() {
    let app = TestApp::with(&[("GROUPGATE_GRAPH_FACE_BIND", "127.0.0.1:0")]).await;
    let face = Client::new(app.graph_face_url());
    let authorization = app.first.key.bearer();
    let headers = [("authorization", authorization.as_str())];
    for version in ["/v23.0", ""] {
        let path = format!("{version}/{}/groups", app.first.phone_number_id);
        let listed = done(&face.send("GET", &path, &headers, Vec::new()).await);
        assert!(listed["data"]["groups"].is_array());
    }
    for path in ["/v1/whoami", "/graph/v23.0/1", "/health/live", "/openapi.json", "/"] {
        let answer = face.send("GET", path, &headers, Vec::new()).await;
        assert_eq!(refusal(&answer), (400, 2500, None), "{path}");
        assert_ne!(answer.body(), Value::Null);
    }
}
