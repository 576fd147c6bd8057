//! `Authorization`: either the header's value itself, or a token's header and claims, one JSON a line, which are then signed
//! by the issuer's own key. What is let in is compared with what [RFC 8725](https://www.rfc-editor.org/rfc/rfc8725) allows.

use std::iter;
use std::sync::LazyLock;

use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use gateway::auth::{AuthError, IssuerKeys, SigningKeys, Tokens};
use gateway::fuzzing::auth::{Sent, authorization, examine};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use tenant_store::SigningKey;
use time::OffsetDateTime;

use crate::json::Unambiguous;

/// The key of the issuer, and ours: a token of the one is none of the other's, whatever it says.
const KEY_ID: &str = "k1";
const ISSUER: &str = "https://groupgate.example";
/// Stands in the place of a credential, to be looked for in errors.
const SECRET: &str = "c2VjcmV0LW9mLTE2NTA1NTUxMjM0";
/// The kinds of tokens that are let in.
const TYPES: [&str; 4] = ["at+jwt", "application/at+jwt", "jwt", "application/jwt"];

struct World {
    pair: Ed25519KeyPair,
    keys: IssuerKeys,
    algorithms: [String; 1],
    tokens: Tokens,
}

static WORLD: LazyLock<Option<World>> = LazyLock::new(|| {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).ok()?;
    let x = URL_SAFE_NO_PAD.encode(pair.public_key());
    let set = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": KEY_ID, "x": x}]});
    let keys = IssuerKeys::read(set.to_string().as_bytes()).ok()?;
    let ours = Ed25519KeyPair::from_seed_unchecked(&[8; 32]).ok()?;
    let ours = SigningKey {
        kid: KEY_ID.to_owned(),
        public_key: ours.public_key().as_ref().to_vec(),
        private_key: ours.to_pkcs8().ok()?.as_ref().to_vec().into(),
        created_at: OffsetDateTime::UNIX_EPOCH,
    };
    let tokens = Tokens::new(SigningKeys::of(vec![ours]).ok()?, ISSUER.to_owned());
    Some(World { pair, keys, algorithms: ["EdDSA".to_owned()], tokens })
});

pub(super) fn run(bytes: &[u8]) {
    let Some(world) = &*WORLD else { panic!("the keys cannot be made") };
    if bytes.starts_with(b"{") {
        return world.signed(bytes);
    }
    let Ok(value) = HeaderValue::from_bytes(bytes) else { return };
    match sent(value) {
        Ok(Sent::Basic(id, secret)) => basic_is_read_again(&id, secret.expose_secret()),
        Ok(Sent::Bearer(token)) => world.shown(&token),
        Err(told) => is_bounded(&told),
    }
    world.errors_hold_no_credential(bytes);
}

fn sent(value: HeaderValue) -> Result<Sent, AuthError> {
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, value);
    authorization(&headers)
}

fn basic_is_read_again(id: &str, secret: &str) {
    let written = format!("basic  {}", STANDARD.encode(format!("{id}:{secret}")));
    let Ok(value) = HeaderValue::from_str(&written) else { panic!("base64 is no header") };
    let Ok(Sent::Basic(again, same)) = sent(value) else { panic!("it is not read again") };
    assert!(again == id && same.expose_secret() == secret && !id.contains(':'));
}

impl World {
    /// A token that nobody had signed for this: it is let in where the issuer's key signed it all the same, and nowhere else.
    fn shown(&self, token: &[u8]) {
        if let Err(told) = self.tokens.verify(token) {
            is_bounded(&told);
        } else {
            panic!("a token of ours that nobody made");
        }
        match examine(token, &self.algorithms, &self.keys) {
            Some(Ok(issuer)) => assert!(self.is_signed(token), "let in as {issuer}"),
            Some(Err(told)) => is_bounded(&told.into()),
            None => {}
        }
    }

    /// Neither what a caller is told nor what is logged has a credential in it, wherever in the header that stood.
    fn errors_hold_no_credential(&self, bytes: &[u8]) {
        let secret = SECRET.as_bytes();
        let seams = bytes.iter().enumerate().filter(|(_, byte)| b" .:".contains(byte)).map(|(at, _)| at + 1);
        for at in iter::once(0).chain(seams.take(4)).chain([bytes.len()]) {
            let Ok(value) = HeaderValue::from_bytes(&[&bytes[..at], secret, &bytes[at..]].concat()) else { return };
            match sent(value) {
                Ok(Sent::Bearer(token)) => {
                    let as_ours = self.tokens.verify(&token).err();
                    let as_issuers = examine(&token, &self.algorithms, &self.keys).and_then(Result::err);
                    as_ours
                        .into_iter()
                        .chain(as_issuers.map(AuthError::from))
                        .for_each(|told| holds_no_credential(&told));
                }
                Ok(Sent::Basic(..)) => {}
                Err(told) => holds_no_credential(&told),
            }
        }
    }

    fn is_signed(&self, token: &[u8]) -> bool {
        let Some(dot) = token.iter().rposition(|byte| *byte == b'.') else { return false };
        let Ok(signature) = URL_SAFE_NO_PAD.decode(&token[dot + 1..]) else { return false };
        let key = UnparsedPublicKey::new(&ED25519, self.pair.public_key().as_ref());
        key.verify(&token[..dot], &signature).is_ok()
    }

    /// A token that the issuer really signed: its header decides.
    fn signed(&self, bytes: &[u8]) {
        let mut lines = bytes.splitn(2, |byte| *byte == b'\n');
        let (header, claims) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
        let token = self.sign(header, claims);
        assert!(self.tokens.verify(&token).is_err(), "a token of the issuer is taken for one of ours");
        let let_in = matches!(examine(&token, &self.algorithms, &self.keys), Some(Ok(_)));
        assert_eq!(let_in, is_acceptable(header, claims), "{}", String::from_utf8_lossy(bytes));
        if let Some(last) = token.last() {
            let other = if *last == b'A' { b'B' } else { b'A' };
            let forged = [&token[..token.len() - 1], &[other]].concat();
            assert!(!matches!(examine(&forged, &self.algorithms, &self.keys), Some(Ok(_))), "a forged one is let in");
        }
    }

    fn sign(&self, header: &[u8], claims: &[u8]) -> Vec<u8> {
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let signature = URL_SAFE_NO_PAD.encode(self.pair.sign(signed.as_bytes()));
        format!("{signed}.{signature}").into_bytes()
    }
}

/// Whether a token with this header and these claims may be let in, read anew.
fn is_acceptable(header: &[u8], claims: &[u8]) -> bool {
    let (Some(header), Some(claims)) = (Unambiguous::<true>::read(header), Unambiguous::<true>::read(claims)) else {
        return false;
    };
    let is_one = |typ: &Value| typ.as_str().is_some_and(|typ| TYPES.contains(&typ.to_ascii_lowercase().as_str()));
    header["alg"] == "EdDSA"
        && header["kid"] == KEY_ID
        && header.get("typ").is_none_or(is_one)
        && ["crit", "b64", "zip", "enc"].iter().all(|name| header.get(name).is_none())
        && claims["iss"].is_string()
}

fn is_bounded(told: &AuthError) {
    assert!(told.to_string().len() < 512, "{told}");
}

fn holds_no_credential(told: &AuthError) {
    let (shown, logged) = (told.to_string(), format!("{told:?}"));
    assert!(!shown.contains(SECRET) && !logged.contains(SECRET), "{shown}");
}
