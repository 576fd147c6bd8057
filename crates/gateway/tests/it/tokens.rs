//! `POST /v1/oauth/token`, the tokens that it makes, and forged ones.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use crate::support::{Credentials, TestApp, superuser, with_tenant};

fn group_of(app: &TestApp) -> Value {
    with_tenant(&app.first, json!({"GroupId": app.first.group_id}))
}

async fn token(app: &TestApp, scope: Option<&str>) -> String {
    let answer = app.client.token(&app.first.key, scope).await;
    answer.body()["access_token"].as_str().unwrap_or_else(|| panic!("{answer:?}")).to_owned()
}

fn part(token: &str, index: usize) -> Value {
    serde_json::from_slice(&BASE64.decode(token.split('.').nth(index).unwrap()).unwrap()).unwrap()
}

#[actix_web::test]
async fn a_token_is_made_as_rfc_6749_and_rfc_9068_have_it() {
    let app = TestApp::start().await;
    let answer = app.client.token(&app.first.key, None).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let body = answer.body();
    assert_eq!((&body["token_type"], &body["expires_in"]), (&json!("Bearer"), &json!(900)));
    assert_eq!(body["scope"], "groups.read groups.write messages.send");
    let token = body["access_token"].as_str().unwrap();
    let (header, claims) = (part(token, 0), part(token, 1));
    assert_eq!((&header["alg"], &header["typ"]), (&json!("EdDSA"), &json!("at+jwt")));
    assert_eq!(claims["iss"], "https://gateway.example");
    assert_eq!(claims["aud"], "groupgate");
    assert_eq!((&claims["sub"], &claims["client_id"]), (&json!(app.first.key.id), &json!(app.first.key.id)));
    assert_eq!(claims["cust_spaces"], json!([app.first.cust_space_id]));
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 900);
    assert!(claims["jti"].is_string());
    app.client.call_with_token(token, "GetChatGroup", group_of(&app)).await.expect(200, "OK");
}

#[actix_web::test]
async fn a_narrowed_token_does_no_more_than_it_says() {
    let app = TestApp::start().await;
    let narrow = token(&app, Some("groups.read")).await;
    app.client.call_with_token(&narrow, "GetChatGroupInviteLink", group_of(&app)).await.expect(200, "OK");
    let refused = app.client.call_with_token(&narrow, "AddChatGroupInviteLink", group_of(&app)).await;
    assert_eq!(refused.expect(403, "Forbidden.Scope")["AccessDeniedDetail"], "groups.write");
    let one = token(&app, Some("cams:GetChatGroupInviteLink")).await;
    app.client.call_with_token(&one, "GetChatGroupInviteLink", group_of(&app)).await.expect(200, "OK");
    app.client.call_with_token(&one, "GetChatGroup", group_of(&app)).await.expect(403, "Forbidden.Scope");
}

#[actix_web::test]
async fn what_is_wrong_with_a_token_request_is_told_as_rfc_6749_has_it() {
    let app = TestApp::start().await;
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let ask = async |body: &str| {
        let answer = app.client.send("POST", "/v1/oauth/token", &form, body.as_bytes().to_vec()).await;
        (answer.status, answer.body()["error"].as_str().unwrap_or_default().to_owned())
    };
    let key = "client_id=key-of-the-first&client_secret=secret%20of%20the%20first";
    assert_eq!(ask(&format!("grant_type=client_credentials&{key}")).await, (200, String::new()));
    assert_eq!(ask(key).await, (400, "invalid_request".to_owned()));
    assert_eq!(ask(&format!("grant_type=password&{key}")).await, (400, "unsupported_grant_type".to_owned()));
    assert_eq!(ask("grant_type=client_credentials").await, (401, "invalid_client".to_owned()));
    assert_eq!(
        ask("grant_type=client_credentials&client_id=x&client_secret=y").await,
        (401, "invalid_client".to_owned())
    );
    let left_out = format!("grant_type=client_credentials&{key}&scope=");
    assert_eq!(ask(&left_out).await, (200, String::new()));
    assert_eq!(
        ask("grant_type=client_credentials&client_id=&client_secret=").await,
        (401, "invalid_client".to_owned())
    );
    for scope in ["admin.write", "nonsense", "groups.read admin.read"] {
        let body = format!("grant_type=client_credentials&{key}&scope={scope}").replace(' ', "+");
        assert_eq!(ask(&body).await, (400, "invalid_scope".to_owned()), "{scope}");
    }
    for body in ["grant_type=client_credentials&grant_type=x&client_id=a", "%ff=%fe&grant_type=%ff", "\u{0}"] {
        let (status, _) = ask(body).await;
        assert!((400..402).contains(&status), "{body}: {status}");
    }
    let json = [("content-type", "application/json")];
    let answer = app.client.send("POST", "/v1/oauth/token", &json, b"{}".to_vec()).await;
    assert_eq!((answer.status, answer.body()["error"].clone()), (400, json!("invalid_request")));
    let wrong = app.client.token(&Credentials::new("key-of-the-first", "wrong"), None).await;
    assert_eq!((wrong.status, wrong.body()["error"].clone()), (401, json!("invalid_client")));
    assert!(wrong.header("www-authenticate").unwrap().starts_with("Basic"));
}

#[actix_web::test]
async fn the_published_keys_verify_tokens() {
    let app = TestApp::start().await;
    let token = token(&app, None).await;
    let published = app.client.send("GET", "/.well-known/jwks.json", &[], Vec::new()).await.body();
    let key = published["keys"].as_array().unwrap().iter().find(|key| key["kid"] == part(&token, 0)["kid"]).unwrap();
    assert!(key.get("d").is_none(), "the private part stays private");
    let decoding = jsonwebtoken::DecodingKey::from_ed_components(key["x"].as_str().unwrap()).unwrap();
    let mut validation = jsonwebtoken::Validation::new(Algorithm::EdDSA);
    validation.set_audience(&["groupgate"]);
    jsonwebtoken::decode::<Value>(&token, &decoding, &validation).unwrap();
}

#[actix_web::test]
async fn tokens_and_their_keys_survive_a_restart_and_hold_on_every_replica() {
    let app = TestApp::start().await;
    let token = token(&app, None).await;
    let (other, running) = app.replica().await;
    other.call_with_token(&token, "GetChatGroup", group_of(&app)).await.expect(200, "OK");
    running.stop(std::time::Duration::from_secs(1)).await;
}

/// Tokens that must not be let in, each with what is wrong about it.
fn forgeries(good: &str, public_key: &[u8], kid: &str) -> Vec<(&'static str, String)> {
    let (header, claims) = (part(good, 0), part(good, 1));
    let parts: Vec<&str> = good.split('.').collect();
    let written = |value: &Value| BASE64.encode(value.to_string());
    let with_header = |change: Value, signature: &str| {
        let mut header = header.clone();
        header.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        format!("{}.{}.{signature}", written(&header), parts[1])
    };
    let hmac = |secret: &[u8]| {
        let header =
            Header { kid: Some(kid.to_owned()), typ: Some("at+jwt".to_owned()), ..Header::new(Algorithm::HS256) };
        encode(&header, &claims, &EncodingKey::from_secret(secret)).unwrap()
    };
    let mut wider = claims.clone();
    wider["cust_spaces"] = json!(["*"]);
    let x = BASE64.encode(public_key);
    let own_key = json!({"jwk": {"kty": "OKP", "crv": "Ed25519", "x": x}});
    vec![
        ("no algorithm", with_header(json!({"alg": "none"}), "")),
        ("no algorithm, other case", with_header(json!({"alg": "NonE"}), "")),
        ("no signature", format!("{}.{}.", parts[0], parts[1])),
        ("HMAC with the public key", hmac(public_key)),
        ("HMAC with the public key as published", hmac(x.as_bytes())),
        ("an unknown kid", with_header(json!({"kid": "nobody"}), parts[2])),
        ("a kid that is a path", with_header(json!({"kid": "../../../../dev/null"}), parts[2])),
        ("a kid that is SQL", with_header(json!({"kid": "' or '1'='1"}), parts[2])),
        ("a kid that is no string", with_header(json!({"kid": [1, 2]}), parts[2])),
        ("no kid", with_header(json!({"kid": null}), parts[2])),
        ("a key of its own", with_header(own_key, parts[2])),
        ("a jku of its own", with_header(json!({"jku": "https://evil.example/keys"}), parts[2])),
        ("wider claims", format!("{}.{}.{}", parts[0], written(&wider), parts[2])),
        ("another typ", with_header(json!({"typ": "JWT"}), parts[2])),
        ("a critical extension", with_header(json!({"crit": ["exp"]}), parts[2])),
        ("a part more", format!("{good}.x")),
        ("a part less", format!("{}.{}", parts[0], parts[1])),
        ("nothing", "..".to_owned()),
        ("padding", format!("{good}==")),
    ]
}

#[actix_web::test]
async fn a_forged_token_is_never_let_in() {
    let app = TestApp::start().await;
    let good = token(&app, None).await;
    let published = app.client.send("GET", "/.well-known/jwks.json", &[], Vec::new()).await.body();
    let public_key = BASE64.decode(published["keys"][0]["x"].as_str().unwrap()).unwrap();
    let kid = published["keys"][0]["kid"].as_str().unwrap();
    for (what, forged) in forgeries(&good, &public_key, kid) {
        let answer = app.client.call_with_token(&forged, "GetChatGroup", group_of(&app)).await;
        assert_eq!((answer.status, answer.code().as_str()), (401, "InvalidToken"), "{what}: {}", answer.text);
        assert!(answer.header("www-authenticate").unwrap().contains("invalid_token"), "{what}");
    }
    app.client.call_with_token(&good, "GetChatGroup", group_of(&app)).await.expect(200, "OK");
}

/// A token with these claims, signed with the gateway's own key.
pub(crate) async fn signed(app: &TestApp, change: Value) -> String {
    let key = app.store.signing_keys().await.unwrap().remove(0);
    let mut claims = part(&token(app, None).await, 1);
    for (name, value) in change.as_object().unwrap() {
        match value {
            Value::Null => claims.as_object_mut().unwrap().remove(name),
            value => claims.as_object_mut().unwrap().insert(name.clone(), value.clone()),
        };
    }
    let header = Header { kid: Some(key.kid), typ: Some("at+jwt".to_owned()), ..Header::new(Algorithm::EdDSA) };
    let private = secrecy::ExposeSecret::expose_secret(&key.private_key);
    encode(&header, &claims, &EncodingKey::from_ed_der(private)).unwrap()
}

#[actix_web::test]
async fn a_rightly_signed_token_is_held_to_its_claims() {
    let app = TestApp::start().await;
    let now = time::OffsetDateTime::now_utc().unix_timestamp();
    let cases = [
        (json!({"exp": now - 1}), "ExpiredToken"),
        (json!({"exp": null}), "InvalidToken"),
        (json!({"iss": "https://elsewhere.example"}), "InvalidToken"),
        (json!({"aud": "somebody"}), "InvalidToken"),
        (json!({"sub": "no-such-key"}), "InvalidToken"),
        (json!({"sub": null}), "InvalidToken"),
    ];
    for (change, code) in cases {
        let token = signed(&app, change.clone()).await;
        let answer = app.client.call_with_token(&token, "GetChatGroup", group_of(&app)).await;
        assert_eq!((answer.status, answer.code().as_str()), (401, code), "{change}: {}", answer.text);
    }
    let everything = json!({"cust_spaces": ["*"], "scope": "groups.read groups.write admin.write"});
    let wide = signed(&app, everything).await;
    app.client.call_with_token(&wide, "GetChatGroup", group_of(&app)).await.expect(200, "OK");
    let foreign = with_tenant(&app.second, json!({"GroupId": app.second.group_id}));
    app.client.call_with_token(&wide, "GetChatGroup", foreign).await.expect(403, "Forbidden.Tenant");
}

#[actix_web::test]
async fn a_token_that_was_verified_still_ends() {
    let app = TestApp::start().await;
    let now = time::OffsetDateTime::now_utc().unix_timestamp();
    let short = signed(&app, json!({"exp": now + 10})).await;
    app.client.call_with_token(&short, "GetChatGroup", group_of(&app)).await.expect(200, "OK");
    crate::support::eventually("the token ends", async || {
        let answer = app.client.call_with_token(&short, "GetChatGroup", group_of(&app)).await;
        (answer.code() == "ExpiredToken").then_some(())
    })
    .await;
}

#[actix_web::test]
async fn a_key_for_a_thousand_tenants_has_a_token_that_works() {
    let app = TestApp::start().await;
    let many: Vec<String> = (0..1000).map(|n| format!("cams-{n:0>40}")).collect();
    let added = "insert into tenants (cust_space_id, name)
                 select 'cams-' || lpad(n::text, 40, '0'), 'One of many' from generate_series(0, 999) n";
    sqlx::query(added).execute(&mut superuser(&app.database).await).await.unwrap();
    let mut grants: Vec<(&str, &[&str])> = many.iter().map(|id| (id.as_str(), &["groups.read"] as &[&str])).collect();
    grants.push((app.first.cust_space_id, &["groups.read"]));
    let key = app.key("key-of-an-isv", &grants).await;
    let token = app.client.token(&key, None).await.body()["access_token"].as_str().unwrap().to_owned();
    app.client.call_with_token(&token, "GetChatGroup", group_of(&app)).await.expect(200, "OK");
}
