//! Access keys: who may act for whom.

mod ending;
mod form;
mod grants;
mod list;
mod making;
mod one;
mod rotating;
mod secret;
mod words;

use super::badge::Badge;
use super::routes::Routes;
use crate::admin::keys::{KeyView, State};

/// Where the keys stand.
const KEYS: &str = "/console/keys";

pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .page("/keys", list::show)
        .page("/keys/new", making::show)
        .form("/keys/new", making::make)
        .page("/keys/{access_key_id}", one::show)
        .form("/keys/{access_key_id}", one::change)
        .page("/keys/{access_key_id}/rotate", rotating::show)
        .form("/keys/{access_key_id}/rotate", rotating::rotate)
        .page("/keys/{access_key_id}/revoke", ending::ask_to_revoke)
        .form("/keys/{access_key_id}/revoke", ending::revoke)
        .page("/keys/{access_key_id}/remove", ending::ask_to_remove)
        .form("/keys/{access_key_id}/remove", ending::remove)
        .page("/tenants/{cust_space_id}/keys", list::of_tenant)
}

/// What a key is called on a page: one that was made without a name is called by its ID.
fn titled(key: &KeyView) -> &str {
    if key.name.trim().is_empty() { &key.access_key_id } else { &key.name }
}

impl Badge for State {
    fn kind(&self) -> &'static str {
        match self {
            Self::Active => "good",
            Self::Expired => "warn",
            Self::Revoked => "neutral",
        }
    }

    fn text(&self) -> &'static str {
        self.as_str()
    }
}
