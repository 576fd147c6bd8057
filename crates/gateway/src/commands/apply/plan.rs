//! What is to be done so that what there is becomes what the file says.

use std::collections::{BTreeMap, BTreeSet};

use secrecy::SecretString;
use tenant_store::{
    AccessKeyChange, BusinessNumber, CredentialCheck, Endpoint, EndpointChange, EndpointId, EndpointSecret, Limits,
    ListedAccessKey, NewAccessKey, NewEndpoint, NewNumber, NewTenant, NumberChange, Revision, Tenant, TenantChange,
};

use super::{
    declared::{DeclaredEndpoint, DeclaredKey, DeclaredTenant},
    found::{Found, Parts},
    words,
};
use crate::admin::FieldError;

/// Whether a step adds, changes or removes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Add,
    Change,
    Remove,
}

/// One step.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) kind: Kind,
    pub(super) cust_space_id: String,
    /// What is added, changed or removed, for people.
    pub(super) what: String,
    pub(super) action: Action,
}

/// What a step does. Revisions are those that the plan was made from.
#[derive(Debug)]
pub(super) enum Action {
    AddTenant(NewTenant),
    ChangeTenant(TenantChange, Revision),
    EraseTenant(Revision),
    SetLimits(Limits, Option<Revision>),
    AddNumber(NewNumber),
    ChangeNumber(String, NumberChange, Revision),
    RemoveNumber(String, Revision),
    /// With what Meta says of the token, where it was asked.
    SetToken(SecretString, Option<CredentialCheck>, Revision),
    CreateEndpoint(NewEndpoint),
    ChangeEndpoint(EndpointId, EndpointChange, Revision),
    ReplaceSecret(EndpointId, EndpointSecret, Revision),
    RemoveEndpoint(EndpointId, Revision),
    CreateKey(NewAccessKey),
    ChangeKey(String, AccessKeyChange, Revision),
    RevokeKey(String, Revision),
    /// Let this account's webhooks come to the app, by this token, or the stored one.
    Subscribe(String, Option<SecretString>),
}

impl Action {
    /// Tenants come first; what is removed goes before anything is added, so that a number may move. Webhooks come before the
    /// token and the numbers that they are for: where that fails, these are still to be done when the file is applied again.
    pub(super) fn phase(&self) -> u8 {
        match self {
            Self::AddTenant(_) | Self::ChangeTenant(..) => 0,
            Self::SetLimits(..) => 1,
            Self::EraseTenant(_) | Self::RemoveNumber(..) | Self::RemoveEndpoint(..) | Self::RevokeKey(..) => 2,
            Self::Subscribe(..) => 3,
            _ => 4,
        }
    }
}

/// All steps, tenant by tenant.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) steps: Vec<Step>,
    /// How many things are not in the file, and stay.
    pub(super) kept: usize,
}

impl Plan {
    /// Leaves out what takes Meta.
    pub(super) fn leave_meta_out(&mut self) {
        self.steps.retain(|step| !matches!(step.action, Action::Subscribe(..)));
    }
}

/// The steps from what there is to what is declared. What is not declared goes where `prune` says so, and stays otherwise.
///
/// # Errors
/// What is declared and cannot be made of what there is.
pub(super) fn plan(declared: Vec<DeclaredTenant>, found: &Found, prune: bool) -> Result<Plan, Vec<FieldError>> {
    let mut planner = Planner { prune, ..Planner::default() };
    planner.taken = taken(&declared, found, prune);
    let names: Vec<_> = declared.iter().map(|tenant| tenant.cust_space_id.to_string()).collect();
    for (index, tenant) in declared.into_iter().enumerate() {
        planner.place = format!("tenants.{index}");
        planner.cust_space_id = tenant.cust_space_id.to_string();
        planner.tenant(tenant, found);
    }
    for (id, tenant) in found.tenants.iter().filter(|(id, _)| !names.contains(id)) {
        planner.cust_space_id.clone_from(id);
        planner.undeclared(words::erasure(tenant), Action::EraseTenant(tenant.revision));
    }
    if planner.wrong.is_empty() { Ok(planner.plan) } else { Err(planner.wrong) }
}

/// The phone number IDs that another tenant has and keeps, with that tenant.
fn taken(declared: &[DeclaredTenant], found: &Found, prune: bool) -> BTreeMap<String, String> {
    let keeps = |owner: &String| {
        let owner = declared.iter().find(|tenant| tenant.cust_space_id.as_str() == owner);
        !prune || owner.is_some_and(|tenant| tenant.numbers.is_none())
    };
    found.owners.iter().filter(|(_, owner)| keeps(owner)).map(|(id, owner)| (id.clone(), owner.clone())).collect()
}

#[derive(Default)]
struct Planner {
    prune: bool,
    taken: BTreeMap<String, String>,
    plan: Plan,
    wrong: Vec<FieldError>,
    /// Where in the file we are.
    place: String,
    cust_space_id: String,
}

impl Planner {
    fn step(&mut self, kind: Kind, what: String, action: Action) {
        self.plan.steps.push(Step { kind, cust_space_id: self.cust_space_id.clone(), what, action });
    }

    fn add(&mut self, what: String, action: Action) {
        self.step(Kind::Add, what, action);
    }

    fn change(&mut self, what: String, action: Action) {
        self.step(Kind::Change, what, action);
    }

    fn undeclared(&mut self, what: String, action: Action) {
        if self.prune { self.step(Kind::Remove, what, action) } else { self.plan.kept += 1 }
    }

    fn wrong(&mut self, field: &str, message: String) {
        self.wrong.push(FieldError::new(format!("{}.{field}", self.place), message));
    }

    fn tenant(&mut self, tenant: DeclaredTenant, found: &Found) {
        let DeclaredTenant { cust_space_id: id, name, notes, labels, numbers, token, limits, endpoints, keys } = tenant;
        match found.tenants.get(id.as_str()) {
            None => {
                let name = name.unwrap_or_else(|| id.to_string());
                let new = NewTenant { cust_space_id: id.to_string(), name, notes, labels: labels.unwrap_or_default() };
                self.add(words::new_tenant(&new), Action::AddTenant(new));
            }
            Some(before) => self.about(before, TenantChange { name, notes: notes.map(Some), labels }),
        }
        let nothing = Parts::default();
        let parts = found.parts.get(id.as_str()).unwrap_or(&nothing);
        let token = token.filter(|_| !parts.has_token);
        self.webhooks(numbers.as_deref(), token.as_ref(), parts);
        if let Some(limits) = limits.filter(|limits| *limits != parts.limits) {
            let kind = if parts.limits == Limits::default() { Kind::Add } else { Kind::Change };
            let seen = found.tenants.get(id.as_str()).map(|tenant| tenant.revision);
            self.step(kind, words::limits(&parts.limits, &limits), Action::SetLimits(limits, seen));
        }
        if let Some(numbers) = numbers {
            self.numbers(numbers, &parts.numbers);
        }
        if let Some(token) = token {
            let (kind, what) = match parts.token {
                Some(_) => (Kind::Change, "credential: another token"),
                None => (Kind::Add, "credential"),
            };
            let seen = parts.token.unwrap_or(Revision(0));
            self.step(kind, what.to_owned(), Action::SetToken(token, None, seen));
        }
        if let Some(endpoints) = endpoints {
            self.endpoints(endpoints, parts);
        }
        if let Some(keys) = keys {
            self.keys(keys, &parts.keys, &found.other_keys);
        }
    }

    fn about(&mut self, before: &Tenant, asked: TenantChange) {
        let change = TenantChange {
            name: asked.name.filter(|name| *name != before.name),
            notes: asked.notes.filter(|notes| *notes != before.notes),
            labels: asked.labels.filter(|labels| *labels != before.labels),
        };
        if change != TenantChange::default() {
            self.change(words::tenant_change(before, &change), Action::ChangeTenant(change, before.revision));
        }
    }

    /// With a new token, all of the tenant's accounts; without one, those that it had no number of.
    fn webhooks(&mut self, numbers: Option<&[NewNumber]>, token: Option<&SecretString>, parts: &Parts) {
        if token.is_none() && parts.token.is_none() {
            return;
        }
        let known: BTreeSet<&str> = parts.numbers.iter().map(|number| number.waba_id.as_str()).collect();
        let declared = numbers.map(|numbers| numbers.iter().map(|number| number.waba_id.as_str()).collect());
        let wanted = declared.unwrap_or_else(|| known.clone());
        for waba_id in wanted.into_iter().filter(|waba_id| token.is_some() || !known.contains(waba_id)) {
            self.add(words::webhooks(waba_id), Action::Subscribe(waba_id.to_owned(), token.cloned()));
        }
    }

    fn numbers(&mut self, declared: Vec<NewNumber>, found: &[BusinessNumber]) {
        for number in found.iter().filter(|number| !declared.iter().any(|new| is_same_number(new, number))) {
            let action = Action::RemoveNumber(number.business_number.clone(), number.revision);
            self.undeclared(words::removed_number(number), action);
        }
        for (index, new) in declared.into_iter().enumerate() {
            match found.iter().find(|number| is_same_number(&new, number)) {
                None => match self.taken.get(&new.phone_number_id) {
                    None => self.add(words::new_number(&new), Action::AddNumber(new)),
                    Some(owner) => {
                        let why =
                            format!("it is {owner}'s: a number moves where the file has both tenants, and --prune");
                        self.wrong(&format!("numbers.{index}.phone_number_id"), why);
                    }
                },
                Some(before) => self.number(index, before, new),
            }
        }
    }

    fn number(&mut self, index: usize, before: &BusinessNumber, new: NewNumber) {
        if before.phone_number_id != new.phone_number_id {
            let why = format!(
                "it is {} and stays so: a number that Meta has given another ID is removed first (groupgate numbers remove)",
                before.phone_number_id
            );
            return self.wrong(&format!("numbers.{index}.phone_number_id"), why);
        }
        if before.waba_id != new.waba_id {
            let what = words::moved_number(before, &new.waba_id);
            let change = NumberChange { waba_id: Some(new.waba_id) };
            self.change(what, Action::ChangeNumber(new.business_number, change, before.revision));
        }
    }

    fn endpoints(&mut self, declared: Vec<DeclaredEndpoint>, parts: &Parts) {
        let matches = matching(&declared, &parts.endpoints);
        for (endpoint, _) in parts.endpoints.iter().zip(&matches).filter(|(_, declared)| declared.is_none()) {
            let action = Action::RemoveEndpoint(endpoint.endpoint_id, endpoint.revision);
            self.undeclared(words::removed_endpoint(endpoint), action);
        }
        for (index, new) in declared.into_iter().enumerate() {
            match matches.iter().position(|declared| *declared == Some(index)) {
                None => {
                    let DeclaredEndpoint { url, types, description, secret } = new;
                    let new = NewEndpoint { url, types, description, secret };
                    self.add(words::new_endpoint(&new), Action::CreateEndpoint(new));
                }
                Some(at) => self.endpoint(&parts.endpoints[at], parts.has_secret[at], new),
            }
        }
    }

    fn endpoint(&mut self, before: &Endpoint, has_secret: bool, new: DeclaredEndpoint) {
        let change = EndpointChange {
            url: None,
            types: Some(new.types).filter(|types| *types != before.types),
            description: Some(new.description).filter(|description| *description != before.description),
        };
        let (id, seen) = (before.endpoint_id, before.revision);
        if change.types.is_some() || change.description.is_some() {
            self.change(words::endpoint_change(before, &change), Action::ChangeEndpoint(id, change, seen));
        }
        if let Some(secret) = new.secret.filter(|_| !has_secret) {
            self.change(words::new_secret(before), Action::ReplaceSecret(id, secret, seen));
        }
    }

    fn keys(&mut self, declared: Vec<DeclaredKey>, found: &[ListedAccessKey], others: &[String]) {
        for key in found.iter().filter(|key| !declared.iter().any(|new| is_same_key(new, key))) {
            let action = Action::RevokeKey(key.access_key_id.clone(), key.revision);
            self.undeclared(words::revoked_key(key), action);
        }
        for (index, new) in declared.into_iter().enumerate() {
            let mut same = found.iter().filter(|key| is_same_key(&new, key));
            match (same.next(), same.next()) {
                (Some(_), Some(_)) => {
                    let why = "several keys have this name: say which by `access_key_id`".to_owned();
                    self.wrong(&format!("keys.{index}.name"), why);
                }
                (Some(before), None) => self.key(before, new),
                (None, _) if new.access_key_id.as_ref().is_some_and(|id| others.contains(id)) => {
                    let why = "this key is revoked, or for other tenants, too; it is not changed from here".to_owned();
                    self.wrong(&format!("keys.{index}.access_key_id"), why);
                }
                (None, _) => {
                    let DeclaredKey { name, access_key_id, grants, expires_at, allowed_networks } = new;
                    let new = NewAccessKey {
                        name,
                        access_key_id,
                        grants,
                        expires_at,
                        allowed_networks,
                        ..Default::default()
                    };
                    self.add(words::new_key(&new), Action::CreateKey(new));
                }
            }
        }
    }

    fn key(&mut self, before: &ListedAccessKey, new: DeclaredKey) {
        let change = AccessKeyChange {
            name: Some(new.name).filter(|name| *name != before.name),
            grants: Some(new.grants).filter(|grants| *grants != before.grants),
            expires_at: Some(new.expires_at).filter(|at| *at != before.expires_at),
            allowed_networks: Some(new.allowed_networks).filter(|networks| *networks != before.allowed_networks),
        };
        let what = words::key_change(before, &change);
        if !what.is_empty() {
            let id = before.access_key_id.clone();
            self.change(
                format!("key {}: {}", before.name, what.join(", ")),
                Action::ChangeKey(id, change, before.revision),
            );
        }
    }
}

/// For each endpoint that there is, which of the declared ones it is. Several may have one URL: then the oldest is the first.
pub(super) fn matching(declared: &[DeclaredEndpoint], found: &[Endpoint]) -> Vec<Option<usize>> {
    let mut taken = vec![false; declared.len()];
    let mut take = |endpoint: &Endpoint| {
        let at = declared.iter().zip(&taken).position(|(new, is_taken)| !is_taken && new.url == endpoint.url)?;
        taken[at] = true;
        Some(at)
    };
    found.iter().map(&mut take).collect()
}

fn is_same_number(new: &NewNumber, found: &BusinessNumber) -> bool {
    new.business_number == found.business_number
}

fn is_same_key(new: &DeclaredKey, found: &ListedAccessKey) -> bool {
    new.access_key_id.as_ref().map_or_else(|| new.name == found.name, |id| *id == found.access_key_id)
}
