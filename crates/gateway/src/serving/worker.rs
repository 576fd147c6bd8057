//! A thread that serves connections.

use std::fmt;
use std::io;
use std::net::{self, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use actix_http::error::DispatchError;
use actix_http::{HttpService, KeepAlive, Request, Response};
use actix_rt::Arbiter;
use actix_service::{IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt, map_config};
use actix_web::body::MessageBody;
use actix_web::dev::AppConfig;
use actix_web::{Error, rt};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

use super::answering::answering;
use super::connections::Permit;
use super::stream::Stream;
use super::vitals::Ward;
use super::{Connections, LastAnswers, Patience, Phase, reached};
use crate::bounds;

/// A connection on its way to a worker.
pub(super) struct Accepted {
    /// Its bytes, of which none is waited for.
    pub(super) stream: net::TcpStream,
    /// Whose it is.
    pub(super) peer: SocketAddr,
    /// By which it is counted.
    pub(super) permit: Permit,
}

/// A worker's connection, until this is dropped.
pub(super) struct Seat(Arc<AtomicUsize>);

impl Seat {
    fn of(open: &Arc<AtomicUsize>) -> Self {
        open.fetch_add(1, Ordering::Relaxed);
        Self(open.clone())
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Where connections go to a worker.
#[derive(Clone)]
pub(super) struct Door {
    queue: mpsc::UnboundedSender<(Accepted, Seat)>,
    open: Arc<AtomicUsize>,
}

impl Door {
    /// How many connections the worker has, those on their way to it included.
    pub(super) fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// Gives it one more. [`Connections`] bounds how many there are.
    ///
    /// # Errors
    /// The connection, where the worker is gone.
    pub(super) fn send(&self, connection: Accepted) -> Result<(), Accepted> {
        self.queue.send((connection, Seat::of(&self.open))).map_err(|back| back.0.0)
    }
}

/// A thread that ends, with all that it does, when this is dropped.
pub(super) struct Thread(Arbiter);

impl Thread {
    /// One that does nothing yet.
    ///
    /// # Errors
    /// The system has no thread, or no file, for it.
    pub(super) fn start() -> io::Result<Self> {
        Arbiter::try_new().map(Self)
    }

    /// Does this, too.
    pub(super) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.0.spawn(work);
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        self.0.stop();
    }
}

/// A worker that runs, until this is dropped.
pub(super) struct Worker {
    _thread: Thread,
    door: Door,
}

/// What a worker is started with.
#[derive(Clone)]
pub(super) struct Shift {
    /// Who counts connections that are cut off.
    pub(super) connections: Arc<Connections>,
    /// How long clients may take.
    pub(super) patience: Patience,
    /// Whether answers end their connections.
    pub(super) last_answers: LastAnswers,
    /// How far the server has come with its end.
    pub(super) phase: watch::Receiver<Phase>,
    /// Ended where a worker ends before its time.
    pub(super) lost: CancellationToken,
}

impl Worker {
    /// Starts a thread with an `App` of its own; it takes connections when this returns.
    ///
    /// # Errors
    /// There is no thread for it, or the `App` could not be made.
    pub(super) async fn start<A, S, B>(shift: Shift, app: impl FnOnce() -> A + Send + 'static) -> io::Result<Self>
    where
        A: IntoServiceFactory<S, Request> + 'static,
        S: ServiceFactory<Request, Config = AppConfig> + 'static,
        S::Error: Into<Error>,
        S::InitError: fmt::Debug,
        S::Response: Into<Response<B>>,
        B: MessageBody + 'static,
    {
        let (queue, connections) = mpsc::unbounded_channel();
        let (tell, ready) = oneshot::channel();
        let thread = Thread::start()?;
        thread.spawn(async move {
            rt::spawn(serve(shift, app().into_factory(), connections, tell));
        });
        ready.await.map_err(|_| io::Error::other("what answers could not be made"))?;
        Ok(Self { _thread: thread, door: Door { queue, open: Arc::default() } })
    }

    /// Where connections go to it.
    pub(super) fn door(&self) -> &Door {
        &self.door
    }
}

async fn serve<S, B>(
    shift: Shift,
    app: S,
    mut connections: mpsc::UnboundedReceiver<(Accepted, Seat)>,
    ready: oneshot::Sender<()>,
) where
    S: ServiceFactory<Request, Config = AppConfig> + 'static,
    S::Error: Into<Error>,
    S::InitError: fmt::Debug,
    S::Response: Into<Response<B>>,
    B: MessageBody + 'static,
{
    let Shift { connections: counted, patience, last_answers, phase, lost } = shift;
    let ward = Rc::new(Ward::new(counted, patience, last_answers));
    rt::spawn(watch_over(ward.clone(), patience, phase.clone()));
    let app = map_config(app, |()| AppConfig::default()).map_err(|error| error.into().error_response());
    let http = HttpService::build()
        // The ward ends rests: it needs no timer for each of them.
        .keep_alive(KeepAlive::Os)
        .client_request_timeout(patience.first_head)
        .client_disconnect_timeout(bounds::CLOSING)
        .h1_allow_half_closed(false)
        .on_connect_ext(|stream: &Stream, extensions| {
            extensions.insert(stream.vitals().clone());
        })
        .h1(answering(app));
    // Whoever waits for it learns that there is none when `ready` is dropped.
    let Ok(http) = http.new_service(()).await else { return };
    let _ = ready.send(());
    let lost = lost.drop_guard();
    while let Some((Accepted { stream, peer, permit }, seat)) = connections.recv().await {
        let stream = match TcpStream::from_std(stream) {
            Ok(stream) => stream,
            Err(error) => {
                tracing::warn!(%peer, %error, "a connection is dropped, which cannot be waited for");
                continue;
            }
        };
        let served = http.call((Stream::new(stream, permit, ward.clone()), Some(peer)));
        let mut phase = phase.clone();
        rt::spawn(async move {
            tokio::select! {
                biased;
                served = served => {
                    if let Err(error) = served {
                        tell(peer, &error);
                    }
                }
                () = reached(&mut phase, Phase::Over) => {}
            }
            drop(seat);
        });
    }
    lost.disarm();
}

/// Looks at the connections of a worker, for ever.
async fn watch_over(ward: Rc<Ward>, patience: Patience, mut phase: watch::Receiver<Phase>) {
    tokio::select! {
        () = look_forever(&ward, patience) => {}
        () = reached(&mut phase, Phase::Closing) => {}
    }
    ward.close_resting();
    look_forever(&ward, patience).await;
}

async fn look_forever(ward: &Ward, patience: Patience) {
    loop {
        rt::time::sleep(patience.look).await;
        ward.look();
    }
}

/// Why a connection ended before its time: a client's affair, unless an answer of ours could not be made to its end.
fn tell(peer: SocketAddr, error: &DispatchError) {
    match error {
        DispatchError::Body(error) => tracing::warn!(%peer, %error, "an answer broke off"),
        error => tracing::debug!(%peer, %error, "a connection broke off"),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::{Accepted, Arc, Door, Seat, mpsc};

    /// A worker's end of its door: it is gone when this is dropped.
    pub(in crate::serving) type Inside = mpsc::UnboundedReceiver<(Accepted, Seat)>;

    /// A door without a worker.
    pub(in crate::serving) fn door() -> (Door, Inside) {
        let (queue, inside) = mpsc::unbounded_channel();
        (Door { queue, open: Arc::default() }, inside)
    }
}
