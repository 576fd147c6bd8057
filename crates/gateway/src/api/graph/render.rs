//! Meta's answers on their way to the caller.

use std::rc::Rc;

use actix_web::body::SizedStream;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, HeaderValue, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use cams_api::Code;
use futures_util::StreamExt;
use graph_client::Forwarded;

use super::paths::Asked;
use super::{Face, links, superset};
use crate::api::render::learn;
use crate::limits::Taken;
use crate::operations::{GraphCall, Media, Passed, kind_code};

/// Meta's answer, its addresses led to us. One that tells of a change done in part passes as it is.
pub(super) fn answer(http: &HttpRequest, face: &Face, call: GraphCall, asked: &Asked, passed: Passed) -> HttpResponse {
    let Passed { answer, unique_code } = passed;
    let mut body = links::led_to_us(face, call, asked, &answer);
    let is_in_part = answer.status == StatusCode::PARTIAL_CONTENT;
    if let Some(unique_code) = unique_code.filter(|_| face.superset && !is_in_part) {
        body = superset::with_request_id(body, unique_code);
    }
    let mut response = begun(http, &answer);
    if !body.is_empty() && !answer.headers.contains_key(CONTENT_TYPE) {
        response.insert_header((CONTENT_TYPE, HeaderValue::from_static("application/json")));
    }
    response.body(body)
}

/// The status and the headers.
fn begun(http: &HttpRequest, answer: &Forwarded) -> HttpResponseBuilder {
    let refusal = answer.refusal();
    learn(http, |learned| {
        learned.code = Some(match &refusal {
            Some(refusal) => kind_code(refusal.kind()),
            None => Code::Ok,
        });
        learned.upstream = refusal.map(|refusal| (refusal.code, refusal.fbtrace_id.clone()));
    });
    let mut response = HttpResponseBuilder::new(answer.status);
    add_all(&mut response, &answer.headers);
    response
}

fn add_all(response: &mut HttpResponseBuilder, headers: &HeaderMap) {
    for header in headers {
        response.insert_header(header);
    }
}

/// A file as it comes. It counts as a call in flight, the number's, too, until it is all there.
pub(super) fn media(http: &HttpRequest, media: Media, taken: Rc<Taken>) -> HttpResponse {
    let (content, of_number) = match media {
        Media::Content(content, taken) => (content, taken),
        Media::Refused(answer) => {
            let body = answer.body.clone();
            return begun(http, &answer).body(body);
        }
    };
    learn(http, |learned| learned.code = Some(Code::Ok));
    let mut response = HttpResponse::Ok();
    add_all(&mut response, &content.headers);
    // Users of WhatsApp wrote it: a browser is to keep it, and not to run it in our name.
    if !content.headers.contains_key(CONTENT_DISPOSITION) {
        response.insert_header((CONTENT_DISPOSITION, HeaderValue::from_static("attachment")));
    }
    response.insert_header((X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")));
    response.insert_header((CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox")));
    let length = content.length;
    let pieces = content.into_stream().inspect(move |_| _ = (&taken, &of_number));
    match length {
        Some(length) => response.no_chunking(length).body(SizedStream::new(length, pieces)),
        None => response.streaming(pieces),
    }
}
