//! The steps of a plan, done one after the other. Each is a change like any other: in its own transaction, with its entry
//! in the audit log. Where one fails, those before it are done, and applying again goes on from there.

use std::collections::BTreeMap;
use std::time::Duration;

use secrecy::ExposeSecret;
use serde::Serialize;
use tenant_store::{NewAccessKey, NewEndpoint, Revision, Store, StoreError};

use super::{
    meta::Meta,
    plan::{Action, Plan, Step},
    words::without_query,
};
use crate::commands::{CommandError, store};

/// How long an endpoint's old secret signs beside the new one.
const OVERLAP: Duration = Duration::from_hours(24);

/// A secret that was made, shown this once.
#[derive(Serialize)]
#[serde(tag = "made", rename_all = "snake_case")]
pub(super) enum Made {
    Key { cust_space_id: String, name: String, access_key_id: String, access_key_secret: String },
    Endpoint { cust_space_id: String, url: String, endpoint_id: String, secret: String },
}

impl Made {
    pub(super) fn text(&self) -> String {
        match self {
            Self::Key { cust_space_id, name, access_key_id, access_key_secret } => format!(
                "Key {name} of {cust_space_id}\n  AccessKeyId:     {access_key_id}\n  AccessKeySecret: {access_key_secret}"
            ),
            Self::Endpoint { cust_space_id, url, endpoint_id, secret } => {
                format!("Endpoint {endpoint_id} of {cust_space_id} ({})\n  Secret: {secret}", without_query(url))
            }
        }
    }
}

/// What is done so far; it is told also where a later step fails, since secrets are shown only once.
#[derive(Default)]
pub(super) struct Done {
    pub(super) made: Vec<Made>,
    /// Which steps, by their places in the plan.
    pub(super) steps: Vec<usize>,
    /// Of tenants and endpoints that were changed on the way, what they are now.
    revisions: BTreeMap<String, Revision>,
}

impl Done {
    /// Carries out all steps, or as many as can be.
    pub(super) async fn carry_out(
        &mut self,
        store: &Store,
        meta: Option<&Meta>,
        plan: Plan,
    ) -> Result<(), CommandError> {
        let mut steps: Vec<_> = plan.steps.into_iter().enumerate().collect();
        steps.sort_by_key(|(_, step)| step.action.phase());
        for (at, step) in steps {
            let Step { cust_space_id, what, action, .. } = step;
            let step = format!("{cust_space_id}, {what}");
            if let Action::Subscribe(waba_id, token) = action {
                if let Some(meta) = meta {
                    let subscribed = meta.subscribe(store, &cust_space_id, &waba_id, token.as_ref()).await;
                    subscribed.map_err(|why| CommandError::NotSubscribed { step, why })?;
                }
            } else {
                let done = self.step(store, &cust_space_id, action).await;
                done.map_err(|source| CommandError::NotApplied { step, source })?;
            }
            self.steps.push(at);
        }
        Ok(())
    }

    /// One step. Of what an earlier step has changed, the next expects what that one left.
    async fn step(&mut self, store: &Store, id: &str, action: Action) -> Result<(), StoreError> {
        let (space, actor) = (store.space(id), store::actor());
        match action {
            Action::AddTenant(new) => {
                let added = store.add_tenant(&new, &actor).await?;
                self.revisions.insert(id.to_owned(), added.revision);
            }
            Action::ChangeTenant(change, seen) => {
                let changed = space.expecting(Some(seen)).change_tenant(&change, &actor).await?;
                self.revisions.insert(id.to_owned(), changed.revision);
            }
            Action::EraseTenant(seen) => {
                space.expecting(Some(seen)).erase(&actor).await?;
            }
            Action::SetLimits(limits, seen) => {
                space.expecting(self.revisions.get(id).copied().or(seen)).set_limits(&limits, &actor).await?;
            }
            Action::AddNumber(new) => {
                space.add_number(&new, &actor).await?;
            }
            Action::ChangeNumber(number, change, seen) => {
                space.expecting(Some(seen)).change_number(&number, &change, &actor).await?;
            }
            Action::RemoveNumber(number, seen) => {
                space.expecting(Some(seen)).remove_number(&number, &actor).await?;
            }
            Action::SetToken(token, check, seen) => {
                let space = space.expecting(Some(seen));
                match check {
                    Some(check) => space.set_checked_credential(&token, &check, &actor).await?,
                    None => space.set_credential(&token, &actor).await?,
                };
            }
            Action::CreateEndpoint(new) => self.create_endpoint(store, id, new).await?,
            Action::ChangeEndpoint(endpoint, change, seen) => {
                let changed = space.expecting(Some(seen)).update_endpoint(endpoint, &change, &actor).await?;
                self.revisions.insert(endpoint.to_string(), changed.revision);
            }
            Action::ReplaceSecret(endpoint, secret, seen) => {
                let now = self.revisions.get(&endpoint.to_string()).copied().unwrap_or(seen);
                space.expecting(Some(now)).rotate_endpoint_secret(endpoint, OVERLAP, Some(secret), &actor).await?;
            }
            Action::RemoveEndpoint(endpoint, seen) => {
                space.expecting(Some(seen)).remove_endpoint(endpoint, &actor).await?;
            }
            Action::CreateKey(new) => self.create_key(store, id, new).await?,
            Action::ChangeKey(key, change, seen) => {
                store.change_access_key(&key, &change, Some(seen), &actor).await?;
            }
            Action::RevokeKey(key, seen) => {
                store.revoke_access_key(&key, Some(seen), &actor).await?;
            }
            // Meta's to do, not the store's.
            Action::Subscribe(..) => {}
        }
        Ok(())
    }

    /// A secret that was given is known to whoever gave it; one that was made is shown.
    async fn create_endpoint(&mut self, store: &Store, id: &str, new: NewEndpoint) -> Result<(), StoreError> {
        let created = store.space(id).create_endpoint(&new, &store::actor()).await?;
        if new.secret.is_none() {
            self.made.push(Made::Endpoint {
                cust_space_id: id.to_owned(),
                url: new.url,
                endpoint_id: created.endpoint.endpoint_id.to_string(),
                secret: created.secret.expose().expose_secret().to_owned(),
            });
        }
        Ok(())
    }

    async fn create_key(&mut self, store: &Store, id: &str, new: NewAccessKey) -> Result<(), StoreError> {
        let created = store.create_access_key(&new, &store::actor()).await?;
        self.made.push(Made::Key {
            cust_space_id: id.to_owned(),
            name: new.name,
            access_key_id: created.access_key_id,
            access_key_secret: created.secret.expose_secret().to_owned(),
        });
        Ok(())
    }
}
