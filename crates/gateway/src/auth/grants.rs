//! Grants: which tenants and scopes an access key carries.

use cams_api::ScopeSet;

/// Tenants that a grant or a token names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tenants {
    /// `*`
    All,
    /// These.
    Named(Vec<String>),
}

impl Tenants {
    /// Reads `CustSpaceId`s, or `["*"]`.
    pub fn from_ids(ids: &[String]) -> Self {
        if ids.iter().any(|id| id == "*") { Self::All } else { Self::Named(ids.to_vec()) }
    }

    /// Whether this tenant is named.
    pub fn contains(&self, cust_space_id: &str) -> bool {
        match self {
            Self::All => true,
            Self::Named(ids) => ids.iter().any(|id| id == cust_space_id),
        }
    }

    /// As a token's claim writes it.
    pub fn to_ids(&self) -> Vec<String> {
        match self {
            Self::All => vec!["*".to_owned()],
            Self::Named(ids) => ids.clone(),
        }
    }

    /// Adds everything that `other` names.
    pub fn extend(&mut self, other: &Self) {
        match (&mut *self, other) {
            (Self::All, _) => {}
            (_, Self::All) => *self = Self::All,
            (Self::Named(ids), Self::Named(more)) => {
                let new: Vec<String> = more.iter().filter(|id| !ids.contains(id)).cloned().collect();
                ids.extend(new);
            }
        }
    }
}

/// These scopes on these tenants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// On whom.
    pub tenants: Tenants,
    /// What.
    pub scopes: ScopeSet,
}

impl From<&tenant_store::Grant> for Grant {
    fn from(stored: &tenant_store::Grant) -> Self {
        Self {
            tenants: Tenants::from_ids(&stored.cust_space_ids),
            scopes: ScopeSet::from_names(stored.scopes.iter().map(String::as_str)),
        }
    }
}
