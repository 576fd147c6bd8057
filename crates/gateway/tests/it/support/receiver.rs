//! A tenant's endpoint: it says what each delivery is answered with, and may remember them.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use actix_web::web::{Bytes, Data, PayloadConfig};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, rt, web};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

/// One request that came.
#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Delivery {
    /// The header's value; empty where it is absent, is no text, or stands there twice.
    pub(crate) fn header(&self, name: &str) -> &str {
        let mut values = self.headers.get_all(name);
        let value = values.next().and_then(|value| value.to_str().ok()).unwrap_or_default();
        if values.next().is_some() { "" } else { value }
    }

    /// The event.
    pub(crate) fn event(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Whether one of its signatures is made with this secret, `whsec_…`, as
    /// [Standard Webhooks](https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md)
    /// has it: read from the specification, and not from the gateway's own signer.
    pub(crate) fn is_signed_with(&self, secret: &str) -> bool {
        let key = BASE64_STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
        let head = format!("{}.{}.", self.header("webhook-id"), self.header("webhook-timestamp"));
        let signed = [head.as_bytes(), &self.body].concat();
        let expected = format!("v1,{}", BASE64_STANDARD.encode(hmac::sign(&key, &signed)));
        self.header("webhook-signature").split(' ').any(|signature| signature == expected)
    }
}

type Answer = dyn Fn(Delivery) -> u16 + Send + Sync;

/// One on a free port of 127.0.0.1, on a thread of its own, until it is dropped.
pub(crate) struct Receiver {
    addr: SocketAddr,
    handle: ServerHandle,
    seen: Arc<Mutex<Vec<Delivery>>>,
}

impl Receiver {
    /// One that remembers every delivery, and answers with the status that `answer` says.
    pub(crate) fn recording(answer: impl Fn(&Delivery) -> u16 + Send + Sync + 'static) -> Self {
        let seen = Arc::<Mutex<Vec<Delivery>>>::default();
        let remembered = Arc::clone(&seen);
        let mut receiver = Self::start(move |delivery| {
            let status = answer(&delivery);
            remembered.lock().unwrap().push(delivery);
            status
        });
        receiver.seen = seen;
        receiver
    }

    /// One that hands every delivery to `answer`, and remembers none.
    pub(crate) fn start(answer: impl Fn(Delivery) -> u16 + Send + Sync + 'static) -> Self {
        let answer: Arc<Answer> = Arc::new(answer);
        let app = move || {
            let answer = Data::from(Arc::clone(&answer));
            App::new().app_data(answer).app_data(PayloadConfig::new(4 << 20)).default_service(web::to(receive))
        };
        let server = HttpServer::new(app).workers(1).keep_alive(Duration::from_secs(75)).disable_signals();
        let server = server.bind(("127.0.0.1", 0)).unwrap();
        let addr = server.addrs()[0];
        let server = server.run();
        let handle = server.handle();
        rt::spawn(server);
        Self { addr, handle, seen: Arc::default() }
    }

    /// A URL of it.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    /// The deliveries so far, in the order in which they came.
    pub(crate) fn deliveries(&self) -> Vec<Delivery> {
        self.seen.lock().unwrap().clone()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        // The command to stop is sent before the first poll.
        drop(self.handle.stop(false));
    }
}

async fn receive(request: HttpRequest, body: Bytes, answer: Data<Answer>) -> HttpResponse {
    let delivery = Delivery { path: request.path().to_owned(), headers: request.headers().clone(), body };
    HttpResponse::build(StatusCode::from_u16(answer.get_ref()(delivery)).unwrap()).finish()
}
