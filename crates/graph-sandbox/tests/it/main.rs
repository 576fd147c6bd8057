//! The sandbox over real HTTP: what a Graph client, a phone and a webhooks'
//! receiver see of it.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails where it stands")]
#![expect(clippy::needless_pass_by_value, reason = "bodies are written where they are sent")]

mod access;
mod accounts;
mod faults;
mod groups;
mod helpers;
mod invite_link;
mod join_requests;
mod media;
mod messages;
mod meta_document;
mod observation;
mod paging;
mod participants;
mod persistence;
mod robustness;
mod settings_update;
mod template_messages;
mod templates;
mod users;
mod webhook_shapes;
mod webhooks;
