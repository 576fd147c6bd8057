//! HTTPS: whose certificate is believed, and for which name.

use std::process::Command;
use std::sync::Arc;
use std::{env, fs};

use gateway::egress::{EgressError, NameServers};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::{egress, get};
use crate::support::{NameServer, Reply, serve};

/// Where the child process finds the server's key and certificate.
const IDENTITY: &str = "GATEWAY_TEST_IDENTITY";
/// The name that the certificate is for.
const NAME: &str = "pictures.example";

/// An authority of its own, and a server's certificate by it: both as PEM, the key before the certificate.
fn authority_and_identity() -> (String, String) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new([NAME.to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &authority).unwrap();
    (authority.pem(), key.serialize_pem() + &certificate.pem())
}

/// A server with this certificate, on a port of 127.0.0.1, that tells the name that it was called by.
async fn server(identity: &str) -> u16 {
    let key = PrivateKeyDer::from_pem_slice(identity.as_bytes()).unwrap();
    let certificate = CertificateDer::from_pem_slice(identity.as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(vec![certificate], key).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    actix_web::rt::spawn(accept(listener, TlsAcceptor::from(Arc::new(config))));
    port
}

async fn accept(listener: TcpListener, acceptor: TlsAcceptor) {
    while let Ok((stream, _)) = listener.accept().await {
        let acceptor = acceptor.clone();
        actix_web::rt::spawn(async move {
            let Ok(stream) = acceptor.accept(stream).await else { return };
            let name = stream.get_ref().1.server_name().unwrap_or_default().to_owned();
            serve(stream, &Reply::file("text/plain", name.as_bytes()), |_| ()).await;
        });
    }
}

/// What a call to `https://{host}:{port}/` gives, where every name leads to this machine.
async fn called(host: &str, port: u16) -> Result<String, EgressError> {
    let dns = NameServer::telling(&[&["127.0.0.1"]]).await;
    let egress = egress(&["127.0.0.0/8"], NameServers::At(dns.addr));
    let fetched = get(&egress, &format!("https://{host}:{port}/")).await?;
    Ok(String::from_utf8(fetched.body.to_vec()).unwrap())
}

/// The trusted certificates of a process come from its environment, so a test runs itself again with another one.
/// `None` in the outer run.
async fn trusted_server(test: &str) -> Option<u16> {
    if let Ok(path) = env::var(IDENTITY) {
        return Some(server(&fs::read_to_string(path).unwrap()).await);
    }
    let (authority, identity) = authority_and_identity();
    let folder = tempfile::tempdir().unwrap();
    let (trusted, own) = (folder.path().join("authority.pem"), folder.path().join("identity.pem"));
    fs::write(&trusted, authority).unwrap();
    fs::write(&own, identity).unwrap();
    let child = Command::new(env::current_exe().unwrap())
        .args(["--exact", &format!("egress::tls::{test}"), "--nocapture"])
        .envs([("SSL_CERT_FILE", &trusted), (IDENTITY, &own)])
        .output()
        .unwrap();
    let output = String::from_utf8_lossy(&child.stdout) + String::from_utf8_lossy(&child.stderr);
    assert!(child.status.success() && output.contains("1 passed"), "{output}");
    None
}

#[actix_web::test]
async fn a_certificate_by_nobody_known_is_not_believed() {
    let (_, identity) = authority_and_identity();
    let port = server(&identity).await;
    assert_eq!(called(NAME, port).await, Err(EgressError::Tls));
}

#[actix_web::test]
async fn a_certificate_is_believed_for_its_own_name_alone() {
    let Some(port) = trusted_server("a_certificate_is_believed_for_its_own_name_alone").await else { return };
    assert_eq!(called(NAME, port).await, Ok(NAME.to_owned()));
    assert_eq!(called("Pictures.Example.", port).await, Ok(NAME.to_owned()));
    for other in ["other.example", "sub.pictures.example", "127.0.0.1"] {
        assert_eq!(called(other, port).await, Err(EgressError::Tls), "{other}");
    }
}

#[actix_web::test]
async fn a_server_without_tls_is_told_as_that() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    actix_web::rt::spawn(async move {
        let (mut mail, _) = listener.accept().await.unwrap();
        mail.write_all(b"220 mail.example ESMTP\r\n").await.unwrap();
        // Open until the caller closes it.
        let _ = mail.read_to_end(&mut Vec::new()).await;
    });
    assert_eq!(called(NAME, port).await, Err(EgressError::Tls));
}
