//! The file's tenants, checked: every mistake is told at once, before anything is asked of the database.

use std::collections::{BTreeMap, BTreeSet};

use cams_api::{
    ScopeSet,
    events::TypeFilter,
    identifiers::{BusinessNumber, CustSpaceId},
};
use ipnet::IpNet;
use secrecy::SecretString;
use tenant_store::{EndpointSecret, Grant, Limits, NewNumber};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    form::{API_VERSION, EndpointForm, Form, GrantForm, KeyForm, NumberForm, TenantForm},
    secrets::Secrets,
};
use crate::{
    admin::{
        FieldError,
        endpoints::LONGEST_DESCRIPTION,
        keys::{self, LONGEST_NAME},
        limits::SetLimits,
        numbers, tenants,
    },
    auth::insert_scope,
    commands::endpoints::url_problem,
};

/// A tenant as it is to be; `None` stays as it is.
#[derive(Debug)]
pub(super) struct DeclaredTenant {
    pub(super) cust_space_id: CustSpaceId,
    pub(super) name: Option<String>,
    pub(super) notes: Option<String>,
    pub(super) labels: Option<BTreeMap<String, String>>,
    pub(super) numbers: Option<Vec<NewNumber>>,
    pub(super) token: Option<SecretString>,
    pub(super) limits: Option<Limits>,
    pub(super) endpoints: Option<Vec<DeclaredEndpoint>>,
    pub(super) keys: Option<Vec<DeclaredKey>>,
}

/// An endpoint as it is to be.
#[derive(Debug)]
pub(super) struct DeclaredEndpoint {
    pub(super) url: String,
    pub(super) types: Vec<String>,
    pub(super) description: Option<String>,
    pub(super) secret: Option<EndpointSecret>,
}

/// An access key as it is to be.
#[derive(Debug)]
pub(super) struct DeclaredKey {
    pub(super) name: String,
    pub(super) access_key_id: Option<String>,
    pub(super) grants: Vec<Grant>,
    pub(super) expires_at: Option<OffsetDateTime>,
    pub(super) allowed_networks: Vec<IpNet>,
}

/// The tenants of the file, or all that is wrong with them.
pub(super) fn checked(form: Form, secrets: &Secrets<'_>) -> Result<Vec<DeclaredTenant>, Vec<FieldError>> {
    let mut checks = Checks { secrets, wrong: Vec::new(), place: String::new(), seen: BTreeSet::new() };
    if form.api_version != API_VERSION {
        checks.wrong("apiVersion", format!("`{API_VERSION}`"));
    }
    let tenants = checks.each("tenants", form.tenants, Checks::tenant);
    if checks.wrong.is_empty() { Ok(tenants) } else { Err(checks.wrong) }
}

/// What is wrong so far, and where in the file we are.
struct Checks<'a> {
    secrets: &'a Secrets<'a>,
    wrong: Vec<FieldError>,
    place: String,
    /// What may be there once.
    seen: BTreeSet<String>,
}

impl Checks<'_> {
    fn wrong(&mut self, field: &str, message: impl Into<String>) {
        let field = if self.place.is_empty() { field.to_owned() } else { format!("{}.{field}", self.place) };
        self.wrong.push(FieldError::new(field, message));
    }

    fn all_wrong(&mut self, fields: Vec<FieldError>) {
        for FieldError { field, message } in fields {
            self.wrong(&field, message);
        }
    }

    /// Checks each element of a list; those that are wrong are left out.
    fn each<F, T>(&mut self, list: &str, forms: Vec<F>, check: impl Fn(&mut Self, F) -> Option<T>) -> Vec<T> {
        let outside = self.place.clone();
        let mut checked = Vec::with_capacity(forms.len());
        for (index, form) in forms.into_iter().enumerate() {
            let dot = if outside.is_empty() { "" } else { "." };
            self.place = format!("{outside}{dot}{list}.{index}");
            checked.extend(check(self, form));
        }
        self.place = outside;
        checked
    }

    fn once(&mut self, field: &str, kind: &str, value: &str) {
        if !self.seen.insert(format!("{kind} {value}")) {
            self.wrong(field, "it stands in this file twice");
        }
    }

    fn tenant(&mut self, form: TenantForm) -> Option<DeclaredTenant> {
        let id = form.cust_space_id.parse::<CustSpaceId>();
        if let Err(error) = &id {
            self.wrong("cust_space_id", error.rule);
        }
        let id = id.ok()?;
        self.once("cust_space_id", "tenant", id.as_str());
        self.all_wrong(tenants::about(form.name.as_deref(), form.notes.as_deref(), form.labels.as_ref()));
        Some(DeclaredTenant {
            name: form.name.map(|name| name.trim().to_owned()),
            notes: form.notes,
            labels: form.labels,
            numbers: form.numbers.map(|numbers| self.each("numbers", numbers, Self::number)),
            token: form.credential.and_then(|source| {
                let token = self.secrets.token(&source);
                token.map_err(|problem| self.wrong("credential", problem)).ok()
            }),
            limits: form.limits.and_then(|limits| self.limits(limits)),
            endpoints: form.endpoints.map(|endpoints| self.each("endpoints", endpoints, Self::endpoint)),
            keys: form.keys.map(|keys| {
                let of = id.clone();
                self.each("keys", keys, move |checks, form| Some(checks.key(&of, form)))
            }),
            cust_space_id: id,
        })
    }

    fn number(&mut self, form: NumberForm) -> Option<NewNumber> {
        let mut wrong = Vec::new();
        numbers::is_id(&mut wrong, "phone_number_id", &form.phone_number_id);
        numbers::is_id(&mut wrong, "waba_id", &form.waba_id);
        self.all_wrong(wrong);
        self.once("phone_number_id", "phone number ID", &form.phone_number_id);
        let number = form.business_number.parse::<BusinessNumber>();
        let number = number.map_err(|error| self.wrong("business_number", error.rule)).ok()?;
        self.once("business_number", "number", number.as_str());
        let NumberForm { phone_number_id, waba_id, .. } = form;
        Some(NewNumber { business_number: number.as_str().to_owned(), phone_number_id, waba_id })
    }

    fn limits(&mut self, form: SetLimits) -> Option<Limits> {
        match form.checked() {
            Ok(limits) => Some(limits),
            Err(wrong) => {
                let inside = |FieldError { field, message }| FieldError::new(format!("limits.{field}"), message);
                self.all_wrong(wrong.into_iter().map(inside).collect());
                None
            }
        }
    }

    fn endpoint(&mut self, form: EndpointForm) -> Option<DeclaredEndpoint> {
        match url_problem(&form.url, self.secrets.sources) {
            Ok(None) => {}
            Ok(Some(problem)) => self.wrong("url", problem),
            Err(error) => self.wrong("url", error.to_string()),
        }
        let mut wrong = Vec::new();
        tenants::bounded(
            &mut wrong,
            "description",
            form.description.as_deref().unwrap_or_default(),
            0,
            LONGEST_DESCRIPTION,
        );
        self.all_wrong(wrong);
        let filter = TypeFilter::parse(form.types.iter().map(String::as_str));
        let types = filter.map_err(|error| self.wrong("types", error.to_string())).ok()?.patterns().to_vec();
        let secret = form.secret.map(|source| self.secrets.endpoint_secret(&source)).transpose();
        let secret = secret.map_err(|problem| self.wrong("secret", problem)).ok()?;
        Some(DeclaredEndpoint { url: form.url, types, description: form.description, secret })
    }

    fn key(&mut self, tenant: &CustSpaceId, form: KeyForm) -> DeclaredKey {
        let KeyForm { name, access_key_id, grants, expires_at, allowed_networks } = form;
        let name = name.trim().to_owned();
        match &access_key_id {
            Some(id) => {
                self.once("access_key_id", "key", id);
                if !(8..=64).contains(&id.len()) || !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                    self.wrong("access_key_id", "8 to 64 letters and digits");
                }
            }
            None => self.once("name", "key named", &format!("{tenant} {name}")),
        }
        let mut wrong = Vec::new();
        tenants::bounded(&mut wrong, "name", &name, 1, LONGEST_NAME);
        // As they are stored, without bits of hosts.
        let allowed_networks = keys::networks(&mut wrong, &allowed_networks).iter().map(IpNet::trunc).collect();
        self.all_wrong(wrong);
        if grants.is_empty() {
            self.wrong("grants", "at least one, with its scopes");
        }
        let of = tenant.clone();
        let grants = self.each("grants", grants, move |checks, form| Some(checks.grant(&of, form)));
        let at = expires_at.map(|text| OffsetDateTime::parse(&text, &Rfc3339).map(stored)).transpose();
        let expires_at = at.unwrap_or_else(|_| {
            self.wrong("expires_at", "a time such as 2027-01-31T12:00:00Z");
            None
        });
        DeclaredKey { name, access_key_id, grants, expires_at, allowed_networks }
    }

    fn grant(&mut self, tenant: &CustSpaceId, form: GrantForm) -> Grant {
        let own = vec![tenant.to_string()];
        if form.cust_space_ids.is_some_and(|ids| ids != own) {
            let rule = format!("`[{tenant}]`, or nothing: keys for other tenants, too, are made with `groupgate keys`");
            self.wrong("cust_space_ids", rule);
        }
        if form.scopes.is_empty() {
            self.wrong("scopes", "at least one, such as `groups.read`");
        }
        for scope in &form.scopes {
            if let Err(error) = insert_scope(&mut ScopeSet::default(), scope) {
                self.wrong("scopes", error.to_string());
            }
        }
        Grant { cust_space_ids: own, scopes: form.scopes }
    }
}

/// A time as PostgreSQL keeps it, to the microsecond.
fn stored(at: OffsetDateTime) -> OffsetDateTime {
    at.replace_nanosecond(at.microsecond() * 1000).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{Environment, SettingFlags, Sources};

    fn wrong(text: &str) -> Vec<(String, String)> {
        let environment = Environment::default().with("EMPTYISH", "two words");
        let sources = Sources::new(SettingFlags::default(), environment);
        let secrets = Secrets { sources: &sources, directory: Path::new("/nowhere") };
        let form = serde_norway::from_str(text).unwrap();
        let wrong = checked(form, &secrets).unwrap_err();
        wrong.into_iter().map(|FieldError { field, message }| (field, message)).collect()
    }

    #[test]
    fn every_mistake_is_told_at_once_with_its_place() {
        let wrong = wrong(
            "apiVersion: groupgate/v2
tenants:
  - cust_space_id: cams-a1
    numbers:
      - {business_number: '15550000003', phone_number_id: '1', waba_id: '2'}
      - {business_number: '15550000003', phone_number_id: x, waba_id: '2'}
    credential: {from_env: NOT_SET}
    limits: {per_tenant: fast, in_flight: 0}
    endpoints: [{url: 'http://10.0.0.1/'}, {url: 'https://hooks.example.com/', types: [groups.made]}]
    keys: [{name: till, grants: [{cust_space_ids: ['*'], scopes: [groups.wirte]}], expires_at: tomorrow}]
  - cust_space_id: cams-a1
    credential: {from_env: EMPTYISH}
  - cust_space_id: CAMS
",
        );
        let fields: Vec<_> = wrong.iter().map(|(field, _)| field.as_str()).collect();
        let expected = [
            "apiVersion",
            "tenants.0.numbers.1.phone_number_id",
            "tenants.0.numbers.1.business_number",
            "tenants.0.credential",
            "tenants.0.limits.per_tenant",
            "tenants.0.limits.in_flight",
            "tenants.0.endpoints.0.url",
            "tenants.0.endpoints.1.types",
            "tenants.0.keys.0.grants.0.cust_space_ids",
            "tenants.0.keys.0.grants.0.scopes",
            "tenants.0.keys.0.expires_at",
            "tenants.1.cust_space_id",
            "tenants.1.credential",
            "tenants.2.cust_space_id",
        ];
        assert_eq!(fields, expected);
        assert!(wrong.iter().all(|(_, message)| !message.contains("two words")), "{wrong:?}");
    }
}
