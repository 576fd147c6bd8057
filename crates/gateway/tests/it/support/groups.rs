//! Groups of the first tenant, as a test needs them.

use serde_json::{Value, json};

use super::{TestApp, eventually, superuser};

/// A group that was made through the gateway.
pub(crate) struct MadeGroup {
    pub(crate) id: String,
    pub(crate) invite_link: String,
}

impl TestApp {
    /// A group with these users in it.
    pub(crate) async fn group_with(&self, users: &[&str]) -> MadeGroup {
        let group = self.made_group(json!({"Subject": "A group"})).await;
        for user in users {
            let (status, joined) = self.sandbox.join(user, &group.invite_link).await;
            assert_eq!(status, 200, "{joined}");
        }
        group
    }

    /// A group whose join requests are approved, and the requests of these users.
    pub(crate) async fn group_asked_by(&self, users: &[&str]) -> (MadeGroup, Vec<String>) {
        let group = self.made_group(json!({"Subject": "A group", "JoinApprovalMode": "approval_required"})).await;
        let mut requests = Vec::new();
        for user in users {
            requests.push(self.ask_to_join(user, &group).await);
        }
        (group, requests)
    }

    /// The ID of a user's request to enter.
    pub(crate) async fn ask_to_join(&self, user: &str, group: &MadeGroup) -> String {
        let (status, asked) = self.sandbox.join(user, &group.invite_link).await;
        assert_eq!((status, &asked["result"]), (200, &json!("requested")), "{asked}");
        asked["join_request_id"].as_str().unwrap().to_owned()
    }

    /// What became of a change, once it is settled.
    pub(crate) async fn settled(&self, unique_code: &Value) -> Value {
        eventually("the change is settled", async || {
            let state =
                self.client.call("QueryChatGroupRequest", &self.first, json!({"UniqueCode": unique_code})).await;
            let state = state.expect(200, "OK");
            let is_open = matches!(state["Status"].as_str(), Some("SENDING" | "PENDING"));
            (!is_open).then_some(state)
        })
        .await
    }

    /// As if every open change had been begun so long ago that it is looked up at Meta.
    pub(crate) async fn age_changes(&self) {
        let aged = "update changes set created_at = created_at - interval '11 minutes', claimed_until = null
                    where status in ('SENDING', 'PENDING')";
        sqlx::query(aged).execute(&mut superuser(&self.database).await).await.unwrap();
    }

    async fn made_group(&self, wanted: Value) -> MadeGroup {
        let made = self.client.call("AddChatGroup", &self.first, wanted).await.expect(200, "OK");
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        MadeGroup { id: text("GroupId"), invite_link: text("InviteLink") }
    }
}
