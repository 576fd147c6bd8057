//! Files that businesses uploaded, to be sent by their ID.

use aws_lc_rs::digest::{SHA256, digest};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{State, Turn};
use crate::ids::{MediaId, PhoneNumberId};

/// How long Meta keeps what was uploaded, in milliseconds.
/// Source: <https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media>
const KEPT_MS: i64 = 30 * 24 * 3_600_000;

/// A file. Its content lies in a file of its own beside the state's.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Media {
    pub(crate) phone_number_id: PhoneNumberId,
    pub(crate) mime_type: String,
    /// In hexadecimal.
    pub(crate) sha256: String,
    /// In bytes.
    pub(crate) file_size: usize,
    /// Milliseconds since 1970.
    uploaded_ms: i64,
    #[serde(skip)]
    pub(crate) content: Bytes,
}

impl State {
    /// Keeps a file; its ID. Those whose time is over are forgotten.
    pub(crate) fn add_media(
        &mut self,
        number: &PhoneNumberId,
        mime_type: String,
        content: Bytes,
        turn: &Turn<'_>,
    ) -> MediaId {
        let now_ms = turn.nature.now_ms();
        self.media.retain(|_, media| now_ms - media.uploaded_ms < KEPT_MS);
        let id = MediaId::from(turn.nature.digits(16));
        let media = Media {
            phone_number_id: number.clone(),
            mime_type,
            sha256: hex::encode(digest(&SHA256, &content)),
            file_size: content.len(),
            uploaded_ms: now_ms,
            content,
        };
        self.media.insert(id.clone(), media);
        id
    }

    /// A file that a number may send: its own, or one of another number of its account.
    pub(crate) fn media_of(&self, number: &PhoneNumberId, id: &str) -> Option<&Media> {
        let owner = |id: &PhoneNumberId| self.numbers.get(id).map(|number| &number.waba_id);
        let media = self.media.get(id)?;
        (owner(&media.phone_number_id)? == owner(number)?).then_some(media)
    }
}
