//! Onboardings: how far a tenant is on its way from a token to its first call.
//!
//! The token on its way is kept here, sealed, and becomes the tenant's when all that is needed is done: nothing
//! half-done is active.

mod numbers;
mod steps;

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use sqlx::{PgConnection, types::Json};
use time::OffsetDateTime;

use crate::{
    Actor, CredentialCheck, Revision, Space, StoreError,
    audit::Action,
    sealing::{Place, Sealed, WrappedKey},
    text::{json_text, storable_option},
};

pub use numbers::TakeOver;
pub use steps::{NoStep, OnboardingStep, StepResult, StepState};

/// An onboarding to begin.
#[derive(Debug, Clone, Default)]
pub struct NewOnboarding {
    /// The account, where it is known.
    pub waba_id: Option<String>,
    /// The token, where it is known: it may come of a code later.
    pub access_token: Option<SecretString>,
}

/// An onboarding. Its token is never shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Onboarding {
    /// The WhatsApp Business Account; `None` until it is known.
    pub waba_id: Option<String>,
    /// The steps, in their order.
    pub steps: Vec<StepResult>,
    /// Whether all that is needed is done, and so the token is the tenant's.
    pub is_done: bool,
    /// When it was begun.
    pub created_at: OffsetDateTime,
    /// When something last happened to it.
    pub updated_at: OffsetDateTime,
    /// Which state of it this is.
    pub revision: Revision,
}

struct Row {
    waba_id: Option<String>,
    steps: Json<Vec<StepResult>>,
    is_done: bool,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
    revision: Revision,
}

impl Space<'_> {
    /// Begins an onboarding, in place of the one before. [`StoreError::NotFound`] where there is no such tenant.
    pub async fn begin_onboarding(&self, new: &NewOnboarding, actor: &Actor) -> Result<Onboarding, StoreError> {
        let mut transaction = self.begin().await?;
        self.locked(&mut transaction).await?;
        let sealed = self.seal_onboarding_token(&mut transaction, new.access_token.as_ref()).await?;
        let begun = self.insert_onboarding(&mut transaction, new, sealed.as_ref()).await?;
        let after = Some(json!({"waba_id": begun.waba_id}));
        let action = Action { name: "onboarding.begin", object: "onboarding", before: None, after };
        self.log(&mut transaction, actor, action).await?;
        transaction.commit().await?;
        Ok(begun)
    }

    /// The tenant's onboarding; `None` where none was begun.
    pub async fn onboarding(&self) -> Result<Option<Onboarding>, StoreError> {
        let mut transaction = self.begin().await?;
        let row = sqlx::query_as!(
            Row,
            r#"select waba_id, steps as "steps: Json<Vec<StepResult>>", is_done, created_at, updated_at,
                      revision as "revision: Revision"
               from onboardings where cust_space_id = $1"#,
            self.cust_space_id,
        );
        Ok(row.fetch_optional(&mut *transaction).await?.map(Onboarding::from))
    }

    /// The token that is on its way; `None` where there is none yet, or no longer.
    pub async fn onboarding_token(&self) -> Result<Option<SecretString>, StoreError> {
        let mut transaction = self.begin().await?;
        self.open_onboarding_token(&mut transaction).await
    }

    /// Keeps the token that came of a code. [`StoreError::Stale`] where somebody else goes on with the onboarding.
    pub async fn keep_onboarding_token(&self, access_token: &SecretString) -> Result<Onboarding, StoreError> {
        let mut transaction = self.begin().await?;
        self.expect(self.held_onboarding(&mut transaction).await?.revision)?;
        let sealed = self.seal_onboarding_token(&mut transaction, Some(access_token)).await?;
        sqlx::query!(
            "update onboardings set sealed_token = $2, key_version = $3, updated_at = now() where cust_space_id = $1",
            self.cust_space_id,
            sealed.as_ref().map(|sealed| sealed.bytes.as_slice()),
            sealed.as_ref().map(|sealed| sealed.key_version),
        )
        .execute(&mut *transaction)
        .await?;
        let kept = self.held_onboarding(&mut transaction).await?;
        transaction.commit().await?;
        Ok(kept)
    }

    /// Writes down how far a step is, and for which account; how it ended goes into the audit log, too.
    /// [`StoreError::Stale`] where somebody else goes on with it.
    pub async fn record_onboarding(
        &self,
        waba_id: Option<&str>,
        marked: &StepResult,
        actor: &Actor,
    ) -> Result<Onboarding, StoreError> {
        let mut transaction = self.begin().await?;
        let held = self.held_onboarding(&mut transaction).await?;
        self.expect(held.revision)?;
        let steps: Vec<&StepResult> =
            held.steps.iter().map(|known| if known.step == marked.step { marked } else { known }).collect();
        let recorded = self.update_onboarding(&mut transaction, waba_id, &steps).await?;
        if matches!(marked.state, StepState::Done | StepState::Failed) {
            let after = Some(json!({"step": marked.step, "state": marked.state, "detail": marked.detail}));
            let action = Action { name: "onboarding.step", object: "onboarding", before: None, after };
            self.log(&mut transaction, actor, action).await?;
        }
        transaction.commit().await?;
        Ok(recorded)
    }

    /// All that is needed is done: makes the token the tenant's, in the transaction that says so, and the tenant active.
    /// A token that is the tenant's already stays. [`StoreError::Stale`] where somebody else goes on with it.
    pub async fn finish_onboarding(&self, check: &CredentialCheck, actor: &Actor) -> Result<Onboarding, StoreError> {
        let mut transaction = self.begin().await?;
        self.locked(&mut transaction).await?;
        let held = self.held_onboarding(&mut transaction).await?;
        self.expect(held.revision)?;
        if let Some(token) = self.open_onboarding_token(&mut transaction).await? {
            self.put_credential(&mut transaction, &token, Some(check), actor).await?;
        }
        sqlx::query!(
            "update onboardings set is_done = true, sealed_token = null, key_version = null where cust_space_id = $1",
            self.cust_space_id,
        )
        .execute(&mut *transaction)
        .await?;
        let steps: Vec<&StepResult> = held.steps.iter().collect();
        let finished = self.update_onboarding(&mut transaction, held.waba_id.as_deref(), &steps).await?;
        let after = Some(json!({"waba_id": finished.waba_id}));
        let action = Action { name: "onboarding.finish", object: "onboarding", before: None, after };
        self.log(&mut transaction, actor, action).await?;
        transaction.commit().await?;
        Ok(finished)
    }

    /// The onboarding's row, held until the transaction ends.
    async fn held_onboarding(&self, transaction: &mut PgConnection) -> Result<Onboarding, StoreError> {
        let row = sqlx::query_as!(
            Row,
            r#"select waba_id, steps as "steps: Json<Vec<StepResult>>", is_done, created_at, updated_at,
                      revision as "revision: Revision"
               from onboardings where cust_space_id = $1 for update"#,
            self.cust_space_id,
        );
        let row = row.fetch_optional(transaction).await?;
        row.map(Onboarding::from).ok_or(StoreError::NotFound { what: "onboarding" })
    }

    async fn insert_onboarding(
        &self,
        transaction: &mut PgConnection,
        new: &NewOnboarding,
        sealed: Option<&Sealed>,
    ) -> Result<Onboarding, StoreError> {
        let pending =
            OnboardingStep::ALL.map(|step| StepResult { step, state: StepState::Pending, detail: None, fix: None });
        let row = sqlx::query_as!(
            Row,
            r#"insert into onboardings (cust_space_id, waba_id, steps, sealed_token, key_version)
               values ($1, $2, $3::text::json, $4, $5)
               on conflict (cust_space_id) do update
               set waba_id = excluded.waba_id, steps = excluded.steps, is_done = false,
                   sealed_token = excluded.sealed_token, key_version = excluded.key_version,
                   created_at = now(), updated_at = now()
               returning waba_id, steps as "steps: Json<Vec<StepResult>>", is_done, created_at, updated_at,
                         revision as "revision: Revision""#,
            self.cust_space_id,
            storable_option(new.waba_id.as_deref()),
            json_text(Some(&json!(pending))),
            sealed.map(|sealed| sealed.bytes.as_slice()),
            sealed.map(|sealed| sealed.key_version),
        );
        Ok(row.fetch_one(transaction).await?.into())
    }

    async fn update_onboarding(
        &self,
        transaction: &mut PgConnection,
        waba_id: Option<&str>,
        steps: &[&StepResult],
    ) -> Result<Onboarding, StoreError> {
        let row = sqlx::query_as!(
            Row,
            r#"update onboardings set waba_id = $2, steps = $3::text::json, updated_at = now() where cust_space_id = $1
               returning waba_id, steps as "steps: Json<Vec<StepResult>>", is_done, created_at, updated_at,
                         revision as "revision: Revision""#,
            self.cust_space_id,
            storable_option(waba_id),
            json_text(Some(&json!(steps))),
        );
        Ok(row.fetch_one(transaction).await?.into())
    }

    async fn seal_onboarding_token(
        &self,
        transaction: &mut PgConnection,
        token: Option<&SecretString>,
    ) -> Result<Option<Sealed>, StoreError> {
        let Some(token) = token else { return Ok(None) };
        let place = place(self.cust_space_id);
        Ok(Some(self.store.data_keys().seal(transaction, place, token.expose_secret().as_bytes()).await?))
    }

    async fn open_onboarding_token(&self, transaction: &mut PgConnection) -> Result<Option<SecretString>, StoreError> {
        let row = sqlx::query!(
            r#"select o.sealed_token as "sealed_token!", k.version, k.master_key_id, k.wrapped_key
               from onboardings o join data_keys k on k.cust_space_id = o.cust_space_id and k.version = o.key_version
               where o.cust_space_id = $1"#,
            self.cust_space_id,
        );
        let Some(row) = row.fetch_optional(transaction).await? else { return Ok(None) };
        let key = WrappedKey { version: row.version, master_key_id: row.master_key_id, bytes: row.wrapped_key };
        let token = self.store.data_keys().open(place(self.cust_space_id), &key, &row.sealed_token)?;
        let unreadable = |_| StoreError::Unreadable { place: format!("onboardings of {}", self.cust_space_id) };
        str::from_utf8(&token).map(|token| Some(token.into())).map_err(unreadable)
    }
}

impl From<Row> for Onboarding {
    fn from(row: Row) -> Self {
        let Row { waba_id, steps, is_done, created_at, updated_at, revision } = row;
        Self { waba_id, steps: steps.0, is_done, created_at, updated_at, revision }
    }
}

fn place(cust_space_id: &str) -> Place<'_> {
    Place { space: cust_space_id, table: "onboardings", column: "sealed_token", row: cust_space_id }
}
