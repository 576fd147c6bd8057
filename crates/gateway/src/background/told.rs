//! From what PostgreSQL tells to whoever has to look again, or to hold calls.

use std::sync::Arc;

use tenant_store::{NotBefore, Notification, Notifications};

use crate::auth::Authenticator;
use crate::events::Nudge;
use crate::operations::Services;
use crate::telemetry::metrics::Pulse;

/// Who is told what has changed in the store.
pub(super) struct Told {
    pub(super) services: Arc<Services>,
    pub(super) authenticator: Arc<Authenticator>,
    pub(super) router: Nudge,
    pub(super) deliveries: Nudge,
    pub(super) mirrors: Nudge,
}

impl Told {
    /// Does what each notification asks for: to look again, or to hold calls.
    pub(super) async fn listen(&self, notifications: &mut Notifications, pulse: &Pulse) {
        // What was told before this began may be lost.
        self.look_at_all();
        loop {
            // Without a connection nothing is heard, which is no rest.
            let notification = match pulse.at_rest(notifications.heard()).await {
                Some(heard) => heard,
                None => notifications.reconnected().await,
            };
            self.tell(notification);
        }
    }

    fn tell(&self, notification: Notification) {
        match notification {
            Notification::Tenants(cust_space_id) => {
                self.services.resolver.invalidate(&cust_space_id);
                self.mirrors.look();
            }
            Notification::AccessKeys(access_key_id) => self.authenticator.keys.invalidate(&access_key_id),
            Notification::Issuers => self.authenticator.issuers.invalidate(),
            Notification::Changes => self.services.waiters.wake(),
            Notification::Published(tenants) => {
                self.services.feeds.published(&tenants);
                self.deliveries.look();
            }
            Notification::Deliveries => self.deliveries.look(),
            Notification::Events => self.router.look(),
            Notification::Mirrors => self.mirrors.look(),
            Notification::NotBefore(NotBefore { quota, id, wait }) => {
                self.services.upstream.budget().heard_of(&quota, &id, wait);
            }
            Notification::Reconnected => self.look_at_all(),
        }
    }

    fn look_at_all(&self) {
        self.services.resolver.invalidate_all();
        self.authenticator.keys.invalidate_all();
        self.authenticator.issuers.invalidate();
        self.services.waiters.wake();
        self.services.feeds.published(&[]);
        self.router.look();
        self.deliveries.look();
        self.mirrors.look();
    }
}
