//! Answers as the SDKs of Alibaba Cloud read them: the common envelope, and in an error two members more.

use actix_web::http::header::HOST;
use actix_web::{HttpRequest, HttpResponse};
use cams_api::Code;
use cams_api::envelope::{Envelope, RpcRefusal};
use cams_api::operation::Answer;
use serde_json::json;
use tenant_store::StoredAnswer;

use crate::api::ApiError;
use crate::api::render::{refused_as, render_once, replayed};
use crate::operations::Reply;

/// Makes the answers of the face.
pub(super) struct Answers {
    /// Where the codes and the operations are explained.
    recommend: String,
}

impl Answers {
    /// Of a gateway at this address, without a slash at its end.
    pub(super) fn new(public_url: &str) -> Self {
        Self { recommend: format!("{public_url}{}", crate::openapi::UI_PATH) }
    }

    /// An answer, or why there is none.
    pub(super) fn render<T: Answer>(&self, http: &HttpRequest, result: Result<Reply<T>, ApiError>) -> HttpResponse {
        match result {
            Ok(Reply::Replayed(answer)) => replayed(http, self.again(http, answer)),
            Err(error) => self.refused(http, &error),
            done => render_once(http, done),
        }
    }

    /// Why a call was refused.
    pub(super) fn refused(&self, http: &HttpRequest, error: &ApiError) -> HttpResponse {
        let (code, host_id) = (error.rpc_code(), host(http));
        refused_as(http, error, |refusal| {
            let mut refusal = Envelope { common: refusal.common, answer: refusal.answer };
            refusal.common.code = &code;
            serde_json::to_vec(&RpcRefusal { refusal, host_id: &host_id, recommend: &self.recommend })
        })
    }

    /// A first answer as it was given here, to the byte: what is kept is the same for all faces.
    fn again(&self, http: &HttpRequest, answer: StoredAnswer) -> StoredAnswer {
        let is_done = Code::named(&answer.code).is_some_and(Code::is_success);
        match answer.body.strip_suffix('}').filter(|_| !is_done) {
            Some(members) => {
                let (host, recommend) = (json!(host(http)), json!(self.recommend));
                let body = format!(r#"{members},"HostId":{host},"Recommend":{recommend}}}"#);
                StoredAnswer { body, ..answer }
            }
            None => answer,
        }
    }
}

/// The host that the caller named.
fn host(http: &HttpRequest) -> String {
    http.headers().get(HOST).map(|host| String::from_utf8_lossy(host.as_bytes()).into_owned()).unwrap_or_default()
}
