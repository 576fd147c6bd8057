//! A server: how it is started, and how it ends without losing a call.
//!
//! Load balancers learn of a stop in one of three ways, and the end of a server goes well with each:
//!
//! 1. by looking at the readiness: it fails while connections are still taken ([`Server::give_last_answers`]);
//! 2. by what answers say: each ends its connection, so that those in use are not used again;
//! 3. by being refused a connection ([`Server::go_deaf`]), which is before anything was sent: nginx then asks the next
//!    upstream, whatever the method (`proxy_next_upstream error`, its default).
//!
//! What no balancer can mend is a request that is sent into a connection while it is being closed: nginx does not send a
//! POST a second time. So connections that rest are closed last ([`Server::close_resting`]), when those in use have ended by
//! themselves, and those that have just come have had time to send what they came for.

use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_http::{Request, Response};
use actix_service::{IntoServiceFactory, ServiceFactory};
use actix_web::body::MessageBody;
use actix_web::dev::AppConfig;
use actix_web::{Error, rt};
use futures_util::future::{join_all, try_join_all};
use tokio::sync::{oneshot, watch};
use tokio_util::sync::CancellationToken;

use super::accept::{self, Acceptor};
use super::worker::{Shift, Thread, Worker};
use super::{Connections, LastAnswers, Patience, Phase};

/// How often it is looked whether the last connection has ended.
const LOOK: Duration = Duration::from_millis(10);

/// Addresses that are listened on.
pub(crate) struct Listeners {
    sockets: Vec<TcpListener>,
}

/// A server that runs. Where it is dropped, it ends at once, with what it serves.
pub(crate) struct Server {
    addrs: Vec<SocketAddr>,
    last_answers: LastAnswers,
    phase: watch::Sender<Phase>,
    workers: Vec<Worker>,
    _acceptor: Thread,
    deaf: Vec<oneshot::Receiver<()>>,
    lost: CancellationToken,
}

impl Listeners {
    /// Listens; who connects waits until a [`Server`] is started.
    ///
    /// # Errors
    /// The first address that cannot be listened on.
    pub(crate) fn on(addresses: &[SocketAddr]) -> Result<Self, (SocketAddr, io::Error)> {
        let listen = |address: &SocketAddr| accept::listen(*address).map_err(|error| (*address, error));
        Ok(Self { sockets: addresses.iter().map(listen).collect::<Result<_, _>>()? })
    }

    /// Those of others, too.
    pub(crate) fn and(mut self, others: Self) -> Self {
        self.sockets.extend(others.sockets);
        self
    }

    /// Serves an `App` on so many threads.
    ///
    /// # Errors
    /// A thread could not be started, or no `App` be made on it. None of them serves then.
    pub(crate) async fn serve<A, S, B>(
        self,
        workers: usize,
        patience: Patience,
        connections: &Arc<Connections>,
        app: impl Fn() -> A + Clone + Send + 'static,
    ) -> io::Result<Server>
    where
        A: IntoServiceFactory<S, Request> + 'static,
        S: ServiceFactory<Request, Config = AppConfig> + 'static,
        S::Error: Into<Error>,
        S::InitError: fmt::Debug,
        S::Response: Into<Response<B>>,
        B: MessageBody + 'static,
    {
        let (phase, phases) = watch::channel(Phase::Serving);
        let (last_answers, lost) = (LastAnswers::default(), CancellationToken::new());
        let shift = Shift {
            connections: connections.clone(),
            patience,
            last_answers: last_answers.clone(),
            phase: phases.clone(),
            lost: lost.clone(),
        };
        let workers = try_join_all((0..workers).map(|_| Worker::start(shift.clone(), app.clone()))).await?;
        let (addrs, acceptor) = (self.addrs(), Thread::start()?);
        let doors: Vec<_> = workers.iter().map(|worker| worker.door().clone()).collect();
        let accept = |socket| {
            let (tell, deaf) = oneshot::channel();
            let one = Acceptor {
                connections: connections.clone(),
                doors: doors.clone(),
                phase: phases.clone(),
                lost: lost.clone(),
            };
            acceptor.spawn(one.run(socket, tell));
            deaf
        };
        let deaf = self.sockets.into_iter().map(accept).collect();
        Ok(Server { addrs, last_answers, phase, workers, _acceptor: acceptor, deaf, lost })
    }

    /// Where they listen.
    pub(super) fn addrs(&self) -> Vec<SocketAddr> {
        self.sockets.iter().filter_map(|socket| socket.local_addr().ok()).collect()
    }
}

impl Server {
    /// Where it listens.
    pub(crate) fn addrs(&self) -> &[SocketAddr] {
        &self.addrs
    }

    /// Waits until a worker is gone, or nobody takes connections at an address any more.
    pub(crate) async fn lost(&self) {
        self.lost.cancelled().await;
    }

    /// Ends a worker as a mistake of ours would.
    #[cfg(test)]
    pub(super) fn end_a_worker(&mut self) {
        self.workers.pop();
    }

    /// From here on each answer ends its connection.
    pub(crate) fn give_last_answers(&self) {
        self.last_answers.begin();
    }

    /// Takes no more connections; when this returns, nobody can connect, and whoever could is being served.
    pub(crate) async fn go_deaf(&mut self) {
        self.phase.send_replace(Phase::Deaf);
        join_all(self.deaf.drain(..)).await;
    }

    /// From here on connections that rest are closed, also those that come to rest.
    pub(crate) fn close_resting(&self) {
        self.phase.send_replace(Phase::Closing);
    }

    /// Cuts off what runs. The threads stay until the server is dropped: others may use connections to PostgreSQL that were
    /// opened on them.
    pub(crate) fn cut_off(&self) {
        self.phase.send_replace(Phase::Over);
    }

    /// Waits until no connection is open.
    pub(crate) async fn emptied(&self) {
        while self.workers.iter().any(|worker| worker.door().open() > 0) {
            rt::time::sleep(LOOK).await;
        }
    }
}
