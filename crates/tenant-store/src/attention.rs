//! What needs a person, of all tenants or of some: found by what is recorded already, and asking nobody.
//!
//! Tenants that an administrator has suspended need nobody.

use time::OffsetDateTime;

use crate::{EndpointId, StepResult, Store, StoreError, across_tenants};

/// Meta lets a number have 10,000 groups
/// ([Meta: groups](https://developers.facebook.com/docs/whatsapp/cloud-api/groups/)); from here on it is told.
const MANY_GROUPS: i32 = 9_000;
/// How many events of unknown numbers are counted.
const MOST_EVENTS: i64 = 10_000;

/// The first of what was found, and how many there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found<T> {
    /// The most urgent ones.
    pub first: Vec<T>,
    /// How many there are with these.
    pub total: i64,
}

/// What needs a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attention {
    /// Tokens that are no good, or not for long; those that Meta refuses come first.
    pub credentials: Found<CredentialTrouble>,
    /// Endpoints that get nothing, those that were disabled last first; the ISV's own where all is looked at.
    pub endpoints: Found<DisabledEndpoint>,
    /// Endpoints that events did not reach in the last day.
    pub deliveries: Found<LostDeliveries>,
    /// Numbers that Meta has limited, or will.
    pub numbers: Found<NumberTrouble>,
    /// Tenants whose numbers met Meta's limit in the last 24 hours.
    pub throttled: Found<ThrottledTenant>,
    /// Onboardings that a step keeps from going on, the last ones first.
    pub onboardings: Found<FailedOnboarding>,
    /// Events of numbers that no tenant has; `None` where there are none, or only some tenants are looked at.
    pub unknown_numbers: Option<UnknownNumbers>,
}

/// Which tenant it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownTenant {
    /// Its public ID.
    pub cust_space_id: String,
    /// Its name for people.
    pub name: String,
}

/// A tenant's token that is no good, or not for long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialTrouble {
    /// Whose.
    pub tenant: KnownTenant,
    /// What is wrong with it.
    pub token: TroubledToken,
}

/// What is wrong with a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TroubledToken {
    /// Meta refuses it, and why.
    Invalid(Option<String>),
    /// The tenant has a number, and no token.
    Missing,
    /// It ends then.
    Expiring(Option<OffsetDateTime>),
}

/// An endpoint, as people know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownEndpoint {
    /// Its ID.
    pub endpoint_id: EndpointId,
    /// Whose it is; `None` for the ISV's own.
    pub tenant: Option<KnownTenant>,
    /// What people call it.
    pub description: Option<String>,
    /// Where events are delivered to.
    pub url: String,
}

/// An endpoint that gets nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisabledEndpoint {
    /// Which.
    pub endpoint: KnownEndpoint,
    /// Why.
    pub reason: Option<String>,
    /// Since when.
    pub since: Option<OffsetDateTime>,
}

/// An endpoint that events did not reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LostDeliveries {
    /// Which.
    pub endpoint: KnownEndpoint,
    /// How many, of its newest hundred that failed for good.
    pub dead: i64,
}

/// A number that Meta has limited, or will. What is `None` is well.
#[derive(Clone, PartialEq, Eq)]
pub struct NumberTrouble {
    /// Whose.
    pub tenant: KnownTenant,
    /// Which.
    pub business_number: String,
    /// Meta's word for what became of it, such as `BANNED`.
    pub status: Option<String>,
    /// Meta's word for its quality, where that is the worst.
    pub quality_rating: Option<String>,
    /// Why it may not have groups; empty where Meta does not say.
    pub ineligible: Option<String>,
    /// How many groups it has, where that is near Meta's limit.
    pub groups: Option<i32>,
}

/// A tenant whose numbers met Meta's limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThrottledTenant {
    /// Which.
    pub tenant: KnownTenant,
    /// How many calls were refused for it.
    pub calls: i64,
    /// The hour in which the last one was.
    pub last_hour: OffsetDateTime,
}

/// An onboarding that a step keeps from going on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedOnboarding {
    /// Whose.
    pub tenant: KnownTenant,
    /// The first step that failed.
    pub failed: StepResult,
    /// When something last happened to it.
    pub at: OffsetDateTime,
}

/// Events of numbers that no tenant has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownNumbers {
    /// How many, counted up to 10,000.
    pub events: i64,
    /// Of how many numbers.
    pub numbers: i64,
    /// When the first of them was heard of.
    pub since: Option<OffsetDateTime>,
}

impl Store {
    /// What needs a person: up to `limit` of each kind, of these tenants, or of all and the ISV's own.
    pub async fn attention(&self, tenants: Option<&[String]>, limit: i64) -> Result<Attention, StoreError> {
        let pool = self.pool();
        let unknown_numbers = match tenants {
            None => Some(across_tenants::unknown_number_backlog(pool, MOST_EVENTS).await?),
            Some(_) => None,
        };
        Ok(Attention {
            credentials: across_tenants::credentials_in_trouble(pool, tenants, limit).await?,
            endpoints: across_tenants::endpoints_in_trouble(pool, tenants, limit).await?,
            deliveries: across_tenants::deliveries_in_trouble(pool, tenants, limit).await?,
            numbers: across_tenants::numbers_in_trouble(pool, tenants, MANY_GROUPS, limit).await?,
            throttled: across_tenants::throttled_tenants(pool, tenants, limit).await?,
            onboardings: across_tenants::failed_onboardings(pool, tenants, limit).await?,
            unknown_numbers: unknown_numbers.filter(|unknown| unknown.events > 0),
        })
    }
}
