//! Access keys: who may act for whom.
//!
//! Nobody gives away more than it has: a key is made, changed or given a new secret by whoever holds all that the key
//! may do. Where a key that ends gives an administrator's scopes, what it gives them to ends with it, so that such
//! power does not outlive what it was given for. `allowed_networks` say from where a secret is good; they are no right
//! that is given on. Any administrator of everything may revoke and remove any key, its own and the last one too: the
//! command line makes another.

mod listing;

use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use ipnet::IpNet;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use tenant_store::{AccessKeyChange, CreatedAccessKey, KeyState, ListedAccessKey, NewAccessKey, Revision};
use time::OffsetDateTime;
use time::serde::rfc3339;
use utoipa::ToSchema;

use super::grants::{GrantView, checked, stored};
use super::tenants::{bounded, refuse};
use super::view::{Created, NoContent, View};
use super::{AdminContext, AdminError, FieldError};
use crate::auth::is_an_id;

pub use listing::{ListKeys, list};

pub(crate) const LONGEST_NAME: usize = 200;
const MOST_NETWORKS: usize = 100;
const A_NETWORK: &str = "a network such as 192.0.2.0/24 or 2001:db8::/32, or an address";
/// How long the secret before is good beside a new one, where the caller does not say.
const USUAL_OVERLAP: u32 = 24 * 60 * 60;
/// And at the most: ten years.
const LONGEST_OVERLAP: u32 = 3_660 * 24 * 60 * 60;

/// An `AccessKeyId` that a path names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessKeyId(String);

impl AccessKeyId {
    /// As it is stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A text that can be no key's ID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an AccessKeyId is 1 to 128 letters, digits, `-`, `_` and `.`")]
pub struct InvalidAccessKeyId;

impl FromStr for AccessKeyId {
    type Err = InvalidAccessKeyId;

    fn from_str(text: &str) -> Result<Self, InvalidAccessKeyId> {
        if is_an_id(text) { Ok(Self(text.to_owned())) } else { Err(InvalidAccessKeyId) }
    }
}

/// An access key, without its secret.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AccessKey)]
pub struct KeyView {
    /// `AccessKeyId`.
    #[schema(example = "LTAI5tExample00000000001")]
    pub access_key_id: String,
    /// A name for people.
    #[schema(example = "till")]
    pub name: String,
    /// Whether it is accepted.
    #[schema(value_type = String, example = "active")]
    pub state: State,
    /// What it may do, and for whom.
    pub grants: Vec<GrantView>,
    /// When it stops to be accepted; `null` for never.
    #[serde(with = "rfc3339::option")]
    pub expires_at: Option<OffsetDateTime>,
    /// The networks that it may be used from; from anywhere where there is none.
    #[schema(value_type = Vec<String>, example = json!(["192.0.2.0/24"]))]
    pub allowed_networks: Vec<IpNet>,
    /// Until when the secret before the last rotation is good, too.
    #[serde(with = "rfc3339::option")]
    pub previous_until: Option<OffsetDateTime>,
    /// When it was last used, to about a minute; `null` for never.
    #[serde(with = "rfc3339::option")]
    pub last_used_at: Option<OffsetDateTime>,
    /// When it was made.
    #[serde(with = "rfc3339")]
    pub created_at: OffsetDateTime,
    #[serde(skip)]
    revision: Option<Revision>,
}

/// Whether a key is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It is.
    Active,
    /// Its time is over.
    Expired,
    /// An administrator has revoked it.
    Revoked,
}

impl State {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

/// An access key with its secret, which is shown this once.
#[derive(Serialize, ToSchema)]
#[schema(as = AccessKeyWithSecret)]
pub struct KeyWithSecret {
    /// The key.
    #[serde(flatten)]
    pub key: KeyView,
    /// `AccessKeySecret`; `null` where the answer is given again under the same `Idempotency-Key`.
    pub access_key_secret: Option<String>,
}

/// A key to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateKey {
    /// A name for people: 1 to 200 characters.
    #[schema(example = "till")]
    name: String,
    /// What it may do, and for whom; at the most what you may yourself.
    grants: Vec<GrantView>,
    /// When it stops to be accepted; never where it is absent. A key with an administrator's scopes ends no later than
    /// the one that makes it.
    #[serde(default, with = "rfc3339::option")]
    expires_at: Option<OffsetDateTime>,
    /// Networks, or single addresses, that it may be used from; from anywhere where there is none.
    #[serde(default)]
    #[schema(example = json!(["192.0.2.0/24"]))]
    allowed_networks: Vec<String>,
}

/// What is to be different of a key. What is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeKey {
    /// 1 to 200 characters.
    name: Option<String>,
    /// All of them anew.
    grants: Option<Vec<GrantView>>,
    /// `null` for never.
    #[serde(default, deserialize_with = "super::view::present")]
    #[schema(value_type = Option<String>, format = DateTime)]
    #[expect(clippy::option_option, reason = "absent leaves it as it is, and `null` takes it away")]
    expires_at: Option<Option<Moment>>,
    /// All of them anew.
    allowed_networks: Option<Vec<String>>,
}

/// A time in RFC 3339.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(transparent)]
struct Moment(#[serde(with = "rfc3339")] OffsetDateTime);

/// How a key gets a new secret.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RotateKey {
    /// How long the secret before stays good beside the new one: a day where it is absent, 0 where it has leaked. Tokens
    /// that were made with it are good for up to 15 minutes more; revoking the key ends these, too.
    #[schema(example = 86_400)]
    overlap_seconds: Option<u32>,
}

impl View for KeyView {
    fn revision(&self) -> Option<Revision> {
        self.revision
    }
}

impl View for KeyWithSecret {
    fn revision(&self) -> Option<Revision> {
        self.key.revision
    }

    fn location(&self) -> Option<String> {
        Some(format!("/keys/{}", self.key.access_key_id))
    }

    fn without_secrets(self) -> Self {
        Self { access_key_secret: None, ..self }
    }
}

/// Makes a key.
///
/// # Errors
/// [`AdminError::Beyond`] where it would be more than the caller has.
pub async fn create(ctx: &AdminContext, new: CreateKey) -> Result<Created<KeyWithSecret>, AdminError> {
    let mut wrong = Vec::new();
    bounded(&mut wrong, "name", &new.name, 1, LONGEST_NAME);
    let grants = checked(ctx, &new.grants, &mut wrong).await?;
    is_ahead(&mut wrong, new.expires_at);
    let allowed_networks = networks(&mut wrong, &new.allowed_networks);
    refuse(wrong)?;
    give(ctx, &grants, new.expires_at)?;
    let name = new.name.trim().to_owned();
    let new = NewAccessKey { name, grants, expires_at: new.expires_at, allowed_networks, ..NewAccessKey::default() };
    let created = ctx.store().create_access_key(&new, &ctx.actor).await?;
    Ok(Created(created.into()))
}

/// One key.
///
/// # Errors
/// [`AdminError::NotFound`]
pub async fn get(ctx: &AdminContext, id: &AccessKeyId) -> Result<KeyView, AdminError> {
    Ok(find(ctx, id.as_str()).await?.into())
}

/// Changes a key. Running gateways obey within a second.
///
/// # Errors
/// [`AdminError::Beyond`] where the key could then do more than the caller.
pub async fn change(ctx: &AdminContext, id: &AccessKeyId, asked: ChangeKey) -> Result<KeyView, AdminError> {
    let mut wrong = Vec::new();
    if let Some(name) = &asked.name {
        bounded(&mut wrong, "name", name, 1, LONGEST_NAME);
    }
    let grants = match &asked.grants {
        Some(grants) => Some(checked(ctx, grants, &mut wrong).await?),
        None => None,
    };
    let expires_at = asked.expires_at.map(|at| at.map(|Moment(at)| at));
    is_ahead(&mut wrong, expires_at.flatten());
    let allowed_networks = asked.allowed_networks.as_deref().map(|texts| networks(&mut wrong, texts));
    refuse(wrong)?;
    let before = find(ctx, id.as_str()).await?;
    let seen = ctx.deciding_on(before.revision)?;
    give(ctx, grants.as_ref().unwrap_or(&before.grants), expires_at.unwrap_or(before.expires_at))?;
    let name = asked.name.map(|name| name.trim().to_owned());
    let change = AccessKeyChange { name, grants, expires_at, allowed_networks };
    Ok(ctx.store().change_access_key(id.as_str(), &change, Some(seen), &ctx.actor).await?.into())
}

/// Removes a key: it, and every token made for it, are refused within a second.
///
/// # Errors
/// [`AdminError`]
pub async fn remove(ctx: &AdminContext, id: &AccessKeyId) -> Result<NoContent, AdminError> {
    ctx.store().remove_access_key(id.as_str(), ctx.expected, &ctx.actor).await?;
    Ok(NoContent)
}

/// Gives a key a new secret; the one before stays good for a while.
///
/// # Errors
/// [`AdminError::Beyond`] where the key can do more than the caller; [`AdminError::Unfit`] where it is revoked.
pub async fn rotate(ctx: &AdminContext, id: &AccessKeyId, asked: RotateKey) -> Result<KeyWithSecret, AdminError> {
    let overlap = asked.overlap_seconds.unwrap_or(USUAL_OVERLAP);
    if overlap > LONGEST_OVERLAP {
        return Err(AdminError::field("overlap_seconds", format!("a whole number from 0 to {LONGEST_OVERLAP}")));
    }
    let before = find(ctx, id.as_str()).await?;
    let seen = ctx.deciding_on(before.revision)?;
    if before.state == KeyState::Revoked {
        return Err(AdminError::Unfit { why: "The key is revoked, for good: make another one.".to_owned() });
    }
    give(ctx, &before.grants, before.expires_at)?;
    let overlap = Duration::from_secs(overlap.into());
    let rotated = ctx.store().rotate_access_key(id.as_str(), overlap, Some(seen), &ctx.actor).await?;
    Ok(rotated.key.into())
}

/// Revokes a key, for good: it, and every token made for it, are refused within a second.
///
/// # Errors
/// [`AdminError`]
pub async fn revoke(ctx: &AdminContext, id: &AccessKeyId) -> Result<KeyView, AdminError> {
    Ok(ctx.store().revoke_access_key(id.as_str(), ctx.expected, &ctx.actor).await?.into())
}

async fn find(ctx: &AdminContext, id: &str) -> Result<ListedAccessKey, AdminError> {
    let found = ctx.store().listed_access_key(id).await?;
    found.ok_or(AdminError::NotFound { what: "access key".into() })
}

/// Lets the caller hand these grants to somebody until then, where it has all that they give.
fn give(ctx: &AdminContext, grants: &[tenant_store::Grant], until: Option<OffsetDateTime>) -> Result<(), AdminError> {
    let grants: Vec<_> = grants.iter().map(crate::auth::Grant::from).collect();
    ctx.caller.beyond(&grants, until).map_or(Ok(()), |why| Err(AdminError::Beyond { why }))
}

fn is_ahead(wrong: &mut Vec<FieldError>, at: Option<OffsetDateTime>) {
    if at.is_some_and(|at| at <= OffsetDateTime::now_utc()) {
        wrong.push(FieldError::new("expires_at", "a time that is still to come"));
    }
}

/// The networks of these texts, as they are stored: without bits of hosts. A single address is a network of its own.
pub(crate) fn networks(wrong: &mut Vec<FieldError>, texts: &[String]) -> Vec<IpNet> {
    if texts.len() > MOST_NETWORKS {
        wrong.push(FieldError::new("allowed_networks", format!("at most {MOST_NETWORKS} networks")));
    }
    let mut read = Vec::new();
    for (at, text) in texts.iter().enumerate() {
        match network(text) {
            Some(network) => read.push(network),
            None => wrong.push(FieldError::new(format!("allowed_networks.{at}"), A_NETWORK)),
        }
    }
    read
}

fn network(text: &str) -> Option<IpNet> {
    let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).ok()?;
    match network {
        // Callers from there are known by their IPv4 addresses: the key would be good from nowhere.
        IpNet::V6(mapped) if mapped.addr().to_ipv4_mapped().is_some() => None,
        network => Some(network),
    }
}

impl From<CreatedAccessKey> for KeyWithSecret {
    fn from(created: CreatedAccessKey) -> Self {
        let access_key_secret = Some(created.secret.expose_secret().to_owned());
        Self { key: created.listed.into(), access_key_secret }
    }
}

impl From<ListedAccessKey> for KeyView {
    fn from(key: ListedAccessKey) -> Self {
        let is_over = key.expires_at.is_some_and(|end| end <= OffsetDateTime::now_utc());
        let state = match key.state {
            KeyState::Revoked => State::Revoked,
            KeyState::Active if is_over => State::Expired,
            KeyState::Active => State::Active,
        };
        Self {
            access_key_id: key.access_key_id,
            name: key.name,
            state,
            grants: stored(key.grants),
            expires_at: key.expires_at,
            allowed_networks: key.allowed_networks,
            previous_until: key.previous_until,
            last_used_at: key.last_used_at,
            created_at: key.created_at,
            revision: Some(key.revision),
        }
    }
}
