//! From the name of an operation to what is done for it.

use std::collections::HashMap;
use std::convert::Infallible;
use std::rc::Rc;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use cams_api::idempotency::IdempotencyKey;
use cams_api::parameters::{Pairs, ParameterError, WrongValue};
use cams_api::signatures::SignedCall;
use cams_api::wait::WaitSeconds;
use cams_api::{Code, Operation};
use futures_util::future::LocalBoxFuture;

use super::answers::Answers;
use crate::api::admission::Admitted;
use crate::api::perform::{Asked, perform};
use crate::api::render::{begin, request_id};
use crate::api::{ApiError, Worker, headers};
use crate::operations::{Context, Fingerprint, Keyed, OperationError, OperationVisitor, Reply, each_operation};
use crate::telemetry::metrics::Called;

/// The caller's key for an operation that is to be done once, as Alibaba Cloud calls it.
const CLIENT_TOKEN: &str = "ClientToken";

/// Parameters that say who calls and how, and are no part of what is asked for.
const OF_THE_PROTOCOL: &[&str] = &[
    CLIENT_TOKEN,
    "AccessKeyId",
    "Action",
    "Format",
    "OwnerId",
    "ResourceOwnerAccount",
    "ResourceOwnerId",
    "SecurityToken",
    "Signature",
    "SignatureMethod",
    "SignatureNonce",
    "SignatureVersion",
    "Timestamp",
    "Version",
];

/// A call whose signature fits.
pub(super) struct Signed {
    /// Whose key signed it.
    pub(super) admitted: Admitted,
    /// The operation, and what makes the request good once.
    pub(super) call: SignedCall,
    /// Query and form together.
    pub(super) parameters: Pairs,
}

type Handler = Box<dyn Fn(HttpRequest, Data<Worker>, Signed) -> LocalBoxFuture<'static, HttpResponse>>;

/// Every operation of the table, by its name.
pub(super) struct Dispatch {
    handlers: HashMap<&'static str, Handler>,
    answers: Rc<Answers>,
}

impl Dispatch {
    pub(super) fn new(answers: &Rc<Answers>) -> Self {
        let mut dispatch = Self { handlers: HashMap::new(), answers: answers.clone() };
        each_operation(&mut dispatch);
        dispatch
    }

    /// Answers a call.
    pub(super) async fn call(&self, http: HttpRequest, worker: Data<Worker>, call: Signed) -> HttpResponse {
        if let Some(handler) = self.handlers.get(call.call.action.as_str()) {
            return handler(http, worker, call).await;
        }
        let refused: Result<Infallible, _> = Err(unknown_action());
        match call.admitted.settled(&http, refused).await {
            Err(error) => self.answers.refused(&http, &error),
            Ok(never) => match never {},
        }
    }
}

impl OperationVisitor for Dispatch {
    fn visit<O: Operation>(
        &mut self,
        run: impl AsyncFn(&Context, O) -> Result<O::Answer, OperationError> + Copy + 'static,
    ) {
        let (answers, called) = (self.answers.clone(), Called::rpc(self.handlers.len()));
        let handler = move |http: HttpRequest, worker: Data<Worker>, call: Signed| -> LocalBoxFuture<'static, _> {
            let answers = answers.clone();
            Box::pin(async move {
                begin(&http, &worker, called, Some(O::NAME));
                let result = handle(&http, &worker, &call, run).await;
                let result = call.admitted.settled(&http, result).await;
                answers.render(&http, result)
            })
        };
        self.handlers.insert(O::NAME, Box::new(handler));
    }
}

async fn handle<O: Operation>(
    http: &HttpRequest,
    worker: &Worker,
    call: &Signed,
    run: impl AsyncFn(&Context, O) -> Result<O::Answer, OperationError> + 'static,
) -> Result<Reply<O::Answer>, ApiError> {
    let asked = Asked {
        request: call.parameters.to_request::<O>()?,
        keyed: keyed::<O>(http, &call.parameters)?,
        deadline: headers::deadline(http.headers())?,
        default_wait: WaitSeconds::RPC_DEFAULT,
        signed: Some(&call.call),
    };
    perform(http, worker, &call.admitted, asked, run).await
}

/// The caller's idempotency key; what only reads can be repeated without one.
fn keyed<O: Operation>(http: &HttpRequest, parameters: &Pairs) -> Result<Option<Keyed>, ParameterError> {
    if O::IS_CHANGE && parameters.is_flattened(CLIENT_TOKEN) {
        return Err(ParameterError::Unusable {
            parameter: CLIENT_TOKEN.to_owned(),
            why: "It came in parts; send one text under this name.".to_owned(),
        });
    }
    let Some(token) = parameters.text(CLIENT_TOKEN).filter(|token| O::IS_CHANGE && !token.is_empty()) else {
        return Ok(None);
    };
    let wrong = |WrongValue { rule }| ParameterError::wrong(CLIENT_TOKEN, token, rule);
    let key: IdempotencyKey = token.parse().map_err(wrong)?;
    let fingerprint = Fingerprint::of(parameters.without(OF_THE_PROTOCOL));
    Ok(Some(Keyed { key, fingerprint, request_id: request_id(http) }))
}

fn unknown_action() -> ApiError {
    let message = "There is no operation of this name; /docs/ lists them all.".into();
    ApiError::Http { code: Code::InvalidActionNotFound, message }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use cams_api::operations::{DeleteChatGroup, ListChatGroup};

    use super::*;

    #[test]
    fn a_key_in_parts_is_refused_where_something_is_changed() {
        let http = TestRequest::default().to_http_request();
        let pairs = Pairs::read([(b"ClientToken.1".to_vec(), b"x".to_vec())]).unwrap();
        let code = keyed::<DeleteChatGroup>(&http, &pairs).err().map(|error| error.code());
        assert_eq!(code, Some(Code::InvalidParameter));
        assert!(keyed::<ListChatGroup>(&http, &pairs).is_ok_and(|keyed| keyed.is_none()));
    }
}
