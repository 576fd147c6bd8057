//! Where webhooks go, and with which secret they are signed.

use std::sync::{Mutex, PoisonError};

use aws_lc_rs::hmac;

use crate::settings::SandboxSettings;

/// The receiver of webhooks, as it stands now.
#[derive(Clone)]
pub(crate) struct HookSettings {
    pub(crate) url: Option<String>,
    pub(crate) secret: String,
    pub(crate) verify_token: Option<String>,
    /// Whether the receiver answered Meta's challenge; `None` until it was asked.
    pub(crate) verified: Option<bool>,
}

/// The receiver of webhooks, which may be changed at any time.
pub(crate) struct Hook(Mutex<HookSettings>);

impl Hook {
    /// As the settings say.
    pub(crate) fn new(settings: &SandboxSettings) -> Self {
        Self(Mutex::new(HookSettings {
            url: settings.webhook_url.clone(),
            secret: settings.app_secret.clone(),
            verify_token: settings.webhook_verify_token.clone(),
            verified: None,
        }))
    }

    /// As it stands now.
    pub(crate) fn get(&self) -> HookSettings {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes it.
    pub(crate) fn set(&self, change: impl FnOnce(&mut HookSettings)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// The value of `X-Hub-Signature-256` for a body.
/// Source: <https://developers.facebook.com/docs/graph-api/webhooks/getting-started#validate-payloads>
pub(crate) fn signature(secret: &str, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    format!("sha256={}", hex::encode(hmac::sign(&key, body)))
}
