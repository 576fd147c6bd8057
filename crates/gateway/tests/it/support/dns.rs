//! A name server of an attacker's: it says what it wants, and never twice the same if it wants.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use tokio::net::UdpSocket;

const TYPE_A: [u8; 2] = [0, 1];
const TYPE_AAAA: [u8; 2] = [0, 28];
const HEADER: usize = 12;

/// One that listens on UDP on this machine.
pub(crate) struct NameServer {
    pub(crate) addr: SocketAddr,
    asked: Arc<Mutex<usize>>,
}

impl NameServer {
    /// The first time a name is asked for it has the first addresses, and so on; the last ones stay. All are to be
    /// forgotten at once.
    pub(crate) async fn telling(answers: &[&[&str]]) -> Self {
        Self::telling_of("", answers).await
    }

    /// One that knows this name alone.
    pub(crate) async fn telling_of(name: &str, answers: &[&[&str]]) -> Self {
        let parsed = |texts: &&[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
        let answers: Vec<Vec<IpAddr>> = answers.iter().map(parsed).collect();
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let server = Self { addr: socket.local_addr().unwrap(), asked: Arc::default() };
        actix_web::rt::spawn(serve(socket, labels(name), answers, server.asked.clone()));
        server
    }

    /// One that never says anything.
    pub(crate) async fn mute() -> (Self, UdpSocket) {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        (Self { addr: socket.local_addr().unwrap(), asked: Arc::default() }, socket)
    }

    /// How often a name was looked up.
    pub(crate) fn asked(&self) -> usize {
        *self.asked.lock().unwrap()
    }
}

/// A name is looked up by two questions, one for each kind of address; the one for IPv4 counts.
async fn serve(socket: UdpSocket, known: Vec<u8>, answers: Vec<Vec<IpAddr>>, asked: Arc<Mutex<usize>>) {
    let mut buffer = [0; 512];
    while let Ok((length, asker)) = socket.recv_from(&mut buffer).await {
        let question = question(&buffer[..length]);
        if !question.starts_with(&known) {
            socket.send_to(&message([buffer[0], buffer[1]], question, &[]), asker).await.unwrap();
            continue;
        }
        let turn = *asked.lock().unwrap();
        let answer = &answers[turn.min(answers.len() - 1)];
        if question.ends_with(&[TYPE_A, [0, 1]].concat()) {
            *asked.lock().unwrap() += 1;
        }
        let message = message([buffer[0], buffer[1]], question, answer);
        socket.send_to(&message, asker).await.unwrap();
    }
}

/// A name as a question begins with it.
fn labels(name: &str) -> Vec<u8> {
    let labels = name.split('.').filter(|label| !label.is_empty());
    labels.flat_map(|label| [&[u8::try_from(label.len()).unwrap()], label.as_bytes()].concat()).collect()
}

/// The question's section: labels, type, class (RFC 1035, 4.1.2).
fn question(message: &[u8]) -> &[u8] {
    let name = message[HEADER..].iter().position(|byte| *byte == 0).unwrap();
    &message[HEADER..HEADER + name + 1 + 4]
}

fn message(id: [u8; 2], question: &[u8], addresses: &[IpAddr]) -> Vec<u8> {
    let asks_for = |kind: [u8; 2]| question[question.len() - 4..].starts_with(&kind);
    let records: Vec<Vec<u8>> = addresses
        .iter()
        .filter_map(|address| match address {
            IpAddr::V4(address) => asks_for(TYPE_A).then(|| record(TYPE_A, &address.octets())),
            IpAddr::V6(address) => asks_for(TYPE_AAAA).then(|| record(TYPE_AAAA, &address.octets())),
        })
        .collect();
    let count = u8::try_from(records.len()).unwrap();
    // An answer, with recursion, without an error: one question, `count` answers.
    let header = [id[0], id[1], 0x81, 0x80, 0, 1, 0, count, 0, 0, 0, 0];
    [&header, question, &records.concat()].concat()
}

/// A record of the name in the question, in class IN, to be kept for 0 seconds.
fn record(kind: [u8; 2], data: &[u8]) -> Vec<u8> {
    let length = u8::try_from(data.len()).unwrap();
    [&[0xC0, 12], &kind[..], &[0, 1, 0, 0, 0, 0, 0, length], data].concat()
}
