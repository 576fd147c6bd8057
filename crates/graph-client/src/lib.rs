#![doc = include_str!("../README.md")]

mod answer;
mod app;
mod call;
mod calls;
mod client;
mod codes;
mod error;
mod form;
mod forward;
mod guard;
mod headers;
mod http1;
mod ids;
mod lenient;
mod over_awc;
mod privacy;
mod progress;
mod refusal;
mod request;
mod retry;
mod settings;
mod target;
mod token;
mod transport;
mod tries;
mod usage;
pub mod webhooks;

pub use answer::Answer;
pub use app::App;
pub use call::Call;
pub use calls::{
    changes::ChangeAccepted,
    groups::{GroupField, GroupInfo, GroupPage, JoinApprovalMode, ListPage, ListedGroup, NewGroup},
    invite_links::{CurrentInviteLink, Deleted, InviteLink},
    join_requests::{FailedJoinRequest, JoinRequestPage, JoinRequestPosition, JoinRequestsDecided, OpenJoinRequest},
    messages::{
        Location, Media, MediaSource, MessageAccepted, MessageContent, OutgoingMessage, Pin, Reaction, Recipient, Text,
    },
    numbers::NumberInfo,
    participants::{Participant, User},
    settings::NewSettings,
    templates::{
        ButtonType, LibraryTemplate, Template, TemplateComponent, TemplateCopy, TemplateMade, TemplateMessage,
        TemplatePage, TemplateParameter,
    },
    tokens::{GranularScope, TokenInfo},
    wabas::{WabaNumber, WabaNumberPage},
};
pub use client::GraphClient;
pub use codes::{RefusalKind, ThrottleScope};
pub use error::{Acted, Effect, GraphError, Unreadable};
pub use forward::{Forward, ForwardBody, Forwarded, ForwardedChange, MediaContent};
pub use guard::{Ended, Guard, Held, TraceHeaders, Try, Unguarded, Urgency};
pub use ids::{GroupId, InvalidId, PhoneNumberId, WabaId};
pub use refusal::Refusal;
pub use settings::{GraphSettings, InvalidSettings};
pub use token::{InvalidToken, Token};
pub use transport::MOST_CALLS;
pub use usage::{AppUsage, BusinessUsage, Usage};
