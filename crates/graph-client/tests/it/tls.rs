//! HTTPS as it is towards Meta: certificates are verified, and HTTP/2 is spoken.

use std::{
    env, fs,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use graph_client::{Acted, Call, GraphClient, GraphError, GraphSettings, NewGroup};
use h2::{RecvStream, server::SendResponse};
use http::{Request, Response};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use tokio::{
    net::{TcpListener, TcpStream},
    time::{Duration, Instant},
};
use tokio_rustls::TlsAcceptor;

use crate::support::{all_answered, call, group, number, token, until};

/// Where the child process finds the server's key and certificate.
const IDENTITY: &str = "GRAPH_CLIENT_TEST_IDENTITY";

/// A server of HTTP/2 alone. It gives every request the same answer, but those for the group
/// `silence`, which it never answers; one for the group `goodbye` is the last on its connection.
struct Http2 {
    settings: GraphSettings,
    connections: Arc<Connections>,
}

/// How many connections there were, and how many of them are no more.
#[derive(Default)]
struct Connections {
    opened: AtomicUsize,
    closed: AtomicUsize,
}

impl Http2 {
    async fn start(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Self {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        config.alpn_protocols = vec![b"h2".to_vec()];
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        let connections = Arc::<Connections>::default();
        tokio::spawn(accept(listener, TlsAcceptor::from(Arc::new(config)), Arc::clone(&connections)));
        let settings = GraphSettings::new(url.parse().unwrap());
        Self { settings, connections }
    }

    fn client(&self) -> GraphClient {
        GraphClient::new(&self.settings).unwrap()
    }
}

async fn accept(listener: TcpListener, acceptor: TlsAcceptor, connections: Arc<Connections>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        connections.opened.fetch_add(1, Ordering::SeqCst);
        tokio::spawn(serve(stream, acceptor.clone(), Arc::clone(&connections)));
    }
}

async fn serve(stream: TcpStream, acceptor: TlsAcceptor, connections: Arc<Connections>) {
    let Ok(stream) = acceptor.accept(stream).await else {
        return;
    };
    let mut connection = h2::server::handshake(stream).await.unwrap();
    let mut unanswered = Vec::new();
    while let Some(Ok((request, respond))) = connection.accept().await {
        if request.uri().path().contains("silence") {
            unanswered.push(respond);
            continue;
        }
        if request.uri().path().contains("goodbye") {
            connection.graceful_shutdown();
        }
        tokio::spawn(answer(request, respond));
    }
    connections.closed.fetch_add(1, Ordering::SeqCst);
}

/// Tells back what came, in the place of the link.
async fn answer(request: Request<RecvStream>, mut respond: SendResponse<Bytes>) {
    let (head, mut body) = request.into_parts();
    let mut length = 0;
    while let Some(chunk) = body.data().await {
        length += chunk.unwrap().len();
    }
    let seen = format!("{} {} {length}", head.method, head.uri.path());
    let body = format!(r#"{{"invite_link":"{seen}","request_id":"{seen}"}}"#);
    let mut stream = respond.send_response(Response::new(()), false).unwrap();
    stream.send_data(body.into(), true).unwrap();
}

/// An authority of its own, and a server's certificate by it: both as PEM, the key before the
/// certificate.
fn authority_and_identity() -> (String, String) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &authority).unwrap();
    (authority.pem(), key.serialize_pem() + &certificate.pem())
}

async fn server(identity: &str) -> Http2 {
    let key = PrivateKeyDer::from_pem_slice(identity.as_bytes()).unwrap();
    let certificate = CertificateDer::from_pem_slice(identity.as_bytes()).unwrap();
    Http2::start(vec![certificate], key).await
}

/// The server, in a process that trusts its authority. The trusted certificates of a process come
/// from its environment, so the test runs itself again with another one; `None` in the outer run.
async fn trusted_server(test: &str) -> Option<Http2> {
    if let Ok(path) = env::var(IDENTITY) {
        return Some(server(&fs::read_to_string(path).unwrap()).await);
    }
    let (authority, identity) = authority_and_identity();
    let folder = tempfile::tempdir().unwrap();
    let (trusted, own) = (folder.path().join("authority.pem"), folder.path().join("identity.pem"));
    fs::write(&trusted, authority).unwrap();
    fs::write(&own, identity).unwrap();
    let child = Command::new(env::current_exe().unwrap())
        .args(["--exact", &format!("tls::{test}"), "--nocapture"])
        .envs([("SSL_CERT_FILE", &trusted), (IDENTITY, &own)])
        .output()
        .unwrap();
    let output = String::from_utf8_lossy(&child.stdout) + String::from_utf8_lossy(&child.stderr);
    assert!(child.status.success() && output.contains("1 passed"), "{output}");
    None
}

#[actix_rt::test]
async fn a_certificate_by_an_unknown_authority_ends_the_call_before_it_is_sent() {
    let (_, identity) = authority_and_identity();
    let client = server(&identity).await.client();
    let error = client.reset_invite_link(call(&token()), &group()).await.unwrap_err();
    assert!(matches!(error, GraphError::Connect { .. }), "{error:?}");
    assert_eq!(error.acted(), Acted::No);
}

#[actix_rt::test]
async fn calls_over_http2_carry_method_path_and_body() {
    let Some(server) = trusted_server("calls_over_http2_carry_method_path_and_body").await else {
        return;
    };
    let (client, token, group) = (server.client(), token(), group());
    let read = client.invite_link(call(&token), &group).await.unwrap().body.invite_link;
    assert_eq!(read.as_deref(), Some("GET /v23.0/Y2FwaV9ncm91cDox/invite_link 0"));
    let reset = client.reset_invite_link(call(&token), &group).await.unwrap().body.invite_link;
    assert_eq!(reset, "POST /v23.0/Y2FwaV9ncm91cDox/invite_link 32");
    let deleted = client.delete_group(call(&token), &group).await.unwrap().body.request_id;
    assert_eq!(deleted.as_deref(), Some("DELETE /v23.0/Y2FwaV9ncm91cDox 0"));
    let new = NewGroup { subject: "S", description: None, join_approval_mode: None };
    client.create_group(call(&token), &number(), &new).await.unwrap();
    assert_eq!(server.connections.opened.load(Ordering::SeqCst), 1);
}

#[actix_rt::test]
async fn silence_over_http2_leaves_a_change_open_and_the_connection_usable() {
    let test = "silence_over_http2_leaves_a_change_open_and_the_connection_usable";
    let Some(server) = trusted_server(test).await else {
        return;
    };
    let (client, token) = (server.client(), token());
    client.invite_link(call(&token), &group()).await.unwrap();
    for _ in 0..2 {
        let soon = Call { deadline: Some(Instant::now() + Duration::from_secs(2)), ..Call::unguarded(&token) };
        let silent = "silence".parse().unwrap();
        let error = client.delete_group(soon, &silent).await.unwrap_err();
        assert!(matches!(error, GraphError::Timeout { sent: true, .. }), "{error:?}");
        assert_eq!(error.acted(), Acted::Unknown);
    }
    client.invite_link(call(&token), &group()).await.unwrap();
    assert_eq!(server.connections.opened.load(Ordering::SeqCst), 1);
}

#[actix_rt::test]
async fn a_change_that_finds_its_connection_closed_is_sent_over_another() {
    let test = "a_change_that_finds_its_connection_closed_is_sent_over_another";
    let Some(server) = trusted_server(test).await else {
        return;
    };
    let (client, token) = (server.client(), token());
    for round in 1..=3 {
        client.reset_invite_link(call(&token), &"goodbye".parse().unwrap()).await.unwrap();
        until(|| server.connections.closed.load(Ordering::SeqCst) == round).await;
    }
    client.delete_group(call(&token), &group()).await.unwrap();
    assert_eq!(server.connections.opened.load(Ordering::SeqCst), 4);
}

#[actix_rt::test]
async fn calls_at_once_over_http2_are_all_answered() {
    let Some(server) = trusted_server("calls_at_once_over_http2_are_all_answered").await else {
        return;
    };
    all_answered(&server.client(), 100).await;
}
