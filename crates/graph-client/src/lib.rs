#![doc = include_str!("../README.md")]

mod answer;
mod calls;
mod client;
mod codes;
mod error;
mod ids;
mod lenient;
mod refusal;
mod settings;
mod target;
mod token;
mod transport;
mod usage;
pub mod webhooks;

pub use answer::Answer;
pub use calls::{
    changes::ChangeAccepted,
    groups::{GroupField, GroupInfo, GroupPage, JoinApprovalMode, ListPage, ListedGroup, NewGroup},
    invite_links::{CurrentInviteLink, Deleted, InviteLink},
    numbers::NumberInfo,
    participants::Participant,
};
pub use client::{Call, GraphClient};
pub use codes::RefusalKind;
pub use error::{Acted, Effect, GraphError, Unreadable};
pub use ids::{GroupId, InvalidId, PhoneNumberId, WabaId};
pub use refusal::Refusal;
pub use settings::{GraphSettings, InvalidSettings};
pub use token::{InvalidToken, Token};
pub use usage::{AppUsage, BusinessUsage, Usage};
