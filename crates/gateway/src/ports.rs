//! The ports of a gateway, and how many connections they take.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::config::Settings;
use crate::limits::TrustedProxies;
use crate::serving::{Connections, Listeners, raise_file_limit};
use crate::start::{Listener, StartError};
use crate::telemetry::metrics::Metrics;

/// Every port of a gateway, each taken, so that whoever connects waits until it is served.
pub(crate) struct Ports {
    /// The API's.
    pub(crate) api: Listeners,
    /// The Graph-compatible face's own, where it has one.
    pub(crate) graph_face: Option<Listeners>,
    /// Where `/metrics` is, where it is anywhere.
    pub(crate) metrics: Option<Listeners>,
}

impl Ports {
    /// Takes all of them.
    ///
    /// # Errors
    /// [`StartError::Bind`] of the first that cannot be listened on.
    pub(crate) fn take(settings: &Settings) -> Result<Self, StartError> {
        Ok(Self {
            api: listen(Listener::Api, &settings.bind)?,
            graph_face: settings.graph_face_bind.map(|at| listen(Listener::GraphFace, &[at])).transpose()?,
            metrics: settings.metrics_bind.map(|at| listen(Listener::Metrics, &[at])).transpose()?,
        })
    }

    /// All of them as one.
    pub(crate) fn into_one(self) -> Listeners {
        [self.graph_face, self.metrics].into_iter().flatten().fold(self.api, Listeners::and)
    }
}

fn listen(listener: Listener, addresses: &[SocketAddr]) -> Result<Listeners, StartError> {
    Listeners::on(addresses).map_err(|(address, error)| StartError::Bind { listener, address, error })
}

/// The connections of callers, as many as the settings and the system let there be.
pub(crate) fn connections(settings: &Settings, metrics: Metrics) -> Arc<Connections> {
    Arc::new(Connections::new(
        raise_file_limit(settings.connections),
        settings.connections_per_address,
        TrustedProxies::new(settings.trusted_proxies.clone()),
        metrics,
    ))
}
