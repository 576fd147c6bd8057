//! What is called: requests that take turns, and the check of every answer.

use std::cell::Cell;

use anyhow::{Context as _, ensure};

use super::http::Connection;
use super::stub;

/// How far apart two calls in a row are, so that no two of a row lie side by side in anybody's memory. A prime.
const STRIDE: usize = 7_919;
const END_OF_HEAD: &[u8] = b"\r\n\r\n";

/// Requests that differ in their bodies alone: they take little of the caches that proxies share with the load.
#[derive(Debug)]
pub(super) struct Calls {
    head: Vec<u8>,
    bodies: Vec<Vec<u8>>,
    next: Cell<usize>,
}

impl Calls {
    /// The same request each time.
    pub(super) fn same(request: Vec<u8>) -> Self {
        Self { head: request, bodies: vec![Vec::new()], next: Cell::new(0) }
    }

    /// These requests, whose heads must be the same.
    pub(super) fn taking_turns(requests: impl Iterator<Item = Vec<u8>>) -> anyhow::Result<Self> {
        let (mut head, mut bodies) = (Vec::new(), Vec::new());
        for mut request in requests {
            let end =
                request.windows(4).position(|window| window == END_OF_HEAD).context("a request without an end")?;
            bodies.push(request.split_off(end + END_OF_HEAD.len()));
            ensure!(head.is_empty() || head == request, "requests with different heads");
            head = request;
        }
        ensure!(!bodies.is_empty(), "no request");
        Ok(Self { head, bodies, next: Cell::new(0) })
    }

    /// How many different ones there are.
    pub(super) fn len(&self) -> usize {
        self.bodies.len()
    }

    /// Puts the next one in the place of what `request` held.
    pub(super) fn write_next(&self, request: &mut Vec<u8>) {
        let at = self.next.get();
        self.next.set((at + STRIDE) % self.bodies.len());
        request.clear();
        request.extend_from_slice(&self.head);
        request.extend_from_slice(&self.bodies[at]);
    }
}

/// One call, its answer checked.
pub(super) async fn call(connection: &mut Connection, request: &[u8]) -> anyhow::Result<()> {
    connection.send(request).await?;
    let open = connection
        .receive(|answer| {
            answer.expect_ok()?;
            ensure!(answer.has(stub::LINK_ID.as_bytes()), "an answer without an invite link");
            Ok(())
        })
        .await?;
    ensure!(open, "the proxy closed a keep-alive connection");
    Ok(())
}
