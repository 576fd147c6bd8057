//! What a command is told that calls a gateway as its callers do. These are no settings of a gateway, so that they are in
//! none of its lists.

use cams_api::identifiers::CustSpaceId;
use secrecy::SecretString;
use url::Url;

use super::{Setting, parse};

/// Where the gateway is.
pub static URL: Setting<Url> =
    Setting::plain("GROUPGATE_URL", "url", parse::http_url, "Where the gateway is").required();

/// The tenant.
pub static CUST_SPACE_ID: Setting<CustSpaceId> =
    Setting::plain("GROUPGATE_CUST_SPACE_ID", "cust-space-id", cust_space_id, "The tenant").required();

/// The access key.
pub static ACCESS_KEY_ID: Setting<String> =
    Setting::plain("GROUPGATE_ACCESS_KEY_ID", "access-key-id", any_text, "The access key's ID").required();

/// Its secret.
pub static ACCESS_KEY_SECRET: Setting<SecretString> =
    Setting::secret("GROUPGATE_ACCESS_KEY_SECRET", parse::secret, "The access key's secret").required();

fn cust_space_id(text: &str) -> Result<CustSpaceId, String> {
    text.parse().map_err(|error: cams_api::parameters::WrongValue| error.rule.to_owned())
}

#[expect(clippy::unnecessary_wraps, reason = "every setting is read by a function that may refuse")]
fn any_text(text: &str) -> Result<String, String> {
    Ok(text.to_owned())
}
