//! A TCP proxy that can cut off what is behind it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// In front of PostgreSQL or the sandbox. While it is cut, connections end and new ones are refused at once.
pub(crate) struct ChaosProxy {
    pub(crate) port: u16,
    is_cut: Arc<watch::Sender<bool>>,
    upstream: Arc<AtomicU16>,
}

impl ChaosProxy {
    /// In front of the server at this port of 127.0.0.1.
    pub(crate) async fn start(upstream: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let is_cut = Arc::new(watch::Sender::new(false));
        let upstream = Arc::new(AtomicU16::new(upstream));
        actix_web::rt::spawn(accept(listener, upstream.clone(), is_cut.clone()));
        Self { port, is_cut, upstream }
    }

    /// Behind it stands the server at this port from now on.
    pub(crate) fn lead_to(&self, upstream: u16) {
        self.upstream.store(upstream, Ordering::Relaxed);
    }

    /// What is behind it is away.
    pub(crate) fn cut(&self) {
        self.is_cut.send_replace(true);
    }

    /// And back again.
    pub(crate) fn restore(&self) {
        self.is_cut.send_replace(false);
    }
}

async fn accept(listener: TcpListener, upstream: Arc<AtomicU16>, is_cut: Arc<watch::Sender<bool>>) {
    while let Ok((caller, _)) = listener.accept().await {
        let cut = is_cut.subscribe();
        if !*cut.borrow() {
            let upstream = SocketAddr::from(([127, 0, 0, 1], upstream.load(Ordering::Relaxed)));
            actix_web::rt::spawn(carry(caller, upstream, cut));
        }
    }
}

async fn carry(mut caller: TcpStream, upstream: SocketAddr, mut cut: watch::Receiver<bool>) {
    let Ok(mut server) = TcpStream::connect(upstream).await else { return };
    tokio::select! {
        _ = copy_bidirectional(&mut caller, &mut server) => {}
        _ = cut.wait_for(|is_cut| *is_cut) => {}
    }
}
