//! What the log holds of a whole group's life, at its most talkative: nothing that belongs to people, and no secret.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::support::{
    APP_SECRET, Answered, Client, Credentials, MASTER_KEY, Stopped, TestApp, VERIFY_TOKEN, log_of, with_tenant,
};

/// Everything of ours and of our dependencies, what is silenced otherwise too.
const ALL: &str = "trace,actix_http=trace";

const USER: &str = "16505559999";
const HIDDEN_USER: &str = "16505558888";
const USERNAME: &str = "mara.of.the.hills";
const ASKED: &str = "does my knee get better";
const ANSWERED: &str = "your appointment is at nine";

#[actix_web::test]
async fn the_log_as_json_holds_no_number_no_link_no_text_and_no_secret() {
    let (log, private) = log_of_a_life("json").await;
    assert!(log.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "not all of it is JSON");
    search(&log, &private);
}

#[actix_web::test]
async fn the_log_as_text_holds_no_number_no_link_no_text_and_no_secret() {
    let (log, private) = log_of_a_life("text").await;
    search(&log, &private);
}

fn search(log: &str, private: &[String]) {
    for line in log.lines() {
        let found = private.iter().find(|private| line.contains(private.as_str()));
        assert!(found.is_none(), "{found:?} stands in the log: {line}");
    }
    // It is the log of that life: what went wrong in it is told, shortened.
    for told in ["AddChatGroup", "165…77", "chat.whatsapp.com/…k9", "sqlx", "actix_http"] {
        assert!(log.contains(told), "the log does not tell of {told}");
    }
}

/// Lets a gateway of its own serve a group's life; its log, and what must not stand in it.
async fn log_of_a_life(format: &str) -> (String, Vec<String>) {
    let app = TestApp::start().await;
    let key = app.key("key-of-a-life", &[(app.first.cust_space_id, &["cams:*"])]).await;
    let world = app.stop_gateway().await;
    let (gateway, address) = world.serve(&[("GROUPGATE_LOG", ALL), ("GROUPGATE_LOG_FORMAT", format)]).await;
    let url = format!("http://{address}");
    world.sandbox.webhooks(json!({"url": format!("{url}/webhooks/graph"), "mode": "normal"})).await;
    let private = private_of(&world, &key);
    let mut life = Life { client: Client::new(url), private, world, key };
    life.group().await;
    life.admission().await;
    life.mistakes().await;
    life.troubles().await;
    let private = life.private;
    (log_of(gateway).await, private)
}

fn private_of(world: &Stopped, key: &Credentials) -> Vec<String> {
    let database: url::Url = world.database.app_url.expose_secret().parse().unwrap();
    let first = &world.first;
    let known = [
        first.business_number,
        USER,
        HIDDEN_USER,
        USERNAME,
        ASKED,
        ANSWERED,
        first.graph_token,
        &first.key.secret,
        &key.secret,
        APP_SECRET,
        VERIFY_TOKEN,
        MASTER_KEY.trim_start_matches("k1:"),
        database.password().unwrap(),
        "16505557777",
        "FaultyLink9",
    ];
    let basic = BASE64_STANDARD.encode(format!("{}:{}", key.id, key.secret));
    known.iter().map(|private| (*private).to_owned()).chain([basic]).collect()
}

/// What holds phone numbers, links or names of people, wherever it is a member.
const PERSONAL: [&str; 7] =
    ["business_number", "display_phone_number", "wa_id", "participant_number", "username", "invite_link", "link"];

/// Members of these names that `Debug` shows, where a type derives it and the member is a plain text.
fn shown_by_debug(source: &str) -> Vec<&str> {
    let (mut derives_debug, mut shown) = (false, Vec::new());
    for line in source.lines().take_while(|line| *line != "#[cfg(test)]") {
        if line.starts_with("#[derive(") {
            derives_debug = line.contains("Debug");
        } else if line.starts_with('}') {
            derives_debug = false;
        }
        let member = line.trim_start().trim_start_matches("pub ").split_once(": ");
        let is_personal = |(name, kind): (&str, &str)| {
            PERSONAL.contains(&name) && ["String", "str", "Value"].iter().any(|text| kind.contains(text))
        };
        if derives_debug && member.is_some_and(is_personal) {
            shown.push(line);
        }
    }
    shown
}

#[test]
fn no_type_that_holds_something_personal_derives_debug() {
    assert_eq!(shown_by_debug("#[derive(Debug)]\nstruct A {\n    pub wa_id: Option<String>,\n}").len(), 1);
    assert_eq!(shown_by_debug("#[derive(Clone)]\nstruct A {\n    pub wa_id: Option<String>,\n}").len(), 0);
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut looked_at = 0;
    for name in ["cams-api", "graph-client", "tenant-store", "gateway/src/operations", "gateway/src/events"] {
        for file in sources(&crates.join(name)) {
            let source = fs::read_to_string(&file).unwrap();
            assert_eq!(shown_by_debug(&source), [""; 0], "{}", file.display());
            looked_at += 1;
        }
    }
    assert!(looked_at > 100, "{looked_at}");
}

/// The Rust sources below a folder, without its tests.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && path.file_name() != Some(OsStr::new("tests")) {
            found.extend(sources(&path));
        } else if path.extension() == Some(OsStr::new("rs")) {
            found.push(path);
        }
    }
    found
}

struct Life {
    client: Client,
    world: Stopped,
    key: Credentials,
    private: Vec<String>,
}

impl Life {
    async fn done(&self, operation: &str, parameters: Value) -> Value {
        self.call(operation, with_tenant(&self.world.first, parameters)).await.expect(200, "OK")
    }

    async fn call(&self, operation: &str, parameters: Value) -> Answered {
        self.client.call_as(&self.key, operation, parameters).await
    }

    fn keep_private(&mut self, answer: &Value) -> String {
        let link = answer["InviteLink"].as_str().unwrap().to_owned();
        self.private.push(link.rsplit('/').next().unwrap().to_owned());
        link
    }

    /// A group is made, filled, talked in, and deleted.
    async fn group(&mut self) {
        let new = json!({"Subject": "A group with a life", "Description": "Of some length", "WaitSeconds": 20});
        let created = self.done("AddChatGroup", new).await;
        let group = json!({"GroupId": created["GroupId"]});
        self.keep_private(&created);
        let link = self.done("AddChatGroupInviteLink", group.clone()).await;
        let link = self.keep_private(&link);
        let hidden = json!({"username": USERNAME, "hide_wa_id": true});
        self.world.sandbox.put(&format!("users/{HIDDEN_USER}"), hidden).await;
        for user in [USER, HIDDEN_USER] {
            assert_eq!(self.world.sandbox.join(user, &link).await.0, 200);
        }
        for says in [
            json!({"group_id": created["GroupId"], "text": ASKED}),
            json!({"phone_number_id": self.world.first.phone_number_id, "text": ASKED}),
        ] {
            assert_eq!(self.world.sandbox.post(&format!("users/{USER}/messages"), says).await.0, 200);
        }
        self.talk(&created["GroupId"]).await;
        let looked = self.done("GetChatGroup", json!({"GroupId": created["GroupId"], "IncludeInviteLink": true})).await;
        assert_eq!(looked["Data"]["Participants"].as_array().unwrap().len(), 2, "{looked}");
        self.done("ListChatGroup", json!({"Page": {"Index": 1, "Size": 10}})).await;
        self.done("ListBusinessNumbers", json!({})).await;
        let query = json!({"UniqueCode": created["UniqueCode"]});
        self.done("QueryChatGroupRequest", query).await;
        let remove = json!({"GroupId": created["GroupId"], "List": [{"ParticipantNumber": USER}], "WaitSeconds": 20});
        self.done("DeleteChatGroupParticipants", remove).await;
        self.done("DeleteChatGroup", json!({"GroupId": created["GroupId"], "WaitSeconds": 20})).await;
    }

    /// A user asks to be let in, and is.
    async fn admission(&mut self) {
        let new = json!({"Subject": "By request", "JoinApprovalMode": "approval_required", "WaitSeconds": 20});
        let created = self.done("AddChatGroup", new).await;
        let link = self.keep_private(&created);
        assert_eq!(self.world.sandbox.join(USER, &link).await.0, 200);
        let open = self.done("ListChatGroupJoinRequests", json!({"GroupId": created["GroupId"]})).await;
        let request = &open["Data"]["List"][0]["JoinRequestId"];
        let approve = json!({"GroupId": created["GroupId"], "List": [request]});
        self.done("ApproveChatGroupJoinRequests", approve).await;
    }

    async fn talk(&self, group_id: &Value) {
        let content = json!({"text": ANSWERED}).to_string();
        for (recipient, kind) in [(group_id, "group"), (&json!(USER), "individual")] {
            let message = json!({
                "CustSpaceId": self.world.first.cust_space_id, "From": self.world.first.business_number, "To": recipient,
                "ChannelType": "whatsapp", "RecipientType": kind, "Type": "message", "MessageType": "text",
                "Content": content,
            });
            self.call("SendChatappMessage", message).await.expect(200, "OK");
        }
        let invite = json!({"GroupId": group_id, "To": [USER], "TemplateName": "none_such", "Language": "en"});
        let refused = self.call("SendChatGroupInvite", with_tenant(&self.world.first, invite)).await;
        assert_eq!((refused.status, refused.code().as_str()), (422, "Upstream.Rejected"), "{}", refused.text);
    }

    /// What callers do wrong, with what is private in the wrong place.
    async fn mistakes(&mut self) {
        let token = self.client.token(&self.key, None).await.body()["access_token"].clone();
        self.private.push(token.as_str().unwrap().to_owned());
        let bearer = format!("Bearer {}", token.as_str().unwrap());
        let headers = [("authorization", bearer.as_str())];
        for body in [json!({"CustSpaceId": USER, "Description": ASKED}), json!({USER: ANSWERED}), json!([USER])] {
            let answer = self.client.send("POST", "/v1/AddChatGroup", &headers, body.to_string().into_bytes()).await;
            assert_eq!(answer.status, 400, "{}", answer.text);
        }
        let damaged = format!("{bearer}x");
        for authorization in [damaged.as_str(), "Basic a2V5LW9mLXRoZS1maXJzdDp3cm9uZw=="] {
            let answer = self.client.send("GET", "/v1/whoami", &[("authorization", authorization)], Vec::new()).await;
            assert_eq!(answer.status, 401);
        }
        for path in [format!("/v1/{USER}"), "/x/https%3A%2F%2Fchat.whatsapp.com%2FFaultyLink9".to_owned()] {
            assert_eq!(self.client.send("GET", &path, &headers, Vec::new()).await.status, 404);
        }
        let unsigned = json!({"from": USER, "text": ASKED}).to_string().into_bytes();
        assert_eq!(self.client.send("POST", "/webhooks/graph", &[], unsigned).await.status, 401);
    }

    /// What goes wrong at Meta, told in words that hold what is private.
    async fn troubles(&self) {
        let words = "User 16505557777 may not use https://chat.whatsapp.com/FaultyLink9 now";
        let error = json!({"error": {"message": words, "type": "OAuthException", "code": 131_000, "fbtrace_id": "Az8",
                                     "error_data": {"details": format!("{words}: {ASKED}").replace(ASKED, "later")}}});
        let group = json!({"GroupId": self.world.first.group_id});
        self.done("GetChatGroupInviteLink", group.clone()).await;
        for fault in [json!({"http_status": 500, "body": error, "count": 3}), json!({"close": "before", "count": 3})] {
            let mut fault = fault;
            fault["path"] = json!("*/invite_link");
            self.world.sandbox.fail(fault).await;
            let failed = self.call("GetChatGroupInviteLink", with_tenant(&self.world.first, group.clone())).await;
            failed.expect(502, "Upstream.Unavailable");
        }
        let odd = json!({"messages": [{"from": USER, "text": {"body": ASKED}}], "contacts": [{"wa_id": USER}], "metadata": 7});
        let (status, _) = self.world.sandbox.post("webhooks/send", json!({"field": "messages", "value": odd})).await;
        assert_eq!(status, 200);
    }
}
