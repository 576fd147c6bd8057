//! `ProfilePictureFile`: a group's picture, as a caller gives it.

use std::fmt;

use utoipa::openapi::ObjectBuilder;

use crate::value::text_parameter;

/// An https URL of a JPEG, or the JPEG in base64. What it leads to is looked at where it is fetched and decoded.
#[derive(Clone, PartialEq, Eq)]
pub struct ProfilePictureFile(String);

impl ProfilePictureFile {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty()).then(|| Self(text.to_owned()))
    }

    /// The URL or the base64, trimmed.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_parameter!(
    ProfilePictureFile,
    rule: "an https URL, or base64 of a JPEG that is square, at least 192 x 192 pixels and at most 5 MB",
    schema: ObjectBuilder::new()
        .description(Some(
            "An https URL of a JPEG, or the JPEG in base64: square, at least 192 x 192 pixels, at most 5 MB. It is checked before anything is sent to Meta."
        ))
        .pattern(Some(r"\S"))
        .examples(["https://example.com/picture.jpg"])
);

impl fmt::Debug for ProfilePictureFile {
    /// Its length alone: a picture is a message's content, and a URL may hold a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProfilePictureFile({} bytes)", self.0.len())
    }
}
