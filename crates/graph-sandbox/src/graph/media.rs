//! Media: uploaded once, sent by ID, downloaded by an address that holds for five minutes.
//! Source: <https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media>

use aws_lc_rs::hmac;
use serde_json::json;
use url::Url;

use super::errors::{Code, GraphError, GraphResult};
use super::params::{UploadedFile, missing};
use super::{Answer, Asked, Body};
use crate::ids::{MediaId, PhoneNumberId};
use crate::settings::MetaApp;
use crate::state::State;
use crate::state::media::Media;
use crate::state::tokens::Token;

/// Where files are downloaded: `/whatsapp_business/attachments/?mid=…`, as on Meta's own host for that.
pub(crate) const DOWNLOAD_NODE: &str = "whatsapp_business";
pub(crate) const DOWNLOAD_EDGE: &str = "attachments";
/// How long such an address holds, in seconds.
const ADDRESS_HOLDS: i64 = 5 * 60;

/// Each type that may be uploaded, and how large it may be, in bytes.
const TYPES: [(&str, usize); 19] = [
    ("audio/aac", 16 << 20),
    ("audio/amr", 16 << 20),
    ("audio/mpeg", 16 << 20),
    ("audio/mp4", 16 << 20),
    ("audio/ogg", 16 << 20),
    ("text/plain", 100 << 20),
    ("application/pdf", 100 << 20),
    ("application/vnd.ms-excel", 100 << 20),
    ("application/vnd.ms-powerpoint", 100 << 20),
    ("application/msword", 100 << 20),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", 100 << 20),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", 100 << 20),
    ("application/vnd.openxmlformats-officedocument.presentationml.presentation", 100 << 20),
    ("image/jpeg", 5 << 20),
    ("image/png", 5 << 20),
    ("image/webp", 500 << 10),
    ("video/3gpp", 16 << 20),
    ("video/3gp", 16 << 20),
    ("video/mp4", 16 << 20),
];

/// `POST /{phone_number_id}/media`, in multipart.
pub(crate) fn upload(state: &mut State, number: &PhoneNumberId, asked: &Asked<'_>) -> GraphResult<Answer> {
    asked.params().require_messaging_product()?;
    let mut files = asked.params().files.iter();
    let file = files.find(|file| file.name == "file").ok_or_else(|| missing("file"))?;
    let mime_type = mime_type(file, asked)?;
    let id = state.add_media(number, mime_type, file.content.clone(), &asked.turn);
    Ok(Answer::ok(json!({ "id": id })))
}

/// The type of the part, or else the parameter `type`: one that Meta takes, for a file of this size.
fn mime_type(file: &UploadedFile, asked: &Asked<'_>) -> GraphResult<String> {
    let unspecific = |kind: &&str| !kind.is_empty() && *kind != "application/octet-stream";
    let of_part = file.content_type.as_deref().filter(unspecific);
    let given = of_part.or(asked.params().text("type")?).ok_or_else(|| missing("type"))?;
    let bare = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let found = TYPES.iter().find(|(kind, _)| *kind == bare);
    let (_, limit) = found.ok_or_else(|| unknown_type(given))?;
    if file.content.len() > *limit {
        let details = format!("The file has {} bytes; at most {limit} may be for {bare}", file.content.len());
        return Err(GraphError::detailed(Code::MEDIA, details));
    }
    Ok(given.to_owned())
}

fn unknown_type(given: &str) -> GraphError {
    let types: Vec<&str> = TYPES.iter().map(|(kind, _)| *kind).collect();
    GraphError::parameter(&format!(
        "Param file must be a file with one of the following types: {}. Received file of type '{given}'.",
        types.join(", ")
    ))
}

/// `GET /{media_id}`: what it is, and where it can be downloaded. Meta's OpenAPI types `file_size` as a string.
pub(crate) fn info(state: &mut State, id: &MediaId, asked: &Asked<'_>) -> GraphResult<Answer> {
    let media = of_number(state, id, asked)?;
    let expires = asked.turn.nature.now_seconds() + ADDRESS_HOLDS;
    Ok(Answer::ok(json!({
        "messaging_product": "whatsapp",
        "url": address(id, expires, asked)?,
        "mime_type": media.mime_type,
        "sha256": media.sha256,
        "file_size": media.file_size.to_string(),
        "id": id,
    })))
}

/// `DELETE /{media_id}`.
pub(crate) fn delete(state: &mut State, id: &MediaId, asked: &Asked<'_>) -> GraphResult<Answer> {
    of_number(state, id, asked)?;
    state.media.remove(id);
    Ok(Answer::ok(json!({ "success": true })))
}

/// The file, where `phone_number_id` names its number or is absent.
fn of_number<'a>(state: &'a State, id: &MediaId, asked: &Asked<'_>) -> GraphResult<&'a Media> {
    let wanted = asked.params().text("phone_number_id")?.map(PhoneNumberId::from);
    let media = state.media.get(id);
    let media = media.filter(|media| wanted.is_none_or(|wanted| wanted == media.phone_number_id));
    media.ok_or_else(|| GraphError::unknown_object(&id.to_string(), asked.call.method.as_str()))
}

/// On the host that the caller used.
fn address(id: &MediaId, expires: i64, asked: &Asked<'_>) -> GraphResult<String> {
    let unusable = |_| GraphError::parameter("The Host header is no host");
    let mut url = Url::parse(&asked.call.url).map_err(unusable)?;
    url.set_path(&format!("/{DOWNLOAD_NODE}/{DOWNLOAD_EDGE}/"));
    url.query_pairs_mut()
        .append_pair("mid", &id.to_string())
        .append_pair("ext", &expires.to_string())
        .append_pair("hash", &hex::encode(seal(&id.to_string(), expires, asked.app)));
    Ok(url.into())
}

/// What nobody else can write under an address.
fn seal(id: &str, expires: i64, app: &MetaApp) -> impl AsRef<[u8]> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, app.secret.as_bytes());
    hmac::sign(&key, format!("{id}:{expires}").as_bytes())
}

/// `GET` of such an address, with the token: the file itself, or 404.
pub(crate) fn download(state: &State, token: &Token, asked: &Asked<'_>) -> GraphResult<Answer> {
    let gone = || GraphError::new(Code::NOT_FOUND);
    let id = asked.params().required_text("mid")?;
    let expires = asked.params().number("ext")?.unwrap_or_default();
    let hash = asked.params().required_text("hash")?;
    let holds = asked.turn.nature.now_seconds() < expires && hex::encode(seal(id, expires, asked.app)) == hash;
    let media = state.media.get(id).filter(|media| holds && state.sees_number(token, &media.phone_number_id));
    let media = media.ok_or_else(gone)?;
    let body = Body::File { mime_type: media.mime_type.clone(), content: media.content.clone() };
    Ok(Answer { status: 200, body })
}
