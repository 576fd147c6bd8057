//! Where callers find a gateway that cannot start yet. The order in which PostgreSQL, `migrate` and gateways start does not
//! matter: who is early waits here, and is neither killed by those who ask whether it lives nor given calls by those who
//! ask whether it is ready.

use std::time::Duration;

use actix_web::App;

use actix_web::web::Data;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::api::starting;
use crate::app::StartError;
use crate::config::Settings;
use crate::health::Awaited;
use crate::ports::{self, Ports};
use crate::serving::{Patience, Server};
use crate::telemetry::metrics::Metrics;

/// How long a call may take that is being answered when the wait is over. None waits for anything.
const DRAIN: Duration = Duration::from_secs(1);

/// Listens in place of the gateway, on its ports.
pub(crate) struct WaitingRoom {
    awaited: watch::Sender<Awaited>,
    server: Server,
}

impl WaitingRoom {
    /// Takes calls, and says what the gateway waits for.
    ///
    /// # Errors
    /// An address cannot be listened on, or there is no thread.
    pub(crate) async fn open(settings: &Settings, awaited: Awaited) -> Result<Self, StartError> {
        let (awaited, look) = watch::channel(awaited);
        let look = Data::new(look);
        let connections = ports::connections(settings, Metrics::default());
        let server = Ports::take(settings)?.into_one().serve(1, Patience::default(), &connections, move || {
            App::new().app_data(look.clone()).configure(starting::routes)
        });
        Ok(Self { awaited, server: server.await.map_err(StartError::Threads)? })
    }

    /// It waits for this from now on.
    pub(crate) fn waits_for(&self, awaited: Awaited) {
        self.awaited.send_replace(awaited);
    }

    /// Takes no calls any more; when this returns, the addresses are free.
    pub(crate) async fn close(mut self) {
        self.server.give_last_answers();
        self.server.go_deaf().await;
        self.server.close_resting();
        let _ = timeout(DRAIN, self.server.emptied()).await;
    }
}
