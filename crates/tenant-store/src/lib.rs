#![doc = include_str!("../README.md")]

mod access_keys;
mod across_tenants;
mod attention;
mod audit;
mod calls;
mod changes;
mod classes;
mod console_sessions;
mod credentials;
mod deliveries;
mod endpoint_secret;
mod endpoints;
mod erasing;
mod error;
mod events;
mod groups;
mod idempotency;
mod issuers;
mod limit;
mod limits;
mod mirrors;
mod nonces;
mod not_before;
mod notifications;
mod numbers;
mod onboardings;
mod privacy;
#[cfg(feature = "private-server")]
pub mod private_server;
mod rates;
mod replicas;
mod revisions;
pub mod schema;
mod sealing;
mod shown_ids;
mod signing_keys;
mod store;
mod tenant_list;
mod tenants;
mod text;
mod times_of_ids;
mod upkeep;
mod upstream_objects;

pub use access_keys::{
    AccessKey, AccessKeyChange, AccessKeyFilter, CreatedAccessKey, Grant, KeyStanding, KeyState, ListedAccessKey,
    NewAccessKey, PreviousSecret, RotatedAccessKey,
};
pub use attention::{
    Attention, CredentialTrouble, DisabledEndpoint, FailedOnboarding, Found, KnownEndpoint, KnownTenant,
    LostDeliveries, NumberTrouble, ThrottledTenant, TroubledToken, UnknownNumbers,
};
pub use audit::{Actor, AuditEntry, AuditFilter, SeenCall};
pub use calls::{CallFilter, CallRecord, OperationUsage, TenantTraffic, Traffic, TrafficHour, TrafficOrder, UsageDay};
pub use changes::{Change, ChangeStatus, NewChange, Outcome, StaleChange, UniqueCode};
pub use classes::PerClass;
pub use console_sessions::{ConsoleSession, NewConsoleSession};
pub use credentials::{Credential, CredentialCheck, CredentialState, StoredToken};
pub use deliveries::{
    AfterTry, ClaimedDelivery, ClaimedEndpoint, Delivery, DeliveryBacklog, DeliveryFilter, DeliveryState,
    EndpointProgress, Replay, ReplayOnly, ReplaySize, ReplaySpan, TriedDelivery, TriesRecorded, Try,
};
pub use endpoint_secret::{EndpointSecret, InvalidEndpointSecret};
pub use endpoints::{
    CreatedEndpoint, EnabledEndpoint, Endpoint, EndpointChange, EndpointState, NewEndpoint, RotatedSecret, TestSent,
};
pub use erasing::{ErasedRows, ErasedTenant};
pub use error::StoreError;
pub use events::{
    ChangeOutcome, EventBacklog, EventFilter, EventOrder, EventPage, EventTraces, InboxEvent, NumberActivity,
    Partitions, PublishedEvent, Received, ReceivedEvent, Routed, Routing, ToldSetting, UnroutedEvent,
};
pub use groups::{
    Group, GroupFilter, GroupLifecycle, GroupList, GroupStatus, GroupSummary, GroupUpdate, LearnedLink, ListedGroup,
};
pub use idempotency::{Claim, HeldKey, NewKey, StoredAnswer};
pub use issuers::{ClaimRule, Issuer, IssuerChange, NewIssuer};
pub use limit::{InvalidLimit, Limit};
pub use limits::{Limits, StandingLimits};
pub use mirrors::{MirrorClaim, MirrorState, MirrorWork, NumberRecord};
pub use not_before::NotBefore;
pub use notifications::{Notification, Notifications};
pub use numbers::{BusinessNumber, NewNumber, NumberChange, RemovedNumber};
pub use onboardings::{NewOnboarding, NoStep, Onboarding, OnboardingStep, StepResult, StepState, TakeOver};
pub use rates::{InvalidRate, MOST_CALLS, Period, Rate};
pub use replicas::Replica;
pub use revisions::Revision;
pub use schema::SchemaState;
pub use sealing::{
    DataKeyPlace, MasterKeyUse, MasterKeys, MasterKeysError, Rewrapped, UnreadableSecret, VerifiedSecrets,
    WhyUnreadable,
};
pub use shown_ids::{DeliveryId, EndpointId, InvalidId, IssuerId};
pub use signing_keys::{NewSigningKey, SigningKey};
pub use store::{Connections, Space, Store, StoreSettings};
pub use tenant_list::{ListedTenant, TenantFilter, TokenState};
pub use tenants::{NewTenant, OpenCredential, OpenTenant, Tenant, TenantChange, TenantStatus};
pub use upkeep::Upkeep;
pub use upstream_objects::{ObjectKind, ObjectOwner};
