//! Around every request: its connection learns when it is being answered and when it rests, and when the server stops
//! each answer says that it is the connection's last.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_http::{ConnectionType, HttpMessage, Payload, Request, RequestHead, Response};
use actix_service::{Service, ServiceFactory, apply_fn_factory};
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::http::Method;
use actix_web::http::header::{HeaderValue, UPGRADE};
use actix_web::web::Bytes;
use futures_util::{StreamExt, stream};

use super::refusals;
use super::vitals::Vitals;

/// A request that is being answered, until its answer is written or given up.
struct Answering {
    vitals: Option<Rc<Vitals>>,
    /// Whether the body was read to its end; none of what is no body in chunks.
    chunks: Option<Rc<Cell<bool>>>,
    /// Whether the client sends nothing more that is HTTP.
    is_clients_last: bool,
}

impl Answering {
    fn begin(request: &mut Request) -> Self {
        let vitals = request.conn_data::<Rc<Vitals>>().cloned();
        if let Some(vitals) = &vitals {
            vitals.begins_to_answer();
        }
        let asks = asks_for_another_protocol(request.head());
        if asks {
            *request.payload() = Payload::None;
        }
        let is_clients_last = asks || request.head().connection_type() == ConnectionType::Close;
        Self { vitals, chunks: notice_end(request), is_clients_last }
    }

    /// Whether the client was told that this request is not answered.
    fn is_too_late(&self) -> bool {
        self.vitals.as_ref().is_some_and(|vitals| vitals.has_given_last_answer())
    }

    /// Whether the connection ends with the answer: also where the rest of a body in chunks would have to be read first,
    /// of which nobody can say when it is a slow one and when the next request.
    fn is_last(&self) -> bool {
        let server_stops = self.vitals.as_ref().is_some_and(|vitals| vitals.gives_last_answers());
        let chunks_are_left = self.chunks.as_ref().is_some_and(|ended| !ended.get());
        server_stops || chunks_are_left || self.is_clients_last || self.is_too_late()
    }

    /// The answer, which tells the client where it is the connection's last.
    fn end(self, mut response: Response<BoxBody>) -> Response<Body> {
        if self.is_last() {
            response.head_mut().set_connection_type(ConnectionType::Close);
        }
        if let Some(vitals) = &self.vitals
            && response.head().connection_type() == ConnectionType::Close
        {
            vitals.gave_last_answer();
        }
        response.map_body(|_, inner| Body { inner, _answering: self })
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        if let Some(vitals) = &self.vitals {
            vitals.has_answered();
        }
    }
}

/// Whether all that comes behind this head is read as if it were another protocol's, whatever length it tells. We speak none.
fn asks_for_another_protocol(head: &RequestHead) -> bool {
    let is_websocket = |value: &HeaderValue| value.as_bytes().trim_ascii().eq_ignore_ascii_case(b"websocket");
    head.method == Method::CONNECT || head.headers.get_all(UPGRADE).any(is_websocket)
}

/// Notices when a body in chunks was read to its end.
fn notice_end(request: &mut Request) -> Option<Rc<Cell<bool>>> {
    if !HttpMessage::chunked(request).unwrap_or_default() {
        return None;
    }
    let ended = Rc::new(Cell::new(false));
    let (payload, seen) = (request.take_payload(), ended.clone());
    let end = stream::poll_fn(move |_| {
        seen.set(true);
        Poll::Ready(None)
    });
    *request.payload() = Payload::Stream { payload: payload.chain(end).boxed_local() };
    Some(ended)
}

/// The body of an answer, which ends with it.
pub(super) struct Body {
    inner: BoxBody,
    _answering: Answering,
}

impl MessageBody for Body {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.inner.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        self.inner.as_pin_mut().poll_next(context)
    }
}

/// The same `App`, around each of whose requests the connection learns how it is.
///
/// What a client has sent behind a request whose answer was the connection's last is not done: by that answer it is told
/// to send it elsewhere ([RFC 9112, section 9.6](https://www.rfc-editor.org/rfc/rfc9112#section-9.6)).
pub(super) fn answering<A, B>(
    app: A,
) -> impl ServiceFactory<Request, Config = A::Config, Response = Response<Body>, Error = A::Error, InitError = A::InitError>
where
    A: ServiceFactory<Request>,
    A::Response: Into<Response<B>>,
    B: MessageBody + 'static,
{
    apply_fn_factory(app, |mut request: Request, app: &A::Service| {
        let answering = Answering::begin(&mut request);
        let answered = (!answering.is_too_late()).then(|| app.call(request));
        async move {
            let response = match answered {
                Some(answered) => answered.await?.into().map_into_boxed_body(),
                None => refusals::too_late().into(),
            };
            Ok(answering.end(response))
        }
    })
}
