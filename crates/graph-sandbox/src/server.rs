//! Starts and stops the sandbox: one thread with the clock, the courier and the
//! writer of the state's file, and one worker that answers calls.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use actix_web::dev::{Server, ServerHandle};
use actix_web::web::Data;
use actix_web::{App, HttpServer};
use tokio::sync::oneshot;

use crate::engine::Engine;
use crate::error::SandboxError;
use crate::http::Line;
use crate::persist::{self, StateFile};
use crate::settings::SandboxSettings;
use crate::{app, clock, courier};

/// How long calls under way may take when the sandbox stops.
const FAREWELL: Duration = Duration::from_secs(1);

/// How long a connection rests, as servers in production have it: whoever keeps its own for less sends nothing into one that is
/// being closed.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// A sandbox that runs until it is stopped or dropped.
pub struct RunningSandbox {
    addr: SocketAddr,
    engine: Arc<Engine>,
    server: ServerHandle,
    stop: Option<oneshot::Sender<()>>,
    ended: oneshot::Receiver<()>,
    thread: Option<JoinHandle<()>>,
}

/// Starts a sandbox. It runs in threads of its own, whatever runtime calls this.
///
/// # Errors
///
/// [`SandboxError::PortTaken`] when something else listens there, and others when
/// the address or the state's file cannot be used.
pub async fn start(settings: SandboxSettings) -> Result<RunningSandbox, SandboxError> {
    let file = settings.data_dir.as_deref().map(StateFile::in_dir);
    let file = file.transpose()?;
    let found = file.as_ref().map(StateFile::load).transpose()?.flatten();
    let bind = |source| SandboxError::Bind { addr: settings.bind, source };
    let listener = listen(settings.bind)?;
    let addr = listener.local_addr().map_err(bind)?;
    let engine = Arc::new(Engine::new(&settings, found));
    file.as_ref().map_or(Ok(()), |file| file.begin(&engine))?;
    let server = serve(listener, &engine).map_err(bind)?;
    let handle = server.handle();
    let (stop, stopped) = oneshot::channel();
    let (ending, ended) = oneshot::channel();
    let running = Arc::clone(&engine);
    let run = async move {
        until_stopped(server, running, file, stopped).await;
        // An error means that nobody waits for the end.
        let _ = ending.send(());
    };
    let thread = std::thread::Builder::new().name("graph-sandbox".to_owned());
    let thread = thread.spawn(|| actix_web::rt::System::new().block_on(run));
    let thread = Some(thread.map_err(SandboxError::Thread)?);
    Ok(RunningSandbox { addr, engine, server: handle, stop: Some(stop), ended, thread })
}

fn listen(addr: SocketAddr) -> Result<TcpListener, SandboxError> {
    TcpListener::bind(addr).map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => SandboxError::PortTaken { addr },
        _ => SandboxError::Bind { addr, source },
    })
}

fn serve(listener: TcpListener, engine: &Arc<Engine>) -> io::Result<Server> {
    let engine = Data::from(Arc::clone(engine));
    let factory = move || App::new().app_data(engine.clone()).configure(app::routes);
    let server = HttpServer::new(factory)
        .on_connect(|stream, connection| {
            let stream = stream.downcast_ref::<actix_web::rt::net::TcpStream>();
            if let Some(line) = stream.and_then(Line::of) {
                connection.insert(line);
            }
        })
        .workers(1)
        .keep_alive(KEEP_ALIVE)
        .disable_signals()
        .shutdown_timeout(FAREWELL.as_secs())
        .listen(listener)?;
    Ok(server.run())
}

/// Runs everything until told to stop, then writes the state once more.
async fn until_stopped(server: Server, engine: Arc<Engine>, file: Option<StateFile>, stopped: oneshot::Receiver<()>) {
    let handle = server.handle();
    let serving = actix_web::rt::spawn(server);
    let loops = [
        actix_web::rt::spawn(clock::run(Arc::clone(&engine))),
        actix_web::rt::spawn(courier::run(Arc::clone(&engine))),
    ];
    let writer = file.clone();
    let writer = writer.map(|file| actix_web::rt::spawn(persist::run(Arc::clone(&engine), file)));
    // An error means that the sandbox was dropped, which is as good a reason to stop.
    let _ = stopped.await;
    handle.stop(true).await;
    let _ = serving.await;
    loops.iter().chain(&writer).for_each(tokio::task::JoinHandle::abort);
    if let Some(error) = file.and_then(|file| file.save(&engine).err()) {
        tracing::error!(%error, "the sandbox's state could not be written at its end");
    }
}

impl RunningSandbox {
    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The URL of its root, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Sends webhooks to this address from now on, those that wait at once.
    pub fn set_webhook_url(&self, url: &str) {
        self.engine.aim_webhooks(Some(url.to_owned()), None);
    }

    /// Stops within two seconds; calls under way are answered, and the state is saved.
    pub async fn stop(mut self) {
        self.stop.take();
        let _ = (&mut self.ended).await;
        // It has nothing left to do, so this does not block for long.
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for RunningSandbox {
    fn drop(&mut self) {
        self.stop.take();
        drop(self.server.stop(false));
    }
}
