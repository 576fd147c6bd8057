//! A server that says what it is told, byte by byte, and remembers what it was asked.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use graph_client::{Call, GraphClient, GraphSettings, GroupId, PhoneNumberId, Token};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// What the server does with one request.
#[derive(Clone)]
pub(crate) enum Reply {
    /// Sends these bytes and keeps the connection.
    Whole(Vec<u8>),
    /// Sends these bytes and closes the connection.
    Cut(Vec<u8>),
    /// Sends these pieces, each when the client has had the time to read the one before, and keeps the connection.
    Pieces(Vec<Vec<u8>>),
    /// Sends the first bytes at once and of the others one every 20 ms.
    Drip(Vec<u8>, Vec<u8>),
    /// Sends nothing and keeps the connection.
    Silence,
}

/// A request as it came over the wire.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    /// Which connection it came by, counted from 1.
    pub(crate) connection: usize,
}

impl Request {
    /// The header's value, where it stands there exactly once.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(key, _)| key == name);
        let value = values.next().map(|(_, value)| value.as_str());
        assert!(values.next().is_none(), "{name} stands there twice");
        value
    }
}

/// The server.
pub(crate) struct Graph {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Graph {
    /// A server that gives these replies in order, and the last one again and again.
    pub(crate) async fn with(replies: Vec<Reply>) -> Self {
        Self::accepting(TcpListener::bind("127.0.0.1:0").await.unwrap(), replies)
    }

    /// The same, where this listens.
    pub(crate) fn at(listener: std::net::TcpListener, replies: Vec<Reply>) -> Self {
        listener.set_nonblocking(true).unwrap();
        Self::accepting(TcpListener::from_std(listener).unwrap(), replies)
    }

    fn accepting(listener: TcpListener, replies: Vec<Reply>) -> Self {
        let address = listener.local_addr().unwrap();
        let requests = Arc::default();
        let replies = Arc::new(Mutex::new(VecDeque::from(replies)));
        tokio::spawn(accept(listener, Arc::clone(&requests), replies));
        Self { address, requests }
    }

    pub(crate) async fn answering(status: u16, body: &str) -> Self {
        Self::with(vec![Reply::Whole(response(status, &[], body))]).await
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn settings(&self) -> GraphSettings {
        GraphSettings {
            timeout: Duration::from_secs(30),
            ..GraphSettings::new(format!("http://{}", self.address).parse().unwrap())
        }
    }

    pub(crate) fn client(&self) -> GraphClient {
        GraphClient::new(&self.settings()).unwrap()
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// The only request that came.
    pub(crate) fn request(&self) -> Request {
        let mut requests = self.requests();
        assert_eq!(requests.len(), 1, "{requests:?}");
        requests.remove(0)
    }
}

/// An HTTP/1.1 answer of JSON with a length.
pub(crate) fn response(status: u16, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let lines: Vec<_> = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let headers = lines.concat();
    format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\n{headers}content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

pub(crate) fn token() -> Token {
    Token::new(&"EAAGabcdefghijklmnop".into(), Some(&"app-secret".into())).unwrap()
}

pub(crate) fn call(token: &Token) -> Call<'_> {
    Call::unguarded(token)
}

pub(crate) fn group() -> GroupId {
    "Y2FwaV9ncm91cDox".parse().unwrap()
}

pub(crate) fn number() -> PhoneNumberId {
    "106540352242922".parse().unwrap()
}

/// Makes this many calls at once, and asserts that each has its link.
pub(crate) async fn all_answered(client: &GraphClient, calls: usize) {
    let calls: Vec<_> = (0..calls)
        .map(|_| {
            let client = client.clone();
            actix_rt::spawn(async move { client.invite_link(call(&token()), &group()).await })
        })
        .collect();
    for answer in calls {
        answer.await.unwrap().unwrap();
    }
}

/// Waits until something is so, and no longer than a slow machine takes.
pub(crate) async fn until(so: impl Fn() -> bool) {
    for _ in 0..9000 {
        if so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("it did not come about within 45 s");
}

async fn accept(listener: TcpListener, requests: Arc<Mutex<Vec<Request>>>, replies: Arc<Mutex<VecDeque<Reply>>>) {
    for connection in 1.. {
        let (stream, _) = listener.accept().await.unwrap();
        tokio::spawn(serve(stream, connection, Arc::clone(&requests), Arc::clone(&replies)));
    }
}

async fn serve(
    mut stream: TcpStream,
    connection: usize,
    requests: Arc<Mutex<Vec<Request>>>,
    replies: Arc<Mutex<VecDeque<Reply>>>,
) {
    while let Some(request) = read(&mut stream, connection).await {
        requests.lock().unwrap().push(request);
        let reply = next(&replies);
        match reply {
            Reply::Whole(bytes) => {
                // A client that has read enough hangs up.
                if stream.write_all(&bytes).await.is_err() {
                    return;
                }
            }
            Reply::Cut(bytes) => {
                stream.write_all(&bytes).await.unwrap();
                return;
            }
            Reply::Pieces(pieces) => {
                for piece in pieces {
                    if stream.write_all(&piece).await.is_err() {
                        return;
                    }
                    // Client and server take turns on one thread; in between the runtime looks at what has come.
                    for _ in 0..3 {
                        tokio::task::yield_now().await;
                    }
                }
            }
            Reply::Drip(head, rest) => {
                stream.write_all(&head).await.unwrap();
                for byte in rest {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    if stream.write_all(&[byte]).await.is_err() {
                        return;
                    }
                }
            }
            Reply::Silence => {}
        }
    }
}

fn next(replies: &Mutex<VecDeque<Reply>>) -> Reply {
    let mut replies = replies.lock().unwrap();
    match replies.len() {
        1 => replies[0].clone(),
        _ => replies.pop_front().unwrap(),
    }
}

/// Reads one request; `None` at the end of the connection.
async fn read(stream: &mut TcpStream, connection: usize) -> Option<Request> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut body = bytes.split_off(end + 4);
    let (line, lines) = head.split_once("\r\n").unwrap();
    let headers: Vec<_> = lines
        .split("\r\n")
        .map(|line| line.split_once(": ").unwrap())
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length.map_or(0, |(_, value)| value.parse().unwrap());
    while body.len() < length {
        stream.read_buf(&mut body).await.ok()?;
    }
    let mut words = line.split(' ').map(str::to_owned);
    Some(Request {
        method: words.next().unwrap(),
        target: words.next().unwrap(),
        headers,
        body: String::from_utf8(body).unwrap(),
        connection,
    })
}
