//! Texts of a group: subject, description, invite link, and the modes it is made with.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::ObjectBuilder;

use crate::privacy::{HiddenText, ShortLink};
use crate::value::{debug_as, text_parameter};

/// Trimmed text of at most `longest` Unicode scalar values. NUL is refused: nothing behind us stores it.
fn trimmed(text: &str, longest: usize) -> Option<String> {
    let text = text.trim();
    let fits = text.chars().nth(longest).is_none() && !text.contains('\0');
    fits.then(|| text.to_owned())
}

/// A group's subject: 1 to 128 characters after trimming, as
/// [Meta has it](https://developers.facebook.com/docs/whatsapp/cloud-api/groups/).
#[derive(Clone, PartialEq, Eq)]
pub struct Subject(String);

impl Subject {
    fn parse(text: &str) -> Option<Self> {
        trimmed(text, 128).filter(|text| !text.is_empty()).map(Self)
    }

    /// The text, trimmed.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_parameter!(
    Subject,
    rule: "1 to 128 characters after trimming, none of them NUL",
    schema: ObjectBuilder::new()
        .description(Some("The group's name: 1 to 128 characters after trimming."))
        .min_length(Some(1))
        .pattern(Some(r"^\s*[^\s\x00]([^\x00]{0,126}[^\s\x00])?\s*$"))
        .examples(["New purchase inquiry"])
);

/// A group's description: up to 2,048 characters after trimming.
#[derive(Clone, PartialEq, Eq)]
pub struct Description(String);

impl Description {
    fn parse(text: &str) -> Option<Self> {
        trimmed(text, 2048).map(Self)
    }

    /// The text, trimmed.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_parameter!(
    Description,
    rule: "up to 2048 characters after trimming, none of them NUL",
    schema: ObjectBuilder::new()
        .description(Some("What the group is for: up to 2048 characters after trimming."))
        .pattern(Some(r"^\s*([^\s\x00]([^\x00]{0,2046}[^\s\x00])?)?\s*$"))
        .examples(["Questions about order 1042, answered from 9 to 17 h."])
);

/// A part of a subject to look for: up to 128 characters after trimming. An empty one is in every subject.
#[derive(Clone, PartialEq, Eq)]
pub struct SubjectPart(String);

impl SubjectPart {
    fn parse(text: &str) -> Option<Self> {
        trimmed(text, 128).map(Self)
    }

    /// The text, trimmed.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_parameter!(
    SubjectPart,
    rule: "up to 128 characters after trimming, none of them NUL",
    schema: ObjectBuilder::new()
        .description(Some("Only groups whose name has this in it, in any case: up to 128 characters after trimming."))
        .pattern(Some(r"^\s*([^\s\x00]([^\x00]{0,126}[^\s\x00])?)?\s*$"))
        .examples(["inquiry"])
);

/// `https://chat.whatsapp.com/<LINK_ID>`. Whoever holds it may enter, so `Debug` shortens it.
#[derive(Clone, PartialEq, Eq)]
pub struct InviteLink(String);

impl InviteLink {
    /// A link as Meta gave it.
    pub fn from_upstream(link: impl Into<String>) -> Self {
        Self(link.into())
    }

    fn parse(text: &str) -> Option<Self> {
        (text.len() <= 1024).then(|| Self(text.to_owned()))
    }

    /// The whole link.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_parameter!(
    InviteLink,
    rule: "an invite link of up to 1024 characters",
    schema: ObjectBuilder::new()
        .description(Some("Whoever holds the link may enter, or ask to."))
        .examples(["https://chat.whatsapp.com/LINK_ID"])
);

/// Text of another channel's, which nothing here depends on: up to 1,024 characters.
#[derive(Clone, PartialEq, Eq)]
pub struct IgnoredText(String);

impl IgnoredText {
    fn parse(text: &str) -> Option<Self> {
        text.chars().nth(1024).is_none().then(|| Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_parameter!(
    IgnoredText,
    rule: "up to 1024 characters",
    schema: ObjectBuilder::new().max_length(Some(1024)).examples([""])
);

debug_as!(Subject, HiddenText);
debug_as!(Description, HiddenText);
debug_as!(SubjectPart, HiddenText);
debug_as!(InviteLink, ShortLink);
debug_as!(IgnoredText, HiddenText);

/// How a user who follows the invite link enters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(example = "auto_approve")]
pub enum JoinApprovalMode {
    /// At once.
    AutoApprove,
    /// By a join request, which the business approves or rejects.
    ApprovalRequired,
}

impl JoinApprovalMode {
    /// The mode in Meta's words, which are ours too.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AutoApprove => "auto_approve",
            Self::ApprovalRequired => "approval_required",
        }
    }

    /// Meta's word, read; `None` for one that is not known.
    pub fn from_upstream(word: &str) -> Option<Self> {
        [Self::AutoApprove, Self::ApprovalRequired].into_iter().find(|mode| mode.as_str() == word)
    }
}

/// Where a group stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(example = "ACTIVE")]
pub enum GroupStatus {
    /// Asked for, and not yet made by Meta.
    Creating,
    /// In use.
    Active,
    /// A change of its settings is under way.
    Updating,
    /// Its deletion is under way.
    Deleting,
    /// Suspended by Meta.
    Suspended,
    /// Deleted, or gone.
    Inactive,
}
