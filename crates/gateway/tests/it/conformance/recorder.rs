//! Between the gateway and the sandbox: passes everything on, and keeps it.

use std::fmt;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use actix_web::http::header::{CONTENT_TYPE, HeaderMap};
use actix_web::web::{self, Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use serde_json::Value;

/// The method, the path's edge, and the type of the body.
pub(super) type Way<'a> = (&'a str, Option<&'a str>, Option<&'a str>);

/// A call to Meta, and its answer.
#[derive(Clone)]
pub(super) struct Exchange {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: String,
    /// Of the request.
    pub(super) content_type: Option<String>,
    pub(super) body: Bytes,
    pub(super) status: u16,
    pub(super) answer: Value,
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

impl Exchange {
    /// How it was asked.
    pub(super) fn way(&self) -> Way<'_> {
        let of_type = self.content_type.as_deref().and_then(|sent| sent.split(';').next());
        (&self.method, self.path.split('/').nth(3), of_type)
    }

    /// The path, in the sandbox's word for this path and no longer one.
    pub(super) fn path_as_a_pattern(&self) -> String {
        // A plain path is a prefix; one with a star is a pattern of the whole.
        format!("*{}", self.path)
    }
}

/// The proxy; it ends with the test's process.
pub(super) struct Recorder {
    pub(super) url: String,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    behind: Mutex<String>,
    kept: Mutex<Vec<Exchange>>,
}

impl Recorder {
    /// In front of nothing yet.
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared::default());
        let data = Data::from(Arc::clone(&shared));
        let app = move || {
            App::new()
                .app_data(data.clone())
                .app_data(web::PayloadConfig::new(16 << 20))
                .default_service(web::to(pass_on))
        };
        let server = HttpServer::new(app).workers(1).disable_signals().listen(listener).unwrap();
        actix_web::rt::spawn(server.run());
        Self { url, shared }
    }

    /// Behind it stands the server of this URL.
    pub(super) fn lead_to(&self, url: &str) {
        url.clone_into(&mut self.shared.behind.lock().unwrap());
    }

    /// What was kept since the last time.
    pub(super) fn take(&self) -> Vec<Exchange> {
        std::mem::take(&mut self.shared.kept.lock().unwrap())
    }
}

async fn pass_on(request: HttpRequest, body: Bytes, shared: Data<Shared>) -> HttpResponse {
    let target = format!("{}{}", shared.behind.lock().unwrap(), request.uri());
    let mut outgoing = awc::Client::builder().no_default_headers().finish().request(request.method().clone(), target);
    for (name, value) in request.headers() {
        outgoing = outgoing.append_header((name.clone(), value.clone()));
    }
    let mut answer = outgoing.send_body(body.clone()).await.unwrap();
    let answered = answer.body().limit(16 << 20).await.unwrap();
    shared.kept.lock().unwrap().push(Exchange {
        method: request.method().to_string(),
        path: request.path().to_owned(),
        query: request.query_string().to_owned(),
        content_type: content_type(request.headers()),
        body,
        status: answer.status().as_u16(),
        answer: serde_json::from_slice(&answered).unwrap_or_default(),
    });
    let mut passed = HttpResponse::build(answer.status());
    passed.content_type(content_type(answer.headers()).unwrap_or_default()).body(answered)
}

fn content_type(headers: &HeaderMap) -> Option<String> {
    headers.get(CONTENT_TYPE).map(|value| value.to_str().unwrap().to_owned())
}
