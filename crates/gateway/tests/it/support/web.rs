//! A web server of a caller's: it gives every request the same reply, and remembers what was asked.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinHandle;

/// What every request gets.
#[derive(Clone)]
pub(crate) enum Reply {
    /// These bytes; then the connection waits for the next request.
    Keep(Vec<u8>),
    /// These bytes, and the connection's end.
    Close(Vec<u8>),
    /// These bytes for a connection's first request, and for its second the connection's end.
    Once(Vec<u8>),
    /// These bytes, and then the second over and over, after a pause each.
    Drip(Vec<u8>, Vec<u8>, Duration),
    /// Nothing, for ever.
    Silence,
}

impl Reply {
    /// A whole answer with a `Content-Length`.
    pub(crate) fn with(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Self {
        let headers: Vec<String> = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let headers = headers.concat();
        let head = format!("HTTP/1.1 {status} Said\r\nContent-Length: {}\r\n{headers}\r\n", body.len());
        Self::Keep([head.as_bytes(), body].concat())
    }

    /// A file that is there.
    pub(crate) fn file(content_type: &str, body: &[u8]) -> Self {
        Self::with(200, &[("Content-Type", content_type)], body)
    }
}

/// One that listens on a free port of a loopback address.
pub(crate) struct WebServer {
    pub(crate) addr: SocketAddr,
    seen: Arc<Mutex<Seen>>,
    accepting: JoinHandle<()>,
}

#[derive(Default)]
struct Seen {
    connections: usize,
    requests: Vec<String>,
}

impl WebServer {
    /// On 127.0.0.1.
    pub(crate) async fn start(reply: Reply) -> Self {
        Self::at((Ipv4Addr::LOCALHOST, 0).into(), reply).await
    }

    /// Two, on the same port of two addresses.
    pub(crate) async fn pair(addresses: [IpAddr; 2], reply: Reply) -> [Self; 2] {
        // The port that is free on one may be taken on the other.
        for _ in 0..100 {
            let first = TcpListener::bind((addresses[0], 0)).await.unwrap();
            if let Ok(second) = TcpListener::bind((addresses[1], first.local_addr().unwrap().port())).await {
                return [first, second].map(|listener| Self::on(listener, reply.clone()));
            }
        }
        panic!("no port is free on both of {addresses:?}");
    }

    /// On this address.
    pub(crate) async fn at(addr: SocketAddr, reply: Reply) -> Self {
        Self::on(TcpListener::bind(addr).await.unwrap(), reply)
    }

    fn on(listener: TcpListener, reply: Reply) -> Self {
        let (addr, seen) = (listener.local_addr().unwrap(), Arc::<Mutex<Seen>>::default());
        let accepting = actix_web::rt::spawn(accept(listener, reply, seen.clone()));
        Self { addr, seen, accepting }
    }

    /// Listens no longer: whoever comes now is refused, unless the system gives the port to another.
    pub(crate) async fn stop(self) {
        self.accepting.abort();
        self.accepting.await.unwrap_err();
    }

    /// A URL of it, by its address.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    /// The requests so far, each with its head and body.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.seen.lock().unwrap().requests.clone()
    }

    /// How many connections were made so far.
    pub(crate) fn connections(&self) -> usize {
        self.seen.lock().unwrap().connections
    }
}

/// A port of 127.0.0.1 that takes no connection, and that nobody else is given meanwhile.
pub(crate) struct ClosedPort {
    pub(crate) addr: SocketAddr,
    socket: TcpSocket,
}

impl ClosedPort {
    pub(crate) fn hold() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        Self { addr: socket.local_addr().unwrap(), socket }
    }

    /// A URL of it.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    /// A server that listens there from now on.
    pub(crate) fn open(self, reply: Reply) -> WebServer {
        WebServer::on(self.socket.listen(16).unwrap(), reply)
    }
}

async fn accept(listener: TcpListener, reply: Reply, seen: Arc<Mutex<Seen>>) {
    while let Ok((stream, _)) = listener.accept().await {
        seen.lock().unwrap().connections += 1;
        let (reply, seen) = (reply.clone(), seen.clone());
        actix_web::rt::spawn(async move {
            serve(stream, &reply, |request| seen.lock().unwrap().requests.push(request)).await;
        });
    }
}

/// Speaks on one connection until either side ends it.
pub(crate) async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    reply: &Reply,
    mut remember: impl FnMut(String),
) {
    let mut requests = 0;
    while let Some(request) = read_request(&mut stream).await {
        remember(request);
        requests += 1;
        let goes_on = match reply {
            Reply::Close(bytes) => stream.write_all(bytes).await.is_err(),
            Reply::Once(_) if requests > 1 => false,
            Reply::Keep(bytes) | Reply::Once(bytes) => stream.write_all(bytes).await.is_ok(),
            Reply::Drip(bytes, drop, pause) => drip(&mut stream, bytes, drop, *pause).await,
            Reply::Silence => std::future::pending().await,
        };
        if !goes_on || stream.flush().await.is_err() {
            break;
        }
    }
    let _ = stream.shutdown().await;
}

async fn drip(stream: &mut (impl AsyncWrite + Unpin), bytes: &[u8], drop: &[u8], pause: Duration) -> bool {
    let mut written = stream.write_all(bytes).await;
    while written.is_ok() {
        tokio::time::sleep(pause).await;
        written = stream.write_all(drop).await;
    }
    false
}

async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut read = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&read);
        if let Some((head, body)) = text.split_once("\r\n\r\n")
            && body.len() >= content_length(head)
        {
            return Some(text.into_owned());
        }
        match stream.read(&mut buffer).await {
            Ok(length @ 1..) => read.extend_from_slice(&buffer[..length]),
            _ => return None,
        }
    }
}

fn content_length(head: &str) -> usize {
    let line =
        head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ").map(str::to_owned));
    line.map_or(0, |length| length.parse().unwrap())
}
