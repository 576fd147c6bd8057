//! Stubs that answer every request in the same way, as fast as they can: of the Graph API, and of a collector of traces.

use std::cell::Cell;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;

use tokio::net::TcpListener;

use super::http::Connection;

/// The ID of the link that is answered, by which it is known again also where slashes are escaped.
pub(crate) const LINK_ID: &str = "HjgRGdQLCrQEHfoSu1xPOa";

/// A stub of the Graph API, which answers with an invite link. It listens on a free port of loopback for as long as the
/// process lives.
pub(crate) async fn start() -> anyhow::Result<SocketAddr> {
    // As Meta answers `GET /{group_id}/invite_link`.
    let body = format!(r#"{{"messaging_product":"whatsapp","invite_link":"https://chat.whatsapp.com/{LINK_ID}"}}"#);
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=UTF-8\r\nDate: Sat, 01 Aug 2026 00:00:00 GMT\r\n\
         x-fb-request-id: A1b2C3d4E5f6G7h8\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    Ok(answering(answer).await?.address)
}

/// A collector of traces, which throws them away.
pub(crate) async fn collector() -> anyhow::Result<Stub> {
    let answer = "HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\n\r\n";
    answering(answer.to_owned()).await
}

/// Where a stub listens, and how often it was asked.
#[derive(Debug)]
pub(crate) struct Stub {
    pub(crate) address: SocketAddr,
    pub(crate) asked: Rc<Cell<u64>>,
}

async fn answering(answer: String) -> anyhow::Result<Stub> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let stub = Stub { address: listener.local_addr()?, asked: Rc::default() };
    let (answer, asked): (Rc<str>, _) = (answer.into(), stub.asked.clone());
    tokio::task::spawn_local(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(connection) = Connection::new(stream) {
                // A connection that breaks shows in the load, which checks every answer.
                tokio::task::spawn_local(serve(connection, answer.clone(), asked.clone()));
            }
        }
    });
    Ok(stub)
}

async fn serve(mut connection: Connection, answer: Rc<str>, asked: Rc<Cell<u64>>) -> anyhow::Result<()> {
    while connection.receive(|_| Ok(())).await? {
        asked.set(asked.get() + 1);
        connection.send(answer.as_bytes()).await?;
    }
    Ok(())
}
