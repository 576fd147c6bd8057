//! External issuers of JWTs: whose tokens are accepted beside the gateway's own, and what their claims allow.

mod checking;

use serde::{Deserialize, Serialize};
use tenant_store::{ClaimRule, Issuer, IssuerChange, IssuerId, NewIssuer, Revision};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::view::{Created, Listed, NoContent, Paging, View};
use super::{AdminContext, AdminError, FieldError};

use checking::{bounded, check_algorithms, check_keys, check_rules, check_url, refuse_beyond};

/// All of them are kept in memory.
const MOST_ISSUERS: usize = 100;

/// An issuer whose tokens are accepted.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Issuer)]
pub struct IssuerView {
    /// Its ID.
    #[schema(example = "iss_01990a2b3c4d4e5f8a9b0c1d2e3f4a5b")]
    pub issuer_id: String,
    /// `iss`, exactly as its tokens have it.
    #[schema(example = "https://login.isv.example/")]
    pub issuer: String,
    /// What `aud` of its tokens must name.
    #[schema(example = "groupgate")]
    pub audience: String,
    /// Where its keys stand, as a JSON Web Key Set.
    #[schema(example = "https://login.isv.example/.well-known/jwks.json")]
    pub jwks_url: String,
    /// How its tokens may be signed.
    #[schema(example = json!(["RS256"]))]
    pub algorithms: Vec<String>,
    /// What its tokens allow.
    pub claims: Vec<ClaimGrant>,
    /// When it was added.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When it was changed last.
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
    #[serde(skip)]
    revision: Revision,
}

/// What a token may do whose claim has this value. A token gets what all rules together give it; without any it is let in,
/// and may do nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClaimGrant {
    /// The claim's name; with a `/` at its beginning, a JSON pointer into the claims, such as `/realm_access/roles`.
    #[schema(example = "roles")]
    pub claim: String,
    /// The text that it must be, or that must stand in its list; in `scope` and `scp` one of the words.
    #[schema(example = "support")]
    pub value: String,
    /// On which tenants, or `["*"]` for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(example = json!(["cams-8c8pdv"]))]
    pub cust_space_ids: Vec<String>,
    /// In place of `cust_space_ids`: the claim that names the tenants, one by one; `*` in it is no tenant's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cust_space_ids_claim: Option<String>,
    /// What: scopes, such as `groups.read`.
    #[schema(example = json!(["groups.read"]))]
    pub scopes: Vec<String>,
}

/// An issuer to accept tokens of.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddIssuer {
    /// `iss`, exactly as its tokens have it, to the last `/`.
    #[schema(example = "https://login.isv.example/")]
    issuer: String,
    /// What `aud` of its tokens must name: a name for this gateway that the issuer uses for nobody else.
    #[schema(example = "groupgate")]
    audience: String,
    /// Where its keys stand. They are fetched before the issuer is accepted.
    #[schema(example = "https://login.isv.example/.well-known/jwks.json")]
    jwks_url: String,
    /// `RS256`, `ES256`, `EdDSA`: the ones that it really uses.
    #[schema(example = json!(["RS256"]))]
    algorithms: Vec<String>,
    /// What its tokens allow.
    claims: Vec<ClaimGrant>,
}

/// What is to be different of an issuer. What is absent stays; `issuer` never changes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeIssuer {
    /// What `aud` of its tokens must name.
    audience: Option<String>,
    /// Where its keys stand.
    jwks_url: Option<String>,
    /// How its tokens may be signed: all of them anew.
    algorithms: Option<Vec<String>>,
    /// What its tokens allow: all rules anew.
    claims: Option<Vec<ClaimGrant>>,
}

impl View for IssuerView {
    fn revision(&self) -> Option<Revision> {
        Some(self.revision)
    }

    fn location(&self) -> Option<String> {
        Some(format!("/issuers/{}", self.issuer_id))
    }
}

/// The issuers, in the order of their IDs.
///
/// # Errors
/// [`AdminError`]
pub async fn list(ctx: &AdminContext, paging: Paging) -> Result<Listed<IssuerView>, AdminError> {
    let limit = paging.limit()?;
    let after = paging.after.unwrap_or_default();
    let mut all = ctx.store().issuers().await?;
    all.sort_by_key(|issuer| issuer.issuer_id);
    let found = all.into_iter().filter(|issuer| issuer.issuer_id.to_string() > after).collect();
    Ok(Paging::page(limit, found, |issuer| issuer.issuer_id.to_string(), IssuerView::from))
}

/// Accepts an issuer's tokens from now on.
///
/// # Errors
/// [`AdminError::Invalid`], also where there are no keys to be fetched; [`AdminError::Beyond`] where its tokens would allow
/// more than the caller may; [`AdminError::Conflict`] where the issuer is there.
pub async fn add(ctx: &AdminContext, new: AddIssuer) -> Result<Created<IssuerView>, AdminError> {
    let mut wrong = Vec::new();
    bounded(&mut wrong, "issuer", &new.issuer);
    if new.issuer.contains('#') {
        // Callers are told apart by `<issuer>#<sub>`.
        wrong.push(FieldError::new("issuer", "a text without `#`"));
    }
    bounded(&mut wrong, "audience", &new.audience);
    check_algorithms(&mut wrong, &new.algorithms);
    check_rules(&mut wrong, &new.claims);
    let url = check_url(&mut wrong, &new.jwks_url);
    let Some(url) = url.filter(|_| wrong.is_empty()) else { return Err(AdminError::Invalid(wrong)) };
    refuse_beyond(ctx, &new.claims)?;
    if ctx.store().issuers().await?.len() >= MOST_ISSUERS {
        let why = format!("There are {MOST_ISSUERS} issuers already, as many as there may be. Remove one first.");
        return Err(AdminError::Unfit { why });
    }
    check_keys(ctx, &url, &new.algorithms).await?;
    let AddIssuer { issuer, audience, jwks_url, algorithms, claims } = new;
    let claims = claims.into_iter().map(ClaimRule::from).collect();
    let new = NewIssuer { issuer, audience, jwks_url, algorithms, claims };
    Ok(Created(ctx.store().add_issuer(&new, &ctx.actor).await?.into()))
}

/// One issuer.
///
/// # Errors
/// [`AdminError::NotFound`]
pub async fn get(ctx: &AdminContext, id: IssuerId) -> Result<IssuerView, AdminError> {
    Ok(find(ctx, id).await?.into())
}

/// Changes what is accepted of an issuer. Tokens that were let in before are looked at anew.
///
/// # Errors
/// As [`add`].
pub async fn change(ctx: &AdminContext, id: IssuerId, asked: ChangeIssuer) -> Result<IssuerView, AdminError> {
    let known = find(ctx, id).await?;
    let revision = ctx.deciding_on(known.revision)?;
    let mut wrong = Vec::new();
    if let Some(audience) = &asked.audience {
        bounded(&mut wrong, "audience", audience);
    }
    let algorithms = asked.algorithms.as_ref().unwrap_or(&known.algorithms);
    check_algorithms(&mut wrong, algorithms);
    check_rules(&mut wrong, asked.claims.as_deref().unwrap_or_default());
    let url = check_url(&mut wrong, asked.jwks_url.as_deref().unwrap_or(&known.jwks_url));
    let Some(url) = url.filter(|_| wrong.is_empty()) else { return Err(AdminError::Invalid(wrong)) };
    // Whoever changes whose keys are trusted, gives all that the rules give.
    refuse_beyond(ctx, &asked.claims.clone().unwrap_or_else(|| rules(known.claims.clone())))?;
    if asked.jwks_url.is_some() || asked.algorithms.is_some() {
        check_keys(ctx, &url, algorithms).await?;
    }
    let claims = asked.claims.map(|claims| claims.into_iter().map(ClaimRule::from).collect());
    let change =
        IssuerChange { audience: asked.audience, jwks_url: asked.jwks_url, algorithms: asked.algorithms, claims };
    let isv = ctx.store().isv().expecting(Some(revision));
    Ok(isv.change_issuer(id, &change, &ctx.actor).await?.into())
}

/// Accepts an issuer's tokens no longer.
///
/// # Errors
/// [`AdminError`]
pub async fn remove(ctx: &AdminContext, id: IssuerId) -> Result<NoContent, AdminError> {
    ctx.isv().remove_issuer(id, &ctx.actor).await?;
    Ok(NoContent)
}

async fn find(ctx: &AdminContext, id: IssuerId) -> Result<Issuer, AdminError> {
    ctx.store().issuer(id).await?.ok_or(AdminError::NotFound { what: "issuer".into() })
}

fn rules(stored: Vec<ClaimRule>) -> Vec<ClaimGrant> {
    stored.into_iter().map(ClaimGrant::from).collect()
}

impl From<ClaimRule> for ClaimGrant {
    fn from(rule: ClaimRule) -> Self {
        let ClaimRule { claim, value, cust_space_ids, cust_space_ids_claim, scopes } = rule;
        Self { claim, value, cust_space_ids, cust_space_ids_claim, scopes }
    }
}

impl From<ClaimGrant> for ClaimRule {
    fn from(rule: ClaimGrant) -> Self {
        let ClaimGrant { claim, value, cust_space_ids, cust_space_ids_claim, scopes } = rule;
        Self { claim, value, cust_space_ids, cust_space_ids_claim, scopes }
    }
}

impl From<Issuer> for IssuerView {
    fn from(stored: Issuer) -> Self {
        Self {
            issuer_id: stored.issuer_id.to_string(),
            issuer: stored.issuer,
            audience: stored.audience,
            jwks_url: stored.jwks_url,
            algorithms: stored.algorithms,
            claims: rules(stored.claims),
            created_at: stored.created_at,
            updated_at: stored.updated_at,
            revision: stored.revision,
        }
    }
}
