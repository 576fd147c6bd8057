//! A TCP proxy that cuts, delays and resets what is behind it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::redis::free_port;

/// In front of PostgreSQL or the sandbox.
pub(crate) struct ChaosProxy {
    pub(crate) port: u16,
    weather: Arc<watch::Sender<Weather>>,
    upstream: Arc<AtomicU16>,
    accepted: Arc<AtomicUsize>,
}

/// What becomes of connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weather {
    /// They pass.
    Fair,
    /// They end, and new ones are closed at once.
    Cut,
    /// They end with a reset, and so do new ones.
    Reset,
    /// They end, and nobody listens for new ones: they are refused.
    Refuse,
    /// What comes from behind comes so much later.
    Slow(Duration),
}

impl ChaosProxy {
    /// In front of the server at this port of 127.0.0.1.
    pub(crate) async fn start(upstream: u16) -> Self {
        // One that the system gives to nobody else while it is refused.
        let port = free_port();
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let weather = Arc::new(watch::Sender::new(Weather::Fair));
        let upstream = Arc::new(AtomicU16::new(upstream));
        let accepted = Arc::<AtomicUsize>::default();
        actix_web::rt::spawn(accept(listener, upstream.clone(), weather.clone(), accepted.clone()));
        Self { port, weather, upstream, accepted }
    }

    /// Behind it stands the server at this port from now on.
    pub(crate) fn lead_to(&self, upstream: u16) {
        self.upstream.store(upstream, Ordering::Relaxed);
    }

    /// How many connections have come so far, also those that were reset.
    #[allow(dead_code, reason = "only the tests of the shape count them")]
    pub(crate) fn accepted(&self) -> usize {
        self.accepted.load(Ordering::Relaxed)
    }

    /// What is behind it is away.
    pub(crate) fn cut(&self) {
        self.weather.send_replace(Weather::Cut);
    }

    /// What is behind it resets every connection.
    pub(crate) fn reset(&self) {
        self.weather.send_replace(Weather::Reset);
    }

    /// What is behind it refuses every connection, as a machine does on which nothing listens.
    pub(crate) fn refuse(&self) {
        self.weather.send_replace(Weather::Refuse);
    }

    /// What is behind it answers so much later.
    pub(crate) fn delay(&self, delay: Duration) {
        self.weather.send_replace(Weather::Slow(delay));
    }

    /// And back again.
    pub(crate) fn restore(&self) {
        self.weather.send_replace(Weather::Fair);
    }
}

async fn accept(
    listener: TcpListener,
    upstream: Arc<AtomicU16>,
    weather: Arc<watch::Sender<Weather>>,
    count: Arc<AtomicUsize>,
) {
    let (mut listener, mut changes) = (listener, weather.subscribe());
    loop {
        let caller = tokio::select! {
            accepted = listener.accept() => Some(accepted.unwrap().0),
            _ = changes.wait_for(|weather| *weather == Weather::Refuse) => None,
        };
        let Some(caller) = caller else {
            let address = listener.local_addr().unwrap();
            drop(listener);
            changes.wait_for(|weather| *weather != Weather::Refuse).await.unwrap();
            listener = TcpListener::bind(address).await.unwrap();
            continue;
        };
        count.fetch_add(1, Ordering::Relaxed);
        let upstream = SocketAddr::from(([127, 0, 0, 1], upstream.load(Ordering::Relaxed)));
        actix_web::rt::spawn(carry(caller, upstream, weather.subscribe()));
    }
}

async fn carry(caller: TcpStream, upstream: SocketAddr, mut weather: watch::Receiver<Weather>) {
    let Ok(server) = TcpStream::connect(upstream).await else { return };
    let ((from_caller, to_caller), (from_server, to_server)) = (caller.into_split(), server.into_split());
    let later = weather.clone();
    let ends = |weather: &Weather| matches!(weather, Weather::Cut | Weather::Reset | Weather::Refuse);
    let (mut from_caller, mut to_server, mut to_caller) = (from_caller, to_server, to_caller);
    let ending = tokio::select! {
        _ = copy(&mut from_caller, &mut to_server) => Weather::Cut,
        () = carry_later(from_server, &mut to_caller, later) => Weather::Cut,
        ending = weather.wait_for(ends) => ending.map_or(Weather::Cut, |ending| *ending),
    };
    if ending == Weather::Reset {
        // Closing without a linger sends RST in place of FIN.
        let whole = from_caller.reunite(to_caller).unwrap();
        whole.set_zero_linger().unwrap();
    }
}

async fn carry_later(mut from: OwnedReadHalf, to: &mut OwnedWriteHalf, weather: watch::Receiver<Weather>) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        let now = *weather.borrow();
        if let Weather::Slow(delay) = now {
            tokio::time::sleep(delay).await;
        }
        if to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}
