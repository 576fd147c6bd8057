//! What Meta sends by webhook: its signature, its parts, and what they mean. No I/O.
//!
//! A payload holds entries, an entry changes, and a change's value a list of groups, messages or
//! statuses. [`verify_signature`] checks where it comes from, [`parse`] takes it apart into one
//! [`Change`] for each element, and [`read`] tells what a change says; [`interpret`] does so for
//! those of groups alone.

mod element;
mod event;
mod fingerprint;
mod interpret;
mod media;
mod message;
mod messages;
mod object;
mod payload;
mod signature;

pub use element::{Element, OtherChange, read};
pub use event::{
    CreatedGroup, FailedParticipant, GroupEvent, GroupUpdate, Initiator, JoinRequest, PartOutcome, ParticipantsAdded,
    ParticipantsRemoved, SettingsUpdated, UpdateError,
};
pub use interpret::interpret;
pub(crate) use interpret::{addition_answer, removal_answer, settings_answer};
pub use media::{MEDIA_KINDS, received_media};
pub use message::{IncomingMessage, MessageStatus, Pricing, StatusKind};
pub(crate) use object::Object;
pub use payload::{Change, PayloadError, parse};
pub use signature::{AppSecrets, SignatureError, verify_signature};
