//! Whose is the object that a path names, decided by our records before anything is sent. That Meta would answer for an ID
//! is no proof: one token may see the objects of two tenants.

use std::sync::Arc;

use actix_web::http::Method;
use cams_api::Scope;
use tenant_store::{ObjectKind, ObjectOwner};

use super::calls::{Edge, candidates};
use super::errors::FaceError;
use super::paths::{Subject, UnknownPath};
use crate::api::Worker;
use crate::auth::{Caller, Denied};
use crate::operations::{GraphCall, OperationError};
use crate::tenants::{Number, Tenant, Unresolved};

/// A call whose object is the caller's.
pub(super) struct Owned {
    /// Which call it is.
    pub call: GraphCall,
    /// Whose the object is.
    pub tenant: Arc<Tenant>,
    /// The number that it is or belongs to; for what belongs to an account, one of the account's.
    pub number: Arc<Number>,
    /// The account, where it belongs to one.
    pub waba_id: Option<String>,
}

/// Finds the tenant that the call is about. `waba_id` tells whose token is used where the path names no object.
///
/// # Errors
/// [`FaceError`]; objects that do not exist and objects of others look alike.
pub(super) async fn resolve(
    worker: &Worker,
    caller: &Caller,
    method: &Method,
    subject: &Subject,
    waba_id: Option<&str>,
) -> Result<Owned, FaceError> {
    match subject {
        Subject::Object { id, edge } => of_object(worker, caller, method, id, *edge).await,
        Subject::Library if method != Method::GET => Err(UnknownPath::Edge.into()),
        Subject::Library => of_library(worker, caller, waba_id).await,
    }
}

async fn of_object(
    worker: &Worker,
    caller: &Caller,
    method: &Method,
    id: &str,
    edge: Option<Edge>,
) -> Result<Owned, FaceError> {
    let calls = candidates(method, edge);
    if calls.is_empty() {
        return Err(UnknownPath::Edge.into());
    }
    let no_object = || FaceError::NoObject { method: method.as_str().to_ascii_lowercase(), id: id.to_owned() };
    find(worker, caller, id, &calls).await?.ok_or_else(no_object)
}

/// The library belongs to nobody: any token sees it.
async fn of_library(worker: &Worker, caller: &Caller, waba_id: Option<&str>) -> Result<Owned, FaceError> {
    let call = GraphCall::TemplateLibrary;
    if let Some(waba_id) = waba_id {
        let found = find(worker, caller, waba_id, &[(ObjectKind::Waba, call)]).await?;
        return found.ok_or_else(|| FaceError::NoObject { method: "get".to_owned(), id: waba_id.to_owned() });
    }
    let of_several =
        || FaceError::parameter("waba_id", "must name an account, since the caller acts for several tenants");
    let only = caller.only_tenant().ok_or_else(of_several)?;
    caller.authorize(call.scope(), call.name(), &only).map_err(OperationError::from)?;
    let tenant = open(worker, &only).await?;
    let number = tenant.numbers.first().cloned().ok_or(OperationError::Unresolved(Unresolved::NoNumber))?;
    Ok(Owned { call, tenant, number, waba_id: None })
}

/// The owner for whom the caller may make the call. What is remembered is looked up anew where it does not help.
async fn find(
    worker: &Worker,
    caller: &Caller,
    id: &str,
    calls: &[(ObjectKind, GraphCall)],
) -> Result<Option<Owned>, FaceError> {
    let owners = &worker.services.owners;
    let was_remembered = owners.remembers(id);
    let found = among(worker, caller, &owners.of(id).await?, calls).await;
    match found {
        Ok(None) if was_remembered => among(worker, caller, &owners.of_now(id).await?, calls).await,
        found => found,
    }
}

async fn among(
    worker: &Worker,
    caller: &Caller,
    owners: &[ObjectOwner],
    calls: &[(ObjectKind, GraphCall)],
) -> Result<Option<Owned>, FaceError> {
    let mut lacking: Option<Scope> = None;
    for owner in owners {
        let Some((_, call)) = calls.iter().find(|(kind, _)| *kind == owner.kind) else { continue };
        match caller.authorize(call.scope(), call.name(), &owner.cust_space_id) {
            Ok(()) => {}
            Err(Denied::Tenant(_)) => continue,
            Err(Denied::Scope(scope)) => {
                lacking = Some(scope);
                continue;
            }
        }
        let tenant = match open(worker, &owner.cust_space_id).await {
            Err(OperationError::Unresolved(Unresolved::NoTenant(_))) => continue,
            opened => opened?,
        };
        if let Some(number) = number_of(&tenant, owner) {
            return Ok(Some(Owned { call: *call, tenant, number, waba_id: owner.waba_id.clone() }));
        }
    }
    lacking.map_or(Ok(None), |scope| Err(OperationError::from(Denied::Scope(scope)).into()))
}

async fn open(worker: &Worker, cust_space_id: &str) -> Result<Arc<Tenant>, OperationError> {
    let unknown = || OperationError::Unresolved(Unresolved::NoTenant(cust_space_id.to_owned()));
    let id = cust_space_id.parse().map_err(|_| unknown())?;
    Ok(worker.services.resolver.tenant(&id).await?)
}

/// The tenant may have lost the number since its object was recorded.
fn number_of(tenant: &Tenant, owner: &ObjectOwner) -> Option<Arc<Number>> {
    let is_meant = |number: &&Arc<Number>| match (&owner.phone_number_id, &owner.waba_id) {
        (Some(phone_number_id), _) => number.phone_number_id.as_str() == phone_number_id,
        (None, Some(waba_id)) => number.record.waba_id == *waba_id,
        (None, None) => false,
    };
    tenant.numbers.iter().find(is_meant).cloned()
}
