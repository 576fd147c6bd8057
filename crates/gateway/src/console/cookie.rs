//! The one cookie: a secret that stands for a session.

use actix_web::HttpRequest;
use actix_web::http::header::{COOKIE, HeaderValue};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use aws_lc_rs::rand;
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

/// `__Host-`: of this host alone, for all paths, by TLS alone
/// ([RFC 6265bis, 4.1.3](https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis#section-4.1.3)).
const OVER_TLS: &str = "__Host-groupgate";
/// Where the gateway is reached without TLS, which a browser takes for loopback alone.
const PLAIN: &str = "groupgate";
const BYTES: usize = 32;

/// What the cookie holds.
pub(super) struct Secret(SecretString);

impl Secret {
    /// A new one; `None` where the machine has no randomness to give.
    pub(super) fn generate() -> Option<Self> {
        let mut bytes = [0; BYTES];
        rand::fill(&mut bytes).ok()?;
        Some(Self(hex::encode(bytes).into()))
    }

    /// The one that came with a request.
    pub(super) fn sent(http: &HttpRequest, is_over_tls: bool) -> Option<Self> {
        let wanted = name(is_over_tls);
        let headers = http.headers().get_all(COOKIE).filter_map(|header| header.to_str().ok());
        let mut pairs = headers.flat_map(|header| header.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let value = pairs.find(|(name, _)| *name == wanted)?.1;
        let is_one = value.len() == 2 * BYTES && value.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_one.then(|| Self(value.to_owned().into()))
    }

    /// What the store knows it by.
    pub(super) fn session_id(&self) -> String {
        hex::encode(digest(&SHA256, self.0.expose_secret().as_bytes()))
    }

    /// What its forms carry: others cannot make it, and it does not tell the secret.
    pub(super) fn form_token(&self) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.0.expose_secret().as_bytes());
        hex::encode(hmac::sign(&key, b"groupgate console form"))
    }

    /// Whether a form carries it.
    pub(super) fn made(&self, form_token: &str) -> bool {
        self.form_token().as_bytes().ct_eq(form_token.as_bytes()).into()
    }

    /// The `Set-Cookie` that gives it to the browser, which keeps it until it is closed.
    pub(super) fn set(&self, is_over_tls: bool) -> Option<HeaderValue> {
        header(is_over_tls, self.0.expose_secret(), "")
    }
}

/// The `Set-Cookie` that takes it away.
pub(super) fn clear(is_over_tls: bool) -> Option<HeaderValue> {
    header(is_over_tls, "", "; Max-Age=0")
}

fn header(is_over_tls: bool, value: &str, more: &str) -> Option<HeaderValue> {
    let secure = if is_over_tls { "; Secure" } else { "" };
    let text = format!("{}={value}; Path=/; HttpOnly; SameSite=Strict{secure}{more}", name(is_over_tls));
    HeaderValue::from_str(&text).ok()
}

fn name(is_over_tls: bool) -> &'static str {
    if is_over_tls { OVER_TLS } else { PLAIN }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn sent(cookie: &str, is_over_tls: bool) -> Option<Secret> {
        Secret::sent(&TestRequest::default().insert_header((COOKIE, cookie)).to_http_request(), is_over_tls)
    }

    #[test]
    fn what_was_set_is_read_again_among_others() {
        let secret = Secret::generate().unwrap();
        let set = secret.set(true).unwrap();
        let pair = set.to_str().unwrap().split(';').next().unwrap();
        let again = sent(&format!("a=b; {pair}; c=d"), true).unwrap();
        assert_eq!(again.session_id(), secret.session_id());
        assert!(again.made(&secret.form_token()));
        assert!(sent(pair, false).is_none(), "one for TLS is none without it");
    }

    #[test]
    fn what_is_no_secret_of_ours_is_none() {
        for wrong in ["groupgate=", "groupgate=abc", &format!("groupgate={}", "z".repeat(64)), "groupgate"] {
            assert!(sent(wrong, false).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_cookie_is_out_of_reach_of_script_and_other_sites() {
        let set = Secret::generate().unwrap().set(true).unwrap();
        for wanted in ["__Host-groupgate=", "; Path=/", "; HttpOnly", "; SameSite=Strict", "; Secure"] {
            assert!(set.to_str().unwrap().contains(wanted), "{wanted}");
        }
    }
}
