//! Pictures, videos, sounds, files and stickers.

use serde::Deserialize;
use utoipa::openapi::ObjectBuilder;

use super::{CONTENT, from_text, missing};
use crate::messages::Text;
use crate::parameters::ParameterError;
use crate::privacy::HiddenText;
use crate::value::{debug_as, text_parameter};

/// What stands below a picture, video or file: up to 1024 characters.
pub type Caption = Text<1024>;
/// What a file is called. Meta has no bound for it; file systems have 255.
pub type FileName = Text<255>;

/// A picture, video, sound, file or sticker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// Where it is.
    pub source: MediaSource,
    /// What stands below it.
    pub caption: Option<Caption>,
    /// What a file is called. Meta's `filename`.
    pub file_name: Option<FileName>,
}

/// Where a medium is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MediaSource {
    /// At this address. Meta fetches it; the gateway does not.
    Link(MediaLink),
    /// At Meta, uploaded before.
    Id(MediaId),
}

/// An address that Meta fetches a medium from.
#[derive(Clone, PartialEq, Eq)]
pub struct MediaLink(String);

impl MediaLink {
    fn parse(text: &str) -> Option<Self> {
        let rest = ["https://", "http://"].iter().find_map(|scheme| {
            let head = text.get(..scheme.len()).filter(|head| head.eq_ignore_ascii_case(scheme))?;
            Some(&text[head.len()..])
        })?;
        let has_host = rest.chars().next().is_some_and(|first| first.is_alphanumeric() || first == '[');
        let is_plain = !text.chars().any(|c| c.is_whitespace() || c.is_control());
        (has_host && is_plain && text.len() <= 2048).then(|| Self(text.to_owned()))
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_parameter!(
    MediaLink,
    rule: "an https or http URL of up to 2048 bytes",
    schema: ObjectBuilder::new().description(Some("An https or http URL, from which Meta fetches the medium."))
);
debug_as!(MediaLink, HiddenText);

/// Meta's ID of an uploaded medium.
#[derive(Clone, PartialEq, Eq)]
pub struct MediaId(String);

impl MediaId {
    fn parse(text: &str) -> Option<Self> {
        let fits = (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        fits.then(|| Self(text.to_owned()))
    }

    /// The ID as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_parameter!(
    MediaId,
    rule: "Meta's ID of an uploaded medium: 1 to 64 digits",
    schema: ObjectBuilder::new().description(Some("Meta's ID of a medium that was uploaded before."))
);
debug_as!(MediaId, HiddenText);

/// Which members stand beside the source.
pub(super) struct Takes {
    caption: bool,
    file_name: bool,
}

/// Nothing else.
pub(super) const BARE: Takes = Takes { caption: false, file_name: false };
/// A caption.
pub(super) const CAPTIONED: Takes = Takes { caption: true, file_name: false };
/// A caption and a file's name.
pub(super) const NAMED: Takes = Takes { caption: true, file_name: true };

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Written {
    link: Option<MediaLink>,
    id: Option<MediaId>,
    caption: Option<Caption>,
    file_name: Option<FileName>,
}

pub(super) fn read(text: &str, takes: &Takes) -> Result<Media, ParameterError> {
    let Written { link, id, caption, file_name } = from_text(text)?;
    if caption.is_some() && !takes.caption {
        return Err(unknown("caption", "`link` or `id`"));
    }
    if file_name.is_some() && !takes.file_name {
        return Err(unknown("fileName", if takes.caption { "`link` or `id`, `caption`" } else { "`link` or `id`" }));
    }
    let source = match (link, id) {
        (Some(link), None) => MediaSource::Link(link),
        (None, Some(id)) => MediaSource::Id(id),
        (None, None) => return Err(missing("link")),
        (Some(_), Some(_)) => {
            return Err(ParameterError::superfluous("Content.id", "where there is a `link`, or the other way round"));
        }
    };
    Ok(Media { source, caption, file_name })
}

/// A member that other media have.
fn unknown(member: &str, known: &str) -> ParameterError {
    ParameterError::Unknown {
        parameter: format!("{CONTENT}.{member}"),
        known: format!("{known} in a message of this type"),
    }
}
