//! A stub of the Graph API that answers every request with an invite link, as fast as it can.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::TcpListener;

use super::http::Connection;

/// As Meta answers `GET /{group_id}/invite_link`.
const BODY: &str =
    r#"{"messaging_product":"whatsapp","invite_link":"https://chat.whatsapp.com/HjgRGdQLCrQEHfoSu1xPOa"}"#;

/// Listens on a free port of loopback for as long as the process lives.
pub(crate) async fn start() -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    tokio::task::spawn_local(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(connection) = Connection::new(stream) {
                // A connection that breaks shows in the load, which checks every answer.
                tokio::task::spawn_local(answer(connection));
            }
        }
    });
    Ok(address)
}

async fn answer(mut connection: Connection) -> anyhow::Result<()> {
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=UTF-8\r\nDate: Sat, 01 Aug 2026 00:00:00 GMT\r\n\
         x-fb-request-id: A1b2C3d4E5f6G7h8\r\nContent-Length: {}\r\n\r\n{BODY}",
        BODY.len()
    );
    while connection.receive(|_| Ok(())).await? {
        connection.send(answer.as_bytes()).await?;
    }
    Ok(())
}
