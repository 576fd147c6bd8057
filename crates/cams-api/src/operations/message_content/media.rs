//! Pictures, videos, sounds, files and stickers.

use serde::Deserialize;
use utoipa::openapi::ObjectBuilder;

use super::{CONTENT, from_text};
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
    /// Where it is. Meta fetches it from there; the gateway does not.
    pub link: MediaLink,
    /// What stands below it.
    pub caption: Option<Caption>,
    /// What a file is called. Meta's `filename`.
    pub file_name: Option<FileName>,
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

/// Which members stand beside the link.
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
    link: MediaLink,
    caption: Option<Caption>,
    file_name: Option<FileName>,
}

pub(super) fn read(text: &str, takes: &Takes) -> Result<Media, ParameterError> {
    let Written { link, caption, file_name } = from_text(text).map_err(by_link)?;
    if caption.is_some() && !takes.caption {
        return Err(unknown("caption", "`link`"));
    }
    if file_name.is_some() && !takes.file_name {
        return Err(unknown("fileName", if takes.caption { "`link`, `caption`" } else { "`link`" }));
    }
    Ok(Media { link, caption, file_name })
}

/// Tells whoever names a medium by Meta's ID of it, as Meta's own clients do, what to send in its place. An ID is not
/// passed on: nothing here tells which tenant has uploaded it, and one token may see the media of several.
fn by_link(error: ParameterError) -> ParameterError {
    match error {
        ParameterError::Unknown { parameter, .. } if parameter.eq_ignore_ascii_case("Content.id") => {
            let why = "A medium is sent by its `link`, a URL that Meta fetches it from; Meta's IDs of uploaded media are not taken here.";
            ParameterError::Unusable { parameter: format!("{CONTENT}.id"), why: why.to_owned() }
        }
        other => other,
    }
}

/// A member that other media have.
fn unknown(member: &str, known: &str) -> ParameterError {
    ParameterError::Unknown {
        parameter: format!("{CONTENT}.{member}"),
        known: format!("{known} in a message of this type"),
    }
}
