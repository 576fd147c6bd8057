//! Taking connections from the system: each is counted, and given to the worker with the fewest.

use std::io;
use std::net::{self, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use actix_web::rt;
use nix::errno::Errno;
#[cfg(target_os = "linux")]
use socket2::{SockFilter, SockRef};
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::{oneshot, watch};
use tokio_util::sync::CancellationToken;

use super::worker::{Accepted, Door};
use super::{Connections, Phase, reached};
use crate::bounds;

/// How long nothing is accepted after the system had no file or memory for a connection.
const PAUSE: Duration = Duration::from_millis(200);
/// How often that is borne in a row with the last connections, before those that are left are given up.
const LAST_PAUSES: usize = 10;

/// How long connections that are being made may take to be, before a listener is closed.
const HANDSHAKES: Duration = Duration::from_millis(50);

/// What `accept` fails with for the sake of one connection.
const OF_ONE_CONNECTION: [Errno; 13] = [
    Errno::ECONNABORTED,
    Errno::ECONNREFUSED,
    Errno::ECONNRESET,
    Errno::EHOSTDOWN,
    Errno::EHOSTUNREACH,
    Errno::EINTR,
    Errno::ENETDOWN,
    Errno::ENETUNREACH,
    Errno::ENOPROTOOPT,
    Errno::EOPNOTSUPP,
    Errno::EPERM,
    Errno::EPROTO,
    Errno::ETIMEDOUT,
];

/// Listens on an address.
///
/// # Errors
/// Where that cannot be listened on.
pub(super) fn listen(address: SocketAddr) -> io::Result<net::TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(bounds::BACKLOG)?.into_std()
}

/// Who takes the connections of one address.
pub(super) struct Acceptor {
    /// Who counts them.
    pub(super) connections: Arc<Connections>,
    /// The workers; at least one.
    pub(super) doors: Vec<Door>,
    /// How far the server has come with its end.
    pub(super) phase: watch::Receiver<Phase>,
    /// Ended where a worker is gone, or connections are no longer taken before the server is to be deaf.
    pub(super) lost: CancellationToken,
}

impl Acceptor {
    /// Takes connections until the server is to be deaf, and tells when nobody can connect any more.
    pub(super) async fn run(mut self, listener: net::TcpListener, deaf: oneshot::Sender<()>) {
        let (mut phase, lost) = (self.phase.clone(), self.lost.clone().drop_guard());
        match TcpListener::from_std(listener) {
            Ok(listener) => {
                tokio::select! {
                    () = self.take_all(&listener) => {}
                    () = reached(&mut phase, Phase::Deaf) => {
                        lost.disarm();
                    }
                }
                match listener.into_std() {
                    Ok(listener) => {
                        begin_nothing_new(&listener);
                        rt::time::sleep(HANDSHAKES).await;
                        self.take_the_last(|| listener.accept()).await;
                    }
                    Err(error) => tracing::error!(%error, "connections that wait to be accepted are lost"),
                }
            }
            Err(error) => tracing::error!(%error, "no connections are accepted"),
        }
        let _ = deaf.send(());
    }

    /// Takes connections as long as there is a worker.
    async fn take_all(&mut self, listener: &TcpListener) {
        let mut is_short = false;
        while !self.doors.is_empty() {
            match listener.accept().await {
                Ok((stream, peer)) => {
                    is_short = false;
                    self.take(stream.into_std(), peer);
                }
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    if !is_short {
                        tracing::warn!(%error, "connections cannot be accepted; tried again until they can");
                    }
                    is_short = true;
                    rt::time::sleep(PAUSE).await;
                }
            }
        }
    }

    /// Takes what the system has accepted for us, before the listener is closed: who comes after that is refused by the
    /// system, before it has sent anything that could get lost.
    async fn take_the_last(&mut self, mut accept: impl FnMut() -> io::Result<(net::TcpStream, SocketAddr)>) {
        let mut pauses = 0;
        loop {
            match accept() {
                Ok((stream, peer)) => {
                    pauses = 0;
                    self.take(Ok(stream), peer);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) if pauses == LAST_PAUSES => {
                    tracing::error!(%error, "connections that wait to be accepted are lost");
                    return;
                }
                Err(_) => {
                    pauses += 1;
                    rt::time::sleep(PAUSE / 10).await;
                }
            }
        }
    }

    fn take(&mut self, stream: io::Result<net::TcpStream>, peer: SocketAddr) {
        let stream = match stream.and_then(nonblocking) {
            Ok(stream) => stream,
            Err(error) => {
                tracing::warn!(%peer, %error, "a connection is dropped, which cannot be waited for");
                return;
            }
        };
        match self.connections.admit(peer.ip()) {
            Ok(permit) => self.give(Accepted { stream, peer, permit }),
            Err(why) => {
                self.connections.cut(why);
                tracing::debug!(%peer, ?why, "a connection was refused");
            }
        }
    }

    /// Gives a connection to the worker with the fewest. One that is gone gets none any more.
    fn give(&mut self, mut connection: Accepted) {
        while let Some((nth, door)) = self.doors.iter().enumerate().min_by_key(|(_, door)| door.open()) {
            let Err(back) = door.send(connection) else { return };
            connection = back;
            self.doors.swap_remove(nth);
            tracing::error!(left = self.doors.len(), "a thread that serves connections is gone");
            self.lost.cancel();
        }
    }
}

/// Has the system pass over who begins to connect. A connection that it accepts between our last look and the closing of the
/// listener would be reset with the request in it. A client who is passed over asks again after a second
/// ([RFC 6298](https://www.rfc-editor.org/rfc/rfc6298)), and is refused then.
#[cfg(target_os = "linux")]
fn begin_nothing_new(listener: &net::TcpListener) {
    // Of <linux/bpf_common.h>, on a packet from its TCP header on: its flags; where SYN is one, drop it; else keep it.
    let filter = [
        SockFilter::new(0x30, 0, 0, 13),
        SockFilter::new(0x45, 0, 1, 0x02),
        SockFilter::new(0x06, 0, 0, 0),
        SockFilter::new(0x06, 0, 0, u32::MAX),
    ];
    if let Err(error) = SockRef::from(listener).attach_filter(&filter) {
        tracing::warn!(%error, "a connection that is made just when the listener is closed may be lost");
    }
}

#[cfg(not(target_os = "linux"))]
fn begin_nothing_new(_: &net::TcpListener) {}

fn nonblocking(stream: net::TcpStream) -> io::Result<net::TcpStream> {
    stream.set_nonblocking(true)?;
    Ok(stream)
}

/// Whether the next connection may be taken at once: what became of this one is told to whoever accepts it
/// ([accept(2)](https://man7.org/linux/man-pages/man2/accept.2.html), "Error handling").
fn is_of_one_connection(error: &io::Error) -> bool {
    error.raw_os_error().is_some_and(|code| OF_ONE_CONNECTION.contains(&Errno::from_raw(code)))
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;
    use tokio::net::TcpStream;

    use super::*;
    use crate::serving::worker::tests::door;

    fn acceptor(doors: Vec<Door>) -> Acceptor {
        let (_, phase) = watch::channel(Phase::Serving);
        let connections = Arc::new(Connections::uncounted(10));
        Acceptor { connections, doors, phase, lost: CancellationToken::new() }
    }

    /// A connection as it is accepted, and its client.
    fn connection() -> ((net::TcpStream, SocketAddr), net::TcpStream) {
        let listener = net::TcpListener::bind("127.0.0.1:0").unwrap();
        let client = net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (listener.accept().unwrap(), client)
    }

    #[actix_web::test]
    async fn the_last_connections_are_taken_also_behind_some_that_came_to_nothing() {
        let (door, mut inside) = door();
        let (accepted, _client) = connection();
        let failed = |errno: Errno| Err(io::Error::from_raw_os_error(errno as i32));
        let errors = [Errno::ECONNABORTED, Errno::EPROTO, Errno::EINTR, Errno::EMFILE, Errno::ENFILE];
        let mut queue = errors.map(failed).into_iter().chain([Ok(accepted), failed(Errno::EAGAIN)]);
        acceptor(vec![door]).take_the_last(|| queue.next().unwrap()).await;
        assert!(inside.recv().await.is_some());
        assert!(queue.next().is_none(), "it looked until there was nothing more");
    }

    #[test]
    fn where_nothing_new_is_begun_whoever_has_connected_is_accepted_and_nobody_else_connects() {
        let listener = net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let early = net::TcpStream::connect(address).unwrap();
        begin_nothing_new(&listener);
        let late = net::TcpStream::connect_timeout(&address, Duration::from_millis(300));
        assert_eq!(late.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert_eq!(listener.accept().unwrap().1, early.local_addr().unwrap());
        drop(listener);
        let late = net::TcpStream::connect_timeout(&address, Duration::from_secs(45));
        assert_eq!(late.unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
    }

    #[actix_web::test]
    async fn an_acceptor_that_ends_before_its_time_tells_and_one_that_is_to_be_deaf_does_not() {
        for (phase, is_told) in [(Phase::Serving, true), (Phase::Deaf, false)] {
            let (_phases, phase) = watch::channel(phase);
            // It ends at once where there is nobody to give connections to.
            let acceptor = Acceptor { phase, ..acceptor(if is_told { vec![] } else { vec![door().0] }) };
            let (lost, listener) = (acceptor.lost.clone(), listen("127.0.0.1:0".parse().unwrap()).unwrap());
            let (tell, deaf) = oneshot::channel();
            acceptor.run(listener, tell).await;
            assert!(deaf.await.is_ok() && lost.is_cancelled() == is_told, "{is_told}");
        }
    }

    #[actix_web::test]
    async fn where_no_file_becomes_free_the_last_connections_are_not_waited_for_for_ever() {
        acceptor(vec![door().0]).take_the_last(|| Err(io::Error::from_raw_os_error(Errno::EMFILE as i32))).await;
    }

    #[actix_web::test]
    async fn a_worker_that_is_gone_gets_nothing_and_it_is_told() {
        let ((gone, _), (alive, mut inside)) = (door(), door());
        let mut acceptor = acceptor(vec![gone, alive]);
        let ((stream, peer), _first) = connection();
        acceptor.take(Ok(stream), peer);
        assert!(inside.recv().await.is_some(), "the other has it");
        assert!(acceptor.doors.len() == 1 && acceptor.lost.is_cancelled());
        drop(inside);
        let ((stream, peer), client) = connection();
        acceptor.take(Ok(stream), peer);
        assert!(acceptor.doors.is_empty());
        client.set_nonblocking(true).unwrap();
        assert_eq!(TcpStream::from_std(client).unwrap().read(&mut [0]).await.unwrap_or(0), 0, "it is closed");
    }
}
