//! A group's settings: subject, description, picture.

use std::fmt;

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::{
    MESSAGING_PRODUCT,
    changes::{self, ChangeAccepted, Written},
};
use crate::{
    answer::Answer,
    call::Call,
    client::GraphClient,
    error::GraphError,
    form::{File, Form},
    ids::GroupId,
    request::Request,
    webhooks,
};

/// What of a group changes; what is absent stays.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct NewSettings<'a> {
    /// 1 to 128 characters.
    pub subject: Option<&'a str>,
    /// Up to 2048 characters; an empty one takes the description away.
    pub description: Option<&'a str>,
    /// A JPEG: square, at least 192 pixels wide, at most 5 MB.
    pub picture: Option<&'a [u8]>,
}

impl GraphClient {
    /// `POST /{group_id}`. What became of each setting comes by webhook.
    ///
    /// A picture goes as the part `file` of a form, as Meta's reference and the sample of its guide name it; the guide's
    /// text calls it `profile_picture_file`
    /// ([Meta: update group settings](https://developers.facebook.com/docs/whatsapp/cloud-api/groups/reference)).
    pub async fn update_group(
        &self,
        call: Call<'_>,
        group_id: &GroupId,
        settings: &NewSettings<'_>,
    ) -> Result<Answer<ChangeAccepted>, GraphError> {
        let request = match settings.picture {
            Some(picture) => Request::post_form(settings.form(picture)?),
            None => Request::post(&settings.json()),
        };
        updated(self.call(call, self.path(group_id.as_str()), request).await)
    }
}

/// What Meta's answer to a change of settings says.
pub(crate) fn updated(answer: Result<Answer<Update>, GraphError>) -> Result<Answer<ChangeAccepted>, GraphError> {
    changes::accepted_at_least_in_part(answer.map(|answer| answer.map(|update| update.0)))
}

impl<'a> NewSettings<'a> {
    /// The texts, by Meta's names.
    fn texts(&self) -> impl Iterator<Item = (&'static str, &'a str)> {
        let texts = [("subject", self.subject), ("description", self.description)];
        let given = texts.into_iter().filter_map(|(name, text)| Some((name, text?)));
        std::iter::once(("messaging_product", MESSAGING_PRODUCT)).chain(given)
    }

    fn json(&self) -> Value {
        self.texts().map(|(name, text)| (name.to_owned(), text.into())).collect::<Map<_, _>>().into()
    }

    fn form(&self, picture: &[u8]) -> Result<Form, GraphError> {
        let room = self.texts().map(|(_, text)| text.len()).sum::<usize>() + picture.len();
        let form = self.texts().fold(Form::with_room_for(room)?, |form, (name, text)| form.field(name, text));
        Ok(form.file("file", &File { name: "picture.jpg", content_type: "image/jpeg", content: picture }))
    }
}

/// The answer to a change of settings, as Meta writes it.
#[derive(Deserialize)]
#[serde(transparent)]
pub(crate) struct Update(#[serde(deserialize_with = "update")] Written);

fn update<'de, D: Deserializer<'de>>(from: D) -> Result<Written, D::Error> {
    changes::written(from, webhooks::settings_answer)
}

impl fmt::Debug for NewSettings<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = |text: Option<&str>| text.map(str::len);
        f.debug_struct("NewSettings")
            .field("subject", &length(self.subject))
            .field("description", &length(self.description))
            .field("picture", &self.picture.map(<[u8]>::len))
            .finish()
    }
}
