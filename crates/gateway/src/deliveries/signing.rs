//! Signatures of deliveries, as [Standard Webhooks](https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md)
//! has them: HMAC-SHA256 over `id.timestamp.body`.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tenant_store::EndpointSecret;

/// What is signed.
#[derive(Clone, Copy)]
pub struct Message<'a> {
    /// The header `webhook-id`: the same each time that an event is sent.
    pub id: &'a str,
    /// The header `webhook-timestamp`: when it is sent, in seconds since 1970.
    pub timestamp: u64,
    /// The body, byte for byte.
    pub body: &'a [u8],
}

/// The header `webhook-signature`: one signature by each secret, with a space between, so that a receiver that knows any
/// of them is content.
pub fn signature(secrets: &[EndpointSecret], message: Message<'_>) -> String {
    let signatures: Vec<String> = secrets.iter().map(|secret| sign(secret, message)).collect();
    signatures.join(" ")
}

/// A [`Message::timestamp`]; 0 for a clock that stands before 1970.
pub fn timestamp(now: SystemTime) -> u64 {
    now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

fn sign(secret: &EndpointSecret, Message { id, timestamp, body }: Message<'_>) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.key());
    let mut context = hmac::Context::with_key(&key);
    context.update(format!("{id}.{timestamp}.").as_bytes());
    context.update(body);
    format!("v1,{}", STANDARD.encode(context.sign()))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const MESSAGE: Message<'static> =
        Message { id: "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp: 1_614_265_330, body: br#"{"test": 2432232314}"# };

    fn secret(text: &str) -> EndpointSecret {
        text.parse().unwrap()
    }

    /// The case of the specification's reference libraries.
    #[test]
    fn a_signature_is_the_one_of_the_reference_libraries() {
        let signed = signature(&[secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")], MESSAGE);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn while_a_secret_rotates_both_sign() {
        let [new, old] =
            ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"].map(secret);
        let both = signature(&[new.clone(), old.clone()], MESSAGE);
        assert_eq!(both, format!("{} {}", signature(&[new], MESSAGE), signature(&[old], MESSAGE)));
    }

    #[test]
    fn every_part_of_a_message_is_signed() {
        let secrets = [secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")];
        let others =
            [Message { id: "msg", ..MESSAGE }, Message { timestamp: 1, ..MESSAGE }, Message { body: b"{}", ..MESSAGE }];
        for other in others {
            assert_ne!(signature(&secrets, other), signature(&secrets, MESSAGE), "{}", other.id);
        }
    }

    #[test]
    fn a_timestamp_has_whole_seconds() {
        assert_eq!(timestamp(UNIX_EPOCH + Duration::from_millis(1_614_265_330_999)), 1_614_265_330);
        assert_eq!(timestamp(UNIX_EPOCH - Duration::from_secs(1)), 0);
    }
}
