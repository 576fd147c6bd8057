//! The demo's tenants, numbers, tokens and keys. Each is made where it is missing, so that a first
//! start that was cut short is completed by the next.

use std::{io, time::Duration};

use cams_api::operations::{EXAMPLE_SUBJECT, EXAMPLE_UNIQUE_CODE};
use secrecy::{ExposeSecret, SecretString};
use tenant_store::{
    Actor, ChangeStatus, Grant, NewAccessKey, NewChange, NewNumber, NewTenant, OpenCredential, Outcome, Store,
    StoreError, UniqueCode,
};

use super::{
    DemoError,
    names::{ADMIN_KEY_ID, DemoTenant, TENANT_SCOPES, TENANTS},
    state::{self, Secret, Secrets},
};
use crate::commands::CommandError;
use cams_api::Scope;

/// Makes what is missing.
pub(super) async fn provision(store: &Store, secrets: &Secrets) -> Result<(), CommandError> {
    for (index, tenant) in TENANTS.iter().enumerate() {
        add_tenant(store, tenant).await?;
        add_number(store, tenant).await?;
        set_credential(store, tenant, secrets.get(Secret::GraphToken(index))).await?;
        create_key(store, &tenant_key(tenant, secrets.get(Secret::AccessKey(index)))).await?;
    }
    record_example(store).await?;
    create_key(store, &administrators_key(secrets.get(Secret::AdminKey))).await
}

fn actor() -> Actor {
    Actor { name: "groupgate demo".to_owned(), address: None, request_id: None }
}

/// What is there already is no fault.
fn unless_there<T>(outcome: Result<T, StoreError>) -> Result<(), StoreError> {
    match outcome {
        Ok(_) | Err(StoreError::Conflict { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

async fn add_tenant(store: &Store, tenant: &DemoTenant) -> Result<(), StoreError> {
    if store.tenant(tenant.cust_space_id).await?.is_some() {
        return Ok(());
    }
    let new = NewTenant {
        cust_space_id: tenant.cust_space_id.to_owned(),
        name: tenant.name.to_owned(),
        ..NewTenant::default()
    };
    unless_there(store.add_tenant(&new, &actor()).await)
}

async fn add_number(store: &Store, tenant: &DemoTenant) -> Result<(), StoreError> {
    let space = store.space(tenant.cust_space_id);
    if space.numbers().await?.iter().any(|number| number.business_number == tenant.business_number) {
        return Ok(());
    }
    let new = NewNumber {
        business_number: tenant.business_number.to_owned(),
        phone_number_id: tenant.phone_number_id.to_owned(),
        waba_id: tenant.waba_id.to_owned(),
    };
    unless_there(space.add_number(&new, &actor()).await)
}

/// Stores the sandbox's token where none is stored. Another one is left alone: somebody tries
/// `credentials set`, or the way of a bad token.
async fn set_credential(store: &Store, tenant: &DemoTenant, token: &SecretString) -> Result<(), CommandError> {
    let open = store.open_tenant(tenant.cust_space_id).await?;
    match open.map(|tenant| tenant.credential) {
        Some(OpenCredential::Open(_) | OpenCredential::Invalid(_)) => Ok(()),
        Some(OpenCredential::Unreadable) => Err(other_secrets(format!("the token of {}", tenant.cust_space_id))),
        Some(OpenCredential::Missing) | None => {
            store.space(tenant.cust_space_id).set_credential(token, &actor()).await?;
            Ok(())
        }
    }
}

/// Records how the first tenant's group was made, under the `UniqueCode` that the documentation's example asks for.
async fn record_example(store: &Store) -> Result<(), CommandError> {
    let tenant = &TENANTS[0];
    let unique_code = UniqueCode(uuid::Uuid::try_parse(EXAMPLE_UNIQUE_CODE).map_err(io::Error::other)?);
    let space = store.space(tenant.cust_space_id);
    let made = NewChange {
        operation: "AddChatGroup".to_owned(),
        business_number: tenant.business_number.to_owned(),
        phone_number_id: tenant.phone_number_id.to_owned(),
        group_id: None,
        subject: Some(EXAMPLE_SUBJECT.to_owned()),
        request: serde_json::json!({}),
        answer_due: Duration::ZERO,
        trace: None,
    };
    unless_there(space.begin_change_as(unique_code, &made).await)?;
    let group_id = Some(tenant.group_id.to_owned());
    space.settle_change(unique_code, &Outcome { group_id, ..Outcome::of(ChangeStatus::Succeeded) }).await?;
    Ok(())
}

fn tenant_key(tenant: &DemoTenant, secret: &SecretString) -> NewAccessKey {
    let scopes = TENANT_SCOPES.map(str::to_owned).to_vec();
    let grant = Grant { cust_space_ids: vec![tenant.cust_space_id.to_owned()], scopes };
    key(tenant.access_key_id, format!("Demo key of {}", tenant.cust_space_id), grant, secret)
}

fn administrators_key(secret: &SecretString) -> NewAccessKey {
    let scopes = Scope::ALL.map(|scope| scope.to_string()).to_vec();
    let grant = Grant { cust_space_ids: vec!["*".to_owned()], scopes };
    key(ADMIN_KEY_ID, "Demo administrator".to_owned(), grant, secret)
}

fn key(access_key_id: &str, name: String, grant: Grant, secret: &SecretString) -> NewAccessKey {
    NewAccessKey {
        name,
        grants: vec![grant],
        access_key_id: Some(access_key_id.to_owned()),
        secret: Some(secret.clone()),
        ..NewAccessKey::default()
    }
}

async fn create_key(store: &Store, new: &NewAccessKey) -> Result<(), CommandError> {
    let id = new.access_key_id.as_deref().unwrap_or_default();
    match store.access_key(id).await {
        Ok(None) => Ok(unless_there(store.create_access_key(new, &actor()).await)?),
        Ok(Some(key)) if is_same(&key.secret, new.secret.as_ref()) => Ok(()),
        Ok(Some(_)) | Err(StoreError::Unreadable { .. }) => Err(other_secrets(format!("the access key {id}"))),
        Err(error) => Err(error.into()),
    }
}

fn is_same(stored: &SecretString, ours: Option<&SecretString>) -> bool {
    ours.is_some_and(|ours| ours.expose_secret() == stored.expose_secret())
}

fn other_secrets(what: String) -> CommandError {
    DemoError::OtherSecrets { what, file: state::FILE }.into()
}
