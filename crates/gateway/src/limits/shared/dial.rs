//! Connecting to Redis.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, ErrorKind, RedisError};
use rustls::pki_types::{InvalidDnsNameError, ServerName};
use rustls_platform_verifier::BuilderVerifierExt as _;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_util::task::AbortOnDropHandle;

use super::RedisUrl;

/// How many questions wait to be written before those who ask wait themselves.
const QUEUE: usize = 1024;

/// A connection that any number of calls ask through at once. When the last clone is gone it is closed, whether or not
/// Redis has answered everything.
#[derive(Clone)]
pub(super) struct Connection {
    /// Takes commands.
    pub(super) commands: MultiplexedConnection,
    _driver: Arc<AbortOnDropHandle<()>>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// The network does not lead there, or the connection has ended.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The host's name can be in no certificate.
    #[error(transparent)]
    Name(#[from] InvalidDnsNameError),
    /// There is no TLS.
    #[error(transparent)]
    Tls(#[from] rustls::Error),
    /// What the client or Redis says of itself. Never Redis' own text, which may repeat what it was sent: a password.
    #[error("{0}")]
    Redis(String),
    /// It took too long.
    #[error("no answer in {} ms", .0.as_millis())]
    Slow(Duration),
}

impl From<RedisError> for Failure {
    fn from(error: RedisError) -> Self {
        match error.kind() {
            ErrorKind::Io => Self::Redis(error.to_string()),
            ErrorKind::AuthenticationFailed => Self::Redis("it does not know this user and password".to_owned()),
            kind => Self::Redis(error.code().map_or_else(|| format!("{kind:?}"), |code| format!("it answers {code}"))),
        }
    }
}

impl Connection {
    /// Connects, and shows user and password. What drives the connection runs on the caller's runtime.
    ///
    /// # Errors
    /// [`Failure`]
    pub(super) async fn open(url: &RedisUrl) -> Result<Self, Failure> {
        let stream = TcpStream::connect((url.host(), url.port())).await?;
        stream.set_nodelay(true)?;
        if !url.is_over_tls() {
            return Self::over(stream, url).await;
        }
        let name = ServerName::try_from(url.host().to_owned())?;
        let stream = TlsConnector::from(tls_config()?).connect(name, stream).await?;
        Self::over(stream, url).await
    }

    async fn over<S>(stream: S, url: &RedisUrl) -> Result<Self, Failure>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        // Who asks knows how long he waits.
        let config = AsyncConnectionConfig::new().set_response_timeout(None).set_pipeline_buffer_size(QUEUE);
        let (commands, driver) = MultiplexedConnection::new_with_config(url.login(), stream, config).await?;
        let driver = AbortOnDropHandle::new(tokio::spawn(driver));
        Ok(Self { commands, _driver: Arc::new(driver) })
    }
}

/// Certificates by the platform's own rules, as everywhere in the gateway.
fn tls_config() -> Result<Arc<rustls::ClientConfig>, rustls::Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(Arc::new(config.with_platform_verifier()?.with_no_client_auth()))
}
