//! Redis over TLS, whose certificate an authority of the machine has signed.

use std::fs;
use std::net::SocketAddr;

use nix::sys::signal::Signal;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tenant_store::private_server::{TestDatabase, test_database};

use crate::program::{Running, free_port, groupgate, try_http, wait_until};
use crate::support::{Redis, gateway_environment};

/// The authority, the server's certificate for `localhost`, and its key, in files of this folder.
fn write_certificates(folder: &tempfile::TempDir) -> [String; 3] {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &authority).unwrap();
    let files = [("ca.pem", authority.pem()), ("cert.pem", certificate.pem()), ("key.pem", key.serialize_pem())];
    files.map(|(name, text)| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    })
}

/// Lets Redis listen for TLS, too.
fn listen(redis: &Redis, [authority, certificate, key]: &[String; 3]) -> u16 {
    let port = free_port();
    for setting in [
        "tls-auth-clients no".to_owned(),
        format!("tls-ca-cert-file {authority}"),
        format!("tls-key-file {key}"),
        format!("tls-cert-file {certificate}"),
        format!("tls-port {port}"),
    ] {
        redis.ask(&format!("CONFIG SET {setting}"));
    }
    port
}

/// `groupgate serve` that asks Redis over TLS and trusts this authority; where its metrics are.
fn serve(database: &TestDatabase, redis: &str, authority: &str) -> (Running, SocketAddr) {
    let (bind, metrics) = (format!("127.0.0.1:{}", free_port()), SocketAddr::from(([127, 0, 0, 1], free_port())));
    let metrics_bind = metrics.to_string();
    let mut environment = gateway_environment(&database.app_url, "http://127.0.0.1:9").to_vec();
    environment.extend([("GROUPGATE_BIND", bind.as_str()), ("GROUPGATE_METRICS_BIND", metrics_bind.as_str())]);
    environment.extend([("GROUPGATE_REDIS_URL", redis), ("SSL_CERT_FILE", authority)]);
    (Running::spawn(groupgate(&["serve"], &environment)), metrics)
}

/// Whether the gateway says that limits are shared; not while it does not answer.
fn is_up(metrics: SocketAddr) -> bool {
    let answer = try_http(metrics, &["GET /metrics HTTP/1.1"], "");
    answer.is_ok_and(|(_, text)| text.lines().any(|line| line == "groupgate_limits_shared_up 1"))
}

#[actix_web::test]
async fn a_redis_is_asked_over_tls_where_the_machine_trusts_its_certificate() {
    let (redis, folder, database) = (Redis::start(), tempfile::tempdir().unwrap(), test_database().await);
    let files = write_certificates(&folder);
    let url = format!("rediss://localhost:{}", listen(&redis, &files));
    let (gateway, metrics) = serve(&database, &url, &files[0]);
    wait_until("limits are shared", || is_up(metrics));
    gateway.signal(Signal::SIGTERM);
    gateway.ended();
}
