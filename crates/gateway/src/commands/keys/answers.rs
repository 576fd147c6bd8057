//! What the commands about access keys answer.

use cams_api::identifiers::CustSpaceId;
use secrecy::ExposeSecret;
use serde::Serialize;
use tenant_store::{CreatedAccessKey, Grant, NewAccessKey, RotatedAccessKey};
use time::{OffsetDateTime, serde::rfc3339};

use crate::admin::grants::GrantView;
use crate::admin::keys::KeyView;
use crate::commands::output::{Table, time_or_dash, time_text};

#[derive(Serialize)]
pub(super) struct Created {
    access_key_id: String,
    access_key_secret: String,
    name: String,
    grants: Vec<Grant>,
    #[serde(with = "rfc3339::option")]
    expires_at: Option<OffsetDateTime>,
}

#[derive(Serialize)]
pub(super) struct Rotated {
    access_key_id: String,
    access_key_secret: String,
    #[serde(with = "rfc3339::option")]
    previous_until: Option<OffsetDateTime>,
}

impl Created {
    pub(super) fn new(key: &CreatedAccessKey, new: NewAccessKey) -> Self {
        Self {
            access_key_id: key.access_key_id.clone(),
            access_key_secret: key.secret.expose_secret().to_owned(),
            name: new.name,
            grants: new.grants,
            expires_at: new.expires_at,
        }
    }

    pub(super) fn text(&self) -> String {
        secret_text(&self.access_key_id, &self.access_key_secret)
    }
}

impl From<&RotatedAccessKey> for Rotated {
    fn from(rotated: &RotatedAccessKey) -> Self {
        Self {
            access_key_id: rotated.key.access_key_id.clone(),
            access_key_secret: rotated.key.secret.expose_secret().to_owned(),
            previous_until: rotated.previous_until,
        }
    }
}

impl Rotated {
    pub(super) fn text(&self) -> String {
        let previous = self.previous_until.map_or_else(
            || "The secret before it is no longer good.".to_owned(),
            |until| format!("The secret before it stays good until {}.", time_text(until)),
        );
        format!("{}\n{previous}", secret_text(&self.access_key_id, &self.access_key_secret))
    }
}

fn secret_text(id: &str, secret: &str) -> String {
    format!("AccessKeyId:     {id}\nAccessKeySecret: {secret}\nThe secret is not shown again.")
}

impl KeyView {
    /// Whether it has a grant on this tenant.
    pub(super) fn reaches(&self, tenant: &CustSpaceId) -> bool {
        self.grants.iter().flat_map(|grant| &grant.cust_space_ids).any(|id| id == "*" || id == tenant.as_str())
    }

    fn row(&self) -> [String; 7] {
        let joined = |texts: fn(&GrantView) -> &[String]| {
            self.grants.iter().map(|grant| texts(grant).join(",")).collect::<Vec<_>>().join("; ")
        };
        [
            self.access_key_id.clone(),
            self.state.as_str().to_owned(),
            joined(|grant| &grant.cust_space_ids),
            joined(|grant| &grant.scopes),
            time_or_dash(self.expires_at),
            time_or_dash(self.previous_until),
            self.name.clone(),
        ]
    }
}

pub(super) fn list(keys: &[KeyView]) -> String {
    let header = ["ACCESS KEY ID", "STATE", "TENANTS", "SCOPES", "EXPIRES", "OLD SECRET UNTIL", "NAME"];
    Table::new(header, keys.iter().map(KeyView::row)).or("No access keys. Create one: groupgate keys create --help")
}
