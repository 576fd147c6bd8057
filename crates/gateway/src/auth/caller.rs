//! The caller of one request, and what it may do.

use std::sync::Arc;

use cams_api::whoami::{GrantInfo, LimitsInfo, TokenInfo, WhoAmI};
use cams_api::{Scope, ScopeSet};

use super::{AuthError, Claims, Denied, Key, Tenants};
use crate::limits;

/// Who calls: an access key, perhaps narrowed by the claims of a token made for it.
pub struct Caller {
    key: Arc<Key>,
    claims: Option<Arc<Claims>>,
}

impl Caller {
    /// A caller who showed the key's secret.
    pub fn with_key(key: Arc<Key>) -> Self {
        Self { key, claims: None }
    }

    /// A caller who showed a token of the key.
    pub fn with_token(key: Arc<Key>, claims: Arc<Claims>) -> Self {
        Self { key, claims: Some(claims) }
    }

    /// The access key.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// The same caller, with its key as it is `now`; `None` where the key may no longer be used.
    ///
    /// # Errors
    /// [`AuthError`] where the caller would no longer be let in.
    pub(super) fn renewed(&self, now: Option<Arc<Key>>) -> Result<Self, AuthError> {
        match &self.claims {
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
        if !self.claims.as_ref().is_none_or(claimed) {
            return Err(Denied::Tenant(cust_space_id.to_owned()));
        }
        let mut grants = self.key.grants.iter().filter(|grant| grant.tenants.contains(cust_space_id)).peekable();
        if grants.peek().is_none() {
            return Err(Denied::Tenant(cust_space_id.to_owned()));
        }
        let claimed = self.claims.as_ref().is_none_or(|claims| claims.scopes.allows(scope, operation));
        let granted = claimed && grants.any(|grant| grant.scopes.allows(scope, operation));
        if granted { Ok(()) } else { Err(Denied::Scope(scope)) }
    }

    /// The one tenant that the caller may act for; `None` where there are several, or none.
    pub fn only_tenant(&self) -> Option<String> {
        let mut granted = Tenants::Named(Vec::new());
        self.key.grants.iter().for_each(|grant| granted.extend(&grant.tenants));
        let claimed = self.claims.as_ref().map_or(&Tenants::All, |claims| &claims.tenants);
        let ids = match (claimed, &granted) {
            (Tenants::Named(ids), _) | (Tenants::All, Tenants::Named(ids)) => ids,
            (Tenants::All, Tenants::All) => return None,
        };
        let mut both = ids.iter().filter(|id| granted.contains(id));
        both.next().filter(|_| both.next().is_none()).cloned()
    }

    /// The key with its grants, and what the token narrows them to.
    pub fn describe(&self) -> WhoAmI {
        let grants = self.key.grants.iter();
        WhoAmI {
            access_key_id: self.key.access_key_id.clone(),
            grants: grants
                .map(|grant| GrantInfo { cust_space_ids: grant.tenants.to_ids(), scopes: names(&grant.scopes) })
                .collect(),
            limits: LimitsInfo { per_key: limits::describe(self.key.limiter.as_deref()) },
            token: self.claims.as_ref().map(|claims| TokenInfo {
                cust_space_ids: claims.tenants.to_ids(),
                scopes: names(&claims.scopes),
                expiration_timestamp: claims.exp,
            }),
        }
    }

    /// Whether any grant gives an administrator's scope.
    pub fn is_administrator(&self, scope: Scope) -> bool {
        let claimed = self.claims.as_ref().is_none_or(|claims| claims.scopes.contains(scope));
        claimed && self.key.grants.iter().any(|grant| grant.scopes.contains(scope))
    }
}

fn names(scopes: &ScopeSet) -> Vec<String> {
    scopes.to_string().split_whitespace().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use cams_api::{Scope, ScopeSet};

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
