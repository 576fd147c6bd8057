//! The bytes of a connection, and what is learned from how they come and go.

use std::io;
use std::os::fd::AsFd as _;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use actix_web::rt;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::connections::Permit;
use super::refusals;
use super::vitals::{Vitals, Ward};
use crate::bounds;

/// A connection that is counted and watched over until it is dropped.
pub(super) struct Stream {
    /// None once it was given away, to be closed with care.
    socket: Option<Socket>,
    name: u64,
    vitals: Rc<Vitals>,
    ward: Rc<Ward>,
    /// What is written in place of an answer of `actix-http`'s own, and how much of it is.
    refusal: Option<(Vec<u8>, usize)>,
}

/// A connection that is counted until it is closed.
struct Socket {
    tcp: TcpStream,
    _permit: Permit,
}

impl Stream {
    /// A connection in the care of this worker.
    pub(super) fn new(tcp: TcpStream, permit: Permit, ward: Rc<Ward>) -> Self {
        let (name, vitals) = ward.enter(permit.is_of_proxy());
        Self { socket: Some(Socket { tcp, _permit: permit }), name, vitals, ward, refusal: None }
    }

    /// How it is.
    pub(super) fn vitals(&self) -> &Rc<Vitals> {
        &self.vitals
    }

    /// The connection, unless it was given up.
    fn tcp(&mut self) -> io::Result<Pin<&mut TcpStream>> {
        let alive = self.socket.as_mut().filter(|_| !self.vitals.is_cut());
        alive.map(|socket| Pin::new(&mut socket.tcp)).ok_or_else(|| io::ErrorKind::TimedOut.into())
    }

    /// Whether it rests, and is to end with that.
    fn is_unwanted(&self) -> bool {
        let is_to_end = self.ward.is_closing() || self.vitals.has_rested() || self.vitals.is_to_make_room();
        self.vitals.is_resting() && is_to_end
    }

    fn write_some(&mut self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = self.tcp()?.poll_write(context, bytes);
        if written.is_pending() {
            self.vitals.is_blocked();
            self.vitals.sleeps(context.waker());
        } else {
            self.vitals.went();
        }
        written
    }

    /// Writes the refusal to its end.
    fn refuse(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some((refusal, written)) = self.refusal.take() {
            let rest = refusal.get(written..).unwrap_or_default();
            if rest.is_empty() {
                self.refusal = Some((refusal, written));
                break;
            }
            let more = self.write_some(context, rest);
            let count = if let Poll::Ready(Ok(count)) = &more { *count } else { 0 };
            self.refusal = Some((refusal, written + count));
            ready!(more)?;
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = self.tcp()?.poll_read(context, buffer);
        if read.is_pending() {
            if self.is_unwanted() && !has_input(&*self.tcp()?) {
                if self.vitals.is_to_make_room() {
                    self.ward.made_room();
                }
                return Poll::Ready(Ok(()));
            }
            self.vitals.sleeps(context.waker());
        } else if buffer.filled().len() > before {
            self.vitals.came();
        }
        read
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.refusal.is_none() && !self.vitals.is_answering() {
            self.refusal = refusals::in_envelope(bytes).map(|refusal| (refusal, 0));
            if self.refusal.is_some() && refusals::is_too_slow(bytes) {
                self.ward.was_too_slow();
            }
        }
        if self.refusal.is_some() {
            ready!(self.refuse(context))?;
            return Poll::Ready(Ok(bytes.len()));
        }
        self.write_some(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.tcp()?.poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.tcp()?.poll_shutdown(context)
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.ward.leave(self.name);
        // Closed under what the client still sends, the connection would be reset, and the refusal lost with it.
        if let Some(socket) = self.socket.take_if(|_| self.refusal.is_some()) {
            rt::spawn(timeout(bounds::CLOSING, close_with_care(socket)));
        }
    }
}

/// Whether there is something to read that the runtime was not told of yet: a request that has come is answered.
fn has_input(tcp: &TcpStream) -> bool {
    let mut polled = [PollFd::new(tcp.as_fd(), PollFlags::POLLIN)];
    poll(&mut polled, PollTimeout::ZERO).is_ok_and(|ready| ready > 0)
}

/// Ends what we send, and throws away what still comes.
async fn close_with_care(mut socket: Socket) {
    let mut thrown_away = [0; 4096];
    if socket.tcp.shutdown().await.is_ok() {
        while socket.tcp.read(&mut thrown_away).await.is_ok_and(|count| count > 0) {}
    }
}
