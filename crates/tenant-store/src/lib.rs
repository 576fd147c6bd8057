#![doc = include_str!("../README.md")]

mod access_keys;
mod across_tenants;
mod audit;
mod changes;
mod credentials;
mod deliveries;
mod endpoint_secret;
mod endpoints;
mod erasing;
mod error;
mod events;
mod groups;
mod idempotency;
mod limits;
mod mirrors;
mod nonces;
mod notifications;
mod numbers;
mod privacy;
#[cfg(feature = "private-server")]
pub mod private_server;
mod rates;
pub mod schema;
mod sealing;
mod shown_ids;
mod signing_keys;
mod store;
mod tenants;
mod text;
mod upstream_objects;

pub use access_keys::{
    AccessKey, CreatedAccessKey, Grant, KeyState, ListedAccessKey, NewAccessKey, PreviousSecret, RotatedAccessKey,
};
pub use audit::{Actor, AuditEntry};
pub use changes::{Change, ChangeStatus, NewChange, Outcome, StaleChange, UniqueCode};
pub use credentials::Credential;
pub use deliveries::{
    AfterTry, ClaimedDelivery, ClaimedEndpoint, Delivery, DeliveryBacklog, DeliveryFilter, DeliveryState, Replay,
    ReplayOnly, ReplaySpan, TriedDelivery, TriesRecorded, Try,
};
pub use endpoint_secret::{EndpointSecret, InvalidEndpointSecret};
pub use endpoints::{
    CreatedEndpoint, EnabledEndpoint, Endpoint, EndpointChange, EndpointState, NewEndpoint, RotatedSecret, TestSent,
};
pub use erasing::{ErasedRows, ErasedTenant};
pub use error::StoreError;
pub use events::{
    ChangeOutcome, EventBacklog, EventPage, InboxEvent, NumberActivity, Partitions, PublishedEvent, Received,
    ReceivedEvent, Routed, Routing, UnroutedEvent,
};
pub use groups::{
    Group, GroupFilter, GroupLifecycle, GroupList, GroupStatus, GroupSummary, GroupUpdate, LearnedLink, ListedGroup,
};
pub use idempotency::{Claim, HeldKey, NewKey, StoredAnswer};
pub use limits::Limits;
pub use mirrors::{MirrorClaim, MirrorState, MirrorWork, NumberRecord};
pub use notifications::{Notification, Notifications};
pub use numbers::{BusinessNumber, NewNumber, RemovedNumber};
pub use rates::{InvalidRate, Period, Rate};
pub use schema::SchemaState;
pub use sealing::{MasterKeys, MasterKeysError};
pub use shown_ids::{DeliveryId, EndpointId, InvalidId};
pub use signing_keys::{NewSigningKey, SigningKey};
pub use store::{Space, Store, StoreSettings};
pub use tenants::{NewTenant, OpenCredential, OpenTenant, Tenant, TenantStatus};
pub use upstream_objects::{ObjectKind, ObjectOwner};
