//! Bad tokens at the external issuers' door: what [RFC 8725](https://www.rfc-editor.org/rfc/rfc8725) warns of, and what
//! libraries have let in before.

use aws_lc_rs::signature::KeyPair as _;
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD as BASE64};
use serde_json::{Value, json};

use super::provider::{AUDIENCE, Provider, header, message, now, with_hmac};
use super::{add, issuer_of, read, start};
use crate::support::eventually;

type Bad = (&'static str, String);

/// A token that another token was made from: its parts.
fn parts(token: &str) -> [&str; 3] {
    let parts: Vec<&str> = token.split('.').collect();
    parts.try_into().unwrap()
}

/// RFC 8725, 3.1 and 3.2: the algorithm is the key's, not the token's.
fn of_algorithms(provider: &Provider) -> Vec<Bad> {
    let claims = provider.claims(&json!({}));
    let unsigned = |alg: &str| format!("{}.", message(&header("RS256", &json!({"alg": alg})), &claims));
    let n = provider.rsa.public_key().modulus().big_endian_without_leading_zero().to_vec();
    let der = provider.rsa.public_key().as_ref().to_vec();
    let hs256 = |kid: &str| header("RS256", &json!({"alg": "HS256", "kid": kid}));
    let other = |of: &str, alg: &str| {
        let token = provider.sign(&header(of, &json!({})), &claims);
        let message = message(&header(of, &json!({"alg": alg})), &claims);
        format!("{message}.{}", parts(&token)[2])
    };
    let pem =
        format!("-----BEGIN RSA PUBLIC KEY-----\n{}\n-----END RSA PUBLIC KEY-----\n", BASE64_STANDARD.encode(&der));
    let signed_as = |alg: Value| {
        let message = message(&header("RS256", &json!({"alg": alg})), &claims);
        format!("{message}.{}", parts(&provider.sign(&header("RS256", &json!({})), &claims))[2])
    };
    vec![
        ("no algorithm", unsigned("none")),
        ("no algorithm, capitalized", unsigned("None")),
        ("no algorithm, in capitals", unsigned("NONE")),
        ("no algorithm, mixed", unsigned("nOnE")),
        ("no algorithm, with a signature", signed_as(json!("none"))),
        ("an empty algorithm", unsigned("")),
        ("an algorithm that is null", signed_as(Value::Null)),
        ("an algorithm that is a list", signed_as(json!(["RS256"]))),
        ("an algorithm in small letters", signed_as(json!("rs256"))),
        ("an algorithm with a space", signed_as(json!("RS256 "))),
        ("RSA with another hash", signed_as(json!("RS512"))),
        ("HMAC with the public key's PEM", with_hmac(&hs256("rsa"), &claims, pem.as_bytes())),
        ("HMAC with the public key's DER", with_hmac(&hs256("rsa"), &claims, &der)),
        ("HMAC with the modulus", with_hmac(&hs256("rsa"), &claims, &n)),
        ("HMAC with the curve's public key", with_hmac(&hs256("p256"), &claims, provider.p256.public_key().as_ref())),
        ("HMAC with the set's shared key", with_hmac(&hs256("shared"), &claims, b"a secret that was never one")),
        ("RSA-PSS by the key that is for PKCS #1", provider.sign(&header("PS256", &json!({"kid": "rsa"})), &claims)),
        ("an algorithm that is not the key's", other("RS256", "ES256")),
        ("another curve's algorithm", other("ES256", "ES384")),
        ("EdDSA by the curve's key", provider.sign(&header("EdDSA", &json!({"kid": "p256"})), &claims)),
        (
            "by a key that is for encryption",
            provider.sign(&header("RS256", &json!({"kid": "for-encryption"})), &claims),
        ),
    ]
}

/// RFC 8725, 3.3: the signature is validated, to the last bit.
fn of_signatures(provider: &Provider, stranger: &Provider) -> Vec<Bad> {
    let claims = provider.claims(&json!({}));
    let good = provider.token("ES256", &json!({}));
    let [head, body, signature] = parts(&good);
    let wider = BASE64.encode(provider.claims(&json!({"realm": {"roles": ["operators"]}})).to_string());
    let zeros = BASE64.encode([0; 64]);
    let mut flipped = BASE64.decode(signature).unwrap();
    flipped[40] ^= 1;
    let flipped = BASE64.encode(flipped);
    vec![
        ("no signature", format!("{head}.{body}.")),
        ("a signature of zeros", format!("{head}.{body}.{zeros}")),
        ("a flipped bit", format!("{head}.{body}.{flipped}")),
        ("wider claims under an old signature", format!("{head}.{wider}.{signature}")),
        ("a stranger's keys under the same `kid`", stranger.sign(&header("RS256", &json!({})), &claims)),
        ("a part more", format!("{good}.x")),
        ("a part less", format!("{head}.{body}")),
        ("padding", format!("{good}==")),
    ]
}

/// RFC 8725, 3.9 to 3.11: nothing in the header is believed, and it is the header of an access token.
fn of_headers(provider: &Provider, stranger: &Provider) -> Vec<Bad> {
    let claims = provider.claims(&json!({}));
    let signed = |change: Value| provider.sign(&header("EdDSA", &change), &claims);
    let strangers = |header: Value| stranger.sign(&header, &claims);
    let doubled = |member: &str| {
        let head = header("EdDSA", &json!({})).to_string().replacen('{', &format!("{{{member},"), 1);
        let message = format!("{}.{}", BASE64.encode(head), BASE64.encode(claims.to_string()));
        format!("{message}.{}", BASE64.encode(provider.ed25519.sign(message.as_bytes())))
    };
    let inner = signed(json!({}));
    let outer =
        format!("{}.{}", BASE64.encode(header("EdDSA", &json!({"cty": "JWT"})).to_string()), BASE64.encode(&inner));
    let nested = format!("{outer}.{}", BASE64.encode(provider.ed25519.sign(outer.as_bytes())));
    let x = BASE64.encode(stranger.ed25519.public_key().as_ref());
    let own = json!({"jwk": {"kty": "OKP", "crv": "Ed25519", "x": x}, "kid": "own"});
    vec![
        ("no `kid`", signed(json!({"kid": null}))),
        ("an empty `kid`", signed(json!({"kid": ""}))),
        ("a `kid` that is a path", signed(json!({"kid": "../../../../dev/null"}))),
        ("a `kid` that is SQL", signed(json!({"kid": "' or '1'='1"}))),
        ("a `kid` that is no string", signed(json!({"kid": ["ed25519"]}))),
        ("a key of its own", stranger.sign(&header("EdDSA", &own), &claims)),
        (
            "an address of keys of its own",
            stranger.sign(&header("EdDSA", &json!({"jku": stranger.jwks_url(), "kid": "own"})), &claims),
        ),
        ("an address in its `kid`", strangers(header("EdDSA", &json!({"kid": stranger.jwks_url()})))),
        ("a `kid` with a zero", signed(json!({"kid": "ed25519\u{0}"}))),
        ("a certificate's address", strangers(header("EdDSA", &json!({"x5u": stranger.jwks_url()})))),
        ("a certificate of its own", strangers(header("EdDSA", &json!({"x5c": [BASE64.encode([7; 64])]})))),
        ("a `kid` twice", doubled(r#""kid":"rsa""#)),
        ("an `alg` twice", doubled(r#""alg":"none""#)),
        ("a member that nobody knows twice", doubled(r#""x":1,"x":2"#)),
        ("a token in a token", nested),
        (
            "an encrypted token",
            format!("{}.{inner}.x", BASE64.encode(r#"{"alg":"RSA-OAEP","enc":"A256GCM","kid":"rsa"}"#)),
        ),
        ("content that says that it is encrypted", signed(json!({"enc": "A256GCM"}))),
        ("no critical extension", signed(json!({"crit": []}))),
        ("a type that is a list", signed(json!({"typ": ["JWT"]}))),
        ("a critical extension", signed(json!({"crit": ["exp"], "exp": now() + 600}))),
        ("an unencoded payload", signed(json!({"b64": false, "crit": ["b64"]}))),
        ("a compressed payload", signed(json!({"zip": "DEF"}))),
        ("a token about a logout", signed(json!({"typ": "logout+jwt"}))),
        ("a proof of possession", signed(json!({"typ": "dpop+jwt"}))),
    ]
}

/// RFC 8725, 3.8 and 3.9, and RFC 7519, 4.1: the claims are for us, now.
fn of_claims(provider: &Provider, stranger: &Provider) -> Vec<Bad> {
    let with = |change: Value| provider.token("EdDSA", &change);
    let id_token = json!({"aud": "the-app-that-alice-uses"});
    let signed = |claims: &str| {
        let message = format!("{}.{}", BASE64.encode(header("EdDSA", &json!({})).to_string()), BASE64.encode(claims));
        format!("{message}.{}", BASE64.encode(provider.ed25519.sign(message.as_bytes())))
    };
    let inside = r#"{"realm":{"roles":["support"],"roles":["operators"]},"#;
    let inside = provider.claims(&json!({})).to_string().replacen('{', inside, 1);
    let look_alike = provider.issuer().replace("http", "h\u{442}\u{442}p");
    let twice = provider.claims(&json!({})).to_string().replacen('{', r#"{"sub":"admin","#, 1);
    vec![
        ("another's `iss`", with(json!({"iss": stranger.issuer()}))),
        ("the issuer with a slash more", with(json!({"iss": format!("{}/", provider.issuer())}))),
        ("the issuer in capitals", with(json!({"iss": provider.issuer().to_uppercase()}))),
        ("an issuer that looks alike", with(json!({"iss": look_alike}))),
        ("the issuer with a space", with(json!({"iss": format!("{} ", provider.issuer())}))),
        ("the issuer in a list", with(json!({"iss": [provider.issuer()]}))),
        ("no `iss`", with(json!({"iss": null}))),
        ("the gateway's own `iss`", with(json!({"iss": "https://gateway.example", "sub": "key-of-the-first"}))),
        ("an ID token, for another", with(id_token)),
        ("no `aud`", with(json!({"aud": null}))),
        ("an `aud` that begins like ours", with(json!({"aud": "groupgate-of-the-isv.evil.example"}))),
        ("an `aud` that ours begins with", with(json!({"aud": "groupgate"}))),
        ("an `aud` in capitals", with(json!({"aud": AUDIENCE.to_uppercase()}))),
        ("a list of others in `aud`", with(json!({"aud": ["a", [AUDIENCE], {"aud": AUDIENCE}]}))),
        ("an `aud` that is an object", with(json!({"aud": {AUDIENCE: true}}))),
        ("no `exp`", with(json!({"exp": null}))),
        ("an `exp` that is text", with(json!({"exp": (now() + 600).to_string()}))),
        ("an `exp` in milliseconds", with(json!({"exp": (now() + 600) * 1000}))),
        ("an `exp` beyond all numbers", with(json!({"exp": 1e300}))),
        ("an `iat` in milliseconds", with(json!({"iat": now() * 1000}))),
        ("an `nbf` that is text", with(json!({"nbf": "0"}))),
        ("an `nbf` that is to come", with(json!({"nbf": now() + 300}))),
        ("an `iat` that is to come", with(json!({"iat": now() + 300}))),
        ("no `sub`", with(json!({"sub": null}))),
        ("a `sub` that is a number", with(json!({"sub": 7}))),
        ("a `sub` with what nobody sees", with(json!({"sub": "alice\u{200b}"}))),
        ("an empty `sub`", with(json!({"sub": ""}))),
        ("a `sub` that writes lines", with(json!({"sub": "alice\nadmin"}))),
        ("a claim twice", signed(&twice)),
        ("a claim twice inside another", signed(&inside)),
        ("claims that go on after their end", signed(&format!("{} {{}}", provider.claims(&json!({}))))),
        ("claims that are a list", provider.sign(&header("EdDSA", &json!({})), &json!([provider.claims(&json!({}))]))),
    ]
}

#[actix_web::test]
async fn bad_tokens_are_never_let_in() {
    let (app, admin) = start().await;
    let (provider, stranger) = (Provider::start().await, Provider::start().await);
    add(&admin, issuer_of(&provider)).await;
    let good = provider.token("ES256", &json!({}));
    eventually("the issuer is known", async || (read(&app, &good).await.status == 200).then_some(())).await;

    let bad = [
        of_algorithms(&provider),
        of_signatures(&provider, &stranger),
        of_headers(&provider, &stranger),
        of_claims(&provider, &stranger),
    ];
    assert!(bad.iter().flatten().count() >= 75);
    for (what, token) in bad.iter().flatten() {
        let answer = read(&app, token).await;
        assert_eq!((answer.status, answer.code().as_str()), (401, "InvalidToken"), "{what}: {}", answer.text);
        assert!(answer.header("www-authenticate").unwrap().contains("invalid_token"), "{what}");
        assert!(!answer.text.contains(parts(&good)[2]), "{what}");
    }
    for end in [json!(now() - 1), json!(0), json!(-1), json!(-1e300), json!(now() - 30)] {
        let expired = read(&app, &provider.token("RS256", &json!({"exp": end}))).await;
        assert_eq!((expired.status, expired.code().as_str()), (401, "ExpiredToken"), "{end}");
    }
    let huge = provider.token("RS256", &json!({"filler": "x".repeat(20_000)}));
    assert_eq!(read(&app, &huge).await.status, 401);
    assert!(stranger.web.requests().is_empty(), "nothing that a token names is fetched");
    read(&app, &good).await.expect(200, "OK");
}

#[actix_web::test]
async fn an_issuers_tokens_are_signed_by_its_own_algorithms_and_keys_alone() {
    let (app, admin) = start().await;
    let (one, other) = (Provider::start().await, Provider::start().await);
    let mut narrow = issuer_of(&one);
    narrow["algorithms"] = json!(["RS256"]);
    add(&admin, narrow).await;
    add(&admin, issuer_of(&other)).await;
    let good = one.token("RS256", &json!({}));
    eventually("the issuer is known", async || (read(&app, &good).await.status == 200).then_some(())).await;
    for algorithm in ["ES256", "EdDSA"] {
        read(&app, &one.token(algorithm, &json!({}))).await.expect(401, "InvalidToken");
    }
    // Two issuers that are both accepted: neither speaks for the other.
    let crossed = other.sign(&header("RS256", &json!({})), &one.claims(&json!({})));
    read(&app, &crossed).await.expect(401, "InvalidToken");
}

#[actix_web::test]
async fn keys_that_nobody_has_cost_the_issuer_no_fetch_each() {
    let (app, admin) = start().await;
    let provider = Provider::start().await;
    add(&admin, issuer_of(&provider)).await;
    let good = provider.token("RS256", &json!({}));
    eventually("the issuer is known", async || (read(&app, &good).await.status == 200).then_some(())).await;
    let before = provider.web.requests().len();
    for number in 0..50 {
        let kid = json!({"kid": format!("nobody-{number}")});
        let token = provider.sign(&header("RS256", &kid), &provider.claims(&json!({})));
        read(&app, &token).await.expect(401, "InvalidToken");
    }
    assert!(provider.web.requests().len() - before <= 1);
}
