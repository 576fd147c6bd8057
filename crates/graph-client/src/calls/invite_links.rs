//! A group's invite link: read, replaced, removed.

use std::fmt;

use serde::Deserialize;
use serde_json::json;

use super::MESSAGING_PRODUCT;
use crate::{
    answer::Answer, call::Call, client::GraphClient, error::GraphError, ids::GroupId, lenient, request::Request,
};

/// A link that admits whoever holds it; so `Debug` does not show it.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct InviteLink {
    /// `https://chat.whatsapp.com/<LINK_ID>`
    pub invite_link: String,
}

impl fmt::Debug for InviteLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InviteLink(***)")
    }
}

/// The link that a group has now, if it has one: it has none after a removal.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "WrittenLink")]
pub struct CurrentInviteLink {
    /// `https://chat.whatsapp.com/<LINK_ID>`
    pub invite_link: Option<String>,
}

/// An answer without a link is believed only where it is recognizably Meta's.
#[derive(Deserialize)]
struct WrittenLink {
    invite_link: Option<String>,
    messaging_product: Option<String>,
}

impl TryFrom<WrittenLink> for CurrentInviteLink {
    type Error = &'static str;

    fn try_from(written: WrittenLink) -> Result<Self, Self::Error> {
        match (written.invite_link, written.messaging_product) {
            (None, None) => Err("neither `invite_link` nor `messaging_product`"),
            (invite_link, _) => Ok(Self { invite_link }),
        }
    }
}

impl fmt::Debug for CurrentInviteLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CurrentInviteLink(***)")
    }
}

/// Meta's word on a removal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(from = "WrittenDeleted")]
pub struct Deleted {
    /// Whether something was removed; true where Meta answers 2xx and says nothing.
    pub success: bool,
}

/// `success` as Meta writes it: a boolean, or for invite links the string `"true"`.
#[derive(Deserialize)]
struct WrittenDeleted {
    #[serde(default, deserialize_with = "lenient::boolean")]
    success: Option<bool>,
}

impl From<WrittenDeleted> for Deleted {
    fn from(written: WrittenDeleted) -> Self {
        Self { success: written.success.unwrap_or(true) }
    }
}

impl GraphClient {
    /// `GET /{group_id}/invite_link`: the link as it is.
    pub async fn invite_link(
        &self,
        call: Call<'_>,
        group_id: &GroupId,
    ) -> Result<Answer<CurrentInviteLink>, GraphError> {
        self.call(call, self.path(group_id.as_str()).edge("invite_link"), Request::GET).await
    }

    /// `POST /{group_id}/invite_link`: a new link; all earlier ones stop working.
    pub async fn reset_invite_link(
        &self,
        call: Call<'_>,
        group_id: &GroupId,
    ) -> Result<Answer<InviteLink>, GraphError> {
        let request = Request::post(&json!({ "messaging_product": MESSAGING_PRODUCT }));
        self.call(call, self.path(group_id.as_str()).edge("invite_link"), request).await
    }

    /// `DELETE /{group_id}/invite_link`: no link admits anyone until the next reset.
    pub async fn delete_invite_link(&self, call: Call<'_>, group_id: &GroupId) -> Result<Answer<Deleted>, GraphError> {
        let request = Request::delete(&json!({ "messaging_product": MESSAGING_PRODUCT }));
        self.call(call, self.path(group_id.as_str()).edge("invite_link"), request).await
    }
}
