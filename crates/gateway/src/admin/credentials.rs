//! A tenant's Graph token: stored and replaced, never shown; and what Meta says of it.

use cams_api::identifiers::CustSpaceId;
use graph_client::{App, Token, Urgency};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use tenant_store::{Credential, CredentialCheck, CredentialState, Revision};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::view::{NoContent, View};
use super::{AdminContext, AdminError};
use crate::credentials::{self, Checked, Unchecked};

const NO_APP: &str =
    "Only a Meta app may ask about tokens: set GROUPGATE_APP_ID and GROUPGATE_APP_SECRET, and start the gateway anew.";
const UNREADABLE: &str = "The stored token does not open: set it anew, or put the master key that it was sealed under back \
                          into GROUPGATE_MASTER_KEY.";

/// What may be told of a tenant's token.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Credential)]
pub struct CredentialView {
    /// `valid`, `expiring` within the next seven days, `invalid` where Meta refuses it (then calls are refused with
    /// `Credential.Invalid`), or `missing`. One that Meta was not asked about yet counts as valid.
    #[schema(value_type = String, example = "valid")]
    pub state: ShownState,
    /// Meta's word for why it is invalid.
    pub reason: Option<String>,
    /// The Meta app that it was made for.
    #[schema(example = "300000000000001")]
    pub app_id: Option<String>,
    /// What it may do.
    #[schema(example = json!(["whatsapp_business_management", "whatsapp_business_messaging"]))]
    pub scopes: Vec<String>,
    /// When it ends; `null` for one without an end.
    #[serde(with = "time::serde::rfc3339::option")]
    pub expires_at: Option<OffsetDateTime>,
    /// When Meta was last asked; `null` until then.
    #[serde(with = "time::serde::rfc3339::option")]
    pub checked_at: Option<OffsetDateTime>,
    /// Its last four characters; `null` where there is none, or it is so short that they would give it away.
    #[schema(example = "wxyz")]
    pub last4: Option<String>,
    /// When it was stored.
    #[serde(with = "time::serde::rfc3339::option")]
    pub updated_at: Option<OffsetDateTime>,
    #[serde(skip)]
    revision: Revision,
}

/// How good a tenant's token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ShownState {
    /// Meta takes it, as far as is known.
    Valid,
    /// Meta takes it, and will not for much longer.
    Expiring,
    /// Meta refuses it.
    Invalid,
    /// There is none.
    Missing,
}

impl ShownState {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Expiring => "expiring",
            Self::Invalid => "invalid",
            Self::Missing => "missing",
        }
    }
}

/// A token to store.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetCredential {
    /// The token, as Meta gave it. It is never shown again.
    #[serde(deserialize_with = "super::view::secret")]
    #[schema(value_type = String, write_only, example = "EAAsandboxtoken1")]
    access_token: SecretString,
}

impl View for CredentialView {
    fn revision(&self) -> Option<Revision> {
        Some(self.revision)
    }
}

/// What may be told of the tenant's token; `missing` is an answer, too.
///
/// # Errors
/// [`AdminError::NotFound`] where there is no such tenant.
pub async fn get(ctx: &AdminContext, tenant: &CustSpaceId) -> Result<CredentialView, AdminError> {
    super::tenants::get(ctx, tenant).await?;
    Ok(ctx.space(tenant).credential().await?.map_or_else(CredentialView::missing, CredentialView::from))
}

/// Stores a token in place of the one before. Where Meta can be asked it is asked first, and a token that it does not take
/// is not stored.
///
/// # Errors
/// [`AdminError::Invalid`] for a token that cannot be used.
pub async fn set(ctx: &AdminContext, tenant: &CustSpaceId, new: SetCredential) -> Result<CredentialView, AdminError> {
    super::tenants::get(ctx, tenant).await?;
    let token = new.access_token;
    Token::new(&token, None).map_err(|error| AdminError::field("access_token", error.to_string()))?;
    let space = ctx.space(tenant);
    let stored = match asked(ctx, &token).await? {
        Some(check) => space.set_checked_credential(&token, &check, &ctx.actor).await?,
        None => space.set_credential(&token, &ctx.actor).await?,
    };
    Ok(stored.into())
}

/// Removes the token. An active tenant is pending from then on.
///
/// # Errors
/// [`AdminError::NotFound`] where there is none.
pub async fn remove(ctx: &AdminContext, tenant: &CustSpaceId) -> Result<NoContent, AdminError> {
    ctx.space(tenant).remove_credential(&ctx.actor).await?;
    Ok(NoContent)
}

/// Asks Meta about the stored token, now.
///
/// # Errors
/// [`AdminError::NotFound`] where there is none, [`AdminError::Upstream`] where Meta does not say.
pub async fn check(ctx: &AdminContext, tenant: &CustSpaceId) -> Result<CredentialView, AdminError> {
    let space = ctx.space(tenant);
    let stored = space.stored_token().await?.ok_or(AdminError::NotFound { what: "credential".into() })?;
    let unreadable = || AdminError::Unfit { why: UNREADABLE.to_owned() };
    let token = credentials::opened(&stored.token).ok_or_else(unreadable)?;
    let checked = ask(ctx, app(ctx)?, token).await.map_err(|error| unasked(&error))?;
    space.record_asked_credential_check(stored.revision, &checked.check, &ctx.actor).await?;
    get(ctx, tenant).await
}

/// Whether Meta can be asked about tokens: whether there is an app to ask in the name of.
pub fn can_ask(ctx: &AdminContext) -> bool {
    ctx.services.app.is_some()
}

/// The Meta app, in whose name tokens are asked about.
pub(super) fn app(ctx: &AdminContext) -> Result<&App, AdminError> {
    ctx.services.app.as_ref().ok_or_else(|| AdminError::Unfit { why: NO_APP.to_owned() })
}

async fn ask(ctx: &AdminContext, app: &App, token: &SecretString) -> Result<Checked, Unchecked> {
    let call = ctx.services.upstream.call(app.token(), Urgency::Caller);
    credentials::check(&ctx.graph, call, app, token).await
}

/// What Meta says of a token before it is stored; `None` where it cannot be asked now, and is asked later.
async fn asked(ctx: &AdminContext, token: &SecretString) -> Result<Option<CredentialCheck>, AdminError> {
    let Some(app) = &ctx.services.app else { return Ok(None) };
    match ask(ctx, app, token).await {
        Ok(checked) if checked.check.state == CredentialState::Invalid => {
            let reason = checked.check.reason.unwrap_or_default();
            Err(AdminError::field("access_token", format!("a token that Meta takes; of this one it says: {reason}")))
        }
        Ok(checked) => Ok(Some(checked.check)),
        Err(error) if error.is_passing() => {
            tracing::warn!(%error, "a token is stored that Meta could not be asked about");
            Ok(None)
        }
        Err(error) => Err(unasked(&error)),
    }
}

fn unasked(error: &Unchecked) -> AdminError {
    AdminError::Upstream { why: format!("{error}. {}", error.advice()) }
}

impl CredentialView {
    fn missing() -> Self {
        Self {
            state: ShownState::Missing,
            reason: None,
            app_id: None,
            scopes: Vec::new(),
            expires_at: None,
            checked_at: None,
            last4: None,
            updated_at: None,
            revision: Revision(0),
        }
    }
}

impl From<Credential> for CredentialView {
    fn from(credential: Credential) -> Self {
        Self {
            state: credential.state.into(),
            reason: credential.reason,
            app_id: credential.app_id,
            scopes: credential.scopes,
            expires_at: credential.expires_at,
            checked_at: credential.checked_at,
            last4: Some(credential.last4).filter(|last4| !last4.is_empty()),
            updated_at: Some(credential.updated_at),
            revision: credential.revision,
        }
    }
}

impl From<CredentialState> for ShownState {
    fn from(state: CredentialState) -> Self {
        match state {
            CredentialState::Valid => Self::Valid,
            CredentialState::Expiring => Self::Expiring,
            CredentialState::Invalid => Self::Invalid,
        }
    }
}
