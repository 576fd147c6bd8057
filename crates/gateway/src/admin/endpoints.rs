//! Endpoints: where events are delivered to. One belongs to a tenant, or to the ISV, whose own hear of all tenants.

use std::time::Duration;

use cams_api::events::TypeFilter;
use cams_api::identifiers::CustSpaceId;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use tenant_store::{Endpoint, EndpointChange, EndpointId, EndpointState, NewEndpoint, Revision, Space};
use time::OffsetDateTime;
use time::serde::rfc3339;
use utoipa::ToSchema;

use super::tenants::{bounded, refuse};
use super::view::{Created, Listed, NoContent, Paging, View};
use super::{AdminContext, AdminError, FieldError};
use crate::egress::ExternalUrl;

pub(crate) const LONGEST_DESCRIPTION: usize = 500;
const LONGEST_REASON: usize = 200;
const MOST_TYPES: usize = 100;
/// How long the secret before signs beside a new one, where the caller does not say.
const USUAL_OVERLAP: u32 = 24 * 60 * 60;
/// And at the most: ten years.
const LONGEST_OVERLAP: u32 = 3_660 * 24 * 60 * 60;

/// An endpoint, without its secret.
#[derive(Serialize, ToSchema)]
#[schema(as = Endpoint)]
pub struct EndpointView {
    /// Its ID.
    #[schema(example = "ep_0199f3c2a7b07c3e8a51d2f04e6b9c17")]
    pub endpoint_id: String,
    /// Whose it is; `null` for the ISV's own.
    #[schema(example = "cams-8c8pdv")]
    pub cust_space_id: Option<String>,
    /// Where events are delivered to.
    #[schema(example = "https://hooks.example.com/groupgate")]
    pub url: String,
    /// Which types of events it gets; all where there is none.
    #[schema(example = json!(["group.*", "message.received"]))]
    pub types: Vec<String>,
    /// A note for people.
    pub description: Option<String>,
    /// Whether events are delivered to it: `enabled` or `disabled`.
    #[schema(value_type = String, example = "enabled")]
    pub state: State,
    /// Why they are not.
    pub disabled_reason: Option<String>,
    /// Since when they are not.
    #[serde(with = "rfc3339::option")]
    pub disabled_at: Option<OffsetDateTime>,
    /// Since when every try has failed; `null` where the last one did not.
    #[serde(with = "rfc3339::option")]
    pub failing_since: Option<OffsetDateTime>,
    /// How many tries have failed since the last one that did not.
    pub failures: i32,
    /// Until when the secret before the last rotation signs, too.
    #[serde(with = "rfc3339::option")]
    pub previous_until: Option<OffsetDateTime>,
    /// When it was made.
    #[serde(with = "rfc3339")]
    pub created_at: OffsetDateTime,
    /// When an administrator last changed it.
    #[serde(with = "rfc3339")]
    pub updated_at: OffsetDateTime,
    #[serde(skip)]
    revision: Option<Revision>,
}

/// Whether events are delivered to an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// They are.
    Enabled,
    /// They are not.
    Disabled,
}

impl State {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Disabled => "disabled",
        }
    }
}

/// An endpoint with its secret, which is shown this once.
#[derive(Serialize, ToSchema)]
pub struct EndpointWithSecret {
    /// The endpoint.
    #[serde(flatten)]
    pub endpoint: EndpointView,
    /// What its deliveries are signed with, `whsec_…`; `null` where the answer is given again under the same
    /// `Idempotency-Key`.
    pub secret: Option<String>,
}

/// An endpoint that is enabled.
#[derive(Serialize, ToSchema)]
pub struct EnabledEndpoint {
    /// The endpoint.
    #[serde(flatten)]
    pub endpoint: EndpointView,
    /// From when on it may have missed events, as `since` of a replay; `null` where it was enabled already.
    #[serde(with = "rfc3339::option")]
    pub missed_since: Option<OffsetDateTime>,
}

/// An endpoint to add.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddEndpoint {
    /// Where to deliver to: `https`; `http` in the networks that the gateway's operator allows.
    #[schema(example = "https://hooks.example.com/groupgate")]
    url: String,
    /// Types of events such as `group.created`, and families such as `group.*`; all where there is none.
    #[serde(default)]
    #[schema(example = json!(["group.*", "message.received"]))]
    types: Vec<String>,
    /// Up to 500 characters.
    description: Option<String>,
}

/// What is to be different of an endpoint. What is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeEndpoint {
    /// What waits is delivered to the new address.
    url: Option<String>,
    /// All of them anew; they count for later events.
    types: Option<Vec<String>>,
    /// Up to 500 characters; `null` takes it away.
    #[serde(default, deserialize_with = "super::view::present")]
    #[expect(clippy::option_option, reason = "absent leaves it as it is, and `null` takes it away")]
    description: Option<Option<String>>,
}

/// How an endpoint gets a new secret.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RotateEndpointSecret {
    /// How long deliveries are signed with the secret before, too: a day where it is absent.
    #[schema(example = 86_400)]
    overlap_seconds: Option<u32>,
}

/// Why an endpoint is disabled.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DisableEndpoint {
    /// For administrators.
    #[schema(example = "moves to another host")]
    reason: String,
}

impl View for EndpointView {
    fn revision(&self) -> Option<Revision> {
        self.revision
    }
}

impl View for EndpointWithSecret {
    fn revision(&self) -> Option<Revision> {
        self.endpoint.revision
    }

    fn location(&self) -> Option<String> {
        let EndpointView { endpoint_id, cust_space_id, .. } = &self.endpoint;
        let of_tenant = cust_space_id.as_ref().map(|tenant| format!("/tenants/{tenant}"));
        Some(format!("{}/endpoints/{endpoint_id}", of_tenant.unwrap_or_default()))
    }

    fn without_secrets(self) -> Self {
        Self { secret: None, ..self }
    }
}

impl View for EnabledEndpoint {
    fn revision(&self) -> Option<Revision> {
        self.endpoint.revision
    }
}

/// Where the endpoints of a tenant lie, or, without one, the ISV's own.
pub(super) fn space<'a>(ctx: &'a AdminContext, owner: Option<&'a CustSpaceId>) -> Space<'a> {
    owner.map_or_else(|| ctx.isv(), |tenant| ctx.space(tenant))
}

/// The endpoints of a tenant, or the ISV's own, in the order of their IDs.
///
/// # Errors
/// [`AdminError`]
pub async fn list(
    ctx: &AdminContext,
    owner: Option<&CustSpaceId>,
    page: Paging,
) -> Result<Listed<EndpointView>, AdminError> {
    if let Some(tenant) = owner {
        super::tenants::get(ctx, tenant).await?;
    }
    let limit = page.limit()?;
    let after = page.after.unwrap_or_default();
    let mut found: Vec<EndpointView> = space(ctx, owner).endpoints().await?.into_iter().map(Into::into).collect();
    found.retain(|endpoint| endpoint.endpoint_id > after);
    found.sort_unstable_by(|one, other| one.endpoint_id.cmp(&other.endpoint_id));
    Ok(Paging::page(limit, found, |endpoint| endpoint.endpoint_id.clone(), |endpoint| endpoint))
}

/// Adds an endpoint, which gets what is published from now on.
///
/// # Errors
/// [`AdminError::Invalid`] where its URL may not be called, or a type is none.
pub async fn add(
    ctx: &AdminContext,
    owner: Option<&CustSpaceId>,
    new: AddEndpoint,
) -> Result<Created<EndpointWithSecret>, AdminError> {
    let mut wrong = Vec::new();
    is_callable(ctx, &mut wrong, &new.url);
    let types = types(&mut wrong, &new.types);
    bounded(&mut wrong, "description", new.description.as_deref().unwrap_or_default(), 0, LONGEST_DESCRIPTION);
    refuse(wrong)?;
    let new = NewEndpoint { url: new.url, types, description: new.description, secret: None };
    let created = space(ctx, owner).create_endpoint(&new, &ctx.actor).await?;
    let secret = Some(created.secret.expose().expose_secret().to_owned());
    Ok(Created(EndpointWithSecret { endpoint: created.endpoint.into(), secret }))
}

/// One endpoint.
///
/// # Errors
/// [`AdminError::NotFound`]
pub async fn get(ctx: &AdminContext, owner: Option<&CustSpaceId>, id: EndpointId) -> Result<EndpointView, AdminError> {
    let found = space(ctx, owner).endpoint(id).await?;
    found.map(Into::into).ok_or(AdminError::NotFound { what: "endpoint".into() })
}

/// Changes an endpoint.
///
/// # Errors
/// [`AdminError`]
pub async fn change(
    ctx: &AdminContext,
    owner: Option<&CustSpaceId>,
    id: EndpointId,
    asked: ChangeEndpoint,
) -> Result<EndpointView, AdminError> {
    let mut wrong = Vec::new();
    if let Some(url) = &asked.url {
        is_callable(ctx, &mut wrong, url);
    }
    let types = asked.types.as_deref().map(|names| types(&mut wrong, names));
    let described = asked.description.as_ref().and_then(Option::as_deref).unwrap_or_default();
    bounded(&mut wrong, "description", described, 0, LONGEST_DESCRIPTION);
    refuse(wrong)?;
    let change = EndpointChange { url: asked.url, types, description: asked.description };
    Ok(space(ctx, owner).update_endpoint(id, &change, &ctx.actor).await?.into())
}

/// Removes an endpoint with what is open for it.
///
/// # Errors
/// [`AdminError`]
pub async fn remove(ctx: &AdminContext, owner: Option<&CustSpaceId>, id: EndpointId) -> Result<NoContent, AdminError> {
    space(ctx, owner).remove_endpoint(id, &ctx.actor).await?;
    Ok(NoContent)
}

/// Gives an endpoint a new secret; deliveries are signed with the one before, too, for a while.
///
/// # Errors
/// [`AdminError`]
pub async fn rotate_secret(
    ctx: &AdminContext,
    owner: Option<&CustSpaceId>,
    id: EndpointId,
    asked: RotateEndpointSecret,
) -> Result<EndpointWithSecret, AdminError> {
    let overlap = asked.overlap_seconds.unwrap_or(USUAL_OVERLAP);
    if overlap > LONGEST_OVERLAP {
        return Err(AdminError::field("overlap_seconds", format!("a whole number from 0 to {LONGEST_OVERLAP}")));
    }
    let overlap = Duration::from_secs(overlap.into());
    let rotated = space(ctx, owner).rotate_endpoint_secret(id, overlap, None, &ctx.actor).await?;
    let secret = Some(rotated.secret.expose().expose_secret().to_owned());
    Ok(EndpointWithSecret { endpoint: rotated.endpoint.into(), secret })
}

/// Enables an endpoint, which gets what is published from now on.
///
/// # Errors
/// [`AdminError`]
pub async fn enable(
    ctx: &AdminContext,
    owner: Option<&CustSpaceId>,
    id: EndpointId,
) -> Result<EnabledEndpoint, AdminError> {
    let enabled = space(ctx, owner).enable_endpoint(id, &ctx.actor).await?;
    Ok(EnabledEndpoint { endpoint: enabled.endpoint.into(), missed_since: enabled.missed_since })
}

/// Disables an endpoint: nothing is delivered to it until it is enabled.
///
/// # Errors
/// [`AdminError`]
pub async fn disable(
    ctx: &AdminContext,
    owner: Option<&CustSpaceId>,
    id: EndpointId,
    why: DisableEndpoint,
) -> Result<EndpointView, AdminError> {
    let mut wrong = Vec::new();
    bounded(&mut wrong, "reason", &why.reason, 1, LONGEST_REASON);
    refuse(wrong)?;
    Ok(space(ctx, owner).disable_endpoint(id, why.reason.trim(), &ctx.actor).await?.into())
}

/// Whether the gateway could call the URL, as far as that can be said without calling.
fn is_callable(ctx: &AdminContext, wrong: &mut Vec<FieldError>, url: &str) {
    let checked = ExternalUrl::try_from(url).and_then(|url| ctx.egress.check(&url));
    if let Err(error) = checked {
        wrong.push(FieldError::new("url", error.to_string().trim_end_matches('.')));
    }
}

fn types(wrong: &mut Vec<FieldError>, names: &[String]) -> Vec<String> {
    if names.len() > MOST_TYPES {
        wrong.push(FieldError::new("types", format!("at most {MOST_TYPES} types")));
    }
    for (at, name) in names.iter().enumerate() {
        if let Err(error) = TypeFilter::parse([name.as_str()]) {
            wrong.push(FieldError::new(format!("types.{at}"), error.to_string()));
        }
    }
    names.to_vec()
}

impl From<Endpoint> for EndpointView {
    fn from(endpoint: Endpoint) -> Self {
        Self {
            endpoint_id: endpoint.endpoint_id.to_string(),
            cust_space_id: endpoint.cust_space_id,
            url: endpoint.url,
            types: endpoint.types,
            description: endpoint.description,
            state: match endpoint.state {
                EndpointState::Enabled => State::Enabled,
                EndpointState::Disabled => State::Disabled,
            },
            disabled_reason: endpoint.disabled_reason,
            disabled_at: endpoint.disabled_at,
            failing_since: endpoint.failing_since,
            failures: endpoint.failures,
            previous_until: endpoint.previous_until,
            created_at: endpoint.created_at,
            updated_at: endpoint.updated_at,
            revision: Some(endpoint.revision),
        }
    }
}
