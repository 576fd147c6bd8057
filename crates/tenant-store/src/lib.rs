#![doc = include_str!("../README.md")]

mod access_keys;
mod across_tenants;
mod audit;
mod changes;
mod credentials;
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
pub use erasing::{ErasedRows, ErasedTenant};
pub use error::StoreError;
pub use events::{ChangeOutcome, InboxEvent, Received, ReceivedEvent, Routed, Routing};
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
pub use signing_keys::{NewSigningKey, SigningKey};
pub use store::{Space, Store, StoreSettings};
pub use tenants::{NewTenant, OpenCredential, OpenTenant, Tenant, TenantStatus};
pub use upstream_objects::{ObjectKind, ObjectOwner};
