//! `groupgate export`: what there is, in the form that `groupgate apply` takes. Secrets stay where they are.

use std::io::{self, Write};

use cams_api::identifiers::CustSpaceId;
use clap::Args;
use tenant_store::{BusinessNumber, Endpoint, Limits, ListedAccessKey, Tenant};
use time::format_description::well_known::Rfc3339;

use super::{
    CommandError,
    apply::{
        form::{API_VERSION, EndpointForm, Form, GrantForm, KeyForm, NumberForm, TenantForm},
        found::Parts,
    },
    store,
};
use crate::admin::limits::SetLimits;
use crate::config::Environment;

const HEADER: &str = "\
# Tokens and secrets are not here: add `credential` and `secret` with `from_env` or `from_file` where
# they are to be set. Keys for several tenants, and the ISV's own endpoints, are not here either.
# URLs are whole, with what their receivers may have put into them.
";

/// The arguments of `export`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  groupgate export > tenants.yaml
  groupgate export --tenant cams-8c8pdv | groupgate apply -f - --dry-run     has nothing to do")]
pub struct ExportArgs {
    /// Only this tenant; repeat it for several.
    #[arg(long = "tenant", value_name = "CUST_SPACE_ID")]
    tenants: Vec<CustSpaceId>,
}

/// Runs the command.
pub async fn run(args: &ExportArgs, environment: Environment) -> Result<(), CommandError> {
    let store = store::open(environment).await?;
    let mut chosen = Vec::new();
    for id in &args.tenants {
        chosen.push(store::tenant(&store, id).await?);
    }
    if args.tenants.is_empty() {
        chosen = store::all_tenants(&store).await?;
    }
    let keys = store.list_access_keys().await?;
    let mut tenants = Vec::with_capacity(chosen.len());
    for tenant in chosen {
        let parts = Parts::read(&store, &tenant.cust_space_id, &keys).await?;
        tenants.push(tenant_form(tenant, parts));
    }
    let form = Form { api_version: API_VERSION.to_owned(), tenants };
    let mut out = io::stdout().lock();
    out.write_all(HEADER.as_bytes())?;
    serde_norway::to_writer(out, &form).map_err(io::Error::other)?;
    Ok(())
}

fn tenant_form(tenant: Tenant, parts: Parts) -> TenantForm {
    let Parts { numbers, limits, endpoints, keys, .. } = parts;
    TenantForm {
        cust_space_id: tenant.cust_space_id,
        name: Some(tenant.name),
        notes: tenant.notes,
        labels: Some(tenant.labels).filter(|labels| !labels.is_empty()),
        numbers: Some(numbers.into_iter().map(number_form).collect()),
        credential: None,
        limits: (limits != Limits::default()).then(|| SetLimits::from(&limits)),
        endpoints: Some(endpoints.into_iter().map(endpoint_form).collect()),
        keys: Some(keys.into_iter().map(key_form).collect()),
    }
}

fn number_form(number: BusinessNumber) -> NumberForm {
    let BusinessNumber { business_number, phone_number_id, waba_id, .. } = number;
    NumberForm { business_number, phone_number_id, waba_id }
}

fn endpoint_form(endpoint: Endpoint) -> EndpointForm {
    let Endpoint { url, types, description, .. } = endpoint;
    EndpointForm { url, types, description, secret: None }
}

fn key_form(key: ListedAccessKey) -> KeyForm {
    let ListedAccessKey { access_key_id, name, grants, expires_at, allowed_networks, .. } = key;
    KeyForm {
        name,
        access_key_id: Some(access_key_id),
        grants: grants.into_iter().map(|grant| GrantForm { cust_space_ids: None, scopes: grant.scopes }).collect(),
        expires_at: expires_at.and_then(|at| at.format(&Rfc3339).ok()),
        allowed_networks: allowed_networks.iter().map(ToString::to_string).collect(),
    }
}
