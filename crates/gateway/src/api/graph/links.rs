//! Addresses in Meta's answers, led to us: what Meta writes there leads to its own host, and may carry a token.

use actix_web::web::Bytes;
use graph_client::Forwarded;
use serde_json::{Map, Value};
use url::{Url, form_urlencoded};

use super::calls::Edge;
use super::paths::{Asked, Subject};
use super::{Face, WABA_ID};
use crate::operations::GraphCall;

/// What marks an answer that has other pages.
const PAGING: &[u8] = br#""paging""#;
/// What a page's address carries besides the page.
const CREDENTIALS: [&str; 3] = ["access_token", "appsecret_proof", "appsecret_time"];

/// The body with its addresses led to us. Most have none, and stay as Meta wrote them.
pub(super) fn led_to_us(face: &Face, call: GraphCall, asked: &Asked, answer: &Forwarded) -> Bytes {
    let has_paging = call.is_read() && answer.body.windows(PAGING.len()).any(|window| window == PAGING);
    if call != GraphCall::MediaInfo && !has_paging {
        return answer.body.clone();
    }
    let Ok(Value::Object(mut object)) = serde_json::from_slice(&answer.body) else { return answer.body.clone() };
    if call == GraphCall::MediaInfo {
        lead_file(face, asked, &mut object);
    } else {
        lead_pages(face, asked, &mut object);
    }
    serde_json::to_vec(&object).map_or_else(|_| answer.body.clone(), Bytes::from)
}

/// The file is fetched by its ID, wherever Meta keeps it.
fn lead_file(face: &Face, asked: &Asked, object: &mut Map<String, Value>) {
    if object.contains_key("url") {
        let content = Subject::Object { id: asked.subject.node().to_owned(), edge: Some(Edge::Content) };
        object.insert("url".to_owned(), face.address(asked, &content).into());
    }
}

fn lead_pages(face: &Face, asked: &Asked, object: &mut Map<String, Value>) {
    let Some(Value::Object(paging)) = object.get_mut("paging") else { return };
    for direction in ["next", "previous"] {
        let Some(address) = paging.get(direction) else { continue };
        let page = address.as_str().and_then(|address| Url::parse(address).ok());
        match page {
            Some(page) => paging.insert(direction.to_owned(), page_address(face, asked, &page).into()),
            // What is no address cannot be made one of ours.
            None => paging.remove(direction),
        };
    }
}

/// The same page of the same list, here.
fn page_address(face: &Face, asked: &Asked, page: &Url) -> String {
    let kept = page.query_pairs().filter(|(name, _)| !CREDENTIALS.contains(&&**name));
    let account = asked.waba_id.as_deref().map(|waba_id| (WABA_ID, waba_id));
    let mut query = form_urlencoded::Serializer::new(String::new());
    let query = query.extend_pairs(kept).extend_pairs(account).finish();
    format!("{}?{query}", face.address(asked, &asked.subject))
}
