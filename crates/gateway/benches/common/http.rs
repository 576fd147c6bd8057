//! Just enough HTTP/1.1 to make load and to answer it, with as little work as possible.

use std::io::ErrorKind;

use anyhow::{Context as _, bail, ensure};
use tokio::net::TcpStream;

/// A connection and what it has received and not yet used.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

/// The length of a message's head, and of the body that its `Content-Length` announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Lengths {
    head: usize,
    body: usize,
}

impl Connection {
    pub(crate) fn new(stream: TcpStream) -> anyhow::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self { stream, received: Vec::with_capacity(16 * 1024) })
    }

    /// Sends a whole message.
    pub(crate) async fn send(&self, mut message: &[u8]) -> anyhow::Result<()> {
        while !message.is_empty() {
            match self.stream.try_write(message) {
                Ok(sent) => message = &message[sent..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.stream.writable().await?,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Receives a message and gives it to `look`; `false` where the other side closed the connection before it.
    pub(crate) async fn receive(
        &mut self,
        look: impl FnOnce(&Message<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<bool> {
        loop {
            if let Some(lengths) = lengths(&self.received)?
                && self.received.len() >= lengths.head + lengths.body
            {
                let (head, body) = self.received.split_at(lengths.head);
                look(&Message { head, body: &body[..lengths.body] })?;
                self.received.drain(..lengths.head + lengths.body);
                return Ok(true);
            }
            if self.more().await? == 0 {
                ensure!(self.received.is_empty(), "the connection was closed in the middle of a message");
                return Ok(false);
            }
        }
    }

    async fn more(&mut self) -> anyhow::Result<usize> {
        loop {
            match self.stream.try_read_buf(&mut self.received) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.stream.readable().await?,
                outcome => return Ok(outcome?),
            }
        }
    }
}

/// A received message.
#[derive(Debug)]
pub(crate) struct Message<'a> {
    pub(crate) head: &'a [u8],
    pub(crate) body: &'a [u8],
}

impl Message<'_> {
    /// Fails unless this is an answer with status 200; the error shows the answer.
    pub(crate) fn expect_ok(&self) -> anyhow::Result<()> {
        if self.head.starts_with(b"HTTP/1.1 200 ") {
            return Ok(());
        }
        bail!("not 200:\n{}{}", String::from_utf8_lossy(self.head), String::from_utf8_lossy(self.body))
    }

    /// Whether the body holds `text`.
    pub(crate) fn has(&self, text: &[u8]) -> bool {
        self.body.windows(text.len()).any(|window| window == text)
    }
}

fn lengths(received: &[u8]) -> anyhow::Result<Option<Lengths>> {
    let Some(end) = received.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = std::str::from_utf8(&received[..end]).context("a head that is not UTF-8")?;
    let mut body = 0;
    for (name, value) in head.split("\r\n").filter_map(|line| line.split_once(':')) {
        if name.eq_ignore_ascii_case("content-length") {
            body = value.trim().parse()?;
        }
        ensure!(!name.eq_ignore_ascii_case("transfer-encoding"), "a chunked message is not what is measured here");
    }
    Ok(Some(Lengths { head: end + 4, body }))
}
