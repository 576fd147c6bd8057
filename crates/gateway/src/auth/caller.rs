//! The caller of one request, and what it may do.

use std::sync::Arc;

use cams_api::whoami::{GrantInfo, TokenInfo, WhoAmI};
use cams_api::{Scope, ScopeSet};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::issuers::Assertion;
use super::{AuthError, Claims, Denied, Grant, Key, Tenants};
use crate::limits;

/// The scopes that an operation may need: what `cams:*` stands for.
const OF_OPERATIONS: [Scope; 3] = [Scope::GroupsRead, Scope::GroupsWrite, Scope::MessagesSend];
/// The scopes of who may make and change keys.
const OF_ADMINISTRATORS: [Scope; 2] = [Scope::AdminRead, Scope::AdminWrite];

/// Who calls: an access key, perhaps narrowed by the claims of a token made for it; or whom an external issuer's token names.
#[derive(Clone)]
pub struct Caller {
    key: Arc<Key>,
    proof: Proof,
}

/// What a caller showed.
#[derive(Clone)]
enum Proof {
    /// The key's secret.
    Secret,
    /// A token of the key.
    Token(Arc<Claims>),
    /// A token of an external issuer.
    Assertion(Arc<Assertion>),
}

impl Caller {
    /// A caller who showed the key's secret.
    pub fn with_key(key: Arc<Key>) -> Self {
        Self { key, proof: Proof::Secret }
    }

    /// A caller who showed a token of the key.
    pub fn with_token(key: Arc<Key>, claims: Arc<Claims>) -> Self {
        Self { key, proof: Proof::Token(claims) }
    }

    /// A caller who showed a token of an external issuer.
    pub fn with_assertion(assertion: Arc<Assertion>) -> Self {
        Self { key: assertion.caller.clone(), proof: Proof::Assertion(assertion) }
    }

    /// The access key, or what stands in its place for the caller of an external issuer.
    pub fn key(&self) -> &Arc<Key> {
        &self.key
    }

    /// What an external issuer's token proved.
    pub(super) fn assertion(&self) -> Option<&Arc<Assertion>> {
        if let Proof::Assertion(assertion) = &self.proof { Some(assertion) } else { None }
    }

    /// What narrows the key.
    fn claims(&self) -> Option<&Arc<Claims>> {
        if let Proof::Token(claims) = &self.proof { Some(claims) } else { None }
    }

    /// The same caller, with its key as it is `now`; `None` where the key may no longer be used.
    ///
    /// # Errors
    /// [`AuthError`] where the caller would no longer be let in.
    pub(super) fn renewed(&self, now: Option<Arc<Key>>) -> Result<Self, AuthError> {
        match self.claims() {
            Some(claims) if claims.is_over() => Err(AuthError::ExpiredToken),
            Some(claims) => now.map(|key| Self::with_token(key, claims.clone())).ok_or(AuthError::KeyGone),
            None => now.filter(|key| key.has_secret_of(&self.key)).map(Self::with_key).ok_or(AuthError::WrongKey),
        }
    }

    /// Whether one grant of the key, as it is now, gives `scope` on the tenant, and the claims do not exclude it.
    /// A RAM-style name of `operation` counts as its scope.
    ///
    /// # Errors
    /// [`Denied`], which does not tell whether the tenant exists.
    pub fn authorize(&self, scope: Scope, operation: &str, cust_space_id: &str) -> Result<(), Denied> {
        let claimed = |claims: &Arc<Claims>| claims.tenants.contains(cust_space_id);
        if !self.claims().is_none_or(claimed) {
            return Err(Denied::Tenant(cust_space_id.to_owned()));
        }
        let mut grants = self.key.grants.iter().filter(|grant| grant.tenants.contains(cust_space_id)).peekable();
        if grants.peek().is_none() {
            return Err(Denied::Tenant(cust_space_id.to_owned()));
        }
        let claimed = self.claims().is_none_or(|claims| claims.scopes.allows(scope, operation));
        let granted = claimed && grants.any(|grant| grant.scopes.allows(scope, operation));
        if granted { Ok(()) } else { Err(Denied::Scope(scope)) }
    }

    /// The one tenant that the key's grant names, where it has one grant and that names one; the caller's claims may take
    /// even that.
    pub fn sole_grant(&self) -> Option<&str> {
        match self.key.grants.as_slice() {
            [Grant { tenants: Tenants::Named(ids), .. }] => match ids.as_slice() {
                [id] => Some(id),
                _ => None,
            },
            _ => None,
        }
    }

    /// The one tenant that the caller may act for; `None` where there are several, or none.
    pub fn only_tenant(&self) -> Option<String> {
        let mut granted = Tenants::Named(Vec::new());
        self.key.grants.iter().for_each(|grant| granted.extend(&grant.tenants));
        let claimed = self.claims().map_or(&Tenants::All, |claims| &claims.tenants);
        let ids = match (claimed, &granted) {
            (Tenants::Named(ids), _) | (Tenants::All, Tenants::Named(ids)) => ids,
            (Tenants::All, Tenants::All) => return None,
        };
        let mut both = ids.iter().filter(|id| granted.contains(id));
        both.next().filter(|_| both.next().is_none()).cloned()
    }

    /// The tenants by name on which the caller has `scope`; `None` where it has it on all of them.
    pub fn named_tenants(&self, scope: Scope) -> Option<Vec<String>> {
        let mut granted = Tenants::Named(Vec::new());
        let giving = self.key.grants.iter().filter(|grant| grant.scopes.contains(scope));
        giving.for_each(|grant| granted.extend(&grant.tenants));
        let claimed = self.claims().map_or(&Tenants::All, |claims| &claims.tenants);
        match (claimed, granted) {
            (Tenants::All, Tenants::All) => None,
            (Tenants::All, Tenants::Named(ids)) => Some(ids),
            (Tenants::Named(ids), granted) => Some(ids.iter().filter(|id| granted.contains(id)).cloned().collect()),
        }
    }

    /// What of `grants`, given until `until` (`None`: for ever), goes beyond what the caller has itself, in words; `None`
    /// where it could give all of them away.
    pub fn beyond(&self, grants: &[Grant], until: Option<OffsetDateTime>) -> Option<String> {
        self.beyond_reach(grants).or_else(|| self.beyond_end(grants, until))
    }

    fn beyond_reach(&self, grants: &[Grant]) -> Option<String> {
        let each = grants.iter().flat_map(|grant| {
            let scopes = names(&grant.scopes);
            let of_tenant = move |id: String| scopes.clone().into_iter().map(move |scope| (id.clone(), scope));
            grant.tenants.to_ids().into_iter().flat_map(of_tenant)
        });
        let mut beyond = each.filter(|(tenant, scope)| !self.holds(tenant, scope));
        let (tenant, scope) = beyond.next()?;
        Some(format!("You do not have `{scope}` on `{tenant}` yourself, so you cannot give it to others."))
    }

    /// An administrator whose key ends makes none that goes on after it.
    fn beyond_end(&self, grants: &[Grant], until: Option<OffsetDateTime>) -> Option<String> {
        let end = self.key.ends().filter(|end| until.is_none_or(|until| until > *end))?;
        let scope =
            OF_ADMINISTRATORS.into_iter().find(|scope| grants.iter().any(|grant| grant.scopes.contains(*scope)))?;
        let end = end.format(&Rfc3339).unwrap_or_default();
        Some(format!("Your own key ends at {end}, so you cannot give `{scope}` to what ends later."))
    }

    fn holds(&self, tenant: &str, scope: &str) -> bool {
        let claimed = |claims: &Arc<Claims>| claims.tenants.contains(tenant) && gives(&claims.scopes, scope);
        let granted = |grant: &Grant| grant.tenants.contains(tenant) && gives(&grant.scopes, scope);
        self.claims().is_none_or(claimed) && self.key.grants.iter().any(granted)
    }

    /// The key with its grants, and what the token narrows them to.
    pub fn describe(&self) -> WhoAmI {
        let grants = self.key.grants.iter();
        WhoAmI {
            access_key_id: self.key.access_key_id.clone(),
            grants: grants
                .map(|grant| GrantInfo { cust_space_ids: grant.tenants.to_ids(), scopes: names(&grant.scopes) })
                .collect(),
            limits: limits::describe(&self.key.allowance),
            token: self.claims().map(|claims| TokenInfo {
                cust_space_ids: claims.tenants.to_ids(),
                scopes: names(&claims.scopes),
                expiration_timestamp: claims.exp,
            }),
        }
    }

    /// Whether any grant gives an administrator's scope.
    pub fn is_administrator(&self, scope: Scope) -> bool {
        let claimed = self.claims().is_none_or(|claims| claims.scopes.contains(scope));
        claimed && self.key.grants.iter().any(|grant| grant.scopes.contains(scope))
    }
}

/// Whether `scopes` give the one of this name. A single operation is given by itself, or by all scopes that it may need.
fn gives(scopes: &ScopeSet, name: &str) -> bool {
    match name.strip_prefix("cams:") {
        Some(operation) => OF_OPERATIONS.into_iter().all(|scope| scopes.allows(scope, operation)),
        None => Scope::ALL.into_iter().any(|scope| scope.as_str() == name && scopes.contains(scope)),
    }
}

fn names(scopes: &ScopeSet) -> Vec<String> {
    scopes.to_string().split_whitespace().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use cams_api::{Scope, ScopeSet};
    use time::OffsetDateTime;

    use super::super::{Claims, Denied, Grant, Key, Tenants};
    use super::Caller;

    fn grant(tenant: &str, scopes: &[&str]) -> Grant {
        let scopes = ScopeSet::from_names(scopes.iter().copied());
        Grant { tenants: Tenants::from_ids(&[tenant.to_owned()]), scopes }
    }

    fn key(grants: Vec<Grant>) -> Arc<Key> {
        Arc::new(Key::for_tests("key", grants))
    }

    fn claims(tenants: &[&str], scopes: &[&str]) -> Arc<Claims> {
        let ids: Vec<String> = tenants.iter().map(|id| (*id).to_owned()).collect();
        let scopes = ScopeSet::from_names(scopes.iter().copied());
        Arc::new(Claims { sub: "key".to_owned(), exp: i64::MAX, tenants: Tenants::from_ids(&ids), scopes })
    }

    fn read(caller: &Caller, tenant: &str) -> Result<(), Denied> {
        caller.authorize(Scope::GroupsRead, "GetChatGroup", tenant)
    }

    #[test]
    fn a_grant_gives_its_scopes_on_its_tenants_alone() {
        let caller = Caller::with_key(key(vec![grant("a-1", &["groups.read"]), grant("b-1", &["groups.write"])]));
        assert_eq!(read(&caller, "a-1"), Ok(()));
        assert_eq!(read(&caller, "b-1"), Err(Denied::Scope(Scope::GroupsRead)));
        assert_eq!(read(&caller, "c-1"), Err(Denied::Tenant("c-1".to_owned())));
    }

    #[test]
    fn two_grants_do_not_lend_each_other_tenants_and_scopes() {
        let caller = Caller::with_key(key(vec![grant("*", &["groups.write"]), grant("a-1", &["groups.read"])]));
        assert_eq!(read(&caller, "a-1"), Ok(()));
        assert_eq!(read(&caller, "b-1"), Err(Denied::Scope(Scope::GroupsRead)));
    }

    #[test]
    fn nobody_gives_away_more_than_it_has() {
        let caller = Caller::with_key(key(vec![grant("a-1", &["groups.read", "cams:AddChatGroup"])]));
        assert_eq!(caller.beyond(&[grant("a-1", &["groups.read"]), grant("a-1", &["cams:AddChatGroup"])], None), None);
        for beyond in [
            grant("b-1", &["groups.read"]),
            grant("*", &["groups.read"]),
            grant("a-1", &["groups.write"]),
            grant("a-1", &["cams:DeleteChatGroup"]),
            grant("a-1", &["groups.read", "admin.read"]),
        ] {
            assert!(caller.beyond(std::slice::from_ref(&beyond), None).is_some(), "{beyond:?}");
        }
        let all = Caller::with_key(key(vec![grant("*", &["cams:*", "admin.write"])]));
        assert_eq!(all.beyond(&[grant("a-1", &["cams:DeleteChatGroup", "messages.send"])], None), None);
        let narrowed = Caller::with_token(key(vec![grant("*", &["cams:*"])]), claims(&["a-1"], &["groups.read"]));
        assert!(narrowed.beyond(&[grant("a-1", &["groups.write"])], None).is_some());
        assert!(narrowed.beyond(&[grant("b-1", &["groups.read"])], None).is_some());
    }

    #[test]
    fn who_administers_until_a_day_makes_nobody_an_administrator_for_longer() {
        let end = OffsetDateTime::now_utc() + time::Duration::days(30);
        let passing = Key::for_tests("key", vec![grant("*", &["cams:*", "admin.read", "admin.write"])]).until(end);
        let passing = Caller::with_key(Arc::new(passing));
        let (administrator, backend) = ([grant("*", &["admin.read"])], [grant("a-1", &["groups.read"])]);
        assert_eq!(passing.beyond(&administrator, Some(end)), None);
        for longer in [None, Some(end + time::Duration::SECOND)] {
            assert!(passing.beyond(&administrator, longer).unwrap().contains("admin.read"));
            assert_eq!(passing.beyond(&backend, longer), None);
        }
    }

    #[test]
    fn claims_only_narrow() {
        let wide = key(vec![grant("*", &["cams:*"])]);
        let narrow = key(vec![grant("a-1", &["groups.read"])]);
        let everything = claims(&["*"], &["groups.read", "groups.write", "admin.write"]);
        let not_b = Err(Denied::Tenant("b-1".to_owned()));
        assert_eq!(read(&Caller::with_token(narrow.clone(), everything.clone()), "b-1"), not_b);
        assert!(!Caller::with_token(narrow, everything).is_administrator(Scope::AdminWrite));
        assert_eq!(read(&Caller::with_token(wide.clone(), claims(&["a-1"], &["groups.read"])), "a-1"), Ok(()));
        assert_eq!(read(&Caller::with_token(wide.clone(), claims(&["a-1"], &["groups.read"])), "b-1"), not_b);
        assert_eq!(
            read(&Caller::with_token(wide, claims(&["*"], &["groups.write"])), "a-1"),
            Err(Denied::Scope(Scope::GroupsRead))
        );
    }
}
