//! What needs a person now: what does not work, what waits for somebody, and what will not work for long.

use cams_api::identifiers::CustSpaceId;
use tenant_store::{
    Attention, CredentialTrouble, DisabledEndpoint, FailedOnboarding, Found, LostDeliveries, NumberTrouble,
    ThrottledTenant, TroubledToken, UnknownNumbers,
};

use super::traffic::seen;
use super::{AdminContext, AdminError};

/// How many of each kind are told of one by one.
const MOST: i64 = 50;

/// What needs a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttentionView {
    /// One by one, the most urgent first.
    pub needs: Vec<Need>,
    /// Of which kinds there are more, and how many.
    pub more: Vec<(Kind, i64)>,
}

/// One thing that needs a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Need {
    /// A token that is no good, or not for long.
    Credential(CredentialTrouble),
    /// A number that Meta has limited, or will.
    Number(NumberTrouble),
    /// An endpoint that gets nothing.
    Endpoint(DisabledEndpoint),
    /// An endpoint that events did not reach.
    Deliveries(LostDeliveries),
    /// Events of numbers that no tenant has.
    UnknownNumbers(UnknownNumbers),
    /// An onboarding that a step keeps from going on.
    Onboarding(FailedOnboarding),
    /// A tenant whose numbers met Meta's limit.
    Throttled(ThrottledTenant),
}

/// What there may be more of than is told one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Tokens.
    Credentials,
    /// Numbers.
    Numbers,
    /// Endpoints that get nothing.
    Endpoints,
    /// Endpoints that events did not reach.
    Deliveries,
    /// Onboardings.
    Onboardings,
    /// Tenants whose numbers met Meta's limit.
    Throttled,
}

/// How soon somebody is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// Calls are refused, or events do not arrive.
    Broken,
    /// Nothing is lost, and nothing goes on without somebody.
    Waiting,
    /// It works, and will not for long.
    Soon,
}

impl Need {
    /// How soon somebody is needed.
    pub fn urgency(&self) -> Urgency {
        match self {
            Self::Credential(CredentialTrouble { token, .. }) => match token {
                TroubledToken::Invalid(_) => Urgency::Broken,
                TroubledToken::Missing => Urgency::Waiting,
                TroubledToken::Expiring(_) => Urgency::Soon,
            },
            Self::Number(NumberTrouble { status: Some(_), .. })
            | Self::Endpoint(_)
            | Self::Deliveries(_)
            | Self::UnknownNumbers(_) => Urgency::Broken,
            Self::Number(NumberTrouble { ineligible: Some(_), .. }) | Self::Onboarding(_) => Urgency::Waiting,
            Self::Number(_) | Self::Throttled(_) => Urgency::Soon,
        }
    }
}

/// What needs a person, of all that the caller may see.
///
/// # Errors
/// [`AdminError::Store`]
pub async fn list(ctx: &AdminContext) -> Result<AttentionView, AdminError> {
    Ok(ctx.store().attention(seen(ctx).as_deref(), MOST).await?.into())
}

/// The same of one tenant.
///
/// # Errors
/// [`AdminError::Store`]
pub async fn of_tenant(ctx: &AdminContext, tenant: &CustSpaceId) -> Result<AttentionView, AdminError> {
    Ok(ctx.store().attention(Some(&[tenant.to_string()]), MOST).await?.into())
}

impl From<Attention> for AttentionView {
    fn from(found: Attention) -> Self {
        let mut view = Self { needs: Vec::new(), more: Vec::new() };
        view.take(found.credentials, Kind::Credentials, Need::Credential);
        view.take(found.numbers, Kind::Numbers, Need::Number);
        view.take(found.endpoints, Kind::Endpoints, Need::Endpoint);
        view.take(found.deliveries, Kind::Deliveries, Need::Deliveries);
        view.needs.extend(found.unknown_numbers.map(Need::UnknownNumbers));
        view.take(found.onboardings, Kind::Onboardings, Need::Onboarding);
        view.take(found.throttled, Kind::Throttled, Need::Throttled);
        view.needs.sort_by_key(Need::urgency);
        view
    }
}

impl AttentionView {
    fn take<T>(&mut self, found: Found<T>, kind: Kind, need: impl Fn(T) -> Need) {
        let told = i64::try_from(found.first.len()).unwrap_or(i64::MAX);
        self.needs.extend(found.first.into_iter().map(need));
        if found.total > told {
            self.more.push((kind, found.total - told));
        }
    }
}

#[cfg(test)]
mod tests {
    use tenant_store::KnownTenant;

    use super::*;

    fn found<T>(first: Vec<T>, total: i64) -> Found<T> {
        Found { first, total }
    }

    fn credential(name: &str, token: TroubledToken) -> CredentialTrouble {
        let tenant = KnownTenant { cust_space_id: format!("cams-{name}"), name: name.to_owned() };
        CredentialTrouble { tenant, token }
    }

    #[test]
    fn what_is_broken_comes_before_what_waits_and_that_before_what_breaks_soon_and_the_rest_is_counted() {
        let (ends, none) =
            (credential("ends", TroubledToken::Expiring(None)), credential("none", TroubledToken::Missing));
        let dead = credential("dead", TroubledToken::Invalid(None));
        let view = AttentionView::from(Attention {
            credentials: found(vec![ends.clone(), none.clone(), dead.clone()], 7),
            endpoints: found(Vec::new(), 0),
            deliveries: found(Vec::new(), 0),
            numbers: found(Vec::new(), 0),
            throttled: found(Vec::new(), 0),
            onboardings: found(Vec::new(), 0),
            unknown_numbers: Some(UnknownNumbers { events: 3, numbers: 1, since: None }),
        });
        let unknown = UnknownNumbers { events: 3, numbers: 1, since: None };
        let expected =
            [Need::Credential(dead), Need::UnknownNumbers(unknown), Need::Credential(none), Need::Credential(ends)];
        assert_eq!((view.needs, view.more), (expected.to_vec(), vec![(Kind::Credentials, 4)]));
    }
}
