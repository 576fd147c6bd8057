//! The steps of a plan in words. No secret stands in them, and of a URL no query, which may hold one.

use std::fmt::Display;

use serde::Serialize;
use tenant_store::{
    AccessKeyChange, BusinessNumber, Endpoint, EndpointChange, Grant, Limits, ListedAccessKey, NewAccessKey,
    NewEndpoint, NewNumber, NewTenant, Tenant, TenantChange,
};

use super::plan::{Kind, Plan, Step};
use crate::commands::{
    limits::limit_text,
    output::{counted, printable, time_or_dash},
};

pub(super) fn new_tenant(new: &NewTenant) -> String {
    format!("tenant \"{}\"", new.name)
}

pub(super) fn tenant_change(before: &Tenant, change: &TenantChange) -> String {
    let name = change.name.as_ref().map(|name| format!("name \"{}\" -> \"{name}\"", before.name));
    let notes = change.notes.as_ref().map(|_| "notes".to_owned());
    let labels = change.labels.as_ref().map(|_| "labels".to_owned());
    format!("tenant: {}", [name, notes, labels].into_iter().flatten().collect::<Vec<_>>().join(", "))
}

pub(super) fn erasure(tenant: &Tenant) -> String {
    format!("tenant \"{}\", erased with everything that is its own", tenant.name)
}

pub(super) fn limits(before: &Limits, after: &Limits) -> String {
    format!("limits: {} -> {}", limit_text(before), limit_text(after))
}

pub(super) fn new_number(new: &NewNumber) -> String {
    let NewNumber { business_number, phone_number_id, waba_id } = new;
    format!("number {business_number} (phone number ID {phone_number_id}, WABA {waba_id})")
}

pub(super) fn moved_number(before: &BusinessNumber, waba_id: &str) -> String {
    format!("number {}: WABA {} -> {waba_id}", before.business_number, before.waba_id)
}

pub(super) fn removed_number(number: &BusinessNumber) -> String {
    format!("number {}, with the groups that are known of it", number.business_number)
}

pub(super) fn webhooks(waba_id: &str) -> String {
    format!("webhooks of WABA {waba_id}, to the app")
}

pub(super) fn new_endpoint(new: &NewEndpoint) -> String {
    format!("endpoint {} ({})", without_query(&new.url), types(&new.types))
}

pub(super) fn endpoint_change(before: &Endpoint, change: &EndpointChange) -> String {
    let types = change.types.as_ref().map(|after| format!("types {} -> {}", types(&before.types), types(after)));
    let description = change.description.as_ref().map(|_| "description".to_owned());
    let parts = [types, description].into_iter().flatten().collect::<Vec<_>>();
    format!("endpoint {}: {}", without_query(&before.url), parts.join(", "))
}

pub(super) fn new_secret(endpoint: &Endpoint) -> String {
    format!("endpoint {}: another secret; the one before signs, too, for a day", without_query(&endpoint.url))
}

pub(super) fn removed_endpoint(endpoint: &Endpoint) -> String {
    format!("endpoint {} ({}), with its deliveries", without_query(&endpoint.url), endpoint.endpoint_id)
}

pub(super) fn new_key(new: &NewAccessKey) -> String {
    format!("key {} ({})", new.name, scopes(&new.grants))
}

pub(super) fn key_change(before: &ListedAccessKey, change: &AccessKeyChange) -> Vec<String> {
    let name = change.name.as_ref().map(|after| format!("name -> {after}"));
    let grants = change.grants.as_ref().map(|after| format!("{} -> {}", scopes(&before.grants), scopes(after)));
    let expires = change
        .expires_at
        .map(|after| format!("expires {} -> {}", time_or_dash(before.expires_at), time_or_dash(after)));
    let networks = change
        .allowed_networks
        .as_ref()
        .map(|after| format!("networks {} -> {}", joined(&before.allowed_networks), joined(after)));
    [name, grants, expires, networks].into_iter().flatten().collect()
}

pub(super) fn revoked_key(key: &ListedAccessKey) -> String {
    format!("key {} ({}), revoked", key.name, key.access_key_id)
}

/// A plan as scripts read it.
#[derive(Serialize)]
pub(super) struct ShownPlan {
    pub(super) steps: Vec<ShownStep>,
    /// How many things are not in the file, and stay.
    pub(super) kept: usize,
}

#[derive(Serialize)]
pub(super) struct ShownStep {
    change: &'static str,
    cust_space_id: String,
    what: String,
    /// Whether it was carried out.
    done: bool,
    #[serde(skip)]
    kind: Kind,
}

impl From<&Plan> for ShownPlan {
    fn from(plan: &Plan) -> Self {
        let shown = |step: &Step| ShownStep {
            change: word(step.kind),
            cust_space_id: step.cust_space_id.clone(),
            what: step.what.clone(),
            done: false,
            kind: step.kind,
        };
        Self { steps: plan.steps.iter().map(shown).collect(), kept: plan.kept }
    }
}

impl ShownPlan {
    /// Notes which steps, by their places in the plan, are done.
    pub(super) fn note(&mut self, done: &[usize]) {
        for (at, step) in self.steps.iter_mut().enumerate() {
            step.done = done.contains(&at);
        }
    }

    /// What is done of it, and what is not.
    pub(super) fn part(&self) -> String {
        let lines = |title: &str, done: bool| {
            let steps = self.steps.iter().filter(|step| step.done == done);
            let lines = steps.map(|step| line(step.kind, &step.cust_space_id, &step.what));
            [title.to_owned()].into_iter().chain(lines).collect::<Vec<_>>().join("\n")
        };
        let count = self.steps.iter().filter(|step| step.done).count();
        let (done, rest) = (lines("Done:", true), lines("Not done:", false));
        format!("Applied in part: {count} of {} steps.\n{done}\n{rest}", self.steps.len())
    }
}

/// The plan, line by line.
pub(super) fn plan(plan: &Plan) -> String {
    let mut lines: Vec<_> = plan.steps.iter().map(|step| line(step.kind, &step.cust_space_id, &step.what)).collect();
    let count = |kind: Kind| plan.steps.iter().filter(|step| step.kind == kind).count();
    lines.push(if plan.steps.is_empty() {
        "Nothing to do: all is as the file says.".to_owned()
    } else {
        let [add, change, remove] = [Kind::Add, Kind::Change, Kind::Remove].map(count);
        format!("\n{add} to add, {change} to change, {remove} to remove.")
    });
    if plan.kept > 0 {
        let things = counted(u64::try_from(plan.kept).unwrap_or(u64::MAX), "thing");
        lines.push(format!("{things} not in the file: kept, since --prune is not given."));
    }
    lines.join("\n")
}

fn line(kind: Kind, cust_space_id: &str, what: &str) -> String {
    format!("{} {cust_space_id}  {}", sign(kind), printable(what))
}

fn sign(kind: Kind) -> char {
    match kind {
        Kind::Add => '+',
        Kind::Change => '~',
        Kind::Remove => '-',
    }
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Add => "add",
        Kind::Change => "change",
        Kind::Remove => "remove",
    }
}

/// A URL without what may be a secret of its receiver's.
pub(super) fn without_query(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or_default()
}

fn types(types: &[String]) -> String {
    if types.is_empty() { "all events".to_owned() } else { types.join(",") }
}

fn scopes(grants: &[Grant]) -> String {
    grants.iter().map(|grant| grant.scopes.join(",")).collect::<Vec<_>>().join("; ")
}

fn joined(parts: &[impl Display]) -> String {
    if parts.is_empty() {
        "all".to_owned()
    } else {
        parts.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
    }
}
