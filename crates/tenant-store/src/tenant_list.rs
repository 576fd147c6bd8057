//! The administrator's list of tenants: found by what is known of them, with what their numbers and their tokens are like.

use time::OffsetDateTime;

use crate::{Store, StoreError, Tenant, TenantStatus, across_tenants};

/// Fewer digits than these are in too many numbers to find one by.
const FEWEST_DIGITS: usize = 3;

/// Which tenants are looked for. What is `None` is not asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TenantFilter {
    /// Among these.
    pub only: Option<Vec<String>>,
    /// With this in their name, their ID, a label (as `name=value`), or, where it is digits, in a business number or a
    /// phone number ID. Case does not matter.
    pub text: Option<String>,
    /// That stand so.
    pub status: Option<TenantStatus>,
    /// Whose token is like this.
    pub token: Option<TokenState>,
}

/// How a tenant's token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum TokenState {
    /// There is none.
    Missing,
    /// Meta takes it, as far as is known.
    Valid,
    /// Meta takes it, and will not for much longer.
    Expiring,
    /// Meta refuses it.
    Invalid,
}

/// A tenant of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedTenant {
    /// The tenant.
    pub tenant: Tenant,
    /// How its token is.
    pub token_state: TokenState,
    /// When its token ends; `None` for one without an end, and for none.
    pub token_expires_at: Option<OffsetDateTime>,
    /// How many numbers it has.
    pub number_count: i64,
}

impl TenantFilter {
    /// The digits by which a number is looked for, however they are written.
    pub(crate) fn digits(&self) -> Option<String> {
        let text = self.text.as_deref()?.trim();
        let is_written_with = |letter: char| letter.is_ascii_digit() || "+-()./ ".contains(letter);
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        Some(digits).filter(|digits| text.chars().all(is_written_with) && digits.len() >= FEWEST_DIGITS)
    }
}

impl Store {
    /// Up to `limit` tenants that the filter lets through, after the ID `after` (`""` begins), in the order of their IDs.
    pub async fn find_tenants(
        &self,
        filter: &TenantFilter,
        after: &str,
        limit: i64,
    ) -> Result<Vec<ListedTenant>, StoreError> {
        across_tenants::find_tenants(self.pool(), filter, after, limit).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digits(text: &str) -> Option<String> {
        TenantFilter { text: Some(text.to_owned()), ..TenantFilter::default() }.digits()
    }

    #[test]
    fn a_number_is_looked_for_however_it_is_written() {
        for text in ["15550000001", " +1 (555) 000-0001", "1.555.000.0001"] {
            assert_eq!(digits(text).as_deref(), Some("15550000001"), "{text}");
        }
        for text in ["Bakery 4711", "12", "", "+"] {
            assert_eq!(digits(text), None, "{text}");
        }
    }
}
