//! Meta's calls, one short function each, with what they send and what they answer.

pub(crate) mod changes;
pub(crate) mod groups;
pub(crate) mod invite_links;
pub(crate) mod join_requests;
pub(crate) mod messages;
pub(crate) mod numbers;
mod paging;
pub(crate) mod participants;
pub(crate) mod settings;
pub(crate) mod templates;
pub(crate) mod tokens;
pub(crate) mod wabas;

/// The member that every body of the Cloud API must have.
pub(crate) const MESSAGING_PRODUCT: &str = "whatsapp";
